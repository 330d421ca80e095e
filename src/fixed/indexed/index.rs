//! The index: one byte for every three keys, by which each key has a slot of its own. Nothing here reads an archive.
//!
//! ```text
//!   hash of a key, 64 bits
//!     | times buckets, upper half             | moved by the pilot, times slots of the part, upper half
//!     v                                       v
//!   | pilot | pilot | pilot | ... |    ->   | slot | slot | slot | slot | ... |
//!   |<--- one part: 4096 of them ---|         |<--- its slots: 1 % more than keys --->|
//! ```
//!
//! A bucket takes the keys of one part of the hashes. Its pilot, 0 to 255, is chosen so that its keys go to slots where no
//! other key is: the fullest buckets first, while there is most room. Where no pilot does, the bucket takes the slots of
//! others, which look for new ones. So the method is that of `PtrHash` (<https://doi.org/10.4230/LIPIcs.SEA.2025.21>), without
//! remapping: one slot in a hundred stays free.
//!
//! All numbers are of 32 or 64 bits whatever the target, and nothing is left to chance: the same hashes make the same pilots
//! everywhere.
#![allow(
    clippy::cast_possible_truncation,
    reason = "buckets and slots are counted in 32 bits, and the upper half of a product with them is below them"
)]

use super::layout::START_BYTES;
use super::scratch::Scratch;

/// Makes of a hash how far one more in the pilot moves its key; odd. One of the constants of rapidhash.
pub(in crate::fixed) const STEP: u64 = 0x8BB8_4B93_962E_ACC9;
/// Keys for which there is one bucket.
pub(in crate::fixed) const KEYS_PER_BUCKET: u64 = 3;
/// Buckets of one part, as a power of two: few enough that a part is made in the second-level cache.
pub(in crate::fixed) const PART_BITS: u32 = 12;
/// Keys for which one slot stays free.
pub(in crate::fixed) const KEYS_PER_FREE: u64 = 99;
/// Most keys of one bucket. By chance, none of a hundred thousand million buckets has half as many.
pub(super) const MOST_KEYS: usize = 64;

/// How large an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fixed) struct Shape {
    pub(in crate::fixed) keys: u32,
    pub(in crate::fixed) buckets: u32,
    pub(in crate::fixed) parts: u32,
    pub(in crate::fixed) slots: u32,
}

impl Shape {
    /// Most keys of an index: their slots are counted in 32 bits.
    pub(in crate::fixed) const MOST: u64 = 1 << 31;

    /// The shape for so many keys, [`MOST`](Self::MOST) at most.
    pub(in crate::fixed) const fn new(keys: u64) -> Self {
        debug_assert!(keys <= Self::MOST);
        let buckets = (keys / KEYS_PER_BUCKET) as u32 + 1;
        let parts = buckets.div_ceil(1 << PART_BITS);
        Self {
            keys: keys as u32,
            buckets,
            parts,
            slots: if keys == 0 { 0 } else { first_slot(keys, parts as u64) },
        }
    }

    /// Buckets of the fullest part.
    pub(super) const fn buckets_per_part(self) -> u32 {
        if self.parts == 1 { self.buckets } else { 1 << PART_BITS }
    }

    /// Most keys of one part for which an index is made. By chance, no part ever has as many.
    pub(super) const fn most_in_part(self) -> u32 {
        if self.parts == 1 {
            self.keys
        } else {
            2 * KEYS_PER_BUCKET as u32 * self.buckets_per_part()
        }
    }
}

/// The first slot of the part so many, before which there are so many keys.
pub(in crate::fixed) const fn first_slot(keys: u64, part: u64) -> u32 {
    (keys + keys / KEYS_PER_FREE + part) as u32
}

/// Which of so many buckets a hash is in.
#[inline(always)] // part of every lookup
pub(super) const fn bucket(hash: u64, buckets: u32) -> u32 {
    upper(hash, buckets)
}

/// The part of a bucket.
#[inline(always)] // part of every lookup
pub(super) const fn part(bucket: u32) -> u32 {
    bucket >> PART_BITS
}

/// Which of the slots of its part a hash has, by the pilot of its bucket: less than `slots`, unless there are none.
///
/// The upper half of a hash chooses the bucket, and is much the same for all keys of one. So the lower half chooses the slot.
#[inline(always)] // part of every lookup
pub(super) const fn slot(hash: u64, pilot: u8, slots: u32) -> u32 {
    let step = hash.wrapping_mul(STEP);
    upper(
        hash.rotate_left(32).wrapping_add(step.wrapping_mul(pilot as u64)),
        slots,
    )
}

/// Which of so many equal parts of 2^64 a number is in.
#[inline(always)]
const fn upper(number: u64, parts: u32) -> u32 {
    ((number as u128 * parts as u128) >> 64) as u32
}

/// An index that is there, to look up.
#[derive(Clone, Copy)]
pub(in crate::fixed) struct Index<'m> {
    /// The first slot of each part, and the end of the last one; at least two.
    pub(in crate::fixed) starts: &'m [[u8; START_BYTES]],
    /// At least one.
    pub(in crate::fixed) pilots: &'m [u8],
}

impl Index<'_> {
    /// The only slot that a key of this hash can have. What it gives for damaged bytes may be no slot at all.
    pub(in crate::fixed) fn slot(self, hash: u64) -> usize {
        let bucket = bucket(hash, self.pilots.len() as u32);
        let part = part(bucket) as usize;
        place(
            hash,
            self.pilots[bucket as usize],
            self.start(part),
            self.start(part + 1),
        )
    }

    /// The first slot of a part, as the bytes say.
    pub(in crate::fixed) const fn start(self, part: usize) -> u32 {
        u32::from_le_bytes(self.starts[part])
    }
}

/// The slot of a hash, by the pilot of its bucket, the first slot of its part, and that of the next one.
#[inline(always)] // part of every lookup
pub(super) const fn place(hash: u64, pilot: u8, start: u32, end: u32) -> usize {
    start.wrapping_add(slot(hash, pilot, end.wrapping_sub(start))) as usize
}

/// Why there is no index of some hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Two of them are this one.
    Equal(u64),
    /// Too many are in one bucket or part, or too many buckets had to move.
    Stuck,
}

/// Finds the pilots for the hashes in `scratch`, which it sorts, and where each part begins.
pub(super) fn find_pilots(
    shape: Shape,
    scratch: &mut Scratch<'_>,
    starts: &mut [[u8; START_BYTES]],
    pilots: &mut [u8],
) -> Result<(), Failure> {
    pilots.fill(0);
    starts[0] = [0; START_BYTES];
    scratch.hashes.sort_unstable();
    let (mut start, mut before) = (0, 0);
    let mut rest = &*scratch.hashes;
    for (part, pilots) in (0..).zip(pilots.chunks_mut(1 << PART_BITS)) {
        let is_before = |&hash: &u64| self::part(bucket(hash, shape.buckets)) <= part;
        let (hashes, others) = rest.split_at(rest.partition_point(is_before));
        rest = others;
        before += hashes.len() as u64;
        let end = if shape.keys == 0 {
            0
        } else {
            first_slot(before, u64::from(part) + 1)
        };
        starts[part as usize + 1] = end.to_le_bytes();
        if hashes.len() > scratch.most {
            return Err(Failure::Stuck);
        }
        if let Some(pair) = hashes.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Failure::Equal(pair[0]));
        }
        let slots = end - core::mem::replace(&mut start, end);
        let begins = begin_buckets(shape, part, hashes, &mut scratch.begins[..=pilots.len()]);
        order_buckets(begins, scratch.order)?;
        scratch.taken[..slots.div_ceil(64) as usize].fill(0);
        let mut search = Search {
            slots,
            pilots,
            hashes,
            begins,
            owners: scratch.owners,
            taken: scratch.taken,
            moves: 0,
            waiting: Waiting::default(),
            recent: [u32::MAX; RECENT],
        };
        for &bucket in &scratch.order[..search.pilots.len()] {
            if search.keys(bucket).is_empty() {
                break;
            }
            search.settle(bucket)?;
        }
    }
    Ok(())
}

/// Writes where each bucket of a part begins among its sorted hashes: buckets are parts of them in their order.
fn begin_buckets<'s>(shape: Shape, part: u32, hashes: &[u64], begins: &'s mut [u32]) -> &'s [u32] {
    let first = part << PART_BITS;
    let mut next = 0;
    for (i, &hash) in hashes.iter().enumerate() {
        let bucket = (bucket(hash, shape.buckets) - first) as usize;
        if next <= bucket {
            begins[next..=bucket].fill(i as u32);
            next = bucket + 1;
        }
    }
    begins[next..].fill(hashes.len() as u32);
    begins
}

/// Writes the buckets in the order in which they choose: the fullest first, of those with as many keys the lowest first.
fn order_buckets(begins: &[u32], order: &mut [u32]) -> Result<(), Failure> {
    let sizes = || begins.windows(2).map(|pair| (pair[1] - pair[0]) as usize);
    let mut places = [0_u32; MOST_KEYS + 1];
    for size in sizes() {
        *places.get_mut(size).ok_or(Failure::Stuck)? += 1;
    }
    let mut before = 0;
    for place in places.iter_mut().rev() {
        before += core::mem::replace(place, before);
    }
    for (bucket, size) in (0..).zip(sizes()) {
        order[places[size] as usize] = bucket;
        places[size] += 1;
    }
    Ok(())
}

/// Buckets that are out of their slots at one time, at most.
const MOST_WAITING: usize = 256;
/// Buckets that were placed last: they are not moved at once, so that two do not drive each other out for ever.
const RECENT: usize = 16;

/// Pilots that are tried together for buckets of few keys, and what few is.
const TOGETHER: usize = 8;
const MOST_TOGETHER: usize = 4;

/// The buckets that lost their slots, the last one first.
struct Waiting {
    buckets: [u32; MOST_WAITING],
    len: usize,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            buckets: [0; MOST_WAITING],
            len: 0,
        }
    }
}

impl Waiting {
    fn push(&mut self, bucket: u32) -> Result<(), Failure> {
        *self.buckets.get_mut(self.len).ok_or(Failure::Stuck)? = bucket;
        self.len += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<u32> {
        self.len = self.len.checked_sub(1)?;
        Some(self.buckets[self.len])
    }
}

/// A search for pilots, on its way.
struct Search<'s> {
    /// Slots of the part.
    slots: u32,
    pilots: &'s mut [u8],
    hashes: &'s [u64],
    /// Where each bucket begins among the hashes, and where the last one ends.
    begins: &'s [u32],
    /// The bucket whose key a slot takes, if it takes one.
    owners: &'s mut [u32],
    /// One bit a slot.
    taken: &'s mut [u64],
    /// How often a bucket took the slots of others.
    moves: u64,
    waiting: Waiting,
    recent: [u32; RECENT],
}

impl<'s> Search<'s> {
    fn keys(&self, bucket: u32) -> &'s [u64] {
        let bucket = bucket as usize;
        &self.hashes[self.begins[bucket] as usize..self.begins[bucket + 1] as usize]
    }

    fn is_taken(&self, slot: u32) -> bool {
        self.taken[slot as usize / 64] >> (slot % 64) & 1 != 0
    }

    /// Finds slots for a bucket, and for those whose slots it takes.
    fn settle(&mut self, bucket: u32) -> Result<(), Failure> {
        let mut next = Some(bucket);
        while let Some(bucket) = next {
            let keys = self.keys(bucket);
            let pilot = match self.free_pilot(keys) {
                Some(pilot) => pilot,
                None => self.make_room(keys)?,
            };
            self.place(bucket, pilot, keys);
            next = self.waiting.pop();
        }
        Ok(())
    }

    /// The first pilot that leads all these keys to slots that are free.
    fn free_pilot(&self, keys: &[u64]) -> Option<u8> {
        // While there is much room, the first pilots do.
        if keys.len() > MOST_TOGETHER {
            self.free_pilot_among::<1>(keys)
        } else {
            self.free_pilot_among::<TOGETHER>(keys)
        }
    }

    /// The same, looking at so many pilots together for the first key: the processor would not predict one by one which lead
    /// to a free slot, and that would take most of the time of making an index.
    #[inline(always)]
    fn free_pilot_among<const TOGETHER: usize>(&self, keys: &[u64]) -> Option<u8> {
        let (&first, others) = keys.split_first()?;
        for block in (0..=u8::MAX).step_by(TOGETHER) {
            let mut free = 0_u32;
            for i in 0..TOGETHER as u8 {
                free |= u32::from(!self.is_taken(slot(first, block + i, self.slots))) << i;
            }
            while free != 0 {
                let pilot = block + free.trailing_zeros() as u8;
                let is_free = |&key: &u64| !self.is_taken(slot(key, pilot, self.slots));
                if others.iter().all(is_free) && self.are_apart(keys, pilot) {
                    return Some(pilot);
                }
                free &= free - 1;
            }
        }
        None
    }

    /// Whether a pilot leads these keys to different slots.
    fn are_apart(&self, keys: &[u64], pilot: u8) -> bool {
        let slot = |key| slot(key, pilot, self.slots);
        keys.iter()
            .enumerate()
            .all(|(i, &key)| keys[..i].iter().all(|&other| slot(other) != slot(key)))
    }

    /// Drives out the buckets that stand in the way of the pilot that moves fewest keys, and gives this pilot.
    fn make_room(&mut self, keys: &[u64]) -> Result<u8, Failure> {
        self.moves += 1;
        if self.moves > 4 * self.pilots.len() as u64 + 1_000 {
            return Err(Failure::Stuck);
        }
        let pilot = if let Some(pilot) = self.cheapest(keys) {
            pilot
        } else {
            // In few buckets all are among the recent ones.
            self.recent = [u32::MAX; RECENT];
            self.cheapest(keys).ok_or(Failure::Stuck)?
        };
        for &key in keys {
            let slot = slot(key, pilot, self.slots);
            if self.is_taken(slot) {
                let owner = self.owners[slot as usize];
                self.drive_out(owner);
                self.waiting.push(owner)?;
            }
        }
        Ok(pilot)
    }

    /// The pilot that moves fewest keys of other buckets, or one that moves few enough; none of the recent ones.
    fn cheapest(&self, keys: &[u64]) -> Option<u8> {
        // Another one first each time: no two buckets go back and forth between the same slots.
        let first = (self.moves.wrapping_mul(STEP) >> 56) as u8;
        let enough = keys.len() * keys.len();
        let mut best = (usize::MAX, None);
        for pilot in (0..=u8::MAX).map(|i| first.wrapping_add(i)) {
            let cost = self.cost(keys, pilot, best.0);
            if cost < best.0 && self.are_apart(keys, pilot) {
                best = (cost, Some(pilot));
                if cost <= enough {
                    break;
                }
            }
        }
        best.1
    }

    /// What it costs to take these slots: of each bucket that loses one, its keys squared. `most` or more if that much.
    fn cost(&self, keys: &[u64], pilot: u8, most: usize) -> usize {
        let mut cost = 0;
        for &key in keys {
            let slot = slot(key, pilot, self.slots);
            if self.is_taken(slot) {
                let owner = self.owners[slot as usize];
                if self.recent.contains(&owner) {
                    return usize::MAX;
                }
                cost += self.keys(owner).len().pow(2);
                if cost >= most {
                    return most;
                }
            }
        }
        cost
    }

    fn place(&mut self, bucket: u32, pilot: u8, keys: &[u64]) {
        self.pilots[bucket as usize] = pilot;
        for &key in keys {
            let slot = slot(key, pilot, self.slots);
            self.taken[slot as usize / 64] |= 1 << (slot % 64);
            self.owners[slot as usize] = bucket;
        }
        self.recent[self.moves as usize % RECENT] = bucket;
    }

    fn drive_out(&mut self, bucket: u32) {
        let pilot = self.pilots[bucket as usize];
        for &key in self.keys(bucket) {
            let slot = slot(key, pilot, self.slots);
            self.taken[slot as usize / 64] &= !(1 << (slot % 64));
        }
    }
}
