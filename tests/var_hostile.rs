//! Archives with texts that lie: whatever their bytes are, each call is safe and ends, `verify` tells, and `recover` leaves a whole map.
//!
//! `cargo test --features fixed --test var_hostile -- --nocapture` prints how many archives were looked at.
//! `ARENAMAP_HOSTILE` says how many times as many random ones.
#![allow(clippy::cast_possible_truncation, reason = "numbers of tests are small")]

mod support {
    pub(crate) mod archive;
    pub(crate) mod basics;
}

use std::collections::BTreeMap;

use arenamap::fixed::{AlignedBytes, Field, FixedError, Refusal, VarEntry, VarMap, u64_le};
use support::archive::{Shape, at, mark_open, mark_sealed, number, put, sign_header};
use support::basics::{Dice, times};

type Texts<M> = VarMap<str, str, M>;

const ENTRIES: usize = 40;
const ROOM: usize = 1_500;

fn how_often() -> usize {
    std::env::var("ARENAMAP_HOSTILE").map_or(1, |times| times.parse().expect("a number"))
}

fn entries() -> impl Iterator<Item = (String, String)> {
    (0..ENTRIES - 5).map(|i| {
        (
            format!("key/é{i}"),
            ["", "v", "漢字 ", "a longer value"][i % 4].repeat(i % 5),
        )
    })
}

/// A map with garbage in its room, and a few bytes left.
fn archive(seed: u64) -> AlignedBytes {
    let memory = AlignedBytes::zeroed(VarMap::<str, str>::bytes_for(ENTRIES, ROOM));
    let mut map = Texts::create_seeded(memory, ENTRIES, ROOM, seed).unwrap();
    for (key, value) in entries() {
        map.insert(&key, "first").unwrap();
        map.insert(&key, &value).unwrap();
    }
    map.insert("gone", "gone").unwrap();
    map.remove("gone").unwrap();
    assert!(map.garbage() > 50);
    map.into_memory()
}

type Model = BTreeMap<String, String>;

fn model<M: arenamap::fixed::Memory>(map: &Texts<M>) -> Model {
    map.iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// Every call on a map whose bytes may be anything.
fn use_it(bytes: &AlignedBytes) -> Result<(), FixedError> {
    let view = Texts::open(&bytes[..])?;
    let mut sum = 0;
    for (key, value) in &view {
        sum += key.chars().count() + value.chars().count();
        let _ = view.get(key);
    }
    for (key, _) in entries() {
        let key = key.as_str();
        sum += view.get(key).map_or(0, |value| value.chars().count());
        sum += view
            .get_bytes(key)
            .map_or(0, |bytes| bytes.iter().map(|&byte| usize::from(byte)).sum());
        let _ = (
            view.try_get(key),
            view.get_key_value(key),
            view.contains_key(key),
            view.prefetch(key),
        );
    }
    sum += view.keys().count() + view.values().count();
    std::hint::black_box(sum);
    let _ = (
        view.verify(),
        view.len(),
        view.room_used(),
        view.garbage(),
        format!("{view:?}"),
    );
    let copy = view.compact_into(
        AlignedBytes::zeroed(VarMap::<str, str>::bytes_for(200, 20_000)),
        200,
        20_000,
    );
    if let Ok(copy) = copy {
        // (The same key may have been there twice.)
        copy.verify().expect("a copy is whole");
    }

    let mut map = Texts::open_mut(bytes.clone())?;
    for (i, (key, value)) in entries().enumerate() {
        if let Some(value) = map.get_mut(&key) {
            value.make_ascii_uppercase();
        }
        match i % 3 {
            0 => drop(map.insert(&key, &value)),
            1 => drop(map.remove(&key)),
            _ => drop(map.get_or_insert(&key, "a value that is longer than the others were")),
        }
        let longer = "another one, of which there are some more, and which is longer still";
        match map.entry(&key).and_modify(str::make_ascii_lowercase) {
            VarEntry::Occupied(mut entry) => {
                entry.get_mut().make_ascii_uppercase();
                let _ = entry.insert(if i % 2 == 0 { longer } else { "é" });
                assert!(entry.get().len() < 100_000 && *entry.key() == key);
                if i % 5 == 0 {
                    entry.remove();
                }
            }
            VarEntry::Vacant(entry) => drop(entry.insert(longer)),
        }
    }
    let mut n = 0;
    map.retain(|key, value| {
        n += key.len() + value.len();
        n % 2 == 0
    });
    let _ = map.insert("new", "new");
    let _ = map.seal();
    let _ = map.verify();
    map.clear();
    map.insert("new", "new").expect("there is room now");
    assert_eq!((map.get("new"), map.len()), (Some("new"), 1));
    Ok(())
}

/// What is recovered is whole, and goes on.
fn recover(bytes: AlignedBytes) {
    let Ok((mut map, recovered)) = Texts::recover(bytes) else {
        return;
    };
    map.verify().expect("whole");
    assert_eq!(map.len(), recovered.kept);
    let before = model(&map);
    assert_eq!(before.len(), map.len());
    for (key, value) in &before {
        assert_eq!(map.get(key.as_str()), Some(value.as_str()));
    }
    match map.insert("goes on", "x") {
        Ok(_) => assert_eq!(map.get("goes on"), Some("x")),
        Err(error) => assert!(matches!(error.cause, Refusal::Full { .. } | Refusal::NoRoom { .. })),
    }
    map.verify().expect("whole");
}

#[test]
fn every_bit() {
    let open = archive(1);
    let mut sealed = open.clone();
    mark_sealed(&mut sealed);
    let shape = Shape::of(&open);
    let before = model(&Texts::open_verified(&open[..]).unwrap());
    let (mut refused, mut accepted) = (0, 0);
    // (Every bit, if that is asked for; the archive is small, and each takes many calls.)
    let step = if how_often() > 1 { 1 } else { times(5, 97) };
    for bit in (0..open.len() * 8).step_by(step) {
        let flip = |bytes: &AlignedBytes| {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        };
        let flipped = flip(&sealed);
        Texts::open(&flipped[..])
            .and_then(|map| map.verify())
            .expect_err("seen by the seal");
        let flipped = flip(&open);
        let verdict = Texts::open_verified(&flipped[..]);
        let used = use_it(&flipped);
        match verdict {
            Ok(map) => {
                accepted += 1;
                let byte = bit / 8;
                let says_nothing = (at::GENERATION..at::STATE).contains(&byte)
                    || (at::CONTENT_CHECKSUM..at::ROOM_USED).contains(&byte);
                let in_room = (shape.room_at()..shape.room_at() + ROOM).contains(&byte);
                // A number that leads to garbage now.
                let in_slot = (shape.slots_at..shape.room_at()).contains(&byte);
                assert!(says_nothing || in_room || in_slot, "byte {byte}");
                let there = model(&map);
                assert_eq!(there.len(), before.len());
                let differ = before
                    .iter()
                    .filter(|&(key, value)| there.get(key) != Some(value))
                    .count();
                assert!(differ <= usize::from(!says_nothing), "byte {byte}");
            }
            Err(error) => {
                refused += 1;
                assert!(used.is_ok() || used == Err(error));
            }
        }
        if bit % 16 == 0 {
            recover(flipped);
        }
    }
    println!("{refused} flips refused, {accepted} accepted");
    assert!(refused > accepted);
}

/// A number that says where a text is.
const fn span(offset: u64, len: u64) -> u64 {
    len << 36 | offset
}

/// A key that an archive has twice is in a copy once, and the copy has no garbage.
#[test]
fn a_key_that_is_there_twice_leaves_no_garbage_in_a_copy() {
    type Lists<M = AlignedBytes> = VarMap<u64_le, [u8], M>;
    let memory = || AlignedBytes::zeroed(Lists::<AlignedBytes>::bytes_for(10, 100));
    let mut map = Lists::create_seeded(memory(), 10, 100, 1).unwrap();
    map.insert(1.into(), b"longer").unwrap();
    map.insert(2.into(), b"long").unwrap();
    let mut bytes = map.into_memory();
    let shape = Shape::of(&bytes);
    for slot in shape.full(&bytes) {
        put(&mut bytes, shape.slot_at(slot), 7);
    }
    let lies = Lists::open(&bytes[..]).unwrap();
    let copy = lies.compact_into(memory(), 10, 100).unwrap();
    copy.verify().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((copy.len(), copy.garbage()), (1, 0));
    assert_eq!(copy.room_used(), copy.get(&7).unwrap().len());
}

/// The bytes that are used are a number in the archive, which may lie.
#[test]
fn an_archive_that_is_cleared_is_whole_again() {
    let mut bytes = archive(1);
    put(&mut bytes, at::ROOM_USED, 3);
    put(&mut bytes, at::GARBAGE, 0);
    let mut map = Texts::open_mut(bytes).unwrap();
    map.clear();
    map.insert("key", "value").unwrap();
    map.verify().unwrap();
    let whole = Texts::open_verified(AlignedBytes::from_slice(map.seal())).unwrap();
    assert_eq!((whole.get("key"), whole.len()), (Some("value"), 1));
}

#[test]
fn one_text_that_seems_longer_costs_its_own_entry_alone() {
    let whole = archive(3);
    let shape = Shape::of(&whole);
    let slots = shape.full(&whole);
    for slot in &slots {
        for part in [0, 8] {
            let mut bytes = whole.clone();
            let at = shape.slot_at(*slot) + part;
            let offset = number(&bytes, at) & ((1 << 36) - 1);
            put(&mut bytes, at, span(offset, ROOM as u64 - offset));
            assert!(Texts::open_verified(&bytes[..]).is_err());
            let (map, recovered) = Texts::recover(bytes.clone()).unwrap();
            // (All, if there is nothing behind it but zeros.)
            assert!(recovered.kept >= slots.len() - 1 && map.len() == recovered.kept);
            // By the schema alone, too.
            let by_schema = arenamap::fixed::described::recover(&mut bytes).unwrap();
            assert_eq!(by_schema, recovered);
            assert_eq!(model(&Texts::open_verified(&bytes[..]).unwrap()), model(&map));
        }
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn lies_about_texts() {
    type Lie = (&'static str, Field, fn(&mut [u8], &Shape));
    fn slot(bytes: &[u8], shape: &Shape, n: usize) -> usize {
        shape.slot_at(shape.full(bytes)[n])
    }
    fn with_text(bytes: &[u8], shape: &Shape) -> usize {
        let slots = shape.full(bytes).into_iter().map(|slot| shape.slot_at(slot));
        slots
            .clone()
            .find(|&slot| number(bytes, slot + 8) >> 36 > 3)
            .expect("some value is long")
    }
    let lies: [Lie; 19] = [
        ("a value behind the room", Field::Text, |b, s| {
            let slot = slot(b, s, 3);
            put(b, slot + 8, span(ROOM as u64, 1));
        }),
        ("a value in the schema", Field::Text, |b, s| {
            let slot = slot(b, s, 3);
            put(b, slot + 8, span(ROOM as u64 - 2, 10));
        }),
        ("the farthest value", Field::Text, |b, s| {
            let slot = slot(b, s, 3);
            put(b, slot + 8, u64::MAX);
        }),
        ("a value of 2^28 - 1 bytes", Field::Text, |b, s| {
            let slot = slot(b, s, 3);
            put(b, slot + 8, span(0, (1 << 28) - 1));
        }),
        ("a value in the unused part", Field::Text, |b, s| {
            let slot = slot(b, s, 3);
            put(b, slot + 8, span(ROOM as u64 - 5, 5));
        }),
        ("no bytes, but a place", Field::Text, |b, s| {
            let slot = slot(b, s, 3);
            put(b, slot + 8, span(7, 0));
        }),
        ("a value that is another's key", Field::Overlap, |b, s| {
            let (one, other) = (slot(b, s, 3), slot(b, s, 4));
            let key = number(b, other);
            put(b, one + 8, key);
        }),
        ("a value that is its own key", Field::Overlap, |b, s| {
            let slot = slot(b, s, 3);
            let key = number(b, slot);
            put(b, slot + 8, key);
        }),
        ("a value that reaches into another text", Field::Overlap, |b, s| {
            let slot = with_text(b, s);
            let value = number(b, slot + 8);
            put(b, slot + 8, value + 1);
        }),
        ("a key elsewhere", Field::Overlap, |b, s| {
            let slot = slot(b, s, 3);
            put(b, slot, span(0, 2));
        }),
        ("no key", Field::Tag, |b, s| {
            let slot = slot(b, s, 3);
            put(b, slot, 0);
        }),
        ("a value cut in a character", Field::Text, |b, s| {
            let slots = s.full(b).into_iter().map(|slot| s.slot_at(slot));
            let slot = slots
                .clone()
                .find(|&slot| {
                    let value = number(b, slot + 8);
                    value >> 36 > 0 && b[s.room_at() + (value & ((1 << 36) - 1)) as usize] >= 0xe0
                })
                .expect("some value is in another script");
            let value = number(b, slot + 8);
            put(b, slot + 8, value - (2 << 36)); // a space, and a byte
        }),
        ("room used: a text less", Field::Reserved, |b, _| {
            let used = number(b, at::ROOM_USED);
            put(b, at::ROOM_USED, used - 4 - 4 - 1); // the last ones are those of "gone"
        }),
        ("room used: one more", Field::Garbage, |b, _| {
            let used = number(b, at::ROOM_USED);
            put(b, at::ROOM_USED, used + 1);
        }),
        ("garbage: one more", Field::Garbage, |b, _| {
            let garbage = number(b, at::GARBAGE);
            put(b, at::GARBAGE, garbage + 1);
        }),
        ("garbage: none", Field::Garbage, |b, _| put(b, at::GARBAGE, 0)),
        ("a byte behind the used ones", Field::Reserved, |b, s| {
            b[s.room_at() + ROOM - 1] = 1;
        }),
        ("one key twice", Field::Duplicate, |b, s| {
            // Another entry of the same group, with the same tag: its text is a copy.
            let full = s.full(b);
            let pair = full
                .windows(2)
                .find(|pair| pair[0] / 12 == pair[1] / 12)
                .expect("two in a group");
            let (one, other) = (s.slot_at(pair[0]), s.slot_at(pair[1]));
            let key = number(b, one);
            put(b, other, key);
            b[s.tag_at(pair[1])] = b[s.tag_at(pair[0])];
        }),
        ("the schema", Field::Schema, |b, s| b[s.room_at() + ROOM] ^= 1),
    ];
    let mut table = Vec::new();
    for (name, field, lie) in lies {
        for sealed in [false, true] {
            let mut bytes = archive(1);
            let shape = Shape::of(&bytes);
            lie(&mut bytes, &shape);
            if sealed {
                mark_sealed(&mut bytes);
            }
            let found = Texts::open(&bytes[..]).and_then(|map| map.verify());
            let found = found.expect_err(name);
            table.push(format!("{name}: {found}"));
            // One key twice is found by where it stands, by its counters, or by its tag: which one depends on the seed.
            if field != Field::Duplicate {
                assert_eq!(found.field(), field, "{name}: {found:?}");
            }
            use_it(&bytes).expect("its header is whole");
            recover(bytes);
        }
    }
    println!("{}", table.join("\n"));
}

#[test]
fn lies_in_the_header() {
    for (name, field, lie) in [
        (
            "room: more",
            Field::Bytes,
            (|b| put(b, at::ROOM, ROOM as u64 + 1)) as fn(&mut [u8]),
        ),
        ("room: 2^36 + 1", Field::Room, |b| put(b, at::ROOM, (1 << 36) + 1)),
        ("room: the largest number", Field::Room, |b| put(b, at::ROOM, u64::MAX)),
        ("used: above the room", Field::RoomUsed, |b| {
            put(b, at::ROOM_USED, ROOM as u64 + 1);
        }),
        ("used: the largest number", Field::RoomUsed, |b| {
            put(b, at::ROOM_USED, u64::MAX);
        }),
        ("garbage: above the used", Field::Garbage, |b| {
            let used = number(b, at::ROOM_USED);
            put(b, at::GARBAGE, used + 1);
        }),
    ] {
        let mut bytes = archive(1);
        lie(&mut bytes);
        sign_header(&mut bytes);
        assert_eq!(Texts::open(&bytes[..]).unwrap_err().field(), field, "{name}");
        recover(bytes);
    }
    let bytes = archive(1);
    let error = VarMap::<str, [u8], _>::open(&bytes[..]).unwrap_err();
    assert_eq!(error.field(), Field::ValueLayout);
    let error = arenamap::fixed::FixedMap::<u64_le, u64_le, _>::open(&bytes[..]).unwrap_err();
    assert_eq!(error.field(), Field::KeyLayout);
}

/// Noise of every density in everything that is no header, the checksums made anew.
#[test]
fn noise() {
    let mut dice = Dice::new(5);
    let (mut opened, mut verified) = (0, 0);
    for round in 0..times(3_000, 20) * how_often() {
        let mut bytes = archive(round as u64);
        let shape = Shape::of(&bytes);
        let ends = [bytes.len(), shape.room_at(), shape.room_at() + ROOM];
        let one_in = [1_000, 300, 50, 5, 1][round % 5];
        let from = [at::TAGS, shape.slots_at][round % 2];
        for byte in &mut bytes[from..ends[round % 3]] {
            if dice.below(one_in) == 0 {
                *byte = dice.next() as u8;
            }
        }
        if round % 7 == 0 {
            put(&mut bytes, at::LEN, dice.below(ENTRIES as u64 + 1));
            let used = dice.below(ROOM as u64 + 1);
            put(&mut bytes, at::ROOM_USED, used);
            put(&mut bytes, at::GARBAGE, dice.below(used + 1));
        }
        if round % 2 == 0 {
            mark_sealed(&mut bytes);
        } else {
            mark_open(&mut bytes);
        }
        use_it(&bytes).expect("its header is whole");
        opened += 1;
        verified += usize::from(Texts::open_verified(&bytes[..]).is_ok());
        recover(bytes);
    }
    println!("{opened} opened and used, {verified} of them whole");
}

#[test]
fn killed_writers() {
    let whole = archive(1);
    let shape = Shape::of(&whole);
    let before = model(&Texts::open_verified(&whole[..]).unwrap());
    let used = number(&whole, at::ROOM_USED) as usize;

    // After the text, before the used bytes were counted.
    let mut bytes = whole.clone();
    bytes[shape.room_at() + used..][..3].copy_from_slice(b"new");
    assert_eq!(model(&Texts::open(&bytes[..]).unwrap()), before);
    let (map, _) = Texts::recover(bytes).unwrap();
    assert_eq!(model(&map), before);
    map.verify().unwrap();

    // After they were counted, before the tag.
    let mut bytes = whole.clone();
    bytes[shape.room_at() + used..][..3].copy_from_slice(b"new");
    put(&mut bytes, at::ROOM_USED, used as u64 + 3);
    assert_eq!(model(&Texts::open(&bytes[..]).unwrap()), before);
    let (map, _) = Texts::recover(bytes).unwrap();
    assert_eq!(model(&map), before);
    assert!(map.room_used() <= used);

    // A longer value was appended, its slot not written: the old value is there. Written, but not counted: the new one is.
    let mut map = Texts::open_mut(whole.clone()).unwrap();
    map.insert("key/é3", "a value that is longer, by a few bytes, than the one before")
        .unwrap();
    let after = map.into_memory();
    for written in 0..3 {
        let mut bytes = after.clone();
        if written < 2 {
            let (slots, end) = (shape.slots_at, shape.room_at());
            let slots = slots..end;
            if written < 1 {
                bytes[slots.clone()].copy_from_slice(&whole[slots]);
            }
            let garbage = number(&whole, at::GARBAGE);
            put(&mut bytes, at::GARBAGE, garbage);
        }
        let view = Texts::open(&bytes[..]).unwrap();
        let expected = if written == 0 {
            before["key/é3"].as_str()
        } else {
            "a value that is longer, by a few bytes, than the one before"
        };
        assert_eq!(view.get("key/é3"), Some(expected));
        let (map, recovered) = Texts::recover(bytes).unwrap();
        assert_eq!((recovered.lost, map.get("key/é3")), (0, Some(expected)));
        map.verify().unwrap();
    }
}
