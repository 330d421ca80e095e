//! The links between nodes, at the start of the room for texts.
//!
//! ```text
//!  room  | root, values | links of node 1 | ... | links of node 12 G | texts ...
//!          8 bytes        8 bytes each: first child, next sibling and whether there is a value
//! ```
//!
//! The number of a node is that of its slot and 1; 0 is no node. Entries of an archive that is only read never move, so neither do numbers.

use crate::fixed::error::{Field, FixedError};

/// Bytes of the links of a node.
const RECORD: usize = 8;
/// Bit of the second number: there is a value.
const VALUE: u32 = 1 << 31;
/// Most slots of a tree.
pub(super) const MOST_SLOTS: usize = VALUE as usize - 2;

/// Bytes of the links of an archive with so many slots.
pub(in crate::fixed) const fn link_bytes(slots: usize) -> Result<usize, FixedError> {
    if slots > MOST_SLOTS {
        return Err(FixedError::new(Field::Slots, MOST_SLOTS as u64, slots as u64));
    }
    match (slots + 1).checked_mul(RECORD) {
        Some(bytes) => Ok(bytes),
        None => Err(FixedError::new(Field::Room, usize::MAX as u64, slots as u64)),
    }
}

/// What is written of a node. Of number 0, the first child is the root, and the next sibling the number of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::fixed) struct Link {
    pub(in crate::fixed) first: u32,
    pub(in crate::fixed) next: u32,
    pub(in crate::fixed) has_value: bool,
}

impl Link {
    /// The links of this number; none of a number that is too large.
    #[inline(always)]
    pub(in crate::fixed) fn of(room: &[u8], number: u32) -> Self {
        let at = (number as usize).checked_mul(RECORD);
        let record = at.and_then(|at| room.get(at..)?.first_chunk::<RECORD>());
        let numbers = record.and_then(|record| {
            let (first, next) = record.split_first_chunk()?;
            Some((u32::from_le_bytes(*first), u32::from_le_bytes(*next.first_chunk()?)))
        });
        let (first, next) = numbers.unwrap_or_default();
        Self {
            first,
            next: next & !VALUE,
            has_value: next & VALUE != 0,
        }
    }

    /// Writes the links of a number that is there.
    pub(in crate::fixed) fn put(self, room: &mut [u8], number: u32) {
        let next = if self.has_value { self.next | VALUE } else { self.next };
        let (first, second) = room[number as usize * RECORD..][..RECORD].split_at_mut(RECORD / 2);
        first.copy_from_slice(&self.first.to_le_bytes());
        second.copy_from_slice(&next.to_le_bytes());
    }
}

/// The number of the node in a slot, of which there are at most `MOST_SLOTS`.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "`link_bytes` was asked about the slots")]
pub(in crate::fixed) const fn number_of(slot: usize) -> u32 {
    slot as u32 + 1
}
