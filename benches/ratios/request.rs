//! The request cycle: create, fill, read, iterate, drop; arena reset and size hint inside the span.

use std::collections::HashMap;

use arenamap::{Arena, ArenaMap, SizeHint};
use bumpalo::Bump;
use foldhash::fast::RandomState;

use crate::support::race::{Lane, race};
use crate::support::report::Row;
use crate::support::{self, cycle, string_cycle};
use crate::{ROUNDS, SLICE};

type FoldIn<'a, K, V> = hashbrown::HashMap<K, V, RandomState, &'a Bump>;

static STRINGS: SizeHint = SizeHint::new();

pub(crate) fn rows(rows: &mut Vec<Row>) {
    for n in support::sizes(&[8, 32, 128, 1024, 8192]) {
        numbers(n, rows);
    }
    strings(rows);
}

fn numbers(n: usize, rows: &mut Vec<Row>) {
    let (over_std, presized) = match n {
        0..32 => (2.8, 1.0 / 1.10),
        32 => (3.5, 1.0 / 1.10),
        _ => (4.0, 1.0 / 1.05),
    };
    let pairs = &support::pairs(n)[..];
    let sum = support::cycle_sum(pairs);
    // One hint for each size, as each place in a program has its own.
    let hint: &'static SizeHint = Box::leak(Box::new(SizeHint::new()));
    let (mut arena, mut bump, mut presized_bump) = (Arena::new(), Bump::new(), Bump::new());
    let times = race(
        support::rounds(ROUNDS),
        SLICE,
        vec![
            Lane::new("arenamap + hint", sum, || {
                let sum = cycle!(ArenaMap::with_hint_in(hint, &arena), pairs);
                arena.reset();
                sum
            }),
            Lane::new("std", sum, || cycle!(HashMap::new(), pairs)),
            Lane::new("hashbrown in Bump", sum, || {
                let sum = cycle!(FoldIn::with_hasher_in(RandomState::default(), &bump), pairs);
                bump.reset();
                sum
            }),
            Lane::new("the same, pre-sized", sum, || {
                let hasher = RandomState::default();
                let map = FoldIn::with_capacity_and_hasher_in(pairs.len(), hasher, &presized_bump);
                let sum = cycle!(map, pairs);
                presized_bump.reset();
                sum
            }),
            Lane::new("std + foldhash", sum, || {
                cycle!(HashMap::with_hasher(RandomState::default()), pairs)
            }),
            Lane::new("hashbrown, pre-sized", sum, || {
                let hasher = RandomState::default();
                cycle!(hashbrown::HashMap::with_capacity_and_hasher(pairs.len(), hasher), pairs)
            }),
        ],
    );
    let promised = [Some(over_std), Some(2.0), Some(presized), None, None];
    for (peer, at_least) in times[1..].iter().zip(promised) {
        rows.push(Row::of_times("request, u64", n, &times[0], peer, at_least));
    }
}

fn strings(rows: &mut Vec<Row>) {
    let pairs = &support::string_pairs(64)[..];
    let sum = support::string_cycle_sum(pairs);
    let (mut arena, mut bump, mut presized_bump) = (Arena::new(), Bump::new(), Bump::new());
    let times = race(
        support::rounds(ROUNDS),
        SLICE,
        vec![
            Lane::new("arenamap + hint", sum, || {
                let map = ArenaMap::<&str, &str, RandomState, _>::with_hint_in(&STRINGS, &arena);
                let sum = string_cycle!(map, pairs, |text| &*arena.alloc_str(text));
                arena.reset();
                sum
            }),
            Lane::new("std", sum, || {
                string_cycle!(HashMap::new(), pairs, |text| text.to_owned())
            }),
            Lane::new("hashbrown in Bump", sum, || {
                let map = FoldIn::<&str, &str>::with_hasher_in(RandomState::default(), &bump);
                let sum = string_cycle!(map, pairs, |text| &*bump.alloc_str(text));
                bump.reset();
                sum
            }),
            Lane::new("the same, pre-sized", sum, || {
                let hasher = RandomState::default();
                let map = FoldIn::<&str, &str>::with_capacity_and_hasher_in(64, hasher, &presized_bump);
                let sum = string_cycle!(map, pairs, |text| &*presized_bump.alloc_str(text));
                presized_bump.reset();
                sum
            }),
            Lane::new("std + foldhash", sum, || {
                string_cycle!(HashMap::with_hasher(RandomState::default()), pairs, |text| text
                    .to_owned())
            }),
        ],
    );
    for (peer, at_least) in times[1..].iter().zip([Some(3.0), None, None, None]) {
        rows.push(Row::of_times("request, strings", 64, &times[0], peer, at_least));
    }
}
