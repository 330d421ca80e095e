//! Keys of every shape: in one word, made of parts, borrowed and owned text, larger than what a search keeps in registers. How a search is
//! compiled depends on it (`src/table/search.rs`), what it finds does not: each method that looks for a key, in maps from empty to
//! some thousands of entries that move, with hashers from good to constant, beside `std`'s map.
#![cfg(feature = "std")]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

mod support;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use arenamap::hash_map::{Entry, EntryRef};
use arenamap::{ArenaMap, ArenaSet, BoundedMap};
use support::hashers::Graded;
use support::{Dice, times};

/// A key that is made of two numbers wherever it is used.
trait Key: Hash + Eq + Clone + Debug {
    fn of(a: u32, b: u32) -> Self;
}

macro_rules! keys {
    ($($key:ty: $make:expr;)*) => {$(
        impl Key for $key {
            fn of(a: u32, b: u32) -> Self {
                let make: fn(u32, u32) -> $key = $make;
                make(a, b)
            }
        }
    )*};
}

keys! {
    u64: |a, b| u64::from(a) << 32 | u64::from(b);
    (u32, u32): |a, b| (a, b);
    (u16, u16): |a, b| (a as u16, b as u16);
    (u8, u32, u16): |a, b| (a as u8, b, 3);
    [u32; 4]: |a, b| [a, 0, b, a];
    [u8; 16]: |a, b| (u128::from(a) << 64 | u128::from(b)).to_le_bytes();
    [u64; 5]: |a, b| [a.into(), 0, b.into(), 0, 1];
    String: |a, b| format!("{a}/{b}");
    &'static str: |a, b| TEXTS[(a * 61 + b) as usize % TEXTS.len()];
    (): |_, _| ();
    Named: |a, b| Named { name: format!("{a}"), number: b };
}

/// Larger than what is kept in registers, with memory of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Named {
    name: String,
    number: u32,
}

static TEXTS: [&str; 12] = [
    "",
    "a",
    "b",
    "ab",
    "ba",
    "abc",
    "abcd",
    "0123456789abcdef",
    "-",
    "--",
    "---",
    "ß",
];

fn program<K: Key>(steps: u32, side: u32, hasher: Graded, seed: u64) -> bool {
    let mut dice = Dice::new(seed);
    let mut map: ArenaMap<K, u32, Graded> = ArenaMap::with_hasher(hasher);
    let mut set: ArenaSet<K, Graded> = ArenaSet::with_hasher(hasher);
    let mut model: HashMap<K, u32> = HashMap::new();
    let mut moved = false;
    for step in 0..steps {
        let [a, b] = [(); 2].map(|()| dice.below(side.into()) as u32);
        let known = model.get(&K::of(a, b)).copied();
        moved |= map.stats().left_to_move > 0;
        match dice.below(16) {
            0 => assert_eq!(map.get(&K::of(a, b)).copied(), known),
            1 => {
                assert_eq!(map.contains_key(&K::of(a, b)), known.is_some());
                assert_eq!(set.contains(&K::of(a, b)), known.is_some());
            }
            2 => assert_eq!(map.get_key_value(&K::of(a, b)), model.get_key_value(&K::of(a, b))),
            3 => {
                if let Some(value) = map.get_mut(&K::of(a, b)) {
                    *value += 1;
                    *model.get_mut(&K::of(a, b)).expect("a key of both") += 1;
                }
                assert_eq!(map.get(&K::of(a, b)).is_some(), known.is_some());
            }
            4..7 => {
                assert_eq!(map.insert(K::of(a, b), step), model.insert(K::of(a, b), step));
                assert_eq!(set.insert(K::of(a, b)), known.is_none());
            }
            7 => {
                *map.entry(K::of(a, b)).or_insert(step) += 2;
                *model.entry(K::of(a, b)).or_insert(step) += 2;
                assert_eq!(set.get_or_insert_with(&K::of(a, b), Clone::clone), &K::of(a, b));
            }
            8 => match map.entry(K::of(a, b)) {
                Entry::Occupied(entry) => {
                    assert_eq!(Some(entry.remove()), model.remove(&K::of(a, b)));
                    assert_eq!(set.take(&K::of(a, b)), Some(K::of(a, b)));
                }
                Entry::Vacant(entry) => assert_eq!((entry.into_key(), known), (K::of(a, b), None)),
            },
            9 => match map.entry_ref(&K::of(a, b)) {
                EntryRef::Occupied(mut entry) => assert_eq!(Some(entry.insert(step)), model.insert(K::of(a, b), step)),
                EntryRef::Vacant(entry) => {
                    assert_eq!((entry.key(), known), (&K::of(a, b), None));
                    entry.insert_entry_with_key(K::of(a, b), step);
                    model.insert(K::of(a, b), step);
                    set.insert(K::of(a, b));
                }
            },
            10 | 11 => {
                assert_eq!(map.remove(&K::of(a, b)), model.remove(&K::of(a, b)));
                assert_eq!(set.remove(&K::of(a, b)), known.is_some());
            }
            12 => {
                let removed = map.remove_entry(&K::of(a, b));
                assert_eq!(removed, model.remove_entry(&K::of(a, b)));
                assert_eq!(set.take(&K::of(a, b)).is_some(), removed.is_some());
            }
            13 => {
                let key = K::of(a, b);
                let hash = map.hash_of(&key);
                assert_eq!(map.find(hash, |known| *known == key).map(|(_, value)| *value), known);
                let found: Vec<u32> = map
                    .iter_hash(hash)
                    .filter(|(known, _)| **known == key)
                    .map(|(_, value)| *value)
                    .collect();
                assert_eq!(found, Vec::from_iter(known));
            }
            14 => {
                let keys = [K::of(a, b), K::of(b, a), K::of(side, side)];
                let mut out = [None; 3];
                map.get_batch(&keys, &mut out);
                assert_eq!(out, [&keys[0], &keys[1], &keys[2]].map(|key| model.get(key)));
            }
            _ => {
                let key = K::of(a, b);
                let [found] = map.get_disjoint_mut([&key]);
                assert_eq!(found.copied(), known);
            }
        }
        assert_eq!((map.len(), set.len()), (model.len(), model.len()));
    }
    for (key, value) in &model {
        assert_eq!((map.get(key), set.get(key)), (Some(value), Some(key)));
    }
    moved
}

/// The same of a bounded map with room for all keys, and none for more.
fn bounded_program<K: Key>(steps: u32, side: u32, hasher: Graded, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut map: BoundedMap<K, u32, Graded> = BoundedMap::with_hasher((side * side) as usize, hasher);
    let mut model: HashMap<K, u32> = HashMap::new();
    for step in 0..steps {
        let [a, b] = [(); 2].map(|()| dice.below(side.into()) as u32);
        let known = model.get(&K::of(a, b)).copied();
        match dice.below(8) {
            0 => assert_eq!(map.get(&K::of(a, b), 0).copied(), known),
            1 => assert_eq!(map.peek(&K::of(a, b), 0).copied(), known),
            2 => {
                if let Some(value) = map.get_mut(&K::of(a, b), 0) {
                    *value += 1;
                    *model.get_mut(&K::of(a, b)).expect("a key of both") += 1;
                }
                assert_eq!(map.contains_key(&K::of(a, b), 0), known.is_some());
            }
            3 | 4 => {
                let old = map.insert(K::of(a, b), step, 0).map(|old| old.value);
                assert_eq!(old, model.insert(K::of(a, b), step));
            }
            5 => {
                let value = *map.get_or_insert_with(K::of(a, b), 0, || step);
                assert_eq!(value, *model.entry(K::of(a, b)).or_insert(step));
            }
            6 => assert_eq!(map.remove(&K::of(a, b), 0), model.remove(&K::of(a, b))),
            _ => {
                *map.entry(K::of(a, b), 0).or_insert(step) += 2;
                *model.entry(K::of(a, b)).or_insert(step) += 2;
            }
        }
        assert_eq!(map.len(), model.len());
    }
    for (key, value) in &model {
        assert_eq!(map.peek(key, 0), Some(value));
    }
}

fn all_programs<K: Key>(moves: bool) {
    let mut moved = false;
    for (seed, (name, hasher)) in (1..).zip(Graded::ALL) {
        // (With hashes that are all alike a search compares with every entry.)
        let is_good = seed == 1;
        for side in [2, 5, 12, if is_good { 80 } else { 25 }] {
            println!("{name}, {side} times {side} keys");
            let steps = u32::try_from(times(side as usize * side as usize * 4 + 200, 60)).unwrap();
            moved |= program::<K>(steps, side, hasher, seed);
            bounded_program::<K>(steps, side, hasher, seed);
        }
    }
    assert!(moved || !moves || cfg!(miri), "some entries were on their way");
}

#[test]
fn keys_in_a_word() {
    all_programs::<u64>(true);
    all_programs::<()>(false);
}

#[test]
fn keys_made_of_parts() {
    all_programs::<(u32, u32)>(true);
    all_programs::<(u16, u16)>(true);
    all_programs::<(u8, u32, u16)>(true);
}

#[test]
fn keys_that_are_arrays() {
    all_programs::<[u32; 4]>(true);
    all_programs::<[u8; 16]>(true);
    all_programs::<[u64; 5]>(true);
}

#[test]
fn keys_that_are_texts() {
    all_programs::<String>(true);
    all_programs::<&'static str>(false);
    all_programs::<Named>(true);
}
