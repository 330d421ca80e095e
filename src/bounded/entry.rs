//! The place of a key in a bounded map.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::mem;

use super::{BoundedMap, Displaced, Terms};
use crate::arena::{Arena, Handle};
use crate::map::DefaultHashBuilder;

/// The place of a key: [`BoundedMap::entry`].
pub enum Entry<'a, K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    /// The key is in the map, in time.
    Occupied(OccupiedEntry<'a, K, V, S, H>),
    /// The key is not in the map, or its time is over.
    Vacant(VacantEntry<'a, K, V, S, H>),
}

/// The place of a key that is in the map.
pub struct OccupiedEntry<'a, K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(super) map: &'a mut BoundedMap<K, V, S, H>,
    pub(super) slot: usize,
    pub(super) tick: u64,
}

/// The place of a key that is not in the map, and the key.
pub struct VacantEntry<'a, K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(super) map: &'a mut BoundedMap<K, V, S, H>,
    pub(super) key: K,
    pub(super) hash: u64,
    pub(super) tick: u64,
    /// The slot of an entry under this key whose time is over.
    pub(super) expired: Option<usize>,
}

impl<'a, K: Eq + Hash, V, S: BuildHasher, H: Handle> Entry<'a, K, V, S, H> {
    /// The key of this place.
    ///
    /// Allocates: never. Time: O(1).
    pub fn key(&self) -> &K {
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
    /// Allocates: never. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the capacity or the most weight is 0, and the key is new.
    #[inline]
    #[track_caller]
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// The value, or the one that `make` returns if there is none.
    ///
    /// Allocates: never. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the capacity or the most weight is 0, and the key is new.
    #[inline]
    #[track_caller]
    pub fn or_insert_with<F: FnOnce() -> V>(self, make: F) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                entry.check(1);
                entry.insert(make())
            }
        }
    }

    /// The value, or the default if there is none.
    ///
    /// Allocates: never. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the capacity or the most weight is 0, and the key is new.
    #[track_caller]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

impl<'a, K: Eq + Hash, V, S: BuildHasher, H: Handle> OccupiedEntry<'a, K, V, S, H> {
    /// The key.
    ///
    /// Allocates: never. Time: O(1).
    pub fn key(&self) -> &K {
        &self.map.core.entry(self.slot).0
    }

    /// The value.
    ///
    /// Allocates: never. Time: O(1).
    pub fn get(&self) -> &V {
        &self.map.core.entry(self.slot).1
    }

    /// The value, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.map.core.entry_mut(self.slot).1
    }

    /// The value, for as long as the map is borrowed.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn into_mut(self) -> &'a mut V {
        &mut self.map.core.entry_mut(self.slot).1
    }

    /// Sets the value, and returns the old one. That is a write: the entry lives anew as the map's lifetime says, and
    /// weighs what it did.
    ///
    /// Allocates: never. Time: O(1).
    pub fn insert(&mut self, value: V) -> V {
        let lifetime = self.map.core.lifetime();
        self.map.core.set_life(self.slot, lifetime, self.tick);
        mem::replace(self.get_mut(), value)
    }

    /// Removes the entry, and returns its value.
    ///
    /// Allocates: never. Time: O(1).
    pub fn remove(self) -> V {
        let (key, value) = self.remove_entry();
        drop(key); // by itself: if that panics, the value is dropped
        value
    }

    /// Removes the entry, and returns it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn remove_entry(self) -> (K, V) {
        self.map.core.take(self.slot)
    }
}

impl<'a, K: Eq + Hash, V, S: BuildHasher, H: Handle> VacantEntry<'a, K, V, S, H> {
    /// The key.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn key(&self) -> &K {
        &self.key
    }

    /// The key back.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_key(self) -> K {
        self.key
    }

    /// Panics if the map can never take an entry of this weight.
    #[inline]
    #[track_caller]
    pub(super) fn check(&self, weight: u32) {
        assert!(
            self.map.core.takes(weight),
            "the capacity of this map, or its most weight, is less than this entry takes: `insert` gives the pair back"
        );
    }

    /// Inserts the key with this value. What leaves the map for it is dropped.
    ///
    /// Allocates: never. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the capacity or the most weight is 0.
    #[inline]
    #[track_caller]
    pub fn insert(self, value: V) -> &'a mut V {
        self.insert_with(value, Terms::new(), |_| {})
    }

    /// Inserts the key with this value, for so many ticks. What leaves the map for it is dropped.
    ///
    /// Allocates: never. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the capacity or the most weight is 0.
    #[track_caller]
    pub fn insert_for(self, value: V, time_to_live: u64) -> &'a mut V {
        self.insert_with(value, Terms::new().time_to_live(time_to_live), |_| {})
    }

    /// Inserts the key with this value, on its own terms; `out` is given all that leaves the map for it: see
    /// [`BoundedMap::insert_with`].
    ///
    /// Allocates: never. Time: O(1); with weights, O(entries that make room).
    ///
    /// # Panics
    ///
    /// If the capacity is 0, or the entry weighs more than the map may hold.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::BoundedMap;
    /// use arenamap::bounded::{Entry, Reason, Terms};
    ///
    /// let mut map = BoundedMap::new(1);
    /// map.insert("a", 1, 0);
    /// let Entry::Vacant(entry) = map.entry("b", 0) else { unreachable!() };
    /// let mut gone = Vec::new();
    /// *entry.insert_with(2, Terms::new(), |out| gone.push((out.key, out.reason))) += 1;
    /// assert_eq!(gone, [("a", Reason::Evicted)]);
    /// assert_eq!(map.get("b", 0), Some(&3));
    /// ```
    #[inline(never)] // hits of `get_or_insert_with` are shorter without it beside them
    #[track_caller]
    pub fn insert_with(self, value: V, terms: Terms, mut out: impl FnMut(Displaced<K, V>)) -> &'a mut V {
        self.check(terms.weight);
        let Self {
            map,
            key,
            hash,
            tick,
            expired,
        } = self;
        let mut out = |(key, value), reason| out(Displaced { key, value, reason });
        let coming = map.core.coming(hash, terms);
        let slot = map.core.place(expired, (key, value), coming, tick, &mut out);
        let Some(slot) = slot else {
            unreachable!("the map takes entries of this weight")
        };
        &mut map.core.entry_mut(slot).1
    }
}

impl<K: fmt::Debug + Eq + Hash, V: fmt::Debug, S: BuildHasher, H: Handle> fmt::Debug for Entry<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Occupied").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Vacant").field(entry).finish(),
        }
    }
}

impl<K: fmt::Debug + Eq + Hash, V: fmt::Debug, S: BuildHasher, H: Handle> fmt::Debug for OccupiedEntry<'_, K, V, S, H> {
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
