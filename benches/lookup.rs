//! Lookups, hits and misses, from 10 to 10 million entries, freshly filled and after churn.
//!
//! Every map has the same entries; all but `std` have the same hasher with the same seed. One iteration is a batch of lookups of random
//! keys, so that large maps miss the caches as they do in life.

mod support;

use std::cell::LazyCell;
use std::collections::HashMap;
use std::hint::black_box;

use arenamap::{Arena, ArenaMap};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use foldhash::fast::FixedState;

/// Lookups per iteration.
const BATCH: usize = 1_000;
/// Distinct queries: enough that their order cannot be learned, few enough that reading them costs little.
const QUERIES: usize = 1 << 18;

/// The keys of a map after its history: `first..first + n`.
#[derive(Clone, Copy)]
enum History {
    /// Filled and left alone.
    Dense,
    /// Filled, then twice as many entries as it has replaced, oldest first.
    Churned,
}

impl History {
    fn replaced(self, n: usize) -> u64 {
        match self {
            History::Dense => 0,
            History::Churned => 2 * n as u64,
        }
    }
}

/// Fills `$map` with `n` entries and lives through the history.
macro_rules! lived {
    ($map:expr, $n:expr, $history:expr) => {{
        let mut map = $map;
        let (n, replaced) = ($n as u64, $history.replaced($n));
        for i in 0..n {
            map.insert(support::key(i), i);
        }
        for i in 0..replaced {
            map.remove(&support::key(i)).expect("an entry that was there");
            map.insert(support::key(i + n), i + n);
        }
        assert_eq!(map.len(), $n);
        map
    }};
}

/// The queries of one kind, and how many of `BATCH` in a row are found: all or none.
struct Queries {
    name: &'static str,
    keys: Vec<u64>,
    found: usize,
}

impl Queries {
    /// Hits, and misses.
    fn both(n: usize, history: History) -> [Queries; 2] {
        let first = history.replaced(n);
        let random = |i: usize| support::key(i as u64 ^ 0xABCD_EF00_0000) % n as u64;
        let count = QUERIES.min(64 * n).next_multiple_of(BATCH);
        // Misses are keys that never were in the map.
        let absent = first + 4 * n as u64;
        [
            Queries {
                name: "hit",
                keys: (0..count).map(|i| support::key(first + random(i))).collect(),
                found: BATCH,
            },
            Queries {
                name: "miss",
                keys: (0..count).map(|i| support::key(absent + random(i))).collect(),
                found: 0,
            },
        ]
    }
}

/// Benches the lookups of one map, which is built only if the filter of the command line asks for it.
macro_rules! bench {
    ($group:expr, $name:literal, $queries:expr, $build:expr) => {{
        let map = LazyCell::new(|| $build);
        let queries = $queries;
        let mut batches = queries.keys.chunks_exact(BATCH).cycle();
        $group.bench_function($name, |b| {
            let map = &*map;
            b.iter(|| {
                let batch = batches.next().expect("an endless iterator");
                let mut found = 0_usize;
                for key in black_box(batch) {
                    found += usize::from(black_box(map.get(key)).is_some());
                }
                assert_eq!(found, queries.found);
            });
        });
    }};
}

fn lookups(c: &mut Criterion) {
    for (suffix, history) in [("", History::Dense), ("_churned", History::Churned)] {
        for n in support::sizes(&[10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000]) {
            for queries in Queries::both(n, history) {
                let mut group = c.benchmark_group(format!("lookup_{}{suffix}/{n}", queries.name));
                group.throughput(Throughput::Elements(BATCH as u64));
                maps(&mut group, n, history, &queries);
                group.finish();
            }
        }
    }
}

fn maps(group: &mut BenchmarkGroup<'_, WallTime>, n: usize, history: History, queries: &Queries) {
    let fixed = support::fixed;
    bench!(group, "std", queries, lived!(HashMap::<u64, u64>::new(), n, history));
    bench!(group, "hashbrown", queries, {
        lived!(
            hashbrown::HashMap::<u64, u64, FixedState>::with_hasher(fixed()),
            n,
            history
        )
    });
    bench!(group, "indexmap", queries, {
        let mut map = indexmap::IndexMap::<u64, u64, FixedState>::with_hasher(fixed());
        let (n, replaced) = (n as u64, history.replaced(n));
        map.extend((0..n).map(|i| (support::key(i), i)));
        for i in 0..replaced {
            map.swap_remove(&support::key(i)).expect("an entry that was there");
            map.insert(support::key(i + n), i + n);
        }
        map
    });
    bench!(group, "griddle", queries, {
        lived!(
            griddle::HashMap::<u64, u64, FixedState>::with_hasher(fixed()),
            n,
            history
        )
    });
    bench!(group, "arenamap", queries, {
        lived!(
            ArenaMap::<u64, u64, _>::with_hasher_in(fixed(), Arena::new()),
            n,
            history
        )
    });
}

criterion_group!(benches, lookups);
criterion_main!(benches);
