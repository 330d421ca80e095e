//! The repairs of `recover` and `seal`: they clear what is not an entry, and count again.
//!
//! C1 of `core.rs` holds throughout; C2 from `drop_invalid` on, which looks at bytes before it makes keys of them. Everything
//! here has `&mut self`: nobody writes meanwhile.
#![allow(
    unsafe_code,
    reason = "writes tags, counters and slots through a `Raw`; C1 and C2 of `core.rs`"
)]
#![allow(clippy::cast_possible_truncation, reason = "groups are counted in 32 bits")]

use super::core::Core;
use super::group::{Counters, Group, STUCK};
use super::layout::{Hash, LANES, Mark};
use super::memory::MemoryMut;
use super::raw::Raw;
use super::table::Table;
use super::value::{Checked, FixedValue};

/// Whether these bytes of a slot are what a hole leaves.
pub(super) fn is_zero(slot: &[u8]) -> bool {
    !slot.is_empty() && slot.iter().all(|&byte| byte == 0)
}

impl<K: FixedValue, V: FixedValue, M: MemoryMut> Core<K, V, M> {
    /// Zeroes full slots that hold no valid entry, free ones that are not zero, and the bytes before the first; says how
    /// many slots of each. For a core without C2, and with any state, which has both afterwards.
    ///
    /// `is_whole` is asked about what has a valid key and a valid value; its third argument tells whether the tag is that of the key.
    pub(super) fn drop_invalid(
        &mut self,
        hash_of: impl Fn(&K) -> Hash,
        mut is_whole: impl FnMut(usize, &K, &V, &dyn Fn() -> bool) -> bool,
    ) -> (usize, usize)
    where
        K: Checked,
        V: Checked,
    {
        self.unseal_writable();
        let raw = self.raw();
        // SAFETY: R1 for writing (M2).
        unsafe { raw.wipe_gap() };
        self.put_schema();
        let (mut lost, mut unfinished, mut hole) = (0, 0, false);
        for slot in 0..self.geometry().slots() {
            if slot % LANES == 0 {
                hole = self.has_hole(slot / LANES);
            }
            let tag = raw.tag(slot);
            let valid = !(hole && is_zero(raw.slot_bytes(slot)))
                && self.is_whole(slot, &hash_of, |key, value, is_tagged| {
                    is_whole(slot, key, value, is_tagged)
                });
            if valid {
                // SAFETY: R1 for writing (M2).
                unsafe { raw.zero_padding(slot) };
                continue;
            }
            lost += usize::from(tag != 0);
            unfinished += usize::from(tag == 0 && raw.slot_bytes(slot).iter().any(|&byte| byte != 0));
            // SAFETY: R1 for writing (M2).
            unsafe { raw.wipe(slot) };
        }
        (lost, unfinished)
    }

    /// Whether there is a hole in a group: several full slots of which all bytes are zero. At most one of them was an entry, because no two have
    /// the same key.
    fn has_hole(&self, group: usize) -> bool {
        let raw = self.raw();
        let slots = group * LANES..(group + 1) * LANES;
        let zero = slots.filter(|&slot| raw.tag(slot) != 0 && is_zero(raw.slot_bytes(slot)));
        zero.count() > 1
    }

    /// Whether a slot has a tag, a valid key and value, and `is_whole` is true of them, which can ask whether the tag is that of the key.
    pub(super) fn is_whole(
        &mut self,
        slot: usize,
        hash_of: impl Fn(&K) -> Hash,
        is_whole: impl FnOnce(&K, &V, &dyn Fn() -> bool) -> bool,
    ) -> bool
    where
        K: Checked,
        V: Checked,
    {
        let raw = self.raw();
        let tag = raw.tag(slot);
        // SAFETY: R1; `&mut self`: nobody writes meanwhile. The key becomes a reference after it was checked.
        tag != 0
            && unsafe {
                K::is_valid(raw.key_ptr(slot).as_ptr()) && V::is_valid(raw.value_ptr(slot).as_ptr()) && {
                    let (key, value) = (raw.key_ptr(slot).as_ref(), raw.value_ptr(slot).as_ref());
                    is_whole(key, value, &|| hash_of(key).mark(raw.groups()).tag() == tag)
                }
            }
    }

    /// Takes out each entry that a search for its key does not meet first, and says how many.
    pub(super) fn drop_duplicates(&mut self, hash_of: impl Fn(&K) -> Hash, same: impl Fn(&K, &K) -> bool) -> usize {
        let mut dropped = 0;
        for slot in 0..self.geometry().slots() {
            if self.raw().tag(slot) != 0 {
                let key = self.pair(slot).0;
                let hash = hash_of(key);
                if self.slot_of(hash, |other| same(key, other)) != Some(slot) {
                    self.vacate(hash, slot);
                    dropped += 1;
                }
            }
        }
        dropped
    }

    /// Takes out the last entries until no more are left than the map takes, and says how many. The length is made anew
    /// by the caller.
    pub(super) fn drop_beyond_capacity(&mut self, hash_of: impl Fn(&K) -> Hash) -> usize {
        let beyond = self.count().saturating_sub(self.capacity());
        let (mut left, mut slot) = (beyond, self.geometry().slots());
        while left > 0 && slot > 0 {
            slot -= 1;
            if self.raw().tag(slot) != 0 {
                let hash = hash_of(self.pair(slot).0);
                self.vacate(hash, slot);
                left -= 1;
            }
        }
        beyond
    }

    /// Full slots, counted.
    pub(super) fn count(&self) -> usize {
        let raw = self.raw();
        (0..raw.groups())
            .map(|group| Group::load(&raw.group(group)).full().count())
            .sum()
    }

    /// Counts anew what is stuck, one counter after the other, each after the keys that it depends on were hashed.
    pub(super) fn free_stuck(&mut self, hash_of: impl Fn(&K) -> Hash) {
        let raw = self.raw();
        // From the last one on: the counters behind are right by then, and end the walk where its entries end.
        for group in (0..raw.groups()).rev() {
            for class in raw.counters(group).stuck_classes() {
                let count = self.passages(group, class, &hash_of);
                self.unseal();
                // SAFETY: R1 for writing (M2).
                unsafe { raw.set_counters(group, raw.counters(group).with(class, count)) };
            }
        }
    }

    /// How many entries of this class have passed this group; 15 if there are more.
    fn passages(&self, passed: u32, class: u32, hash_of: &impl Fn(&K) -> Hash) -> u32 {
        let raw = self.raw();
        let ahead = |from: u32, to: u32| {
            if to >= from {
                to - from
            } else {
                to + (raw.groups() - from)
            }
        };
        let (mut count, mut group) = (0, Hash::next(passed, raw.groups()));
        while group != passed {
            let bytes = raw.group(group);
            for lane in Group::load(&bytes).full().filter(|&lane| may_be_of(bytes[lane], class)) {
                let hash = hash_of(self.pair(group as usize * LANES + lane).0);
                let home = hash.home(raw.groups());
                if hash.mark(raw.groups()).class() == class && ahead(home, passed) < ahead(home, group) {
                    count += 1;
                    if count == STUCK {
                        return count;
                    }
                }
            }
            if raw.counters(group).of(class) == 0 {
                break;
            }
            group = Hash::next(group, raw.groups());
        }
        count
    }

    /// Counts all passages anew.
    pub(super) fn recount(&mut self, hash_of: impl Fn(&K) -> Hash) {
        self.unseal();
        let raw = self.raw();
        let unfinished = Unfinished(raw);
        for group in 0..raw.groups() {
            // SAFETY: R1 for writing (M2).
            unsafe { raw.set_counters(group, Counters::default()) };
        }
        for slot in 0..self.geometry().slots() {
            if raw.tag(slot) != 0 {
                let hash = hash_of(self.pair(slot).0);
                let passed = hash.way_to(slot, raw.groups());
                // SAFETY: R1 for writing (M2).
                unsafe { raw.count_passage(hash, passed) };
            }
        }
        core::mem::forget(unfinished);
    }
}

/// Whether a slot with this tag may hold an entry of this class.
const fn may_be_of(tag: u8, class: u32) -> bool {
    Mark(tag).class() == class || tag == Mark(0).tag() && class == Mark(0).class()
}

/// Counters that are being made anew. If that ends early, in a panic of a hash, all are stuck: no search stops too soon.
struct Unfinished<K, V>(Raw<K, V>);

impl<K, V> Drop for Unfinished<K, V> {
    fn drop(&mut self) {
        for group in 0..self.0.groups() {
            // SAFETY: R1 for writing (M2): `recount` has `&mut self` as long as this lives.
            unsafe { self.0.set_counters(group, Counters::ALL_STUCK) };
        }
    }
}
