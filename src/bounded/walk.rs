//! From slot to slot.

use super::core::{Core, Kept};
use crate::arena::{Handle, Raw};
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

    /// All entries in time, to be changed.
    pub(super) fn live_mut(&mut self, now: u64) -> impl Iterator<Item = &mut T> {
        let tick = self.tick_at(now);
        let entries = self.room.entries_mut();
        entries.filter_map(move |(meta, entry)| (meta.deadline() > tick).then_some(entry))
    }

    /// Takes all entries out, one by one.
    pub(super) fn drain(&mut self, now: u64) -> Draining<'_, T, H> {
        let tick = self.tick(now);
        Draining {
            core: self,
            at: 0,
            tick,
        }
    }

    /// All entries in time, with their slots.
    pub(super) fn live(&self, now: u64) -> Live<'_, T, H> {
        Live {
            core: self,
            at: 0,
            tick: self.tick_at(now),
        }
    }
}

/// [`Core::live`].
pub(super) struct Live<'a, T: Kept, H: Handle> {
    core: &'a Core<T, H>,
    at: usize,
    tick: u64,
}

impl<'a, T: Kept, H: Handle> Iterator for Live<'a, T, H> {
    type Item = (usize, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let slot = self.core.occupied_from(self.at)?;
            self.at = slot + 1;
            if !self.core.is_due(slot, self.tick) {
                return Some((slot, self.core.entry(slot)));
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.core.len()))
    }
}

impl<T: Kept, H: Handle> Clone for Live<'_, T, H> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

/// [`Core::drain`].
pub(super) struct Draining<'a, T: Kept, H: Handle> {
    core: &'a mut Core<T, H>,
    at: usize,
    tick: u64,
}

impl<T: Kept, H: Handle> Draining<'_, T, H> {
    /// At most so many are left.
    pub(super) const fn most(&self) -> usize {
        self.core.len()
    }

    /// The arena of what is taken out.
    pub(super) fn raw(&self) -> Raw<H> {
        self.core.handle().raw()
    }
}

impl<T: Kept, H: Handle> Iterator for Draining<'_, T, H> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        loop {
            let slot = self.core.occupied_from(self.at)?;
            self.at = slot + 1;
            if !self.core.is_due(slot, self.tick) {
                return Some(self.core.take(slot));
            }
            let entry = self.core.expire(slot);
            self.core.end_entry(entry);
        }
    }
}

impl<T: Kept, H: Handle> Drop for Draining<'_, T, H> {
    /// Takes out and drops the others.
    fn drop(&mut self) {
        while let Some(entry) = self.next() {
            self.core.end_entry(entry);
        }
        self.core.forget_taken();
    }
}
