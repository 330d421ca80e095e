//! The ways to open an existing archive with texts.

use super::super::core::Core;
use super::super::error::FixedError;
use super::super::header::Header;
use super::super::key::KeySecrets;
use super::super::memory::{Holds, IntoMemory, Memory, MemoryMut};
use super::super::recover::Recovered;
use super::super::value::{AnyBytes, Frozen};
use super::{VarKey, VarMap, VarValue};

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: Memory> VarMap<K, V, M> {
    /// Opens an archive. Only its header is read and checked.
    ///
    /// Whatever the bytes are, every call on the map is safe and ends: a text is looked at before it is given out. Answers are right if the
    /// archive is undamaged; [`verify`](Self::verify) checks that. The memory may be longer than the archive.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first field of the header that is wrong, the value that was expected and the value that was found.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, Field, VarMap};
    ///
    /// let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("key", "value")?;
    /// let bytes = map.into_memory();
    /// assert_eq!(VarMap::<str, str, _>::open(&bytes[..])?.get("key"), Some("value"));
    ///
    /// let error = VarMap::<str, [u8], _>::open(&bytes[..]).unwrap_err();
    /// assert_eq!(error.field(), Field::ValueLayout);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        K::Slot: AnyBytes,
        V::Slot: AnyBytes,
        M: Holds<V::Slot>,
    {
        Self::open_here(memory.into_memory())
    }

    pub(in super::super) fn open_here(memory: M) -> Result<Self, FixedError>
    where
        K::Slot: AnyBytes,
        V::Slot: AnyBytes,
        M: Holds<V::Slot>,
    {
        let map = Self::attached(Core::attach(memory)?);
        map.core.lend();
        Ok(map)
    }

    /// Opens an archive to write to it, and marks it as open at once. If it is not closed, the next reader sees that.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_mut(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        K::Slot: AnyBytes,
        V::Slot: AnyBytes,
        M: MemoryMut + Holds<V::Slot>,
    {
        let mut map = Self::attached(Core::attach(memory.into_memory())?);
        map.core.unseal();
        Ok(map)
    }

    /// Opens an archive and verifies all of it.
    ///
    /// Allocates: heap, four bytes a group and a bit for each used byte of the room; [`open_verified_in`](Self::open_verified_in) never. Time:
    /// O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong; [`Field::Heap`](super::super::Field::Heap) if there is no memory to verify in.
    pub fn open_verified(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        M: Holds<V::Slot>,
    {
        Self::open_verified_here(memory.into_memory())
    }

    pub(in super::super) fn open_verified_here(memory: M) -> Result<Self, FixedError>
    where
        M: Holds<V::Slot>,
    {
        let mut map = Self::attached(Core::attach(memory)?);
        map.check(&mut map.scratch()?)?;
        map.whole = true;
        map.core.lend();
        Ok(map)
    }

    /// Opens an archive and verifies all of it, in scratch memory of the caller.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong; [`Field::Scratch`](super::super::Field::Scratch) says how many words are needed: one
    /// for each group, and one for each 32 used bytes of the room.
    pub fn open_verified_in(memory: impl IntoMemory<Memory = M>, scratch: &mut [u32]) -> Result<Self, FixedError>
    where
        M: Holds<V::Slot>,
    {
        let mut map = Self::attached(Core::attach(memory.into_memory())?);
        map.check(scratch)?;
        map.whole = true;
        map.core.lend();
        Ok(map)
    }

    /// Checks the whole archive: what [`FixedMap::verify`](crate::fixed::FixedMap::verify) checks, and that every text lies in the used part
    /// of the room and is UTF-8 if it is a `str`, that no two share a byte, that the garbage is counted right, and that all bytes behind the
    /// used ones are zero.
    ///
    /// Somebody can make an archive whose verification is slow, as that of a [`FixedMap`](crate::fixed::FixedMap::verify).
    ///
    /// Allocates: heap, four bytes a group and a bit for each used byte of the room; [`verify_in`](Self::verify_in) never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong; [`Field::Heap`](super::super::Field::Heap) if there is no memory to verify in.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, Field, VarMap};
    ///
    /// let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("key", "value")?;
    /// let mut bytes = map.into_memory();
    /// let at = bytes.windows(5).position(|bytes| bytes == b"value").unwrap();
    /// bytes[at] = 0xff; // no UTF-8
    /// let map = VarMap::<str, str, _>::open(&bytes[..])?; // does not look there
    /// assert_eq!(map.verify().unwrap_err().field(), Field::Text);
    /// assert_eq!((map.get("key"), map.get_bytes("key")), (None, Some(&b"\xffalue"[..])));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self) -> Result<(), FixedError>
    where
        V::Slot: Frozen,
    {
        Core::<K::Slot, V::Slot, M>::assert_still();
        self.check(&mut self.scratch()?)
    }

    /// [`verify`](Self::verify), in scratch memory of the caller: [`scratch_words`](Self::scratch_words) words with any content.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and [`Field::Scratch`](super::super::Field::Scratch).
    pub fn verify_in(&self, scratch: &mut [u32]) -> Result<(), FixedError>
    where
        V::Slot: Frozen,
    {
        Core::<K::Slot, V::Slot, M>::assert_still();
        self.check(scratch)
    }

    /// A map on a core whose header was checked.
    pub(in super::super) fn attached((core, header): (Core<K::Slot, V::Slot, M>, Header)) -> Self {
        let seed = header.seed();
        Self {
            core,
            secrets: KeySecrets::seed(seed),
            seed,
            whole: false,
        }
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut + Holds<V::Slot>> VarMap<K, V, M> {
    /// Repairs an archive whose header is good and whose content may be damaged, as
    /// [`FixedMap::recover`](crate::fixed::FixedMap::recover) does. An entry is kept if its texts lie in the room, too, are UTF-8 where they
    /// should be, and have no byte in common with those of another entry, of which that with the shorter texts is kept; garbage is counted anew.
    /// What is kept is valid, and not always what was written: a text that was changed is not seen, nor a place that leads to other whole
    /// bytes now. [`Recovered::checksum_failed`] says that this may be so.
    ///
    /// Allocates: heap, a bit for each byte of the room and for each slot. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), except for length, state, and the numbers of the room; [`Field::Heap`](super::super::Field::Heap) if there is no memory.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, VarMap};
    ///
    /// let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("key", "value")?;
    /// let mut bytes = map.into_memory();
    /// bytes[128] = 0; // the length: killed before it was counted
    /// let (map, recovered) = VarMap::<str, str, _>::recover(bytes)?;
    /// assert_eq!((map.len(), recovered.kept, recovered.lost), (1, 1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recover(memory: impl IntoMemory<Memory = M>) -> Result<(Self, Recovered), FixedError> {
        let mut map = Self::attached(Core::attach_damaged(memory.into_memory())?);
        let recovered = map.recover_here()?;
        Ok((map, recovered))
    }
}
