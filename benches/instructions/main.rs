//! Instructions per operation, counted by callgrind: figures that no other program on the machine disturbs, beside a peer's in the
//! same run, against ratios that are committed.
//!
//! `cargo bench --bench instructions` counts everything, prints one table, and fails when a ratio (our instructions divided by the
//! peer's) is worse than the one in `budgets.json` by more than [`check::MARGIN`]. `-- --write` commits the ratios of this run, `-- get`
//! counts what has that in its name. It needs `valgrind` and the runner of `gungraun`, see `benches/README.md`; the features must be the
//! default ones, others change what is inlined.
//!
//! What is counted is the loop around the operation with it: reading the next key, handing the result to `black_box`. Setting up is not:
//! maps are warm, seeds fixed. (A snapshot draws its seed: its counts vary by a tenth of a percent.)

#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "shared with the bench `fixed`")]
#[path = "../fixed/peers.rs"]
mod peers;

mod check;
mod maps;
mod others;

use std::env;
use std::process::ExitCode;

/// What runs for a count: each operation at these numbers of entries, as often. The first is one table, the second several segments.
pub(crate) const SIZES: [usize; 2] = [1_000, 100_000];

/// The program as `gungraun` knows it.
mod counts {
    use gungraun::{Callgrind, LibraryBenchmarkConfig, main};

    use super::maps::maps;
    use super::others::others;

    main!(
        config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
        library_benchmark_groups = [maps, others]
    );

    pub(super) fn run() {
        main();
    }
}

fn main() -> ExitCode {
    // The runner starts this program anew for each count, and says so by its first word.
    let counted = env::args().nth(1).is_some_and(|word| word == "--gungraun-run");
    // It is itself started by this program, as a child of it that is told to print JSON.
    if counted || env::args().any(|word| word == check::AS_JSON) {
        counts::run();
        return ExitCode::SUCCESS;
    }
    match check::run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
