//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::names::{Scale, Scenario, Subject};

/// Runs the same work on std, hashbrown and their like, and on arenamap, and shows the figures side by side.
///
/// Each subject has a process of its own; they take turns, so that what disturbs the machine disturbs all alike. Prints tables of ratios
/// and writes results.json and index.html.
#[derive(Debug, Parser)]
#[command(name = "compare", args_conflicts_with_subcommands = true)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Cli {
    /// Small sizes, few rounds: two minutes on two cores (the default)
    #[arg(long, conflicts_with_all = ["full", "tiny"])]
    quick: bool,

    /// All sizes up to ten million, many rounds: for published figures; needs a quarter of an hour and 4 GiB
    #[arg(long, conflicts_with = "tiny")]
    full: bool,

    /// Everything once and small, to see that it works: the figures mean nothing
    #[arg(long)]
    tiny: bool,

    /// Run this scenario; may be given several times [default: all]
    #[arg(long, value_name = "SCENARIO")]
    only: Vec<Scenario>,

    /// Run these subjects, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "SUBJECTS")]
    subjects: Vec<Subject>,

    /// Where results.json and index.html go [default: compare in cargo's target directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Afterwards, show criterion's figures of the same work beside these
    #[arg(long)]
    pub(crate) criterion: bool,

    /// Measure nothing: write the tables between the markers of README.md and benches/README.md from this results.json
    #[arg(long, value_name = "RESULTS", conflicts_with_all = ["quick", "full", "tiny", "only", "subjects", "criterion"])]
    pub(crate) readme: Option<PathBuf>,

    /// Measure nothing: fail where those tables differ from this results.json
    #[arg(long, value_name = "RESULTS", conflicts_with = "readme")]
    pub(crate) check_readme: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// One subject, driven by its parent over stdin and stdout
    #[command(hide = true)]
    Child { subject: Subject },
}

impl Cli {
    pub(crate) fn scale(&self) -> Scale {
        match (self.full, self.tiny) {
            (true, _) => Scale::Full,
            (_, true) => Scale::Tiny,
            _ => Scale::Quick,
        }
    }

    /// In the order of the names, whatever the order on the command line.
    pub(crate) fn scenarios(&self) -> Vec<Scenario> {
        chosen(&self.only)
    }

    pub(crate) fn subjects(&self) -> Vec<Subject> {
        chosen(&self.subjects)
    }
}

/// Those that were named; none: all.
fn chosen<T: clap::ValueEnum + PartialEq>(named: &[T]) -> Vec<T> {
    let all = T::value_variants().iter().cloned();
    all.filter(|each| named.is_empty() || named.contains(each)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_and_everything_is_the_default() {
        let cli = Cli::parse_from(["compare"]);
        assert_eq!(cli.scale(), Scale::Quick);
        assert_eq!((cli.scenarios().len(), cli.subjects().len()), (24, 13));
    }

    #[test]
    fn a_part_can_be_chosen() {
        let cli = Cli::parse_from([
            "compare",
            "--full",
            "--only",
            "growth",
            "--only",
            "big512",
            "--subjects",
            "arenamap,std",
        ]);
        assert_eq!(cli.scale(), Scale::Full);
        assert_eq!(cli.scenarios(), [Scenario::Growth, Scenario::Big512]);
        assert_eq!(cli.subjects(), [Subject::Std, Subject::Arenamap]);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for wrong in [
            &["--quick", "--full"][..],
            &["--readme", "a", "--full"],
            &["--only", "nothing"],
        ] {
            assert!(
                Cli::try_parse_from(["compare"].iter().chain(wrong)).is_err(),
                "{wrong:?}"
            );
        }
    }
}
