//! Maps that copy their keys: against a model, on every handle; where the bytes of keys go; refusals; panics in user code.
#![allow(
    clippy::type_complexity,
    clippy::semicolon_if_nothing_returned,
    clippy::drop_non_drop,
    reason = "tables of calls, short"
)]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

#[path = "support/basics.rs"]
mod support;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::copied::{self, CopiedKey, Entry, TryInsertError};
use arenamap::{Arena, ArenaError, BytesMap, DefaultHashBuilder, Handle, StrMap};
use foldhash::fast::{FixedState, FoldHasher};
use support::{Constant, Dice, fixed, times};

/// A map on a given handle, with the default hasher.
type On<V, H> = StrMap<V, DefaultHashBuilder, H>;

/// A value so large that a block of a few is large.
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
fn numbered(arena: &Arena, len: u64) -> On<u64, &Arena> {
    StrMap::from_iter_in((0..len).map(|number| (name(number), number)), arena)
}

/// Runs a random program on a map and on its model, and compares all they hold after each step.
fn run<V: Clone + PartialEq + std::fmt::Debug, H: Handle, S: BuildHasher>(
    map: &mut StrMap<V, S, H>,
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
                Entry::Occupied(entry) => {
                    assert_eq!(entry.key(), key);
                    let (removed, value) = entry.remove_entry();
                    assert_eq!(removed, *key);
                    assert_eq!(Some(value), model.remove(&key));
                }
                Entry::Vacant(entry) => {
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
                Err(TryInsertError::Occupied(error)) => assert_eq!(Some(error.entry.get()), model.get(&key)),
                Err(TryInsertError::Refused(error)) => panic!("{error}"),
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
fn a_map_of_large_values_is_like_its_model_and_gives_all_back() {
    let arena = Arena::new();
    let mut map = StrMap::new_in(&arena);
    for number in 0..times(300, 70) as u64 {
        map.insert(&name(number), large(number));
    }
    map.clear();
    run(&mut map, large, 200, times(400, 30), 1);
    drop(map);
    assert_eq!(arena.used(), 0);
}

#[test]
fn a_map_on_the_move_is_like_its_model_and_gives_all_back() {
    let arena = Arena::new();
    let mut map = StrMap::new_in(&arena);
    run(&mut map, |number| number, 700, times(1500, 60), 7);
    drop(map);
    assert_eq!(arena.used(), 0);
}

#[test]
fn owned_maps_are_like_their_model_and_give_all_back() {
    let mut map = StrMap::new();
    run(&mut map, |number| number.to_string(), 60, times(3000, 150), 2);
    map.clear();
    let tables = map.stats().table_bytes;
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
    assert!(matches!(map.try_insert(&text, 9), Err(TryInsertError::Occupied(error)) if error.value == 9));
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
    let live = times(1300, 20);
    for number in 0..live {
        map.insert(&key(number), number);
    }
    let mut dice = Dice::new(6);
    let mut numbers: Vec<usize> = (0..live).collect();
    let mut churn = |map: &mut StrMap<usize, FixedState, &Arena>, from: usize, to: usize| {
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
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("`StrMap::try_insert_overwrite`"), "{text}");
    let mut map = BytesMap::new_in(&arena);
    let panic = catch_unwind(AssertUnwindSafe(|| map.reserve(1)))
        .unwrap_err()
        .downcast::<String>();
    map.extend(None::<(&[u8], u32)>);
    assert!(panic.unwrap().contains("`BytesMap::try_reserve`"));
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
    assert!(own.same_entries(&copy) && copy.same_entries(&own));
    let second = copy.clone();
    drop(copy);
    assert_eq!(second["ccc"], 3);
    assert!(!second.same_entries(&StrMap::from([("a", 1)])));
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
    let mut map = map;
    assert_eq!(
        format!("{:?} {:?}", map.clone().into_values(), map.iter_mut()),
        r#"[1] [("key", 1)]"#
    );
    assert_eq!(
        format!("{:?} {:?}", map.clone().values_mut(), map.clone().drain()),
        r#"[1] [("key", 1)]"#
    );
    let other = map.entry("other");
    assert_eq!(format!("{other:?}"), r#"Entry(VacantEntry("other"))"#);
    let refused = map.try_insert("key", 2).unwrap_err();
    assert_eq!(
        refused.to_string(),
        r#"failed to insert 2, key "key" already exists with value 1"#
    );
    assert_eq!(copied::Iter::<'_, str, u32>::default().count(), 0);
    assert_eq!(copied::ValuesMut::<'_, [u8], u32>::default().count(), 0);
    assert_eq!(copied::IntoValues::<str, u32>::default().count(), 0);
}

/// Counts the drops of its values, and panics at one of them.
#[derive(Default)]
struct Bombs {
    made: Cell<usize>,
    dropped: Cell<usize>,
    cloned: Cell<usize>,
    fuse: Cell<Option<usize>>,
    /// The clone that panics.
    last: Cell<usize>,
}

struct Bomb<'b>(&'b Bombs);

impl<'b> Bomb<'b> {
    fn new(bombs: &'b Bombs) -> Self {
        bombs.made.set(bombs.made.get() + 1);
        Self(bombs)
    }
}

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
        assert!(self.0.cloned.get() != self.0.last.get(), "a clone");
        Bomb::new(self.0)
    }
}

impl Bombs {
    fn map_in<H: Handle>(&self, handle: H, len: u64) -> On<Bomb<'_>, H> {
        StrMap::from_iter_in((0..len).map(|number| (name(number), Bomb::new(self))), handle)
    }
}

/// Does something to a map in which the drop of the fifth value panics, and then uses the map.
fn drop_panics(act: impl Fn(&mut On<Bomb<'_>, &Arena>)) {
    for len in [7, 20, times(200, 40) as u64, times(300, 240) as u64] {
        let arena = Arena::new();
        let bombs = Bombs::default();
        let mut map = bombs.map_in(&arena, len);
        bombs.fuse.set(Some(5));
        catch_unwind(AssertUnwindSafe(|| act(&mut map))).unwrap_err();
        bombs.fuse.set(None);
        // What is in use is the table, and the keys that are in it.
        let keys: usize = map.keys().map(|key| key.len().next_multiple_of(8)).sum();
        assert_eq!(arena.used(), map.allocation_size().next_multiple_of(8) + keys, "{len}");
        for number in 0..len {
            map.insert(&name(number), Bomb::new(&bombs));
        }
        assert_eq!(map.len(), len as usize);
        assert!((0..len).all(|number| map.contains_key(&name(number))));
        drop(map);
        assert_eq!((bombs.dropped.get(), arena.used()), (bombs.made.get(), 0), "{len}");
    }
}

#[test]
fn drops_of_values_may_panic_and_nothing_is_left_behind() {
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough"
    )]
    drop_panics(|map| map.clear());
    drop_panics(|map| map.retain(|_, _| false));
    drop_panics(|map| map.retain(|key, _| key.len() % 3 == 0));
    drop_panics(|map| drop(map.drain()));
    drop_panics(|map| {
        let mut some = map.drain();
        drop(some.next());
    });
    drop_panics(|map| map.drain().for_each(drop));
    drop_panics(|map| drop(map.drain().collect::<Vec<_>>()));
    drop_panics(|map| map.extract_if(|_, _| true).for_each(drop));
    drop_panics(|map| {
        let mut some = map.extract_if(|_, _| true);
        for _ in 0..5 {
            some.next();
        }
    });
    drop_panics(|map| (0..20).for_each(|number| drop(map.remove(&name(number)))));
    drop_panics(|map| (0..20).for_each(|number| drop(map.remove_entry(&name(number)))));
    drop_panics(|map| {
        for number in 0..7 {
            if let Entry::Occupied(entry) = map.entry(&name(number)) {
                entry.remove();
            }
        }
    });
    drop_panics(|map| (0..20).for_each(|number| drop(map.insert(&name(number), Bomb::new(map[&*name(number % 7)].0)))));
    drop_panics(|map| {
        let bombs = map[""].0;
        map.extend((0..7).map(|number| (name(number), Bomb::new(bombs))));
    });
    drop_panics(|map| {
        let bombs = map[""].0;
        map.clone_from(&bombs.map_in(map.allocator(), 3));
    });
}

#[test]
fn a_map_that_ends_in_a_panic_leaves_nothing_behind() {
    let ends: [fn(On<Bomb<'_>, &Arena>); 5] = [
        |map| drop(map),
        |map| drop(map.into_values()),
        |map| map.into_values().for_each(drop),
        |map| {
            let mut values = map.into_values();
            drop(values.next());
        },
        |map| _ = map.into_handle(),
    ];
    for len in [7, 20, times(300, 240) as u64] {
        for (number, end) in ends.into_iter().enumerate() {
            let arena = Arena::new();
            let bombs = Bombs::default();
            let map = bombs.map_in(&arena, len);
            bombs.fuse.set(Some(5));
            catch_unwind(AssertUnwindSafe(|| end(map))).unwrap_err();
            assert_eq!(
                (bombs.dropped.get(), arena.used()),
                (len as usize, 0),
                "end {number} of {len}"
            );
        }
    }
}

#[test]
fn clones_of_values_may_panic_and_give_all_back() {
    let arena = Arena::new();
    for len in [5, 20, times(300, 240) as u64] {
        let bombs = Bombs::default();
        let map = bombs.map_in(Arena::new(), len);
        for last in [1, 2, 5, len as usize] {
            bombs.cloned.set(0);
            bombs.last.set(last);
            bombs.dropped.set(0);
            catch_unwind(AssertUnwindSafe(|| map.clone_in(&arena).len())).unwrap_err();
            assert_eq!(
                (arena.used(), bombs.dropped.get(), map.len()),
                (0, last - 1, len as usize)
            );

            // The same size: a copy could have been made in its place.
            let mut other = bombs.map_in(&arena, len);
            let used = arena.used();
            bombs.cloned.set(0);
            catch_unwind(AssertUnwindSafe(|| other.try_clone_from(&map))).unwrap_err();
            assert_eq!((arena.used(), other.len()), (used, len as usize));
            assert!((0..len).all(|number| other.contains_key(&name(number))));
            drop(other);
            assert_eq!(arena.used(), 0);
        }
    }
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
            let used = arena.used();
            let done = catch_unwind(AssertUnwindSafe(|| map.insert(&name(inserted), large(inserted)))).is_ok();
            hasher.left.set(None);
            if done {
                break;
            }
            assert_eq!(map.len() as u64, inserted);
            // Entries on their way may have moved, and given their old block back.
            assert!(arena.used() <= used);
        }
        inserted += 1;
    }
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
    auto_traits!(On<u32, &'static Arena>, NONE);
    auto_traits!(BytesMap<u32>, BOTH);
    auto_traits!(StrMap<Rc>, NONE);
    auto_traits!(StrMap<Cell<u32>>, (true, false));
    auto_traits!(copied::Iter<'static, str, u32>, BOTH);
    auto_traits!(copied::IterMut<'static, str, u32>, BOTH);
    auto_traits!(copied::Keys<'static, str, u32>, BOTH);
    auto_traits!(copied::IntoValues<str, u32>, BOTH);
    auto_traits!(arenamap::hash_map::IntoValues<u32, u32>, BOTH);
    auto_traits!(Entry<'static, 'static, str, u32>, BOTH);
    // A key on one thread and its map, or what gives out more keys, on another: both would give back to one arena.
    auto_traits!(copied::Key<'static, str>, NONE);
    auto_traits!(copied::Drain<'static, str, u32>, NONE);
    auto_traits!(copied::ExtractIf<'static, str, u32, fn(&str, &mut u32) -> bool>, NONE);
    #[cfg(feature = "std")]
    {
        use arenamap::{PooledArena, SharedArena};
        auto_traits!(On<u32, PooledArena<'static>>, BOTH);
        auto_traits!(On<u32, SharedArena<'static>>, BOTH);
        auto_traits!(copied::Key<'static, str, SharedArena<'static>>, NONE);
        auto_traits!(copied::Drain<'static, str, u32, PooledArena<'static>>, NONE);
    }
}

#[test]
fn maps_are_covariant() {
    fn shorter<'a>(map: On<&'static str, &'a Arena>) -> On<&'a str, &'a Arena> {
        map
    }
    let arena = Arena::new();
    assert!(shorter(StrMap::new_in(&arena)).is_empty());
}

/// All ways of adding a key that is not there, on a map of any kind of keys.
fn add<Q: CopiedKey + ?Sized, S: BuildHasher, H: Handle>(
    map: &mut copied::CopiedMap<Q, u64, S, H>,
    way: usize,
    key: &Q,
    value: u64,
) -> Result<(), ArenaError>
where
    for<'k> &'k Q: AsRef<Q>,
{
    match way {
        0 => map
            .try_insert_overwrite(key, value)
            .map(drop)
            .map_err(|error| cause(&error, key, value)),
        1 => match map.try_insert(key, value) {
            Ok(_) => Ok(()),
            Err(TryInsertError::Refused(error)) => Err(cause(&error, key, value)),
            Err(TryInsertError::Occupied(_)) => panic!("the key is new"),
        },
        2 => map
            .entry(key)
            .try_insert(value)
            .map(drop)
            .map_err(|error| cause(&error, key, value)),
        3 => map
            .entry(key)
            .try_or_insert(value)
            .map(drop)
            .map_err(|error| cause(&error, key, value)),
        4 => map
            .entry(key)
            .try_or_insert_entry(value)
            .map(drop)
            .map_err(|error| cause(&error, key, value)),
        5 => map
            .entry(key)
            .try_or_insert_with(|| value)
            .map(drop)
            .map_err(|error| cause(&error, key, value)),
        6 => map
            .entry(key)
            .try_or_insert_with_key(|_| value)
            .map(drop)
            .map_err(|error| cause(&error, key, value)),
        7 => map
            .entry(key)
            .try_or_default()
            .map(|default| *default = value)
            .map_err(|error| cause(&error, key, 0)),
        8..=9 => match map.entry(key) {
            Entry::Vacant(entry) if way == 8 => entry
                .try_insert(value)
                .map(drop)
                .map_err(|error| cause(&error, key, value)),
            Entry::Vacant(entry) => entry
                .try_insert_entry(value)
                .map(drop)
                .map_err(|error| cause(&error, key, value)),
            Entry::Occupied(_) => panic!("the key is new"),
        },
        10 => map.try_extend([(key, value)]).map_err(|error| {
            assert_eq!((error.inserted, error.rejected), (0, (key, value)));
            error.cause
        }),
        _ => unreachable!("as many as WAYS"),
    }
}

const WAYS: usize = 11;

/// The cause of a refusal that gives key and value back.
fn cause<Q: CopiedKey + ?Sized>(error: &arenamap::InsertError<&Q, u64>, key: &Q, value: u64) -> ArenaError {
    assert_eq!((error.key, error.value), (key, value));
    error.cause
}

#[test]
fn churn_at_constant_size_by_every_way_of_adding_loses_nothing() {
    for live in [3, 8, 100, 300, 1000, times(10_000, 1500)] {
        for way in 0..WAYS {
            let arena = Arena::new();
            let mut map = BytesMap::with_hasher_in(fixed(), &arena);
            let key = |number: usize| (number as u64).to_le_bytes();
            for number in 0..live {
                add(&mut map, way, &key(number)[..], number as u64).unwrap();
            }
            let capacity = map.capacity();
            for number in live..live + times(3 * live.max(1000), live) {
                assert_eq!(map.remove(&key(number - live)), Some((number - live) as u64));
                add(&mut map, way, &key(number)[..], number as u64).unwrap();
            }
            assert_eq!((map.len(), map.capacity()), (live, capacity), "way {way}");
            assert!(map.iter().all(|(key, value)| *key == value.to_le_bytes()));
            while !map.settle(usize::MAX) {}
            assert_eq!(arena.used(), map.allocation_size().next_multiple_of(8) + 8 * live);
            drop(map);
            assert_eq!(arena.used(), 0);
        }
    }
}

/// Bytes that the budget of an arena still has are used up, but for so many.
fn leave(arena: &Arena, left: usize) -> &[u8] {
    let budget = arena.stats().budget.unwrap();
    let filler = budget - arena.stats().used - arena.stats().free;
    arena.try_alloc_slice_fill_copy(filler - left, 0).unwrap()
}

#[test]
fn every_way_of_adding_refused_at_any_point_leaves_all_as_it_was() {
    // Full tables of every form, and the bytes that key and table would need: each budget in between refuses another block.
    for len in [0, 1, 3, 7, 8, 14, 28, 112, 224, 448] {
        for way in 0..WAYS {
            for left in [0, 8, 16, 24, 40, 64, 128, 512, 4096] {
                let arena = Arena::with_budget(1 << 20);
                let mut map = BytesMap::with_capacity_in(len, &arena);
                while map.len() < map.capacity() {
                    let number = map.len() as u64;
                    map.insert(&number.to_le_bytes(), number);
                }
                while !map.settle(usize::MAX) {}
                leave(&arena, left);
                let before = (map.len(), map.capacity(), arena.used(), map.allocation_size());
                if add(&mut map, way, b"a new key", 1).is_err() {
                    let after = (map.len(), map.capacity(), arena.used(), map.allocation_size());
                    assert_eq!(after, before, "way {way}, {len} entries, {left} bytes");
                    assert_eq!(map.get(b"a new key"), None);
                } else {
                    assert_eq!(map.remove(b"a new key"), Some(1));
                }
                assert!((0..before.0 as u64).all(|number| map.get(&number.to_le_bytes()) == Some(&number)));
            }
        }
    }
}

#[test]
fn copies_that_are_refused_at_any_point_leave_all_as_it_was() {
    for len in [5, 20, times(300, 240)] {
        let source: BytesMap<u64> = (0..len).map(|number| (vec![7_u8; number], number as u64)).collect();
        let mut refused = 0;
        for budget in (0..).step_by(if len > 100 { 509 } else { 8 }) {
            let arena = Arena::with_budget(150 + budget);
            let mut other = BytesMap::from_iter_in([(b"old", 1), (b"one", 2)], &arena);
            let used = arena.used();
            if source.try_clone_in(&arena).is_ok() {
                break;
            }
            assert_eq!(arena.used(), used);
            assert!(other.try_clone_from(&source).is_err());
            assert_eq!((arena.used(), other.get(b"old"), other.len()), (used, Some(&1), 2));
            refused += 1;
        }
        assert!(refused > 5, "{refused} of {len}");
    }
}

#[test]
fn copies_keep_capacity_and_order_and_clone_from_keeps_the_arena() {
    let arena = Arena::new();
    for len in [0, 3, 20, 400] {
        let map = numbered(&arena, len);
        let copy = map.clone();
        assert!(copy.iter().eq(map.iter()));
        assert_eq!(copy.capacity(), map.capacity());
        let budget = Arena::with_budget(1 << 20);
        let mut other = numbered(&budget, 30);
        other.clone_from(&map);
        assert!(other.iter().eq(map.iter()));
        assert!(std::ptr::eq(other.allocator(), &raw const budget));
        assert_eq!(other, map);
        let keys: usize = map.keys().map(|key| key.len().next_multiple_of(8)).sum();
        assert_eq!(budget.used(), other.allocation_size().next_multiple_of(8) + keys);
    }
    assert_eq!(arena.used(), 0);
}

/// `Clone`, and so `derive`, asks nothing of the hasher but `Clone`.
#[test]
fn clone_needs_no_hasher() {
    #[derive(Clone)]
    struct NoHasher;
    #[derive(Clone)]
    struct Derived<S> {
        words: StrMap<u32, S>,
    }
    let derived = Derived {
        words: StrMap::with_hasher(NoHasher),
    };
    assert!(derived.clone().words.is_empty());
}

#[test]
fn keys_may_be_any_bytes() {
    let arena = Arena::new();
    let mut map = BytesMap::new_in(&arena);
    let mut model = BTreeMap::new();
    let mut dice = Dice::new(9);
    for _ in 0..times(3000, 200) {
        let key: Vec<u8> = (0..dice.below(20))
            .map(|_| [0, 0x80, 0xC3, 0xFF][dice.below(4) as usize])
            .collect();
        if dice.below(3) == 0 {
            assert_eq!(map.remove(&key), model.remove(&key));
        } else {
            let value = dice.next();
            assert_eq!(map.insert(&key, value), model.insert(key, value));
        }
    }
    let sorted: BTreeMap<Vec<u8>, u64> = map.iter().map(|(key, &value)| (key.to_vec(), value)).collect();
    assert_eq!(sorted, model);
    map.insert(b"", 1);
    assert_eq!(map[&b""[..]], 1);
    map.remove(b"");
    model.remove(&b""[..]);
    let (key, _) = map.drain().next().unwrap();
    assert!(model.contains_key(&*key) && key == model.get_key_value(&*key).unwrap().0[..]);
    drop(key);
    drop(map);
    assert_eq!(arena.used(), 0);

    let mut hits = BytesMap::from([(b"a", 1), (b"b", 2)]);
    *hits.entry(b"a").or_insert(0) += 1;
    assert_eq!(format!("{hits:?}").len(), "{[97]: 2, [98]: 2}".len());
    assert!(hits.same_entries(&[(b"b", 2), (b"a", 2)].into_iter().collect::<BytesMap<_>>()));
}

#[test]
fn a_panic_carries_the_place_of_the_caller() {
    static PLACE: std::sync::Mutex<Option<(String, u32)>> = std::sync::Mutex::new(None);
    let (hook, this) = (std::panic::take_hook(), std::thread::current().id());
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == this {
            let place = info.location().unwrap();
            *PLACE.lock().unwrap() = Some((place.file().to_owned(), place.line()));
        }
    }));
    let calls: [(u32, for<'a> fn(&mut On<u32, &'a Arena>, &'a Arena)); 15] = [
        (line!(), |map, _| _ = map.insert("k", 1)),
        (line!(), |map, _| map.reserve(1)),
        (line!(), |map, _| map.extend([("k", 1)])),
        (line!(), |map, _| drop(map.entry("k").insert(1))),
        (line!(), |map, _| _ = map.entry("k").or_insert(1)),
        (line!(), |map, _| _ = map.entry("k").or_insert_with(|| 1)),
        (line!(), |map, _| _ = map.entry("k").or_insert_with_key(|_| 1)),
        (line!(), |map, _| _ = map.entry("k").or_default()),
        (line!(), |map, _| drop(map.entry("k").or_insert_entry(1))),
        (line!(), |map, _| drop(On::from_iter_in([("k", 1)], map.allocator()))),
        (line!(), |map, other| {
            map.clone_from(&On::from_iter_in([("k", 1)], other))
        }),
        (line!(), |map, _| {
            drop(StrMap::from([("k", 1)]).clone_in(map.allocator()))
        }),
        (line!(), |map, _| {
            drop(StrMap::<u32, _, _>::with_capacity_in(9, map.allocator()))
        }),
        (line!(), |map, _| {
            _ = StrMap::builder()
                .capacity(9)
                .hasher(fixed())
                .build_in(map.allocator())
                .insert("k", 1)
        }),
        (line!(), |map, _| _ = map["absent"]),
    ];
    let (arena, other) = (Arena::with_budget(0), Arena::new());
    let seen: Vec<_> = calls
        .iter()
        .map(|(line, call)| {
            let mut map = StrMap::new_in(&arena);
            catch_unwind(AssertUnwindSafe(|| call(&mut map, &other))).unwrap_err();
            (*line, PLACE.lock().unwrap().take())
        })
        .collect();
    std::panic::set_hook(hook);
    for (line, place) in seen {
        let (file, at) = place.unwrap();
        // As many lines as formatting may give a call.
        assert!(file == file!() && (line..line + 7).contains(&at), "{line}: {file}:{at}");
    }
}

/// Sizes at which a table is small, in groups, and on the move.
const SHAPES: [u64; 6] = [1, 4, 5, 14, 225, 3_000];

#[test]
fn an_entry_is_replaced_in_its_place_or_gone_with_its_key() {
    for len in &SHAPES[..times(SHAPES.len(), 5)] {
        let arena = Arena::new();
        let mut map: StrMap<String, FixedState, _> = StrMap::with_hasher_in(fixed(), &arena);
        map.extend((0..*len).map(|number| (name(number), name(number))));
        let capacity = map.capacity();
        for number in 0..*len {
            let key = name(number);
            let Entry::Occupied(entry) = map.entry(&key) else {
                unreachable!()
            };
            let kept = entry.replace_entry_with(|known, value| {
                assert_eq!((known, &*value), (&*key, &*key));
                (number % 3 != 0).then(|| value + "!")
            });
            if let Some(mut entry) = kept {
                assert!(entry.key() == key && entry.get().ends_with('!') && number % 3 != 0);
                entry.insert(format!("{number}"));
            }
        }
        assert_eq!((map.len() as u64, map.capacity()), (*len - len.div_ceil(3), capacity));
        for number in 0..*len {
            let value = (number % 3 != 0).then(|| format!("{number}"));
            assert_eq!(map.get(&name(number)), value.as_ref());
        }
        // A panic: the entry is gone, and so are the bytes of its key.
        let used = arena.used();
        map.insert("a key of its own", String::new());
        catch_unwind(AssertUnwindSafe(|| {
            let Entry::Occupied(entry) = map.entry("a key of its own") else {
                unreachable!()
            };
            entry.replace_entry_with(|_, _| panic!("a closure"));
        }))
        .unwrap_err();
        assert!(!map.contains_key("a key of its own"));
        assert_eq!(map.iter().count(), map.len());
        map.shrink_to_fit();
        assert!(arena.used() <= used);
        drop(map);
        assert_eq!(arena.used(), 0);
    }
}

/// A hasher that counts its calls.
#[derive(Clone, Default)]
struct Counted {
    inner: FixedState,
    calls: std::rc::Rc<Cell<u64>>,
}

impl BuildHasher for Counted {
    type Hasher = FoldHasher<'static>;

    fn build_hasher(&self) -> Self::Hasher {
        self.calls.set(self.calls.get() + 1);
        self.inner.build_hasher()
    }
}

#[test]
fn keys_hashed_once_serve_several_maps() {
    for len in &SHAPES[..times(SHAPES.len(), 5)] {
        let arena = Arena::new();
        let mut hits = BytesMap::builder().hasher(fixed()).build_in(&arena);
        let hasher = Counted {
            inner: fixed(),
            ..Counted::default()
        };
        let mut bytes: BytesMap<u64, Counted, _> = BytesMap::builder()
            .hasher(hasher.clone())
            .capacity(usize::try_from(*len).unwrap())
            .build_in(&arena);
        for number in 0..*len {
            let key = name(number).into_bytes();
            let hash = hits.hash_of(&key);
            assert_eq!(hits.find(hash, |known| known == key), None);
            assert_eq!(*hits.insert_unique(hash, &key, number).get(), number);
            assert_eq!(bytes.insert_unique(hash, &key, number).key(), key);
        }
        assert_eq!(hasher.calls.get(), 0, "no key is hashed where there is room");
        for number in 0..*len {
            let key = name(number).into_bytes();
            let hash = hits.hash_of(&key);
            assert_eq!(hits.find(hash, |known| known == key), Some((&*key, &number)));
            *bytes.find_mut(hash, |known| known == key).unwrap().1 += 1;
            assert_eq!(bytes.get(&key), Some(&(number + 1)));
            let entry = hits.find_entry(hash, |known| known == key).unwrap();
            assert_eq!(entry.remove(), number);
            assert!(hits.find_entry(hash, |known| known == key).is_none() && !hits.contains_key(&key));
        }
        drop((hits, bytes));
        assert_eq!(arena.used(), 0);
    }
}

#[test]
fn a_refused_key_with_its_hash_leaves_everything_as_it_was() {
    for len in &SHAPES[..times(SHAPES.len() - 1, 4)] {
        for budget in (0..).step_by(8) {
            let arena = Arena::with_budget(budget);
            let mut map: StrMap<u64, FixedState, _> = StrMap::with_hasher_in(fixed(), &arena);
            let mut refused = false;
            for number in 0..*len {
                let key = name(number);
                let used = arena.used();
                if let Err(error) = map.try_insert_unique(fixed().hash_one(&*key), &key, number) {
                    assert_eq!((error.key, error.value), (&*key, number));
                    assert!(matches!(error.cause, ArenaError::Budget { .. }), "{}", error.cause);
                    assert_eq!((map.len() as u64, arena.used()), (number, used));
                    refused = true;
                    break;
                }
            }
            assert!((0..map.len() as u64).all(|number| map.get(&name(number)) == Some(&number)));
            if !refused {
                break;
            }
        }
    }
}
