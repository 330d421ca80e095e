//! The guide: what to use when, and how it works.
//!
//! - [`which_map`]: the maps, the handles, and when you need none of them.
//! - [`coming_from_hashbrown`]: what is the same, and what differs.
//! - [`async_handlers`]: maps that live across `.await`.
//! - [`budgets`]: a limit in bytes, and what happens at the limit.
//! - [`snapshots`]: a map as bytes, in memory, in a file, on the wire.
//! - [`counting_allocations`]: tests that fail when your code calls the heap.
//! - [`observing`]: what is alive, counters for a scraper, probes for a tracer.
//! - [`how_it_works`]: the arena, the table and growth, with drawings.
//!
//! # How to read the docs of a method
//!
//! After its first sentences, every public method has a line like this one:
//!
//! ```text
//! Allocates: arena. Time: O(1) amortised.
//! ```
//!
//! **Allocates** says where the method takes memory from:
//!
//! - `never`: from nowhere.
//! - `arena`: from the arena of the map, when more is needed. The arena asks the heap only if its chunks are used up. After
//!   warm-up, when the same load has run once, they are not.
//! - `heap`: from the global allocator.
//!
//! Your own code comes on top: what `Hash`, `Eq`, `Clone`, `Drop` or a closure of yours allocates is not in that line.
//!
//! **Time** counts steps, as usual in O notation. To hash, compare, copy or drop one key or value counts as one step. The time of
//! a method that returns an iterator is that of the whole iteration.
//!
//! - *On average* means: over the possible seeds of the hasher. One lookup may be longer.
//! - *Amortised* means: over many insertions. One of them may make a larger table. Its entries then move in steps of at most
//!   32 entries (tables of at most 224 entries move at once), so a single insertion never moves more entries than that.
//! - `slots` are the places of a table, free ones included. A table that grew to its size has up to 2.3 slots for each entry, and
//!   the old table's slots come on top while entries move. A map that was larger before keeps its slots until `shrink_to_fit`.
//!
//! An infallible method that can run out of memory has a `try_` twin that returns an error instead; its docs name it.

#[doc = include_str!("which_map.md")]
pub mod which_map {}

#[doc = include_str!("coming_from_hashbrown.md")]
pub mod coming_from_hashbrown {}

#[cfg(feature = "std")]
#[cfg_attr(docsrs, doc(cfg(feature = "std")))]
#[doc = include_str!("async_handlers.md")]
pub mod async_handlers {}

#[doc = include_str!("budgets.md")]
pub mod budgets {}

#[cfg(feature = "fixed")]
#[cfg_attr(docsrs, doc(cfg(feature = "fixed")))]
#[doc = include_str!("snapshots.md")]
pub mod snapshots {}

#[cfg(feature = "audit")]
#[cfg_attr(docsrs, doc(cfg(feature = "audit")))]
#[doc = include_str!("counting_allocations.md")]
pub mod counting_allocations {}

#[cfg(all(feature = "counters", feature = "registry"))]
#[cfg_attr(docsrs, doc(cfg(all(feature = "counters", feature = "registry"))))]
#[doc = include_str!("observing.md")]
pub mod observing {}

#[doc = include_str!("how_it_works.md")]
pub mod how_it_works {}
