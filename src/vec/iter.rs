//! Iterators that take elements out. None of them allocates.

use core::fmt;
use core::iter::FusedIterator;

use allocator_api2::vec;

use super::home::{Home, RawIntoIter};
use crate::arena::{Arena, Handle};

macro_rules! iterator {
    ($name:ident $(, $lifetime:lifetime)?) => {
        impl<T, H: Handle> Iterator for $name<$($lifetime,)? T, H> {
            type Item = T;

            #[inline]
            fn next(&mut self) -> Option<T> {
                self.raw.next()
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.raw.size_hint()
            }
        }

        impl<T, H: Handle> DoubleEndedIterator for $name<$($lifetime,)? T, H> {
            #[inline]
            fn next_back(&mut self) -> Option<T> {
                self.raw.next_back()
            }
        }

        impl<T, H: Handle> ExactSizeIterator for $name<$($lifetime,)? T, H> {}
        impl<T, H: Handle> FusedIterator for $name<$($lifetime,)? T, H> {}

        impl<T, H: Handle> $name<$($lifetime,)? T, H> {
            /// The elements that are still to come.
            ///
            /// Allocates: never. Time: O(1).
            pub fn as_slice(&self) -> &[T] {
                self.raw.as_slice()
            }
        }

        impl<T, H: Handle> AsRef<[T]> for $name<$($lifetime,)? T, H> {
            fn as_ref(&self) -> &[T] {
                self.as_slice()
            }
        }

        impl<T: fmt::Debug, H: Handle> fmt::Debug for $name<$($lifetime,)? T, H> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_slice()).finish()
            }
        }
    };
}

/// Elements by value: `into_iter` of an [`ArenaVec`](super::ArenaVec). Keeps the arena until it is dropped.
pub struct IntoIter<T, H: Handle = Arena> {
    pub(super) raw: RawIntoIter<T, H>,
}

/// Elements of a range that leave their list: [`ArenaVec::drain`](super::ArenaVec::drain).
pub struct Drain<'a, T, H: Handle = Arena> {
    pub(super) raw: vec::Drain<'a, T, Home<H>>,
}

iterator!(IntoIter);
iterator!(Drain, '_);

impl<T, H: Handle> IntoIter<T, H> {
    /// The elements that are still to come, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.raw.as_mut_slice()
    }
}
