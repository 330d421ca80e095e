//! `audit` over the system's allocator: every call is counted, by the scopes that are open on its thread and by no others, and a
//! failed assertion names the line.
#![cfg(not(miri))] // no backtraces there

#[path = "support/panics.rs"]
mod panics;

use std::hint::black_box;

use arenamap::assert_no_alloc;
use arenamap::audit::{AllocScope, CountingAllocator, Counts};

use panics::message_of;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

#[derive(Debug, PartialEq, Eq)]
struct Calls(u64, u64, u64, u64);

fn calls(counts: Counts) -> Calls {
    Calls(counts.alloc, counts.alloc_zeroed, counts.realloc, counts.dealloc)
}

/// The report says that this call was the first too many, and that this line of this file made it.
fn assert_names(report: &str, call: &str, line: u32) {
    let mut lines = report
        .lines()
        .skip_while(|line| !line.starts_with("the first call too many"));
    let first = lines.next().unwrap_or_else(|| panic!("no first call:\n{report}"));
    assert!(
        first.starts_with(&format!("the first call too many: {call}, by ")),
        "{report}"
    );
    let place = lines.next().unwrap_or_else(|| panic!("no frame:\n{report}"));
    assert!(
        place.trim_start().starts_with(&format!("{}:{line}  ", file!())),
        "line {line}:\n{report}"
    );
}

#[test]
fn every_one_of_the_four_calls_is_counted() {
    let scope = AllocScope::begin();
    let mut list = black_box(Vec::<u8>::with_capacity(10));
    assert_eq!(scope.end().counts().alloc, 1);

    let (zeroed, allocation) = AllocScope::measure(|| black_box(vec![0_u8; 20]));
    assert_eq!(calls(allocation.counts()), Calls(0, 1, 0, 0));

    let ((), allocation) = AllocScope::measure(|| list.reserve_exact(black_box(30)));
    assert_eq!(calls(allocation.counts()), Calls(0, 0, 1, 0));
    let counts = allocation.counts();
    assert_eq!(
        (counts.bytes_allocated, counts.bytes_freed, counts.live(), counts.peak),
        (30, 10, 20, 20)
    );

    let ((), allocation) = AllocScope::measure(|| drop((list, zeroed)));
    assert_eq!(calls(allocation.counts()), Calls(0, 0, 0, 2));
    let counts = allocation.counts();
    assert_eq!((counts.bytes_freed, counts.live(), counts.peak), (50, -50, 0));
    assert_eq!((counts.allocs(), counts.calls()), (0, 2));
}

#[test]
fn every_one_of_the_four_calls_is_caught_by_name_and_line() {
    let mut at = 0;
    let report = message_of(|| {
        at = line!() + 1;
        let list = assert_no_alloc!({ black_box(Vec::<u8>::with_capacity(10)) });
        drop(list);
    });
    assert_names(&report, "alloc of 10 bytes", at);

    let report = message_of(|| {
        let list = assert_no_alloc!({
            at = line!() + 1;
            black_box(vec![0_u8; 20])
        });
        drop(list);
    });
    assert_names(&report, "alloc_zeroed of 20 bytes", at);

    let mut list = black_box(Vec::<u8>::with_capacity(10));
    let report = message_of(|| {
        assert_no_alloc!({
            list.reserve(black_box(5)); // fits
            at = line!() + 1;
            list.reserve_exact(black_box(30));
        });
    });
    assert_names(&report, "realloc of 30 bytes", at);

    let report = message_of(|| {
        assert_no_alloc!({
            at = line!() + 1;
            drop(list);
        });
    });
    assert_names(&report, "dealloc of 30 bytes", at);
}
