//! Traits of std for [`BoundedMap`].

use core::fmt;
use core::hash::{BuildHasher, Hash};

use super::{BoundedMap, Terms};
use crate::arena::Handle;

/// All entries that are in time, by the latest time that the map was told.
impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> fmt::Debug for BoundedMap<K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter(0)).finish()
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> Extend<(K, V)> for BoundedMap<K, V, S, H> {
    /// Inserts all entries, at the latest time that the map was told; before the first, they live from that one on. What leaves the
    /// map for them is dropped.
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            let tick = self.core.tick_before();
            let hash = self.hash_of(&key);
            self.insert_at(key, value, hash, Terms::new(), tick, |_| {});
        }
    }
}
