//! The ratios that this crate promises, measured in one run: peers take turns, each figure is a median over rounds.
//!
//! `cargo bench --bench ratios` prints one table, `-- --json` one JSON object. `-- request` (lookup, growth, churn, pool) runs a part,
//! `--check` fails when a promise is missed. `ARENAMAP_BENCH_MAX` bounds n, `ARENAMAP_BENCH_ROUNDS` sets the rounds.

#[path = "../support/mod.rs"]
mod support;

mod churn;
mod growth;
mod lookup;
mod pool;
mod request;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use support::report::{self, Row};

/// A group of rows: its name on the command line, and what measures it.
type Group = (&'static str, fn(&mut Vec<Row>));

const GROUPS: [Group; 5] = [
    ("request", request::rows),
    ("lookup", lookup::rows),
    ("growth", growth::rows),
    ("churn", churn::rows),
    ("pool", pool::rows),
];

/// Measures every ratio that the crate promises and prints one table.
#[derive(Parser)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Options {
    /// Parts of the names of groups: request, lookup, growth, churn, pool; none: all of them
    only: Vec<String>,
    /// Print one JSON object instead of the table
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

fn main() -> ExitCode {
    let options = Options::parse();
    let mut rows = Vec::new();
    for (name, measure) in GROUPS {
        if options.only.is_empty() || options.only.iter().any(|only| name.contains(only.as_str())) {
            eprintln!("measuring: {name}");
            measure(&mut rows);
        }
    }
    if options.json {
        println!("{}", report::json(&rows, support::rounds(ROUNDS)));
    } else {
        println!("{}", report::table(&rows));
        if support::testing() {
            println!("test mode: everything ran once, the figures mean nothing");
        }
    }
    let missed = rows.iter().any(|row| row.holds() == Some(false));
    if options.check && missed {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Rounds of short work.
const ROUNDS: usize = 41;
/// Rounds of growing to the largest size, seconds for each lane.
const LONG_ROUNDS: usize = 5;

/// How long each lane of short work runs in each round: many short turns rather than a few long ones, so that what
/// disturbs the machine disturbs neighbours alike.
const SLICE: Duration = Duration::from_millis(5);
