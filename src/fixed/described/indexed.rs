//! Archives of kind 1: each key has one slot where it can be.

use super::room::spans;
use super::{Described, Entry};
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::content_checksum;
use crate::fixed::indexed::index::{Index, first_slot};
use crate::fixed::indexed::layout::{IndexGeometry, START_BYTES};
use crate::fixed::layout::{Hash, at};
use crate::fixed::var::Span;
use crate::fixed::verify::is_zero;
use alloc::vec::Vec;

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
        let (mut start, mut seen) = (0, Seen::default());
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
                self.check_indexed_slot(index, slot as usize, &mut seen)?;
            }
            let expected = if slots == 0 {
                0
            } else {
                first_slot(seen.entries, part.into())
            };
            if end != expected {
                return Err(wrong(expected));
            }
            start = end;
        }
        if seen.entries != self.shape.header.len() {
            return Err(FixedError::new(Field::Len, seen.entries, self.shape.header.len()));
        }
        match index.room - seen.texts {
            0 => Ok(()),
            behind => Err(FixedError::new(Field::Garbage, 0, behind as u64)),
        }
    }

    /// Looks at a slot, of which all before were looked at.
    fn check_indexed_slot(&self, index: &IndexGeometry, slot: usize, seen: &mut Seen) -> Result<(), FixedError> {
        let place = slot as u64;
        let bytes_of = |slot| &self.bytes[self.shape.slot_at(slot)..][..self.shape.slot.size];
        let before = slot.checked_sub(1).map(bytes_of);
        let is_copy = before == Some(bytes_of(slot));
        if !is_copy {
            let entry = self.entry(slot);
            self.check_content(&entry, bytes_of(slot), seen)?;
            seen.home = self.index(index).slot(entry.key.hash(&self.shape.secrets).0);
        }
        if seen.home == slot {
            seen.entries += 1;
            // The slots in front of the first entry are copies of it.
            if seen.entries == 1 && before.is_some() && !is_copy {
                return Err(FixedError::at(Field::Misplaced, 0, place, 0));
            }
        } else if before.is_some() && !is_copy {
            return Err(FixedError::at(Field::Misplaced, place, seen.home as u64, place));
        }
        Ok(())
    }

    /// Looks at what is in a slot, which is no copy of the one before it: its texts first, so that all that are read together have no more
    /// bytes than the room.
    fn check_content(&self, entry: &Entry<'_>, bytes: &[u8], seen: &mut Seen) -> Result<(), FixedError> {
        let layout = self.shape.slot;
        let wrong = |field| Err(FixedError::at(field, entry.slot as u64, 0, 1));
        if !entry.key.is_valid_in_slot() {
            return wrong(Field::Key);
        }
        if !entry.value.is_valid_in_slot() {
            return wrong(Field::Value);
        }
        if !is_zero(&bytes[layout.key..layout.value_at]) || !is_zero(&bytes[layout.value_at + layout.value..]) {
            return wrong(Field::Padding);
        }
        spans(entry, &mut seen.spans)?;
        for &span in &seen.spans {
            let end = seen.texts.saturating_add(span.len());
            if span != Span::new(seen.texts, span.len()) || end > self.shape.geometry.room {
                return Err(FixedError::at(
                    Field::Text,
                    entry.slot as u64,
                    end as u64,
                    span.range().end as u64,
                ));
            }
            seen.texts = end;
        }
        if !entry.key.is_valid() || !entry.value.is_valid() {
            return wrong(Field::Text);
        }
        Ok(())
    }
}

/// What is known of the slots that were looked at so far.
#[derive(Default)]
struct Seen {
    /// Those with an entry of their own.
    entries: u64,
    /// Bytes of the texts of all: those of the next one stand there.
    texts: usize,
    /// Where a search looks for the key of the last one.
    home: usize,
    /// Texts of the last one; memory that the next one uses again.
    spans: Vec<Span>,
}
