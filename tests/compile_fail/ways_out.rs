//! Promises P1 and P6 at compile time: nothing that lives in an arena outlives it or meets its reset, nobody reaches the
//! arena of a map that owns it, and nothing borrowed crosses threads. Each file of `cases` is one way out
//! that must not compile; `pass.rs` is nearly the same code, and does.
//!
//! The texts of the errors are those of the stable toolchain of the day: `TRYBUILD=overwrite` renews them.
#![cfg(not(miri))] // no processes there

#[test]
fn ways_out_do_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("cases/pass.rs");
    cases.compile_fail("cases/no_*.rs");
}

/// What a `FixedMap` does not take: other bytes on other machines, padding, pointers, bytes that nobody looked at, and writing
/// where others read.
#[test]
fn ways_out_of_fixed_maps_do_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("cases/fixed_pass.rs");
    cases.compile_fail("cases/fixed_no_*.rs");
}
