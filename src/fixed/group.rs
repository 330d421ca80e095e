//! Sixteen bytes that answer at once which of twelve slots may hold a key.
//!
//! ```text
//!  byte 0 ................. 11 | 12 ........... 15
//!       tag of slot 0 .. 11    |  counters 0 .. 7, four bits each, from the lowest
//! ```
//!
//! A tag of 0 is a free slot. Counter c counts the entries of class c (three bits of the hash) that found this group full
//! and went on; 15 stays for ever, until the map is sealed or copied. A search that ends in a group whose counter is zero
//! has seen every place where its key could be. Counters instead of tombstones: a removed entry leaves nothing behind.
//!
//! Two ways of answering with one signature: SSE2, and plain 64-bit arithmetic for every other target (and for Miri). The
//! tests run one against the other.

use super::layout::{GROUP_BYTES, Hash, LANES};

/// A counter that reached this value no longer counts.
pub(super) const STUCK: u32 = 15;

/// Which of the twelve lanes answer yes, as bits from the lowest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mask(u32);

/// All lanes.
const ALL: u32 = (1 << LANES) - 1;

impl Mask {
    #[inline(always)]
    pub(super) const fn bits(&self) -> u32 {
        self.0
    }

    #[inline(always)]
    pub(super) const fn first(&self) -> Option<usize> {
        if self.0 == 0 {
            None
        } else {
            Some(self.0.trailing_zeros() as usize)
        }
    }

    pub(super) const fn count(self) -> usize {
        self.0.count_ones() as usize
    }
}

impl Iterator for Mask {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let lane = self.first()?;
        self.0 &= self.0.wrapping_sub(1);
        Some(lane)
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
pub(super) use sse2::Group;

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(miri))))]
pub(super) use generic::Group;

/// The counters of a group, from its bytes.
#[inline(always)]
pub(super) const fn counters(bytes: &[u8; GROUP_BYTES]) -> u32 {
    u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]])
}

/// Whether one of the eight counters of a word is stuck.
pub(super) const fn has_stuck(counters: u32) -> bool {
    let pairs = counters & counters >> 1;
    pairs & pairs >> 2 & 0x1111_1111 != 0
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
#[allow(unsafe_code)] // calls of SSE2 instructions, nothing else
mod sse2 {
    use super::{ALL, GROUP_BYTES, Hash, Mask};
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cvtsi32_si128, _mm_max_epu8, _mm_movemask_epi8, _mm_set1_epi8, _mm_setzero_si128,
        _mm_shuffle_epi32, _mm_shufflelo_epi16, _mm_unpacklo_epi8,
    };

    /// The tags of a group in one register.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Group(__m128i);

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        reason = "registers have no signs, and of a hash the low bits are meant"
    )]
    impl Group {
        #[inline(always)]
        pub(in super::super) fn load(bytes: &[u8; GROUP_BYTES]) -> Self {
            Self(zerocopy::transmute!(*bytes))
        }

        /// The lanes that have the tag of a hash.
        #[inline(always)]
        pub(in super::super) fn matching(self, hash: Hash) -> Mask {
            // SAFETY: this module is compiled only where SSE2 is part of the target.
            let hits = unsafe {
                // What `_mm_set1_epi8` does, without clearing the other bits first.
                let low = _mm_cvtsi32_si128(hash.0 as i32);
                let twice = _mm_unpacklo_epi8(low, low);
                let lows = _mm_shuffle_epi32::<0>(_mm_shufflelo_epi16::<0>(twice));
                // What `Hash::tag` does: 1 if it is 0.
                let tags = _mm_max_epu8(lows, _mm_set1_epi8(1));
                _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, tags))
            };
            Mask(hits as u32 & ALL)
        }

        #[inline(always)]
        pub(in super::super) fn free(self) -> Mask {
            // SAFETY: as in `matching`.
            Mask(unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, _mm_setzero_si128())) } as u32 & ALL)
        }

        #[inline(always)]
        pub(in super::super) fn full(self) -> Mask {
            Mask(!self.free().0 & ALL)
        }
    }
}

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))))]
#[cfg_attr(test, allow(dead_code, reason = "the tests run it against the other one"))]
mod generic {
    use super::{ALL, GROUP_BYTES, Hash, Mask};

    /// The tags of a group in two words of eight bytes; the upper half of the second are counters.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Group([u64; 2]);

    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;

    /// The bit of each byte that is zero, exactly: no borrow crosses bytes.
    const fn zeros(word: u64) -> u32 {
        let hits = !(((word & !HIGH) + !HIGH) | word) & HIGH;
        // Gathers the high bit of each byte into one byte, lowest first.
        ((hits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
    }

    impl Group {
        pub(in super::super) fn load(bytes: &[u8; GROUP_BYTES]) -> Self {
            let (words, _) = bytes.as_chunks::<8>();
            Self([u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])])
        }

        /// The lanes that have the tag of a hash.
        pub(in super::super) fn matching(self, hash: Hash) -> Mask {
            let tags = LOW * u64::from(hash.tag());
            Mask((zeros(self.0[0] ^ tags) | zeros(self.0[1] ^ tags) << 8) & ALL)
        }

        pub(in super::super) fn free(self) -> Mask {
            Mask((zeros(self.0[0]) | zeros(self.0[1]) << 8) & ALL)
        }

        pub(in super::super) fn full(self) -> Mask {
            Mask(!self.free().0 & ALL)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stuck_counter_is_seen_wherever_it_stands() {
        for at in (0..u32::BITS).step_by(4) {
            for count in 0..=STUCK {
                assert_eq!(has_stuck(count << at), count == STUCK);
                assert_eq!(has_stuck(0xeeee_eeee & !(STUCK << at) | count << at), count == STUCK);
            }
        }
    }

    #[test]
    fn both_ways_answer_alike() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..if cfg!(miri) { 50 } else { 20_000 } {
            let bytes: [u8; GROUP_BYTES] = core::array::from_fn(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Few values, so that tags repeat and neighbours differ by one.
                [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff][(state >> 61) as usize]
            });
            let (here, plain) = (Group::load(&bytes), generic::Group::load(&bytes));
            assert_eq!(here.free(), plain.free());
            assert_eq!(here.full(), plain.full());
            for low in 0..=255 {
                let hash = Hash(state << 8 | low);
                assert_eq!(here.matching(hash), plain.matching(hash));
                let expected = (0..LANES).filter(|&lane| bytes[lane] == hash.tag());
                assert!(plain.matching(hash).eq(expected), "{bytes:?} {low}");
            }
            let full = (0..LANES).filter(|&lane| bytes[lane] != 0);
            assert!(plain.full().eq(full), "{bytes:?}");
        }
    }
}
