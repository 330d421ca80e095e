//! Maps of u64: the same loops on `ArenaMap`, `FixedMap` and hashbrown.

#![allow(unused_qualifications, reason = "in what gungraun makes of these functions")]

use std::hint::black_box;

use arenamap::{Arena, ArenaMap};
use foldhash::fast::FixedState;
use gungraun::{library_benchmark, library_benchmark_group};

use crate::peers::{Hashbrown, Ours as Fixed, Peer, named_alike};
use crate::{SIZES, support};

pub(crate) type Growing = ArenaMap<u64, u64, FixedState>;

impl Peer for Growing {
    type Value = u64;

    fn for_entries(n: usize, seed: u64) -> Self {
        ArenaMap::with_capacity_and_hasher(n, FixedState::with_seed(seed))
    }

    #[inline(always)]
    fn insert(&mut self, key: u64, value: u64) -> Option<u64> {
        Growing::insert(self, key, value)
    }

    named_alike! {}
}

/// A map and keys for it.
pub(crate) struct Load<M> {
    pub(crate) map: M,
    /// As many as the map has entries, or room for.
    keys: Vec<u64>,
    /// As many that are in no map.
    absent: Vec<u64>,
}

const SEED: u64 = 0x5EED;

fn load<M>(n: usize, map: M) -> Load<M> {
    let keys = |first: u64| (first..first + n as u64).map(support::key).collect();
    Load {
        map,
        keys: keys(0),
        absent: keys(1 << 50),
    }
}

/// With room for all keys.
fn empty<M: Peer>(n: usize) -> Load<M> {
    load(n, M::for_entries(n, SEED))
}

/// With all keys.
pub(crate) fn full<M: Peer>(n: usize) -> Load<M> {
    let mut load = empty::<M>(n);
    for &key in &load.keys {
        load.map.insert(key, !key);
    }
    assert_eq!(load.map.len(), n);
    load
}

/// Without room, in an arena that held such a map before.
fn from_empty(n: usize) -> Load<Growing> {
    let hasher = || FixedState::with_seed(SEED);
    let mut arena = Arena::new();
    let mut before = ArenaMap::with_hasher_in(hasher(), &arena);
    before.extend(support::pairs(n));
    drop(before);
    arena.reset();
    load(n, ArenaMap::with_hasher_in(hasher(), arena))
}

/// Without room, on the heap.
fn from_empty_heap(n: usize) -> Load<Hashbrown> {
    load(n, Hashbrown::with_hasher(FixedState::with_seed(SEED)))
}

// Each call by itself: how the loop around it is compiled must not change what it is compiled to.

#[inline(never)]
fn get<M: Peer>(map: &M, key: u64) -> Option<&M::Value> {
    map.get(&key)
}

#[inline(never)]
pub(crate) fn put<M: Peer>(map: &mut M, key: u64, value: u64) -> Option<M::Value> {
    map.insert(key, value)
}

#[inline(never)]
fn take<M: Peer>(map: &mut M, key: u64) -> Option<M::Value> {
    map.remove(&key)
}

fn found<M: Peer>(map: &M, keys: &[u64]) -> usize {
    keys.iter().filter(|&&key| black_box(get(map, key)).is_some()).count()
}

#[library_benchmark]
#[benches::arena_map(iter = SIZES, setup = full::<Growing>)]
#[benches::fixed_map(iter = SIZES, setup = full::<Fixed>)]
#[benches::hashbrown(iter = SIZES, setup = full::<Hashbrown>)]
fn get_hit<M: Peer>(load: Load<M>) -> Load<M> {
    assert_eq!(found(&load.map, &load.keys), load.keys.len());
    load
}

#[library_benchmark]
#[benches::arena_map(iter = SIZES, setup = full::<Growing>)]
#[benches::fixed_map(iter = SIZES, setup = full::<Fixed>)]
#[benches::hashbrown(iter = SIZES, setup = full::<Hashbrown>)]
fn get_miss<M: Peer>(load: Load<M>) -> Load<M> {
    assert_eq!(found(&load.map, &load.absent), 0);
    load
}

#[library_benchmark]
#[benches::arena_map(iter = SIZES, setup = empty::<Growing>)]
#[benches::fixed_map(iter = SIZES, setup = empty::<Fixed>)]
#[benches::hashbrown(iter = SIZES, setup = empty::<Hashbrown>)]
fn insert<M: Peer>(mut load: Load<M>) -> Load<M> {
    for &key in &load.keys {
        black_box(put(&mut load.map, key, !key));
    }
    assert_eq!(load.map.len(), load.keys.len());
    load
}

#[library_benchmark]
#[benches::arena_map(iter = SIZES, setup = from_empty)]
#[benches::hashbrown(iter = SIZES, setup = from_empty_heap)]
fn insert_growing<M: Peer>(mut load: Load<M>) -> Load<M> {
    for &key in &load.keys {
        black_box(put(&mut load.map, key, !key));
    }
    assert_eq!(load.map.len(), load.keys.len());
    load
}

#[library_benchmark]
#[benches::arena_map(iter = SIZES, setup = full::<Growing>)]
#[benches::fixed_map(iter = SIZES, setup = full::<Fixed>)]
#[benches::hashbrown(iter = SIZES, setup = full::<Hashbrown>)]
fn overwrite<M: Peer>(mut load: Load<M>) -> Load<M> {
    for &key in &load.keys {
        black_box(put(&mut load.map, key, key));
    }
    assert_eq!(load.map.len(), load.keys.len());
    load
}

#[library_benchmark]
#[benches::arena_map(iter = SIZES, setup = full::<Growing>)]
#[benches::fixed_map(iter = SIZES, setup = full::<Fixed>)]
#[benches::hashbrown(iter = SIZES, setup = full::<Hashbrown>)]
fn remove_and_insert<M: Peer>(mut load: Load<M>) -> Load<M> {
    for (&old, &new) in load.keys.iter().zip(&load.absent) {
        black_box(take(&mut load.map, old));
        black_box(put(&mut load.map, new, !new));
    }
    assert_eq!(load.map.len(), load.keys.len());
    load
}

#[library_benchmark]
#[benches::arena_map(iter = SIZES, setup = full::<Growing>)]
#[benches::fixed_map(iter = SIZES, setup = full::<Fixed>)]
#[benches::hashbrown(iter = SIZES, setup = full::<Hashbrown>)]
fn iterate<M: Peer>(load: Load<M>) -> Load<M> {
    let mut entries = 0;
    load.map.each(|key, value| {
        black_box(key ^ value);
        entries += 1;
    });
    assert_eq!(entries, load.keys.len());
    load
}

library_benchmark_group!(
    name = maps,
    benchmarks = [
        get_hit,
        get_miss,
        insert,
        insert_growing,
        overwrite,
        remove_and_insert,
        iterate
    ]
);
