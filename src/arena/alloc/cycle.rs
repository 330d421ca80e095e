//! The end of a cycle: all blocks end, and chunks are kept, merged into one, or given back.
//!
//! ```text
//!  reset   chunks [ c0 | c1 | c2 ], blocks in each    ->  the same chunks, empty; first one that has room for all of it, if sure
//!  merge                                              ->  [ one chunk of the peak ]
//!  trim                                               ->  those that the policy keeps
//! ```
//!
//! Invariants: 2 to 4 of `alloc.rs`. That no block is used any more is what `&mut` says.

#![allow(
    unsafe_code,
    reason = "the block that is older than the state goes into the free lists"
)]

use alloc::vec::Vec;
use core::mem;

use super::{CHUNK_ALIGN, Chunk, State};
use crate::arena::lone::Lone;
use crate::arena::trim::TrimPolicy;
use crate::error::ArenaError;
use crate::observe::probes;

impl State {
    /// Enters the first chunk, if there is one; none may be entered, and `active` must be a placeholder, or the seed alone.
    pub(super) fn restart(&mut self) {
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
    pub(in crate::arena) fn reset(&mut self) {
        self.tally.reset();
        probes::arena_reset(self.used());
        self.end_blocks();
        self.offer_lone();
    }

    /// Puts the lone block into the free lists, which are empty.
    #[inline]
    fn offer_lone(&mut self) {
        if let Some(lone) = &self.lone {
            self.carved = lone.size();
            // SAFETY: nobody uses it, and the pointer reaches all of it; the free lists are empty.
            unsafe { self.free.push(lone.block(), lone.as_block()) };
        }
    }

    /// Ends all blocks, the lone one included.
    #[inline]
    fn end_blocks(&mut self) {
        let needed = self.cycle_peak.max(self.carved);
        self.peak = self.peak.max(needed);
        if self.entered > 1 {
            self.reset_chunks(needed);
        } else {
            self.active.empty();
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

    /// Puts the active chunk into its seat, if it has one, and empties all entered ones.
    fn leave(&mut self) {
        if self.entered > 0 {
            mem::swap(&mut self.active, &mut self.chunks[self.seat]);
        }
        for chunk in &mut self.chunks[..self.entered] {
            chunk.empty();
        }
        self.entered = 0;
    }

    /// Resets, and puts one chunk in the place of all.
    pub(in crate::arena) fn merge(&mut self) -> Result<(), ArenaError> {
        self.reset();
        let room = (self.peak + self.peak / 16).min(self.budget);
        if room == 0 || (self.count() == 1 && self.lone.is_none() && self.active.room() >= room) {
            return Ok(());
        }
        let refused = ArenaError::refused(room, CHUNK_ALIGN);
        // Before anything changes: after `trim` the list may have no room.
        self.chunks.try_reserve(1).map_err(|_| refused)?;
        let chunk = Chunk::create(room).ok_or(refused)?;
        self.leave();
        self.active = Chunk::placeholder();
        self.chunks.clear();
        self.free.clear();
        self.lone = None;
        self.carved = 0;
        self.held = chunk.held();
        self.took_chunk(&chunk);
        self.chunks.push(chunk);
        self.restart();
        Ok(())
    }

    /// Resets, and gives chunks back to the global allocator.
    pub(in crate::arena) fn trim(&mut self, policy: TrimPolicy) {
        let entered = self.entered;
        self.end_blocks();
        self.leave();
        self.lone.take_if(|lone| !policy.keeps_first(lone.held()));
        let lone = self.lone.as_ref().map_or(0, Lone::held);
        match policy {
            TrimPolicy::All => {
                self.active = Chunk::placeholder();
                self.chunks = Vec::new();
            }
            TrimPolicy::Unused => self.chunks.truncate(entered),
            TrimPolicy::Keep(bytes) => {
                let mut left = bytes.saturating_sub(lone);
                // The seed alone, or a placeholder.
                if self.active.held() > left {
                    self.active = Chunk::placeholder();
                }
                self.chunks.retain(|chunk| match left.checked_sub(chunk.held()) {
                    Some(rest) => {
                        left = rest;
                        true
                    }
                    None => false,
                });
            }
        }
        self.held = self.active.held() + self.chunks.iter().map(Chunk::held).sum::<usize>() + lone;
        self.restart();
        self.offer_lone();
    }
}
