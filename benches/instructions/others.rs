//! String keys, the pool, snapshots.

#![allow(unused_qualifications, reason = "in what gungraun makes of these functions")]

use std::hint::black_box;
use std::sync::Mutex;

use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
use arenamap::{ArenaPool, StrMap};
use bumpalo::Bump;
use foldhash::fast::FixedState;
use gungraun::{library_benchmark, library_benchmark_group};

use crate::maps::{Growing, Load, full, put};
use crate::peers::{Hashbrown, Peer};
use crate::{SIZES, support};

/// Something that is done again and again; by number, so that it can be another each time.
trait Once {
    fn once(&mut self, i: usize);
}

/// A map with strings to look up in it.
struct Texts<M> {
    map: M,
    keys: Vec<String>,
}

type ArenaTexts = Texts<StrMap<u64, FixedState>>;
type HeapTexts = Texts<hashbrown::HashMap<String, u64, FixedState>>;

fn str_keys(n: usize) -> Vec<String> {
    support::string_pairs(n).into_iter().map(|(key, _)| key).collect()
}

fn arena_texts(n: usize) -> (ArenaTexts, usize) {
    let keys = str_keys(n);
    let mut map = StrMap::with_hasher(support::fixed());
    for key in &keys {
        map.insert(key, 7);
    }
    (Texts { map, keys }, n)
}

fn heap_texts(n: usize) -> (HeapTexts, usize) {
    let keys = str_keys(n);
    let mut map = hashbrown::HashMap::with_hasher(support::fixed());
    map.extend(keys.iter().map(|key| (key.clone(), 7)));
    (Texts { map, keys }, n)
}

impl Once for ArenaTexts {
    #[inline(never)]
    fn once(&mut self, i: usize) {
        assert!(black_box(self.map.get(self.keys[i].as_str())).is_some());
    }
}

impl Once for HeapTexts {
    #[inline(never)]
    fn once(&mut self, i: usize) {
        assert!(black_box(self.map.get(self.keys[i].as_str())).is_some());
    }
}

/// The simplest pool there is.
struct MutexOfVec(Mutex<Vec<Bump>>);

/// With one arena in it, as all pools here.
fn mutex_of_vec(n: usize) -> (MutexOfVec, usize) {
    let mut pool = MutexOfVec(Mutex::default());
    pool.once(0);
    (pool, n)
}

fn arena_pool(n: usize) -> (ArenaPool, usize) {
    let mut pool = ArenaPool::new();
    pool.once(0);
    (pool, n)
}

impl Once for ArenaPool {
    #[inline(never)]
    fn once(&mut self, _: usize) {
        let arena = self.checkout();
        black_box(arena.alloc(black_box(7_u64)));
    }
}

impl Once for MutexOfVec {
    #[inline(never)]
    fn once(&mut self, _: usize) {
        let mut bump = self.0.lock().expect("not poisoned").pop().unwrap_or_default();
        black_box(bump.alloc(black_box(7_u64)));
        bump.reset();
        self.0.lock().expect("not poisoned").push(bump);
    }
}

#[library_benchmark]
#[benches::str_map(iter = SIZES, setup = arena_texts)]
#[benches::hashbrown(iter = SIZES, setup = heap_texts)]
fn get_str<O: Once>((mut work, n): (O, usize)) -> O {
    for i in 0..n {
        work.once(i);
    }
    work
}

#[library_benchmark]
#[benches::arena_pool(iter = [SIZES[0]], setup = arena_pool)]
#[benches::mutex_of_vec(iter = [SIZES[0]], setup = mutex_of_vec)]
fn checkout_and_return<O: Once>((mut work, n): (O, usize)) -> O {
    for i in 0..n {
        work.once(i);
    }
    work
}

/// All entries of a map into another one.
trait Snapshot {
    fn snapshot(&mut self) -> usize;
}

/// Into memory that is there already.
struct Copying<M, B> {
    map: M,
    memory: B,
}

type Snapshotted = FixedMap<u64_le, u64_le>;

fn arena_snapshot(n: usize) -> Copying<Load<Growing>, Option<AlignedBytes>> {
    Copying {
        map: full(n),
        memory: Some(AlignedBytes::zeroed(Snapshotted::bytes_for(n))),
    }
}

impl Snapshot for Copying<Load<Growing>, Option<AlignedBytes>> {
    fn snapshot(&mut self) -> usize {
        let map = &self.map.map;
        let memory = self.memory.take().expect("one snapshot");
        let snapshot: Snapshotted = map.snapshot_into(memory, map.len()).expect("memory of the right size");
        let len = snapshot.len();
        self.memory = Some(snapshot.into_memory());
        len
    }
}

fn heap_copy(n: usize) -> Copying<Load<Growing>, Hashbrown> {
    Copying {
        map: full(n),
        memory: Hashbrown::for_entries(n, 0x5EED),
    }
}

impl Snapshot for Copying<Load<Growing>, Hashbrown> {
    fn snapshot(&mut self) -> usize {
        for (&key, &value) in &self.map.map {
            put(&mut self.memory, key, value);
        }
        self.memory.len()
    }
}

#[library_benchmark]
// Of the larger size only: the seed of a snapshot is drawn, which shows in a small one.
#[bench::snapshot_into_1(args = (SIZES[1]), setup = arena_snapshot)]
#[bench::hashbrown_1(args = (SIZES[1]), setup = heap_copy)]
fn snapshot<S: Snapshot>(mut work: S) -> S {
    assert_ne!(work.snapshot(), 0);
    work
}

library_benchmark_group!(name = others, benchmarks = [get_str, checkout_and_return, snapshot]);
