//! Walks over the entries that may have one hash: those with its tag, on its way.
//!
//! The invariant is that of `iter.rs`, I1.

#![allow(unsafe_code, reason = "hands out entries by pointer; see I1")]

use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::super::Table;
use super::super::block::{Block, Way};
use super::super::group::{EachLane, Lanes, Mark};
use super::RawIterRef;
use crate::arena::Handle;

/// Entries that may have one hash.
pub(crate) struct RawIterHash<'a, T> {
    /// All of a small table.
    pub(super) few: RawIterRef<'a, T>,
    pub(super) hash: u64,
    pub(super) mark: Mark,
    pub(super) block: Block<T>,
    pub(super) way: Way,
    pub(super) at: usize,
    pub(super) lanes: EachLane,
    /// An entry has passed the group.
    pub(super) more: bool,
    pub(super) next: Option<Block<T>>,
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
    pub(super) fn enter(&mut self, block: Block<T>) {
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
        self.more = flags.have(self.mark);
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
    pub(super) raw: RawIterHash<'a, T>,
    pub(super) table: PhantomData<&'a mut T>,
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
