//! What it takes to look at everything: the registry of a process with ten thousand maps, and the counters of as many.
//!
//! - `registry/visit`: one look at all of them. To be at most a millisecond.
//! - `counters/visit`: the numbers of all of them.
//! - `registry/make_and_drop`: a map in a warm arena with its first entry, which comes on the list and leaves it.

use std::hint::black_box;

use arenamap::counters::Counters;
use arenamap::{Arena, ArenaMap, BorrowedMap, registry};
use criterion::{Criterion, criterion_group, criterion_main};

const MAPS: u64 = 10_000;

fn observe(c: &mut Criterion) {
    let arena = Arena::new();
    let maps: Vec<BorrowedMap<'_, u64, u64>> = (0..MAPS)
        .map(|n| ArenaMap::from_iter_in((0..n % 8).chain([n]).map(|key| (key, n)), &arena))
        .collect();
    c.bench_function("registry/visit", |b| {
        b.iter(|| {
            let (mut count, mut bytes) = (0, 0);
            registry::visit(|entry| {
                count += 1;
                bytes += entry.bytes;
            });
            assert!(count > MAPS);
            bytes
        });
    });
    c.bench_function("counters/visit", |b| {
        b.iter(|| {
            let mut sum = 0_u64;
            for map in &maps {
                map.visit(&mut |_, _, value| sum = sum.wrapping_add(value));
            }
            sum
        });
    });
    c.bench_function("registry/make_and_drop", |b| {
        b.iter(|| {
            let mut map = ArenaMap::new_in(&arena);
            map.insert(black_box(1_u64), 2_u64);
            black_box(map.len())
        });
    });
    drop(maps);
}

criterion_group!(benches, observe);
criterion_main!(benches);
