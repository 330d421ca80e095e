//! The ways to open an archive that is there already.
#![allow(unsafe_code)] // `open_unchecked`, whose promise is the caller's

use super::core::Core;
use super::error::FixedError;
use super::header::Header;
use super::key::{FixedKey, KeySecrets, Query, hash_of};
use super::layout::{OPEN, SEALED};
use super::memory::{Holds, IntoMemory, Memory, MemoryMut};
use super::recover::Recovered;
use super::value::{AnyBytes, Checked, FixedValue, Frozen};
use super::verify::{Verifier, scratch_words};
use super::{Field, FixedMap};
use alloc::vec::Vec;

impl<K: FixedKey, V: FixedValue, M: Memory> FixedMap<K, V, M> {
    /// Opens an archive: its header is checked, nothing else is read. Time: O(1). Allocates: never.
    ///
    /// Whatever the bytes are, every call on the map is safe and ends; its answers are right if the archive is undamaged,
    /// which [`verify`](Self::verify) tells. Memory longer than the archive is allowed. Values with atomics may be changed
    /// through a shared reference: with such, a sealed archive is marked as open at once.
    ///
    /// Types of which not every byte is a value (`bool`, `char_le`, `NonZero`) do not compile here:
    /// [`open_verified`](Self::open_verified), or [`open_unverified`](Self::open_unverified).
    ///
    /// # Errors
    ///
    /// [`FixedError`] that names the first field of the header that is not as it should be, and both values.
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
        let map = Self::attach(memory)?;
        map.core.lend();
        Ok(map)
    }

    /// Opens an archive to write in it, and marks it as open at once: whoever finds it later sees that it was not closed.
    /// Time: O(1). Allocates: never.
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

    /// Opens an archive of which the caller knows that it holds keys and values. Time: O(1). Allocates: never.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open): the header is checked all the same.
    ///
    /// # Safety
    ///
    /// In every slot whose tag is not zero, the bytes are a valid `K` and a valid `V`. Nothing else needs to hold.
    pub unsafe fn open_unchecked(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        M: Holds<V>,
    {
        let map = Self::attach(memory)?;
        map.core.lend();
        Ok(map)
    }

    /// Opens an archive and verifies all of it. Time: linear in capacity and entries. Allocates: heap, four bytes a group;
    /// [`open_verified_in`](Self::open_verified_in) never.
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong.
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
        let map = Self::attach(memory)?;
        map.check(&mut map.scratch()?)?;
        map.core.lend();
        Ok(map)
    }

    /// Opens an archive and verifies all of it, with scratch memory of the caller. Time: linear. Allocates: never.
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong; [`Field::Scratch`] says how many words are needed: one a group,
    /// that is at most `capacity / 8 + 2`.
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

    /// Opens an archive of any types in O(1); each lookup checks what it gives out. Allocates: never.
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

    /// Checks everything that a reader could trip over: content checksum of a sealed archive, tags, counters, number of
    /// entries; every key hashed again, reachable and unique; every key and value valid; everything else zero.
    ///
    /// Time: linear in capacity and entries. Allocates: heap, four bytes a group; [`verify_in`](Self::verify_in) never.
    ///
    /// An archive made to be slow takes entries times groups: each key stands far behind its home, past groups that say that
    /// they are full. That is 0.8 s at 40,000 entries, and four times as long at twice as many; the same holds for `recover`
    /// and [`stats`](Self::stats). Bound the size of archives from people you do not trust.
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, Field, FixedMap, u64_le};
    ///
    /// let map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
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

    /// [`verify`](Self::verify) with scratch memory of the caller: [`scratch_words`](Self::scratch_words) of any content.
    /// Allocates: never.
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

    /// Words of scratch memory that [`verify_in`](Self::verify_in) takes: one a group. Time: O(1). Allocates: never.
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
            .map_err(|_| FixedError::new(Field::Scratch, words as u64, 0))?;
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
            raw: self.core.raw(),
            geometry: self.core.geometry(),
            secrets: &self.secrets,
            len: header.len(),
            sealed,
            bytes: self.core.bytes_still(),
        }
        .run(scratch)
    }
}

impl<K: FixedKey + Checked, V: Checked, M: MemoryMut + Holds<V>> FixedMap<K, V, M> {
    /// Opens an archive whose types and sizes are whole and whose content may not be, keeps the entries that are, and says
    /// what it kept and lost; length and state are made anew. Time: linear. Allocates: never.
    ///
    /// This is for an archive whose writer was killed, or that was damaged. An entry is kept if its key and value are valid
    /// and its tag is its key's; of several with one key, the first that a search meets; of more than the capacity, those
    /// in the first slots.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), but for [`Field::Len`] and [`Field::State`]: without the rest of the header, nothing can be told.
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

    /// Keeps the entries that are whole, of an archive that was attached as damaged.
    pub(super) fn recover_here(&mut self) -> Recovered {
        super::recover::recover(&mut self.core, &self.secrets)
    }
}

/// An archive opened in O(1) of which not every byte is a value: each lookup checks the key and value it gives out.
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
    /// The value of a key, checked. Time: O(1). Allocates: never.
    ///
    /// # Errors
    ///
    /// [`Field::Key`] or [`Field::Value`] if the bytes in the slot are none, [`Field::Search`] as [`FixedMap::try_get`].
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

    /// Number of entries, by what the header says. Time: O(1). Allocates: never.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.core.len()
    }

    /// Whether the header says that there are no entries. Time: O(1). Allocates: never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The map, after everything was verified. Time: linear. Allocates: heap, four bytes a group.
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
