//! Archives whose writer was killed between two writes, and what `recover` makes of them and of noise.
//!
//! The writes of an insert and of a removal, in the order of `FORMAT.md`, are told apart by their places. After each of them
//! the archive is opened and looked at as it is, then recovered.

#![allow(clippy::cast_possible_truncation, reason = "noise and small archives")]

mod support {
    pub(crate) mod archive;
    pub(crate) mod archive_use;
    pub(crate) mod basics;
}

use std::collections::BTreeMap;
use std::ops::Range;

use arenamap::fixed::{AlignedBytes, Checked, Field, FixedKey, FixedMap, FixedStr, Frozen, Recovered, u32_le, u64_le};
use support::archive::{LANES, SEALED, Shape, at, mark_open, mark_sealed, number, put};
use support::archive_use::{Kind, Line, characters, flags, lines, numbers, use_plain};
use support::basics::{Dice, times};
use zerocopy::FromBytes;

const CAPACITY: usize = 40;

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug)]
    struct Hits { count: u64_le, last: u32_le, first: u32_le }
}

/// Four bytes of padding between key and value.
fn texts() -> Kind<FixedStr<12>, Hits> {
    Kind {
        name: "texts",
        key: |i| FixedStr::new(&format!("é{i}")).expect("it fits"),
        value: |i| Hits {
            count: u64::from(i).into(),
            last: i.into(),
            first: 7.into(),
        },
    }
}

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

fn entries<K: FixedKey, V: Frozen, M: arenamap::fixed::Memory>(map: &FixedMap<K, V, M>) -> Entries {
    map.iter()
        .map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

/// What a recovery is to say.
#[track_caller]
fn counts(recovered: Recovered, kept: usize, lost: usize, unfinished: usize, claimed: usize) {
    let found = (recovered.kept, recovered.lost, recovered.unfinished, recovered.claimed);
    assert_eq!(found, (kept, lost, unfinished, claimed), "{recovered}");
    for number in [kept, lost, unfinished, claimed] {
        assert!(recovered.to_string().contains(&number.to_string()));
    }
}

/// A recovered map is whole, can be opened again, and takes as many entries as it ever did.
fn goes_on<K: FixedKey + Checked, V: Checked + Frozen>(mut map: FixedMap<K, V>, kind: Kind<K, V>) {
    map.verify().expect("a recovered map is whole");
    assert!(!map.is_sealed());
    let expected = entries(&map);
    assert_eq!(expected.len(), map.len());
    let sealed = AlignedBytes::from_slice(map.seal());
    let mut map = FixedMap::<K, V, _>::open_verified(sealed).expect("its archive is whole");
    assert_eq!(entries(&map), expected);
    for i in 0..map.capacity() - map.len() {
        let i = u32::try_from(i).expect("small");
        map.insert((kind.key)(50_000 + i), (kind.value)(i))
            .expect("capacity means capacity");
    }
    assert!(map.insert((kind.key)(60_000), (kind.value)(0)).is_err());
    map.verify().expect("whole");
}

/// The places that a step writes to: all bytes at once.
struct Write {
    what: &'static str,
    place: Range<usize>,
}

fn eight(what: &'static str, at: usize) -> Write {
    Write {
        what,
        place: at..at + 8,
    }
}

/// The writes that lead from one archive to another with one entry more, or one less, in the order of `FORMAT.md`.
fn writes(before: &[u8], after: &[u8], shape: &Shape, way_home: usize) -> Vec<Write> {
    let changed: Vec<usize> = (0..shape.slots())
        .filter(|&slot| before[shape.tag_at(slot)] != after[shape.tag_at(slot)])
        .collect();
    let [slot] = changed[..] else {
        panic!("one tag is written: {changed:?}")
    };
    let inserted = before[shape.tag_at(slot)] == 0;
    let tag = Write {
        what: "tag",
        place: shape.tag_at(slot)..shape.tag_at(slot) + 1,
    };
    let start = shape.slot_at(slot);
    let counters = (0..shape.groups)
        .map(|passed| (way_home + passed) % shape.groups)
        .take_while(|&group| group != slot / LANES);
    let counters = counters.map(|group| {
        let at = shape.counters_at(group);
        Write {
            what: "counters",
            place: at..at + 4,
        }
    });
    let mut order = vec![
        eight("state", at::STATE),
        eight("content checksum", at::CONTENT_CHECKSUM),
    ];
    if inserted {
        order.extend(counters);
        // Not even the order of the bytes in a slot matters before its tag is there.
        order.push(Write {
            what: "half a key",
            place: start + 1..start + 4,
        });
        order.push(Write {
            what: "the value",
            place: start + shape.value_at..start + shape.slot_size,
        });
        order.push(Write {
            what: "the key",
            place: start..start + shape.value_at,
        });
        order.push(tag);
    } else {
        order.push(tag);
        order.push(Write {
            what: "half a slot",
            place: start..start + shape.slot_size / 2,
        });
        order.push(Write {
            what: "the slot",
            place: start..start + shape.slot_size,
        });
        order.extend(counters);
    }
    order.push(eight("length", at::LEN));
    order
}

/// Kills a writer after each write on the way from one archive to the other, and looks at what it left.
fn kill_between<K, V>(kind: Kind<K, V>, before: &AlignedBytes, after: &AlignedBytes, key: &K) -> usize
where
    K: FixedKey + Checked + FromBytes + Copy,
    V: Checked + Frozen + FromBytes,
{
    let shape = Shape::of(before);
    let order = writes(before, after, &shape, shape.way(key).home);
    let whole = |bytes: &AlignedBytes| entries(&FixedMap::<K, V, _>::open_verified(&bytes[..]).expect("whole"));
    let (entries_before, entries_after) = (whole(before), whole(after));
    let mut left = before.clone();
    let mut visible = &entries_before;
    for written in 0..=order.len() {
        if let Some(last) = written.checked_sub(1) {
            left[order[last].place.clone()].copy_from_slice(&after[order[last].place.clone()]);
            if order[last].what == "tag" {
                visible = &entries_after;
            }
        }
        let name = written.checked_sub(1).map_or("nothing", |last| order[last].what);
        // As it was left, without recovery: every entry is found, and no other.
        let map = FixedMap::<K, V, _>::open(&left[..]).unwrap_or_else(|error| panic!("after {name}: {error}"));
        assert_eq!(&entries(&map), visible, "after {name}");
        for (key, value) in &map {
            assert_eq!(
                map.get(key).map(zerocopy::IntoBytes::as_bytes),
                Some(value.as_bytes()),
                "after {name}"
            );
        }
        for i in 0..CAPACITY as u32 + 20 {
            let key = (kind.key)(i);
            let expected = visible.get(key.as_bytes()).map(Vec::as_slice);
            assert_eq!(
                map.get(&key).map(zerocopy::IntoBytes::as_bytes),
                expected,
                "after {name}"
            );
            assert_eq!(
                map.try_get(&key).map(|value| value.map(zerocopy::IntoBytes::as_bytes)),
                Ok(expected),
                "after {name}"
            );
        }
        use_plain(&left, kind, CAPACITY as u32).expect("it was opened before");
        // Written on without recovery: the map stays one.
        let mut map = FixedMap::<K, V, _>::open_mut(left.clone()).expect("it was opened before");
        let mut model = visible.clone();
        for i in (0..30).rev() {
            let (key, value) = ((kind.key)(i), (kind.value)(i + 100));
            let had = model.remove(key.as_bytes());
            assert_eq!(
                map.remove(&key).map(|value| value.as_bytes().to_vec()),
                had,
                "after {name}"
            );
            if i % 2 == 0 {
                model.insert(key.as_bytes().to_vec(), value.as_bytes().to_vec());
                assert!(
                    map.insert(key, value).is_ok_and(|before| before.is_none()),
                    "after {name}"
                );
            }
        }
        assert_eq!(entries(&map), model, "after {name}");
        let (map, _) = FixedMap::<K, V, _>::recover(map.into_memory()).expect("its header is whole");
        assert_eq!(entries(&map), model, "after {name}");

        let in_free: usize = shape
            .free(&left)
            .into_iter()
            .filter(|&slot| {
                left[shape.slot_at(slot)..][..shape.slot_size]
                    .iter()
                    .any(|&byte| byte != 0)
            })
            .count();
        assert!(in_free <= 1);
        let claimed = usize::try_from(number(&left, at::LEN)).expect("small");
        let (map, recovered) = FixedMap::<K, V, _>::recover(left.clone()).expect("its header is whole");
        counts(recovered, visible.len(), 0, in_free, claimed);
        assert_eq!(&entries(&map), visible, "after {name}");
        goes_on(map, kind);
    }
    let differs = left.iter().zip(&after[..]).position(|(left, after)| left != after);
    assert_eq!(differs, None, "an offset that is written to and in no table");
    order.len() + 1
}

/// A map in which two groups are full of keys of one home, some of which stand behind both; and more keys of that home.
fn crowded<K, V>(kind: Kind<K, V>, seed: u64) -> (FixedMap<K, V>, Vec<u32>)
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
{
    let mut map = kind.create(CAPACITY, seed);
    let shape = Shape::of(map.as_bytes());
    let home = shape.way(&(kind.key)(0)).home;
    let mut keys: Vec<u32> = (0..5_000)
        .filter(|&i| shape.way(&(kind.key)(i)).home == home)
        .take(30)
        .collect();
    for i in keys.drain(..26) {
        map.insert((kind.key)(i), (kind.value)(i)).expect("room");
    }
    (map, keys)
}

/// Inserts and removals at home, and behind one and two full groups, in open and in sealed archives.
fn kill_writers_of<K, V>(kind: Kind<K, V>)
where
    K: FixedKey + Checked + FromBytes + Copy,
    V: Checked + Frozen + FromBytes,
{
    let (mut states, mut passing) = (0, 0);
    for seed in 0..times(16, 2) as u64 {
        let (mut map, new) = if seed % 2 == 0 {
            (kind.filled(CAPACITY, 30, seed), vec![31, 32])
        } else {
            crowded(kind, seed)
        };
        let sealed = seed % 4 < 2;
        if sealed {
            map.seal();
        }
        let before = map.into_memory();
        let shape = Shape::of(&before);
        let counters = |bytes: &[u8]| {
            (0..shape.groups)
                .map(|group| shape.counters_at(group))
                .map(|at| bytes[at..at + 4].to_vec())
                .collect::<Vec<_>>()
        };
        for &new in &new[..2] {
            let mut map = FixedMap::<K, V, _>::open_verified(before.clone()).expect("whole");
            map.insert((kind.key)(new), (kind.value)(new)).expect("room");
            let mut then = map.into_memory();
            let passed = counters(&before)
                .iter()
                .zip(counters(&then))
                .filter(|(before, then)| *before != then)
                .count();
            assert!(passed == 2 || seed % 2 == 0);
            passing += passed;
            states += kill_between(kind, &before, &then, &(kind.key)(new));
            // And out again: the new one, and one that was there.
            if sealed {
                mark_sealed(&mut then);
            }
            let there = *FixedMap::<K, V, _>::open(&then[..])
                .expect("whole")
                .keys()
                .nth(seed as usize)
                .expect("some");
            for gone in [(kind.key)(new), there] {
                let mut map = FixedMap::<K, V, _>::open_verified(then.clone()).expect("whole");
                map.remove(&gone).expect("it is there");
                states += kill_between(kind, &then, &map.into_memory(), &gone);
            }
        }
    }
    assert!(passing > 0);
    println!("{}: {states} states that a killed writer leaves", kind.name);
}

#[test]
fn killed_writers_of_numbers() {
    kill_writers_of(numbers());
}

#[test]
fn killed_writers_of_texts_and_structs() {
    kill_writers_of(texts());
}

#[test]
fn killed_while_sealing() {
    let mut map = numbers().filled(CAPACITY, 30, 1);
    let expected = entries(&map);
    let open = AlignedBytes::from_slice(map.as_bytes());
    let sealed = AlignedBytes::from_slice(map.seal());
    let mut left = open.clone();
    put(&mut left, at::CONTENT_CHECKSUM, number(&sealed, at::CONTENT_CHECKSUM));
    assert_ne!(left[..], sealed[..]);
    let map = FixedMap::<u64_le, u64_le, _>::open_verified(&left[..]).expect("an open archive");
    assert_eq!((entries(&map) == expected, map.is_sealed()), (true, false));
    let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(left.clone()).expect("its header is whole");
    counts(recovered, 30, 0, 0, 30);
    assert_eq!(map.as_bytes(), &open[..], "as it was before it was to be sealed");
    goes_on(map, numbers());
    left[at::STATE..][..8].copy_from_slice(&SEALED);
    assert_eq!(left[..], sealed[..], "and nothing else is written");
}

#[test]
fn killed_while_clearing() {
    let map = texts().filled(CAPACITY, 30, 1);
    let expected = entries(&map);
    let mut left = map.into_memory();
    mark_open(&mut left);
    let shape = Shape::of(&left);
    let bytes: Vec<usize> = (at::TAGS..shape.slots_at)
        .chain(shape.slots_at..left.len())
        .step_by(5)
        .collect();
    let mut fewer = expected.len();
    for cleared in bytes {
        left[at::TAGS..=cleared].fill(0);
        use_plain(&left, texts(), 40).expect("its header is whole");
        let tags = shape.full(&left).len();
        let written = shape.free(&left).into_iter();
        let unfinished = written.filter(|&slot| {
            left[shape.slot_at(slot)..][..shape.slot_size]
                .iter()
                .any(|&byte| byte != 0)
        });
        let unfinished = unfinished.count();
        let (map, recovered) = FixedMap::<FixedStr<12>, Hits, _>::recover(left.clone()).expect("its header is whole");
        counts(recovered, tags, 0, unfinished, 30);
        let there = entries(&map);
        assert!(there.iter().all(|(key, value)| expected.get(key) == Some(value)) && there.len() <= fewer);
        fewer = there.len();
        goes_on(map, texts());
    }
    assert_eq!(fewer, 0);
}

#[test]
fn killed_while_creating() {
    let whole = numbers().create(CAPACITY, 1).into_memory();
    let mut memory = numbers().filled(CAPACITY, 30, 2).into_memory();
    // The magic goes first and comes last.
    memory[..8].fill(0);
    for written in [at::MAGIC + 8..at::MAGIC + 8, at::TAGS..whole.len(), 8..at::TAGS] {
        memory[written.clone()].copy_from_slice(&whole[written]);
        let error = FixedMap::<u64_le, u64_le, _>::open(&memory[..]).unwrap_err();
        assert_eq!(error.field(), Field::Magic);
        assert_eq!(
            FixedMap::<u64_le, u64_le, _>::recover(memory.clone()).unwrap_err(),
            error
        );
    }
    memory[..8].copy_from_slice(&whole[..8]);
    assert_eq!(memory[..], whole[..]);
}

/// Noise in everything but the immutable header: what is recovered is whole, and every slot is accounted for.
fn recover_noise<K: FixedKey + Checked, V: Checked + Frozen>(kind: Kind<K, V>) {
    let mut dice = Dice::new(0x2015E);
    let mut kept = 0;
    for round in 0..times(400, 4) as u64 {
        let mut bytes = kind.filled(CAPACITY, 30, round).into_memory();
        let shape = Shape::of(&bytes);
        // From a byte here and there to nothing but noise.
        let one_in = [2000, 200, 20, 1][round as usize % 4];
        for byte in &mut bytes[at::TAGS..] {
            if dice.below(one_in) == 0 {
                *byte = dice.next() as u8;
            }
        }
        let claimed = if round % 3 == 0 { dice.next() } else { dice.below(60) };
        put(&mut bytes, at::LEN, claimed);
        put(&mut bytes, at::STATE, dice.next());
        put(&mut bytes, at::CONTENT_CHECKSUM, dice.next());
        let full = shape.full(&bytes).len();
        let written = shape.free(&bytes).into_iter();
        let unfinished = written.filter(|&slot| {
            bytes[shape.slot_at(slot)..][..shape.slot_size]
                .iter()
                .any(|&byte| byte != 0)
        });
        let unfinished = unfinished.count();
        let (map, recovered) = FixedMap::<K, V, _>::recover(bytes).expect("its header is whole");
        counts(recovered, map.len(), full - map.len(), unfinished, claimed as usize);
        kept += recovered.kept;
        // Once is enough.
        let again = AlignedBytes::from_slice(map.as_bytes());
        goes_on(map, kind);
        let (map, recovered) = FixedMap::<K, V, _>::recover(again.clone()).expect("its header is whole");
        counts(recovered, map.len(), 0, 0, map.len());
        // A counter that had been stuck is counted anew; everything else is as it was.
        assert_eq!(map.as_bytes()[shape.slots_at..], again[shape.slots_at..]);
    }
    assert!(kept > 0);
    println!("{}: {kept} entries kept", kind.name);
}

#[test]
fn noise_is_recovered() {
    recover_noise(numbers());
    recover_noise(texts());
    recover_noise(flags());
    recover_noise(characters());
    recover_noise(lines());
}

#[test]
fn more_entries_than_the_capacity_are_lost() {
    let mut bytes = numbers().create(CAPACITY, 1).into_memory();
    let shape = Shape::of(&bytes);
    // A length that lies lets more in: up to one in each slot.
    let mut key = 0;
    while !shape.free(&bytes).is_empty() {
        put(&mut bytes, at::LEN, 0);
        let mut map = FixedMap::<u64_le, u64_le, _>::open_mut(&mut bytes[..]).expect("its header is whole");
        map.insert(key.into(), key.into()).expect("there is a slot");
        key += 1;
    }
    let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(bytes).expect("its header is whole");
    counts(recovered, CAPACITY, shape.slots() - CAPACITY, 0, 1);
    assert!(
        map.iter()
            .all(|(key, value)| key == value && map.get(key) == Some(value))
    );
    goes_on(map, numbers());
}

#[test]
fn one_key_twice_is_kept_once() {
    let mut bytes = numbers().filled(CAPACITY, 10, 1).into_memory();
    let shape = Shape::of(&bytes);
    let slot = shape.full(&bytes)[0];
    let copy = shape.slot(&mut bytes, slot).to_vec();
    for free in shape.free(&bytes) {
        shape.slot(&mut bytes, free).copy_from_slice(&copy);
        bytes[shape.tag_at(free)] = bytes[shape.tag_at(slot)];
    }
    let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(bytes).expect("its header is whole");
    counts(recovered, 10, shape.slots() - 10, 0, 10);
    assert_eq!(entries(&map), entries(&numbers().filled(CAPACITY, 10, 1)));
    goes_on(map, numbers());
}

#[test]
fn what_is_beside_the_entries_is_cleared() {
    let whole = texts().filled(CAPACITY, 30, 1).into_memory();
    let shape = Shape::of(&whole);
    let mut bytes = whole.clone();
    let slot = shape.full(&bytes)[3];
    shape.slot(&mut bytes, slot)[13] = 1;
    let (map, recovered) = FixedMap::<FixedStr<12>, Hits, _>::recover(bytes).expect("its header is whole");
    counts(recovered, 30, 0, 0, 30);
    assert_eq!(map.as_bytes(), &whole[..], "padding in a slot");

    let whole = lines().filled(CAPACITY, 30, 1).into_memory();
    let shape = Shape::of(&whole);
    let mut bytes = whole.clone();
    bytes[shape.slots_at - 1] = 1;
    let (map, recovered) = FixedMap::<u64_le, Line, _>::recover(bytes).expect("its header is whole");
    counts(recovered, 30, 0, 0, 30);
    assert_eq!(map.as_bytes(), &whole[..], "the gap before the slots");
}

#[test]
fn a_damaged_length_or_state_is_made_anew() {
    let whole = numbers().filled(CAPACITY, 30, 1).into_memory();
    for (place, damage, field) in [(at::LEN, u64::MAX, Field::Len), (at::STATE, 7, Field::State)] {
        let mut bytes = whole.clone();
        put(&mut bytes, place, damage);
        let error = FixedMap::<u64_le, u64_le, _>::open(&bytes[..]).unwrap_err();
        assert_eq!((error.field(), error.found()), (field, damage));
        assert!(error.to_string().contains("`recover`"));
        let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(bytes).expect("what it needs is whole");
        counts(recovered, 30, 0, 0, if place == at::LEN { usize::MAX } else { 30 });
        assert_eq!(map.as_bytes(), &whole[..]);
    }
}

/// A sealed archive of squares.
fn squares() -> AlignedBytes {
    let need = FixedMap::<u64_le, u64_le>::bytes_for(100);
    let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(need), 100).unwrap();
    for key in 0..100_u64 {
        map.insert(key.into(), (key * key).into()).unwrap();
    }
    map.seal();
    map.into_memory()
}

#[test]
fn the_checksum_of_an_open_archive_is_not_looked_at() {
    let mut bytes = squares();
    bytes[at::STATE..][..8].copy_from_slice(b"open map");
    assert_ne!(bytes[at::CONTENT_CHECKSUM..][..8], [0; 8]);
    let map = FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).unwrap();
    assert!(!map.is_sealed());

    let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(bytes).unwrap();
    assert_eq!((recovered.kept, recovered.lost, recovered.unfinished), (100, 0, 0));
    assert!((0..100_u64).all(|key| map.get(&key) == Some(&(key * key).into())));
    let bytes = map.into_memory();
    assert_eq!(bytes[at::CONTENT_CHECKSUM..][..8], [0; 8], "marked as open in whole");
    FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).unwrap();
}

#[test]
fn recovering_a_sealed_archive_opens_it_before_anything_else() {
    let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(squares()).unwrap();
    assert_eq!((recovered.kept, recovered.claimed, map.is_sealed()), (100, 100, false));
    assert_eq!(map.as_bytes()[at::STATE..][..8], *b"open map");
    assert_eq!(map.as_bytes()[at::CONTENT_CHECKSUM..][..8], [0; 8]);
}

/// A checksum that does not match is told, because values may have changed in silence.
#[test]
fn a_wrong_checksum_is_told() {
    const VALUE: u64 = 0x1234_5678_9ABC_DEF0;
    let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    map.insert(7.into(), VALUE.into()).unwrap();
    let open = map.as_bytes().to_vec();
    let sealed = map.seal().to_vec();
    let value = sealed
        .windows(8)
        .position(|bytes| bytes == VALUE.to_le_bytes())
        .unwrap();
    for (bytes, flip, expected) in [
        (&sealed, None, false),
        (&sealed, Some(value + 1), true),
        (&sealed, Some(at::STATE), false), // the content is what it was
        (&open, None, false),
        (&open, Some(value + 1), false), // nothing tells
    ] {
        let mut bytes = AlignedBytes::from_slice(bytes);
        if let Some(at) = flip {
            bytes[at] ^= 1;
        }
        let recovered_by_schema = arenamap::fixed::described::recover(&mut bytes.clone()).unwrap();
        let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(bytes).unwrap();
        assert_eq!(recovered, recovered_by_schema);
        assert_eq!(recovered.checksum_failed, expected, "{flip:?}");
        assert_eq!(recovered.to_string().contains("values may have changed"), expected);
        assert_eq!((map.len(), recovered.lost), (1, 0));
    }
}

/// A hole of zeros becomes no entry of zeros, and an entry of zeros outside of it stays.
#[test]
fn a_hole_of_zeros_is_no_entry() {
    let mut invented = 0;
    for seed in 0..100 {
        let need = FixedMap::<u64_le, u64_le>::bytes_for(400);
        let mut map = FixedMap::<u64_le, u64_le, _>::create_seeded(AlignedBytes::zeroed(need), 400, seed).unwrap();
        let has_zero = seed % 2 == 0;
        for n in u64::from(!has_zero)..400 {
            map.insert(n.into(), n.into()).unwrap();
        }
        let whole = AlignedBytes::from_slice(map.seal());
        let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(whole.clone()).unwrap();
        assert_eq!((recovered.lost, map.contains_key(&0)), (0, has_zero));

        let mut holed = whole.clone();
        let middle = holed.len() / 2 / 16 * 16; // where a slot begins
        holed[middle..middle + 2048].fill(0);
        let by_schema = arenamap::fixed::described::recover(&mut holed.clone()).unwrap();
        let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(holed.clone()).unwrap();
        assert_eq!(by_schema, recovered);
        assert!(recovered.checksum_failed && recovered.lost > 50, "{recovered}");
        map.verify().unwrap();
        assert!(map.iter().all(|(key, value)| key == value));
        let slot_of_zero = whole[middle..middle + 2048]
            .chunks_exact(16)
            .any(|slot| slot.iter().all(|&byte| byte == 0));
        if !has_zero {
            invented += usize::from(map.contains_key(&0));
        } else if !slot_of_zero {
            // (If a free slot is in the hole, that of the entry may be, too.)
            assert_eq!(map.get(&0), Some(&0.into()));
        }
    }
    // At the edges of a hole may be one slot of a group.
    assert!(invented <= 2, "{invented}");
}
