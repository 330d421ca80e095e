//! What writes to an archive: making it, and changing its entries.
//!
//! ```text
//!  prepare   magic 0 | header | no tag | room as it was | schema           finish: the magic number, last
//!  change    unseal: state and checksum first | tag, key, value | length
//! ```
//!
//! Invariants: C1 to C4 of `core.rs`. What leaves this file is borrowed from `&mut` of the core, so that a reference into a slot or
//! the room is the only one.
#![allow(unsafe_code, reason = "writes an archive by address; C1 to C4 of `core.rs`")]

use super::Core;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::{Header, geometry_of, write_schema};
use crate::fixed::layout::{Geometry, Hash, MAGIC, at};
use crate::fixed::memory::{MemoryMut, check_memory};
use crate::fixed::raw::Hit;
use crate::fixed::table::Table;
use crate::fixed::value::FixedValue;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, compiler_fence};

impl<K: FixedValue, V: FixedValue, M: MemoryMut> Core<K, V, M> {
    /// A new archive in this memory, but for the magic number: whoever looks before `finish` sees no archive. The room for texts is as it
    /// was, and the caller's to write before `finish`.
    pub(in crate::fixed) fn prepare(memory: M, capacity: usize, room: usize, seed: u64) -> Result<Self, FixedError> {
        let geometry = geometry_of::<K, V>(capacity as u64, room as u64)?;
        check_memory(&memory, geometry.bytes, Self::SLOT.archive_align())?;
        let core = Self {
            memory,
            geometry,
            sealed: false,
            types: PhantomData,
        };
        let header = Header::new::<K, V>(&geometry, seed);
        let base = core.memory.ptr();
        let first = at::MAGIC + size_of::<u64>();
        // SAFETY: C1, M2: the whole archive is ours to write.
        unsafe {
            base.cast::<u64>().write(0);
            compiler_fence(Ordering::Release);
            base.add(at::TAGS).write_bytes(0, geometry.room_at - at::TAGS);
            base.add(first)
                .copy_from_nonoverlapping(NonNull::from(&header.0[first..]).cast(), at::TAGS - first);
        }
        core.put_schema();
        Ok(core)
    }

    /// Writes the schema of the types.
    pub(in crate::fixed) fn put_schema(&self) {
        let mut at = self.geometry.schema_at;
        write_schema::<K, V>(&mut |piece| {
            // SAFETY: C1, M2: from `schema_at` to the end there are `schema_bytes` bytes, which are what is written in all.
            unsafe {
                let to = self.memory.ptr().add(at);
                to.copy_from_nonoverlapping(NonNull::from(piece).cast(), piece.len());
            }
            at += piece.len();
        });
        debug_assert_eq!(at, self.geometry.bytes);
    }

    /// Writes the magic number, after everything else.
    pub(in crate::fixed) fn finish(&mut self) {
        compiler_fence(Ordering::Release);
        // SAFETY: C1, M2: the first eight bytes, aligned to 16.
        unsafe { self.memory.ptr().add(at::MAGIC).cast::<u64>().write(MAGIC.to_le()) };
    }

    /// What every writing call begins with.
    #[inline(always)]
    pub(in crate::fixed) fn unseal(&mut self) {
        if self.sealed {
            self.unseal_writable();
        }
    }

    #[inline(always)]
    pub(in crate::fixed) fn set_len(&mut self, len: usize) {
        self.put(at::LEN, len as u64);
    }

    #[inline(always)]
    pub(in crate::fixed) fn find_mut(&mut self, hash: Hash, is_key: impl FnMut(&K) -> bool) -> Option<(&K, &mut V)> {
        let slot = self.slot_of(hash, is_key)?;
        self.unseal();
        Some(self.pair_mut(slot))
    }

    #[inline(always)]
    pub(in crate::fixed) fn pair_mut(&mut self, slot: usize) -> (&K, &mut V) {
        let raw = self.raw();
        // SAFETY: R1 for writing (M2), R2: the slot is full; `&mut self` makes the reference the only one.
        unsafe { (raw.key_ptr(slot).as_ref(), raw.value_ptr(slot).as_mut()) }
    }

    /// The entry in a full slot, and the room for texts.
    #[inline(always)]
    pub(in crate::fixed) fn pair_and_room(&mut self, slot: usize) -> (&K, &mut V, &mut [u8]) {
        let raw = self.raw();
        let Geometry { room_at, room, .. } = self.geometry;
        // SAFETY: as in `pair_mut`; C4: the room is no part of a slot, and `&mut self` makes the reference to it the only one.
        unsafe {
            let room = core::slice::from_raw_parts_mut(self.memory.ptr().as_ptr().add(room_at), room);
            (raw.key_ptr(slot).as_ref(), raw.value_ptr(slot).as_mut(), room)
        }
    }

    /// The room for texts, to write into it.
    pub(in crate::fixed) fn room_mut(&mut self) -> &mut [u8] {
        let Geometry { room_at, room, .. } = self.geometry;
        // SAFETY: C1, M2; `&mut self`.
        unsafe { core::slice::from_raw_parts_mut(self.memory.ptr().as_ptr().add(room_at), room) }
    }

    /// The value of an entry.
    ///
    /// # Safety
    ///
    /// A search found it in this map, under the same borrow.
    #[inline(always)]
    pub(in crate::fixed) unsafe fn value_at(&mut self, hit: Hit) -> &mut V {
        debug_assert!(hit.slot() < self.geometry.slots());
        // SAFETY: as in `pair_mut`; passed on by the caller.
        unsafe { hit.bytes().add(Self::SLOT.value_at).cast().as_mut() }
    }

    /// The entries of several keys at once.
    ///
    /// # Panics
    ///
    /// If two of them are the same entry.
    #[track_caller]
    pub(in crate::fixed) fn disjoint_mut<const N: usize>(
        &mut self,
        hashes: [Hash; N],
        mut is_key: impl FnMut(usize, &K) -> bool,
    ) -> [Option<&mut V>; N] {
        let slots: [_; N] = core::array::from_fn(|i| self.slot_of(hashes[i], |key| is_key(i, key)));
        for (i, slot) in slots.iter().enumerate() {
            assert!(
                slot.is_none() || !slots[..i].contains(slot),
                "two of the keys are the same"
            );
        }
        self.unseal();
        let raw = self.raw();
        // SAFETY: as in `pair_mut`; the slots differ, so the references do.
        slots.map(|slot| slot.map(|slot| unsafe { raw.value_ptr(slot).as_mut() }))
    }

    #[inline(always)]
    pub(in crate::fixed) fn remove(&mut self, hash: Hash, is_key: impl FnMut(&K) -> bool) -> Option<(K, V)> {
        let slot = self.slot_of(hash, is_key)?;
        Some(self.vacate(hash, slot))
    }

    /// The same, with what contradicts itself as an error. No counter on the way to the slot is zero: the search would have
    /// ended there.
    pub(in crate::fixed) fn remove_checked(
        &mut self,
        hash: Hash,
        is_key: impl FnMut(&K) -> bool,
    ) -> Result<Option<(K, V)>, FixedError> {
        let raw = self.raw();
        let Some(slot) = self.slot_of(hash, is_key) else {
            return raw.search_ends(hash).map(|()| None);
        };
        if self.len() == 0 {
            return Err(FixedError::new(Field::Len, 1, 0));
        }
        Ok(Some(self.vacate(hash, slot)))
    }

    #[inline(always)]
    pub(in crate::fixed) fn vacate(&mut self, hash: Hash, slot: usize) -> (K, V) {
        self.unseal();
        // SAFETY: R1 for writing (M2); the slot was just found full, under this hash.
        let pair = unsafe { self.raw().vacate(hash, slot) };
        self.set_len(self.len().saturating_sub(1));
        pair
    }

    /// Takes out the next entry from this slot on that `pred` picks, and gives the slot behind it; `hash_of` tells the
    /// hash of a key. Asks `pred` once about each entry that it passes.
    pub(in crate::fixed) fn extract_next(
        &mut self,
        from: &mut usize,
        hash_of: impl Fn(&K) -> Hash,
        mut pred: impl FnMut(&K, &mut V) -> bool,
    ) -> Option<(K, V)> {
        self.unseal();
        let raw = self.raw();
        while *from < self.geometry.slots() {
            let slot = *from;
            *from += 1;
            if raw.tag(slot) != 0 {
                let (key, value) = self.pair_mut(slot);
                if pred(key, value) {
                    let hash = hash_of(key);
                    return Some(self.vacate(hash, slot));
                }
            }
        }
        None
    }

    pub(in crate::fixed) fn iter_mut(&mut self) -> crate::fixed::iter::IterMut<'_, K, V> {
        self.unseal();
        crate::fixed::iter::IterMut::new(self.raw(), self.len())
    }

    pub(in crate::fixed) fn values_mut(&mut self) -> crate::fixed::iter::ValuesMut<'_, K, V> {
        self.unseal();
        crate::fixed::iter::ValuesMut::new(self.raw(), self.len())
    }

    /// The next full slot from this one on, copied out; the slot stays as it is.
    pub(in crate::fixed) fn copy_next(&mut self, from: &mut usize) -> Option<(K, V)> {
        let raw = self.raw();
        while *from < self.geometry.slots() {
            let slot = *from;
            *from += 1;
            if raw.tag(slot) != 0 {
                // SAFETY: C2; types without Drop.
                return Some(unsafe { (raw.key_ptr(slot).read(), raw.value_ptr(slot).read()) });
            }
        }
        None
    }

    pub(in crate::fixed) fn clear(&mut self) {
        self.unseal();
        // SAFETY: R1 for writing (M2).
        unsafe { self.raw().clear() };
        self.put_schema(); // what was damaged there is whole now, as the slots are
        self.set_len(0);
    }
}
