//! Methods of [`BoundedCopiedMap`] that touch one entry.

use core::hash::BuildHasher;

use super::super::room::spread;
use super::super::{Reason, Terms};
use super::{BoundedCopiedMap, Entry, OccupiedEntry, Pair, VacantEntry};
use crate::arena::Handle;
use crate::copied::{CopiedKey, Key, Loose};
use crate::error::{ArenaError, InsertError, fail};
use crate::table::KeyShape;

impl<Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    #[inline(always)]
    fn find(&self, key: &Q) -> Option<usize> {
        self.core
            .find(KeyShape::Whole, self.hash_of(key), |known| known.key.get() == key)
    }

    /// The hash by which the core finds a key.
    #[inline(always)]
    pub(in super::super) fn hash_of(&self, key: &Q) -> u64 {
        spread(self.hash_builder.hash_one(key))
    }

    /// The pair of a key that is there in time; the use is counted.
    #[inline(always)]
    fn look(&mut self, key: &Q, now: u64) -> Option<&mut Pair<Q, V>> {
        let tick = self.core.tick(now);
        let found = self.find(key);
        self.core.look(found, tick)
    }

    /// The value of a key.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline(always)] // a lookup: few instructions, the rest of it is out of line
    pub fn get(&mut self, key: &Q, now: u64) -> Option<&V> {
        self.get_mut(key, now).map(|value| &*value)
    }

    /// The stored key and the value.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline(always)] // a lookup: few instructions, the rest of it is out of line
    pub fn get_key_value(&mut self, key: &Q, now: u64) -> Option<(&Q, &V)> {
        let Pair { key, value } = self.look(key, now)?;
        Some((key.get(), value))
    }

    /// The value of a key, to change in place. That is a use, and no write.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline(always)] // a lookup: few instructions, the rest of it is out of line
    pub fn get_mut(&mut self, key: &Q, now: u64) -> Option<&mut V> {
        Some(&mut self.look(key, now)?.value)
    }

    /// The value of a key, without a trace: no use is counted, no deadline moves.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn peek(&self, key: &Q, now: u64) -> Option<&V> {
        let slot = self.find(key)?;
        let live = !self.core.is_due(slot, self.core.tick_at(now));
        live.then(|| &self.core.entry(slot).value)
    }

    /// True if the key is in the map, in time, without a trace.
    ///
    /// Allocates: never. Time: O(1) on average.
    pub fn contains_key(&self, key: &Q, now: u64) -> bool {
        self.peek(key, now).is_some()
    }

    /// The tick at which an entry expires; `None` if it does not, or is not there.
    ///
    /// Allocates: never. Time: O(1) on average.
    pub fn deadline(&self, key: &Q) -> Option<u64> {
        self.core.deadline_of(self.find(key)?)
    }

    /// Lets an entry live so many ticks from now on; `None`: it does not expire. False if it is not there in time. Later uses do not
    /// move that end: see [`BoundedMap::set_time_to_live`](super::super::BoundedMap::set_time_to_live).
    ///
    /// Allocates: never. Time: O(1) on average.
    pub fn set_time_to_live(&mut self, key: &Q, ticks: Option<u64>, now: u64) -> bool {
        let found = self.find(key);
        self.core.set_time_to_live(found, ticks, now)
    }

    /// Sets the value of a key, and returns the value that left the map for it, and why. A new key is copied in.
    ///
    /// Of several entries that leave, one is returned: see [`BoundedMap::insert`](super::super::BoundedMap::insert).
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; the twin is [`try_insert`](Self::try_insert).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::BoundedStrMap;
    /// use arenamap::bounded::Reason;
    ///
    /// let mut map = BoundedStrMap::new(1);
    /// assert_eq!(map.insert("a", 1, 0), None);
    /// assert_eq!(map.insert("a", 2, 0), Some((1, Reason::Replaced)));
    /// assert_eq!(map.insert("b", 3, 0), Some((2, Reason::Evicted)));
    /// ```
    #[track_caller]
    pub fn insert(&mut self, key: &Q, value: V, now: u64) -> Option<(V, Reason)> {
        match self.try_insert(key, value, now) {
            Ok(gone) => gone,
            Err(error) => fail(error.cause, "BoundedCopiedMap::try_insert"),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses the key.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, but for entries whose time is over.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, BoundedStrMap};
    ///
    /// let bytes = BoundedStrMap::<u32>::bytes_for(10).unwrap();
    /// let arena = Arena::with_budget(bytes + 64);
    /// let mut map = BoundedStrMap::new_in(10, &arena);
    /// assert!(map.try_insert(&"long".repeat(100), 1, 0).is_err());
    /// assert!(map.try_insert("short", 1, 0).is_ok());
    /// ```
    pub fn try_insert<'k>(
        &mut self,
        key: &'k Q,
        value: V,
        now: u64,
    ) -> Result<Option<(V, Reason)>, InsertError<&'k Q, V>> {
        self.try_insert_on(key, value, Terms::new(), now)
    }

    /// The insertion that returns one value.
    fn try_insert_on<'k>(
        &mut self,
        key: &'k Q,
        value: V,
        terms: Terms,
        now: u64,
    ) -> Result<Option<(V, Reason)>, InsertError<&'k Q, V>> {
        let mut first = None;
        self.try_insert_with(key, value, terms, now, |_, value, reason| {
            if reason.outranks(first.as_ref().map(|&(_, first): &(V, Reason)| first)) {
                first = Some((value, reason));
            }
        })?;
        Ok(first)
    }

    /// Like [`insert`](Self::insert), for an entry that lives so many ticks.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; the twin is [`try_insert_with`](Self::try_insert_with).
    #[track_caller]
    pub fn insert_for(&mut self, key: &Q, value: V, time_to_live: u64, now: u64) -> Option<(V, Reason)> {
        match self.try_insert_on(key, value, Terms::new().time_to_live(time_to_live), now) {
            Ok(gone) => gone,
            Err(error) => fail(error.cause, "BoundedCopiedMap::try_insert_with"),
        }
    }

    /// Sets the value of a key, on its own terms; `out` is given all that leaves the map for it: see
    /// [`BoundedMap::insert_with`](super::super::BoundedMap::insert_with).
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; with weights, O(entries that make room).
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; the twin is [`try_insert_with`](Self::try_insert_with).
    #[track_caller]
    pub fn insert_with(&mut self, key: &Q, value: V, terms: Terms, now: u64, out: impl FnMut(&Q, V, Reason)) {
        match self.try_insert_with(key, value, terms, now, out) {
            Ok(()) => (),
            Err(error) => fail(error.cause, "BoundedCopiedMap::try_insert_with"),
        }
    }

    /// Like [`insert_with`](Self::insert_with), but gives key and value back when the arena refuses the key.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; with weights, O(entries that make room).
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, but for entries whose time is over.
    pub fn try_insert_with<'k>(
        &mut self,
        key: &'k Q,
        value: V,
        terms: Terms,
        now: u64,
        out: impl FnMut(&Q, V, Reason),
    ) -> Result<(), InsertError<&'k Q, V>> {
        let tick = self.core.tick(now);
        self.try_insert_at(key, value, terms, tick, out)
    }

    /// As [`try_insert_with`](Self::try_insert_with), at a tick of this call.
    pub(super) fn try_insert_at<'k>(
        &mut self,
        key: &'k Q,
        value: V,
        terms: Terms,
        tick: u64,
        mut out: impl FnMut(&Q, V, Reason),
    ) -> Result<(), InsertError<&'k Q, V>> {
        let hash = self.hash_of(key);
        let found = self.core.find(KeyShape::Whole, hash, |known| known.key.get() == key);
        let coming = self.core.coming(hash, terms);
        if found.is_none() && !self.core.takes(terms.weight) {
            out(key, value, Reason::Refused);
            self.core.sweep_pairs(tick, None, &mut out);
            return Ok(());
        }
        match self.core.place(found, key, || value, coming, tick, &mut out) {
            Ok(_) => Ok(()),
            Err((cause, make)) => Err(InsertError {
                key,
                value: make(),
                cause,
            }),
        }
    }

    /// The value of a key, and if it is not there, or not in time, the value that `make` returns.
    ///
    /// What leaves the map for it is dropped.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; or if the capacity is 0, or the most weight is 0, and the key is new.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut counts = arenamap::BoundedStrMap::new(10);
    /// for word in ["a", "b", "a"] {
    ///     *counts.get_or_insert_with(word, 0, || 0) += 1;
    /// }
    /// assert_eq!(counts.get("a", 0), Some(&2));
    /// ```
    #[track_caller]
    pub fn get_or_insert_with(&mut self, key: &Q, now: u64, make: impl FnOnce() -> V) -> &mut V {
        match self.try_get_or_insert_with(key, now, make) {
            Ok(value) => value,
            Err(error) => fail(error, "BoundedCopiedMap::try_get_or_insert_with"),
        }
    }

    /// Like [`get_or_insert_with`](Self::get_or_insert_with), but returns an error when the arena refuses the key.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Errors
    ///
    /// The error of the arena. The map is as it was, but for entries whose time is over, and `make` was not called.
    ///
    /// # Panics
    ///
    /// If the capacity is 0, or the most weight is 0, and the key is new.
    #[track_caller]
    pub fn try_get_or_insert_with(
        &mut self,
        key: &Q,
        now: u64,
        make: impl FnOnce() -> V,
    ) -> Result<&mut V, ArenaError> {
        self.entry(key, now).try_or_insert_with(make)
    }

    /// The place of a key, for one lookup instead of several; the key is copied when a vacant place is filled. That it is there is
    /// counted as a hit.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut counts = arenamap::BoundedStrMap::new(100);
    /// for word in ["a", "b", "a"] {
    ///     *counts.entry(word, 0).or_insert(0) += 1;
    /// }
    /// assert_eq!(counts.get("a", 0), Some(&2));
    /// ```
    #[inline]
    pub fn entry<'k>(&mut self, key: &'k Q, now: u64) -> Entry<'_, 'k, Q, V, H> {
        let tick = self.core.tick(now);
        let hash = self.hash_of(key);
        let found = self.core.find(KeyShape::Whole, hash, |known| known.key.get() == key);
        let core = &mut self.core;
        if let Some(slot) = core.in_time(found, tick) {
            core.hit(slot, tick);
            return Entry::Occupied(OccupiedEntry { core, slot, tick });
        }
        core.miss();
        Entry::Vacant(VacantEntry {
            core,
            key,
            hash,
            tick,
            expired: found,
        })
    }

    /// Removes a key, and returns its value, if it was there in time: see [`BoundedMap::remove`](super::super::BoundedMap::remove).
    ///
    /// Allocates: never. Time: O(1) on average; at most 4 entries that may have expired are looked at.
    pub fn remove(&mut self, key: &Q, now: u64) -> Option<V> {
        let (key, value) = self.remove_entry(key, now)?;
        drop(key);
        Some(value)
    }

    /// Removes a key, and returns it with its value, if it was there in time. The map stays borrowed until the [`Key`] is dropped.
    ///
    /// Allocates: never. Time: O(1) on average; at most 4 entries that may have expired are looked at.
    pub fn remove_entry(&mut self, key: &Q, now: u64) -> Option<(Key<'_, Q, H>, V)> {
        self.remove_with(key, now, |_, _, _| {})
    }

    /// Like [`remove_entry`](Self::remove_entry); `out` is given the entries that go because their time is over, that of the key
    /// among them.
    ///
    /// Allocates: never. Time: O(1) on average; at most 4 entries that may have expired are looked at.
    pub fn remove_with(&mut self, key: &Q, now: u64, mut out: impl FnMut(&Q, V, Reason)) -> Option<(Key<'_, Q, H>, V)> {
        let found = self.find(key);
        let tick = self.core.tick(now);
        let raw = self.core.handle().raw();
        let removed = self.core.remove(found, tick, |Pair { key, value }| {
            out(Loose::new(key, raw).get(), value, Reason::Expired);
        });
        let removed = removed.map(|Pair { key, value }| (Key::of_text(Loose::new(key, raw)), value));
        self.core.sweep_pairs(tick, None, &mut out);
        removed
    }
}
