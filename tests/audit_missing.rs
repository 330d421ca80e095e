//! `audit` in a program that has not installed its allocator: whatever would count says so, and nothing passes.

#[path = "support/panics.rs"]
mod panics;

use arenamap::audit::{AllocScope, Budget, is_installed};
use arenamap::{assert_allocs, assert_no_alloc};

use panics::message_of;

#[test]
fn nothing_counts_without_the_allocator() {
    assert!(!is_installed());
    let attempts: [(&str, fn()); 10] = [
        ("assert_no_alloc!", || assert_no_alloc!({})),
        ("assert_no_alloc!, async", || drop(assert_no_alloc!(async {}))),
        ("assert_allocs!", || assert_allocs!(<= 3, {})),
        ("assert_allocs!, no upper limit", || assert_allocs!(>= 0, {})),
        ("begin", || drop(AllocScope::begin().end())),
        ("begin_traced", || drop(AllocScope::begin_traced().end())),
        ("measure", || drop(AllocScope::measure(|| ()))),
        ("measure_traced", || drop(AllocScope::measure_traced(|| ()))),
        ("future", || drop(AllocScope::future(async {}))),
        ("Budget::check", || Budget::new("report handler").allocs(0).check(|| ())),
    ];
    for (name, attempt) in attempts {
        let message = message_of(attempt);
        for part in [
            "not a `CountingAllocator`",
            "#[global_allocator]",
            "CountingAllocator::system();",
        ] {
            assert!(message.contains(part), "{name}: {message}");
        }
    }
    assert!(!is_installed());
}
