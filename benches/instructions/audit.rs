//! What counting costs: instructions for a pair of `alloc` and `dealloc`, by the counting allocator and by the one inside alone.
//!
//! `cargo bench --features audit --bench audit`; the rest is as in the bench `instructions`. A program of its own, for the counting
//! allocator is installed in it.
#![allow(unsafe_code, reason = "calls allocators by hand, to compare two in one program")]
#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "in what gungraun makes of these functions"
)]

#[path = "../support/mod.rs"]
mod support;

mod check;

use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;
use std::process::ExitCode;

use arenamap::audit::{AllocScope, CountingAllocator};
use gungraun::{library_benchmark, library_benchmark_group};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// Pairs of calls.
pub(crate) const SIZES: [usize; 1] = [10_000];

/// There are no whole programs here.
pub(crate) fn program_sizes(_: &str) -> Option<&'static [usize]> {
    None
}

pub(crate) const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/audit.json");

/// The counting allocator is code of its own: no feature changes it.
pub(crate) const OTHER_FEATURES: bool = false;

const LAYOUT: Layout = Layout::new::<[u64; 8]>();

/// An allocator that takes next to no instructions: those of the system's are others on each machine.
#[derive(Clone, Copy)]
struct OneBlock;

static BLOCK: [u64; 8] = [0; 8];

// SAFETY: the block fits `LAYOUT`, which is all that is asked for, and there is one at a time; nobody writes to it.
unsafe impl GlobalAlloc for OneBlock {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        black_box(&raw const BLOCK).cast_mut().cast()
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        black_box(block);
    }
}

type Counting = CountingAllocator<OneBlock>;

/// An allocator, and the scopes that are open meanwhile, the innermost first.
struct Pairs<A> {
    allocator: A,
    n: usize,
    scopes: [Option<AllocScope>; 2],
}

fn inner_alone(n: usize) -> Pairs<OneBlock> {
    Pairs {
        allocator: OneBlock,
        n,
        scopes: [None, None],
    }
}

fn no_scope(n: usize) -> Pairs<Counting> {
    Pairs {
        allocator: Counting::new(OneBlock),
        n,
        scopes: [None, None],
    }
}

fn scope(n: usize) -> Pairs<Counting> {
    Pairs {
        scopes: [Some(AllocScope::begin()), None],
        ..no_scope(n)
    }
}

fn two_scopes(n: usize) -> Pairs<Counting> {
    let outer = AllocScope::begin();
    Pairs {
        scopes: [Some(AllocScope::begin()), Some(outer)],
        ..no_scope(n)
    }
}

/// Every pair was counted by every scope.
fn end<A>(pairs: Pairs<A>) {
    for scope in pairs.scopes.into_iter().flatten() {
        assert_eq!(scope.end().counts().calls(), 2 * pairs.n as u64);
    }
}

// Calls through functions of their own, as those of the global allocator are.

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

#[library_benchmark]
#[benches::no_scope(iter = SIZES, setup = no_scope, teardown = end)]
#[benches::scope(iter = SIZES, setup = scope, teardown = end)]
#[benches::two_scopes(iter = SIZES, setup = two_scopes, teardown = end)]
#[benches::inner_alone(iter = SIZES, setup = inner_alone, teardown = end)]
fn alloc_and_dealloc<A: GlobalAlloc>(pairs: Pairs<A>) -> Pairs<A> {
    for _ in 0..pairs.n {
        let block = take(&pairs.allocator);
        assert!(!block.is_null());
        give(&pairs.allocator, block);
    }
    pairs
}

library_benchmark_group!(name = audit, benchmarks = alloc_and_dealloc);

/// The program as `gungraun` knows it.
mod counts {
    use gungraun::{Callgrind, LibraryBenchmarkConfig, main};

    use super::audit;

    main!(
        config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
        library_benchmark_groups = audit
    );

    pub(super) fn run() {
        main();
    }
}

fn main() -> ExitCode {
    check::main(counts::run)
}
