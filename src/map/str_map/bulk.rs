//! Methods that touch many entries, or the size of the table.

use core::hash::BuildHasher;
use core::marker::PhantomData;

use super::element::insert_new;
use super::key::Block;
use super::{Drain, ExtractIf, IntoValues, Iter, IterMut, Keys, StrMap, StrMapBuilder, Values, ValuesMut};
use crate::arena::Handle;
use crate::error::{ArenaError, ExtendError, fail};
use crate::map::iter::{RawDrain, RawExtractIf, RawIter, RawIterMut};

impl<V, H: Handle, S> StrMap<V, H, S> {
    /// Entries by shared reference, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", 10), ("bb", 20)]);
    /// assert_eq!(map.iter().map(|(k, v)| k.len() + v).sum::<usize>(), 33);
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, V, H> {
        Iter {
            raw: RawIter::new(&self.map.core),
        }
    }

    /// Entries with the value to change in place, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, V, H> {
        IterMut {
            raw: RawIterMut::new(&mut self.map.core),
        }
    }

    /// Keys, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn keys(&self) -> Keys<'_, V, H> {
        Keys {
            raw: RawIter::new(&self.map.core),
        }
    }

    /// Values, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn values(&self) -> Values<'_, V, H> {
        Values {
            raw: RawIter::new(&self.map.core),
        }
    }

    /// Values to change in place, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    #[inline]
    pub fn values_mut(&mut self) -> ValuesMut<'_, V, H> {
        ValuesMut {
            raw: RawIterMut::new(&mut self.map.core),
        }
    }

    /// Values by value, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", String::from("x"))]);
    /// assert_eq!(map.into_values().next().as_deref(), Some("x"));
    /// ```
    #[inline]
    pub fn into_values(self) -> IntoValues<V, H> {
        IntoValues {
            raw: self.dissolve(!H::EXCLUSIVE).into_raw(),
        }
    }

    /// Removes every entry and returns them; the tables stay for the next ones.
    ///
    /// Each key gives its bytes back when it is dropped. What is not taken is dropped with the iterator.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
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
    pub fn drain(&mut self) -> Drain<'_, V, H> {
        Drain {
            arena: self.map.handle.raw(),
            raw: RawDrain::new(&mut self.map.core),
            not_send: PhantomData,
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
    /// let mut map = arenamap::StrMap::from([("a", 1), ("bb", 2)]);
    /// map.retain(|key, _| key.len() == 1);
    /// assert_eq!(map.len(), 1);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut V) -> bool) {
        let arena = self.map.handle.raw();
        let mut others = RawExtractIf::new(&mut self.map.core);
        while let Some((key, value)) = others.next(|(key, value)| !keep(key.as_str(), value)) {
            drop(Block::of(key, arena));
            drop(value);
        }
    }

    /// Removes and returns, one after another, the entries for which `pick` returns true.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1), ("bb", 2)]);
    /// assert_eq!(map.extract_if(|key, _| key.len() == 1).count(), 1);
    /// assert_eq!(map.len(), 1);
    /// ```
    pub fn extract_if<F: FnMut(&str, &mut V) -> bool>(&mut self, pick: F) -> ExtractIf<'_, V, F, H> {
        ExtractIf {
            arena: self.map.handle.raw(),
            raw: RawExtractIf::new(&mut self.map.core),
            pick,
            not_send: PhantomData,
        }
    }

    /// Drops every entry and keeps the tables for the next ones. The bytes of the keys are given back.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
    /// map.clear();
    /// assert!(map.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.clear_all();
    }
}

impl<V, H: Handle, S: BuildHasher> StrMap<V, H, S> {
    /// Makes room for `additional` more entries. The bytes of their keys come on top.
    ///
    /// See [`ArenaMap::reserve`](crate::ArenaMap::reserve) for what that promises beyond one segment.
    ///
    /// Computes in **O(entries)**. Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_reserve`](Self::try_reserve).
    pub fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional);
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
    /// use arenamap::{ArenaError, StrMap};
    ///
    /// let mut map = StrMap::<u64>::new();
    /// assert_eq!(map.try_reserve(usize::MAX), Err(ArenaError::CapacityOverflow));
    /// ```
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), ArenaError> {
        self.map.try_reserve(additional)
    }

    /// Gives the arena back what `min_capacity` entries, or the present ones if they are more, do not need.
    ///
    /// Where the smaller block cannot be had, the map stays as it is.
    ///
    /// Computes in **O(entries)**. Allocates: arena, for the smaller block.
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

    /// [`shrink_to`](Self::shrink_to) the present entries.
    ///
    /// Computes in **O(entries)**. Allocates: arena, for the smaller block.
    pub fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
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
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::with_budget(300);
    /// let mut map = StrMap::new_in(&arena);
    /// let error = map.try_extend((0..).map(|n| (format!("key {n}"), n))).unwrap_err();
    /// assert_eq!(error.inserted, map.len());
    /// assert_eq!(error.rejected, (format!("key {}", map.len()), map.len()));
    /// ```
    pub fn try_extend<Q: AsRef<str>>(
        &mut self,
        entries: impl IntoIterator<Item = (Q, V)>,
    ) -> Result<(), ExtendError<(Q, V)>> {
        let mut inserted = 0;
        for (key, value) in entries {
            match self.try_insert_overwrite(key.as_ref(), value) {
                Ok(_) => inserted += 1,
                Err(refused) => {
                    let (value, cause) = (refused.value, refused.cause);
                    return Err(ExtendError {
                        inserted,
                        rejected: (key, value),
                        cause,
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
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::new();
    /// let map: StrMap<u32, _> = StrMap::from_iter_in([("a", 1)], &arena);
    /// assert_eq!(map["a"], 1);
    /// ```
    pub fn from_iter_in<Q: AsRef<str>>(entries: impl IntoIterator<Item = (Q, V)>, handle: H) -> Self
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
    pub fn try_from_iter_in<Q: AsRef<str>>(
        entries: impl IntoIterator<Item = (Q, V)>,
        handle: H,
    ) -> Result<Self, ExtendError<(Q, V)>>
    where
        S: Default,
    {
        let mut map = Self::with_hasher_in(S::default(), handle);
        map.try_extend(entries)?;
        Ok(map)
    }

    /// A copy of this map, keys and all, in another arena or in the same one.
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
    /// use arenamap::{Arena, StrMap};
    ///
    /// let owned = StrMap::from([("a", 1)]);
    /// let arena = Arena::new();
    /// let borrowed = owned.clone_in(&arena);
    /// assert_eq!(owned, borrowed);
    /// ```
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> StrMap<V, H2, S>
    where
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
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<StrMap<V, H2, S>, ArenaError>
    where
        V: Clone,
        S: Clone,
    {
        let mut copy = StrMapBuilder::new()
            .capacity(self.len())
            .growth(self.growth())
            .hasher(self.hasher().clone())
            .try_build_in(handle)?;
        for (key, value) in self {
            let hash = copy.map.hash_of(key);
            insert_new(&mut copy.map, hash, key, value.clone()).map_err(|refused| refused.cause)?;
        }
        Ok(copy)
    }
}
