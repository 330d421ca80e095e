//! Copies of a bounded map, entry by entry in the slots that they have.

use super::core::{Core, Kept};
use super::{BoundedMap, BoundedStats};
use crate::arena::{Handle, Held, Raw};
use crate::error::{ArenaError, fail};

impl<T: Kept, H: Handle> Core<T, H> {
    /// A copy of all, whose entries `copy` makes; those that it made end when it refuses, or panics.
    #[cfg_attr(feature = "registry", track_caller)]
    pub(super) fn try_clone_in<H2: Handle>(
        &self,
        handle: H2,
        mut copy: impl FnMut(&T, Raw<H2>) -> Result<T, ArenaError>,
    ) -> Result<Core<T, H2>, ArenaError> {
        let mut twin = Core::try_new(self.bounds(), Held::new(handle))?;
        twin.room.copy_without_entries(&self.room);
        twin.queues = self.queues.without_entries();
        (twin.lifetime, twin.clock, twin.due_group) = (self.lifetime, self.clock, self.due_group);
        let raw = twin.handle.made()?;
        let mut next = self.occupied_from(0);
        while let Some(slot) = next {
            let entry = copy(self.entry(slot), raw)?;
            twin.room
                .fill_as(slot, self.room.tag(slot), self.room.meta(slot), entry);
            twin.len += 1;
            if self.bounds().weight.is_some() {
                twin.weight += u64::from(self.weight_of(slot));
            }
            if self.room.meta(slot).is_small() {
                twin.queues.small_came();
            }
            next = self.occupied_from(slot + 1);
        }
        twin.watch.entries(twin.len);
        twin.stats = BoundedStats::default();
        Ok(twin)
    }
}

impl<K: Clone, V: Clone, S: Clone, H: Handle> BoundedMap<K, V, S, H> {
    /// A copy of this map in another arena, or in the same one: entries, deadlines, who was here before, the order in which entries
    /// will go, lifetime and clock. Its numbers begin at 0.
    ///
    /// Allocates: arena: the map, and nothing later. Time: O(capacity), without hashing.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](Self::try_clone_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, BoundedMap};
    ///
    /// let mut owned = BoundedMap::new(100);
    /// owned.insert_for("a", 1, 60, 0);
    /// let arena = Arena::new();
    /// let mut borrowed = owned.clone_in(&arena);
    /// assert_eq!(borrowed.get("a", 59), Some(&1));
    /// assert_eq!(borrowed.get("a", 60), None);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> BoundedMap<K, V, S, H2> {
        match self.try_clone_in(handle) {
            Ok(map) => map,
            Err(cause) => fail(cause, "BoundedMap::try_clone_in"),
        }
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena: the map, and nothing later. Time: O(capacity), without hashing.
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<BoundedMap<K, V, S, H2>, ArenaError> {
        let hash_builder = self.hash_builder.clone();
        let core = self.core.try_clone_in(handle, |entry, _| Ok(entry.clone()))?;
        Ok(BoundedMap { core, hash_builder })
    }
}

impl<K: Clone, V: Clone, S: Clone, H: Handle> Clone for BoundedMap<K, V, S, H> {
    /// A copy, in the arena where a second map with this handle would be made: see [`ArenaMap`](crate::ArenaMap)'s `clone`, and
    /// [`clone_in`](BoundedMap::clone_in).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](BoundedMap::try_clone_in).
    #[track_caller]
    fn clone(&self) -> Self {
        let copy = match self.core.handle().peek(H::try_clone_handle) {
            Ok(handle) => self.try_clone_in(handle),
            Err(cause) => Err(cause),
        };
        match copy {
            Ok(copy) => copy,
            Err(cause) => fail(cause, "BoundedMap::try_clone_in"),
        }
    }
}
