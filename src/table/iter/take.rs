//! Walks that take entries out: all, with the table or without it, or some.
//!
//! The invariant is that of `iter.rs`, I1.

#![allow(unsafe_code, reason = "takes entries out by pointer; see I1")]

use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::mem;
use core::ptr::NonNull;

use super::super::group::LANES;
use super::super::{NOTED, OLD, Table};
use super::{RawIter, RawIterRef};
use crate::arena::{Handle, Held};
use crate::observe::watch::Kind;

/// Drops what is left of a walk, also the entries after one whose drop panics.
pub(super) fn drop_rest<T>(entries: &mut impl Iterator<Item = NonNull<T>>) {
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
pub(super) struct Blocks {
    pub(super) tags: NonNull<u8>,
    pub(super) mask: usize,
    pub(super) limit: usize,
}

/// All entries, taken out of a table that keeps its block.
pub(crate) struct RawDrain<'a, T, H: Handle> {
    pub(super) raw: RawIter<T>,
    pub(super) blocks: Blocks,
    /// It is empty until the drain is dropped: if the drain is leaked, the table stays empty.
    pub(super) table: NonNull<Table<T, H>>,
    pub(super) borrow: PhantomData<&'a Table<T, H>>,
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
        self.set_len(0);
        if self.is_small() {
            self.watch_blocks();
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
        self.watch_blocks();
    }
}

/// All entries, with the table that they came from.
pub(crate) struct RawIntoIter<T, H: Handle> {
    pub(super) raw: RawIter<T>,
    /// Its entries are those of `raw`: it counts none, and gives its blocks back when it is dropped.
    pub(super) _table: Table<T, H>,
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
        table.set_len(0);
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
        Self::new(Table::new(Held::new(H::default()), Kind::ArenaMap))
    }
}

/// The entries that are picked, taken out one by one.
pub(crate) struct RawExtractIf<'a, T, H: Handle> {
    pub(super) raw: RawIter<T>,
    pub(super) table: &'a mut Table<T, H>,
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
                if pick(self.raw.stretch.entry(lane).as_mut()) {
                    return Some(self.index_of(lane));
                }
            }
        }
        None
    }

    /// From the last to the first: the last one fills the gap of one that is taken out.
    #[inline]
    pub(super) fn next_small(&mut self, mut pick: impl FnMut(&mut T) -> bool) -> Option<usize> {
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
