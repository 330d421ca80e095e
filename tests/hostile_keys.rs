//! Promise P10: keys chosen without knowing the seed cost no more than twice what random keys cost.
//!
//! Cost is counted, not timed: how often a lookup compares keys. Who does not know the seed cannot choose a map whose seed
//! happens to suit his keys, so the cost is the mean over many maps: now and then a seed makes a pattern more than twice
//! as dear. The control is a hasher without a seed, for which the same keys are chosen well.
//!
//! The seeds are the default hasher's, drawn once and fixed: foldhash has one multiplier for all maps of a process, so that the
//! maps of a test with random seeds would all be as lucky or unlucky as the process. Of a thousand seeds up to five are bad for one
//! pattern or another, and are in the mean; the median is that of random keys.

mod support;

use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;

use arenamap::{Arena, ArenaMap};
use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use support::Identity;

const KEYS: u64 = if cfg!(miri) { 300 } else { 1_000 };

thread_local! {
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

#[derive(Clone, Copy, Debug)]
struct Key(u64);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        COMPARED.set(COMPARED.get() + 1);
        self.0 == other.0
    }
}

impl Eq for Key {}

/// Keys compared for looking up every key, and as many that are missing.
fn cost<S: BuildHasher>(hasher: S, key: impl Fn(u64) -> u64) -> u64 {
    let arena = Arena::new();
    let mut map = ArenaMap::with_hasher_in(hasher, &arena);
    for n in 0..KEYS {
        map.insert(Key(key(n)), n);
    }
    COMPARED.set(0);
    for n in 0..KEYS {
        assert_eq!(map.get(&Key(key(n))), Some(&n));
        assert_eq!(map.get(&Key(key(KEYS + n))), None);
    }
    COMPARED.get()
}

/// Maps over which the mean is taken, each with seeds of its own.
const SEEDS: u64 = if cfg!(miri) { 2 } else { 1_000 };

/// The multipliers of so many processes.
static PROCESSES: LazyLock<Vec<SharedSeed>> = LazyLock::new(|| {
    let seeds = (0..SEEDS).map(|seed| random(2 * seed));
    seeds.map(SharedSeed::from_u64).collect()
});

/// The mean cost of maps, each of another process.
fn mean_cost(key: impl Fn(u64) -> u64) -> u64 {
    let hashers = (0..).zip(PROCESSES.iter());
    let hashers = hashers.map(|(seed, process)| SeedableRandomState::with_seed(random(2 * seed + 1), process));
    hashers.map(|hasher| cost(hasher, &key)).sum::<u64>() / SEEDS
}

/// A number without a pattern, from an invertible mixing step (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
fn random(n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

type Pattern = (&'static str, fn(u64) -> u64);

const PATTERNS: [Pattern; 7] = [
    ("sequential", |n| n),
    ("multiples of 2^16", |n| n << 16),
    ("multiples of 2^32", |n| n << 32),
    ("top bits only", |n| n.rotate_right(16)),
    ("bits reversed", u64::reverse_bits),
    ("both halves alike", |n| n << 32 | n),
    ("the top byte undoing the low one", |n| n << 56 | n),
];

#[test]
fn p10_patterns_cost_no_more_than_twice_what_random_keys_cost() {
    let usual = mean_cost(random);
    assert!(usual >= KEYS, "each hit compares once");
    for (name, key) in PATTERNS {
        let cost = mean_cost(key);
        assert!(cost <= 2 * usual, "{name}: {cost} comparisons, random keys {usual}");
    }
}

#[test]
fn p10_the_same_keys_hurt_a_hasher_without_a_seed() {
    let usual = cost(Identity, random);
    let (_, key) = PATTERNS[2];
    let cost = cost(Identity, key);
    assert!(
        cost > 2 * usual,
        "the control must be hurt: {cost} comparisons, random keys {usual}"
    );
}

/// Two maps do not share a seed: what collides in one does not in the other.
#[test]
fn p10_every_map_has_a_seed_of_its_own() {
    let arena = Arena::new();
    let hashes: Vec<u64> = (0..16)
        .map(|_| ArenaMap::<u64, u64, _, _>::new_in(&arena).hash_of(&1))
        .collect();
    assert!(hashes.iter().any(|hash| *hash != hashes[0]));
}
