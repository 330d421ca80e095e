//! The maps that copy their keys into the arena: [`CopiedMap`], its names for kinds of keys, and the types that its methods
//! give out.

mod builder;
mod bulk;
mod construct;
mod element;
mod entry;
mod iter;
mod key;
mod prehashed;
#[cfg(feature = "serde")]
mod seed;
mod text;
mod traits;

pub use self::builder::CopiedMapBuilder;
pub use self::entry::{Entry, OccupiedEntry, OccupiedError, TryInsertError, VacantEntry};
pub use self::iter::{Drain, ExtractIf, IntoValues, Iter, IterMut, Key, Keys, Values, ValuesMut};
pub use self::key::CopiedKey;
use self::key::Stored;
#[cfg(feature = "serde")]
pub use self::seed::CopiedMapSeed;
#[cfg(feature = "serde")]
pub(crate) use self::seed::{SerdeKey, Written};
pub(crate) use self::text::{Loose, Text};
use crate::arena::{Arena, Handle};
use crate::layout::MapLayout;
use crate::map::{ArenaMap, DefaultHashBuilder, SizeHint};
use crate::stats::{ArenaStats, MapStats, ProbeLengths};

/// The map below.
type Inner<Q, V, S, H> = ArenaMap<Stored<Q>, V, S, H>;

/// A hash map with string keys, whose bytes live in the map's own [`Arena`]: see [`CopiedMap`].
pub type StrMap<V, S = DefaultHashBuilder, H = Arena> = CopiedMap<str, V, S, H>;

/// A hash map whose keys are bytes, which live in the map's own [`Arena`]: see [`CopiedMap`].
///
/// # Examples
///
/// ```
/// use arenamap::BytesMap;
///
/// let mut map = BytesMap::new();
/// map.insert(b"\xFF\x00", 1);
/// assert_eq!(map.get(&[0xFF, 0]), Some(&1));
/// ```
pub type BytesMap<V, S = DefaultHashBuilder, H = Arena> = CopiedMap<[u8], V, S, H>;

/// A deserializer of a [`StrMap`] into a given arena: see [`CopiedMapSeed`].
#[cfg(feature = "serde")]
pub type StrMapSeed<VS, S = DefaultHashBuilder, H = Arena> = CopiedMapSeed<str, VS, S, H>;

/// A hash map with keys of type `Q`, `str` or `[u8]`, whose bytes live in the map's own [`Arena`].
///
/// Its names are [`StrMap`] and [`BytesMap`]. Every call takes the key as `&Q`. If the key is new, its bytes are copied
/// into the arena, as one block. When the entry is removed, the block goes back to the arena, for the next key of that
/// length. Looking up, counting and overwriting copy nothing.
///
/// It works on every [`Handle`], grows as an [`ArenaMap`] does, and has the same methods, with these differences:
///
/// - You see keys as `&Q`, for as long as the map is borrowed. A key that leaves the map ([`remove_entry`], [`drain`],
///   [`extract_if`]) is a [`Key`]: it reads like a `Q`, and gives its bytes back when it is dropped. Until then the map
///   stays borrowed. `Key`, `drain` and `extract_if` are not `Send`.
/// - There is no `into_iter` by value and no `into_keys`: a key would outlive its arena, which the iterator owns. Use
///   `drain` or [`into_values`].
/// - There is no `insert_within_capacity`: a new key always takes a block for its bytes.
/// - There is no `iter_hash`. An entry does not give its map or its key back: `replace_entry_with` returns the occupied
///   entry, if there is one afterwards.
/// - [`capacity`], [`reserve`] and [`stats`] speak of entries and tables; the bytes of keys come on top, each key rounded up to 8
///   bytes. An empty key takes none.
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
/// After a panic in a hasher, in a closure, or in the `Clone` or `Drop` of a value the map is usable, and no bytes of
/// keys are lost.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, StrMap};
///
/// let mut arena = Arena::new();
/// for line in ["a b a", "b a"] {
///     let mut counts = StrMap::<u32, _, _>::new_in(&arena);
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
/// let mut hits = StrMap::<u32, _, _>::new_in(arena.clone());
/// let mut bytes = StrMap::<u64, _, _>::new_in(arena);
/// hits.insert("/index.html", 1);
/// bytes.insert("/index.html", 5120);
/// # }
/// ```
pub struct CopiedMap<Q: CopiedKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(crate) map: Inner<Q, V, S, H>,
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> CopiedMap<Q, V, S, H> {
    /// The hasher.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn hasher(&self) -> &S {
        self.map.hasher()
    }

    /// Number of entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// True if there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Entries that fit without growing, whatever is removed and inserted in between. The bytes of new keys come on top.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// Bytes of the table in the arena; of both tables, while entries move from one to the other. The bytes of keys
    /// come on top.
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocation_size(&self) -> usize {
        self.map.allocation_size()
    }

    /// Sizes, load and growth of this map, as plain numbers. The bytes of keys are not in them.
    ///
    /// Allocates: never. Time: O(1).
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

    /// How many groups of slots finding each entry looks at: a sign of bad hashes, or of keys that somebody has chosen.
    ///
    /// While entries are moving, the way in the block that holds the entry is counted.
    ///
    /// Allocates: never. Time: O(slots).
    pub fn probe_lengths(&self) -> ProbeLengths {
        self.map.probe_lengths()
    }

    /// The same map with an alarm: see [`ArenaMap::with_probe_alarm`](crate::ArenaMap::with_probe_alarm).
    ///
    /// Allocates: never. Time: O(1).
    #[cfg(feature = "counters")]
    #[cfg_attr(docsrs, doc(cfg(feature = "counters")))]
    #[must_use]
    pub fn with_probe_alarm(mut self, groups: usize, alarm: fn(usize)) -> Self {
        self.map.table.tally.set_alarm(groups, alarm);
        self
    }

    /// Where each byte of this map is: data, padding, control, slack, copied keys; and a drawing of one slot.
    ///
    /// Unlike [`stats`](Self::stats) it counts the bytes of keys, for which it looks at each.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::StrMap::from([("one", 1_u64), ("two", 2)]);
    /// let layout = map.layout();
    /// assert_eq!((layout.keys, layout.rounding), (6, 10)); // two blocks of 8 bytes
    /// assert_eq!(layout.total(), map.arena_stats().used);
    /// ```
    pub fn layout(&self) -> MapLayout {
        let keys = self.map.table.iter().map(|(key, _)| key.get().as_bytes());
        MapLayout::of_table(&self.map.table, ["key", "value"]).with_keys(keys)
    }

    /// The numbers of the arena of this map. Everything else that lives in this arena is counted, too.
    ///
    /// Allocates: never. Time: O(1).
    pub fn arena_stats(&self) -> ArenaStats {
        self.map.arena_stats()
    }

    /// Drops every entry and gives the arena handle back.
    ///
    /// Allocates: never. Time: O(slots).
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

impl<'a, Q: CopiedKey + ?Sized, V, S> CopiedMap<Q, V, S, &'a Arena> {
    /// The arena this map was made in.
    ///
    /// Only for borrowed arenas. To get another one out of its map, use [`into_handle`](Self::into_handle).
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocator(&self) -> &'a Arena {
        self.map.allocator()
    }
}
