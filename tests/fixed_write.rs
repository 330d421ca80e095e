//! Values of a `FixedMap` that are written in their slots: the same calls of `insert` leave the same bytes, whatever the types; a closure
//! that panics changes nothing; a full map and a lying archive do not call it.

#[path = "support/basics.rs"]
mod basics;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::Relaxed;

use arenamap::fixed::{
    AlignedBytes, AtomicU64Le, Entry, Field, FixedInsertError, FixedMap, FixedStr, FromZeros, Frozen, ZeroBytes,
    u16_le, u64_le,
};

use basics::{key, times};

arenamap::fixed_struct! {
    /// 2 KiB.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Book { last: u64_le, bids: [u64_le; 127], asks: [u64_le; 128] }
}

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug, PartialEq, FromZeros)]
    checked struct Site { name: FixedStr<13>, open: bool }
}

/// A type of values, with one for each number.
trait Value: ZeroBytes + Frozen + Copy + PartialEq + std::fmt::Debug {
    fn of(number: u64) -> Self;
    /// Writes the same over zeros.
    fn write(&mut self, number: u64);
}

impl Value for u64_le {
    fn of(number: u64) -> Self {
        number.into()
    }
    fn write(&mut self, number: u64) {
        *self += number;
    }
}

impl Value for Book {
    fn of(number: u64) -> Self {
        let mut book = Self {
            last: number.into(),
            bids: [0.into(); 127],
            asks: [0.into(); 128],
        };
        book.asks[127] = number.into();
        book
    }
    fn write(&mut self, number: u64) {
        self.last = number.into();
        self.asks[127] += number;
    }
}

impl Value for Site {
    fn of(number: u64) -> Self {
        Self {
            name: FixedStr::cut(&number.to_string()),
            open: number.is_multiple_of(2),
        }
    }
    fn write(&mut self, number: u64) {
        assert!(self.name.is_empty() && !self.open);
        *self = Self::of(number);
    }
}

/// Behind a key of eight bytes, two with padding after them.
impl Value for [u8; 3] {
    fn of(number: u64) -> Self {
        [number.to_le_bytes()[0], 0, 7]
    }
    fn write(&mut self, number: u64) {
        self[0] |= number.to_le_bytes()[0];
        self[2] ^= 7;
    }
}

impl Value for () {
    fn of(_: u64) -> Self {}
    fn write(&mut self, _: u64) {}
}

type Map<V> = FixedMap<u64_le, V>;

fn map<V: Value>(capacity: usize) -> Map<V> {
    let memory = AlignedBytes::from_slice(&vec![0xA5; Map::<V>::bytes_for(capacity)]);
    Map::create_seeded(memory, capacity, 42).unwrap()
}

/// Puts a value into both maps, by value and in place, in one of three ways.
fn put<V: Value>(plain: &mut Map<V>, written: &mut Map<V>, way: u64, key: u64, number: u64) {
    let refused = |error: FixedInsertError<u64_le, ()>| {
        assert!(matches!(error, FixedInsertError::Full { .. }));
        assert_eq!(error.into_pair(), (key.into(), ()));
    };
    match way % 3 {
        0 => {
            let expected = plain.insert(key.into(), V::of(number));
            let found = written.insert_with(key.into(), |value| {
                assert_eq!(value.as_bytes(), V::new_zeroed().as_bytes());
                value.write(number);
            });
            match (expected, found) {
                (Ok(expected), Ok(found)) => assert_eq!(found, expected),
                (Err(_), Err(error)) => refused(error),
                (expected, found) => panic!("{found:?}, expected {expected:?}"),
            }
        }
        1 => {
            let expected = plain.entry(key.into()).or_insert(V::of(number));
            let found = written.entry(key.into()).or_write_with(|value| value.write(number));
            match (expected, found) {
                (Ok(expected), Ok(found)) => assert_eq!(found, expected),
                (Err(_), Err(error)) => refused(error),
                (expected, found) => panic!("{found:?}, expected {expected:?}"),
            }
        }
        _ => match (plain.entry(key.into()), written.entry(key.into())) {
            (Entry::Vacant(plain), Entry::Vacant(written)) => {
                match (
                    plain.insert(V::of(number)),
                    written.insert_with(|value| value.write(number)),
                ) {
                    (Ok(expected), Ok(found)) => assert_eq!(found, expected),
                    (Err(_), Err(error)) => refused(error),
                    (expected, found) => panic!("{found:?}, expected {expected:?}"),
                }
            }
            (Entry::Occupied(plain), Entry::Occupied(written)) => assert_eq!(written.get(), plain.get()),
            _ => panic!("only one of them has the key"),
        },
    }
}

/// A random program on two maps, one of which writes in place, and a model.
fn agrees_with_insert<V: Value>(capacity: usize) {
    let (mut plain, mut written) = (map::<V>(capacity), map::<V>(capacity));
    let mut model: HashMap<u64, V> = HashMap::new();
    let mut panicked = 0;
    for step in 0..times(3_000, 60) as u64 {
        let random = key(step);
        let at = random % (capacity as u64 * 5 / 4 + 1);
        match random >> 32 & 7 {
            0..=3 => {
                let (way, full) = (random >> 40, model.len() == capacity);
                put(&mut plain, &mut written, way, at, step);
                match model.get_mut(&at) {
                    Some(value) if way % 3 == 0 => *value = V::of(step),
                    None if !full => assert!(model.insert(at, V::of(step)).is_none()),
                    _ => {}
                }
            }
            4 | 5 => assert_eq!(
                (plain.remove(&at), written.remove(&at)),
                (model.get(&at).copied(), model.remove(&at))
            ),
            6 => assert_eq!(plain.seal(), written.seal()),
            _ => {
                // Nothing changes but the seal, which a write removes.
                let entries = written.len();
                let room = model.contains_key(&at) || model.len() < capacity;
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    let write = |value: &mut V| {
                        value.write(step);
                        resume_unwind(Box::new("as intended")); // prints nothing
                    };
                    written.insert_with(at.into(), write).map(|_| ())
                }));
                assert_eq!((outcome.is_err(), written.len()), (room, entries));
                panicked += usize::from(outcome.is_err());
                if outcome.is_err() && plain.is_sealed() {
                    assert!(!written.is_sealed());
                    written.seal();
                }
            }
        }
        assert_eq!(written.as_bytes(), plain.as_bytes(), "step {step}");
        if step % 50 == 0 {
            written.verify().unwrap();
            for (key, value) in &model {
                assert_eq!(written.get(key), Some(value));
            }
            assert_eq!(written.len(), model.len());
        }
    }
    assert!(panicked > times(100, 1), "{panicked}");
}

#[test]
fn the_bytes_are_those_of_insert() {
    for capacity in [1, 12, 13, 100] {
        agrees_with_insert::<u64_le>(capacity);
        agrees_with_insert::<Book>(capacity);
        agrees_with_insert::<Site>(capacity);
        agrees_with_insert::<[u8; 3]>(capacity);
        agrees_with_insert::<()>(capacity);
    }
}

#[test]
fn a_full_map_does_not_call_the_closure() {
    let mut books = map::<Book>(1);
    books.insert_with(1.into(), |book| book.write(1)).unwrap();
    let before = books.as_bytes().to_vec();
    let untouched = |_: &mut Book| unreachable!("the map is full");
    assert!(books.insert_with(2.into(), untouched).is_err());
    assert!(books.entry(2.into()).or_write_with(untouched).is_err());
    assert_eq!(books.as_bytes(), before);
    // An equal key is no new one.
    assert_eq!(books.insert_with(1.into(), |book| book.write(2)), Ok(Some(Book::of(1))));
    assert_eq!(books[&1], Book::of(2));
}

/// Whoever panics in the middle of a value that was there has the whole old one afterwards.
#[test]
fn a_panic_puts_the_old_value_back() {
    let mut books = map::<Book>(20);
    for number in 0..20 {
        books.insert(number.into(), Book::of(number)).unwrap();
    }
    let before = books.as_bytes().to_vec();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        books.insert_with(7.into(), |book| {
            book.bids = [9.into(); 127];
            resume_unwind(Box::new("as intended"));
        })
    }));
    assert!(outcome.is_err());
    assert_eq!(books.as_bytes(), before);
}

/// A lying archive may have anything in a slot without a tag: a `bool` of 7, for one.
#[test]
fn what_a_lying_archive_has_in_a_free_slot_is_never_seen() {
    let site = map::<Site>(12);
    let mut bytes = AlignedBytes::from_slice(site.as_bytes());
    bytes[192 + 16..].fill(7);
    // `open_verified` would refuse it; any bytes are a number.
    let mut numbers = {
        let plain = map::<[u8; 3]>(12);
        let mut bytes = AlignedBytes::from_slice(plain.as_bytes());
        bytes[192 + 16..].fill(7);
        Map::<[u8; 3]>::open(bytes).unwrap()
    };
    numbers
        .insert_with(1.into(), |value| assert_eq!(*value, [0; 3]))
        .unwrap();
    #[allow(unsafe_code, reason = "no slot is full: there is no value that is none")]
    // SAFETY: the tags are zero.
    let mut sites = unsafe { Map::<Site>::open_unchecked(bytes) }.unwrap();
    sites.insert_with(1.into(), |site| site.write(2)).unwrap();
    assert_eq!(sites[&1], Site::of(2));
    // Its length lies too: there is a slot, and the map says that it is full.
    let mut bytes = sites.into_memory();
    bytes[128..136].copy_from_slice(&12_u64.to_le_bytes());
    #[allow(unsafe_code, reason = "the one full slot has a value")]
    // SAFETY: that of slot 0 or another was written just now.
    let mut sites = unsafe { Map::<Site>::open_unchecked(bytes) }.unwrap();
    assert!(matches!(
        sites.insert_with(2.into(), |_| unreachable!()),
        Err(FixedInsertError::Full { capacity: 12, .. })
    ));
}

/// All slots have a tag, and the length says that the map is empty.
#[test]
fn a_map_without_a_free_slot_does_not_call_the_closure() {
    let mut plain = map::<u64_le>(12);
    for number in 0..12 {
        plain.insert(number.into(), number.into()).unwrap();
    }
    let mut bytes = AlignedBytes::from_slice(plain.as_bytes());
    bytes[128..136].fill(0);
    let mut liar = Map::<u64_le>::open(bytes).unwrap();
    match liar.insert_with(u64_le::from(99), |_| unreachable!()) {
        Err(FixedInsertError::Corrupt { key, error, .. }) => {
            assert_eq!((key, error.field()), (99.into(), Field::Search));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_with_atomics_are_written_in_place() {
    let need = FixedMap::<u64_le, [AtomicU64Le; 4]>::bytes_for(10);
    let mut map = FixedMap::<u64_le, [AtomicU64Le; 4], _>::create(AlignedBytes::zeroed(need), 10).unwrap();
    map.insert_with(1.into(), |counters| counters[3] = 7.into()).unwrap();
    map[&1][3].fetch_add(1, Relaxed);
    let old = map
        .insert_with(1.into(), |counters| counters[0] = 1.into())
        .unwrap()
        .unwrap();
    assert_eq!(old[3].load(Relaxed), 8);
    assert_eq!([&map[&1][0], &map[&1][3]].map(|one| one.load(Relaxed)), [1, 0]);
}

/// Two bytes behind a key of two: nothing of it is longer than a number.
#[test]
fn the_value_is_where_it_is_read() {
    let need = FixedMap::<u16_le, Book>::bytes_for(3);
    let mut books = FixedMap::<u16_le, Book, _>::create(AlignedBytes::zeroed(need), 3).unwrap();
    let mut written = std::ptr::null();
    books
        .insert_with(1.into(), |book| written = std::ptr::from_ref(book))
        .unwrap();
    assert!(std::ptr::eq(written, &raw const books[&1]));
}
