//! Budgets with a name.

use core::future::Future;

use super::assertion::Assertion;
use super::counts::{Limits, Measure};

/// What a piece of work may ask of the allocator, by the name of the work: for tests that say what a handler is allowed.
///
/// Each limit is the most that is allowed; what has no limit is free. Everything is counted on the thread of the work, from its
/// beginning to its end.
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
    /// A budget without limits, yet. O(1). Allocates: never.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            limits: Limits::NONE,
        }
    }

    /// The most calls of `alloc`, `alloc_zeroed` and `realloc`. O(1). Allocates: never.
    pub const fn allocs(self, most: u64) -> Self {
        self.with(Measure::Allocs, most)
    }

    /// The most calls of `dealloc`. O(1). Allocates: never.
    pub const fn deallocs(self, most: u64) -> Self {
        self.with(Measure::Deallocs, most)
    }

    /// The most bytes that all calls together may ask for. O(1). Allocates: never.
    pub const fn bytes(self, most: u64) -> Self {
        self.with(Measure::Bytes, most)
    }

    /// The most bytes that may be live at any time, above those at the start. O(1). Allocates: never.
    pub const fn peak(self, most: u64) -> Self {
        self.with(Measure::Peak, most)
    }

    /// The most bytes that may be live at the end, above those at the start: what the work keeps, or leaks. O(1). Allocates: never.
    ///
    /// What the work returns is still there at the end, and counts.
    pub const fn held(self, most: u64) -> Self {
        self.with(Measure::Held, most)
    }

    const fn with(self, measure: Measure, most: u64) -> Self {
        Self {
            name: self.name,
            limits: self.limits.with(measure, most),
        }
    }

    /// Runs the work, traced, and gives its value. O(1) beside the work. Allocates: heap, not counted.
    ///
    /// # Panics
    ///
    /// If the work goes beyond a limit: with the budget's name, each limit beside what was measured, and the places. If the budget has no
    /// limit, or [`is_installed`](super::is_installed) says no.
    #[track_caller]
    pub fn check<T>(&self, work: impl FnOnce() -> T) -> T {
        let assertion = self.assertion().open();
        let value = work();
        assertion.close();
        value
    }

    /// As [`check`](Self::check), for the polls of a future, on any threads. O(1) for each poll beside the work. Allocates: heap, not counted.
    ///
    /// A future that is dropped before its end is not checked.
    ///
    /// # Panics
    ///
    /// As `check`.
    #[track_caller]
    pub fn check_future<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        self.assertion().future(work)
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
