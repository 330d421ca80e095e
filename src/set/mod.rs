//! The set, [`ArenaSet`], and its iterators.

mod bulk;
mod construct;
mod element;
mod entry;
mod iter;
mod ops;
mod traits;

pub use self::entry::{Entry, OccupiedEntry, VacantEntry};
pub use self::iter::{Drain, ExtractIf, IntoIter, Iter};
pub use self::ops::{Difference, Intersection, SymmetricDifference, Union};
use crate::arena::{Arena, Handle};
use crate::layout::MapLayout;
use crate::map::{ArenaMap, DefaultHashBuilder};
use crate::stats::{ArenaStats, MapStats, ProbeLengths};

/// A hash set whose table lives in an [`Arena`]: an [`ArenaMap`] without values.
///
/// It works on every [`Handle`], grows as the map does, and has the names, meanings and panics of `hashbrown::HashSet`.
/// For a hint together with a capacity or a hasher, use [`ArenaMap::builder`]: a map of `()` values becomes a set by
/// `From`.
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
/// use arenamap::{Arena, ArenaMap, ArenaSet, SizeHint};
///
/// static HINT: SizeHint = SizeHint::new();
/// let arena = Arena::new();
/// let set = ArenaSet::from(ArenaMap::<u64, ()>::builder().hint(&HINT).capacity(50).build_in(&arena));
/// assert_eq!(set.capacity(), 56);
/// ```
pub struct ArenaSet<T, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(crate) map: ArenaMap<T, (), S, H>,
}

impl<T, S, H: Handle> ArenaSet<T, S, H> {
    /// The hasher.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn hasher(&self) -> &S {
        self.map.hasher()
    }

    /// Number of elements.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// True if there are no elements.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Elements that fit without growing, whatever is removed and inserted in between.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// Bytes of the table in the arena; of both tables, while elements move from one to the other.
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocation_size(&self) -> usize {
        self.map.allocation_size()
    }

    /// Sizes, load and growth of this set, as plain numbers.
    ///
    /// Allocates: never. Time: O(1).
    pub fn stats(&self) -> MapStats {
        self.map.stats()
    }

    /// How many groups of slots finding each element looks at: a sign of bad hashes, or of keys that somebody has chosen.
    ///
    /// While entries are moving, the way in the block that holds the entry is counted.
    ///
    /// Allocates: never. Time: O(slots).
    pub fn probe_lengths(&self) -> ProbeLengths {
        self.map.probe_lengths()
    }

    /// The same set with an alarm: see [`ArenaMap::with_probe_alarm`](crate::ArenaMap::with_probe_alarm).
    ///
    /// Allocates: never. Time: O(1).
    #[cfg(feature = "counters")]
    #[cfg_attr(docsrs, doc(cfg(feature = "counters")))]
    #[must_use]
    pub fn with_probe_alarm(mut self, groups: usize, alarm: fn(usize)) -> Self {
        self.map.table.tally.set_alarm(groups, alarm);
        self
    }

    /// Where each byte of this set is: data, padding, control, slack; and a drawing of one slot.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = arenamap::ArenaSet::from([1_u64, 2, 3]);
    /// let layout = set.layout();
    /// assert_eq!((layout.data, layout.slack, layout.slot.key.name), (24, 8, "element"));
    /// ```
    pub fn layout(&self) -> MapLayout {
        MapLayout::of_table(&self.map.table, ["element", "nothing"])
    }

    /// The numbers of the arena of this set. Everything else that lives in this arena is counted, too.
    ///
    /// Allocates: never. Time: O(1).
    pub fn arena_stats(&self) -> ArenaStats {
        self.map.arena_stats()
    }

    /// Drops all elements and gives the arena handle back.
    ///
    /// Allocates: never. Time: O(elements) where elements need drop, else O(1).
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
    /// Only for borrowed arenas. To get another one out of its set, use [`into_handle`](Self::into_handle).
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocator(&self) -> &'a Arena {
        self.map.allocator()
    }
}
