//! How a table becomes larger or smaller, and how its entries get there.
//!
//! ```text
//!  old block   | moved, no tags | home at the cursor | not moved yet .............. |
//!  new block   | entered | ahead, zeroed | not initialised | entered | ahead | not initialised |
//!                lower half: homes of the old block          upper half: the same homes, next bit of the hash set
//! ```
//!
//! Up to [`AT_ONCE`] entries move in one call: they are copied, and the old block goes when the last one is. More move in steps:
//! a step takes the entries whose home in the old block is the group at the cursor, wherever they stand, [`STEP`] at the most,
//! hashes them, and puts them into the new block. A home with more than that is left in the middle, at a class; a class with
//! more than that is left in the middle too, and then its keys are looked for in both blocks. So no call moves more than
//! [`STEP`] entries, whatever their hashes. (But for entries that were put in with another hash than the hasher's, a mistake of
//! the user's: the last step moves all that are left of them.) Tags of the fresh block are zeroed [`AHEAD`] bytes before the
//! cursor.
//!
//! Moving a table that holds at most 14 entries of 16 slots takes at most one step for each group of the old block, and each
//! new entry makes a step: the old block never fills up, and the new one never before the old one is gone.
//!
//! `cargo bench --bench growth` times single insertions, cold and warm.

#![allow(unsafe_code, reason = "moves entries between raw blocks; T3 and T4 in `mod.rs`")]

use core::mem::{self, MaybeUninit};
use core::ptr::NonNull;

use super::SizeHint;
use super::block::{Block, FAR, HEADER_FROM, Header, LOAD, Layouts, TOO_LARGE, groups_for};
use super::group::{LANES, Lanes, Mark, class_of, prefetch};
use super::{NOTED, Note, SMALL, Table};
use crate::arena::Handle;
use crate::error::ArenaError;
use crate::observe::probes;

/// The most entries that one call moves.
pub(crate) const STEP: usize = 32;

/// Entries up to which a table moves at once: those of sixteen groups.
pub(crate) const AT_ONCE: usize = AT_ONCE_GROUPS * LOAD;

/// Groups of the largest table that moves at once when it is full.
const AT_ONCE_GROUPS: usize = 16;

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

/// Slots of the first block of a table: few, if they are large. (One already above 40 bytes saves maps of one or two maps a third of their bytes,
/// and costs a trie of maps 13 % more instructions.)
const fn first_capacity<T>() -> usize {
    if size_of::<T>() <= 128 { 4 } else { 1 }
}

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

    /// Room for one more entry in a table that has none: twice the groups.
    pub(super) fn grow(&mut self, hasher: &impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        while self.is_moving() {
            self.step(hasher);
        }
        let groups = if self.is_small() {
            1
        } else {
            self.block().groups().checked_mul(2).ok_or_else(|| self.too_large())?
        };
        if !self.is_small() && self.len < self.block().limit() {
            return Ok(());
        }
        if self.len <= AT_ONCE {
            return self.rebuild_at_once(groups, hasher);
        }
        self.begin(groups, self.block().slots())?;
        self.step(hasher);
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
            if table.is_settled() && groups == table.block().groups() * 2 && groups <= AT_ONCE_GROUPS * 2 {
                split_all(table.block(), block, hasher);
            } else if groups == 1 {
                for (index, entry) in table.raw_iter().enumerate() {
                    block.move_in(index, Mark::of(hasher(entry.as_ref())), entry);
                }
            } else {
                for entry in table.raw_iter() {
                    block.put(hasher(entry.as_ref()), entry.read(), |_| ());
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

    /// A new block, into which entries move by and by. `part` bytes of its tags are entered at a time.
    fn begin(&mut self, groups: usize, part: usize) -> Result<(), ArenaError> {
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
    fn move_some(&mut self, hasher: &impl Fn(&T) -> u64) {
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
            let near = old.slots() * size_of::<T>() <= NEAR;
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
                    block.put(hash, old.leave(index).read(), |_| ());
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
        if flags.0 != 0 && !gather_afar(old, home, flags, &mut batch, hasher) {
            return None;
        }
        let moved = lanes.len() + batch.len;
        batch.room = STEP;
        ready(block, home & block.mask);
        match uppers(old, block, home, lanes, hasher) {
            // No user code from here on (T4).
            Some(uppers) => split::<T, true>(old, block, home, lanes, uppers),
            None => {
                for lane in lanes {
                    batch.push(home + lane, hasher(old.slot(home + lane).as_ref()));
                }
            }
        }
        for &mut (index, hash) in batch.entries() {
            put_in_new(block, hash, old.leave(index).read());
        }
        Some(moved)
    }
}

/// Which entries at home go to the upper one of two groups, in a block of twice the size; the others go to the lower one.
///
/// `None` where the block has not twice the size, or one of its two groups has entries.
///
/// # Safety
///
/// Both blocks are live, the lanes are those of entries at home, and their homes in the new block are initialised.
#[inline(always)] // part of every growth
unsafe fn uppers<T>(
    old: Block<T>,
    block: Block<T>,
    home: usize,
    lanes: Lanes,
    hasher: &impl Fn(&T) -> u64,
) -> Option<Lanes> {
    let half = old.slots();
    if block.slots() != half * 2 {
        return None;
    }
    let mut uppers = 0;
    // SAFETY: handed on; the slots of a group go down from its first one.
    unsafe {
        if block.group(home).full().0 | block.group(home + half).full().0 != 0 {
            return None;
        }
        let slots = old.slot(home);
        for lane in lanes {
            let hash = hasher(slots.sub(lane).as_ref());
            uppers |= u32::from(block.home(hash) & half != 0) << lane;
        }
        #[allow(clippy::cast_possible_truncation, reason = "sixteen lanes")]
        let uppers = Lanes(uppers as u16);
        Some(uppers)
    }
}

/// Copies entries at home to the first lanes of the two groups where they go in a block of twice the size, with their tags, of
/// which the homes make no part. If `LEAVE`, their old slots are free then.
///
/// # Safety
///
/// As for [`uppers`], which gave these lanes; nobody reads the entries in the old block any more.
#[inline(always)] // part of every growth
unsafe fn split<T, const LEAVE: bool>(old: Block<T>, block: Block<T>, home: usize, lanes: Lanes, uppers: Lanes) {
    // SAFETY: handed on.
    unsafe {
        copy_lanes::<T, LEAVE>(old, home, block, home, Lanes(lanes.0 & !uppers.0));
        copy_lanes::<T, LEAVE>(old, home, block, home + old.slots(), uppers);
    }
}

/// # Safety
///
/// As for [`split`], with the groups.
#[inline(always)] // part of every growth
unsafe fn copy_lanes<T, const LEAVE: bool>(old: Block<T>, from: usize, block: Block<T>, to: usize, lanes: Lanes) {
    // SAFETY: handed on; two blocks do not overlap; slots of a group go down from its first one, and tags up.
    unsafe {
        let (slots, tags) = (old.slot(from), old.tags.add(from));
        for (to_lane, lane) in lanes.into_iter().enumerate() {
            block.slot(to + to_lane).copy_from_nonoverlapping(slots.sub(lane), 1);
            block.tags.add(to + to_lane).write(tags.add(lane).read());
            if LEAVE {
                tags.add(lane).write(0);
            }
        }
    }
}

/// Copies all entries of at most `AT_ONCE_GROUPS` groups into a block of twice the size.
///
/// # Safety
///
/// Both blocks are live and the caller's alone; the new one is empty and initialised.
#[inline]
unsafe fn split_all<T>(old: Block<T>, block: Block<T>, hasher: &impl Fn(&T) -> u64) {
    // SAFETY: handed on; indices of the old block.
    unsafe {
        let mut others = [Lanes(0); AT_ONCE_GROUPS];
        for (others, home) in others.iter_mut().zip((0..old.slots()).step_by(LANES)) {
            let lanes = old.at_home(home);
            *others = Lanes(old.group(home).full().0 & !lanes.0);
            match uppers(old, block, home, lanes, hasher) {
                Some(uppers) => split::<T, false>(old, block, home, lanes, uppers),
                None => *others = old.group(home).full(),
            }
        }
        // Those that are not at home, when all homes are.
        for (others, home) in others.into_iter().zip((0..old.slots()).step_by(LANES)) {
            for lane in others {
                let entry = old.slot(home + lane);
                block.put(hasher(entry.as_ref()), entry.read(), |_| ());
            }
        }
    }
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
            put_in_new(block, hash, old.leave(index).read());
        }
        (batch.len, cursor)
    }
}

/// Collects the entries of one home that stand elsewhere.
///
/// # Safety
///
/// As for [`gather`].
#[inline(never)]
unsafe fn gather_afar<T>(
    old: Block<T>,
    home: usize,
    flags: Lanes,
    batch: &mut Batch,
    hasher: &impl Fn(&T) -> u64,
) -> bool {
    for class in flags {
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
/// As for [`gather`].
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
/// As for [`gather`].
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
/// As for [`gather`].
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
        while old.flags(at).has(class) {
            let Some((ahead, next)) = way.next() else { break };
            at = next;
            for lane in old.group(at).of_class(class) {
                let index = at + lane;
                if old.strides(index) != ahead.min(FAR) {
                    continue;
                }
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

/// Puts an entry into the new block.
///
/// # Safety
///
/// As for [`ready`], and nobody else uses the block.
#[inline(always)] // part of every move
pub(super) unsafe fn put_in_new<T>(block: Block<T>, hash: u64, entry: T) -> NonNull<T> {
    // SAFETY: handed on; the new block has room for all entries.
    unsafe { block.put(hash, entry, |group| ready(block, group)) }
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
