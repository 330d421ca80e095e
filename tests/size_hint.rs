//! Promise P11: a map made through a size hint starts at the size that its predecessors reached.

use arenamap::{Arena, ArenaMap, SizeHint};

/// Makes a map through the hint, fills it, and returns how often it grew.
fn grown(hint: &'static SizeHint, arena: &Arena, entries: u64) -> usize {
    let mut map = ArenaMap::with_hint_in(hint, arena);
    for n in 0..entries {
        map.insert(n, n);
    }
    map.stats().growth_steps
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
    for entries in [1, 3, 7, 8, 50, 1_000, 14_336] {
        let (hint, arena) = (new_hint!(), Arena::new());
        assert!(grown(hint, &arena, entries) > 0, "the first one has to learn");
        assert_eq!(grown(hint, &arena, entries), 0, "{entries} entries");
        assert_eq!(u64::try_from(hint.capacity()).unwrap(), entries);
    }
}

#[test]
fn p11_several_segments_start_there_too() {
    let (hint, arena) = (new_hint!(), Arena::new());
    let entries = if cfg!(miri) { 20_000 } else { 200_000 };
    let first = grown(hint, &arena, entries);
    let second = grown(hint, &arena, entries);
    assert!(second * 10 <= first, "{second} steps after {first}");
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
    assert_eq!(map.capacity(), 0);
    map.insert(1, 1);
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
