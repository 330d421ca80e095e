//! The iterators over the entries of a bounded map.

use core::fmt;
use core::iter::FusedIterator;

use super::walk::{Draining, Live};
use crate::arena::{Arena, Handle};

/// All entries that are in time: [`BoundedMap::iter`](super::BoundedMap::iter).
pub struct Iter<'a, K, V, H: Handle = Arena> {
    pub(super) live: Live<'a, (K, V), H>,
}

impl<'a, K, V, H: Handle> Iterator for Iter<'a, K, V, H> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let (_, (key, value)) = self.live.next()?;
        Some((key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.live.size_hint()
    }
}

impl<K, V, H: Handle> FusedIterator for Iter<'_, K, V, H> {}

impl<K, V, H: Handle> Clone for Iter<'_, K, V, H> {
    fn clone(&self) -> Self {
        Self {
            live: self.live.clone(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, H: Handle> fmt::Debug for Iter<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

/// Entries that leave a map, which keeps its memory: [`BoundedMap::drain`](super::BoundedMap::drain).
pub struct Drain<'a, K, V, H: Handle = Arena> {
    pub(super) draining: Draining<'a, (K, V), H>,
}

impl<K, V, H: Handle> Iterator for Drain<'_, K, V, H> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        self.draining.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.draining.most()))
    }
}

impl<K, V, H: Handle> FusedIterator for Drain<'_, K, V, H> {}

impl<K, V, H: Handle> fmt::Debug for Drain<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}
