//! Checks everything that `open` does not check.
//!
//! Checked, in this order: the checksum of a sealed archive; per group and slot: free slots are zero, padding is zero,
//! full slots hold valid keys and values, tags are those of their keys; the number of entries; the counters, against the
//! passages of all entries; each key is reached by a search, and no search meets it twice.
//!
//! Invariant: the memory is read only, through a `Raw` under C1 of `core.rs`. Keys and values become references after
//! their bytes were checked, not before.
#![allow(unsafe_code, reason = "makes references of bytes that it has checked")]
#![allow(clippy::cast_possible_truncation, reason = "groups are counted in 32 bits")]

use super::error::{Field, FixedError};
use super::group::{Counters, Group};
use super::header::{content_checksum, write_schema};
use super::key::{FixedKey, KeySecrets, hash_of};
use super::layout::{Geometry, Hash, LANES, SlotLayout, at};
use super::raw::{Hit, Raw};
use super::value::Checked;
use core::ops::ControlFlow;
use core::ptr::NonNull;

/// Words of scratch memory that `verify_in` takes for so many groups: their counters, made anew.
pub(super) const fn scratch_words(groups: u32) -> usize {
    groups as usize
}

/// How the keys in the slots are hashed and compared.
pub(super) trait Keys<K> {
    fn hash(&self, key: &K) -> Hash;
    fn same(&self, one: &K, other: &K) -> bool;
}

/// Keys that stand in their slots.
impl<K: FixedKey> Keys<K> for KeySecrets {
    #[inline]
    fn hash(&self, key: &K) -> Hash {
        hash_of(key, self)
    }

    #[inline]
    fn same(&self, one: &K, other: &K) -> bool {
        one.same(other)
    }
}

/// What one verification looks at.
pub(super) struct Verifier<'m, K, V, H> {
    pub(super) raw: Raw<K, V>,
    pub(super) geometry: &'m Geometry,
    pub(super) keys: H,
    pub(super) len: u64,
    /// The checksum that the header states, if it says that it is sealed.
    pub(super) sealed: Option<u64>,
    pub(super) bytes: &'m [u8],
}

impl<K: Checked, V: Checked, H: Keys<K>> Verifier<'_, K, V, H> {
    const SLOT: SlotLayout = SlotLayout::of::<K, V>();

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
            let (stated, made) = (self.raw.counters(group as u32), Counters(made));
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
        let (mut at, mut wrong) = (self.geometry.schema_at, None);
        write_schema::<K, V>(&mut |piece| {
            for &byte in piece {
                if self.bytes[at] != byte && wrong.is_none() {
                    wrong = Some(FixedError::at(
                        Field::Schema,
                        at as u64,
                        byte.into(),
                        self.bytes[at].into(),
                    ));
                }
                at += 1;
            }
        });
        wrong.map_or(Ok(()), Err)
    }

    /// Checks the twelve slots of a group by themselves, adds their passages to `scratch`, and counts the full ones.
    ///
    /// `reached` becomes false if a search for a key whose home this is does not find its own slot first; which key it is,
    /// and what is wrong with it, is for `check_searches` to tell, after everything that comes before it.
    fn check_slots(&self, group: u32, scratch: &mut [u32], reached: &mut bool) -> Result<u64, FixedError> {
        let bytes = self.raw.group(group);
        for (lane, &tag) in bytes[..LANES].iter().enumerate() {
            let slot = group as usize * LANES + lane;
            let place = slot as u64;
            if tag == 0 {
                if !is_zero(self.raw.slot_bytes(slot)) {
                    return Err(FixedError::at(Field::Padding, place, 0, 1));
                }
                continue;
            }
            if Self::SLOT.padding() > 0 {
                let slot_bytes = self.raw.slot_bytes(slot);
                let between = &slot_bytes[Self::SLOT.key..Self::SLOT.value_at];
                let behind = &slot_bytes[Self::SLOT.value_at + Self::SLOT.value..];
                if !is_zero(between) || !is_zero(behind) {
                    return Err(FixedError::at(Field::Padding, place, 0, 1));
                }
            }
            let hash = self.checked_key(slot)?;
            // SAFETY: R1: aligned and readable; nobody writes meanwhile.
            if !unsafe { V::is_valid(self.raw.value_ptr(slot).as_ptr()) } {
                return Err(FixedError::at(Field::Value, place, 0, 1));
            }
            let made = hash.mark(self.geometry.groups).tag();
            if made != tag {
                return Err(FixedError::at(Field::Tag, place, made.into(), tag.into()));
            }
            if hash.home(self.geometry.groups) == group {
                let own = self.raw.key_ptr(slot);
                // SAFETY: R1, R2: lanes are asked about in their order, and this one ends the search, whatever `same` says: none
                // that was not checked above, or in an earlier turn of this loop.
                let is_same =
                    |other: NonNull<K>| other == own || unsafe { self.keys.same(other.as_ref(), own.as_ref()) };
                let found = self.raw.find_in(hash, group, &mut { is_same });
                *reached &= found.map_break(|found| found.map(Hit::slot)) == ControlFlow::Break(Some(slot));
            } else {
                self.count_passages(hash, slot, scratch);
            }
        }
        Ok(Group::load(&bytes).full().count() as u64)
    }

    /// The hash of the key in a full slot, once its bytes are known to be a key.
    fn checked_key(&self, slot: usize) -> Result<Hash, FixedError> {
        let key = self.raw.key_ptr(slot);
        // SAFETY: R1: aligned and readable; nobody writes meanwhile.
        if !unsafe { K::is_valid(key.as_ptr()) } {
            return Err(FixedError::at(Field::Key, slot as u64, 0, 1));
        }
        // SAFETY: just checked.
        Ok(self.keys.hash(unsafe { key.as_ref() }))
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
        for lane in Group::load(&self.raw.group(group)).full() {
            let slot = group as usize * LANES + lane;
            // SAFETY: R1, R2: `check_slots` found every full slot to be valid.
            let key = unsafe { self.raw.key_ptr(slot).as_ref() };
            let hash = self.keys.hash(key);
            // The first slot with this key on its way is this one, for every slot: so no key stands twice, and all are reached.
            // SAFETY: R2, by `check_slots`.
            let found = self
                .raw
                .find(hash, |other| self.keys.same(unsafe { other.as_ref() }, key));
            match found.map(Hit::slot) {
                Some(first) if first == slot => {}
                Some(first) => {
                    return Err(FixedError::at(Field::Duplicate, slot as u64, first as u64, slot as u64));
                }
                None => {
                    let groups = self.geometry.groups;
                    let searched = self.raw.groups_per_miss(hash);
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

/// Whether all bytes are zero, looked at in pieces that fit a register.
fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().fold(0, |all, &word| all | u64::from_ne_bytes(word)) == 0 && rest.iter().all(|&byte| byte == 0)
}
