//! Which programs run, and what they covered.
//!
//! | sizes | programs |
//! |---|---|
//! | up to 17 | every way of adding with every way of removing (of these, one in four or eight), fresh, churned, and in two other states; over the sizes, all pairs and states |
//! | larger | each size has a quota of entries that may be moved; pairs of ways take turns, so that over the sizes of a class all are seen |
//! | 448 and 896 | each way once more, in the middle of growth |
//! | below 20,000 | one more program that has all ways take turns on one map |
//!
//! Handles take turns over the programs. Ways that make an arena themselves run on owned maps.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use arenamap::{Arena, ArenaPool, PooledArena, SharedArena};
use libtest_mimic::Trial;

use crate::map::MapOf;
use crate::program::{self, Done, Program};
use crate::subject::{Blocks, Fresh, Kind, Numbers, Set, Subject, Texts, Words};
use crate::support::key;
use crate::trial;
use crate::ways::{Add, Remove, State};

/// Around every threshold: of the small form, 4, and of tables, 14 and its doubles. From 20,000 on, few programs fit the time.
const SIZES: &[u64] = &[
    1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17, 28, 29, 56, 57, 112, 113, 224, 225, 300, 448, 449, 896, 897, 1_000, 1_792,
    1_793, 3_584, 3_585, 7_168, 7_169, 14_336, 14_337, 28_672, 28_673, 114_688, 114_689, 120_000,
];

/// Sizes up to this one see every pair of ways.
const CROSSED: u64 = 17;

/// Full tables that move in steps when they grow: here each way is called in the middle of that.
const FULL: [u64; 2] = [896, 1_792];

/// From this size on, time is short.
const LARGE: u64 = 20_000;

/// Where every block is a heap allocation, and a sanitizer may watch, programs take several times as long.
const GUARDED: bool = cfg!(arenamap_guard);

/// A family of map types, one for each handle.
trait Family {
    type On<H: Kind>: Subject<Handle = H>;
    /// Entries that may be moved at one size beyond [`CROSSED`], in thousands.
    const QUOTA: u64;
    /// Up to [`CROSSED`], each size has the pairs of one part of so many; other sizes have the others.
    const PARTS: usize;
    /// Times its size that the largest maps are churned.
    const LARGE_CHURN: u64;
}

macro_rules! family {
    ($name:ident = $type:ty, $handle:ident, $quota:literal, $parts:literal, $large:literal) => {
        struct $name;

        impl Family for $name {
            type On<$handle: Kind> = $type;
            const QUOTA: u64 = $quota;
            const PARTS: usize = $parts;
            const LARGE_CHURN: u64 = $large;
        }
    };
}

family!(OfNumbers = MapOf<Numbers, H>, H, 100, 4, 8);
family!(OfTexts = MapOf<Texts, H>, H, 30, 8, 1);
family!(OfBlocks = MapOf<Blocks, H>, H, 40, 8, 1);
family!(OfSets = Set<H>, H, 40, 4, 1);
family!(OfWords = Words<H>, H, 30, 4, 1);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("matrix of ArenaMap with u64 pairs", cover::<OfNumbers>),
        trial("matrix of StrMap", cover::<OfWords>),
        trial("matrix of ArenaSet", cover::<OfSets>),
        trial("matrix of ArenaMap with strings", cover::<OfTexts>),
        trial("matrix of ArenaMap with 512-byte values", cover::<OfBlocks>),
    ]
}

/// What ran.
#[derive(Default)]
struct Coverage {
    programs: u64,
    operations: u64,
    adds: BTreeSet<Add>,
    removes: BTreeSet<Remove>,
    pairs: BTreeSet<(Add, Remove)>,
    /// Pairs seen at sizes from 100 on.
    large_pairs: BTreeSet<(Add, Remove)>,
    /// Ways that were called while entries were on their way to a larger table.
    adds_in_growth: BTreeSet<Add>,
    removes_in_growth: BTreeSet<Remove>,
    programs_in_growth: u64,
    states: BTreeSet<State>,
    sizes: BTreeSet<u64>,
    handles: BTreeSet<&'static str>,
    failures: Vec<String>,
}

impl Coverage {
    /// Prints what ran, and fails if that was not all or not well.
    fn report(&self, name: &str, all_pairs: &[(Add, Remove)], started: Instant) {
        let missing: Vec<_> = all_pairs.iter().filter(|pair| !self.pairs.contains(pair)).collect();
        println!(
            "{}: {} handles x {} ways of adding x {} ways of removing ({} pairs, {} of them also beyond 100 entries) x {} \
             states x {} sizes from {} to {}: {} programs, {} of them in the middle of growth, {} operations, {} failures, \
             {:.1} s",
            name,
            self.handles.len(),
            self.adds.len(),
            self.removes.len(),
            self.pairs.len(),
            self.large_pairs.len(),
            self.states.len(),
            self.sizes.len(),
            self.sizes.first().unwrap(),
            self.sizes.last().unwrap(),
            self.programs,
            self.programs_in_growth,
            self.operations,
            self.failures.len(),
            started.elapsed().as_secs_f64(),
        );
        assert!(
            self.failures.is_empty(),
            "{} programs fail:\n{}",
            self.failures.len(),
            self.failures.join("\n")
        );
        assert!(missing.is_empty(), "no program had these ways: {missing:?}");
        assert_eq!(self.handles.len(), 4);
        // A growing map meets every way, not only the insertions that made it grow.
        assert_eq!(self.adds_in_growth, self.adds, "ways of adding in the middle of growth");
        assert_eq!(
            self.removes_in_growth, self.removes,
            "ways of removing in the middle of growth"
        );
    }
}

fn times() -> u64 {
    std::env::var("ARENAMAP_MATRIX").map_or(1, |times| times.parse().expect("a number in ARENAMAP_MATRIX"))
}

/// Runs the programs of one family.
fn cover<F: Family>() {
    let started = Instant::now();
    let trace = std::env::var_os("ARENAMAP_MATRIX_TRACE").is_some();
    let mut seen = Coverage::default();
    let mut turn = 0;
    let all_pairs: Vec<(Add, Remove)> = <F::On<Arena> as Subject>::ADDS
        .iter()
        .flat_map(|&add| {
            <F::On<Arena> as Subject>::REMOVES
                .iter()
                .map(move |&remove| (add, remove))
        })
        .filter(|&(add, _)| add.is_built())
        .collect();
    // A stride that shares no divisor with the number of pairs visits them all, neighbours far apart.
    let stride = (all_pairs.len() * 5 / 13..all_pairs.len())
        .find(|&n| gcd(n, all_pairs.len()) == 1)
        .unwrap();
    let mut next_pair = 0;
    let is_short = GUARDED || times() == 0;
    let parts = if is_short { 12 } else { F::PARTS };
    for (at, &size) in SIZES.iter().enumerate() {
        if is_short && size > 2_000 {
            break;
        }
        if size <= CROSSED {
            for (turn_of_pair, &(add, remove)) in all_pairs.iter().enumerate() {
                if (turn_of_pair + at) % parts != 0 {
                    continue;
                }
                for state in states::<F>(size, turn_of_pair) {
                    step::<F>(
                        &mut seen,
                        &mut turn,
                        Program {
                            add,
                            remove,
                            state,
                            size,
                        },
                    );
                }
            }
        } else {
            let mut left = i128::from(F::QUOTA) * i128::from(times().max(1)) * if is_short { 400 } else { 1_000 };
            loop {
                next_pair = (next_pair + stride) % all_pairs.len();
                let (add, remove) = all_pairs[next_pair];
                for state in states::<F>(size, next_pair) {
                    left -= i128::from(step::<F>(
                        &mut seen,
                        &mut turn,
                        Program {
                            add,
                            remove,
                            state,
                            size,
                        },
                    ));
                }
                // At least one pair, at most all.
                if left < 0 {
                    break;
                }
            }
        }
        if FULL.contains(&size) {
            let adds = <F::On<Arena> as Subject>::ADDS;
            let removes = <F::On<Arena> as Subject>::REMOVES;
            for (add, remove) in each_once(adds, removes, at, &all_pairs) {
                let state = State::Growing(1);
                step::<F>(
                    &mut seen,
                    &mut turn,
                    Program {
                        add,
                        remove,
                        state,
                        size,
                    },
                );
            }
        }
        if size < LARGE {
            all_in_turn::<F>(&mut seen, &mut turn, size, &all_pairs);
        }
        if trace {
            let seconds = started.elapsed().as_secs_f64();
            println!(
                "{size}: {} programs, {} operations, {seconds:.1} s",
                seen.programs, seen.operations
            );
        }
        if seen.failures.len() > 20 {
            break;
        }
    }
    seen.report(<F::On<Arena> as Subject>::NAME, &all_pairs, started);
}

fn note<F: Family>(adds: &mut BTreeSet<Add>, removes: &mut BTreeSet<Remove>) {
    adds.extend(<F::On<Arena> as Subject>::ADDS);
    removes.extend(<F::On<Arena> as Subject>::REMOVES);
}

/// Every way is offered by a type.
pub(crate) fn every_way_has_a_type() {
    let mut adds = BTreeSet::new();
    let mut removes = BTreeSet::new();
    note::<OfNumbers>(&mut adds, &mut removes);
    note::<OfSets>(&mut adds, &mut removes);
    note::<OfWords>(&mut adds, &mut removes);
    assert_eq!(adds.into_iter().collect::<Vec<_>>(), Add::ALL);
    assert_eq!(removes.into_iter().collect::<Vec<_>>(), Remove::ALL);
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Fresh and churned, and of the other states two, which change with the size and the pair. Large maps are either churned, or
/// in two of the other states.
fn states<F: Family>(size: u64, turn: usize) -> Vec<State> {
    let churned = State::Churned(if size < LARGE { 20 } else { F::LARGE_CHURN });
    let mut others = vec![
        State::Reserved,
        State::Growing(1),
        State::Shrunk,
        State::Growing(3),
        State::Cleared,
    ];
    for beyond in [40, 400] {
        // A step that is much larger than the map says nothing more.
        if beyond <= 4 * size {
            others.push(State::Growing(beyond));
        }
    }
    let turn = turn + usize::try_from(size).unwrap();
    let (one, other) = (others[turn % others.len()], others[(turn + 3) % others.len()]);
    match size {
        120_000 => vec![one],
        LARGE.. if size.is_multiple_of(2) => vec![churned],
        LARGE.. => vec![one, other],
        _ => vec![State::Fresh, churned, one, other],
    }
}

/// Runs one program on the next handle that can, and returns how many entries it moved.
fn step<F: Family>(seen: &mut Coverage, turn: &mut u64, program: Program) -> u64 {
    let Program {
        add,
        remove,
        state,
        size,
    } = program;
    let handle = if program.fits::<PooledArena<'static>>() {
        next(turn)
    } else {
        "owned"
    };
    let operations = guarded(seen, handle, &program.to_string(), |visit| match visit {
        On::Borrowed(fresh) => program::run::<F::On<_>>(program, fresh),
        On::Owned(fresh) => program::run::<F::On<_>>(program, fresh),
        On::Pooled(fresh) => program::run::<F::On<_>>(program, fresh),
        On::Shared(fresh) => program::run::<F::On<_>>(program, fresh),
    });
    seen.adds.insert(add);
    seen.removes.insert(remove);
    seen.pairs.insert((add, remove));
    if size >= 100 {
        seen.large_pairs.insert((add, remove));
    }
    // What differs by its number is one state.
    seen.states.insert(match state {
        State::Churned(_) => State::Churned(0),
        other => other,
    });
    seen.sizes.insert(size);
    operations
}

/// Each way once, beside another one for each shift; whole maps are rebuilt too often else.
fn each_once(
    adds: &'static [Add],
    removes: &'static [Remove],
    shift: usize,
    all_pairs: &[(Add, Remove)],
) -> impl Iterator<Item = (Add, Remove)> {
    (0..adds.len().max(removes.len()))
        .map(move |at| (adds[at % adds.len()], removes[(at + shift) % removes.len()]))
        .filter(|pair| all_pairs.contains(pair))
}

/// All ways in turn on one map.
fn all_in_turn<F: Family>(seen: &mut Coverage, turn: &mut u64, size: u64, all_pairs: &[(Add, Remove)]) {
    let handle = next(turn);
    let adds = <F::On<Arena> as Subject>::ADDS;
    let removes = <F::On<Arena> as Subject>::REMOVES;
    let shift = usize::try_from(size).unwrap();
    let ways: Vec<(Add, Remove)> = each_once(adds, removes, shift, all_pairs)
        .filter(|&(add, remove)| handle == "owned" || program::fits::<PooledArena<'static>>(add, remove))
        .collect();
    let pairs = 10 * size;
    let name = format!("all ways in turn, {size} entries");
    guarded(seen, handle, &name, |visit| match visit {
        On::Borrowed(fresh) => program::run_all_in_turn::<F::On<_>>(&ways, size, pairs, fresh),
        On::Owned(fresh) => program::run_all_in_turn::<F::On<_>>(&ways, size, pairs, fresh),
        On::Pooled(fresh) => program::run_all_in_turn::<F::On<_>>(&ways, size, pairs, fresh),
        On::Shared(fresh) => program::run_all_in_turn::<F::On<_>>(&ways, size, pairs, fresh),
    });
}

fn next(turn: &mut u64) -> &'static str {
    *turn += 1;
    // By lot: in turn, each state would always meet the same handle.
    ["owned", "borrowed", "pooled", "shared"][usize::try_from(key(*turn) % 4).unwrap()]
}

/// Where handles come from: one arena for borrowed and shared maps, a new one for the others.
enum On<'f> {
    Borrowed(Fresh<'f, &'f Arena>),
    Owned(Fresh<'f, Arena>),
    Pooled(Fresh<'f, PooledArena<'f>>),
    Shared(Fresh<'f, SharedArena<'f>>),
}

/// Runs a program on a handle of the kind, and notes it, and its failure.
fn guarded(seen: &mut Coverage, handle: &'static str, name: &str, run: impl FnOnce(On<'_>) -> Done) -> u64 {
    let outcome = catch_unwind(AssertUnwindSafe(|| match handle {
        "borrowed" => {
            let arena = Arena::new();
            run(On::Borrowed(&|| &arena))
        }
        "owned" => run(On::Owned(&Arena::new)),
        "pooled" => {
            let pool = ArenaPool::new();
            run(On::Pooled(&|| pool.checkout()))
        }
        _ => {
            let pool = ArenaPool::new();
            let arena = pool.checkout().share();
            run(On::Shared(&|| arena.clone()))
        }
    }));
    seen.programs += 1;
    seen.handles.insert(handle);
    match outcome {
        Ok(done) => {
            seen.operations += done.operations;
            seen.programs_in_growth += u64::from(!done.adds_in_growth.is_empty());
            seen.adds_in_growth.extend(done.adds_in_growth);
            seen.removes_in_growth.extend(done.removes_in_growth);
            done.operations
        }
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned());
            seen.failures
                .push(format!("{handle}: {name}: {}", text.unwrap_or_default()));
            u64::from(u32::MAX) // this size is done
        }
    }
}
