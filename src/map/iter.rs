//! Iterators. None of them allocates. Each borrows its map or owns its table, so the arena outlives it.

use core::fmt;
use core::iter::FusedIterator;

use crate::arena::{Arena, Handle};
use crate::iterator::iterator;
use crate::table::{RawDrain, RawExtractIf, RawIntoIter, RawIterMut, RawIterRef};

macro_rules! shared_traits {
    ($($name:ident),*) => {$(
        impl<K, V> Clone for $name<'_, K, V> {
            #[inline]
            fn clone(&self) -> Self {
                Self { raw: self.raw.clone() }
            }
        }

        impl<K, V> Default for $name<'_, K, V> {
            /// An iterator over nothing.
            fn default() -> Self {
                Self { raw: RawIterRef::default() }
            }
        }
    )*};
}

iterator! {
    /// Entries by shared reference, in no order: [`ArenaMap::iter`](super::ArenaMap::iter).
    Iter ['a, K, V] = RawIterRef<'a, (K, V)>, (&'a K, &'a V), |(key, value)| (key, value)
}
iterator! {
    /// Keys, in no order: [`ArenaMap::keys`](super::ArenaMap::keys).
    Keys ['a, K, V] = RawIterRef<'a, (K, V)>, &'a K, |(key, _)| key
}
iterator! {
    /// Values, in no order: [`ArenaMap::values`](super::ArenaMap::values).
    Values ['a, K, V] = RawIterRef<'a, (K, V)>, &'a V, |(_, value)| value
}
iterator! {
    /// Entries with the value by exclusive reference: [`ArenaMap::iter_mut`](super::ArenaMap::iter_mut).
    IterMut ['a, K, V] = RawIterMut<'a, (K, V)>, (&'a K, &'a mut V), |(key, value)| (&*key, value)
}
iterator! {
    /// Values by exclusive reference: [`ArenaMap::values_mut`](super::ArenaMap::values_mut).
    ValuesMut ['a, K, V] = RawIterMut<'a, (K, V)>, &'a mut V, |(_, value)| value
}
iterator! {
    /// Entries by value: `into_iter` of an [`ArenaMap`](super::ArenaMap). Keeps the arena until it is dropped.
    IntoIter [K, V; H: Handle] = RawIntoIter<(K, V), H>, (K, V), |entry| entry
}
iterator! {
    /// Keys by value: [`ArenaMap::into_keys`](super::ArenaMap::into_keys).
    IntoKeys [K, V; H: Handle] = RawIntoIter<(K, V), H>, K, |(key, _)| key
}
iterator! {
    /// Values by value: [`ArenaMap::into_values`](super::ArenaMap::into_values).
    IntoValues [K, V; H: Handle] = RawIntoIter<(K, V), H>, V, |(_, value)| value
}
iterator! {
    /// Entries that leave a map, which keeps its memory: [`ArenaMap::drain`](super::ArenaMap::drain).
    Drain ['a, K, V; H: Handle] = RawDrain<'a, (K, V), H>, (K, V), |entry| entry
}

shared_traits!(Iter, Keys, Values);

impl<K, V> Default for IterMut<'_, K, V> {
    /// An iterator over nothing.
    fn default() -> Self {
        Self {
            raw: RawIterMut::default(),
        }
    }
}

impl<K, V> Default for ValuesMut<'_, K, V> {
    /// An iterator over nothing.
    fn default() -> Self {
        Self {
            raw: RawIterMut::default(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Iter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<K: fmt::Debug, V> fmt::Debug for Keys<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<K, V: fmt::Debug> fmt::Debug for Values<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for IterMut<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.raw.peek()).finish()
    }
}

impl<K, V: fmt::Debug> fmt::Debug for ValuesMut<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.raw.peek().map(|(_, value)| value)).finish()
    }
}

impl<K: fmt::Debug, V: fmt::Debug, H: Handle> fmt::Debug for IntoIter<K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.raw.peek()).finish()
    }
}

impl<K: fmt::Debug, V, H: Handle> fmt::Debug for IntoKeys<K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.raw.peek().map(|(key, _)| key)).finish()
    }
}

impl<K, V: fmt::Debug, H: Handle> fmt::Debug for IntoValues<K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.raw.peek().map(|(_, value)| value)).finish()
    }
}

impl<K: fmt::Debug, V: fmt::Debug, H: Handle> fmt::Debug for Drain<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.raw.peek()).finish()
    }
}

macro_rules! owning_default {
    ($($name:ident),*) => {$(
        impl<K, V, H: Handle + Default> Default for $name<K, V, H> {
            /// An iterator over nothing.
            fn default() -> Self {
                Self { raw: RawIntoIter::default() }
            }
        }
    )*};
}

owning_default!(IntoIter, IntoKeys, IntoValues);

/// Entries that a closure picks, and that leave the map: [`ArenaMap::extract_if`](super::ArenaMap::extract_if).
///
/// If it is dropped before its end, the entries that it has not reached stay in the map.
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct ExtractIf<'a, K, V, F, H: Handle = Arena> {
    pub(crate) raw: RawExtractIf<'a, (K, V), H>,
    pub(crate) pick: F,
}

impl<K, V, F: FnMut(&K, &mut V) -> bool, H: Handle> Iterator for ExtractIf<'_, K, V, F, H> {
    type Item = (K, V);

    #[inline]
    fn next(&mut self) -> Option<(K, V)> {
        let pick = &mut self.pick;
        self.raw.next(|(key, value)| pick(key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.raw.left()))
    }
}

impl<K, V, F: FnMut(&K, &mut V) -> bool, H: Handle> FusedIterator for ExtractIf<'_, K, V, F, H> {}

impl<K, V, F, H: Handle> fmt::Debug for ExtractIf<'_, K, V, F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf").field("at_most", &self.raw.left()).finish()
    }
}
