//! Growing a map from empty, whole and insert by insert.

use std::hash::Hash;
use std::hint::black_box;
use std::time::Instant;

use foldhash::fast::FixedState;
use hdrhistogram::Histogram;

use super::single::{new_histogram, record};

/// What a map is filled with.
pub(crate) trait Pairs {
    type Key: Eq + Hash;
    type Value;

    /// The i-th pair.
    fn pair(i: u64) -> (Self::Key, Self::Value);
}

/// Two u64.
pub(crate) struct Numbers;

impl Pairs for Numbers {
    type Key = u64;
    type Value = u64;

    #[inline(always)]
    fn pair(i: u64) -> (u64, u64) {
        (super::support::key(i), i)
    }
}

/// Strings of 16 letters, each a heap block that was made before the insert, to u64.
pub(crate) struct Strings;

impl Pairs for Strings {
    type Key = String;
    type Value = u64;

    fn pair(i: u64) -> (String, u64) {
        (format!("{:016x}", super::support::key(i)), i)
    }
}

/// u64 to 512 bytes.
pub(crate) struct Wide;

impl Pairs for Wide {
    type Key = u64;
    type Value = [u64; 64];

    #[inline(always)]
    fn pair(i: u64) -> (u64, [u64; 64]) {
        (super::support::key(i), [i; 64])
    }
}

/// A map that can be grown one entry at a time.
pub(crate) trait Grows<P: Pairs> {
    fn insert(&mut self, pair: (P::Key, P::Value));
    fn len(&self) -> usize;
}

macro_rules! grows {
    ($([$($generics:tt)*] $map:ty),+ $(,)?) => {$(
        impl<P: Pairs, $($generics)*> Grows<P> for $map {
            #[inline(always)]
            fn insert(&mut self, (key, value): (P::Key, P::Value)) {
                <$map>::insert(self, key, value);
            }
            fn len(&self) -> usize {
                <$map>::len(self)
            }
        }
    )+};
}

grows! {
    [] hashbrown::HashMap<P::Key, P::Value, FixedState>,
    [] hashbrown::HashMap<P::Key, P::Value, FixedState, &bumpalo::Bump>,
    [] griddle::HashMap<P::Key, P::Value, FixedState>,
    [] indexmap::IndexMap<P::Key, P::Value, FixedState>,
    [] std::collections::HashMap<P::Key, P::Value>,
    [H: arenamap::Handle] arenamap::ArenaMap<P::Key, P::Value, FixedState, H>,
}

/// Grows `map` to `n` entries.
pub(crate) fn fill<P: Pairs>(map: &mut impl Grows<P>, n: usize) {
    for i in 0..n as u64 {
        map.insert(P::pair(i));
    }
    assert_eq!(black_box(map).len(), n);
}

/// Grows `map` to `n` entries with a clock around each insert; nanoseconds.
///
/// A reading of the clock is part of each span: see [`clock_alone`](super::single::clock_alone).
pub(crate) fn fill_timed<P: Pairs>(map: &mut impl Grows<P>, n: usize) -> Histogram<u64> {
    let mut spans = new_histogram();
    for i in 0..n as u64 {
        let pair = black_box(P::pair(i));
        let start = Instant::now();
        map.insert(pair);
        let span = start.elapsed();
        record(&mut spans, span);
    }
    assert_eq!(map.len(), n);
    spans
}

/// An arena that has held such a map, grown to `n` entries, and was reset.
pub(crate) fn warm_arena<P: Pairs>(n: usize) -> arenamap::Arena {
    let mut arena = arenamap::Arena::new();
    let mut map = arenamap::ArenaMap::<P::Key, P::Value, _, _>::with_hasher_in(super::support::fixed(), &arena);
    fill::<P>(&mut map, n);
    drop(map);
    arena.reset();
    arena
}

/// The same, of hashbrown's.
pub(crate) fn warm_bump<P: Pairs>(n: usize) -> bumpalo::Bump {
    let mut bump = bumpalo::Bump::new();
    let mut map = hashbrown::HashMap::<P::Key, P::Value, _, _>::with_hasher_in(super::support::fixed(), &bump);
    fill::<P>(&mut map, n);
    drop(map);
    bump.reset();
    bump
}
