//! `audit` on the threads of work-stealing pools: a scope that was handed over counts its own work, on whichever threads that runs, and
//! nothing that they steal meanwhile.
#![cfg(not(miri))] // no backtraces there

#[path = "support/panics.rs"]
mod panics;

use std::future::{Future as _, poll_fn};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;

use arenamap::audit::{AllocScope, Budget, CountingAllocator, Counts};
use arenamap::{assert_allocs, assert_no_alloc};
use rayon::{ThreadPool, ThreadPoolBuilder};

use panics::message_of;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn two_threads() -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(2).build().unwrap()
}

fn allocate(bytes: usize) {
    drop(black_box(Vec::<u8>::with_capacity(bytes)));
}

fn calls(counts: Counts) -> (u64, u64) {
    (counts.allocs(), counts.dealloc)
}

/// Two halves of a `join`, and a job of somebody else's that the thread of the first half runs while it waits for the second.
#[derive(Default)]
struct Theft {
    begun: AtomicBool,
    stolen: AtomicBool,
}

fn wait_for(flag: &AtomicBool) {
    while !flag.load(Ordering::Acquire) {
        thread::yield_now();
    }
}

impl Theft {
    /// Runs `work` on a thread of a pool, and has its other thread kept in `second` until the job was stolen by this one.
    fn during<T: Send>(work: impl FnOnce(&Self) -> T + Send) -> T {
        let pool = two_threads();
        let theft = Arc::new(Self::default());
        thread::scope(|threads| {
            threads.spawn(|| {
                wait_for(&theft.begun);
                let theft = Arc::clone(&theft);
                pool.spawn(move || {
                    allocate(1_000);
                    theft.stolen.store(true, Ordering::Release);
                });
            });
            pool.install(|| work(&theft))
        })
    }

    fn first(&self) {
        wait_for(&self.begun);
    }

    fn second(&self) {
        self.begun.store(true, Ordering::Release);
        wait_for(&self.stolen);
    }
}

/// Runs both halves of a `join`, on two threads of a pool, at the same time.
fn on_two_threads(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    let meet = Barrier::new(2);
    let meet = || {
        meet.wait();
    };
    let both = (|| (meet(), first(), meet()), || (meet(), second(), meet()));
    rayon::join(both.0, both.1);
}

#[test]
fn what_a_waiting_thread_steals_is_counted_without_handing_over_and_the_report_says_so() {
    let report = message_of(|| {
        Theft::during(|theft| {
            assert_no_alloc!({ rayon::join(|| theft.first(), || theft.second()) });
        });
    });
    assert!(report.contains("alloc of 1000 bytes"), "{report}");
    assert!(
        report.contains("`AllocScope::hand_over` counts the work of this scope only"),
        "{report}"
    );
}

#[test]
fn what_a_waiting_thread_steals_is_not_counted_by_a_scope_that_was_handed_over() {
    Theft::during(|theft| {
        assert_no_alloc!({
            AllocScope::hand_over(|scopes| {
                rayon::join(|| scopes.run(|| theft.first()), || scopes.run(|| theft.second()))
            })
        });
    });
    let counts = Theft::during(|theft| {
        let halves = || {
            AllocScope::hand_over(|scopes| {
                let first = || (allocate(10), theft.first());
                let second = || (theft.second(), allocate(20));
                rayon::join(|| scopes.run(first), || scopes.run(second));
            });
        };
        AllocScope::measure(halves).1.counts()
    });
    assert_eq!((calls(counts), counts.bytes_allocated), ((2, 2), 30));
}

/// `leaves` boxes, by as many jobs.
fn boxes(leaves: u64) -> u64 {
    if leaves == 1 {
        return *black_box(Box::new(1));
    }
    let half = leaves / 2;
    let (left, right) = AllocScope::hand_over(|scopes| {
        rayon::join(|| scopes.run(|| boxes(half)), || scopes.run(|| boxes(leaves - half)))
    });
    left + right
}

fn sum(numbers: &[u64]) -> u64 {
    if numbers.len() <= 500 {
        return numbers.iter().map(|number| black_box(*number)).sum();
    }
    let (left, right) = numbers.split_at(numbers.len() / 2);
    let (left, right) =
        AllocScope::hand_over(|scopes| rayon::join(|| scopes.run(|| sum(left)), || scopes.run(|| sum(right))));
    left + right
}

#[test]
fn a_thousand_rounds_beside_another_test_that_allocates_in_the_pool_are_right() {
    let numbers = vec![1_u64; 20_000];
    let pool = two_threads();
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        threads.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let (send, receive) = mpsc::channel();
                (0..20).for_each(|n| {
                    let send = send.clone();
                    pool.spawn(move || {
                        allocate(100 + n);
                        send.send(()).unwrap();
                    });
                });
                drop(send);
                receive.iter().for_each(drop); // so that the queue does not grow without end
            }
        });
        let rounds = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..1_000 {
                pool.install(|| {
                    assert_eq!(assert_no_alloc!(sum(&numbers)), 20_000);
                    assert_eq!(assert_allocs!(== 40, boxes(40)), 40);
                    let (made, allocation) = AllocScope::measure(|| boxes(40));
                    assert_eq!((made, calls(allocation.counts())), (40, (40, 40)));
                });
            }
        }));
        stop.store(true, Ordering::Relaxed);
        rounds.unwrap_or_else(|panic| resume_unwind(panic));
    });
}

#[test]
fn all_threads_count_into_one_scope_its_peak_and_its_places_too() {
    let (mut first_line, mut second_line) = (0, 0);
    let allocation = two_threads().install(|| {
        let (kept, allocation) = AllocScope::measure_traced(|| {
            let meet = Barrier::new(2);
            let mut kept = None;
            AllocScope::hand_over(|scopes| {
                on_two_threads(
                    || {
                        scopes.run(|| {
                            first_line = line!() + 1;
                            let list = black_box(Vec::<u8>::with_capacity(100));
                            meet.wait();
                            meet.wait();
                            drop(list);
                        });
                    },
                    || {
                        scopes.run(|| {
                            meet.wait();
                            second_line = line!() + 1;
                            kept = Some(black_box(Vec::<u8>::with_capacity(200)));
                            meet.wait();
                        });
                    },
                );
            });
            kept
        });
        drop(kept);
        allocation
    });
    let counts = allocation.counts();
    assert_eq!((calls(counts), counts.peak, counts.live()), ((2, 1), 300, 200));
    let text = allocation.explain();
    assert!(
        text.starts_with("on this thread, and where it was handed over to: 2 alloc"),
        "{text}"
    );
    let places = allocation.places();
    let held = |line| {
        places
            .iter()
            .find(|place| place.line == Some(line))
            .map(|place| place.held_bytes)
    };
    assert_eq!((held(first_line), held(second_line)), (Some(0), Some(200)), "{text}");
}

#[test]
fn a_failure_names_the_line_on_whichever_thread_it_was() {
    let mut at = 0;
    let report = message_of(|| {
        two_threads().install(|| {
            assert_allocs!(<= 0, {
                AllocScope::hand_over(|scopes| {
                    on_two_threads(
                        || scopes.run(|| ()),
                        || {
                            at = line!() + 1;
                            scopes.run(|| allocate(70));
                        },
                    );
                });
            });
        });
    });
    assert!(
        report.contains("the first call too many: alloc of 70 bytes"),
        "{report}"
    );
    assert!(report.contains(&format!("    {}:{at}  ", file!())), "{report}");
}

#[test]
fn all_scopes_of_the_thread_are_handed_over_and_what_was_counted_before_stays() {
    let outer = AllocScope::begin_traced();
    allocate(1);
    let inner = AllocScope::begin();
    allocate(2);
    AllocScope::hand_over(|scopes| {
        allocate(4); // suspended
        thread::scope(|threads| {
            threads.spawn(|| scopes.run(|| allocate(8)));
        });
    });
    allocate(16);
    let inner = inner.end().counts();
    let outer = outer.end();
    assert_eq!((calls(inner), inner.bytes_allocated), ((3, 3), 2 + 8 + 16));
    assert_eq!(
        (calls(outer.counts()), outer.counts().bytes_allocated),
        ((4, 4), 1 + 2 + 8 + 16)
    );
    let traced: u64 = outer.places().iter().map(|place| place.counts.calls()).sum();
    assert_eq!(traced, 8, "{}", outer.explain());
}

#[test]
fn work_of_another_scope_suspends_the_one_below_it() {
    let nobodys = AllocScope::hand_over(Clone::clone);
    let others = AllocScope::begin();
    AllocScope::hand_over(|of_others| {
        let work = || {
            let below = AllocScope::begin();
            let nested = of_others.run(|| {
                allocate(1);
                nobodys.run(|| allocate(2));
                let nested = AllocScope::begin();
                allocate(4);
                // From here: the nested one and what it is nested in, but not what that suspends.
                AllocScope::hand_over(|scopes| scopes.run(|| allocate(8)));
                nested.end().counts()
            });
            assert_eq!((calls(nested), nested.bytes_allocated), ((2, 2), 4 + 8));
            assert_eq!(below.end().counts().calls(), 0);
        };
        thread::scope(|threads| threads.spawn(work).join().unwrap());
    });
    let others = others.end().counts();
    assert_eq!((calls(others), others.bytes_allocated), ((3, 3), 1 + 4 + 8));
}

#[test]
fn scopes_may_end_anywhere_and_late_work_is_counted_by_nobody() {
    // While suspended, and with an inner one still open.
    let (first, second) = (AllocScope::begin_traced(), AllocScope::begin());
    let late = AllocScope::hand_over(|scopes| {
        scopes.run(|| allocate(1));
        assert_eq!(calls(first.end().counts()), (1, 1));
        scopes.run(|| allocate(2));
        assert_eq!(calls(second.end().counts()), (2, 2));
        scopes.clone()
    });
    late.run(|| allocate(4));
    // A scope that leaves the work in which it began.
    let below = AllocScope::begin();
    let left = late.run(AllocScope::begin);
    allocate(8);
    assert_eq!(calls(left.end().counts()), (1, 1));
    let left = AllocScope::hand_over(|_| AllocScope::begin());
    allocate(16);
    assert_eq!(calls(below.end().counts()), (2, 2));
    allocate(32);
    assert_eq!(calls(left.end().counts()), (2, 2));
    late.run(|| drop(AllocScope::begin()));
    drop(late);
    assert_no_alloc!({});
}

#[test]
fn a_panic_in_work_that_was_handed_over_restores_what_was_open() {
    let scope = AllocScope::begin();
    let message = message_of(|| AllocScope::hand_over(|scopes| scopes.run(|| panic!("of the user"))));
    assert_eq!(message, "of the user");
    drop(message);
    AllocScope::hand_over(|scopes| scopes.run(|| ())); // nothing is suspended any more, and nothing open twice
    let inner = AllocScope::begin();
    allocate(10);
    assert_eq!(calls(inner.end().counts()), (1, 1));
    drop(scope);
    assert_no_alloc!({});
}

#[test]
fn the_blocks_of_handing_over_are_not_counted_whoever_drops_them() {
    assert_no_alloc!({
        for _ in 0..3 {
            let kept = AllocScope::hand_over(|scopes| scopes.run(|| scopes.clone()));
            AllocScope::measure_traced(|| drop(kept.clone()));
            drop(kept);
        }
    });
    let scope = AllocScope::begin_traced();
    let last = AllocScope::hand_over(Clone::clone);
    drop(scope);
    assert_no_alloc!(drop(last));
    // A future that is dropped, polled or not.
    assert_no_alloc!(drop(AllocScope::future_traced(async {})));
    assert_no_alloc!({
        let mut counted = pin!(AllocScope::future(poll_fn(|_| Poll::<()>::Pending)));
        assert!(
            counted
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    });
    // Without a scope it makes no call at all: one that begins in it would see the end of it.
    let seen = AllocScope::hand_over(|_| AllocScope::begin());
    assert_eq!(seen.end().counts().calls(), 0);
}

#[test]
fn a_future_that_was_handed_over_goes_on_counting_on_other_threads() {
    let mut polls = 0;
    let mut work = Box::pin(AllocScope::future(poll_fn(move |_| {
        polls += 1;
        AllocScope::hand_over(|scopes| {
            thread::scope(|threads| threads.spawn(|| scopes.run(|| allocate(8))).join()).unwrap();
        });
        if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
    })));
    let allocation = loop {
        let poll = thread::scope(|threads| {
            let polled = threads.spawn(|| work.as_mut().poll(&mut Context::from_waker(Waker::noop())));
            polled.join().unwrap()
        });
        if let Poll::Ready(((), allocation)) = poll {
            break allocation;
        }
    };
    assert_eq!(calls(allocation.counts()), (3, 3));
}

#[test]
fn pools_scopes_spawns_and_parallel_iterators_are_counted() {
    use rayon::prelude::*;

    let pool = two_threads();
    let budget = Budget::new("jobs").allocs(4).deallocs(4).held(0);
    pool.install(|| {
        budget.check(|| {
            AllocScope::hand_over(|scopes| {
                rayon::scope(|jobs| {
                    for _ in 0..4 {
                        jobs.spawn(|_| scopes.run(|| allocate(10))); // the job's own box is the pool's
                    }
                });
            });
        });
    });
    let total = AtomicU64::new(0);
    let ((), allocation) = AllocScope::measure(|| {
        AllocScope::hand_over(|scopes| {
            pool.install(|| {
                (0..100_u64).into_par_iter().for_each(|n| {
                    let number = scopes.run(|| *black_box(Box::new(n)));
                    total.fetch_add(number, Ordering::Relaxed);
                });
            });
        });
    });
    assert_eq!((total.into_inner(), calls(allocation.counts())), (4_950, (100, 100)));
}
