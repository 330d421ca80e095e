//! Where the bytes of a bounded map are.

use core::mem::offset_of;

use super::BoundedMap;
use super::copied::{BoundedCopiedMap, Pair};
use super::core::{Core, Kept};
use crate::arena::Handle;
use crate::copied::{CopiedKey, Text};
use crate::layout::{MapLayout, SlotLayout, SlotPart};

impl<T: Kept, H: Handle> Core<T, H> {
    /// With these parts of an entry.
    fn map_layout(&self, key: SlotPart, value: SlotPart) -> MapLayout {
        let slot = SlotLayout {
            size: size_of::<T>(),
            align: align_of::<T>(),
            key,
            value,
            links: 0,
        };
        let room = &self.room;
        match room.sizes.layout::<T>() {
            Some(block) => MapLayout::of_block(slot, self.len(), room.slot_count(), block, self.handle.stats()),
            None => unreachable!("the block was made by this layout"),
        }
    }
}

impl<K, V, S, H: Handle> BoundedMap<K, V, S, H> {
    /// Where each byte of this map is: data, padding, control, slack; and a drawing of what a slot holds. Entries whose time is over count until
    /// they are taken out.
    ///
    /// What is kept of each slot beside its entry (tag, deadline, place in its queue) is control, as are the ghosts.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// use arenamap::BoundedMap;
    ///
    /// let mut map = BoundedMap::<u64, u32>::new(1_000);
    /// map.insert(7, 49, 0);
    /// let layout = map.layout();
    /// assert_eq!((layout.len, layout.data, layout.padding), (1, 12, 4));
    /// assert_eq!(Some(layout.table_bytes()), BoundedMap::<u64, u32>::bytes_for(1_000));
    /// println!("{layout}");
    /// ```
    pub fn layout(&self) -> MapLayout {
        let key = SlotPart::of::<K>("key", offset_of!((K, V), 0));
        self.core
            .map_layout(key, SlotPart::of::<V>("value", offset_of!((K, V), 1)))
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    /// Where each byte of this map is: see [`BoundedMap::layout`]. Keys of more than 15 bytes are counted as `keys`, for which it looks at each.
    ///
    /// Allocates: never. Time: O(slots).
    ///
    /// ```
    /// use arenamap::BoundedStrMap;
    ///
    /// let mut map = BoundedStrMap::<u64>::new(1_000);
    /// map.insert("up to 15 bytes", 1, 0);
    /// map.insert("more than 15 bytes", 2, 0);
    /// let layout = map.layout();
    /// assert_eq!((layout.data, layout.keys), (2 * (16 + 8), 18));
    /// ```
    pub fn layout(&self) -> MapLayout {
        let key = SlotPart::of::<Text<Q>>("key", offset_of!(Pair<Q, V>, key)).copied();
        let value = SlotPart::of::<V>("value", offset_of!(Pair<Q, V>, value));
        let core = &self.core;
        let slots = core::iter::successors(core.occupied_from(0), |slot| core.occupied_from(slot + 1));
        core.map_layout(key, value)
            .with_blocks(slots.filter_map(|slot| core.entry(slot).key.in_block()))
    }
}
