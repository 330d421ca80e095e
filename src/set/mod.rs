//! The set, [`ArenaSet`], and its iterators.

mod bulk;
mod element;
mod iter;
mod ops;
mod traits;

pub use self::iter::{Drain, ExtractIf, IntoIter, Iter};
pub use self::ops::{Difference, Intersection, SymmetricDifference, Union};
use crate::arena::{Arena, Handle};
use crate::error::ArenaError;
use crate::map::{ArenaMap, DefaultHashBuilder, Growth, SizeHint};
use crate::stats::{ArenaStats, MapStats};

/// A hash set whose table lives in an [`Arena`]: an [`ArenaMap`] without values.
///
/// It works on every [`Handle`], grows as the map does, and has the names, meanings and panics of `hashbrown::HashSet`.
/// What the constructors do not take, [`ArenaMap::builder`] does: a map of `()` values becomes a set by `From`.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaSet};
///
/// let arena = Arena::new();
/// let mut seen = ArenaSet::new_in(&arena);
/// let repeated: Vec<_> = "a b a".split(' ').filter(|word| !seen.insert(*word)).collect();
/// assert_eq!(repeated, ["a"]);
/// ```
///
/// ```
/// use arenamap::{ArenaMap, ArenaSet, Growth};
///
/// let set = ArenaSet::from(ArenaMap::<u64, ()>::builder().growth(Growth::Flat).build_in(arenamap::Arena::new()));
/// assert_eq!(set.growth(), Growth::Flat);
/// ```
pub struct ArenaSet<T, S = DefaultHashBuilder, H: Handle = Arena> {
    map: ArenaMap<T, (), S, H>,
}

impl<T> ArenaSet<T> {
    /// An empty set that owns a new arena.
    ///
    /// Allocates: heap, once, for the arena itself; the table comes with the first element.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = arenamap::ArenaSet::new();
    /// assert!(set.insert(1));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::new_in(Arena::new())
    }

    /// An empty set with room for `capacity` elements, that owns a new arena.
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
    /// assert!(arenamap::ArenaSet::<u64>::with_capacity(100).capacity() >= 100);
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_in(capacity, Arena::new())
    }
}

impl<T, H: Handle> ArenaSet<T, DefaultHashBuilder, H> {
    /// An empty set in the given arena.
    ///
    /// Allocates: never; the table comes with the first element.
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
    #[inline]
    pub fn new_in(handle: H) -> Self {
        Self::from(ArenaMap::new_in(handle))
    }

    /// An empty set with room for `capacity` elements in the given arena.
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
    /// use arenamap::{Arena, ArenaSet};
    ///
    /// let arena = Arena::new();
    /// let set = ArenaSet::<u64, _, _>::with_capacity_in(7, &arena);
    /// assert_eq!(set.capacity(), 7);
    /// ```
    #[inline]
    pub fn with_capacity_in(capacity: usize, handle: H) -> Self {
        Self::from(ArenaMap::with_capacity_in(capacity, handle))
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
    /// use arenamap::{Arena, ArenaError, ArenaSet};
    ///
    /// let arena = Arena::with_budget(1000);
    /// let refused = ArenaSet::<u64, _, _>::try_with_capacity_in(1000, &arena);
    /// assert!(matches!(refused, Err(ArenaError::Budget { left: 1000, .. })));
    /// ```
    #[inline]
    pub fn try_with_capacity_in(capacity: usize, handle: H) -> Result<Self, ArenaError> {
        ArenaMap::try_with_capacity_in(capacity, handle).map(Self::from)
    }

    /// An empty set as large as most of its predecessors became.
    ///
    /// Starts empty where the arena cannot give that much. See [`SizeHint`].
    ///
    /// Allocates: arena.
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
    #[inline]
    pub fn with_hint_in(hint: &'static SizeHint, handle: H) -> Self {
        Self::from(ArenaMap::with_hint_in(hint, handle))
    }
}

impl<T, S> ArenaSet<T, S> {
    /// An empty set with the given hasher, that owns a new arena.
    ///
    /// Allocates: heap, once, for the arena itself.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = arenamap::ArenaSet::<u64, _>::with_hasher(std::hash::RandomState::new());
    /// assert!(set.is_empty());
    /// ```
    #[must_use]
    pub fn with_hasher(hash_builder: S) -> Self {
        Self::with_hasher_in(hash_builder, Arena::new())
    }
}

impl<T, S, H: Handle> ArenaSet<T, S, H> {
    /// An empty set with the given hasher, in the given arena.
    ///
    /// Allocates: never.
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
    #[inline]
    pub fn with_hasher_in(hash_builder: S, handle: H) -> Self {
        Self::from(ArenaMap::with_hasher_in(hash_builder, handle))
    }

    /// An empty set with room for `capacity` elements and the given hasher, in the given arena.
    ///
    /// Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`MapBuilder::try_build_in`](crate::MapBuilder::try_build_in).
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
    #[inline]
    pub fn with_capacity_and_hasher_in(capacity: usize, hash_builder: S, handle: H) -> Self {
        Self::from(ArenaMap::with_capacity_and_hasher_in(capacity, hash_builder, handle))
    }

    /// The hasher.
    ///
    /// Allocates: never.
    #[inline]
    pub fn hasher(&self) -> &S {
        self.map.hasher()
    }

    /// Number of elements.
    ///
    /// Computes in **O(1)**. Allocates: never.
    #[inline]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// True if there are no elements.
    ///
    /// Computes in **O(1)**. Allocates: never.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Elements that fit without growing, if nothing is removed in between.
    ///
    /// Computes in **O(1)**, with several segments in **O(segments)**. Allocates: never.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// How this set grows.
    ///
    /// Allocates: never.
    pub fn growth(&self) -> Growth {
        self.map.growth()
    }

    /// Bytes of the blocks that this set holds in its arena.
    ///
    /// Computes in **O(1)**, with several segments in **O(segments)**. Allocates: never.
    pub fn allocation_size(&self) -> usize {
        self.map.allocation_size()
    }

    /// Sizes, loads and growth of this set, as plain numbers.
    ///
    /// Computes in **O(segments)**. Allocates: never.
    pub fn stats(&self) -> MapStats {
        self.map.stats()
    }

    /// What the arena of this set holds, for all that live in it.
    ///
    /// Computes in **O(1)**. Allocates: never.
    pub fn arena_stats(&self) -> ArenaStats {
        self.map.arena_stats()
    }

    /// Drops every element and gives the arena handle back.
    ///
    /// Computes in **O(elements)** where elements need drop. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = arenamap::ArenaSet::from([1, 2]);
    /// assert_eq!(set.into_handle().used(), 0);
    /// ```
    pub fn into_handle(self) -> H {
        self.map.into_handle()
    }
}

impl<'a, T, S> ArenaSet<T, S, &'a Arena> {
    /// The arena this set was made in.
    ///
    /// Only for borrowed arenas: an owned arena is not reached through its set.
    ///
    /// Allocates: never.
    pub fn allocator(&self) -> &'a Arena {
        self.map.allocator()
    }
}
