//! Fresh places in an arena for values, tied to the borrow of the handle.
//!
//! The numbers in brackets are the invariants of `core.rs`.

#![allow(unsafe_code, reason = "makes references to fresh blocks")]

use core::alloc::Layout;
use core::mem::{self, MaybeUninit};
use core::ptr::{self, NonNull};

use super::sealed::{Sealed, try_alloc};
use crate::error::ArenaError;

/// A fresh place for a value, tied to the borrow of the handle.
#[inline]
#[allow(clippy::mut_from_ref, reason = "every call gives out another block")]
pub(super) fn slot<H: Sealed, T>(handle: &H) -> Result<&mut MaybeUninit<T>, ArenaError> {
    let ptr = try_alloc(handle, Layout::new::<T>())?;
    // SAFETY: a block for a `T` that nobody else has, which lives as long as the borrow of the handle (5).
    Ok(unsafe { ptr.cast().as_mut() })
}

/// A fresh place for `len` values, tied to the borrow of the handle.
#[inline]
#[allow(clippy::mut_from_ref, reason = "every call gives out another block")]
pub(super) fn slots<H: Sealed, T>(handle: &H, len: usize) -> Result<Slots<'_, T>, ArenaError> {
    let layout = Layout::array::<T>(len).map_err(|_| ArenaError::CapacityOverflow)?;
    let ptr = try_alloc(handle, layout)?;
    // SAFETY: a block for `len` of `T` that nobody else has, which lives as long as the borrow of the handle (5).
    let slots = unsafe { NonNull::slice_from_raw_parts(ptr.cast(), len).as_mut() };
    Ok(Slots(slots))
}

/// Places for values, not yet filled.
pub(super) struct Slots<'a, T>(&'a mut [MaybeUninit<T>]);

impl<'a, T> Slots<'a, T> {
    /// Fills the places from the front. If `make` panics, what it made so far is dropped and the block is lost until the
    /// reset.
    #[inline]
    pub(super) fn fill(self, mut make: impl FnMut(usize) -> T) -> &'a mut [T] {
        /// Drops what was made, if `make` panics.
        struct Made<'s, T> {
            slots: &'s mut [MaybeUninit<T>],
            made: usize,
        }
        impl<T> Drop for Made<'_, T> {
            fn drop(&mut self) {
                let made: *mut [MaybeUninit<T>] = &raw mut self.slots[..self.made];
                // SAFETY: the first `made` places have a value each, and nobody sees them after the panic.
                unsafe { ptr::drop_in_place(made as *mut [T]) };
            }
        }
        let mut filling = Made { slots: self.0, made: 0 };
        while filling.made < filling.slots.len() {
            let value = make(filling.made);
            filling.slots[filling.made].write(value);
            filling.made += 1;
        }
        let mut filled = mem::ManuallyDrop::new(filling);
        let slots: *mut [MaybeUninit<T>] = &raw mut *filled.slots;
        // SAFETY: every place has a value; the borrow of the places goes on in the result.
        unsafe { &mut *(slots as *mut [T]) }
    }

    /// Copies a slice of the same length into the places.
    #[inline]
    pub(super) fn copy(self, values: &[T]) -> &'a mut [T]
    where
        T: Copy,
    {
        assert_eq!(self.0.len(), values.len());
        let slots: *mut T = self.0.as_mut_ptr().cast();
        // SAFETY: as many places as values, and a fresh block overlaps nothing; so every place has a value then.
        unsafe {
            slots.copy_from_nonoverlapping(values.as_ptr(), values.len());
            core::slice::from_raw_parts_mut(slots, values.len())
        }
    }
}

/// The string in bytes that were copied from one.
#[inline]
pub(super) fn copied_str<'a>(slots: Slots<'a, u8>, text: &str) -> &'a mut str {
    let bytes = slots.copy(text.as_bytes());
    // SAFETY: the bytes are those of a string.
    unsafe { core::str::from_utf8_unchecked_mut(bytes) }
}
