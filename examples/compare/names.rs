//! The names in `results.json`: scenarios, subjects and metrics, and the sizes of each scale.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What is done to a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum Scenario {
    RequestU64,
    RequestStr,
    LookupHit,
    LookupMiss,
    Iterate,
    Growth,
    Churn,
    DeleteAll,
    Nested3,
    Big512,
    SnapshotWrite,
    SnapshotOpen,
    SnapshotGet,
    Lru,
    Astar,
    Life,
    Dijkstra,
    Cliques,
    WordCounter,
    Multimap,
    SetUnion,
    SetIntersection,
    Trie,
    CloneMap,
}

/// Which map it is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    Std,
    StdFoldhash,
    Hashbrown,
    HashbrownPresized,
    HashbrownBump,
    HashbrownBumpPresized,
    Griddle,
    Indexmap,
    Heapless,
    Odht,
    Rkyv,
    Arenamap,
    ArenamapFixed,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum Metric {
    NsPerOp,
    P99Ns,
    P9999Ns,
    WorstNs,
    HeapCalls,
    UsedBytes,
    PeakRssBytes,
}

/// The name as clap and serde know it.
fn name(value: &impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map_or(String::new(), |value| value.get_name().to_owned())
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&name(self))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&name(self))
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&name(self))
    }
}

impl Metric {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Metric::NsPerOp | Metric::P99Ns | Metric::P9999Ns | Metric::WorstNs => "ns",
            Metric::HeapCalls => "calls",
            Metric::UsedBytes | Metric::PeakRssBytes => "bytes",
        }
    }

    /// What it says, for people.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Metric::NsPerOp => "time of one operation, the clock around many of them",
            Metric::P99Ns => "99 of 100 single operations take no longer; one reading of the clock is part of each",
            Metric::P9999Ns => "9,999 of 10,000 single operations take no longer",
            Metric::WorstNs => "the longest single operation of a round",
            Metric::HeapCalls => {
                "alloc, alloc_zeroed, realloc and dealloc in one run, after warm-up where there is one"
            }
            Metric::UsedBytes => {
                "bytes held from the heap when the map is full (of cycles and of archives: the most at any time)"
            }
            Metric::PeakRssBytes => "the most memory that a process which does this once had resident, itself included",
        }
    }
}

impl Scenario {
    /// One operation, and one run of it, for people.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Scenario::RequestU64 => {
                "a request: make a map, fill it with n u64 pairs, read each key, iterate, drop; an operation is the whole of it"
            }
            Scenario::RequestStr => {
                "the same with n pairs of strings that the map owns, as long as header names and their values"
            }
            Scenario::LookupHit => "random keys that are in a map of n entries; a run is 1,000 lookups",
            Scenario::LookupMiss => "random keys that are not in a map of n entries; a run is 1,000 lookups",
            Scenario::Iterate => "all n entries of a map; an operation is one entry",
            Scenario::Growth => "a cold map from empty to n entries; an operation is one insert, a run is all of them",
            Scenario::Churn => {
                "remove a random entry, insert another, at n entries; an operation is one pair, a run is n of them"
            }
            Scenario::DeleteAll => "remove all n entries in random order; an operation is one removal",
            Scenario::Nested3 => {
                "maps in maps in maps: make, fill n leaves, read each, iterate, drop; an operation is all of it"
            }
            Scenario::Big512 => "a cold map from empty to n entries of 512 bytes each; an operation is one insert",
            Scenario::SnapshotWrite => {
                "a map of n u64 pairs in hand to its bytes, in a buffer that is kept; an operation is one archive"
            }
            Scenario::SnapshotOpen => {
                "bytes of n entries to something that answers, with what checks the format has; an operation is one opening"
            }
            Scenario::SnapshotGet => "random keys that are in an opened archive of n entries",
            Scenario::Lru => {
                "a whole program: a cache of n entries that drops what was used longest ago, n requests of a skewed mix"
            }
            Scenario::Astar => {
                "a whole program: shortest ways on a grid, with a few small maps for each (of hashbrown in a `Bump`)"
            }
            Scenario::Life => {
                "a whole program: the game of life from n cells on, with keys that are pairs made by the caller"
            }
            Scenario::Dijkstra => "a whole program: distances to all nodes of a graph, whose edges are maps of maps",
            Scenario::Cliques => "a whole program: maximal cliques of a graph, by many small sets",
            Scenario::WordCounter => "a whole program: words of a text counted by `entry`, the most frequent taken out",
            Scenario::Multimap => "a whole program: lists of values by key, built by `entry`, joined, emptied",
            Scenario::SetUnion => "the union of two sets of n elements, half of them shared",
            Scenario::SetIntersection => "the intersection of two sets of n elements, half of them shared",
            Scenario::Trie => {
                "a whole program: a trie of small maps that grows as words come (of hashbrown in a `Bump`)"
            }
            Scenario::CloneMap => "the clone of a map of n entries, and its drop",
        }
    }
}

/// Fewer entries than these stay in the caches of a core, or nearly.
const SMALL: usize = 50_000;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Everything once and small, to see that it works.
    Tiny,
    /// Within two minutes on two cores.
    Quick,
    /// For published figures.
    Full,
}

impl Scale {
    /// The sizes of a scenario.
    pub(crate) fn sizes(self, scenario: Scenario) -> &'static [usize] {
        let [tiny, quick, full]: [&[usize]; 3] = match scenario {
            Scenario::RequestU64 => [&[8], &[8, 32, 128, 1_024], &[8, 32, 128, 1_024, 8_192]],
            Scenario::RequestStr => [&[8], &[64], &[8, 64, 512]],
            Scenario::LookupHit | Scenario::LookupMiss => [
                &[1_000],
                &[1_000, 100_000],
                &[10, 100, 1_000, 10_000, 100_000, 1_000_000],
            ],
            Scenario::Growth => [
                &[1_000],
                &[1_000, 100_000, 1_000_000],
                &[1_000, 100_000, 1_000_000, 10_000_000],
            ],
            Scenario::Churn | Scenario::DeleteAll => [&[100], &[1_000, 100_000], &[1_000, 100_000, 1_000_000]],
            Scenario::Nested3 => [&[64], &[64, 4_096], &[64, 4_096]],
            Scenario::Big512 => [&[100], &[1_000, 10_000], &[1_000, 10_000, 100_000]],
            Scenario::Lru => [&[100], &[1_000], &[100, 1_000, 10_000]],
            Scenario::Astar => [&[8], &[32], &[8, 32]],
            Scenario::Cliques => [&[24], &[24], &[24, 48]],
            Scenario::Life
            | Scenario::Dijkstra
            | Scenario::WordCounter
            | Scenario::Multimap
            | Scenario::SetUnion
            | Scenario::SetIntersection
            | Scenario::Trie
            | Scenario::CloneMap => [&[100], &[1_000], &[100, 1_000]],
            Scenario::Iterate | Scenario::SnapshotWrite | Scenario::SnapshotOpen | Scenario::SnapshotGet => {
                [&[1_000], &[1_000, 100_000], &[1_000, 100_000, 1_000_000]]
            }
        };
        match self {
            Scale::Tiny => tiny,
            Scale::Quick => quick,
            Scale::Full => full,
        }
    }

    /// How often the subjects take turns.
    pub(crate) fn rounds(self, scenario: Scenario, n: usize) -> usize {
        let whole_map = !matches!(
            scenario,
            Scenario::LookupHit | Scenario::LookupMiss | Scenario::SnapshotGet
        );
        let long = whole_map && n >= 1_000_000;
        let short = n < SMALL;
        match self {
            Scale::Tiny => 1,
            Scale::Quick if long => 3,
            Scale::Quick if short => 15,
            Scale::Quick => 9,
            Scale::Full if long => 5,
            Scale::Full if short => 61,
            Scale::Full => 21,
        }
    }

    /// How often single operations are clocked: each such round is a distribution of its own.
    pub(crate) fn clocked_rounds(self) -> usize {
        match self {
            Scale::Tiny => 1,
            Scale::Quick | Scale::Full => 3,
        }
    }

    /// Operations that are clocked one by one in a round; growth, big values and deletion clock whole runs, at least this many.
    pub(crate) fn spans(self, scenario: Scenario, n: usize) -> u64 {
        match (self, scenario) {
            (Scale::Tiny, Scenario::Growth) => 10_000,
            (Scale::Tiny, _) => 100,
            (Scale::Quick, Scenario::RequestU64) if n >= 1_024 => 2_000,
            (Scale::Quick, Scenario::Nested3) if n >= 4_096 => 200,
            (Scale::Full, Scenario::RequestU64) if n >= 8_192 => 2_000,
            (Scale::Full, Scenario::RequestU64 | Scenario::RequestStr) if n >= 512 => 10_000,
            (Scale::Full, Scenario::Nested3) if n >= 4_096 => 2_000,
            (Scale::Full, Scenario::Growth | Scenario::Churn | Scenario::DeleteAll | Scenario::Big512) => 100_000,
            _ => 20_000,
        }
    }

    /// How long a subject runs in one turn, in microseconds: short where maps stay in the caches, so that most turns end before
    /// a scheduler gives the processor to another program; longer where each turn has to fetch its map again.
    pub(crate) fn slice_us(self, n: usize) -> u64 {
        match self {
            Scale::Tiny => 50,
            _ if n < SMALL => 1_000,
            Scale::Quick => 3_000,
            Scale::Full => 5_000,
        }
    }

    /// Fresh processes whose high water is taken.
    pub(crate) fn peaks(self, n: usize) -> usize {
        match self {
            Scale::Full if n < 1_000_000 => 3,
            _ => 1,
        }
    }
}
