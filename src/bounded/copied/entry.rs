//! The place of a key in a bounded map that copies its keys. The key is copied only when a vacant place is filled.

use core::fmt;
use core::mem;

use super::super::core::Core;
use super::super::{Reason, Terms};
use super::Pair;
use crate::arena::{Arena, Handle};
use crate::copied::{CopiedKey, Key, Loose};
use crate::error::{ArenaError, InsertError, fail};

/// The place of a key: [`BoundedCopiedMap::entry`](super::BoundedCopiedMap::entry).
pub enum Entry<'a, 'k, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    /// The key is in the map, in time.
    Occupied(OccupiedEntry<'a, Q, V, H>),
    /// The key is not in the map, or its time is over.
    Vacant(VacantEntry<'a, 'k, Q, V, H>),
}

/// The place of a key that is in the map.
pub struct OccupiedEntry<'a, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    pub(super) core: &'a mut Core<Pair<Q, V>, H>,
    pub(super) slot: usize,
    pub(super) tick: u64,
}

/// The place of a key that is not in the map, and the key, not yet copied.
pub struct VacantEntry<'a, 'k, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    pub(super) core: &'a mut Core<Pair<Q, V>, H>,
    pub(super) key: &'k Q,
    pub(super) hash: u64,
    pub(super) tick: u64,
    /// The slot of an entry under this key whose time is over.
    pub(super) expired: Option<usize>,
}

impl<'a, 'k, Q: CopiedKey + ?Sized, V, H: Handle> Entry<'a, 'k, Q, V, H> {
    /// The key of this place.
    ///
    /// Allocates: never. Time: O(1).
    pub fn key(&self) -> &Q {
        match self {
            Entry::Occupied(entry) => entry.key(),
            Entry::Vacant(entry) => entry.key(),
        }
    }

    /// Changes the value, if there is one.
    ///
    /// Allocates: never. Time: O(1).
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

    /// The value, or this one if there is none.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; or if the capacity or the most weight is 0, and the key is new. The twin is
    /// [`try_or_insert`](Self::try_or_insert).
    #[track_caller]
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// The value, or the one that `make` returns if there is none.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; or if the capacity or the most weight is 0, and the key is new. The twin is
    /// [`try_or_insert_with`](Self::try_or_insert_with).
    #[track_caller]
    pub fn or_insert_with<F: FnOnce() -> V>(self, make: F) -> &'a mut V {
        match self.try_or_insert_with(make) {
            Ok(value) => value,
            Err(cause) => fail(cause, "Entry::try_or_insert_with"),
        }
    }

    /// The value, or the default if there is none.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; or if the capacity or the most weight is 0, and the key is new.
    #[track_caller]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Like [`or_insert`](Self::or_insert), but gives key and value back when the arena refuses the key.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, but for entries whose time is over.
    ///
    /// # Panics
    ///
    /// If the capacity or the most weight is 0, and the key is new.
    #[track_caller]
    pub fn try_or_insert(self, value: V) -> Result<&'a mut V, InsertError<&'k Q, V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.try_insert(value),
        }
    }

    /// Like [`or_insert_with`](Self::or_insert_with), but returns an error when the arena refuses the key; `make` was not called then.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Errors
    ///
    /// The error of the arena. The map is as it was, but for entries whose time is over.
    ///
    /// # Panics
    ///
    /// If the capacity or the most weight is 0, and the key is new.
    #[track_caller]
    pub fn try_or_insert_with<F: FnOnce() -> V>(self, make: F) -> Result<&'a mut V, ArenaError> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry
                .fill(Terms::new(), make, &mut |_, _, _| {})
                .map_err(|(cause, _)| cause),
        }
    }
}

impl<'a, Q: CopiedKey + ?Sized, V, H: Handle> OccupiedEntry<'a, Q, V, H> {
    /// The key.
    ///
    /// Allocates: never. Time: O(1).
    pub fn key(&self) -> &Q {
        self.core.entry(self.slot).key.get()
    }

    /// The value.
    ///
    /// Allocates: never. Time: O(1).
    pub fn get(&self) -> &V {
        &self.core.entry(self.slot).value
    }

    /// The value, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.core.entry_mut(self.slot).value
    }

    /// The value, for as long as the map is borrowed.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_mut(self) -> &'a mut V {
        &mut self.core.entry_mut(self.slot).value
    }

    /// Sets the value, and returns the old one. That is a write: the entry lives anew as the map's lifetime says, and
    /// weighs what it did.
    ///
    /// Allocates: never. Time: O(1).
    pub fn insert(&mut self, value: V) -> V {
        let lifetime = self.core.lifetime();
        self.core.set_life(self.slot, lifetime, self.tick);
        mem::replace(self.get_mut(), value)
    }

    /// Removes the entry, and returns its value.
    ///
    /// Allocates: never. Time: O(1).
    pub fn remove(self) -> V {
        self.remove_entry().1
    }

    /// Removes the entry, and returns it. The map stays borrowed until the [`Key`] is dropped.
    ///
    /// Allocates: never. Time: O(1).
    pub fn remove_entry(self) -> (Key<'a, Q, H>, V) {
        let Pair { key, value } = self.core.take(self.slot);
        (Key::of_text(Loose::new(key, self.core.handle().raw())), value)
    }
}

impl<'a, 'k, Q: CopiedKey + ?Sized, V, H: Handle> VacantEntry<'a, 'k, Q, V, H> {
    /// The key that would be inserted.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn key(&self) -> &'k Q {
        self.key
    }

    /// Copies the key and inserts the value. What leaves the map for it is dropped.
    ///
    /// Allocates: arena, for a key of more than 15 bytes. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; or if the capacity or the most weight is 0. The twin is [`try_insert`](Self::try_insert).
    #[track_caller]
    pub fn insert(self, value: V) -> &'a mut V {
        self.insert_with(value, Terms::new(), |_, _, _| {})
    }

    /// Copies the key and inserts the value, for so many ticks. What leaves the map for it is dropped.
    ///
    /// Allocates: arena, for a key of more than 15 bytes. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; or if the capacity or the most weight is 0. The twin is
    /// [`try_insert_with`](Self::try_insert_with).
    #[track_caller]
    pub fn insert_for(self, value: V, time_to_live: u64) -> &'a mut V {
        self.insert_with(value, Terms::new().time_to_live(time_to_live), |_, _, _| {})
    }

    /// Copies the key and inserts the value, on its own terms; `out` is given all that leaves the map for it: see
    /// [`BoundedMap::insert_with`](super::super::BoundedMap::insert_with).
    ///
    /// Allocates: arena, for a key of more than 15 bytes. Time: O(1); with weights, O(entries that make room).
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; or if the capacity is 0, or the entry weighs more than the map may hold. The twin is
    /// [`try_insert_with`](Self::try_insert_with).
    #[track_caller]
    pub fn insert_with(self, value: V, terms: Terms, out: impl FnMut(&Q, V, Reason)) -> &'a mut V {
        match self.try_insert_with(value, terms, out) {
            Ok(value) => value,
            Err(error) => fail(error.cause, "VacantEntry::try_insert_with"),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses the key.
    ///
    /// Allocates: arena, for a key of more than 15 bytes. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, but for entries whose time is over.
    ///
    /// # Panics
    ///
    /// If the capacity or the most weight is 0.
    #[track_caller]
    pub fn try_insert(self, value: V) -> Result<&'a mut V, InsertError<&'k Q, V>> {
        self.try_insert_with(value, Terms::new(), |_, _, _| {})
    }

    /// Like [`insert_with`](Self::insert_with), but gives key and value back when the arena refuses the key.
    ///
    /// Allocates: arena, for a key of more than 15 bytes. Time: O(1); with weights, O(entries that make room).
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, but for entries whose time is over.
    ///
    /// # Panics
    ///
    /// If the capacity is 0, or the entry weighs more than the map may hold.
    #[track_caller]
    pub fn try_insert_with(
        self,
        value: V,
        terms: Terms,
        mut out: impl FnMut(&Q, V, Reason),
    ) -> Result<&'a mut V, InsertError<&'k Q, V>> {
        let key = self.key;
        self.fill(terms, || value, &mut out)
            .map_err(|(cause, make)| InsertError {
                key,
                value: make(),
                cause,
            })
    }

    /// Puts what `make` returns under the key; `make` comes back uncalled when the arena refuses the key.
    #[track_caller]
    fn fill<F: FnOnce() -> V>(
        self,
        terms: Terms,
        make: F,
        out: &mut impl FnMut(&Q, V, Reason),
    ) -> Result<&'a mut V, (ArenaError, F)> {
        let Self {
            core,
            key,
            hash,
            tick,
            expired,
        } = self;
        assert!(
            core.takes(terms.weight),
            "the capacity of this map, or its most weight, is less than this entry takes: `insert` gives the value back"
        );
        let coming = core.coming(hash, terms);
        let slot = core.place(expired, key, make, coming, tick, out)?;
        let Some(slot) = slot else {
            unreachable!("the map takes entries of this weight")
        };
        Ok(&mut core.entry_mut(slot).value)
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> fmt::Debug for Entry<'_, '_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Occupied").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Vacant").field(entry).finish(),
        }
    }
}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, H: Handle> fmt::Debug for OccupiedEntry<'_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry")
            .field("key", &self.key())
            .field("value", self.get())
            .finish()
    }
}

impl<Q: CopiedKey + ?Sized, V, H: Handle> fmt::Debug for VacantEntry<'_, '_, Q, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.key).finish()
    }
}
