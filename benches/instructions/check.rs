//! Reads what was counted, compares it with the committed ratios and prints the table.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufReader, Read};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{BUDGETS, OTHER_FEATURES, SIZES, program_sizes, support};

/// A ratio that is worse than the committed one by more than this part of it fails.
pub(crate) const MARGIN: f64 = 0.03;

/// What a ratio may be above a target, which has two digits.
const ROUNDING: f64 = 0.005;

/// How this program tells itself, and `gungraun`, that machines read the output.
const AS_JSON: &str = "--output-format=json";

/// The last word of a count's name when it is a peer's.
const PEERS: [&str; 4] = ["hashbrown", "mutex_of_vec", "inner_alone", "quick_cache"];

/// Counts instructions per operation and compares the ratios with the committed ones.
#[derive(Parser)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Options {
    /// Count only what has this in its name: get, insert, iterate, snapshot, lru and so on; clients: all whole programs
    operation: Option<String>,
    /// Commit the ratios of this run
    #[arg(long, conflicts_with = "operation")]
    write: bool,
    /// Fail also when a target is missed
    #[arg(long)]
    targets: bool,
    /// Run everything once and count nothing, to see that it works
    #[arg(long)]
    test: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// The committed figures.
#[derive(Default, Deserialize, Serialize)]
struct Budgets {
    /// The compiler that they are of: another one may shift a ratio.
    rustc: String,
    /// Instructions of ours divided by the peer's, by operation.
    ratios: BTreeMap<String, f64>,
    /// Of these, the ratio that is to be reached; written by hand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    targets: BTreeMap<String, f64>,
}

/// What was counted of one operation at one size: subject and instructions per operation, of a whole program all of them.
#[derive(Default)]
struct Counts {
    ours: Vec<(String, f64)>,
    peer: Option<(String, f64)>,
}

/// The whole program; `counts` is what `gungraun` makes of it.
pub(crate) fn main(counts: fn()) -> ExitCode {
    // The runner starts this program anew for each count, and says so by its first word.
    let counted = env::args().nth(1).is_some_and(|word| word == "--gungraun-run");
    // It is itself started by this program, as a child of it that is told to print JSON.
    if counted || env::args().any(|word| word == AS_JSON) {
        counts();
        return ExitCode::SUCCESS;
    }
    run().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    if OTHER_FEATURES && !support::testing() {
        return Err(
            "the committed ratios are those of the default features: run without --all-features and --features".into(),
        );
    }
    let mut program = Command::new(env::current_exe()?);
    program.arg(AS_JSON);
    if let Some(operation) = &options.operation {
        program.arg(format!("*{operation}*"));
    }
    if support::testing() {
        let runner = option_env!("GUNGRAUN_RUNNER").unwrap_or("gungraun-runner");
        if Command::new(runner).arg("--version").output().is_err() {
            eprintln!("instructions: SKIPPED: no {runner} (benches/README.md says how to install it)");
            return Ok(ExitCode::SUCCESS);
        }
        let status = program.arg("--test").status()?;
        return Ok(if status.success() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let mut child = program.arg("--bench").stdout(Stdio::piped()).spawn()?;
    let counts = read(BufReader::new(child.stdout.take().expect("piped")))?;
    if !child.wait()?.success() {
        return Err("counting failed: benches/README.md says what has to be installed".into());
    }
    if counts.is_empty() {
        return Err("nothing was counted: no operation has such a name".into());
    }
    let rustc = rustc()?;
    if options.write {
        let before: Budgets = serde_json::from_str(&fs::read_to_string(BUDGETS)?)?;
        let budgets = Budgets::of(&counts, rustc.clone(), before.targets);
        fs::write(BUDGETS, serde_json::to_string_pretty(&budgets)? + "\n")?;
    }
    let budgets: Budgets = serde_json::from_str(&fs::read_to_string(BUDGETS)?)?;
    let good = budgets.check(&counts, &options, &rustc);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Operation and size.
type Key = (String, usize);

/// All summaries that `gungraun` prints, one after the other.
fn read(output: impl Read) -> Result<BTreeMap<Key, Counts>, Box<dyn Error>> {
    let mut all: BTreeMap<Key, Counts> = BTreeMap::new();
    for summary in serde_json::Deserializer::from_reader(output).into_iter::<Value>() {
        let summary = summary?;
        let count = count(&summary).ok_or_else(|| format!("a summary of another form: {summary}"))?;
        let counts = all.entry((count.operation, count.n)).or_default();
        let counted = (count.subject, count.instructions);
        if PEERS.contains(&counted.0.as_str()) {
            counts.peer = Some(counted);
        } else {
            counts.ours.push(counted);
        }
    }
    Ok(all)
}

struct Count {
    operation: String,
    n: usize,
    subject: String,
    instructions: f64,
}

/// Of a summary: the function is the operation, its id is the subject and which of its sizes.
#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn count(summary: &Value) -> Option<Count> {
    let (subject, size) = summary["id"].as_str()?.rsplit_once('_')?;
    let operation = summary["function_name"].as_str()?;
    let program = program_sizes(operation);
    let n = *program.unwrap_or(&SIZES).get(size.parse::<usize>().ok()?)?;
    let instructions = summary
        .pointer("/profiles/0/data/total/metrics/Ir/values/new")?
        .as_u64()?;
    Some(Count {
        operation: operation.to_owned(),
        n,
        subject: subject.to_owned(),
        instructions: instructions as f64 / if program.is_some() { 1.0 } else { n as f64 },
    })
}

/// Every figure with its ratio, by the name that it has in the file.
fn rows(counts: &BTreeMap<Key, Counts>) -> impl Iterator<Item = Row<'_>> {
    counts.iter().flat_map(|((operation, n), counts)| {
        counts.ours.iter().filter_map(move |ours| {
            let peer = counts.peer.as_ref()?;
            Some(Row {
                name: format!("{operation}, {}, {n}", ours.0),
                is_program: program_sizes(operation).is_some(),
                ours: ours.1,
                peer,
                // As it stands in the file.
                ratio: (ours.1 / peer.1 * 10_000.0).round() / 10_000.0,
            })
        })
    })
}

struct Row<'a> {
    name: String,
    is_program: bool,
    ours: f64,
    peer: &'a (String, f64),
    ratio: f64,
}

/// The names of rows that a line at the end is about.
#[derive(Default)]
struct Verdict {
    worse: Vec<String>,
    better: Vec<String>,
    missed: Vec<String>,
}

impl Budgets {
    fn of(counts: &BTreeMap<Key, Counts>, rustc: String, targets: BTreeMap<String, f64>) -> Self {
        let ratios = rows(counts).map(|row| (row.name, row.ratio)).collect();
        Budgets { rustc, ratios, targets }
    }

    /// Prints the tables; says whether no ratio got worse, and, if that is asked for, no target is missed.
    fn check(&self, counts: &BTreeMap<Key, Counts>, options: &Options, rustc: &str) -> bool {
        let (programs, operations): (Vec<Row>, Vec<Row>) = rows(counts).partition(|row| row.is_program);
        let mut verdict = Verdict::default();
        if !operations.is_empty() {
            let table = self.table("operation", &operations, &mut verdict);
            println!("Instructions per operation, the loop around it included (callgrind, {rustc}):\n\n{table}\n");
        }
        if !programs.is_empty() {
            let table = self.table("program", &programs, &mut verdict);
            println!("Instructions of whole programs (callgrind, {rustc}):\n\n{table}\n");
            println!("Geometric mean of their ratios: {:.3}\n", geometric_mean(&programs));
        }
        if !verdict.better.is_empty() {
            println!(
                "Better by more than {MARGIN}: commit the figures of `-- --write`: {}\n",
                verdict.better.join("; ")
            );
        }
        if !verdict.missed.is_empty() {
            println!("Targets that are missed:");
            verdict.missed.iter().for_each(|line| println!("  {line}"));
            println!();
        }
        if !verdict.worse.is_empty() {
            eprintln!("FAILED: the ratio of these got worse by more than {MARGIN} of it, or has none committed:");
            verdict.worse.iter().for_each(|name| eprintln!("  {name}"));
        }
        let mut good = verdict.worse.is_empty();
        if options.operation.is_none() {
            // A target of a row that is not there says nothing.
            let counted: Vec<&str> = operations
                .iter()
                .chain(&programs)
                .map(|row| row.name.as_str())
                .collect();
            let committed = self.ratios.keys().chain(self.targets.keys());
            let lost: Vec<&String> = committed.filter(|name| !counted.contains(&name.as_str())).collect();
            if !lost.is_empty() {
                eprintln!("FAILED: committed, but not counted any more: {lost:?}");
                good = false;
            }
        }
        if !good && self.rustc != rustc {
            eprintln!(
                "The ratios were committed with {}: check them with that compiler first.",
                self.rustc
            );
        }
        good && (verdict.missed.is_empty() || !options.targets)
    }

    fn table(&self, what: &str, rows: &[Row], verdict: &mut Verdict) -> Table {
        // Operations have a few instructions and a part of one, programs thousands.
        let digits = usize::from(what == "operation");
        let has_targets = rows.iter().any(|row| self.targets.contains_key(&row.name));
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        let mut header = vec![what, "ours", "peer", "", "ratio", "committed", "change"];
        if has_targets {
            header.extend(["target", "reached"]);
        }
        table.set_header(header);
        for column in [1, 3, 4, 5, 6, 7] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for row in rows {
            let committed = self.ratios.get(&row.name);
            let change = committed.map(|committed| row.ratio / committed - 1.0);
            let target = self.targets.get(&row.name);
            let mut cells = vec![
                row.name.clone(),
                format!("{:.digits$}", row.ours),
                row.peer.0.clone(),
                format!("{:.digits$}", row.peer.1),
                format!("{:.3}", row.ratio),
                committed.map_or_else(|| "none".to_owned(), |committed| format!("{committed:.3}")),
                change.map_or_else(String::new, |change| format!("{:+.1} %", 100.0 * change)),
            ];
            if has_targets {
                let reached = target.map(|&target| row.ratio < target + ROUNDING);
                cells.push(target.map_or_else(String::new, |target| format!("{target:.2}")));
                cells.push(
                    reached
                        .map_or("", |reached| if reached { "yes" } else { "NO" })
                        .to_owned(),
                );
            }
            table.add_row(cells);
            match change {
                Some(change) if change < -MARGIN => verdict.better.push(row.name.clone()),
                Some(change) if change <= MARGIN => {}
                _ => verdict.worse.push(row.name.clone()),
            }
            if let Some(target) = target.filter(|&&target| row.ratio >= target + ROUNDING) {
                let line = format!("{}: {:.3}, not {target:.2}", row.name, row.ratio);
                verdict.missed.push(line);
            }
        }
        table
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows")]
fn geometric_mean(rows: &[Row]) -> f64 {
    let logarithms: f64 = rows.iter().map(|row| row.ratio.ln()).sum();
    (logarithms / rows.len() as f64).exp()
}

/// The compiler on the path, in one line.
fn rustc() -> Result<String, Box<dyn Error>> {
    let rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .arg("--version")
        .output()?;
    Ok(String::from_utf8(rustc.stdout)?.trim().to_owned())
}
