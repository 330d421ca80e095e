//! Where nodes stand: numbered records in chunks that never move.
//!
//! ```text
//!  Slab   directory ------> | chunk 0 | chunk 1 | .. |                  8, 32 or 112 pointers
//!                                |         '----------> | 5 | 6 | 7 | 8 |
//!                                '--------------------> | 1 | 2 | 3 | 4 |    four chunks of each size: 4, 8, 16, ..
//!
//!  Record  | key, or no bytes of meaning | value, or no bytes of meaning | state | hash | parent | last | next | prev |
//!
//!  state   generation, 26 bits | NUMBERED | MOVED | DEEP | USED | VALUE | KEY |
//! ```
//!
//! With four chunks of each size, at most a fifth of the records are room for more, and a new chunk takes no copying. Number 0
//! is no record; links use it for "none".
//!
//! Invariants:
//!
//! - **N1** The directory is a block of `rooms` pointers, of which the first `chunks` are the origins of live blocks: made by
//!   arithmetic from the pointer to the block, so that the shifted number of a record is its index from there. A chunk has
//!   the numbers that `chunk_of` says. Both came from the arena of the map that has this slab (upheld by the map, which hands in the
//!   address of its own one), and no pointer to them went through a reference to less than it is used for.
//! - **N2** The records of the numbers from 1 to `made` are initialised.
//! - **N3** In a record the key is there exactly if `KEY` is set in `state`, and the value exactly if `VALUE` is. Nothing else
//!   sets or clears these bits but what writes or takes them.
//! - **N4** References to a record come from `&self` or `&mut self`, for as long; nobody has a pointer to one otherwise.

#![allow(
    unsafe_code,
    reason = "records in blocks of an arena; keys and values that may be absent; see N1 to N4"
)]

mod salt;

use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use core::ptr::NonNull;

pub(super) use self::salt::mix;
use crate::arena::{Handle, Raw};
use crate::error::ArenaError;

const KEY: u32 = 1;
const VALUE: u32 = 2;
const USED: u32 = 4;
const DEEP: u32 = 8;
const MOVED: u32 = 16;
const NUMBERED: u32 = 32;
const ODD: u32 = MOVED | NUMBERED;
const GENERATION: u32 = 64;

/// Added to a number: the first four chunks are of four records then, and the top three bits of the sum say which chunk it is.
const SHIFT: u32 = 15;
/// The most records that there can be: their shifted numbers fit in 32 bits.
const MOST: u32 = u32::MAX - SHIFT;
/// Pointers in a directory, from the first to the last.
const ROOMS: [u8; 4] = [0, 8, 32, 112];

/// A node.
pub(super) struct Record<T, V> {
    key: MaybeUninit<T>,
    value: MaybeUninit<V>,
    state: u32,
    /// The hash that the table has this node under.
    pub(super) hash: u32,
    /// 0: the top of a tree.
    pub(super) parent: u32,
    /// The last of the children, whose next one is the first; 0: there are none.
    pub(super) last: u32,
    /// The next of the siblings, which stand in a circle.
    pub(super) next: u32,
    /// The one before. Of the first one: the salt of the parent, if that is `MOVED`, else 0. (To add a sibling does not touch
    /// the first one.)
    prev: u32,
}

impl<T, V> Record<T, V> {
    /// Where the key is, in bytes.
    pub(super) const KEY_AT: usize = mem::offset_of!(Self, key);
    /// Where the value is, in bytes.
    pub(super) const VALUE_AT: usize = mem::offset_of!(Self, value);
    /// Bytes of all that is neither key nor value.
    pub(super) const LINKS: usize = 6 * size_of::<u32>();

    /// A record in use.
    const fn new() -> Self {
        Self {
            key: MaybeUninit::uninit(),
            value: MaybeUninit::uninit(),
            state: USED,
            hash: 0,
            parent: 0,
            last: 0,
            next: 0,
            prev: 0,
        }
    }

    #[inline(always)] // part of every lookup
    pub(super) fn key(&self) -> Option<&T> {
        // SAFETY: N3.
        (self.state & KEY != 0).then(|| unsafe { self.key.assume_init_ref() })
    }

    #[inline(always)] // part of every lookup
    pub(super) fn value(&self) -> Option<&V> {
        // SAFETY: N3.
        (self.state & VALUE != 0).then(|| unsafe { self.value.assume_init_ref() })
    }

    #[inline(always)]
    pub(super) fn value_mut(&mut self) -> Option<&mut V> {
        // SAFETY: N3.
        (self.state & VALUE != 0).then(|| unsafe { self.value.assume_init_mut() })
    }

    #[inline]
    pub(super) fn take_key(&mut self) -> Option<T> {
        if self.state & KEY == 0 {
            return None;
        }
        self.state &= !KEY;
        // SAFETY: N3: it was there, and is not looked at again.
        Some(unsafe { self.key.assume_init_read() })
    }

    #[inline]
    pub(super) fn take_value(&mut self) -> Option<V> {
        if self.state & VALUE == 0 {
            return None;
        }
        self.state &= !VALUE;
        // SAFETY: N3: it was there, and is not looked at again.
        Some(unsafe { self.value.assume_init_read() })
    }

    /// Sets the key, and returns the one before.
    #[inline]
    pub(super) fn set_key(&mut self, key: T) -> Option<T> {
        let old = self.take_key();
        self.key = MaybeUninit::new(key);
        self.state |= KEY;
        old
    }

    /// Sets the value, and returns the one before.
    #[inline(always)] // part of every insertion
    pub(super) fn set_value(&mut self, value: V) -> Option<V> {
        let old = self.take_value();
        self.value = MaybeUninit::new(value);
        self.state |= VALUE;
        old
    }

    #[inline(always)]
    pub(super) const fn has_value(&self) -> bool {
        self.state & VALUE != 0
    }

    #[inline]
    pub(super) const fn is_used(&self) -> bool {
        self.state & USED != 0
    }

    #[inline]
    pub(super) const fn is_deep(&self) -> bool {
        self.state & DEEP != 0
    }

    pub(super) const fn set_deep(&mut self) {
        self.state |= DEEP;
    }

    const fn forget_deep(&mut self) {
        self.state &= !DEEP;
    }

    /// How often this record was given back.
    #[inline]
    pub(super) const fn generation(&self) -> u32 {
        self.state / GENERATION
    }
}

/// The records of a map.
pub(super) struct Slab<T, V> {
    /// (`const`, so that a map may stand for one with shorter borrows.)
    directory: NonNull<*const Record<T, V>>,
    chunks: u8,
    /// An index into `ROOMS`.
    rooms: u8,
    made: u32,
    /// The first of the records that wait for reuse, linked by `next`; 0: there are none.
    free: u32,
    used: u32,
    /// Nodes whose salt is not their hash, and those of them that moved.
    odd: u32,
    moved: u32,
    records: PhantomData<Record<T, V>>,
}

// SAFETY: N1, N4: the one owner of its records, which go with it.
unsafe impl<T: Send, V: Send> Send for Slab<T, V> {}
// SAFETY: N4: a shared slab gives shared records only.
unsafe impl<T: Sync, V: Sync> Sync for Slab<T, V> {}

/// The chunk of a shifted number.
#[inline(always)] // part of every lookup
#[allow(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    reason = "`from` is not constant; 13 bits are left"
)]
const fn chunk_of(shifted: u32) -> usize {
    // The exponent of a float and the two bits behind it are the place of the top bit and the two below it. (Without `lzcnt`,
    // finding that place takes eight operations of some processors, and a lookup does so for each level.)
    const FIRST: u64 = (16_f64).to_bits() >> 50;
    ((shifted as f64).to_bits() >> 50).wrapping_sub(FIRST) as usize
}

/// How many records a chunk has.
#[inline]
const fn len_of(chunk: usize) -> usize {
    4 << (chunk / 4)
}

/// The first of the shifted numbers of a chunk.
#[inline]
const fn start_of(chunk: usize) -> usize {
    (4 + chunk % 4) * len_of(chunk)
}

impl<T, V> Slab<T, V> {
    pub(super) const fn new() -> Self {
        Self {
            directory: NonNull::dangling(),
            chunks: 0,
            rooms: 0,
            made: 0,
            free: 0,
            used: 0,
            odd: 0,
            moved: 0,
            records: PhantomData,
        }
    }

    #[inline(always)] // part of every lookup
    fn place(&self, number: u32) -> NonNull<Record<T, V>> {
        assert!(number.wrapping_sub(1) < self.made, "a link leads to a node");
        // SAFETY: N1, N2: the number is one of a record, so that its chunk is there.
        unsafe { self.place_of(number) }
    }

    /// # Safety
    ///
    /// The chunk of this number is there.
    #[inline(always)] // part of every lookup
    unsafe fn place_of(&self, number: u32) -> NonNull<Record<T, V>> {
        let shifted = number + SHIFT;
        // SAFETY: N1: with the shifted number as an index, the origin of a chunk leads into that chunk.
        unsafe {
            let origin = self.directory.add(chunk_of(shifted)).read();
            NonNull::new_unchecked(origin.wrapping_add(shifted as usize).cast_mut())
        }
    }

    #[inline(always)] // part of every lookup
    pub(super) fn get(&self, number: u32) -> &Record<T, V> {
        // SAFETY: N2, N4.
        unsafe { self.place(number).as_ref() }
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, number: u32) -> &mut Record<T, V> {
        // SAFETY: N2, N4.
        unsafe { self.place(number).as_mut() }
    }

    /// No node is deep any more.
    pub(super) fn forget_deep(&mut self) {
        for number in 1..=self.made {
            self.get_mut(number).forget_deep();
        }
    }

    /// The value of a node that has one.
    #[inline]
    pub(super) fn value(&self, number: u32) -> &V {
        match self.get(number).value() {
            Some(value) => value,
            None => unreachable!("an occupied entry has a value"),
        }
    }

    /// The value of a node that has one.
    #[inline]
    pub(super) fn value_mut(&mut self, number: u32) -> &mut V {
        match self.get_mut(number).value_mut() {
            Some(value) => value,
            None => unreachable!("an occupied entry has a value"),
        }
    }

    /// The record of this number, if it is in use.
    #[inline]
    pub(super) fn find(&self, number: u32) -> Option<&Record<T, V>> {
        if number == 0 || number > self.made {
            return None;
        }
        Some(self.get(number)).filter(|record| record.is_used())
    }

    /// A record for a node, without key, value and links.
    #[inline]
    pub(super) fn try_add<H: Handle>(&mut self, raw: Raw<H>) -> Result<u32, ArenaError> {
        if self.free == 0 {
            return self.try_make(raw);
        }
        let number = self.free;
        let record = self.get_mut(number);
        let next = mem::take(&mut record.next);
        record.state |= USED;
        (record.hash, record.parent, record.last, record.prev) = (0, 0, 0, 0);
        self.free = next;
        self.used += 1;
        Ok(number)
    }

    #[inline]
    fn try_make<H: Handle>(&mut self, raw: Raw<H>) -> Result<u32, ArenaError> {
        if self.made == MOST {
            return Err(ArenaError::CapacityOverflow);
        }
        if chunk_of(self.made + 1 + SHIFT) == usize::from(self.chunks) {
            self.add_chunk(raw)?;
        }
        // SAFETY: N1: a place in a chunk that is there.
        unsafe { self.place_of(self.made + 1).write(Record::new()) };
        self.made += 1;
        self.used += 1;
        Ok(self.made)
    }

    #[cold]
    #[inline(never)]
    fn add_chunk<H: Handle>(&mut self, raw: Raw<H>) -> Result<(), ArenaError> {
        let number = usize::from(self.chunks);
        let layout = Self::chunk_layout(len_of(number))?;
        if self.chunks == ROOMS[usize::from(self.rooms)] {
            let (old, new) = (Self::rooms_layout(self.rooms), Self::rooms_layout(self.rooms + 1));
            let fresh = raw.try_alloc(new)?.cast();
            // SAFETY: N1: a fresh block, longer than the old one, which is given back and not used again.
            unsafe {
                fresh.copy_from_nonoverlapping(self.directory, usize::from(self.chunks));
                if old.size() > 0 {
                    raw.dealloc(self.directory.cast(), old);
                }
            }
            self.directory = fresh;
            self.rooms += 1;
        }
        let chunk = raw.try_alloc(layout)?.cast::<Record<T, V>>();
        let origin = chunk.as_ptr().cast_const().wrapping_sub(start_of(number));
        // SAFETY: N1: `chunks` is below the number of pointers.
        unsafe { self.directory.add(number).write(origin) };
        self.chunks += 1;
        Ok(())
    }

    fn chunk_layout(len: usize) -> Result<Layout, ArenaError> {
        Layout::array::<Record<T, V>>(len).map_err(|_| ArenaError::CapacityOverflow)
    }

    const fn rooms_layout(rooms: u8) -> Layout {
        let pointers = ROOMS[rooms as usize] as usize;
        // SAFETY: at most 112 pointers, aligned as such.
        unsafe { Layout::from_size_align_unchecked(pointers * size_of::<*const ()>(), align_of::<*const ()>()) }
    }

    /// Gives back a record that has no key and no value. Its generation ends, and its number is used again; a number whose
    /// generations are used up is not.
    #[inline]
    pub(super) fn give_back(&mut self, number: u32) {
        self.set_even(number);
        let free = self.free;
        let record = self.get_mut(number);
        debug_assert!(record.is_used() && record.state & (KEY | VALUE) == 0);
        record.state &= !(USED | DEEP);
        if let Some(next) = record.state.checked_add(GENERATION) {
            record.state = next;
            record.next = free;
            self.free = number;
        }
        self.used -= 1;
    }

    /// Records in use.
    pub(super) const fn used(&self) -> usize {
        self.used as usize
    }

    /// Records that were ever in use: their numbers are from 1 up to this one.
    pub(super) const fn made(&self) -> u32 {
        self.made
    }

    /// Records that there is memory for.
    pub(super) fn room(&self) -> usize {
        (0..usize::from(self.chunks)).map(len_of).sum()
    }

    /// Bytes of the chunks and of the directory.
    pub(super) fn bytes(&self) -> usize {
        self.blocks().map(|block| block.size()).sum()
    }

    /// The directory and the chunks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Layout> {
        let chunks = (0..usize::from(self.chunks)).filter_map(|chunk| Self::chunk_layout(len_of(chunk)).ok());
        core::iter::once(Self::rooms_layout(self.rooms)).chain(chunks)
    }

    /// Gives the blocks back. What keys and values are left is forgotten.
    pub(super) fn dissolve<H: Handle>(&mut self, raw: Raw<H>) {
        let this = mem::replace(self, Self::new());
        for chunk in 0..usize::from(this.chunks) {
            if let Ok(layout) = Self::chunk_layout(len_of(chunk)) {
                // SAFETY: N1: a chunk of this layout, which nobody uses any more; its first record is where it begins.
                unsafe {
                    let block = this.directory.add(chunk).read().wrapping_add(start_of(chunk));
                    raw.dealloc(NonNull::new_unchecked(block.cast_mut()).cast(), layout);
                }
            }
        }
        if this.rooms > 0 {
            // SAFETY: N1: the directory, which nobody uses any more.
            unsafe { raw.dealloc(this.directory.cast(), Self::rooms_layout(this.rooms)) };
        }
    }
}

/// Walks in trees of records, by their links.
impl<T, V> Slab<T, V> {
    /// The first of the children, or 0.
    #[inline]
    pub(super) fn first(&self, number: u32) -> u32 {
        match self.get(number).last {
            0 => 0,
            last => self.get(last).next,
        }
    }

    /// The one after this one among its siblings, or 0.
    #[inline]
    pub(super) fn after(&self, number: u32) -> u32 {
        let record = self.get(number);
        if record.parent == 0 || self.get(record.parent).last == number {
            0
        } else {
            record.next
        }
    }

    /// The next node in depth-first order below `top`, or 0; and by how many levels it is deeper.
    #[inline]
    pub(super) fn onward(&self, number: u32, top: u32) -> (u32, isize) {
        match self.first(number) {
            0 => self.past(number, top),
            first => (first, 1),
        }
    }

    /// As [`onward`](Self::onward), without what is below this node.
    #[inline]
    pub(super) fn past(&self, number: u32, top: u32) -> (u32, isize) {
        let (mut at, mut deeper) = (number, 0);
        while at != top {
            match self.after(at) {
                0 => at = self.get(at).parent,
                next => return (next, deeper),
            }
            deeper -= 1;
        }
        (0, deeper)
    }

    /// Levels between a node and one above it.
    pub(super) fn levels(&self, number: u32, top: u32) -> usize {
        let (mut at, mut levels) = (number, 0);
        while at != top {
            at = self.get(at).parent;
            levels += 1;
        }
        levels
    }

    /// The top of the tree of a node.
    pub(super) fn top(&self, number: u32) -> u32 {
        let mut at = number;
        loop {
            match self.get(at).parent {
                0 => return at,
                parent => at = parent,
            }
        }
    }

    /// Nodes below one and the node itself, and how many of them have a value.
    pub(super) fn count(&self, top: u32) -> (usize, usize) {
        let (mut nodes, mut values, mut at) = (0, 0, top);
        while at != 0 {
            nodes += 1;
            values += usize::from(self.get(at).has_value());
            at = self.onward(at, top).0;
        }
        (nodes, values)
    }

    /// Puts a node behind the children of another one, and returns its record.
    #[inline(always)] // part of every insertion
    pub(super) fn link(&mut self, parent: u32, number: u32) -> &mut Record<T, V> {
        let last = mem::replace(&mut self.get_mut(parent).last, number);
        let first = if last == 0 {
            number
        } else {
            mem::replace(&mut self.get_mut(last).next, number)
        };
        let record = self.get_mut(number);
        (record.parent, record.prev, record.next) = (parent, last, first);
        record
    }

    /// Takes a node from among its siblings.
    #[inline]
    pub(super) fn unlink(&mut self, number: u32) {
        let record = self.get_mut(number);
        let (parent, prev, next) = (mem::take(&mut record.parent), record.prev, record.next);
        if next == number {
            self.get_mut(parent).last = 0;
            self.set_even(parent);
            return;
        }
        let above = self.get(parent);
        let (last, has_moved) = (above.last, above.state & MOVED != 0);
        let is_first = if has_moved {
            self.get(last).next == number
        } else {
            prev == 0
        };
        // Before the first one stands the last one, which its `prev` does not say.
        self.get_mut(if is_first { last } else { prev }).next = next;
        if last == number {
            self.get_mut(parent).last = prev;
        } else {
            self.get_mut(next).prev = prev;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, SHIFT, chunk_of, len_of, start_of};

    #[test]
    fn chunks_are_filled_one_after_another() {
        let (mut chunk, mut within) = (0, 0);
        for number in 1..100_000 {
            assert_eq!(chunk_of(number + SHIFT), chunk);
            assert_eq!((number + SHIFT) as usize, start_of(chunk) + within);
            within += 1;
            if within == len_of(chunk) {
                (chunk, within) = (chunk + 1, 0);
            }
        }
        assert_eq!(chunk_of(MOST + SHIFT), 111);
        for chunk in 1..112 {
            let start = u32::try_from(start_of(chunk)).expect("a number");
            assert_eq!((chunk_of(start - 1), chunk_of(start)), (chunk - 1, chunk));
        }
    }
}
