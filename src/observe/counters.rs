//! Feature `counters`: what maps, arenas and pools count, as numbers under fixed names, for a scraper to pull.
//!
//! Nothing is sent anywhere and no library of metrics is chosen: an adapter is a closure. The guide has two of them, see
//! [observing](crate::guide::observing).
//!
//! The numbers of `stats()` are among them. Beside those, counted only with this feature, at rare events:
//!
//! | of | name | |
//! |---|---|---|
//! | arenas | `chunks_taken` | chunks from the heap, beside the first one where it stands in one block with the arena |
//! | | `resets` | by `reset`, and by going back to a pool; not of an arena that has no chunk yet |
//! | | `refused_budget`, `refused_heap`, `refused_size` | blocks that were refused: by the budget, by the heap, as absurd |
//! | growing maps | `moves` | times that the entries began to go into another block: growth, `reserve`, `shrink_to` |
//! | | `move_steps` | steps of moves that are made in steps |
//! | | `entries_moved` | in steps or at once |
//! | | `refused_budget`, `refused_heap`, `refused_size` | tables that were refused |
//! | | `longest_probe` | the most groups of 16 slots that an insertion looked at, but for those while entries were moving |
//!
//! A map's clone begins at 0.
//!
//! ```
//! use arenamap::ArenaMap;
//! use arenamap::counters::{Counters, Kind};
//!
//! let map: ArenaMap<u64, u64> = (0..1_000).map(|n| (n, n)).collect();
//! let mut lines = Vec::new();
//! map.visit(&mut |name, kind, value| {
//!     if kind == Kind::Counter {
//!         lines.push(format!("arenamap_{name}_total {value}"));
//!     }
//! });
//! assert!(lines.iter().any(|line| line.starts_with("arenamap_moves_total ")));
//! ```

use super::tally::{ArenaTally, Refusals, TableTally};
#[cfg(feature = "std")]
use crate::arena::ArenaPool;
use crate::arena::{Handle, tally_of};
use crate::bounded::{BoundedCopiedMap, BoundedMap, BoundedStats};
use crate::copied::{CopiedKey, CopiedMap};
use crate::map::ArenaMap;
use crate::nested::{PathKey, PathMap};
use crate::set::ArenaSet;

/// How a number changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It grows only, until the map, arena or pool is gone.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// What counts: maps, sets, pools, and arenas by any handle.
pub trait Counters {
    /// Calls `visit` with the name of each number, how it changes, and what it is now.
    ///
    /// Names and their order are the same at each call for one type. Allocates: never. Time: O(1) for a map or an arena, O(waiting arenas)
    /// for a pool.
    ///
    /// ```
    /// use arenamap::Arena;
    /// use arenamap::counters::Counters;
    ///
    /// let mut arena = Arena::with_capacity(100);
    /// arena.reset();
    /// let mut resets = None;
    /// arena.visit(&mut |name, _, value| {
    ///     if name == "resets" {
    ///         resets = Some(value);
    ///     }
    /// });
    /// assert_eq!(resets, Some(1));
    /// ```
    fn visit(&self, visit: &mut dyn FnMut(&'static str, Kind, u64));
}

type Visit<'a> = &'a mut dyn FnMut(&'static str, Kind, u64);

fn gauges<const N: usize>(visit: Visit<'_>, gauges: [(&'static str, usize); N]) {
    for (name, value) in gauges {
        visit(name, Kind::Gauge, value as u64);
    }
}

fn counters<const N: usize>(visit: Visit<'_>, counters: [(&'static str, u64); N]) {
    for (name, value) in counters {
        visit(name, Kind::Counter, value);
    }
}

impl Refusals {
    fn visit(&self, visit: Visit<'_>) {
        counters(
            visit,
            [
                ("refused_budget", self.budget),
                ("refused_heap", self.heap),
                ("refused_size", self.size),
            ],
        );
    }
}

impl ArenaTally {
    fn visit(&self, visit: Visit<'_>) {
        counters(visit, [("chunks_taken", self.chunks_taken), ("resets", self.resets)]);
        self.refused.visit(visit);
    }
}

impl TableTally {
    fn visit(&self, len: usize, visit: Visit<'_>) {
        counters(
            visit,
            [
                ("moves", self.moves),
                ("move_steps", self.steps),
                ("entries_moved", self.moved),
            ],
        );
        self.refused.visit(visit);
        // The usual insertion looks at one group, and counts nothing.
        gauges(visit, [("longest_probe", self.longest_probe.max(usize::from(len > 0)))]);
    }
}

impl<H: Handle> Counters for H {
    fn visit(&self, visit: &mut dyn FnMut(&'static str, Kind, u64)) {
        let stats = self.stats();
        gauges(
            visit,
            [
                ("held_bytes", stats.held),
                ("used_bytes", stats.used),
                ("free_bytes", stats.free),
                ("high_water_bytes", stats.high_water),
                ("chunks", stats.chunks),
            ],
        );
        tally_of(self).visit(visit);
    }
}

#[cfg(feature = "std")]
impl Counters for ArenaPool {
    fn visit(&self, visit: &mut dyn FnMut(&'static str, Kind, u64)) {
        let stats = self.stats();
        gauges(
            visit,
            [
                ("kept", stats.kept),
                ("kept_bytes", stats.kept_bytes),
                ("out", stats.out),
                ("high_water_bytes", stats.high_water),
            ],
        );
        counters(
            visit,
            [
                ("checkouts", stats.checkouts),
                ("misses", stats.created),
                ("freed", stats.freed),
                ("trimmed", stats.trimmed),
                ("left", stats.left),
            ],
        );
    }
}

impl<K, V, S, H: Handle> Counters for ArenaMap<K, V, S, H> {
    fn visit(&self, visit: &mut dyn FnMut(&'static str, Kind, u64)) {
        let stats = self.stats();
        gauges(
            visit,
            [
                ("entries", stats.len),
                ("capacity", stats.capacity),
                ("slots", stats.slots),
                ("table_bytes", stats.table_bytes),
                ("left_to_move", stats.left_to_move),
            ],
        );
        self.table.tally.visit(stats.len, visit);
    }
}

impl<T, S, H: Handle> Counters for ArenaSet<T, S, H> {
    fn visit(&self, visit: &mut dyn FnMut(&'static str, Kind, u64)) {
        self.map.visit(visit);
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> Counters for CopiedMap<Q, V, S, H> {
    fn visit(&self, visit: &mut dyn FnMut(&'static str, Kind, u64)) {
        self.map.visit(visit);
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> Counters for PathMap<K, V, S, H> {
    /// The moves are those of the table that finds nodes.
    fn visit(&self, visit: &mut dyn FnMut(&'static str, Kind, u64)) {
        let stats = self.stats();
        gauges(
            visit,
            [
                ("entries", stats.len),
                ("nodes", stats.nodes),
                ("nodes_waiting", stats.waiting),
                ("nodes_free", stats.free),
                ("node_bytes", stats.node_bytes),
                ("table_bytes", stats.table_bytes),
            ],
        );
        self.tally().visit(stats.nodes, visit);
    }
}

impl BoundedStats {
    fn visit(&self, visit: Visit<'_>) {
        gauges(
            visit,
            [
                ("entries", self.len),
                ("capacity", self.capacity),
                ("small", self.small),
                ("most_steps", self.most_steps),
            ],
        );
        visit("weight", Kind::Gauge, self.weight);
        counters(
            visit,
            [
                ("hits", self.hits),
                ("misses", self.misses),
                ("insertions", self.insertions),
                ("ghost_hits", self.ghost_hits),
                ("evicted", self.evicted),
                ("expired", self.expired),
                ("steps", self.steps),
                ("clock_went_back", self.clock_went_back),
            ],
        );
    }
}

impl<K, V, S, H: Handle> Counters for BoundedMap<K, V, S, H> {
    /// `reset_stats` sets the counters back to 0.
    fn visit(&self, visit: &mut dyn FnMut(&'static str, Kind, u64)) {
        self.stats().visit(visit);
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> Counters for BoundedCopiedMap<Q, V, S, H> {
    /// `reset_stats` sets the counters back to 0.
    fn visit(&self, visit: &mut dyn FnMut(&'static str, Kind, u64)) {
        self.stats().visit(visit);
    }
}
