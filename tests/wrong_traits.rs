//! A hasher that lies and an equality that is none: what a map answers then is not said, but nothing is read that is not there, and
//! nothing is lost, or dropped twice.
//!
//! The sizes are those at which a table changes its form, and at which its entries are on their way for many calls.

mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash, Hasher};
use std::rc::Rc;

use arenamap::hash_map::Entry;
use arenamap::{Arena, ArenaMap, ArenaSet, StrMap};

use support::{Dice, key, times};

/// How hashes differ between two calls for one key.
type Lie = fn(u64, u64) -> u64;

const LIES: [(&str, Lie); 5] = [
    ("another at each call", |_, call| key(call)),
    (
        "one of seven is wrong",
        |hash, call| if call % 7 == 0 { key(call) } else { hash },
    ),
    ("another home", |hash, call| hash ^ (call % 128) << 4),
    ("another tag", |hash, call| hash ^ call << 58),
    ("few homes, and one of seven is far", |hash, call| {
        if call % 7 == 0 { call << 4 } else { hash % 3 }
    }),
];

/// A hasher of the hash that the key wrote, and of how often it was asked.
#[derive(Clone)]
struct Lying {
    lie: Lie,
    calls: Rc<Cell<u64>>,
}

struct LyingHasher(Lying, u64);

impl BuildHasher for Lying {
    type Hasher = LyingHasher;

    fn build_hasher(&self) -> LyingHasher {
        self.calls.set(self.calls.get() + 1);
        LyingHasher(self.clone(), 0)
    }
}

impl Hasher for LyingHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.1 = key(self.1 ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.1 = key(number);
    }

    fn finish(&self) -> u64 {
        (self.0.lie)(self.1, self.0.calls.get())
    }
}

/// Whether two keys are equal, at a certain call.
type Likeness = fn(u64, u64, u64) -> bool;

const LIKENESSES: [(&str, Likeness); 5] = [
    ("equal when they are", |one, other, _| one == other),
    ("all are equal", |_, _, _| true),
    ("equal in one direction", |one, other, _| one <= other),
    ("equal within a family", |one, other, _| one / 8 == other / 8),
    ("equal by chance", |_, _, call| key(call).is_multiple_of(3)),
];

/// Who lives, and how keys are compared: what all keys and values of one test share.
struct World {
    alive: RefCell<BTreeSet<u64>>,
    made: Cell<u64>,
    compared: Cell<u64>,
    likeness: Likeness,
}

/// A value of which there is one, and which is dropped once.
struct Tracked {
    id: u64,
    world: Rc<World>,
}

impl Tracked {
    fn new(world: &Rc<World>) -> Self {
        let id = world.made.get();
        world.made.set(id + 1);
        world.alive.borrow_mut().insert(id);
        Self {
            id,
            world: Rc::clone(world),
        }
    }
}

impl Clone for Tracked {
    fn clone(&self) -> Self {
        Self::new(&self.world)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        let alive = self.world.alive.borrow_mut().remove(&self.id);
        assert!(alive || std::thread::panicking(), "{} is dropped twice", self.id);
    }
}

#[derive(Clone)]
struct Key(u64, Tracked);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let world = &self.1.world;
        world.compared.set(world.compared.get() + 1);
        (world.likeness)(self.0, other.0, world.compared.get())
    }
}

impl Eq for Key {}

/// One program over a map, at sizes around so many entries: adds, then removes, again and again, by all kinds of calls.
fn map_program(n: u64, lie: Lie, likeness: Likeness) {
    let world = Rc::new(World {
        alive: RefCell::default(),
        made: Cell::new(0),
        compared: Cell::new(0),
        likeness,
    });
    let new = |number| (Key(number, Tracked::new(&world)), Tracked::new(&world));
    let arena = Arena::new();
    let hasher = Lying {
        lie,
        calls: Rc::default(),
    };
    let mut map: ArenaMap<Key, Tracked, Lying, _> = ArenaMap::with_hasher_in(hasher, &arena);
    let mut dice = Dice::new(n);
    for turn in 0..n * 6 {
        {
            let (key, value) = new(dice.below(n * 2));
            let drawn = dice.below(100);
            // Where nothing is ever equal, a map must not grow for ever.
            let adds = (turn / n).is_multiple_of(2) && (map.len() as u64) < 2 * n;
            match drawn {
                0..=29 if adds => drop(map.insert(key, value)),
                0..=39 if adds => _ = map.entry(key).or_insert(value),
                0..=49 if adds => drop(map.entry(key).insert(value)),
                0..=54 if adds => drop(map.insert_unique(map.hash_of(&key), key, value)),
                0..=59 if adds => map.extend([(key, value)]),
                0..=64 if adds => drop(map.try_insert(key, value)),
                0..=29 => drop(map.remove(&key)),
                30..=44 => {
                    if let Entry::Occupied(entry) = map.entry(key) {
                        entry.remove_entry();
                    }
                }
                45..=64 => {
                    if let Entry::Occupied(entry) = map.entry(key) {
                        entry.replace_entry_with(|_, _| drawn.is_multiple_of(2).then_some(value));
                    }
                }
                65..=89 => {
                    assert!(map.get(&key).is_none_or(|value| value.id < world.made.get()));
                    map.get_disjoint_mut([&key]);
                }
                90 => map.retain(|key, _| key.0 % 16 != turn % 16),
                91 => drop(map.extract_if(|key, _| key.0 % 32 == turn % 32).take(9).count()),
                92 => map.reserve(usize::try_from(dice.below(n)).unwrap()),
                93 if turn % 4 == 0 => map.shrink_to_fit(),
                94 if turn % 4 == 0 => assert_eq!(map.clone().into_iter().count(), map.len()),
                95 if turn % 16 == 0 => drop(map.drain().take(3).count()),
                96 => map.values_mut().for_each(|value| assert!(value.id < world.made.get())),
                _ => _ = map.settle(1),
            }
        }
        if turn % (n / 8 + 1) == 0 {
            let keys: BTreeSet<u64> = map.iter().flat_map(|(key, value)| [key.1.id, value.id]).collect();
            assert_eq!(keys.len(), 2 * map.len(), "each is there once");
            assert_eq!(
                *world.alive.borrow(),
                keys,
                "what is in the map lives, and nothing else does"
            );
        }
    }
    drop(map);
    assert_eq!((world.alive.borrow().len(), arena.used()), (0, 0));
}

const SIZES: [u64; 6] = [3, 14, 60, 225, 700, 2_000];

#[test]
fn a_hasher_that_lies_loses_nothing_and_drops_nothing_twice() {
    for (name, lie) in LIES {
        for n in &SIZES[..times(SIZES.len(), 4)] {
            println!("{name}, {n} entries");
            map_program(*n, lie, LIKENESSES[0].1);
        }
    }
}

#[test]
fn an_equality_that_is_none_loses_nothing_and_drops_nothing_twice() {
    for (name, likeness) in LIKENESSES {
        for n in &SIZES[..times(SIZES.len(), 3)] {
            println!("{name}, {n} entries");
            map_program(*n, |hash, _| hash, likeness);
            map_program(*n, |hash, _| (hash % 3) << 57, likeness);
        }
    }
}

#[test]
fn both_at_once() {
    for (_, lie) in LIES {
        for (_, likeness) in LIKENESSES {
            map_program(if cfg!(miri) { 60 } else { 500 }, lie, likeness);
        }
    }
}

/// Copied keys are blocks of their own: each is given back once.
#[test]
fn copied_keys_are_given_back_once_whatever_the_hasher_says() {
    for (name, lie) in LIES {
        for n in &SIZES[..times(SIZES.len(), 3)] {
            let arena = Arena::new();
            let hasher = Lying {
                lie,
                calls: Rc::default(),
            };
            let mut map: StrMap<u64, Lying, _> = StrMap::with_hasher_in(hasher, &arena);
            let mut dice = Dice::new(*n);
            for turn in 0..n * 6 {
                let word = format!("key {}", dice.below(n * 2));
                let adds = (turn / n).is_multiple_of(2) && (map.len() as u64) < 2 * n;
                match dice.below(20) {
                    0..=9 if adds => _ = map.insert(&word, turn),
                    0..=14 if adds => _ = map.entry(&word).or_insert(turn),
                    0..=14 => _ = map.remove(&word),
                    15..=17 => assert!(map.get(&word).is_none_or(|value| *value <= turn)),
                    18 => map.retain(|word, _| word.len() % 5 != usize::try_from(turn % 5).unwrap()),
                    _ => _ = map.settle(1),
                }
                if turn % (n / 8 + 1) == 0 {
                    assert_eq!(map.iter().count(), map.len(), "{name}");
                    assert!(map.keys().all(|word| word.starts_with("key ")));
                }
            }
            drop(map);
            assert_eq!(arena.used(), 0, "{name}, {n} entries");
        }
    }
}

#[test]
fn sets_of_liars_answer_something() {
    for (_, lie) in LIES {
        let set = |from: u64| {
            let mut set = ArenaSet::with_hasher(Lying {
                lie,
                calls: Rc::default(),
            });
            set.extend(from..from + 400);
            set
        };
        let (one, other) = (set(0), set(200));
        assert!(one.union(&other).count() >= 400 && one.intersection(&other).count() <= one.len());
        assert!(one.difference(&other).chain(&other).count() >= other.len());
        let mut sum = set(0);
        for _ in 0..3 {
            sum |= &other;
            sum ^= &one;
            sum -= &other;
            sum &= &one;
            assert_eq!(sum.iter().count(), sum.len());
        }
    }
}
