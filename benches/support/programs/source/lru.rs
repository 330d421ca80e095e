//! A cache that forgets what was longest unused: a map into a list that is threaded through a vector.

use foldhash::fast::FixedState;

use super::HashMap;
use crate::programs::Program;
use crate::support;

const NONE: usize = usize::MAX;

struct Slot {
    key: u64,
    value: u64,
    /// Towards the newest.
    newer: usize,
    /// Towards the oldest.
    older: usize,
}

struct LruCache {
    places: HashMap<u64, usize>,
    slots: Vec<Slot>,
    newest: usize,
    oldest: usize,
    capacity: usize,
}

impl LruCache {
    fn new(capacity: usize) -> Self {
        LruCache {
            places: HashMap::with_capacity_and_hasher(capacity, FixedState::default()),
            slots: Vec::with_capacity(capacity),
            newest: NONE,
            oldest: NONE,
            capacity,
        }
    }

    fn get(&mut self, key: u64) -> Option<u64> {
        let &slot = self.places.get(&key)?;
        self.unlink(slot);
        self.link_newest(slot);
        Some(self.slots[slot].value)
    }

    fn put(&mut self, key: u64, value: u64) {
        if let Some(&slot) = self.places.get(&key) {
            self.slots[slot].value = value;
            self.unlink(slot);
            self.link_newest(slot);
            return;
        }
        let new = Slot {
            key,
            value,
            newer: NONE,
            older: NONE,
        };
        let slot = if self.slots.len() < self.capacity {
            self.slots.push(new);
            self.slots.len() - 1
        } else {
            let slot = self.oldest;
            self.unlink(slot);
            self.places.remove(&self.slots[slot].key);
            self.slots[slot] = new;
            slot
        };
        self.places.insert(key, slot);
        self.link_newest(slot);
    }

    fn unlink(&mut self, slot: usize) {
        let Slot { newer, older, .. } = self.slots[slot];
        match newer {
            NONE => self.newest = older,
            newer => self.slots[newer].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.slots[older].newer = newer,
        }
    }

    fn link_newest(&mut self, slot: usize) {
        let older = self.newest;
        self.slots[slot].newer = NONE;
        self.slots[slot].older = older;
        match older {
            NONE => self.oldest = slot,
            older => self.slots[older].newer = slot,
        }
        self.newest = slot;
    }
}

/// A cache of n entries, and a trace of which about half is in it.
pub(crate) struct Lru {
    n: usize,
    trace: Vec<u64>,
}

impl Program for Lru {
    fn new(n: usize) -> Self {
        // Of two numbers the lower one: low keys come more often than high ones.
        let random = |i: u64| support::key(i) % (4 * n as u64);
        let length = (20 * n as u64).max(20_000);
        let trace = (0..length)
            .map(|i| support::key(random(2 * i).min(random(2 * i + 1))))
            .collect();
        Lru { n, trace }
    }

    fn run(&mut self) -> u64 {
        let mut cache = LruCache::new(self.n);
        let mut sum = 0_u64;
        for &key in &self.trace {
            match cache.get(key) {
                Some(value) => sum = sum.wrapping_add(value ^ key),
                None => cache.put(key, key >> 1),
            }
        }
        sum
    }
}
