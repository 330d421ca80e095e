//! Code that is written for any handle, run on all of them.

use arenamap::{Arena, ArenaError, ArenaMap, ArenaSet, BytesMap, DefaultHashBuilder, Handle, MapStats, StrMap};
#[cfg(feature = "std")]
use arenamap::{ArenaPool, PoolConfig};

type S = DefaultHashBuilder;

/// Everything that a handle puts into its arena.
fn values<H: Handle>(arena: &H) {
    let before = arena.stats().used;
    let number = arena.alloc(7_u64);
    *number += 1;
    let (text, copy) = (arena.alloc_str("text"), arena.alloc_slice_copy(&[1_u32, 2]));
    text.make_ascii_uppercase();
    assert_eq!((*number, &*text, &*copy), (8, "TEXT", &[1, 2][..]));
    assert_eq!(
        arena.alloc_with(|| *arena.alloc(3) + 1),
        &4,
        "a closure may use the arena"
    );
    assert_eq!(arena.alloc_slice_clone(&[Some(1), None]), &[Some(1), None]);
    assert_eq!(arena.alloc_slice_fill_copy(2, 5), &[5, 5]);
    assert_eq!(arena.alloc_slice_fill_clone(2, &Some(5)), &[Some(5), Some(5)]);
    assert_eq!(arena.alloc_slice_fill_with(3, |at| at * at), &[0, 1, 4]);
    assert_eq!(arena.alloc_slice_fill_default::<u8>(2), &[0, 0]);
    assert_eq!(arena.alloc_slice_fill_iter([1, 2]), &[1, 2]);
    assert!(arena.stats().used > before);
}

/// The twins, in an arena with a budget.
fn twins<H: Handle>(arena: &H) -> Result<(), ArenaError> {
    arena.try_alloc(7)?;
    arena.try_alloc_with(|| 7)?;
    arena.try_alloc_str("text")?;
    arena.try_alloc_slice_copy(&[1, 2])?;
    arena.try_alloc_slice_clone(&[1, 2])?;
    arena.try_alloc_slice_fill_copy(2, 5)?;
    arena.try_alloc_slice_fill_clone(2, &5)?;
    arena.try_alloc_slice_fill_with(3, |at| at)?;
    arena.try_alloc_slice_fill_default::<u8>(2)?;
    arena.try_alloc_slice_fill_iter([1, 2])?;
    let budget = arena.stats().budget.expect("the test gives one");
    let refused = arena.try_alloc_slice_fill_copy(budget, 0_u8).unwrap_err();
    assert!(matches!(refused, ArenaError::Budget { .. }));
    Ok(())
}

/// Each kind of map, and a clone of the map.
fn map<H: Handle>(handle: H) -> MapStats {
    let mut map: ArenaMap<u32, u32, S, H> = ArenaMap::with_capacity_in(10, handle);
    map.extend((0..100).map(|n| (n, n)));
    assert_eq!(map.len(), 100);
    map.stats()
}

fn set<H: Handle>(handle: H) -> ArenaSet<u32, S, H> {
    ArenaSet::from_iter_in([1, 2, 2], handle)
}

fn words<H: Handle>(handle: H) -> StrMap<u32, S, H> {
    let mut words = StrMap::new_in(handle);
    words.insert("word", 1);
    words
}

fn bytes<H: Handle>(handle: H) -> BytesMap<u32, S, H> {
    let mut bytes = BytesMap::new_in(handle);
    bytes.insert(b"word", 1);
    bytes
}

/// A handle that can be cloned carries collections inside collections.
fn nested<H: Handle + Clone>(handle: &H) -> usize {
    let mut groups: ArenaMap<u32, ArenaMap<u32, &str, S, H>, S, H> = ArenaMap::new_in(handle.clone());
    for n in 0..100 {
        groups
            .entry(n % 10)
            .or_insert_with(|| ArenaMap::new_in(handle.clone()))
            .insert(n, handle.alloc_str("row"));
    }
    groups.values().map(ArenaMap::len).sum()
}

/// All of it, each with a handle of its own.
fn all<H: Handle>(make: impl Fn() -> H) {
    values(&make());
    twins(&make()).unwrap();
    assert_eq!(map(make()).len, 100);
    assert_eq!(set(make()).len(), 2);
    assert_eq!(words(make())["word"], 1);
    assert_eq!(bytes(make())[&b"word"[..]], 1);
    assert_eq!(make().stats().budget, Some(1 << 20));
}

#[test]
fn code_for_any_handle_runs_on_all_of_them() {
    let owner = Arena::with_budget(1 << 20);
    all(|| &owner);
    all(|| Arena::with_budget(1 << 20));
    assert_eq!(nested(&&owner), 100);
    #[cfg(feature = "std")]
    {
        let pool = ArenaPool::with_config(PoolConfig::new().budget(1 << 20));
        all(|| pool.checkout());
        let shared = pool.checkout().share();
        all(|| shared.clone());
        assert_eq!(nested(&shared), 100);
    }
}

/// Whoever has the arena by its own type calls its own method, with or without the trait: the lifetime is that of the borrow.
#[test]
fn values_of_a_borrowed_arena_live_as_long_as_the_borrow() {
    fn put(arena: &Arena) -> &str {
        arena.alloc_str("text")
    }
    let arena = Arena::new();
    assert_eq!(put(&arena), "text");
}

#[test]
fn a_panic_names_the_twin_of_the_trait() {
    fn refused<H: Handle>(arena: &H) {
        arena.alloc([0_u8; 100]);
    }
    let arena = Arena::with_budget(8);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| refused(&arena))).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("`Handle::try_alloc` returns this error"), "{text}");
}
