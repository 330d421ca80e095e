//! A block of twice the size: which entries go to the upper one of their two groups, and copying them there.
//!
//! ```text
//!  old block   | a b c d . . |                  home
//!  new block   | a d . . . . |  ..  | b c . . . . |
//!                home                 home + slots of the old block: the next bit of the hash is set
//! ```
//!
//! Entries at home go to the first lanes of a group that has none, with the tags that they have: nothing is searched.
//!
//! Invariants: B1 to B3 of `block.rs`; the callers see to it that nobody looks at the old block's entries any more (T3, T4).

#![allow(unsafe_code, reason = "copies entries between raw blocks")]

use super::block::Block;
use super::group::{LANES, Lanes};

/// Groups of the largest table that moves at once when it is full.
pub(super) const AT_ONCE_GROUPS: usize = 16;

/// Which entries at home go to the upper one of two groups, in a block of twice the size; the others go to the lower one.
///
/// `None` where the block has not twice the size, or one of its two groups has entries.
///
/// # Safety
///
/// Both blocks are live, the lanes are those of entries at home, and their homes in the new block are initialised.
#[inline(always)] // part of every growth
pub(super) unsafe fn uppers<T>(
    old: Block<T>,
    block: Block<T>,
    home: usize,
    lanes: Lanes,
    hasher: &impl Fn(&T) -> u64,
) -> Option<Lanes> {
    let half = old.slots();
    if block.slots() != half * 2 {
        return None;
    }
    let mut uppers = 0;
    // SAFETY: handed on; the slots of a group go down from its first one.
    unsafe {
        if block.group(home).full().0 | block.group(home + half).full().0 != 0 {
            return None;
        }
        let slots = old.slot(home);
        for lane in lanes {
            let hash = hasher(slots.sub(lane).as_ref());
            uppers |= u32::from(block.home(hash) & half != 0) << lane;
        }
        #[allow(clippy::cast_possible_truncation, reason = "sixteen lanes")]
        let uppers = Lanes(uppers as u16);
        Some(uppers)
    }
}

/// Copies entries at home to the first lanes of the two groups where they go in a block of twice the size, with their tags, of
/// which the homes make no part. If `LEAVE`, their old slots are free then.
///
/// # Safety
///
/// As for [`uppers`], which gave these lanes; nobody reads the entries in the old block any more.
#[inline(always)] // part of every growth
pub(super) unsafe fn split<T, const LEAVE: bool>(
    old: Block<T>,
    block: Block<T>,
    home: usize,
    lanes: Lanes,
    uppers: Lanes,
) {
    // SAFETY: handed on.
    unsafe {
        copy_lanes::<T, LEAVE>(old, home, block, home, Lanes(lanes.0 & !uppers.0));
        copy_lanes::<T, LEAVE>(old, home, block, home + old.slots(), uppers);
    }
}

/// # Safety
///
/// As for [`split`], with the groups.
#[inline(always)] // part of every growth
unsafe fn copy_lanes<T, const LEAVE: bool>(old: Block<T>, from: usize, block: Block<T>, to: usize, lanes: Lanes) {
    // SAFETY: handed on; two blocks do not overlap; slots of a group go down from its first one, and tags up.
    unsafe {
        let (slots, tags) = (old.slot(from), old.tags.add(from));
        for (to_lane, lane) in lanes.into_iter().enumerate() {
            block.slot(to + to_lane).copy_from_nonoverlapping(slots.sub(lane), 1);
            block.tags.add(to + to_lane).write(tags.add(lane).read());
            if LEAVE {
                tags.add(lane).write(0);
            }
        }
    }
}

/// Copies all entries of at most `AT_ONCE_GROUPS` groups into a block of twice the size.
///
/// # Safety
///
/// Both blocks are live and the caller's alone; the new one is empty and initialised.
#[inline]
pub(super) unsafe fn split_all<T>(old: Block<T>, block: Block<T>, hasher: &impl Fn(&T) -> u64) {
    // SAFETY: handed on; indices of the old block.
    unsafe {
        let mut others = [Lanes(0); AT_ONCE_GROUPS];
        for (others, home) in others.iter_mut().zip((0..old.slots()).step_by(LANES)) {
            let lanes = old.at_home(home);
            *others = Lanes(old.group(home).full().0 & !lanes.0);
            match uppers(old, block, home, lanes, hasher) {
                Some(uppers) => split::<T, false>(old, block, home, lanes, uppers),
                None => *others = old.group(home).full(),
            }
        }
        // Those that are not at home, when all homes are.
        for (others, home) in others.into_iter().zip((0..old.slots()).step_by(LANES)) {
            for lane in others {
                let entry = old.slot(home + lane);
                block.put(hasher(entry.as_ref()), entry.read(), |_| ());
            }
        }
    }
}
