//! Methods that touch many elements.

use core::ops::{Bound, RangeBounds};
use core::ptr::NonNull;

use super::{ArenaVec, Drain, home};
use crate::arena::{Handle, Held};
use crate::error::{ArenaError, ExtendError, PushError, fail};

/// The bounds of a range of a list of `len` elements, as slices take them.
#[track_caller]
pub(crate) fn bounds(range: &impl RangeBounds<usize>, len: usize) -> (usize, usize) {
    let start = match range.start_bound() {
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => before.checked_add(1).expect("the range starts beyond every index"),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => last.checked_add(1).expect("the range ends beyond every index"),
        Bound::Excluded(&end) => end,
        Bound::Unbounded => len,
    };
    assert!(start <= end, "the range starts at {start} but ends at {end}");
    assert!(end <= len, "the range ends at {end}, beyond the length of {len}");
    (start, end)
}

impl<T, H: Handle> ArenaVec<T, H> {
    /// A list of what an iterator gives, in the given arena.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_from_iter_in`](Self::try_from_iter_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::new();
    /// assert_eq!(ArenaVec::from_iter_in(0..3, &arena), [0, 1, 2]);
    /// ```
    #[track_caller]
    pub fn from_iter_in(elements: impl IntoIterator<Item = T>, handle: H) -> Self {
        match Self::try_from_iter_in(elements, handle) {
            Ok(list) => list,
            Err(error) => fail(error.cause, "ArenaVec::try_from_iter_in"),
        }
    }

    /// Like [`from_iter_in`](Self::from_iter_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Errors
    ///
    /// [`ExtendError`] with the element that did not fit; those before it are dropped.
    pub fn try_from_iter_in(elements: impl IntoIterator<Item = T>, handle: H) -> Result<Self, ExtendError<T>> {
        let elements = elements.into_iter();
        let mut list = Self::new_in(handle);
        // Refused, it may still be that fewer come than were announced.
        let _ = list.try_reserve_exact(elements.size_hint().0);
        list.try_extend(elements)?;
        Ok(list)
    }

    /// Adds what an iterator gives, until the arena refuses.
    ///
    /// Allocates: arena. Time: O(new elements) amortised.
    ///
    /// # Errors
    ///
    /// [`ExtendError`] with the element that did not fit; those before it stay, and those behind it stay in an iterator that
    /// was given by `&mut`.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::with_budget(16);
    /// let mut list = ArenaVec::new_in(&arena);
    /// let error = list.try_extend(0..9_u64).unwrap_err();
    /// assert_eq!((error.inserted, error.rejected), (2, 2));
    /// assert_eq!(list, [0, 1]);
    /// ```
    pub fn try_extend(&mut self, elements: impl IntoIterator<Item = T>) -> Result<(), ExtendError<T>> {
        let elements = elements.into_iter();
        // Refused, it may still be that fewer come than were announced.
        let _ = self.try_reserve(elements.size_hint().0);
        let before = self.len();
        for element in elements {
            if let Err(PushError { value, cause }) = self.try_push(element) {
                return Err(ExtendError {
                    inserted: self.len() - before,
                    rejected: value,
                    cause,
                });
            }
        }
        Ok(())
    }

    /// Moves all elements of another list, on any handle, behind those of this one.
    ///
    /// The other list keeps its block. Allocates: arena. Time: O(new elements) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_append`](Self::try_append).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::new();
    /// let mut list = ArenaVec::from([1, 2]);
    /// let mut other = ArenaVec::from_iter_in([3], &arena);
    /// list.append(&mut other);
    /// assert_eq!((list.as_slice(), other.len()), ([1, 2, 3].as_slice(), 0));
    /// ```
    #[track_caller]
    pub fn append<H2: Handle>(&mut self, other: &mut ArenaVec<T, H2>) {
        if let Err(cause) = self.try_append(other) {
            fail(cause, "ArenaVec::try_append");
        }
    }

    /// Like [`append`](Self::append), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(new elements) amortised.
    ///
    /// # Errors
    ///
    /// What the arena answered. Neither list has changed.
    pub fn try_append<H2: Handle>(&mut self, other: &mut ArenaVec<T, H2>) -> Result<(), ArenaError> {
        self.try_reserve(other.len())?;
        home::append(&mut self.vec, &mut other.vec);
        Ok(())
    }

    /// Moves the elements from `at` on into a new list, that lives where a clone of this one would.
    ///
    /// See [`clone`](Self::clone) for where that is; [`split_off_in`](Self::split_off_in) takes any handle.
    ///
    /// Allocates: arena. Time: O(moved elements).
    ///
    /// # Panics
    ///
    /// If `at` is greater than the length. If the arena refuses; the twin for that is
    /// [`try_split_off_in`](Self::try_split_off_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::new();
    /// let mut list = ArenaVec::from_iter_in(0..4, &arena);
    /// assert_eq!(list.split_off(2), [2, 3]);
    /// assert_eq!(list, [0, 1]);
    /// ```
    #[must_use = "use `truncate` to drop the elements"]
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> Self {
        match self.try_split_off(at) {
            Ok(tail) => tail,
            Err(cause) => fail(cause, "ArenaVec::try_split_off_in"),
        }
    }

    #[track_caller]
    pub(crate) fn try_split_off(&mut self, at: usize) -> Result<Self, ArenaError> {
        let handle = self.try_clone_handle()?;
        self.try_split_off_in(at, handle)
    }

    /// The handle for a second list.
    fn try_clone_handle(&self) -> Result<H, ArenaError> {
        self.vec.allocator().held().peek(H::try_clone_handle)
    }

    /// Moves the elements from `at` on into a new list in the given arena.
    ///
    /// Allocates: arena. Time: O(moved elements).
    ///
    /// # Panics
    ///
    /// If `at` is greater than the length. If the arena refuses; the twin for that is
    /// [`try_split_off_in`](Self::try_split_off_in).
    #[must_use = "use `truncate` to drop the elements"]
    #[track_caller]
    pub fn split_off_in<H2: Handle>(&mut self, at: usize, handle: H2) -> ArenaVec<T, H2> {
        match self.try_split_off_in(at, handle) {
            Ok(tail) => tail,
            Err(cause) => fail(cause, "ArenaVec::try_split_off_in"),
        }
    }

    /// Like [`split_off_in`](Self::split_off_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(moved elements).
    ///
    /// # Errors
    ///
    /// What the arena answered. Nothing has changed.
    ///
    /// # Panics
    ///
    /// If `at` is greater than the length.
    #[track_caller]
    pub fn try_split_off_in<H2: Handle>(&mut self, at: usize, handle: H2) -> Result<ArenaVec<T, H2>, ArenaError> {
        let len = self.len();
        assert!(at <= len, "`at` split index (is {at}) should be <= len (is {len})");
        let mut tail = ArenaVec::try_with_capacity_in(len - at, handle)?;
        tail.vec.extend(self.vec.drain(at..));
        Ok(tail)
    }

    /// Removes the elements of a range and returns them; the block stays for the next ones.
    ///
    /// What is not taken is dropped with the iterator. If that is leaked, the elements of the range and behind it are too.
    ///
    /// Allocates: never. Time: O(elements of the range and behind it).
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, or beyond the length.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::from([0, 1, 2, 3]);
    /// assert!(list.drain(1..3).eq([1, 2]));
    /// assert_eq!(list, [0, 3]);
    /// ```
    #[track_caller]
    pub fn drain(&mut self, range: impl RangeBounds<usize>) -> Drain<'_, T, H> {
        let (start, end) = bounds(&range, self.len());
        Drain {
            raw: self.vec.drain(start..end),
        }
    }

    /// Keeps the elements for which `keep` returns true, in their order, and drops the others.
    ///
    /// If `keep` panics, the elements it has not seen stay.
    ///
    /// Allocates: never. Time: O(elements).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::from([0, 1, 2, 3]);
    /// list.retain(|n| n % 2 == 0);
    /// assert_eq!(list, [0, 2]);
    /// ```
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.vec.retain(keep);
    }

    /// Like [`retain`](Self::retain), with elements to change.
    ///
    /// Allocates: never. Time: O(elements).
    pub fn retain_mut(&mut self, keep: impl FnMut(&mut T) -> bool) {
        self.vec.retain_mut(keep);
    }

    /// Of neighbours for which `same(later, earlier)` returns true, keeps the first.
    ///
    /// Allocates: never. Time: O(elements).
    pub fn dedup_by(&mut self, same: impl FnMut(&mut T, &mut T) -> bool) {
        self.vec.dedup_by(same);
    }

    /// Of neighbours with equal keys, keeps the first.
    ///
    /// Allocates: never. Time: O(elements).
    pub fn dedup_by_key<K: PartialEq>(&mut self, key: impl FnMut(&mut T) -> K) {
        self.vec.dedup_by_key(key);
    }

    /// Of equal neighbours, keeps the first.
    ///
    /// Allocates: never. Time: O(elements).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::from([1, 1, 2, 1]);
    /// list.dedup();
    /// assert_eq!(list, [1, 2, 1]);
    /// ```
    pub fn dedup(&mut self)
    where
        T: PartialEq,
    {
        self.vec.dedup();
    }

    /// Drops all elements but the first `len`; does nothing if there are no more.
    ///
    /// Allocates: never. Time: O(dropped elements).
    pub fn truncate(&mut self, len: usize) {
        self.vec.truncate(len);
    }

    /// Drops every element and keeps the block for the next ones.
    ///
    /// Allocates: never. Time: O(elements) where elements need drop.
    pub fn clear(&mut self) {
        self.vec.clear();
    }

    /// Brings the list to a length: drops elements at the end, or adds what `make` returns.
    ///
    /// Allocates: arena. Time: O(dropped or new elements) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_resize_with`](Self::try_resize_with).
    #[track_caller]
    pub fn resize_with(&mut self, len: usize, make: impl FnMut() -> T) {
        if let Err(cause) = self.try_resize_with(len, make) {
            fail(cause, "ArenaVec::try_resize_with");
        }
    }

    /// Like [`resize_with`](Self::resize_with), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(dropped or new elements) amortised.
    ///
    /// # Errors
    ///
    /// What the arena answered. Nothing has changed.
    pub fn try_resize_with(&mut self, len: usize, make: impl FnMut() -> T) -> Result<(), ArenaError> {
        self.try_reserve(len.saturating_sub(self.len()))?;
        self.vec.resize_with(len, make);
        Ok(())
    }
}

impl<T: Clone, H: Handle> ArenaVec<T, H> {
    /// A list of clones of a slice, in the given arena.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_from_slice_in`](Self::try_from_slice_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::new();
    /// assert_eq!(ArenaVec::from_slice_in(b"abc", &arena), b"abc");
    /// ```
    #[track_caller]
    pub fn from_slice_in(elements: &[T], handle: H) -> Self {
        match Self::try_from_slice_in(elements, handle) {
            Ok(list) => list,
            Err(cause) => fail(cause, "ArenaVec::try_from_slice_in"),
        }
    }

    /// Like [`from_slice_in`](Self::from_slice_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Errors
    ///
    /// What the arena answered; nothing was cloned.
    pub fn try_from_slice_in(elements: &[T], handle: H) -> Result<Self, ArenaError> {
        let mut list = Self::try_with_capacity_in(elements.len(), handle)?;
        home::fill(&mut list.vec, elements);
        Ok(list)
    }

    /// Adds a clone of each element of a slice.
    ///
    /// Allocates: arena. Time: O(new elements) amortised; for `Copy` types it is one copy of the bytes.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_extend_from_slice`](Self::try_extend_from_slice).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::from([1]);
    /// list.extend_from_slice(&[2, 3]);
    /// assert_eq!(list, [1, 2, 3]);
    /// ```
    #[track_caller]
    pub fn extend_from_slice(&mut self, elements: &[T]) {
        if let Err(cause) = self.try_extend_from_slice(elements) {
            fail(cause, "ArenaVec::try_extend_from_slice");
        }
    }

    /// Like [`extend_from_slice`](Self::extend_from_slice), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(new elements) amortised.
    ///
    /// # Errors
    ///
    /// What the arena answered. Nothing has changed.
    #[inline]
    pub fn try_extend_from_slice(&mut self, elements: &[T]) -> Result<(), ArenaError> {
        self.try_reserve(elements.len())?;
        home::fill(&mut self.vec, elements);
        Ok(())
    }

    /// Adds a clone of each element of a range of this list.
    ///
    /// Allocates: arena. Time: O(new elements) amortised.
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, or beyond the length. If the arena refuses; the twin for that is
    /// [`try_extend_from_within`](Self::try_extend_from_within).
    #[track_caller]
    pub fn extend_from_within(&mut self, range: impl RangeBounds<usize>) {
        if let Err(cause) = self.try_extend_from_within(range) {
            fail(cause, "ArenaVec::try_extend_from_within");
        }
    }

    /// Like [`extend_from_within`](Self::extend_from_within), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(new elements) amortised.
    ///
    /// # Errors
    ///
    /// What the arena answered. Nothing has changed.
    ///
    /// # Panics
    ///
    /// If the range ends before it starts, or beyond the length.
    #[track_caller]
    pub fn try_extend_from_within(&mut self, range: impl RangeBounds<usize>) -> Result<(), ArenaError> {
        let (start, end) = bounds(&range, self.len());
        self.try_reserve(end - start)?;
        for at in start..end {
            let value = self.vec[at].clone();
            self.vec.push(value);
        }
        Ok(())
    }

    /// Brings the list to a length: drops elements at the end, or adds clones of `value`.
    ///
    /// Allocates: arena. Time: O(dropped or new elements) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_resize`](Self::try_resize).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::from([1]);
    /// list.resize(3, 0);
    /// assert_eq!(list, [1, 0, 0]);
    /// ```
    #[track_caller]
    pub fn resize(&mut self, len: usize, value: T) {
        if let Err(error) = self.try_resize(len, value) {
            fail(error.cause, "ArenaVec::try_resize");
        }
    }

    /// Like [`resize`](Self::resize), but gives the value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(dropped or new elements) amortised.
    ///
    /// # Errors
    ///
    /// [`PushError`] with the value and the cause. The list is as it was.
    pub fn try_resize(&mut self, len: usize, value: T) -> Result<(), PushError<T>> {
        if let Err(cause) = self.try_reserve(len.saturating_sub(self.len())) {
            return Err(PushError { value, cause });
        }
        self.vec.resize(len, value);
        Ok(())
    }

    /// A copy in the given arena, with room for its elements and no more.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](Self::try_clone_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::new();
    /// let owned = ArenaVec::from([1, 2]);
    /// assert_eq!(owned.clone_in(&arena), owned);
    /// ```
    #[track_caller]
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> ArenaVec<T, H2> {
        match self.try_clone_in(handle) {
            Ok(list) => list,
            Err(cause) => fail(cause, "ArenaVec::try_clone_in"),
        }
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Errors
    ///
    /// What the arena answered; nothing was cloned.
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<ArenaVec<T, H2>, ArenaError> {
        ArenaVec::try_from_slice_in(self, handle)
    }

    /// The block of a list that is full, and its handle.
    pub(crate) fn into_parts(self) -> (NonNull<[T]>, Held<H>) {
        home::into_parts(self.vec)
    }

    /// A copy that lives where a second list on this handle would.
    pub(crate) fn try_clone(&self) -> Result<Self, ArenaError> {
        self.try_clone_in(self.try_clone_handle()?)
    }

    /// Makes this list a copy of another one, in its own arena and, where it fits, in its own block.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Errors
    ///
    /// What the arena answered. Nothing has changed.
    pub fn try_clone_from<H2: Handle>(&mut self, source: &ArenaVec<T, H2>) -> Result<(), ArenaError> {
        self.try_reserve(source.len().saturating_sub(self.len()))?;
        self.truncate(source.len());
        let (in_place, new) = source.split_at(self.len());
        self.clone_from_slice(in_place);
        home::fill(&mut self.vec, new);
        Ok(())
    }
}
