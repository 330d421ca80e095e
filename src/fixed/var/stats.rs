//! The layout of a map, and how many groups its searches look at.

use super::super::core::Core;
use super::super::memory::Memory;
use super::super::stats::FixedStats;
use super::super::table::Table;
use super::{VarKey, VarMap, VarValue, hash_slot};
use crate::layout::MapLayout;

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: Memory> VarMap<K, V, M> {
    /// Where each byte of the archive is: data, padding, control, slack; and a drawing of one slot, in which 8 bytes say where a text is.
    ///
    /// Its sum is [`bytes_for`](VarMap::bytes_for) of capacity and room. Texts are data, garbage and what is left of the room are slack.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, VarMap};
    ///
    /// let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("key", "value")?;
    /// let layout = map.layout();
    /// assert_eq!((layout.data, layout.total()), (2 * 8 + 3 + 5, VarMap::<str, str>::bytes_for(10, 100)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn layout(&self) -> MapLayout {
        let mut layout = self.core.map_layout();
        let texts = self.room_used() - self.garbage();
        layout.data += texts;
        layout.slack += self.room() - texts;
        layout
    }

    /// The layout of a slot, and the lengths of all searches, in groups of twelve slots. Texts of a damaged archive that are not where their slots
    /// say are taken as empty.
    ///
    /// Allocates: never. Time: O(capacity + bytes of the keys).
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, VarMap};
    ///
    /// let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("key", "value")?;
    /// println!("{}", map.stats());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> FixedStats {
        let (raw, room) = (self.core.raw(), self.core.room());
        let keys = (0..self.core.geometry().slots()).filter(|&slot| raw.tag(slot) != 0);
        let hits = keys.map(|slot| (hash_slot::<K>(self.core.pair(slot).0, room, &self.secrets), slot));
        FixedStats::of(
            &raw,
            self.core.geometry(),
            &Core::<K::Slot, V::Slot, M>::SLOT,
            self.len(),
            hits,
        )
    }
}
