//! Methods of [`BoundedMap`] that touch one entry.

use core::hash::{BuildHasher, Hash};
use core::mem;

use equivalent::Equivalent;

#[cfg(doc)]
use super::Lifetime;
use super::core::{Coming, Core, Renewed};
use super::entry::{Entry, OccupiedEntry, VacantEntry};
use super::room::spread;
use super::{BoundedMap, Displaced, Reason, Terms};
use crate::arena::Handle;
use crate::table::KeyShape;

impl<K, V, H: Handle> Core<(K, V), H> {
    /// Puts a pair in, whose key was found, in time or not, or was not. Its slot, unless it can never stand here.
    #[inline]
    pub(super) fn place(
        &mut self,
        found: Option<usize>,
        (key, value): (K, V),
        coming: Coming,
        tick: u64,
        out: &mut impl FnMut((K, V), Reason),
    ) -> Option<usize> {
        let slot = match found.map(|slot| (slot, self.renew(slot, coming, tick))) {
            Some((slot, Renewed::Stays(reason))) => {
                let old = mem::replace(&mut self.entry_mut(slot).1, value);
                out((key, old), reason);
                Some(slot)
            }
            Some((_, Renewed::Goes((known, old), coming, reason))) => {
                let slot = self.come(coming, tick, || (known, value), out);
                out((key, old), reason);
                slot
            }
            None => self.come(coming, tick, || (key, value), out),
        };
        self.sweep(tick, slot, out);
        slot
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> BoundedMap<K, V, S, H> {
    #[inline(always)]
    fn find<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<usize> {
        self.core
            .find(KeyShape::of(key), self.hash_of(key), |(known, _)| key.equivalent(known))
    }

    /// The hash by which the core finds a key.
    #[inline(always)]
    pub(super) fn hash_of<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        spread(self.hash_builder.hash_one(key))
    }

    /// The pair of a key that is there in time; the use is counted.
    #[inline(always)]
    fn look<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q, now: u64) -> Option<&mut (K, V)> {
        let tick = self.core.tick(now);
        let found = self.find(key);
        self.core.look(found, tick)
    }

    /// The value of a key.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(10);
    /// map.insert_for("a", 1, 60, 0);
    /// assert_eq!(map.get("a", 59), Some(&1));
    /// assert_eq!(map.get("a", 60), None);
    /// ```
    #[inline(always)] // a lookup: few instructions, the rest of it is out of line
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q, now: u64) -> Option<&V> {
        match self.get_key_value(key, now) {
            Some((_, value)) => Some(value),
            None => None,
        }
    }

    /// The stored key and the value.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline(always)] // a lookup: few instructions, the rest of it is out of line
    pub fn get_key_value<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q, now: u64) -> Option<(&K, &V)> {
        let (key, value) = self.look(key, now)?;
        Some((key, value))
    }

    /// The value of a key, to change in place. That is a use, and no write: the deadline of [`Lifetime::SinceWrite`] stays.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline(always)] // a lookup: few instructions, the rest of it is out of line
    pub fn get_mut<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q, now: u64) -> Option<&mut V> {
        let (_, value) = self.look(key, now)?;
        Some(value)
    }

    /// The value of a key, without a trace: no use is counted, no deadline moves.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(10);
    /// map.insert("a", 1, 0);
    /// assert_eq!(map.peek("a", 0), Some(&1));
    /// assert_eq!(map.stats().hits, 0);
    /// ```
    #[inline]
    pub fn peek<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q, now: u64) -> Option<&V> {
        let slot = self.find(key)?;
        let live = !self.core.is_due(slot, self.core.tick_at(now));
        live.then(|| &self.core.entry(slot).1)
    }

    /// True if the key is in the map, in time. As [`peek`](Self::peek), it leaves no trace.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn contains_key<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q, now: u64) -> bool {
        self.peek(key, now).is_some()
    }

    /// The tick at which an entry expires, or expired, if it still stands here; `None` if it does not, or is not there.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(10);
    /// map.insert_for("a", 1, 60, 1_000);
    /// assert_eq!(map.deadline("a"), Some(1_060));
    /// ```
    pub fn deadline<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<u64> {
        self.core.deadline_of(self.find(key)?)
    }

    /// Lets an entry live so many ticks from now on, longer or shorter than before; `None`: it does not expire. False if it is not
    /// there in time.
    ///
    /// That is its end then: later uses do not move it, also where the map's lifetime is [`Lifetime::SinceUse`]. Another
    /// insertion under the key gives it a new life.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(10);
    /// map.insert_for("a", 1, 60, 0);
    /// assert!(map.set_time_to_live("a", Some(10), 30));
    /// assert_eq!(map.get("a", 39), Some(&1)); // a use, which moves nothing
    /// assert_eq!(map.get("a", 40), None);
    /// ```
    pub fn set_time_to_live<Q: Hash + Equivalent<K> + ?Sized>(
        &mut self,
        key: &Q,
        ticks: Option<u64>,
        now: u64,
    ) -> bool {
        let found = self.find(key);
        self.core.set_time_to_live(found, ticks, now)
    }

    /// Sets the value of a key, and returns what left the map for it: the old value of the key, or the entry that made room.
    ///
    /// The entry lives as [`set_lifetime`](Self::set_lifetime) says. The key that was there first stays. Of several entries that
    /// leave (at most four that have expired, beside the one that made room) one is returned, and the others are dropped: the new pair itself if
    /// it was [refused](Reason::Refused), else the old value of the key. [`insert_with`](Self::insert_with) gives out all.
    ///
    /// Allocates: never. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::BoundedMap;
    /// use arenamap::bounded::Reason;
    ///
    /// let mut map = BoundedMap::new(1);
    /// assert!(map.insert("a", 1, 0).is_none());
    /// let old = map.insert("a", 2, 0).unwrap();
    /// assert_eq!((old.value, old.reason), (1, Reason::Replaced));
    /// let other = map.insert("b", 3, 0).unwrap();
    /// assert_eq!((other.key, other.value, other.reason), ("a", 2, Reason::Evicted));
    /// ```
    #[inline]
    pub fn insert(&mut self, key: K, value: V, now: u64) -> Option<Displaced<K, V>> {
        self.insert_on(key, value, Terms::new(), now)
    }

    /// Like [`insert`](Self::insert), for an entry that lives so many ticks.
    ///
    /// Allocates: never. Time: O(1) on average; at most 20 entries are looked at.
    #[inline]
    pub fn insert_for(&mut self, key: K, value: V, time_to_live: u64, now: u64) -> Option<Displaced<K, V>> {
        self.insert_on(key, value, Terms::new().time_to_live(time_to_live), now)
    }

    /// The insertion that returns one pair.
    #[inline]
    fn insert_on(&mut self, key: K, value: V, terms: Terms, now: u64) -> Option<Displaced<K, V>> {
        let mut first = None;
        self.insert_with(key, value, terms, now, |out| {
            if out
                .reason
                .outranks(first.as_ref().map(|first: &Displaced<K, V>| first.reason))
            {
                first = Some(out);
            }
        });
        first
    }

    /// Sets the value of a key, on its own terms; `out` is given all that leaves the map for it: the old value of the key, the
    /// entries that make room, the new pair itself if it [weighs too much](Reason::Refused), and what has expired.
    ///
    /// A value that weighs too much takes the old one of its key with it. After a panic in `out`, the new entry is in the map, unless
    /// several had to go for it: then it is dropped, and so is the old value.
    ///
    /// Allocates: never. Time: O(1) on average; with weights, O(entries that make room).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::BoundedMap;
    /// use arenamap::bounded::{Bounds, Reason, Terms};
    ///
    /// let mut map = BoundedMap::new(Bounds::entries(100).weight(10));
    /// map.insert_with("small", 1, Terms::new().weight(4), 0, |_| unreachable!());
    /// map.insert_with("huge", 2, Terms::new().weight(11), 0, |out| assert_eq!(out.reason, Reason::Refused));
    /// map.insert_with("large", 3, Terms::new().weight(8), 0, |out| assert_eq!(out.key, "small"));
    /// assert_eq!((map.len(), map.weight()), (1, 8));
    /// ```
    #[inline] // the hash, before the key goes on through memory: see `table/block/candidates.rs`
    pub fn insert_with(&mut self, key: K, value: V, terms: Terms, now: u64, out: impl FnMut(Displaced<K, V>)) {
        let tick = self.core.tick(now);
        let hash = self.hash_of(&key);
        self.insert_at(key, value, hash, terms, tick, out);
    }

    /// As [`insert_with`](Self::insert_with), at a tick of this call, with the hash of the key.
    pub(super) fn insert_at(
        &mut self,
        key: K,
        value: V,
        hash: u64,
        terms: Terms,
        tick: u64,
        mut out: impl FnMut(Displaced<K, V>),
    ) {
        let found = self.core.find(KeyShape::of(&key), hash, |(known, _)| key == *known);
        let mut out = |(key, value), reason| out(Displaced { key, value, reason });
        let coming = self.core.coming(hash, terms);
        self.core.place(found, (key, value), coming, tick, &mut out);
    }

    /// The value of a key, and if it is not there, or not in time, the value that `make` returns.
    ///
    /// What leaves the map for it is dropped; [`VacantEntry::insert_with`] hands it out.
    ///
    /// Allocates: never. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the capacity is 0, or the most weight is 0, and the key is new.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut squares = arenamap::BoundedMap::new(10);
    /// assert_eq!(*squares.get_or_insert_with(12, 0, || 12 * 12), 144);
    /// assert_eq!(*squares.get_or_insert_with(12, 0, || unreachable!()), 144);
    /// ```
    #[inline]
    #[track_caller]
    pub fn get_or_insert_with(&mut self, key: K, now: u64, make: impl FnOnce() -> V) -> &mut V {
        let tick = self.core.tick(now);
        let hash = self.hash_of(&key);
        let found = self.core.find(KeyShape::of(&key), hash, |(known, _)| key == *known);
        if let Some(slot) = self.core.in_time(found, tick) {
            return &mut self.core.hit(slot, tick).1;
        }
        self.core.miss();
        let entry = VacantEntry {
            map: self,
            key,
            hash,
            tick,
            expired: found,
        };
        entry.check(1);
        entry.insert(make())
    }

    /// The place of a key, for one lookup instead of several. That it is there is counted as a hit.
    ///
    /// Allocates: never. Time: O(1) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut counts = arenamap::BoundedMap::new(100);
    /// for word in ["a", "b", "a"] {
    ///     *counts.entry(word, 0).or_insert(0) += 1;
    /// }
    /// assert_eq!(counts.get("a", 0), Some(&2));
    /// ```
    #[inline]
    pub fn entry(&mut self, key: K, now: u64) -> Entry<'_, K, V, S, H> {
        let tick = self.core.tick(now);
        let hash = self.hash_of(&key);
        let found = self.core.find(KeyShape::of(&key), hash, |(known, _)| key == *known);
        if let Some(slot) = self.core.in_time(found, tick) {
            self.core.hit(slot, tick);
            return Entry::Occupied(OccupiedEntry { map: self, slot, tick });
        }
        self.core.miss();
        Entry::Vacant(VacantEntry {
            map: self,
            key,
            hash,
            tick,
            expired: found,
        })
    }

    /// Removes a key, and returns its value, if it was there in time.
    ///
    /// Of an entry whose time is over, nothing is returned: it is taken out, counted as [expired](super::BoundedStats::expired) and
    /// dropped, and so are up to four others, as by every write. [`remove_with`](Self::remove_with) hands them out.
    ///
    /// Allocates: never. Time: O(1) on average; at most 4 entries that may have expired are looked at.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(10);
    /// map.insert("a", 1, 0);
    /// assert_eq!(map.remove("a", 0), Some(1));
    /// assert_eq!(map.remove("a", 0), None);
    /// map.insert_for("b", 2, 60, 0);
    /// assert_eq!(map.remove("b", 60), None);
    /// assert_eq!((map.len(), map.stats().expired), (0, 1));
    /// ```
    pub fn remove<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q, now: u64) -> Option<V> {
        let (key, value) = self.remove_entry(key, now)?;
        drop(key); // by itself: if that panics, the value is dropped
        Some(value)
    }

    /// Removes a key, and returns it with its value, if it was there in time: see [`remove`](Self::remove).
    ///
    /// Allocates: never. Time: O(1) on average; at most 4 entries that may have expired are looked at.
    pub fn remove_entry<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q, now: u64) -> Option<(K, V)> {
        self.remove_with(key, now, |_| {})
    }

    /// Like [`remove_entry`](Self::remove_entry); `out` is given the entries that go because their time is over, that of the key
    /// among them.
    ///
    /// Allocates: never. Time: O(1) on average; at most 4 entries that may have expired are looked at.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(10);
    /// map.insert_for("a", 1, 60, 0);
    /// let mut gone = Vec::new();
    /// assert_eq!(map.remove_with("a", 60, |out| gone.push((out.key, out.value))), None);
    /// assert_eq!(gone, [("a", 1)]);
    /// ```
    pub fn remove_with<Q: Hash + Equivalent<K> + ?Sized>(
        &mut self,
        key: &Q,
        now: u64,
        mut out: impl FnMut(Displaced<K, V>),
    ) -> Option<(K, V)> {
        let found = self.find(key);
        let tick = self.core.tick(now);
        let mut out = |(key, value), reason| out(Displaced { key, value, reason });
        let removed = self.core.remove(found, tick, |entry| out(entry, Reason::Expired));
        self.core.sweep(tick, None, &mut out);
        removed
    }
}
