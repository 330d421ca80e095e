//! Traits of std for [`BoundedCopiedMap`].

use core::fmt;
use core::hash::BuildHasher;

use super::super::Terms;
use super::BoundedCopiedMap;
use crate::arena::Handle;
use crate::copied::CopiedKey;
use crate::error::fail;

/// All entries that are in time, by the latest time that the map was told.
impl<Q: CopiedKey + ?Sized, V: fmt::Debug, S, H: Handle> fmt::Debug for BoundedCopiedMap<Q, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter(0)).finish()
    }
}

impl<Q: CopiedKey + ?Sized, V: Clone, S: Clone, H: Handle> Clone for BoundedCopiedMap<Q, V, S, H> {
    /// A copy, in the arena where a second map with this handle would be made: see [`ArenaMap`](crate::ArenaMap)'s `clone`, and
    /// [`clone_in`](BoundedCopiedMap::clone_in).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](BoundedCopiedMap::try_clone_in).
    #[track_caller]
    fn clone(&self) -> Self {
        let copy = match self.core.handle().peek(H::try_clone_handle) {
            Ok(handle) => self.try_clone_in(handle),
            Err(cause) => Err(cause),
        };
        match copy {
            Ok(copy) => copy,
            Err(cause) => fail(cause, "BoundedCopiedMap::try_clone_in"),
        }
    }
}

impl<Q, K, V, S, H> Extend<(K, V)> for BoundedCopiedMap<Q, V, S, H>
where
    Q: CopiedKey + ?Sized,
    K: AsRef<Q>,
    S: BuildHasher,
    H: Handle,
{
    /// Inserts all entries, at the latest time that the map was told; before the first, they live from that one on. What leaves the
    /// map for them is dropped.
    ///
    /// # Panics
    ///
    /// If the arena refuses a key; the twin is [`try_insert`](BoundedCopiedMap::try_insert).
    #[track_caller]
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            let tick = self.core.tick_before();
            if let Err(error) = self.try_insert_at(key.as_ref(), value, Terms::new(), tick, |_, _, _| {}) {
                fail(error.cause, "BoundedCopiedMap::try_insert");
            }
        }
    }
}
