//! Single operations under a clock, for the bench `growth` and for `compare`.

use std::hint::black_box;
use std::time::Instant;

use hdrhistogram::Histogram;

/// A loop of timed inserts without an insert: what the clock, the scheduler and other programs add by themselves.
pub(crate) fn clock_alone(n: usize) -> Histogram<u64> {
    let mut spans = new_histogram();
    for i in 0..n as u64 {
        let key = super::support::key(i);
        let start = Instant::now();
        black_box(key);
        let span = start.elapsed();
        record(&mut spans, span);
    }
    spans
}

/// One nanosecond to one minute with three digits: a fixed table, so that recording never allocates or grows.
pub(crate) fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("valid bounds")
}

pub(crate) fn record(spans: &mut Histogram<u64>, span: std::time::Duration) {
    spans.saturating_record(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX));
}
