//! Growing from empty to 10 million entries: throughput, and what single inserts cost.
//!
//! Every map and every arena starts cold. The maps share one hasher with one seed (`std` has its own) and get the same keys in
//! the same order. The second part prints percentiles of single inserts, of numbers, strings and values of 512 bytes: medians over several
//! rounds in which the peers take turns; the maps called warm are in an arena that has held such a map before.
//! The third prints the bytes used and held on the way, beside a table of hashbrown's that was told the number.
//! Groups and functions are called as in the example `compare`, which shows these figures beside its own (`--criterion`).
//! `ARENAMAP_BENCH_MAX` bounds n, `ARENAMAP_BENCH_ROUNDS` (5) sets the rounds.

#[path = "support/filling.rs"]
mod filling;
#[path = "support/single.rs"]
mod single;
mod support;

use std::time::{Duration, Instant};

use arenamap::{Arena, ArenaMap};
use bumpalo::Bump;
use comfy_table::{CellAlignment, Table, presets};
use criterion::{Criterion, Throughput};
use filling::{Grows, Numbers, Pairs, Strings, Wide, fill, fill_timed, warm_arena, warm_bump};
use foldhash::fast::FixedState;
use hdrhistogram::Histogram;
use single::clock_alone;
use support::fixed;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    throughput(&mut criterion);
    criterion.final_summary();
    // A filter on the command line that names something else leaves this part out.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let singles = |name: &str| filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()));
    let largest = |n| support::sizes(&[1_000, n]).pop().unwrap_or(1_000);
    if singles("growth/bytes") {
        bytes(largest(10_000_000));
    }
    if singles("growth/single") {
        single_inserts::<Numbers>("pairs of u64", largest(10_000_000));
    }
    if singles("growth/single/strings") {
        single_inserts::<Strings>("strings to u64", largest(10_000_000));
    }
    if singles("growth/single/wide") {
        // Ten million would be 5 GB, and twice or four times that while it grows.
        single_inserts::<Wide>("u64 to 512 bytes", largest(1_000_000));
    }
}

/// Something done to a map that starts empty, for every kind of map alike.
trait Use<P: Pairs> {
    type Answer;
    fn of(&self, map: &mut impl Grows<P>) -> Self::Answer;
    /// To how many entries.
    fn n(&self) -> usize;
}

/// Grows to n.
struct Fill(usize);
/// Grows to n with a clock around each insert.
struct FillTimed(usize);

impl<P: Pairs> Use<P> for Fill {
    type Answer = Duration;

    fn n(&self) -> usize {
        self.0
    }

    fn of(&self, map: &mut impl Grows<P>) -> Duration {
        let start = Instant::now();
        fill(map, self.0);
        start.elapsed()
    }
}

impl<P: Pairs> Use<P> for FillTimed {
    type Answer = Histogram<u64>;

    fn n(&self) -> usize {
        self.0
    }

    fn of(&self, map: &mut impl Grows<P>) -> Histogram<u64> {
        fill_timed(map, self.0)
    }
}

const PEERS: [&str; 6] = ["arenamap", "hashbrown", "hashbrown-bump", "griddle", "indexmap", "std"];

/// Single inserts only: criterion's groups are all cold.
const WARM_PEERS: [&str; 2] = ["arenamap-warm", "hashbrown-bump-warm"];

/// Makes the map of a peer, empty and cold if its name does not say warm, and uses it once. Dropping it is not in any span.
fn with_peer<P: Pairs, U: Use<P>>(peer: &str, work: &U) -> U::Answer {
    match peer {
        "arenamap" => work.of(&mut ArenaMap::<P::Key, P::Value, _>::with_hasher_in(
            fixed(),
            Arena::new(),
        )),
        "arenamap-warm" => {
            let arena = warm_arena::<P>(work.n());
            work.of(&mut ArenaMap::<P::Key, P::Value, _>::with_hasher_in(fixed(), arena))
        }
        "hashbrown" => work.of(&mut hashbrown::HashMap::<P::Key, P::Value, FixedState>::with_hasher(
            fixed(),
        )),
        "hashbrown-bump" | "hashbrown-bump-warm" => {
            let bump = if peer.ends_with("warm") {
                warm_bump::<P>(work.n())
            } else {
                Bump::new()
            };
            let mut map = hashbrown::HashMap::<P::Key, P::Value, _, _>::with_hasher_in(fixed(), &bump);
            work.of(&mut map)
        }
        "griddle" => work.of(&mut griddle::HashMap::<P::Key, P::Value, FixedState>::with_hasher(
            fixed(),
        )),
        "indexmap" => work.of(&mut indexmap::IndexMap::<P::Key, P::Value, FixedState>::with_hasher(
            fixed(),
        )),
        "std" => work.of(&mut std::collections::HashMap::<P::Key, P::Value>::new()),
        _ => unreachable!("no peer is called {peer}"),
    }
}

fn throughput(c: &mut Criterion) {
    for n in support::sizes(&[1_000, 100_000, 1_000_000, 10_000_000]) {
        let mut group = c.benchmark_group(format!("growth/{n}"));
        group.throughput(Throughput::Elements(n as u64));
        if n >= 1_000_000 {
            group.sample_size(10);
        }
        for peer in PEERS {
            group.bench_function(peer, |b| {
                b.iter_custom(|times| (0..times).map(|_| with_peer::<Numbers, _>(peer, &Fill(n))).sum());
            });
        }
        group.finish();
    }
}

/// Prints what single inserts cost on the way from empty to `n`.
fn single_inserts<P: Pairs>(what: &str, n: usize) {
    const QUANTILES: [f64; 5] = [0.5, 0.99, 0.999, 0.9999, 1.0];
    let rounds = support::rounds(5);
    let peers = PEERS.iter().chain(&WARM_PEERS);
    let mut runs: Vec<(&str, Vec<[u64; 5]>)> = peers.map(|&peer| (peer, Vec::new())).collect();
    runs.push(("(clock alone)", Vec::new()));
    for round in 0..rounds {
        for turn in 0..runs.len() {
            // Who comes first changes from round to round.
            let turn = (round + turn) % runs.len();
            let (peer, results) = &mut runs[turn];
            let spans = match *peer {
                "(clock alone)" => clock_alone(n),
                peer => with_peer::<P, _>(peer, &FillTimed(n)),
            };
            assert_eq!(spans.len(), n as u64, "every insert is counted");
            results.push(QUANTILES.map(|quantile| spans.value_at_quantile(quantile)));
        }
    }

    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "map",
        "p50 ns",
        "p99 ns",
        "p99.9 ns",
        "p99.99 ns",
        "max ns",
        "max: best .. worst round",
    ]);
    for column in 1..=6 {
        table
            .column_mut(column)
            .expect("seven columns")
            .set_cell_alignment(CellAlignment::Right);
    }
    for (peer, results) in &runs {
        let mut row = vec![(*peer).to_owned()];
        for i in 0..QUANTILES.len() {
            row.push(support::median(results.iter().map(|run| run[i]).collect()).to_string());
        }
        let maxima = || results.iter().map(|run| run[4]);
        row.push(format!(
            "{} .. {}",
            maxima().min().unwrap_or(0),
            maxima().max().unwrap_or(0)
        ));
        table.add_row(row);
    }
    println!("\ngrowth/single: {what} one by one, empty to {n} entries; medians of {rounds} rounds");
    println!("each span holds one reading of the clock; \"clock alone\" is the same loop without an insert\n");
    println!("{table}");
}

/// Bytes at one number of entries.
#[derive(Clone, Copy)]
struct Point {
    n: usize,
    /// Bytes used, times those of hashbrown's pre-sized table.
    used: f64,
    /// Bytes held, times those of the live tables.
    held: f64,
}

/// Prints the curve of bytes, a line for each doubling: it is looked at each hundredth part more entries.
fn bytes(largest: usize) {
    let mut map = ArenaMap::<u64, u64, FixedState>::with_hasher_in(fixed(), Arena::new());
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "entries",
        "used / hashbrown's, half of the way",
        "the most",
        "at",
        "held / live tables, the most",
        "at",
    ]);
    let mut points: Vec<Point> = Vec::new();
    let (mut n, mut first) = (1_000, 1_000);
    loop {
        for i in map.len()..n {
            let (key, value) = Numbers::pair(i as u64);
            map.insert(key, value);
        }
        points.push(point(&map));
        if n == largest || n >= 2 * first {
            table.add_row(stretch(first, &mut points));
            first = n;
        }
        if n == largest {
            break;
        }
        n = (n + n / 100).min(largest);
    }
    println!("\ngrowth/bytes: u64 to u64\n\n{table}");
}

fn point(map: &ArenaMap<u64, u64, FixedState>) -> Point {
    // Made and dropped untouched: the system gives no page for it.
    let peer = hashbrown::HashMap::<u64, u64, FixedState>::with_capacity_and_hasher(map.len(), fixed());
    let arena = map.arena_stats();
    let ratio = |ours: usize, theirs: usize| support::as_f64(ours as u64) / support::as_f64(theirs as u64);
    Point {
        n: map.len(),
        used: ratio(arena.used, peer.allocation_size()),
        held: ratio(arena.held, map.stats().table_bytes),
    }
}

/// The line of one doubling.
fn stretch(first: usize, points: &mut Vec<Point>) -> [String; 6] {
    let most = |of: fn(&Point) -> f64| {
        let most = points.iter().copied().max_by(|a, b| of(a).total_cmp(&of(b)));
        most.expect("each stretch has a point")
    };
    let (used, held) = (most(|point| point.used), most(|point| point.held));
    let half = support::median(points.iter().map(|point| point.used).collect());
    points.clear();
    [
        first.to_string(),
        format!("{half:.2}"),
        format!("{:.2}", used.used),
        used.n.to_string(),
        format!("{:.2}", held.held),
        held.n.to_string(),
    ]
}
