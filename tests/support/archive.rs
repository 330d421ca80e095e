//! Archives as bytes, by the letter of `src/fixed/FORMAT.md`: where things are, and how to change them so that the checksums
//! still hold. Shares no code with the crate, so that the two check each other.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unused_self,
    reason = "offsets are asked of a shape, whether or not it differs from others there"
)]
#![allow(clippy::cast_possible_truncation, reason = "archives of tests are small")]

use arenamap::fixed::{FixedKey, KeyHasher, KeySecrets};
use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};

/// Offsets in the header.
pub(crate) mod at {
    pub(crate) const MAGIC: usize = 0;
    pub(crate) const VERSION: usize = 8;
    pub(crate) const ENDIAN_MARK: usize = 10;
    pub(crate) const HEADER_BYTES: usize = 12;
    pub(crate) const SLOT_SIZE: usize = 16;
    pub(crate) const SLOT_ALIGN: usize = 20;
    pub(crate) const KEY_SIZE: usize = 24;
    pub(crate) const VALUE_SIZE: usize = 28;
    pub(crate) const VALUE_OFFSET: usize = 32;
    pub(crate) const HASHER: usize = 36;
    pub(crate) const KEY_LAYOUT: usize = 40;
    pub(crate) const VALUE_LAYOUT: usize = 48;
    pub(crate) const SEED: usize = 56;
    pub(crate) const CAPACITY: usize = 64;
    pub(crate) const GROUPS: usize = 72;
    pub(crate) const BYTES: usize = 80;
    pub(crate) const KIND: usize = 88;
    pub(crate) const SCHEMA_BYTES: usize = 92;
    pub(crate) const ROOM: usize = 96;
    pub(crate) const RESERVED: usize = 104;
    pub(crate) const HEADER_CHECKSUM: usize = 120;
    pub(crate) const LEN: usize = 128;
    pub(crate) const GENERATION: usize = 136;
    pub(crate) const STATE: usize = 144;
    pub(crate) const CONTENT_CHECKSUM: usize = 152;
    pub(crate) const ROOM_USED: usize = 160;
    pub(crate) const GARBAGE: usize = 168;
    pub(crate) const RESERVED_MUTABLE: usize = 176;
    pub(crate) const TAGS: usize = 192;
}

pub(crate) const OPEN: [u8; 8] = [0x6f, 0x70, 0x65, 0x6e, 0x20, 0x6d, 0x61, 0x70];
pub(crate) const SEALED: [u8; 8] = [0x53, 0x65, 0x61, 0x6c, 0x65, 0x64, 0xa5, 0x5a];
/// Slots of a group.
pub(crate) const LANES: usize = 12;
/// Bytes of a group.
pub(crate) const GROUP_BYTES: usize = 16;

pub(crate) fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

pub(crate) fn put(bytes: &mut [u8], at: usize, number: u64) {
    bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
}

pub(crate) fn number32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

pub(crate) fn put32(bytes: &mut [u8], at: usize, number: u32) {
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
}

/// Makes the header's checksum anew.
pub(crate) fn sign_header(bytes: &mut [u8]) {
    let checksum = rapidhash_v3_seeded(&bytes[..at::HEADER_CHECKSUM], &RapidSecrets::seed(0));
    put(bytes, at::HEADER_CHECKSUM, checksum);
}

/// Says that the archive is open.
pub(crate) fn mark_open(bytes: &mut [u8]) {
    bytes[at::STATE..at::STATE + 8].copy_from_slice(&OPEN);
    put(bytes, at::CONTENT_CHECKSUM, 0);
}

/// The content checksum that these bytes of an archive make.
pub(crate) fn content_checksum(bytes: &[u8]) -> u64 {
    let covered = [&bytes[..at::STATE], &bytes[at::TAGS..]].concat();
    rapidhash_v3_seeded(&covered, &RapidSecrets::seed(0))
}

/// Says that the archive is sealed, with a checksum that holds, whatever its content.
pub(crate) fn mark_sealed(bytes: &mut [u8]) {
    bytes[at::STATE..at::STATE + 8].copy_from_slice(&SEALED);
    let checksum = content_checksum(bytes);
    put(bytes, at::CONTENT_CHECKSUM, checksum);
}

/// Where the parts of one archive are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) seed: u64,
    pub(crate) capacity: usize,
    pub(crate) groups: usize,
    pub(crate) slots_at: usize,
    pub(crate) slot_size: usize,
    pub(crate) value_at: usize,
}

impl Shape {
    /// The shape of an archive whose header is whole.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let groups = number(bytes, at::GROUPS) as usize;
        let slot_size = number32(bytes, at::SLOT_SIZE) as usize;
        Self {
            seed: number(bytes, at::SEED),
            capacity: number(bytes, at::CAPACITY) as usize,
            groups,
            slots_at: (at::TAGS + groups * GROUP_BYTES)
                .next_multiple_of((number32(bytes, at::SLOT_ALIGN) as usize).max(GROUP_BYTES)),
            slot_size,
            value_at: number32(bytes, at::VALUE_OFFSET) as usize,
        }
    }

    pub(crate) fn slots(&self) -> usize {
        self.groups * LANES
    }

    /// Offset of what follows the last slot: the room for texts.
    pub(crate) fn room_at(&self) -> usize {
        self.slots_at + self.slots() * self.slot_size
    }

    /// Offset of a slot's tag.
    pub(crate) fn tag_at(&self, slot: usize) -> usize {
        at::TAGS + slot / LANES * GROUP_BYTES + slot % LANES
    }

    /// Offset of a group's word of counters.
    pub(crate) fn counters_at(&self, group: usize) -> usize {
        at::TAGS + group * GROUP_BYTES + LANES
    }

    /// Offset of a slot.
    pub(crate) fn slot_at(&self, slot: usize) -> usize {
        self.slots_at + slot * self.slot_size
    }

    /// The bytes of a slot.
    pub(crate) fn slot<'b>(&self, bytes: &'b mut [u8], slot: usize) -> &'b mut [u8] {
        &mut bytes[self.slot_at(slot)..][..self.slot_size]
    }

    /// Slots whose tag says that they are full.
    pub(crate) fn full(&self, bytes: &[u8]) -> Vec<usize> {
        (0..self.slots())
            .filter(|&slot| bytes[self.tag_at(slot)] != 0)
            .collect()
    }

    /// Slots whose tag says that they are free.
    pub(crate) fn free(&self, bytes: &[u8]) -> Vec<usize> {
        (0..self.slots())
            .filter(|&slot| bytes[self.tag_at(slot)] == 0)
            .collect()
    }

    /// Where a key is looked for.
    pub(crate) fn way<K: FixedKey>(&self, key: &K) -> Way {
        let secrets = KeySecrets::seed(self.seed);
        let mut hasher = KeyHasher::new(&secrets);
        key.hash_key(&mut hasher);
        let hash = hasher.finish();
        let product = u128::from(hash) * self.groups as u128;
        let mark = (product >> 56) as u8;
        Way {
            home: (product >> 64) as usize,
            tag: mark.max(1),
            class: usize::from(mark & 7),
        }
    }
}

/// What a hash says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) home: usize,
    pub(crate) tag: u8,
    pub(crate) class: usize,
}

/// The counter of a class in a group: one bit of each of four bytes.
pub(crate) fn counter(bytes: &[u8], shape: &Shape, group: usize, class: usize) -> u32 {
    let bytes = &bytes[shape.counters_at(group)..][..4];
    (0..4).map(|bit| u32::from(bytes[bit] >> class & 1) << bit).sum()
}

/// Sets the counter of a class in a group.
pub(crate) fn set_counter(bytes: &mut [u8], shape: &Shape, group: usize, class: usize, count: u32) {
    for bit in 0..4 {
        let byte = &mut bytes[shape.counters_at(group) + bit];
        *byte = *byte & !(1 << class) | ((count >> bit & 1) as u8) << class;
    }
}
