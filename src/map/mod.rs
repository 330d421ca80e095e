//! The growing map: [`ArenaMap`].

mod builder;
mod bulk;
mod construct;
mod element;
mod entry;
mod entry_ref;
mod iter;
mod place;
mod prehashed;
mod traits;

pub use self::builder::MapBuilder;
pub use self::entry::{Entry, OccupiedEntry, OccupiedError, TryInsertError, VacantEntry};
pub use self::entry_ref::{EntryRef, VacantEntryRef};
pub use self::iter::{Drain, ExtractIf, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut};
use self::place::Vacant;
pub(crate) use self::place::{Occupied, Place};
pub use self::prehashed::{IterHash, IterHashMut};
use crate::arena::{Arena, Handle};
use crate::layout::MapLayout;
use crate::stats::{ArenaStats, MapStats, ProbeLengths};
pub use crate::table::SizeHint;
use crate::table::Table;

/// The default hasher: foldhash, seeded anew for each map, as in hashbrown.
///
/// No fixed list of keys collides under every seed. But it is not a cryptographic hash, and it gives no guarantee
/// against hash flooding by somebody who can watch the program and so learn the seed: see [the
/// guide](crate::guide::which_map).
pub type DefaultHashBuilder = foldhash::fast::RandomState;

/// A hash map whose table lives in an [`Arena`].
///
/// The same type works on every [`Handle`]: `&Arena` (borrowed), `Arena` (owned, the default),
/// [`PooledArena`](crate::PooledArena) and [`SharedArena`](crate::SharedArena). Method names, meanings and panics are
/// those of `hashbrown::HashMap`; what differs is where memory comes from, and that every growing call has a `try_`
/// twin which gives back what it could not take.
///
/// # Growth
///
/// A map of up to four entries is one block of entries, searched by comparing keys. A larger one is one table. When it
/// is full, it is replaced by a table of twice the size (of four times below 256 slots, if its entries have at most 128 bytes and
/// that is at most a quarter of the budget). Up to 224 entries move at once. More entries move in steps:
/// each later insertion, removal or `get_mut` moves at most 32 of them. So no call moves many, however large the map is. Until all
/// have moved, the map holds both tables. [`reserve`](Self::reserve) finishes the move at once;
/// [`settle`](Self::settle) moves as many entries as you say.
///
/// Removed entries leave nothing behind: a map whose size stays the same never moves an entry.
///
/// # Drop order
///
/// A map on `&Arena` is declared after its arena and after what its keys and values borrow. (`std`'s map tolerates
/// some other orders through an unstable feature of the language.)
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaMap};
///
/// let mut arena = Arena::new();
/// for line in ["a b a", "b c b"] {
///     let mut counts = ArenaMap::new_in(&arena);
///     for word in line.split(' ') {
///         *counts.entry(word).or_insert(0) += 1;
///     }
///     assert_eq!(counts.len(), 2);
///     drop(counts);
///     arena.reset(); // keeps its memory: the second line calls no allocator
/// }
/// ```
pub struct ArenaMap<K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(crate) table: Table<(K, V), H>,
    pub(crate) hash_builder: S,
}

/// A map on a borrowed arena.
pub type BorrowedMap<'a, K, V, S = DefaultHashBuilder> = ArenaMap<K, V, S, &'a Arena>;
/// A map that holds an arena checked out of a pool.
#[cfg(feature = "std")]
pub type PooledMap<'p, K, V, S = DefaultHashBuilder> = ArenaMap<K, V, S, crate::PooledArena<'p>>;
/// A map on an arena that several maps share.
#[cfg(feature = "std")]
pub type SharedMap<'p, K, V, S = DefaultHashBuilder> = ArenaMap<K, V, S, crate::SharedArena<'p>>;

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// The hasher.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// Number of entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// True if there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries that fit without growing, whatever is removed and inserted in between.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// Bytes of the table in the arena; of both tables, while entries move from one to the other.
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocation_size(&self) -> usize {
        self.table.allocation_size()
    }

    /// Sizes, load and growth of this map, as plain numbers.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = arenamap::ArenaMap::from([(1, 2)]);
    /// assert_eq!(map.stats().len, 1);
    /// println!("{}", map.stats());
    /// ```
    pub fn stats(&self) -> MapStats {
        let (moved_by_last_step, left_to_move) = self.table.progress();
        MapStats {
            len: self.len(),
            capacity: self.capacity(),
            slots: self.table.slots(),
            entry_size: size_of::<(K, V)>(),
            table_bytes: self.table.allocation_size(),
            moved_by_last_step,
            left_to_move,
        }
    }

    /// How many groups of slots finding each entry looks at: a sign of bad hashes, or of keys that somebody has chosen.
    ///
    /// While entries are moving, the way in the block that holds the entry is counted.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let map: arenamap::ArenaMap<u64, u64> = (0..3).map(|n| (n, n)).collect();
    /// let lengths = map.probe_lengths();
    /// assert_eq!((lengths.longest, lengths.entries[0]), (1, 3));
    /// println!("{lengths}");
    /// ```
    pub fn probe_lengths(&self) -> ProbeLengths {
        self.table.probe_lengths()
    }

    /// The same map with an alarm: `alarm` is called, with the number of groups, when an insertion looks at more than `groups` groups of
    /// 16 slots; and then no more until the entries have gone into another block, or all of them are gone.
    ///
    /// It is called when the entry is in, on the thread that put it there. A panic in it goes to whoever inserted; the entry stays. Insertions
    /// while entries are moving are not looked at, nor are entries that move. A copy has no alarm. With random hashes more than 16 groups
    /// are not to be expected.
    ///
    /// Allocates: never. Time: O(1).
    #[cfg(feature = "counters")]
    #[cfg_attr(docsrs, doc(cfg(feature = "counters")))]
    #[must_use]
    pub fn with_probe_alarm(mut self, groups: usize, alarm: fn(usize)) -> Self {
        self.table.tally.set_alarm(groups, alarm);
        self
    }

    /// Where each byte of this map is: data, padding, control, slack; and a drawing of one slot.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::ArenaMap;
    ///
    /// let map: ArenaMap<u64, u64> = (0..100).map(|n| (n, n)).collect();
    /// let layout = map.layout();
    /// assert_eq!((layout.data, layout.padding, layout.slack), (1_600, 0, 28 * 16));
    /// assert_eq!(layout.table_bytes(), map.allocation_size());
    /// println!("{layout}");
    /// ```
    pub fn layout(&self) -> MapLayout {
        MapLayout::of_table(&self.table, ["key", "value"])
    }

    /// The numbers of the arena of this map. Everything else that lives in this arena is counted, too.
    ///
    /// Allocates: never. Time: O(1).
    pub fn arena_stats(&self) -> ArenaStats {
        self.table.handle().stats()
    }

    /// Drops every entry and gives the arena handle back.
    ///
    /// Use it to `reset` or `trim` an arena that the map owned, or to make the next map in a pooled arena.
    ///
    /// Allocates: never. Time: O(entries) where entries need drop, else O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{ArenaMap, TrimPolicy};
    ///
    /// let map: ArenaMap<u32, u32> = (0..1000).map(|n| (n, n)).collect();
    /// let mut arena = map.into_handle();
    /// assert_eq!(arena.used(), 0);
    /// arena.trim(TrimPolicy::All);
    /// assert_eq!(arena.held(), 0);
    /// ```
    pub fn into_handle(self) -> H {
        self.table.into_handle()
    }
}

impl<'a, K, V, S> ArenaMap<K, V, S, &'a Arena> {
    /// The arena this map was made in.
    ///
    /// Only for borrowed arenas. To get another one out of its map, use [`into_handle`](Self::into_handle).
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocator(&self) -> &'a Arena {
        self.table.handle().peek(|arena| *arena)
    }
}
