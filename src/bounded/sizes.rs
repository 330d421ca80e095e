//! How large the parts of a bounded map's block are, and where they begin: the drawing is in `room.rs`.

use core::alloc::{Layout, LayoutError};

use super::due::Levels;
use super::ghost::Bucket;
use super::room::{Group, Slot};
use crate::table::group::LANES;

/// How many of each there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) groups: usize,
    /// Sixteen for each group.
    pub(super) slots: usize,
    pub(super) cells: usize,
    pub(super) buckets: usize,
    pub(super) weighted: bool,
    pub(super) levels: Levels,
    /// Buckets of a group, in parts of 2^32.
    pub(super) buckets_a_group: u64,
    /// Groups from one to the next on the way of each class.
    pub(super) strides: [u32; LANES],
}

/// Groups are fewer: the number of a slot has 28 bits.
const MOST_GROUPS: u32 = 1 << 24;

/// The greatest number that divides both.
const fn common(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { common(other, one % other) }
}

/// Where each part begins, and the layout of the whole.
pub(super) struct Parts {
    pub(super) groups: usize,
    pub(super) slots: usize,
    pub(super) nodes: usize,
    pub(super) cells: usize,
    pub(super) weights: usize,
    pub(super) layout: Layout,
}

impl Sizes {
    /// Those of a room that was given back: no bytes.
    pub(super) const NONE: Self = Self {
        groups: 0,
        slots: 0,
        cells: 0,
        buckets: 0,
        weighted: false,
        levels: Levels::NONE,
        buckets_a_group: 0,
        strides: [0; LANES],
    };

    /// Sizes for at least so many slots; `None` if a number of theirs has no room in 28 bits.
    pub(super) fn of(slots: usize, cells: usize, buckets: usize, weighted: bool) -> Option<Self> {
        let groups = u32::try_from(slots.div_ceil(LANES).max(1)).ok()?;
        if groups >= MOST_GROUPS {
            return None;
        }
        let mut strides = [0; LANES];
        for (class, stride) in (1..).zip(&mut strides) {
            // As if drawn, and far: ways of a few groups at a time made crowds.
            let mixed = (0x9E37_79B9_u32.wrapping_mul(class) ^ 0x2545_F491).wrapping_mul(0x85EB_CA6B);
            *stride = groups / 8 + (mixed >> 7) % (groups / 4 * 3 + 1);
            while common(groups, *stride) != 1 {
                *stride += 1;
            }
        }
        let groups = groups as usize;
        Some(Self {
            groups,
            slots: groups * LANES,
            cells,
            buckets,
            weighted,
            levels: Levels::of(groups),
            buckets_a_group: ((buckets as u64) << 32) / groups as u64,
            strides,
        })
    }

    pub(super) fn parts<T>(&self) -> Result<Parts, LayoutError> {
        let slots = self.slots;
        let layout = Layout::array::<Bucket>(self.buckets)?;
        let (layout, groups) = layout.extend(Layout::array::<Group>(self.groups)?)?;
        let (layout, first) = layout.extend(Layout::array::<Slot<T>>(slots)?)?;
        let (layout, nodes) = layout.extend(Layout::array::<u64>(self.levels.nodes())?)?;
        let (layout, cells) = layout.extend(Layout::array::<u32>(self.cells)?)?;
        let (layout, weights) = layout.extend(Layout::array::<u32>(if self.weighted { slots } else { 0 })?)?;
        Ok(Parts {
            groups,
            slots: first,
            nodes,
            cells,
            weights,
            layout: layout.pad_to_align(),
        })
    }

    /// The layout of the block for entries of this type; `None` if it is too large.
    pub(super) fn layout<T>(&self) -> Option<Layout> {
        self.parts::<T>().ok().map(|parts| parts.layout)
    }
}
