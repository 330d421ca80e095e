//! The iterator over the entries of a bounded map with copied keys.

use core::fmt;
use core::iter::FusedIterator;

use super::super::walk::Live;
use super::Pair;
use crate::arena::{Arena, Handle};
use crate::copied::CopiedKey;

/// All entries that are in time: [`BoundedCopiedMap::iter`](super::BoundedCopiedMap::iter).
pub struct Iter<'a, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    pub(super) live: Live<'a, Pair<Q, V>, H>,
}

impl<'a, Q: CopiedKey + ?Sized, V, H: Handle> Iterator for Iter<'a, Q, V, H> {
    type Item = (&'a Q, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let (_, Pair { key, value }) = self.live.next()?;
        Some((key.get(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.live.size_hint()
    }
}

impl<Q: CopiedKey + ?Sized, V, H: Handle> FusedIterator for Iter<'_, Q, V, H> {}

impl<Q: CopiedKey + ?Sized, V, H: Handle> Clone for Iter<'_, Q, V, H> {
    fn clone(&self) -> Self {
        Self {
            live: self.live.clone(),
        }
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> fmt::Debug for Iter<'_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}
