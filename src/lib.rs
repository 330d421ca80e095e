// The README names types that need `std`.
#![cfg_attr(feature = "std", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "std"),
    doc = "Hash maps that never touch the global heap after warm-up, for hot paths."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "audit",
        feature = "counters",
        feature = "files",
        feature = "registry",
        feature = "rkyv",
        feature = "serde"
    )),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the guide names what these features bring"
    )
)]
#![no_std]

extern crate alloc;
#[cfg(feature = "fixed")]
extern crate self as arenamap; // the names in what `fixed_struct!` makes
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(feature = "rkyv")]
pub mod archive; // not by the name of the crate, which a glob import of ours would hide
mod arena;
#[cfg(feature = "audit")]
pub mod audit;
pub mod bounded;
mod boxed;
pub mod copied;
mod error;
#[cfg(feature = "fixed")]
pub mod fixed;
pub mod guide;
#[cfg(all(feature = "huge-pages", target_os = "linux"))]
mod huge_pages;
#[cfg(feature = "hashbrown")]
mod interop;
mod iterator;
mod key_struct;
mod layout;
mod map;
pub mod nested;
mod observe;
// As with `archive`.
#[cfg(feature = "rayon")]
#[path = "rayon/mod.rs"]
pub mod parallel;
mod parts;
#[cfg(feature = "serde")]
mod serde;
mod set;
#[cfg(feature = "fixed")]
mod snapshot;
mod stats;
pub mod string;
mod table;
pub mod vec;

/// [`ArenaMap`] and the types that its methods give out, under the names that hashbrown's `hash_map` has for them.
///
/// `use hashbrown::hash_map::{Entry, HashMap};` becomes `use arenamap::hash_map::{Entry, HashMap};`.
pub mod hash_map {
    pub use crate::map::{
        ArenaMap, ArenaMap as HashMap, DefaultHashBuilder, Drain, Entry, EntryRef, ExtractIf, IntoIter, IntoKeys,
        IntoValues, Iter, IterHash, IterHashMut, IterMut, Keys, MapBuilder, OccupiedEntry, OccupiedError,
        TryInsertError, VacantEntry, VacantEntryRef, Values, ValuesMut,
    };
}

/// [`ArenaSet`] and the types that its methods give out, under the names that hashbrown's `hash_set` has for them.
pub mod hash_set {
    pub use crate::map::DefaultHashBuilder;
    pub use crate::set::{
        ArenaSet, ArenaSet as HashSet, Difference, Drain, Entry, ExtractIf, Intersection, IntoIter, Iter,
        OccupiedEntry, SymmetricDifference, Union, VacantEntry,
    };
}

#[cfg(feature = "allocator-api2")]
pub use arena::ArenaAlloc;
pub use arena::{Arena, Handle, TrimPolicy};
#[cfg(feature = "std")]
pub use arena::{ArenaPool, PoolConfig, PooledArena, SharedArena, Workspace};
pub use bounded::{BoundedBytesMap, BoundedMap, BoundedStrMap};
pub use boxed::ArenaBox;
#[cfg(feature = "serde")]
pub use copied::StrMapSeed;
pub use copied::{BytesMap, CopiedMap, StrMap};
pub use equivalent::Equivalent;
#[cfg(feature = "hashbrown")]
pub use error::FromHashbrownError;
#[cfg(feature = "std")]
pub use error::StillShared;
pub use error::{ArenaError, ArenaError as TryReserveError, ExtendError, FromUtf8Error, Full, InsertError, PushError};
#[cfg(feature = "fixed")]
pub use fixed::FixedMap;
#[cfg(feature = "hashbrown")]
pub use interop::{HashbrownMap, HashbrownSet};
pub use layout::{MapLayout, SlotLayout, SlotPart};
pub use map::{ArenaMap, BorrowedMap, DefaultHashBuilder, SizeHint};
#[cfg(feature = "std")]
pub use map::{PooledMap, SharedMap};
pub use nested::PathMap;
#[cfg(feature = "counters")]
pub use observe::counters;
#[cfg(feature = "registry")]
pub use observe::registry;
pub use parts::{Part, Parts};
#[cfg(feature = "serde")]
pub use serde::{MapSeed, SetSeed, StringSeed, VecSeed};
pub use set::ArenaSet;
#[cfg(feature = "std")]
pub use stats::PoolStats;
pub use stats::{ArenaStats, MapStats, ProbeLengths};
pub use string::ArenaString;
pub use vec::ArenaVec;
