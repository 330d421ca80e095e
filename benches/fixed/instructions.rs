//! Instructions per operation: a count, which no other program on the machine disturbs.

use std::hint::black_box;
use std::process::{Command, ExitCode};

use comfy_table::{Table, presets};
use serde_json::json;

use crate::lanes::Filled;
use crate::peers::{Hashbrown, Ours, Peer};
use crate::support::{self, report::Section};

const N: usize = 1_000;
const SIDES: [&str; 2] = ["ours", "hashbrown"];
const WORK: [&str; 4] = ["hit", "miss", "insert", "iterate"];

/// Passes over [`N`] entries: 2 million operations.
fn passes() -> usize {
    if support::testing() { 2 } else { 2_000 }
}

/// Runs one loop and nothing else.
pub(crate) fn one(side: &str, work: &str) -> ExitCode {
    let known = SIDES.contains(&side) && WORK.contains(&work);
    match side {
        _ if !known => {
            eprintln!("--one: expected one of {SIDES:?} and one of {WORK:?}, got {side} {work}");
            return ExitCode::FAILURE;
        }
        "ours" => run::<Ours>(work),
        _ => run::<Hashbrown>(work),
    }
    ExitCode::SUCCESS
}

fn run<M: Peer>(work: &str) {
    let mut filled = Filled::<M>::new(N);
    let (hits, misses) = (filled.hits(), filled.misses());
    let map = &mut filled.maps[0];
    for _ in 0..passes() {
        match work {
            "hit" => assert_eq!(counted(|| lookups(map, &hits[0])), N),
            "miss" => assert_eq!(counted(|| lookups(map, &misses[0])), 0),
            "insert" => {
                map.clear();
                counted(|| {
                    for &key in &filled.keys[0] {
                        black_box(map.insert(key, !key));
                    }
                });
                assert_eq!(map.len(), N);
            }
            _ => {
                let mut entries = 0;
                counted(|| {
                    map.each(|key, value| {
                        black_box(key ^ value);
                        entries += 1;
                    });
                });
                assert_eq!(entries, N);
            }
        }
    }
}

fn lookups<M: Peer>(map: &M, queries: &[u64]) -> usize {
    let found = |key: &&u64| black_box(map.get(key)).is_some();
    queries.iter().filter(found).count()
}

/// What `valgrind` counts between: its name is on the command line.
#[inline(never)]
fn counted<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}

/// Runs each loop under `valgrind`; under `--test` without it.
pub(crate) fn section() -> Option<Section> {
    if support::testing() {
        for side in SIDES {
            for work in WORK {
                assert_eq!(one(side, work), ExitCode::SUCCESS);
            }
        }
        return None;
    }
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["operation", "FixedMap", "hashbrown"]);
    let mut rows = Vec::new();
    for work in WORK {
        let [Some(ours), Some(peer)] = SIDES.map(|side| per_operation(side, work)) else {
            eprintln!("instructions: no valgrind on this machine, left out");
            return None;
        };
        table.add_row([work.to_owned(), format!("{ours:.1}"), format!("{peer:.1}")]);
        rows.push(json!({ "operation": work, "ours": ours, "hashbrown": peer }));
    }
    let title = "instructions: per operation at 1,000 entries, the loop around it included (callgrind)";
    Some(Section::of_table(title, table, json!(rows)))
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_operation(side: &str, work: &str) -> Option<f64> {
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--toggle-collect=*counted*",
        ])
        .arg(std::env::current_exe().ok()?)
        .args(["--bench", "--one", side, work])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let count = text
        .split("Collected :")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let count: f64 = count.and_then(|count| count.parse().ok()).expect("a line of callgrind");
    Some(count / (passes() * N) as f64)
}
