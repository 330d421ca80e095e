//! Repairs an archive of types that this program does not know.

use super::super::error::{Field, FixedError};
use super::super::layout::{KIND_INDEXED, KIND_TABLE, LANES, at};
use super::super::recover::Recovered;
use super::super::repair::is_zero;
use super::super::table::Table;
use super::super::var::{BITS, Owned, class_of, classes, words};
use super::write::Writer;
use super::{Shape, room};
use alloc::vec::Vec;

/// Repairs an archive whose header and schema are good and whose content may be damaged, as [`FixedMap::recover`](crate::fixed::FixedMap::recover)
/// does: keeps the entries that are valid by the schema, and makes length, counters and state anew. The archive is open afterwards.
///
/// Of entries whose texts share bytes, one of those with the shortest texts is kept.
///
/// Allocates: heap, for the schema, two bytes for each slot, and a bit for each byte of a room. Time: O(bytes).
///
/// # Errors
///
/// [`FixedError`] if header or schema are damaged, or it is an indexed archive ([`Field::Kind`]) or one of paths ([`Field::Tree`]), which cannot be
/// repaired; or the heap refuses memory. Then nothing has changed. An indexed archive is made anew of its entries.
///
/// ```
/// use arenamap::fixed::described::{Described, recover};
/// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
///
/// let mut map = FixedMap::<u64_le, bool, _>::create(AlignedBytes::zeroed(4096), 10)?;
/// map.insert(7.into(), true).unwrap();
/// let mut bytes = map.into_memory();
/// bytes[128] = 9; // the number of entries
/// assert_eq!(recover(&mut bytes)?.kept, 1);
/// Described::open(&bytes)?.verify()?;
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
pub fn recover(bytes: &mut [u8]) -> Result<Recovered, FixedError> {
    let shape = Shape::read(bytes)?;
    if shape.index.is_some() {
        // It is made of all entries at once, and never written to.
        return Err(FixedError::new(Field::Kind, KIND_TABLE.into(), KIND_INDEXED.into()).of_index());
    }
    if shape.key.is_path_key() {
        return Err(FixedError::new(Field::Tree, 0, 1));
    }
    let geometry = shape.geometry;
    let slot_layout = shape.slot;
    let mut writer = Writer { shape, bytes };
    let slots = geometry.slots();

    // First everything that may fail, and nothing is written.
    let mut bits = words(geometry.room.div_ceil(BITS))?;
    let mut owned = Owned { bits: &mut bits };
    let mut texts = Vec::new();
    let mut keep = Vec::new();
    keep.try_reserve_exact(slots).map_err(|_| FixedError::refused(slots))?;
    keep.resize(slots, false);
    let mut found = Vec::new();
    found.try_reserve_exact(slots).map_err(|_| FixedError::refused(slots))?;
    for slot in 0..slots {
        room::spans(&writer.entry(slot), &mut texts)?;
        found.push(class_of(&texts));
    }
    for class in classes(found.iter().fold(0, |all, class| all | 1 << class)) {
        for slot in (0..slots).filter(|&slot| found[slot] == class) {
            let entry = writer.entry(slot);
            let tag = writer.tag(slot);
            room::spans(&entry, &mut texts)?;
            keep[slot] = tag != 0
                && !writer.is_in_hole(slot)
                && owned.keep(&texts, geometry.room, || {
                    entry.key.is_valid()
                        && entry.value.is_valid()
                        && entry.key.hash(&writer.shape.secrets).mark(geometry.groups).tag() == tag
                });
        }
    }

    let checksum_failed = writer.shape.header.fails_checksum(&writer.bytes[..geometry.bytes]);
    let claimed = usize::try_from(writer.number(at::LEN)).unwrap_or(usize::MAX);
    writer.unseal();
    let gap = Shape::group_at(geometry.groups);
    writer.bytes[gap..geometry.slots_at].fill(0);
    let (mut lost, mut unfinished, mut kept) = (0, 0, 0);
    for (slot, &keep) in keep.iter().enumerate() {
        let tag = writer.tag(slot);
        if keep {
            kept += 1;
            let bytes = writer.slot_mut(slot);
            bytes[slot_layout.key..slot_layout.value_at].fill(0);
            bytes[slot_layout.value_at + slot_layout.value..].fill(0);
            continue;
        }
        lost += usize::from(tag != 0);
        unfinished += usize::from(tag == 0 && writer.slot_mut(slot).iter().any(|&byte| byte != 0));
        writer.wipe(slot);
    }
    writer.recount();
    for (slot, keep) in keep.iter_mut().enumerate() {
        if *keep && writer.slot_of_key(&writer.entry(slot).key) != Some(slot) {
            writer.vacate(slot);
            *keep = false;
            (lost, kept) = (lost + 1, kept - 1);
        }
    }
    let capacity = usize::try_from(geometry.capacity).unwrap_or(usize::MAX);
    for slot in (0..slots).rev() {
        if kept > capacity && keep[slot] {
            writer.vacate(slot);
            keep[slot] = false;
            (lost, kept) = (lost + 1, kept - 1);
        }
    }
    let (mut used, mut live) = (0, 0);
    for slot in (0..slots).filter(|&slot| keep[slot]) {
        for view in [writer.entry(slot).key, writer.entry(slot).value] {
            view.for_each_text(&mut |span| {
                used = span.range().end.max(used);
                live += span.len();
            });
        }
    }
    writer.bytes[geometry.room_at + used..geometry.schema_at].fill(0);
    writer.put(at::ROOM_USED, used as u64);
    writer.put(at::GARBAGE, (used - live) as u64);
    writer.put(at::LEN, kept as u64);
    Ok(Recovered {
        kept,
        lost,
        unfinished,
        claimed,
        checksum_failed,
    })
}

impl Writer<&mut [u8]> {
    /// Whether a slot is of zeros, and another full one of its group, too.
    fn is_in_hole(&self, slot: usize) -> bool {
        let is_zero = |slot: usize| {
            let from = self.shape.slot_at(slot);
            is_zero(&self.bytes[from..][..self.shape.slot.size])
        };
        let group = slot / LANES * LANES;
        let others = || (group..group + LANES).filter(|&slot| self.tag(slot) != 0 && is_zero(slot));
        is_zero(slot) && others().count() > 1
    }
}
