//! The programs on this crate's maps.

use arenamap::{ArenaMap, ArenaSet};
use foldhash::fast::FixedState;

pub(crate) use arenamap::Arena;
pub(crate) type HashMap<K, V> = ArenaMap<K, V, FixedState>;
pub(crate) type HashSet<T> = ArenaSet<T, FixedState>;
pub(crate) type MapIn<'a, K, V> = ArenaMap<K, V, FixedState, &'a Arena>;

#[inline(always)]
pub(crate) fn map_in<K, V>(arena: &Arena) -> MapIn<'_, K, V> {
    MapIn::with_hasher_in(FixedState::default(), arena)
}

#[inline(always)]
pub(crate) fn map_for<K, V>(entries: usize, arena: &Arena) -> MapIn<'_, K, V> {
    MapIn::with_capacity_and_hasher_in(entries, FixedState::default(), arena)
}

#[path = "source/mod.rs"]
pub(crate) mod source;
