//! A workspace is whole and empty after each reset, whatever its struct, its maker and its destructors do; and the way back from
//! counted and pooled handles to an owned arena is open exactly when they are alone.
#![cfg(feature = "std")]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use arenamap::{
    Arena, ArenaPool, ArenaSet, DefaultHashBuilder, PoolConfig, PooledArena, SharedArena, SharedMap, SizeHint,
    StillShared, StrMap, TrimPolicy, Workspace,
};
use proptest::prelude::*;
use proptest::test_runner::Config;

type Shared = SharedArena<'static>;
type Set<T> = ArenaSet<T, DefaultHashBuilder, Shared>;

/// A struct of collections, nested ones among them.
struct Tick {
    positions: SharedMap<'static, u32, (i32, i32)>,
    grid: SharedMap<'static, (i32, i32), Set<u32>>,
    names: StrMap<u32, DefaultHashBuilder, Shared>,
}

impl Tick {
    fn new_in(arena: &Shared) -> Self {
        static POSITIONS: SizeHint = SizeHint::new();
        Self {
            positions: SharedMap::with_hint_in(&POSITIONS, arena.clone()),
            grid: SharedMap::new_in(arena.clone()),
            names: StrMap::new_in(arena.clone()),
        }
    }

    fn fill(&mut self, arena: &Shared) {
        for unit in 0..500_u32 {
            let cell = ((unit % 7).cast_signed(), (unit % 5).cast_signed());
            self.positions.insert(unit, cell);
            self.grid
                .entry(cell)
                .or_insert_with(|| Set::new_in(arena.clone()))
                .insert(unit);
            self.names.insert(&format!("unit {unit}"), unit);
        }
    }

    fn is_full(&self) -> bool {
        self.positions.len() == 500
            && self.grid.values().map(Set::len).sum::<usize>() == 500
            && self.names["unit 77"] == 77
    }
}

/// What a user writes: a struct with a workspace in it, and no lifetime.
struct Game {
    tick: Workspace<Tick>,
}

#[test]
fn a_struct_holds_a_workspace_and_resets_it_every_tick() {
    let mut game = Game {
        tick: Workspace::new(Tick::new_in),
    };
    let mut held = 0;
    for tick in 0..5 {
        let arena = game.tick.arena().clone();
        game.tick.fill(&arena);
        assert!(game.tick.is_full());
        drop(arena);
        assert_eq!(game.tick.reset(), Ok(()));
        let stats = game.tick.arena().stats();
        if tick > 0 {
            assert!(game.tick.positions.capacity() >= 500, "starts where the last one ended");
        }
        assert!(stats.free == 0 && game.tick.grid.is_empty() && game.tick.names.is_empty());
        assert!(stats.used < 64 << 10, "the one table that is made ahead: {stats}");
        if tick > 1 && cfg!(not(arenamap_guard)) {
            assert_eq!(stats.held, held, "and keeps its memory");
        }
        held = stats.held;
    }
    thread::spawn(move || game.tick.reset()).join().unwrap().unwrap();
}

#[test]
fn the_maker_may_be_a_function_a_closure_or_one_that_captures() {
    let plain: Workspace<SharedMap<'_, u32, u32>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    assert!(plain.is_empty());
    let mut made = 0;
    let mut counting = Workspace::new(|arena: &Shared| {
        made += 1;
        SharedMap::<u32, u32>::new_in(arena.clone())
    });
    counting.insert(1, 1);
    counting.reset().unwrap();
    counting.trim(TrimPolicy::All).unwrap();
    assert_eq!(counting.into_inner().len(), 0);
    assert_eq!(made, 3);
}

#[test]
fn a_handle_outside_refuses_the_reset_and_keeps_what_is_its_own() {
    let mut work: Workspace<SharedMap<'static, u32, u32>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    work.insert(1, 1);
    let handle = work.arena().clone();
    let text = handle.alloc_str("stays");
    // A map that is moved out of the workspace has a handle too.
    let made_in = handle.clone();
    let moved = std::mem::replace(&mut *work, SharedMap::new_in(made_in));
    assert_eq!(work.reset(), Err(work_refused(2)));
    assert!(work.is_empty(), "made again all the same");
    work.extend((0..1_000).map(|n| (n, n)));
    assert_eq!((&*text, moved[&1], work.len()), ("stays", 1, 1_000));
    assert_eq!(work.trim(TrimPolicy::All), Err(work_refused(2)));
    assert_eq!((&*text, moved[&1]), ("stays", 1));
    drop(moved);
    assert_eq!(work.reset().unwrap_err().others, 1);
    drop(handle);
    assert_eq!(work.reset(), Ok(()));
    assert_eq!(work.arena().used(), 0);
}

/// An error as the workspace gives it.
fn work_refused(others: usize) -> StillShared {
    let mut arena = Arena::new().share();
    let kept: Vec<_> = (0..others).map(|_| arena.clone()).collect();
    let error = arena.reset_if_unique().unwrap_err();
    assert_eq!((error.others, kept.len()), (others, others));
    error
}

#[test]
fn the_error_says_what_to_do() {
    assert_eq!(
        work_refused(2).to_string(),
        "the shared arena was not reset: it has 2 other handles; drop the collections and handles that use it, \
         and reset it again"
    );
}

/// What is leaked has its memory for ever: the arena is never reset under it. The arena is reachable, so that leak checkers have
/// nothing to say.
#[test]
fn a_leaked_map_refuses_every_reset() {
    static LEAKED: std::sync::OnceLock<Box<SharedMap<'static, u32, u32>>> = std::sync::OnceLock::new();
    let mut work: Workspace<SharedMap<'static, u32, u32>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    work.insert(7, 8);
    let fresh = SharedMap::new_in(work.arena().clone());
    let leaked = LEAKED.get_or_init(|| Box::new(std::mem::replace(&mut *work, fresh)));
    for _ in 0..3 {
        assert_eq!(work.reset().unwrap_err().others, 1);
        work.extend((0..100).map(|n| (n, n)));
        assert_eq!(leaked[&7], 8);
    }
}

#[test]
fn a_maker_that_panics_leaves_an_empty_workspace_that_a_reset_brings_back() {
    let fails = Cell::new(false);
    let mut work = Workspace::new(|arena: &Shared| {
        let map = SharedMap::<u32, u32>::with_capacity_in(100, arena.clone());
        if fails.get() {
            resume_unwind(Box::new("no map today"));
        }
        map
    });
    work.insert(1, 1);
    fails.set(true);
    for _ in 0..2 {
        let panic = catch_unwind(AssertUnwindSafe(|| work.reset())).unwrap_err();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "no map today");
        let panic = catch_unwind(AssertUnwindSafe(|| work.len())).unwrap_err();
        assert!(
            panic
                .downcast_ref::<&str>()
                .unwrap()
                .contains("`reset` makes them again")
        );
    }
    assert!(format!("{work:?}").contains("None"));
    fails.set(false);
    assert_eq!(work.reset(), Ok(()));
    work.insert(2, 2);
    assert_eq!(work.len(), 1);
}

#[test]
fn a_destructor_that_panics_leaves_a_workspace_that_a_reset_brings_back() {
    struct Bomb(bool);
    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 {
                resume_unwind(Box::new("dropped"));
            }
        }
    }
    let mut work: Workspace<SharedMap<'static, u32, Bomb>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    for n in 0..50 {
        work.insert(n, Bomb(n == 20));
    }
    assert!(catch_unwind(AssertUnwindSafe(|| work.reset())).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| work.is_empty())).is_err());
    assert_eq!(work.reset(), Ok(()));
    assert_eq!((work.len(), work.arena().used(), work.arena().handles()), (0, 0, 2));
}

#[test]
fn every_entry_is_dropped_once_by_a_reset() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut work: Workspace<SharedMap<'static, u32, Counted>> =
        Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    for round in 1..=3 {
        for n in 0..100 {
            work.insert(n, Counted(Arc::clone(&dropped)));
        }
        work.reset().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), round * 100);
    }
    work.insert(0, Counted(Arc::clone(&dropped)));
    drop(work);
    assert_eq!(dropped.load(Ordering::Relaxed), 301);
}

#[test]
fn budgets_and_pools_give_workspaces_their_arena() {
    static POOL: ArenaPool = ArenaPool::with_config(PoolConfig::new().budget(64 << 10));
    let mut work: Workspace<SharedMap<'static, u32, u32>> =
        Workspace::new_in(POOL.checkout().share(), |arena| SharedMap::new_in(arena.clone()));
    assert!(work.try_reserve(1 << 20).is_err());
    assert_eq!(work.arena().budget(), Some(64 << 10));
    for _ in 0..10 {
        work.extend((0..1_000).map(|n| (n, n)));
        work.reset().unwrap();
    }
    assert_eq!(POOL.stats().out, 1);
    drop(work);
    assert_eq!((POOL.stats().out, POOL.stats().kept), (0, 1));
}

#[test]
fn two_workspaces_take_turns() {
    let make = |arena: &Shared| SharedMap::<u32, u32>::new_in(arena.clone());
    let (mut now, mut before) = (Workspace::new(make), Workspace::new(make));
    for tick in 0..10 {
        now.reset().unwrap();
        now.insert(0, before.get(&0).map_or(tick, |last| last + 1));
        std::mem::swap(&mut now, &mut before);
    }
    assert_eq!(before[&0], 9);
}

#[test]
fn a_shared_arena_is_an_owned_one_again_when_it_is_alone() {
    let one = Arena::with_budget(1 << 20).share();
    one.alloc([1_u8; 100]);
    let two = one.clone();
    let one = one.try_into_arena().expect_err("there are two");
    assert_eq!(one.handles(), 2);
    drop(two);
    let mut arena = one.try_into_arena().expect("alone");
    assert_eq!((arena.used(), arena.budget()), (104, Some(1 << 20)), "as it was");
    arena.reset();
    arena.merge_chunks().unwrap();
    let shared = arena.share();
    assert_eq!((shared.handles(), shared.used(), shared.high_water()), (1, 0, 104));
    // A map that owns it, and gives it up at the end.
    let mut map: arenamap::ArenaMap<u32, u32> = arenamap::ArenaMap::new_in(shared.try_into_arena().unwrap());
    map.insert(1, 1);
}

#[test]
fn an_arena_leaves_its_pool_and_the_pool_counts_it() {
    let pool = ArenaPool::new();
    let arena: Arena = {
        let pooled = pool.checkout();
        pooled.alloc([0_u8; 1_000]);
        pooled.into_arena()
    };
    let stats = pool.stats();
    assert_eq!((stats.out, stats.kept, stats.left, stats.created), (0, 0, 1, 1));
    drop(pool);
    assert_eq!(arena.used(), 1_000, "it outlives the pool");
    drop(arena.share());

    // A counted pool is let go of.
    let pool = Arc::new(ArenaPool::new());
    let shared = pool.checkout_owned().share();
    let weak = Arc::downgrade(&pool);
    drop(pool);
    assert!(weak.upgrade().is_some());
    let arena = shared.try_into_arena().unwrap();
    assert!(weak.upgrade().is_none());
    arena.alloc(1);
}

/// Handles of both kinds, and what is known of them.
enum One {
    Pooled(PooledArena<'static>),
    Shared(Shared, usize),
    Owned(Arena),
}

fn steps() -> impl Strategy<Value = Vec<(u8, prop::sample::Index)>> {
    prop::collection::vec((0_u8..9, any::<prop::sample::Index>()), 1..120)
}

proptest! {
    #![proptest_config(Config { cases: if cfg!(miri) { 4 } else { 300 }, failure_persistence: None, ..Config::default() })]

    /// Random histories: a reset, and the way back, are open exactly to a handle that is alone; what others wrote stays; and the
    /// pool knows where its arenas are.
    #[test]
    fn histories_of_handles(steps in steps()) {
        let pool = Arc::new(ArenaPool::new());
        // Arenas by number: how many handles each has, and whether the pool still expects it.
        let mut handles: Vec<One> = Vec::new();
        let mut count: Vec<usize> = Vec::new();
        let mut marks: Vec<usize> = Vec::new();
        let (mut out, mut left) = (0, 0);
        for (step, which) in steps {
            if step == 0 || handles.is_empty() {
                handles.push(One::Pooled(pool.checkout_owned()));
                out += 1;
                continue;
            }
            let at = which.index(handles.len());
            let one = handles.swap_remove(at);
            match (step, one) {
                (1, One::Pooled(arena)) => {
                    count.push(1);
                    marks.push(arena.used());
                    handles.push(One::Shared(arena.share(), count.len() - 1));
                }
                (2, One::Shared(arena, id)) => {
                    count[id] += 1;
                    handles.push(One::Shared(arena.clone(), id));
                    handles.push(One::Shared(arena, id));
                }
                (3, One::Shared(arena, id)) => {
                    marks[id] += 8;
                    arena.alloc(id);
                    handles.push(One::Shared(arena, id));
                }
                (4, One::Shared(mut arena, id)) => {
                    let reset = arena.reset_if_unique();
                    prop_assert_eq!(reset.err().map_or(0, |error| error.others), count[id] - 1);
                    if reset.is_ok() {
                        marks[id] = 0;
                    }
                    handles.push(One::Shared(arena, id));
                }
                (5, One::Shared(arena, id)) => match arena.try_into_arena() {
                    Ok(arena) => {
                        prop_assert_eq!(count[id], 1);
                        prop_assert_eq!(arena.used(), marks[id]);
                        count[id] = 0;
                        left += 1;
                        out -= 1;
                        handles.push(One::Owned(arena));
                    }
                    Err(arena) => {
                        prop_assert!(count[id] > 1);
                        handles.push(One::Shared(arena, id));
                    }
                },
                (5, One::Pooled(arena)) => {
                    left += 1;
                    out -= 1;
                    handles.push(One::Owned(arena.into_arena()));
                }
                (6, One::Owned(arena)) => {
                    arena.alloc(1_u64);
                    handles.push(One::Owned(arena));
                }
                // Its end, on this thread or another.
                (7 | 8, One::Shared(arena, id)) => {
                    count[id] -= 1;
                    out -= usize::from(count[id] == 0);
                    if step == 7 { drop(arena) } else { thread::spawn(|| drop(arena)).join().unwrap() }
                }
                (7, One::Pooled(arena)) => {
                    drop(arena);
                    out -= 1;
                }
                (7, One::Owned(arena)) => drop(arena),
                (_, one) => handles.push(one),
            }
            for handle in &handles {
                if let One::Shared(arena, id) = handle {
                    prop_assert_eq!((arena.handles(), arena.used()), (count[*id], marks[*id]));
                }
            }
            let stats = pool.stats();
            prop_assert_eq!((stats.out, stats.left), (out, left), "{}", stats);
        }
        drop(handles);
        prop_assert_eq!(Arc::strong_count(&pool), 1);
    }
}

/// Two threads end their handles after they wrote, while a third asks again and again whether it is alone: when it is, all that the
/// others did came before, and the memory is its own.
#[test]
fn a_reset_that_races_with_the_last_other_handles_comes_after_them() {
    let rounds = if cfg!(miri) { 5 } else { 500 };
    let mut arena = Arena::new().share();
    for round in 0..rounds {
        let go = AtomicBool::new(false);
        thread::scope(|scope| {
            for thread in 0..2_u64 {
                let (own, go) = (arena.clone(), &go);
                scope.spawn(move || {
                    while !go.load(Ordering::Acquire) {
                        thread::yield_now();
                    }
                    let mut map = SharedMap::new_in(own.clone());
                    map.extend((0..20).map(|n| (n, thread)));
                    let words = own.alloc_slice_fill_copy(16, thread);
                    for word in words.iter_mut() {
                        *word += round;
                    }
                    assert!(map.values().all(|value| *value == thread));
                    drop(map);
                    drop(own);
                });
            }
            assert_eq!(arena.reset_if_unique().unwrap_err().others, 2);
            go.store(true, Ordering::Release);
            while arena.reset_if_unique().is_err() {
                thread::yield_now();
            }
            assert_eq!(arena.used(), 0);
            let mine = arena.alloc_slice_fill_copy(64, u64::MAX);
            thread::yield_now();
            assert!(mine.iter().all(|word| *word == u64::MAX), "somebody else wrote here");
        });
        arena.reset_if_unique().expect("the threads are gone");
    }
    // The same for the way back.
    for _ in 0..rounds {
        let mut one = Arena::new().share();
        let two = one.clone();
        let other = thread::spawn(move || {
            two.alloc(1_u64);
        });
        let arena = loop {
            match one.try_into_arena() {
                Ok(arena) => break arena,
                Err(shared) => one = shared,
            }
        };
        assert_eq!(arena.used(), 8);
        drop(arena);
        other.join().unwrap();
    }
}
