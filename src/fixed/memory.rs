//! The memory of an archive.
//!
//! ```text
//!             address: stable while the memory value lives, also when that value moves
//!             |<------------------ len bytes ------------------>|
//!  read:      | initialised; changed by nobody, or only through atomics of V      |   &[u8], Mapped
//!  write:     | initialised; reached only through this value                      |   Exclusive, AlignedBytes, MappedMut
//!  shared:    | initialised; changed through atomics of V, by other processes too |   SharedMapped
//! ```
//!
//! Invariants, upheld by the implementations in this crate (the traits are sealed; those for files are in `file/mapping.rs`):
//! - **M1** `ptr` is the same for the whole life of the value, and valid for reading `len` initialised bytes.
//! - **M2** of a [`MemoryMut`], it is also valid for writing them, through `&self` as well: it was never narrowed to a
//!   shared reference. While such a value lives, nobody else reaches the bytes.
//! - **M3** of memory that [`Holds`] a type with atomics, writes through those atomics are allowed: the pointer is not
//!   derived from a `&[u8]`.
#![allow(unsafe_code, reason = "gives out memory by address; M1 to M3")]

use super::error::{Field, FixedError, fail};
use super::value::{FixedValue, Frozen};
use crate::arena::Arena;
use crate::error::ArenaError;
use alloc::alloc::{alloc_zeroed, dealloc};
use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

pub(super) mod sealed {
    pub trait Sealed {}
}

/// Memory in which an archive can be read. The trait is sealed, because `AsRef<[u8]>` promises no stable address.
///
/// # Safety
///
/// M1 of this module: a stable address, valid for reading.
pub unsafe trait Memory: sealed::Sealed {
    /// The address of the first byte.
    #[doc(hidden)]
    fn ptr(&self) -> NonNull<u8>;

    /// The number of bytes.
    #[doc(hidden)]
    fn bytes(&self) -> usize;

    /// Whether the bytes may be written, through the map or through its atomics.
    #[doc(hidden)]
    const WRITABLE: bool;
}

/// Memory in which an archive can be written.
///
/// # Safety
///
/// M2 of this module: valid for writing, and nobody else has it.
#[diagnostic::on_unimplemented(
    message = "nobody may write in `{Self}`, so no map is made in it",
    note = "make it in `&mut [u8]` or `AlignedBytes`; what is there already is read by `open`"
)]
pub unsafe trait MemoryMut: Memory {
    /// Whether an archive in it is marked as open for as long as the map lives: true for a file, until `close`.
    #[doc(hidden)]
    const STAYS_OPEN: bool = false;
}

/// Memory in which values of a type may be read by reference: any memory for types without atomics, writable memory for
/// types with atomics.
///
/// # Safety
///
/// M3 of this module.
#[diagnostic::on_unimplemented(
    message = "a `{V}` with atomics cannot be read in `{Self}`, where nobody may write",
    note = "read the archive into `AlignedBytes`, or open it with a struct that has plain fields in place of the atomics: their schema is the same"
)]
pub unsafe trait Holds<V: FixedValue>: Memory {}

/// What you can give as memory: memory itself, or `&mut [u8]`, which becomes [`Exclusive`].
///
/// ```compile_fail,E0277
/// // Memory is made by this crate alone: else a mapping could be opened twice.
/// struct Again(&'static [u8]);
///
/// impl arenamap::fixed::IntoMemory for Again {
///     type Memory = &'static [u8];
///     fn into_memory(self) -> &'static [u8] {
///         self.0
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no memory of a `FixedMap`: its bytes may move, or are aligned to less than 16",
    note = "copy them by `AlignedBytes::from_slice`, or pass a slice of them that is aligned: `&bytes[..]` or `&mut bytes[..]`"
)]
pub trait IntoMemory: sealed::Sealed {
    /// The memory that the map holds.
    type Memory: Memory;

    /// Converts it into that memory.
    ///
    /// Allocates: never. Time: O(1).
    fn into_memory(self) -> Self::Memory;
}

macro_rules! memory_itself {
    ($([$($generics:tt)*] $type:ty),* $(,)?) => {$(
        impl<$($generics)*> IntoMemory for $type {
            type Memory = Self;

            #[inline]
            fn into_memory(self) -> Self {
                self
            }
        }
    )*};
}

memory_itself!(['a] &'a [u8], ['a] Exclusive<'a>, [] AlignedBytes);

impl sealed::Sealed for &mut [u8] {}

impl<'a> IntoMemory for &'a mut [u8] {
    type Memory = Exclusive<'a>;

    #[inline]
    fn into_memory(self) -> Exclusive<'a> {
        Exclusive::from(self)
    }
}

impl sealed::Sealed for &[u8] {}

// SAFETY: M1: a shared slice stays where it is and nobody writes to it.
unsafe impl Memory for &[u8] {
    #[inline(always)]
    fn ptr(&self) -> NonNull<u8> {
        NonNull::from(*self).cast()
    }

    #[inline(always)]
    fn bytes(&self) -> usize {
        (**self).len()
    }

    const WRITABLE: bool = false;
}

// SAFETY: M3: a frozen type has no atomics.
#[diagnostic::do_not_recommend]
unsafe impl<V: Frozen> Holds<V> for &[u8] {}

/// Bytes borrowed by `&mut`: your own, those of an arena, or those of a memory mapping.
///
/// ```
/// use arenamap::{Arena, fixed::{Exclusive, FixedMap, u64_le}};
///
/// let arena = Arena::new();
/// let need = FixedMap::<u64_le, u64_le>::bytes_for(100);
/// let mut map = FixedMap::<u64_le, u64_le, _>::create(Exclusive::in_arena(&arena, need)?, 100)?;
/// map.insert(1.into(), 2.into()).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Exclusive<'a> {
    ptr: NonNull<u8>,
    len: usize,
    borrow: PhantomData<&'a mut [u8]>,
}

impl<'a> Exclusive<'a> {
    /// `bytes` zeroed bytes of an arena, aligned to 64.
    ///
    /// Allocates: arena. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`ArenaError`] if the budget or the heap does not give the memory.
    pub fn in_arena(arena: &'a Arena, bytes: usize) -> Result<Self, ArenaError> {
        let lines = arena.try_alloc_slice_fill_with(bytes.div_ceil(CACHE_LINE), |_| Line([0; CACHE_LINE]))?;
        Ok(Self::from(&mut zerocopy::IntoBytes::as_mut_bytes(lines)[..bytes]))
    }
}

/// Bytes of a cache line: the alignment of memory that this crate makes.
const CACHE_LINE: usize = 64;

#[derive(zerocopy::IntoBytes, zerocopy::FromBytes, zerocopy::Immutable, zerocopy::KnownLayout)]
#[repr(C, align(64))]
struct Line([u8; CACHE_LINE]);

impl<'a> From<&'a mut [u8]> for Exclusive<'a> {
    #[inline]
    fn from(bytes: &'a mut [u8]) -> Self {
        Self {
            len: bytes.len(),
            ptr: NonNull::from(bytes).cast(),
            borrow: PhantomData,
        }
    }
}

impl fmt::Debug for Exclusive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exclusive")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

// SAFETY: it is a `&mut [u8]`, which may go to another thread.
unsafe impl Send for Exclusive<'_> {}
// SAFETY: through `&Exclusive` the bytes are reached by the map only, whose atomics are `Sync` if it is.
unsafe impl Sync for Exclusive<'_> {}

impl sealed::Sealed for Exclusive<'_> {}

// SAFETY: M1: the borrow keeps the bytes in place.
unsafe impl Memory for Exclusive<'_> {
    #[inline(always)]
    fn ptr(&self) -> NonNull<u8> {
        self.ptr
    }

    #[inline(always)]
    fn bytes(&self) -> usize {
        self.len
    }

    const WRITABLE: bool = true;
}

// SAFETY: M2: the exclusive borrow is held as a pointer for as long as it lasts.
unsafe impl MemoryMut for Exclusive<'_> {}
// SAFETY: M3: the pointer comes from `&mut`.
unsafe impl<V: FixedValue> Holds<V> for Exclusive<'_> {}

/// Bytes on the heap, aligned to 64: for a map that owns its memory, and for a file that is read.
///
/// ```
/// use arenamap::fixed::AlignedBytes;
///
/// let bytes = AlignedBytes::from_slice(b"copied");
/// assert_eq!(&*bytes, b"copied");
/// assert_eq!(bytes.as_ptr().addr() % 64, 0);
/// ```
pub struct AlignedBytes {
    ptr: NonNull<u8>,
    len: usize,
}

impl AlignedBytes {
    /// So many zeroed bytes.
    ///
    /// Allocates: heap. Time: O(bytes); O(1) for large sizes, whose pages the system zeroes.
    ///
    /// # Panics
    ///
    /// If there is no memory; [`try_zeroed`](Self::try_zeroed) returns the error.
    #[must_use]
    #[track_caller]
    pub fn zeroed(len: usize) -> Self {
        match Self::try_zeroed(len) {
            Ok(bytes) => bytes,
            Err(error) => fail(&error, "AlignedBytes::try_zeroed"),
        }
    }

    /// So many zeroed bytes.
    ///
    /// Allocates: heap. Time: O(bytes); O(1) for large sizes, whose pages the system zeroes.
    ///
    /// # Errors
    ///
    /// [`Field::Heap`] if the global allocator refuses, or the address space is too small.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, Field};
    ///
    /// assert_eq!(AlignedBytes::try_zeroed(1 << 62).unwrap_err().field(), Field::Heap);
    /// ```
    pub fn try_zeroed(len: usize) -> Result<Self, FixedError> {
        let refused = FixedError::refused(len);
        let layout = Layout::from_size_align(len, CACHE_LINE).map_err(|_| refused)?;
        if len == 0 {
            return Ok(Self {
                ptr: NonNull::<Line>::dangling().cast(),
                len,
            });
        }
        // SAFETY: the layout is not of size zero.
        let block = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(refused)?;
        // SAFETY: so long is the block, which nobody else has.
        #[cfg(all(feature = "huge-pages", target_os = "linux"))]
        unsafe {
            crate::huge_pages::ask(block, len);
        }
        Ok(Self { ptr: block, len })
    }

    /// A copy of these bytes.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Panics
    ///
    /// If there is no memory; [`try_from_slice`](Self::try_from_slice) returns the error.
    #[must_use]
    #[track_caller]
    pub fn from_slice(bytes: &[u8]) -> Self {
        match Self::try_from_slice(bytes) {
            Ok(copy) => copy,
            Err(error) => fail(&error, "AlignedBytes::try_from_slice"),
        }
    }

    /// A copy of these bytes.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`try_zeroed`](Self::try_zeroed).
    pub fn try_from_slice(bytes: &[u8]) -> Result<Self, FixedError> {
        let mut copy = Self::try_zeroed(bytes.len())?;
        copy.copy_from_slice(bytes);
        Ok(copy)
    }

    /// Another copy of these bytes.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`try_zeroed`](Self::try_zeroed).
    pub fn try_clone(&self) -> Result<Self, FixedError> {
        Self::try_from_slice(self)
    }
}

impl Drop for AlignedBytes {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: made by `try_zeroed` with this layout, which was valid there.
            unsafe {
                let layout = Layout::from_size_align_unchecked(self.len, CACHE_LINE);
                dealloc(self.ptr.as_ptr(), layout);
            }
        }
    }
}

impl core::ops::Deref for AlignedBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: M1; nobody holds a map on it while it is lent out, so no atomic changes it.
        unsafe { core::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl core::ops::DerefMut for AlignedBytes {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: M2, and `&mut self`.
        unsafe { core::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}

/// # Panics
///
/// If there is no memory; [`AlignedBytes::try_clone`] returns the error.
impl Clone for AlignedBytes {
    #[track_caller]
    fn clone(&self) -> Self {
        match self.try_clone() {
            Ok(copy) => copy,
            Err(error) => fail(&error, "AlignedBytes::try_clone"),
        }
    }
}

impl fmt::Debug for AlignedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedBytes")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

// SAFETY: it owns plain bytes.
unsafe impl Send for AlignedBytes {}
// SAFETY: through `&AlignedBytes` they are only read; through a map on it, as for `Exclusive`.
unsafe impl Sync for AlignedBytes {}

impl sealed::Sealed for AlignedBytes {}

// SAFETY: M1: a heap block stays where it is until it is dropped.
unsafe impl Memory for AlignedBytes {
    #[inline(always)]
    fn ptr(&self) -> NonNull<u8> {
        self.ptr
    }

    #[inline(always)]
    fn bytes(&self) -> usize {
        self.len
    }

    const WRITABLE: bool = true;
}

// SAFETY: M2: owned.
unsafe impl MemoryMut for AlignedBytes {}
// SAFETY: M3: the pointer comes from the allocator.
unsafe impl<V: FixedValue> Holds<V> for AlignedBytes {}

/// Whether memory is aligned and long enough for `bytes` bytes.
pub(super) fn check_memory<M: Memory>(memory: &M, bytes: usize, align: usize) -> Result<(), FixedError> {
    if memory.bytes() < bytes {
        return Err(FixedError::new(
            Field::MemoryLength,
            bytes as u64,
            memory.bytes() as u64,
        ));
    }
    let address = memory.ptr().as_ptr().addr();
    if !address.is_multiple_of(align) {
        return Err(FixedError::new(
            Field::MemoryAlign,
            align as u64,
            1 << address.trailing_zeros(),
        ));
    }
    Ok(())
}
