//! How large a block is, and how many groups it has.

use core::alloc::Layout;
use core::marker::PhantomData;

use super::{HEADER_FROM, Header, LANES, LOAD};
use crate::error::ArenaError;
use crate::table::{Note, SMALL};

/// Sizes of a block for entries of one type.
pub(in crate::table) struct Layouts<T>(PhantomData<T>);

impl<T> Layouts<T> {
    /// Alignment of a block: small ones need none for their tags, and 4 for their flags; the arena is quickest up to 8.
    pub(in crate::table) const fn align(groups: usize) -> usize {
        let least = if groups >= 4 { LANES } else { 8 };
        if align_of::<T>() > least {
            align_of::<T>()
        } else {
            least
        }
    }

    /// The layout of a block, and bytes from its start to the tags.
    #[inline]
    pub(in crate::table) fn of(groups: usize, noted: bool) -> Option<(Layout, usize)> {
        let slots = groups.checked_mul(LANES)?.checked_mul(size_of::<T>())?;
        let header = if groups >= HEADER_FROM {
            size_of::<Header<T>>()
        } else {
            0
        };
        let note = if noted { size_of::<Note>() } else { 0 };
        let marks = groups.checked_mul(LANES * 2 + size_of::<u32>() + LANES / 2)?;
        let size = marks
            .checked_next_multiple_of(8)?
            .checked_add(slots)?
            .checked_add(header + note)?;
        let layout = Layout::from_size_align(size, Self::align(groups)).ok()?;
        Some((layout, slots))
    }

    /// The layout of a block of slots without tags, and bytes from its start to where tags would be.
    #[inline]
    pub(in crate::table) fn small(capacity: usize, noted: bool) -> Option<(Layout, usize)> {
        debug_assert!(capacity <= SMALL);
        // So that the compiler knows the largest size, and leaves the checks away.
        let slots = capacity.min(SMALL).checked_mul(size_of::<T>())?;
        let note = if noted { size_of::<Note>() } else { 0 };
        let tags = slots.checked_next_multiple_of(if noted { 8 } else { 1 })?;
        let align = if noted && align_of::<T>() < 8 {
            8
        } else {
            align_of::<T>()
        };
        let layout = Layout::from_size_align(tags.checked_add(note)?, align).ok()?;
        Some((layout, tags))
    }
}

/// Groups that take so many entries; `None` if their number overflows.
#[inline]
pub(in crate::table) fn groups_for(entries: usize) -> Option<usize> {
    entries.div_ceil(LOAD).max(1).checked_next_power_of_two()
}

/// The error for a size that no address space has.
pub(in crate::table) const TOO_LARGE: ArenaError = ArenaError::CapacityOverflow;
