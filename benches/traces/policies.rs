//! Plain models of policies, as yardsticks of hit ratios: exact, and slow.

use std::collections::{BTreeSet, HashMap, VecDeque};

use clap::ValueEnum;
use foldhash::fast::FixedState;

use crate::list::{List, NONE};
use crate::numbers::fixed;

type Index = HashMap<u64, usize, FixedState>;

/// A model of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Model {
    /// The least recently used one goes.
    Lru,
    /// SIEVE (Zhang and others, NSDI 2024): one queue, one bit an entry, a hand that goes from the oldest to the newest
    Sieve,
    /// S3-FIFO (Yang and others, SOSP 2023): entries that were asked for twice in the small queue enter the main one
    S3Fifo,
    /// The same, but once is enough
    S3FifoOnce,
    /// The same, but the small queue has a twentieth, and as long as the main one has room, all that is new goes there
    S3FifoFill,
    /// What nobody can reach: the one whose next request is farthest goes, or does not even enter (Bélády)
    Best,
}

/// A cache of keys.
trait Policy {
    /// Whether `key` was there; afterwards it is, or was let in and fell out again.
    fn request(&mut self, key: u64) -> bool;
}

impl Model {
    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Model::Lru => "=LRU",
            Model::Sieve => "=SIEVE",
            Model::S3Fifo => "=S3-FIFO",
            Model::S3FifoOnce => "=S3-FIFO-1",
            Model::S3FifoFill => "=S3-FIFO-fill",
            Model::Best => "=best",
        }
    }

    /// For each request, whether it was a hit; `seen` is called in order.
    pub(crate) fn run(self, keys: &[u64], capacity: usize, seen: impl FnMut(u64, bool)) {
        match self {
            Model::Lru => each(Lru::new(capacity), keys, seen),
            Model::Sieve => each(Sieve::new(capacity), keys, seen),
            Model::S3Fifo => each(S3Fifo::new(capacity, 10, 2, false), keys, seen),
            Model::S3FifoOnce => each(S3Fifo::new(capacity, 10, 1, false), keys, seen),
            Model::S3FifoFill => each(S3Fifo::new(capacity, 20, 1, true), keys, seen),
            Model::Best => each(Best::new(capacity, keys), keys, seen),
        }
    }
}

fn each(mut policy: impl Policy, keys: &[u64], mut seen: impl FnMut(u64, bool)) {
    for &key in keys {
        let hit = policy.request(key);
        seen(key, hit);
    }
}

struct Lru {
    capacity: usize,
    index: Index,
    order: List<u64>,
}

impl Lru {
    fn new(capacity: usize) -> Self {
        Lru {
            capacity,
            index: Index::with_hasher(fixed()),
            order: List::new(),
        }
    }
}

impl Policy for Lru {
    fn request(&mut self, key: u64) -> bool {
        if let Some(&at) = self.index.get(&key) {
            self.order.renew(at);
            return true;
        }
        if self.index.len() == self.capacity {
            let oldest = self.order.oldest();
            self.index.remove(self.order.at(oldest));
            self.order.remove(oldest);
        }
        self.index.insert(key, self.order.push(key));
        false
    }
}

struct Sieve {
    capacity: usize,
    index: Index,
    /// Key, and whether it was asked for since the hand passed.
    order: List<(u64, bool)>,
    hand: usize,
}

impl Sieve {
    fn new(capacity: usize) -> Self {
        Sieve {
            capacity,
            index: Index::with_hasher(fixed()),
            order: List::new(),
            hand: NONE,
        }
    }

    fn evict(&mut self) {
        loop {
            if self.hand == NONE {
                self.hand = self.order.oldest();
            }
            let at = self.hand;
            self.hand = self.order.newer(at);
            let (key, visited) = self.order.at(at);
            if !std::mem::take(visited) {
                self.index.remove(key);
                self.order.remove(at);
                return;
            }
        }
    }
}

impl Policy for Sieve {
    fn request(&mut self, key: u64) -> bool {
        if let Some(&at) = self.index.get(&key) {
            self.order.at(at).1 = true;
            return true;
        }
        if self.index.len() == self.capacity {
            self.evict();
        }
        self.index.insert(key, self.order.push((key, false)));
        false
    }
}

/// A queue of keys whose entries can be taken out of the middle, by their number.
#[derive(Default)]
struct Ghost {
    queue: VecDeque<(u64, usize)>,
    numbers: HashMap<u64, usize>,
    next: usize,
}

impl Ghost {
    fn push(&mut self, key: u64, at_most: usize) {
        self.queue.push_back((key, self.next));
        self.numbers.insert(key, self.next);
        self.next += 1;
        while self.numbers.len() > at_most {
            let Some((key, number)) = self.queue.pop_front() else {
                return;
            };
            if self.numbers.get(&key) == Some(&number) {
                self.numbers.remove(&key);
            }
        }
    }

    fn take(&mut self, key: u64) -> bool {
        self.numbers.remove(&key).is_some()
    }
}

/// Two queues, the small one of say a tenth, and a ghost queue of as many keys as the main one may have.
struct S3Fifo {
    capacity: usize,
    small_capacity: usize,
    /// So many hits in the small queue lead into the main one.
    enough: u8,
    /// What is new goes to the main queue as long as that has room.
    fill: bool,
    hits: HashMap<u64, u8, FixedState>,
    small: VecDeque<u64>,
    main: VecDeque<u64>,
    ghost: Ghost,
}

impl S3Fifo {
    fn new(capacity: usize, share: usize, enough: u8, fill: bool) -> Self {
        S3Fifo {
            capacity,
            small_capacity: (capacity / share).max(1),
            enough,
            fill,
            hits: HashMap::with_hasher(fixed()),
            small: VecDeque::new(),
            main: VecDeque::new(),
            ghost: Ghost::default(),
        }
    }

    fn main_capacity(&self) -> usize {
        self.capacity - self.small_capacity
    }

    fn evict(&mut self) {
        while self.hits.len() >= self.capacity {
            if self.small.len() >= self.small_capacity || self.main.is_empty() {
                self.evict_small();
            } else {
                self.evict_main();
            }
        }
    }

    /// Moves entries that were asked for to the main queue, until one goes.
    fn evict_small(&mut self) {
        while let Some(key) = self.small.pop_front() {
            if self.hits[&key] >= self.enough {
                self.hits.insert(key, 0);
                self.main.push_back(key);
                if self.main.len() > self.main_capacity() {
                    return self.evict_main();
                }
            } else {
                self.hits.remove(&key);
                return self.ghost.push(key, self.main_capacity());
            }
        }
    }

    /// Gives entries that were asked for another round, until one goes.
    fn evict_main(&mut self) {
        while let Some(key) = self.main.pop_front() {
            if let Some(hits @ 1..) = self.hits.get_mut(&key) {
                *hits -= 1;
                self.main.push_back(key);
            } else {
                self.hits.remove(&key);
                return;
            }
        }
    }
}

impl Policy for S3Fifo {
    fn request(&mut self, key: u64) -> bool {
        if let Some(hits) = self.hits.get_mut(&key) {
            *hits = (*hits + 1).min(3);
            return true;
        }
        self.evict();
        let room = self.fill && self.main.len() < self.main_capacity();
        let queue = if self.ghost.take(key) || room {
            &mut self.main
        } else {
            &mut self.small
        };
        queue.push_back(key);
        self.hits.insert(key, 0);
        false
    }
}

/// Knows the future.
struct Best {
    capacity: usize,
    /// For each request, which one asks for the same key next.
    next: std::vec::IntoIter<usize>,
    held: Index,
    /// The next request of each key that is held, and the key.
    order: BTreeSet<(usize, u64)>,
}

impl Best {
    fn new(capacity: usize, keys: &[u64]) -> Self {
        let mut later = Index::with_hasher(fixed());
        let mut next: Vec<usize> = (0..keys.len())
            .rev()
            .map(|i| later.insert(keys[i], i).unwrap_or(usize::MAX))
            .collect();
        next.reverse();
        Best {
            capacity,
            next: next.into_iter(),
            held: Index::with_hasher(fixed()),
            order: BTreeSet::new(),
        }
    }
}

impl Policy for Best {
    fn request(&mut self, key: u64) -> bool {
        let next = self.next.next().unwrap_or(usize::MAX);
        let before = self.held.insert(key, next);
        if let Some(before) = before {
            self.order.remove(&(before, key));
        }
        self.order.insert((next, key));
        if self.held.len() > self.capacity
            && let Some((_, farthest)) = self.order.pop_last()
        {
            self.held.remove(&farthest);
        }
        before.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::scrambled;

    /// Which requests are hits.
    fn hits(model: Model, keys: &[u64], capacity: usize) -> String {
        let mut text = String::new();
        model.run(keys, capacity, |_, hit| text.push(if hit { 'h' } else { '.' }));
        text
    }

    #[test]
    fn lru_drops_what_was_used_longest_ago() {
        assert_eq!(hits(Model::Lru, &[1, 2, 1, 3, 1, 2, 3], 2), "..h.h..");
    }

    #[test]
    fn sieve_spares_what_was_visited_and_moves_on() {
        // 1 is visited, so that 4 drops 2; the hand is at 3: 5 drops 3. 1, 4 and 5 are held.
        assert_eq!(hits(Model::Sieve, &[1, 2, 3, 1, 4, 5, 1, 4, 5, 2], 3), "...h..hhh.");
    }

    #[test]
    fn s3_fifo_keeps_twice_asked_for_through_a_scan() {
        let scan: Vec<u64> = (100..150).collect();
        let keys = [&[1, 1, 1, 2, 2], &scan[..], &[1, 2]].concat();
        let tail = |model| hits(model, &keys, 10)[55..].to_owned();
        assert_eq!(tail(Model::S3Fifo), "h.");
        assert_eq!(tail(Model::S3FifoOnce), "hh");
        assert_eq!(tail(Model::Lru), "..");
    }

    #[test]
    fn s3_fifo_that_fills_keeps_a_part_of_a_loop() {
        let keys: Vec<u64> = (0..300).cycle().take(900).collect();
        let count = |model| hits(model, &keys, 100).matches('h').count();
        // 95 of the first hundred stay; the others go through the small queue.
        assert_eq!(count(Model::S3FifoFill), 2 * 95);
        for model in [Model::S3FifoOnce, Model::Sieve, Model::Lru] {
            assert_eq!(count(model), 0, "{model:?}");
        }
    }

    #[test]
    fn s3_fifo_remembers_what_went() {
        // Twelve keys, the small queue drops 0 and 1 into the ghost queue; 0 comes back to the main queue and stays through a scan.
        let scan: Vec<u64> = (100..130).collect();
        let first: Vec<u64> = (0..12).collect();
        let keys = [&first[..], &[0], &scan, &[0, 11]].concat();
        assert_eq!(&hits(Model::S3Fifo, &keys, 10)[43..], "h.");
    }

    #[test]
    fn best_drops_what_is_farthest() {
        assert_eq!(hits(Model::Best, &[1, 2, 3, 1, 2, 3, 4, 3], 2), "...hh..h");
    }

    #[test]
    fn none_beats_the_best_nor_holds_too_much() {
        let keys: Vec<u64> = (0..5_000)
            .map(|i| scrambled(i) % 97 % (1 + scrambled(!i) % 97))
            .collect();
        for capacity in [1, 2, 3, 10, 50] {
            let count = |model: &Model| hits(*model, &keys, capacity).matches('h').count();
            let best = count(&Model::Best);
            for model in Model::value_variants() {
                assert!(count(model) <= best, "{model:?} at {capacity}");
            }
        }
        for model in Model::value_variants() {
            assert_eq!(hits(*model, &keys, 97).matches('.').count(), 97, "{model:?}");
        }
    }
}
