//! The layout of a map, and how many groups its searches look at.

use super::FixedMap;
use super::core::Core;
use super::key::{FixedKey, hash_of};
use super::layout::{CLASSES, GROUP_BYTES, Geometry, Hash, at};
use super::memory::Memory;
use super::table::Table;
use super::value::FixedValue;
use crate::layout::{MapLayout, SlotLayout, SlotPart};
use core::fmt;

/// The numbers of a [`FixedMap`]: layout of a slot, bytes, and lengths of searches in groups of twelve slots.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, u32_le, u64_le};
///
/// let mut map = FixedMap::<u64_le, u32_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
/// map.insert(7.into(), 1.into()).unwrap();
/// let stats = map.stats();
/// assert_eq!((stats.slot_bytes, stats.padding_bytes), (16, 4));
/// assert_eq!((stats.groups_per_hit, stats.longest_hit), (1.0, 1));
/// assert!(stats.to_string().contains("4 bytes of each slot are padding"));
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FixedStats {
    /// Entries.
    pub len: usize,
    /// Capacity, in entries.
    pub capacity: usize,
    /// Groups of twelve slots.
    pub groups: usize,
    /// Bytes of the archive: header, tags, slots, schema.
    pub bytes: usize,
    /// Bytes of the header.
    pub header_bytes: usize,
    /// Bytes of tags and counters.
    pub tag_bytes: usize,
    /// Bytes of the schema.
    pub schema_bytes: usize,
    /// Bytes of one slot.
    pub slot_bytes: usize,
    /// Bytes of a key in a slot.
    pub key_bytes: usize,
    /// Bytes of a value in a slot.
    pub value_bytes: usize,
    /// Bytes of padding in a slot.
    pub padding_bytes: usize,
    /// Groups that a search for a key that is there looks at, on average; 0 in an empty map.
    pub groups_per_hit: f64,
    /// The most groups that a search for a key that is there looks at.
    pub longest_hit: usize,
    /// Groups that a search for a key that is not there looks at, on average over all homes and classes.
    pub groups_per_miss: f64,
    /// The most groups that such a search looks at.
    pub longest_miss: usize,
}

impl FixedStats {
    /// Bytes of the archive for each entry; infinite in an empty map.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn bytes_per_entry(&self) -> f64 {
        self.bytes as f64 / self.len as f64
    }
}

impl FixedStats {
    /// The numbers of a table, of which these are the hashes of all keys and their slots.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "averages for people; a `Geometry` fits the address space"
    )]
    pub(super) fn of(
        table: &impl Table,
        geometry: &Geometry,
        slot: &super::layout::SlotLayout,
        len: usize,
        hits: impl Iterator<Item = (Hash, usize)>,
    ) -> Self {
        let (mut entries, mut hit_groups, mut longest_hit) = (0_u64, 0_u64, 0);
        // A key that no search reaches (a damaged archive) is left out.
        for groups in hits.filter_map(|(hash, slot)| table.distance(hash, slot)) {
            entries += 1;
            hit_groups += u64::from(groups);
            longest_hit = longest_hit.max(groups);
        }
        let (mut misses, mut miss_groups, mut longest_miss) = (0_u64, 0_u64, 0);
        for home in 0..geometry.groups {
            for class in 0..CLASSES {
                let groups = table.groups_per_miss(Hash::example(home, geometry.groups, class));
                misses += 1;
                miss_groups += u64::from(groups);
                longest_miss = longest_miss.max(groups);
            }
        }
        Self {
            len,
            capacity: geometry.capacity as usize,
            groups: geometry.groups as usize,
            bytes: geometry.bytes,
            header_bytes: at::TAGS,
            tag_bytes: geometry.groups as usize * GROUP_BYTES,
            schema_bytes: geometry.schema(),
            slot_bytes: slot.size,
            key_bytes: slot.key,
            value_bytes: slot.value,
            padding_bytes: slot.padding(),
            groups_per_hit: if entries == 0 {
                0.0
            } else {
                hit_groups as f64 / entries as f64
            },
            longest_hit: longest_hit as usize,
            groups_per_miss: miss_groups as f64 / misses.max(1) as f64,
            longest_miss: longest_miss as usize,
        }
    }
}

impl fmt::Display for FixedStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} entries in {} bytes ({} header, {} tags, {} schema, the rest slots of {}: key {}, value {}, padding {}); \
             groups per hit {:.3}, longest {}; per miss {:.3}, longest {}",
            self.len,
            self.capacity,
            self.bytes,
            self.header_bytes,
            self.tag_bytes,
            self.schema_bytes,
            self.slot_bytes,
            self.key_bytes,
            self.value_bytes,
            self.padding_bytes,
            self.groups_per_hit,
            self.longest_hit,
            self.groups_per_miss,
            self.longest_miss,
        )?;
        write_padding(f, self.padding_bytes)
    }
}

/// The advice for slots with padding.
pub(super) fn write_padding(f: &mut fmt::Formatter<'_>, bytes: usize) -> fmt::Result {
    if bytes == 0 {
        return Ok(());
    }
    write!(
        f,
        "; {bytes} bytes of each slot are padding: types of less alignment, or a field more in the value, would use them"
    )
}

/// A slot with these types, to be drawn.
pub(super) fn drawn_slot<K: FixedValue, V: FixedValue>(slot: super::layout::SlotLayout) -> SlotLayout {
    // (Sizes are those of the slot: a schema may be written by hand, and wrong.)
    SlotLayout {
        size: slot.size,
        align: slot.align,
        key: SlotPart {
            name: "key",
            type_name: K::SCHEMA.name,
            offset: 0,
            size: slot.key,
            align: align_of::<K>(),
            is_copied: false,
            schema: Some(const { &K::SCHEMA }),
        },
        value: SlotPart {
            name: "value",
            type_name: V::SCHEMA.name,
            offset: slot.value_at,
            size: slot.value,
            align: align_of::<V>(),
            is_copied: false,
            schema: Some(const { &V::SCHEMA }),
        },
        links: 0,
    }
}

impl<K: FixedValue, V: FixedValue, M: Memory> Core<K, V, M> {
    /// Where each byte is, but for those of a room for texts.
    pub(super) fn map_layout(&self) -> MapLayout {
        let geometry = self.geometry();
        // A damaged archive may claim more entries than it has slots.
        let len = self.len().min(geometry.slots());
        let slot = drawn_slot::<K, V>(Self::SLOT);
        MapLayout::of_slots(slot, len, geometry.slots(), geometry.slots_at + geometry.schema())
    }
}

impl<K: FixedKey, V: FixedValue, M: Memory> FixedMap<K, V, M> {
    /// Where each byte of the archive is: data, padding, control, slack; and a drawing of one slot, with each field of a
    /// [`fixed_struct!`](crate::fixed_struct) by its name.
    ///
    /// Its sum is [`bytes_for`](FixedMap::bytes_for) of the capacity. Control bytes are everything in front of the slots and behind them: the header,
    /// the tags and counters, what aligns the slots, and the schema. Memory behind the archive is not counted.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u32_le, u64_le};
    ///
    /// arenamap::fixed_struct! { pub struct Hits { pub last: u32_le, pub count: u32_le } }
    ///
    /// let map = FixedMap::<u64_le, Hits, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// let layout = map.layout();
    /// assert_eq!(layout.total(), FixedMap::<u64_le, Hits>::bytes_for(10));
    /// assert!(layout.to_string().contains("count: u32_le"));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[must_use]
    pub fn layout(&self) -> MapLayout {
        self.core.map_layout()
    }

    /// The layout, and the lengths of all searches.
    ///
    /// Allocates: never. Time: O(capacity).
    #[must_use]
    pub fn stats(&self) -> FixedStats {
        let raw = self.core.raw();
        let keys = (0..self.core.geometry().slots()).filter(|&slot| raw.tag(slot) != 0);
        let hits = keys.map(|slot| (hash_of(self.core.pair(slot).0, &self.secrets), slot));
        FixedStats::of(&raw, self.core.geometry(), &Core::<K, V, M>::SLOT, self.len(), hits)
    }
}
