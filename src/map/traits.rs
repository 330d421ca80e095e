//! Implementations of standard traits for the map.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ops::Index;

use equivalent::Equivalent;

use super::{ArenaMap, DefaultHashBuilder, IntoIter, Iter, IterMut};
use crate::arena::{Arena, Handle};
use crate::error::fail_map as fail;

impl<K, V, S: Default, H: Handle + Default> Default for ArenaMap<K, V, S, H> {
    /// An empty map that owns a new arena.
    ///
    /// Allocates: never. Time: O(1).
    #[cfg_attr(feature = "registry", track_caller)]
    fn default() -> Self {
        Self::with_hasher_in(S::default(), H::default())
    }
}

impl<K: Clone, V: Clone, S: Clone, H: Handle> Clone for ArenaMap<K, V, S, H> {
    /// A copy, in the arena where a second map with this handle would be made.
    ///
    /// With `&Arena` and `SharedArena` that is the same arena; with `Arena`, a new one with the same budget; with
    /// `PooledArena`, another arena of the same pool. [`clone_in`](ArenaMap::clone_in) takes any arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](ArenaMap::try_clone_in).
    #[track_caller]
    fn clone(&self) -> Self {
        let copy = match self.table.handle().peek(H::try_clone_handle) {
            // (In no closure, so that it is the caller's line that is listed.)
            Ok(handle) => self.try_clone_in(handle),
            Err(cause) => Err(cause),
        };
        match copy {
            Ok(copy) => copy,
            Err(cause) => fail(cause, "ArenaMap::try_clone_in"),
        }
    }

    /// Makes this map a copy of another one. It stays in its own arena, under its own budget and, if the copy fits, in
    /// its own block.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_from`](ArenaMap::try_clone_from).
    #[track_caller]
    fn clone_from(&mut self, source: &Self) {
        if let Err(cause) = self.try_clone_from(source) {
            fail(cause, "ArenaMap::try_clone_from");
        }
    }
}

impl<K: Eq + Hash, V: PartialEq, S: BuildHasher, H: Handle> PartialEq for ArenaMap<K, V, S, H> {
    /// Maps with other handles or hashers are compared by [`same_entries`](ArenaMap::same_entries).
    fn eq(&self, other: &Self) -> bool {
        self.same_entries(other)
    }
}

impl<K: Eq + Hash, V: PartialEq, S: BuildHasher, H: Handle> ArenaMap<K, V, S, H> {
    /// Whether another map, on any handle and with any hasher, has the same keys with equal values.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let owned = ArenaMap::from([("a", 1)]);
    /// let arena = Arena::new();
    /// assert!(owned.same_entries(&owned.clone_in(&arena)));
    /// ```
    pub fn same_entries<S2: BuildHasher, H2: Handle>(&self, other: &ArenaMap<K, V, S2, H2>) -> bool {
        self.len() == other.len()
            && self
                .table
                .all(|(key, value)| other.get(key).is_some_and(|found| value == found))
    }
}

impl<K: Eq + Hash, V: Eq, S: BuildHasher, H: Handle> Eq for ArenaMap<K, V, S, H> {}

impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> fmt::Debug for ArenaMap<K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K, V, Q, S, H> Index<&Q> for ArenaMap<K, V, S, H>
where
    K: Eq + Hash,
    Q: Hash + Equivalent<K> + ?Sized,
    S: BuildHasher,
    H: Handle,
{
    type Output = V;

    /// The value of a key.
    ///
    /// # Panics
    ///
    /// If the key is not in the map.
    #[inline]
    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<'a, K, V, S, H: Handle> IntoIterator for &'a ArenaMap<K, V, S, H> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    #[inline]
    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<'a, K, V, S, H: Handle> IntoIterator for &'a mut ArenaMap<K, V, S, H> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    #[inline]
    fn into_iter(self) -> IterMut<'a, K, V> {
        self.iter_mut()
    }
}

impl<K, V, S, H: Handle> IntoIterator for ArenaMap<K, V, S, H> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V, H>;

    #[inline]
    fn into_iter(self) -> IntoIter<K, V, H> {
        IntoIter { raw: self.into_raw() }
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> Extend<(K, V)> for ArenaMap<K, V, S, H> {
    /// Inserts all entries. A key that is there gets the new value.
    ///
    /// If the iterator says that it has at least as many entries as the map, room for them is made at once (for half of
    /// them, if the map is not empty).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](ArenaMap::try_extend).
    #[track_caller]
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        if let Err(error) = self.try_extend(entries) {
            fail(error.cause, "ArenaMap::try_extend");
        }
    }
}

impl<'a, K: Eq + Hash + Copy, V: Copy, S: BuildHasher, H: Handle> Extend<(&'a K, &'a V)> for ArenaMap<K, V, S, H> {
    /// Inserts a copy of every entry. A key that is there gets the new value.
    #[track_caller]
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(&key, &value)| (key, value)));
    }
}

impl<'a, K: Eq + Hash + Copy, V: Copy, S: BuildHasher, H: Handle> Extend<&'a (K, V)> for ArenaMap<K, V, S, H> {
    /// Inserts a copy of every entry. A key that is there gets the new value.
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a (K, V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().copied());
    }
}

impl<K: Eq + Hash, V, S: BuildHasher + Default, H: Handle + Default> FromIterator<(K, V)> for ArenaMap<K, V, S, H> {
    /// A map that owns a new arena. [`from_iter_in`](ArenaMap::from_iter_in) takes any handle.
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::from_iter_in(entries, H::default())
    }
}

impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for ArenaMap<K, V, DefaultHashBuilder, Arena> {
    #[track_caller]
    fn from(entries: [(K, V); N]) -> Self {
        Self::from_iter(entries)
    }
}
