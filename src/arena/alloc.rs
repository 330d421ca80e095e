//! The allocator: chunks, the bump in the active one, and when a new one is made.
//!
//! ```text
//! chunks   [ c0 | c1 | -- | c3 | c4 | c5 ]        one single-chunk bumpalo arena each, in the order of entering
//!                       ^         ^
//!                       |         '- entered = 4: c4, c5 wait, in the order in which the last cycle entered them
//!                       '- seat = 2: an empty placeholder, c2 is in `active`
//!
//! active   data                          finger                     footer
//!          |  room, chunk_capacity()      |  block  | block | block  |  bumpalo's own  |
//!                                 <-- bumps downward
//! ```
//!
//! Invariants:
//!
//! 1. Every `Bump` here owns at most one chunk and never gets another: its limit is the size that it has.
//! 2. A block is given out from the finger of a chunk or from the free lists, and until it comes back through `dealloc`,
//!    or all blocks end with `reset`, nothing here touches its bytes. Its pointer may be used for all of its bytes.
//! 3. `entered <= chunks.len()`; chunks before `entered` may have blocks, the others have none. If `entered > 0`, then
//!    `seat < entered` and `chunks[seat]` is an empty placeholder for `active`; else `active` is a placeholder.
//! 4. `carved = used + free <= budget`. Only `reset` and giving back the last block lower it, and they raise a peak first.
//!
//! Who upholds them: this file alone, with the contracts of `dealloc` and `reset` on the caller's side.

#![allow(unsafe_code, reason = "gives out memory of the chunks and takes it back")]

use alloc::vec::Vec;
use core::alloc::Layout;
use core::mem;
use core::ptr::NonNull;

use allocator_api2::alloc::Allocator as _;
use bumpalo::Bump;

use super::TrimPolicy;
use super::recycle::{Block, FreeLists, MIN_ALIGN};
use crate::error::ArenaError;
use crate::stats::ArenaStats;

/// The least that a chunk is asked to hold, with overhead.
const FIRST_CHUNK: usize = 1 << 10;

/// Up to here chunks double what the cycle has; from here on they add an eighth. Half of the size from which "held is at
/// most twice used" is promised, so that the chunk that crosses it does not break the promise.
const DOUBLE_UNTIL: usize = 32 << 10;

/// What bumpalo and malloc want of a chunk for themselves; a chunk that leaves it free has a round size.
const OVERHEAD: usize = 64;

/// Alignment of a chunk, hence of the finger of an empty one.
const CHUNK_ALIGN: usize = 16;

/// One chunk.
struct Chunk {
    bump: Bump<MIN_ALIGN>,
    /// Its first byte; the pointer may be used for all of its room.
    start: NonNull<u8>,
    /// What it adds to the size by which the next chunk is chosen.
    weight: usize,
}

impl Chunk {
    /// No chunk; takes no memory.
    fn placeholder() -> Self {
        let bump = Bump::with_min_align();
        bump.set_allocation_limit(Some(0));
        Self {
            bump,
            start: NonNull::dangling(),
            weight: 0,
        }
    }

    /// A chunk with room for `room` bytes, not 0.
    fn create(room: usize) -> Option<Self> {
        let bump = Bump::try_with_min_align_and_capacity(room).ok()?;
        // Invariant 1.
        bump.set_allocation_limit(Some(bump.allocated_bytes()));
        // SAFETY: nothing is allocated while the iterator lives, and no byte is read through its pointer.
        let (finger, _) = unsafe { bump.iter_allocated_chunks_raw() }.next()?;
        // SAFETY: the chunk is fresh, so all of its room lies below the finger, whose pointer is good for the chunk.
        let start = unsafe { NonNull::new_unchecked(finger.sub(bump.chunk_capacity())) };
        let weight = bump.allocated_bytes_including_metadata();
        let chunk = Self { bump, start, weight };
        #[cfg(all(feature = "huge-pages", target_os = "linux"))]
        chunk.ask_for_huge_pages();
        Some(chunk)
    }

    /// Bytes left between the start and the finger.
    #[inline]
    fn room(&self) -> usize {
        self.bump.chunk_capacity()
    }

    /// Bytes taken from the global allocator.
    fn held(&self) -> usize {
        self.bump.allocated_bytes_including_metadata()
    }

    #[inline]
    fn take(&self, block: Block) -> Option<NonNull<u8>> {
        if block.size > self.room() {
            return None;
        }
        // With an alignment above 8 the room may still be short of the padding: then bumpalo tries to get a second chunk
        // and its limit refuses (1).
        self.bump.try_alloc_layout(layout(block)).ok()
    }

    /// Takes the block back if it is the last one of this chunk; says whether it was.
    ///
    /// # Safety
    ///
    /// `ptr` is a live block of this arena with that size and alignment; if the answer is yes, nobody uses it any more.
    #[inline]
    unsafe fn give_back(&self, ptr: NonNull<u8>, block: Block) -> bool {
        // The finger. No other block starts there: this chunk ends behind it, another one is elsewhere.
        let last = ptr.addr().get() == self.start.addr().get() + self.room();
        if last {
            // SAFETY: a block of this chunk, allocated with this layout, and given up.
            unsafe { (&self.bump).deallocate(ptr, layout(block)) };
        }
        last
    }

    /// A pointer to `address` that may be used for the whole block, if the block is in this chunk.
    #[cfg(feature = "allocator-api2")]
    #[inline]
    fn reach(&self, address: usize) -> Option<NonNull<u8>> {
        let offset = address.wrapping_sub(self.start.addr().get());
        // SAFETY: the offset is inside the chunk.
        (offset < self.bump.allocated_bytes()).then(|| unsafe { self.start.add(offset) })
    }

    /// Asks Linux to back a fresh chunk with huge pages where they fit. It may refuse, and nothing is lost.
    #[cfg(all(feature = "huge-pages", target_os = "linux"))]
    fn ask_for_huge_pages(&self) {
        /// A smaller chunk need not contain an aligned huge page of 2 MiB.
        const LEAST: usize = 4 << 20;
        /// A multiple of every page size that Linux has.
        const PAGE: usize = 64 << 10;
        let room = self.room();
        if room < LEAST {
            return;
        }
        let start = self.start.as_ptr();
        let skip = start.addr().next_multiple_of(PAGE) - start.addr();
        let len = (room - skip) / PAGE * PAGE;
        // A kernel without huge pages answers with an error; small pages serve as well.
        // SAFETY: the pages are inside the chunk, since `skip + len <= room`; the advice changes no byte of them.
        let _ = unsafe { rustix::mm::madvise(start.add(skip).cast(), len, rustix::mm::Advice::LinuxHugepage) };
    }
}

/// The layout of a block that fits a chunk, or did.
#[inline]
const fn layout(block: Block) -> Layout {
    // SAFETY: the size is a multiple of the alignment, a power of two (`Block`), and no larger than a chunk.
    unsafe { Layout::from_size_align_unchecked(block.size, block.align) }
}

/// The memory of one arena.
pub(super) struct State {
    active: Chunk,
    /// Bytes in live blocks and in free ones.
    carved: usize,
    budget: usize,
    /// Highest `carved` of the cycles before this one.
    peak: usize,
    /// Highest `carved` of this cycle, before it was last lowered; 0 if no block went back to its chunk in it.
    cycle_peak: usize,
    /// At least the bytes that alignment has cost in this cycle.
    padding: usize,
    chunks: Vec<Chunk>,
    entered: usize,
    seat: usize,
    /// Sum of the weights of the entered chunks.
    weight: usize,
    /// Bytes in all chunks.
    held: usize,
    free: FreeLists,
}

impl State {
    /// An arena that may carve `budget` bytes and can carve `capacity` of them from its first chunk.
    pub(super) fn try_new(capacity: usize, budget: usize) -> Result<Self, ArenaError> {
        let mut state = Self {
            active: Chunk::placeholder(),
            carved: 0,
            budget,
            peak: 0,
            cycle_peak: 0,
            padding: 0,
            chunks: Vec::new(),
            entered: 0,
            seat: 0,
            weight: 0,
            held: 0,
            free: FreeLists::new(),
        };
        let room = capacity.min(budget);
        if room > 0 {
            state
                .chunks
                .try_reserve(4)
                .map_err(|_| ArenaError::OutOfMemory { needed: room })?;
            let chunk = Chunk::create(room).ok_or(ArenaError::OutOfMemory { needed: room })?;
            state.held = chunk.held();
            state.chunks.push(chunk);
            state.restart();
        }
        Ok(state)
    }

    /// A block for this layout.
    #[inline]
    pub(super) fn alloc(&mut self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        if layout.size() == 0 {
            return Ok(super::dangling(layout));
        }
        let block = Block::of(layout);
        if self.free.bytes() != 0
            && let Some(ptr) = self.free.pop(block)
        {
            return Ok(ptr);
        }
        if block.size <= self.budget - self.carved
            && let Some(ptr) = self.active.take(block)
        {
            self.count_taken(block);
            return Ok(ptr);
        }
        self.enter_chunk(block)
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// `alloc` of this arena gave out `ptr` for this layout, since the last reset; `ptr` may still be used for the whole
    /// block, and nobody uses the block from now on.
    #[inline]
    pub(super) unsafe fn dealloc(&mut self, ptr: NonNull<u8>, layout: Layout) {
        if layout.size() == 0 {
            return;
        }
        let block = Block::of(layout);
        // SAFETY: a live block of this arena, which the caller gives up.
        if unsafe { self.active.give_back(ptr, block) } {
            self.count_given_back(block);
        } else {
            // SAFETY: the caller gives the block up, and its pointer reaches all of it.
            unsafe { self.free.push(ptr, block) };
        }
    }

    /// A block was taken from a chunk.
    #[inline]
    const fn count_taken(&mut self, block: Block) {
        self.carved += block.size;
        self.padding = self.padding.saturating_add(block.align - MIN_ALIGN);
    }

    /// A block went back to its chunk.
    #[inline]
    fn count_given_back(&mut self, block: Block) {
        self.cycle_peak = self.cycle_peak.max(self.carved);
        self.carved -= block.size;
    }

    /// The pointer that `alloc` gave out for the block at this address, if there is such a block.
    ///
    /// Callers of a public `deallocate` may have narrowed the provenance of theirs to the value that was in the block,
    /// which is smaller than the block. Time: linear in the chunks.
    #[cfg(feature = "allocator-api2")]
    pub(super) fn reach(&self, address: usize) -> Option<NonNull<u8>> {
        let entered = &self.chunks[..self.entered];
        self.active
            .reach(address)
            .or_else(|| entered.iter().find_map(|chunk| chunk.reach(address)))
    }

    /// Makes a block of another size of a block, with the same bytes as far as they go.
    ///
    /// The last block of the active chunk is moved within it: a growing vector leaves nothing behind.
    ///
    /// # Safety
    ///
    /// As for `dealloc`, unless the result is an error: then nothing has changed.
    #[cfg(feature = "allocator-api2")]
    pub(super) unsafe fn resize(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, ArenaError> {
        let bytes = old.size().min(new.size());
        if old.size() != 0 && new.size() != 0 {
            let (from, to) = (Block::of(old), Block::of(new));
            if from == to {
                return Ok(ptr);
            }
            // Where a block ends, one of the same alignment can end: there is no padding in between.
            let fits = from.align == to.align
                && to.size <= self.active.room() + from.size
                && to.size <= self.budget - self.carved + from.size;
            // SAFETY: a live block of this arena, and the caller gives it up.
            if fits && unsafe { self.active.give_back(ptr, from) } {
                self.count_given_back(from);
                let refused = ArenaError::OutOfMemory { needed: to.size };
                let moved = self.active.take(to).ok_or(refused)?;
                self.count_taken(to);
                // SAFETY: both blocks are in the room that this chunk had with the old one in it; nothing was written
                // there since.
                unsafe { moved.copy_from(ptr, bytes) };
                return Ok(moved);
            }
        }
        let moved = self.alloc(new)?;
        // SAFETY: two live blocks, or no bytes; then the old one is given up, as the caller allows.
        unsafe {
            moved.copy_from_nonoverlapping(ptr, bytes);
            self.dealloc(ptr, old);
        }
        Ok(moved)
    }

    /// Carves a block that the active chunk has no room for, or says why not.
    #[cold]
    #[inline(never)]
    fn enter_chunk(&mut self, block: Block) -> Result<NonNull<u8>, ArenaError> {
        let needed = block.size;
        let left = self.budget - self.carved;
        if needed > left {
            return Err(ArenaError::Budget { needed, left });
        }
        // The finger of an empty chunk is aligned to 16.
        let room = needed
            .checked_add(block.align.max(CHUNK_ALIGN) - CHUNK_ALIGN)
            .filter(|room| isize::try_from(*room).is_ok())
            .ok_or(ArenaError::CapacityOverflow)?;
        let next = self.entered;
        let found = match self.chunks[next..].iter().position(|chunk| chunk.room() >= room) {
            Some(at) => next + at,
            None => self
                .create_chunk(room, left)
                .ok_or(ArenaError::OutOfMemory { needed })?,
        };
        self.chunks.swap(next, found);
        let ptr = self.chunks[next]
            .take(block)
            .ok_or(ArenaError::OutOfMemory { needed })?;
        self.count_taken(block);
        self.weight += self.chunks[next].weight;
        self.entered += 1;
        // The chunk with more room goes on, so that one huge block does not end a chunk that has hardly been used.
        if next == 0 {
            self.seat(0);
        } else if self.chunks[next].room() > self.active.room() {
            mem::swap(&mut self.active, &mut self.chunks[self.seat]);
            self.seat(next);
        }
        Ok(ptr)
    }

    /// Makes a chunk with at least this much room, at the end of the queue; returns where.
    ///
    /// Its size depends on the chunks entered in this cycle and on nothing else, so that equal cycles make equal choices.
    fn create_chunk(&mut self, room: usize, left: usize) -> Option<usize> {
        let weight = if self.weight < DOUBLE_UNTIL {
            self.weight.max(FIRST_CHUNK)
        } else {
            (self.weight / 8).max(DOUBLE_UNTIL)
        };
        let target = weight.min(left);
        // Many blocks: the target. A few blocks of this size: a multiple, so that the last one fits. Fewer than four: a
        // chunk for the block alone, since whatever it left over would be too much to lose.
        let wanted = match target / room {
            0..4 => room,
            blocks @ 4..=16 => blocks * room,
            _ => target.saturating_sub(OVERHEAD).max(room),
        };
        self.chunks.try_reserve(1).ok()?;
        let mut chunk = Chunk::create(wanted).or_else(|| Chunk::create(room))?;
        self.held += chunk.held();
        // A huge block must not drive the sizes that follow.
        chunk.weight = chunk.weight.min(weight.max(FIRST_CHUNK));
        self.chunks.push(chunk);
        Some(self.chunks.len() - 1)
    }

    /// Makes an entered chunk the active one; `active` must be a placeholder.
    fn seat(&mut self, at: usize) {
        mem::swap(&mut self.active, &mut self.chunks[at]);
        self.seat = at;
    }

    /// Enters the first chunk, if there is one; none may be entered and `active` must be a placeholder.
    fn restart(&mut self) {
        self.weight = 0;
        self.entered = 0;
        if let Some(first) = self.chunks.first() {
            self.weight = first.weight;
            self.entered = 1;
            self.seat(0);
        }
    }

    /// Ends all blocks and keeps all chunks.
    ///
    /// The caller makes sure that no block is used any more: this is safe because it needs `&mut`, and whoever hands out
    /// blocks ties them to a borrow of the arena.
    #[inline]
    pub(super) fn reset(&mut self) {
        let needed = self.cycle_peak.max(self.carved);
        self.peak = self.peak.max(needed);
        if self.entered > 1 {
            self.reset_chunks(needed);
        } else {
            self.active.bump.reset();
        }
        self.carved = 0;
        self.cycle_peak = 0;
        self.padding = 0;
        self.free.clear();
    }

    /// Leaves all chunks, and lets the next cycle begin with one that has room for all of this one, if there is one: an
    /// equal cycle enters no other then.
    ///
    /// That is sure of a cycle in which no block went back to its chunk. In one chunk other blocks are the last ones, so
    /// that some go back which were freed here, and none is freed that went back here: at every moment the equal cycle has
    /// carved as much as this one or less.
    #[cold]
    #[inline(never)]
    fn reset_chunks(&mut self, carved: usize) {
        let entered = self.entered;
        self.leave();
        if self.cycle_peak == 0 {
            let needed = carved.saturating_add(self.padding);
            if let Some(whole) = self.chunks[..entered].iter().position(|chunk| chunk.room() >= needed) {
                self.chunks.swap(0, whole);
            }
        }
        self.restart();
    }

    /// Puts the active chunk into its seat and empties all entered ones.
    fn leave(&mut self) {
        if self.entered > 0 {
            mem::swap(&mut self.active, &mut self.chunks[self.seat]);
        }
        for chunk in &mut self.chunks[..self.entered] {
            chunk.bump.reset();
        }
        self.entered = 0;
    }

    /// Resets, and puts one chunk in the place of all.
    pub(super) fn merge(&mut self) -> Result<(), ArenaError> {
        self.reset();
        let room = (self.peak + self.peak / 16).min(self.budget);
        if room == 0 || (self.chunks.len() == 1 && self.active.room() >= room) {
            return Ok(());
        }
        let refused = ArenaError::OutOfMemory { needed: room };
        // Before anything changes: after `trim` the list may have no room.
        self.chunks.try_reserve(1).map_err(|_| refused)?;
        let chunk = Chunk::create(room).ok_or(refused)?;
        self.leave();
        self.chunks.clear();
        self.held = chunk.held();
        self.chunks.push(chunk);
        self.restart();
        Ok(())
    }

    /// Resets, and gives chunks back to the global allocator.
    pub(super) fn trim(&mut self, policy: TrimPolicy) {
        let entered = self.entered;
        self.reset();
        self.leave();
        match policy {
            TrimPolicy::All => self.chunks = Vec::new(),
            TrimPolicy::Unused => self.chunks.truncate(entered),
            TrimPolicy::Keep(bytes) => {
                let mut left = bytes;
                self.chunks.retain(|chunk| match left.checked_sub(chunk.held()) {
                    Some(rest) => {
                        left = rest;
                        true
                    }
                    None => false,
                });
            }
        }
        self.held = self.chunks.iter().map(Chunk::held).sum();
        self.restart();
    }

    /// True if the active chunk and the budget have that many bytes left.
    #[inline]
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        bytes <= self.active.room() && bytes <= self.budget - self.carved
    }

    /// Bytes in chunks.
    #[inline]
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// Bytes in live blocks.
    #[inline]
    pub(super) const fn used(&self) -> usize {
        self.carved - self.free.bytes()
    }

    /// Bytes in free blocks.
    #[inline]
    pub(super) const fn free(&self) -> usize {
        self.free.bytes()
    }

    /// The most that `used + free` ever was.
    #[inline]
    pub(super) fn high_water(&self) -> usize {
        self.peak.max(self.cycle_peak).max(self.carved)
    }

    /// The most that `used + free` may be; `usize::MAX` for no budget.
    #[inline]
    pub(super) const fn budget(&self) -> usize {
        self.budget
    }

    /// All of the numbers.
    pub(super) fn stats(&self) -> ArenaStats {
        ArenaStats {
            held: self.held(),
            used: self.used(),
            free: self.free(),
            high_water: self.high_water(),
            budget: (self.budget != usize::MAX).then_some(self.budget),
            chunks: self.chunks.len(),
        }
    }
}
