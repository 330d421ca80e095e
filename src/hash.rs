//! How the 64 bits of a hash are split.
//!
//! hashbrown's tables take the raw hash: the low bits choose the bucket, the top seven are the tag. The directory
//! takes the top bits of the hash times an odd constant, its *place*: with a hasher that hands integers through, the
//! raw top bits of small keys are all zero and would never tell two keys apart, while the product's do.

/// 2^64 divided by the golden ratio, made odd: the multiplier of Fibonacci hashing (Knuth, The Art of Computer
/// Programming, volume 3, section 6.4).
const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The bits by which the directory of a map finds a segment, most significant first.
#[inline(always)] // part of every lookup
pub(crate) const fn place_of(hash: u64) -> u64 {
    hash.wrapping_mul(ODD)
}
