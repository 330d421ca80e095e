//! Promise P10 for `FixedMap`: keys chosen without knowing the seed cost no more than twice what random keys cost.
//!
//! Cost is counted, not timed: the groups that a search looks at, and the keys that it compares. The keys that are chosen for a
//! known seed are the control: there the same counts are bad, and a copy under a seed of its own makes them good again.
//!
//! `cargo test --release --features fixed --test fixed_hostile_keys -- --nocapture` prints what each pattern costs.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "numbers of keys are small, and means are for people"
)]

#[path = "support/basics.rs"]
mod support;

use std::cell::Cell;

use zerocopy::{FromBytes, IntoBytes};

use arenamap::fixed::{
    AlignedBytes, FixedBytes, FixedKey, FixedMap, FixedStr, KeyHasher, KeySecrets, Query, f64_le, i64_le, u16_le,
    u32_le, u64_le, u128_le,
};

/// Keys of a map; fewer where counting is slow.
const KEYS: u64 = if cfg!(miri) {
    200
} else if cfg!(debug_assertions) {
    4_000
} else {
    100_000
};

/// Maps over which the mean is taken, each with a seed of its own.
const SEEDS: u64 = if cfg!(miri) { 2 } else { 20 };

type Map<K> = FixedMap<K, (), AlignedBytes>;

thread_local! {
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

/// Looks up as the key does, and counts the keys that it is compared with.
struct Counted<'k, K>(&'k K);

impl<K: FixedKey> Query<K> for Counted<'_, K> {
    fn hash_query(&self, hasher: &mut KeyHasher<'_>) {
        self.0.hash_key(hasher);
    }

    fn is_key(&self, key: &K) -> bool {
        COMPARED.set(COMPARED.get() + 1);
        self.0.same(key)
    }
}

/// What a search costs in one map, or on average over several.
#[derive(Clone, Copy, Default)]
struct Cost {
    groups_per_hit: f64,
    groups_per_miss: f64,
    compared_per_hit: f64,
    compared_per_miss: f64,
}

/// A full map of these keys, under this seed.
fn full<K: FixedKey>(seed: u64, keys: u64, key: impl Fn(u64) -> K) -> Map<K> {
    let capacity = usize::try_from(keys).unwrap();
    let memory = AlignedBytes::zeroed(FixedMap::<K, ()>::bytes_for(capacity));
    let mut map = Map::create_seeded(memory, capacity, seed).unwrap();
    for n in 0..keys {
        assert_eq!(map.insert(key(n), ()).unwrap(), None, "key {n} is another's");
    }
    map
}

/// Counts over all keys, and as many that are missing: those that would come next.
fn cost<K: FixedKey>(map: &Map<K>, key: impl Fn(u64) -> K) -> Cost {
    let keys = map.len() as u64;
    let compared = |from: u64, there: bool| {
        COMPARED.set(0);
        for n in from..from + keys {
            assert_eq!(map.contains_key(&Counted(&key(n))), there);
        }
        COMPARED.get() as f64 / keys as f64
    };
    let stats = map.stats();
    Cost {
        groups_per_hit: stats.groups_per_hit,
        groups_per_miss: stats.groups_per_miss,
        compared_per_hit: compared(0, true),
        compared_per_miss: compared(keys, false),
    }
}

/// The seeds of the maps, the same in each run.
fn seeds() -> impl Iterator<Item = u64> {
    (0..SEEDS).map(|n| support::key(n ^ 0x5EED << 32))
}

/// The mean over maps with these keys, and the dearest of them.
fn mean_and_worst<K: FixedKey>(keys: u64, key: impl Fn(u64) -> K + Copy) -> (Cost, Cost) {
    let (mut mean, mut worst) = (Cost::default(), Cost::default());
    for seed in seeds() {
        let one = cost(&full(seed, keys, key), key);
        mean = mean.with(&one, |sum, one| sum + one / SEEDS as f64);
        worst = worst.with(&one, f64::max);
    }
    (mean, worst)
}

impl Cost {
    fn with(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            groups_per_hit: f(self.groups_per_hit, other.groups_per_hit),
            groups_per_miss: f(self.groups_per_miss, other.groups_per_miss),
            compared_per_hit: f(self.compared_per_hit, other.compared_per_hit),
            compared_per_miss: f(self.compared_per_miss, other.compared_per_miss),
        }
    }
}

/// What random keys cost in maps of so many.
fn usual(keys: u64) -> Cost {
    mean_and_worst(keys, |n| u64_le::from(support::key(n))).0
}

/// Patterns of keys, measured one after the other against random keys.
struct Patterns {
    usual: Vec<(u64, Cost)>,
    too_dear: Vec<String>,
}

impl Patterns {
    fn measure<K: FixedKey>(&mut self, name: &str, keys: u64, key: impl Fn(u64) -> K + Copy) {
        let keys = keys.min(KEYS);
        let known = self.usual.iter().find(|(of, _)| *of == keys);
        let usual = known.map_or_else(|| usual(keys), |(_, usual)| *usual);
        self.usual.push((keys, usual));
        let (mean, worst) = mean_and_worst(keys, key);
        let line = format!(
            "{name:<34} {keys:>7} | {:.3} ({:.3}) {:.3} ({:.3}) | {:.3} ({:.3}) {:.3} ({:.3})",
            mean.groups_per_hit / usual.groups_per_hit,
            worst.groups_per_hit / usual.groups_per_hit,
            mean.groups_per_miss / usual.groups_per_miss,
            worst.groups_per_miss / usual.groups_per_miss,
            mean.compared_per_hit,
            worst.compared_per_hit,
            mean.compared_per_miss,
            worst.compared_per_miss,
        );
        println!("{line}");
        // Far within the promise; and no seed is a bad one, of those that are tried here.
        let as_usual = |cost: &Cost, times: f64| {
            cost.groups_per_hit <= times * usual.groups_per_hit
                && cost.groups_per_miss <= times * usual.groups_per_miss
                && cost.compared_per_hit <= times * usual.compared_per_hit
        };
        let as_usual = as_usual(&mean, 1.1) && as_usual(&worst, 1.5);
        if !as_usual {
            self.too_dear.push(line);
        }
    }
}

arenamap::fixed_struct! { struct Pair { a: u32_le, b: u32_le } }
arenamap::fixed_struct! { struct Wide { a: u64_le, b: u64_le } }
arenamap::fixed_struct! { struct Small { a: u8, b: u8, c: u16_le } }
arenamap::fixed_struct! { struct Mixed { a: u64_le, b: u32_le, c: u32_le } }
arenamap::fixed_struct! { struct Route { site: u32_le, path: FixedStr<28> } }

fn text<const N: usize>(text: &str) -> FixedStr<N> {
    text.try_into().unwrap()
}

/// The n-th word of the letters a to z: a, b, ..., z, aa, ab, ...
fn word(mut n: u64) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'a' + (n % 26) as u8);
        n /= 26;
        if n == 0 {
            break;
        }
        n -= 1;
    }
    letters.reverse();
    String::from_utf8(letters).unwrap()
}

/// The side of a square grid of all keys and as many missing ones.
const SIDE: u64 = (2 * KEYS).isqrt() + 1;

#[test]
#[cfg_attr(miri, ignore = "a quarter of an hour, and nothing but counts")]
#[allow(clippy::too_many_lines, reason = "one line for each pattern")]
fn p10_patterns_cost_no_more_than_twice_what_random_keys_cost() {
    println!(
        "pattern | groups per hit, per miss: mean (worst seed) over random | compared per hit, per miss: mean (worst)"
    );
    let mut patterns = Patterns {
        usual: Vec::new(),
        too_dear: Vec::new(),
    };
    let p = &mut patterns;
    p.measure("random", KEYS, |n| u64_le::from(support::key(n)));
    p.measure("u64 sequential", KEYS, u64_le::from);
    p.measure("u64 sequential from the top", KEYS, |n| u64_le::from(u64::MAX - n));
    for k in 1..=46 {
        p.measure(&format!("u64 multiples of 2^{k}"), KEYS, |n| u64_le::from(n << k));
    }
    p.measure("u64 high bits only", KEYS, |n| u64_le::from(n.rotate_right(17 + 1)));
    p.measure("u64 bits reversed", KEYS, |n| u64_le::from(n.reverse_bits()));
    p.measure("u64 bytes reversed", KEYS, |n| u64_le::from(n.swap_bytes()));
    p.measure("u64 both halves alike", KEYS, |n| u64_le::from(n << 32 | n));
    p.measure("u64 multiples of 1000", KEYS, |n| u64_le::from(n * 1_000));
    p.measure("u64 multiples of 10^9", KEYS, |n| u64_le::from(n * 1_000_000_000));
    p.measure("u64 times the golden ratio", KEYS, |n| {
        u64_le::from(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    });
    p.measure("u64 addresses of 64 bytes", KEYS, |n| {
        u64_le::from(0x7F3A_1234_5000 + 64 * n)
    });
    p.measure("u64 squares", KEYS, |n| u64_le::from(n * n));
    p.measure("u64 milliseconds and a counter", KEYS, |n| {
        u64_le::from((1_700_000_000_000 + n / 16) << 22 | (n % 16))
    });
    p.measure("i64 around zero", KEYS, |n| {
        i64_le::from(if n % 2 == 0 { n as i64 / 2 } else { -(n as i64) / 2 - 1 })
    });
    p.measure("f64 whole numbers", KEYS, |n| f64_le::from(n as f64));
    p.measure("u32 sequential", KEYS, |n| u32_le::from(n as u32));
    for k in 1..=14 {
        p.measure(&format!("u32 multiples of 2^{k}"), KEYS, |n| {
            u32_le::from((n << k) as u32)
        });
    }
    p.measure("u32 bits reversed", KEYS, |n| u32_le::from((n as u32).reverse_bits()));
    p.measure("u16 sequential", 30_000, |n| u16_le::from(n as u16));
    p.measure("u16 sequential, few", 1_000, |n| u16_le::from(n as u16));
    p.measure("u16 multiples of 16", 2_000, |n| u16_le::from((n << 4) as u16));
    p.measure("u8 sequential", 120, |n| n as u8);
    p.measure("3 bytes, sequential", KEYS, |n| {
        [n as u8, (n >> 8) as u8, (n >> 16) as u8]
    });
    p.measure("u128 sequential", KEYS, |n| u128_le::from(u128::from(n)));
    p.measure("u128 multiples of 2^64", KEYS, |n| u128_le::from(u128::from(n) << 64));
    p.measure("u128 both halves alike", KEYS, |n| {
        u128_le::from(u128::from(n) << 64 | u128::from(n))
    });
    p.measure("[u64; 2] grid", KEYS, |n| {
        [u64_le::from(n % SIDE), u64_le::from(n / SIDE)]
    });
    p.measure("[u64; 2] grid of 2^40", KEYS, |n| {
        [u64_le::from((n % SIDE) << 40), u64_le::from((n / SIDE) << 40)]
    });
    p.measure("[u64; 3] grid", KEYS, |n| {
        [u64_le::from(n % SIDE), u64_le::from(n / SIDE), u64_le::from(0)]
    });
    p.measure("[u32; 2] grid", KEYS, |n| {
        [u32_le::from((n % SIDE) as u32), u32_le::from((n / SIDE) as u32)]
    });
    p.measure("struct of u32, u32: grid", KEYS, |n| Pair {
        a: ((n % SIDE) as u32).into(),
        b: ((n / SIDE) as u32).into(),
    });
    p.measure("struct of u32, u32: 8 by many", KEYS, |n| Pair {
        a: ((n % 8) as u32).into(),
        b: ((n / 8) as u32).into(),
    });
    p.measure("struct of u32, u32: many by 8", KEYS, |n| Pair {
        a: ((n / 8) as u32).into(),
        b: ((n % 8) as u32).into(),
    });
    p.measure("struct of u64, u64: grid", KEYS, |n| Wide {
        a: (n % SIDE).into(),
        b: (n / SIDE).into(),
    });
    p.measure("struct of u64, u64: both alike", KEYS, |n| Wide {
        a: n.into(),
        b: n.into(),
    });
    p.measure("struct of u8, u8, u16: grid", KEYS, |n| Small {
        a: (n % 16) as u8,
        b: (n / 16 % 16) as u8,
        c: ((n / 256) as u16).into(),
    });
    p.measure("struct of u64, u32, u32: grid", KEYS, |n| Mixed {
        a: (n % 60).into(),
        b: ((n / 60 % 60) as u32).into(),
        c: ((n / 3600) as u32).into(),
    });
    p.measure("struct of u32 and text", KEYS, |n| Route {
        site: ((n % 16) as u32).into(),
        path: text(&format!("/item/{}", n / 16)),
    });
    p.measure("text: decimal", KEYS, |n| text::<16>(&n.to_string()));
    p.measure("text: decimal of 8 digits", KEYS, |n| text::<16>(&format!("{n:08}")));
    p.measure("text: decimal of 15 digits", KEYS, |n| text::<16>(&format!("{n:015}")));
    p.measure("text: decimal behind 'user:'", KEYS, |n| {
        text::<16>(&format!("user:{n}"))
    });
    p.measure("text: decimal, 8 times n", KEYS, |n| text::<16>(&(8 * n).to_string()));
    p.measure("text: hexadecimal", KEYS, |n| text::<16>(&format!("{n:x}")));
    p.measure("text: short words", KEYS, |n| text::<8>(&word(n)));
    p.measure("text: words of 1 and 2 letters", 300, |n| text::<4>(&word(n)));
    p.measure("text: words after one letter", KEYS, |n| {
        text::<8>(&format!("a{}", word(n)))
    });
    p.measure("text: one letter, many times", 100, |n| {
        text::<256>(&"a".repeat(n as usize))
    });
    p.measure("text: paths", KEYS, |n| {
        text::<48>(&format!("/api/v1/items/{n}/reviews"))
    });
    p.measure("text: paths of 100 bytes", KEYS, |n| text::<128>(&format!("{n:/>100}")));
    p.measure("text: addresses", KEYS, |n| {
        text::<16>(&format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255))
    });
    assert!(patterns.too_dear.is_empty(), "{:#?}", patterns.too_dear);
}

/// The hash of a key under these secrets.
fn hash<K: FixedKey>(key: &K, secrets: &KeySecrets) -> u64 {
    let mut hasher = KeyHasher::new(secrets);
    key.hash_key(&mut hasher);
    hasher.finish()
}

/// Whoever knows the seed chooses keys with one home. Under a seed that he does not know, they are as good as any.
#[test]
fn p10_keys_chosen_for_a_known_seed_are_as_good_as_any_in_a_copy() {
    /// Upper bits that all keys have alike: they choose the home.
    const ALIKE: u32 = if KEYS < 10_000 { 6 } else { 12 };
    const SEED: u64 = 42;
    let secrets = KeySecrets::seed(SEED);
    let hostile: Vec<u64_le> = (0..)
        .map(u64_le::from)
        .filter(|key| hash(key, &secrets).leading_zeros() >= ALIKE)
        .take(usize::try_from(KEYS).unwrap())
        .collect();
    let key = |n: u64| match hostile.get(usize::try_from(n).unwrap()) {
        Some(&key) => key,
        None => u64_le::from(u64::MAX - n), // missing, and at random
    };
    let map = full(SEED, KEYS, key);
    assert_eq!(map.verify(), Ok(()));
    let bad = map.stats();
    let usual = usual(KEYS);
    assert!(
        bad.groups_per_hit >= 5.0 * usual.groups_per_hit,
        "the control must be hurt: {bad}"
    );

    let mut mean = Cost::default();
    for _ in 0..SEEDS {
        let copy = map.copy_into(AlignedBytes::zeroed(bad.bytes), map.capacity()).unwrap();
        assert_ne!(copy.seed(), SEED);
        assert_eq!(copy.verify(), Ok(()));
        mean = mean.with(&cost(&copy, key), |sum, one| sum + one / SEEDS as f64);
    }
    println!(
        "{KEYS} keys with {ALIKE} bits alike: {:.1} groups per hit under the known seed, {:.3} in a copy; random keys {:.3}",
        bad.groups_per_hit, mean.groups_per_hit, usual.groups_per_hit
    );
    assert!(
        mean.groups_per_hit <= 2.0 * usual.groups_per_hit,
        "{:.3}",
        mean.groups_per_hit
    );
    assert!(
        mean.groups_per_miss <= 2.0 * usual.groups_per_miss,
        "{:.3}",
        mean.groups_per_miss
    );
    assert!(
        mean.compared_per_hit <= 2.0 * usual.compared_per_hit,
        "{:.3}",
        mean.compared_per_hit
    );
}

/// A seed does not help against keys that collide under every seed. Texts of different lengths with the same bytes at
/// both ends must be told apart by their hashes, and so must keys of several such texts.
#[test]
fn p10_no_texts_collide_under_every_seed() {
    arenamap::fixed_struct! {
        #[derive(Debug)]
        struct Parts { a: FixedStr<4>, b: FixedStr<4>, c: FixedStr<4>, d: FixedStr<4> }
    }
    let secrets = KeySecrets::seed(42);

    let mut texts: Vec<String> = (0..=255).map(|n| "a".repeat(n)).collect();
    texts.extend((0..4).map(|n| "\0".repeat(n)).skip(1));
    texts.extend(["ab", "abb", "ba", "baa", "a```", "a````"].map(String::from));
    let hashes: std::collections::HashSet<u64> = texts.iter().map(|one| hash(&text::<256>(one), &secrets)).collect();
    assert_eq!(hashes.len(), texts.len());

    let few = ["a", "aa", "aaa"];
    let keys = || {
        (0..81_usize).map(|n| Parts {
            a: text(few[n % 3]),
            b: text(few[n / 3 % 3]),
            c: text(few[n / 9 % 3]),
            d: text(few[n / 27]),
        })
    };
    let hashes: std::collections::HashSet<u64> = keys().map(|key| hash(&key, &secrets)).collect();
    assert_eq!(hashes.len(), keys().count());
}

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug)]
    struct Part {
        site: u32_le,
        path: FixedStr<12>,
    }
}

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug)]
    struct Nested {
        part: Part,
        name: FixedBytes<8>,
        more: [FixedStr<4>; 2],
    }
}

/// Whatever the bytes of two keys are: if one hash stands for both under every seed, they are one key.
fn hashed_alike_is_the_same<K: FixedKey + FromBytes>(name: &str) {
    let mut state = 1_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Few values, so that contents repeat: lengths within the room and beyond it, bytes that are no UTF-8.
        [0, 0, 0, 1, 2, 3, b'a', 0xff][(state >> 61) as usize]
    };
    let keys: Vec<K> = (0..300)
        .map(|_| K::read_from_bytes(&(0..size_of::<K>()).map(|_| byte()).collect::<Vec<_>>()).unwrap())
        .collect();
    let secrets: Vec<_> = seeds().map(KeySecrets::seed).collect();
    let mut alike = 0;
    for (i, one) in keys.iter().enumerate() {
        for other in &keys[..i] {
            let is_hashed_alike = secrets.iter().all(|secrets| hash(one, secrets) == hash(other, secrets));
            assert_eq!(
                one.same(other),
                is_hashed_alike,
                "{name}: {:?}, {:?}",
                one.as_bytes(),
                other.as_bytes()
            );
            alike += u32::from(is_hashed_alike && one.as_bytes() != other.as_bytes());
        }
    }
    println!("{name}: {alike} pairs of other bytes are the same key");
}

#[test]
fn keys_that_are_hashed_alike_are_the_same_key_whatever_their_bytes() {
    hashed_alike_is_the_same::<FixedStr<4>>("FixedStr<4>");
    hashed_alike_is_the_same::<FixedStr<1>>("FixedStr<1>");
    hashed_alike_is_the_same::<FixedBytes<5>>("FixedBytes<5>");
    hashed_alike_is_the_same::<Part>("a struct");
    hashed_alike_is_the_same::<Nested>("a struct of structs and arrays");
    hashed_alike_is_the_same::<[FixedStr<2>; 2]>("an array");
    hashed_alike_is_the_same::<[FixedStr<4>; 2]>("an array of longer texts");
    hashed_alike_is_the_same::<[u32_le; 3]>("an array of numbers");
    hashed_alike_is_the_same::<u16_le>("u16_le");
    hashed_alike_is_the_same::<f64_le>("f64_le");

    // One text, 1,000 ways of writing it: an archive of them becomes a map of one entry, for the price of reading it.
    let keys = if cfg!(miri) { 100 } else { 1_000 };
    let bytes = |n: u64| {
        let mut bytes = [0; 16];
        bytes[1..9].copy_from_slice(&n.to_le_bytes());
        bytes[0] = b'a';
        bytes[15] = 1;
        bytes
    };
    let written = |n| FixedStr::<16>::read_from_bytes(&bytes(n)[..]).unwrap();
    assert!(written(1) == written(2) && written(1) == FixedStr::new("a").unwrap());
    let hashes: std::collections::HashSet<_> = (0..keys).map(written).collect();
    assert_eq!(hashes.len(), 1);
    let mut map = full(1, keys, |n| FixedStr::<16>::new(&n.to_string()).unwrap());
    map.clear();
    for n in 0..keys {
        assert_eq!(map.insert(written(n), ()).unwrap().is_some(), n > 0);
    }
    // And where the archive claims that all of them are entries.
    let map = full(1, keys, |n| FixedStr::<16>::new(&n.to_string()).unwrap());
    let mut archive = AlignedBytes::from_slice(map.as_bytes());
    for n in 0..keys {
        let key = FixedStr::<16>::new(&n.to_string()).unwrap();
        let at = archive
            .windows(16)
            .position(|window| window == IntoBytes::as_bytes(&key))
            .unwrap();
        archive[at..at + 16].copy_from_slice(&bytes(n));
    }
    let liar = FixedMap::<FixedStr<16>, (), _>::open(&archive[..]).unwrap();
    let copy = liar
        .copy_into(AlignedBytes::zeroed(archive.len()), map.capacity())
        .unwrap();
    assert_eq!((copy.len(), copy.get("a")), (1, Some(&())));
}
