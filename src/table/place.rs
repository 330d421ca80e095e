//! Places in a table: of an entry, and of one that is to come.
//!
//! ```text
//!  search  -->  Found    get, remove                       remove_and_keep_place --> Free
//!          -->  Vacant   room, which may be refused  --->  Free
//!                                                           put, which cannot fail --> Found
//! ```
//!
//! A place borrows its table exclusively, so that nothing changes while it is there (B5).

#![allow(unsafe_code, reason = "reaches entries by their places; B5 in `block.rs`")]

use core::ptr::NonNull;

use super::block::Block;
use super::group::Mark;
use super::{NOTED, SMALL, Table, steps};
use crate::arena::{Handle, Held, Raw};
use crate::error::ArenaError;
use crate::observe::tally::Looked;

/// The place of an entry without its table: for entry types that hold the map.
pub(crate) struct Slot<T> {
    pub(super) entry: NonNull<T>,
    /// Meaningless in the small form.
    pub(super) hash: u64,
}

impl<T> Clone for Slot<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Slot<T> {}

impl<T> Slot<T> {
    /// The entry.
    ///
    /// # Safety
    ///
    /// As for [`Found::at`], with the table borrowed at least shared.
    #[inline(always)]
    pub(crate) unsafe fn entry(&self) -> &T {
        // SAFETY: B5, handed on.
        unsafe { self.entry.as_ref() }
    }
}

// SAFETY: a slot gives access to nothing by itself: `Found::at` and `entry` ask for the table.
unsafe impl<T> Send for Slot<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Slot<T> {}

/// What a search ends with.
pub(crate) enum Search<'a, T, H: Handle> {
    Found(Found<'a, T, H>),
    Vacant(Vacant<'a, T, H>),
}

/// The place of an entry.
pub(crate) struct Found<'a, T, H: Handle> {
    pub(super) table: &'a mut Table<T, H>,
    pub(super) slot: Slot<T>,
}

/// The place of an entry that is not there; perhaps room must be made first.
pub(crate) struct Vacant<'a, T, H: Handle> {
    pub(super) table: &'a mut Table<T, H>,
    /// Meaningless in the small form.
    pub(super) hash: u64,
}

/// The place of an entry that is not there, with room for it.
pub(crate) struct Free<'a, T, H: Handle> {
    pub(super) table: &'a mut Table<T, H>,
    pub(super) hash: u64,
}

impl<'a, T, H: Handle> Found<'a, T, H> {
    #[inline(always)]
    pub(crate) fn get(&self) -> &T {
        // SAFETY: B5.
        unsafe { self.slot.entry.as_ref() }
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        // SAFETY: B5; the table is borrowed exclusively.
        unsafe { self.slot.entry.as_mut() }
    }

    #[inline(always)]
    pub(crate) fn into_mut(mut self) -> &'a mut T {
        // SAFETY: B5; the table is borrowed exclusively, for as long as the result.
        unsafe { self.slot.entry.as_mut() }
    }

    /// The arena of the table.
    #[inline]
    pub(crate) fn handle(&self) -> &Held<H> {
        &self.table.handle
    }

    /// Takes the entry out.
    #[inline(always)] // part of every removal
    pub(crate) fn remove(self) -> T {
        // SAFETY: B5.
        unsafe {
            if self.table.is_settled() {
                return self.remove_settled();
            }
            self.table.take(self.table.index_of(self.slot))
        }
    }

    /// The same, where it is seldom called.
    #[cold]
    #[inline(never)]
    pub(super) fn remove_out_of_line(self) -> T {
        self.remove()
    }

    /// [`remove`](Self::remove), of a settled table.
    ///
    /// # Safety
    ///
    /// It is.
    #[inline(always)] // part of every removal
    pub(super) unsafe fn remove_settled(self) -> T {
        // SAFETY: B5.
        unsafe {
            let index = self.table.index_of(self.slot);
            self.table.set_len(self.table.len - 1);
            self.table.block().release(index);
            self.slot.entry.read()
        }
    }

    /// Takes the entry out, and keeps its place.
    #[inline]
    pub(crate) fn remove_and_keep_place(self) -> (T, Free<'a, T, H>) {
        let Self { table, slot } = self;
        // SAFETY: B5.
        let entry = unsafe { table.take(table.index_of(slot)) };
        let hash = slot.hash;
        (entry, Free { table, hash })
    }

    /// The place without the table.
    #[inline(always)]
    pub(crate) const fn slot(&self) -> Slot<T> {
        self.slot
    }

    /// The place again.
    ///
    /// # Safety
    ///
    /// [`slot`](Self::slot) of a place of this table said so, and the table was not changed since.
    #[inline(always)]
    pub(crate) unsafe fn at(table: &'a mut Table<T, H>, slot: Slot<T>) -> Self {
        Self { table, slot }
    }
}

impl<'a, T, H: Handle> Vacant<'a, T, H> {
    /// The hash of the search. (Meaningless in the small form.)
    #[inline(always)]
    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    /// The place again.
    ///
    /// `hash` is that of a search in this table, or what [`hash`](Self::hash) says, which found nothing; the table was not
    /// changed since. (Else there may be two entries of one key, which is no harm to memory.)
    #[inline(always)]
    pub(crate) const fn at(table: &'a mut Table<T, H>, hash: u64) -> Self {
        Self { table, hash }
    }

    /// A place for the entry, with room made where there is none.
    ///
    /// `hash` is called where the search did without. On refusal nothing has changed.
    #[inline(always)] // part of every insertion
    pub(crate) fn room(
        self,
        hash: impl FnOnce() -> u64,
        hasher: impl Fn(&T) -> u64,
    ) -> Result<Free<'a, T, H>, ArenaError> {
        let Self { table, hash: known } = self;
        if table.is_settled() && table.len < table.limit & !NOTED || table.is_room_in_small() {
            return Ok(Free { table, hash: known });
        }
        // (Here, and not out of line: see `block/candidates.rs`.)
        let hash = if table.is_about_to_hash() { hash() } else { known };
        match table.make_room(hasher) {
            Ok(()) => Ok(Free { table, hash }),
            Err(error) => Err(error),
        }
    }

    /// As [`Table::arena`].
    #[inline]
    pub(crate) fn arena(&mut self) -> Result<Raw<H>, ArenaError> {
        self.table.arena()
    }

    /// A place for the entry, if there is room already.
    #[inline] // part of `insert_within_capacity`
    pub(crate) fn room_within_capacity(self) -> Option<Free<'a, T, H>> {
        let Self { table, hash } = self;
        if table.len >= table.capacity() {
            return None;
        }
        Some(Free { table, hash })
    }
}

impl<'a, T, H: Handle> Free<'a, T, H> {
    /// Puts the entry in.
    #[inline(always)] // part of every insertion
    pub(crate) fn put(self, entry: T) -> Found<'a, T, H> {
        let Self { table, hash } = self;
        let (slot, looked) = if table.is_settled() {
            // SAFETY: T1, T2: a live block with a free slot, which is written next.
            unsafe { claim_counted(table.block(), hash) }
        } else {
            (table.claim_unsettled(hash), Looked::default())
        };
        // SAFETY: B2: a slot that was claimed.
        unsafe { slot.write(entry) };
        table.set_len(table.len + 1);
        table.tally.looked(looked);
        Found {
            table,
            slot: Slot { entry: slot, hash },
        }
    }

    /// The place without the promise.
    #[inline]
    pub(crate) fn into_vacant(self) -> Vacant<'a, T, H> {
        Vacant {
            table: self.table,
            hash: self.hash,
        }
    }
}

impl<T, H: Handle> Table<T, H> {
    /// Whether a small table has a free slot: it may be given its first ones.
    #[inline(never)]
    fn is_room_in_small(&mut self) -> bool {
        self.is_small() && (self.len < self.small_capacity() || self.grow_small_if_empty())
    }

    /// Whether the table is a small one that is going to have tags.
    #[inline]
    const fn is_about_to_hash(&self) -> bool {
        self.is_small() && self.small_capacity() >= SMALL
    }

    /// Makes room in a table whose entries are moving, or that is full.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, hasher: impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        if self.is_small() && self.small_capacity() < SMALL {
            return self.grow_small();
        }
        if self.len >= self.capacity() {
            self.grow(&hasher)?;
        }
        Ok(())
    }

    /// Makes a free slot, of which there is one, one of an entry, which is written next.
    #[inline(never)]
    fn claim_unsettled(&mut self, hash: u64) -> NonNull<T> {
        let block = self.block();
        // SAFETY: T1, T2: the slot behind the last one of a small table; blocks with free slots, of which T3 says which one.
        unsafe {
            if self.is_small() {
                return block.slot(self.len);
            }
            let header = block.header().as_ptr();
            let old = (*header).old;
            if old.home(hash) + Mark::of(hash).class() > (*header).cursor {
                (*header).left += 1;
                old.claim(hash, |_| ())
            } else {
                steps::claim_in_new(block, hash)
            }
        }
    }
}

/// `Block::claim`, and how many groups it looked at.
///
/// # Safety
///
/// As for `Block::claim`.
#[inline(always)] // part of every insertion
unsafe fn claim_counted<T>(block: Block<T>, hash: u64) -> (NonNull<T>, Looked) {
    #[cfg(not(feature = "counters"))]
    {
        // SAFETY: handed on.
        (unsafe { block.claim(hash, |_| ()) }, Looked::default())
    }
    #[cfg(feature = "counters")]
    {
        let mut groups = 0;
        // SAFETY: handed on.
        let slot = unsafe { block.claim(hash, |_| groups += 1) };
        (slot, Looked { groups })
    }
}
