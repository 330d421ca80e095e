//! The ways to open an existing archive; and a map's view of its own bytes.
//!
//! Invariants: `memory` of every map is aligned for the archive and at least `geometry.bytes` long (`attach`, `build`), and I2
//! of `raw.rs`: `open` takes types of which any bytes are valid, `open_verified` has checked every slot before it gives the map
//! out, `open_unchecked` leaves it to its caller, `build` writes each slot, and `try_clone` copies what was so. Of the map in an
//! `UnverifiedIndexed`, only `checked_entry` is asked before `verify`. T1 of `var/part.rs`, where a map says so by `whole`:
//! `open_verified` has checked every text, `build` writes those of `str`s and `[u8]`s.
#![allow(unsafe_code, reason = "makes views of memory whose length was checked")]

use super::IndexedMap;
use super::layout::IndexGeometry;
use super::raw::{Raw, bytes_of};
use crate::fixed::core::Core;
use crate::fixed::error::FixedError;
use crate::fixed::header::Header;
#[cfg(feature = "files")]
use crate::fixed::header::content_checksum;
use crate::fixed::key::KeySecrets;
use crate::fixed::layout::at;
use crate::fixed::memory::{Holds, IntoMemory, Memory, check_memory};
use crate::fixed::value::{AnyBytes, Frozen};
use crate::fixed::var::{VarKey, VarValue};
use core::marker::PhantomData;

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: Memory> IndexedMap<K, V, M> {
    /// Opens an archive. Only its header is read and checked.
    ///
    /// Whatever the bytes are, every call on the map is safe and ends. Its answers are right if the archive is undamaged;
    /// [`verify`](Self::verify) checks that. The memory may be longer than the archive.
    ///
    /// A `str` is looked at before it is given out. Other types for which some bytes are no valid value (`bool`, `char_le`, `NonZero`,
    /// `FixedStr`) do not compile here. Use [`open_verified`](Self::open_verified) for them, or, without texts, [`open_unverified`](Self::open_unverified).
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first field of the header that is wrong, the value that was expected and the value that was found;
    /// [`Field::Kind`](crate::fixed::Field::Kind) if it is the archive of a [`FixedMap`](crate::fixed::FixedMap).
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, Field, FixedMap, IndexedMap, u64_le};
    ///
    /// let table = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// let error = IndexedMap::<u64_le, u64_le, _>::open(table.as_bytes()).unwrap_err();
    /// assert_eq!(error.field(), Field::Kind);
    /// assert!(IndexedMap::<u64_le, u64_le, _>::open(table.try_index()?.as_bytes()).is_ok());
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn open(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        K::Slot: AnyBytes,
        V::Slot: AnyBytes,
        M: Holds<V::Slot>,
    {
        Self::open_here(memory.into_memory())
    }

    pub(in crate::fixed) fn open_here(memory: M) -> Result<Self, FixedError>
    where
        K::Slot: AnyBytes,
        V::Slot: AnyBytes,
        M: Holds<V::Slot>,
    {
        Self::attach(memory)
    }

    /// Opens an archive and verifies all of it.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open) and [`verify`](Self::verify).
    ///
    /// ```
    /// use arenamap::fixed::{IndexedMap, u64_le};
    ///
    /// let bytes = IndexedMap::<u64_le, bool>::try_from_entries([(7.into(), true)])?.into_memory();
    /// assert_eq!(IndexedMap::<u64_le, bool, _>::open_verified(&bytes[..])?.get(&7), Some(&true));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn open_verified(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        M: Holds<V::Slot>,
    {
        Self::open_verified_here(memory.into_memory())
    }

    pub(in crate::fixed) fn open_verified_here(memory: M) -> Result<Self, FixedError>
    where
        M: Holds<V::Slot>,
    {
        let mut map = Self::attach(memory)?;
        map.verify()?;
        map.whole = true;
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
    /// In every slot, the bytes must be a valid `K` and a valid `V`. Nothing else is required; texts are looked at as after `open`.
    pub unsafe fn open_unchecked(memory: impl IntoMemory<Memory = M>) -> Result<Self, FixedError>
    where
        M: Holds<V::Slot>,
    {
        Self::attach(memory.into_memory())
    }

    /// An archive in this memory, checked as far as O(1) goes. I2 of `raw.rs` is the caller's.
    pub(super) fn attach(memory: M) -> Result<Self, FixedError> {
        check_memory(&memory, at::TAGS, Self::SLOT.archive_align())?;
        let mut header = Header([0; at::TAGS]);
        // SAFETY: the memory is as long as a header; of frozen types, nobody changes it.
        header.0.copy_from_slice(unsafe { bytes_of(&memory, at::TAGS) });
        let geometry = header.check_indexed::<K::Slot, V::Slot>()?;
        check_memory(&memory, geometry.bytes, Self::SLOT.archive_align())?;
        Ok(Self::of(memory, geometry, header.seed(), false))
    }

    /// A map in memory with an archive of this geometry. `whole` as in `IndexedMap`.
    pub(super) fn of(memory: M, geometry: IndexGeometry, seed: u64, whole: bool) -> Self {
        // Its schema may say that it has atomics which it has not; then the map would change in other hands.
        Core::<K::Slot, V::Slot, M>::assert_still();
        Self {
            memory,
            geometry,
            secrets: KeySecrets::seed(seed),
            seed,
            whole,
            types: PhantomData,
        }
    }

    /// The header with which these bytes are an archive of another generation.
    #[cfg(feature = "files")]
    pub(in crate::fixed) fn header_to_publish(&self, generation: u64) -> Header {
        let mut header = self.header();
        header.set_generation(generation);
        header.set_seal(content_checksum(&header.0[..at::STATE], &self.bytes()[at::TAGS..]));
        header
    }

    /// All bytes of the archive.
    #[inline(always)]
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: as long as that by the head of this file. A map writes nothing, and of frozen types nobody else does.
        unsafe { bytes_of(&self.memory, self.geometry.bytes) }
    }

    #[inline(always)] // part of every lookup
    pub(super) fn raw(&self) -> Raw<'_, K::Slot, V::Slot> {
        // SAFETY: I1 and I2 of `raw.rs`, by the head of this file.
        unsafe { Raw::new(self.bytes(), &self.geometry) }
    }
}
