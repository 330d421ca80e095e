//! The room for texts: which of its bytes belong to whom.

use super::super::error::{Field, FixedError};
use super::super::var::{BITS, Owned, Span, words};
use super::{Described, Entry};
use alloc::vec::Vec;

/// The texts of an entry, in memory that the next one uses again; the error is that of a refused allocation.
pub(super) fn spans(entry: &Entry<'_>, spans: &mut Vec<Span>) -> Result<(), FixedError> {
    spans.clear();
    let mut refused = false;
    for view in [entry.key, entry.value] {
        view.for_each_text(&mut |span| {
            refused |= spans.try_reserve(1).is_err();
            if !refused {
                spans.push(span);
            }
        });
    }
    if refused {
        return Err(FixedError::refused((spans.len() + 1).saturating_mul(size_of::<Span>())));
    }
    Ok(())
}

/// Every text is where it should be, and no two share a byte: before a key is hashed, as in `VarMap::verify`. Gives the bits of the bytes that
/// belong to one.
pub(super) fn check_places(archive: &Described<'_>) -> Result<Vec<u32>, FixedError> {
    let head = archive.head();
    let used = head.room_used;
    let room_at = archive.shape.geometry.room_at;
    let behind = &archive.bytes[room_at..][used..head.room];
    if let Some(i) = behind.iter().position(|&byte| byte != 0) {
        let place = (room_at + used + i) as u64;
        return Err(FixedError::at(Field::Reserved, place, 0, behind[i].into()));
    }
    let mut bits = words(used.div_ceil(BITS))?;
    let mut owned = Owned { bits: &mut bits };
    let mut texts = Vec::new();
    for entry in archive.iter() {
        let slot = entry.slot as u64;
        spans(&entry, &mut texts)?;
        for span in &texts {
            let end = span.range().end;
            if !span.is_canonical() || end > used {
                return Err(FixedError::at(Field::Text, slot, used as u64, end as u64));
            }
        }
        if !owned.take_all(&texts) {
            let start = |text: Option<&Span>| text.map_or(0, |text| text.range().start as u64);
            return Err(FixedError::at(
                Field::Overlap,
                slot,
                start(texts.first()),
                start(texts.last()),
            ));
        }
    }
    Ok(bits)
}

/// Every text is what it should be, and the room is accounted for.
pub(super) fn check(archive: &Described<'_>, mut bits: Vec<u32>) -> Result<(), FixedError> {
    let head = archive.head();
    for entry in archive.iter() {
        if !entry.key.is_valid() || !entry.value.is_valid() {
            return Err(FixedError::at(Field::Text, entry.slot as u64, 0, 1));
        }
    }
    let owned = Owned { bits: &mut bits };
    let (garbage, stated) = (head.room_used as u64 - owned.count(), head.garbage as u64);
    if garbage == stated {
        Ok(())
    } else {
        Err(FixedError::new(Field::Garbage, garbage, stated))
    }
}
