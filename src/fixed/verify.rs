//! Checks everything that `open` does not check.
//!
//! Checked, in this order: the checksum of a sealed archive; per group and slot: free slots are zero, padding is zero,
//! full slots hold valid keys and values, tags are those of their keys; the number of entries; the counters, against the
//! passages of all entries; each key is reached by a search, and no search meets it twice.
//!
//! How slots are reached, and what is valid in them, is for the [`Slots`] to know: `typed.rs` has those of a `FixedMap`,
//! `described` those of an archive whose types only its schema tells.
#![allow(clippy::cast_possible_truncation, reason = "groups are counted in 32 bits")]

use super::error::{Field, FixedError};
use super::group::{Counters, Group};
use super::header::content_checksum;
use super::layout::{Geometry, Hash, LANES, SlotLayout, at};
use super::table::Table;
use core::ops::ControlFlow;

/// The slots of an archive, for checking: whatever their bytes are, no call does more than give an answer.
pub(super) trait Slots: Table {
    /// Sizes and offsets inside each.
    fn layout(&self) -> SlotLayout;

    /// All bytes of one.
    fn slot_bytes(&self, slot: usize) -> &[u8];

    /// The hash of the key in a full slot; `None` if its bytes are no valid key.
    fn hash(&self, slot: usize) -> Option<Hash>;

    /// Whether the bytes of the value are valid.
    fn is_value(&self, slot: usize) -> bool;

    /// Whether two slots have the same key; false if one of them is not valid.
    fn same(&self, slot: usize, other: usize) -> bool;

    /// Gives the bytes of the schema, piece by piece.
    fn write_schema(&self, put: &mut dyn FnMut(&[u8]));
}

/// Words of scratch memory that `verify_in` takes for so many groups: their counters, made anew.
pub(super) const fn scratch_words(groups: u32) -> usize {
    groups as usize
}

/// What one verification looks at.
pub(super) struct Verifier<'m, S> {
    pub(super) slots: S,
    pub(super) geometry: &'m Geometry,
    pub(super) len: u64,
    /// The checksum that the header states, if it says that it is sealed.
    pub(super) sealed: Option<u64>,
    pub(super) bytes: &'m [u8],
}

impl<S: Slots> Verifier<'_, S> {
    pub(super) fn run(&self, scratch: &mut [u32]) -> Result<(), FixedError> {
        let needed = scratch_words(self.geometry.groups);
        let found = scratch.len() as u64;
        let Some(scratch) = scratch.get_mut(..needed) else {
            return Err(FixedError::new(Field::Scratch, needed as u64, found));
        };
        self.check_around()?;
        self.check_table(scratch)
    }

    /// The checksum, and what is neither entry nor text.
    pub(super) fn check_around(&self) -> Result<(), FixedError> {
        if let Some(stated) = self.sealed {
            let made = content_checksum(&self.bytes[..at::STATE], &self.bytes[at::TAGS..]);
            if made != stated {
                return Err(FixedError::new(Field::ContentChecksum, made, stated));
            }
        }
        self.check_gap()?;
        self.check_schema()
    }

    /// The slots and their tags, in scratch memory of a word for each group.
    pub(super) fn check_table(&self, scratch: &mut [u32]) -> Result<(), FixedError> {
        let groups = self.geometry.groups;
        scratch.fill(0);
        let (mut full, mut reached) = (0, true);
        for group in 0..groups {
            full += self.check_slots(group, scratch, &mut reached)?;
        }
        if full != self.len {
            return Err(FixedError::new(Field::Len, full, self.len));
        }
        for (group, &made) in scratch.iter().enumerate() {
            let (stated, made) = (self.slots.counters(group as u32), Counters(made));
            if !self.agree(stated, made) {
                return Err(FixedError::at(
                    Field::Counters,
                    group as u64,
                    made.0.into(),
                    stated.0.into(),
                ));
            }
        }
        // Who stands behind its home has passed the group before its own: there, a counter is not zero.
        let mut passed = scratch.last().copied().unwrap_or_default();
        for group in 0..groups {
            if passed != 0 || !reached {
                self.check_searches(group)?;
            }
            passed = scratch[group as usize];
        }
        Ok(())
    }

    /// The bytes between the last group and the first slot.
    fn check_gap(&self) -> Result<(), FixedError> {
        let from = at::TAGS + self.geometry.groups as usize * super::layout::GROUP_BYTES;
        match self.bytes[from..self.geometry.slots_at]
            .iter()
            .position(|&byte| byte != 0)
        {
            Some(i) => Err(FixedError::at(
                Field::Reserved,
                (from + i) as u64,
                0,
                self.bytes[from + i].into(),
            )),
            None => Ok(()),
        }
    }

    /// The schema behind everything else, of which `open` has looked at the hashes.
    fn check_schema(&self) -> Result<(), FixedError> {
        let at = self.geometry.schema_at;
        check_schema(&self.bytes[at..], at, |put| self.slots.write_schema(put))
    }

    /// Checks the twelve slots of a group by themselves, adds their passages to `scratch`, and counts the full ones.
    ///
    /// `reached` becomes false if a search for a key whose home this is does not find its own slot first; which key it is,
    /// and what is wrong with it, is for `check_searches` to tell, after everything that comes before it.
    fn check_slots(&self, group: u32, scratch: &mut [u32], reached: &mut bool) -> Result<u64, FixedError> {
        let bytes = self.slots.group(group);
        let layout = self.slots.layout();
        for (lane, &tag) in bytes[..LANES].iter().enumerate() {
            let slot = group as usize * LANES + lane;
            let place = slot as u64;
            if tag == 0 {
                if !is_zero(self.slots.slot_bytes(slot)) {
                    return Err(FixedError::at(Field::Padding, place, 0, 1));
                }
                continue;
            }
            if layout.padding() > 0 {
                let slot_bytes = self.slots.slot_bytes(slot);
                let between = &slot_bytes[layout.key..layout.value_at];
                let behind = &slot_bytes[layout.value_at + layout.value..];
                if !is_zero(between) || !is_zero(behind) {
                    return Err(FixedError::at(Field::Padding, place, 0, 1));
                }
            }
            let hash = self.checked_hash(slot)?;
            if !self.slots.is_value(slot) {
                return Err(FixedError::at(Field::Value, place, 0, 1));
            }
            let made = hash.mark(self.geometry.groups).tag();
            if made != tag {
                return Err(FixedError::at(Field::Tag, place, made.into(), tag.into()));
            }
            if hash.home(self.geometry.groups) == group {
                // Lanes are asked about in their order, and this one ends the search, whatever `same` says.
                let mut is_same = |other| other == slot || self.slots.same(slot, other);
                let found = self.slots.slot_in(hash, group, &mut is_same);
                *reached &= found == ControlFlow::Break(Some(slot));
            } else {
                self.count_passages(hash, slot, scratch);
            }
        }
        Ok(Group::load(&bytes).full().count() as u64)
    }

    /// The hash of the key in a full slot, once its bytes are known to be a key.
    fn checked_hash(&self, slot: usize) -> Result<Hash, FixedError> {
        let hash = self.slots.hash(slot);
        hash.ok_or(FixedError::at(Field::Key, slot as u64, 0, 1))
    }

    #[cold]
    fn count_passages(&self, hash: Hash, slot: usize, scratch: &mut [u32]) {
        for group in hash.way_to(slot, self.geometry.groups) {
            let made = &mut scratch[group as usize];
            if let Some(up) = Counters(*made).up(hash.mark(self.geometry.groups)) {
                *made = up.0;
            }
        }
    }

    /// Whether a group's counters are those that its passages make. In an open archive a counter may be stuck from earlier;
    /// sealing frees it.
    fn agree(&self, stated: Counters, made: Counters) -> bool {
        stated == made || self.sealed.is_none() && stated.agree_but_for_stuck(made)
    }

    /// Every key of a group is reached from its home, and no equal key stands elsewhere on its way.
    ///
    /// All keys and values were checked by now.
    fn check_searches(&self, group: u32) -> Result<(), FixedError> {
        for lane in Group::load(&self.slots.group(group)).full() {
            let slot = group as usize * LANES + lane;
            let hash = self.checked_hash(slot)?;
            // The first slot with this key on its way is this one, for every slot: so no key stands twice, and all are reached.
            let found = self
                .slots
                .slot_of(hash, |other| other == slot || self.slots.same(slot, other));
            match found {
                Some(first) if first == slot => {}
                Some(first) => {
                    return Err(FixedError::at(Field::Duplicate, slot as u64, first as u64, slot as u64));
                }
                None => {
                    let groups = self.geometry.groups;
                    let searched = self.slots.groups_per_miss(hash);
                    return Err(FixedError::at(
                        Field::Unreachable,
                        slot as u64,
                        groups.into(),
                        searched.into(),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Checks the schema at the end of an archive, of which `open` has looked at the hashes; it begins at this offset.
pub(super) fn check_schema(
    bytes: &[u8],
    from: usize,
    write: impl FnOnce(&mut dyn FnMut(&[u8])),
) -> Result<(), FixedError> {
    let (mut next, mut wrong) = (0, None);
    write(&mut |piece| {
        for &byte in piece {
            if bytes[next] != byte && wrong.is_none() {
                let place = (from + next) as u64;
                wrong = Some(FixedError::at(Field::Schema, place, byte.into(), bytes[next].into()));
            }
            next += 1;
        }
    });
    wrong.map_or(Ok(()), Err)
}

/// Whether all bytes are zero, looked at in pieces that fit a register.
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().fold(0, |all, &word| all | u64::from_ne_bytes(word)) == 0 && rest.iter().all(|&byte| byte == 0)
}
