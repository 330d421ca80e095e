//! One request: create a map, fill it, read every key, iterate, drop it; arena reset and size hint inside the span.
//!
//! The arenas stay warm from cycle to cycle, as a request handler keeps them. `hashbrown-bump-presized` is told the size by hand,
//! `arenamap` learns it from its predecessors, `arenamap-no-hint` does neither.
//! Groups and functions are called as in the example `compare`, which shows these figures beside its own (`--criterion`).

mod support;

use std::collections::HashMap;

use arenamap::{Arena, ArenaMap, SizeHint, StrMap};
use bumpalo::Bump;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use foldhash::fast::RandomState;
use support::{cycle, string_cycle};

type Fold<K, V> = hashbrown::HashMap<K, V, RandomState>;
type FoldIn<'a, K, V> = hashbrown::HashMap<K, V, RandomState, &'a Bump>;

fn numbers(c: &mut Criterion) {
    for n in support::sizes(&[8, 32, 128, 1024, 8192]) {
        let mut group = c.benchmark_group(format!("request_u64/{n}"));
        group.throughput(Throughput::Elements(n as u64));
        let pairs = support::pairs(n);
        let sum = support::cycle_sum(&pairs);
        heap_peers(&mut group, &pairs, sum);
        match n {
            8 => heapless_peer::<8>(&mut group, &pairs, sum),
            32 => heapless_peer::<32>(&mut group, &pairs, sum),
            128 => heapless_peer::<128>(&mut group, &pairs, sum),
            1024 => heapless_peer::<1024>(&mut group, &pairs, sum),
            // 8,192 slots are too many for a stack frame.
            _ => {}
        }
        bump_peers(&mut group, &pairs, sum);
        ours(&mut group, &pairs, sum);
        group.finish();
    }
}

/// Benches one cycle and checks its answer each time.
fn bench<T: PartialEq + std::fmt::Debug>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    expected: &T,
    mut cycle: impl FnMut() -> T,
) {
    group.bench_function(name, |b| b.iter(&mut cycle));
    assert_eq!(&cycle(), expected, "{name} answered wrong");
}

fn heap_peers(group: &mut BenchmarkGroup<'_, WallTime>, pairs: &[(u64, u64)], sum: u64) {
    bench(group, "std", &sum, || cycle!(HashMap::new(), pairs));
    bench(group, "std-foldhash", &sum, || {
        cycle!(HashMap::with_hasher(RandomState::default()), pairs)
    });
    bench(group, "hashbrown", &sum, || cycle!(Fold::default(), pairs));
    bench(group, "hashbrown-presized", &sum, || {
        cycle!(
            Fold::with_capacity_and_hasher(pairs.len(), RandomState::default()),
            pairs
        )
    });
    bench(group, "indexmap", &sum, || {
        cycle!(indexmap::IndexMap::with_hasher(RandomState::default()), pairs)
    });
}

fn heapless_peer<const N: usize>(group: &mut BenchmarkGroup<'_, WallTime>, pairs: &[(u64, u64)], sum: u64) {
    bench(group, "heapless", &sum, || {
        cycle!(
            heapless::index_map::FnvIndexMap::<u64, u64, N>::new(),
            pairs,
            |map, key, value| {
                map.insert(key, value).expect("a slot for each pair");
            }
        )
    });
}

fn bump_peers(group: &mut BenchmarkGroup<'_, WallTime>, pairs: &[(u64, u64)], sum: u64) {
    let mut bump = Bump::new();
    bench(group, "hashbrown-bump", &sum, || {
        let sum = cycle!(FoldIn::with_hasher_in(RandomState::default(), &bump), pairs);
        bump.reset();
        sum
    });
    let mut bump = Bump::new();
    bench(group, "hashbrown-bump-presized", &sum, || {
        let hasher = RandomState::default();
        let sum = cycle!(FoldIn::with_capacity_and_hasher_in(pairs.len(), hasher, &bump), pairs);
        bump.reset();
        sum
    });
}

fn ours(group: &mut BenchmarkGroup<'_, WallTime>, pairs: &[(u64, u64)], sum: u64) {
    let mut arena = Arena::new();
    bench(group, "arenamap-no-hint", &sum, || {
        let sum = cycle!(ArenaMap::new_in(&arena), pairs);
        arena.reset();
        sum
    });
    let mut arena = Arena::new();
    let hint: &'static SizeHint = Box::leak(Box::new(SizeHint::new()));
    bench(group, "arenamap", &sum, || {
        let sum = cycle!(ArenaMap::with_hint_in(hint, &arena), pairs);
        arena.reset();
        sum
    });
}

fn strings(c: &mut Criterion) {
    let pairs = support::string_pairs(64);
    let pairs = &pairs[..];
    let sum = support::string_cycle_sum(pairs);
    let mut group = c.benchmark_group("request_str/64");
    group.throughput(Throughput::Elements(64));
    let group_ref = &mut group;

    bench(group_ref, "std", &sum, || {
        string_cycle!(HashMap::new(), pairs, |text| text.to_owned())
    });
    bench(group_ref, "std-foldhash", &sum, || {
        string_cycle!(HashMap::with_hasher(RandomState::default()), pairs, |text| text
            .to_owned())
    });
    bench(group_ref, "hashbrown-presized", &sum, || {
        let hasher = RandomState::default();
        string_cycle!(Fold::with_capacity_and_hasher(64, hasher), pairs, |text| text
            .to_owned())
    });
    bench(group_ref, "indexmap", &sum, || {
        let hasher = RandomState::default();
        string_cycle!(indexmap::IndexMap::with_hasher(hasher), pairs, |text| text.to_owned())
    });
    let mut bump = Bump::new();
    bench(group_ref, "hashbrown-bump", &sum, || {
        let map = FoldIn::<&str, &str>::with_hasher_in(RandomState::default(), &bump);
        let sum = string_cycle!(map, pairs, |text| &*bump.alloc_str(text));
        bump.reset();
        sum
    });
    let mut bump = Bump::new();
    bench(group_ref, "hashbrown-bump-presized", &sum, || {
        let hasher = RandomState::default();
        let map = FoldIn::<&str, &str>::with_capacity_and_hasher_in(64, hasher, &bump);
        let sum = string_cycle!(map, pairs, |text| &*bump.alloc_str(text));
        bump.reset();
        sum
    });
    let mut arena = Arena::new();
    let hint: &'static SizeHint = Box::leak(Box::new(SizeHint::new()));
    bench(group_ref, "arenamap", &sum, || {
        let map = ArenaMap::<&str, &str, RandomState, _>::with_hint_in(hint, &arena);
        let sum = string_cycle!(map, pairs, |text| &*arena.alloc_str(text));
        arena.reset();
        sum
    });
    let mut arena = Arena::new();
    bench(group_ref, "arenamap-str-map", &sum, || {
        let mut map = StrMap::<&str, _, _>::new_in(&arena);
        for (key, value) in std::hint::black_box(pairs) {
            map.insert(key, &*arena.alloc_str(value));
        }
        let mut sum = 0;
        for (key, _) in pairs {
            sum += map.get(key).map_or(0, |value| value.len());
        }
        for (key, value) in &map {
            sum += key.len() + value.len();
        }
        drop(map);
        arena.reset();
        sum
    });
    group.finish();
}

criterion_group!(benches, numbers, strings);
criterion_main!(benches);
