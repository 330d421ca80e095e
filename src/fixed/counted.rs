//! Numbers of things in messages.

use core::fmt;

/// "1 entry", "2 entries".
pub struct Counted<N>(N, &'static str, &'static str);

/// So many of a thing, by the name of one and of several.
///
/// Allocates: never. Time: O(1).
pub fn counted<N>(number: N, one: &'static str, several: &'static str) -> Counted<N> {
    Counted(number, one, several)
}

/// So many entries.
///
/// Allocates: never. Time: O(1).
pub fn entries<N>(number: N) -> Counted<N> {
    counted(number, "entry", "entries")
}

impl<N: fmt::Display + PartialEq + From<u8>> fmt::Display for Counted<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, one, several) = self;
        write!(f, "{number} {}", if *number == 1.into() { one } else { several })
    }
}
