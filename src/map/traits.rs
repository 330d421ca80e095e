//! What the standard traits say of a map.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ops::Index;

use equivalent::Equivalent;

use super::{ArenaMap, DefaultHashBuilder, IntoIter, Iter, IterMut};
use crate::arena::{Arena, Handle};
use crate::error::fail;

impl<K, V, S: Default, H: Handle + Default> Default for ArenaMap<K, V, S, H> {
    /// An empty map that owns a new arena. Allocates: heap, once, for the arena itself.
    fn default() -> Self {
        Self::with_hasher_in(S::default(), H::default())
    }
}

impl<K, V, S, H> Clone for ArenaMap<K, V, S, H>
where
    K: Clone + Eq + Hash,
    V: Clone,
    S: Clone + BuildHasher,
    H: Handle,
{
    /// A copy that lives where a second map on this handle would.
    ///
    /// `&Arena` and `SharedArena`: in the same arena. `Arena`: in a new one, with the same budget.
    /// `PooledArena`: in another arena of the same pool. [`clone_in`](ArenaMap::clone_in) takes any.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](ArenaMap::try_clone_in).
    fn clone(&self) -> Self {
        match self
            .handle
            .get()
            .try_clone_handle()
            .and_then(|handle| self.try_clone_in(handle))
        {
            Ok(copy) => copy,
            Err(cause) => fail(cause, "try_clone_in"),
        }
    }
}

impl<K, V, S, H, S2, H2> PartialEq<ArenaMap<K, V, S2, H2>> for ArenaMap<K, V, S, H>
where
    K: Eq + Hash,
    V: PartialEq,
    S: BuildHasher,
    S2: BuildHasher,
    H: Handle,
    H2: Handle,
{
    fn eq(&self, other: &ArenaMap<K, V, S2, H2>) -> bool {
        self.len() == other.len()
            && self
                .iter()
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
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<'a, K, V, S, H: Handle> IntoIterator for &'a ArenaMap<K, V, S, H> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V, H>;

    #[inline]
    fn into_iter(self) -> Iter<'a, K, V, H> {
        self.iter()
    }
}

impl<'a, K, V, S, H: Handle> IntoIterator for &'a mut ArenaMap<K, V, S, H> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V, H>;

    #[inline]
    fn into_iter(self) -> IterMut<'a, K, V, H> {
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
    /// Inserts every entry, overwriting.
    ///
    /// Makes room at once for what the iterator says it brings (for half of it, if the map has entries already),
    /// where that is as much as the map holds.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](ArenaMap::try_extend).
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let entries = entries.into_iter();
        let coming = entries.size_hint().0;
        if self.is_empty() {
            self.reserve(coming);
        } else if coming / 2 >= self.len() {
            self.reserve(coming.div_ceil(2));
        }
        entries.for_each(|(key, value)| {
            self.insert(key, value);
        });
    }
}

impl<'a, K: Eq + Hash + Copy, V: Copy, S: BuildHasher, H: Handle> Extend<(&'a K, &'a V)> for ArenaMap<K, V, S, H> {
    /// Inserts a copy of every entry, overwriting.
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(&key, &value)| (key, value)));
    }
}

impl<'a, K: Eq + Hash + Copy, V: Copy, S: BuildHasher, H: Handle> Extend<&'a (K, V)> for ArenaMap<K, V, S, H> {
    /// Inserts a copy of every entry, overwriting.
    fn extend<I: IntoIterator<Item = &'a (K, V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().copied());
    }
}

impl<K: Eq + Hash, V, S: BuildHasher + Default, H: Handle + Default> FromIterator<(K, V)> for ArenaMap<K, V, S, H> {
    /// A map that owns a new arena. [`from_iter_in`](ArenaMap::from_iter_in) takes any handle.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::from_iter_in(entries, H::default())
    }
}

impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for ArenaMap<K, V, DefaultHashBuilder, Arena> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}
