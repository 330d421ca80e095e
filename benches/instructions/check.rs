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

use crate::{BUDGETS, OTHER_FEATURES, SIZES, support};

/// A ratio that is worse than the committed one by more than this part of it fails.
pub(crate) const MARGIN: f64 = 0.03;

/// How this program tells itself, and `gungraun`, that machines read the output.
const AS_JSON: &str = "--output-format=json";

/// The last word of a count's name when it is a peer's.
const PEERS: [&str; 3] = ["hashbrown", "mutex_of_vec", "inner_alone"];

/// Counts instructions per operation and compares the ratios with the committed ones.
#[derive(Parser)]
struct Options {
    /// Count only operations with this in their name: get, insert, iterate, snapshot and so on
    operation: Option<String>,
    /// Commit the ratios of this run
    #[arg(long, conflicts_with = "operation")]
    write: bool,
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
}

/// What was counted of one operation at one size: subject and instructions per operation.
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
        let budgets = Budgets::of(&counts, rustc.clone());
        fs::write(BUDGETS, serde_json::to_string_pretty(&budgets)? + "\n")?;
    }
    let budgets: Budgets = serde_json::from_str(&fs::read_to_string(BUDGETS)?)?;
    let good = budgets.check(&counts, options.operation.is_none(), &rustc);
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
        let per_operation = (count.subject, count.per_operation);
        if PEERS.contains(&per_operation.0.as_str()) {
            counts.peer = Some(per_operation);
        } else {
            counts.ours.push(per_operation);
        }
    }
    Ok(all)
}

struct Count {
    operation: String,
    n: usize,
    subject: String,
    per_operation: f64,
}

/// Of a summary: the function is the operation, its id is the subject and which of [`SIZES`].
#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn count(summary: &Value) -> Option<Count> {
    let (subject, size) = summary["id"].as_str()?.rsplit_once('_')?;
    let n = *SIZES.get(size.parse::<usize>().ok()?)?;
    let instructions = summary
        .pointer("/profiles/0/data/total/metrics/Ir/values/new")?
        .as_u64()?;
    Some(Count {
        operation: summary["function_name"].as_str()?.to_owned(),
        n,
        subject: subject.to_owned(),
        per_operation: instructions as f64 / n as f64,
    })
}

/// Every figure with its ratio, by the name that it has in the file.
fn rows(counts: &BTreeMap<Key, Counts>) -> impl Iterator<Item = Row<'_>> {
    counts.iter().flat_map(|((operation, n), counts)| {
        counts.ours.iter().filter_map(move |ours| {
            let peer = counts.peer.as_ref()?;
            Some(Row {
                name: format!("{operation}, {}, {n}", ours.0),
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
    ours: f64,
    peer: &'a (String, f64),
    ratio: f64,
}

impl Budgets {
    fn of(counts: &BTreeMap<Key, Counts>, rustc: String) -> Self {
        let ratios = rows(counts).map(|row| (row.name, row.ratio)).collect();
        Budgets { rustc, ratios }
    }

    /// Prints the table; says whether no ratio got worse.
    fn check(&self, counts: &BTreeMap<Key, Counts>, all: bool, rustc: &str) -> bool {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(["operation", "ours", "peer", "", "ratio", "committed", "change"]);
        for column in [1, 3, 4, 5, 6] {
            let column = table.column_mut(column).expect("seven columns");
            column.set_cell_alignment(CellAlignment::Right);
        }
        let (mut worse, mut better) = (Vec::new(), Vec::new());
        let mut missing = self.ratios.clone();
        for row in rows(counts) {
            let committed = missing.remove(&row.name);
            let change = committed.map(|committed| row.ratio / committed - 1.0);
            table.add_row([
                row.name.clone(),
                format!("{:.1}", row.ours),
                row.peer.0.clone(),
                format!("{:.1}", row.peer.1),
                format!("{:.3}", row.ratio),
                committed.map_or_else(|| "none".to_owned(), |committed| format!("{committed:.3}")),
                change.map_or_else(String::new, |change| format!("{:+.1} %", 100.0 * change)),
            ]);
            match change {
                Some(change) if change < -MARGIN => better.push(row.name),
                Some(change) if change <= MARGIN => {}
                _ => worse.push(row.name),
            }
        }
        println!("Instructions per operation, the loop around it included (callgrind, {rustc}):\n\n{table}\n");
        if !better.is_empty() {
            println!(
                "Better by more than {MARGIN}: commit the figures of `-- --write`: {}\n",
                better.join("; ")
            );
        }
        if !worse.is_empty() {
            eprintln!("FAILED: the ratio of these got worse by more than {MARGIN} of it, or has none committed:");
            for name in &worse {
                eprintln!("  {name}");
            }
        }
        if all && !missing.is_empty() {
            eprintln!("FAILED: committed, but not counted any more: {missing:?}");
        }
        let good = worse.is_empty() && (missing.is_empty() || !all);
        if !good && self.rustc != rustc {
            eprintln!(
                "The ratios were committed with {}: check them with that compiler first.",
                self.rustc
            );
        }
        good
    }
}

/// The compiler on the path, in one line.
fn rustc() -> Result<String, Box<dyn Error>> {
    let rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .arg("--version")
        .output()?;
    Ok(String::from_utf8(rustc.stdout)?.trim().to_owned())
}
