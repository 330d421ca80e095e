//! Two sets: lazy iterators over what they have, and comparisons. The sets may differ in hasher and handle.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::{Chain, FusedIterator};

use super::{ArenaSet, Iter};
use crate::arena::{Arena, Handle};
use crate::map::DefaultHashBuilder;

impl<T: Eq + Hash, S: BuildHasher, H: Handle> ArenaSet<T, S, H> {
    /// Elements of this set or the other, each once.
    ///
    /// Computes in **O(buckets)** of both. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert_eq!(a.union(&b).sum::<i32>(), 6);
    /// ```
    pub fn union<'a, S2: BuildHasher, H2: Handle>(&'a self, other: &'a ArenaSet<T, S2, H2>) -> Union<'a, T, S, H, H2> {
        Union {
            first: self.iter(),
            rest: other.difference(self),
        }
    }

    /// Elements of both sets, as they are in this one.
    ///
    /// Looks every element of this set up in the other: the smaller set goes first.
    ///
    /// Computes in **O(buckets)** of this set. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert!(a.intersection(&b).eq(&[2]));
    /// ```
    pub fn intersection<'a, S2: BuildHasher, H2: Handle>(
        &'a self,
        other: &'a ArenaSet<T, S2, H2>,
    ) -> Intersection<'a, T, H, S2, H2> {
        Intersection {
            iter: self.iter(),
            other,
        }
    }

    /// Elements of this set that the other has not.
    ///
    /// Computes in **O(buckets)** of this set. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert!(a.difference(&b).eq(&[1]));
    /// ```
    pub fn difference<'a, S2: BuildHasher, H2: Handle>(
        &'a self,
        other: &'a ArenaSet<T, S2, H2>,
    ) -> Difference<'a, T, H, S2, H2> {
        Difference {
            iter: self.iter(),
            other,
        }
    }

    /// Elements of one of the sets and not of both.
    ///
    /// Computes in **O(buckets)** of both. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert_eq!(a.symmetric_difference(&b).sum::<i32>(), 4);
    /// ```
    pub fn symmetric_difference<'a, S2: BuildHasher, H2: Handle>(
        &'a self,
        other: &'a ArenaSet<T, S2, H2>,
    ) -> SymmetricDifference<'a, T, S, H, S2, H2> {
        SymmetricDifference {
            both: self.difference(other).chain(other.difference(self)),
        }
    }

    /// True if the sets have no element in common.
    ///
    /// Computes in **O(buckets)** of the smaller set. Allocates: never.
    pub fn is_disjoint<S2: BuildHasher, H2: Handle>(&self, other: &ArenaSet<T, S2, H2>) -> bool {
        if self.len() <= other.len() {
            self.iter().all(|element| !other.contains(element))
        } else {
            other.iter().all(|element| !self.contains(element))
        }
    }

    /// True if the other set has every element of this one.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1]), arenamap::ArenaSet::from([1, 2]));
    /// assert!(a.is_subset(&b) && b.is_superset(&a) && !a.is_disjoint(&b));
    /// ```
    pub fn is_subset<S2: BuildHasher, H2: Handle>(&self, other: &ArenaSet<T, S2, H2>) -> bool {
        self.len() <= other.len() && self.iter().all(|element| other.contains(element))
    }

    /// True if this set has every element of the other one.
    ///
    /// Computes in **O(buckets)** of the other set. Allocates: never.
    pub fn is_superset<S2: BuildHasher, H2: Handle>(&self, other: &ArenaSet<T, S2, H2>) -> bool {
        other.is_subset(self)
    }
}

/// Elements of two sets, each once: [`ArenaSet::union`].
pub struct Union<'a, T, S = DefaultHashBuilder, H: Handle = Arena, H2: Handle = H> {
    first: Iter<'a, T, H>,
    rest: Difference<'a, T, H2, S, H>,
}

/// Elements of both of two sets: [`ArenaSet::intersection`].
pub struct Intersection<'a, T, H: Handle = Arena, S2 = DefaultHashBuilder, H2: Handle = H> {
    iter: Iter<'a, T, H>,
    other: &'a ArenaSet<T, S2, H2>,
}

/// Elements of one set that another has not: [`ArenaSet::difference`].
pub struct Difference<'a, T, H: Handle = Arena, S2 = DefaultHashBuilder, H2: Handle = H> {
    iter: Iter<'a, T, H>,
    other: &'a ArenaSet<T, S2, H2>,
}

/// What the first has and the second has not, then the other way round.
type Both<'a, T, S, H, S2, H2> = Chain<Difference<'a, T, H, S2, H2>, Difference<'a, T, H2, S, H>>;

/// Elements of one of two sets and not of both: [`ArenaSet::symmetric_difference`].
pub struct SymmetricDifference<'a, T, S = DefaultHashBuilder, H: Handle = Arena, S2 = S, H2: Handle = H> {
    both: Both<'a, T, S, H, S2, H2>,
}

impl<'a, T: Eq + Hash, S: BuildHasher, H: Handle, H2: Handle> Iterator for Union<'a, T, S, H, H2> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        self.first.next().or_else(|| self.rest.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let first = self.first.len();
        let (least, most) = self.rest.size_hint();
        (first + least, most.and_then(|most| most.checked_add(first)))
    }

    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
        let init = self.first.fold(init, &mut f);
        self.rest.fold(init, f)
    }
}

impl<'a, T: Eq + Hash, H: Handle, S2: BuildHasher, H2: Handle> Iterator for Intersection<'a, T, H, S2, H2> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        let other = self.other;
        self.iter.find(|element| other.contains(*element))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.iter.len()))
    }

    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, f: F) -> B {
        let other = self.other;
        self.iter.filter(|element| other.contains(*element)).fold(init, f)
    }
}

impl<'a, T: Eq + Hash, H: Handle, S2: BuildHasher, H2: Handle> Iterator for Difference<'a, T, H, S2, H2> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        let other = self.other;
        self.iter.find(|element| !other.contains(*element))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.iter.len();
        (left.saturating_sub(self.other.len()), Some(left))
    }

    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, f: F) -> B {
        let other = self.other;
        self.iter.filter(|element| !other.contains(*element)).fold(init, f)
    }
}

impl<'a, T, S, H, S2, H2> Iterator for SymmetricDifference<'a, T, S, H, S2, H2>
where
    T: Eq + Hash,
    S: BuildHasher,
    H: Handle,
    S2: BuildHasher,
    H2: Handle,
{
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        self.both.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.both.size_hint()
    }

    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, f: F) -> B {
        self.both.fold(init, f)
    }
}

macro_rules! common {
    ($name:ident<$($param:ident),*; $($handle:ident),*; $($hasher:ident),*>, $($field:ident),*) => {
        impl<T: Eq + Hash, $($handle: Handle,)* $($hasher: BuildHasher,)*> FusedIterator for $name<'_, T, $($param),*> {}

        impl<T, $($handle: Handle,)* $($hasher,)*> Clone for $name<'_, T, $($param),*> {
            fn clone(&self) -> Self {
                Self { $($field: self.$field.clone()),* }
            }
        }

        impl<T: fmt::Debug + Eq + Hash, $($handle: Handle,)* $($hasher: BuildHasher,)*> fmt::Debug
            for $name<'_, T, $($param),*>
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    };
}

common!(Union<S, H, H2; H, H2; S>, first, rest);
common!(SymmetricDifference<S, H, S2, H2; H, H2; S, S2>, both);

macro_rules! one_against_another {
    ($($name:ident),*) => {$(
        impl<T: Eq + Hash, H: Handle, S2: BuildHasher, H2: Handle> FusedIterator for $name<'_, T, H, S2, H2> {}

        impl<T, H: Handle, S2, H2: Handle> Clone for $name<'_, T, H, S2, H2> {
            fn clone(&self) -> Self {
                Self { iter: self.iter.clone(), other: self.other }
            }
        }

        impl<T: fmt::Debug + Eq + Hash, H: Handle, S2: BuildHasher, H2: Handle> fmt::Debug
            for $name<'_, T, H, S2, H2>
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    )*};
}

one_against_another!(Intersection, Difference);
