//! What `PathMap` does, call by call.
#![cfg(feature = "std")]

#[path = "support/basics.rs"]
mod basics;
#[path = "support/panics.rs"]
mod panics;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

use arenamap::nested::{Entry, MoveError, Node, PathError};
use arenamap::{Arena, ArenaError, PathMap};

use basics::{Identity, fixed, times};
use panics::message_of;

fn tree() -> PathMap<str, u32> {
    let mut map = PathMap::new();
    for (number, path) in (0..).zip(["a/b/c", "a/b/d", "a/e", "f", "a/b", "g/h/i/j"]) {
        map.insert(path.split('/'), number);
    }
    map
}

fn paths(map: &PathMap<str, u32>) -> Vec<String> {
    map.iter()
        .map(|(path, _)| path.parts().collect::<Vec<_>>().join("/"))
        .collect()
}

#[test]
fn parts_are_not_joined() {
    let mut map = PathMap::<str, u32>::new();
    map.insert(["a.b", "c"], 1);
    map.insert(["a", "b.c"], 2);
    map.insert(["a", "b", "c"], 3);
    map.insert(["ab", "c"], 4);
    map.insert(["", "", ""], 5);
    map.insert([""], 6);
    assert_eq!(map.len(), 6);
    assert_eq!(map.get(["a.b", "c"]), Some(&1));
    assert_eq!(map.get(["a", "b.c"]), Some(&2));
    assert_eq!(map.get(["a", "b", "c"]), Some(&3));
    assert_eq!(map.get(["", "", ""]), Some(&5));
    assert_eq!(map.get(["", ""]), None);
}

#[test]
fn any_iterator_of_borrowed_parts_is_a_path() {
    let mut map = PathMap::<str, u32>::new();
    let owned = [String::from("x"), String::from("y")];
    map.insert(owned.iter().map(String::as_str), 1);
    assert_eq!(map.get("x/y".split('/')), Some(&1));
    assert_eq!(map.get(["x", "y"].iter().copied()), Some(&1));
    assert_eq!(map.get(vec!["x", "y"]), Some(&1));
    assert_eq!(map.get(Some("x").into_iter().chain(["y"])), Some(&1));
    let path = map.iter().next().unwrap().0;
    assert_eq!(map.get(path), Some(&1));
    assert_eq!(
        (path.len(), path.last(), format!("{path:?}")),
        (2, Some("y"), String::from(r#"["x", "y"]"#))
    );
}

#[test]
fn the_empty_path_is_a_path() {
    let nothing = [""; 0];
    let mut map = PathMap::<str, u32>::new();
    assert_eq!(map.get(nothing), None);
    assert!(map.root().is_none() && map.cursor(nothing).is_none());
    assert_eq!(map.insert(nothing, 1), None);
    map.insert(["a"], 2);
    assert_eq!((map.get(nothing), map.len()), (Some(&1), 2));
    assert_eq!(map.remove(nothing), Some(1));
    assert_eq!((map.len(), map.get(["a"])), (1, Some(&2)));
    assert!(map.remove_subtree(nothing));
    assert!(map.is_empty() && !map.remove_subtree(nothing));
    assert_eq!(map.move_subtree(nothing, ["a"]), Err(MoveError::NotFound));
}

#[test]
fn a_read_of_a_missing_path_makes_nothing() {
    let arena = Arena::new();
    let mut map = PathMap::<str, u32, _, _>::new_in(&arena);
    assert_eq!(map.get(["a", "b"]), None);
    assert_eq!(arena.stats().held, 0);
    map.insert(["a", "b"], 1);
    let (stats, used) = (map.stats(), arena.stats());
    assert_eq!(map.get(["a", "c"]), None);
    assert_eq!(map.get(["a", "b", "c"]), None);
    assert_eq!(map.get_mut(["x", "b", "c"]), None);
    assert_eq!(map.remove(["x"]), None);
    assert!(!map.remove_subtree(["x"]) && !map.contains(["x", "y"]));
    assert!(matches!(map.entry(["p", "q", "r"]), Entry::Vacant(_)));
    assert_eq!((map.stats(), arena.stats()), (stats, used));
}

#[test]
fn levels_that_have_nothing_disappear() {
    let mut map = PathMap::<str, u32>::new();
    map.insert(["a", "b", "c", "d"], 1);
    map.insert(["a", "x"], 2);
    assert_eq!(map.stats().nodes, 6);
    assert_eq!(map.remove(["a", "b", "c", "d"]), Some(1));
    assert!(map.node(["a", "b"]).is_none() && map.node(["a"]).is_some());
    map.insert(["a"], 3);
    assert_eq!(map.remove(["a", "x"]), Some(2));
    assert_eq!((map.len(), map.stats().nodes), (1, 2));
    assert_eq!(map.remove(["a"]), Some(3));
    assert_eq!((map.is_empty(), map.stats().nodes), (true, 0));
}

#[test]
fn entries() {
    let mut map = PathMap::<str, u32>::new();
    *map.entry(["a", "b"]).or_insert(1) += 1;
    map.entry(["a", "b"]).and_modify(|value| *value *= 10).or_insert(0);
    map.entry(["a"]).or_insert_with(|| 5);
    assert_eq!((map.get(["a", "b"]), map.get(["a"])), (Some(&20), Some(&5)));
    match map.entry(["a"]) {
        Entry::Occupied(mut entry) => {
            assert_eq!((entry.insert(6), *entry.get(), entry.node().key()), (5, 6, Some("a")));
            assert_eq!(entry.remove(), 6);
        }
        Entry::Vacant(_) => unreachable!(),
    }
    // Nothing is made until something is put in.
    drop(map.entry(["x", "y"]));
    assert!(map.node(["x"]).is_none());
    let cursor = map.cursor(["a"]).unwrap();
    *map.below_mut(cursor).unwrap().entry(["c", "d"]).or_default() += 7;
    assert_eq!(map.get(["a", "c", "d"]), Some(&7));
}

#[test]
fn keys_by_value() {
    let mut numbers = PathMap::<u64, &str>::new();
    numbers.insert(&[1, 2, 3], "a");
    numbers.insert([&1, &2], "b");
    assert_eq!(
        (numbers.get(&[1, 2, 3]), numbers.get(&[1, 2])),
        (Some(&"a"), Some(&"b"))
    );

    // Owned strings, looked up by borrowed ones; pairs; strings that outlive the map.
    let mut strings = PathMap::<String, u32>::new();
    strings.insert(["a", "b"], 1);
    assert_eq!(strings.get(["a", "b"]), Some(&1));
    let mut pairs = PathMap::<(u8, bool), u32>::new();
    pairs.insert(&[(1, true), (2, false)], 1);
    assert!(pairs.contains(&[(1, true), (2, false)]));
    let text = String::from("a b c");
    let mut borrowed = PathMap::<&str, u32>::new();
    borrowed.insert(&text.split(' ').collect::<Vec<_>>(), 1);
    assert_eq!(borrowed.get(["a", "b", "c"]), Some(&1));
    let mut bytes = PathMap::<[u8], u32>::new();
    bytes.insert([&[0xFF, 0][..], &[]], 1);
    assert_eq!(bytes.get([&[0xFF, 0][..], &[]]), Some(&1));
}

#[test]
fn copied_keys_of_every_length() {
    let arena = Arena::new();
    let mut map = PathMap::<str, usize, _, _>::new_in(&arena);
    let texts: Vec<String> = (0..70)
        .map(|len| "é".repeat(len / 2) + if len % 2 == 1 { "x" } else { "" })
        .collect();
    for (number, text) in texts.iter().enumerate() {
        map.insert([text.as_str(), "below"], number);
    }
    for (number, text) in texts.iter().enumerate() {
        assert_eq!(map.get([text.as_str(), "below"]), Some(&number));
    }
    assert!(
        map.root()
            .unwrap()
            .children()
            .filter_map(Node::key)
            .eq(texts.iter().map(String::as_str))
    );
    drop(map);
    assert_eq!(arena.used(), 0);
}

#[test]
fn children_stand_in_the_order_in_which_they_came() {
    let mut map = tree();
    assert_eq!(paths(&map), ["a/b", "a/b/c", "a/b/d", "a/e", "f", "g/h/i/j"]);
    let leaves: Vec<u32> = map.leaves().map(|(_, value)| *value).collect();
    assert_eq!(leaves, [0, 1, 2, 3, 5]);
    // Away from the front, the middle and the end, and back at the end.
    for key in ["a", "f", "g"] {
        let cursor = map.cursor([key]).unwrap();
        map.move_subtree([key], ["z"]).unwrap();
        map.move_subtree(["z"], [key]).unwrap();
        assert_eq!(map.cursor([key]), Some(cursor));
    }
    let top: Vec<_> = map.root().unwrap().children().map(|node| node.key().unwrap()).collect();
    assert_eq!(top, ["a", "f", "g"]);
    let node = map.node(["a", "b"]).unwrap();
    assert_eq!(
        (node.len(), node.depth(), node.parent().unwrap().key()),
        (3, 2, Some("a"))
    );
    assert!(node.iter().map(|(path, _)| path.len()).eq([0, 1, 1]));
}

#[test]
fn shown_as_a_tree() {
    assert_eq!(format!("{:?}", PathMap::<str, u32>::new()), "{}");
    assert_eq!(
        format!("{:?}", tree()),
        r#"{"a": {"b": 4 {"c": 0, "d": 1}, "e": 2}, "f": 3, "g": {"h": {"i": {"j": 5}}}}"#
    );
    let map: PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    assert_eq!(
        format!("{map:#?}"),
        "{\n    \"a\": {\n        \"b\": 1,\n        \"c\": 2,\n    },\n}"
    );
    let map: PathMap<str, [u32; 1]> = [(["a", "b"], [1])].into_iter().collect();
    assert_eq!(
        format!("{map:#?}"),
        "{\n    \"a\": {\n        \"b\": [\n            1,\n        ],\n    },\n}"
    );
    let map: PathMap<[u32; 1], u32> = [(&[[1], [2]], 3)].into_iter().collect();
    assert_eq!(
        format!("{map:#?}"),
        "{\n    [\n        1,\n    ]: {\n        [\n            2,\n        ]: 3,\n    },\n}"
    );
}

#[test]
fn cursors_are_never_another_level() {
    let mut map = tree();
    let cursor = map.cursor(["a", "b"]).unwrap();
    assert_eq!(map.below(cursor).unwrap().get(["c"]), Some(&0));
    map.move_subtree(["a", "b"], ["far", "away"]).unwrap();
    assert_eq!(map.below(cursor).unwrap().get(["c"]), Some(&0));
    assert!(map.node_at(cursor).unwrap().path().parts().eq(["far", "away"]));
    map.remove_subtree(["far"]);
    assert!(map.below(cursor).is_none() && map.below_mut(cursor).is_none() && map.node_at(cursor).is_none());
    // All numbers are used again, by others.
    map.settle(usize::MAX);
    for number in 0..100 {
        map.insert(["new", &number.to_string()], number);
    }
    assert!(map.node_at(cursor).is_none());
    let cursor = map.cursor(["new", "5"]).unwrap();
    map.clear();
    assert!(map.node_at(cursor).is_none());
}

#[test]
fn a_cursor_below_what_was_cut_off_is_stale_at_once() {
    let mut map = PathMap::<str, u32>::new();
    map.insert(["a", "b", "c", "d"], 1);
    let deep = map.cursor(["a", "b", "c"]).unwrap();
    map.insert(["x"], 2);
    map.remove_subtree(["a"]);
    assert!(map.stats().waiting > 0);
    assert!(map.below(deep).is_none());
    assert!(map.below(map.cursor(["x"]).unwrap()).is_some());
}

#[test]
fn moves() {
    let mut map = tree();
    let before = format!("{map:?}");
    assert_eq!(map.move_subtree(["x"], ["y"]), Err(MoveError::NotFound));
    assert_eq!(map.move_subtree(["a"], ["a", "b", "x"]), Err(MoveError::BelowItself));
    assert_eq!(map.move_subtree(["a"], ["a", "x"]), Err(MoveError::BelowItself));
    assert_eq!(map.move_subtree([""; 0], ["x"]), Err(MoveError::BelowItself));
    assert_eq!(map.move_subtree(["a"], ["f"]), Err(MoveError::Occupied));
    assert_eq!(map.move_subtree(["a", "b"], ["a"]), Err(MoveError::Occupied));
    assert_eq!(map.move_subtree(["a"], [""; 0]), Err(MoveError::Occupied));
    assert_eq!(map.move_subtree(["a", "b"], ["a", "b"]), Ok(()));
    assert_eq!(format!("{map:?}"), before);
    map.move_subtree(["a", "b"], ["f", "x", "y"]).unwrap();
    assert_eq!(paths(&map), ["a/e", "f", "f/x/y", "f/x/y/c", "f/x/y/d", "g/h/i/j"]);
    map.move_subtree(["g", "h", "i", "j"], ["a", "j"]).unwrap();
    assert!(map.node(["g"]).is_none());
    let limited = &mut map.with_depth_limit(2);
    let error = limited.move_subtree(["f"], ["a", "b", "c"]).unwrap_err();
    assert_eq!(error, MoveError::Refused(PathError::TooDeep { limit: 2 }));
    assert!(limited.node(["a", "b"]).is_none());
}

/// What a write recycles is what the docs say, and no value is dropped before.
#[test]
fn what_was_cut_off_is_recycled_a_few_nodes_at_a_time() {
    static LIVE: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    impl Counted {
        fn new() -> Self {
            LIVE.fetch_add(1, Ordering::Relaxed);
            Self
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let mut map = PathMap::<u32, Counted>::new();
    for (a, b) in (0..50).flat_map(|a| (0..50).map(move |b| (a, b))) {
        map.insert(&[0, a, b], Counted::new());
    }
    map.insert(&[1], Counted::new());
    assert!(map.remove_subtree(&[0]));
    assert_eq!(
        (map.len(), map.stats().waiting, LIVE.load(Ordering::Relaxed)),
        (1, 2_551, 2_501)
    );
    let mut writes = 0;
    while map.stats().waiting > 0 {
        let waiting = map.stats().waiting;
        map.insert(&[1], Counted::new());
        assert!(waiting - map.stats().waiting <= 10, "8, and two for the part");
        assert_eq!(map.len(), 1);
        writes += 1;
    }
    assert!((2_551 / 10..1_000).contains(&writes), "{writes}");
    assert_eq!(LIVE.load(Ordering::Relaxed), 1);
    // Memory is used again: no more nodes are made.
    let bytes = map.stats().node_bytes;
    for (a, b) in (0..50).flat_map(|a| (0..50).map(move |b| (a, b))) {
        map.insert(&[0, a, b], Counted::new());
    }
    assert_eq!(map.stats().node_bytes, bytes);
    assert!(map.remove_subtree(&[0]));
    assert!(!map.settle(10));
    assert_eq!(map.stats().waiting, 2_541);
    drop(map);
    assert_eq!(LIVE.load(Ordering::Relaxed), 0);
}

/// Long paths that come and go: as many nodes are recycled as are made.
#[test]
fn no_more_wait_than_were_there_together() {
    for (parts, beside) in [(1, 1), (7, 1), (16, 1), (20, 1), (64, 1), (20, 8), (3, 100)] {
        let mut map = PathMap::<u32, u32>::new();
        let mut path: Vec<u32> = (0..parts).collect();
        let mut round = |map: &mut PathMap<u32, u32>| {
            for number in 0..beside {
                if parts > 1 {
                    path[1] = number;
                }
                map.insert(&path, 1);
            }
            assert_eq!(map.len(), beside as usize);
            assert!(map.remove_subtree(&path[..1]));
        };
        for _ in 0..100 {
            round(&mut map);
        }
        let (bytes, waiting) = (map.arena_stats().used, map.stats().waiting);
        assert!(
            waiting <= 2 * (parts * beside) as usize + 16,
            "{parts}, {beside}: {waiting}"
        );
        for _ in 0..1_000 {
            round(&mut map);
        }
        assert_eq!(map.arena_stats().used, bytes, "{parts}, {beside}");
    }
}

/// Two small numbers in one, by a hasher that hands them through: such keys must not all have one hash.
#[test]
fn pairs_of_numbers_by_a_hasher_that_does_nothing() {
    thread_local!(static COMPARED: Cell<usize> = const { Cell::new(0) });
    #[derive(Clone, Copy)]
    struct Pair(u64);
    impl Hash for Pair {
        fn hash<H: Hasher>(&self, state: &mut H) {
            state.write_u64(self.0);
        }
    }
    impl Eq for Pair {}
    impl PartialEq for Pair {
        fn eq(&self, other: &Self) -> bool {
            COMPARED.set(COMPARED.get() + 1);
            self.0 == other.0
        }
    }
    let kinds: [fn(u64) -> u64; 5] = [|n| n << 32 | n, |n| n, |n| n << 32, |n| n << 48, |n| n << 32 | 7];
    for pair in kinds {
        let mut map = PathMap::<Pair, u64, Identity>::with_hasher(Identity);
        for number in 0..2_000 {
            map.insert(&[Pair(1), Pair(pair(number))], number);
        }
        COMPARED.set(0);
        for number in 0..2_000 {
            assert_eq!(map.get(&[Pair(1), Pair(pair(number))]), Some(&number));
        }
        assert!(COMPARED.get() < 3 * 2_000, "{}", COMPARED.get());
    }
}

#[test]
fn retain_as_a_map_of_paths_does() {
    for turn in 0..u32::try_from(times(40, 8)).unwrap() {
        let mut state = turn * 7 + 1;
        let mut draw = |below: u32| {
            state = state.wrapping_mul(0x9E37_79B1).wrapping_add(0x7F4A_7C15);
            (state >> 8) % below
        };
        let mut map = PathMap::<u32, Box<u32>>::new();
        let mut model = std::collections::BTreeMap::new();
        for number in 0..300 {
            let path: Vec<u32> = (0..draw(5)).map(|_| draw(4)).collect();
            map.insert(&path, Box::new(number));
            model.insert(path, number);
        }
        let most = draw(300);
        let keeps = |value: u32| !value.is_multiple_of(3) && value < most;
        let mut seen = 0;
        map.retain(|path, value| {
            seen += 1;
            assert_eq!(model[&path.parts().copied().collect::<Vec<_>>()], **value);
            **value += 1;
            keeps(**value)
        });
        assert_eq!(seen, model.len());
        model.retain(|_, value| {
            *value += 1;
            keeps(*value)
        });
        assert_eq!(map.len(), model.len());
        let found: std::collections::BTreeMap<Vec<u32>, u32> = map
            .iter()
            .map(|(path, value)| (path.parts().copied().collect(), **value))
            .collect();
        assert_eq!(found, model);
        // Levels that have nothing are gone.
        let levels: BTreeSet<&[u32]> = model
            .keys()
            .flat_map(|path| (0..=path.len()).map(|len| &path[..len]))
            .collect();
        assert_eq!(map.stats().nodes, levels.len());
        // After a panic, what was not seen is there.
        let (before, mut left) = (map.len(), 5);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            map.retain(|_, _| {
                left -= 1;
                assert!(left > 0);
                false
            });
        }));
        assert_eq!((caught.is_err(), before - map.len()), (before >= 5, before.min(4)));
        map.retain(|_, _| false);
        assert_eq!((map.is_empty(), map.stats().nodes), (true, 0));
    }
}

#[test]
fn depth_limit() {
    let mut map = PathMap::<str, u32>::new().with_depth_limit(2);
    assert_eq!(map.depth_limit(), Some(2));
    map.insert(["a", "b"], 1);
    let error = map.try_insert(["a", "c", "d"], 2).unwrap_err();
    assert_eq!((error.value, error.cause), (2, PathError::TooDeep { limit: 2 }));
    assert!(map.node(["a", "c"]).is_none());
    assert_eq!(map.entry(["x", "y", "z"]).try_or_insert(3).unwrap_err().value, 3);
    assert!(map.node(["x"]).is_none());
    let cursor = map.cursor(["a", "b"]).unwrap();
    assert!(map.below_mut(cursor).unwrap().try_insert(["c"], 4).is_err());
    assert!(map.below_mut(cursor).unwrap().entry(["c"]).try_or_insert(4).is_err());
    let cursor = map.cursor(["a"]).unwrap();
    assert!(map.below_mut(cursor).unwrap().try_insert(["c"], 4).is_ok());
    assert_eq!(map.clone().depth_limit(), Some(2));
    let message = message_of(|| map.insert(["a", "b", "c"], 1));
    assert!(
        message.contains("2 levels") && message.contains("PathMap::try_insert"),
        "{message}"
    );
    // What is there already stays, and may be changed and moved to itself; nothing is made below it, or moved beside it.
    let mut map = PathMap::<u32, u32>::new();
    map.insert(&[1, 2, 3], 1);
    let mut map = map.with_depth_limit(2);
    assert_eq!(map.try_insert(&[1, 2, 3], 2).unwrap(), Some(1));
    assert_eq!(*map.entry(&[1, 2, 3]).or_insert(0), 2);
    map.move_subtree(&[1, 2, 3], &[1, 2, 3]).unwrap();
    let too_deep = Err(MoveError::Refused(PathError::TooDeep { limit: 2 }));
    assert_eq!(map.move_subtree(&[1, 2, 3], &[1, 2, 4]), too_deep);
    assert!(map.try_insert(&[1, 2, 4], 1).is_err() && map.try_insert(&[1, 2, 3, 4], 1).is_err());
    map.move_subtree(&[1, 2, 3], &[1, 4]).unwrap();
    assert_eq!((map.get(&[1, 4]), map.stats().nodes), (Some(&2), 3));
}

#[test]
fn the_alarm_is_raised_once_for_each_crossing() {
    static ALARMS: AtomicUsize = AtomicUsize::new(0);
    static DEEPEST: AtomicUsize = AtomicUsize::new(0);
    static ANEW: AtomicUsize = AtomicUsize::new(0);
    let alarms = || ALARMS.load(Ordering::Relaxed);
    let mut map = PathMap::<str, u32>::new().with_depth_alarm(2, |depth| {
        ALARMS.fetch_add(1, Ordering::Relaxed);
        DEEPEST.store(depth, Ordering::Relaxed);
    });
    map.insert(["a", "b"], 1);
    assert_eq!(alarms(), 0);
    map.insert(["a", "b", "c", "d"], 1);
    assert_eq!((alarms(), DEEPEST.load(Ordering::Relaxed)), (1, 4));
    map.insert(["a", "b", "x"], 1);
    map.insert(["a", "b", "c", "e"], 1);
    assert_eq!(alarms(), 1);
    map.remove(["a", "b", "x"]);
    map.remove_subtree(["a", "b", "c"]);
    map.settle(usize::MAX);
    let cursor = map.cursor(["a"]).unwrap();
    map.below_mut(cursor).unwrap().insert(["b", "y"], 1);
    assert_eq!((alarms(), DEEPEST.load(Ordering::Relaxed)), (2, 3));
    // Another alarm knows nothing of what the first one was called for.
    let mut map = map.with_depth_alarm(4, |depth| ANEW.store(depth, Ordering::Relaxed));
    map.insert(["a", "b", "y", "z"], 1);
    assert_eq!(ANEW.load(Ordering::Relaxed), 0);
    map.insert(["x", "b", "c", "d", "e"], 1);
    assert_eq!((ANEW.load(Ordering::Relaxed), alarms()), (5, 2));
    map.clear();
    let mut map = map.with_depth_alarm(usize::MAX, |_| unreachable!());
    map.insert(["a"], 1);
}

#[test]
fn depths() {
    let map = tree();
    let depths = map.depths();
    assert_eq!((depths.deepest, &depths.levels[..6]), (4, &[1, 3, 3, 3, 1, 0][..]));
    assert_eq!(depths.to_string(), "deepest 4: 0: 1 1: 3 2: 3 3: 3 4: 1");
    assert!(
        map.stats()
            .to_string()
            .starts_with("6 values in 11 nodes of 48 bytes, 0 nodes waiting, ")
    );
}

#[test]
fn copies_and_equality() {
    let map = tree();
    let copy = map.clone();
    assert_eq!(copy, map);
    assert_eq!(paths(&copy), paths(&map));
    let mut other = copy.clone();
    other.insert(["f"], 7);
    assert_ne!(other, map);
    other.remove(["f"]);
    assert_ne!(other, map);
    other.insert(["f", "f"], 3);
    assert_ne!(other, map);
    let budget = Arena::with_budget(500);
    assert!(matches!(map.try_clone_in(&budget), Err(ArenaError::Budget { .. })));
    assert_eq!(budget.used(), 0);
}

#[test]
fn a_budget_gives_the_value_back_and_leaves_nothing_half_made() {
    let arena = Arena::with_budget(6_000);
    let mut map = PathMap::<str, u64, _, _>::new_in(&arena);
    let mut number = 0;
    let error = loop {
        let part = format!("a part of more than fifteen bytes: {number}");
        match map.try_insert([&*part, "b", "c"], number) {
            Ok(_) => number += 1,
            Err(error) => {
                assert!(map.node([&*part]).is_none());
                break error;
            }
        }
    };
    assert_eq!(error.value, number);
    assert!(
        matches!(error.cause, PathError::Refused(ArenaError::Budget { .. })),
        "{}",
        error.cause
    );
    assert_eq!((map.len() as u64, map.stats().nodes as u64), (number, 3 * number + 1));
    assert!(number > 10);
    // What one path gives back is enough for another one.
    map.remove_subtree(["a part of more than fifteen bytes: 0"]);
    map.settle(usize::MAX);
    assert!(
        map.try_insert(["a part of more than fifteen bytes: 9", "b", "x"], 1)
            .is_ok()
    );
    let message = message_of(|| map.insert([&*"x".repeat(6_000)], 1));
    assert!(
        message.contains("budget") && message.contains("PathMap::try_insert"),
        "{message}"
    );
}

/// Nothing is recursive: a test's thread has 2 MiB of stack.
#[test]
fn the_parts_of_a_path_come_from_both_ends() {
    for len in [0, 1, 2, 3, 4, 7, 100, 1_000, times(30_000, 300)] {
        let parts: Vec<usize> = (0..len).collect();
        let mut map = PathMap::<usize, u32>::new();
        map.insert(&parts, 1);
        let (path, _) = map.iter().next().unwrap();
        assert!(path.parts().eq(&parts));
        assert!(path.parts().rev().eq(parts.iter().rev()));
        assert_eq!(path.parts().len(), len);
        for turn in [2, 3, 7] {
            let (mut found, mut wanted) = (path.parts(), parts.iter());
            for n in 0..=len {
                if n % turn == 0 {
                    assert_eq!(found.next_back(), wanted.next_back());
                } else {
                    assert_eq!(found.next(), wanted.next());
                }
                assert_eq!(found.len(), wanted.len());
            }
            assert_eq!((found.next(), found.next_back()), (None, None));
        }
    }
}

#[test]
fn a_path_of_a_million_levels() {
    let levels = times(1_000_000, 2_000);
    let path = || (0..levels).map(|level| if level % 2 == 0 { "even" } else { "odd" });
    let mut map = PathMap::<str, u32>::new();
    map.insert(path(), 1);
    assert_eq!(map.get(path()), Some(&1));
    assert_eq!(map.depths().deepest, levels);
    let (found, value) = map.iter().next().unwrap();
    assert_eq!((found.len(), value, found.last()), (levels, &1, Some("odd")));
    assert!(found.parts().rev().take(3).eq(["odd", "even", "odd"]));
    let mut buffer = vec![""; levels];
    assert!(found.fill(&mut buffer).unwrap().iter().copied().eq(path()));
    map.move_subtree(["even", "odd"], ["x"]).unwrap();
    let cursor = map.cursor(["x"].into_iter().chain(path().skip(2))).unwrap();
    map.below_mut(cursor).unwrap().insert(["one more"], 2);
    assert_eq!(map.depths().deepest, levels);
    assert_eq!(
        map.remove(["x"].into_iter().chain(path().skip(2)).chain(["one more"])),
        Some(2)
    );
    map.remove_subtree(["x"]);
    map.insert(["y"], 1);
    map.clear();
    map.insert(path(), 1);
    drop(map);

    // What looks at each level several times: enough for any stack.
    let levels = levels / 10;
    let path = || path().take(levels);
    let map = PathMap::<str, u32>::from_iter([(path(), 1)]);
    assert_eq!(format!("{map:?}").matches("odd").count(), levels / 2);
    if cfg!(not(miri)) {
        assert!(format!("{map:#?}").len() > levels * 4 * 32);
    }
    let mut copy = map.clone();
    assert_eq!(copy, map);
    drop(map);
    assert_eq!(copy.remove(path()), Some(1));
    assert!(copy.is_empty());
}

/// The table has an entry for each node but the root, and no other: it does not grow while the map stays as large as it is.
#[test]
fn churn_leaves_nothing_behind() {
    let arena = Arena::new();
    let mut map = PathMap::<u32, u32, _, _>::with_hasher_in(fixed(), &arena);
    let mut bytes = None;
    for round in 0..u32::try_from(times(3_000, 60)).unwrap() {
        for number in 0..30 {
            map.insert(&[round % 5, number % 3, number], number);
        }
        map.move_subtree(&[round % 5], &[7, 8]).unwrap();
        match round % 1_000 {
            999 => map.clear(),
            even if even % 2 == 0 => assert!(map.remove_subtree(&[7])),
            _ => (0..30).for_each(|number| assert_eq!(map.remove(&[7, 8, number % 3, number]), Some(number))),
        }
        map.settle(usize::MAX);
        assert!(map.is_empty());
        let now = (map.stats(), arena.used());
        assert_eq!(*bytes.get_or_insert(now), now, "round {round}");
    }
}

#[test]
fn a_wide_level() {
    let mut map = PathMap::<u32, u32>::new();
    let n = u32::try_from(times(100_000, 300)).unwrap();
    for number in 0..n {
        map.insert(&[7, number], number);
    }
    assert_eq!((map.len(), map.node(&[7]).unwrap().len()), (n as usize, n as usize));
    assert!(
        map.node(&[7])
            .unwrap()
            .children()
            .filter_map(|child| child.value().copied())
            .eq(0..n)
    );
    let seen: BTreeSet<u32> = map.iter().map(|(path, _)| *path.last().unwrap()).collect();
    assert_eq!(seen.len(), n as usize);
    for number in (0..n).filter(|number| number % 3 != 0) {
        assert_eq!(map.remove(&[7, number]), Some(number));
    }
    assert!(
        map.iter()
            .map(|(_, value)| *value)
            .eq((0..n).filter(|number| number % 3 == 0))
    );
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::*;
    use arenamap::nested::{PathMapSeed, as_list};
    use serde::de::DeserializeSeed;

    const TEXT: &str = r#"{"a":{"b":{"c":0,"d":1},"e":2},"f":3}"#;

    #[test]
    fn nested_maps_both_ways() {
        let map: PathMap<str, u32> = serde_json::from_str(TEXT).unwrap();
        assert_eq!(paths(&map), ["a/b/c", "a/b/d", "a/e", "f"]);
        assert_eq!(serde_json::to_string(&map).unwrap(), TEXT);
        assert_eq!(serde_json::to_string(&PathMap::<str, u32>::new()).unwrap(), "{}");
        let by_value: PathMap<String, u32> = serde_json::from_str(TEXT).unwrap();
        assert_eq!(serde_json::to_string(&by_value).unwrap(), TEXT);
        // Levels without a value are none.
        let empty: PathMap<str, u32> = serde_json::from_str(r#"{"a": {}, "b": {"c": {}}}"#).unwrap();
        assert_eq!((empty.is_empty(), empty.stats().nodes), (true, 0));
        let mixed: PathMap<str, serde_json::Value> =
            serde_json::from_str(r#"{"a": [1, 2], "b": null, "c": true, "d": "text", "e": -1, "f": 1.5}"#).unwrap();
        assert_eq!(mixed.get(["a"]).unwrap()[1], 2);
        assert_eq!((mixed.len(), mixed.get(["d"]).unwrap().as_str()), (6, Some("text")));
        assert!(serde_json::from_str::<PathMap<str, u32>>(r#"{"a": {"b": "text"}}"#).is_err());
        assert!(serde_json::from_str::<PathMap<str, u32>>(r#"{"a": {"b": 1"#).is_err());
        // The last of several values; but a level has no value beside levels below.
        let last: PathMap<str, u32> =
            serde_json::from_str(r#"{"a": 1, "b": {"c": 2}, "a": 3, "b": {"d": 4}}"#).unwrap();
        assert_eq!(serde_json::to_string(&last).unwrap(), r#"{"a":3,"b":{"c":2,"d":4}}"#);
        for both in [r#"{"a": 1, "a": {"b": 2}}"#, r#"{"a": {"b": 2}, "a": 1}"#] {
            let error = serde_json::from_str::<PathMap<str, u32>>(both).unwrap_err();
            assert!(error.to_string().contains("a value and levels below"), "{error}");
        }
    }

    #[test]
    fn values_around_one_value_come_back() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Millis(u32);
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Name(Option<Vec<Millis>>);
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        enum Mode {
            Fast,
        }
        fn both_ways<V: PartialEq + serde::Serialize + serde::de::DeserializeOwned>(json: &str) {
            let map: PathMap<str, V> = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&map).unwrap(), json);
        }
        /// A format that is not for people.
        struct Compact(serde_json::Value);
        impl<'de> serde::Deserializer<'de> for Compact {
            type Error = serde_json::Error;
            fn is_human_readable(&self) -> bool {
                false
            }
            fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
                self.0.deserialize_any(visitor)
            }
            serde::forward_to_deserialize_any! {
                bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
                tuple tuple_struct map struct enum identifier ignored_any
            }
        }
        both_ways::<Millis>(r#"{"a":{"b":3},"c":4}"#);
        both_ways::<Option<Millis>>(r#"{"a":{"b":3},"c":null}"#);
        both_ways::<Name>(r#"{"a":{"b":[1,2]},"c":null}"#);
        both_ways::<Option<Option<String>>>(r#"{"a":"x"}"#);
        both_ways::<Option<Mode>>(r#"{"a":"Fast","b":{"c":null}}"#);
        both_ways::<()>(r#"{"a":null}"#);

        // Values are told whether the format is for people.
        let addresses = Compact(serde_json::json!({"a": {"b": [127, 0, 0, 1]}}));
        let map: PathMap<str, std::net::Ipv4Addr> = serde::Deserialize::deserialize(addresses).unwrap();
        assert_eq!(map.get(["a", "b"]), Some(&std::net::Ipv4Addr::LOCALHOST));
        both_ways::<serde_json::Value>(r#"{"a":[1,null],"b":null}"#);
        assert!(serde_json::from_str::<PathMap<str, Millis>>(r#"{"a":"x"}"#).is_err());
    }

    #[test]
    fn lists_both_ways() {
        let map = tree();
        assert!(
            serde_json::to_string(&map)
                .unwrap_err()
                .to_string()
                .contains("as a list")
        );
        let text = serde_json::to_string(&map.as_list()).unwrap();
        assert_eq!(
            text,
            r#"[[["a","b"],4],[["a","b","c"],0],[["a","b","d"],1],[["a","e"],2],[["f"],3],[["g","h","i","j"],5]]"#
        );
        let back: PathMap<str, u32> = as_list::deserialize(&mut serde_json::Deserializer::from_str(&text)).unwrap();
        assert_eq!(back, map);
        for wrong in [
            r#"[[["a"]]]"#,
            r"[[]]",
            r#"[["a", 1]]"#,
            r#"[[["a"], "x"]]"#,
            r#"{"a": 1}"#,
        ] {
            let mut json = serde_json::Deserializer::from_str(wrong);
            assert!(as_list::deserialize::<str, u32, arenamap::DefaultHashBuilder, Arena, _>(&mut json).is_err());
        }
        // JSON has no bytes.
        let mut map = PathMap::<[u8], u32>::new();
        map.insert([&b"a"[..], b"bc", b""], 1);
        let text = serde_json::to_string(&map.as_list()).unwrap();
        assert_eq!(text, "[[[[97],[98,99],[]],1]]");
        let back: PathMap<[u8], u32> = as_list::deserialize(&mut serde_json::Deserializer::from_str(&text)).unwrap();
        assert_eq!(back, map);
        let mut json = serde_json::Deserializer::from_str("[[[[256]],1]]");
        assert!(as_list::deserialize::<[u8], u32, arenamap::DefaultHashBuilder, Arena, _>(&mut json).is_err());
    }

    #[test]
    fn depth_ends_what_is_recursive() {
        let mut map = PathMap::<str, u32>::new();
        map.insert(std::iter::repeat_n("x", 127), 1);
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(serde_json::from_str::<PathMap<str, u32>>(&text).unwrap(), map);
        map.clear();
        map.insert(std::iter::repeat_n("x", 128), 1);
        assert!(
            serde_json::to_string(&map)
                .unwrap_err()
                .to_string()
                .contains("too many")
        );
        assert!(serde_json::to_string(&map.as_list()).is_ok());
        let map = map.with_depth_limit(200);
        assert!(serde_json::to_string(&map).is_ok());
        let text = r#"{"x":"#.repeat(3) + "1" + "}}}";
        let arena = Arena::new();
        let read = |limit, text: &str| {
            let seed = PathMapSeed::<str, u32, _, _>::new_in(&arena).depth_limit(limit);
            seed.deserialize(&mut serde_json::Deserializer::from_str(text))
                .map(|map| map.len())
        };
        assert_eq!(read(3, &text).unwrap(), 1);
        assert!(read(2, &text).unwrap_err().to_string().contains("too many"));
        assert!(read(1, r#"{"a": 1}"#).is_ok());
        let seed = PathMapSeed::<str, u32, _, _>::new_in(&arena).depth_limit(1).list();
        let error = seed
            .deserialize(&mut serde_json::Deserializer::from_str(r#"[[["a", "b"], 1]]"#))
            .unwrap_err();
        assert!(error.to_string().contains("deeper than the 1 levels"), "{error}");
        assert_eq!(arena.used(), 0);
        let small = Arena::with_budget(100);
        let error = PathMapSeed::<str, u32, _, _>::new_in(&small)
            .deserialize(&mut serde_json::Deserializer::from_str(&text))
            .unwrap_err();
        assert!(error.to_string().contains("budget"), "{error}");
    }
}

/// Levels that were made beside a tree that moved, or that was cut off, have their own way of hashing, which stays when the only
/// level below is renamed.
#[test]
fn the_only_level_below_is_renamed() {
    let mut map: PathMap<str, u32> = PathMap::new();
    map.insert(["x", "below"], 1);
    map.move_subtree(["x"], ["moved"]).unwrap();
    map.insert(["x", "y"], 2);
    map.move_subtree(["x", "y"], ["x", "z"]).unwrap();
    assert_eq!((map.get(["x", "z"]), map.get(["x", "y"])), (Some(&2), None));
    // One that moved itself, too.
    map.move_subtree(["moved", "below"], ["moved", "renamed"]).unwrap();
    assert_eq!(map.get(["moved", "renamed"]), Some(&1));
    map.insert(["moved", "other"], 3);
    assert_eq!(
        (map.get(["moved", "renamed"]), map.get(["moved", "other"])),
        (Some(&1), Some(&3))
    );

    let mut map: PathMap<str, u32> =
        (0..100)
            .map(|n: u32| ([n.to_string(), "a".to_owned()], n))
            .fold(PathMap::new(), |mut map, (path, n)| {
                map.insert(path.iter().map(String::as_str), n);
                map
            });
    assert!(map.remove_subtree([""; 0]));
    map.insert(["x"], 1);
    map.move_subtree(["x"], ["y"]).unwrap();
    assert_eq!((map.get(["y"]), map.get(["x"])), (Some(&1), None));
}

/// An iterator that goes on after its end is a path as far as its end, for every call.
#[test]
fn a_path_ends_where_its_iterator_does() {
    struct Unfused(usize);
    impl Iterator for Unfused {
        type Item = &'static str;

        fn next(&mut self) -> Option<&'static str> {
            self.0 += 1;
            [Some("a"), Some("b"), None, Some("c")]
                .get(self.0 - 1)
                .copied()
                .flatten()
        }
    }
    let mut map: PathMap<str, u32> = PathMap::new();
    map.insert(["z"], 0);
    *map.entry(Unfused(0)).or_insert(1) += 1;
    assert_eq!(
        (map.get(Unfused(0)), map.get(["a", "b"]), map.len()),
        (Some(&2), Some(&2), 2)
    );
    map.insert(["a", "b", "x"], 3);
    map.remove(["a", "b"]);
    map.entry(Unfused(0)).or_insert(4);
    assert_eq!((map.get(["a", "b"]), map.len()), (Some(&4), 3));
}
