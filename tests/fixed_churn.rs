//! Promise P4: a `FixedMap` of capacity n takes n entries after any history, and its searches stay short.
//!
//! Counted, not timed. The table in `src/fixed/FORMAT.md` is printed by
//! `cargo test --release --features fixed --test fixed_churn -- --ignored --nocapture`.

#![allow(clippy::cast_precision_loss, reason = "means are for people")]

#[path = "support/basics.rs"]
mod support;

use arenamap::fixed::{AlignedBytes, FixedMap, FixedStats, u64_le};

use support::{Dice, key};

type Map = FixedMap<u64_le, u64_le, AlignedBytes>;

/// Moments at which the longest search is looked at.
const SNAPSHOTS: u32 = 20;

/// A full map under random remove+insert pairs.
struct Churn {
    map: Map,
    /// Keys that are there; the number of a key is its value.
    keys: Vec<u64>,
    next: u64,
    dice: Dice,
    bytes: usize,
}

impl Churn {
    fn new(capacity: usize) -> Self {
        let bytes = FixedMap::<u64_le, u64_le>::bytes_for(capacity);
        let mut map = Map::create_seeded(AlignedBytes::zeroed(bytes), capacity, 42).unwrap();
        let keys: Vec<u64> = (0..capacity as u64).collect();
        for &number in &keys {
            assert_eq!(map.insert(key(number).into(), number.into()).unwrap(), None);
        }
        Self {
            map,
            keys,
            next: capacity as u64,
            dice: Dice::new(7),
            bytes,
        }
    }

    /// So many pairs: an entry at random leaves, a new one takes its place.
    fn pairs(&mut self, pairs: u64) {
        for _ in 0..pairs {
            let at = usize::try_from(self.dice.below(self.keys.len() as u64)).unwrap();
            let (old, new) = (self.keys[at], self.next);
            assert_eq!(self.map.remove(&key(old)), Some(old.into()));
            assert_eq!(self.map.insert(key(new).into(), new.into()).unwrap(), None);
            self.keys[at] = new;
            self.next += 1;
        }
    }

    fn pairs_so_far(&self) -> u64 {
        self.next - self.keys.len() as u64
    }

    /// The longest search of a hit and of a miss. At one moment that is chance: this is the mean of several.
    fn longest(&mut self) -> (f64, f64) {
        let mut sum = (0.0, 0.0);
        for _ in 0..SNAPSHOTS {
            self.pairs(self.keys.len() as u64 / 2);
            let stats = self.check();
            sum = (sum.0 + stats.longest_hit as f64, sum.1 + stats.longest_miss as f64);
        }
        (sum.0 / f64::from(SNAPSHOTS), sum.1 / f64::from(SNAPSHOTS))
    }

    /// The map is whole, full, and no larger than it was; says how long its searches are.
    fn check(&self) -> FixedStats {
        assert_eq!(self.map.verify(), Ok(()));
        assert_eq!(
            (self.map.len(), self.map.capacity()),
            (self.keys.len(), self.keys.len())
        );
        assert_eq!(self.map.as_bytes().len(), self.bytes);
        for &number in &self.keys {
            assert_eq!(self.map.get(&key(number)), Some(&number.into()));
        }
        self.map.stats()
    }
}

fn row(entries: &str, when: &str, stats: &FixedStats) {
    println!(
        "| {entries} | {when} | {:.3} | {} | {:.3} | {} |",
        stats.groups_per_hit, stats.longest_hit, stats.groups_per_miss, stats.longest_miss
    );
}

/// Bounds that hold fresh and after churn.
fn within_bounds(stats: &FixedStats) {
    assert!(stats.groups_per_hit <= 1.4 && stats.groups_per_miss <= 2.0, "{stats}");
}

#[test]
#[cfg_attr(miri, ignore = "millions of pairs")]
fn p4_searches_stay_short_after_20n_pairs() {
    for entries in [100, 1_000, 100_000] {
        let mut churn = Churn::new(entries);
        within_bounds(&churn.check());
        churn.pairs(20 * entries as u64);
        let churned = churn.check();
        within_bounds(&churned);

        // Emptied and filled again, it is as good as new.
        for number in std::mem::take(&mut churn.keys) {
            churn.map.remove(&key(number)).unwrap();
        }
        let empty = churn.map.stats();
        assert_eq!(
            (empty.groups_per_miss, empty.longest_miss),
            (1.0, 1),
            "no counter is left"
        );
        let schema_at = churn.map.as_bytes().len() - empty.schema_bytes;
        assert!(churn.map.as_bytes()[192..schema_at].iter().all(|&byte| byte == 0));
    }
}

/// A full map refuses, makes room, refuses again: capacity is a promise, not a hint.
#[test]
fn p4_every_capacity_is_kept_after_any_history() {
    for capacity in (1..=if cfg!(miri) { 14 } else { 120 }).chain(if cfg!(miri) { None } else { Some(5_000) }) {
        let mut churn = Churn::new(capacity);
        churn.pairs(3 * capacity as u64);
        let refused = churn.map.insert(key(churn.next).into(), 0.into()).unwrap_err();
        assert_eq!(refused.into_pair().0, key(churn.next));
        churn.check();
    }
}

#[test]
#[ignore = "prints the table of FORMAT.md: some minutes, in release"]
fn p4_ten_to_the_eighth_pairs_and_the_table_of_the_format() {
    println!("| entries | pairs before | groups per hit: mean | longest | groups per miss: mean | longest |");
    println!("|---:|---|---:|---:|---:|---:|");
    for (entries, name) in [(1_000, "1,000"), (100_000, "100,000"), (1_000_000, "1,000,000")] {
        let mut churn = Churn::new(entries);
        row(name, "none", &churn.check());
        churn.pairs(20 * entries as u64);
        let before = churn.check();
        row(name, "20 n", &before);
        if entries == 100_000 {
            let early = churn.longest();
            churn.pairs(100_000_000 - churn.pairs_so_far());
            let after = churn.check();
            row(name, "10⁸", &after);
            let late = churn.longest();
            println!("longest of hit and miss, mean of {SNAPSHOTS} moments: {early:?} after 20 n, {late:?} after 10⁸");
            let near = |one: f64, other: f64, by: f64| one <= other * (1.0 + by) && other <= one * (1.0 + by);
            assert!(
                near(before.groups_per_hit, after.groups_per_hit, 0.05),
                "{before} / {after}"
            );
            assert!(
                near(before.groups_per_miss, after.groups_per_miss, 0.05),
                "{before} / {after}"
            );
            assert!(
                near(early.0, late.0, 0.25) && near(early.1, late.1, 0.25),
                "{early:?} / {late:?}"
            );
        }
    }
}
