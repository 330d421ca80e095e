//! Sixteen bytes that answer at once which of twelve slots may hold a key.
//!
//! ```text
//!  byte 0 ................. 11 | 12 ........... 15
//!       tag of slot 0 .. 11    |  byte 12 + i: bit i of eight counters, counter c in bit c
//! ```
//!
//! A tag of 0 is a free slot. Counter c counts the entries of class c (the low three bits of its mark) that found this group
//! full and went on; 15 stays for ever, until the map is sealed or copied. A search that ends in a group whose counter is
//! zero has seen every place where its key could be. Counters instead of tombstones: a removed entry leaves nothing behind.
//!
//! The counters stand across the bytes, so that one rotation by the hash, of which nothing has to be cut off before, picks
//! the four bits of one of them.
//!
//! Two ways of answering with one signature: SSE2, and plain 64-bit arithmetic for every other target (and for Miri). The
//! tests run one against the other.

use super::layout::{CLASSES, GROUP_BYTES, LANES, Mark};

/// A counter that reached this value no longer counts.
pub(super) const STUCK: u32 = 15;

/// The eight counters of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counters(pub(super) u32);

impl Counters {
    /// Every counter stuck: no search ends in the group.
    pub(super) const ALL_STUCK: Self = Self(u32::MAX);

    /// The bits of the counter of a hash: a rotation by eight would come to the same ones, so nothing is cut off before.
    #[inline(always)] // part of every miss
    const fn bits_of(mark: Mark) -> u32 {
        0x0101_0101_u32.rotate_left(mark.0 as u32)
    }

    /// Whether no entry of this mark's class went past the group.
    #[inline(always)]
    pub(super) const fn is_zero(self, mark: Mark) -> bool {
        self.0 & Self::bits_of(mark) == 0
    }

    /// The counter of one class.
    pub(super) const fn of(self, class: u32) -> u32 {
        let bits = self.0 >> class & 0x0101_0101;
        (bits | bits >> 7 | bits >> 14 | bits >> 21) & STUCK
    }

    /// The same, with another count in it.
    pub(super) const fn with(self, class: u32, count: u32) -> Self {
        let bits = (count | count << 7 | count << 14 | count << 21) & 0x0101_0101;
        Self(self.0 & !(0x0101_0101 << class) | bits << class)
    }

    /// With one more entry of this mark's class; `None` if that counter is stuck.
    pub(super) const fn up(self, mark: Mark) -> Option<Self> {
        let count = self.of(mark.class());
        if count == STUCK {
            None
        } else {
            Some(self.with(mark.class(), count + 1))
        }
    }

    /// With one entry less; `None` if that counter is stuck, or zero already.
    pub(super) const fn down(self, mark: Mark) -> Option<Self> {
        let count = self.of(mark.class());
        if count == STUCK || count == 0 {
            None
        } else {
            Some(self.with(mark.class(), count - 1))
        }
    }

    /// Whether one of the counters is stuck.
    pub(super) const fn has_stuck(self) -> bool {
        let [a, b, c, d] = self.0.to_le_bytes();
        a & b & c & d != 0
    }

    /// The classes whose counters are stuck.
    pub(super) fn stuck_classes(self) -> impl Iterator<Item = u32> {
        (0..CLASSES).filter(move |&class| self.of(class) == STUCK)
    }

    /// Whether each counter is that of the others, or stuck.
    pub(super) fn agree_but_for_stuck(self, others: Self) -> bool {
        (0..CLASSES).all(|class| self.of(class) == others.of(class) || self.of(class) == STUCK)
    }
}

/// Which of the twelve lanes answer yes, as the uppermost bits: the shift that brings them there drops the counters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mask(u32);

/// Bits of a mask below that of the first lane.
const BELOW: usize = u32::BITS as usize - LANES;

impl Mask {
    /// From one bit for each lane, from the lowest, and whatever bits above.
    #[inline(always)]
    const fn new(lanes: u32) -> Self {
        Self(lanes << BELOW)
    }

    /// One bit for each lane, from the lowest.
    #[inline(always)]
    pub(super) const fn bits(&self) -> u32 {
        self.0 >> BELOW
    }

    #[inline(always)]
    pub(super) const fn first(&self) -> Option<usize> {
        if self.0 == 0 {
            None
        } else {
            Some(self.0.trailing_zeros() as usize - BELOW)
        }
    }

    /// The same without the first, if there is one.
    #[inline(always)]
    pub(super) const fn drop_first(&mut self) {
        self.0 &= self.0.wrapping_sub(1);
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
        self.drop_first();
        Some(lane)
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
pub(super) use sse2::Group;

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(miri))))]
pub(super) use generic::Group;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
#[allow(unsafe_code, reason = "calls of SSE2 instructions, nothing else")]
mod sse2 {
    use super::{GROUP_BYTES, Mark, Mask};
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cvtsi32_si128, _mm_movemask_epi8, _mm_setzero_si128, _mm_shuffle_epi32,
    };

    /// The tags of a group in one register.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Group(__m128i);

    /// For each mark its tag, four times: looking it up takes fewer instructions than making it. A kilobyte.
    #[allow(clippy::cast_possible_truncation, reason = "below 256")]
    const TAGS: &[u32; 256] = &{
        let mut tags = [0; 256];
        let mut mark = 0;
        while mark < tags.len() {
            tags[mark] = u32::from_ne_bytes([Mark(mark as u8).tag(); 4]);
            mark += 1;
        }
        tags
    };

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
        pub(in super::super) fn matching(self, mark: Mark) -> Mask {
            // SAFETY: this module is compiled only where SSE2 is part of the target.
            let hits = unsafe {
                let tags = _mm_shuffle_epi32::<0>(_mm_cvtsi32_si128(TAGS[usize::from(mark.0)] as i32));
                _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, tags))
            };
            Mask::new(hits as u32)
        }

        #[inline(always)]
        pub(in super::super) fn free(self) -> Mask {
            // SAFETY: as in `matching`.
            Mask::new(unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, _mm_setzero_si128())) } as u32)
        }

        #[inline(always)]
        pub(in super::super) fn full(self) -> Mask {
            Mask::new(!self.free().bits())
        }
    }
}

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))))]
#[cfg_attr(test, allow(dead_code, reason = "the tests run it against the other one"))]
mod generic {
    use super::{GROUP_BYTES, Mark, Mask};

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
        pub(in super::super) fn matching(self, mark: Mark) -> Mask {
            let tags = LOW * u64::from(mark.tag());
            Mask::new(zeros(self.0[0] ^ tags) | zeros(self.0[1] ^ tags) << 8)
        }

        pub(in super::super) fn free(self) -> Mask {
            Mask::new(zeros(self.0[0]) | zeros(self.0[1]) << 8)
        }

        pub(in super::super) fn full(self) -> Mask {
            Mask::new(!self.free().bits())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counter_counts_for_itself() {
        for class in 0..CLASSES {
            let mark = Mark(0xF8 | u8::try_from(class).expect("one of eight"));
            for others in [0, 0xffff_ffff, 0x1234_5678] {
                let mut counters = Counters(others).with(class, 0);
                assert!(counters.is_zero(mark) && counters.down(mark).is_none());
                for count in 1..=STUCK {
                    counters = counters.up(mark).expect("not stuck yet");
                    assert_eq!((counters.of(class), counters.is_zero(mark)), (count, false));
                    assert_eq!(counters.with(class, 0), Counters(others).with(class, 0));
                    assert_eq!(
                        counters.down(mark).map(|down| down.of(class)),
                        (count < STUCK).then(|| count - 1)
                    );
                }
                assert!(counters.up(mark).is_none());
                assert!(counters.has_stuck() && counters.agree_but_for_stuck(counters.with(class, 3)));
                assert!(!counters.with(class, 3).agree_but_for_stuck(counters));
            }
            assert!(!Counters(0x00ff_ffff).has_stuck() && Counters(0x0101_0101 << class).has_stuck());
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
                let mark = Mark(low);
                assert_eq!(here.matching(mark), plain.matching(mark));
                let expected = (0..LANES).filter(|&lane| bytes[lane] == mark.tag());
                assert!(plain.matching(mark).eq(expected), "{bytes:?} {low}");
            }
            let full = (0..LANES).filter(|&lane| bytes[lane] != 0);
            assert!(plain.full().eq(full), "{bytes:?}");
        }
    }
}
