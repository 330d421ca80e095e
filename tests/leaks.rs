//! Promise P3, and the five ways in which maps of services leak: one named test for each shows that the bytes come back.
//!
//! 1. an iterator that a closure or a list captured keeps the table;
//! 2. a map that is parked in a pool and never cleared keeps what it had;
//! 3. growth abandons the old tables;
//! 4. removed entries keep their slots;
//! 5. a guard that is never dropped keeps the arena.
#![cfg(feature = "std")]

mod support;

use arenamap::{Arena, ArenaMap, ArenaPool, PoolConfig, SharedMap};

use support::values::{Big, Value};
use support::{Dice, fixed, key};

#[test]
fn leak_1_an_iterator_captured_by_a_closure_ends_with_the_closure() {
    let pool = ArenaPool::new();
    let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(pool.checkout());
    map.extend((0..50_000).map(|n| (n, n)));

    // A borrowing iterator takes no byte and keeps none.
    let used = map.arena_stats().used;
    let mut next = {
        let mut iter = map.iter();
        move || iter.next().map(|(key, _)| *key)
    };
    assert!(next().is_some());
    let parked: Vec<Box<dyn FnMut() -> Option<u64> + '_>> = vec![Box::new(next)];
    assert_eq!(map.arena_stats().used, used);
    drop(parked);

    // An owning one keeps the arena as long as it lives, half-used or not, and not longer.
    let mut entries = map.into_iter();
    let mut next: Box<dyn FnMut() -> Option<(u64, u64)> + '_> = Box::new(move || entries.next());
    assert!(next().is_some());
    assert_eq!((pool.stats().out, pool.stats().kept), (1, 0));
    drop(next);
    assert_eq!((pool.stats().out, pool.stats().kept), (0, 1));
    assert_eq!(pool.checkout().used(), 0);
}

#[test]
fn leak_2_a_map_parked_in_a_pool_comes_back_empty_and_bounded() {
    const BOUND: usize = 256 << 10;
    let pool = ArenaPool::with_config(PoolConfig::new().max_kept(2).max_kept_bytes(BOUND));
    for round in 0..20 {
        let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(pool.checkout());
        assert_eq!(map.arena_stats().used, 0, "round {round}");
        // Nobody clears it, and every fifth is huge.
        map.extend((0..if round % 5 == 0 { 100_000 } else { 1_000 }).map(|n| (n, n)));
        drop(map);
        let stats = pool.stats();
        assert_eq!(stats.out, 0);
        assert!(stats.kept <= 2 && stats.kept_bytes <= 2 * BOUND, "{stats}");
    }
    // A map that is not dropped at all, but left behind in a shared arena by another map that is.
    let shared = pool.checkout().share();
    let mut outer: SharedMap<'_, u64, SharedMap<'_, u64, u64>> = ArenaMap::new_in(shared.clone());
    for n in 0..10 {
        let mut inner = ArenaMap::new_in(shared.clone());
        inner.extend((0..100).map(|m| (m, n)));
        outer.insert(n, inner);
    }
    drop(shared);
    assert_eq!(pool.stats().out, 1);
    drop(outer);
    assert_eq!(pool.stats().out, 0, "inner maps go with the outer one");
}

#[test]
fn leak_3_growth_gives_the_old_tables_back() {
    let arena = Arena::new();
    let mut map = ArenaMap::with_hasher_in(fixed(), &arena);
    for n in 0..200_000 {
        map.insert(key(n), n);
        if n % 1_000 == 0 {
            let rounding = 2 * 16; // two blocks, while entries move
            assert!(
                arena.used() <= map.allocation_size() + rounding,
                "no block but those of the map is in use at {n}"
            );
        }
    }
    let (held, size) = (arena.held(), map.allocation_size());
    drop(map);
    assert_eq!(arena.used(), 0);
    if cfg!(arenamap_guard) {
        return; // nothing is recycled there
    }
    // The old tables, each half of the next, wait in the free lists; and chunks have metadata.
    assert!(held <= 2 * size + (64 << 10), "{held} bytes held for {size}");
    // The second map grows through the blocks of the first, without a reset.
    let mut map = ArenaMap::with_hasher_in(fixed(), &arena);
    map.extend((0..200_000).map(|n| (key(n), n)));
    for n in 0..200_000 {
        assert_eq!(map.get(&key(n)), Some(&n));
    }
    drop(map);
    let mut map = ArenaMap::with_hasher_in(fixed(), &arena);
    for n in 0..200_000 {
        map.insert(key(n), n);
    }
    assert!(
        arena.held() <= 2 * held,
        "{} bytes held after the third map, {held} after the first",
        arena.held()
    );
}

#[test]
fn leak_4_removed_entries_give_their_slots_and_values_back() {
    let arena = Arena::new();
    let mut map = ArenaMap::with_hasher_in(fixed(), &arena);
    let n = 400;
    map.extend((0..n).map(|i| (key(i), Big::of(i))));
    let mut settled = 0;
    let mut dice = Dice::new(1);
    let mut live: Vec<u64> = (0..n).map(key).collect();
    for i in n..20 * n {
        let at = usize::try_from(dice.below(n)).unwrap();
        drop(map.remove(&live[at]));
        assert_eq!(
            Big::live(),
            isize::try_from(n - 1).unwrap(),
            "a removed value is dropped at once"
        );
        live[at] = key(i);
        map.insert(live[at], Big::of(i));
        if i == 10 * n {
            settled = map.allocation_size();
        }
    }
    assert!(
        map.allocation_size() <= settled + settled / 4,
        "{} after {settled}",
        map.allocation_size()
    );

    // After most are gone, the rest asks for no more than it needs, when told to shrink.
    map.retain(|key, _| live[..10].contains(key));
    map.shrink_to_fit();
    assert_eq!((map.len(), Big::live()), (10, 10));
    assert!(
        map.allocation_size() < 17 * 4_200,
        "{} bytes for 10 entries",
        map.allocation_size()
    );
    assert!(
        arena.used() < map.allocation_size() + 16,
        "the other blocks are given back"
    );
    map.clear();
    map.shrink_to_fit();
    assert_eq!((arena.used(), Big::live()), (0, 0));
}

#[test]
#[cfg(not(any(arenamap_guard, miri)))] // sanitizers would report the arenas that are lost on purpose
fn leak_5_a_guard_that_is_never_dropped_costs_its_own_arena_only() {
    // Of a pool: that arena is never handed out again, and the pool works on.
    let pool = ArenaPool::new();
    let mut lost: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(pool.checkout());
    lost.insert(1, 1);
    let address = std::ptr::from_ref(lost.get(&1).unwrap()).addr();
    std::mem::forget(lost);
    std::mem::forget(pool.checkout().share());
    assert_eq!((pool.stats().out, pool.stats().kept), (2, 0));
    for _ in 0..3 {
        let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(pool.checkout());
        map.insert(1, 2);
        assert_ne!(std::ptr::from_ref(map.get(&1).unwrap()).addr(), address);
    }
    assert_eq!((pool.stats().out, pool.stats().kept), (2, 1));

    // Of a borrowed arena: the reset takes everything back, leaked iterators and maps included.
    let mut arena = Arena::new();
    let mut held = 0;
    for round in 0..5 {
        let mut map = ArenaMap::with_hasher_in(fixed(), &arena);
        map.extend((0..5_000).map(|n| (key(n), n)));
        std::mem::forget(map.drain());
        map.extend((0..5_000).map(|n| (key(n), n)));
        std::mem::forget(map);
        arena.reset();
        assert_eq!((arena.used(), arena.free()), (0, 0));
        if round == 1 {
            held = arena.held();
        }
        assert!(
            round < 1 || arena.held() == held,
            "a leak a round: {} after {held}",
            arena.held()
        );
    }
}
