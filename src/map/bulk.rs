//! Methods that touch many entries, or the size of the table.

use core::hash::{BuildHasher, Hash};

use super::core::Core;
use super::iter::{RawDrain, RawExtractIf, RawIntoIter, RawIter, RawIterMut};
use super::{ArenaMap, Drain, ExtractIf, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut};
use crate::arena::{Handle, Held, Raw};
use crate::error::{ArenaError, ExtendError, fail};

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// Entries by shared reference, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::from([(1, 10), (2, 20)]);
    /// assert_eq!(map.iter().map(|(k, v)| k + v).sum::<i32>(), 33);
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V, H> {
        Iter {
            raw: RawIter::new(&self.core),
        }
    }

    /// Entries with the value to change in place, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V, H> {
        IterMut {
            raw: RawIterMut::new(&mut self.core),
        }
    }

    /// Keys, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn keys(&self) -> Keys<'_, K, V, H> {
        Keys {
            raw: RawIter::new(&self.core),
        }
    }

    /// Values, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn values(&self) -> Values<'_, K, V, H> {
        Values {
            raw: RawIter::new(&self.core),
        }
    }

    /// Values to change in place, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V, H> {
        ValuesMut {
            raw: RawIterMut::new(&mut self.core),
        }
    }

    /// Keys by value, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn into_keys(self) -> IntoKeys<K, V, H> {
        IntoKeys { raw: self.into_raw() }
    }

    /// Values by value, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn into_values(self) -> IntoValues<K, V, H> {
        IntoValues { raw: self.into_raw() }
    }

    pub(super) fn into_raw(self) -> RawIntoIter<(K, V), H> {
        RawIntoIter::new(self.handle, self.core)
    }

    /// Removes every entry and returns them; the blocks stay for the next ones.
    ///
    /// What is not taken is dropped with the iterator.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
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
            raw: RawDrain::new(&mut self.core),
        }
    }

    /// Keeps the entries for which `keep` returns true, and drops the others.
    ///
    /// If `keep` panics, the entries it has not seen stay.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::ArenaMap<u32, u32> = (0..10).map(|n| (n, n)).collect();
    /// map.retain(|key, _| key % 2 == 0);
    /// assert_eq!(map.len(), 5);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.core.retain(|(key, value)| keep(key, value));
    }

    /// Removes and returns, one after another, the entries for which `pick` returns true.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
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
            raw: RawExtractIf::new(&mut self.core),
            pick,
        }
    }

    /// Drops every entry and keeps the blocks for the next ones.
    ///
    /// Computes in **O(buckets)** control bytes, and **O(entries)** where entries need drop. Allocates: never.
    pub fn clear(&mut self) {
        self.core.clear();
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> ArenaMap<K, V, S, H> {
    /// Makes room for `additional` more entries.
    ///
    /// Up to one segment that is a promise: that many insertions grow nothing, if nothing is removed in between.
    /// Beyond, each segment gets room for its even share and four standard deviations of chance.
    ///
    /// Computes in **O(entries)**. Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_reserve`](Self::try_reserve).
    pub fn reserve(&mut self, additional: usize) {
        if let Err(cause) = self.try_reserve(additional) {
            fail(cause, "try_reserve");
        }
    }

    /// Like [`reserve`](Self::reserve), but returns an error when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// What the arena answered. No entry is lost; some segments may have grown already.
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
        let hash_builder = &self.hash_builder;
        self.core.try_reserve(additional, |(key, _)| hash_builder.hash_one(key))
    }

    /// Gives the arena back what `min_capacity` entries, or the present ones if they are more, do not need.
    ///
    /// The blocks go to the arena's free lists; [`Arena::trim`](crate::Arena::trim) gives memory back to the heap.
    /// Where the smaller block cannot be had, the map stays as it is.
    ///
    /// Computes in **O(entries)**. Allocates: arena, for the smaller block.
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
        let hash_builder = &self.hash_builder;
        self.core.shrink_to(min_capacity, |(key, _)| hash_builder.hash_one(key));
    }

    /// [`shrink_to`](Self::shrink_to) the present entries.
    ///
    /// Computes in **O(entries)**. Allocates: arena, for the smaller block.
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// Inserts entries until the arena refuses one.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// [`ExtendError`] with the number of entries that went in, the one that did not, and the cause. What the
    /// iterator still holds is lost unless it was passed by `&mut`.
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
        for (key, value) in entries {
            match self.try_insert_overwrite(key, value) {
                Ok(_) => inserted += 1,
                Err(refused) => {
                    return Err(ExtendError {
                        inserted,
                        rejected: (refused.key, refused.value),
                        cause: refused.cause,
                    });
                }
            }
        }
        Ok(())
    }

    /// A map of the given entries in the given arena.
    ///
    /// Allocates: arena.
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
    pub fn from_iter_in(entries: impl IntoIterator<Item = (K, V)>, handle: H) -> Self
    where
        S: Default,
    {
        let mut map = Self::with_hasher_in(S::default(), handle);
        map.extend(entries);
        map
    }

    /// Like [`from_iter_in`](Self::from_iter_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// [`ExtendError`], as [`try_extend`](Self::try_extend); the entries that went in are dropped with the map. To
    /// keep them, make the map first and extend it.
    pub fn try_from_iter_in(entries: impl IntoIterator<Item = (K, V)>, handle: H) -> Result<Self, ExtendError<(K, V)>>
    where
        S: Default,
    {
        let mut map = Self::with_hasher_in(S::default(), handle);
        map.try_extend(entries)?;
        Ok(map)
    }

    /// A copy of this map in another arena, or in the same one.
    ///
    /// Computes in **O(buckets)**. Allocates: arena.
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
    /// assert_eq!(owned, borrowed);
    /// ```
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> ArenaMap<K, V, S, H2>
    where
        K: Clone,
        V: Clone,
        S: Clone,
    {
        match self.try_clone_in(handle) {
            Ok(map) => map,
            Err(cause) => fail(cause, "try_clone_in"),
        }
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// What the arena answered.
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<ArenaMap<K, V, S, H2>, ArenaError>
    where
        K: Clone,
        V: Clone,
        S: Clone,
    {
        let core = Core::try_with_capacity(self.len(), Raw::new(&handle), self.growth(), None)?;
        let mut copy = ArenaMap {
            core,
            hash_builder: self.hash_builder.clone(),
            handle: Held::new(handle),
        };
        for (key, value) in self {
            let hash = copy.hash_of(key);
            copy.insert_new(hash, key.clone(), value.clone())
                .map_err(|refused| refused.cause)?;
        }
        Ok(copy)
    }
}
