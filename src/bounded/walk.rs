//! From slot to slot.

use super::core::{Core, Kept};
use crate::arena::Handle;
use crate::table::group::LANES;

impl<T: Kept, H: Handle> Core<T, H> {
    /// The first slot from this one on that holds an entry.
    pub(super) fn occupied_from(&self, slot: usize) -> Option<usize> {
        let mut group = slot / LANES;
        let mut lane = slot % LANES;
        while group < self.room.sizes.groups {
            if let Some(lane) = self.room.full(group).from(lane).first() {
                return Some(group * LANES + lane);
            }
            (group, lane) = (group + 1, 0);
        }
        None
    }

    /// The first slot from this one on that holds an entry in time.
    pub(super) fn live_from(&self, mut slot: usize, tick: u64) -> Option<usize> {
        loop {
            slot = self.occupied_from(slot)?;
            if !self.is_due(slot, tick) {
                return Some(slot);
            }
            slot += 1;
        }
    }

    /// The slots of all entries in time.
    #[cfg(feature = "fixed")]
    pub(super) fn live_slots(&self, now: u64) -> impl Iterator<Item = usize> {
        let tick = self.tick_at(now);
        let next = move |slot: &usize| self.live_from(slot + 1, tick);
        core::iter::successors(self.live_from(0, tick), next)
    }
}
