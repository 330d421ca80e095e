//! What all benches share: sizes that `--test` and the environment can cut, keys, and the request that is measured.
#![allow(dead_code, unused_macros, unused_imports, reason = "each bench uses its own part")]

use std::env;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;

/// The same seed for every peer: the hashes, and with them the luck of the collisions, are equal.
pub(crate) fn fixed() -> FixedState {
    FixedState::with_seed(0x5EED)
}

/// Whether each bench runs once, to see that it works (`cargo bench -- --test`, or `cargo test --benches`).
pub(crate) fn testing() -> bool {
    // `cargo bench` says `--bench`, `cargo test --benches` says nothing.
    let mut arguments = env::args();
    let measuring = arguments.any(|argument| argument == "--bench");
    !measuring || env::args().any(|argument| argument == "--test")
}

/// The largest n that is worth its time: `ARENAMAP_BENCH_MAX`, else 1,000 under `--test`, else no bound.
pub(crate) fn largest() -> usize {
    match env::var("ARENAMAP_BENCH_MAX") {
        Ok(text) => text
            .replace('_', "")
            .parse()
            .unwrap_or_else(|_| panic!("ARENAMAP_BENCH_MAX: a number of entries expected, got {text:?}")),
        Err(_) if testing() => 1_000,
        Err(_) => usize::MAX,
    }
}

/// How often the peers take turns: `ARENAMAP_BENCH_ROUNDS`, else once under `--test`, else `usually`.
pub(crate) fn rounds(usually: usize) -> usize {
    match env::var("ARENAMAP_BENCH_ROUNDS") {
        Ok(text) => match text.parse() {
            Ok(rounds) if rounds > 0 => rounds,
            _ => panic!("ARENAMAP_BENCH_ROUNDS: a number above 0 expected, got {text:?}"),
        },
        Err(_) if testing() => 1,
        Err(_) => usually,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn as_f64(count: u64) -> f64 {
    count as f64
}

/// The middle of `values`; of an even number, the lower of the two in the middle.
pub(crate) fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("comparable values"));
    values[(values.len() - 1) / 2]
}

/// That many threads, this one among them, do `once` as fast as they can, `times` each; the longest of their spans.
pub(crate) fn on_threads(threads: usize, times: u64, once: impl Fn(u64) + Sync) -> Duration {
    let barrier = Barrier::new(threads);
    let run = || {
        barrier.wait();
        let start = Instant::now();
        for i in 0..times {
            once(i);
        }
        start.elapsed()
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let own = run();
        others
            .into_iter()
            .map(|other| other.join().expect("another thread"))
            .fold(own, Duration::max)
    })
}

/// Those of `all` that [`largest`] allows, at least the first.
pub(crate) fn sizes(all: &[usize]) -> Vec<usize> {
    let largest = largest();
    let mut sizes = all.to_vec();
    sizes.retain(|&n| n <= largest);
    if sizes.is_empty() {
        sizes.extend(all.first());
    }
    sizes
}

/// The i-th key: a bijection (splitmix64), so that keys are distinct and look random.
pub(crate) fn key(i: u64) -> u64 {
    let mut z = i.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// `n` pairs of u64.
pub(crate) fn pairs(n: usize) -> Vec<(u64, u64)> {
    (0..n as u64).map(|i| (key(i), i)).collect()
}

/// `n` pairs of strings, as long as header names and their values: 10 to 26 and 8 to 40 bytes.
pub(crate) fn string_pairs(n: usize) -> Vec<(String, String)> {
    (0..n as u64)
        .map(|i| {
            let (a, b) = (key(2 * i), key(2 * i + 1));
            let name = format!("x-header-{i}-{:.*}", (a % 14) as usize, format!("{a:016x}"));
            let value = format!("{:.*}", 8 + (b % 33) as usize, format!("{a:016x}").repeat(3));
            (name, value)
        })
        .collect()
}

/// What [`cycle`] must answer.
pub(crate) fn cycle_sum(pairs: &[(u64, u64)]) -> u64 {
    pairs.iter().fold(0, |sum, &(key, value)| {
        sum.wrapping_add(value).wrapping_add(key ^ value)
    })
}

/// What [`string_cycle`] must answer.
pub(crate) fn string_cycle_sum(pairs: &[(String, String)]) -> usize {
    pairs.iter().map(|(key, value)| key.len() + 2 * value.len()).sum()
}

/// One request on a map made by `$make`: fill, read each key, iterate, drop.
macro_rules! cycle {
    ($make:expr, $pairs:expr) => {
        cycle!($make, $pairs, |map, key, value| {
            map.insert(key, value);
        })
    };
    ($make:expr, $pairs:expr, |$map:ident, $key:ident, $value:ident| $insert:block) => {{
        let pairs: &[(u64, u64)] = std::hint::black_box($pairs);
        let mut $map = $make;
        for &($key, $value) in pairs {
            $insert
        }
        let mut sum = 0_u64;
        for &(key, _) in pairs {
            sum = sum.wrapping_add($map.get(&key).copied().unwrap_or(0));
        }
        for (key, value) in $map.iter() {
            sum = sum.wrapping_add(key ^ value);
        }
        sum
    }};
}

/// One request with string keys and values, both copied (`$own`) into what the map owns.
macro_rules! string_cycle {
    ($make:expr, $pairs:expr, |$text:ident| $own:expr) => {{
        let pairs: &[(String, String)] = std::hint::black_box($pairs);
        let mut map = $make;
        let own = |$text: &str| $own;
        for (key, value) in pairs {
            map.insert(own(key), own(value));
        }
        let mut sum = 0;
        for (key, _) in pairs {
            sum += map.get(key.as_str()).map_or(0, |value| value.len());
        }
        for (key, value) in map.iter() {
            sum += key.len() + value.len();
        }
        sum
    }};
}

pub(crate) use {cycle, string_cycle};
