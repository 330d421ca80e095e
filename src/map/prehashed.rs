//! Calls that take a hash and a comparison, as hashbrown's `HashTable` does. They are for keys that are hashed once and
//! looked up in several maps, or compared with something that is not a key.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;

use super::{ArenaMap, OccupiedEntry, Place};
use crate::arena::Handle;
use crate::error::{InsertError, fail_map as fail};
use crate::table::{KeyShape, RawIterHash, RawIterHashMut};

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// The entry that has this hash, and for whose key `eq` returns true.
    ///
    /// The hash must be that of [`hash_of`](Self::hash_of) for the key. With another hash the entry is not found.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::from([("key", 1)]);
    /// let hash = map.hash_of("key");
    /// assert_eq!(map.find(hash, |key| *key == "key"), Some((&"key", &1)));
    /// ```
    #[inline]
    pub fn find(&self, hash: u64, mut eq: impl FnMut(&K) -> bool) -> Option<(&K, &V)> {
        match self.table.get(KeyShape::Parts, || hash, move |(key, _)| eq(key)) {
            Some((key, value)) => Some((key, value)),
            None => None,
        }
    }

    /// Like [`find`](Self::find), with the value to change in place.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn find_mut(&mut self, hash: u64, mut eq: impl FnMut(&K) -> bool) -> Option<(&K, &mut V)> {
        match self.table.get_mut(KeyShape::Parts, || hash, move |(key, _)| eq(key)) {
            Some((key, value)) => Some((&*key, value)),
            None => None,
        }
    }

    /// Like [`find`](Self::find), as an occupied entry, to remove or replace it.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn find_entry(&mut self, hash: u64, mut eq: impl FnMut(&K) -> bool) -> Option<OccupiedEntry<'_, K, V, S, H>> {
        let place = self.place_at_rest(hash, move |key| eq(key))?;
        Some(OccupiedEntry { place })
    }

    /// The entries that may have this hash: all that have it, and perhaps a few others.
    ///
    /// Allocates: never. Time: O(1) on average for the whole iteration.
    #[inline]
    pub fn iter_hash(&self, hash: u64) -> IterHash<'_, K, V> {
        IterHash {
            raw: self.table.iter_hash(hash),
        }
    }

    /// Like [`iter_hash`](Self::iter_hash), with the values to change in place.
    ///
    /// Allocates: never. Time: O(1) on average for the whole iteration.
    #[inline]
    pub fn iter_hash_mut(&mut self, hash: u64) -> IterHashMut<'_, K, V> {
        IterHashMut {
            raw: self.table.iter_hash_mut(hash),
        }
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> ArenaMap<K, V, S, H> {
    /// Inserts a key that is known to be new, by its hash, without looking for it.
    ///
    /// If the key was there already, the map has it twice afterwards; nothing worse happens.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin is [`try_insert_unique`](Self::try_insert_unique).
    #[inline]
    #[track_caller]
    pub fn insert_unique(&mut self, hash: u64, key: K, value: V) -> OccupiedEntry<'_, K, V, S, H> {
        match self.try_insert_unique(hash, key, value) {
            Ok(entry) => entry,
            Err(error) => fail(error.cause, "ArenaMap::try_insert_unique"),
        }
    }

    /// Like [`insert_unique`](Self::insert_unique), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_insert_unique(
        &mut self,
        hash: u64,
        key: K,
        value: V,
    ) -> Result<OccupiedEntry<'_, K, V, S, H>, InsertError<K, V>> {
        match self.place(KeyShape::Whole, |_| hash, |_| false) {
            Place::Vacant(place) => place.try_insert(key, value).map(|place| OccupiedEntry { place }),
            Place::Occupied(_) => unreachable!("nothing is equal"),
        }
    }
}

/// Entries that may have a hash: [`ArenaMap::iter_hash`].
pub struct IterHash<'a, K, V> {
    raw: RawIterHash<'a, (K, V)>,
}

impl<'a, K, V> Iterator for IterHash<'a, K, V> {
    type Item = (&'a K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.raw.next().map(|(key, value)| (key, value))
    }
}

impl<K, V> FusedIterator for IterHash<'_, K, V> {}

impl<K, V> Clone for IterHash<'_, K, V> {
    fn clone(&self) -> Self {
        Self { raw: self.raw.clone() }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for IterHash<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Entries that may have a hash, with the values to change in place: [`ArenaMap::iter_hash_mut`].
pub struct IterHashMut<'a, K, V> {
    raw: RawIterHashMut<'a, (K, V)>,
}

impl<'a, K, V> Iterator for IterHashMut<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.raw.next().map(|(key, value)| (&*key, value))
    }
}

impl<K, V> FusedIterator for IterHashMut<'_, K, V> {}

impl<K, V> fmt::Debug for IterHashMut<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterHashMut").finish_non_exhaustive()
    }
}
