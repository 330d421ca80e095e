//! Scopes: they count the calls from their beginning to their end.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use std::boxed::Box;
use std::fmt;
use std::hint::black_box;

use super::allocation::Allocation;
use super::counts::Limits;
use super::ledger::{ClosedLedger, Handed, OpenLedger};
use super::record::Record;

/// Counts the allocator calls of this thread from [`begin`](Self::begin) to [`end`](Self::end).
///
/// Scopes nest: an outer scope also counts the calls of the inner ones. They may end in any order. A scope is not
/// `Send`, so it cannot be held across `.await` on a runtime that moves tasks; use [`AllocScope::future`] there. If a
/// scope is dropped, its counts are lost.
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
    /// Starts to count.
    ///
    /// Allocates: heap, one block that is not counted. Time: O(1).
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

    /// Starts to count, and to record where calls come from.
    ///
    /// Allocates: heap, not counted. Time: O(1).
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

    /// Ends the scope, and returns what it counted.
    ///
    /// Allocates: never. Time: O(1), and O(1) for each scope inside that is still open.
    pub fn end(self) -> Allocation {
        Allocation::of(self.open.close())
    }

    /// Runs `work` in a scope.
    ///
    /// Allocates: heap, one block that is not counted. Time: O(1), beside the work.
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

    /// Runs `work` in a traced scope.
    ///
    /// Allocates: heap, not counted. Time: O(1), beside the work.
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

    /// Counts the calls in the polls of `work`, on whichever threads they run, and not those of other tasks.
    ///
    /// The future is `Send` if `work` is.
    ///
    /// Allocates: heap, one block that is not counted. Time: O(1) for each poll, beside the work.
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

    /// As [`future`](Self::future), traced.
    ///
    /// Allocates: heap, not counted. Time: O(1) for each poll, beside the work.
    ///
    /// # Panics
    ///
    /// If [`is_installed`] says no.
    #[track_caller]
    pub fn future_traced<F: Future>(work: F) -> impl Future<Output = (F::Output, Allocation)> {
        polled(work, traced(Limits::NONE))
    }
}

impl AllocScope {
    /// Runs `work` with the scopes of this thread suspended. `work` gets an [`OpenScopes`] that opens them again, on
    /// any thread: [`OpenScopes::run`].
    ///
    /// This is for work that is split among threads. While a thread of a work-stealing pool waits for the other half,
    /// it runs other jobs that are queued, also those of other tests. Suspended scopes do not count these. What is
    /// handed over is counted wherever it runs:
    ///
    /// ```
    /// use arenamap::audit::{AllocScope, CountingAllocator};
    /// use arenamap::assert_no_alloc;
    ///
    /// #[global_allocator]
    /// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
    ///
    /// fn sum(numbers: &[u64]) -> u64 {
    ///     if numbers.len() <= 1_000 {
    ///         return numbers.iter().sum();
    ///     }
    ///     let (left, right) = numbers.split_at(numbers.len() / 2);
    ///     let (left, right) = AllocScope::hand_over(|scopes| {
    ///         rayon::join(|| scopes.run(|| sum(left)), || scopes.run(|| sum(right)))
    ///     });
    ///     left + right
    /// }
    ///
    /// # fn main() {
    /// let numbers = vec![1; 10_000];
    /// assert_eq!(assert_no_alloc!(sum(&numbers)), 10_000);
    /// # }
    /// ```
    ///
    /// The same goes for `rayon::scope` and `spawn` (`jobs.spawn(|_| scopes.run(..))`), for parallel iterators
    /// (`.map(|x| scopes.run(|| f(x)))`), and for `std::thread::scope`. What the pool itself allocates, such as the
    /// boxes of its jobs, is not counted. All scopes that are open on this thread are handed over, those of assertions
    /// and budgets as well. If none is open, or without the [`CountingAllocator`](super::CountingAllocator), `work`
    /// runs as usual, so code that you ship may call this.
    ///
    /// Allocates: heap, not counted; never without an open scope. Time: O(open scopes), beside the work.
    pub fn hand_over<T>(work: impl FnOnce(&OpenScopes) -> T) -> T {
        let scopes = OpenScopes {
            handed: Handed::of_this_thread(),
        };
        let _suspended = Handed::default().open();
        work(&scopes)
    }
}

/// The scopes that [`AllocScope::hand_over`] suspended: open them where their work runs.
///
/// Clones open the same scopes. To clone never allocates, and takes O(1).
///
/// ```
/// use arenamap::audit::{AllocScope, CountingAllocator};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// # fn main() {
/// let (sum, allocation) = AllocScope::measure(|| {
///     AllocScope::hand_over(|scopes| {
///         let (send, receive) = std::sync::mpsc::channel();
///         let scopes = scopes.clone();
///         rayon::spawn(move || {
///             let sum = scopes.run(|| vec![1, 2, 3].iter().sum::<i32>()); // counted on that thread
///             send.send(sum).unwrap(); // after it: whoever ends the scope then has all of it
///         });
///         receive.recv().unwrap()
///     })
/// });
/// assert_eq!((sum, allocation.counts().alloc, allocation.counts().dealloc), (6, 1, 1));
/// # }
/// ```
#[derive(Clone)]
pub struct OpenScopes {
    handed: Handed,
}

impl OpenScopes {
    /// Runs `work` on the thread that calls this. These scopes count it, and no other scope that is open on this
    /// thread.
    ///
    /// Several threads may do so at once. A scope does not count what runs after its end, so wait for the work before
    /// you end it. Scopes that `work` opens nest as usual.
    ///
    /// Allocates: heap, two blocks that are not counted; never if no scope is open. Time: O(1), beside the work; each
    /// call of the allocator takes a lock for each scope.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let _open = self.handed.open();
        work()
    }
}

impl fmt::Debug for OpenScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenScopes").finish_non_exhaustive()
    }
}

/// A ledger for a scope that only counts.
#[track_caller]
fn counting() -> ClosedLedger {
    demand_installed();
    ClosedLedger::new(None)
}

/// A ledger for a scope that records, and notes the first call beyond each limit.
#[track_caller]
pub(super) fn traced(limits: Limits) -> ClosedLedger {
    demand_installed();
    ClosedLedger::new(Some(Record::new(limits)))
}

/// Polls `work` with the ledger open.
pub(super) async fn polled<F: Future>(work: F, ledger: ClosedLedger) -> (F::Output, Allocation) {
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
    (
        output,
        Allocation::of(ledger.unwrap_or_else(|| ClosedLedger::new(None))),
    )
}

/// Whether the program's global allocator is a [`CountingAllocator`](super::CountingAllocator). It allocates once to
/// find out.
///
/// Allocates: heap, one block at the first call, given back at once. Time: O(1).
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
    let open = OpenLedger::open(ClosedLedger::new(None));
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
