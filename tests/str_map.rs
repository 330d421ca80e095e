//! `StrMap`: against a model, on every handle; where the bytes of keys go; panics in user code; auto traits.
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

mod support;

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::{Arena, ArenaError, DefaultHashBuilder, Growth, Handle, StrEntry, StrMap, str_map};
use foldhash::fast::{FixedState, FoldHasher};
use support::{Constant, Dice, fixed, times};

/// A value so large that a segment takes few: small programs split too.
type Large = [u64; 512];

fn large(number: u64) -> Large {
    [number; 512]
}

/// A key of some length; a few are empty, a few longer than the small classes of an arena.
fn name(number: u64) -> String {
    match number {
        0 => String::new(),
        1 => "long ".repeat(200),
        _ => format!("{number:0width$}é", width = (number % 40) as usize),
    }
}

/// A map of the first numbers by their names.
fn numbered(arena: &Arena, len: u64) -> StrMap<u64, &Arena> {
    StrMap::from_iter_in((0..len).map(|number| (name(number), number)), arena)
}

/// Runs a random program on a map and on its model, and compares all they hold after each step.
fn run<V: Clone + PartialEq + std::fmt::Debug, H: Handle, S: BuildHasher>(
    map: &mut StrMap<V, H, S>,
    make: fn(u64) -> V,
    keys: u64,
    steps: usize,
    seed: u64,
) {
    let mut model: HashMap<String, V> = HashMap::new();
    let mut dice = Dice::new(seed);
    for step in 0..steps {
        let key = name(dice.below(keys));
        let value = make(dice.next());
        match dice.below(40) {
            0..8 => assert_eq!(map.insert(&key, value.clone()), model.insert(key, value)),
            8..14 => assert_eq!(map.remove(&key), model.remove(&key)),
            14..16 => {
                let removed = map.remove_entry(&key).map(|(key, value)| (key.to_string(), value));
                assert_eq!(removed, model.remove_entry(&key));
            }
            16..20 => {
                let found = map.entry(&key).or_insert(value.clone());
                assert_eq!(found, model.entry(key).or_insert(value));
            }
            20..22 => match map.entry(&key) {
                StrEntry::Occupied(entry) => {
                    assert_eq!(entry.key(), key);
                    let (removed, value) = entry.remove_entry();
                    assert_eq!(removed, *key);
                    assert_eq!(Some(value), model.remove(&key));
                }
                StrEntry::Vacant(entry) => {
                    assert_eq!(entry.key(), key);
                    entry.try_insert(value.clone()).unwrap();
                    assert_eq!(model.insert(key, value), None);
                }
            },
            22..24 => {
                _ = map.entry(&key).and_modify(|known| *known = value.clone());
                _ = model.entry(key).and_modify(|known| *known = value);
            }
            24..26 => match map.try_insert(&key, value.clone()) {
                Ok(_) => assert_eq!(model.insert(key, value), None),
                Err(error) => assert_eq!(Some(error.entry.get()), model.get(&key)),
            },
            26 => {
                let odd = dice.below(2);
                map.retain(|key, _| key.len() as u64 % 2 == odd);
                model.retain(|key, _| key.len() as u64 % 2 == odd);
            }
            27 => {
                let odd = dice.below(2);
                let some = dice.below(9) as usize;
                for (key, value) in map.extract_if(|key, _| key.len() as u64 % 2 == odd).take(some) {
                    assert_eq!(model.remove(&*key), Some(value));
                }
            }
            28 if step % 4 == 0 => {
                // Every key is alive until it is dropped, whatever was dropped before it.
                let mut drained: Vec<_> = map.drain().collect();
                assert_eq!(drained.len(), model.len());
                while !drained.is_empty() {
                    drained.swap_remove(dice.below(drained.len() as u64) as usize);
                    for (key, value) in &drained {
                        assert_eq!(model.get(&**key), Some(value));
                    }
                    if drained.len() > 50 {
                        drained.truncate(50);
                    }
                }
                model.clear();
            }
            29 if step % 4 == 0 => {
                let some = dice.below(9) as usize;
                for (key, value) in map.drain().take(some) {
                    assert_eq!(model.remove(&*key), Some(value));
                }
                model.clear();
            }
            30 if step % 4 == 0 => {
                map.clear();
                model.clear();
            }
            31 => map.shrink_to_fit(),
            32 => map.try_reserve(dice.below(20) as usize).unwrap(),
            33 => {
                for known in map.values_mut() {
                    *known = value.clone();
                }
                for known in model.values_mut() {
                    *known = value.clone();
                }
            }
            34..36 => {
                let more: Vec<_> = (0..dice.below(30)).map(|_| name(dice.below(keys))).collect();
                map.extend(more.iter().map(|key| (key, value.clone())));
                model.extend(more.into_iter().map(|key| (key, value.clone())));
            }
            _ => assert_eq!(
                map.get_key_value(&key),
                model.get_key_value(&key).map(|(k, v)| (&**k, v))
            ),
        }
        assert_eq!(map.len(), model.len());
        assert_eq!(map.iter().len(), model.len());
        assert!(map.iter().all(|(key, value)| model.get(key) == Some(value)));
        assert!(model.iter().all(|(key, value)| map.get(key) == Some(value)));
    }
}

#[test]
fn a_borrowed_map_is_like_its_model_and_gives_all_back() {
    for seed in 0..times(8, 1) as u64 {
        let arena = Arena::new();
        let mut map = StrMap::new_in(&arena);
        run(&mut map, |number| number, 60, times(3000, 150), seed);
        drop(map);
        assert_eq!(arena.used(), 0);
    }
}

#[test]
fn a_map_of_several_segments_is_like_its_model_and_gives_all_back() {
    for growth in [Growth::Segmented, Growth::Flat] {
        let arena = Arena::new();
        let mut map = StrMap::builder().growth(growth).build_in(&arena);
        for number in 0..70 {
            map.insert(&name(number), large(number));
        }
        assert_eq!(map.stats().segments > 1, growth == Growth::Segmented);
        map.clear();
        run(&mut map, large, 200, times(400, 30), 1);
        drop(map);
        assert_eq!(arena.used(), 0);
    }
}

#[test]
fn owned_maps_are_like_their_model_and_give_all_back() {
    let mut map = StrMap::new();
    run(&mut map, |number| number.to_string(), 60, times(3000, 150), 2);
    map.clear();
    let tables = map.stats().table_bytes + map.stats().directory_bytes;
    assert!(map.arena_stats().used - tables < 16); // blocks are rounded up
    map.insert("a key", String::new());
    assert_eq!(map.into_handle().used(), 0);
}

#[test]
fn keys_of_one_hash_are_told_apart() {
    let arena = Arena::new();
    let mut map = StrMap::with_hasher_in(Constant, &arena);
    run(&mut map, |number| number, 20, times(500, 60), 3);
    drop(map);
    assert_eq!(arena.used(), 0);
}

#[cfg(feature = "std")]
#[test]
fn pooled_and_shared_maps_are_like_their_model() {
    let pool = arenamap::ArenaPool::new();
    let mut pooled = StrMap::new_in(pool.checkout());
    run(&mut pooled, |number| number, 60, times(2000, 100), 4);
    assert_eq!(pooled.into_handle().used(), 0);

    let shared = pool.checkout().share();
    let mut one = StrMap::new_in(shared.clone());
    let mut other = StrMap::new_in(shared.clone());
    one.insert("stays", 1);
    run(&mut other, |number| number.to_string(), 60, times(2000, 100), 5);
    drop(other);
    assert_eq!(one["stays"], 1);
    drop(one);
    assert_eq!(shared.stats().used, 0);
    drop(shared);
    assert_eq!(pool.stats().out, 0);
}

#[cfg(feature = "std")]
#[test]
fn maps_of_one_shared_arena_work_on_several_threads() {
    let shared = Arena::new().share();
    std::thread::scope(|scope| {
        for seed in 0..3 {
            let arena = shared.clone();
            scope.spawn(move || run(&mut StrMap::new_in(arena), |number| number, 40, times(1000, 60), seed));
        }
    });
    assert_eq!(shared.stats().used, 0);
}

#[test]
fn keys_are_copied_only_when_they_are_new() {
    let arena = Arena::new();
    let mut map = StrMap::with_capacity_in(20, &arena);
    let before = arena.used();
    map.insert("a key of 21 bytes ...", 1);
    assert_eq!(arena.used(), before + 24);
    let text = String::from("a key of 21 bytes ...");
    map.insert(&text, 2);
    *map.entry(&text).or_insert(0) += 1;
    assert_eq!(map.try_insert(&text, 9).unwrap_err().value, 9);
    assert_eq!(map.entry("absent").key(), "absent");
    map.insert("", 4);
    assert_eq!((map[&*text], map[""]), (3, 4));
    assert_eq!(arena.used(), before + 24);
    map.remove(&text);
    assert_eq!(arena.used(), before);
}

#[test]
fn churn_of_keys_of_one_length_holds_no_more() {
    let arena = Arena::new();
    let mut map = StrMap::with_hasher_in(fixed(), &arena);
    let key = |number: usize| format!("{number:016}");
    let live = times(1300, 20); // of 1792 or 28 that fit: tables are rebuilt now and then
    for number in 0..live {
        map.insert(&key(number), number);
    }
    let mut dice = Dice::new(6);
    let mut numbers: Vec<usize> = (0..live).collect();
    let mut churn = |map: &mut StrMap<usize, &Arena, FixedState>, from: usize, to: usize| {
        for number in from..to {
            let at = dice.below(live as u64) as usize;
            assert!(map.remove(&key(mem::replace(&mut numbers[at], number))).is_some());
            assert_eq!(map.insert(&key(number), number), None);
        }
    };
    churn(&mut map, live, 11 * live);
    let (held, high_water) = (arena.held(), arena.high_water());
    churn(&mut map, 11 * live, 11 * live + times(100_000, 200));
    assert_eq!((arena.held(), arena.high_water()), (held, high_water));
}

#[test]
fn a_refused_insertion_leaves_everything_as_it_was() {
    for budget in (0..times(3000, 400)).step_by(24) {
        let arena = Arena::with_budget(budget);
        let mut map = StrMap::new_in(&arena);
        let refused = loop {
            let used = arena.used();
            let key = name(map.len() as u64 + 2);
            let by_entry = map.len() % 2 == 0;
            let error = if by_entry {
                map.entry(&key).try_or_insert(1).map(|_| ()).err()
            } else {
                map.try_insert_overwrite(&key, 1).map(|_| ()).err()
            };
            if let Some(error) = error {
                assert_eq!((error.key, error.value), (&*key, 1));
                assert_eq!(arena.used(), used);
                break error.cause;
            }
        };
        assert!(matches!(refused, ArenaError::Budget { .. }));
        let len = map.len();
        for number in 2..len as u64 + 2 {
            assert_eq!(map.try_insert_overwrite(&name(number), 2).unwrap(), Some(1));
        }
        let error = map.try_extend([("k".repeat(5000), 1)]).unwrap_err();
        assert_eq!((error.inserted, error.rejected.0.len()), (0, 5000));
        drop(map);
        assert_eq!(arena.used(), 0);
    }
}

#[test]
fn the_infallible_call_names_its_twin() {
    let arena = Arena::with_budget(0);
    let mut map = StrMap::new_in(&arena);
    let panic = catch_unwind(AssertUnwindSafe(|| map.insert("k", 1))).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains("try_insert_overwrite"));
}

#[test]
fn keys_that_left_live_until_they_are_dropped() {
    let arena = Arena::new();
    let mut map = numbered(&arena, 10);
    let used = arena.used();
    let (key, _) = map.remove_entry(&name(5)).unwrap();
    arena.alloc_str(&"x".repeat(key.len())); // would be written over the key, had its bytes been given back
    assert_eq!(key, *name(5));
    drop(key);
    let (keys, numbers): (Vec<_>, Vec<_>) = map.extract_if(|_, number| *number < 4).unzip();
    for number in &numbers {
        arena.alloc_str(&"x".repeat(name(*number).len()));
    }
    assert!(keys.iter().zip(&numbers).all(|(key, number)| *key == *name(*number)));
    assert_eq!(format!("{:?}", keys[0]), format!("{:?}", name(numbers[0])));
    drop(keys);
    let left: Vec<_> = map.drain().collect();
    assert_eq!(left.len(), 5);
    drop(left);
    drop(map);
    assert!(arena.used() < used + 2000);
}

#[test]
fn leaks_lose_bytes_and_nothing_else() {
    let mut arena = Arena::new();
    let mut map = numbered(&arena, 10);
    mem::forget(map.remove_entry(&name(3)));
    let mut drain = map.drain();
    drain.next();
    mem::forget(drain);
    assert!(map.len() <= 9);
    map.insert("still usable", 1);
    assert_eq!(map["still usable"], 1);
    let mut some = map.extract_if(|_, _| true);
    some.next(); // dropped or leaked, it leaves the others
    mem::forget(map);
    arena.reset();
    assert_eq!(arena.used(), 0);
}

#[test]
fn copies_own_their_keys() {
    let arena = Arena::new();
    let map = StrMap::from([("a", 1), ("", 2), ("ccc", 3)]);
    let copy = map.clone_in(&arena);
    let own = map.clone();
    assert_eq!(map, own);
    drop(map);
    assert_eq!(own, copy);
    let second = copy.clone();
    drop(copy);
    assert_eq!(second["ccc"], 3);
    assert_ne!(second, StrMap::from([("a", 1)]));
    let mut values: Vec<i32> = second.into_values().collect();
    values.sort_unstable();
    assert_eq!(values, [1, 2, 3]);
    assert_eq!(arena.used(), 0);
    assert!(own.try_clone_in(&Arena::with_budget(100)).is_err());
}

#[test]
fn values_outlive_their_keys_and_are_dropped_once() {
    let arena = Arena::new();
    let bombs = Bombs::default();
    let mut values = bombs.map_in(&arena, 20).into_values();
    assert_eq!(values.len(), 20);
    drop(values.next());
    drop(values);
    assert_eq!((bombs.dropped.get(), arena.used()), (20, 0));
}

#[test]
fn it_formats_like_a_map() {
    let map = StrMap::from([("key", 1)]);
    assert_eq!(format!("{map:?}"), r#"{"key": 1}"#);
    assert_eq!(
        format!("{:?} {:?} {:?}", map.iter(), map.keys(), map.values()),
        r#"[("key", 1)] ["key"] [1]"#
    );
}

/// Counts the drops of its values, and panics at one of them.
#[derive(Default)]
struct Bombs {
    dropped: Cell<usize>,
    cloned: Cell<usize>,
    fuse: Cell<Option<usize>>,
}

struct Bomb<'b>(&'b Bombs);

impl Drop for Bomb<'_> {
    fn drop(&mut self) {
        self.0.dropped.set(self.0.dropped.get() + 1);
        let now = self.0.fuse.get() == Some(self.0.dropped.get()) && !std::thread::panicking();
        assert!(!now, "a drop");
    }
}

impl Clone for Bomb<'_> {
    fn clone(&self) -> Self {
        self.0.cloned.set(self.0.cloned.get() + 1);
        assert!(self.0.cloned.get() < 8, "a clone");
        Bomb(self.0)
    }
}

impl Bombs {
    fn map_in<H: Handle>(&self, handle: H, len: u64) -> StrMap<Bomb<'_>, H> {
        StrMap::from_iter_in((0..len).map(|number| (name(number), Bomb(self))), handle)
    }
}

/// Does something to a map in which the drop of the fifth value panics, and then uses the map.
fn drop_panics(act: impl Fn(&mut StrMap<Bomb<'_>, &Arena>)) {
    let mut arena = Arena::new();
    for len in [20, times(200, 40) as u64] {
        let bombs = Bombs::default();
        let mut map = bombs.map_in(&arena, len);
        bombs.fuse.set(Some(5));
        catch_unwind(AssertUnwindSafe(|| act(&mut map))).unwrap_err();
        bombs.fuse.set(None);
        for number in 0..len {
            map.insert(&name(number), Bomb(&bombs));
        }
        assert_eq!(map.len(), len as usize);
        assert!((0..len).all(|number| map.contains_key(&name(number))));
        drop(map);
        assert!(bombs.dropped.get() as u64 >= len);
        arena.reset();
    }
}

#[test]
fn drops_of_values_may_panic() {
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough"
    )]
    drop_panics(|map| map.clear());
    drop_panics(|map| map.retain(|_, _| false));
    drop_panics(|map| drop(map.drain()));
    drop_panics(|map| map.drain().for_each(drop));
    drop_panics(|map| map.extract_if(|_, _| true).for_each(drop));
    drop_panics(|map| (0..20).for_each(|number| drop(map.remove(&name(number)))));
    drop_panics(|map| (0..20).for_each(|number| drop(map.insert(&name(number), Bomb(map[&*name(number)].0)))));

    let ends: [fn(StrMap<Bomb<'_>, &Arena>); 3] = [
        |map| drop(map),
        |map| drop(map.into_values()),
        |map| _ = map.into_handle(),
    ];
    let mut arena = Arena::new();
    for end in ends {
        let bombs = Bombs::default();
        let map = bombs.map_in(&arena, 20);
        bombs.fuse.set(Some(5));
        catch_unwind(AssertUnwindSafe(|| end(map))).unwrap_err();
        arena.reset();
    }
}

#[test]
fn clones_of_values_may_panic() {
    let arena = Arena::new();
    let bombs = Bombs::default();
    let map = bombs.map_in(Arena::new(), 20);
    catch_unwind(AssertUnwindSafe(|| map.clone_in(&arena).len())).unwrap_err();
    assert_eq!((arena.used(), bombs.dropped.get(), map.len()), (0, 7, 20));
}

#[test]
fn closures_may_panic() {
    let arena = Arena::new();
    let mut map = numbered(&arena, 20);
    let mut calls = 0;
    let third = |calls: &mut u32| {
        *calls += 1;
        assert!(!calls.is_multiple_of(3), "a closure");
        true
    };
    catch_unwind(AssertUnwindSafe(|| map.retain(|_, _| !third(&mut calls)))).unwrap_err();
    assert_eq!(map.len(), 18);
    catch_unwind(AssertUnwindSafe(|| map.extract_if(|_, _| third(&mut calls)).count())).unwrap_err();
    assert_eq!(map.len(), 16);
    let len = map.len();
    catch_unwind(AssertUnwindSafe(|| {
        *map.entry("new").or_insert_with(|| panic!("a closure"))
    }))
    .unwrap_err();
    catch_unwind(AssertUnwindSafe(|| {
        *map.entry("new").or_insert_with_key(|_| panic!("a closure"))
    }))
    .unwrap_err();
    let mut items = [("x", 1), ("y", 2)]
        .into_iter()
        .chain(std::iter::from_fn(|| panic!("an iterator")));
    catch_unwind(AssertUnwindSafe(|| map.extend(&mut items))).unwrap_err();
    assert_eq!(map.len(), len + 2);
    drop(map);
    assert_eq!(arena.used(), 0);
}

/// Panics at one of its calls.
#[derive(Clone, Default)]
struct Fused {
    inner: FixedState,
    left: std::rc::Rc<Cell<Option<usize>>>,
}

impl BuildHasher for Fused {
    type Hasher = FusedHasher;

    fn build_hasher(&self) -> FusedHasher {
        if let Some(left) = self.left.get() {
            assert!(left > 0, "a hasher");
            self.left.set(Some(left - 1));
        }
        FusedHasher(self.inner.build_hasher())
    }
}

struct FusedHasher(FoldHasher<'static>);

impl Hasher for FusedHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

#[test]
fn hashers_may_panic_and_no_key_is_lost() {
    let arena = Arena::new();
    let hasher = Fused::default();
    let mut map = StrMap::with_hasher_in(hasher.clone(), &arena);
    let mut inserted = 0;
    while inserted < times(200, 35) as u64 {
        // Every growth fails first at its first, second, third call of the hasher and so on.
        for fuse in 0.. {
            hasher.left.set(Some(fuse));
            let (used, steps) = (arena.used(), map.stats().growth_steps);
            let done = catch_unwind(AssertUnwindSafe(|| map.insert(&name(inserted), large(inserted)))).is_ok();
            hasher.left.set(None);
            if done {
                break;
            }
            assert_eq!(map.len() as u64, inserted);
            if map.stats().growth_steps == steps {
                assert_eq!(arena.used(), used);
            }
        }
        inserted += 1;
    }
    assert!(map.stats().segments > 1);
    for number in 0..inserted {
        assert_eq!(map.remove(&name(number)).unwrap()[511], number);
    }
    drop(map);
    assert_eq!(arena.used(), 0);
}

#[test]
fn a_hint_learns_and_is_followed() {
    static HINT: arenamap::SizeHint = arenamap::SizeHint::new();
    let mut arena = Arena::new();
    for round in 0..3 {
        let mut map = StrMap::with_hint_in(&HINT, &arena);
        assert_eq!(map.capacity() >= 20, round > 0);
        map.extend((0..20).map(|number| (name(number), number)));
        drop(map);
        arena.reset();
    }
    assert_eq!(HINT.capacity(), 20);
}

/// True if a type has a trait: an inherent constant is preferred to that of a blanket implementation.
macro_rules! has {
    ($type:ty: $trait:path) => {{
        #[allow(dead_code, reason = "used where the trait is missing")]
        trait Otherwise {
            const HAS: bool = false;
        }
        impl<T: ?Sized> Otherwise for T {}
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "of the bound, which is what is looked at")]
        impl<T: $trait + ?Sized> Probe<T> {
            const HAS: bool = true;
        }
        <Probe<$type>>::HAS
    }};
}

macro_rules! auto_traits {
    ($type:ty, $expected:expr) => {
        assert_eq!((has!($type: Send), has!($type: Sync)), $expected, stringify!($type));
    };
}

#[test]
fn auto_traits() {
    const BOTH: (bool, bool) = (true, true);
    const NONE: (bool, bool) = (false, false);
    type Rc = std::rc::Rc<()>;

    auto_traits!(StrMap<u32>, BOTH);
    auto_traits!(StrMap<u32, &'static Arena>, NONE);
    auto_traits!(StrMap<Rc>, NONE);
    auto_traits!(StrMap<Cell<u32>>, (true, false));
    auto_traits!(str_map::Iter<'static, u32>, BOTH);
    auto_traits!(str_map::IterMut<'static, u32>, BOTH);
    auto_traits!(str_map::Keys<'static, u32>, BOTH);
    auto_traits!(str_map::IntoValues<u32>, BOTH);
    auto_traits!(arenamap::IntoValues<u32, u32>, BOTH);
    auto_traits!(StrEntry<'static, 'static, u32>, BOTH);
    // A key on one thread and its map, or what gives out more keys, on another: both would give back to one arena.
    auto_traits!(str_map::Key<'static>, NONE);
    auto_traits!(str_map::Drain<'static, u32>, NONE);
    auto_traits!(str_map::ExtractIf<'static, u32, fn(&str, &mut u32) -> bool>, NONE);
    #[cfg(feature = "std")]
    {
        use arenamap::{PooledArena, SharedArena};
        auto_traits!(StrMap<u32, PooledArena<'static>>, BOTH);
        auto_traits!(StrMap<u32, SharedArena<'static>, DefaultHashBuilder>, BOTH);
        auto_traits!(str_map::Key<'static, SharedArena<'static>>, NONE);
        auto_traits!(str_map::Drain<'static, u32, PooledArena<'static>>, NONE);
    }
}

#[test]
fn maps_are_covariant() {
    fn shorter<'a>(map: StrMap<&'static str, &'a Arena>) -> StrMap<&'a str, &'a Arena> {
        map
    }
    let arena = Arena::new();
    assert!(shorter(StrMap::new_in(&arena)).is_empty());
}
