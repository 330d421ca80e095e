//! Keys of three parts, tuples and structs, looked up by borrowed ones, beside the same lookups by a key that is there, by a string joined for
//! each, and through three levels of maps.
//!
//! One iteration is a batch of hits.

mod support;

use std::fmt::Write;
use std::hint::black_box;

use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u32_le, u64_le};
use arenamap::{Arena, ArenaMap, ArenaString, Parts, StrMap};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BATCH: usize = 1_000;

arenamap::key_struct! {
    /// A key of a growing map.
    struct Key<'a> { host: ArenaString<&'a Arena>, path: ArenaString<&'a Arena>, status: u32 }
}

arenamap::fixed_struct! {
    /// A key of an archive.
    struct FixedKey { host: FixedStr<20>, path: FixedStr<24>, status: u32_le }
}

fn fixed_key((host, path, status): &(String, String, u32)) -> FixedKey {
    FixedKey {
        host: host.as_str().try_into().expect("it fits"),
        path: path.as_str().try_into().expect("it fits"),
        status: (*status).into(),
    }
}

/// Host, path and status of the i-th key.
fn parts(i: u64) -> (String, String, u32) {
    let status = u32::try_from(i % 7).expect("a small number");
    (
        format!("host-{}.example", i / 7 % 13),
        format!("/items/{}", i / 91),
        200 + status,
    )
}

fn joined(text: &mut String, (host, path, status): &(String, String, u32)) {
    text.clear();
    let _ = write!(text, "{host}\0{path}\0{status}");
}

fn composite(c: &mut Criterion) {
    for n in support::sizes(&[100, 1_000, 100_000]) {
        let arena = Arena::new();
        let mut by_parts = ArenaMap::with_hasher_in(support::fixed(), &arena);
        let mut by_struct = ArenaMap::with_hasher_in(support::fixed(), &arena);
        let mut by_text = StrMap::with_hasher_in(support::fixed(), &arena);
        let memory = AlignedBytes::zeroed(FixedMap::<FixedKey, u64_le>::bytes_for(n));
        let mut fixed = FixedMap::<FixedKey, u64_le, _>::create_seeded(memory, n, 0x5EED).expect("enough memory");
        let mut nested = ArenaMap::with_hasher_in(support::fixed(), &arena);
        let mut text = String::new();
        for i in 0..n as u64 {
            let key @ (host, path, status) = &parts(i);
            let copy = |text: &str| ArenaString::from_str_in(text, &arena);
            by_parts.insert((copy(host), copy(path), *status), i);
            let (host_copy, path_copy) = (copy(host), copy(path));
            by_struct.insert(
                Key {
                    host: host_copy,
                    path: path_copy,
                    status: *status,
                },
                i,
            );
            fixed.insert(fixed_key(key), i.into()).expect("a map with room");
            joined(&mut text, key);
            by_text.insert(&text, i);
            nested
                .entry(copy(host))
                .or_insert_with(|| ArenaMap::with_hasher_in(support::fixed(), &arena))
                .entry(copy(path))
                .or_insert_with(|| ArenaMap::with_hasher_in(support::fixed(), &arena))
                .insert(*status, i);
        }
        let random = |i: usize| support::key(i as u64 ^ 0xABCD_EF00_0000) % n as u64;
        let queries: Vec<_> = (0..(64 * n).min(1 << 16).next_multiple_of(BATCH))
            .map(|i| parts(random(i)))
            .collect();
        let keys: Vec<_> = queries
            .iter()
            .map(|(a, b, c)| {
                (
                    ArenaString::from_str_in(a, &arena),
                    ArenaString::from_str_in(b, &arena),
                    *c,
                )
            })
            .collect();
        let mut group = c.benchmark_group(format!("parts/{n}"));
        group.throughput(Throughput::Elements(BATCH as u64));
        macro_rules! bench {
            ($name:literal, $queries:expr, |$query:ident| $lookup:expr) => {{
                let mut batches = $queries.chunks_exact(BATCH).cycle();
                group.bench_function($name, |b| {
                    b.iter(|| {
                        let mut found = 0_usize;
                        for $query in black_box(batches.next().expect("an endless iterator")) {
                            found += usize::from(black_box($lookup).is_some());
                        }
                        assert_eq!(found, BATCH);
                    });
                });
            }};
        }
        bench!("key", keys, |key| by_parts.get(key));
        bench!("parts", queries, |query| by_parts.get(&Parts((
            query.0.as_str(),
            query.1.as_str(),
            query.2
        ))));
        bench!("struct_parts", queries, |query| by_struct.get(&Parts((
            query.0.as_str(),
            query.1.as_str(),
            query.2
        ))));
        let fixed_keys: Vec<_> = queries.iter().map(fixed_key).collect();
        bench!("fixed_key", fixed_keys, |key| fixed.get(key));
        bench!("fixed_parts", queries, |query| fixed.get(&Parts((
            query.0.as_str(),
            query.1.as_str(),
            query.2
        ))));
        bench!("fixed_key_built", queries, |query| fixed.get(&fixed_key(query)));
        bench!("joined", queries, |query| {
            joined(&mut text, query);
            by_text.get(&text)
        });
        bench!("joined_string", queries, |query| {
            let mut text = String::new();
            joined(&mut text, query);
            by_text.get(&text)
        });
        bench!("nested", queries, |query| nested
            .get(query.0.as_str())
            .and_then(|paths| paths.get(query.1.as_str()))
            .and_then(|statuses| statuses.get(&query.2)));
        group.finish();
    }
}

criterion_group!(benches, composite);
criterion_main!(benches);
