//! Makes an indexed archive, from entries that can be gone through several times.

use super::IndexedMap;
use super::index::{Failure, Index, find_pilots};
use super::layout::{IndexGeometry, START_BYTES};
use super::raw::bytes_of_mut;
use super::scratch::Scratch;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::{Header, content_checksum, write_schema};
use crate::fixed::key::KeySecrets;
use crate::fixed::layout::{SlotLayout, at};
use crate::fixed::memory::{MemoryMut, check_memory};
use crate::fixed::raw::prefetch_bytes;
use crate::fixed::value::Frozen;
use crate::fixed::var::{LONGEST, Span, VarKey, VarMap, VarValue, hash_given};
use core::marker::PhantomData;
use zerocopy::IntoBytes;

/// Seeds that are tried before it is an error that there is no index. Of random keys, the first one does.
const SEEDS: u64 = 16;
/// Entries whose texts are on their way.
const AHEAD: usize = 16;
/// Larger entries go one by one: those on their way are on the stack.
const LARGE: usize = 256;
/// From one seed to the next.
const NEXT_SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// The entries of an archive that is made, of which there are `len`.
pub(super) struct Entries<K: ?Sized, V: ?Sized, I> {
    pairs: I,
    len: usize,
    /// Bytes of all texts.
    room: usize,
    types: PhantomData<(PhantomData<K>, PhantomData<V>)>,
}

impl<'p, K, V, I> Entries<K, V, I>
where
    K: VarKey + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
    I: Iterator<Item = (K::Given<'p>, V::Given<'p>)> + Clone,
{
    const SLOT: SlotLayout = IndexedMap::<K, V>::SLOT;

    pub(super) fn new(pairs: I, len: usize) -> Self {
        let room = if IndexedMap::<K, V>::HAS_TEXTS {
            VarMap::<K, V>::measure(pairs.clone()).1
        } else {
            0
        };
        Self {
            pairs,
            len,
            room,
            types: PhantomData,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn room(&self) -> usize {
        self.room
    }

    /// Makes an archive of them, with this seed or one that follows it.
    pub(super) fn build<M: MemoryMut>(
        &self,
        mut memory: M,
        scratch: &mut [u64],
        seed: u64,
    ) -> Result<IndexedMap<K, V, M>, FixedError> {
        let geometry = IndexGeometry::of::<K::Slot, V::Slot>(self.len as u64, self.room as u64)?;
        check_memory(&memory, geometry.bytes, Self::SLOT.archive_align())?;
        let bytes = &mut bytes_of_mut(&mut memory)[..geometry.bytes];
        // Whoever looks before the end sees no archive.
        bytes[..at::TAGS].fill(0);
        let (front, rest) = bytes.split_at_mut(geometry.slots_at);
        let (slots, rest) = rest.split_at_mut(geometry.room_at - geometry.slots_at);
        let (room, mut schema) = rest.split_at_mut(geometry.room);
        write_schema::<K::Slot, V::Slot>(&mut |piece| {
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
            room,
            &mut scratch[..slot_words(&geometry)],
        )?;

        let mut header = Header::new_indexed::<K::Slot, V::Slot>(&geometry, seed);
        header.set_seal(content_checksum(&header.0[..at::STATE], &bytes[at::TAGS..]));
        let (magic, rest) = header.0.split_at(at::VERSION);
        bytes[at::VERSION..at::TAGS].copy_from_slice(rest);
        bytes[..at::VERSION].copy_from_slice(magic);
        Ok(IndexedMap::of(memory, geometry, seed, true))
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
        self.for_each(|number, key, _| {
            if let Some(hash) = hashes.get_mut(number) {
                *hash = hash_given::<K>(&key, secrets).0;
            }
            Ok(())
        })
    }

    /// Walks over the entries, with their numbers, and counts them.
    fn for_each(
        &self,
        see: impl FnMut(usize, K::Given<'p>, V::Given<'p>) -> Result<(), FixedError>,
    ) -> Result<(), FixedError> {
        if IndexedMap::<K, V>::HAS_TEXTS && size_of::<I::Item>() <= LARGE {
            self.walk::<AHEAD>(see)
        } else {
            self.walk::<1>(see)
        }
    }

    /// The same, with so many entries whose texts are asked for before they are needed: they are anywhere in memory.
    #[inline(never)] // only one of the two has its entries on the stack
    fn walk<const N: usize>(
        &self,
        mut see: impl FnMut(usize, K::Given<'p>, V::Given<'p>) -> Result<(), FixedError>,
    ) -> Result<(), FixedError> {
        let mut pairs = self.pairs.clone().fuse();
        let mut ahead = [const { None }; N];
        let (mut step, mut count) = (0, 0);
        loop {
            let next = pairs.next();
            if let Some((key, value)) = &next {
                prefetch_bytes(K::text(key).unwrap_or_default());
                prefetch_bytes(V::text(value).unwrap_or_default());
            }
            let place = &mut ahead[step % N];
            step += 1;
            match core::mem::replace(place, next) {
                Some((key, value)) => {
                    see(count, key, value)?;
                    count += 1;
                }
                // What comes first comes after `N` steps, and nothing comes after nothing.
                None if step > N => return self.check_count(count),
                None => {}
            }
        }
    }

    fn check_count(&self, count: usize) -> Result<(), FixedError> {
        if count == self.len {
            Ok(())
        } else {
            Err(FixedError::new(Field::Len, count as u64, self.len as u64).of_entries())
        }
    }

    /// The error that two keys have this hash.
    #[cold]
    fn why_equal(&self, secrets: &KeySecrets, hash: u64) -> FixedError {
        let keys = self.pairs.clone().map(|(key, _)| key);
        let mut pair = (0..)
            .zip(keys)
            .filter(|(_, key)| hash_given::<K>(key, secrets).0 == hash);
        match (pair.next(), pair.next()) {
            (Some((first, key)), Some((second, other))) => {
                let field = if is_same::<K>(&key, other) {
                    Field::Repeated
                } else {
                    Field::Collision
                };
                FixedError::new(field, first, second)
            }
            _ => inconsistent(), // a key that has another hash each time
        }
    }

    /// Writes every entry into its slot, copies of them into the slots that are left, and the texts in the order of their slots. `full` gets
    /// one bit a slot.
    fn place(
        &self,
        index: Index<'_>,
        secrets: &KeySecrets,
        slots: &mut [u8],
        room: &mut [u8],
        full: &mut [u64],
    ) -> Result<(), FixedError> {
        full.fill(0);
        self.for_each(|number, key, value| {
            let slot = index.slot(hash_given::<K>(&key, secrets).0);
            let (word, bit) = (full.get_mut(slot / 64).ok_or(inconsistent())?, 1 << (slot % 64));
            if *word & bit != 0 {
                return Err(inconsistent());
            }
            *word |= bit;
            // Of a text, its length; `give_places` knows where it will stand.
            let [at_key, at_value] = [K::text(&key), V::text(&value)].map(|text| length_alone(text, number));
            let (key, value) = (K::slot(key, at_key?), V::slot(value, at_value?));
            let slot = &mut slots[slot * Self::SLOT.size..][..Self::SLOT.size];
            if Self::SLOT.padding() > 0 {
                slot.fill(0);
            }
            slot[..Self::SLOT.key].copy_from_slice(key.as_bytes());
            slot[Self::SLOT.value_at..][..Self::SLOT.value].copy_from_slice(value.as_bytes());
            Ok(())
        })?;
        if IndexedMap::<K, V>::HAS_TEXTS {
            Self::give_places(slots, room.len(), full)?;
        }
        fill_free(slots, Self::SLOT.size, full);
        if IndexedMap::<K, V>::HAS_TEXTS {
            self.copy_texts(index, secrets, slots, room, full)?;
        }
        Ok(())
    }

    /// Where in a slot it says where a text is.
    fn spans() -> impl Iterator<Item = usize> {
        let of_value = V::IS_TEXT.then_some(Self::SLOT.value_at);
        K::IS_TEXT.then_some(0).into_iter().chain(of_value)
    }

    /// Gives each text a place behind that of the one before it, in the order of the full slots.
    fn give_places(slots: &mut [u8], room: usize, full: &[u64]) -> Result<(), FixedError> {
        let mut next = 0;
        for (number, slot) in slots.chunks_exact_mut(Self::SLOT.size).enumerate() {
            if !is_full(full, number) {
                continue;
            }
            for at in Self::spans() {
                let len = span_at(slot, at).len();
                // More than was measured: other entries each time.
                if len > room - next {
                    return Err(inconsistent());
                }
                slot[at..][..size_of::<u64>()].copy_from_slice(&Span::new(next, len).0.to_le_bytes());
                next += len;
            }
        }
        if next == room { Ok(()) } else { Err(inconsistent()) }
    }

    /// Copies each text to its place, and takes the bit of each slot: so all texts are written, and the room is without a gap.
    fn copy_texts(
        &self,
        index: Index<'_>,
        secrets: &KeySecrets,
        slots: &[u8],
        room: &mut [u8],
        full: &mut [u64],
    ) -> Result<(), FixedError> {
        self.for_each(|_, key, value| {
            let number = index.slot(hash_given::<K>(&key, secrets).0);
            let (word, bit) = (full.get_mut(number / 64).ok_or(inconsistent())?, 1 << (number % 64));
            if *word & bit == 0 {
                return Err(inconsistent());
            }
            *word &= !bit;
            let slot = &slots[number * Self::SLOT.size..][..Self::SLOT.size];
            for (at, text) in Self::spans().zip([K::text(&key), V::text(&value)].into_iter().flatten()) {
                let place = room.get_mut(span_at(slot, at).range());
                let place = place.filter(|place| place.len() == text.len()).ok_or(inconsistent())?;
                place.copy_from_slice(text);
            }
            Ok(())
        })
    }
}

/// Whether two keys that are given are the same.
fn is_same<K: VarKey + ?Sized>(one: &K::Given<'_>, other: K::Given<'_>) -> bool {
    match (K::text(one), K::text(&other)) {
        (Some(one), Some(other)) => one == other,
        _ => K::is_given(one, &K::slot(other, Span::EMPTY), &[]),
    }
}

/// The place of a text which has none yet, in an entry of this number.
fn length_alone(text: Option<&[u8]>, entry: usize) -> Result<Span, FixedError> {
    match text.unwrap_or_default().len() {
        len if len <= LONGEST => Ok(Span::new(0, len)),
        len => Err(FixedError::at(Field::Text, entry as u64, LONGEST as u64, len as u64).of_entries()),
    }
}

/// The place of a text that a slot has there.
fn span_at(slot: &[u8], at: usize) -> Span {
    slot[at..]
        .first_chunk()
        .map_or(Span::EMPTY, |&number| Span(u64::from_le_bytes(number)))
}

/// Words of one bit for each slot.
const fn slot_words(geometry: &IndexGeometry) -> usize {
    (geometry.shape.slots as usize).div_ceil(64)
}

/// The error for entries that are others each time, or whose keys have another hash each time.
const fn inconsistent() -> FixedError {
    FixedError::new(Field::Index, SEEDS, 1).of_entries()
}

/// Whether a slot has its bit.
fn is_full(full: &[u64], slot: usize) -> bool {
    full[slot / 64] >> (slot % 64) & 1 != 0
}

/// Copies into each free slot the one before it, and into those in front of the first full one, that one.
fn fill_free(slots: &mut [u8], size: usize, full: &[u64]) {
    if size == 0 {
        return; // all slots are alike
    }
    let count = slots.len() / size;
    let Some(first) = (0..count).find(|&slot| is_full(full, slot)) else {
        return; // no entries
    };
    for slot in 0..first {
        slots.copy_within(first * size..(first + 1) * size, slot * size);
    }
    for slot in (first..count).filter(|&slot| !is_full(full, slot)) {
        slots.copy_within((slot - 1) * size..slot * size, slot * size);
    }
}
