//! Ways to make a map.

use super::{ArenaMap, DefaultHashBuilder, MapBuilder, SizeHint};
use crate::arena::{Arena, Handle, Held};
use crate::error::ArenaError;
use crate::observe::watch::Kind;
use crate::table::Table;

impl<K, V> ArenaMap<K, V> {
    /// An empty map that owns a new arena.
    ///
    /// Allocates: never; arena and table come with the first entry. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::ArenaMap::new();
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
    /// let map = arenamap::ArenaMap::<u64, u64>::with_capacity(100);
    /// assert!(map.capacity() >= 100);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_in(capacity, Arena::new())
    }
}

impl<K, V, H: Handle> ArenaMap<K, V, DefaultHashBuilder, H> {
    /// An empty map in the given arena.
    ///
    /// Allocates: never; the table comes with the first entry. Time: O(1).
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
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = ArenaMap::with_capacity_in(14, &arena);
    /// map.extend((0..14).map(|n| (n, n)));
    /// assert_eq!(map.capacity(), 14);
    /// ```
    #[must_use]
    #[inline(always)] // see `MapBuilder::build_in`
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
    /// use arenamap::{Arena, ArenaError, ArenaMap};
    ///
    /// let arena = Arena::with_budget(1000);
    /// let refused = ArenaMap::<u64, u64, _, _>::try_with_capacity_in(1000, &arena);
    /// assert!(matches!(refused, Err(ArenaError::Budget { left: 1000, .. })));
    /// ```
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_with_capacity_in(capacity: usize, handle: H) -> Result<Self, ArenaError> {
        MapBuilder::new().capacity(capacity).try_build_in(handle)
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
    /// use arenamap::{ArenaMap, SizeHint};
    ///
    /// static HINT: SizeHint = SizeHint::new();
    /// drop(ArenaMap::with_hint_in(&HINT, arenamap::Arena::new()).insert(1, 1));
    /// ```
    #[must_use]
    #[inline(always)] // see `MapBuilder::build_in`
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn with_hint_in(hint: &'static SizeHint, handle: H) -> Self {
        MapBuilder::new().hint(hint).build_in(handle)
    }
}

impl<K, V> ArenaMap<K, V> {
    /// A builder, for options that no constructor takes together: hasher, hint, capacity.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let map: ArenaMap<u64, u64, _, _> = ArenaMap::builder().capacity(100).build_in(&arena);
    /// assert_eq!(map.capacity(), 112);
    /// ```
    #[must_use]
    pub fn builder() -> MapBuilder<K, V> {
        MapBuilder::new()
    }
}

impl<K, V, S> ArenaMap<K, V, S> {
    /// An empty map with the given hasher, that owns a new arena.
    ///
    /// Allocates: never; arena and table come with the first entry. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::<u64, u64, _>::with_hasher(std::hash::RandomState::new());
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
    #[track_caller]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> Self {
        Self::with_capacity_and_hasher_in(capacity, hash_builder, Arena::new())
    }
}

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// An empty map with the given hasher in the given arena.
    ///
    /// Allocates: never. Time: O(1).
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
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn with_hasher_in(hash_builder: S, handle: H) -> Self {
        Self {
            table: Table::new(Held::new(handle), Kind::ArenaMap),
            hash_builder,
        }
    }

    /// The same, for a face of another type.
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub(crate) const fn of_kind(hash_builder: S, handle: H, kind: Kind) -> Self {
        Self {
            table: Table::new(Held::new(handle), kind),
            hash_builder,
        }
    }

    /// An empty map with room for `capacity` entries and the given hasher in the given arena.
    ///
    /// Allocates: arena. Time: O(capacity).
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
    #[must_use]
    #[inline(always)] // see `MapBuilder::build_in`
    #[track_caller]
    pub fn with_capacity_and_hasher_in(capacity: usize, hash_builder: S, handle: H) -> Self {
        MapBuilder::with_hasher(hash_builder)
            .capacity(capacity)
            .build_in(handle)
    }
}
