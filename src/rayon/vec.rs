//! Parallel iterators over an [`ArenaVec`]: those of slices, and of a `Vec`.

use alloc::vec::Vec;

use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};
use rayon::{slice, vec};

use crate::arena::Handle;
use crate::vec::ArenaVec;

impl<'a, T: Sync, H: Handle> IntoParallelIterator for &'a ArenaVec<T, H> {
    type Item = &'a T;
    type Iter = slice::Iter<'a, T>;

    #[inline]
    fn into_par_iter(self) -> slice::Iter<'a, T> {
        self.as_slice().into_par_iter()
    }
}

impl<'a, T: Send, H: Handle> IntoParallelIterator for &'a mut ArenaVec<T, H> {
    type Item = &'a mut T;
    type Iter = slice::IterMut<'a, T>;

    #[inline]
    fn into_par_iter(self) -> slice::IterMut<'a, T> {
        self.as_mut_slice().into_par_iter()
    }
}

impl<T: Send, H: Handle> IntoParallelIterator for ArenaVec<T, H> {
    type Item = T;
    type Iter = vec::IntoIter<T>;

    /// Moves the elements into a `Vec` first.
    ///
    /// Allocates: heap. Time: O(elements).
    fn into_par_iter(self) -> vec::IntoIter<T> {
        Vec::from(self).into_par_iter()
    }
}

impl<T: Send, H: Handle + Default> FromParallelIterator<T> for ArenaVec<T, H> {
    /// A list that owns a new arena.
    ///
    /// Allocates: heap, for a `Vec` of all elements and for the arena.
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(elements: I) -> Self {
        elements.into_par_iter().collect::<Vec<_>>().into_iter().collect()
    }
}

impl<T: Send, H: Handle> ParallelExtend<T> for ArenaVec<T, H> {
    /// Adds every element, in order.
    ///
    /// Allocates: heap, for a `Vec` of all elements; arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend`](ArenaVec::try_extend), with what was collected into a `Vec`.
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, elements: I) {
        self.extend(elements.into_par_iter().collect::<Vec<_>>());
    }
}

impl<'a, T: Copy + Send + Sync + 'a, H: Handle> ParallelExtend<&'a T> for ArenaVec<T, H> {
    /// Adds a copy of every element, in order.
    fn par_extend<I: IntoParallelIterator<Item = &'a T>>(&mut self, elements: I) {
        self.par_extend(elements.into_par_iter().copied());
    }
}
