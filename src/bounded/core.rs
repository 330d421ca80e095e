//! Entries of one kind, the clock, and what every call of the maps does with both. It knows no keys and no hashers.

use core::mem;

use super::ghost::{Ghost, buckets_for};
use super::meta::{Fresh, NEVER};
use super::queues::{Queues, cells_for};
use super::room::{Room, Sizes, mark, spread};
use super::stats::BoundedStats;
use super::{Bounds, Lifetime, Reason, Terms};
use crate::arena::{Handle, Held, Raw};
use crate::error::ArenaError;
use crate::observe::watch::{Kind, Place, Watch};
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

/// What the map knows of the user's clock.
#[derive(Clone, Copy)]
struct Clock {
    /// The time of tick 0.
    first: u64,
    /// The latest time that was seen,
    seen: u64,
    /// and its tick.
    tick: u64,
}

/// What a new entry comes with.
#[derive(Clone, Copy)]
pub(super) struct Coming {
    pub(super) hash: u64,
    pub(super) lifetime: Lifetime,
    pub(super) weight: u32,
}

/// Entries in one block, and its arena.
pub(super) struct Core<T: Kept, H: Handle> {
    pub(super) room: Room<T>,
    queues: Queues,
    len: usize,
    bounds: Bounds,
    weight: u64,
    lifetime: Lifetime,
    /// `None` before the first call.
    clock: Option<Clock>,
    stats: BoundedStats,
    /// Steps of the call that goes on.
    steps: usize,
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

    pub(super) const fn weight(&self) -> u64 {
        self.weight
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
            weight: self.weight,
            small: self.queues.small(),
            ..self.stats
        }
    }

    /// Steps that this call may still make for what is due.
    const fn due_steps(&self) -> usize {
        MOST_DUE.saturating_sub(self.steps)
    }

    fn count(&mut self, steps: usize) {
        self.steps += steps;
        self.stats.steps += steps as u64;
        self.stats.most_steps = self.stats.most_steps.max(self.steps);
    }

    /// The tick of a call, counted from the first call's; the clock does not go back.
    #[inline(always)]
    pub(super) fn tick(&mut self, now: u64) -> u64 {
        self.steps = 0;
        match self.clock {
            Some(clock) if clock.seen == now => clock.tick,
            _ => self.turn_clock(now),
        }
    }

    #[inline(never)]
    fn turn_clock(&mut self, now: u64) -> u64 {
        let clock = self.clock.get_or_insert(Clock {
            first: now,
            seen: now,
            tick: 0,
        });
        if now < clock.seen {
            self.stats.clock_went_back += 1;
        } else {
            clock.seen = now;
            clock.tick = (now - clock.first).min(NEVER - 1);
        }
        clock.tick
    }

    /// The tick of a call that changes nothing.
    #[inline]
    pub(super) fn tick_at(&self, now: u64) -> u64 {
        self.clock
            .map_or(0, |clock| now.saturating_sub(clock.first).clamp(clock.tick, NEVER - 1))
    }

    /// The tick of the user's clock.
    fn untick(&self, tick: u64) -> u64 {
        self.clock.map_or(0, |clock| clock.first).saturating_add(tick)
    }

    /// The deadline of an entry that is written or used at a tick.
    const fn deadline(lifetime: Lifetime, tick: u64) -> (u64, bool) {
        let (ticks, idle) = match lifetime {
            Lifetime::Unlimited => return (NEVER, false),
            Lifetime::SinceWrite(ticks) => (ticks, false),
            Lifetime::SinceUse(ticks) => (ticks, true),
        };
        let deadline = tick.saturating_add(ticks);
        (if deadline < NEVER { deadline } else { NEVER - 1 }, idle)
    }

    #[inline(always)]
    pub(super) fn find(&self, hash: u64, is: impl FnMut(&T) -> bool) -> Option<usize> {
        self.room.find(spread(hash), is)
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

    /// The deadline of an entry by the user's clock, if it has one.
    pub(super) fn deadline_of(&self, slot: usize) -> Option<u64> {
        let deadline = self.room.meta(slot).deadline();
        (deadline < NEVER).then(|| self.untick(deadline))
    }

    /// Gives an entry another life from now on.
    pub(super) fn set_life(&mut self, slot: usize, lifetime: Lifetime, tick: u64) {
        let (deadline, idle) = Self::deadline(lifetime, tick);
        self.room
            .set_meta(slot, self.room.meta(slot).with_deadline(deadline, idle));
        self.room.add_deadline(slot / LANES, deadline);
    }

    /// The slot of a lookup that is found in time, used once more.
    #[inline(always)]
    pub(super) fn hit(&mut self, found: Option<usize>, tick: u64) -> Option<usize> {
        let live = found.filter(|&slot| !self.is_due(slot, tick));
        match live {
            Some(slot) => {
                self.stats.hits += 1;
                self.touch(slot, tick);
            }
            None => self.stats.misses += 1,
        }
        live
    }

    #[inline(always)]
    fn touch(&mut self, slot: usize, tick: u64) {
        let meta = self.room.meta(slot);
        if !meta.is_used_up() {
            self.room.set_meta(slot, meta.used()); // only then: a line that is not written is not written back
        }
        if meta.is_idle() && matches!(self.lifetime, Lifetime::SinceUse(_)) {
            self.set_life(slot, self.lifetime, tick);
        }
    }

    /// Takes an entry out.
    #[inline]
    pub(super) fn take(&mut self, slot: usize) -> T {
        let is_small = self.room.meta(slot).is_small();
        let weight = u64::from(self.weight_of(slot));
        let entry = self.room.take(slot);
        self.room.entry_left(slot / LANES);
        self.len -= 1;
        self.watch.entries(self.len);
        self.weight -= weight;
        if is_small {
            self.queues.small_left();
        }
        entry
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
    const fn ghost(&self, home: usize, tag: u8, print: u64) -> Ghost {
        Ghost {
            home,
            buckets_a_group: self.room.sizes.buckets_a_group,
            tag,
            print,
        }
    }

    /// Takes out one entry to make room: one that is due, or else one that the queues choose. There is one.
    #[inline]
    fn displace(&mut self, tick: u64) -> (T, Reason) {
        if let Some(entry) = self.reclaim(tick, self.due_steps(), None) {
            return (entry, Reason::Expired);
        }
        let (slot, steps) = self.queues.choose(&mut self.room, self.len);
        self.count(steps);
        let meta = self.room.meta(slot);
        if let Some(home) = self.room.home_of(slot) {
            let ghost = self.ghost(home, self.room.tag(slot), meta.print());
            ghost.appear(self.room.buckets_mut(), meta.is_small());
            self.queues.went(meta.is_small());
        }
        self.stats.evicted += 1;
        (self.take(slot), Reason::Evicted)
    }

    /// Takes out an entry that is due, if one is found in so many steps, and it is not the one that is spared.
    #[inline]
    pub(super) fn reclaim(&mut self, tick: u64, steps: usize, spared: Option<usize>) -> Option<T> {
        if self.room.first_deadline() > tick {
            return None;
        }
        let entry = self.reclaim_another(tick, steps, spared);
        if let Some(slot) = spared {
            self.room.add_deadline(slot / LANES, self.room.meta(slot).deadline());
        }
        entry
    }

    /// As [`reclaim`](Self::reclaim), which puts the deadline of the one that is spared back.
    #[inline(never)]
    fn reclaim_another(&mut self, tick: u64, steps: usize, spared: Option<usize>) -> Option<T> {
        for _ in 0..steps {
            let group = self.room.due_group(tick)?;
            self.count(1);
            let due = (self.room.full(group).into_iter())
                .map(|lane| group * LANES + lane)
                .find(|&slot| self.is_due(slot, tick) && Some(slot) != spared);
            if let Some(slot) = due {
                return Some(self.expire(slot));
            }
            self.room.refresh(group, spared);
        }
        None
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
        if !self.is_full_for(coming.weight) {
            return Some(self.put(coming, tick, entry()));
        }
        // With weights several may have to go: each is handed out when the next is looked for, and the last when the entry has come.
        let (mut gone, mut reason) = self.displace(tick);
        while self.is_full_for(coming.weight) {
            out(gone, reason);
            (gone, reason) = self.displace(tick);
        }
        let slot = self.put(coming, tick, entry());
        out(gone, reason);
        Some(slot)
    }

    /// Whether an entry that is there may have this weight, without room being made.
    pub(super) fn may_weigh(&mut self, slot: usize, weight: u32) -> bool {
        let now = u64::from(self.weight_of(slot));
        self.bounds
            .weight
            .is_none_or(|most| self.weight - now + u64::from(weight) <= most)
    }

    /// Another value comes under a key that is there, in time or not: a use, a new life, another weight. What becomes of the old one.
    pub(super) fn renew(&mut self, slot: usize, coming: Coming, tick: u64) -> Reason {
        let was_due = self.is_due(slot, tick);
        self.room.set_meta(slot, self.room.meta(slot).used());
        self.set_life(slot, coming.lifetime, tick);
        self.set_weight(slot, coming.weight);
        if was_due {
            self.stats.expired += 1;
            self.stats.insertions += 1;
            Reason::Expired
        } else {
            Reason::Replaced
        }
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

    /// Takes an entry out, for the caller if it is in time; else it is dropped.
    pub(super) fn remove(&mut self, slot: usize, tick: u64) -> Option<T> {
        if self.is_due(slot, tick) {
            let entry = self.expire(slot);
            self.end_entry(entry);
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
    pub(super) fn expire_with(&mut self, now: u64, at_most: usize, mut out: impl FnMut(T)) -> usize {
        let tick = self.tick(now);
        let mut count = 0;
        while count < at_most
            && let Some(entry) = self.reclaim(tick, usize::MAX, None)
        {
            count += 1;
            out(entry);
        }
        count
    }

    /// Takes out an entry that is due, at the end of a call that wrote, if the call has steps left.
    #[inline]
    pub(super) fn reclaim_due(&mut self, tick: u64, spared: Option<usize>) -> Option<T> {
        self.reclaim(tick, self.due_steps(), spared)
    }

    /// Takes out and drops what is due, as far as the call has steps left.
    #[inline]
    pub(super) fn sweep(&mut self, tick: u64, spared: Option<usize>) {
        while let Some(entry) = self.reclaim_due(tick, spared) {
            self.end_entry(entry);
        }
    }

    /// What a new entry comes with on these terms.
    #[inline]
    pub(super) fn coming(&self, hash: u64, terms: Terms) -> Coming {
        Coming {
            hash,
            lifetime: terms.time_to_live.map_or(self.lifetime, Lifetime::SinceWrite),
            weight: terms.weight,
        }
    }

    /// Lets an entry that was found live so many ticks from now on, if it is there in time.
    pub(super) fn set_time_to_live(&mut self, found: Option<usize>, ticks: Option<u64>, now: u64) -> bool {
        let tick = self.tick(now);
        let live = found.filter(|&slot| !self.is_due(slot, tick));
        if let Some(slot) = live {
            self.set_life(slot, ticks.map_or(Lifetime::Unlimited, Lifetime::SinceWrite), tick);
        }
        live.is_some()
    }

    /// Puts an entry whose key is not there; there is room.
    #[inline]
    fn put(&mut self, coming: Coming, tick: u64, entry: T) -> usize {
        let Coming { hash, lifetime, weight } = coming;
        debug_assert!(!self.is_full_for(weight), "room was made before");
        let hash = spread(hash);
        let print = hash >> 7;
        let ghost = self.ghost(self.room.home(hash), mark(hash).tag(), print);
        let came_back = ghost.vanish(self.room.buckets_mut());
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
        let slot = self.room.fill(hash, fresh, entry);
        if small {
            self.queues.came(&mut self.room, slot);
        }
        self.room.add_deadline(slot / LANES, deadline);
        if let Some(place) = self.room.weights_mut().get_mut(slot) {
            *place = weight;
        }
        self.len += 1;
        self.watch.entries(self.len);
        self.weight += if self.bounds.weight.is_some() {
            u64::from(weight)
        } else {
            1
        };
        self.stats.insertions += 1;
        slot
    }

    /// The weight of an entry.
    fn weight_of(&mut self, slot: usize) -> u32 {
        self.room.weights_mut().get(slot).copied().unwrap_or(1)
    }

    /// Changes the weight of an entry; there is room for it.
    fn set_weight(&mut self, slot: usize, weight: u32) {
        if let Some(place) = self.room.weights_mut().get_mut(slot) {
            self.weight = self.weight - u64::from(*place) + u64::from(weight);
            *place = weight;
        }
    }

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
    pub(super) fn live_slots(&self, now: u64) -> impl Iterator<Item = usize> {
        let tick = self.tick_at(now);
        let next = move |slot: &usize| self.live_from(slot + 1, tick);
        core::iter::successors(self.live_from(0, tick), next)
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
