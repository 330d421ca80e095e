//! Every promise at once: a `PathMap` answers as a `BTreeMap` of whole paths does, on every handle, empty, small, and in the middle of
//! a move of its table; with hashers from good to constant. Cursors name the level that they were made for, wherever it is, or
//! nothing. Levels beside each other stand in the order in which they came.
//!
//! Programs are random and the same in each run; a failing one is shrunk. `ARENAMAP_CASES=100` runs so many programs of each
//! configuration, with other seeds.
#![cfg(feature = "std")]

#[path = "support/basics.rs"]
mod basics;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

use arenamap::nested::{Cursor, MoveError, Node, Step};
use arenamap::{Arena, ArenaPool, Handle, PathMap};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use basics::{Constant, Dice, Identity, fixed, times};

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// A value that is counted.
#[derive(Debug, PartialEq)]
struct Value(u64);

impl Value {
    fn new(number: u64) -> Self {
        LIVE.set(LIVE.get() + 1);
        Self(number)
    }
}
impl Clone for Value {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}
impl Drop for Value {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
    }
}

type Parts = Vec<String>;

#[derive(Clone, Debug)]
struct Op {
    kind: u8,
    path: Parts,
    other: Parts,
    number: u64,
}

const KINDS: u8 = 18;

fn part(number: u16) -> String {
    // Of lengths from 0 to 20; the empty part is a part.
    "x".repeat(usize::from(number % 7) * 3) + &if number == 0 { String::new() } else { number.to_string() }
}

fn path(parts: u16, longest: usize) -> impl Strategy<Value = Parts> {
    vec((0..parts).prop_map(part), 0..=longest)
}

fn program(longest: usize) -> impl Strategy<Value = (u16, usize, Vec<Op>)> {
    (
        prop_oneof![Just(2_u16), Just(6), Just(25)],
        prop_oneof![Just(0_usize), Just(180), Just(900), Just(3_000)],
    )
        .prop_flat_map(move |(parts, start)| {
            let op =
                (0..KINDS, path(parts, 4), path(parts, 4), 0..1_000_u64).prop_map(|(kind, path, other, number)| Op {
                    kind,
                    path,
                    other,
                    number,
                });
            (Just(parts), Just(times(start, start / 10)), vec(op, 1..longest))
        })
}

/// What is expected.
#[derive(Default)]
struct Model {
    values: BTreeMap<Parts, u64>,
    /// All levels but that of the empty path; those beside each other in their order.
    levels: Vec<Parts>,
    cursors: Vec<(Cursor, Option<Parts>)>,
}

impl Model {
    fn has_level(&self, path: &[String]) -> bool {
        self.values
            .range(path.to_vec()..)
            .next()
            .is_some_and(|(found, _)| found.starts_with(path))
    }

    /// Levels that have nothing disappear.
    fn prune(&mut self) {
        let levels = std::mem::take(&mut self.levels);
        self.levels = levels.into_iter().filter(|level| self.has_level(level)).collect();
        for at in 0..self.cursors.len() {
            let gone = self.cursors[at].1.as_ref().is_some_and(|level| !self.has_level(level));
            if gone {
                self.cursors[at].1 = None;
            }
        }
    }

    fn insert(&mut self, path: &[String], number: u64) -> Option<u64> {
        for len in 1..=path.len() {
            if !self.has_level(&path[..len]) {
                self.levels.push(path[..len].to_vec());
            }
        }
        self.values.insert(path.to_vec(), number)
    }

    fn remove(&mut self, path: &[String]) -> Option<u64> {
        let old = self.values.remove(path)?;
        self.prune();
        Some(old)
    }

    fn remove_subtree(&mut self, path: &[String]) -> bool {
        let any = self.has_level(path);
        if any {
            self.values.retain(|known, _| !known.starts_with(path));
            self.prune();
        }
        any
    }

    fn move_subtree(&mut self, from: &[String], to: &[String]) -> Result<(), MoveError> {
        if !self.has_level(from) {
            return Err(MoveError::NotFound);
        }
        if from == to {
            return Ok(());
        }
        if to.starts_with(from) {
            return Err(MoveError::BelowItself);
        }
        if self.has_level(to) {
            return Err(MoveError::Occupied);
        }
        let moved = |path: &[String]| -> Option<Parts> {
            let rest = path.strip_prefix(from)?;
            Some([to, rest].concat())
        };
        for len in 1..to.len() {
            if !self.has_level(&to[..len]) {
                self.levels.push(to[..len].to_vec());
            }
        }
        self.levels.retain(|level| level != from);
        for level in &mut self.levels {
            *level = moved(level).unwrap_or_else(|| level.clone());
        }
        self.levels.push(to.to_vec());
        for (_, level) in &mut self.cursors {
            *level = level
                .as_ref()
                .map(|level| moved(level).unwrap_or_else(|| level.clone()));
        }
        let values = std::mem::take(&mut self.values);
        self.values = values
            .into_iter()
            .map(|(path, value)| (moved(&path).unwrap_or(path), value))
            .collect();
        self.prune();
        Ok(())
    }
}

fn parts(path: &[String]) -> impl Iterator<Item = &str> {
    path.iter().map(String::as_str)
}

fn owned<'a>(path: impl IntoIterator<Item = &'a str>) -> Parts {
    path.into_iter().map(str::to_owned).collect()
}

/// A path whose last part has another name.
fn renamed(path: &[String], other: &[String]) -> Parts {
    let mut path = path.to_vec();
    if let (Some(last), Some(name)) = (path.last_mut(), other.last()) {
        last.clone_from(name);
    }
    path
}

struct Subject<S: BuildHasher, H: Handle> {
    map: PathMap<str, Value, S, H>,
    model: Model,
}

impl<S: BuildHasher + Clone, H: Handle> Subject<S, H> {
    fn run(&mut self, op: &Op) {
        let Self { map, model } = self;
        let Op {
            path, other, number, ..
        } = op;
        match op.kind {
            0..=2 => {
                let old = map.insert(parts(path), Value::new(*number));
                assert_eq!(old.map(|old| old.0), model.insert(path, *number));
            }
            3 => {
                let known = model.values.get(path).copied();
                let value = map
                    .entry(parts(path))
                    .and_modify(|value| value.0 += 1)
                    .or_insert(Value::new(*number));
                let expected = known.map_or(*number, |known| known + 1);
                assert_eq!(value.0, expected);
                model.insert(path, expected);
            }
            4..=5 => {
                let old = map.remove(parts(path));
                assert_eq!(old.map(|old| old.0), model.remove(path));
            }
            6 => assert_eq!(map.remove_subtree(parts(path)), model.remove_subtree(path)),
            7..=8 => assert_eq!(
                map.move_subtree(parts(path), parts(other)),
                model.move_subtree(path, other)
            ),
            9 => {
                let cursor = map.cursor(parts(path));
                assert_eq!(cursor.is_some(), model.has_level(path));
                if let Some(cursor) = cursor {
                    model.cursors.push((cursor, Some(path.clone())));
                }
            }
            10..=12 if !model.cursors.is_empty() => {
                let at = usize::try_from(*number).unwrap() % model.cursors.len();
                let (cursor, level) = model.cursors[at].clone();
                let Some(level) = level else {
                    assert!(map.below_mut(cursor).is_none());
                    return;
                };
                let below = &path[..path.len().min(2)];
                let whole = [&level[..], below].concat();
                let mut at = map.below_mut(cursor).expect("a level that is there");
                match op.kind {
                    10 => {
                        let old = at.insert(parts(below), Value::new(*number));
                        assert_eq!(old.map(|old| old.0), model.insert(&whole, *number));
                    }
                    11 => {
                        let old = at.remove(parts(below));
                        assert_eq!(old.map(|old| old.0), model.remove(&whole));
                    }
                    _ => {
                        let known = at.get_mut(parts(below)).map(|value| value.0);
                        assert_eq!(known, model.values.get(&whole).copied());
                        assert_eq!(at.remove_subtree(parts(below)), model.remove_subtree(&whole));
                    }
                }
            }
            13 => {
                map.settle(usize::try_from(number % 50).unwrap());
            }
            14 if *number < 40 => {
                map.clear();
                model.values.clear();
                model.prune();
            }
            15 if *number < 200 => {
                let copy = map.clone_in(Arena::new());
                assert!(copy.same_entries(map) && map.same_entries(&copy));
                assert!(
                    copy.iter()
                        .map(|(path, _)| owned(path))
                        .eq(map.iter().map(|(path, _)| owned(path)))
                );
            }
            16 => map.for_each_mut(|path, value| {
                let path = owned(path);
                assert_eq!(model.values.get(&path).copied(), Some(value.0));
                if path.len() % 2 == 1 {
                    value.0 += 1;
                    model.values.insert(path, value.0);
                }
            }),
            17 => {
                let to = renamed(path, other);
                assert_eq!(map.move_subtree(parts(path), parts(&to)), model.move_subtree(path, &to));
            }
            _ => {
                assert_eq!(
                    map.get(parts(path)).map(|value| value.0),
                    model.values.get(path).copied()
                );
                assert_eq!(map.contains(parts(other)), model.values.contains_key(other));
            }
        }
    }

    fn check(&self) {
        let Self { map, model } = self;
        assert_eq!(map.len(), model.values.len());
        assert_eq!(map.is_empty(), model.values.is_empty());
        let stats = map.stats();
        let levels = model.levels.len() + usize::from(!model.values.is_empty());
        assert_eq!((stats.len, stats.nodes), (model.values.len(), levels));
        assert_eq!(map.depths().levels.iter().sum::<usize>(), levels);
        let mut live = 0;
        for (path, value) in map {
            assert_eq!(path.len(), path.parts().count());
            let path = owned(path);
            assert_eq!(model.values.get(&path), Some(&value.0));
            assert_eq!(map.get(parts(&path)), Some(value));
            live += 1;
        }
        assert_eq!(live, model.values.len());
        // Each level's children, in their order.
        let mut children: BTreeMap<&[String], Vec<&str>> = BTreeMap::new();
        for level in &model.levels {
            let (last, above) = level.split_last().unwrap();
            children.entry(above).or_default().push(last);
        }
        for node in map.nodes() {
            let path = owned(node.path());
            let expected = children.remove(&path[..]).unwrap_or_default();
            assert!(
                node.children().filter_map(Node::key).eq(expected.iter().copied()),
                "{path:?}"
            );
            assert_eq!(node.is_leaf(), expected.is_empty());
            assert_eq!(map.node_at(node.cursor()).map(|node| owned(node.path())), Some(path));
        }
        assert!(children.is_empty());
        let mut entered = Vec::new();
        for step in map.walk() {
            match step {
                Step::Enter(node) => entered.push(node.cursor()),
                Step::Leave(node) => assert_eq!(entered.pop(), Some(node.cursor())),
            }
        }
        for (cursor, level) in &model.cursors {
            assert_eq!(map.node_at(*cursor).map(|node| owned(node.path())), *level);
        }
    }
}

fn run<S: BuildHasher + Clone, H: Handle>(map: PathMap<str, Value, S, H>, (keys, start, ops): &(u16, usize, Vec<Op>)) {
    let before = LIVE.get();
    let mut subject = Subject {
        map,
        model: Model::default(),
    };
    let mut dice = Dice::new(7);
    for number in 0..*start as u64 {
        let path: Parts = (0..=dice.below(4))
            .map(|_| part(u16::try_from(dice.below(u64::from(*keys))).unwrap()))
            .collect();
        subject.map.insert(parts(&path), Value::new(number));
        subject.model.insert(&path, number);
    }
    let every = 1 + start / 40;
    for (number, op) in ops.iter().enumerate() {
        subject.run(op);
        if number % every == 0 {
            subject.check();
        }
    }
    subject.check();
    subject.map.settle(usize::MAX);
    assert_eq!(subject.map.stats().waiting, 0);
    assert_eq!(LIVE.get() - before, subject.map.len().cast_signed());
    subject.check();
    drop(subject);
    assert_eq!(LIVE.get(), before);
}

fn programs(seed: u64, longest: usize, one: impl Fn(&(u16, usize, Vec<Op>))) {
    let asked = std::env::var("ARENAMAP_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: asked.unwrap_or(u32::try_from(times(60, 1)).unwrap()),
        failure_persistence: None,
        max_shrink_iters: 3_000,
        rng_seed: if asked.is_some() {
            RngSeed::Random
        } else {
            RngSeed::Fixed(seed)
        },
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&program(times(longest, 60)), |program| {
        one(&program);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn borrowed() {
    programs(1, 300, |program| {
        let arena = Arena::new();
        run(PathMap::with_hasher_in(fixed(), &arena), program);
        assert_eq!(arena.used(), 0, "everything was given back");
    });
}

#[test]
fn owned_by_the_map() {
    programs(2, 300, |program| run(PathMap::new(), program));
}

#[test]
fn pooled() {
    let pool = ArenaPool::new();
    programs(3, 200, |program| {
        run(PathMap::with_hasher_in(fixed(), pool.checkout()), program);
    });
}

#[test]
fn shared() {
    programs(4, 200, |program| {
        let arena = Arena::new().share();
        run(PathMap::with_hasher_in(fixed(), arena.clone()), program);
        assert_eq!(arena.used(), 0, "everything was given back");
    });
}

#[test]
fn keys_that_are_their_own_hash() {
    programs(5, 150, |program| run(PathMap::with_hasher(Identity), program));
}

/// All keys have one hash: parents tell them apart, and nothing else does.
#[test]
fn keys_that_have_one_hash() {
    programs(6, 60, |(keys, start, ops)| {
        run(PathMap::with_hasher(Constant), &(*keys, start / 10, ops.clone()));
    });
}
