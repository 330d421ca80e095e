//! The map of paths: [`PathMap`], and the types that its methods give out.
//!
//! ```text
//!  keys                 key.rs      parts of paths: copied in, or by value
//!  names for it         element.rs entry.rs cursor.rs subtree.rs construct.rs traits.rs stats.rs serde.rs
//!  looking around       view.rs     a node, a path          iter.rs    children, depth-first, leaves       ascent.rs
//!  what is done         find.rs     found         tree.rs      made, hung up elsewhere, recycled
//!  where nodes stand    slab.rs     numbered records, and their links     slab/salt.rs     what their hashes are made of
//!  how it ends          end.rs
//! ```

pub(crate) mod ascent;
mod construct;
mod cursor;
mod element;
mod end;
mod entry;
mod error;
mod find;
mod iter;
mod key;
mod layout;
#[cfg(feature = "serde")]
mod part;
#[cfg(feature = "serde")]
mod serde;
mod slab;
mod stats;
mod subtree;
mod traits;
mod tree;
mod view;

pub use self::cursor::{Below, BelowMut, Cursor};
pub use self::entry::{Entry, OccupiedEntry, VacantEntry};
pub use self::error::{InsertError, MoveError, PathError};
pub use self::iter::{Children, Iter, Leaves, Nodes, Step, Walk};
pub use self::key::{PathKey, PathPart};
#[cfg(all(feature = "fixed", feature = "serde"))]
pub(crate) use self::serde::NESTED;
#[cfg(feature = "serde")]
pub use self::serde::{AsList, PathMapSeed, as_list};
use self::slab::Slab;
pub use self::stats::{Depths, PathStats};
#[cfg(feature = "fixed")]
pub(crate) use self::traits::fmt_levels;
pub use self::view::{Components, Node, Path};
use crate::arena::{Arena, Handle};
use crate::map::DefaultHashBuilder;
use crate::stats::ArenaStats;
use crate::table::Table;

/// Maps of maps, of any depth, in one table: a map whose keys are paths.
///
/// A path is any iterator of borrowed parts: `["service", "timeout"]`, `text.split('/')`, a [`Path`] of another map. Nothing
/// is joined, so a dot or a slash in a part is a letter like any other. The empty path is a path, too.
///
/// Reading a path that is not there makes nothing. Writing makes the levels in between. A level that has neither a value nor
/// levels below disappears. A level may have both.
///
/// `K` is the type of one part. `str` and `[u8]` are copied into the arena, when they are new; up to 15 bytes take no block of
/// their own. Every type that has a size is kept by value, and made of a borrowed part by `to_owned`: `PathMap<u64, V>`, or
/// `PathMap<&str, V>` for strings that outlive the map. See [`PathKey`] and [`PathPart`].
///
/// It works on every [`Handle`]: `&Arena`, `Arena`, [`PooledArena`](crate::PooledArena), [`SharedArena`](crate::SharedArena).
///
/// # How it stands
///
/// Each level is a node: key, value, and the numbers of its parent, its siblings and its last child. One table finds a node by the
/// hashes of all keys on its path, so four parts are one lookup: what it finds is compared with the path, part by part, from the
/// last one up. A path that is not there is mostly known to be missing without a look at any node. The table grows in steps, as
/// that of an [`ArenaMap`](crate::ArenaMap), and nodes never move. So no call takes long, however large the map is.
///
/// A subtree that moved keeps its hashes, which are those of its old path. While one is there, and below levels that were made while
/// one was there or a subtree that was cut off waited, a path is one lookup for each part, after one that fails.
///
/// # What it costs
///
/// One table for all levels has no small maps to allocate and to drop, and its subtrees are numbers. Against hashbrown's maps in
/// maps in a `Bump`, of three levels of strings, this is so many times as fast (`cargo bench --bench nested`, the best of two runs
/// on a busy machine of two cores: expect a fifth more or less):
///
/// | leaves | 1,000 | | | | 100,000 | | | |
/// |---|---|---|---|---|---|---|---|---|
/// | children of a level | 1 | 3 | 10 | 30 | 1 | 3 | 10 | 30 |
/// | filling | 0.9 | 0.5 | 0.5 | 0.4 | 1.4 | 1.0 | 0.9 | 0.9 |
/// | reading | 1.2 | 1.0 | 0.8 | 0.7 | 1.4 | 1.0 | 3.9 | 3.5 |
///
/// Against three lookups in flat maps as large as the levels, a path took 1.6 times as long with 1,000 leaves, 0.8 times with
/// 27,000, and 1.3 times with a million. So where all levels fit into the nearest cache, maps in maps are faster; and they are
/// filled faster, for a new level here is linked to its siblings, too. Take this map for reading many paths, for paths that are
/// often missing, for subtrees that move, for depth that is not known, and for its memory. Of 100,000 leaves it used so many
/// bytes of those of the same maps in maps of `std`, and of hashbrown in a `Bump` as it grew: 0.37 and 0.32 with one child a level,
/// 0.65 and 0.36 with two, 1.0 and 0.63 with three.
///
/// # Subtrees
///
/// [`remove_subtree`](Self::remove_subtree) and [`move_subtree`](Self::move_subtree) change a few links, however much is below.
/// What was cut off is recycled later: at most 8 nodes by each write, and two for each part of its path, or as many as you say by [`settle`](Self::settle). Values
/// are dropped then.
///
/// Nothing here is recursive: a path of a million levels needs no more stack than one of two. To refuse deep paths, set a
/// [limit](Self::with_depth_limit).
///
/// # Panics in user code
///
/// After a panic in a hasher, in a closure, in the iterator of a path, or in the `Eq`, `Clone` or `Drop` of a key or value the map
/// is usable; levels that were made for the call are gone.
///
/// # Examples
///
/// ```
/// use arenamap::PathMap;
///
/// let mut config = PathMap::<str, u32>::new();
/// config.insert(["service", "timeout"], 30);
/// config.insert(["service", "retries"], 3);
/// config.insert("log.level".split('.'), 2);
///
/// assert_eq!(config.get(["service", "timeout"]), Some(&30));
/// assert_eq!(config.get(["service", "port"]), None);
/// *config.entry(["service", "retries"]).or_insert(0) += 1;
///
/// for (path, value) in &config {
///     println!("{path:?} = {value}");
/// }
/// assert!(config.remove_subtree(["service"]));
/// assert_eq!(config.len(), 1);
/// ```
///
/// Keys by value, in an arena that others use, too:
///
/// ```
/// use arenamap::{Arena, PathMap};
///
/// let mut arena = Arena::new();
/// {
///     let mut quotes = PathMap::<u32, f64, _, _>::new_in(&arena);
///     quotes.insert(&[7, 2024, 12], 1.5);
///     assert_eq!(quotes.get(&[7, 2024, 12]), Some(&1.5));
/// }
/// arena.reset();
/// ```
pub struct PathMap<K: PathKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    table: Table<tree::Entry, H>,
    slab: Slab<K::Stored, V>,
    hash_builder: S,
    /// Nodes with a value, those that wait included.
    values: usize,
    depth_limit: usize,
    /// The depth above which the alarm is raised.
    alarm: Option<(usize, fn(usize))>,
    /// 0: the map is empty.
    root: u32,
    /// The first of the trees that were cut off; 0: there are none.
    cut: u32,
    /// The node at which recycling goes on; 0: at the next tree that was cut off.
    recycling: u32,
    /// Nodes at the first level that is too deep for the alarm.
    deep: u32,
}

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// The hasher.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// Number of values.
    ///
    /// Allocates: never. Time: O(1); O(waiting nodes) while a subtree that was cut off waits to be recycled.
    ///
    /// # Examples
    ///
    /// ```
    /// let map: arenamap::PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    /// assert_eq!(map.len(), 2); // not the level "a", which has no value
    /// ```
    pub fn len(&self) -> usize {
        self.values - self.count_waiting().1
    }

    /// True if there are no values, and so no levels.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.root == 0
    }

    /// The numbers of the arena of this map. Everything else that lives in this arena is counted, too.
    ///
    /// Allocates: never. Time: O(1).
    pub fn arena_stats(&self) -> ArenaStats {
        self.table.handle().stats()
    }
}

impl<'a, K: PathKey + ?Sized, V, S> PathMap<K, V, S, &'a Arena> {
    /// The arena this map was made in.
    ///
    /// Only for borrowed arenas. To get another one out of its map, use [`into_handle`](Self::into_handle).
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocator(&self) -> &'a Arena {
        self.table.handle().peek(|arena| *arena)
    }
}
