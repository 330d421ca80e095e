//! `audit` over the system's allocator: every call is counted, by the scopes that are open on its thread and by no others, and a
//! failed assertion names the line.
#![cfg(not(miri))] // no backtraces there

#[path = "support/panics.rs"]
mod panics;

use std::cell::RefCell;
use std::env;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::panic::{set_hook, take_hook};
use std::pin::pin;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use arenamap::audit::{AllocScope, Budget, CountingAllocator, Counts};
use arenamap::{assert_allocs, assert_no_alloc};

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

#[test]
fn nested_scopes_see_their_own_calls_and_those_inside() {
    let outer = AllocScope::begin();
    let first = black_box(Box::new([1_u8; 64]));
    let inner = AllocScope::begin();
    let second = black_box(Box::new([1_u8; 16]));
    let innermost = AllocScope::begin();
    drop(first);
    let (innermost, inner) = (innermost.end().counts(), inner.end().counts());
    drop(second);
    let outer = outer.end().counts();
    assert_eq!(calls(innermost), Calls(0, 0, 0, 1));
    assert_eq!((innermost.live(), innermost.peak), (-64, 0));
    assert_eq!(calls(inner), Calls(1, 0, 0, 1));
    assert_eq!((inner.live(), inner.peak), (16 - 64, 16));
    assert_eq!(calls(outer), Calls(2, 0, 0, 2));
    assert_eq!((outer.live(), outer.peak), (0, 80));
}

#[test]
fn scopes_may_end_in_any_order_and_a_dropped_one_is_closed() {
    let first = AllocScope::begin();
    let second = AllocScope::begin_traced();
    let third = AllocScope::begin();
    drop(black_box(Box::new(1)));
    assert_eq!(calls(second.end().counts()), Calls(1, 0, 0, 1));
    drop(black_box(Box::new(1)));
    assert_eq!(calls(first.end().counts()), Calls(2, 0, 0, 2));
    drop(AllocScope::begin());
    drop(black_box(Box::new(1)));
    assert_eq!(calls(third.end().counts()), Calls(3, 0, 0, 3));
}

#[test]
fn the_audits_own_blocks_are_not_counted() {
    let outer = AllocScope::begin();
    for _ in 0..3 {
        let ((), allocation) = AllocScope::measure_traced(|| ());
        assert_eq!((allocation.counts().calls(), allocation.places().len()), (0, 0));
    }
    assert_no_alloc!({});
    assert_allocs!(<= 3, {});
    let kept = AllocScope::begin_traced();
    let block = black_box(Box::new(1));
    let kept = kept.end();
    drop((block, kept));
    assert_eq!(calls(outer.end().counts()), Calls(1, 0, 0, 1));
}

#[test]
fn places_are_listed_with_the_most_frequent_first() {
    let mut lines = [0; 3];
    let mut kept = Vec::with_capacity(2);
    let ((), allocation) = AllocScope::measure_traced(|| {
        lines[0] = line!() + 1;
        kept.push(black_box(vec![0_u8; 100]));
        for _ in 0..5 {
            lines[1] = line!() + 1;
            drop(black_box(Box::new(1_u64)));
        }
        for n in 0..2 {
            lines[2] = line!() + 1;
            kept[0].reserve_exact(black_box(1_000 * (n + 1)));
        }
    });
    let places = allocation.places();
    let explained = allocation.explain();
    let found: Vec<_> = places.iter().map(|place| place.line.unwrap()).collect();
    assert_eq!(found, [lines[1], lines[2], lines[0]], "{explained}");
    let counted: Vec<_> = places.iter().map(|place| calls(place.counts)).collect();
    assert_eq!(
        counted,
        [Calls(5, 0, 0, 5), Calls(0, 0, 2, 0), Calls(0, 1, 0, 0)],
        "{explained}"
    );
    assert_eq!((places[1].held_blocks, places[1].held_bytes), (1, 2_100), "{explained}");
    assert!(
        places
            .iter()
            .all(|place| place.file.as_ref().unwrap().ends_with(file!())),
        "{explained}"
    );

    let listed: Vec<_> = explained.lines().filter(|line| line.contains(file!())).collect();
    assert_eq!(listed.len(), 3, "{explained}");
    for (text, line) in listed.iter().zip([lines[1], lines[2], lines[0]]) {
        assert!(text.contains(&format!("{}:{line}  ", file!())), "{explained}");
    }
    assert!(
        listed[0]
            .trim_start()
            .starts_with("10 calls (5 alloc, 5 dealloc; 40 bytes taken, 40 freed)"),
        "{explained}"
    );

    let ((), counted_only) = AllocScope::measure(|| drop(black_box(Box::new(1))));
    assert!(counted_only.places().is_empty());
    assert!(counted_only.explain().contains("measure_traced"));
}

#[test]
fn reports_show_the_users_frames_only() {
    fn handler(n: u32) -> Vec<u32> {
        vec![n]
    }
    let at = line!() - 2;
    let report = message_of(|| assert_no_alloc!((0..10).map(handler).find(|list| list[0] == 7)));
    assert_names(&report, "alloc of 4 bytes", at);
    let frames = report
        .lines()
        .skip_while(|line| !line.starts_with("the first call too many"))
        .skip(1);
    let frames: Vec<_> = frames.take_while(|line| line.starts_with("    ")).collect();
    assert!(
        frames.len() >= 3 && frames.iter().all(|frame| frame.trim_start().starts_with("tests/")),
        "{report}"
    );
    assert_eq!(
        frames.iter().filter(|frame| frame.contains("audit.rs")).count(),
        frames.len() - 1,
        "{report}"
    );
}

#[test]
fn assertions_give_the_value_and_say_where_they_stand() {
    let text = String::from("abc");
    assert_eq!(assert_no_alloc!({ text.len() }), 3);
    assert_eq!(assert_no_alloc!(text.as_str()), "abc");
    let moved = assert_no_alloc!({ text });
    assert_eq!(moved, "abc");

    let at = line!() + 1;
    let report = message_of(|| assert_no_alloc!(black_box(Box::new(1))));
    assert!(
        report.starts_with(&format!("assert_no_alloc! failed, at {}:{at}\n", file!())),
        "{report}"
    );
}

#[test]
fn each_comparison_of_assert_allocs_holds_and_fails() {
    fn work(n: u64) {
        (0..n).for_each(|n| drop(black_box(Box::new(n))));
    }
    let three = 3;
    assert_allocs!(<= three, { work(3) });
    assert_allocs!(< 4, { work(3) });
    assert_allocs!(== three, { work(3) });
    assert_allocs!(>= 3, { work(3) });
    assert_allocs!(> 2, work(3));
    assert_allocs!(1..=3, work(3));
    assert_allocs!(0..4, work(3));
    assert_eq!(assert_allocs!(..=1, { *black_box(Box::new(5)) }), 5);

    let report = message_of(|| assert_allocs!(<= three, { work(4) }));
    assert!(report.starts_with("assert_allocs!(<= three, ..) failed"), "{report}");
    assert!(
        report.contains("calls of alloc, alloc_zeroed and realloc: 4, allowed at most 3"),
        "{report}"
    );
    assert!(report.contains("first call too many: alloc of 8 bytes"), "{report}");
    message_of(|| assert_allocs!(< 4, { work(4) }));
    message_of(|| assert_allocs!(== three, { work(4) }));
    message_of(|| assert_allocs!(1..=3, { work(4) }));
    let report = message_of(|| assert_allocs!(== three, { work(2) }));
    assert!(
        report.contains(": 2, demanded at least 3") && report.contains("places, most calls first"),
        "{report}"
    );
    message_of(|| assert_allocs!(>= 3, { work(2) }));
    message_of(|| assert_allocs!(> 2, { work(2) }));
    message_of(|| assert_allocs!(1..=3, {}));
    assert!(message_of(|| assert_allocs!(< 0, {})).contains("no number is in this range"));
}

#[test]
fn the_first_call_too_many_is_the_one_after_those_allowed() {
    let mut at = 0;
    let report = message_of(|| {
        assert_allocs!(<= 1, {
            drop(black_box(Box::new([1_u8; 3])));
            at = line!() + 1;
            drop(black_box(Box::new([1_u8; 5])));
            drop(black_box(Box::new([1_u8; 7])));
        });
    });
    assert_names(&report, "alloc of 5 bytes", at);
}

#[test]
fn a_block_left_early_is_checked_and_closed() {
    fn with_question_mark(text: &str, wasteful: bool) -> Result<u32, std::num::ParseIntError> {
        assert_no_alloc!({
            if wasteful {
                drop(black_box(Box::new(1)));
            }
            let number = text.parse::<u32>()?;
            Ok(number)
        })
    }
    fn with_return(wasteful: bool) -> u32 {
        assert_no_alloc!({
            if wasteful {
                drop(black_box(Box::new(1)));
                return 7;
            }
        });
        8
    }
    let outer = AllocScope::begin();
    assert!(with_question_mark("x", false).is_err());
    assert_eq!((with_question_mark("7", false), with_return(false)), (Ok(7), 8));
    for _ in 0..3 {
        assert_no_alloc!({
            if black_box(true) {
                break;
            }
        });
    }
    assert_eq!(outer.end().counts().calls(), 0);
    assert!(message_of(|| with_question_mark("x", true)).contains("assert_no_alloc! failed"));
    assert!(message_of(|| with_return(true)).contains("assert_no_alloc! failed"));
    assert!(
        message_of(|| {
            for _ in 0..3 {
                assert_no_alloc!({
                    drop(black_box(Box::new(1)));
                    if black_box(true) {
                        break;
                    }
                });
            }
        })
        .contains("assert_no_alloc! failed")
    );
    assert_no_alloc!({}); // nothing stayed open
}

#[test]
fn a_panic_inside_goes_out_as_it_is_and_closes_the_scope() {
    let outer = AllocScope::begin();
    let message = message_of(|| {
        assert_no_alloc!({
            drop(black_box(Box::new(1)));
            panic!("of the user")
        })
    });
    assert_eq!(message, "of the user");
    let message = message_of(|| AllocScope::measure(|| panic!("of the user")));
    assert_eq!(message, "of the user");
    let message = message_of(|| Budget::new("x").bytes(0).check(|| panic!("of the user")));
    assert_eq!(message, "of the user");
    drop((message, outer));
    // Only a scope that stayed open would count here, in a list that nobody can see: so count what is open.
    let (inner, allocation) = AllocScope::measure(|| AllocScope::measure(|| drop(black_box(Box::new(1)))).1);
    assert_eq!(inner.counts(), allocation.counts());
}

#[test]
fn an_assertion_within_a_drop_during_a_panic_does_not_panic_again() {
    struct Wasteful;
    impl Drop for Wasteful {
        fn drop(&mut self) {
            assert_no_alloc!(drop(black_box(Box::new(1))));
        }
    }
    let message = message_of(|| {
        let _wasteful = Wasteful;
        panic!("of the user")
    });
    assert_eq!(message, "of the user");
}

#[test]
fn budgets_name_each_limit_what_was_measured_and_where() {
    const GENEROUS: Budget = Budget::new("generous")
        .allocs(2)
        .deallocs(2)
        .bytes(100)
        .peak(60)
        .held(0);
    let sum = GENEROUS.check(|| {
        let first = *black_box(Box::new(3_u64));
        first + *black_box(Box::new(4_u64))
    });
    assert_eq!(sum, 7);

    let mut kept = None;
    let mut lines = [0; 2];
    let report = message_of(|| {
        Budget::new("report handler")
            .allocs(1)
            .deallocs(5)
            .bytes(40)
            .peak(64)
            .held(32)
            .check(|| {
                lines[0] = line!() + 1;
                kept = Some(black_box(Box::new([1_u8; 48])));
                lines[1] = line!() + 1;
                drop(black_box(Box::new([1_u8; 32])));
            });
    });
    let first = format!("{}:{}  ", file!(), lines[0]);
    let second = format!("{}:{}  ", file!(), lines[1]);
    assert!(report.starts_with("budget `report handler` failed, at "), "{report}");
    for (measure, place) in [
        (
            "calls of alloc, alloc_zeroed and realloc: 2, allowed at most 1",
            Some(&second),
        ),
        ("calls of dealloc: 1, allowed at most 5", None),
        ("bytes allocated: 80, allowed at most 40", Some(&first)),
        ("bytes live at the peak: 80, allowed at most 64", Some(&second)),
        ("bytes still held at the end: 48, allowed at most 32", Some(&first)),
    ] {
        let mut lines = report.lines();
        let line = lines.find(|line| line.trim_start().starts_with(measure));
        let line = line.unwrap_or_else(|| panic!("no {measure:?} in:\n{report}"));
        let why = line.contains("; beyond it first at ") || line.contains("; 48 of them taken at ");
        assert_eq!(why, place.is_some(), "{report}");
        assert!(place.is_none_or(|place| line.contains(place)), "{place:?} for {line}");
    }
    assert!(report.contains("still held: 48 bytes in 1 block"), "{report}");
    assert!(message_of(|| Budget::new("empty").check(|| ())).contains("budget `empty` has no limit"));
    drop(kept);
}

#[test]
fn other_threads_raise_no_alarm_and_are_counted_where_they_run() {
    struct Stop<'s>(&'s AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        let _stop = Stop(&stop); // when an assertion fails, too
        for _ in 0..3 {
            threads.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    black_box((0..50).map(|n: u32| n.to_string()).collect::<Vec<_>>());
                }
            });
        }
        let block = black_box(Box::new(1));
        for _ in 0..2_000 {
            assert_no_alloc!(black_box(*block));
        }
        let worker = threads.spawn(|| AllocScope::measure(|| drop(black_box(Box::new([1_u8; 9])))).1.counts());
        let scope = AllocScope::begin();
        let there = worker.join().unwrap();
        let here = scope.end().counts();
        assert_eq!((calls(there), there.bytes_allocated), (Calls(1, 0, 0, 1), 9));
        assert_eq!(here.alloc, 0, "{here}"); // joining frees what the thread shared
    });
}

#[test]
fn a_block_that_another_thread_frees_is_held_here() {
    let (block, allocation) = AllocScope::measure_traced(|| black_box(Box::new([1_u8; 24])));
    let ((), there) = thread::spawn(|| AllocScope::measure_traced(|| drop(block)))
        .join()
        .unwrap();
    assert_eq!(
        (allocation.counts().live(), allocation.places()[0].held_bytes),
        (24, 24)
    );
    assert_eq!((there.counts().live(), there.places()[0].held_bytes), (-24, 0));
}

#[test]
#[cfg(not(arenamap_guard))] // sanitizers would report the scope that is lost on purpose
fn a_thread_may_end_with_a_scope_that_was_forgotten() {
    thread::spawn(|| {
        std::mem::forget(AllocScope::begin_traced());
        black_box(vec![1, 2, 3]);
    })
    .join()
    .unwrap();
}

/// Where `work` panics, as the panic itself says.
fn place_of(work: impl FnOnce()) -> (String, u32) {
    thread_local!(static PLACE: RefCell<Option<(String, u32)>> = const { RefCell::new(None) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            let place = panic.location().map(|place| (place.file().to_owned(), place.line()));
            PLACE.set(place);
            before(panic);
        }));
    });
    message_of(work);
    PLACE.take().expect("a panic has a place")
}

/// Not a block that is left by `?`, `return` or `break`, whose panic is that of a drop: the report says where it stands.
#[test]
fn panics_carry_the_place_of_their_caller() {
    fn ready<F: Future>(work: F) -> F::Output {
        let Poll::Ready(value) = pin!(work).poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it waits for nothing");
        };
        value
    }
    fn allocate() {
        drop(black_box(Box::new(1)));
    }
    let cases: [(fn(), u32); 8] = [
        (|| assert_no_alloc!(allocate()), line!()),
        (|| assert_allocs!(<= 0, allocate()), line!()),
        (|| assert_allocs!(>= 2, allocate()), line!()),
        (|| assert_allocs!(< 0, ()), line!()),
        (|| Budget::new("none").allocs(0).check(allocate), line!()),
        (|| Budget::new("without limits").check(|| ()), line!()),
        (|| ready(assert_no_alloc!(async { allocate() })), line!()),
        (|| ready(assert_allocs!(..=0, async move { allocate() })), line!()),
    ];
    for (number, (work, line)) in cases.into_iter().enumerate() {
        assert_eq!(place_of(work), (file!().to_owned(), line), "case {number}");
    }
}

#[test]
fn what_is_printed_is_counted_while_the_harness_captures_it_and_stderr_by_itself_never_is() {
    let captured = !env::args().any(|argument| ["--nocapture", "--no-capture"].contains(&argument.as_str()))
        && env::var_os("RUST_TEST_NOCAPTURE").is_none();
    let ((), allocation) = AllocScope::measure(|| (0..100).for_each(|n| println!("line {n}")));
    assert!(!captured || allocation.counts().allocs() > 0);
    assert_no_alloc!({ writeln!(io::stderr(), "past the capture, and past every buffer").unwrap() });
}
