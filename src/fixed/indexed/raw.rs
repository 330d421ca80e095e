//! An indexed archive as bytes, and its entries as references: every unsafe access to one.
//!
//! ```text
//!   bytes: the memory, as long as the geometry says
//!   | header | starts | pilots | zeros | slot | slot | ... | slot | texts |
//!            192      pilots_at        slots_at                     room_at
//!
//!   so many slots of `SLOT.size` bytes, a `K` and a `V` in each: the key and the value, or where among the texts it is
//! ```
//!
//! Invariants, upheld by whoever makes a `Raw` (`Raw::new` names them; `IndexedMap::raw` is the only maker):
//! - **I1** `bytes` is aligned for the archive and as long as its geometry says; nobody changes them as long as they are
//!   borrowed: the types are frozen, and the map that has the memory writes nothing.
//! - **I2** every slot holds a valid `K` and `V`, or any bytes are valid of both (`FromBytes`). Of a map that was not verified
//!   yet, only `checked_entry` is called.
#![allow(unsafe_code, reason = "references to keys and values in slots; I1 and I2")]
#![allow(clippy::cast_possible_truncation, reason = "buckets are counted in 32 bits")]

use super::index::{Index, bucket, part, place};
use super::layout::{IndexGeometry, START_BYTES};
use crate::fixed::layout::{SlotLayout, at};
use crate::fixed::memory::{Memory, MemoryMut};
use crate::fixed::raw::prefetch;
use crate::fixed::value::Checked;
use core::marker::PhantomData;

/// A view of an archive whose header was checked.
pub(super) struct Raw<'m, K, V> {
    index: Index<'m>,
    /// All slots.
    slots: &'m [u8],
    count: usize,
    /// All texts.
    room: &'m [u8],
    types: PhantomData<&'m (K, V)>,
}

impl<K, V> Clone for Raw<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Raw<'_, K, V> {}

/// The first bytes of some memory.
///
/// # Safety
///
/// The memory has so many, and nobody changes them as long as they are borrowed.
#[inline(always)]
pub(super) unsafe fn bytes_of<M: Memory>(memory: &M, bytes: usize) -> &[u8] {
    debug_assert!(bytes <= memory.bytes());
    // SAFETY: M1 of `memory.rs`; the rest is passed on by the caller.
    unsafe { core::slice::from_raw_parts(memory.ptr().as_ptr(), bytes) }
}

/// All bytes of some memory, to write.
#[allow(clippy::needless_pass_by_ref_mut, reason = "keeps everybody else out")]
pub(super) fn bytes_of_mut<M: MemoryMut>(memory: &mut M) -> &mut [u8] {
    // SAFETY: M1 and M2 of `memory.rs`: they are initialised and writable, and by `&mut` nobody else reaches them.
    unsafe { core::slice::from_raw_parts_mut(memory.ptr().as_ptr(), memory.bytes()) }
}

impl<'m, K, V> Raw<'m, K, V> {
    const SLOT: SlotLayout = SlotLayout::of::<K, V>();

    /// # Safety
    ///
    /// I1 and I2 of this module.
    #[inline(always)]
    pub(super) const unsafe fn new(bytes: &'m [u8], geometry: &IndexGeometry) -> Self {
        debug_assert!(bytes.len() == geometry.bytes);
        let base = bytes.as_ptr();
        let count = geometry.shape.slots as usize;
        // SAFETY: I1: by the geometry, these four are in the bytes, one after the other; three of them are bytes, the first
        // is arrays of bytes.
        unsafe {
            let starts = base.add(at::TAGS).cast::<[u8; START_BYTES]>();
            Self {
                index: Index {
                    starts: core::slice::from_raw_parts(starts, geometry.shape.parts as usize + 1),
                    pilots: core::slice::from_raw_parts(base.add(geometry.pilots_at), geometry.shape.buckets as usize),
                },
                slots: core::slice::from_raw_parts(base.add(geometry.slots_at), count * Self::SLOT.size),
                count,
                room: core::slice::from_raw_parts(base.add(geometry.room_at), geometry.room),
                types: PhantomData,
            }
        }
    }

    pub(super) const fn index(self) -> Index<'m> {
        self.index
    }

    /// All texts.
    #[inline(always)]
    pub(super) const fn room(self) -> &'m [u8] {
        self.room
    }

    /// The only slot that a key of this hash can have; in a damaged archive it may be none. As `Index::slot`.
    #[inline(always)] // part of every lookup
    pub(super) fn slot(self, hash: u64) -> usize {
        let Index { starts, pilots } = self.index;
        let bucket = bucket(hash, pilots.len() as u32);
        let part = part(bucket) as usize;
        // SAFETY: a bucket is below the number of pilots, of which there is one at least, and so are many parts as the buckets
        // need, and one start more. Checked, it would be six instructions of fifty.
        unsafe {
            let pilot = *pilots.get_unchecked(bucket as usize);
            let (start, end) = (starts.get_unchecked(part), starts.get_unchecked(part + 1));
            place(hash, pilot, u32::from_le_bytes(*start), u32::from_le_bytes(*end))
        }
    }

    /// The bytes of a slot, if there is such a slot.
    #[inline(always)]
    pub(super) fn bytes(self, slot: usize) -> Option<&'m [u8]> {
        if slot >= self.count {
            return None;
        }
        let at = slot * Self::SLOT.size;
        // SAFETY: so many slots are in the bytes, see `new`.
        Some(unsafe { self.slots.get_unchecked(at..at + Self::SLOT.size) })
    }

    /// The key and the value in a slot, if there is such a slot.
    #[inline(always)] // part of every lookup
    pub(super) fn entry(self, slot: usize) -> Option<(&'m K, &'m V)> {
        let bytes = self.bytes(slot)?.as_ptr();
        // SAFETY: I1: a slot is aligned for both and long enough for both. I2: both are valid.
        Some(unsafe { (&*bytes.cast::<K>(), &*bytes.add(Self::SLOT.value_at).cast::<V>()) })
    }

    /// The key and the value in a slot, if there is such a slot; with their bytes checked first.
    #[inline]
    pub(super) fn checked_entry(self, slot: usize) -> Option<Result<(&'m K, &'m V), Invalid>>
    where
        K: Checked,
        V: Checked,
    {
        let bytes = self.bytes(slot)?.as_ptr();
        // SAFETY: I1: as in `entry`, and nobody changes the bytes. Of a valid key and a valid value references may be made.
        Some(unsafe {
            let value = bytes.add(Self::SLOT.value_at).cast();
            if !K::is_valid(bytes.cast()) {
                Err(Invalid::Key)
            } else if !V::is_valid(value) {
                Err(Invalid::Value)
            } else {
                Ok((&*bytes.cast(), &*value))
            }
        })
    }

    /// Asks for the pilot of a hash before it is needed.
    #[inline(always)]
    pub(super) fn prefetch_pilot(self, hash: u64) {
        prefetch(&raw const self.index.pilots[bucket(hash, self.index.pilots.len() as u32) as usize]);
    }

    /// Asks for a slot before it is needed.
    #[inline(always)]
    pub(super) fn prefetch_slot(self, slot: usize) {
        if let Some(bytes) = self.bytes(slot) {
            prefetch(bytes.as_ptr());
        }
    }
}

/// Which half of a slot is no valid value of its type.
pub(super) enum Invalid {
    Key,
    Value,
}
