//! The tables: of each size, a line for each subject.

use comfy_table::{CellAlignment, Table, presets};

use crate::goals::Goal;
use crate::measure::Operation;
use crate::numbers::{as_f64, thousands};
use crate::results::Row;
use crate::subjects::Subject;

fn table(header: Vec<String>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Bytes and heap calls; times, and their ratios to the reference.
pub(crate) fn row(row: &Row, operations: &[Operation]) -> String {
    let mut header: Vec<String> = ["subject", "bytes a pair", "by strings + 24"].map(String::from).into();
    header.extend(operations.iter().map(|operation| operation.title().to_owned()));
    header.push("heap calls: hit / miss".to_owned());
    let mut table = table(header);
    for figures in &row.figures {
        let mut line = vec![
            figures.subject.name(),
            format!("{:.1}", as_f64(figures.bytes) / as_f64(row.pairs)),
            format!("{:.3}", row.share(figures)),
        ];
        line.extend(operations.iter().map(|&operation| {
            let Some(ns) = figures.time(operation) else {
                return "-".to_owned();
            };
            match row.ratio((figures.subject, operation), (Subject::REFERENCE, operation)) {
                Some(ratio) if figures.subject != Subject::REFERENCE => format!("{} {}x", time(ns), short(ratio)),
                _ => time(ns),
            }
        }));
        line.push(format!(
            "{} / {}",
            figures.heap_calls_of_hit, figures.heap_calls_of_miss
        ));
        table.add_row(line);
    }
    format!("{} pairs\n\n{table}", thousands(row.pairs))
}

pub(crate) fn goals(goals: &[Goal]) -> String {
    let mut table = table(["goal", "wanted", "found", ""].map(String::from).into());
    for goal in goals {
        let met = if goal.met { "met" } else { "missed" };
        table.add_row([
            goal.what.to_owned(),
            short(goal.wanted),
            short(goal.found),
            met.to_owned(),
        ]);
    }
    table.to_string()
}

impl Operation {
    const fn title(self) -> &'static str {
        match self {
            Self::Write => "write a pair",
            Self::WriteSealed => "write a pair, sealed",
            Self::Copy => "copy a pair",
            Self::Open => "open",
            Self::Hit => "hit, bytes read",
            Self::HitLen => "hit, length",
            Self::HitBatch => "hits, 16 at once, bytes read",
            Self::Miss => "miss",
            Self::Iterate => "walk a pair",
        }
    }
}

/// Three digits or so.
fn short(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// `12.3 ns`, `3.45 µs`, `6.78 ms`.
fn time(ns: f64) -> String {
    match ns {
        ..100.0 => format!("{ns:.1} ns"),
        ..1e3 => format!("{ns:.0} ns"),
        ..1e6 => format!("{:.2} µs", ns / 1e3),
        _ => format!("{:.1} ms", ns / 1e6),
    }
}
