//! More hashers: each keeps the part of a good hash that its name says, or counts.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;

use super::fixed;

/// A good hash of which a function of one number keeps a part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partial(pub(crate) fn(u64) -> u64);

/// A good hash whose information is in the lowest eight bits: 256 different hashes.
pub(crate) const LOW_BITS: Partial = Partial(|hash| hash & 0xFF);

/// A good hash whose information is in the top eight bits: tables start every search at one bucket.
pub(crate) const TOP_BITS: Partial = Partial(|hash| hash & 0xFF << 56);

/// Different hashes whose places agree: the directory cannot tell them apart.
///
/// A place is the top 16 bits of the hash's low half times the odd constant of `src/hash.rs`; this undoes the product, and
/// leaves the other 16 bits, and the high half, to differ.
pub(crate) const SAME_PLACE: Partial = Partial(|hash| {
    let low = (0xABCD_0000 | hash & 0xFFFF).wrapping_mul(inverse(ODD));
    hash >> 32 << 32 | low & 0xFFFF_FFFF
});

const ODD: u64 = 0x9E37_79B9;

/// The inverse of an odd number modulo 2^64, by Newton's method: each round doubles the right bits.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut round = 0;
    while round < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
}

const _: () = assert!(ODD.wrapping_mul(inverse(ODD)) == 1);

impl BuildHasher for Partial {
    type Hasher = PartialHasher;

    fn build_hasher(&self) -> PartialHasher {
        PartialHasher {
            inner: fixed().build_hasher(),
            part: self.0,
        }
    }
}

/// The hasher of [`Partial`].
pub(crate) struct PartialHasher {
    inner: <foldhash::fast::FixedState as BuildHasher>::Hasher,
    part: fn(u64) -> u64,
}

impl Hasher for PartialHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.inner.write(bytes);
    }

    fn write_u64(&mut self, number: u64) {
        self.inner.write_u64(number);
    }

    fn finish(&self) -> u64 {
        (self.part)(self.inner.finish())
    }
}

/// Counts how often it is asked for a hash: one for the call, and one for each entry that a growth step moves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counting<S> {
    pub(crate) inner: S,
    pub(crate) calls: Rc<Cell<usize>>,
}

impl<S> Counting<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self {
            inner,
            calls: Rc::default(),
        }
    }
}

impl<S: BuildHasher> BuildHasher for Counting<S> {
    type Hasher = S::Hasher;

    fn build_hasher(&self) -> S::Hasher {
        self.calls.set(self.calls.get() + 1);
        self.inner.build_hasher()
    }
}
