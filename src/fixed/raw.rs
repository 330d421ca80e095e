//! The slots and their tags in memory: every unsafe access to an archive.
//!
//! ```text
//!  base                 base + TAGS               base + slots_at
//!  | header, 192 bytes  | group 0 | group 1 | ... | slot 0 .. 11 of group 0 | slot 12 .. of group 1 | ...
//!                         16 bytes each             SlotLayout::of::<K, V>().size bytes each
//! ```
//!
//! Invariants, upheld by whoever makes a `Raw` (`Raw::new` names them; `Core::raw` is the only maker):
//! - **R1** `base` is aligned for the archive and valid for reading `Geometry::bytes` initialised bytes for as long as the
//!   `Raw` is used; `groups` and `slots_at` are of that geometry. For the writing calls also valid for writing, exclusively.
//! - **R2** every slot whose tag is not zero holds a valid `K` and `V`, or any bytes are valid of both (`FromBytes`).
//!
//! # Why twelve slots, eight counters and two thirds
//!
//! Entries never move, and a removed one leaves no tombstone. What remains of churn are entries in a later group than their home,
//! because it was full when they came; `FORMAT.md` has the table of what that costs after random remove+insert pairs at full
//! capacity. One counter a group, as in F14, does not survive them: every search passes through a group that once
//! overflowed. Eight do, chosen by three bits of the hash that do not choose the group: at a load of two thirds 1.09 groups a hit
//! and 1.11 a miss (100,000 entries, 20n pairs: `cargo test --release --features fixed --test fixed_churn -- --ignored --nocapture`).
//! A higher load, such as four fifths, is possible too, but the processor does not predict a search that goes on to a second group,
//! and waits for memory before it notices. So hits take longer there.
//! Four bits a counter are enough for random keys. Twelve tags and eight counters fill one 16-byte load.
//!
//! Tried and not taken: seven bits of tag and four counters of a byte (one instruction less, but twice the false matches, so that
//! misses take longer); a step that depends on the hash instead of the next group (fewer groups a miss after churn, but more
//! instructions, and another cache line where the next group is mostly in the same).
#![allow(unsafe_code, reason = "every access to slots and tags by address; R1 and R2")]
#![allow(clippy::cast_possible_truncation, reason = "groups are counted in 32 bits")]

use super::error::{Field, FixedError};
use super::group::{Counters, Group};
use super::layout::{GROUP_BYTES, Hash, LANES, SlotLayout, at};
use super::table::Table;
use core::marker::PhantomData;
use core::ops::ControlFlow;
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, compiler_fence};

/// A view of an archive whose header was checked.
pub(super) struct Raw<K, V> {
    base: NonNull<u8>,
    slots_at: usize,
    groups: u32,
    types: PhantomData<(K, V)>,
}

impl<K, V> Clone for Raw<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Raw<K, V> {}

impl<K, V> Table for Raw<K, V> {
    fn groups(&self) -> u32 {
        self.groups
    }

    #[inline(always)]
    fn group(&self, group: u32) -> [u8; GROUP_BYTES] {
        Self::group(*self, group)
    }
}

/// Where a new entry goes: the free slot, and how many full groups it passed on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    group: u32,
    lane: usize,
    passed: u32,
}

/// The slot that a search came to: its bytes, and its place. What a caller does not use costs nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    bytes: NonNull<u8>,
    group: u32,
    lane: usize,
}

impl Hit {
    /// The number of the slot.
    #[inline(always)]
    pub(super) const fn slot(self) -> usize {
        self.group as usize * LANES + self.lane
    }

    /// The first of its bytes.
    #[inline(always)]
    pub(super) const fn bytes(self) -> NonNull<u8> {
        self.bytes
    }
}

/// What a search for the place of a key came to.
pub(super) enum Search {
    Found(usize),
    Vacant(Place),
}

impl<K, V> Raw<K, V> {
    const SLOT: SlotLayout = SlotLayout::of::<K, V>();

    /// # Safety
    ///
    /// R1 and R2 of this module.
    #[inline(always)]
    pub(super) const unsafe fn new(base: NonNull<u8>, groups: u32, slots_at: usize) -> Self {
        Self {
            base,
            slots_at,
            groups,
            types: PhantomData,
        }
    }

    pub(super) const fn groups(self) -> u32 {
        self.groups
    }

    /// The sixteen bytes of a group.
    #[inline(always)]
    pub(super) fn group(self, group: u32) -> [u8; GROUP_BYTES] {
        debug_assert!(group < self.groups);
        // SAFETY: R1; a group below `groups` is inside the archive. Groups are 16 bytes each from a multiple of 16.
        unsafe { *self.group_ptr(group).cast::<Aligned>().as_ptr() }.0
    }

    /// The counters of a group.
    #[inline(always)]
    pub(super) fn counters(self, group: u32) -> Counters {
        debug_assert!(group < self.groups);
        // SAFETY: R1; the four bytes behind the tags of a group below `groups`, aligned to four.
        Counters(u32::from_le(unsafe { self.group_ptr(group).add(LANES).cast().read() }))
    }

    #[inline(always)]
    pub(super) fn group_ptr(self, group: u32) -> NonNull<u8> {
        // SAFETY: R1, as in `group`.
        unsafe { self.base.add(at::TAGS + group as usize * GROUP_BYTES) }
    }

    #[inline(always)]
    pub(super) fn slot_ptr(self, slot: usize) -> NonNull<u8> {
        debug_assert!(slot < self.groups as usize * LANES);
        // SAFETY: R1; a slot below `groups * 12` is inside the archive.
        unsafe { self.base.add(self.slots_at + slot * Self::SLOT.size) }
    }

    /// The first slot of a group.
    #[inline(always)]
    fn slots_of(self, group: u32) -> NonNull<u8> {
        debug_assert!(group < self.groups);
        // SAFETY: R1; the slots of a group below `groups` are inside the archive.
        unsafe {
            self.base
                .add(self.slots_at)
                .add(group as usize * (LANES * Self::SLOT.size))
        }
    }

    #[inline(always)]
    pub(super) fn key_ptr(self, slot: usize) -> NonNull<K> {
        self.slot_ptr(slot).cast()
    }

    /// The slot that begins with this key.
    pub(super) fn slot_at(self, key: NonNull<K>) -> usize {
        let offset = key.addr().get() - self.slot_ptr(0).addr().get();
        offset.checked_div(Self::SLOT.size).unwrap_or(0)
    }

    #[inline(always)]
    pub(super) fn value_ptr(self, slot: usize) -> NonNull<V> {
        // SAFETY: R1; the value begins inside its slot.
        unsafe { self.slot_ptr(slot).add(Self::SLOT.value_at) }.cast()
    }

    /// All bytes of a slot.
    pub(super) fn slot_bytes<'m>(self, slot: usize) -> &'m [u8] {
        // SAFETY: R1. The callers are `verify` and `recover`, during which nobody changes the bytes.
        unsafe { core::slice::from_raw_parts(self.slot_ptr(slot).as_ptr(), Self::SLOT.size) }
    }

    /// The slot of a key, which `is_key` recognises.
    ///
    /// Bounded by the number of groups, whatever the bytes say. `is_key` is only asked about slots whose tag is full.
    pub(super) fn find(self, hash: Hash, mut is_key: impl FnMut(NonNull<K>) -> bool) -> Option<Hit> {
        for group in hash.way(self.groups) {
            if let ControlFlow::Break(found) = self.find_in(hash, group, &mut is_key) {
                return found;
            }
        }
        None
    }

    /// The same, of the groups behind this one on the way.
    #[inline(always)] // a call would cost every search the registers that it keeps
    pub(super) fn find_behind(self, hash: Hash, home: u32, mut is_key: impl FnMut(NonNull<K>) -> bool) -> Option<Hit> {
        let mut group = home;
        loop {
            group = Hash::next(group, self.groups);
            if group == home {
                return None;
            }
            if let ControlFlow::Break(found) = self.find_in(hash, group, &mut is_key) {
                return found;
            }
        }
    }

    /// What one group says of a key: where it is, that it is nowhere, or that the search goes on.
    #[inline(always)]
    pub(super) fn find_in(
        self,
        hash: Hash,
        group: u32,
        is_key: &mut impl FnMut(NonNull<K>) -> bool,
    ) -> ControlFlow<Option<Hit>> {
        let tags = self.group(group);
        let slots = self.slots_of(group);
        // A loop with its condition at the end, by hand: of a `for`, rustc makes one only where it writes debug info, and five
        // instructions a hit more elsewhere.
        let mut lanes = Group::load(&tags).matching(hash.mark(self.groups));
        if let Some(mut lane) = lanes.first() {
            loop {
                // SAFETY: R1; a lane of this group.
                let bytes = unsafe { slots.add(lane * Self::SLOT.size) };
                if is_key(bytes.cast()) {
                    return ControlFlow::Break(Some(Hit { bytes, group, lane }));
                }
                lanes.drop_first();
                match lanes.first() {
                    Some(next) => lane = next,
                    None => break,
                }
            }
        }
        if self.counters(group).is_zero(hash.mark(self.groups)) {
            ControlFlow::Break(None)
        } else {
            ControlFlow::Continue(())
        }
    }

    /// The first free slot of a group, as a place reached without passing a group.
    #[inline(always)]
    pub(super) fn place_in(self, group: u32) -> Option<Place> {
        Group::load(&self.group(group))
            .free()
            .first()
            .map(|lane| Place { group, lane, passed: 0 })
    }

    /// The slot of a key, or the place where it goes.
    ///
    /// # Errors
    ///
    /// If no slot is free: in a full map of one group, or in an archive whose length lies.
    pub(super) fn find_or_place(
        self,
        hash: Hash,
        mut is_key: impl FnMut(NonNull<K>) -> bool,
    ) -> Result<Search, FixedError> {
        let home = hash.home(self.groups);
        let mut group = home;
        let mut place = None;
        let mut searching = true;
        for passed in 0..self.groups {
            if searching {
                match self.find_in(hash, group, &mut is_key) {
                    ControlFlow::Break(Some(place)) => return Ok(Search::Found(place.slot())),
                    ControlFlow::Break(None) => searching = false,
                    ControlFlow::Continue(()) => {}
                }
            }
            if place.is_none() {
                let free = Group::load(&self.group(group)).free();
                place = free.first().map(|lane| Place { group, lane, passed });
            }
            if place.is_some() && !searching {
                break;
            }
            group = Hash::next(group, self.groups);
        }
        let nowhere = FixedError::at(Field::Search, u64::from(home), 0, u64::from(self.groups));
        place.map(Search::Vacant).ok_or(nowhere)
    }

    /// Writes an entry into the place that `find_or_place` chose, and gives its slot.
    ///
    /// The order of the writes is part of the format: counters, slot, tag; the caller counts the entry afterwards.
    ///
    /// # Safety
    ///
    /// R1 for writing. The place is of this map and hash, and nothing was written since it was chosen.
    #[inline(always)]
    pub(super) unsafe fn occupy(self, hash: Hash, place: Place, key: K, value: V) -> usize {
        // SAFETY: R1 for writing, passed on by the caller; the value lies inside the slot.
        unsafe {
            self.occupy_by(hash, place, key, |slot| {
                slot.add(Self::SLOT.value_at).cast().write(value);
            })
        }
    }

    /// The same, with a value that stands in its place already, where `zeroed_value` gave it out.
    ///
    /// # Safety
    ///
    /// As `occupy`, and the value there is valid.
    #[inline(always)]
    pub(super) unsafe fn occupy_written(self, hash: Hash, place: Place, key: K) -> usize {
        // SAFETY: passed on by the caller.
        unsafe { self.occupy_by(hash, place, key, |_| ()) }
    }

    /// The same, with a value that is written by a closure, which gets the address of the slot.
    ///
    /// # Safety
    ///
    /// As `occupy`, and the closure leaves a valid value.
    #[inline(always)]
    unsafe fn occupy_by(self, hash: Hash, place: Place, key: K, write_value: impl FnOnce(NonNull<u8>)) -> usize {
        // SAFETY: R1 for writing, passed on by the caller.
        unsafe {
            let slot = self.slots_of(place.group).add(place.lane * Self::SLOT.size);
            if place.passed > 0 {
                self.count_passage(hash, hash.way(self.groups).take(place.passed as usize));
            }
            compiler_fence(Ordering::Release);
            slot.cast().write(key);
            write_value(slot);
            compiler_fence(Ordering::Release);
            self.group_ptr(place.group)
                .add(place.lane)
                .write(hash.mark(self.groups).tag());
        }
        compiler_fence(Ordering::Release);
        place.group as usize * LANES + place.lane
    }

    /// The value in a free place, whose bytes are made zero first: of a lying archive they may be anything.
    ///
    /// # Safety
    ///
    /// R1 for writing. The place is of this map and free, and all-zero bytes are a `V`. Nothing else reaches the slot as long
    /// as the reference is used.
    #[inline(always)]
    pub(super) unsafe fn zeroed_value<'m>(self, place: Place) -> &'m mut V {
        // SAFETY: R1 for writing, passed on by the caller; the value lies inside the slot, and zeros are one.
        unsafe {
            let mut value = self.value_ptr(place.group as usize * LANES + place.lane);
            value.write_bytes(0, 1);
            value.as_mut()
        }
    }

    /// Adds one to the counters that this hash has in these groups.
    ///
    /// # Safety
    ///
    /// R1 for writing.
    #[cold]
    pub(super) unsafe fn count_passage(self, hash: Hash, passed: impl Iterator<Item = u32>) {
        for group in passed {
            if let Some(counters) = self.counters(group).up(hash.mark(self.groups)) {
                // SAFETY: passed on by the caller.
                unsafe { self.set_counters(group, counters) };
            }
        }
    }

    /// # Safety
    ///
    /// R1 for writing.
    pub(super) unsafe fn set_counters(self, group: u32, counters: Counters) {
        // SAFETY: R1: the four bytes behind the tags.
        let place = unsafe { self.group_ptr(group).add(LANES) };
        // SAFETY: the same; bytes have no alignment.
        unsafe { place.cast::<[u8; 4]>().write(counters.0.to_le_bytes()) };
    }

    /// Takes an entry out and zeroes its slot.
    ///
    /// The order of the writes is part of the format: tag, slot, counters; the caller counts the entry off afterwards.
    /// A counter that is zero already (a lying archive) stays zero.
    ///
    /// # Safety
    ///
    /// R1 for writing. The slot is full, and the hash is its key's.
    #[inline(always)]
    pub(super) unsafe fn vacate(self, hash: Hash, slot: usize) -> (K, V) {
        let (group, lane) = ((slot / LANES) as u32, slot % LANES);
        // SAFETY: R1 for writing, passed on by the caller; R2: the slot is full.
        let pair = unsafe {
            self.group_ptr(group).add(lane).write(0);
            compiler_fence(Ordering::Release);
            let pair = (self.key_ptr(slot).read(), self.value_ptr(slot).read());
            self.slot_ptr(slot).write_bytes(0, Self::SLOT.size);
            pair
        };
        compiler_fence(Ordering::Release);
        if group != hash.home(self.groups) {
            // SAFETY: R1 for writing, passed on by the caller.
            unsafe { self.count_off_passage(hash, hash.way_to(slot, self.groups)) };
        }
        compiler_fence(Ordering::Release);
        pair
    }

    /// Takes one off the counters that this hash has in these groups.
    ///
    /// # Safety
    ///
    /// R1 for writing.
    #[cold]
    unsafe fn count_off_passage(self, hash: Hash, passed: impl Iterator<Item = u32>) {
        for group in passed {
            if let Some(counters) = self.counters(group).down(hash.mark(self.groups)) {
                // SAFETY: passed on by the caller.
                unsafe { self.set_counters(group, counters) };
            }
        }
    }

    /// Zeroes a slot and its tag, whatever it holds.
    ///
    /// # Safety
    ///
    /// R1 for writing.
    pub(super) unsafe fn wipe(self, slot: usize) {
        // SAFETY: passed on by the caller.
        unsafe {
            self.group_ptr((slot / LANES) as u32).add(slot % LANES).write(0);
            compiler_fence(Ordering::Release);
            self.slot_ptr(slot).write_bytes(0, Self::SLOT.size);
        }
    }

    /// Zeroes the bytes between the last group and the first slot.
    ///
    /// # Safety
    ///
    /// R1 for writing.
    pub(super) unsafe fn wipe_gap(self) {
        let tags_end = at::TAGS + self.groups as usize * GROUP_BYTES;
        // SAFETY: R1 for writing, passed on by the caller; in every geometry the slots begin where the tags end, or later.
        unsafe { self.base.add(tags_end).write_bytes(0, self.slots_at - tags_end) };
    }

    /// Zeroes the bytes of a slot that hold neither key nor value.
    ///
    /// # Safety
    ///
    /// R1 for writing.
    pub(super) unsafe fn zero_padding(self, slot: usize) {
        let SlotLayout {
            key,
            value,
            value_at,
            size,
            ..
        } = Self::SLOT;
        // SAFETY: inside the slot; passed on by the caller.
        unsafe {
            self.slot_ptr(slot).add(key).write_bytes(0, value_at - key);
            self.slot_ptr(slot)
                .add(value_at + value)
                .write_bytes(0, size - value_at - value);
        }
    }

    /// Zeroes all tags, counters and slots.
    ///
    /// # Safety
    ///
    /// R1 for writing.
    pub(super) unsafe fn clear(self) {
        let groups = self.groups as usize;
        // SAFETY: R1 for writing: the two ranges are of this geometry. Tags first: a slot without a tag is no entry.
        unsafe {
            self.group_ptr(0).write_bytes(0, groups * GROUP_BYTES);
            compiler_fence(Ordering::Release);
            self.slot_ptr(0).write_bytes(0, groups * LANES * Self::SLOT.size);
        }
    }

    /// Asks for the tags of this hash's home before they are needed.
    #[inline(always)]
    pub(super) fn prefetch_tags(self, hash: Hash) {
        prefetch(self.group_ptr(hash.home(self.groups)).as_ptr());
    }

    /// Asks for the first slot of this hash's home that may hold its key. The tags should be there already.
    #[inline(always)]
    pub(super) fn prefetch_slot(self, hash: Hash) {
        let group = hash.home(self.groups);
        if let Some(lane) = Group::load(&self.group(group)).matching(hash.mark(self.groups)).first() {
            prefetch(self.slot_ptr(group as usize * LANES + lane).as_ptr());
        }
    }

    /// Asks for the tags of this hash's home, and, if they are few cache lines, for all of its slots: tags and slots then come at the same
    /// time, not one after the other.
    #[inline(always)]
    pub(super) fn prefetch_home(self, hash: Hash) {
        let group = hash.home(self.groups);
        prefetch(self.group_ptr(group).as_ptr());
        if LANES * Self::SLOT.size <= 4 * CACHE_LINE {
            let slots = self.slots_of(group).as_ptr();
            let size = LANES * Self::SLOT.size;
            for at in (0..size).step_by(CACHE_LINE) {
                prefetch(slots.wrapping_add(at));
            }
            prefetch(slots.wrapping_add(size.saturating_sub(1)));
        }
    }
}

/// Bytes of a cache line on most processors.
const CACHE_LINE: usize = 64;

/// Asks for the beginning of a text before it is needed: its first two cache lines.
#[inline(always)]
pub(super) fn prefetch_bytes(bytes: &[u8]) {
    prefetch(bytes.as_ptr());
    if let Some(byte) = bytes.get(CACHE_LINE) {
        prefetch(byte);
    }
}

#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Aligned([u8; GROUP_BYTES]);

/// Asks for the cache line of an address. Does nothing where the target has no such instruction.
#[inline(always)]
pub(super) fn prefetch(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch reads nothing and never faults.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}
