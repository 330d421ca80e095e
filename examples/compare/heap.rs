//! What a subject asks of the heap: `arenamap::audit`, read while it goes on.

use arenamap::audit::AllocScope;

/// Counts from when it is made; dropping it ends the counting.
pub(crate) struct Meter {
    /// Open scopes cannot be read: each look ends one and begins the next.
    scope: Option<AllocScope>,
    seen: Seen,
}

/// What was counted so far.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// alloc, `alloc_zeroed`, realloc and dealloc.
    pub(crate) calls: u64,
    /// Bytes held now, beyond those that were held when counting began.
    pub(crate) live: i64,
    /// The most that was held at any time.
    pub(crate) peak: i64,
}

impl Seen {
    /// A subject that gave back more than it took holds nothing.
    pub(crate) fn live_bytes(self) -> u64 {
        u64::try_from(self.live).unwrap_or(0)
    }

    pub(crate) fn peak_bytes(self) -> u64 {
        u64::try_from(self.peak).unwrap_or(0)
    }
}

impl Meter {
    pub(crate) fn start() -> Self {
        Meter {
            scope: Some(AllocScope::begin()),
            seen: Seen::default(),
        }
    }

    /// What was counted until now.
    pub(crate) fn look(&mut self) -> Seen {
        if let Some(scope) = self.scope.take() {
            let counts = scope.end().counts();
            let peak = i64::try_from(counts.peak).unwrap_or(i64::MAX);
            self.seen = Seen {
                calls: self.seen.calls + counts.calls(),
                live: self.seen.live + counts.live(),
                peak: self.seen.peak.max(self.seen.live + peak),
            };
        }
        self.scope = Some(AllocScope::begin());
        self.seen
    }
}
