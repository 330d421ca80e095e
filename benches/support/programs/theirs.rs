//! The programs on hashbrown's maps, in a `Bump` where ours are in an arena.

use foldhash::fast::FixedState;

pub(crate) use bumpalo::Bump as Arena;
pub(crate) type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;
pub(crate) type HashSet<T> = hashbrown::HashSet<T, FixedState>;
pub(crate) type MapIn<'a, K, V> = hashbrown::HashMap<K, V, FixedState, &'a Arena>;

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
