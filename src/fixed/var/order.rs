//! Pairs in the order of their places in the table, so that their texts stand as their slots do.
//!
//! A walk over a map goes from slot to slot. Where the texts came in any order, each of them is a cache miss, and in a map of a million
//! pairs a walk, or `verify`, takes several times as long as the bytes take to be read. The order need not be exact: the texts of
//! a thousandth of the places lie together, in any order, and that many fit into the processor's cache.
//!
//! ```text
//!  pairs, as they come | of each, the first bits of its hash | how many have these | numbers of the pairs, in that order
//! ```

use super::super::layout::Hash;
use super::fill::BATCH;
use alloc::vec::Vec;

/// Pairs of which the order is worth nothing: all texts fit into the cache.
const FEW: usize = 4_096;

/// Places are told apart by so many bits of the hash: the first ones, which choose the home of an entry.
const BITS: u32 = 10;
const PARTS: usize = 1 << BITS;

/// Pairs, and the order in which they are taken.
pub(super) struct Ordered<P> {
    pairs: Vec<Option<P>>,
    order: Vec<u32>,
}

/// An empty list with room for so many, if the heap gives it.
fn with_room<T>(len: usize) -> Option<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(len).ok()?;
    Some(list)
}

impl<P> Ordered<P> {
    /// The pairs of an iterator, of which there are said to be `len`, by their hashes; `prefetch` asks for what `hash` reads. `None`, and nothing
    /// is taken from the iterator, where it is not worth it or the heap refuses the memory for it.
    #[allow(clippy::cast_possible_truncation, reason = "numbers below 2^32, and ten bits")]
    pub(super) fn new(
        pairs: impl Iterator<Item = P>,
        len: usize,
        prefetch: impl Fn(&P),
        hash: impl Fn(&P) -> Hash,
    ) -> Option<Self> {
        if len <= FEW || len > u32::MAX as usize {
            return None;
        }
        let (mut list, mut parts, mut order) = (with_room(len)?, with_room::<u16>(len)?, with_room(len)?);
        list.extend(pairs.take(len).map(Some));
        let mut ends = [0_u32; PARTS];
        for batch in list.chunks(BATCH) {
            batch.iter().flatten().for_each(&prefetch);
            for pair in batch.iter().flatten() {
                let part = hash(pair).0 >> (u64::BITS - BITS);
                ends[part as usize] += 1;
                parts.push(part as u16);
            }
        }
        let mut begin = 0;
        for end in &mut ends {
            begin += core::mem::replace(end, begin);
        }
        order.resize(parts.len(), 0);
        for (number, part) in parts.iter().enumerate() {
            let place = &mut ends[usize::from(*part)];
            order[*place as usize] = number as u32;
            *place += 1;
        }
        Some(Self { pairs: list, order })
    }

    /// The pairs, in this order.
    pub(super) fn into_pairs(mut self) -> impl Iterator<Item = P> {
        self.order
            .into_iter()
            .filter_map(move |number| self.pairs[number as usize].take())
    }
}
