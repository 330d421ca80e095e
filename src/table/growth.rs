//! When a table becomes larger or smaller, and what of: all at once here, in steps in `steps.rs`.
//!
//! ```text
//!  empty -> | slots without tags, at most 4 | -> | 16 slots | -> | 64 | -> | 256 | -> | 512 |   copied at once, the old block goes
//!                                                                             | 512 slots | -> | 1,024 | -> ..  in steps, the old block stays
//! ```
//!
//! Up to [`AT_ONCE`] entries move in one call: they are copied, and the old block goes when the last one is. A table of less than 256 slots, of
//! entries of at most 128 bytes, becomes one of four times the size, if that is at most a quarter of the budget: half of the copies; where one map grows in an arena, in which its old blocks
//! wait, as many bytes over all sizes. Counted
//! (`cargo bench --bench instructions`, against hashbrown in a `Bump`; bytes of an arena in which one map of pairs of `u64` grew):
//!
//! | entries | 20 | 40 | 80 | 200 | 300 |
//! |---|---|---|---|---|---|
//! | twice the size: instructions, bytes | 904 | 0.97, 2,104 | 4,504 | 9,304 | 1.01 |
//! | four times | 1,504 | 0.77, 1,504 | 6,304 | 6,304 | 0.88 |

#![allow(unsafe_code, reason = "moves entries between raw blocks; T1 and T4 in `mod.rs`")]

use core::mem;
use core::ptr::NonNull;

use super::block::{Block, HEADER_FROM, Header, LOAD, Layouts, TOO_LARGE, groups_for};
use super::group::{LANES, Mark};
use super::split::{AT_ONCE_GROUPS, split_all};
use super::{NOTED, Note, SMALL, SizeHint, Table};
use crate::arena::Handle;
use crate::error::ArenaError;
use crate::observe::probes;

/// Entries up to which a table moves at once: those of sixteen groups.
pub(crate) const AT_ONCE: usize = AT_ONCE_GROUPS * LOAD;

/// Slots of the first block of a table: few, if they are large. (One already above 40 bytes saves maps of one or two maps a third of their bytes,
/// and costs a trie of maps 13 % more instructions.)
const fn first_capacity<T>() -> usize {
    if size_of::<T>() <= LARGE { 4 } else { 1 }
}

/// Bytes of an entry up to which a table takes slots ahead: four at first, then four times as many. Of larger ones, room costs more than moves.
const LARGE: usize = 128;

impl<T, H: Handle> Table<T, H> {
    /// Gives an empty table its first block.
    pub(crate) fn make(&mut self, capacity: usize, hint: Option<&'static SizeHint>) -> Result<(), ArenaError> {
        debug_assert_eq!(self.mask, 1);
        let noted = hint.is_some();
        if capacity == 0 && !noted {
            return Ok(());
        }
        let note = hint.map(|hint| Note { hint, peak: 0 });
        if capacity <= SMALL {
            let capacity = small_capacity::<T>(capacity);
            let tags = self.new_small(capacity, note);
            self.tags = tags.inspect_err(|error| self.tally.refused(error))?;
            self.mask = capacity * 2 + 1;
        } else {
            let groups = groups_for(capacity).ok_or_else(|| self.too_large())?;
            let block = self.new_block(groups, note)?;
            // SAFETY: a fresh block.
            unsafe { block.zero_all() };
            self.settle_in(block, noted);
        }
        if noted {
            self.limit |= NOTED;
        }
        self.watch_blocks();
        Ok(())
    }

    /// What is said of a table that no address space has room for, counted.
    #[inline(always)] // nothing is called where nothing counts
    fn too_large(&mut self) -> ArenaError {
        self.tally.refused(&TOO_LARGE);
        TOO_LARGE
    }

    /// Whether the arena can spare the block for so many entries, which may never come.
    pub(crate) fn affords(&self, entries: usize) -> bool {
        let groups = groups_for(entries).and_then(|groups| Layouts::<T>::of(groups, true));
        entries <= SMALL || groups.is_some_and(|(layout, _)| self.handle.spares(layout.size()))
    }

    /// Whether a table of so many groups, the next one but one, is to be the next one. (How much of the budget is free is not asked, but
    /// whether it is enough: else a cycle of work would take other blocks than the equal one before it.)
    fn takes_ahead(&self, groups: usize) -> bool {
        size_of::<T>() <= LARGE
            && groups <= AT_ONCE_GROUPS * 2
            && Layouts::<T>::of(groups, self.is_noted())
                .is_some_and(|(layout, _)| self.handle.has_a_quarter_for(layout.size()))
    }

    /// The block is the table's from now on.
    #[inline]
    pub(super) fn settle_in(&mut self, block: Block<T>, noted: bool) {
        self.tags = block.tags;
        self.mask = block.mask;
        self.limit = block.limit() | if noted { NOTED } else { 0 };
    }

    /// A block of slots without tags. (Whoever takes a refusal for one counts it.)
    pub(super) fn new_small(&mut self, capacity: usize, note: Option<Note>) -> Result<NonNull<u8>, ArenaError> {
        let (layout, tags) = Layouts::<T>::small(capacity, note.is_some()).ok_or(TOO_LARGE)?;
        // SAFETY: the block reaches to `tags`, and a note stands behind it.
        unsafe {
            let tags = self.handle.try_alloc_table(layout)?.add(tags);
            if let Some(note) = note {
                tags.cast::<Note>().write(note);
            }
            Ok(tags)
        }
    }

    /// A block whose tags are not initialised.
    pub(super) fn new_block(&mut self, groups: usize, note: Option<Note>) -> Result<Block<T>, ArenaError> {
        let (layout, tags) = Layouts::<T>::of(groups, note.is_some()).ok_or_else(|| self.too_large())?;
        // SAFETY: B1: the block reaches to the tags and beyond them, to its header and its note.
        unsafe {
            let block = self.handle.try_alloc_table(layout);
            let tags = block.inspect_err(|error| self.tally.refused(error))?.add(tags);
            let block = Block::new(tags, (groups - 1) * LANES);
            if groups >= HEADER_FROM {
                block.header().write(Header {
                    old: block,
                    old_noted: false,
                    left: 0,
                    cursor: 0,
                    zeroed: 0,
                    part: 0,
                    moved: 0,
                });
            }
            if let Some(note) = note {
                block.note().write(note);
            }
            Ok(block)
        }
    }

    /// The table's note, for its next block.
    pub(super) fn take_note(&self) -> Option<Note> {
        // SAFETY: T1.
        self.is_noted().then(|| unsafe { self.note().read() })
    }

    /// The first slots for a table that has none, if the arena gives them.
    #[inline]
    pub(super) fn grow_small_if_empty(&mut self) -> bool {
        if self.mask != 1 {
            return false;
        }
        let capacity = first_capacity::<T>();
        match self.new_small(capacity, None) {
            Ok(tags) => {
                self.tags = tags;
                self.mask = capacity * 2 + 1;
                self.watch_blocks();
                true
            }
            Err(_) => false, // the usual way asks again, and says why
        }
    }

    /// The same, if the arena has them at hand: there is no call in it, so that what is around it keeps its registers.
    #[inline(always)]
    pub(super) fn grow_small_if_at_hand(&mut self) -> bool {
        let capacity = first_capacity::<T>();
        if self.mask != 1 {
            return false;
        }
        let Some((layout, before)) = Layouts::<T>::small(capacity, false) else {
            return false;
        };
        let Some(block) = self.handle.alloc_table_at_hand(layout) else {
            return false;
        };
        // SAFETY: the block reaches to its tags.
        self.tags = unsafe { block.add(before) };
        self.mask = capacity * 2 + 1;
        self.watch_blocks();
        true
    }

    /// More slots for a small table, which stays small.
    pub(super) fn grow_small(&mut self) -> Result<(), ArenaError> {
        let capacity = if self.small_capacity() == 0 {
            first_capacity::<T>()
        } else {
            (self.small_capacity() * 2).min(SMALL)
        };
        self.resize_small(capacity)
    }

    /// Slots without tags for all entries of the table, which are few.
    fn resize_small(&mut self, capacity: usize) -> Result<(), ArenaError> {
        debug_assert!(self.len <= capacity && capacity <= SMALL);
        let tags = self.new_small(capacity, self.take_note());
        let tags = tags.inspect_err(|error| self.tally.refused(error))?;
        let len = self.len;
        let noted = self.limit & NOTED;
        self.tally.moves(len);
        let fresh = Block::<T>::new(tags, 0);
        for (index, entry) in self.raw_iter().enumerate() {
            // SAFETY: a slot of the fresh block; the old block is given back without its entries.
            unsafe { fresh.slot(index).copy_from_nonoverlapping(entry, 1) };
        }
        self.free_blocks();
        self.tags = tags;
        self.mask = capacity * 2 + 1;
        self.limit = noted;
        self.set_len(len);
        self.watch_blocks();
        Ok(())
    }

    /// Room for one more entry in a table that has none: four times the groups, or twice.
    pub(super) fn grow(&mut self, hasher: &impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        while self.is_moving() {
            self.step(hasher);
        }
        if self.is_small() {
            return self.leave_small(hasher);
        }
        let groups = self.block().groups().checked_mul(2).ok_or_else(|| self.too_large())?;
        if self.len < self.block().limit() {
            return Ok(());
        }
        if self.len <= AT_ONCE {
            if self.takes_ahead(groups * 2) && self.rebuild_at_once(groups * 2, hasher).is_ok() {
                return Ok(());
            }
            return self.rebuild_at_once(groups, hasher);
        }
        self.begin(groups, self.block().slots())?;
        self.step(hasher);
        Ok(())
    }

    /// A group for the entries of a small table. (Written out: most maps of more than four entries come by here, and with the usual way it
    /// was half of their time. The old block is not made larger where it stands: an arena that is not reset would have none of its size
    /// for the next map, and would carve one.)
    #[inline(never)]
    fn leave_small(&mut self, hasher: &impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        let layouts = Layouts::<T>::small(self.small_capacity(), false).zip(Layouts::<T>::of(1, false));
        let Some(((small, before), (large, to_tags))) = layouts else {
            return Err(self.too_large());
        };
        if self.is_noted() {
            return self.rebuild_at_once(1, hasher);
        }
        let len = self.len;
        let mut tags = [0; SMALL];
        for (index, tag) in tags.iter_mut().enumerate().take(len) {
            // SAFETY: T1: slots below `len` hold entries.
            *tag = Mark::of(hasher(unsafe { self.block().slot(index).as_ref() })).tag();
        }
        let start = self.handle.try_alloc_table(large);
        let start = start.inspect_err(|error| self.tally.refused(error))?;
        #[cfg(feature = "probes")] // else the numbers cost three instructions
        probes::growth_begin(self.slots(), LANES, len);
        // SAFETY: B1: the block reaches to the tags and beyond them. Each entry is read once, and the old block given back without them
        // (T1). One group is every hash's home (B3). No user code runs (T4).
        unsafe {
            let block = Block::new(start.add(to_tags), 0);
            block.zero_all();
            for (index, &tag) in tags.iter().enumerate().take(len) {
                block.slot(index).copy_from_nonoverlapping(self.block().slot(index), 1);
                block.fill_as(index, tag);
            }
            self.handle.dealloc_table(self.tags.sub(before), small);
            self.settle_in(block, false);
        }
        self.watch_blocks();
        self.tally.moves(len);
        probes::growth_end(LANES, len);
        Ok(())
    }

    /// Moves all entries, at most `AT_ONCE`, into a block of so many groups.
    #[inline(never)]
    fn rebuild_at_once(&mut self, groups: usize, hasher: &impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        debug_assert!(self.len <= AT_ONCE);
        let noted = self.is_noted();
        let block = self.new_block(groups, self.take_note())?;
        #[cfg(feature = "probes")] // else the numbers cost three instructions
        probes::growth_begin(self.slots(), block.slots(), self.len);
        // The table is as it was until the last entry is hashed.
        let fresh = Fresh {
            table: self,
            block,
            noted,
        };
        let table = &*fresh.table;
        // SAFETY: each entry is copied once, and the old block given back without them. One group is every hash's home.
        unsafe {
            block.zero_all();
            let old = table.block();
            if table.is_settled() && old.groups() <= AT_ONCE_GROUPS && groups == old.groups() * 4 {
                split_all::<_, 4>(old, block, hasher);
            } else if table.is_settled() && old.groups() <= AT_ONCE_GROUPS && groups == old.groups() * 2 {
                split_all::<_, 2>(old, block, hasher);
            } else if groups == 1 {
                for (index, entry) in table.raw_iter().enumerate() {
                    block.move_in(index, Mark::of(hasher(entry.as_ref())), entry);
                }
            } else {
                for entry in table.raw_iter() {
                    let hash = hasher(entry.as_ref());
                    block.claim(hash, |_| ()).copy_from_nonoverlapping(entry, 1);
                }
            }
        }
        mem::forget(fresh);
        let len = self.len;
        self.free_blocks();
        self.set_len(len);
        self.settle_in(block, noted);
        self.watch_blocks();
        self.tally.moves(len);
        probes::growth_end(block.slots(), len);
        Ok(())
    }

    /// Room for so many entries more.
    pub(crate) fn reserve(&mut self, additional: usize, hasher: &impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        let needed = self.len.checked_add(additional).ok_or_else(|| self.too_large())?;
        if additional == 0 {
            return Ok(());
        }
        if needed <= self.capacity() {
            while self.is_moving() {
                self.move_some(hasher);
            }
            return Ok(());
        }
        if self.mask == 1 && self.limit == 0 {
            return self.make(needed, None);
        }
        if needed <= SMALL {
            return self.resize_small(small_capacity::<T>(needed));
        }
        // Twice at least, as each growth: many small reservations must not move everything each time.
        let groups = groups_for(needed).ok_or_else(|| self.too_large())?;
        self.rebuild(groups, hasher)
    }

    /// Moves all entries into a block of so many groups.
    fn rebuild(&mut self, groups: usize, hasher: &impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        if self.len <= AT_ONCE {
            return self.rebuild_at_once(groups, hasher);
        }
        // What is refused is refused before anything moves.
        let (layout, _) = Layouts::<T>::of(groups, self.is_noted()).ok_or_else(|| self.too_large())?;
        let can_be = self.handle.can_ever(layout.size());
        can_be.inspect_err(|error| self.tally.refused(error))?;
        while self.is_moving() {
            self.move_some(hasher);
        }
        if self.block().groups() == groups {
            return Ok(());
        }
        self.begin(groups, groups * LANES)?;
        while self.is_moving() {
            self.move_some(hasher);
        }
        Ok(())
    }

    /// The smallest block that holds the entries, and so many.
    pub(crate) fn shrink_to(&mut self, min_capacity: usize, hasher: &impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        self.note_peak();
        let wanted = self.len.max(min_capacity);
        if wanted == 0 && !self.is_noted() {
            self.free_blocks();
            return Ok(());
        }
        if wanted <= SMALL {
            let capacity = small_capacity::<T>(wanted);
            if self.is_small() && self.small_capacity() <= capacity {
                return Ok(());
            }
            return self.resize_small(capacity);
        }
        let Some(groups) = groups_for(wanted) else {
            return Ok(());
        };
        if self.is_small() || self.block().groups() <= groups {
            return Ok(());
        }
        self.rebuild(groups, hasher)
    }
}

/// Slots of a small block for so many entries: few sizes, so that blocks are recycled.
const fn small_capacity<T>(entries: usize) -> usize {
    let mut capacity = first_capacity::<T>();
    while capacity < entries {
        capacity *= 2;
    }
    capacity
}

/// A block that goes back to its arena if the hasher panics while it is filled with copies.
struct Fresh<'a, T, H: Handle> {
    table: &'a mut Table<T, H>,
    block: Block<T>,
    noted: bool,
}

impl<T, H: Handle> Drop for Fresh<'_, T, H> {
    fn drop(&mut self) {
        self.table.give_back(self.block, self.noted);
    }
}
