//! The tables: one row for each workload and capacity, one column for each subject.

use comfy_table::{CellAlignment, Table, presets};

use crate::numbers::{as_f64, thousands};
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

/// `more` columns beyond the subjects', and a `last` row.
fn of_rows<'r>(
    rows: impl IntoIterator<Item = &'r Row, IntoIter: Clone>,
    more: &[String],
    cells: impl Fn(&'r Row) -> Vec<String>,
    last: impl IntoIterator<Item = String>,
) -> String {
    let rows = rows.into_iter();
    let Some(first) = rows.clone().next() else {
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
    let last: Vec<String> = last.into_iter().collect();
    if !last.is_empty() {
        let mean = ["mean", "", ""].map(String::from);
        table.add_row(mean.into_iter().chain(last));
    }
    table.to_string()
}

/// None where one is missing: means of different rows say nothing beside one another.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values = values.collect::<Option<Vec<f64>>>()?;
    let count = as_f64(values.len());
    (count > 0.0).then(|| values.iter().sum::<f64>() / count)
}

/// Percents; of the models, too.
pub(crate) fn hit_ratios(rows: &[Row]) -> String {
    let percent = |ratio: f64| format!("{:.2}", ratio * 100.0);
    // Not every workload has all models.
    let widest = rows.iter().max_by_key(|row| row.models.len());
    let widest = widest.iter().flat_map(|row| &row.models);
    let models: Vec<String> = widest.map(|each| each.model.clone()).collect();
    let subjects = rows.first().map_or(0, |row| row.figures.len());
    let ratio = |row: &Row, column: usize| match column.checked_sub(subjects) {
        None => Some(row.figures[column].1.hit_ratio),
        Some(model) => row.models.get(model).map(|each| each.hit_ratio),
    };
    let columns = 0..subjects + models.len();
    let cell = |ratio: Option<f64>| ratio.map_or(String::new(), percent);
    let means = columns
        .clone()
        .map(|column| cell(mean(rows.iter().map(|row| ratio(row, column)))));
    let cells = |row| columns.clone().map(|column| cell(ratio(row, column))).collect();
    of_rows(rows, &models, cells, means)
}

/// Nanoseconds a request, by what was measured of each, and their ratio to the reference; in the end, the ratios' geometric mean.
pub(crate) fn times(rows: &[Row], ns: impl Fn(&Figures) -> &[f64]) -> String {
    let is_timed = |row: &&Row| row.figures.iter().all(|(_, figures)| !ns(figures).is_empty());
    let rows = rows.iter().filter(is_timed);
    let cell = |row: &Row, subject: Subject| match row.time(subject, &ns) {
        Some((ns, Some(ratio))) => format!("{ns:.0} {ratio:.2}x"),
        Some((ns, None)) => format!("{ns:.0}"),
        None => String::new(),
    };
    let subjects = rows.clone().take(1).flat_map(|row| &row.figures);
    let means = subjects.map(|&(subject, _)| {
        let ratios = rows.clone().map(|row| row.time(subject, &ns)?.1.map(f64::ln));
        mean(ratios).map_or(String::new(), |ratio| format!("{:.2}x", ratio.exp()))
    });
    let cells = |row: &Row| row.figures.iter().map(|&(subject, _)| cell(row, subject)).collect();
    of_rows(rows.clone(), &[], cells, means)
}

/// Bytes for each entry that is held in the end.
pub(crate) fn memory(rows: &[Row]) -> String {
    let cell = |figures: &Figures| format!("{:.0}", figures.bytes_per_entry);
    let cells = |row: &Row| row.figures.iter().map(|(_, figures)| cell(figures)).collect();
    of_rows(rows, &[], cells, [])
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
