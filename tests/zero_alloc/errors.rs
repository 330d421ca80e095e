//! Promise P5: full is an answer, and saying so costs no heap call either, down to the text of the error.

use std::error::Error;
use std::fmt::{self, Write};

use arenamap::{Arena, ArenaError, ArenaMap, ExtendError, Full, InsertError};
use foldhash::fast::FixedState;
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control};
use crate::support::{fixed, key};

/// Bytes: some entries fit, 500 do not.
const BUDGET: usize = 4_096;

type In<'a> = ArenaMap<u64, u64, FixedState, &'a Arena>;

pub(crate) fn trials() -> Vec<Trial> {
    let budget = || Arena::with_budget(BUDGET);
    let mut trials: Vec<Trial> = MAPS
        .iter()
        .map(|&(name, cycle)| cycle_claim(name, budget, cycle))
        .collect();
    trials.extend([
        cycle_claim("errors::constructors", budget, constructors),
        cycle_claim("errors::clones", budget, clones),
        cycle_claim("errors::arena", budget, values),
        cycle_control("errors", || (), |()| boxed_errors()),
    ]);
    trials
}

/// One cycle: work in an arena with a budget, ending with a reset.
type Cycle = fn(&mut Arena);

/// What fails in a map.
const MAPS: [(&str, Cycle); 5] = [
    ("errors::insert", |arena| in_map(arena, insert)),
    ("errors::entry", |arena| in_map(arena, entry)),
    ("errors::full", |arena| in_map(arena, full)),
    ("errors::reserve", |arena| in_map(arena, reserve)),
    ("errors::extend", |arena| in_map(arena, extend)),
];

fn in_map(arena: &mut Arena, fail: fn(&mut In<'_>)) {
    fail(&mut ArenaMap::with_hasher_in(fixed(), &*arena));
    arena.reset();
}

/// A text on the stack, to write an error into.
struct Text {
    bytes: [u8; 400],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// The error can be shown, debugged and followed to its source.
pub(crate) fn show(error: &dyn Error) {
    let mut text = Text {
        bytes: [0; 400],
        len: 0,
    };
    write!(text, "{error} {error:?}").expect("room for the text");
    if let Some(source) = error.source() {
        show(source);
    }
}

/// Fills a map until its arena refuses; the refused pair is the next one.
fn fill(map: &mut In<'_>) -> InsertError<u64, u64> {
    for i in 0..500 {
        if let Err(refused) = map.try_insert_overwrite(key(i), i) {
            assert_eq!((refused.key, refused.value), (key(i), i));
            assert_eq!(map.len() as u64, i);
            return refused;
        }
    }
    unreachable!("500 pairs of 16 bytes do not fit in {BUDGET}")
}

fn insert(map: &mut In<'_>) {
    let refused = fill(map);
    assert!(matches!(refused.cause, ArenaError::Budget { .. }));
    show(&refused);
    // What is there can still be overwritten, and clearing makes room.
    assert_eq!(map.try_insert_overwrite(key(0), 7).ok(), Some(Some(0)));
    map.clear();
    assert_eq!(map.try_insert_overwrite(refused.key, refused.value).ok(), Some(None));
}

fn entry(map: &mut In<'_>) {
    let refused = fill(map);
    let arenamap::hash_map::Entry::Vacant(vacant) = map.entry(refused.key) else {
        unreachable!("it was refused");
    };
    let again = vacant.try_insert(refused.value).expect_err("refused again");
    assert_eq!((again.key, again.value), (refused.key, refused.value));
    assert!(map.entry(refused.key).try_or_insert(1).is_err());
    assert!(map.entry(key(0)).try_or_insert(1).is_ok(), "it is there");
}

fn full(map: &mut In<'_>) {
    map.try_reserve(10).expect("a small table");
    let full = (0..).find_map(|i| map.insert_within_capacity(key(i), i).err());
    let full: Full<u64, u64> = full.expect("no growth, so an end");
    assert_eq!(full.key, key(full.value));
    assert_eq!(map.insert_within_capacity(key(0), 9).ok(), Some(Some(0)));
    show(&full);
}

fn reserve(map: &mut In<'_>) {
    let refused = map.try_reserve(100_000).expect_err("more than the budget");
    assert!(matches!(refused, ArenaError::Budget { needed, left } if needed > left));
    show(&refused);
    assert!(map.try_reserve(usize::MAX).is_err());
    assert!(map.try_reserve(usize::MAX / 32).is_err());
    assert!(map.try_reserve(10).is_ok());
}

fn extend(map: &mut In<'_>) {
    let stopped: ExtendError<(u64, u64)> = map.try_extend((0..500).map(|i| (key(i), i))).expect_err("too many");
    assert_eq!(stopped.rejected.1, stopped.inserted as u64);
    assert_eq!(map.len(), stopped.inserted);
    show(&stopped);
}

fn constructors(arena: &mut Arena) {
    {
        let builder = ArenaMap::<u64, u64>::builder().hasher(fixed()).capacity(100_000);
        let refused = builder.try_build_in(&*arena);
        assert!(refused.is_err_and(|error: ArenaError| matches!(error, ArenaError::Budget { .. })));
        let refused = ArenaMap::<u64, u64, _, _>::try_with_capacity_in(100_000, &*arena);
        assert!(refused.is_err());
        let entries = (0..500).map(|i| (key(i), i));
        assert!(ArenaMap::<u64, u64, FixedState, _>::try_from_iter_in(entries, &*arena).is_err());
    }
    arena.reset();
}

fn clones(arena: &mut Arena) {
    {
        let mut map: In<'_> = ArenaMap::with_hasher_in(fixed(), &*arena);
        map.try_reserve(50).expect("it fits");
        map.extend((0..50).map(|i| (key(i), i)));
        let twin = map.try_clone_in(&*arena).expect("it fits twice");
        let third = twin.try_clone_in(&*arena).expect("it fits thrice");
        assert!(twin == map && third == twin);
        assert!(third.try_clone_in(&*arena).is_err(), "and no more often");
    }
    arena.reset();
}

fn values(arena: &mut Arena) {
    let refused = arena.try_alloc([0_u8; 2 * BUDGET]).err();
    assert!(matches!(refused, Some(ArenaError::Budget { .. })));
    assert!(arena.try_alloc_slice_fill_with(BUDGET, |_| 0_u64).is_err());
    assert!(arena.try_alloc_str("a text that fits").is_ok());
    arena.reset();
}

/// The usual way to say no.
fn boxed_errors() {
    let mut map = hashbrown::HashMap::<u64, u64, FixedState>::with_hasher(fixed());
    let error = (0..500).find_map(|i| {
        map.insert(key(i), i);
        (map.allocation_size() > BUDGET).then(|| Box::<dyn Error>::from("the budget is used up"))
    });
    assert!(error.is_some_and(|error| error.to_string().contains("budget")));
}
