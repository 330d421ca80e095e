//! Methods of [`BoundedMap`] that go through many entries.

use super::{BoundedMap, Iter};
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

    /// The entries that are in time, and the ends of their lives.
    #[cfg(feature = "fixed")]
    pub(crate) fn lives(&self, now: u64) -> impl Iterator<Item = (&(K, V), Option<u64>)> {
        (self.core.live(now)).map(|(slot, entry)| (entry, self.core.deadline_of(slot)))
    }
}
