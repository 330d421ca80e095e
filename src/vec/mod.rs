//! The list, [`ArenaVec`], and its iterators.

mod bulk;
mod element;
mod home;
mod iter;
mod traits;

use allocator_api2::vec::Vec;

pub(crate) use self::bulk::bounds;
use self::home::Home;
pub use self::iter::{Drain, IntoIter};
use crate::arena::{Arena, Handle};
use crate::error::{ArenaError, fail};
use crate::stats::ArenaStats;

/// A list whose elements stand in an arena, one behind the other: `Vec` on every [`Handle`].
///
/// It has the names, meanings and panics of `std::vec::Vec`, and its slices through `Deref`. It grows by doubling: in place
/// where its block is the arena's last, else into a block of its exact new size, and the old one is recycled for the
/// next list or map. `Send` and `Sync` are as for maps: see [`Handle`].
///
/// The call that panics where the arena has no memory has a `try_` twin that returns the error, with the value in it.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaVec};
///
/// let arena = Arena::new();
/// let mut list = ArenaVec::new_in(&arena);
/// list.extend([3, 1, 2]);
/// list.sort();
/// assert_eq!(list, [1, 2, 3]);
/// ```
///
/// Lists in a map, all in one arena, for a handler that keeps them across `.await`:
///
/// ```
/// # #[cfg(feature = "std")] {
/// use arenamap::{Arena, ArenaMap, ArenaVec};
///
/// let arena = Arena::new().share();
/// let mut groups = ArenaMap::new_in(arena.clone());
/// for (group, row) in [("a", 1), ("b", 2), ("a", 3)] {
///     groups.entry(group).or_insert_with(|| ArenaVec::new_in(arena.clone())).push(row);
/// }
/// assert_eq!(groups["a"], [1, 3]);
/// # }
/// ```
pub struct ArenaVec<T, H: Handle = Arena> {
    vec: Vec<T, Home<H>>,
}

impl<T> ArenaVec<T> {
    /// An empty list that owns a new arena.
    ///
    /// Allocates: never; arena and block come with the first element. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut list = arenamap::ArenaVec::new();
    /// list.push(1);
    /// ```
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self::new_in(Arena::new())
    }

    /// An empty list with room for `capacity` elements, that owns a new arena.
    ///
    /// Allocates: heap, for the arena and its first chunk. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the heap refuses; the twin is [`try_with_capacity_in`](Self::try_with_capacity_in).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(arenamap::ArenaVec::<u64>::with_capacity(10).capacity(), 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_in(capacity, Arena::new())
    }
}

impl<T, H: Handle> ArenaVec<T, H> {
    /// What a block that grows begins with, in elements.
    const LEAST: usize = match size_of::<T>() {
        0..=1 => 8,
        2..=1024 => 4,
        _ => 1,
    };

    /// An empty list in the given arena.
    ///
    /// Allocates: never; the block comes with the first element. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::new();
    /// let mut list = ArenaVec::new_in(&arena);
    /// list.push(1);
    /// ```
    #[inline]
    pub const fn new_in(handle: H) -> Self {
        Self {
            vec: Vec::new_in(Home::new(handle)),
        }
    }

    /// An empty list with room for exactly `capacity` elements in the given arena.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_with_capacity_in`](Self::try_with_capacity_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::new();
    /// let list = ArenaVec::<u64, _>::with_capacity_in(10, &arena);
    /// assert_eq!((list.capacity(), arena.used()), (10, 80));
    /// ```
    #[inline]
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, handle: H) -> Self {
        match Self::try_with_capacity_in(capacity, handle) {
            Ok(list) => list,
            Err(cause) => fail(cause, "ArenaVec::try_with_capacity_in"),
        }
    }

    /// Like [`with_capacity_in`](Self::with_capacity_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Errors
    ///
    /// What the arena answered: a budget, a heap that refused, or a capacity that no address space holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaError, ArenaVec};
    ///
    /// let arena = Arena::with_budget(64);
    /// let refused = ArenaVec::<u64, _>::try_with_capacity_in(10, &arena);
    /// assert_eq!(refused.unwrap_err(), ArenaError::Budget { needed: 80, left: 64 });
    /// ```
    #[inline]
    pub fn try_with_capacity_in(capacity: usize, handle: H) -> Result<Self, ArenaError> {
        let mut list = Self::new_in(handle);
        list.try_reserve_exact(capacity)?;
        Ok(list)
    }

    /// Number of elements.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn len(&self) -> usize {
        self.vec.len()
    }

    /// True if there are no elements.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.vec.is_empty()
    }

    /// Elements that fit without growing; `usize::MAX` for elements of no size.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn capacity(&self) -> usize {
        self.vec.capacity()
    }

    /// Bytes of the block that this list holds in its arena, as they were asked for: the arena rounds them up to 8.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn allocation_size(&self) -> usize {
        // A list of elements of no size has no block.
        self.capacity().wrapping_mul(size_of::<T>())
    }

    /// All elements.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        self.vec.as_slice()
    }

    /// All elements, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.vec.as_mut_slice()
    }

    /// Makes room for `additional` more elements, or for more, so that the next growth is far.
    ///
    /// Allocates: arena. Time: O(elements), or in O(1) where the block grows in place.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_reserve`](Self::try_reserve).
    #[inline]
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        if let Err(cause) = self.try_reserve(additional) {
            fail(cause, "ArenaVec::try_reserve");
        }
    }

    /// Like [`reserve`](Self::reserve), but returns an error when the arena refuses.
    ///
    /// More than what is needed is only a wish: where it is refused, what is needed is asked for.
    ///
    /// Allocates: arena. Time: O(elements), or in O(1) where the block grows in place.
    ///
    /// # Errors
    ///
    /// What the arena answered. Nothing has changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{ArenaError, ArenaVec};
    ///
    /// let mut list = ArenaVec::<u64>::new();
    /// assert_eq!(list.try_reserve(usize::MAX), Err(ArenaError::CapacityOverflow));
    /// ```
    #[inline]
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), ArenaError> {
        if additional > self.capacity() - self.len() {
            self.grow(additional)
        } else {
            Ok(())
        }
    }

    /// Makes room for exactly `additional` more elements.
    ///
    /// Allocates: arena. Time: O(elements), or in O(1) where the block grows in place.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_reserve_exact`](Self::try_reserve_exact).
    #[inline]
    #[track_caller]
    pub fn reserve_exact(&mut self, additional: usize) {
        if let Err(cause) = self.try_reserve_exact(additional) {
            fail(cause, "ArenaVec::try_reserve_exact");
        }
    }

    /// Like [`reserve_exact`](Self::reserve_exact), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(elements), or in O(1) where the block grows in place.
    ///
    /// # Errors
    ///
    /// What the arena answered. Nothing has changed.
    pub fn try_reserve_exact(&mut self, additional: usize) -> Result<(), ArenaError> {
        if additional > self.capacity() - self.len() {
            let needed = self.needed(additional)?;
            home::resize(&mut self.vec, needed)
        } else {
            Ok(())
        }
    }

    /// Elements that there would be; an error for elements of no size, of which there is room for as many as can be counted.
    fn needed(&self, additional: usize) -> Result<usize, ArenaError> {
        self.len().checked_add(additional).ok_or(ArenaError::CapacityOverflow)
    }

    /// Makes room for more elements than there is room for.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, additional: usize) -> Result<(), ArenaError> {
        let needed = self.needed(additional)?;
        let ample = needed.max(self.capacity().saturating_mul(2)).max(Self::LEAST);
        match home::resize(&mut self.vec, ample) {
            Err(_) if ample > needed => home::resize(&mut self.vec, needed),
            result => result,
        }
    }

    /// Gives back the room that no element uses.
    ///
    /// Where the block is the arena's last, its end goes back; else the elements move into a block of their size, if the
    /// arena has one.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaVec};
    ///
    /// let arena = Arena::new();
    /// let mut list = ArenaVec::with_capacity_in(100, &arena);
    /// list.push(1_u64);
    /// list.shrink_to_fit();
    /// assert_eq!(arena.used(), 8);
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// Gives back the room for more than `min_capacity` elements that no element uses.
    ///
    /// Allocates: arena. Time: O(elements).
    pub fn shrink_to(&mut self, min_capacity: usize) {
        let capacity = min_capacity.max(self.len());
        if size_of::<T>() != 0 && capacity < self.capacity() {
            // Where the arena refuses, which it need not, the list keeps its block.
            let _ = home::resize(&mut self.vec, capacity);
        }
    }

    /// What the arena of this list holds, for all that live in it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn arena_stats(&self) -> ArenaStats {
        self.vec.allocator().held().stats()
    }

    /// Drops every element and gives the arena handle back.
    ///
    /// Allocates: never. Time: O(elements) where elements need drop.
    ///
    /// # Examples
    ///
    /// ```
    /// let list = arenamap::ArenaVec::from([1, 2]);
    /// assert_eq!(list.into_handle().used(), 0);
    /// ```
    pub fn into_handle(self) -> H {
        home::into_handle(self.vec)
    }
}

impl<'a, T> ArenaVec<T, &'a Arena> {
    /// The arena this list was made in.
    ///
    /// Only for borrowed arenas: an owned arena is not reached through its list.
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocator(&self) -> &'a Arena {
        self.vec.allocator().held().peek(|arena| *arena)
    }
}
