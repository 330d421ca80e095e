//! What parent and child say to each other: one JSON value a line, over the child's stdin and stdout.

use serde::{Deserialize, Serialize};

use crate::names::Scenario;

/// A child is told once what to prepare, then asked until it is told to close.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Open {
    pub(crate) scenario: Scenario,
    pub(crate) n: usize,
    pub(crate) mode: Mode,
}

/// What the child is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// To be timed: it says [`Said::Ready`], then answers each [`Ask`].
    Race,
    /// To run once with its calls to the heap counted; it says [`Said::Counted`] and ends.
    Count,
    /// To run once and look at its own high water; it says [`Said::Peak`] and ends.
    Peak,
    /// To run once and say how much memory it held on the way; it says [`Said::Story`] and ends.
    Story,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Run for about this long, after a short warm-up.
    Time {
        slice_us: u64,
    },
    /// Clock at least so many operations one by one.
    Clock {
        spans: u64,
    },
    /// The distribution of all operations that were clocked.
    Curve,
    Close,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    /// Prepared, and ran once; every subject must have the same answer.
    Ready {
        answer: u64,
    },
    Timed {
        ns_per_op: f64,
    },
    Clocked(Clocked),
    Curve {
        points: Vec<(f64, u64)>,
    },
    Counted {
        answer: u64,
        heap_calls: u64,
        used_bytes: u64,
    },
    /// `None` where the system does not tell.
    Peak {
        answer: u64,
        rss_bytes: Option<u64>,
    },
    Story {
        points: Vec<(u64, u64)>,
    },
}

/// One round of operations that were clocked one by one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Clocked {
    pub(crate) spans: u64,
    pub(crate) p99: u64,
    pub(crate) p9999: u64,
    pub(crate) worst: u64,
}
