//! Archives of strings side by side: `VarMap` and what else keeps a map of strings as bytes.
//!
//! ```text
//! cargo run --release -p archives -- --quick
//! cargo run --release -p archives -- --only hit,miss --subjects var-map,rkyv --pairs 100000
//! RUSTFLAGS='--cfg arenamap_sqlite' cargo run --release -p archives     # SQLite, too, which takes a minute to compile
//! ```
//!
//! # What is measured
//!
//! Pairs of strings: keys are paths, addresses, names and words with common beginnings, 8 to 60 bytes; values have 8 to 1,024 bytes, half
//! of them 26 or less. All subjects have one process and take turns; who comes first changes from round to round. Figures are medians of
//! rounds, ratios medians of the rounds' own ratios. Every answer is added up and compared.
//!
//! - **Writing** is from a map in memory to a finished archive: ours from a `StrMap` in an arena, the others' from a
//!   `HashMap<String, String>`. fst, LMDB and `SQLite` get the pairs in the order of their keys; sorting is part of it. LMDB, `SQLite`
//!   and `var-map-file` write files, and sync them.
//! - **Writing a sealed map** is from a `VarMap` that is sealed already: a copy of its bytes that is opened, or published.
//! - **Copying** is what a finished archive costs to copy to the same place: the least that writing can take.
//! - **Opening** is what comes before the first lookup: a header, every byte (rkyv), decoding (postcard), a transaction (LMDB), a
//!   connection and its prepared statements (`SQLite`).
//! - **Hits and misses** are in random order; the keys to ask for stand one behind the other. Files are in the system's cache.
//! - **Hits, 16 at once**, are asked for by one call; only ours has one.
//! - **Heap calls** are those of Rust's allocator: what the C of LMDB and `SQLite` allocates is not seen.

mod cli;
mod goals;
mod measure;
#[path = "../traces/numbers.rs"]
mod numbers;
mod pairs;
mod results;
mod subjects;
mod table;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use arenamap::audit::CountingAllocator;
use clap::Parser as _;

use cli::Cli;
use results::Results;
use subjects::{LEFT_OUT, Subject};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

fn main() -> ExitCode {
    match compare(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // In one line, and without a backtrace, whatever the environment says.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare(cli: &Cli) -> Result<()> {
    let out = match &cli.out {
        Some(out) => out.clone(),
        None => target()?.join("archives"),
    };
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let mut rows = Vec::new();
    for n in cli.pairs() {
        eprintln!("{} pairs", numbers::thousands(n));
        rows.push(measure::row(n, &cli.subjects(), &cli.operations(), cli.scale())?);
    }
    let results = Results {
        about: about(cli),
        reference: Subject::REFERENCE,
        goals: goals::goals(&rows),
        rows,
    };
    let json = out.join("results.json");
    let written = std::fs::write(&json, serde_json::to_string_pretty(&results)?);
    written.with_context(|| format!("cannot write {}", json.display()))?;
    let text = format!("{}\n\n{}\n", report(cli, &results), json.display());
    // Unlike `println!`, does not panic when nobody reads (`... | head`).
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// What was run, on what, and who was left out.
fn about(cli: &Cli) -> Vec<String> {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let mut lines = vec![format!(
        "archives, {}, {} rounds; arenamap {}; {} {}, {processors} processors",
        cli.about(),
        cli.scale().rounds,
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )];
    lines.extend(LEFT_OUT.iter().map(|(who, why)| format!("{who} is left out: {why}")));
    if cfg!(debug_assertions) {
        lines.push("not built with --release: the figures mean nothing".to_owned());
    }
    lines
}

fn report(cli: &Cli, results: &Results) -> String {
    let reference = results.reference.name();
    let mut parts = vec![format!(
        "times, and their ratios to {reference}: above 1, {reference} is faster"
    )];
    parts.extend(results.rows.iter().map(|row| table::row(row, &cli.operations())));
    if !results.goals.is_empty() {
        parts.push(table::goals(&results.goals));
    }
    parts.push(results.about.join("\n"));
    parts.join("\n\n")
}

/// Cargo's target directory, where this program lies.
fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target: Option<&Path> = program.ancestors().nth(2);
    let target = target.context("this program does not lie in cargo's target directory: give --out")?;
    Ok(target.to_owned())
}
