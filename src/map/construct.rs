//! Ways to make a map.

use super::core::Core;
use super::{ArenaMap, DefaultHashBuilder, Growth, MapBuilder, SizeHint};
use crate::arena::{Arena, Handle, Held, Raw};
use crate::error::ArenaError;

impl<K, V> ArenaMap<K, V> {
    /// An empty map that owns a new arena.
    ///
    /// Allocates: heap, once, for the arena itself; the table comes with the first entry.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::ArenaMap::new();
    /// map.insert("key", 1);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::new_in(Arena::new())
    }

    /// An empty map with room for `capacity` entries, that owns a new arena.
    ///
    /// Allocates: heap, for the arena and its first chunk.
    ///
    /// # Panics
    ///
    /// If the heap refuses; the twin is [`try_with_capacity_in`](Self::try_with_capacity_in).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::<u64, u64>::with_capacity(100);
    /// assert!(map.capacity() >= 100);
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_in(capacity, Arena::new())
    }
}

impl<K, V, H: Handle> ArenaMap<K, V, DefaultHashBuilder, H> {
    /// An empty map in the given arena.
    ///
    /// Allocates: never; the table comes with the first entry.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = ArenaMap::new_in(&arena);
    /// map.insert(arena.alloc_str("key"), 1); // keys may live in the same arena
    /// ```
    #[inline]
    pub fn new_in(handle: H) -> Self {
        Self::with_hasher_in(DefaultHashBuilder::default(), handle)
    }

    /// An empty map with room for `capacity` entries in the given arena.
    ///
    /// Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_with_capacity_in`](Self::try_with_capacity_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = ArenaMap::with_capacity_in(7, &arena);
    /// map.extend((0..7).map(|n| (n, n)));
    /// assert_eq!(map.capacity(), 7);
    /// ```
    #[inline(always)] // see `MapBuilder::build_in`
    pub fn with_capacity_in(capacity: usize, handle: H) -> Self {
        Self::with_capacity_and_hasher_in(capacity, DefaultHashBuilder::default(), handle)
    }

    /// Like [`with_capacity_in`](Self::with_capacity_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// What the arena answered: a budget, a heap that refused, or a capacity that no address space holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaError, ArenaMap};
    ///
    /// let arena = Arena::with_budget(1000);
    /// let refused = ArenaMap::<u64, u64, _, _>::try_with_capacity_in(1000, &arena);
    /// assert!(matches!(refused, Err(ArenaError::Budget { left: 1000, .. })));
    /// ```
    #[inline]
    pub fn try_with_capacity_in(capacity: usize, handle: H) -> Result<Self, ArenaError> {
        MapBuilder::new().capacity(capacity).try_build_in(handle)
    }

    /// An empty map as large as most of its predecessors became.
    ///
    /// Starts empty where the arena cannot give that much. See [`SizeHint`].
    ///
    /// Allocates: arena.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{ArenaMap, SizeHint};
    ///
    /// static HINT: SizeHint = SizeHint::new();
    /// drop(ArenaMap::with_hint_in(&HINT, arenamap::Arena::new()).insert(1, 1));
    /// ```
    #[inline(always)] // see `MapBuilder::build_in`
    pub fn with_hint_in(hint: &'static SizeHint, handle: H) -> Self {
        MapBuilder::new().hint(hint).build_in(handle)
    }
}

impl<K, V> ArenaMap<K, V> {
    /// Options that the constructors do not take: growth mode, hasher, hint, capacity.
    ///
    /// Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap, Growth};
    ///
    /// let arena = Arena::new();
    /// let map: ArenaMap<u64, u64, _, _> = ArenaMap::builder().growth(Growth::Flat).capacity(100).build_in(&arena);
    /// assert_eq!(map.growth(), Growth::Flat);
    /// ```
    #[must_use]
    pub fn builder() -> MapBuilder<K, V> {
        MapBuilder::new()
    }
}

impl<K, V, S> ArenaMap<K, V, S> {
    /// An empty map with the given hasher, that owns a new arena.
    ///
    /// Allocates: heap, once, for the arena itself.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::<u64, u64, _>::with_hasher(std::hash::RandomState::new());
    /// assert!(map.is_empty());
    /// ```
    #[must_use]
    pub fn with_hasher(hash_builder: S) -> Self {
        Self::with_hasher_in(hash_builder, Arena::new())
    }

    /// An empty map with room for `capacity` entries and the given hasher, that owns a new arena.
    ///
    /// Allocates: heap, for the arena and its first chunk.
    ///
    /// # Panics
    ///
    /// If the heap refuses.
    ///
    /// # Examples
    ///
    /// ```
    /// let hasher = std::hash::RandomState::new();
    /// let map = arenamap::ArenaMap::<u64, u64, _>::with_capacity_and_hasher(10, hasher);
    /// assert!(map.capacity() >= 10);
    /// ```
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> Self {
        Self::with_capacity_and_hasher_in(capacity, hash_builder, Arena::new())
    }
}

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// An empty map with the given hasher in the given arena.
    ///
    /// Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = ArenaMap::with_hasher_in(std::hash::RandomState::new(), &arena);
    /// map.insert(1, 2);
    /// ```
    #[inline(always)] // see `MapBuilder::build_in`
    pub fn with_hasher_in(hash_builder: S, handle: H) -> Self {
        Self {
            core: Core::new(Raw::new(&handle), Growth::Segmented),
            hash_builder,
            handle: Held::new(handle),
        }
    }

    /// An empty map with room for `capacity` entries and the given hasher in the given arena.
    ///
    /// Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`MapBuilder::try_build_in`].
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = ArenaMap::with_capacity_and_hasher_in(10, std::hash::RandomState::new(), &arena);
    /// map.insert(1, 2);
    /// ```
    #[inline(always)] // see `MapBuilder::build_in`
    pub fn with_capacity_and_hasher_in(capacity: usize, hash_builder: S, handle: H) -> Self {
        MapBuilder::with_hasher(hash_builder)
            .capacity(capacity)
            .build_in(handle)
    }
}
