//! The open scopes of a thread, and how a call of the allocator finds them.
//!
//! ```text
//! THREAD (thread-local)
//!   innermost ──► Ledger ──outer──► Ledger ──outer──► null
//!   paused        counts            counts
//! ```
//!
//! A scope that was handed over counts elsewhere: in a `Shared`, under a lock, which a ledger on each of its threads points to. Such a
//! ledger is also where the way outwards ends: what lies below it waits for the thread, and has nothing to do with what runs there.
//!
//! ```text
//! the thread of the scope: Ledger (shared) ────┐
//!                                              ├──► Shared: counts, record
//! another thread:          Ledger (handed) ────┘
//!                            └─outer──► Ledger of another scope: not reached
//! ```
//!
//! # The unsafe part
//!
//! 1. *In the list means alive.* A ledger is in the list from `OpenLedger::open` to `OpenLedger::close` (or its drop), which takes it
//!    out before the memory is freed. An `OpenLedger` that is forgotten leaves its ledger in the list, and never frees it.
//! 2. *One thread.* The list is the thread's own: `OpenLedger` is neither `Send` nor `Sync`, so a ledger leaves the list that it
//!    entered. What threads share is behind an `Arc` and a lock.
//! 3. *Shared references only.* While a ledger is in the list nobody has a `&mut` or a `Box` of it; what changes is in cells.
//! 4. *No unwinding out of the allocator.* Counting does not panic; what records places is behind `catch_unwind`.
//! 5. *No calls of the allocator under the lock that would be counted.* They would wait for it: the audit is paused meanwhile.
#![allow(unsafe_code, reason = "the thread-local list is of raw pointers")]

use std::boxed::Box;
use std::cell::{Cell, OnceCell, RefCell};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread_local;
use std::vec::Vec;

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
struct Ledger {
    counts: Cell<Counts>,
    record: RefCell<Option<Record>>,
    traced: bool,
    elsewhere: OnceCell<Elsewhere>,
    /// Read and written by one thread at a time; atomic so that a ledger outside of the list may go to another thread.
    outer: AtomicPtr<Ledger>,
}

/// Where a ledger counts, if not in itself.
#[derive(Debug)]
enum Elsewhere {
    /// Its scope was handed over.
    Shared(Arc<Shared>),
    /// It is the ledger of nobody, and stands for the scopes that were handed over to this thread: these count, and none below.
    Handed(Arc<[Arc<Shared>]>),
}

/// What a scope has counted that was handed over.
#[derive(Debug)]
struct Shared {
    traced: bool,
    sums: Mutex<(Counts, Option<Record>)>,
}

impl Shared {
    fn new(counts: Counts, record: Option<Record>) -> Self {
        let shared = Self {
            traced: record.is_some(),
            sums: Mutex::new((counts, record)),
        };
        drop(shared.sums()); // where a lock takes memory at its first use, not within the allocator
        shared
    }

    fn sums(&self) -> MutexGuard<'_, (Counts, Option<Record>)> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner) // a call that was not recorded is all that a panic leaves
    }
}

impl Elsewhere {
    fn shared(&self) -> &[Arc<Shared>] {
        match self {
            Self::Shared(shared) => std::slice::from_ref(shared),
            Self::Handed(all) => all,
        }
    }

    const fn is_handed(&self) -> bool {
        matches!(self, Self::Handed(_))
    }
}

impl Ledger {
    fn new(record: Option<Record>, elsewhere: Option<Elsewhere>) -> Self {
        Self {
            counts: Cell::default(),
            traced: record.is_some(),
            record: RefCell::new(record),
            elsewhere: elsewhere.map_or_else(OnceCell::new, OnceCell::from),
            outer: AtomicPtr::default(),
        }
    }

    /// Counts in a place that other threads may count in, too, from here on.
    fn elsewhere(&self) -> &Elsewhere {
        self.elsewhere
            .get_or_init(|| Elsewhere::Shared(Arc::new(Shared::new(self.counts.take(), self.record.take()))))
    }

    fn outer(&self) -> *mut Self {
        self.outer.load(Ordering::Relaxed)
    }
}

/// A ledger that is in no list: nothing is counted in it. Its memory is the audit's own, whoever drops it.
#[derive(Debug)]
pub(super) struct ClosedLedger(Option<Box<Ledger>>);

impl ClosedLedger {
    pub(super) fn new(record: Option<Record>) -> Self {
        paused(|| Self(Some(Box::new(Ledger::new(record, None)))))
    }

    fn handed(scopes: Arc<[Arc<Shared>]>) -> Self {
        paused(|| Self(Some(Box::new(Ledger::new(None, Some(Elsewhere::Handed(scopes)))))))
    }

    /// The sums, and whether several threads may have counted.
    pub(super) fn into_parts(mut self) -> (Counts, Option<Record>, bool) {
        paused(|| {
            let Some(ledger) = self.0.take() else {
                return (Counts::default(), None, false);
            };
            if let Some(Elsewhere::Shared(shared)) = ledger.elsewhere.get() {
                let (counts, record) = &mut *shared.sums();
                return (mem::take(counts), record.take(), true);
            }
            (ledger.counts.get(), ledger.record.take(), false)
        })
    }
}

impl Drop for ClosedLedger {
    fn drop(&mut self) {
        if let Some(ledger) = self.0.take() {
            paused(|| drop(ledger));
        }
    }
}

/// Scopes that were handed over, to be opened on any thread. Its memory is the audit's own, whoever drops it.
#[derive(Clone, Debug, Default)]
pub(super) struct Handed(Option<Arc<[Arc<Shared>]>>);

impl Handed {
    /// The scopes that count on this thread.
    pub(super) fn of_this_thread() -> Self {
        let innermost = THREAD.with(|thread| thread.innermost.get());
        if innermost.is_null() {
            return Self(None);
        }
        paused(|| {
            let mut scopes = Vec::new();
            let mut at = innermost;
            // SAFETY: invariants 1, 2 and 3.
            while let Some(ledger) = unsafe { at.as_ref() } {
                let elsewhere = ledger.elsewhere();
                scopes.extend_from_slice(elsewhere.shared());
                if elsewhere.is_handed() {
                    break;
                }
                at = ledger.outer();
            }
            Self(Some(scopes.into()))
        })
    }

    /// Until this is dropped, these scopes count on this thread, and no others. `None` if that is so without it.
    pub(super) fn open(&self) -> Option<OpenLedger> {
        let nothing_to_do = self.0.is_none() && THREAD.with(|thread| thread.innermost.get().is_null());
        (!nothing_to_do).then(|| {
            let scopes = paused(|| self.0.clone().unwrap_or_default());
            OpenLedger::open(ClosedLedger::handed(scopes))
        })
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if let Some(scopes) = self.0.take() {
            paused(|| drop(scopes));
        }
    }
}

/// A ledger that counts the calls of this thread.
#[derive(Debug)]
pub(super) struct OpenLedger(NonNull<Ledger>);

impl OpenLedger {
    pub(super) fn open(mut ledger: ClosedLedger) -> Self {
        let ledger = ledger.0.take().expect("only who consumes it takes it out");
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

    pub(super) fn close(self) -> ClosedLedger {
        let ledger = self.0;
        self.unlink();
        mem::forget(self);
        // SAFETY: it came from a box in `open`; it is out of the list, so this is the only pointer to it.
        ClosedLedger(Some(unsafe { Box::from_raw(ledger.as_ptr()) }))
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
        if let Some(elsewhere) = ledger.elsewhere.get() {
            records |= count_elsewhere(thread, elsewhere, &event);
            if elsewhere.is_handed() {
                break;
            }
        } else {
            // SAFETY: invariants 2 and 3; nothing else looks at the counts while a call is added. (Fewer instructions than `get` and `set`.)
            unsafe { &mut *ledger.counts.as_ptr() }.add(&event);
            records |= ledger.traced;
        }
        at = ledger.outer();
    }
    if records {
        record(thread, &event);
    }
}

/// Whether one of them records, too.
#[cold]
fn count_elsewhere(thread: &Thread, elsewhere: &Elsewhere, event: &Event) -> bool {
    thread.paused.set(true); // invariant 5
    let mut records = false;
    for shared in elsewhere.shared() {
        shared.sums().0.add(event);
        records |= shared.traced;
    }
    thread.paused.set(false);
    records
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
            if let Some(elsewhere) = ledger.elsewhere.get() {
                for shared in elsewhere.shared() {
                    let (counts, record) = &mut *shared.sums();
                    if let Some(record) = record {
                        record.enter(event, stack.frames(), counts);
                    }
                }
                if elsewhere.is_handed() {
                    break;
                }
            } else if let Ok(Some(record)) = ledger.record.try_borrow_mut().as_deref_mut().map(Option::as_mut) {
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
