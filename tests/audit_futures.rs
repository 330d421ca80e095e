//! Counting futures: only while they are polled, on whichever thread that is.

#[path = "support/panics.rs"]
mod panics;

use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};

use arenamap::audit::{AllocScope, Budget, CountingAllocator};
use arenamap::{assert_allocs, assert_no_alloc};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use panics::message_of;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn two_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).build().unwrap()
}

/// Ready at the second poll, which any thread may make.
async fn pause() {
    let mut polled = false;
    poll_fn(|context| {
        if polled {
            return Poll::Ready(());
        }
        polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn the_polls_are_counted_and_what_happens_between_them_is_not() {
    let mut counted = pin!(AllocScope::future(async {
        let first = black_box(Box::new([1_u8; 10]));
        pause().await;
        drop(first);
        black_box(Box::new([1_u8; 20]))
    }));
    let mut context = Context::from_waker(Waker::noop());
    assert!(counted.as_mut().poll(&mut context).is_pending());
    drop(black_box(vec![1, 2, 3]));
    let Poll::Ready((block, allocation)) = counted.as_mut().poll(&mut context) else {
        panic!("it is ready at the second poll");
    };
    let counts = allocation.counts();
    assert_eq!((counts.alloc, counts.dealloc, counts.bytes_allocated), (2, 1, 30));
    assert_eq!((counts.live(), counts.peak), (20, 20));
    drop(block);
}

/// Hands a future from thread to thread: one poll on each.
fn poll_on_new_threads<F: Future + Send>(work: F) -> (F::Output, usize)
where
    F::Output: Send,
{
    let mut work = Box::pin(work);
    for polls in 1.. {
        let poll = thread::scope(|threads| {
            let polled = threads.spawn(|| work.as_mut().poll(&mut Context::from_waker(Waker::noop())));
            polled.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        if let Poll::Ready(value) = poll {
            return (value, polls);
        }
    }
    unreachable!("a future ends")
}

#[test]
fn a_future_that_each_poll_finds_on_another_thread() {
    let work = AllocScope::future_traced(async {
        let mut kept = None;
        for n in 0..9_usize {
            kept = Some(black_box(Box::new(n)));
            pause().await;
        }
        kept.map(|kept| *kept)
    });
    let ((last, allocation), polls) = poll_on_new_threads(work);
    assert_eq!((last, polls), (Some(8), 10));
    assert_eq!((allocation.counts().alloc, allocation.counts().dealloc), (9, 9));
    assert_eq!(allocation.places()[0].counts.alloc, 9, "{}", allocation.explain());
}

#[test]
fn tasks_on_a_multi_threaded_runtime_with_wild_neighbours() {
    let runtime = two_threads();
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Arc<Mutex<HashSet<ThreadId>>> = Arc::default();
    let moved = runtime.block_on(async {
        for _ in 0..3 {
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    black_box((0..20_u32).map(|n| n.to_string()).collect::<Vec<_>>());
                    tokio::task::yield_now().await;
                }
            });
        }
        // 300 rounds, and more until the runtime has moved a task: when it does so is its own affair, and may be never.
        let mut moved = 0;
        for round in 0..3_000 {
            if round >= 300 && moved > 0 {
                break;
            }
            let (send, mut receive) = mpsc::channel::<u64>(4);
            let seen = Arc::new(Mutex::new(HashSet::with_capacity(8)));
            let task = tokio::spawn({
                let seen = Arc::clone(&seen);
                assert_no_alloc!(async move {
                    let mut sum = 0;
                    while let Some(number) = receive.recv().await {
                        seen.lock().unwrap().insert(thread::current().id());
                        sum += number;
                    }
                    (sum, receive, seen) // to be dropped outside
                })
            });
            for number in 0..8 {
                send.send(number).await.unwrap();
                tokio::task::yield_now().await;
            }
            drop(send);
            assert_eq!(task.await.unwrap().0, 28, "round {round}");
            let seen = seen.lock().unwrap();
            moved += usize::from(seen.len() > 1);
            threads.lock().unwrap().extend(seen.iter());
        }
        stop.store(true, Ordering::Relaxed);
        moved
    });
    println!("{moved} tasks moved between {} threads", threads.lock().unwrap().len());
}

#[test]
fn a_future_that_allocates_fails_at_its_end_and_names_the_line() {
    let runtime = two_threads();
    let mut at = 0;
    let message = message_of(|| {
        runtime.block_on(assert_no_alloc!(async {
            pause().await;
            at = line!() + 1;
            drop(black_box(Box::new([1_u8; 10])));
            pause().await;
        }));
    });
    assert!(message.starts_with("assert_no_alloc! failed"), "{message}");
    assert!(message.contains("first call too many: alloc of 10 bytes"), "{message}");
    assert!(message.contains(&format!("    {}:{at}  ", file!())), "{message}");

    let message = message_of(|| {
        runtime.block_on(assert_allocs!(<= 1, async move {
            drop(black_box(Box::new(1)));
            drop(black_box(Box::new(2)));
        }));
    });
    assert!(message.starts_with("assert_allocs!(<= 1, ..) failed"), "{message}");
}

#[test]
fn budgets_check_futures() {
    const TWO: Budget = Budget::new("two blocks").allocs(2).held(0);
    let runtime = two_threads();
    let work = |blocks: u64| async move {
        let mut sum = 0;
        for block in 0..blocks {
            sum += *black_box(Box::new(block));
            pause().await;
        }
        sum
    };
    assert_eq!(runtime.block_on(TWO.check_future(work(2))), 1);
    let message = message_of(|| runtime.block_on(TWO.check_future(work(3))));
    assert!(message.starts_with("budget `two blocks` failed"), "{message}");
    assert!(
        message.contains(": 3, allowed at most 2; beyond it first at"),
        "{message}"
    );
    // On a task: the panic is the task's.
    let error = runtime.block_on(async { tokio::spawn(TWO.check_future(work(3))).await.unwrap_err() });
    assert!(error.is_panic());
}

#[test]
fn a_panic_in_a_poll_closes_the_scope() {
    let mut counted = Box::pin(AllocScope::future(async {
        drop(black_box(Box::new(1)));
        panic!("of the user")
    }));
    let message = message_of(|| counted.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    assert_eq!(message, "of the user");
    drop(black_box(Box::new(1)));
    drop(counted);
    // A future that is dropped before its end leaves nothing open, either.
    let mut counted = Box::pin(AllocScope::future_traced(pause()));
    assert!(
        counted
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    drop(counted);
    assert_no_alloc!({});
}

#[test]
fn scopes_inside_of_polls_nest_and_may_stay_open() {
    let mut context = Context::from_waker(Waker::noop());
    let mut counted = pin!(AllocScope::future(async {
        let inner = AllocScope::begin(); // not `Send`: this future stays on its thread
        drop(black_box(Box::new(1)));
        pause().await;
        drop(black_box(Box::new(1)));
        inner.end().counts().alloc
    }));
    assert!(counted.as_mut().poll(&mut context).is_pending());
    drop(black_box(Box::new(1)));
    let Poll::Ready((inner, allocation)) = counted.as_mut().poll(&mut context) else {
        panic!("it is ready at the second poll");
    };
    assert_eq!((inner, allocation.counts().alloc), (3, 2));
}

#[test]
fn a_scope_stays_on_its_thread_and_a_counted_future_does_not() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&AllocScope::future(pause()));
    is_send(&assert_no_alloc!(async {}));
    is_send(&Budget::new("any").allocs(0).check_future(pause()));
    is_send(&AllocScope::measure_traced(|| ()).1);
}
