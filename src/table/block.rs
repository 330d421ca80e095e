//! One block of a table: slots, groups of tags, who went on from where.
//!
//! ```text
//!  | slot 16 g - 1 | ... | slot 0 | group 0 | ... | group g - 1 | afar .. | flags .. | passed .. | Header | Note |
//!                                 ^ tags            16 bytes each  16 each   4 each     8 each      from 32  if the table
//!                                                                                                   groups   has a hint
//! ```
//!
//! `g` groups, a power of two. A group is named by the number of its first slot, which is the offset of its bytes from
//! `tags` too; `mask` is the name of the last one. So `hash & mask` is the home of a hash: no shift, no multiplication. An
//! entry that finds its home full goes on `class * 2 + 1` groups, then twice as many, then three times, around the block: such
//! a way leads through every group, for the factor is odd, and soon out of any crowd. A group has a flag for each class of entries that found it full
//! and went on: a search that ends in a group without the flag of its class has seen every place where its key could be. Flags
//! instead of dead slots: the last entry that needed one takes it back. For that, `passed` has four bits for each flag: how many
//! entries need it, 15 for "15 or more"; and `afar` a byte for each slot: how many strides its entry is from home, 255 for "255
//! or more", 0 for a free slot.
//!
//! Invariants:
//!
//! - **B1** A block has the layout that [`Layouts::of`] says for its groups, and every byte of its tags and marks is
//!   initialised, but for the part of a fresh one that a move has not entered yet ([`Header::zeroed`]).
//! - **B2** A slot holds an entry if its tag is not zero, and is uninitialised otherwise.
//! - **B3** The tag of an entry is that of the hash it was put in with, and the entry stands on the way of that hash; every
//!   group before it on the way has the flag of its class. `afar` counts the strides.
//! - **B4** A flag that no entry needs is taken back by the removal of the last one that needed it, unless 15 needed it at once, or
//!   one of them is 255 strides or more from home: then flags stay until the table is cleared or grows. (They cost time only.)
//! - **B5** An index that was handed out names a slot that was occupied then; it is used before anything else changes.
//!
//! Upheld by this directory alone: what leaves it borrows the table.
//!
//! Forms that were counted: instructions of a removal and an insertion, 1,000 entries, in a table half full and in one as full
//! as it gets (`cargo bench --bench instructions`, programs `churn_half` and `churn_full`; hashbrown: 148 and 135).
//!
//! | form | half full | full | bytes beside a slot |
//! |---|---|---|---|
//! | a removal looks for others that need a flag; strides in four bits | 139 | 258 | 1.63 |
//! | entries are counted for each flag | 139 | 236 | 2.13 |
//! | and strides have a byte each | 129 | 225 | 2.63 |
//! | and ways widen, tags have bits of both ends of the hash | 129 | 236 | 2.63 |
//! | and tags have eight bits, flags two for each class: this one | 114 | 232 | 2.75 |

#![allow(unsafe_code, reason = "entries stand in uninitialised memory, found by their tags")]

mod candidates;
mod change;
mod layouts;

use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::NonNull;

pub(super) use self::candidates::Further;
pub(super) use self::layouts::{Layouts, TOO_LARGE, groups_for};
use super::group::{Flags, Group, LANES, Lanes, Mark, prefetch};

/// Entries of a group at the highest load: 7/8, as hashbrown's, so that both have the same capacities.
pub(super) const LOAD: usize = 14;

/// Groups from which a block has room for a [`Header`].
pub(super) const HEADER_FROM: usize = 32;

/// Strides: "255 or more".
pub(super) const FAR: usize = 255;

/// Entries that need a flag: "15 or more".
pub(super) const MANY: u64 = 15;

/// State of a move into this block from an older one.
pub(super) struct Header<T> {
    /// The block that the entries come from.
    pub(super) old: Block<T>,
    /// The old block has room for a note.
    pub(super) old_noted: bool,
    /// Entries that still stand in the old block.
    pub(super) left: usize,
    /// Entries whose place in the old block, `home + class`, is below have moved.
    pub(super) cursor: usize,
    /// Bytes of tags that are initialised in each part of the fresh block.
    pub(super) zeroed: usize,
    /// Bytes of tags in one part: of twice the size, a fresh block is entered in two places at once.
    pub(super) part: usize,
    /// Entries that moved in the last call that moved any.
    pub(super) moved: usize,
}

impl<T> Clone for Header<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Header<T> {}

/// Tags, and all that is found from them.
pub(super) struct Block<T> {
    pub(super) tags: NonNull<u8>,
    pub(super) mask: usize,
    entries: PhantomData<T>,
}

impl<T> Clone for Block<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Block<T> {}

/// Tells the compiler that a branch is hardly ever taken.
#[cold]
#[inline(always)]
pub(super) const fn unlikely() {}

/// The groups that come behind a home on the way of a class, each with the number of its stride. (The sums of 1, 2, 3 and so on
/// leave every rest, divided by a power of two, before they repeat one; so do they when each is multiplied by an odd number.)
#[derive(Clone)]
pub(super) struct Way {
    at: usize,
    ahead: usize,
    stride: usize,
    mask: usize,
}

impl Way {
    /// The same way behind some strides.
    #[inline]
    const fn after(mut self, strides: usize) -> Self {
        let sum = strides.wrapping_mul(strides + 1) / 2;
        self.at = self.at.wrapping_add(self.stride.wrapping_mul(sum)) & self.mask;
        self.ahead = strides;
        self
    }
}

impl Iterator for Way {
    type Item = (usize, usize);

    #[inline(always)] // part of every search behind home
    fn next(&mut self) -> Option<(usize, usize)> {
        if self.ahead >= self.mask / LANES {
            return None;
        }
        self.ahead += 1;
        self.at = self.at.wrapping_add(self.stride.wrapping_mul(self.ahead)) & self.mask;
        Some((self.ahead, self.at))
    }
}

impl<T> Block<T> {
    #[inline(always)]
    pub(super) const fn new(tags: NonNull<u8>, mask: usize) -> Self {
        Self {
            tags,
            mask,
            entries: PhantomData,
        }
    }

    #[inline(always)]
    pub(super) const fn groups(self) -> usize {
        self.mask / LANES + 1
    }

    /// Bytes of tags, and number of slots.
    #[inline(always)]
    pub(super) const fn slots(self) -> usize {
        self.mask + LANES
    }

    /// Bytes of tags, `afar`, flags and `passed`, up to a multiple of 8.
    #[inline]
    const fn marks(self) -> usize {
        (self.slots() * 2 + self.slots() / 4 + self.slots() / 2).next_multiple_of(8)
    }

    /// The layout that the block was taken with, and bytes from its start to the tags: what [`Layouts::of`] says, with nothing checked.
    ///
    /// # Safety
    ///
    /// A live block, with a note or without.
    #[inline]
    pub(super) unsafe fn layout(self, noted: bool) -> (Layout, usize) {
        let slots = self.slots() * size_of::<T>();
        let header = if self.groups() >= HEADER_FROM {
            size_of::<Header<T>>()
        } else {
            0
        };
        let note = if noted { size_of::<super::Note>() } else { 0 };
        let size = slots + self.marks() + header + note;
        // SAFETY: such a layout was made with all checks (B1).
        let layout = unsafe { Layout::from_size_align_unchecked(size, Layouts::<T>::align(self.groups())) };
        debug_assert_eq!(Some((layout, slots)), Layouts::<T>::of(self.groups(), noted));
        (layout, slots)
    }

    /// The highest load, in entries.
    #[inline(always)]
    pub(super) const fn limit(self) -> usize {
        self.groups() * LOAD
    }

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "the low bits")]
    pub(super) const fn home(self, hash: u64) -> usize {
        hash as usize & self.mask
    }

    /// The groups behind a home.
    #[inline(always)]
    pub(super) const fn way(self, home: usize, class: usize) -> Way {
        Way {
            at: home,
            ahead: 0,
            stride: (class * 2 + 1) * LANES,
            mask: self.mask,
        }
    }

    /// The slot of an index.
    ///
    /// # Safety
    ///
    /// The index is one of this block's.
    #[inline(always)]
    pub(super) unsafe fn slot(self, index: usize) -> NonNull<T> {
        // SAFETY: B1: slots end at the tags, aligned for them, and go down. `!index` is `-index - 1`, which takes an instruction less.
        unsafe { self.tags.cast::<T>().offset(!index.cast_signed()) }
    }

    /// The index of a slot. Not for types without a size.
    ///
    /// # Safety
    ///
    /// A slot of this block.
    #[inline(always)]
    pub(super) unsafe fn index_of(self, slot: NonNull<T>) -> usize {
        // SAFETY: handed on: B1: slots end at the tags.
        unsafe { self.tags.cast::<T>().offset_from_unsigned(slot) - 1 }
    }

    /// Whether a slot is one of this block's. Not for types without a size.
    #[inline]
    pub(super) fn has(self, slot: NonNull<T>) -> bool {
        let slots = self.tags.addr().get() - self.slots() * size_of::<T>();
        (slots..self.tags.addr().get()).contains(&slot.addr().get())
    }

    /// # Safety
    ///
    /// The index is one of this block's, and its byte is initialised (B1).
    #[inline(always)]
    pub(super) unsafe fn tag(self, index: usize) -> u8 {
        // SAFETY: B1.
        unsafe { self.tags.add(index).read() }
    }

    /// # Safety
    ///
    /// As for [`tag`](Self::tag), with the table for itself.
    #[inline(always)]
    unsafe fn set_tag(self, index: usize, byte: u8) {
        // SAFETY: B1.
        unsafe { self.tags.add(index).write(byte) };
    }

    /// # Safety
    ///
    /// A group of this block, whose bytes are initialised (B1).
    #[inline(always)]
    pub(super) unsafe fn group(self, group: usize) -> Group {
        // SAFETY: B1.
        unsafe { Group::load(self.tags.as_ptr().add(group)) }
    }

    /// The flags of a group.
    ///
    /// # Safety
    ///
    /// As for [`group`](Self::group).
    #[inline(always)]
    unsafe fn flags_at(self, group: usize) -> NonNull<u32> {
        // SAFETY: B1: four bytes for each group, behind `afar`; blocks are aligned to 8, and slots of 16 groups of them, tags and strides
        // take multiples of 8 before that, so that these are aligned to 4.
        unsafe { self.tags.add(self.slots() * 2 + group / 4).cast() }
    }

    /// Asks for the lines that an insertion reads and writes in a group.
    #[inline(always)]
    pub(super) fn prefetch(self, group: usize) {
        let slots = self.tags.as_ptr().cast::<T>();
        prefetch(self.tags.as_ptr().wrapping_add(group));
        prefetch(self.tags.as_ptr().wrapping_add(self.slots() * 2 + group / 4)); // as `flags_at`
        prefetch(slots.wrapping_sub(group + LANES / 2));
        prefetch(slots.wrapping_sub(group + LANES - 2));
    }

    /// Classes of entries that went on from a group.
    ///
    /// # Safety
    ///
    /// As for [`group`](Self::group).
    #[inline(always)] // part of every miss
    pub(super) unsafe fn flags(self, group: usize) -> Flags {
        // SAFETY: handed on.
        Flags(unsafe { self.flags_at(group).read() })
    }

    /// How many entries of each class went on from a group, in four bits each.
    ///
    /// # Safety
    ///
    /// As for [`group`](Self::group), or the end of the last one.
    #[inline(always)]
    unsafe fn passed(self, group: usize) -> NonNull<u64> {
        // SAFETY: B1: eight bytes for each group, behind the flags.
        unsafe { self.flags_at(self.slots()).cast::<u8>().add(group / 2).cast() }
    }

    /// Entries of a class that went on from a group: 15 for more.
    ///
    /// # Safety
    ///
    /// As for [`group`](Self::group).
    #[inline]
    pub(super) unsafe fn count(self, group: usize, class: usize) -> u64 {
        // SAFETY: handed on.
        (unsafe { self.passed(group).read_unaligned() } >> (class * 4)) & MANY
    }

    /// Counts one more entry of a class that goes on from a group.
    ///
    /// # Safety
    ///
    /// As for [`group`](Self::group), with the table for itself.
    #[inline]
    unsafe fn pass(self, group: usize, class: usize) {
        // SAFETY: handed on.
        unsafe {
            self.flags_at(group).write(self.flags(group).with(class).0);
            if self.count(group, class) < MANY {
                let passed = self.passed(group);
                passed.write_unaligned(passed.read_unaligned() + (1 << (class * 4)));
            }
        }
    }

    /// Counts one less, and takes the flag back when it was the last one (B4).
    ///
    /// # Safety
    ///
    /// As for [`pass`](Self::pass), which has counted the entry.
    #[inline]
    unsafe fn unpass(self, group: usize, class: usize) {
        // SAFETY: handed on.
        unsafe {
            let count = self.count(group, class);
            if count == MANY || count == 0 {
                return;
            }
            let passed = self.passed(group);
            passed.write_unaligned(passed.read_unaligned() - (1 << (class * 4)));
            if count == 1 {
                self.flags_at(group).write(self.flags(group).without(class).0);
            }
        }
    }

    /// Sets tags and marks of groups to zero.
    ///
    /// # Safety
    ///
    /// Groups of this block, from the first up to, not with, the second; no entry in them is used any more.
    pub(super) unsafe fn zero(self, from: usize, to: usize) {
        // SAFETY: B1.
        unsafe {
            self.tags.add(from).write_bytes(0, to - from);
            self.flags_at(from).cast::<u8>().write_bytes(0, (to - from) / 4);
            self.afar(from).write_bytes(0, to - from);
            self.passed(from).cast::<u8>().write_bytes(0, (to - from) / 2);
        }
    }

    /// The strides of a slot's entry.
    ///
    /// # Safety
    ///
    /// The index is one of this block's.
    #[inline(always)]
    unsafe fn afar(self, index: usize) -> NonNull<u8> {
        // SAFETY: B1: a byte a slot, behind the tags.
        unsafe { self.tags.add(self.slots() + index) }
    }

    /// Strides of a slot's entry from home: 255 for more.
    ///
    /// # Safety
    ///
    /// The index is one of this block's, and initialised (B1).
    #[inline(always)] // part of every removal
    pub(super) unsafe fn strides(self, index: usize) -> usize {
        // SAFETY: handed on.
        usize::from(unsafe { self.afar(index).read() })
    }

    /// # Safety
    ///
    /// As for [`strides`](Self::strides), with the table for itself.
    #[inline]
    unsafe fn set_strides(self, index: usize, strides: usize) {
        #[allow(clippy::cast_possible_truncation, reason = "at most 255")]
        let strides = strides.min(FAR) as u8;
        // SAFETY: handed on.
        unsafe { self.afar(index).write(strides) };
    }

    /// Lanes of a group whose entries are at home.
    ///
    /// # Safety
    ///
    /// A group of this block, and initialised (B1).
    #[inline(always)]
    pub(super) unsafe fn at_home(self, group: usize) -> Lanes {
        // SAFETY: handed on.
        unsafe { self.group(group).full().and(self.at_strides(group, 0)) }
    }

    /// Lanes of a group whose entries are so many strides from home, at most [`FAR`]; of none, free ones as well.
    ///
    /// # Safety
    ///
    /// As for [`at_home`](Self::at_home).
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "at most 255")]
    pub(super) unsafe fn at_strides(self, group: usize, strides: usize) -> Lanes {
        // SAFETY: handed on: a byte for each slot.
        unsafe { Group::load(self.afar(group).as_ptr()) }.bytes_of(strides as u8)
    }

    /// The header of the block.
    ///
    /// # Safety
    ///
    /// The block has at least `HEADER_FROM` groups.
    #[inline]
    pub(super) unsafe fn header(self) -> NonNull<Header<T>> {
        // SAFETY: B1: a header stands behind the last mark, at a multiple of 8.
        unsafe { self.tags.add(self.marks()).cast() }
    }

    /// The note of a block that has one.
    ///
    /// # Safety
    ///
    /// The block was laid out with a note.
    #[inline]
    pub(super) unsafe fn note(self) -> NonNull<super::Note> {
        let header = if self.groups() >= HEADER_FROM {
            size_of::<Header<T>>()
        } else {
            0
        };
        // SAFETY: B1.
        unsafe { self.tags.add(self.marks() + header).cast() }
    }

    /// The entry of this hash that is equal. What is seldom is out of line, with the comparison.
    ///
    /// # Safety
    ///
    /// The block is live (B1, B2), and borrowed at least shared; the groups on the way of this hash are initialised.
    #[inline(always)] // the lookup itself
    pub(super) unsafe fn find(self, hash: u64, mut eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        let mark = Mark::of(hash);
        let home = self.home(hash);
        // SAFETY: handed on; B2: matching lanes hold entries, as no tag is zero.
        unsafe {
            // (A loop over lanes in the place of the condition made hits 5 to 10 % slower.)
            let lanes = self.group(home).matches(mark);
            if let Some(lane) = lanes.first() {
                let slot = self.slot(home + lane);
                if eq(slot.as_ref()) {
                    return Some(slot);
                }
                return self.find_on(mark, home, lanes.without_first(), eq);
            }
            if self.flags(home).have(mark) {
                return self.find_afar(mark, home, eq);
            }
            None
        }
    }

    /// The same, but where home does not tell, it says where the search goes on: with which [candidate](Self::candidate). (Written out
    /// once more: with `find` made of this, counting by `entry` took 5 % more instructions.)
    ///
    /// # Safety
    ///
    /// As for [`find`](Self::find).
    #[inline(always)] // the lookup itself
    pub(super) unsafe fn find_at_home(
        self,
        hash: u64,
        eq: impl FnOnce(&T) -> bool,
    ) -> Result<Option<NonNull<T>>, Further> {
        let mark = Mark::of(hash);
        let home = self.home(hash);
        // SAFETY: as in `find`.
        unsafe {
            if let Some(lane) = self.group(home).matches(mark).first() {
                let slot = self.slot(home + lane);
                if eq(slot.as_ref()) {
                    return Ok(Some(slot));
                }
                unlikely();
                return Err(Further::behind(lane));
            }
            if self.flags(home).have(mark) {
                unlikely();
                return Err(Further::HOME);
            }
            Ok(None)
        }
    }

    /// The rest of a search whose first lane was that of another key: these lanes of its home, and the groups behind it.
    ///
    /// # Safety
    ///
    /// As for [`find`](Self::find), and the lanes are some of those that match.
    #[cold]
    #[inline(never)]
    unsafe fn find_on(
        self,
        mark: Mark,
        home: usize,
        lanes: Lanes,
        mut eq: impl FnMut(&T) -> bool,
    ) -> Option<NonNull<T>> {
        // SAFETY: handed on; B2: matching lanes hold entries.
        unsafe {
            for lane in lanes {
                let slot = self.slot(home + lane);
                if eq(slot.as_ref()) {
                    return Some(slot);
                }
            }
            if self.flags(home).have(mark) {
                return self.find_afar(mark, home, eq);
            }
        }
        None
    }

    /// The rest of a search, behind its home.
    ///
    /// # Safety
    ///
    /// As for [`find`](Self::find), and the home has the flag of the class.
    #[cold]
    #[inline(never)]
    unsafe fn find_afar(self, mark: Mark, home: usize, mut eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        for (_, at) in self.way(home, mark.class()) {
            // SAFETY: handed on; B2: matching lanes hold entries.
            unsafe {
                for lane in self.group(at).matches(mark) {
                    let slot = self.slot(at + lane);
                    if eq(slot.as_ref()) {
                        return Some(slot);
                    }
                }
                if !self.flags(at).have(mark) {
                    return None;
                }
            }
        }
        None
    }

    /// The entry of this hash that is equal, if it is not at home.
    ///
    /// # Safety
    ///
    /// As for [`find`](Self::find).
    #[inline]
    pub(super) unsafe fn find_elsewhere(self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        let (mark, home) = (Mark::of(hash), self.home(hash));
        // SAFETY: handed on.
        unsafe {
            if self.flags(home).have(mark) {
                return self.find_afar(mark, home, eq);
            }
        }
        None
    }

    /// The index of an entry that may have this hash, where all entries have one address.
    ///
    /// # Safety
    ///
    /// As for [`find`](Self::find).
    #[cold]
    pub(super) unsafe fn find_any(self, hash: u64) -> Option<usize> {
        let mark = Mark::of(hash);
        let home = self.home(hash);
        for at in core::iter::once(home).chain(self.way(home, mark.class()).map(|(_, at)| at)) {
            // SAFETY: handed on.
            unsafe {
                if let Some(lane) = self.group(at).matches(mark).first() {
                    return Some(at + lane);
                }
                if !self.flags(at).have(mark) {
                    break;
                }
            }
        }
        None
    }
}
