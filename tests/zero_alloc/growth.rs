//! Growing far: a table that doubles in steps, and a load that is larger than any before it was.

use arenamap::{Arena, ArenaMap};
use foldhash::fast::FixedState;
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control, on_every_handle};
use crate::support::{fixed, key};

/// Entries that a table doubles for many times: nine times in steps.
const MANY: u64 = 100_000;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = double_in_steps();
    trials.push(steps_are_made());
    trials.extend(settle());
    trials.extend(fewer_entries_than_before());
    trials
}

/// From nothing through every doubling, and back.
fn double_in_steps() -> Vec<Trial> {
    on_every_handle!("double_in_steps", |map: u64 => u64| {
        for i in 0..MANY {
            map.insert(key(i), i);
        }
        for i in 0..MANY {
            assert_eq!(map.remove(&key(i)), Some(i));
        }
    })
}

/// The claim above is about steps: its load makes them.
fn steps_are_made() -> Trial {
    cycle_claim("double_in_steps::are_made", Arena::new, |arena| {
        let mut map = ArenaMap::<u64, u64, _, _>::with_hasher_in(fixed(), &*arena);
        let mut steps = 0;
        for i in 0..MANY {
            map.insert(key(i), i);
            steps += usize::from(map.stats().left_to_move > 0);
        }
        assert!(steps > 1_000, "{steps} steps");
        drop(map);
        arena.reset();
    })
}

fn settle() -> Vec<Trial> {
    vec![
        cycle_claim("settle", Arena::new, |arena| {
            let mut map = ArenaMap::<u64, u64, _, _>::with_hasher_in(fixed(), &*arena);
            for i in 0..MANY {
                map.insert(key(i), i);
                if i % 1_000 == 0 {
                    while !map.settle(100) {}
                }
            }
            drop(map);
            arena.reset();
        }),
        cycle_control(
            "settle",
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
