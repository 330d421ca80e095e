//! Where the bytes of a map are: [`MapLayout`].
//!
//! ```text
//!  blocks of a table     | slots of entries          | empty slots | tags, marks, header |          |
//!                        | key, value   | in between |             |                     |          |
//!                          data           padding      slack         control               rounding
//!
//!  blocks of keys        | bytes of the key |          |
//!                          keys               rounding
//! ```

mod slot;

use core::alloc::Layout;
use core::fmt;
use core::mem::offset_of;

pub use self::slot::{SlotLayout, SlotPart};
use crate::arena::{Handle, handed_out};
use crate::stats::ArenaStats;
use crate::table::Table;

/// Where each byte of a map is, and a drawing of one slot: what `layout` of each map gives.
///
/// Every byte is counted once: [`table_bytes`](Self::table_bytes), which is `data + padding + control + slack`, is the
/// map's `allocation_size`; [`total`](Self::total), which is that and `keys + rounding`, is what the map has in its
/// arena, as [`ArenaStats::used`](crate::ArenaStats::used) counts it. Of a `FixedMap`, both are its `bytes_for`. What keys
/// and values have elsewhere (the text of a `String`, a list in a value) is not the map's, and is not counted; nor are
/// bytes that a leaked iterator left in the arena.
///
/// A table is one block: it has no directory.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaMap};
///
/// let arena = Arena::new();
/// let mut flags: ArenaMap<u8, u64, _, _> = ArenaMap::new_in(&arena);
/// flags.extend((0..10).map(|n| (n, 0)));
/// let layout = flags.layout();
/// assert_eq!((layout.data, layout.padding, layout.slack), (90, 70, 6 * 16));
/// assert_eq!(layout.total(), arena.used());
///
/// // Of 16 bytes, 7 are padding. A value of two `u32`, aligned to 4, would lose 3.
/// assert_eq!((layout.slot.padding(), layout.slot.size_aligned_to(4)), (7, 12));
/// println!("{layout}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapLayout {
    /// Entries.
    pub len: usize,
    /// Slots, empty ones too; of both tables, while entries move from one to the other.
    pub slots: usize,
    /// Bytes of keys and values in their slots. In a map with copied keys, a key has a pointer and a length there.
    pub data: usize,
    /// Bytes in the slots of entries that hold neither key nor value.
    pub padding: usize,
    /// Bytes beside the slots: tags, what is known of entries that are not at home, the headers, the hint's note, and what aligns them.
    pub control: usize,
    /// Bytes of empty slots.
    pub slack: usize,
    /// Bytes of copied keys, in blocks of their own; 0 in maps that do not copy keys.
    pub keys: usize,
    /// Bytes that the arena adds to blocks: it rounds each up to a multiple of 8, or of its alignment.
    pub rounding: usize,
    /// Of the bytes above, those of the old table whose entries are moving: the arena has them back when the last one has moved.
    pub old: usize,
    /// Bytes of the whole arena that were given back and wait for a block of the same size. Not part of the sums.
    pub recycled: usize,
    /// Bytes that the arena holds and has not given out, with the metadata of its chunks. Not part of the sums.
    pub unused: usize,
    /// One slot.
    pub slot: SlotLayout,
}

impl MapLayout {
    /// The layout of a table, whose parts of an entry have these names.
    pub(crate) fn of_table<K, V, H: Handle>(table: &Table<(K, V), H>, [key, value]: [&'static str; 2]) -> Self {
        let slot = SlotLayout {
            size: size_of::<(K, V)>(),
            align: align_of::<(K, V)>(),
            key: SlotPart::of::<K>(key, offset_of!((K, V), 0)),
            value: SlotPart::of::<V>(value, offset_of!((K, V), 1)),
            links: 0,
        };
        let (newest, old) = table.layouts();
        let slots = table.slots();
        let control = newest.size() + old.size() - slots * slot.size;
        Self {
            old: handed_out(old),
            ..Self::of_slots(slot, table.len(), slots, control).in_arena([newest, old], table.handle().stats())
        }
    }

    /// The layout of one block of an arena, with so many slots.
    pub(crate) fn of_block(slot: SlotLayout, len: usize, slots: usize, block: Layout, arena: ArenaStats) -> Self {
        Self::of_slots(slot, len, slots, block.size() - slots * slot.size).in_arena([block], arena)
    }

    /// With these blocks in an arena.
    pub(crate) fn in_arena(mut self, blocks: impl IntoIterator<Item = Layout>, arena: ArenaStats) -> Self {
        self.rounding = blocks.into_iter().map(|block| handed_out(block) - block.size()).sum();
        self.recycled = arena.free;
        self.unused = arena.held.saturating_sub(arena.used + arena.free);
        self
    }

    /// The layout of so many slots, `len` of them with an entry, with `control` bytes beside them.
    pub(crate) const fn of_slots(slot: SlotLayout, len: usize, slots: usize, control: usize) -> Self {
        Self {
            len,
            slots,
            data: len * (slot.key.size + slot.value.size),
            padding: len * slot.padding(),
            control,
            slack: (slots - len) * slot.size,
            keys: 0,
            rounding: 0,
            old: 0,
            recycled: 0,
            unused: 0,
            slot,
        }
    }

    /// With keys that have a block each.
    pub(crate) fn with_keys<'a>(mut self, keys: impl Iterator<Item = &'a [u8]>) -> Self {
        self.slot.key.type_name = "pointer, length";
        self.slot.key.is_copied = true;
        self.with_blocks(keys)
    }

    /// With these keys, that have a block each.
    pub(crate) fn with_blocks<'a>(mut self, keys: impl Iterator<Item = &'a [u8]>) -> Self {
        for key in keys {
            self.keys += key.len();
            self.rounding += handed_out(Layout::for_value(key)) - key.len();
        }
        self
    }

    /// Bytes of the tables: what `allocation_size` of the map says, or `bytes_for` of a `FixedMap`.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn table_bytes(&self) -> usize {
        self.data + self.padding + self.control + self.slack
    }

    /// Bytes of the map in its arena: tables, copied keys, and what the arena rounds up.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn total(&self) -> usize {
        self.table_bytes() + self.keys + self.rounding
    }
}

/// The share of a part, in percent.
#[allow(clippy::cast_precision_loss, reason = "a share for people")]
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 * 100.0 / whole as f64
    }
}

impl fmt::Display for MapLayout {
    /// Several lines: the sums, then the drawing of a slot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        writeln!(f, "{} entries in {} slots: {total} bytes", self.len, self.slots)?;
        for (name, bytes, is_shown) in [
            ("data", self.data, true),
            ("padding", self.padding, true),
            ("control", self.control, true),
            ("slack", self.slack, true),
            ("keys", self.keys, self.keys > 0),
            ("rounding", self.rounding, self.rounding > 0),
        ] {
            if is_shown {
                writeln!(f, "  {name:8} {bytes:>12} {:>6.1} %", percent(bytes, total))?;
            }
        }
        if self.old > 0 {
            writeln!(f, "  {} of them in the old table, whose entries are moving", self.old)?;
        }
        if self.recycled > 0 || self.unused > 0 {
            writeln!(
                f,
                "  in the arena besides: {} bytes recycled, {} not given out",
                self.recycled, self.unused
            )?;
        }
        write!(f, "{}", self.slot)
    }
}
