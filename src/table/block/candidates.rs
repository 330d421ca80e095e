//! What a search has still to compare when its first look did not tell: the other entries with its tag, in the groups on its way.
//!
//! ```text
//!  find    home: first lane with the tag --- equal? ---> found
//!                    '-- no, or none and the flag of the class --> candidate: place and number of the next one, compared by the caller
//!
//!  Further | second block: 1 bit | strides from home | lanes looked at, 0 to 16: 5 bits |
//! ```
//!
//! No key goes in here, and that is what it is for. A key whose address is handed to a call that is not inlined has to be in memory, and one
//! made of parts is written there part by part. It is hashed as a whole, and the processor cannot forward many writes to one read:
//! it waits until they are in the cache. With searches that took their comparisons along out of line, a lookup of a `(u32, u32)` that the
//! caller had made took six times as long as hashbrown's (the program `life`, timed by
//! `cargo run --release -p compare -- --only life`: 0.62 of hashbrown's speed, and 1.0 so).
//!
//! Invariants: those of `block.rs`, of which this file changes nothing.

#![allow(unsafe_code, reason = "reads tags of raw blocks; B1 to B3")]

use core::ptr::NonNull;

use super::Block;
use crate::table::group::{LANES, Lanes, Mark};

/// Where a search goes on behind its first look: the number of a candidate.
#[derive(Clone, Copy)]
pub(in crate::table) struct Further(usize);

impl Further {
    /// Numbers in one group: more than lanes, so that the one behind the last lane is in it, too.
    const OF_GROUP: usize = LANES * 2;

    const SECOND: usize = 1 << (usize::BITS - 1);

    /// At the first lane of home.
    pub(in crate::table) const START: Self = Self(0);

    /// Behind home.
    pub(super) const HOME: Self = Self(LANES);

    /// Behind a lane of home.
    #[inline(always)]
    pub(super) const fn behind(lane: usize) -> Self {
        Self(lane + 1)
    }

    /// Lanes of a group that are not behind.
    #[inline(always)]
    pub(super) const fn among(self, lanes: Lanes) -> Lanes {
        match self.0 % Self::OF_GROUP {
            LANES.. => Lanes(0),
            lane => lanes.from(lane),
        }
    }

    /// The same in the second block of a moving table.
    #[inline]
    pub(in crate::table) const fn in_second(self) -> Self {
        Self(self.0 | Self::SECOND)
    }

    #[inline]
    pub(in crate::table) const fn is_in_second(self) -> bool {
        self.0 & Self::SECOND != 0
    }

    /// The same in the block by itself; of one in the first block, the start of the second.
    #[inline]
    pub(in crate::table) const fn in_first(self) -> Self {
        if self.is_in_second() {
            Self(self.0 & !Self::SECOND)
        } else {
            Self::START
        }
    }
}

impl<T> Block<T> {
    /// The first entry from a candidate on that may have a hash, and where to go on behind it.
    ///
    /// # Safety
    ///
    /// As for [`find`](Self::find); the candidate is the start, or was given out for this hash since the block was
    /// changed.
    #[inline(always)] // into calls out of line
    pub(in crate::table) unsafe fn candidate(self, hash: u64, from: Further) -> Option<(NonNull<T>, Further)> {
        let mark = Mark::of(hash);
        let mut way = self
            .way(self.home(hash), mark.class())
            .after(from.0 / Further::OF_GROUP);
        let mut from = from;
        loop {
            // SAFETY: handed on: a group on the way of the hash; B2: a lane with a tag.
            unsafe {
                if let Some(lane) = from.among(self.group(way.at).matches(mark)).first() {
                    let next = way.ahead * Further::OF_GROUP + lane + 1;
                    return Some((self.slot(way.at + lane), Further(next)));
                }
                if !self.flags(way.at).have(mark) {
                    return None;
                }
            }
            way.next()?;
            from = Further::START;
        }
    }
}
