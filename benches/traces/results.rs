//! What was measured, as it goes into `results.json`.

use serde::Serialize;

use crate::numbers::median;
use crate::subjects::Subject;

#[derive(Serialize)]
pub(crate) struct Results {
    pub(crate) about: Vec<String>,
    pub(crate) reference: Subject,
    pub(crate) rows: Vec<Row>,
    pub(crate) bursts: Vec<Burst>,
}

/// A workload at a capacity.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) requests: usize,
    pub(crate) distinct: usize,
    pub(crate) capacity: usize,
    pub(crate) figures: Vec<(Subject, Figures)>,
    pub(crate) models: Vec<ModelFigures>,
}

/// Of one subject.
#[derive(Serialize)]
pub(crate) struct Figures {
    pub(crate) hits: usize,
    pub(crate) hit_ratio: f64,
    /// Held after the last request.
    pub(crate) entries: usize,
    pub(crate) bytes_per_entry: f64,
    /// A request, in each round: `get`, and on a miss `insert`.
    pub(crate) ns: Vec<f64>,
    /// The same by one call, of requests whose entries do not end.
    pub(crate) ns_by_one_call: Vec<f64>,
}

#[derive(Serialize)]
pub(crate) struct ModelFigures {
    pub(crate) model: String,
    pub(crate) hit_ratio: f64,
}

/// Operations after everything expired: nanoseconds, the median of the rounds.
#[derive(Serialize)]
pub(crate) struct Burst {
    pub(crate) subject: String,
    pub(crate) entries: usize,
    pub(crate) time_to_live_ms: u64,
    pub(crate) hits: usize,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p9999: f64,
    pub(crate) max: f64,
}

impl Row {
    /// A request of `subject` in nanoseconds, by what was measured of each, and what that is to the reference: the median of the rounds' ratios.
    pub(crate) fn time(&self, subject: Subject, ns: impl Fn(&Figures) -> &[f64]) -> Option<(f64, Option<f64>)> {
        let of = |subject| self.figures.iter().find(|(each, _)| *each == subject);
        let theirs = ns(&of(subject)?.1);
        let ratios = of(Subject::REFERENCE).and_then(|(_, ours)| {
            let ratios: Vec<f64> = theirs.iter().zip(ns(ours)).map(|(ns, ours)| ns / ours).collect();
            median(&ratios)
        });
        Some((median(theirs)?, ratios.filter(|_| subject != Subject::REFERENCE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_rounds() {
        let figures = |ns: [f64; 3]| Figures {
            hits: 0,
            hit_ratio: 0.0,
            entries: 0,
            bytes_per_entry: 0.0,
            ns: ns.to_vec(),
            ns_by_one_call: Vec::new(),
        };
        let row = Row {
            workload: String::new(),
            requests: 1,
            distinct: 1,
            capacity: 1,
            figures: vec![
                (Subject::Moka, figures([20.0, 90.0, 60.0])),
                (Subject::REFERENCE, figures([10.0, 30.0, 30.0])),
            ],
            models: Vec::new(),
        };
        let time = |subject| row.time(subject, |figures| &figures.ns);
        assert_eq!(time(Subject::Moka), Some((60.0, Some(2.0))));
        assert_eq!(time(Subject::REFERENCE), Some((30.0, None)));
        assert_eq!(time(Subject::Schnellru), None);
        assert_eq!(row.time(Subject::Moka, |figures| &figures.ns_by_one_call), None);
    }
}
