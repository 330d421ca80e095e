//! What maps ask of the handle beside them.

#![allow(unsafe_code, reason = "gives blocks back")]

use core::alloc::Layout;

use super::{Arena, Held};
use crate::error::ArenaError;
use crate::stats::ArenaStats;

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

#[test]
fn a_handle_makes_its_arena_with_the_first_block() {
    let mut held = Held::new(Arena::new());
    assert_eq!(held.stats(), ArenaStats::default());
    assert!(held.can_ever(1 << 20).is_ok());
    let empty = held.try_alloc(layout(0)).unwrap();
    // SAFETY: a block of this arena.
    unsafe { held.dealloc(empty, layout(0)) };
    assert_eq!(held.stats(), ArenaStats::default());
    let block = held.try_alloc(layout(20)).unwrap();
    assert_eq!((held.stats().used, held.stats().chunks), (24, 1));
    // SAFETY: a block of this arena.
    unsafe { held.dealloc(block, layout(20)) };
    assert_eq!((held.stats().used, held.stats().free), (0, 0));
}

#[test]
fn what_the_budget_would_say_is_what_it_says() {
    let arena = Arena::with_budget(128);
    let mut held = Held::new(&arena);
    let most = isize::MAX.unsigned_abs();
    let waiting = held.try_alloc(layout(24)).unwrap();
    held.try_alloc(layout(8)).unwrap();
    for size in [0, 1, 8, 95, 96, 97, 104, 105, 1 << 20, most - 8] {
        let before = held.stats();
        let foretold = held.can_ever(size).err();
        assert_eq!(held.stats(), before);
        match held.try_alloc(layout(size)) {
            // SAFETY: a block of this arena.
            Ok(block) => unsafe { held.dealloc(block, layout(size)) },
            Err(error) => assert_eq!(foretold, Some(error)),
        }
        assert_eq!(foretold.is_some(), size > 96);
    }
    assert_eq!(held.can_ever(most + 1), Err(ArenaError::CapacityOverflow));
    assert_eq!(
        Held::new(Arena::new()).can_ever(most),
        Err(ArenaError::CapacityOverflow)
    );
    // A block that waits is had where the budget has nothing left.
    held.try_alloc(layout(96)).unwrap();
    assert_eq!(held.can_ever(24), Err(ArenaError::Budget { needed: 24, left: 0 }));
    // SAFETY: a block of this arena.
    unsafe { held.dealloc(waiting, layout(24)) };
    assert_eq!(held.can_ever(24), Ok(()));
    if cfg!(not(arenamap_guard)) {
        assert_eq!(held.can_ever(16), Err(ArenaError::Budget { needed: 16, left: 0 }));
    }
}

#[test]
#[cfg(not(arenamap_guard))]
fn sizes_that_wait_are_seen_whatever_their_alignment() {
    let arena = Arena::with_budget(16 << 10);
    let mut held = Held::new(&arena);
    let layouts = [(520, 8), (4096, 16), (1024, 64), (2048, 1024)]
        .map(|(size, align)| Layout::from_size_align(size, align).unwrap());
    let blocks = layouts.map(|layout| (held.try_alloc(layout).unwrap(), layout));
    let rest = (16 << 10) - arena.used();
    held.try_alloc(layout(rest)).unwrap();
    for (block, layout) in blocks {
        assert!(held.can_ever(layout.size()).is_err());
        // SAFETY: a block of this arena.
        unsafe { held.dealloc(block, layout) };
        assert!(held.can_ever(layout.size()).is_ok());
    }
    assert!(held.can_ever(528).is_err());
}
