//! Copies a table block by block, without hashing. The copy has the same capacity and the same order.
//!
//! ```text
//!  from   tags, flags, strides | slots            to   slot and tag, one entry after another;
//!                                                      then flags and strides, as one copy
//! ```
//!
//! Invariant: a copy that ends early, by a refusal or a panic, has the tags of the entries that it has, and their number, or the
//! number 0; it is dropped without a search.

#![allow(
    unsafe_code,
    reason = "writes entries into the slots of a fresh block; B1, B2, T1, T2"
)]

use core::mem::{self, MaybeUninit};
use core::ptr::{self, NonNull};

use super::block::{Block, Header};
use super::group::LANES;
use super::{NOTED, Note, Table};
use crate::arena::{Handle, Held};
use crate::error::ArenaError;

/// Makes a copy of an entry in a place, and returns it. (By value it would be read back in other pieces than it was written in.)
pub(crate) trait CopyEntry<T, H: Handle>:
    for<'p> FnMut(&mut Held<H>, &T, &'p mut MaybeUninit<T>) -> Result<&'p mut T, ArenaError>
{
}

impl<T, H: Handle, F> CopyEntry<T, H> for F where
    F: for<'p> FnMut(&mut Held<H>, &T, &'p mut MaybeUninit<T>) -> Result<&'p mut T, ArenaError>
{
}

impl<T, H: Handle> Table<T, H> {
    /// A copy in another arena. `copy` makes its entries, and may be refused too: then what was made comes back, in a table that
    /// must not be searched.
    ///
    /// Where what is made may be forgotten, a copy that ends early need not know what it has: that is quicker.
    ///
    /// Complexity: O(slots), without a hash.
    #[cfg_attr(feature = "registry", track_caller)]
    #[cfg_attr(
        any(feature = "counters", feature = "registry"),
        allow(clippy::result_large_err, reason = "a table with what is observed of it")
    )]
    pub(crate) fn try_copy_in<H2: Handle>(
        &self,
        handle: Held<H2>,
        forgettable: bool,
        copy: impl CopyEntry<T, H2>,
    ) -> Result<Table<T, H2>, (Table<T, H2>, ArenaError)> {
        let mut fresh = Table::new(handle, self.watch.kind());
        match self.copy_into(&mut fresh, None, forgettable, copy) {
            Ok(()) => Ok(fresh),
            Err(error) => Err((fresh, error)),
        }
    }

    /// Makes another table a copy of this one, in its own arena and, where it fits, in its own block.
    ///
    /// On refusal, and when `copy` panics, the other table is as it was; or empty, if the copy fitted in its block.
    pub(crate) fn try_copy_to<H2: Handle>(
        &self,
        other: &mut Table<T, H2>,
        forgettable: bool,
        copy: impl CopyEntry<T, H2>,
    ) -> Result<(), ArenaError> {
        /// Empties a table that a copy was to fill.
        struct Filling<'a, T, H: Handle>(&'a mut Table<T, H>);
        impl<T, H: Handle> Drop for Filling<'_, T, H> {
            fn drop(&mut self) {
                self.0.clear();
            }
        }
        let alike = self.mask == other.mask && !self.is_moving() && !other.is_moving();
        if !alike {
            return self.try_copy_beside(other, forgettable, copy, |_| ());
        }
        other.clear();
        let filling = Filling(other);
        self.fill(filling.0, forgettable, copy)?;
        mem::forget(filling);
        Ok(())
    }

    /// Makes another table a copy of this one, in its own arena, in blocks beside those that it has.
    ///
    /// `let_go` looks at the entries that are dropped next: the old ones, or those of a copy that ended early. On refusal, and
    /// when `copy` panics, the other table is as it was.
    pub(crate) fn try_copy_beside<H2: Handle>(
        &self,
        other: &mut Table<T, H2>,
        forgettable: bool,
        copy: impl CopyEntry<T, H2>,
        let_go: impl Fn(&Table<T, H2>),
    ) -> Result<(), ArenaError> {
        // The table that reports its size to a hint goes on doing so.
        let note = other.take_note().map(|note| Note { peak: 0, ..note });
        let kept = other.take_blocks();
        let mut aside = Aside {
            table: other,
            kept,
            let_go,
        };
        self.copy_into(aside.table, note, forgettable, copy)?;
        // The copy is what is kept, and the old entries go.
        let copied = aside.table.take_blocks();
        aside.table.put_blocks(mem::replace(&mut aside.kept, copied));
        Ok(())
    }

    /// Makes an empty table that has nothing a copy of this one.
    fn copy_into<H2: Handle>(
        &self,
        fresh: &mut Table<T, H2>,
        note: Option<Note>,
        forgettable: bool,
        copy: impl CopyEntry<T, H2>,
    ) -> Result<(), ArenaError> {
        if self.is_small() {
            if self.small_capacity() == 0 {
                return fresh.make(0, note.map(|note| note.hint));
            }
            fresh.make_small(self.small_capacity(), note)?;
        } else if self.is_settled() {
            let block = fresh.new_block(self.block().groups(), note)?;
            if !is_forgotten::<T>(forgettable) {
                // SAFETY: a fresh block.
                unsafe { block.zero_all() };
            }
            fresh.settle_in(block, note.is_some());
        } else {
            self.begin_copy_of_move(fresh, note)?;
        }
        fresh.watch_blocks();
        self.fill(fresh, forgettable, copy)
    }

    /// Blocks for a copy in the middle of a move.
    fn begin_copy_of_move<H2: Handle>(&self, fresh: &mut Table<T, H2>, note: Option<Note>) -> Result<(), ArenaError> {
        // SAFETY: T1: both blocks of a moving table are live; the copies are laid out alike, and initialised as far.
        unsafe {
            let header = self.block().header().as_ref();
            let old = fresh.new_block(header.old.groups(), None)?;
            let new = match fresh.new_block(self.block().groups(), note) {
                Ok(new) => new,
                Err(error) => {
                    fresh.give_back(old, false);
                    return Err(error);
                }
            };
            old.zero_all();
            for start in (0..new.slots()).step_by(header.part) {
                new.zero(start, start + header.zeroed);
            }
            new.header().write(Header {
                old,
                old_noted: false,
                ..*header
            });
            fresh.tags = new.tags;
            fresh.mask = new.mask;
            fresh.limit = if note.is_some() { NOTED } else { 0 };
        }
        Ok(())
    }

    /// Copies all entries into a table of the same form, which has none.
    fn fill<H2: Handle>(
        &self,
        fresh: &mut Table<T, H2>,
        forgettable: bool,
        mut copy: impl CopyEntry<T, H2>,
    ) -> Result<(), ArenaError> {
        if self.is_small() {
            for entry in self.iter() {
                // SAFETY: T1: the small forms are alike, and `len` slots are taken.
                unsafe { copy_into(fresh.block().slot(fresh.len), &mut fresh.handle, entry, &mut copy)? };
                fresh.set_len(fresh.len + 1);
            }
            return Ok(());
        }
        if self.is_moving() {
            // SAFETY: T1: headers of two moves that are alike.
            let (header, fresh_old) = unsafe { (self.block().header().as_ref(), fresh.block().header().as_ref().old) };
            copy_groups(
                header.old,
                fresh_old,
                0,
                header.old.slots(),
                fresh,
                forgettable,
                &mut copy,
            )?;
            for start in (0..self.block().slots()).step_by(header.part) {
                copy_groups(
                    self.block(),
                    fresh.block(),
                    start,
                    start + header.zeroed,
                    fresh,
                    forgettable,
                    &mut copy,
                )?;
            }
        } else {
            copy_groups(
                self.block(),
                fresh.block(),
                0,
                self.block().slots(),
                fresh,
                forgettable,
                &mut copy,
            )?;
        }
        fresh.set_len(self.len);
        Ok(())
    }

    /// A block of slots without tags for an empty table.
    fn make_small(&mut self, capacity: usize, note: Option<Note>) -> Result<(), ArenaError> {
        let tags = self.new_small(capacity, note);
        self.tags = tags.inspect_err(|error| self.tally.refused(error))?;
        self.mask = capacity * 2 + 1;
        self.limit = if note.is_some() { NOTED } else { 0 };
        Ok(())
    }
}

/// A table in whose place another one is made: at the end what it has goes, and what is kept takes its place.
struct Aside<'a, T, H: Handle, F: Fn(&Table<T, H>)> {
    table: &'a mut Table<T, H>,
    kept: Blocks,
    let_go: F,
}

impl<T, H: Handle, F: Fn(&Table<T, H>)> Drop for Aside<'_, T, H, F> {
    fn drop(&mut self) {
        /// Also when the drop of an entry panics, after which the table has nothing.
        struct Return<'a, T, H: Handle>(&'a mut Table<T, H>, Blocks);
        impl<T, H: Handle> Drop for Return<'_, T, H> {
            fn drop(&mut self) {
                self.0.put_blocks(self.1);
            }
        }
        (self.let_go)(self.table);
        Return(self.table, self.kept).0.end();
    }
}

/// Blocks without their table, and their entries.
#[derive(Clone, Copy)]
struct Blocks {
    tags: NonNull<u8>,
    mask: usize,
    len: usize,
    limit: usize,
}

impl<T, H: Handle> Table<T, H> {
    /// Takes the blocks away: the table has nothing then.
    fn take_blocks(&mut self) -> Blocks {
        let blocks = Blocks {
            tags: self.tags,
            mask: self.mask,
            len: self.len,
            limit: self.limit,
        };
        self.forget_blocks();
        blocks
    }

    /// Gives a table that has nothing the blocks that were taken from it.
    fn put_blocks(&mut self, blocks: Blocks) {
        self.tags = blocks.tags;
        self.mask = blocks.mask;
        self.limit = blocks.limit;
        self.set_len(blocks.len);
        self.watch_blocks();
    }
}

/// Whether a copy that ends early may be forgotten. Then its table counts no entries until it has all of them.
const fn is_forgotten<T>(forgettable: bool) -> bool {
    forgettable && !mem::needs_drop::<T>()
}

/// Copies an entry into a free slot.
///
/// # Safety
///
/// The slot is one of a live block, which is borrowed exclusively.
#[inline(always)]
unsafe fn copy_into<T, H: Handle>(
    slot: NonNull<T>,
    handle: &mut Held<H>,
    entry: &T,
    copy: &mut impl CopyEntry<T, H>,
) -> Result<(), ArenaError> {
    // SAFETY: handed on; a slot is memory for an entry.
    let copied: *const T = copy(handle, entry, unsafe { slot.cast::<MaybeUninit<T>>().as_mut() })?;
    assert!(ptr::eq(copied, slot.as_ptr()), "a copy is made in its place");
    Ok(())
}

/// Copies the entries of some groups, and then their flags and strides.
fn copy_groups<T, H: Handle>(
    from: Block<T>,
    to: Block<T>,
    start: usize,
    end: usize,
    table: &mut Table<T, H>,
    forgettable: bool,
    copy: &mut impl CopyEntry<T, H>,
) -> Result<(), ArenaError> {
    // SAFETY: B1: two live blocks of as many groups, initialised from `start` to `end`; the new one belongs to `table`.
    unsafe {
        if is_forgotten::<T>(forgettable) {
            for group in (start..end).step_by(LANES) {
                let (lanes, slots, to_slots) = (from.group(group).full(), from.slot(group), to.slot(group));
                for lane in lanes {
                    copy_into(to_slots.sub(lane), &mut table.handle, slots.sub(lane).as_ref(), copy)?;
                }
            }
            to.copy_marks(from, start, end);
            return Ok(());
        }
        for group in (start..end).step_by(LANES) {
            for lane in from.group(group).full() {
                let index = group + lane;
                copy_into(to.slot(index), &mut table.handle, from.slot(index).as_ref(), copy)?;
                to.fill_as(index, from.tag(index));
                table.set_len(table.len + 1);
            }
        }
        to.copy_marks(from, start, end);
    }
    Ok(())
}
