//! Checks and repairs what is said of texts.
//!
//! ```text
//!  room   | a text | garbage | another text |  zeros |         scratch: a word for each group, then
//!  bits     111111   0000000   111111111111                    a bit for each used byte: whose is it?
//! ```
//!
//! Invariant: here the room is read while slots, tags and counters are written, which are no part of it (C4 of `core.rs`). Whoever takes
//! `room_detached` writes nothing into the room as long as it is used; each block says until when.
#![allow(
    unsafe_code,
    reason = "reads texts while the table around them changes; C4 of `core.rs`"
)]

use super::super::core::Core;
use super::super::error::{Field, FixedError};
use super::super::key::KeySecrets;
use super::super::layout::{Hash, OPEN, SEALED, at};
use super::super::memory::{Memory, MemoryMut};
use super::super::recover::{Recovered, recover};
use super::super::typed::{Keys, Typed};
use super::super::verify::{Verifier, scratch_words};
use super::part::Span;
use super::{VarKey, VarMap, VarValue, hash_slot};
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ops::Range;

/// Bits of a word of scratch memory.
pub(in super::super) const BITS: usize = u32::BITS as usize;

/// Keys that stand in the room.
struct TextKeys<'m, K: ?Sized> {
    room: &'m [u8],
    secrets: KeySecrets,
    key: PhantomData<fn(&K)>,
}

impl<K: VarKey + ?Sized> Keys<K::Slot> for TextKeys<'_, K> {
    fn hash(&self, key: &K::Slot) -> Hash {
        hash_slot::<K>(key, self.room, &self.secrets)
    }

    fn same(&self, one: &K::Slot, other: &K::Slot) -> bool {
        K::same(one, other, self.room)
    }
}

/// Which bytes of the room belong to a text.
pub(in super::super) struct Owned<'s> {
    pub(in super::super) bits: &'s mut [u32],
}

impl Owned<'_> {
    /// The words of the bytes of a text, and its bits in them.
    fn words(span: Span) -> impl Iterator<Item = (usize, u32)> {
        let Range { start, end } = span.range();
        let words = start / BITS..end.div_ceil(BITS);
        words.map(move |word| {
            let (from, to) = (start.saturating_sub(word * BITS), (end - word * BITS).min(BITS));
            (word, u32::MAX >> (BITS - (to - from)) << from)
        })
    }

    /// Whether no byte of a text, which lies in the room, belongs to another.
    fn is_free(&self, span: Span) -> bool {
        Self::words(span).all(|(word, bits)| self.bits[word] & bits == 0)
    }

    fn take(&mut self, span: Span) {
        Self::words(span).for_each(|(word, bits)| self.bits[word] |= bits);
    }

    fn give_back(&mut self, span: Span) {
        Self::words(span).for_each(|(word, bits)| self.bits[word] &= !bits);
    }

    /// Takes the bytes of all these texts, or of none.
    pub(in super::super) fn take_all(&mut self, spans: &[Span]) -> bool {
        for (i, &span) in spans.iter().enumerate() {
            if !self.is_free(span) {
                spans[..i].iter().for_each(|&span| self.give_back(span));
                return false;
            }
            self.take(span);
        }
        true
    }

    /// Takes the bytes of the texts of an entry that is kept: if they are in a room of so many bytes, belong to no other, and the entry is whole. So no
    /// byte is hashed or read for two entries that are kept.
    pub(in super::super) fn keep(&mut self, spans: &[Span], room: usize, is_whole: impl FnOnce() -> bool) -> bool {
        let is_in_room = |span: &Span| span.is_canonical() && span.range().end <= room;
        if !spans.iter().all(is_in_room) || !self.take_all(spans) {
            return false;
        }
        let is_whole = is_whole();
        if !is_whole {
            for &span in spans {
                self.give_back(span);
            }
        }
        is_whole
    }

    pub(in super::super) fn count(&self) -> u64 {
        self.bits.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// The texts of an entry.
fn spans<K: VarKey + ?Sized, V: VarValue + ?Sized>(key: &K::Slot, value: &V::Slot) -> [Span; 2] {
    [K::span(key), V::span(value)].map(|span| span.unwrap_or(Span::EMPTY))
}

/// How long the texts of an entry are together, in powers of two.
///
/// What is repaired takes the entries with the shortest texts first. Of texts that share bytes the first one is kept: so an entry whose length
/// is damaged does not cost all those whose texts it seems to have.
#[allow(clippy::cast_possible_truncation, reason = "at most 63")]
pub(in super::super) fn class_of(spans: &[Span]) -> u8 {
    let bytes = spans.iter().fold(0_usize, |sum, span| sum.saturating_add(span.len()));
    (usize::BITS - bytes.leading_zeros()).min(u64::BITS - 1) as u8
}

/// The classes of a set of bits, the shortest texts first.
pub(in super::super) fn classes(found: u64) -> impl Iterator<Item = u8> {
    (0..64).filter(move |class| found >> class & 1 == 1)
}

pub(in super::super) fn words(words: usize) -> Result<Vec<u32>, FixedError> {
    let mut scratch = Vec::new();
    scratch
        .try_reserve_exact(words)
        .map_err(|_| FixedError::refused(words.saturating_mul(size_of::<u32>())))?;
    scratch.resize(words, 0);
    Ok(scratch)
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: Memory> VarMap<K, V, M> {
    /// The words of scratch memory that [`verify_in`](Self::verify_in) needs: one for each group, and one for each 32 used bytes of the
    /// room.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn scratch_words(&self) -> usize {
        scratch_words(self.core.geometry().groups) + self.room_used().div_ceil(BITS)
    }

    pub(super) fn scratch(&self) -> Result<Vec<u32>, FixedError> {
        words(self.scratch_words())
    }

    /// Nobody changes the memory meanwhile: the map is new, or its types are frozen.
    pub(super) fn check(&self, scratch: &mut [u32]) -> Result<(), FixedError> {
        let header = self.core.header();
        let sealed = match header.state() {
            SEALED => Some(header.content_checksum()),
            OPEN => None,
            other => return Err(FixedError::new(Field::State, SEALED, other)),
        };
        let found = scratch.len() as u64;
        let Some(scratch) = scratch.get_mut(..self.scratch_words()) else {
            return Err(FixedError::new(Field::Scratch, self.scratch_words() as u64, found));
        };
        let (of_groups, of_room) = scratch.split_at_mut(scratch_words(self.core.geometry().groups));
        let verifier = Verifier {
            slots: Typed {
                raw: self.core.raw(),
                keys: TextKeys::<K> {
                    room: self.core.room(),
                    secrets: self.secrets,
                    key: PhantomData,
                },
            },
            geometry: self.core.geometry(),
            len: header.len(),
            sealed,
            bytes: self.core.bytes_still(),
        };
        verifier.check_around()?;
        of_room.fill(0);
        let mut owned = Owned { bits: of_room };
        self.check_places(&mut owned)?;
        verifier.check_table(of_groups)?;
        self.check_texts(&owned)
    }

    /// Every text is where it should be, and no two share a byte. This comes before a key is hashed: so all texts together have no more bytes
    /// than the room, whoever made the archive.
    fn check_places(&self, owned: &mut Owned<'_>) -> Result<(), FixedError> {
        let (room, used) = (self.core.room(), self.room_used());
        if let Some(i) = room[used..].iter().position(|&byte| byte != 0) {
            let at = used + i;
            let place = (self.core.geometry().room_at + at) as u64;
            return Err(FixedError::at(Field::Reserved, place, 0, room[at].into()));
        }
        let mut from = 0;
        while let Some(slot) = self.core.full_from(from) {
            from = slot + 1;
            let spans = self.spans_unseen(slot);
            for span in spans {
                if !span.is_canonical() || span.range().end > used {
                    let place = slot as u64;
                    return Err(FixedError::at(Field::Text, place, used as u64, span.range().end as u64));
                }
            }
            if !owned.take_all(&spans) {
                let [one, other] = spans.map(|span| span.range().start as u64);
                return Err(FixedError::at(Field::Overlap, slot as u64, one, other));
            }
        }
        Ok(())
    }

    /// The texts of an entry, by its bytes: it is not known yet whether these are a valid key and value.
    fn spans_unseen(&self, slot: usize) -> [Span; 2] {
        let bytes = self.core.raw().slot_bytes(slot);
        let span = |is_text: bool, at: usize| match bytes[at..].first_chunk() {
            Some(&number) if is_text => Span(u64::from_le_bytes(number)),
            _ => Span::EMPTY,
        };
        [
            span(K::IS_TEXT, 0),
            span(V::IS_TEXT, Core::<K::Slot, V::Slot, M>::SLOT.value_at),
        ]
    }

    /// Every text is what it should be, and the room is accounted for. What is in the slots is valid.
    fn check_texts(&self, owned: &Owned<'_>) -> Result<(), FixedError> {
        let (room, mut from) = (self.core.room(), 0);
        while let Some(slot) = self.core.full_from(from) {
            from = slot + 1;
            let (key, value) = self.core.pair(slot);
            if K::read(key, room).is_none() || V::read(value, room).is_none() {
                return Err(FixedError::at(Field::Text, slot as u64, 0, 1));
            }
        }
        let garbage = self.room_used() as u64 - owned.count();
        let stated = self.core.number(at::GARBAGE);
        if stated == garbage {
            Ok(())
        } else {
            Err(FixedError::new(Field::Garbage, garbage, stated))
        }
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// No counter is stuck that need not be.
    pub(in super::super) fn settle(&mut self) {
        // SAFETY: until the end of this call, only counters and the header's state are written.
        let room = unsafe { self.core.room_detached() };
        let secrets = self.secrets;
        self.core.settle(|key| hash_slot::<K>(key, room, &secrets));
    }

    /// Keeps the entries that are whole.
    pub(in super::super) fn recover_here(&mut self) -> Result<Recovered, FixedError> {
        let slots = self.core.geometry().slots();
        let mut bits = words(self.room().div_ceil(BITS))?;
        let mut kept = words(slots.div_ceil(BITS))?;
        let mut owned = Owned { bits: &mut bits };
        let secrets = self.secrets;
        // SAFETY: until the end of `recover`, only header, tags, counters, slots, gap and schema are written.
        let room = unsafe { self.core.room_detached() };
        let hash = |key: &K::Slot| hash_slot::<K>(key, room, &secrets);
        let found = (0..slots).fold(0, |found, slot| found | 1 << class_of(&self.spans_unseen(slot)));
        for class in classes(found) {
            for slot in 0..slots {
                if class_of(&self.spans_unseen(slot)) != class {
                    continue;
                }
                // (What `recover` drops as a hole are slots of zeros: their texts are empty and take no bytes from others.)
                let is_whole = self.core.is_whole(slot, hash, |key, value, is_tagged| {
                    owned.keep(&spans::<K, V>(key, value), room.len(), || {
                        is_tagged() && K::read(key, room).is_some() && V::read(value, room).is_some()
                    })
                });
                kept[slot / BITS] |= u32::from(is_whole) << (slot % BITS);
            }
        }
        let recovered = recover(
            &mut self.core,
            hash,
            |one, other| K::same(one, other, room),
            |slot, _, _, _| kept[slot / BITS] >> (slot % BITS) & 1 == 1,
        );
        let (mut used, mut live, mut from) = (0, 0, 0);
        while let Some(slot) = self.core.full_from(from) {
            from = slot + 1;
            let (key, value) = self.core.pair(slot);
            for span in spans::<K, V>(key, value) {
                used = span.range().end.max(used);
                live += span.len();
            }
        }
        self.core.room_mut()[used..].fill(0);
        self.core.put(at::ROOM_USED, used as u64);
        self.core.put(at::GARBAGE, (used - live) as u64);
        Ok(recovered)
    }
}
