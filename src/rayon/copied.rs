//! Parallel iterators over a [`CopiedMap`], a `StrMap` or `BytesMap`.

use alloc::vec::Vec;
use core::fmt::Debug;
use core::hash::BuildHasher;

use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};

use super::{Walk, forward, parallel};
use crate::arena::Handle;
use crate::copied::{CopiedKey, CopiedMap, Iter, IterMut, Keys, Values, ValuesMut};

parallel! {
    /// Entries by shared reference, in no order: `par_iter` of a [`CopiedMap`].
    ParIter ['a, Q: CopiedKey + ?Sized, V] ['a, Q, V] ['a, Q: CopiedKey + Sync + ?Sized, V: Sync]
    = Iter<'a, Q, V>, (&'a Q, &'a V), |iter| Walk(iter.raw).map(|(key, value)| (key.get(), value))
}
parallel! {
    /// Keys, in no order: [`CopiedMap::par_keys`].
    ParKeys ['a, Q: CopiedKey + ?Sized, V] ['a, Q, V] ['a, Q: CopiedKey + Sync + ?Sized, V: Sync]
    = Keys<'a, Q, V>, &'a Q, |iter| Walk(iter.raw).map(|(key, _)| key.get())
}
parallel! {
    /// Values, in no order: [`CopiedMap::par_values`].
    ParValues ['a, Q: CopiedKey + ?Sized, V] ['a, Q, V] ['a, Q: CopiedKey + Sync + ?Sized, V: Sync]
    = Values<'a, Q, V>, &'a V, |iter| Walk(iter.raw).map(|(_, value)| value)
}
parallel! {
    /// Entries with the value by exclusive reference: `par_iter_mut` of a [`CopiedMap`].
    ParIterMut ['a, Q: CopiedKey + ?Sized, V] ['a, Q, V] ['a, Q: CopiedKey + Send + Sync + ?Sized, V: Send]
    = IterMut<'a, Q, V>, (&'a Q, &'a mut V), |iter| Walk(iter.raw).map(|(key, value)| (key.get(), value))
}
parallel! {
    /// Values by exclusive reference: [`CopiedMap::par_values_mut`].
    ParValuesMut ['a, Q: CopiedKey + ?Sized, V] ['a, Q, V] ['a, Q: CopiedKey + Send + ?Sized, V: Send]
    = ValuesMut<'a, Q, V>, &'a mut V, |iter| Walk(iter.raw).map(|(_, value)| value)
}

forward! {
    [Q: CopiedKey + ?Sized, V] Clone for ParIter<'_, Q, V>;
    [Q: CopiedKey + ?Sized, V] Clone for ParKeys<'_, Q, V>;
    [Q: CopiedKey + ?Sized, V] Clone for ParValues<'_, Q, V>;
    [Q: CopiedKey + ?Sized, V: Debug] Debug for ParIter<'_, Q, V>;
    [Q: CopiedKey + ?Sized, V] Debug for ParKeys<'_, Q, V>;
    [Q: CopiedKey + ?Sized, V: Debug] Debug for ParValues<'_, Q, V>;
    [Q: CopiedKey + ?Sized, V: Debug] Debug for ParIterMut<'_, Q, V>;
    [Q: CopiedKey + ?Sized, V: Debug] Debug for ParValuesMut<'_, Q, V>;
}

impl<Q: CopiedKey + Sync + ?Sized, V: Sync, S, H: Handle> CopiedMap<Q, V, S, H> {
    /// Keys, in parallel, in no order. On every handle.
    ///
    /// Allocates: never. Time: O(slots), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let map = arenamap::StrMap::from([("a", 1), ("bc", 2)]);
    /// assert_eq!(map.par_keys().map(str::len).sum::<usize>(), 3);
    /// ```
    #[inline]
    pub fn par_keys(&self) -> ParKeys<'_, Q, V> {
        ParKeys { iter: self.keys() }
    }

    /// Values, in parallel, in no order. On every handle.
    ///
    /// Allocates: never. Time: O(slots), divided among the threads.
    #[inline]
    pub fn par_values(&self) -> ParValues<'_, Q, V> {
        ParValues { iter: self.values() }
    }
}

impl<Q: CopiedKey + Send + ?Sized, V: Send, S, H: Handle> CopiedMap<Q, V, S, H> {
    /// Values to change in place, in parallel, in no order. On every handle.
    ///
    /// Allocates: never. Time: O(slots), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let mut map = arenamap::StrMap::from([("a", 1), ("b", 2)]);
    /// map.par_values_mut().for_each(|value| *value += 1);
    /// assert_eq!(map["b"], 3);
    /// ```
    #[inline]
    pub fn par_values_mut(&mut self) -> ParValuesMut<'_, Q, V> {
        ParValuesMut {
            iter: self.values_mut(),
        }
    }
}

impl<Q, V, S, H> CopiedMap<Q, V, S, H>
where
    Q: CopiedKey + Sync + ?Sized,
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
    /// let (a, b) = (arenamap::StrMap::from([("a", 1)]), arenamap::StrMap::from([("a", 1)]));
    /// assert!(a.par_eq(&b));
    /// ```
    pub fn par_eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .into_par_iter()
                .all(|(key, value)| other.get(key).is_some_and(|found| value == found))
    }
}

impl<'a, Q: CopiedKey + Sync + ?Sized, V: Sync, S, H: Handle> IntoParallelIterator for &'a CopiedMap<Q, V, S, H> {
    type Item = (&'a Q, &'a V);
    type Iter = ParIter<'a, Q, V>;

    #[inline]
    fn into_par_iter(self) -> ParIter<'a, Q, V> {
        ParIter { iter: self.iter() }
    }
}

impl<'a, Q, V, S, H> IntoParallelIterator for &'a mut CopiedMap<Q, V, S, H>
where
    Q: CopiedKey + Send + Sync + ?Sized,
    V: Send,
    H: Handle,
{
    type Item = (&'a Q, &'a mut V);
    type Iter = ParIterMut<'a, Q, V>;

    #[inline]
    fn into_par_iter(self) -> ParIterMut<'a, Q, V> {
        ParIterMut { iter: self.iter_mut() }
    }
}

impl<Q, K, V, S, H> FromParallelIterator<(K, V)> for CopiedMap<Q, V, S, H>
where
    Q: CopiedKey + ?Sized,
    K: AsRef<Q> + Send,
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

impl<Q, K, V, S, H> ParallelExtend<(K, V)> for CopiedMap<Q, V, S, H>
where
    Q: CopiedKey + ?Sized,
    K: AsRef<Q> + Send,
    V: Send,
    S: BuildHasher,
    H: Handle,
{
    /// Inserts all entries. A key that is there gets the new value.
    ///
    /// Allocates: heap, for a `Vec` of all entries; arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](CopiedMap::try_extend), with what was collected into a `Vec`.
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.extend(entries.into_par_iter().collect::<Vec<_>>());
    }
}
