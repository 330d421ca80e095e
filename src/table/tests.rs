use core::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::vec::Vec;
use std::{format, vec};

use super::block::{Block, FAR, MANY};
use super::group::{LANES, Mark, class_of};
use super::growth::AT_ONCE;
use super::steps::STEP;
use super::{KeyShape, Kind, Search, Table};
use crate::arena::{Arena, Held};

type Map = Table<(u64, u64), Arena>;

fn new() -> Map {
    Table::new(Held::new(Arena::new()), Kind::ArenaMap)
}

/// Every other search is one of a key made of parts.
fn shape(number: u64) -> KeyShape {
    [KeyShape::Whole, KeyShape::Parts][(number % 2) as usize]
}

/// From good to constant.
const HASHES: [fn(u64) -> u64; 7] = [
    |key| {
        (key ^ key >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ key.wrapping_mul(0xD6E8_FEB8_6659_FD93).rotate_left(32)
    },
    |key| key,
    |key| key << 48,
    |key| ((key % 7) << 58) | (key % 64),
    |key| key % 3,
    |_| 0x0123_4567_89AB_CDEF,
    |_| !0, // the last class of the last home
];

/// Looks at a block slot by slot, up to the groups that are initialised: B2 to B4, and who of its entries stands where.
///
/// With `exact`, nothing is counted that no entry needs. `meet` is given each entry and its class, and its home where strides tell it.
fn check_block<T>(
    block: Block<T>,
    is_ready: impl Fn(usize) -> bool,
    exact: bool,
    mut meet: impl FnMut(&T, usize, Option<usize>, u8),
) -> usize {
    let (mut count, mut needed) = (0, vec![[0_u64; LANES]; block.groups()]);
    for group in (0..block.slots()).step_by(LANES).filter(|&group| is_ready(group)) {
        for index in group..group + LANES {
            // SAFETY: indices of a live block, in initialised groups; a slot with a tag holds an entry (B2).
            let (tag, strides) = unsafe { (block.tag(index), block.strides(index)) };
            if tag == 0 {
                assert_eq!(strides, 0, "a free slot has no strides");
                continue;
            }
            count += 1;
            let class = class_of(tag);
            let mut at = group;
            for ahead in (1..=strides).rev() {
                at = at.wrapping_sub((class * 2 + 1) * LANES * ahead) & block.mask;
                assert!(is_ready(at), "a way leads through initialised groups");
                needed[at / LANES][class] += 1;
            }
            // SAFETY: as above.
            meet(
                unsafe { block.slot(index).as_ref() },
                class,
                (strides < FAR).then_some(at),
                tag,
            );
        }
    }
    for group in (0..block.slots()).step_by(LANES).filter(|&group| is_ready(group)) {
        for (class, needed) in needed[group / LANES].into_iter().enumerate() {
            // SAFETY: as above.
            let (flag, passed) = unsafe { (block.flags(group).have_class(class), block.count(group, class)) };
            assert_eq!(flag, passed > 0, "class {class} at {group}");
            // SAFETY: as above.
            let bits = unsafe { block.flags(group) }.0 >> (class * 2) & 0b11;
            assert!(
                bits == 0 || bits == 0b11,
                "both flags of class {class} at {group}, or none"
            );
            assert!(passed >= needed.min(MANY), "{passed} at {group}, {needed} are needed");
            assert!(
                !exact || passed == needed || passed == MANY,
                "{passed} at {group}, {needed} are needed"
            );
        }
    }
    count
}

impl<T> Table<T, Arena> {
    /// The invariants of the blocks and of the table. With the hashes by which entries were put in, that they stand on their ways.
    fn check_invariants(&self, exact: bool, hash: Option<&dyn Fn(&T) -> u64>) {
        assert_eq!(self.iter().count(), self.len);
        if self.is_small() {
            assert!(self.len <= self.small_capacity());
            return;
        }
        let block = self.block();
        assert!(self.len <= block.limit());
        let on_its_way = |block: Block<T>, entry: &T, home: Option<usize>, tag: u8| {
            if let Some(hash) = hash {
                assert_eq!(Mark::of(hash(entry)).tag(), tag);
                assert!(home.is_none_or(|home| home == block.home(hash(entry))));
            }
        };
        if !self.is_moving() {
            let count = check_block(
                block,
                |_| true,
                exact,
                |entry, _, home, tag| on_its_way(block, entry, home, tag),
            );
            assert_eq!(count, self.len);
            return;
        }
        // SAFETY: T1: a moving table has a header.
        let header = *unsafe { block.header().as_ref() };
        let left = check_block(
            header.old,
            |_| true,
            false,
            |entry, class, home, tag| {
                on_its_way(header.old, entry, home, tag);
                assert!(
                    home.is_none_or(|home| home + class >= header.cursor),
                    "it should have moved"
                );
            },
        );
        let is_ready = |group: usize| group & (header.part - 1) < header.zeroed;
        let arrived = check_block(block, is_ready, exact, |entry, class, home, tag| {
            on_its_way(block, entry, home, tag);
            if let (Some(home), true) = (home, hash.is_some()) {
                assert!(
                    (home & header.old.mask) + class <= header.cursor,
                    "it should not have moved"
                );
            }
        });
        assert_eq!((left, left + arrived), (header.left, self.len));
    }
}

/// What a block of no more entries than this has in its way is counted by strides.
const NEAR: u64 = (FAR * LANES) as u64;

impl Map {
    fn put(&mut self, hash: fn(u64) -> u64, key: u64, value: u64) -> Option<u64> {
        let shape = shape(key ^ self.len as u64);
        match self.search(shape, || hash(key), |entry| entry.0 == key, |entry| hash(entry.0)) {
            Search::Found(mut found) => Some(std::mem::replace(&mut found.get_mut().1, value)),
            Search::Vacant(vacant) => {
                let free = vacant.room(|| hash(key), |entry| hash(entry.0)).unwrap();
                free.put((key, value));
                None
            }
        }
    }

    fn look(&self, hash: fn(u64) -> u64, key: u64) -> Option<u64> {
        let whole = self.find(KeyShape::Whole, || hash(key), |entry| entry.0 == key);
        let in_parts = self.find(KeyShape::Parts, || hash(key), |entry| entry.0 == key);
        assert_eq!(whole, in_parts, "{key}");
        // SAFETY: borrowed.
        whole.map(|entry| unsafe { entry.as_ref() }.1)
    }

    fn cut(&mut self, hash: fn(u64) -> u64, key: u64) -> Option<u64> {
        let shape = shape(key ^ (self.len as u64 / 2));
        if self.len.is_multiple_of(2) {
            let removed = self.remove(shape, || hash(key), |entry| entry.0 == key, |entry| hash(entry.0));
            return removed.map(|entry| entry.1);
        }
        let found = self.find_entry(shape, || hash(key), |entry| entry.0 == key, |entry| hash(entry.0))?;
        Some(found.remove().1)
    }

    fn check(&self, hash: fn(u64) -> u64, model: &HashMap<u64, u64>, keys: u64) {
        assert_eq!(self.len(), model.len());
        self.check_invariants(keys < NEAR, Some(&|entry| hash(entry.0)));
        let seen: HashMap<u64, u64> = self.iter().copied().collect();
        assert_eq!(&seen, model);
        assert_eq!(self.iter().count(), model.len());
        for key in 0..keys {
            assert_eq!(self.look(hash, key), model.get(&key).copied(), "{key}");
            let by_hash: Vec<u64> = self
                .iter_hash(hash(key))
                .filter(|entry| entry.0 == key)
                .map(|entry| entry.1)
                .collect();
            assert_eq!(by_hash, model.get(&key).copied().into_iter().collect::<Vec<_>>());
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[test]
fn programs_agree_with_a_model_at_every_size_and_hash() {
    // Where each block is one of the heap's, the largest take most of a minute.
    let most = if cfg!(arenamap_guard) { 700 } else { 3000 };
    for (number, hash) in HASHES.into_iter().enumerate() {
        for keys in [4, 12, 40, 200, 300, 700, 3000] {
            if keys > most || number >= 4 && keys > 700 {
                continue;
            }
            let mut random = Random(keys + number as u64);
            let (mut map, mut model) = (new(), HashMap::new());
            for turn in 0..keys * 12 {
                let key = random.below(keys);
                match random.below(100) {
                    // Phases that grow and phases that shrink.
                    0..95 if (turn / keys) % 3 != 2 && random.below(3) > 0 => {
                        assert_eq!(map.put(hash, key, turn), model.insert(key, turn));
                    }
                    0..95 => assert_eq!(map.cut(hash, key), model.remove(&key)),
                    95 => {
                        let modulus = random.below(5) + 1;
                        map.retain(|entry| entry.0 % modulus != 0);
                        model.retain(|key, _| key % modulus != 0);
                    }
                    96 => {
                        let copy = map
                            .try_copy_in(Held::new(Arena::new()), key.is_multiple_of(2), |_, entry, place| {
                                Ok(place.write(*entry))
                            })
                            .ok()
                            .unwrap();
                        copy.check(hash, &model, keys);
                        map = copy;
                    }
                    97 => {
                        let mut taken = map.extract_if();
                        while let Some((key, value)) = taken.next(|entry| entry.0 % 3 == 1) {
                            assert_eq!(model.remove(&key), Some(value));
                        }
                        assert!(model.keys().all(|key| key % 3 != 1));
                    }
                    98 => {
                        let more = usize::try_from(random.below(keys)).unwrap();
                        map.reserve(more, &|entry| hash(entry.0)).unwrap();
                        assert!(map.capacity() >= map.len() + more);
                    }
                    _ => {
                        map.shrink_to(0, &|entry| hash(entry.0)).unwrap();
                    }
                }
                if turn % (keys / 4 + 1) == 0 {
                    map.check(hash, &model, keys);
                } else if turn % 64 == 0 || keys < 100 {
                    map.check_invariants(keys < NEAR, Some(&|entry| hash(entry.0)));
                }
                if turn % (keys * 5) == keys * 5 - 1 {
                    let drained: HashMap<u64, u64> = map.drain().collect();
                    assert_eq!(drained, std::mem::take(&mut model));
                    map.check(hash, &model, keys);
                }
            }
            map.check(hash, &model, keys);
            let all: HashMap<u64, u64> = super::RawIntoIter::new(map).collect();
            assert_eq!(all, model);
        }
    }
}

#[test]
fn no_call_moves_more_than_a_step() {
    for (number, hash) in HASHES.into_iter().enumerate() {
        let count = Cell::new(0);
        let mut map = new();
        let most = if number < 2 { 40_000 } else { 3000 };
        for key in 0..most {
            count.set(0);
            let hasher = |entry: &(u64, u64)| {
                count.set(count.get() + 1);
                hash(entry.0)
            };
            match map.search(shape(key), || hash(key), |entry| entry.0 == key, hasher) {
                Search::Found(_) => unreachable!(),
                Search::Vacant(vacant) => drop(vacant.room(|| hash(key), hasher).unwrap().put((key, 0))),
            }
            if map.len() > AT_ONCE + 1 {
                assert!(map.progress().0 <= STEP);
                // Where hashes cannot be told apart, entries are hashed to see whose they are.
                assert!(number > 1 || count.get() <= STEP, "{} at {key}", count.get());
            }
        }
    }
}

/// The hash of a key at a certain call.
type Lie = fn(u64, u64) -> u64;

/// Whether a known key is equal to another one.
type Likeness<'a> = &'a dyn Fn(u64, u64) -> bool;

/// An entry that is counted as long as it lives.
type Counted = (u64, Rc<()>);

/// One of the things that can be done to a table, by a hash and a comparison that need not be right.
fn do_one(
    map: &mut Table<Counted, Arena>,
    (random, grows): (&mut Random, bool),
    (key, count): (u64, &Rc<()>),
    hash: &impl Fn(u64) -> u64,
    eq: &impl Fn(u64, u64) -> bool,
) {
    let (drawn, before) = (random.below(10), map.len());
    let entry = (key, Rc::clone(count));
    let hasher = |entry: &Counted| hash(entry.0);
    match random.below(1000) {
        0 => map.retain(|entry| entry.0 % 5 != key % 5),
        1 => map.reserve(usize::try_from(key).unwrap() % 500, &hasher).unwrap(),
        2 => map.shrink_to(0, &hasher).unwrap(),
        3 => {
            let mut taken = map.extract_if();
            for _ in 0..key % 20 {
                taken.next(|entry| entry.0 % 3 == 0);
            }
        }
        4 if drawn == 0 => drop(map.drain().take(5).count()),
        4..=9 => {
            map.settle(40, &hasher);
        }
        10..=13 => {
            let copy = map.try_copy_in(Held::new(Arena::new()), key % 2 == 0, |_, entry, place| {
                Ok(place.write(entry.clone()))
            });
            let copy = copy.ok().unwrap();
            copy.check_invariants(false, None);
            assert_eq!(copy.len(), map.len());
        }
        14..=79 => {
            let found = map.find_entry(shape(key), || hash(key), |known| eq(known.0, key), hasher);
            if let Some(found) = found {
                let ((known, _), free) = found.remove_and_keep_place();
                if drawn % 2 == 0 {
                    free.put((known, entry.1));
                }
            }
        }
        80..=119 => {
            if let Some(found) = map.find_entry_at_rest(hash(key), |known| eq(known.0, key)) {
                found.remove();
            }
        }
        120..=199 => _ = map.insert(entry, hasher, |known, entry| eq(known.0, entry.0), |_, _| ()),
        _ if grows == (drawn < 8) => match map.search(shape(key), || hash(key), |known| eq(known.0, key), hasher) {
            Search::Found(mut found) => found.get_mut().1 = entry.1,
            Search::Vacant(vacant) => {
                vacant.room(|| hash(key), hasher).unwrap().put(entry);
                assert_eq!(map.len(), before + 1);
            }
        },
        _ => {
            if let Some(found) = map.find_entry(shape(key), || hash(key), |known| eq(known.0, key), hasher) {
                found.remove();
                assert_eq!(map.len(), before - 1);
            }
        }
    }
}

/// The last home of a block is left in the middle, and the hasher panics at any call of the step that goes on there.
#[test]
fn a_panic_in_the_last_home_loses_nothing() {
    let hash: fn(u64) -> u64 = |key| u64::MAX >> 6 & !15 | if key.is_multiple_of(2) { 3 << 58 } else { 9 << 58 };
    for fuse in 0..150 {
        let (left, mut map, mut keys) = (Cell::new(u64::MAX), new(), 0);
        let hasher = |entry: &(u64, u64)| {
            assert!(left.get() > 0, "the fuse");
            left.set(left.get() - 1);
            hash(entry.0)
        };
        let put = |map: &mut Map, key| match map.search(shape(key), || hash(key), |entry| entry.0 == key, hasher) {
            Search::Found(_) => unreachable!(),
            Search::Vacant(vacant) => {
                vacant.room(|| hash(key), hasher).unwrap().put((key, key));
            }
        };
        while !map.is_moving() {
            put(&mut map, keys);
            keys += 1;
        }
        left.set(fuse);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            while map.is_moving() {
                put(&mut map, keys);
                keys += 1;
            }
        }));
        assert_eq!(panicked.is_err(), map.is_moving());
        assert_eq!(map.len() as u64, keys);
        assert!(map.progress().0 <= STEP);
        map.check_invariants(false, Some(&|entry| hash(entry.0)));
        assert!((0..keys).all(|key| map.look(hash, key) == Some(key)), "fuse {fuse}");
    }
}

const TURNS: u64 = if cfg!(miri) { 600 } else { 12_000 };
const KEYS: u64 = if cfg!(miri) { 700 } else { 3000 };

#[test]
fn a_hash_that_differs_between_calls_loses_nothing_while_entries_move() {
    let lies: [(&str, Lie); 6] = [
        ("another at each call", |_, call| HASHES[0](call)),
        ("one of nine is wrong", |key, call| {
            HASHES[0](if call % 9 == 0 { call } else { key })
        }),
        ("another home", |key, call| HASHES[0](key) ^ (call % 64) << 4),
        ("another tag", |key, call| HASHES[0](key) ^ call << 58),
        ("one home, another tag", |_, call| call << 58),
        ("far from home, and one of nine is wrong", |key, call| {
            if call % 9 == 0 { call << 4 } else { key % 2 }
        }),
    ];
    for (name, lie) in lies {
        let (calls, count) = (Cell::new(0), Rc::new(()));
        let hash = |key| {
            calls.set(calls.get() + 1);
            lie(key, calls.get())
        };
        let mut random = Random(1);
        let (mut map, mut moving) = (Table::<Counted, Arena>::new(Held::new(Arena::new()), Kind::ArenaMap), 0);
        // Phases that fill it, so that a move is under way again and again, and phases that empty it.
        for turn in 0..TURNS {
            let key = random.below(KEYS);
            do_one(
                &mut map,
                (&mut random, (turn / KEYS).is_multiple_of(2)),
                (key, &count),
                &hash,
                &|known, key| known == key,
            );
            assert_eq!(
                Rc::strong_count(&count),
                map.len() + 1,
                "{name}: none is lost, none dropped twice"
            );
            if map.is_moving() || turn % 32 == 0 {
                map.check_invariants(false, None);
                moving += u64::from(map.is_moving());
            }
        }
        assert!(moving > TURNS / 600, "{name}: {moving} times in the middle of a move");
        drop(map);
        assert_eq!(Rc::strong_count(&count), 1);
    }
}

#[test]
fn equality_that_is_none_takes_out_entries_of_other_keys_and_leaves_the_table_consistent() {
    let flip = Cell::new(0_u64);
    let flips = |_: u64, _: u64| {
        flip.set(flip.get() + 1);
        HASHES[0](flip.get()).is_multiple_of(3)
    };
    let wrong: [(&str, Likeness<'_>); 5] = [
        ("everything is equal", &|_, _| true),
        ("nothing is", &|_, _| false),
        ("in one direction", &|known, key| known <= key),
        ("keys of one family", &|known, key| known / 8 == key / 8),
        ("by chance", &flips),
    ];
    let mut moving = 0;
    for (name, eq) in wrong {
        for (number, hash) in HASHES.into_iter().enumerate() {
            for keys in [200, if number < 3 { KEYS } else { 700 }] {
                let count = Rc::new(());
                let mut random = Random(number as u64);
                let mut map = Table::<Counted, Arena>::new(Held::new(Arena::new()), Kind::ArenaMap);
                let mut most = 0;
                for turn in 0..TURNS / 4 {
                    let key = random.below(keys);
                    // Where nothing is equal, nothing is found: it must not grow for ever.
                    if map.len() as u64 > keys {
                        map.retain(|entry| entry.0 % 2 == 0);
                        map.retain(|entry| entry.0 % 4 != 0);
                    }
                    do_one(
                        &mut map,
                        (&mut random, turn / 500 % 3 != 2),
                        (key, &count),
                        &hash,
                        &|known, key| eq(known, key),
                    );
                    assert_eq!(Rc::strong_count(&count), map.len() + 1);
                    most = most.max(map.len());
                    if map.is_moving() || turn % 16 == 0 {
                        map.check_invariants(most < 240, None);
                        moving += u32::from(map.is_moving());
                    }
                }
                let shape = format!("{name}, hash {number}, {keys} keys: {most} at the most");
                assert!(most > 0, "{shape}");
            }
        }
    }
    assert!(moving > 100, "{moving} times in the middle of a move");
}
