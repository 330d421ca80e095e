//! Walks over the entries of a table.
//!
//! ```text
//!  small     | slot n - 1 .. slot 0 |                        all at once, as one group without tags
//!  settled   | slots | groups .................. |           one stretch of groups
//!  moving    | slots | old groups .............. |           three: the old block, and what is initialised of the
//!            | slots | lower ... |   | upper ... |           lower and the upper half of the new one
//! ```
//!
//! Invariant, beside those of `mod.rs`:
//!
//! - **I1** While a walk goes on, its table is borrowed, or owned by the walk; entries are taken out by the walk alone, behind
//!   the place where it stands or at it, and none comes in.

#![allow(unsafe_code, reason = "hands out entries by pointer; see I1")]

#[cfg(feature = "rayon")]
mod split;

use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::mem;
use core::ptr::NonNull;

use super::block::{Block, Header, Way};
use super::group::{EachLane, Group, LANES, Lanes, Mark};
use super::{NOTED, OLD, Table};
use crate::arena::{Handle, Held};

#[cfg(feature = "rayon")]
pub(crate) use self::split::{PieceMut, PieceOwned, PieceRef};

/// Pointers to all entries.
pub(crate) struct RawIter<T> {
    /// Lanes of the current group that are still to come.
    lanes: u32,
    left: usize,
    stretch: Stretch<T>,
}

/// Groups that are still to come, one after another. A value: where one is passed by reference, the loop around it keeps it in
/// memory.
struct Stretch<T> {
    /// Slots of the group before the next one end here.
    slots: *const T,
    /// The next group, and the end of the stretch.
    tags: NonNull<u8>,
    end: NonNull<u8>,
    /// The new block of a move, while its stretches are still to come, and the offset of the next one.
    next: Option<NonNull<Header<T>>>,
    new: Block<T>,
    part: usize,
}

impl<T> Clone for Stretch<T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Stretch<T> {}

impl<T> Clone for RawIter<T> {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            lanes: self.lanes,
            left: self.left,
            stretch: self.stretch,
        }
    }
}

impl<T> RawIter<T> {
    /// No entries.
    pub(crate) const fn empty() -> Self {
        Self::over_slots(NonNull::<T>::dangling().cast(), 0)
    }

    /// The first slots before an address.
    #[allow(clippy::cast_possible_truncation, reason = "a small table")]
    const fn over_slots(end: NonNull<u8>, len: usize) -> Self {
        Self {
            lanes: if len == 0 { 0 } else { u32::MAX >> (32 - len as u32) },
            left: len,
            stretch: Stretch::none(end),
        }
    }

    /// Entries still to come.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.left
    }

    /// Goes to the next group that has entries.
    ///
    /// # Safety
    ///
    /// Entries are left.
    #[inline(always)]
    unsafe fn advance(&mut self) {
        while self.lanes == 0 {
            let stretch = &mut self.stretch;
            if stretch.tags == stretch.end {
                // SAFETY: entries are left, so that a stretch is.
                *stretch = unsafe { stretch.next() };
                continue;
            }
            // SAFETY: a group before the end of the stretch.
            unsafe {
                self.lanes = u32::from(Group::load(stretch.tags.as_ptr()).full().0);
                stretch.tags = stretch.tags.add(LANES);
                stretch.slots = stretch.slots.wrapping_sub(LANES);
            }
        }
    }

    /// The lane of the next entry, in the group that is the current one then.
    ///
    /// # Safety
    ///
    /// Entries are left.
    #[inline(always)]
    unsafe fn next_lane(&mut self) -> usize {
        // SAFETY: handed on.
        unsafe { self.advance() };
        let lane = self.lanes.trailing_zeros() as usize;
        self.lanes &= self.lanes - 1;
        lane
    }

    /// # Safety
    ///
    /// The lane of an entry in the current group.
    #[inline(always)]
    unsafe fn entry(&self, lane: usize) -> NonNull<T> {
        // SAFETY: B1: slots end here and go down.
        unsafe { NonNull::new_unchecked(self.stretch.slots.sub(lane).sub(1).cast_mut()) }
    }
}

impl<T> Stretch<T> {
    /// Nothing to come: slots end at this address.
    const fn none(end: NonNull<u8>) -> Self {
        Self {
            slots: end.as_ptr().cast_const().cast(),
            tags: end,
            end,
            next: None,
            new: Block::new(end, 0),
            part: 0,
        }
    }

    /// The groups of a block, from one up to another.
    ///
    /// # Safety
    ///
    /// They are groups of the live block, and initialised.
    #[inline]
    unsafe fn over(block: Block<T>, from: usize, to: usize) -> Self {
        // SAFETY: handed on. One group before the first: the next one is entered by a step.
        unsafe {
            Self {
                slots: block.tags.as_ptr().cast::<T>().wrapping_sub(from).wrapping_add(LANES),
                tags: block.tags.add(from),
                end: block.tags.add(to),
                next: None,
                new: block,
                part: 0,
            }
        }
    }

    /// The stretch after this one.
    ///
    /// # Safety
    ///
    /// There is one: entries are left.
    #[cold]
    #[inline(never)]
    unsafe fn next(self) -> Self {
        let Some(next) = self.next else {
            unreachable!("entries are left, and no groups: the table was changed meanwhile")
        };
        // SAFETY: T1: the header of a moving table, and what it says is initialised.
        unsafe {
            let header = next.as_ref();
            let part = self.part + header.part;
            Self {
                next: (part < self.new.slots()).then_some(next),
                part,
                ..Self::over(self.new, self.part, self.part + header.zeroed)
            }
        }
    }
}

impl<T> Iterator for RawIter<T> {
    type Item = NonNull<T>;

    #[inline(always)] // the loop of every iteration
    fn next(&mut self) -> Option<NonNull<T>> {
        if self.left == 0 {
            return None;
        }
        // SAFETY: entries are left; a lane is that of a slot, below the end of the group's slots.
        let entry = unsafe {
            let lane = self.next_lane();
            self.entry(lane)
        };
        self.left -= 1;
        Some(entry)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    #[inline]
    fn fold<B, F: FnMut(B, NonNull<T>) -> B>(mut self, init: B, mut f: F) -> B {
        let mut result = init;
        while self.left > 0 {
            // SAFETY: as in `next`.
            unsafe {
                self.advance();
                while self.lanes != 0 {
                    let lane = self.lanes.trailing_zeros() as usize;
                    self.lanes &= self.lanes - 1;
                    self.left -= 1;
                    result = f(result, self.entry(lane));
                }
            }
        }
        result
    }
}

impl<T, H: Handle> Table<T, H> {
    /// All entries: the borrow of the table is the caller's to keep (I1).
    #[inline]
    pub(super) fn raw_iter(&self) -> RawIter<T> {
        if self.is_small() {
            return RawIter::over_slots(self.tags, self.len);
        }
        // SAFETY: T1: live blocks, initialised but for what a move has not entered.
        let stretch = unsafe {
            if self.is_settled() {
                Stretch::over(self.block(), 0, self.block().slots())
            } else {
                let header = self.block().header();
                let old = header.as_ref().old;
                Stretch {
                    next: Some(header),
                    new: self.block(),
                    ..Stretch::over(old, 0, old.slots())
                }
            }
        };
        RawIter {
            lanes: 0,
            left: self.len,
            stretch,
        }
    }

    /// All entries, shared.
    #[inline]
    pub(crate) fn iter(&self) -> RawIterRef<'_, T> {
        RawIterRef {
            raw: self.raw_iter(),
            table: PhantomData,
        }
    }

    /// All entries, exclusively.
    #[inline]
    pub(crate) fn iter_mut(&mut self) -> RawIterMut<'_, T> {
        RawIterMut {
            raw: self.raw_iter(),
            table: PhantomData,
        }
    }

    /// Takes all entries out; the block stays.
    #[inline]
    pub(crate) fn drain(&mut self) -> RawDrain<'_, T, H> {
        self.record();
        let raw = self.raw_iter();
        let blocks = Blocks {
            tags: self.tags,
            mask: self.mask,
            limit: self.limit,
        };
        self.forget_blocks();
        RawDrain {
            raw,
            blocks,
            table: NonNull::from(&mut *self),
            borrow: PhantomData,
        }
    }

    /// Takes out the entries that are picked.
    #[inline]
    pub(crate) fn extract_if(&mut self) -> RawExtractIf<'_, T, H> {
        self.note_peak();
        RawExtractIf {
            raw: self.raw_iter(),
            table: self,
        }
    }

    /// Keeps the entries that are to be kept.
    #[inline]
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        self.note_peak();
        let block = self.block();
        if self.is_settled() {
            // SAFETY: T1: all groups of the table's block.
            return unsafe { self.retain_in(block, 0, block.slots(), &mut keep) };
        }
        if self.is_small() {
            let mut others = self.extract_if();
            while let Some(index) = others.next_small(|entry| !keep(entry)) {
                // SAFETY: B5: found just now.
                drop(unsafe { others.table.take(index) });
            }
            return;
        }
        // SAFETY: T1: both blocks of a move, as far as they are initialised; nothing moves meanwhile.
        unsafe {
            let header = block.header().read();
            self.retain_in(header.old, 0, header.old.slots(), &mut |entry| {
                let kept = keep(entry);
                (*block.header().as_ptr()).left -= usize::from(!kept);
                kept
            });
            for start in (0..block.slots()).step_by(header.part) {
                self.retain_in(block, start, start + header.zeroed, &mut keep);
            }
        }
    }

    /// Keeps the entries that are to be kept, in groups from one up to another.
    ///
    /// # Safety
    ///
    /// Groups of a block of this table, initialised.
    #[inline]
    unsafe fn retain_in(&mut self, block: Block<T>, start: usize, end: usize, keep: &mut impl FnMut(&mut T) -> bool) {
        for group in (start..end).step_by(LANES) {
            // SAFETY: handed on; the slot of an entry, which is free before user code runs.
            unsafe {
                for lane in block.group(group).full() {
                    let index = group + lane;
                    if !keep(block.slot(index).as_mut()) {
                        self.len -= 1;
                        block.vacate(index).drop_in_place();
                    }
                }
            }
        }
    }

    /// All entries that may have this hash.
    pub(crate) fn iter_hash(&self, hash: u64) -> RawIterHash<'_, T> {
        let mut iter = RawIterHash {
            few: RawIterRef {
                raw: RawIter::empty(),
                table: PhantomData,
            },
            mark: Mark::of(hash),
            hash,
            block: self.block(),
            way: Block::<T>::new(NonNull::dangling(), 0).way(0, 0),
            at: 0,
            lanes: Lanes(0).into_iter(),
            more: false,
            next: None,
        };
        if self.is_small() {
            iter.few = self.iter();
        } else if self.is_settled() {
            iter.enter(self.block());
        } else {
            // SAFETY: T1; T3 says which blocks.
            let header = unsafe { self.block().header().as_ref() };
            let place = header.old.home(hash) + iter.mark.class();
            if place < header.cursor {
                iter.enter(self.block());
            } else {
                iter.enter(header.old);
                iter.next = (place == header.cursor).then(|| self.block());
            }
        }
        iter
    }
}

/// Shared references to all entries.
pub(crate) struct RawIterRef<'a, T> {
    raw: RawIter<T>,
    table: PhantomData<&'a T>,
}

// SAFETY: as a shared borrow of the entries (I1).
unsafe impl<T: Sync> Send for RawIterRef<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for RawIterRef<'_, T> {}

impl<T> Clone for RawIterRef<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            raw: self.raw.clone(),
            table: PhantomData,
        }
    }
}

impl<T> Default for RawIterRef<'_, T> {
    fn default() -> Self {
        Self {
            raw: RawIter::empty(),
            table: PhantomData,
        }
    }
}

impl<'a, T> Iterator for RawIterRef<'a, T> {
    type Item = &'a T;

    #[inline(always)]
    fn next(&mut self) -> Option<&'a T> {
        // SAFETY: I1: the entries are borrowed.
        self.raw.next().map(|entry| unsafe { entry.as_ref() })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.raw.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, &'a T) -> B>(self, init: B, mut f: F) -> B {
        // SAFETY: as in `next`.
        self.raw
            .fold(init, |result, entry| f(result, unsafe { entry.as_ref() }))
    }
}

impl<T> ExactSizeIterator for RawIterRef<'_, T> {}
impl<T> FusedIterator for RawIterRef<'_, T> {}

/// Exclusive references to all entries.
pub(crate) struct RawIterMut<'a, T> {
    raw: RawIter<T>,
    table: PhantomData<&'a mut T>,
}

// SAFETY: as an exclusive borrow of the entries (I1).
unsafe impl<T: Send> Send for RawIterMut<'_, T> {}
// SAFETY: as a shared borrow of what is left of them.
unsafe impl<T: Sync> Sync for RawIterMut<'_, T> {}

impl<T> RawIterMut<'_, T> {
    /// What is left, shared.
    #[inline]
    pub(crate) fn peek(&self) -> RawIterRef<'_, T> {
        RawIterRef {
            raw: self.raw.clone(),
            table: PhantomData,
        }
    }
}

impl<T> Default for RawIterMut<'_, T> {
    fn default() -> Self {
        Self {
            raw: RawIter::empty(),
            table: PhantomData,
        }
    }
}

impl<'a, T> Iterator for RawIterMut<'a, T> {
    type Item = &'a mut T;

    #[inline(always)]
    fn next(&mut self) -> Option<&'a mut T> {
        // SAFETY: I1: the entries are borrowed exclusively, and each is met once.
        self.raw.next().map(|mut entry| unsafe { entry.as_mut() })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.raw.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, &'a mut T) -> B>(self, init: B, mut f: F) -> B {
        // SAFETY: as in `next`.
        self.raw
            .fold(init, |result, mut entry| f(result, unsafe { entry.as_mut() }))
    }
}

impl<T> ExactSizeIterator for RawIterMut<'_, T> {}
impl<T> FusedIterator for RawIterMut<'_, T> {}

/// Drops what is left of a walk, also the entries after one whose drop panics.
fn drop_rest<T>(entries: &mut impl Iterator<Item = NonNull<T>>) {
    struct Rest<'a, T, I: Iterator<Item = NonNull<T>>>(&'a mut I, PhantomData<T>);
    impl<T, I: Iterator<Item = NonNull<T>>> Drop for Rest<'_, T, I> {
        fn drop(&mut self) {
            for entry in self.0.by_ref() {
                // SAFETY: I1: each entry is met once, by the walk that owns it.
                unsafe { entry.drop_in_place() };
            }
        }
    }
    if mem::needs_drop::<T>() {
        let rest = Rest(entries, PhantomData);
        for entry in rest.0.by_ref() {
            // SAFETY: as above.
            unsafe { entry.drop_in_place() };
        }
    }
}

/// The block that a drain has taken from its table.
#[derive(Clone, Copy)]
struct Blocks {
    tags: NonNull<u8>,
    mask: usize,
    limit: usize,
}

/// All entries, taken out of a table that keeps its block.
pub(crate) struct RawDrain<'a, T, H: Handle> {
    raw: RawIter<T>,
    blocks: Blocks,
    /// It is empty until the drain is dropped: if the drain is leaked, the table stays empty.
    table: NonNull<Table<T, H>>,
    borrow: PhantomData<&'a Table<T, H>>,
}

// SAFETY: as an exclusive borrow of the table.
unsafe impl<T: Send, H: Handle> Send for RawDrain<'_, T, H> where Table<T, H>: Send {}
// SAFETY: through `&` only entries are looked at.
unsafe impl<T: Sync, H: Handle> Sync for RawDrain<'_, T, H> where Table<T, H>: Sync {}

impl<T, H: Handle> RawDrain<'_, T, H> {
    /// What is left, shared.
    #[inline]
    pub(crate) fn peek(&self) -> RawIterRef<'_, T> {
        RawIterRef {
            raw: self.raw.clone(),
            table: PhantomData,
        }
    }
}

impl<T, H: Handle> Iterator for RawDrain<'_, T, H> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        // SAFETY: I1: each entry is met once, and its slot is not looked into again.
        self.raw.next().map(|entry| unsafe { entry.read() })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.raw.size_hint()
    }
}

impl<T, H: Handle> ExactSizeIterator for RawDrain<'_, T, H> {}
impl<T, H: Handle> FusedIterator for RawDrain<'_, T, H> {}

impl<T, H: Handle> Drop for RawDrain<'_, T, H> {
    #[inline]
    fn drop(&mut self) {
        /// Gives the emptied block back to the table, also when the drop of an entry panics.
        struct Return<T, H: Handle>(Blocks, NonNull<Table<T, H>>);
        impl<T, H: Handle> Drop for Return<T, H> {
            fn drop(&mut self) {
                let Blocks { tags, mask, limit } = self.0;
                // SAFETY: the borrow of the table is the drain's; T1: the blocks are those that it took.
                let table = unsafe { self.1.as_mut() };
                table.tags = tags;
                table.mask = mask;
                table.limit = limit;
                table.wipe();
            }
        }
        let _return = Return(self.blocks, self.table);
        drop_rest(&mut self.raw);
    }
}

impl<T, H: Handle> Table<T, H> {
    /// Forgets all entries, which were taken out: the block is as new.
    fn wipe(&mut self) {
        self.len = 0;
        if self.is_small() {
            return;
        }
        if self.is_moving() {
            // SAFETY: T1.
            let header = unsafe { self.block().header().as_ref() };
            self.give_back(header.old, header.old_noted);
            self.limit = self.block().limit() | self.limit & NOTED;
        }
        // SAFETY: T1, and no entry is used any more.
        unsafe { self.block().zero_all() };
    }
}

/// All entries, with the table that they came from.
pub(crate) struct RawIntoIter<T, H: Handle> {
    raw: RawIter<T>,
    /// Its entries are those of `raw`: it counts none, and gives its blocks back when it is dropped.
    _table: Table<T, H>,
}

// SAFETY: as the table with its entries.
unsafe impl<T: Send, H: Handle> Send for RawIntoIter<T, H> where Table<T, H>: Send {}
// SAFETY: as above; through `&` only entries are looked at.
unsafe impl<T: Sync, H: Handle> Sync for RawIntoIter<T, H> where Table<T, H>: Sync {}

impl<T: core::panic::UnwindSafe, H: Handle> core::panic::UnwindSafe for RawIntoIter<T, H> {}
impl<T: core::panic::RefUnwindSafe, H: Handle> core::panic::RefUnwindSafe for RawIntoIter<T, H> {}

impl<T, H: Handle> RawIntoIter<T, H> {
    #[inline]
    pub(crate) fn new(mut table: Table<T, H>) -> Self {
        table.record();
        let raw = table.raw_iter();
        table.len = 0;
        Self { raw, _table: table }
    }

    /// What is left, shared.
    #[inline]
    pub(crate) fn peek(&self) -> RawIterRef<'_, T> {
        RawIterRef {
            raw: self.raw.clone(),
            table: PhantomData,
        }
    }
}

impl<T, H: Handle> Iterator for RawIntoIter<T, H> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        // SAFETY: I1: each entry is met once, and its slot is not looked into again.
        self.raw.next().map(|entry| unsafe { entry.read() })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.raw.size_hint()
    }
}

impl<T, H: Handle> ExactSizeIterator for RawIntoIter<T, H> {}
impl<T, H: Handle> FusedIterator for RawIntoIter<T, H> {}

impl<T, H: Handle> Drop for RawIntoIter<T, H> {
    #[inline]
    fn drop(&mut self) {
        drop_rest(&mut self.raw); // the table is dropped next, also when this panics
    }
}

impl<T, H: Handle + Default> Default for RawIntoIter<T, H> {
    fn default() -> Self {
        Self::new(Table::new(Held::new(H::default())))
    }
}

/// The entries that are picked, taken out one by one.
pub(crate) struct RawExtractIf<'a, T, H: Handle> {
    raw: RawIter<T>,
    table: &'a mut Table<T, H>,
}

// SAFETY: as an exclusive borrow of the table.
unsafe impl<T: Send, H: Handle> Send for RawExtractIf<'_, T, H> where Table<T, H>: Send {}
// SAFETY: nothing is reached through `&`.
unsafe impl<T: Sync, H: Handle> Sync for RawExtractIf<'_, T, H> where Table<T, H>: Sync {}

impl<T, H: Handle> RawExtractIf<'_, T, H> {
    /// Entries that were not looked at yet.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.raw.len()
    }

    /// The next entry that is picked, taken out.
    #[inline]
    pub(crate) fn next(&mut self, pick: impl FnMut(&mut T) -> bool) -> Option<T> {
        let place = self.next_place(pick)?;
        // SAFETY: B5: found just now.
        Some(unsafe { self.table.take(place) })
    }

    /// The index of the next entry that is picked.
    #[inline]
    fn next_place(&mut self, mut pick: impl FnMut(&mut T) -> bool) -> Option<usize> {
        if self.table.is_small() {
            return self.next_small(pick);
        }
        while self.raw.left > 0 {
            // SAFETY: an entry that no one else has a reference to; the walk stands behind it.
            unsafe {
                let lane = self.raw.next_lane();
                self.raw.left -= 1;
                if pick(self.raw.entry(lane).as_mut()) {
                    return Some(self.index_of(lane));
                }
            }
        }
        None
    }

    /// From the last to the first: the last one fills the gap of one that is taken out.
    #[inline]
    fn next_small(&mut self, mut pick: impl FnMut(&mut T) -> bool) -> Option<usize> {
        while self.raw.left > 0 {
            self.raw.left -= 1;
            let index = self.raw.left;
            // SAFETY: T1: a slot below `len`; entries that were taken out stood above.
            if pick(unsafe { self.table.slot(index).as_mut() }) {
                return Some(index);
            }
        }
        None
    }

    /// The index of a lane of the group that the walk has just entered.
    #[inline]
    fn index_of(&self, lane: usize) -> usize {
        // In its own block: the old one, until the first stretch of the new one is entered.
        let (block, bit) = if self.table.is_moving() && self.raw.stretch.part == 0 {
            // SAFETY: T1.
            (unsafe { self.table.block().header().as_ref() }.old, OLD)
        } else {
            (self.table.block(), 0)
        };
        let group = self.raw.stretch.tags.addr().get() - LANES - block.tags.addr().get();
        (group + lane) | bit
    }
}

/// Entries that may have one hash.
pub(crate) struct RawIterHash<'a, T> {
    /// All of a small table.
    few: RawIterRef<'a, T>,
    hash: u64,
    mark: Mark,
    block: Block<T>,
    way: Way,
    at: usize,
    lanes: EachLane,
    /// An entry has passed the group.
    more: bool,
    next: Option<Block<T>>,
}

// SAFETY: as a shared borrow of the entries (I1).
unsafe impl<T: Sync> Send for RawIterHash<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for RawIterHash<'_, T> {}

impl<T> Clone for RawIterHash<'_, T> {
    fn clone(&self) -> Self {
        Self {
            few: self.few.clone(),
            lanes: self.lanes.clone(),
            way: self.way.clone(),
            ..*self
        }
    }
}

impl<T> Default for RawIterHash<'_, T> {
    fn default() -> Self {
        Self {
            few: RawIterRef::default(),
            hash: 0,
            mark: Mark::of(0),
            block: Block::new(NonNull::dangling(), 0),
            way: Block::<T>::new(NonNull::dangling(), 0).way(0, 0),
            at: 0,
            lanes: Lanes(0).into_iter(),
            more: false,
            next: None,
        }
    }
}

impl<T> RawIterHash<'_, T> {
    fn enter(&mut self, block: Block<T>) {
        self.block = block;
        let home = block.home(self.hash);
        self.way = block.way(home, self.mark.class());
        self.look_at(home);
    }

    fn look_at(&mut self, group: usize) {
        self.at = group;
        // SAFETY: I1: a group of a live block on the way of the hash.
        let (bytes, flags) = unsafe { (self.block.group(group), self.block.flags(group)) };
        self.lanes = bytes.matches(self.mark).into_iter();
        self.more = flags.has(self.mark.class());
    }

    /// The next entry, as a pointer.
    fn next_place(&mut self) -> Option<NonNull<T>> {
        loop {
            if let Some(lane) = self.lanes.next() {
                // SAFETY: B2: a lane with a tag.
                return Some(unsafe { self.block.slot(self.at + lane) });
            }
            if self.more
                && let Some((_, next)) = self.way.next()
            {
                self.look_at(next);
            } else if let Some(block) = self.next.take() {
                self.enter(block);
            } else {
                self.more = false;
                return None;
            }
        }
    }
}

impl<'a, T> Iterator for RawIterHash<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        if let Some(entry) = self.few.next() {
            return Some(entry);
        }
        // SAFETY: I1.
        self.next_place().map(|entry| unsafe { entry.as_ref() })
    }
}

impl<T> FusedIterator for RawIterHash<'_, T> {}

/// Entries that may have one hash, exclusively.
pub(crate) struct RawIterHashMut<'a, T> {
    raw: RawIterHash<'a, T>,
    table: PhantomData<&'a mut T>,
}

// SAFETY: as an exclusive borrow of the entries (I1).
unsafe impl<T: Send> Send for RawIterHashMut<'_, T> {}
// SAFETY: through `&` nothing is reached.
unsafe impl<T: Sync> Sync for RawIterHashMut<'_, T> {}

impl<T, H: Handle> Table<T, H> {
    /// All entries that may have this hash, exclusively.
    pub(crate) fn iter_hash_mut(&mut self, hash: u64) -> RawIterHashMut<'_, T> {
        RawIterHashMut {
            raw: self.iter_hash(hash),
            table: PhantomData,
        }
    }
}

impl<T> Default for RawIterHashMut<'_, T> {
    fn default() -> Self {
        Self {
            raw: RawIterHash::default(),
            table: PhantomData,
        }
    }
}

impl<'a, T> Iterator for RawIterHashMut<'a, T> {
    type Item = &'a mut T;

    fn next(&mut self) -> Option<&'a mut T> {
        let place = self.raw.few.raw.next().or_else(|| self.raw.next_place());
        // SAFETY: I1: borrowed exclusively, and each is met once.
        place.map(|mut entry| unsafe { entry.as_mut() })
    }
}

impl<T> FusedIterator for RawIterHashMut<'_, T> {}
