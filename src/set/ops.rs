//! Operations on two sets: lazy iterators, comparisons, and new sets.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::{Chain, FusedIterator};

use super::{ArenaSet, Iter};
use crate::arena::{Arena, Handle};
use crate::error::ExtendError;
use crate::map::{DefaultHashBuilder, Occupied, Place};

impl<T: Eq + Hash, S: BuildHasher, H: Handle> ArenaSet<T, S, H> {
    /// Elements of this set or the other, each once.
    ///
    /// Allocates: never. Time: O(slots of both sets); only the elements of the smaller set are looked up.
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert_eq!(a.union(&b).sum::<i32>(), 6);
    /// ```
    pub fn union<'a>(&'a self, other: &'a Self) -> Union<'a, T, S, H> {
        // The larger one whole, and what the smaller one has beyond it.
        let (larger, smaller) = if self.len() >= other.len() {
            (self, other)
        } else {
            (other, self)
        };
        Union {
            first: larger.iter(),
            rest: smaller.difference(larger),
        }
    }

    /// Elements of both sets.
    ///
    /// Looks the elements of the smaller set up in the larger one, and gives those of the smaller one.
    ///
    /// Allocates: never. Time: O(slots of the smaller set).
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert!(a.intersection(&b).eq(&[2]));
    /// ```
    pub fn intersection<'a>(&'a self, other: &'a Self) -> Intersection<'a, T, S, H> {
        let (smaller, larger) = if self.len() <= other.len() {
            (self, other)
        } else {
            (other, self)
        };
        Intersection {
            iter: smaller.iter(),
            other: larger,
        }
    }

    /// Elements of this set that are not in the other one.
    ///
    /// Allocates: never. Time: O(slots of this set).
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert!(a.difference(&b).eq(&[1]));
    /// ```
    pub fn difference<'a>(&'a self, other: &'a Self) -> Difference<'a, T, S, H> {
        Difference {
            iter: self.iter(),
            other,
        }
    }

    /// Elements of one set or the other, but not of both.
    ///
    /// Allocates: never. Time: O(slots of both sets).
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1, 2]), arenamap::ArenaSet::from([2, 3]));
    /// assert_eq!(a.symmetric_difference(&b).sum::<i32>(), 4);
    /// ```
    pub fn symmetric_difference<'a>(&'a self, other: &'a Self) -> SymmetricDifference<'a, T, S, H> {
        SymmetricDifference {
            both: self.difference(other).chain(other.difference(self)),
        }
    }

    /// True if the sets have no element in common.
    ///
    /// Allocates: never. Time: O(slots of the smaller set).
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let (smaller, larger) = if self.len() <= other.len() {
            (self, other)
        } else {
            (other, self)
        };
        smaller.map.table.all(|(element, ())| !larger.contains(element))
    }

    /// True if the other set has every element of this one.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let (a, b) = (arenamap::ArenaSet::from([1]), arenamap::ArenaSet::from([1, 2]));
    /// assert!(a.is_subset(&b) && b.is_superset(&a) && !a.is_disjoint(&b));
    /// ```
    pub fn is_subset(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.map.table.all(|(element, ())| other.contains(element))
    }

    /// True if this set has every element of the other one.
    ///
    /// Allocates: never. Time: O(slots of the other set).
    pub fn is_superset(&self, other: &Self) -> bool {
        other.is_subset(self)
    }
}

/// Two sets that may differ in handle and hasher. The caller says in which arena the result is made.
impl<T: Eq + Hash, S: BuildHasher, H: Handle> ArenaSet<T, S, H> {
    /// Whether another set, on any handle and with any hasher, has the same elements.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let owned = ArenaSet::from(["a"]);
    /// let arena = Arena::new();
    /// assert!(owned.same_elements(&owned.clone_in(&arena)));
    /// ```
    pub fn same_elements<S2: BuildHasher, H2: Handle>(&self, other: &ArenaSet<T, S2, H2>) -> bool {
        self.len() == other.len() && self.map.table.all(|(element, ())| other.contains(element))
    }

    /// A new set, in the given arena, of the elements of either set: `&a | &b` for any handles.
    ///
    /// Allocates: arena. Time: O(slots of both sets).
    ///
    /// # Errors
    ///
    /// [`ExtendError`], as [`try_from_iter_in`](Self::try_from_iter_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::new();
    /// let here: ArenaSet<i32, arenamap::DefaultHashBuilder, _> = ArenaSet::from_iter_in([2, 3], &arena);
    /// let owned = ArenaSet::from([1, 2]);
    /// let both = owned.try_union_in(&here, &arena)?;
    /// assert!(both.same_elements(&ArenaSet::from([1, 2, 3])));
    /// # Ok::<(), arenamap::ExtendError<i32>>(())
    /// ```
    pub fn try_union_in<S2: BuildHasher, H2: Handle, H3: Handle>(
        &self,
        other: &ArenaSet<T, S2, H2>,
        handle: H3,
    ) -> Result<ArenaSet<T, S, H3>, ExtendError<T>>
    where
        T: Clone,
        S: Default,
    {
        // The larger one whole, and what the smaller one has beyond it.
        if self.len() >= other.len() {
            let beyond = other.iter().filter(|element| !self.contains(*element));
            ArenaSet::try_from_iter_in(self.iter().chain(beyond).cloned(), handle)
        } else {
            let beyond = self.iter().filter(|element| !other.contains(*element));
            ArenaSet::try_from_iter_in(other.iter().chain(beyond).cloned(), handle)
        }
    }

    /// A new set, in the given arena, of the elements of both sets: `&a & &b` for any handles.
    ///
    /// Allocates: arena. Time: O(slots of the smaller set).
    ///
    /// # Errors
    ///
    /// [`ExtendError`], as [`try_from_iter_in`](Self::try_from_iter_in).
    pub fn try_intersection_in<S2: BuildHasher, H2: Handle, H3: Handle>(
        &self,
        other: &ArenaSet<T, S2, H2>,
        handle: H3,
    ) -> Result<ArenaSet<T, S, H3>, ExtendError<T>>
    where
        T: Clone,
        S: Default,
    {
        if self.len() <= other.len() {
            let common = self.iter().filter(|element| other.contains(*element));
            ArenaSet::try_from_iter_in(common.cloned(), handle)
        } else {
            let common = other.iter().filter(|element| self.contains(*element));
            ArenaSet::try_from_iter_in(common.cloned(), handle)
        }
    }

    /// A new set, in the given arena, of the elements that are not in the other set: `&a - &b` for any handles.
    ///
    /// Allocates: arena. Time: O(slots of this set).
    ///
    /// # Errors
    ///
    /// [`ExtendError`], as [`try_from_iter_in`](Self::try_from_iter_in).
    pub fn try_difference_in<S2: BuildHasher, H2: Handle, H3: Handle>(
        &self,
        other: &ArenaSet<T, S2, H2>,
        handle: H3,
    ) -> Result<ArenaSet<T, S, H3>, ExtendError<T>>
    where
        T: Clone,
        S: Default,
    {
        let beyond = self.iter().filter(|element| !other.contains(*element));
        ArenaSet::try_from_iter_in(beyond.cloned(), handle)
    }

    /// A new set, in the given arena, of the elements of only one of the sets: `&a ^ &b` for any handles.
    ///
    /// Allocates: arena. Time: O(slots of both sets).
    ///
    /// # Errors
    ///
    /// [`ExtendError`], as [`try_from_iter_in`](Self::try_from_iter_in).
    pub fn try_symmetric_difference_in<S2: BuildHasher, H2: Handle, H3: Handle>(
        &self,
        other: &ArenaSet<T, S2, H2>,
        handle: H3,
    ) -> Result<ArenaSet<T, S, H3>, ExtendError<T>>
    where
        T: Clone,
        S: Default,
    {
        let here = self.iter().filter(|element| !other.contains(*element));
        let there = other.iter().filter(|element| !self.contains(*element));
        ArenaSet::try_from_iter_in(here.chain(there).cloned(), handle)
    }

    /// Adds the elements of another set until the arena refuses one: `a |= &b` for any handles.
    ///
    /// Allocates: arena. Time: O(slots of the other set).
    ///
    /// # Errors
    ///
    /// [`ExtendError`] with the number of elements that went in, a clone of the one that did not, and the cause.
    pub fn try_union_with<S2, H2: Handle>(&mut self, other: &ArenaSet<T, S2, H2>) -> Result<(), ExtendError<T>>
    where
        T: Clone,
    {
        self.try_merge(other, |_| ())
    }

    /// Removes the elements that are in both sets, and adds those that only the other set has, until the arena refuses
    /// one: `a ^= &b` for any handles.
    ///
    /// Allocates: arena. Time: O(slots of the other set).
    ///
    /// # Errors
    ///
    /// [`ExtendError`] with the number of elements that went in, a clone of the one that did not, and the cause.
    pub fn try_symmetric_difference_with<S2, H2: Handle>(
        &mut self,
        other: &ArenaSet<T, S2, H2>,
    ) -> Result<(), ExtendError<T>>
    where
        T: Clone,
    {
        self.try_merge(other, |place| drop(place.remove()))
    }

    /// Adds clones of the other set's elements; `common` is called with those that are in both.
    fn try_merge<S2, H2: Handle>(
        &mut self,
        other: &ArenaSet<T, S2, H2>,
        common: impl Fn(Occupied<'_, T, (), S, H>),
    ) -> Result<(), ExtendError<T>>
    where
        T: Clone,
    {
        let mut inserted = 0;
        for element in other {
            match self.place(element) {
                Place::Occupied(place) => common(place),
                Place::Vacant(place) => match place.try_insert(element.clone(), ()) {
                    Ok(_) => inserted += 1,
                    Err(refused) => {
                        return Err(ExtendError {
                            inserted,
                            rejected: refused.key,
                            cause: refused.cause,
                        });
                    }
                },
            }
        }
        Ok(())
    }
}

/// Elements of two sets, each once: [`ArenaSet::union`].
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Union<'a, T, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(crate) first: Iter<'a, T>,
    pub(crate) rest: Difference<'a, T, S, H>,
}

/// Elements that are in both of two sets: [`ArenaSet::intersection`].
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Intersection<'a, T, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(crate) iter: Iter<'a, T>,
    pub(crate) other: &'a ArenaSet<T, S, H>,
}

/// Elements of one set that are not in another one: [`ArenaSet::difference`].
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Difference<'a, T, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(crate) iter: Iter<'a, T>,
    pub(crate) other: &'a ArenaSet<T, S, H>,
}

/// The elements that only the first set has, then those that only the second one has.
type Both<'a, T, S, H> = Chain<Difference<'a, T, S, H>, Difference<'a, T, S, H>>;

/// Elements of one of two sets, but not of both: [`ArenaSet::symmetric_difference`].
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct SymmetricDifference<'a, T, S = DefaultHashBuilder, H: Handle = Arena> {
    both: Both<'a, T, S, H>,
}

impl<'a, T: Eq + Hash, S: BuildHasher, H: Handle> Iterator for Union<'a, T, S, H> {
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

impl<'a, T: Eq + Hash, S: BuildHasher, H: Handle> Iterator for Intersection<'a, T, S, H> {
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

impl<'a, T: Eq + Hash, S: BuildHasher, H: Handle> Iterator for Difference<'a, T, S, H> {
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

impl<'a, T: Eq + Hash, S: BuildHasher, H: Handle> Iterator for SymmetricDifference<'a, T, S, H> {
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
    ($name:ident, $($field:ident),*) => {
        impl<T: Eq + Hash, S: BuildHasher, H: Handle> FusedIterator for $name<'_, T, S, H> {}

        impl<T, S, H: Handle> Clone for $name<'_, T, S, H> {
            fn clone(&self) -> Self {
                #[allow(noop_method_call, clippy::clone_on_copy, reason = "some fields are references")]
                Self { $($field: self.$field.clone()),* }
            }
        }

        impl<T: fmt::Debug + Eq + Hash, S: BuildHasher, H: Handle> fmt::Debug for $name<'_, T, S, H> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    };
}

common!(Union, first, rest);
common!(Intersection, iter, other);
common!(Difference, iter, other);
common!(SymmetricDifference, both);
