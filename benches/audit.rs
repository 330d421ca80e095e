//! What counting costs: instructions for a pair of `alloc` and `dealloc`, counted by callgrind.
//!
//! `cargo bench --features audit --bench audit` runs itself under `valgrind`, once for each row; `-- --one ROW` is what it runs there.
#![allow(unsafe_code, reason = "calls allocators by hand, to compare two in one program")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::env;
use std::hint::black_box;
use std::process::Command;

use arenamap::audit::{AllocScope, CountingAllocator};
use comfy_table::{Table, presets};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

const LAYOUT: Layout = Layout::new::<[u64; 8]>();

/// A call through a function of its own, as those of the global allocator are.
#[inline(never)]
fn take(allocator: &impl GlobalAlloc) -> *mut u8 {
    // SAFETY: the size of `LAYOUT` is not zero.
    unsafe { allocator.alloc(black_box(LAYOUT)) }
}

#[inline(never)]
fn give(allocator: &impl GlobalAlloc, block: *mut u8) {
    // SAFETY: `block` came from `take` of the same allocator, and is given back once.
    unsafe { allocator.dealloc(block, black_box(LAYOUT)) }
}

/// What `valgrind` counts between: its name is on the command line.
#[inline(never)]
fn counted_pairs(allocator: &impl GlobalAlloc, pairs: u64) {
    for _ in 0..pairs {
        let block = take(allocator);
        assert!(!block.is_null());
        give(allocator, block);
    }
}

fn system_alone(pairs: u64) {
    counted_pairs(&System, pairs);
}

fn no_scope(pairs: u64) {
    counted_pairs(&ALLOCATOR, pairs);
}

fn one_scope(pairs: u64) {
    let scope = AllocScope::begin();
    counted_pairs(&ALLOCATOR, pairs);
    assert_eq!(scope.end().counts().calls(), 2 * pairs);
}

fn two_scopes(pairs: u64) {
    let scope = AllocScope::begin();
    one_scope(pairs);
    assert_eq!(scope.end().counts().alloc, pairs);
}

fn traced_scope(pairs: u64) {
    let scope = AllocScope::begin_traced();
    counted_pairs(&ALLOCATOR, pairs);
    assert_eq!(scope.end().places()[0].counts.alloc, pairs);
}

type Row = (&'static str, &'static str, fn(u64));
const ROWS: [Row; 5] = [
    ("system_alone", "`System` alone", system_alone),
    ("no_scope", "counter, no scope open", no_scope),
    ("one_scope", "counter, a scope open", one_scope),
    ("two_scopes", "counter, two scopes open, one in the other", two_scopes),
    ("traced_scope", "counter, a traced scope open", traced_scope),
];

const PAIRS: u64 = 10_000;

fn main() {
    let arguments: Vec<_> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--one") {
        let name = arguments.get(at + 1).map_or("", String::as_str);
        let row = ROWS.iter().find(|row| row.0 == name);
        return row.unwrap_or_else(|| panic!("--one: no row {name:?}")).2(PAIRS);
    }
    if support::testing() {
        for (_, _, pairs) in ROWS {
            pairs(10);
        }
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["a pair of alloc and dealloc", "instructions"]);
    for (name, title, _) in ROWS {
        let Some(instructions) = instructions(name) else {
            eprintln!("no valgrind on this machine: nothing to count with");
            return;
        };
        table.add_row([title.to_owned(), format!("{instructions:.1}")]);
    }
    println!("{table}");
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn instructions(name: &str) -> Option<f64> {
    let mut command = Command::new("valgrind");
    command.args([
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        "--toggle-collect=*counted_pairs*",
    ]);
    let output = command
        .arg(env::current_exe().ok()?)
        .args(["--one", name])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let collected = text
        .split("Collected :")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let collected: u64 = collected
        .and_then(|number| number.parse().ok())
        .expect("callgrind prints what it collected");
    Some(collected as f64 / PAIRS as f64)
}
