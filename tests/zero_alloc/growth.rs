//! Growing far: segments that split, one flat table, and a load that is larger than any before it was.

use arenamap::{Arena, ArenaMap, Growth};
use foldhash::fast::FixedState;
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control, on_every_handle};
use crate::support::{fixed, key};

/// Entries that make several segments (256 KiB each) of 16-byte pairs.
const MANY: u64 = 100_000;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = split_segments();
    trials.push(segments_are_split());
    trials.extend(grow_flat());
    trials.extend(fewer_entries_than_before());
    trials
}

/// From nothing through every segment split, and back.
fn split_segments() -> Vec<Trial> {
    on_every_handle!("split_segments", |map: u64 => u64| {
        for i in 0..MANY {
            map.insert(key(i), i);
        }
        for i in 0..MANY {
            assert_eq!(map.remove(&key(i)), Some(i));
        }
    })
}

/// The claim above is about splits: its load makes them.
fn segments_are_split() -> Trial {
    cycle_claim("split_segments::are_split", Arena::new, |arena| {
        let mut map = ArenaMap::<u64, u64, _, _>::with_hasher_in(fixed(), &*arena);
        for i in 0..MANY {
            map.insert(key(i), i);
        }
        let stats = map.stats();
        assert!(stats.segments >= 8, "{} segments", stats.segments);
        drop(map);
        arena.reset();
    })
}

fn grow_flat() -> Vec<Trial> {
    vec![
        cycle_claim("grow_flat", Arena::new, |arena| {
            let mut map = ArenaMap::<u64, u64>::builder()
                .growth(Growth::Flat)
                .hasher(fixed())
                .build_in(&*arena);
            for i in 0..MANY {
                map.insert(key(i), i);
            }
            assert_eq!(map.stats().segments, 1);
            drop(map);
            arena.reset();
        }),
        cycle_control(
            "grow_flat",
            || (),
            |()| {
                let mut map = hashbrown::HashMap::<u64, u64, FixedState>::with_hasher(fixed());
                for i in 0..MANY {
                    map.insert(key(i), i);
                }
            },
        ),
    ]
}

/// After the largest request, smaller ones of other shapes are silent too: several maps, one after the other and at once.
fn fewer_entries_than_before() -> Vec<Trial> {
    use crate::proof::{claim, control};

    fn small(arena: &mut Arena) {
        for shift in 1..5 {
            let mut first = ArenaMap::<u64, u32, _, _>::with_hasher_in(fixed(), &*arena);
            let mut second = ArenaMap::<(u64, u64), (), _, _>::with_hasher_in(fixed(), &*arena);
            for i in 0..MANY >> (2 * shift) {
                first.insert(key(i), 0);
                second.insert((i, key(i)), ());
            }
        }
        arena.reset();
    }

    fn large(arena: &mut Arena) {
        let mut map = ArenaMap::<u64, u64, _, _>::with_hasher_in(fixed(), &*arena);
        for i in 0..MANY {
            map.insert(key(i), i);
        }
        drop(map);
        arena.reset();
    }

    fn heap() {
        for shift in 1..5 {
            let mut first = hashbrown::HashMap::<u64, u32, FixedState>::with_hasher(fixed());
            for i in 0..MANY >> (2 * shift) {
                first.insert(key(i), 0);
            }
        }
    }

    vec![
        claim("fewer_entries_than_before", Arena::new, large, small),
        control("fewer_entries_than_before", || (), |()| heap(), |()| heap()),
    ]
}
