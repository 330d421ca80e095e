//! Small maps, one after the other: make, fill, read each key once, iterate, drop.

use super::{Arena, HashMap, map_in};
use crate::programs::Program;
use crate::support;

/// Entries of all maps of a run together, about.
const ENTRIES: usize = 4_000;

/// Keys for maps of n entries, none twice in one map.
fn keys(n: usize) -> Vec<u64> {
    (0..(ENTRIES / n * n) as u64).map(support::key).collect()
}

/// What is done with a map.
macro_rules! use_map {
    ($map:ident, $keys:ident) => {{
        for &key in $keys {
            $map.insert(key, !key);
        }
        let mut sum = 0_u64;
        for key in $keys {
            sum = sum.wrapping_add($map[key]);
        }
        for (key, value) in &$map {
            sum = sum.wrapping_add(key ^ value);
        }
        sum
    }};
}

/// In an arena that is reset after all of them.
pub(crate) struct InArena {
    arena: Arena,
    keys: Vec<u64>,
    n: usize,
}

impl Program for InArena {
    fn new(n: usize) -> Self {
        InArena {
            arena: Arena::new(),
            keys: keys(n),
            n,
        }
    }

    fn run(&mut self) -> u64 {
        let mut sum = 0_u64;
        for keys in self.keys.chunks_exact(self.n) {
            let mut map = map_in(&self.arena);
            sum = sum.wrapping_add(use_map!(map, keys));
        }
        self.arena.reset();
        sum
    }
}

/// By themselves.
pub(crate) struct Owned {
    keys: Vec<u64>,
    n: usize,
}

impl Program for Owned {
    fn new(n: usize) -> Self {
        Owned { keys: keys(n), n }
    }

    fn run(&mut self) -> u64 {
        let mut sum = 0_u64;
        for keys in self.keys.chunks_exact(self.n) {
            let mut map = HashMap::default();
            sum = sum.wrapping_add(use_map!(map, keys));
        }
        sum
    }
}
