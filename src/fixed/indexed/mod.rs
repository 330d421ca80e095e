//! [`IndexedMap`]: the second kind of archive, read only, with one slot a lookup.

mod build;
pub(super) mod index;
#[cfg(test)]
mod index_tests;
mod iter;
pub(super) mod layout;
mod make;
mod open;
mod raw;
mod scratch;
mod unverified;
mod verify;

pub use self::iter::{IndexedIter, IndexedKeys, IndexedValues};
pub use self::unverified::UnverifiedIndexed;

use self::layout::IndexGeometry;
use super::error::{FixedError, fail};
use super::key::{FixedKey, KeySecrets, Query, hash_of};
use super::layout::{SlotLayout, at};
use super::memory::{AlignedBytes, Memory};
use super::value::Frozen;
use crate::error::check_batch;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Index;

/// Neither covariant nor contravariant, and `Send` and `Sync`.
type Invariant<K, V> = fn(K, V) -> (K, V);

/// A hash map that is only read, in one buffer that is its own archive: smaller than a [`FixedMap`](super::FixedMap) and, once it
/// is larger than the caches, faster.
///
/// It is made of all its entries at once, and knows of each key the only slot where it can be: it has an index, one byte for
/// every three keys, and 99 of 100 slots are full. So a lookup, hit or miss, reads a byte of the index and one slot, where a
/// hash table reads tags and then a slot. A pair of two `u64_le` takes 16.5 bytes, in a `FixedMap` 26.
///
/// Keys, values, memory and safety are those of `FixedMap`; values with atomics do not compile. `FORMAT.md` has every byte.
/// The same entries, in any order, and the same seed make the same bytes on every target.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, IndexedMap, u64_le};
///
/// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(FixedMap::<u64_le, u64_le>::bytes_for(100)), 100)?;
/// for n in 0..100 {
///     map.insert(n.into(), (n * n).into()).unwrap();
/// }
/// let indexed = map.try_index()?;
/// assert_eq!((indexed.get(&7), indexed.get(&100)), (Some(&49.into()), None));
///
/// let bytes = indexed.into_memory(); // sealed, to be stored or sent
/// let there = IndexedMap::<u64_le, u64_le, _>::open(&bytes[..])?; // O(1)
/// assert_eq!(there.get(&8), Some(&64.into()));
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
///
#[doc = include_str!("SPEED.md")]
pub struct IndexedMap<K, V, M = AlignedBytes> {
    /// Aligned for the archive and at least `geometry.bytes` long. Nothing in this module writes to it once this is made.
    memory: M,
    /// Checked against the header when it was opened; no later change of the bytes changes it.
    geometry: IndexGeometry,
    secrets: KeySecrets,
    seed: u64,
    /// As in `Core`: a map of one type must not be taken for one of a subtype.
    types: PhantomData<(K, V, Invariant<K, V>)>,
}

impl<K: FixedKey, V: Frozen, M> IndexedMap<K, V, M> {
    /// The layout of a slot, whose limits are those of a table.
    const SLOT: SlotLayout = super::core::Core::<K, V, M>::SLOT;
}

impl<K: FixedKey, V: Frozen, M: Memory> IndexedMap<K, V, M> {
    /// Number of entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.geometry.shape.keys as usize
    }

    /// Whether there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
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
        self.header().generation()
    }

    #[inline(always)]
    fn hash<Q: Query<K> + ?Sized>(&self, query: &Q) -> u64 {
        hash_of(query, &self.secrets).0
    }

    /// The value of a key.
    ///
    /// In a damaged archive that was not verified, it may not find a key that is there.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// # use arenamap::fixed::{IndexedMap, u64_le};
    /// let map = IndexedMap::<u64_le, u64_le>::try_from_entries([(7.into(), 49.into())])?;
    /// assert_eq!(map.get(&7), Some(&49.into())); // by a native number
    /// assert_eq!(map.get(&u64_le::from(7)), map.get(&7)); // or by the key
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn get<Q: Query<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// The stored key, and its value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get_key_value<Q: Query<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        let raw = self.raw();
        raw.entry(raw.slot(self.hash(key)))
            .filter(|(other, _)| key.is_key(other))
    }

    /// True if the key is in the map.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn contains_key<Q: Query<K> + ?Sized>(&self, key: &Q) -> bool {
        self.get(key).is_some()
    }

    /// Lets the processor fetch the index's byte of a key, so that a lookup soon after waits less for memory.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn prefetch<Q: Query<K> + ?Sized>(&self, key: &Q) {
        self.raw().prefetch_pilot(self.hash(key));
    }

    /// Looks many keys up together, so that their cache misses overlap: hits and misses alike.
    ///
    /// Allocates: never. Time: O(keys).
    ///
    /// # Panics
    ///
    /// If `out` has not as many places as there are keys; the message has both numbers.
    ///
    /// ```
    /// # use arenamap::fixed::{IndexedMap, u64_le};
    /// # let map = IndexedMap::<u64_le, u64_le>::try_from_entries([(7.into(), 49.into())])?;
    /// let mut out = [None; 2];
    /// map.get_batch(&[7_u64, 8], &mut out);
    /// assert_eq!(out, [Some(&49.into()), None]);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[track_caller]
    pub fn get_batch<'m, Q: Query<K>>(&'m self, keys: &[Q], out: &mut [Option<&'m V>]) {
        /// Keys that take a step together: those of three steps are on their way at a time.
        const STEP: usize = 16;
        check_batch(keys.len(), out.len());
        let raw = self.raw();
        let steps = keys.len().div_ceil(STEP);
        let (keys_of, part_of) = (|step: usize| &keys[step * STEP..], |step: usize| step % 2);
        let (mut hashes, mut slots) = ([[0; STEP]; 2], [[0; STEP]; 2]);
        for step in 0..steps + 2 {
            // The keys of the step before the last one: their slots are there.
            if let Some(step) = step.checked_sub(2) {
                let slots = &slots[part_of(step)];
                for ((out, key), &slot) in out[step * STEP..].iter_mut().zip(keys_of(step)).zip(slots) {
                    *out = raw
                        .entry(slot)
                        .filter(|(other, _)| key.is_key(other))
                        .map(|(_, value)| value);
                }
            }
            // Those of the last one: their pilots are there.
            if let Some(step) = step.checked_sub(1).filter(|&step| step < steps) {
                for (slot, &hash) in slots[part_of(step)].iter_mut().zip(&hashes[part_of(step)]) {
                    *slot = raw.slot(hash);
                    raw.prefetch_slot(*slot);
                }
            }
            if step < steps {
                for (hash, key) in hashes[part_of(step)].iter_mut().zip(keys_of(step)) {
                    *hash = self.hash(key);
                    raw.prefetch_pilot(*hash);
                }
            }
        }
    }

    /// The archive, which is sealed: everything that a copy of this map needs.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// # use arenamap::fixed::{IndexedMap, u64_le};
    /// # let map = IndexedMap::<u64_le, u64_le>::try_from_entries([(7.into(), 49.into())])?;
    /// assert_eq!(map.as_bytes().len(), IndexedMap::<u64_le, u64_le>::bytes_for(1));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes()
    }

    /// The memory, with the archive in it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_memory(self) -> M {
        self.memory
    }

    /// The header, copied.
    fn header(&self) -> super::header::Header {
        let mut header = super::header::Header([0; at::TAGS]);
        header.0.copy_from_slice(&self.as_bytes()[..at::TAGS]);
        header
    }
}

impl<K: FixedKey + fmt::Debug, V: Frozen + fmt::Debug, M: Memory> fmt::Debug for IndexedMap<K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// Maps are equal if they have the same entries. Seeds and memories may differ.
impl<K: FixedKey, V: Frozen + PartialEq, M: Memory, N: Memory> PartialEq<IndexedMap<K, V, N>> for IndexedMap<K, V, M> {
    fn eq(&self, other: &IndexedMap<K, V, N>) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: FixedKey, V: Frozen + Eq, M: Memory> Eq for IndexedMap<K, V, M> {}

impl<K: FixedKey, V: Frozen> IndexedMap<K, V, AlignedBytes> {
    /// A copy on the heap, byte for byte.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Field::Heap`](super::Field::Heap) if the global allocator has no memory.
    ///
    /// ```
    /// # use arenamap::fixed::{IndexedMap, u64_le};
    /// # let map = IndexedMap::<u64_le, u64_le>::try_from_entries([(7.into(), 49.into())])?;
    /// assert_eq!(map.try_clone()?, map);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, FixedError> {
        let memory = AlignedBytes::try_from_slice(self.as_bytes())?;
        Ok(Self::of(memory, self.geometry, self.seed))
    }
}

/// A copy on the heap, byte for byte. Allocates: heap.
///
/// # Panics
///
/// If there is no memory; [`IndexedMap::try_clone`] returns the error.
impl<K: FixedKey, V: Frozen> Clone for IndexedMap<K, V, AlignedBytes> {
    #[track_caller]
    fn clone(&self) -> Self {
        match self.try_clone() {
            Ok(copy) => copy,
            Err(error) => fail(&error, "IndexedMap::try_clone"),
        }
    }
}

/// # Panics
///
/// If the key is not in the map.
impl<K: FixedKey, Q: Query<K> + ?Sized, V: Frozen, M: Memory> Index<&Q> for IndexedMap<K, V, M> {
    type Output = V;

    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}
