//! The place of a borrowed key in a map. The owned key is made only when a vacant place is filled.

use alloc::borrow::ToOwned;
use core::fmt;
use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use super::{ArenaMap, DefaultHashBuilder, OccupiedEntry, Vacant};
use crate::arena::{Arena, Handle};
use crate::error::{InsertError, fail_map as fail};

/// The place of a borrowed key: [`ArenaMap::entry_ref`].
///
/// Methods named as in hashbrown make the key by `ToOwned`, which arena keys cannot use; the `keyed` ones take a
/// closure that makes it, for instance by copying bytes into the arena.
pub enum EntryRef<'a, 'b, K, Q: ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    /// The key is in the map.
    Occupied(OccupiedEntry<'a, K, V, S, H>),
    /// The key is not in the map.
    Vacant(VacantEntryRef<'a, 'b, K, Q, V, S, H>),
}

/// The place of a borrowed key that is not in the map.
pub struct VacantEntryRef<'a, 'b, K, Q: ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(super) place: Vacant<'a, K, V, S, H>,
    pub(super) key: &'b Q,
}

impl<'a, K, Q: ?Sized, V, S, H: Handle> EntryRef<'a, '_, K, Q, V, S, H> {
    /// The borrowed key.
    ///
    /// Allocates: never. Time: O(1).
    pub fn key(&self) -> &Q
    where
        K: core::borrow::Borrow<Q>,
    {
        match self {
            EntryRef::Occupied(entry) => entry.key().borrow(),
            EntryRef::Vacant(entry) => entry.key,
        }
    }

    /// Changes the value, if there is one.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[allow(
        clippy::return_self_not_must_use,
        reason = "called for its effect alone, as hashbrown's"
    )]
    pub fn and_modify<F: FnOnce(&mut V)>(mut self, change: F) -> Self {
        if let EntryRef::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }

    /// Gives the map back.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_map(self) -> &'a mut ArenaMap<K, V, S, H> {
        match self {
            EntryRef::Occupied(entry) => entry.into_map(),
            EntryRef::Vacant(entry) => entry.place.into_map(),
        }
    }
}

impl<'a, 'b, K, Q, V, S, H> EntryRef<'a, 'b, K, Q, V, S, H>
where
    K: Hash,
    Q: Equivalent<K> + ?Sized,
    S: BuildHasher,
    H: Handle,
{
    /// The value, inserted with a key made by `make_key` if there was none.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the key made is not equivalent to the borrowed one, or the map must grow and the arena refuses; the twin
    /// is [`try_or_insert_keyed`](Self::try_or_insert_keyed).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let mut map: ArenaMap<&str, u32, _, _> = ArenaMap::new_in(&arena);
    /// *map.entry_ref("key").or_insert_keyed(|key| arena.alloc_str(key), 0) += 1;
    /// ```
    #[inline]
    #[track_caller]
    pub fn or_insert_keyed(self, make_key: impl FnOnce(&'b Q) -> K, default: V) -> &'a mut V {
        self.or_insert_keyed_with(make_key, || default)
    }

    /// Like [`or_insert_keyed`](Self::or_insert_keyed), with a closure that makes the value.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// As [`or_insert_keyed`](Self::or_insert_keyed); the twin is
    /// [`try_or_insert_keyed_with`](Self::try_or_insert_keyed_with).
    #[inline]
    #[track_caller]
    pub fn or_insert_keyed_with(self, make_key: impl FnOnce(&'b Q) -> K, default: impl FnOnce() -> V) -> &'a mut V {
        match self {
            EntryRef::Occupied(entry) => entry.into_mut(),
            EntryRef::Vacant(entry) => {
                let key = make_key(entry.key);
                entry.insert_with_key(key, default())
            }
        }
    }

    /// Like [`or_insert_keyed`](Self::or_insert_keyed), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    ///
    /// # Panics
    ///
    /// If the key made is not equivalent to the borrowed one.
    #[inline]
    #[track_caller]
    pub fn try_or_insert_keyed(
        self,
        make_key: impl FnOnce(&'b Q) -> K,
        default: V,
    ) -> Result<&'a mut V, InsertError<K, V>> {
        self.try_or_insert_keyed_with(make_key, || default)
    }

    /// Like [`or_insert_keyed_with`](Self::or_insert_keyed_with), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair that the closures made, and the cause. The map is as it was.
    ///
    /// # Panics
    ///
    /// If the key made is not equivalent to the borrowed one.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::with_budget(0);
    /// let mut map: ArenaMap<String, u32, _, _> = ArenaMap::new_in(&arena);
    /// let refused = map.entry_ref("key").try_or_insert_keyed_with(str::to_owned, || 1).unwrap_err();
    /// assert_eq!((refused.key, refused.value), ("key".to_owned(), 1));
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_or_insert_keyed_with(
        self,
        make_key: impl FnOnce(&'b Q) -> K,
        default: impl FnOnce() -> V,
    ) -> Result<&'a mut V, InsertError<K, V>> {
        match self {
            EntryRef::Occupied(entry) => Ok(entry.into_mut()),
            EntryRef::Vacant(entry) => {
                let key = make_key(entry.key);
                entry.try_insert_with_key(key, default())
            }
        }
    }
}

impl<'a, K, Q, V, S, H> EntryRef<'a, '_, K, Q, V, S, H>
where
    K: Hash,
    Q: Equivalent<K> + ToOwned<Owned = K> + ?Sized,
    S: BuildHasher,
    H: Handle,
{
    /// Sets the value and returns the occupied place.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin begins with `try_`.
    #[track_caller]
    pub fn insert(self, value: V) -> OccupiedEntry<'a, K, V, S, H> {
        match self {
            EntryRef::Occupied(mut entry) => {
                entry.insert(value);
                entry
            }
            EntryRef::Vacant(entry) => entry.insert_entry(value),
        }
    }

    /// The value, inserted if there was none.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin begins with `try_`.
    #[track_caller]
    pub fn or_insert(self, default: V) -> &'a mut V {
        self.or_insert_with(|| default)
    }

    /// The value, made and inserted if there was none.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin begins with `try_`.
    #[track_caller]
    pub fn or_insert_with<F: FnOnce() -> V>(self, default: F) -> &'a mut V {
        self.or_insert_with_key(|_| default())
    }

    /// The value, made from the key and inserted if there was none.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin begins with `try_`.
    #[track_caller]
    pub fn or_insert_with_key<F: FnOnce(&Q) -> V>(self, default: F) -> &'a mut V {
        match self {
            EntryRef::Occupied(entry) => entry.into_mut(),
            EntryRef::Vacant(entry) => {
                let value = default(entry.key);
                entry.insert(value)
            }
        }
    }

    /// The value, inserted as `V::default()` if there was none.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin begins with `try_`.
    #[track_caller]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Like [`or_default`](Self::or_default), as an occupied place.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin begins with `try_`.
    #[track_caller]
    pub fn or_default_entry(self) -> OccupiedEntry<'a, K, V, S, H>
    where
        V: Default,
    {
        match self {
            EntryRef::Occupied(entry) => entry,
            EntryRef::Vacant(entry) => entry.insert_entry(V::default()),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    pub fn try_insert(self, value: V) -> Result<OccupiedEntry<'a, K, V, S, H>, InsertError<K, V>> {
        match self {
            EntryRef::Occupied(mut entry) => {
                entry.insert(value);
                Ok(entry)
            }
            EntryRef::Vacant(entry) => entry.try_insert_entry(value),
        }
    }

    /// Like [`or_insert`](Self::or_insert), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    pub fn try_or_insert(self, default: V) -> Result<&'a mut V, InsertError<K, V>> {
        self.try_or_insert_with_key(|_| default)
    }

    /// Like [`or_insert_with`](Self::or_insert_with), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    pub fn try_or_insert_with<F: FnOnce() -> V>(self, default: F) -> Result<&'a mut V, InsertError<K, V>> {
        self.try_or_insert_with_key(|_| default())
    }

    /// Like [`or_insert_with_key`](Self::or_insert_with_key), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    pub fn try_or_insert_with_key<F: FnOnce(&Q) -> V>(self, default: F) -> Result<&'a mut V, InsertError<K, V>> {
        match self {
            EntryRef::Occupied(entry) => Ok(entry.into_mut()),
            EntryRef::Vacant(entry) => {
                let value = default(entry.key);
                entry.try_insert(value)
            }
        }
    }

    /// Like [`or_default`](Self::or_default), but gives the key back when the arena refuses.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the key, the default value and the cause. The map is as it was.
    pub fn try_or_default(self) -> Result<&'a mut V, InsertError<K, V>>
    where
        V: Default,
    {
        self.try_or_insert_with(V::default)
    }

    /// Like [`or_default_entry`](Self::or_default_entry), but gives the key back when the arena refuses.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the key, the default value and the cause. The map is as it was.
    pub fn try_or_default_entry(self) -> Result<OccupiedEntry<'a, K, V, S, H>, InsertError<K, V>>
    where
        V: Default,
    {
        match self {
            EntryRef::Occupied(entry) => Ok(entry),
            EntryRef::Vacant(entry) => entry.try_insert_entry(V::default()),
        }
    }
}

impl<'a, 'b, K, Q, V, S, H> VacantEntryRef<'a, 'b, K, Q, V, S, H>
where
    K: Hash,
    Q: Equivalent<K> + ?Sized,
    S: BuildHasher,
    H: Handle,
{
    /// The borrowed key.
    ///
    /// Allocates: never. Time: O(1).
    pub fn key(&self) -> &'b Q {
        self.key
    }

    /// Inserts the value under a key equivalent to the borrowed one.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the key is not equivalent, or the map must grow and the arena refuses; the twin is
    /// [`try_insert_with_key`](Self::try_insert_with_key).
    #[inline]
    #[track_caller]
    pub fn insert_with_key(self, key: K, value: V) -> &'a mut V {
        self.insert_entry_with_key(key, value).into_mut()
    }

    /// Like [`insert_with_key`](Self::insert_with_key), as an occupied place.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// As [`insert_with_key`](Self::insert_with_key).
    #[inline]
    #[track_caller]
    pub fn insert_entry_with_key(self, key: K, value: V) -> OccupiedEntry<'a, K, V, S, H> {
        match self.try_insert_entry_with_key(key, value) {
            Ok(entry) => entry,
            Err(error) => fail(error.cause, "VacantEntryRef::try_insert_entry_with_key"),
        }
    }

    /// Like [`insert_with_key`](Self::insert_with_key), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    ///
    /// # Panics
    ///
    /// If the key is not equivalent.
    #[inline]
    #[track_caller]
    pub fn try_insert_with_key(self, key: K, value: V) -> Result<&'a mut V, InsertError<K, V>> {
        self.try_insert_entry_with_key(key, value).map(OccupiedEntry::into_mut)
    }

    /// Like [`insert_entry_with_key`](Self::insert_entry_with_key), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    ///
    /// # Panics
    ///
    /// If the key is not equivalent.
    #[track_caller]
    pub fn try_insert_entry_with_key(
        self,
        key: K,
        value: V,
    ) -> Result<OccupiedEntry<'a, K, V, S, H>, InsertError<K, V>> {
        assert!(
            self.key.equivalent(&key),
            "key used for Entry creation is not equivalent to the one used for insertion"
        );
        let place = self.place.try_insert(key, value)?;
        Ok(OccupiedEntry { place })
    }

    /// Gives the map back.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_map(self) -> &'a mut ArenaMap<K, V, S, H> {
        self.place.into_map()
    }

    /// Inserts the value under the borrowed key, made owned.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin begins with `try_`.
    #[track_caller]
    pub fn insert(self, value: V) -> &'a mut V
    where
        Q: ToOwned<Owned = K>,
    {
        self.insert_entry(value).into_mut()
    }

    /// Like [`insert`](Self::insert), as an occupied place.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the map must grow and the arena refuses; the twin begins with `try_`.
    #[track_caller]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V, S, H>
    where
        Q: ToOwned<Owned = K>,
    {
        let key = self.key.to_owned();
        self.insert_entry_with_key(key, value)
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    pub fn try_insert(self, value: V) -> Result<&'a mut V, InsertError<K, V>>
    where
        Q: ToOwned<Owned = K>,
    {
        self.try_insert_entry(value).map(OccupiedEntry::into_mut)
    }

    /// Like [`insert_entry`](Self::insert_entry), but gives key and value back when the arena refuses.
    ///
    /// Allocates: arena, and what `to_owned` allocates. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was.
    pub fn try_insert_entry(self, value: V) -> Result<OccupiedEntry<'a, K, V, S, H>, InsertError<K, V>>
    where
        Q: ToOwned<Owned = K>,
    {
        let key = self.key.to_owned();
        self.try_insert_entry_with_key(key, value)
    }
}

impl<K: fmt::Debug, Q: fmt::Debug + ?Sized, V: fmt::Debug, S, H: Handle> fmt::Debug
    for EntryRef<'_, '_, K, Q, V, S, H>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryRef::Occupied(entry) => f.debug_tuple("EntryRef").field(entry).finish(),
            EntryRef::Vacant(entry) => f.debug_tuple("EntryRef").field(entry).finish(),
        }
    }
}

impl<K, Q: fmt::Debug + ?Sized, V, S, H: Handle> fmt::Debug for VacantEntryRef<'_, '_, K, Q, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntryRef").field(&self.key).finish()
    }
}
