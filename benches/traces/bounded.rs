//! `arenamap::BoundedMap` as a subject.

use foldhash::fast::FixedState;

use crate::numbers::fixed;
use crate::subjects::Cache;

pub(crate) type Bounded = arenamap::BoundedMap<u64, u64, FixedState>;

impl Cache for Bounded {
    fn of(capacity: usize) -> Self {
        Bounded::with_hasher(capacity, fixed())
    }

    fn get(&mut self, key: u64, now: u64) -> Option<u64> {
        Bounded::get(self, &key, now).copied()
    }

    fn insert(&mut self, key: u64, value: u64, now: u64) {
        Bounded::insert(self, key, value, now);
    }

    fn insert_for(&mut self, key: u64, value: u64, ticks: u64, now: u64) {
        Bounded::insert_for(self, key, value, ticks, now);
    }

    fn entries(&mut self) -> usize {
        self.len()
    }
}
