//! Values that are read where they stand, in bytes whose type was checked by its schema.
//!
//! ```text
//!  the bytes of an archive  | ... | slot: ... | field, size_of::<T>() bytes | ... | ...
//!                                             ^ checked to be inside, and aligned for T
//! ```
//!
//! Invariant, checked here for each value:
//! - **F1** the bytes are as many as a `T` has and aligned for it, and of a `T` any bytes are a value that nobody changes through a shared
//!   reference (`AnyBytes`, `Frozen`), or their validity was checked (`Checked`).
#![allow(unsafe_code, reason = "makes values and references of bytes; F1")]

use super::super::value::{AnyBytes, Checked, Frozen};
use core::mem::MaybeUninit;

/// A reference to a value in these bytes.
pub(super) fn value_in<T: AnyBytes + Frozen>(bytes: &[u8]) -> Option<&T> {
    let place = bytes.as_ptr().cast::<T>();
    // SAFETY: F1: as many bytes as `T` has, aligned for it, borrowed for as long as the result is; any bytes are a `T`.
    (bytes.len() == size_of::<T>() && place.is_aligned()).then(|| unsafe { &*place })
}

/// A value with these bytes, if they are one.
pub(in super::super) fn value_of<T: Checked>(bytes: &[u8]) -> Option<T> {
    if bytes.len() != size_of::<T>() {
        return None;
    }
    let mut value = MaybeUninit::<T>::uninit();
    let place = value.as_mut_ptr();
    // SAFETY: as many bytes as `T` has, into a place of its own.
    unsafe { place.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    // SAFETY: F1: all bytes of it are written, and they are a valid `T` if `is_valid` says so.
    unsafe { T::is_valid(place).then(|| value.assume_init()) }
}
