//! Calls that walk a whole map.

use std::hint::black_box;

use super::HashMap;
use crate::programs::Program;
use crate::support;

fn full(n: usize) -> HashMap<u64, u64> {
    support::pairs(n).into_iter().collect()
}

pub(crate) struct Clone(HashMap<u64, u64>);

impl Program for Clone {
    fn new(n: usize) -> Self {
        Clone(full(n))
    }

    fn run(&mut self) -> u64 {
        let copy = black_box(self.0.clone());
        copy.len() as u64 + copy[&support::key(0)]
    }
}

pub(crate) struct Entries(HashMap<u64, u64>);

impl Program for Entries {
    fn new(n: usize) -> Self {
        Entries(full(n))
    }

    fn run(&mut self) -> u64 {
        let mut sum = 0_u64;
        for (key, value) in &self.0 {
            sum = sum.wrapping_add(key ^ value);
        }
        sum
    }
}

pub(crate) struct Values(HashMap<u64, u64>);

impl Program for Values {
    fn new(n: usize) -> Self {
        Values(full(n))
    }

    fn run(&mut self) -> u64 {
        self.0.values().sum()
    }
}

/// The other half comes back uncounted.
pub(crate) struct Retain {
    map: HashMap<u64, u64>,
    pairs: Vec<(u64, u64)>,
}

impl Program for Retain {
    fn new(n: usize) -> Self {
        Retain {
            map: HashMap::default(),
            pairs: support::pairs(n),
        }
    }

    fn prepare(&mut self) {
        self.map.extend(self.pairs.iter().copied());
    }

    fn run(&mut self) -> u64 {
        self.map.retain(|_, value| *value % 2 == 0);
        self.map.len() as u64
    }
}
