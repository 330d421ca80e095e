//! How long to run, keys, dice, and the two simplest hostile hashers.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// `usually`, or `sparingly` under Miri, which is some hundred times slower.
pub(crate) const fn times(usually: usize, sparingly: usize) -> usize {
    if cfg!(miri) { sparingly } else { usually }
}

/// The hasher of every test that counts exactly: the same hashes in each run.
pub(crate) fn fixed() -> FixedState {
    FixedState::with_seed(0x5EED)
}

/// The i-th key: a bijection (splitmix64), so that keys are distinct and look random.
pub(crate) const fn key(i: u64) -> u64 {
    let mut z = i.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Numbers that look random and are the same in each run.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        key(self.0)
    }

    /// A number below `bound`, which is above zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// The key is its own hash: dense keys differ in the lowest bits only, and directories look at others.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Identity;

/// All keys have one hash.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Constant;

/// The hasher of [`Identity`] (the last integer written) and of [`Constant`] (always 0).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Simple {
    Last(u64),
    Zero,
}

impl BuildHasher for Identity {
    type Hasher = Simple;

    fn build_hasher(&self) -> Simple {
        Simple::Last(0)
    }
}

impl BuildHasher for Constant {
    type Hasher = Simple;

    fn build_hasher(&self) -> Simple {
        Simple::Zero
    }
}

impl Hasher for Simple {
    fn write(&mut self, bytes: &[u8]) {
        if let Simple::Last(hash) = self {
            for &byte in bytes {
                *hash = (*hash << 8) | u64::from(byte);
            }
        }
    }

    fn write_u64(&mut self, number: u64) {
        if let Simple::Last(hash) = self {
            *hash = number;
        }
    }

    fn finish(&self) -> u64 {
        match *self {
            Simple::Last(hash) => hash,
            Simple::Zero => 0,
        }
    }
}
