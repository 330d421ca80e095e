//! Arenas: taken out of a pool and given back, and what is written into them directly.

use libtest_mimic::Trial;

use arenamap::Arena;

use crate::proof::{claim, control, cycle_claim, cycle_control};

pub(crate) fn trials() -> Vec<Trial> {
    #[allow(unused_mut, reason = "without std there is no pool to add")]
    let mut trials = vec![
        cycle_claim("arena_values", Arena::new, arena_values),
        cycle_control("arena_values", || (), |()| values_on_the_heap()),
        claim("arena_new", || (), |()| (), |()| arena_that_is_not_used()),
        control("arena_new", || (), |()| (), |()| arena_that_is_used()),
    ];
    #[cfg(feature = "std")]
    trials.extend(with_std::trials());
    #[cfg(feature = "allocator-api2")]
    trials.push(cycle_claim("arena_as_allocator", Arena::new, arena_as_allocator));
    trials
}

fn arena_values(arena: &mut Arena) {
    for i in 0..100_u64 {
        let number = arena.alloc(i);
        *number += 1;
        assert_eq!(*arena.alloc_with(|| [i; 8]), [i; 8]);
        assert_eq!(arena.alloc_str("some text"), "some text");
        assert_eq!(arena.alloc_slice_copy(&[i, i]), [i, i]);
        assert_eq!(arena.alloc_slice_fill_with(3, |n| n), [0, 1, 2]);
        assert!(arena.try_alloc(i).is_ok() && arena.try_alloc_str("text").is_ok());
    }
    assert!(arena.used() > 0 && arena.high_water() <= arena.held());
    let _ = (arena.stats(), arena.free(), arena.budget());
    arena.reset();
}

/// Takes nothing, the first time either.
fn arena_that_is_not_used() {
    let mut arena = Arena::new();
    drop(std::mem::take(&mut arena));
    arena.reset();
    assert_eq!(Arena::default().held() + arena.held(), 0);
}

fn arena_that_is_used() {
    assert_eq!(*Arena::new().alloc(7), 7);
}

fn values_on_the_heap() {
    for i in 0..100_u64 {
        let text = String::from(std::hint::black_box("some text"));
        assert_eq!((*Box::new(i), text.len()), (i, 9));
    }
}

/// Other crates' collections live in an arena too.
#[cfg(feature = "allocator-api2")]
fn arena_as_allocator(arena: &mut Arena) {
    use crate::support::{fixed, key};

    let mut map = hashbrown::HashMap::with_hasher_in(fixed(), &*arena);
    for i in 0..500 {
        map.insert(key(i), i);
    }
    assert_eq!(map.len(), 500);
    drop(map);
    arena.reset();
}

#[cfg(feature = "std")]
mod with_std {
    use std::sync::Arc;

    use arenamap::ArenaPool;
    use libtest_mimic::Trial;

    use crate::proof::{cycle_claim, cycle_control};

    pub(super) fn trials() -> Vec<Trial> {
        vec![
            cycle_claim("pool_checkout", || (), |()| checkout()),
            cycle_claim("pool_checkout_of_several", || (), |()| several_at_once()),
            cycle_claim("pool_share", || (), |()| share()),
            cycle_claim("pool_checkout_owned", || Arc::new(ArenaPool::new()), checkout_owned),
            cycle_control("pool_checkout", || (), |()| made_anew()),
        ]
    }

    fn checkout() {
        static POOL: ArenaPool = ArenaPool::new();
        for i in 0..100_u64 {
            let mut arena = POOL.checkout();
            assert_eq!(*arena.alloc(i), i);
            arena.reset();
            arena.alloc_str("again");
        }
        let stats = POOL.stats();
        assert_eq!((stats.kept, stats.out, stats.created), (1, 0, 1));
    }

    fn several_at_once() {
        static POOL: ArenaPool = ArenaPool::new();
        let first = POOL.checkout();
        let second = POOL.checkout();
        let third = POOL.try_checkout().expect("no limit");
        // Who gets which arena changes from cycle to cycle: each learns the whole load in the warm-up.
        for arena in [&first, &second, &third] {
            arena.alloc_slice_copy(&[0_u8; 5_000]);
        }
        drop(second);
        drop(first);
    }

    fn share() {
        static POOL: ArenaPool = ArenaPool::new();
        let arena = POOL.checkout().share();
        let twin = arena.clone();
        drop(arena);
        assert_eq!(twin.alloc_str("text"), "text");
    }

    fn checkout_owned(pool: &mut Arc<ArenaPool>) {
        let arena = pool.checkout_owned();
        assert_eq!(*arena.alloc(7), 7);
    }

    /// What the pool saves: an arena made and freed by each request.
    fn made_anew() {
        let arena = arenamap::Arena::new();
        assert_eq!(*arena.alloc(7), 7);
    }
}
