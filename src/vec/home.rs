//! The vector's side of the arena: how the block of a vector is taken, resized and given back.
//!
//! ```text
//! ArenaVec                                         block in the arena, rounded up to 8 bytes
//! | Vec: ptr, capacity, len | Home: the handle |   | T | T | T | room | .. |
//!         '------------------------------------------>'
//! ```
//!
//! A vector of allocator-api2 does all that is done inside a block: inserting, removing, draining, dropping. It gets its
//! memory from here, and only by [`resize`], before it looks for room: as an allocator, `Home` refuses
//! every block and takes blocks back. So the vector never asks the arena behind `&`, whatever its code does, and a vector that
//! owns its arena may be `Sync`; and a refusal keeps its reason, which an allocator cannot give.
//!
//! Invariants:
//!
//! 1. The block of a vector came from the handle in its own `Home`, for the layout `[T; capacity]`; a capacity of 0 has no
//!    block. The pointer never went through a reference: the vector keeps the one that it was given. Upheld by `resize`,
//!    through which alone a vector comes by a block.
//! 2. A `Home` is moved only together with the vector's block, or when there is none. It is never given out by `&mut`.
//! 3. A `Vec` with a `Home` is called only where there is room for what the call adds. Were it not so, it would call
//!    `handle_alloc_error`: an abort, and no memory fault.

#![allow(unsafe_code, reason = "changes the block under a vector")]

use core::alloc::Layout;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};
use core::slice;

use allocator_api2::alloc::{AllocError, Allocator};
use allocator_api2::vec::Vec;

use crate::arena::{Handle, Held};
use crate::error::ArenaError;

/// The handle of a vector, as an allocator that takes blocks back and gives none out.
pub(crate) struct Home<H: Handle>(Held<H>);

impl<H: Handle> Home<H> {
    #[inline]
    pub(crate) const fn new(handle: H) -> Self {
        Self(Held::new(handle))
    }

    /// The handle beside the vector, to look at.
    #[inline]
    pub(crate) const fn held(&self) -> &Held<H> {
        &self.0
    }

    /// The handle back; the vector's block must be gone.
    #[inline]
    fn into_handle(self) -> H {
        self.0.into_inner()
    }
}

// SAFETY: it gives out no block. What `resize` puts under a vector lives until it comes back here, or until the handle is
// dropped, with or after the vector; moving the handle does not move the arena.
unsafe impl<H: Handle> Allocator for Home<H> {
    #[cold]
    fn allocate(&self, _: Layout) -> Result<NonNull<[u8]>, AllocError> {
        Err(AllocError)
    }

    #[inline]
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: only a vector of ours calls this, when it is dropped, with its own pointer and layout (1).
        unsafe { self.0.dealloc(ptr, layout) };
    }
}

/// Gives a vector room for exactly `capacity` elements, no fewer than it has. Not for elements of no size.
///
/// Nothing changes if the arena refuses.
#[inline]
pub(super) fn resize<T, H: Handle>(vec: &mut Vec<T, Home<H>>, capacity: usize) -> Result<(), ArenaError> {
    assert!(capacity >= vec.len() && size_of::<T>() != 0);
    let new = Layout::array::<T>(capacity).map_err(|_| ArenaError::CapacityOverflow)?;
    let (len, before) = (vec.len(), vec.capacity());
    // SAFETY: the vector has a block of this layout, or none, of 0 bytes (1); a vector's pointer is not null.
    let (old, block) = unsafe {
        let old = Layout::from_size_align_unchecked(before * size_of::<T>(), align_of::<T>());
        (old, NonNull::new_unchecked(vec.as_mut_ptr()).cast::<u8>())
    };
    // SAFETY: the vector is not used until it is written anew with the same handle: meanwhile no user code runs. Should
    // the global allocator panic, which it must not, then the vector is as it was, since this copy is not dropped.
    let mut home = ManuallyDrop::new(unsafe { ptr::read(vec.allocator()) });
    // SAFETY: the block of the vector, with its layout, from the arena of that handle (1).
    let resized = unsafe { home.0.resize(block, old, new) };
    let (block, capacity) = match resized {
        Ok(block) => (block, capacity),
        Err(_) => (block, before),
    };
    // SAFETY: a block for that many elements, of which the first `len` have come along; what was in this place has
    // been taken apart by now, and is not dropped.
    unsafe {
        let home = ManuallyDrop::into_inner(home);
        ptr::write(vec, Vec::from_raw_parts_in(block.cast().as_ptr(), len, capacity, home));
    }
    resized.map(|_| ())
}

/// Drops the elements, gives the block back, and returns the handle.
pub(super) fn into_handle<T, H: Handle>(mut vec: Vec<T, Home<H>>) -> H {
    vec.clear();
    if size_of::<T>() != 0 {
        // To nothing, which no arena refuses.
        let _ = resize(&mut vec, 0);
    }
    let (_, _, _, home) = vec.into_raw_parts_with_alloc();
    home.into_handle()
}

/// The block of a vector that is full, and its handle: where it is, how many elements it has, and who keeps it alive.
pub(super) fn into_parts<T, H: Handle>(vec: Vec<T, Home<H>>) -> (NonNull<[T]>, Held<H>) {
    assert!(vec.len() == vec.capacity() || size_of::<T>() == 0);
    let (ptr, len, _, home) = vec.into_raw_parts_with_alloc();
    // SAFETY: a vector's pointer is not null.
    let ptr = unsafe { NonNull::new_unchecked(ptr) };
    (NonNull::slice_from_raw_parts(ptr, len), home.0)
}

/// Adds a clone of each value to a vector, which has room for them. If one panics, those before it stay.
#[inline]
pub(super) fn fill<T: Clone, H: Handle>(vec: &mut Vec<T, Home<H>>, values: &[T]) {
    /// Counts what was written in, at the end or when a clone panics.
    struct Written<'v, T, H: Handle> {
        vec: &'v mut Vec<T, Home<H>>,
        len: usize,
    }
    impl<T, H: Handle> Drop for Written<'_, T, H> {
        #[inline]
        fn drop(&mut self) {
            // SAFETY: the places before `len` have a value each: those that were there, and those written since.
            unsafe { self.vec.set_len(self.len) };
        }
    }
    let before = vec.len();
    let mut written = Written { vec, len: before };
    let room = written.vec.spare_capacity_mut();
    assert!(values.len() <= room.len());
    for (place, value) in room.iter_mut().zip(values) {
        place.write(value.clone());
        written.len += 1;
    }
}

/// Moves all elements of another vector behind those of this one, which has room for them.
#[inline]
pub(super) fn append<T, H: Handle, H2: Handle>(vec: &mut Vec<T, Home<H>>, other: &mut Vec<T, Home<H2>>) {
    let (len, more) = (vec.len(), other.len());
    assert!(more <= vec.capacity() - len);
    // SAFETY: two vectors, so their blocks do not overlap; there is room for `more` elements, which the other one then
    // has no longer. Nothing in between panics.
    unsafe {
        other.set_len(0);
        let place = vec.as_mut_ptr().add(len);
        place.copy_from_nonoverlapping(other.as_ptr(), more);
        vec.set_len(len + more);
    }
}

/// Takes the elements out of a vector, from both ends.
///
/// Not the vector's own `into_iter`: that counts elements of no size wrongly from the back, and points to places between
/// them that are not aligned (allocator-api2 0.2.21).
///
/// Invariant: the places from `front` to `back` have a value each, which nobody else has; the vector says that it is empty.
pub(super) struct RawIntoIter<T, H: Handle> {
    vec: Vec<T, Home<H>>,
    front: usize,
    back: usize,
}

impl<T, H: Handle> RawIntoIter<T, H> {
    #[inline]
    pub(super) fn new(mut vec: Vec<T, Home<H>>) -> Self {
        let back = vec.len();
        // SAFETY: fewer than there are; the values are those of the iterator from now on.
        unsafe { vec.set_len(0) };
        Self { vec, front: 0, back }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<T> {
        if self.front == self.back {
            return None;
        }
        let at = self.front;
        self.front += 1;
        // SAFETY: a value of the iterator, which has it no longer.
        Some(unsafe { self.vec.as_ptr().add(at).read() })
    }

    #[inline]
    pub(super) fn next_back(&mut self) -> Option<T> {
        if self.front == self.back {
            return None;
        }
        self.back -= 1;
        // SAFETY: a value of the iterator, which has it no longer.
        Some(unsafe { self.vec.as_ptr().add(self.back).read() })
    }

    #[inline]
    pub(super) const fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.back - self.front;
        (left, Some(left))
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[T] {
        // SAFETY: the values of the iterator, borrowed with it.
        unsafe { slice::from_raw_parts(self.vec.as_ptr().add(self.front), self.back - self.front) }
    }

    #[inline]
    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: the values of the iterator, borrowed exclusively with it.
        unsafe { slice::from_raw_parts_mut(self.vec.as_mut_ptr().add(self.front), self.back - self.front) }
    }
}

impl<T, H: Handle> Drop for RawIntoIter<T, H> {
    #[inline]
    fn drop(&mut self) {
        let left = &raw mut *self.as_mut_slice();
        // SAFETY: the values of the iterator, which nobody sees after this; the vector then gives the block back, also if
        // one of them panics.
        unsafe { ptr::drop_in_place(left) };
    }
}

const _: () = assert!(size_of::<Home<crate::Arena>>() == size_of::<usize>());
