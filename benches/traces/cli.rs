//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, ValueEnum};

use crate::subjects::Subject;
use crate::workload::Sizes;

/// Compares bounded caches: hit ratio, time, memory, and how long single operations take when very many entries expire at once.
///
/// Each request is a get, and on a miss an insert. Traces are files: *.trace.gz (one key a line), corda*.gz (8-byte keys),
/// *.trace.xz (4-byte keys), *.lis.zst (`first count _ _`). They are to be had in the public repositories moka-rs/cache-trace and
/// ben-manes/caffeine. Prints tables, and writes results.json and hit-ratios.svg.
#[derive(Debug, Parser)]
#[command(name = "traces")]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Cli {
    /// Traces to run, besides the generated requests
    pub(crate) files: Vec<PathBuf>,

    /// Capacity, in entries or as a share of the distinct keys (`5%`); may be given several times [default: 1% 5% 20%]
    #[arg(long, value_name = "N", conflicts_with = "tiny")]
    capacity: Vec<Capacity>,

    /// Run these subjects, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "SUBJECTS")]
    subjects: Vec<Subject>,

    /// Where results.json and hit-ratios.svg go [default: traces in cargo's target directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Fewer generated requests, fewer rounds
    #[arg(long)]
    quick: bool,

    /// Everything generated once and small, to see that it works: the figures mean nothing
    #[arg(long, conflicts_with_all = ["quick", "files"])]
    tiny: bool,

    /// Only the given files, and no bursts of expiry
    #[arg(long, requires = "files")]
    pub(crate) files_only: bool,

    /// Only hit ratios and memory: nothing is timed, no bursts of expiry
    #[arg(long)]
    pub(crate) untimed: bool,
}

/// A number of entries, or a share of the keys.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Capacity {
    Entries(usize),
    Percent(f64),
}

impl FromStr for Capacity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let capacity = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().map(Capacity::Percent),
            None => text.replace('_', "").parse().ok().map(Capacity::Entries),
        };
        let valid = capacity.filter(|capacity| match *capacity {
            Capacity::Entries(entries) => (1..1 << 31).contains(&entries),
            Capacity::Percent(percent) => percent > 0.0 && percent <= 100.0,
        });
        valid.ok_or_else(|| format!("a number of entries above 0, or a share such as 5%, expected, got {text:?}"))
    }
}

impl Capacity {
    fn of(self, distinct: usize) -> usize {
        match self {
            Capacity::Entries(entries) => entries,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a usize"
            )]
            Capacity::Percent(percent) => (crate::numbers::as_f64(distinct) * percent / 100.0).ceil() as usize,
        }
    }
}

/// How often, and how much.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) sizes: Sizes,
    /// How often the subjects take turns.
    pub(crate) rounds: usize,
    /// A short trace is repeated, each time from an empty cache, until so many requests are timed.
    pub(crate) timed_requests: usize,
    /// Entries that expire at once.
    pub(crate) bursts: &'static [usize],
}

impl Cli {
    pub(crate) fn scale(&self) -> Scale {
        let sizes = |keys, requests| Sizes { keys, requests };
        match (self.tiny, self.quick) {
            (true, _) => Scale {
                sizes: sizes(2_000, 20_000),
                rounds: 1,
                timed_requests: 1,
                bursts: &[2_000],
            },
            (_, true) => Scale {
                sizes: sizes(1_000_000, 500_000),
                rounds: 3,
                timed_requests: 200_000,
                bursts: &[100_000],
            },
            _ => Scale {
                sizes: sizes(1_000_000, 2_000_000),
                rounds: 5,
                timed_requests: 1_000_000,
                bursts: &[100_000, 1_000_000],
            },
        }
    }

    /// In the order of the names, whatever the order on the command line.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        let all = Subject::value_variants().iter().copied();
        all.filter(|each| self.subjects.is_empty() || self.subjects.contains(each))
            .collect()
    }

    /// At so many distinct keys; ascending, each once.
    pub(crate) fn capacities(&self, distinct: usize) -> Vec<usize> {
        const USUAL: [Capacity; 3] = [Capacity::Percent(1.0), Capacity::Percent(5.0), Capacity::Percent(20.0)];
        let asked = if self.capacity.is_empty() {
            &USUAL[..]
        } else {
            &self.capacity
        };
        let mut capacities: Vec<usize> = asked.iter().map(|capacity| capacity.of(distinct)).collect();
        capacities.sort_unstable();
        capacities.dedup();
        capacities
    }

    /// What this run is, for whoever reads its figures.
    pub(crate) fn about(&self) -> &'static str {
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
    fn capacities_are_entries_or_shares() {
        let cli = Cli::parse_from(["traces", "--capacity", "5%", "--capacity", "1_000", "--capacity", "50"]);
        assert_eq!(cli.capacities(1_000), [50, 1_000]);
        assert_eq!(Cli::parse_from(["traces"]).capacities(1_001), [11, 51, 201]);
        for wrong in ["0", "0%", "101%", "x", "%", "-1", "NaN%"] {
            let parsed = wrong.parse::<Capacity>();
            assert!(parsed.is_err(), "{wrong}: {parsed:?}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for wrong in [
            &["--tiny", "--quick"][..],
            &["--tiny", "a.trace.gz"],
            &["--files-only"],
            &["--subjects", "nobody"],
        ] {
            assert!(
                Cli::try_parse_from(["traces"].iter().chain(wrong)).is_err(),
                "{wrong:?}"
            );
        }
    }
}
