//! The counts, and the limits that can be set on them.

use core::fmt;

/// The four calls of an allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Alloc,
    AllocZeroed,
    Realloc,
    Dealloc,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alloc => "alloc",
            Self::AllocZeroed => "alloc_zeroed",
            Self::Realloc => "realloc",
            Self::Dealloc => "dealloc",
        })
    }
}

/// One call: the block that was given back and the block that was taken, with their bytes. Address 0 means none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) call: Call,
    pub(super) from: usize,
    pub(super) freed: usize,
    pub(super) to: usize,
    pub(super) taken: usize,
}

/// The allocator calls of a scope, and their bytes: plain numbers, relative to the scope's start.
///
/// ```
/// use arenamap::audit::{AllocScope, CountingAllocator};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// # fn main() {
/// let (list, allocation) = AllocScope::measure(|| vec![0_u8; 100]);
/// let counts = allocation.counts();
/// assert_eq!((counts.alloc_zeroed, counts.allocs(), counts.calls()), (1, 1, 1));
/// assert_eq!((counts.bytes_allocated, counts.live(), counts.peak), (100, 100, 100));
/// drop(list);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls of `alloc`.
    pub alloc: u64,
    /// Calls of `alloc_zeroed`.
    pub alloc_zeroed: u64,
    /// Calls of `realloc`.
    pub realloc: u64,
    /// Calls of `dealloc`.
    pub dealloc: u64,
    /// Bytes that were taken; a `realloc` counts with its new size.
    pub bytes_allocated: u64,
    /// Bytes that were given back; a `realloc` counts with its old size.
    pub bytes_freed: u64,
    /// The most that [`live`](Self::live) ever was, in bytes; 0 if it was never above the start.
    pub peak: u64,
}

impl Counts {
    /// Calls that take memory: `alloc`, `alloc_zeroed` and `realloc`.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn allocs(&self) -> u64 {
        self.alloc.wrapping_add(self.alloc_zeroed).wrapping_add(self.realloc)
    }

    /// All calls: [`allocs`](Self::allocs) and `dealloc`.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn calls(&self) -> u64 {
        self.allocs().wrapping_add(self.dealloc)
    }

    /// Bytes taken and not given back; below zero if more was given back than taken.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn live(&self) -> i64 {
        self.bytes_allocated.wrapping_sub(self.bytes_freed).cast_signed()
    }

    /// It runs inside the allocator, and must not panic.
    #[inline]
    pub(super) fn add(&mut self, event: &Event) {
        let calls = match event.call {
            Call::Alloc => &mut self.alloc,
            Call::AllocZeroed => &mut self.alloc_zeroed,
            Call::Realloc => &mut self.realloc,
            Call::Dealloc => &mut self.dealloc,
        };
        *calls = calls.wrapping_add(1);
        self.bytes_allocated = self.bytes_allocated.wrapping_add(event.taken as u64);
        self.bytes_freed = self.bytes_freed.wrapping_add(event.freed as u64);
        self.peak = self.peak.max(self.held());
    }

    /// [`live`](Self::live), or 0.
    fn held(&self) -> u64 {
        self.live().max(0).cast_unsigned()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} alloc, {} alloc_zeroed, {} realloc, {} dealloc; {} bytes allocated, {} freed, live {:+}, peak {}",
            self.alloc,
            self.alloc_zeroed,
            self.realloc,
            self.dealloc,
            self.bytes_allocated,
            self.bytes_freed,
            self.live(),
            self.peak
        )
    }
}

/// The counts that a limit can be set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Calls,
    Allocs,
    Deallocs,
    Bytes,
    Peak,
    Held,
}

impl Measure {
    pub(super) const ALL: [Self; 6] = [
        Self::Calls,
        Self::Allocs,
        Self::Deallocs,
        Self::Bytes,
        Self::Peak,
        Self::Held,
    ];

    pub(super) fn of(self, counts: &Counts) -> u64 {
        match self {
            Self::Calls => counts.calls(),
            Self::Allocs => counts.allocs(),
            Self::Deallocs => counts.dealloc,
            Self::Bytes => counts.bytes_allocated,
            Self::Peak => counts.peak,
            Self::Held => counts.held(),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Calls => "allocator calls, dealloc included",
            Self::Allocs => "calls of alloc, alloc_zeroed and realloc",
            Self::Deallocs => "calls of dealloc",
            Self::Bytes => "bytes allocated",
            Self::Peak => "bytes live at the peak",
            Self::Held => "bytes still held at the end",
        }
    }
}

/// The highest allowed value of each measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits([Option<u64>; Measure::ALL.len()]);

impl Limits {
    pub(super) const NONE: Self = Self([None; Measure::ALL.len()]);

    #[must_use]
    pub(super) const fn with(mut self, measure: Measure, most: u64) -> Self {
        self.0[measure as usize] = Some(most);
        self
    }

    pub(super) const fn of(&self, measure: Measure) -> Option<u64> {
        self.0[measure as usize]
    }

    /// The limit that the counts are beyond.
    pub(super) fn broken(&self, measure: Measure, counts: &Counts) -> Option<u64> {
        self.of(measure).filter(|most| measure.of(counts) > *most)
    }
}
