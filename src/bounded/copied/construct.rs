//! Constructors and settings of [`BoundedCopiedMap`].

use super::super::core::Core;
use super::super::{BoundedStats, Bounds, Lifetime};
use super::{BoundedCopiedMap, Pair};
use crate::arena::{Arena, Handle, Held};
use crate::copied::CopiedKey;
use crate::error::{ArenaError, fail};
use crate::map::DefaultHashBuilder;
use crate::stats::ArenaStats;

impl<Q: CopiedKey + ?Sized, V> BoundedCopiedMap<Q, V> {
    /// An empty map with these bounds, that owns a new arena.
    ///
    /// Allocates: heap: the map, and what the arena takes for long keys. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the memory is refused; the twin is [`try_new`](Self::try_new).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedStrMap::new(100);
    /// map.insert("a", 1, 0);
    /// assert_eq!(map.get("a", 0), Some(&1));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new(bounds: impl Into<Bounds>) -> Self {
        match Self::try_new(bounds) {
            Ok(map) => map,
            Err(error) => fail(error, "BoundedCopiedMap::try_new"),
        }
    }

    /// Like [`new`](Self::new), but returns an error when the memory is refused.
    ///
    /// Allocates: heap: the map, and what the arena takes for long keys. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// [`ArenaError`]: the heap refused the block, or it does not fit the address space.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_new(bounds: impl Into<Bounds>) -> Result<Self, ArenaError> {
        Self::try_new_in(bounds, Arena::new())
    }
}

impl<Q: CopiedKey + ?Sized, V, S> BoundedCopiedMap<Q, V, S> {
    /// An empty map with these bounds and this hasher, that owns a new arena.
    ///
    /// Allocates: heap: the map, and what the arena takes for long keys. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the memory is refused; the twin is [`try_with_hasher_in`](Self::try_with_hasher_in).
    #[must_use]
    #[track_caller]
    pub fn with_hasher(bounds: impl Into<Bounds>, hash_builder: S) -> Self {
        Self::with_hasher_in(bounds, hash_builder, Arena::new())
    }
}

impl<Q: CopiedKey + ?Sized, V, H: Handle> BoundedCopiedMap<Q, V, DefaultHashBuilder, H> {
    /// An empty map with these bounds, in the given arena.
    ///
    /// Allocates: arena: the map. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_new_in`](Self::try_new_in).
    #[must_use]
    #[track_caller]
    pub fn new_in(bounds: impl Into<Bounds>, handle: H) -> Self {
        Self::with_hasher_in(bounds, DefaultHashBuilder::default(), handle)
    }

    /// Like [`new_in`](Self::new_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena: the map. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// The error of the arena.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_new_in(bounds: impl Into<Bounds>, handle: H) -> Result<Self, ArenaError> {
        Self::try_with_hasher_in(bounds, DefaultHashBuilder::default(), handle)
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    /// What the registry knows it by.
    #[cfg(feature = "registry")]
    pub(crate) const fn watch_mut(&mut self) -> &mut crate::observe::watch::Watch {
        &mut self.core.watch
    }

    /// An empty map with these bounds and this hasher, in the given arena.
    ///
    /// Allocates: arena: the map. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_with_hasher_in`](Self::try_with_hasher_in).
    #[must_use]
    #[track_caller]
    pub fn with_hasher_in(bounds: impl Into<Bounds>, hash_builder: S, handle: H) -> Self {
        match Self::try_with_hasher_in(bounds, hash_builder, handle) {
            Ok(map) => map,
            Err(error) => fail(error, "BoundedCopiedMap::try_with_hasher_in"),
        }
    }

    /// Like [`with_hasher_in`](Self::with_hasher_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena: the map. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// The error of the arena.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_with_hasher_in(bounds: impl Into<Bounds>, hash_builder: S, handle: H) -> Result<Self, ArenaError> {
        let core = Core::try_new(bounds.into(), Held::new(handle))?;
        Ok(Self { core, hash_builder })
    }

    /// Bytes that a map with these bounds takes of its arena, without long keys; `None` if there can be no such map.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn bytes_for(bounds: impl Into<Bounds>) -> Option<usize> {
        Core::<Pair<Q, V>, H>::bytes_for(bounds.into())
    }

    /// How long entries live that are written from now on: see [`BoundedMap::set_lifetime`](super::super::BoundedMap::set_lifetime).
    ///
    /// Allocates: never. Time: O(1).
    pub fn set_lifetime(&mut self, lifetime: Lifetime) {
        self.core.set_lifetime(lifetime);
    }

    /// How long entries live that are written now.
    ///
    /// Allocates: never. Time: O(1).
    pub fn lifetime(&self) -> Lifetime {
        self.core.lifetime()
    }

    /// The latest time that the map was told; `None` before the first call that tells one.
    ///
    /// Allocates: never. Time: O(1).
    pub fn clock(&self) -> Option<u64> {
        self.core.clock()
    }

    /// Says that it is `now`, whatever the map was told before: see [`BoundedMap::set_clock`](super::super::BoundedMap::set_clock).
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn set_clock(&mut self, now: u64) {
        self.core.set_clock(now);
    }

    /// The most entries that the map holds.
    ///
    /// Allocates: never. Time: O(1).
    pub fn capacity(&self) -> usize {
        self.core.bounds().entries
    }

    /// The most weight that the map holds, if entries have weights.
    ///
    /// Allocates: never. Time: O(1).
    pub fn max_weight(&self) -> Option<u64> {
        self.core.bounds().weight
    }

    /// The sum of the weights of all entries; their number, if they have none.
    ///
    /// Allocates: never. Time: O(1).
    pub fn weight(&self) -> u64 {
        self.core.weight()
    }

    /// Number of entries, those included that have expired and were not taken out yet.
    ///
    /// Allocates: never. Time: O(1).
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// True if there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    pub fn is_empty(&self) -> bool {
        self.core.len() == 0
    }

    /// What was counted.
    ///
    /// Allocates: never. Time: O(1).
    pub fn stats(&self) -> BoundedStats {
        self.core.stats()
    }

    /// Counts from 0 again.
    ///
    /// Allocates: never. Time: O(1).
    pub fn reset_stats(&mut self) {
        *self.core.stats_mut() = BoundedStats::default();
    }

    /// The hasher.
    ///
    /// Allocates: never. Time: O(1).
    pub fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// The numbers of the arena of this map. Everything else that lives in this arena is counted, too.
    ///
    /// Allocates: never. Time: O(1).
    pub fn arena_stats(&self) -> ArenaStats {
        self.core.handle().stats()
    }

    /// Drops every entry and gives the arena handle back.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn into_handle(self) -> H {
        self.core.into_handle()
    }
}

impl<'a, Q: CopiedKey + ?Sized, V, S> BoundedCopiedMap<Q, V, S, &'a Arena> {
    /// The arena this map was made in.
    ///
    /// Only for borrowed arenas. To get another one out of its map, use [`into_handle`](Self::into_handle).
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocator(&self) -> &'a Arena {
        self.core.handle().peek(|arena| *arena)
    }
}
