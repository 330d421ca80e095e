//! Maps in maps and copies of maps, all in one arena.

use arenamap::{Arena, ArenaMap, ArenaSet};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control};
use crate::support::{fixed, key};

type In<'a, V> = ArenaMap<u64, V, FixedState, &'a Arena>;
type OnHeap<V> = HashMap<u64, V, FixedState>;

pub(crate) fn trials() -> Vec<Trial> {
    #[allow(unused_mut, reason = "without std there are no shared arenas to add")]
    let mut trials = vec![
        cycle_claim("maps_in_maps::borrowed", Arena::new, maps_in_maps),
        cycle_control("maps_in_maps", || (), |()| maps_in_maps_on_the_heap()),
        cycle_claim("clone_into_the_arena", Arena::new, clone_into_the_arena),
        cycle_control("clone_into_the_arena", || (), |()| clone_on_the_heap()),
        cycle_claim("sets", Arena::new, sets),
        cycle_control("sets", || (), |()| sets_on_the_heap()),
    ];
    #[cfg(feature = "std")]
    trials.push(cycle_claim("maps_in_maps::shared", || (), |()| maps_in_maps_shared()));
    trials
}

/// Three levels, inner maps made on the first write; reads of missing paths make nothing.
fn maps_in_maps(arena: &mut Arena) {
    {
        let mut top: In<'_, In<'_, In<'_, u64>>> = ArenaMap::with_hasher_in(fixed(), &*arena);
        for i in 0..1_000 {
            let middle = top
                .entry(key(i % 5))
                .or_insert_with(|| ArenaMap::with_hasher_in(fixed(), &*arena));
            let bottom = middle
                .entry(key(i % 7))
                .or_insert_with(|| ArenaMap::with_hasher_in(fixed(), &*arena));
            *bottom.entry(i).or_insert(0) += 1;
        }
        let at = |a, b, c| top.get(&key(a))?.get(&key(b))?.get(&c).copied();
        assert_eq!((at(4, 5, 999), at(4, 5, 998), at(9, 9, 9)), (Some(1), None, None));
        let leaves: usize = top.values().flat_map(ArenaMap::values).map(ArenaMap::len).sum();
        assert_eq!(leaves, 1_000);
        // Inner maps come and go.
        top.remove(&key(0));
        top.retain(|_, middle| {
            middle.clear();
            true
        });
    }
    arena.reset();
}

fn maps_in_maps_on_the_heap() {
    let mut top: OnHeap<OnHeap<OnHeap<u64>>> = HashMap::default();
    for i in 0..1_000 {
        let middle = top.entry(key(i % 5)).or_default();
        *middle.entry(key(i % 7)).or_default().entry(i).or_insert(0) += 1;
    }
}

/// As above on counted handles, as a handler holds them across `.await`.
#[cfg(feature = "std")]
fn maps_in_maps_shared() {
    use arenamap::{ArenaPool, SharedArena};

    static POOL: ArenaPool = ArenaPool::new();
    type Shared<V> = ArenaMap<u64, V, FixedState, SharedArena<'static>>;

    let arena = POOL.checkout().share();
    let mut top: Shared<Shared<u64>> = ArenaMap::with_hasher_in(fixed(), arena.clone());
    for i in 0..1_000 {
        let inner = top
            .entry(key(i % 50))
            .or_insert_with(|| ArenaMap::with_hasher_in(fixed(), arena.clone()));
        *inner.entry(i).or_insert(0) += 1;
    }
    drop(arena);
    assert_eq!(top.values().map(ArenaMap::len).sum::<usize>(), 1_000);
}

fn clone_into_the_arena(arena: &mut Arena) {
    {
        let mut map: In<'_, u64> = ArenaMap::with_hasher_in(fixed(), &*arena);
        map.extend((0..500).map(|i| (key(i), i)));
        let twin = map.clone();
        assert_eq!(twin, map);
        let other = twin.clone_in(&*arena);
        let another = twin.try_clone_in(&*arena).expect("no budget");
        let mut target = other.clone();
        target.clone_from(&another);
        assert_eq!(target.len(), 500);
    }
    arena.reset();
}

fn clone_on_the_heap() {
    let mut map: OnHeap<u64> = HashMap::with_hasher(fixed());
    map.extend((0..500).map(|i| (key(i), i)));
    assert_eq!(map.clone(), map);
}

fn sets(arena: &mut Arena) {
    {
        let mut odd: ArenaSet<u64, _, _> = ArenaSet::with_hasher_in(fixed(), &*arena);
        let mut small: ArenaSet<u64, _, _> = ArenaSet::with_hasher_in(fixed(), &*arena);
        odd.extend((0..500).map(|i| 2 * i + 1));
        small.extend(0..100);
        assert_eq!(odd.intersection(&small).count(), 50);
        assert_eq!(odd.union(&small).count(), 550);
        assert!(odd.remove(&1) && !odd.contains(&1));
        odd.retain(|number| number % 3 == 0);
        small.clear();
    }
    arena.reset();
}

fn sets_on_the_heap() {
    let mut odd: HashSet<u64, FixedState> = HashSet::with_hasher(fixed());
    odd.extend((0..500).map(|i| 2 * i + 1));
    assert_eq!(odd.len(), 500);
}
