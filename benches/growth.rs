//! Growing from empty to 10 million entries: throughput, and what single inserts cost.
//!
//! Every map and every arena starts cold. The maps share one hasher with one seed (`std` has its own) and get the same keys in
//! the same order. The second part prints percentiles of single inserts: medians over several rounds in which the peers take turns.
//! Groups and functions are called as in the example `compare`, which shows these figures beside its own (`--criterion`).
//! `ARENAMAP_BENCH_MAX` bounds n, `ARENAMAP_BENCH_ROUNDS` (5) sets the rounds.

mod support;

use std::time::{Duration, Instant};

use arenamap::{Arena, ArenaMap, Growth};
use bumpalo::Bump;
use comfy_table::{CellAlignment, Table, presets};
use criterion::{Criterion, Throughput};
use foldhash::fast::FixedState;
use hdrhistogram::Histogram;
use support::fixed;
use support::growth::{Grows, clock_alone, fill, fill_timed};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    throughput(&mut criterion);
    criterion.final_summary();
    // A filter on the command line that names something else leaves this part out.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    if filter.is_none_or(|filter| "growth/single".contains(&filter)) {
        single_inserts(support::sizes(&[1_000, 10_000_000]).pop().unwrap_or(1_000));
    }
}

/// Something done to a map that starts empty, for every kind of map alike.
trait Use {
    type Answer;
    fn of(&self, map: &mut impl Grows) -> Self::Answer;
}

/// Grows to n.
struct Fill(usize);
/// Grows to n with a clock around each insert.
struct FillTimed(usize);

impl Use for Fill {
    type Answer = Duration;

    fn of(&self, map: &mut impl Grows) -> Duration {
        let start = Instant::now();
        fill(map, self.0);
        start.elapsed()
    }
}

impl Use for FillTimed {
    type Answer = Histogram<u64>;

    fn of(&self, map: &mut impl Grows) -> Histogram<u64> {
        fill_timed(map, self.0)
    }
}

const PEERS: [&str; 7] = [
    "arenamap",
    "arenamap-flat",
    "hashbrown",
    "hashbrown-bump",
    "griddle",
    "indexmap",
    "std",
];

/// Makes the map of a peer, empty and cold, and uses it once. Dropping it is not in any span.
fn with_peer<U: Use>(peer: &str, work: &U) -> U::Answer {
    match peer {
        "arenamap" => work.of(&mut ArenaMap::<u64, u64, _>::with_hasher_in(fixed(), Arena::new())),
        "arenamap-flat" => {
            let builder = ArenaMap::<u64, u64>::builder().growth(Growth::Flat).hasher(fixed());
            work.of(&mut builder.build_in(Arena::new()))
        }
        "hashbrown" => work.of(&mut hashbrown::HashMap::<u64, u64, FixedState>::with_hasher(fixed())),
        "hashbrown-bump" => {
            let bump = Bump::new();
            work.of(&mut hashbrown::HashMap::<u64, u64, _, _>::with_hasher_in(
                fixed(),
                &bump,
            ))
        }
        "griddle" => work.of(&mut griddle::HashMap::<u64, u64, FixedState>::with_hasher(fixed())),
        "indexmap" => work.of(&mut indexmap::IndexMap::<u64, u64, FixedState>::with_hasher(fixed())),
        "std" => work.of(&mut std::collections::HashMap::<u64, u64>::new()),
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
                b.iter_custom(|times| (0..times).map(|_| with_peer(peer, &Fill(n))).sum());
            });
        }
        group.finish();
    }
}

/// Prints what single inserts cost on the way from empty to `n`.
fn single_inserts(n: usize) {
    const QUANTILES: [f64; 4] = [0.5, 0.99, 0.9999, 1.0];
    let rounds = support::rounds(5);
    let mut runs: Vec<(&str, Vec<[u64; 4]>)> = PEERS.iter().map(|&peer| (peer, Vec::new())).collect();
    runs.push(("(clock alone)", Vec::new()));
    for round in 0..rounds {
        for turn in 0..runs.len() {
            // Who comes first changes from round to round.
            let (peer, results) = &mut runs[(round + turn) % (PEERS.len() + 1)];
            let spans = match *peer {
                "(clock alone)" => clock_alone(n),
                peer => with_peer(peer, &FillTimed(n)),
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
        "p99.99 ns",
        "max ns",
        "max: best .. worst round",
    ]);
    for column in 1..=5 {
        table
            .column_mut(column)
            .expect("six columns")
            .set_cell_alignment(CellAlignment::Right);
    }
    for (peer, results) in &runs {
        let mut row = vec![(*peer).to_owned()];
        for i in 0..QUANTILES.len() {
            row.push(support::median(results.iter().map(|run| run[i]).collect()).to_string());
        }
        let maxima = || results.iter().map(|run| run[3]);
        row.push(format!(
            "{} .. {}",
            maxima().min().unwrap_or(0),
            maxima().max().unwrap_or(0)
        ));
        table.add_row(row);
    }
    println!("\ngrowth/single: inserts one by one, empty to {n} entries; medians of {rounds} rounds");
    println!("each span holds one reading of the clock; \"clock alone\" is the same loop without an insert\n");
    println!("{table}");
}
