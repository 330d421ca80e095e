//! Promise P5 for `PathMap`: the global allocator refuses its k-th call, for every k, during a program of `try_` calls on every
//! handle; and budgets of every size end the same program early. Each refusal gives the value back, leaves the map as it was,
//! without a level that was made for the call, and the same call succeeds when there is memory again.
//!
//! The allocator refuses on the thread that armed it, so that the test harness has its memory.
#![cfg(all(feature = "std", not(miri), not(arenamap_guard)))]

#[path = "support/refuse.rs"]
mod refuse;

use arenamap::nested::{MoveError, PathError};
use arenamap::{Arena, ArenaError, ArenaPool, Handle, PathMap};

use refuse::{Failing, give_again, has_refused, refuse_from};

#[global_allocator]
static ALLOCATOR: Failing = Failing;

type Map<H> = PathMap<str, [u64; 8], foldhash::fast::FixedState, H>;

/// Parts of every form: short ones, and one for which a block is taken.
const LONG: &str = "a part that stands in a block of its own, as it has more than fifteen bytes";

const PATHS: u64 = 60;

fn path(number: u64) -> [&'static str; 4] {
    const DIGITS: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];
    let digit = |number: u64| DIGITS[(number % 8) as usize];
    let last = if number.is_multiple_of(2) { LONG } else { "short" };
    [digit(number / 8), digit(number), "between", last]
}

fn check<H: Handle>(map: &Map<H>, n: u64, nodes: usize) {
    assert_eq!(map.len() as u64, n);
    assert_eq!(map.stats().nodes, nodes, "nothing is half-made");
    for number in 0..n {
        assert_eq!(map.get(path(number)), Some(&[number; 8]));
    }
    assert_eq!(map.iter().count() as u64, n);
}

/// After a refusal: it is of the kind that is expected, and from here on there is memory, if the heap was what refused.
fn heal(cause: PathError, budget: bool) {
    let PathError::Refused(cause) = cause else {
        panic!("{cause}")
    };
    if budget {
        assert!(matches!(cause, ArenaError::Budget { .. }), "{cause}");
    } else {
        assert!(has_refused(), "refused where the heap was not");
        assert!(matches!(cause, ArenaError::AllocError { .. }), "{cause}");
    }
    give_again();
}

/// Everything that may ask for memory. `Err`: it ended early, by a budget.
fn program<H: Handle>(map: &mut Map<H>, budget: bool) -> Result<(), ()> {
    for number in 0..PATHS {
        let nodes = map.stats().nodes;
        let value = [number; 8];
        let refused = match number % 3 {
            0 => map.try_insert(path(number), value).err(),
            1 => map.entry(path(number)).try_or_insert(value).err(),
            _ => match map.cursor([path(number)[0]]).map(|cursor| map.below_mut(cursor)) {
                Some(Some(mut below)) => below.try_insert(path(number)[1..].iter().copied(), value).err(),
                _ => map.entry(path(number)).try_or_insert_with(|| value).err(),
            },
        };
        if let Some(refused) = refused {
            assert_eq!(refused.value, value, "the value comes back");
            heal(refused.cause, budget);
            check(map, number, nodes);
            if budget {
                return Err(());
            }
            map.try_insert(path(number), value).unwrap();
        }
    }
    for number in 0..8 {
        let nodes = map.stats().nodes;
        let (from, to) = ([path(number * 8)[0]], ["moved", "to", LONG, path(number * 8)[0]]);
        match map.move_subtree(from, to) {
            Ok(()) => {}
            Err(MoveError::Refused(cause)) => {
                heal(cause, budget);
                assert_eq!(map.stats().nodes, nodes);
                if budget {
                    return Err(());
                }
                map.move_subtree(from, to).unwrap();
            }
            Err(other) => panic!("{other}"),
        }
        map.move_subtree(to, from).unwrap_or_else(|cause| {
            let MoveError::Refused(cause) = cause else {
                panic!("{cause}")
            };
            heal(cause, budget);
            assert!(!budget, "a part that was there before");
            map.move_subtree(to, from).unwrap();
        });
    }
    Ok(())
}

fn run<H: Handle>(make: impl Fn() -> H) -> usize {
    let mut k = 0;
    loop {
        let mut map = Map::with_hasher_in(foldhash::fast::FixedState::with_seed(1), make());
        refuse_from(k);
        let done = program(&mut map, false);
        // Copies: from the start again.
        let copy = map.try_clone_in(Arena::new());
        let was_refused = has_refused();
        give_again();
        done.unwrap();
        match copy {
            Ok(copy) => assert!(copy == map.try_clone_in(Arena::new()).unwrap()),
            Err(cause) => assert!(was_refused && matches!(cause, ArenaError::AllocError { .. })),
        }
        let nodes = map.stats().nodes;
        check(&map, PATHS, nodes);
        if !was_refused {
            return k;
        }
        k += 1;
    }
}

#[test]
fn the_heap_refuses_at_every_call() {
    let pool = ArenaPool::new();
    assert!(run(Arena::new) > 5);
    run(|| pool.checkout().into_arena());
    run(|| Arena::new().share());
    // A borrowed arena: the map is dropped before.
    let mut k = 0;
    loop {
        let arena = Arena::new();
        let mut map = Map::with_hasher_in(foldhash::fast::FixedState::with_seed(1), &arena);
        refuse_from(k);
        let done = program(&mut map, false);
        let was_refused = has_refused();
        give_again();
        done.unwrap();
        drop(map);
        assert_eq!(arena.used(), 0);
        if !was_refused {
            break;
        }
        k += 1;
    }
}

#[test]
fn budgets_of_every_size() {
    let mut ended_early = 0;
    for budget in (0..40_000).step_by(72) {
        let arena = Arena::with_budget(budget);
        let mut map = Map::with_hasher_in(foldhash::fast::FixedState::with_seed(1), &arena);
        ended_early += usize::from(program(&mut map, true).is_err());
        drop(map);
        assert_eq!(arena.used(), 0);
    }
    assert!(ended_early > 100, "{ended_early}");
}
