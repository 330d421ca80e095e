//! Which entry is due: the earliest deadline of each group, of each sixteen groups, of each sixteen of those, and so on.
//!
//! ```text
//!  level 2                 3              the root: nothing expires before tick 3
//!  level 1        3                7
//!  level 0     3  9  5 ..       7  E ..   one for each group of slots: no deadline in it is earlier; E: no entry
//! ```
//!
//! A node is the least of its children, always. That of a group is a bound: a deadline that is put off, or an entry that is removed,
//! leaves it as it is, and whoever comes to look makes it exact. So a deadline is put off by one store, and an entry that is due is
//! found, and the bound made exact behind it, in a handful of lines. (A wheel of timers needs links of eight bytes an entry for the same,
//! or cannot shorten a deadline; it visits each entry once for each level that it sinks.)

use core::array;
use core::num::NonZeroU32;

use super::room::Room;
use crate::table::group::LANES;

/// Later than all deadlines, and than never: there is no entry.
pub(super) const EMPTY: u64 = u64::MAX;

/// Children of a node. (With eight, what expires goes in nine tenths of the time, and an entry takes 0.04 bytes more, which are not to be had.)
const FAN: usize = 16;

/// Levels, that of the groups among them: there are fewer than 16^7 groups.
const MOST: usize = 8;

/// How many nodes each level has, and where they begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    /// Nodes of each level; the first is the groups'.
    lengths: [u32; MOST],
    /// The places of the first nodes of the levels above the groups.
    starts: [u32; MOST],
    count: usize,
    nodes: usize,
}

impl Levels {
    /// Of no groups.
    pub(super) const NONE: Self = Self {
        lengths: [0; MOST],
        starts: [0; MOST],
        count: 1,
        nodes: 0,
    };

    #[allow(clippy::cast_possible_truncation, reason = "groups are fewer than 2^28")]
    pub(super) fn of(groups: usize) -> Self {
        let mut lengths = [0; MOST];
        let mut starts = [0; MOST];
        lengths[0] = groups as u32;
        let (mut count, mut nodes) = (1, 0);
        while lengths[count - 1] > 1 {
            lengths[count] = lengths[count - 1].div_ceil(FAN as u32);
            starts[count] = nodes;
            nodes += lengths[count];
            count += 1;
        }
        Self {
            lengths,
            starts,
            count,
            nodes: nodes as usize,
        }
    }

    /// Nodes above the groups.
    pub(super) const fn nodes(&self) -> usize {
        self.nodes
    }

    const fn length(&self, level: usize) -> usize {
        self.lengths[level] as usize
    }

    /// The place of a node of a level above the groups.
    const fn place(&self, level: usize, index: usize) -> usize {
        index + self.starts[level] as usize
    }

    const fn top(&self) -> usize {
        self.count - 1
    }
}

impl<T> Room<T> {
    fn node(&self, level: usize, index: usize) -> u64 {
        match level {
            0 => self.due(index),
            _ => self.nodes()[self.sizes.levels.place(level, index)],
        }
    }

    fn set_node(&mut self, level: usize, index: usize, due: u64) {
        let place = self.sizes.levels.place(level, index);
        self.nodes_mut()[place] = due;
    }

    /// The children of a node themselves; [`EMPTY`] for those that are not there.
    #[inline(always)]
    fn dues(&self, level: usize, index: usize) -> [u64; FAN] {
        let first = index * FAN;
        if level == 1 {
            let groups = self.groups();
            return array::from_fn(|child| groups.get(first + child).map_or(EMPTY, |group| group.due));
        }
        let nodes = self.level(level - 1);
        array::from_fn(|child| nodes.get(first + child).copied().unwrap_or(EMPTY))
    }

    /// The nodes of a level above the groups.
    #[inline(always)]
    fn level(&self, level: usize) -> &[u64] {
        let levels = &self.sizes.levels;
        &self.nodes()[levels.place(level, 0)..][..levels.length(level)]
    }

    /// The children of a node, as numbers in the level below.
    fn children(&self, level: usize, index: usize) -> core::ops::Range<usize> {
        let first = index * FAN;
        first..(first + FAN).min(self.sizes.levels.length(level - 1))
    }

    /// No entry is due before this tick.
    #[inline]
    pub(super) fn first_deadline(&self) -> u64 {
        // The root is the last node.
        self.nodes().last().copied().unwrap_or_else(|| self.due(0))
    }

    /// A deadline has come into a group.
    #[inline]
    pub(super) fn add_deadline(&mut self, group: usize, deadline: u64) {
        if deadline >= self.due(group) {
            return;
        }
        self.set_due(group, deadline);
        let mut index = group;
        for level in 1..=self.sizes.levels.top() {
            index /= FAN;
            if deadline >= self.node(level, index) {
                return;
            }
            self.set_node(level, index, deadline);
        }
    }

    /// The slot of the first entry of a group that is due, if there is one, and is not spared. (Where many are due, this is soon found.)
    #[inline]
    pub(super) fn any_due(&self, group: usize, now: u64, spared: Option<usize>) -> Option<usize> {
        let slots = self.full(group).into_iter().map(|lane| group * LANES + lane);
        slots
            .filter(|slot| Some(*slot) != spared)
            .find(|&slot| self.meta(slot).deadline() <= now)
    }

    /// The slot of an entry of a group that is due, if there is one, and is not spared: it must go now. Unless others of the group
    /// are due, too, the bound of the group is exact then, without that entry and the spared one.
    #[allow(
        clippy::needless_bitwise_bool,
        reason = "both are known, and a branch would be guessed wrong"
    )]
    pub(super) fn due_slot(&mut self, group: usize, now: u64, spared: Option<usize>) -> Option<usize> {
        let (mut due, mut first) = (None, EMPTY);
        for lane in self.full(group) {
            let slot = group * LANES + lane;
            let deadline = self.meta(slot).deadline();
            if Some(slot) == spared {
                continue;
            }
            // Which lane it is nobody can guess: no branch, and so all lanes are looked at.
            let goes = due.is_none() & (deadline <= now);
            due = if goes { Some(slot) } else { due };
            first = first.min(if goes { EMPTY } else { deadline });
        }
        if first > now {
            self.raise(group, first);
        }
        due
    }

    #[inline(never)]
    fn raise(&mut self, group: usize, due: u64) {
        let old = self.due(group);
        if old == due {
            return;
        }
        self.set_due(group, due);
        let mut index = group;
        for level in 1..=self.sizes.levels.top() {
            index /= FAN;
            let known = self.node(level, index);
            if known < old {
                return; // another child is the least
            }
            let least = self.dues(level, index).into_iter().fold(EMPTY, u64::min);
            if known == least {
                return;
            }
            self.set_node(level, index, least); // `old` until now, too
        }
    }

    /// An entry has left a group.
    #[inline]
    pub(super) fn entry_left(&mut self, group: usize) {
        if self.full(group).first().is_none() {
            self.raise(group, EMPTY);
        }
    }

    /// A group in which an entry may be due at this tick, if there is one.
    #[inline]
    pub(super) fn due_group(&self, now: u64) -> Option<usize> {
        if self.first_deadline() > now {
            return None;
        }
        let mut index = 0;
        for level in (1..=self.sizes.levels.top()).rev() {
            // Which child it is nobody can guess: no branches.
            let bits = (0..)
                .zip(self.dues(level, index))
                .map(|(child, due)| u32::from(due <= now) << child);
            let bits = NonZeroU32::new(bits.fold(0, |one, other| one | other))?;
            index = index * FAN + bits.trailing_zeros() as usize;
        }
        Some(index)
    }

    /// The first group from this one on, around the block, that has an entry.
    pub(super) fn occupied_from(&self, group: usize) -> Option<usize> {
        self.occupied_at_or_behind(group)
            .or_else(|| self.occupied_at_or_behind(0))
    }

    fn occupied_at_or_behind(&self, group: usize) -> Option<usize> {
        let levels = self.sizes.levels;
        let (mut level, mut index) = (0, group);
        // Up, until a node at or behind this one has an entry,
        let mut found = loop {
            let end = (index / FAN * FAN + FAN).min(levels.length(level));
            match (index..end).find(|&node| self.node(level, node) != EMPTY) {
                Some(node) => break node,
                None if level == levels.top() => return None,
                None => (level, index) = (level + 1, index / FAN + 1),
            }
            if index >= levels.length(level) {
                return None;
            }
        };
        // and down to its first.
        while level > 0 {
            found = self
                .children(level, found)
                .find(|&node| self.node(level - 1, node) != EMPTY)?;
            level -= 1;
        }
        Some(found)
    }

    /// Bounds of groups hold, and each node is the least of its children.
    #[cfg(test)]
    pub(super) fn check_deadlines(&self) {
        for group in 0..self.sizes.groups {
            let mut lanes = self.full(group).into_iter();
            assert!(lanes.all(|lane| self.due(group) <= self.meta(group * LANES + lane).deadline()));
            assert_eq!(self.due(group) == EMPTY, self.full(group).len() == 0);
        }
        for level in 1..=self.sizes.levels.top() {
            for index in 0..self.sizes.levels.length(level) {
                let children = self.children(level, index).map(|child| self.node(level - 1, child));
                assert_eq!(children.min(), Some(self.node(level, index)));
            }
        }
    }
}
