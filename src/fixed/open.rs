//! The ways to open an existing archive.
#![allow(unsafe_code, reason = "`open_unchecked`, whose promise is the caller's")]

use super::core::Core;
use super::error::FixedError;
use super::header::Header;
use super::key::{FixedKey, KeySecrets, Query, hash_of};
use super::layout::{OPEN, SEALED, at};
use super::memory::{Holds, IntoMemory, Memory, MemoryMut};
use super::recover::Recovered;
use super::typed::Typed;
use super::value::{AnyBytes, Checked, FixedValue, Frozen};
use super::verify::{Verifier, scratch_words};
use super::{Field, FixedMap};
use alloc::vec::Vec;

impl<K: FixedKey, V: FixedValue, M: Memory> FixedMap<K, V, M> {
    /// Opens an archive. Only its header is read and checked.
    ///
    /// Whatever the bytes are, every call on the map is safe and ends. Its answers are right if the archive is
    /// undamaged; [`verify`](Self::verify) checks that. The memory may be longer than the archive. Values with atomics
    /// may be changed through a shared reference, so with such values a sealed archive is marked as open at once.
    ///
    /// Types for which some bytes are no valid value (`bool`, `char_le`, `NonZero`) do not compile here. Use
    /// [`open_verified`](Self::open_verified) or [`open_unverified`](Self::open_unverified) for them.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first field of the header that is wrong, the value that was expected and the value that
    /// was found.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, Field, FixedMap, i64_le, u64_le};
    ///
    /// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// let bytes = map.into_memory();
    /// assert_eq!(FixedMap::<u64_le, u64_le, _>::open(&bytes[..])?.get(&7), Some(&49.into()));
    ///
    /// let error = FixedMap::<u64_le, i64_le, _>::open(&bytes[..]).unwrap_err();
    /// assert_eq!(error.field(), Field::ValueLayout);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    ///
    /// ```compile_fail
    /// use arenamap::fixed::{FixedMap, u64_le};
    /// FixedMap::<u64_le, bool, _>::open(&[0_u8][..]); // a byte of 7 would be no bool
    /// ```
    pub fn open(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        K: AnyBytes,
        V: AnyBytes,
        M: Holds<V>,
    {
        Self::open_here(memory.into_memory())
    }

    pub(super) fn open_here(memory: M) -> Result<Self, FixedError>
    where
        K: AnyBytes,
        V: AnyBytes,
        M: Holds<V>,
    {
        let map = Self::attach_in(memory)?;
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
        K: AnyBytes,
        V: AnyBytes,
        M: MemoryMut + Holds<V>,
    {
        let mut map = Self::attach(memory)?;
        map.core.unseal();
        Ok(map)
    }

    /// Opens an archive without checking its keys and values. The caller promises that they are valid.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open): the header is checked.
    ///
    /// # Safety
    ///
    /// In every slot whose tag is not zero, the bytes must be a valid `K` and a valid `V`. Nothing else is required.
    pub unsafe fn open_unchecked(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        M: Holds<V>,
    {
        let map = Self::attach(memory)?;
        map.core.lend();
        Ok(map)
    }

    /// Opens an archive and verifies all of it.
    ///
    /// Allocates: heap, four bytes a group; [`open_verified_in`](Self::open_verified_in) never. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong; [`Field::Heap`] if there is no memory to verify in.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// let mut map = FixedMap::<u64_le, bool, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), true).unwrap();
    /// let bytes = map.into_memory();
    /// assert_eq!(FixedMap::<u64_le, bool, _>::open_verified(&bytes[..])?.get(&7), Some(&true));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn open_verified(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        K: Checked,
        V: Checked,
        M: Holds<V>,
    {
        Self::open_verified_here(memory.into_memory())
    }

    pub(super) fn open_verified_here(memory: M) -> Result<Self, FixedError>
    where
        K: Checked,
        V: Checked,
        M: Holds<V>,
    {
        let map = Self::attach_in(memory)?;
        map.check(&mut map.scratch()?)?;
        map.core.lend();
        Ok(map)
    }

    /// Opens an archive and verifies all of it, in scratch memory of the caller.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong; [`Field::Scratch`] says how many words are needed: one for
    /// each group, at most `capacity / 8 + 2`.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let bytes = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?.into_memory();
    /// let mut scratch = [0; 16];
    /// let map = FixedMap::<u64_le, u64_le, _>::open_verified_in(&bytes[..], &mut scratch)?;
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn open_verified_in(memory: impl IntoMemory<Memory = M>, scratch: &mut [u32]) -> Result<Self, FixedError>
    where
        K: Checked,
        V: Checked,
        M: Holds<V>,
    {
        let map = Self::attach(memory)?;
        map.check(scratch)?;
        map.core.lend();
        Ok(map)
    }

    /// Opens an archive of any types. Each lookup checks the key and the value that it gives out.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_unverified(memory: impl IntoMemory<Memory = M>) -> Result<Unverified<K, V, M>, FixedError>
    where
        K: Checked,
        V: Checked,
        M: Holds<V>,
    {
        Self::attach(memory).map(|map| Unverified { map })
    }

    /// Checks the whole archive: the checksum of the content, if it is sealed; tags, counters and the number of
    /// entries; that every key and value is valid, and every key is unique and found by a search; that all other bytes
    /// are zero.
    ///
    /// Somebody can make an archive whose verification is slow: O(entries × groups), because each key is far from where
    /// its search starts. Four times as long for twice as many entries. The same holds for `recover` and
    /// [`stats`](Self::stats). So limit the size of archives from people you do not trust.
    ///
    /// Allocates: heap, four bytes a group; [`verify_in`](Self::verify_in) never. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong; [`Field::Heap`] if there is no memory to verify in.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, Field, FixedMap, u64_le};
    ///
    /// let map = FixedMap::<u64_le, u64_le, _>::create_seeded(AlignedBytes::zeroed(1024), 10, 7)?;
    /// let mut bytes = map.into_memory();
    /// bytes[192] = 1; // a tag without an entry
    /// let map = FixedMap::<u64_le, u64_le, _>::open(&bytes[..])?; // does not look there
    /// assert_eq!(map.verify().unwrap_err().field(), Field::Tag);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn verify(&self) -> Result<(), FixedError>
    where
        K: Checked,
        V: Checked + Frozen,
    {
        Core::<K, V, M>::assert_still();
        self.check(&mut self.scratch()?)
    }

    /// [`verify`](Self::verify), in scratch memory of the caller: [`scratch_words`](Self::scratch_words) words with any
    /// content.
    ///
    /// Allocates: never. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and [`Field::Scratch`].
    pub fn verify_in(&self, scratch: &mut [u32]) -> Result<(), FixedError>
    where
        K: Checked,
        V: Checked + Frozen,
    {
        Core::<K, V, M>::assert_still();
        self.check(scratch)
    }

    /// The words of scratch memory that [`verify_in`](Self::verify_in) needs: one for each group.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn scratch_words(&self) -> usize {
        scratch_words(self.core.geometry().groups)
    }

    pub(super) fn attach(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError> {
        Self::attach_in(memory.into_memory())
    }

    pub(super) fn attach_in(memory: M) -> Result<Self, FixedError> {
        Core::attach(memory).map(Self::attached)
    }

    pub(super) fn attached((core, header): (Core<K, V, M>, Header)) -> Self {
        let seed = header.seed();
        Self {
            core,
            secrets: KeySecrets::seed(seed),
            seed,
        }
    }

    pub(super) fn scratch(&self) -> Result<Vec<u32>, FixedError> {
        let words = self.scratch_words();
        let mut scratch = Vec::new();
        scratch
            .try_reserve_exact(words)
            .map_err(|_| FixedError::refused(words.saturating_mul(size_of::<u32>())))?;
        scratch.resize(words, 0);
        Ok(scratch)
    }

    /// Nobody changes the memory meanwhile: the map is new, or its types are frozen.
    pub(super) fn check(&self, scratch: &mut [u32]) -> Result<(), FixedError>
    where
        K: Checked,
        V: Checked,
    {
        let header: Header = self.core.header();
        let sealed = match header.state() {
            SEALED => Some(header.content_checksum()),
            OPEN => None,
            other => return Err(FixedError::new(Field::State, SEALED, other)),
        };
        Verifier {
            slots: Typed {
                raw: self.core.raw(),
                keys: self.secrets,
            },
            geometry: self.core.geometry(),
            len: header.len(),
            sealed,
            bytes: self.core.bytes_still(),
        }
        .run(scratch)
    }
}

impl<K: FixedKey + Checked, V: Checked, M: MemoryMut + Holds<V>> FixedMap<K, V, M> {
    /// Repairs an archive whose header is good and whose content may be damaged. Keeps the entries that are whole, sets
    /// length and state anew, and says what it kept and what it lost.
    ///
    /// This is for an archive whose writer was killed, or that was damaged. An entry is kept if its key and value are
    /// valid and its tag belongs to its key. If a key is there several times, the first one that a search finds is
    /// kept. If there are more entries than the capacity, those in the first slots are kept.
    ///
    /// A hole of zeros is told by its slots: if several full ones of a group have no byte that is not zero, all of these are lost, because at most one
    /// of them was an entry. A hole of one slot may become an entry of zeros, one time in 255.
    ///
    /// What is kept is valid, and not always what was written: a bit that changed in a value is not seen, if the value is still valid.
    /// [`Recovered::checksum_failed`] says that this may be so.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), except [`Field::Len`] and [`Field::State`]. Without the rest of the header nothing can
    /// be recovered.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// let mut bytes = map.into_memory();
    /// bytes[128] = 0; // the length: killed before it was counted
    /// let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(bytes)?;
    /// assert_eq!((map.len(), recovered.kept, recovered.lost), (1, 1, 0));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn recover(memory: impl IntoMemory<Memory = M>) -> Result<(Self, Recovered), FixedError> {
        let mut map = Self::attached(Core::attach_damaged(memory.into_memory())?);
        let recovered = map.recover_here();
        Ok((map, recovered))
    }

    /// Keeps the entries that are whole.
    pub(super) fn recover_here(&mut self) -> Recovered {
        let secrets = &self.secrets;
        let hash = |key: &K| hash_of(key, secrets);
        let recovered = super::recover::recover(&mut self.core, hash, K::same, |_, _, _, is_tagged| is_tagged());
        for of_texts in [at::ROOM_USED, at::GARBAGE] {
            self.core.put(of_texts, 0);
        }
        recovered
    }
}

/// An archive that was opened without verifying it: each lookup checks the key and the value that it gives out.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
///
/// let mut map = FixedMap::<u64_le, bool, _>::create(AlignedBytes::zeroed(1024), 10)?;
/// map.insert(7.into(), true).unwrap();
/// let bytes = map.into_memory();
/// let map = FixedMap::<u64_le, bool, _>::open_unverified(&bytes[..])?;
/// assert_eq!(map.try_get(&7)?, Some(&true));
/// assert_eq!(map.verified()?.get(&7), Some(&true)); // from here on, without checks
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
pub struct Unverified<K, V, M> {
    map: FixedMap<K, V, M>,
}

impl<K: FixedKey + Checked, V: Checked, M: Memory> Unverified<K, V, M> {
    /// The value of a key, checked.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Key`] or [`Field::Value`] if the bytes in the slot are not a valid one, [`Field::Search`] as
    /// [`FixedMap::try_get`].
    pub fn try_get<Q: Query<K> + ?Sized>(&self, key: &Q) -> Result<Option<&V>, FixedError>
    where
        V: Frozen,
    {
        let hash = hash_of(key, &self.map.secrets);
        Ok(self
            .map
            .core
            .find_checked(hash, |other| key.is_key(other))?
            .map(|(_, value)| value))
    }

    /// Number of entries that the header states.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.core.len()
    }

    /// Whether the header states that there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Verifies everything, and returns the map.
    ///
    /// Allocates: heap, four bytes a group. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::verify`].
    pub fn verified(self) -> Result<FixedMap<K, V, M>, FixedError> {
        self.map.check(&mut self.map.scratch()?)?;
        self.map.core.lend();
        Ok(self.map)
    }
}

impl<K, V, M> core::fmt::Debug for Unverified<K, V, M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Unverified").finish_non_exhaustive()
    }
}
