//! Entries of one kind, how they come and are used. It knows no keys and no hashers.

use core::mem;

use super::clock::Clock;
use super::ghost::{Ghost, buckets_for};
use super::meta::{Fresh, Meta};
use super::queues::{Queues, cells_for};
use super::room::{Room, Taken, mark};
use super::sizes::Sizes;
use super::stats::BoundedStats;
use super::{Bounds, Lifetime, Reason, Terms};
use crate::arena::{Handle, Held, Raw};
use crate::error::ArenaError;
use crate::observe::watch::{Kind, Place, Watch};
use crate::table::KeyShape;
use crate::table::group::LANES;

/// Entries that one write looks at, or bounds that it makes exact, because their time may have come.
const MOST_DUE: usize = 4;

/// What stands in a slot.
pub(super) trait Kept {
    /// Whether there is anything to do at the end.
    const NEEDS_END: bool;

    /// Drops the parts, and gives what they have in the arena back.
    fn end<H: Handle>(self, raw: Raw<H>);
}

impl<K, V> Kept for (K, V) {
    const NEEDS_END: bool = mem::needs_drop::<Self>();

    #[inline]
    fn end<H: Handle>(self, _: Raw<H>) {
        drop(self);
    }
}

/// What a new entry comes with.
#[derive(Clone, Copy)]
pub(super) struct Coming {
    /// [Spread](super::room::spread), as all hashes here.
    pub(super) hash: u64,
    pub(super) lifetime: Lifetime,
    pub(super) weight: u32,
    /// Its key was there until now, and was counted when it came.
    pub(super) again: bool,
}

/// What becomes of an entry whose key comes again.
pub(super) enum Renewed<T> {
    /// It stays in its slot; the old value goes for this reason.
    Stays(Reason),
    /// It is too heavy now, unless others go: it was taken out, and is to come again like this.
    Goes(T, Coming, Reason),
}

/// An entry that was taken out and not handed out yet. Where a panic ends it, what it has in the arena goes back.
struct Gone<T: Kept, H: Handle> {
    entry: Option<(T, Reason)>,
    raw: Raw<H>,
}

impl<T: Kept, H: Handle> Drop for Gone<T, H> {
    #[inline]
    fn drop(&mut self) {
        if let Some((entry, _)) = self.entry.take() {
            entry.end(self.raw);
        }
    }
}

/// Entries in one block, and its arena.
pub(super) struct Core<T: Kept, H: Handle> {
    pub(super) room: Room<T>,
    pub(super) queues: Queues,
    pub(super) len: usize,
    pub(super) bounds: Bounds,
    pub(super) weight: u64,
    pub(super) lifetime: Lifetime,
    /// `None` before the first call.
    pub(super) clock: Option<Clock>,
    pub(super) stats: BoundedStats,
    /// Steps of the call that goes on.
    pub(super) steps: usize,
    /// The group in which an entry was due last.
    pub(super) due_group: usize,
    pub(super) handle: Held<H>,
    pub(super) watch: Watch,
}

impl<T: Kept, H: Handle> Core<T, H> {
    #[cfg_attr(feature = "registry", track_caller)]
    pub(super) fn try_new(bounds: Bounds, mut handle: Held<H>) -> Result<Self, ArenaError> {
        let sizes = Self::sizes(bounds).ok_or(ArenaError::CapacityOverflow)?;
        let room = Room::try_new(sizes, &mut handle)?;
        let mut watch = Watch::new(Kind::BoundedMap, Place::here());
        watch.list();
        watch.bytes(|| room.sizes.layout::<T>().map_or(0, |layout| layout.size()));
        #[cfg(feature = "registry")]
        handle.made_at(watch.place());
        Ok(Self {
            room,
            queues: Queues::new(bounds.entries),
            len: 0,
            bounds,
            weight: 0,
            lifetime: Lifetime::Unlimited,
            clock: None,
            stats: BoundedStats::default(),
            steps: 0,
            due_group: 0,
            handle,
            watch,
        })
    }

    /// Bytes that a map with these bounds takes, if there can be one.
    pub(super) fn bytes_for(bounds: Bounds) -> Option<usize> {
        Some(Self::sizes(bounds)?.layout::<T>()?.size())
    }

    fn sizes(bounds: Bounds) -> Option<Sizes> {
        // The larger the entries, the fewer slots stay free.
        let entries_per_free_slot = match size_of::<T>() {
            0..=16 => 6,
            17..=24 => 8,
            _ => 10,
        };
        let slots = bounds
            .entries
            .checked_add(bounds.entries.div_ceil(entries_per_free_slot))?;
        let entries = bounds.entries;
        // Sums of weights, and aims in parts of an entry, have room in their types.
        if entries > usize::MAX >> 10 {
            return None;
        }
        Sizes::of(
            slots,
            cells_for(entries),
            buckets_for(entries - entries / 4),
            bounds.weight.is_some(),
        )
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The sum of the weights; the number of entries where they have none.
    pub(super) const fn weight(&self) -> u64 {
        match self.bounds.weight {
            Some(_) => self.weight,
            None => self.len as u64,
        }
    }

    pub(super) const fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    pub(super) const fn set_lifetime(&mut self, lifetime: Lifetime) {
        self.lifetime = lifetime;
    }

    pub(super) const fn handle_mut(&mut self) -> &mut Held<H> {
        &mut self.handle
    }

    pub(super) const fn handle(&self) -> &Held<H> {
        &self.handle
    }

    pub(super) const fn stats_mut(&mut self) -> &mut BoundedStats {
        &mut self.stats
    }

    pub(super) fn stats(&self) -> BoundedStats {
        BoundedStats {
            len: self.len,
            capacity: self.bounds.entries,
            weight: self.weight(),
            small: self.queues.small(),
            ..self.stats
        }
    }

    /// Steps that this call may still make for what is due.
    pub(super) const fn due_steps(&self) -> usize {
        MOST_DUE.saturating_sub(self.steps)
    }

    pub(super) fn count(&mut self, steps: usize) {
        self.steps += steps;
        self.stats.steps += steps as u64;
        self.stats.most_steps = self.stats.most_steps.max(self.steps);
    }

    #[inline(always)]
    pub(super) fn find(&self, shape: KeyShape, hash: u64, is: impl FnMut(&T) -> bool) -> Option<usize> {
        self.room.find(shape, hash, is)
    }

    #[inline(always)]
    pub(super) fn is_due(&self, slot: usize, tick: u64) -> bool {
        self.room.meta(slot).deadline() <= tick
    }

    #[inline(always)]
    pub(super) fn entry(&self, slot: usize) -> &T {
        self.room.entry(slot)
    }

    #[inline(always)]
    pub(super) fn entry_mut(&mut self, slot: usize) -> &mut T {
        self.room.entry_mut(slot)
    }

    /// The slot of a lookup, if its entry is in time.
    #[inline(always)]
    pub(super) fn in_time(&self, found: Option<usize>, tick: u64) -> Option<usize> {
        found.filter(|&slot| !self.is_due(slot, tick))
    }

    /// A lookup found an entry in time, which is used once more.
    #[inline(always)]
    pub(super) fn hit(&mut self, slot: usize, tick: u64) -> &mut T {
        if self.room.meta(slot).is_idle() {
            self.stay(slot, tick);
        }
        let entry = self.room.use_entry(slot);
        self.stats.hits += 1;
        entry
    }

    /// A lookup found nothing in time.
    #[inline(always)]
    pub(super) const fn miss(&mut self) {
        self.stats.misses += 1;
    }

    /// The entry of a lookup, if it is in time, which is counted.
    #[inline(always)]
    pub(super) fn look(&mut self, found: Option<usize>, tick: u64) -> Option<&mut T> {
        if let Some(slot) = self.in_time(found, tick) {
            return Some(self.hit(slot, tick));
        }
        self.miss();
        None
    }

    /// An entry was used whose deadline moves then.
    #[inline(never)]
    fn stay(&mut self, slot: usize, tick: u64) {
        if let Lifetime::SinceUse(_) = self.lifetime {
            self.set_life(slot, self.lifetime, tick);
        }
    }

    /// Takes an entry out.
    #[inline]
    pub(super) fn take(&mut self, slot: usize) -> T {
        self.take_out(slot).entry
    }

    /// Takes an entry out, with what was known of it.
    #[inline(always)]
    fn take_out(&mut self, slot: usize) -> Taken<T> {
        let taken = self.room.take(slot);
        self.room.entry_left(slot / LANES);
        self.len -= 1;
        self.watch.entries(self.len);
        if self.bounds.weight.is_some() {
            self.weight -= u64::from(self.weight_of(slot));
        }
        self.queues.left(taken.meta.is_small());
        taken
    }

    /// Whether an entry of this weight could ever stand here.
    #[inline]
    pub(super) const fn takes(&self, weight: u32) -> bool {
        match self.bounds.weight {
            Some(most) => self.bounds.entries > 0 && weight as u64 <= most,
            None => self.bounds.entries > 0,
        }
    }

    /// Whether something must go before an entry of this weight comes.
    #[inline]
    fn is_full_for(&self, weight: u32) -> bool {
        let over = |most| self.weight + u64::from(weight) > most;
        self.len == self.bounds.entries || self.bounds.weight.is_some_and(over)
    }

    #[inline]
    const fn ghost(&self, home: usize, print: u64) -> Ghost {
        Ghost {
            home,
            buckets_a_group: self.room.sizes.buckets_a_group,
            print,
        }
    }

    /// Takes out one entry to make room: one that is due, or else one that the queues choose. There is one.
    #[inline(always)] // in `come`, `evict` and `evict_to`
    pub(super) fn displace(&mut self, tick: u64) -> (T, Reason) {
        if let Some(entry) = self.reclaim(tick, self.due_steps(), None) {
            return (entry, Reason::Expired);
        }
        let (slot, steps) = self.queues.choose(&mut self.room, self.len);
        self.count(steps);
        let Taken { entry, meta, tag, home } = self.take_out(slot);
        if let Some(home) = home {
            let ghost = self.ghost(home, meta.print());
            ghost.appear(self.room.buckets_mut(), tag, meta.is_small());
            self.queues.went(meta.is_small());
        }
        if meta.deadline() <= tick {
            self.stats.expired += 1;
            return (entry, Reason::Expired); // found without looking for it
        }
        self.stats.evicted += 1;
        (entry, Reason::Evicted)
    }

    /// Takes out the entry that would make room for another now, or one whose time is over.
    pub(super) fn evict(&mut self, now: u64) -> Option<(T, Reason)> {
        let tick = self.tick(now);
        (self.len > 0).then(|| self.displace(tick))
    }

    /// Puts an entry whose key is not there, after room was made; `out` is given what goes for it, or the entry itself if it can
    /// never stand here. The entry is made when it is put: until then a panic of `out` finds its parts with the caller.
    #[inline]
    pub(super) fn come(
        &mut self,
        coming: Coming,
        tick: u64,
        entry: impl FnOnce() -> T,
        out: &mut impl FnMut(T, Reason),
    ) -> Option<usize> {
        if !self.takes(coming.weight) {
            out(entry(), Reason::Refused);
            return None;
        }
        let home = self.room.home(coming.hash);
        if !self.is_full_for(coming.weight) {
            return Some(self.put(home, coming, tick, entry()));
        }
        self.room.prefetch_home(home, self.queues.lane_ahead(home));
        // With weights several may have to go: each is handed out when the next is looked for, and the last when the entry has come.
        let mut gone = Gone {
            entry: None,
            raw: self.handle.raw(),
        };
        loop {
            if let Some((entry, reason)) = gone.entry.replace(self.displace(tick)) {
                out(entry, reason);
            }
            if self.bounds.weight.is_none() || !self.is_full_for(coming.weight) {
                break;
            }
        }
        let slot = self.put(home, coming, tick, entry());
        self.queues.expect_next(&self.room);
        if let Some((gone, reason)) = gone.entry.take() {
            out(gone, reason);
        }
        Some(slot)
    }

    /// Another value comes under a key that is there, in time or not: a use, a new life, another weight.
    #[inline]
    pub(super) fn renew(&mut self, slot: usize, coming: Coming, tick: u64) -> Renewed<T> {
        let was_due = self.is_due(slot, tick);
        let reason = if was_due { Reason::Expired } else { Reason::Replaced };
        self.stats.expired += u64::from(was_due);
        if !self.may_weigh(slot, coming.weight) {
            let coming = Coming {
                again: !was_due,
                ..coming
            };
            return Renewed::Goes(self.take(slot), coming, reason);
        }
        self.room.change_meta(slot, Meta::used);
        self.set_life(slot, coming.lifetime, tick);
        self.set_weight(slot, coming.weight);
        self.stats.insertions += u64::from(was_due);
        Renewed::Stays(reason)
    }

    /// Whether an entry that is there may have this weight, without room being made.
    fn may_weigh(&self, slot: usize, weight: u32) -> bool {
        let now = u64::from(self.weight_of(slot));
        self.bounds
            .weight
            .is_none_or(|most| self.weight - now + u64::from(weight) <= most)
    }

    /// What a new entry comes with on these terms.
    #[inline]
    pub(super) fn coming(&self, hash: u64, terms: Terms) -> Coming {
        Coming {
            hash,
            lifetime: terms.time_to_live.map_or(self.lifetime, Lifetime::SinceWrite),
            weight: terms.weight,
            again: false,
        }
    }

    /// Puts an entry whose key is not there, and whose home this is; there is room.
    #[inline(always)]
    fn put(&mut self, home: usize, coming: Coming, tick: u64, entry: T) -> usize {
        let Coming {
            hash,
            lifetime,
            weight,
            again,
        } = coming;
        debug_assert!(!self.is_full_for(weight), "room was made before");
        let (print, mark) = (hash >> 8, mark(hash));
        let came_back = self.ghost(home, print).vanish(self.room.buckets_mut(), mark);
        if let Some(was_small) = came_back {
            self.stats.ghost_hits += 1;
            self.queues.came_back(was_small);
        }
        let small = came_back.is_none();
        if small {
            self.queues.make_way(&mut self.room);
        }
        let (deadline, idle) = Self::deadline(lifetime, tick);
        let fresh = Fresh {
            deadline,
            idle,
            small,
            strides: 0,
            print,
        };
        let slot = self.room.fill(home, mark, self.queues.lane_ahead(home), fresh, entry);
        if small {
            self.queues.came(&mut self.room, slot);
        }
        self.room.add_deadline(slot / LANES, deadline);
        if self.bounds.weight.is_some() {
            self.room.weights_mut()[slot] = weight;
            self.weight += u64::from(weight);
        }
        self.len += 1;
        self.watch.entries(self.len);
        self.stats.insertions += u64::from(!again);
        slot
    }

    /// The weight of an entry.
    pub(super) fn weight_of(&self, slot: usize) -> u32 {
        self.room.weights().get(slot).copied().unwrap_or(1)
    }

    /// Changes the weight of an entry; there is room for it.
    fn set_weight(&mut self, slot: usize, weight: u32) {
        if let Some(place) = self.room.weights_mut().get_mut(slot) {
            self.weight = self.weight - u64::from(*place) + u64::from(weight);
            *place = weight;
        }
    }

    /// What the small queue aims at.
    #[cfg(test)]
    pub(super) const fn aim(&self) -> usize {
        self.queues.aim()
    }

    /// The slot of the entry for which `is` is true.
    #[cfg(test)]
    pub(super) fn slot_of(&self, is: impl Fn(&T) -> bool) -> Option<usize> {
        (0..self.room.slot_count()).find(|&slot| self.room.tag(slot) != 0 && is(self.room.entry(slot)))
    }

    /// Everything that must be true between two calls.
    #[cfg(test)]
    pub(super) fn check(&self) {
        self.room.check_deadlines();
        let slots = (0..self.room.slot_count()).filter(|&slot| self.room.tag(slot) != 0);
        assert_eq!(slots.clone().count(), self.len);
        assert_eq!(
            slots.filter(|&slot| self.room.meta(slot).is_small()).count(),
            self.queues.small()
        );
    }
}
