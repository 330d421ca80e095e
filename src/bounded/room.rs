//! The one block of a bounded map: groups of tags, slots, and what the queues and deadlines are kept in.
//!
//! ```text
//!  | bucket 0 | ... | group 0 | ... | group g - 1 | slot 0 | ... | slot 16 g - 1 | node 0 | ... | cell 0 | ... | weight 0 | ... |
//!    32 bytes:        32 bytes: 16 tags,            8 bytes and                    8 bytes:       4 bytes:      4 bytes for each
//!    ghosts           8 of counters, 8 of           the entry: `Slot`              `due.rs`       `ring.rs`     slot, if entries
//!    (`ghost.rs`)     the first deadline                                                                        have weights
//! ```
//!
//! There is any number of groups. Slot `16 i + j` belongs to lane `j` of group `i`. An entry stands in its home group, or, if
//! that was full, a stride on, or another such stride, and so on around the block. Its tag says the class, and each class has a
//! stride of its own, which has no factor in common with the number of groups: so each such way leads through all of them.
//! (Strides of 1, 2, 4 and 8 for all made crowds: searches of hundreds of groups in a full map.) A group counts for each class of
//! tags how many entries went on from it, four bits each, 15 for "15 or more": a search ends at the first group from which no
//! entry of its class went on. A removal takes the counts back, but for those of 15 and of entries 31 strides from home, which
//! only hashes that cannot be told apart reach. Entries never move.
//!
//! Invariants:
//!
//! - **R1** The block has the layout that [`Sizes::layout`] says, and all of it is initialised but the entries of free slots.
//! - **R2** A slot holds an entry exactly if its tag is not zero, and exactly if its eight bytes say so ([`Meta::is_here`]): only
//!   [`Room::fill`], [`Room::fill_as`] and [`Room::take`] change tags, entries and that bit, all at once. What [`Room::change_meta`] is
//!   given leaves the bit alone, as all functions from `Meta` to `Meta` do but `next` and `freed`, which are called in this file only.
//!   ([`Room::copy_without_entries`] clears it in slots that have none.)
//! - **R3** Nobody else has the block; the owner gives it back once, with the entries dropped or forgotten.

#![allow(unsafe_code, reason = "entries stand in uninitialised memory, found by their tags")]

use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;
use core::slice;

use super::due::EMPTY;
use super::ghost::Bucket;
use super::meta::{FAR, Fresh, Meta, NEVER};
use super::sizes::Sizes;
use crate::arena::{Handle, Held};
use crate::error::ArenaError;
use crate::table::KeyShape;
use crate::table::group::{Group as Tags, LANES, Lanes, Mark, class_of, prefetch};

/// Tags of sixteen slots, and what is known of them together.
#[repr(C, align(32))]
pub(super) struct Group {
    tags: [u8; LANES],
    /// Entries that went on from here, four bits for each class.
    went_on: u64,
    /// No deadline of the group is earlier; [`EMPTY`] if it has no entry.
    pub(super) due: u64,
}

/// The place of one entry.
#[repr(C)]
pub(super) struct Slot<T> {
    meta: Meta,
    entry: MaybeUninit<T>,
}

/// An entry that was taken out, and what was known of it.
pub(super) struct Taken<T> {
    pub(super) entry: T,
    pub(super) meta: Meta,
    pub(super) tag: u8,
    /// Its home group, if that is known.
    pub(super) home: Option<usize>,
}

/// A hash whose bits all matter for all bits: homes are made of the upper half, tags of the lower. A hasher that hands integers
/// through has nothing but them in its lower bits, and of multiples of 16 not even those.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "both halves are used")]
pub(super) const fn spread(hash: u64) -> u64 {
    let wide = hash as u128 * 0x9E37_79B9_7F4A_7C15_u128;
    (wide >> 64) as u64 ^ wide as u64
}

/// What tag an entry has.
#[inline(always)]
pub(super) const fn mark(hash: u64) -> Mark {
    Mark::of(hash & 0xFFFF_FFFF)
}

/// How many of a class went on, 15 for "15 or more".
#[inline(always)]
const fn count(went_on: u64, class: usize) -> u64 {
    went_on >> (4 * class) & 15
}

/// The block.
pub(super) struct Room<T> {
    block: NonNull<u8>,
    groups: NonNull<Group>,
    slots: NonNull<Slot<T>>,
    nodes: NonNull<u64>,
    cells: NonNull<u32>,
    weights: NonNull<u32>,
    pub(super) sizes: Sizes,
    entries: PhantomData<T>,
}

// SAFETY: R3: the one owner of its entries, which go with it.
unsafe impl<T: Send> Send for Room<T> {}
// SAFETY: a shared room gives shared entries only.
unsafe impl<T: Sync> Sync for Room<T> {}

impl<T: RefUnwindSafe> RefUnwindSafe for Room<T> {}
impl<T: UnwindSafe> UnwindSafe for Room<T> {}

impl<T> Room<T> {
    /// A room without entries, in a block of an arena.
    pub(super) fn try_new<H: Handle>(sizes: Sizes, handle: &mut Held<H>) -> Result<Self, ArenaError> {
        let Ok(parts) = sizes.parts::<T>() else {
            return Err(ArenaError::CapacityOverflow);
        };
        let block = handle.try_alloc_table(parts.layout)?;
        // SAFETY: a fresh block of this layout: all parts are inside, as long as the layout says and aligned for their types (R1, R3).
        let mut room = unsafe {
            block.write_bytes(0, parts.layout.size());
            Self {
                block,
                groups: block.add(parts.groups).cast(),
                slots: block.add(parts.slots).cast(),
                nodes: block.add(parts.nodes).cast(),
                cells: block.add(parts.cells).cast(),
                weights: block.add(parts.weights).cast(),
                sizes,
                entries: PhantomData,
            }
        };
        for group in room.groups_mut() {
            group.due = EMPTY;
        }
        room.nodes_mut().fill(EMPTY);
        Ok(room)
    }

    /// Gives the block back.
    ///
    /// # Safety
    ///
    /// The handle is the one that the room was made with. (The room is one of no slots then, whose block has no bytes.)
    pub(super) unsafe fn give_back<H: Handle>(&mut self, handle: &mut Held<H>) {
        let Ok(parts) = self.sizes.parts::<T>() else { return };
        // SAFETY: the block that `try_new` got from this handle (R3); the rest is handed on to the caller.
        unsafe { handle.dealloc_table(self.block, parts.layout) };
        // A map whose end was cut short by a panic ends once more, and finds nothing.
        self.sizes = Sizes::NONE;
    }

    #[inline(always)]
    pub(super) fn groups(&self) -> &[Group] {
        // SAFETY: R1.
        unsafe { slice::from_raw_parts(self.groups.as_ptr(), self.sizes.groups) }
    }

    #[inline(always)]
    fn groups_mut(&mut self) -> &mut [Group] {
        // SAFETY: R1, R3.
        unsafe { slice::from_raw_parts_mut(self.groups.as_ptr(), self.sizes.groups) }
    }

    #[inline(always)]
    fn slots(&self) -> &[Slot<T>] {
        // SAFETY: R1.
        unsafe { slice::from_raw_parts(self.slots.as_ptr(), self.sizes.slots) }
    }

    #[inline(always)]
    fn slots_mut(&mut self) -> &mut [Slot<T>] {
        // SAFETY: R1, R3.
        unsafe { slice::from_raw_parts_mut(self.slots.as_ptr(), self.sizes.slots) }
    }

    #[inline]
    pub(super) fn nodes(&self) -> &[u64] {
        // SAFETY: R1.
        unsafe { slice::from_raw_parts(self.nodes.as_ptr(), self.sizes.levels.nodes()) }
    }

    #[inline]
    pub(super) fn nodes_mut(&mut self) -> &mut [u64] {
        // SAFETY: R1, R3.
        unsafe { slice::from_raw_parts_mut(self.nodes.as_ptr(), self.sizes.levels.nodes()) }
    }

    #[inline]
    pub(super) fn cells(&self) -> &[u32] {
        // SAFETY: R1.
        unsafe { slice::from_raw_parts(self.cells.as_ptr(), self.sizes.cells) }
    }

    #[inline]
    pub(super) fn cells_mut(&mut self) -> &mut [u32] {
        // SAFETY: R1, R3.
        unsafe { slice::from_raw_parts_mut(self.cells.as_ptr(), self.sizes.cells) }
    }

    fn buckets(&self) -> &[Bucket] {
        // SAFETY: R1; the block begins with them.
        unsafe { slice::from_raw_parts(self.block.as_ptr().cast(), self.sizes.buckets) }
    }

    #[inline]
    pub(super) fn buckets_mut(&mut self) -> &mut [Bucket] {
        // SAFETY: R1, R3; the block begins with them.
        unsafe { slice::from_raw_parts_mut(self.block.as_ptr().cast(), self.sizes.buckets) }
    }

    /// The weights of all slots, or none.
    #[inline]
    pub(super) fn weights(&self) -> &[u32] {
        let count = if self.sizes.weighted { self.slot_count() } else { 0 };
        // SAFETY: R1.
        unsafe { slice::from_raw_parts(self.weights.as_ptr(), count) }
    }

    /// The weights of all slots, or none.
    #[inline]
    pub(super) fn weights_mut(&mut self) -> &mut [u32] {
        let count = if self.sizes.weighted { self.slot_count() } else { 0 };
        // SAFETY: R1, R3.
        unsafe { slice::from_raw_parts_mut(self.weights.as_ptr(), count) }
    }

    #[inline(always)]
    pub(super) const fn slot_count(&self) -> usize {
        self.sizes.slots
    }

    #[inline(always)]
    pub(super) fn due(&self, group: usize) -> u64 {
        self.groups()[group].due
    }

    #[inline]
    pub(super) fn set_due(&mut self, group: usize, due: u64) {
        self.groups_mut()[group].due = due;
    }

    #[cfg(test)]
    pub(super) fn went_on(&self, group: usize) -> u64 {
        self.groups()[group].went_on
    }

    /// The lanes of a group that hold entries.
    #[inline]
    pub(super) fn full(&self, group: usize) -> Lanes {
        Tags::of(&self.groups()[group].tags).full()
    }

    /// A slot's place, by one comparison.
    #[inline(always)]
    fn place(&self, slot: usize) -> &Slot<T> {
        assert!(slot < self.slot_count(), "a slot of this room");
        // SAFETY: R1.
        unsafe { self.slots.add(slot).as_ref() }
    }

    #[inline(always)]
    fn place_mut(&mut self, slot: usize) -> &mut Slot<T> {
        assert!(slot < self.slot_count(), "a slot of this room");
        // SAFETY: R1, R3.
        unsafe { self.slots.add(slot).as_mut() }
    }

    /// The tag of a slot.
    #[inline(always)]
    pub(super) fn tag(&self, slot: usize) -> u8 {
        assert!(slot < self.slot_count(), "a slot of this room");
        // SAFETY: R1: there is a group for every sixteen slots.
        unsafe { self.groups.add(slot / LANES).as_ref() }.tags[slot % LANES]
    }

    #[inline(always)]
    fn replace_tag(&mut self, slot: usize, tag: u8) -> u8 {
        assert!(slot < self.slot_count(), "a slot of this room");
        // SAFETY: R1, R3: there is a group for every sixteen slots.
        let group = unsafe { self.groups.add(slot / LANES).as_mut() };
        mem::replace(&mut group.tags[slot % LANES], tag)
    }

    #[inline(always)]
    pub(super) fn meta(&self, slot: usize) -> Meta {
        self.place(slot).meta
    }

    /// Changes what is known of a slot, but not whether it has an entry (R2).
    #[inline(always)]
    pub(super) fn change_meta(&mut self, slot: usize, change: impl FnOnce(Meta) -> Meta) {
        let place = self.place_mut(slot);
        let meta = change(place.meta);
        debug_assert_eq!(
            meta.is_here(),
            place.meta.is_here(),
            "entries come and go by `fill` and `take`"
        );
        place.meta = meta;
    }

    /// The entry of a slot, which has one.
    #[inline(always)]
    pub(super) fn entry(&self, slot: usize) -> &T {
        let place = self.place(slot);
        assert!(place.meta.is_here(), "a place is used before anything else changes");
        // SAFETY: R2.
        unsafe { place.entry.assume_init_ref() }
    }

    /// The entry of a slot, which has one.
    #[inline(always)]
    pub(super) fn entry_mut(&mut self, slot: usize) -> &mut T {
        let place = self.place_mut(slot);
        assert!(place.meta.is_here(), "a place is used before anything else changes");
        // SAFETY: R2.
        unsafe { place.entry.assume_init_mut() }
    }

    /// The entry of a slot, which has one, used once more.
    #[inline(always)]
    pub(super) fn use_entry(&mut self, slot: usize) -> &mut T {
        let place = self.place_mut(slot);
        assert!(place.meta.is_here(), "a place is used before anything else changes");
        place.meta = place.meta.used(); // always: whether it makes a difference is hard to guess
        // SAFETY: R2.
        unsafe { place.entry.assume_init_mut() }
    }

    /// All entries, to be changed, with their slots' eight bytes.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = (Meta, &mut T)> {
        // SAFETY: R1, R3: two parts of the block, so that nothing is borrowed twice.
        let (groups, slots) = unsafe {
            (
                slice::from_raw_parts(self.groups.as_ptr(), self.sizes.groups),
                slice::from_raw_parts_mut(self.slots.as_ptr(), self.sizes.slots),
            )
        };
        let full = groups.iter().map(|group| Tags::of(&group.tags).full());
        full.zip(slots.chunks_exact_mut(LANES)).flat_map(|(full, slots)| {
            let occupied = slots.iter_mut().enumerate().filter(move |(lane, _)| full.has(*lane));
            // SAFETY: R2: the slot of a lane whose tag is not zero.
            occupied.map(|(_, slot)| (slot.meta, unsafe { slot.entry.assume_init_mut() }))
        })
    }

    /// The home of a hash that was [spread].
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "less than the number of groups")]
    pub(super) const fn home(&self, hash: u64) -> usize {
        (((hash >> 32) * self.sizes.groups as u64) >> 32) as usize
    }

    /// Groups from one to the next on the way of a class.
    #[inline(always)]
    const fn stride(&self, class: usize) -> usize {
        self.sizes.strides[class] as usize
    }

    #[inline(always)]
    const fn on(&self, group: usize, stride: usize) -> usize {
        let next = group + stride;
        if next >= self.sizes.groups {
            next - self.sizes.groups
        } else {
            next
        }
    }

    /// The group a stride before.
    #[inline(always)]
    const fn back(&self, group: usize, stride: usize) -> usize {
        if group >= stride {
            group - stride
        } else {
            group + self.sizes.groups - stride
        }
    }

    /// The slot of the entry with this hash, [spread], for which `is` is true.
    #[inline(always)]
    pub(super) fn find(&self, shape: KeyShape, hash: u64, mut is: impl FnMut(&T) -> bool) -> Option<usize> {
        let mark = mark(hash);
        let home = self.home(hash);
        match self.find_in(home, mark, &mut is) {
            Ok(end) => end,
            Err(()) if matches!(shape, KeyShape::Whole) => self.find_behind(home, mark, is),
            Err(()) => {
                let mut from = (home, LANES);
                while let Some((at, lane)) = self.candidate(home, mark, from) {
                    let slot = at * LANES + lane;
                    if is(self.entry(slot)) {
                        return Some(slot);
                    }
                    from = (at, lane + 1);
                }
                None
            }
        }
    }

    /// The group and lane of the first entry with a mark on its way, from a lane of a group on. (It knows no key, as in
    /// `table/block/candidates.rs`. For keys of one word, lookups by it take 14 % more instructions than by `find_behind`.)
    #[inline(never)]
    fn candidate(&self, home: usize, mark: Mark, (mut at, mut from): (usize, usize)) -> Option<(usize, usize)> {
        loop {
            let group = &self.groups()[at];
            if from < LANES
                && let Some(lane) = Tags::of(&group.tags).matches(mark).from(from).first()
            {
                return Some((at, lane));
            }
            if count(group.went_on, mark.class()) == 0 {
                return None;
            }
            at = self.on(at, self.stride(mark.class()));
            if at == home {
                return None;
            }
            from = 0;
        }
    }

    /// The slot in one group; `Err` if the search goes on.
    #[inline(always)]
    fn find_in(&self, at: usize, mark: Mark, is: &mut impl FnMut(&T) -> bool) -> Result<Option<usize>, ()> {
        let group = &self.groups()[at];
        for lane in Tags::of(&group.tags).matches(mark) {
            let slot = at * LANES + lane;
            // SAFETY: R2: the tag is not zero; the group is one of this room's (R1).
            if is(unsafe { self.slots.add(slot).as_ref().entry.assume_init_ref() }) {
                return Ok(Some(slot));
            }
        }
        if count(group.went_on, mark.class()) == 0 {
            return Ok(None);
        }
        Err(())
    }

    /// The slot in the groups behind home.
    #[inline(never)]
    fn find_behind(&self, home: usize, mark: Mark, mut is: impl FnMut(&T) -> bool) -> Option<usize> {
        let mut at = home;
        for _ in 1..self.sizes.groups {
            at = self.on(at, self.stride(mark.class()));
            if let Ok(end) = self.find_in(at, mark, &mut is) {
                return end;
            }
        }
        None
    }

    /// Puts an entry, whose key is not there, into the first free slot of its way, in its home group the first from a lane on, and around.
    /// There is one.
    #[inline(always)]
    pub(super) fn fill(&mut self, home: usize, mark: Mark, lane: usize, mut fresh: Fresh, entry: T) -> usize {
        let free = Tags::of(&self.groups()[home].tags).free();
        let mut slot = home * LANES + free.first_around_or_any(lane);
        if free.is_none() {
            (slot, fresh.strides) = self.go_on(home, mark);
        }
        let place = self.place_mut(slot);
        place.meta = place.meta.next(fresh);
        place.entry.write(entry);
        self.replace_tag(slot, mark.tag()); // R2
        slot
    }

    /// The first free slot on the way of an entry whose home is full, which it is counted to have left; and how many strides that is.
    #[inline(never)]
    fn go_on(&mut self, home: usize, mark: Mark) -> (usize, usize) {
        let stride = self.stride(mark.class());
        let mut at = home;
        for strides in 0..self.sizes.groups {
            let group = &mut self.groups_mut()[at];
            if let Some(lane) = Tags::of(&group.tags).free().first() {
                return (at * LANES + lane, strides);
            }
            if count(group.went_on, mark.class()) < 15 {
                group.went_on += 1 << (4 * mark.class());
            }
            at = self.on(at, stride);
        }
        unreachable!("room was made before");
    }

    /// Asks for the lines of a slot, of its group, and, if that is its entry's home, of the ghosts beside which it would be one.
    #[inline(always)]
    pub(super) fn prefetch(&self, slot: usize) {
        self.prefetch_ahead(slot);
        self.prefetch_ghosts(slot / LANES);
    }

    /// Asks for the line of a slot, which need not be one of this room.
    #[inline(always)]
    pub(super) fn prefetch_slot(&self, slot: usize) {
        prefetch(self.slots.as_ptr().wrapping_add(slot));
    }

    /// Asks for the lines of a slot and its group, to which the hand will come, or of what is behind them.
    #[inline(always)]
    pub(super) fn prefetch_ahead(&self, slot: usize) {
        self.prefetch_slot(slot);
        prefetch(self.groups.as_ptr().wrapping_add(slot / LANES));
    }

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "a number of a bucket")]
    fn prefetch_ghosts(&self, home: usize) {
        let bucket = ((home as u64 * self.sizes.buckets_a_group) >> 32) as usize;
        prefetch(self.buckets().as_ptr().wrapping_add(bucket));
    }

    /// Asks for the lines that an entry of this home, which is to come, will want: of the ghosts, and of the slot that [`fill`](Self::fill)
    /// takes if nothing changes before.
    #[inline(always)]
    pub(super) fn prefetch_home(&self, home: usize, lane: usize) {
        self.prefetch_ghosts(home);
        let free = Tags::of(&self.groups()[home].tags).free();
        self.prefetch_slot(home * LANES + free.first_around_or_any(lane));
    }

    /// Makes everything as in another room of the same sizes, but that no slot has an entry yet. (In this one none has.)
    pub(super) fn copy_without_entries(&mut self, other: &Self) {
        self.buckets_mut().copy_from_slice(other.buckets());
        self.nodes_mut().copy_from_slice(other.nodes());
        self.cells_mut().copy_from_slice(other.cells());
        self.weights_mut().copy_from_slice(other.weights());
        for (group, other) in self.groups_mut().iter_mut().zip(other.groups()) {
            (group.went_on, group.due) = (other.went_on, other.due);
        }
        for (slot, other) in self.slots_mut().iter_mut().zip(other.slots()) {
            debug_assert!(!slot.meta.is_here(), "a room without entries");
            slot.meta = other.meta.freed();
        }
    }

    /// Puts an entry into a free slot, the one that it has in another room, with this tag and these eight bytes.
    pub(super) fn fill_as(&mut self, slot: usize, tag: u8, meta: Meta, entry: T) {
        assert!(
            tag != 0 && meta.is_here() && self.tag(slot) == 0,
            "a free slot, for an entry"
        );
        let place = self.place_mut(slot);
        place.meta = meta;
        place.entry.write(entry);
        self.replace_tag(slot, tag); // R2
    }

    /// All deadlines come so many ticks earlier; those before are at tick 0.
    pub(super) fn bring_deadlines_forward(&mut self, ticks: u64) {
        let earlier = |deadline: u64| match deadline {
            ..NEVER => deadline.saturating_sub(ticks),
            _ => deadline, // never, and no entry
        };
        for slot in self.slots_mut() {
            slot.meta = slot
                .meta
                .with_deadline(earlier(slot.meta.deadline()), slot.meta.is_idle());
        }
        for group in self.groups_mut() {
            group.due = earlier(group.due);
        }
        for node in self.nodes_mut() {
            *node = earlier(*node); // the least of its children still
        }
    }

    /// Takes the entry out of a slot, which has one.
    #[inline(always)]
    pub(super) fn take(&mut self, slot: usize) -> Taken<T> {
        let place = self.place_mut(slot);
        let meta = place.meta;
        assert!(meta.is_here(), "a place is used before anything else changes");
        place.meta = meta.freed();
        let tag = self.replace_tag(slot, 0);
        // SAFETY: R2: the slot had an entry, and has none now.
        let entry = unsafe { self.place(slot).entry.assume_init_read() };
        let (group, class) = (slot / LANES, class_of(tag));
        let home = match meta.strides() {
            strides @ (0 | 1) => Some(self.come_back_one(group, class, strides == 1)),
            strides => self.come_back(group, class, strides),
        };
        Taken { entry, meta, tag, home }
    }

    /// An entry that went on one stride to a group, or none, goes: its home. One way for both, since nobody can guess which it is.
    #[inline(always)]
    fn come_back_one(&mut self, group: usize, class: usize, went_on: bool) -> usize {
        let before = self.back(group, self.stride(class));
        let home = if went_on { before } else { group };
        let counts = &mut self.groups_mut()[home].went_on;
        let less = went_on & (count(*counts, class) < 15);
        *counts -= u64::from(less) << (4 * class);
        home
    }

    /// An entry that went on so many strides to a group goes: its home.
    #[inline(never)]
    fn come_back(&mut self, group: usize, class: usize, strides: usize) -> Option<usize> {
        // Of one that is farther from home nobody knows where that is: what it counts for stays.
        if strides == FAR {
            return None;
        }
        let stride = self.stride(class);
        let mut passed = group;
        for _ in 0..strides {
            passed = self.back(passed, stride);
            let counts = &mut self.groups_mut()[passed].went_on;
            // A count of 15 may be more, and stays.
            if count(*counts, class) < 15 {
                *counts -= 1 << (4 * class);
            }
        }
        Some(passed)
    }

    /// Forgets who went on from where; there are no entries.
    pub(super) fn forget_ways(&mut self) {
        for group in self.groups_mut() {
            debug_assert_eq!(group.tags, [0; LANES]);
            group.went_on = 0;
        }
    }
}
