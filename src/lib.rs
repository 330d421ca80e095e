#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod arena;
mod error;
mod hash;
mod map;
mod stats;

pub use arena::{Arena, Handle, TrimPolicy};
#[cfg(feature = "std")]
pub use arena::{ArenaPool, PoolConfig, PooledArena, SharedArena};
pub use equivalent::Equivalent;
pub use error::{ArenaError, ExtendError, Full, InsertError};
pub use map::{
    ArenaMap, BorrowedMap, DefaultHashBuilder, Drain, Entry, EntryRef, ExtractIf, Growth, IntoIter, IntoKeys,
    IntoValues, Iter, IterHash, IterHashMut, IterMut, Keys, MapBuilder, OccupiedEntry, OccupiedError, SizeHint,
    VacantEntry, VacantEntryRef, Values, ValuesMut,
};
#[cfg(feature = "std")]
pub use map::{PooledMap, SharedMap};
#[cfg(feature = "std")]
pub use stats::PoolStats;
pub use stats::{ArenaStats, MapStats};
