//! Methods that touch many entries, or the size of the table.

use core::hash::{BuildHasher, Hash};

use super::{ArenaMap, Drain, ExtractIf, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut};
use crate::arena::{Handle, Held};
use crate::error::{ArenaError, ExtendError, fail_map as fail};
use crate::table::RawIntoIter;

/// Bytes of a table from which `extend` asks for memory ahead. In smaller tables that takes more time than it saves.
const FAR_FROM: usize = 16 << 20;

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// Entries by shared reference, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::from([(1, 10), (2, 20)]);
    /// assert_eq!(map.iter().map(|(k, v)| k + v).sum::<i32>(), 33);
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { raw: self.table.iter() }
    }

    /// Entries with the value to change in place, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        IterMut {
            raw: self.table.iter_mut(),
        }
    }

    /// Keys, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn keys(&self) -> Keys<'_, K, V> {
        Keys { raw: self.table.iter() }
    }

    /// Values, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn values(&self) -> Values<'_, K, V> {
        Values { raw: self.table.iter() }
    }

    /// Values to change in place, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V> {
        ValuesMut {
            raw: self.table.iter_mut(),
        }
    }

    /// Keys by value, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn into_keys(self) -> IntoKeys<K, V, H> {
        IntoKeys { raw: self.into_raw() }
    }

    /// Values by value, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    #[inline]
    pub fn into_values(self) -> IntoValues<K, V, H> {
        IntoValues { raw: self.into_raw() }
    }

    pub(super) fn into_raw(self) -> RawIntoIter<(K, V), H> {
        RawIntoIter::new(self.table)
    }

    /// Removes all entries and returns them one by one. The map keeps its memory for the next ones.
    ///
    /// Entries that you do not take are dropped with the iterator.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::ArenaMap::from([(1, 10), (2, 20)]);
    /// let capacity = map.capacity();
    /// assert_eq!(map.drain().count(), 2);
    /// assert!(map.is_empty());
    /// assert_eq!(map.capacity(), capacity);
    /// ```
    #[inline]
    pub fn drain(&mut self) -> Drain<'_, K, V, H> {
        Drain {
            raw: self.table.drain(),
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
    /// let mut map: arenamap::ArenaMap<u32, u32> = (0..10).map(|n| (n, n)).collect();
    /// map.retain(|key, _| key % 2 == 0);
    /// assert_eq!(map.len(), 5);
    /// ```
    pub fn retain<F: FnMut(&K, &mut V) -> bool>(&mut self, mut keep: F) {
        self.table.retain(|(key, value)| keep(key, value));
    }

    /// Removes and returns, one after another, the entries for which `pick` returns true.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::ArenaMap<u32, u32> = (0..10).map(|n| (n, n)).collect();
    /// assert_eq!(map.extract_if(|key, _| key % 2 == 0).count(), 5);
    /// assert_eq!(map.len(), 5);
    /// ```
    pub fn extract_if<F: FnMut(&K, &mut V) -> bool>(&mut self, pick: F) -> ExtractIf<'_, K, V, F, H> {
        ExtractIf {
            raw: self.table.extract_if(),
            pick,
        }
    }

    /// Drops all entries. The map keeps its memory for the next ones.
    ///
    /// Allocates: never. Time: O(slots), for one byte each; O(entries) more where entries need drop.
    pub fn clear(&mut self) {
        self.table.clear();
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> ArenaMap<K, V, S, H> {
    /// Makes room for `additional` more entries: the map does not grow while they are inserted.
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
            fail(cause, "ArenaMap::try_reserve");
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
    /// use arenamap::{ArenaError, ArenaMap};
    ///
    /// let mut map: ArenaMap<u64, u64> = ArenaMap::new();
    /// assert_eq!(map.try_reserve(usize::MAX), Err(ArenaError::CapacityOverflow));
    /// ```
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), ArenaError> {
        let Self { table, hash_builder } = self;
        table.reserve(additional, &|(key, _)| hash_builder.hash_one(key))
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
    /// let mut map: arenamap::ArenaMap<u32, u32> = arenamap::ArenaMap::new();
    /// map.extend((0..449).map(|n| (n, n)).filter(|_| true)); // one more than the table took
    /// assert!(map.stats().left_to_move > 0);
    /// while !map.settle(100) {}
    /// assert_eq!(map.stats().left_to_move, 0);
    /// ```
    pub fn settle(&mut self, at_most: usize) -> bool {
        let Self { table, hash_builder } = self;
        table.settle(at_most, &|(key, _)| hash_builder.hash_one(key))
    }

    /// Shrinks the table to what `min_capacity` entries need, or the present ones if they are more.
    ///
    /// The memory goes back to the arena, for its next blocks; [`Arena::trim`](crate::Arena::trim) gives memory back to
    /// the heap. If the arena has no memory for the smaller table, the map stays as it is.
    ///
    /// Allocates: arena, for the smaller block. Time: O(entries).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::ArenaMap<u32, u32> = (0..1000).map(|n| (n, n)).collect();
    /// map.retain(|key, _| *key < 10);
    /// map.shrink_to(20);
    /// assert_eq!(map.capacity(), 28);
    /// ```
    pub fn shrink_to(&mut self, min_capacity: usize) {
        let Self { table, hash_builder } = self;
        // Where the smaller block cannot be had, the larger one stays.
        let _ = table.shrink_to(min_capacity, &|(key, _)| hash_builder.hash_one(key));
    }

    /// Shrinks the table to what the present entries need, as [`shrink_to`](Self::shrink_to).
    ///
    /// Allocates: arena, for the smaller block. Time: O(entries).
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
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
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::with_budget(1500);
    /// let mut map = ArenaMap::new_in(&arena);
    /// let mut entries = (0..1000_u64).map(|n| (n, n));
    /// let error = map.try_extend(&mut entries).unwrap_err();
    /// assert_eq!((error.inserted, error.rejected), (28, (28, 28)));
    /// assert_eq!(entries.next(), Some((29, 29)));
    /// ```
    pub fn try_extend(&mut self, entries: impl IntoIterator<Item = (K, V)>) -> Result<(), ExtendError<(K, V)>> {
        let mut inserted = 0;
        let mut entries = entries.into_iter();
        self.make_room_for(entries.size_hint().0);
        if self.is_far() {
            inserted += self.extend_ahead(&mut entries);
        }
        entries.try_for_each(|(key, value)| match self.try_insert_overwrite(key, value) {
            Ok(_) => {
                inserted += 1;
                Ok(())
            }
            Err(refused) => Err(ExtendError {
                inserted,
                rejected: (refused.key, refused.value),
                cause: refused.cause,
            }),
        })
    }

    /// Whether what an insertion reads is likely not in the processor's cache, and entries are small enough to wait in a batch.
    #[inline]
    fn is_far(&self) -> bool {
        size_of::<(K, V)>() <= 64 && self.capacity() >= FAR_FROM / (size_of::<(K, V)>() + 2)
    }

    /// Inserts entries in batches whose places are asked of the memory first, while there is room without growing. Says how many.
    ///
    /// Nothing can be refused. (Entries that wait when the iterator panics are dropped.)
    #[cold]
    #[inline(never)]
    fn extend_ahead(&mut self, entries: &mut impl Iterator<Item = (K, V)>) -> usize {
        const AHEAD: usize = 16;
        let mut inserted = 0;
        while self.capacity() - self.len() >= AHEAD {
            let mut waiting = [const { None }; AHEAD];
            let mut taken = 0;
            for place in &mut waiting {
                let Some((key, value)) = entries.next() else { break };
                self.table.prefetch(self.hash_of(&key));
                *place = Some((key, value));
                taken += 1;
            }
            for (key, value) in waiting.into_iter().flatten() {
                self.insert(key, value);
            }
            inserted += taken;
            if taken < AHEAD {
                break;
            }
        }
        inserted
    }

    /// Makes room for as many entries as an iterator says it has, if that is at least as many as the map has: for half
    /// of them, if the map is not empty. It is a guess: if the arena refuses, the room is made later, when it is
    /// needed.
    pub(crate) fn make_room_for(&mut self, coming: usize) {
        let additional = if self.is_empty() {
            coming
        } else if coming / 2 >= self.len() {
            coming.div_ceil(2)
        } else {
            return;
        };
        let _ = self.try_reserve(additional);
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
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let map: ArenaMap<_, _, _, _> = ArenaMap::from_iter_in([("a", 1)], &arena);
    /// # let map: ArenaMap<&str, i32, arenamap::DefaultHashBuilder, _> = map;
    /// assert_eq!(map["a"], 1);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn from_iter_in(entries: impl IntoIterator<Item = (K, V)>, handle: H) -> Self
    where
        S: Default,
    {
        match Self::try_from_iter_in(entries, handle) {
            Ok(map) => map,
            Err(error) => fail(error.cause, "ArenaMap::try_from_iter_in"),
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
    pub fn try_from_iter_in(entries: impl IntoIterator<Item = (K, V)>, handle: H) -> Result<Self, ExtendError<(K, V)>>
    where
        S: Default,
    {
        let mut map = Self::with_hasher_in(S::default(), handle);
        map.try_extend(entries)?;
        Ok(map)
    }
}

impl<K: Clone, V: Clone, S: Clone, H: Handle> ArenaMap<K, V, S, H> {
    /// A copy of this map in another arena, or in the same one.
    ///
    /// Allocates: arena. Time: O(slots), without hashing: capacity and order stay.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](Self::try_clone_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let owned = ArenaMap::from([("a", 1)]);
    /// let arena = Arena::new();
    /// let borrowed = owned.clone_in(&arena);
    /// assert!(owned.same_entries(&borrowed));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> ArenaMap<K, V, S, H2> {
        match self.try_clone_in(handle) {
            Ok(map) => map,
            Err(cause) => fail(cause, "ArenaMap::try_clone_in"),
        }
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(slots), without hashing.
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<ArenaMap<K, V, S, H2>, ArenaError> {
        let hash_builder = self.hash_builder.clone();
        match self.table.try_copy_in(
            Held::new(handle),
            true,
            |_, entry, place| Ok(place.write(entry.clone())),
        ) {
            Ok(table) => Ok(ArenaMap { table, hash_builder }),
            Err((_, cause)) => Err(cause),
        }
    }

    /// Makes this map a copy of another one. It stays in its own arena and, if the copy fits, in its own block.
    ///
    /// Allocates: arena. Time: O(slots), without hashing.
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory. The map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::with_budget(200);
    /// let mut copy = ArenaMap::new_in(&arena);
    /// copy.try_clone_from(&ArenaMap::from([(1, 2)])).unwrap();
    /// assert_eq!(copy[&1], 2);
    /// let large: ArenaMap<i32, i32> = (0..100).map(|n| (n, n)).collect();
    /// assert!(copy.try_clone_from(&large).is_err());
    /// assert_eq!(copy[&1], 2);
    /// ```
    pub fn try_clone_from<H2: Handle>(&mut self, source: &ArenaMap<K, V, S, H2>) -> Result<(), ArenaError> {
        let hash_builder = source.hash_builder.clone();
        source
            .table
            .try_copy_to(&mut self.table, true, |_, entry, place| Ok(place.write(entry.clone())))?;
        self.hash_builder = hash_builder;
        Ok(())
    }
}
