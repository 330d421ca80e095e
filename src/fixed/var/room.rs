//! What is written into the room and the slots, after it was checked to fit.

use super::super::Field;
use super::super::error::FixedError;
use super::super::layout::{Hash, at};
use super::super::memory::MemoryMut;
use super::super::raw::Place;
use super::{LONGEST, Refusal, Span, VarKey, VarMap, VarValue};
use core::sync::atomic::{Ordering, compiler_fence};

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// The text of an entry's value, which is where the slot says.
    pub(super) fn check_old(&self, slot: usize, room: &[u8]) -> Result<Span, Refusal> {
        let span = V::span(self.core.pair(slot).1).unwrap_or(Span::EMPTY);
        match span.of(room) {
            Some(_) => Ok(span),
            None => Err(Refusal::Corrupt(FixedError::at(Field::Text, slot as u64, 0, 1))),
        }
    }

    /// Whether there may be an entry more.
    pub(super) fn check_len(&self) -> Result<(), Refusal> {
        let capacity = self.capacity();
        if self.len() < capacity {
            Ok(())
        } else {
            Err(Refusal::Full { capacity })
        }
    }

    /// Whether a new entry fits.
    pub(super) fn check_new(&self, key: &K::Given<'_>, value: &V::Given<'_>) -> Result<(), Refusal> {
        self.check_len()?;
        let texts = [K::text(key).unwrap_or_default(), V::text(value).unwrap_or_default()];
        for text in texts {
            if text.len() > LONGEST {
                return Err(Refusal::TooLong { len: text.len() });
            }
        }
        self.check_room(texts[0].len() + texts[1].len())
    }

    /// Whether a text fits in place of another, or in the room.
    pub(super) fn check_fits(&self, text: Option<&[u8]>, old: Span) -> Result<(), Refusal> {
        match text.unwrap_or_default().len() {
            len if len <= old.len() => Ok(()),
            len if len > LONGEST => Err(Refusal::TooLong { len }),
            len if old.is_last(self.room_used()) => self.check_room(len - old.len()),
            len => self.check_room(len),
        }
    }

    pub(super) fn check_room(&self, needed: usize) -> Result<(), Refusal> {
        let left = self.room() - self.room_used();
        if needed <= left {
            return Ok(());
        }
        let garbage = self.garbage();
        Err(Refusal::NoRoom { needed, left, garbage })
    }

    /// Writes a new entry, which was checked to fit, into the place that was just chosen for it, and gives its slot.
    pub(super) fn put(&mut self, hash: Hash, place: Place, key: K::Given<'_>, value: V::Given<'_>) -> usize {
        let len = self.len();
        self.core.unseal();
        let (at_key, at_value) = (self.append(K::text(&key)), self.append(V::text(&value)));
        self.core
            .put_in(hash, place, K::slot(key, at_key), V::slot(value, at_value), len)
    }

    /// Writes a text behind the others, and counts its bytes as used. It was checked to fit.
    pub(super) fn append(&mut self, text: Option<&[u8]>) -> Span {
        let Some(text) = text else { return Span::EMPTY };
        let used = self.room_used();
        self.core.room_mut()[used..][..text.len()].copy_from_slice(text);
        self.core.put(at::ROOM_USED, (used + text.len()) as u64);
        Span::new(used, text.len())
    }

    /// Writes another value over that of an entry. It was checked to fit.
    pub(super) fn replace(&mut self, slot: usize, value: V::Given<'_>) -> V::Old {
        self.core.unseal();
        let old = V::span(self.core.pair(slot).1).unwrap_or(Span::EMPTY);
        let used = self.room_used();
        let span = match V::text(&value) {
            Some(text) if text.len() <= old.len() || old.is_last(used) => {
                let span = Span::new(old.range().start, text.len());
                // (It was checked to be in the room.)
                if let Some(bytes) = self.core.room_mut().get_mut(span.range()) {
                    bytes.copy_from_slice(text);
                }
                if text.len() > old.len() {
                    self.core.put(at::ROOM_USED, span.range().end as u64);
                } else {
                    self.count_garbage(old.len() - text.len());
                }
                span
            }
            text => {
                let span = self.append(text);
                self.count_garbage(old.len());
                span
            }
        };
        // Whoever is killed here leaves no number in front of its text.
        compiler_fence(Ordering::Release);
        let place = self.core.pair_mut(slot).1;
        V::old(core::mem::replace(place, V::slot(value, span)))
    }

    /// Takes an entry out.
    pub(super) fn take(&mut self, hash: Hash, slot: usize) -> V::Old {
        V::old(self.take_pair(hash, slot).1)
    }

    /// The same, and gives what was in the slot. The bytes of its texts are as they were.
    pub(super) fn take_pair(&mut self, hash: Hash, slot: usize) -> (K::Slot, V::Slot) {
        let (key, value) = self.core.vacate(hash, slot);
        let texts = [K::span(&key), V::span(&value)];
        self.count_garbage(texts.into_iter().flatten().map(Span::len).sum());
        (key, value)
    }

    /// Counts so many bytes of the used ones as garbage.
    pub(super) fn count_garbage(&mut self, bytes: usize) {
        if bytes > 0 {
            let garbage = self.garbage().saturating_add(bytes).min(self.room_used());
            self.core.put(at::GARBAGE, garbage as u64);
        }
    }
}
