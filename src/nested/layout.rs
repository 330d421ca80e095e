//! Where the bytes of a map of paths are.

use super::PathMap;
use super::key::PathKey;
use super::slab::Record;
use crate::arena::{Handle, handed_out};
use crate::layout::{MapLayout, SlotLayout, SlotPart};

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// Where each byte of this map is: data, padding, control, slack, copied keys; and a drawing of one node. Levels that wait to be recycled
    /// count as they stand, and their values in `len`: [`settle`](Self::settle) first, to see what is left without them.
    ///
    /// Links of nodes and the table that finds nodes are control; the place of a value in a level that has none is slack.
    ///
    /// Allocates: never. Time: O(nodes).
    ///
    /// ```
    /// use arenamap::PathMap;
    ///
    /// let map: PathMap<str, u64> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    /// let layout = map.layout();
    /// assert_eq!((layout.len, layout.data), (2, 3 * 16 + 2 * 8)); // "a", "b", "c", and two values
    /// assert_eq!((layout.slot.links, layout.slot.padding()), (24, 0));
    /// assert_eq!(layout.total(), map.arena_stats().used);
    /// println!("{layout}");
    /// ```
    pub fn layout(&self) -> MapLayout {
        type Of<K, V> = Record<<K as super::key::sealed::Keep>::Stored, V>;
        let key = SlotPart::of::<K::Stored>("key", Of::<K, V>::KEY_AT);
        let key = if K::HAS_BLOCK { key.copied() } else { key };
        let slot = SlotLayout {
            size: size_of::<Of<K, V>>(),
            align: align_of::<Of<K, V>>(),
            key,
            value: SlotPart::of::<V>("value", Of::<K, V>::VALUE_AT),
            links: Of::<K, V>::LINKS,
        };
        let records = || (1..=self.slab.made()).map(|number| self.slab.get(number));
        let (used, values) = (self.slab.used(), self.values);
        let keys = records().filter_map(Record::key).count();
        let (room, nodes, table) = (self.slab.room(), self.slab.bytes(), self.table.allocation_size());
        let (newest, old) = self.table.layouts();
        let data = keys * slot.key.size + values * slot.value.size;
        let padding = used * slot.padding();
        let control = table + (nodes - room * slot.size) + used * slot.links;
        MapLayout {
            data,
            padding,
            control,
            slack: nodes + table - data - padding - control,
            old: handed_out(old),
            ..MapLayout::of_slots(slot, values, room, 0)
        }
        .in_arena(self.slab.blocks().chain([newest, old]), self.table.handle().stats())
        .with_blocks(records().filter_map(Record::key).filter_map(K::in_block))
    }
}
