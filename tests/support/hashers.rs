//! More hashers: each keeps the part of a good hash that its name says, or counts.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;

use super::{Constant, Identity, Simple, fixed};

/// A good hash of which a function of one number keeps a part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partial(pub(crate) fn(u64) -> u64);

/// A good hash whose information is in the lowest eight bits: 256 different hashes.
pub(crate) const LOW_BITS: Partial = Partial(|hash| hash & 0xFF);

/// A good hash whose information is in the top eight bits: tables start every search at one bucket.
pub(crate) const TOP_BITS: Partial = Partial(|hash| hash & 0xFF << 56);

impl BuildHasher for Partial {
    type Hasher = PartialHasher;

    fn build_hasher(&self) -> PartialHasher {
        PartialHasher {
            inner: fixed().build_hasher(),
            part: self.0,
        }
    }
}

/// Hashes from good to constant, as one type: a test on all of them is compiled once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Graded {
    /// A part of a good hash, or all of it.
    Partial(Partial),
    Identity,
    Constant,
}

impl Graded {
    pub(crate) const ALL: [(&str, Self); 5] = [
        ("fixed hasher", Self::Partial(Partial(|hash| hash))),
        ("identity hasher", Self::Identity),
        ("constant hasher", Self::Constant),
        ("low bits only", Self::Partial(LOW_BITS)),
        ("top bits only", Self::Partial(TOP_BITS)),
    ];
}

impl BuildHasher for Graded {
    type Hasher = GradedHasher;

    fn build_hasher(&self) -> GradedHasher {
        match self {
            Self::Partial(partial) => GradedHasher::Partial(partial.build_hasher()),
            Self::Identity => GradedHasher::Simple(Identity.build_hasher()),
            Self::Constant => GradedHasher::Simple(Constant.build_hasher()),
        }
    }
}

/// The hasher of [`Graded`].
pub(crate) enum GradedHasher {
    Partial(PartialHasher),
    Simple(Simple),
}

impl Hasher for GradedHasher {
    fn write(&mut self, bytes: &[u8]) {
        match self {
            Self::Partial(hasher) => hasher.write(bytes),
            Self::Simple(hasher) => hasher.write(bytes),
        }
    }

    fn write_u64(&mut self, number: u64) {
        match self {
            Self::Partial(hasher) => hasher.write_u64(number),
            Self::Simple(hasher) => hasher.write_u64(number),
        }
    }

    fn finish(&self) -> u64 {
        match self {
            Self::Partial(hasher) => hasher.finish(),
            Self::Simple(hasher) => hasher.finish(),
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
