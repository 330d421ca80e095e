//! `VarMap` against a plain model: entries, bytes of the room, and garbage, to the byte; full maps, full rooms, and what comes back.
#![allow(clippy::cast_possible_truncation, reason = "numbers of tests are small")]

mod support;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use arenamap::fixed::{
    AlignedBytes, AnyBytes, AtomicU64Le, Exclusive, Field, FixedStr, Frozen, Refusal, SnapshotError, VarEntry, VarKey,
    VarMap, VarQuery, VarValue, u64_le,
};
use arenamap::{Arena, ArenaMap, StrMap};
use support::{Dice, times};

const SEED: u64 = 7;

/// What a program makes of small numbers.
trait Part: VarValue<Slot: AnyBytes + Frozen> + PartialEq + std::fmt::Debug {
    /// The same in the model.
    type Model: Clone + Ord + std::fmt::Debug;
    fn model(n: u64, len: usize) -> Self::Model;
    fn give(model: &Self::Model) -> Self::Given<'_>;
    fn of(model: &Self::Model) -> &Self;
    fn alike(one: &Self::Given<'_>, other: &Self::Given<'_>) -> bool;
    /// Bytes in the room.
    fn bytes(model: &Self::Model) -> usize;
}

impl Part for str {
    type Model = String;
    fn model(n: u64, len: usize) -> String {
        // Characters of one to four bytes.
        let text = ["", "é", "abcdefg ", "漢字", "🦀", "x"][n as usize % 6].repeat(len / 4);
        if n == 5 { text } else { format!("{n}{text}") } // one of them may be empty
    }
    fn give(model: &String) -> &str {
        model
    }
    fn of(model: &String) -> &str {
        model
    }
    fn alike(one: &&str, other: &&str) -> bool {
        one == other
    }
    fn bytes(model: &String) -> usize {
        model.len()
    }
}

impl Part for [u8] {
    type Model = Vec<u8>;
    fn model(n: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0xff_u8.wrapping_sub(n as u8); len];
        bytes.extend(n.to_le_bytes().iter().take_while(|&&byte| byte != 0));
        bytes
    }
    fn give(model: &Vec<u8>) -> &[u8] {
        model
    }
    fn of(model: &Vec<u8>) -> &[u8] {
        model
    }
    fn alike(one: &&[u8], other: &&[u8]) -> bool {
        one == other
    }
    fn bytes(model: &Vec<u8>) -> usize {
        model.len()
    }
}

impl Part for u64_le {
    type Model = u64_le;
    fn model(n: u64, len: usize) -> u64_le {
        (n << 8 | len as u64).into()
    }
    fn give(model: &u64_le) -> u64_le {
        *model
    }
    fn of(model: &u64_le) -> &u64_le {
        model
    }
    fn alike(one: &u64_le, other: &u64_le) -> bool {
        one == other
    }
    fn bytes(_: &u64_le) -> usize {
        0
    }
}

/// The model: entries, and what the room has to say.
struct Model<K: Part + ?Sized, V: Part + ?Sized> {
    /// The key whose value is the last text of the room.
    last: Option<K::Model>,
    grown: usize,
    entries: BTreeMap<K::Model, V::Model>,
    used: usize,
    garbage: usize,
}

impl<K: Part<Model: VarQuery<K>> + VarKey + VarQuery<K> + ?Sized, V: Part + ?Sized> Model<K, V> {
    /// What an insertion does, unless it is refused.
    fn insert(&mut self, key: K::Model, value: V::Model, capacity: usize, room: usize) -> Result<bool, Refusal> {
        let left = room - self.used;
        let no_room = |needed, garbage| Refusal::NoRoom { needed, left, garbage };
        if let Some(old) = self.entries.get_mut(&key) {
            let (before, after) = (V::bytes(old), V::bytes(&value));
            let is_last = self.last.as_ref() == Some(&key);
            if after > before {
                // Of a value that grows where it is, nothing becomes garbage.
                let kept = if is_last { before } else { 0 };
                if after - kept > left {
                    return Err(no_room(after - kept, self.garbage));
                }
                self.used += after - kept;
                self.garbage += before - kept;
                self.grown += usize::from(kept > 0);
                self.last = Some(key);
            } else {
                self.garbage += before - after;
                if is_last && after < before {
                    self.last = None;
                }
            }
            *old = value;
            return Ok(false);
        }
        if self.entries.len() == capacity {
            return Err(Refusal::Full { capacity });
        }
        let needed = K::bytes(&key) + V::bytes(&value);
        if needed > left {
            return Err(no_room(needed, self.garbage));
        }
        self.used += needed;
        if needed > 0 {
            self.last = (V::bytes(&value) > 0).then(|| key.clone());
        }
        self.entries.insert(key, value);
        Ok(true)
    }

    fn remove(&mut self, key: &K::Model) -> bool {
        if self.last.as_ref() == Some(key) {
            self.last = None;
        }
        match self.entries.remove(key) {
            Some(value) => {
                self.garbage += K::bytes(key) + V::bytes(&value);
                true
            }
            None => false,
        }
    }

    fn check(&self, map: &VarMap<K, V>) {
        assert_eq!(map.len(), self.entries.len());
        assert_eq!((map.room_used(), map.garbage()), (self.used, self.garbage));
        assert_eq!(map.iter().count(), self.entries.len());
        let keys: Vec<_> = (0..self.entries.len() as u64 * 3)
            .map(|n| K::model(n, n as usize % 23))
            .collect();
        let mut found = vec![None; keys.len()];
        map.get_batch(&keys, &mut found);
        assert!(
            found
                .into_iter()
                .eq(keys.iter().map(|key| self.entries.get(key).map(V::of)))
        );
        for (key, value) in &self.entries {
            assert_eq!(map.get(K::of(key)), Some(V::of(value)));
            assert_eq!(map.try_get(K::of(key)), Ok(Some(V::of(value))));
            assert_eq!(map.get_key_value(K::of(key)), Some((K::of(key), V::of(value))));
        }
        map.verify().expect("whole");
        let (layout, slot) = (map.layout(), map.layout().slot);
        assert_eq!(layout.total(), VarMap::<K, V>::bytes_for(map.capacity(), map.room()));
        assert_eq!(
            layout.data,
            map.len() * (slot.key.size + slot.value.size) + self.used - self.garbage
        );
        assert_eq!((layout.len, map.stats().len), (map.len(), map.len()));
    }
}

/// An insertion by the place of the key.
fn by_entry<K: Part + VarKey + ?Sized, V: Part + ?Sized>(
    map: &mut VarMap<K, V>,
    key: &K::Model,
    value: &V::Model,
) -> Result<Option<V::Old>, Refusal> {
    match map.entry(K::give(key)) {
        VarEntry::Occupied(mut entry) => {
            let old = entry.insert(V::give(value))?;
            assert_eq!(entry.get(), V::of(value));
            assert_eq!(&*entry.into_mut(), V::of(value));
            Ok(Some(old))
        }
        VarEntry::Vacant(entry) => {
            assert_eq!(&*entry.insert(V::give(value))?, V::of(value));
            Ok(None)
        }
    }
}

/// A random program, in maps of several sizes, with keys and values short and long.
#[allow(clippy::too_many_lines, reason = "one arm for each call")]
fn program<K: Part<Model: VarQuery<K>> + VarKey + VarQuery<K> + ?Sized, V: Part + ?Sized>() {
    let mut dice = Dice::new(11);
    let (mut refused, mut overwritten, mut grown) = ([0, 0], 0, 0);
    for (capacity, room) in [
        (0, 0),
        (1, 10),
        (5, 60),
        (12, 500),
        (13, 200),
        (40, 400),
        (100, 9000),
        (300, 60_000),
    ] {
        let memory = AlignedBytes::zeroed(VarMap::<K, V>::bytes_for(capacity, room));
        let mut map = VarMap::<K, V>::create_seeded(memory, capacity, room, SEED).unwrap();
        let mut model = Model::<K, V> {
            last: None,
            grown: 0,
            entries: BTreeMap::new(),
            used: 0,
            garbage: 0,
        };
        let keys = capacity as u64 * 3 / 2 + 2;
        for step in 0..times(1_500, 30) {
            let key = dice.below(keys);
            let key = K::model(key, key as usize % 23);
            match dice.below(17) {
                0..=7 => {
                    let len = [0, 3, 9, 40][dice.below(4) as usize];
                    let value = V::model(dice.below(200), len);
                    let key = match &model.last {
                        Some(last) if dice.below(4) == 0 => last.clone(),
                        _ => key,
                    };
                    let expected = model.insert(key.clone(), value.clone(), capacity, room);
                    let found = if step % 2 == 0 {
                        map.insert(K::give(&key), V::give(&value)).map_err(|error| error.cause)
                    } else {
                        by_entry(&mut map, &key, &value)
                    };
                    match (expected, found) {
                        (Ok(new), Ok(old)) => {
                            assert_eq!(new, old.is_none());
                            overwritten += usize::from(!new);
                        }
                        (Err(expected), Err(cause)) => {
                            assert_eq!(cause, expected);
                            refused[usize::from(matches!(cause, Refusal::Full { .. }))] += 1;
                        }
                        (expected, found) => panic!("{expected:?}, {found:?}", found = found.is_ok()),
                    }
                }
                8..=9 => {
                    let value = V::model(3, 5);
                    let there = model.entries.get(&key).cloned();
                    let expected = match &there {
                        Some(_) => Ok(false),
                        None => model.insert(key.clone(), value.clone(), capacity, room),
                    };
                    let found = map.get_or_insert(K::give(&key), V::give(&value));
                    match (expected, found) {
                        (Ok(_), Ok(found)) => assert_eq!(&*found, V::of(there.as_ref().unwrap_or(&value))),
                        (Err(expected), Err(error)) => assert_eq!(error.cause, expected),
                        (expected, found) => panic!("{expected:?}, {found:?}", found = found.is_ok()),
                    }
                }
                10..=12 if step % 2 == 0 => assert_eq!(map.remove(K::of(&key)).is_some(), model.remove(&key)),
                10..=12 => match map.entry(K::give(&key)) {
                    VarEntry::Occupied(mut entry) => {
                        assert_eq!(Some(entry.get()), model.entries.get(&key).map(V::of));
                        assert_eq!(Some(&*entry.get_mut()), model.entries.get(&key).map(V::of));
                        entry.remove();
                        assert!(model.remove(&key));
                    }
                    VarEntry::Vacant(entry) => {
                        assert!(!model.entries.contains_key(&key));
                        assert_eq!(K::text(entry.key()), K::text(&K::give(&key)));
                        assert_eq!(K::text(&entry.into_key()), K::text(&K::give(&key)));
                    }
                },
                13 => {
                    assert_eq!(map.contains_key(K::of(&key)), model.entries.contains_key(&key));
                    assert_eq!(map.get(K::of(&key)), model.entries.get(&key).map(V::of));
                    assert_eq!(
                        map.get_mut(K::of(&key)).map(|value| &*value),
                        model.entries.get(&key).map(V::of)
                    );
                }
                14 if step % 5 == 0 => {
                    let mut n = 0;
                    let mut gone = Vec::new();
                    map.retain(|key, _| {
                        n += 1;
                        let keep = n % 3 != 0;
                        if !keep {
                            gone.push(model.entries.keys().find(|other| K::of(other) == key).unwrap().clone());
                        }
                        keep
                    });
                    assert_eq!(n, model.entries.len());
                    for key in gone {
                        model.remove(&key);
                    }
                }
                16 if step % 5 == 0 => {
                    let (mut seen, all) = (0, model.entries.len());
                    let most = dice.below(8) as usize;
                    let picked = map.extract_if(|key, value| {
                        seen += 1;
                        let there = model.entries.iter().find(|(other, _)| K::of(other) == key);
                        assert_eq!(there.map(|(_, value)| V::of(value)), Some(value));
                        seen % 3 == 0
                    });
                    // All are lent out at once, and some stay that are not asked for.
                    let gone: Vec<_> = picked.take(most).collect();
                    assert!(seen <= all && gone.len() == most.min(seen / 3), "{seen} of {all}");
                    for (key, value) in gone {
                        let (key, there) = model
                            .entries
                            .iter()
                            .find(|(other, _)| K::alike(&K::give(other), &key))
                            .unwrap();
                        assert!(V::alike(&V::give(there), &value));
                        assert!(model.remove(&key.clone()));
                    }
                }
                15 if step % 97 == 0 => {
                    map.clear();
                    (model.used, model.garbage) = (0, 0);
                    model.entries.clear();
                    model.last = None;
                }
                15 if step % 7 == 0 => {
                    let sealed = AlignedBytes::from_slice(map.seal());
                    assert!(map.is_sealed());
                    let view = VarMap::<K, V, _>::open_verified(&sealed[..]).expect("whole");
                    assert_eq!(view, map);
                    map.verify().expect("whole");
                }
                _ => {
                    // Without garbage: as large as what is there, and into less it does not fit.
                    let dense = model.used - model.garbage;
                    let memory = || AlignedBytes::zeroed(VarMap::<K, V>::bytes_for(capacity, dense));
                    let copy = map.compact_into(memory(), capacity, dense).expect("it fits");
                    assert_eq!((copy.room_used(), copy.garbage(), &copy), (dense, 0, &map));
                    copy.verify().expect("whole");
                    if dense > 0 {
                        let error = map.compact_into(memory(), capacity, dense - 1).unwrap_err();
                        assert_eq!(error.field(), Field::TooLittleRoom);
                    }
                    if !map.is_empty() {
                        let error = map.compact_into(memory(), map.len() - 1, dense).unwrap_err();
                        assert_eq!(error.field(), Field::TooSmall);
                    }
                }
            }
            if step % 8 == 0 {
                model.check(&map);
            }
        }
        model.check(&map);
        grown += model.grown;
    }
    assert_eq!(grown > 10, V::bytes(&V::model(1, 1)) > 0, "{grown}");
    assert!(refused[1] > 10 && overwritten > 100, "{refused:?} {overwritten}");
}

#[test]
fn texts_to_texts() {
    program::<str, str>();
}

#[test]
fn texts_to_numbers() {
    program::<str, u64_le>();
}

#[test]
fn bytes_to_bytes() {
    program::<[u8], [u8]>();
}

#[test]
fn numbers_to_texts() {
    program::<u64_le, str>();
}

#[test]
fn numbers_to_bytes_and_back() {
    program::<u64_le, [u8]>();
    program::<[u8], u64_le>();
    program::<u64_le, u64_le>();
}

/// Whoever has an atomic may write to it: the seal goes before.
#[test]
fn an_entry_that_lends_an_atomic_breaks_the_seal() {
    type Counters = VarMap<str, AtomicU64Le>;
    let memory = AlignedBytes::zeroed(Counters::bytes_for(10, 100));
    let mut map = Counters::create(memory, 10, 100).unwrap();
    map.insert("page", AtomicU64Le::new(1)).unwrap();
    map.seal();
    let VarEntry::Occupied(entry) = map.entry("page") else {
        panic!("it is there");
    };
    entry.get().fetch_add(1, Ordering::Relaxed);
    assert!(!map.is_sealed());
    let copy = Counters::open_verified(AlignedBytes::from_slice(map.seal())).unwrap();
    assert_eq!(copy.get("page").unwrap().load(Ordering::Relaxed), 2);
}

#[test]
fn the_same_calls_make_the_same_bytes() {
    let make = || {
        let memory = AlignedBytes::zeroed(VarMap::<str, str>::bytes_for(20, 500));
        let mut map = VarMap::<str, str>::create_seeded(memory, 20, 500, SEED).unwrap();
        for i in 0..20 {
            map.insert(&format!("key {i}"), &"v".repeat(i)).unwrap();
        }
        map.remove("key 3");
        map.seal();
        map
    };
    assert_eq!(make().as_bytes(), make().as_bytes());
    assert_eq!(make().clone().as_bytes(), make().as_bytes());
}

#[test]
fn what_is_refused_comes_back() {
    let memory = || AlignedBytes::zeroed(4096);
    let mut map = VarMap::<str, FixedStr<8>, _>::create(memory(), 1, 10).unwrap();
    map.insert("0123456789", "a".try_into().unwrap()).unwrap();
    let before = map.as_bytes().to_vec();
    let error = map.insert("another", "b".try_into().unwrap()).unwrap_err();
    assert_eq!(error.cause, Refusal::Full { capacity: 1 });
    assert_eq!(error.into_pair(), ("another", "b".try_into().unwrap()));
    assert_eq!(map.as_bytes(), before, "nothing was written");

    let mut map = VarMap::<str, str, _>::create(memory(), 10, 10).unwrap();
    map.insert("key", "1234").unwrap();
    let before = map.as_bytes().to_vec();
    let error = map.insert("key", "12345678").unwrap_err();
    assert_eq!(
        (error.key, error.value, error.cause),
        (
            "key",
            "12345678",
            Refusal::NoRoom {
                needed: 4,
                left: 3,
                garbage: 0
            }
        )
    );
    assert!(error.to_string().contains("4 bytes, 3 are left"), "{error}");
    assert_eq!(map.as_bytes(), before, "nothing was written");
    map.insert("key", "98").unwrap();
    assert_eq!((map.get("key"), map.garbage()), (Some("98"), 2));
    map.insert("key", "").unwrap();
    assert_eq!((map.get("key"), map.garbage()), (Some(""), 4));
    map.insert("key", "abc").unwrap();
    assert_eq!((map.get("key"), map.room_used(), map.garbage()), (Some("abc"), 10, 4));
    map.verify().unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "half a gigabyte")]
fn a_text_of_2_to_the_28_bytes_is_too_long() {
    let memory = AlignedBytes::zeroed(VarMap::<str, [u8]>::bytes_for(1, 1 << 29));
    let mut map = VarMap::<str, [u8], _>::create(memory, 1, 1 << 29).unwrap();
    let long = vec![0; 1 << 28];
    let error = map.insert("key", &long).unwrap_err();
    assert_eq!(error.cause, Refusal::TooLong { len: 1 << 28 });
    map.insert("key", &long[1..]).unwrap();
    assert_eq!(map.get("key").map(<[u8]>::len), Some((1 << 28) - 1));
}

#[test]
fn snapshots_of_growing_maps() {
    let arena = Arena::new();
    let mut lists: ArenaMap<u64, Vec<u8>, _, _> = ArenaMap::new_in(&arena);
    lists.extend((0..300).map(|n| (n, vec![n as u8; n as usize])));
    let pairs = lists.iter().map(|(&key, value)| (u64_le::from(key), &value[..]));
    let (capacity, room) = VarMap::<u64_le, [u8]>::measure(pairs.clone());
    assert_eq!((capacity, room), (300, 299 * 150));
    let need = VarMap::<u64_le, [u8]>::bytes_for(capacity, room);
    let snapshot = VarMap::<u64_le, [u8], _>::snapshot(
        Exclusive::in_arena(&arena, need).unwrap(),
        capacity,
        room,
        pairs.clone(),
    );
    let snapshot = snapshot.unwrap();
    snapshot.verify().unwrap();
    assert!(lists.iter().all(|(key, value)| snapshot.get(key) == Some(&value[..])));
    let error = VarMap::<u64_le, [u8], _>::snapshot(AlignedBytes::zeroed(need), capacity, room - 1, pairs.clone());
    assert!(matches!(error, Err(SnapshotError::Entry(Refusal::NoRoom { .. }))));
    let error = VarMap::<u64_le, [u8], _>::snapshot(AlignedBytes::zeroed(need), capacity - 1, room, pairs.clone());
    assert!(matches!(error, Err(SnapshotError::Entry(Refusal::Full { .. }))));
    let twice = VarMap::<u64_le, [u8]>::from_pairs(pairs.clone().chain(pairs.take(7)));
    assert_eq!(twice.err(), Some(SnapshotError::Repeated { entries: 7 }));

    let words = StrMap::from([("one", "eins"), ("two", "zwei"), ("", "")]);
    let snapshot = VarMap::<str, str>::from_pairs(words.iter().map(|(key, &value)| (key, value))).unwrap();
    let mut again: StrMap<String> = StrMap::new();
    again.extend(snapshot.iter().map(|(key, value)| (key, value.to_owned())));
    assert_eq!(again.len(), 3);
    assert_eq!(again.get("two").map(String::as_str), Some("zwei"));
}

/// Keys come again near and far, in groups that are full and in others.
#[test]
fn snapshots_count_repeated_keys_and_clear_what_is_left() {
    for n in [1, 15, 16, 17, 300, times(5_000, 100)] {
        let keys: Vec<String> = (0..n).map(|i| format!("/a/common/beginning/{i}")).collect();
        let values: Vec<String> = (0..n).map(|i| "naïve ".repeat(i % 9)).collect();
        let pairs = || keys.iter().map(String::as_str).zip(values.iter().map(String::as_str));
        let (capacity, room) = VarMap::<str, str>::measure(pairs());
        let (capacity, room) = (capacity + 3, room + 100);
        let memory = || AlignedBytes::from_slice(&vec![0xff; VarMap::<str, str>::bytes_for(capacity, room)]);

        let map = VarMap::<str, str, _>::snapshot(memory(), capacity, room, pairs()).unwrap();
        map.verify().expect("also that what is left of the room is zero");
        assert_eq!(map.len(), n);
        assert!(pairs().all(|(key, value)| map.get(key) == Some(value)));
        let copy = map.compact_into(memory(), capacity, room).unwrap();
        copy.verify().unwrap();
        assert_eq!(copy, map);
        let sealed = map.clone().seal().to_vec();
        let sealed = AlignedBytes::from_slice(&sealed);
        let verified = VarMap::<str, str, _>::open_verified(&sealed[..]).unwrap();
        assert_eq!(verified, VarMap::<str, str, _>::open(&sealed[..]).unwrap());

        let again = keys.iter().step_by(7).map(|key| (key.as_str(), ""));
        let error = VarMap::<str, str>::from_pairs(pairs().chain(again.clone()).chain(again.clone())).err();
        let entries = again.count() * 2;
        assert_eq!(error, Some(SnapshotError::Repeated { entries }));
    }
}

/// Pairs that are too large to wait for others on the stack.
#[test]
fn snapshots_of_large_values() {
    let pairs = (0..50_u64).map(|i| (i.to_string(), [i as u8; 1_000]));
    let pairs: Vec<_> = pairs.collect();
    let map = VarMap::<str, [u8; 1_000]>::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), *value))).unwrap();
    map.verify().unwrap();
    assert!(pairs.iter().all(|(key, value)| map.get(key) == Some(value)));
}

/// A text that is written again and again, each time longer, fills the room with nothing but itself.
#[test]
fn the_last_text_grows_where_it_is() {
    let make = |room: usize| {
        let memory = AlignedBytes::zeroed(VarMap::<str, str>::bytes_for(2, room));
        VarMap::<str, str>::create_seeded(memory, 2, room, SEED).unwrap()
    };
    let mut map = make(1_003);
    for len in 0..=1_000 {
        map.insert("log", &"é1".repeat(len)[..len - len % 3]).unwrap();
        assert_eq!(map.garbage(), 0);
        map.verify().unwrap();
    }
    assert_eq!((map.room_used(), map["log"].len()), (3 + 999, 999));
    let before = map.as_bytes().to_vec();
    let longer = "x".repeat(1_001);
    let error = map.insert("log", &longer).unwrap_err();
    assert_eq!(
        error.cause,
        Refusal::NoRoom {
            needed: 2,
            left: 1,
            garbage: 0
        }
    );
    assert_eq!(map.as_bytes(), before);

    // One that is not the last moves, and grows from then on.
    let mut map = make(20);
    map.try_extend([("a", "1"), ("b", "2")]).unwrap();
    map.insert("a", "11").unwrap();
    assert_eq!((map.room_used(), map.garbage()), (6, 1));
    map.insert("a", "111").unwrap();
    assert_eq!((map.room_used(), map.garbage()), (7, 1));
    // What was the last and became shorter is not the last any more.
    map.insert("a", "1").unwrap();
    map.insert("a", "1111").unwrap();
    assert_eq!((map.room_used(), map.garbage()), (11, 4));
    map.verify().unwrap();
    assert_eq!((&map["a"], &map["b"]), ("1111", "2"));
}

#[test]
#[should_panic(expected = "no entry found for key")]
fn an_index_of_a_key_that_is_not_there_panics() {
    let map = VarMap::<str, u64_le>::from_pairs([("a", 1.into())]).unwrap();
    assert_eq!(map["a"], 1);
    let _ = map["b"];
}

/// Of many pairs, a walk meets the texts in the order in which they stand, but for small steps.
#[test]
fn a_walk_goes_through_the_texts_from_one_end_to_the_other() {
    for n in [10, 4_097, 20_000] {
        let pairs: Vec<(String, String)> = (0..n).map(|i| (format!("key {i}"), "é".repeat(i % 40))).collect();
        let borrowed = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let map = VarMap::<str, str>::from_pairs(borrowed.clone()).unwrap();
        map.verify().unwrap();
        assert!(borrowed.clone().all(|(key, value)| map.get(key) == Some(value)));
        assert_eq!((map.len(), map.room_used(), map.garbage()), (n, map.room(), 0));
        let first = map.keys().map(|key| key.as_ptr().addr()).min().unwrap();
        let (mut passed, mut far) = (0, 0);
        for (key, value) in &map {
            let step = (key.as_ptr().addr() - first).abs_diff(passed);
            far += usize::from(step > map.room() / 100);
            passed += key.len() + value.len();
        }
        // Those of the last groups that were full stand in the first ones.
        if n > 5_000 {
            assert!(far < n / 200, "{far} of {n}");
        }
        // An iterator that gives more, or fewer, the second time.
        let few = Cell::new(true);
        let growing = || (0..n).chain(std::iter::once_with(|| n).take_while(|_| !few.replace(false)));
        let error = VarMap::<u64_le, [u8]>::from_pairs(growing().map(|i| ((i as u64).into(), &b"x"[..])));
        assert!(matches!(error, Err(SnapshotError::Entry(Refusal::Full { .. }))), "{n}");
        // Keys that are there twice.
        let twice = borrowed.clone().chain(borrowed.clone().take(3));
        let error = VarMap::<str, str>::from_pairs(twice);
        assert!(matches!(error, Err(SnapshotError::Repeated { entries: 3 })), "{n}");
    }
}

#[test]
fn pairs_from_whatever_gives_them() {
    let pairs = std::collections::HashMap::from([("one", "eins"), ("two", "zwei")]);
    assert_eq!(VarMap::<str, str>::measure(pairs.clone()), (2, 14));
    let map = VarMap::<str, str>::from_pairs([("one", "eins"), ("two", "zwei")]).unwrap();
    let again = VarMap::<str, str>::from_pairs(&map).unwrap();
    assert_eq!(map, again);
    let mut more = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 3, 30).unwrap();
    more.try_extend(pairs).unwrap();
    assert_eq!(more, map);
    let mut rest = [("three", "drei"), ("four", "vier"), ("five", "f")].into_iter();
    let error = more.try_extend(&mut rest).unwrap_err();
    assert_eq!((error.inserted, error.cause.into_pair()), (1, ("four", "vier")));
    assert!(error.to_string().starts_with("stopped after 1 pair: "));
    assert_eq!(rest.next(), Some(("five", "f")));
}

/// A copy is advised where it helps.
#[test]
fn a_room_that_is_full_says_what_helps() {
    use arenamap::fixed::Refusal;
    let said = |garbage| {
        let (needed, left) = (10, 4);
        Refusal::NoRoom { needed, left, garbage }.to_string()
    };
    assert!(said(5).ends_with("`compact_into` a larger room"));
    assert!(said(6).contains("`compact_into` a copy gets 6 bytes back"));
}

#[test]
fn values_of_a_fixed_size_are_changed_in_a_walk() {
    let memory = AlignedBytes::zeroed(VarMap::<str, u64_le>::bytes_for(100, 1_000));
    let mut map = VarMap::<str, u64_le>::create_seeded(memory, 100, 1_000, SEED).unwrap();
    let words: Vec<String> = (0..100).map(|n| format!("word {n}")).collect();
    for (n, word) in (0..).zip(&words) {
        map.insert(word, u64_le::from_native(n)).unwrap();
    }
    map.seal();
    let mut seen = 0;
    for (word, value) in &mut map {
        assert_eq!(*word, words[value.to_native() as usize]);
        *value += 1_000;
        seen += 1;
    }
    assert_eq!((seen, map.is_sealed()), (100, false));
    // Many at once.
    let mut all: Vec<(&str, &mut u64_le)> = map.iter_mut().collect();
    for (_, value) in &mut all {
        **value *= 2;
    }
    for (n, word) in (0_u64..).zip(&words) {
        assert_eq!(map.get(&**word), Some(&u64_le::from_native(2 * (n + 1_000))));
    }
    map.verify().unwrap();
}

/// What was removed is lent out for as long as the map is, also when the iterator is gone; then the room can be had again.
#[test]
fn entries_that_leave_are_read_where_they_were() {
    let pairs = [("one", "eins"), ("two", "zwei"), ("three", ""), ("", "drei")];
    let mut map = VarMap::<str, str>::from_pairs(pairs).unwrap();
    map.seal();
    let gone: BTreeMap<&str, &str> = map.extract_if(|key, _| key != "two").collect();
    assert_eq!(gone, BTreeMap::from([("one", "eins"), ("three", ""), ("", "drei")]));
    assert_eq!((map.len(), map.garbage(), map.is_sealed()), (1, 16, false));
    map.verify().unwrap();
    assert_eq!(map.extract_if(|_, _| true).collect::<Vec<_>>(), [("two", "zwei")]);
    assert_eq!((map.len(), map.garbage()), (0, map.room()));
    map.clear();
    map.try_extend(pairs).unwrap();
    assert_eq!((map.len(), map.garbage()), (4, 0));

    // Of a damaged archive, what cannot be read stays, and nobody is asked.
    let at = map.as_bytes().windows(4).position(|bytes| bytes == b"eins").unwrap();
    let mut bytes = map.into_memory();
    bytes[at] = 0xff;
    let mut damaged = VarMap::<str, str, _>::open_mut(bytes).unwrap();
    let mut asked = Vec::new();
    assert_eq!(
        damaged
            .extract_if(|key, _| {
                asked.push(key.to_owned());
                true
            })
            .count(),
        3
    );
    asked.sort();
    assert_eq!(asked, ["", "three", "two"]);
    assert_eq!((damaged.len(), damaged.get_bytes("one")), (1, Some(&b"\xffins"[..])));
}
