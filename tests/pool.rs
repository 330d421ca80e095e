//! The pool: no arena is lost, none is with two owners, the bounds hold, and the numbers add up.
#![cfg(feature = "std")]

use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

use arenamap::{
    Arena, ArenaMap, ArenaPool, BorrowedMap, PoolConfig, PooledArena, PooledMap, SharedArena, SharedMap, Workspace,
};

/// Checkouts of each thread in the long test.
const ROUNDS: u64 = if cfg!(miri) {
    60
} else if cfg!(any(debug_assertions, arenamap_guard)) {
    50_000
} else {
    1_000_000
};

fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}
fn is_unwind_safe<T: UnwindSafe>() {}
fn is_ref_unwind_safe<T: RefUnwindSafe>() {}

#[test]
fn send_and_sync() {
    is_send::<Arena>();
    is_send::<PooledArena<'static>>();
    is_send::<SharedArena<'static>>();
    is_sync::<SharedArena<'static>>();
    is_send::<ArenaPool>();
    is_sync::<ArenaPool>();
    is_unwind_safe::<ArenaPool>();
    is_unwind_safe::<&ArenaPool>();
}

/// No user code runs while an arena or a pool is half-way: a panic finds them whole, as hashbrown's maps are found.
#[test]
fn arenas_and_their_maps_are_unwind_safe() {
    macro_rules! pin {
        ($($type:ty),* $(,)?) => {$(
            is_unwind_safe::<$type>();
            is_ref_unwind_safe::<$type>();
        )*};
    }
    pin!(
        Arena,
        &'static Arena,
        PooledArena<'static>,
        SharedArena<'static>,
        ArenaPool,
        &'static ArenaPool,
        Workspace<SharedMap<'static, u64, String>>,
    );
    pin!(
        ArenaMap<u64, String>,
        BorrowedMap<'static, u64, String>,
        PooledMap<'static, u64, String>,
        SharedMap<'static, u64, String>,
    );
    // What a panic leaves behind is usable.
    let arena = Arena::new();
    let panic = catch_unwind(|| arena.alloc_with(|| -> u64 { resume_unwind(Box::new("stop")) }));
    assert!(panic.is_err());
    assert_eq!(*arena.alloc(7), 7);
}

/// Writes a mark of its own, lets others run, and looks whether the mark is still there.
fn use_alone(arena: &Arena, mark: u64) {
    assert_eq!(arena.used(), 0, "comes reset");
    let marks = arena.alloc_slice_fill_copy(1 + (mark % 13) as usize, mark);
    if mark.is_multiple_of(64) {
        thread::yield_now();
    }
    assert!(marks.iter().all(|seen| *seen == mark), "somebody else has this arena");
}

#[test]
fn two_threads_with_panics_and_drops_elsewhere_lose_and_share_nothing() {
    static POOL: ArenaPool = ArenaPool::new();
    thread::scope(|scope| {
        let (to_b, from_a) = mpsc::sync_channel::<PooledArena<'static>>(4);
        let (to_a, from_b) = mpsc::sync_channel::<PooledArena<'static>>(4);
        let work =
            |thread: u64, out: mpsc::SyncSender<PooledArena<'static>>, inbox: mpsc::Receiver<PooledArena<'static>>| {
                for round in 0..ROUNDS {
                    let mark = round * 2 + thread;
                    let arena = POOL.checkout();
                    use_alone(&arena, mark);
                    match round % 16 {
                        // Dropped by the other thread; by this one if its inbox is full.
                        3 => drop(out.try_send(arena)),
                        // Dropped by the last of two handles.
                        5 => {
                            let shared = arena.share();
                            let other = shared.clone();
                            drop(shared);
                            assert_eq!(*other.alloc(mark), mark);
                        }
                        // Dropped while unwinding.
                        7 if round % 256 == 7 => {
                            let panic = catch_unwind(AssertUnwindSafe(|| {
                                let _arena = arena;
                                resume_unwind(Box::new(mark));
                            }));
                            assert_eq!(panic.unwrap_err().downcast_ref::<u64>(), Some(&mark));
                        }
                        // Two at a time.
                        9 => {
                            let second = POOL.checkout();
                            use_alone(&second, mark);
                            drop(arena);
                        }
                        _ => drop(arena),
                    }
                    while let Ok(arena) = inbox.try_recv() {
                        assert!(arena.used() > 0, "as the other thread left it");
                    }
                }
            };
        scope.spawn(move || work(0, to_b, from_b));
        scope.spawn(move || work(1, to_a, from_a));
    });
    let stats = POOL.stats();
    assert_eq!(stats.out, 0, "lost: {stats}");
    assert_eq!(stats.kept as u64, stats.created, "lost: {stats}");
    assert_eq!(stats.checkouts, 2 * (ROUNDS + (ROUNDS + 6) / 16), "{stats}");
    assert!(stats.created <= 16, "{stats}");
    // Every arena that waits is another one.
    let all: Vec<_> = (0..stats.kept).map(|_| POOL.checkout()).collect();
    for (mark, arena) in all.iter().enumerate() {
        *arena.alloc(0_usize) = mark;
    }
    assert_eq!(POOL.stats().created, stats.created);
    assert_eq!(POOL.stats().kept, 0);
}

/// Whoever finds no arena in front of the lock looks behind it, and once more in front, before another is made.
#[test]
fn no_more_arenas_than_were_out_at_once_however_threads_meet() {
    const THREADS: u64 = 4;
    let pool = ArenaPool::new();
    let bounded = ArenaPool::with_config(PoolConfig::new().max_kept(2));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (pool, bounded) = (&pool, &bounded);
            scope.spawn(move || {
                for round in 0..ROUNDS / 4 {
                    let mark = round * THREADS + thread;
                    use_alone(&pool.checkout(), mark);
                    use_alone(&bounded.checkout(), mark);
                    // The numbers are taken from arenas that wait, while others come and go.
                    if mark.is_multiple_of(97) {
                        let (all, few) = (pool.stats(), bounded.stats());
                        assert!(all.created <= THREADS && all.freed == 0, "{all}");
                        assert!(few.kept <= 2, "{few}");
                    }
                }
            });
        }
    });
    let stats = pool.stats();
    assert_eq!((stats.out, stats.kept as u64), (0, stats.created), "{stats}");
    assert!(stats.created <= THREADS, "{stats}");
    let stats = bounded.stats();
    assert_eq!(
        (stats.out, stats.kept as u64),
        (0, stats.created - stats.freed),
        "{stats}"
    );
    assert!(stats.kept <= 2, "{stats}");
}

#[test]
fn what_came_back_is_reset_and_not_made_anew() {
    let pool = ArenaPool::new();
    let (one, two) = (pool.checkout(), pool.checkout());
    one.alloc_slice_fill_copy(10_000, 1_u8);
    two.alloc(1);
    let (large, small) = (one.high_water(), two.high_water());
    drop(one);
    drop(two);
    let (first, second) = (pool.checkout(), pool.checkout());
    let mut seen = [first.high_water(), second.high_water()];
    seen.sort_unstable();
    assert_eq!(seen, [small, large]);
    assert_eq!((first.used(), second.used()), (0, 0));
    assert_eq!(pool.stats().created, 2);
}

#[test]
fn bounds_on_count_and_on_size() {
    let pool = ArenaPool::with_config(PoolConfig::new().max_kept(2).max_kept_bytes(64 << 10));
    let out: Vec<_> = (0..5).map(|_| pool.checkout()).collect();
    assert_eq!((pool.stats().out, pool.stats().created), (5, 5));
    for arena in &out {
        arena.alloc_slice_fill_copy(1_000, 1_u8);
        arena.alloc_slice_fill_copy(1_000_000, 1_u8);
    }
    drop(out);
    let stats = pool.stats();
    assert_eq!((stats.out, stats.kept, stats.freed), (0, 2, 3));
    if cfg!(not(arenamap_guard)) {
        assert_eq!(stats.trimmed, 5);
        assert!((1_000..=2 * (64 << 10)).contains(&stats.kept_bytes), "{stats}");
    }
    assert_eq!(stats.high_water, 1_001_000);
}

#[test]
#[cfg(not(arenamap_guard))]
fn a_new_arena_starts_where_its_predecessors_ended() {
    let pool = ArenaPool::new();
    let first = pool.checkout();
    assert_eq!(first.held(), 0);
    for _ in 0..100 {
        first.alloc([0_u8; 1_000]);
    }
    drop(first);
    let (_old, new) = (pool.checkout(), pool.checkout());
    assert_eq!((new.high_water(), new.stats().chunks), (0, 1));
    assert!((100_000..110_000).contains(&new.held()), "{}", new.stats());
    for _ in 0..100 {
        new.alloc([0_u8; 1_000]);
    }
    assert_eq!(new.stats().chunks, 1);
}

#[test]
fn a_leaked_arena_is_never_handed_out_again() {
    static POOL: ArenaPool = ArenaPool::new();
    // Never dropped, and still reachable: leak checkers have nothing to say.
    static LEAKED: AtomicPtr<PooledArena<'static>> = AtomicPtr::new(ptr::null_mut());
    static SHARED: Mutex<Option<SharedArena<'static>>> = Mutex::new(None);
    let leaked = Box::leak(Box::new(POOL.checkout()));
    LEAKED.store(&raw mut *leaked, Ordering::Relaxed);
    let text: &'static str = leaked.alloc_str("still here");
    for _ in 0..4 {
        let arena = POOL.checkout();
        arena.alloc_slice_fill_copy(1_000, 0xff_u8);
    }
    assert_eq!(text, "still here");
    let stats = POOL.stats();
    assert_eq!((stats.out, stats.kept, stats.created), (1, 1, 2));
    // Shared ones likewise.
    let shared = POOL.checkout().share();
    *SHARED.lock().unwrap() = Some(shared.clone());
    drop(shared);
    assert_eq!((POOL.stats().out, POOL.stats().kept), (2, 0));
}

#[test]
fn a_counted_pool_lives_as_long_as_its_arenas() {
    let pool = Arc::new(ArenaPool::new());
    let arena = pool.checkout_owned();
    let weak = Arc::downgrade(&pool);
    drop(pool);
    let shared = arena.share();
    let other = shared.clone();
    thread::spawn(move || drop(shared)).join().unwrap();
    assert!(weak.upgrade().is_some());
    assert_eq!(*other.alloc(5), 5);
    drop(other);
    assert!(weak.upgrade().is_none(), "and no longer");
}

#[test]
fn shared_from_many_threads() {
    let pool = ArenaPool::new();
    let rounds = if cfg!(miri) { 20 } else { 5_000_u64 };
    let shared = pool.checkout().share();
    thread::scope(|scope| {
        for thread in 0..4 {
            let arena = shared.clone();
            scope.spawn(move || {
                let mut kept = Vec::new();
                for round in 0..rounds {
                    kept.push((round, arena.alloc((thread, round))));
                }
                assert!(kept.iter().all(|(round, value)| **value == (thread, *round)));
            });
        }
    });
    assert_eq!(shared.stats().used as u64, 4 * rounds * 16);
    assert_eq!(shared.handles(), 1);
    drop(shared);
    assert_eq!((pool.stats().out, pool.stats().kept), (0, 1));
}

#[test]
fn a_panic_in_a_closure_leaves_the_shared_arena_usable() {
    let arena = Arena::new().share();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        arena.alloc_with(|| -> u64 { resume_unwind(Box::new("stop")) });
    }));
    assert!(panic.is_err());
    // A closure may use the arena that it allocates in.
    let outer = arena.alloc_with(|| *arena.alloc(3) + 1);
    assert_eq!(*outer, 4);
}

#[test]
fn reset_merge_and_trim_of_a_pooled_arena() {
    let pool = ArenaPool::new();
    let mut arena = pool.checkout();
    for _ in 0..100 {
        arena.alloc([0_u8; 1_000]);
    }
    arena.reset();
    assert_eq!(arena.used(), 0);
    arena.merge_chunks().unwrap();
    if cfg!(not(arenamap_guard)) {
        assert_eq!(arena.stats().chunks, 1);
    }
    arena.trim(arenamap::TrimPolicy::All);
    assert_eq!(arena.held(), 0);
    drop(arena);
    assert_eq!(pool.stats().kept_bytes, 0);
}

#[test]
fn reports_are_readable() {
    let pool = ArenaPool::new();
    drop(pool.checkout());
    assert_eq!(
        pool.stats().to_string(),
        "1 arenas kept (0 bytes), 0 out; 1 checkouts, 1 created, 0 freed, 0 trimmed, 0 left; high water 0"
    );
    assert!(format!("{pool:?}").contains("max_kept"));
    assert!(format!("{:?}", pool.checkout()).starts_with("PooledArena"));
}

/// An arena that waits in a pool keeps no pointer to it: the pool may be moved in between, or be another at the same place.
#[test]
fn a_pool_may_move_between_checkouts() {
    fn once(pool: &mut ArenaPool) {
        drop(pool.checkout());
    }
    let mut pool = ArenaPool::new();
    once(&mut pool);
    once(&mut pool);
    let mut moved = pool;
    once(&mut moved);
    assert_eq!(moved.stats().created, 1);

    let counted = Arc::new(ArenaPool::new());
    drop(counted.checkout_owned());
    let pool = Arc::into_inner(counted).expect("no arena is out");
    let counted = Arc::new(pool);
    drop(counted.checkout_owned());
    assert_eq!(counted.stats().created, 1);
}
