//! The place of a string key in a map. The key is copied only when a vacant place is filled.

use core::fmt;
use core::hash::BuildHasher;

use super::element::insert_new;
use super::key::{Block, StrKey};
use super::{Inner, Key};
use crate::arena::{Arena, Handle};
use crate::error::{InsertError, fail};
use crate::map::{DefaultHashBuilder, OccupiedEntry};

/// The place of a key: [`StrMap::entry`](crate::StrMap::entry).
pub enum StrEntry<'a, 'k, V, H: Handle = Arena, S = DefaultHashBuilder> {
    /// The key is in the map.
    Occupied(StrOccupiedEntry<'a, V, H, S>),
    /// The key is not in the map.
    Vacant(StrVacantEntry<'a, 'k, V, H, S>),
}

/// The place of a key that is in the map.
pub struct StrOccupiedEntry<'a, V, H: Handle = Arena, S = DefaultHashBuilder> {
    entry: OccupiedEntry<'a, StrKey, V, S, H>,
}

/// The place of a key that is not in the map, and the key, not yet copied.
pub struct StrVacantEntry<'a, 'k, V, H: Handle = Arena, S = DefaultHashBuilder> {
    map: &'a mut Inner<V, H, S>,
    hash: u64,
    key: &'k str,
}

/// What [`StrMap::try_insert`](crate::StrMap::try_insert) returns for a key that is in the map.
pub struct StrOccupiedError<'a, V, H: Handle = Arena, S = DefaultHashBuilder> {
    /// The place of the key.
    pub entry: StrOccupiedEntry<'a, V, H, S>,
    /// The value that was not inserted.
    pub value: V,
}

impl<'a, 'k, V, H: Handle, S> StrEntry<'a, 'k, V, H, S> {
    #[inline]
    pub(super) fn find(map: &'a mut Inner<V, H, S>, hash: u64, key: &'k str) -> Self {
        match map.core.find_bucket(hash, |(known, _)| known.as_str() == key) {
            Some(bucket) => StrEntry::Occupied(StrOccupiedEntry {
                entry: OccupiedEntry { map, hash, bucket },
            }),
            None => StrEntry::Vacant(StrVacantEntry { map, hash, key }),
        }
    }

    /// The key of this place.
    ///
    /// Allocates: never.
    #[inline]
    pub fn key(&self) -> &str {
        match self {
            StrEntry::Occupied(entry) => entry.key(),
            StrEntry::Vacant(entry) => entry.key(),
        }
    }

    /// Changes the value, if there is one.
    ///
    /// Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
    /// map.entry("a").and_modify(|value| *value += 1).or_insert(0);
    /// assert_eq!(map["a"], 2);
    /// ```
    #[inline]
    #[must_use = "an entry does nothing by itself"]
    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self {
        if let StrEntry::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }
}

impl<'a, 'k, V, H: Handle, S: BuildHasher> StrEntry<'a, 'k, V, H, S> {
    /// Sets the value and returns the occupied place.
    ///
    /// Computes in **O(1)** (amortised). Allocates: arena, for a new key.
    ///
    /// # Panics
    ///
    /// If the arena refuses; [`StrVacantEntry::try_insert`] does not.
    #[inline]
    pub fn insert(self, value: V) -> StrOccupiedEntry<'a, V, H, S> {
        match self {
            StrEntry::Occupied(mut entry) => {
                entry.insert(value);
                entry
            }
            StrEntry::Vacant(entry) => entry.insert_entry(value),
        }
    }

    /// The value, inserted if there was none.
    ///
    /// Computes in **O(1)** (amortised). Allocates: arena, for a new key.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_or_insert`](Self::try_or_insert).
    #[inline]
    pub fn or_insert(self, default: V) -> &'a mut V {
        match self {
            StrEntry::Occupied(entry) => entry.into_mut(),
            StrEntry::Vacant(entry) => entry.insert(default),
        }
    }

    /// Like [`or_insert`](Self::or_insert), as an occupied place.
    ///
    /// Allocates: arena, for a new key.
    ///
    /// # Panics
    ///
    /// If the arena refuses.
    #[inline]
    pub fn or_insert_entry(self, default: V) -> StrOccupiedEntry<'a, V, H, S> {
        match self {
            StrEntry::Occupied(entry) => entry,
            StrEntry::Vacant(entry) => entry.insert_entry(default),
        }
    }

    /// The value, made and inserted if there was none.
    ///
    /// Allocates: arena, for a new key.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_or_insert_with`](Self::try_or_insert_with).
    #[inline]
    pub fn or_insert_with(self, default: impl FnOnce() -> V) -> &'a mut V {
        match self {
            StrEntry::Occupied(entry) => entry.into_mut(),
            StrEntry::Vacant(entry) => entry.insert(default()),
        }
    }

    /// The value, made from the key and inserted if there was none.
    ///
    /// Allocates: arena, for a new key.
    ///
    /// # Panics
    ///
    /// If the arena refuses.
    #[inline]
    pub fn or_insert_with_key(self, default: impl FnOnce(&str) -> V) -> &'a mut V {
        match self {
            StrEntry::Occupied(entry) => entry.into_mut(),
            StrEntry::Vacant(entry) => {
                let value = default(entry.key());
                entry.insert(value)
            }
        }
    }

    /// The value, inserted as `V::default()` if there was none.
    ///
    /// Allocates: arena, for a new key.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_or_default`](Self::try_or_default).
    #[inline]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Like [`or_insert`](Self::or_insert), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, for a new key.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::with_budget(8);
    /// let mut map = StrMap::new_in(&arena);
    /// let refused = map.entry("key").try_or_insert(1).unwrap_err();
    /// assert_eq!((refused.key, refused.value), ("key", 1));
    /// assert_eq!(arena.used(), 0); // the copied key was given back
    /// ```
    #[inline]
    pub fn try_or_insert(self, default: V) -> Result<&'a mut V, InsertError<&'k str, V>> {
        match self {
            StrEntry::Occupied(entry) => Ok(entry.into_mut()),
            StrEntry::Vacant(entry) => entry.try_insert(default),
        }
    }

    /// Like [`or_insert_with`](Self::or_insert_with), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, for a new key.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_or_insert_with(self, default: impl FnOnce() -> V) -> Result<&'a mut V, InsertError<&'k str, V>> {
        match self {
            StrEntry::Occupied(entry) => Ok(entry.into_mut()),
            StrEntry::Vacant(entry) => entry.try_insert(default()),
        }
    }

    /// Like [`or_default`](Self::or_default), but gives the key back when the arena refuses.
    ///
    /// Allocates: arena, for a new key.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the key, the default value and the cause. The map is as it was.
    #[inline]
    pub fn try_or_default(self) -> Result<&'a mut V, InsertError<&'k str, V>>
    where
        V: Default,
    {
        self.try_or_insert_with(V::default)
    }
}

impl<'a, V, H: Handle, S> StrOccupiedEntry<'a, V, H, S> {
    /// The stored key.
    ///
    /// Allocates: never.
    #[inline]
    pub fn key(&self) -> &str {
        self.entry.key().as_str()
    }

    /// The value.
    ///
    /// Allocates: never.
    #[inline]
    pub fn get(&self) -> &V {
        self.entry.get()
    }

    /// The value, to change in place.
    ///
    /// Allocates: never.
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        self.entry.get_mut()
    }

    /// The value, for as long as the map is borrowed.
    ///
    /// Allocates: never.
    #[inline]
    pub fn into_mut(self) -> &'a mut V {
        self.entry.into_mut()
    }

    /// The stored key and the value, for as long as the map is borrowed.
    ///
    /// Allocates: never.
    #[inline]
    pub fn into_entry(self) -> (&'a str, &'a mut V) {
        let (key, value) = self.entry.into_entry();
        (key.as_str(), value)
    }

    /// Sets the value and returns the old one.
    ///
    /// Allocates: never.
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        self.entry.insert(value)
    }

    /// Removes the entry and returns its value. The bytes of the key are given back.
    ///
    /// Allocates: never.
    #[inline]
    pub fn remove(self) -> V {
        self.remove_entry().1
    }

    /// Removes the entry and returns its key and value. The map stays borrowed until the [`Key`] is dropped.
    ///
    /// Allocates: never.
    #[inline]
    pub fn remove_entry(self) -> (Key<'a, H>, V) {
        let raw = self.entry.map.handle.raw();
        let (key, value) = self.entry.remove_entry();
        (Key::new(Block::of(key, raw)), value)
    }
}

impl<'k, V, H: Handle, S> StrVacantEntry<'_, 'k, V, H, S> {
    /// The key that would be inserted.
    ///
    /// Allocates: never.
    #[inline]
    pub fn key(&self) -> &'k str {
        self.key
    }
}

impl<'a, 'k, V, H: Handle, S: BuildHasher> StrVacantEntry<'a, 'k, V, H, S> {
    /// Copies the key, inserts the value and returns it in its place.
    ///
    /// Computes in **O(1)** (amortised). Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_insert`](Self::try_insert).
    #[inline]
    pub fn insert(self, value: V) -> &'a mut V {
        self.insert_entry(value).into_mut()
    }

    /// Like [`insert`](Self::insert), as an occupied place.
    ///
    /// Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_insert_entry`](Self::try_insert_entry).
    #[inline]
    pub fn insert_entry(self, value: V) -> StrOccupiedEntry<'a, V, H, S> {
        match self.try_insert_entry(value) {
            Ok(entry) => entry,
            Err(error) => fail(error.cause, "try_insert"),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_insert(self, value: V) -> Result<&'a mut V, InsertError<&'k str, V>> {
        self.try_insert_entry(value).map(StrOccupiedEntry::into_mut)
    }

    /// Like [`try_insert`](Self::try_insert), as an occupied place.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_insert_entry(self, value: V) -> Result<StrOccupiedEntry<'a, V, H, S>, InsertError<&'k str, V>> {
        let Self { map, hash, key } = self;
        let bucket = insert_new(map, hash, key, value)?;
        Ok(StrOccupiedEntry {
            entry: OccupiedEntry { map, hash, bucket },
        })
    }
}

impl<V: fmt::Debug, H: Handle, S> fmt::Debug for StrEntry<'_, '_, V, H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StrEntry::Occupied(entry) => f.debug_tuple("StrEntry").field(entry).finish(),
            StrEntry::Vacant(entry) => f.debug_tuple("StrEntry").field(entry).finish(),
        }
    }
}

impl<V: fmt::Debug, H: Handle, S> fmt::Debug for StrOccupiedEntry<'_, V, H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StrOccupiedEntry")
            .field("key", &self.key())
            .field("value", self.get())
            .finish()
    }
}

impl<V, H: Handle, S> fmt::Debug for StrVacantEntry<'_, '_, V, H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StrVacantEntry").field(&self.key).finish()
    }
}

impl<V: fmt::Debug, H: Handle, S> fmt::Debug for StrOccupiedError<'_, V, H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StrOccupiedError")
            .field("key", &self.entry.key())
            .field("old_value", self.entry.get())
            .field("new_value", &self.value)
            .finish()
    }
}

impl<V: fmt::Debug, H: Handle, S> fmt::Display for StrOccupiedError<'_, V, H, S> {
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

impl<V: fmt::Debug, H: Handle, S> core::error::Error for StrOccupiedError<'_, V, H, S> {}
