//! `ArenaSet`: against a model, on every handle; two sets; panics in user code; auto traits.
#![allow(
    clippy::items_after_statements,
    clippy::type_complexity,
    clippy::semicolon_if_nothing_returned,
    clippy::manual_is_multiple_of,
    reason = "tables of calls, short"
)]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

mod support;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::hash_set::{self, Entry};
use arenamap::{Arena, ArenaError, ArenaMap, ArenaSet, DefaultHashBuilder, Handle};
use support::hashers::Counting;
use support::{Dice, fixed, times};

/// Runs a random program on a set and on its model, and compares all they hold after each step.
fn run<H: Handle>(set: &mut ArenaSet<u64, DefaultHashBuilder, H>, values: u64, steps: usize, seed: u64) {
    let mut model: HashSet<u64> = HashSet::new();
    let mut dice = Dice::new(seed);
    for _ in 0..steps {
        let value = dice.below(values);
        match dice.below(28) {
            0..4 => assert_eq!(set.insert(value), model.insert(value)),
            4..6 => assert_eq!(set.try_insert(value).unwrap(), model.insert(value)),
            6..9 => assert_eq!(set.remove(&value), model.remove(&value)),
            9..11 => assert_eq!(set.take(&value), model.take(&value)),
            11 => assert_eq!(set.replace(value), model.replace(value)),
            12 => {
                assert_eq!(set.get_or_insert(value), &value);
                model.insert(value);
            }
            13 => {
                assert_eq!(set.get_or_insert_with(&value, |value| *value), &value);
                model.insert(value);
            }
            14 => match set.insert_within_capacity(value) {
                Ok(new) => assert_eq!(new, model.insert(value)),
                Err(full) => assert!(full.key == value && !model.contains(&value)),
            },
            15 => {
                set.retain(|value| value % 3 != 0);
                model.retain(|value| value % 3 != 0);
            }
            16 => {
                for value in set.extract_if(|value| value % 5 == 0).take(3) {
                    assert!(model.remove(&value));
                }
            }
            17 if value == 0 => {
                assert!(set.drain().take(3).all(|value| model.remove(&value)));
                model.clear();
            }
            18 if value == 0 => {
                set.clear();
                model.clear();
            }
            19 => set.shrink_to_fit(),
            20 => set.try_reserve(value as usize % 30).unwrap(),
            21..23 => {
                let more: Vec<u64> = (0..dice.below(30)).map(|_| dice.below(values)).collect();
                set.extend(&more);
                model.extend(&more);
            }
            23 => match set.entry(value) {
                Entry::Occupied(entry) if value % 2 == 0 => {
                    assert_eq!(*entry.get(), value);
                    assert_eq!(entry.remove(), value);
                    assert!(model.remove(&value));
                }
                Entry::Occupied(_) => assert!(model.contains(&value)),
                Entry::Vacant(entry) if value % 3 == 0 => assert_eq!(entry.into_value(), value),
                Entry::Vacant(entry) => {
                    assert_eq!(*entry.insert().get(), value);
                    assert!(model.insert(value));
                }
            },
            24 => {
                set.entry(value).or_insert();
                model.insert(value);
            }
            25 => drop(set.settle(value as usize)),
            _ => assert_eq!(set.get(&value), model.get(&value)),
        }
        assert_eq!(set.len(), model.len());
        assert_eq!(set.iter().len(), model.len());
        assert!(set.iter().all(|value| model.contains(value)));
        assert!(model.iter().all(|value| set.contains(value)));
    }
}

#[test]
fn a_set_is_like_its_model_on_every_handle() {
    let steps = times(3000, 100);
    let arena = Arena::new();
    let mut borrowed = ArenaSet::new_in(&arena);
    run(&mut borrowed, 100, steps, 1);
    drop(borrowed);
    assert_eq!(arena.used(), 0);
    let mut owned = ArenaSet::new();
    run(&mut owned, 100, steps, 2);
    assert_eq!(owned.into_handle().used(), 0);
    #[cfg(feature = "std")]
    {
        let pool = arenamap::ArenaPool::new();
        run(&mut ArenaSet::new_in(pool.checkout()), 100, steps, 3);
        let shared = pool.checkout().share();
        run(&mut ArenaSet::new_in(shared.clone()), 100, steps, 4);
        assert_eq!(shared.stats().used, 0);
    }
}

#[test]
fn two_sets() {
    for seed in 0..times(20, 2) as u64 {
        let mut dice = Dice::new(seed);
        let mut some = || (0..dice.below(40)).map(|_| dice.below(30)).collect::<Vec<u64>>();
        let (left, right) = (some(), some());
        let a: ArenaSet<u64> = left.iter().copied().collect();
        let b: ArenaSet<u64> = right.iter().copied().collect();
        let (c, d): (HashSet<u64>, HashSet<u64>) = (left.into_iter().collect(), right.into_iter().collect());
        let same = |one: &mut dyn Iterator<Item = &u64>, other: &mut dyn Iterator<Item = &u64>| {
            let (mut one, mut other): (Vec<_>, Vec<_>) = (one.collect(), other.collect());
            one.sort_unstable();
            other.sort_unstable();
            assert_eq!(one, other);
        };
        same(&mut a.union(&b), &mut c.union(&d));
        same(&mut a.intersection(&b), &mut c.intersection(&d));
        same(&mut a.difference(&b), &mut c.difference(&d));
        same(&mut a.symmetric_difference(&b), &mut c.symmetric_difference(&d));
        assert_eq!(a.union(&b).sum::<u64>(), c.union(&d).sum::<u64>());
        assert_eq!(a.intersection(&b).count(), c.intersection(&d).count());
        for iter in [a.union(&b).size_hint(), a.symmetric_difference(&b).size_hint()] {
            assert!(iter.0 <= iter.1.unwrap());
        }
        assert_eq!(a.is_subset(&b), c.is_subset(&d));
        assert_eq!(a.is_superset(&b), c.is_superset(&d));
        assert_eq!(a.is_disjoint(&b), c.is_disjoint(&d));
        assert_eq!(a == b, c == d);
        same(&mut (&a | &b).iter(), &mut (&c | &d).iter());
        same(&mut (&a & &b).iter(), &mut (&c & &d).iter());
        same(&mut (&a ^ &b).iter(), &mut (&c ^ &d).iter());
        same(&mut (&a - &b).iter(), &mut (&c - &d).iter());
        let changed = |change: fn(&mut ArenaSet<u64>, &ArenaSet<u64>)| {
            let mut set = a.clone();
            change(&mut set, &b);
            set
        };
        same(&mut changed(|a, b| *a |= b).iter(), &mut (&c | &d).iter());
        same(&mut changed(|a, b| *a &= b).iter(), &mut (&c & &d).iter());
        same(&mut changed(|a, b| *a ^= b).iter(), &mut (&c ^ &d).iter());
        same(&mut changed(|a, b| *a -= b).iter(), &mut (&c - &d).iter());
        let mut copy = ArenaSet::from([1, 2, 3]);
        copy.clone_from(&a);
        assert_eq!(copy, a);
    }
}

/// What two sets on other handles, with other hashers, make together stands in a third place.
#[test]
fn two_sets_on_different_handles() {
    let (here, there) = (Arena::new(), Arena::new());
    type Set<'a> = ArenaSet<u64, std::hash::RandomState, &'a Arena>;
    let a: Set<'_> = ArenaSet::from_iter_in(0..10, &here);
    let b: ArenaSet<u64> = (5..20).collect();
    let has =
        |set: Set<'_>, due: &mut dyn Iterator<Item = u64>| assert!(set.same_elements(&due.collect::<ArenaSet<_>>()));
    has(a.try_union_in(&b, &there).unwrap(), &mut (0..20));
    has(a.try_intersection_in(&b, &there).unwrap(), &mut (5..10));
    has(a.try_difference_in(&b, &there).unwrap(), &mut (0..5));
    has(
        a.try_symmetric_difference_in(&b, &there).unwrap(),
        &mut (0..5).chain(10..20),
    );
    let mut set = a.clone();
    set.try_union_with(&b).unwrap();
    has(set, &mut (0..20));
    let mut set = a.clone();
    set.try_symmetric_difference_with(&b).unwrap();
    has(set, &mut (0..5).chain(10..20));
    assert!(!a.same_elements(&b) && !b.same_elements(&a));
    assert_eq!(there.used(), 0);

    let tight = Arena::with_budget(100);
    assert!(matches!(a.try_union_in(&b, &tight), Err(error) if error.inserted < 20));
    assert_eq!(tight.used(), 0);
}

/// The smaller set is walked: its elements are hashed, and not those of the larger one.
#[test]
fn two_sets_hash_the_elements_of_the_smaller_one() {
    let hasher = Counting::new(fixed());
    let set = |elements: std::ops::Range<u64>| {
        let mut set: ArenaSet<u64, _> = ArenaSet::with_hasher(hasher.clone());
        set.extend(elements);
        set
    };
    let (big, few, many) = (set(0..1_000), set(10..13), set(100..200));
    let hashes = |work: &dyn Fn()| {
        hasher.calls.set(0);
        work();
        hasher.calls.get()
    };
    for (one, other) in [(&big, &few), (&few, &big)] {
        assert_eq!(hashes(&|| assert_eq!(one.intersection(other).count(), 3)), 3);
        assert_eq!(hashes(&|| assert_eq!(one.union(other).count(), 1_000)), 3);
        assert_eq!(hashes(&|| assert!(!one.is_disjoint(other))), 1);
        assert_eq!(hashes(&|| assert!(one != other)), 0);
    }
    for (one, other) in [(&big, &many), (&many, &big)] {
        assert_eq!(hashes(&|| assert_eq!(one.intersection(other).count(), 100)), 100);
        assert_eq!(hashes(&|| assert_eq!(one.union(other).count(), 1_000)), 100);
    }
    assert_eq!(hashes(&|| assert!(few.is_subset(&big) && big.is_superset(&few))), 6);
    assert_eq!(hashes(&|| assert!(!big.is_subset(&few))), 0);
    assert_eq!(hashes(&|| assert!(few.difference(&big).next().is_none())), 3);
    assert_eq!(hashes(&|| assert_eq!(big.difference(&many).count(), 900)), 1_000);
    // A new set hashes what comes into it from the ninth element on; this one has its own hasher.
    let arena = Arena::new();
    let free: ArenaSet<u64> = (10..13).collect();
    let both = hashes(&|| assert_eq!(free.try_intersection_in(&big, &arena).unwrap().len(), 3));
    assert_eq!(both, 3);
    let mut changed = big.clone();
    hasher.calls.set(0);
    changed -= &few;
    assert_eq!((changed.len(), hasher.calls.get()), (997, 3));
    hasher.calls.set(0);
    changed |= &few;
    assert_eq!((changed.len(), hasher.calls.get()), (1_000, 3));
    hasher.calls.set(0);
    changed ^= &few;
    assert_eq!((changed.len(), hasher.calls.get()), (997, 3));
}

#[test]
fn copies_and_conversions() {
    let set = ArenaSet::from(["a", "b"]);
    let arena = Arena::new();
    let copy = set.clone_in(&arena);
    assert!(set.clone().same_elements(&copy));
    let mut values: Vec<_> = copy.into_iter().collect();
    values.sort_unstable();
    assert_eq!(values, ["a", "b"]);
    assert_eq!(arena.used(), 0);
    assert_eq!(
        format!("{:?} {:?}", ArenaSet::from([1]), ArenaSet::from([1]).iter()),
        "{1} [1]"
    );
    let large = ArenaSet::from(ArenaMap::<u64, ()>::builder().capacity(100).build_in(&arena));
    assert_eq!(large.capacity(), 112);
    assert_eq!(ArenaSet::<u64, _>::with_capacity_and_hasher(0, fixed()).capacity(), 0);
    assert!(ArenaSet::<u64>::default().is_empty());
}

#[test]
fn a_refused_element_comes_back() {
    let arena = Arena::with_budget(1000);
    let mut set = ArenaSet::new_in(&arena);
    let refused = (0_u64..).find_map(|n| set.try_insert(n).err()).unwrap();
    assert_eq!(refused.key as usize, set.len());
    assert!(matches!(refused.cause, ArenaError::Budget { .. }));
    assert_eq!(set.try_replace(1), Ok(Some(1)));
    assert_eq!(set.try_replace(1000).unwrap_err().key, 1000);
    assert_eq!(set.try_get_or_insert(1000).unwrap_err().key, 1000);
    assert_eq!(set.try_get_or_insert_with(&1000, |n| *n).unwrap_err().key, 1000);
    assert_eq!(set.try_extend(1000..1010).unwrap_err().rejected, 1000);
    assert_eq!(set.entry(1000).try_insert().unwrap_err().key, 1000);
    assert_eq!(set.entry(1000).try_or_insert().unwrap_err().key, 1000);
    assert_eq!(set.try_union_with(&ArenaSet::from([1000])).unwrap_err().rejected, 1000);
    assert!(set.try_reserve(1000).is_err());
}

/// A call that panics names its twin with its type, and the place of its caller.
#[test]
fn a_panic_names_the_twin_and_the_place() {
    thread_local! {
        static PLACE: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
    }
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().unwrap().file().to_owned();
        PLACE.with_borrow_mut(|kept| *kept = place);
        if !info.to_string().contains("returns this error instead") {
            usual(info);
        }
    }));
    fn full(arena: &Arena) -> ArenaSet<u64, DefaultHashBuilder, &Arena> {
        let mut set = ArenaSet::new_in(arena);
        while set.try_insert(set.len() as u64).is_ok() {}
        set
    }
    fn other() -> ArenaSet<u64> {
        ArenaSet::from([1000])
    }
    let calls: [(&str, fn(&Arena)); 12] = [
        ("ArenaSet::try_insert", |arena| _ = full(arena).insert(1000)),
        ("ArenaSet::try_replace", |arena| _ = full(arena).replace(1000)),
        ("ArenaSet::try_get_or_insert", |arena| {
            _ = full(arena).get_or_insert(1000)
        }),
        ("ArenaSet::try_get_or_insert_with", |arena| {
            _ = full(arena).get_or_insert_with(&1000, |n| *n);
        }),
        ("hash_set::Entry::try_insert", |arena| {
            _ = full(arena).entry(1000).insert()
        }),
        ("hash_set::Entry::try_or_insert", |arena| {
            full(arena).entry(1000).or_insert()
        }),
        ("hash_set::VacantEntry::try_insert", |arena| {
            if let Entry::Vacant(entry) = full(arena).entry(1000) {
                entry.insert();
            }
        }),
        ("ArenaSet::try_extend", |arena| full(arena).extend(1000..1010)),
        ("ArenaSet::try_reserve", |arena| full(arena).reserve(1000)),
        ("ArenaSet::try_clone_in", |arena| {
            _ = (0..1000).collect::<ArenaSet<u64>>().clone_in(arena)
        }),
        ("ArenaSet::try_from_iter_in", |arena| {
            _ = ArenaSet::<u64, DefaultHashBuilder, _>::from_iter_in(0..1000, arena);
        }),
        ("ArenaSet::try_union_with", |arena| {
            let elsewhere = Arena::new();
            let other = other().clone_in(&elsewhere);
            let mut set = full(arena);
            set |= &other;
        }),
    ];
    for (twin, call) in calls {
        let arena = Arena::with_budget(1000);
        let panic = catch_unwind(AssertUnwindSafe(|| call(&arena))).unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        assert!(text.contains(&format!("`{twin}` returns this error")), "{twin}: {text}");
        PLACE.with_borrow(|place| assert_eq!(place, file!(), "{twin}"));
    }
}

#[test]
fn replacing_keeps_the_new_element() {
    #[derive(Debug)]
    struct Tagged(u32, &'static str);
    impl PartialEq for Tagged {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Tagged {}
    impl std::hash::Hash for Tagged {
        fn hash<S: std::hash::Hasher>(&self, state: &mut S) {
            self.0.hash(state);
        }
    }
    let mut set = ArenaSet::from([Tagged(1, "old")]);
    assert!(!set.insert(Tagged(1, "ignored")));
    assert_eq!(set.replace(Tagged(1, "new")).unwrap().1, "old");
    assert_eq!(set.get_or_insert(Tagged(1, "ignored")).1, "new");
    assert_eq!(set.take(&Tagged(1, "")).unwrap().1, "new");
}

#[test]
fn closures_may_panic() {
    let mut set: ArenaSet<u32> = (0..20).collect();
    catch_unwind(AssertUnwindSafe(|| set.retain(|n| *n > 100 || panic!("a closure")))).unwrap_err();
    catch_unwind(AssertUnwindSafe(|| set.extract_if(|_| panic!("a closure")).count())).unwrap_err();
    catch_unwind(AssertUnwindSafe(|| {
        *set.get_or_insert_with(&100, |_| panic!("a closure"))
    }))
    .unwrap_err();
    catch_unwind(AssertUnwindSafe(|| *set.get_or_insert_with(&100, |_| 7))).unwrap_err();
    assert_eq!(set.len(), 20);
    assert!((0..20).all(|n| set.contains(&n)));
}

#[test]
fn auto_traits() {
    fn both<T: Send + Sync>() {}
    both::<ArenaSet<u32>>();
    both::<hash_set::Iter<'static, u32>>();
    both::<hash_set::IntoIter<u32>>();
    both::<hash_set::Drain<'static, u32>>();
    both::<hash_set::Union<'static, u32>>();
    both::<hash_set::Intersection<'static, u32>>();
    both::<hash_set::Difference<'static, u32>>();
    both::<hash_set::SymmetricDifference<'static, u32>>();
    #[cfg(feature = "std")]
    {
        both::<ArenaSet<u32, DefaultHashBuilder, arenamap::PooledArena<'static>>>();
        both::<ArenaSet<u32, DefaultHashBuilder, arenamap::SharedArena<'static>>>();
    }
}
