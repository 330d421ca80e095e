//! Every promise at once: an `ArenaMap` answers as `std::collections::HashMap` does, on every handle (P6), empty and in the
//! middle of a move, with hashers from good to constant (P10), and its numbers hold after each step (P2, P3).
//!
//! Programs are random and the same in each run; a failing one is shrunk. `ARENAMAP_CASES=100` runs so many programs
//! of each configuration, with other seeds.
#![cfg(feature = "std")]

mod support;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::BuildHasher;

use arenamap::{Arena, ArenaMap, Handle};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use support::ops::{Kind, Op, Pair, Start, Visit, with_map};
use support::values::{Big, Value};
use support::{Identity, times};

/// A key space and a list of operations on it. Few keys meet often; many keys grow.
fn program(longest: usize) -> impl Strategy<Value = Vec<Op>> {
    let kind = proptest::sample::select(
        Kind::ALL
            .iter()
            .flat_map(|&(kind, weight)| std::iter::repeat_n(kind, weight as usize))
            .collect::<Vec<_>>(),
    );
    prop_oneof![Just(12_u64), Just(90), Just(4_000)].prop_flat_map(move |keys| {
        let op = (kind.clone(), 0..keys, 0_u64..1_000).prop_map(|(kind, key, number)| Op { kind, key, number });
        vec(op, 1..longest)
    })
}

/// Runs random programs on each configuration, and notes what happened in them.
struct Programs<V> {
    seen: BTreeSet<(Kind, bool)>,
    seen_moving: BTreeSet<Kind>,
    seed: u64,
    value: std::marker::PhantomData<V>,
}

impl<V: Value + Debug> Visit for Programs<V> {
    fn visit<S: BuildHasher + Clone, H: Handle>(
        &mut self,
        name: &str,
        start: Start,
        hasher: S,
        fresh: &mut dyn FnMut() -> H,
    ) {
        let asked = std::env::var("ARENAMAP_CASES")
            .ok()
            .and_then(|cases| cases.parse().ok());
        self.seed += 1;
        let config = Config {
            cases: asked.unwrap_or(u32::try_from(times(6, 1)).unwrap()),
            failure_persistence: None,
            max_shrink_iters: 2_000,
            max_shrink_time: 10_000, // ms
            rng_seed: RngSeed::Fixed(self.seed.wrapping_mul(u64::from(asked.unwrap_or(1)))),
            ..Config::default()
        };
        let fresh = std::cell::RefCell::new(fresh);
        let noted = std::cell::RefCell::new(&mut *self);
        let outcome = TestRunner::new(config).run(&program(times(160, 24)), |ops| {
            let run = || {
                let mut fresh = fresh.borrow_mut();
                let mut fresh = || fresh();
                let mut pair = Pair::<V, S, H>::new(start, hasher.clone(), &mut fresh);
                let last = ops.len() - 1;
                for (at, op) in ops.iter().enumerate() {
                    pair.apply(*op);
                    pair.check(at % times(8, 4) == 0 || at == last);
                }
                let mut noted = noted.borrow_mut();
                noted.seen.append(&mut pair.seen);
                noted.seen_moving.append(&mut pair.seen_moving);
                drop(noted);
                pair.finish();
            };
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).map_err(|panic| {
                let text = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied());
                TestCaseError::fail(text.unwrap_or("a panic").to_owned())
            })
        });
        if let Err(error) = outcome {
            panic!("{name}: {error}");
        }
    }
}

/// Runs everything for one type of value and demands that each kind of operation met both its cases, and a move under way.
fn programs<V: Value + Debug>(seed: u64) {
    let mut programs = Programs::<V> {
        seen: BTreeSet::new(),
        seen_moving: BTreeSet::new(),
        seed,
        value: std::marker::PhantomData,
    };
    with_map(&mut programs);
    if !cfg!(miri) {
        let missed: Vec<_> = Kind::ALL
            .iter()
            .flat_map(|&(kind, _)| [(kind, false), (kind, true)])
            .filter(|case| !programs.seen.contains(case))
            .collect();
        assert!(missed.is_empty(), "never happened: {missed:?}");
        let missed: Vec<_> = Kind::ALL
            .iter()
            .filter(|(kind, _)| !programs.seen_moving.contains(kind))
            .collect();
        assert!(missed.is_empty(), "never happened during a move: {missed:?}");
    }
}

#[test]
fn programs_on_small_values_agree_with_std() {
    programs::<u64>(0);
}

#[test]
#[cfg_attr(miri, ignore = "hours: the test above moves entries there")]
fn programs_on_big_values_that_are_counted_agree_with_std() {
    programs::<Big>(1 << 32);
}

/// A table that was full, and was emptied entry by entry, is as good as a new one.
/// Tables beyond the processor's cache are extended in batches.
#[test]
fn an_extended_large_map_agrees_with_std() {
    let pairs = || (0..700_000_u64).map(|n| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 600_000, n));
    let model: std::collections::HashMap<u64, u64> = pairs().collect();
    let mut map: ArenaMap<u64, u64> = ArenaMap::with_capacity(650_000);
    map.extend(pairs());
    assert_eq!(map.len(), model.len());
    assert!(model.iter().all(|(key, value)| map.get(key) == Some(value)));
    // As far as there is room, and beyond it.
    map.extend((0..1_000_000).map(|n| (n | 1 << 40, n)));
    assert_eq!(map.len(), model.len() + 1_000_000);
    assert!((0..1_000_000).all(|n| map.get(&(n | 1 << 40)) == Some(&n)));
}

#[test]
fn a_full_table_emptied_takes_entries_again() {
    let arena = Arena::new();
    let mut map: ArenaMap<u64, Big, _, _> = ArenaMap::with_hasher_in(Identity, &arena);
    map.reserve(28);
    let full = map.capacity() as u64;
    let used = arena.used();
    for round in 0..3 {
        map.extend((0..full).map(|key| (key, Big::of(key))));
        for key in 0..full {
            assert_eq!(map.remove(&key).map(|value| value.number()), Some(key));
        }
        assert!(map.is_empty(), "round {round}");
        map.insert(full, Big::of(full));
        assert_eq!(map.len(), 1);
        map.clear();
        assert_eq!(arena.used(), used, "removed entries leave nothing behind");
    }
}

#[test]
#[should_panic(expected = "duplicate keys found")]
fn one_key_twice_is_not_disjoint() {
    let mut map = ArenaMap::from([(1, 1), (2, 2)]);
    let _ = map.get_disjoint_mut([&1, &2, &1]);
}

#[test]
#[should_panic(expected = "no entry found for key")]
fn indexing_needs_the_key() {
    let map = ArenaMap::from([(1, 1)]);
    let _ = map[&2];
}

#[test]
#[should_panic(expected = "not equivalent")]
fn a_key_made_for_an_entry_must_be_the_key_asked_for() {
    let mut map = ArenaMap::from([(1, 1)]);
    map.entry_ref(&2).or_insert_keyed(|key| key + 1, 0);
}

/// A hash given by hand may be wrong: then keys are not found, and nothing worse happens.
#[test]
fn wrong_hashes_cost_no_other_entry() {
    let arena = Arena::new();
    let mut map: ArenaMap<u64, Big, _, _> = ArenaMap::with_hasher_in(support::fixed(), &arena);
    let n = times(300, 40) as u64;
    for key in 0..n {
        map.insert(key, Big::of(key));
    }
    for key in n..2 * n {
        map.insert_unique(0, key, Big::of(key)); // all of them where hash 0 belongs
        assert_eq!(map.len() as u64, key + 1);
        assert_eq!(map.iter().count(), map.len());
    }
    for key in 0..n {
        assert_eq!(map.get(&key).map(Value::number), Some(key));
    }
    assert_eq!(map.iter().fold(0, |n, _| n + 1), map.len());
    drop(map);
    assert_eq!((arena.used(), Big::live()), (0, 0));
}
