//! Guard mode, `--cfg arenamap_guard`: every block is a heap allocation of its own, exactly as long as asked.
//!
//! ```text
//! blocks   { address of the block --> its pointer, its layout }
//! ```
//!
//! A sanitizer does not see a write past a block inside a chunk, nor a use of a block that was given back to a free list.
//! In this mode it sees both, and the arena itself checks that a block comes back once, with its own layout.
//!
//! What differs from the real allocator: nothing is recycled, so a block that is given back leaves the budget at once and
//! `free` is 0; `held` is `used`; nothing is silent. The budget and the high-water mark count the same sizes.
//!
//! Invariants:
//!
//! 1. `blocks` has every allocation that was made here and not yet freed, with the layout it was made with.
//! 2. `used` is the sum of the sizes of their blocks, and no more than `budget`, except while a block shrinks.

#![allow(unsafe_code, reason = "allocates and frees every block")]

use alloc::alloc::{alloc, dealloc};
use alloc::collections::BTreeMap;
use core::alloc::Layout;
use core::ptr::NonNull;

use super::recycle::{Block, dangling};
use super::trim::TrimPolicy;
use crate::error::ArenaError;
use crate::observe::tally::ArenaTally;
use crate::stats::ArenaStats;

/// The memory of one arena, under guard.
pub(super) struct State {
    blocks: BTreeMap<usize, (NonNull<u8>, Layout)>,
    used: usize,
    budget: usize,
    peak: usize,
    tally: ArenaTally,
}

impl State {
    /// No block lives behind the arena.
    pub(super) const SEEDED: bool = false;

    /// The memory for a first chunk is not needed here.
    ///
    /// # Safety
    ///
    /// As for the real one.
    pub(super) const unsafe fn new(budget: usize, _seed: NonNull<u8>, _bytes: usize, _at_once: bool) -> Self {
        Self {
            blocks: BTreeMap::new(),
            used: 0,
            budget,
            peak: 0,
            tally: ArenaTally::new(),
        }
    }

    #[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "as the real one")]
    pub(super) const fn try_start(&mut self, _room: usize) -> Result<(), ArenaError> {
        Ok(())
    }

    /// Under guard no block stands alone.
    pub(super) fn adopt(&mut self, _lone: super::lone::Lone) {
        unreachable!("arenamap_guard: a lone block")
    }

    /// As `adopt`.
    pub(super) fn of_lone(_lone: &super::lone::Lone) -> Self {
        unreachable!("arenamap_guard: a lone block")
    }

    /// A block for this layout.
    pub(super) fn alloc(&mut self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        if layout.size() == 0 {
            return Ok(dangling(layout));
        }
        let needed = Block::of(layout).size;
        let left = self.budget - self.used;
        if needed > left {
            let error = ArenaError::Budget { needed, left };
            self.tally.refused(&error);
            return Err(error);
        }
        self.make(layout)
    }

    /// A block for this layout, if that takes no call: never here.
    #[allow(clippy::unused_self, reason = "the other arena has blocks at hand")]
    pub(super) const fn alloc_at_hand(&mut self, _layout: Layout) -> Option<NonNull<u8>> {
        None
    }

    /// A block for this layout, which is not empty, whatever the budget says.
    fn make(&mut self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        let needed = Block::of(layout).size;
        // A sanitizer ends the process over what it takes for an absurd size, where the heap would refuse.
        if needed as u64 > 1 << 39 {
            return Err(Block::of(layout).refused());
        }
        // SAFETY: the layout is not empty.
        let ptr = NonNull::new(unsafe { alloc(layout) }).ok_or_else(|| Block::of(layout).refused())?;
        self.blocks.insert(ptr.addr().get(), (ptr, layout));
        self.used += needed;
        Ok(ptr)
    }

    /// The first block of a fresh state, which is not empty.
    pub(super) fn first(&mut self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        self.alloc(layout)
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// `alloc` of this arena gave out `ptr` for this layout, since the last reset, and nobody uses the block from now on.
    pub(super) unsafe fn dealloc(&mut self, ptr: NonNull<u8>, layout: Layout) {
        if layout.size() == 0 {
            return;
        }
        let (ptr, made) = self
            .blocks
            .remove(&ptr.addr().get())
            .expect("arenamap_guard: not a live block of this arena");
        assert_eq!(made, layout, "arenamap_guard: a block came back with another layout");
        self.peak = self.peak.max(self.used.min(self.budget));
        self.used -= Block::of(layout).size;
        // SAFETY: made with this layout and not yet freed (1).
        unsafe { dealloc(ptr.as_ptr(), made) };
    }

    /// Takes a block back, whatever its pointer is good for.
    ///
    /// # Safety
    ///
    /// As for `dealloc`.
    #[cfg(feature = "allocator-api2")]
    pub(super) unsafe fn dealloc_narrow(&mut self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: handed on to the caller; the pointer that is freed is the one kept here.
        unsafe { self.dealloc(ptr, layout) };
    }

    /// The pointer that `alloc` gave out for the block at this address, if there is such a block.
    #[cfg(feature = "allocator-api2")]
    pub(super) fn reach(&self, address: usize) -> Option<NonNull<u8>> {
        self.blocks.get(&address).map(|(ptr, _)| *ptr)
    }

    /// Moves the bytes of a block to one of another size. One that becomes smaller needs no budget.
    ///
    /// # Safety
    ///
    /// As for `dealloc`, unless the result is an error: then nothing has changed.
    pub(super) unsafe fn resize(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, ArenaError> {
        let shrinks = old.size() != 0 && new.size() != 0 && Block::of(new).size <= Block::of(old).size;
        let moved = if shrinks { self.make(new)? } else { self.alloc(new)? };
        // SAFETY: two live blocks, or no bytes; then the old one is given up, as the caller allows.
        unsafe {
            moved.copy_from_nonoverlapping(ptr, old.size().min(new.size()));
            self.dealloc(ptr, old);
        }
        Ok(moved)
    }

    /// Frees all blocks. The caller makes sure that none is used any more, as for the real allocator.
    pub(super) fn reset(&mut self) {
        self.tally.reset();
        self.peak = self.peak.max(self.used);
        self.used = 0;
        while let Some((_, (ptr, layout))) = self.blocks.pop_first() {
            // SAFETY: made with this layout and not yet freed (1).
            unsafe { dealloc(ptr.as_ptr(), layout) };
        }
    }

    #[allow(clippy::unnecessary_wraps, reason = "as the real one")]
    pub(super) fn merge(&mut self) -> Result<(), ArenaError> {
        self.reset();
        Ok(())
    }

    pub(super) fn trim(&mut self, _policy: TrimPolicy) {
        self.reset();
    }

    /// Nothing waits for reuse.
    #[allow(clippy::unused_self, reason = "as the real one")]
    pub(super) const fn waits(&self, _bytes: usize) -> bool {
        false
    }

    #[allow(clippy::unused_self, reason = "as the real one")]
    pub(super) const fn owns_chunks(&self) -> bool {
        true
    }

    #[allow(clippy::unused_self, reason = "as the real one")]
    pub(super) const fn take_lone(&mut self) -> Option<super::lone::Lone> {
        None
    }

    #[allow(clippy::unused_self, reason = "as the real one")]
    pub(super) const fn seed_bytes(&self) -> usize {
        0
    }

    pub(super) const fn held(&self) -> usize {
        self.used
    }

    pub(super) const fn used(&self) -> usize {
        self.used
    }

    #[allow(clippy::unused_self, reason = "as the real one")]
    pub(super) const fn free(&self) -> usize {
        0
    }

    pub(super) fn high_water(&self) -> usize {
        self.peak.max(self.used)
    }

    pub(super) const fn budget(&self) -> usize {
        self.budget
    }

    #[cfg(feature = "counters")]
    pub(super) const fn tally(&self) -> ArenaTally {
        self.tally
    }

    pub(super) fn stats(&self) -> ArenaStats {
        ArenaStats {
            held: self.held(),
            used: self.used(),
            free: self.free(),
            high_water: self.high_water(),
            budget: (self.budget != usize::MAX).then_some(self.budget),
            chunks: self.blocks.len(),
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.reset();
    }
}
