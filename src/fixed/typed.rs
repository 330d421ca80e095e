//! The slots of a `FixedMap`, for `verify`: keys and values become references after their bytes were checked, not before.
//!
//! ```text
//!  | slot: key | zeros | value | zeros |      K::is_valid, V::is_valid look at the bytes; then there is a `&K`
//! ```
//!
//! Invariant: R1 of `raw.rs`, under C1 of `core.rs`, and nobody changes the bytes meanwhile: the caller of `verify` sees to it.
#![allow(unsafe_code, reason = "makes references of bytes that it has checked")]

use super::header::write_schema;
use super::key::{FixedKey, KeySecrets, hash_of};
use super::layout::{GROUP_BYTES, Hash, SlotLayout};
use super::raw::Raw;
use super::table::Table;
use super::value::Checked;
use super::verify::Slots;

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

/// Slots with these in them.
pub(super) struct Typed<K, V, H> {
    pub(super) raw: Raw<K, V>,
    pub(super) keys: H,
}

impl<K: Checked, V, H> Typed<K, V, H> {
    /// The key in a slot, if its bytes are one.
    #[inline(always)]
    fn key(&self, slot: usize) -> Option<&K> {
        let key = self.raw.key_ptr(slot);
        // SAFETY: R1: aligned and readable; nobody writes meanwhile. It becomes a reference after it was checked.
        unsafe {
            if K::is_valid(key.as_ptr()) {
                Some(key.as_ref())
            } else {
                None
            }
        }
    }
}

impl<K, V, H> Table for Typed<K, V, H> {
    #[inline(always)]
    fn groups(&self) -> u32 {
        self.raw.groups()
    }

    #[inline(always)]
    fn group(&self, group: u32) -> [u8; GROUP_BYTES] {
        self.raw.group(group)
    }
}

impl<K: Checked, V: Checked, H: Keys<K>> Slots for Typed<K, V, H> {
    #[inline(always)]
    fn layout(&self) -> SlotLayout {
        const { SlotLayout::of::<K, V>() }
    }

    #[inline(always)]
    fn slot_bytes(&self, slot: usize) -> &[u8] {
        self.raw.slot_bytes(slot)
    }

    #[inline(always)]
    fn hash(&self, slot: usize) -> Option<Hash> {
        self.key(slot).map(|key| self.keys.hash(key))
    }

    #[inline(always)]
    fn is_value(&self, slot: usize) -> bool {
        // SAFETY: R1: aligned and readable; nobody writes meanwhile.
        unsafe { V::is_valid(self.raw.value_ptr(slot).as_ptr()) }
    }

    fn same(&self, slot: usize, other: usize) -> bool {
        let (Some(key), Some(other)) = (self.key(slot), self.key(other)) else {
            return false;
        };
        self.keys.same(other, key)
    }

    fn write_schema(&self, mut put: &mut dyn FnMut(&[u8])) {
        write_schema::<K, V>(&mut put);
    }
}
