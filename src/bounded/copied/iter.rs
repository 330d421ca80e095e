//! The iterators over the entries of a bounded map with copied keys.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::super::walk::{Draining, Live};
use super::Pair;
use crate::arena::{Arena, Handle};
use crate::copied::{CopiedKey, Key, Loose};

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

/// Entries that leave a map, which keeps its memory: [`BoundedCopiedMap::drain`](super::BoundedCopiedMap::drain).
///
/// It is not `Send`, and its keys are not, either.
pub struct Drain<'a, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    pub(super) draining: Draining<'a, Pair<Q, V>, H>,
    /// Keys on one thread and the drain on another would use one arena from both.
    pub(super) not_send: PhantomData<*const ()>,
}

impl<'a, Q: CopiedKey + ?Sized, V, H: Handle> Iterator for Drain<'a, Q, V, H> {
    type Item = (Key<'a, Q, H>, V);

    fn next(&mut self) -> Option<Self::Item> {
        let raw = self.draining.raw();
        let Pair { key, value } = self.draining.next()?;
        Some((Key::of_text(Loose::new(key, raw)), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.draining.most()))
    }
}

impl<Q: CopiedKey + ?Sized, V, H: Handle> FusedIterator for Drain<'_, Q, V, H> {}

impl<Q: CopiedKey + ?Sized, V, H: Handle> fmt::Debug for Drain<'_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}
