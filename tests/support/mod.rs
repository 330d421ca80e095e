//! What the test binaries share: how long to run, keys, hashers from good to hostile, and programs of operations.
#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]

pub(crate) mod basics;
pub(crate) mod hashers;
#[cfg(feature = "std")]
pub(crate) mod ops;
pub(crate) mod values;

pub(crate) use basics::*;
