//! Promise P1, one claim at a time: after warm-up, no public operation calls the global heap.
//!
//! Each claim stands beside a control, the same work on a heap map, which must be seen allocating. Everything runs on one thread,
//! because `dhat` counts the whole process. Where random seeds would shift a step of growth, the hashers have fixed seeds.

#[path = "../support/basics.rs"]
mod support;

mod bounded;
mod errors;
#[cfg(feature = "fixed")]
mod fixed;
mod growth;
mod heap;
mod hint;
#[cfg(feature = "fixed")]
mod indexed;
mod iterate;
mod nested;
mod path_map;
mod pool;
mod probe;
mod proof;
mod read;
mod remove;
#[cfg(feature = "rkyv")]
mod rkyv;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "fixed")]
mod snapshot;
mod str_map;
mod vec;
#[cfg(feature = "std")]
mod workspace;
mod write;

use libtest_mimic::Arguments;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let topics = [
        probe::trials(),
        write::trials(),
        read::trials(),
        iterate::trials(),
        remove::trials(),
        growth::trials(),
        nested::trials(),
        str_map::trials(),
        vec::trials(),
        path_map::trials(),
        bounded::trials(),
        pool::trials(),
        hint::trials(),
        #[cfg(feature = "std")]
        workspace::trials(),
        errors::trials(),
        #[cfg(feature = "fixed")]
        fixed::trials(),
        #[cfg(feature = "fixed")]
        indexed::trials(),
        #[cfg(feature = "rkyv")]
        rkyv::trials(),
        #[cfg(feature = "fixed")]
        snapshot::trials(),
        #[cfg(feature = "serde")]
        serde::trials(),
    ];
    libtest_mimic::run(&arguments, topics.into_iter().flatten().collect()).exit();
}
