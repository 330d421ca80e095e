//! The layout of an indexed archive: offsets and sizes. Nothing here reads memory.

#![allow(
    clippy::cast_possible_truncation,
    reason = "an `IndexGeometry` fits the address space"
)]

use super::index::Shape;
use super::scratch;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::{has_room, schema_bytes};
use crate::fixed::layout::{MOST_ROOM, SlotLayout, at};
use crate::fixed::value::FixedValue;

/// Bytes of the number that says where a part begins.
pub(in crate::fixed) const START_BYTES: usize = 4;

/// How large the parts of one archive are. Made only by checked arithmetic, so that every offset in it is in bounds of an
/// archive of `bytes` bytes.
///
/// ```text
///   0        192                          pilots_at          slots_at   room_at   schema_at
///   | header | starts, 4 bytes a part     | pilots, 1 byte   | slots    | texts   | schema |
///   |        | and one more for the end   | a bucket; zeros  |          |         |        |
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fixed) struct IndexGeometry {
    pub(in crate::fixed) shape: Shape,
    pub(in crate::fixed) pilots_at: usize,
    pub(in crate::fixed) slots_at: usize,
    /// Behind the slots: the texts, if keys or values are some.
    pub(in crate::fixed) room_at: usize,
    /// Bytes of texts.
    pub(in crate::fixed) room: usize,
    /// Behind the texts: the schema, to the end.
    pub(in crate::fixed) schema_at: usize,
    pub(in crate::fixed) bytes: usize,
}

impl IndexGeometry {
    /// The geometry for so many entries of these types, whose texts have `room` bytes, if it fits the address space and the format.
    pub(in crate::fixed) const fn of<K: FixedValue, V: FixedValue>(
        entries: u64,
        room: u64,
    ) -> Result<Self, FixedError> {
        let room = if has_room::<K, V>() { room } else { 0 };
        Self::new(entries, &SlotLayout::of::<K, V>(), room, schema_bytes::<K, V>())
    }

    /// The same for slots of this layout, and a schema of so many bytes.
    pub(in crate::fixed) const fn new(
        entries: u64,
        slot: &SlotLayout,
        room: u64,
        schema: usize,
    ) -> Result<Self, FixedError> {
        let too_large = FixedError::new(Field::Capacity, Shape::MOST, entries);
        if entries > Shape::MOST {
            return Err(too_large);
        }
        let shape = Shape::new(entries);
        let pilots_at = at::TAGS as u128 + (shape.parts as u128 + 1) * START_BYTES as u128;
        let pilots_end = pilots_at + shape.buckets as u128;
        let slots_at = pilots_end.next_multiple_of(slot.archive_align() as u128);
        let room_at = slots_at + shape.slots as u128 * slot.size as u128;
        if room_at + schema as u128 > isize::MAX as u128 {
            return Err(too_large);
        }
        let schema_at = room_at + room as u128;
        let bytes = schema_at + schema as u128;
        if room > MOST_ROOM || bytes > isize::MAX as u128 {
            return Err(FixedError::new(Field::Room, MOST_ROOM, room));
        }
        Ok(Self {
            shape,
            pilots_at: pilots_at as usize,
            slots_at: slots_at as usize,
            room_at: room_at as usize,
            room: room as usize,
            schema_at: schema_at as usize,
            bytes: bytes as usize,
        })
    }

    /// Words of 8 bytes that such an archive is made in.
    pub(in crate::fixed) const fn scratch_words(&self) -> usize {
        scratch::words(self.shape) as usize
    }
}
