//! Makes an indexed archive, from entries that can be gone through several times.

use super::IndexedMap;
use super::index::{Failure, Index, find_pilots};
use super::layout::{IndexGeometry, START_BYTES};
use super::raw::bytes_of_mut;
use super::scratch::Scratch;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::{Header, content_checksum, write_schema};
use crate::fixed::key::{FixedKey, KeySecrets, hash_of};
use crate::fixed::layout::{SlotLayout, at};
use crate::fixed::memory::{MemoryMut, check_memory};
use crate::fixed::value::Frozen;
use core::borrow::Borrow;
use core::marker::PhantomData;

/// Seeds that are tried before it is an error that there is no index. Of random keys, the first one does.
const SEEDS: u64 = 16;
/// From one seed to the next.
const NEXT_SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// The entries of an archive that is made, of which there are `len`.
pub(super) struct Entries<K, V, I> {
    pairs: I,
    len: usize,
    types: PhantomData<(K, V)>,
}

impl<K, V, A, B, I> Entries<K, V, I>
where
    K: FixedKey,
    V: Frozen,
    A: Borrow<K>,
    B: Borrow<V>,
    I: Iterator<Item = (A, B)> + Clone,
{
    const SLOT: SlotLayout = IndexedMap::<K, V>::SLOT;

    pub(super) const fn new(pairs: I, len: usize) -> Self {
        Self {
            pairs,
            len,
            types: PhantomData,
        }
    }

    /// Makes an archive of them, with this seed or one that follows it.
    pub(super) fn build<M: MemoryMut>(
        &self,
        mut memory: M,
        scratch: &mut [u64],
        seed: u64,
    ) -> Result<IndexedMap<K, V, M>, FixedError> {
        let geometry = IndexGeometry::of::<K, V>(self.len as u64)?;
        check_memory(&memory, geometry.bytes, Self::SLOT.archive_align())?;
        let bytes = &mut bytes_of_mut(&mut memory)[..geometry.bytes];
        // Whoever looks before the end sees no archive.
        bytes[..at::TAGS].fill(0);
        let (front, rest) = bytes.split_at_mut(geometry.slots_at);
        let (slots, mut schema) = rest.split_at_mut(geometry.schema_at - geometry.slots_at);
        write_schema::<K, V>(&mut |piece| {
            let (to, rest) = core::mem::take(&mut schema).split_at_mut(piece.len());
            to.copy_from_slice(piece);
            schema = rest;
        });
        let (starts, rest) = front[at::TAGS..].split_at_mut(geometry.pilots_at - at::TAGS);
        let (starts, _) = starts.as_chunks_mut();
        let (pilots, gap) = rest.split_at_mut(geometry.shape.buckets as usize);
        gap.fill(0);

        let seed = self.index(&geometry, scratch, seed, starts, pilots)?;
        let index = Index { starts, pilots };
        self.place(
            index,
            &KeySecrets::seed(seed),
            slots,
            &mut scratch[..slot_words(&geometry)],
        )?;

        let mut header = Header::new_indexed::<K, V>(&geometry, seed);
        header.set_seal(content_checksum(&header.0[..at::STATE], &bytes[at::TAGS..]));
        let (magic, rest) = header.0.split_at(at::VERSION);
        bytes[at::VERSION..at::TAGS].copy_from_slice(rest);
        bytes[..at::VERSION].copy_from_slice(magic);
        Ok(IndexedMap::of(memory, geometry, seed))
    }

    /// Makes the index, and gives the seed with which there is one.
    fn index(
        &self,
        geometry: &IndexGeometry,
        scratch: &mut [u64],
        seed: u64,
        starts: &mut [[u8; START_BYTES]],
        pilots: &mut [u8],
    ) -> Result<u64, FixedError> {
        let mut scratch = Scratch::of(geometry.shape, scratch)?;
        let mut error = FixedError::new(Field::Index, SEEDS, SEEDS);
        for seed in (0..SEEDS).map(|tried| seed.wrapping_add(tried.wrapping_mul(NEXT_SEED))) {
            let secrets = KeySecrets::seed(seed);
            self.hash(&secrets, scratch.hashes)?;
            match find_pilots(geometry.shape, &mut scratch, starts, pilots) {
                Ok(()) => return Ok(seed),
                Err(Failure::Stuck) => {}
                Err(Failure::Equal(hash)) => {
                    error = self.why_equal(&secrets, hash);
                    if error.field() == Field::Repeated {
                        break; // under every seed
                    }
                }
            }
        }
        Err(error)
    }

    /// The hashes of all keys.
    fn hash(&self, secrets: &KeySecrets, hashes: &mut [u64]) -> Result<(), FixedError> {
        let mut count = 0;
        for (key, _) in self.pairs.clone() {
            if let Some(hash) = hashes.get_mut(count) {
                *hash = hash_of(key.borrow(), secrets).0;
            }
            count += 1;
        }
        self.check_count(count)
    }

    fn check_count(&self, count: usize) -> Result<(), FixedError> {
        if count == self.len {
            Ok(())
        } else {
            Err(FixedError::new(Field::Len, count as u64, self.len as u64))
        }
    }

    /// The error that two keys have this hash.
    #[cold]
    fn why_equal(&self, secrets: &KeySecrets, hash: u64) -> FixedError {
        let keys = self.pairs.clone().map(|(key, _)| key);
        let mut pair = (0..)
            .zip(keys)
            .filter(|(_, key)| hash_of(key.borrow(), secrets).0 == hash);
        match (pair.next(), pair.next()) {
            (Some((first, key)), Some((second, other))) => {
                let field = if key.borrow().same(other.borrow()) {
                    Field::Repeated
                } else {
                    Field::Collision
                };
                FixedError::new(field, first, second)
            }
            _ => inconsistent(), // a key that has another hash each time
        }
    }

    /// Writes every entry into its slot, and copies of them into the slots that are left. `full` gets one bit a slot.
    fn place(
        &self,
        index: Index<'_>,
        secrets: &KeySecrets,
        slots: &mut [u8],
        full: &mut [u64],
    ) -> Result<(), FixedError> {
        full.fill(0);
        let mut count = 0;
        for (key, value) in self.pairs.clone() {
            let (key, value) = (key.borrow(), value.borrow());
            let slot = index.slot(hash_of(key, secrets).0);
            let word = full.get_mut(slot / 64).ok_or(inconsistent())?;
            let bit = 1 << (slot % 64);
            if *word & bit != 0 {
                return Err(inconsistent());
            }
            *word |= bit;
            let slot = &mut slots[slot * Self::SLOT.size..][..Self::SLOT.size];
            if Self::SLOT.padding() > 0 {
                slot.fill(0);
            }
            slot[..Self::SLOT.key].copy_from_slice(key.as_bytes());
            slot[Self::SLOT.value_at..][..Self::SLOT.value].copy_from_slice(value.as_bytes());
            count += 1;
        }
        self.check_count(count)?;
        fill_free(slots, Self::SLOT.size, full);
        Ok(())
    }
}

/// Words of one bit for each slot.
const fn slot_words(geometry: &IndexGeometry) -> usize {
    (geometry.shape.slots as usize).div_ceil(64)
}

/// The error for keys that have another hash each time, or are others each time.
const fn inconsistent() -> FixedError {
    FixedError::new(Field::Index, SEEDS, 1)
}

/// Copies into each free slot the one before it, and into those in front of the first full one, that one.
fn fill_free(slots: &mut [u8], size: usize, full: &[u64]) {
    if size == 0 {
        return; // all slots are alike
    }
    let count = slots.len() / size;
    let is_full = |slot: usize| full[slot / 64] >> (slot % 64) & 1 != 0;
    let Some(first) = (0..count).find(|&slot| is_full(slot)) else {
        return; // no entries
    };
    for slot in 0..first {
        slots.copy_within(first * size..(first + 1) * size, slot * size);
    }
    for slot in (first..count).filter(|&slot| !is_full(slot)) {
        slots.copy_within((slot - 1) * size..slot * size, slot * size);
    }
}
