//! Checks everything that `open` does not check.

use super::IndexedMap;
use super::index::first_slot;
use super::raw::Raw;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::content_checksum;
use crate::fixed::header::write_schema;
use crate::fixed::key::{FixedKey, hash_of};
use crate::fixed::layout::{SlotLayout, at};
use crate::fixed::memory::Memory;
use crate::fixed::value::{Checked, Frozen};
use crate::fixed::verify::{check_schema, is_zero};

impl<K: FixedKey + Checked, V: Checked + Frozen, M: Memory> IndexedMap<K, V, M> {
    /// Checks the whole archive: the checksum of the content; that every key and value is valid, and every key is where a
    /// search looks for it; that slots without an entry of their own are copies as they should be; the number of entries;
    /// where the parts begin; the schema; that all other bytes are zero.
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
        check_schema(&bytes[at..], at, |mut put| write_schema::<K, V>(&mut put))?;
        self.check_parts()
    }

    /// The slots of every part, and where it begins.
    fn check_parts(&self) -> Result<(), FixedError> {
        let index = self.raw().index();
        let (parts, slots) = (self.geometry.shape.parts, self.geometry.shape.slots);
        let mut check = Slots { map: self, entries: 0 };
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
        Ok(())
    }
}

/// The slots that were looked at so far: all before the next one.
struct Slots<'m, K, V, M> {
    map: &'m IndexedMap<K, V, M>,
    /// Those with an entry of their own.
    entries: u64,
}

impl<K: FixedKey + Checked, V: Checked + Frozen, M: Memory> Slots<'_, K, V, M> {
    const SLOT: SlotLayout = SlotLayout::of::<K, V>();

    /// Looks at the next slot.
    fn check(&mut self, slot: usize) -> Result<(), FixedError> {
        let raw: Raw<'_, K, V> = self.map.raw();
        let place = slot as u64;
        let wrong = |field| FixedError::at(field, place, 0, 1);
        let (Some(bytes), Some(entry)) = (raw.bytes(slot), raw.checked_entry(slot)) else {
            return Err(wrong(Field::Parts));
        };
        let (key, _) = entry.map_err(|half| half.at(slot))?;
        let between = &bytes[Self::SLOT.key..Self::SLOT.value_at];
        let behind = &bytes[Self::SLOT.value_at + Self::SLOT.value..];
        if !is_zero(between) || !is_zero(behind) {
            return Err(wrong(Field::Padding));
        }
        let home = raw.slot(hash_of(key, &self.map.secrets).0);
        let before = slot.checked_sub(1).and_then(|before| raw.bytes(before));
        if home == slot {
            self.entries += 1;
            // The slots in front of the first entry are copies of it.
            if self.entries == 1 && before.is_some_and(|before| before != bytes) {
                return Err(FixedError::at(Field::Misplaced, 0, place, 0));
            }
        } else if before.is_some_and(|before| before != bytes) {
            return Err(FixedError::at(Field::Misplaced, place, home as u64, place));
        }
        Ok(())
    }
}
