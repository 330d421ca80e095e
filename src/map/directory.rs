//! The directory of a map that has outgrown one segment: extendible hashing.
//!
//! ```text
//!  place = hash * ODD          top 12 bits           next 12 bits
//!                              ┌───────────┐
//!   slots (2^depth, <= 2^12)   │ root index│          │ index in a sub-directory, where the root is full │
//!   ┌────┬────┬────┬────┐      └───────────┘
//!   │ ●  │ ●  │ ●  │ ●──┼──► Segment { table, next, prefix, depth }
//!   └─┼──┴─┼──┴─┼──┴────┘        ▲
//!     │    └────┼────────────────┘   several slots may name one segment: 2^(directory depth - its depth)
//!     ▼ (bit 0 set)
//!    Sub { slots (2^depth, <= 2^12), depth } ──► Segment ...
//!
//!   first ──► Segment ─next─► Segment ─next─► ...          every segment once
//! ```
//!
//! Invariants, upheld by this file alone (its fields are private to it):
//!
//! - **D1** `slots` names a block of `2^(64 - shift)` slots, `1 <= 64 - shift <= ROOT_BITS`, every one of them set.
//!   The same holds for a `Sub`, with its own depth.
//! - **D2** A slot with bit 0 clear is a `Segment` of this directory; with bit 0 set, a `Sub` of it, named by this
//!   slot alone. Both are aligned to 8, so bit 0 of their addresses is free.
//! - **D3** Every segment is on the list from `first`, once, and lives until the directory is dropped. All blocks
//!   come from `Raw<H>`, with the layout that `size_of` gives.
//! - **D4** References into a segment are made only from a borrow of the directory: shared from shared, exclusive
//!   from exclusive, and an exclusive iterator gives each segment once.
//! - **D5** A segment of depth `d` is named by exactly the slots whose index begins with the top `d` bits of its
//!   `prefix`. (Right answers depend on it; memory safety does not.)
//!
//! Growing the root or a sub-directory copies at most `2^ROOT_BITS` slots, whatever the number of entries: there is
//! no step here that grows with the map.

#![allow(unsafe_code, reason = "segments are shared between slots and a list; see D1 to D4")]

use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem;
use core::ptr::NonNull;

use super::segment::Table;
use crate::arena::{Handle, Raw};
use crate::error::ArenaError;
use crate::hash::place_of;

/// Bits of a place that the root directory, and each sub-directory, may use.
const ROOT_BITS: u32 = 12;

/// Bits of a place beyond which entries are not told apart: their segment grows flat.
pub(crate) const MAX_DEPTH: u32 = 2 * ROOT_BITS;

/// One bounded piece of the table.
pub(crate) struct Segment<T, H: Handle> {
    table: Table<T, H>,
    next: Option<NonNull<Segment<T, H>>>,
    /// The top `depth` bits are those of every place in this segment; the rest is zero.
    prefix: u64,
    depth: u32,
}

/// A second directory below one slot of a root that has reached `ROOT_BITS`.
struct Sub<T, H: Handle> {
    slots: NonNull<Slot<T, H>>,
    depth: u32,
}

/// The address of a `Segment`, or of a `Sub` with bit 0 set.
struct Slot<T, H: Handle>(NonNull<Segment<T, H>>);

impl<T, H: Handle> Clone for Slot<T, H> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, H: Handle> Copy for Slot<T, H> {}

impl<T, H: Handle> Slot<T, H> {
    fn of_sub(sub: NonNull<Sub<T, H>>) -> Self {
        Self(sub.cast().map_addr(|address| address | 1))
    }

    #[inline(always)] // part of every lookup
    fn is_sub(self) -> bool {
        self.0.addr().get() & 1 == 1
    }

    fn as_sub(self) -> Option<NonNull<Sub<T, H>>> {
        if self.is_sub() {
            // SAFETY: D2: the address without the bit is that of a `Sub`, which is not null.
            let sub = unsafe { NonNull::new_unchecked(self.0.as_ptr().map_addr(|address| address & !1)) };
            Some(sub.cast())
        } else {
            None
        }
    }
}

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
            slots.write(Slot(first));
            slots.add(1).write(Slot(first));
        }
        Ok(Self {
            slots,
            first,
            len,
            shift: u64::BITS - 1,
            segments: 1,
        })
    }

    #[inline(always)] // part of every lookup
    fn find(&self, hash: u64) -> NonNull<Segment<T, H>> {
        let place = place_of(hash);
        // SAFETY: D1: `place >> shift` has `64 - shift` bits, so it is the index of a set slot.
        let slot = unsafe { *self.slots.add(index(place, self.shift)).as_ptr() };
        match slot.as_sub() {
            None => slot.0,
            Some(sub) => find_in_sub(sub, place),
        }
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
        u64::BITS - self.shift
    }

    pub(crate) fn raw(&self) -> Raw<H> {
        // SAFETY: D3: `first` is live; D4: a shared borrow for the time of a copy.
        unsafe { *(*self.first.as_ptr()).table.allocator() }
    }

    /// Bytes in blocks of the directory itself: slots, segment heads, sub-directories. No tables.
    pub(crate) fn own_bytes(&self) -> usize {
        let slots = size_of::<Slot<T, H>>();
        let mut bytes = (slots << self.depth()) + self.segments() * size_of::<Segment<T, H>>();
        for slot in 0..1_usize << self.depth() {
            // SAFETY: D1: `slot` is an index of the root; D2: a tagged slot is a live `Sub`.
            unsafe {
                if let Some(sub) = (*self.slots.add(slot).as_ptr()).as_sub() {
                    bytes += size_of::<Sub<T, H>>() + (slots << (*sub.as_ptr()).depth);
                }
            }
        }
        bytes
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
        // SAFETY: D3: ids are made by this directory only and live as long as it.
        unsafe { (*id.0.as_ptr()).next.map(SegmentId) }
    }

    /// Bits of a place that all entries of this segment share.
    pub(crate) fn depth_of(&self, id: SegmentId<T, H>) -> u32 {
        // SAFETY: D3, as in `next`.
        unsafe { (*id.0.as_ptr()).depth }
    }

    pub(crate) fn segment_mut(&mut self, id: SegmentId<T, H>) -> &mut Table<T, H> {
        // SAFETY: D3, as in `next`; D4: borrowed as `self` is.
        unsafe { &mut (*id.0.as_ptr()).table }
    }

    /// Two segments at once, to move entries from one into both.
    pub(crate) fn segment_pair_mut(
        &mut self,
        one: SegmentId<T, H>,
        other: SegmentId<T, H>,
    ) -> (&mut Table<T, H>, &mut Table<T, H>) {
        assert!(one.0 != other.0, "two different segments");
        // SAFETY: D3, as in `next`; D4: borrowed as `self` is, and the two are different.
        unsafe { (&mut (*one.0.as_ptr()).table, &mut (*other.0.as_ptr()).table) }
    }

    /// Splits a segment's range in two halves: `id` keeps the half whose next bit is not `bit`, a new segment with an
    /// empty table takes the other. No entry moves; the caller moves those that belong to the new half.
    ///
    /// On failure nothing has changed but, perhaps, the number of slots.
    pub(crate) fn split_off(&mut self, id: SegmentId<T, H>, bit: bool) -> Result<SegmentId<T, H>, ArenaError> {
        let raw = self.raw();
        // SAFETY: D3, as in `next`; the values are copied out.
        let (prefix, depth) = unsafe { ((*id.0.as_ptr()).prefix, (*id.0.as_ptr()).depth) };
        assert!(depth < MAX_DEPTH, "a segment at the last depth grows flat");
        self.deepen(prefix, depth + 1)?;
        let fresh = new_block::<Segment<T, H>, H>(raw)?;

        let one = 1_u64 << (u64::BITS - 1 - depth);
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

    /// Makes the directory at least `depth` bits deep around `prefix`.
    fn deepen(&mut self, prefix: u64, depth: u32) -> Result<(), ArenaError> {
        let raw = self.raw();
        let root = depth.min(ROOT_BITS);
        if self.depth() < root {
            let slots = widened(raw, self.slots, self.depth(), root)?;
            // SAFETY: D1: the old block had `2^depth` slots; it is replaced in the same step.
            unsafe { free_slots(raw, self.slots, self.depth()) };
            self.slots = slots;
            self.shift = u64::BITS - root;
        }
        if depth <= ROOT_BITS {
            return Ok(());
        }
        let below = depth - ROOT_BITS;
        // SAFETY: D1: the root is `ROOT_BITS` deep here, and this an index of it.
        let slot = unsafe { self.slots.add(index(prefix, self.shift)) };
        // SAFETY: D1, as above.
        let current = unsafe { slot.read() };
        match current.as_sub() {
            None => {
                let slots = new_slots(raw, below)?;
                let sub = match new_block::<Sub<T, H>, H>(raw) {
                    Ok(sub) => sub,
                    Err(error) => {
                        // SAFETY: D3: new, and named by nothing.
                        unsafe { free_slots(raw, slots, below) };
                        return Err(error);
                    }
                };
                // SAFETY: D1: all `2^below` slots of the new block are set; D2: the one slot that led to the
                // segment now names the sub-directory.
                unsafe {
                    for index in 0..1_usize << below {
                        slots.add(index).write(current);
                    }
                    sub.write(Sub { slots, depth: below });
                    slot.write(Slot::of_sub(sub));
                }
            }
            Some(sub) => {
                // SAFETY: D2: a live `Sub`, borrowed for this arm from an exclusive borrow of the directory.
                let sub = unsafe { &mut *sub.as_ptr() };
                if sub.depth < below {
                    let slots = widened(raw, sub.slots, sub.depth, below)?;
                    // SAFETY: D1: the old block had `2^depth` slots; it is replaced in the same step.
                    unsafe { free_slots(raw, sub.slots, sub.depth) };
                    sub.slots = slots;
                    sub.depth = below;
                }
            }
        }
        Ok(())
    }

    /// Makes every slot of `prefix`'s range name `segment`; the directory is deep enough.
    fn point(&mut self, prefix: u64, depth: u32, segment: NonNull<Segment<T, H>>) {
        let (slots, bits, start, depth) = if depth <= self.depth() {
            (self.slots, self.depth(), prefix, depth)
        } else {
            // SAFETY: D1: an index of the root; `deepen` has put a `Sub` there (D2).
            let sub = unsafe { (*self.slots.add(index(prefix, self.shift)).as_ptr()).as_sub() };
            let sub = sub.expect("`deepen` made a sub-directory for every depth beyond the root's");
            // SAFETY: D2: a live `Sub`; its fields are copied out.
            let (slots, bits) = unsafe { ((*sub.as_ptr()).slots, (*sub.as_ptr()).depth) };
            (slots, bits, prefix << ROOT_BITS, depth - ROOT_BITS)
        };
        let start = index(start, u64::BITS - bits);
        for index in start..start + (1 << (bits - depth)) {
            // SAFETY: D1: the range lies in the `2^bits` slots, as `start` has its low `bits - depth` bits clear.
            unsafe { slots.add(index).write(Slot(segment)) };
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
        let depth = self.depth();
        // SAFETY: D1, D2: every slot is set, every `Sub` named once; nothing is looked up after this.
        unsafe {
            for slot in 0..1_usize << depth {
                if let Some(sub) = self.slots.add(slot).read().as_sub() {
                    free_slots(raw, (*sub.as_ptr()).slots, (*sub.as_ptr()).depth);
                    raw.dealloc(sub.cast(), Layout::new::<Sub<T, H>>());
                }
            }
            free_slots(raw, self.slots, depth);
        }
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

#[cold]
#[inline(never)]
fn find_in_sub<T, H: Handle>(sub: NonNull<Sub<T, H>>, place: u64) -> NonNull<Segment<T, H>> {
    // SAFETY: D2: a live `Sub`; D1: `depth` bits index its slots, which name segments only.
    unsafe {
        let Sub { slots, depth } = &*sub.as_ptr();
        slots.add(index(place << ROOT_BITS, u64::BITS - depth)).read().0
    }
}

/// The top `64 - shift` bits, of which there are at most `ROOT_BITS`.
#[inline(always)] // part of every lookup
#[allow(clippy::cast_possible_truncation, reason = "at most ROOT_BITS bits are left")]
fn index(place: u64, shift: u32) -> usize {
    (place >> shift) as usize
}

fn slots_layout<T, H: Handle>(depth: u32) -> Layout {
    Layout::array::<Slot<T, H>>(1 << depth).expect("at most 2^ROOT_BITS slots")
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

/// A copy of `2^from` slots as `2^to` slots, each standing `2^(to - from)` times.
fn widened<T, H: Handle>(
    raw: Raw<H>,
    slots: NonNull<Slot<T, H>>,
    from: u32,
    to: u32,
) -> Result<NonNull<Slot<T, H>>, ArenaError> {
    let wide = new_slots(raw, to)?;
    for index in 0..1_usize << to {
        // SAFETY: D1: `slots` has `2^from` set slots, the new block `2^to`.
        unsafe { wide.add(index).write(slots.add(index >> (to - from)).read()) };
    }
    Ok(wide)
}

/// A block for one `B`, not yet written.
fn new_block<B, H: Handle>(raw: Raw<H>) -> Result<NonNull<B>, ArenaError> {
    const { assert!(align_of::<B>() >= 2, "bit 0 of the address is free") };
    Ok(raw.try_alloc(Layout::new::<B>())?.cast())
}
