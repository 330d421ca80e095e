//! [`IndexedMap`]: the second kind of archive, read only, with one slot a lookup.

pub(super) mod build;
mod entries;
pub(super) mod index;
#[cfg(test)]
mod index_tests;
mod iter;
pub(super) mod layout;
mod make;
mod open;
mod raw;
pub(super) mod scratch;
mod stats;
mod unverified;
mod verify;

pub use self::iter::{IndexedIter, IndexedKeys, IndexedValues};
pub use self::stats::IndexedStats;
pub use self::unverified::UnverifiedIndexed;

use self::layout::IndexGeometry;
use self::raw::Raw;
use super::error::{Field, FixedError, fail};
use super::key::KeySecrets;
use super::layout::{SlotLayout, at};
use super::memory::{AlignedBytes, Memory};
use super::value::Frozen;
use super::var::{Texts, VarKey, VarQuery, VarValue, hash_query};
use crate::error::check_batch;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Index;

/// Of a type, its `Send` and `Sync`; neither covariant nor contravariant.
type Of<T> = (PhantomData<T>, fn(PhantomData<T>) -> PhantomData<T>);

/// A hash map that is only read, in one buffer that is its own archive: smaller than a [`FixedMap`](super::FixedMap) and, once it
/// is larger than the caches, faster.
///
/// It is made of all its entries at once, and knows of each key the only slot where it can be: it has an index, one byte for
/// every three keys, and 99 of 100 slots are full. So a lookup, hit or miss, reads a byte of the index and one slot, where a
/// hash table reads tags and then a slot. A pair of two `u64_le` takes 16.5 bytes, in a `FixedMap` 26.
///
/// Keys, values, memory and safety are those of `FixedMap`, or those of a [`VarMap`](super::VarMap) if some are `str` or `[u8]`: then the
/// texts stand behind the slots, in their order, a key's beside its value's, and a lookup reads one place more. Values with atomics do not
/// compile. The [format](super#indexed-archives) has every byte. The same entries, in any order, and the same seed make the same bytes on every target.
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
///
/// let words = IndexedMap::<str, str>::try_from_entries([("one", "eins"), ("two", "zwei")])?;
/// assert_eq!(words.get("two"), Some("zwei"));
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
///
#[doc = include_str!("SPEED.md")]
pub struct IndexedMap<K: ?Sized, V: ?Sized, M = AlignedBytes> {
    /// Aligned for the archive and at least `geometry.bytes` long. Nothing in this module writes to it once this is made.
    memory: M,
    /// Checked against the header when it was opened; no later change of the bytes changes it.
    geometry: IndexGeometry,
    secrets: KeySecrets,
    seed: u64,
    /// T1 of `var/part.rs` is known to hold.
    whole: bool,
    /// As in `Core`: a map of one type must not be taken for one of a subtype.
    types: PhantomData<(Of<K>, Of<V>)>,
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M> IndexedMap<K, V, M> {
    /// The layout of a slot, whose limits are those of a table.
    const SLOT: SlotLayout = super::core::Core::<K::Slot, V::Slot, M>::SLOT;
    /// Whether there is a room for texts.
    const HAS_TEXTS: bool = K::IS_TEXT || V::IS_TEXT;
}

impl<K: ?Sized, V: ?Sized, M> IndexedMap<K, V, M> {
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

    /// Bytes of texts: of all keys and values that are `str` or `[u8]`.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn room(&self) -> usize {
        self.geometry.room
    }
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: Memory> IndexedMap<K, V, M> {
    /// How often the archive was published.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.header().generation()
    }

    #[inline(always)]
    fn hash<Q: VarQuery<K> + ?Sized>(&self, query: &Q) -> u64 {
        hash_query(query, &self.secrets).0
    }

    #[inline(always)]
    const fn texts<'m>(&self, raw: Raw<'m, K::Slot, V::Slot>) -> Texts<'m> {
        Texts {
            room: raw.room(),
            whole: self.whole,
        }
    }

    /// The slots of a key and its value.
    #[inline(always)]
    fn find<'m, Q: VarQuery<K> + ?Sized>(
        &self,
        raw: Raw<'m, K::Slot, V::Slot>,
        key: &Q,
    ) -> Option<(&'m K::Slot, &'m V::Slot)> {
        let (other, value) = raw.entry(raw.slot(self.hash(key)))?;
        if V::IS_TEXT {
            self.texts(raw).prefetch::<V>(value); // while the key is on its way
        }
        key.is_var(other, raw.room()).then_some((other, value))
    }

    /// The value of a key.
    ///
    /// In a damaged archive that was not verified, it may not find a key that is there, and a text that is not where its slot says, or
    /// that is no UTF-8 although it should be, is not found either: [`try_get`](Self::try_get) tells.
    ///
    /// Allocates: never. Time: O(bytes of the key), and of a `str` O(its bytes), which are checked to be UTF-8; not in a map that was made
    /// here, or verified.
    ///
    /// ```
    /// # use arenamap::fixed::{IndexedMap, u64_le};
    /// let map = IndexedMap::<u64_le, u64_le>::try_from_entries([(7.into(), 49.into())])?;
    /// assert_eq!(map.get(&7), Some(&49.into())); // by a native number
    /// assert_eq!(map.get(&u64_le::from(7)), map.get(&7)); // or by the key
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn get<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        let raw = self.raw();
        let (_, value) = self.find(raw, key)?;
        self.texts(raw).read(value)
    }

    /// The stored key, and its value.
    ///
    /// Allocates: never. Time: O(bytes), as [`get`](Self::get).
    #[inline]
    pub fn get_key_value<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        let raw = self.raw();
        let texts = self.texts(raw);
        let (key, value) = self.find(raw, key)?;
        Some((texts.read(key)?, texts.read(value)?))
    }

    /// True if the key is in the map.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    #[inline]
    pub fn contains_key<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> bool {
        // (Not by `find`, which asks for the value's text.)
        let raw = self.raw();
        raw.entry(raw.slot(self.hash(key)))
            .is_some_and(|(other, _)| key.is_var(other, raw.room()))
    }

    /// The value of a key, or what is wrong with its text.
    ///
    /// Allocates: never. Time: O(bytes), as [`get`](Self::get).
    ///
    /// # Errors
    ///
    /// [`Field::Text`] if the text is outside of the room, or no UTF-8 although it should be; [`get_bytes`](Self::get_bytes) gives what is
    /// there.
    ///
    /// ```
    /// # use arenamap::fixed::IndexedMap;
    /// let map = IndexedMap::<str, str>::try_from_entries([("one", "eins")])?;
    /// assert_eq!((map.try_get("one")?, map.try_get("two")?), (Some("eins"), None));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn try_get<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Result<Option<&V>, FixedError> {
        let raw = self.raw();
        let Some((_, value)) = self.find(raw, key) else {
            return Ok(None);
        };
        match self.texts(raw).read(value) {
            Some(value) => Ok(Some(value)),
            None => Err(FixedError::at(Field::Text, raw.slot(self.hash(key)) as u64, 0, 1).of_index()),
        }
    }

    /// The bytes of the text of a key, whether or not they are UTF-8. `None` if the key is not there, or the text is outside of the room.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    #[inline]
    pub fn get_bytes<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<&[u8]> {
        let raw = self.raw();
        let (_, value) = self.find(raw, key)?;
        V::span(value)?.of(raw.room())
    }

    /// Lets the processor fetch the index's byte of a key, so that a lookup soon after waits less for memory.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn prefetch<Q: VarQuery<K> + ?Sized>(&self, key: &Q) {
        self.raw().prefetch_pilot(self.hash(key));
    }

    /// Looks many keys up together, so that their cache misses overlap: hits and misses alike.
    ///
    /// Keys without a fixed size are given by reference, `&["one", "two"]`: as to a [`VarMap`](super::VarMap::get_batch).
    ///
    /// Allocates: never. Time: O(bytes of the keys), and of the values as [`get`](Self::get).
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
    pub fn get_batch<'m, Q: VarQuery<K>>(&'m self, keys: &[Q], out: &mut [Option<&'m V>]) {
        /// Keys that take a step together: those of three steps are on their way at a time.
        const STEP: usize = 16;
        check_batch(keys.len(), out.len());
        let raw = self.raw();
        let texts = self.texts(raw);
        let steps = keys.len().div_ceil(STEP);
        let (keys_of, part_of) = (|step: usize| &keys[step * STEP..], |step: usize| step % 2);
        let (mut hashes, mut slots) = ([[0; STEP]; 2], [[0; STEP]; 2]);
        for step in 0..steps + 2 {
            // The keys of the step before the last one: their slots are there.
            if let Some(step) = step.checked_sub(2) {
                let slots = &slots[part_of(step)];
                if Self::HAS_TEXTS {
                    // (Those of the last step may be of no key: they are asked for in vain.)
                    for (key, value) in slots.iter().filter_map(|&slot| raw.entry(slot)) {
                        texts.prefetch::<K>(key);
                        texts.prefetch::<V>(value);
                    }
                }
                for ((out, key), &slot) in out[step * STEP..].iter_mut().zip(keys_of(step)).zip(slots) {
                    *out = raw
                        .entry(slot)
                        .filter(|(other, _)| key.is_var(other, texts.room))
                        .and_then(|(_, value)| texts.read(value));
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

impl<K, V, M: Memory> fmt::Debug for IndexedMap<K, V, M>
where
    K: VarKey + fmt::Debug + ?Sized,
    V: VarValue<Slot: Frozen> + fmt::Debug + ?Sized,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// Maps are equal if they have the same entries. Seeds and memories may differ.
impl<K, V, M: Memory, N: Memory> PartialEq<IndexedMap<K, V, N>> for IndexedMap<K, V, M>
where
    K: VarKey + VarQuery<K> + ?Sized,
    V: VarValue<Slot: Frozen> + PartialEq + ?Sized,
{
    fn eq(&self, other: &IndexedMap<K, V, N>) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K, V, M: Memory> Eq for IndexedMap<K, V, M>
where
    K: VarKey + VarQuery<K> + ?Sized,
    V: VarValue<Slot: Frozen> + Eq + ?Sized,
{
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized> IndexedMap<K, V, AlignedBytes> {
    /// A copy on the heap, byte for byte.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Field::Heap`] if the global allocator has no memory.
    ///
    /// ```
    /// # use arenamap::fixed::{IndexedMap, u64_le};
    /// # let map = IndexedMap::<u64_le, u64_le>::try_from_entries([(7.into(), 49.into())])?;
    /// assert_eq!(map.try_clone()?, map);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, FixedError> {
        let memory = AlignedBytes::try_from_slice(self.as_bytes())?;
        Ok(Self::of(memory, self.geometry, self.seed, self.whole))
    }
}

/// A copy on the heap, byte for byte. Allocates: heap.
///
/// # Panics
///
/// If there is no memory; [`IndexedMap::try_clone`] returns the error.
impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized> Clone for IndexedMap<K, V, AlignedBytes> {
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
impl<K, Q, V, M: Memory> Index<&Q> for IndexedMap<K, V, M>
where
    K: VarKey + ?Sized,
    Q: VarQuery<K> + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
{
    type Output = V;

    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}
