//! Methods that touch many elements, or the size of the table.

use core::hash::{BuildHasher, Hash};

use super::{ArenaSet, Drain, ExtractIf, Iter};
use crate::arena::Handle;
use crate::error::{ArenaError, ExtendError};
#[cfg(doc)]
use crate::map::ArenaMap;

impl<T, S, H: Handle> ArenaSet<T, S, H> {
    /// Elements, in no order.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = arenamap::ArenaSet::from([1, 2]);
    /// assert_eq!(set.iter().sum::<i32>(), 3);
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, T, H> {
        Iter { keys: self.map.keys() }
    }

    /// Removes every element and returns them; the blocks stay for the next ones.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
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
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set: arenamap::ArenaSet<u32> = (0..10).collect();
    /// set.retain(|element| element % 2 == 0);
    /// assert_eq!(set.len(), 5);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.map.retain(|element, ()| keep(element));
    }

    /// Removes and returns, one after another, the elements for which `pick` returns true.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
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

    /// Drops every element and keeps the blocks for the next ones.
    ///
    /// Computes in **O(buckets)** control bytes, and **O(elements)** where elements need drop. Allocates: never.
    pub fn clear(&mut self) {
        self.map.clear();
    }
}

impl<T: Eq + Hash, S: BuildHasher, H: Handle> ArenaSet<T, S, H> {
    /// Makes room for `additional` more elements: see [`ArenaMap::reserve`].
    ///
    /// Computes in **O(elements)**. Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_reserve`](Self::try_reserve).
    pub fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional);
    }

    /// Like [`reserve`](Self::reserve), but returns an error when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// What the arena answered. No element is lost; some segments may have grown already.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), ArenaError> {
        self.map.try_reserve(additional)
    }

    /// Gives the arena back what `min_capacity` elements, or the present ones if they are more, do not need.
    ///
    /// Where the smaller block cannot be had, the set stays as it is.
    ///
    /// Computes in **O(elements)**. Allocates: arena, for the smaller block.
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.map.shrink_to(min_capacity);
    }

    /// [`shrink_to`](Self::shrink_to) the present elements.
    ///
    /// Computes in **O(elements)**. Allocates: arena, for the smaller block.
    pub fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
    }

    /// Adds elements until the arena refuses one.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// [`ExtendError`] with the number of elements that went in or were there, the one that did not, and the cause. What
    /// the iterator still holds is lost unless it was passed by `&mut`.
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

    /// A set of the given elements in the given arena.
    ///
    /// Allocates: arena.
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
    pub fn from_iter_in(elements: impl IntoIterator<Item = T>, handle: H) -> Self
    where
        S: Default,
    {
        let mut set = Self::with_hasher_in(S::default(), handle);
        set.extend(elements);
        set
    }

    /// Like [`from_iter_in`](Self::from_iter_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// [`ExtendError`], as [`try_extend`](Self::try_extend); the elements that went in are dropped with the set.
    pub fn try_from_iter_in(elements: impl IntoIterator<Item = T>, handle: H) -> Result<Self, ExtendError<T>>
    where
        S: Default,
    {
        let mut set = Self::with_hasher_in(S::default(), handle);
        set.try_extend(elements)?;
        Ok(set)
    }

    /// A copy of this set in another arena, or in the same one.
    ///
    /// Computes in **O(buckets)**. Allocates: arena.
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
    /// assert_eq!(owned, owned.clone_in(&arena));
    /// ```
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> ArenaSet<T, S, H2>
    where
        T: Clone,
        S: Clone,
    {
        ArenaSet::from(self.map.clone_in(handle))
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// What the arena answered.
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<ArenaSet<T, S, H2>, ArenaError>
    where
        T: Clone,
        S: Clone,
    {
        self.map.try_clone_in(handle).map(ArenaSet::from)
    }
}
