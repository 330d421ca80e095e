//! Archives that are read, made and repaired by their schema alone do the same as with their types; and whatever the bytes are, each call
//! returns.

#[path = "support/archive.rs"]
mod archive;

use archive::{at, mark_open, mark_sealed, number, put, put32, sign_header};
use arenamap::PathMap;
use arenamap::fixed::described::{Builder, Described, Input, Packed, TreeBuilder, Type, Value, recover};
use arenamap::fixed::{
    AlignedBytes, Checked, Field, FixedBytes, FixedKey, FixedMap, FixedStr, Frozen, IndexedMap, PathArchive, Refusal,
    Schema, VarMap, char_le, f64_le, i16_le, u16_le, u32_le, u64_le, u128_le,
};
use std::time::{Duration, Instant};

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug, PartialEq)]
    checked struct Page { site: u32_le, path: FixedStr<12>, kind: [u16_le; 2] }
}

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug, PartialEq)]
    checked struct Visit { count: u64_le, first: char_le, open: bool, tag: FixedBytes<3> }
}

const PAGE: &str = "Page { site: u32, path: FixedStr<12>, kind: [u16; 2] }";
const VISIT: &str = "Visit { count: u64, first: char, open: bool, tag: FixedBytes<3> }";
const SEED: u64 = 0xDE5C;

fn page(n: u32) -> Page {
    Page {
        site: n.into(),
        path: FixedStr::cut(&format!("/é/{n}")),
        kind: [1.into(), 7.into()],
    }
}

fn visit(n: u32) -> Visit {
    Visit {
        count: u64::from(n).into(),
        first: char_le::from_native(char::from_u32(0x431 + n % 30).unwrap()),
        open: n % 2 == 1,
        tag: FixedBytes::new(&[0xff, 0][..(n % 3) as usize]).unwrap(),
    }
}

fn typed(capacity: usize, entries: impl Iterator<Item = (u32, u32)>) -> FixedMap<Page, Visit> {
    let need = FixedMap::<Page, Visit>::bytes_for(capacity);
    let mut map = FixedMap::create_seeded(AlignedBytes::zeroed(need), capacity, SEED).unwrap();
    for (key, value) in entries {
        map.insert(page(key), visit(value)).unwrap();
    }
    map
}

fn page_input(n: u32) -> Input<'static> {
    Input::List(vec![
        n.into(),
        Input::Text(format!("/é/{n}").into()),
        Input::List(vec![1_u32.into(), 7_u32.into()]),
    ])
}

fn visit_input(n: u32) -> Input<'static> {
    let fields = [
        ("tag", ["hex:", "hex:ff", "hex:ff00"][(n % 3) as usize].into()),
        ("open", (n % 2 == 1).into()),
        ("count", n.into()),
        (
            "first",
            Input::Text(char::from_u32(0x431 + n % 30).unwrap().to_string().into()),
        ),
    ];
    Input::Record(fields.map(|(name, input)| (name.into(), input)).into())
}

fn parsed(text: &str) -> Type {
    Type::parse(text, "").unwrap()
}

#[test]
fn what_is_built_is_what_the_typed_map_makes_byte_for_byte() {
    let (key, value) = (parsed(PAGE), parsed(VISIT));
    for (capacity, entries) in [(0, 0), (3, 3), (12, 12), (100, 70), (1_000, 1_000)] {
        // Every third key comes again, with another value.
        let pairs = || {
            (0..entries)
                .map(|n| (n, n))
                .chain((0..entries).step_by(3).map(|n| (n, n + 1)))
        };
        let mut map = typed(capacity, pairs());
        let mut builder = Builder::new_seeded(key.clone(), value.clone(), capacity, 0, SEED).unwrap();
        for (k, v) in pairs() {
            let key = Packed::new(&key, &page_input(k)).unwrap();
            let value = Packed::new(&value, &visit_input(v)).unwrap();
            let slot = builder.insert(&key.view(), &value.view()).unwrap();
            assert_eq!(builder.slot_of(&key.view()), Some(slot));
        }
        assert_eq!(builder.len(), map.len());
        assert_eq!(builder.seal(), map.seal());
    }
}

#[test]
fn texts_of_any_length_are_built_as_the_typed_map_does() {
    let text = |n: usize| "abcdefgh".repeat(n / 3)[..n % (8 * (n / 3) + 1)].to_owned();
    let of = parsed("str");
    for entries in [0_usize, 1, 40] {
        let pairs: Vec<_> = (0..entries)
            .map(|n| (format!("{n}{}", text(n)), text(2 * n)))
            .chain((0..entries).map(|n| (format!("{n}{}", text(n)), text(3 * n % 50))))
            // Each becomes the last one, and grows where it is.
            .chain((0..entries).flat_map(|n| [60, 90, 90 + n].map(|len| (format!("{n}{}", text(n)), "é".repeat(len)))))
            .collect();
        let room = 20_000;
        let need = VarMap::<str, str>::bytes_for(entries, room);
        let mut map = VarMap::<str, str, _>::create_seeded(AlignedBytes::zeroed(need), entries, room, SEED).unwrap();
        let mut builder = Builder::new_seeded(of.clone(), of.clone(), entries, room, SEED).unwrap();
        for (key, value) in &pairs {
            map.insert(key, value).unwrap();
            let [key, value] = [key, value].map(|text| Packed::new(&of, &text.as_str().into()).unwrap());
            builder.insert(&key.view(), &value.view()).unwrap();
        }
        let bytes = builder.seal();
        assert_eq!(bytes, map.seal());
        let archive = Described::open(&bytes).unwrap();
        archive.verify().unwrap();
        for (key, _) in &pairs {
            let packed = Packed::new(&of, &key.as_str().into()).unwrap();
            let found = archive.get(&packed.view()).unwrap().unwrap();
            assert_eq!(found.value(), Value::Text(map.get(key.as_str()).unwrap()));
        }
        assert_eq!(archive.head().garbage, map.garbage());
    }
}

#[test]
fn a_full_archive_and_a_full_room_say_so_and_stay_as_they_are() {
    let of = parsed("str");
    let text = |text: &'static str| Packed::new(&of, &text.into()).unwrap();
    let mut builder = Builder::new(of.clone(), of.clone(), 2, 8).unwrap();
    builder.insert(&text("a").view(), &text("123").view()).unwrap();
    let error = builder.insert(&text("b").view(), &text("4567").view()).unwrap_err();
    assert_eq!(
        error,
        Refusal::NoRoom {
            needed: 5,
            left: 4,
            garbage: 0
        }
    );
    // (The last one grows where it is.)
    let error = builder.insert(&text("a").view(), &text("12345678").view()).unwrap_err();
    assert!(
        matches!(
            error,
            Refusal::NoRoom {
                needed: 5,
                left: 4,
                garbage: 0
            }
        ),
        "{error}"
    );
    builder.insert(&text("a").view(), &text("45").view()).unwrap(); // in place of the old one
    builder.insert(&text("b").view(), &text("678").view()).unwrap();
    let error = builder.insert(&text("c").view(), &text("").view()).unwrap_err();
    assert_eq!(error, Refusal::Full { capacity: 2 });
    let number = parsed("u64");
    let seven = Packed::new(&number, &7_u64.into()).unwrap();
    let error = builder.insert(&seven.view(), &text("").view()).unwrap_err();
    assert!(matches!(error, Refusal::Corrupt(error) if error.field() == Field::KeyLayout));
    let bytes = builder.seal();
    let map = VarMap::<str, str>::open_verified(AlignedBytes::from_slice(&bytes)).unwrap();
    assert_eq!(
        (map.get("a"), map.get("b"), map.garbage()),
        (Some("45"), Some("678"), 1)
    );
    assert_eq!(
        Builder::new(number.clone(), number, 2, 1).unwrap_err().field(),
        Field::Room
    );
}

#[test]
fn header_entries_and_searches_are_those_of_the_typed_map() {
    let mut map = typed(200, (0..150).map(|n| (n, n)));
    let stats = map.stats();
    let bytes = map.seal();
    let archive = Described::open(bytes).unwrap();
    archive.verify().unwrap();
    assert_eq!(archive.stats(), stats);
    let head = archive.head();
    assert_eq!(
        (head.len, head.capacity, head.seed, head.sealed),
        (150, 200, SEED, true)
    );
    assert_eq!(archive.key_type(), &parsed(PAGE));
    assert_eq!(
        archive.value_type().to_string(),
        VISIT.replace("u64", "u64_le").replace("char", "char_le")
    );
    assert_eq!(archive.iter().count(), 150);
    for n in 0..200 {
        let key = Packed::new(archive.key_type(), &page_input(n)).unwrap();
        let found = archive.get(&key.view()).unwrap();
        assert_eq!(found.is_some(), n < 150);
        if let Some(found) = found {
            assert_eq!(found.field("count").unwrap().value(), Value::Unsigned(n.into()));
            assert_eq!(found.field("open").unwrap().value(), Value::Bool(n % 2 == 1));
            assert!(found.field("nothing").is_none());
        }
    }
    // A key of another type is not there.
    let other = parsed("u64");
    assert!(
        archive
            .get(&Packed::new(&other, &7_u64.into()).unwrap().view())
            .unwrap()
            .is_none()
    );
}

/// One key of each kind is found by what stands for it.
#[test]
fn keys_of_every_kind_are_found() {
    fn check<K: FixedKey + Checked + Copy>(of: &str, keys: &[(K, Input<'_>)]) {
        let need = FixedMap::<K, u32_le>::bytes_for(keys.len());
        let mut map = FixedMap::<K, u32_le, _>::create(AlignedBytes::zeroed(need), keys.len()).unwrap();
        for (value, (key, _)) in (0_u32..).zip(keys) {
            map.insert(*key, value.into()).unwrap();
        }
        let bytes = map.seal().to_vec();
        let archive = Described::open(&bytes).unwrap();
        archive.verify().unwrap();
        assert_eq!(archive.key_type(), &parsed(of), "{of}");
        for (value, (_, input)) in (0_u32..).zip(keys) {
            let key = Packed::new(archive.key_type(), input).unwrap();
            let found = archive
                .get(&key.view())
                .unwrap()
                .unwrap_or_else(|| panic!("{of}: {input:?}"));
            assert_eq!(found.value(), Value::Unsigned(value.into()), "{of}");
        }
    }
    check::<u8>("u8", &[(0, "0".into()), (255, 255_u32.into())]);
    check::<i8>("i8", &[(-128, "-128".into()), (127, 127_u32.into())]);
    check::<bool>("bool", &[(false, false.into()), (true, "true".into())]);
    check::<i16_le>(
        "i16",
        &[((-2).into(), (-2_i32).into()), (i16::MIN.into(), "-32768".into())],
    );
    check::<u128_le>(
        "u128_le",
        &[(u128::MAX.into(), u128::MAX.into()), (7.into(), 7_u32.into())],
    );
    check::<char_le>("char", &[(char_le::from_native('é'), "é".into())]);
    check::<f64_le>(
        "f64",
        &[((-0.0).into(), "-0.0".into()), (f64::INFINITY.into(), "inf".into())],
    );
    check::<[u8; 3]>("[u8; 3]", &[([1, 2, 255], "hex:0102ff".into())]);
    check::<[u64_le; 2]>(
        "[u64; 2]",
        &[([7.into(), 8.into()], Input::List(vec![7_u64.into(), "8".into()]))],
    );
    check::<FixedStr<9>>(
        "FixedStr<9>",
        &[
            (FixedStr::cut(""), "".into()),
            (FixedStr::cut("hex:00"), "hex:00".into()),
        ],
    );
    check::<FixedBytes<9>>(
        "FixedBytes<9>",
        &[(FixedBytes::new(&[0, 255]).unwrap(), "hex:00ff".into())],
    );
    check::<Page>(PAGE, &[(page(7), page_input(7)), (page(8), page_input(8))]);
}

#[test]
fn inputs_that_do_not_fit_say_where_and_why() {
    let of = parsed("P { e: f32, b: [i16; 2], d: NonZeroU16, a: u8, c: FixedStr<5> }");
    let field = |name: &'static str, input: Input<'static>| {
        let good = [
            ("a", 1_u32.into()),
            ("b", Input::List(vec![1_u32.into(), 2_u32.into()])),
            ("c", "abc".into()),
            ("d", 1_u32.into()),
            ("e", "NaN".into()),
        ];
        let replaced = good.map(|(other, good)| (other.into(), if other == name { input.clone() } else { good }));
        Packed::new(&of, &Input::Record(replaced.into()))
    };
    assert!(field("", Input::Null).is_ok());
    for (name, input, message) in [
        ("a", 256_u32.into(), ".a: 256 is no u8: it is out of range"),
        ("a", "-1".into(), ".a: -1 is no u8: it is out of range"),
        ("a", "x".into(), ".a: `x` is no u8"),
        ("a", "1e3".into(), ".a: 1e3 is no u8: it is out of range"),
        ("a", "1e39".into(), ".a: 1e39 is no u8: it is out of range"),
        (
            "a",
            "1e99999999999".into(),
            ".a: 1e99999999999 is no u8: it is out of range",
        ),
        ("a", "-1e1".into(), ".a: -1e1 is no u8: it is out of range"),
        ("a", "2.5".into(), ".a: 2.5 is no u8: it has a fraction"),
        ("a", "25e-1".into(), ".a: 25e-1 is no u8: it has a fraction"),
        (
            "a",
            "1e-999999999999".into(),
            ".a: 1e-999999999999 is no u8: it has a fraction",
        ),
        ("a", "1e".into(), ".a: `1e` is no u8"),
        ("a", ".".into(), ".a: `.` is no u8"),
        ("a", "--1".into(), ".a: `--1` is no u8"),
        ("a", "NaN".into(), ".a: `NaN` is no u8"),
        ("a", true.into(), ".a: true is no u8"),
        (
            "b",
            Input::List(vec![1_u32.into(), 32_768_u32.into()]),
            ".b[1]: 32768 is no i16_le: it is out of range",
        ),
        ("b", Input::List(vec![]), ".b: 0 elements, but [i16_le; 2] has 2"),
        (
            "c",
            "abcde".into(),
            ".c: 5 bytes, but FixedStr<5> takes 4; build with a larger one, or cut the text",
        ),
        ("d", 0_u32.into(), ".d: NonZeroU16_le is not zero"),
        ("e", "1e39".into(), ".e: 1e39 is out of the range of f32_le"),
    ] {
        assert_eq!(field(name, input).unwrap_err().to_string(), message);
    }
    let record = |fields: &[&'static str]| {
        let fields = fields.iter().map(|&name| (name.into(), Input::from(1_u32)));
        Packed::new(&parsed("P { a: u8, b: u8 }"), &Input::Record(fields.collect()))
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(record(&["a"]), "the field `b: u8` is missing");
    assert_eq!(record(&["a", "b", "c"]), "no field `c` in P; it has a, b");
    assert_eq!(record(&["a", "b", "a"]), "the field `a` is there twice");
}

/// A type that an archive says to be huge takes no more memory than the input can fill.
#[test]
fn a_huge_type_is_no_reason_for_memory() {
    for of in [
        "[u8; 1000000000]",
        "[[u64; 1000]; 100000]",
        "{ a: u32, b: [u32; 200000000] }",
    ] {
        let of = parsed(of);
        for input in [
            Input::Null,
            "hex:00".into(),
            Input::List(vec![7_u64.into(); 100]),
            1_u64.into(),
        ] {
            let error = Packed::new(&of, &input).unwrap_err();
            assert!(error.to_string().contains("is too short for"), "{error}");
        }
    }
    let of = parsed("[u8; 100000]");
    let packed = Packed::new(&of, &Input::Text(format!("hex:{}", "07".repeat(100_000)).into())).unwrap();
    assert_eq!(packed.view().as_bytes(), vec![7; 100_000]);
    let of = parsed("{ a: [u32; 20000], b: u64 }");
    let input = Input::List(vec![Input::List(vec![7_u64.into(); 20_000]), 9_u64.into()]);
    assert_eq!(Packed::new(&of, &input).unwrap().view().as_bytes().len(), 80_008);
}

#[test]
fn types_that_are_none_say_where() {
    for (text, offset) in [
        ("", 0),
        ("u65", 0),
        ("u64 u64", 4),
        ("[u8", 3),
        ("[u8; x]", 5),
        ("P { a: u8, a: u8 }", 11),
        ("P { a: u8, b: u16 }", 11),
        ("P { a: u16, b: u8 }", 18),
        ("P { a }", 6),
        ("P { a: str }", 7),
        ("FixedStr<0>", 9),
        ("FixedStr<257>", 9),
        ("[[[u64; 1000000]; 1000000]; 1000000]", 25),
        ("é", 0),
    ] {
        let error = Type::parse(text, "").expect_err(text);
        assert_eq!(error.offset(), offset, "{text}: {error}");
    }
    let deep = format!("{}u8{}", "[".repeat(100), "; 1]".repeat(100));
    assert!(Type::parse(&deep, "").is_err());
    let wide = (0..65).fold("P {".to_owned(), |text, n| text + &format!("f{n}: (),")) + "}";
    assert!(Type::parse(&wide, "").is_err());
    // What is printed is read again.
    for text in [
        PAGE,
        VISIT,
        "[[u8; 3]; 2]",
        "[u8]",
        "str",
        "{ a: { b: u8 }, r#type: i8 }",
    ] {
        let of = parsed(text);
        assert_eq!(parsed(&of.to_string()), of);
    }
}

/// Says of each of these bytes, overwritten in an archive, the same as the typed map does, and repairs them alike.
fn compare_on_damage<K: FixedKey + Checked, V: Checked + Frozen>(good: &[u8], from: usize) {
    let typed_verdict = |bytes: &[u8]| match FixedMap::<K, V, _>::open_unverified(AlignedBytes::from_slice(bytes)) {
        Ok(_) => FixedMap::<K, V>::open_verified(AlignedBytes::from_slice(bytes)).map(|_| ()),
        Err(error) => Err(error),
    };
    let mut refused = 0;
    for place in from..good.len() {
        for byte in [0, 0xff, good[place] ^ 1, good[place].wrapping_add(12)] {
            let sealed = (place + usize::from(byte)) % 2 == 0;
            let mut bytes = good.to_vec();
            bytes[place] = byte;
            if place < at::HEADER_CHECKSUM {
                sign_header(&mut bytes);
            }
            if !(at::STATE..at::TAGS).contains(&place) {
                if sealed {
                    mark_sealed(&mut bytes);
                } else {
                    mark_open(&mut bytes);
                }
            }
            let found = Described::open(&bytes).and_then(|archive| {
                let _ = archive.stats();
                for entry in archive.iter() {
                    let _ = archive.get(&entry.key);
                }
                archive.verify()
            });
            let expected = typed_verdict(&bytes);
            refused += usize::from(found.is_err());
            let is_of_types = |error: arenamap::fixed::FixedError| {
                error.field() == Field::Description || place < at::TAGS || place >= schema_at(good)
            };
            match (found, expected) {
                (Err(found), Err(_)) if is_of_types(found) => {}
                (found, expected) => assert_eq!(found, expected, "byte {place} = {byte}"),
            }
            let mut ours = bytes.clone();
            let theirs = FixedMap::<K, V, _>::recover(AlignedBytes::from_slice(&bytes));
            match (recover(&mut ours), theirs) {
                (Ok(recovered), Ok((map, expected))) => {
                    assert_eq!(recovered, expected, "byte {place} = {byte}");
                    assert!(ours[..] == map.into_memory()[..], "byte {place} = {byte}");
                }
                (Err(_), Err(_)) => assert_eq!(ours, bytes),
                // A damaged schema: the types write it anew.
                (Err(error), Ok(_)) => assert!(error.field() == Field::Description && place >= schema_at(good)),
                (Ok(_), Err(error)) => panic!("byte {place} = {byte}: only without types: {error}"),
            }
        }
    }
    assert!(refused > good.len() / 4, "{refused}");
}

fn schema_at(bytes: &[u8]) -> usize {
    bytes.len() - archive::number32(bytes, at::SCHEMA_BYTES) as usize
}

#[test]
fn damage_is_seen_and_repaired_as_by_the_typed_map() {
    let mut map = typed(9, (0..7).map(|n| (n, n)));
    compare_on_damage::<Page, Visit>(map.seal(), 0);
    // Several groups, and entries that went past one.
    let mut map = FixedMap::<u8, (), _>::create_seeded(AlignedBytes::zeroed(1024), 40, 3).unwrap();
    (0..40).for_each(|key| assert!(map.insert(key, ()).unwrap().is_none()));
    compare_on_damage::<u8, ()>(map.seal(), at::LEN);
}

#[test]
fn damage_of_texts_is_seen_and_repaired_as_by_the_typed_map() {
    let mut map = VarMap::<str, [u8], _>::create_seeded(AlignedBytes::zeroed(2048), 6, 60, 3).unwrap();
    for (key, value) in [("a", &b"123456"[..]), ("bé", b""), ("", b"789"), ("a", b"00")] {
        map.insert(key, value).unwrap();
    }
    let good = map.seal().to_vec();
    let room_end = schema_at(&good);
    for place in (at::LEN..at::STATE).chain(at::ROOM_USED..room_end) {
        for byte in [0, 1, 8, 0x10, 0xff, good[place] ^ 1] {
            let mut bytes = good.clone();
            bytes[place] = byte;
            mark_open(&mut bytes);
            let found = Described::open(&bytes).and_then(|archive| archive.verify());
            let expected = VarMap::<str, [u8]>::open_verified(AlignedBytes::from_slice(&bytes)).map(|_| ());
            assert_eq!(found, expected, "byte {place} = {byte}");
            let mut ours = bytes.clone();
            match (
                recover(&mut ours),
                VarMap::<str, [u8], _>::recover(AlignedBytes::from_slice(&bytes)),
            ) {
                (Ok(recovered), Ok((map, expected))) => {
                    assert_eq!(recovered, expected, "byte {place} = {byte}");
                    assert!(ours[..] == map.into_memory()[..], "byte {place} = {byte}");
                }
                (ours, theirs) => assert_eq!(ours.unwrap_err(), theirs.unwrap_err()),
            }
            // The repaired one is good.
            if let Ok(archive) = Described::open(&ours) {
                let _ = archive.verify();
            }
        }
    }
}

/// An archive with this schema, whose hashes and lengths are made to agree with it.
fn with_schema(key: &[u8], value: &[u8], sizes: [u32; 4]) -> Vec<u8> {
    let map = FixedMap::<u64_le, u64_le, _>::create_seeded(AlignedBytes::zeroed(1024), 1, 0).unwrap();
    let mut bytes = map.as_bytes()[..at::TAGS + 16].to_vec();
    let [size, align, value_size, value_align] = sizes;
    let value_at = size.next_multiple_of(value_align.max(1));
    let slot_align = align.max(value_align).max(1);
    let slot = (value_at + value_size).next_multiple_of(slot_align);
    for (at, number) in [
        (at::SLOT_SIZE, slot),
        (at::SLOT_ALIGN, slot_align),
        (at::KEY_SIZE, size),
        (at::VALUE_SIZE, value_size),
        (at::VALUE_OFFSET, value_at),
        (at::SCHEMA_BYTES, u32::try_from(key.len() + value.len()).unwrap()),
    ] {
        put32(&mut bytes, at, number);
    }
    let slots_at = (at::TAGS + 16).next_multiple_of((slot_align as usize).max(16));
    bytes.resize(slots_at + 12 * slot as usize, 0);
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(value);
    put(&mut bytes, at::KEY_LAYOUT, fnv(key));
    put(&mut bytes, at::VALUE_LAYOUT, fnv(value));
    let len = bytes.len() as u64;
    put(&mut bytes, at::BYTES, len);
    sign_header(&mut bytes);
    bytes
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// The bytes of a type without parts.
fn leaf(name: &str, size: u64, align: u64) -> Vec<u8> {
    header_of(name, size, align, 1, 0)
}

fn header_of(name: &str, size: u64, align: u64, repeat: u64, fields: u64) -> Vec<u8> {
    let mut bytes = (name.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(name.as_bytes());
    for number in [size, align, repeat, fields] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn field(name: &str, offset: u64, of: &[u8]) -> Vec<u8> {
    let mut bytes = (name.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(&offset.to_le_bytes());
    bytes.extend_from_slice(of);
    bytes
}

#[test]
fn schemas_that_lie_are_refused() {
    let u8_ = leaf("u8", 1, 1);
    let open = |key: &[u8], sizes| {
        Described::open(&with_schema(key, &u8_, sizes)).map(|archive| archive.key_type().to_string())
    };
    let struct_of = |size, align, fields: &[Vec<u8>]| {
        let mut bytes = header_of("S", size, align, 1, fields.len() as u64);
        fields.iter().flatten().for_each(|&byte| bytes.push(byte));
        bytes
    };
    let two = |one, other| struct_of(2, 1, &[field("a", one, &u8_), field("b", other, &u8_)]);
    assert_eq!(open(&two(0, 1), [2, 1, 1, 1]), Ok("S { a: u8, b: u8 }".to_owned()));
    assert_eq!(open(&leaf("Mine", 3, 1), [3, 1, 1, 1]), Ok("Mine".to_owned()));
    assert_eq!(open(&leaf("u64_le", 4, 4), [4, 4, 1, 1]), Ok("u64_le".to_owned())); // unknown, by its size

    let array = |size, repeat, of: &[u8]| [header_of("[]", size, 1, repeat, 1), field("0", 0, of)].concat();
    assert_eq!(open(&array(3, 3, &u8_), [3, 1, 1, 1]), Ok("[u8; 3]".to_owned()));
    let nested = (0..40).fold(u8_.clone(), |of, _| array(1, 1, &of));
    let empty: Vec<_> = (0..100).map(|n| field(&n.to_string(), 0, &leaf("()", 0, 1))).collect();
    let many: Vec<_> = (0..5_000).map(|n| field("a", n, &u8_)).collect();
    for (what, key, sizes) in [
        ("overlap", two(0, 0), [2, 1, 1, 1]),
        ("backwards", two(1, 0), [2, 1, 1, 1]),
        ("beyond the end", two(0, 2), [2, 1, 1, 1]),
        ("offset of 64 bits", two(0, u64::MAX), [2, 1, 1, 1]),
        (
            "alignment of a part",
            struct_of(2, 1, &[field("a", 0, &leaf("u16_le", 2, 2))]),
            [2, 1, 1, 1],
        ),
        ("alignment no power of two", leaf("x", 3, 3), [3, 3, 1, 1]),
        ("alignment zero", leaf("x", 3, 0), [3, 1, 1, 1]),
        ("size no multiple", leaf("x", 3, 2), [4, 2, 1, 1]),
        ("huge", leaf("x", 1 << 40, 1), [1, 1, 1, 1]),
        ("array of another size", array(4, 3, &u8_), [4, 1, 1, 1]),
        (
            "array that overflows",
            array(0, u64::MAX, &leaf("x", 2, 1)),
            [0, 1, 1, 1],
        ),
        ("repeated leaf", header_of("u8", 1, 1, 7, 0), [1, 1, 1, 1]),
        ("deep", nested, [1, 1, 1, 1]),
        ("many without bytes", struct_of(0, 1, &empty), [0, 1, 1, 1]),
        ("many", struct_of(5_000, 1, &many), [5_000, 1, 1, 1]),
        (
            "no UTF-8",
            {
                let mut key = leaf("x", 1, 1);
                key[8] = 0xff;
                key
            },
            [1, 1, 1, 1],
        ),
        ("cut off", u8_[..20].to_vec(), [1, 1, 1, 1]),
        (
            "name longer than all",
            (1_u64 << 60).to_le_bytes().to_vec(),
            [1, 1, 1, 1],
        ),
        ("something behind", [&u8_[..], &u8_].concat(), [1, 1, 1, 1]),
    ] {
        let error = open(&key, sizes).expect_err(what);
        assert_eq!(error.field(), Field::Description, "{what}: {error}");
        assert!(error.place().is_some());
    }
    // An array of what has no bytes may have any length, and takes no time.
    let key = array(0, u64::MAX >> 1, &leaf("()", 0, 1));
    let bytes = with_schema(&key, &u8_, [0, 1, 1, 1]);
    let archive = Described::open(&bytes).unwrap();
    archive.verify().unwrap();
    // Another kind, another hash function.
    for (at, field) in [(at::KIND, Field::Kind), (at::HASHER, Field::Hasher)] {
        let mut bytes = bytes.clone();
        put32(&mut bytes, at, 9);
        sign_header(&mut bytes);
        assert_eq!(Described::open(&bytes).unwrap_err().field(), field);
    }
}

/// Numbers of 31 bits, the same ones each time.
fn numbers() -> impl FnMut() -> usize {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap()
    }
}

/// Schemas with random bytes in them, whose hashes agree: opened, read, checked and repaired in bounded time.
#[test]
fn random_schemas_return() {
    let began = Instant::now();
    let mut random = numbers();
    let mut written = Vec::new();
    let map = typed(3, (0..3).map(|n| (n, n)));
    let good = map.as_bytes();
    let split = {
        let schema: Schema = <Page as arenamap::fixed::FixedValue>::SCHEMA;
        let whole = &good[schema_at(good)..];
        (0..=whole.len())
            .find(|&len| fnv(&whole[..len]) == schema.layout_hash())
            .unwrap()
    };
    written.extend_from_slice(&good[schema_at(good)..]);
    let mut opened = 0;
    for _ in 0..if cfg!(miri) { 20 } else { 5_000 } {
        let mut schema = written.clone();
        for _ in 0..=random() % 3 {
            let place = random() % schema.len();
            schema[place] = [0, 1, 2, 4, 8, 0x40, 0xff, random().to_le_bytes()[0]][random() % 8];
        }
        let mut bytes = good.to_vec();
        let at = schema_at(good);
        bytes[at..].copy_from_slice(&schema);
        put(&mut bytes, at::KEY_LAYOUT, fnv(&schema[..split]));
        put(&mut bytes, at::VALUE_LAYOUT, fnv(&schema[split..]));
        sign_header(&mut bytes);
        if let Ok(archive) = Described::open(&bytes) {
            opened += 1;
            let _ = (archive.verify(), archive.stats());
            for entry in archive.iter() {
                let _ = (entry.key.is_valid(), archive.get(&entry.key));
                let _ = entry.value.fields().filter(|(_, view)| view.is_valid()).count();
            }
            let _ = (archive.key_type().to_string(), archive.try_index());
            recover(&mut bytes.clone()).unwrap();
        }
    }
    // Names may be anything, and some numbers do not matter.
    assert!(opened > 100, "{opened}");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn golden_files_are_read() {
    let mut read = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        match Described::open(&bytes) {
            Ok(archive) => {
                archive.verify().unwrap();
                assert_eq!(archive.iter().count(), archive.len());
                assert_eq!(number(&bytes, at::LEN), archive.len() as u64);
                read += 1;
            }
            // Other kinds of archives, and files that are none.
            Err(error) => assert!(matches!(error.field(), Field::Kind | Field::Magic), "{error}"),
        }
    }
    assert!(read >= 8, "{read}");
}

#[test]
fn indexed_archives_are_read_and_damage_is_seen_as_by_the_typed_map() {
    for entries in [0_u32, 1, 40, 5_000] {
        let pairs = (0..entries).map(|n| (u64_le::from_native(n.into()), u32_le::from_native(7)));
        let entries = u64::from(entries);
        let map = IndexedMap::<u64_le, u32_le>::try_from_entries(pairs).unwrap();
        let good = map.as_bytes();
        let archive = Described::open(good).unwrap();
        archive.verify().unwrap();
        assert_eq!((archive.head().kind, archive.len() as u64), (1, entries));
        let keys: Vec<_> = archive.iter().map(|entry| entry.key.value()).collect();
        let expected: Vec<_> = map.keys().map(|key| Value::Unsigned(key.to_native().into())).collect();
        assert_eq!(keys, expected);
        for key in [0, 1, entries.saturating_sub(1), entries, u64::MAX] {
            let packed = Packed::new(archive.key_type(), &key.into()).unwrap();
            let found = archive.get(&packed.view()).unwrap();
            assert_eq!(
                found.map(|view| view.value()),
                map.get(&key).map(|_| Value::Unsigned(7))
            );
        }
        let mut bytes = good.to_vec();
        assert_eq!(recover(&mut bytes).unwrap_err().field(), Field::Kind);
        if entries != 40 {
            continue;
        }
        for place in at::TAGS..schema_at(good) {
            for byte in [0, 0xff, good[place] ^ 1, good[place].wrapping_add(12)] {
                let mut bytes = good.to_vec();
                bytes[place] = byte;
                mark_sealed(&mut bytes);
                let archive = Described::open(&bytes).unwrap();
                for entry in archive.iter() {
                    let _ = archive.get(&entry.key);
                }
                let bytes = AlignedBytes::from_slice(&bytes);
                let expected = IndexedMap::<u64_le, u32_le, _>::open(&bytes[..]).unwrap().verify();
                assert_eq!(archive.verify(), expected, "byte {place} = {byte}");
                // What can be made anew of it is whole.
                if let Ok(bytes) = archive.try_index() {
                    Described::open(&bytes).unwrap().verify().unwrap();
                }
            }
        }
    }
}

/// An index by the schema has the bytes of one by the types, whatever it is made of.
#[test]
fn indexed_archives_are_made_as_by_the_types() {
    let index = |bytes: &[u8]| Described::open(bytes).unwrap().try_index();
    for entries in [0, 1, 7, 100, if cfg!(miri) { 200 } else { 20_000 }] {
        let map = typed(entries as usize, (0..entries).map(|n| (n, n)));
        let expected = map.try_index().unwrap();
        assert_eq!(index(map.as_bytes()).unwrap(), expected.as_bytes());
        assert_eq!(index(expected.as_bytes()).unwrap(), expected.as_bytes());

        // With garbage, texts in another order, and other room than they need.
        let words: Vec<String> = (0..entries)
            .map(|n| format!("{n}{}", "é".repeat(n as usize % 5)))
            .collect();
        let room = words.iter().map(String::len).sum::<usize>() * 3;
        let need = VarMap::<str, [u8]>::bytes_for(words.len(), room);
        let mut map = VarMap::<str, [u8]>::create_seeded(AlignedBytes::zeroed(need), words.len(), room, SEED).unwrap();
        for word in words.iter().rev() {
            map.insert(word, b"").unwrap();
            map.insert(word, word.as_bytes()).unwrap();
        }
        let expected = map.try_index().unwrap();
        assert_eq!(index(map.as_bytes()).unwrap(), expected.as_bytes());

        let need = VarMap::<u16_le, str>::bytes_for(100, 1_000);
        let mut map = VarMap::<u16_le, str>::create_seeded(AlignedBytes::zeroed(need), 100, 1_000, SEED).unwrap();
        for word in words.iter().take(100) {
            map.insert(u16::try_from(word.len()).unwrap().into(), word).unwrap();
        }
        assert_eq!(index(map.as_bytes()).unwrap(), map.try_index().unwrap().as_bytes());
    }
}

#[test]
fn what_cannot_be_indexed_says_why() {
    let index = |bytes: &[u8]| Described::open(bytes).unwrap().try_index();
    let map = VarMap::<str, str>::from_pairs([("one", "eins"), ("two", "zwei")]).unwrap();
    let good = map.as_bytes();
    let place = good.windows(4).position(|bytes| bytes == b"eins").unwrap();
    // A text that is none, one that two have, one entry more than there are, and a slot that is said to be free.
    let mut bytes = good.to_vec();
    bytes[place] = 0xff;
    assert_eq!(index(&bytes).unwrap_err().field(), Field::Text);
    let mut bytes = good.to_vec();
    let span = |text: &[u8]| {
        let offset = good.windows(text.len()).position(|bytes| bytes == text).unwrap() as u64 - room_at(&map) as u64;
        (offset | (text.len() as u64) << 36).to_le_bytes()
    };
    let wide = ((map.room() as u64) << 36).to_le_bytes();
    for text in [b"eins", b"zwei"] {
        let place = good.windows(8).position(|bytes| bytes == span(text)).unwrap();
        bytes[place..place + 8].copy_from_slice(&wide);
    }
    let error = index(&bytes).unwrap_err();
    assert_eq!((error.field(), error.expected()), (Field::Text, map.room() as u64));
    let mut bytes = good.to_vec();
    put(&mut bytes, at::LEN, 1);
    assert_eq!(index(&bytes).unwrap_err().field(), Field::Len);

    // Two with the same key.
    let mut map = typed(2, [(1, 1), (2, 2)].into_iter());
    let (one, two) = (page(1), page(2));
    let mut bytes = map.seal().to_vec();
    let [from, to] = [&one, &two].map(|page| {
        let key = zerocopy::IntoBytes::as_bytes(page);
        bytes.windows(key.len()).position(|bytes| bytes == key).unwrap()
    });
    bytes.copy_within(from..from + size_of::<Page>(), to);
    assert_eq!(index(&bytes).unwrap_err().field(), Field::Repeated);
    // A value that is none.
    let mut bytes = map.seal().to_vec();
    let key = zerocopy::IntoBytes::as_bytes(&one);
    let slot = bytes.windows(key.len()).position(|bytes| bytes == key).unwrap();
    let open = Described::open(&bytes).unwrap().head().value_offset + 12;
    bytes[slot + open] = 7;
    assert_eq!(index(&bytes).unwrap_err().field(), Field::Value);

    let tree: PathMap<str, u64> = [(["a", "b"], 1)].into_iter().collect();
    let tree = PathArchive::<str, u64_le>::from_map(&tree).unwrap();
    let error = index(tree.as_bytes()).unwrap_err();
    assert!(
        error.field() == Field::Tree && error.to_string().contains("indexed"),
        "{error}"
    );
}

/// Trees by the schema have the bytes of trees by the types: with values at any level, and at none.
#[test]
fn archives_of_paths_are_made_as_by_the_types() {
    let mut random = numbers();
    let (text, bytes, number) = (
        Type::parse("str", "").unwrap(),
        Type::parse("[u8]", "").unwrap(),
        Type::parse("u16", "").unwrap(),
    );
    for values in [0, 1, 2, 10, 100, if cfg!(miri) { 100 } else { 3_000 }] {
        let mut texts = PathMap::<str, Vec<u8>>::new();
        let mut by_number = PathMap::<u16, String>::new();
        let mut built = [
            TreeBuilder::new(text.clone(), bytes.clone()).unwrap(),
            TreeBuilder::new(number.clone(), text.clone()).unwrap(),
        ];
        for n in 0..values {
            let path: Vec<u16> = (0..random() % 6)
                .map(|_| u16::try_from(random() % 9).unwrap())
                .collect();
            let words: Vec<String> = path.iter().map(|part| "é".repeat(usize::from(*part))).collect();
            let value = "v".repeat(n % 20);
            texts.insert(words.iter().map(String::as_str), value.clone().into_bytes());
            by_number.insert(&path, value.clone());
            let packed: Vec<_> = words
                .iter()
                .map(|word| Packed::new(&text, &word.as_str().into()).unwrap())
                .collect();
            let views: Vec<_> = packed.iter().map(Packed::view).collect();
            built[0]
                .insert(&views, &Packed::new(&bytes, &value.as_str().into()).unwrap().view())
                .unwrap();
            assert!(built[0].contains(&views));
            let packed: Vec<_> = path
                .iter()
                .map(|part| Packed::new(&number, &u64::from(*part).into()).unwrap())
                .collect();
            let views: Vec<_> = packed.iter().map(Packed::view).collect();
            assert_eq!(
                built[1]
                    .insert(&views, &Packed::new(&number, &1_u64.into()).unwrap().view())
                    .unwrap_err()
                    .field(),
                Field::ValueLayout
            );
            built[1]
                .insert(&views, &Packed::new(&text, &value.as_str().into()).unwrap().view())
                .unwrap();
        }
        assert_eq!((built[0].len(), built[1].is_empty()), (texts.len(), values == 0));
        let (levels, room) = PathArchive::<str, [u8]>::measure(&texts);
        let memory = AlignedBytes::zeroed(PathArchive::<str, [u8]>::bytes_for(levels, room));
        let mut typed = PathArchive::<str, [u8], _>::snapshot_seeded(memory, &texts, SEED).unwrap();
        assert!(built[0].seal_seeded(SEED).unwrap() == typed.seal(), "{values} values");
        let (levels, room) = PathArchive::<u16_le, str>::measure(&by_number);
        let memory = AlignedBytes::zeroed(PathArchive::<u16_le, str>::bytes_for(levels, room));
        let mut typed = PathArchive::<u16_le, str, _>::snapshot_seeded(memory, &by_number, SEED).unwrap();
        let made = built[1].seal_seeded(SEED).unwrap();
        assert!(made == typed.seal(), "{values} values");
        Described::open(&made).unwrap().verify().unwrap();
        Described::open(&built[1].seal().unwrap()).unwrap().verify().unwrap();
    }
}

/// Where the texts of a map begin.
fn room_at<K: arenamap::fixed::VarKey + ?Sized, V: arenamap::fixed::VarValue<Slot: Frozen> + ?Sized>(
    map: &VarMap<K, V>,
) -> usize {
    schema_at(map.as_bytes()) - map.room()
}

#[test]
fn integers_that_are_written_with_a_point_or_an_exponent() {
    let of = |text: &str| Type::parse(text, "").unwrap();
    for (of, text, number) in [
        (of("u64"), "1e3", 1000_i128),
        (of("u64"), "1E+3", 1000),
        (of("u8"), "2.50e2", 250),
        (of("i8"), "-1.2e1", -12),
        (of("u8"), "7.000", 7),
        (of("u8"), "-0", 0),
        (of("u8"), "0.0e-5", 0),
        (of("u8"), "0.00012e6", 120),
        (of("u8"), "100e-1", 10),
        (of("u128"), "1e38", 10_i128.pow(38)),
        (of("i128"), "-1e38", -10_i128.pow(38)),
    ] {
        let packed = Packed::new(&of, &Input::Number(text.into())).expect(text);
        let found = match packed.view().value() {
            Value::Unsigned(number) => i128::try_from(number).unwrap(),
            Value::Signed(number) => number,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, number, "{text}");
    }
}
