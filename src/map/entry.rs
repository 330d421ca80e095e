//! The place of an owned key in a map.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::mem;

use super::{ArenaMap, DefaultHashBuilder, Occupied, Vacant};
use crate::arena::{Arena, Handle};
use crate::error::{InsertError, fail_map as fail};

/// The place of a key: [`ArenaMap::entry`].
pub enum Entry<'a, K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    /// The key is in the map.
    Occupied(OccupiedEntry<'a, K, V, S, H>),
    /// The key is not in the map.
    Vacant(VacantEntry<'a, K, V, S, H>),
}

/// The place of a key that is in the map.
pub struct OccupiedEntry<'a, K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(super) place: Occupied<'a, K, V, S, H>,
}

/// The place of a key that is not in the map, and the key.
pub struct VacantEntry<'a, K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(super) place: Vacant<'a, K, V, S, H>,
    pub(super) key: K,
}

/// Why [`ArenaMap::try_insert`] did not insert.
pub enum TryInsertError<'a, K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    /// The key is in the map.
    Occupied(OccupiedError<'a, K, V, S, H>),
    /// The map must grow, and the arena refuses: key and value, and the cause.
    Refused(InsertError<K, V>),
}

/// The value that [`ArenaMap::try_insert`] did not insert, as the key is in the map.
pub struct OccupiedError<'a, K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    /// The place of the key.
    pub entry: OccupiedEntry<'a, K, V, S, H>,
    /// The value that was not inserted.
    pub value: V,
}

impl<'a, K, V, S, H: Handle> Entry<'a, K, V, S, H> {
    /// The key of this place.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn key(&self) -> &K {
        match self {
            Entry::Occupied(entry) => entry.key(),
            Entry::Vacant(entry) => entry.key(),
        }
    }

    /// Changes the value, if there is one.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::ArenaMap::from([("a", 1)]);
    /// map.entry("a").and_modify(|value| *value += 1).or_insert(0);
    /// assert_eq!(map["a"], 2);
    /// ```
    #[inline]
    #[allow(
        clippy::return_self_not_must_use,
        reason = "called for its effect alone, as hashbrown's"
    )]
    pub fn and_modify<F: FnOnce(&mut V)>(mut self, change: F) -> Self {
        if let Entry::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }

    /// Replaces or removes the value, if there is one. If `replace` panics, the entry is gone.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[allow(
        clippy::return_self_not_must_use,
        reason = "called for its effect alone, as hashbrown's"
    )]
    pub fn and_replace_entry_with<F: FnOnce(&K, V) -> Option<V>>(self, replace: F) -> Self {
        match self {
            Entry::Occupied(entry) => entry.replace_entry_with(replace),
            Entry::Vacant(_) => self,
        }
    }

    /// Gives the map back.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_map(self) -> &'a mut ArenaMap<K, V, S, H> {
        match self {
            Entry::Occupied(entry) => entry.into_map(),
            Entry::Vacant(entry) => entry.into_map(),
        }
    }
}

impl<'a, K: Hash, V, S: BuildHasher, H: Handle> Entry<'a, K, V, S, H> {
    /// Sets the value and returns the occupied place.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin is [`try_insert`](Self::try_insert).
    #[inline]
    #[track_caller]
    pub fn insert(self, value: V) -> OccupiedEntry<'a, K, V, S, H> {
        match self {
            Entry::Occupied(mut entry) => {
                entry.insert(value);
                entry
            }
            Entry::Vacant(entry) => entry.insert_entry(value),
        }
    }

    /// The value, inserted if there was none.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin is [`try_or_insert`](Self::try_or_insert).
    #[inline]
    #[track_caller]
    pub fn or_insert(self, default: V) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default),
        }
    }

    /// Like [`or_insert`](Self::or_insert), as an occupied place.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses.
    #[inline]
    #[track_caller]
    pub fn or_insert_entry(self, default: V) -> OccupiedEntry<'a, K, V, S, H> {
        match self {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(default),
        }
    }

    /// The value, made and inserted if there was none.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin is [`try_or_insert_with`](Self::try_or_insert_with).
    #[inline]
    #[track_caller]
    pub fn or_insert_with<F: FnOnce() -> V>(self, default: F) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default()),
        }
    }

    /// The value, made from the key and inserted if there was none.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses.
    #[inline]
    #[track_caller]
    pub fn or_insert_with_key<F: FnOnce(&K) -> V>(self, default: F) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let value = default(entry.key());
                entry.insert(value)
            }
        }
    }

    /// The value, inserted as `V::default()` if there was none.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin is [`try_or_default`](Self::try_or_default).
    #[inline]
    #[track_caller]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Like [`or_insert`](Self::or_insert), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
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
    /// let arena = Arena::with_budget(8);
    /// let mut map = ArenaMap::new_in(&arena);
    /// let refused = map.entry("key").try_or_insert(1).unwrap_err();
    /// assert_eq!((refused.key, refused.value), ("key", 1));
    /// ```
    #[inline]
    pub fn try_or_insert(self, default: V) -> Result<&'a mut V, InsertError<K, V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.try_insert(default),
        }
    }

    /// Like [`or_insert_with`](Self::or_insert_with), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_or_insert_with<F: FnOnce() -> V>(self, default: F) -> Result<&'a mut V, InsertError<K, V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.try_insert(default()),
        }
    }

    /// Like [`or_insert_with_key`](Self::or_insert_with_key), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_or_insert_with_key<F: FnOnce(&K) -> V>(self, default: F) -> Result<&'a mut V, InsertError<K, V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let value = default(entry.key());
                entry.try_insert(value)
            }
        }
    }

    /// Like [`or_insert_entry`](Self::or_insert_entry), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_or_insert_entry(self, default: V) -> Result<OccupiedEntry<'a, K, V, S, H>, InsertError<K, V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry),
            Entry::Vacant(entry) => entry.try_insert_entry(default),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_insert(self, value: V) -> Result<OccupiedEntry<'a, K, V, S, H>, InsertError<K, V>> {
        match self {
            Entry::Occupied(mut entry) => {
                entry.insert(value);
                Ok(entry)
            }
            Entry::Vacant(entry) => entry.try_insert_entry(value),
        }
    }

    /// Like [`or_default`](Self::or_default), but gives the key back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the key, the default value and the cause. The map is as it was.
    #[inline]
    pub fn try_or_default(self) -> Result<&'a mut V, InsertError<K, V>>
    where
        V: Default,
    {
        self.try_or_insert_with(V::default)
    }
}

impl<'a, K, V, S, H: Handle> OccupiedEntry<'a, K, V, S, H> {
    /// The stored key.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn key(&self) -> &K {
        &self.place.entry().0
    }

    /// The value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get(&self) -> &V {
        &self.place.entry().1
    }

    /// The value, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.place.entry_mut().1
    }

    /// The value, for as long as the map is borrowed.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn into_mut(self) -> &'a mut V {
        &mut self.place.into_entry().1
    }

    /// The stored key and the value, for as long as the map is borrowed.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn into_entry(self) -> (&'a K, &'a mut V) {
        let (key, value) = self.place.into_entry();
        (key, value)
    }

    /// Sets the value and returns the old one.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        mem::replace(self.get_mut(), value)
    }

    /// Replaces the stored key by an equal one and returns the old.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the keys are not equal.
    #[track_caller]
    pub fn replace_key(&mut self, key: K) -> K
    where
        K: Eq,
    {
        let (known, _) = self.place.entry_mut();
        assert!(*known == key, "replaced key is not equivalent");
        mem::replace(known, key)
    }

    /// Removes the entry and returns its value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn remove(self) -> V {
        self.remove_entry().1
    }

    /// Removes the entry and returns its key and value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn remove_entry(self) -> (K, V) {
        self.place.remove()
    }

    /// Replaces the value, or removes the entry where `replace` returns `None`. If it panics, the entry is gone.
    ///
    /// Allocates: never. Time: O(1).
    pub fn replace_entry_with<F: FnOnce(&K, V) -> Option<V>>(self, replace: F) -> Entry<'a, K, V, S, H> {
        let replaced = self.place.replace(|key, value| match replace(&key, value) {
            Some(value) => Ok((key, value)),
            None => Err(key),
        });
        match replaced {
            Ok(place) => Entry::Occupied(Self { place }),
            Err((key, place)) => Entry::Vacant(VacantEntry { place, key }),
        }
    }

    /// Gives the map back.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_map(self) -> &'a mut ArenaMap<K, V, S, H> {
        self.place.into_map()
    }
}

impl<'a, K, V, S, H: Handle> VacantEntry<'a, K, V, S, H> {
    /// The key that would be inserted.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Gives the key back.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn into_key(self) -> K {
        self.key
    }

    /// Gives the map back.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_map(self) -> &'a mut ArenaMap<K, V, S, H> {
        self.place.into_map()
    }
}

impl<'a, K: Hash, V, S: BuildHasher, H: Handle> VacantEntry<'a, K, V, S, H> {
    /// Inserts the value and returns it in its place.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin is [`try_insert`](Self::try_insert).
    #[inline]
    #[track_caller]
    pub fn insert(self, value: V) -> &'a mut V {
        self.insert_entry(value).into_mut()
    }

    /// Like [`insert`](Self::insert), as an occupied place.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin is [`try_insert_entry`](Self::try_insert_entry).
    #[inline]
    #[track_caller]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V, S, H> {
        match self.try_insert_entry(value) {
            Ok(entry) => entry,
            Err(error) => fail(error.cause, "VacantEntry::try_insert_entry"),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_insert(self, value: V) -> Result<&'a mut V, InsertError<K, V>> {
        self.try_insert_entry(value).map(OccupiedEntry::into_mut)
    }

    /// Like [`try_insert`](Self::try_insert), as an occupied place.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_insert_entry(self, value: V) -> Result<OccupiedEntry<'a, K, V, S, H>, InsertError<K, V>> {
        let place = self.place.try_insert(self.key, value)?;
        Ok(OccupiedEntry { place })
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> fmt::Debug for Entry<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> fmt::Debug for OccupiedEntry<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry")
            .field("key", self.key())
            .field("value", self.get())
            .finish()
    }
}

impl<K: fmt::Debug, V, S, H: Handle> fmt::Debug for VacantEntry<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.key).finish()
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> fmt::Debug for OccupiedError<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedError")
            .field("key", self.entry.key())
            .field("old_value", self.entry.get())
            .field("new_value", &self.value)
            .finish()
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> fmt::Display for OccupiedError<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "failed to insert {:?}, key {:?} already exists with value {:?}",
            self.value,
            self.entry.key(),
            self.entry.get(),
        )
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> core::error::Error for OccupiedError<'_, K, V, S, H> {}

impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> fmt::Debug for TryInsertError<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> fmt::Display for TryInsertError<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> core::error::Error for TryInsertError<'_, K, V, S, H> {}
