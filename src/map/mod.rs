//! The growing map: [`ArenaMap`], and what stands on it.

mod builder;
mod bulk;
mod construct;
mod core;
mod directory;
mod disjoint;
mod entry;
mod entry_ref;
mod find;
mod growth;
mod hint;
mod iter;
mod prehashed;
mod segment;
pub mod str_map;
#[cfg(test)]
mod tests;
mod traits;

use ::core::hash::{BuildHasher, Hash};
use ::core::mem;

use equivalent::Equivalent;
use hashbrown::hash_table;

pub use self::builder::{Growth, MapBuilder};
use self::core::Core;
pub use self::entry::{Entry, OccupiedEntry, OccupiedError, VacantEntry};
pub use self::entry_ref::{EntryRef, VacantEntryRef};
pub use self::hint::SizeHint;
pub use self::iter::{Drain, ExtractIf, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut};
pub use self::prehashed::{IterHash, IterHashMut};
use self::segment::{Table, is_crowded, is_full, is_worth_a_look};
pub use self::str_map::{StrEntry, StrMap, StrMapBuilder, StrOccupiedEntry, StrOccupiedError, StrVacantEntry};
use crate::arena::{Arena, Handle, Held};
use crate::error::{Full, InsertError, fail};
use crate::stats::{ArenaStats, MapStats};

/// The default hasher: foldhash, seeded anew for each map, as in hashbrown.
///
/// Its seeds keep strangers from choosing keys that collide; it is not a cryptographic hash.
pub type DefaultHashBuilder = foldhash::fast::RandomState;

/// A hash map whose table lives in an [`Arena`].
///
/// The same type works on every [`Handle`]: `&Arena` (borrowed), `Arena` (owned, the default),
/// [`PooledArena`](crate::PooledArena) and [`SharedArena`](crate::SharedArena). Method names, meanings and panics are
/// those of `hashbrown::HashMap`; what differs is where memory comes from, and that every growing call has a `try_`
/// twin which gives back what it could not take.
///
/// # Growth
///
/// Up to one segment (256 KiB of entries, at most 2^16 buckets) the map is one hashbrown table. Beyond, segments split
/// in two, one at a time: an insertion moves the entries of one segment at the most. A lookup in a map of several
/// segments reads one more cache line; [`Growth::Flat`] avoids that at the price of the pause in which one big table
/// doubles.
///
/// Removed entries leave dead slots behind, as in hashbrown. A table with one for each sixteen entries is rebuilt at its size,
/// in a block that the arena recycles, as long as no more than 29 of 32 entries that fit are alive; only beyond does it
/// double, or split.
///
/// # Drop order
///
/// A map on `&Arena` is declared after its arena and after what its keys and values borrow. (`std`'s map tolerates
/// some other orders through an unstable feature of the language.)
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaMap};
///
/// let mut arena = Arena::new();
/// for line in ["a b a", "b c b"] {
///     let mut counts = ArenaMap::new_in(&arena);
///     for word in line.split(' ') {
///         *counts.entry(word).or_insert(0) += 1;
///     }
///     assert_eq!(counts.len(), 2);
///     drop(counts);
///     arena.reset(); // keeps its memory: the second line calls no allocator
/// }
/// ```
#[repr(C)] // see `Core`
pub struct ArenaMap<K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    // The tables go before the handle that keeps their arena: fields drop in this order.
    core: Core<(K, V), H>,
    hash_builder: S,
    handle: Held<H>,
}

/// A map on a borrowed arena.
pub type BorrowedMap<'a, K, V, S = DefaultHashBuilder> = ArenaMap<K, V, S, &'a Arena>;
/// A map that holds an arena checked out of a pool.
#[cfg(feature = "std")]
pub type PooledMap<'p, K, V, S = DefaultHashBuilder> = ArenaMap<K, V, S, crate::PooledArena<'p>>;
/// A map on an arena that several maps share.
#[cfg(feature = "std")]
pub type SharedMap<'p, K, V, S = DefaultHashBuilder> = ArenaMap<K, V, S, crate::SharedArena<'p>>;

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// The hasher.
    ///
    /// Allocates: never.
    #[inline]
    pub fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// Number of entries.
    ///
    /// Computes in **O(1)**. Allocates: never.
    #[inline]
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// True if there are no entries.
    ///
    /// Computes in **O(1)**. Allocates: never.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries that fit without growing, if nothing is removed in between.
    ///
    /// With several segments it is their sum, and a segment may split a little earlier, as keys spread by chance.
    ///
    /// Computes in **O(1)**, with several segments in **O(segments)**. Allocates: never.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.core.capacity()
    }

    /// How this map grows: chosen by [`MapBuilder::growth`].
    ///
    /// Allocates: never.
    pub fn growth(&self) -> Growth {
        self.core.growth()
    }

    /// Bytes of the blocks that this map holds in its arena: tables, and the directory of several segments.
    ///
    /// Computes in **O(1)**, with several segments in **O(segments)**. Allocates: never.
    pub fn allocation_size(&self) -> usize {
        self.core.allocation_size()
    }

    /// Sizes, loads and growth of this map, as plain numbers.
    ///
    /// Computes in **O(segments)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::from([(1, 2)]);
    /// assert_eq!(map.stats().len, 1);
    /// println!("{}", map.stats());
    /// ```
    pub fn stats(&self) -> MapStats {
        self.core.stats()
    }

    /// What the arena of this map holds, for all that live in it.
    ///
    /// Computes in **O(1)**. Allocates: never.
    pub fn arena_stats(&self) -> ArenaStats {
        self.core.raw().stats()
    }

    /// Drops every entry and gives the arena handle back.
    ///
    /// The way to `reset` or `trim` the arena of a map that owned it, or to use a pooled arena for the next map.
    ///
    /// Computes in **O(entries)** where entries need drop. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{ArenaMap, TrimPolicy};
    ///
    /// let map: ArenaMap<u32, u32> = (0..1000).map(|n| (n, n)).collect();
    /// let mut arena = map.into_handle();
    /// assert_eq!(arena.used(), 0);
    /// arena.trim(TrimPolicy::All);
    /// assert_eq!(arena.held(), 0);
    /// ```
    pub fn into_handle(self) -> H {
        let Self { core, handle, .. } = self;
        drop(core);
        handle.into_inner()
    }
}

impl<'a, K, V, S> ArenaMap<K, V, S, &'a Arena> {
    /// The arena this map was made in.
    ///
    /// Only for borrowed arenas: an owned arena is not reached through its map.
    ///
    /// Allocates: never.
    pub fn allocator(&self) -> &'a Arena {
        self.handle.get()
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> ArenaMap<K, V, S, H> {
    /// The hash by which this map finds a key: for [`find`](Self::find) and the other prehashed calls.
    ///
    /// Allocates: never.
    #[inline]
    pub fn hash_of<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hash_builder.hash_one(key)
    }

    /// The value of a key.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
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
        let hash = self.hash_of(key);
        self.core
            .find(hash, |(known, _)| key.equivalent(known), |(_, value)| value)
    }

    /// The stored key and the value.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
    #[inline]
    pub fn get_key_value<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        let hash = self.hash_of(key);
        match self.core.find(hash, |(known, _)| key.equivalent(known), |entry| entry) {
            Some((key, value)) => Some((key, value)),
            None => None,
        }
    }

    /// True if the key is in the map.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
    #[inline]
    pub fn contains_key<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> bool {
        self.get_key_value(key).is_some()
    }

    /// The value of a key, to change in place.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
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
    /// Computes in **O(1)** (average). Allocates: never.
    #[inline]
    pub fn get_key_value_mut<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<(&K, &mut V)> {
        let hash = self.hash_of(key);
        match self.core.find_mut(hash, |(known, _)| key.equivalent(known)) {
            Some((key, value)) => Some((&*key, value)),
            None => None,
        }
    }

    /// Sets the value of a key and returns the old one. The key that was there first stays.
    ///
    /// Overwriting never grows the map. A new key grows it when its table is full: at most one segment moves.
    ///
    /// Computes in **O(1)** (average, amortised). Allocates: arena.
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
    #[inline(always)] // hashbrown's is inlined too (`inline-more`); a call costs a fifth of an insertion into a small map
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let hash = self.hash_of(&key);
        let table = self.core.table_mut(hash);
        if is_worth_a_look(table) && is_crowded(table) {
            return self.insert_into_crowd(hash, key, value);
        }
        let old = put_with_room(table, hash, key, value);
        if old.is_none() {
            self.core.added();
        }
        old
    }

    #[cold]
    #[inline(never)]
    fn insert_into_crowd(&mut self, hash: u64, key: K, value: V) -> Option<V> {
        match self.try_insert_into_crowd(hash, key, value) {
            Ok(old) => old,
            Err(error) => fail(error.cause, "ArenaMap::try_insert_overwrite"),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// (`try_insert` is hashbrown's name for an insertion that refuses to overwrite.)
    ///
    /// Computes in **O(1)** (average, amortised). Allocates: arena.
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
    #[inline]
    pub fn try_insert_overwrite(&mut self, key: K, value: V) -> Result<Option<V>, InsertError<K, V>> {
        let hash = self.hash_of(&key);
        let table = self.core.table_mut(hash);
        if is_worth_a_look(table) && is_crowded(table) {
            return self.try_insert_into_crowd(hash, key, value);
        }
        let old = put_with_room(table, hash, key, value);
        if old.is_none() {
            self.core.added();
        }
        Ok(old)
    }

    #[cold]
    #[inline(never)]
    fn try_insert_into_crowd(&mut self, hash: u64, key: K, value: V) -> Result<Option<V>, InsertError<K, V>> {
        // First a search: overwriting grows nothing.
        if let Some((_, old)) = self.core.find_mut(hash, |(known, _)| *known == key) {
            return Ok(Some(mem::replace(old, value)));
        }
        self.insert_new(hash, key, value).map(|_| None)
    }

    /// Inserts a key that is not in the map and returns its bucket.
    #[inline]
    fn insert_new(&mut self, hash: u64, key: K, value: V) -> Result<usize, InsertError<K, V>> {
        let hash_builder = &self.hash_builder;
        self.core
            .insert_unique(hash, (key, value), |(key, _)| hash_builder.hash_one(key))
            .map_err(|((key, value), cause)| InsertError { key, value, cause })
    }

    /// Inserts a new key, or says that it is there already.
    ///
    /// Computes in **O(1)** (average, amortised). Allocates: arena.
    ///
    /// # Errors
    ///
    /// [`OccupiedError`] with the entry and the value, if the key is in the map.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; [`VacantEntry::try_insert`] does not.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::ArenaMap::from([(1, "a")]);
    /// assert_eq!(map.try_insert(1, "b").unwrap_err().value, "b");
    /// assert_eq!(map.try_insert(2, "c").unwrap(), &mut "c");
    /// ```
    pub fn try_insert(&mut self, key: K, value: V) -> Result<&mut V, OccupiedError<'_, K, V, S, H>> {
        match self.entry(key) {
            Entry::Occupied(entry) => Err(OccupiedError { entry, value }),
            Entry::Vacant(entry) => Ok(entry.insert(value)),
        }
    }

    /// Sets the value of a key if that needs no growth at all, and returns the old one.
    ///
    /// The code of this call has no path to the allocator. A table with dead slots may answer [`Full`] below its
    /// first capacity: [`reserve`](Self::reserve) rebuilds it.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
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
    /// let mut map = ArenaMap::with_capacity(3);
    /// for n in 0..3 {
    ///     map.insert_within_capacity(n, n).unwrap();
    /// }
    /// let full = map.insert_within_capacity(3, 3).unwrap_err();
    /// assert_eq!((full.key, full.value), (3, 3));
    /// assert_eq!(map.insert_within_capacity(2, 9), Ok(Some(2)));
    /// ```
    #[inline]
    pub fn insert_within_capacity(&mut self, key: K, value: V) -> Result<Option<V>, Full<K, V>> {
        let hash = self.hash_of(&key);
        let table = self.core.table_mut(hash);
        if is_full(table) {
            return match table.find_mut(hash, |(known, _)| *known == key) {
                Some((_, old)) => Ok(Some(mem::replace(old, value))),
                None => Err(Full { key, value }),
            };
        }
        let old = put_with_room(table, hash, key, value);
        if old.is_none() {
            self.core.added();
        }
        Ok(old)
    }

    /// Removes a key and returns its value.
    ///
    /// Computes in **O(1)** (average). Allocates: never.
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
    /// Computes in **O(1)** (average). Allocates: never.
    #[inline]
    pub fn remove_entry<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<(K, V)> {
        let hash = self.hash_of(key);
        self.core.remove(hash, |(known, _)| key.equivalent(known))
    }

    /// The place of a key, occupied or vacant. Nothing grows before something is inserted there.
    ///
    /// Computes in **O(1)** (average). Allocates: never; inserting: arena.
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
        let hash = self.hash_of(&key);
        match self.core.find_bucket(hash, |(known, _)| *known == key) {
            Some(bucket) => Entry::Occupied(OccupiedEntry {
                map: self,
                hash,
                bucket,
            }),
            None => Entry::Vacant(VacantEntry { map: self, hash, key }),
        }
    }

    /// The place of a borrowed key, which is made into an owned one only if the place is vacant and filled.
    ///
    /// Computes in **O(1)** (average). Allocates: never; inserting: arena.
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
        let hash = self.hash_of(key);
        match self.core.find_bucket(hash, |(known, _)| key.equivalent(known)) {
            Some(bucket) => EntryRef::Occupied(OccupiedEntry {
                map: self,
                hash,
                bucket,
            }),
            None => EntryRef::Vacant(VacantEntryRef { map: self, hash, key }),
        }
    }
}

/// Sets the value of a key in its table, which is not full. Whoever called it tells the core of a new key.
#[inline(always)] // see `ArenaMap::insert`
fn put_with_room<K: Eq, V, H: Handle>(table: &mut Table<(K, V), H>, hash: u64, key: K, value: V) -> Option<V> {
    match table.entry(hash, |(known, _)| *known == key, |_| unreachable!("there is room")) {
        hash_table::Entry::Occupied(mut entry) => Some(mem::replace(&mut entry.get_mut().1, value)),
        hash_table::Entry::Vacant(entry) => {
            entry.insert((key, value));
            None
        }
    }
}
