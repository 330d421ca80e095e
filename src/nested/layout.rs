//! Where the bytes of a map of paths are.

use super::PathMap;
use super::key::PathKey;
use super::slab::Record;
use crate::arena::{Handle, handed_out};
use crate::layout::{MapLayout, SlotLayout, SlotPart};

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// Where each byte of this map is: data, padding, control, slack, copied keys; and a drawing of one node. Levels that wait to be recycled
    /// count as they stand.
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
        let mut key = SlotPart::of::<K::Stored>("key", Of::<K, V>::KEY_AT);
        if K::HAS_BLOCK {
            key.type_name = "up to 15 bytes, or pointer and length";
            key.is_copied = true;
        }
        let slot = SlotLayout {
            size: size_of::<Of<K, V>>(),
            align: align_of::<Of<K, V>>(),
            key,
            value: SlotPart::of::<V>("value", Of::<K, V>::VALUE_AT),
            links: Of::<K, V>::LINKS,
        };
        let records = || (1..=self.slab.made()).map(|number| self.slab.get(number));
        let used = records().filter(|record| record.is_used()).count();
        let (keys, values) = (
            records().filter_map(Record::key).count(),
            records().filter_map(Record::value).count(),
        );
        let (room, table) = (self.slab.room(), self.table.allocation_size());
        let (newest, old) = self.table.layouts();
        let blocks = || self.slab.blocks().chain([newest, old]);
        let bytes: usize = blocks().map(|block| block.size()).sum();
        let arena = self.table.handle().stats();
        let data = keys * slot.key.size + values * slot.value.size;
        let padding = used * slot.padding();
        let control = table + (self.slab.bytes() - room * slot.size) + used * slot.links;
        MapLayout {
            data,
            padding,
            control,
            slack: bytes - data - padding - control,
            rounding: blocks().map(handed_out).sum::<usize>() - bytes,
            old: handed_out(old),
            recycled: arena.free,
            unused: arena.held.saturating_sub(arena.used + arena.free),
            ..MapLayout::of_slots(slot, values, room, 0)
        }
        .with_blocks(records().filter_map(Record::key).filter_map(K::in_block))
    }
}
