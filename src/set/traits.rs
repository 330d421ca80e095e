//! Implementations of standard traits for the set.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, BitXor, BitXorAssign, Sub, SubAssign};

use super::{ArenaSet, IntoIter, Iter};
use crate::arena::Handle;
use crate::error::fail_map as fail;
use crate::map::ArenaMap;
use crate::observe::watch::Kind;

impl<T, S, H: Handle> From<ArenaMap<T, (), S, H>> for ArenaSet<T, S, H> {
    /// Makes a set of the keys of a map, without moving or hashing them.
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    fn from(mut map: ArenaMap<T, (), S, H>) -> Self {
        map.table.watch.set_kind(Kind::ArenaSet);
        Self { map }
    }
}

impl<T, S: Default, H: Handle + Default> Default for ArenaSet<T, S, H> {
    /// An empty set that owns a new arena.
    ///
    /// Allocates: never. Time: O(1).
    #[cfg_attr(feature = "registry", track_caller)]
    fn default() -> Self {
        Self::with_hasher_in(S::default(), H::default())
    }
}

impl<T: Clone, S: Clone, H: Handle> Clone for ArenaSet<T, S, H> {
    /// A copy, in the arena where a second set with this handle would be made: see [`ArenaMap`]'s `clone`.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](ArenaSet::try_clone_in).
    #[track_caller]
    fn clone(&self) -> Self {
        Self { map: self.map.clone() }
    }

    /// Makes this set a copy of another one. It stays in its own arena, under its own budget and, if the copy fits, in
    /// its own block.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_from`](ArenaSet::try_clone_from).
    #[track_caller]
    fn clone_from(&mut self, source: &Self) {
        if let Err(cause) = self.try_clone_from(source) {
            fail(cause, "ArenaSet::try_clone_from");
        }
    }
}

impl<T: Eq + Hash, S: BuildHasher, H: Handle> PartialEq for ArenaSet<T, S, H> {
    /// Sets with other handles or hashers are compared by [`same_elements`](ArenaSet::same_elements).
    fn eq(&self, other: &Self) -> bool {
        self.same_elements(other)
    }
}

impl<T: Eq + Hash, S: BuildHasher, H: Handle> Eq for ArenaSet<T, S, H> {}

impl<T: fmt::Debug, S, H: Handle> fmt::Debug for ArenaSet<T, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<'a, T, S, H: Handle> IntoIterator for &'a ArenaSet<T, S, H> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    #[inline]
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T, S, H: Handle> IntoIterator for ArenaSet<T, S, H> {
    type Item = T;
    type IntoIter = IntoIter<T, H>;

    #[inline]
    fn into_iter(self) -> IntoIter<T, H> {
        IntoIter {
            keys: self.map.into_keys(),
        }
    }
}

impl<T: Eq + Hash, S: BuildHasher, H: Handle> Extend<T> for ArenaSet<T, S, H> {
    /// Adds all elements. Makes room at once, as [`ArenaMap`]'s `extend`.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](ArenaSet::try_extend).
    #[track_caller]
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        if let Err(error) = self.try_extend(elements) {
            fail(error.cause, "ArenaSet::try_extend");
        }
    }
}

impl<'a, T: Eq + Hash + Copy + 'a, S: BuildHasher, H: Handle> Extend<&'a T> for ArenaSet<T, S, H> {
    /// Adds a copy of every element.
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, elements: I) {
        self.extend(elements.into_iter().copied());
    }
}

impl<T: Eq + Hash, S: BuildHasher + Default, H: Handle + Default> FromIterator<T> for ArenaSet<T, S, H> {
    /// A set that owns a new arena. [`from_iter_in`](ArenaSet::from_iter_in) takes any handle.
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::from_iter_in(elements, H::default())
    }
}

impl<T: Eq + Hash, const N: usize> From<[T; N]> for ArenaSet<T> {
    #[track_caller]
    fn from(elements: [T; N]) -> Self {
        Self::from_iter(elements)
    }
}

macro_rules! operator {
    ($trait:ident, $call:ident, $twin:ident, $doc:literal) => {
        impl<T, S, H> $trait<&ArenaSet<T, S, H>> for &ArenaSet<T, S, H>
        where
            T: Eq + Hash + Clone,
            S: BuildHasher + Default,
            H: Handle + Default,
        {
            type Output = ArenaSet<T, S, H>;

            #[doc = $doc]
            #[doc = ""]
            #[doc = "# Panics"]
            #[doc = ""]
            #[doc = concat!("If the arena refuses; the twin is [`", stringify!($twin), "`](ArenaSet::", stringify!($twin), ").")]
            #[track_caller]
            fn $call(self, other: &ArenaSet<T, S, H>) -> ArenaSet<T, S, H> {
                match self.$twin(other, H::default()) {
                    Ok(set) => set,
                    Err(error) => fail(error.cause, concat!("ArenaSet::", stringify!($twin))),
                }
            }
        }
    };
}

operator!(
    BitOr,
    bitor,
    try_union_in,
    "A new set, with its own arena, of the elements of either set."
);
operator!(
    BitAnd,
    bitand,
    try_intersection_in,
    "A new set, with its own arena, of the elements of both sets."
);
operator!(
    BitXor,
    bitxor,
    try_symmetric_difference_in,
    "A new set, with its own arena, of the elements of only one of the sets."
);
operator!(
    Sub,
    sub,
    try_difference_in,
    "A new set, with its own arena, of the elements that the other has not."
);

impl<T: Eq + Hash + Clone, S: BuildHasher, H: Handle> BitOrAssign<&Self> for ArenaSet<T, S, H> {
    /// Adds the elements of the other set.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_union_with`](ArenaSet::try_union_with).
    #[track_caller]
    fn bitor_assign(&mut self, other: &Self) {
        if let Err(error) = self.try_union_with(other) {
            fail(error.cause, "ArenaSet::try_union_with");
        }
    }
}

impl<T: Eq + Hash + Clone, S: BuildHasher, H: Handle> BitAndAssign<&Self> for ArenaSet<T, S, H> {
    /// Removes the elements that are not in the other set.
    ///
    /// Allocates: never. Time: O(slots of this set).
    fn bitand_assign(&mut self, other: &Self) {
        self.retain(|element| other.contains(element));
    }
}

impl<T: Eq + Hash + Clone, S: BuildHasher, H: Handle> BitXorAssign<&Self> for ArenaSet<T, S, H> {
    /// Removes the elements that are in both sets, and adds those that only the other set has.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_symmetric_difference_with`](ArenaSet::try_symmetric_difference_with).
    #[track_caller]
    fn bitxor_assign(&mut self, other: &Self) {
        if let Err(error) = self.try_symmetric_difference_with(other) {
            fail(error.cause, "ArenaSet::try_symmetric_difference_with");
        }
    }
}

impl<T: Eq + Hash + Clone, S: BuildHasher, H: Handle> SubAssign<&Self> for ArenaSet<T, S, H> {
    /// Removes the elements that are also in the other set.
    ///
    /// Allocates: never. Time: O(slots of the smaller set).
    fn sub_assign(&mut self, other: &Self) {
        if other.len() < self.len() {
            for element in other {
                self.remove(element);
            }
        } else {
            self.retain(|element| !other.contains(element));
        }
    }
}
