//! What is known of each path, in an arena while it is counted and in slots when it is kept.

use std::fmt;

use arenamap::fixed::{FixedStr, u32_le, u64_le};
use arenamap::{Arena, DefaultHashBuilder, StrMap};

use crate::access_log;

/// A path of up to 95 bytes; with its totals, a slot is two cache lines. Longer paths are cut, and those that begin alike
/// are counted together.
pub(crate) type PathKey = FixedStr<96>;

arenamap::fixed_struct! {
    /// The totals of one path.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Totals {
        /// Requests.
        pub(crate) requests: u64_le,
        /// Bytes of all answers.
        pub(crate) bytes: u64_le,
        /// Bytes of the largest answer.
        pub(crate) largest: u64_le,
        /// Answers of status 400 and more.
        pub(crate) errors: u32_le,
        /// The last status.
        pub(crate) status: u32_le,
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} requests, {} bytes, the largest {}, {} errors",
            self.requests, self.bytes, self.largest, self.errors
        )
    }
}

/// A log, counted.
pub(crate) struct Counted<'a> {
    pub(crate) paths: StrMap<Totals, DefaultHashBuilder, &'a Arena>,
    pub(crate) lines: usize,
    /// Lines that are not in the combined format.
    pub(crate) skipped: usize,
}

/// Counts the lines of a log.
pub(crate) fn count<'a>(log: &[u8], arena: &'a Arena) -> Counted<'a> {
    let mut counted = Counted {
        paths: StrMap::new_in(arena),
        lines: 0,
        skipped: 0,
    };
    for (_, line) in access_log::numbered_lines(log) {
        let Ok(line) = access_log::parse(line) else {
            counted.skipped += 1;
            continue;
        };
        counted.lines += 1;
        let totals = counted.paths.entry(PathKey::cut(line.path).as_str()).or_default();
        // A log may say of itself what it likes: counts stop at their end.
        totals.requests = totals.requests.to_native().saturating_add(1).into();
        totals.bytes = totals.bytes.to_native().saturating_add(line.bytes).into();
        totals.largest = totals.largest.max(line.bytes.into());
        let is_error = u32::from(line.status >= 400);
        totals.errors = totals.errors.to_native().saturating_add(is_error).into();
        totals.status = u32::from(line.status).into();
    }
    counted
}

/// The paths with the most requests.
pub(crate) fn most<'a>(paths: &'a StrMap<Totals, DefaultHashBuilder, &Arena>, many: usize) -> Vec<(&'a str, u64)> {
    let mut most: Vec<_> = paths
        .iter()
        .map(|(path, totals)| (path, totals.requests.to_native()))
        .collect();
    most.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    most.truncate(many);
    most
}
