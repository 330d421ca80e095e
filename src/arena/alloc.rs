//! The allocator: chunks, the bump in the active one, and when a new one is made.
//!
//! ```text
//! chunks   [ c0 | c1 | -- | c3 | c4 | c5 ]        one heap block each, in the order of entering
//!                       ^         ^
//!                       |         '- entered = 4: c4, c5 wait, in the order in which the last cycle entered them
//!                       '- seat = 2: an empty placeholder, c2 is in `active`
//!
//! active   heap block           start               finger                 end
//!          | 16 bytes of nobody  | block | block | .. | room                |
//!                                                      bumps upward -->
//!
//! seed     the first chunk: memory in one heap block with the arena itself. While it is alone, `chunks` is empty and takes
//!          no memory, `entered` is 0 and `active` is the seed; with the second chunk it gets its place in `chunks`.
//!
//! lone     a block that is older than the state and stands on the heap by itself (`lone.rs`). It counts as carved, and is
//!          recycled like any other; after a reset it is the one block that waits, as at the start of the cycle before.
//! ```
//!
//! Chunks are our own, not `bumpalo`'s: one of those cannot stand in memory that it is given, so that an arena would take
//! two heap calls for its first block.
//!
//! Invariants:
//!
//! 1. `start <= finger <= end` of a chunk are pointers that may be used for all of its room, which belongs to this chunk alone;
//!    blocks lie below the finger, and no block of another chunk ends at `start`: there are bytes of nobody, or the arena
//!    itself, in front of it. `start` is aligned to 16, `finger` and `end` to 8.
//! 2. A block is given out from the finger of a chunk or from the free lists, and until it comes back through `dealloc`,
//!    or all blocks end with `reset`, nothing here touches its bytes. Its pointer may be used for all of its bytes.
//! 3. `entered <= chunks.len()`; chunks before `entered` may have blocks, the others have none. If `entered > 0`, then
//!    `seat < entered` and `chunks[seat]` is an empty placeholder for `active`. If `chunks` is empty, `active` is the seed or
//!    a placeholder. There is at most one chunk of the seed, and it does not own its memory, which outlives the state.
//!    The lone block is in use, or in the free lists.
//! 4. `carved = used + free <= budget`. Only `reset` and giving back the last block, or its end, lower it, and they raise a
//!    peak first.
//!
//! Who upholds them: this file and `alloc/` alone, with the contracts of `new`, `dealloc` and `reset` on the caller's side.

#![allow(unsafe_code, reason = "gives out memory of the chunks and takes it back")]

mod chunk;
mod cycle;

use alloc::vec::Vec;
use core::alloc::Layout;
use core::mem;
use core::ptr::NonNull;

use self::chunk::{CHUNK_ALIGN, Chunk, GAP};
use super::lone::Lone;
use super::recycle::{Block, FreeLists, MALLOC, MIN_ALIGN, dangling};
use crate::error::ArenaError;
use crate::observe::probes;
use crate::observe::tally::ArenaTally;
use crate::stats::ArenaStats;

/// The least that a chunk is asked to hold, with overhead.
const FIRST_CHUNK: usize = 1 << 10;

/// Up to here chunks double what the cycle has; from here on they add an eighth. Half of the size from which "held is at
/// most twice used" is promised, so that the chunk that crosses it does not break the promise.
const DOUBLE_UNTIL: usize = 32 << 10;

/// The memory of one arena.
///
/// In the order in which it is cheap to make: what begins as 0 stands together.
#[repr(C)]
pub(super) struct State {
    /// Bytes in live blocks and in free ones.
    carved: usize,
    budget: usize,
    /// Bytes in all chunks.
    held: usize,
    /// Memory for a first chunk.
    seed: NonNull<u8>,
    seed_bytes: usize,
    active: Chunk,
    /// Highest `carved` of the cycles before this one.
    peak: usize,
    /// Highest `carved` of this cycle, before it was last lowered; 0 if no block went back to its chunk in it.
    cycle_peak: usize,
    /// At least the bytes that alignment has cost in this cycle.
    padding: usize,
    entered: usize,
    seat: usize,
    /// Sum of the weights of the entered chunks.
    weight: usize,
    chunks: Vec<Chunk>,
    lone: Option<Lone>,
    free: FreeLists,
    tally: ArenaTally,
}

impl State {
    /// Arenas with such a state want memory behind them, for a first chunk.
    pub(super) const SEEDED: bool = true;

    /// An arena that may carve `budget` bytes, with `bytes` bytes at `seed` for a first chunk, in service from the first block
    /// on, or at once.
    ///
    /// # Safety
    ///
    /// These bytes may be used through `seed`, and belong to this state alone as long as it lives; `seed` is aligned to 16,
    /// and what is in front of it is no block of any arena. `bytes` is a multiple of 8.
    #[inline]
    pub(super) const unsafe fn new(budget: usize, seed: NonNull<u8>, bytes: usize, at_once: bool) -> Self {
        let room = if at_once { bytes } else { 0 };
        Self {
            active: Chunk::seed(seed, room),
            carved: 0,
            budget,
            peak: 0,
            cycle_peak: 0,
            padding: 0,
            chunks: Vec::new(),
            lone: None,
            entered: 0,
            seat: 0,
            weight: 0,
            held: room,
            seed,
            seed_bytes: bytes,
            free: FreeLists::new(),
            tally: ArenaTally::new(),
        }
    }

    /// Takes a block in that was there before the state, which has no chunk but the seed yet.
    #[inline]
    pub(super) fn adopt(&mut self, lone: Lone) {
        self.carved += lone.size();
        self.held += lone.held();
        if lone.is_free() {
            // SAFETY: nobody uses it, and the pointer reaches all of it.
            unsafe { self.free.push(lone.block(), lone.as_block()) };
        }
        self.lone = Some(lone);
    }

    /// The numbers of a state that has adopted such a block.
    pub(super) fn of_lone(lone: &Lone) -> Self {
        // SAFETY: no bytes for a first chunk.
        let mut state = unsafe { Self::new(usize::MAX, NonNull::dangling(), 0, false) };
        state.carved = lone.size();
        state.held = lone.held();
        state.active = Chunk::seed(lone.block(), lone.size());
        state.free = FreeLists::of_bytes(if lone.is_free() { lone.size() } else { 0 });
        state
    }

    /// Takes a first chunk with that much room from the heap, if there is none.
    pub(super) fn try_start(&mut self, room: usize) -> Result<(), ArenaError> {
        if room > self.active.room() {
            let refused = ArenaError::refused(room, CHUNK_ALIGN);
            self.chunks.try_reserve(4).map_err(|_| refused)?;
            let chunk = Chunk::create(room).ok_or(refused)?;
            self.held = chunk.held();
            self.took_chunk(&chunk);
            self.chunks.push(chunk);
            self.restart();
        }
        Ok(())
    }

    /// The first block of a fresh state, which is not empty.
    #[inline]
    pub(super) fn first(&mut self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        let block = Block::of(layout);
        match self.carve(block) {
            Some(ptr) => Ok(ptr),
            None => self.enter_chunk(block),
        }
    }

    /// A block for this layout.
    #[inline]
    pub(super) fn alloc(&mut self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        if layout.size() == 0 {
            return Ok(dangling(layout));
        }
        let block = Block::of(layout);
        if self.free.bytes() != 0
            && let Some(ptr) = self.free.pop(block)
        {
            return Ok(ptr);
        }
        match self.carve(block) {
            Some(ptr) => Ok(ptr),
            None => self.enter_chunk(block),
        }
    }

    /// A small block for this layout, if that takes no call.
    #[inline]
    pub(super) fn alloc_at_hand(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.size() == 0 {
            return None;
        }
        let block = Block::of(layout);
        match self.free.pop_small(block.small()?) {
            Some(ptr) => Some(ptr),
            None => self.carve(block),
        }
    }

    /// A block from the active chunk, if that and the budget have room.
    #[inline]
    fn carve(&mut self, block: Block) -> Option<NonNull<u8>> {
        if block.size > self.budget - self.carved {
            return None;
        }
        let ptr = self.active.take(block)?;
        self.count_taken(block);
        Some(ptr)
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
        if self.active.is_last(ptr, block) {
            // SAFETY: a live block of this arena, which the caller gives up.
            unsafe { self.lower(block.size) };
        } else {
            // SAFETY: the caller gives the block up, and its pointer reaches all of it.
            unsafe { self.free.push(ptr, block) };
        }
    }

    /// A block was taken from a chunk.
    #[inline]
    const fn count_taken(&mut self, block: Block) {
        self.carved += block.size;
        if block.align > MIN_ALIGN {
            self.padding = self.padding.saturating_add(block.align - MIN_ALIGN);
        }
    }

    /// Takes back the end of the last block of the active chunk, or all of it.
    ///
    /// # Safety
    ///
    /// As for `Chunk::lower`.
    #[inline]
    unsafe fn lower(&mut self, bytes: usize) {
        self.cycle_peak = self.cycle_peak.max(self.carved);
        self.carved -= bytes;
        // SAFETY: handed on to the caller.
        unsafe { self.active.lower(bytes) };
    }

    /// Takes a block back whose pointer may be good for the value in it only, and not for the whole block.
    ///
    /// Time: linear in the chunks, unless it is the last block of the active one.
    ///
    /// # Safety
    ///
    /// As for `dealloc`, but for the pointer.
    #[cfg(feature = "allocator-api2")]
    #[inline]
    pub(super) unsafe fn dealloc_narrow(&mut self, ptr: NonNull<u8>, layout: Layout) {
        if layout.size() == 0 {
            return;
        }
        let block = Block::of(layout);
        if self.active.is_last(ptr, block) {
            // SAFETY: a live block of this arena, which the caller gives up.
            unsafe { self.lower(block.size) };
        } else if let Some(whole) = self.reach(ptr.addr().get()) {
            // SAFETY: the caller gives the block up, and this pointer reaches all of it.
            unsafe { self.free.push(whole, block) };
        }
    }

    /// The pointer that `alloc` gave out for the block at this address, if there is such a block.
    ///
    /// Callers of a public allocator may have narrowed the provenance of theirs to the value that was in the block,
    /// which is smaller than the block. Time: O(chunks).
    #[cfg(feature = "allocator-api2")]
    pub(super) fn reach(&self, address: usize) -> Option<NonNull<u8>> {
        let entered = &self.chunks[..self.entered];
        self.active
            .reach(address)
            .or_else(|| entered.iter().find_map(|chunk| chunk.reach(address)))
            .or_else(|| self.lone.as_ref().and_then(|lone| lone.reach(address)))
    }

    /// Makes a block of another size of a block, with the same bytes as far as they go.
    ///
    /// The last block of the active chunk stays where it is, unless one of the new size waits: a growing vector leaves nothing behind. A block that becomes
    /// smaller moves, so that its old size waits for the next of its kind; where there is no memory for that, it stays and
    /// its end waits as a block of its own. So only a larger one, or one that is to be aligned otherwise, can be refused.
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
        let mut spare = None;
        if old.size() != 0 && new.size() != 0 && ptr.addr().get() & (new.align() - 1) == 0 {
            let (from, to) = (Block::of(old), Block::of(new));
            if to.size == from.size {
                return Ok(ptr);
            }
            if self.active.is_last(ptr, from) {
                if to.size < from.size {
                    // SAFETY: the end of a live block of this arena, which the caller gives up.
                    unsafe { self.lower(from.size - to.size) };
                    return Ok(ptr);
                }
                let more = Block {
                    size: to.size - from.size,
                    align: MIN_ALIGN,
                };
                if more.size <= self.budget - self.carved
                    && !self.free.has_block(to)
                    && self.active.take(more).is_some()
                {
                    self.count_taken(more);
                    self.padding = self.padding.saturating_add(to.align - MIN_ALIGN);
                    return Ok(ptr);
                }
            }
            spare = from.size.checked_sub(to.size).map(|rest| (to.size, rest));
        }
        match (self.alloc(new), spare) {
            (Ok(moved), _) => {
                // SAFETY: two live blocks, or no bytes; then the old one is given up, as the caller allows.
                unsafe {
                    moved.copy_from_nonoverlapping(ptr, old.size().min(new.size()));
                    self.dealloc(ptr, old);
                }
                Ok(moved)
            }
            (Err(_), Some((kept, size))) => {
                let rest = Block { size, align: MIN_ALIGN };
                // SAFETY: the end of the block, which the caller gives up: both sizes are multiples of 8 and not 0, and the
                // pointer reaches all of the block.
                unsafe { self.free.push(ptr.add(kept), rest) };
                Ok(ptr)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Carves a block that the active chunk has no room for, or says why not.
    #[cold]
    #[inline(never)]
    fn enter_chunk(&mut self, block: Block) -> Result<NonNull<u8>, ArenaError> {
        let needed = block.size;
        let left = self.budget - self.carved;
        if needed > left {
            return Err(self.refused(ArenaError::Budget { needed, left }));
        }
        // An empty chunk is aligned to 16.
        let room = needed
            .checked_add(block.align.max(CHUNK_ALIGN) - CHUNK_ALIGN)
            .filter(|room| isize::try_from(*room).is_ok())
            .ok_or(ArenaError::CapacityOverflow)
            .map_err(|error| self.refused(error))?;
        if self.chunks.is_empty() {
            if self.active.size() > 0 {
                // The seed gets its place beside the chunk that is to come.
                if self.chunks.try_reserve(4).is_err() {
                    return Err(self.refused(block.refused()));
                }
                self.chunks.push(Chunk::placeholder());
                self.active.weight = self.active.size();
                self.weight = self.active.weight;
                self.entered = 1;
                self.seat = 0;
            } else if room <= self.seed_bytes {
                self.active = Chunk::seed(self.seed, self.seed_bytes);
                self.held += self.seed_bytes;
                return self.carve(block).ok_or_else(|| block.refused());
            }
        }
        let next = self.entered;
        let found = match self.chunks[next..].iter().position(|chunk| chunk.room() >= room) {
            Some(at) => next + at,
            None => match self.create_chunk(room, left) {
                Some(at) => at,
                None => return Err(self.refused(block.refused())),
            },
        };
        self.chunks.swap(next, found);
        let ptr = self.chunks[next].take(block).ok_or_else(|| block.refused())?;
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

    /// Counts a refusal.
    #[inline(always)] // nothing is called where nothing counts
    fn refused(&mut self, error: ArenaError) -> ArenaError {
        self.tally.refused(&error);
        if let ArenaError::Budget { needed, left } = error {
            probes::budget_refused(needed, left);
        }
        error
    }

    /// Counts a chunk, which `held` counts already.
    #[inline(always)] // as above
    fn took_chunk(&mut self, chunk: &Chunk) {
        self.tally.took_chunk();
        probes::chunk_taken(chunk.held(), self.held);
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
            _ => target.saturating_sub(GAP + MALLOC).max(room),
        };
        self.chunks.try_reserve(1).ok()?;
        let mut chunk = Chunk::create(wanted).or_else(|| Chunk::create(room))?;
        self.held += chunk.held();
        self.took_chunk(&chunk);
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

    /// Chunks in service.
    fn count(&self) -> usize {
        let seed_alone = self.chunks.is_empty() && self.active.size() > 0;
        self.chunks.len() + usize::from(seed_alone) + usize::from(self.lone.is_some())
    }

    /// True if a block of that many bytes waits for reuse, whatever its alignment.
    #[cold]
    pub(super) fn waits(&self, bytes: usize) -> bool {
        self.free.has(bytes)
    }

    /// True if dropping the state frees memory, once the lone block is taken.
    #[inline]
    pub(super) const fn owns_chunks(&self) -> bool {
        // Else the active chunk is the seed, or none (3).
        self.chunks.capacity() != 0
    }

    /// The lone block, which nobody uses any more.
    #[inline]
    pub(super) const fn take_lone(&mut self) -> Option<Lone> {
        self.lone.take()
    }

    /// Bytes of the memory that `new` was given.
    #[inline]
    pub(super) const fn seed_bytes(&self) -> usize {
        self.seed_bytes
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

    /// What was counted.
    #[cfg(feature = "counters")]
    pub(super) const fn tally(&self) -> ArenaTally {
        self.tally
    }

    /// All of the numbers.
    pub(super) fn stats(&self) -> ArenaStats {
        ArenaStats {
            held: self.held(),
            used: self.used(),
            free: self.free(),
            high_water: self.high_water(),
            budget: (self.budget != usize::MAX).then_some(self.budget),
            chunks: self.count(),
        }
    }
}
