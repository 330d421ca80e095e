//! Feature `allocator-api2`: collections of other crates in arenas that they own or share.
#![cfg(all(feature = "std", feature = "allocator-api2"))]

use std::ptr;

use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use arenamap::{Arena, ArenaAlloc, ArenaPool, Handle};

/// Grows, shrinks, boxes, frees.
fn program<H: Handle>(first: ArenaAlloc<H>, second: ArenaAlloc<H>) {
    let mut list = Vec::new_in(first);
    for n in 0..1_000_u64 {
        list.push(n);
    }
    list.retain(|n| n % 3 == 0);
    list.shrink_to_fit();
    assert!(list.iter().copied().eq((0..1_000).step_by(3)));
    let used = list.allocator().arena_stats().used;
    assert!(used >= 334 * 8);
    // Through a box the pointer is good for its value only, and not for the whole block.
    let mut bytes = Vec::with_capacity_in(100, second);
    bytes.extend_from_slice(b"12345");
    let boxed = bytes.into_boxed_slice();
    let (ptr, allocator) = Box::into_raw_with_allocator(boxed);
    // SAFETY: the same pointer and allocator.
    #[allow(unsafe_code, reason = "the way of a pointer through a reference")]
    let mut boxed = unsafe { Box::from_raw_in(ptr::from_mut(&mut *ptr), allocator) };
    boxed.make_ascii_uppercase();
    assert_eq!(&*boxed, b"12345");
}

#[test]
fn collections_live_on_every_handle() {
    let arena = Arena::new();
    program(ArenaAlloc::new(&arena), ArenaAlloc::new(&arena));
    assert_eq!(arena.used(), 0);
    program(ArenaAlloc::<Arena>::default(), ArenaAlloc::default());
    let pool = ArenaPool::new();
    program(ArenaAlloc::new(pool.checkout()), ArenaAlloc::new(pool.checkout()));
    assert_eq!((pool.stats().out, pool.stats().kept), (0, 2));
    let shared = pool.checkout().share();
    let allocator = ArenaAlloc::new(shared.clone());
    program(allocator.clone(), allocator);
    assert_eq!((shared.stats().used, shared.handles()), (0, 1));
}

/// Each clone is a handle: as long as one lives, so do the blocks.
#[test]
fn a_block_lives_as_long_as_the_last_clone() {
    let shared = Arena::new().share();
    let allocator = ArenaAlloc::new(shared.clone());
    let list: Vec<u64, _> = Vec::with_capacity_in(10, allocator.clone());
    assert_eq!(shared.handles(), 3);
    drop((shared, allocator));
    assert_eq!(list.allocator().arena_stats().used, 80);
}

#[cfg(feature = "hashbrown")]
#[test]
fn maps_of_hashbrown_on_a_shared_arena_go_to_other_threads() {
    let arena = Arena::new().share();
    let maps: std::vec::Vec<_> = std::thread::scope(|scope| {
        let threads: std::vec::Vec<_> = (0..4_u64)
            .map(|thread| {
                let allocator = ArenaAlloc::new(arena.clone());
                scope.spawn(move || {
                    let mut map = hashbrown::HashMap::new_in(allocator);
                    map.extend((0..300).map(|n| (n, n * thread)));
                    map
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (thread, map) in (0..).zip(&maps) {
        assert!((0..300).all(|n| map[&n] == n * thread));
    }
    drop(maps);
    assert_eq!((arena.stats().used, arena.handles()), (0, 1));
}

/// A budget is an `AllocError`, and nothing is lost.
#[test]
fn a_budget_refuses() {
    let mut list = Vec::new_in(ArenaAlloc::new(Arena::with_budget(64)));
    list.push(1_u64);
    assert!(list.try_reserve(100).is_err());
    assert_eq!(list, [1]);
}
