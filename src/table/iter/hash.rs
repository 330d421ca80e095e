//! Walks over the entries that may have one hash: those with its tag, on its way.
//!
//! The invariant is that of `iter.rs`, I1.

#![allow(unsafe_code, reason = "hands out entries by pointer; see I1")]

use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::super::Table;
use super::super::block::{Block, Further};
use super::RawIterRef;
use crate::arena::Handle;

/// Entries that may have one hash.
pub(crate) struct RawIterHash<'a, T> {
    /// All of a small table.
    few: RawIterRef<'a, T>,
    hash: u64,
    /// Where those of other tables are, and where to go on.
    at: Option<(Block<T>, Further)>,
    next: Option<Block<T>>,
}

// SAFETY: as a shared borrow of the entries (I1).
unsafe impl<T: Sync> Send for RawIterHash<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for RawIterHash<'_, T> {}

impl<T> Clone for RawIterHash<'_, T> {
    fn clone(&self) -> Self {
        Self {
            few: self.few.clone(),
            ..*self
        }
    }
}

impl<T> Default for RawIterHash<'_, T> {
    fn default() -> Self {
        Self {
            few: RawIterRef::default(),
            hash: 0,
            at: None,
            next: None,
        }
    }
}

impl<T, H: Handle> Table<T, H> {
    /// All entries that may have this hash.
    pub(crate) fn iter_hash(&self, hash: u64) -> RawIterHash<'_, T> {
        if self.is_small() {
            return RawIterHash {
                few: self.iter(),
                ..RawIterHash::default()
            };
        }
        let (block, next) = self.sides(hash);
        RawIterHash {
            few: RawIterRef::default(),
            hash,
            at: Some((block, Further::START)),
            next,
        }
    }
}

impl<T> RawIterHash<'_, T> {
    /// The next entry, as a pointer.
    fn next_place(&mut self) -> Option<NonNull<T>> {
        loop {
            let (block, from) = self.at.as_mut()?;
            // SAFETY: I1; the groups on the way of the hash are initialised in these blocks (T3).
            if let Some((place, next)) = unsafe { block.candidate(self.hash, *from) } {
                *from = next;
                return Some(place);
            }
            self.at = self.next.take().map(|block| (block, Further::START));
        }
    }
}

impl<'a, T> Iterator for RawIterHash<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        if let Some(entry) = self.few.next() {
            return Some(entry);
        }
        // SAFETY: I1.
        self.next_place().map(|entry| unsafe { entry.as_ref() })
    }
}

impl<T> FusedIterator for RawIterHash<'_, T> {}

/// Entries that may have one hash, exclusively.
pub(crate) struct RawIterHashMut<'a, T> {
    pub(super) raw: RawIterHash<'a, T>,
    pub(super) table: PhantomData<&'a mut T>,
}

// SAFETY: as an exclusive borrow of the entries (I1).
unsafe impl<T: Send> Send for RawIterHashMut<'_, T> {}
// SAFETY: through `&` nothing is reached.
unsafe impl<T: Sync> Sync for RawIterHashMut<'_, T> {}

impl<T, H: Handle> Table<T, H> {
    /// All entries that may have this hash, exclusively.
    pub(crate) fn iter_hash_mut(&mut self, hash: u64) -> RawIterHashMut<'_, T> {
        RawIterHashMut {
            raw: self.iter_hash(hash),
            table: PhantomData,
        }
    }
}

impl<T> Default for RawIterHashMut<'_, T> {
    fn default() -> Self {
        Self {
            raw: RawIterHash::default(),
            table: PhantomData,
        }
    }
}

impl<'a, T> Iterator for RawIterHashMut<'a, T> {
    type Item = &'a mut T;

    fn next(&mut self) -> Option<&'a mut T> {
        let place = self.raw.few.raw.next().or_else(|| self.raw.next_place());
        // SAFETY: I1: borrowed exclusively, and each is met once.
        place.map(|mut entry| unsafe { entry.as_mut() })
    }
}

impl<T> FusedIterator for RawIterHashMut<'_, T> {}
