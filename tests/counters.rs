//! Each counter beside a count of another kind: of capacities, of hashes, of heap blocks, of what calls return.

#[path = "support/refuse.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod refuse;

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::panic::catch_unwind;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use arenamap::bounded::Reason;
use arenamap::counters::{Counters, Kind};
use arenamap::{
    Arena, ArenaMap, ArenaPool, ArenaSet, BoundedMap, DefaultHashBuilder, PathMap, PoolConfig, SharedMap, StrMap,
};

/// Counts blocks of chunks on this thread: they are aligned to 16, as what stands with an arena is.
struct Chunks;

thread_local! {
    static CHUNKS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: one that refuses by null, with a count beside it.
#[allow(unsafe_code, reason = "a global allocator that counts")]
unsafe impl GlobalAlloc for Chunks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: handed on.
        let block = unsafe { refuse::Failing.alloc(layout) };
        if layout.align() == 16 && !block.is_null() {
            CHUNKS.set(CHUNKS.get() + 1);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: handed on.
        unsafe { refuse::Failing.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Chunks = Chunks;

/// All numbers, by name; each name once.
fn numbers(of: &impl Counters) -> HashMap<&'static str, (Kind, u64)> {
    let mut numbers = HashMap::new();
    of.visit(&mut |name, kind, value| {
        assert!(numbers.insert(name, (kind, value)).is_none(), "{name} twice");
    });
    numbers
}

#[track_caller]
fn number(of: &impl Counters, name: &str) -> u64 {
    match numbers(of).get(name) {
        Some(&(_, value)) => value,
        None => panic!("no {name} in {:?}", numbers(of)),
    }
}

/// Where each value is.
fn places(map: &ArenaMap<u64, u64>) -> Vec<*const u64> {
    (0..map.len() as u64).map(|key| ptr::from_ref(&map[&key])).collect()
}

#[test]
fn moves_by_capacities_and_entries_moved_by_addresses() {
    let mut map: ArenaMap<u64, u64> = ArenaMap::new();
    let (mut moves, mut steps, mut moved) = (0, 0, 0);
    let mut before = (map.capacity(), map.stats().left_to_move, places(&map));
    for n in 0..2_000 {
        map.insert(n, n);
        let after = (map.capacity(), map.stats().left_to_move, places(&map));
        moves += u64::from(before.0 > 0 && before.0 != after.0);
        // Each insertion while entries move is one step, and so is the first one.
        steps += u64::from(before.1 > 0 || before.0 != after.0 && after.1 > 0);
        moved += before
            .2
            .iter()
            .zip(&after.2)
            .filter(|(before, after)| before != after)
            .count() as u64;
        before = after;
        assert_eq!((number(&map, "moves"), number(&map, "move_steps")), (moves, steps));
        assert_eq!(number(&map, "entries_moved"), moved, "{n}");
    }
    assert!(moves > 6 && steps > 50 && moved > 2_000, "{moves} {steps} {moved}");

    assert!(map.settle(usize::MAX));
    let moved = number(&map, "entries_moved");
    map.reserve(10_000);
    assert_eq!(
        (number(&map, "moves"), number(&map, "entries_moved")),
        (moves + 1, moved + 2_000)
    );
    map.shrink_to_fit();
    assert_eq!(
        (number(&map, "moves"), number(&map, "entries_moved")),
        (moves + 2, moved + 4_000)
    );
    assert_eq!(number(&map.clone(), "moves"), 0, "a copy begins at 0");
}

#[test]
fn refusals_by_errors() {
    let arena = Arena::with_budget(3_000);
    let mut map: ArenaMap<u64, u64, DefaultHashBuilder, &Arena> = ArenaMap::new_in(&arena);
    let mut refused = 0;
    for n in 0..1_000 {
        refused += u64::from(map.try_insert(n, n).is_err());
        assert_eq!(number(&map, "refused_budget"), refused);
        assert_eq!(number(&arena, "refused_budget"), refused);
    }
    assert!(refused > 100, "{refused}");
    assert!(map.try_reserve(10_000).is_err());
    assert_eq!(
        (number(&map, "refused_budget"), number(&map, "refused_size")),
        (refused + 1, 0)
    );
    assert!(map.try_reserve(usize::MAX).is_err());
    assert!(map.try_reserve(usize::MAX / 2).is_err());
    assert_eq!(
        (number(&map, "refused_budget"), number(&map, "refused_size")),
        (refused + 1, 2)
    );
    assert_eq!(number(&map, "refused_heap"), 0);

    // An empty map that is refused its first block.
    let arena = Arena::with_budget(8);
    let mut map: ArenaMap<u64, u64, DefaultHashBuilder, &Arena> = ArenaMap::new_in(&arena);
    assert!(map.try_insert(1, 1).is_err());
    assert_eq!(number(&map, "refused_budget"), 1);
}

/// It would have become four times as large, had there been room.
#[test]
#[cfg(not(arenamap_guard))]
fn a_map_that_doubles_instead_was_refused_nothing() {
    let arena = Arena::with_budget(12_000);
    let mut map = ArenaMap::new_in(&arena);
    for n in 0..14_u64 {
        map.insert(n, n);
    }
    let left = 12_000 - arena.used() - arena.free();
    let _beside = arenamap::ArenaVec::<u8, _>::with_capacity_in(left - 1_000, &arena);
    map.insert(14, 14);
    assert_eq!((map.len(), map.capacity()), (15, 28));
    assert_eq!(number(&map, "refused_budget"), 0);
    assert_eq!(number(&arena, "refused_budget"), 0);
}

#[test]
fn refusals_of_the_heap() {
    let arena = Arena::with_capacity(64);
    let mut map: ArenaMap<u64, u64, DefaultHashBuilder, &Arena> = ArenaMap::new_in(&arena);
    for n in 0..200 {
        map.insert(n, n);
    }
    let mut refused = 0;
    refuse::refuse_from(0);
    for n in 200..1_000 {
        refused += u64::from(map.try_insert(n, n).is_err());
    }
    refuse::give_again();
    assert!(refused > 100, "{refused}");
    assert_eq!(number(&map, "refused_heap"), refused);
    assert_eq!(number(&map, "refused_budget"), 0);
    if !cfg!(arenamap_guard) {
        assert_eq!(number(&arena, "refused_heap"), refused);
    }
}

#[cfg(not(arenamap_guard))] // in guard mode there are no chunks
#[test]
fn chunks_by_heap_blocks() {
    /// What a call takes.
    fn taken(call: impl FnOnce()) -> u64 {
        let before = CHUNKS.get();
        call();
        CHUNKS.get() - before
    }
    let mut arena = Arena::new();
    let mut blocks = 0;
    for round in 0..3 {
        for size in [10, 2_000, 100, 30_000, 100_000] {
            let bytes = vec![0_u8; size];
            blocks += taken(|| {
                arena.alloc_slice_copy(&bytes);
            });
            // The first block brings the arena, with room for what is small.
            assert_eq!(number(&arena, "chunks_taken") + 1, blocks, "{round} {size}");
        }
        arena.reset();
    }
    assert!(blocks > 3);
    blocks += taken(|| arena.merge_chunks().unwrap());
    assert_eq!(number(&arena, "chunks_taken") + 1, blocks);

    let blocks = taken(|| arena = Arena::with_capacity(100_000));
    assert_eq!(number(&arena, "chunks_taken") + 1, blocks);
}

#[test]
fn resets_and_checkouts() {
    let pool = ArenaPool::with_config(PoolConfig::new().max_kept(2));
    let (mut checkouts, mut misses) = (0, 0);
    for out in [1_usize, 3, 2, 4, 1] {
        let waiting = pool.stats().kept;
        let arenas: Vec<_> = (0..out).map(|_| pool.checkout()).collect();
        checkouts += out as u64;
        misses += out.saturating_sub(waiting) as u64;
        assert_eq!(
            (number(&pool, "checkouts"), number(&pool, "misses")),
            (checkouts, misses)
        );
        assert_eq!(number(&pool, "out"), out as u64);
        drop(arenas);
    }
    assert_eq!(number(&pool, "kept"), 2);
    let mut arena = Arena::with_capacity(10);
    for resets in 1..5 {
        arena.reset();
        assert_eq!(number(&arena, "resets"), resets);
    }
    let pool = ArenaPool::new();
    for returns in 0..5 {
        assert_eq!(number(&pool.checkout(), "resets"), returns);
    }
    let shared = pool.checkout().share();
    assert_eq!(number(&shared, "resets"), 5);
}

#[test]
fn what_leaves_a_bounded_map() {
    let mut map: BoundedMap<u64, u64> = BoundedMap::new(50);
    let (mut evicted, mut expired, mut hits, mut misses) = (0, 0, 0, 0);
    for n in 0..1_000 {
        match map
            .insert_for(n, n, if n % 3 == 0 { 20 } else { 10_000 }, n)
            .map(|gone| gone.reason)
        {
            Some(Reason::Evicted) => evicted += 1,
            Some(Reason::Expired) => expired += 1,
            _ => {}
        }
        if map.get(&n.saturating_sub(10), n).is_some() {
            hits += 1;
        } else {
            misses += 1;
        }
        assert_eq!((number(&map, "evicted"), number(&map, "expired")), (evicted, expired));
        assert_eq!((number(&map, "hits"), number(&map, "misses")), (hits, misses));
    }
    assert!(evicted > 10 && expired > 10 && hits > 10, "{evicted} {expired} {hits}");
    assert_eq!(number(&map, "insertions"), 1_000);
}

/// The gauges are the numbers of `stats`, on every type.
#[test]
fn gauges_are_the_stats() {
    let pool = ArenaPool::new();
    let mut map = SharedMap::new_in(pool.checkout().share());
    map.extend((0..1_000_u64).map(|n| (n, n)));
    let stats = map.stats();
    for (name, value) in [
        ("entries", stats.len),
        ("capacity", stats.capacity),
        ("slots", stats.slots),
        ("table_bytes", stats.table_bytes),
    ] {
        assert_eq!(numbers(&map)[name], (Kind::Gauge, value as u64), "{name}");
    }
    let set: ArenaSet<u64> = (0..100).collect();
    assert_eq!(number(&set, "entries"), 100);
    let mut words = StrMap::new();
    for n in 0..100 {
        words.insert(&n.to_string(), n);
    }
    assert_eq!((number(&words, "entries"), number(&words, "moves") > 0), (100, true));
    let mut paths = PathMap::<u64, u64>::new();
    for n in 0..100 {
        paths.insert(&[n % 7, n], n);
    }
    assert_eq!((number(&paths, "entries"), number(&paths, "nodes")), (100, 108));
    let arena = map.into_handle();
    assert_eq!(number(&arena, "held_bytes"), arena.held() as u64);
    assert_eq!(numbers(&arena)["resets"].0, Kind::Counter);
}

/// Without removals and moves the longest way in is the longest way to an entry.
#[test]
fn the_longest_probe_by_a_walk() {
    let mut most = 0;
    for seed in 0..20 {
        let mut map: ArenaMap<u64, u64> = ArenaMap::with_capacity(3_500);
        assert_eq!(number(&map, "longest_probe"), 0);
        for n in 0..map.capacity() as u64 {
            map.insert(n * 31 + seed, n);
        }
        assert_eq!(number(&map, "moves"), 0);
        assert_eq!(number(&map, "longest_probe"), map.probe_lengths().longest as u64);
        most = most.max(map.probe_lengths().longest);
    }
    assert!(most > 2, "the test is to see long ways: {most}");
}

/// One hash for all.
#[derive(Clone, Default)]
struct Bad;

impl BuildHasher for Bad {
    type Hasher = Bad;

    fn build_hasher(&self) -> Bad {
        Bad
    }
}

impl Hasher for Bad {
    fn finish(&self) -> u64 {
        77
    }

    fn write(&mut self, _: &[u8]) {}
}

#[test]
fn the_alarm_is_raised_once_for_each_crossing() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static GROUPS: AtomicUsize = AtomicUsize::new(0);
    let map: ArenaMap<u32, u32, Bad> = ArenaMap::with_capacity_and_hasher(1_000, Bad);
    let mut map = map.with_probe_alarm(3, |groups| {
        CALLS.fetch_add(1, Ordering::Relaxed);
        GROUPS.store(groups, Ordering::Relaxed);
    });
    for n in 0..48 {
        map.insert(n, n);
    }
    assert_eq!(CALLS.load(Ordering::Relaxed), 0, "three groups are no more than three");
    for n in 48..100 {
        *map.entry(n).or_insert(n) += 1;
        assert_eq!((CALLS.load(Ordering::Relaxed), GROUPS.load(Ordering::Relaxed)), (1, 4));
    }
    assert_eq!(number(&map, "longest_probe"), 7);
    // All gone, and again.
    map.clear();
    map.extend((0..100).map(|n| (n, n)));
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
    // In another block, where the way is as long.
    map.reserve(5_000);
    map.insert(100, 100);
    assert_eq!((CALLS.load(Ordering::Relaxed), GROUPS.load(Ordering::Relaxed)), (3, 7));
    // Taken out one by one, or by what asks about each.
    for n in 0..=100 {
        map.remove(&n);
    }
    map.extend((0..100).map(|n| (n, n)));
    assert_eq!(CALLS.load(Ordering::Relaxed), 4);
    map.retain(|_, _| false);
    map.extend((0..100).map(|n| (n, n)));
    assert_eq!(CALLS.load(Ordering::Relaxed), 5);
    // Good hashes do not raise it.
    let mut good = ArenaMap::new().with_probe_alarm(24, |groups| panic!("{groups} groups"));
    good.extend((0..50_000).map(|n| (n, n)));
    let mut set = ArenaSet::new().with_probe_alarm(24, |groups| panic!("{groups} groups"));
    set.extend(0..50_000);
    let mut words = StrMap::new().with_probe_alarm(24, |groups| panic!("{groups} groups"));
    words.extend((0..5_000).map(|n| (n.to_string(), n)));
}

/// A panic of the alarm is the caller's; the entry is in, and the map whole.
#[test]
fn an_alarm_that_panics_loses_nothing() {
    let map: StrMap<u32, Bad> = StrMap::with_capacity_and_hasher(1_000, Bad);
    let mut map = map.with_probe_alarm(1, |_| panic!("too long"));
    let mut panics = 0;
    for n in 0..40_u32 {
        let result = catch_unwind(std::panic::AssertUnwindSafe(|| map.insert(&n.to_string(), n)));
        panics += usize::from(result.is_err());
    }
    assert_eq!((panics, map.len()), (1, 40));
    assert!((0..40).all(|n| map.get(&n.to_string()) == Some(&n)));
}
