//! The programs on `std`'s maps, for the right answers. There are no arenas: maps "in" one are on the heap.

use std::collections;
use std::hash::BuildHasher;
use std::marker::PhantomData;

use foldhash::fast::{FixedState, FoldHasher};

pub(crate) type HashMap<K, V> = collections::HashMap<K, V, FixedState>;
pub(crate) type HashSet<T> = collections::HashSet<T, FixedState>;
pub(crate) type MapIn<'a, K, V> = collections::HashMap<K, V, Borrowing<'a>>;

#[derive(Default)]
pub(crate) struct Arena;

impl Arena {
    pub(crate) fn new() -> Self {
        Arena
    }

    #[allow(clippy::unused_self, reason = "as an arena has it")]
    pub(crate) fn reset(&mut self) {}
}

/// The hasher, tied to an arena as the map would be.
#[derive(Clone, Default)]
pub(crate) struct Borrowing<'a>(FixedState, PhantomData<&'a Arena>);

impl BuildHasher for Borrowing<'_> {
    type Hasher = FoldHasher<'static>;

    fn build_hasher(&self) -> Self::Hasher {
        self.0.build_hasher()
    }
}

pub(crate) fn map_in<K, V>(_: &Arena) -> MapIn<'_, K, V> {
    MapIn::default()
}

pub(crate) fn map_for<K, V>(entries: usize, _: &Arena) -> MapIn<'_, K, V> {
    MapIn::with_capacity_and_hasher(entries, Borrowing::default())
}

#[path = "source/mod.rs"]
pub(crate) mod source;
