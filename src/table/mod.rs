//! The table of every growing map. It knows no keys and no hashers: it is given hashes, comparisons, and closures that
//! hash an entry when it moves.
//!
//! ```text
//!  Table      tags | mask | len | limit | handle
//!
//!  empty      tags: dangling        mask: 1               limit: 0
//!  small      tags: end of slots    mask: 2 capacity + 1  limit: 0    | slot n - 1 | ... | slot 0 |
//!  settled    tags of the block     mask: 16 (g - 1)      limit: 14 g
//!  moving     tags of the new one   mask: of the new one  limit: 0    its `Header` knows the old block and the cursor
//! ```
//!
//! A map of few entries is one block of slots, searched by comparing keys and hashed only when it grows into groups of tags
//! (`group.rs`, `block.rs`). A table of more than 224 entries grows in steps (`growth.rs`, `steps.rs`): every later insertion, removal or `get_mut`
//! moves a home group of the old block, until nothing is left there. A `limit` of 0 sends what is not settled out of the
//! common path, with one comparison; its lowest bit says that a [`Note`] stands at the end of the block.
//!
//! There is one way to insert. [`Table::search`] gives [`Found`] or [`Vacant`]; [`Vacant::room`] makes room if there is
//! none, and may be refused; it gives [`Free`], and [`Free::put`] cannot fail.
//!
//! Invariants, beside those of `block.rs`:
//!
//! - **T1** `tags` and `mask` are those of a live block of the table's arena that nothing else names, as drawn above. In the
//!   small form slots `0..len` hold entries, and no other.
//! - **T2** `len` is the number of entries. If `limit > 1`, then `limit & !1` is that of the block, and every block has a free
//!   slot: at most 14 of 16 are taken; in an old block at most 15 of 16, since each insertion moves a group out of it first.
//! - **T3** While entries move, each is where its place in the old block says: `home + class` below the cursor, in the new one;
//!   above, in the old one; at the cursor, in either. The header counts those in the old one.
//! - **T4** No user code runs between the first change of a step that a search can see and the last one of the same home: what moves
//!   is hashed before. (But for copies into groups that have no entries yet: if a hasher panics, they are forgotten; `split.rs`.)

#![allow(unsafe_code, reason = "one owner of raw blocks; see T1 to T4 and B1 to B5")]

mod block;
mod clone;
pub(crate) mod group;
mod growth;
mod hint;
mod iter;
mod place;
mod search;
mod split;
mod steps;
#[cfg(test)]
mod tests;

use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem;
use core::ptr::NonNull;

use self::block::{Block, HEADER_FROM, Layouts};
use self::group::LANES;
pub use self::hint::SizeHint;
#[cfg(feature = "rayon")]
pub(crate) use self::iter::{PieceMut, PieceOwned, PieceRef};
pub(crate) use self::iter::{
    RawDrain, RawExtractIf, RawIntoIter, RawIter, RawIterHash, RawIterHashMut, RawIterMut, RawIterRef,
};
pub(crate) use self::place::{Found, Free, Search, Slot, Vacant};
pub(crate) use self::search::KeyShape;
use crate::arena::{Handle, Held, Raw};
use crate::error::ArenaError;
use crate::observe::tally::TableTally;
use crate::observe::watch::{Kind, Place, Watch};
use crate::stats::ProbeLengths;

/// Entries up to which a table has no tags.
///
/// Comparing four numbers takes as long as a hash and a group of tags. With more entries, the group is faster.
pub(crate) const SMALL: usize = 4;

/// An index in the old block of a move.
const OLD: usize = 1 << (usize::BITS - 1);

/// The bit of `limit` that says that the block ends with a note.
const NOTED: usize = 1;

/// The hint that a table reports its size to, and the size.
#[derive(Clone, Copy)]
pub(crate) struct Note {
    hint: &'static SizeHint,
    peak: usize,
}

/// Entries, and the arena that they are in.
pub(crate) struct Table<T, H: Handle> {
    tags: NonNull<u8>,
    mask: usize,
    len: usize,
    limit: usize,
    handle: Held<H>,
    pub(crate) watch: Watch,
    pub(crate) tally: TableTally,
    entries: PhantomData<T>,
}

// SAFETY: T1: the one owner of its entries, which go with it; so does the handle.
unsafe impl<T: Send, H: Handle + Send> Send for Table<T, H> {}
// SAFETY: T1: a shared table gives shared entries only, and its handle is not used through `&`.
unsafe impl<T: Sync, H: Handle> Sync for Table<T, H> where Held<H>: Sync {}

impl<T: core::panic::RefUnwindSafe, H: Handle> core::panic::RefUnwindSafe for Table<T, H> {}
impl<T: core::panic::UnwindSafe, H: Handle> core::panic::UnwindSafe for Table<T, H> {}

impl<T, H: Handle> Table<T, H> {
    /// An empty table, which has taken nothing from its arena.
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub(crate) const fn new(handle: Held<H>, kind: Kind) -> Self {
        Self {
            tags: NonNull::<T>::dangling().cast(),
            mask: 1,
            len: 0,
            limit: 0,
            handle,
            watch: Watch::new(kind, Place::here()),
            tally: TableTally::new(),
            entries: PhantomData,
        }
    }

    #[inline(always)]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn set_len(&mut self, len: usize) {
        self.len = len;
        if len == 0 {
            self.tally.calm();
        }
        self.watch.entries(len);
    }

    /// Blocks came or went: whoever watches is told of their bytes.
    #[inline(always)]
    #[cfg_attr(
        not(feature = "registry"),
        allow(clippy::unused_self, reason = "nothing is done without the feature")
    )]
    fn watch_blocks(&mut self) {
        #[cfg(feature = "registry")]
        {
            if self.mask != 1 {
                self.watch.list();
                self.handle.made_at(self.watch.place());
            }
            self.watch.bytes(|| self.allocation_size());
            self.watch.entries(self.len);
        }
    }

    #[inline]
    pub(crate) const fn handle(&self) -> &Held<H> {
        &self.handle
    }

    /// The arena of the table, made if need be: for what its entries have there.
    #[inline]
    pub(crate) fn arena(&mut self) -> Result<Raw<H>, ArenaError> {
        self.handle.made()
    }

    #[inline(always)]
    const fn is_settled(&self) -> bool {
        self.limit > NOTED
    }

    #[inline(always)]
    const fn is_small(&self) -> bool {
        self.mask % 2 == 1
    }

    #[inline(always)]
    const fn is_noted(&self) -> bool {
        self.limit & NOTED != 0
    }

    /// Whether entries are moving from one block to another.
    #[inline(always)]
    pub(crate) const fn is_moving(&self) -> bool {
        !self.is_settled() && !self.is_small()
    }

    /// Slots of a small table.
    #[inline]
    const fn small_capacity(&self) -> usize {
        self.mask / 2
    }

    #[inline(always)]
    const fn block(&self) -> Block<T> {
        Block::new(self.tags, self.mask)
    }

    /// Entries that fit without growing.
    #[inline]
    pub(crate) const fn capacity(&self) -> usize {
        if self.is_small() {
            self.small_capacity()
        } else {
            self.block().limit()
        }
    }

    /// The block of an index, and the index in it.
    ///
    /// # Safety
    ///
    /// The index is one that this table handed out, and it has not changed since (B5); it is not small.
    #[inline(always)]
    unsafe fn resolve(&self, index: usize) -> (Block<T>, usize) {
        if index & OLD == 0 {
            (self.block(), index)
        } else {
            // SAFETY: T1: such indices are handed out while entries move only.
            (unsafe { self.block().header().as_ref() }.old, index & !OLD)
        }
    }

    /// The index of an entry.
    ///
    /// # Safety
    ///
    /// B5: an entry of this table, put in with this hash.
    #[inline(always)] // part of every removal
    unsafe fn index_of(&self, Slot { entry, hash }: Slot<T>) -> usize {
        // SAFETY: handed on; T1: while entries move, the entry is in one block or the other.
        unsafe {
            if size_of::<T>() == 0 {
                return self.index_of_any(hash);
            }
            if self.is_moving() {
                let old = self.block().header().as_ref().old;
                if old.has(entry) {
                    return old.index_of(entry) | OLD;
                }
            }
            self.block().index_of(entry)
        }
    }

    /// The index of an entry with this hash, where all entries have one address and are the same.
    ///
    /// # Safety
    ///
    /// As for [`index_of`](Self::index_of).
    unsafe fn index_of_any(&self, hash: u64) -> usize {
        if self.is_small() {
            return self.len - 1;
        }
        // SAFETY: handed on.
        unsafe {
            if self.is_moving() {
                let old = self.block().header().as_ref().old;
                if let Some(index) = old.find_any(hash) {
                    return index | OLD;
                }
            }
            match self.block().find_any(hash) {
                Some(index) => index,
                None => unreachable!("an entry was found with this hash"),
            }
        }
    }

    /// # Safety
    ///
    /// As for `resolve`, but small tables too.
    #[inline(always)]
    unsafe fn slot(&self, index: usize) -> NonNull<T> {
        // SAFETY: handed on; slots end at `tags` in every form.
        unsafe {
            let (block, index) = self.resolve(index);
            block.slot(index)
        }
    }

    /// Notes the length before it falls.
    #[inline]
    pub(crate) fn note_peak(&mut self) {
        if self.is_noted() {
            // SAFETY: T1.
            let note = unsafe { self.note().as_mut() };
            note.peak = note.peak.max(self.len);
        }
    }

    /// Reports the longest that the table was, and forgets it.
    pub(crate) fn record(&mut self) {
        self.note_peak();
        if self.is_noted() {
            // SAFETY: T1.
            let note = unsafe { self.note().as_mut() };
            let peak = mem::take(&mut note.peak);
            if peak > 0 {
                note.hint.record(peak);
            }
        }
    }

    /// # Safety
    ///
    /// The table is noted.
    #[inline]
    unsafe fn note(&self) -> NonNull<Note> {
        if self.is_small() {
            return self.tags.cast();
        }
        // SAFETY: handed on.
        unsafe { self.block().note() }
    }

    /// Removes every entry, and keeps the block.
    pub(crate) fn clear(&mut self) {
        drop(self.drain());
    }

    /// Gives the blocks back. The entries are gone, or leaked.
    #[inline]
    fn free_blocks(&mut self) {
        if !self.is_small() || self.is_noted() {
            return self.free_other_blocks();
        }
        // (Written out: most maps of a few entries end soon after they were made.)
        let (tags, capacity) = (self.tags, self.small_capacity());
        self.forget_blocks();
        if capacity != 0 {
            let before = capacity * size_of::<T>();
            // SAFETY: T1: the block was taken from this arena with this layout, which is that of `Layouts::small` without a note.
            unsafe {
                let layout = Layout::from_size_align_unchecked(before, align_of::<T>());
                self.handle.dealloc_table(tags.sub(before), layout);
            }
        }
        self.watch_blocks();
    }

    /// The same of a table of groups, or with a note.
    #[inline(never)]
    fn free_other_blocks(&mut self) {
        if self.is_moving() {
            // SAFETY: T1.
            let header = unsafe { self.block().header().as_ref() };
            self.give_back(header.old, header.old_noted);
        }
        let noted = self.is_noted();
        let (tags, mask) = (self.tags, self.mask);
        self.forget_blocks();
        if mask % 2 == 1 {
            self.give_back_small(tags, mask / 2, noted);
        } else {
            self.give_back(Block::new(tags, mask), noted);
        }
        self.watch_blocks();
    }

    /// Makes the table an empty one that has nothing.
    #[inline]
    fn forget_blocks(&mut self) {
        self.tags = NonNull::<T>::dangling().cast();
        self.mask = 1;
        self.len = 0;
        self.limit = 0;
    }

    #[inline]
    fn give_back_small(&mut self, tags: NonNull<u8>, capacity: usize, noted: bool) {
        if capacity == 0 {
            return;
        }
        if let Some((layout, before)) = Layouts::<T>::small(capacity, noted) {
            // SAFETY: T1: the block was taken with this layout from this arena.
            unsafe { self.handle.dealloc_table(tags.sub(before), layout) };
        }
    }

    #[inline]
    fn give_back(&mut self, block: Block<T>, noted: bool) {
        // SAFETY: T1: the block was taken with this layout from this arena.
        unsafe {
            let (layout, before) = block.layout(noted);
            self.handle.dealloc_table(block.tags.sub(before), layout);
        }
    }

    /// Gives everything back, and the handle out.
    pub(crate) fn into_handle(mut self) -> H {
        self.end(); // where the drop of an entry panics, the handle goes with the table
        self.watch.end();
        let this = mem::ManuallyDrop::new(self);
        // SAFETY: moved out of a value that nobody uses or drops any more.
        unsafe { (&raw const this.handle).read() }.into_inner()
    }

    #[inline]
    fn end(&mut self) {
        self.record();
        if mem::needs_drop::<T>() && self.len > 0 {
            if self.is_small() {
                self.drop_small();
            } else {
                self.drop_entries();
            }
        }
        self.free_blocks();
    }

    /// Drops the entries of a small table, as [`drop_entries`](Self::drop_entries).
    fn drop_small(&mut self) {
        struct Rest<'a, T, H: Handle>(&'a mut Table<T, H>);
        impl<T, H: Handle> Rest<'_, T, H> {
            #[inline(always)]
            fn drop_all(&mut self) {
                while self.0.len > 0 {
                    self.0.set_len(self.0.len - 1);
                    // SAFETY: T1: the last entry, which nobody meets again.
                    unsafe { self.0.block().slot(self.0.len).drop_in_place() };
                }
            }
        }
        impl<T, H: Handle> Drop for Rest<'_, T, H> {
            fn drop(&mut self) {
                self.drop_all();
                self.0.free_blocks();
            }
        }
        let mut rest = Rest(self);
        rest.drop_all();
        mem::forget(rest);
    }

    /// Drops all entries, also those after one whose drop panics. In that case the blocks are given back, too.
    fn drop_entries(&mut self) {
        struct Rest<'a, T, H: Handle>(&'a mut Table<T, H>, RawIter<T>);
        impl<T, H: Handle> Drop for Rest<'_, T, H> {
            fn drop(&mut self) {
                for entry in self.1.by_ref() {
                    // SAFETY: each entry is met once, and nobody meets it again.
                    unsafe { entry.drop_in_place() };
                }
                self.0.free_blocks();
            }
        }
        let entries = self.raw_iter();
        let mut rest = Rest(self, entries);
        for entry in rest.1.by_ref() {
            // SAFETY: as above.
            unsafe { entry.drop_in_place() };
        }
        mem::forget(rest);
    }

    /// The block that entries move out of, and whether it ends with a note.
    fn old(&self) -> Option<(Block<T>, bool)> {
        self.is_moving().then(|| {
            // SAFETY: T1.
            let header = unsafe { self.block().header().as_ref() };
            (header.old, header.old_noted)
        })
    }

    /// The layouts of the block and of the old one, as the arena was asked for them; of no bytes where there is none.
    pub(crate) fn layouts(&self) -> (Layout, Layout) {
        let of = |layout: Option<(Layout, usize)>| layout.map_or(Layout::new::<()>(), |(layout, _)| layout);
        let newest = if !self.is_small() {
            Layouts::<T>::of(self.block().groups(), self.is_noted())
        } else if self.small_capacity() == 0 {
            None
        } else {
            Layouts::<T>::small(self.small_capacity(), self.is_noted())
        };
        let old = self
            .old()
            .and_then(|(old, noted)| Layouts::<T>::of(old.groups(), noted));
        (of(newest), of(old))
    }

    /// Bytes of the blocks.
    pub(crate) fn allocation_size(&self) -> usize {
        let (newest, old) = self.layouts();
        newest.size() + old.size()
    }

    /// Slots of all blocks.
    pub(crate) fn slots(&self) -> usize {
        if self.is_small() {
            return self.small_capacity();
        }
        self.block().slots() + self.old().map_or(0, |(old, _)| old.slots())
    }

    /// How many groups finding each entry looks at. A small table is one.
    ///
    /// Complexity: O(slots).
    pub(crate) fn probe_lengths(&self) -> ProbeLengths {
        let mut lengths = ProbeLengths::default();
        if self.is_small() {
            lengths.add(self.len, 1);
            return lengths;
        }
        let mut walk = |block: Block<T>, groups: core::ops::Range<usize>| {
            for group in groups.step_by(LANES) {
                // SAFETY: T1: an initialised group of a live block.
                for lane in unsafe { block.group(group) }.full() {
                    // SAFETY: as above.
                    lengths.add(1, 1 + unsafe { block.strides(group + lane) });
                }
            }
        };
        let block = self.block();
        if self.is_settled() {
            walk(block, 0..block.slots());
        } else {
            // SAFETY: T1: a moving table has a header, and what that says is initialised.
            let header = unsafe { block.header().as_ref() };
            walk(header.old, 0..header.old.slots());
            for start in (0..block.slots()).step_by(header.part) {
                walk(block, start..start + header.zeroed);
            }
        }
        lengths
    }

    /// How many entries the last call moved that moved any, and how many slots of the old block are left.
    pub(crate) fn progress(&self) -> (usize, usize) {
        if self.is_small() || self.block().groups() < HEADER_FROM {
            return (0, 0);
        }
        // SAFETY: T1: the header of such a block is written when it is made.
        let header = unsafe { self.block().header().as_ref() };
        let left = if self.is_moving() {
            header.old.slots() - (header.cursor & !(LANES - 1))
        } else {
            0
        };
        (header.moved, left)
    }
}

impl<T, H: Handle> Drop for Table<T, H> {
    #[inline]
    fn drop(&mut self) {
        if self.mask != 1 {
            self.end();
        }
    }
}
