//! The numbers of a map of paths.

use core::fmt;

use super::PathMap;
use super::key::PathKey;
use crate::arena::Handle;
#[cfg(feature = "counters")]
use crate::observe::tally::TableTally;
#[cfg(feature = "registry")]
use crate::observe::watch::Watch;

/// The numbers of a [`PathMap`].
///
/// ```
/// let map: arenamap::PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
/// let stats = map.stats();
/// assert_eq!((stats.len, stats.nodes, stats.waiting), (2, 4, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathStats {
    /// Values.
    pub len: usize,
    /// Levels: nodes that have a value, or nodes below. The one of the empty path counts.
    pub nodes: usize,
    /// Nodes that were cut off and wait to be recycled.
    pub waiting: usize,
    /// Nodes that there is room for, without more memory for nodes.
    pub free: usize,
    /// Bytes of one node with its padding.
    pub node_size: usize,
    /// Bytes of all nodes, those that wait and those that are free included. The bytes of copied keys come on top.
    pub node_bytes: usize,
    /// Bytes of the table that finds nodes.
    pub table_bytes: usize,
}

impl fmt::Display for PathStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} values in {} nodes of {} bytes, {} nodes waiting, {} free: {} bytes of nodes, {} bytes in tables",
            self.len, self.nodes, self.node_size, self.waiting, self.free, self.node_bytes, self.table_bytes
        )
    }
}

/// How many levels of a [`PathMap`] are how deep: [`PathMap::depths`].
///
/// ```
/// let map: arenamap::PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
/// let depths = map.depths();
/// assert_eq!((depths.deepest, &depths.levels[..4]), (2, &[1, 1, 2, 0][..]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Depths {
    /// Parts of the longest path.
    pub deepest: usize,
    /// Levels of each depth, from the one of the empty path on. The last number counts all that are deeper, too.
    pub levels: [usize; 32],
}

impl fmt::Display for Depths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "deepest {}:", self.deepest)?;
        for (depth, levels) in self.levels.iter().enumerate().take(self.deepest + 1) {
            let more = if depth == 31 { "+" } else { "" };
            write!(f, " {depth}{more}: {levels}")?;
        }
        Ok(())
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// Values, nodes and bytes of this map, as plain numbers.
    ///
    /// Allocates: never. Time: O(1); O(waiting nodes) while a subtree that was cut off waits to be recycled.
    pub fn stats(&self) -> PathStats {
        let (waiting, values) = self.count_waiting();
        let node_size = Self::NODE;
        PathStats {
            len: self.values - values,
            nodes: self.slab.used() - waiting,
            waiting,
            free: self.slab.room() - self.slab.used(),
            node_size,
            node_bytes: self.slab.bytes(),
            table_bytes: self.table.allocation_size(),
        }
    }

    /// What the registry knows it by.
    #[cfg(feature = "registry")]
    pub(crate) fn watch_mut(&mut self) -> &mut Watch {
        &mut self.table.watch
    }

    /// What its table counts.
    #[cfg(feature = "counters")]
    pub(crate) const fn tally(&self) -> &TableTally {
        &self.table.tally
    }

    /// Bytes of a node.
    const NODE: usize = size_of::<super::slab::Record<K::Stored, V>>();

    /// How many levels are how deep.
    ///
    /// Allocates: never. Time: O(levels).
    pub fn depths(&self) -> Depths {
        let mut depths = Depths::default();
        let (mut at, mut depth) = (self.root, 0_usize);
        while at != 0 {
            depths.deepest = depths.deepest.max(depth);
            depths.levels[depth.min(31)] += 1;
            let (next, deeper) = self.slab.onward(at, self.root);
            at = next;
            depth = depth.wrapping_add_signed(deeper);
        }
        depths
    }
}
