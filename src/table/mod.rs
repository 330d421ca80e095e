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
//! (`group.rs`, `block.rs`). A table of more than 224 entries grows in steps (`growth.rs`): every later insertion or removal
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
//! - **T4** No user code runs between the first and the last change of a step; what a step moves is hashed before.

#![allow(unsafe_code, reason = "one owner of raw blocks; see T1 to T4 and B1 to B5")]

mod block;
mod clone;
mod group;
mod growth;
mod hint;
mod iter;
#[cfg(test)]
mod tests;

use core::marker::PhantomData;
use core::mem;
use core::ptr::NonNull;

use self::block::{Block, HEADER_FROM, Layouts};
use self::group::{LANES, Mark, prefetch};
pub use self::hint::SizeHint;
#[cfg(feature = "rayon")]
pub(crate) use self::iter::{PieceMut, PieceOwned, PieceRef};
pub(crate) use self::iter::{
    RawDrain, RawExtractIf, RawIntoIter, RawIter, RawIterHash, RawIterHashMut, RawIterMut, RawIterRef,
};
use crate::arena::{Handle, Held, Raw};
use crate::error::ArenaError;

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
    entries: PhantomData<T>,
}

// SAFETY: T1: the one owner of its entries, which go with it; so does the handle.
unsafe impl<T: Send, H: Handle + Send> Send for Table<T, H> {}
// SAFETY: T1: a shared table gives shared entries only, and its handle is not used through `&`.
unsafe impl<T: Sync, H: Handle> Sync for Table<T, H> where Held<H>: Sync {}

impl<T: core::panic::RefUnwindSafe, H: Handle> core::panic::RefUnwindSafe for Table<T, H> {}
impl<T: core::panic::UnwindSafe, H: Handle> core::panic::UnwindSafe for Table<T, H> {}

/// The place of an entry without its table: for entry types that hold the map.
pub(crate) struct Slot<T> {
    entry: NonNull<T>,
    /// Meaningless in the small form.
    hash: u64,
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
    table: &'a mut Table<T, H>,
    slot: Slot<T>,
}

/// The place of an entry that is not there; perhaps room must be made first.
pub(crate) struct Vacant<'a, T, H: Handle> {
    table: &'a mut Table<T, H>,
    /// Meaningless in the small form.
    hash: u64,
}

/// The place of an entry that is not there, with room for it.
pub(crate) struct Free<'a, T, H: Handle> {
    table: &'a mut Table<T, H>,
    hash: u64,
}

impl<T, H: Handle> Table<T, H> {
    /// An empty table, which has taken nothing from its arena.
    #[inline]
    pub(crate) const fn new(handle: Held<H>) -> Self {
        Self {
            tags: NonNull::<T>::dangling().cast(),
            mask: 1,
            len: 0,
            limit: 0,
            handle,
            entries: PhantomData,
        }
    }

    #[inline(always)]
    pub(crate) const fn len(&self) -> usize {
        self.len
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

    /// The entry of a key.
    ///
    /// Complexity: O(1) on average. `hash` is not called where there are few entries.
    #[inline(always)] // the lookup itself
    pub(crate) fn find(&self, hash: impl FnOnce() -> u64, eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        if !self.is_settled() {
            return self.find_unsettled(hash, eq);
        }
        let hash = hash();
        // SAFETY: T1: a live block, borrowed as the table is.
        unsafe { self.block().find(hash, eq) }
    }

    /// The entry of a key.
    #[inline(always)] // the lookup itself
    pub(crate) fn get(&self, hash: impl FnOnce() -> u64, eq: impl FnMut(&T) -> bool) -> Option<&T> {
        match self.find(hash, eq) {
            // SAFETY: an entry, borrowed as the table is.
            Some(entry) => Some(unsafe { entry.as_ref() }),
            None => None,
        }
    }

    /// The entry of a key, to change in place. Nothing moves.
    #[inline(always)] // the lookup itself
    pub(crate) fn get_mut(&mut self, hash: impl FnOnce() -> u64, eq: impl FnMut(&T) -> bool) -> Option<&mut T> {
        match self.find(hash, eq) {
            // SAFETY: an entry, borrowed as the table is.
            Some(mut entry) => Some(unsafe { entry.as_mut() }),
            None => None,
        }
    }

    /// (Out of line: a loop of lookups then asks once, before it begins, whether the table is settled.)
    #[inline(never)]
    fn find_unsettled(&self, hash: impl FnOnce() -> u64, eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        if self.is_small() {
            self.find_small(eq)
        } else {
            self.find_moving(hash(), eq)
        }
    }

    #[inline(always)]
    fn find_small(&self, mut eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        let mut index = 0;
        while index < self.len {
            // SAFETY: T1: slots below `len` hold entries.
            unsafe {
                let entry = self.block().slot(index);
                if eq(entry.as_ref()) {
                    return Some(entry);
                }
            }
            index += 1;
        }
        None
    }

    #[cold]
    #[inline(never)]
    fn find_moving(&self, hash: u64, mut eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        // SAFETY: T1: both blocks are live; T3 says which ones to look into.
        unsafe {
            let header = self.block().header().as_ref();
            let place = header.old.home(hash) + Mark::of(hash).class();
            if place >= header.cursor {
                let found = header.old.find(hash, &mut eq);
                if found.is_some() || place > header.cursor {
                    return found;
                }
            }
            self.block().find(hash, eq)
        }
    }

    /// The place of a key, to change; entries that are on their way make a step first.
    ///
    /// Complexity: O(1) on average; no more than `growth::STEP` entries move.
    #[inline(always)] // part of every insertion
    pub(crate) fn search(
        &mut self,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> Search<'_, T, H> {
        let (found, hash) = if self.is_settled() {
            let hash = hash();
            // SAFETY: T1: a live block, borrowed as the table is.
            (unsafe { self.block().find(hash, eq) }, hash)
        } else {
            self.search_unsettled(hash, eq, hasher)
        };
        match found {
            Some(entry) => Search::Found(Found {
                table: self,
                slot: Slot { entry, hash },
            }),
            None => Search::Vacant(Vacant { table: self, hash }),
        }
    }

    #[inline(never)]
    fn search_unsettled(
        &mut self,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> (Option<NonNull<T>>, u64) {
        if self.is_small() {
            return (self.find_small(eq), 0);
        }
        let hash = hash();
        self.step(&hasher);
        (self.find(|| hash, eq), hash)
    }

    /// Puts an entry in, or hands it to `found` with the one that is equal.
    ///
    /// It does what [`search`](Self::search) and the calls after it do, with the usual case written out. Else the
    /// result of the search goes through memory, which costs as much as the search.
    ///
    /// Complexity: O(1) on average; no more than `growth::STEP` entries move.
    #[inline(always)] // the insertion itself
    pub(crate) fn insert<R>(
        &mut self,
        entry: T,
        hasher: impl Fn(&T) -> u64,
        eq: impl Fn(&T, &T) -> bool,
        found: impl FnOnce(&mut T, T) -> R + Copy,
    ) -> Result<Option<R>, (T, ArenaError)> {
        // (`found` is for one of three; it costs nothing to copy.)
        match self.insert_at_home(entry, &hasher, &eq, found) {
            Ok(done) => Ok(done),
            Err((entry, None)) => self.insert_out_of_line(entry, hasher, eq, found),
            Err((entry, Some(hash))) => self.insert_slowly(entry, hash, true, hasher, eq, found),
        }
    }

    #[inline(never)]
    fn insert_out_of_line<R>(
        &mut self,
        entry: T,
        hasher: impl Fn(&T) -> u64,
        eq: impl Fn(&T, &T) -> bool,
        found: impl FnOnce(&mut T, T) -> R,
    ) -> Result<Option<R>, (T, ArenaError)> {
        self.insert_unsettled(entry, hasher, eq, found)
    }

    /// [`insert`](Self::insert), as far as it is usual: at home, with room there. Else the entry comes back, and its hash if the
    /// table is settled: [`insert_unsettled`](Self::insert_unsettled) or [`insert_slowly`](Self::insert_slowly) is to be called.
    #[inline(always)] // the insertion itself
    #[allow(clippy::type_complexity, reason = "an entry and perhaps its hash")]
    pub(crate) fn insert_at_home<R>(
        &mut self,
        entry: T,
        hasher: impl Fn(&T) -> u64,
        eq: impl Fn(&T, &T) -> bool,
        found: impl FnOnce(&mut T, T) -> R,
    ) -> Result<Option<R>, (T, Option<u64>)> {
        if !self.is_settled() {
            return Err((entry, None));
        }
        let hash = hasher(&entry);
        // SAFETY: T1: a live block, borrowed as the table is.
        match unsafe { self.block().place_at_home(hash, |known| eq(&entry, known)) } {
            Some(Ok(mut slot)) => {
                // SAFETY: an entry; the table is borrowed exclusively.
                let known = unsafe { slot.as_mut() };
                Ok(Some(found(known, entry)))
            }
            Some(Err(index)) if self.len < self.limit & !NOTED => {
                // SAFETY: the index is that of a free slot at home, and there is room (T2).
                unsafe { self.block().put_at_home(index, hash, entry) };
                self.len += 1;
                Ok(None)
            }
            _ => Err((entry, Some(hash))),
        }
    }

    /// The small form, written out as well: most maps of a few entries are made, filled and read once. (In a function
    /// of its own, so that it takes few registers.)
    #[inline]
    pub(crate) fn insert_unsettled<R>(
        &mut self,
        entry: T,
        hasher: impl Fn(&T) -> u64,
        eq: impl Fn(&T, &T) -> bool,
        found: impl FnOnce(&mut T, T) -> R,
    ) -> Result<Option<R>, (T, ArenaError)> {
        if self.is_small() && self.len < self.small_capacity() {
            if let Some(mut known) = self.find_small(|known| eq(&entry, known)) {
                // SAFETY: B5: found just now; the table is borrowed exclusively.
                return Ok(Some(found(unsafe { known.as_mut() }, entry)));
            }
            // SAFETY: T1: the slot behind the last entry is free.
            unsafe { self.block().slot(self.len).write(entry) };
            self.len += 1;
            return Ok(None);
        }
        self.insert_growing(entry, hasher, eq, found)
    }

    /// For a table that has no block, a small one that is full, or one whose entries are moving.
    #[cold]
    #[inline(never)]
    fn insert_growing<R>(
        &mut self,
        entry: T,
        hasher: impl Fn(&T) -> u64,
        eq: impl Fn(&T, &T) -> bool,
        found: impl FnOnce(&mut T, T) -> R,
    ) -> Result<Option<R>, (T, ArenaError)> {
        if self.grow_small_if_empty() {
            // SAFETY: T1: the first slot is free.
            unsafe { self.block().slot(0).write(entry) };
            self.len = 1;
            return Ok(None);
        }
        if self.is_small() {
            if let Some(mut known) = self.find_small(|known| eq(&entry, known)) {
                // SAFETY: as above.
                return Ok(Some(found(unsafe { known.as_mut() }, entry)));
            }
            return match (Vacant { table: self, hash: 0 }).room(|| hasher(&entry), &hasher) {
                Ok(free) => {
                    free.put(entry);
                    Ok(None)
                }
                Err(error) => Err((entry, error)),
            };
        }
        let hash = hasher(&entry);
        self.step(&hasher);
        self.insert_slowly(entry, hash, false, hasher, eq, found)
    }

    /// For a table that is not small. `at_home` says that the entry was looked for at home already.
    #[cold]
    #[inline(never)]
    pub(crate) fn insert_slowly<R>(
        &mut self,
        entry: T,
        hash: u64,
        at_home: bool,
        hasher: impl Fn(&T) -> u64,
        eq: impl Fn(&T, &T) -> bool,
        found: impl FnOnce(&mut T, T) -> R,
    ) -> Result<Option<R>, (T, ArenaError)> {
        let eq_entry = |known: &T| eq(&entry, known);
        let known = if self.is_settled() {
            // SAFETY: T1: a live block, borrowed as the table is.
            unsafe {
                if at_home {
                    self.block().find_elsewhere(hash, eq_entry)
                } else {
                    self.block().find(hash, eq_entry)
                }
            }
        } else {
            self.find_moving(hash, eq_entry)
        };
        if let Some(mut known) = known {
            // SAFETY: B5: found just now; the table is borrowed exclusively.
            return Ok(Some(found(unsafe { known.as_mut() }, entry)));
        }
        if self.len >= self.capacity()
            && let Err(error) = self.grow(&hasher)
        {
            return Err((entry, error));
        }
        Free { table: self, hash }.put(entry);
        Ok(None)
    }

    /// The entry of a key, to look at and take out; entries that are on their way make a step first.
    #[inline(always)] // part of every removal
    pub(crate) fn find_entry(
        &mut self,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> Option<Found<'_, T, H>> {
        match self.search(hash, eq, hasher) {
            Search::Found(found) => Some(found),
            Search::Vacant(_) => None,
        }
    }

    /// Like [`find_entry`](Self::find_entry), where nobody can hash: nothing moves.
    #[inline]
    pub(crate) fn find_entry_at_rest(&mut self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<Found<'_, T, H>> {
        let entry = self.find(|| hash, eq)?;
        Some(Found {
            table: self,
            slot: Slot { entry, hash },
        })
    }

    /// Takes out the entry of an index.
    ///
    /// # Safety
    ///
    /// B5.
    #[inline]
    unsafe fn take(&mut self, index: usize) -> T {
        // SAFETY: handed on; T1: in the small form the last entry fills the gap, so that the first `len` slots are full.
        unsafe {
            self.len -= 1;
            if self.is_small() {
                let slot = self.slot(index);
                let entry = slot.read();
                slot.copy_from(self.slot(self.len), 1);
                return entry;
            }
            self.leave(index);
            let (block, index) = self.resolve(index);
            block.take(index)
        }
    }

    /// Counts an entry that is taken out, if it stands in the old block.
    ///
    /// # Safety
    ///
    /// As for `resolve`.
    #[inline]
    unsafe fn leave(&mut self, index: usize) {
        if index & OLD != 0 {
            // SAFETY: T1: such indices are handed out while entries move only.
            unsafe { (*self.block().header().as_ptr()).left -= 1 };
        }
    }

    /// Asks for the lines that a search for this hash will read.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        if self.is_settled() {
            let home = self.block().home(hash);
            prefetch(self.tags.as_ptr().wrapping_add(home));
            prefetch(self.tags.as_ptr().cast::<T>().wrapping_sub(home + LANES / 2));
        }
    }

    /// Asks for the slots that a search for this hash will read, while it reads the tags.
    #[inline(always)]
    pub(crate) fn prefetch_slots(&self, hash: u64) {
        let home = self.block().home(hash); // of a small table it is any place, which harms nobody
        prefetch(self.tags.as_ptr().cast::<T>().wrapping_sub(home + LANES / 4));
        prefetch(self.tags.as_ptr().cast::<T>().wrapping_sub(home + LANES * 3 / 4));
    }

    /// The indices of several keys; `None` where one is missing. Nothing moves.
    ///
    /// `hash` and `eq` are given the number of the key.
    ///
    /// # Panics
    ///
    /// If two keys have the same entry.
    pub(crate) fn find_many_mut<const N: usize>(
        &mut self,
        hash: impl Fn(usize) -> u64,
        eq: impl Fn(usize, &T) -> bool,
    ) -> [Option<&'_ mut T>; N] {
        let mut number = 0;
        let found = [(); N].map(|()| {
            let this = number;
            number += 1;
            self.find(|| hash(this), |entry| eq(this, entry))
        });
        for (this, place) in found.iter().enumerate() {
            // A type without a size has one place for all entries, and one entry that is equal.
            assert!(
                place.is_none() || !found[..this].contains(place),
                "duplicate keys found"
            );
        }
        // SAFETY: B2: entries, pairwise different, and no search comes after the first of these references.
        found.map(|place| place.map(|mut place| unsafe { place.as_mut() }))
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
    fn free_blocks(&mut self) {
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
    fn give_back_small(&self, tags: NonNull<u8>, capacity: usize, noted: bool) {
        if capacity == 0 {
            return;
        }
        if let Some((layout, before)) = Layouts::<T>::small(capacity, noted) {
            // SAFETY: T1: the block was taken with this layout from this arena.
            unsafe { self.handle.dealloc(tags.sub(before), layout) };
        }
    }

    #[inline]
    fn give_back(&self, block: Block<T>, noted: bool) {
        if let Some((layout, before)) = Layouts::<T>::of(block.groups(), noted) {
            // SAFETY: T1: the block was taken with this layout from this arena.
            unsafe { self.handle.dealloc(block.tags.sub(before), layout) };
        }
    }

    /// Gives everything back, and the handle out.
    pub(crate) fn into_handle(mut self) -> H {
        self.end(); // where the drop of an entry panics, the handle goes with the table
        let this = mem::ManuallyDrop::new(self);
        // SAFETY: moved out of a value that nobody uses or drops any more.
        unsafe { (&raw const this.handle).read() }.into_inner()
    }

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
                    self.0.len -= 1;
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

    /// Bytes of the blocks.
    pub(crate) fn allocation_size(&self) -> usize {
        let size = |layout: Option<(core::alloc::Layout, usize)>| layout.map_or(0, |(layout, _)| layout.size());
        if self.is_small() {
            if self.small_capacity() == 0 {
                0
            } else {
                size(Layouts::<T>::small(self.small_capacity(), self.is_noted()))
            }
        } else {
            let mut bytes = size(Layouts::<T>::of(self.block().groups(), self.is_noted()));
            if self.is_moving() {
                // SAFETY: T1.
                let header = unsafe { self.block().header().as_ref() };
                bytes += size(Layouts::<T>::of(header.old.groups(), header.old_noted));
            }
            bytes
        }
    }

    /// Slots of all blocks.
    pub(crate) fn slots(&self) -> usize {
        if self.is_small() {
            return self.small_capacity();
        }
        let old = if self.is_moving() {
            // SAFETY: T1.
            unsafe { self.block().header().as_ref() }.old.slots()
        } else {
            0
        };
        self.block().slots() + old
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
            let index = self.table.index_of(self.slot);
            if !self.table.is_settled() {
                return self.table.take(index);
            }
            self.table.len -= 1;
            self.table.block().take(index)
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
        match table.make_room(known, hash, hasher) {
            Ok(hash) => Ok(Free { table, hash }),
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
        let entry = if table.is_settled() {
            // SAFETY: T1, T2: a live block with a free slot.
            unsafe { table.block().put(hash, entry, |_| ()) }
        } else {
            table.put_unsettled(hash, entry)
        };
        table.len += 1;
        Found {
            table,
            slot: Slot { entry, hash },
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

    /// Makes room in a table whose entries are moving, or that is full. Returns the hash: `known`, or a new one for a
    /// table that was small.
    #[cold]
    #[inline(never)]
    fn make_room(
        &mut self,
        known: u64,
        hash: impl FnOnce() -> u64,
        hasher: impl Fn(&T) -> u64,
    ) -> Result<u64, ArenaError> {
        let mut known = known;
        if self.is_small() {
            if self.small_capacity() < SMALL {
                self.grow_small()?;
                return Ok(known);
            }
            known = hash();
        }
        if self.len >= self.capacity() {
            self.grow(&hasher)?;
        }
        Ok(known)
    }

    /// Writes an entry into a free slot, of which there is one.
    #[inline(never)]
    fn put_unsettled(&mut self, hash: u64, entry: T) -> NonNull<T> {
        let block = self.block();
        // SAFETY: T1, T2: the slot behind the last one of a small table; blocks with free slots, of which T3 says which one.
        unsafe {
            if self.is_small() {
                let slot = block.slot(self.len);
                slot.write(entry);
                return slot;
            }
            let header = block.header().as_ptr();
            let old = (*header).old;
            if old.home(hash) + Mark::of(hash).class() > (*header).cursor {
                (*header).left += 1;
                old.put(hash, entry, |_| ())
            } else {
                growth::put_in_new(block, hash, entry)
            }
        }
    }
}
