//! `FixedMap`: no operation calls the heap, not even the first; nor does opening an archive in any way, or refusing one.
//!
//! There is no warm-up: what a claim measures is all there is, from `create` on.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::hint::black_box;
use std::sync::atomic::Ordering::Relaxed;

use arenamap::fixed::{
    AlignedBytes, AtomicU64Le, Entry, Exclusive, Field, FixedError, FixedInsertError, FixedMap, FixedStr,
    NonZeroU32_le, VarEntry, VarMap, i64_le, u16_le, u32_le, u64_le,
};
use arenamap::{Arena, Parts};
use foldhash::fast::FixedState;
use libtest_mimic::Trial;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};

use crate::errors::show;
use crate::proof::{claim, control};
use crate::support::{fixed, key};

const CAPACITY: usize = 100;
const N: u64 = CAPACITY as u64;
const SEED: u64 = 42;

/// Slots with padding.
type Map<M> = FixedMap<u64_le, u16_le, M>;
/// Slots whose bytes have to be checked.
type Checked<M> = FixedMap<NonZeroU32_le, bool, M>;
type Heap = hashbrown::HashMap<u64, u16, FixedState>;

/// One piece of work, with a name.
type Work = (&'static str, fn(&mut Buffers));

/// Buffers that a program has anyway.
struct Buffers {
    /// An archive of 90 entries, open.
    archive: AlignedBytes,
    /// The same, sealed.
    sealed: AlignedBytes,
    /// An archive whose types have to be checked.
    checked: AlignedBytes,
    one: AlignedBytes,
    two: AlignedBytes,
    /// Room for two pages.
    large: AlignedBytes,
    scratch: Vec<u32>,
}

impl Buffers {
    fn new() -> Self {
        let bytes = FixedMap::<u64_le, u64_le>::bytes_for(2 * CAPACITY);
        let memory = AlignedBytes::zeroed(Map::<AlignedBytes>::bytes_for(CAPACITY));
        let mut map = Map::create_seeded(memory, CAPACITY, SEED).unwrap();
        for n in 0..90 {
            map.insert(key(n).into(), value(n)).unwrap();
        }
        let archive = AlignedBytes::from_slice(map.as_bytes());
        map.seal();
        let memory = AlignedBytes::zeroed(Checked::<AlignedBytes>::bytes_for(CAPACITY));
        let mut checked = Checked::create_seeded(memory, CAPACITY, SEED).unwrap();
        for n in 1..=90_u32 {
            checked.insert(number(n), n % 2 == 0).unwrap();
        }
        Self {
            archive,
            sealed: map.into_memory(),
            checked: checked.into_memory(),
            one: AlignedBytes::zeroed(bytes),
            two: AlignedBytes::zeroed(bytes),
            large: AlignedBytes::zeroed(FixedMap::<u64_le, [u8; 2048]>::bytes_for(2)),
            scratch: vec![0; 2 * CAPACITY],
        }
    }

    /// A new, empty map, and other memory.
    fn create(&mut self) -> (Map<Exclusive<'_>>, &mut [u8]) {
        (Map::create(&mut self.one[..], CAPACITY).unwrap(), &mut self.two[..])
    }

    /// A full map, and other memory.
    fn full(&mut self) -> (Map<Exclusive<'_>>, &mut [u8]) {
        let (mut map, other) = self.create();
        map.try_extend((0..N).map(|n| (key(n).into(), value(n)))).unwrap();
        (map, other)
    }
}

fn value(n: u64) -> u16_le {
    u16::try_from(n).unwrap().into()
}

fn number(n: u32) -> NonZeroU32_le {
    NonZeroU32_le::from_native(n.try_into().unwrap())
}

pub(crate) fn trials() -> Vec<Trial> {
    let claims: [Work; 18] = [
        ("fixed::create", create),
        ("fixed::insert", insert),
        ("fixed::insert_with", insert_with),
        ("fixed::entry", entry),
        ("fixed::get", get),
        ("fixed::get_by_text_and_parts", get_by_text_and_parts),
        ("fixed::get_mut", get_mut),
        ("fixed::remove", remove),
        ("fixed::iterate", iterate),
        ("fixed::take_out", take_out),
        ("fixed::copy", copy),
        ("fixed::seal", seal),
        ("fixed::atomics", atomics),
        ("fixed::open", open),
        ("fixed::texts", texts),
        ("fixed::texts_refused_and_compacted", texts_refused_and_compacted),
        ("fixed::refusals_of_archives", refusals_of_archives),
        ("fixed::refusals_of_calls", refusals_of_calls),
    ];
    let controls: [Work; 9] = [
        ("fixed::insert", |_| drop(black_box(heap()))),
        ("fixed::insert_with", |_| {
            let mut pages = HashMap::new();
            pages.entry(1).or_insert_with(|| Box::new([0_u8; 2048]))[0] = 1;
            assert_eq!(pages[&1][0], 1);
        }),
        ("fixed::get", |_| {
            let map = heap();
            let found: Vec<_> = (0..N).map(|n| map.get(&key(n))).collect();
            assert!(found.iter().all(Option::is_some));
        }),
        ("fixed::get_by_text_and_parts", |_| {
            let names = HashMap::from([("1/index".to_owned(), 1)]);
            assert_eq!(names.get(&format!("{}/{}", 1, "index")), Some(&1));
        }),
        ("fixed::take_out", |_| {
            assert_eq!(heap().drain().collect::<Vec<_>>().len(), CAPACITY);
        }),
        ("fixed::copy", |_| assert_eq!(heap().clone().len(), CAPACITY)),
        ("fixed::texts", |_| {
            let words = HashMap::from([("one".to_owned(), "eins".to_owned())]);
            assert_eq!(words.get("one").map(String::as_str), Some("eins"));
        }),
        // The same call, finding its own scratch.
        ("fixed::open", |buffers| {
            let map = Map::open_verified(&buffers.sealed[..]).unwrap();
            map.verify().unwrap();
        }),
        ("fixed::refusals", |buffers| {
            let error = Map::open(&buffers.sealed[1..]).unwrap_err();
            assert!(
                Box::<dyn std::error::Error>::from(error.to_string())
                    .to_string()
                    .contains("aligned")
            );
        }),
    ];
    let nothing: fn(&mut Buffers) = |_| {};
    let mut trials: Vec<Trial> = claims
        .map(|(name, measured)| claim(name, Buffers::new, nothing, measured))
        .into();
    trials.extend(controls.map(|(name, measured)| control(name, Buffers::new, nothing, measured)));
    trials.push(crate::proof::cycle_claim("fixed::in_arena", Arena::new, in_arena));
    trials
}

fn heap() -> Heap {
    let mut map = Heap::with_hasher(fixed());
    for n in 0..N {
        map.insert(key(n), u16::try_from(n).unwrap());
    }
    map
}

fn create(buffers: &mut Buffers) {
    let (map, other) = buffers.create();
    assert_eq!((map.len(), map.is_empty(), map.capacity()), (0, true, CAPACITY));
    black_box((map.seed(), map.generation(), map.is_sealed()));
    assert!(Map::create_seeded(&mut other[..], CAPACITY, SEED).is_ok());
    black_box(Map::<AlignedBytes>::try_bytes_for(CAPACITY).unwrap());
}

const WORDS: [&str; 6] = [
    "one",
    "two",
    "three",
    "",
    "a longer word, of which nobody knew the length",
    "é",
];

/// A map with texts, and other memory.
fn words(buffers: &mut Buffers) -> (VarMap<str, str, Exclusive<'_>>, &mut [u8], &mut [u32]) {
    let map = VarMap::create(&mut buffers.one[..], 10, 200).unwrap();
    (map, &mut buffers.two[..], &mut buffers.scratch)
}

fn texts(buffers: &mut Buffers) {
    let (mut map, other, scratch) = words(buffers);
    for word in WORDS {
        assert_eq!(map.insert(word, word).unwrap(), None);
        assert_eq!(map.insert(word, "x").unwrap(), Some(()));
        assert_eq!(map.get(word), Some("x"));
        map.get_mut(word).unwrap().make_ascii_uppercase();
        assert_eq!(*map.get_or_insert(word, "never").unwrap(), *"X");
        assert!(map.contains_key(word) && map.get_key_value(word).is_some() && map.try_get(word).unwrap().is_some());
    }
    assert_eq!(map.iter().count() + map.keys().count() + map.values().count(), 18);
    map.entry("one")
        .and_modify(str::make_ascii_lowercase)
        .or_insert("never")
        .unwrap();
    map.entry("new").or_insert("new").unwrap();
    let mut found = [None; 3];
    map.get_batch(&["one", "new", "none"], &mut found);
    assert_eq!(found, [Some("x"), Some("new"), None]);
    if let VarEntry::Occupied(mut entry) = map.entry("new") {
        entry.insert("n").unwrap();
        entry.remove();
    }
    map.retain(|key, _| !key.is_empty());
    assert_eq!(map.extract_if(|key, _| key == "one").count(), 1);
    assert_eq!(map.len(), 4);
    let sealed = map.seal();
    let there = &mut other[..sealed.len()];
    there.copy_from_slice(sealed);
    let view = VarMap::<str, str, _>::open(&*there).unwrap();
    view.verify_in(scratch).unwrap();
    assert_eq!(view.get("two"), Some("X"));
    map.clear();
}

fn texts_refused_and_compacted(buffers: &mut Buffers) {
    let (mut map, other, _) = words(buffers);
    assert!(map.insert("key", "").unwrap().is_none());
    let mut n = 0;
    while map.insert("key", &WORDS[4][..n % 40]).is_ok() {
        n += 1;
    }
    assert!(map.garbage() > 0 && map.get("key").is_some());
    let room = map.room_used() - map.garbage();
    let dense = map.compact_into(other, 10, room).unwrap();
    assert_eq!((dense.garbage(), dense.get("key")), (0, map.get("key")));
    let pairs = WORDS.map(|word| (word, word));
    let (capacity, room) = VarMap::<str, str>::measure(pairs);
    let snapshot = VarMap::<str, str, _>::snapshot(&mut buffers.two[..], capacity, room, pairs);
    assert_eq!(snapshot.unwrap().len(), 6);
}

/// From the second cycle on, an arena has the bytes.
fn in_arena(arena: &mut Arena) {
    {
        let bytes = Map::<AlignedBytes>::bytes_for(CAPACITY);
        let mut map = Map::create(Exclusive::in_arena(arena, bytes).unwrap(), CAPACITY).unwrap();
        map.insert(key(1).into(), value(1)).unwrap();
        let copy = map
            .copy_into(Exclusive::in_arena(arena, bytes).unwrap(), CAPACITY)
            .unwrap();
        assert_eq!(copy, map);
    }
    arena.reset();
}

fn insert(buffers: &mut Buffers) {
    let (mut map, _) = buffers.create();
    for n in 0..N {
        assert_eq!(map.insert(key(n).into(), value(n)).unwrap(), None);
    }
    assert_eq!(map.insert(key(0).into(), value(7)).unwrap(), Some(value(0)));
    map.clear();
    map.try_extend((0..N).map(|n| (key(n).into(), value(n)))).unwrap();
}

fn insert_with(buffers: &mut Buffers) {
    // Values of 2 KiB, in a map of one group.
    type Pages<M> = FixedMap<u64_le, [u8; 2048], M>;
    let mut map = Pages::create(&mut buffers.large[..], 2).unwrap();
    for n in 0..2 {
        assert!(map.insert_with(key(n).into(), |page| page[2047] = 1).unwrap().is_none());
    }
    map.entry(key(1).into()).or_write_with(|_| unreachable!()).unwrap()[0] = 2;
    assert!(map.insert_with(key(1).into(), |page| page[0] = 3).unwrap().is_some());
    assert!(map.insert_with(key(2).into(), |_| unreachable!()).is_err());
    assert_eq!((map[&key(1)][0], map[&key(1)][2047]), (3, 0));
}

fn entry(buffers: &mut Buffers) {
    let (mut map, _) = buffers.create();
    let of = |n: u64| u64_le::from(key(n));
    for n in 0..9 {
        *map.entry(of(n)).or_insert(value(0)).unwrap() += 1;
        *map.entry(of(n)).or_insert_with(|| value(0)).unwrap() += 1;
        *map.entry(of(n)).and_modify(|value| *value += 1).or_default().unwrap() += 1;
        map.entry(of(n + 1)).or_insert_with_key(|_| value(9)).unwrap();
    }
    for n in 0..20 {
        match map.entry(of(n)) {
            Entry::Vacant(entry) => {
                assert_eq!(entry.key(), &of(n));
                assert_eq!(entry.insert(value(1)).unwrap(), &value(1));
            }
            Entry::Occupied(mut entry) if n == 1 => {
                entry.insert(value(3));
                *entry.get_mut() += 1;
                assert_eq!((entry.key(), entry.get()), (&of(1), &value(4)));
                assert_eq!(entry.remove_entry(), (of(1), value(4)));
            }
            Entry::Occupied(entry) if n == 2 => *entry.into_mut() += 1,
            Entry::Occupied(entry) => drop(entry.remove()),
        }
    }
    match map.entry(of(50)) {
        Entry::Vacant(entry) => assert_eq!(entry.into_key(), of(50)),
        Entry::Occupied(_) => unreachable!("never inserted"),
    }
}

fn get(buffers: &mut Buffers) {
    let (map, _) = buffers.full();
    let mut keys = [0; 2 * CAPACITY];
    for n in 0..2 * N {
        let (key, there) = (key(n), n < N);
        map.prefetch(&key);
        assert_eq!(map.get(&key).is_some(), there);
        assert_eq!(map.get_key_value(&u64_le::from(key)).is_some(), there);
        assert_eq!(map.contains_key(&key), there);
        assert_eq!(map.try_get(&key).unwrap().is_some(), there);
        keys[usize::try_from(n).unwrap()] = key;
    }
    assert_eq!(map[&key(1)], value(1));
    let mut out = [None; 2 * CAPACITY];
    map.get_batch(&keys, &mut out);
    assert_eq!(out.iter().flatten().count(), CAPACITY);
    assert_eq!(map.stats().len, CAPACITY);
}

arenamap::fixed_struct! {
    pub(crate) struct Page { site: u32_le, path: FixedStr<12> }
}

fn get_by_text_and_parts(buffers: &mut Buffers) {
    let mut map = FixedMap::<FixedStr<16>, (), _>::create(&mut buffers.one[..], CAPACITY).unwrap();
    map.insert("key".try_into().unwrap(), ()).unwrap();
    map.insert(FixedStr::cut("a text that is far too long"), ()).unwrap();
    assert!(map.contains_key("key") && map.contains_key("a text that is ") && !map.contains_key("other"));
    let mut map = FixedMap::<Page, (), _>::create(&mut buffers.two[..], CAPACITY).unwrap();
    let path = "/index".try_into().unwrap();
    let page = Page { site: 1.into(), path };
    map.insert(page, ()).unwrap();
    assert!(map.contains_key(&Parts((1_u32, "/index"))) && !map.contains_key(&Parts((2_u32, "/index"))));
    assert!(map.remove(&Parts((&1_u32, "/index"))).is_some());
}

fn get_mut(buffers: &mut Buffers) {
    let (mut map, _) = buffers.full();
    *map.get_mut(&key(1)).unwrap() += 1;
    let [a, b] = map.get_disjoint_mut([&key(1), &key(2)]);
    std::mem::swap(a.unwrap(), b.unwrap());
    assert_eq!(map[&key(2)], value(2));
}

fn remove(buffers: &mut Buffers) {
    let (mut map, _) = buffers.full();
    for n in 0..N {
        match n % 3 {
            0 => assert_eq!(map.remove(&key(n)), Some(value(n))),
            1 => assert_eq!(map.remove_entry(&key(n)), Some((key(n).into(), value(n)))),
            _ => assert_eq!(map.try_remove(&key(n)), Ok(Some(value(n)))),
        }
        assert_eq!(map.remove(&key(n)), None);
    }
}

/// Counts what is written, and forgets it.
struct Nowhere(usize);

impl Write for Nowhere {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

fn iterate(buffers: &mut Buffers) {
    let (mut map, _) = buffers.full();
    assert_eq!(
        (map.iter().count(), map.keys().len(), map.values().len()),
        (CAPACITY, CAPACITY, CAPACITY)
    );
    for (_, value) in &mut map {
        *value += 1;
    }
    map.iter_mut().for_each(|(_, value)| *value -= 1);
    map.values_mut().for_each(|value| *value += 1);
    let mut iter = map.iter();
    iter.next();
    assert_eq!(iter.clone().count(), CAPACITY - 1);
    for pair in &map {
        black_box(pair);
    }
    let mut text = Nowhere(0);
    write!(text, "{map:?} {} {}", map.stats(), map.layout()).unwrap();
    assert!(text.0 > CAPACITY);
}

fn take_out(buffers: &mut Buffers) {
    let (mut map, _) = buffers.full();
    map.retain(|_, value| *value % 5 != 0);
    assert_eq!(map.extract_if(|_, value| *value % 5 == 1).count(), CAPACITY / 5);
    assert!(map.extract_if(|_, value| *value % 5 == 2).next().is_some());
    let mut drain = map.drain();
    black_box(drain.next());
    drop(drain);
    assert!(map.is_empty());
    map.clear();
}

fn copy(buffers: &mut Buffers) {
    let (mut map, other) = buffers.full();
    let larger = map.copy_into(&mut other[..], CAPACITY + 20).unwrap();
    assert!(larger == map);
    let mut again = map.copy_into_mut(&mut other[..], CAPACITY).unwrap();
    again.remove(&key(0));
    assert!(again != map);
    let other = again.into_memory();
    assert!(map.copy_into(other, CAPACITY).is_ok());
}

fn seal(buffers: &mut Buffers) {
    let scratch = &mut buffers.scratch[..];
    let mut map = Map::create(&mut buffers.one[..], CAPACITY).unwrap();
    map.insert(key(0).into(), value(0)).unwrap();
    map.verify_in(scratch).unwrap();
    let bytes = map.seal();
    buffers.two[..bytes.len()].copy_from_slice(bytes); // the snapshot: one copy
    map.verify_in(scratch).unwrap();
    assert_eq!(map.as_bytes(), &buffers.two[..map.stats().bytes]);
    assert!(map.scratch_words() <= scratch.len());
}

fn atomics(buffers: &mut Buffers) {
    let mut map = FixedMap::<u64_le, AtomicU64Le, _>::create(&mut buffers.one[..], CAPACITY).unwrap();
    map.insert(key(0).into(), 0.into()).unwrap();
    map[&key(0)].fetch_add(1, Relaxed);
    map.seal();
    map.values().for_each(|value| value.store(7, Relaxed));
    assert!(!map.is_sealed());
    let copy = map.copy_into_mut(&mut buffers.two[..], CAPACITY).unwrap();
    assert_eq!(copy[&key(0)].load(Relaxed), 7);
    assert_eq!(
        FixedMap::<u64_le, AtomicU64Le, _>::open(&mut buffers.one[..])
            .unwrap()
            .len(),
        1
    );
}

fn open(buffers: &mut Buffers) {
    let Buffers {
        archive,
        sealed,
        checked,
        one,
        scratch,
        ..
    } = buffers;
    for bytes in [&*archive, &*sealed] {
        let map = Map::open(&bytes[..]).unwrap();
        assert_eq!((map.len(), map.get(&key(1))), (90, Some(&value(1))));
        map.verify_in(scratch).unwrap();
        assert_eq!(Map::open_verified_in(&bytes[..], scratch).unwrap(), map);
        assert_eq!(open_unchecked(bytes), map);
        let view = Map::open_unverified(&bytes[..]).unwrap();
        assert_eq!(
            (view.len(), view.is_empty(), view.try_get(&key(1))),
            (90, false, Ok(Some(&value(1))))
        );

        one[..bytes.len()].copy_from_slice(bytes);
        let mut map = Map::open_mut(&mut one[..]).unwrap();
        map.insert(key(100).into(), value(100)).unwrap();
        let (map, recovered) = Map::recover(&mut one[..]).unwrap();
        assert_eq!((map.len(), recovered.kept), (91, 91));
        write!(Nowhere(0), "{recovered} {recovered:?}").unwrap();
    }
    let view = Checked::open_unverified(&checked[..]).unwrap();
    assert_eq!(view.try_get(&number(2)), Ok(Some(&true)));
    assert_eq!(Checked::open_verified_in(&checked[..], scratch).unwrap().len(), 90);
}

#[allow(unsafe_code, reason = "a way to open, as every other")]
fn open_unchecked(bytes: &[u8]) -> Map<&[u8]> {
    // SAFETY: any bytes are a number.
    unsafe { Map::open_unchecked(bytes) }.unwrap()
}

/// Puts these bytes there.
fn put(bytes: &mut [u8], at: usize, number: &[u8]) {
    bytes[at..][..number.len()].copy_from_slice(number);
}

/// The first full slot of an archive, and the first free one of a group with a full one, with the bytes of each slot.
fn slots(bytes: &[u8], slot_bytes: usize) -> ([usize; 2], [usize; 2]) {
    let slots_at = 192 + 13 * 16;
    let tag_at = |slot: usize| 192 + slot / 12 * 16 + slot % 12;
    let full = (0..13 * 12).find(|&slot| bytes[tag_at(slot)] != 0).unwrap();
    let free = (full / 12 * 12..13 * 12)
        .find(|&slot| bytes[tag_at(slot)] == 0)
        .unwrap();
    assert_eq!(full / 12, free / 12);
    (
        [tag_at(full), slots_at + full * slot_bytes],
        [tag_at(free), slots_at + free * slot_bytes],
    )
}

/// A kind of damage: what is reported, and what is done to an archive of `Map`.
type Damage = (Field, fn(&mut [u8]));

/// Damage of what is under the header's checksum.
const HEADER: [Damage; 16] = [
    (Field::Magic, |bytes| bytes[0] = 0),
    (Field::EndianMark, |bytes| bytes.swap(10, 11)),
    (Field::Version, |bytes| bytes[8] = 2),
    (Field::HeaderBytes, |bytes| bytes[12] = 1),
    (Field::SlotSize, |bytes| bytes[16] = 1),
    (Field::SlotAlign, |bytes| bytes[20] = 1),
    (Field::KeySize, |bytes| bytes[24] = 1),
    (Field::ValueSize, |bytes| bytes[28] = 1),
    (Field::ValueOffset, |bytes| bytes[32] = 1),
    (Field::Hasher, |bytes| bytes[36] = 2),
    (Field::KeyLayout, |bytes| bytes[40] ^= 1),
    (Field::Capacity, |bytes| put(bytes, 64, &u64::MAX.to_le_bytes())),
    (Field::Groups, |bytes| bytes[72] ^= 2),
    (Field::Bytes, |bytes| bytes[80] ^= 1),
    (Field::Kind, |bytes| bytes[88] = 1),
    (Field::Reserved, |bytes| bytes[104] = 1),
];

/// Damage of all that is outside it.
const CONTENT: [Damage; 12] = [
    (Field::HeaderChecksum, |bytes| bytes[120] ^= 1),
    (Field::Len, |bytes| bytes[128] = 101),
    (Field::Len, |bytes| bytes[128] = 89),
    (Field::State, |bytes| bytes[144] ^= 1),
    (Field::RoomUsed, |bytes| bytes[160] = 1),
    (Field::Garbage, |bytes| bytes[168] = 1),
    (Field::Reserved, |bytes| bytes[176] = 1),
    (Field::Schema, |bytes| *bytes.last_mut().unwrap() ^= 1),
    (Field::Tag, |bytes| {
        let ([tag, _], _) = slots(bytes, 16);
        bytes[tag] ^= 0x80;
        bytes[tag] |= 1;
    }),
    (Field::Padding, |bytes| {
        let (_, [_, slot]) = slots(bytes, 16);
        bytes[slot] = 1;
    }),
    (Field::Counters, |bytes| bytes[192 + 12] ^= 1),
    (Field::Duplicate, |bytes| {
        let ([tag, slot], [free_tag, free_slot]) = slots(bytes, 16);
        bytes[free_tag] = bytes[tag];
        bytes.copy_within(slot..slot + 16, free_slot);
        bytes[128] += 1;
    }),
];

fn refuses(expected: Field, error: Option<FixedError>) {
    let error = error.expect("it is damaged");
    assert_eq!(error.field(), expected);
    show(&error);
}

fn refusals_of_archives(buffers: &mut Buffers) {
    let Buffers {
        archive,
        sealed,
        checked,
        one,
        two,
        scratch,
        ..
    } = buffers;
    let len = archive.len();
    for (field, damage) in HEADER {
        one[..len].copy_from_slice(archive);
        damage(&mut one[..len]);
        let sum = rapidhash_v3_seeded(&one[..120], &RapidSecrets::seed(0));
        put(one, 120, &sum.to_le_bytes());
        refuses(field, Map::open(&one[..len]).err());
        refuses(field, Map::open_mut(&mut one[..len]).err());
        refuses(field, Map::open_unverified(&one[..len]).err());
        refuses(field, Map::recover(&mut one[..len]).err());
        refuses(field, Map::open_verified_in(&one[..len], scratch).err());
    }
    for (field, damage) in CONTENT {
        one[..len].copy_from_slice(archive);
        damage(&mut one[..len]);
        refuses(field, Map::open_verified_in(&one[..len], scratch).err());
    }
    refuses(
        Field::ValueLayout,
        FixedMap::<u64_le, [u8; 2], _>::open(&archive[..]).err(),
    );
    refuses(
        Field::KeyLayout,
        FixedMap::<i64_le, u16_le, _>::open(&archive[..]).err(),
    );
    refuses(Field::MemoryLength, Map::open(&archive[..100]).err());
    refuses(Field::MemoryLength, Map::open(&archive[..len - 1]).err());
    refuses(Field::MemoryAlign, Map::open(&archive[1..]).err());
    refuses(Field::Scratch, Map::open_verified_in(&archive[..], &mut []).err());

    one[..len].copy_from_slice(sealed);
    one[len - 1] ^= 1;
    refuses(
        Field::ContentChecksum,
        Map::open_verified_in(&one[..len], scratch).err(),
    );

    // A key of zero, a `bool` of 7: the slot is 8 bytes, 4 of the key, one of the value.
    let len = checked.len();
    for (field, at, byte) in [(Field::Key, 0..4, 0), (Field::Value, 4..5, 7)] {
        two[..len].copy_from_slice(checked);
        let ([_, slot], _) = slots(&two[..len], 8);
        let key = u32::from_le_bytes(two[slot..][..4].try_into().unwrap());
        two[slot + at.start..slot + at.end].fill(byte);
        refuses(field, Checked::open_verified_in(&two[..len], scratch).err());
        let view = Checked::open_unverified(&two[..len]).unwrap();
        if field == Field::Value {
            refuses(field, view.try_get(&number(key)).err());
        }
    }
}

fn refusals_of_calls(buffers: &mut Buffers) {
    let (mut map, other) = buffers.full();
    let refused = map.insert(key(N).into(), value(1)).unwrap_err();
    assert!(matches!(refused, FixedInsertError::Full { capacity: CAPACITY, .. }));
    show(&refused);
    show(&map.entry(key(N).into()).or_insert(value(1)).unwrap_err());
    let stopped = map
        .try_extend([(key(0).into(), value(9)), (key(N).into(), value(1))])
        .unwrap_err();
    assert_eq!((stopped.inserted, stopped.cause.into_pair().0), (1, key(N).into()));
    show(&stopped);
    refuses(Field::TooSmall, map.copy_into(&mut other[..], CAPACITY - 1).err());
    refuses(Field::MemoryLength, map.copy_into(&mut other[..200], CAPACITY).err());
    refuses(Field::Scratch, map.verify_in(&mut []).err());
    refuses(Field::Capacity, Map::<AlignedBytes>::try_bytes_for(usize::MAX).err());
    show(&FixedStr::<4>::new("four").unwrap_err());

    // A damaged archive that nobody verified: every counter is stuck, or no slot is free and the length says otherwise.
    let bytes = Map::<AlignedBytes>::bytes_for(CAPACITY);
    for group in 0..13 {
        put(&mut buffers.one, 192 + 16 * group + 12, &[0xff; 4]);
    }
    let mut map = Map::open_mut(&mut buffers.one[..bytes]).unwrap();
    refuses(Field::Search, map.try_get(&key(N)).err());
    refuses(Field::Search, map.try_remove(&key(N)).err());
    for group in 0..13 {
        let tags = &mut buffers.one[192 + 16 * group..][..12];
        tags.iter_mut().filter(|tag| **tag == 0).for_each(|tag| *tag = 1);
    }
    buffers.one[128] = 5;
    let mut map = Map::open_mut(&mut buffers.one[..bytes]).unwrap();
    let refused = map.insert(key(N).into(), value(1)).unwrap_err();
    assert!(matches!(refused, FixedInsertError::Corrupt { .. }));
    show(&refused);
}
