//! The iterator over the entries of a bounded map with copied keys.

use core::fmt;
use core::iter::FusedIterator;

use super::super::core::Core;
use super::Pair;
use crate::arena::{Arena, Handle};
use crate::copied::CopiedKey;

/// All entries that are in time: [`BoundedCopiedMap::iter`](super::BoundedCopiedMap::iter).
pub struct Iter<'a, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    pub(super) core: &'a Core<Pair<Q, V>, H>,
    pub(super) at: usize,
    pub(super) tick: u64,
}

impl<'a, Q: CopiedKey + ?Sized, V, H: Handle> Iterator for Iter<'a, Q, V, H> {
    type Item = (&'a Q, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.core.live_from(self.at, self.tick)?;
        self.at = slot + 1;
        let Pair { key, value } = self.core.entry(slot);
        Some((key.get(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.core.len()))
    }
}

impl<Q: CopiedKey + ?Sized, V, H: Handle> FusedIterator for Iter<'_, Q, V, H> {}

impl<Q: CopiedKey + ?Sized, V, H: Handle> Clone for Iter<'_, Q, V, H> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> fmt::Debug for Iter<'_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}
