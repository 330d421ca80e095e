//! Limits that panic: the base of the macros and of `Budget`.

use core::fmt::{self, Write as _};
use core::future::Future;
use core::ops::{Bound, RangeBounds};
use core::panic::Location;
use std::string::String;

use super::allocation::Allocation;
use super::counts::{Limits, Measure};
use super::ledger::{OpenLedger, paused};
use super::scope::{polled, traced};

/// A demand, its name, and the line where it is written. The macros make it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Assertion {
    subject: Subject,
    limits: Limits,
    least: u64,
    at: &'static Location<'static>,
}

#[derive(Clone, Copy, Debug)]
enum Subject {
    NoAlloc,
    Allocs(&'static str),
    Budget(&'static str),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAlloc => f.write_str("assert_no_alloc!"),
            Self::Allocs(limit) => write!(f, "assert_allocs!({limit}, ..)"),
            Self::Budget(name) => write!(f, "budget `{name}`"),
        }
    }
}

#[allow(clippy::missing_panics_doc, reason = "to panic is what an assertion is for")]
impl Assertion {
    #[track_caller]
    pub fn no_alloc() -> Self {
        Self::new(Subject::NoAlloc, Limits::NONE.with(Measure::Calls, 0))
    }

    #[track_caller]
    pub fn allocs(range: impl RangeBounds<u64>, text: &'static str) -> Self {
        let mut limits = Limits::NONE;
        match range.end_bound() {
            Bound::Included(&most) => limits = limits.with(Measure::Allocs, most),
            Bound::Excluded(&end) => {
                let Some(most) = end.checked_sub(1) else {
                    panic!("assert_allocs!({text}, ..): no number is in this range");
                };
                limits = limits.with(Measure::Allocs, most);
            }
            Bound::Unbounded => {}
        }
        let least = match range.start_bound() {
            Bound::Included(&least) => least,
            Bound::Excluded(&below) => below.saturating_add(1),
            Bound::Unbounded => 0,
        };
        Self {
            least,
            ..Self::new(Subject::Allocs(text), limits)
        }
    }

    #[track_caller]
    pub(super) fn budget(name: &'static str, limits: Limits) -> Self {
        Self::new(Subject::Budget(name), limits)
    }

    #[track_caller]
    fn new(subject: Subject, limits: Limits) -> Self {
        let at = Location::caller();
        Self {
            subject,
            limits,
            least: 0,
            at,
        }
    }

    #[track_caller]
    pub fn open(self) -> OpenAssertion {
        OpenAssertion {
            assertion: self,
            open: Some(OpenLedger::open(traced(self.limits))),
        }
    }

    /// Polls the future, and gives its value with its counts. They are checked in the code that the macro makes, so
    /// that a panic names that line.
    #[track_caller]
    pub fn future<F: Future>(self, work: F) -> impl Future<Output = (F::Output, Counted)> {
        let work = polled(work, traced(self.limits));
        async move {
            let (value, allocation) = work.await;
            let assertion = self;
            (value, Counted { assertion, allocation })
        }
    }

    /// The report, if the counts break the demand.
    fn failure(&self, allocation: &Allocation) -> Option<String> {
        let counts = allocation.counts();
        let held = Measure::ALL
            .iter()
            .all(|measure| self.limits.broken(*measure, &counts).is_none());
        if held && counts.allocs() >= self.least {
            return None;
        }
        paused(|| {
            let mut report = String::new();
            let _ = self.write_failure(allocation, &mut report); // a `String` takes everything
            Some(report)
        })
    }

    fn write_failure(&self, allocation: &Allocation, to: &mut String) -> fmt::Result {
        let counts = allocation.counts();
        writeln!(to, "{} failed, at {}:{}", self.subject, self.at.file(), self.at.line())?;
        for measure in Measure::ALL {
            let Some(most) = self.limits.of(measure) else { continue };
            let (name, measured) = (measure.name(), measure.of(&counts));
            let allowed = if most == 0 { "none" } else { "at most" };
            write!(to, "  {name}: {measured}, allowed {allowed}")?;
            if most > 0 {
                write!(to, " {most}")?;
            }
            if measured <= most {
                writeln!(to)?;
            } else if let Some(why) = allocation.why(measure) {
                writeln!(to, "; {why}")?;
            } else {
                writeln!(to, "; where is not known")?;
            }
        }
        if counts.allocs() < self.least {
            let name = Measure::Allocs.name();
            writeln!(to, "  {name}: {}, demanded at least {}", counts.allocs(), self.least)?;
        }
        allocation.write_first(to)?;
        to.push_str(&allocation.explain());
        to.truncate(to.trim_end().len());
        Ok(())
    }
}

/// The counts of the polls of a future, and the demand.
#[doc(hidden)]
#[derive(Debug)]
pub struct Counted {
    assertion: Assertion,
    allocation: Allocation,
}

#[allow(clippy::missing_panics_doc, reason = "to panic is what an assertion is for")]
impl Counted {
    #[track_caller]
    pub fn check(self) {
        if let Some(report) = self.assertion.failure(&self.allocation) {
            drop(self);
            panic!("{report}");
        }
    }
}

/// An assertion that is counting.
#[doc(hidden)]
#[derive(Debug)]
pub struct OpenAssertion {
    assertion: Assertion,
    open: Option<OpenLedger>,
}

impl OpenAssertion {
    #[track_caller]
    pub fn close(mut self) {
        self.check();
    }

    #[track_caller]
    fn check(&mut self) {
        let Some(open) = self.open.take() else { return };
        let allocation = Allocation::of(open.close());
        if std::thread::panicking() {
            return; // one panic at a time
        }
        if let Some(report) = self.assertion.failure(&allocation) {
            drop(allocation);
            panic!("{report}");
        }
    }
}

/// A block that is left by `return`, `?` or `break` is checked, too.
impl Drop for OpenAssertion {
    fn drop(&mut self) {
        self.check();
    }
}

/// Asserts that a block makes no allocator call on this thread, and returns its value.
///
/// All four calls count: `alloc`, `alloc_zeroed`, `realloc`, and `dealloc`, too. What the block returns or borrows is
/// dropped outside of it. If the block is left by `return`, `?` or `break`, it is checked. If it is left by a panic, it
/// is not.
///
/// `assert_no_alloc!(async { ... })` (or `async move`) is a future that asserts the same of its polls, on any threads.
///
/// On a thread of a work-stealing pool, a block that waits (`rayon::join`) also counts what the thread runs meanwhile,
/// even for other tests. [`AllocScope::hand_over`](crate::audit::AllocScope::hand_over) prevents that, and counts the
/// block's own work on all threads. `println!` in a test counts, because its output is captured: see [what is
/// counted](crate::audit#what-is-counted).
///
/// Traces its block. Allocates: heap, not counted.
///
/// # Panics
///
/// If the block made a call. The text has the first call, its backtrace, and all places. If
/// [`is_installed`](crate::audit::is_installed) says no.
///
/// ```
/// use arenamap::audit::CountingAllocator;
/// use arenamap::{Arena, ArenaMap, assert_no_alloc};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// # fn main() {
/// let mut arena = Arena::with_capacity(1 << 12);
/// let len = assert_no_alloc!({
///     let mut map = ArenaMap::new_in(&arena);
///     map.insert("key", 1);
///     map.len()
/// });
/// assert_eq!(len, 1);
/// # }
/// ```
#[macro_export]
macro_rules! assert_no_alloc {
    (@future $work:expr) => {{
        let work = $work;
        async move {
            let (value, counted) = work.await;
            counted.check();
            value
        }
    }};
    (async move $body:block $(,)?) => {
        $crate::assert_no_alloc!(@future $crate::audit::Assertion::no_alloc().future(async move $body))
    };
    (async $body:block $(,)?) => {
        $crate::assert_no_alloc!(@future $crate::audit::Assertion::no_alloc().future(async $body))
    };
    ($body:expr $(,)?) => {{
        let assertion = $crate::audit::Assertion::no_alloc().open();
        #[allow(unused_braces, clippy::let_unit_value)]
        let value = $body;
        #[allow(unreachable_code)]
        assertion.close();
        value
    }};
}

/// Asserts how many calls of `alloc`, `alloc_zeroed` and `realloc` a block makes on this thread, and returns its value.
///
/// `assert_allocs!(<= 3, { ... })`; also `==`, `<`, `>=`, `>`, or a range: `assert_allocs!(1..=3, { ... })`. `dealloc`
/// does not count. Everything else is as with [`assert_no_alloc!`](crate::assert_no_alloc), also for `async` blocks,
/// work-stealing pools and `println!`.
///
/// Traces its block. Allocates: heap, not counted.
///
/// # Panics
///
/// If the number is another one. The text has the first call too many, and all places. If
/// [`is_installed`](crate::audit::is_installed) says no.
///
/// ```
/// use arenamap::assert_allocs;
/// use arenamap::audit::CountingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// # fn main() {
/// let mut list = assert_allocs!(== 1, { vec![1, 2, 3] });
/// assert_allocs!(..=1, list.push(4)); // a realloc
/// # }
/// ```
#[macro_export]
macro_rules! assert_allocs {
    (@check $range:expr, $text:expr, async move $body:block $(,)?) => {
        $crate::assert_no_alloc!(@future $crate::audit::Assertion::allocs($range, $text).future(async move $body))
    };
    (@check $range:expr, $text:expr, async $body:block $(,)?) => {
        $crate::assert_no_alloc!(@future $crate::audit::Assertion::allocs($range, $text).future(async $body))
    };
    (@check $range:expr, $text:expr, $body:expr $(,)?) => {{
        let assertion = $crate::audit::Assertion::allocs($range, $text).open();
        #[allow(unused_braces, clippy::let_unit_value)]
        let value = $body;
        #[allow(unreachable_code)]
        assertion.close();
        value
    }};
    (<= $most:expr, $($body:tt)+) => {
        $crate::assert_allocs!(@check ..=$most, concat!("<= ", stringify!($most)), $($body)+)
    };
    (< $end:expr, $($body:tt)+) => {
        $crate::assert_allocs!(@check ..$end, concat!("< ", stringify!($end)), $($body)+)
    };
    (>= $least:expr, $($body:tt)+) => {
        $crate::assert_allocs!(@check $least.., concat!(">= ", stringify!($least)), $($body)+)
    };
    (> $below:expr, $($body:tt)+) => {
        $crate::assert_allocs!(
            @check (::core::ops::Bound::Excluded($below), ::core::ops::Bound::Unbounded),
            concat!("> ", stringify!($below)), $($body)+
        )
    };
    (== $number:expr, $($body:tt)+) => {
        $crate::assert_allocs!(@check { let number: u64 = $number; number..=number }, concat!("== ", stringify!($number)), $($body)+)
    };
    ($range:expr, $($body:tt)+) => {
        $crate::assert_allocs!(@check $range, stringify!($range), $($body)+)
    };
}
