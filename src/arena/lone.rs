//! A lone block: all that an arena has which was asked for one block only, by a map that owns it.
//!
//! ```text
//! heap block   | word: usize, padded to 8 or 16 | block ...... |
//!                                               ^ Lone
//! word         size of the block | 1 if it was given back
//! ```
//!
//! A core has room for free lists and for a first chunk: 1,024 bytes, of which a map of three entries needs a few. So a map that
//! owns its arena takes its small block from the heap as it is. And so it does with a large one, as a clone or a map of known size
//! begins with, which would need a core, a chunk and a list of chunks. A block that is given back waits for one of its size: the heap gets
//! it with the end of the arena. The arena's second block makes the core, to which the lone block belongs from then on, as a block of
//! any other chunk.
//!
//! Invariants:
//!
//! 1. A `Lone` owns its heap block, which was made by `on_heap` with room for `size` bytes behind the header; the pointer may be used
//!    for all of it. `size` is a multiple of 8, not 0. It says how long the header is, and how the block is aligned.
//! 2. Whoever drops a `Lone`, or says that it was given back, knows that nobody uses the block any more.

#![allow(unsafe_code, reason = "takes one block from the heap and gives it back")]

use core::alloc::Layout;
use core::mem::ManuallyDrop;
use core::ops::Range;
use core::ptr::NonNull;

use super::recycle::{Block, MIN_ALIGN};

/// The largest block that is small.
const SMALL: usize = 512;

/// The least and the largest block that is large. What is smaller has room behind a core, in one heap block with it; what is larger is a
/// chunk that may ask for huge pages.
const LARGE: Range<usize> = (15 << 10)..(1 << 20);

/// The bit of the word in front that says that the block was given back.
const FREE: usize = 1;

/// The alignment of a block of that size, and the length of its header.
#[inline]
const fn align(size: usize) -> usize {
    if size <= SMALL { MIN_ALIGN } else { 2 * MIN_ALIGN }
}

/// One block of the heap.
pub(super) struct Lone(NonNull<u8>);

#[cfg_attr(arenamap_guard, allow(dead_code, reason = "no block stands alone under guard"))]
impl Lone {
    /// Whether such a block, which is not empty, may stand alone.
    #[inline]
    pub(super) const fn fits(layout: Layout) -> bool {
        let size = Block::of(layout).size;
        let is_of_size = size <= SMALL || LARGE.start <= size && size < LARGE.end;
        !cfg!(arenamap_guard) && is_of_size && Block::of(layout).align == align(size)
    }

    /// # Safety
    ///
    /// `size` is that of a block that [`fits`](Self::fits), rounded up to a multiple of 8.
    #[inline]
    const unsafe fn layout(size: usize) -> Layout {
        // SAFETY: no more than a MiB and a few bytes; the alignment is a power of two.
        unsafe { Layout::from_size_align_unchecked(align(size) + size, align(size)) }
    }

    /// A block for this layout, which fits, and is not empty. One heap call.
    #[inline]
    pub(super) fn on_heap(layout: Layout) -> Option<Self> {
        debug_assert!(Self::fits(layout));
        let size = Block::of(layout).size;
        // SAFETY: of a block that fits, and not empty; the size stands right before the block (1), where a word is aligned.
        unsafe {
            let block = NonNull::new(alloc::alloc::alloc(Self::layout(size)))?.add(align(size));
            block.cast::<usize>().sub(1).write(size);
            Some(Self(block))
        }
    }

    /// The block. It may be used for all of its bytes, until the `Lone` is dropped.
    #[inline]
    pub(super) const fn block(&self) -> NonNull<u8> {
        self.0
    }

    /// The word in front.
    #[inline]
    const fn word(&self) -> NonNull<usize> {
        // SAFETY: it is there (1).
        unsafe { self.0.cast::<usize>().sub(1) }
    }

    /// Bytes of the block.
    #[inline]
    pub(super) const fn size(&self) -> usize {
        // SAFETY: as above.
        unsafe { self.word().read() & !FREE }
    }

    /// Whether the block was given back, so that nobody uses it.
    #[inline]
    pub(super) const fn is_free(&self) -> bool {
        // SAFETY: as above.
        unsafe { self.word().read() & FREE != 0 }
    }

    /// Says whether the block was given back.
    #[inline]
    pub(super) const fn set_free(&mut self, is_free: bool) {
        let size = self.size();
        // SAFETY: as above.
        unsafe { self.word().write(size | if is_free { FREE } else { 0 }) };
    }

    /// The block, for the free lists.
    #[inline]
    pub(super) const fn as_block(&self) -> Block {
        let size = self.size();
        Block {
            size,
            align: align(size),
        }
    }

    /// A pointer to `address` that may be used for the rest of the block, if it is in this block.
    #[cfg(feature = "allocator-api2")]
    #[inline]
    pub(super) fn reach(&self, address: usize) -> Option<NonNull<u8>> {
        let offset = address.wrapping_sub(self.0.addr().get());
        // SAFETY: the offset is inside the block (1).
        (offset < self.size()).then(|| unsafe { self.0.add(offset) })
    }

    /// Whether a block for this layout, which fits, is one of this size.
    #[inline]
    pub(super) const fn is_of(&self, layout: Layout) -> bool {
        Block::of(layout).size == self.size()
    }

    /// Bytes that were taken from the heap.
    pub(super) const fn held(&self) -> usize {
        let size = self.size();
        align(size) + size
    }

    /// The block, as a word that is odd.
    #[inline]
    pub(super) fn into_odd<T>(self) -> NonNull<T> {
        let block = ManuallyDrop::new(self).0;
        // SAFETY: a byte of the block, whose address is even (1).
        unsafe { block.add(1).cast() }
    }

    /// # Safety
    ///
    /// `word` came from `into_odd`, and makes no other `Lone` that is dropped.
    #[inline]
    pub(super) const unsafe fn from_odd<T>(word: NonNull<T>) -> Self {
        // SAFETY: one byte behind the start of the block.
        Self(unsafe { word.cast::<u8>().sub(1) })
    }
}

impl Drop for Lone {
    #[inline]
    fn drop(&mut self) {
        let size = self.size();
        // SAFETY: made by `on_heap` with this layout (1), and nobody uses it (2).
        unsafe { alloc::alloc::dealloc(self.0.sub(align(size)).as_ptr(), Self::layout(size)) };
    }
}
