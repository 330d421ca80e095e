//! Feature `serde`: out and in again, into given arenas, beyond their budgets, and with lengths that lie.

use std::fmt;
use std::marker::PhantomData;

use arenamap::copied::{CopiedKey, CopiedMap, CopiedMapSeed};
use arenamap::{
    Arena, ArenaBox, ArenaMap, ArenaSet, ArenaString, ArenaVec, BytesMap, DefaultHashBuilder, MapSeed, SetSeed, StrMap,
    StrMapSeed, StringSeed, VecSeed,
};
use serde::de::value::{BytesDeserializer, Error, MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

fn json(text: &str) -> serde_json::Deserializer<serde_json::de::StrRead<'_>> {
    serde_json::Deserializer::from_str(text)
}

#[test]
fn out_and_in_again() {
    let map: ArenaMap<u32, String> = (0..100).map(|n| (n, n.to_string())).collect();
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<ArenaMap<u32, String>>(&text).unwrap(), map);
    assert_eq!(serde_json::from_str::<StrMap<String>>(&text).unwrap().len(), 100);

    let set: ArenaSet<u32> = (0..100).collect();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<ArenaSet<u32>>(&text).unwrap(), set);

    let words = StrMap::from([("a", 1), ("", 2), ("\"\n\u{1F600}", 3)]);
    let text = serde_json::to_string(&words).unwrap();
    assert_eq!(serde_json::from_str::<StrMap<i32>>(&text).unwrap(), words);
    let read: StrMap<i32> = serde_json::from_reader(text.as_bytes()).unwrap();
    assert_eq!(read, words);

    let arena = Arena::new();
    let borrowed = words.clone_in(&arena);
    assert_eq!(
        serde_json::to_value(&borrowed).unwrap(),
        serde_json::to_value(&words).unwrap()
    );
}

#[test]
fn into_a_given_arena_with_a_given_hasher() {
    let arena = Arena::new();
    let map: ArenaMap<String, u32, std::hash::RandomState, &Arena> = MapSeed::new_in(&arena)
        .hasher(std::hash::RandomState::new())
        .deserialize(&mut json(r#"{"a": 1, "b": 2, "a": 3}"#))
        .unwrap();
    assert_eq!((map["a"], map["b"], map.len()), (3, 2, 2));
    let set: ArenaSet<u8, std::hash::RandomState, _> = SetSeed::new_in(&arena)
        .hasher(std::hash::RandomState::new())
        .deserialize(&mut json("[1, 2, 1]"))
        .unwrap();
    assert_eq!(set.len(), 2);
    let used = arena.used();
    let words: StrMap<u32, DefaultHashBuilder, &Arena> = StrMapSeed::new_in(&arena)
        .deserialize(&mut json(r#"{"a": 1, "b": 2, "a": 3}"#))
        .unwrap();
    assert_eq!((words["a"], words["b"], words.len()), (3, 2, 2));
    drop(words);
    assert_eq!(arena.used(), used);
}

#[test]
fn maps_in_maps_in_one_arena() {
    let text = r#"{"/": {"200": {"GET": 7}, "404": {}}, "/a": {"200": {"GET": 1, "PUT": 2}}}"#;
    let arena = Arena::new();
    let methods = StrMapSeed::<PhantomData<u64>, _, _>::new_in(&arena);
    let statuses = MapSeed::<u16, _, _, _>::with_values_in(methods, &arena);
    let paths = StrMapSeed::with_values_in(statuses, &arena);
    let map = paths.clone().deserialize(&mut json(text)).unwrap();
    assert_eq!(map["/"][&200]["GET"], 7);
    assert_eq!(map["/a"][&200]["PUT"], 2);
    let expected: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(&map).unwrap(), expected);
    // A failure half-way gives back what was made.
    let used = arena.used();
    paths
        .deserialize(&mut json(&text.replace("\"PUT\": 2", "\"PUT\": true")))
        .unwrap_err();
    assert_eq!(arena.used(), used);
    drop(map);
    assert_eq!(arena.used(), 0);

    let owned: ArenaMap<String, ArenaMap<u16, StrMap<u64>>> = serde_json::from_str(text).unwrap();
    assert_eq!(owned["/a"][&200]["PUT"], 2);
}

/// Keys that come as bytes, as from formats that are not text.
#[test]
fn keys_that_are_bytes() {
    fn read<'a, Q>(arena: &'a Arena, key: &[u8]) -> Result<CopiedMap<Q, u64, DefaultHashBuilder, &'a Arena>, Error>
    where
        Q: CopiedKey + ?Sized,
        CopiedMapSeed<Q, PhantomData<u64>, DefaultHashBuilder, &'a Arena>:
            for<'de> DeserializeSeed<'de, Value = CopiedMap<Q, u64, DefaultHashBuilder, &'a Arena>>,
    {
        let entries = [(key, 1_u64)].map(|(key, value)| (BytesDeserializer::<Error>::new(key), value));
        CopiedMapSeed::new_in(arena).deserialize(MapDeserializer::new(entries.into_iter()))
    }
    let arena = Arena::new();
    for key in [&b""[..], b"a key", b"\xFF\xC3"] {
        assert_eq!(read::<[u8]>(&arena, key).unwrap().get(key), Some(&1));
        match (std::str::from_utf8(key), read::<str>(&arena, key)) {
            (Ok(text), read) => assert_eq!(read.unwrap()[text], 1),
            (Err(_), read) => assert!(read.unwrap_err().to_string().contains("expected a string")),
        }
        assert_eq!(arena.used(), 0);
    }
    let map = BytesMap::from([(b"key", 1)]);
    assert!(serde_json::to_string(&map).is_err(), "JSON has no keys that are bytes");
}

#[cfg(feature = "std")]
#[test]
fn maps_in_maps_in_a_shared_arena() {
    let arena = Arena::new().share();
    let seed = StrMapSeed::with_values_in(
        StrMapSeed::<PhantomData<u64>, _, _>::new_in(arena.clone()),
        arena.clone(),
    );
    let map = seed.deserialize(&mut json(r#"{"a": {"b": 1}}"#)).unwrap();
    let map = std::thread::spawn(move || {
        assert_eq!(map["a"]["b"], 1);
        map
    });
    drop(map.join().unwrap());
    assert_eq!(arena.stats().used, 0);
}

#[test]
fn a_budget_that_does_not_suffice_is_an_error() {
    let entries: Vec<String> = (0..1000).map(|n| format!("\"{n}\": {n}")).collect();
    let text = format!("{{{}}}", entries.join(","));
    for budget in [0, 8, 100, 1000, 4000, 10_000] {
        let arena = Arena::with_budget(budget);
        let error = MapSeed::<u64, PhantomData<u64>, _, _>::new_in(&arena)
            .deserialize(&mut json(&text))
            .unwrap_err();
        assert!(
            error.to_string().contains("the budget of the arena is used up"),
            "{error}"
        );
        assert_eq!(arena.used(), 0);
        let error = StrMapSeed::<PhantomData<u64>, _, _>::new_in(&arena)
            .deserialize(&mut json(&text))
            .unwrap_err();
        assert!(
            error.to_string().contains("the budget of the arena is used up"),
            "{error}"
        );
        assert_eq!(arena.used(), 0);
        let text = format!("{:?}", (0..1000).collect::<Vec<_>>());
        let error = SetSeed::<u64, _, _>::new_in(&arena).deserialize(&mut json(&text));
        if budget < 10_000 {
            assert!(
                error
                    .unwrap_err()
                    .to_string()
                    .contains("the budget of the arena is used up")
            );
        }
        assert_eq!(arena.used(), 0);
    }
}

#[test]
fn other_types_are_refused_in_words() {
    let arena = Arena::new();
    let map = StrMapSeed::<PhantomData<u64>, _, _>::new_in(&arena);
    assert!(
        map.clone()
            .deserialize(&mut json("[]"))
            .unwrap_err()
            .to_string()
            .contains("a map with string keys")
    );
    let numbers = MapDeserializer::<_, Error>::new([(1_u32, 1_u64)].into_iter());
    assert!(
        map.deserialize(numbers)
            .unwrap_err()
            .to_string()
            .contains("expected a string")
    );
    let map = MapSeed::<u64, PhantomData<u64>, _, _>::new_in(&arena).deserialize(&mut json("1"));
    assert!(map.unwrap_err().to_string().contains("a map"));
    let set = SetSeed::<u64, _, _>::new_in(&arena).deserialize(&mut json("1"));
    assert!(set.unwrap_err().to_string().contains("a sequence"));
}

/// Announces any number of entries and brings one.
struct Liar(usize);

struct Announced(usize, usize);

impl<'de> Deserializer<'de> for Liar {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Announced(self.0, 1))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Announced(self.0, 1))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Announced {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.1 = match self.1.checked_sub(1) {
            Some(left) => left,
            None => return Ok(None),
        };
        seed.deserialize(de::value::BorrowedStrDeserializer::new("key"))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(SeqDeserializer::new([1_u8, 2].into_iter()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0)
    }
}

impl<'de> SeqAccess<'de> for Announced {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.next_key_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0)
    }
}

impl fmt::Debug for Liar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Liar")
    }
}

#[test]
fn a_length_is_not_trusted() {
    for announced in [0, 1, 5000, usize::MAX / 2, usize::MAX] {
        let arena = Arena::new();
        let map: StrMap<(u8, u8), _, _> = StrMapSeed::new_in(&arena).deserialize(Liar(announced)).unwrap();
        assert_eq!(map["key"], (1, 2));
        assert!(map.capacity() <= 4096 * 2);
        let map: ArenaMap<String, (u8, u8), DefaultHashBuilder, _> =
            MapSeed::new_in(&arena).deserialize(Liar(announced)).unwrap();
        assert_eq!((map["key"], map.len()), ((1, 2), 1));
        let set: ArenaSet<String, DefaultHashBuilder, _> =
            SetSeed::new_in(&arena).deserialize(Liar(announced)).unwrap();
        assert!(set.contains("key"));
        assert!(arena.used() < 1 << 20);
    }
    // What is announced does not fit the budget; what comes does.
    let arena = Arena::with_budget(1000);
    let map: StrMap<(u8, u8), _, _> = StrMapSeed::new_in(&arena).deserialize(Liar(4096)).unwrap();
    assert_eq!(map.len(), 1);
}

#[test]
fn lists_strings_and_boxes_out_and_in_again() {
    let lists: ArenaVec<ArenaVec<u32>> = (0..9).map(|n| (0..n).collect()).collect();
    let text = serde_json::to_string(&lists).unwrap();
    assert_eq!(serde_json::from_str::<ArenaVec<ArenaVec<u32>>>(&text).unwrap(), lists);
    for text in ["", "a", "\"\n\u{1F600}"] {
        let written = serde_json::to_string(&ArenaString::from(text)).unwrap();
        assert_eq!(serde_json::from_str::<ArenaString>(&written).unwrap(), text);
        let read: ArenaString = serde_json::from_reader(written.as_bytes()).unwrap();
        assert_eq!(read, text);
    }
    let boxed: ArenaBox<(u8, u8)> = serde_json::from_str("[1, 2]").unwrap();
    assert_eq!(serde_json::to_string(&boxed).unwrap(), "[1,2]");
    assert!(serde_json::from_str::<ArenaVec<u8>>("[1, \"2\"]").is_err());
    assert!(
        serde_json::from_str::<ArenaString>("7")
            .unwrap_err()
            .to_string()
            .contains("a string")
    );
}

#[test]
fn lists_of_strings_in_maps_in_one_arena() {
    let text = r#"{"a": ["one", "two"], "b": []}"#;
    let arena = Arena::new();
    let words = VecSeed::with_elements_in(StringSeed::new_in(&arena), &arena);
    let seed = StrMapSeed::with_values_in(words, &arena);
    let map = seed.clone().deserialize(&mut json(text)).unwrap();
    assert_eq!(map["a"], ["one", "two"]);
    let expected: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(&map).unwrap(), expected);
    // A failure half-way gives back what was made.
    let used = arena.used();
    seed.deserialize(&mut json(r#"{"a": ["one", 2]}"#)).unwrap_err();
    assert_eq!(arena.used(), used);
}

#[test]
fn a_budget_that_a_list_exceeds_is_an_error_of_the_format() {
    let arena = Arena::with_budget(64);
    let seed = || VecSeed::<PhantomData<u64>, _>::new_in(&arena);
    assert_eq!(seed().deserialize(&mut json("[1, 2, 3, 4]")).unwrap(), [1, 2, 3, 4]);
    let refused = seed()
        .deserialize(&mut json("[1, 2, 3, 4, 5, 6, 7, 8, 9]"))
        .unwrap_err();
    assert!(
        refused.to_string().contains("the budget of the arena is used up"),
        "{refused}"
    );
    let long = format!("\"{:100}\"", 1);
    let refused = StringSeed::new_in(&arena).deserialize(&mut json(&long)).unwrap_err();
    assert!(
        refused.to_string().contains("the budget of the arena is used up"),
        "{refused}"
    );
    assert_eq!(arena.used(), 0);
    // A length that lies makes no room that is not there.
    let lying = SeqDeserializer::<_, Error>::new((0..3_u64).chain(std::iter::empty()));
    assert_eq!(seed().deserialize(lying).unwrap(), [0, 1, 2]);
}

/// Archives by the schemas of their types.
#[cfg(feature = "fixed")]
mod archives {
    use arenamap::PathMap;
    use arenamap::fixed::{
        AlignedBytes, FixedBytes, FixedMap, FixedStr, PathArchive, VarMap, char_le, f64_le, i16_le, u32_le, u64_le,
        u128_le,
    };
    use serde::de::DeserializeSeed;

    arenamap::fixed_struct! {
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) checked struct All {
            wide: u128_le, count: u64_le, part: f64_le, letter: char_le, sizes: [i16_le; 2], name: FixedStr<6>,
            raw: FixedBytes<4>, on: bool, tail: [u8; 13]
        }
    }

    fn all(n: u64) -> All {
        All {
            wide: (u128::MAX - u128::from(n)).into(),
            count: (u64::MAX - n).into(),
            part: (-0.1_f64).into(),
            letter: '漢'.into(),
            sizes: [i16::MIN.into(), 7.into()],
            name: "é\"".try_into().unwrap(),
            raw: (&[0xff, 0][..]).try_into().unwrap(),
            on: n.is_multiple_of(2),
            tail: [n.to_le_bytes()[0]; 13],
        }
    }

    fn filled() -> FixedMap<u64_le, All> {
        let memory = AlignedBytes::zeroed(FixedMap::<u64_le, All>::bytes_for(20));
        let mut map = FixedMap::create(memory, 20).unwrap();
        for n in 0..20 {
            map.insert(n.into(), all(n)).unwrap();
        }
        map
    }

    #[test]
    fn there_and_back() {
        let map = filled();
        let json = serde_json::to_string(&map).unwrap();
        let again: FixedMap<u64_le, All> = serde_json::from_str(&json).unwrap();
        let indexed = serde_json::to_string(&map.try_index().unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<FixedMap<u64_le, All>>(&indexed).unwrap(), map);
        assert_eq!(again, map);
        assert_eq!(again.capacity(), 20);
        again.verify().unwrap();

        let words: VarMap<str, [u8]> =
            serde_json::from_str(r#"{"a": "text", "": [1, 255], "hex:00": "hex:00"}"#).unwrap();
        assert_eq!(words.get("a"), Some(&b"text"[..]));
        assert_eq!(words.get(""), Some(&[1, 255][..]));
        assert_eq!(words.get("hex:00"), Some(&b"hex:00"[..]));
        words.verify().unwrap();
        let again: VarMap<str, [u8]> = serde_json::from_str(&serde_json::to_string(&words).unwrap()).unwrap();
        assert_eq!(again, words);
    }

    /// A tree as nested maps, from which the map that it was made of is read again.
    #[test]
    fn paths_are_nested_maps() {
        let mut map = PathMap::<str, u64>::new();
        for n in 0..100_u64 {
            let names = ["a", "b", "\u{e9}\"", "d", "e"];
            map.insert([names[usize::try_from(n % 5).unwrap()], &*n.to_string()], n);
        }
        let archive = PathArchive::<str, u64_le>::from_map(&map).unwrap();
        let text = serde_json::to_string(&archive).unwrap();
        assert_eq!(text, serde_json::to_string(&map).unwrap());
        assert_eq!(serde_json::from_str::<PathMap<str, u64>>(&text).unwrap(), map);

        // Numbers as parts, structs as values, nothing at all.
        arenamap::fixed_struct! { #[derive(Clone, Copy)] struct Port { number: u32_le, spare: [u8; 4] } }
        let mut numbers = PathMap::<u32, Port>::new();
        numbers.insert(
            &[7, 8],
            Port {
                number: 80.into(),
                spare: [1; 4],
            },
        );
        let archive = PathArchive::<u32_le, Port>::from_map(&numbers).unwrap();
        let text = serde_json::to_string(&archive).unwrap();
        assert_eq!(text, r#"{"7":{"8":{"number":80,"spare":[1,1,1,1]}}}"#);
        let empty = PathArchive::<str, str>::from_map(&PathMap::<str, &str>::new()).unwrap();
        assert_eq!(serde_json::to_string(&empty).unwrap(), "{}");

        map.insert(["a"], 1);
        let archive = PathArchive::<str, u64_le>::from_map(&map).unwrap();
        let error = serde_json::to_string(&archive).unwrap_err().to_string();
        assert!(error.contains("a value and levels below"), "{error}");
        let deep = |levels: usize| {
            let map: PathMap<str, u64> = [(vec!["x"; levels], 1)].into_iter().collect();
            serde_json::to_string(&PathArchive::<str, u64_le>::from_map(&map).unwrap())
        };
        assert_eq!(deep(127).unwrap().len(), 127 * 6 + 1);
        assert!(deep(128).unwrap_err().to_string().contains("too many for nested maps"));
    }

    #[test]
    fn into_a_map_that_is_there() {
        let mut map = FixedMap::<FixedStr<4>, u32_le, _>::create(AlignedBytes::zeroed(1024), 2).unwrap();
        let mut put = |json: &str| {
            (&mut map)
                .deserialize(&mut serde_json::Deserializer::from_str(json))
                .map_err(|error| error.to_string())
        };
        put(r#"{"a": 1, "b": 2, "a": 3}"#).unwrap();
        for (json, says) in [
            (r#"{"c": 1}"#, "has all of its 2 entries"),
            (r#"{"long": 1}"#, "4 bytes, but FixedStr<4> takes 3"),
            (r#"{"a": 4294967296}"#, "out of range"),
            (r#"{"a": -1}"#, "no u32_le"),
            (r#"{"a": {}}"#, "expected u32_le"),
            (r#"{"a": "#, "EOF"),
            ("[1]", "expected a map from FixedStr<4> to u32_le"),
        ] {
            let error = put(json).unwrap_err();
            assert!(error.contains(says), "{json}: {error}");
        }
        assert_eq!(
            (map.get("a"), map.get("b"), map.len()),
            (Some(&3.into()), Some(&2.into()), 2)
        );

        let mut texts = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 2, 8).unwrap();
        let json = r#"{"one": "1", "two": "too long"}"#;
        let error = (&mut texts)
            .deserialize(&mut serde_json::Deserializer::from_str(json))
            .unwrap_err();
        assert!(error.to_string().contains("11 bytes, 4 are left"), "{error}");
        assert_eq!(texts.get("one"), Some("1"));
    }

    #[test]
    fn fields_are_named() {
        // (Numbers of 128 bits are cut by `Value`.)
        let mut json: serde_json::Value = serde_json::from_str(&serde_json::to_string(&filled()).unwrap()).unwrap();
        json["3"]["wide"] = 1.into();
        assert_eq!(json["3"]["sizes"], serde_json::json!([-32768, 7]));
        assert_eq!(json["3"]["letter"], "漢");
        for (change, says) in [("cuont", "no field `cuont`"), ("count", "is missing")] {
            let mut json = json["3"].clone();
            let count = json.as_object_mut().unwrap().remove("count").unwrap();
            if change != "count" {
                json[change] = count;
            }
            let error = serde_json::from_value::<FixedMap<u64_le, All>>(serde_json::json!({ "3": json })).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}

/// Bounded maps: out without deadlines, and in by a seed for a map that is there.
#[test]
fn bounded_maps_go_out_and_come_back() {
    use arenamap::bounded::{BoundedSeed, Lifetime};
    use arenamap::{BoundedMap, BoundedStrMap};

    let mut map = BoundedMap::new(100);
    let mut words = BoundedStrMap::new(100);
    for n in 0..10_u64 {
        map.insert_for(n, n.to_string(), n * 10, 0);
        words.insert_for(&format!("the word of number {n}"), n, n * 10, 0);
    }
    // Four that are in time, by the latest time that the maps were told.
    assert_eq!((map.get(&9, 50), words.get("", 50)), (Some(&"9".to_string()), None));
    let text = serde_json::to_string(&map).unwrap();
    let read: ArenaMap<u64, String> = serde_json::from_str(&text).unwrap();
    let mut keys: Vec<u64> = read.keys().copied().collect();
    keys.sort_unstable();
    assert_eq!(keys, [6, 7, 8, 9]);
    let other = serde_json::to_string(&words).unwrap();
    assert_eq!(serde_json::from_str::<StrMap<u64>>(&other).unwrap().len(), 4);

    let mut back = BoundedMap::<u64, String>::new(3);
    back.set_lifetime(Lifetime::SinceWrite(5));
    BoundedSeed::new(&mut back, 1_000)
        .deserialize(&mut json(&text))
        .unwrap();
    assert_eq!((back.len(), back.stats().evicted, back.clock()), (3, 1, Some(1_000)));
    assert!(back.iter(1_004).all(|(key, value)| *value == key.to_string()));
    assert_eq!(back.iter(1_005).count(), 0);

    let arena = Arena::with_budget(BoundedStrMap::<u64>::bytes_for(100).unwrap() + 100);
    let mut back = BoundedStrMap::new_in(100, &arena);
    let before = arena.used();
    BoundedSeed::new(&mut back, 0)
        .deserialize(&mut json(r#"{"short": 1, "longer than fifteen bytes": 2, "short": 3}"#))
        .unwrap();
    assert_eq!((back.peek("short", 0), back.len()), (Some(&3), 2));
    assert_eq!(back.get("longer than fifteen bytes", 0), Some(&2));
    let long = format!(r#"{{"a": 1, "{}": 2}}"#, "long".repeat(50));
    let error = BoundedSeed::new(&mut back, 0)
        .deserialize(&mut json(&long))
        .unwrap_err();
    assert!(
        error.to_string().contains("the budget of the arena is used up"),
        "{error}"
    );
    assert_eq!(back.get("a", 0), Some(&1), "what came before the error stays");
    back.clear();
    assert_eq!(arena.used(), before);
    let error = BoundedSeed::new(&mut back, 0).deserialize(&mut json("[]")).unwrap_err();
    assert!(error.to_string().contains("a map with string keys"));
    let error = BoundedSeed::new(&mut BoundedMap::<u8, u8>::new(1), 0)
        .deserialize(&mut json("1"))
        .unwrap_err();
    assert!(error.to_string().contains("a map"));
}

/// Formats that write the number of entries first are told it.
#[test]
fn bounded_maps_know_how_many_entries_are_in_time() {
    let mut map = arenamap::BoundedMap::new(10);
    let mut words = arenamap::BoundedStrMap::new(10);
    for n in 0..6_u32 {
        map.insert_for(n, n, u64::from(n) * 10, 0);
        words.insert_for(&n.to_string(), n, u64::from(n) * 10, 0);
    }
    assert_eq!((map.get(&3, 30), words.get("3", 30)), (None, None), "the time is 30");
    let bytes = postcard::to_allocvec(&map).unwrap();
    let numbers: std::collections::BTreeMap<u32, u32> = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(numbers, [(4, 4), (5, 5)].into());
    let bytes = postcard::to_allocvec(&words).unwrap();
    let texts: std::collections::BTreeMap<String, u32> = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(texts, [("4".to_owned(), 4), ("5".to_owned(), 5)].into());
}
