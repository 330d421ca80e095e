//! What can be seen of maps and arenas from outside, each part behind a feature, and nothing at all without.
//!
//! ```text
//! registry    every live arena, pool and map: name, place, age, bytes, entries       feature `registry`
//!    ^
//! watch       what an arena, a pool or a table has for it; no bytes without
//!
//! counters    numbers under names, for a scraper                                     feature `counters`
//!    ^
//! tally       what an arena or a table counts for it; no bytes without
//!
//! probes      places for tracers, at rare events                                     feature `probes`
//! ```

#![cfg_attr(
    any(
        arenamap_guard,
        not(all(feature = "counters", feature = "files", feature = "registry"))
    ),
    allow(dead_code, reason = "what other features, or a part that is left out, would use")
)]

#[cfg(feature = "counters")]
pub mod counters;
#[cfg(feature = "registry")]
mod named;
pub(crate) mod probes;
#[cfg(feature = "registry")]
pub mod registry;
pub(crate) mod tally;
pub(crate) mod watch;
