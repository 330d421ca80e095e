//! Methods that touch one element.

use super::ArenaVec;
use crate::arena::Handle;
use crate::error::{ArenaError, PushError, fail};

impl<T, H: Handle> ArenaVec<T, H> {
    /// Room for one more.
    #[inline]
    fn make_room(&mut self) -> Result<(), ArenaError> {
        if self.vec.len() == self.vec.capacity() {
            self.grow(1)
        } else {
            Ok(())
        }
    }

    /// Adds an element at the end.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Panics
    ///
    /// If the list must grow and the arena refuses; the twin is [`try_push`](Self::try_push).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::new();
    /// list.push("a");
    /// assert_eq!(list, ["a"]);
    /// ```
    #[inline]
    #[track_caller]
    pub fn push(&mut self, value: T) {
        if let Err(cause) = self.make_room() {
            fail(cause, "ArenaVec::try_push");
        }
        self.vec.push(value);
    }

    /// Like [`push`](Self::push), but gives the value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`PushError`] with the value and the cause. The list is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::with_budget(8);
    /// let mut list = ArenaVec::new_in(&arena);
    /// assert!(list.try_push(1_u64).is_ok());
    /// assert_eq!(list.try_push(2).unwrap_err().value, 2);
    /// ```
    #[inline]
    pub fn try_push(&mut self, value: T) -> Result<(), PushError<T>> {
        if let Err(cause) = self.make_room() {
            return Err(PushError { value, cause });
        }
        self.vec.push(value);
        Ok(())
    }

    /// Adds an element if that needs no growth; the code of this call has no path to the allocator.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// The value, if the list is full.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::with_capacity(1);
    /// assert_eq!(list.push_within_capacity('a'), Ok(()));
    /// assert_eq!(list.push_within_capacity('b'), Err('b'));
    /// ```
    #[inline]
    pub fn push_within_capacity(&mut self, value: T) -> Result<(), T> {
        self.vec.push_within_capacity(value)
    }

    /// Puts an element before the one at `index`, and moves all from there on one place up.
    ///
    /// Allocates: arena. Time: O(elements behind it).
    ///
    /// # Panics
    ///
    /// If `index` is greater than the length. If the list must grow and the arena refuses; the twin for that is
    /// [`try_insert`](Self::try_insert).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::from(['a', 'c']);
    /// list.insert(1, 'b');
    /// assert_eq!(list, ['a', 'b', 'c']);
    /// ```
    #[track_caller]
    pub fn insert(&mut self, index: usize, value: T) {
        if let Err(error) = self.try_insert(index, value) {
            fail(error.cause, "ArenaVec::try_insert");
        }
    }

    /// Like [`insert`](Self::insert), but gives the value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(elements behind it).
    ///
    /// # Errors
    ///
    /// [`PushError`] with the value and the cause. The list is as it was.
    ///
    /// # Panics
    ///
    /// If `index` is greater than the length.
    #[track_caller]
    pub fn try_insert(&mut self, index: usize, value: T) -> Result<(), PushError<T>> {
        let len = self.len();
        assert!(index <= len, "insertion index (is {index}) should be <= len (is {len})");
        if let Err(cause) = self.make_room() {
            return Err(PushError { value, cause });
        }
        self.vec.insert(index, value);
        Ok(())
    }

    /// Removes the last element and returns it.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::from([1, 2]);
    /// assert_eq!(list.pop(), Some(2));
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.vec.pop()
    }

    /// Removes the last element and returns it, if `pick` returns true for it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn pop_if(&mut self, pick: impl FnOnce(&mut T) -> bool) -> Option<T> {
        if pick(self.last_mut()?) { self.pop() } else { None }
    }

    /// Removes the element at `index`, and moves all behind it one place down.
    ///
    /// Allocates: never. Time: O(elements behind it).
    ///
    /// # Panics
    ///
    /// If there is no such element.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::from([1, 2, 3]);
    /// assert_eq!(list.remove(0), 1);
    /// assert_eq!(list, [2, 3]);
    /// ```
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        let len = self.len();
        assert!(index < len, "removal index (is {index}) should be < len (is {len})");
        self.vec.remove(index)
    }

    /// Removes the element at `index`, and puts the last one in its place.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If there is no such element.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::from([1, 2, 3]);
    /// assert_eq!(list.swap_remove(0), 1);
    /// assert_eq!(list, [3, 2]);
    /// ```
    #[inline]
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> T {
        let len = self.len();
        assert!(index < len, "swap_remove index (is {index}) should be < len (is {len})");
        self.vec.swap_remove(index)
    }
}
