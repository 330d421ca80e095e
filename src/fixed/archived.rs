//! Feature `rkyv`: a [`FixedMap`] as a part of a larger archive of rkyv, which has its bytes as they are.
//!
//! ```text
//!        pos, a multiple of ALIGN                          the struct that has the map as a field
//!  | ... | header | groups | slots | ... | ... fields ... | offset | len | ... fields ... |
//!        ^                          ^                        |       |
//!        |<---------- len --------->|                        |       |
//!        '---------------------------------------------------'   ArchivedFixedMap
//! ```
//!
//! Invariant of every `ArchivedFixedMap` behind a reference:
//! - **A1** The bytes that it points to are `len` initialised bytes in the same allocation, and nobody changes them while
//!   the reference lives. rkyv's checked `access` establishes it by `verify`; for `access_unchecked`, and whatever else
//!   makes such a reference without checks, it is the promise of that caller. Nothing is assumed about what the bytes say:
//!   opening them checks the header.
#![allow(unsafe_code, reason = "makes slices of the bytes that an archived map points to; A1")]

use super::error::FixedError;
use super::key::FixedKey;
use super::memory::{AlignedBytes, Memory};
use super::value::{Checked, FixedValue, Frozen};
use super::{FixedMap, Unverified};
use crate::archive::check_end;
use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use rkyv::bytecheck::{CheckBytes, Verify};
use rkyv::primitive::{ArchivedUsize, FixedUsize};
use rkyv::rancor::{Fallible, ResultExt, Source};
use rkyv::ser::Writer;
use rkyv::validation::{ArchiveContext, ArchiveContextExt};
use rkyv::{Archive, Deserialize, Place, Portable, RawRelPtr, Serialize, munge::munge};
use zerocopy::FromBytes;

/// The largest alignment of an archive, in bytes: that of the largest slot.
const MOST_ALIGN: usize = 64;

/// A [`FixedMap`] inside an archive of rkyv: where its bytes are, and how many.
///
/// `rkyv::access` checks that they are inside of the archive, aligned, and begin with the header of a map of these
/// types; [`open`](Self::open) makes a map of them in O(1). The archive must be aligned to [`FixedMap::ALIGN`]. rkyv's
/// `AlignedVec` is, if the slots are aligned to at most 16 bytes.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
/// use rkyv::rancor::Error;
///
/// #[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
/// struct Report {
///     title: String,
///     hits: FixedMap<u64_le, u64_le>,
/// }
///
/// let need = FixedMap::<u64_le, u64_le>::bytes_for(10);
/// let mut hits = FixedMap::create(AlignedBytes::zeroed(need), 10)?;
/// hits.insert(7.into(), 49.into()).unwrap();
/// let bytes = rkyv::to_bytes::<Error>(&Report { title: "today".to_owned(), hits })?;
///
/// let report = rkyv::access::<ArchivedReport, Error>(&bytes)?;
/// let hits = report.hits.open()?; // O(1), nothing is copied
/// assert_eq!(hits.get(&7), Some(&49.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Portable, CheckBytes)]
#[bytecheck(crate = rkyv::bytecheck, verify)]
#[repr(C)]
pub struct ArchivedFixedMap<K, V> {
    bytes: RawRelPtr,
    len: ArchivedUsize,
    types: PhantomData<(K, V)>,
}

/// Where the bytes of a [`FixedMap`] were written, on the way to an [`ArchivedFixedMap`].
#[derive(Debug)]
pub struct FixedMapResolver {
    pos: usize,
    len: FixedUsize,
}

impl<K: FixedKey, V: FixedValue> ArchivedFixedMap<K, V> {
    /// The archive of the map, with the bytes that it had.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: A1.
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len.to_native() as usize) }
    }

    /// Opens the map, to read in place.
    ///
    /// As [`FixedMap::open`]: whatever the bytes are, every call on the map is safe and ends.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::open`]. There is none after `rkyv::access`, which has checked the same.
    pub fn open(&self) -> Result<FixedMap<K, V, &[u8]>, FixedError>
    where
        K: FromBytes,
        V: FromBytes + Frozen,
    {
        FixedMap::open(self.as_bytes())
    }

    /// Verifies all of the map, and opens it.
    ///
    /// Allocates: heap, four bytes a group; [`FixedMap::open_verified_in`] of [`as_bytes`](Self::as_bytes) never. Time:
    /// O(bytes).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::open_verified`].
    pub fn open_verified(&self) -> Result<FixedMap<K, V, &[u8]>, FixedError>
    where
        K: Checked,
        V: Checked + Frozen,
    {
        FixedMap::open_verified(self.as_bytes())
    }

    /// Opens the map. Each lookup checks the key and the value that it gives out.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::open_unverified`]. There is none after `rkyv::access`, which has checked the same.
    pub fn open_unverified(&self) -> Result<Unverified<K, V, &[u8]>, FixedError>
    where
        K: Checked,
        V: Checked + Frozen,
    {
        FixedMap::open_unverified(self.as_bytes())
    }
}

impl<K, V> fmt::Debug for ArchivedFixedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchivedFixedMap")
            .field("len", &self.len.to_native())
            .finish_non_exhaustive()
    }
}

// SAFETY: A1 holds if this returns Ok: the context says that the bytes are inside of what may be pointed to, and keeps
// others from pointing there; the bytes of an archive under `access` are initialised, and nobody changes them.
unsafe impl<K, V, C> Verify<C> for ArchivedFixedMap<K, V>
where
    K: FixedKey,
    V: Frozen,
    C: Fallible<Error: Source> + ArchiveContext + ?Sized,
{
    fn verify(&self, context: &mut C) -> Result<(), C::Error> {
        let start = self.bytes.as_ptr_wrapping().cast::<u8>();
        let len = usize::try_from(self.len.to_native()).into_error()?;
        let layout = Layout::from_size_align(len, FixedMap::<K, V>::ALIGN).into_error()?;
        context.in_subtree_raw(start, layout, |_| {
            // SAFETY: the range was just checked.
            let bytes = unsafe { core::slice::from_raw_parts(start, len) };
            FixedMap::<K, V, _>::attach(bytes).map(drop).into_error()
        })
    }
}

impl<K: FixedKey, V: Frozen, M: Memory> Archive for FixedMap<K, V, M> {
    type Archived = ArchivedFixedMap<K, V>;
    type Resolver = FixedMapResolver;

    fn resolve(&self, resolver: FixedMapResolver, out: Place<Self::Archived>) {
        munge!(let ArchivedFixedMap { bytes, len, types: _ } = out);
        RawRelPtr::emplace(resolver.pos, bytes);
        len.write(resolver.len.into());
    }
}

/// Copies the bytes once, sealed or not. Values with atomics, which may change meanwhile, do not compile.
impl<K, V, M, Z> Serialize<Z> for FixedMap<K, V, M>
where
    K: FixedKey,
    V: Frozen,
    M: Memory,
    Z: Fallible<Error: Source> + Writer + ?Sized,
{
    fn serialize(&self, serializer: &mut Z) -> Result<FixedMapResolver, Z::Error> {
        let bytes = self.as_bytes();
        let from = serializer.pos();
        let pos = from
            .checked_next_multiple_of(FixedMap::<K, V>::ALIGN)
            .unwrap_or(usize::MAX);
        check_end(pos.saturating_add(bytes.len()))?;
        // Not by rkyv's `align`, which panics where more than 31 bytes are missing.
        serializer.write(&[0; MOST_ALIGN][..pos - from])?;
        serializer.write(bytes)?;
        let len = FixedUsize::try_from(bytes.len()).into_error()?;
        Ok(FixedMapResolver { pos, len })
    }
}

/// Copies the map to the heap and verifies all of it.
impl<K, V, D> Deserialize<FixedMap<K, V, AlignedBytes>, D> for ArchivedFixedMap<K, V>
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
    D: Fallible<Error: Source> + ?Sized,
{
    fn deserialize(&self, _: &mut D) -> Result<FixedMap<K, V, AlignedBytes>, D::Error> {
        let bytes = self.as_bytes();
        let copy = AlignedBytes::try_from_slice(bytes).into_error()?;
        FixedMap::open_verified(copy).into_error()
    }
}
