//! Growing maps into `FixedMap`s and back: the same entries, and a clear error where something does not fit.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::fixed::{
    AlignedBytes, ConvertError, Exclusive, Field, FixedBytes, FixedError, FixedMap, FixedStr, SnapshotError, TooLong,
    u32_le, u64_le,
};
use arenamap::{Arena, ArenaError, ArenaMap, ArenaSet, BytesMap, DefaultHashBuilder, Handle, StrMap};

#[path = "support/basics.rs"]
mod support;

use support::{key, times};

type Numbers<M = AlignedBytes> = FixedMap<u64_le, u64_le, M>;

fn numbers(len: usize) -> ArenaMap<u64, u64> {
    (0..len as u64).map(|i| (key(i), i)).collect()
}

fn memory<K: arenamap::fixed::FixedKey, V: arenamap::fixed::FixedValue>(capacity: usize) -> AlignedBytes {
    AlignedBytes::zeroed(FixedMap::<K, V>::bytes_for(capacity))
}

/// The same answers for keys that are there and keys that are not, for those who look up and for those who iterate.
fn agree<H: Handle>(map: &ArenaMap<u64, u64, DefaultHashBuilder, H>, fixed: &Numbers) {
    fixed.verify().unwrap();
    assert_eq!(fixed.len(), map.len());
    for (key, value) in map {
        assert_eq!(fixed.get(key), Some(&(*value).into()));
    }
    for (key, value) in fixed {
        assert_eq!(map.get(&key.to_native()), Some(&value.to_native()));
    }
    for missing in (0..100).map(|i| key(i + (1 << 40))) {
        assert_eq!(fixed.contains_key(&missing), map.contains_key(&missing));
    }
}

#[test]
fn numbers_there_and_back_at_every_size() {
    let sizes = (0..40).chain([100, 1000, times(100_000, 2000)]);
    for len in sizes {
        let map = numbers(len);
        for capacity in [len, len + 1, 2 * len + 13] {
            let mut fixed: Numbers = map.snapshot_into(memory::<u64_le, u64_le>(capacity), capacity).unwrap();
            assert_eq!(fixed.capacity(), capacity);
            agree(&map, &fixed);

            // A map like any other: sealed, opened elsewhere, written to up to its capacity and no further.
            let bytes = AlignedBytes::from_slice(fixed.seal());
            assert_eq!(Numbers::open_verified(&bytes[..]).unwrap(), fixed);
            for extra in len..capacity {
                fixed.insert(key(1 << 41 | extra as u64).into(), 0.into()).unwrap();
            }
            fixed.insert(key(1 << 42).into(), 0.into()).unwrap_err();
            fixed.verify().unwrap();
        }

        let fixed: Numbers = map.snapshot_into(memory::<u64_le, u64_le>(len), len).unwrap();
        let arena = Arena::new();
        let mut again: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&arena);
        again.try_reserve(fixed.len()).unwrap();
        again
            .try_extend(fixed.iter().map(|(key, value)| (key.to_native(), value.to_native())))
            .unwrap();
        assert!(again.same_entries(&map));
    }
}

/// Keys that share a home and a tag: each is compared with those that were there before.
#[test]
fn repeated_keys_are_found_wherever_they_stand() {
    for (len, step) in (2..times(60, 16)).map(|len| (len, 1)).chain([(times(20_000, 200), 37)]) {
        let map = numbers(len);
        for twins in (1..len).step_by(step * 7) {
            // As many entries as `twins` get the key of another one.
            let distinct = (len - twins) as u64;
            let refused = map.snapshot_with(memory::<u64_le, u64_le>(len), len, |_, &value| {
                Ok::<_, FixedError>((key(value % distinct).into(), value.into()))
            });
            assert_eq!(
                refused.map(|map: Numbers| map.len()).unwrap_err(),
                SnapshotError::Repeated { entries: twins }
            );
        }
    }
}

#[test]
fn strings_there_and_back() {
    let arena = Arena::new();
    for len in [0, 1, 12, 13, 100, times(20_000, 1000) as u64] {
        // From one character to 33, all different.
        let word = |i: u64| format!("{i}{:.*}", (i % 27) as usize, format!("ä{:025}", key(i)));
        let words = || (0..len).map(|i| (word(i), i));
        let map: StrMap<u64, _, _> = StrMap::from_iter_in(words(), &arena);
        assert_eq!(map.len() as u64, len);

        let need = FixedMap::<FixedStr<40>, u64_le>::bytes_for(map.len());
        let bytes = Exclusive::in_arena(&arena, need).unwrap();
        let fixed: FixedMap<FixedStr<40>, u64_le, _> = map.snapshot_into(bytes, map.len()).unwrap();
        fixed.verify().unwrap();
        for (key, value) in words() {
            assert_eq!(fixed.get(key.as_str()), Some(&value.into()));
        }
        assert!(!fixed.contains_key("x"));

        let mut again: StrMap<u64, _, _> = StrMap::new_in(&arena);
        again.try_reserve(fixed.len()).unwrap();
        again
            .try_extend(fixed.iter().map(|(key, value)| (key.as_str(), value.to_native())))
            .unwrap();
        assert_eq!(again, map);
    }
}

#[test]
fn bytes_there_and_back() {
    let arena = Arena::new();
    for len in [0, 1, 13, times(2_000, 200) as u64] {
        // From no byte to 15, all different, and few of them text.
        let word = |i: u64| key(i).to_le_bytes().repeat(2)[..(i % 16).max(u64::from(i > 0) * 8) as usize].to_vec();
        let map: BytesMap<u64, DefaultHashBuilder, _> = BytesMap::from_iter_in((0..len).map(|i| (word(i), i)), &arena);
        assert_eq!(map.len() as u64, len);
        let fixed: FixedMap<FixedBytes<16>, u64_le> = map
            .snapshot_into(memory::<FixedBytes<16>, u64_le>(map.len()), map.len())
            .unwrap();
        fixed.verify().unwrap();
        assert!((0..len).all(|i| fixed.get(&word(i)[..]) == Some(&i.into())));
        let again: BytesMap<u64> = fixed.iter().map(|(key, value)| (&**key, value.to_native())).collect();
        assert!(again.same_entries(&map));
    }
    let long = BytesMap::from([(b"four", 1_u64)]);
    let refused: Result<FixedMap<FixedBytes<4>, u64_le>, _> = long.snapshot_into(memory::<FixedBytes<4>, u64_le>(1), 1);
    assert_eq!(
        refused.map(|map| map.len()).unwrap_err(),
        SnapshotError::Entry(ConvertError::Key(TooLong { len: 4, room: 3 }))
    );
}

#[test]
fn borrowed_strings_are_keys_and_values() {
    let arena = Arena::new();
    let mut names: ArenaMap<&str, &str, _, _> = ArenaMap::new_in(&arena);
    names.extend([("a", "one"), ("", "nothing"), ("ä", "eins")]);
    let fixed: FixedMap<FixedStr<8>, FixedStr<8>> =
        names.snapshot_into(memory::<FixedStr<8>, FixedStr<8>>(3), 3).unwrap();
    assert_eq!(fixed["ä"].as_str(), "eins");
    let again: ArenaMap<&str, &str> = fixed
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert!(names.iter().all(|(key, value)| again.get(key) == Some(value)) && again.len() == 3);
}

#[test]
fn sets_there_and_back() {
    let set: ArenaSet<u64> = (0..500).map(key).collect();
    let fixed: FixedMap<u64_le, ()> = set.snapshot_into(memory::<u64_le, ()>(500), 500).unwrap();
    fixed.verify().unwrap();
    assert!((0..1000).all(|i| fixed.contains_key(&key(i)) == (i < 500)));
    let again: ArenaSet<u64> = fixed.keys().map(|key| key.to_native()).collect();
    assert_eq!(again, set);

    let words = ArenaSet::from([String::from("a"), String::from("too long for four")]);
    let refused = words.snapshot_with(memory::<FixedStr<4>, ()>(2), 2, |word| FixedStr::<4>::new(word));
    assert_eq!(refused.unwrap_err(), SnapshotError::Entry(TooLong { len: 17, room: 3 }));
}

arenamap::fixed_struct! {
    /// What is known of a page, in an archive.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct ArchivedPage { bytes: u64_le, hits: u32_le, status: [u8; 4] }
}

/// The same in a live map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Page {
    bytes: u64,
    hits: u32,
    status: [u8; 4],
}

impl From<Page> for ArchivedPage {
    fn from(page: Page) -> Self {
        Self {
            bytes: page.bytes.into(),
            hits: page.hits.into(),
            status: page.status,
        }
    }
}

impl From<&ArchivedPage> for Page {
    fn from(page: &ArchivedPage) -> Self {
        Self {
            bytes: page.bytes.into(),
            hits: page.hits.into(),
            status: page.status,
        }
    }
}

#[test]
fn structs_by_their_own_conversions() {
    let page = |i: u64| Page {
        bytes: key(i),
        hits: 7,
        status: *b"200 ",
    };
    let map: StrMap<Page> = (0..100).map(|i| (i.to_string(), page(i))).collect();
    let fixed: FixedMap<FixedStr<4>, ArchivedPage> = map
        .snapshot_into(memory::<FixedStr<4>, ArchivedPage>(100), 100)
        .unwrap();
    assert_eq!(fixed["42"], page(42).into());
    let again: StrMap<Page> = fixed
        .iter()
        .map(|(key, value)| (key.as_str(), Page::from(value)))
        .collect();
    assert_eq!(again, map);

    // What may stand in a slot needs no conversion.
    let archived: ArenaMap<u64_le, ArchivedPage> = (0..100).map(|i| (i.into(), page(i).into())).collect();
    let fixed: FixedMap<u64_le, ArchivedPage> = archived
        .snapshot_into(memory::<u64_le, ArchivedPage>(100), 100)
        .unwrap();
    assert!((0..100).all(|i| fixed[&i] == page(i).into()));
}

/// A map of maps becomes one map, by a closure that is asked for each outer entry.
#[test]
fn a_closure_reaches_what_conversions_do_not() {
    let inner = |i: u16| ArenaMap::from([(200_u16, u64::from(i)), (404, 1)]);
    let sites: ArenaMap<String, ArenaMap<u16, u64>> = (0..50).map(|i| (format!("site {i}"), inner(i))).collect();
    let need = memory::<FixedBytes<16>, [u64_le; 2]>(50);
    let fixed = sites
        .snapshot_with(need, 50, |name, statuses| {
            Ok::<_, TooLong>((
                FixedBytes::<16>::new(name.as_bytes())?,
                [200, 404].map(|status| u64_le::from(statuses.get(&status).copied().unwrap_or(0))),
            ))
        })
        .unwrap();
    fixed.verify().unwrap();
    assert_eq!(fixed[&b"site 42"[..]], [42_u64, 1].map(u64_le::from));
}

/// After any error the buffer is no archive: not the one from before, not half of a new one.
fn is_no_archive(bytes: &[u8]) {
    let error = Numbers::open(bytes).unwrap_err();
    assert_eq!((error.field(), error.found()), (Field::Magic, 0));
}

#[test]
fn too_small_a_capacity_is_refused_before_anything_is_written() {
    let map = numbers(100);
    let mut bytes = memory::<u64_le, u64_le>(100);
    let _: Numbers<_> = map.snapshot_into(&mut bytes[..], 100).unwrap();
    let before = bytes.to_vec();

    let mut asked = 0;
    let refused = map.snapshot_with(&mut bytes[..], 99, |&key, &value| {
        asked += 1;
        Ok::<(u64_le, u64_le), FixedError>((key.into(), value.into()))
    });
    let Err(SnapshotError::Fixed(error)) = refused else {
        panic!("99 are less than 100")
    };
    assert_eq!(
        (error.field(), error.expected(), error.found(), asked),
        (Field::TooSmall, 100, 99, 0)
    );
    assert!(error.to_string().contains("99") && error.to_string().contains("100"));
    assert_eq!(*bytes, before[..]);

    // Memory that is too short, or misaligned.
    let short = bytes.len() - 1;
    let refused: Result<Numbers<_>, _> = map.snapshot_into(&mut bytes[..short], 100);
    let Err(SnapshotError::Fixed(error)) = refused else {
        panic!("one byte is missing")
    };
    assert_eq!(
        (error.field(), error.expected(), error.found()),
        (Field::MemoryLength, before.len() as u64, short as u64)
    );
    let mut longer = AlignedBytes::zeroed(before.len() + 8);
    let refused: Result<Numbers<_>, _> = map.snapshot_into(&mut longer[8..], 100);
    let Err(SnapshotError::Fixed(error)) = refused else {
        panic!("not aligned to 16")
    };
    assert_eq!((error.field(), error.found()), (Field::MemoryAlign, 8));
    assert_eq!(*bytes, before[..]);
}

#[test]
fn a_string_that_is_too_long_is_named_by_its_length() {
    let mut words: StrMap<u64> = (0..200).map(|i| (i.to_string(), i)).collect();
    words.insert("of 17 characters!", 0);
    let mut bytes = memory::<FixedStr<16>, u64_le>(201);
    let refused: Result<FixedMap<FixedStr<16>, u64_le, _>, _> = words.snapshot_into(&mut bytes[..], 201);
    let error = refused.unwrap_err();
    assert_eq!(
        error,
        SnapshotError::Entry(ConvertError::Key(TooLong { len: 17, room: 15 }))
    );
    assert_eq!(
        error.to_string(),
        "no snapshot was made, an entry did not convert: its key: 17 bytes do not fit, 15 do; take a larger `N`, or cut the text"
    );
    is_no_archive(&bytes);

    // Cut, it may become another word.
    let cut = words.snapshot_with(memory::<FixedStr<3>, u64_le>(201), 201, |word, &value| {
        Ok::<_, TooLong>((FixedStr::<3>::cut(word), value.into()))
    });
    let cut: Result<FixedMap<_, u64_le>, _> = cut;
    // 100 to 199 are cut to 10 to 19.
    assert_eq!(cut.unwrap_err(), SnapshotError::Repeated { entries: 100 });

    let values = ArenaMap::from([(1_u64, "longer than four")]);
    let refused: Result<FixedMap<u64_le, FixedStr<4>>, _> = values.snapshot_into(memory::<u64_le, FixedStr<4>>(1), 1);
    assert_eq!(
        refused.unwrap_err(),
        SnapshotError::Entry(ConvertError::Value(TooLong { len: 16, room: 3 }))
    );
}

#[test]
fn errors_and_panics_on_the_way_leave_no_archive() {
    let map = numbers(1000);
    for stop in [0, 1, 500, 999] {
        let mut bytes = memory::<u64_le, u64_le>(1000);
        let _: Numbers<_> = map.snapshot_into(&mut bytes[..], 1000).unwrap();
        let mut asked = 0;
        let refused = map.snapshot_with(&mut bytes[..], 1000, |&key, &value| {
            asked += 1;
            if asked > stop {
                return Err("enough");
            }
            Ok((u64_le::from(key), u64_le::from(value)))
        });
        assert_eq!(
            refused.map(|map| map.len()).unwrap_err(),
            SnapshotError::Entry("enough")
        );
        assert_eq!(asked, stop + 1);
        is_no_archive(&bytes);

        let _: Numbers<_> = map.snapshot_into(&mut bytes[..], 1000).unwrap();
        let mut asked = 0;
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            map.snapshot_with(&mut bytes[..], 1000, |&key, &value| {
                asked += 1;
                assert!(asked <= stop, "as planned");
                Ok::<_, FixedError>((u64_le::from(key), u64_le::from(value)))
            })
            .map(|map| map.len())
        }));
        assert!(panicked.is_err());
        is_no_archive(&bytes);
    }
    // And afterwards it serves again.
    assert_eq!(map, numbers(1000));
}

#[test]
fn a_budget_on_the_way_back_is_an_error() {
    let map = numbers(1000);
    let fixed: Numbers = map.snapshot_into(memory::<u64_le, u64_le>(1000), 1000).unwrap();
    let entries = || fixed.iter().map(|(key, value)| (key.to_native(), value.to_native()));

    let arena = Arena::with_budget(20_000);
    let mut again: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&arena);
    assert!(matches!(again.try_reserve(fixed.len()), Err(ArenaError::Budget { .. })));
    let error = again.try_extend(entries()).unwrap_err();
    assert!(matches!(error.cause, ArenaError::Budget { .. }));
    assert_eq!(error.inserted, again.len());
    assert_eq!(entries().nth(error.inserted), Some(error.rejected));
    assert!(again.iter().all(|(key, value)| map.get(key) == Some(value)) && !again.is_empty());

    let words: StrMap<u64> = (0..1000).map(|i| (i.to_string(), i)).collect();
    let fixed: FixedMap<FixedStr<8>, u64_le> = words.snapshot_into(memory::<FixedStr<8>, u64_le>(1000), 1000).unwrap();
    let mut again: StrMap<u64, _, _> = StrMap::new_in(&arena);
    let error = again
        .try_extend(fixed.iter().map(|(key, value)| (key.as_str(), value.to_native())))
        .unwrap_err();
    assert!(matches!(error.cause, ArenaError::Budget { .. }));
    assert_eq!(error.inserted, again.len());
    assert_eq!(error.rejected.1, words[error.rejected.0]);

    // A snapshot in the arena itself takes of the same budget.
    assert!(matches!(
        Exclusive::in_arena(&arena, FixedMap::<u64_le, u64_le>::bytes_for(1000)),
        Err(ArenaError::Budget { .. })
    ));
}

/// `copy_into` goes the same way, also for an archive that holds a key twice because nobody verified it.
#[test]
fn copies_keep_each_key_once() {
    let map = numbers(500);
    let fixed: Numbers = map.snapshot_into(memory::<u64_le, u64_le>(500), 500).unwrap();
    for capacity in [500, 501, 5000] {
        let copy = fixed.copy_into(memory::<u64_le, u64_le>(capacity), capacity).unwrap();
        agree(&map, &copy);
        assert_ne!(copy.seed(), fixed.seed());
    }

    // One slot after the other gets the key of the entry whose slot comes first.
    let bytes = fixed.into_memory();
    let (slots, end) = (192 + 16 * 63, 192 + 16 * 63 + 12 * 16 * 63); // 500 entries: 63 groups of twelve slots
    let first = bytes[slots..end]
        .chunks(16)
        .find(|slot| slot.iter().any(|&byte| byte != 0))
        .unwrap()[..8]
        .to_vec();
    let mut seen = HashSet::new();
    for at in (slots..end).step_by(16).filter(|&at| bytes[at..at + 8] != first) {
        if bytes[at..at + 8] == [0; 8] {
            continue;
        }
        let mut bytes = bytes.clone();
        bytes[at..at + 8].copy_from_slice(&first);
        let damaged = Numbers::open(&bytes[..]).unwrap();
        let copy = damaged.copy_into(memory::<u64_le, u64_le>(500), 500).unwrap();
        copy.verify().unwrap();
        assert_eq!(copy.len(), 499);
        seen.insert(at);
        if seen.len() == times(500, 20) {
            break;
        }
    }
    assert!(seen.len() > 19);
}
