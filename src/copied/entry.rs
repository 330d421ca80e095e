//! The place of a key in a map. The key is copied only when a vacant place is filled.

use core::fmt;
use core::hash::BuildHasher;
use core::mem;

use super::element::fill;
use super::key::Block;
use super::{CopiedKey, DefaultHashBuilder, Key, Stored};
use crate::arena::{Arena, Handle};
use crate::error::{InsertError, fail_map as fail};
use crate::table::{Found, Vacant};

/// The place of a key: [`CopiedMap::entry`](super::CopiedMap::entry).
pub enum Entry<'a, 'k, Q: CopiedKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    /// The key is in the map.
    Occupied(OccupiedEntry<'a, Q, V, H>),
    /// The key is not in the map.
    Vacant(VacantEntry<'a, 'k, Q, V, S, H>),
}

/// The place of a key that is in the map.
pub struct OccupiedEntry<'a, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    pub(super) found: Found<'a, (Stored<Q>, V), H>,
}

/// The place of a key that is not in the map, and the key, not yet copied.
pub struct VacantEntry<'a, 'k, Q: CopiedKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(super) vacant: Vacant<'a, (Stored<Q>, V), H>,
    pub(super) hash_builder: &'a S,
    pub(super) key: &'k Q,
}

/// Why [`CopiedMap::try_insert`](super::CopiedMap::try_insert) did not insert.
pub enum TryInsertError<'a, 'k, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    /// The key is in the map.
    Occupied(OccupiedError<'a, Q, V, H>),
    /// The arena has no memory for the copy of the key, or for a larger table: key and value, and the cause.
    Refused(InsertError<&'k Q, V>),
}

/// The value that [`CopiedMap::try_insert`](super::CopiedMap::try_insert) did not insert, as the key is in the map.
pub struct OccupiedError<'a, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    /// The place of the key.
    pub entry: OccupiedEntry<'a, Q, V, H>,
    /// The value that was not inserted.
    pub value: V,
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> Entry<'_, '_, Q, V, S, H> {
    /// The key of this place.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn key(&self) -> &Q {
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
    /// let mut map = arenamap::StrMap::from([("a", 1)]);
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
}

impl<'a, 'k, Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle> Entry<'a, 'k, Q, V, S, H> {
    /// Sets the value and returns the occupied place.
    ///
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_insert`](Self::try_insert).
    #[inline]
    #[track_caller]
    pub fn insert(self, value: V) -> OccupiedEntry<'a, Q, V, H> {
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
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_or_insert`](Self::try_or_insert).
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
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_or_insert_entry`](Self::try_or_insert_entry).
    #[inline]
    #[track_caller]
    pub fn or_insert_entry(self, default: V) -> OccupiedEntry<'a, Q, V, H> {
        match self {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(default),
        }
    }

    /// The value, made and inserted if there was none.
    ///
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_or_insert_with`](Self::try_or_insert_with).
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
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_or_insert_with_key`](Self::try_or_insert_with_key).
    #[inline]
    #[track_caller]
    pub fn or_insert_with_key<F: FnOnce(&Q) -> V>(self, default: F) -> &'a mut V {
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
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_or_default`](Self::try_or_default).
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
    /// Allocates: arena, for a new key. Time: O(1) amortised.
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
    pub fn try_or_insert(self, default: V) -> Result<&'a mut V, InsertError<&'k Q, V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.try_insert(default),
        }
    }

    /// Like [`or_insert_with`](Self::or_insert_with), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_or_insert_with<F: FnOnce() -> V>(self, default: F) -> Result<&'a mut V, InsertError<&'k Q, V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.try_insert(default()),
        }
    }

    /// Like [`or_insert_with_key`](Self::or_insert_with_key), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_or_insert_with_key<F: FnOnce(&Q) -> V>(self, default: F) -> Result<&'a mut V, InsertError<&'k Q, V>> {
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
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_or_insert_entry(self, default: V) -> Result<OccupiedEntry<'a, Q, V, H>, InsertError<&'k Q, V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry),
            Entry::Vacant(entry) => entry.try_insert_entry(default),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    #[inline]
    pub fn try_insert(self, value: V) -> Result<OccupiedEntry<'a, Q, V, H>, InsertError<&'k Q, V>> {
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
    /// Allocates: arena, for a new key. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the key, the default value and the cause. The map is as it was.
    #[inline]
    pub fn try_or_default(self) -> Result<&'a mut V, InsertError<&'k Q, V>>
    where
        V: Default,
    {
        self.try_or_insert_with(V::default)
    }
}

impl<'a, Q: CopiedKey + ?Sized, V, H: Handle> OccupiedEntry<'a, Q, V, H> {
    /// The stored key.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn key(&self) -> &Q {
        self.found.get().0.get()
    }

    /// The value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get(&self) -> &V {
        &self.found.get().1
    }

    /// The value, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.found.get_mut().1
    }

    /// The value, for as long as the map is borrowed.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn into_mut(self) -> &'a mut V {
        &mut self.found.into_mut().1
    }

    /// The stored key and the value, for as long as the map is borrowed.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn into_entry(self) -> (&'a Q, &'a mut V) {
        let (key, value) = self.found.into_mut();
        (key.get(), value)
    }

    /// Sets the value and returns the old one.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        mem::replace(self.get_mut(), value)
    }

    /// Replaces the value by what `replace` makes of it, or removes the entry. Returns the place if there is a value
    /// afterwards.
    ///
    /// If `replace` panics, the entry is removed. The bytes of the key of a removed entry go back to the arena.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::copied::Entry;
    ///
    /// let mut map = arenamap::StrMap::from([("a", vec![1, 2])]);
    /// for left in [1, 0] {
    ///     let Entry::Occupied(entry) = map.entry("a") else { unreachable!() };
    ///     let entry = entry.replace_entry_with(|_, mut list| {
    ///         list.pop();
    ///         (!list.is_empty()).then_some(list)
    ///     });
    ///     assert_eq!(entry.map_or(0, |entry| entry.get().len()), left);
    /// }
    /// assert!(map.is_empty());
    /// ```
    #[inline]
    pub fn replace_entry_with<F: FnOnce(&Q, V) -> Option<V>>(self, replace: F) -> Option<Self> {
        let raw = self.found.handle().raw();
        let ((key, value), free) = self.found.remove_and_keep_place();
        let block = Block::of(key, raw); // gives the bytes back, unless the key is kept
        let value = replace(block.get(), value)?;
        Some(Self {
            found: free.put((block.keep(), value)),
        })
    }

    /// Removes the entry and returns its value. The bytes of the key are given back.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn remove(self) -> V {
        self.remove_entry().1
    }

    /// Removes the entry and returns its key and value. The map stays borrowed until the [`Key`] is dropped.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn remove_entry(self) -> (Key<'a, Q, H>, V) {
        let raw = self.found.handle().raw();
        let (key, value) = self.found.remove();
        (Key::new(Block::of(key, raw)), value)
    }
}

impl<'k, Q: CopiedKey + ?Sized, V, S, H: Handle> VacantEntry<'_, 'k, Q, V, S, H> {
    /// The key that would be inserted.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn key(&self) -> &'k Q {
        self.key
    }
}

impl<'a, 'k, Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle> VacantEntry<'a, 'k, Q, V, S, H> {
    /// Copies the key, inserts the value and returns it in its place.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_insert`](Self::try_insert).
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
    /// If the arena refuses; the twin is [`try_insert_entry`](Self::try_insert_entry).
    #[inline]
    #[track_caller]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, Q, V, H> {
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
    pub fn try_insert(self, value: V) -> Result<&'a mut V, InsertError<&'k Q, V>> {
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
    pub fn try_insert_entry(self, value: V) -> Result<OccupiedEntry<'a, Q, V, H>, InsertError<&'k Q, V>> {
        let found = fill(self.vacant, self.hash_builder, self.key, value)?;
        Ok(OccupiedEntry { found })
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, S, H: Handle> fmt::Debug for Entry<'_, '_, Q, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> fmt::Debug for OccupiedEntry<'_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry")
            .field("key", &self.key())
            .field("value", self.get())
            .finish_non_exhaustive()
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> fmt::Debug for VacantEntry<'_, '_, Q, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.key).finish()
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> fmt::Debug for OccupiedError<'_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedError")
            .field("key", &self.entry.key())
            .field("old_value", self.entry.get())
            .field("new_value", &self.value)
            .finish_non_exhaustive()
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> fmt::Display for OccupiedError<'_, Q, V, H> {
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

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> core::error::Error for OccupiedError<'_, Q, V, H> {}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> fmt::Debug for TryInsertError<'_, '_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> fmt::Display for TryInsertError<'_, '_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> core::error::Error for TryInsertError<'_, '_, Q, V, H> {}
