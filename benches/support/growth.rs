//! Growing a map from empty, whole and insert by insert, for `growth.rs` and `ratios.rs`.

use std::hint::black_box;
use std::time::Instant;

use hdrhistogram::Histogram;

/// A map that can be grown one entry at a time.
pub(crate) trait Grows {
    fn insert(&mut self, key: u64, value: u64);
    fn len(&self) -> usize;
}

macro_rules! grows {
    ($([$($generics:tt)*] $map:ty),+ $(,)?) => {$(
        impl<$($generics)*> Grows for $map {
            #[inline(always)]
            fn insert(&mut self, key: u64, value: u64) {
                <$map>::insert(self, key, value);
            }
            fn len(&self) -> usize {
                <$map>::len(self)
            }
        }
    )+};
}

use foldhash::fast::FixedState;

grows! {
    [] hashbrown::HashMap<u64, u64, FixedState>,
    ['a] hashbrown::HashMap<u64, u64, FixedState, &'a bumpalo::Bump>,
    [] griddle::HashMap<u64, u64, FixedState>,
    [] indexmap::IndexMap<u64, u64, FixedState>,
    [] std::collections::HashMap<u64, u64>,
    [H: arenamap::Handle] arenamap::ArenaMap<u64, u64, FixedState, H>,
}

/// Grows `map` to `n` entries.
pub(crate) fn fill(map: &mut impl Grows, n: usize) {
    for i in 0..n as u64 {
        map.insert(super::key(i), i);
    }
    assert_eq!(black_box(map).len(), n);
}

/// Grows `map` to `n` entries with a clock around each insert; nanoseconds.
///
/// A reading of the clock is part of each span: see [`clock_alone`].
pub(crate) fn fill_timed(map: &mut impl Grows, n: usize) -> Histogram<u64> {
    let mut spans = new_histogram();
    for i in 0..n as u64 {
        let key = super::key(i);
        let start = Instant::now();
        map.insert(key, i);
        let span = start.elapsed();
        record(&mut spans, span);
    }
    assert_eq!(map.len(), n);
    spans
}

/// The same loop without an insert: what the clock, the scheduler and other programs add by themselves.
pub(crate) fn clock_alone(n: usize) -> Histogram<u64> {
    let mut spans = new_histogram();
    for i in 0..n as u64 {
        let key = super::key(i);
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
