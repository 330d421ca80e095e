//! What a bounded map counts.

use core::fmt;

/// The numbers of a [`BoundedMap`](super::BoundedMap), since it was made or they were last [reset](super::BoundedMap::reset_stats).
///
/// ```
/// use arenamap::BoundedMap;
///
/// let mut map = BoundedMap::new(100);
/// map.insert("a", 1, 0);
/// map.get("a", 0);
/// map.get("b", 0);
/// let stats = map.stats();
/// assert_eq!((stats.hits, stats.misses, stats.len), (1, 1, 1));
/// assert_eq!(stats.hit_ratio(), 0.5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoundedStats {
    /// Entries, those that have expired and still stand here included.
    pub len: usize,
    /// The most that `len` may be.
    pub capacity: usize,
    /// The sum of the weights; the number of entries where they have none.
    pub weight: u64,
    /// Entries in the small queue, through which new ones come.
    pub small: usize,
    /// Lookups that found an entry in time: `get`, `get_key_value`, `get_mut`, `get_or_insert_with`, `entry`; not `peek`.
    pub hits: u64,
    /// Lookups that did not.
    pub misses: u64,
    /// Entries that came in under a key that was not there.
    pub insertions: u64,
    /// Insertions of keys that had been evicted lately.
    pub ghost_hits: u64,
    /// Entries that went to make room.
    pub evicted: u64,
    /// Entries that went because their time was over.
    pub expired: u64,
    /// Entries and bounds of deadlines that were looked at, to find those that go.
    pub steps: u64,
    /// The most steps of one call; those of `expire`, which have no bound, are not among them.
    pub most_steps: usize,
    /// Calls that gave an earlier time than one before; they were taken for that time.
    pub clock_went_back: u64,
}

impl BoundedStats {
    /// Hits, of all lookups; 0 if there were none.
    ///
    /// Allocates: never. Time: O(1).
    #[allow(clippy::cast_precision_loss, reason = "a ratio")]
    pub fn hit_ratio(&self) -> f64 {
        let lookups = self.hits + self.misses;
        if lookups == 0 {
            0.0
        } else {
            self.hits as f64 / lookups as f64
        }
    }
}

impl fmt::Display for BoundedStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} entries, {:.2} % hits of {} lookups; {} came in ({} of them back), {} evicted, {} expired",
            self.len,
            self.capacity,
            self.hit_ratio() * 100.0,
            self.hits + self.misses,
            self.insertions,
            self.ghost_hits,
            self.evicted,
            self.expired
        )
    }
}
