//! The calls that make an indexed archive, and what they need.
#![allow(
    clippy::cast_possible_truncation,
    reason = "an index of at most 2^31 keys is counted in 32 bits, and so are the words that it is made in"
)]

use super::IndexedMap;
use super::entries::Entries;
use super::index::Shape;
use super::layout::IndexGeometry;
use super::scratch;
use crate::fixed::FixedMap;
#[cfg(doc)]
use crate::fixed::error::Field;
use crate::fixed::error::{FixedError, fail};
use crate::fixed::header::random_seed;
use crate::fixed::key::FixedKey;
use crate::fixed::layout::SlotLayout;
use crate::fixed::memory::{AlignedBytes, IntoMemory, Memory, MemoryMut};
use crate::fixed::value::Frozen;
use crate::fixed::var::{VarKey, VarMap, VarValue};

impl<K: ?Sized, V: ?Sized> IndexedMap<K, V> {
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
        match IndexGeometry::of::<K, V>(len as u64, 0) {
            Ok(geometry) => Ok(geometry.bytes),
            Err(error) => Err(error),
        }
    }

    /// The bytes of an archive of so many entries, whose texts have `room` bytes together: [`VarMap::measure`] counts both.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the format (2³⁶ bytes of texts) or the address space is too small for that much;
    /// [`try_bytes_for_texts`](Self::try_bytes_for_texts) returns the error.
    ///
    /// ```
    /// use arenamap::fixed::IndexedMap;
    ///
    /// // 1,000 pairs of texts of 40 bytes: 16.6 bytes a pair, and what every archive has.
    /// assert!(IndexedMap::<str, str>::bytes_for_texts(1_000, 40_000) < 40_000 + 16_600 + 512);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn bytes_for_texts(len: usize, room: usize) -> usize
    where
        K: VarKey,
        V: VarValue,
    {
        match Self::try_bytes_for_texts(len, room) {
            Ok(bytes) => bytes,
            Err(error) => fail(&error, "IndexedMap::try_bytes_for_texts"),
        }
    }

    /// The bytes of an archive of so many entries, whose texts have `room` bytes together.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Capacity`] or [`Field::Room`] if the address space or the format is too small for that much.
    pub const fn try_bytes_for_texts(len: usize, room: usize) -> Result<usize, FixedError>
    where
        K: VarKey,
        V: VarValue,
    {
        match IndexGeometry::of::<K::Slot, V::Slot>(len as u64, room as u64) {
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
    pub fn try_from_entries<'p, I>(entries: I) -> Result<Self, FixedError>
    where
        K: VarKey,
        V: VarValue<Slot: Frozen>,
        I: IntoIterator<Item = (K::Given<'p>, V::Given<'p>), IntoIter: ExactSizeIterator + Clone>,
    {
        let entries = entries.into_iter();
        let len = entries.len();
        on_heap(&Entries::<K, V, _>::new(entries, len), random_seed())
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M> IndexedMap<K, V, M> {
    /// Alignment of an archive in memory, in bytes: that of a [`FixedMap`].
    pub const ALIGN: usize = SlotLayout::of::<K::Slot, V::Slot>().archive_align();
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: MemoryMut> IndexedMap<K, V, M> {
    /// Makes an archive of these entries, in memory of the caller. The same entries, in any order, and the same seed make the
    /// same bytes on every target.
    ///
    /// It goes through the entries at least twice, by clones of the iterator; where there are texts, four times. The scratch memory, with any content, has
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
    /// [`Field::MemoryLength`], [`Field::MemoryAlign`] and [`Field::Scratch`] with what is needed. [`Field::Text`] if a text is longer than
    /// 2²⁸ - 1 bytes, [`Field::Room`] if all together are more than fit. [`Field::Repeated`] with the
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
    pub fn from_entries_in<'p, I>(
        memory: impl IntoMemory<Memory = M>,
        scratch: &mut [u64],
        seed: u64,
        entries: I,
    ) -> Result<Self, FixedError>
    where
        I: IntoIterator<Item = (K::Given<'p>, V::Given<'p>), IntoIter: ExactSizeIterator + Clone>,
    {
        let entries = entries.into_iter();
        let len = entries.len();
        Entries::<K, V, _>::new(entries, len).build(memory.into_memory(), scratch, seed)
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
        Entries::<K, V, _>::new(self.core.copies(), self.len()).build(memory.into_memory(), scratch, self.seed())
    }

    /// Makes an [`IndexedMap`] of the entries, on the heap.
    ///
    /// Allocates: heap, the archive, and [`IndexedMap::scratch_words`] meanwhile. Time: O(capacity), about 100 ns an entry.
    ///
    /// # Errors
    ///
    /// As [`index_into`](Self::index_into); [`Field::Heap`] if there is no memory.
    pub fn try_index(&self) -> Result<IndexedMap<K, V>, FixedError> {
        on_heap(&Entries::<K, V, _>::new(self.core.copies(), self.len()), self.seed())
    }
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: Memory> VarMap<K, V, M> {
    /// Makes an [`IndexedMap`] of the entries, which is smaller, and faster to read if it is larger than the caches; garbage is left out.
    ///
    /// [`IndexedMap::bytes_for_texts`] and [`IndexedMap::scratch_words`] tell the memory that it needs: of the number of entries and
    /// [`room_used`](Self::room_used) less [`garbage`](Self::garbage). The same map makes the same bytes: the seed is that of this map. See
    /// [`IndexedMap::from_entries_in`].
    ///
    /// Allocates: never. Time: O(capacity + bytes), 0.6 to 1.4 µs an entry.
    ///
    /// # Errors
    ///
    /// As [`IndexedMap::from_entries_in`]. The numbers of entries are those in the order of [`iter`](Self::iter). [`Field::Len`] if this is a
    /// damaged archive, with texts that are not where their slots say.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, IndexedMap, VarMap};
    ///
    /// let map = VarMap::<str, str>::from_pairs([("one", "eins"), ("two", "zwei")])?;
    /// type Indexed = IndexedMap<str, str>;
    /// let need = Indexed::bytes_for_texts(map.len(), map.room_used() - map.garbage());
    /// let mut scratch = vec![0; Indexed::scratch_words(map.len())];
    /// let indexed = map.index_into(AlignedBytes::zeroed(need), &mut scratch)?;
    /// assert_eq!(indexed.get("two"), Some("zwei"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn index_into<B: IntoMemory>(
        &self,
        memory: B,
        scratch: &mut [u64],
    ) -> Result<IndexedMap<K, V, B::Memory>, FixedError>
    where
        B::Memory: MemoryMut,
    {
        Entries::<K, V, _>::new(self.given(), self.len()).build(memory.into_memory(), scratch, self.seed())
    }

    /// Makes an [`IndexedMap`] of the entries, on the heap.
    ///
    /// Allocates: heap, the archive, and [`IndexedMap::scratch_words`] meanwhile. Time: O(capacity + bytes), 0.6 to 1.4 µs an entry.
    ///
    /// # Errors
    ///
    /// As [`index_into`](Self::index_into); [`Field::Heap`] if there is no memory.
    pub fn try_index(&self) -> Result<IndexedMap<K, V>, FixedError> {
        on_heap(&Entries::<K, V, _>::new(self.given(), self.len()), self.seed())
    }
}

/// Makes an archive of these entries in memory of the heap.
fn on_heap<'p, K, V, I>(entries: &Entries<'p, K, V, I>, seed: u64) -> Result<IndexedMap<K, V>, FixedError>
where
    K: VarKey + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
    I: Iterator<Item = (K::Given<'p>, V::Given<'p>)> + Clone,
{
    let bytes = IndexedMap::<K, V>::try_bytes_for_texts(entries.len(), entries.room())?;
    let words = IndexedMap::<K, V>::scratch_words(entries.len());
    let memory = AlignedBytes::try_zeroed(bytes)?;
    entries.build(memory, &mut scratch::on_heap(words)?, seed)
}
