//! The loops of the scenarios, prepared and ready to be run again and again; each checks its own answers.

use std::hint::black_box;

use crate::maps::{Kind, Map, Remove, Seed, Value};
use crate::support;
use crate::watch::{Nobody, Watch};

/// Something that can be run any number of times.
pub(crate) trait Turns {
    /// Operations in one repeat.
    fn ops(&self) -> u64;
    /// Repeats in what counts as one run where heap calls and memory are measured.
    fn one_run(&self) -> u64 {
        1
    }
    /// Repeats that warm it up; 0 for what is meant to be cold.
    fn warm_up(&self) -> u64;
    /// Runs, and fails when an answer is wrong.
    fn run<W: Watch>(&mut self, repeats: u64, watch: &mut W);
}

/// Something whole that answers with a number: a request, a sum over all entries, an archive.
pub(crate) struct Cycles<F> {
    ops: u64,
    expected: u64,
    cycle: F,
}

impl<F: FnMut() -> u64> Cycles<F> {
    /// Counts one cycle as so many operations. The first answer is the one that all must give.
    pub(crate) fn new(ops: usize, mut cycle: F) -> (u64, Self) {
        let ops = ops as u64;
        let expected = cycle();
        (expected, Cycles { ops, expected, cycle })
    }
}

impl<F: FnMut() -> u64> Turns for Cycles<F> {
    fn ops(&self) -> u64 {
        self.ops
    }

    fn warm_up(&self) -> u64 {
        8
    }

    fn run<W: Watch>(&mut self, repeats: u64, watch: &mut W) {
        watch.start();
        for _ in 0..repeats {
            let answer = watch.op(|| black_box((self.cycle)()));
            assert_eq!(answer, self.expected, "a cycle answered otherwise than the first");
        }
        watch.stop();
    }
}

/// Lookups in one repeat.
const BATCH: usize = 1_000;
/// Distinct queries: enough that their order cannot be learned, few enough that reading them costs little.
const QUERIES: usize = 1 << 18;

/// Batches of random keys, of which all or none are there.
pub(crate) struct Lookups<F> {
    keys: Vec<u64>,
    next: usize,
    found: usize,
    has: F,
}

/// Random keys of `first..first + n`.
pub(crate) fn queries(n: usize, first: u64) -> Vec<u64> {
    let count = QUERIES.min(64 * n).next_multiple_of(BATCH) as u64;
    let random = |i: u64| support::key(i ^ 0xABCD_EF00_0000) % n as u64;
    (0..count).map(|i| support::key(first + random(i))).collect()
}

impl<F: Fn(&u64) -> bool> Lookups<F> {
    pub(crate) fn new(keys: Vec<u64>, hit: bool, has: F) -> Self {
        let found = if hit { BATCH } else { 0 };
        Lookups {
            keys,
            next: 0,
            found,
            has,
        }
    }
}

impl<F: Fn(&u64) -> bool> Turns for Lookups<F> {
    fn ops(&self) -> u64 {
        BATCH as u64
    }

    fn warm_up(&self) -> u64 {
        8
    }

    fn run<W: Watch>(&mut self, repeats: u64, watch: &mut W) {
        watch.start();
        for _ in 0..repeats {
            let batch = black_box(&self.keys[self.next..self.next + BATCH]);
            self.next = (self.next + BATCH) % self.keys.len();
            let found = batch.iter().filter(|key| (self.has)(key)).count();
            assert_eq!(found, self.found, "a lookup answered wrong");
        }
        watch.stop();
    }
}

/// What all entries add up to, whatever their order.
pub(crate) fn sum<V>(map: &impl Map<V>) -> u64 {
    let mut sum = map.entries() as u64;
    map.each(|key, value| sum = sum.wrapping_add(key.rotate_left(7) ^ value));
    sum
}

/// The same of pairs.
pub(crate) fn sum_of(pairs: impl ExactSizeIterator<Item = (u64, u64)>) -> u64 {
    let entries = pairs.len() as u64;
    pairs.fold(entries, |sum, (key, value)| {
        sum.wrapping_add(key.rotate_left(7) ^ value)
    })
}

/// A cold map from nothing to `n` entries.
pub(crate) struct Growth<K, V, S> {
    n: usize,
    expected: u64,
    kind: std::marker::PhantomData<(K, V, S)>,
}

impl<V: Value, S: Seed, K: Kind<V, S>> Growth<K, V, S> {
    pub(crate) fn new(n: usize) -> (u64, Self) {
        let expected = sum_of((0..n).map(|i| (support::key(i as u64), i as u64)));
        let kind = std::marker::PhantomData;
        (expected, Growth { n, expected, kind })
    }
}

impl<V: Value, S: Seed, K: Kind<V, S>> Turns for Growth<K, V, S> {
    fn ops(&self) -> u64 {
        self.n as u64
    }

    fn warm_up(&self) -> u64 {
        0
    }

    fn run<W: Watch>(&mut self, repeats: u64, watch: &mut W) {
        for _ in 0..repeats {
            let mut keeps = K::Keeps::default();
            watch.start();
            let mut map = K::make(&mut keeps, self.n);
            for i in 0..self.n as u64 {
                let key = support::key(i);
                watch.op(|| map.put(key, V::new(i)));
            }
            watch.stop();
            watch.full();
            assert_eq!(sum(&map), self.expected, "the map does not hold what was put into it");
        }
    }
}

/// Random remove and insert pairs at a constant number of entries.
pub(crate) struct Churn<'m, M> {
    map: &'m mut M,
    /// Which keys live: slot i of this list is replaced when the dice say i.
    live: Vec<u64>,
    pairs: u64,
    expected: u64,
}

impl<'m, M: Map<u64> + Remove> Churn<'m, M> {
    /// Fills the map, and lives through ten replacements an entry.
    pub(crate) fn new(map: &'m mut M, live: Vec<u64>, pairs_before: u64) -> (u64, Self) {
        for &key in &live {
            map.put(key, key);
        }
        let expected = sum_of(live.iter().map(|&key| (key, key)));
        let mut churn = Churn {
            map,
            live,
            pairs: 0,
            expected,
        };
        churn.run(pairs_before, &mut Nobody);
        (churn.expected, churn)
    }
}

impl<M: Map<u64> + Remove> Turns for Churn<'_, M> {
    fn ops(&self) -> u64 {
        1
    }

    fn one_run(&self) -> u64 {
        self.live.len() as u64
    }

    fn warm_up(&self) -> u64 {
        self.live.len() as u64 / 4
    }

    fn run<W: Watch>(&mut self, repeats: u64, watch: &mut W) {
        let n = self.live.len() as u64;
        watch.start();
        for _ in 0..repeats {
            let dice = support::key(self.pairs ^ 0xD1CE_0000_0000) % n;
            let slot = &mut self.live[usize::try_from(dice).expect("an index")];
            let (old, new) = (*slot, support::key(n + self.pairs));
            let was_there = watch.op(|| {
                let was_there = self.map.take(&old);
                self.map.put(new, new);
                was_there
            });
            assert!(was_there, "an entry is gone");
            *slot = new;
            self.pairs += 1;
        }
        watch.stop();
        watch.full();
        self.expected = sum_of(self.live.iter().map(|&key| (key, key)));
        assert_eq!(sum(self.map), self.expected, "the map does not hold what it should");
    }
}

/// A full map, emptied in random order.
pub(crate) struct DeleteAll<K> {
    keys: Vec<u64>,
    kind: std::marker::PhantomData<K>,
}

impl<K> DeleteAll<K> {
    /// The order is that of the keys' own bits, which nothing in a map follows.
    pub(crate) fn new(n: usize) -> (u64, Self) {
        let mut keys: Vec<u64> = (0..n as u64).map(support::key).collect();
        keys.sort_unstable_by_key(|key| key.reverse_bits());
        let expected = sum_of((0..n).map(|i| (support::key(i as u64), i as u64)));
        let kind = std::marker::PhantomData;
        (expected, DeleteAll { keys, kind })
    }
}

impl<S: Seed, K> Turns for DeleteAll<(K, S)>
where
    K: Kind<u64, S>,
    for<'a> K::Map<'a>: Remove,
{
    fn ops(&self) -> u64 {
        self.keys.len() as u64
    }

    fn warm_up(&self) -> u64 {
        0
    }

    fn run<W: Watch>(&mut self, repeats: u64, watch: &mut W) {
        let n = self.keys.len();
        for _ in 0..repeats {
            let mut keeps = K::Keeps::default();
            let mut map = K::make(&mut keeps, n);
            for i in 0..n as u64 {
                map.put(support::key(i), i);
            }
            watch.start();
            for key in &self.keys {
                let was_there = watch.op(|| map.take(key));
                assert!(was_there, "an entry is gone");
            }
            watch.stop();
            watch.full();
            assert_eq!(map.entries(), 0);
        }
    }
}
