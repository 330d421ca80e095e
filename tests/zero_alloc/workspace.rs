//! Collections and their arena emptied together, and handles that are alone again.

use arenamap::{Arena, ArenaMap, ArenaSet, Handle, SharedArena, StrMap, Workspace};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control};
use crate::support::{fixed, key};

type Shared = SharedArena<'static>;
type Map<V> = ArenaMap<u64, V, FixedState, Shared>;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        cycle_claim("workspace", || Workspace::new(Tick::new_in as Maker), tick),
        cycle_claim(
            "workspace_that_is_refused",
            || {
                let work = Workspace::new(Tick::new_in as Maker);
                let outside = work.arena().clone();
                let mut both = (work, outside);
                // What goes back to its chunk in the first round, as the last block of it, may be carved at another place in the second.
                refused_tick(&mut both);
                both
            },
            refused_tick,
        ),
        cycle_control("workspace", || (), |()| tick_on_the_heap()),
        cycle_claim("reset_if_unique", || Arena::new().share(), reset_if_unique),
        cycle_claim("there_and_back", || Some(Arena::new()), there_and_back),
        cycle_control("there_and_back", || (), |()| anew()),
        cycle_claim("values_of_any_handle::owned", Arena::new, |arena| {
            values(arena);
            arena.reset();
        }),
        cycle_claim(
            "values_of_any_handle::shared",
            || Arena::new().share(),
            |arena| {
                values(arena);
                arena.reset_if_unique().expect("alone");
            },
        ),
    ]
}

type Maker = fn(&Shared) -> Tick;

struct Tick {
    positions: Map<(u64, u64)>,
    grid: Map<ArenaSet<u64, FixedState, Shared>>,
    names: StrMap<u64, FixedState, Shared>,
}

impl Tick {
    fn new_in(arena: &Shared) -> Self {
        Self {
            positions: Map::with_hasher_in(fixed(), arena.clone()),
            grid: Map::with_hasher_in(fixed(), arena.clone()),
            names: StrMap::with_hasher_in(fixed(), arena.clone()),
        }
    }

    fn work(&mut self, arena: &Shared) {
        for n in 0..500 {
            self.positions.insert(key(n), (n % 7, n % 5));
            self.grid
                .entry(n % 35)
                .or_insert_with(|| ArenaSet::with_hasher_in(fixed(), arena.clone()))
                .insert(key(n));
            self.names.insert(["one", "two", "three"][(n % 3) as usize], n);
        }
        assert_eq!((self.positions.len(), self.grid.len(), self.names.len()), (500, 35, 3));
    }
}

fn tick(work: &mut Workspace<Tick>) {
    let arena = work.arena().clone();
    work.work(&arena);
    drop(arena);
    assert_eq!(work.arena().alloc_str("beside the maps"), "beside the maps");
    work.reset().expect("no handle is outside");
    assert_eq!(work.arena().used(), 0);
}

/// A handle that stays outside makes every reset fail: what the collections had is recycled all the same.
fn refused_tick((work, outside): &mut (Workspace<Tick>, Shared)) {
    work.work(outside);
    assert_eq!(work.reset().unwrap_err().others, 1);
    assert_eq!(outside.used(), 0);
}

fn tick_on_the_heap() {
    let mut positions: HashMap<u64, (u64, u64), _> = HashMap::with_hasher(fixed());
    let mut grid: HashMap<u64, HashSet<u64>, _> = HashMap::with_hasher(fixed());
    for n in 0..500 {
        positions.insert(key(n), (n % 7, n % 5));
        grid.entry(n % 35).or_default().insert(key(n));
    }
    assert_eq!((positions.len(), grid.len()), (500, 35));
}

fn reset_if_unique(arena: &mut Shared) {
    let mut map = Map::with_hasher_in(fixed(), arena.clone());
    map.extend((0..100).map(|n| (key(n), n)));
    assert!(arena.reset_if_unique().is_err());
    drop(map);
    arena.reset_if_unique().expect("alone");
    assert_eq!((arena.used(), arena.free(), arena.budget()), (0, 0, None));
}

/// From an owned arena to counted handles, and back.
fn there_and_back(slot: &mut Option<Arena>) {
    let shared = slot.take().expect("put back by the cycle before").share();
    let other = shared.clone();
    other.alloc_str("text");
    let shared = shared.try_into_arena().expect_err("there are two");
    drop(other);
    let mut arena = shared.try_into_arena().expect("alone");
    arena.reset();
    *slot = Some(arena);
}

fn anew() {
    let shared = Arena::new().share();
    assert_eq!(shared.try_into_arena().expect("alone").alloc_str("text"), "text");
}

fn values<H: Handle>(arena: &H) {
    for n in 0..100_u64 {
        assert_eq!(arena.alloc(n), &n);
        assert_eq!(arena.alloc_str("text"), "text");
        assert!(arena.try_alloc_slice_copy(&[n, n]).is_ok());
    }
    assert!(arena.stats().used > 0);
}
