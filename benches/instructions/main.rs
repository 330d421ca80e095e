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

use std::process::ExitCode;

/// What runs for a count: each operation at these numbers of entries, as often. The first is one table, the second several segments.
pub(crate) const SIZES: [usize; 2] = [1_000, 100_000];

pub(crate) const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/budgets.json");

/// Whether the features are others than the default ones: they change what is inlined.
pub(crate) const OTHER_FEATURES: bool = cfg!(any(
    feature = "allocator-api2",
    feature = "audit",
    feature = "files",
    feature = "huge-pages",
    feature = "rkyv",
    feature = "serde"
));

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
    check::main(counts::run)
}
