//! A search that ends with a part of the entry.
//!
//! ```text
//!  table   | ... | (key, value) | ... |        the search compares entry after entry in place
//!                  ^      ^
//!           eq(&entry)   part(&entry)          the part of the one that is equal is kept as a pointer
//! ```
//!
//! `HashTable::find` gives `Option<&T>`, of which a caller wants the value. Compilers make of that two selections of one
//! address after each other, four instructions and their latency in the middle of every lookup. A pointer that the comparison
//! itself keeps needs none of them.
//!
//! Invariant, upheld by the table, which is borrowed for as long as the result:
//!
//! - **F1** The entry that the comparison sees is the one in the table, not a copy: `T` is neither `Copy` nor `Clone` there.
//!   Under a shared borrow of the table it stays where it is.

#![allow(unsafe_code, reason = "a reference that the comparison saw outlives it; see F1")]

use core::ptr::NonNull;

use super::segment::Table;
use crate::arena::Handle;

/// A part of the entry that is equal.
#[inline(always)] // the lookup itself
pub(super) fn find_part<T, H: Handle, P>(
    table: &Table<T, H>,
    hash: u64,
    mut eq: impl FnMut(&T) -> bool,
    part: impl Fn(&T) -> &P,
) -> Option<&P> {
    let mut found = None;
    let entry = table.find(hash, |entry| {
        let equal = eq(entry);
        if equal {
            found = Some(NonNull::from(part(entry)));
        }
        equal
    });
    debug_assert_eq!(entry.map(|entry| NonNull::from(part(entry))), found, "F1");
    match found {
        // SAFETY: F1: a part of an entry of the table, which stays borrowed.
        Some(part) => Some(unsafe { part.as_ref() }),
        None => None,
    }
}
