//! `--readme`: the tables of the two READMEs, made from `results.json`, between markers such as `<!-- compare:begin request -->`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use clap::ValueEnum;

use crate::applies::is_program;
use crate::figures::{Figure, digits, human, thousands};
use crate::names::{Metric, Scenario, Subject};

/// The files that have markers, from the root of the repository.
const FILES: [&str; 2] = ["README.md", "benches/README.md"];

/// Writes the tables anew, or only says which file would change.
pub(crate) fn run(results: &Path, write: bool) -> Result<(), String> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let json = fs::read_to_string(results).map_err(|error| failed(results, &error))?;
    let figures: Vec<Figure> = serde_json::from_str(&json).map_err(|error| failed(results, &error))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut stale = Vec::new();
    for name in FILES {
        let path = root.join(name);
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
        let renewed = renew(&text, &figures).map_err(|error| failed(&path, &error))?;
        if renewed == text {
            println!("{name}: as it should be");
        } else if write {
            fs::write(&path, renewed).map_err(|error| failed(&path, &error))?;
            println!("{name}: written");
        } else {
            stale.push(name);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} differ(s) from {}: cargo run --release -p compare -- --readme {1}",
        stale.join(" and "),
        results.display()
    ))
}

const BEGIN: &str = "<!-- compare:begin ";

/// The text with what is between markers made anew.
fn renew(text: &str, figures: &[Figure]) -> Result<String, String> {
    let mut renewed = String::new();
    let mut rest = text;
    let mut tables = 0;
    while let Some(at) = rest.find(BEGIN) {
        let name_on = at + BEGIN.len();
        let name_end = rest[name_on..].find(" -->").ok_or("a marker without an end")? + name_on;
        let name = &rest[name_on..name_end];
        let end = format!("<!-- compare:end {name} -->");
        let until = rest[name_end..].find(&end).ok_or_else(|| format!("no {end}"))? + name_end;
        renewed.push_str(&rest[..name_end]);
        write!(renewed, " -->\n{}", table(name, figures)?).map_err(|error| error.to_string())?;
        rest = &rest[until..];
        tables += 1;
    }
    if tables == 0 {
        return Err("no marker compare:begin".to_owned());
    }
    Ok(renewed + rest)
}

/// One figure, if it was measured.
fn find(figures: &[Figure], scenario: Scenario, n: usize, subject: Subject, metric: Metric) -> Option<&Figure> {
    let wanted = (scenario, n, subject, metric);
    figures
        .iter()
        .find(|each| (each.scenario, each.n, each.subject, each.metric) == wanted)
}

/// The sizes of a scenario, as they were measured.
fn sizes(figures: &[Figure], scenario: Scenario) -> Result<Vec<usize>, String> {
    let mut sizes: Vec<usize> = figures
        .iter()
        .filter(|each| each.scenario == scenario)
        .map(|each| each.n)
        .collect();
    sizes.dedup();
    if sizes.is_empty() {
        return Err(format!("the results have no {scenario}"));
    }
    Ok(sizes)
}

/// A line of a Markdown table.
fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Names to the left, numbers to the right.
fn rule(columns: usize) -> String {
    format!("|---|{}\n", "---:|".repeat(columns - 1))
}

fn shown(figure: Option<&Figure>) -> String {
    figure.map_or(String::new(), |figure| human(figure.median, &figure.unit))
}

/// A peer's figure over ours.
fn ratio(peer: Option<&Figure>, ours: Option<&Figure>) -> String {
    match (peer, ours) {
        (Some(peer), Some(ours)) if ours.median > 0.0 => format!("{}x", digits(peer.median / ours.median)),
        _ => String::new(),
    }
}

/// The table that a marker names: `summary`, `request`, `lookup`, `growth`, `programs`, or a scenario and a metric.
fn table(name: &str, figures: &[Figure]) -> Result<String, String> {
    match name {
        "summary" => summary(figures),
        "request" => requests(figures),
        "lookup" => lookups(figures),
        "growth" => growth(figures),
        "programs" => programs(figures),
        _ => {
            let (scenario, metric) = name
                .split_once(' ')
                .ok_or_else(|| format!("no table is called {name:?}"))?;
            everybody(
                figures,
                Scenario::from_str(scenario, false)?,
                Metric::from_str(metric, false)?,
            )
        }
    }
}

/// Ten rows that say most.
fn summary(figures: &[Figure]) -> Result<String, String> {
    const PEERS: [(Subject, &str); 3] = [
        (Subject::Std, "`std`"),
        (Subject::Hashbrown, "`hashbrown`"),
        (Subject::HashbrownBump, "`hashbrown` in a `Bump`"),
    ];
    const ROWS: [(Scenario, usize, &str); 10] = [
        (
            Scenario::RequestU64,
            32,
            "a request: fill a new map with 32 numbers, read it, drop it",
        ),
        (Scenario::RequestStr, 64, "a request with 64 pairs of strings"),
        (Scenario::Nested3, 64, "a request with maps in maps in maps, 64 leaves"),
        (Scenario::LookupHit, 1_000, "a hit, of 1,000 entries"),
        (Scenario::LookupMiss, 1_000, "a miss"),
        (Scenario::Growth, 100_000, "an insert, from empty to 100,000 entries"),
        (Scenario::Churn, 1_000, "a removal and an insert, at 1,000 entries"),
        (Scenario::Iterate, 1_000, "a step of an iterator"),
        (Scenario::CloneMap, 1_000, "a clone of 1,000 entries"),
        (Scenario::Lru, 1_000, "a program: a cache of 1,000 entries"),
    ];
    let header = ["", "arenamap"].into_iter().chain(PEERS.map(|peer| peer.1));
    let mut text = line(header.map(str::to_owned)) + &rule(2 + PEERS.len());
    for (scenario, n, what) in ROWS {
        let of = |subject| find(figures, scenario, n, subject, Metric::NsPerOp);
        let ours = of(Subject::Arenamap);
        if ours.is_none() {
            return Err(format!("the results have no {scenario} of {n} entries"));
        }
        let ratios = PEERS.iter().map(|&(peer, _)| ratio(of(peer), ours));
        text.push_str(&line([what.to_owned(), shown(ours)].into_iter().chain(ratios)));
    }
    Ok(text)
}

fn requests(figures: &[Figure]) -> Result<String, String> {
    const PEERS: [(Subject, &str); 5] = [
        (Subject::Std, "`std`"),
        (Subject::StdFoldhash, "`std`, foldhash"),
        (Subject::HashbrownBump, "`hashbrown` in a `Bump`"),
        (Subject::HashbrownBumpPresized, "the same, pre-sized by hand"),
        (Subject::HashbrownPresized, "`hashbrown` on the heap, pre-sized"),
    ];
    let header = ["entries", "arenamap"].into_iter().chain(PEERS.map(|peer| peer.1));
    let mut text = line(header.map(str::to_owned)) + &rule(2 + PEERS.len());
    for (scenario, what) in [(Scenario::RequestU64, "u64"), (Scenario::RequestStr, "strings")] {
        for n in sizes(figures, scenario)? {
            let of = |subject| find(figures, scenario, n, subject, Metric::NsPerOp);
            let ours = of(Subject::Arenamap);
            let ratios = PEERS.iter().map(|&(peer, _)| ratio(of(peer), ours));
            text.push_str(&line(
                [format!("{} {what}", thousands(n)), shown(ours)]
                    .into_iter()
                    .chain(ratios),
            ));
        }
    }
    Ok(text)
}

fn lookups(figures: &[Figure]) -> Result<String, String> {
    let header = ["entries", "hit", "miss"];
    let mut text = line(header.map(str::to_owned)) + &rule(header.len());
    for n in sizes(figures, Scenario::LookupHit)? {
        let cell = |scenario| {
            let of = |subject| find(figures, scenario, n, subject, Metric::NsPerOp);
            ratio(of(Subject::Hashbrown), of(Subject::Arenamap))
        };
        text.push_str(&line([
            thousands(n),
            cell(Scenario::LookupHit),
            cell(Scenario::LookupMiss),
        ]));
    }
    Ok(text)
}

/// Whole programs at all sizes.
fn programs(figures: &[Figure]) -> Result<String, String> {
    const PEERS: [(Subject, &str); 2] = [
        (Subject::StdFoldhash, "`std`, foldhash"),
        (Subject::Hashbrown, "`hashbrown`"),
    ];
    let header = ["program", "n", "arenamap"].into_iter().chain(PEERS.map(|peer| peer.1));
    let mut text = line(header.map(str::to_owned)) + &rule(3 + PEERS.len());
    for &scenario in Scenario::value_variants()
        .iter()
        .filter(|scenario| is_program(**scenario))
    {
        for n in sizes(figures, scenario)? {
            let of = |subject| find(figures, scenario, n, subject, Metric::NsPerOp);
            let ours = of(Subject::Arenamap);
            let ratios = PEERS.iter().map(|&(peer, _)| ratio(of(peer), ours));
            let cells = [format!("`{scenario}`"), thousands(n), shown(ours)];
            text.push_str(&line(cells.into_iter().chain(ratios)));
        }
    }
    Ok(text)
}

/// The largest size that was measured.
fn growth(figures: &[Figure]) -> Result<String, String> {
    const PEERS: [Subject; 3] = [Subject::Hashbrown, Subject::HashbrownBump, Subject::Griddle];
    const METRICS: [(Metric, &str); 7] = [
        (Metric::NsPerOp, "an insert, on average"),
        (Metric::P99Ns, "p99 of single inserts"),
        (Metric::P9999Ns, "p99.99"),
        (Metric::WorstNs, "the worst insert"),
        (Metric::HeapCalls, "heap calls"),
        (Metric::UsedBytes, "bytes held"),
        (Metric::PeakRssBytes, "peak of the process"),
    ];
    let n = sizes(figures, Scenario::Growth)?.into_iter().max().unwrap_or(0);
    let header = [format!("to {}", thousands(n)), "arenamap".to_owned()];
    let mut text = line(header.into_iter().chain(PEERS.map(|peer| format!("`{peer}`")))) + &rule(2 + PEERS.len());
    for (metric, what) in METRICS {
        let of = |subject| find(figures, Scenario::Growth, n, subject, metric);
        let ours = of(Subject::Arenamap);
        let ratios = PEERS.iter().map(|&peer| ratio(of(peer), ours));
        text.push_str(&line([what.to_owned(), shown(ours)].into_iter().chain(ratios)));
    }
    Ok(text)
}

/// All subjects of a scenario at all sizes; behind each figure its ratio to ours.
fn everybody(figures: &[Figure], scenario: Scenario, metric: Metric) -> Result<String, String> {
    let sizes = sizes(figures, scenario)?;
    let of = |n, subject| find(figures, scenario, n, subject, metric);
    let ours = |n| {
        let ours = [Subject::Arenamap, Subject::ArenamapFixed];
        ours.into_iter().find_map(|subject| of(n, subject))
    };
    let header = std::iter::once("subject".to_owned()).chain(sizes.iter().map(|&n| thousands(n)));
    let mut text = line(header) + &rule(1 + sizes.len());
    for &subject in Subject::value_variants() {
        if sizes.iter().all(|&n| of(n, subject).is_none()) {
            continue;
        }
        let cells = sizes.iter().map(|&n| {
            let (figure, ours) = (of(n, subject), ours(n));
            let ratio = if figure == ours {
                String::new()
            } else {
                ratio(figure, ours)
            };
            format!("{} {ratio}", shown(figure)).trim().to_owned()
        });
        text.push_str(&line(std::iter::once(format!("`{subject}`")).chain(cells)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(n: usize, subject: Subject, median: f64) -> Figure {
        Figure {
            scenario: Scenario::Iterate,
            n,
            subject,
            metric: Metric::NsPerOp,
            unit: "ns".to_owned(),
            median,
            min: median,
            max: median,
            runs: 1,
        }
    }

    const TEXT: &str =
        "before\n<!-- compare:begin iterate ns_per_op -->\nold\n<!-- compare:end iterate ns_per_op -->\nafter\n";

    #[test]
    fn what_is_between_the_markers_is_made_anew_and_nothing_else() {
        let figures = [
            figure(8, Subject::Std, 3.0),
            figure(8, Subject::Arenamap, 2.0),
            figure(1_000, Subject::Std, 4.0),
        ];
        let renewed = renew(TEXT, &figures).expect("tables");
        let expected = "before\n<!-- compare:begin iterate ns_per_op -->\n| subject | 8 | 1,000 |\n|---|---:|---:|\n\
            | `std` | 3.00 ns 1.50x | 4.00 ns |\n| `arenamap` | 2.00 ns |  |\n<!-- compare:end iterate ns_per_op -->\nafter\n";
        assert_eq!(renewed, expected);
        assert_eq!(renew(&renewed, &figures).expect("tables"), renewed);
    }

    #[test]
    fn a_table_that_cannot_be_made_is_an_error() {
        let figures = [figure(8, Subject::Std, 3.0)];
        assert!(renew("no marker", &figures).is_err());
        assert!(renew(&TEXT.replace("compare:end", "end"), &figures).is_err());
        assert!(renew(&TEXT.replace("iterate", "growth"), &figures).is_err());
        assert!(renew(&TEXT.replace("iterate ns_per_op", "nonsense"), &figures).is_err());
    }
}
