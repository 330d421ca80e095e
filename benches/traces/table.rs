//! The tables: one row for each workload and capacity, one column for each subject.

use comfy_table::{CellAlignment, Table, presets};

use crate::numbers::thousands;
use crate::results::{Burst, Figures, Row};
use crate::subjects::Subject;

fn table(header: Vec<String>, texts: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(header);
    for column in table.column_iter_mut().skip(texts) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// `more` columns beyond the subjects'.
fn of_rows<'r>(rows: &'r [Row], more: &[String], cells: impl Fn(&'r Row) -> Vec<String>) -> String {
    let Some(first) = rows.first() else {
        return String::new();
    };
    let mut header: Vec<String> = ["workload", "requests", "capacity"].map(String::from).into();
    header.extend(first.figures.iter().map(|(subject, _)| subject.name()));
    header.extend_from_slice(more);
    let mut table = table(header, 1);
    for row in rows {
        let mut line = vec![row.workload.clone(), thousands(row.requests), thousands(row.capacity)];
        line.extend(cells(row));
        table.add_row(line);
    }
    table.to_string()
}

/// Percents; of the models, too.
pub(crate) fn hit_ratios(rows: &[Row]) -> String {
    let percent = |ratio: f64| format!("{:.2}", ratio * 100.0);
    let widest = rows.iter().max_by_key(|row| row.models.len());
    let models: Vec<String> = widest
        .iter()
        .flat_map(|row| &row.models)
        .map(|each| each.model.clone())
        .collect();
    of_rows(rows, &models, |row| {
        let subjects = row.figures.iter().map(|(_, figures)| percent(figures.hit_ratio));
        let model = |name: &String| row.models.iter().find(|each| each.model == *name);
        let models = models
            .iter()
            .map(|name| model(name).map_or(String::new(), |each| percent(each.hit_ratio)));
        subjects.chain(models).collect()
    })
}

/// Nanoseconds a request, and their ratio to the reference.
pub(crate) fn times(rows: &[Row]) -> String {
    of_rows(rows, &[], |row| {
        let cell = |subject: Subject| match row.time(subject) {
            Some((ns, Some(ratio))) => format!("{ns:.0} {ratio:.2}x"),
            Some((ns, None)) => format!("{ns:.0}"),
            None => String::new(),
        };
        row.figures.iter().map(|&(subject, _)| cell(subject)).collect()
    })
}

/// Bytes for each entry that is held in the end.
pub(crate) fn memory(rows: &[Row]) -> String {
    let cell = |figures: &Figures| format!("{:.0}", figures.bytes_per_entry);
    of_rows(rows, &[], |row| {
        row.figures.iter().map(|(_, figures)| cell(figures)).collect()
    })
}

/// Single operations after a burst of expiry.
pub(crate) fn bursts(bursts: &[Burst]) -> String {
    let header = ["entries", "time to live", "subject", "p50", "p99", "p99.99", "longest"];
    let mut table = table(header.map(String::from).into(), 3);
    for burst in bursts {
        table.add_row([
            thousands(burst.entries),
            format!("{} ms", burst.time_to_live_ms),
            burst.subject.clone(),
            time(burst.p50),
            time(burst.p99),
            time(burst.p9999),
            time(burst.max),
        ]);
    }
    table.to_string()
}

/// `12 ns`, `3.45 µs`, `6.78 ms`.
fn time(ns: f64) -> String {
    match ns {
        ..1e3 => format!("{ns:.0} ns"),
        ..1e6 => format!("{:.2} µs", ns / 1e3),
        _ => format!("{:.2} ms", ns / 1e6),
    }
}
