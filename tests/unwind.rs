//! Promise P9: user code may panic. `Hash`, `Eq`, `Clone`, `Drop` and closures panic at their k-th call, for every k;
//! afterwards the map counts what it holds, finds what it holds, drops each value once, works on, and has lost nothing
//! but what the operation was removing.
#![cfg(feature = "std")]
#![allow(
    clippy::drop_non_drop,
    dropping_copy_types,
    reason = "operations of every result type in one list"
)]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::hash_map::{Entry, OccupiedEntry};
use arenamap::{Arena, ArenaMap, Handle};

use support::{Constant, fixed, times};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    Hash,
    Eq,
    Clone,
    Drop,
    Closure,
}

const SITES: [Site; 5] = [Site::Hash, Site::Eq, Site::Clone, Site::Drop, Site::Closure];

thread_local! {
    /// Where to panic, and after how many calls.
    static FUSE: Cell<Option<(Site, u32)>> = const { Cell::new(None) };
    /// Serial numbers of the values that live.
    static LIVE: RefCell<BTreeSet<u64>> = const { RefCell::new(BTreeSet::new()) };
    static SERIAL: Cell<u64> = const { Cell::new(0) };
}

/// The message of the panics that are meant.
const MEANT: &str = "a panic of the user's code";

/// User code is called here; it may panic.
fn call(site: Site) {
    if let Some((armed, left)) = FUSE.get()
        && armed == site
    {
        if left == 0 {
            FUSE.set(None);
            std::panic::panic_any(MEANT);
        }
        FUSE.set(Some((armed, left - 1)));
    }
}

/// A key whose every trait may panic.
struct Key(u64);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        call(Site::Hash);
        state.write_u64(self.0);
    }
}
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        call(Site::Eq);
        self.0 == other.0
    }
}
impl Eq for Key {}
impl Clone for Key {
    fn clone(&self) -> Self {
        call(Site::Clone);
        Key(self.0)
    }
}

/// A value with a serial number, which is alive once; its padding makes entries large.
struct Tracked<const PADDING: usize> {
    serial: u64,
    _padding: [u64; PADDING],
}

impl<const PADDING: usize> Tracked<PADDING> {
    fn new() -> Self {
        let serial = SERIAL.get();
        SERIAL.set(serial + 1);
        LIVE.with_borrow_mut(|live| live.insert(serial));
        Self {
            serial,
            _padding: [serial; PADDING],
        }
    }
}
impl<const PADDING: usize> PartialEq for Tracked<PADDING> {
    fn eq(&self, other: &Self) -> bool {
        call(Site::Eq);
        self.serial == other.serial
    }
}
impl<const PADDING: usize> Clone for Tracked<PADDING> {
    fn clone(&self) -> Self {
        call(Site::Clone);
        Self::new()
    }
}
impl<const PADDING: usize> Drop for Tracked<PADDING> {
    fn drop(&mut self) {
        let was_there = LIVE.with_borrow_mut(|live| live.remove(&self.serial));
        assert!(
            was_there || std::thread::panicking(),
            "value {} is dropped twice",
            self.serial
        );
        if !was_there {
            std::process::abort(); // dropped twice while unwinding
        }
        if !std::thread::panicking() {
            call(Site::Drop);
        }
    }
}

type Map<'a, const P: usize, S> = ArenaMap<Key, Tracked<P>, S, &'a Arena>;

/// One operation: what it does, and which keys it may remove.
struct Case<const P: usize, S: 'static> {
    name: &'static str,
    run: fn(&mut Map<'_, P, S>, &Arena),
    removes: fn(u64) -> bool,
}

/// A key that no map has at first.
const NEW: u64 = 1 << 40;

fn nothing(_: u64) -> bool {
    false
}
fn all(_: u64) -> bool {
    true
}
fn odd(key: u64) -> bool {
    key % 2 == 1
}
fn three(key: u64) -> bool {
    key == 3
}

#[allow(clippy::too_many_lines, reason = "one item for each call")]
#[allow(clippy::eq_op, reason = "a map compared with itself meets every key")]
fn cases<const P: usize, S: std::hash::BuildHasher + Clone + 'static>() -> Vec<Case<P, S>> {
    macro_rules! case {
        ($name:literal, $removes:expr, |$map:ident, $arena:ident| $run:expr) => {
            Case {
                name: $name,
                run: |$map, $arena| {
                    let _: &Arena = $arena;
                    drop($run);
                },
                removes: $removes,
            }
        };
    }
    vec![
        case!("insert a new key", nothing, |map, arena| map
            .insert(Key(NEW), Tracked::new())),
        case!("insert many", nothing, |map, arena| for n in 0..40 {
            map.insert(Key(NEW + n), Tracked::new());
        }),
        case!("overwrite", nothing, |map, arena| map.insert(Key(3), Tracked::new())),
        case!("insert_within_capacity", nothing, |map, arena| map
            .insert_within_capacity(Key(NEW), Tracked::new())),
        case!("get", nothing, |map, arena| map.get(&Key(3)).is_some()),
        case!("get_mut", nothing, |map, arena| map.get_mut(&Key(3)).is_some()),
        case!("get_disjoint_mut", nothing, |map, arena| map
            .get_disjoint_mut([&Key(3), &Key(4), &Key(NEW)])
            .len()),
        case!("remove", three, |map, arena| map.remove(&Key(3))),
        case!("entry or_insert_with", nothing, |map, arena| {
            map.entry(Key(NEW)).or_insert_with(|| {
                call(Site::Closure);
                Tracked::new()
            });
        }),
        case!("entry and_modify", nothing, |map, arena| {
            map.entry(Key(3))
                .and_modify(|_| call(Site::Closure))
                .or_insert_with(Tracked::new);
        }),
        case!("entry_ref", nothing, |map, arena| {
            map.entry_ref(&Key(NEW)).or_insert_keyed_with(
                |key| {
                    call(Site::Closure);
                    Key(key.0)
                },
                || {
                    call(Site::Closure);
                    Tracked::new()
                },
            );
        }),
        case!(
            "replace_entry_with",
            three,
            |map, arena| if let Entry::Occupied(entry) = map.entry(Key(3)) {
                entry.replace_entry_with(|_, value| {
                    call(Site::Closure);
                    Some(value)
                });
            }
        ),
        case!("replace_entry_with none", three, |map, arena| {
            map.entry(Key(3))
                .and_replace_entry_with(|_, value| {
                    call(Site::Closure);
                    drop(value);
                    None
                })
                .key()
                .0
        }),
        case!("retain", odd, |map, arena| map.retain(|key, _| {
            call(Site::Closure);
            key.0 % 2 == 0
        })),
        case!("extract_if", odd, |map, arena| map
            .extract_if(|key, _| {
                call(Site::Closure);
                key.0 % 2 == 1
            })
            .for_each(drop)),
        case!("drain", all, |map, arena| map.drain().for_each(drop)),
        case!("drain, dropped half-way", all, |map, arena| map
            .drain()
            .take(5)
            .for_each(drop)),
        case!("clear", all, |map, arena| map.clear()),
        case!("iterate", nothing, |map, arena| map
            .iter_mut()
            .for_each(|_| call(Site::Closure))),
        case!("extend", nothing, |map, arena| map.extend((0..30).map(|n| {
            call(Site::Closure);
            (Key(NEW + n), Tracked::new())
        }))),
        case!("try_extend", nothing, |map, arena| map
            .try_extend((0..30).map(|n| {
                call(Site::Closure);
                (Key(NEW + n), Tracked::new())
            }))
            .is_ok()),
        case!("reserve", nothing, |map, arena| map.reserve(100)),
        case!("shrink_to", nothing, |map, arena| map.shrink_to(0)),
        case!("settle", nothing, |map, arena| map.settle(usize::MAX)),
        case!("clone_from", all, |map, arena| {
            let other = map.clone();
            map.clone_from(&other);
        }),
        case!("clone_from another size", nothing, |map, arena| {
            let mut other = map.clone();
            other.shrink_to_fit();
            other.reserve(1_000);
            map.clone_from(&other);
        }),
        case!("clone_in", nothing, |map, arena| map.clone_in(arena)),
        case!("clone", nothing, |map, arena| map.clone()),
        case!("equal", nothing, |map, arena| *map == *map),
        case!("find_entry", three, |map, arena| {
            let hash = map.hash_of(&Key(3));
            map.find_entry(hash, |key| {
                call(Site::Closure);
                key.0 == 3
            })
            .map(OccupiedEntry::remove)
        }),
    ]
}

/// The state of a map before an operation.
#[derive(Clone, Copy, Debug)]
struct Start {
    entries: u64,
    /// Entries that come and go first.
    removed: u64,
    reserved: usize,
}

fn build<'a, const P: usize, S: std::hash::BuildHasher + Clone>(
    start: Start,
    hasher: &S,
    arena: &'a Arena,
) -> Map<'a, P, S> {
    let mut map = ArenaMap::with_hasher_in(hasher.clone(), arena);
    map.reserve(start.reserved);
    for key in 0..start.entries + start.removed {
        map.insert(Key(key), Tracked::new());
    }
    for key in start.entries..start.entries + start.removed {
        map.remove(&Key(key));
    }
    map
}

/// What must hold for every map at any time.
fn check<const P: usize, S: std::hash::BuildHasher, H: Handle>(map: &ArenaMap<Key, Tracked<P>, S, H>, what: &str) {
    let keys: BTreeSet<u64> = map.keys().map(|key| key.0).collect();
    assert_eq!(map.len(), keys.len(), "{what}: the count");
    assert_eq!(map.stats().len, keys.len(), "{what}: the count of the numbers");
    assert_eq!(map.iter().fold(0, |n, _| n + 1), keys.len(), "{what}: one entry a key");
    for &key in &keys {
        assert!(map.contains_key(&Key(key)), "{what}: {key} is found");
    }
    LIVE.with_borrow(|live| {
        assert!(
            map.values().all(|value| live.contains(&value.serial)),
            "{what}: values are alive"
        );
    });
}

/// Keeps the panics that are meant out of the output.
fn quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<&str>() != Some(&MEANT) {
                default(info);
            }
        }));
    });
}

/// Runs one operation with the panic at every call of one site; returns how many calls panicked.
fn blow<const P: usize, S: std::hash::BuildHasher + Clone>(
    case: &Case<P, S>,
    site: Site,
    start: Start,
    hasher: &S,
) -> u32 {
    quiet();
    // Of many calls not each one: those of the first steps, and then one here and there.
    let (each, stride) = if start.entries < 200 { (100, 23) } else { (24, 97) };
    for k in (0..each).chain((each..).step_by(stride)) {
        let what = format!("{} ({start:?}), panic in {site:?} {k}", case.name);
        let arena = Arena::new();
        let mut map = build(start, hasher, &arena);
        FUSE.set(Some((site, k)));
        let outcome = catch_unwind(AssertUnwindSafe(|| (case.run)(&mut map, &arena)));
        let unused = FUSE.take().is_some();
        if let Err(panic) = &outcome {
            assert_eq!(panic.downcast_ref::<&str>(), Some(&MEANT), "{what}: another panic");
        }
        assert_eq!(outcome.is_ok(), unused, "{what}");

        check(&map, &what);
        for key in 0..start.entries {
            assert!(
                (case.removes)(key) || map.contains_key(&Key(key)),
                "{what}: {key} is lost"
            );
        }
        // It works on: takes entries and gives them up.
        for key in 2 * NEW..2 * NEW + 40 {
            assert!(map.insert(Key(key), Tracked::new()).is_none());
        }
        check(&map, &what);
        for key in 2 * NEW..2 * NEW + 40 {
            assert!(map.remove(&Key(key)).is_some(), "{what}");
        }
        check(&map, &what);
        drop(map);
        assert_eq!(LIVE.with_borrow(BTreeSet::len), 0, "{what}: values left over");
        assert_eq!(arena.used(), 0, "{what}: bytes left over");
        if unused {
            return k;
        }
    }
    unreachable!("some run needs no more calls")
}

fn blow_all<const P: usize, S: std::hash::BuildHasher + Clone + 'static>(
    starts: &[Start],
    hasher: &S,
) -> BTreeSet<&'static str> {
    let mut panicked = BTreeSet::new();
    for case in cases::<P, S>() {
        for site in SITES {
            for &start in starts {
                if blow(&case, site, start, hasher) > 0 {
                    panicked.insert(case.name);
                }
            }
        }
    }
    panicked
}

fn start(entries: u64, removed: u64) -> Start {
    Start {
        entries,
        removed,
        reserved: 0,
    }
}

#[test]
fn maps_survive_panics_of_user_code() {
    // Full of 4 and 8: the next one needs a larger block, and then tags. Full of 14, 28, 112: the next one doubles.
    let starts = [
        start(4, 0),
        start(5, 0),
        start(8, 0),
        start(14, 0),
        start(28, 0),
        start(20, 8),
        start(112, 0),
        Start {
            entries: 10,
            removed: 0,
            reserved: 100,
        },
    ];
    let starts = &starts[..times(starts.len(), 3)];
    let panicked = blow_all::<0, _>(starts, &fixed());
    let every = cases::<0, foldhash::fast::FixedState>().len() - 1; // nothing moves yet: `settle` calls nobody
    assert!(
        cfg!(miri) || panicked.len() == every,
        "each operation panicked somewhere: {panicked:?}"
    );
}

#[test]
#[cfg(not(miri))]
fn maps_with_a_move_under_way_survive_panics_of_user_code() {
    // The last one of 448 that fit, so that the operation begins a move; one that has just begun; room to be given back.
    let starts = [
        start(448, 0),
        start(449, 0),
        Start {
            entries: 450,
            removed: 0,
            reserved: 2_000,
        },
    ];
    let panicked = blow_all::<0, _>(&starts, &fixed());
    assert_eq!(
        panicked.len(),
        cases::<0, foldhash::fast::FixedState>().len(),
        "{panicked:?}"
    );
}

#[test]
fn maps_of_large_values_survive_panics_of_user_code() {
    let starts = [start(28, 0), start(20, 40), start(64, 0)];
    blow_all::<512, _>(&starts[..times(starts.len(), 1)], &fixed());
}

#[test]
fn maps_of_keys_that_hash_alike_survive_panics_of_user_code() {
    blow_all::<512, _>(&[start(28, 0), start(20, 8)][..times(2, 1)], &Constant);
}

/// Every kind of growth, for the operations that grow: in the small form, into tags, at once, and each step of a move.
#[test]
#[cfg(not(miri))]
fn a_hasher_that_panics_in_any_growth_step_costs_nothing() {
    let growing: Vec<_> = cases::<0, foldhash::fast::FixedState>()
        .into_iter()
        .filter(|case| ["insert a new key", "get_mut", "reserve", "shrink_to", "settle"].contains(&case.name))
        .collect();
    for entries in (0..30).chain(220..228).chain(440..490) {
        for case in &growing {
            if case.name == "insert a new key" || entries % 8 == 0 {
                blow(case, Site::Hash, start(entries, 0), &fixed());
            }
        }
    }
}

/// A consumed map: what is not yet taken is dropped once, and the arena gets its bytes back.
#[test]
fn a_panic_while_a_map_is_consumed_leaks_nothing() {
    quiet();
    for entries in [5, 10, 80, times(460, 20) as u64] {
        for k in (0..entries).step_by(if entries < 100 { 1 } else { 29 }) {
            let arena = Arena::new();
            let map: Map<'_, 512, _> = build(start(entries, 0), &fixed(), &arena);
            let mut left = k;
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                map.into_iter().for_each(|_| {
                    if left == 0 {
                        std::panic::panic_any(MEANT);
                    }
                    left -= 1;
                });
            }));
            assert!(outcome.is_err());
            assert_eq!(LIVE.with_borrow(BTreeSet::len), 0);
            assert_eq!(arena.used(), 0);
        }
    }
}

/// Hashes that change from call to call are a mistake of the user's; the map stays safe, counts, and ends every call.
#[test]
fn hashes_that_change_from_call_to_call_do_no_harm() {
    #[derive(Clone, Default)]
    struct Moody(std::rc::Rc<Cell<u64>>);
    impl std::hash::BuildHasher for Moody {
        type Hasher = std::hash::DefaultHasher;
        fn build_hasher(&self) -> Self::Hasher {
            let mut hasher = Self::Hasher::default();
            self.0.set(self.0.get() + 1);
            hasher.write_u64(self.0.get());
            hasher
        }
    }
    let arena = Arena::new();
    let mut map: Map<'_, 0, Moody> = ArenaMap::with_hasher_in(Moody::default(), &arena);
    for key in 0..times(4_000, 60) as u64 {
        map.insert(Key(key % 1_500), Tracked::new());
        if key % 3 == 0 {
            map.remove(&Key(key / 2));
        }
        if key % 1_500 == 0 {
            map.reserve(30);
            map.retain(|key, _| key.0 % 5 != 0);
            map.shrink_to(10);
        }
        assert_eq!(map.iter().fold(0, |n, _| n + 1), map.len());
        assert_eq!(LIVE.with_borrow(BTreeSet::len), map.len());
    }
    drop(map);
    assert_eq!((LIVE.with_borrow(BTreeSet::len), arena.used()), (0, 0));
}
