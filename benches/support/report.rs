//! The table of ratios, for people and as JSON.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::race::Times;
use super::{median, testing};

/// One ratio that must be shown: the peer's figure divided by ours, so that more is better for us.
pub(crate) struct Row {
    what: String,
    n: u64,
    unit: &'static str,
    ours: (&'static str, f64),
    peer: (&'static str, f64),
    ratio: f64,
    /// Smallest and largest ratio of single rounds.
    spread: (f64, f64),
    /// The ratio that is promised; `None`: shown for information.
    at_least: Option<f64>,
}

impl Row {
    /// Compares two lanes of one race.
    pub(crate) fn of_times(
        what: impl Into<String>,
        n: usize,
        ours: &Times,
        peer: &Times,
        at_least: Option<f64>,
    ) -> Self {
        let ratios: Vec<f64> = ours
            .rounds
            .iter()
            .zip(&peer.rounds)
            .map(|(ours, peer)| peer / ours)
            .collect();
        Row {
            what: what.into(),
            n: n as u64,
            unit: "ns",
            ours: (ours.name, ours.median()),
            peer: (peer.name, peer.median()),
            ratio: median(ratios.clone()),
            spread: (
                ratios.iter().copied().fold(f64::INFINITY, f64::min),
                ratios.iter().copied().fold(0.0, f64::max),
            ),
            at_least,
        }
    }

    /// Compares two plain numbers.
    pub(crate) fn of_numbers(
        what: impl Into<String>,
        n: usize,
        unit: &'static str,
        ours: (&'static str, f64),
        peer: (&'static str, f64),
        at_least: Option<f64>,
    ) -> Self {
        let ratio = peer.1 / ours.1;
        Row {
            what: what.into(),
            n: n as u64,
            unit,
            ours,
            peer,
            ratio,
            spread: (ratio, ratio),
            at_least,
        }
    }

    /// Whether the promise is kept; `None` where there is none, or nothing was measured.
    pub(crate) fn holds(&self) -> Option<bool> {
        let measured = !testing();
        self.at_least
            .filter(|_| measured)
            .map(|at_least| self.ratio >= at_least)
    }

    /// The peer's figure divided by ours.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratio
    }

    fn verdict(&self) -> &'static str {
        match self.holds() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "n": self.n,
            "unit": self.unit,
            "ours": self.ours.0,
            "ours_value": self.ours.1,
            "peer": self.peer.0,
            "peer_value": self.peer.1,
            "ratio": self.ratio,
            "ratio_min": self.spread.0,
            "ratio_max": self.spread.1,
            "at_least": self.at_least,
            "holds": self.holds(),
        })
    }
}

/// All rows in one table.
pub(crate) fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "what", "n", "ours", "", "peer", "", "ratio", "rounds", "promised", "holds",
    ]);
    for column in [1, 3, 5, 6, 7, 8] {
        table
            .column_mut(column)
            .expect("ten columns")
            .set_cell_alignment(CellAlignment::Right);
    }
    for row in rows {
        table.add_row([
            row.what.clone(),
            row.n.to_string(),
            row.ours.0.to_owned(),
            with_unit(row.ours.1, row.unit),
            row.peer.0.to_owned(),
            with_unit(row.peer.1, row.unit),
            format!("{:.2}", row.ratio),
            format!("{:.2} .. {:.2}", row.spread.0, row.spread.1),
            row.at_least.map_or(String::new(), |at_least| format!("{at_least:.2}")),
            row.verdict().to_owned(),
        ]);
    }
    table
}

/// All rows as one JSON object.
pub(crate) fn json(rows: &[Row], rounds: usize) -> Value {
    json!({
        "test": testing(),
        "rounds": rounds,
        "missed": rows.iter().filter(|row| row.holds() == Some(false)).count(),
        "rows": rows.iter().map(Row::to_json).collect::<Vec<_>>(),
    })
}

fn with_unit(value: f64, unit: &str) -> String {
    let digits = if value < 100.0 { 2 } else { 0 };
    format!("{value:.digits$} {unit}")
}

/// One table of the output.
pub(crate) struct Section {
    title: String,
    table: Table,
    json: Value,
    missed: bool,
    note: Option<String>,
}

impl Section {
    pub(crate) fn of_rows(title: impl Into<String>, rows: &[Row]) -> Self {
        Section {
            title: title.into(),
            table: table(rows),
            json: rows.iter().map(Row::to_json).collect(),
            missed: rows.iter().any(|row| row.holds() == Some(false)),
            note: None,
        }
    }

    pub(crate) fn of_table(title: impl Into<String>, table: Table, json: Value) -> Self {
        Section {
            title: title.into(),
            table,
            json,
            missed: false,
            note: None,
        }
    }

    /// Whether a promise of this table is missed.
    pub(crate) fn missed(&self) -> bool {
        self.missed
    }

    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// Prints tables as Markdown, or all of them as one JSON object.
pub(crate) fn print(sections: &[Section], as_json: bool) {
    if as_json {
        let parts: serde_json::Map<String, Value> = sections
            .iter()
            .map(|section| (section.title.clone(), section.json.clone()))
            .collect();
        println!("{}", json!({ "test": testing(), "parts": parts }));
        return;
    }
    for section in sections {
        println!("### {}\n\n{}\n", section.title, section.table);
        if let Some(note) = &section.note {
            println!("{note}\n");
        }
    }
    if testing() {
        println!("test mode: everything ran once, the figures mean nothing");
    }
}
