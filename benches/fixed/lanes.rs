//! The loops: each generic over the map, so that all peers run the same one.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::peers::Peer;
use crate::support;
use crate::support::race::Lane;

/// Lookups in one run, where a map is large enough for so many different ones.
pub(crate) const BATCH: usize = 1_000;

/// Maps of one peer with the keys that live in them.
#[derive(Clone)]
pub(crate) struct Filled<M> {
    pub(crate) maps: Vec<M>,
    /// The keys of each map, shuffled.
    pub(crate) keys: Vec<Vec<u64>>,
    /// How the keys are replaced, map by map.
    pub(crate) histories: Vec<History>,
}

impl<M: Peer> Filled<M> {
    /// Few large maps or many small ones: a run of the work is to take far longer than a reading of the clock.
    pub(crate) fn new(n: usize) -> Self {
        let count = if support::testing() { 2 } else { BATCH.div_ceil(n) };
        let histories: Vec<History> = (0..count as u64).map(|map| History::new(n, map)).collect();
        let mut filled = Filled {
            maps: (0..count as u64).map(|map| M::for_entries(n, 0x5EED + map)).collect(),
            keys: Vec::new(),
            histories,
        };
        for (map, history) in filled.maps.iter_mut().zip(&filled.histories) {
            for &key in &history.live {
                assert!(map.insert(key, !key).is_none(), "a new key");
            }
        }
        filled.shuffle();
        filled
    }

    /// Shuffles the keys that live now.
    pub(crate) fn shuffle(&mut self) {
        let histories = self.histories.iter();
        self.keys = histories.map(|history| shuffled(history.live.clone())).collect();
    }

    /// So many random removals, each followed by an insert.
    pub(crate) fn churn(&mut self, pairs: usize) {
        for (map, history) in self.maps.iter_mut().zip(&mut self.histories) {
            for _ in 0..pairs {
                let (old, new) = history.step();
                assert!(map.remove(&old).is_some(), "a key that was there");
                assert!(map.insert(new, !new).is_none(), "a new key");
            }
            assert_eq!(map.len(), history.live.len());
        }
        self.shuffle();
    }

    pub(crate) fn entries(&self) -> usize {
        self.keys.iter().map(Vec::len).sum()
    }

    /// Keys to look up, map by map: all that live, in random order, repeated where they are few.
    pub(crate) fn hits(&self) -> Vec<Vec<u64>> {
        let repeated = |keys: &Vec<u64>| {
            let times = 512_usize.div_ceil(keys.len());
            shuffled((0..times).flat_map(|_| keys.iter().copied()).collect())
        };
        self.keys.iter().map(repeated).collect()
    }

    /// As many keys that never were in a map.
    pub(crate) fn misses(&self) -> Vec<Vec<u64>> {
        let absent = |map: usize, count: usize| (0..count as u64).map(move |i| absent_key(map as u64, i)).collect();
        let hits = self.hits();
        hits.iter()
            .enumerate()
            .map(|(map, keys)| absent(map, keys.len()))
            .collect()
    }
}

/// Which keys live in a map and which are next, the same for every peer.
#[derive(Clone)]
pub(crate) struct History {
    pub(crate) live: Vec<u64>,
    map: u64,
    next: u64,
}

impl History {
    fn new(n: usize, map: u64) -> Self {
        History {
            live: (0..n as u64).map(|i| key(map, i)).collect(),
            map,
            next: n as u64,
        }
    }

    /// Replaces a random key: gives the one that goes and the one that comes.
    #[inline]
    pub(crate) fn step(&mut self) -> (u64, u64) {
        let new = key(self.map, self.next);
        let slot = below(support::key(!self.next), self.live.len());
        self.next += 1;
        (std::mem::replace(&mut self.live[slot], new), new)
    }
}

fn key(map: u64, i: u64) -> u64 {
    support::key(map << 40 | i)
}

fn absent_key(map: u64, i: u64) -> u64 {
    support::key(1 << 60 | map << 40 | i)
}

/// A number below `bound`, from random bits.
#[allow(clippy::cast_possible_truncation, reason = "below a usize")]
fn below(random: u64, bound: usize) -> usize {
    ((u128::from(random) * bound as u128) >> 64) as usize
}

pub(crate) fn shuffled(mut keys: Vec<u64>) -> Vec<u64> {
    for i in (1..keys.len()).rev() {
        keys.swap(i, below(support::key(0x5_4FF1_E000_0000 ^ i as u64), i + 1));
    }
    keys
}

/// Looks keys up, in each map so many in a row that small ones stay in the first cache: `found` says of each whether it is there.
pub(crate) fn lookups<'a, M, R>(
    name: &'static str,
    maps: &'a [M],
    queries: &'a [Vec<u64>],
    found: bool,
    get: impl Fn(&'a M, &u64) -> Option<R> + 'a,
) -> Lane<'a> {
    let batch = queries[0].len().min(BATCH);
    let mut batches: Vec<_> = queries.iter().map(|keys| keys.chunks_exact(batch).cycle()).collect();
    let operations = batch * maps.len();
    Lane::new(name, if found { operations } else { 0 }, move || {
        let mut hits = 0;
        for (map, batches) in maps.iter().zip(&mut batches) {
            for key in batches.next().unwrap_or_default() {
                hits += usize::from(black_box(get(map, key)).is_some());
            }
        }
        hits
    })
    .of(operations)
}

/// Fills maps that were cleared outside the clock.
pub(crate) fn inserts<'a, M: Peer + 'a>(filled: &'a Filled<M>) -> Lane<'a> {
    let mut maps = filled.maps.clone();
    Lane::timed(M::NAME, move || {
        maps.iter_mut().for_each(M::clear);
        let start = Instant::now();
        fill(&mut maps, &filled.keys);
        let span = start.elapsed();
        check_lengths(&maps, &filled.keys);
        span
    })
    .of(filled.entries())
}

/// Clears full maps and fills them again.
pub(crate) fn refills<'a, M: Peer + 'a>(filled: &'a Filled<M>) -> Lane<'a> {
    let mut maps = filled.maps.clone();
    Lane::timed(M::NAME, move || {
        let start = Instant::now();
        maps.iter_mut().for_each(M::clear);
        fill(&mut maps, &filled.keys);
        let span = start.elapsed();
        check_lengths(&maps, &filled.keys);
        span
    })
    .of(filled.entries())
}

fn fill<M: Peer>(maps: &mut [M], keys: &[Vec<u64>]) {
    for (map, keys) in maps.iter_mut().zip(keys) {
        for &key in keys {
            black_box(map.insert(key, !key));
        }
    }
}

fn check_lengths<M: Peer>(maps: &[M], keys: &[Vec<u64>]) {
    for (map, keys) in maps.iter().zip(keys) {
        assert_eq!(map.len(), keys.len(), "{}", M::NAME);
    }
}

/// Takes every entry out of copies that were made outside the clock.
pub(crate) fn removals<M: Peer>(filled: &Filled<M>) -> Lane<'_> {
    Lane::timed(M::NAME, move || {
        let mut maps = filled.maps.clone();
        let start = Instant::now();
        for (map, keys) in maps.iter_mut().zip(&filled.keys) {
            for key in keys {
                black_box(map.remove(key));
            }
        }
        let span = start.elapsed();
        assert!(maps.iter().all(|map| map.len() == 0), "{}", M::NAME);
        span
    })
    .of(filled.entries())
}

/// All entries in a `for` loop.
pub(crate) fn for_loops<M: Peer>(filled: &Filled<M>) -> Lane<'_> {
    Lane::new(M::NAME, sum_of(filled), || {
        let mut sum = 0_u64;
        for map in &filled.maps {
            map.each(|key, value| sum = sum.wrapping_add(black_box(key ^ value << 1)));
        }
        sum
    })
    .of(filled.entries())
}

/// All entries by `fold`.
pub(crate) fn folds<M: Peer>(filled: &Filled<M>) -> Lane<'_> {
    Lane::new(M::NAME, sum_of(filled), || {
        let maps = filled.maps.iter();
        maps.fold(0_u64, |sum, map| {
            sum.wrapping_add(map.fold(|key, value| black_box(key ^ value << 1)))
        })
    })
    .of(filled.entries())
}

/// What a walk over all entries must come to.
fn sum_of<M>(filled: &Filled<M>) -> u64 {
    let keys = filled.keys.iter().flatten();
    keys.fold(0, |sum, &key| sum.wrapping_add(key ^ !key << 1))
}

/// Removes a random entry and inserts another, in full maps; what to replace is chosen outside the clock.
pub(crate) fn replacements<'a, M: Peer + 'a>(mut filled: Filled<M>) -> Lane<'a> {
    let steps = if filled.maps.len() == 1 { BATCH } else { 64 };
    let operations = steps * filled.maps.len();
    Lane::timed(M::NAME, move || {
        let mut span = Duration::ZERO;
        for (map, history) in filled.maps.iter_mut().zip(&mut filled.histories) {
            let pairs: Vec<_> = (0..steps).map(|_| history.step()).collect();
            let start = Instant::now();
            for &(old, new) in &pairs {
                black_box(map.remove(&old));
                black_box(map.insert(new, !new));
            }
            span += start.elapsed();
            assert_eq!(map.len(), history.live.len(), "{}", M::NAME);
        }
        span
    })
    .of(operations)
}
