//! The clock, which is the user's, and how long entries live by it.

use super::Lifetime;
use super::core::{Core, Kept};
use super::meta::NEVER;
use crate::arena::Handle;
use crate::table::group::LANES;

/// What the map knows of the user's clock.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    /// The time of tick 0.
    first: u64,
    /// The latest time that was seen,
    seen: u64,
    /// and its tick.
    tick: u64,
}

impl Clock {
    const fn begin(now: u64) -> Self {
        Self {
            first: now,
            seen: now,
            tick: 0,
        }
    }
}

impl<T: Kept, H: Handle> Core<T, H> {
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
        let clock = self.clock.get_or_insert(Clock::begin(now));
        if now < clock.seen {
            self.stats.clock_went_back += 1;
        } else if now - clock.first < NEVER - 1 {
            clock.seen = now;
            clock.tick = now - clock.first;
        } else {
            return self.begin_anew(now, NEVER - 1);
        }
        clock.tick
    }

    /// Counts ticks from this time on. So many ticks have gone by for the entries.
    #[cold]
    fn begin_anew(&mut self, now: u64, ticks: u64) -> u64 {
        self.room.bring_deadlines_forward(ticks);
        self.clock = Some(Clock::begin(now));
        0
    }

    /// The tick of the latest call, for one that is given no time.
    pub(super) fn tick_before(&mut self) -> u64 {
        self.steps = 0;
        self.clock.map_or(0, |clock| clock.tick)
    }

    /// The latest time that was seen.
    pub(super) fn clock(&self) -> Option<u64> {
        self.clock.map(|clock| clock.seen)
    }

    /// It is this time, whatever was seen before; each entry keeps the ticks that it has left.
    pub(super) fn set_clock(&mut self, now: u64) {
        let tick = self.tick_before();
        self.begin_anew(now, tick);
    }

    /// The tick of a call that changes nothing.
    #[inline]
    pub(super) fn tick_at(&self, now: u64) -> u64 {
        self.clock
            .map_or(0, |clock| now.saturating_sub(clock.first).clamp(clock.tick, NEVER - 1))
    }

    /// The tick of the user's clock, if it comes so far.
    fn untick(&self, tick: u64) -> Option<u64> {
        self.clock.map_or(0, |clock| clock.first).checked_add(tick)
    }

    /// The deadline of an entry that is written or used at a tick.
    pub(super) const fn deadline(lifetime: Lifetime, tick: u64) -> (u64, bool) {
        let (ticks, idle) = match lifetime {
            Lifetime::Unlimited => return (NEVER, false),
            Lifetime::SinceWrite(ticks) => (ticks, false),
            Lifetime::SinceUse(ticks) => (ticks, true),
        };
        let deadline = tick.saturating_add(ticks);
        (if deadline < NEVER { deadline } else { NEVER - 1 }, idle)
    }

    /// The deadline of an entry by the user's clock, if it has one.
    pub(super) fn deadline_of(&self, slot: usize) -> Option<u64> {
        let deadline = self.room.meta(slot).deadline();
        if deadline < NEVER { self.untick(deadline) } else { None }
    }

    /// Gives an entry another life from now on.
    pub(super) fn set_life(&mut self, slot: usize, lifetime: Lifetime, tick: u64) {
        let (deadline, idle) = Self::deadline(lifetime, tick);
        self.room.change_meta(slot, |meta| meta.with_deadline(deadline, idle));
        self.room.add_deadline(slot / LANES, deadline);
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
}
