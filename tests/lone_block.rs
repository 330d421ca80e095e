//! A map that owns its arena takes its first block from the heap as it is: what that costs, and what becomes of the block.
#![cfg(not(any(arenamap_guard, miri)))] // in guard mode each block of an arena is one of the heap

use std::collections::HashMap;
use std::mem;

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::{Arena, ArenaMap, ArenaSet, StrMap, TrimPolicy};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// Bytes in front of a small block.
const HEADER: usize = 8;

#[test]
fn a_small_map_is_one_block_of_the_heap() {
    let (map, made) = AllocScope::measure(|| {
        let mut map: ArenaMap<u64, u64> = ArenaMap::new();
        for n in 0..4 {
            map.insert(n, n);
        }
        map
    });
    let entries = 4 * size_of::<(u64, u64)>();
    assert_eq!(
        (made.counts().calls(), made.counts().live()),
        (1, i64::try_from(HEADER + entries).unwrap()),
        "{}",
        made.explain()
    );
    let stats = map.arena_stats();
    assert_eq!((stats.used, stats.free, stats.held), (entries, 0, HEADER + entries));
    assert_eq!((stats.high_water, stats.budget, stats.chunks), (entries, None, 1));
    let ((), dropped) = AllocScope::measure(|| drop(map));
    assert_eq!((dropped.counts().calls(), dropped.counts().dealloc), (1, 1));
}

#[test]
fn the_second_block_brings_the_arena() {
    let (map, made) = AllocScope::measure(|| (0..14_u64).map(|n| (n, n)).fold(ArenaMap::new(), with));
    assert_eq!(made.counts().calls(), 2, "{}", made.explain());
    let stats = map.arena_stats();
    assert_eq!(
        (stats.used, stats.free),
        (map.allocation_size(), 64),
        "the small block waits"
    );
    assert!(map.iter().all(|(key, value)| key == value));
    let mut arena = map.into_handle();
    assert_eq!((arena.used(), arena.free()), (0, 64), "the table was the last block");
    arena.reset();
    assert_eq!((arena.used(), arena.free()), (0, 64), "as at the start of the cycle");
    let ((), again) = AllocScope::measure(|| drop((0..14_u64).map(|n| (n, n)).fold(ArenaMap::new_in(&arena), with)));
    assert_eq!(again.counts().calls(), 0, "{}", again.explain());
}

fn with<H: arenamap::Handle>(
    mut map: ArenaMap<u64, u64, arenamap::DefaultHashBuilder, H>,
    (key, value): (u64, u64),
) -> ArenaMap<u64, u64, arenamap::DefaultHashBuilder, H> {
    map.insert(key, value);
    map
}

#[test]
fn a_clone_is_one_block_of_the_heap() {
    for entries in [1, 3, 900, 1_000, 20_000] {
        let set: ArenaSet<u64> = (0..entries).collect();
        let (copy, made) = AllocScope::measure(|| set.clone());
        assert_eq!(made.counts().calls(), 1, "{entries}: {}", made.explain());
        assert!(copy == set && copy.contains(&(entries - 1)));
    }
}

#[test]
fn a_block_that_is_given_back_waits() {
    let ((), work) = AllocScope::measure(|| {
        let mut map: ArenaMap<u64, u64> = ArenaMap::new();
        for round in 0..100 {
            map.insert(round, round);
            map.remove(&round);
            map.shrink_to_fit();
            let stats = map.arena_stats();
            assert_eq!((stats.used, stats.free, map.capacity()), (0, 64, 0));
            if round % 3 == 0 {
                let mut arena = map.into_handle();
                arena.reset();
                map = ArenaMap::new_in(arena);
            }
        }
    });
    assert_eq!((work.counts().alloc, work.counts().dealloc), (1, 1));
}

/// Owned by one map after another, each with a block of its own kind: equal cycles after the first one call no heap.
#[test]
fn equal_cycles_are_silent() {
    for reset in [false, true] {
        for entries in [1, 4, 5, 14, 60, 900, 1_000, 20_000] {
            let mut arena = Arena::new();
            for cycle in 0..4 {
                let ((), work) = AllocScope::measure(|| {
                    for capacity in [0, entries, 3] {
                        let mut map: ArenaMap<u64, u64> = ArenaMap::with_capacity_in(capacity, mem::take(&mut arena));
                        map.extend((0..entries as u64).map(|n| (n, n)));
                        map.shrink_to_fit();
                        map.insert(1, 1);
                        arena = map.into_handle();
                    }
                    if reset {
                        arena.reset();
                    }
                });
                assert!(
                    cycle == 0 || work.counts().calls() == 0,
                    "{entries}: {}",
                    work.explain()
                );
            }
        }
    }
}

#[test]
fn string_keys_are_in_the_arena() {
    let (map, made) = AllocScope::measure(|| {
        let mut map: StrMap<u32> = StrMap::new();
        map.insert("one", 1);
        map.insert("two", 2);
        map
    });
    assert_eq!(made.counts().calls(), 1, "{}", made.explain());
    assert_eq!(map["two"], 2);
}

#[test]
fn an_arena_with_a_lone_block_is_an_arena() {
    // A leaked iterator leaves the block with the arena and without the map.
    let leaked = || {
        let mut map: ArenaMap<u64, u64> = ArenaMap::new();
        map.insert(1, 1);
        mem::forget(map.drain());
        assert!(map.is_empty());
        map.into_handle()
    };
    let ((), work) = AllocScope::measure(|| {
        drop(leaked());
        let mut arena = leaked();
        assert_eq!((arena.used(), arena.held()), (64, 64 + HEADER));
        arena.reset();
        assert_eq!((arena.used(), arena.free(), arena.held()), (0, 64, 64 + HEADER));
        arena.alloc(1_u64);
        assert_eq!((arena.used(), arena.free()), (8, 64));

        let arena = leaked();
        arena.alloc(1_u64);
        assert_eq!(arena.used(), 64 + 8);

        let arena = leaked().share();
        assert_eq!(arena.stats().used, 64);

        let mut arena = leaked();
        arena.trim(TrimPolicy::All);
        assert_eq!((arena.used(), arena.held()), (0, 0));

        let mut arena = leaked();
        arena.merge_chunks().unwrap();
        assert_eq!(arena.used(), 0);

        // Beside another block.
        for end in [
            |arena: &mut Arena| arena.reset(),
            |arena: &mut Arena| arena.trim(TrimPolicy::All),
            |arena: &mut Arena| arena.trim(TrimPolicy::Unused),
            |arena: &mut Arena| arena.merge_chunks().unwrap(),
        ] {
            let mut arena = leaked();
            arena.alloc([1_u64; 300]);
            end(&mut arena);
            assert!(arena.used() == 0 && matches!(arena.free(), 0 | 64));
            assert!(arena.held() >= arena.free());
            let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&arena);
            map.extend((0..100).map(|n| (n, n)));
            assert_eq!(map.len(), 100);
        }
    });
    assert_eq!(work.counts().live(), 0, "{}", work.explain());
}

/// Few entries, in and out, over every way to a block and back; the arena's numbers are those of the table.
#[test]
fn small_maps_through_all_their_states() {
    let mut state = 1_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (state >> 33) % below
    };
    let ((), work) = AllocScope::measure(|| {
        let mut map: ArenaMap<u64, Box<u64>> = ArenaMap::new();
        let mut other: ArenaMap<u64, Box<u64>> = ArenaMap::new();
        let mut model: HashMap<u64, u64> = HashMap::new();
        for _ in 0..20_000 {
            let key = random(9);
            match random(16) {
                0..=5 => assert_eq!(map.insert(key, Box::new(key)).map(|v| *v), model.insert(key, key)),
                6..=8 => assert_eq!(map.remove(&key).map(|v| *v), model.remove(&key)),
                9 => assert_eq!(
                    **map.entry(key).or_insert_with(|| Box::new(key)),
                    *model.entry(key).or_insert(key)
                ),
                10 => map.shrink_to_fit(),
                11 => map.reserve(usize::try_from(random(6)).unwrap()),
                12 => other.clone_from(&map),
                13 => map = other.clone_in(Arena::new()),
                14 if random(4) == 0 => {
                    let fresh = map.drain().collect::<Vec<_>>();
                    map = ArenaMap::new_in(mem::take(&mut map).into_handle());
                    map.extend(fresh);
                }
                15 if random(4) == 0 => map = mem::take(&mut map).into_iter().collect(),
                _ => {
                    map.retain(|key, _| key % 8 != 7);
                    model.retain(|key, _| key % 8 != 7);
                }
            }
            if map.len() != model.len() || map.iter().any(|(key, _)| !model.contains_key(key)) {
                assert_eq!(map, other, "a clone");
                model = map.iter().map(|(key, value)| (*key, **value)).collect();
            }
            assert_eq!(map.len(), model.len());
            assert!(map.iter().all(|(key, value)| model[key] == **value));
            let stats = map.arena_stats();
            assert_eq!(stats.used, map.allocation_size(), "{stats}");
            assert!(stats.used + stats.free <= stats.held, "{stats}");
            let stats = other.arena_stats();
            assert_eq!(stats.used, other.allocation_size(), "{stats}");
        }
    });
    assert_eq!(work.counts().live(), 0, "{}", work.explain());
}

/// A map has left a lone block of 64 bytes in its arena.
fn after_a_map() -> Arena {
    let mut map: ArenaMap<u64, u64> = ArenaMap::new();
    map.insert(1, 1);
    map.into_handle()
}

#[cfg(feature = "allocator-api2")]
#[test]
fn other_collections_take_the_block_and_give_it_back() {
    use allocator_api2::vec::Vec;

    for core in [false, true] {
        let arena = after_a_map();
        if core {
            arena.alloc(0_u8);
        }
        let used = arena.used();
        let mut list = Vec::with_capacity_in(8, &arena);
        list.extend(0..9_u64);
        list.truncate(3);
        list.shrink_to_fit();
        assert_eq!(*list, [0, 1, 2]);
        drop(list);
        assert_eq!(arena.used(), used);

        let list: Vec<u64, _> = Vec::with_capacity_in(8, &arena);
        drop(list);
        assert_eq!(arena.used(), used);
    }
}

#[test]
fn a_trim_keeps_what_it_says() {
    for (policy, held) in [
        (TrimPolicy::All, 0),
        (TrimPolicy::Unused, 72),
        (TrimPolicy::Keep(71), 0),
        (TrimPolicy::Keep(72), 72),
    ] {
        let mut arena = after_a_map();
        arena.trim(policy);
        assert_eq!((arena.used(), arena.held()), (0, held), "{policy:?}");

        let mut arena = after_a_map();
        arena.alloc([0_u8; 2_000]);
        arena.trim(policy);
        let stats = arena.stats();
        assert_eq!(
            (stats.used, stats.free),
            (0, if held > 0 { 64 } else { 0 }),
            "{policy:?}"
        );
        assert!(
            policy == TrimPolicy::Unused || stats.held == held,
            "{policy:?}: {stats}"
        );
    }
}

#[test]
fn whoever_asks_hears_the_same_numbers() {
    fn stats(arena: &impl arenamap::Handle) -> arenamap::ArenaStats {
        arena.stats()
    }
    let arena = after_a_map();
    let other: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&arena);
    assert_eq!(arena.held(), 72);
    for other in [stats(&arena), stats(&&arena), other.arena_stats()] {
        assert_eq!(other, arena.stats());
    }
    let mut arena = after_a_map();
    arena.merge_chunks().unwrap();
    let ((), work) = AllocScope::measure(|| _ = arena.alloc([0_u64; 8]));
    assert_eq!((work.counts().calls(), arena.stats().chunks), (0, 1));
}
