//! Texts of keys, and a hasher under which they collide: for the test that counts it, and the bench that times it.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// The same key as text, the lower half first.
pub(crate) fn text(key: u64) -> String {
    format!("{:08x}{:08x}", key & 0xFFFF_FFFF, key >> 32)
}

/// Sees the lower half of a number and the first half of a text, and mixes that well.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bad;

pub(crate) struct BadHasher(u64);

impl BuildHasher for Bad {
    type Hasher = BadHasher;

    fn build_hasher(&self) -> BadHasher {
        BadHasher(0)
    }
}

impl Hasher for BadHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= bytes.first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
    }

    #[inline]
    fn write_u8(&mut self, _: u8) {} // what `str` says behind its end

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 ^= number & 0xFFFF_FFFF;
    }

    #[inline]
    fn finish(&self) -> u64 {
        FixedState::with_seed(0x5EED).hash_one(self.0)
    }
}
