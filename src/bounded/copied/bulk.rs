//! Methods of [`BoundedCopiedMap`] that go through many entries.

use core::marker::PhantomData;

use super::super::Reason;
use super::{BoundedCopiedMap, Drain, Iter, Pair};
use crate::arena::Handle;
use crate::copied::{CopiedKey, Loose, Text};
use crate::error::{ArenaError, fail};

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    /// Takes out entries whose time is over, at most so many, and returns how many there were: see
    /// [`BoundedMap::expire`](super::super::BoundedMap::expire).
    ///
    /// Allocates: never. Time: O(`at_most`), and O(uses since) of entries that live by their use.
    pub fn expire(&mut self, now: u64, at_most: usize) -> usize {
        self.expire_with(now, at_most, |_, _| {})
    }

    /// Like [`expire`](Self::expire); `out` is given the values, with their keys borrowed.
    ///
    /// Allocates: never. Time: O(`at_most`), and O(uses since) of entries that live by their use.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedStrMap::new(100);
    /// map.insert_for("a", 1, 60, 0);
    /// let mut gone = Vec::new();
    /// map.expire_with(60, 10, |key, value| gone.push((key.to_owned(), value)));
    /// assert_eq!(gone, [("a".to_owned(), 1)]);
    /// ```
    pub fn expire_with(&mut self, now: u64, at_most: usize, mut out: impl FnMut(&Q, V)) -> usize {
        let raw = self.core.handle().raw();
        self.core.expire_with(now, at_most, |Pair { key, value }| {
            out(Loose::new(key, raw).get(), value);
        })
    }

    /// Takes out the entry that an insertion into a full map would evict now, or one whose time is over, and returns its value and why
    /// it went: see [`BoundedMap::evict`](super::super::BoundedMap::evict).
    ///
    /// Allocates: never. Time: O(1); at most 20 entries are looked at.
    pub fn evict(&mut self, now: u64) -> Option<(V, Reason)> {
        let mut gone = None;
        self.evict_with(now, |_, value, reason| gone = Some((value, reason)));
        gone
    }

    /// Like [`evict`](Self::evict); `out` is given the value, with its key borrowed. False if the map is empty.
    ///
    /// Allocates: never. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedStrMap::new(100);
    /// map.insert("a", 1, 0);
    /// assert!(map.evict_with(0, |key, value, _| assert_eq!((key, value), ("a", 1))));
    /// assert!(!map.evict_with(0, |_, _, _| unreachable!()));
    /// ```
    pub fn evict_with(&mut self, now: u64, out: impl FnOnce(&Q, V, Reason)) -> bool {
        let raw = self.core.handle().raw();
        match self.core.evict(now) {
            Some((Pair { key, value }, reason)) => {
                out(Loose::new(key, raw).get(), value, reason);
                true
            }
            None => false,
        }
    }

    /// Keeps the entries for which `keep` is true, and takes out the others, and those that have expired, for which it is not asked.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn retain(&mut self, now: u64, mut keep: impl FnMut(&Q, &mut V) -> bool) {
        self.core.retain(now, |Pair { key, value }| keep(key.get(), value));
    }

    /// Takes out all entries.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn clear(&mut self) {
        self.core.clear();
    }

    /// All entries that are in time, in no order, without a trace.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedStrMap::new(100);
    /// map.insert("a", 1, 0);
    /// assert_eq!(map.iter(0).collect::<Vec<_>>(), [("a", &1)]);
    /// ```
    pub fn iter(&self, now: u64) -> Iter<'_, Q, V, H> {
        Iter {
            live: self.core.live(now),
        }
    }

    /// All entries that are in time, in no order, with their values to be changed, without a trace: see
    /// [`BoundedMap::iter_mut`](super::super::BoundedMap::iter_mut).
    ///
    /// Allocates: never. Time: O(capacity) for all.
    pub fn iter_mut(&mut self, now: u64) -> impl Iterator<Item = (&Q, &mut V)> {
        (self.core.live_mut(now)).map(|Pair { key, value }| (key.get(), value))
    }

    /// The keys of all entries that are in time, in no order, without a trace.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    pub fn keys(&self, now: u64) -> impl Iterator<Item = &Q> + Clone {
        self.iter(now).map(|(key, _)| key)
    }

    /// The values of all entries that are in time, in no order, without a trace.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    pub fn values(&self, now: u64) -> impl Iterator<Item = &V> + Clone {
        self.iter(now).map(|(_, value)| value)
    }

    /// The values of all entries that are in time, in no order, to be changed, without a trace.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    pub fn values_mut(&mut self, now: u64) -> impl Iterator<Item = &mut V> {
        (self.core.live_mut(now)).map(|Pair { value, .. }| value)
    }

    /// Takes out all entries: those that are in time are handed out, the others dropped: see
    /// [`BoundedMap::drain`](super::super::BoundedMap::drain).
    ///
    /// Allocates: never. Time: O(capacity) for all.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedStrMap::new(100);
    /// map.insert("a", 1, 0);
    /// for (key, value) in map.drain(0) {
    ///     assert_eq!((&*key, value), ("a", 1));
    /// }
    /// assert!(map.is_empty());
    /// ```
    pub fn drain(&mut self, now: u64) -> Drain<'_, Q, V, H> {
        Drain {
            draining: self.core.drain(now),
            not_send: PhantomData,
        }
    }

    /// The entries that are in time, and the ends of their lives.
    #[cfg(feature = "fixed")]
    pub(crate) fn lives(&self, now: u64) -> impl Iterator<Item = (&Q, &V, Option<u64>)> {
        (self.core.live(now)).map(|(slot, Pair { key, value })| (key.get(), value, self.core.deadline_of(slot)))
    }
}

impl<Q: CopiedKey + ?Sized, V: Clone, S: Clone, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    /// A copy of this map, keys and all, in another arena, or in the same one: see
    /// [`BoundedMap::clone_in`](super::super::BoundedMap::clone_in).
    ///
    /// Allocates: arena: the map, and its long keys. Time: O(capacity + bytes of the keys), without hashing.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](Self::try_clone_in).
    #[must_use]
    #[track_caller]
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> BoundedCopiedMap<Q, V, S, H2> {
        match self.try_clone_in(handle) {
            Ok(map) => map,
            Err(cause) => fail(cause, "BoundedCopiedMap::try_clone_in"),
        }
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena: the map, and its long keys. Time: O(capacity + bytes of the keys), without hashing.
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory. What was copied is given back.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<BoundedCopiedMap<Q, V, S, H2>, ArenaError> {
        let hash_builder = self.hash_builder.clone();
        let core = self.core.try_clone_in(handle, |Pair { key, value }, raw| {
            let key = Loose::new(Text::copy_in(key.get(), raw)?, raw);
            let value = value.clone(); // a panic gives the block of the key back
            Ok(Pair {
                key: key.into_key(),
                value,
            })
        })?;
        Ok(BoundedCopiedMap { core, hash_builder })
    }
}
