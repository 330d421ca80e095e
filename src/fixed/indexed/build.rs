//! Makes an indexed archive, from entries that can be gone through several times.

use super::index::{Failure, Index, find_pilots};
use super::layout::{IndexGeometry, START_BYTES};
use super::scratch::Scratch;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::{Header, Types, content_checksum};
use crate::fixed::key::KeySecrets;
use crate::fixed::layout::at;
use crate::fixed::var::Span;

/// Seeds that are tried before it is an error that there is no index. Of random keys, the first one does.
const SEEDS: u64 = 16;
/// From one seed to the next.
const NEXT_SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// What an archive is made of: the same entries each time.
pub(in crate::fixed) trait Source {
    /// A key and its value.
    type Entry;

    /// What the header says of the types.
    fn types(&self) -> &Types;

    /// Gives the bytes of the schema, piece by piece.
    fn write_schema(&self, put: &mut dyn FnMut(&[u8]));

    /// Walks over the entries, with their numbers, and counts them.
    fn for_each(&self, see: impl FnMut(usize, Self::Entry) -> Result<(), FixedError>) -> Result<(), FixedError>;

    /// The hash of its key.
    fn hash(&self, entry: &Self::Entry, secrets: &KeySecrets) -> u64;

    /// Whether two have the same key.
    fn is_same(&self, one: &Self::Entry, other: Self::Entry) -> bool;

    /// Whether keys and values are texts.
    fn are_texts(&self) -> [bool; 2];

    /// The texts, as many as there are spans.
    fn texts<'e>(&'e self, entry: &'e Self::Entry) -> impl Iterator<Item = &'e [u8]>;

    /// Writes key and value into a slot, with spans that have the lengths of the texts, and no place yet.
    fn write(&self, number: usize, entry: Self::Entry, slot: &mut [u8]) -> Result<(), FixedError>;

    /// Where in a slot it says where a text is.
    #[inline(always)]
    fn spans(&self) -> impl Iterator<Item = usize> {
        let places = [0, self.types().slot.value_at].into_iter().zip(self.are_texts());
        places.filter_map(|(at, is_text)| is_text.then_some(at))
    }

    /// Whether there are texts.
    fn has_texts(&self) -> bool {
        self.are_texts() != [false; 2]
    }
}

/// Makes an archive of these entries in as many bytes as it has, under this seed or one that follows it, which is given back.
pub(in crate::fixed) fn build(
    source: &impl Source,
    geometry: &IndexGeometry,
    bytes: &mut [u8],
    scratch: &mut [u64],
    seed: u64,
) -> Result<u64, FixedError> {
    // Whoever looks before the end sees no archive.
    bytes[..at::TAGS].fill(0);
    let (front, rest) = bytes.split_at_mut(geometry.slots_at);
    let (slots, rest) = rest.split_at_mut(geometry.room_at - geometry.slots_at);
    let (room, mut schema) = rest.split_at_mut(geometry.room);
    source.write_schema(&mut |piece| {
        let (to, rest) = core::mem::take(&mut schema).split_at_mut(piece.len());
        to.copy_from_slice(piece);
        schema = rest;
    });
    let (starts, rest) = front[at::TAGS..].split_at_mut(geometry.pilots_at - at::TAGS);
    let (starts, _) = starts.as_chunks_mut();
    let (pilots, gap) = rest.split_at_mut(geometry.shape.buckets as usize);
    gap.fill(0);

    let seed = index(source, geometry, scratch, seed, starts, pilots)?;
    let placing = Placing {
        source,
        index: Index { starts, pilots },
        secrets: &KeySecrets::seed(seed),
    };
    placing.place(slots, room, &mut scratch[..slot_words(geometry)])?;

    let mut header = Header::of_index(source.types(), geometry, seed);
    header.set_seal(content_checksum(&header.0[..at::STATE], &bytes[at::TAGS..]));
    let (magic, rest) = header.0.split_at(at::VERSION);
    bytes[at::VERSION..at::TAGS].copy_from_slice(rest);
    bytes[..at::VERSION].copy_from_slice(magic);
    Ok(seed)
}

/// Makes the index, and gives the seed with which there is one.
fn index(
    source: &impl Source,
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
        source.for_each(|number, entry| {
            if let Some(hash) = scratch.hashes.get_mut(number) {
                *hash = source.hash(&entry, &secrets);
            }
            Ok(())
        })?;
        match find_pilots(geometry.shape, &mut scratch, starts, pilots) {
            Ok(()) => return Ok(seed),
            Err(Failure::Stuck) => {}
            Err(Failure::Equal(hash)) => {
                error = why_equal(source, &secrets, hash);
                if error.field() == Field::Repeated {
                    break; // under every seed
                }
            }
        }
    }
    Err(error)
}

/// The error that two keys have this hash.
#[cold]
fn why_equal<S: Source>(source: &S, secrets: &KeySecrets, hash: u64) -> FixedError {
    let mut first: Option<(usize, S::Entry)> = None;
    let seen = source.for_each(|second, other| {
        if source.hash(&other, secrets) != hash {
            return Ok(());
        }
        let Some((first, entry)) = &first else {
            first = Some((second, other));
            return Ok(());
        };
        let field = if source.is_same(entry, other) {
            Field::Repeated
        } else {
            Field::Collision
        };
        Err(FixedError::new(field, *first as u64, second as u64))
    });
    seen.err().unwrap_or(inconsistent()) // a key that has another hash each time
}

/// Entries on their way into the slots that the index has for them.
struct Placing<'s, S> {
    source: &'s S,
    index: Index<'s>,
    secrets: &'s KeySecrets,
}

impl<S: Source> Placing<'_, S> {
    /// Bytes of a slot: a constant where the types are known.
    #[inline(always)]
    fn size(&self) -> usize {
        self.source.types().slot.size
    }

    #[inline(always)]
    fn slot_of(&self, entry: &S::Entry) -> usize {
        self.index.slot(self.source.hash(entry, self.secrets))
    }

    /// Writes every entry into its slot, copies of them into the slots that are left, and the texts in the order of their slots. `full` gets
    /// one bit a slot.
    fn place(&self, slots: &mut [u8], room: &mut [u8], full: &mut [u64]) -> Result<(), FixedError> {
        full.fill(0);
        let pads = self.source.types().slot.padding() > 0;
        self.source.for_each(|number, entry| {
            let slot = self.slot_of(&entry);
            let (word, bit) = (full.get_mut(slot / 64).ok_or(inconsistent())?, 1 << (slot % 64));
            if *word & bit != 0 {
                return Err(inconsistent());
            }
            *word |= bit;
            let slot = &mut slots[slot * self.size()..][..self.size()];
            if pads {
                slot.fill(0);
            }
            // Of a text, its length; `give_places` knows where it will stand.
            self.source.write(number, entry, slot)
        })?;
        if self.source.has_texts() {
            self.give_places(slots, room.len(), full)?;
        }
        fill_free(slots, self.size(), full);
        if self.source.has_texts() {
            self.copy_texts(slots, room, full)?;
        }
        Ok(())
    }

    /// Gives each text a place behind that of the one before it, in the order of the full slots.
    fn give_places(&self, slots: &mut [u8], room: usize, full: &[u64]) -> Result<(), FixedError> {
        let mut next = 0;
        for (number, slot) in slots.chunks_exact_mut(self.size()).enumerate() {
            if !is_full(full, number) {
                continue;
            }
            for at in self.source.spans() {
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
    fn copy_texts(&self, slots: &[u8], room: &mut [u8], full: &mut [u64]) -> Result<(), FixedError> {
        self.source.for_each(|_, entry| {
            let number = self.slot_of(&entry);
            let (word, bit) = (full.get_mut(number / 64).ok_or(inconsistent())?, 1 << (number % 64));
            if *word & bit == 0 {
                return Err(inconsistent());
            }
            *word &= !bit;
            let slot = &slots[number * self.size()..][..self.size()];
            for (at, text) in self.source.spans().zip(self.source.texts(&entry)) {
                let place = room.get_mut(span_at(slot, at).range());
                let place = place.filter(|place| place.len() == text.len()).ok_or(inconsistent())?;
                place.copy_from_slice(text);
            }
            Ok(())
        })
    }
}

/// The place of a text that a slot has there.
pub(in crate::fixed) fn span_at(slot: &[u8], at: usize) -> Span {
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
