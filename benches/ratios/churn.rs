//! Endless random remove and insert at constant size: bytes held, and lookups against a fresh map of the same entries.

use arenamap::{Arena, ArenaMap};
use foldhash::fast::FixedState;

use crate::lookup::batches;
use crate::support::race::{as_f64, race};
use crate::support::report::Row;
use crate::{ROUNDS, SLICE, support};

/// Entries that live at any time: at 100,000 the segments are close to full, at the others half full.
const LIVE: [usize; 3] = [1_000, 100_000, 1_000_000];
/// Remove and insert pairs; `ARENAMAP_BENCH_MAX` bounds them to a thousand times itself.
const PAIRS: u64 = 100_000_000;

pub(crate) fn rows(rows: &mut Vec<Row>) {
    for n in support::sizes(&LIVE) {
        size(n, rows);
    }
}

fn size(n: usize, rows: &mut Vec<Row>) {
    let pairs = PAIRS.min((support::largest() as u64).saturating_mul(1_000));
    let new_map = || ArenaMap::<u64, u64, FixedState>::with_hasher_in(support::fixed(), Arena::new());

    let mut churned = new_map();
    // Which keys live: slot i of this list is replaced when the dice say i.
    let mut live: Vec<u64> = (0..n as u64).map(support::key).collect();
    for &key in &live {
        churned.insert(key, key);
    }
    let mut held_after_warm_up = 0;
    for i in 0..pairs {
        let slot = usize::try_from(support::key(i ^ 0xD1CE_0000_0000) % n as u64).unwrap_or(0);
        let key = support::key(n as u64 + i);
        assert!(churned.remove(&live[slot]).is_some(), "an entry that was there");
        churned.insert(key, key);
        live[slot] = key;
        if i + 1 == 10 * n as u64 {
            held_after_warm_up = churned.arena_stats().held;
        }
    }
    assert_eq!(churned.len(), n);
    rows.push(Row::of_numbers(
        "churn, bytes held",
        n,
        "B",
        ("after all pairs", as_f64(churned.arena_stats().held as u64)),
        ("after the first 10 n", as_f64(held_after_warm_up as u64)),
        Some(1.0),
    ));

    let mut fresh = new_map();
    for &key in &live {
        fresh.insert(key, key);
    }
    let count = (1_usize << 18).min(64 * n).next_multiple_of(1_000) as u64;
    let random = |i: u64| usize::try_from(support::key(i) % n as u64).unwrap_or(0);
    let hits: Vec<u64> = (0..count).map(|i| live[random(i)]).collect();
    let misses: Vec<u64> = (0..count).map(|i| support::key(n as u64 + pairs + i)).collect();
    for (what, queries, found) in [("churn, hit", &hits, 1_000), ("churn, miss", &misses, 0)] {
        let times = race(
            support::rounds(ROUNDS),
            SLICE,
            vec![
                batches("after churn", queries, found, |key| churned.contains_key(key)),
                batches("fresh map", queries, found, |key| fresh.contains_key(key)),
            ],
        );
        rows.push(Row::of_times(what, n, &times[0], &times[1], Some(1.0 / 1.2)));
    }
}
