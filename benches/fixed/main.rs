//! `FixedMap` in memory, against maps of the same capacity: peers take turns, each figure is a median over rounds.
//!
//! `cargo bench --bench fixed` prints everything as Markdown, `-- --json` as one JSON object. `-- hit miss` runs parts: insert, refill,
//! hit, miss, iterate, remove, replace, churn, batch, hostile. `--check` fails when a promise is missed. `ARENAMAP_BENCH_MAX` bounds n,
//! `ARENAMAP_BENCH_ROUNDS` sets the rounds.

#[path = "../support/mod.rs"]
mod support;

mod batch;
mod hostile;
mod lanes;
mod peers;
mod sizes;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use support::race::{Lane, Times, race};
use support::report::{self, Section};

/// Measures `FixedMap` against maps of the same capacity and prints tables.
#[derive(Parser)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Options {
    /// Parts to run: insert, refill, hit, miss, iterate, remove, replace, churn, batch, hostile; none: all
    #[arg(value_parser = PARTS)]
    only: Vec<String>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Fail when a promised ratio is missed
    #[arg(long)]
    check: bool,
    /// Run everything once and small, to see that it works
    #[arg(long)]
    test: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

const PARTS: [&str; 10] = [
    "insert", "refill", "hit", "miss", "iterate", "remove", "replace", "churn", "batch", "hostile",
];

/// Runs lanes in turns of a length that fits maps of `n` entries: short where they stay in the caches, so that most turns end before
/// a scheduler gives the processor to another program; longer where each turn has to fetch its map again.
pub(crate) fn race_at(n: usize, lanes: Vec<Lane<'_>>) -> Vec<Times> {
    let (rounds, slice) = if n < 50_000 { (75, 1) } else { (21, 6) };
    race(support::rounds(rounds), Duration::from_millis(slice), lanes)
}

/// Which parts are to be run.
pub(crate) struct Wanted(Vec<String>);

impl Wanted {
    pub(crate) fn has(&self, part: &str) -> bool {
        assert!(PARTS.contains(&part), "{part} is no part");
        self.0.is_empty() || self.0.iter().any(|only| only == part)
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let wanted = Wanted(options.only);
    let mut sections = sizes::sections(&wanted);
    if wanted.has("batch") {
        eprintln!("measuring: batch");
        sections.push(batch::section());
    }
    if wanted.has("hostile") {
        eprintln!("measuring: hostile");
        sections.push(hostile::section());
    }
    report::print(&sections, options.json);
    if options.check && sections.iter().any(Section::missed) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
