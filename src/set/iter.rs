//! Iterators over one [`ArenaSet`](super::ArenaSet).

use core::fmt;
use core::iter::FusedIterator;

use crate::arena::{Arena, Handle};
use crate::map::{self, ArenaMap, IntoKeys, Keys};

/// Elements by shared reference, in no order: [`ArenaSet::iter`](super::ArenaSet::iter).
pub struct Iter<'a, T> {
    pub(crate) keys: Keys<'a, T, ()>,
}

/// Elements by value: `into_iter` of an [`ArenaSet`](super::ArenaSet). Keeps the arena until it is dropped.
pub struct IntoIter<T, H: Handle = Arena> {
    pub(crate) keys: IntoKeys<T, (), H>,
}

/// Elements that leave a set, which keeps its memory: [`ArenaSet::drain`](super::ArenaSet::drain).
pub struct Drain<'a, T, H: Handle = Arena> {
    pub(crate) entries: map::Drain<'a, T, (), H>,
}

/// Elements that a closure picks, and that leave the set: [`ArenaSet::extract_if`](super::ArenaSet::extract_if).
///
/// If it is dropped before its end, the elements that it has not reached stay in the set.
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct ExtractIf<'a, T, F, H: Handle = Arena> {
    entries: map::ExtractIf<'a, T, (), F, H>,
}

macro_rules! exact {
    ([$($declared:tt)+] $name:ty, $item:ty, $from:ident, |$entry:pat_param| $map:expr) => {
        impl<$($declared)+> Iterator for $name {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                match self.$from.next() {
                    Some($entry) => Some($map),
                    None => None,
                }
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

        impl<$($declared)+> ExactSizeIterator for $name {}
        impl<$($declared)+> FusedIterator for $name {}
    };
}

exact!(['a, T] Iter<'a, T>, &'a T, keys, |element| element);
exact!([T, H: Handle] IntoIter<T, H>, T, keys, |element| element);
exact!([T, H: Handle] Drain<'_, T, H>, T, entries, |(element, ())| element);

impl<T> Clone for Iter<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            keys: self.keys.clone(),
        }
    }
}

impl<T> Default for Iter<'_, T> {
    /// An iterator over nothing.
    fn default() -> Self {
        Self { keys: Keys::default() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<T: fmt::Debug, H: Handle> fmt::Debug for IntoIter<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.keys.fmt(f)
    }
}

impl<T, H: Handle + Default> Default for IntoIter<T, H> {
    /// An iterator over nothing.
    fn default() -> Self {
        Self {
            keys: IntoKeys::default(),
        }
    }
}

impl<T: fmt::Debug, H: Handle> fmt::Debug for Drain<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.entries.raw.peek().map(|(element, ())| element))
            .finish()
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
        (0, Some(self.entries.raw.left()))
    }
}

impl<T, F: FnMut(&T) -> bool, H: Handle> FusedIterator for ExtractIf<'_, T, F, H> {}

impl<T, F, H: Handle> fmt::Debug for ExtractIf<'_, T, F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.entries, f)
    }
}
