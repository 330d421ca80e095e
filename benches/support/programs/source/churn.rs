//! A map of constant size: the oldest entry goes, a new one comes.

use foldhash::fast::FixedState;

use super::HashMap;
use crate::programs::Program;
use crate::support;

/// Pairs of a removal and an insertion in one run, at least: enough that what happens every few hundred pairs shows in the mean.
const PAIRS: usize = 20_000;

struct Churn {
    map: HashMap<u64, u64>,
    /// The keys that are in the map are a stretch of this ring, which goes round once in as many pairs.
    ring: Vec<u64>,
    /// How many are in the map.
    live: usize,
}

impl Churn {
    fn new(n: usize, mut map: HashMap<u64, u64>, live: usize) -> Self {
        let ring: Vec<u64> = (0..4 * n as u64).map(support::key).collect();
        assert!(0 < live && live < ring.len());
        for &key in &ring[..live] {
            map.insert(key, !key);
        }
        Churn { map, ring, live }
    }

    fn run(&mut self) -> u64 {
        let mut sum = 0_u64;
        for _ in 0..PAIRS.div_ceil(self.ring.len()) {
            let oldest = self.ring.iter();
            let newest = self.ring[self.live..].iter().chain(&self.ring[..self.live]);
            for (old, &new) in oldest.zip(newest) {
                sum = sum.wrapping_add(self.map.remove(old).unwrap_or(0));
                self.map.insert(new, !new);
            }
        }
        assert_eq!(self.map.len(), self.live);
        sum
    }
}

/// Of n entries, in a map that grew to them.
pub(crate) struct AtSize(Churn);

impl Program for AtSize {
    fn new(n: usize) -> Self {
        AtSize(Churn::new(n, HashMap::default(), n))
    }

    fn run(&mut self) -> u64 {
        self.0.run()
    }
}

/// In a map for n entries, of as many as it says it takes, less one.
pub(crate) struct Full(Churn);

impl Program for Full {
    fn new(n: usize) -> Self {
        let map = HashMap::with_capacity_and_hasher(n, FixedState::default());
        let live = map.capacity() - 1;
        Full(Churn::new(n, map, live))
    }

    fn run(&mut self) -> u64 {
        self.0.run()
    }
}

/// In a map for n entries, of half as many as it says it takes.
pub(crate) struct Half(Churn);

impl Program for Half {
    fn new(n: usize) -> Self {
        let map = HashMap::with_capacity_and_hasher(n, FixedState::default());
        let live = map.capacity() / 2;
        Half(Churn::new(n, map, live))
    }

    fn run(&mut self) -> u64 {
        self.0.run()
    }
}
