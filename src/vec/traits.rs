//! What the standard traits say of a list.

use alloc::vec::Vec;
use core::borrow::{Borrow, BorrowMut};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::{Deref, DerefMut};
use core::slice;

use super::home::RawIntoIter;
use super::{ArenaVec, IntoIter};
use crate::arena::Handle;
use crate::error::fail;

impl<T, H: Handle> Deref for ArenaVec<T, H> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T, H: Handle> DerefMut for ArenaVec<T, H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

impl<T, H: Handle> AsRef<[T]> for ArenaVec<T, H> {
    #[inline]
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T, H: Handle> AsMut<[T]> for ArenaVec<T, H> {
    #[inline]
    fn as_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T, H: Handle> Borrow<[T]> for ArenaVec<T, H> {
    #[inline]
    fn borrow(&self) -> &[T] {
        self
    }
}

impl<T, H: Handle> BorrowMut<[T]> for ArenaVec<T, H> {
    #[inline]
    fn borrow_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T, H: Handle + Default> Default for ArenaVec<T, H> {
    /// An empty list that owns a new arena. Allocates: never.
    fn default() -> Self {
        Self::new_in(H::default())
    }
}

impl<T: Clone, H: Handle> Clone for ArenaVec<T, H> {
    /// A copy that lives where a second list on this handle would, with room for its elements and no more.
    ///
    /// `&Arena` and `SharedArena`: in the same arena. `Arena`: in a new one, with the same budget.
    /// `PooledArena`: in another arena of the same pool. [`clone_in`](ArenaVec::clone_in) takes any.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](ArenaVec::try_clone_in).
    #[track_caller]
    fn clone(&self) -> Self {
        match self.try_clone() {
            Ok(copy) => copy,
            Err(cause) => fail(cause, "ArenaVec::try_clone_in"),
        }
    }

    /// Makes this list a copy of another one, in its own arena, under its own budget and, where it fits, in its own block.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_from`](ArenaVec::try_clone_from).
    #[track_caller]
    fn clone_from(&mut self, source: &Self) {
        if let Err(cause) = self.try_clone_from(source) {
            fail(cause, "ArenaVec::try_clone_from");
        }
    }
}

impl<T: fmt::Debug, H: Handle> fmt::Debug for ArenaVec<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_slice(), f)
    }
}

impl<T: Hash, H: Handle> Hash for ArenaVec<T, H> {
    /// As the slice, so that lists are found by slices.
    #[inline]
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.as_slice().hash(state);
    }
}

/// Lists compare as slices do, with whatever slices compare with.
macro_rules! equal {
    ($([$($generics:tt)*] $left:ty, $right:ty);* $(;)?) => {$(
        impl<T: PartialEq<U>, U, $($generics)*> PartialEq<$right> for $left {
            #[inline]
            fn eq(&self, other: &$right) -> bool {
                self[..] == other[..]
            }
        }
    )*};
}

equal! {
    [H: Handle, H2: Handle] ArenaVec<T, H>, ArenaVec<U, H2>;
    [H: Handle] ArenaVec<T, H>, [U];
    [H: Handle] ArenaVec<T, H>, &[U];
    [H: Handle] ArenaVec<T, H>, &mut [U];
    [H: Handle, const N: usize] ArenaVec<T, H>, [U; N];
    [H: Handle, const N: usize] ArenaVec<T, H>, &[U; N];
    [H: Handle] ArenaVec<T, H>, Vec<U>;
    [H: Handle] [T], ArenaVec<U, H>;
    [H: Handle] &[T], ArenaVec<U, H>;
    [H: Handle] &mut [T], ArenaVec<U, H>;
    [H: Handle, const N: usize] [T; N], ArenaVec<U, H>;
    [H: Handle] Vec<T>, ArenaVec<U, H>;
}

impl<T: Eq, H: Handle> Eq for ArenaVec<T, H> {}

impl<T: PartialOrd, H: Handle, H2: Handle> PartialOrd<ArenaVec<T, H2>> for ArenaVec<T, H> {
    #[inline]
    fn partial_cmp(&self, other: &ArenaVec<T, H2>) -> Option<Ordering> {
        self.as_slice().partial_cmp(other.as_slice())
    }
}

impl<T: Ord, H: Handle> Ord for ArenaVec<T, H> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl<T, H: Handle> IntoIterator for ArenaVec<T, H> {
    type Item = T;
    type IntoIter = IntoIter<T, H>;

    #[inline]
    fn into_iter(self) -> IntoIter<T, H> {
        IntoIter {
            raw: RawIntoIter::new(self.vec),
        }
    }
}

impl<'a, T, H: Handle> IntoIterator for &'a ArenaVec<T, H> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    #[inline]
    fn into_iter(self) -> slice::Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T, H: Handle> IntoIterator for &'a mut ArenaVec<T, H> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    #[inline]
    fn into_iter(self) -> slice::IterMut<'a, T> {
        self.iter_mut()
    }
}

impl<T, H: Handle> Extend<T> for ArenaVec<T, H> {
    /// Adds every element, and makes room at once for as many as the iterator announces.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](ArenaVec::try_extend).
    #[track_caller]
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        if let Err(error) = self.try_extend(elements) {
            fail(error.cause, "ArenaVec::try_extend");
        }
    }
}

impl<'a, T: Copy + 'a, H: Handle> Extend<&'a T> for ArenaVec<T, H> {
    /// Adds a copy of every element.
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, elements: I) {
        self.extend(elements.into_iter().copied());
    }
}

impl<T, H: Handle + Default> FromIterator<T> for ArenaVec<T, H> {
    /// A list that owns a new arena. [`from_iter_in`](ArenaVec::from_iter_in) takes any handle.
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::from_iter_in(elements, H::default())
    }
}

impl<T, const N: usize> From<[T; N]> for ArenaVec<T> {
    /// A list that owns a new arena.
    #[track_caller]
    fn from(elements: [T; N]) -> Self {
        elements.into_iter().collect()
    }
}

impl<T: Clone> From<&[T]> for ArenaVec<T> {
    /// A list of clones that owns a new arena.
    #[track_caller]
    fn from(elements: &[T]) -> Self {
        Self::from_slice_in(elements, crate::Arena::new())
    }
}

impl<T, H: Handle> From<ArenaVec<T, H>> for Vec<T> {
    /// The elements on the global heap.
    fn from(list: ArenaVec<T, H>) -> Self {
        list.into_iter().collect()
    }
}

/// What is written goes to the end. Where the arena gives no memory, the error has the kind `OutOfMemory`, and nothing was written.
#[cfg(feature = "std")]
impl<H: Handle> std::io::Write for ArenaVec<u8, H> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.try_extend_from_slice(bytes)
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::OutOfMemory, error))?;
        Ok(bytes.len())
    }

    #[inline]
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
