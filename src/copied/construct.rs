//! Ways to make a map.

use super::{CopiedKey, CopiedMap, CopiedMapBuilder, DefaultHashBuilder, SizeHint};
use crate::arena::{Arena, Handle};
use crate::error::ArenaError;
use crate::map::ArenaMap;
use crate::observe::watch::Kind;

impl<Q: CopiedKey + ?Sized, V> CopiedMap<Q, V> {
    /// An empty map that owns a new arena.
    ///
    /// Allocates: never; arena and table come with the first entry. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::new();
    /// map.insert("key", 1);
    /// ```
    #[must_use]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn new() -> Self {
        Self::new_in(Arena::new())
    }

    /// An empty map with room for `capacity` entries, that owns a new arena.
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
    /// let map = arenamap::StrMap::<u64>::with_capacity(100);
    /// assert!(map.capacity() >= 100);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_in(capacity, Arena::new())
    }

    /// A builder, for options that no constructor takes together: hasher, hint, capacity.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::new();
    /// let map: StrMap<u64, _, _> = StrMap::builder().capacity(100).build_in(&arena);
    /// assert_eq!(map.capacity(), 112);
    /// ```
    #[must_use]
    pub fn builder() -> CopiedMapBuilder<Q, V> {
        CopiedMapBuilder::new()
    }
}

impl<Q: CopiedKey + ?Sized, V, H: Handle> CopiedMap<Q, V, DefaultHashBuilder, H> {
    /// An empty map in the given arena.
    ///
    /// Allocates: never; the table comes with the first entry. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = StrMap::new_in(&arena);
    /// map.insert("key", 1);
    /// ```
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn new_in(handle: H) -> Self {
        Self::with_hasher_in(DefaultHashBuilder::default(), handle)
    }

    /// An empty map with room for `capacity` entries in the given arena.
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
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::new();
    /// let map = StrMap::<u32, _, _>::with_capacity_in(14, &arena);
    /// assert_eq!(map.capacity(), 14);
    /// ```
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, handle: H) -> Self {
        Self::with_capacity_and_hasher_in(capacity, DefaultHashBuilder::default(), handle)
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
    /// use arenamap::{Arena, ArenaError, StrMap};
    ///
    /// let arena = Arena::with_budget(1000);
    /// let refused = StrMap::<u64, _, _>::try_with_capacity_in(1000, &arena);
    /// assert!(matches!(refused, Err(ArenaError::Budget { left: 1000, .. })));
    /// ```
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_with_capacity_in(capacity: usize, handle: H) -> Result<Self, ArenaError> {
        CopiedMapBuilder::new().capacity(capacity).try_build_in(handle)
    }

    /// An empty map with the capacity that most earlier maps of this hint reached.
    ///
    /// If the arena cannot spare that much, the map starts small. See [`SizeHint`].
    ///
    /// Allocates: arena. Time: O(capacity of the hint).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, SizeHint, StrMap};
    ///
    /// static HINT: SizeHint = SizeHint::new();
    /// drop(StrMap::with_hint_in(&HINT, Arena::new()).insert("key", 1));
    /// assert_eq!(HINT.capacity(), 1);
    /// ```
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn with_hint_in(hint: &'static SizeHint, handle: H) -> Self {
        CopiedMapBuilder::new().hint(hint).build_in(handle)
    }
}

impl<Q: CopiedKey + ?Sized, V, S> CopiedMap<Q, V, S> {
    /// An empty map with the given hasher, that owns a new arena.
    ///
    /// Allocates: never; arena and table come with the first entry. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::<u64, _>::with_hasher(std::hash::RandomState::new());
    /// assert!(map.is_empty());
    /// ```
    #[must_use]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn with_hasher(hash_builder: S) -> Self {
        Self::with_hasher_in(hash_builder, Arena::new())
    }

    /// An empty map with room for `capacity` entries and the given hasher, that owns a new arena.
    ///
    /// Allocates: heap, for the arena and its first chunk. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the heap refuses; the twin is [`CopiedMapBuilder::try_build_in`].
    ///
    /// # Examples
    ///
    /// ```
    /// let hasher = std::hash::RandomState::new();
    /// let map = arenamap::StrMap::<u64, _, _>::with_capacity_and_hasher(10, hasher);
    /// assert!(map.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> Self {
        Self::with_capacity_and_hasher_in(capacity, hash_builder, Arena::new())
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> CopiedMap<Q, V, S, H> {
    /// An empty map with the given hasher, in the given arena.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = StrMap::with_hasher_in(std::hash::RandomState::new(), &arena);
    /// map.insert("key", 1);
    /// ```
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn with_hasher_in(hash_builder: S, handle: H) -> Self {
        Self {
            map: ArenaMap::of_kind(hash_builder, handle, Kind::CopiedMap),
        }
    }

    /// An empty map with room for `capacity` entries and the given hasher, in the given arena.
    ///
    /// Allocates: arena. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`CopiedMapBuilder::try_build_in`].
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = StrMap::with_capacity_and_hasher_in(10, std::hash::RandomState::new(), &arena);
    /// map.insert("key", 1);
    /// ```
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn with_capacity_and_hasher_in(capacity: usize, hash_builder: S, handle: H) -> Self {
        CopiedMapBuilder::with_hasher(hash_builder)
            .capacity(capacity)
            .build_in(handle)
    }
}
