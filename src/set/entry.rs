//! The place of an element in a set.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use super::ArenaSet;
use crate::arena::{Arena, Handle};
use crate::error::{InsertError, fail_map as fail};
use crate::map::{self, DefaultHashBuilder};

/// The place of an element: [`ArenaSet::entry`].
pub enum Entry<'a, T, S = DefaultHashBuilder, H: Handle = Arena> {
    /// The element is in the set.
    Occupied(OccupiedEntry<'a, T, S, H>),
    /// The element is not in the set.
    Vacant(VacantEntry<'a, T, S, H>),
}

/// The place of an element that is in the set.
pub struct OccupiedEntry<'a, T, S = DefaultHashBuilder, H: Handle = Arena> {
    inner: map::OccupiedEntry<'a, T, (), S, H>,
}

/// The place of an element that is not in the set, and the element.
pub struct VacantEntry<'a, T, S = DefaultHashBuilder, H: Handle = Arena> {
    inner: map::VacantEntry<'a, T, (), S, H>,
}

impl<T: Eq + Hash, S: BuildHasher, H: Handle> ArenaSet<T, S, H> {
    /// The place of an element, occupied or vacant. The set does not grow before something is inserted there.
    ///
    /// Allocates: never; inserting: arena. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::hash_set::{ArenaSet, Entry};
    ///
    /// let (mut once, mut again) = (ArenaSet::new(), ArenaSet::new());
    /// for word in ["a", "b", "a"] {
    ///     match once.entry(word) {
    ///         Entry::Vacant(entry) => drop(entry.insert()),
    ///         Entry::Occupied(_) => again.entry(word).or_insert(),
    ///     }
    /// }
    /// assert_eq!(again, ArenaSet::from(["a"]));
    /// ```
    #[inline]
    pub fn entry(&mut self, value: T) -> Entry<'_, T, S, H> {
        match self.map.entry(value) {
            map::Entry::Occupied(inner) => Entry::Occupied(OccupiedEntry { inner }),
            map::Entry::Vacant(inner) => Entry::Vacant(VacantEntry { inner }),
        }
    }
}

impl<'a, T, S, H: Handle> Entry<'a, T, S, H> {
    /// Adds the element, if it is not there, and returns the occupied place.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the set must grow and the arena refuses; the twin is [`try_insert`](Self::try_insert).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::new();
    /// assert_eq!(set.entry("a").insert().get(), &"a");
    /// ```
    #[inline]
    #[track_caller]
    pub fn insert(self) -> OccupiedEntry<'a, T, S, H>
    where
        T: Hash,
        S: BuildHasher,
    {
        match self.try_insert() {
            Ok(entry) => entry,
            Err(error) => fail(error.cause, "hash_set::Entry::try_insert"),
        }
    }

    /// Like [`insert`](Self::insert), but gives the element back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the element as `key`, and the cause. The set is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::with_budget(8);
    /// let mut set = ArenaSet::new_in(&arena);
    /// assert_eq!(set.entry(1_u64).try_insert().unwrap_err().key, 1);
    /// ```
    #[inline]
    pub fn try_insert(self) -> Result<OccupiedEntry<'a, T, S, H>, InsertError<T, ()>>
    where
        T: Hash,
        S: BuildHasher,
    {
        match self {
            Entry::Occupied(entry) => Ok(entry),
            Entry::Vacant(entry) => entry.try_insert(),
        }
    }

    /// Adds the element, if it is not there.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the set must grow and the arena refuses; the twin is [`try_or_insert`](Self::try_or_insert).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::new();
    /// set.entry("a").or_insert();
    /// assert!(set.contains("a"));
    /// ```
    #[inline]
    #[track_caller]
    pub fn or_insert(self)
    where
        T: Hash,
        S: BuildHasher,
    {
        if let Err(error) = self.try_or_insert() {
            fail(error.cause, "hash_set::Entry::try_or_insert");
        }
    }

    /// Like [`or_insert`](Self::or_insert), but gives the element back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the element as `key`, and the cause. The set is as it was.
    #[inline]
    pub fn try_or_insert(self) -> Result<(), InsertError<T, ()>>
    where
        T: Hash,
        S: BuildHasher,
    {
        self.try_insert().map(|_| ())
    }

    /// The element: the stored one, or the one that would be added.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::<&str>::new();
    /// assert_eq!(set.entry("a").get(), &"a");
    /// ```
    #[inline]
    pub fn get(&self) -> &T {
        match self {
            Entry::Occupied(entry) => entry.get(),
            Entry::Vacant(entry) => entry.get(),
        }
    }
}

impl<T, S, H: Handle> OccupiedEntry<'_, T, S, H> {
    /// The stored element.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get(&self) -> &T {
        self.inner.key()
    }

    /// Removes the element and returns it.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::hash_set::{ArenaSet, Entry};
    ///
    /// let mut set = ArenaSet::from(["a"]);
    /// if let Entry::Occupied(entry) = set.entry("a") {
    ///     assert_eq!(entry.remove(), "a");
    /// }
    /// assert!(set.is_empty());
    /// ```
    #[inline]
    pub fn remove(self) -> T {
        self.inner.remove_entry().0
    }
}

impl<'a, T, S, H: Handle> VacantEntry<'a, T, S, H> {
    /// The element that would be added.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get(&self) -> &T {
        self.inner.key()
    }

    /// Gives the element back.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn into_value(self) -> T {
        self.inner.into_key()
    }

    /// Adds the element and returns its place.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the set must grow and the arena refuses; the twin is [`try_insert`](Self::try_insert).
    #[inline]
    #[track_caller]
    pub fn insert(self) -> OccupiedEntry<'a, T, S, H>
    where
        T: Hash,
        S: BuildHasher,
    {
        match self.try_insert() {
            Ok(entry) => entry,
            Err(error) => fail(error.cause, "hash_set::VacantEntry::try_insert"),
        }
    }

    /// Like [`insert`](Self::insert), but gives the element back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the element as `key`, and the cause. The set is as it was.
    #[inline]
    pub fn try_insert(self) -> Result<OccupiedEntry<'a, T, S, H>, InsertError<T, ()>>
    where
        T: Hash,
        S: BuildHasher,
    {
        let inner = self.inner.try_insert_entry(())?;
        Ok(OccupiedEntry { inner })
    }
}

impl<T: fmt::Debug, S, H: Handle> fmt::Debug for Entry<'_, T, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<T: fmt::Debug, S, H: Handle> fmt::Debug for OccupiedEntry<'_, T, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry").field("value", self.get()).finish()
    }
}

impl<T: fmt::Debug, S, H: Handle> fmt::Debug for VacantEntry<'_, T, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(self.get()).finish()
    }
}
