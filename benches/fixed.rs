//! What `FixedMap` has that no other map has to be beside: batches of lookups, walks by `for` and by `fold`, opening and verifying, values
//! written in their slots.
//!
//! Each group holds the two ways between which a user chooses. `FixedMap` beside other maps and archives is in the program `compare`.

mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rkyv::rancor::Error;

type Map = FixedMap<u64_le, u64_le>;
type View<'a> = FixedMap<u64_le, u64_le, &'a [u8]>;

/// Lookups in one iteration.
const BATCH: usize = 1_000;

fn filled(n: usize) -> Map {
    let memory = AlignedBytes::zeroed(Map::bytes_for(n));
    let mut map = FixedMap::create_seeded(memory, n, 0x5EED).expect("memory of the right size");
    for (key, value) in support::pairs(n) {
        map.insert(key.into(), value.into()).expect("a map with room");
    }
    map
}

/// `get` in a loop, and `get_batch`.
fn batch(c: &mut Criterion) {
    for n in support::sizes(&[1_000, 10_000, 50_000, 100_000, 1_000_000, 4_000_000]) {
        let map = filled(n);
        let queries = 64 * BATCH as u64;
        let keys: Vec<u64> = (0..queries)
            .map(|i| support::key(support::key(!i) % n as u64))
            .collect();
        let mut group = c.benchmark_group(format!("fixed/batch/{n}"));
        group.throughput(Throughput::Elements(BATCH as u64));
        let mut batches = keys.chunks_exact(BATCH).cycle();
        group.bench_function("get", |b| {
            b.iter(|| {
                let keys = batches.next().unwrap_or_default();
                keys.iter().filter(|key| black_box(map.get(*key)).is_some()).count()
            });
        });
        let mut batches = keys.chunks_exact(BATCH).cycle();
        let mut out: Vec<Option<&u64_le>> = vec![None; BATCH];
        group.bench_function("get_batch", |b| {
            b.iter(|| {
                map.get_batch(batches.next().unwrap_or_default(), &mut out);
                out.iter().filter(|value| black_box(**value).is_some()).count()
            });
        });
        group.finish();
    }
}

fn iterate(c: &mut Criterion) {
    for n in support::sizes(&[1_000, 100_000, 1_000_000]) {
        let map = filled(n);
        let mut group = c.benchmark_group(format!("fixed/iterate/{n}"));
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function("for", |b| {
            b.iter(|| {
                let mut sum = 0_u64;
                for (key, value) in black_box(&map) {
                    sum = sum.wrapping_add(key.to_native() ^ value.to_native());
                }
                sum
            });
        });
        group.bench_function("fold", |b| {
            b.iter(|| {
                black_box(&map).iter().fold(0_u64, |sum, (key, value)| {
                    sum.wrapping_add(key.to_native() ^ value.to_native())
                })
            });
        });
        group.finish();
    }
}

/// What stands between bytes and a map that can be trusted: `open` looks at the header, `verify` at everything.
fn open(c: &mut Criterion) {
    for n in support::sizes(&[1_000, 1_000_000, 10_000_000]) {
        let mut map = filled(n);
        let bytes = map.seal();
        let mut group = c.benchmark_group(format!("fixed/open/{n}"));
        group.bench_function("open", |b| {
            b.iter(|| View::open(black_box(bytes)).expect("an archive").len());
        });
        let view = View::open(bytes).expect("an archive");
        let mut scratch = vec![0_u32; view.scratch_words()];
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function("verify_in", |b| {
            b.iter(|| black_box(&view).verify_in(&mut scratch).expect("a whole archive"));
        });
        let peer = rkyv::to_bytes::<Error>(
            &support::pairs(n)
                .into_iter()
                .collect::<std::collections::HashMap<_, _>>(),
        );
        let peer = peer.expect("an archive");
        group.bench_function("rkyv::access", |b| {
            b.iter(|| {
                let map = rkyv::access::<rkyv::Archived<std::collections::HashMap<u64, u64>>, Error>(black_box(&peer));
                map.expect("an archive").len()
            });
        });
        group.finish();
    }
}

/// A value that is made in another function, as large ones are.
#[inline(never)]
fn made<const WORDS: usize>(key: u64) -> [u64_le; WORDS] {
    [key.into(); WORDS]
}

/// The same, written where it stands.
#[inline(never)]
fn write_to(value: &mut [u64_le], key: u64) {
    value.fill(key.into());
}

/// Fills an empty map of 64 entries, by values that are made and handed over, and by values that are written where they stand.
fn write<const WORDS: usize>(c: &mut Criterion) {
    const ENTRIES: usize = 64;
    let memory = AlignedBytes::zeroed(FixedMap::<u64_le, [u64_le; WORDS]>::bytes_for(ENTRIES));
    let mut map =
        FixedMap::<u64_le, [u64_le; WORDS], _>::create_seeded(memory, ENTRIES, 0x5EED).expect("enough memory");
    let mut group = c.benchmark_group(format!("fixed/write/{}", WORDS * 8));
    group.throughput(Throughput::Elements(ENTRIES as u64));
    macro_rules! bench {
        ($name:literal, |$key:ident| $insert:expr) => {
            group.bench_function($name, |b| {
                b.iter_custom(|iterations| {
                    let mut time = Duration::ZERO;
                    for _ in 0..iterations {
                        map.clear();
                        let start = Instant::now();
                        for i in 0..ENTRIES as u64 {
                            let $key = black_box(support::key(i));
                            assert!($insert.is_ok());
                        }
                        time += start.elapsed();
                    }
                    time
                });
            });
        };
    }
    bench!("insert", |key| map.insert(key.into(), made(key)));
    bench!("insert_with", |key| map
        .insert_with(key.into(), |value| write_to(value, key)));
    bench!("insert_with, one word", |key| map
        .insert_with(key.into(), |value| value[0] = key.into()));
    group.finish();
}

fn writes(c: &mut Criterion) {
    write::<8>(c);
    write::<32>(c);
    write::<256>(c);
}

criterion_group!(benches, batch, iterate, open, writes);
criterion_main!(benches);
