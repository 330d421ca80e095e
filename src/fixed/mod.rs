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
//! | [`open_unverified`](FixedMap::open_unverified) | O(1) | all | each lookup checks the key and value that it gives out |
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
mod core;
mod counted;
pub mod described;
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
pub use self::indexed::{IndexedIter, IndexedKeys, IndexedMap, IndexedValues};
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
    PathArchive, Refusal, VarEntry, VarExtendError, VarInsertError, VarIter, VarKey, VarKeys, VarMap, VarOccupiedEntry,
    VarQuery, VarVacantEntry, VarValue, VarValues,
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
use self::header::geometry_of;
use self::insert::Found;
use self::key::hash_of;
use self::layout::{Hash, SlotLayout};

/// A hash map of fixed capacity in one buffer of bytes, which is its own zero-copy archive.
///
/// `K` and `V` have the same bytes on every target ([`FixedKey`], [`FixedValue`]), `M` is the memory it lives in: `&[u8]`
/// to read, [`Exclusive`] (what `&mut [u8]` becomes) or [`AlignedBytes`] to write. See the [module](self).
///
/// A map of capacity n takes n entries, whatever was inserted and removed before. Its searches stay short when random
/// entries come and go (measured in `FORMAT.md`). A full map returns [`FixedInsertError::Full`].
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

// The bounds of the calls with which a map begins stand on the calls themselves: so the compiler shows the messages of the
// traits when a type is none of them.
impl<K, V> FixedMap<K, V> {
    /// The bytes of an archive with room for `capacity` entries.
    ///
    /// The archive needs an alignment of [`ALIGN`](Self::ALIGN) bytes.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the address space is too small for that many; [`try_bytes_for`](Self::try_bytes_for) returns the error.
    ///
    /// ```
    /// use arenamap::fixed::{FixedMap, u64_le};
    ///
    /// const NEED: usize = FixedMap::<u64_le, u64_le>::bytes_for(1_000);
    /// assert!(NEED < 1_000 * 26 + 512); // 16 bytes of data, two thirds full
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn bytes_for(capacity: usize) -> usize
    where
        K: FixedKey,
        V: FixedValue,
    {
        match geometry_of::<K, V>(capacity as u64, 0) {
            Ok(geometry) => geometry.bytes,
            Err(_) => panic!(
                "no machine holds a map of that capacity; `FixedMap::try_bytes_for` returns the error instead of panicking"
            ),
        }
    }

    /// The bytes of an archive with room for `capacity` entries.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Capacity`] if the address space is too small for that many.
    ///
    /// ```
    /// use arenamap::fixed::{FixedMap, u64_le};
    ///
    /// assert!(FixedMap::<u64_le, u64_le>::try_bytes_for(usize::MAX).is_err());
    /// ```
    pub const fn try_bytes_for(capacity: usize) -> Result<usize, FixedError>
    where
        K: FixedKey,
        V: FixedValue,
    {
        match geometry_of::<K, V>(capacity as u64, 0) {
            Ok(geometry) => Ok(geometry.bytes),
            Err(error) => Err(error),
        }
    }

    /// Alignment of an archive in memory, in bytes: 16, or that of a slot if it is larger.
    pub const ALIGN: usize = SlotLayout::of::<K, V>().archive_align();
}

impl<K, V, M> FixedMap<K, V, M> {
    /// Makes an empty map with room for `capacity` entries in the given memory, with a random seed.
    ///
    /// The memory may be longer than needed. Bytes beyond [`bytes_for`](FixedMap::bytes_for) stay as they are.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] if the memory is too short or misaligned, or the capacity larger than the format allows.
    ///
    /// ```
    /// use arenamap::fixed::{Field, FixedMap, u64_le};
    ///
    /// let mut too_short = [0; 100];
    /// let error = FixedMap::<u64_le, u64_le, _>::create(&mut too_short[..], 10).unwrap_err();
    /// assert_eq!((error.field(), error.found()), (Field::MemoryLength, 100));
    /// ```
    pub fn create(memory: impl IntoMemory<Memory = M>, capacity: usize) -> Result<Self, FixedError>
    where
        K: FixedKey,
        V: FixedValue,
        M: MemoryMut,
    {
        Self::create_seeded(memory, capacity, header::random_seed())
    }

    /// Makes an empty map with a given seed. The same seed and the same calls make the same bytes on every target.
    ///
    /// Whoever knows the seed can choose keys that collide. The entries of another map of this seed come in the order of their hashes: a part of
    /// them, inserted into a smaller map, crowds in a part of it, and each call takes O(capacity). Give the smaller map another seed.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// let need = FixedMap::<u64_le, u64_le>::bytes_for(10);
    /// let new = || FixedMap::<u64_le, u64_le, _>::create_seeded(AlignedBytes::zeroed(need), 10, 42);
    /// assert_eq!(new()?.as_bytes(), new()?.as_bytes());
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn create_seeded(memory: impl IntoMemory<Memory = M>, capacity: usize, seed: u64) -> Result<Self, FixedError>
    where
        K: FixedKey,
        V: FixedValue,
        M: MemoryMut,
    {
        let mut map = Self::prepare(memory, capacity, seed)?;
        map.core.finish();
        Ok(map)
    }
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

    /// The value of a key.
    ///
    /// In a damaged archive that was not verified, it may not find a key that is there.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// assert_eq!(map.get(&7), Some(&49.into())); // by a native number
    /// assert_eq!(map.get(&u64_le::from(7)), map.get(&7)); // or by the key
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn get<Q: Query<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        self.core.find_value(self.hash(key), |other| key.is_key(other))
    }

    /// The stored key, and its value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get_key_value<Q: Query<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        self.core.find(self.hash(key), |other| key.is_key(other))
    }

    /// True if the key is in the map.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn contains_key<Q: Query<K> + ?Sized>(&self, key: &Q) -> bool {
        self.get(key).is_some()
    }

    /// The value of a key, or what the search found wrong with the archive.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Search`] if the search went through all groups without an end: the key is not there, and the archive is
    /// damaged, or has keys that were chosen to collide under its seed.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// assert_eq!(map.try_get(&7)?, None);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn try_get<Q: Query<K> + ?Sized>(&self, key: &Q) -> Result<Option<&V>, FixedError> {
        let hash = self.hash(key);
        match self.core.find(hash, |other| key.is_key(other)) {
            Some((_, value)) => Ok(Some(value)),
            None => self.core.search_ends(hash).map(|()| None),
        }
    }

    /// Lets the processor fetch the place of a key, so that a lookup soon after does not wait for memory.
    ///
    /// This helps if the map is larger than the second-level cache and there is other work to do in between.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn prefetch<Q: Query<K> + ?Sized>(&self, key: &Q) {
        self.core.prefetch(self.hash(key));
    }

    /// Looks many keys up together, so that their cache misses overlap.
    ///
    /// For keys that are in the map, it is faster than single lookups in maps larger than the second-level cache, and
    /// slower in smaller ones. For keys that are not, mostly only tags are read, and these are few bytes. So they gain
    /// only in maps larger than all caches: `cargo bench --bench fixed -- batch`.
    ///
    /// Allocates: never. Time: O(keys).
    ///
    /// # Panics
    ///
    /// If `out` has not as many places as there are keys; the message has both numbers.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// let mut out = [None; 2];
    /// map.get_batch(&[7_u64, 8], &mut out);
    /// assert_eq!(out, [Some(&49.into()), None]);
    ///
    /// # use arenamap::fixed::FixedStr;
    /// # let mut words = FixedMap::<FixedStr<8>, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// words.insert("seven".try_into().unwrap(), 7.into()).unwrap();
    /// words.get_batch(&["six", "seven"], &mut out);
    /// assert_eq!(out, [None, Some(&7.into())]);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[track_caller]
    pub fn get_batch<'m, Q: Query<K>>(&'m self, keys: &[Q], out: &mut [Option<&'m V>]) {
        crate::error::check_batch(keys.len(), out.len());
        self.core.find_batch(keys, out, |key| self.hash(key), Q::is_key);
    }

    /// The entries, in the order of their slots.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.core.iter()
    }

    /// The keys, in the order of their slots.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn keys(&self) -> Keys<'_, K, V> {
        self.core.keys()
    }

    /// The values, in the order of their slots.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn values(&self) -> Values<'_, K, V> {
        self.core.values()
    }

    /// The archive: everything that a copy of this map needs.
    ///
    /// It can be opened whether it is sealed or not. Call [`seal`](Self::seal) first if readers shall notice damage.
    /// Values with atomics may change through a shared reference, so the bytes of such a map come from `seal` only.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// assert_eq!(map.as_bytes().len(), FixedMap::<u64_le, u64_le>::bytes_for(10));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn as_bytes(&self) -> &[u8]
    where
        V: Frozen,
    {
        self.core.bytes_frozen()
    }

    /// The memory, with the archive in it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_memory(self) -> M {
        self.core.into_memory()
    }

    /// A copy in other memory, with room for `capacity` entries and a new random seed. This makes a map larger, and
    /// gives a published one a new seed.
    ///
    /// If the archive was not verified, bytes that are no valid key or value are copied as they are.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] if the memory is too short or misaligned, or the capacity less than the number of entries.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// let need = FixedMap::<u64_le, u64_le>::bytes_for(20);
    /// let larger = map.copy_into(AlignedBytes::zeroed(need), 20)?;
    /// assert_eq!((larger.get(&7), larger.capacity()), (Some(&49.into()), 20));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn copy_into<B: IntoMemory>(&self, memory: B, capacity: usize) -> Result<FixedMap<K, V, B::Memory>, FixedError>
    where
        B::Memory: MemoryMut,
        V: Frozen,
    {
        self.copied(memory, capacity, header::random_seed())
    }

    fn copied<B: IntoMemory>(
        &self,
        memory: B,
        capacity: usize,
        seed: u64,
    ) -> Result<FixedMap<K, V, B::Memory>, FixedError>
    where
        B::Memory: MemoryMut,
    {
        if capacity < self.len() {
            return Err(FixedError::new(Field::TooSmall, self.len() as u64, capacity as u64));
        }
        let mut copy = FixedMap::prepare(memory, capacity, seed)?;
        // An archive that was not verified may hold a key twice, or more entries than it says.
        let pairs = self.core.copies().map(Ok::<_, FixedError>);
        let repeated = copy.core.fill(&copy.secrets, pairs)?;
        if repeated > 0 {
            let secrets = &copy.secrets;
            copy.core.drop_duplicates(|key| hash_of(key, secrets), K::same);
        }
        copy.core.finish();
        Ok(copy)
    }
}

impl<K: FixedKey, V: FixedValue, M: MemoryMut> FixedMap<K, V, M> {
    /// [`copy_into`](Self::copy_into) for values with atomics: through `&mut`, so that nobody changes them meanwhile.
    ///
    /// Allocates: never. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// As [`copy_into`](Self::copy_into).
    #[allow(clippy::needless_pass_by_ref_mut, reason = "keeps atomics still")]
    pub fn copy_into_mut<B: IntoMemory>(
        &mut self,
        memory: B,
        capacity: usize,
    ) -> Result<FixedMap<K, V, B::Memory>, FixedError>
    where
        B::Memory: MemoryMut,
    {
        self.copied(memory, capacity, header::random_seed())
    }

    /// The value of a key, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, [u64_le; 2], _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), [1.into(), 2.into()]).unwrap();
    /// map.get_mut(&7).unwrap()[1] += 40;
    /// assert_eq!(map.get(&7), Some(&[1.into(), 42.into()]));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn get_mut<Q: Query<K> + ?Sized>(&mut self, key: &Q) -> Option<&mut V> {
        let hash = self.hash(key);
        self.core
            .find_mut(hash, |other| key.is_key(other))
            .map(|(_, value)| value)
    }

    /// The values of several different keys at once, to change in place.
    ///
    /// Allocates: never. Time: O(N) lookups, and O(N²) comparisons of addresses.
    ///
    /// # Panics
    ///
    /// If two of the keys are equal, as in hashbrown.
    #[track_caller]
    pub fn get_disjoint_mut<Q: Query<K> + ?Sized, const N: usize>(&mut self, keys: [&Q; N]) -> [Option<&mut V>; N] {
        let hashes = keys.map(|key| self.hash(key));
        self.core.disjoint_mut(hashes, |i, other| keys[i].is_key(other))
    }

    /// Sets the value of a key and returns the old one. The stored key stays.
    ///
    /// Overwriting works in a full map, too.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedInsertError`] with the pair, if the map is full, or if the archive is damaged and was not verified.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 1)?;
    /// assert_eq!(map.insert(7.into(), 1.into()).unwrap(), None);
    /// assert_eq!(map.insert(7.into(), 2.into()).unwrap(), Some(1.into()));
    /// let (key, value) = map.insert(8.into(), 3.into()).unwrap_err().into_pair();
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline(always)] // else the result is handed over in memory, and read in larger pieces than it was written in: twice the time
    pub fn insert(&mut self, key: K, value: V) -> Result<Option<V>, FixedInsertError<K, V>> {
        let hash = self.hash(&key);
        self.core.insert(hash, key, value, K::same)
    }

    /// The place of a key, occupied or vacant: to look, insert or remove with one search.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// for key in [7_u64, 8, 7] {
    ///     *map.entry(key.into()).or_insert(0.into()).unwrap() += 1;
    /// }
    /// assert_eq!(map.get(&7), Some(&2.into()));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V, M> {
        let hash = self.hash(&key);
        match self.core.search(hash, |other| key.same(other)) {
            Found::Full(slot) => Entry::Occupied(OccupiedEntry { slot }),
            Found::Free(slot) => Entry::Vacant(VacantEntry { slot, key }),
        }
    }

    /// Removes a key and returns its value. The bytes of its slot are zeroed.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn remove<Q: Query<K> + ?Sized>(&mut self, key: &Q) -> Option<V> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes a key and returns the stored key and its value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn remove_entry<Q: Query<K> + ?Sized>(&mut self, key: &Q) -> Option<(K, V)> {
        let hash = self.hash(key);
        self.core.remove(hash, |other| key.is_key(other))
    }

    /// Removes a key, unless the search finds something wrong with the archive. Then nothing is changed.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Search`] as [`try_get`](Self::try_get); [`Field::Len`] in a damaged archive that was not verified.
    pub fn try_remove<Q: Query<K> + ?Sized>(&mut self, key: &Q) -> Result<Option<V>, FixedError> {
        let hash = self.hash(key);
        Ok(self
            .core
            .remove_checked(hash, |other| key.is_key(other))?
            .map(|(_, value)| value))
    }

    /// The entries, with the values to change in place.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        self.core.iter_mut()
    }

    /// The values, to change in place.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V> {
        self.core.values_mut()
    }

    /// Keeps the entries for which `keep` returns true, and removes the others.
    ///
    /// If `keep` panics, the entries it has not seen stay.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.extract_if(|key, value| !keep(key, value)).for_each(drop);
    }

    /// Removes and returns, one after another, the entries for which `pred` returns true. Entries it has not seen stay.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn extract_if<F: FnMut(&K, &mut V) -> bool>(&mut self, pred: F) -> ExtractIf<'_, K, V, M, F> {
        ExtractIf {
            map: self,
            from: 0,
            pred,
        }
    }

    /// Removes all entries and returns them one by one. The map is empty when the iterator is dropped.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn drain(&mut self) -> Drain<'_, K, V, M> {
        Drain {
            left: self.len(),
            map: self,
            from: 0,
        }
    }

    /// Removes all entries; capacity and seed stay.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn clear(&mut self) {
        self.core.clear();
    }

    /// Inserts pairs until one is refused.
    ///
    /// Allocates: never. Time: O(pairs).
    ///
    /// # Errors
    ///
    /// [`FixedExtendError`] with the number of pairs that went in and the pair that did not. The rest of the iterator
    /// is dropped with it; to keep it, pass the iterator by `&mut`.
    pub fn try_extend(&mut self, pairs: impl IntoIterator<Item = (K, V)>) -> Result<(), FixedExtendError<K, V>> {
        for (inserted, (key, value)) in pairs.into_iter().enumerate() {
            self.insert(key, value)
                .map_err(|cause| FixedExtendError { inserted, cause })?;
        }
        Ok(())
    }

    /// Writes the checksum of the content into the archive, and returns the bytes of the archive.
    ///
    /// The next write removes the seal, and so does the next lookup that gives out a value with atomics. This does not
    /// compile for a file that is open for writing: it is marked as open until it is closed.
    ///
    /// Allocates: never. Time: O(bytes); O(1) if it is sealed already.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, Field, FixedMap, u64_le};
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// let mut bytes = AlignedBytes::from_slice(map.seal());
    /// bytes[300] ^= 1;
    /// let error = FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).unwrap_err();
    /// assert_eq!(error.field(), Field::ContentChecksum);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn seal(&mut self) -> &[u8] {
        const {
            assert!(
                !M::STAYS_OPEN,
                "a file that is open for writing is sealed by `close`; `publish` writes a sealed copy of it elsewhere"
            );
        }
        let secrets = &self.secrets;
        self.core.seal(|key| hash_of(key, secrets));
        self.core.bytes()
    }
}

/// What a map's iterators and traits need of its fields.
impl<K: FixedKey, V: FixedValue, M: MemoryMut> FixedMap<K, V, M> {
    fn extract_next(&mut self, from: &mut usize, pred: impl FnMut(&K, &mut V) -> bool) -> Option<(K, V)> {
        let secrets = &self.secrets;
        self.core.extract_next(from, |key| hash_of(key, secrets), pred)
    }
}
