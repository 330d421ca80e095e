//! Keys and values of any length: a model, the room by the letter of `FORMAT.md`, entries that are others each time, and archives that
//! were damaged or lie.

use super::archive::{at, mark_sealed, number, number32, put, sign_header};
use super::hostile::Noise;
use super::slots_at;
use arenamap::fixed::described::Described;
use arenamap::fixed::{
    AlignedBytes, AnyBytes, Field, Frozen, IndexedMap, Memory, VarKey, VarMap, VarQuery, VarValue, u64_le,
};
use std::cell::Cell;
use std::collections::HashSet;
use std::sync::LazyLock;

const MANY: u32 = if cfg!(miri) { 40 } else { 13_000 };

/// Texts of 0 to some 90 bytes: keys, which differ, and values.
static TEXTS: LazyLock<Vec<[String; 2]>> = LazyLock::new(|| {
    let key = |i: u32| match i {
        0 => String::new(),
        _ => format!("é{i}{}", "-".repeat(i as usize % 50)),
    };
    let value = |i: u32| ["", "x", "漢字", "some words "][i as usize % 4].repeat(i as usize % 9);
    (0..MANY + 100).map(|i| [key(i), value(i)]).collect()
});

fn key(i: u32) -> &'static str {
    &TEXTS[i as usize][0]
}

fn value(i: u32) -> &'static str {
    &TEXTS[i as usize][1]
}

/// Types, and their entries by number.
struct Kind<K: VarKey + ?Sized, V: VarValue + ?Sized> {
    name: &'static str,
    key: fn(u32) -> K::Given<'static>,
    value: fn(u32) -> V::Given<'static>,
    is: fn(&V, u32) -> bool,
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized> Clone for Kind<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized> Copy for Kind<K, V> {}

const STRS: Kind<str, str> = Kind {
    name: "str / str",
    key,
    value,
    is: |there, i| there == value(i),
};

const BYTES: Kind<[u8], [u8]> = Kind {
    name: "[u8] / [u8]",
    key: |i| key(i).as_bytes(),
    value: |i| value(i).as_bytes(),
    is: |there, i| there == value(i).as_bytes(),
};

const NAMES: Kind<str, u64_le> = Kind {
    name: "str / u64_le",
    key,
    value: |i| u64::from(i).into(),
    is: |there, i| *there == u64::from(i),
};

const PAGES: Kind<u64_le, str> = Kind {
    name: "u64_le / str",
    key: |i| u64::from(i).into(),
    value,
    is: |there, i| there == value(i),
};

/// The archive of the entries of these numbers, in memory that was full of something else.
fn made<K, V>(kind: Kind<K, V>, numbers: impl ExactSizeIterator<Item = u32> + Clone) -> IndexedMap<K, V>
where
    K: VarKey + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
{
    let pairs = numbers.map(|i| ((kind.key)(i), (kind.value)(i)));
    let (len, room) = VarMap::<K, V>::measure(pairs.clone());
    let mut memory = AlignedBytes::zeroed(IndexedMap::<K, V>::bytes_for_texts(len, room));
    memory.fill(0xAA);
    let mut scratch = vec![u64::MAX; IndexedMap::<K, V>::scratch_words(len)];
    IndexedMap::from_entries_in(memory, &mut scratch, 42, pairs).expect("different keys")
}

/// Everything that a map shows, of whose bytes nothing is known but that they may be any.
fn look<K, V, M>(map: &IndexedMap<K, V, M>, kind: Kind<K, V>, entries: u32)
where
    K: VarKey<Given<'static>: VarQuery<K>> + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
    M: Memory,
{
    let seen = map.iter().count();
    assert_eq!((seen, seen), (map.keys().count(), map.values().clone().count()));
    let keys: Vec<_> = (0..entries + 8).map(kind.key).collect();
    let mut values = vec![None; keys.len()];
    map.get_batch(&keys, &mut values);
    for (key, value) in keys.iter().zip(values) {
        map.prefetch(key);
        let (got, tried) = (map.get(key), map.try_get(key));
        let same = |value: &V| std::ptr::from_ref(value).cast::<u8>();
        assert_eq!(
            (got.map(same), got.map(size_of_val)),
            (value.map(same), value.map(size_of_val))
        );
        match tried {
            Ok(tried) => assert_eq!(tried.map(same), got.map(same)),
            Err(error) => assert_eq!((error.field(), got.is_none()), (Field::Text, true)),
        }
        assert!(map.contains_key(key) || got.is_none() && map.get_bytes(key).is_none());
        assert!(
            map.get_key_value(key)
                .is_none_or(|(_, there)| same(there) == same(got.unwrap()))
        );
    }
    let _ = (map.seed(), map.generation(), map.room(), map.verify());
    assert_eq!(map.layout().total(), map.as_bytes().len());
}

/// All that is in it, and nothing else.
fn check<K, V, M>(map: &IndexedMap<K, V, M>, kind: Kind<K, V>, entries: u32)
where
    K: VarKey<Given<'static>: VarQuery<K>> + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
    M: Memory,
{
    look(map, kind, entries);
    map.verify().unwrap();
    assert_eq!((map.len(), map.is_empty()), (entries as usize, entries == 0));
    assert_eq!((map.iter().count(), map.iter().len()), (map.len(), map.len()));
    for i in 0..entries + 8 {
        let key = (kind.key)(i);
        assert_eq!(
            map.get(&key).is_some_and(|there| (kind.is)(there, i)),
            i < entries,
            "{} {i}",
            kind.name
        );
        assert_eq!(
            (map.contains_key(&key), map.get_key_value(&key).is_some()),
            (i < entries, i < entries)
        );
    }
    let archive = Described::open(map.as_bytes()).unwrap();
    archive.verify().unwrap();
    assert_eq!((archive.iter().count(), archive.head().room), (map.len(), map.room()));
    let texts: usize = archive
        .iter()
        .flat_map(|entry| [entry.key, entry.value])
        .map(|view| text_len(&view))
        .sum();
    assert_eq!(texts, map.room());
    // Made by its schema alone, from itself.
    assert_eq!(archive.try_index().unwrap(), map.as_bytes());
    let (layout, stats) = (map.layout(), map.stats());
    let (len, slot) = (map.len(), layout.slot);
    assert_eq!(layout.data, len * (slot.key.size + slot.value.size) + texts);
    assert_eq!(
        (layout.padding, layout.slack),
        (len * slot.padding(), (layout.slots - len) * slot.size)
    );
    assert_eq!(
        (layout.len, layout.slots, layout.total()),
        (stats.len, stats.slots, stats.bytes)
    );
    let beside = [stats.header_bytes, stats.index_bytes, stats.schema_bytes];
    assert_eq!(layout.control, beside.iter().sum::<usize>());
    assert_eq!(
        (stats.len, stats.bytes, stats.text_bytes, stats.slot_bytes),
        (len, map.as_bytes().len(), texts, slot.size)
    );
    assert_eq!((stats.key_bytes, stats.value_bytes), (slot.key.size, slot.value.size));
}

fn text_len(view: &arenamap::fixed::described::View<'_>) -> usize {
    use arenamap::fixed::described::Value;
    match view.value() {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Unsigned(_) => 0,
        other => panic!("{other:?}"),
    }
}

fn is_a_map<K, V>(kind: Kind<K, V>, most: u32)
where
    K: VarKey<Given<'static>: VarQuery<K>, Slot: AnyBytes> + ?Sized,
    V: VarValue<Slot: Frozen + AnyBytes> + ?Sized,
{
    for entries in [0, 1, 2, 3, 12, 100, most] {
        let map = made(kind, 0..entries);
        check(&map, kind, entries);
        // The same bytes, in whatever order the entries come.
        let other = made(kind, (0..entries).rev());
        assert!(map.as_bytes() == other.as_bytes(), "{} {entries}", kind.name);
        check(&map.try_clone().unwrap(), kind, entries);
        check(&IndexedMap::<K, V, _>::open(map.as_bytes()).unwrap(), kind, entries);
        check(
            &IndexedMap::<K, V, _>::open_verified(map.as_bytes()).unwrap(),
            kind,
            entries,
        );
        // Of a map with texts, with garbage in it.
        let pairs = || (0..entries).map(|i| ((kind.key)(i), (kind.value)(i)));
        let (len, room) = VarMap::<K, V>::measure(pairs());
        let memory = AlignedBytes::zeroed(VarMap::<K, V>::bytes_for(len + 1, 2 * room + 200));
        let mut table = VarMap::<K, V, _>::create_seeded(memory, len + 1, 2 * room + 200, 42).unwrap();
        for (i, (key, value)) in (0..).zip(pairs()) {
            let other = (kind.value)(i + 1);
            assert!(table.insert(key, other).is_ok());
            assert!(table.insert((kind.key)(i), value).is_ok());
        }
        assert!(table.insert((kind.key)(entries), (kind.value)(0)).is_ok());
        table.remove(&(kind.key)(entries)).unwrap();
        assert!(
            table.try_index().unwrap().as_bytes() == map.as_bytes(),
            "{} {entries}",
            kind.name
        );
    }
}

#[test]
fn a_map_of_texts_is_the_map_that_it_was_made_of() {
    is_a_map(STRS, MANY);
    is_a_map(BYTES, 1_000.min(MANY));
    is_a_map(NAMES, 1_000.min(MANY));
    is_a_map(PAGES, 1_000.min(MANY));
    let map = made(STRS, 0..100);
    assert_eq!(
        map,
        IndexedMap::try_from_entries((0..100).map(|i| (key(i), value(i))).collect::<Vec<_>>()).unwrap()
    );
    assert_ne!(map, made(STRS, 0..99));
    assert_eq!(&map[key(7)], value(7));
    assert_eq!(map.get(&key(7).to_string()), Some(value(7)));
    let few = made(STRS, 5..6);
    assert_eq!(format!("{few:?}"), format!("{{{:?}: {:?}}}", key(5), value(5)));
}

/// The texts stand in the order of the slots, each key's beside its value's, with no byte between them.
#[test]
fn the_room_by_the_letter() {
    for entries in [0, 1, 3, 50, MANY] {
        let map = made(STRS, 0..entries);
        let bytes = map.as_bytes();
        let (slots, slots_at) = (number(bytes, 112) as usize, slots_at(bytes));
        assert_eq!((number32(bytes, at::SLOT_SIZE), number32(bytes, 88)), (16, 1));
        let room_at = slots_at + 16 * slots;
        let room = number(bytes, at::ROOM) as usize;
        let expected: usize = (0..entries).map(|i| key(i).len() + value(i).len()).sum();
        assert_eq!((room, map.room()), (expected, expected));
        assert!(
            bytes[room_at + room..].starts_with(&3_u64.to_le_bytes()),
            "the schema begins with the length of `str`"
        );
        let mut next = 0;
        let mut seen = HashSet::new();
        let mut before = None;
        for slot in 0..slots {
            let numbers = [0, 8].map(|half| number(bytes, slots_at + 16 * slot + half));
            if before.replace(numbers) == Some(numbers) {
                continue;
            }
            let texts = numbers.map(|number| {
                let (offset, len) = (number as usize & ((1 << 36) - 1), (number >> 36) as usize);
                assert_eq!(offset, if len == 0 { 0 } else { next });
                next += len;
                std::str::from_utf8(&bytes[room_at + offset..][..len]).unwrap()
            });
            assert!(seen.insert(texts));
        }
        assert_eq!((next, seen.len()), (room, entries as usize));
        assert!((0..entries).all(|i| seen.contains(&[key(i), value(i)])));
    }
}

/// Entries that are others each time are an error, or they are a map all the same.
#[test]
fn entries_that_are_others_each_time() {
    let (mut noise, mut refused, mut taken) = (Noise(5), 0, 0);
    for _ in 0..if cfg!(miri) { 10 } else { 3_000 } {
        let entries = 1 + noise.below(20) as u32;
        let walks = Cell::new(0);
        let (changed_in, seed) = (noise.below(6), noise.next());
        let walk = || {
            let number = walks.replace(walks.get() + 1);
            let mut noise = Noise(seed);
            (0..entries).map(move |i| {
                if number < changed_in {
                    return (key(i), value(i));
                }
                // Another key, another value, or one of the same length.
                match noise.below(8) {
                    0 => (key(noise.below(20) as u32), value(i)),
                    1 => (key(i), value(noise.below(20) as u32)),
                    2 => (key(i), value(i % 4 + 4)),
                    _ => (key(i), value(i)),
                }
            })
        };
        let pairs = Walks {
            walk: &walk,
            now: None,
            left: entries as usize,
        };
        let bytes = IndexedMap::<str, str>::bytes_for_texts(
            entries as usize,
            (0..entries).map(|i| key(i).len() + value(i).len()).sum(),
        );
        let mut memory = AlignedBytes::zeroed(bytes + 2_000);
        memory.fill(0xFF);
        let mut scratch = vec![0; IndexedMap::<str, str>::scratch_words(entries as usize)];
        match IndexedMap::<str, str, _>::from_entries_in(memory, &mut scratch, 3, pairs) {
            Ok(map) => {
                map.verify().unwrap();
                assert!(map.iter().all(|(key, value)| map.get(key) == Some(value)));
                taken += 1;
            }
            Err(error) => {
                let fields = [Field::Index, Field::Repeated, Field::Len, Field::Collision];
                assert!(fields.contains(&error.field()), "{error}");
                // It is of the entries: there is no archive yet.
                let said = error.to_string();
                assert!(!said.contains("archive") && !said.contains("recover"), "{said}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && taken > 0, "{refused} {taken}");
}

/// An iterator that asks for its entries anew whenever it was cloned.
struct Walks<'a, I, F: Fn() -> I> {
    walk: &'a F,
    now: Option<I>,
    left: usize,
}

impl<I, F: Fn() -> I> Clone for Walks<'_, I, F> {
    fn clone(&self) -> Self {
        Self { now: None, ..*self }
    }
}

impl<I: Iterator, F: Fn() -> I> Iterator for Walks<'_, I, F> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let item = self.now.get_or_insert_with(self.walk).next()?;
        self.left -= 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<I: Iterator, F: Fn() -> I> ExactSizeIterator for Walks<'_, I, F> {}

#[test]
fn what_does_not_fit_is_refused() {
    let twice = [("a", "x"), ("b", "y"), ("a", "z")];
    let error = IndexedMap::<str, str>::try_from_entries(twice).unwrap_err();
    assert_eq!(
        (error.field(), error.expected(), error.found()),
        (Field::Repeated, 0, 2)
    );
    let numbers = [(7.into(), "x"), (8.into(), "y"), (7.into(), "z")];
    let error = IndexedMap::<u64_le, str>::try_from_entries(numbers).unwrap_err();
    assert_eq!(
        (error.field(), error.expected(), error.found()),
        (Field::Repeated, 0, 2)
    );
    let error = IndexedMap::<str, str>::try_bytes_for_texts(3, (1 << 36) + 1).unwrap_err();
    assert_eq!(error.field(), Field::Room);
    let need = IndexedMap::<str, str>::bytes_for_texts(1, 2);
    let memory = AlignedBytes::zeroed(need - 1);
    let mut scratch = vec![0; IndexedMap::<str, str>::scratch_words(1)];
    let error = IndexedMap::<str, str, _>::from_entries_in(memory, &mut scratch, 1, [("a", "x")]).unwrap_err();
    assert_eq!((error.field(), error.expected()), (Field::MemoryLength, need as u64));
    if cfg!(not(miri)) && usize::BITS == 64 {
        let long = vec![0; 1 << 28]; // pages that nobody reads
        let pairs: [(u64_le, &[u8]); 2] = [(1.into(), b"short"), (2.into(), &long)];
        let error = IndexedMap::<u64_le, [u8]>::try_from_entries(pairs).unwrap_err();
        assert_eq!((error.field(), error.found()), (Field::Text, 1 << 28));
        let said = error.to_string();
        assert!(said.starts_with("a text of entry 1 has 268435456 bytes"), "{said}");
    }
    // Of another kind, and of other types.
    let table = VarMap::<str, str>::from_pairs([("a", "x")]).unwrap();
    let error = IndexedMap::<str, str, _>::open(table.as_bytes()).unwrap_err();
    assert_eq!(error.field(), Field::Kind);
    let indexed = table.try_index().unwrap();
    let error = VarMap::<str, str, _>::open(indexed.as_bytes()).unwrap_err();
    assert_eq!(error.field(), Field::Kind);
    let error = IndexedMap::<str, [u8], _>::open(indexed.as_bytes()).unwrap_err();
    assert_eq!(error.field(), Field::ValueLayout);
}

/// Keys of a batch, as they stand in a user's list.
#[test]
fn batches_of_what_owns_texts_and_of_references() {
    let words = made(STRS, 0..40);
    let owned: Vec<String> = (0..48).map(|i| key(i).to_owned()).collect();
    let expected: Vec<Option<&str>> = (0..48).map(|i| (i < 40).then(|| value(i))).collect();
    let mut out = [None; 48];
    words.get_batch(&owned, &mut out);
    assert_eq!(out[..], expected);
    out.fill(None);
    words.get_batch(&owned.iter().collect::<Vec<&String>>(), &mut out);
    assert_eq!(out[..], expected);
    out.fill(None);
    words.get_batch(&owned.iter().map(String::as_str).collect::<Vec<&str>>(), &mut out);
    assert_eq!(out[..], expected);

    let pairs: [(&[u8], &[u8]); 2] = [(b"one", b"eins"), (b"two", b"zwei")];
    let bytes = IndexedMap::<[u8], [u8]>::try_from_entries(pairs).unwrap();
    let expected = [Some(&b"zwei"[..]), None];
    let mut out = [None; 2];
    bytes.get_batch(&[b"two", b"six"], &mut out);
    assert_eq!(out, expected);
    out.fill(None);
    bytes.get_batch(&["two", "six"], &mut out);
    assert_eq!(out, expected);
    out.fill(None);
    bytes.get_batch(&[&b"two".to_vec(), &b"six".to_vec()], &mut out);
    assert_eq!(out, expected);
}

/// Opens an archive in each way and uses what opens. One that is verified is a map.
fn judge<K, V>(bytes: &[u8], kind: Kind<K, V>, entries: u32) -> Option<Field>
where
    K: VarKey<Given<'static>: VarQuery<K>, Slot: AnyBytes> + VarQuery<K> + ?Sized,
    V: VarValue<Slot: Frozen + AnyBytes> + PartialEq + ?Sized,
{
    let opened = IndexedMap::<K, V, _>::open(bytes);
    if let Ok(map) = &opened {
        look(map, kind, entries);
    }
    let described = Described::open(bytes);
    match IndexedMap::<K, V, _>::open_verified(bytes) {
        Ok(map) => {
            look(&map, kind, entries);
            described.unwrap().verify().unwrap();
            assert_eq!(map.iter().count(), map.len());
            assert!(map.iter().all(|(key, value)| map.get(key) == Some(value)));
            None
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            if let Err(said) = opened {
                assert_eq!(said, error);
            } else if let Ok(archive) = described {
                assert_eq!(archive.verify(), Err(error), "{}", kind.name);
            }
            Some(error.field())
        }
    }
}

fn every_bit_of<K, V>(kind: Kind<K, V>, step: usize)
where
    K: VarKey<Given<'static>: VarQuery<K>, Slot: AnyBytes> + VarQuery<K> + ?Sized,
    V: VarValue<Slot: Frozen + AnyBytes> + PartialEq + ?Sized,
{
    let whole = made(kind, 0..9).into_memory();
    for bit in (0..8 * whole.len()).step_by(if cfg!(miri) { 97 } else { step }) {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(
            judge(&bytes, kind, 9).is_some(),
            "{}: bit {bit} was not seen",
            kind.name
        );
        // The same with checksums that fit.
        if bit / 8 >= 8 {
            sign_header(&mut bytes);
            mark_sealed(&mut bytes);
            judge(&bytes, kind, 9);
        }
    }
}

#[test]
fn every_bit() {
    every_bit_of(STRS, 1);
    every_bit_of(BYTES, 5);
    every_bit_of(NAMES, 5);
    every_bit_of(PAGES, 5);
}

#[test]
fn lies_about_the_texts() {
    let whole = made(STRS, 0..20);
    let (room, slots) = (whole.room(), number(whole.as_bytes(), 112) as usize);
    let slots_at = slots_at(whole.as_bytes());
    let whole = whole.into_memory();
    // The room: all that follows from it is another.
    for lie in [0, 1, room as u64 - 1, room as u64 + 1, 1 << 36, (1 << 36) + 1, u64::MAX] {
        let mut bytes = whole.clone();
        put(&mut bytes, at::ROOM, lie);
        sign_header(&mut bytes);
        mark_sealed(&mut bytes);
        let field = if lie > 1 << 36 { Field::Room } else { Field::Bytes };
        assert_eq!(judge(&bytes, STRS, 20), Some(field), "{lie}");
    }
    // The place of a text: not found, or told by `try_get`.
    for slot in 0..slots {
        for half in [0, 8] {
            let at = slots_at + 16 * slot + half;
            let there = number(&whole, at);
            for lie in [
                0,
                1,
                there + 1,
                there ^ 1 << 36,
                there.wrapping_sub(1 << 36),
                (1 << 36) - 1,
                u64::MAX,
                5 << 36,
            ] {
                if lie == there {
                    continue;
                }
                let mut bytes = whole.clone();
                put(&mut bytes, at, lie);
                mark_sealed(&mut bytes);
                assert!(judge(&bytes, STRS, 20).is_some(), "{lie:#x} in slot {slot}");
            }
        }
    }
    // What is no UTF-8.
    let map = IndexedMap::<str, str, _>::open(&whole[..]).unwrap();
    let place = map.get(key(5)).unwrap().as_ptr() as usize - map.as_bytes().as_ptr() as usize;
    let mut bytes = whole.clone();
    bytes[place] = 0xFF;
    mark_sealed(&mut bytes);
    assert_eq!(judge(&bytes, STRS, 20), Some(Field::Text));
    let map = IndexedMap::<str, str, _>::open(&bytes[..]).unwrap();
    let said = map.verify().unwrap_err().to_string();
    assert!(said.contains("or no UTF-8") && !said.contains("ends at"), "{said}");
    assert_eq!((map.get(key(5)), map.contains_key(key(5))), (None, true));
    assert_eq!(map.try_get(key(5)).unwrap_err().field(), Field::Text);
    assert_eq!(map.get_bytes(key(5)).unwrap()[0], 0xFF);
    assert_eq!(map.iter().count(), 19);
}

/// Good archives with some bytes random, and checksums that fit.
#[test]
fn random_archives() {
    let cases = std::env::var("ARENAMAP_CASES").map_or(2_000, |text| text.parse::<u64>().expect("a number"));
    let (mut noise, mut taken) = (Noise(78), 0);
    let archives: Vec<AlignedBytes> = [0, 1, 2, 5, 13, 40].map(|n| made(STRS, 0..n).into_memory()).into();
    for _ in 0..if cfg!(miri) { 20 } else { cases } {
        let mut bytes = archives[noise.below(archives.len())].clone();
        let from = [at::TAGS, at::TAGS, 64, 8][noise.below(4)];
        let len = bytes.len();
        for _ in 0..=noise.below(6) {
            bytes[from + noise.below(len - from)] = noise.next() as u8;
        }
        sign_header(&mut bytes);
        mark_sealed(&mut bytes);
        taken += u64::from(judge(&bytes, STRS, 12).is_none());
    }
    println!("{cases} random archives of texts, {taken} of them whole");
}
