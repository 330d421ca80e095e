//! Figures: one for each scenario, size, subject and metric; and ratios between them.

use serde::{Deserialize, Serialize};

use crate::names::{Metric, Scenario, Subject};
use crate::support::median;

/// One object of `results.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) scenario: Scenario,
    pub(crate) n: usize,
    pub(crate) subject: Subject,
    pub(crate) metric: Metric,
    pub(crate) unit: String,
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) runs: usize,
}

/// A figure with the rounds that it is made of.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) figure: Figure,
    pub(crate) rounds: Vec<f64>,
}

impl Measured {
    /// `None` without a round.
    pub(crate) fn new(
        scenario: Scenario,
        n: usize,
        subject: Subject,
        metric: Metric,
        rounds: Vec<f64>,
    ) -> Option<Self> {
        let spread = Spread::of(&rounds)?;
        let figure = Figure {
            scenario,
            n,
            subject,
            metric,
            unit: metric.unit().to_owned(),
            median: spread.median,
            min: spread.min,
            max: spread.max,
            runs: rounds.len(),
        };
        Some(Measured { figure, rounds })
    }

    /// This figure divided by ours, round by round: above 1 ours is better. `None` where ours is 0, or was not measured as often.
    pub(crate) fn over(&self, ours: &Measured) -> Option<Spread> {
        if self.rounds.len() != ours.rounds.len() || ours.rounds.contains(&0.0) {
            return None;
        }
        let ratios: Vec<f64> = self
            .rounds
            .iter()
            .zip(&ours.rounds)
            .map(|(peer, ours)| peer / ours)
            .collect();
        Spread::of(&ratios)
    }
}

/// The middle, the smallest and the largest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Option<Self> {
        (!values.is_empty()).then(|| Spread {
            median: median(values.to_vec()),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
    }
}

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) measured: Vec<Measured>,
    pub(crate) left_out: Vec<LeftOut>,
    /// Quantiles of single inserts on the way to so many entries.
    pub(crate) curves: Vec<Series<f64>>,
    /// Bytes held after so many operations.
    pub(crate) stories: Vec<Series<u64>>,
}

/// One line of a chart: x, and nanoseconds or bytes.
pub(crate) struct Series<X> {
    pub(crate) scenario: Scenario,
    pub(crate) n: usize,
    pub(crate) subject: Subject,
    pub(crate) points: Vec<(X, u64)>,
}

/// Something that is not measured, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) scenario: Scenario,
    pub(crate) n: usize,
    pub(crate) what: String,
    pub(crate) why: String,
}

impl Results {
    /// The pairs of scenario and size, in the order in which they were measured.
    pub(crate) fn parts(&self) -> Vec<(Scenario, usize)> {
        let mut parts: Vec<_> = self
            .measured
            .iter()
            .map(|each| (each.figure.scenario, each.figure.n))
            .collect();
        parts.dedup();
        parts
    }

    pub(crate) fn find(&self, scenario: Scenario, n: usize, subject: Subject, metric: Metric) -> Option<&Measured> {
        let wanted = (scenario, n, subject, metric);
        self.measured.iter().find(|each| {
            let figure = &each.figure;
            (figure.scenario, figure.n, figure.subject, figure.metric) == wanted
        })
    }

    /// Whom the others are compared with: `arenamap` where it takes part.
    pub(crate) fn reference(&self, scenario: Scenario, n: usize) -> Option<Subject> {
        [Subject::Arenamap, Subject::ArenamapFixed]
            .into_iter()
            .find(|&ours| self.find(scenario, n, ours, Metric::NsPerOp).is_some())
    }

    /// What is left out of a scenario, one line for each reason; with its sizes where it is not left out of all.
    pub(crate) fn left_out_lines(&self, scenario: Scenario) -> Vec<String> {
        // First the sizes of each thing, then the things of each reason.
        let mut things: Vec<(&str, &str, Vec<usize>)> = Vec::new();
        for left in self.left_out.iter().filter(|left| left.scenario == scenario) {
            match things
                .iter_mut()
                .find(|(what, why, _)| (*what, *why) == (&left.what, &left.why))
            {
                Some((_, _, sizes)) => sizes.push(left.n),
                None => things.push((&left.what, &left.why, vec![left.n])),
            }
        }
        let mut lines: Vec<(Vec<&str>, &str, Vec<usize>)> = Vec::new();
        for (what, why, sizes) in things {
            match lines.iter_mut().find(|line| (line.1, &line.2) == (why, &sizes)) {
                Some(line) => line.0.push(what),
                None => lines.push((vec![what], why, sizes)),
            }
        }
        let all = self.parts().iter().filter(|(each, _)| *each == scenario).count();
        let line = |(what, why, sizes): (Vec<&str>, &str, Vec<usize>)| {
            let what = what.join(", ");
            if sizes.len() == all {
                return format!("{scenario}: {what} left out: {why}");
            }
            let sizes: Vec<String> = sizes.into_iter().map(thousands).collect();
            format!("{scenario}, n = {}: {what} left out: {why}", sizes.join("; "))
        };
        lines.into_iter().map(line).collect()
    }

    /// `results.json`: one object a line.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        let lines: Result<Vec<String>, _> = self
            .measured
            .iter()
            .map(|each| serde_json::to_string(&each.figure))
            .collect();
        Ok(format!("[\n{}\n]\n", lines?.join(",\n")))
    }
}

/// A number for people: `1,234,567`.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A figure for people: three digits, or all of them where it is a count.
pub(crate) fn human(value: f64, unit: &str) -> String {
    let steps: &[(f64, &str)] = match unit {
        "ns" => &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")],
        "bytes" => &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")],
        _ => &[],
    };
    if value == 0.0 {
        return "0".to_owned();
    }
    match steps.iter().find(|(size, _)| value >= *size).or(steps.last()) {
        Some((size, name)) => format!("{} {name}", digits(value / size)),
        None if value < 1e6 => format!("{value}"),
        None => format!("{value:.0}"),
    }
}

/// Three digits of a number: `1.23`, `12.3`, `123`.
pub(crate) fn digits(value: f64) -> String {
    let digits = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(subject: Subject, rounds: &[f64]) -> Measured {
        Measured::new(Scenario::Growth, 10, subject, Metric::NsPerOp, rounds.to_vec()).expect("rounds")
    }

    #[test]
    fn a_figure_is_the_median_of_its_rounds_beside_the_extremes() {
        let figure = measured(Subject::Std, &[5.0, 1.0, 3.0]).figure;
        assert_eq!((figure.median, figure.min, figure.max, figure.runs), (3.0, 1.0, 5.0, 3));
        assert!(Measured::new(Scenario::Growth, 10, Subject::Std, Metric::NsPerOp, vec![]).is_none());
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        // The machine was ten times slower in the second round: the ratio does not see it.
        let (peer, ours) = (
            measured(Subject::Std, &[4.0, 40.0, 6.0]),
            measured(Subject::Arenamap, &[2.0, 20.0, 2.0]),
        );
        let ratio = peer.over(&ours).expect("a ratio");
        assert_eq!((ratio.median, ratio.min, ratio.max), (2.0, 2.0, 3.0));
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        let none = measured(Subject::Arenamap, &[0.0]);
        assert_eq!(measured(Subject::Std, &[7.0]).over(&none), None);
        assert_eq!(
            measured(Subject::Std, &[7.0, 8.0]).over(&measured(Subject::Arenamap, &[1.0])),
            None
        );
    }

    #[test]
    fn names_in_the_json_are_those_that_other_tools_read() {
        let figure = measured(Subject::HashbrownBumpPresized, &[1.5]).figure;
        let json = serde_json::to_string(&figure).expect("JSON");
        let expected = r#"{"scenario":"growth","n":10,"subject":"hashbrown-bump-presized","metric":"ns_per_op","unit":"ns","median":1.5,"min":1.5,"max":1.5,"runs":1}"#;
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<Figure>(&json).expect("a figure"), figure);
    }

    #[test]
    fn numbers_for_people() {
        let shown = [
            (94.0, "ns"),
            (1_268.0, "ns"),
            (6.012e8, "ns"),
            (0.5, "ns"),
            (3.2e7, "bytes"),
            (0.0, "bytes"),
        ];
        let shown = shown.map(|(value, unit)| human(value, unit));
        assert_eq!(shown, ["94.0 ns", "1.27 µs", "601 ms", "0.50 ns", "32.0 MB", "0"]);
        assert_eq!([7, 1_000, 12_345_678].map(thousands), ["7", "1,000", "12,345,678"]);
    }
}
