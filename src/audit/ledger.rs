//! The open scopes of a thread, and how a call of the allocator finds them.
//!
//! ```text
//! THREAD (thread-local)
//!   innermost ──► Ledger ──outer──► Ledger ──outer──► null
//!   paused        counts            counts
//! ```
//!
//! # The unsafe part
//!
//! 1. *In the list means alive.* A ledger is in the list from `OpenLedger::open` to `OpenLedger::close` (or its drop), which takes it
//!    out before the memory is freed. An `OpenLedger` that is forgotten leaves its ledger in the list, and never frees it.
//! 2. *One thread.* The list is the thread's own: `OpenLedger` is neither `Send` nor `Sync`, so a ledger leaves the list that it
//!    entered.
//! 3. *Shared references only.* While a ledger is in the list nobody has a `&mut` or a `Box` of it; what changes is in cells.
//! 4. *No unwinding out of the allocator.* Counting does not panic; what records places is behind `catch_unwind`.
#![allow(unsafe_code, reason = "the thread-local list is of raw pointers")]

use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::thread_local;

use super::counts::{Counts, Event};
use super::record::Record;

struct Thread {
    innermost: Cell<*mut Ledger>,
    /// Whether the audit itself is at work: its own calls of the allocator are not counted.
    paused: Cell<bool>,
}

thread_local! {
    // Neither set up nor torn down: the allocator may read it at any time in the life of a thread.
    static THREAD: Thread = const { Thread { innermost: Cell::new(ptr::null_mut()), paused: Cell::new(false) } };
}

/// What one scope has counted.
#[derive(Debug)]
pub(super) struct Ledger {
    counts: Cell<Counts>,
    record: Option<RefCell<Record>>,
    /// Read and written by one thread at a time; atomic so that a ledger outside of the list may go to another thread.
    outer: AtomicPtr<Ledger>,
}

impl Ledger {
    pub(super) fn new(record: Option<Record>) -> Box<Self> {
        paused(|| {
            Box::new(Self {
                counts: Cell::default(),
                record: record.map(RefCell::new),
                outer: AtomicPtr::default(),
            })
        })
    }

    pub(super) fn into_parts(self: Box<Self>) -> (Counts, Option<Record>) {
        paused(|| {
            let ledger = *self;
            (ledger.counts.get(), ledger.record.map(RefCell::into_inner))
        })
    }

    fn outer(&self) -> *mut Self {
        self.outer.load(Ordering::Relaxed)
    }
}

/// A ledger that counts the calls of this thread.
#[derive(Debug)]
pub(super) struct OpenLedger(NonNull<Ledger>);

impl OpenLedger {
    pub(super) fn open(ledger: Box<Ledger>) -> Self {
        let ledger = NonNull::from(Box::leak(ledger));
        THREAD.with(|thread| {
            // SAFETY: invariant 3: it is not in the list yet, and this is the only pointer to it.
            unsafe { ledger.as_ref() }
                .outer
                .store(thread.innermost.get(), Ordering::Relaxed);
            thread.innermost.set(ledger.as_ptr());
        });
        Self(ledger)
    }

    pub(super) fn close(self) -> Box<Ledger> {
        let ledger = self.0;
        self.unlink();
        std::mem::forget(self);
        // SAFETY: it came from a box in `open`; it is out of the list, so this is the only pointer to it.
        unsafe { Box::from_raw(ledger.as_ptr()) }
    }

    /// Takes the ledger out of the list. Scopes may end in any order: it is looked for.
    fn unlink(&self) {
        THREAD.with(|thread| {
            // SAFETY: invariant 1: it is in the list.
            let outer = unsafe { self.0.as_ref() }.outer();
            let mut at = thread.innermost.get();
            if at == self.0.as_ptr() {
                thread.innermost.set(outer);
                return;
            }
            // SAFETY: invariants 1 and 2.
            while let Some(ledger) = unsafe { at.as_ref() } {
                at = ledger.outer();
                if at == self.0.as_ptr() {
                    ledger.outer.store(outer, Ordering::Relaxed);
                    return;
                }
            }
        });
    }
}

impl Drop for OpenLedger {
    fn drop(&mut self) {
        self.unlink();
        // SAFETY: as in `close`.
        let ledger = unsafe { Box::from_raw(self.0.as_ptr()) };
        paused(|| drop(ledger));
    }
}

/// Runs the audit's own work, whose calls of the allocator no scope counts.
pub(super) fn paused<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            THREAD.with(|thread| thread.paused.set(self.0));
        }
    }
    let _restore = Restore(THREAD.with(|thread| thread.paused.replace(true)));
    work()
}

/// Every call of the allocator comes here.
#[inline(always)] // the one read of the thread-local is all that most calls cost
pub(super) fn note(event: impl FnOnce() -> Event) {
    THREAD.with(|thread| {
        if !thread.innermost.get().is_null() {
            count(thread, event());
        }
    });
}

#[inline(never)]
fn count(thread: &Thread, event: Event) {
    if thread.paused.get() {
        return;
    }
    let mut records = false;
    let mut at = thread.innermost.get();
    // SAFETY: invariants 1, 2 and 3.
    while let Some(ledger) = unsafe { at.as_ref() } {
        // SAFETY: invariants 2 and 3; nothing else looks at the counts while a call is added. (Half the instructions of `get` and `set`.)
        unsafe { &mut *ledger.counts.as_ptr() }.add(&event);
        records |= ledger.record.is_some();
        at = ledger.outer();
    }
    if records {
        record(thread, &event);
    }
}

#[cold]
fn record(thread: &Thread, event: &Event) {
    thread.paused.set(true);
    // Invariant 4.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let stack = Stack::capture();
        let mut at = thread.innermost.get();
        // SAFETY: invariants 1, 2 and 3.
        while let Some(ledger) = unsafe { at.as_ref() } {
            if let Some(Ok(mut record)) = ledger.record.as_ref().map(RefCell::try_borrow_mut) {
                record.enter(event, stack.frames(), &ledger.counts.get());
            }
            at = ledger.outer();
        }
    }));
    thread.paused.set(false);
}

/// How many frames of a call are looked at, innermost first.
const DEPTH: usize = 192;

/// Addresses of the frames of this call, innermost first.
struct Stack {
    frames: [usize; DEPTH],
    len: usize,
}

impl Stack {
    #[inline(never)]
    fn capture() -> Self {
        let mut stack = Self {
            frames: [0; DEPTH],
            len: 0,
        };
        let enter = |frame: &backtrace::Frame| {
            stack.frames[stack.len] = frame.ip().addr();
            stack.len += 1;
            stack.len < DEPTH
        };
        if cfg!(windows) {
            backtrace::trace(enter);
        } else {
            // Not `trace`: its lock is held by threads that read debug info, which call the allocator under the loader's lock.
            // SAFETY: only the debug helpers of Windows must not run on two threads at once.
            unsafe { backtrace::trace_unsynchronized(enter) }
        }
        stack
    }

    fn frames(&self) -> &[usize] {
        &self.frames[..self.len]
    }
}
