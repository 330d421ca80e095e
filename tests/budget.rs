//! The budget of an arena is exact to the byte, and its errors say what to do.

use std::alloc::Layout;

use arenamap::{Arena, ArenaError, ArenaMap, TryReserveError};
#[cfg(feature = "std")]
use arenamap::{ArenaPool, PoolConfig};

#[test]
fn the_last_byte_is_given_and_the_next_is_not() {
    for budget in [8, 64, 1 << 10, (64 << 10) + 8, 1 << 20] {
        let arena = Arena::with_budget(budget);
        let mut given = 0;
        while given + 8 <= budget {
            arena
                .try_alloc(0_u64)
                .unwrap_or_else(|error| panic!("{given} of {budget}: {error}"));
            given += 8;
            assert_eq!(arena.used(), given);
        }
        let error = arena.try_alloc(0_u8).unwrap_err();
        assert_eq!(
            error,
            ArenaError::Budget {
                needed: 8,
                left: budget - given
            }
        );
        assert_eq!(
            (arena.used(), arena.high_water()),
            (given, given),
            "a refusal changes nothing"
        );
    }
}

#[test]
fn one_block_of_the_whole_budget_fits_and_one_of_a_byte_more_does_not() {
    for budget in [8, 24, 4 << 10, 100_000, 5 << 20] {
        let arena = Arena::with_budget(budget);
        assert_eq!(
            arena.try_alloc_slice_fill_copy(budget + 1, 1_u8).unwrap_err(),
            ArenaError::Budget {
                needed: budget + 8,
                left: budget
            },
        );
        assert_eq!(arena.try_alloc_slice_fill_copy(budget, 1_u8).unwrap().len(), budget);
        assert!(arena.try_alloc(1_u8).is_err());
        assert!(arena.try_alloc(()).is_ok(), "no bytes, no budget");
    }
}

#[test]
fn a_reset_gives_the_whole_budget_back() {
    let mut arena = Arena::with_budget(1_000);
    for _ in 0..3 {
        assert!(arena.try_alloc_slice_fill_copy(1_000, 0_u8).is_ok());
        assert!(arena.try_alloc(0_u8).is_err());
        arena.reset();
        assert_eq!(arena.used(), 0);
    }
    assert_eq!(arena.high_water(), 1_000);
    arena.merge_chunks().unwrap();
    assert!(arena.try_alloc_slice_fill_copy(1_000, 0_u8).is_ok());
    assert!(arena.try_alloc(0_u8).is_err());
}

#[test]
fn blocks_count_as_they_are_rounded() {
    #[repr(align(64))]
    struct Line;
    #[repr(align(16))]
    struct Pair(#[allow(dead_code, reason = "takes a byte")] u8);
    #[repr(align(64))]
    struct Wide(#[allow(dead_code, reason = "takes a byte")] u8);
    let arena = Arena::with_budget(1_000);
    for (bytes, alloc) in [
        (8, (|a| _ = a.alloc(1_u8)) as fn(&Arena)),
        (8, |a| _ = a.alloc(1_u64)),
        (24, |a| _ = a.alloc([1_u8; 17])),
        (32, |a| _ = a.alloc(Pair(1))),
        (64, |a| _ = a.alloc(Wide(1))),
        (0, |a| _ = a.alloc(Line)),
        (0, |a| _ = a.alloc_str("")),
    ] {
        let before = arena.used();
        alloc(&arena);
        assert_eq!(arena.used() - before, bytes);
    }
}

#[test]
fn chunks_are_no_larger_than_the_budget_asks() {
    for budget in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let arena = Arena::with_budget(budget);
        while arena.try_alloc([0_u64; 3]).is_ok() {}
        let rounding = arena.stats().chunks * 4096;
        assert!(arena.held() <= budget + rounding, "{}", arena.stats());
    }
    assert!(
        Arena::with(1 << 20, 100).held() < 1_000,
        "a capacity beyond the budget is of no use"
    );
}

#[test]
fn sizes_beyond_the_address_space_are_errors() {
    let arena = Arena::new();
    assert_eq!(
        arena.try_alloc_slice_fill_copy(usize::MAX, 0_u64).unwrap_err(),
        ArenaError::CapacityOverflow
    );
    let most = isize::MAX.unsigned_abs();
    for len in [most, most - 7, most - 64, most - 5_000] {
        let error = arena.try_alloc_slice_fill_copy(len, 0_u8).unwrap_err();
        assert!(
            matches!(error, ArenaError::AllocError { .. } | ArenaError::CapacityOverflow),
            "{error}"
        );
    }
    assert_eq!(arena.used(), 0);
    assert_eq!(*arena.alloc(1), 1, "usable after that");
}

#[test]
fn what_the_heap_refuses_is_told_by_its_layout() {
    #[repr(align(64))]
    #[derive(Clone, Copy)]
    struct Line {
        _bytes: [u8; 64],
    }

    let arena = Arena::new();
    let huge = 1 << 56; // no machine has it, and it fits the address space
    let layout = |bytes, align| Layout::from_size_align(bytes, align).unwrap();
    assert_eq!(
        arena.try_alloc_slice_fill_copy(huge - 3, 0_u8).unwrap_err(),
        ArenaError::AllocError {
            layout: layout(huge, 8)
        },
        "rounded as the arena rounds"
    );
    assert_eq!(
        arena.try_alloc_slice_fill_copy(huge, Line { _bytes: [0; 64] }).err(),
        Some(ArenaError::AllocError {
            layout: layout(huge * 64, 64)
        })
    );
    // By the names that hashbrown's errors have.
    let mut map: ArenaMap<u64, u64> = ArenaMap::new();
    assert!(matches!(
        map.try_reserve(usize::MAX),
        Err(TryReserveError::CapacityOverflow)
    ));
    match map.try_reserve(isize::MAX.unsigned_abs() / 64) {
        Err(TryReserveError::AllocError { layout }) => {
            assert!(
                layout.size() > isize::MAX.unsigned_abs() / 4 && layout.align() >= 8,
                "{layout:?}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(size_of::<ArenaError>(), 3 * size_of::<usize>());
}

#[test]
#[cfg(feature = "std")]
fn a_pool_gives_every_arena_its_budget() {
    let pool = ArenaPool::with_config(PoolConfig::new().budget(256));
    for _ in 0..3 {
        let arena = pool.checkout();
        assert_eq!(arena.budget(), Some(256));
        assert!(arena.try_alloc([0_u8; 256]).is_ok());
        assert!(arena.try_alloc(0_u8).is_err());
        let shared = arena.share();
        assert_eq!(
            shared.try_alloc(0_u8).unwrap_err(),
            ArenaError::Budget { needed: 8, left: 0 }
        );
    }
    assert_eq!(pool.stats().created, 1);
}

#[test]
fn texts_say_what_and_how_much_and_what_to_do() {
    let text = ArenaError::Budget { needed: 24, left: 16 }.to_string();
    for part in ["budget", "24 bytes needed", "16 left", "larger budget", "reset"] {
        assert!(text.contains(part), "{text}");
    }
    let layout = Layout::from_size_align(24, 8).unwrap();
    let text = ArenaError::AllocError { layout }.to_string();
    assert!(text.contains("24 bytes") && text.contains("global allocator"), "{text}");
    assert!(ArenaError::CapacityOverflow.to_string().contains("address space"));
    assert_eq!(Arena::with_budget(64).stats().to_string(), {
        "0 bytes held in 0 chunks: 0 used, 0 free, high water 0, budget 64"
    });
}

/// The text of a panic, and its file and line.
fn panic_of(call: impl FnOnce() + std::panic::UnwindSafe) -> (String, String) {
    use std::sync::{Arc, Mutex};
    let place = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&place);
    let (here, before) = (std::thread::current().id(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == here {
            *seen.lock().unwrap() = info.location().map(|at| at.file().to_owned()).unwrap_or_default();
        }
    }));
    let result = std::panic::catch_unwind(call);
    std::panic::set_hook(before);
    let text = *result.unwrap_err().downcast::<String>().unwrap();
    let file = place.lock().unwrap().clone();
    (text, file)
}

#[test]
fn a_panic_names_the_twin_with_its_type_and_the_place_of_the_caller() {
    type Call = fn(&Arena);
    let calls: [(&str, Call); 10] = [
        ("try_alloc", |arena| _ = arena.alloc([0_u8; 9])),
        ("try_alloc_with", |arena| _ = arena.alloc_with(|| [0_u8; 9])),
        ("try_alloc_str", |arena| _ = arena.alloc_str("longer than eight")),
        ("try_alloc_slice_copy", |arena| _ = arena.alloc_slice_copy(&[0_u8; 9])),
        ("try_alloc_slice_clone", |arena| _ = arena.alloc_slice_clone(&[0_u8; 9])),
        ("try_alloc_slice_fill_copy", |arena| {
            arena.alloc_slice_fill_copy(9, 0_u8);
        }),
        ("try_alloc_slice_fill_clone", |arena| {
            arena.alloc_slice_fill_clone(9, &0_u8);
        }),
        ("try_alloc_slice_fill_with", |arena| {
            arena.alloc_slice_fill_with(9, |_| 0_u8);
        }),
        ("try_alloc_slice_fill_default", |arena| {
            arena.alloc_slice_fill_default::<u8>(9);
        }),
        ("try_alloc_slice_fill_iter", |arena| {
            arena.alloc_slice_fill_iter([0_u8; 9]);
        }),
    ];
    for (twin, call) in calls {
        let (text, file) = panic_of(|| call(&Arena::with_budget(8)));
        assert!(text.contains(&format!("`Arena::{twin}` returns this error")), "{text}");
        assert_eq!(file, file!(), "{twin}");
    }
    #[cfg(feature = "std")]
    {
        let (text, file) = panic_of(|| _ = Arena::with_budget(8).share().alloc_str("longer than eight"));
        assert!(
            text.contains("`SharedArena::try_alloc_str` returns this error"),
            "{text}"
        );
        assert_eq!(file, file!());
    }
}
