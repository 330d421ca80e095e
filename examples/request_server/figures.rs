//! What the handlers measured, per kind of map.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::heap::Span;

/// The three handlers that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `arenamap`: every map of a request in one pooled arena.
    Arena,
    /// `std::collections::HashMap`.
    Std,
    /// hashbrown on the heap, with capacity given.
    Hashbrown,
}

impl Kind {
    /// In the order of the report's columns.
    pub(crate) const ALL: [Self; 3] = [Self::Arena, Self::Std, Self::Hashbrown];

    /// Where its handler is found.
    pub(crate) const fn route(self) -> &'static str {
        match self {
            Self::Arena => "/report",
            Self::Std => "/report/std",
            Self::Hashbrown => "/report/hashbrown",
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// One value per kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PerKind<T>([T; 3]);

impl<T> std::ops::Index<Kind> for PerKind<T> {
    type Output = T;

    fn index(&self, kind: Kind) -> &T {
        &self.0[kind.index()]
    }
}

impl<T> std::ops::IndexMut<Kind> for PerKind<T> {
    fn index_mut(&mut self, kind: Kind) -> &mut T {
        &mut self.0[kind.index()]
    }
}

impl<T> PerKind<T> {
    /// What `make` gives for each kind.
    pub(crate) fn from_fn(make: impl FnMut(Kind) -> T) -> Self {
        Self(Kind::ALL.map(make))
    }

    /// What `make` gives for each kind, or its first error.
    pub(crate) fn try_from_fn<E>(mut make: impl FnMut(Kind) -> Result<T, E>) -> Result<Self, E> {
        let [arena, std, hashbrown] = Kind::ALL;
        Ok(Self([make(arena)?, make(std)?, make(hashbrown)?]))
    }
}

/// The handler spans of one kind.
#[derive(Clone)]
pub(crate) struct Spans {
    /// From body received to response written, in nanoseconds.
    pub(crate) wall: Histogram<u64>,
    /// Of that, the time not spent waiting at an `.await`, in nanoseconds.
    pub(crate) busy: Histogram<u64>,
    pub(crate) heap_calls: u64,
    /// Spans with at least one heap call.
    pub(crate) loud: u64,
    /// Spans that went on in another thread than they began in.
    pub(crate) moved: u64,
}

/// Times outside of this are counted at its ends.
const SHORTEST_NS: u64 = 1;
const LONGEST_NS: u64 = 60_000_000_000;

impl Spans {
    fn new() -> Self {
        let empty = Histogram::new_with_bounds(SHORTEST_NS, LONGEST_NS, 3)
            .expect("the bounds and the precision are constants that fit");
        Self {
            wall: empty.clone(),
            busy: empty,
            heap_calls: 0,
            loud: 0,
            moved: 0,
        }
    }

    fn add(&mut self, span: &Span) {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).map_or(LONGEST_NS, |ns| ns.max(SHORTEST_NS));
        self.wall.saturating_record(nanoseconds(span.wall));
        self.busy.saturating_record(nanoseconds(span.busy));
        self.heap_calls += span.heap_calls;
        self.loud += u64::from(span.heap_calls > 0);
        self.moved += u64::from(span.moved);
    }
}

impl fmt::Display for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = |quantile| self.wall.value_at_quantile(quantile) / 1000;
        write!(
            f,
            "{} requests, {} of them with heap calls in the handler ({} calls); handler p50 {} µs, p99 {} µs",
            self.wall.len(),
            self.loud,
            self.heap_calls,
            microseconds(0.50),
            microseconds(0.99)
        )
    }
}

/// The figures of all handlers. Nothing is recorded until [`Figures::record_from_now`].
pub(crate) struct Figures {
    recording: AtomicBool,
    spans: PerKind<Mutex<Spans>>,
}

impl Figures {
    pub(crate) fn new() -> Self {
        Self {
            recording: AtomicBool::new(false),
            spans: PerKind::from_fn(|_| Mutex::new(Spans::new())),
        }
    }

    /// The warm-up is over.
    pub(crate) fn record_from_now(&self) {
        self.recording.store(true, Ordering::SeqCst);
    }

    /// Adds one span of a handler that answered with a report.
    pub(crate) fn record(&self, kind: Kind, span: &Span) {
        if self.recording.load(Ordering::Relaxed) {
            self.lock(kind).add(span);
        }
    }

    /// What was recorded so far.
    pub(crate) fn spans(&self, kind: Kind) -> Spans {
        self.lock(kind).clone()
    }

    fn lock(&self, kind: Kind) -> MutexGuard<'_, Spans> {
        // A panic while adding leaves at worst one span half counted.
        self.spans[kind].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
