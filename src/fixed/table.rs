//! Searches in the groups of an archive, however its slots are reached: by address (`raw.rs`) or as bytes (`described`).
//!
//! The lookups of a `FixedMap` have their own loop in `raw.rs`. What is here is for checking, counting, and archives whose
//! types this program does not know.
#![allow(clippy::cast_possible_truncation, reason = "groups are counted in 32 bits")]

use super::error::{Field, FixedError};
use super::group::{Counters, Group};
use super::layout::{GROUP_BYTES, Hash, LANES};
use core::ops::ControlFlow;

/// The groups of an archive whose header was checked.
pub(super) trait Table {
    /// How many there are.
    fn groups(&self) -> u32;

    /// The sixteen bytes of one of them.
    fn group(&self, group: u32) -> [u8; GROUP_BYTES];

    /// The counters of one of them.
    #[inline(always)]
    fn counters(&self, group: u32) -> Counters {
        let [.., a, b, c, d] = self.group(group);
        Counters(u32::from_le_bytes([a, b, c, d]))
    }

    /// The tag of a slot.
    fn tag(&self, slot: usize) -> u8 {
        self.group((slot / LANES) as u32)[slot % LANES]
    }

    /// What one group says of a key: in which slot it is, that it is nowhere, or that the search goes on.
    #[inline(always)]
    fn slot_in(&self, hash: Hash, group: u32, is_key: &mut impl FnMut(usize) -> bool) -> ControlFlow<Option<usize>> {
        let mark = hash.mark(self.groups());
        for lane in Group::load(&self.group(group)).matching(mark) {
            let slot = group as usize * LANES + lane;
            if is_key(slot) {
                return ControlFlow::Break(Some(slot));
            }
        }
        if self.counters(group).is_zero(mark) {
            ControlFlow::Break(None)
        } else {
            ControlFlow::Continue(())
        }
    }

    /// The slot of a key, which `is_key` recognises. Bounded by the number of groups, whatever the bytes say.
    fn slot_of(&self, hash: Hash, mut is_key: impl FnMut(usize) -> bool) -> Option<usize> {
        for group in hash.way(self.groups()) {
            if let ControlFlow::Break(found) = self.slot_in(hash, group, &mut is_key) {
                return found;
            }
        }
        None
    }

    /// Whether a search that comes to this group goes no further.
    fn ends_in(&self, hash: Hash, group: u32) -> bool {
        self.counters(group).is_zero(hash.mark(self.groups()))
    }

    /// Whether a search for this hash ends by itself, not by the bound.
    #[cold]
    fn search_ends(&self, hash: Hash) -> Result<(), FixedError> {
        let groups = self.groups();
        if hash.way(groups).any(|group| self.ends_in(hash, group)) {
            return Ok(());
        }
        // In earnest too: of keys chosen to collide, some can stand behind every group.
        let home = u64::from(hash.home(groups));
        Err(FixedError::at(Field::Search, home, 0, u64::from(groups)))
    }

    /// Groups that a search for this hash looks at until it is in the group of this slot; `None` if it never is.
    fn distance(&self, hash: Hash, slot: usize) -> Option<u32> {
        let until = (slot / LANES) as u32;
        for (seen, group) in (1..).zip(hash.way(self.groups())) {
            if group == until {
                return Some(seen);
            }
            if self.ends_in(hash, group) {
                return None;
            }
        }
        None
    }

    /// Groups that a search for an absent key of this hash looks at.
    fn groups_per_miss(&self, hash: Hash) -> u32 {
        let last = hash.way(self.groups()).position(|group| self.ends_in(hash, group));
        last.map_or(self.groups(), |last| last as u32 + 1)
    }
}
