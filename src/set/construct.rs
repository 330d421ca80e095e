//! Ways to make a set.

use super::ArenaSet;
use crate::arena::{Arena, Handle};
use crate::error::ArenaError;
use crate::map::{ArenaMap, DefaultHashBuilder, SizeHint};
use crate::observe::watch::Kind;

impl<T> ArenaSet<T> {
    /// An empty set that owns a new arena.
    ///
    /// Allocates: never; arena and table come with the first element. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::new();
    /// assert!(set.insert(1));
    /// ```
    #[must_use]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn new() -> Self {
        Self::new_in(Arena::new())
    }

    /// An empty set with room for `capacity` elements, that owns a new arena.
    ///
    /// Allocates: heap, for the arena and its first chunk. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the heap refuses; the twin is [`try_with_capacity_in`](Self::try_with_capacity_in).
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(arenamap::ArenaSet::<u64>::with_capacity(100).capacity() >= 100);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_in(capacity, Arena::new())
    }
}

impl<T, H: Handle> ArenaSet<T, DefaultHashBuilder, H> {
    /// An empty set in the given arena.
    ///
    /// Allocates: never; the table comes with the first element. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::new();
    /// let mut set = ArenaSet::new_in(&arena);
    /// set.insert(1);
    /// ```
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn new_in(handle: H) -> Self {
        Self::from(ArenaMap::new_in(handle))
    }

    /// An empty set with room for `capacity` elements in the given arena.
    ///
    /// Allocates: arena. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_with_capacity_in`](Self::try_with_capacity_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::new();
    /// let set = ArenaSet::<u64, _, _>::with_capacity_in(14, &arena);
    /// assert_eq!(set.capacity(), 14);
    /// ```
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, handle: H) -> Self {
        Self::from(ArenaMap::with_capacity_in(capacity, handle))
    }

    /// Like [`with_capacity_in`](Self::with_capacity_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// [`ArenaError`]: the budget is used up, the heap refused, or the capacity is too large for the address space.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaError, ArenaSet};
    ///
    /// let arena = Arena::with_budget(1000);
    /// let refused = ArenaSet::<u64, _, _>::try_with_capacity_in(1000, &arena);
    /// assert!(matches!(refused, Err(ArenaError::Budget { left: 1000, .. })));
    /// ```
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_with_capacity_in(capacity: usize, handle: H) -> Result<Self, ArenaError> {
        Ok(Self::from(ArenaMap::try_with_capacity_in(capacity, handle)?))
    }

    /// An empty set with the capacity that most earlier sets of this hint reached.
    ///
    /// If the arena cannot spare that much, the map starts small. See [`SizeHint`].
    ///
    /// Allocates: arena. Time: O(capacity of the hint).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet, SizeHint};
    ///
    /// static HINT: SizeHint = SizeHint::new();
    /// drop(ArenaSet::with_hint_in(&HINT, Arena::new()).insert(1));
    /// assert_eq!(HINT.capacity(), 1);
    /// ```
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn with_hint_in(hint: &'static SizeHint, handle: H) -> Self {
        Self::from(ArenaMap::with_hint_in(hint, handle))
    }
}

impl<T, S> ArenaSet<T, S> {
    /// An empty set with the given hasher, that owns a new arena.
    ///
    /// Allocates: never; arena and table come with the first element. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = arenamap::ArenaSet::<u64, _>::with_hasher(std::hash::RandomState::new());
    /// assert!(set.is_empty());
    /// ```
    #[must_use]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn with_hasher(hash_builder: S) -> Self {
        Self::with_hasher_in(hash_builder, Arena::new())
    }

    /// An empty set with room for `capacity` elements and the given hasher, that owns a new arena.
    ///
    /// Allocates: heap, for the arena and its first chunk. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the heap refuses; the twin is [`MapBuilder::try_build_in`](crate::hash_map::MapBuilder::try_build_in).
    ///
    /// # Examples
    ///
    /// ```
    /// let hasher = std::hash::RandomState::new();
    /// let set = arenamap::ArenaSet::<u64, _>::with_capacity_and_hasher(10, hasher);
    /// assert!(set.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> Self {
        Self::with_capacity_and_hasher_in(capacity, hash_builder, Arena::new())
    }
}

impl<T, S, H: Handle> ArenaSet<T, S, H> {
    /// An empty set with the given hasher, in the given arena.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::new();
    /// let mut set = ArenaSet::with_hasher_in(std::hash::RandomState::new(), &arena);
    /// set.insert(1);
    /// ```
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn with_hasher_in(hash_builder: S, handle: H) -> Self {
        Self {
            map: ArenaMap::of_kind(hash_builder, handle, Kind::ArenaSet),
        }
    }

    /// An empty set with room for `capacity` elements and the given hasher, in the given arena.
    ///
    /// Allocates: arena. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`MapBuilder::try_build_in`](crate::hash_map::MapBuilder::try_build_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::new();
    /// let mut set = ArenaSet::with_capacity_and_hasher_in(10, std::hash::RandomState::new(), &arena);
    /// set.insert(1);
    /// ```
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn with_capacity_and_hasher_in(capacity: usize, hash_builder: S, handle: H) -> Self {
        Self::from(ArenaMap::with_capacity_and_hasher_in(capacity, hash_builder, handle))
    }
}
