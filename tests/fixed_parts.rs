//! Keys of a `FixedMap` that are structs, looked up by their borrowed parts: they hash like the struct, find what it finds, also in
//! archives that lie, and nothing else.

#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

#[path = "support/basics.rs"]
mod basics;

use std::collections::HashMap;
use std::fmt::Debug;

use arenamap::Parts;
use arenamap::fixed::{
    AlignedBytes, FixedBytes, FixedKey, FixedMap, FixedStr, KeyHasher, KeySecrets, NonZeroU32_le, Query, char_le,
    f64_le, i16_le, u16_le, u32_le, u64_le, u128_le,
};
use zerocopy::IntoBytes;

use basics::{Dice, times};

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Page { site: u32_le, path: FixedStr<12> }
}
arenamap::fixed_struct! {
    #[derive(Clone, Copy)]
    struct Two { a: FixedStr<4>, b: FixedStr<4> }
}
arenamap::fixed_struct! {
    #[derive(Clone, Copy)]
    struct One { a: u64_le }
}
arenamap::fixed_struct! { struct None_ {} }
arenamap::fixed_struct! {
    /// A struct in a struct, arrays, bytes; fields of types that are not public.
    #[derive(Clone, Copy)]
    pub struct Nested { page: Page, name: FixedBytes<8>, more: [FixedStr<4>; 2] }
}
arenamap::fixed_struct! {
    /// Names that the macro has, too.
    #[derive(Clone, Copy)]
    checked struct Eight {
        hasher: u128_le, key: u64_le, other: f64_le, part: NonZeroU32_le, name: char_le, state: i16_le, a: bool, b: [u8; 5],
    }
}
arenamap::fixed_struct! {
    /// Too many to be looked up by parts, and a key as ever.
    struct Nine { a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8 }
}
arenamap::fixed_struct! {
    #[derive(Clone, Copy)]
    struct Seven { a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8 }
}

fn text<const N: usize>(text: &str) -> FixedStr<N> {
    text.try_into().unwrap()
}

fn page(site: u32, path: &str) -> Page {
    Page {
        site: site.into(),
        path: text(path),
    }
}

fn hash<K, Q: Query<K> + ?Sized>(query: &Q, seed: u64) -> u64 {
    let secrets = KeySecrets::seed(seed);
    let mut hasher = KeyHasher::new(&secrets);
    query.hash_query(&mut hasher);
    hasher.finish()
}

/// A lookup finds what it looks for if both hash alike under every seed.
#[allow(clippy::needless_pass_by_value, reason = "both are made for the call")]
fn hashes_alike<K: FixedKey>(parts: impl Query<K>, key: K) {
    for seed in 0..20 {
        assert_eq!(hash(&parts, seed), hash::<K, K>(&key, seed));
    }
    assert!(parts.is_key(&key));
}

#[test]
fn parts_hash_like_structs_of_every_kind() {
    hashes_alike(Parts((1_u32, "/index")), page(1, "/index"));
    hashes_alike(Parts((&1_u32, &text::<12>("/index"))), page(1, "/index"));
    hashes_alike(Parts((u32_le::from(0), "")), page(0, ""));
    hashes_alike(Parts((7_u64,)), One { a: 7.into() });
    let two = Two {
        a: text("ab"),
        b: text("c"),
    };
    hashes_alike(Parts(("ab", "c")), two);
    let nested = Nested {
        page: page(3, "/a"),
        name: FixedBytes::new(b"name").unwrap(),
        more: [text("x"), text("yz")],
    };
    hashes_alike(Parts((&nested.page, &b"name"[..], &nested.more)), nested);
    hashes_alike(Parts((Parts((3_u32, "/a")), &b"name"[..], &nested.more)), nested);
    hashes_alike(Parts((&Parts((&3_u32, "/a")), &nested.name, &nested.more)), nested);
    let eight = Eight {
        hasher: (1 << 90 | 1).into(),
        key: 2.into(),
        other: (-0.0).into(),
        part: NonZeroU32_le::from_native(4.try_into().unwrap()),
        name: 'ß'.into(),
        state: (-6).into(),
        a: true,
        b: [8; 5],
    };
    hashes_alike(
        Parts((
            1_u128 << 90 | 1,
            2_u64,
            f64_le::from(-0.0),
            eight.part,
            'ß',
            -6_i16,
            true,
            &[8_u8; 5],
        )),
        eight,
    );
    let seven = Seven {
        a: 1,
        b: 2,
        c: 3,
        d: 4,
        e: 5,
        f: 6,
        g: 7,
    };
    hashes_alike(Parts((1_u8, &2_u8, 3_u8, 4_u8, 5_u8, 6_u8, 7_u8)), seven);
}

/// The hash that the format states for a struct of these two, seed 42.
#[test]
fn parts_have_the_hash_of_the_format() {
    arenamap::fixed_struct! { struct Stated { number: u64_le, text: FixedStr<8> } }
    assert_eq!(hash::<Stated, _>(&Parts((7_u64, "key")), 42), 0x9afb_b444_1595_8a92);
}

#[test]
fn parts_are_not_joined_and_all_of_them_count() {
    let mut map = FixedMap::<Two, (), _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    let two = Two {
        a: text("a"),
        b: text("bc"),
    };
    map.insert(two, ()).unwrap();
    assert!(map.contains_key(&Parts(("a", "bc"))));
    for other in [
        ("ab", "c"),
        ("", "abc"),
        ("abc", ""),
        ("bc", "a"),
        ("a", "b"),
        ("a", "bcd, which does not fit"),
        ("a", "bc\0"),
    ] {
        assert!(!map.contains_key(&Parts(other)), "{other:?}");
        assert!(!Parts(other).is_key(&two));
    }
    let mut none = FixedMap::<None_, u64_le, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    none.insert(None_ {}, 1.into()).unwrap();
    assert_eq!(none.get(&None_ {}), Some(&1.into()));
    let nine = || Nine {
        a: 1,
        b: 2,
        c: 3,
        d: 4,
        e: 5,
        f: 6,
        g: 7,
        h: 8,
        i: 9,
    };
    let need = FixedMap::<Nine, u64_le>::bytes_for(10);
    let mut many = FixedMap::<Nine, u64_le, _>::create(AlignedBytes::zeroed(need), 10).unwrap();
    many.insert(nine(), 1.into()).unwrap();
    assert_eq!(many.get(&nine()), Some(&1.into()));
}

/// Every call that takes a query, against a model.
#[test]
fn parts_find_what_a_model_has() {
    const CAPACITY: usize = 100;
    let need = FixedMap::<Page, u64_le>::bytes_for(CAPACITY);
    let mut map = FixedMap::<Page, u64_le, _>::create(AlignedBytes::zeroed(need), CAPACITY).unwrap();
    let mut model: HashMap<(u32, String), u64> = HashMap::new();
    let mut dice = Dice::new(1);
    for step in 0..times(20_000, 200) as u64 {
        let (site, path) = (dice.below(9) as u32, "x".repeat(dice.below(12) as usize));
        let owned = (site, path.clone());
        let parts = Parts((site, path.as_str()));
        match dice.below(8) {
            0..4 => match map.insert(page(site, &path), step.into()) {
                Ok(old) => assert_eq!(old.map(u64::from), model.insert(owned, step)),
                Err(_) => assert!(model.len() == CAPACITY && !model.contains_key(&owned)),
            },
            4 => assert_eq!(map.remove(&parts).map(u64::from), model.remove(&owned)),
            5 => {
                let removed = map.remove_entry(&parts).map(|(key, value)| {
                    assert_eq!(key, page(site, &path));
                    value.to_native()
                });
                assert_eq!(removed, model.remove(&owned));
            }
            6 => assert_eq!(map.try_remove(&parts).unwrap().map(u64::from), model.remove(&owned)),
            _ => {
                let found = map.get_mut(&parts).map(|value| {
                    *value += 1;
                    value.to_native()
                });
                let expected = model.get_mut(&owned).map(|value| {
                    *value += 1;
                    *value
                });
                assert_eq!(found, expected);
            }
        }
        let (site, path) = (dice.below(9) as u32, "x".repeat(dice.below(13) as usize));
        let owned = (site, path.clone());
        let parts = Parts((site, path.as_str()));
        map.prefetch(&parts);
        let expected = model.get(&owned).copied();
        assert_eq!(map.get(&parts).copied().map(u64::from), expected);
        assert_eq!(map.contains_key(&parts), expected.is_some());
        assert_eq!(map.try_get(&parts).unwrap().copied().map(u64::from), expected);
        assert_eq!(
            map.get_key_value(&parts)
                .map(|(key, value)| (key.path.to_string(), value.to_native())),
            expected.map(|value| (path.clone(), value))
        );
        let mut out = [None; 2];
        map.get_batch(&[parts, Parts((99, ""))], &mut out);
        assert_eq!(out.map(|found| found.copied().map(u64::from)), [expected, None]);
        let [found] = map.get_disjoint_mut([&parts]);
        assert_eq!(found.copied().map(u64::from), expected);
        let view = FixedMap::<Page, u64_le, _>::open_unverified(map.as_bytes()).unwrap();
        assert_eq!(view.try_get(&parts).unwrap().copied().map(u64::from), expected);
        if expected.is_some() {
            assert_eq!(Some(map[&parts].to_native()), expected);
        }
    }
    assert!(model.len() > 20);
}

/// Whatever the bytes are, a lookup by parts finds what a lookup by the struct finds, and ends.
#[test]
fn archives_that_lie_answer_parts_as_they_answer_keys() {
    const CAPACITY: usize = 40;
    let need = FixedMap::<Page, u64_le>::bytes_for(CAPACITY);
    let mut map = FixedMap::<Page, u64_le, _>::create_seeded(AlignedBytes::zeroed(need), CAPACITY, 42).unwrap();
    let paths: Vec<String> = (0..12).map(|n| "a".repeat(n)).collect();
    for n in 0..40 {
        map.insert(page(n % 4, &paths[n as usize % 12]), u64::from(n).into())
            .ok();
    }
    let honest = map.as_bytes().to_vec();
    let mut dice = Dice::new(2);
    let mut differed = 0;
    for _ in 0..times(3_000, 20) {
        let mut bytes = AlignedBytes::from_slice(&honest);
        for _ in 0..dice.below(60) {
            let at = 192 + dice.below(bytes.len() as u64 - 192) as usize;
            bytes[at] = [0, 1, 3, 11, 12, 0x80, 0xff, b'a'][dice.below(8) as usize];
        }
        let liar = FixedMap::<Page, u64_le, _>::open(&bytes[..]).unwrap();
        let view = FixedMap::<Page, u64_le, _>::open_unverified(&bytes[..]).unwrap();
        for site in 0..4 {
            for path in &paths {
                let (parts, key) = (Parts((site, path.as_str())), page(site, path));
                assert_eq!(liar.get(&parts), liar.get(&key));
                assert_eq!(liar.try_get(&parts), liar.try_get(&key));
                assert_eq!(view.try_get(&parts), view.try_get(&key));
                differed += usize::from(liar.get(&parts) != map.get(&parts));
            }
        }
        // And by what lies in it: keys that are no text, with lengths beyond their room.
        for key in liar.keys() {
            let parts = Parts((&key.site, &key.path));
            assert_eq!(hash::<Page, _>(&parts, 42), hash::<Page, _>(key, 42));
            assert!(parts.is_key(key), "{:?}", key.as_bytes());
            assert_eq!(liar.get(&parts), liar.get(key));
        }
    }
    assert!(differed > times(1_000, 0), "the archives must lie: {differed}");
}

/// Two keys that parts tell apart are two keys.
#[test]
fn parts_are_equal_to_one_key_only() {
    fn all<K: FixedKey + Debug, Q: Query<K>>(pairs: &[(Q, K)]) {
        for (i, (parts, _)) in pairs.iter().enumerate() {
            for (j, (_, key)) in pairs.iter().enumerate() {
                assert_eq!(parts.is_key(key), i == j, "{i}, {key:?}");
            }
        }
    }
    let paths: Vec<String> = ["", "a", "aa", "b", "a\0", "\0", "ab"].map(String::from).into();
    let pairs: Vec<_> = (0..3_u32)
        .flat_map(|site| {
            paths
                .iter()
                .map(move |path| (Parts((site, path.as_str())), page(site, path)))
        })
        .collect();
    all(&pairs);
    arenamap::fixed_struct! {
        #[derive(Debug)]
        struct Numbers { a: u16_le, b: i16_le }
    }
    let pairs: Vec<_> = [(0, 0), (0, 1), (1, 0), (1, 1), (256, 0), (0, 256), (0, -1)]
        .map(|(a, b)| {
            (
                Parts((a, b)),
                Numbers {
                    a: a.into(),
                    b: b.into(),
                },
            )
        })
        .into();
    all(&pairs);
}
