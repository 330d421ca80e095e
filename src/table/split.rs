//! A block of twice or four times the size: which of their groups entries go to, and copying them there.
//!
//! ```text
//!  old block   | a b c d . . |                  home
//!  new block   | a d . . . . |  ..  | b c . . . . |                        (twice the size)
//!                home                 home + slots of the old block: the next bit of the hash is set
//! ```
//!
//! Entries at home go to the first lanes of a group that has none, with the tags that they have: nothing is searched.
//!
//! Invariants: B1 to B3 of `block.rs`; the callers see to it that nobody looks at the old block's entries any more (T3, T4).

#![allow(unsafe_code, reason = "copies entries between raw blocks")]

use core::{array, mem};

use super::block::Block;
use super::group::{LANES, Lanes};

/// Groups of the largest table that moves at once when it is full.
pub(super) const AT_ONCE_GROUPS: usize = 16;

/// Groups that get their first entries, one in each part of a block: they have none again if the hasher panics.
struct Fresh<T, const PARTS: usize> {
    block: Block<T>,
    homes: [usize; PARTS],
}

impl<T, const PARTS: usize> Drop for Fresh<T, PARTS> {
    #[cold]
    fn drop(&mut self) {
        for home in self.homes {
            // SAFETY: groups of a live block; what they got are copies. Their flags are of entries elsewhere, and stay.
            unsafe { self.block.tags.add(home).write_bytes(0, LANES) };
        }
    }
}

/// Copies entries at home to the first lanes of the groups where they go in a block of `PARTS` times the size, with their tags, of
/// which the homes make no part. What is left to do is to forget those in the old block.
///
/// `false` where the block has another size, or one of these groups has entries. If the hasher panics, nothing has changed.
///
/// # Safety
///
/// Both blocks are live, the lanes are those of entries at home, and their homes in the new block are initialised; nobody reads
/// these entries in the old block any more if this returns `true`.
#[inline(always)] // part of every growth
pub(super) unsafe fn split<T, const PARTS: usize>(
    old: Block<T>,
    block: Block<T>,
    home: usize,
    lanes: Lanes,
    hasher: &impl Fn(&T) -> u64,
) -> bool {
    let part = old.slots();
    if block.slots() != part * PARTS {
        return false;
    }
    let homes: [usize; PARTS] = array::from_fn(|number| home + number * part);
    // SAFETY: handed on; two blocks do not overlap; slots of a group go down from its first one, and tags up.
    unsafe {
        if homes.iter().any(|&home| !block.group(home).full().is_none()) {
            return false;
        }
        let fresh = Fresh { block, homes };
        let (mut next, shift) = (homes, part.trailing_zeros());
        let (slots, tags) = (old.slot(home).add(1), old.tags.add(home));
        for lane in lanes {
            let entry = slots.offset(!lane.cast_signed());
            let number = block.home(hasher(entry.as_ref())) >> shift;
            let next = &mut next[number % PARTS];
            let to = *next;
            *next = to + 1;
            block.slot(to).copy_from_nonoverlapping(entry, 1);
            block.tags.add(to).write(tags.add(lane).read());
        }
        mem::forget(fresh);
    }
    true
}

/// Copies all entries of at most `AT_ONCE_GROUPS` groups into a block of `PARTS` times the size.
///
/// # Safety
///
/// Both blocks are live and the caller's alone; the new one is empty and initialised.
#[inline]
pub(super) unsafe fn split_all<T, const PARTS: usize>(old: Block<T>, block: Block<T>, hasher: &impl Fn(&T) -> u64) {
    // SAFETY: handed on; indices of the old block.
    unsafe {
        let mut others = [Lanes(0); AT_ONCE_GROUPS];
        for (others, home) in others.iter_mut().zip((0..old.slots()).step_by(LANES)) {
            let lanes = old.at_home(home);
            *others = Lanes(old.group(home).full().0 & !lanes.0);
            if !split::<_, PARTS>(old, block, home, lanes, hasher) {
                *others = old.group(home).full();
            }
        }
        // Those that are not at home, when all homes are.
        for (others, home) in others.into_iter().zip((0..old.slots()).step_by(LANES)) {
            for lane in others {
                let entry = old.slot(home + lane);
                let hash = hasher(entry.as_ref());
                block.claim(hash, |_| ()).copy_from_nonoverlapping(entry, 1);
            }
        }
    }
}
