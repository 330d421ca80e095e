//! Iterators over one [`ArenaSet`](super::ArenaSet).

use core::fmt;
use core::iter::FusedIterator;

use crate::arena::{Arena, Handle};
use crate::map::{self, ArenaMap, IntoKeys, Keys};

/// Elements by shared reference, in no order: [`ArenaSet::iter`](super::ArenaSet::iter).
pub struct Iter<'a, T, H: Handle = Arena> {
    pub(super) keys: Keys<'a, T, (), H>,
}

/// Elements by value: `into_iter` of an [`ArenaSet`](super::ArenaSet). Keeps the arena until it is dropped.
pub struct IntoIter<T, H: Handle = Arena> {
    pub(super) keys: IntoKeys<T, (), H>,
}

/// Elements leaving a set that keeps its blocks: [`ArenaSet::drain`](super::ArenaSet::drain).
pub struct Drain<'a, T, H: Handle = Arena> {
    pub(super) entries: map::Drain<'a, T, (), H>,
}

/// Elements that a closure picks, leaving the set: [`ArenaSet::extract_if`](super::ArenaSet::extract_if).
///
/// Dropped before its end, it leaves what it has not reached in the set.
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct ExtractIf<'a, T, F, H: Handle = Arena> {
    entries: map::ExtractIf<'a, T, (), F, H>,
}

macro_rules! exact {
    ($name:ident $(<$life:lifetime>)?, $item:ty, $from:ident, |$entry:pat_param| $map:expr) => {
        impl<$($life,)? T, H: Handle> Iterator for $name<$($life,)? T, H> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                self.$from.next().map(|$entry| $map)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.$from.size_hint()
            }

            #[inline]
            fn count(self) -> usize {
                self.$from.size_hint().0
            }

            #[inline]
            fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
                self.$from.fold(init, |acc, $entry| f(acc, $map))
            }
        }

        impl<$($life,)? T, H: Handle> ExactSizeIterator for $name<$($life,)? T, H> {}
        impl<$($life,)? T, H: Handle> FusedIterator for $name<$($life,)? T, H> {}
    };
}

exact!(Iter<'a>, &'a T, keys, |element| element);
exact!(IntoIter, T, keys, |element| element);
exact!(Drain<'a>, T, entries, |(element, ())| element);

impl<T, H: Handle> Clone for Iter<'_, T, H> {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            keys: self.keys.clone(),
        }
    }
}

impl<T, H: Handle> Default for Iter<'_, T, H> {
    /// An iterator over nothing.
    fn default() -> Self {
        Self { keys: Keys::default() }
    }
}

impl<T: fmt::Debug, H: Handle> fmt::Debug for Iter<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<T, H: Handle> fmt::Debug for IntoIter<T, H> {
    /// Shows how many elements are left; they are about to be moved out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").field("left", &self.len()).finish()
    }
}

impl<T, H: Handle> fmt::Debug for Drain<'_, T, H> {
    /// Shows how many elements are left; they are about to be moved out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("left", &self.len()).finish()
    }
}

impl<'a, T, F, H: Handle> ExtractIf<'a, T, F, H> {
    pub(super) fn new<S>(map: &'a mut ArenaMap<T, (), S, H>, pick: F) -> Self {
        let raw = map.extract_if(|_, ()| false).raw;
        Self {
            entries: map::ExtractIf { raw, pick },
        }
    }
}

impl<T, F: FnMut(&T) -> bool, H: Handle> Iterator for ExtractIf<'_, T, F, H> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let map::ExtractIf { raw, pick } = &mut self.entries;
        raw.next(|(element, ())| pick(element)).map(|(element, ())| element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.entries.raw.at_most()))
    }
}

impl<T, F: FnMut(&T) -> bool, H: Handle> FusedIterator for ExtractIf<'_, T, F, H> {}

impl<T, F, H: Handle> fmt::Debug for ExtractIf<'_, T, F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.entries, f)
    }
}
