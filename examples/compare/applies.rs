//! What is left out, and why: the reasons stand in the output.

use crate::names::{Metric, Scenario, Subject};

/// The most entries for which a `heapless` map is made: it lives on the stack, and its size is part of the program.
pub(crate) const HEAPLESS_ROOM: usize = 16_384;

/// Whether it is a program as users of hashbrown write it, or a part of one.
pub(crate) fn is_program(scenario: Scenario) -> bool {
    scenario >= Scenario::Lru
}

/// Why a subject has no part in a scenario.
pub(crate) fn subject_left_out(scenario: Scenario, n: usize, subject: Subject) -> Option<&'static str> {
    use Scenario as S;
    use Subject as M;
    match (subject, scenario) {
        (M::StdFoldhash | M::Hashbrown | M::Arenamap, _) if is_program(scenario) => None,
        (M::Std, _) if is_program(scenario) => Some("all maps have the same hash function here: see std-foldhash"),
        (_, _) if is_program(scenario) => {
            Some("programs are written for hashbrown's surface: std, hashbrown and arenamap have it")
        }
        (M::Heapless, S::SnapshotWrite | S::SnapshotOpen | S::SnapshotGet) => Some("it has no archive"),
        (M::Heapless, S::Nested3) => Some("maps of a fixed size hold the full room of all inner maps by value"),
        (M::Heapless, S::Big512) if n > 1_024 => Some("on the stack, it would need megabytes"),
        (M::Heapless, _) if n > HEAPLESS_ROOM => {
            Some("its size is part of the program and it lives on the stack: up to 16,384 entries")
        }
        (M::Odht, S::RequestStr) => Some("its keys and values are arrays of bytes, not strings"),
        (M::Odht, S::Churn | S::DeleteAll) => Some("it has no call that removes"),
        (M::Odht, S::Nested3) => Some("its values are arrays of bytes, not maps"),
        (M::Odht, S::Big512) => Some("its values have 255 bytes at most"),
        (
            M::Rkyv,
            S::RequestU64
            | S::RequestStr
            | S::Growth
            | S::Churn
            | S::DeleteAll
            | S::Nested3
            | S::Big512
            | S::Iterate
            | S::LookupHit
            | S::LookupMiss,
        ) => Some("an archived map is read-only bytes: see the snapshot scenarios"),
        (M::ArenamapFixed, S::Nested3) => Some("its values are plain bytes, not maps"),
        (M::Arenamap, S::SnapshotOpen | S::SnapshotGet) => Some("what it writes is a FixedMap: see arenamap-fixed"),
        (
            M::StdFoldhash
            | M::Hashbrown
            | M::HashbrownPresized
            | M::HashbrownBump
            | M::HashbrownBumpPresized
            | M::Griddle
            | M::Indexmap,
            S::SnapshotWrite | S::SnapshotOpen | S::SnapshotGet,
        ) => Some("it has no archive; std stands for the maps that are written entry by entry, by postcard"),
        _ => None,
    }
}

/// Why a metric is not measured in a scenario, for any subject.
pub(crate) fn metric_left_out(scenario: Scenario, metric: Metric) -> Option<&'static str> {
    use Metric as M;
    use Scenario as S;
    match (metric, scenario) {
        (
            M::P99Ns | M::P9999Ns | M::WorstNs,
            S::LookupHit | S::LookupMiss | S::Iterate | S::SnapshotGet | S::SnapshotOpen,
        ) => Some("a reading of the clock takes longer than one operation"),
        (M::P99Ns | M::P9999Ns | M::WorstNs, S::SnapshotWrite) => {
            Some("one operation writes the whole archive: see the spread of ns_per_op")
        }
        (M::UsedBytes, S::LookupHit | S::LookupMiss | S::Iterate) => {
            Some("the maps are those of growth, whose bytes are shown there")
        }
        (M::P99Ns | M::P9999Ns | M::WorstNs, _) if is_program(scenario) => {
            Some("one operation is a whole program: see the spread of ns_per_op")
        }
        (M::UsedBytes | M::PeakRssBytes, _) if is_program(scenario) => Some("what the program reads is in memory, too"),
        (M::UsedBytes, S::SnapshotGet) => Some("the archives are those of snapshot_open"),
        (
            M::PeakRssBytes,
            S::RequestU64 | S::RequestStr | S::LookupHit | S::LookupMiss | S::Iterate | S::Nested3 | S::SnapshotGet,
        ) => Some("the program itself is larger than what the maps of this scenario take, or they are those of growth"),
        (M::PeakRssBytes, S::SnapshotWrite | S::SnapshotOpen) => {
            Some("the process that makes the archive holds the map as well")
        }
        _ => None,
    }
}

/// Why a metric is not measured for one subject.
pub(crate) fn figure_left_out(subject: Subject, metric: Metric) -> Option<&'static str> {
    (subject == Subject::Heapless && metric == Metric::UsedBytes).then_some("it lives on the stack")
}
