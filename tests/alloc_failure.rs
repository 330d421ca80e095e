//! Promise P5: full is an answer. The global allocator refuses its k-th call, for every k, during a program of `try_`
//! calls on every handle; and budgets of every size end the same program early. Each refusal is an error that gives the
//! pair back and leaves the map as it was, and the same call succeeds when there is memory again.
//!
//! The allocator refuses on the thread that armed it, so that the test harness has its memory.
#![cfg(all(feature = "std", not(miri)))]
#![cfg_attr(
    arenamap_guard,
    allow(dead_code, unused_imports, reason = "there, the budget is tested only")
)]

mod support;

#[path = "support/refuse.rs"]
mod refuse;

use arenamap::hash_map::{Entry, EntryRef};
use arenamap::{Arena, ArenaError, ArenaMap, ArenaPool, Handle, TrimPolicy};

use support::{fixed, key};

use refuse::{Failing, give_again, has_refused, refuse_from};

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// Gives memory again after a refusal, in the middle of a program, which goes on.
fn heal() -> bool {
    if has_refused() {
        give_again();
    }
    true
}

/// 16 KiB, which need chunks of their own; or nothing.
type Value<const WORDS: usize> = (u64, [u64; WORDS]);
type Map<const WORDS: usize, H> = ArenaMap<u64, Value<WORDS>, foldhash::fast::FixedState, H>;

fn value<const WORDS: usize>(key: u64) -> Value<WORDS> {
    (key, [key; WORDS])
}

/// What a failure may be, in one test.
type Expected = fn(ArenaError) -> bool;

fn out_of_memory(error: ArenaError) -> bool {
    matches!(error, ArenaError::AllocError { layout } if layout.size() > 0)
}

fn over_budget(error: ArenaError) -> bool {
    matches!(error, ArenaError::Budget { needed, left } if needed > left)
}

/// The map has the keys of `0..n`, each once, and nothing else.
fn check<const WORDS: usize, H: Handle>(map: &Map<WORDS, H>, n: u64) {
    assert_eq!(map.len() as u64, n);
    assert_eq!(map.iter().fold(0, |n, _| n + 1), n);
    for i in 0..n {
        let found = map.get(&key(i)).expect("an entry that was there");
        assert!(found.0 == i && found.1.iter().all(|&word| word == i));
    }
}

/// Inserts the keys of `0..n`, by another call each time, until the first failure: then how many are in.
fn fill<const WORDS: usize, H: Handle>(
    map: &mut Map<WORDS, H>,
    from: u64,
    n: u64,
    expected: Expected,
) -> Result<(), u64> {
    for i in from..n {
        let (key, value) = (key(i), value(i));
        let refused = match i % 6 {
            0 => map.try_insert_overwrite(key, value).err(),
            1 => map.entry(key).try_or_insert(value).err(),
            2 => map.entry_ref(&key).try_or_insert_keyed(|key| *key, value).err(),
            3 => map.try_insert_unique(map.hash_of(&key), key, value).err(),
            4 => match map.entry(key) {
                Entry::Vacant(entry) => entry.try_insert_entry(value).err(),
                Entry::Occupied(_) => unreachable!("a new key"),
            },
            _ => match map.entry_ref(&key) {
                EntryRef::Vacant(entry) => entry.try_insert_with_key(key, value).err(),
                EntryRef::Occupied(_) => unreachable!("a new key"),
            },
        };
        if let Some(refused) = refused {
            assert!(refused.key == key && refused.value == value, "the pair comes back");
            assert!(expected(refused.cause), "{}", refused.cause);
            return Err(i);
        }
    }
    Ok(())
}

/// The program: everything that may ask for memory, on one handle. `heal` is called after a failure; the failed call is
/// then repeated. Without `heal` the program ends at the first failure.
fn program<const WORDS: usize, H: Handle>(
    handle: H,
    n: u64,
    expected: Expected,
    mut again: impl FnMut() -> bool,
) -> Option<()> {
    let mut map: Map<WORDS, H> = ArenaMap::with_hasher_in(fixed(), handle); // takes nothing
    let mut from = 0;
    while let Err(at) = fill(&mut map, from, n, expected) {
        let go_on = again();
        check(&map, at);
        from = at;
        if !go_on {
            return None;
        }
    }

    // The bulk calls.
    let items = |from: u64| (from..n + 20).map(|i| (key(i), value(i)));
    let mut coming = items(n);
    let mut done = n;
    while let Err(error) = map.try_extend(&mut coming) {
        let go_on = again();
        assert!(expected(error.cause), "{}", error.cause);
        done += error.inserted as u64;
        check(&map, done);
        assert_eq!(error.rejected.0, key(done), "the item comes back");
        if !go_on {
            return None;
        }
        coming = items(done);
    }
    let n = n + 20;
    while let Err(cause) = map.try_reserve(64) {
        let go_on = again();
        assert!(expected(cause), "{cause}");
        check(&map, n);
        if !go_on {
            return None;
        }
    }

    // Shrinking never fails: without memory it leaves the map as it is.
    map.shrink_to_fit();
    let _ = again();
    check(&map, n);

    // Churn, in which a move ends and nothing grows.
    for i in n..4 * n {
        assert!(map.remove(&key(i - n)).is_some());
        if let Err(refused) = map.try_insert_overwrite(key(i), value(i)) {
            let go_on = again();
            assert!(expected(refused.cause), "{}", refused.cause);
            assert_eq!(map.len() as u64, n - 1);
            assert!((i + 1 - n..i).all(|i| map.contains_key(&key(i))));
            if !go_on {
                return None;
            }
            map.try_insert_overwrite(refused.key, refused.value).unwrap();
        }
    }
    assert_eq!(map.len() as u64, n);
    Some(())
}

/// Runs `work` with the refusal at every call; returns at how many.
#[cfg(not(arenamap_guard))] // its side table cannot be refused
fn at_every_call(mut work: impl FnMut()) -> usize {
    for k in 0.. {
        refuse_from(k);
        work();
        give_again();
        if !has_refused() {
            return k;
        }
    }
    unreachable!("some run needs no more calls")
}

/// Takes what is needed until it is there, with a healthy allocator from the second time on.
fn insist<T>(mut take: impl FnMut() -> Result<T, ArenaError>) -> T {
    match take() {
        Ok(taken) => taken,
        Err(error) => {
            heal();
            assert!(out_of_memory(error), "{error}");
            take().expect("with memory it succeeds")
        }
    }
}

#[cfg(not(arenamap_guard))]
fn every_handle<const WORDS: usize>(n: u64) {
    let run = || {
        at_every_call(|| {
            let arena = insist(|| Arena::try_with(0, usize::MAX));
            program::<WORDS, _>(&arena, n, out_of_memory, heal).unwrap();
            assert_eq!(arena.used(), 0);
        })
    };
    let refusals = run();
    // The calls of a healthy run, counted: an arena without a capacity takes 1,024 bytes with its core, the list of its chunks, and
    // three chunks, for more entries two more, and a longer list. The owned arena has a capacity of 1,000 bytes: 2,032 with its core, in
    // one call, so that the first of these chunks is not needed.
    let (least, least_owned) = match n {
        ..100 => (5, 3),
        100 => (5, 4),
        _ => (8, 7),
    };
    assert!(refusals >= least, "borrowed: {refusals} calls of the allocator");
    let owned = at_every_call(|| {
        let arena = insist(|| Arena::try_with(1_000, usize::MAX));
        program::<WORDS, _>(arena, n, out_of_memory, heal).unwrap();
    });
    let pooled = at_every_call(|| {
        let pool = ArenaPool::new();
        let arena = insist(|| pool.try_checkout());
        program::<WORDS, _>(arena, n, out_of_memory, heal).unwrap();
        let stats = pool.stats();
        assert_eq!((stats.out, stats.kept, stats.created, stats.checkouts), (0, 1, 1, 1));
    });
    let shared = at_every_call(|| {
        let pool = ArenaPool::new();
        let arena = insist(|| pool.try_checkout()).share();
        program::<WORDS, _>(arena.clone(), n, out_of_memory, heal).unwrap();
        assert_eq!(arena.stats().used, 0);
        drop(arena);
        assert_eq!((pool.stats().out, pool.stats().kept), (0, 1));
    });
    println!("refused each of {refusals} / {owned} / {pooled} / {shared} calls ({n} entries, {WORDS} words)");
    assert!(owned >= least_owned && pooled >= least && shared >= least);
}

#[test]
#[cfg(not(arenamap_guard))]
fn a_refused_call_loses_nothing_on_any_handle() {
    every_handle::<0>(7);
    every_handle::<0>(100);
    every_handle::<0>(500); // and a move in steps
}

#[test]
#[cfg(not(arenamap_guard))]
fn a_refused_call_loses_nothing_among_large_entries() {
    every_handle::<2048>(60);
}

#[test]
#[cfg(not(arenamap_guard))]
fn arenas_and_pools_answer_too() {
    let calls = at_every_call(|| {
        let Ok(mut arena) = Arena::try_with(100, usize::MAX) else {
            return;
        };
        for round in 0..3 {
            for i in 0..20_u64 {
                let refused = match i % 5 {
                    0 => arena.try_alloc([i; 20]).err(),
                    1 => arena.try_alloc_str("a text of some length").err(),
                    2 => arena.try_alloc_slice_fill_copy(3_000, i).err(),
                    3 => arena.try_alloc_with(|| [i; 100]).err(),
                    _ => arena.try_alloc_slice_copy(&[i; 50]).err(),
                };
                if let Some(error) = refused {
                    assert!(out_of_memory(error), "{error}");
                }
            }
            let used = arena.used();
            assert!(arena.held() >= used);
            if round == 1 {
                arena.trim(TrimPolicy::Unused);
            }
            match arena.merge_chunks() {
                Ok(()) => assert!(arena.stats().chunks <= 1),
                Err(error) => assert!(out_of_memory(error), "{error}"),
            }
            assert_eq!(arena.used(), 0);
        }
    });
    assert!(calls > 5, "{calls}");

    let calls = at_every_call(|| {
        let pool = ArenaPool::new();
        let (first, second) = (pool.try_checkout(), pool.try_checkout());
        let out = usize::from(first.is_ok()) + usize::from(second.is_ok());
        assert_eq!(pool.stats().out, out);
        drop((first, second));
        assert_eq!((pool.stats().out, pool.stats().kept), (0, out));
    });
    assert!(calls >= 2, "{calls}");
}

#[test]
#[cfg(not(arenamap_guard))]
fn a_copy_that_finds_no_memory_leaves_the_original() {
    let arena = Arena::new();
    let mut map: Map<2048, _> = ArenaMap::with_hasher_in(fixed(), &arena);
    fill(&mut map, 0, 60, out_of_memory).unwrap();
    let mut copies = 0;
    let calls = at_every_call(|| {
        let other = Arena::try_with(0, usize::MAX);
        let Ok(other) = other else { return };
        match map.try_clone_in(&other) {
            Ok(copy) => {
                check(&copy, 60);
                copies += 1;
            }
            Err(error) => {
                assert!(out_of_memory(error), "{error}");
                assert_eq!(other.used(), 0, "half a copy is dropped");
            }
        }
        check(&map, 60);
    });
    assert!(calls >= 2 && copies == 1, "{calls} calls, {copies} copies");

    let calls = at_every_call(|| {
        let Ok(other) = Arena::try_with(0, usize::MAX) else {
            return;
        };
        for capacity in [10, 100, 1_000] {
            match Map::<0, _>::try_with_capacity(capacity, &other) {
                Ok(made) => assert!(made.capacity() >= capacity),
                Err(error) => assert!(out_of_memory(error), "{error}"),
            }
        }
    });
    assert!(calls >= 2, "{calls}");
}

#[cfg(feature = "rkyv")]
#[test]
#[cfg(not(arenamap_guard))]
fn an_archive_that_finds_no_memory_is_an_error() {
    use arenamap::{ArenaSet, StrMap};
    use rkyv::api::low::{access, deserialize};
    use rkyv::rancor::{Error, Failure};
    use rkyv::{Archived, to_bytes};

    let map: ArenaMap<u64, u64> = (0..1000).map(|i| (key(i), i)).collect();
    let set: ArenaSet<u64> = (0..1000).map(key).collect();
    let words: StrMap<u64> = (0..1000).map(|i| (key(i).to_string(), i)).collect();
    let bytes = (
        to_bytes::<Error>(&map).unwrap(),
        to_bytes::<Error>(&words).unwrap(),
        to_bytes::<Error>(&set).unwrap(),
    );
    let archived = (
        access::<Archived<ArenaMap<u64, u64>>, Error>(&bytes.0).unwrap(),
        access::<Archived<StrMap<u64>>, Error>(&bytes.1).unwrap(),
        access::<Archived<ArenaSet<u64>>, Error>(&bytes.2).unwrap(),
    );
    let mut copies = 0;
    let calls = at_every_call(|| {
        // What is refused is an error, not a panic; here, one that needs no memory itself.
        let copy: Result<ArenaMap<u64, u64>, Failure> = deserialize(archived.0);
        copies += usize::from(copy.is_ok_and(|copy| copy == map));
        heal();
        let copy: Result<StrMap<u64>, Failure> = deserialize(archived.1);
        copies += usize::from(copy.is_ok_and(|copy| copy == words));
        heal();
        let copy: Result<ArenaSet<u64>, Failure> = deserialize(archived.2);
        copies += usize::from(copy.is_ok_and(|copy| copy == set));
    });
    assert!(calls >= 6, "{calls}");
    assert_eq!(copies, 2 * calls + 3, "one of three fails, and in the last run none");
}

/// `try_with_capacity_in` is for the default hasher; this is the same by the builder.
#[cfg(not(arenamap_guard))]
trait TryWithCapacity<H>: Sized {
    fn try_with_capacity(capacity: usize, handle: H) -> Result<Self, ArenaError>;
}
#[cfg(not(arenamap_guard))]
impl<const WORDS: usize, H: Handle> TryWithCapacity<H> for Map<WORDS, H> {
    fn try_with_capacity(capacity: usize, handle: H) -> Result<Self, ArenaError> {
        ArenaMap::builder()
            .capacity(capacity)
            .hasher(fixed())
            .try_build_in(handle)
    }
}

/// Every budget from nothing to enough ends the program early, in order, or lets it through.
fn every_budget<const WORDS: usize>(n: u64, step: usize) {
    for budget in (0..).step_by(step) {
        let mut arena = Arena::with_budget(budget);
        let done = program::<WORDS, _>(&arena, n, over_budget, || false).is_some();
        assert!(arena.high_water() <= budget);
        assert_eq!(arena.used(), 0);
        arena.reset();
        if done {
            println!("{budget} bytes are enough for {n} entries of {} bytes", 16 + 8 * WORDS);
            assert!(budget > 0);
            return;
        }
    }
}

#[test]
fn budgets_of_every_size_are_kept() {
    every_budget::<0>(120, 8);
    every_budget::<0>(30, 8);
    every_budget::<0>(500, 200);
}

#[test]
fn budgets_of_every_size_are_kept_among_large_entries() {
    every_budget::<2048>(30, 50_000);
}

#[test]
fn the_infallible_twin_panics_and_names_the_other() {
    let arena = Arena::with_budget(100);
    let mut map = ArenaMap::with_hasher_in(fixed(), &arena);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        for i in 0..100_u64 {
            map.insert(i, i);
        }
    }));
    let text = *panic.unwrap_err().downcast::<String>().unwrap();
    assert!(
        text.contains("try_insert_overwrite") && text.contains("bytes needed"),
        "{text}"
    );
    assert_eq!(map.iter().count(), map.len());
}

/// Bounded maps take their block at once, or not at all; a long key that finds no memory leaves the map as it was.
#[test]
#[cfg(not(arenamap_guard))]
fn bounded_maps_are_made_or_refused() {
    use arenamap::{BoundedMap, BoundedStrMap, DefaultHashBuilder};

    for k in 0.. {
        refuse_from(k);
        let made = BoundedMap::<u64, u64>::try_new(5_000);
        let refused = has_refused();
        give_again();
        match made {
            Ok(mut map) => {
                assert!(!refused && k > 0);
                refuse_from(0);
                for key in 0..20_000 {
                    map.insert_for(key, key, 100, key);
                }
                assert!(!has_refused(), "a bounded map never asks again");
                give_again();
                break;
            }
            Err(error) => assert!(refused && out_of_memory(error)),
        }
    }

    let mut map = BoundedStrMap::<u64, DefaultHashBuilder>::new(100);
    map.insert("short", 1, 0);
    let long = "long".repeat(10_000);
    refuse_from(0);
    let error = map.try_insert(&long, 2, 0).unwrap_err();
    assert!(out_of_memory(error.cause));
    assert_eq!((error.key, error.value, map.len()), (&*long, 2, 1));
    assert!(map.try_get_or_insert_with(&long, 0, || unreachable!()).is_err());
    give_again();
    assert_eq!(map.try_insert(&long, 2, 0).unwrap(), None);
    assert_eq!(
        (map.get("short", 0).copied(), map.get(&long, 0).copied()),
        (Some(1), Some(2))
    );
}
