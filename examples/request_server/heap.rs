//! Counting the calls to the global allocator, by thread and by span.
//!
//! A handler on a multi-threaded runtime moves between threads at its `.await`s, and other tasks run
//! on the same thread while it waits. Neither a counter per thread nor one for the process says what
//! *this* handler allocated. [`measured`] does: it reads the counter of the current thread before and
//! after each poll of one future, so it sees the calls made inside that future, all of them and no
//! others, wherever it runs.
//!
//! The crate's `audit` counts the calls of futures, too: use it in your own tests and services (`examples/axum_handler`
//! does). Here each thread of the server is counted as well, all the time, for what the HTTP layer calls; and the
//! baselines, which make hundreds of calls for each request, are timed. So counting a call must take a few
//! instructions, and opening a span must not take a block.
//!
//! # The unsafe part
//!
//! 1. Every request is passed on to [`System`] unchanged, and its answer handed back unchanged, so
//!    the contract of `GlobalAlloc` holds because it holds for `System`.
//! 2. Counting never allocates: the thread-local needs no lazy set-up and has no destructor, and the
//!    shared slots are a static array.
#![allow(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; it only counts and forwards"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::ptr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The system's allocator with a counter in front: alloc, `alloc_zeroed`, realloc and dealloc each
/// count as one call.
pub(crate) struct CountingAllocator;

/// What one thread knows of its own calls.
struct ThreadCount {
    calls: Cell<u64>,
    /// Where the count is published as well, for threads of the server.
    published: Cell<Option<&'static AtomicU64>>,
}

thread_local! {
    static COUNT: ThreadCount = const {
        ThreadCount { calls: Cell::new(0), published: Cell::new(None) }
    };
}

/// One server thread's published count, alone on its cache lines.
#[repr(align(128))]
struct Slot(AtomicU64);

/// The most threads the server may have (the command line is checked against it).
pub(crate) const MAX_SERVER_THREADS: usize = 64;

static SLOTS: [Slot; MAX_SERVER_THREADS] = [const { Slot(AtomicU64::new(0)) }; MAX_SERVER_THREADS];
static NEXT_SLOT: AtomicUsize = AtomicUsize::new(0);

fn count_one_call() {
    // A thread that is being torn down may have no thread-locals left: then nobody asks any more.
    let _ = COUNT.try_with(|count| {
        let calls = count.calls.get() + 1;
        count.calls.set(calls);
        if let Some(slot) = count.published.get() {
            slot.store(calls, Ordering::Relaxed); // this thread is the only writer
        }
    });
}

// SAFETY: invariants 1 and 2 of this file.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one_call();
        // SAFETY: invariant 1; the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_one_call();
        // SAFETY: invariant 1; the caller keeps `alloc_zeroed`'s contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count_one_call();
        // SAFETY: invariant 1; the caller keeps `realloc`'s contract.
        unsafe { System.realloc(block, layout, new_size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count_one_call();
        // SAFETY: invariant 1; the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Publishes the calls of the current thread from now on: for the threads of the server's runtime.
pub(crate) fn publish_this_thread() {
    let index = NEXT_SLOT.fetch_add(1, Ordering::Relaxed);
    if let Some(slot) = SLOTS.get(index) {
        COUNT.with(|count| count.published.set(Some(&slot.0)));
    }
}

/// Heap calls of all server threads since they started.
pub(crate) fn server_heap_calls() -> u64 {
    SLOTS.iter().map(|slot| slot.0.load(Ordering::Relaxed)).sum()
}

/// What one span of work cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    /// From the first poll to the last, waiting included.
    pub(crate) wall: Duration,
    /// Only the time spent inside polls.
    pub(crate) busy: Duration,
    /// Calls to the global allocator inside the span, on whichever threads it ran.
    pub(crate) heap_calls: u64,
    /// Whether it ran on more than one thread.
    pub(crate) moved: bool,
}

/// Runs `work` and says what it cost.
pub(crate) async fn measured<F: Future>(work: F) -> (F::Output, Span) {
    let mut work = pin!(work);
    let mut span = Span::default();
    let mut first_thread = None;
    let started = Instant::now();
    let output = poll_fn(|context| {
        let polled = Instant::now();
        let (thread, before) = this_thread();
        let poll = work.as_mut().poll(context);
        // A poll never moves: it ends on the thread where it began.
        span.heap_calls += this_thread().1 - before;
        span.busy += polled.elapsed();
        span.moved |= *first_thread.get_or_insert(thread) != thread;
        poll
    })
    .await;
    span.wall = started.elapsed();
    (output, span)
}

/// Something that tells this thread from other living ones, and its heap calls so far.
fn this_thread() -> (usize, u64) {
    COUNT.with(|count| (ptr::from_ref(count).addr(), count.calls.get()))
}
