//! How entries leave: because their time is over, by a call, all at once.

use super::Reason;
use super::core::{Core, Kept};
use crate::arena::Handle;
use crate::table::group::LANES;

impl<T: Kept, H: Handle> Core<T, H> {
    /// Takes out an entry that is due, if one is found in so many steps, and it is not the one that is spared.
    #[inline(always)]
    pub(super) fn reclaim(&mut self, tick: u64, steps: usize, spared: Option<usize>) -> Option<T> {
        if self.room.first_deadline() > tick {
            return None;
        }
        self.reclaim_one(tick, steps, spared)
    }

    #[inline(never)]
    fn reclaim_one(&mut self, tick: u64, steps: usize, spared: Option<usize>) -> Option<T> {
        let entry = self.reclaim_another(tick, steps, spared);
        if let Some(slot) = spared {
            self.room.add_deadline(slot / LANES, self.room.meta(slot).deadline());
        }
        entry
    }

    /// As [`reclaim_one`](Self::reclaim_one), which puts the deadline of the one that is spared back.
    fn reclaim_another(&mut self, tick: u64, steps: usize, spared: Option<usize>) -> Option<T> {
        for _ in 0..steps {
            // Where an entry was due others may be, if much is due at once.
            let again = self.room.due(self.due_group) <= tick;
            if !again {
                self.due_group = self.room.due_group(tick)?;
            }
            self.count(1);
            let group = self.due_group;
            let slot = if again {
                self.room.any_due(group, tick, spared)
            } else {
                None
            };
            if let Some(slot) = slot.or_else(|| self.room.due_slot(group, tick, spared)) {
                return Some(self.expire(slot));
            }
        }
        None
    }

    /// Takes an entry out that is due.
    pub(super) fn expire(&mut self, slot: usize) -> T {
        self.stats.expired += 1;
        self.take(slot)
    }

    /// Drops an entry that was taken out, and gives back what it has in the arena.
    #[inline]
    pub(super) fn end_entry(&self, entry: T) {
        entry.end(self.handle.raw());
    }

    /// Takes the entry that was found out, for the caller if it is in time; else it is `out` that gets it.
    pub(super) fn remove(&mut self, found: Option<usize>, tick: u64, out: impl FnOnce(T)) -> Option<T> {
        let slot = found?;
        if self.is_due(slot, tick) {
            out(self.expire(slot));
            return None;
        }
        Some(self.take(slot))
    }

    /// Takes out the entry of the first slot from this one on, and moves `at` behind it.
    pub(super) fn take_from(&mut self, at: &mut usize) -> Option<T> {
        let slot = self.occupied_from(*at)?;
        *at = slot + 1;
        Some(self.take(slot))
    }

    /// Takes out and drops all entries.
    pub(super) fn clear(&mut self) {
        let mut at = 0;
        while let Some(entry) = self.take_from(&mut at) {
            self.end_entry(entry);
        }
        self.forget_taken();
    }

    /// What tags and queues still know of entries, all of which were taken out.
    pub(super) fn forget_taken(&mut self) {
        self.room.forget_ways();
        self.queues.clear();
    }

    /// Takes out and drops the entries for which `keep` is false, and those that are due.
    pub(super) fn retain(&mut self, now: u64, mut keep: impl FnMut(&mut T) -> bool) {
        let tick = self.tick(now);
        let mut at = 0;
        while let Some(slot) = self.occupied_from(at) {
            at = slot + 1;
            let entry = if self.is_due(slot, tick) {
                self.expire(slot)
            } else if keep(self.entry_mut(slot)) {
                continue;
            } else {
                self.take(slot)
            };
            self.end_entry(entry);
        }
    }

    /// Takes out at most so many entries that are due, and says how many there were.
    pub(super) fn expire_with(&mut self, now: u64, at_most: usize, out: impl FnMut(T)) -> usize {
        let tick = self.tick(now);
        self.expire_due(tick, at_most, out)
    }

    /// The same, at a tick of this call.
    pub(super) fn expire_due(&mut self, tick: u64, at_most: usize, mut out: impl FnMut(T)) -> usize {
        let (mut count, most_steps) = (0, self.stats.most_steps);
        while count < at_most {
            let entry = self.reclaim(tick, usize::MAX, None);
            self.stats.most_steps = most_steps; // of calls that have a bound
            let Some(entry) = entry else { break };
            count += 1;
            out(entry);
        }
        count
    }

    /// Takes out what is due, at the end of a call that wrote, as far as the call has steps left.
    #[inline]
    pub(super) fn sweep(&mut self, tick: u64, spared: Option<usize>, out: &mut impl FnMut(T, Reason)) {
        while let Some(entry) = self.reclaim(tick, self.due_steps(), spared) {
            out(entry, Reason::Expired);
        }
    }
}
