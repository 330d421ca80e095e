//! Who goes: two queues and the ghosts (S3-FIFO: Yang and others, SOSP 2023, <https://doi.org/10.1145/3600006.3613147>), with a
//! bound on the steps of a call.
//!
//! ```text
//!  new ──► small queue ──used──► main queue: a hand goes round the slots, and takes a use from each that it passes
//!   ▲          │unused               │unused
//!   │          ▼                     ▼
//!   └──seen ghosts ◄─────────────────┘       (a new entry that was a ghost goes to the main queue at once)
//! ```
//!
//! The small queue is a ring of slot numbers, first in, first out. The main queue has no order but that of the slots: an entry stays
//! where it is when it changes queues, and a hit writes two bits. The hand goes through the first lane of all groups, then through the
//! second of all, and so on: all groups lose entries alike. (When it went through one group after another, those before it were full
//! and those behind it empty: where the main queue churns, a request had 2.4 times as many branches guessed wrong, of searches that
//! went on behind home.) A new entry takes the first free slot of its home that the hand comes to: in a loop longer than the map, what
//! came last is tried first (of 1.1 times the capacity, 78 % hits; 54 % if it takes the slot that the hand passed last).
//!
//! How many entries the small queue aims at moves with the ghosts: one that came out of it and comes back was let go too soon, one of
//! the main queue says the opposite, each weighed by how many of its kind there are (as in ARC: Megiddo and Modha, FAST 2003). While the
//! map has room, entries move on to the main queue unasked: so a loop that is longer than the map keeps hitting what came first.
//!
//! Chosen by hit ratios over real traces (`cargo run --release -p traces`, where LRU, SIEVE and S3-FIFO stand beside it as models). This
//! form is as good as two exact queues with links of four bytes an entry more; a small queue that begins at one twentieth beats one tenth;
//! filling the main queue first gains two and a half points; the share that follows the ghosts gains two points where
//! popularity shifts, and loses one in a zigzag.
//!
//! This file decides; it changes no slots but their eight bytes of [`Meta`](super::meta::Meta), so that another policy could stand here.

use super::meta::{FREE_RANK, Meta};
use super::room::Room;
use crate::table::group::LANES;

/// Entries that one call looks at, to find one that goes.
pub(super) const MOST_STEPS: usize = 16;

/// So many groups before the hand, slots are asked for.
const AHEAD: usize = 8;

/// Free slots in a row that the hand passes; then it asks the tree of deadlines for a group with an entry.
pub(super) const MOST_FREE: usize = 8;

/// Of the capacity, what the small queue aims at: at first, at least, and at most.
const FIRST_SHARE: usize = 20;
const LEAST_SHARE: usize = 100;
const MOST_SHARE: usize = 4;

/// Parts of an entry in which the aim moves.
const PARTS: usize = 256;

/// A cell of the ring: the number of a slot, and above it the generation of its entry.
const GENERATION: u32 = 30;

/// Cells that the ring of a map with this capacity has.
pub(super) const fn cells_for(capacity: usize) -> usize {
    capacity / MOST_SHARE + 2
}

/// The state of the queues.
#[derive(Clone, Debug)]
pub(super) struct Queues {
    capacity: usize,
    /// The first cell, and cells in use.
    head: usize,
    waiting: usize,
    /// Entries in the small queue. Each has a cell; there are cells of entries that are gone.
    small: usize,
    /// Entries that the small queue aims at, in parts, and the least whole number that is as many.
    aim: usize,
    aim_whole: usize,
    /// The slot that the hand looks at next: its lane and its group.
    hand: (usize, usize),
    /// Ghosts of each queue, about: halved when there are more than the buckets hold.
    small_ghosts: usize,
    main_ghosts: usize,
}

impl Queues {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            head: 0,
            waiting: 0,
            small: 0,
            aim: (capacity / FIRST_SHARE).max(1) * PARTS,
            aim_whole: (capacity / FIRST_SHARE).max(1),
            hand: (0, 0),
            small_ghosts: 0,
            main_ghosts: 0,
        }
    }

    /// Entries in the small queue.
    pub(super) const fn small(&self) -> usize {
        self.small
    }

    #[cfg(test)]
    pub(super) const fn aim(&self) -> usize {
        self.aim
    }

    /// The same before the entries of the small queue have come, each of which has its cell already.
    pub(super) fn without_entries(&self) -> Self {
        Self {
            small: 0,
            ..self.clone()
        }
    }

    /// An entry of the small queue has come to its slot.
    pub(super) const fn small_came(&mut self) {
        self.small += 1;
    }

    /// All entries are gone.
    pub(super) fn clear(&mut self) {
        (self.head, self.waiting, self.small) = (0, 0, 0);
    }

    /// A ghost came back.
    pub(super) fn came_back(&mut self, was_small: bool) {
        let all = self.small_ghosts + self.main_ghosts;
        let least = all / 32 + 1;
        let step = |ghosts: usize| PARTS / 4 * all / ghosts.max(least);
        let aim = if was_small {
            self.aim + step(self.small_ghosts)
        } else {
            self.aim.saturating_sub(step(self.main_ghosts))
        };
        let lowest = (self.capacity / LEAST_SHARE).max(1) * PARTS;
        let highest = (self.capacity / MOST_SHARE).max(1) * PARTS;
        self.aim = aim.clamp(lowest, highest);
        self.aim_whole = self.aim.div_ceil(PARTS);
    }

    /// An entry became a ghost.
    #[inline]
    pub(super) fn went(&mut self, was_small: bool) {
        self.small_ghosts += usize::from(was_small);
        self.main_ghosts += usize::from(!was_small);
        if self.small_ghosts + self.main_ghosts > self.capacity.max(64) {
            self.small_ghosts /= 2;
            self.main_ghosts /= 2;
        }
    }

    /// An entry left its slot, one of the small queue or not.
    #[inline(always)]
    pub(super) fn left(&mut self, is_small: bool) {
        self.small -= usize::from(is_small);
    }

    const fn is_small_full(&self) -> bool {
        self.small >= self.aim_whole
    }

    /// The slot of the first cell of the ring, which it leaves; `None` if the entry is not in the small queue any more.
    #[inline]
    fn pop<T>(&mut self, room: &mut Room<T>) -> Option<usize> {
        let cell = room.cells_mut()[self.head];
        self.head = if self.head + 1 == room.sizes.cells {
            0
        } else {
            self.head + 1
        };
        self.waiting -= 1;
        let slot = (cell & ((1 << GENERATION) - 1)) as usize;
        room.meta(slot).is_small_of(cell >> GENERATION).then_some(slot)
    }

    /// Moves an entry on to the main queue.
    #[inline]
    pub(super) fn promote<T>(&mut self, room: &mut Room<T>, slot: usize) {
        room.change_meta(slot, Meta::promoted);
        self.small -= 1;
    }

    /// Before a new entry of the small queue comes, while there is room: the queue keeps to its aim, and the ring has a free cell.
    #[inline]
    pub(super) fn make_way<T>(&mut self, room: &mut Room<T>) {
        let is_due = self.waiting > 0 && (self.is_small_full() || self.waiting == room.sizes.cells);
        if is_due && let Some(slot) = self.pop(room) {
            self.promote(room, slot);
        }
    }

    /// A new entry stands in a slot, as one of the small queue. The ring has a free cell.
    #[allow(clippy::cast_possible_truncation, reason = "slots are fewer than 2^28")]
    #[inline]
    pub(super) fn came<T>(&mut self, room: &mut Room<T>, slot: usize) {
        let at = self.head + self.waiting;
        let cells = room.sizes.cells;
        let at = if at >= cells { at - cells } else { at };
        let generation = room.meta(slot).generation();
        room.cells_mut()[at] = slot as u32 | generation << GENERATION;
        self.waiting += 1;
        self.small += 1;
    }

    /// The slot of the entry that goes, of `len`, at least one; and how many steps that took.
    #[inline(always)] // once in `displace`
    pub(super) fn choose<T>(&mut self, room: &mut Room<T>, len: usize) -> (usize, usize) {
        let mut best = Best::NONE;
        let mut step = 1;
        while step < MOST_STEPS && self.waiting > 0 && (self.is_small_full() || self.small == len) {
            if let Some(slot) = self.pop(room) {
                let uses = room.meta(slot).uses();
                if uses == 0 {
                    return (slot, step);
                }
                self.promote(room, slot);
                best.or(uses, slot);
            }
            step += 1;
        }
        // What the hand passes nobody can guess: one branch for each slot, whether it is the one. (`pop` may have left it to the hand, which
        // then goes on; the hand leaves nothing to `pop`.)
        let mut free = 0;
        while step < MOST_STEPS {
            let mut slot = self.under_hand();
            if free == MOST_FREE {
                slot = self.occupied(room);
            }
            self.hand_passes(slot / LANES, room.sizes.groups);
            room.prefetch_ahead(slot + AHEAD * LANES);
            let meta = room.meta(slot);
            if meta.is_idle_in_main() {
                return (slot, step);
            }
            room.change_meta(slot, Meta::passed);
            best.or(meta.rank(), slot);
            step += usize::from(meta.is_here());
            free = if meta.is_here() { 0 } else { free + 1 };
        }
        (best.slot().unwrap_or_else(|| self.occupied(room)), MOST_STEPS)
    }

    /// The slot of the entry that is first in the small queue, and stays there; cells before it, of entries that are gone, leave the ring.
    pub(super) fn first_small<T>(&mut self, room: &mut Room<T>) -> Option<usize> {
        while self.waiting > 0 {
            let before = (self.head, self.waiting);
            if let Some(slot) = self.pop(room) {
                (self.head, self.waiting) = before;
                return Some(slot);
            }
        }
        None
    }

    /// The slot that the hand looks at, with an entry or without; it goes on.
    pub(super) fn hand_on<T>(&mut self, room: &Room<T>) -> usize {
        let slot = self.under_hand();
        self.hand_passes(slot / LANES, room.sizes.groups);
        slot
    }

    /// Asks for the lines of the entry that is first in the small queue: the next insertion looks at it.
    #[inline(always)]
    pub(super) fn expect_next<T>(&self, room: &Room<T>) {
        let cell = room.cells().get(self.head).copied().unwrap_or(0);
        room.prefetch((cell & ((1 << GENERATION) - 1)) as usize);
    }

    /// The slot that the hand looks at next.
    #[inline(always)]
    const fn under_hand(&self) -> usize {
        let (lane, group) = self.hand;
        group * LANES + lane
    }

    /// The slot of an entry, for a hand that comes to nothing but free slots: in the next group that has one, the first that it would come to.
    #[cold]
    #[inline(never)]
    fn occupied<T>(&mut self, room: &Room<T>) -> usize {
        let (lane, from) = self.hand;
        let group = room.occupied_from(from).unwrap_or(from);
        if group < from {
            self.hand.0 = (lane + 1) % LANES; // around the block
        }
        group * LANES + room.full(group).first_around_or_any(self.hand.0)
    }

    /// The hand goes on from a group of so many.
    #[inline(always)]
    const fn hand_passes(&mut self, group: usize, groups: usize) {
        let (lane, _) = self.hand;
        self.hand = if group + 1 < groups {
            (lane, group + 1)
        } else {
            ((lane + 1) % LANES, 0)
        };
    }

    /// The lane of a group to which the hand comes next.
    #[inline(always)]
    pub(super) const fn lane_ahead(&self, group: usize) -> usize {
        let (lane, hand) = self.hand;
        (lane + (group < hand) as usize) % LANES
    }
}

/// The first of those that would be missed least.
struct Best {
    rank: u64,
    slot: usize,
}

impl Best {
    const NONE: Self = Self {
        rank: FREE_RANK,
        slot: 0,
    };

    #[inline(always)]
    const fn or(&mut self, rank: u64, slot: usize) {
        if rank < self.rank {
            *self = Self { rank, slot };
        }
    }

    fn slot(self) -> Option<usize> {
        (self.rank < FREE_RANK).then_some(self.slot)
    }
}
