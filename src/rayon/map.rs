//! Parallel iterators over an [`ArenaMap`].

use alloc::vec::Vec;
use core::fmt::Debug;
use core::hash::{BuildHasher, Hash};

use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};

use super::{Walk, forward, parallel};
use crate::arena::{Arena, Handle};
use crate::map::{ArenaMap, Drain, IntoIter, Iter, IterMut, Keys, Values, ValuesMut};

parallel! {
    /// Entries by shared reference, in no order: `par_iter` of an [`ArenaMap`].
    ParIter ['a, K, V] ['a, K, V] ['a, K: Sync, V: Sync] = Iter<'a, K, V>, (&'a K, &'a V),
    |iter| Walk(iter.raw).map(|(key, value)| (key, value))
}
parallel! {
    /// Keys, in no order: [`ArenaMap::par_keys`].
    ParKeys ['a, K, V] ['a, K, V] ['a, K: Sync, V: Sync] = Keys<'a, K, V>, &'a K, |iter| Walk(iter.raw).map(|(key, _)| key)
}
parallel! {
    /// Values, in no order: [`ArenaMap::par_values`].
    ParValues ['a, K, V] ['a, K, V] ['a, K: Sync, V: Sync] = Values<'a, K, V>, &'a V,
    |iter| Walk(iter.raw).map(|(_, value)| value)
}
parallel! {
    /// Entries with the value by exclusive reference: `par_iter_mut` of an [`ArenaMap`].
    ParIterMut ['a, K, V] ['a, K, V] ['a, K: Send + Sync, V: Send] = IterMut<'a, K, V>, (&'a K, &'a mut V),
    |iter| Walk(iter.raw).map(|(key, value)| (&*key, value))
}
parallel! {
    /// Values by exclusive reference: [`ArenaMap::par_values_mut`].
    ParValuesMut ['a, K, V] ['a, K, V] ['a, K: Send, V: Send] = ValuesMut<'a, K, V>, &'a mut V,
    |iter| Walk(iter.raw).map(|(_, value)| value)
}
parallel! {
    /// Entries by value: `into_par_iter` of an [`ArenaMap`]. Keeps the arena until it is dropped.
    IntoParIter [K, V, H: Handle = Arena] [K, V, H] [K: Send, V: Send, H: Handle + Send] = IntoIter<K, V, H>, (K, V),
    |iter| Walk(iter.raw)
}
parallel! {
    /// Entries that leave a map, which keeps its memory: [`ArenaMap::par_drain`].
    ParDrain ['a, K, V, H: Handle = Arena] ['_, K, V, H] [K: Send, V: Send, H: Handle + Send] = Drain<'a, K, V, H>, (K, V),
    |iter| Walk(iter.raw)
}

forward! {
    [K, V] Clone for ParIter<'_, K, V>;
    [K, V] Clone for ParKeys<'_, K, V>;
    [K, V] Clone for ParValues<'_, K, V>;
    [K: Debug, V: Debug] Debug for ParIter<'_, K, V>;
    [K: Debug, V] Debug for ParKeys<'_, K, V>;
    [K, V: Debug] Debug for ParValues<'_, K, V>;
    [K: Debug, V: Debug] Debug for ParIterMut<'_, K, V>;
    [K, V: Debug] Debug for ParValuesMut<'_, K, V>;
    [K: Debug, V: Debug, H: Handle] Debug for IntoParIter<K, V, H>;
    [K: Debug, V: Debug, H: Handle] Debug for ParDrain<'_, K, V, H>;
}

impl<K: Sync, V: Sync, S, H: Handle> ArenaMap<K, V, S, H> {
    /// Keys, in parallel, in no order. On every handle.
    ///
    /// Allocates: never. Time: O(slots), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let map = arenamap::ArenaMap::from([(1, 10), (2, 20)]);
    /// assert_eq!(map.par_keys().sum::<i32>(), 3);
    /// ```
    #[inline]
    pub fn par_keys(&self) -> ParKeys<'_, K, V> {
        ParKeys { iter: self.keys() }
    }

    /// Values, in parallel, in no order. On every handle.
    ///
    /// Allocates: never. Time: O(slots), divided among the threads.
    #[inline]
    pub fn par_values(&self) -> ParValues<'_, K, V> {
        ParValues { iter: self.values() }
    }
}

impl<K: Send, V: Send, S, H: Handle> ArenaMap<K, V, S, H> {
    /// Values to change in place, in parallel, in no order. On every handle.
    ///
    /// Allocates: never. Time: O(slots), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let mut map = arenamap::ArenaMap::from([(1, 10), (2, 20)]);
    /// map.par_values_mut().for_each(|value| *value += 1);
    /// assert_eq!(map[&2], 21);
    /// ```
    #[inline]
    pub fn par_values_mut(&mut self) -> ParValuesMut<'_, K, V> {
        ParValuesMut {
            iter: self.values_mut(),
        }
    }

    /// Removes all entries and gives them out, in parallel. The map keeps its memory for the next ones.
    ///
    /// Entries that nobody takes are dropped.
    ///
    /// Allocates: never. Time: O(slots), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let mut map = arenamap::ArenaMap::from([(1, 10), (2, 20)]);
    /// assert_eq!(map.par_drain().map(|(key, value)| key * value).sum::<i32>(), 50);
    /// assert!(map.is_empty());
    /// ```
    #[inline]
    pub fn par_drain(&mut self) -> ParDrain<'_, K, V, H>
    where
        H: Send,
    {
        ParDrain { iter: self.drain() }
    }
}

impl<K, V, S, H> ArenaMap<K, V, S, H>
where
    K: Eq + Hash + Sync,
    V: PartialEq + Sync,
    S: BuildHasher + Sync,
    H: Handle,
    Self: Sync,
{
    /// Whether another map has the same keys with equal values, compared in parallel.
    ///
    /// Allocates: never. Time: O(slots) on average, divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaMap::from([(1, 2)]), arenamap::ArenaMap::from([(1, 2)]));
    /// assert!(a.par_eq(&b));
    /// ```
    pub fn par_eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .into_par_iter()
                .all(|(key, value)| other.get(key).is_some_and(|found| value == found))
    }
}

impl<'a, K: Sync, V: Sync, S, H: Handle> IntoParallelIterator for &'a ArenaMap<K, V, S, H> {
    type Item = (&'a K, &'a V);
    type Iter = ParIter<'a, K, V>;

    #[inline]
    fn into_par_iter(self) -> ParIter<'a, K, V> {
        ParIter { iter: self.iter() }
    }
}

impl<'a, K: Send + Sync, V: Send, S, H: Handle> IntoParallelIterator for &'a mut ArenaMap<K, V, S, H> {
    type Item = (&'a K, &'a mut V);
    type Iter = ParIterMut<'a, K, V>;

    #[inline]
    fn into_par_iter(self) -> ParIterMut<'a, K, V> {
        ParIterMut { iter: self.iter_mut() }
    }
}

impl<K: Send, V: Send, S, H: Handle + Send> IntoParallelIterator for ArenaMap<K, V, S, H> {
    type Item = (K, V);
    type Iter = IntoParIter<K, V, H>;

    #[inline]
    fn into_par_iter(self) -> IntoParIter<K, V, H> {
        IntoParIter { iter: self.into_iter() }
    }
}

impl<K, V, S, H> FromParallelIterator<(K, V)> for ArenaMap<K, V, S, H>
where
    K: Eq + Hash + Send,
    V: Send,
    S: BuildHasher + Default,
    H: Handle + Default,
{
    /// A map that owns a new arena. Of equal keys, the value that comes last stays.
    ///
    /// Allocates: heap, for a `Vec` of all entries and for the arena.
    fn from_par_iter<I: IntoParallelIterator<Item = (K, V)>>(entries: I) -> Self {
        entries.into_par_iter().collect::<Vec<_>>().into_iter().collect()
    }
}

impl<K: Eq + Hash + Send, V: Send, S: BuildHasher, H: Handle> ParallelExtend<(K, V)> for ArenaMap<K, V, S, H> {
    /// Inserts all entries. A key that is there gets the new value.
    ///
    /// Allocates: heap, for a `Vec` of all entries; arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](ArenaMap::try_extend), with what was collected into a `Vec`.
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.extend(entries.into_par_iter().collect::<Vec<_>>());
    }
}

impl<'a, K, V, S, H> ParallelExtend<(&'a K, &'a V)> for ArenaMap<K, V, S, H>
where
    K: Copy + Eq + Hash + Sync + 'a,
    V: Copy + Sync + 'a,
    S: BuildHasher,
    H: Handle,
{
    /// Inserts a copy of every entry. A key that is there gets the new value.
    fn par_extend<I: IntoParallelIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_par_iter().collect::<Vec<_>>());
    }
}
