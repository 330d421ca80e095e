//! Request handlers that keep their maps in arenas, each with a mistake that is easily made: `cargo test --features leaky`.
//!
//! The tests in `tests/budgets.rs` give each a budget. A line with `// <-` is the one that a failing test names.

pub mod connections;
pub mod cursors;
pub mod index;
pub mod report;
pub mod scratch;
pub mod sessions;
pub mod uploads;
