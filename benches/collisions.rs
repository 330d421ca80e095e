//! Keys that collide: one in its place, 16 in one, all in one, under a hasher that sees the whole key and under a bad one, which sees a half
//! of it. Inserts, hits and misses, beside hashbrown and std.
//!
//! One iteration is a batch of as many operations as there are entries.

#[path = "../tests/support/colliding.rs"]
mod colliding;
mod support;

use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::time::Duration;

use arenamap::fixed::__private::{rkyv, zerocopy};
use arenamap::fixed::{AlignedBytes, FixedKey, FixedMap, FixedValue, KeyHasher, Schema, u64_le};
use arenamap::{Arena, ArenaMap, DefaultHashBuilder, PathMap, StrMap};
use colliding::{Bad, text};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// How many keys have the same lower half.
const LEVELS: [(&str, u64); 3] = [("low", 1), ("medium", 16), ("hostile", u64::MAX)];

/// The i-th key of a level: the lower half is that of its cluster, the upper half its own.
fn key(i: u64, cluster: u64) -> u64 {
    (i + 1) << 32 | support::key(i / cluster) & 0xFFFF_FFFF
}

/// A key of a `FixedMap`, whose hash function cannot be chosen, that gives half of itself to it.
#[derive(
    Clone,
    Copy,
    zerocopy::FromBytes,
    zerocopy::IntoBytes,
    zerocopy::Immutable,
    rkyv::Portable,
    rkyv::bytecheck::CheckBytes,
)]
#[zerocopy(crate = "arenamap::fixed::__private::zerocopy")]
#[rkyv(crate = rkyv)]
#[bytecheck(crate = rkyv::bytecheck)]
#[repr(transparent)]
struct Half(u64_le);

impl FixedValue for Half {
    const SCHEMA: Schema = Schema::leaf("Half", 8, 8);
}

impl FixedKey for Half {
    #[inline]
    fn hash_key(&self, hasher: &mut KeyHasher<'_>) {
        hasher.write_u64(self.0.to_native() & 0xFFFF_FFFF);
    }
}

/// Times inserts, hits and misses of one map.
macro_rules! bench {
    (
        $group:ident, $name:literal, $map:expr, $keys:expr, $missing:expr,
        |$m:ident, $key:ident| $insert:expr, $get:expr
    ) => {{
        let mut $m = $map;
        let n = $keys.len();
        $group.bench_function(BenchmarkId::new("insert", $name), |b| {
            b.iter(|| {
                $m.clear();
                for $key in black_box(&$keys) {
                    black_box($insert);
                }
                assert_eq!($m.len(), n);
            });
        });
        for (operation, queries, expected) in [("hit", &$keys, n), ("miss", &$missing, 0)] {
            $group.bench_function(BenchmarkId::new(operation, $name), |b| {
                b.iter(|| {
                    let mut found = 0;
                    for i in 0..n {
                        let $key = &queries[i * 617 % n]; // in another order than they came
                        found += usize::from(black_box($get).is_some());
                    }
                    assert_eq!(found, expected);
                });
            });
        }
    }};
}

/// Every map with these keys: `std` with a hasher of its own, the other growing ones with another, `FixedMap` with its one.
fn maps<S: BuildHasher, F: FixedKey + Copy>(
    c: &mut Criterion,
    name: &str,
    (n, cluster): (u64, u64),
    (std_hasher, hasher): (impl BuildHasher, impl Fn() -> S),
    fixed_key: impl Fn(u64) -> F,
) {
    let keys: Vec<u64> = (0..n).map(|i| key(i, cluster)).collect();
    let missing: Vec<u64> = keys.iter().map(|key| key + (n << 32)).collect(); // of the same clusters
    let texts = [&keys, &missing].map(|keys| keys.iter().map(|&key| text(key)).collect::<Vec<_>>());
    let fixed = [&keys, &missing].map(|keys| keys.iter().map(|&key| fixed_key(key)).collect::<Vec<_>>());
    let [texts, missing_texts] = texts;
    let [fixed, missing_fixed] = fixed;
    let capacity = keys.len();
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(n));

    let map = ArenaMap::with_capacity_and_hasher(capacity, hasher());
    bench!(
        group,
        "ArenaMap",
        map,
        keys,
        missing,
        |map, key| map.insert(*key, 0_u64),
        map.get(key)
    );
    let map = StrMap::with_capacity_and_hasher(capacity, hasher());
    bench!(
        group,
        "StrMap",
        map,
        texts,
        missing_texts,
        |map, key| map.insert(key, 0_u64),
        map.get(key)
    );
    let map = PathMap::<u64, u64, _, _>::with_hasher_in(hasher(), Arena::new());
    bench!(
        group,
        "PathMap",
        map,
        keys,
        missing,
        |map, key| map.insert([key], 0),
        map.get([key])
    );
    let memory = AlignedBytes::zeroed(FixedMap::<F, u64_le>::bytes_for(capacity));
    let map = FixedMap::<F, u64_le, _>::create(memory, capacity).expect("enough memory");
    bench!(
        group,
        "FixedMap",
        map,
        fixed,
        missing_fixed,
        |map, key| map.insert(*key, 0.into()).is_ok(),
        map.get(key)
    );
    let map = hashbrown::HashMap::with_capacity_and_hasher(capacity, hasher());
    bench!(
        group,
        "hashbrown",
        map,
        keys,
        missing,
        |map, key| map.insert(*key, 0_u64),
        map.get(key)
    );
    let map = std::collections::HashMap::with_capacity_and_hasher(capacity, std_hasher);
    bench!(
        group,
        "std",
        map,
        keys,
        missing,
        |map, key| map.insert(*key, 0_u64),
        map.get(key)
    );
    group.finish();
}

fn collisions(c: &mut Criterion) {
    const N: u64 = 1_000;
    for (level, cluster) in LEVELS {
        let name = format!("collisions/{level}/default");
        let hashers = (RandomState::new(), DefaultHashBuilder::default);
        maps(c, &name, (N, cluster), hashers, u64_le::from);
        let name = format!("collisions/{level}/bad");
        maps(c, &name, (N, cluster), (Bad, || Bad), |key| Half(key.into()));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20);
    targets = collisions
}
criterion_main!(benches);
