//! Remembers the sizes of earlier maps, so that the next one starts with enough room.

use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Size classes: class `c` holds the lengths that need `2^c` buckets.
const CLASSES: usize = usize::BITS as usize;

/// Of the lengths remembered, the share that the recommended capacity covers: 19 of 20.
const COVERED: (u64, u64) = (19, 20);

/// Lengths remembered before all counts are halved, so that old sizes fade.
const WINDOW: u32 = 256;

/// Between two looks at the counts, once there are enough of them.
const STRIDE: u32 = 16;

/// A record of the final sizes of maps made at one place, which recommends a capacity for the next.
///
/// Make it a `static`, one for each place that makes maps. A map made with
/// [`ArenaMap::with_hint_in`](crate::ArenaMap::with_hint_in) starts with room for as many entries as 19 of 20 of its
/// recent predecessors held, and reports its own final size when it is dropped, cleared or drained. Old sizes fade:
/// after 256 reports every count is halved, so one outlier is forgotten and a lasting change is learned.
///
/// In an arena with a budget, the map starts small if its table would leave less than three quarters of the budget. So
/// a hint never takes what others in the arena may need.
///
/// A hint is lock-free and cheap: one relaxed load to read it, one relaxed store to report the usual size. If several
/// threads report at once, a report may be lost; the counts are statistics.
///
/// Allocates: never.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaMap, SizeHint};
///
/// static HINT: SizeHint = SizeHint::new();
///
/// let mut arena = Arena::new();
/// for request in 0..3 {
///     let mut map = ArenaMap::with_hint_in(&HINT, &arena);
///     if request > 0 {
///         assert!(map.capacity() >= 50); // learned from the request before
///     }
///     map.extend((0..50).map(|key| (key, request)));
///     drop(map);
///     arena.reset();
/// }
/// assert_eq!(HINT.capacity(), 50);
/// ```
pub struct SizeHint {
    /// How often each class was reported. The counts fade.
    counts: [AtomicU32; CLASSES],
    /// The longest length of each class since it was last empty.
    longest: [AtomicUsize; CLASSES],
    /// Reports in `counts`.
    total: AtomicU32,
    capacity: AtomicUsize,
    /// Reports of exactly `capacity`, not yet in `counts`.
    usual: AtomicU32,
}

impl SizeHint {
    /// A hint that has seen no map. It recommends nothing until the first one is dropped.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn new() -> Self {
        Self {
            counts: [const { AtomicU32::new(0) }; CLASSES],
            longest: [const { AtomicUsize::new(0) }; CLASSES],
            total: AtomicU32::new(0),
            capacity: AtomicUsize::new(0),
            usual: AtomicU32::new(0),
        }
    }

    /// The capacity, in entries, that was enough for 19 of 20 recent maps; 0 before the first.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity.load(Relaxed)
    }

    /// Reports the final size of a map, in entries. Maps made through the hint do this themselves.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn record(&self, len: usize) {
        if len == self.capacity() {
            add(&self.usual, 1);
        } else {
            self.record_another(len);
        }
    }

    /// Reports a size that is not the recommended one.
    #[inline(never)]
    fn record_another(&self, len: usize) {
        let usual = self.usual.load(Relaxed).min(WINDOW);
        self.usual.store(0, Relaxed);
        add(&self.counts[class_of(self.capacity())], usual);
        let class = class_of(len);
        add(&self.counts[class], 1);
        let before = self.total.load(Relaxed);
        let total = add(&self.total, usual + 1);
        if self.longest[class].load(Relaxed) < len {
            self.longest[class].store(len, Relaxed);
        }
        if total <= STRIDE || total / STRIDE != before / STRIDE || total >= WINDOW {
            self.look(total);
        }
    }

    /// Forgets everything, as if new.
    ///
    /// Allocates: never. Time: O(1).
    pub fn clear(&self) {
        for (count, longest) in self.counts.iter().zip(&self.longest) {
            count.store(0, Relaxed);
            longest.store(0, Relaxed);
        }
        self.total.store(0, Relaxed);
        self.usual.store(0, Relaxed);
        self.capacity.store(0, Relaxed);
    }

    /// Derives the capacity from the counts, and lets them fade at the end of a window.
    #[cold]
    fn look(&self, total: u32) {
        let reported: u64 = self.counts.iter().map(|count| u64::from(count.load(Relaxed))).sum();
        let mut below = 0;
        for (count, longest) in self.counts.iter().zip(&self.longest) {
            below += u64::from(count.load(Relaxed));
            if below * COVERED.1 >= reported * COVERED.0 {
                self.capacity.store(longest.load(Relaxed), Relaxed);
                break;
            }
        }
        if total >= WINDOW {
            for (count, longest) in self.counts.iter().zip(&self.longest) {
                let half = count.load(Relaxed) / 2;
                count.store(half, Relaxed);
                if half == 0 {
                    longest.store(0, Relaxed);
                }
            }
            self.total.store(total / 2, Relaxed);
        }
    }
}

/// Adds to a counter, and may lose what another thread adds at the same moment. Returns the sum.
#[inline]
fn add(counter: &AtomicU32, more: u32) -> u32 {
    let sum = counter.load(Relaxed).wrapping_add(more);
    counter.store(sum, Relaxed);
    sum
}

/// The power of two of the buckets that `len` entries need at a load of 7/8.
#[inline]
fn class_of(len: usize) -> usize {
    let buckets = if len < 8 { len + 1 } else { len.saturating_mul(8) / 7 };
    (usize::BITS - buckets.saturating_sub(1).leading_zeros()).min(usize::BITS - 1) as usize
}

impl Default for SizeHint {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SizeHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SizeHint")
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
