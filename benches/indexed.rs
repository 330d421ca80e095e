//! `IndexedMap` beside what it is made of and its peers: nanoseconds a lookup, in a loop as a user writes it.
//!
//! All maps have the same pairs of u64 in pages of the same size. The keys of a round are looked up in an order that is random
//! and that no map knows. The maps take turns; each number is the median of the rounds.

#[path = "../examples/compare/numbers.rs"]
mod numbers;
mod support;

use std::hint::black_box;
use std::time::Instant;

use arenamap::fixed::{AlignedBytes, FixedMap, IndexedMap, u64_le};
use comfy_table::{CellAlignment, Table, presets};
use hashbrown::HashMap;
use numbers::{Numbers, ODHT_LOAD};

type Plain = FixedMap<u64_le, u64_le>;
type Indexed = IndexedMap<u64_le, u64_le>;

/// Most lookups of one round: enough that each takes many milliseconds.
const LOOKUPS: usize = 2_000_000;
/// Keys that are looked up together.
const BATCH: usize = 512;

/// A name, and a loop of lookups that gives the sum of what it found.
type Subject<'m> = (&'static str, Box<dyn Fn(&[u64]) -> u64 + 'm>);

/// The same loop around each map's `get`.
macro_rules! plain {
    ($name:literal, $get:expr) => {
        (
            $name,
            Box::new(|keys: &[u64]| {
                let mut sum = 0_u64;
                for key in keys {
                    if let Some(value) = $get(key) {
                        sum = sum.wrapping_add(value);
                    }
                }
                sum
            }),
        )
    };
}

/// Lookups by batches.
macro_rules! batched {
    ($name:literal, $map:expr) => {
        (
            $name,
            Box::new(|keys: &[u64]| {
                let mut out = [None; BATCH];
                let mut sum = 0_u64;
                for keys in keys.chunks(BATCH) {
                    let out = &mut out[..keys.len()];
                    $map.get_batch(keys, out);
                    for value in out.iter().flatten() {
                        sum = sum.wrapping_add(value.to_native());
                    }
                }
                sum
            }),
        )
    };
}

/// Nanoseconds each of a loop over some keys.
#[allow(clippy::cast_precision_loss, reason = "a time for people")]
fn time<T>(count: usize, run: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let made = black_box(run());
    (start.elapsed().as_nanos() as f64 / count as f64, made)
}

/// So many of these keys, in random order, each as often as the others.
fn shuffled(n: usize, key: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut keys: Vec<u64> = (0..n.max(LOOKUPS.min(n * 200)) as u64)
        .map(|i| key(i % n as u64))
        .collect();
    for i in (1..keys.len()).rev() {
        let other = support::key(!(i as u64)) % (i as u64 + 1);
        keys.swap(i, usize::try_from(other).expect("below i"));
    }
    keys.truncate(LOOKUPS);
    keys
}

fn lookups(n: usize, plain: &Plain, indexed: &Indexed, table: &mut Table) {
    let mut peer = HashMap::with_capacity_and_hasher(n, support::fixed());
    peer.extend(support::pairs(n));
    let mut odht = odht::HashTableOwned::<Numbers>::with_capacity(n, ODHT_LOAD);
    for (key, value) in support::pairs(n) {
        odht.insert(&key, &value);
    }
    let subjects: [Subject<'_>; 6] = [
        plain!("hashbrown", |key| peer.get(key).copied()),
        plain!("odht", |key| odht.get(key)),
        plain!("FixedMap", |key| plain.get(key).map(|value| value.to_native())),
        plain!("IndexedMap", |key| indexed.get(key).map(|value| value.to_native())),
        batched!("FixedMap, batches", plain),
        batched!("IndexedMap, batches", indexed),
    ];
    for (what, keys) in [
        ("hits", shuffled(n, support::key)),
        ("misses", shuffled(n, |i| support::key(i + (1 << 40)))),
    ] {
        let mut times = [const { Vec::new() }; 6];
        let mut sums = Vec::new();
        for _ in 0..support::rounds(9) {
            for ((_, run), times) in subjects.iter().zip(&mut times) {
                let (time, sum) = time(keys.len(), || run(black_box(&keys)));
                times.push(time);
                sums.push(sum);
            }
        }
        assert!(sums.iter().all(|&sum| sum == sums[0]), "all find the same");
        let times = times.map(support::median);
        let mut row = vec![n.to_string(), what.to_owned()];
        row.extend(times.iter().map(|time| format!("{time:.1} ({:.2})", times[0] / time)));
        table.add_row(row);
    }
}

fn main() {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let names = [
        "hashbrown",
        "odht",
        "FixedMap",
        "IndexedMap",
        "FixedMap, batches",
        "IndexedMap, batches",
    ];
    table.set_header(["entries", ""].into_iter().chain(names));
    let mut made = Table::new();
    made.load_style(presets::ASCII_MARKDOWN);
    made.set_header([
        "entries",
        "made of a FixedMap, ns a key",
        "made of pairs, ns a key",
        "bytes a pair",
        "verified, ns a key",
    ]);
    for n in support::sizes(&[1_000, 10_000, 100_000, 1_000_000, 10_000_000]) {
        let mut plain =
            Plain::create_seeded(AlignedBytes::zeroed(Plain::bytes_for(n)), n, 0x5EED).expect("enough memory");
        for (key, value) in support::pairs(n) {
            plain.insert(key.into(), value.into()).expect("a map with room");
        }
        let mut scratch = vec![1_u64; Indexed::scratch_words(n)];
        let memory = || AlignedBytes::from_slice(&vec![1; Indexed::bytes_for(n)]); // with its pages there
        let (mut of_map, mut of_pairs) = (Vec::new(), Vec::new());
        for _ in 0..support::rounds(3) {
            let memory_of_map = memory();
            of_map.push(time(n, || plain.index_into(memory_of_map, &mut scratch).expect("an index")).0);
            let pairs: Vec<(u64_le, u64_le)> = support::pairs(n)
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect();
            let memory = memory();
            let entries = pairs.iter().copied();
            of_pairs.push(
                time(n, || {
                    Indexed::from_entries_in(memory, &mut scratch, 0x5EED, entries).expect("an index")
                })
                .0,
            );
        }
        let indexed = plain.try_index().expect("an index");
        let (verified, result) = time(n, || indexed.verify());
        result.expect("a whole archive");
        #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
        let bytes = indexed.as_bytes().len() as f64 / n as f64;
        made.add_row([
            n.to_string(),
            format!("{:.0}", support::median(of_map)),
            format!("{:.0}", support::median(of_pairs)),
            format!("{bytes:.2}"),
            format!("{verified:.1}"),
        ]);
        lookups(n, &plain, &indexed, &mut table);
    }
    for table in [&mut table, &mut made] {
        table
            .column_iter_mut()
            .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        println!("{table}\n");
    }
}
