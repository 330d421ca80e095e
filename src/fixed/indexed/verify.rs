//! Checks everything that `open` does not check.

use super::IndexedMap;
use super::index::first_slot;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::{content_checksum, write_schema};
use crate::fixed::layout::at;
use crate::fixed::memory::Memory;
use crate::fixed::value::Frozen;
use crate::fixed::var::{Span, VarKey, VarValue, hash_slot};
use crate::fixed::verify::{check_schema, is_zero};

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: Memory> IndexedMap<K, V, M> {
    /// Checks the whole archive: the checksum of the content; that every key and value is valid, and every key is where a
    /// search looks for it; that slots without an entry of their own are copies as they should be; that all texts stand one after the
    /// other and are UTF-8 if they are a `str`; the number of entries; where the parts begin; the schema; that all other bytes are zero.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong.
    ///
    /// ```
    /// use arenamap::fixed::{Field, IndexedMap, u64_le};
    ///
    /// let map = IndexedMap::<u64_le, u64_le>::try_from_entries((0..100_u8).map(|n| (u64::from(n).into(), 7.into())))?;
    /// let mut bytes = map.into_memory();
    /// bytes[1_000] ^= 1; // in a slot
    /// let map = IndexedMap::<u64_le, u64_le, _>::open(&bytes[..])?; // does not look there
    /// assert_eq!(map.verify().unwrap_err().field(), Field::ContentChecksum);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn verify(&self) -> Result<(), FixedError> {
        self.check_all().map_err(FixedError::of_index)
    }

    fn check_all(&self) -> Result<(), FixedError> {
        let (bytes, header) = (self.as_bytes(), self.header());
        let made = content_checksum(&bytes[..at::STATE], &bytes[at::TAGS..]);
        if made != header.content_checksum() {
            return Err(FixedError::new(Field::ContentChecksum, made, header.content_checksum()));
        }
        let gap = self.geometry.pilots_at + self.geometry.shape.buckets as usize..self.geometry.slots_at;
        if let Some(at) = gap.clone().find(|&at| bytes[at] != 0) {
            return Err(FixedError::at(Field::Reserved, at as u64, 0, bytes[at].into()));
        }
        let at = self.geometry.schema_at;
        check_schema(&bytes[at..], at, |mut put| write_schema::<K::Slot, V::Slot>(&mut put))?;
        self.check_parts()
    }

    /// The slots of every part, and where it begins.
    fn check_parts(&self) -> Result<(), FixedError> {
        let index = self.raw().index();
        let (parts, slots) = (self.geometry.shape.parts, self.geometry.shape.slots);
        let mut check = Slots {
            map: self,
            entries: 0,
            texts: 0,
            home: 0,
        };
        let mut start = 0;
        if index.start(0) != 0 {
            return Err(FixedError::at(Field::Parts, 0, 0, index.start(0).into()));
        }
        for part in 1..=parts {
            let end = index.start(part as usize);
            let wrong = |expected: u32| FixedError::at(Field::Parts, part.into(), expected.into(), end.into());
            if end < start || end > slots {
                return Err(wrong(slots));
            }
            for slot in start..end {
                check.check(slot as usize)?;
            }
            let expected = if slots == 0 {
                0
            } else {
                first_slot(check.entries, part.into())
            };
            if end != expected {
                return Err(wrong(expected));
            }
            start = end;
        }
        if check.entries != self.len() as u64 {
            return Err(FixedError::new(Field::Len, check.entries, self.len() as u64));
        }
        let behind = self.room() - check.texts;
        if behind > 0 {
            return Err(FixedError::new(Field::Garbage, 0, behind as u64));
        }
        Ok(())
    }
}

/// The slots that were looked at so far: all before the next one.
struct Slots<'m, K: ?Sized, V: ?Sized, M> {
    map: &'m IndexedMap<K, V, M>,
    /// Those with an entry of their own.
    entries: u64,
    /// Bytes of the texts of all: those of the next one stand there.
    texts: usize,
    /// Where a search looks for the key of the last one.
    home: usize,
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: Memory> Slots<'_, K, V, M> {
    /// Looks at the next slot.
    fn check(&mut self, slot: usize) -> Result<(), FixedError> {
        let raw = self.map.raw();
        let place = slot as u64;
        let before = slot.checked_sub(1).and_then(|before| raw.bytes(before));
        let Some(bytes) = raw.bytes(slot) else {
            return Err(FixedError::at(Field::Parts, place, 0, 1));
        };
        let is_copy = before == Some(bytes);
        if !is_copy {
            self.home = self.check_content(slot, bytes)?;
        }
        if self.home == slot {
            self.entries += 1;
            // The slots in front of the first entry are copies of it.
            if self.entries == 1 && before.is_some() && !is_copy {
                return Err(FixedError::at(Field::Misplaced, 0, place, 0));
            }
        } else if before.is_some() && !is_copy {
            return Err(FixedError::at(Field::Misplaced, place, self.home as u64, place));
        }
        Ok(())
    }

    /// Looks at what is in a slot, which is no copy of the one before it, and says where a search looks for its key.
    ///
    /// Of each text, it is known that nothing before has a byte of it, before it is read: so all that are hashed together have no
    /// more bytes than the room, whoever made the archive.
    fn check_content(&mut self, slot: usize, bytes: &[u8]) -> Result<usize, FixedError> {
        let raw = self.map.raw();
        let wrong = |field| FixedError::at(field, slot as u64, 0, 1);
        let (key, value) = raw
            .checked_entry(slot)
            .ok_or(wrong(Field::Parts))?
            .map_err(|half| half.at(slot))?;
        let layout = IndexedMap::<K, V, M>::SLOT;
        let between = &bytes[layout.key..layout.value_at];
        let behind = &bytes[layout.value_at + layout.value..];
        if !is_zero(between) || !is_zero(behind) {
            return Err(wrong(Field::Padding));
        }
        for span in [K::span(key), V::span(value)].into_iter().flatten() {
            let end = self.texts.saturating_add(span.len());
            if span != Span::new(self.texts, span.len()) || end > raw.room().len() {
                return Err(FixedError::at(
                    Field::Text,
                    slot as u64,
                    end as u64,
                    span.range().end as u64,
                ));
            }
            self.texts = end;
        }
        if K::read(key, raw.room()).is_none() || V::read(value, raw.room()).is_none() {
            return Err(wrong(Field::Text));
        }
        Ok(raw.slot(hash_slot::<K>(key, raw.room(), &self.map.secrets).0))
    }
}
