//! Methods that touch one entry.

use core::hash::BuildHasher;
use core::mem;

use hashbrown::hash_table;

#[cfg(doc)]
use super::StrVacantEntry;
use super::key::Block;
use super::{Inner, Key, StrEntry, StrMap, StrOccupiedError};
use crate::arena::Handle;
use crate::error::{ArenaError, InsertError, fail};
use crate::map::segment::is_full;

impl<V, H: Handle, S: BuildHasher> StrMap<V, H, S> {
    /// The value of a key.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", 1)]);
    /// assert_eq!(map.get("a"), Some(&1));
    /// assert_eq!(map.get("b"), None);
    /// ```
    #[inline]
    pub fn get(&self, key: &str) -> Option<&V> {
        self.map.get(key)
    }

    /// The stored key and the value.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", 1)]);
    /// assert_eq!(map.get_key_value("a"), Some(("a", &1)));
    /// ```
    #[inline]
    pub fn get_key_value(&self, key: &str) -> Option<(&str, &V)> {
        let (key, value) = self.map.get_key_value(key)?;
        Some((key.as_str(), value))
    }

    /// True if the key is in the map.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
    #[inline]
    pub fn contains_key(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// The value of a key, to change in place.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
    /// if let Some(value) = map.get_mut("a") {
    ///     *value += 1;
    /// }
    /// assert_eq!(map["a"], 2);
    /// ```
    #[inline]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.map.get_mut(key)
    }

    /// The stored key, and the value to change in place.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
    #[inline]
    pub fn get_key_value_mut(&mut self, key: &str) -> Option<(&str, &mut V)> {
        let (key, value) = self.map.get_key_value_mut(key)?;
        Some((key.as_str(), value))
    }

    /// Exclusive references to the values of several keys at once; `None` where a key is missing.
    ///
    /// Computes in **O(N)** lookups and **O(N²)** comparisons of places. Allocates: never.
    ///
    /// # Panics
    ///
    /// If two keys name the same entry.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1), ("b", 2)]);
    /// if let [Some(a), Some(b)] = map.get_disjoint_mut(["a", "b"]) {
    ///     core::mem::swap(a, b);
    /// }
    /// assert_eq!((map["a"], map["b"]), (2, 1));
    /// ```
    pub fn get_disjoint_mut<const N: usize>(&mut self, keys: [&str; N]) -> [Option<&'_ mut V>; N] {
        self.map.get_disjoint_mut(keys)
    }

    /// Sets the value of a key and returns the old one. The key is copied if it is new.
    ///
    /// Overwriting never grows the map. A new key grows it when its table is full: at most one segment moves.
    ///
    /// Computes in **O(1)** (average, amortised). Allocates: arena, for a new key.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_insert_overwrite`](Self::try_insert_overwrite).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::new();
    /// let text = String::from("a");
    /// assert_eq!(map.insert(&text, 1), None);
    /// drop(text);
    /// assert_eq!(map.insert("a", 2), Some(1));
    /// ```
    #[inline]
    pub fn insert(&mut self, key: &str, value: V) -> Option<V> {
        match self.try_insert_overwrite(key, value) {
            Ok(old) => old,
            Err(error) => fail(error.cause, "try_insert_overwrite"),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// (`try_insert` is hashbrown's name for an insertion that refuses to overwrite.)
    ///
    /// Computes in **O(1)** (average, amortised). Allocates: arena, for a new key.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, and the copy of the key, if there was one
    /// already, is given back.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::with_budget(1000);
    /// let mut map = StrMap::new_in(&arena);
    /// map.insert("known", 1);
    /// let huge = "huge".repeat(1000);
    /// let refused = map.try_insert_overwrite(&huge, 2).unwrap_err();
    /// assert_eq!((refused.key, refused.value), (&*huge, 2));
    /// assert_eq!(map.try_insert_overwrite("known", 3).unwrap(), Some(1));
    /// ```
    #[inline]
    pub fn try_insert_overwrite<'k>(&mut self, key: &'k str, value: V) -> Result<Option<V>, InsertError<&'k str, V>> {
        let hash = self.map.hash_of(key);
        let raw = self.map.handle.raw();
        let table = self.map.core.table_mut(hash);
        if is_full(table) {
            return self.insert_into_full(hash, key, value);
        }
        match table.entry(
            hash,
            |(known, _)| known.as_str() == key,
            |_| unreachable!("there is room"),
        ) {
            hash_table::Entry::Occupied(mut entry) => Ok(Some(mem::replace(&mut entry.get_mut().1, value))),
            hash_table::Entry::Vacant(entry) => match Block::copy_in(raw, key) {
                Ok(block) => {
                    entry.insert((block.keep(), value));
                    self.map.core.added();
                    Ok(None)
                }
                Err(cause) => Err(InsertError { key, value, cause }),
            },
        }
    }

    #[cold]
    #[inline(never)]
    fn insert_into_full<'k>(
        &mut self,
        hash: u64,
        key: &'k str,
        value: V,
    ) -> Result<Option<V>, InsertError<&'k str, V>> {
        if let Some((_, old)) = self.map.core.find_mut(hash, |(known, _)| known.as_str() == key) {
            return Ok(Some(mem::replace(old, value)));
        }
        insert_new(&mut self.map, hash, key, value).map(|_| None)
    }

    /// Inserts a new key, or says that it is there already.
    ///
    /// Computes in **O(1)** (average, amortised). Allocates: arena, for a new key.
    ///
    /// # Errors
    ///
    /// [`StrOccupiedError`] with the entry and the value, if the key is in the map.
    ///
    /// # Panics
    ///
    /// If the arena refuses; [`StrVacantEntry::try_insert`] does not.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
    /// assert_eq!(map.try_insert("a", 2).unwrap_err().value, 2);
    /// assert_eq!(map.try_insert("b", 3).unwrap(), &mut 3);
    /// ```
    pub fn try_insert(&mut self, key: &str, value: V) -> Result<&mut V, StrOccupiedError<'_, V, H, S>> {
        match self.entry(key) {
            StrEntry::Occupied(entry) => Err(StrOccupiedError { entry, value }),
            StrEntry::Vacant(entry) => Ok(entry.insert(value)),
        }
    }

    /// The place of a key, occupied or vacant. The key is copied, and the map grows, when something is inserted there.
    ///
    /// Computes in **O(1)** (average). Allocates: never; inserting: arena.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut counts = arenamap::StrMap::new();
    /// for word in "a b a".split(' ') {
    ///     *counts.entry(word).or_insert(0) += 1;
    /// }
    /// assert_eq!(counts["a"], 2);
    /// ```
    #[inline]
    pub fn entry<'a, 'k>(&'a mut self, key: &'k str) -> StrEntry<'a, 'k, V, H, S> {
        let hash = self.map.hash_of(key);
        StrEntry::find(&mut self.map, hash, key)
    }

    /// Removes a key and returns its value. The bytes of the key are given back.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
    /// assert_eq!(map.remove("a"), Some(1));
    /// assert_eq!(map.remove("a"), None);
    /// ```
    #[inline]
    pub fn remove(&mut self, key: &str) -> Option<V> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes a key and returns the stored key and its value. The map stays borrowed until the [`Key`] is dropped.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
    /// let (key, value) = map.remove_entry("a").unwrap();
    /// assert_eq!((&*key, value), ("a", 1));
    /// ```
    #[inline]
    pub fn remove_entry(&mut self, key: &str) -> Option<(Key<'_, H>, V)> {
        let raw = self.map.handle.raw();
        let (key, value) = self.map.remove_entry(key)?;
        Some((Key::new(Block::of(key, raw)), value))
    }
}

/// Inserts a key that is not in the map, and returns its bucket.
#[inline]
pub(super) fn insert_new<'k, V, H: Handle, S: BuildHasher>(
    map: &mut Inner<V, H, S>,
    hash: u64,
    key: &'k str,
    value: V,
) -> Result<usize, InsertError<&'k str, V>> {
    match Block::copy_in(map.handle.raw(), key) {
        Ok(block) => insert_block(map, hash, block, value).map_err(|(value, cause)| InsertError { key, value, cause }),
        Err(cause) => Err(InsertError { key, value, cause }),
    }
}

/// Inserts a key that was copied for this map and is not in it, and returns its bucket.
///
/// The block is given back when the arena refuses, and when the hasher panics while the map grows.
#[inline]
pub(super) fn insert_block<V, H: Handle, S: BuildHasher>(
    map: &mut Inner<V, H, S>,
    hash: u64,
    block: Block<H>,
    value: V,
) -> Result<usize, (V, ArenaError)> {
    if is_full(map.core.table(hash)) {
        let hash_builder = &map.hash_builder;
        if let Err(cause) = map.core.make_room(hash, |(key, _)| hash_builder.hash_one(key)) {
            return Err((value, cause));
        }
    }
    map.core
        .insert_unique(hash, (block.keep(), value), |_| unreachable!("room was made before"))
        .map_err(|((_, value), cause)| (value, cause))
}
