//! Reading: every lookup, by the key itself and by what is equivalent to it.

use std::fmt::{self, Write};
use std::hint::black_box;

use arenamap::{Arena, ArenaMap, ArenaString, Equivalent, Parts, StrMap, key_struct};
use foldhash::fast::FixedState;
use libtest_mimic::Trial;

use crate::proof::{claim, control, cycle_claim, cycle_control, on_every_handle};
use crate::support::{fixed, key};

const N: u64 = 500;

pub(crate) fn trials() -> Vec<Trial> {
    [get(), get_by_parts(), prehashed(), layout()]
        .into_iter()
        .flatten()
        .collect()
}

fn get() -> Vec<Trial> {
    on_every_handle!("get", |map: u64 => u64| {
        for i in 0..N {
            map.insert(key(i), i);
        }
        for i in 0..2 * N {
            let found = i < N;
            assert_eq!(map.get(&key(i)).is_some(), found);
            assert_eq!(map.contains_key(&key(i)), found);
            assert_eq!(map.get_key_value(&key(i)).is_some(), found);
        }
        assert_eq!(map[&key(7)], 7);
        black_box((map.len(), map.is_empty(), map.capacity()));
    })
}

/// A path of two parts, looked up without being joined.
#[derive(Hash)]
struct Path<'a>(&'a str, &'a str);

impl Equivalent<(&str, &str)> for Path<'_> {
    fn equivalent(&self, key: &(&str, &str)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

key_struct! {
    /// The same, with strings of its own.
    struct Names { first: ArenaString, second: ArenaString, number: u32 }
}

/// A composite key is found by its borrowed parts; the usual cure, joining them, allocates at each lookup.
fn get_by_parts() -> Vec<Trial> {
    const NAMES: [&str; 4] = ["users", "orders", "carts", "images"];
    vec![
        claim(
            "get_by_parts",
            || {
                let mut map =
                    ArenaMap::<(&'static str, &'static str), u64, FixedState>::with_hasher_in(fixed(), Arena::new());
                for (i, first) in NAMES.into_iter().enumerate() {
                    for second in NAMES {
                        map.insert((first, second), i as u64);
                    }
                }
                map
            },
            |_| {},
            |map| {
                for (i, first) in NAMES.into_iter().enumerate() {
                    for second in NAMES {
                        assert_eq!(map.get(&Path(first, second)), Some(&(i as u64)));
                    }
                }
                assert_eq!(map.get(&Path("no", "such")), None);
            },
        ),
        claim(
            "get_by_parts_of_structs",
            || {
                let mut map = ArenaMap::<Names, u32, FixedState>::with_hasher_in(fixed(), Arena::new());
                for (number, first) in (0..).zip(NAMES) {
                    for second in NAMES {
                        let [first, second] = [first, second].map(ArenaString::from);
                        map.insert(Names { first, second, number }, number);
                    }
                }
                map
            },
            |_| {},
            |map| {
                for (number, first) in (0..).zip(NAMES) {
                    for second in NAMES {
                        assert_eq!(map.get(&Parts((first, second, number))), Some(&number));
                        assert!(!map.contains_key(&Parts((first, second, number + 1))));
                    }
                }
            },
        ),
        control(
            "get_by_parts",
            || {
                let mut map = hashbrown::HashMap::<String, u64, FixedState>::with_hasher(fixed());
                for (i, first) in NAMES.into_iter().enumerate() {
                    for second in NAMES {
                        map.insert(format!("{first}/{second}"), i as u64);
                    }
                }
                map
            },
            |_| {},
            |map| {
                for (i, first) in NAMES.into_iter().enumerate() {
                    for second in NAMES {
                        assert_eq!(map.get(&format!("{first}/{second}")), Some(&(i as u64)));
                    }
                }
            },
        ),
    ]
}

/// The hash computed once and used many times; the twin builds a key for the same purpose.
fn prehashed() -> Vec<Trial> {
    vec![
        cycle_claim("prehashed", Arena::new, |arena| {
            {
                let mut map = ArenaMap::<u64, u64, FixedState, _>::with_hasher_in(fixed(), &*arena);
                for i in 0..N {
                    let hash = map.hash_of(&key(i));
                    assert!(map.find(hash, |&known| known == key(i)).is_none());
                    map.insert_unique(hash, key(i), i);
                    *map.find_mut(hash, |&known| known == key(i)).expect("just inserted").1 += 1;
                    assert!(map.iter_hash(hash).any(|(&known, _)| known == key(i)));
                }
                let hash = map.hash_of(&key(0));
                let entry = map.find_entry(hash, |&known| known == key(0));
                assert_eq!(entry.expect("inserted above").remove(), 1);
            }
            arena.reset();
        }),
        cycle_control(
            "prehashed",
            || (),
            |()| {
                let mut map = hashbrown::HashMap::<u64, u64, FixedState>::with_hasher(fixed());
                for i in 0..N {
                    map.insert(key(i), i);
                }
            },
        ),
    ]
}

/// Counts what is written, and forgets it.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// The report of where the bytes of a map are, at every size, and its text.
fn layout() -> Vec<Trial> {
    vec![
        cycle_claim("layout", Arena::new, |arena| {
            {
                let mut map = ArenaMap::<u32, u64, FixedState, _>::with_hasher_in(fixed(), &*arena);
                let mut words = StrMap::<u64, FixedState, _>::with_hasher_in(fixed(), &*arena);
                for i in 0..N {
                    map.insert(u32::try_from(i).expect("few"), i);
                    words.insert(["a", "few", "words"][map.len() % 3], i);
                    let both = map.layout().total() + words.layout().total();
                    assert_eq!(both, arena.used());
                }
                let mut text = Length(0);
                write!(text, "{} {}", map.layout(), words.layout()).expect("it only counts");
                assert!(text.0 > 200);
            }
            arena.reset();
        }),
        cycle_control(
            "layout",
            || ArenaMap::<u32, u64>::from([(1, 1)]),
            |map| assert!(map.layout().to_string().len() > 100),
        ),
    ]
}
