//! Plain numbers about arenas and pools, with a `Display` for logs.

use core::fmt;

/// A look at an arena: how many bytes it has, and what they are doing.
///
/// `used + free` never exceeds `budget`; `held` also counts room not yet given out, and the metadata of the chunks.
///
/// ```
/// use arenamap::Arena;
///
/// let arena = Arena::new();
/// arena.alloc([0_u8; 20]);
/// let stats = arena.stats();
/// assert_eq!((stats.used, stats.free, stats.high_water), (24, 0, 24));
/// assert!(stats.held >= stats.used);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArenaStats {
    /// Bytes in chunks, with their metadata: what the arena has taken from the global allocator.
    pub held: usize,
    /// Bytes in live blocks.
    pub used: usize,
    /// Bytes in blocks that were given back and wait for a block of the same size.
    pub free: usize,
    /// The most that `used + free` ever was, since the arena was made.
    pub high_water: usize,
    /// The most that `used + free` may be; `None` without a budget.
    pub budget: Option<usize>,
    /// Chunks that the arena holds.
    pub chunks: usize,
}

impl fmt::Display for ArenaStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes held in {} chunks: {} used, {} free, high water {}",
            self.held, self.chunks, self.used, self.free, self.high_water
        )?;
        match self.budget {
            Some(budget) => write!(f, ", budget {budget}"),
            None => f.write_str(", no budget"),
        }
    }
}

/// A look at a pool: how many arenas it made, keeps, and has out.
///
/// ```
/// use arenamap::ArenaPool;
///
/// let pool = ArenaPool::new();
/// let arena = pool.checkout();
/// assert_eq!((pool.stats().out, pool.stats().kept), (1, 0));
/// drop(arena);
/// assert_eq!((pool.stats().out, pool.stats().kept), (0, 1));
/// ```
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Arenas that wait in the pool.
    pub kept: usize,
    /// Bytes in the chunks of the arenas that wait in the pool.
    pub kept_bytes: usize,
    /// Arenas that are out: checked out, shared, or leaked.
    pub out: usize,
    /// Checkouts so far.
    pub checkouts: u64,
    /// Checkouts that found the pool empty and made a new arena.
    pub created: u64,
    /// Returned arenas that were freed because the pool was full.
    pub freed: u64,
    /// Returned arenas that were trimmed because they had grown past the bound.
    pub trimmed: u64,
    /// The highest high-water mark, in bytes, of the arenas returned so far: where a new arena starts.
    pub high_water: usize,
}

#[cfg(feature = "std")]
impl fmt::Display for PoolStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} arenas kept ({} bytes), {} out; {} checkouts, {} created, {} freed, {} trimmed; high water {}",
            self.kept,
            self.kept_bytes,
            self.out,
            self.checkouts,
            self.created,
            self.freed,
            self.trimmed,
            self.high_water
        )
    }
}

/// A look at a map: its entries, tables and growth.
///
/// ```
/// let map: arenamap::ArenaMap<u64, u64> = (0..100).map(|n| (n, n)).collect();
/// let stats = map.stats();
/// assert_eq!((stats.len, stats.buckets, stats.load_limit), (100, 128, 112));
/// assert_eq!(stats.load(), 100.0 / 128.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapStats {
    /// Entries.
    pub len: usize,
    /// Buckets of all tables.
    pub buckets: usize,
    /// Entries that the tables take together, at hashbrown's load of 7/8.
    pub load_limit: usize,
    /// Buckets of removed entries that still count towards the load, until a rebuild.
    pub dead_slots: usize,
    /// Bytes of one entry with its padding.
    pub entry_size: usize,
    /// Bytes in tables: entries, free buckets, control bytes.
    pub table_bytes: usize,
    /// Bytes in the directory over several segments, 0 without one.
    pub directory_bytes: usize,
    /// Bits by which the directory tells segments apart, 0 without one.
    pub directory_depth: u32,
    /// Tables.
    pub segments: usize,
    /// Entries that one segment takes: the most that one insertion ever moves. Under [`Growth::Flat`](crate::Growth::Flat)
    /// there is no limit, and this is more than any memory holds.
    pub segment_limit: usize,
    /// Growth steps so far: doublings, rebuilds, splits.
    pub growth_steps: usize,
    /// Entries that the newest growth step moved.
    pub moved_by_last_step: usize,
    /// Doublings of segments beyond their limit because the hashes of their keys cannot be told apart.
    pub flat_grown: usize,
}

impl MapStats {
    /// Entries per bucket, between 0 and 7/8.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn load(&self) -> f64 {
        if self.buckets == 0 {
            0.0
        } else {
            self.len as f64 / self.buckets as f64
        }
    }
}

impl fmt::Display for MapStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} entries of {} bytes in {} buckets of {} segments (load {:.2}, {} dead): {} bytes in tables, {} in the \
             directory; {} growth steps, {} of them flat",
            self.len,
            self.entry_size,
            self.buckets,
            self.segments,
            self.load(),
            self.dead_slots,
            self.table_bytes,
            self.directory_bytes,
            self.growth_steps,
            self.flat_grown
        )
    }
}
