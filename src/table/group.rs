//! Sixteen bytes that answer at once which of sixteen slots may hold a key.
//!
//! ```text
//!  byte i:   7 6 5 4 3 2 1 0        bits 0 to 7   0: slot i is free; else its tag: the top eight bits of the hash, xor the lowest
//!                  '--+--'                        eight, or 1 where that is 0
//!                   class           bits 1 to 4   class: which way its entries go through the groups
//! ```
//!
//! Two ways of answering with one signature: SSE2, and plain 64-bit arithmetic for every other target (and for Miri). The
//! tests run one against the other.
//!
//! Of eight bits a lane in 256 has the tag of a key that it does not have. Each costs a branch that was guessed wrong, and that only
//! once the slot is there: with seven bits, and a bit for "holds an entry", hits in tables beyond the cache took a tenth longer.
//! Tried and left, as they cost hits 5 to 15 % (`cargo bench --bench instructions -- clients`): flags of overflow in bit 7, tags
//! made through a table, tags of two bytes of the hash.

#![allow(unsafe_code, reason = "loads sixteen bytes at once, and hints to the processor")]

use core::num::{NonZeroU16, NonZeroU64};

/// Slots of a group, and bytes.
pub(crate) const LANES: usize = 16;

/// Ways through the groups.
const CLASSES: usize = 16;

/// The bits of a tag that are its class. (Of the lowest bit, 0 and 1 have one tag.)
const CLASS: u8 = 0x1E;

/// What the byte of an entry with a certain hash is made of: the low eight bits. The others are of no account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u32);

impl Mark {
    /// Eight bits of the top of the hash and, over them, of the bottom: of the lowest four no home is made, and a hasher that hands
    /// integers through has nothing at the top. (With bits of the bottom alone, patterns of keys cost twice the comparisons of
    /// random keys: `tests/hostile_keys.rs`. With those of the top alone, hits of consecutive integers that were handed through took
    /// much longer. A good hash pays an instruction.)
    #[inline(always)] // part of every search
    #[allow(clippy::cast_possible_truncation, reason = "the low byte counts")]
    pub(crate) const fn of(hash: u64) -> Self {
        Self(((hash >> 56) ^ hash) as u32)
    }

    /// Which flags, and which way through the groups.
    #[inline(always)]
    pub(crate) const fn class(self) -> usize {
        (self.0 as usize >> 1) % CLASSES
    }
}

/// The class of a tag.
#[inline]
pub(crate) const fn class_of(tag: u8) -> usize {
    (tag as usize >> 1) % CLASSES
}

/// Which classes of entries went on from a group: two bits for each, so that the lowest five of a mark name one of them, and nothing has
/// to be cut off before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags(pub(super) u32);

impl Flags {
    /// Whether entries of a mark's class went on.
    #[inline(always)] // part of every miss
    pub(super) const fn have(self, mark: Mark) -> bool {
        self.0 >> (mark.0 % u32::BITS) & 1 == 1
    }

    const fn of(class: usize) -> u32 {
        0b11 << (class * 2)
    }

    /// Whether entries of a class went on.
    #[inline]
    pub(super) const fn have_class(self, class: usize) -> bool {
        self.0 & Self::of(class) != 0
    }

    #[inline]
    pub(super) const fn with(self, class: usize) -> Self {
        Self(self.0 | Self::of(class))
    }

    #[inline]
    pub(super) const fn without(self, class: usize) -> Self {
        Self(self.0 & !Self::of(class))
    }

    #[inline(always)]
    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The classes of which entries went on.
    #[inline]
    pub(super) fn classes(self) -> impl Iterator<Item = usize> {
        EachLane(u64::from(self.0 & 0x5555_5555)).map(|bit| bit / 2)
    }
}

/// A set of lanes of one group, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lanes(pub(super) u16);

impl Lanes {
    #[inline(always)]
    pub(crate) const fn first(self) -> Option<usize> {
        match NonZeroU16::new(self.0) {
            Some(lanes) => Some(lanes.trailing_zeros() as usize),
            None => None,
        }
    }

    /// The first from a lane on, or, if there is none, of all; of no lanes, any. There is no branch in it.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "lanes are few")]
    pub(crate) const fn first_around_or_any(self, lane: usize) -> usize {
        let turned = self.0.rotate_right((lane % LANES) as u32);
        (lane + turned.trailing_zeros() as usize) % LANES
    }

    #[inline(always)]
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The lanes that are not in this set.
    #[inline(always)]
    pub(super) const fn others(self) -> Self {
        Self(!self.0)
    }

    /// The lanes that are in both sets.
    #[inline(always)]
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those from a lane on.
    #[inline(always)]
    pub(crate) const fn from(self, lane: usize) -> Self {
        Self(self.0 >> lane << lane)
    }

    /// How many they are.
    #[inline(always)]
    pub(crate) const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// All but the first: to be asked for only where that was not the one.
    #[inline(always)]
    pub(super) const fn without_first(self) -> Self {
        Self(self.0 & self.0.wrapping_sub(1))
    }

    #[inline(always)]
    pub(crate) const fn has(self, lane: usize) -> bool {
        self.0 >> lane & 1 == 1
    }
}

impl IntoIterator for Lanes {
    type Item = usize;
    type IntoIter = EachLane;

    #[inline(always)]
    fn into_iter(self) -> EachLane {
        EachLane(u64::from(self.0))
    }
}

/// The lanes of a set, one by one. (In a whole word: the processor takes more instructions for sixteen bits, or for an index made of 32.)
#[derive(Clone)]
pub(crate) struct EachLane(u64);

impl Iterator for EachLane {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let lanes = NonZeroU64::new(self.0)?;
        self.0 &= self.0 - 1;
        Some(lanes.trailing_zeros() as usize)
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
pub(crate) use self::sse2::Group;
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(miri))))]
pub(crate) use self::words::Group;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
mod sse2 {
    use core::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cvtsi32_si128, _mm_cvtsi128_si32,
        _mm_loadu_si128, _mm_max_epu8, _mm_movemask_epi8, _mm_set1_epi8, _mm_setzero_si128, _mm_shuffle_epi32,
        _mm_shufflelo_epi16, _mm_storeu_si128, _mm_unpacklo_epi8,
    };

    use super::{CLASS, Lanes, Mark};

    /// The bytes of a group.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Group(__m128i);

    /// The sixteen bits that SSE2 gathers.
    #[inline(always)]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the upper half is zero"
    )]
    const fn gathered(bits: i32) -> Lanes {
        Lanes(bits as u16)
    }

    /// A tag sixteen times.
    #[inline(always)]
    fn tags_of(mark: Mark) -> __m128i {
        // SAFETY: SSE2 is there: this module is compiled for no other target. (`_mm_set1_epi8` would clear the upper bytes first.)
        unsafe {
            let byte = _mm_cvtsi32_si128(mark.0.cast_signed());
            let bytes = _mm_shuffle_epi32::<0x44>(_mm_shufflelo_epi16::<0>(_mm_unpacklo_epi8(byte, byte)));
            _mm_max_epu8(bytes, _mm_set1_epi8(1))
        }
    }

    impl Mark {
        /// What stands in the byte of a slot. (Made where the search has made it already.)
        #[inline(always)]
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the low byte")]
        pub(crate) fn tag(self) -> u8 {
            // SAFETY: as in `tags_of`.
            unsafe { _mm_cvtsi128_si32(tags_of(self)) as u8 }
        }
    }

    impl Group {
        /// # Safety
        ///
        /// Sixteen initialised bytes can be read there.
        #[inline(always)]
        pub(crate) unsafe fn load(bytes: *const u8) -> Self {
            // SAFETY: handed on to the caller; the load needs no alignment.
            Self(unsafe { _mm_loadu_si128(bytes.cast()) })
        }

        #[inline(always)]
        fn equal(self, to: __m128i) -> Lanes {
            // SAFETY: SSE2 is there: this module is compiled for no other target.
            gathered(unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, to)) })
        }

        /// Lanes with this tag.
        #[inline(always)]
        pub(crate) fn matches(self, mark: Mark) -> Lanes {
            self.equal(tags_of(mark))
        }

        /// Lanes with a tag of this class.
        #[inline]
        #[allow(clippy::cast_possible_truncation, reason = "a class is below 16")]
        pub(crate) fn of_class(self, class: usize) -> Lanes {
            // SAFETY: as in `equal`.
            let lanes = unsafe {
                let bits = _mm_and_si128(self.0, _mm_set1_epi8(CLASS.cast_signed()));
                Self(bits).equal(_mm_set1_epi8(((class as u8) << 1).cast_signed()))
            };
            lanes.and(self.zeros().others())
        }

        /// Lanes with this byte.
        #[inline(always)]
        pub(crate) fn bytes_of(self, byte: u8) -> Lanes {
            // SAFETY: as in `equal`.
            self.equal(unsafe { _mm_set1_epi8(byte.cast_signed()) })
        }

        /// Lanes with a byte of 0.
        #[inline(always)]
        pub(crate) fn zeros(self) -> Lanes {
            self.bytes_of(0)
        }

        /// The bytes, but 0 where those of another group are 0.
        #[inline(always)]
        pub(crate) fn without_zeros_of(self, other: Self) -> Self {
            // SAFETY: as in `equal`.
            Self(unsafe { _mm_andnot_si128(_mm_cmpeq_epi8(other.0, _mm_setzero_si128()), self.0) })
        }

        /// # Safety
        ///
        /// Sixteen bytes can be written there.
        #[inline(always)]
        pub(crate) unsafe fn store(self, bytes: *mut u8) {
            // SAFETY: handed on to the caller; the store needs no alignment.
            unsafe { _mm_storeu_si128(bytes.cast(), self.0) }
        }
    }
}

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))))]
mod words {
    use super::{CLASS, Lanes, Mark};

    /// The bytes of a group.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Group([u64; 2]);

    /// The top bit of a byte.
    const TOP: u8 = 0x80;

    #[allow(clippy::cast_possible_truncation, reason = "the low byte")]
    pub(super) const fn tag_of(mark: Mark) -> u8 {
        match mark.0 as u8 {
            0 => 1,
            tag => tag,
        }
    }

    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(miri))))]
    impl Mark {
        /// What stands in the byte of a slot.
        #[inline(always)]
        pub(crate) const fn tag(self) -> u8 {
            tag_of(self)
        }
    }

    /// The same byte eight times.
    const fn splat(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }

    /// The top bits of eight bytes, gathered: one multiplication brings bit `8 i` to bit `56 + i`.
    const fn gather(top_bits: u64) -> u16 {
        ((top_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u16
    }

    /// The top bit of each byte says whether it is not 0; no byte carries into the next.
    const fn not_zero(word: u64) -> u64 {
        ((word & splat(!TOP)) + splat(!TOP)) | word
    }

    impl Group {
        /// # Safety
        ///
        /// Sixteen initialised bytes can be read there.
        #[inline(always)]
        pub(crate) unsafe fn load(bytes: *const u8) -> Self {
            // SAFETY: handed on to the caller; the read needs no alignment.
            let bytes = unsafe { bytes.cast::<[[u8; 8]; 2]>().read_unaligned() };
            Self(bytes.map(u64::from_le_bytes))
        }

        /// Lanes with this byte under a mask.
        fn equal(self, mask: u8, to: u8) -> Lanes {
            let [low, high] = self
                .0
                .map(|word| !not_zero((word & splat(mask)) ^ splat(to)) & splat(TOP));
            Lanes(gather(low) | gather(high) << 8)
        }

        /// Lanes with this tag.
        #[inline(always)]
        pub(crate) fn matches(self, mark: Mark) -> Lanes {
            self.equal(0xFF, tag_of(mark))
        }

        /// Lanes with a tag of this class.
        #[allow(clippy::cast_possible_truncation, reason = "a class is below 16")]
        pub(crate) fn of_class(self, class: usize) -> Lanes {
            self.equal(CLASS, (class as u8) << 1).and(self.zeros().others())
        }

        /// Lanes with this byte.
        #[inline(always)]
        pub(crate) fn bytes_of(self, byte: u8) -> Lanes {
            self.equal(0xFF, byte)
        }

        /// Lanes with a byte of 0.
        #[inline(always)]
        pub(crate) fn zeros(self) -> Lanes {
            self.bytes_of(0)
        }

        /// The bytes, but 0 where those of another group are 0.
        #[inline(always)]
        pub(crate) fn without_zeros_of(self, other: Self) -> Self {
            let kept = |word: u64, other: u64| {
                // All bits of each byte that is not 0.
                word & (((not_zero(other) & splat(TOP)) >> 7) * 0xFF)
            };
            Self([kept(self.0[0], other.0[0]), kept(self.0[1], other.0[1])])
        }

        /// # Safety
        ///
        /// Sixteen bytes can be written there.
        #[inline(always)]
        pub(crate) unsafe fn store(self, bytes: *mut u8) {
            // SAFETY: handed on to the caller; the write needs no alignment.
            unsafe {
                bytes
                    .cast::<[[u8; 8]; 2]>()
                    .write_unaligned(self.0.map(u64::to_le_bytes));
            }
        }
    }
}

impl Group {
    /// Lanes with a tag.
    #[inline(always)]
    pub(crate) fn full(self) -> Lanes {
        self.free().others()
    }

    /// The group of these bytes.
    #[inline(always)]
    pub(crate) fn of(bytes: &[u8; LANES]) -> Self {
        // SAFETY: sixteen bytes.
        unsafe { Self::load(bytes.as_ptr()) }
    }

    /// Lanes without a tag.
    #[inline(always)]
    pub(crate) fn free(self) -> Lanes {
        self.zeros()
    }
}

/// Asks for the line of an address, which need not be one of ours.
#[inline(always)]
pub(crate) fn prefetch<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
    // SAFETY: a prefetch reads nothing and faults nowhere.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(miri))))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use super::{Group, Mark, words};

    #[test]
    fn both_ways_of_answering_agree() {
        let mut bytes = [0_u8; 16];
        let mut state = 1_u64;
        for round in 0..20_000 {
            for byte in &mut bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let drawn = (state >> 56) as u8;
                *byte = if round % 3 == 0 { drawn & 0x13 } else { drawn };
            }
            // SAFETY: sixteen bytes.
            let (one, other) = unsafe { (Group::load(bytes.as_ptr()), words::Group::load(bytes.as_ptr())) };
            let mark = Mark::of(state);
            let class = mark.class();
            assert_eq!(one.matches(mark), other.matches(mark));
            assert_eq!(one.of_class(class), other.of_class(class));
            assert_eq!(one.zeros(), other.zeros());
            assert_eq!(one.bytes_of(bytes[3]), other.bytes_of(bytes[3]));
            assert_eq!((one.free(), one.full()), (one.zeros(), one.zeros().others()));
            bytes.rotate_left(1);
            // SAFETY: sixteen bytes each.
            let kept = unsafe {
                let (mut kept, mut other_kept) = ([0; 16], [0; 16]);
                one.without_zeros_of(Group::load(bytes.as_ptr()))
                    .store(kept.as_mut_ptr());
                other
                    .without_zeros_of(words::Group::load(bytes.as_ptr()))
                    .store(other_kept.as_mut_ptr());
                assert_eq!(kept, other_kept);
                kept
            };
            for lane in 0..16 {
                let byte = bytes[(lane + 15) % 16];
                assert_eq!(kept[lane], if bytes[lane] == 0 { 0 } else { byte });
            }
            bytes.rotate_right(1);
            for (lane, &byte) in bytes.iter().enumerate() {
                assert_eq!(one.matches(mark).has(lane), byte == mark.tag());
                assert_eq!(one.zeros().has(lane), byte == 0);
                assert_eq!(one.bytes_of(bytes[3]).has(lane), byte == bytes[3]);
                assert_eq!(
                    one.of_class(class).has(lane),
                    byte != 0 && super::class_of(byte) == class
                );
            }
        }
    }

    #[test]
    fn no_hash_has_the_tag_of_a_free_slot() {
        for byte in 0..=255_u64 {
            for mark in [Mark::of(byte << 56), Mark::of(byte)] {
                assert_ne!(mark.tag(), 0);
                assert_eq!(mark.tag(), words::tag_of(mark));
                assert_eq!(super::class_of(mark.tag()), mark.class());
            }
        }
    }
}
