//! Bounded maps beside `quick_cache`: what is found, what is not, what comes into a full one, and what goes.

#![allow(unused_qualifications, reason = "in what gungraun makes of these functions")]

use std::convert::Infallible;
use std::ops::Range;

use arenamap::BoundedMap;
use foldhash::fast::FixedState;
use gungraun::{library_benchmark, library_benchmark_group};
use quick_cache::UnitWeighter;
use quick_cache::unsync::DefaultLifecycle;

use crate::{SIZES, support};

type Ours = BoundedMap<u64, u64, FixedState>;
type Quick = quick_cache::unsync::Cache<u64, u64, UnitWeighter, FixedState>;

/// A full cache, and keys to ask it for.
struct Asked<C> {
    cache: C,
    keys: Vec<u64>,
}

/// Keys that no other number has.
fn keys(numbers: Range<usize>) -> Vec<u64> {
    numbers.map(|number| support::key(number as u64)).collect()
}

/// For `n` entries, after four times as many came; each lives for as many ticks as its number says.
fn ours(n: usize) -> Ours {
    let mut cache = Ours::with_hasher(n, support::fixed());
    for (number, key) in keys(0..4 * n).into_iter().enumerate() {
        cache.insert_for(key, key, 1 + number as u64, 0);
    }
    assert_eq!(cache.len(), n);
    cache
}

/// The same; it knows no time.
fn quick(n: usize) -> Quick {
    let lifecycle = DefaultLifecycle::default();
    let mut cache = Quick::with(n, n as u64, UnitWeighter, support::fixed(), lifecycle);
    for key in keys(0..4 * n) {
        cache.insert(key, key);
    }
    cache
}

/// With all keys that it holds.
fn ours_held(n: usize) -> Asked<Ours> {
    let cache = ours(n);
    let keys = cache.keys(0).copied().collect();
    Asked { cache, keys }
}

fn quick_held(n: usize) -> Asked<Quick> {
    let cache = quick(n);
    let keys = cache.iter().map(|(&key, _)| key).collect();
    Asked { cache, keys }
}

/// With as many keys that it never saw.
fn ours_new(n: usize) -> Asked<Ours> {
    let keys = keys(4 * n..5 * n);
    Asked { cache: ours(n), keys }
}

fn quick_new(n: usize) -> Asked<Quick> {
    let keys = keys(4 * n..5 * n);
    Asked { cache: quick(n), keys }
}

/// What is done with a key: each call by itself, so that the loop around it does not change what it is compiled to.
trait Cache {
    fn get(&mut self, key: u64) -> Option<&u64>;
    fn get_or_insert_with(&mut self, key: u64) -> Option<&u64>;
    /// One entry goes: because its time is over, or, where there is no time, by this key.
    fn leave(&mut self, key: u64) -> bool;
}

impl Cache for Ours {
    #[inline(never)]
    fn get(&mut self, key: u64) -> Option<&u64> {
        self.get(&key, 0)
    }

    #[inline(never)]
    fn get_or_insert_with(&mut self, key: u64) -> Option<&u64> {
        Some(self.get_or_insert_with(key, 0, || key))
    }

    #[inline(never)]
    fn leave(&mut self, _: u64) -> bool {
        self.expire(u64::MAX >> 20, 1) == 1
    }
}

impl Cache for Quick {
    #[inline(never)]
    fn get(&mut self, key: u64) -> Option<&u64> {
        (*self).get(&key)
    }

    #[inline(never)]
    fn get_or_insert_with(&mut self, key: u64) -> Option<&u64> {
        let Ok(value) = self.get_or_insert_with(&key, || Ok::<_, Infallible>(key));
        value
    }

    #[inline(never)]
    fn leave(&mut self, key: u64) -> bool {
        self.remove(&key).is_some()
    }
}

impl<C: Cache> Asked<C> {
    /// For how many keys this is true.
    fn count(&mut self, mut is: impl FnMut(&mut C, u64) -> bool) -> usize {
        self.keys.iter().filter(|&&key| is(&mut self.cache, key)).count()
    }
}

#[library_benchmark]
#[benches::bounded_map(iter = SIZES, setup = ours_held)]
#[benches::quick_cache(iter = SIZES, setup = quick_held)]
fn cache_hit<C: Cache>(mut work: Asked<C>) -> Asked<C> {
    assert_eq!(work.count(|cache, key| cache.get(key).is_some()), work.keys.len());
    work
}

#[library_benchmark]
#[benches::bounded_map(iter = SIZES, setup = ours_new)]
#[benches::quick_cache(iter = SIZES, setup = quick_new)]
fn cache_miss<C: Cache>(mut work: Asked<C>) -> Asked<C> {
    assert_eq!(work.count(|cache, key| cache.get(key).is_some()), 0);
    work
}

#[library_benchmark]
#[benches::bounded_map(iter = SIZES, setup = ours_new)]
#[benches::quick_cache(iter = SIZES, setup = quick_new)]
fn cache_evict<C: Cache>(mut work: Asked<C>) -> Asked<C> {
    assert!(work.count(|cache, key| cache.get_or_insert_with(key).is_some()) > 0);
    work
}

#[library_benchmark]
#[benches::bounded_map(iter = SIZES, setup = ours_held)]
#[benches::quick_cache(iter = SIZES, setup = quick_held)]
fn cache_expire<C: Cache>(mut work: Asked<C>) -> Asked<C> {
    assert_eq!(work.count(Cache::leave), work.keys.len());
    work
}

library_benchmark_group!(
    name = caches,
    benchmarks = [cache_hit, cache_miss, cache_evict, cache_expire]
);
