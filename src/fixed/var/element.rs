//! Methods of `VarMap` for one key, or a few.

use super::super::error::{Field, FixedError};
use super::super::layout::Hash;
use super::super::memory::{Memory, MemoryMut};
use super::super::raw::Search;
use super::{Refusal, VarInsertError, VarKey, VarMap, VarQuery, VarValue};

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: Memory> VarMap<K, V, M> {
    /// The value of a key.
    ///
    /// In a damaged archive that was not verified, it may not find a key that is there, and a text that is not where its slot says, or
    /// that is no UTF-8 although it should be, is not found either: [`try_get`](Self::try_get) tells.
    ///
    /// Allocates: never. Time: O(bytes of the key), and of a `str` O(its bytes), which are checked to be UTF-8; not in a map that was made
    /// here, or verified.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut map = VarMap::<str, u64_le, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("seven", 7.into())?;
    /// assert_eq!(map.get("seven"), Some(&7.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn get<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        let texts = self.texts();
        let slot = self
            .core
            .find_value(self.hash(key), |other| key.is_var(other, texts.room))?;
        texts.read(slot)
    }

    /// The stored key, and its value.
    ///
    /// Allocates: never. Time: O(bytes), as [`get`](Self::get).
    #[inline]
    pub fn get_key_value<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        let texts = self.texts();
        let (found, value) = self.core.find(self.hash(key), |other| key.is_var(other, texts.room))?;
        Some((texts.read(found)?, texts.read(value)?))
    }

    /// True if the key is in the map.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    #[inline]
    pub fn contains_key<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> bool {
        let room = self.core.room();
        self.core
            .slot_of(self.hash(key), |other| key.is_var(other, room))
            .is_some()
    }

    /// The value of a key, or what is wrong with the archive.
    ///
    /// Allocates: never. Time: O(bytes), as [`get`](Self::get).
    ///
    /// # Errors
    ///
    /// [`Field::Text`] if the text is outside of the room, or no UTF-8 although it should be; [`get_bytes`](Self::get_bytes) gives what is
    /// there. [`Field::Search`] as [`FixedMap::try_get`](crate::fixed::FixedMap::try_get).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap};
    /// # let map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// assert_eq!(map.try_get("seven")?, None);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn try_get<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Result<Option<&V>, FixedError> {
        let (hash, texts) = (self.hash(key), self.texts());
        let Some(slot) = self.core.slot_of(hash, |other| key.is_var(other, texts.room)) else {
            return self.core.search_ends(hash).map(|()| None);
        };
        self.core.lend();
        match texts.read(self.core.pair(slot).1) {
            Some(value) => Ok(Some(value)),
            None => Err(FixedError::at(Field::Text, slot as u64, 0, 1)),
        }
    }

    /// The bytes of the text of a key, whether or not they are UTF-8. `None` if the key is not there, or the text is outside of the room.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    #[inline]
    pub fn get_bytes<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<&[u8]> {
        let room = self.core.room();
        let slot = self.core.find_value(self.hash(key), |other| key.is_var(other, room))?;
        V::span(slot)?.of(room)
    }

    /// Lets the processor fetch the place of a key, so that a lookup soon after does not wait for memory.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    #[inline]
    pub fn prefetch<Q: VarQuery<K> + ?Sized>(&self, key: &Q) {
        self.core.prefetch(self.hash(key));
    }

    /// Looks many keys up together, so that their cache misses overlap: those of tags, slots, and the texts of keys and values.
    ///
    /// It is faster than single lookups in maps larger than the second-level cache, and slower in smaller ones.
    ///
    /// Keys without a fixed size are given by reference, `&["one", "two"]`: as to an [`IndexedMap`](crate::fixed::IndexedMap::get_batch).
    ///
    /// Allocates: never. Time: O(bytes of the keys), and of the values as [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// If `out` has not as many places as there are keys; the message has both numbers.
    ///
    /// ```
    /// # use arenamap::fixed::VarMap;
    /// let map = VarMap::<str, str>::from_pairs([("one", "eins"), ("two", "zwei")])?;
    /// let mut out = [None; 3];
    /// map.get_batch(&["two", "three", "one"], &mut out);
    /// assert_eq!(out, [Some("zwei"), None, Some("eins")]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn get_batch<'m, Q: VarQuery<K>>(&'m self, keys: &[Q], out: &mut [Option<&'m V>]) {
        /// Lookups in flight.
        const BATCH: usize = 16;
        crate::error::check_batch(keys.len(), out.len());
        let texts = self.texts();
        for (keys, out) in keys.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
            let mut hashes = [Hash(0); BATCH];
            for (hash, key) in hashes.iter_mut().zip(keys) {
                *hash = self.hash(key);
                self.core.prefetch_home(*hash);
            }
            for &hash in &hashes[..keys.len()] {
                if let Some((key, value)) = self.core.first_alike(hash) {
                    texts.prefetch::<K>(key);
                    texts.prefetch::<V>(value);
                }
            }
            for ((out, key), &hash) in out.iter_mut().zip(keys).zip(&hashes) {
                let slot = self.core.find_value(hash, |other| key.is_var(other, texts.room));
                *out = slot.and_then(|slot| texts.read(slot));
            }
        }
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// Sets the value of a key. Returns what is left of the old one: the value itself if it has a fixed size, `()` if it is a text; `None`
    /// if the key is new.
    ///
    /// A text is written over the old one if it is not longer, or if the old one is the last in the room and can grow; else it takes new bytes of
    /// the room. (What a text leaves when it becomes shorter is garbage, behind which it is not the last.)
    ///
    /// Allocates: never. Time: O(bytes of both).
    ///
    /// # Errors
    ///
    /// [`VarInsertError`] with the pair: if all entries or all bytes of the room are taken ([`Refusal`] says which), if a text is longer than
    /// 2²⁸ - 1 bytes, or if the archive is damaged and was not verified. The map is as it was.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut map = VarMap::<str, u64_le, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// assert_eq!(map.insert("seven", 6.into())?, None);
    /// assert_eq!(map.insert("seven", 7.into())?, Some(6.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::type_complexity, reason = "an alias would hide what is given back")]
    pub fn insert<'k, 'v>(
        &mut self,
        key: K::Given<'k>,
        value: V::Given<'v>,
    ) -> Result<Option<V::Old>, VarInsertError<K::Given<'k>, V::Given<'v>>> {
        let hash = self.hash_given(&key);
        let room = self.core.room();
        let cause = match self.core.place_of(hash, |other| K::is_given(&key, other, room)) {
            Ok(Search::Found(slot)) => {
                let fits = self
                    .check_old(slot, room)
                    .and_then(|old| self.check_fits(V::text(&value), old));
                match fits {
                    Ok(()) => return Ok(Some(self.replace(slot, value))),
                    Err(cause) => cause,
                }
            }
            Ok(Search::Vacant(place)) => match self.check_new(&key, &value) {
                Ok(()) => {
                    self.put(hash, place, key, value);
                    return Ok(None);
                }
                Err(cause) => cause,
            },
            Err(error) => self.check_len().err().unwrap_or(Refusal::Corrupt(error)),
        };
        Err(VarInsertError { key, value, cause })
    }

    /// The value of a key, to change in place. A text keeps its length.
    ///
    /// Allocates: never. Time: O(bytes), as [`get`](Self::get).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("name", "ada")?;
    /// map.get_mut("name").unwrap().make_ascii_uppercase();
    /// assert_eq!(map.get("name"), Some("ADA"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_mut<Q: VarQuery<K> + ?Sized>(&mut self, key: &Q) -> Option<&mut V> {
        let room = self.core.room();
        let slot = self.core.slot_of(self.hash(key), |other| key.is_var(other, room))?;
        self.value_mut(slot)
    }

    /// Removes a key. Returns its value if that has a fixed size, `()` if it is a text; `None` if the key was not there. The bytes of texts
    /// become garbage.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    pub fn remove<Q: VarQuery<K> + ?Sized>(&mut self, key: &Q) -> Option<V::Old> {
        let (hash, room) = (self.hash(key), self.core.room());
        let slot = self.core.slot_of(hash, |other| key.is_var(other, room))?;
        Some(self.take(hash, slot))
    }

    /// The value in a full slot, to change in place. `None` if its text is not where it should be, or not what it should be.
    pub(super) fn value_mut(&mut self, slot: usize) -> Option<&mut V> {
        self.core.unseal();
        let (_, value, room) = self.core.pair_and_room(slot);
        let text = match V::span(value) {
            Some(span) => room.get_mut(span.range())?,
            None => &mut [],
        };
        V::read_text_mut(value, text)
    }
}
