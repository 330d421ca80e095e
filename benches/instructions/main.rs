//! Instructions per operation, counted by callgrind: figures that no other program on the machine disturbs, beside a peer's in the
//! same run, against ratios that are committed.
//!
//! `cargo bench --bench instructions` counts everything, prints one table, and fails when a ratio (our instructions divided by the
//! peer's) is worse than the one in `budgets.json` by more than [`check::MARGIN`]. `-- --write` commits the ratios of this run, `-- get`
//! counts what has that in its name. It needs `valgrind` and the runner of `gungraun`, see `benches/README.md`; the features must be the
//! default ones, others change what is inlined.
//!
//! The rows of `clients.rs` are whole programs, counted from their start to their answer, some with a target: a ratio that is to be
//! reached. `-- clients` counts all of these, `-- --targets` fails while a target is missed.
//!
//! Of the others, what is counted is the loop around the operation with it: reading the next key, handing the result to `black_box`. Setting up is not:
//! maps are warm, seeds fixed. (A snapshot draws its seed: its counts vary by a tenth of a percent.)

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/programs/mod.rs"]
mod programs;

mod caches;
mod check;
mod clients;
mod maps;
mod others;
mod peers;

use std::process::ExitCode;

/// What runs for a count: each operation at these numbers of entries, as often. The first fits into the first caches, the second does not.
pub(crate) const SIZES: [usize; 2] = [1_000, 100_000];

/// The sizes of a whole program of this name; `None`: it is an operation, of [`SIZES`].
pub(crate) use clients::sizes as program_sizes;

pub(crate) const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/budgets.json");

/// Whether the library has other features than this package asks for by itself: they change what is inlined.
pub(crate) const OTHER_FEATURES: bool = cfg!(feature = "audit");

/// The program as `gungraun` knows it.
mod counts {
    use gungraun::{Callgrind, LibraryBenchmarkConfig, main};

    use super::caches::caches;
    use super::clients::clients;
    use super::maps::maps;
    use super::others::others;

    main!(
        config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
        library_benchmark_groups = [maps, others, caches, clients]
    );

    pub(super) fn run() {
        main();
    }
}

fn main() -> ExitCode {
    check::main(counts::run)
}
