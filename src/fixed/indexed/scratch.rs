//! The memory in which an index is made, divided among its parts.
#![allow(
    clippy::cast_possible_truncation,
    reason = "an index of at most 2^31 keys is counted in 32 bits, and so are the words that it is made in"
)]

use super::index::{Shape, first_slot};
use crate::fixed::error::{Field, FixedError};
use alloc::vec::Vec;
use zerocopy::{FromBytes, IntoBytes};

/// The parts of the scratch memory.
///
/// ```text
///                           of one part, which may have more keys than others:
///   | hashes, 8 bytes a key | taken, 1 bit a slot | begins | order, 4 bytes a bucket each | owners, 4 bytes a slot |
/// ```
pub(super) struct Scratch<'s> {
    /// The hashes of the keys.
    pub(super) hashes: &'s mut [u64],
    /// Most keys of one part.
    pub(super) most: usize,
    /// Which slots of a part have a key.
    pub(super) taken: &'s mut [u64],
    /// Where each bucket begins in the hashes, and where the last one ends.
    pub(super) begins: &'s mut [u32],
    /// The buckets, in the order in which they choose.
    pub(super) order: &'s mut [u32],
    /// The bucket of the key that a slot takes.
    pub(super) owners: &'s mut [u32],
}

/// Words of 8 bytes that an index of this shape is made in.
pub(super) const fn words(shape: Shape) -> u64 {
    let (slots, buckets) = (most_slots(shape), shape.buckets_per_part() as u64);
    shape.keys as u64 + slots.div_ceil(64) + (2 * buckets + 1 + slots).div_ceil(2)
}

/// So many words, on the heap.
pub(in crate::fixed) fn on_heap(words: usize) -> Result<Vec<u64>, FixedError> {
    let mut scratch = Vec::new();
    scratch
        .try_reserve_exact(words)
        .map_err(|_| FixedError::refused(words.saturating_mul(size_of::<u64>())))?;
    scratch.resize(words, 0);
    Ok(scratch)
}

/// Most slots of one part.
const fn most_slots(shape: Shape) -> u64 {
    first_slot(shape.most_in_part() as u64, 2) as u64
}

impl<'s> Scratch<'s> {
    /// Divides this memory, whatever is in it.
    pub(super) fn of(shape: Shape, memory: &'s mut [u64]) -> Result<Self, FixedError> {
        let short = FixedError::new(Field::Scratch, words(shape), memory.len() as u64);
        if (memory.len() as u64) < words(shape) {
            return Err(short);
        }
        let (slots, buckets) = (most_slots(shape) as usize, shape.buckets_per_part() as usize);
        let (hashes, rest) = memory.split_at_mut(shape.keys as usize);
        let (taken, rest) = rest.split_at_mut(slots.div_ceil(64));
        let halves = <[u32]>::mut_from_bytes(rest.as_mut_bytes()).map_err(|_| short)?;
        let (begins, rest) = halves.split_at_mut(buckets + 1);
        let (order, rest) = rest.split_at_mut(buckets);
        Ok(Self {
            hashes,
            most: shape.most_in_part() as usize,
            taken,
            begins,
            order,
            owners: &mut rest[..slots],
        })
    }
}
