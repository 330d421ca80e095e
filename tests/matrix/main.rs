//! The matrix: each way of adding with each way of removing, in each state of a map, at sizes around every threshold, for
//! every map type and handle, beside a `std::collections::HashMap`.
//!
//! A method that is right in a fresh map may be wrong in a churned one, or in one that is just growing. So programs
//! are not methods but crossings: a type, a handle, a way of adding, a way of removing, a state, a size. `ways.rs`
//! has the ways and states, `program.rs` what a program does and checks, `plan.rs` which programs run and what was covered,
//! `surface.rs` the list of public methods that says how the ways are complete.
//!
//! `ARENAMAP_MATRIX=10` gives the larger sizes ten times as many programs, `ARENAMAP_MATRIX=0` leaves the
//! largest away; `ARENAMAP_MATRIX_TRACE=1` prints how far it is.

#[path = "../support/source.rs"]
mod source;
#[path = "../support/basics.rs"]
mod support;

mod map;
mod plan;
mod program;
mod set;
mod str_map;
mod subject;
mod surface;
mod ways;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut arguments = Arguments::from_args();
    // Two of the trials are long: more threads than this would only take memory.
    arguments.test_threads.get_or_insert(2);
    let mut trials = plan::trials();
    trials.extend(surface::trials());
    libtest_mimic::run(&arguments, trials).exit();
}

/// A trial that fails by panicking.
fn trial(name: impl Into<String>, body: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        body();
        Ok(())
    })
}
