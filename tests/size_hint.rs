//! Promise P11: a map made through a size hint starts at the size that its predecessors reached.

#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use arenamap::hash_map::Entry;
use arenamap::{Arena, ArenaMap, SizeHint};

/// Makes a map through the hint, fills it, and returns how often it grew.
fn grown(hint: &'static SizeHint, arena: &Arena, entries: u64) -> usize {
    let mut map = ArenaMap::with_hint_in(hint, arena);
    let mut grown = 0;
    for n in 0..entries {
        let capacity = map.capacity();
        map.insert(n, n);
        grown += usize::from(map.capacity() != capacity);
    }
    grown
}

/// A hint of the test's own, without a past.
macro_rules! new_hint {
    () => {{
        static HINT: SizeHint = SizeHint::new();
        HINT.clear();
        &HINT
    }};
}

#[test]
fn p11_the_second_map_grows_nothing() {
    for entries in [
        1,
        3,
        4,
        5,
        8,
        9,
        50,
        1_000,
        14_336,
        if cfg!(miri) { 20_000 } else { 200_000 },
    ] {
        let (hint, arena) = (new_hint!(), Arena::new());
        // A map that reports to a hint has a first block from the start.
        assert_eq!(
            grown(hint, &arena, entries) > 0,
            entries > 4,
            "the first one has to learn"
        );
        assert_eq!(grown(hint, &arena, entries), 0, "{entries} entries");
        assert_eq!(u64::try_from(hint.capacity()).unwrap(), entries);
    }
}

#[test]
fn an_outlier_is_not_followed_and_fades() {
    let (hint, arena) = (new_hint!(), Arena::new());
    for _ in 0..100 {
        grown(hint, &arena, 50);
    }
    grown(hint, &arena, 5_000);
    assert_eq!(hint.capacity(), 50, "one of a hundred is not the rule");
    for _ in 0..20 {
        grown(hint, &arena, 5_000);
    }
    assert_eq!(hint.capacity(), 5_000, "a sixth is worth the room");
    for _ in 0..2_000 {
        grown(hint, &arena, 50);
    }
    assert_eq!(hint.capacity(), 50, "and is forgotten when it does not come back");
}

#[test]
fn a_lasting_change_is_learned() {
    let (hint, arena) = (new_hint!(), Arena::new());
    for _ in 0..1_000 {
        grown(hint, &arena, 5_000);
    }
    for _ in 0..5_000 {
        grown(hint, &arena, 10);
    }
    assert_eq!(hint.capacity(), 10);
}

#[test]
fn clear_and_drain_report_too() {
    let (hint, arena) = (new_hint!(), Arena::new());
    let mut map = ArenaMap::with_hint_in(hint, &arena);
    map.extend((0..100).map(|n| (n, n)));
    map.clear();
    assert_eq!(hint.capacity(), 100);
    map.extend((0..200).map(|n| (n, n)));
    map.drain();
    assert_eq!(hint.capacity(), 200);
    hint.clear();
    assert_eq!(hint.capacity(), 0);
}

#[test]
fn a_hint_that_asks_too_much_is_not_followed() {
    let hint = new_hint!();
    hint.record(1_000_000);
    let arena = Arena::with_budget(1_000);
    let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::with_hint_in(hint, &arena);
    assert_eq!(map.capacity(), 4, "the first block of a map that reports its size");
    map.insert(1, 1);
    let nothing = Arena::with_budget(0);
    let map: ArenaMap<u64, u64, _, _> = ArenaMap::with_hint_in(hint, &nothing);
    assert_eq!(map.capacity(), 0);
}

#[test]
fn small_maps_are_not_refused_because_earlier_ones_were_large() {
    const BUDGET: usize = 80 << 10;
    /// How many maps of one entry fit beside each other.
    fn fit(hint: &'static SizeHint) -> usize {
        let arena = Arena::with_budget(BUDGET);
        let mut maps = Vec::new();
        loop {
            let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::with_hint_in(hint, &arena);
            if map.try_insert_overwrite(1, 1).is_err() {
                return maps.len();
            }
            maps.push(map);
        }
    }
    let hint = new_hint!();
    let without = fit(hint);
    for large in [5, 14, 20, 100, 500, 1_000, 1_000_000] {
        hint.clear();
        hint.record(large);
        let many = fit(hint);
        assert!(many >= without * 3 / 4, "{many} of {without} after maps of {large}");
    }
    // What takes a quarter of the budget at most starts at its size, and so does what takes a block that waits.
    hint.clear();
    hint.record(800);
    let arena = Arena::with_budget(BUDGET);
    let map: ArenaMap<u64, u64, _, _> = ArenaMap::with_hint_in(hint, &arena);
    assert!(map.capacity() >= 800);
    let second: ArenaMap<u64, u64, _, _> = ArenaMap::with_hint_in(hint, &arena);
    assert_eq!(second.capacity(), 4);
    std::mem::forget(second);
    drop(map);
    hint.clear();
    hint.record(800);
    let third: ArenaMap<u64, u64, _, _> = ArenaMap::with_hint_in(hint, &arena);
    assert!(third.capacity() >= 800);
}

#[test]
fn threads_may_report_at_once() {
    let hint = new_hint!();
    std::thread::scope(|scope| {
        for thread in 1..=4 {
            scope.spawn(move || {
                for _ in 0..1_000 {
                    hint.record(thread * 10);
                }
            });
        }
    });
    assert!((10..=40).contains(&hint.capacity()));
}

#[test]
fn a_full_map_with_a_hint_puts_an_entry_back_in_its_place() {
    static HINT: SizeHint = SizeHint::new();
    for n in [14, 28, 448_u64] {
        HINT.clear();
        HINT.record(n as usize);
        let arena = Arena::new();
        let mut map: ArenaMap<u64, [u64; 4], _, _> = ArenaMap::with_hint_in(&HINT, &arena);
        map.extend((0..n).map(|key| (key, [key; 4])));
        assert_eq!(map.len(), map.capacity());
        for key in 0..n {
            let Entry::Occupied(entry) = map.entry(key) else {
                unreachable!()
            };
            let _ = entry.replace_entry_with(|_, value| Some(value));
            assert_eq!(map.get(&key), Some(&[key; 4]));
        }
        let copy = map.clone();
        assert!(copy.len() <= copy.capacity() && copy == map);
    }
}

#[test]
fn a_map_that_becomes_a_copy_goes_on_reporting() {
    static HINT: SizeHint = SizeHint::new();
    let (few, many) = ([(1, 1)], (0..50).map(|key| (key, key)).collect::<Vec<(u64, u64)>>());
    for pairs in [&few[..], &many[..], &[]] {
        let arena = Arena::new();
        let source: ArenaMap<u64, u64, _, _> = ArenaMap::from_iter_in(pairs.iter().copied(), &arena);
        let mut map = ArenaMap::with_hint_in(&HINT, &arena);
        map.clone_from(&source);
        map.extend([(1 << 40, 0), (1 << 41, 0)]);
        drop(map);
        assert_eq!(HINT.capacity(), pairs.len() + 2);
        HINT.clear();
    }
}
