//! What an arena or a table counts: plain numbers of rare events.
//!
//! Without feature `counters` these types have no bytes and their methods do nothing.

#![cfg_attr(
    not(feature = "counters"),
    allow(
        unused_variables,
        clippy::unused_self,
        clippy::needless_pass_by_ref_mut,
        reason = "nothing is done without the feature"
    )
)]

use crate::error::ArenaError;

/// Refusals by their kind.
#[derive(Clone, Copy, Default)]
pub(crate) struct Refusals {
    #[cfg(feature = "counters")]
    pub(super) budget: u64,
    #[cfg(feature = "counters")]
    pub(super) heap: u64,
    #[cfg(feature = "counters")]
    pub(super) size: u64,
}

impl Refusals {
    const fn new() -> Self {
        Self {
            #[cfg(feature = "counters")]
            budget: 0,
            #[cfg(feature = "counters")]
            heap: 0,
            #[cfg(feature = "counters")]
            size: 0,
        }
    }

    #[inline(always)] // nothing is called where there is nothing to do
    fn count(&mut self, error: &ArenaError) {
        #[cfg(feature = "counters")]
        match error {
            ArenaError::Budget { .. } => self.budget += 1,
            ArenaError::AllocError { .. } => self.heap += 1,
            ArenaError::CapacityOverflow => self.size += 1,
        }
    }
}

/// What an arena counts.
#[derive(Clone, Copy)]
pub(crate) struct ArenaTally {
    #[cfg(feature = "counters")]
    pub(super) chunks_taken: u64,
    #[cfg(feature = "counters")]
    pub(super) resets: u64,
    #[cfg(feature = "counters")]
    pub(super) refused: Refusals,
}

#[cfg(feature = "counters")]
impl Default for ArenaTally {
    fn default() -> Self {
        Self::new()
    }
}

impl ArenaTally {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self {
            #[cfg(feature = "counters")]
            chunks_taken: 0,
            #[cfg(feature = "counters")]
            resets: 0,
            #[cfg(feature = "counters")]
            refused: Refusals::new(),
        }
    }

    #[inline(always)]
    pub(crate) const fn took_chunk(&mut self) {
        #[cfg(feature = "counters")]
        {
            self.chunks_taken += 1;
        }
    }

    #[inline(always)]
    pub(crate) const fn reset(&mut self) {
        #[cfg(feature = "counters")]
        {
            self.resets += 1;
        }
    }

    #[inline(always)]
    pub(crate) fn refused(&mut self, error: &ArenaError) {
        #[cfg(feature = "counters")]
        self.refused.count(error);
    }
}

/// How many groups an insertion looked at; 0 if nobody counted.
#[derive(Clone, Copy, Default)]
pub(crate) struct Looked {
    #[cfg(feature = "counters")]
    pub(crate) groups: usize,
}

/// What a table counts.
pub(crate) struct TableTally {
    #[cfg(feature = "counters")]
    pub(super) moves: u64,
    #[cfg(feature = "counters")]
    pub(super) steps: u64,
    #[cfg(feature = "counters")]
    pub(super) moved: u64,
    #[cfg(feature = "counters")]
    pub(super) refused: Refusals,
    #[cfg(feature = "counters")]
    pub(super) longest_probe: usize,
    #[cfg(feature = "counters")]
    alarm: Option<(usize, fn(usize))>,
    /// The alarm was raised, and what it was raised for may still be there.
    #[cfg(feature = "counters")]
    is_alarmed: bool,
}

impl TableTally {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self {
            #[cfg(feature = "counters")]
            moves: 0,
            #[cfg(feature = "counters")]
            steps: 0,
            #[cfg(feature = "counters")]
            moved: 0,
            #[cfg(feature = "counters")]
            refused: Refusals::new(),
            #[cfg(feature = "counters")]
            longest_probe: 0,
            #[cfg(feature = "counters")]
            alarm: None,
            #[cfg(feature = "counters")]
            is_alarmed: false,
        }
    }

    /// The entries go into another block, so many of them at once.
    #[inline(always)]
    pub(crate) const fn moves(&mut self, at_once: usize) {
        #[cfg(feature = "counters")]
        {
            self.moves += 1;
            self.moved += at_once as u64;
            self.calm();
        }
    }

    /// A step of a move, with so many entries.
    #[inline(always)]
    pub(crate) const fn step(&mut self, moved: usize) {
        #[cfg(feature = "counters")]
        {
            self.steps += 1;
            self.moved += moved as u64;
        }
    }

    /// So many entries more of the last step.
    #[inline(always)]
    pub(crate) const fn more_of_step(&mut self, moved: usize) {
        #[cfg(feature = "counters")]
        {
            self.moved += moved as u64;
        }
    }

    #[inline(always)]
    pub(crate) fn refused(&mut self, error: &ArenaError) {
        #[cfg(feature = "counters")]
        self.refused.count(error);
    }

    /// What the alarm was raised for is gone.
    #[inline(always)]
    pub(crate) const fn calm(&mut self) {
        #[cfg(feature = "counters")]
        {
            self.is_alarmed = false;
        }
    }

    /// What an insertion has looked at. The table is whole, with the entry in it.
    #[inline(always)]
    pub(crate) fn looked(&mut self, looked: Looked) {
        #[cfg(feature = "counters")]
        if looked.groups > 1 {
            self.looked_far(looked.groups);
        }
    }

    #[cfg(feature = "counters")]
    #[cold]
    #[inline(never)]
    fn looked_far(&mut self, groups: usize) {
        self.longest_probe = self.longest_probe.max(groups);
        if let Some((most, alarm)) = self.alarm
            && groups > most
            && !self.is_alarmed
        {
            self.is_alarmed = true;
            alarm(groups);
        }
    }

    /// Whom to call when an insertion looks at more groups than that.
    #[cfg(feature = "counters")]
    pub(crate) const fn set_alarm(&mut self, groups: usize, alarm: fn(usize)) {
        self.alarm = Some((groups, alarm));
        self.is_alarmed = false;
    }
}
