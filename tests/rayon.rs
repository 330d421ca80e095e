//! Feature `rayon`: parallel iterators give what the sequential ones give, in every state of a table, and drop each entry once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{mem, thread};

use arenamap::{Arena, ArenaMap, ArenaPool, ArenaSet, ArenaVec, BytesMap, DefaultHashBuilder, StrMap};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Small forms, one group, the sizes around growth at once and in steps, and large ones.
const SIZES: [u32; 18] = [
    0, 1, 3, 4, 5, 14, 15, 100, 224, 225, 448, 449, 460, 897, 1000, 7_169, 57_345, 100_000,
];

/// More threads than cores, so that pieces are stolen here too.
fn pool() -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(4).build().unwrap()
}

/// Maps of about `len` entries: fresh, after removals and insertions, after `retain`, and with all entries moved.
fn states(len: u32) -> Vec<ArenaMap<u32, u32>> {
    let grown = || {
        let mut map = ArenaMap::new();
        for n in 0..len {
            map.insert(n, n ^ 0x5A5A);
        }
        map
    };
    let mut churned = grown();
    for n in 0..len {
        if n % 3 == 0 {
            churned.remove(&n);
            churned.insert(n + len, n);
        }
    }
    let mut retained = grown();
    retained.retain(|key, _| key % 7 == 0);
    let mut settled = grown();
    settled.reserve(1);
    vec![grown(), churned, retained, settled]
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort_unstable();
    items
}

/// Every way through one map.
fn check(mut map: ArenaMap<u32, u32>) {
    let expected: BTreeMap<u32, u32> = map.iter().map(|(&key, &value)| (key, value)).collect();
    assert_eq!(expected.len(), map.len());
    let entries = expected.clone().into_iter().collect::<Vec<_>>();

    let seen: Vec<(u32, u32)> = map.par_iter().map(|(&key, &value)| (key, value)).collect();
    assert_eq!(sorted(seen), entries);
    assert_eq!(
        sorted(map.par_keys().copied().collect::<Vec<_>>()),
        sorted(expected.keys().copied())
    );
    assert_eq!(
        sorted(map.par_values().copied().collect::<Vec<_>>()),
        sorted(expected.values().copied())
    );

    map.par_iter_mut()
        .for_each(|(&key, value)| *value = value.wrapping_add(key));
    map.par_values_mut().for_each(|value| *value = value.wrapping_add(1));
    for (key, value) in &expected {
        assert_eq!(map[key], value.wrapping_add(*key).wrapping_add(1));
    }
    map.par_iter_mut()
        .for_each(|(&key, value)| *value = value.wrapping_sub(key).wrapping_sub(1));

    let copy = map.clone();
    assert!(map.par_eq(&copy));
    assert_eq!(sorted(copy.into_par_iter().collect::<Vec<_>>()), entries);

    let capacity = map.capacity();
    assert_eq!(sorted(map.par_drain().collect::<Vec<_>>()), entries);
    assert!(map.is_empty());
    assert_eq!(map.iter().count(), 0);
    assert_eq!(map.capacity(), capacity);
    map.par_extend(entries.par_iter().map(|(key, value)| (key, value)));
    assert_eq!(sorted(map), entries);
}

#[test]
fn all_entries_in_every_state() {
    pool().install(|| SIZES.into_iter().flat_map(states).for_each(check));
}

#[test]
fn all_entries_at_every_step_of_a_move() {
    pool().install(|| {
        let mut moving = 0;
        for len in (449..485)
            .chain((897..960).step_by(7))
            .chain((7_169..7_500).step_by(31))
        {
            let map = states(len).swap_remove(0);
            moving += usize::from(map.stats().left_to_move > 0);
            check(map);
        }
        assert!(moving > 20, "{moving} maps were in the middle of a move");
    });
}

#[test]
fn entries_without_size_and_with_alignment() {
    #[repr(align(64))]
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    struct Wide(u32);

    let unit: ArenaSet<()> = ArenaSet::from([()]);
    assert_eq!(unit.par_iter().count(), 1);
    assert_eq!(unit.into_par_iter().count(), 1);
    let wide: ArenaSet<Wide> = (0..1000).map(Wide).collect();
    assert_eq!(
        sorted(wide.par_iter().copied().collect::<Vec<_>>()),
        (0..1000).map(Wide).collect::<Vec<_>>()
    );
}

#[test]
fn maps_on_every_handle() {
    let arena = Arena::new();
    let pool = ArenaPool::new();
    let shared = Arena::new().share();
    macro_rules! sum {
        ($handle:expr) => {{
            let mut map = ArenaMap::<u32, u32, DefaultHashBuilder, _>::new_in($handle);
            map.par_extend((0..1000).into_par_iter().map(|n| (n, 1)));
            map.par_values_mut().for_each(|value| *value += 1);
            map.par_iter_mut().for_each(|(_, value)| *value += 1);
            assert_eq!(map.par_values().sum::<u32>(), 3000);
            assert_eq!(map.par_keys().sum::<u32>(), 499_500);
            map
        }};
    }
    // A map on a borrowed arena stays on its thread; its entries may be looked at from others.
    drop(sum!(&arena));
    assert_eq!(sum!(pool.checkout()).par_drain().count(), 1000);
    assert_eq!(sum!(pool.checkout()).into_par_iter().count(), 1000);
    assert_eq!(sum!(shared.clone()).par_drain().count(), 1000);
    assert_eq!(sum!(shared.clone()).into_par_iter().count(), 1000);
    assert_eq!(sum!(Arena::new()).into_par_iter().count(), 1000);
}

#[test]
fn copied_maps() {
    pool().install(|| {
        for len in SIZES {
            let mut map: StrMap<u32> = (0..len).into_par_iter().map(|n| (n.to_string(), n)).collect();
            map.retain(|_, value| *value % 5 != 1);
            let expected: BTreeMap<&str, u32> = map.iter().map(|(key, &value)| (key, value)).collect();
            assert_eq!(expected.len(), map.len());
            let seen: Vec<(&str, u32)> = map.par_iter().map(|(key, &value)| (key, value)).collect();
            assert_eq!(sorted(seen), expected.clone().into_iter().collect::<Vec<_>>());
            assert_eq!(
                sorted(map.par_keys().collect::<Vec<_>>()),
                sorted(expected.keys().copied())
            );
            assert_eq!(
                map.par_values().map(|n| u64::from(*n)).sum::<u64>(),
                expected.values().map(|n| u64::from(*n)).sum::<u64>()
            );
            let mut copy = map.clone();
            assert!(map.par_eq(&copy));
            copy.par_iter_mut()
                .for_each(|(key, value)| *value += u32::try_from(key.len()).unwrap());
            copy.par_values_mut().for_each(|value| *value += 1);
            assert!(
                copy.iter()
                    .all(|(key, value)| *value as usize == map[key] as usize + key.len() + 1)
            );
            assert_eq!(map.par_eq(&copy), map.is_empty());
        }
    });
    let mut bytes = BytesMap::<u32>::new();
    bytes.par_extend((0..10_u8).into_par_iter().map(|n| ([n % 5], u32::from(n))));
    assert_eq!(bytes.len(), 5);
    assert_eq!(bytes.par_values().sum::<u32>(), 35); // the later ones stay
}

#[test]
fn set_operations_as_in_std() {
    pool().install(|| {
        for (first, second) in [(0, 0), (0, 10), (3, 4), (100, 40), (449, 500), (10_000, 7_169)] {
            let (a, b) = (0..first, (0..second * 2).step_by(2));
            let (model_a, model_b): (HashSet<u32>, HashSet<u32>) = (a.clone().collect(), b.clone().collect());
            let a: ArenaSet<u32> = a.into_par_iter().collect();
            let mut b = b.collect::<ArenaSet<u32>>();
            macro_rules! same {
                ($($parallel:ident $operation:ident),*) => {$(
                    let operation = a.$parallel(&b);
                    assert_eq!(format!("{operation:?}").len(), format!("{:?}", a.$operation(&b)).len());
                    assert_eq!(
                        sorted(operation.copied().collect::<Vec<_>>()),
                        sorted(model_a.$operation(&model_b).copied())
                    );
                )*};
            }
            same!(
                par_union union, par_intersection intersection, par_difference difference,
                par_symmetric_difference symmetric_difference
            );
            let common: ArenaSet<u32> = a.par_intersection(&b).copied().collect();
            for (x, y) in [(&a, &b), (&b, &a), (&common, &a), (&a, &common), (&a, &a)] {
                let (model_x, model_y): (BTreeSet<u32>, BTreeSet<u32>) =
                    (x.iter().copied().collect(), y.iter().copied().collect());
                assert_eq!(x.par_is_disjoint(y), model_x.is_disjoint(&model_y));
                assert_eq!(x.par_is_subset(y), model_x.is_subset(&model_y));
                assert_eq!(x.par_is_superset(y), model_x.is_superset(&model_y));
                assert_eq!(x.par_eq(y), model_x == model_y);
            }
            assert_eq!(sorted(b.par_drain().collect::<Vec<_>>()), sorted(model_b));
            b.par_extend(a.par_iter());
            assert!(a.par_eq(&b));
            assert_eq!(sorted(b.into_par_iter().collect::<Vec<_>>()), sorted(model_a));
        }
    });
}

#[test]
fn lists() {
    let arena = Arena::new();
    let mut list = ArenaVec::from_iter_in(0..10_000_u32, &arena);
    assert_eq!(list.par_iter().sum::<u32>(), list.iter().sum::<u32>());
    list.par_iter_mut().for_each(|n| *n += 1);
    (&mut list).into_par_iter().for_each(|n| *n -= 1);
    list.par_extend((&ArenaVec::from([7, 8])).into_par_iter());
    let collected: ArenaVec<u32> = list.into_par_iter().rev().collect();
    assert_eq!(collected[..3], [8, 7, 9_999]);
}

#[test]
fn of_equal_keys_the_last_value_stays() {
    let map: ArenaMap<u32, u32> = (0..10_000).into_par_iter().map(|n| (n % 100, n)).collect();
    assert!(map.iter().all(|(&key, &value)| value == 9_900 + key));
    let mut map: ArenaMap<u32, u32> = ArenaMap::from([(1, 1), (2, 2)]);
    map.par_extend(vec![(2, 3), (3, 3), (2, 4)]);
    assert_eq!(map, ArenaMap::from([(1, 1), (2, 4), (3, 3)]));
}

/// Counts its drops, each entry for itself: one that is dropped twice is seen even if another one is not dropped.
struct Dropped<'a>(&'a AtomicUsize);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

type Counted<'a> = ArenaMap<usize, Dropped<'a>>;

/// Runs `consume` on maps of several sizes, one in the middle of a move among them. In the end each entry was dropped once.
fn each_dropped_once(consume: impl Fn(Counted<'_>) + Sync) {
    pool().install(|| {
        for len in [1, 4, 5, 14, 449, 5_000, 7_180] {
            let drops: Vec<AtomicUsize> = (0..len).map(|_| AtomicUsize::new(0)).collect();
            let mut map = Counted::new();
            for (n, count) in drops.iter().enumerate() {
                map.insert(n, Dropped(count));
            }
            consume(map);
            for (n, count) in drops.iter().enumerate() {
                assert_eq!(count.load(Relaxed), 1, "drops of entry {n} of {len}");
            }
        }
    });
}

/// Asks a map that was drained to be empty and to work.
fn works(map: &mut Counted<'_>) {
    static OTHER: AtomicUsize = AtomicUsize::new(0);
    assert!(map.is_empty() && map.iter().next().is_none());
    for n in 0..1000 {
        map.insert(n, Dropped(&OTHER));
    }
    assert_eq!(map.len(), 1000);
    assert!((0..1000).all(|n| map.contains_key(&n)));
}

fn panics(run: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
}

#[test]
fn each_entry_is_dropped_once() {
    each_dropped_once(|map| map.into_par_iter().for_each(drop));
    each_dropped_once(|map| drop(map.into_par_iter()));
    each_dropped_once(|mut map| {
        map.par_drain().for_each(drop);
        works(&mut map);
    });
    each_dropped_once(|mut map| {
        drop(map.par_drain());
        works(&mut map);
    });
    each_dropped_once(|mut map| drop(map.par_drain().collect::<Vec<_>>()));
}

#[test]
fn a_consumer_that_panics() {
    for at in [0, 3, 400] {
        each_dropped_once(|map| {
            let at = at.min(map.len() - 1);
            panics(|| map.into_par_iter().for_each(|(n, _)| assert_ne!(n, at)));
        });
        each_dropped_once(|mut map| {
            let at = at.min(map.len() - 1);
            panics(|| map.par_drain().for_each(|(n, _)| assert_ne!(n, at)));
            works(&mut map);
        });
        each_dropped_once(|mut map| {
            let (len, at) = (map.len(), at.min(map.len() - 1));
            panics(|| map.par_iter_mut().for_each(|(n, _)| assert_ne!(*n, at)));
            assert_eq!((map.len(), map.iter().count()), (len, len));
        });
    }
    each_dropped_once(|map| panics(|| map.into_par_iter().for_each(|_| panic!("every item"))));
}

#[test]
fn a_consumer_that_stops_early() {
    each_dropped_once(|map| assert!(map.into_par_iter().find_any(|_| true).is_some()));
    each_dropped_once(|mut map| {
        assert!(map.par_drain().find_any(|(n, _)| *n == 0).is_some());
        works(&mut map);
    });
    each_dropped_once(|map| {
        let found = map.par_iter().find_any(|(n, _)| **n == 0);
        assert_eq!(found.map(|(n, _)| *n), Some(0));
    });
}

#[test]
fn a_leaked_drain_leaves_an_empty_map() {
    let drops = AtomicUsize::new(0);
    let mut map: Counted<'_> = (0..5_000).map(|n| (n, Dropped(&drops))).collect();
    mem::forget(map.par_drain());
    works(&mut map);
    drop(map);
    assert_eq!(drops.load(Relaxed), 0);
}

/// A drain and a map by value are used where they were sent.
#[test]
fn iterators_go_to_another_thread() {
    let mut map: ArenaMap<u32, u32> = (0..1000).map(|n| (n, n)).collect();
    thread::scope(|scope| {
        let drain = map.par_drain();
        scope.spawn(move || assert_eq!(drain.count(), 1000));
    });
    map.extend([(1, 1)]);
    let entries = map.into_par_iter();
    thread::spawn(move || assert_eq!(entries.count(), 1)).join().unwrap();
}

#[test]
fn one_pooled_arena_for_each_worker() {
    static POOL: ArenaPool = ArenaPool::new();
    let counts = |_: u32| -> Vec<usize> {
        (0..1000_usize)
            .into_par_iter()
            .map_init(
                || POOL.checkout(),
                |arena, n| {
                    let distinct: usize = {
                        let mut set = ArenaSet::new_in(&**arena);
                        set.extend((0..n).map(|i| i % 17));
                        set.len()
                    };
                    arena.reset();
                    distinct
                },
            )
            .collect()
    };
    for round in 0..3 {
        assert!(counts(round).into_iter().eq((0..1000).map(|n| n.min(17))));
    }
}
