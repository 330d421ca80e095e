//! The iterator over the entries of a bounded map.

use core::fmt;
use core::iter::FusedIterator;

use super::core::Core;
use crate::arena::{Arena, Handle};

/// All entries that are in time: [`BoundedMap::iter`](super::BoundedMap::iter).
pub struct Iter<'a, K, V, H: Handle = Arena> {
    pub(super) core: &'a Core<(K, V), H>,
    pub(super) at: usize,
    pub(super) tick: u64,
}

impl<'a, K, V, H: Handle> Iterator for Iter<'a, K, V, H> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.core.live_from(self.at, self.tick)?;
        self.at = slot + 1;
        let (key, value) = self.core.entry(slot);
        Some((key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.core.len()))
    }
}

impl<K, V, H: Handle> FusedIterator for Iter<'_, K, V, H> {}

impl<K, V, H: Handle> Clone for Iter<'_, K, V, H> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, H: Handle> fmt::Debug for Iter<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}
