//! The place of a key in a map, searched once.

use super::error::FixedInsertError;
use super::insert::{FreeSlot, FullSlot};
use super::key::FixedKey;
use super::memory::MemoryMut;
use super::value::{FixedValue, ZeroBytes};
use core::fmt;

/// The place of a key: [`FixedMap::entry`](super::FixedMap::entry).
#[must_use = "an entry that is dropped inserts and removes nothing"]
pub enum Entry<'m, K, V, M> {
    /// The key is in the map.
    Occupied(OccupiedEntry<'m, K, V, M>),
    /// The key is not in the map.
    Vacant(VacantEntry<'m, K, V, M>),
}

/// The place of a key that is in the map.
pub struct OccupiedEntry<'m, K, V, M> {
    pub(super) slot: FullSlot<'m, K, V, M>,
}

/// The place of a key that is not in the map, and the key.
pub struct VacantEntry<'m, K, V, M> {
    pub(super) slot: FreeSlot<'m, K, V, M>,
    pub(super) key: K,
}

impl<'m, K: FixedKey, V: FixedValue, M: MemoryMut> Entry<'m, K, V, M> {
    /// The value, inserted if there was none.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedInsertError`] with the pair, if the map is full.
    pub fn or_insert(self, default: V) -> Result<&'m mut V, FixedInsertError<K, V>> {
        self.or_insert_with(|| default)
    }

    /// The value, made and inserted if there was none.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedInsertError`] with the pair, if the map is full.
    pub fn or_insert_with(self, default: impl FnOnce() -> V) -> Result<&'m mut V, FixedInsertError<K, V>> {
        self.or_insert_with_key(|_| default())
    }

    /// The value, made from the key and inserted if there was none.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedInsertError`] with the pair, if the map is full.
    pub fn or_insert_with_key(self, default: impl FnOnce(&K) -> V) -> Result<&'m mut V, FixedInsertError<K, V>> {
        match self {
            Self::Occupied(entry) => Ok(entry.into_mut()),
            Self::Vacant(entry) => {
                let value = default(&entry.key);
                entry.insert(value)
            }
        }
    }

    /// The value, inserted as `V::default()` if there was none.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedInsertError`] with the pair, if the map is full.
    pub fn or_default(self) -> Result<&'m mut V, FixedInsertError<K, V>>
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// The value. If there was none, a closure writes it where it will stand, over bytes that are zero.
    ///
    /// If the closure panics, the map has no such entry. See [`FixedMap::insert_with`](super::FixedMap::insert_with).
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedInsertError`] with the key, if the map is full; the closure was not called.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, [u64_le; 256], _>::create(AlignedBytes::zeroed(1 << 16), 10)?;
    /// for _ in 0..2 {
    ///     map.entry(7.into()).or_write_with(|page| page[0] = 1.into()).unwrap()[1] += 1;
    /// }
    /// assert_eq!(map[&7][..3], [1, 2, 0]);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn or_write_with(self, write: impl FnOnce(&mut V)) -> Result<&'m mut V, FixedInsertError<K, ()>>
    where
        V: ZeroBytes,
    {
        match self {
            Self::Occupied(entry) => Ok(entry.into_mut()),
            Self::Vacant(entry) => entry.insert_with(write),
        }
    }

    /// Changes the value, if there is one.
    ///
    /// Allocates: never. Time: O(1).
    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self {
        if let Self::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }

    /// The key of this place.
    ///
    /// Allocates: never. Time: O(1).
    pub fn key(&self) -> &K {
        match self {
            Self::Occupied(entry) => entry.key(),
            Self::Vacant(entry) => entry.key(),
        }
    }
}

impl<'m, K: FixedKey, V: FixedValue, M: MemoryMut> OccupiedEntry<'m, K, V, M> {
    /// The stored key.
    ///
    /// Allocates: never. Time: O(1).
    pub fn key(&self) -> &K {
        self.slot.pair().0
    }

    /// The value.
    ///
    /// Allocates: never. Time: O(1).
    pub fn get(&self) -> &V {
        self.slot.pair().1
    }

    /// The value, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    pub fn get_mut(&mut self) -> &mut V {
        self.slot.value_mut()
    }

    /// The value, for as long as the map is borrowed.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_mut(self) -> &'m mut V {
        self.slot.into_mut()
    }

    /// Sets the value and returns the old one.
    ///
    /// Allocates: never. Time: O(1).
    pub fn insert(&mut self, value: V) -> V {
        core::mem::replace(self.get_mut(), value)
    }

    /// Removes the entry and returns its value.
    ///
    /// Allocates: never. Time: O(1).
    pub fn remove(self) -> V {
        self.slot.remove().1
    }

    /// Removes the entry and returns its key and value.
    ///
    /// Allocates: never. Time: O(1).
    pub fn remove_entry(self) -> (K, V) {
        self.slot.remove()
    }
}

impl<'m, K: FixedKey, V: FixedValue, M: MemoryMut> VacantEntry<'m, K, V, M> {
    /// The key of this place.
    ///
    /// Allocates: never. Time: O(1).
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Gives the key back.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_key(self) -> K {
        self.key
    }

    /// Inserts the value.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedInsertError`] with the pair, if the map is full.
    pub fn insert(self, value: V) -> Result<&'m mut V, FixedInsertError<K, V>> {
        self.slot.insert(self.key, value)
    }

    /// Inserts the value that a closure writes where it will stand, over bytes that are zero.
    ///
    /// If the closure panics, the map has no such entry. See [`FixedMap::insert_with`](super::FixedMap::insert_with).
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedInsertError`] with the key, if the map is full; the closure was not called.
    pub fn insert_with(self, write: impl FnOnce(&mut V)) -> Result<&'m mut V, FixedInsertError<K, ()>>
    where
        V: ZeroBytes,
    {
        self.slot.write(self.key, write)
    }
}

impl<K, V, M> fmt::Debug for Entry<'_, K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(entry) => entry.fmt(f),
            Self::Vacant(entry) => entry.fmt(f),
        }
    }
}

impl<K, V, M> fmt::Debug for OccupiedEntry<'_, K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry").finish_non_exhaustive()
    }
}

impl<K, V, M> fmt::Debug for VacantEntry<'_, K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VacantEntry").finish_non_exhaustive()
    }
}
