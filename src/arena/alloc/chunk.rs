//! One chunk: memory that blocks are carved from, one after the other.
//!
//! ```text
//!  heap block            start               finger                 end
//!  | 16 bytes of nobody  | block | block | .. | room                |
//!                                              bumps upward -->
//! ```
//!
//! Invariants: 1 and 2 of `alloc.rs`. This file keeps the order of the pointers and frees what it owns; that no block of an
//! emptied or lowered stretch is used any more is the contract of `lower`, and of `empty`'s caller.

#![allow(unsafe_code, reason = "a heap block, and pointers into it")]

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::arena::recycle::{Block, MIN_ALIGN, round_size};

/// Alignment of a chunk, hence of the finger of an empty one.
pub(super) const CHUNK_ALIGN: usize = 16;

/// Bytes in front of a chunk that nobody uses (1).
pub(super) const GAP: usize = CHUNK_ALIGN;

/// One chunk.
#[repr(C)]
pub(super) struct Chunk {
    pub(super) finger: NonNull<u8>,
    pub(super) end: NonNull<u8>,
    /// Its first byte.
    start: NonNull<u8>,
    /// Bytes of the heap block that it owns, with the gap; 0 if it owns none.
    owned: usize,
    /// What it adds to the size by which the next chunk is chosen; a seed that is alone has none yet.
    pub(super) weight: usize,
}

impl Chunk {
    /// No chunk; takes no memory.
    pub(super) const fn placeholder() -> Self {
        Self::seed(NonNull::dangling(), 0)
    }

    /// A chunk in memory that it does not own.
    pub(super) const fn seed(start: NonNull<u8>, room: usize) -> Self {
        Self {
            finger: start,
            // SAFETY: the end of that memory, or the same pointer (1).
            end: unsafe { start.add(room) },
            start,
            owned: 0,
            weight: 0,
        }
    }

    /// A chunk with room for `room` bytes, not 0.
    pub(super) fn create(room: usize) -> Option<Self> {
        let owned = round_size(room.checked_add(GAP)?)?;
        let layout = Layout::from_size_align(owned, CHUNK_ALIGN).ok()?;
        // SAFETY: the size is not 0.
        let block = NonNull::new(unsafe { alloc::alloc::alloc(layout) })?;
        // SAFETY: both are in the block or at its end: it is longer than the gap.
        let (start, end) = unsafe { (block.add(GAP), block.add(owned)) };
        let chunk = Self {
            finger: start,
            end,
            start,
            owned,
            weight: owned,
        };
        // SAFETY: from `start` to `end` are so many bytes of a block that nobody else has.
        #[cfg(all(feature = "huge-pages", target_os = "linux"))]
        unsafe {
            crate::huge_pages::ask(start, chunk.room());
        }
        Some(chunk)
    }

    /// Bytes left between the finger and the end.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.end.addr().get() - self.finger.addr().get()
    }

    /// Bytes of the chunk, given out or not.
    pub(super) fn size(&self) -> usize {
        self.end.addr().get() - self.start.addr().get()
    }

    /// Bytes that were taken from the global allocator for it.
    pub(super) fn held(&self) -> usize {
        if self.owned > 0 { self.owned } else { self.size() }
    }

    #[inline]
    pub(super) fn take(&mut self, block: Block) -> Option<NonNull<u8>> {
        let mut room = self.room();
        let mut ptr = self.finger;
        if block.align > MIN_ALIGN {
            let skip = ptr.addr().get().wrapping_neg() & (block.align - 1);
            room = room.checked_sub(skip)?;
            // SAFETY: not beyond the end, as there is that much room (1).
            ptr = unsafe { ptr.add(skip) };
        }
        if block.size > room {
            return None;
        }
        // SAFETY: as above.
        self.finger = unsafe { ptr.add(block.size) };
        Some(ptr)
    }

    /// True if this is the last block of this chunk. No other block ends at the finger: what is below it is in this chunk,
    /// or nobody's (1).
    #[inline]
    pub(super) fn is_last(&self, ptr: NonNull<u8>, block: Block) -> bool {
        // Wraps for no block.
        ptr.addr().get().wrapping_add(block.size) == self.finger.addr().get()
    }

    /// Takes back the last `bytes` bytes below the finger.
    ///
    /// # Safety
    ///
    /// They are the end of the last block of this chunk, or all of it, and nobody uses them any more.
    #[inline]
    pub(super) unsafe fn lower(&mut self, bytes: usize) {
        // SAFETY: the block is in this chunk.
        self.finger = unsafe { self.finger.sub(bytes) };
    }

    /// Ends all of its blocks.
    #[inline]
    pub(super) const fn empty(&mut self) {
        self.finger = self.start;
    }

    /// A pointer to `address` that may be used for the whole block, if the block is in this chunk.
    #[cfg(feature = "allocator-api2")]
    #[inline]
    pub(super) fn reach(&self, address: usize) -> Option<NonNull<u8>> {
        let offset = address.wrapping_sub(self.start.addr().get());
        // SAFETY: the offset is inside the chunk.
        (offset < self.size()).then(|| unsafe { self.start.add(offset) })
    }
}

impl Drop for Chunk {
    #[inline]
    fn drop(&mut self) {
        if self.owned > 0 {
            // SAFETY: made by `create` with this size and alignment, and freed once, with its one owner.
            unsafe {
                let layout = Layout::from_size_align_unchecked(self.owned, CHUNK_ALIGN);
                alloc::alloc::dealloc(self.start.as_ptr().sub(GAP), layout);
            }
        }
    }
}
