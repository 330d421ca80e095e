// The README shows the pool, which needs `std`: without it, its examples are not there to be tested.
#![cfg_attr(feature = "std", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "std"),
    doc = "Hash maps for hot paths that never touch the global heap after warm-up."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]

extern crate alloc;
#[cfg(feature = "fixed")]
extern crate self as arenamap; // the names in what `fixed_struct!` makes
#[cfg(feature = "std")]
extern crate std;

// Not by the name of the crate, which a glob import of ours would hide.
#[cfg(feature = "rkyv")]
#[path = "rkyv/mod.rs"]
pub mod archive;
mod arena;
#[cfg(feature = "audit")]
pub mod audit;
mod error;
#[cfg(feature = "fixed")]
pub mod fixed;
mod hash;
mod map;
#[cfg(feature = "serde")]
mod serde;
pub mod set;
#[cfg(feature = "fixed")]
mod snapshot;
mod stats;

pub use arena::{Arena, Handle, TrimPolicy};
#[cfg(feature = "std")]
pub use arena::{ArenaPool, PoolConfig, PooledArena, SharedArena};
pub use equivalent::Equivalent;
pub use error::{ArenaError, ExtendError, Full, InsertError};
#[cfg(feature = "fixed")]
pub use fixed::FixedMap;
#[cfg(feature = "serde")]
pub use map::str_map::StrMapSeed;
pub use map::{
    ArenaMap, BorrowedMap, DefaultHashBuilder, Drain, Entry, EntryRef, ExtractIf, Growth, IntoIter, IntoKeys,
    IntoValues, Iter, IterHash, IterHashMut, IterMut, Keys, MapBuilder, OccupiedEntry, OccupiedError, SizeHint,
    StrEntry, StrMap, StrMapBuilder, StrOccupiedEntry, StrOccupiedError, StrVacantEntry, VacantEntry, VacantEntryRef,
    Values, ValuesMut, str_map,
};
#[cfg(feature = "std")]
pub use map::{PooledMap, SharedMap};
#[cfg(feature = "serde")]
pub use serde::{MapSeed, SetSeed};
pub use set::ArenaSet;
#[cfg(feature = "std")]
pub use stats::PoolStats;
pub use stats::{ArenaStats, MapStats};
