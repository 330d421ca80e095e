//! Promise P5 for lists, strings and boxes: the global allocator refuses its k-th call, for every k, during a program of
//! `try_` calls on every handle. Each refusal is an error that gives the value back and leaves the list as it was, and the
//! same call succeeds when there is memory again.
//!
//! The allocator refuses on the thread that armed it, so that the test harness has its memory.
#![cfg(all(feature = "std", not(miri), not(arenamap_guard)))]

#[path = "support/refuse.rs"]
mod refuse;

use arenamap::{Arena, ArenaBox, ArenaError, ArenaPool, ArenaString, ArenaVec, Handle};

use refuse::{Failing, give_again, has_refused, refuse_from};

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// Takes what is needed until it is there, with a healthy allocator from the second time on.
fn insist<T>(mut take: impl FnMut() -> Result<T, ArenaError>) -> T {
    take().unwrap_or_else(|error| {
        heal(error);
        take().expect("with memory it succeeds")
    })
}

/// After a refusal: it was one, and from here on there is memory.
fn heal(cause: ArenaError) {
    assert!(has_refused(), "refused where the heap was not");
    give_again();
    assert!(
        matches!(cause, ArenaError::AllocError { layout } if layout.size() > 0),
        "{cause}"
    );
}

/// 1 KiB, so that lists need chunks of their own.
type Row = [u64; 128];

/// Everything that may ask for memory. What lives shortly lives on a second handle.
fn program<H: Handle>(handle: H, second: &mut dyn FnMut() -> Result<H, ArenaError>) {
    let mut list = ArenaVec::<Row, H>::new_in(handle);
    for n in 0..40_u64 {
        let refused = match n % 3 {
            0 => list.try_push([n; 128]).err(),
            1 => list.try_insert(list.len(), [n; 128]).err(),
            _ => list.try_resize(list.len() + 1, [n; 128]).err(),
        };
        if let Some(refused) = refused {
            heal(refused.cause);
            assert_eq!((refused.value, list.len() as u64), ([n; 128], n), "nothing is lost");
            list.try_push(refused.value).unwrap();
        }
    }
    let mut coming = (40..60_u64).map(|n| [n; 128]);
    while let Err(error) = list.try_extend(&mut coming) {
        heal(error.cause);
        list.push(error.rejected);
    }
    insist(|| list.try_extend_from_within(..20));
    insist(|| list.try_reserve(100));
    list.shrink_to_fit(); // never fails
    assert!(list.iter().map(|row| row[0]).eq((0..60).chain(0..20)));

    let mut copy = ArenaVec::new_in(insist(&mut *second));
    insist(|| copy.try_clone_from(&list));
    insist(|| copy.try_append(&mut list));
    assert_eq!((copy.len(), list.len()), (160, 0));
    let handle = insist(&mut *second);
    let tail = match copy.try_split_off_in(80, handle) {
        Ok(tail) => tail,
        Err(cause) => {
            heal(cause);
            assert_eq!(copy.len(), 160);
            copy.try_split_off_in(80, insist(&mut *second)).unwrap()
        }
    };
    assert_eq!(copy, tail);
    drop((copy, tail));

    let mut text = ArenaString::new_in(list.into_handle());
    for n in 0..3_000 {
        insist(|| text.try_push('€'));
        if n % 100 == 0 {
            insist(|| text.try_push_fmt(format_args!("{n}")));
            insist(|| text.try_insert_str(0, "ß"));
        }
    }
    assert_eq!(text.chars().filter(|&character| character == '€').count(), 3_000);
    let handle = insist(&mut *second);
    match ArenaBox::try_new_in([7_u8; 9_000], handle) {
        Ok(made) => assert_eq!(made[8_999], 7),
        Err(refused) => {
            heal(refused.cause);
            assert_eq!(refused.value[8_999], 7);
        }
    }
}

/// Runs the program with the refusal at every call; returns at how many.
fn at_every_call(mut work: impl FnMut()) -> usize {
    (0..10_000)
        .find(|&k| {
            refuse_from(k);
            work();
            give_again();
            !has_refused()
        })
        .expect("some run needs no more calls")
}

#[test]
fn a_refused_call_loses_nothing_on_any_handle() {
    let borrowed = at_every_call(|| {
        let arena = insist(|| Arena::try_with(0, usize::MAX));
        program(&arena, &mut || Ok(&arena));
        assert_eq!(arena.used(), 0);
    });
    let owned = at_every_call(|| program(Arena::new(), &mut || Ok(Arena::new())));
    let pooled = at_every_call(|| {
        let pool = ArenaPool::new();
        program(insist(|| pool.try_checkout()), &mut || pool.try_checkout());
        assert_eq!(pool.stats().out, 0);
    });
    let shared = at_every_call(|| {
        let arena = insist(|| Arena::try_with(0, usize::MAX)).share();
        program(arena.clone(), &mut || Ok(arena.clone()));
        assert_eq!((arena.stats().used, arena.handles()), (0, 1));
    });
    for calls in [borrowed, owned, pooled, shared] {
        assert!(calls > 5, "{borrowed}, {owned}, {pooled}, {shared} calls");
    }
}
