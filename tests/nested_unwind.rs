//! Promise P9 for `PathMap`: user code may panic. `Hash`, `Eq`, `Clone` and `Drop` of keys, `Clone` and `Drop` of values, closures
//! and the iterator of a path panic at their k-th call, for every k. Afterwards every level has a value or levels below, every key
//! and value lives once and is found, nothing is lost but what the call was removing, and the map works on.
#![cfg(feature = "std")]
#![allow(
    clippy::drop_non_drop,
    dropping_copy_types,
    reason = "operations of every result type in one list"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::nested::Step;
use arenamap::{Arena, PathMap};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    Hash,
    Eq,
    Clone,
    Drop,
    Closure,
    Path,
}

const SITES: [Site; 6] = [Site::Hash, Site::Eq, Site::Clone, Site::Drop, Site::Closure, Site::Path];

thread_local! {
    /// Where to panic, and after how many calls.
    static FUSE: Cell<Option<(Site, u32)>> = const { Cell::new(None) };
    /// Serial numbers of what lives.
    static LIVE: RefCell<BTreeSet<u64>> = const { RefCell::new(BTreeSet::new()) };
    static SERIAL: Cell<u64> = const { Cell::new(0) };
}

/// User code is called here; it may panic.
fn call(site: Site) {
    if let Some((armed, left)) = FUSE.get()
        && armed == site
    {
        FUSE.set((left > 0).then(|| (armed, left - 1)));
        if left == 0 {
            std::panic::resume_unwind(Box::new("a panic of the user's code"));
        }
    }
}

/// A key or a value with a serial number, which is alive once.
#[derive(Debug)]
struct Tracked {
    serial: u64,
    number: u32,
}

impl Tracked {
    fn new(number: u32) -> Self {
        let serial = SERIAL.replace(SERIAL.get() + 1);
        LIVE.with_borrow_mut(|live| live.insert(serial));
        Self { serial, number }
    }
}
impl Hash for Tracked {
    fn hash<S: Hasher>(&self, state: &mut S) {
        call(Site::Hash);
        self.number.hash(state);
    }
}
impl PartialEq for Tracked {
    fn eq(&self, other: &Self) -> bool {
        call(Site::Eq);
        self.number == other.number
    }
}
impl Eq for Tracked {}
impl Clone for Tracked {
    fn clone(&self) -> Self {
        call(Site::Clone);
        Self::new(self.number)
    }
}
impl Drop for Tracked {
    fn drop(&mut self) {
        if !LIVE.with_borrow_mut(|live| live.remove(&self.serial)) {
            eprintln!("{} is dropped twice", self.serial);
            std::process::abort();
        }
        if !std::thread::panicking() {
            call(Site::Drop);
        }
    }
}

type Map<'a> = PathMap<Tracked, Tracked, foldhash::fast::FixedState, &'a Arena>;

/// Keys that live as long as a test, for paths.
fn keys() -> Vec<Tracked> {
    (0..30).map(Tracked::new).collect()
}

/// A path whose iterator is user code.
fn path<'k>(keys: &'k [Tracked], numbers: &'k [usize]) -> impl Iterator<Item = &'k Tracked> {
    numbers.iter().map(|&number| {
        call(Site::Path);
        &keys[number]
    })
}

/// One call: what it does, and how many values it may take away or add.
struct Case {
    name: &'static str,
    removes: usize,
    adds: usize,
    run: fn(&mut Map<'_>, &[Tracked]),
}

fn start(map: &mut Map<'_>, keys: &[Tracked]) {
    for a in 0..4 {
        for b in 0..4 {
            map.insert([&keys[a], &keys[b]], Tracked::new(0));
            map.insert([&keys[a], &keys[b], &keys[5]], Tracked::new(0));
        }
    }
}

const VALUES: usize = 32;

#[allow(clippy::too_many_lines, reason = "one item for each call")]
fn cases() -> Vec<Case> {
    macro_rules! case {
        ($name:literal, -$removes:literal +$adds:literal, |$map:ident, $keys:ident| $run:expr) => {
            Case {
                name: $name,
                removes: $removes,
                adds: $adds,
                run: |$map, $keys| drop($run),
            }
        };
    }
    vec![
        case!("insert", -0 + 1, |map, keys| map
            .insert(path(keys, &[1, 9, 10, 11]), Tracked::new(1))),
        case!("insert: there", -0 + 0, |map, keys| map
            .insert(path(keys, &[1, 2]), Tracked::new(1))),
        case!("entry", -0 + 1, |map, keys| {
            map.entry(path(keys, &[1, 9, 10])).or_insert_with(|| {
                call(Site::Closure);
                Tracked::new(1)
            });
        }),
        case!("entry: and_modify", -0 + 0, |map, keys| {
            map.entry(path(keys, &[1, 2]))
                .and_modify(|value| {
                    call(Site::Closure);
                    value.number = 7;
                })
                .or_insert(Tracked::new(1));
        }),
        case!("get", -0 + 0, |map, keys| assert!(
            map.get(path(keys, &[1, 2])).is_some()
        )),
        case!("remove", -1 + 0, |map, keys| map.remove(path(keys, &[1, 2, 5]))),
        case!("remove, and levels with it", -3 + 0, |map, keys| {
            let cursor = map.cursor([&keys[3], &keys[3]]).unwrap();
            drop(map.below_mut(cursor).unwrap().remove(path(keys, &[])));
            drop(map.remove(path(keys, &[3, 3, 5])));
            drop(map.remove(path(keys, &[2, 2, 5])));
        }),
        case!("remove_subtree, settle", -8 + 0, |map, keys| {
            map.remove_subtree(path(keys, &[2]));
            map.settle(3);
            map.settle(usize::MAX);
        }),
        case!("remove_subtree, and writes", -8 + 2, |map, keys| {
            map.remove_subtree(path(keys, &[2]));
            map.insert(path(keys, &[7]), Tracked::new(1));
            map.insert(path(keys, &[8]), Tracked::new(1));
        }),
        case!("move_subtree", -0 + 0, |map, keys| {
            map.move_subtree(path(keys, &[2]), path(keys, &[1, 9, 10])).unwrap();
            map.move_subtree(path(keys, &[1, 9, 10]), path(keys, &[2])).unwrap();
        }),
        case!("move_subtree: refused", -0 + 0, |map, keys| {
            assert!(map.move_subtree(path(keys, &[2]), path(keys, &[2, 1, 6, 7])).is_err());
            assert!(map.move_subtree(path(keys, &[2]), path(keys, &[3, 1])).is_err());
        }),
        case!("for_each_mut", -0 + 0, |map, _keys| map.for_each_mut(|path, value| {
            call(Site::Closure);
            value.number = u32::try_from(path.len()).unwrap();
        })),
        case!("clear", -32 + 0, |map, _keys| map.clear()),
        case!("clone", -0 + 0, |map, _keys| drop(map.clone())),
        case!("eq", -0 + 0, |map, _keys| assert!(map.same_entries(map))),
        case!("extend", -0 + 3, |map, keys| map.extend([20, 21, 22].map(|number| {
            call(Site::Closure);
            ([&keys[number], &keys[1]], Tracked::new(1))
        }))),
    ]
}

/// Every level has a value or levels below, is found by its path, and lives once.
fn check(map: &Map<'_>, keys: usize) {
    let (mut nodes, mut values, mut serials) = (0, 0, BTreeSet::new());
    for step in map.walk() {
        let Step::Enter(node) = step else { continue };
        nodes += 1;
        assert!(node.value().is_some() || !node.is_leaf(), "an empty level");
        let found = map.node(node.path()).expect("a level is found by its path");
        assert_eq!(found.cursor(), node.cursor());
        assert!(
            node.children()
                .all(|child| child.parent().unwrap().cursor() == node.cursor())
        );
        let own = node.key().into_iter().chain(node.value());
        assert!(own.into_iter().all(|tracked| serials.insert(tracked.serial)));
        values += usize::from(node.value().is_some());
    }
    let stats = map.stats();
    assert_eq!((stats.nodes, stats.len, map.len()), (nodes, values, values));
    LIVE.with_borrow(|live| {
        assert!(serials.iter().all(|serial| live.contains(serial)));
        if stats.waiting == 0 {
            assert_eq!(live.len(), serials.len() + keys, "nothing is leaked");
        }
    });
}

#[test]
fn user_code_may_panic_anywhere() {
    let mut panics = 0;
    for case in cases() {
        for site in SITES {
            let mut k = 0;
            loop {
                let keys = keys();
                let arena = Arena::new();
                let mut map = Map::with_hasher_in(foldhash::fast::FixedState::with_seed(3), &arena);
                start(&mut map, &keys);
                assert_eq!(map.len(), VALUES);
                FUSE.set(Some((site, k)));
                let result = catch_unwind(AssertUnwindSafe(|| (case.run)(&mut map, &keys)));
                let fired = FUSE.replace(None).is_none();
                assert_eq!(result.is_err(), fired, "{}: {site:?} {k}", case.name);
                check(&map, keys.len());
                let len = map.len();
                assert!(
                    (VALUES - case.removes..=VALUES + case.adds).contains(&len),
                    "{}: {site:?} {k}: {len} values",
                    case.name
                );
                // It works on.
                map.insert([&keys[25], &keys[26]], Tracked::new(9));
                assert_eq!(map.get([&keys[25], &keys[26]]).map(|value| value.number), Some(9));
                map.settle(usize::MAX);
                check(&map, keys.len());
                drop(map.remove([&keys[25], &keys[26]]));
                check(&map, keys.len());
                drop(map);
                assert_eq!(arena.used(), 0);
                assert_eq!(
                    LIVE.with_borrow(BTreeSet::len),
                    keys.len(),
                    "{}: {site:?} {k}",
                    case.name
                );
                drop(keys);
                if !fired {
                    break;
                }
                panics += 1;
                k += 1;
            }
        }
    }
    assert!(panics > 300, "{panics}");
}

#[test]
fn a_drop_that_panics_while_the_map_is_dropped() {
    for k in 0..80 {
        let keys = keys();
        let arena = Arena::new();
        let mut map = Map::with_hasher_in(foldhash::fast::FixedState::with_seed(3), &arena);
        start(&mut map, &keys);
        FUSE.set(Some((Site::Drop, k)));
        let result = catch_unwind(AssertUnwindSafe(|| drop(map)));
        assert_eq!(result.is_err(), FUSE.replace(None).is_none());
        assert_eq!(LIVE.with_borrow(BTreeSet::len), keys.len());
        assert_eq!(arena.used(), 0);
    }
}

#[test]
fn an_alarm_that_panics() {
    let mut map = PathMap::<u32, u32>::new().with_depth_alarm(1, |_| std::panic::resume_unwind(Box::new("alarm")));
    map.insert(&[1], 1);
    assert!(catch_unwind(AssertUnwindSafe(|| map.insert(&[1, 2, 3], 1))).is_err());
    assert_eq!((map.len(), map.stats().nodes), (1, 2));
}

#[test]
fn an_alarm_that_panics_during_a_move() {
    let arena = Arena::new();
    let mut map =
        PathMap::<str, u32, _, _>::new_in(&arena).with_depth_alarm(2, |_| std::panic::resume_unwind(Box::new("alarm")));
    map.insert(["a", "a key of more than 15 bytes"], 1);
    let nodes = map.stats().nodes;
    let moved = catch_unwind(AssertUnwindSafe(|| {
        map.move_subtree(["a", "a key of more than 15 bytes"], ["x", "y", "z", "w"])
    }));
    assert!(moved.is_err());
    assert_eq!(
        (map.get(["a", "a key of more than 15 bytes"]), map.stats().nodes),
        (Some(&1), nodes)
    );
    assert!(map.node(["x"]).is_none());
    drop(map);
    assert_eq!(arena.used(), 0);
}
