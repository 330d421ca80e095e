//! Bounded caches side by side, on recorded and on generated requests.
//!
//! ```text
//! cargo run --release -p traces -- --quick                  # generated requests
//! cargo run --release -p traces -- path/to/*.gz             # recorded ones, too
//! cargo run --release -p traces -- --help
//! ```
//!
//! # What is measured
//!
//! Each request is a get and, on a miss, an insert, on one thread. Keys and values are `u64`, hashed alike.
//!
//! - The **hit ratio**, beside plain models of policies (`policies.rs`), whose columns begin with `=`. A capacity of n per cent is of the
//!   distinct keys of the workload.
//! - **Nanoseconds a request**, from an empty cache on: growth is part of it, construction is not. Subjects take turns; figures are medians
//!   of rounds, and of the rounds' ratios.
//! - **Bytes an entry**: what the cache asked of the heap and holds after the last request, by the entries that it holds then. What the heap
//!   itself needs for each block is not in it.
//! - Single operations after **very many entries expired at once** (`burst.rs`).
//!
//! Of the generated requests, those named `lives` have times to live (`workload.rs`), by a clock of requests. moka and mini-moka read the
//! real clock, so here they, and those that know nothing of time, hold what has ended until it is asked for or evicted.
//!
//! # Traces
//!
//! None are here. The public repositories moka-rs/cache-trace and ben-manes/caffeine (Apache 2.0) have them. To be cited:
//!
//! - OLTP, P1 to P14, DS1, S1 to S3: N. Megiddo, D. S. Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST 2003.
//! - `2_pools`, cpp, cs, gli, loop, multi, ps, scan, sprite, zigzag: S. Jiang, X. Zhang, "LIRS: An Efficient Low Inter-reference Recency Set
//!   Replacement Policy to Improve Buffer Cache Performance", SIGMETRICS 2002.
//! - orm-busy, web07: the benchmarks of cache2k (Apache 2.0). vaultservice: Corda.

mod burst;
mod cli;
mod decode;
mod list;
mod measure;
mod numbers;
mod picture;
mod policies;
mod results;
mod subjects;
mod table;
mod workload;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use arenamap::audit::CountingAllocator;
use clap::Parser;

use cli::Cli;
use results::{Burst, Results, Row};
use subjects::Subject;
use workload::Workload;

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
    let read = cli.files.iter().map(|file| Workload::read(file));
    let files = read.collect::<Result<Vec<_>>>()?;
    let out = match &cli.out {
        Some(out) => out.clone(),
        None => target()?.join("traces"),
    };
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let results = measure(cli, &files);
    let (json, svg) = (out.join("results.json"), out.join("hit-ratios.svg"));
    write(&json, &serde_json::to_string_pretty(&results)?)?;
    let picture = picture::hit_ratios(&results.rows);
    write(&svg, &picture.map_err(|error| anyhow!("cannot draw: {error}"))?)?;
    let text = format!("{}\n\n{}\n{}\n", report(&results), json.display(), svg.display());
    // Unlike `println!`, does not panic when nobody reads (`... | head`).
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

fn measure(cli: &Cli, files: &[Workload]) -> Results {
    let mut rows = Vec::new();
    for workload in files {
        rows.extend(rows_of(cli, workload));
    }
    let mut bursts = Vec::new();
    if !cli.files_only {
        for workload in workload::generated(cli.scale().sizes) {
            rows.extend(rows_of(cli, &workload));
        }
        if !cli.untimed {
            bursts = all_bursts(cli);
        }
    }
    Results {
        about: about(cli),
        reference: Subject::REFERENCE,
        rows,
        bursts,
    }
}

fn rows_of(cli: &Cli, workload: &Workload) -> Vec<Row> {
    let capacities = match workload.capacity {
        Some(only) => vec![only],
        None => cli.capacities(workload.distinct),
    };
    let row = |capacity| {
        eprintln!("{}, capacity {}", workload.name, numbers::thousands(capacity));
        measure::row(workload, capacity, &cli.subjects(), cli.scale(), !cli.untimed)
    };
    capacities.into_iter().map(row).collect()
}

fn all_bursts(cli: &Cli) -> Vec<Burst> {
    let mut bursts = Vec::new();
    for &entries in cli.scale().bursts {
        eprintln!("{} entries expire at once", numbers::thousands(entries));
        bursts.extend(burst::bursts(entries, &cli.subjects(), cli.scale().rounds.min(3)));
        bursts.push(burst::nothing(entries));
    }
    bursts
}

/// What was run, and on what.
fn about(cli: &Cli) -> Vec<String> {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let mut lines = vec![format!(
        "traces, {}; arenamap {}; {} {}, {processors} processors",
        cli.about(),
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )];
    if cfg!(debug_assertions) {
        lines.push("not built with --release: the figures mean nothing".to_owned());
    }
    lines
}

fn report(results: &Results) -> String {
    let rows = &results.rows;
    let mut parts = vec!["hit ratio, per cent; = is a model".to_owned(), table::hit_ratios(rows)];
    if rows
        .iter()
        .flat_map(|row| &row.figures)
        .any(|(_, each)| !each.ns.is_empty())
    {
        let reference = results.reference.name();
        parts.push(format!(
            "ns a request by get and insert, and its ratio to {reference}: above 1, {reference} is faster"
        ));
        parts.push(table::times(rows, |figures| &figures.ns));
        parts.push("the same by the one call that each has for it (mini-moka has none)".to_owned());
        parts.push(table::times(rows, |figures| &figures.ns_by_one_call));
    }
    parts.extend(["bytes an entry".to_owned(), table::memory(rows)]);
    if !results.bursts.is_empty() {
        parts.push("one request, after all entries expired at once".to_owned());
        parts.push(table::bursts(&results.bursts));
    }
    parts.push(results.about.join("\n"));
    parts.join("\n\n")
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Cargo's target directory, where this program lies.
fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    let target = target.context("this program does not lie in cargo's target directory: give --out")?;
    Ok(target.to_owned())
}
