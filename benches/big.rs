//! Large values: in their slots, or in boxes beside the table. From which size on do boxes pay?
//!
//! One iteration fills a new map with values that a closure makes, growing from empty, reads each, walks over all, and drops the map. The
//! arena is warm.

mod support;

use std::hint::black_box;

use arenamap::{Arena, ArenaBox, ArenaMap};
use bumpalo::Bump;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ENTRIES: u64 = 1_000;

/// A value, of which the first word counts.
#[inline]
fn value<const WORDS: usize>(i: u64) -> [u64; WORDS] {
    [black_box(i); WORDS]
}

fn check<'v, const WORDS: usize>(
    get: impl Fn(u64) -> &'v [u64; WORDS],
    values: impl Iterator<Item = &'v [u64; WORDS]>,
) {
    let read = (0..ENTRIES).map(|i| get(support::key(i))[0]).sum::<u64>();
    let walked = values.map(|value| value[WORDS - 1]).sum::<u64>();
    assert_eq!(
        (read, walked),
        (ENTRIES * (ENTRIES - 1) / 2, ENTRIES * (ENTRIES - 1) / 2)
    );
}

fn of_size<const WORDS: usize>(c: &mut Criterion) {
    let mut group = c.benchmark_group(format!("big/{}", WORDS * 8));
    group.throughput(Throughput::Elements(ENTRIES));
    let mut bump = Bump::new();
    group.bench_function("hashbrown-bump", |b| {
        b.iter(|| {
            {
                let mut map = hashbrown::HashMap::with_hasher_in(support::fixed(), &bump);
                (0..ENTRIES).for_each(|i| _ = map.insert(support::key(i), value::<WORDS>(i)));
                check(|key| &map[&key], map.values());
            }
            bump.reset();
        });
    });
    let mut arena = Arena::new();
    group.bench_function("slots", |b| {
        b.iter(|| {
            {
                let mut map = ArenaMap::with_hasher_in(support::fixed(), &arena);
                (0..ENTRIES).for_each(|i| _ = map.insert(support::key(i), value::<WORDS>(i)));
                check(|key| &map[&key], map.values());
            }
            arena.reset();
        });
    });
    let mut arena = Arena::new();
    group.bench_function("boxes", |b| {
        b.iter(|| {
            {
                let mut map = ArenaMap::with_hasher_in(support::fixed(), &arena);
                (0..ENTRIES)
                    .for_each(|i| _ = map.insert(support::key(i), ArenaBox::new_with_in(|| value::<WORDS>(i), &arena)));
                check(|key| &map[&key], map.values().map(|value| &**value));
            }
            arena.reset();
        });
    });
    group.finish();
}

fn big(c: &mut Criterion) {
    of_size::<8>(c);
    of_size::<16>(c);
    of_size::<32>(c);
    of_size::<64>(c);
    of_size::<128>(c);
    of_size::<256>(c);
    of_size::<512>(c);
}

criterion_group!(benches, big);
criterion_main!(benches);
