//! Writing to an archive by its description: entries in and out, counters, the seal. Safe code over bytes; the order of the
//! writes does not matter here, because nobody has the bytes meanwhile.
#![allow(clippy::cast_possible_truncation, reason = "groups are counted in 32 bits")]

use super::super::error::{Field, FixedError};
use super::super::group::{Counters, Group};
use super::super::header::content_checksum;
use super::super::layout::{GROUP_BYTES, Hash, LANES, OPEN, SEALED, at};
use super::super::table::Table;
use super::super::var::Span;
use super::types::{Shape as TypeShape, Type};
use super::view::View;
use super::{Entry, Shape};
use alloc::vec::Vec;
use core::ops::{ControlFlow, DerefMut};

/// An archive that is written to: its shape was read from these bytes, or they were made for it.
#[derive(Debug)]
pub(super) struct Writer<B> {
    pub(super) shape: Shape,
    pub(super) bytes: B,
}

/// What a search for the place of a key came to.
pub(super) enum Place {
    Found(usize),
    Free { slot: usize, passed: usize },
}

impl<B: DerefMut<Target = [u8]>> Table for Writer<B> {
    fn groups(&self) -> u32 {
        self.shape.geometry.groups
    }

    fn group(&self, group: u32) -> [u8; GROUP_BYTES] {
        Shape::group(&self.bytes, group)
    }
}

impl Writer<Vec<u8>> {
    /// An empty archive of this shape.
    pub(super) fn create(shape: Shape) -> Result<Self, FixedError> {
        let needed = shape.geometry.bytes;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(needed)
            .map_err(|_| FixedError::refused(needed))?;
        bytes.extend_from_slice(&shape.header.0);
        bytes.resize(shape.geometry.schema_at, 0);
        shape.write_schema(&mut |piece| bytes.extend_from_slice(piece));
        Ok(Self { shape, bytes })
    }
}

impl<B: DerefMut<Target = [u8]>> Writer<B> {
    pub(super) fn number(&self, at: usize) -> u64 {
        let mut number = [0; size_of::<u64>()];
        number.copy_from_slice(&self.bytes[at..][..size_of::<u64>()]);
        u64::from_le_bytes(number)
    }

    pub(super) fn put(&mut self, at: usize, number: u64) {
        self.bytes[at..][..size_of::<u64>()].copy_from_slice(&number.to_le_bytes());
    }

    pub(super) fn add(&mut self, at: usize, number: u64) {
        self.put(at, self.number(at) + number);
    }

    /// The bytes of a slot, to be changed.
    pub(super) fn slot_mut(&mut self, slot: usize) -> &mut [u8] {
        let from = self.shape.slot_at(slot);
        &mut self.bytes[from..][..self.shape.slot.size]
    }

    /// What is in a slot.
    pub(super) fn entry(&self, slot: usize) -> Entry<'_> {
        self.shape.entry(&self.bytes, slot)
    }

    /// The hash of the key in a slot.
    pub(super) fn hash(&self, slot: usize) -> Hash {
        self.entry(slot).key.hash(&self.shape.secrets)
    }

    /// The first slot that a search for this key comes to.
    pub(super) fn slot_of_key(&self, key: &View<'_>) -> Option<usize> {
        let hash = key.hash(&self.shape.secrets);
        self.slot_of(hash, |slot| self.entry(slot).key.same_parts(key))
    }

    /// The slot of a key, or where it goes; an error if it is not there and no slot is free.
    pub(super) fn place_of(&self, hash: Hash, key: &View<'_>) -> Result<Place, FixedError> {
        let (mut searching, mut free) = (true, None);
        for (passed, group) in hash.way(self.groups()).enumerate() {
            if searching {
                let mut is_key = |slot| self.entry(slot).key.same_parts(key);
                match self.slot_in(hash, group, &mut is_key) {
                    ControlFlow::Break(Some(slot)) => return Ok(Place::Found(slot)),
                    ControlFlow::Break(None) => searching = false,
                    ControlFlow::Continue(()) => {}
                }
            }
            if free.is_none() {
                let lane = Group::load(&self.group(group)).free().first();
                free = lane.map(|lane| Place::Free {
                    slot: group as usize * LANES + lane,
                    passed,
                });
            }
            if !searching && free.is_some() {
                break;
            }
        }
        let home = u64::from(hash.home(self.groups()));
        free.ok_or(FixedError::at(Field::Search, home, 0, self.groups().into()))
    }

    pub(super) fn set_tag(&mut self, slot: usize, tag: u8) {
        self.bytes[Shape::group_at((slot / LANES) as u32) + slot % LANES] = tag;
    }

    pub(super) fn set_counters(&mut self, group: u32, counters: Counters) {
        self.bytes[Shape::group_at(group) + LANES..][..GROUP_BYTES - LANES].copy_from_slice(&counters.0.to_le_bytes());
    }

    /// Counts an entry in the groups that it has passed.
    pub(super) fn count_passage(&mut self, hash: Hash, passed: impl Iterator<Item = u32>) {
        for group in passed {
            if let Some(counters) = self.counters(group).up(hash.mark(self.groups())) {
                self.set_counters(group, counters);
            }
        }
    }

    /// Writes a new key into the free slot that was found for it, and says where its value goes.
    pub(super) fn occupy(&mut self, hash: Hash, slot: usize, passed: usize, key: &View<'_>) -> usize {
        let (at, value_at) = (self.shape.slot_at(slot), self.shape.slot.value_at);
        let groups = self.groups();
        self.count_passage(hash, hash.way(groups).take(passed));
        self.write(at, key.of, key);
        self.set_tag(slot, hash.mark(groups).tag());
        self.add(at::LEN, 1);
        at + value_at
    }

    /// Counts all passages anew.
    pub(super) fn recount(&mut self) {
        for group in 0..self.groups() {
            self.set_counters(group, Counters::default());
        }
        for slot in 0..self.shape.geometry.slots() {
            if self.tag(slot) != 0 {
                let hash = self.hash(slot);
                self.count_passage(hash, hash.way_to(slot, self.groups()));
            }
        }
    }

    /// Zeroes a slot and its tag, whatever it holds.
    pub(super) fn wipe(&mut self, slot: usize) {
        self.set_tag(slot, 0);
        self.slot_mut(slot).fill(0);
    }

    /// Takes an entry out.
    pub(super) fn vacate(&mut self, slot: usize) {
        let hash = self.hash(slot);
        self.wipe(slot);
        for group in hash.way_to(slot, self.groups()) {
            if let Some(counters) = self.counters(group).down(hash.mark(self.groups())) {
                self.set_counters(group, counters);
            }
        }
    }

    /// Says that the archive is not sealed.
    pub(super) fn unseal(&mut self) {
        self.put(at::STATE, OPEN);
        self.put(at::CONTENT_CHECKSUM, 0);
    }

    /// Says in the bytes what they sum up to, with no counter stuck that need not be.
    pub(super) fn seal(&mut self) {
        if self.number(at::STATE) == SEALED {
            return;
        }
        if (0..self.groups()).any(|group| self.counters(group).has_stuck()) {
            self.recount();
        }
        let end = self.shape.geometry.bytes;
        let checksum = content_checksum(&self.bytes[..at::STATE], &self.bytes[at::TAGS..end]);
        self.put(at::CONTENT_CHECKSUM, checksum);
        self.put(at::STATE, SEALED);
    }

    /// Writes a key or value over the bytes at this offset, which are zero, or a value of the same type. Its texts go into the room,
    /// over those that they replace if they are not longer, or can grow because these are the last.
    pub(super) fn write(&mut self, at: usize, of: &Type, view: &View<'_>) {
        if !of.in_room {
            self.bytes[at..][..of.size].copy_from_slice(view.bytes);
            return;
        }
        match &of.shape {
            TypeShape::Leaf(_) => self.write_text(at, view.text().unwrap_or_default()),
            TypeShape::Array { item, .. } => {
                for (i, view) in view.items().enumerate() {
                    self.write(at + i * item.size, item, &view);
                }
            }
            TypeShape::Struct(members) => {
                for (member, (_, view)) in members.iter().zip(view.fields()) {
                    self.write(at + member.offset, &member.of, &view);
                }
            }
        }
    }

    fn write_text(&mut self, at: usize, text: &[u8]) {
        let old = Span(self.number(at));
        let used = self.number(at::ROOM_USED);
        let offset = if text.len() <= old.len() {
            self.add(at::GARBAGE, (old.len() - text.len()) as u64);
            old.range().start
        } else if old.is_last(used as usize) {
            self.add(at::ROOM_USED, (text.len() - old.len()) as u64);
            old.range().start
        } else {
            self.add(at::GARBAGE, old.len() as u64);
            self.put(at::ROOM_USED, used + text.len() as u64);
            used as usize
        };
        let span = Span::new(offset, text.len());
        let room_at = self.shape.geometry.room_at;
        self.bytes[room_at..][span.range()].copy_from_slice(text);
        self.put(at, span.0);
    }

    /// Bytes of the room that `write` takes for a view in place of what is there, if so many are used.
    pub(super) fn room_for(view: &View<'_>, old: Option<View<'_>>, used: usize) -> usize {
        let (mut needed, mut there) = (0, Vec::new());
        if let Some(old) = old {
            old.for_each_text(&mut |span| there.push(span));
        }
        let mut there = there.into_iter();
        view.for_each_text(&mut |span| {
            let old = there.next().unwrap_or(Span::EMPTY);
            if span.len() > old.len() {
                let grows = old.is_last(used + needed);
                needed += span.len() - if grows { old.len() } else { 0 };
            }
        });
        needed
    }
}
