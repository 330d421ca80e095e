//! Methods of `FixedMap` for one key, or a few.

use super::error::{FixedError, FixedInsertError};
use super::insert::Found;
use super::key::Query;
use super::{Entry, FixedKey, FixedMap, FixedValue, Memory, MemoryMut, OccupiedEntry, VacantEntry};

impl<K: FixedKey, V: FixedValue, M: Memory> FixedMap<K, V, M> {
    /// The value of a key.
    ///
    /// In a damaged archive that was not verified, it may not find a key that is there.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// assert_eq!(map.get(&7), Some(&49.into())); // by a native number
    /// assert_eq!(map.get(&u64_le::from(7)), map.get(&7)); // or by the key
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn get<Q: Query<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        self.core.find_value(self.hash(key), |other| key.is_key(other))
    }

    /// The stored key, and its value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get_key_value<Q: Query<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        self.core.find(self.hash(key), |other| key.is_key(other))
    }

    /// True if the key is in the map.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn contains_key<Q: Query<K> + ?Sized>(&self, key: &Q) -> bool {
        self.get(key).is_some()
    }

    /// The value of a key, or what the search found wrong with the archive.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Search`](super::Field::Search) if the search went through all groups without an end: the key is not there, and the archive is
    /// damaged, or has keys that were chosen to collide under its seed.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// assert_eq!(map.try_get(&7)?, None);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn try_get<Q: Query<K> + ?Sized>(&self, key: &Q) -> Result<Option<&V>, FixedError> {
        let hash = self.hash(key);
        match self.core.find(hash, |other| key.is_key(other)) {
            Some((_, value)) => Ok(Some(value)),
            None => self.core.search_ends(hash).map(|()| None),
        }
    }

    /// Lets the processor fetch the place of a key, so that a lookup soon after does not wait for memory.
    ///
    /// This helps if the map is larger than the second-level cache and there is other work to do in between.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn prefetch<Q: Query<K> + ?Sized>(&self, key: &Q) {
        self.core.prefetch(self.hash(key));
    }

    /// Looks many keys up together, so that their cache misses overlap.
    ///
    /// For keys that are in the map, it is faster than single lookups in maps larger than the second-level cache, and
    /// slower in smaller ones. For keys that are not, mostly only tags are read, and these are few bytes. So they gain
    /// only in maps larger than all caches: `cargo bench --bench fixed -- batch`.
    ///
    /// Allocates: never. Time: O(keys).
    ///
    /// # Panics
    ///
    /// If `out` has not as many places as there are keys; the message has both numbers.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// let mut out = [None; 2];
    /// map.get_batch(&[7_u64, 8], &mut out);
    /// assert_eq!(out, [Some(&49.into()), None]);
    ///
    /// # use arenamap::fixed::FixedStr;
    /// # let mut words = FixedMap::<FixedStr<8>, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// words.insert("seven".try_into().unwrap(), 7.into()).unwrap();
    /// words.get_batch(&["six", "seven"], &mut out);
    /// assert_eq!(out, [None, Some(&7.into())]);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[track_caller]
    pub fn get_batch<'m, Q: Query<K>>(&'m self, keys: &[Q], out: &mut [Option<&'m V>]) {
        crate::error::check_batch(keys.len(), out.len());
        self.core.find_batch(keys, out, |key| self.hash(key), Q::is_key);
    }
}

impl<K: FixedKey, V: FixedValue, M: MemoryMut> FixedMap<K, V, M> {
    /// The value of a key, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, [u64_le; 2], _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), [1.into(), 2.into()]).unwrap();
    /// map.get_mut(&7).unwrap()[1] += 40;
    /// assert_eq!(map.get(&7), Some(&[1.into(), 42.into()]));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn get_mut<Q: Query<K> + ?Sized>(&mut self, key: &Q) -> Option<&mut V> {
        let hash = self.hash(key);
        self.core
            .find_mut(hash, |other| key.is_key(other))
            .map(|(_, value)| value)
    }

    /// The values of several different keys at once, to change in place.
    ///
    /// Allocates: never. Time: O(N) lookups, and O(N²) comparisons of addresses.
    ///
    /// # Panics
    ///
    /// If two of the keys are equal, as in hashbrown.
    #[track_caller]
    pub fn get_disjoint_mut<Q: Query<K> + ?Sized, const N: usize>(&mut self, keys: [&Q; N]) -> [Option<&mut V>; N] {
        let hashes = keys.map(|key| self.hash(key));
        self.core.disjoint_mut(hashes, |i, other| keys[i].is_key(other))
    }

    /// Sets the value of a key and returns the old one. The stored key stays.
    ///
    /// Overwriting works in a full map, too.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedInsertError`] with the pair, if the map is full, or if the archive is damaged and was not verified.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 1)?;
    /// assert_eq!(map.insert(7.into(), 1.into()).unwrap(), None);
    /// assert_eq!(map.insert(7.into(), 2.into()).unwrap(), Some(1.into()));
    /// let (key, value) = map.insert(8.into(), 3.into()).unwrap_err().into_pair();
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline(always)] // else the result is handed over in memory, and read in larger pieces than it was written in: twice the time
    pub fn insert(&mut self, key: K, value: V) -> Result<Option<V>, FixedInsertError<K, V>> {
        let hash = self.hash(&key);
        self.core.insert(hash, key, value, K::same)
    }

    /// The place of a key, occupied or vacant: to look, insert or remove with one search.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// for key in [7_u64, 8, 7] {
    ///     *map.entry(key.into()).or_insert(0.into()).unwrap() += 1;
    /// }
    /// assert_eq!(map.get(&7), Some(&2.into()));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V, M> {
        let hash = self.hash(&key);
        match self.core.search(hash, |other| key.same(other)) {
            Found::Full(slot) => Entry::Occupied(OccupiedEntry { slot }),
            Found::Free(slot) => Entry::Vacant(VacantEntry { slot, key }),
        }
    }

    /// Removes a key and returns its value. The bytes of its slot are zeroed.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn remove<Q: Query<K> + ?Sized>(&mut self, key: &Q) -> Option<V> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes a key and returns the stored key and its value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn remove_entry<Q: Query<K> + ?Sized>(&mut self, key: &Q) -> Option<(K, V)> {
        let hash = self.hash(key);
        self.core.remove(hash, |other| key.is_key(other))
    }

    /// Removes a key, unless the search finds something wrong with the archive. Then nothing is changed.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Search`](super::Field::Search) as [`try_get`](Self::try_get); [`Field::Len`](super::Field::Len) in a damaged archive that was not verified.
    pub fn try_remove<Q: Query<K> + ?Sized>(&mut self, key: &Q) -> Result<Option<V>, FixedError> {
        let hash = self.hash(key);
        Ok(self
            .core
            .remove_checked(hash, |other| key.is_key(other))?
            .map(|(_, value)| value))
    }
}
