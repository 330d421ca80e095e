//! A sequence of requests, recorded or generated.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Result;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Zipf};

use crate::decode;
use crate::numbers::{as_f64, fixed, scrambled};

/// Who asks for what, in which order.
pub(crate) struct Workload {
    pub(crate) name: String,
    pub(crate) keys: Vec<u64>,
    pub(crate) distinct: usize,
    /// The only capacity at which it means something.
    pub(crate) capacity: Option<usize>,
    /// Entries live for a time, by [`lifetime`]; so many requests are one tick.
    pub(crate) requests_per_tick: Option<usize>,
}

/// How much is generated.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// Keys that may be asked for.
    pub(crate) keys: usize,
    pub(crate) requests: usize,
}

/// How long an entry lives, in ticks: four of five keys 60, one 3,600.
pub(crate) fn lifetime(key: u64) -> u64 {
    let rare = scrambled(key ^ 0x0077_1EE5).is_multiple_of(5);
    if rare { 3_600 } else { 60 }
}

impl Workload {
    fn new(name: impl Into<String>, keys: Vec<u64>) -> Self {
        let mut seen: HashSet<u64, _> = HashSet::with_hasher(fixed());
        seen.extend(&keys);
        Workload {
            name: name.into(),
            distinct: seen.len(),
            keys,
            capacity: None,
            requests_per_tick: None,
        }
    }

    /// The trace at `path`, named as the file up to its first dot.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let name = name.split('.').next().unwrap_or_default();
        Ok(Self::new(name, decode::read(path)?))
    }
}

/// All that are generated, one at a time.
pub(crate) fn generated(sizes: Sizes) -> impl Iterator<Item = Workload> {
    let zipfs = [0.8, 0.9, 1.0, 1.2].into_iter();
    zipfs
        .map(move |exponent| Workload::new(format!("zipf-{exponent:.1}"), zipf(sizes, exponent)))
        .chain((0..4).map(move |i| match i {
            0 => Workload::new("zipf-1.0-scans", scans(sizes)),
            1 => looping(sizes),
            2 => Workload::new("zipf-1.0-shifting", shifting(sizes)),
            _ => lives(sizes),
        }))
}

/// Zipf-distributed ranks, from 0.
fn ranks(sizes: Sizes, exponent: f64) -> impl Iterator<Item = usize> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0x5EED);
    let law = Zipf::new(as_f64(sizes.keys), exponent).expect("a valid exponent");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is from 1 to the number of keys"
    )]
    let rank = move || law.sample(&mut random) as usize - 1;
    std::iter::repeat_with(rank).take(sizes.requests)
}

fn zipf(sizes: Sizes, exponent: f64) -> Vec<u64> {
    ranks(sizes, exponent).map(|rank| scrambled(rank as u64)).collect()
}

/// Zipf 1.0, and in between scans of keys that nobody asks for again: one request of ten.
fn scans(sizes: Sizes) -> Vec<u64> {
    let scan = (sizes.requests / 200).max(1);
    let mut next = sizes.keys as u64..;
    let mut keys = Vec::with_capacity(sizes.requests);
    for (i, rank) in ranks(sizes, 1.0).enumerate() {
        let scanned = (i / scan) % 10 == 9;
        let key = if scanned { next.next() } else { None };
        keys.push(scrambled(key.unwrap_or(rank as u64)));
    }
    keys
}

/// Round and round, a tenth longer than the capacity: LRU never hits.
fn looping(sizes: Sizes) -> Workload {
    let capacity = sizes.keys / 10;
    let length = capacity + capacity / 10;
    let keys = (0..sizes.requests).map(|i| scrambled((i % length) as u64)).collect();
    Workload {
        capacity: Some(capacity),
        ..Workload::new("loop-1.1", keys)
    }
}

/// Zipf 1.0; twenty times, other keys become the popular ones.
fn shifting(sizes: Sizes) -> Vec<u64> {
    let (every, step) = ((sizes.requests / 20).max(1), sizes.keys / 20);
    let ranks = ranks(sizes, 1.0).enumerate();
    ranks
        .map(|(i, rank)| scrambled(((rank + i / every * step) % sizes.keys) as u64))
        .collect()
}

/// Zipf 1.0; entries live for a time, and 5,000 ticks go by.
fn lives(sizes: Sizes) -> Workload {
    Workload {
        requests_per_tick: Some((sizes.requests / 5_000).max(1)),
        ..Workload::new("zipf-1.0-lives", zipf(sizes, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes {
        keys: 1_000,
        requests: 20_000,
    };

    #[test]
    fn the_same_requests_each_time() {
        for (once, again) in generated(SIZES).zip(generated(SIZES)) {
            assert_eq!(once.keys, again.keys, "{}", once.name);
            assert_eq!(once.keys.len(), SIZES.requests);
        }
    }

    #[test]
    fn the_most_popular_of_zipf_is_the_first() {
        let keys = zipf(SIZES, 1.0);
        let times = |rank: u64| keys.iter().filter(|&&key| key == scrambled(rank)).count();
        // The harmonic number of 1,000 is 7.49.
        assert!((2_400..2_950).contains(&times(0)), "{}", times(0));
        assert!(times(0) > times(1) && times(1) > times(10));
    }

    #[test]
    fn a_tenth_of_the_requests_is_scanned_once() {
        let once = (SIZES.keys as u64..).map(scrambled).take(SIZES.requests);
        let once: HashSet<u64> = once.collect();
        let keys = scans(SIZES);
        let scanned: Vec<_> = keys.iter().filter(|key| once.contains(key)).collect();
        assert_eq!(scanned.len(), SIZES.requests / 10);
        assert_eq!(scanned.iter().collect::<HashSet<_>>().len(), scanned.len());
    }

    #[test]
    fn the_loop_is_longer_than_its_capacity() {
        let looping = looping(SIZES);
        assert_eq!((looping.distinct, looping.capacity), (110, Some(100)));
    }

    #[test]
    fn a_fifth_lives_long() {
        let long = (0..10_000).filter(|&key| lifetime(key) == 3_600).count();
        assert!((1_800..2_200).contains(&long), "{long}");
    }
}
