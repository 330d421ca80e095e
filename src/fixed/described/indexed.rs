//! Archives of kind 1: each key has one slot where it can be.

use super::Described;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::content_checksum;
use crate::fixed::indexed::index::{Index, first_slot};
use crate::fixed::indexed::layout::{IndexGeometry, START_BYTES};
use crate::fixed::layout::{Hash, at};
use crate::fixed::verify::is_zero;

impl Described<'_> {
    /// The only slot that a key of this hash can have, if there is such a slot.
    pub(super) fn indexed_slot(&self, index: &IndexGeometry, hash: Hash) -> Option<usize> {
        let slot = self.index(index).slot(hash.0);
        (slot < index.shape.slots as usize).then_some(slot)
    }

    fn index(&self, index: &IndexGeometry) -> Index<'_> {
        let starts = &self.bytes[at::TAGS..index.pilots_at];
        Index {
            starts: starts.as_chunks::<START_BYTES>().0,
            pilots: &self.bytes[index.pilots_at..][..index.shape.buckets as usize],
        }
    }

    /// What `IndexedMap::verify` checks; the schema was compared with its hashes when it was read.
    pub(super) fn verify_indexed(&self, index: &IndexGeometry) -> Result<(), FixedError> {
        let stated = self.shape.header.content_checksum();
        let made = content_checksum(&self.bytes[..at::STATE], &self.bytes[at::TAGS..]);
        if made != stated {
            return Err(FixedError::new(Field::ContentChecksum, made, stated));
        }
        let gap = index.pilots_at + index.shape.buckets as usize..index.slots_at;
        if let Some(at) = gap.clone().find(|&at| self.bytes[at] != 0) {
            return Err(FixedError::at(Field::Reserved, at as u64, 0, self.bytes[at].into()));
        }
        let (parts, slots) = (index.shape.parts, index.shape.slots);
        let (mut start, mut entries) = (0, 0_u64);
        let found = self.index(index).start(0);
        if found != 0 {
            return Err(FixedError::at(Field::Parts, 0, 0, found.into()));
        }
        for part in 1..=parts {
            let end = self.index(index).start(part as usize);
            let wrong = |expected: u32| FixedError::at(Field::Parts, part.into(), expected.into(), end.into());
            if end < start || end > slots {
                return Err(wrong(slots));
            }
            for slot in start..end {
                self.check_indexed_slot(index, slot as usize, &mut entries)?;
            }
            let expected = if slots == 0 {
                0
            } else {
                first_slot(entries, part.into())
            };
            if end != expected {
                return Err(wrong(expected));
            }
            start = end;
        }
        if entries == self.shape.header.len() {
            Ok(())
        } else {
            Err(FixedError::new(Field::Len, entries, self.shape.header.len()))
        }
    }

    /// Looks at a slot, of which all before were looked at, and had so many entries of their own.
    fn check_indexed_slot(&self, index: &IndexGeometry, slot: usize, entries: &mut u64) -> Result<(), FixedError> {
        let layout = self.shape.slot;
        let entry = self.entry(slot);
        let place = slot as u64;
        let wrong = |field| Err(FixedError::at(field, place, 0, 1));
        if !entry.key.is_valid() {
            return wrong(Field::Key);
        }
        if !entry.value.is_valid() {
            return wrong(Field::Value);
        }
        let bytes_of = |slot| &self.bytes[self.shape.slot_at(slot)..][..layout.size];
        let bytes = bytes_of(slot);
        if !is_zero(&bytes[layout.key..layout.value_at]) || !is_zero(&bytes[layout.value_at + layout.value..]) {
            return wrong(Field::Padding);
        }
        let home = self.index(index).slot(entry.key.hash(&self.shape.secrets).0);
        let is_copy = slot.checked_sub(1).is_none_or(|before| bytes_of(before) == bytes);
        if home == slot {
            *entries += 1;
            // The slots in front of the first entry are copies of it.
            if *entries == 1 && !is_copy {
                return Err(FixedError::at(Field::Misplaced, 0, place, 0));
            }
        } else if !is_copy {
            return Err(FixedError::at(Field::Misplaced, place, home as u64, place));
        }
        Ok(())
    }
}
