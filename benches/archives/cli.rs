//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::measure::Operation;
use crate::subjects::Subject;

#[allow(clippy::doc_markdown, reason = "the help of a program")]
/// Compares archives of strings: their bytes, and the time of writing, opening, lookups and walks.
///
/// Prints tables and whether the goals are met, and writes results.json. SQLite takes part if it was built with
/// RUSTFLAGS='--cfg arenamap_sqlite'.
#[derive(Debug, Parser)]
#[command(name = "archives")]
pub(crate) struct Cli {
    /// Run these operations, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "OPERATIONS")]
    only: Vec<Operation>,

    /// Run these subjects, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "SUBJECTS")]
    subjects: Vec<Subject>,

    /// Pairs in an archive; may be given several times [default: 1,000 to 1,000,000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pairs: Vec<u32>,

    /// Rounds in which the subjects take turns
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: Option<u32>,

    /// Where results.json goes [default: archives in cargo's target directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Fewer sizes, fewer rounds
    #[arg(long)]
    quick: bool,

    /// Everything once and small, to see that it works: the figures mean nothing
    #[arg(long, conflicts_with_all = ["quick", "pairs", "rounds"])]
    tiny: bool,
}

/// How often, and how much.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    /// Lookups in a round.
    pub(crate) lookups: usize,
}

impl Cli {
    pub(crate) fn scale(&self) -> Scale {
        let (rounds, lookups) = match (self.tiny, self.quick) {
            (true, _) => (1, 500),
            (_, true) => (3, 100_000),
            _ => (9, 200_000),
        };
        let rounds = self.rounds.map_or(rounds, |rounds| rounds as usize);
        Scale { rounds, lookups }
    }

    pub(crate) fn pairs(&self) -> Vec<usize> {
        let usual: &[u32] = match (self.tiny, self.quick) {
            (true, _) => &[500],
            (_, true) => &[1_000, 1_000_000],
            _ => &[1_000, 10_000, 100_000, 1_000_000],
        };
        let asked = if self.pairs.is_empty() { usual } else { &self.pairs };
        asked.iter().map(|&n| n as usize).collect()
    }

    /// In the order of the names, whatever the order on the command line.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        let all = Subject::value_variants().iter().copied();
        all.filter(|each| self.subjects.is_empty() || self.subjects.contains(each))
            .collect()
    }

    /// In the order of the names.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let all = Operation::value_variants().iter().copied();
        all.filter(|each| self.only.is_empty() || self.only.contains(each))
            .collect()
    }

    /// What this run is, for whoever reads its figures.
    pub(crate) const fn about(&self) -> &'static str {
        match (self.tiny, self.quick) {
            (true, _) => "--tiny: everything ran once and small, the figures mean nothing",
            (_, true) => "--quick",
            _ => "full",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_run() {
        let cli = Cli::parse_from([
            "archives",
            "--only",
            "miss,write",
            "--subjects",
            "rkyv,var-map",
            "--pairs",
            "7",
        ]);
        assert_eq!(cli.operations(), [Operation::Write, Operation::Miss]);
        assert_eq!(cli.subjects(), [Subject::VarMap, Subject::Rkyv]);
        assert_eq!(cli.pairs(), [7]);
        for wrong in [&["--tiny", "--quick"][..], &["--pairs", "0"], &["--subjects", "nobody"]] {
            assert!(
                Cli::try_parse_from(["archives"].iter().chain(wrong)).is_err(),
                "{wrong:?}"
            );
        }
    }
}
