//! Methods that touch one entry, or a few.

use core::hash::{BuildHasher, Hash};
use core::mem;

use equivalent::Equivalent;

use super::{
    ArenaMap, Entry, EntryRef, OccupiedEntry, OccupiedError, Place, TryInsertError, VacantEntry, VacantEntryRef,
};
use crate::arena::Handle;
use crate::error::{Full, InsertError, fail_map as fail};
use crate::table::KeyShape;

/// How a table hashes its entries.
#[inline(always)]
fn hasher_of<K: Hash, V, S: BuildHasher>(hash_builder: &S) -> impl Fn(&(K, V)) -> u64 {
    |(key, _)| hash_builder.hash_one(key)
}

#[inline(always)]
fn is_same_key<K: Eq, V>((key, _): &(K, V), (known, _): &(K, V)) -> bool {
    key == known
}

#[inline(always)]
fn overwrite<K, V>((_, old): &mut (K, V), (_, value): (K, V)) -> V {
    mem::replace(old, value)
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> ArenaMap<K, V, S, H> {
    /// The hash of a key in this map: for [`find`](Self::find) and the other calls that take a hash.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn hash_of<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hash_builder.hash_one(key)
    }

    /// The value of a key.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::from([("a", 1)]);
    /// assert_eq!(map.get("a"), Some(&1));
    /// assert_eq!(map.get("b"), None);
    /// ```
    #[inline]
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        match self.get_key_value(key) {
            Some((_, value)) => Some(value),
            None => None,
        }
    }

    /// The stored key and the value.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn get_key_value<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        match self.table.get(
            KeyShape::of(key),
            || self.hash_of(key),
            |(known, _)| key.equivalent(known),
        ) {
            Some((key, value)) => Some((key, value)),
            None => None,
        }
    }

    /// True if the key is in the map.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn contains_key<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> bool {
        self.get_key_value(key).is_some()
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
    /// let mut map = arenamap::ArenaMap::from([("a", 1)]);
    /// if let Some(value) = map.get_mut("a") {
    ///     *value += 1;
    /// }
    /// assert_eq!(map["a"], 2);
    /// ```
    #[inline]
    pub fn get_mut<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<&mut V> {
        match self.get_key_value_mut(key) {
            Some((_, value)) => Some(value),
            None => None,
        }
    }

    /// The stored key, and the value to change in place.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn get_key_value_mut<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<(&K, &mut V)> {
        let Self { table, hash_builder } = self;
        let found = table.step_and_get_mut(
            KeyShape::of(key),
            || hash_builder.hash_one(key),
            |(known, _)| key.equivalent(known),
            |(key, _)| hash_builder.hash_one(key),
        );
        match found {
            Some((key, value)) => Some((&*key, value)),
            None => None,
        }
    }

    /// Sets the value of a key and returns the old one. The key that was there first stays.
    ///
    /// Overwriting never grows the map. A new key grows it if the table is full. Then at most 32 entries move, or all
    /// of up to 224.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin is
    /// [`try_insert_overwrite`](Self::try_insert_overwrite).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::ArenaMap::new();
    /// assert_eq!(map.insert("a", 1), None);
    /// assert_eq!(map.insert("a", 2), Some(1));
    /// ```
    #[inline(always)] // hashbrown's is inlined too (`inline-more`); a call costs a good part of an insertion into a small map
    #[track_caller]
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let Self { table, hash_builder } = self;
        match table.insert_at_home((key, value), hasher_of(hash_builder), is_same_key, overwrite) {
            Ok(old) => old,
            // Out of line, and each by itself: so the value stays in a register on the way above.
            Err((entry, None)) => self.insert_unsettled(entry),
            Err((entry, Some(hash))) => self.insert_slowly(entry, hash),
        }
    }

    #[inline(never)]
    #[track_caller]
    fn insert_unsettled(&mut self, entry: (K, V)) -> Option<V> {
        let Self { table, hash_builder } = self;
        match table.insert_unsettled(entry, hasher_of(hash_builder), is_same_key, overwrite) {
            Ok(old) => old,
            Err((_, cause)) => fail(cause, "ArenaMap::try_insert_overwrite"),
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn insert_slowly(&mut self, entry: (K, V), hash: u64) -> Option<V> {
        let Self { table, hash_builder } = self;
        match table.insert_slowly(entry, hash, true, hasher_of(hash_builder), is_same_key, overwrite) {
            Ok(old) => old,
            Err((_, cause)) => fail(cause, "ArenaMap::try_insert_overwrite"),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// (`try_insert` is hashbrown's name for an insertion that refuses to overwrite.)
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::with_budget(2000);
    /// let mut map = ArenaMap::new_in(&arena);
    /// let refused = (0..).find_map(|n| map.try_insert_overwrite(n, "value").err()).unwrap();
    /// assert_eq!(refused.key, 28); // 28 entries fit in 32 buckets, and 64 do not fit in the budget
    /// assert_eq!(map.len(), 28);
    /// ```
    #[inline(always)] // see `insert`
    pub fn try_insert_overwrite(&mut self, key: K, value: V) -> Result<Option<V>, InsertError<K, V>> {
        let Self { table, hash_builder } = self;
        let inserted = table.insert((key, value), hasher_of(hash_builder), is_same_key, overwrite);
        match inserted {
            Ok(old) => Ok(old),
            Err(((key, value), cause)) => Err(InsertError { key, value, cause }),
        }
    }

    /// Inserts a new key, or says that it is there already.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`TryInsertError::Occupied`] with the entry and the value, if the key is in the map;
    /// [`TryInsertError::Refused`] with key and value, if the map must grow and the arena refuses. The map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::hash_map::TryInsertError;
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let mut map = ArenaMap::from([(1, "a")]);
    /// match map.try_insert(1, "b") {
    ///     Err(TryInsertError::Occupied(error)) => assert_eq!((error.entry.get(), error.value), (&"a", "b")),
    ///     _ => unreachable!(),
    /// }
    /// assert_eq!(map.try_insert(2, "c").unwrap(), &mut "c");
    ///
    /// let arena = Arena::with_budget(8);
    /// let mut map = ArenaMap::new_in(&arena);
    /// match map.try_insert("key", 1) {
    ///     Err(TryInsertError::Refused(error)) => assert_eq!((error.key, error.value), ("key", 1)),
    ///     _ => unreachable!(),
    /// }
    /// ```
    pub fn try_insert(&mut self, key: K, value: V) -> Result<&mut V, TryInsertError<'_, K, V, S, H>> {
        match self.entry(key) {
            Entry::Occupied(entry) => Err(TryInsertError::Occupied(OccupiedError { entry, value })),
            Entry::Vacant(entry) => entry.try_insert(value).map_err(TryInsertError::Refused),
        }
    }

    /// Sets the value of a key if the map need not grow for it, and returns the old value.
    ///
    /// This call contains no code that allocates.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Errors
    ///
    /// [`Full`] with the pair, if the key is new and its table has no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::ArenaMap;
    ///
    /// let mut map = ArenaMap::with_capacity(4);
    /// for n in 0..map.capacity() {
    ///     map.insert_within_capacity(n, n).unwrap();
    /// }
    /// let full = map.insert_within_capacity(99, 3).unwrap_err();
    /// assert_eq!((full.key, full.value), (99, 3));
    /// assert_eq!(map.insert_within_capacity(2, 9), Ok(Some(2)));
    /// ```
    #[inline]
    pub fn insert_within_capacity(&mut self, key: K, value: V) -> Result<Option<V>, Full<K, V>> {
        match self.place(
            KeyShape::of(&key),
            |hash_builder| hash_builder.hash_one(&key),
            |known| *known == key,
        ) {
            Place::Occupied(place) => Ok(Some(mem::replace(&mut place.into_entry().1, value))),
            Place::Vacant(place) => place.insert_within_capacity(key, value).map(|()| None),
        }
    }

    /// Removes a key and returns its value.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::ArenaMap::from([("a", 1)]);
    /// assert_eq!(map.remove("a"), Some(1));
    /// assert_eq!(map.remove("a"), None);
    /// ```
    #[inline]
    pub fn remove<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<V> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes a key and returns the stored key and its value.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline(always)] // as `insert`
    pub fn remove_entry<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<(K, V)> {
        let Self { table, hash_builder } = self;
        table.remove(
            KeyShape::of(key),
            || hash_builder.hash_one(key),
            |(known, _)| key.equivalent(known),
            |(key, _)| hash_builder.hash_one(key),
        )
    }

    /// The place of a key, occupied or vacant. The map does not grow before something is inserted there.
    ///
    /// Allocates: never; inserting: arena. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut counts = arenamap::ArenaMap::new();
    /// for word in ["a", "b", "a"] {
    ///     *counts.entry(word).or_insert(0) += 1;
    /// }
    /// assert_eq!(counts["a"], 2);
    /// ```
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V, S, H> {
        match self.place(
            KeyShape::of(&key),
            |hash_builder| hash_builder.hash_one(&key),
            |known| *known == key,
        ) {
            Place::Occupied(place) => Entry::Occupied(OccupiedEntry { place }),
            Place::Vacant(place) => Entry::Vacant(VacantEntry { place, key }),
        }
    }

    /// The place of a borrowed key, which is made into an owned one only if the place is vacant and filled.
    ///
    /// Allocates: never; inserting: arena. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let mut counts: ArenaMap<&str, u32, _, _> = ArenaMap::new_in(&arena);
    /// let line = String::from("a b a");
    /// for word in line.split(' ') {
    ///     // the bytes of a word are copied into the arena when it is seen first
    ///     *counts.entry_ref(word).or_insert_keyed(|word| arena.alloc_str(word), 0) += 1;
    /// }
    /// drop(line);
    /// assert_eq!(counts["a"], 2);
    /// ```
    #[inline]
    pub fn entry_ref<'a, 'b, Q>(&'a mut self, key: &'b Q) -> EntryRef<'a, 'b, K, Q, V, S, H>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        match self.place(
            KeyShape::of(key),
            |hash_builder| hash_builder.hash_one(key),
            |known| key.equivalent(known),
        ) {
            Place::Occupied(place) => EntryRef::Occupied(OccupiedEntry { place }),
            Place::Vacant(place) => EntryRef::Vacant(VacantEntryRef { place, key }),
        }
    }

    /// Lets the processor fetch the place of a key, so that a lookup soon after does not wait for memory.
    ///
    /// This helps if the map is larger than the second-level cache and there is other work to do in between.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn prefetch<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        self.table.prefetch(self.hash_of(key));
    }

    /// Looks many keys up together, so that their cache misses overlap.
    ///
    /// Faster than single lookups in maps larger than the second-level cache, slower in smaller ones.
    ///
    /// Allocates: never. Time: O(keys) on average.
    ///
    /// # Panics
    ///
    /// If `out` has not as many places as there are keys; the message has both numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::from([(1, "a"), (2, "b")]);
    /// let mut out = [None; 3];
    /// map.get_batch(&[2, 3, 1], &mut out);
    /// assert_eq!(out, [Some(&"b"), None, Some(&"a")]);
    /// ```
    #[track_caller]
    pub fn get_batch<'m, Q: Hash + Equivalent<K>>(&'m self, keys: &[Q], out: &mut [Option<&'m V>]) {
        const AHEAD: usize = 16;
        crate::error::check_batch(keys.len(), out.len());
        for (keys, out) in keys.chunks(AHEAD).zip(out.chunks_mut(AHEAD)) {
            let mut hashes = [0; AHEAD];
            for (hash, key) in hashes.iter_mut().zip(keys) {
                *hash = self.hash_of(key);
                self.table.prefetch(*hash);
            }
            for ((hash, key), out) in hashes.iter().zip(keys).zip(out) {
                let found = self
                    .table
                    .get(KeyShape::of(key), || *hash, |(known, _)| key.equivalent(known));
                *out = found.map(|(_, value)| value);
            }
        }
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
    /// use arenamap::ArenaMap;
    ///
    /// let mut map = ArenaMap::from([("a", 1), ("b", 2)]);
    /// if let [Some(a), Some(b), None] = map.get_disjoint_mut(["a", "b", "c"]) {
    ///     core::mem::swap(a, b);
    /// }
    /// assert_eq!((map["a"], map["b"]), (2, 1));
    /// ```
    #[track_caller]
    pub fn get_disjoint_mut<Q, const N: usize>(&mut self, keys: [&Q; N]) -> [Option<&'_ mut V>; N]
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.get_disjoint_key_value_mut(keys)
            .map(|found| found.map(|(_, value)| value))
    }

    /// Like [`get_disjoint_mut`](Self::get_disjoint_mut), with the stored keys.
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
    /// use arenamap::ArenaMap;
    ///
    /// let mut map = ArenaMap::from([("a", 1), ("b", 2)]);
    /// let [a, c] = map.get_disjoint_key_value_mut(["a", "c"]);
    /// assert_eq!(a, Some((&"a", &mut 1)));
    /// assert_eq!(c, None);
    /// ```
    #[track_caller]
    pub fn get_disjoint_key_value_mut<Q, const N: usize>(&mut self, keys: [&Q; N]) -> [Option<(&'_ K, &'_ mut V)>; N]
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let Self { table, hash_builder } = self;
        table
            .find_many_mut(
                |number| hash_builder.hash_one(keys[number]),
                |number, (known, _)| keys[number].equivalent(known),
            )
            .map(|found| found.map(|(key, value)| (&*key, value)))
    }
}
