//! Where the bytes of an indexed archive are.

use super::IndexedMap;
use crate::fixed::layout::at;
use crate::fixed::stats::{drawn_slot, write_padding};
use crate::fixed::value::Frozen;
use crate::fixed::var::{VarKey, VarValue};
use crate::layout::MapLayout;
use core::fmt;

/// The numbers of an [`IndexedMap`]: bytes of its parts, and the layout of a slot. Every search looks at one slot.
///
/// ```
/// use arenamap::fixed::{IndexedMap, u32_le, u64_le};
///
/// let map = IndexedMap::<u64_le, u32_le>::try_from_entries([(7.into(), 1.into())])?;
/// let stats = map.stats();
/// assert_eq!((stats.len, stats.slot_bytes, stats.padding_bytes), (1, 16, 4));
/// assert!(stats.to_string().contains("4 bytes of each slot are padding"));
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexedStats {
    /// Entries.
    pub len: usize,
    /// Slots: one of a hundred has no entry of its own.
    pub slots: usize,
    /// Bytes of the archive: header, index, slots, texts, schema.
    pub bytes: usize,
    /// Bytes of the header.
    pub header_bytes: usize,
    /// Bytes of the index, and what aligns the slots behind it.
    pub index_bytes: usize,
    /// Bytes of texts.
    pub text_bytes: usize,
    /// Bytes of the schema.
    pub schema_bytes: usize,
    /// Bytes of one slot.
    pub slot_bytes: usize,
    /// Bytes of a key in a slot: 8 say where a text is.
    pub key_bytes: usize,
    /// Bytes of a value in a slot.
    pub value_bytes: usize,
    /// Bytes of padding in a slot.
    pub padding_bytes: usize,
}

impl IndexedStats {
    /// Bytes of the archive for each entry; infinite in an empty map.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn bytes_per_entry(&self) -> f64 {
        self.bytes as f64 / self.len as f64
    }
}

impl fmt::Display for IndexedStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} entries in {} bytes ({} header, {} index, {} texts, {} schema, the rest {} slots of {}: key {}, value {}, padding {})",
            self.len,
            self.bytes,
            self.header_bytes,
            self.index_bytes,
            self.text_bytes,
            self.schema_bytes,
            self.slots,
            self.slot_bytes,
            self.key_bytes,
            self.value_bytes,
            self.padding_bytes,
        )?;
        write_padding(f, self.padding_bytes)
    }
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M> IndexedMap<K, V, M> {
    /// Where each byte of the archive is: data, padding, control, slack; and a drawing of one slot, in which 8 bytes say where a text is.
    ///
    /// Its sum is the length of the archive, [`as_bytes`](Self::as_bytes). Texts are data. Control bytes are everything in front of the slots, the
    /// index among it, and the schema; the one slot of a hundred without an entry of its own is slack.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// use arenamap::fixed::IndexedMap;
    ///
    /// let map = IndexedMap::<str, str>::try_from_entries([("key", "value")])?;
    /// let layout = map.layout();
    /// assert_eq!((layout.data, layout.total()), (2 * 8 + 3 + 5, map.as_bytes().len()));
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[must_use]
    pub fn layout(&self) -> MapLayout {
        let geometry = &self.geometry;
        let slot = drawn_slot::<K::Slot, V::Slot>(Self::SLOT);
        let control = geometry.slots_at + geometry.bytes - geometry.schema_at;
        let mut layout = MapLayout::of_slots(slot, self.len(), geometry.shape.slots as usize, control);
        layout.data += geometry.room;
        layout
    }

    /// Bytes of the parts of the archive.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// use arenamap::fixed::{IndexedMap, u64_le};
    ///
    /// let squares = (0..10_000_u32).map(|n| (u64::from(n).into(), u64::from(n * n).into()));
    /// let stats = IndexedMap::<u64_le, u64_le>::try_from_entries(squares)?.stats();
    /// assert!(stats.bytes_per_entry() < 16.6); // 16 of data
    /// println!("{stats}");
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[must_use]
    pub const fn stats(&self) -> IndexedStats {
        let (geometry, slot) = (&self.geometry, &Self::SLOT);
        IndexedStats {
            len: self.len(),
            slots: geometry.shape.slots as usize,
            bytes: geometry.bytes,
            header_bytes: at::TAGS,
            index_bytes: geometry.slots_at - at::TAGS,
            text_bytes: geometry.room,
            schema_bytes: geometry.bytes - geometry.schema_at,
            slot_bytes: slot.size,
            key_bytes: slot.key,
            value_bytes: slot.value,
            padding_bytes: slot.padding(),
        }
    }
}
