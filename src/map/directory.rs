//! The directory of a map that has outgrown one segment: extendible hashing (Fagin, Nievergelt, Pippenger and Strong,
//! "Extendible hashing: a fast access method for dynamic files", 1979).
//!
//! ```text
//!  place of a hash:  | depth bits: index of a slot | ... |
//!
//!   slots (2^depth, <= 2^16)
//!   ┌────┬────┬────┬────┐
//!   │ ●  │ ●  │ ●  │ ●──┼──► Segment { table, next, prefix, depth }
//!   └─┼──┴─┼──┴─┼──┴────┘        ▲
//!     │    │    └────────────────┘   several slots may name one segment: 2^(directory depth - its depth)
//!     ▼    ▼
//!   first ──► Segment ─next─► Segment ─next─► ...          every segment once
//! ```
//!
//! Invariants, upheld by this file alone (its fields are private to it):
//!
//! - **D1** `slots` names a block of `2^(32 - shift)` slots, `1 <= 32 - shift <= MAX_DEPTH`, every one of them set.
//! - **D2** A slot names a segment of this directory.
//! - **D3** Every segment is on the list from `first`, once, and lives until the directory is dropped. All blocks
//!   come from `Raw<H>`, with the layout that `size_of` gives.
//! - **D4** References into a segment are made only from a borrow of the directory: shared from shared, exclusive
//!   from exclusive, and an exclusive iterator gives each segment once.
//! - **D5** A segment of depth `d` is named by exactly the slots whose index begins with the top `d` bits of its `prefix`.
//!   (Right answers depend on it; memory safety does not.)
//! - **D6** A `SegmentId` is used with the directory that made it. Upheld by `core.rs` and `growth.rs`, which have one directory
//!   at a time and keep no id beyond a method, and by the owning iterator in `iter.rs`, which has the directory beside it.
//!
//! The slots double by a copy of at most `2^MAX_DEPTH` words, less than a split of one segment takes: no step here grows
//! with the map. `2^MAX_DEPTH` segments of 256 KiB are 16 GiB of entries; a map beyond that doubles its segments.

#![allow(unsafe_code, reason = "segments are shared between slots and a list; see D1 to D6")]
#![allow(
    clippy::unused_self,
    reason = "the borrow of the directory is what makes a segment reachable (D4)"
)]

use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem;
use core::ptr::NonNull;

use super::segment::Table;
use crate::arena::{Handle, Raw};
use crate::error::ArenaError;
use crate::hash::{PLACE_BITS, place_of};

/// Bits of a place beyond which entries are not told apart: their segment grows flat.
pub(crate) const MAX_DEPTH: u32 = PLACE_BITS;

/// One bounded piece of the table.
pub(crate) struct Segment<T, H: Handle> {
    table: Table<T, H>,
    next: Option<NonNull<Segment<T, H>>>,
    /// The top `depth` bits are those of every place in this segment; the rest is zero.
    prefix: u32,
    depth: u32,
}

type Slot<T, H> = NonNull<Segment<T, H>>;

/// Segments, and the slots that find them.
pub(crate) struct Directory<T, H: Handle> {
    slots: NonNull<Slot<T, H>>,
    first: NonNull<Segment<T, H>>,
    len: usize,
    shift: u32,
    segments: u32,
}

/// A segment of the directory that handed it out, valid until that directory is dropped (D3).
pub(crate) struct SegmentId<T, H: Handle>(NonNull<Segment<T, H>>);

impl<T, H: Handle> Clone for SegmentId<T, H> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, H: Handle> Copy for SegmentId<T, H> {}

// SAFETY: an address; what is there is reached through a borrow of the directory only (D4, D6).
unsafe impl<T, H: Handle> Send for SegmentId<T, H> {}
// SAFETY: as above.
unsafe impl<T, H: Handle> Sync for SegmentId<T, H> {}

// SAFETY: D3: the directory owns its segments as a vector of tables would.
unsafe impl<T, H: Handle> Send for Directory<T, H> where Table<T, H>: Send {}
// SAFETY: D3, D4: a shared directory gives shared tables only.
unsafe impl<T, H: Handle> Sync for Directory<T, H> where Table<T, H>: Sync {}

impl<T, H: Handle> Directory<T, H> {
    /// A directory over one segment, `table`; on failure the table is given back untouched.
    pub(crate) fn new(table: Table<T, H>) -> Result<Self, (Table<T, H>, ArenaError)> {
        let raw = *table.allocator();
        let slots = match new_slots(raw, 1) {
            Ok(slots) => slots,
            Err(error) => return Err((table, error)),
        };
        let first = match new_block::<Segment<T, H>, H>(raw) {
            Ok(block) => block,
            Err(error) => {
                // SAFETY: D3: `slots` came from `new_slots(raw, 1)` just above and nothing names it.
                unsafe { free_slots(raw, slots, 1) };
                return Err((table, error));
            }
        };
        let len = table.len();
        // SAFETY: D1, D3: both blocks are new, sized for what is written, and named by nothing else.
        unsafe {
            first.write(Segment {
                table,
                next: None,
                prefix: 0,
                depth: 0,
            });
            slots.write(first);
            slots.add(1).write(first);
        }
        Ok(Self {
            slots,
            first,
            len,
            shift: u32::BITS - 1,
            segments: 1,
        })
    }

    #[inline(always)] // part of every lookup
    fn find(&self, hash: u64) -> NonNull<Segment<T, H>> {
        // SAFETY: D1: `32 - shift` bits are left, so it is the index of a set slot.
        unsafe { self.slots.add((place_of(hash) >> self.shift) as usize).read() }
    }

    /// The table that holds, or would hold, an entry of this hash.
    #[inline(always)] // part of every lookup
    pub(crate) fn table(&self, hash: u64) -> &Table<T, H> {
        // SAFETY: D2, D3: a live segment; D4: borrowed as `self` is.
        unsafe { &(*self.find(hash).as_ptr()).table }
    }

    /// The table that holds, or would hold, an entry of this hash.
    #[inline(always)] // part of every insertion
    pub(crate) fn table_mut(&mut self, hash: u64) -> &mut Table<T, H> {
        // SAFETY: D2, D3: a live segment; D4: borrowed as `self` is.
        unsafe { &mut (*self.find(hash).as_ptr()).table }
    }

    /// Entries in all segments, as counted by [`len_mut`](Self::len_mut).
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The count of entries; whoever changes a table's length keeps it.
    #[inline]
    pub(crate) fn len_mut(&mut self) -> &mut usize {
        &mut self.len
    }

    /// Number of segments.
    pub(crate) fn segments(&self) -> usize {
        self.segments as usize
    }

    /// Bits of a place that the root uses.
    pub(crate) fn depth(&self) -> u32 {
        u32::BITS - self.shift
    }

    pub(crate) fn raw(&self) -> Raw<H> {
        // SAFETY: D3: `first` is live; D4: a shared borrow for the time of a copy.
        unsafe { *(*self.first.as_ptr()).table.allocator() }
    }

    /// Bytes in blocks of the directory itself: slots and segment heads. No tables.
    pub(crate) fn own_bytes(&self) -> usize {
        (size_of::<Slot<T, H>>() << self.depth()) + self.segments() * size_of::<Segment<T, H>>()
    }

    /// The segment that an entry of this hash belongs to.
    pub(crate) fn segment_of(&self, hash: u64) -> SegmentId<T, H> {
        SegmentId(self.find(hash))
    }

    /// The first segment of the list.
    pub(crate) fn first(&self) -> SegmentId<T, H> {
        SegmentId(self.first)
    }

    /// The segment after `id` in the list.
    pub(crate) fn next(&self, id: SegmentId<T, H>) -> Option<SegmentId<T, H>> {
        // SAFETY: D3, D6: a live segment of this directory.
        unsafe { (*id.0.as_ptr()).next.map(SegmentId) }
    }

    /// Bits of a place that all entries of this segment share.
    pub(crate) fn depth_of(&self, id: SegmentId<T, H>) -> u32 {
        // SAFETY: D3, D6, as in `next`.
        unsafe { (*id.0.as_ptr()).depth }
    }

    pub(crate) fn segment_mut(&mut self, id: SegmentId<T, H>) -> &mut Table<T, H> {
        // SAFETY: D3, D6, as in `next`; D4: borrowed as `self` is.
        unsafe { &mut (*id.0.as_ptr()).table }
    }

    /// Two segments at once, to move entries from one into both.
    pub(crate) fn segment_pair_mut(
        &mut self,
        one: SegmentId<T, H>,
        other: SegmentId<T, H>,
    ) -> (&mut Table<T, H>, &mut Table<T, H>) {
        assert!(one.0 != other.0, "two different segments");
        // SAFETY: D3, D6, as in `next`; D4: borrowed as `self` is, and the two are different.
        unsafe { (&mut (*one.0.as_ptr()).table, &mut (*other.0.as_ptr()).table) }
    }

    /// Splits a segment's range in two halves: `id` keeps the half whose next bit is not `bit`, a new segment with an
    /// empty table takes the other. No entry moves; the caller moves those that belong to the new half.
    ///
    /// On failure nothing has changed but, perhaps, the number of slots.
    pub(crate) fn split_off(&mut self, id: SegmentId<T, H>, bit: bool) -> Result<SegmentId<T, H>, ArenaError> {
        let raw = self.raw();
        // SAFETY: D3, D6, as in `next`; the values are copied out.
        let (prefix, depth) = unsafe { ((*id.0.as_ptr()).prefix, (*id.0.as_ptr()).depth) };
        assert!(depth < MAX_DEPTH, "a segment at the last depth grows flat");
        self.deepen(depth + 1)?;
        let fresh = new_block::<Segment<T, H>, H>(raw)?;

        let one = 1 << (u32::BITS - 1 - depth);
        let (kept_prefix, fresh_prefix) = if bit {
            (prefix, prefix | one)
        } else {
            (prefix | one, prefix)
        };
        // SAFETY: D3: `id` is live and `fresh` a new block of the right size; after this the new segment is on the
        // list, once, behind `id`.
        unsafe {
            let kept = id.0.as_ptr();
            fresh.write(Segment {
                table: Table::new_in(raw),
                next: (*kept).next,
                prefix: fresh_prefix,
                depth: depth + 1,
            });
            (*kept).next = Some(fresh);
            (*kept).prefix = kept_prefix;
            (*kept).depth = depth + 1;
        }
        self.segments += 1;
        self.point(fresh_prefix, depth + 1, fresh);
        Ok(SegmentId(fresh))
    }

    /// Makes the directory at least `depth` bits deep.
    fn deepen(&mut self, depth: u32) -> Result<(), ArenaError> {
        if self.depth() >= depth {
            return Ok(());
        }
        let raw = self.raw();
        let slots = new_slots(raw, depth)?;
        for index in 0..1_usize << depth {
            // SAFETY: D1: `2^self.depth()` slots are set in the old block, `2^depth` fit in the new one.
            unsafe {
                slots
                    .add(index)
                    .write(self.slots.add(index >> (depth - self.depth())).read());
            };
        }
        // SAFETY: D1: the old block had `2^depth` slots of the old depth; it is replaced in the same step.
        unsafe { free_slots(raw, self.slots, self.depth()) };
        self.slots = slots;
        self.shift = u32::BITS - depth;
        Ok(())
    }

    /// Makes every slot whose index begins with `prefix` name `segment`; the directory is deep enough.
    fn point(&mut self, prefix: u32, depth: u32, segment: NonNull<Segment<T, H>>) {
        let first = (prefix >> self.shift) as usize;
        for index in first..first + (1 << (self.depth() - depth)) {
            // SAFETY: D1: the low `self.depth() - depth` bits of `first` are clear, so that the range ends within the block.
            unsafe { self.slots.add(index).write(segment) };
        }
    }

    /// The tables, in the order of the list.
    pub(crate) fn tables(&self) -> Tables<'_, T, H> {
        Tables {
            next: Some(self.first),
            borrow: PhantomData,
        }
    }

    /// The tables, in the order of the list, and the count of entries.
    pub(crate) fn tables_mut(&mut self) -> (TablesMut<'_, T, H>, &mut usize) {
        let tables = TablesMut {
            next: Some(self.first),
            borrow: PhantomData,
        };
        (tables, &mut self.len)
    }
}

impl<T, H: Handle> Drop for Directory<T, H> {
    fn drop(&mut self) {
        /// Frees what is left of the list, also when the drop of an entry panics.
        struct Rest<T, H: Handle>(Option<NonNull<Segment<T, H>>>, Raw<H>);
        impl<T, H: Handle> Rest<T, H> {
            fn run(&mut self) {
                while let Some(segment) = self.0 {
                    // SAFETY: D3: a live segment, met once; its table is taken out, its block freed, and only then
                    // are the entries dropped, so that a panic there finds the list without it.
                    let table = unsafe {
                        let Segment { table, next, .. } = segment.read();
                        self.0 = next;
                        self.1.dealloc(segment.cast(), Layout::new::<Segment<T, H>>());
                        table
                    };
                    drop(table);
                }
            }
        }
        impl<T, H: Handle> Drop for Rest<T, H> {
            fn drop(&mut self) {
                self.run();
            }
        }

        let raw = self.raw();
        // SAFETY: D1: the block has `2^depth` slots; nothing is looked up after this.
        unsafe { free_slots(raw, self.slots, self.depth()) };
        Rest(Some(self.first), raw).run();
    }
}

/// Shared tables of a directory.
pub(crate) struct Tables<'a, T, H: Handle> {
    next: Option<NonNull<Segment<T, H>>>,
    borrow: PhantomData<&'a Directory<T, H>>,
}

impl<T, H: Handle> Clone for Tables<'_, T, H> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<T, H: Handle> Tables<'_, T, H> {
    /// No tables.
    pub(crate) fn none() -> Self {
        Self {
            next: None,
            borrow: PhantomData,
        }
    }
}

impl<'a, T, H: Handle> Iterator for Tables<'a, T, H> {
    type Item = &'a Table<T, H>;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: D3: segments on the list are live while the directory is borrowed; D4: shared from shared.
        let segment: &'a Segment<T, H> = unsafe { self.next?.as_ref() };
        self.next = segment.next;
        Some(&segment.table)
    }
}

/// Exclusive tables of a directory.
pub(crate) struct TablesMut<'a, T, H: Handle> {
    next: Option<NonNull<Segment<T, H>>>,
    borrow: PhantomData<&'a mut Directory<T, H>>,
}

impl<T, H: Handle> TablesMut<'_, T, H> {
    /// No tables.
    pub(crate) fn none() -> Self {
        Self {
            next: None,
            borrow: PhantomData,
        }
    }

    /// What is left, shared, for `Debug` and the like.
    pub(crate) fn peek(&self) -> Tables<'_, T, H> {
        Tables {
            next: self.next,
            borrow: PhantomData,
        }
    }
}

impl<'a, T, H: Handle> Iterator for TablesMut<'a, T, H> {
    type Item = &'a mut Table<T, H>;

    fn next(&mut self) -> Option<Self::Item> {
        let segment = self.next?.as_ptr();
        // SAFETY: D3: live while the directory is borrowed; D4: exclusive from exclusive, and the cursor has moved
        // past the segment when its table is handed out, so that it is handed out once.
        unsafe {
            self.next = (*segment).next;
            Some(&mut (*segment).table)
        }
    }
}

// SAFETY: D4: as a shared borrow of the directory.
unsafe impl<'a, T, H: Handle> Send for Tables<'a, T, H> where &'a Directory<T, H>: Send {}
// SAFETY: D4: as a shared borrow of the directory.
unsafe impl<'a, T, H: Handle> Sync for Tables<'a, T, H> where &'a Directory<T, H>: Sync {}
// SAFETY: D4: as an exclusive borrow of the directory.
unsafe impl<'a, T, H: Handle> Send for TablesMut<'a, T, H> where &'a mut Directory<T, H>: Send {}
// SAFETY: D4: as an exclusive borrow of the directory.
unsafe impl<'a, T, H: Handle> Sync for TablesMut<'a, T, H> where &'a mut Directory<T, H>: Sync {}

/// Takes the tables out one after another, leaving empty ones: the owning iterator.
impl<T, H: Handle> Directory<T, H> {
    /// Takes the table of the segment at `cursor`, and moves the cursor on.
    pub(crate) fn take_table(&mut self, cursor: &mut Option<SegmentId<T, H>>) -> Option<Table<T, H>> {
        let id = (*cursor)?;
        *cursor = self.next(id);
        let empty = Table::new_in(self.raw());
        let table = mem::replace(self.segment_mut(id), empty);
        self.len -= table.len();
        Some(table)
    }
}

fn slots_layout<T, H: Handle>(depth: u32) -> Layout {
    Layout::array::<Slot<T, H>>(1 << depth).expect("at most 2^MAX_DEPTH slots")
}

/// A block of `2^depth` slots, not yet set.
fn new_slots<T, H: Handle>(raw: Raw<H>, depth: u32) -> Result<NonNull<Slot<T, H>>, ArenaError> {
    Ok(raw.try_alloc(slots_layout::<T, H>(depth))?.cast())
}

/// # Safety
///
/// `slots` came from `new_slots` with the same handle and depth, and nothing names it any more.
unsafe fn free_slots<T, H: Handle>(raw: Raw<H>, slots: NonNull<Slot<T, H>>, depth: u32) {
    // SAFETY: the caller's promise; the layout is the one `new_slots` asked for.
    unsafe { raw.dealloc(slots.cast(), slots_layout::<T, H>(depth)) };
}

/// A block for one `B`, not yet written.
fn new_block<B, H: Handle>(raw: Raw<H>) -> Result<NonNull<B>, ArenaError> {
    Ok(raw.try_alloc(Layout::new::<B>())?.cast())
}
