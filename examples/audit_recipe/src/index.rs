//! Leak 3: growth that abandons the old table. The maps give theirs back; what replaces a map by a larger one has to.

use arenamap::{Arena, ArenaMap, BorrowedMap};

/// An index that is built anew with every publication.
pub struct Index<'a> {
    arena: &'a Arena,
    map: BorrowedMap<'a, u64, u64>,
}

impl<'a> Index<'a> {
    pub fn new(arena: &'a Arena) -> Self {
        let map = ArenaMap::new_in(arena);
        Self { arena, map }
    }

    pub fn publish(&mut self, entries: u64) {
        let mut next = ArenaMap::with_capacity_in(2 * entries as usize, self.arena); // <-
        next.extend((0..entries).map(|n| (n, n)));
        let old = std::mem::replace(&mut self.map, next);
        if cfg!(feature = "leaky") {
            std::mem::forget(old); // "the arena will free it"
        }
    }

    pub fn get(&self, key: u64) -> Option<u64> {
        self.map.get(&key).copied()
    }
}
