//! Methods that touch one entry.

use core::hash::BuildHasher;
use core::mem;

use super::key::Block;
use super::{
    CopiedKey, CopiedMap, Entry, Inner, Key, OccupiedEntry, OccupiedError, Stored, TryInsertError, VacantEntry,
};
use crate::arena::Handle;
use crate::error::{ArenaError, InsertError, fail_call};
use crate::table::{Found, KeyShape, Search, Vacant};

impl<Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle> CopiedMap<Q, V, S, H> {
    /// The value of a key.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", 1)]);
    /// assert_eq!(map.get("a"), Some(&1));
    /// assert_eq!(map.get("b"), None);
    /// ```
    #[inline]
    pub fn get(&self, key: &Q) -> Option<&V> {
        self.map.get(key)
    }

    /// The stored key and the value.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", 1)]);
    /// assert_eq!(map.get_key_value("a"), Some(("a", &1)));
    /// ```
    #[inline]
    pub fn get_key_value(&self, key: &Q) -> Option<(&Q, &V)> {
        let (key, value) = self.map.get_key_value(key)?;
        Some((key.get(), value))
    }

    /// True if the key is in the map.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn contains_key(&self, key: &Q) -> bool {
        self.map.contains_key(key)
    }

    /// The value of a key, to change in place.
    ///
    /// A map that is growing makes a step, as an insertion would: at most 32 entries move.
    ///
    /// Allocates: never. Time: O(1) on average.
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
    pub fn get_mut(&mut self, key: &Q) -> Option<&mut V> {
        self.map.get_mut(key)
    }

    /// The stored key, and the value to change in place.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn get_key_value_mut(&mut self, key: &Q) -> Option<(&Q, &mut V)> {
        let (key, value) = self.map.get_key_value_mut(key)?;
        Some((key.get(), value))
    }

    /// The values of several keys at once, to change in place; `None` for a key that is missing.
    ///
    /// Allocates: never. Time: O(N) lookups, and O(N²) comparisons of addresses.
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
    #[track_caller]
    pub fn get_disjoint_mut<const N: usize>(&mut self, keys: [&Q; N]) -> [Option<&'_ mut V>; N] {
        self.map.get_disjoint_mut(keys)
    }

    /// Sets the value of a key and returns the old one. The key is copied if it is new.
    ///
    /// Overwriting never grows the map. A new key grows it, in steps, if the table is full.
    ///
    /// Allocates: arena, for a new key. Time: O(1) on average, amortised.
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
    #[track_caller]
    pub fn insert(&mut self, key: &Q, value: V) -> Option<V> {
        match self.try_insert_overwrite(key, value) {
            Ok(old) => old,
            Err(error) => fail_call(error.cause, Q::MAP, "try_insert_overwrite"),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// (`try_insert` is hashbrown's name for an insertion that refuses to overwrite.)
    ///
    /// Allocates: arena, for a new key. Time: O(1) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, and so is the arena.
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
    pub fn try_insert_overwrite<'k>(&mut self, key: &'k Q, value: V) -> Result<Option<V>, InsertError<&'k Q, V>> {
        match self.search(key) {
            (Search::Found(found), _) => Ok(Some(mem::replace(&mut found.into_mut().1, value))),
            (Search::Vacant(vacant), hash_builder) => match fill(vacant, hash_builder, key, value) {
                Ok(_) => Ok(None),
                Err(refused) => Err(refused),
            },
        }
    }

    /// Inserts a new key, or says that it is there already.
    ///
    /// Allocates: arena, for a new key. Time: O(1) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`TryInsertError::Occupied`] with the entry and the value, if the key is in the map;
    /// [`TryInsertError::Refused`] with key and value, if the arena refuses. The map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::copied::TryInsertError;
    /// use arenamap::{Arena, StrMap};
    ///
    /// let mut map = StrMap::from([("a", 1)]);
    /// match map.try_insert("a", 2) {
    ///     Err(TryInsertError::Occupied(error)) => assert_eq!((error.entry.get(), error.value), (&1, 2)),
    ///     _ => unreachable!(),
    /// }
    /// assert_eq!(map.try_insert("b", 3).unwrap(), &mut 3);
    ///
    /// let arena = Arena::with_budget(8);
    /// let mut map = StrMap::new_in(&arena);
    /// match map.try_insert("key", 1) {
    ///     Err(TryInsertError::Refused(error)) => assert_eq!((error.key, error.value), ("key", 1)),
    ///     _ => unreachable!(),
    /// }
    /// ```
    #[inline]
    pub fn try_insert<'a, 'k>(
        &'a mut self,
        key: &'k Q,
        value: V,
    ) -> Result<&'a mut V, TryInsertError<'a, 'k, Q, V, H>> {
        match self.entry(key) {
            Entry::Occupied(entry) => Err(TryInsertError::Occupied(OccupiedError { entry, value })),
            Entry::Vacant(entry) => entry.try_insert(value).map_err(TryInsertError::Refused),
        }
    }

    /// The place of a key, occupied or vacant. The key is copied, and the map grows, when something is inserted there.
    ///
    /// Allocates: never; inserting: arena. Time: O(1) on average.
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
    pub fn entry<'a, 'k>(&'a mut self, key: &'k Q) -> Entry<'a, 'k, Q, V, S, H> {
        match self.search(key) {
            (Search::Found(found), _) => Entry::Occupied(OccupiedEntry { found }),
            (Search::Vacant(vacant), hash_builder) => Entry::Vacant(VacantEntry {
                vacant,
                hash_builder,
                key,
            }),
        }
    }

    /// The place of a key, and the hasher for what is done there.
    #[inline(always)] // part of every insertion
    pub(super) fn search(&mut self, key: &Q) -> (Search<'_, (Stored<Q>, V), H>, &S) {
        let Inner { table, hash_builder } = &mut self.map;
        let search = table.search(
            KeyShape::Whole,
            || hash_builder.hash_one(key),
            |(known, _)| known.get() == key,
            |(key, _)| hash_builder.hash_one(key),
        );
        (search, hash_builder)
    }

    /// Removes a key and returns its value. The bytes of the key are given back.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
    /// assert_eq!(map.remove("a"), Some(1));
    /// assert_eq!(map.remove("a"), None);
    /// ```
    #[inline]
    pub fn remove(&mut self, key: &Q) -> Option<V> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes a key and returns the stored key and its value. The map stays borrowed until the [`Key`] is dropped.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
    /// let (key, value) = map.remove_entry("a").unwrap();
    /// assert_eq!((&*key, value), ("a", 1));
    /// ```
    #[inline]
    pub fn remove_entry(&mut self, key: &Q) -> Option<(Key<'_, Q, H>, V)> {
        let raw = self.map.table.handle().raw();
        let (key, value) = self.map.remove_entry(key)?;
        Some((Key::new(Block::of(key, raw)), value))
    }
}

/// The place of an entry of a map with copied keys.
type FoundKey<'a, Q, V, H> = Found<'a, (Stored<Q>, V), H>;

/// Copies a key into the arena of the map that does not have it, and puts it in with its value.
///
/// The key is copied first, so that a refused copy changes nothing. The copy is given back if the table gets no room,
/// or if the hasher panics.
#[inline]
pub(super) fn fill<'a, 'k, Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle>(
    mut vacant: Vacant<'a, (Stored<Q>, V), H>,
    hash_builder: &S,
    key: &'k Q,
    value: V,
) -> Result<FoundKey<'a, Q, V, H>, InsertError<&'k Q, V>> {
    match vacant.arena().and_then(|arena| Block::copy_in(arena, key)) {
        Ok(block) => {
            fill_with(vacant, hash_builder, block, value).map_err(|(value, cause)| InsertError { key, value, cause })
        }
        Err(cause) => Err(InsertError { key, value, cause }),
    }
}

/// Puts a key in that was copied for this map and is not in it, with its value.
#[inline]
pub(super) fn fill_with<'a, Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle>(
    vacant: Vacant<'a, (Stored<Q>, V), H>,
    hash_builder: &S,
    block: Block<Q, H>,
    value: V,
) -> Result<FoundKey<'a, Q, V, H>, (V, ArenaError)> {
    match vacant.room(
        || hash_builder.hash_one(block.get()),
        |(key, _)| hash_builder.hash_one(key),
    ) {
        Ok(free) => Ok(free.put((block.keep(), value))),
        Err(cause) => Err((value, cause)),
    }
}
