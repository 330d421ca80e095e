//! Parallel iterators over an [`ArenaSet`], and operations on two of them.

use alloc::vec::Vec;
use core::fmt::{self, Debug};
use core::hash::{BuildHasher, Hash};

use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};

use super::{Walk, forward, parallel};
use crate::arena::{Arena, Handle};
use crate::map::DefaultHashBuilder;
use crate::set::{ArenaSet, Difference, Drain, Intersection, IntoIter, Iter, Union};

parallel! {
    /// Elements by shared reference, in no order: `par_iter` of an [`ArenaSet`].
    ParIter ['a, T] ['a, T] ['a, T: Sync] = Iter<'a, T>, &'a T, |iter| Walk(iter.keys.raw).map(|(element, ())| element)
}
parallel! {
    /// Elements by value: `into_par_iter` of an [`ArenaSet`]. Keeps the arena until it is dropped.
    IntoParIter [T, H: Handle = Arena] [T, H] [T: Send, H: Handle + Send] = IntoIter<T, H>, T,
    |iter| Walk(iter.keys.raw).map(|(element, ())| element)
}
parallel! {
    /// Elements that leave a set, which keeps its memory: [`ArenaSet::par_drain`].
    ParDrain ['a, T, H: Handle = Arena] ['_, T, H] [T: Send, H: Handle + Send] = Drain<'a, T, H>, T,
    |iter| Walk(iter.entries.raw).map(|(element, ())| element)
}

forward! {
    [T] Clone for ParIter<'_, T>;
    [T: Debug] Debug for ParIter<'_, T>;
    [T: Debug, H: Handle] Debug for IntoParIter<T, H>;
    [T: Debug, H: Handle] Debug for ParDrain<'_, T, H>;
}

/// Declares a parallel iterator over two sets.
macro_rules! operation {
    ($(#[$doc:meta])* $name:ident = $iter:ident, |$this:ident| $parallel:expr) => {
        $(#[$doc])*
        #[must_use = "iterators are lazy and do nothing unless consumed"]
        pub struct $name<'a, T, S = DefaultHashBuilder, H: Handle = Arena> {
            iter: $iter<'a, T, S, H>,
        }

        impl<'a, T, S, H> ParallelIterator for $name<'a, T, S, H>
        where
            T: Eq + Hash + Sync,
            S: BuildHasher + Sync,
            H: Handle,
            ArenaSet<T, S, H>: Sync,
        {
            type Item = &'a T;

            fn drive_unindexed<C>(self, consumer: C) -> C::Result
            where
                C: rayon::iter::plumbing::UnindexedConsumer<&'a T>,
            {
                let $this = self.iter;
                $parallel.drive_unindexed(consumer)
            }
        }

        forward! {
            [T, S, H: Handle] Clone for $name<'_, T, S, H>;
            [T: Debug + Eq + Hash, S: BuildHasher, H: Handle] Debug for $name<'_, T, S, H>;
        }
    };
}

operation! {
    /// Elements of two sets, each once: [`ArenaSet::par_union`].
    ParUnion = Union, |iter| ParIter { iter: iter.first }.chain(ParDifference { iter: iter.rest })
}
operation! {
    /// Elements that are in both of two sets: [`ArenaSet::par_intersection`].
    ParIntersection = Intersection, |iter| {
        let Intersection { iter, other } = iter;
        ParIter { iter }.filter(|element| other.contains(*element))
    }
}
operation! {
    /// Elements of one set that are not in another one: [`ArenaSet::par_difference`].
    ParDifference = Difference, |iter| {
        let Difference { iter, other } = iter;
        ParIter { iter }.filter(|element| !other.contains(*element))
    }
}

operation! {
    /// Elements of one of two sets, but not of both: [`ArenaSet::par_symmetric_difference`].
    ParSymmetricDifference = Both, |iter| {
        let Both(first, second) = iter;
        ParDifference { iter: first }.chain(ParDifference { iter: second })
    }
}

/// What only the first set has, and what only the second one has: a chain that can be taken apart again.
struct Both<'a, T, S, H: Handle>(Difference<'a, T, S, H>, Difference<'a, T, S, H>);

impl<T, S, H: Handle> Clone for Both<'_, T, S, H> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1.clone())
    }
}

impl<T: Debug + Eq + Hash, S: BuildHasher, H: Handle> Debug for Both<'_, T, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.clone().chain(self.1.clone())).finish()
    }
}

impl<T: Send, S, H: Handle + Send> ArenaSet<T, S, H> {
    /// Removes all elements and gives them out, in parallel. The set keeps its memory for the next ones.
    ///
    /// Elements that nobody takes are dropped.
    ///
    /// Allocates: never. Time: O(slots), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let mut set = arenamap::ArenaSet::from([1, 2]);
    /// assert_eq!(set.par_drain().sum::<i32>(), 3);
    /// assert!(set.is_empty());
    /// ```
    #[inline]
    pub fn par_drain(&mut self) -> ParDrain<'_, T, H> {
        ParDrain { iter: self.drain() }
    }
}

impl<T, S, H> ArenaSet<T, S, H>
where
    T: Eq + Hash + Sync,
    S: BuildHasher + Sync,
    H: Handle,
    Self: Sync,
{
    /// Elements of this set or the other, each once, in parallel.
    ///
    /// Allocates: never. Time: O(slots of both sets), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert_eq!(a.par_union(&b).sum::<i32>(), 6);
    /// ```
    pub fn par_union<'a>(&'a self, other: &'a Self) -> ParUnion<'a, T, S, H> {
        ParUnion {
            iter: self.union(other),
        }
    }

    /// Elements of both sets, in parallel.
    ///
    /// Allocates: never. Time: O(slots of the smaller set), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert_eq!(a.par_intersection(&b).sum::<i32>(), 2);
    /// ```
    pub fn par_intersection<'a>(&'a self, other: &'a Self) -> ParIntersection<'a, T, S, H> {
        ParIntersection {
            iter: self.intersection(other),
        }
    }

    /// Elements of this set that are not in the other one, in parallel.
    ///
    /// Allocates: never. Time: O(slots of this set), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert_eq!(a.par_difference(&b).sum::<i32>(), 1);
    /// ```
    pub fn par_difference<'a>(&'a self, other: &'a Self) -> ParDifference<'a, T, S, H> {
        ParDifference {
            iter: self.difference(other),
        }
    }

    /// Elements of one set or the other, but not of both, in parallel.
    ///
    /// Allocates: never. Time: O(slots of both sets), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    ///
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert_eq!(a.par_symmetric_difference(&b).sum::<i32>(), 4);
    /// ```
    pub fn par_symmetric_difference<'a>(&'a self, other: &'a Self) -> ParSymmetricDifference<'a, T, S, H> {
        ParSymmetricDifference {
            iter: Both(self.difference(other), other.difference(self)),
        }
    }

    /// True if the sets have no element in common; looked up in parallel.
    ///
    /// Allocates: never. Time: O(slots of the smaller set), divided among the threads.
    pub fn par_is_disjoint(&self, other: &Self) -> bool {
        self.par_intersection(other).find_any(|_| true).is_none()
    }

    /// True if the other set has every element of this one; looked up in parallel.
    ///
    /// Allocates: never. Time: O(slots of this set), divided among the threads.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1]), arenamap::ArenaSet::from([1, 2]));
    /// assert!(a.par_is_subset(&b) && b.par_is_superset(&a) && !a.par_is_disjoint(&b));
    /// ```
    pub fn par_is_subset(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.into_par_iter().all(|element| other.contains(element))
    }

    /// True if this set has every element of the other one; looked up in parallel.
    ///
    /// Allocates: never. Time: O(slots of the other set), divided among the threads.
    pub fn par_is_superset(&self, other: &Self) -> bool {
        other.par_is_subset(self)
    }

    /// Whether another set has the same elements; looked up in parallel.
    ///
    /// Allocates: never. Time: O(slots of this set), divided among the threads.
    pub fn par_eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.par_is_subset(other)
    }
}

impl<'a, T: Sync, S, H: Handle> IntoParallelIterator for &'a ArenaSet<T, S, H> {
    type Item = &'a T;
    type Iter = ParIter<'a, T>;

    #[inline]
    fn into_par_iter(self) -> ParIter<'a, T> {
        ParIter { iter: self.iter() }
    }
}

impl<T: Send, S, H: Handle + Send> IntoParallelIterator for ArenaSet<T, S, H> {
    type Item = T;
    type Iter = IntoParIter<T, H>;

    #[inline]
    fn into_par_iter(self) -> IntoParIter<T, H> {
        IntoParIter { iter: self.into_iter() }
    }
}

impl<T, S, H> FromParallelIterator<T> for ArenaSet<T, S, H>
where
    T: Eq + Hash + Send,
    S: BuildHasher + Default,
    H: Handle + Default,
{
    /// A set that owns a new arena.
    ///
    /// Allocates: heap, for a `Vec` of all elements and for the arena.
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(elements: I) -> Self {
        elements.into_par_iter().collect::<Vec<_>>().into_iter().collect()
    }
}

impl<T: Eq + Hash + Send, S: BuildHasher, H: Handle> ParallelExtend<T> for ArenaSet<T, S, H> {
    /// Adds all elements.
    ///
    /// Allocates: heap, for a `Vec` of all elements; arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](ArenaSet::try_extend), with what was collected into a `Vec`.
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, elements: I) {
        self.extend(elements.into_par_iter().collect::<Vec<_>>());
    }
}

impl<'a, T: Copy + Eq + Hash + Sync + 'a, S: BuildHasher, H: Handle> ParallelExtend<&'a T> for ArenaSet<T, S, H> {
    /// Adds a copy of every element.
    fn par_extend<I: IntoParallelIterator<Item = &'a T>>(&mut self, elements: I) {
        self.extend(elements.into_par_iter().collect::<Vec<_>>());
    }
}
