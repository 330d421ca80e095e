//! How a `FixedMap` begins, is copied, and ends as bytes.

use super::error::{Field, FixedError};
use super::header::{geometry_of, random_seed};
use super::key::hash_of;
use super::layout::SlotLayout;
use super::{FixedKey, FixedMap, FixedValue, Frozen, IntoMemory, Memory, MemoryMut};

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
        Self::create_seeded(memory, capacity, random_seed())
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
        self.copied(memory, capacity, random_seed())
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
        self.copied(memory, capacity, random_seed())
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
