//! Who looks on while a scenario runs: a clock around all of it, a clock around each operation, or a counter of memory.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::heap::Meter;
use crate::single::{new_histogram, record};

/// Told by a scenario what it is doing; a watcher that does not care costs nothing.
pub(crate) trait Watch {
    /// What is measured begins; what came before was preparation.
    #[inline(always)]
    fn start(&mut self) {}

    /// What is measured ends.
    #[inline(always)]
    fn stop(&mut self) {}

    /// One operation.
    #[inline(always)]
    fn op<R>(&mut self, op: impl FnOnce() -> R) -> R {
        op()
    }

    /// The map is as full as it gets, and still there.
    #[inline(always)]
    fn full(&mut self) {}
}

/// Nobody looks on.
pub(crate) struct Nobody;

impl Watch for Nobody {}

/// One clock around everything between `start` and `stop`.
pub(crate) struct Whole {
    started: Instant,
    pub(crate) total: Duration,
}

impl Whole {
    pub(crate) fn new() -> Self {
        Whole {
            started: Instant::now(),
            total: Duration::ZERO,
        }
    }
}

impl Watch for Whole {
    #[inline(always)]
    fn start(&mut self) {
        self.started = Instant::now();
    }

    #[inline(always)]
    fn stop(&mut self) {
        self.total += self.started.elapsed();
    }
}

/// A clock around each operation.
pub(crate) struct Single {
    pub(crate) spans: Histogram<u64>,
}

impl Single {
    pub(crate) fn new() -> Self {
        Single { spans: new_histogram() }
    }
}

impl Watch for Single {
    #[inline(always)]
    fn op<R>(&mut self, op: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = op();
        let span = start.elapsed();
        record(&mut self.spans, span);
        result
    }
}

/// Counts heap calls between `start` and `stop`, and looks at what is held when the map is full.
pub(crate) struct Calls<'h> {
    heap: &'h mut Meter,
    at_start: u64,
    pub(crate) counted: u64,
    pub(crate) held: Option<u64>,
}

impl<'h> Calls<'h> {
    pub(crate) fn new(heap: &'h mut Meter) -> Self {
        Calls {
            heap,
            at_start: 0,
            counted: 0,
            held: None,
        }
    }
}

impl Watch for Calls<'_> {
    fn start(&mut self) {
        self.at_start = self.heap.look().calls;
    }

    fn stop(&mut self) {
        self.counted += self.heap.look().calls - self.at_start;
    }

    fn full(&mut self) {
        self.held = Some(self.heap.look().live_bytes());
    }
}

/// Writes down, every so many operations, how many bytes are held.
pub(crate) struct Story<'h> {
    heap: &'h mut Meter,
    every: u64,
    done: u64,
    /// As long as it gets from the start.
    pub(crate) points: Vec<(u64, u64)>,
    /// What the list itself takes.
    own: u64,
}

impl<'h> Story<'h> {
    /// Of so many operations, about 200 are written down, and the first.
    pub(crate) fn new(heap: &'h mut Meter, operations: u64) -> Self {
        let before = heap.look().live_bytes();
        let points = Vec::with_capacity(500);
        let own = heap.look().live_bytes() - before;
        Story {
            heap,
            every: (operations / 200).max(1),
            done: 0,
            points,
            own,
        }
    }
}

impl Watch for Story<'_> {
    fn op<R>(&mut self, op: impl FnOnce() -> R) -> R {
        let result = op();
        self.done += 1;
        let due = self.done == 1 || self.done.is_multiple_of(self.every);
        if due && self.points.len() < self.points.capacity() {
            let held = self.heap.look().live_bytes() - self.own;
            self.points.push((self.done, held));
        }
        result
    }
}
