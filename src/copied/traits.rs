//! Implementations of standard traits for the map.

use core::fmt;
use core::hash::BuildHasher;
use core::ops::Index;

use super::{CopiedKey, CopiedMap, Iter, IterMut};
use crate::arena::Handle;
use crate::error::fail_call;

impl<Q: CopiedKey + ?Sized, V, S: Default, H: Handle + Default> Default for CopiedMap<Q, V, S, H> {
    /// An empty map that owns a new arena.
    ///
    /// Allocates: never. Time: O(1).
    #[cfg_attr(feature = "registry", track_caller)]
    fn default() -> Self {
        Self::with_hasher_in(S::default(), H::default())
    }
}

impl<Q: CopiedKey + ?Sized, V: Clone, S: Clone, H: Handle> Clone for CopiedMap<Q, V, S, H> {
    /// A copy, in the arena where a second map with this handle would be made: see [`ArenaMap`](crate::ArenaMap)'s
    /// `clone`.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](CopiedMap::try_clone_in).
    #[track_caller]
    fn clone(&self) -> Self {
        let handle = self.map.table.handle().peek(H::try_clone_handle);
        let copy = match handle {
            Ok(handle) => self.try_clone_in(handle),
            Err(cause) => Err(cause),
        };
        match copy {
            Ok(copy) => copy,
            Err(cause) => fail_call(cause, Q::MAP, "try_clone_in"),
        }
    }

    /// Makes this map a copy of another one. It stays in its own arena, under its own budget.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_from`](CopiedMap::try_clone_from).
    #[track_caller]
    fn clone_from(&mut self, source: &Self) {
        if let Err(cause) = self.try_clone_from(source) {
            fail_call(cause, Q::MAP, "try_clone_from");
        }
    }
}

impl<Q: CopiedKey + ?Sized, V: PartialEq, S: BuildHasher, H: Handle> PartialEq for CopiedMap<Q, V, S, H> {
    /// Maps with other handles or hashers are compared by [`same_entries`](CopiedMap::same_entries).
    fn eq(&self, other: &Self) -> bool {
        self.same_entries(other)
    }
}

impl<Q: CopiedKey + ?Sized, V: PartialEq, S, H: Handle> CopiedMap<Q, V, S, H> {
    /// Whether another map, on any handle and with any hasher, has the same keys with equal values.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let owned = StrMap::from([("a", 1)]);
    /// let arena = Arena::new();
    /// assert!(owned.same_entries(&owned.clone_in(&arena)));
    /// ```
    pub fn same_entries<S2: BuildHasher, H2: Handle>(&self, other: &CopiedMap<Q, V, S2, H2>) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(key, value)| other.get(key).is_some_and(|found| value == found))
    }
}

impl<Q: CopiedKey + ?Sized, V: Eq, S: BuildHasher, H: Handle> Eq for CopiedMap<Q, V, S, H> {}

impl<Q: CopiedKey + ?Sized, V: fmt::Debug, S, H: Handle> fmt::Debug for CopiedMap<Q, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle> Index<&Q> for CopiedMap<Q, V, S, H> {
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

impl<'a, Q: CopiedKey + ?Sized, V, S, H: Handle> IntoIterator for &'a CopiedMap<Q, V, S, H> {
    type Item = (&'a Q, &'a V);
    type IntoIter = Iter<'a, Q, V>;

    #[inline]
    fn into_iter(self) -> Iter<'a, Q, V> {
        self.iter()
    }
}

impl<'a, Q: CopiedKey + ?Sized, V, S, H: Handle> IntoIterator for &'a mut CopiedMap<Q, V, S, H> {
    type Item = (&'a Q, &'a mut V);
    type IntoIter = IterMut<'a, Q, V>;

    #[inline]
    fn into_iter(self) -> IterMut<'a, Q, V> {
        self.iter_mut()
    }
}

impl<Q, K, V, S, H> Extend<(K, V)> for CopiedMap<Q, V, S, H>
where
    Q: CopiedKey + ?Sized,
    K: AsRef<Q>,
    S: BuildHasher,
    H: Handle,
{
    /// Inserts all entries. A key that is there gets the new value. Keys of a [`StrMap`](super::StrMap) may be `&str`,
    /// `String` and the like.
    ///
    /// If the iterator says that it has at least as many entries as the map, room for them is made at once (for half of
    /// them, if the map is not empty).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](CopiedMap::try_extend).
    #[track_caller]
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        if let Err(error) = self.try_extend(entries) {
            fail_call(error.cause, Q::MAP, "try_extend");
        }
    }
}

impl<Q, K, V, S, H> FromIterator<(K, V)> for CopiedMap<Q, V, S, H>
where
    Q: CopiedKey + ?Sized,
    K: AsRef<Q>,
    S: BuildHasher + Default,
    H: Handle + Default,
{
    /// A map that owns a new arena. [`from_iter_in`](CopiedMap::from_iter_in) takes any handle.
    ///
    /// # Panics
    ///
    /// If the heap refuses; the twin is [`try_from_iter_in`](CopiedMap::try_from_iter_in).
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::from_iter_in(entries, H::default())
    }
}

impl<Q: CopiedKey + ?Sized, K: AsRef<Q>, V, const N: usize> From<[(K, V); N]> for CopiedMap<Q, V> {
    #[track_caller]
    fn from(entries: [(K, V); N]) -> Self {
        Self::from_iter(entries)
    }
}
