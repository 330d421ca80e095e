//! The map with string keys, [`StrMap`], and its iterators.

mod builder;
mod bulk;
mod element;
mod entry;
mod iter;
mod key;
#[cfg(feature = "serde")]
mod seed;
mod traits;

pub use self::builder::StrMapBuilder;
pub use self::entry::{StrEntry, StrOccupiedEntry, StrOccupiedError, StrVacantEntry};
pub use self::iter::{Drain, ExtractIf, IntoValues, Iter, IterMut, Key, Keys, Values, ValuesMut};
use self::key::StrKey;
#[cfg(feature = "serde")]
pub use self::seed::StrMapSeed;
use super::{ArenaMap, DefaultHashBuilder, Growth, SizeHint};
use crate::arena::{Arena, Handle};
use crate::error::ArenaError;
use crate::stats::{ArenaStats, MapStats};

/// The map below a `StrMap`.
type Inner<V, H, S> = ArenaMap<StrKey, V, S, H>;

/// A hash map with string keys, whose bytes live in the map's own [`Arena`].
///
/// Every call takes the key as `&str`. The bytes are copied into the arena when the key is new, and only then; they are
/// given back, for the next key of that length, when the entry is removed. Looking up, counting and overwriting copy
/// nothing.
///
/// It works on every [`Handle`], grows as an [`ArenaMap`], and has its methods, with these differences:
///
/// - Keys are seen as `&str`, for as long as the map is borrowed. A key that leaves the map ([`remove_entry`], [`drain`],
///   [`extract_if`]) comes as a [`Key`], which is a `str` to read and gives its bytes back when it is dropped; until
///   then the map stays borrowed. A `Key` stays on its thread, and so do `drain` and `extract_if`.
/// - There is no `into_iter` by value and no `into_keys`: keys cannot outlive the map that holds their arena. `drain`
///   serves, and [`into_values`].
/// - There is no `insert_within_capacity`: the bytes of a new key take a block in any case.
/// - [`capacity`], [`reserve`] and [`stats`] speak of entries and tables; the bytes of keys come on top, each key rounded
///   up to 8 bytes. An empty key takes none.
///
/// [`remove_entry`]: Self::remove_entry
/// [`drain`]: Self::drain
/// [`extract_if`]: Self::extract_if
/// [`into_values`]: Self::into_values
/// [`capacity`]: Self::capacity
/// [`reserve`]: Self::reserve
/// [`stats`]: Self::stats
///
/// # Panics in user code
///
/// A panic in a hasher, a closure, or the `Clone` or `Drop` of a value leaves the map usable. The bytes of the keys that
/// were being dropped then may stay in use until the arena is reset.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, StrMap};
///
/// let mut arena = Arena::new();
/// for line in ["a b a", "b a"] {
///     let mut counts = StrMap::<u32, _>::new_in(&arena);
///     for word in line.split(' ') {
///         *counts.entry(word).or_insert(0) += 1;
///     }
///     assert_eq!(counts.len(), 2);
///     drop(counts);
///     arena.reset(); // keeps its memory: the second line calls no allocator
/// }
/// ```
///
/// Several maps, in one arena, on any thread:
///
/// ```
/// # #[cfg(feature = "std")] {
/// use arenamap::{Arena, StrMap};
///
/// let arena = Arena::new().share();
/// let mut hits = StrMap::<u32, _>::new_in(arena.clone());
/// let mut bytes = StrMap::<u64, _>::new_in(arena);
/// hits.insert("/index.html", 1);
/// bytes.insert("/index.html", 5120);
/// # }
/// ```
pub struct StrMap<V, H: Handle = Arena, S = DefaultHashBuilder> {
    map: Inner<V, H, S>,
}

impl<V> StrMap<V> {
    /// An empty map that owns a new arena.
    ///
    /// Allocates: heap, once, for the arena itself; the table comes with the first entry.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::StrMap::new();
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
    /// let map = arenamap::StrMap::<u64>::with_capacity(100);
    /// assert!(map.capacity() >= 100);
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_in(capacity, Arena::new())
    }

    /// Options that the constructors do not take: growth mode, hasher, hint, capacity.
    ///
    /// Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, Growth, StrMap};
    ///
    /// let arena = Arena::new();
    /// let map: StrMap<u64, _> = StrMap::builder().growth(Growth::Flat).capacity(100).build_in(&arena);
    /// assert_eq!(map.growth(), Growth::Flat);
    /// ```
    #[must_use]
    pub fn builder() -> StrMapBuilder<V> {
        StrMapBuilder::new()
    }
}

impl<V, H: Handle> StrMap<V, H> {
    /// An empty map in the given arena.
    ///
    /// Allocates: never; the table comes with the first entry.
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
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::new();
    /// let map = StrMap::<u32, _>::with_capacity_in(7, &arena);
    /// assert_eq!(map.capacity(), 7);
    /// ```
    #[inline]
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
    /// use arenamap::{Arena, ArenaError, StrMap};
    ///
    /// let arena = Arena::with_budget(1000);
    /// let refused = StrMap::<u64, _>::try_with_capacity_in(1000, &arena);
    /// assert!(matches!(refused, Err(ArenaError::Budget { left: 1000, .. })));
    /// ```
    #[inline]
    pub fn try_with_capacity_in(capacity: usize, handle: H) -> Result<Self, ArenaError> {
        StrMapBuilder::new().capacity(capacity).try_build_in(handle)
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
    /// use arenamap::{Arena, SizeHint, StrMap};
    ///
    /// static HINT: SizeHint = SizeHint::new();
    /// drop(StrMap::with_hint_in(&HINT, Arena::new()).insert("key", 1));
    /// assert_eq!(HINT.capacity(), 1);
    /// ```
    #[inline]
    pub fn with_hint_in(hint: &'static SizeHint, handle: H) -> Self {
        StrMapBuilder::new().hint(hint).build_in(handle)
    }
}

impl<V, S> StrMap<V, Arena, S> {
    /// An empty map with the given hasher, that owns a new arena.
    ///
    /// Allocates: heap, once, for the arena itself.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::<u64, _, _>::with_hasher(std::hash::RandomState::new());
    /// assert!(map.is_empty());
    /// ```
    #[must_use]
    pub fn with_hasher(hash_builder: S) -> Self {
        Self::with_hasher_in(hash_builder, Arena::new())
    }
}

impl<V, H: Handle, S> StrMap<V, H, S> {
    /// An empty map with the given hasher, in the given arena.
    ///
    /// Allocates: never.
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
    #[inline]
    pub fn with_hasher_in(hash_builder: S, handle: H) -> Self {
        Self {
            map: ArenaMap::with_hasher_in(hash_builder, handle),
        }
    }

    /// An empty map with room for `capacity` entries and the given hasher, in the given arena.
    ///
    /// Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`StrMapBuilder::try_build_in`].
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
    #[inline]
    pub fn with_capacity_and_hasher_in(capacity: usize, hash_builder: S, handle: H) -> Self {
        Self {
            map: ArenaMap::with_capacity_and_hasher_in(capacity, hash_builder, handle),
        }
    }

    /// The hasher.
    ///
    /// Allocates: never.
    #[inline]
    pub fn hasher(&self) -> &S {
        self.map.hasher()
    }

    /// Number of entries.
    ///
    /// Computes in **O(1)**. Allocates: never.
    #[inline]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// True if there are no entries.
    ///
    /// Computes in **O(1)**. Allocates: never.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Entries that fit without growing, if nothing is removed in between. The bytes of new keys come on top.
    ///
    /// Computes in **O(1)**, with several segments in **O(segments)**. Allocates: never.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// How this map grows: chosen by [`StrMapBuilder::growth`].
    ///
    /// Allocates: never.
    pub fn growth(&self) -> Growth {
        self.map.growth()
    }

    /// Sizes, loads and growth of the tables, as plain numbers. The bytes of keys are not in them.
    ///
    /// Computes in **O(segments)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", 1)]);
    /// assert_eq!(map.stats().len, 1);
    /// ```
    pub fn stats(&self) -> MapStats {
        self.map.stats()
    }

    /// What the arena of this map holds, for all that live in it.
    ///
    /// Computes in **O(1)**. Allocates: never.
    pub fn arena_stats(&self) -> ArenaStats {
        self.map.arena_stats()
    }

    /// Drops every entry and gives the arena handle back.
    ///
    /// Computes in **O(buckets)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("a", 1), ("b", 2)]);
    /// let arena = map.into_handle();
    /// assert_eq!(arena.used(), 0);
    /// ```
    pub fn into_handle(self) -> H {
        self.dissolve(true).into_handle()
    }
}

impl<'a, V, S> StrMap<V, &'a Arena, S> {
    /// The arena this map was made in.
    ///
    /// Only for borrowed arenas: an owned arena is not reached through its map.
    ///
    /// Allocates: never.
    pub fn allocator(&self) -> &'a Arena {
        self.map.allocator()
    }
}
