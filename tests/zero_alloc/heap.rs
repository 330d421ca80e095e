//! The global allocator of this binary: every call is counted here, and seen by `dhat` behind it.
//!
//! ```text
//! program ──► Counting ──► dhat::Alloc ──► System
//!                ▲  │ INSIDE    │            ▲
//!                │  └───────────│────────────┘
//!                └──────────────┘ dhat's own books, and backtraces: neither counted nor seen by dhat
//! ```
//!
//! `dhat` has no count of deallocations and none that tells `alloc_zeroed` and `realloc` from `alloc`; this file adds them.
//!
//! Invariants, upheld by `Counting` alone:
//! 1. Each call is passed on once, unchanged, with its answer returned unchanged: what the caller of a `GlobalAlloc` method
//!    promises to us is exactly what `dhat::Alloc` and `System`, themselves `GlobalAlloc`s, ask of us.
//! 2. All blocks are the system allocator's, because `dhat::Alloc` hands out no others: whichever way a block came, it may go the other.
//! 3. Nothing here unwinds: counting is atomic addition, and the backtrace of a first call is taken only outside of a panic.
#![allow(unsafe_code, reason = "a global allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

#[global_allocator]
static HEAP: Counting = Counting(dhat::Alloc);

/// Passes every call on to `dhat` and counts it by kind, for all threads.
struct Counting(dhat::Alloc);

static ALLOC: AtomicU64 = AtomicU64::new(0);
static ALLOC_ZEROED: AtomicU64 = AtomicU64::new(0);
static REALLOC: AtomicU64 = AtomicU64::new(0);
static DEALLOC: AtomicU64 = AtomicU64::new(0);

/// Whether the next counted call leaves its backtrace in `FIRST`.
static ARMED: AtomicBool = AtomicBool::new(false);
static FIRST: Mutex<Option<Backtrace>> = Mutex::new(None);

thread_local! {
    /// Whether this thread is inside a call already: `dhat` keeps its books on the heap too.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls to the global allocator, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) alloc: u64,
    pub(crate) alloc_zeroed: u64,
    pub(crate) realloc: u64,
    pub(crate) dealloc: u64,
}

impl Calls {
    /// All calls of the process so far.
    pub(crate) fn so_far() -> Self {
        Calls {
            alloc: ALLOC.load(SeqCst),
            alloc_zeroed: ALLOC_ZEROED.load(SeqCst),
            realloc: REALLOC.load(SeqCst),
            dealloc: DEALLOC.load(SeqCst),
        }
    }

    /// The calls made since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Calls {
            alloc: self.alloc - earlier.alloc,
            alloc_zeroed: self.alloc_zeroed - earlier.alloc_zeroed,
            realloc: self.realloc - earlier.realloc,
            dealloc: self.dealloc - earlier.dealloc,
        }
    }
}

/// From now on the first call leaves its backtrace for [`take_first_call`].
pub(crate) fn arm() {
    ARMED.store(true, SeqCst);
}

/// The backtrace of the first call since [`arm`], if there was one; disarms.
pub(crate) fn take_first_call() -> Option<Backtrace> {
    ARMED.store(false, SeqCst);
    FIRST.lock().ok()?.take()
}

/// Whether a call comes from inside another; if not, it is counted, and is "inside" from now until [`leave`].
fn enter(calls: &AtomicU64) -> bool {
    // A thread that is being torn down has no `INSIDE` any more: its calls count.
    let outermost = INSIDE.try_with(|inside| !inside.replace(true)).unwrap_or(true);
    if outermost {
        calls.fetch_add(1, SeqCst);
        if ARMED.load(SeqCst) && !std::thread::panicking() && ARMED.swap(false, SeqCst) {
            let here = Backtrace::force_capture();
            if let Ok(mut first) = FIRST.try_lock() {
                *first = Some(here);
            }
        }
    }
    outermost
}

/// Ends what [`enter`] began.
fn leave() {
    // Fails only where `enter` could not set it either.
    let _ = INSIDE.try_with(|inside| inside.set(false));
}

macro_rules! pass_on {
    ($self:ident, $calls:ident, $method:ident($($argument:expr),+)) => {
        if enter(&$calls) {
            // SAFETY: invariant 1.
            let answer = unsafe { $self.0.$method($($argument),+) };
            leave();
            answer
        } else {
            // SAFETY: invariant 1.
            unsafe { System.$method($($argument),+) }
        }
    };
}

// SAFETY: invariants 1, 2 and 3.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        pass_on!(self, ALLOC, alloc(layout))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        pass_on!(self, ALLOC_ZEROED, alloc_zeroed(layout))
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        pass_on!(self, REALLOC, realloc(block, layout, size))
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        pass_on!(self, DEALLOC, dealloc(block, layout));
    }
}
