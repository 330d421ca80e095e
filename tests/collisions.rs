//! Promise P10, level by level: keys of which one, 16 or all have the same half cost what random keys cost under a hasher that sees the
//! whole key, in every kind of map. Cost is counted: comparisons of keys.
//!
//! The control is a bad hasher, which sees only the half that is the same. `benches/collisions.rs` times the same keys;
//! `cargo test --all-features --test collisions -- --nocapture` prints the counts.

use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;

use arenamap::{ArenaMap, PathMap, StrMap};
use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

#[path = "support/basics.rs"]
mod basics;
#[path = "support/colliding.rs"]
mod colliding;

use basics::{key as random, times};
use colliding::{Bad, text};

/// Entries of a map, and keys looked up that are missing.
const KEYS: u64 = times(1_000, 100) as u64;

/// As many comparisons are a long chain.
#[allow(clippy::cast_precision_loss, reason = "a small number")]
const QUARTER: f64 = KEYS as f64 / 4.0;

/// Maps over which the mean is taken.
const SEEDS: u64 = times(100, 1) as u64;

thread_local! {
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    COMPARED.set(COMPARED.get() + 1);
}

/// The i-th key: the lower half is that of its cluster, the upper half its own.
fn key(i: u64, cluster: u64) -> u64 {
    (i + 1) << 32 | random(i / cluster) & 0xFFFF_FFFF
}

/// A number that counts how often it is compared.
#[derive(Clone, Copy, Debug, Eq)]
struct Key(u64);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        count();
        self.0 == other.0
    }
}

/// A map that takes numbers as keys, and counts.
trait Map {
    /// Counts as a search that ends where the key goes.
    fn insert(&mut self, key: u64);
    fn has(&self, key: u64) -> bool;
}

impl<S: BuildHasher> Map for ArenaMap<Key, (), S> {
    fn insert(&mut self, key: u64) {
        assert!(self.insert(Key(key), ()).is_none());
    }

    fn has(&self, key: u64) -> bool {
        self.contains_key(&Key(key))
    }
}

impl<S: BuildHasher> Map for PathMap<Key, (), S> {
    fn insert(&mut self, key: u64) {
        assert!(self.insert([&Key(key)], ()).is_none());
    }

    fn has(&self, key: u64) -> bool {
        self.contains([&Key(key)])
    }
}

/// Compares texts, which do not count: the calls that take a hash do.
impl<S: BuildHasher> Map for StrMap<(), S> {
    fn insert(&mut self, key: u64) {
        assert!(!self.has(key));
        self.insert(&text(key), ());
    }

    fn has(&self, key: u64) -> bool {
        let text = text(key);
        let is_it = |known: &str| {
            count();
            known == text
        };
        self.find(self.hash_of(&text), is_it).is_some()
    }
}

#[cfg(feature = "fixed")]
mod in_fixed_maps {
    use arenamap::fixed::__private::{rkyv, zerocopy};
    use arenamap::fixed::{AlignedBytes, FixedKey, FixedMap, FixedValue, KeyHasher, Schema, u64_le};

    use super::{KEYS, Map, count, random};

    /// A number that counts how often it is compared, and gives these bits to the hasher.
    macro_rules! number {
        ($name:ident, $bits:literal) => {
            #[derive(
                zerocopy::FromBytes,
                zerocopy::IntoBytes,
                zerocopy::Immutable,
                rkyv::Portable,
                rkyv::bytecheck::CheckBytes,
            )]
            #[zerocopy(crate = "arenamap::fixed::__private::zerocopy")]
            #[rkyv(crate = rkyv)]
            #[bytecheck(crate = rkyv::bytecheck)]
            #[repr(transparent)]
            pub(crate) struct $name(u64_le);

            impl FixedValue for $name {
                const SCHEMA: Schema = Schema::leaf(stringify!($name), 8, 8);
            }

            impl FixedKey for $name {
                fn hash_key(&self, hasher: &mut KeyHasher<'_>) {
                    hasher.write_u64(self.0.to_native() & $bits);
                }

                fn same(&self, other: &Self) -> bool {
                    count();
                    self.0 == other.0
                }
            }

            impl Map for FixedMap<$name, ()> {
                fn insert(&mut self, key: u64) {
                    assert!(matches!(self.insert($name(key.into()), ()), Ok(None)));
                }

                fn has(&self, key: u64) -> bool {
                    self.contains_key(&$name(key.into()))
                }
            }
        };
    }

    number!(Whole, 0xFFFF_FFFF_FFFF_FFFF);
    number!(Half, 0xFFFF_FFFF);

    pub(crate) fn new<K: FixedKey>(seed: u64) -> FixedMap<K, ()> {
        let capacity = usize::try_from(KEYS).unwrap();
        let memory = AlignedBytes::zeroed(FixedMap::<K, ()>::bytes_for(capacity));
        FixedMap::create_seeded(memory, capacity, random(seed)).unwrap()
    }
}

/// Comparisons of one insert, one hit and one miss.
type Cost = [f64; 3];

/// The mean cost of maps with these keys.
#[allow(clippy::cast_precision_loss, reason = "small numbers")]
fn cost<M: Map>(cluster: u64, seeds: u64, new: impl Fn(u64) -> M) -> Cost {
    let mut costs = [0; 3];
    for seed in 0..seeds {
        let mut map = new(seed);
        let mut counted = |at: usize, act: &mut dyn FnMut()| {
            COMPARED.set(0);
            act();
            costs[at] += COMPARED.get();
        };
        counted(0, &mut || (0..KEYS).for_each(|i| map.insert(key(i, cluster))));
        counted(1, &mut || assert!((0..KEYS).all(|i| map.has(key(i, cluster)))));
        // Of the same clusters.
        counted(2, &mut || {
            assert!(!(0..KEYS).any(|i| map.has(key(i, cluster) + (KEYS << 32))));
        });
    }
    costs.map(|count| count as f64 / (seeds * KEYS) as f64)
}

/// The multipliers of so many processes.
static PROCESSES: LazyLock<Vec<SharedSeed>> = LazyLock::new(|| {
    let seeds = (0..SEEDS).map(|seed| random(2 * seed));
    seeds.map(SharedSeed::from_u64).collect()
});

/// A hasher as the default makes it, in a process of its own.
fn default_of(seed: u64) -> SeedableRandomState {
    let process = &PROCESSES[usize::try_from(seed).unwrap()];
    SeedableRandomState::with_seed(random(2 * seed + 1), process)
}

/// One in its place, 16, all.
const LEVELS: [u64; 3] = [1, 16, u64::MAX];

fn levels<M: Map, B: Map>(name: &str, new: impl Fn(u64) -> M, bad: impl Fn() -> B) {
    let [low, medium, hostile] = LEVELS.map(|cluster| cost(cluster, SEEDS, &new));
    let with_bad = LEVELS.map(|cluster| cost(cluster, 1, |_| bad()));
    println!(
        "{name}: insert, hit, miss at the levels, default {low:.3?} {medium:.3?} {hostile:.3?}, bad {with_bad:.3?}"
    );
    assert!(
        (1.0..1.2).contains(&low[1]),
        "{name}: a hit compares once, and seldom more: {low:?}"
    );
    for level in [medium, hostile] {
        // Of a miss, nearly none: two in a hundred more are no chain.
        let is_as_usual = |at: usize| level[at] <= 2.0 * low[at] + 0.02;
        assert!((0..3).all(is_as_usual), "{name}: {level:?}, random keys {low:?}");
    }
    assert!(
        with_bad[2].iter().all(|&cost| cost > QUARTER),
        "{name}: the control must be hurt: {with_bad:?}"
    );
    assert!(
        with_bad[1][1] > 4.0 * low[1],
        "{name}: 16 keys in a place are a chain: {with_bad:?}"
    );
}

#[test]
fn p10_colliding_halves_cost_what_random_keys_cost() {
    let arena_map = |seed| ArenaMap::with_hasher(default_of(seed));
    levels("ArenaMap", arena_map, || ArenaMap::with_hasher(Bad));
    let str_map = |seed| StrMap::with_hasher(default_of(seed));
    levels("StrMap", str_map, || StrMap::with_hasher(Bad));
    let path_map = |seed| PathMap::<Key, (), _>::with_hasher(default_of(seed));
    levels("PathMap", path_map, || PathMap::<Key, (), _>::with_hasher(Bad));
    #[cfg(feature = "fixed")]
    levels("FixedMap", in_fixed_maps::new::<in_fixed_maps::Whole>, || {
        in_fixed_maps::new::<in_fixed_maps::Half>(0)
    });
}

/// Comparisons of a call, at most those of its three parts and few by chance.
const FEW: u64 = 16;

fn compared<R>(call: impl FnOnce() -> R) -> (R, u64) {
    COMPARED.set(0);
    let result = call();
    (result, COMPARED.get())
}

/// A tree keeps its hashes when it moves, and another one that is made in its place must not get the same ones.
#[test]
fn trees_that_moved_from_one_path_do_not_crowd() {
    let (place, middle, leaf) = (Key(0), Key(1), Key(2));
    let mut map = PathMap::<Key, u64, _>::with_hasher(default_of(0));
    for i in 0..KEYS {
        let (old, cost) = compared(|| map.insert([&place, &middle, &leaf], i));
        assert!(old.is_none() && cost <= FEW, "tree {i}: {cost} comparisons");
        let (done, cost) = compared(|| map.move_subtree([&place], [&Key(i + 10)]));
        assert!(done.is_ok() && cost <= FEW, "move {i}: {cost} comparisons");
    }
    for i in 0..KEYS {
        let (value, cost) = compared(|| map.get([&Key(i + 10), &middle, &leaf]).copied());
        assert_eq!(value, Some(i));
        assert!(cost <= FEW, "{cost} comparisons");
        let (value, cost) = compared(|| map.get([&Key(i + 10), &leaf, &middle]).copied());
        assert!(value.is_none() && cost <= FEW, "{cost} comparisons");
    }
}

/// So must one that is made where another was cut off, while that one waits.
#[test]
fn trees_that_wait_do_not_crowd() {
    let (place, leaf) = (Key(0), Key(1));
    let mut map = PathMap::<Key, (), _>::with_hasher(default_of(0));
    map.insert([&Key(3)], ()); // so that the root stays
    // (Each write recycles eight nodes: so many are there to the end.)
    for i in 0..16 * KEYS {
        map.insert([&Key(2), &Key(i)], ());
    }
    assert!(map.remove_subtree([&Key(2)]));
    for i in 0..KEYS / 2 {
        let (old, cost) = compared(|| map.insert([&place, &leaf], ()));
        assert!(old.is_none() && cost <= FEW, "tree {i}: {cost} comparisons");
        let (is_there, cost) = compared(|| map.remove_subtree([&place]));
        assert!(is_there && cost <= FEW, "tree {i}: {cost} comparisons");
    }
    assert!(map.stats().waiting as u64 > KEYS, "all waited");
}
