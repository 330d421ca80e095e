//! What was measured, as it goes into `results.json`.

use serde::Serialize;

use crate::goals::Goal;
use crate::measure::Operation;
use crate::numbers::{as_f64, median};
use crate::subjects::Subject;

#[derive(Serialize)]
pub(crate) struct Results {
    pub(crate) about: Vec<String>,
    pub(crate) reference: Subject,
    pub(crate) rows: Vec<Row>,
    pub(crate) goals: Vec<Goal>,
}

/// Archives of the same pairs.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) pairs: usize,
    /// Of all keys and values.
    pub(crate) text_bytes: usize,
    pub(crate) figures: Vec<Figures>,
}

/// Of one subject.
#[derive(Serialize)]
pub(crate) struct Figures {
    pub(crate) subject: Subject,
    pub(crate) bytes: usize,
    pub(crate) heap_calls_of_hit: f64,
    pub(crate) heap_calls_of_miss: f64,
    /// Of each operation, in each round.
    pub(crate) ns: Vec<(Operation, Vec<f64>)>,
}

impl Figures {
    fn rounds(&self, operation: Operation) -> &[f64] {
        let found = self.ns.iter().find(|(each, _)| *each == operation);
        found.map_or(&[], |(_, ns)| ns)
    }

    /// Nanoseconds, the median of the rounds.
    pub(crate) fn time(&self, operation: Operation) -> Option<f64> {
        median(self.rounds(operation))
    }
}

impl Row {
    pub(crate) fn of(&self, subject: Subject) -> Option<&Figures> {
        self.figures.iter().find(|each| each.subject == subject)
    }

    /// Bytes of an archive, as a part of those of the strings and 24 for each pair.
    pub(crate) fn share(&self, figures: &Figures) -> f64 {
        as_f64(figures.bytes) / as_f64(self.text_bytes + 24 * self.pairs)
    }

    /// How many times as long one takes as another: the median of the rounds' ratios.
    pub(crate) fn ratio(&self, one: (Subject, Operation), other: (Subject, Operation)) -> Option<f64> {
        let [one, other] = [one, other].map(|(subject, operation)| Some(self.of(subject)?.rounds(operation)));
        let ratios: Vec<f64> = one?.iter().zip(other?).map(|(one, other)| one / other).collect();
        median(&ratios)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Two subjects: of each, bytes, and the rounds of one operation.
    pub(crate) fn row(operation: Operation, figures: [(Subject, usize, &[f64]); 2]) -> Row {
        let figures = figures.map(|(subject, bytes, ns)| Figures {
            subject,
            bytes,
            heap_calls_of_hit: 0.0,
            heap_calls_of_miss: 0.0,
            ns: vec![(operation, ns.to_vec())],
        });
        Row {
            pairs: 10,
            text_bytes: 760,
            figures: figures.into(),
        }
    }

    #[test]
    fn ratios_are_of_rounds() {
        let (ours, peer) = (Subject::VarMap, Subject::Rkyv);
        let row = row(
            Operation::Hit,
            [(ours, 1_000, &[10.0, 30.0, 30.0]), (peer, 2_000, &[20.0, 90.0, 60.0])],
        );
        let ratio = |operation| row.ratio((peer, operation), (ours, operation));
        assert_eq!((ratio(Operation::Hit), ratio(Operation::Miss)), (Some(2.0), None));
        assert_eq!(
            row.of(peer).and_then(|figures| figures.time(Operation::Hit)),
            Some(60.0)
        );
        assert_eq!(row.of(peer).map(|figures| row.share(figures)), Some(2.0));
    }
}
