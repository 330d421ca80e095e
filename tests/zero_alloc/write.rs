//! Writing: insert, overwrite, entry, changes in place, reserve, extend.

use std::hint::black_box;

use arenamap::hash_map::TryInsertError;
use arenamap::{Arena, ArenaMap};
use foldhash::fast::FixedState;
use libtest_mimic::Trial;

use crate::proof::{claim, control, on_every_handle};
use crate::support::{fixed, key};

/// Entries of a request; several growths, no segment split.
const N: u64 = 500;

pub(crate) fn trials() -> Vec<Trial> {
    [
        insert(),
        insert_large_values(),
        overwrite(),
        overwrite_when_full(),
        try_insert(),
        entry(),
        change_in_place(),
        reserve_and_shrink(),
        extend(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn insert() -> Vec<Trial> {
    on_every_handle!("insert", |map: u64 => u64| {
        for i in 0..N {
            assert_eq!(map.insert(key(i), i), None);
        }
        assert_eq!(map.len(), 500);
    })
}

/// Values of 1 KiB stand in their slots like any other.
fn insert_large_values() -> Vec<Trial> {
    on_every_handle!("insert_large_values", |map: u64 => [u64; 128]| {
        for i in 0..100 {
            map.insert(key(i), [i; 128]);
        }
        assert_eq!(map[&key(99)][127], 99);
    })
}

fn overwrite() -> Vec<Trial> {
    on_every_handle!("overwrite", |map: u64 => u64| {
        for i in 0..3 * N {
            map.insert(key(i % N), i);
        }
        assert_eq!(map[&key(0)], 2 * N);
    })
}

/// A map that is full stays as it is when its entries are overwritten; hashbrown's doubles.
fn overwrite_when_full() -> Vec<Trial> {
    macro_rules! fill {
        ($map:expr) => {{
            let mut map = $map;
            while map.len() < map.capacity() {
                let i = map.len() as u64;
                map.insert(key(i), i);
            }
            map
        }};
    }
    macro_rules! overwrite {
        ($map:expr) => {{
            let (n, capacity) = ($map.len() as u64, $map.capacity());
            for i in 0..n {
                $map.insert(key(i), i + 1);
            }
            black_box(capacity)
        }};
    }
    vec![
        claim(
            "overwrite_when_full",
            || {
                fill!(ArenaMap::<u64, u64, _>::with_capacity_and_hasher_in(
                    100,
                    fixed(),
                    Arena::new()
                ))
            },
            |_| {},
            |map| {
                assert_eq!(overwrite!(map), map.capacity(), "nothing grew");
            },
        ),
        control(
            "overwrite_when_full",
            || {
                fill!(hashbrown::HashMap::<u64, u64, FixedState>::with_capacity_and_hasher(
                    100,
                    fixed()
                ))
            },
            |_| {},
            |map| {
                overwrite!(map);
            },
        ),
    ]
}

/// What is in the map, and what did not come in: the same of both maps' errors.
trait Occupied {
    fn there(&self) -> (u64, u64);
}

impl<S, H: arenamap::Handle> Occupied for TryInsertError<'_, u64, u64, S, H> {
    fn there(&self) -> (u64, u64) {
        match self {
            Self::Occupied(error) => (*error.entry.get(), error.value),
            Self::Refused(error) => unreachable!("there is memory: {error}"),
        }
    }
}

impl<S> Occupied for hashbrown::hash_map::OccupiedError<'_, u64, u64, S> {
    fn there(&self) -> (u64, u64) {
        (*self.entry.get(), self.value)
    }
}

fn try_insert() -> Vec<Trial> {
    on_every_handle!("try_insert", |map: u64 => u64| {
        for i in 0..N {
            assert!(map.try_insert(key(i), i).is_ok());
        }
        for i in 0..N {
            let error = map.try_insert(key(i), i + 1).expect_err("occupied");
            assert_eq!(error.there(), (i, i + 1));
        }
    })
}

/// Every way through an entry: vacant, occupied, replaced, removed, left alone.
fn entry() -> Vec<Trial> {
    on_every_handle!("entry", |map: u64 => u64| {
        for i in 0..N {
            *map.entry(key(i % 100)).or_insert(0) += i;
            map.entry(key(i)).and_modify(|value| *value += 1).or_insert_with(|| i);
            map.entry(key(i)).or_insert_with_key(|key| key ^ i);
            *map.entry(key(2 * i)).or_default() += 1;
            map.entry(key(3 * i)).insert(i);
            black_box(map.entry(key(i + 7)).key());
        }
        for i in 0..N {
            let _ = map.entry(key(i)).and_replace_entry_with(|_, value| (i % 2 == 0).then_some(value));
        }
    })
}

fn change_in_place() -> Vec<Trial> {
    on_every_handle!("change_in_place", |map: u64 => u64| {
        for i in 0..N {
            map.insert(key(i), i);
        }
        for i in 0..N {
            *map.get_mut(&key(i)).expect("inserted above") += 1;
        }
        let [first, second, none] = map.get_disjoint_mut([&key(0), &key(1), &key(N)]);
        assert!(none.is_none());
        std::mem::swap(first.expect("inserted above"), second.expect("inserted above"));
        for value in map.values_mut() {
            *value += 1;
        }
        assert_eq!((map[&key(0)], map[&key(1)]), (3, 2));
    })
}

fn reserve_and_shrink() -> Vec<Trial> {
    on_every_handle!("reserve_and_shrink", |map: u64 => u64| {
        map.reserve(1_000);
        assert!(map.capacity() >= 1_000);
        map.try_reserve(2_000).expect("bytes for 2,000 entries");
        map.extend((0..N).map(|i| (key(i), i)));
        map.shrink_to(600);
        map.shrink_to_fit();
        assert!(map.capacity() < 2_000);
    })
}

fn extend() -> Vec<Trial> {
    on_every_handle!("extend", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        map.extend([(&key(0), &1)]);
        map.extend(&[(key(1), 2)]);
        assert_eq!(map.len(), 500);
    })
}
