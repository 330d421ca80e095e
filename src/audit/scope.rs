//! Scopes: from where to where calls are counted.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use std::boxed::Box;
use std::hint::black_box;

use super::allocation::Allocation;
use super::counts::Limits;
use super::ledger::{Ledger, OpenLedger};
use super::record::Record;

/// Counts the allocator calls of this thread from [`begin`](Self::begin) to [`end`](Self::end).
///
/// Scopes nest: each sees its own calls, and an outer one those of the inner ones, too. They may end in any order. A scope stays on
/// its thread (it is not `Send`), so that it cannot be held across `.await` on a runtime that moves tasks: there,
/// [`AllocScope::future`] counts. A scope that is dropped is closed, and its counts are gone.
///
/// A *traced* scope also records where each call came from, which takes microseconds for each call.
///
/// ```
/// use arenamap::audit::{AllocScope, CountingAllocator};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// # fn main() {
/// let scope = AllocScope::begin();
/// let mut list = vec![1_u64];
/// list.push(2);
/// let counts = scope.end().counts();
/// assert_eq!((counts.alloc, counts.realloc, counts.dealloc), (1, 1, 0));
/// # }
/// ```
#[must_use = "a scope that is dropped counts nothing"]
#[derive(Debug)]
pub struct AllocScope {
    open: OpenLedger,
}

impl AllocScope {
    /// Counts from here on. O(1). Allocates: heap, one block that is not counted.
    ///
    /// # Panics
    ///
    /// If [`is_installed`] says no.
    #[track_caller]
    pub fn begin() -> Self {
        Self {
            open: OpenLedger::open(counting()),
        }
    }

    /// Counts and records from here on. O(1). Allocates: heap, not counted.
    ///
    /// # Panics
    ///
    /// If [`is_installed`] says no.
    #[track_caller]
    pub fn begin_traced() -> Self {
        Self {
            open: OpenLedger::open(traced(Limits::NONE)),
        }
    }

    /// Ends the scope. O(1) beside the scopes inside that are still open. Allocates: never.
    pub fn end(self) -> Allocation {
        Allocation::of(self.open.close())
    }

    /// Runs `work` in a scope. O(1) beside the work. Allocates: heap, one block that is not counted.
    ///
    /// # Panics
    ///
    /// If [`is_installed`] says no.
    #[track_caller]
    pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Allocation) {
        let scope = Self::begin();
        let value = work();
        (value, scope.end())
    }

    /// Runs `work` in a traced scope. O(1) beside the work. Allocates: heap, not counted.
    ///
    /// # Panics
    ///
    /// If [`is_installed`] says no.
    #[track_caller]
    pub fn measure_traced<T>(work: impl FnOnce() -> T) -> (T, Allocation) {
        let scope = Self::begin_traced();
        let value = work();
        (value, scope.end())
    }

    /// Counts while `work` is polled, on whichever threads that is, and not what other tasks do there meanwhile.
    ///
    /// The future is `Send` if `work` is. O(1) for each poll beside the work. Allocates: heap, one block that is not counted.
    ///
    /// # Panics
    ///
    /// If [`is_installed`] says no.
    ///
    /// ```
    /// use arenamap::audit::{AllocScope, CountingAllocator};
    ///
    /// #[global_allocator]
    /// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
    ///
    /// # fn main() {
    /// # let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    /// # let allocation = runtime.block_on(async {
    /// let task = tokio::spawn(AllocScope::future(async {
    ///     let list = vec![1, 2, 3];
    ///     tokio::task::yield_now().await; // may go on on another thread
    ///     list.len()
    /// }));
    /// let (len, allocation) = task.await.unwrap();
    /// # assert_eq!(len, 3);
    /// # allocation });
    /// assert!(allocation.counts().alloc >= 1); // the list, and what the runtime takes to switch tasks
    /// # }
    /// ```
    #[track_caller]
    pub fn future<F: Future>(work: F) -> impl Future<Output = (F::Output, Allocation)> {
        polled(work, counting())
    }

    /// As [`future`](Self::future), traced. O(1) for each poll beside the work. Allocates: heap, not counted.
    ///
    /// # Panics
    ///
    /// If [`is_installed`] says no.
    #[track_caller]
    pub fn future_traced<F: Future>(work: F) -> impl Future<Output = (F::Output, Allocation)> {
        polled(work, traced(Limits::NONE))
    }
}

/// A ledger for a scope that only counts.
#[track_caller]
fn counting() -> Box<Ledger> {
    demand_installed();
    Ledger::new(None)
}

/// A ledger for a scope that records, and notes the first call beyond each limit.
#[track_caller]
pub(super) fn traced(limits: Limits) -> Box<Ledger> {
    demand_installed();
    Ledger::new(Some(Record::new(limits)))
}

/// Polls `work` with the ledger open.
pub(super) async fn polled<F: Future>(work: F, ledger: Box<Ledger>) -> (F::Output, Allocation) {
    let mut work = pin!(work);
    let mut closed = Some(ledger); // `None` after a panic only, and then nobody polls again
    let output = poll_fn(|context| {
        let open = closed.take().map(OpenLedger::open);
        let poll = work.as_mut().poll(context);
        closed = open.map(OpenLedger::close);
        poll
    });
    let output = output.await;
    let ledger = closed.take();
    (output, Allocation::of(ledger.unwrap_or_else(|| Ledger::new(None))))
}

/// Whether the program's global allocator is a [`CountingAllocator`](super::CountingAllocator), found out by an allocation.
///
/// O(1). Allocates: heap, one block at the first call, given back at once.
///
/// ```
/// // Nothing was installed here.
/// assert!(!arenamap::audit::is_installed());
/// ```
pub fn is_installed() -> bool {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.load(Ordering::Relaxed) {
        return true; // for good: a program has one global allocator
    }
    let open = OpenLedger::open(Ledger::new(None));
    drop(black_box(Box::new(black_box(0_u8))));
    let installed = Allocation::of(open.close()).counts().alloc > 0;
    INSTALLED.store(installed, Ordering::Relaxed);
    installed
}

#[track_caller]
fn demand_installed() {
    assert!(is_installed(), "{MISSING}");
}

const MISSING: &str =
    "arenamap::audit cannot count here: the global allocator of this program is not a `CountingAllocator`.
Write this once in the test file (or in `main.rs`, or in `lib.rs` under `#[cfg(test)]`):

    #[global_allocator]
    static ALLOCATOR: arenamap::audit::CountingAllocator = arenamap::audit::CountingAllocator::system();

or, over another allocator, `CountingAllocator<MiMalloc>` and `CountingAllocator::new(MiMalloc)`.";
