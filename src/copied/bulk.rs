//! Methods that touch many entries, or the size of the table.

use core::hash::BuildHasher;
use core::marker::PhantomData;

use super::key::{Block, give_back_all};
use super::{CopiedKey, CopiedMap, Drain, ExtractIf, IntoValues, Iter, IterMut, Keys, Stored, Values, ValuesMut};
use crate::arena::Handle;
use crate::error::{ArenaError, ExtendError, fail_call};
use crate::table::{RawIntoIter, Table};

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> CopiedMap<Q, V, S, H> {
    /// Entries by shared reference, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", 10), ("bb", 20)]);
    /// assert_eq!(map.iter().map(|(k, v)| k.len() + v).sum::<usize>(), 33);
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, Q, V> {
        Iter {
            raw: self.map.table.iter(),
        }
    }

    /// Entries with the value to change in place, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, Q, V> {
        IterMut {
            raw: self.map.table.iter_mut(),
        }
    }

    /// Keys, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn keys(&self) -> Keys<'_, Q, V> {
        Keys {
            raw: self.map.table.iter(),
        }
    }

    /// Values, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn values(&self) -> Values<'_, Q, V> {
        Values {
            raw: self.map.table.iter(),
        }
    }

    /// Values to change in place, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn values_mut(&mut self) -> ValuesMut<'_, Q, V> {
        ValuesMut {
            raw: self.map.table.iter_mut(),
        }
    }

    /// Values by value, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", String::from("x"))]);
    /// assert_eq!(map.into_values().next().as_deref(), Some("x"));
    /// ```
    #[inline]
    pub fn into_values(self) -> IntoValues<Q, V, H> {
        IntoValues {
            raw: RawIntoIter::new(self.dissolve(!H::EXCLUSIVE).table),
        }
    }

    /// Removes all entries and returns them one by one. The map keeps its memory for the next ones.
    ///
    /// Each key gives its bytes back when it is dropped. Entries that you do not take are dropped with the iterator.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1), ("b", 2)]);
    /// let mut names: Vec<_> = map.drain().map(|(key, _)| key).collect();
    /// names.sort();
    /// assert_eq!(names, ["a", "b"]);
    /// drop(names);
    /// assert!(map.is_empty());
    /// ```
    #[inline]
    pub fn drain(&mut self) -> Drain<'_, Q, V, H> {
        Drain {
            arena: self.map.table.handle().raw(),
            raw: self.map.table.drain(),
            not_send: PhantomData,
        }
    }

    /// Keeps the entries for which `keep` returns true, and drops the others.
    ///
    /// If `keep` panics, the entries it has not seen stay.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1), ("bb", 2)]);
    /// map.retain(|key, _| key.len() == 1);
    /// assert_eq!(map.len(), 1);
    /// ```
    pub fn retain<F: FnMut(&Q, &mut V) -> bool>(&mut self, mut keep: F) {
        self.extract_if(|key, value| !keep(key, value)).for_each(drop);
    }

    /// Removes and returns, one after another, the entries for which `pick` returns true.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1), ("bb", 2)]);
    /// assert_eq!(map.extract_if(|key, _| key.len() == 1).count(), 1);
    /// assert_eq!(map.len(), 1);
    /// ```
    pub fn extract_if<F: FnMut(&Q, &mut V) -> bool>(&mut self, pick: F) -> ExtractIf<'_, Q, V, F, H> {
        ExtractIf {
            arena: self.map.table.handle().raw(),
            raw: self.map.table.extract_if(),
            pick,
            not_send: PhantomData,
        }
    }

    /// Drops all entries. The map keeps its table for the next ones; the bytes of the keys go back to the arena.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
    /// map.clear();
    /// assert!(map.is_empty());
    /// ```
    pub fn clear(&mut self) {
        drop(self.drain());
    }
}

impl<Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle> CopiedMap<Q, V, S, H> {
    /// Makes room for `additional` more entries: the table does not grow while they are inserted. The bytes of their
    /// keys come on top.
    ///
    /// If entries are moving to a larger table, all of them are moved now. `reserve(0)` does nothing.
    ///
    /// Allocates: arena. Time: O(slots).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_reserve`](Self::try_reserve).
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        if let Err(cause) = self.try_reserve(additional) {
            fail_call(cause, Q::MAP, "try_reserve");
        }
    }

    /// Like [`reserve`](Self::reserve), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(slots).
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory. Nothing has changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{ArenaError, StrMap};
    ///
    /// let mut map = StrMap::<u64>::new();
    /// assert_eq!(map.try_reserve(usize::MAX), Err(ArenaError::CapacityOverflow));
    /// ```
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), ArenaError> {
        self.map.try_reserve(additional)
    }

    /// Moves up to `at_most` entries of a map that is growing in steps to its larger table; to end the last step, up to
    /// 31 more.
    ///
    /// Returns true when no entry is left to move. Call it when the program has time. Without it, later insertions,
    /// removals and `get_mut` move the entries.
    ///
    /// Allocates: never. Time: O(`at_most`).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::new();
    /// for n in 0..449 {
    ///     map.insert(&n.to_string(), n);
    /// }
    /// assert!(map.stats().left_to_move > 0);
    /// while !map.settle(100) {}
    /// assert_eq!(map.stats().left_to_move, 0);
    /// ```
    pub fn settle(&mut self, at_most: usize) -> bool {
        self.map.settle(at_most)
    }

    /// Shrinks the table to what `min_capacity` entries need, or the present ones if they are more.
    ///
    /// If the arena has no memory for the smaller table, the map stays as it is.
    ///
    /// Allocates: arena, for the smaller block. Time: O(entries).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::<u32>::with_capacity(1000);
    /// map.insert("a", 1);
    /// map.shrink_to(20);
    /// assert_eq!(map.capacity(), 28);
    /// ```
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.map.shrink_to(min_capacity);
    }

    /// Shrinks the table to what the present entries need, as [`shrink_to`](Self::shrink_to).
    ///
    /// Allocates: arena, for the smaller block. Time: O(entries).
    pub fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
    }

    /// Inserts entries until the arena refuses one.
    ///
    /// Allocates: arena. Time: O(entries given) on average.
    ///
    /// # Errors
    ///
    /// [`ExtendError`] with the number of entries that went in, the entry that did not, and the cause. The rest of the
    /// iterator is dropped with it; to keep it, pass the iterator by `&mut`.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::with_budget(300);
    /// let mut map = StrMap::new_in(&arena);
    /// let error = map.try_extend((0..).map(|n| (format!("key {n}"), n))).unwrap_err();
    /// assert_eq!(error.inserted, map.len());
    /// assert_eq!(error.rejected, (format!("key {}", map.len()), map.len()));
    /// ```
    pub fn try_extend<K: AsRef<Q>>(
        &mut self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), ExtendError<(K, V)>> {
        let mut inserted = 0;
        let mut entries = entries.into_iter();
        self.make_room_for(entries.size_hint().0);
        entries.try_for_each(|(key, value)| match self.try_insert_overwrite(key.as_ref(), value) {
            Ok(_) => {
                inserted += 1;
                Ok(())
            }
            Err(refused) => {
                let (value, cause) = (refused.value, refused.cause);
                Err(ExtendError {
                    inserted,
                    rejected: (key, value),
                    cause,
                })
            }
        })
    }

    /// As that of [`ArenaMap`](crate::ArenaMap).
    pub(crate) fn make_room_for(&mut self, coming: usize) {
        self.map.make_room_for(coming);
    }

    /// A map of the given entries in the given arena.
    ///
    /// Allocates: arena. Time: O(entries given) on average.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_from_iter_in`](Self::try_from_iter_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, DefaultHashBuilder, StrMap};
    ///
    /// let arena = Arena::new();
    /// let map: StrMap<u32, DefaultHashBuilder, _> = StrMap::from_iter_in([("a", 1)], &arena);
    /// assert_eq!(map["a"], 1);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn from_iter_in<K: AsRef<Q>>(entries: impl IntoIterator<Item = (K, V)>, handle: H) -> Self
    where
        S: Default,
    {
        match Self::try_from_iter_in(entries, handle) {
            Ok(map) => map,
            Err(error) => fail_call(error.cause, Q::MAP, "try_from_iter_in"),
        }
    }

    /// Like [`from_iter_in`](Self::from_iter_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(entries given) on average.
    ///
    /// # Errors
    ///
    /// [`ExtendError`], as [`try_extend`](Self::try_extend); the entries that went in are dropped with the map. To
    /// keep them, make the map first and extend it.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_from_iter_in<K: AsRef<Q>>(
        entries: impl IntoIterator<Item = (K, V)>,
        handle: H,
    ) -> Result<Self, ExtendError<(K, V)>>
    where
        S: Default,
    {
        let mut map = Self::with_hasher_in(S::default(), handle);
        map.try_extend(entries)?;
        Ok(map)
    }
}

impl<Q: CopiedKey + ?Sized, V: Clone, S: Clone, H: Handle> CopiedMap<Q, V, S, H> {
    /// A copy of this map, keys and all, in another arena or in the same one.
    ///
    /// Allocates: arena. Time: O(slots + bytes of the keys), without hashing: capacity and order stay.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](Self::try_clone_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let owned = StrMap::from([("a", 1)]);
    /// let arena = Arena::new();
    /// let borrowed = owned.clone_in(&arena);
    /// assert!(borrowed.same_entries(&owned));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> CopiedMap<Q, V, S, H2> {
        match self.try_clone_in(handle) {
            Ok(map) => map,
            Err(cause) => fail_call(cause, Q::MAP, "try_clone_in"),
        }
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(slots + bytes of the keys), without hashing.
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory. What was copied is given back.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<CopiedMap<Q, V, S, H2>, ArenaError> {
        let mut copy = CopiedMap::with_hasher_in(self.hasher().clone(), handle);
        self.try_copy_to(&mut copy.map.table)?;
        Ok(copy)
    }

    /// Makes this map a copy of another one, in its own arena.
    ///
    /// The old entries are dropped when the copy is complete. Until then the arena holds both.
    ///
    /// Allocates: arena. Time: O(slots + bytes of the keys), without hashing.
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory. The map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::with_budget(500);
    /// let mut copy = StrMap::new_in(&arena);
    /// copy.try_clone_from(&StrMap::from([("a", 1)])).unwrap();
    /// assert_eq!(copy["a"], 1);
    /// assert!(copy.try_clone_from(&StrMap::from([("a".repeat(500), 1)])).is_err());
    /// assert_eq!(copy["a"], 1);
    /// ```
    pub fn try_clone_from<H2: Handle>(&mut self, source: &CopiedMap<Q, V, S, H2>) -> Result<(), ArenaError> {
        let hash_builder = source.hasher().clone();
        source.try_copy_to(&mut self.map.table)?;
        self.map.hash_builder = hash_builder;
        Ok(())
    }

    /// Copies keys and values into the table of another map.
    fn try_copy_to<H2: Handle>(&self, table: &mut Table<(Stored<Q>, V), H2>) -> Result<(), ArenaError> {
        self.map.table.try_copy_beside(
            table,
            false, // keys of a copy that ends early are given back
            |handle, (key, value), place| {
                let block = Block::copy_in(handle.made()?, key.get())?;
                let value = value.clone(); // before the block is let go
                Ok(place.write((block.keep(), value)))
            },
            give_back_all,
        )
    }
}
