//! Tables of ratios: one for each scenario and size, the same in the terminal and on the page.

use clap::ValueEnum;
use comfy_table::{CellAlignment, Table, presets};

use crate::figures::{Results, digits, human};
use crate::names::{Metric, Scenario, Subject};

/// One subject's figures, as text.
pub(crate) struct Row {
    pub(crate) subject: Subject,
    pub(crate) cells: Vec<Cell>,
}

/// A figure, and what it is to ours.
#[derive(Default)]
pub(crate) struct Cell {
    pub(crate) figure: String,
    /// `2.06x (1.59..2.12)`; empty where there is nothing to compare with.
    pub(crate) ratio: String,
}

/// The metrics that were measured here, and a row for each subject.
pub(crate) fn rows(results: &Results, scenario: Scenario, n: usize) -> (Vec<Metric>, Vec<Row>) {
    let found = |subject, metric| results.find(scenario, n, subject, metric);
    let (subjects, metrics) = (Subject::value_variants(), Metric::value_variants());
    let metrics: Vec<Metric> = metrics
        .iter()
        .copied()
        .filter(|&metric| subjects.iter().any(|&subject| found(subject, metric).is_some()))
        .collect();
    let reference = results.reference(scenario, n);
    let cell = |subject: Subject, metric: Metric| {
        let Some(measured) = found(subject, metric) else {
            return Cell::default();
        };
        let ours = reference.filter(|&ours| ours != subject);
        let ratio = ours.and_then(|ours| measured.over(found(ours, metric)?));
        let ratio = ratio.map_or(String::new(), |ratio| {
            let median = digits(ratio.median);
            if measured.rounds.len() == 1 {
                return format!("{median}x");
            }
            format!("{median}x ({}..{})", digits(ratio.min), digits(ratio.max))
        });
        Cell {
            figure: human(measured.figure.median, measured.figure.unit.as_str()),
            ratio,
        }
    };
    let rows = subjects
        .iter()
        .filter(|&&subject| metrics.iter().any(|&metric| found(subject, metric).is_some()))
        .map(|&subject| Row {
            subject,
            cells: metrics.iter().map(|&metric| cell(subject, metric)).collect(),
        })
        .collect();
    (metrics, rows)
}

/// One table for the terminal.
pub(crate) fn table(results: &Results, scenario: Scenario, n: usize) -> Table {
    let (metrics, rows) = rows(results, scenario, n);
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(std::iter::once("subject".to_owned()).chain(metrics.iter().map(ToString::to_string)));
    for column in 1..=metrics.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in rows {
        let cells = row
            .cells
            .into_iter()
            .map(|cell| format!("{} {}", cell.figure, cell.ratio));
        table.add_row(std::iter::once(row.subject.to_string()).chain(cells.map(|cell| cell.trim().to_owned())));
    }
    table
}
