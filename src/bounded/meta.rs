//! What the map knows of an entry beside key, value and tag: eight bytes.
//!
//! ```text
//!  bits 16 to 63   deadline: ticks since the first call, all ones: none
//!  bits 12 to 15   print: four bits of the hash, for the ghosts
//!  bits  7 to 11   strides between its home group and its own, 31 for "31 or more"
//!  bits  5 to 6    generation of the slot, so that the ring knows old cells
//!  bit   4         its deadline moves when it is used
//!  bit   3         it is in the small queue
//!  bit   2         there is an entry
//!  bits  0 to 1    how often it was used, 3 for "3 or more"
//! ```

/// A deadline that never comes.
pub(super) const NEVER: u64 = (1 << 48) - 1;

/// Strides: "31 or more".
pub(super) const FAR: usize = 31;

/// The [rank](Meta::rank) of a slot without an entry.
pub(super) const FREE_RANK: u64 = MOST_USES + 2;

/// Uses that are counted.
const MOST_USES: u64 = 3;

const HERE: u64 = 1 << 2;
const SMALL: u64 = 1 << 3;
const IDLE: u64 = 1 << 4;
const GENERATION: u64 = 0b11 << 5;

/// The eight bytes of one slot. Those of a free slot keep the generation, and nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meta(u64);

/// What a fresh entry starts with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fresh {
    pub(super) deadline: u64,
    pub(super) idle: bool,
    pub(super) small: bool,
    pub(super) strides: usize,
    pub(super) print: u64,
}

impl Meta {
    /// For an entry in the slot that had this one, unused so far.
    #[inline]
    pub(super) fn next(self, fresh: Fresh) -> Self {
        let generation = ((self.0 & GENERATION) + (1 << 5)) & GENERATION;
        let flags = HERE | if fresh.small { SMALL } else { 0 } | if fresh.idle { IDLE } else { 0 };
        let strides = (fresh.strides.min(FAR) as u64) << 7;
        Self(fresh.deadline << 16 | (fresh.print & 15) << 12 | strides | generation | flags)
    }

    #[inline(always)]
    pub(super) const fn deadline(self) -> u64 {
        self.0 >> 16
    }

    #[inline(always)]
    pub(super) const fn is_small(self) -> bool {
        self.0 & SMALL != 0
    }

    #[inline(always)]
    pub(super) const fn is_idle(self) -> bool {
        self.0 & IDLE != 0
    }

    #[inline(always)]
    pub(super) const fn uses(self) -> u64 {
        self.0 & 3
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "two bits")]
    pub(super) const fn generation(self) -> u32 {
        (self.0 >> 5) as u32 & 3
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "five bits")]
    pub(super) const fn strides(self) -> usize {
        (self.0 >> 7) as usize & FAR
    }

    #[inline]
    pub(super) const fn print(self) -> u64 {
        self.0 >> 12 & 15
    }

    #[inline(always)]
    pub(super) const fn with_deadline(self, deadline: u64, idle: bool) -> Self {
        let kept = self.0 & 0xFFFF & !IDLE;
        Self(deadline << 16 | kept | if idle { IDLE } else { 0 })
    }

    /// Used once more.
    #[inline(always)]
    pub(super) const fn used(self) -> Self {
        Self(self.0 + (self.uses() < MOST_USES) as u64)
    }

    /// Passed by the hand: one use less, in the main queue.
    #[inline(always)]
    pub(super) const fn passed(self) -> Self {
        Self(self.0 - (self.uses() > 0 && !self.is_small()) as u64)
    }

    /// Whether the hand takes its entry: one of the main queue, unused.
    #[inline(always)]
    pub(super) const fn is_idle_in_main(self) -> bool {
        self.0 & (HERE | SMALL | 3) == HERE
    }

    /// How much the hand likes to take its entry, if it has to take one that is in use: the least used of the main queue, then any, and
    /// what is free never.
    #[inline(always)]
    pub(super) const fn rank(self) -> u64 {
        if self.0 & HERE == 0 {
            FREE_RANK
        } else if self.is_small() {
            FREE_RANK - 1
        } else {
            self.uses()
        }
    }

    /// Whether there is an entry.
    #[inline(always)]
    pub(super) const fn is_here(self) -> bool {
        self.0 & HERE != 0
    }

    /// Of a slot that its entry has left: the generation alone.
    #[inline(always)]
    pub(super) const fn freed(self) -> Self {
        Self(self.0 & GENERATION)
    }

    /// Whether it is of an entry of the small queue, of this generation.
    #[inline(always)]
    pub(super) const fn is_small_of(self, generation: u32) -> bool {
        self.0 & (SMALL | GENERATION) == SMALL | (generation as u64) << 5
    }

    /// The same, used so often.
    #[inline]
    pub(super) const fn with_uses(self, uses: u64) -> Self {
        Self(self.0 & !3 | uses & 3)
    }

    /// Out of the small queue, its uses forgotten.
    #[inline]
    pub(super) const fn promoted(self) -> Self {
        Self(self.0 & !SMALL & !3)
    }
}

#[cfg(test)]
mod tests {
    use super::{FAR, Fresh, Meta, NEVER};

    #[test]
    fn each_part_keeps_to_its_bits() {
        let fresh = Fresh {
            deadline: NEVER,
            idle: false,
            small: true,
            strides: 400,
            print: 0xFF,
        };
        let first = Meta(0).next(fresh);
        assert_eq!((first.deadline(), first.strides(), first.print()), (NEVER, FAR, 15));
        assert_eq!((first.uses(), first.is_small(), first.is_idle()), (0, true, false));
        let moved = first.with_deadline(7, true);
        assert_eq!((moved.deadline(), moved.is_idle(), moved.is_small()), (7, true, true));
        assert!(!moved.with_deadline(8, false).is_idle());
        let many = (0..9).fold(moved, |meta, _| meta.used());
        assert_eq!((many.uses(), many.passed().uses(), moved.passed().uses()), (3, 3, 0));
        let promoted = many.promoted();
        assert_eq!(
            (promoted.uses(), promoted.is_small(), promoted.deadline()),
            (0, false, 7)
        );
        let generations: Vec<u32> = (0..5)
            .scan(Meta(0), |meta, _| {
                *meta = meta.next(fresh);
                Some(meta.generation())
            })
            .collect();
        assert_eq!(generations, [1, 2, 3, 0, 1]);
    }

    use std::vec::Vec;
}
