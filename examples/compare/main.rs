//! Every map beside every other: the work of this crate's users on `std`, `hashbrown` and their like, and on `arenamap`.
//!
//! ```text
//! cargo run --release -p compare -- --quick   # two minutes; tables, results.json, index.html
//! cargo run --release -p compare -- --help
//! ```
//!
//! Start reading at `scenarios.rs` (what is done) and `maps.rs` (to whom); `turns.rs` has the loops, `measure.rs` says who runs when,
//! `applies.rs` what is left out and why. `benches/README.md` says how each comparison is made fair, and where it is not.

mod applies;
mod archives;
mod charts;
mod child;
mod cli;
mod criterion;
mod figures;
mod heap;
mod maps;
mod measure;
mod names;
mod nested;
mod numbers;
mod page;
#[path = "../../benches/support/programs/mod.rs"]
mod programs;
mod readme;
mod scenarios;
#[path = "../../benches/support/single.rs"]
mod single;
mod strings;
#[path = "../../benches/support/mod.rs"]
mod support;
mod table;
mod team;
mod turns;
mod watch;
mod wire;

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arenamap::audit::CountingAllocator;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use cli::{Cli, Command};
use figures::{Results, thousands};
use measure::Part;
use names::{Scale, Scenario};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Some(Command::Child { subject }) => child::run(*subject).map_err(Box::from),
        None => match (&cli.readme, &cli.check_readme) {
            (Some(results), _) => readme::run(results, true).map_err(Box::from),
            (_, Some(results)) => readme::run(results, false).map_err(Box::from),
            _ => compare(&cli),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let results = measure(cli)?;
    let about = about(cli);
    let target = target()?;
    let out = cli.out.clone().unwrap_or_else(|| target.join("compare"));
    std::fs::create_dir_all(&out)?;
    let (json, html) = (out.join("results.json"), out.join("index.html"));
    write(&json, &results.to_json()?)?;
    write(&html, &page::page(&results, &about)?)?;
    let mut text = report(cli, &results, &about)?;
    if cli.criterion {
        text.push_str(&criterion::compare(&results, &target.join("criterion"))?);
    }
    writeln!(text, "\n{}\n{}", json.display(), html.display())?;
    // Unlike `println!`, does not panic when nobody reads (`... | head`).
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// What is printed: a table for each scenario and size, and what is left out.
fn report(cli: &Cli, results: &Results, about: &[String]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for (scenario, n) in results.parts() {
        let table = table::table(results, scenario, n);
        let (n, meaning) = (thousands(n), scenario.meaning());
        writeln!(text, "\n{scenario}, n = {n}: {meaning}\n\n{table}")?;
    }
    text.push('\n');
    for line in cli
        .scenarios()
        .into_iter()
        .flat_map(|scenario| results.left_out_lines(scenario))
    {
        writeln!(text, "{line}")?;
    }
    writeln!(
        text,
        "\n{}\nfigures are medians; behind each its ratio to arenamap (where it has no part: arenamap-fixed), above 1 ours is better,\n\
         and the smallest and largest ratio of single rounds",
        about.join("\n")
    )?;
    Ok(text)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Measures what the command line asks for, with a progress bar.
fn measure(cli: &Cli) -> Result<Results, Box<dyn Error>> {
    let (scale, subjects) = (cli.scale(), cli.subjects());
    let parts: Vec<Part> = cli
        .scenarios()
        .into_iter()
        .flat_map(|scenario| scale.sizes(scenario).iter().map(move |&n| (scenario, n)))
        .map(|(scenario, n)| Part::new(scenario, n, &subjects, scale))
        .collect();
    let bar = ProgressBar::new(parts.iter().map(Part::estimate_us).sum());
    if let Ok(style) = ProgressStyle::with_template("{msg:>24} [{bar:40}] {percent}%, {elapsed}, {eta} left") {
        bar.set_style(style);
    }
    let mut results = Results::default();
    for part in &parts {
        bar.set_message(format!("{} {}", part.scenario, thousands(part.n)));
        part.note_left_out(&subjects, &mut results);
        part.run(&mut results, &|us| bar.inc(us))?;
    }
    // The largest of growth and of churn are shown in pictures.
    for scenario in [Scenario::Growth, Scenario::Churn] {
        let largest = parts
            .iter()
            .filter(|part| part.scenario == scenario)
            .max_by_key(|part| part.n);
        if let Some(part) = largest {
            bar.set_message(format!("{scenario}, memory"));
            part.story(&mut results)?;
        }
    }
    bar.finish_and_clear();
    Ok(results)
}

/// What was run, and on what.
fn about(cli: &Cli) -> Vec<String> {
    let scale = match cli.scale() {
        Scale::Tiny => "--tiny: everything ran once and small, the figures mean nothing",
        Scale::Quick => "--quick",
        Scale::Full => "--full",
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let about = format!(
        "compare {scale}; arenamap {}; {} {}, {processors} processors{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        processor().map_or(String::new(), |name| format!(" ({name})"))
    );
    let clock = single::clock_alone(1_000_000);
    let alone = format!(
        "a million readings of the clock with nothing between them: p50 {} ns, p99 {} ns, p99.99 {} ns, longest {} ns; \
         a longest operation that is not well above that says nothing about a map",
        clock.value_at_quantile(0.5),
        clock.value_at_quantile(0.99),
        clock.value_at_quantile(0.9999),
        clock.max()
    );
    let mut lines = vec![about, alone];
    if cfg!(debug_assertions) {
        lines.push("not built with --release: the figures mean nothing".to_owned());
    }
    lines
}

/// The name of the processor, where the system tells.
fn processor() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}

/// Cargo's target directory, where this program lies.
fn target() -> Result<PathBuf, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    let target = target.ok_or("this program does not lie in cargo's target directory")?;
    Ok(target.to_owned())
}
