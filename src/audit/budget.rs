//! Budgets with a name.

use core::future::Future;

use super::assertion::Assertion;
use super::counts::{Limits, Measure};

/// The limits of a piece of work, under a name: for tests that say how much a handler may allocate.
///
/// Each limit is the most that is allowed. What has no limit may be anything. Everything on the thread of the work
/// counts, from its beginning to its end: also the jobs that the thread steals while it waits for a work-stealing pool,
/// unless the work [hands the scope over](super::AllocScope::hand_over).
///
/// ```
/// use arenamap::audit::{Budget, CountingAllocator};
/// use arenamap::{Arena, ArenaMap};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// const REPORT: Budget = Budget::new("report handler").allocs(0).held(0);
///
/// # fn main() {
/// let mut arena = Arena::new();
/// for warm in [false, true] {
///     let budget = if warm { REPORT } else { Budget::new("first report").peak(1 << 20) };
///     let words = budget.check(|| {
///         let mut words = ArenaMap::new_in(&arena);
///         "a b a".split(' ').for_each(|word| *words.entry(word).or_insert(0) += 1);
///         words.len()
///     });
///     assert_eq!(words, 2);
///     arena.reset();
/// }
/// # }
/// ```
#[must_use = "a budget does nothing until it checks work"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    name: &'static str,
    limits: Limits,
}

impl Budget {
    /// A budget that has no limits yet.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            limits: Limits::NONE,
        }
    }

    /// The most calls of `alloc`, `alloc_zeroed` and `realloc`.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn allocs(self, most: u64) -> Self {
        self.with(Measure::Allocs, most)
    }

    /// The most calls of `dealloc`.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn deallocs(self, most: u64) -> Self {
        self.with(Measure::Deallocs, most)
    }

    /// The most bytes that all calls together may ask for.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn bytes(self, most: u64) -> Self {
        self.with(Measure::Bytes, most)
    }

    /// The most bytes that may be live at any time, above those at the start.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn peak(self, most: u64) -> Self {
        self.with(Measure::Peak, most)
    }

    /// The most bytes that may be live at the end, above those at the start: what the work keeps, or leaks.
    ///
    /// What the work returns is still there at the end, and counts.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn held(self, most: u64) -> Self {
        self.with(Measure::Held, most)
    }

    const fn with(self, measure: Measure, most: u64) -> Self {
        Self {
            name: self.name,
            limits: self.limits.with(measure, most),
        }
    }

    /// Runs the work in a traced scope, checks the limits, and returns the value of the work.
    ///
    /// Allocates: heap, not counted. Time: O(1), beside the work.
    ///
    /// # Panics
    ///
    /// If the work exceeds a limit. The text has the budget's name, each limit with what was measured, and the places.
    /// If the budget has no limit, or [`is_installed`](super::is_installed) says no.
    #[track_caller]
    pub fn check<T>(&self, work: impl FnOnce() -> T) -> T {
        let assertion = self.assertion().open();
        let value = work();
        assertion.close();
        value
    }

    /// As [`check`](Self::check), for the polls of a future, on any threads.
    ///
    /// A future that is dropped before its end is not checked.
    ///
    /// Allocates: heap, not counted. Time: O(1) for each poll, beside the work.
    ///
    /// # Panics
    ///
    /// As `check`, in the last poll. The text names the line that called this method.
    #[track_caller]
    pub fn check_future<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let work = self.assertion().future(work);
        async move {
            let (value, counted) = work.await;
            counted.check();
            value
        }
    }

    #[track_caller]
    fn assertion(&self) -> Assertion {
        assert!(
            self.limits != Limits::NONE,
            "budget `{}` has no limit: it would allow anything",
            self.name
        );
        Assertion::budget(self.name, self.limits)
    }
}
