//! Keys chosen to collide under a seed that was known, in maps with that seed and with others.

use std::hint::black_box;
use std::time::Instant;

use arenamap::fixed::{AlignedBytes, FixedKey, FixedMap, KeyHasher, KeySecrets, u64_le};

use crate::lanes::{self, shuffled};
use crate::peers::{Ours, Peer};
use crate::support::race::{Lane, race_once};
use crate::support::report::{Row, Section};
use crate::{race_at, support};

const KNOWN: u64 = 42;
/// Fresh seeds: each round takes another.
const ROUNDS: usize = 15;

/// Keys of which each has its home in the first group of a map for `n` entries with the seed [`KNOWN`].
fn chosen(n: usize) -> Vec<u64> {
    let groups = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(Ours::bytes_for(n)), n)
        .map(|map| map.stats().groups)
        .expect("memory of the right size");
    let secrets = KeySecrets::seed(KNOWN);
    let home = |key: u64| {
        let mut hasher = KeyHasher::new(&secrets);
        u64_le::from(key).hash_key(&mut hasher);
        (u128::from(hasher.finish()) * groups as u128) >> 64
    };
    (0..).map(support::key).filter(|&key| home(key) == 0).take(n).collect()
}

pub(crate) fn section() -> Section {
    let n = *support::sizes(&[1_000, 100_000]).last().expect("two sizes");
    let chosen = chosen(n);
    let random: Vec<u64> = (0..n as u64).map(|i| support::key(1 << 50 | i)).collect();
    let mut rows = Vec::new();

    // Under the seed they were chosen for: what it costs not to draw a new one.
    let known = || Ours::for_entries(n, KNOWN);
    let times = race_once(
        1,
        vec![
            builds("chosen keys", &chosen, known),
            builds("random keys", &random, known),
        ],
    );
    rows.push(Row::of_times("insert, known seed", n, &times[0], &times[1], None));
    let flooded = built(&chosen, known());
    let usual = built(&random, known());
    let stats = flooded[0].stats();
    let few = |keys: &[u64]| vec![keys[..n.min(500)].to_vec()];
    let (chosen_few, random_few) = (few(&shuffled(chosen.clone())), few(&random));
    let times = race_once(
        1,
        vec![
            lanes::lookups("chosen keys", &flooded, &chosen_few, true, Peer::get),
            lanes::lookups("random keys", &usual, &random_few, true, Peer::get),
        ],
    );
    rows.push(Row::of_times("hit, known seed", n, &times[0], &times[1], None));

    // Under seeds drawn afterwards: no more than twice what random keys cost.
    let mut seeds = [KNOWN + 1, KNOWN + 1];
    let [ours, peers] = &mut seeds;
    let times = race_once(
        support::rounds(ROUNDS),
        vec![
            builds("chosen keys", &chosen, || Ours::for_entries(n, next(ours))),
            builds("random keys", &random, || Ours::for_entries(n, next(peers))),
        ],
    );
    rows.push(Row::of_times("insert, fresh seeds", n, &times[0], &times[1], Some(0.5)));
    let times = race_once(
        support::rounds(ROUNDS),
        vec![rekeys("chosen keys", &flooded[0]), rekeys("random keys", &usual[0])],
    );
    rows.push(Row::of_times(
        "copy_into, fresh seeds",
        n,
        &times[0],
        &times[1],
        Some(0.5),
    ));

    let [flooded, usual] = [&chosen, &random].map(|keys| built(keys, Ours::for_entries(n, support::key(KNOWN))));
    let queries = [&chosen, &random].map(|keys| vec![shuffled(keys.clone())]);
    let absent = vec![(0..n as u64).map(|i| support::key(1 << 51 | i)).collect::<Vec<u64>>()];
    for (what, queries, hit) in [
        ("hit, fresh seed", [&queries[0], &queries[1]], true),
        ("miss, fresh seed", [&absent, &absent], false),
    ] {
        let times = race_at(
            n,
            vec![
                lanes::lookups("chosen keys", &flooded, queries[0], hit, Peer::get),
                lanes::lookups("random keys", &usual, queries[1], hit, Peer::get),
            ],
        );
        rows.push(Row::of_times(what, n, &times[0], &times[1], Some(0.5)));
    }
    Section::of_rows(
        "hostile: keys chosen to collide under a known seed, against random keys; ns per key",
        &rows,
    )
    .with_note(format!(
        "Under the known seed a hit looks at {:.0} groups, under a fresh one at {:.3}; random keys at {:.3}.",
        stats.groups_per_hit,
        flooded[0].stats().groups_per_hit,
        usual[0].stats().groups_per_hit
    ))
}

fn next(seed: &mut u64) -> u64 {
    *seed += 1;
    support::key(*seed)
}

fn built(keys: &[u64], mut map: Ours) -> [Ours; 1] {
    for &key in keys {
        Peer::insert(&mut map, key, !key);
    }
    assert_eq!(Peer::len(&map), keys.len());
    [map]
}

/// Fills a new map, made outside the clock.
fn builds<'a>(name: &'static str, keys: &'a [u64], mut new: impl FnMut() -> Ours + 'a) -> Lane<'a> {
    Lane::timed(name, move || {
        let mut map = new();
        let start = Instant::now();
        for &key in keys {
            black_box(Peer::insert(&mut map, key, !key));
        }
        let span = start.elapsed();
        assert_eq!(Peer::len(&map), keys.len());
        span
    })
    .of(keys.len())
}

/// Copies a map into memory that was touched, with a fresh seed.
fn rekeys<'a>(name: &'static str, map: &'a Ours) -> Lane<'a> {
    let mut memory = AlignedBytes::from_slice(map.as_bytes());
    Lane::timed(name, move || {
        let start = Instant::now();
        let copy = map
            .copy_into(&mut memory[..], map.capacity())
            .expect("memory of the right size");
        let span = start.elapsed();
        assert_eq!(copy.len(), map.len());
        assert_ne!(copy.seed(), map.seed());
        span
    })
    .of(Peer::len(map))
}
