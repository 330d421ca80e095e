//! How entries are found, and the usual insertion.
//!
//! A settled table is one block, where a search goes from group to group (`block.rs`). A small table is walked, and a moving one is
//! looked through in one block or both, as T3 in `mod.rs` says: these two are behind one comparison of `limit`.

#![allow(unsafe_code, reason = "reads and writes entries of raw blocks; T1 to T4 in `mod.rs`")]

use core::hint::select_unpredictable;
use core::ptr::NonNull;

use super::block::{Block, Further, Header};
use super::group::{LANES, Mark, prefetch};
use super::steps;
use super::{Found, Free, NOTED, OLD, Search, Slot, Table, Vacant};
use crate::arena::Handle;
use crate::error::ArenaError;

/// How a key comes to a search, which decides what of it is out of line.
#[derive(Clone, Copy)]
pub(crate) enum KeyShape {
    /// In one register, or as the address of bytes: what a search does seldom is out of line, with the comparison.
    Whole,
    /// Perhaps made of parts by the caller just now: no address of it leaves the caller's function. (`block/candidates.rs` says why.)
    Parts,
}

impl KeyShape {
    /// Bytes of the largest keys of which parts are read together.
    const MOST: usize = 32;

    #[inline(always)] // a constant
    pub(crate) const fn of<Q: ?Sized>(key: &Q) -> Self {
        let is_sized = size_of::<&Q>() == size_of::<&()>();
        if is_sized && size_of_val(key) > align_of_val(key) && size_of_val(key) <= Self::MOST {
            KeyShape::Parts
        } else {
            KeyShape::Whole
        }
    }
}

impl<T, H: Handle> Table<T, H> {
    /// The entry of a key.
    ///
    /// Complexity: O(1) on average. `hash` is not called where there are few entries.
    #[inline(always)] // the lookup itself
    pub(crate) fn find(
        &self,
        shape: KeyShape,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
    ) -> Option<NonNull<T>> {
        if self.is_settled() {
            self.find_settled(shape, hash(), eq)
        } else if matches!(shape, KeyShape::Whole) {
            self.find_unsettled(hash, eq)
        } else if self.is_small() {
            self.find_small(eq)
        } else {
            self.find_further(hash(), Further::START, eq)
        }
    }

    #[inline(always)] // the lookup itself
    fn find_settled(&self, shape: KeyShape, hash: u64, mut eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        // SAFETY: T1: a live block, borrowed as the table is.
        unsafe {
            if matches!(shape, KeyShape::Whole) {
                return self.block().find(hash, eq);
            }
            match self.block().find_at_home(hash, &mut eq) {
                Ok(found) => found,
                Err(from) => self.find_further(hash, from, eq),
            }
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

    /// The entry of a hash in a table that is not small.
    #[cold]
    #[inline(never)]
    fn find_moving(&self, hash: u64, mut eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        let (first, second) = self.sides(hash);
        // SAFETY: T1: live blocks, borrowed as the table is; T3 says which ones to look into.
        unsafe {
            let found = first.find(hash, &mut eq);
            if found.is_some() {
                return found;
            }
            second?.find(hash, eq)
        }
    }

    /// The entry of a hash among the candidates from one on, in a table that is not small: of a key in parts.
    #[inline(always)]
    fn find_further(&self, hash: u64, from: Further, mut eq: impl FnMut(&T) -> bool) -> Option<NonNull<T>> {
        let mut from = from;
        while let Some((entry, next)) = self.candidate(hash, from) {
            // SAFETY: an entry, borrowed as the table is.
            if eq(unsafe { entry.as_ref() }) {
                return Some(entry);
            }
            from = next;
        }
        None
    }

    /// The first candidate from one on, and the one behind it. The table is not small.
    #[cold]
    #[inline(never)]
    fn candidate(&self, hash: u64, from: Further) -> Option<(NonNull<T>, Further)> {
        // SAFETY: T1: live blocks, borrowed as the table is; T3 says which ones to look into.
        unsafe {
            let (first, second) = self.sides(hash);
            if !from.is_in_second() {
                let found = first.candidate(hash, from);
                if found.is_some() {
                    return found;
                }
            }
            let (entry, next) = second?.candidate(hash, from.in_first())?;
            Some((entry, next.in_second()))
        }
    }

    /// The entry of a key.
    #[inline(always)] // the lookup itself
    pub(crate) fn get(&self, shape: KeyShape, hash: impl FnOnce() -> u64, eq: impl FnMut(&T) -> bool) -> Option<&T> {
        match self.find(shape, hash, eq) {
            // SAFETY: an entry, borrowed as the table is.
            Some(entry) => Some(unsafe { entry.as_ref() }),
            None => None,
        }
    }

    /// The entry of a key, to change in place. Nothing moves.
    #[inline(always)] // the lookup itself
    pub(crate) fn get_mut(
        &mut self,
        shape: KeyShape,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
    ) -> Option<&mut T> {
        match self.find(shape, hash, eq) {
            // SAFETY: an entry, borrowed as the table is.
            Some(mut entry) => Some(unsafe { entry.as_mut() }),
            None => None,
        }
    }

    /// The entry of a key, to change in place; entries that are on their way make a step first. (Else a map whose keys are mostly
    /// there, and are changed in place, would go on looking into two blocks for long.)
    ///
    /// Complexity: O(1) on average; no more than `steps::STEP` entries move.
    #[inline(always)] // the lookup itself
    pub(crate) fn step_and_get_mut(
        &mut self,
        shape: KeyShape,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> Option<&mut T> {
        let found = if self.is_settled() {
            self.find_settled(shape, hash(), eq)
        } else {
            self.step_and_find(shape, hash, eq, hasher).0
        };
        match found {
            // SAFETY: an entry, borrowed as the table is.
            Some(mut entry) => Some(unsafe { entry.as_mut() }),
            None => None,
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

    /// A hash's place in the old block of a move, and the block to look into first. (Which one it is cannot be guessed: so it is chosen, not
    /// jumped to.)
    #[inline(always)]
    fn side(&self, header: &Header<T>, hash: u64) -> (usize, Block<T>) {
        let place = header.old.home(hash) + Mark::of(hash).class();
        let block = select_unpredictable(place >= header.cursor, header.old, self.block());
        (place, block)
    }

    /// The block to look into for a hash, and perhaps another one. The table is not small.
    #[inline]
    pub(super) fn sides(&self, hash: u64) -> (Block<T>, Option<Block<T>>) {
        if self.is_settled() {
            return (self.block(), None);
        }
        // SAFETY: T1: a moving table has a header.
        let header = unsafe { self.block().header().as_ref() };
        let (place, block) = self.side(header, hash);
        (block, (place == header.cursor).then(|| self.block())) // T3
    }

    /// The place of a key, to change; entries that are on their way make a step first.
    ///
    /// Complexity: O(1) on average; no more than `steps::STEP` entries move.
    #[inline(always)] // part of every insertion
    pub(crate) fn search(
        &mut self,
        shape: KeyShape,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> Search<'_, T, H> {
        let (found, hash) = if self.is_settled() {
            let hash = hash();
            (self.find_settled(shape, hash, eq), hash)
        } else {
            self.step_and_find(shape, hash, eq, hasher)
        };
        match found {
            Some(entry) => Search::Found(Found {
                table: self,
                slot: Slot { entry, hash },
            }),
            None => Search::Vacant(Vacant { table: self, hash }),
        }
    }

    /// The entry of a key, and the key's hash, which is 0 in a small table; entries that are on their way make a step first. The table is not
    /// settled.
    #[inline(always)]
    fn step_and_find(
        &mut self,
        shape: KeyShape,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> (Option<NonNull<T>>, u64) {
        if matches!(shape, KeyShape::Whole) {
            self.step_and_find_whole(hash, eq, hasher)
        } else if self.is_small() {
            (self.find_small(eq), 0)
        } else {
            let hash = hash();
            self.step_before(hash, &hasher);
            (self.find_further(hash, Further::START, eq), hash)
        }
    }

    /// The same, out of line.
    #[inline(never)]
    fn step_and_find_whole(
        &mut self,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> (Option<NonNull<T>>, u64) {
        if self.is_small() {
            return (self.find_small(eq), 0);
        }
        let hash = hash();
        self.step_before(hash, &hasher);
        (self.find_moving(hash, eq), hash)
    }

    /// Puts an entry in, or hands it to `found` with the one that is equal.
    ///
    /// It does what [`search`](Self::search) and the calls after it do, with the usual case written out. Else the
    /// result of the search goes through memory, which costs as much as the search.
    ///
    /// Complexity: O(1) on average; no more than `steps::STEP` entries move.
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
                self.set_len(self.len + 1);
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
            self.set_len(self.len + 1);
            return Ok(None);
        }
        if self.grow_small_if_at_hand() {
            // SAFETY: T1: the first slot is free.
            unsafe { self.block().slot(0).write(entry) };
            self.set_len(1);
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
            self.set_len(1);
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
        self.step_before(hash, &hasher);
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
        let known = if at_home && self.is_settled() {
            // SAFETY: T1: a live block, borrowed as the table is.
            unsafe { self.block().find_elsewhere(hash, eq_entry) }
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
        shape: KeyShape,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> Option<Found<'_, T, H>> {
        match self.search(shape, hash, eq, hasher) {
            Search::Found(found) => Some(found),
            Search::Vacant(_) => None,
        }
    }

    /// Takes the entry of a key out; entries that are on their way make a step first. (Of a settled table, written out: few instructions, so
    /// that they stand in the loops of callers.)
    #[inline(always)] // the removal itself
    pub(crate) fn remove(
        &mut self,
        shape: KeyShape,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> Option<T> {
        if self.is_settled() {
            let hash = hash();
            let entry = self.find_settled(shape, hash, eq)?;
            let slot = Slot { entry, hash };
            // SAFETY: it is settled.
            return Some(unsafe { Found { table: self, slot }.remove_settled() });
        }
        if matches!(shape, KeyShape::Whole) {
            return self.remove_unsettled(hash, eq, hasher);
        }
        let (entry, hash) = self.step_and_find(shape, hash, eq, hasher);
        let slot = Slot { entry: entry?, hash };
        Some(Found { table: self, slot }.remove_out_of_line())
    }

    #[inline(never)]
    fn remove_unsettled(
        &mut self,
        hash: impl FnOnce() -> u64,
        eq: impl FnMut(&T) -> bool,
        hasher: impl Fn(&T) -> u64,
    ) -> Option<T> {
        self.find_entry(KeyShape::Whole, hash, eq, hasher).map(Found::remove)
    }

    /// Like [`find_entry`](Self::find_entry), where nobody can hash: nothing moves.
    #[inline]
    pub(crate) fn find_entry_at_rest(&mut self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<Found<'_, T, H>> {
        let entry = self.find(KeyShape::Parts, || hash, eq)?;
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
    pub(super) unsafe fn take(&mut self, index: usize) -> T {
        // SAFETY: handed on; T1: in the small form the last entry fills the gap, so that the first `len` slots are full.
        unsafe {
            self.set_len(self.len - 1);
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

    /// Makes a step for the sake of a call that is about this hash, if entries are on their way. What the call will read is asked for
    /// before.
    #[inline(never)]
    fn step_before(&mut self, hash: u64, hasher: &impl Fn(&T) -> u64) {
        if !self.is_moving() {
            return;
        }
        // SAFETY: T1: a moving table has a header.
        let header = unsafe { self.block().header().as_ref() };
        if !steps::is_near(header.old) {
            let (_, block) = self.side(header, hash);
            block.prefetch(block.home(hash));
        }
        self.step(hasher);
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
            self.find(KeyShape::Whole, || hash(this), |entry| eq(this, entry))
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
}
