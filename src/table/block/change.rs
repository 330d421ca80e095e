//! Entries come into a block, and leave it; its marks follow.
//!
//! ```text
//!  claim   home full: pass(home), pass(1st stride), .. | free lane: tag, afar = strides; slot next  B2, B3
//!  vacate  tag = 0 | afar > 0: unpass each group between here and home, last one takes the flag   B2, B4
//!  leave   tag = 0, afar = 0: flags stay, the block is being moved from
//! ```
//!
//! Invariants: those of `block.rs`, which this file keeps.

#![allow(
    unsafe_code,
    reason = "writes tags and marks with the entries that they stand for; B2 to B4"
)]

use core::ptr::NonNull;

use super::{Block, FAR, unlikely};
use crate::table::group::{Group, LANES, Mark, class_of};

impl<T> Block<T> {
    /// The entry of this hash that is equal, or a free slot, if there is one or the other at home and nothing elsewhere.
    ///
    /// # Safety
    ///
    /// As for [`find`](Self::find).
    #[inline(always)] // the insertion itself
    pub(in crate::table) unsafe fn place_at_home(
        self,
        hash: u64,
        mut eq: impl FnMut(&T) -> bool,
    ) -> Option<Result<NonNull<T>, usize>> {
        let mark = Mark::of(hash);
        let home = self.home(hash);
        // SAFETY: as in `find`.
        unsafe {
            let group = self.group(home);
            let mut lanes = group.matches(mark);
            while let Some(lane) = lanes.first() {
                let slot = self.slot(home + lane);
                if eq(slot.as_ref()) {
                    return Some(Ok(slot));
                }
                unlikely(); // one lane in 256 has the tag and not the key
                lanes = lanes.without_first();
            }
            if self.flags(home).have(mark) {
                return None;
            }
            group.free().first().map(|lane| Err(home + lane))
        }
    }

    /// Writes an entry into a free slot of its home.
    ///
    /// # Safety
    ///
    /// As for [`claim`](Self::claim), and the index is that of a free slot.
    #[inline(always)] // the insertion itself
    pub(in crate::table) unsafe fn put_at_home(self, index: usize, hash: u64, entry: T) {
        // SAFETY: handed on.
        unsafe {
            self.set_tag(index, Mark::of(hash).tag());
            self.slot(index).write(entry);
        }
    }

    /// Makes the first free slot on the way of a hash one of an entry, which is to be written there. `ready` is called before a group is
    /// looked at. (An entry that is handed on may go through memory, in pieces of other sizes than it is read in.)
    ///
    /// # Safety
    ///
    /// The table is borrowed exclusively, and the block has a free slot; groups are initialised once `ready` was called with
    /// them. The entry is written next (B2).
    #[inline(always)] // part of every insertion
    pub(in crate::table) unsafe fn claim(self, hash: u64, mut ready: impl FnMut(usize)) -> NonNull<T> {
        let home = self.home(hash);
        ready(home);
        // SAFETY: handed on.
        unsafe {
            if let Some(lane) = self.group(home).free().first() {
                self.set_tag(home + lane, Mark::of(hash).tag());
                return self.slot(home + lane);
            }
            self.claim_afar(hash, ready)
        }
    }

    /// The rest of [`claim`](Self::claim), behind home.
    ///
    /// # Safety
    ///
    /// As for [`claim`](Self::claim), and home is full.
    #[cold]
    #[inline(never)]
    unsafe fn claim_afar(self, hash: u64, mut ready: impl FnMut(usize)) -> NonNull<T> {
        let mark = Mark::of(hash);
        let mut passed = self.home(hash);
        for (strides, at) in self.way(passed, mark.class()) {
            // SAFETY: handed on; a group that is passed is full (B3).
            unsafe {
                self.pass(passed, mark.class());
                ready(at);
                if let Some(lane) = self.group(at).free().first() {
                    self.set_tag(at + lane, mark.tag());
                    self.set_strides(at + lane, strides);
                    return self.slot(at + lane);
                }
            }
            passed = at;
        }
        unreachable!("a block with a free slot, and each way leads through all groups")
    }

    /// Makes the slot of an entry a free one; it still has the entry's bytes.
    ///
    /// # Safety
    ///
    /// The table is borrowed exclusively, and the index is that of an entry, which is read or dropped next, once.
    #[inline(always)] // part of every removal
    pub(in crate::table) unsafe fn release(self, index: usize) {
        // SAFETY: handed on.
        unsafe {
            let strides = self.strides(index);
            let class = class_of(self.tag(index));
            self.set_tag(index, 0);
            if strides != 0 {
                self.unmark_way(index, class);
            }
        }
    }

    /// [`release`](Self::release), and the slot.
    ///
    /// # Safety
    ///
    /// As for [`release`](Self::release).
    #[inline(always)] // part of every removal
    pub(in crate::table) unsafe fn vacate(self, index: usize) -> NonNull<T> {
        // SAFETY: handed on.
        unsafe {
            self.release(index);
            self.slot(index)
        }
    }

    /// Takes an entry out.
    ///
    /// # Safety
    ///
    /// The table is borrowed exclusively, and the index is that of an entry.
    #[inline(always)] // part of every removal
    pub(in crate::table) unsafe fn take(self, index: usize) -> T {
        // SAFETY: handed on; the entry is read once.
        unsafe { self.vacate(index).read() }
    }

    /// Takes the tags of all entries at home away, in a block that is being moved from.
    ///
    /// # Safety
    ///
    /// As for [`vacate`](Self::vacate), of each of them.
    #[inline(always)] // part of every move
    pub(in crate::table) unsafe fn clear_home(self, home: usize) {
        // SAFETY: handed on: a group of this block.
        unsafe {
            let strides = Group::load(self.afar(home).as_ptr());
            self.group(home)
                .without_zeros_of(strides)
                .store(self.tags.add(home).as_ptr());
        }
    }

    /// Makes the slot of an entry a free one, in a block that is being moved from: its flags stay.
    ///
    /// # Safety
    ///
    /// As for [`vacate`](Self::vacate).
    #[inline]
    pub(in crate::table) unsafe fn leave(self, index: usize) -> NonNull<T> {
        // SAFETY: handed on.
        unsafe {
            self.set_tag(index, 0);
            self.set_strides(index, 0);
            self.slot(index)
        }
    }

    /// Copies an entry into a free slot of its home.
    ///
    /// # Safety
    ///
    /// As for [`claim`](Self::claim); nobody reads the entry where it was.
    #[inline(always)] // part of every move
    pub(in crate::table) unsafe fn move_in(self, index: usize, mark: Mark, entry: NonNull<T>) {
        // SAFETY: handed on; two blocks do not overlap.
        unsafe {
            self.slot(index).copy_from_nonoverlapping(entry, 1);
            self.set_tag(index, mark.tag());
        }
    }

    /// Takes back the flags that only the entry of this slot needed (B4), and its strides.
    ///
    /// # Safety
    ///
    /// The table is borrowed exclusively; the slot has just lost its entry.
    #[cold]
    #[inline(never)]
    unsafe fn unmark_way(self, index: usize, class: usize) {
        let stride = (class * 2 + 1) * LANES;
        // SAFETY: indices and groups of this block.
        unsafe {
            let strides = self.strides(index);
            self.set_strides(index, 0);
            if strides == FAR {
                return;
            }
            let mut at = index & !(LANES - 1);
            for ahead in (1..=strides).rev() {
                at = at.wrapping_sub(stride.wrapping_mul(ahead)) & self.mask;
                self.unpass(at, class);
            }
        }
    }

    /// Gives a slot the tag of the same one elsewhere, without flags on its way.
    ///
    /// # Safety
    ///
    /// The table is borrowed exclusively, and the index is that of a slot that was free and has an entry now; `copy_marks` comes before
    /// any search.
    #[inline(always)]
    pub(in crate::table) unsafe fn fill_as(self, index: usize, tag: u8) {
        // SAFETY: handed on.
        unsafe { self.set_tag(index, tag) };
    }

    /// Takes over tags and marks of the same groups elsewhere.
    ///
    /// # Safety
    ///
    /// Both blocks have these groups, initialised, and the same slots of them hold entries.
    pub(in crate::table) unsafe fn copy_marks(self, from: Self, start: usize, end: usize) {
        // SAFETY: B1; two blocks do not overlap.
        unsafe {
            self.tags
                .add(start)
                .copy_from_nonoverlapping(from.tags.add(start), end - start);
            self.flags_at(start)
                .cast::<u8>()
                .copy_from_nonoverlapping(from.flags_at(start).cast(), (end - start) / 4);
            self.afar(start).copy_from_nonoverlapping(from.afar(start), end - start);
            self.passed(start)
                .cast::<u8>()
                .copy_from_nonoverlapping(from.passed(start).cast(), (end - start) / 2);
        }
    }

    /// Sets the tags of the whole block to zero.
    ///
    /// # Safety
    ///
    /// As for [`zero`](Self::zero).
    pub(in crate::table) unsafe fn zero_all(self) {
        // SAFETY: handed on; they stand in a row.
        unsafe { self.tags.write_bytes(0, self.marks()) };
    }
}
