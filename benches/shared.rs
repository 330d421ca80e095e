//! One lookup in a map that may be replaced meanwhile, by one thread and by two: `SharedSnapshot`, beside what one would write without it.
//!
//! Each time is that of getting at the map and of one hit; `Snapshot`, which cannot be replaced while it is read, is the hit alone. The
//! peers take turns, `ARENAMAP_BENCH_ROUNDS` (15) times; times are medians over the rounds, ratios medians of the rounds' own ratios, to
//! `Snapshot`.

mod support;

use std::hint::black_box;
use std::sync::{Arc, RwLock};

use arenamap::fixed::file::{SharedSnapshot, Snapshot};
use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
use comfy_table::{CellAlignment, Table, presets};

type Map = FixedMap<u64_le, u64_le>;

const PEERS: [&str; 5] = [
    "Snapshot",
    "SharedSnapshot::load",
    "SharedSnapshot::load_full",
    "RwLock<Arc>, read",
    "RwLock<Arc>, clone",
];

fn main() {
    for n in support::sizes(&[1_000, 100_000]) {
        for threads in [1, 2] {
            lookups(n, threads);
        }
    }
}

fn lookups(n: usize, threads: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("map");
    let memory = AlignedBytes::zeroed(Map::bytes_for(n));
    let mut map = Map::create_seeded(memory, n, 0x5EED).expect("memory of the right size");
    for (key, value) in support::pairs(n) {
        map.insert(key.into(), value.into()).expect("a map with room");
    }
    map.publish(&path).expect("a published file");
    let snapshot = Snapshot::<Map>::read(&path).expect("an archive");
    let shared = SharedSnapshot::<Map>::read(&path).expect("an archive");
    let locked = RwLock::new(Arc::new(map));
    let read = || locked.read().expect("not poisoned");

    let rounds = support::rounds(15);
    let times: u64 = if support::testing() { 1_000 } else { 1_000_000 };
    let hit = |map: &Map, i: u64| {
        let at = i % n as u64;
        assert_eq!(map.get(&support::key(at)).map(|value| value.to_native()), Some(at));
    };
    let mut spans = PEERS.map(|_| Vec::new());
    for round in 0..rounds {
        for turn in 0..PEERS.len() {
            let peer = (round + turn) % PEERS.len();
            let span = match peer {
                0 => support::on_threads(threads, times, |i| hit(black_box(&snapshot), i)),
                1 => support::on_threads(threads, times, |i| hit(&black_box(&shared).load(), i)),
                2 => support::on_threads(threads, times, |i| hit(&black_box(&shared).load_full(), i)),
                3 => support::on_threads(threads, times, |i| hit(&read(), i)),
                _ => support::on_threads(threads, times, |i| {
                    let map = read().clone();
                    hit(&map, i);
                }),
            };
            spans[peer].push(span.as_secs_f64() * 1e9 / support::as_f64(times));
        }
    }

    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["peer", "ns a lookup", "ratio"]);
    for column in 1..=2 {
        let column = table.column_mut(column).expect("three columns");
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (peer, own) in PEERS.iter().zip(&spans) {
        let ratios = own.iter().zip(&spans[0]).map(|(own, alone)| own / alone).collect();
        table.add_row([
            (*peer).to_owned(),
            format!("{:.1}", support::median(own.clone())),
            format!("{:.2}x", support::median(ratios)),
        ]);
    }
    println!("\nshared: {n} entries, {threads} threads; medians of {rounds} rounds\n\n{table}");
}
