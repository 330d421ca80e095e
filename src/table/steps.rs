//! How entries move from an old block to a new one: a home group or two in each call.
//!
//! ```text
//!  old block   | moved, no tags | home at the cursor | not moved yet .............. |
//!  new block   | entered | ahead, zeroed | not initialised | entered | ahead | not initialised |
//!                lower half: homes of the old block          upper half: the same homes, next bit of the hash set
//! ```
//!
//! A step takes the entries whose home in the old block is the group at the cursor, wherever they stand, [`STEP`] at the most,
//! hashes them, and puts them into the new block. A home with more than that is left in the middle, at a class; a class with
//! more than that is left in the middle too, and then its keys are looked for in both blocks. So no call moves more than
//! [`STEP`] entries, whatever their hashes. (But for entries that were put in with another hash than the hasher's, a mistake of
//! the user's: the last step moves all that are left of them.) Tags of the fresh block are zeroed [`AHEAD`] bytes before the
//! cursor.
//!
//! Moving a table that holds at most 14 entries of 16 slots takes at most one step for each group of the old block, and each
//! new entry makes a step: the old block never fills up, and the new one never before the old one is gone.
//!
//! Invariants: T3 and T4 of `mod.rs`, B1 to B3 of `block.rs`. "The blocks of a move" are those of a header: both live, the new
//! one with room for all entries, initialised as far as its header says.
//!
//! `cargo bench --bench growth` times single insertions, cold and warm.

#![allow(unsafe_code, reason = "moves entries between raw blocks; T3 and T4 in `mod.rs`")]

use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::block::{Block, FAR, HEADER_FROM, Header};
use super::group::{Flags, LANES, class_of, prefetch};
use super::split::split;
use super::{NOTED, Table};
use crate::arena::Handle;
use crate::error::ArenaError;
use crate::observe::probes;

/// The most entries that one call moves.
pub(crate) const STEP: usize = 32;

/// A step that moved fewer goes on to the next home, so that moves end soon.
const ENOUGH: usize = 8;

/// The same where both blocks are in the processor's cache: each insertion that makes a step costs more than the step's entries.
const ENOUGH_NEAR: usize = LANES + 1;

/// Bytes of the slots of an old block that is near.
const NEAR: usize = 128 << 10;

/// Homes that a step looks at.
const HOMES: usize = 4;

/// Bytes of tags that are initialised at a time, in each half.
const AHEAD: usize = 32 * LANES;

// A step that a hasher's panic ends leaves the cursor at the next home, where keys are looked for in both blocks: what the
// first home of a step has asked `ready` for reaches that far.
const _: () = assert!(HOMES * LANES < AHEAD / 2);

/// What is going to move: indices in the old block, and hashes.
struct Batch {
    entries: [MaybeUninit<(usize, u64)>; STEP],
    len: usize,
    /// The most that it takes, `STEP` or less.
    room: usize,
}

impl Batch {
    #[inline(always)]
    const fn new(room: usize) -> Self {
        Self {
            entries: [const { MaybeUninit::uninit() }; STEP],
            len: 0,
            room,
        }
    }

    #[inline(always)]
    const fn is_full(&self) -> bool {
        self.len >= self.room
    }

    /// `false` if there is no more room.
    #[inline(always)]
    fn push(&mut self, index: usize, hash: u64) -> bool {
        if self.is_full() {
            return false;
        }
        let Some(place) = self.entries.get_mut(self.len) else {
            return false;
        };
        place.write((index, hash));
        self.len += 1;
        true
    }

    #[inline(always)]
    fn entries(&mut self) -> &mut [(usize, u64)] {
        let entries: *mut [MaybeUninit<(usize, u64)>] = &raw mut self.entries[..self.len];
        // SAFETY: the first `len` are written.
        unsafe { &mut *(entries as *mut [(usize, u64)]) }
    }
}

impl<T, H: Handle> Table<T, H> {
    /// A new block, into which entries move by and by. `part` bytes of its tags are entered at a time.
    pub(super) fn begin(&mut self, groups: usize, part: usize) -> Result<(), ArenaError> {
        debug_assert!(self.is_settled());
        let block = self.new_block(groups, self.take_note())?;
        let (old, noted) = (self.block(), self.limit & NOTED);
        self.tally.moves(0);
        probes::growth_begin(old.slots(), block.slots(), self.len);
        debug_assert!(groups >= HEADER_FROM);
        // SAFETY: a fresh block with a header, as more than `AT_ONCE` entries need more than 16 groups.
        unsafe {
            block.header().write(Header {
                old,
                old_noted: noted != 0,
                left: self.len,
                cursor: 0,
                zeroed: 0,
                part,
                moved: 0,
            });
            if part == old.slots() {
                ready(block, 0);
            } else {
                block.zero_all();
                (*block.header().as_ptr()).zeroed = part;
            }
        }
        self.tags = block.tags;
        self.mask = block.mask;
        self.limit = noted;
        self.watch_blocks();
        Ok(())
    }

    /// Moves what the cursor stands at, if entries are on their way.
    ///
    /// Complexity: O(1): at most `STEP` entries.
    #[inline]
    pub(crate) fn step(&mut self, hasher: &impl Fn(&T) -> u64) {
        if self.is_moving() {
            self.move_some(hasher);
        }
    }

    #[inline(never)]
    pub(super) fn move_some(&mut self, hasher: &impl Fn(&T) -> u64) {
        let block = self.block();
        // SAFETY: T1: both blocks are live, and a moving table has a header.
        unsafe {
            let header = block.header().as_ptr();
            let old = (*header).old;
            let mut cursor = (*header).cursor;
            if cursor >= old.slots() {
                (*header).moved = 0;
                self.tally.step(0);
                return self.move_strays(hasher);
            }
            let near = is_near(old);
            let enough = if near { ENOUGH_NEAR } else { ENOUGH };
            let mut moved = 0;
            for _ in 0..HOMES {
                let Some(count) = move_home(old, block, cursor, STEP - moved, hasher) else {
                    if moved == 0 {
                        (moved, cursor) = move_classes(old, block, cursor, hasher);
                        (*header).left -= moved;
                    }
                    break;
                };
                moved += count;
                cursor += LANES;
                (*header).cursor = cursor;
                (*header).left -= count;
                if cursor >= old.slots() || moved >= enough {
                    break;
                }
            }
            if cursor < old.slots() {
                // T3: a key at the cursor is looked for in both blocks.
                ready(block, cursor & !(LANES - 1) & block.mask);
            }
            (*header).moved = moved;
            (*header).cursor = cursor;
            self.tally.step(moved);
            if cursor >= old.slots() {
                ready(block, (*header).part - LANES);
                if (*header).left > 0 {
                    return self.move_strays(hasher);
                }
                return self.end_move();
            }
            if near {
                return;
            }
            let home = cursor & !(LANES - 1);
            prefetch_slots(old, (home + 8 * LANES) & old.mask);
            prefetch_slots(block, (home + 2 * LANES) & block.mask);
            prefetch_slots(block, (home + 2 * LANES + old.slots()) & block.mask);
        }
    }

    /// The old block has no entries any more.
    fn end_move(&mut self) {
        let block = self.block();
        // SAFETY: T1: a moving table has a header; all tags of the new block are initialised.
        let header = unsafe { block.header().read() };
        self.give_back(header.old, header.old_noted);
        self.limit = block.limit() | self.limit & NOTED;
        self.watch_blocks();
        probes::growth_end(block.slots(), self.len);
    }

    /// Moves what the cursor has not met: entries that were put in with another hash than theirs, a mistake of the user's.
    ///
    /// If the hasher panics, the rest is moved the next time.
    #[cold]
    #[inline(never)]
    fn move_strays(&mut self, hasher: &impl Fn(&T) -> u64) {
        let block = self.block();
        // SAFETY: T1: both blocks are live and initialised, and the new one has room for all entries.
        unsafe {
            let header = block.header().as_ptr();
            let old = (*header).old;
            for group in (0..old.slots()).step_by(LANES) {
                if (*header).left == 0 {
                    break;
                }
                let mut batch = Batch::new(STEP);
                for lane in old.group(group).full() {
                    batch.push(group + lane, hasher(old.slot(group + lane).as_ref()));
                }
                // No user code from here on (T4).
                for &mut (index, hash) in batch.entries() {
                    block.claim(hash, |_| ()).copy_from_nonoverlapping(old.leave(index), 1);
                }
                (*header).left -= batch.len;
                (*header).moved += batch.len;
                self.tally.more_of_step(batch.len);
            }
        }
        self.end_move();
    }

    /// Moves at most so many entries, and some more of the last step; `true` if nothing is left to move.
    pub(crate) fn settle(&mut self, at_most: usize, hasher: &impl Fn(&T) -> u64) -> bool {
        let mut moved = 0;
        while self.is_moving() && moved < at_most {
            self.move_some(hasher);
            moved += STEP;
        }
        !self.is_moving()
    }
}

/// Whether a move out of this block is one in the processor's cache.
#[inline(always)]
pub(super) const fn is_near<T>(old: Block<T>) -> bool {
    old.slots() * size_of::<T>() <= NEAR
}

/// Moves all entries of the home at the cursor, and says how many; `None` if they are more than `room`, or some of them have
/// moved already.
///
/// # Safety
///
/// The blocks are those of a move.
#[inline(always)]
unsafe fn move_home<T>(
    old: Block<T>,
    block: Block<T>,
    home: usize,
    room: usize,
    hasher: &impl Fn(&T) -> u64,
) -> Option<usize> {
    if !home.is_multiple_of(LANES) {
        return None;
    }
    // SAFETY: handed on; indices of the old block.
    unsafe {
        let lanes = old.at_home(home);
        let flags = old.flags(home);
        let mut batch = Batch::new(room.checked_sub(lanes.len())?);
        if !flags.is_none() && !gather_afar(old, home, flags, &mut batch, hasher) {
            return None;
        }
        let moved = lanes.len() + batch.len;
        batch.room = STEP;
        ready(block, home & block.mask);
        if split::<_, 2>(old, block, home, lanes, hasher) {
            old.clear_home(home);
        } else {
            for lane in lanes {
                batch.push(home + lane, hasher(old.slot(home + lane).as_ref()));
            }
        }
        // No user code from here on (T4).
        for &mut (index, hash) in batch.entries() {
            claim_in_new(block, hash).copy_from_nonoverlapping(old.leave(index), 1);
        }
        Some(moved)
    }
}

/// Moves entries of the home at the cursor, from class to class, as many as one step may; says how many, and where the cursor
/// stands then.
///
/// # Safety
///
/// The blocks are those of a move.
#[cold]
#[inline(never)]
unsafe fn move_classes<T>(
    old: Block<T>,
    block: Block<T>,
    cursor: usize,
    hasher: &impl Fn(&T) -> u64,
) -> (usize, usize) {
    let mut batch = Batch::new(STEP);
    // SAFETY: handed on.
    unsafe {
        let cursor = gather_classes(old, cursor, &mut batch, hasher);
        for &mut (index, hash) in batch.entries() {
            claim_in_new(block, hash).copy_from_nonoverlapping(old.leave(index), 1);
        }
        (batch.len, cursor)
    }
}

/// Collects the entries of one home that stand elsewhere.
///
/// # Safety
///
/// The blocks are those of a move.
#[inline(never)]
unsafe fn gather_afar<T>(
    old: Block<T>,
    home: usize,
    flags: Flags,
    batch: &mut Batch,
    hasher: &impl Fn(&T) -> u64,
) -> bool {
    for class in flags.classes() {
        // SAFETY: handed on.
        if !unsafe { gather_way(old, home, class, batch, hasher) } {
            return false;
        }
    }
    true
}

/// Collects the entries of one home, class by class.
///
/// # Safety
///
/// The blocks are those of a move.
#[cold]
#[inline(never)]
unsafe fn gather_classes<T>(old: Block<T>, cursor: usize, batch: &mut Batch, hasher: &impl Fn(&T) -> u64) -> usize {
    let home = cursor & !(LANES - 1);
    for class in cursor % LANES..LANES {
        let before = batch.len;
        // SAFETY: handed on.
        if !unsafe { gather_class(old, home, class, batch, hasher) } {
            if before > 0 {
                // All of the class at the next step.
                batch.len = before;
            }
            return home + class;
        }
    }
    home + LANES
}

/// Collects the entries of one home and class; `false` if there are more than fit.
///
/// # Safety
///
/// The blocks are those of a move.
unsafe fn gather_class<T>(
    old: Block<T>,
    home: usize,
    class: usize,
    batch: &mut Batch,
    hasher: &impl Fn(&T) -> u64,
) -> bool {
    // SAFETY: handed on; indices of this block.
    unsafe {
        for lane in old.at_home(home) {
            let index = home + lane;
            if class_of(old.tag(index)) != class {
                continue;
            }
            if batch.is_full() || !batch.push(index, hasher(old.slot(index).as_ref())) {
                return false;
            }
        }
        gather_way(old, home, class, batch, hasher)
    }
}

/// Collects the entries of one home and class that stand elsewhere; `false` if there are more than fit.
///
/// # Safety
///
/// The blocks are those of a move.
#[inline]
unsafe fn gather_way<T>(
    old: Block<T>,
    home: usize,
    class: usize,
    batch: &mut Batch,
    hasher: &impl Fn(&T) -> u64,
) -> bool {
    let mut at = home;
    let mut way = old.way(home, class);
    // SAFETY: handed on; groups and indices of this block.
    unsafe {
        while old.flags(at).have_class(class) {
            let Some((ahead, next)) = way.next() else { break };
            at = next;
            for lane in old.group(at).of_class(class).and(old.at_strides(at, ahead.min(FAR))) {
                let index = at + lane;
                if ahead < FAR && batch.is_full() {
                    return false;
                }
                // Where strides are no longer counted, the hash tells.
                let hash = hasher(old.slot(index).as_ref());
                if (ahead < FAR || old.home(hash) == home) && !batch.push(index, hash) {
                    return false;
                }
            }
        }
    }
    true
}

/// Makes sure that tags of the new block are initialised up to a group, and some more.
///
/// # Safety
///
/// The block is the live new block of a move, with its header.
#[inline(always)]
unsafe fn ready<T>(block: Block<T>, group: usize) {
    // SAFETY: handed on.
    unsafe {
        let header = block.header().as_ptr();
        let (zeroed, part) = ((*header).zeroed, (*header).part);
        if group & (part - 1) >= zeroed.saturating_sub(AHEAD / 2) && zeroed < part {
            zero_ahead(block, group & (part - 1));
        }
    }
}

/// # Safety
///
/// As for [`ready`].
#[inline(never)]
unsafe fn zero_ahead<T>(block: Block<T>, group: usize) {
    // SAFETY: handed on; both stretches are inside the block and have no entries yet.
    unsafe {
        let header = block.header().as_ptr();
        let (zeroed, part) = ((*header).zeroed, (*header).part);
        let end = (group + AHEAD).min(part);
        if end > zeroed {
            let mut start = 0;
            while start < block.slots() {
                block.zero(start + zeroed, start + end);
                start += part;
            }
            (*header).zeroed = end;
        }
    }
}

/// Makes a slot of the new block one of an entry, which is to be written there.
///
/// # Safety
///
/// As for [`ready`], and nobody else uses the block. The entry is written next.
#[inline(always)] // part of every move
pub(super) unsafe fn claim_in_new<T>(block: Block<T>, hash: u64) -> NonNull<T> {
    // SAFETY: handed on; the new block has room for all entries.
    unsafe { block.claim(hash, |group| ready(block, group)) }
}

/// Asks for the slots of a group.
#[inline(always)]
fn prefetch_slots<T>(block: Block<T>, group: usize) {
    let first = block.tags.as_ptr().cast::<T>().wrapping_sub(group + LANES).cast::<u8>();
    prefetch(block.tags.as_ptr().wrapping_add(group));
    let mut at = 0;
    while at < size_of::<T>() * LANES && at < 512 {
        prefetch(first.wrapping_add(at));
        at += 64;
    }
}
