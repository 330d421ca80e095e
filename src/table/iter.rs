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

mod hash;
#[cfg(feature = "rayon")]
mod split;
mod take;

use core::convert::Infallible;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ops::ControlFlow;
use core::ptr::NonNull;

use super::Table;
use super::block::{Block, Header};
use super::group::{Group, LANES};
use crate::arena::Handle;

pub(crate) use self::hash::{RawIterHash, RawIterHashMut};
#[cfg(feature = "rayon")]
pub(crate) use self::split::{PieceMut, PieceOwned, PieceRef};
use self::take::Blocks;
#[cfg(feature = "rayon")]
use self::take::drop_rest;
pub(crate) use self::take::{RawDrain, RawExtractIf, RawIntoIter};

/// Pointers to all entries.
pub(crate) struct RawIter<T> {
    /// Lanes of the current group that are still to come.
    lanes: u64,
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
            lanes: if len == 0 { 0 } else { u64::MAX >> (64 - len as u32) },
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
                // SAFETY: I1.
                let Some(next) = (unsafe { stretch.next() }) else {
                    unreachable!("entries are left, and no groups: the table was changed meanwhile")
                };
                *stretch = next;
                continue;
            }
            // SAFETY: a group before the end of the stretch.
            self.lanes = unsafe { stretch.enter() };
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

    /// A fold that may end early. Entries are not counted: the stretches tell what is left.
    #[inline(always)] // the loop of every fold
    fn walk<B, C>(self, init: B, mut f: impl FnMut(B, NonNull<T>) -> ControlFlow<C, B>) -> ControlFlow<C, B> {
        let Self {
            mut lanes, mut stretch, ..
        } = self;
        let mut result = init;
        loop {
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize;
                lanes &= lanes - 1;
                // SAFETY: the lane of an entry in the group that the stretch stands behind.
                result = f(result, unsafe { stretch.entry(lane) })?;
            }
            while stretch.tags == stretch.end {
                // SAFETY: I1.
                match unsafe { stretch.next() } {
                    Some(next) => stretch = next,
                    None => return ControlFlow::Continue(result),
                }
            }
            // SAFETY: a group before the end of the stretch.
            lanes = unsafe { stretch.enter() };
        }
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

    /// Goes behind the next group, and says which of its lanes have entries.
    ///
    /// # Safety
    ///
    /// There is one before the end.
    #[inline(always)] // part of every iteration
    unsafe fn enter(&mut self) -> u64 {
        // SAFETY: handed on.
        unsafe {
            let lanes = u64::from(Group::load(self.tags.as_ptr()).full().0);
            self.tags = self.tags.add(LANES);
            self.slots = self.slots.wrapping_sub(LANES);
            lanes
        }
    }

    /// # Safety
    ///
    /// The lane of an entry in the group behind which this stands.
    #[inline(always)] // part of every iteration
    unsafe fn entry(&self, lane: usize) -> NonNull<T> {
        // SAFETY: B1: slots end here and go down; as `Block::slot`.
        unsafe { NonNull::new_unchecked(self.slots.offset(!lane.cast_signed()).cast_mut()) }
    }

    /// The stretch after this one, if there is one.
    ///
    /// # Safety
    ///
    /// I1: the table that this is of is as it was.
    #[cold]
    #[inline(never)]
    unsafe fn next(self) -> Option<Self> {
        let next = self.next?;
        // SAFETY: T1: the header of a moving table, and what it says is initialised.
        unsafe {
            let header = next.as_ref();
            let part = self.part + header.part;
            Some(Self {
                next: (part < self.new.slots()).then_some(next),
                part,
                ..Self::over(self.new, self.part, self.part + header.zeroed)
            })
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
            self.stretch.entry(lane)
        };
        self.left -= 1;
        Some(entry)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    #[inline]
    fn fold<B, F: FnMut(B, NonNull<T>) -> B>(self, init: B, mut f: F) -> B {
        let end: ControlFlow<Infallible, B> = self.walk(init, |result, entry| ControlFlow::Continue(f(result, entry)));
        match end {
            ControlFlow::Continue(result) => result,
        }
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

    /// Whether all entries are as `f` says; it is not asked of more than the first that is not.
    #[inline]
    pub(crate) fn all(&self, mut f: impl FnMut(&T) -> bool) -> bool {
        let end = self.raw_iter().walk((), |(), entry| {
            // SAFETY: I1: the entries are borrowed.
            if f(unsafe { entry.as_ref() }) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        end.is_continue()
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
        self.watch_blocks(); // if the drain is leaked, the table has nothing
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
                        self.set_len(self.len - 1);
                        block.vacate(index).drop_in_place();
                    }
                }
            }
        }
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
