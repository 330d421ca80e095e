//! Methods that touch one element.

use core::hash::{BuildHasher, Hash};
use core::mem;

use equivalent::Equivalent;

use super::ArenaSet;
use crate::arena::Handle;
use crate::error::{Full, InsertError, fail_map as fail};
#[cfg(doc)]
use crate::map::ArenaMap;
use crate::map::{EntryRef, Place};
use crate::table::KeyShape;

impl<T: Eq + Hash, S: BuildHasher, H: Handle> ArenaSet<T, S, H> {
    /// The stored element that equals a value.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = arenamap::ArenaSet::from(["a"]);
    /// assert_eq!(set.get("a"), Some(&"a"));
    /// ```
    #[inline]
    pub fn get<Q: Hash + Equivalent<T> + ?Sized>(&self, value: &Q) -> Option<&T> {
        self.map.get_key_value(value).map(|(element, ())| element)
    }

    /// True if the set has an element that equals a value.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn contains<Q: Hash + Equivalent<T> + ?Sized>(&self, value: &Q) -> bool {
        self.map.contains_key(value)
    }

    /// Adds an element and returns true; returns false, and changes nothing, if it is there.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the set must grow and the arena refuses; the twin is [`try_insert`](Self::try_insert).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::new();
    /// assert!(set.insert(1));
    /// assert!(!set.insert(1));
    /// ```
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, value: T) -> bool {
        match self.try_insert(value) {
            Ok(new) => new,
            Err(error) => fail(error.cause, "ArenaSet::try_insert"),
        }
    }

    /// Like [`insert`](Self::insert), but gives the element back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
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
    /// assert_eq!(set.try_insert(1_u64).unwrap_err().key, 1);
    /// ```
    #[inline]
    pub fn try_insert(&mut self, value: T) -> Result<bool, InsertError<T, ()>> {
        self.map.try_insert_overwrite(value, ()).map(|old| old.is_none())
    }

    /// Adds an element if the set need not grow for it, and returns true; false if the element is there already.
    ///
    /// This call contains no code that allocates: see [`ArenaMap::insert_within_capacity`].
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Errors
    ///
    /// [`Full`] with the element as `key`, if it is new and its table has no room.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::with_capacity(1);
    /// let refused = (0..).find_map(|n| set.insert_within_capacity(n).err()).unwrap();
    /// assert_eq!(refused.key, set.capacity());
    /// ```
    #[inline]
    pub fn insert_within_capacity(&mut self, value: T) -> Result<bool, Full<T, ()>> {
        self.map.insert_within_capacity(value, ()).map(|old| old.is_none())
    }

    /// Adds an element. If an equal one is there, replaces and returns it.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the set must grow and the arena refuses; the twin is [`try_replace`](Self::try_replace).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::from(["a"]);
    /// assert_eq!(set.replace("a"), Some("a"));
    /// assert_eq!(set.replace("b"), None);
    /// ```
    #[track_caller]
    pub fn replace(&mut self, value: T) -> Option<T> {
        match self.try_replace(value) {
            Ok(old) => old,
            Err(error) => fail(error.cause, "ArenaSet::try_replace"),
        }
    }

    /// Like [`replace`](Self::replace), but gives the element back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the element as `key`, and the cause. The set is as it was.
    pub fn try_replace(&mut self, value: T) -> Result<Option<T>, InsertError<T, ()>> {
        match self.place(&value) {
            Place::Occupied(place) => Ok(Some(mem::replace(&mut place.into_entry().0, value))),
            Place::Vacant(place) => place.try_insert(value, ()).map(|_| None),
        }
    }

    /// The stored element that equals a value, which is added if there is none.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the set must grow and the arena refuses; the twin is [`try_get_or_insert`](Self::try_get_or_insert).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::new();
    /// assert_eq!(set.get_or_insert("a"), &"a");
    /// ```
    #[track_caller]
    pub fn get_or_insert(&mut self, value: T) -> &T {
        match self.try_get_or_insert(value) {
            Ok(element) => element,
            Err(error) => fail(error.cause, "ArenaSet::try_get_or_insert"),
        }
    }

    /// Like [`get_or_insert`](Self::get_or_insert), but gives the element back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the element as `key`, and the cause. The set is as it was.
    pub fn try_get_or_insert(&mut self, value: T) -> Result<&T, InsertError<T, ()>> {
        match self.place(&value) {
            Place::Occupied(place) => Ok(&place.into_entry().0),
            Place::Vacant(place) => place.try_insert(value, ()).map(|place| &place.into_entry().0),
        }
    }

    /// The stored element that equals a value, made from that value and added if there is none.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the element made does not equal the value, or the set must grow and the arena refuses; the twin is
    /// [`try_get_or_insert_with`](Self::try_get_or_insert_with).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::new();
    /// let mut names: ArenaSet<&str, _, _> = ArenaSet::new_in(&arena);
    /// for word in String::from("a b a").split(' ') {
    ///     names.get_or_insert_with(word, |word| arena.alloc_str(word)); // copied when it is new
    /// }
    /// assert_eq!(names.len(), 2);
    /// ```
    #[track_caller]
    pub fn get_or_insert_with<Q, F>(&mut self, value: &Q, make: F) -> &T
    where
        Q: Hash + Equivalent<T> + ?Sized,
        F: FnOnce(&Q) -> T,
    {
        match self.try_get_or_insert_with(value, make) {
            Ok(element) => element,
            Err(error) => fail(error.cause, "ArenaSet::try_get_or_insert_with"),
        }
    }

    /// Like [`get_or_insert_with`](Self::get_or_insert_with), but gives the element back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the element made as `key`, and the cause. The set is as it was.
    ///
    /// # Panics
    ///
    /// If the element made does not equal the value.
    #[track_caller]
    pub fn try_get_or_insert_with<Q, F>(&mut self, value: &Q, make: F) -> Result<&T, InsertError<T, ()>>
    where
        Q: Hash + Equivalent<T> + ?Sized,
        F: FnOnce(&Q) -> T,
    {
        let entry = match self.map.entry_ref(value) {
            EntryRef::Occupied(entry) => Ok(entry),
            EntryRef::Vacant(entry) => {
                let element = make(value);
                entry.try_insert_entry_with_key(element, ())
            }
        };
        entry.map(|entry| entry.into_entry().0)
    }

    /// The place of an element.
    #[inline]
    pub(super) fn place(&mut self, value: &T) -> Place<'_, T, (), S, H> {
        self.map.place(
            KeyShape::of(value),
            |hash_builder| hash_builder.hash_one(value),
            |known| known == value,
        )
    }

    /// Removes the element that equals a value; false if there is none.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::from([1]);
    /// assert!(set.remove(&1));
    /// assert!(!set.remove(&1));
    /// ```
    #[inline]
    pub fn remove<Q: Hash + Equivalent<T> + ?Sized>(&mut self, value: &Q) -> bool {
        self.map.remove_entry(value).is_some()
    }

    /// Removes the element that equals a value, and returns it.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn take<Q: Hash + Equivalent<T> + ?Sized>(&mut self, value: &Q) -> Option<T> {
        self.map.remove_entry(value).map(|(element, ())| element)
    }
}
