//! The same answers as a `FixedMap` with the same entries.

use super::archive_use::{Kind, characters, flags, lines, numbers};
use super::{filled, look, texts};
use arenamap::Parts;
use arenamap::fixed::{
    AlignedBytes, Checked, Field, FixedKey, FixedMap, FixedStr, Frozen, IndexedMap, KeyHasher, u32_le, u64_le,
};

/// Makes an index of so many entries in every way, and compares.
fn compare<K, V>(kind: Kind<K, V>, entries: u32)
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
{
    let mut table = kind.create(entries as usize + 5, u64::from(entries));
    for i in 0..entries {
        assert!(table.insert((kind.key)(i), (kind.value)(i)).is_ok());
    }
    let indexed = table.try_index().unwrap();
    indexed.verify().unwrap();
    look(&indexed, kind, entries);
    assert_eq!(
        (indexed.len(), indexed.iter().count()),
        (entries as usize, entries as usize)
    );
    for i in 0..entries + 1_000 {
        let key = (kind.key)(i);
        let bytes = |value: &V| value.as_bytes().to_vec();
        assert_eq!(
            indexed.get(&key).map(bytes),
            table.get(&key).map(bytes),
            "{} {i}",
            kind.name
        );
    }
    for (key, value) in &indexed {
        assert_eq!(table.get(key).map(V::as_bytes), Some(value.as_bytes()));
    }

    // Again, in memory with other content: the same bytes. And by pairs in the same order.
    let memory = || AlignedBytes::from_slice(&vec![0xA5; IndexedMap::<K, V>::bytes_for(entries as usize) + 3]);
    let mut scratch = vec![7; IndexedMap::<K, V>::scratch_words(entries as usize)];
    let again = table.index_into(memory(), &mut scratch).unwrap();
    assert!(again.as_bytes() == indexed.as_bytes(), "{}: other bytes", kind.name);
    let opened = IndexedMap::<K, V, _>::open_verified(again.as_bytes()).unwrap();
    assert_eq!(
        (opened.len(), opened.seed(), opened.generation()),
        (entries as usize, table.seed(), 0)
    );
    // What stands behind the archive stays.
    assert_eq!(
        again.into_memory()[IndexedMap::<K, V>::bytes_for(entries as usize)..],
        [0xA5; 3]
    );
    let by_pairs = filled(kind, entries, table.seed());
    assert!(
        by_pairs[..] == *indexed.as_bytes(),
        "{}: in another order, other bytes",
        kind.name
    );
}

#[test]
fn as_a_table() {
    let sizes = [
        0, 1, 2, 3, 12, 13, 98, 99, 100, 101, 1_000, 10_000, 12_286, 12_287, 12_288, 12_289, 26_000,
    ];
    for entries in sizes
        .into_iter()
        .filter(|&n| n <= if cfg!(miri) { 13 } else { 100_000 })
    {
        compare(numbers(), entries);
        compare(texts(), entries.min(1_000));
        compare(flags(), entries.min(1_000));
        compare(lines(), entries.min(100));
    }
    compare(characters(), 100);
}

#[test]
fn each_small_size() {
    for entries in 0..if cfg!(miri) { 4 } else { 300 } {
        let bytes = filled(numbers(), entries, 3);
        let map = IndexedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).unwrap();
        assert_eq!(map.iter().count(), entries as usize);
    }
}

/// `ARENAMAP_LARGE=1 cargo test --release --features fixed --test fixed_indexed`.
#[test]
fn as_a_large_table() {
    if std::env::var_os("ARENAMAP_LARGE").is_some() {
        compare(numbers(), 1_000_000);
        compare(texts(), 1_000_000);
    }
}

#[test]
fn no_bytes() {
    let map = IndexedMap::<[u8; 0], ()>::try_from_entries([([], ())]).unwrap();
    assert_eq!((map.get(&[]), map.iter().count()), (Some(&()), 1));
    map.verify().unwrap();
    let map = IndexedMap::<[u8; 0], ()>::try_from_entries([]).unwrap();
    assert_eq!((map.get(&[]), map.iter().count()), (None, 0));
    map.verify().unwrap();
}

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Page { site: u32_le, path: FixedStr<20> }
}

#[test]
fn keys_of_parts() {
    let pages = (0..500_u32).map(|i| Page {
        site: (i % 7).into(),
        path: FixedStr::new(&format!("/{i}")).unwrap(),
    });
    let entries: Vec<_> = pages.zip((0..).map(u32_le::from)).collect();
    let map = IndexedMap::<Page, u32_le>::try_from_entries(entries).unwrap();
    map.verify().unwrap();
    assert_eq!(map.get(&Parts((3_u32, "/3"))), Some(&3.into()));
    assert_eq!(map.get(&Parts((4_u32, "/3"))), None);
    assert_eq!(map[&Parts((499_u32 % 7, "/499"))], 499);
    assert!(format!("{map:?}").contains("/499"));
}

/// A key that gives a hasher only half of itself.
macro_rules! bad_key {
    ($name:ident, |$key:ident, $hasher:ident| $hash:expr) => {
        #[derive(
            Clone,
            Copy,
            Debug,
            zerocopy::FromBytes,
            zerocopy::IntoBytes,
            zerocopy::Immutable,
            rkyv::Portable,
            rkyv::bytecheck::CheckBytes,
        )]
        #[bytecheck(crate = rkyv::bytecheck)]
        #[repr(C)]
        struct $name {
            part: u32_le,
            rest: u32_le,
        }

        impl arenamap::fixed::FixedValue for $name {
            const SCHEMA: arenamap::fixed::Schema = arenamap::fixed::Schema::leaf(stringify!($name), 8, 4);
        }

        impl FixedKey for $name {
            fn hash_key(&self, $hasher: &mut KeyHasher<'_>) {
                let $key = self;
                $hash;
            }
        }
    };
}

bad_key!(Half, |key, hasher| hasher.write_u64(key.part.to_native().into()));
bad_key!(Fickle, |key, hasher| {
    static CALLS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    hasher.write_u64(u64::from(key.part.to_native()) ^ CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
});

#[test]
fn keys_that_collide_are_named() {
    let pairs = |last: u32| (0..100_u32).map(move |i| (if i == 99 { last } else { i }, i));
    let half = pairs(50)
        .map(|(part, rest)| {
            (
                Half {
                    part: part.into(),
                    rest: rest.into(),
                },
                (),
            )
        })
        .collect::<Vec<_>>();
    let error = IndexedMap::<Half, ()>::try_from_entries(half.clone()).unwrap_err();
    assert_eq!(
        (error.field(), error.expected(), error.found()),
        (Field::Collision, 50, 99)
    );
    assert!(
        error.to_string().contains("entries 50 and 99 have different keys"),
        "{error}"
    );
    // A table takes them.
    let mut table = FixedMap::<Half, (), _>::create(AlignedBytes::zeroed(4096), 100).unwrap();
    for &(key, ()) in &half {
        assert!(table.insert(key, ()).is_ok());
    }
    assert_eq!(table.try_index().unwrap_err().field(), Field::Collision);

    let same = pairs(50)
        .map(|(part, rest)| (u64_le::from(u64::from(part)), u64_le::from(u64::from(rest))))
        .collect::<Vec<_>>();
    let error = IndexedMap::<u64_le, u64_le>::try_from_entries(same).unwrap_err();
    assert_eq!(
        (error.field(), error.expected(), error.found()),
        (Field::Repeated, 50, 99)
    );
    assert_eq!(error.to_string(), "entries 50 and 99 have the same key; leave one out");
}

#[test]
fn keys_with_another_hash_each_time() {
    let keys = (0..50_u32)
        .map(|i| {
            (
                Fickle {
                    part: i.into(),
                    rest: i.into(),
                },
                (),
            )
        })
        .collect::<Vec<_>>();
    for _ in 0..20 {
        match IndexedMap::<Fickle, ()>::try_from_entries(keys.clone()) {
            Ok(map) => assert!(map.iter().count() <= 51),
            Err(error) => assert!(matches!(error.field(), Field::Index | Field::Collision), "{error}"),
        }
    }
}

/// An iterator whose clones have fewer entries, or more.
#[derive(Clone)]
struct Liar {
    left: u64,
    says: usize,
}

impl Iterator for Liar {
    type Item = (u64_le, u64_le);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some((self.left.into(), 1.into()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.says, Some(self.says))
    }
}

impl ExactSizeIterator for Liar {}

type Map = IndexedMap<u64_le, u64_le>;

#[test]
fn what_is_missing_is_told() {
    for left in [0, 9, 11, 1_000] {
        let error = IndexedMap::<u64_le, u64_le>::try_from_entries(Liar { left, says: 10 }).unwrap_err();
        assert_eq!((error.field(), error.expected(), error.found()), (Field::Len, left, 10));
    }
    let whole = Liar { left: 10, says: 10 };
    let (bytes, words) = (Map::bytes_for(10), Map::scratch_words(10));
    let make = |bytes: usize, words: usize| {
        let made = Map::from_entries_in(AlignedBytes::zeroed(bytes), &mut vec![0; words], 1, whole.clone());
        made.map_err(|error| (error.field(), error.expected(), error.found()))
    };
    assert!(make(bytes, words).is_ok());
    let short = |field, expected: usize| (field, expected as u64, expected as u64 - 1);
    assert_eq!(make(bytes - 1, words).unwrap_err(), short(Field::MemoryLength, bytes));
    assert_eq!(make(bytes, words - 1).unwrap_err(), short(Field::Scratch, words));
    let mut memory = AlignedBytes::zeroed(bytes + 8);
    let error = IndexedMap::<u64_le, u64_le, _>::from_entries_in(&mut memory[8..], &mut vec![0; words], 1, whole);
    assert_eq!(error.unwrap_err().field(), Field::MemoryAlign);
    assert!(Map::try_bytes_for(usize::MAX).is_err_and(|error| error.field() == Field::Capacity));
}

#[test]
fn the_other_kind_is_told() {
    let indexed = filled(numbers(), 10, 1);
    let error = FixedMap::<u64_le, u64_le, _>::open(&indexed[..]).unwrap_err();
    assert_eq!((error.field(), error.expected(), error.found()), (Field::Kind, 0, 1));
    assert!(error.to_string().contains("kind 1 as an `IndexedMap`"));
    let table = numbers().filled(10, 10, 1);
    let error = IndexedMap::<u64_le, u64_le, _>::open(table.as_bytes()).unwrap_err();
    assert_eq!((error.field(), error.expected(), error.found()), (Field::Kind, 1, 0));
}

/// What is made when a hash panics is no archive.
#[test]
fn a_panic_leaves_no_archive() {
    struct Panics;
    let mut memory = filled(numbers(), 10, 1);
    let entries = (0..10_u32).map(|i| {
        if i == 9 {
            std::panic::panic_any(Panics);
        }
        (u64_le::from(u64::from(i)), u64_le::from(1))
    });
    let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut scratch = vec![0; IndexedMap::<u64_le, u64_le>::scratch_words(10)];
        IndexedMap::<u64_le, u64_le, _>::from_entries_in(&mut memory[..], &mut scratch, 1, entries).is_ok()
    }));
    assert!(made.is_err());
    let error = IndexedMap::<u64_le, u64_le, _>::open(&memory[..]).unwrap_err();
    assert_eq!(error.field(), Field::Magic);
}

#[test]
fn copies_are_equal() {
    let of = |entries: u32| {
        let pairs = (0..entries).map(|n| (u64_le::from_native(n.into()), u64_le::from_native(u64::from(n) * 3)));
        IndexedMap::<u64_le, u64_le>::try_from_entries(pairs).unwrap()
    };
    for entries in [0, 1, 1_000] {
        let map = of(entries);
        let copy = map.clone();
        assert_eq!((copy.as_bytes(), copy.seed()), (map.as_bytes(), map.seed()));
        copy.verify().unwrap();
        // Another seed, and other memory.
        assert_eq!(of(entries), copy);
        let bytes = map.into_memory();
        assert_eq!(IndexedMap::<u64_le, u64_le, _>::open(&bytes[..]).unwrap(), copy);
        assert_ne!(copy, of(entries + 1));
    }
    let [one, other] = [1, 2].map(|value| {
        let pairs = [(u64_le::from_native(7), u64_le::from_native(value))];
        IndexedMap::<u64_le, u64_le>::try_from_entries(pairs).unwrap()
    });
    assert_ne!(one, other);
}

#[test]
#[should_panic(expected = "as many results as keys expected, got 1 places in `out` for 2 `keys`")]
fn a_batch_needs_room_for_its_results() {
    let map = IndexedMap::<u64_le, u64_le>::try_from_entries([(7.into(), 49.into())]).unwrap();
    map.get_batch(&[1_u64, 2], &mut [None]);
}

/// Nothing repairs an index, and no error says that something does.
#[test]
fn errors_do_not_advise_what_there_is_not() {
    use arenamap::fixed::described::{Described, recover};
    let pairs = (0..100_u32).map(|n| (u64_le::from_native(n.into()), n % 2 == 0));
    let whole = IndexedMap::<u64_le, bool>::try_from_entries(pairs)
        .unwrap()
        .into_memory();
    let mut seen = std::collections::BTreeSet::new();
    for at in (0..whole.len()).filter(|at| !(8..128).contains(at)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let typed = IndexedMap::<u64_le, bool, _>::open_verified(&bytes[..]).err();
        let by_schema = Described::open(&bytes).and_then(|archive| archive.verify()).err();
        for sealed in [false, true] {
            if sealed {
                super::archive::mark_sealed(&mut bytes);
            }
            for error in [
                typed,
                by_schema,
                IndexedMap::<u64_le, bool, _>::open_verified(&bytes[..]).err(),
            ]
            .into_iter()
            .flatten()
            {
                assert!(!error.to_string().contains("`recover`"), "{at}: {error}");
                if error
                    .to_string()
                    .contains("an indexed archive cannot be repaired: take another copy, or make it anew")
                {
                    seen.insert(format!("{:?}", error.field()));
                }
            }
        }
    }
    for field in ["ContentChecksum", "Len", "State", "Value", "Padding", "Schema"] {
        assert!(seen.contains(field), "{field}: {seen:?}");
    }
    let error = recover(&mut whole.clone()).unwrap_err();
    assert_eq!(error.field(), Field::Kind);
    assert!(
        error
            .to_string()
            .contains("an `IndexedMap`: an indexed archive cannot be repaired"),
        "{error}"
    );
}
