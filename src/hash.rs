//! How the 64 bits of a hash are split.
//!
//! ```text
//!  hash                 63 .. 57 | ................. | .. 0      hashbrown's tables: tag | - | bucket
//!  low half * ODD                         31 ....... 16 | .. 0   directory: place | -
//! ```
//!
//! hashbrown's tables take the raw hash: the low bits choose the bucket, the top seven are the tag. The directory takes the
//! top bits of the low half times an odd constant, its *place*, highest first: with a hasher that hands integers through,
//! the raw top bits of small keys are all zero and would never tell two keys apart, while the product's do. Half of the
//! hash is multiplied because a constant of 32 bits is part of the instruction; a whole one costs lookups a register.

/// 2^32 divided by the golden ratio, made odd: the multiplier of Fibonacci hashing (Knuth, The Art of Computer
/// Programming, volume 3, section 6.4).
const ODD: u32 = 0x9E37_79B9;

/// Bits of a place that the directory uses at most, from the highest.
pub(crate) const PLACE_BITS: u32 = 16;

/// The bits by which the directory of a map finds a segment, highest first.
#[inline(always)] // part of every lookup
#[allow(clippy::cast_possible_truncation, reason = "the low half")]
pub(crate) const fn place_of(hash: u64) -> u32 {
    (hash as u32).wrapping_mul(ODD)
}

/// The bit of a hash's place that a segment of this depth splits by.
pub(crate) const fn bit_of(hash: u64, depth: u32) -> bool {
    place_of(hash) >> (u32::BITS - 1 - depth) & 1 == 1
}
