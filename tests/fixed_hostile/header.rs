//! Lies in the header.

use super::*;

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn lies_in_the_header() {
    use Field::{
        Bytes, Capacity, Groups, Hasher, HeaderBytes, KeyLayout, KeySize, Len, Magic, MemoryLength, Reserved,
        SlotAlign, SlotSize, State, Tag, ValueLayout, ValueOffset, ValueSize,
    };
    let mut classes: Vec<Class<u64_le, u64_le>> = vec![
        class("length: 0", Says::Verify(Len), |b, _, _| put(b, at::LEN, 0)),
        class("length: one too small", Says::Verify(Len), |b, _, _| add_to_len(b, -1)),
        class("length: one too large", Says::Verify(Len), |b, _, _| add_to_len(b, 1)),
        class("length: the capacity", Says::Verify(Len), |b, s, _| {
            put(b, at::LEN, s.capacity as u64);
        }),
        class("length: above the capacity", Says::Open(Len), |b, s, _| {
            put(b, at::LEN, s.capacity as u64 + 1);
        }),
        class("length: u64::MAX", Says::Open(Len), |b, _, _| put(b, at::LEN, u64::MAX)),
        class("capacity: u64::MAX", Says::Open(Capacity), |b, _, _| {
            put(b, at::CAPACITY, u64::MAX);
        }),
        class("capacity: 2^63", Says::Open(Capacity), |b, _, _| {
            put(b, at::CAPACITY, 1 << 63);
        }),
        class(
            "capacity: 2^61, whose groups times 16 overflow",
            Says::Open(Capacity),
            |b, _, _| {
                put(b, at::CAPACITY, 1 << 61);
                put(b, at::GROUPS, (1 << 58) | 1);
            },
        ),
        class("capacity: beyond the memory", Says::Open(Groups), |b, s, _| {
            put(b, at::CAPACITY, s.capacity as u64 + 1);
        }),
        class(
            "capacity, groups and bytes: beyond the memory",
            Says::Open(MemoryLength),
            |b, s, _| {
                put(b, at::CAPACITY, s.capacity as u64 + 1);
                put(b, at::GROUPS, 7);
                let schema = number32(b, at::SCHEMA_BYTES) as usize;
                put(b, at::BYTES, (192 + 7 * (16 + 12 * s.slot_size) + schema) as u64);
            },
        ),
        class(
            "capacity, groups and bytes: 2^33 entries",
            Says::Open(MemoryLength),
            |b, s, _| {
                let groups = (1_u64 << 30) | 1;
                put(b, at::CAPACITY, 1 << 33);
                put(b, at::GROUPS, groups);
                let schema = u64::from(number32(b, at::SCHEMA_BYTES));
                put(b, at::BYTES, 192 + groups * (16 + 12 * s.slot_size as u64) + schema);
            },
        ),
        class("capacity: 0", Says::Open(Groups), |b, _, _| put(b, at::CAPACITY, 0)),
        class("capacity: below the length", Says::Open(Len), |b, _, _| {
            put(b, at::CAPACITY, 33);
        }),
        class("groups: 0", Says::Open(Groups), |b, _, _| put(b, at::GROUPS, 0)),
        class("groups: one more", Says::Open(Groups), |b, s, _| {
            put(b, at::GROUPS, s.groups as u64 + 1);
        }),
        class("groups: 2^32 more", Says::Open(Groups), |b, s, _| {
            put(b, at::GROUPS, s.groups as u64 + (1 << 32));
        }),
        class("groups: u64::MAX", Says::Open(Groups), |b, _, _| {
            put(b, at::GROUPS, u64::MAX);
        }),
        class("bytes: 0", Says::Open(Bytes), |b, _, _| put(b, at::BYTES, 0)),
        class("bytes: one less", Says::Open(Bytes), |b, _, _| {
            put(b, at::BYTES, number(b, at::BYTES) - 1);
        }),
        class("bytes: u64::MAX", Says::Open(Bytes), |b, _, _| {
            put(b, at::BYTES, u64::MAX);
        }),
        class("magic", Says::Open(Magic), |b, _, _| b[at::MAGIC] ^= 1),
        class("header bytes: 0", Says::Open(HeaderBytes), |b, _, _| {
            put32(b, at::HEADER_BYTES, 0);
        }),
        class("slot size: 0", Says::Open(SlotSize), |b, _, _| {
            put32(b, at::SLOT_SIZE, 0);
        }),
        class("slot size: u32::MAX", Says::Open(SlotSize), |b, _, _| {
            put32(b, at::SLOT_SIZE, u32::MAX);
        }),
        class("slot alignment: 1", Says::Open(SlotAlign), |b, _, _| {
            put32(b, at::SLOT_ALIGN, 1);
        }),
        class("key size: 16", Says::Open(KeySize), |b, _, _| {
            put32(b, at::KEY_SIZE, 16);
        }),
        class("value size: 16", Says::Open(ValueSize), |b, _, _| {
            put32(b, at::VALUE_SIZE, 16);
        }),
        class("value offset: beyond the slot", Says::Open(ValueOffset), |b, _, _| {
            put32(b, at::VALUE_OFFSET, 1 << 20);
        }),
        class("kind: 1", Says::Open(Field::Kind), |b, _, _| put32(b, at::KIND, 1)),
        class("kind: u32::MAX", Says::Open(Field::Kind), |b, _, _| {
            put32(b, at::KIND, u32::MAX);
        }),
        class("schema bytes: 0", Says::Open(Field::SchemaBytes), |b, _, _| {
            put32(b, at::SCHEMA_BYTES, 0);
        }),
        class("schema bytes: u32::MAX", Says::Open(Field::SchemaBytes), |b, _, _| {
            put32(b, at::SCHEMA_BYTES, u32::MAX);
        }),
        class("room: 1, in a map without texts", Says::Open(Field::Room), |b, _, _| {
            put(b, at::ROOM, 1);
        }),
        class("room used: 1 of 0", Says::Open(Field::RoomUsed), |b, _, _| {
            put(b, at::ROOM_USED, 1);
        }),
        class("room used: u64::MAX", Says::Open(Field::RoomUsed), |b, _, _| {
            put(b, at::ROOM_USED, u64::MAX);
        }),
        class("garbage: 1 of 0", Says::Open(Field::Garbage), |b, _, _| {
            put(b, at::GARBAGE, 1);
        }),
        class("schema: its first byte", Says::Verify(Field::Schema), |b, s, _| {
            b[s.room_at()] ^= 1;
        }),
        class("schema: its last byte", Says::Verify(Field::Schema), |b, _, _| {
            let last = number(b, at::BYTES) as usize - 1;
            b[last] ^= 1;
        }),
        class("hasher: 2", Says::Open(Hasher), |b, _, _| put32(b, at::HASHER, 2)),
        class("key layout", Says::Open(KeyLayout), |b, _, _| b[at::KEY_LAYOUT] ^= 1),
        class("value layout", Says::Open(ValueLayout), |b, _, _| {
            b[at::VALUE_LAYOUT] ^= 1;
        }),
        class("seed: another", Says::Verify(Tag), |b, _, _| b[at::SEED] ^= 1),
        class("state: 0", Says::Open(State), |b, _, _| put(b, at::STATE, 0)),
        class("state: noise", Says::Open(State), |b, _, _| {
            put(b, at::STATE, 0x0123_4567_89ab_cdef);
        }),
        class("state: one bit", Says::Open(State), |b, _, _| b[at::STATE] ^= 1),
        class(
            "state: sealed, with another checksum",
            Says::Verify(Field::ContentChecksum),
            |b, _, _| {
                mark_sealed(b);
                b[at::CONTENT_CHECKSUM] ^= 1;
            },
        ),
        class(
            "state: sealed, written to since",
            Says::Verify(Field::ContentChecksum),
            |b, s, _| {
                mark_sealed(b);
                let slot = s.full(b)[0];
                s.slot(b, slot)[8] ^= 1;
            },
        ),
        class(
            "state: sealed, another generation since",
            Says::Verify(Field::ContentChecksum),
            |b, _, _| {
                mark_sealed(b);
                b[at::GENERATION] ^= 1;
            },
        ),
    ];
    classes.push(class("reserved bytes, the first", Says::Open(Reserved), |b, _, _| {
        b[at::RESERVED] = 1;
    }));
    classes.push(class("reserved bytes, the last", Says::Open(Reserved), |b, _, _| {
        b[at::HEADER_CHECKSUM - 1] = 0x80;
    }));
    classes.push(class(
        "later reserved bytes, the first",
        Says::Open(Reserved),
        |b, _, _| b[at::RESERVED_MUTABLE] = 1,
    ));
    classes.push(class(
        "later reserved bytes, the last",
        Says::Open(Reserved),
        |b, _, _| b[at::TAGS - 1] = 0x80,
    ));
    tell(numbers(), use_plain, &classes);
}
