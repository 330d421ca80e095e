//! Promise P2: one call moves at most 32 entries, at any size. The count is that of `stats`, and that of calls of the hasher,
//! which a move makes once for each entry. Up to 224 entries move at once.
//!
//! Promise P3: from 1,000 entries up, the bytes of a map are at most 1.4x those of the pre-sized hashbrown table of the same
//! entries, at every size, and at most 2.1x while a move is under way.
//!
//! Promise P4, for growing maps: at a constant number of entries, endless churn moves no entry and holds a constant number of
//! bytes.
//!
//! `cargo test --release --test growth_bound -- --ignored --nocapture` goes up to 10 million entries, churns 10^8 pairs, and
//! prints what it finds.
#![cfg(not(miri))]

mod support;

use std::fmt::Debug;
use std::hash::{BuildHasher, Hash};

use arenamap::{Arena, ArenaMap};

use support::hashers::{Counting, LOW_BITS, TOP_BITS};
use support::{Constant, Dice, Identity, fixed, key};

/// The most entries that one call moves.
const STEP: usize = 32;

/// Entries up to which a table moves at once.
const AT_ONCE: usize = 224;

/// What a kind of hasher may cost in calls of it, beside the entries that a call moves.
#[derive(Clone, Copy, PartialEq)]
enum Hashes {
    /// One for the key, one for each entry that moves, and for those whose way to their home is too long to be counted in four
    /// bits: next to none.
    Good,
    /// Keys that share a hash are hashed again and again: this is the stated degradation. They are not counted.
    Alike,
}

/// A map, every call on which is counted.
struct Counted<'a, K, V, S> {
    map: ArenaMap<K, V, Counting<S>, &'a Arena>,
    hashes: Hashes,
    most: usize,
    moves: usize,
}

impl<'a, K: Hash + Eq + Debug, V, S: BuildHasher> Counted<'a, K, V, S> {
    /// Runs one call that hashes one key, and counts what it moved.
    fn count<R>(&mut self, work: impl FnOnce(&mut ArenaMap<K, V, Counting<S>, &'a Arena>) -> R) -> R {
        let (len, was) = (self.map.len(), self.map.stats());
        self.map.hasher().calls.set(0);
        let result = work(&mut self.map);
        let calls = self.map.hasher().calls.get();
        let stats = self.map.stats();
        assert!(stats.moved_by_last_step <= STEP, "one call moved too many: {stats}");
        if self.hashes == Hashes::Good {
            let most = if len <= AT_ONCE { len.max(STEP) } else { STEP };
            assert!(calls <= most + 1, "{calls} hashes at {len} entries: {stats}");
            if was.left_to_move == 0 && stats.left_to_move == 0 && stats.capacity == was.capacity {
                assert!(calls <= 1, "nothing moved, and {calls} hashes: {stats}");
            }
        }
        if stats.left_to_move > 0 || was.left_to_move > 0 {
            self.most = self.most.max(stats.moved_by_last_step);
            self.moves += 1;
        }
        result
    }
}

/// Grows a map to `n` entries, with churn, `retain`, `clear` and a copy in between; every insertion and removal is counted.
fn grow<K: Hash + Eq + Clone + Debug, V: Clone, S: BuildHasher + Clone>(
    what: &str,
    n: u64,
    hasher: S,
    hashes: Hashes,
    key: impl Fn(u64) -> K,
    value: impl Fn(u64) -> V,
) {
    let arena = Arena::new();
    let mut counted = Counted {
        map: ArenaMap::with_hasher_in(Counting::new(hasher), &arena),
        hashes,
        most: 0,
        moves: 0,
    };
    // Twice: the second time through the blocks of the first.
    for round in 0..2 {
        let mut dice = Dice::new(n + round);
        let mut dead = 0; // keys below are gone
        for i in 0..n {
            let old = counted.count(|map| map.insert(key(i), value(i)));
            assert!(old.is_none());
            // Churn, also in the middle of moves.
            if i % 16 == 15 {
                assert!(counted.count(|map| map.remove(&key(dead))).is_some());
                dead += 1;
                assert!(counted.count(|map| map.remove(&key(n + i))).is_none());
            }
            if i % 64 == 63 {
                let known = dead + dice.below(i + 1 - dead);
                assert!(counted.count(|map| map.insert(key(known), value(i))).is_some());
            }
        }
        assert_eq!(counted.map.len() as u64, n - dead);
        for i in (0..n).step_by((n / 1_000).max(1) as usize) {
            assert_eq!(counted.map.contains_key(&key(i)), i >= dead, "{i} of {n}");
        }
        // Calls on all entries; they move none, and what comes after moves few.
        counted.count(|map| {
            let mut odd = false;
            map.retain(|_, _| {
                odd = !odd;
                odd
            });
        });
        let left = counted.map.len();
        assert_eq!(left as u64, (n - dead).div_ceil(2));
        let mut copy = counted.map.clone();
        assert_eq!(copy.stats().left_to_move, counted.map.stats().left_to_move, "as it is");
        copy.settle(usize::MAX);
        assert_eq!(copy.iter().count(), left);
        drop(copy);
        for i in 2 * n..2 * n + n / 4 {
            counted.count(|map| map.insert(key(i), value(i)));
        }
        counted.count(ArenaMap::clear);
        assert!(counted.map.is_empty());
        if round == 0 {
            let fresh = Counting::new(counted.map.hasher().inner.clone());
            counted.map = ArenaMap::with_hasher_in(fresh, &arena);
        }
    }
    println!(
        "{what}, {n} entries: at most {} moved by one of {} calls during moves",
        counted.most, counted.moves
    );
    assert!(n < 1_000 || counted.moves > 0, "nothing moved");
    drop(counted);
    assert_eq!(arena.used(), 0);
}

/// Every size from 10 up to `top`, times ten.
fn sizes(top: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(10), |n| Some(n * 10)).take_while(move |n| *n <= top)
}

fn pairs(top: u64) {
    for n in sizes(top) {
        grow("pairs", n, fixed(), Hashes::Good, key, |i| i);
    }
}

fn large_values(top: u64) {
    for n in sizes(top) {
        grow("values of 512 bytes", n, fixed(), Hashes::Good, key, |i| [i; 64]);
    }
}

fn strings(top: u64) {
    for n in sizes(top) {
        grow("strings", n, fixed(), Hashes::Good, |i| key(i).to_string(), |i| i);
    }
}

#[test]
fn p2_one_call_moves_at_most_32_entries_of_pairs() {
    pairs(if cfg!(debug_assertions) { 100_000 } else { 1_000_000 });
}

#[test]
fn p2_one_call_moves_at_most_32_entries_of_large_values() {
    large_values(if cfg!(debug_assertions) { 10_000 } else { 100_000 });
}

#[test]
fn p2_one_call_moves_at_most_32_entries_of_strings() {
    strings(if cfg!(debug_assertions) { 10_000 } else { 1_000_000 });
}

#[test]
#[ignore = "minutes in release: see the head of this file"]
fn p2_one_call_moves_at_most_32_entries_up_to_ten_million() {
    pairs(10_000_000);
    large_values(1_000_000);
    strings(10_000_000);
}

/// Dense integers under a hasher that hands them through are spread as well as any.
#[test]
fn p2_an_identity_hasher_moves_as_a_good_one_does() {
    grow("identity", 100_000, Identity, Hashes::Good, |i| i, |i| i);
}

/// Hashes of which a table sees a part only, down to none: no call moves more, and every call ends.
#[test]
fn p2_one_call_moves_at_most_32_entries_whatever_their_hashes() {
    for n in [10, 300, 2_000] {
        grow("low bits only", n, LOW_BITS, Hashes::Alike, key, |i| i);
        grow("top bits only", n, TOP_BITS, Hashes::Alike, key, |i| i);
        grow("constant", n, Constant, Hashes::Alike, key, |i| i);
        grow("multiples of 2^32", n, Identity, Hashes::Alike, |i| i << 32, |i| i);
    }
}

/// Bytes of a growing map beside a pre-sized one, at every size and in the middle of every move.
#[allow(clippy::cast_precision_loss, reason = "ratios")]
fn waste<V: Copy>(top: usize, value: V) {
    let arena = Arena::new();
    let mut map = ArenaMap::with_hasher_in(fixed(), &arena);
    let (mut settled, mut moving) = ((0.0, 0), (0.0, 0));
    let mut capacity = 0;
    let mut due = 0;
    for i in 0..top {
        map.insert(key(i as u64), value);
        let n = i + 1;
        if n < 1_000 {
            continue;
        }
        // hashbrown's bytes change where its capacity is exhausted.
        if n > capacity {
            let table = hashbrown::HashMap::<u64, V, _>::with_capacity_and_hasher(n, fixed());
            (capacity, due) = (table.capacity(), table.allocation_size());
        }
        let ratio = map.allocation_size() as f64 / due as f64;
        let is_moving = map.stats().left_to_move > 0;
        let worst = if is_moving { &mut moving } else { &mut settled };
        if ratio > worst.0 {
            *worst = (ratio, n);
        }
    }
    println!(
        "values of {} bytes, up to {top}: at most {:.3}x pre-sized (n = {}), {:.3}x during a move (n = {}); {} held, {} live",
        size_of::<V>(),
        settled.0,
        settled.1,
        moving.0,
        moving.1,
        arena.held(),
        map.allocation_size(),
    );
    assert!(settled.0 <= 1.4, "{:.3}x at n = {}", settled.0, settled.1);
    assert!(
        moving.0 > 0.0 && moving.0 <= 2.1,
        "{:.3}x at n = {}",
        moving.0,
        moving.1
    );
}

#[test]
fn p3_waste_is_bounded_at_every_size() {
    let top = if cfg!(debug_assertions) { 100_000 } else { 2_000_000 };
    waste(top, 0_u64);
    waste(top, ());
    waste(top / 20, [0_u64; 64]);
}

/// Random pairs of removal and insertion at `n` entries: from the first pair after the last move on, nothing moves, nothing is
/// taken, nothing is given back, and each call hashes one key.
fn churn(n: u64, pairs: u64) {
    let arena = Arena::new();
    let mut map = ArenaMap::with_hasher_in(Counting::new(fixed()), &arena);
    let mut live: Vec<u64> = (0..n).map(key).collect();
    for &key in &live {
        map.insert(key, key);
    }
    while !map.settle(1_000) {}
    let (held, size, stats) = (arena.held(), map.allocation_size(), map.stats());
    let mut dice = Dice::new(n);
    for i in 0..pairs {
        let at = usize::try_from(dice.below(n)).unwrap();
        map.hasher().calls.set(0);
        assert!(map.remove(&live[at]).is_some());
        live[at] = key(n + i);
        map.insert(live[at], i);
        assert!(map.hasher().calls.get() <= 2, "pair {i} of {n}");
        assert_eq!((arena.held(), map.allocation_size()), (held, size), "pair {i} of {n}");
    }
    println!(
        "n = {n}, {pairs} pairs: {held} bytes held, {size} in the table; {}",
        map.stats()
    );
    assert_eq!(map.stats(), stats);
    assert!(live.iter().all(|key| map.contains_key(key)));
}

#[test]
fn p4_churn_at_constant_size_holds_constant_bytes() {
    for (n, pairs) in [
        (3, 20_000),
        (10, 20_000),
        (14, 20_000), // at the highest load
        (100, 100_000),
        (448, 100_000), // at the highest load
        (1_000, 200_000),
        (12_000, 300_000),
        (100_000, 1_500_000),
    ] {
        churn(n, if cfg!(debug_assertions) { pairs / 10 } else { pairs });
    }
}

#[test]
#[ignore = "a minute in release: see the head of this file"]
fn p4_a_hundred_million_pairs_hold_constant_bytes() {
    for n in [100, 1_000, 100_000, 1_000_000] {
        churn(n, 100_000_000);
    }
}
