//! [`FixedMap`]: a hash map in one buffer of bytes that is its own archive.
//!
//! You give the map its memory. It never grows, never moves an entry, and never calls the heap. There are no pointers
//! in its bytes, and the bytes are the same on every target. So you can copy them, write them to a file, or map them
//! into another process, and they are the same map there.
//!
//! ```
//! use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
//!
//! let need = FixedMap::<u64_le, u64_le>::bytes_for(1_000);
//! let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(need), 1_000)?;
//! map.insert(7.into(), 49.into()).unwrap();
//!
//! let bytes = map.seal().to_vec(); // the snapshot: one copy (of `as_bytes`, if damage on the way need not be seen)
//! let there = AlignedBytes::from_slice(&bytes);
//! let view = FixedMap::<u64_le, u64_le, _>::open(&there[..])?; // O(1), nothing is read but the header
//! assert_eq!(view.get(&7), Some(&49.into()));
//! # Ok::<(), arenamap::fixed::FixedError>(())
//! ```
//!
//! # Which opening?
//!
//! | call | time | of which types | what is promised |
//! |---|---|---|---|
//! | [`open`](FixedMap::open) | O(1) | any bytes are a value ([`AnyBytes`]) | whatever the bytes are, each call is safe and ends; answers are right if the archive is undamaged |
//! | [`open_mut`](FixedMap::open_mut) | O(1) | as `open` | as `open`; the archive is marked as open at once |
//! | [`open_verified`](FixedMap::open_verified) | O(n) | all | answers are right; but in an archive that was not sealed, a value that was changed into another valid one is not noticed |
//! | [`open_unverified`](FixedMap::open_unverified), not where a key or value is a `str` or `[u8]` | O(1) | all | each lookup checks the key and value that it gives out |
//! | [`open_unchecked`](FixedMap::open_unchecked) | O(1) | all | nothing: the caller promises that the bytes are valid |
//!
//! With feature `files`, the module `file` publishes, reads and maps archives in files.
//!
//! # Snapshots of growing maps, and back
//!
//! [`ArenaMap::snapshot_into`](crate::ArenaMap::snapshot_into) and its siblings of [`StrMap`](crate::StrMap) and
//! [`ArenaSet`](crate::ArenaSet) make a `FixedMap` of a growing map. You give the memory: your own, that of an arena
//! ([`Exclusive::in_arena`]), or some from the heap ([`AlignedBytes`]). `try_reserve` and `try_extend` of the growing
//! map are the way back.
//!
//! ```
//! use arenamap::fixed::{Exclusive, FixedMap, u32_le, u64_le};
//! use arenamap::{Arena, ArenaMap};
//!
//! let arena = Arena::with_budget(100_000);
//! let mut hits: ArenaMap<u64, u32, _, _> = ArenaMap::new_in(&arena);
//! hits.try_extend((0..100).map(|n| (n, 1)))?;
//!
//! let need = FixedMap::<u64_le, u32_le>::bytes_for(hits.len());
//! let snapshot: FixedMap<u64_le, u32_le, _> = hits.snapshot_into(Exclusive::in_arena(&arena, need)?, hits.len())?;
//!
//! let mut again: ArenaMap<u64, u32, _, _> = ArenaMap::new_in(&arena);
//! again.try_reserve(snapshot.len())?;
//! again.try_extend(snapshot.iter().map(|(key, value)| (key.to_native(), value.to_native())))?;
//! assert_eq!(again, hits);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `rkyv`, a `FixedMap` can also be a field of your own archived structs. Its bytes are in the archive
//! as they are, and are opened in place: see `ArchivedFixedMap`.
//!
//! # Hash functions and hostile keys
//!
//! [`KeyHasher`] hashes keys with secrets that are made from a seed. The seed is random for each new map. It is not a
//! cryptographic hash: it makes it hard to choose colliding keys without the seed, and gives no guarantee.
//!
//! An archive shows its seed to everyone who can read it, and with the seed, colliding keys can be chosen. So if a map
//! takes keys from outside after it was published, give it a new seed first: [`copy_into`](FixedMap::copy_into) does
//! that.
//!
//! # Allocations
//!
//! Only two things allocate: [`AlignedBytes`], and [`verify`](FixedMap::verify) without scratch memory of yours. If the
//! heap refuses, they return [`Field::Heap`] or have a twin that does: `try_zeroed`, `try_from_slice` and `try_clone`
//! of `AlignedBytes`, `try_clone` of `FixedMap`.
//!
#![doc = include_str!("FORMAT.md")]

#[cfg(feature = "rkyv")]
mod archived;
mod atomic;
mod bulk;
mod construct;
mod core;
mod counted;
pub mod described;
mod element;
mod entry;
mod error;
#[cfg(feature = "files")]
#[cfg_attr(docsrs, doc(cfg(feature = "files")))]
pub mod file;
mod fill;
#[cfg(test)]
mod format_tests;
mod group;
mod header;
mod indexed;
mod insert;
mod iter;
mod key;
mod layout;
mod memory;
mod numbers;
mod open;
mod parts;
mod raw;
mod recover;
mod repair;
mod seal;
mod stats;
mod table;
mod text;
mod traits;
mod typed;
mod value;
mod var;
mod verify;
mod view;
mod write;

#[cfg(feature = "rkyv")]
pub use self::archived::{ArchivedFixedMap, FixedMapResolver};
pub use self::atomic::{AtomicI32Le, AtomicI64Le, AtomicU8, AtomicU16Le, AtomicU32Le, AtomicU64Le};
pub use self::entry::{Entry, OccupiedEntry, VacantEntry};
pub use self::error::{ConvertError, Field, FixedError, FixedExtendError, FixedInsertError, SnapshotError};
pub use self::indexed::{IndexedIter, IndexedKeys, IndexedMap, IndexedStats, IndexedValues, UnverifiedIndexed};
pub use self::iter::{Iter, IterMut, Keys, Values, ValuesMut};
pub use self::key::{FixedKey, KeyHasher, KeySecrets, Query};
pub use self::memory::{AlignedBytes, Exclusive, Holds, IntoMemory, Memory, MemoryMut};
pub use self::open::Unverified;
pub use self::parts::KeyPart;
pub use self::recover::Recovered;
pub use self::stats::FixedStats;
pub use self::text::{FixedBytes, FixedStr, TooLong};
pub use self::traits::{Drain, ExtractIf};
pub use self::value::{AnyBytes, Checked, FieldSchema, FixedValue, Frozen, Schema, ZeroBytes};
pub use self::var::path;
pub use self::var::{
    PathArchive, Refusal, VarEntry, VarExtendError, VarExtractIf, VarInsertError, VarIter, VarIterMut, VarKey, VarKeys,
    VarMap, VarOccupiedEntry, VarQuery, VarVacantEntry, VarValue, VarValues,
};
pub use self::view::{FixedView, Projection, ViewError, Widening};
pub use rkyv::rend::{
    NonZeroI16_le, NonZeroI32_le, NonZeroI64_le, NonZeroU16_le, NonZeroU32_le, NonZeroU64_le, char_le, f32_le, f64_le,
    i16_le, i32_le, i64_le, i128_le, u16_le, u32_le, u64_le, u128_le,
};
pub use zerocopy::FromZeros;

#[doc(hidden)]
pub mod __private {
    pub use super::counted::{counted, entries};
    pub use super::view::{Found, ProjectedField};
    pub use rkyv;
    pub use zerocopy;
}

use self::core::Core;
use self::key::hash_of;
use self::layout::Hash;

/// A hash map of fixed capacity in one buffer of bytes, which is its own zero-copy archive.
///
/// `K` and `V` have the same bytes on every target ([`FixedKey`], [`FixedValue`]), `M` is the memory it lives in: `&[u8]`
/// to read, [`Exclusive`] (what `&mut [u8]` becomes) or [`AlignedBytes`] to write. See the [module](self).
///
/// A map of capacity n takes n entries, whatever was inserted and removed before. Its searches stay short when random
/// entries come and go ([measured](self#what-churn-leaves)). A full map returns [`FixedInsertError::Full`].
///
/// The compiler does not accept a map in place of a map of a subtype, whose layout may differ:
///
/// ```compile_fail,E0308
/// use arenamap::fixed::FixedMap;
///
/// type Any = FixedMap<u8, for<'a> fn(&'a u8)>;
/// type Static = FixedMap<u8, fn(&'static u8)>;
/// fn shrink(map: &Any) -> &Static {
///     map
/// }
/// ```
pub struct FixedMap<K, V, M = AlignedBytes> {
    core: Core<K, V, M>,
    secrets: KeySecrets,
    seed: u64,
}

impl<K: FixedKey, V: FixedValue, M: Memory> FixedMap<K, V, M> {
    #[inline(always)]
    fn hash<Q: Query<K> + ?Sized>(&self, query: &Q) -> Hash {
        hash_of(query, &self.secrets)
    }

    /// Number of entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// Whether there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most entries that the map takes, whatever was inserted and removed before.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.core.capacity()
    }

    /// The seed of the hash function, which is also in the archive.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How often the archive was published.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.core.number(layout::at::GENERATION)
    }

    /// Whether the archive has a checksum of its content. It does from [`seal`](Self::seal) until the next write, or
    /// until the next lookup that gives out a value with atomics.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.core.is_sealed()
    }
}
