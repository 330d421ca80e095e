//! Methods of [`BoundedMap`] that go through many entries.

use super::{BoundedMap, Displaced, Drain, Iter};
use crate::arena::Handle;

impl<K, V, S, H: Handle> BoundedMap<K, V, S, H> {
    /// Takes out entries whose time is over, at most so many, and returns how many there were.
    ///
    /// Writes do this too, a few at a time. When less than `at_most` are returned, none is left.
    ///
    /// Allocates: never. Time: O(`at_most`), and O(uses since) of entries that live by their use.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(1_000);
    /// for key in 0..100 {
    ///     map.insert_for(key, "token", 60, 0);
    /// }
    /// assert_eq!(map.expire(59, 1_000), 0);
    /// assert_eq!(map.expire(60, 30), 30);
    /// assert_eq!(map.expire(60, 1_000), 70);
    /// assert!(map.is_empty());
    /// ```
    pub fn expire(&mut self, now: u64, at_most: usize) -> usize {
        self.expire_with(now, at_most, |_, _| {})
    }

    /// Like [`expire`](Self::expire); `out` is given the pairs.
    ///
    /// Allocates: never. Time: O(`at_most`), and O(uses since) of entries that live by their use.
    pub fn expire_with(&mut self, now: u64, at_most: usize, mut out: impl FnMut(K, V)) -> usize {
        self.core.expire_with(now, at_most, |(key, value)| out(key, value))
    }

    /// Takes out the entry that an insertion into a full map would evict now, or one whose time is over, and returns it and
    /// [why](super::Reason) it went; `None` if the map is empty. One that was evicted is remembered, as after an insertion.
    ///
    /// Allocates: never. Time: O(1); at most 20 entries are looked at.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::bounded::Reason;
    ///
    /// let mut map = arenamap::BoundedMap::new(100);
    /// map.insert("a", 1, 0);
    /// map.insert_for("b", 2, 60, 0);
    /// let out = map.evict(60).unwrap();
    /// assert_eq!((out.key, out.value, out.reason), ("b", 2, Reason::Expired));
    /// let out = map.evict(60).unwrap();
    /// assert_eq!((out.key, out.value, out.reason), ("a", 1, Reason::Evicted));
    /// assert_eq!(map.evict(60), None);
    /// ```
    pub fn evict(&mut self, now: u64) -> Option<Displaced<K, V>> {
        let ((key, value), reason) = self.core.evict(now)?;
        Some(Displaced { key, value, reason })
    }

    /// Keeps the entries for which `keep` is true, and takes out the others, and those that have expired.
    ///
    /// Allocates: never. Time: O(capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(100);
    /// for key in 0..10 {
    ///     map.insert(key, key * key, 0);
    /// }
    /// map.retain(0, |key, _| key % 2 == 0);
    /// assert_eq!(map.len(), 5);
    /// ```
    pub fn retain(&mut self, now: u64, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.core.retain(now, |(key, value)| keep(key, value));
    }

    /// Takes out all entries. What was evicted before is still remembered.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn clear(&mut self) {
        self.core.clear();
    }

    /// All entries that are in time, in no order. As [`peek`](Self::peek), it leaves no trace.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(100);
    /// map.insert("a", 1, 0);
    /// map.insert_for("b", 2, 60, 0);
    /// assert_eq!(map.iter(0).count(), 2);
    /// assert_eq!(map.iter(60).collect::<Vec<_>>(), [(&"a", &1)]);
    /// ```
    pub fn iter(&self, now: u64) -> Iter<'_, K, V, H> {
        Iter {
            live: self.core.live(now),
        }
    }

    /// All entries that are in time, in no order, with their values to be changed. As [`peek`](Self::peek), it leaves no trace: no
    /// entry is used by it, and no life becomes longer.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(100);
    /// map.insert("a", 1, 0);
    /// map.insert_for("b", 2, 60, 0);
    /// for (_, value) in map.iter_mut(60) {
    ///     *value += 10;
    /// }
    /// assert_eq!((map.peek("a", 0), map.peek("b", 59)), (Some(&11), Some(&2)));
    /// ```
    pub fn iter_mut(&mut self, now: u64) -> impl Iterator<Item = (&K, &mut V)> {
        self.core.live_mut(now).map(|(key, value)| (&*key, value))
    }

    /// The keys of all entries that are in time, in no order, without a trace.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    pub fn keys(&self, now: u64) -> impl Iterator<Item = &K> + Clone {
        self.iter(now).map(|(key, _)| key)
    }

    /// The values of all entries that are in time, in no order, without a trace.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(100);
    /// map.insert("a", 1, 0);
    /// map.insert_for("b", 2, 60, 0);
    /// assert_eq!((map.values(0).sum::<i32>(), map.values(60).sum::<i32>()), (3, 1));
    /// assert!(map.keys(60).eq(["a"].iter()));
    /// ```
    pub fn values(&self, now: u64) -> impl Iterator<Item = &V> + Clone {
        self.iter(now).map(|(_, value)| value)
    }

    /// The values of all entries that are in time, in no order, to be changed, without a trace.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    pub fn values_mut(&mut self, now: u64) -> impl Iterator<Item = &mut V> {
        self.core.live_mut(now).map(|(_, value)| value)
    }

    /// Takes out all entries: those that are in time are handed out, the others dropped. As after [`clear`](Self::clear), the map keeps its
    /// memory.
    ///
    /// Those that are not asked for go when the iterator is dropped; if that never happens, they stay in the map.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(100);
    /// map.insert("a", 1, 0);
    /// map.insert_for("b", 2, 60, 0);
    /// assert_eq!(map.drain(60).collect::<Vec<_>>(), [("a", 1)]);
    /// assert!(map.is_empty());
    /// ```
    pub fn drain(&mut self, now: u64) -> Drain<'_, K, V, H> {
        Drain {
            draining: self.core.drain(now),
        }
    }

    /// The entries that are in time, and the ends of their lives.
    #[cfg(feature = "fixed")]
    pub(crate) fn lives(&self, now: u64) -> impl Iterator<Item = (&(K, V), Option<u64>)> {
        (self.core.live(now)).map(|(slot, entry)| (entry, self.core.deadline_of(slot)))
    }
}
