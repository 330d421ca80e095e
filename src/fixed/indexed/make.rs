//! The calls that make an indexed archive, and what they need.
#![allow(
    clippy::cast_possible_truncation,
    reason = "an index of at most 2^31 keys is counted in 32 bits, and so are the words that it is made in"
)]

use super::IndexedMap;
use super::build::Entries;
use super::index::Shape;
use super::layout::IndexGeometry;
use super::scratch;
use crate::fixed::FixedMap;
#[cfg(doc)]
use crate::fixed::error::Field;
use crate::fixed::error::FixedError;
use crate::fixed::header::random_seed;
use crate::fixed::key::FixedKey;
use crate::fixed::layout::SlotLayout;
use crate::fixed::memory::{AlignedBytes, IntoMemory, Memory, MemoryMut};
use crate::fixed::value::Frozen;
use alloc::vec::Vec;

impl<K, V> IndexedMap<K, V> {
    /// The bytes of an archive of so many entries.
    ///
    /// The archive needs an alignment of [`ALIGN`](Self::ALIGN) bytes.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the format or the address space is too small for that many; [`try_bytes_for`](Self::try_bytes_for) returns the error.
    ///
    /// ```
    /// use arenamap::fixed::{FixedMap, IndexedMap, u64_le};
    ///
    /// const NEED: usize = IndexedMap::<u64_le, u64_le>::bytes_for(1_000_000);
    /// assert!(NEED < 16_500_000); // 16 bytes of data a pair
    /// assert!(FixedMap::<u64_le, u64_le>::bytes_for(1_000_000) > 25_000_000);
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn bytes_for(len: usize) -> usize
    where
        K: FixedKey,
        V: Frozen,
    {
        match Self::try_bytes_for(len) {
            Ok(bytes) => bytes,
            Err(_) => panic!(
                "no indexed archive holds that many; `IndexedMap::try_bytes_for` returns the error instead of panicking"
            ),
        }
    }

    /// The bytes of an archive of so many entries.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Capacity`] if there are more than 2³¹, or the address space is too small for that many.
    pub const fn try_bytes_for(len: usize) -> Result<usize, FixedError>
    where
        K: FixedKey,
        V: Frozen,
    {
        match IndexGeometry::of::<K, V>(len as u64) {
            Ok(geometry) => Ok(geometry.bytes),
            Err(error) => Err(error),
        }
    }

    /// The words of scratch memory, of 8 bytes each, in which an archive of so many entries is made: one for each, and as
    /// many more as one part of the index takes, some 100,000 at most.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If there are more than 2³¹.
    ///
    /// ```
    /// use arenamap::fixed::{IndexedMap, u64_le};
    ///
    /// assert!(IndexedMap::<u64_le, u64_le>::scratch_words(1_000_000) < 1_200_000);
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn scratch_words(len: usize) -> usize {
        assert!(len as u64 <= Shape::MOST, "an indexed archive has at most 2^31 entries");
        scratch::words(Shape::new(len as u64)) as usize
    }

    /// Alignment of an archive in memory, in bytes: that of a [`FixedMap`].
    pub const ALIGN: usize = SlotLayout::of::<K, V>().archive_align();

    /// Makes an archive of these entries on the heap, under a random seed.
    ///
    /// Allocates: heap, the archive, and [`scratch_words`](Self::scratch_words) meanwhile. Time: O(len).
    ///
    /// # Errors
    ///
    /// As [`from_entries_in`](Self::from_entries_in); [`Field::Heap`] if there is no memory.
    ///
    /// ```
    /// use arenamap::fixed::{FixedStr, IndexedMap, u32_le};
    ///
    /// let words = ["one", "two", "three"].map(|word| FixedStr::<8>::try_from(word).unwrap());
    /// let map = IndexedMap::<FixedStr<8>, u32_le>::try_from_entries(words.into_iter().zip((1..).map(u32_le::from)).take(3).collect::<Vec<_>>())?;
    /// assert_eq!(map.get("two"), Some(&2.into()));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn try_from_entries<I>(entries: I) -> Result<Self, FixedError>
    where
        K: FixedKey,
        V: Frozen,
        I: IntoIterator<Item = (K, V), IntoIter: ExactSizeIterator + Clone>,
    {
        let entries = entries.into_iter();
        let len = entries.len();
        on_heap(len, |memory, scratch| {
            Entries::new(entries, len).build(memory, scratch, random_seed())
        })
    }
}

impl<K: FixedKey, V: Frozen, M: MemoryMut> IndexedMap<K, V, M> {
    /// Makes an archive of these entries, in memory of the caller. The same entries, in any order, and the same seed make the
    /// same bytes on every target.
    ///
    /// It goes through the entries at least twice, by clones of the iterator. The scratch memory, with any content, has
    /// [`scratch_words`](IndexedMap::scratch_words) words. Under an error, and as long as the call takes, the memory holds no
    /// archive.
    ///
    /// If two keys have the same hash of 64 bits, or there is no index, the next one of a sequence of seeds is tried, and
    /// [`seed`](Self::seed) tells it. Of random keys, one seed in 10⁵ is not enough for 10⁷ of them.
    ///
    /// Allocates: never. Time: O(len), about 150 ns each.
    ///
    /// # Errors
    ///
    /// [`Field::MemoryLength`], [`Field::MemoryAlign`] and [`Field::Scratch`] with what is needed. [`Field::Repeated`] with the
    /// numbers of two entries that have the same key. [`Field::Collision`] with those of two keys that have the same hash
    /// under the last seed tried, as under the 15 before others had: chosen to, or hashed badly. [`Field::Index`] if under 16
    /// seeds there was no index, which takes such keys, too. [`Field::Len`] if there are more or fewer entries than the iterator said.
    ///
    /// ```
    /// use arenamap::fixed::{Field, IndexedMap, u64_le};
    ///
    /// type Map<'m> = IndexedMap<u64_le, u64_le>;
    /// let mut memory = [0_u64; 512];
    /// let memory = zerocopy::IntoBytes::as_mut_bytes(&mut memory[..]);
    /// # let from = memory.as_ptr().align_offset(16);
    /// # let memory = &mut memory[from..];
    /// let mut scratch = [0; Map::scratch_words(100)];
    /// let squares = (0..100_u32).map(|n| (u64::from(n).into(), u64::from(n * n).into()));
    /// let map = IndexedMap::<u64_le, u64_le, _>::from_entries_in(memory, &mut scratch, 42, squares)?;
    /// assert_eq!(map.get(&7), Some(&49.into()));
    ///
    /// let twice = [(1.into(), 1.into()), (2.into(), 2.into()), (1.into(), 3.into())];
    /// let error = Map::try_from_entries(twice).unwrap_err();
    /// assert_eq!((error.field(), error.expected(), error.found()), (Field::Repeated, 0, 2));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn from_entries_in<I>(
        memory: impl IntoMemory<Memory = M>,
        scratch: &mut [u64],
        seed: u64,
        entries: I,
    ) -> Result<Self, FixedError>
    where
        I: IntoIterator<Item = (K, V), IntoIter: ExactSizeIterator + Clone>,
    {
        let entries = entries.into_iter();
        let len = entries.len();
        Entries::new(entries, len).build(memory.into_memory(), scratch, seed)
    }
}

impl<K: FixedKey, V: Frozen, M: Memory> FixedMap<K, V, M> {
    /// Makes an [`IndexedMap`] of the entries, which is smaller, and faster to read if it is larger than the caches.
    ///
    /// [`IndexedMap::bytes_for`] and [`IndexedMap::scratch_words`] of the number of entries tell the memory that it needs. The
    /// same map makes the same bytes: the seed is that of this map. See [`IndexedMap::from_entries_in`].
    ///
    /// Allocates: never. Time: O(capacity), about 100 ns an entry.
    ///
    /// # Errors
    ///
    /// As [`IndexedMap::from_entries_in`]. The numbers of entries are those in the order of [`iter`](Self::iter).
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, IndexedMap, u64_le};
    ///
    /// # let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// type Indexed = IndexedMap<u64_le, u64_le>;
    /// let mut scratch = vec![0; Indexed::scratch_words(map.len())];
    /// let indexed = map.index_into(AlignedBytes::zeroed(Indexed::bytes_for(map.len())), &mut scratch)?;
    /// assert_eq!(indexed.get(&7), Some(&49.into()));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn index_into<B: IntoMemory>(
        &self,
        memory: B,
        scratch: &mut [u64],
    ) -> Result<IndexedMap<K, V, B::Memory>, FixedError>
    where
        B::Memory: MemoryMut,
    {
        Entries::new(self.iter(), self.len()).build(memory.into_memory(), scratch, self.seed())
    }

    /// Makes an [`IndexedMap`] of the entries, on the heap.
    ///
    /// Allocates: heap, the archive, and [`IndexedMap::scratch_words`] meanwhile. Time: O(capacity), about 100 ns an entry.
    ///
    /// # Errors
    ///
    /// As [`index_into`](Self::index_into); [`Field::Heap`] if there is no memory.
    pub fn try_index(&self) -> Result<IndexedMap<K, V>, FixedError> {
        on_heap(self.len(), |memory, scratch| self.index_into(memory, scratch))
    }
}

/// Makes an archive of so many entries in memory of the heap.
fn on_heap<K: FixedKey, V: Frozen>(
    len: usize,
    make: impl FnOnce(AlignedBytes, &mut [u64]) -> Result<IndexedMap<K, V>, FixedError>,
) -> Result<IndexedMap<K, V>, FixedError> {
    let bytes = IndexedMap::<K, V>::try_bytes_for(len)?;
    let words = IndexedMap::<K, V>::scratch_words(len);
    let memory = AlignedBytes::try_zeroed(bytes)?;
    let mut scratch = Vec::new();
    scratch
        .try_reserve_exact(words)
        .map_err(|_| FixedError::refused(words.saturating_mul(size_of::<u64>())))?;
    scratch.resize(words, 0);
    make(memory, &mut scratch)
}
