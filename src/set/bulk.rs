//! Methods that touch many elements, or the size of the table.

use core::hash::{BuildHasher, Hash};

use super::{ArenaSet, Drain, ExtractIf, Iter};
use crate::arena::Handle;
use crate::error::{ArenaError, ExtendError, fail_map as fail};
#[cfg(doc)]
use crate::map::ArenaMap;

impl<T, S, H: Handle> ArenaSet<T, S, H> {
    /// Elements, in no order.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = arenamap::ArenaSet::from([1, 2]);
    /// assert_eq!(set.iter().sum::<i32>(), 3);
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { keys: self.map.keys() }
    }

    /// Removes all elements and returns them one by one. The set keeps its memory for the next ones.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::from([1, 2]);
    /// assert_eq!(set.drain().sum::<i32>(), 3);
    /// assert!(set.is_empty());
    /// ```
    #[inline]
    pub fn drain(&mut self) -> Drain<'_, T, H> {
        Drain {
            entries: self.map.drain(),
        }
    }

    /// Keeps the elements for which `keep` returns true, and drops the others.
    ///
    /// If `keep` panics, the elements it has not seen stay.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set: arenamap::ArenaSet<u32> = (0..10).collect();
    /// set.retain(|element| element % 2 == 0);
    /// assert_eq!(set.len(), 5);
    /// ```
    pub fn retain<F: FnMut(&T) -> bool>(&mut self, mut keep: F) {
        self.map.retain(|element, ()| keep(element));
    }

    /// Removes and returns, one after another, the elements for which `pick` returns true.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set: arenamap::ArenaSet<u32> = (0..10).collect();
    /// assert_eq!(set.extract_if(|element| element % 2 == 0).count(), 5);
    /// assert_eq!(set.len(), 5);
    /// ```
    pub fn extract_if<F: FnMut(&T) -> bool>(&mut self, pick: F) -> ExtractIf<'_, T, F, H> {
        ExtractIf::new(&mut self.map, pick)
    }

    /// Drops all elements. The set keeps its memory for the next ones.
    ///
    /// Allocates: never. Time: O(slots), for one byte each; O(elements) more where elements need drop.
    pub fn clear(&mut self) {
        self.map.clear();
    }
}

impl<T: Eq + Hash, S: BuildHasher, H: Handle> ArenaSet<T, S, H> {
    /// Makes room for `additional` more elements: see [`ArenaMap::reserve`].
    ///
    /// Allocates: arena. Time: O(slots).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_reserve`](Self::try_reserve).
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        if let Err(cause) = self.try_reserve(additional) {
            fail(cause, "ArenaSet::try_reserve");
        }
    }

    /// Like [`reserve`](Self::reserve), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(slots).
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory. Nothing has changed.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), ArenaError> {
        self.map.try_reserve(additional)
    }

    /// Moves elements of a set that is growing in steps to its larger table: see [`ArenaMap::settle`].
    ///
    /// Allocates: never. Time: O(`at_most`).
    pub fn settle(&mut self, at_most: usize) -> bool {
        self.map.settle(at_most)
    }

    /// Shrinks the table to what `min_capacity` elements need, or the present ones if they are more.
    ///
    /// If the arena has no memory for the smaller table, the set stays as it is.
    ///
    /// Allocates: arena, for the smaller block. Time: O(elements).
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.map.shrink_to(min_capacity);
    }

    /// Shrinks the table to what the present elements need, as [`shrink_to`](Self::shrink_to).
    ///
    /// Allocates: arena, for the smaller block. Time: O(elements).
    pub fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
    }

    /// Adds elements until the arena refuses one.
    ///
    /// Allocates: arena. Time: O(elements given) on average.
    ///
    /// # Errors
    ///
    /// [`ExtendError`] with the number of elements that went in or were there, the element that did not, and the cause.
    /// The rest of the iterator is dropped with it; to keep it, pass the iterator by `&mut`.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::with_budget(1000);
    /// let mut set = ArenaSet::new_in(&arena);
    /// let error = set.try_extend(0_u64..).unwrap_err();
    /// assert_eq!(error.rejected, set.len() as u64);
    /// ```
    pub fn try_extend(&mut self, elements: impl IntoIterator<Item = T>) -> Result<(), ExtendError<T>> {
        let refused = self.map.try_extend(elements.into_iter().map(|element| (element, ())));
        refused.map_err(|error| ExtendError {
            inserted: error.inserted,
            rejected: error.rejected.0,
            cause: error.cause,
        })
    }

    /// As that of [`ArenaMap`].
    #[cfg(feature = "rkyv")]
    pub(crate) fn make_room_for(&mut self, coming: usize) {
        self.map.make_room_for(coming);
    }

    /// A set of the given elements in the given arena.
    ///
    /// Allocates: arena. Time: O(elements given) on average.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_from_iter_in`](Self::try_from_iter_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::new();
    /// let set: ArenaSet<_, arenamap::DefaultHashBuilder, _> = ArenaSet::from_iter_in([1, 2], &arena);
    /// assert!(set.contains(&1));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn from_iter_in(elements: impl IntoIterator<Item = T>, handle: H) -> Self
    where
        S: Default,
    {
        match Self::try_from_iter_in(elements, handle) {
            Ok(set) => set,
            Err(error) => fail(error.cause, "ArenaSet::try_from_iter_in"),
        }
    }

    /// Like [`from_iter_in`](Self::from_iter_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(elements given) on average.
    ///
    /// # Errors
    ///
    /// [`ExtendError`], as [`try_extend`](Self::try_extend); the elements that went in are dropped with the set.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_from_iter_in(elements: impl IntoIterator<Item = T>, handle: H) -> Result<Self, ExtendError<T>>
    where
        S: Default,
    {
        let mut set = Self::with_hasher_in(S::default(), handle);
        set.try_extend(elements)?;
        Ok(set)
    }
}

impl<T: Clone, S: Clone, H: Handle> ArenaSet<T, S, H> {
    /// A copy of this set in another arena, or in the same one.
    ///
    /// Allocates: arena. Time: O(slots), without hashing: capacity and order stay.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](Self::try_clone_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let owned = ArenaSet::from([1]);
    /// let arena = Arena::new();
    /// assert!(owned.same_elements(&owned.clone_in(&arena)));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> ArenaSet<T, S, H2> {
        match self.try_clone_in(handle) {
            Ok(set) => set,
            Err(cause) => fail(cause, "ArenaSet::try_clone_in"),
        }
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(slots), without hashing.
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<ArenaSet<T, S, H2>, ArenaError> {
        self.map.try_clone_in(handle).map(ArenaSet::from)
    }

    /// Makes this set a copy of another one. It stays in its own arena and, if the copy fits, in its own block.
    ///
    /// Allocates: arena. Time: O(slots), without hashing.
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory. The set is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::with_budget(200);
    /// let mut copy = ArenaSet::new_in(&arena);
    /// copy.try_clone_from(&ArenaSet::from([1])).unwrap();
    /// let large: ArenaSet<i32> = (0..100).collect();
    /// assert!(copy.try_clone_from(&large).is_err());
    /// assert!(copy.contains(&1));
    /// ```
    pub fn try_clone_from<H2: Handle>(&mut self, source: &ArenaSet<T, S, H2>) -> Result<(), ArenaError> {
        self.map.try_clone_from(&source.map)
    }
}
