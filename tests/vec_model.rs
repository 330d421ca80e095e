//! `ArenaVec` and `ArenaString` answer as `Vec` and `String` do, on every handle (P6); and they leave nothing behind in their
//! arena.
//!
//! Programs are random and the same in each run; a failing one is shrunk. `ARENAMAP_CASES=1000` runs so many of each.
#![cfg(feature = "std")]

use std::cell::Cell;
use std::fmt::{Debug, Write};
use std::rc::Rc;

use arenamap::{Arena, ArenaPool, ArenaString, ArenaVec, Handle};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// An operation; the numbers are brought into range where it is done.
#[derive(Clone, Copy, Debug)]
struct Op {
    kind: u8,
    at: usize,
    to: usize,
    value: u32,
}

const KINDS: u8 = 32;

fn program(longest: usize) -> impl Strategy<Value = Vec<Op>> {
    let op =
        (0..KINDS, 0..200_usize, 0..200_usize, 0..40_u32).prop_map(|(kind, at, to, value)| Op { kind, at, to, value });
    vec(op, 1..longest)
}

/// Runs random programs.
fn programs(seed: u64, run: impl Fn(&[Op])) {
    let asked = std::env::var("ARENAMAP_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: asked.unwrap_or(if cfg!(miri) { 1 } else { 48 }),
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    let longest = if cfg!(miri) { 40 } else { 200 };
    TestRunner::new(config)
        .run(&program(longest), |ops| {
            run(&ops);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// What stands in a list: made of a number.
trait Element: Clone + Debug + Ord + std::hash::Hash {
    fn of(number: u32) -> Self;
    fn number(&self) -> u32;
}

impl Element for u8 {
    fn of(number: u32) -> Self {
        u8::try_from(number % 256).unwrap()
    }
    fn number(&self) -> u32 {
        u32::from(*self)
    }
}
impl Element for u64 {
    fn of(number: u32) -> Self {
        u64::from(number)
    }
    fn number(&self) -> u32 {
        u32::try_from(*self).unwrap()
    }
}
impl Element for Rc<u32> {
    fn of(number: u32) -> Self {
        Rc::new(number)
    }
    fn number(&self) -> u32 {
        **self
    }
}
impl Element for () {
    fn of(_: u32) -> Self {}
    fn number(&self) -> u32 {
        0
    }
}

/// 64 bytes with an alignment that no block has by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(align(64))]
struct Aligned(u32);
impl Element for Aligned {
    fn of(number: u32) -> Self {
        Self(number)
    }
    fn number(&self) -> u32 {
        self.0
    }
}

/// Does an operation to both, and compares what they answer.
#[allow(clippy::too_many_lines, reason = "one arm an operation")]
fn apply<T: Element, H: Handle>(list: &mut ArenaVec<T, H>, model: &mut Vec<T>, op: Op, fresh: &dyn Fn() -> H) {
    let len = model.len();
    let at = op.at % (len + 1);
    let to = at + op.to % (len + 1 - at);
    let (value, few) = (T::of(op.value), op.to % 20);
    match op.kind {
        0 | 1 => {
            list.push(value.clone());
            model.push(value);
        }
        2 => {
            assert!(list.try_push(value.clone()).is_ok());
            model.push(value);
        }
        3 => {
            list.insert(at, value.clone());
            model.insert(at, value);
        }
        4 => assert_eq!(list.pop(), model.pop()),
        5 if at < len => assert_eq!(list.remove(at), model.remove(at)),
        6 if at < len => assert_eq!(list.swap_remove(at), model.swap_remove(at)),
        7 => {
            list.truncate(at);
            model.truncate(at);
        }
        8 if op.to.is_multiple_of(4) => {
            list.clear();
            model.clear();
        }
        9 => assert!(list.drain(at..to).eq(model.drain(at..to))),
        10 => {
            let mut ours = list.drain(at..to);
            let mut theirs = model.drain(at..to);
            assert_eq!(ours.next(), theirs.next());
            assert_eq!(ours.next_back(), theirs.next_back());
            assert_eq!(ours.as_slice(), theirs.as_slice());
            assert_eq!(ours.size_hint(), theirs.size_hint());
        }
        11 => {
            list.retain(|value| value.number() % 3 != op.value % 3);
            model.retain(|value| value.number() % 3 != op.value % 3);
        }
        12 => {
            let change = |value: &mut T| {
                *value = T::of(value.number() / 2);
                value.number() != op.value / 2
            };
            list.retain_mut(change);
            model.retain_mut(change);
        }
        13 => {
            list.dedup();
            model.dedup();
        }
        14 => {
            list.dedup_by_key(|value| value.number() / 4);
            model.dedup_by_key(|value| value.number() / 4);
        }
        15 => {
            let more: Vec<T> = (0..op.value).map(T::of).collect();
            list.extend(more.clone());
            model.extend(more);
        }
        16 => {
            let more: Vec<T> = (0..op.value).map(T::of).collect();
            list.extend_from_slice(&more);
            model.extend_from_slice(&more);
        }
        17 => {
            list.extend_from_within(at..to);
            model.extend_from_within(at..to);
        }
        18 => {
            list.resize(few, value.clone());
            model.resize(few, value);
        }
        19 => {
            let made = Cell::new(op.value);
            let make = || T::of(made.replace(made.get() + 1));
            list.resize_with(len + few, make);
            made.set(op.value);
            model.resize_with(len + few, make);
        }
        20 => {
            let tail = list.split_off(at);
            assert_eq!(tail, model.split_off(at));
            assert_eq!(tail.capacity() == tail.len(), size_of::<T>() != 0);
        }
        21 => {
            let mut other = ArenaVec::from_iter_in((0..op.value).map(T::of), fresh());
            list.append(&mut other);
            assert!(other.is_empty());
            model.extend((0..op.value).map(T::of));
        }
        22 => {
            list.reserve(op.to);
            assert!(list.capacity() >= len + op.to);
        }
        23 => {
            list.reserve_exact(op.to);
            assert!(list.capacity() >= len + op.to);
        }
        24 => {
            list.shrink_to_fit();
            assert_eq!(list.capacity() == len, size_of::<T>() != 0);
        }
        25 => list.shrink_to(op.to),
        26 => {
            list.sort();
            model.sort();
        }
        27 => *list = list.clone(),
        28 => {
            let mut other = ArenaVec::from_iter_in((0..op.value).map(T::of), fresh());
            other.clone_from(list);
            *list = other;
        }
        29 => {
            let old = std::mem::replace(list, ArenaVec::new_in(fresh()));
            let mut items = old.into_iter();
            assert_eq!(items.as_slice(), model.as_slice());
            let (first, last) = (items.next(), items.next_back());
            assert_eq!((first.as_ref(), items.len()), (model.first(), len.saturating_sub(2)));
            list.extend(first);
            list.extend(items);
            list.extend(last);
        }
        30 => {
            let made = Cell::new(0_u32);
            let same = |later: &mut T, earlier: &mut T| {
                made.set(made.get() + 1);
                later.number().abs_diff(earlier.number()) < 3
            };
            list.dedup_by(same);
            let ours = made.replace(0);
            model.dedup_by(same);
            assert_eq!(ours, made.get());
        }
        31 => assert_eq!(
            list.pop_if(|last| last.number() % 2 == 0),
            model.pop_if(|last| last.number() % 2 == 0)
        ),
        _ => {}
    }
}

fn check<T: Element, H: Handle>(list: &ArenaVec<T, H>, model: &[T]) {
    assert_eq!(list, model);
    assert_eq!(list.len(), model.len());
    assert!(list.capacity() >= list.len());
    assert!(list.arena_stats().used >= list.allocation_size());
    assert!(list.as_ptr().is_aligned());
}

fn lists<T: Element, H: Handle>(seed: u64, fresh: &dyn Fn() -> H) {
    programs(seed, |ops| {
        let mut list = ArenaVec::new_in(fresh());
        let mut model = Vec::new();
        for &op in ops {
            apply::<T, H>(&mut list, &mut model, op, fresh);
            check(&list, &model);
        }
    });
}

fn lists_of_each_type<H: Handle>(fresh: &dyn Fn() -> H) {
    lists::<u8, H>(1, fresh);
    lists::<u64, H>(2, fresh);
    lists::<Rc<u32>, H>(3, fresh);
    lists::<(), H>(4, fresh);
    lists::<Aligned, H>(5, fresh);
}

#[test]
fn lists_on_a_borrowed_arena() {
    let arena = Arena::new();
    lists_of_each_type(&|| &arena);
    assert_eq!(arena.used(), 0);
}

#[test]
fn lists_on_owned_arenas() {
    lists_of_each_type(&Arena::new);
}

#[test]
fn lists_on_pooled_arenas() {
    let pool = ArenaPool::new();
    lists_of_each_type(&|| pool.checkout());
}

#[test]
fn lists_on_a_shared_arena() {
    let arena = Arena::new().share();
    lists_of_each_type(&|| arena.clone());
    assert_eq!((arena.stats().used, arena.handles()), (0, 1));
}

const CHARACTERS: [char; 5] = ['a', 'ß', '€', '😀', '\u{0}'];

/// The next end of a character at or behind a byte.
fn boundary(text: &str, mut at: usize) -> usize {
    at %= text.len() + 1;
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

fn apply_to_string<H: Handle>(text: &mut ArenaString<H>, model: &mut String, op: Op, fresh: &dyn Fn() -> H) {
    let at = boundary(model, op.at);
    let to = at + boundary(&model[at..], op.to);
    let character = CHARACTERS[op.value as usize % 5];
    let word: String = CHARACTERS.iter().cycle().take(op.value as usize % 12).collect();
    match op.kind % 17 {
        0 => {
            text.push(character);
            model.push(character);
        }
        1 => {
            text.push_str(&word);
            model.push_str(&word);
        }
        2 => {
            text.insert(at, character);
            model.insert(at, character);
        }
        3 => {
            text.insert_str(at, &word);
            model.insert_str(at, &word);
        }
        4 => assert_eq!(text.pop(), model.pop()),
        5 if at < model.len() => assert_eq!(text.remove(at), model.remove(at)),
        6 => {
            text.truncate(at);
            model.truncate(at);
        }
        7 => {
            text.retain(|seen| seen != character);
            model.retain(|seen| seen != character);
        }
        8 => assert!(text.drain(at..to).eq(model.drain(at..to))),
        9 => {
            let (mut ours, mut theirs) = (text.drain(at..to), model.drain(at..to));
            assert_eq!((ours.next(), ours.next_back()), (theirs.next(), theirs.next_back()));
            assert_eq!(ours.as_str(), theirs.as_str());
        }
        10 => {
            text.replace_range(at..to, &word);
            model.replace_range(at..to, &word);
        }
        11 => assert_eq!(text.split_off(at), model.split_off(at)),
        12 => {
            write!(text, "{at:3}{word}").unwrap();
            write!(model, "{at:3}{word}").unwrap();
        }
        13 => {
            text.extend(word.chars());
            text.extend([word.as_str(), "x"]);
            *model += &word;
            *model += &word;
            *model += "x";
        }
        14 => {
            let mut other = ArenaString::from_str_in(&word, fresh());
            other.clone_from(&text.clone());
            *text = ArenaString::from_utf8(other.into_bytes()).unwrap();
        }
        15 => {
            text.make_ascii_uppercase();
            model.make_ascii_uppercase();
            text.shrink_to_fit();
        }
        16 if op.to.is_multiple_of(4) => {
            text.clear();
            model.clear();
        }
        _ => {}
    }
}

fn strings<H: Handle>(fresh: &dyn Fn() -> H) {
    programs(6, |ops| {
        let mut text = ArenaString::new_in(fresh());
        let mut model = String::new();
        for &op in ops {
            apply_to_string(&mut text, &mut model, op, fresh);
            assert_eq!(text, model);
            assert!(std::str::from_utf8(text.as_bytes()).is_ok());
        }
    });
}

#[test]
fn strings_on_every_handle() {
    let arena = Arena::new();
    strings(&|| &arena);
    assert_eq!(arena.used(), 0);
    strings(&Arena::new);
    let pool = ArenaPool::new();
    strings(&|| pool.checkout());
    let shared = Arena::new().share();
    strings(&|| shared.clone());
    assert_eq!(shared.stats().used, 0);
}
