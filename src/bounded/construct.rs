//! Constructors and settings of [`BoundedMap`].

use super::core::Core;
use super::{BoundedMap, BoundedStats, Bounds, Lifetime};
use crate::arena::{Arena, Handle, Held};
use crate::error::{ArenaError, fail};
use crate::map::DefaultHashBuilder;
use crate::stats::ArenaStats;

impl<K, V> BoundedMap<K, V> {
    /// An empty map with these bounds, that owns a new arena.
    ///
    /// Allocates: heap: the map, and nothing later. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the memory is refused; the twin is [`try_new`](Self::try_new).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(2);
    /// map.insert("a", 1, 0);
    /// map.insert("b", 2, 0);
    /// map.insert("c", 3, 0); // "b" goes, the newest that was not used
    /// assert_eq!((map.len(), map.get("b", 0)), (2, None));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new(bounds: impl Into<Bounds>) -> Self {
        match Self::try_new(bounds) {
            Ok(map) => map,
            Err(error) => fail(error, "BoundedMap::try_new"),
        }
    }

    /// Like [`new`](Self::new), but returns an error when the memory is refused.
    ///
    /// Allocates: heap: the map, and nothing later. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// [`ArenaError`]: the heap refused the block, or it does not fit the address space.
    ///
    /// ```
    /// assert!(arenamap::BoundedMap::<u64, u64>::try_new(usize::MAX).is_err());
    /// ```
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_new(bounds: impl Into<Bounds>) -> Result<Self, ArenaError> {
        Self::try_new_in(bounds, Arena::new())
    }
}

impl<K, V, S> BoundedMap<K, V, S> {
    /// An empty map with these bounds and this hasher, that owns a new arena.
    ///
    /// Allocates: heap: the map, and nothing later. Time: O(capacity).
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

impl<K, V, H: Handle> BoundedMap<K, V, DefaultHashBuilder, H> {
    /// An empty map with these bounds, in the given arena.
    ///
    /// Allocates: arena: the map, and nothing later. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_new_in`](Self::try_new_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, BoundedMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = BoundedMap::new_in(100, &arena);
    /// map.insert(1, "one", 0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new_in(bounds: impl Into<Bounds>, handle: H) -> Self {
        Self::with_hasher_in(bounds, DefaultHashBuilder::default(), handle)
    }

    /// Like [`new_in`](Self::new_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena: the map, and nothing later. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// The error of the arena. ([`bytes_for`](BoundedMap::bytes_for) says what the map needs.)
    ///
    /// ```
    /// use arenamap::{Arena, BoundedMap};
    ///
    /// let arena = Arena::with_budget(1_000);
    /// assert!(BoundedMap::<u64, u64, _, _>::try_new_in(100, &arena).is_err());
    /// assert!(BoundedMap::<u64, u64, _, _>::try_new_in(10, &arena).is_ok());
    /// ```
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_new_in(bounds: impl Into<Bounds>, handle: H) -> Result<Self, ArenaError> {
        Self::try_with_hasher_in(bounds, DefaultHashBuilder::default(), handle)
    }
}

impl<K, V, S, H: Handle> BoundedMap<K, V, S, H> {
    /// What the registry knows it by.
    #[cfg(feature = "registry")]
    pub(crate) const fn watch_mut(&mut self) -> &mut crate::observe::watch::Watch {
        &mut self.core.watch
    }

    /// An empty map with these bounds and this hasher, in the given arena.
    ///
    /// Allocates: arena: the map, and nothing later. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_with_hasher_in`](Self::try_with_hasher_in).
    #[must_use]
    #[track_caller]
    pub fn with_hasher_in(bounds: impl Into<Bounds>, hash_builder: S, handle: H) -> Self {
        match Self::try_with_hasher_in(bounds, hash_builder, handle) {
            Ok(map) => map,
            Err(error) => fail(error, "BoundedMap::try_with_hasher_in"),
        }
    }

    /// Like [`with_hasher_in`](Self::with_hasher_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena: the map, and nothing later. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// The error of the arena.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_with_hasher_in(bounds: impl Into<Bounds>, hash_builder: S, handle: H) -> Result<Self, ArenaError> {
        let core = Core::try_new(bounds.into(), Held::new(handle))?;
        Ok(Self { core, hash_builder })
    }

    /// Bytes that a map with these bounds takes of its arena; `None` if there can be no such map.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let bytes = arenamap::BoundedMap::<u64, u64>::bytes_for(1_000_000).unwrap();
    /// assert!(bytes / 1_000_000 <= 8 + 8 + 1 + 16); // key, value, tag, and all the rest
    /// ```
    #[must_use]
    pub fn bytes_for(bounds: impl Into<Bounds>) -> Option<usize> {
        Core::<(K, V), H>::bytes_for(bounds.into())
    }

    /// How long entries live that are written from now on, unless their [`Terms`](super::Terms) say otherwise.
    ///
    /// Entries that are there already keep their deadlines, but for those of [`Lifetime::SinceUse`]: these stop moving if
    /// another kind of lifetime is set, and move by the new time if it is of the same kind.
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

    /// Says that it is `now`, whatever the map was told before: the way out when a time far ahead was given by mistake, or a clock was
    /// set back.
    ///
    /// Each entry keeps the ticks that it has left by the latest time that the map was told: what was over stays over. So nothing that a lookup did not find
    /// comes back, and what was written under the wrong time ends when it should. It also begins the 2^48 ticks anew.
    ///
    /// Allocates: never. Time: O(capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedMap::new(10);
    /// map.insert_for("a", 1, 60, 1_000);
    /// map.insert_for("b", 2, 60, 9_000_000); // by mistake: for the map, it is 9,000,000 from now on
    /// assert_eq!(map.get("b", 1_001), Some(&2));
    /// map.set_clock(1_001);
    /// assert_eq!(map.deadline("b"), Some(1_061));
    /// assert_eq!(map.get("b", 1_061), None);
    /// assert_eq!(map.get("a", 1_001), None); // its time was over at 9,000,000
    /// ```
    pub fn set_clock(&mut self, now: u64) {
        self.core.set_clock(now);
    }

    /// The most entries that the map holds.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
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
    #[inline]
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// True if there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
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
    #[inline]
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
    /// Allocates: never. Time: O(capacity) where keys or values need drop, else O(1).
    pub fn into_handle(self) -> H {
        self.core.into_handle()
    }
}

impl<'a, K, V, S> BoundedMap<K, V, S, &'a Arena> {
    /// The arena this map was made in.
    ///
    /// Only for borrowed arenas. To get another one out of its map, use [`into_handle`](Self::into_handle).
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocator(&self) -> &'a Arena {
        self.core.handle().peek(|arena| *arena)
    }
}
