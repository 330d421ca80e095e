//! `ArenaSet`: against a model, on every handle; two sets; panics in user code; auto traits.
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

mod support;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::{Arena, ArenaError, ArenaMap, ArenaSet, DefaultHashBuilder, Growth, Handle, set};
use support::{Dice, times};

/// Runs a random program on a set and on its model, and compares all they hold after each step.
fn run<H: Handle>(set: &mut ArenaSet<u64, DefaultHashBuilder, H>, values: u64, steps: usize, seed: u64) {
    let mut model: HashSet<u64> = HashSet::new();
    let mut dice = Dice::new(seed);
    for _ in 0..steps {
        let value = dice.below(values);
        match dice.below(24) {
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
    let arena = Arena::new();
    for seed in 0..times(20, 2) as u64 {
        let mut dice = Dice::new(seed);
        let mut some = || (0..dice.below(40)).map(|_| dice.below(30)).collect::<Vec<u64>>();
        let (left, right) = (some(), some());
        let a: ArenaSet<u64, DefaultHashBuilder, _> = ArenaSet::from_iter_in(left.iter().copied(), &arena);
        let b: ArenaSet<u64, std::hash::RandomState> = right.iter().copied().collect();
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
        let (first, second) = (a.clone_in(Arena::new()), &b);
        assert_eq!((&first | second).len(), (&c | &d).len());
        assert_eq!((&first & second).len(), (&c & &d).len());
        assert_eq!((&first ^ second).len(), (&c ^ &d).len());
        assert_eq!((&first - second).len(), (&c - &d).len());
    }
    assert_eq!(arena.used(), 0);
}

#[test]
fn copies_and_conversions() {
    let set = ArenaSet::from(["a", "b"]);
    let arena = Arena::new();
    let copy = set.clone_in(&arena);
    assert_eq!(set.clone(), copy);
    let mut values: Vec<_> = copy.into_iter().collect();
    values.sort_unstable();
    assert_eq!(values, ["a", "b"]);
    assert_eq!(arena.used(), 0);
    assert_eq!(
        format!("{:?} {:?}", ArenaSet::from([1]), ArenaSet::from([1]).iter()),
        "{1} [1]"
    );
    let flat = ArenaSet::from(ArenaMap::<u64, ()>::builder().growth(Growth::Flat).build_in(&arena));
    assert_eq!(flat.growth(), Growth::Flat);
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
    let panic = catch_unwind(AssertUnwindSafe(|| set.insert(1000))).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains("`try_insert`"));
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
    both::<set::Iter<'static, u32>>();
    both::<set::IntoIter<u32>>();
    both::<set::Drain<'static, u32>>();
    both::<set::Union<'static, u32>>();
    both::<set::Intersection<'static, u32>>();
    both::<set::Difference<'static, u32>>();
    both::<set::SymmetricDifference<'static, u32>>();
    #[cfg(feature = "std")]
    {
        both::<ArenaSet<u32, DefaultHashBuilder, arenamap::PooledArena<'static>>>();
        both::<ArenaSet<u32, DefaultHashBuilder, arenamap::SharedArena<'static>>>();
    }
}
