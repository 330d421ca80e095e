//! What an archive of ours is to reach at a million pairs, by ratios of one run.

use serde::Serialize;

use crate::measure::Operation;
use crate::results::Row;
use crate::subjects::Subject;

/// Pairs from which on the goals are asked for.
const PAIRS: usize = 1_000_000;

#[derive(Debug, Serialize)]
pub(crate) struct Goal {
    pub(crate) what: &'static str,
    pub(crate) wanted: f64,
    pub(crate) found: f64,
    pub(crate) met: bool,
}

/// The goals that can be told from what was measured.
pub(crate) fn goals(rows: &[Row]) -> Vec<Goal> {
    use Operation::{Copy, Hit, Open, Write, WriteSealed};
    use Subject::{
        IndexedMap, IndexedMapFile, IndexedMapVerified, Lmdb, Rkyv, RkyvUnchecked, VarMap, VarMapFile, VarMapVerified,
    };
    let Some(row) = rows.iter().find(|row| row.pairs >= PAIRS) else {
        return Vec::new();
    };
    let at_least = |what, wanted, one, other| {
        let found = row.ratio(one, other)?;
        Some(Goal {
            what,
            wanted,
            found,
            met: found >= wanted,
        })
    };
    let at_most = |what, wanted, found: Option<f64>| {
        let found = found?;
        Some(Goal {
            what,
            wanted,
            found,
            met: found <= wanted,
        })
    };
    let ours = row.of(VarMap);
    let goals = [
        at_least(
            "written from a sealed map, speed beside copying the bytes, at least",
            0.7,
            (VarMap, Copy),
            (VarMap, WriteSealed),
        ),
        at_least(
            "the same into a file, beside writing the copy to a file, at least",
            0.7,
            (VarMapFile, Copy),
            (VarMapFile, WriteSealed),
        ),
        at_least(
            "written from a StrMap, beside rkyv::to_bytes, at least",
            3.0,
            (Rkyv, Write),
            (VarMap, Write),
        ),
        at_most(
            "opened in memory, ns, at most",
            1_000.0,
            ours.and_then(|ours| ours.time(Open)),
        ),
        at_least(
            "hit, both opened unchecked, beside rkyv's archived map, at least",
            1.2,
            (RkyvUnchecked, Hit),
            (VarMap, Hit),
        ),
        at_least(
            "hit, both opened checked, beside rkyv's archived map, at least",
            1.2,
            (Rkyv, Hit),
            (VarMapVerified, Hit),
        ),
        at_least(
            "hit in a mapped file, beside LMDB, at least",
            3.0,
            (Lmdb, Hit),
            (VarMapFile, Hit),
        ),
        at_least(
            "the same of an indexed archive, both opened unchecked, at least",
            1.2,
            (RkyvUnchecked, Hit),
            (IndexedMap, Hit),
        ),
        at_least(
            "the same of an indexed archive, both opened checked, at least",
            1.2,
            (Rkyv, Hit),
            (IndexedMapVerified, Hit),
        ),
        at_least(
            "the same of an indexed archive in a mapped file, beside LMDB, at least",
            3.0,
            (Lmdb, Hit),
            (IndexedMapFile, Hit),
        ),
        at_most(
            "bytes, by those of the strings and 24 a pair, at most",
            1.15,
            ours.map(|ours| row.share(ours)),
        ),
    ];
    goals.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::row;

    #[test]
    fn goals_are_met_or_missed() {
        let mut row = row(
            Operation::Hit,
            [
                (Subject::VarMap, 1_100, &[10.0, 10.0, 10.0]),
                (Subject::RkyvUnchecked, 2_000, &[11.0, 14.0, 11.0]),
            ],
        );
        assert!(goals(std::slice::from_ref(&row)).is_empty(), "too small");
        row.pairs = PAIRS;
        row.text_bytes = 1_000;
        let found: Vec<_> = goals(&[row])
            .iter()
            .map(|goal| (goal.wanted.to_bits(), goal.met))
            .collect();
        assert_eq!(found, [(1.2_f64.to_bits(), false), (1.15_f64.to_bits(), true)]);
    }
}
