//! The registry: what is alive is listed with its place and its numbers, what is dropped is not, and what is forgotten is found.
//!
//! Tests run side by side in one process, so that each asks for what its own thread has made.

use std::any::Any;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::bounded::BoundedStrMap;
use arenamap::registry::{self, Entry, Mark, Named};
use arenamap::{
    Arena, ArenaMap, ArenaPool, ArenaSet, BorrowedMap, BoundedMap, PathMap, SharedMap, SizeHint, StrMap, TrimPolicy,
    Workspace,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// What this thread has made since.
fn since(mark: &Mark) -> Vec<Entry> {
    let mut found = Vec::new();
    mark.visit(|entry| found.push(*entry));
    found
}

/// The one thing of that kind that this thread has made since.
#[track_caller]
fn only(mark: &Mark, kind: &str) -> Entry {
    let mut found = since(mark);
    found.retain(|entry| entry.kind == kind && !entry.waiting);
    assert_eq!(found.len(), 1, "{kind}: {found:#?}");
    found[0]
}

/// Forgets it, where a checker of leaks still finds it.
fn forget(it: impl Send + 'static) {
    static FORGOTTEN: Mutex<Vec<Box<dyn Any + Send>>> = Mutex::new(Vec::new());
    FORGOTTEN.lock().unwrap().push(Box::new(it));
}

/// What a panic said.
fn said(panics: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(panics)).err()?;
    Some(panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn a_forgotten_map_is_found_with_its_place() {
    let mark = Mark::new();
    mark.assert_none_alive();
    let (mut map, line): (ArenaMap<u32, u32>, u32) = (ArenaMap::new(), line!());
    map.extend((0..100).map(|n| (n, n)));
    let text = said(|| mark.assert_none_alive()).expect("a map is alive");
    let place = format!("made at {}:{line}:", file!());
    assert!(text.contains("2 arenas and maps are alive"), "{text}");
    assert!(text.contains("ArenaMap: 100 entries"), "{text}");
    assert_eq!(text.matches(&place).count(), 2, "the map and its arena: {text}");
    let forgotten = said(|| {
        forget(map);
        mark.assert_none_alive();
    });
    assert!(forgotten.is_some_and(|text| text.contains(&place)));
    // The whole process is asked, too.
    assert!(said(registry::assert_none_alive).is_some_and(|text| text.contains(&place)));
}

#[test]
fn what_is_dropped_is_not_found() {
    let mark = Mark::new();
    let pool = ArenaPool::new();
    drop((0..100).map(|n| (n, n)).collect::<ArenaMap<u32, u32>>());
    drop([(1, 2)].into_iter().collect::<ArenaMap<u32, u32>>());
    drop((0..100).map(|n| (n, n)).collect::<ArenaMap<u32, u32>>().into_handle());
    drop((0..100).map(|n| (n, n)).collect::<ArenaMap<u32, u32>>().into_iter());
    drop((0..100).collect::<ArenaSet<u32>>());
    drop([("one", 1)].into_iter().collect::<StrMap<u32>>());
    drop([(["a", "b"], 1)].into_iter().collect::<PathMap<str, u32>>());
    drop(
        [(["a", "b"], 1)]
            .into_iter()
            .collect::<PathMap<str, u32>>()
            .into_handle(),
    );
    drop(BoundedMap::<u32, u32>::new(10));
    drop(BoundedMap::<u32, u32>::new(10).into_handle());
    drop(BoundedStrMap::<u32>::new(10));
    drop(ArenaMap::<u32, u32, _, _>::with_capacity_in(100, pool.checkout()));
    drop(Arena::with_capacity(100).share().clone());
    mark.assert_none_alive();
    let mut left: Vec<_> = since(&mark).iter().map(|entry| (entry.kind, entry.waiting)).collect();
    left.sort_unstable(); // in which order nodes are taken is a matter of other tests, too
    assert_eq!(left, [("ArenaPool", false), ("PooledArena", true)]);
    drop(pool);
    assert_eq!(since(&mark), []);
}

/// Each way to make something says where, down to the line.
#[test]
fn every_constructor_is_a_place() {
    static HINT: SizeHint = SizeHint::new();
    let arena = Arena::new();
    let pool = ArenaPool::new();
    let shared_pool = Arc::new(ArenaPool::new());
    // In here `line!` is the line of the whole table; the rows have lines of their own, one after the other.
    let mut line = line!();
    macro_rules! places {
        ($($kind:literal: $make:expr;)*) => {$({
            let mark = Mark::new();
            let made = $make;
            let place = only(&mark, $kind).place.unwrap_or_else(|| panic!("{}: no place", stringify!($make)));
            assert_eq!(place.file(), file!(), "{}", stringify!($make));
            assert!(place.line() > line, "{}: {place}, and the row before is at {line}", stringify!($make));
            line = place.line();
            drop(made);
        })*};
    }
    let copied: ArenaMap<u32, u32> = [(1, 2)].into();
    let copied_set: ArenaSet<u32> = [1].into();
    let copied_words: StrMap<u32> = [("one", 1)].into();
    let copied_paths: PathMap<str, u32> = [(["a"], 1)].into_iter().collect();
    places! {
        "Arena": Arena::with_capacity(100);
        "Arena": Arena::with_budget(100);
        "Arena": Arena::try_with(100, 100);
        "Arena": { let arena = Arena::new(); arena.alloc(1); arena };
        "Arena": { let arena = Arena::default(); arena.alloc(1); arena };
        "SharedArena": Arena::new().share();
        "SharedArena": Workspace::new(|arena| SharedMap::<u32, u32>::new_in(arena.clone()));
        "PooledArena": pool.checkout();
        "PooledArena": pool.try_checkout();
        "PooledArena": shared_pool.checkout_owned();
        "PooledArena": shared_pool.try_checkout_owned();
        "ArenaPool": { let pool = ArenaPool::new(); drop(pool.checkout()); pool };
        "ArenaMap": filled(ArenaMap::new());
        "ArenaMap": filled(ArenaMap::default());
        "ArenaMap": filled(ArenaMap::builder().build_in(Arena::new()));
        "ArenaMap": ArenaMap::<u32, u32>::with_capacity(10);
        "ArenaMap": ArenaMap::<u32, u32, _, _>::new_in(&arena).tap();
        "ArenaMap": ArenaMap::<u32, u32, _, _>::with_capacity_in(10, &arena);
        "ArenaMap": ArenaMap::<u32, u32, _, _>::try_with_capacity_in(10, &arena);
        "ArenaMap": ArenaMap::<u32, u32, _, _>::with_hint_in(&HINT, &arena);
        "ArenaMap": ArenaMap::<u32, u32>::from([(1, 2)]);
        "ArenaMap": BorrowedMap::<u32, u32>::from_iter_in([(1, 2)], &arena);
        "ArenaMap": copied.clone();
        "ArenaMap": copied.clone_in(&arena);
        "ArenaMap": copied.try_clone_in(&arena);
        "ArenaSet": ArenaSet::<u32>::with_capacity(10);
        "ArenaSet": ArenaSet::<u32, _, _>::try_with_capacity_in(10, &arena);
        "ArenaSet": ArenaSet::<u32>::from([1]);
        "ArenaSet": copied_set.clone();
        "CopiedMap": StrMap::<u32>::with_capacity(10);
        "CopiedMap": StrMap::<u32>::from([("one", 1)]);
        "CopiedMap": copied_words.clone();
        "PathMap": copied_paths.clone();
        "BoundedMap": BoundedMap::<u32, u32>::new(10);
        "BoundedMap": BoundedMap::<u32, u32, _, _>::try_new_in(10, &arena);
        "BoundedMap": BoundedStrMap::<u32>::new(10);
    }
    assert!(line < line!());
}

fn filled(mut map: ArenaMap<u32, u32>) -> ArenaMap<u32, u32> {
    map.insert(1, 2);
    map
}

/// A map that has a block.
trait Tap: Sized {
    fn tap(self) -> Self;
}

impl Tap for BorrowedMap<'_, u32, u32> {
    fn tap(mut self) -> Self {
        self.insert(1, 2);
        self
    }
}

/// The small block of a map that owns its arena stands alone, without an arena: with the second one the arena knows its place from the map.
#[test]
fn an_arena_that_comes_later_is_of_its_map() {
    let mark = Mark::new();
    let (mut map, line) = (ArenaMap::new(), line!());
    map.insert(0_u32, 0_u32);
    if !cfg!(arenamap_guard) {
        assert_eq!(since(&mark).len(), 1);
    }
    map.extend((0..100).map(|n| (n, n)));
    let arena = only(&mark, "Arena");
    assert_eq!(arena.place.unwrap().line(), line);
    assert_eq!(arena.bytes, map.arena_stats().held);
}

/// After each call the numbers are those of the map.
#[test]
fn the_numbers_follow() {
    let mark = Mark::new();
    let arena = Arena::new();
    let mut map: BorrowedMap<'_, u64, u64> = ArenaMap::new_in(&arena);
    // Few entries, in a small block.
    map.extend([(1, 1), (2, 2)]);
    for way in 0..3 {
        match way {
            0 => map.clear(),
            1 => drop(map.drain()),
            _ => map.retain(|_, _| false),
        }
        let entry = only(&mark, "ArenaMap");
        assert_eq!((entry.entries, entry.bytes), (0, map.allocation_size()));
        map.insert(1, 1);
        assert_eq!(only(&mark, "ArenaMap").entries, 1);
    }
    let check = |map: &BorrowedMap<'_, u64, u64>| {
        let entry = only(&mark, "ArenaMap");
        assert_eq!((entry.entries, entry.bytes), (map.len(), map.allocation_size()));
        assert_eq!(only(&mark, "Arena").bytes, arena.held());
    };
    for n in 0..600 {
        map.insert(n, n);
        check(&map);
        if n % 3 == 0 {
            map.remove(&(n / 2));
            check(&map);
        }
        if n % 7 == 0 {
            *map.entry(n / 3).or_insert(1) += 1;
            check(&map);
        }
    }
    map.retain(|key, _| key % 2 == 0);
    check(&map);
    drop(map.extract_if(|key, _| key % 4 == 0));
    drop(map.extract_if(|key, _| key % 4 == 2).take(10).collect::<Vec<_>>());
    check(&map);
    map.shrink_to_fit();
    check(&map);
    map.reserve(5_000);
    check(&map);
    let other: ArenaMap<u64, u64> = (0..300).map(|n| (n, n)).collect();
    thread::scope(|scope| drop(scope.spawn(|| ()))); // others' things are not ours
    let kept = only_of(&mark, &map);
    map.clone_from(&map.clone());
    assert_eq!(only_of(&mark, &map), kept);
    map.try_clone_from(&other).unwrap();
    drop(other);
    check(&map);
    drop(map.drain());
    check(&map);
    map.extend((0..100).map(|n| (n, n)));
    std::mem::forget(map.drain());
    check(&map);
    map.clear();
    check(&map);
    map.shrink_to_fit();
    check(&map);
    map.insert(1, 1);
    check(&map);
    let mut iter = map.into_iter();
    assert_eq!(only(&mark, "ArenaMap").entries, 0, "they are the iterator's");
    assert!(iter.next().is_some());
    drop(iter);
    assert_eq!(since(&mark).len(), 1, "the arena");
}

fn only_of(mark: &Mark, map: &BorrowedMap<'_, u64, u64>) -> (usize, usize) {
    let found = since(mark);
    let found = found
        .iter()
        .find(|entry| (entry.entries, entry.bytes) == (map.len(), map.allocation_size()));
    found.map(|entry| (entry.entries, entry.bytes)).unwrap()
}

#[test]
fn the_numbers_of_other_maps_follow() {
    let mark = Mark::new();
    let mut bounded: BoundedMap<u32, u32> = BoundedMap::new(100);
    for n in 0..300 {
        bounded.insert(n, n, u64::from(n));
        assert_eq!(only(&mark, "BoundedMap").entries, bounded.len());
    }
    bounded.remove(&299, 300);
    let entry = only(&mark, "BoundedMap");
    assert_eq!(
        (entry.entries, Some(entry.bytes)),
        (99, BoundedMap::<u32, u32>::bytes_for(100))
    );
    drop(bounded);

    let mark = Mark::new();
    let mut paths = PathMap::<u32, u32>::new();
    for n in 0..300 {
        paths.insert(&[n % 10, n], n);
        let (entry, stats) = (only(&mark, "PathMap"), paths.stats());
        assert_eq!(entry.bytes, stats.table_bytes + stats.node_bytes);
        assert_eq!(
            entry.entries + 1,
            stats.nodes,
            "the one of the empty path is in no table"
        );
    }
}

#[test]
fn the_bytes_of_arenas_follow() {
    let mark = Mark::new();
    let mut arena = Arena::with_capacity(100);
    for size in [10, 1_000, 100_000] {
        arena.alloc_slice_copy(&vec![0_u8; size]);
        assert_eq!(only(&mark, "Arena").bytes, arena.held());
    }
    arena.merge_chunks().unwrap();
    assert_eq!(only(&mark, "Arena").bytes, arena.held());
    arena.trim(TrimPolicy::All);
    assert_eq!(only(&mark, "Arena").bytes, 0);
}

#[test]
fn arenas_of_a_pool_are_of_their_checkouts() {
    let mark = Mark::new();
    let mut pool = ArenaPool::new();
    pool.set_name("requests");
    assert_eq!(only(&mark, "ArenaPool").name, "requests");
    drop(pool.checkout());
    let (arena, line) = (pool.checkout(), line!());
    let entry = only(&mark, "PooledArena");
    assert_eq!((entry.place.unwrap().line(), entry.waiting), (line, false));
    let text = said(|| mark.assert_none_alive()).unwrap();
    assert!(
        text.starts_with("1 arenas and maps are alive"),
        "the pool is not meant: {text}"
    );
    let shared = arena.share();
    assert_eq!(only(&mark, "SharedArena").place.unwrap().line(), line);
    drop(shared);
    mark.assert_none_alive();
    let left = pool.checkout().into_arena();
    assert_eq!(only(&mark, "Arena").bytes, left.held());
    drop(pool);
    let text = said(|| mark.assert_none_alive()).unwrap();
    assert!(text.starts_with("1 arenas"), "{text}");
    drop(left);
    assert_eq!(since(&mark), []);
}

/// Leaks of each handle are found, with their names.
#[test]
fn leaks_are_found_by_name() {
    static POOL: ArenaPool = ArenaPool::new();
    let mark = Mark::new();
    let mut owned = Arena::new();
    owned.set_name("scratch");
    forget(owned);
    (&POOL).set_name("requests");
    assert_eq!(only(&mark, "ArenaPool").name, "requests");
    let mut pooled = POOL.checkout();
    pooled.set_name("request");
    forget(pooled);
    let mut shared = Arena::new().share();
    shared.set_name("ticks");
    forget(shared.clone());
    drop(shared);
    let mut words: StrMap<u32> = StrMap::new();
    words.set_name("words");
    forget(words);
    let text = said(|| mark.assert_none_alive()).unwrap();
    for name in [
        "Arena `scratch`",
        "PooledArena `request`",
        "SharedArena `ticks`",
        "CopiedMap `words`: 0 entries",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
}

/// A name goes with what has it, and a node that serves the next thing has none.
#[test]
fn names_do_not_outlive_what_has_them() {
    let mark = Mark::new();
    for _ in 0..3 {
        let mut map = filled(ArenaMap::new());
        assert_eq!(only(&mark, "ArenaMap").name, "ArenaMap");
        map.set_name("mine");
        assert_eq!(only(&mark, "ArenaMap").name, "mine");
        let moved = Box::new(map);
        assert_eq!(only(&mark, "ArenaMap").name, "mine");
        drop(moved);
    }
}

/// Keys that panic when they are hashed, compared or dropped, as they are told.
#[derive(Clone, Debug)]
struct Bomb(u64, Arc<AtomicBool>);

impl Bomb {
    fn tick(&self) {
        assert!(!self.1.load(Ordering::Relaxed) || !self.0.is_multiple_of(5), "bomb");
    }
}

impl Hash for Bomb {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.tick();
        self.0.hash(state);
    }
}

impl PartialEq for Bomb {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Bomb {}

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.tick();
        }
    }
}

#[test]
fn panics_of_keys_leave_the_numbers_right_and_nothing_listed() {
    let mark = Mark::new();
    let armed = Arc::new(AtomicBool::new(false));
    let mut map: ArenaMap<Bomb, u64> = ArenaMap::new();
    let mut panics = 0;
    for n in 0..700 {
        armed.store(n % 7 == 0, Ordering::Relaxed);
        let result = catch_unwind(AssertUnwindSafe(|| map.insert(Bomb(n, armed.clone()), n)));
        panics += usize::from(result.is_err());
        armed.store(false, Ordering::Relaxed);
        let entry = only(&mark, "ArenaMap");
        assert_eq!((entry.entries, entry.bytes), (map.len(), map.allocation_size()));
    }
    assert!(panics > 10, "{panics}");
    armed.store(true, Ordering::Relaxed);
    assert!(catch_unwind(AssertUnwindSafe(|| map.retain(|_, value| *value % 2 == 0))).is_err());
    assert_eq!(only(&mark, "ArenaMap").entries, map.len());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(map))).is_err());
    mark.assert_none_alive();
}

/// Maps come and go on four threads while a fifth one looks: it sees whole entries, and at the end there is nothing.
#[test]
fn threads_come_and_go_under_the_visitor() {
    let rounds = if cfg!(miri) { 20 } else { 200 };
    let pool = ArenaPool::new();
    let (start, done) = (Barrier::new(5), AtomicBool::new(false));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (pool, start) = (&pool, &start);
                scope.spawn(move || {
                    start.wait();
                    let mark = Mark::new();
                    for round in 0..rounds {
                        let mut map = ArenaMap::new_in(pool.checkout());
                        map.set_name("threads");
                        for n in 0..round % 50 {
                            map.insert(n, worker);
                        }
                        assert_eq!(only(&mark, "ArenaMap").entries, map.len());
                    }
                    mark.assert_none_alive();
                })
            })
            .collect();
        let looker = scope.spawn(|| {
            start.wait();
            let mut looks = 0_u64;
            while !done.load(Ordering::Relaxed) {
                registry::visit(|entry| {
                    if entry.name == "threads" {
                        assert!(entry.kind == "ArenaMap" && entry.entries < 50);
                        assert!(entry.place.is_none_or(|place| place.file() == file!()));
                    }
                });
                looks += 1;
            }
            looks
        });
        let results: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        assert!(results.iter().all(Result::is_ok));
        assert!(looker.join().unwrap() > 0);
    });
}

/// A map that is made on one thread and dropped on another is gone; meanwhile it is of the thread that made it.
#[test]
fn maps_go_to_other_threads() {
    let mark = Mark::new();
    let map = filled(ArenaMap::new());
    thread::spawn(move || {
        Mark::new().assert_none_alive();
        let mut map = map;
        map.extend((0..1_000).map(|n| (n, n)));
        drop(map);
    })
    .join()
    .unwrap();
    mark.assert_none_alive();
}

/// Whoever visits may make and drop maps.
#[test]
fn a_visitor_may_make_maps() {
    let mark = Mark::new();
    let map = filled(ArenaMap::new());
    let mut seen = 0;
    mark.visit(|_| {
        seen += 1;
        drop(filled(ArenaMap::new()));
        assert!(!since(&mark).is_empty());
    });
    assert!(seen >= 1);
    drop(map);
    mark.assert_none_alive();
}

/// Ten thousand maps: a look at them calls no heap, and those that come after them find recycled nodes.
#[test]
fn neither_a_scrape_nor_the_second_load_calls_the_heap() {
    const MAPS: usize = if cfg!(any(miri, arenamap_guard)) { 1_200 } else { 10_000 };
    let mut arena = Arena::new();
    let mut maps = Vec::with_capacity(MAPS);
    let mark = Mark::new();
    for round in 0..3 {
        let ((), made) = AllocScope::measure(|| {
            for n in 0..MAPS {
                let mut map: BorrowedMap<'_, usize, usize> = ArenaMap::new_in(&arena);
                map.insert(n, n);
                maps.push(map);
            }
        });
        if round > 0 && !cfg!(arenamap_guard) {
            assert_eq!(made.counts().calls(), 0, "round {round}: {}", made.explain());
        }
        let mut seen = (0, 0);
        let ((), looked) = AllocScope::measure(|| {
            mark.visit(|entry| {
                if entry.kind == "ArenaMap" {
                    seen = (seen.0 + 1, seen.1 + entry.entries);
                }
            });
        });
        assert_eq!(
            (seen, looked.counts().calls()),
            ((MAPS, MAPS), 0),
            "{}",
            looked.explain()
        );
        let ((), dropped) = AllocScope::measure(|| maps.clear());
        if !cfg!(arenamap_guard) {
            assert_eq!(dropped.counts().calls(), 0, "{}", dropped.explain());
        }
        // The list's borrow of the arena is over with the maps.
        maps = Vec::with_capacity(MAPS);
    }
    drop(maps);
    arena.reset();
    drop(arena);
    mark.assert_none_alive();
    assert_eq!(registry::unlisted(), 0);
}

/// A hasher that makes no difference to the lists.
#[test]
fn hashers_of_any_kind() {
    let mark = Mark::new();
    let hasher: BuildHasherDefault<std::hash::DefaultHasher> = BuildHasherDefault::default();
    assert_ne!(hasher.hash_one(1), hasher.hash_one(2));
    let map: ArenaMap<u32, u32, _> = ArenaMap::with_capacity_and_hasher(10, hasher);
    assert_eq!(only(&mark, "ArenaMap").bytes, map.allocation_size());
}
