//! From empty to 10 million entries, cold: throughput, the worst single insert, and bytes.

use std::time::{Duration, Instant};

use arenamap::{Arena, ArenaMap};
use bumpalo::Bump;
use foldhash::fast::FixedState;

use crate::support::growth::{Grows, fill, fill_timed};
use crate::support::race::{Lane, as_f64, race_once};
use crate::support::report::Row;
use crate::{LONG_ROUNDS, support};

type InBump<'a> = hashbrown::HashMap<u64, u64, FixedState, &'a Bump>;

pub(crate) fn rows(rows: &mut Vec<Row>) {
    let n = support::sizes(&[1_000, 10_000_000]).pop().unwrap_or(1_000);
    let rounds = support::rounds(LONG_ROUNDS);
    // The promises are about the way to 10 million.
    let promised = |ratio| (n >= 10_000_000).then_some(ratio);
    compare("growth, all inserts", n, rounds, whole, promised(0.9), rows);
    compare("growth, worst insert", n, rounds, worst, promised(20.0), rows);
    bytes(n, rows);
}

fn compare(
    what: &str,
    n: usize,
    rounds: usize,
    measure: fn(&mut dyn GrowsTo, usize) -> Duration,
    at_least: Option<f64>,
    rows: &mut Vec<Row>,
) {
    let times = race_once(
        rounds,
        vec![
            Lane::timed("arenamap", || measure(&mut arena_map(), n)),
            Lane::timed("hashbrown in Bump", || {
                let bump = Bump::new();
                measure(&mut InBump::with_hasher_in(support::fixed(), &bump), n)
            }),
            Lane::timed("hashbrown", || {
                measure(&mut hashbrown::HashMap::<u64, u64, _>::with_hasher(support::fixed()), n)
            }),
            Lane::timed("griddle", || {
                measure(&mut griddle::HashMap::<u64, u64, _>::with_hasher(support::fixed()), n)
            }),
        ],
    );
    for (peer, at_least) in times[1..].iter().zip([at_least, None, None]) {
        rows.push(Row::of_times(what, n, &times[0], peer, at_least));
    }
}

/// [`Grows`] behind a pointer: one virtual call for the whole growth, none for an insert.
trait GrowsTo {
    fn whole(&mut self, n: usize) -> Duration;
    fn worst(&mut self, n: usize) -> Duration;
}

impl<M: Grows> GrowsTo for M {
    fn whole(&mut self, n: usize) -> Duration {
        let start = Instant::now();
        fill(self, n);
        start.elapsed()
    }

    fn worst(&mut self, n: usize) -> Duration {
        Duration::from_nanos(fill_timed(self, n).max())
    }
}

fn whole(map: &mut dyn GrowsTo, n: usize) -> Duration {
    map.whole(n)
}

fn worst(map: &mut dyn GrowsTo, n: usize) -> Duration {
    map.worst(n)
}

fn arena_map() -> ArenaMap<u64, u64, FixedState> {
    ArenaMap::with_hasher_in(support::fixed(), Arena::new())
}

/// Bytes after growing, against a hashbrown table that was told the size.
fn bytes(n: usize, rows: &mut Vec<Row>) {
    let mut map = arena_map();
    fill(&mut map, n);
    let mut presized = hashbrown::HashMap::<u64, u64, _>::with_capacity_and_hasher(n, support::fixed());
    fill(&mut presized, n);
    let bump = Bump::new();
    let mut grown = InBump::with_hasher_in(support::fixed(), &bump);
    fill(&mut grown, n);

    let arena = map.arena_stats();
    // Below eight segments, doubling holds about twice the table.
    let promised = |ratio: f64| (map.stats().segments >= 8).then_some(1.0 / ratio);
    let table = as_f64(presized.allocation_size() as u64);
    let (used, held) = (as_f64(arena.used as u64), as_f64(arena.held as u64));
    let abandoned = as_f64(bump.allocated_bytes() as u64);
    rows.push(Row::of_numbers(
        "growth, bytes used",
        n,
        "B",
        ("arenamap", used),
        ("hashbrown, pre-sized", table),
        promised(1.4),
    ));
    rows.push(Row::of_numbers(
        "growth, bytes held",
        n,
        "B",
        ("arenamap, held", held),
        ("its live tables", as_f64(map.stats().table_bytes as u64)),
        promised(1.6),
    ));
    rows.push(Row::of_numbers(
        "growth, bytes held",
        n,
        "B",
        ("arenamap", held),
        ("hashbrown in Bump", abandoned),
        None,
    ));
}
