//! What the standard traits say of a set.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ops::{BitAnd, BitOr, BitXor, Sub};

use super::{ArenaSet, IntoIter, Iter};
use crate::arena::Handle;
use crate::map::ArenaMap;

impl<T, S, H: Handle> From<ArenaMap<T, (), S, H>> for ArenaSet<T, S, H> {
    /// The keys of a map, as they are.
    #[inline]
    fn from(map: ArenaMap<T, (), S, H>) -> Self {
        Self { map }
    }
}

impl<T, S: Default, H: Handle + Default> Default for ArenaSet<T, S, H> {
    /// An empty set that owns a new arena. Allocates: heap, once, for the arena itself.
    fn default() -> Self {
        Self::with_hasher_in(S::default(), H::default())
    }
}

impl<T: Clone + Eq + Hash, S: Clone + BuildHasher, H: Handle> Clone for ArenaSet<T, S, H> {
    /// A copy that lives where a second set on this handle would: see [`ArenaMap`]'s `clone`.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](ArenaSet::try_clone_in).
    fn clone(&self) -> Self {
        Self { map: self.map.clone() }
    }
}

impl<T, S, H, S2, H2> PartialEq<ArenaSet<T, S2, H2>> for ArenaSet<T, S, H>
where
    T: Eq + Hash,
    S: BuildHasher,
    H: Handle,
    S2: BuildHasher,
    H2: Handle,
{
    fn eq(&self, other: &ArenaSet<T, S2, H2>) -> bool {
        self.len() == other.len() && self.is_subset(other)
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
    type IntoIter = Iter<'a, T, H>;

    #[inline]
    fn into_iter(self) -> Iter<'a, T, H> {
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
    /// Adds every element. Makes room at once, as [`ArenaMap`]'s `extend`.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](ArenaSet::try_extend).
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        self.map.extend(elements.into_iter().map(|element| (element, ())));
    }
}

impl<'a, T: Eq + Hash + Copy + 'a, S: BuildHasher, H: Handle> Extend<&'a T> for ArenaSet<T, S, H> {
    /// Adds a copy of every element.
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, elements: I) {
        self.extend(elements.into_iter().copied());
    }
}

impl<T: Eq + Hash, S: BuildHasher + Default, H: Handle + Default> FromIterator<T> for ArenaSet<T, S, H> {
    /// A set that owns a new arena. [`from_iter_in`](ArenaSet::from_iter_in) takes any handle.
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::from_iter_in(elements, H::default())
    }
}

impl<T: Eq + Hash, const N: usize> From<[T; N]> for ArenaSet<T> {
    fn from(elements: [T; N]) -> Self {
        elements.into_iter().collect()
    }
}

macro_rules! operator {
    ($trait:ident, $call:ident, $from:ident, $doc:literal) => {
        impl<T, S, H, S2, H2> $trait<&ArenaSet<T, S2, H2>> for &ArenaSet<T, S, H>
        where
            T: Eq + Hash + Clone,
            S: BuildHasher + Default,
            H: Handle + Default,
            S2: BuildHasher,
            H2: Handle,
        {
            type Output = ArenaSet<T, S, H>;

            #[doc = $doc]
            ///
            /// Only for sets that own their arena; on other handles collect the iterator with
            /// [`from_iter_in`](ArenaSet::from_iter_in). Allocates: heap.
            ///
            /// # Panics
            ///
            /// If the heap refuses.
            fn $call(self, other: &ArenaSet<T, S2, H2>) -> ArenaSet<T, S, H> {
                self.$from(other).cloned().collect()
            }
        }
    };
}

operator!(
    BitOr,
    bitor,
    union,
    "A new set, with its own arena, of the elements of either set."
);
operator!(
    BitAnd,
    bitand,
    intersection,
    "A new set, with its own arena, of the elements of both sets."
);
operator!(
    BitXor,
    bitxor,
    symmetric_difference,
    "A new set, with its own arena, of the elements of only one of the sets."
);
operator!(
    Sub,
    sub,
    difference,
    "A new set, with its own arena, of the elements that the other has not."
);
