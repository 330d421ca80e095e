//! The maps that are compared, behind one face, so that every lane runs the same loop.

use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
use foldhash::fast::FixedState;

pub(crate) type Ours = FixedMap<u64_le, u64_le>;
pub(crate) type Hashbrown = hashbrown::HashMap<u64, u64, FixedState>;

/// A map for a given number of entries.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the maps take keys by reference")]
pub(crate) trait Peer: Clone {
    /// A value as the map holds it.
    type Value;

    /// An empty map for `n` entries, with memory that was touched. The seed is that of its hash function, if it has one.
    fn for_entries(n: usize, seed: u64) -> Self;
    fn insert(&mut self, key: u64, value: u64) -> Option<Self::Value>;
    fn get(&self, key: &u64) -> Option<&Self::Value>;
    fn remove(&mut self, key: &u64) -> Option<Self::Value>;
    fn len(&self) -> usize;
    /// All entries in a `for` loop: `f` gets key and value.
    fn each(&self, f: impl FnMut(u64, u64));
}

impl Peer for Ours {
    type Value = u64_le;

    fn for_entries(n: usize, seed: u64) -> Self {
        let need = Ours::bytes_for(n);
        // `create` writes every byte.
        FixedMap::create_seeded(AlignedBytes::zeroed(need), n, seed).expect("memory of the right size")
    }

    #[inline(always)]
    fn insert(&mut self, key: u64, value: u64) -> Option<u64_le> {
        FixedMap::insert(self, key.into(), value.into()).expect("a map with room")
    }

    #[inline(always)]
    fn get(&self, key: &u64) -> Option<&u64_le> {
        FixedMap::get(self, key)
    }

    #[inline(always)]
    fn remove(&mut self, key: &u64) -> Option<u64_le> {
        FixedMap::remove(self, key)
    }

    fn len(&self) -> usize {
        FixedMap::len(self)
    }

    #[inline(always)]
    fn each(&self, mut f: impl FnMut(u64, u64)) {
        for (key, value) in self {
            f(key.to_native(), value.to_native());
        }
    }
}

/// The calls that most maps name alike.
macro_rules! named_alike {
    () => {
        #[inline(always)]
        fn get(&self, key: &u64) -> Option<&u64> {
            Self::get(self, key)
        }

        #[inline(always)]
        fn remove(&mut self, key: &u64) -> Option<u64> {
            Self::remove(self, key)
        }

        fn len(&self) -> usize {
            Self::len(self)
        }

        #[inline(always)]
        fn each(&self, mut f: impl FnMut(u64, u64)) {
            for (key, value) in self {
                f(*key, *value);
            }
        }
    };
}

pub(crate) use named_alike;

impl Peer for Hashbrown {
    type Value = u64;

    fn for_entries(n: usize, seed: u64) -> Self {
        let mut map = Hashbrown::with_capacity_and_hasher(n, FixedState::with_seed(seed));
        // Fills every bucket's memory once: what is not touched is not there yet.
        for key in 0..map.capacity() as u64 {
            map.insert(key, key);
        }
        map.clear();
        map
    }

    #[inline(always)]
    fn insert(&mut self, key: u64, value: u64) -> Option<u64> {
        Hashbrown::insert(self, key, value)
    }

    named_alike! {}
}
