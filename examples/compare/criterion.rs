//! `--criterion`: what criterion measured of the same work, beside ours.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use clap::ValueEnum;
use comfy_table::{CellAlignment, Table, presets};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::figures::{Results, digits, human, thousands};
use crate::names::{Metric, Scenario, Subject};

/// A time per operation, and where the middle half of its rounds or samples lies.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Time {
    median: f64,
    half: (f64, f64),
}

impl Time {
    fn of(median: f64, mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            values
                .get((values.len().saturating_sub(1) * quarter + 2) / 4)
                .copied()
                .unwrap_or(median)
        };
        Time {
            median,
            half: (at(1), at(3)),
        }
    }

    /// Whether the middle halves overlap, so that nobody can say which is faster.
    fn ties(&self, other: &Time) -> bool {
        self.half.0 <= other.half.1 && other.half.0 <= self.half.1
    }
}

/// By scenario and size, the times of each subject: criterion's.
type Times = BTreeMap<(Scenario, usize), BTreeMap<Subject, Time>>;

/// `new/benchmark.json`. The groups of the benches are called `<scenario>/<n>`, their functions as our subjects.
#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
struct Throughput {
    #[serde(rename = "Elements")]
    elements: Option<u64>,
}

/// `new/estimates.json`.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// `new/sample.json`.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// The figures in one `new` directory, if it is one of ours.
fn one(new: &Path) -> Option<(Scenario, usize, Subject, Time)> {
    let benchmark: Benchmark = read(&new.join("benchmark.json"))?;
    let (scenario, n) = benchmark.group_id.rsplit_once('/')?;
    let scenario = Scenario::from_str(scenario, false).ok()?;
    let subject = Subject::from_str(&benchmark.function_id?, false).ok()?;
    // An operation of a request is the whole of it; else one of the elements of an iteration.
    let ops = match scenario {
        Scenario::RequestU64 | Scenario::RequestStr => 1,
        _ => benchmark.throughput.and_then(|throughput| throughput.elements)?,
    };
    let ops = crate::support::as_f64(ops);
    let estimates: Estimates = read(&new.join("estimates.json"))?;
    let sample: Sample = read(&new.join("sample.json"))?;
    let samples = sample
        .iters
        .iter()
        .zip(&sample.times)
        .map(|(iters, time)| time / iters / ops);
    let time = Time::of(estimates.median.point_estimate / ops, samples.collect());
    Some((scenario, n.parse().ok()?, subject, time))
}

/// Every figure below criterion's directory.
fn criterion_times(directory: &Path) -> Times {
    let mut times = Times::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.file_name().is_some_and(|name| name == "new") {
                if let Some((scenario, n, subject, time)) = one(&path) {
                    times.entry((scenario, n)).or_default().insert(subject, time);
                }
            } else if path.is_dir() {
                directories.push(path);
            }
        }
    }
    times
}

/// The times of those whom both have measured.
fn ours(results: &Results, scenario: Scenario, n: usize) -> BTreeMap<Subject, Time> {
    let of_part = results.measured.iter().filter(|each| {
        let figure = &each.figure;
        (figure.scenario, figure.n, figure.metric) == (scenario, n, Metric::NsPerOp)
    });
    of_part
        .map(|each| (each.figure.subject, Time::of(each.figure.median, each.rounds.clone())))
        .collect()
}

/// Which bench measures the same.
fn bench(scenario: Scenario) -> Option<&'static str> {
    match scenario {
        Scenario::RequestU64 | Scenario::RequestStr => Some("request"),
        Scenario::LookupHit | Scenario::LookupMiss => Some("lookup"),
        Scenario::Growth => Some("growth"),
        _ => None,
    }
}

/// Everything that both have measured, side by side.
pub(crate) fn compare(results: &Results, directory: &Path) -> Result<String, std::fmt::Error> {
    let criterion = criterion_times(directory);
    let mut text = String::from("\nbeside criterion\n");
    let (mut same, mut tied, mut different) = (0, 0, 0);
    for (scenario, n) in results.parts() {
        let Some(bench) = bench(scenario) else { continue };
        let ours = ours(results, scenario, n);
        let theirs = criterion.get(&(scenario, n)).cloned().unwrap_or_default();
        let both: Vec<Subject> = ours
            .keys()
            .copied()
            .filter(|subject| theirs.contains_key(subject))
            .collect();
        if both.len() < 2 {
            writeln!(
                text,
                "\n{scenario}, n = {}: criterion has no figures below {}: cargo bench --bench {bench}",
                thousands(n),
                directory.display()
            )?;
            continue;
        }
        writeln!(
            text,
            "\n{scenario}, n = {}\n\n{}\n",
            thousands(n),
            table(&both, &theirs, &ours)
        )?;
        let (order, verdict) = orders(&both, &theirs, &ours);
        match verdict {
            Order::Same => same += 1,
            Order::Tied => tied += 1,
            Order::Different => different += 1,
        }
        text.push_str(&order);
    }
    writeln!(
        text,
        "\norder of the subjects: the same {same} times, the same but for ties {tied} times, different {different} times\n\
         (a tie: the middle halves of the rounds, or of criterion's samples, overlap)"
    )?;
    Ok(text)
}

fn table(both: &[Subject], theirs: &BTreeMap<Subject, Time>, ours: &BTreeMap<Subject, Time>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["subject", "criterion", "ratio", "compare", "ratio", "difference"]);
    for column in 1..=5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let reference = Some(Subject::Arenamap).filter(|subject| both.contains(subject));
    for subject in both {
        let (their, our) = (theirs[subject].median, ours[subject].median);
        let mut row = vec![
            subject.to_string(),
            human(their, "ns"),
            String::new(),
            human(our, "ns"),
            String::new(),
            String::new(),
        ];
        if let Some(reference) = reference {
            let ratios = [their / theirs[&reference].median, our / ours[&reference].median];
            row[2] = format!("{}x", digits(ratios[0]));
            row[4] = format!("{}x", digits(ratios[1]));
            row[5] = format!("{:+.1} %", (ratios[1] / ratios[0] - 1.0) * 100.0);
        }
        table.add_row(row);
    }
    table
}

/// How two orders of the same subjects are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Same,
    /// Only where nobody can say.
    Tied,
    Different,
}

/// Both orders in words, and whether they agree.
fn orders(both: &[Subject], theirs: &BTreeMap<Subject, Time>, ours: &BTreeMap<Subject, Time>) -> (String, Order) {
    let sorted = |times: &BTreeMap<Subject, Time>| {
        let mut sorted = both.to_vec();
        sorted.sort_by(|a, b| times[a].median.total_cmp(&times[b].median));
        sorted
    };
    let (by_criterion, by_us) = (sorted(theirs), sorted(ours));
    let (mut ties, mut wrong) = (Vec::new(), Vec::new());
    for (i, a) in by_criterion.iter().enumerate() {
        for b in &by_criterion[i + 1..] {
            if ours[a].median <= ours[b].median {
                continue;
            }
            if theirs[a].ties(&theirs[b]) || ours[a].ties(&ours[b]) {
                ties.push(format!("{a} and {b}"));
            } else {
                let percent = |times: &BTreeMap<Subject, Time>| (times[b].median / times[a].median - 1.0) * 100.0;
                wrong.push(format!(
                    "{b} to {a}: criterion {:+.1} %, compare {:+.1} %",
                    percent(theirs),
                    percent(ours)
                ));
            }
        }
    }
    let list = |subjects: &[Subject]| {
        let names: Vec<String> = subjects.iter().map(ToString::to_string).collect();
        names.join(" < ")
    };
    let (verdict, words) = match (wrong.is_empty(), ties.is_empty()) {
        (true, true) => (Order::Same, "the same order".to_owned()),
        (true, false) => (Order::Tied, format!("the same order but for ties: {}", ties.join("; "))),
        (false, _) => (Order::Different, format!("NOT the same order: {}", wrong.join("; "))),
    };
    let text = format!(
        "criterion: {}\ncompare:   {}\n{words}\n",
        list(&by_criterion),
        list(&by_us)
    );
    (text, verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(of: &[(Subject, f64)]) -> BTreeMap<Subject, Time> {
        of.iter()
            .map(|&(subject, ns)| (subject, Time::of(ns, vec![ns * 0.99, ns, ns * 1.01])))
            .collect()
    }

    #[test]
    fn two_orders_agree_tie_or_differ() {
        let both = [Subject::Std, Subject::Hashbrown, Subject::Arenamap];
        let verdict = |theirs: [f64; 3], ours: [f64; 3]| {
            let of = |ns: [f64; 3]| times(&both.into_iter().zip(ns).collect::<Vec<_>>());
            orders(&both, &of(theirs), &of(ours)).1
        };
        assert_eq!(verdict([30.0, 20.0, 10.0], [60.0, 30.0, 25.0]), Order::Same);
        assert_eq!(verdict([30.0, 20.0, 19.9], [30.0, 19.9, 20.0]), Order::Tied);
        assert_eq!(verdict([30.0, 20.0, 10.0], [30.0, 10.0, 20.0]), Order::Different);
    }

    #[test]
    fn criterions_figures_are_those_of_one_operation() {
        let directory = std::env::temp_dir().join(format!("arenamap-criterion-{}", std::process::id()));
        let new = directory.join("lookup_hit_10/std/new");
        fs::create_dir_all(&new).expect("a directory");
        let files = [
            (
                "benchmark.json",
                r#"{"group_id":"lookup_hit/10","function_id":"std","throughput":{"Elements":1000}}"#,
            ),
            ("estimates.json", r#"{"median":{"point_estimate":5000.0}}"#),
            (
                "sample.json",
                r#"{"iters":[1.0,2.0,3.0],"times":[4000.0,10000.0,18000.0]}"#,
            ),
        ];
        for (name, json) in files {
            fs::write(new.join(name), json).expect("a file");
        }
        let found = criterion_times(&directory);
        fs::remove_dir_all(&directory).expect("what was made");
        let time = found[&(Scenario::LookupHit, 10)][&Subject::Std];
        assert_eq!((time.median, time.half), (5.0, (5.0, 6.0)));
    }
}
