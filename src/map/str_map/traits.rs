//! What the standard traits say of a map with string keys.

use core::fmt;
use core::hash::BuildHasher;
use core::ops::Index;

use super::{Iter, IterMut, StrMap};
use crate::arena::Handle;
use crate::error::fail;

impl<V, H: Handle + Default, S: Default> Default for StrMap<V, H, S> {
    /// An empty map that owns a new arena. Allocates: heap, once, for the arena itself.
    fn default() -> Self {
        Self::with_hasher_in(S::default(), H::default())
    }
}

impl<V: Clone, H: Handle, S: Clone + BuildHasher> Clone for StrMap<V, H, S> {
    /// A copy that lives where a second map on this handle would: see [`ArenaMap`](crate::ArenaMap)'s `clone`.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](StrMap::try_clone_in).
    fn clone(&self) -> Self {
        let handle = self.map.handle.get().try_clone_handle();
        match handle.and_then(|handle| self.try_clone_in(handle)) {
            Ok(copy) => copy,
            Err(cause) => fail(cause, "try_clone_in"),
        }
    }
}

impl<V, H, S, H2, S2> PartialEq<StrMap<V, H2, S2>> for StrMap<V, H, S>
where
    V: PartialEq,
    H: Handle,
    S: BuildHasher,
    H2: Handle,
    S2: BuildHasher,
{
    fn eq(&self, other: &StrMap<V, H2, S2>) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(key, value)| other.get(key).is_some_and(|found| value == found))
    }
}

impl<V: Eq, H: Handle, S: BuildHasher> Eq for StrMap<V, H, S> {}

impl<V: fmt::Debug, H: Handle, S> fmt::Debug for StrMap<V, H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V, H: Handle, S: BuildHasher> Index<&str> for StrMap<V, H, S> {
    type Output = V;

    /// The value of a key.
    ///
    /// # Panics
    ///
    /// If the key is not in the map.
    #[inline]
    fn index(&self, key: &str) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<'a, V, H: Handle, S> IntoIterator for &'a StrMap<V, H, S> {
    type Item = (&'a str, &'a V);
    type IntoIter = Iter<'a, V, H>;

    #[inline]
    fn into_iter(self) -> Iter<'a, V, H> {
        self.iter()
    }
}

impl<'a, V, H: Handle, S> IntoIterator for &'a mut StrMap<V, H, S> {
    type Item = (&'a str, &'a mut V);
    type IntoIter = IterMut<'a, V, H>;

    #[inline]
    fn into_iter(self) -> IterMut<'a, V, H> {
        self.iter_mut()
    }
}

impl<Q: AsRef<str>, V, H: Handle, S: BuildHasher> Extend<(Q, V)> for StrMap<V, H, S> {
    /// Inserts every entry, overwriting. Keys may be `&str`, `String` and the like.
    ///
    /// Makes room at once for what the iterator says it brings (for half of it, if the map has entries already),
    /// where that is as much as the map holds.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](StrMap::try_extend).
    fn extend<I: IntoIterator<Item = (Q, V)>>(&mut self, entries: I) {
        let entries = entries.into_iter();
        let coming = entries.size_hint().0;
        if self.is_empty() {
            self.reserve(coming);
        } else if coming / 2 >= self.len() {
            self.reserve(coming.div_ceil(2));
        }
        entries.for_each(|(key, value)| {
            self.insert(key.as_ref(), value);
        });
    }
}

impl<Q: AsRef<str>, V, H: Handle + Default, S: BuildHasher + Default> FromIterator<(Q, V)> for StrMap<V, H, S> {
    /// A map that owns a new arena. [`from_iter_in`](StrMap::from_iter_in) takes any handle.
    fn from_iter<I: IntoIterator<Item = (Q, V)>>(entries: I) -> Self {
        Self::from_iter_in(entries, H::default())
    }
}

impl<Q: AsRef<str>, V, const N: usize> From<[(Q, V); N]> for StrMap<V> {
    fn from(entries: [(Q, V); N]) -> Self {
        entries.into_iter().collect()
    }
}
