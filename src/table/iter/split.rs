//! Walks in pieces, for several threads (feature `rayon`).
//!
//! ```text
//!  small     | slot n - 1 .. slot 0 |                        one piece: the lanes of a current group
//!  settled   | 0 | 1 | 2 | .................. |              groups, numbered from 0
//!  moving    | 0 | 1 | 2 | .. | here - 1 |                   the old block
//!            | here .. | not init. | .. | not initialised |  the new one goes on, part by part, as far as it is initialised
//!
//!  a piece   | lanes | from .. to |   --split-->   | lanes | from .. middle |   | no lanes | middle .. to |
//! ```
//!
//! Invariants, beside I1 of the parent:
//!
//! - **P1** The numbers `from..to` of a piece name groups of live blocks whose tags are initialised, each once; `lanes` are
//!   entries of the group that was entered last, which no number names any more. So no two pieces of a walk meet one entry.
//! - **P2** While pieces exist, nobody writes tags: pieces on other threads read them. What a piece takes out it reads from
//!   its slot alone. The table forgets all entries after the last piece is gone.

use core::marker::PhantomData;
use core::ptr::NonNull;

use super::{RawDrain, RawIntoIter, RawIter, RawIterMut, RawIterRef, Stretch, drop_rest};
use crate::arena::Handle;
use crate::table::block::Block;
use crate::table::group::{Group, LANES};

/// Entries of a walk that are one piece.
struct Piece<T> {
    /// Entries of the current group, whose slots end here.
    lanes: u64,
    slots: *const T,
    /// Numbers of the groups to come.
    from: usize,
    to: usize,
    /// The groups of the first stretch: where it stood before the first one, and how many there are.
    first: Stretch<T>,
    here: usize,
    /// The groups of the others: bytes of tags that each part has, and that are initialised.
    part: usize,
    zeroed: usize,
}

impl<T> Clone for Piece<T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<T> Piece<T> {
    /// What is left of a walk.
    ///
    /// # Safety
    ///
    /// The table of the walk is not changed while the piece is used (I1, P2).
    unsafe fn of(walk: &RawIter<T>) -> Self {
        let first = walk.stretch;
        let here = (first.end.addr().get() - first.tags.addr().get()) / LANES;
        let (mut to, mut part, mut zeroed) = (here, 0, 0);
        if let Some(header) = first.next {
            // SAFETY: T1: the header of a moving table.
            unsafe { (part, zeroed) = ((*header.as_ptr()).part, (*header.as_ptr()).zeroed) };
            to += (first.new.slots() - first.part) / part * (zeroed / LANES);
        }
        Self {
            lanes: walk.lanes,
            slots: first.slots,
            from: 0,
            to,
            first,
            here,
            part,
            zeroed,
        }
    }

    /// Two pieces of about the same number of groups, if there are two groups.
    fn split(mut self) -> (Self, Option<Self>) {
        let middle = self.from + (self.to - self.from) / 2;
        if middle == self.from {
            return (self, None);
        }
        let upper = Self {
            lanes: 0,
            from: middle,
            ..self
        };
        self.to = middle;
        (self, Some(upper))
    }

    /// Goes to the next group.
    ///
    /// # Safety
    ///
    /// There is one.
    #[inline]
    unsafe fn enter(&mut self) {
        let number = self.from;
        self.from += 1;
        let tags;
        // SAFETY: P1: a group of the first stretch, or of an initialised part of the new block.
        unsafe {
            if number < self.here {
                tags = self.first.tags.add(number * LANES);
                self.slots = self.first.slots.wrapping_sub((number + 1) * LANES);
            } else {
                let (mut group, mut start) = ((number - self.here) * LANES, self.first.part);
                while group >= self.zeroed {
                    group -= self.zeroed; // of two parts at most
                    start += self.part;
                }
                let block: Block<T> = self.first.new;
                tags = block.tags.add(start + group);
                self.slots = block.tags.as_ptr().cast::<T>().wrapping_sub(start + group);
            }
            self.lanes = u64::from(Group::load(tags.as_ptr()).full().0);
        }
    }
}

impl<T> Iterator for Piece<T> {
    type Item = NonNull<T>;

    #[inline]
    fn next(&mut self) -> Option<NonNull<T>> {
        while self.lanes == 0 {
            if self.from == self.to {
                return None;
            }
            // SAFETY: a number is left.
            unsafe { self.enter() };
        }
        let lane = self.lanes.trailing_zeros() as usize;
        self.lanes &= self.lanes - 1;
        // SAFETY: P1: the lane of an entry; B1: slots end here and go down.
        Some(unsafe { NonNull::new_unchecked(self.slots.sub(lane).sub(1).cast_mut()) })
    }
}

/// A piece of a walk by shared references.
pub(crate) struct PieceRef<'a, T> {
    piece: Piece<T>,
    table: PhantomData<&'a T>,
}

// SAFETY: as a shared borrow of its entries (I1); tags are read alone (P2).
unsafe impl<T: Sync> Send for PieceRef<'_, T> {}

/// A piece of a walk by exclusive references.
pub(crate) struct PieceMut<'a, T> {
    piece: Piece<T>,
    table: PhantomData<&'a mut T>,
}

// SAFETY: as an exclusive borrow of its entries, which no other piece meets (P1); tags are read alone (P2).
unsafe impl<T: Send> Send for PieceMut<'_, T> {}

/// A piece of a walk that takes the entries out. It drops what nobody took.
pub(crate) struct PieceOwned<'a, T> {
    piece: Piece<T>,
    table: PhantomData<&'a mut T>,
}

// SAFETY: the one owner of its entries (P1); tags are read alone (P2).
unsafe impl<T: Send> Send for PieceOwned<'_, T> {}

macro_rules! split {
    ($($name:ident),*) => {$(
        impl<T> $name<'_, T> {
            fn new(piece: Piece<T>) -> Self {
                Self { piece, table: PhantomData }
            }
        }
    )*};
}
split!(PieceRef, PieceMut, PieceOwned);

impl<T> PieceRef<'_, T> {
    /// Two pieces, if there is enough for two.
    pub(crate) fn split(self) -> (Self, Option<Self>) {
        let (lower, upper) = self.piece.split();
        (Self::new(lower), upper.map(Self::new))
    }
}

impl<T> PieceMut<'_, T> {
    /// Two pieces, if there is enough for two.
    pub(crate) fn split(self) -> (Self, Option<Self>) {
        let (lower, upper) = self.piece.split();
        (Self::new(lower), upper.map(Self::new))
    }
}

impl<T> PieceOwned<'_, T> {
    /// Two pieces, if there is enough for two.
    pub(crate) fn split(mut self) -> (Self, Option<Self>) {
        // In place: this one drops its entries.
        let (lower, upper) = self.piece.clone().split();
        self.piece = lower;
        (self, upper.map(Self::new))
    }
}

impl<'a, T> Iterator for PieceRef<'a, T> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        // SAFETY: I1: the entries are borrowed.
        self.piece.next().map(|entry| unsafe { entry.as_ref() })
    }
}

impl<'a, T> Iterator for PieceMut<'a, T> {
    type Item = &'a mut T;

    #[inline]
    fn next(&mut self) -> Option<&'a mut T> {
        // SAFETY: I1: the entries are borrowed exclusively; P1: each is met once, by one piece.
        self.piece.next().map(|mut entry| unsafe { entry.as_mut() })
    }
}

impl<T> Iterator for PieceOwned<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        // SAFETY: P1: each entry is met once, by one piece, and its slot is not looked into again.
        self.piece.next().map(|entry| unsafe { entry.read() })
    }
}

impl<T> Drop for PieceOwned<'_, T> {
    fn drop(&mut self) {
        drop_rest(&mut self.piece);
    }
}

impl<'a, T> RawIterRef<'a, T> {
    /// What is left, in one piece to be split.
    pub(crate) fn into_piece(self) -> PieceRef<'a, T> {
        // SAFETY: I1: the table is borrowed as long as the piece.
        PieceRef::new(unsafe { Piece::of(&self.raw) })
    }
}

impl<'a, T> RawIterMut<'a, T> {
    /// What is left, in one piece to be split.
    pub(crate) fn into_piece(self) -> PieceMut<'a, T> {
        // SAFETY: I1: the table is borrowed as long as the piece.
        PieceMut::new(unsafe { Piece::of(&self.raw) })
    }
}

impl<T, H: Handle> RawDrain<'_, T, H> {
    /// What is left, in one piece to be split. It is taken from the drain, which gives the block back after it (P2).
    pub(crate) fn take_piece(&mut self) -> PieceOwned<'_, T> {
        // SAFETY: the drain, which holds the blocks, is borrowed as long as the piece, and has no entries from now on.
        let piece = unsafe { Piece::of(&self.raw) };
        self.raw = RawIter::empty();
        PieceOwned::new(piece)
    }
}

impl<T, H: Handle> RawIntoIter<T, H> {
    /// What is left, in one piece to be split. It is taken from the iterator, which frees the table after it (P2).
    pub(crate) fn take_piece(&mut self) -> PieceOwned<'_, T> {
        // SAFETY: the iterator, which owns the table, is borrowed as long as the piece, and has no entries from now on.
        let piece = unsafe { Piece::of(&self.raw) };
        self.raw = RawIter::empty();
        PieceOwned::new(piece)
    }
}
