//! The layout of a `FixedMap`: offsets, sizes and the arithmetic between them. Nothing here reads memory.
//!
//! `FORMAT.md` describes the same bytes for readers in any language. Each number is stated here once, and the others
//! are computed from it.

#![allow(
    clippy::cast_possible_truncation,
    reason = "a `Geometry` fits the address space, and of a hash the low bits are meant"
)]

use super::error::{Field, FixedError};

/// First bytes of every archive. The first one is not text. The last four change if a transfer changes line ends.
pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"\x8bAMAP\r\n\x1a");
/// Version of the format that this code reads and writes.
pub(super) const VERSION: u16 = 1;
/// Reads as another number when the bytes of each integer were swapped.
pub(super) const ENDIAN_MARK: u16 = 0x0102;
/// Hasher 1: `KeyHasher`.
pub(super) const HASHER: u32 = 1;
/// A table of groups and slots, with a room for texts or without.
pub(super) const KIND_TABLE: u32 = 0;

/// An index and its slots.
pub(super) const KIND_INDEXED: u32 = 1;

/// Offsets of the header's fields, in bytes from the start. All fields are little-endian.
pub(super) mod at {
    pub(in super::super) const MAGIC: usize = 0;
    pub(in super::super) const VERSION: usize = MAGIC + 8;
    pub(in super::super) const ENDIAN_MARK: usize = VERSION + 2;
    pub(in super::super) const HEADER_BYTES: usize = ENDIAN_MARK + 2;
    pub(in super::super) const SLOT_SIZE: usize = HEADER_BYTES + 4;
    pub(in super::super) const SLOT_ALIGN: usize = SLOT_SIZE + 4;
    pub(in super::super) const KEY_SIZE: usize = SLOT_ALIGN + 4;
    pub(in super::super) const VALUE_SIZE: usize = KEY_SIZE + 4;
    pub(in super::super) const VALUE_OFFSET: usize = VALUE_SIZE + 4;
    pub(in super::super) const HASHER: usize = VALUE_OFFSET + 4;
    pub(in super::super) const KEY_LAYOUT: usize = HASHER + 4;
    pub(in super::super) const VALUE_LAYOUT: usize = KEY_LAYOUT + 8;
    pub(in super::super) const SEED: usize = VALUE_LAYOUT + 8;
    pub(in super::super) const CAPACITY: usize = SEED + 8;
    pub(in super::super) const GROUPS: usize = CAPACITY + 8;
    pub(in super::super) const BYTES: usize = GROUPS + 8;
    /// Which kind of archive it is: `KIND_TABLE` or another.
    pub(in super::super) const KIND: usize = BYTES + 8;
    /// Bytes of the schema, which is the end of the archive.
    pub(in super::super) const SCHEMA_BYTES: usize = KIND + 4;
    /// Room for the bytes of texts, in front of the schema.
    pub(in super::super) const ROOM: usize = SCHEMA_BYTES + 4;
    /// Zero, for fields of a later version.
    pub(in super::super) const RESERVED: usize = ROOM + 8;
    /// Of an indexed archive, the numbers of its parts, buckets and slots.
    pub(in super::super) const PARTS: usize = RESERVED;
    pub(in super::super) const BUCKETS: usize = PARTS + 4;
    pub(in super::super) const SLOTS: usize = BUCKETS + 4;
    /// Checksum of everything before it.
    pub(in super::super) const HEADER_CHECKSUM: usize = 120;
    /// From here on, the header changes while the map lives.
    pub(in super::super) const LEN: usize = HEADER_CHECKSUM + 8;
    pub(in super::super) const GENERATION: usize = LEN + 8;
    pub(in super::super) const STATE: usize = GENERATION + 8;
    pub(in super::super) const CONTENT_CHECKSUM: usize = STATE + 8;
    /// Bytes of the room that were given to texts, from its start on.
    pub(in super::super) const ROOM_USED: usize = CONTENT_CHECKSUM + 8;
    /// Of these, the bytes of texts that are not there any more.
    pub(in super::super) const GARBAGE: usize = ROOM_USED + 8;
    /// Zero, for fields of a later version.
    pub(in super::super) const RESERVED_MUTABLE: usize = GARBAGE + 8;
    /// The first group of tags; also the size of the header. A multiple of 64: groups never straddle a cache line.
    pub(in super::super) const TAGS: usize = 192;

    const _: () = assert!(RESERVED <= HEADER_CHECKSUM && RESERVED_MUTABLE <= TAGS && TAGS.is_multiple_of(64));
}

/// State of an archive that was written to since it was last sealed: its content checksum does not hold.
pub(super) const OPEN: u64 = u64::from_le_bytes(*b"open map");
/// State of a sealed archive: its content checksum holds. It differs from `OPEN` in so many bits that a few flipped
/// ones do not change one into the other.
pub(super) const SEALED: u64 = u64::from_le_bytes(*b"\x53ealed\xa5\x5a");

/// Slots of one group: as many as tags fit in 16 bytes beside four bytes of counters.
pub(super) const LANES: usize = 12;
/// Entries for which a map has one group: a load of two thirds.
pub(super) const ENTRIES_PER_GROUP: u64 = 8;
/// Counters of one group, four bits each.
pub(super) const CLASSES: u32 = 8;
/// Bytes of one group: twelve tags and the counters.
pub(super) const GROUP_BYTES: usize = LANES + CLASSES as usize / 2;
/// Most groups of a map. They are counted in 32 bits.
pub(super) const MOST_GROUPS: u64 = 1 << 31;
/// Most bytes of texts: a place among them is counted in 36 bits.
pub(super) const MOST_ROOM: u64 = 1 << 36;
/// Least alignment of an archive in memory, in bytes.
pub(super) const LEAST_ALIGN: usize = 16;

/// Sizes and offsets inside one slot, in bytes: the key at 0, the value behind it at the next multiple of its alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlotLayout {
    pub(super) key: usize,
    pub(super) value: usize,
    pub(super) value_at: usize,
    pub(super) size: usize,
    pub(super) align: usize,
}

impl SlotLayout {
    pub(super) const fn of<K, V>() -> Self {
        Self::new((size_of::<K>(), align_of::<K>()), (size_of::<V>(), align_of::<V>()))
    }

    /// For a key and a value of these sizes and alignments.
    pub(super) const fn new((key, key_align): (usize, usize), (value, value_align): (usize, usize)) -> Self {
        let align = if key_align > value_align {
            key_align
        } else {
            value_align
        };
        let value_at = key.next_multiple_of(value_align);
        Self {
            key,
            value,
            value_at,
            size: (value_at + value).next_multiple_of(align),
            align,
        }
    }

    /// Bytes of a slot that hold neither key nor value.
    pub(super) const fn padding(&self) -> usize {
        self.size - self.key - self.value
    }

    /// The alignment of the whole archive, in bytes.
    pub(super) const fn archive_align(&self) -> usize {
        if self.align > LEAST_ALIGN {
            self.align
        } else {
            LEAST_ALIGN
        }
    }
}

/// How large the parts of one archive are. Made only by checked arithmetic, so that every offset in it is in bounds of
/// an archive of `bytes` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) capacity: u64,
    pub(super) groups: u32,
    pub(super) slots_at: usize,
    /// Behind the slots: the room for texts, as many bytes.
    pub(super) room_at: usize,
    pub(super) room: usize,
    /// Behind the room: the schema, to the end.
    pub(super) schema_at: usize,
    pub(super) bytes: usize,
}

impl Geometry {
    /// Groups for so many entries: eight entries a group of twelve slots, and an odd number of groups, through all of which
    /// every power of two steps. The head of `raw.rs` has the measurements behind it. One group may fill up: a search in it
    /// ends anyway.
    pub(super) const fn groups_for(capacity: u64) -> u64 {
        if capacity <= LANES as u64 {
            1
        } else {
            capacity.div_ceil(ENTRIES_PER_GROUP) | 1
        }
    }

    /// The geometry for so many entries in slots of this layout, so many bytes of texts, and a schema of so many bytes, if it fits the
    /// address space and the format.
    pub(super) const fn new(capacity: u64, slot: &SlotLayout, room: u64, schema: usize) -> Result<Self, FixedError> {
        let groups = Self::groups_for(capacity);
        let too_large = FixedError::new(Field::Capacity, MOST_GROUPS * ENTRIES_PER_GROUP, capacity);
        if groups > MOST_GROUPS {
            return Err(too_large);
        }
        let tags_end = at::TAGS as u128 + groups as u128 * GROUP_BYTES as u128;
        let slots_at = tags_end.next_multiple_of(slot.archive_align() as u128);
        let room_at = slots_at + groups as u128 * LANES as u128 * slot.size as u128;
        if room_at > isize::MAX as u128 {
            return Err(too_large);
        }
        let schema_at = room_at + room as u128;
        let bytes = schema_at + schema as u128;
        if room > MOST_ROOM || bytes > isize::MAX as u128 {
            return Err(FixedError::new(Field::Room, MOST_ROOM, room));
        }
        Ok(Self {
            capacity,
            groups: groups as u32,
            slots_at: slots_at as usize,
            room_at: room_at as usize,
            room: room as usize,
            schema_at: schema_at as usize,
            bytes: bytes as usize,
        })
    }

    /// Bytes of the schema.
    pub(super) const fn schema(&self) -> usize {
        self.bytes - self.schema_at
    }

    /// Slots, free or full.
    pub(super) const fn slots(&self) -> usize {
        self.groups as usize * LANES
    }
}

/// How a hash chooses its places: it is a fraction of 2^64, of which the groups are as many equal parts.
///
/// ```text
///                   hash times groups, 128 bits
///  127 ............................ 64 | 63 .......... 56 | 55 .... 0
///   home group: which part             |  mark: where in  |
///                                      |  the part        |
/// ```
#[derive(Clone, Copy)]
pub(super) struct Hash(pub(super) u64);

/// What stands for a hash in its groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(pub(super) u8);

impl Mark {
    /// The byte beside the slot: 1 to 255. Zero is a free slot.
    #[inline(always)] // part of every lookup
    pub(super) const fn tag(self) -> u8 {
        self.0 + (self.0 == 0) as u8
    }

    /// Which counter of a group counts the entries of this hash.
    pub(super) const fn class(self) -> u32 {
        self.0 as u32 % CLASSES
    }
}

impl Hash {
    /// A hash with this home and class.
    pub(super) const fn example(home: u32, groups: u32, class: u32) -> Self {
        let product = (home as u128) << 64 | (class as u128) << 56;
        Self(product.div_ceil(groups as u128) as u64)
    }

    /// The group where the search begins.
    #[inline(always)] // part of every lookup
    pub(super) const fn home(self, groups: u32) -> u32 {
        ((self.0 as u128 * groups as u128) >> 64) as u32
    }

    /// What stands for the hash in each group.
    #[inline(always)] // part of every lookup
    pub(super) const fn mark(self, groups: u32) -> Mark {
        Mark(((self.0 as u128 * groups as u128) as u64 >> 56) as u8)
    }

    /// The groups that a search for this hash looks at, from its home on; each once.
    #[inline]
    pub(super) fn way(self, groups: u32) -> impl Iterator<Item = u32> {
        let after = move |&group: &u32| Some(Self::next(group, groups));
        core::iter::successors(Some(self.home(groups)), after).take(groups as usize)
    }

    /// Those of them that come before the group of this slot: an entry there has passed them.
    #[inline]
    pub(super) fn way_to(self, slot: usize, groups: u32) -> impl Iterator<Item = u32> {
        let until = (slot / LANES) as u32;
        self.way(groups).take_while(move |&group| group != until)
    }

    /// The group after this one on the way of every hash.
    #[inline(always)]
    pub(super) const fn next(group: u32, groups: u32) -> u32 {
        if group + 1 == groups { 0 } else { group + 1 }
    }
}
