//! Calls that take a hash, and a comparison or a key. They are for keys that are hashed once and looked up in several
//! maps, or compared with something that is not a key.

use core::hash::BuildHasher;

use super::key::Block;
use super::{CopiedKey, CopiedMap, Inner, OccupiedEntry};
use crate::arena::Handle;
use crate::error::{InsertError, fail_call};
use crate::table::{KeyShape, Search};

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> CopiedMap<Q, V, S, H> {
    /// The entry that has this hash, and for whose key `eq` returns true.
    ///
    /// The hash must be that of [`hash_of`](Self::hash_of) for the key. With another hash the entry is not found.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("key", 1)]);
    /// let hash = map.hash_of("key");
    /// assert_eq!(map.find(hash, |key| key == "key"), Some(("key", &1)));
    /// ```
    #[inline]
    pub fn find(&self, hash: u64, mut eq: impl FnMut(&Q) -> bool) -> Option<(&Q, &V)> {
        match self.map.find(hash, move |key| eq(key.get())) {
            Some((key, value)) => Some((key.get(), value)),
            None => None,
        }
    }

    /// Like [`find`](Self::find), with the value to change in place.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn find_mut(&mut self, hash: u64, mut eq: impl FnMut(&Q) -> bool) -> Option<(&Q, &mut V)> {
        match self.map.find_mut(hash, move |key| eq(key.get())) {
            Some((key, value)) => Some((key.get(), value)),
            None => None,
        }
    }

    /// Like [`find`](Self::find), as an occupied entry, to remove or replace it.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn find_entry(&mut self, hash: u64, mut eq: impl FnMut(&Q) -> bool) -> Option<OccupiedEntry<'_, Q, V, H>> {
        let found = self.map.table.find_entry_at_rest(hash, move |(key, _)| eq(key.get()))?;
        Some(OccupiedEntry { found })
    }
}

impl<Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle> CopiedMap<Q, V, S, H> {
    /// The hash of a key in this map: for [`find`](Self::find) and the other calls that take a hash.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn hash_of(&self, key: &Q) -> u64 {
        self.hasher().hash_one(key)
    }

    /// Copies a key that is known to be new, by its hash, and inserts it without looking for it.
    ///
    /// If the key was there already, the map has it twice afterwards; nothing worse happens.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_insert_unique`](Self::try_insert_unique).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::StrMap;
    ///
    /// let mut hits = StrMap::new();
    /// let mut bytes = StrMap::with_hasher(hits.hasher().clone());
    /// let hash = hits.hash_of("/index.html");
    /// hits.insert_unique(hash, "/index.html", 1);
    /// bytes.insert_unique(hash, "/index.html", 5120);
    /// assert_eq!((hits["/index.html"], bytes["/index.html"]), (1, 5120));
    /// ```
    #[inline]
    #[track_caller]
    pub fn insert_unique(&mut self, hash: u64, key: &Q, value: V) -> OccupiedEntry<'_, Q, V, H> {
        match self.try_insert_unique(hash, key, value) {
            Ok(entry) => entry,
            Err(error) => fail_call(error.cause, Q::MAP, "try_insert_unique"),
        }
    }

    /// Like [`insert_unique`](Self::insert_unique), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, and so is the arena.
    #[inline]
    pub fn try_insert_unique<'k>(
        &mut self,
        hash: u64,
        key: &'k Q,
        value: V,
    ) -> Result<OccupiedEntry<'_, Q, V, H>, InsertError<&'k Q, V>> {
        let Inner { table, hash_builder } = &mut self.map;
        let hasher = |(key, _): &_| hash_builder.hash_one(key);
        let Search::Vacant(mut vacant) = table.search(KeyShape::Whole, || hash, |_| false, hasher) else {
            unreachable!("nothing is equal")
        };
        let copied = vacant.arena().and_then(|arena| Block::copy_in(arena, key));
        match copied.and_then(|block| Ok((vacant.room(|| hash, hasher)?, block))) {
            Ok((free, block)) => Ok(OccupiedEntry {
                found: free.put((block.keep(), value)),
            }),
            Err(cause) => Err(InsertError { key, value, cause }),
        }
    }
}
