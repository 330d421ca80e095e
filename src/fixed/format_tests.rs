//! `FORMAT.md` says what `layout.rs` does.

use super::layout::{
    ENDIAN_MARK, GROUP_BYTES, Geometry, HASHER, Hash, KIND_TABLE, LANES, LEAST_ALIGN, MAGIC, MOST_GROUPS, MOST_ROOM,
    OPEN, SEALED, SlotLayout, VERSION, at,
};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const TEXT: &str = include_str!("FORMAT.md");

/// A row of the header's table.
struct Row {
    offset: usize,
    bytes: usize,
    field: String,
    value: String,
}

/// The table under the heading `Header`.
fn header_rows() -> Vec<Row> {
    let (_, section) = TEXT.split_once("\n## Header\n").expect("the heading");
    let (section, _) = section.split_once("\n## ").expect("the next heading");
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [offset, bytes, field, value] = cells[..] else {
            panic!("four cells: {row}")
        };
        let number = |cell: &str| cell.parse().unwrap_or_else(|error| panic!("{cell}: {error}"));
        Row {
            offset: number(offset),
            bytes: number(bytes),
            field: field.to_string(),
            value: value.to_string(),
        }
    })
    .collect()
}

/// The bytes in hexadecimal between the n-th pair of backticks.
fn bytes_in(value: &str, n: usize) -> u64 {
    let quoted = value
        .split('`')
        .nth(2 * n + 1)
        .unwrap_or_else(|| panic!("quoted bytes: {value}"));
    let bytes: Vec<u8> = quoted
        .split(' ')
        .map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal"))
        .collect();
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

#[test]
fn the_header_is_as_written() {
    let expected = [
        ("magic", at::MAGIC),
        ("version", at::VERSION),
        ("endian mark", at::ENDIAN_MARK),
        ("header bytes", at::HEADER_BYTES),
        ("slot size `S`", at::SLOT_SIZE),
        ("slot alignment", at::SLOT_ALIGN),
        ("key size", at::KEY_SIZE),
        ("value size", at::VALUE_SIZE),
        ("value offset", at::VALUE_OFFSET),
        ("hasher", at::HASHER),
        ("key layout", at::KEY_LAYOUT),
        ("value layout", at::VALUE_LAYOUT),
        ("seed", at::SEED),
        ("capacity", at::CAPACITY),
        ("groups `G`", at::GROUPS),
        ("bytes", at::BYTES),
        ("kind", at::KIND),
        ("schema bytes", at::SCHEMA_BYTES),
        ("room `R`", at::ROOM),
        ("reserved", at::RESERVED),
        ("header checksum", at::HEADER_CHECKSUM),
        ("length", at::LEN),
        ("generation", at::GENERATION),
        ("state", at::STATE),
        ("content checksum", at::CONTENT_CHECKSUM),
        ("room used", at::ROOM_USED),
        ("garbage", at::GARBAGE),
        ("reserved", at::RESERVED_MUTABLE),
    ];
    let rows = header_rows();
    assert_eq!(rows.len(), expected.len());
    // One behind the other, without gaps, to the first group.
    let ends = rows.iter().skip(1).map(|row| row.offset).chain([at::TAGS]);
    for ((row, (field, offset)), end) in rows.iter().zip(expected).zip(ends) {
        assert_eq!(
            (row.field.as_str(), row.offset, row.offset + row.bytes),
            (field, offset, end)
        );
        let value = &row.value;
        match field {
            "magic" => assert_eq!(bytes_in(value, 0), MAGIC),
            "version" => assert_eq!(value.parse(), Ok(VERSION)),
            "endian mark" => {
                let [low, high] = ENDIAN_MARK.to_le_bytes();
                assert_eq!(
                    *value,
                    alloc::format!("`{ENDIAN_MARK:#06x}`, so the bytes `{low:02x} {high:02x}`")
                );
            }
            "header bytes" => assert_eq!(value.parse(), Ok(at::TAGS)),
            "hasher" => assert_eq!(value.parse(), Ok(HASHER)),
            "kind" => assert!(value.starts_with(&alloc::format!("{KIND_TABLE}: a table")), "{value}"),
            "state" => assert_eq!((bytes_in(value, 0), bytes_in(value, 1)), (OPEN, SEALED)),
            "reserved" => assert_eq!(value, "zeros"),
            "header checksum" => assert_eq!(*value, alloc::format!("of bytes 0 to {}", at::HEADER_CHECKSUM - 1)),
            "content checksum" => {
                let covered = alloc::format!(
                    "sealed: of bytes 0 to {}, then of {} to the end;",
                    at::STATE - 1,
                    at::TAGS
                );
                assert!(value.starts_with(&covered), "{value}");
            }
            _ => {}
        }
    }
}

#[test]
fn the_parts_are_as_written() {
    let text: Vec<&str> = TEXT.split_whitespace().collect();
    let text = text.join(" ");
    for said in [
        alloc::format!("aligned in memory to {LEAST_ALIGN} bytes"),
        alloc::format!("`slots` is `{} + {GROUP_BYTES} G`", at::TAGS),
        alloc::format!("`room` is `slots + {LANES} G S`"),
        alloc::format!("at most 2{} bytes", superscript(MOST_ROOM.ilog2())),
        alloc::format!(
            "Group `g` is {GROUP_BYTES} bytes: the tags of slots `{LANES} g` to `{LANES} g + {}`",
            LANES - 1
        ),
        alloc::format!("1 up to {LANES} entries; else capacity / 8, rounded up, and made odd"),
        alloc::format!("at most 2{}", superscript(MOST_GROUPS.ilog2())),
        alloc::format!("Bytes 0 to {} are written once", at::LEN - 1),
        alloc::format!("The memory has {} bytes and the alignment", at::TAGS),
    ] {
        assert!(text.contains(&said), "{said:?} is not in FORMAT.md");
    }
}

fn superscript(number: u32) -> String {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    number
        .to_string()
        .bytes()
        .map(|digit| digits[usize::from(digit - b'0')])
        .collect()
}

/// The formulas of `FORMAT.md`, written out once more.
#[test]
fn sizes_are_as_written() {
    #[repr(C, align(64))]
    struct Line([u8; 64]);
    let layouts = [
        SlotLayout::of::<u64, u64>(),
        SlotLayout::of::<u32, ()>(),
        SlotLayout::of::<[u8; 9], u16>(),
        SlotLayout::of::<u8, Line>(),
    ];
    for slot in layouts {
        for capacity in (0..100).chain([1_000, 12_345, 1 << 20]) {
            let (room, schema) = (usize::try_from(capacity * 7).expect("it fits"), 93);
            let geometry = Geometry::new(capacity, &slot, room as u64, schema).expect("it fits");
            let groups = if capacity <= 12 { 1 } else { capacity.div_ceil(8) | 1 };
            assert_eq!(u64::from(geometry.groups), groups);
            let tags_end = 192 + 16 * usize::try_from(groups).expect("it fits");
            assert!((tags_end..tags_end + slot.archive_align()).contains(&geometry.slots_at));
            assert_eq!(geometry.slots_at % slot.archive_align(), 0);
            assert_eq!(geometry.room_at, geometry.slots_at + geometry.slots() * slot.size);
            assert_eq!((geometry.room, geometry.schema_at), (room, geometry.room_at + room));
            assert_eq!(geometry.bytes, geometry.schema_at + schema);
            assert!(geometry.slots() as u64 >= capacity);
        }
    }
}

#[test]
fn hashes_are_as_written() {
    use crate::fixed::{FixedKey, KeyHasher, KeySecrets, i16_le, u16_le, u64_le, u128_le};
    use rapidhash::v3::RapidSecrets;

    let hash = |seed, parts: &[&dyn Fn(&mut KeyHasher<'_>)]| {
        let secrets = KeySecrets::seed(seed);
        let mut hasher = KeyHasher::new(&secrets);
        for part in parts {
            part(&mut hasher);
        }
        hasher.finish()
    };
    let (key, abc) = (
        |hasher: &mut KeyHasher<'_>| hasher.write(b"key"),
        |hasher: &mut KeyHasher<'_>| hasher.write(b"abc"),
    );
    let seven = |hasher: &mut KeyHasher<'_>| u64_le::from(7).hash_key(hasher);
    let small = |hasher: &mut KeyHasher<'_>| u16_le::from(0x1234).hash_key(hasher);
    let wide = |hasher: &mut KeyHasher<'_>| u128_le::from((1 << 64) + 7).hash_key(hasher);
    let truth = |hasher: &mut KeyHasher<'_>| true.hash_key(hasher);
    let negative = |hasher: &mut KeyHasher<'_>| i16_le::from(-2).hash_key(hasher);
    let array = |hasher: &mut KeyHasher<'_>| [u64_le::from(7)].hash_key(hasher);
    let (first, second) = (RapidSecrets::seed(42), RapidSecrets::seed(0));
    let written = [
        [first.seed, first.secrets[0], first.secrets[1] | 1],
        [second.seed, second.secrets[0], second.secrets[1] | 1],
        [hash(42, &[&seven]), hash(42, &[&key]), hash(42, &[&seven, &key])],
        [hash(42, &[]), hash(0, &[&abc]), hash(0, &[&small])],
        [hash(42, &[&wide]), hash(42, &[&truth]), hash(42, &[&negative])],
        [hash(42, &[&array]); 3],
    ];
    for number in written.as_flattened() {
        assert!(TEXT.contains(&alloc::format!("`{number:016x}`")), "{number:016x}");
    }
}

/// The formulas of `FORMAT.md`, written out once more.
#[test]
fn places_are_as_written() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for groups in [1, 3, 125, 12_501, (1 << 31) - 1] {
        for _ in 0..100 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let product = u128::from(state) * u128::from(groups);
            let (hash, mark) = (Hash(state), u8::try_from(product >> 56 & 0xff).expect("eight bits"));
            assert_eq!(u128::from(hash.home(groups)), product >> 64);
            assert_eq!(hash.mark(groups).tag(), if mark == 0 { 1 } else { mark });
            assert_eq!(hash.mark(groups).class(), u32::from(mark % 8));
            let example = Hash::example(hash.home(groups), groups, u32::from(mark % 8));
            assert_eq!(
                (example.home(groups), example.mark(groups).class()),
                (hash.home(groups), u32::from(mark % 8))
            );
        }
    }
}
