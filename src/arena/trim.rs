//! What is given back to the heap.

/// Which chunks [`Arena::trim`](crate::Arena::trim) gives back.
///
/// ```
/// use arenamap::{Arena, TrimPolicy};
///
/// let mut arena = Arena::with_capacity(100);
/// arena.trim(TrimPolicy::All);
/// assert_eq!(arena.held(), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrimPolicy {
    /// Every chunk.
    All,
    /// The chunks that were not needed since the last reset.
    Unused,
    /// Chunks until the arena holds at most this many bytes. Those entered first are kept, as far as they fit.
    Keep(usize),
}

impl TrimPolicy {
    /// Whether what was taken first, so many bytes, is kept.
    pub(super) const fn keeps_first(self, bytes: usize) -> bool {
        match self {
            Self::All => false,
            Self::Unused => true,
            Self::Keep(most) => bytes <= most,
        }
    }
}
