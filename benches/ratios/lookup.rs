//! Hits and misses against hashbrown with the same hasher, seed and entries.

use std::hint::black_box;

use arenamap::{Arena, ArenaMap, Growth};
use foldhash::fast::FixedState;

use crate::support::race::{Lane, race};
use crate::support::report::Row;
use crate::{ROUNDS, SLICE, support};

/// Lookups per run of the work.
const BATCH: usize = 1_000;
/// Distinct queries at most.
const QUERIES: usize = 1 << 18;

pub(crate) fn rows(rows: &mut Vec<Row>) {
    for n in support::sizes(&[10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000]) {
        size(n, rows);
    }
}

fn size(n: usize, rows: &mut Vec<Row>) {
    let mut segmented = ArenaMap::<u64, u64, _>::with_hasher_in(support::fixed(), Arena::new());
    let flat = ArenaMap::<u64, u64>::builder()
        .growth(Growth::Flat)
        .hasher(support::fixed());
    let mut flat = flat.build_in(Arena::new());
    let mut peer = hashbrown::HashMap::<u64, u64, FixedState>::with_hasher(support::fixed());
    for (key, value) in support::pairs(n) {
        segmented.insert(key, value);
        flat.insert(key, value);
        peer.insert(key, value);
    }
    let one_segment = segmented.stats().segments <= 1;

    let count = QUERIES.min(64 * n).next_multiple_of(BATCH);
    let queries = |first: u64| -> Vec<u64> {
        let random = |i: u64| support::key(i ^ 0xABCD_EF00_0000) % n as u64;
        (0..count as u64).map(|i| support::key(first + random(i))).collect()
    };
    for (what, queries, found) in [
        ("lookup, hit", queries(0), BATCH),
        ("lookup, miss", queries(4 * n as u64), 0),
    ] {
        let queries = &queries[..];
        let times = race(
            support::rounds(ROUNDS),
            SLICE,
            vec![
                batches("arenamap", queries, found, |key| {
                    black_box(segmented.get(key)).is_some()
                }),
                batches("arenamap, flat", queries, found, |key| {
                    black_box(flat.get(key)).is_some()
                }),
                batches("hashbrown", queries, found, |key| black_box(peer.get(key)).is_some()),
            ],
        );
        let segmented_at_least = if one_segment { 1.0 / 1.05 } else { 0.8 };
        rows.push(Row::of_times(what, n, &times[0], &times[2], Some(segmented_at_least)));
        rows.push(Row::of_times(what, n, &times[1], &times[2], Some(1.0 / 1.05)));
    }
}

/// Looks up one batch of the queries per run, the next batch each time, and counts what was found.
pub(crate) fn batches<'a>(
    name: &'static str,
    queries: &'a [u64],
    found: usize,
    contains: impl Fn(&u64) -> bool + 'a,
) -> Lane<'a> {
    let mut batches = queries.chunks_exact(BATCH).cycle();
    Lane::new(name, found, move || {
        let batch = batches.next().unwrap_or_default();
        batch.iter().filter(|key| contains(key)).count()
    })
}
