//! Calls that take the hash and a comparison, as hashbrown's `HashTable` does: for keys hashed once and used in
//! several maps, or compared with something that is no key.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;
use core::marker::PhantomData;

use hashbrown::hash_table;

use super::{ArenaMap, OccupiedEntry};
use crate::arena::{Arena, Handle};
use crate::error::{InsertError, fail};

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// The entry of a hash for whose key `eq` returns true.
    ///
    /// The hash is the one that [`hash_of`](Self::hash_of) gives for the key: with another, entries are not found.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
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
        match self.core.find(hash, |(key, _)| eq(key), |entry| entry) {
            Some((key, value)) => Some((key, value)),
            None => None,
        }
    }

    /// Like [`find`](Self::find), with the value to change in place.
    ///
    /// Allocates: never.
    #[inline]
    pub fn find_mut(&mut self, hash: u64, mut eq: impl FnMut(&K) -> bool) -> Option<(&K, &mut V)> {
        match self.core.find_mut(hash, |(key, _)| eq(key)) {
            Some((key, value)) => Some((&*key, value)),
            None => None,
        }
    }

    /// Like [`find`](Self::find), as an occupied entry, to remove or replace it.
    ///
    /// Allocates: never.
    #[inline]
    pub fn find_entry(&mut self, hash: u64, mut eq: impl FnMut(&K) -> bool) -> Option<OccupiedEntry<'_, K, V, S, H>> {
        let bucket = self.core.find_bucket(hash, |(key, _)| eq(key))?;
        Some(OccupiedEntry {
            map: self,
            hash,
            bucket,
        })
    }

    /// The entries whose hash may be this one: all that have it, and perhaps a few that share its tag.
    ///
    /// Allocates: never.
    #[inline]
    pub fn iter_hash(&self, hash: u64) -> IterHash<'_, K, V, H> {
        IterHash {
            raw: self.core.table(hash).iter_hash(hash),
            handle: PhantomData,
        }
    }

    /// Like [`iter_hash`](Self::iter_hash), with the values to change in place.
    ///
    /// Allocates: never.
    #[inline]
    pub fn iter_hash_mut(&mut self, hash: u64) -> IterHashMut<'_, K, V, H> {
        IterHashMut {
            raw: self.core.table_mut(hash).iter_hash_mut(hash),
            handle: PhantomData,
        }
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> ArenaMap<K, V, S, H> {
    /// Inserts a key that is known to be new, by its hash, without looking for it.
    ///
    /// A key that was there already stands in the map twice afterwards; nothing worse happens.
    ///
    /// Computes in **O(1)** (average, amortised). Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin is [`try_insert_unique`](Self::try_insert_unique).
    #[inline]
    pub fn insert_unique(&mut self, hash: u64, key: K, value: V) -> OccupiedEntry<'_, K, V, S, H> {
        match self.try_insert_unique(hash, key, value) {
            Ok(entry) => entry,
            Err(error) => fail(error.cause, "try_insert_unique"),
        }
    }

    /// Like [`insert_unique`](Self::insert_unique), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena.
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
        let bucket = self.insert_new(hash, key, value)?;
        Ok(OccupiedEntry {
            map: self,
            hash,
            bucket,
        })
    }
}

/// Entries that share a hash's tag: [`ArenaMap::iter_hash`].
pub struct IterHash<'a, K, V, H: Handle = Arena> {
    raw: hash_table::IterHash<'a, (K, V)>,
    handle: PhantomData<&'a H>,
}

impl<'a, K, V, H: Handle> Iterator for IterHash<'a, K, V, H> {
    type Item = (&'a K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.raw.next().map(|(key, value)| (key, value))
    }
}

impl<K, V, H: Handle> FusedIterator for IterHash<'_, K, V, H> {}

impl<K, V, H: Handle> Clone for IterHash<'_, K, V, H> {
    fn clone(&self) -> Self {
        Self {
            raw: self.raw.clone(),
            handle: PhantomData,
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, H: Handle> fmt::Debug for IterHash<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Entries that share a hash's tag, with the values to change: [`ArenaMap::iter_hash_mut`].
pub struct IterHashMut<'a, K, V, H: Handle = Arena> {
    raw: hash_table::IterHashMut<'a, (K, V)>,
    handle: PhantomData<&'a H>,
}

impl<'a, K, V, H: Handle> Iterator for IterHashMut<'a, K, V, H> {
    type Item = (&'a K, &'a mut V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.raw.next().map(|(key, value)| (&*key, value))
    }
}

impl<K, V, H: Handle> FusedIterator for IterHashMut<'_, K, V, H> {}

impl<K, V, H: Handle> fmt::Debug for IterHashMut<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterHashMut").finish_non_exhaustive()
    }
}
