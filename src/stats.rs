//! Plain numbers about arenas and pools, with a `Display` for logs.

use core::fmt;

/// The numbers of an arena: how many bytes it has, and what they are used for.
///
/// `used + free` never exceeds `budget`; `held` also counts the room that is not given out yet, and the metadata of the
/// chunks.
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

/// The numbers of a pool: how many arenas it made, keeps, and has out.
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
    /// Arenas that left the pool for good: [`PooledArena::into_arena`](crate::PooledArena::into_arena).
    pub left: u64,
    /// The highest high-water mark, in bytes, of the arenas returned so far. A new arena starts with that capacity.
    pub high_water: usize,
}

#[cfg(feature = "std")]
impl fmt::Display for PoolStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} arenas kept ({} bytes), {} out; {} checkouts, {} created, {} freed, {} trimmed, {} left; high water {}",
            self.kept,
            self.kept_bytes,
            self.out,
            self.checkouts,
            self.created,
            self.freed,
            self.trimmed,
            self.left,
            self.high_water
        )
    }
}

/// The numbers of a map: its entries, tables and growth.
///
/// ```
/// let map: arenamap::ArenaMap<u64, u64> = (0..100).map(|n| (n, n)).collect();
/// let stats = map.stats();
/// assert_eq!((stats.len, stats.capacity, stats.slots), (100, 112, 128));
/// assert_eq!(stats.load(), 100.0 / 128.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapStats {
    /// Entries.
    pub len: usize,
    /// Entries that fit without growing.
    pub capacity: usize,
    /// Slots of the table; of both tables, while entries move from one to the other.
    pub slots: usize,
    /// Bytes of one entry with its padding.
    pub entry_size: usize,
    /// Bytes of the tables: slots, tags, and what else is in their blocks.
    pub table_bytes: usize,
    /// Entries that the last step of growth moved: at most 32. It is 0 in maps of up to 224 entries, which move at
    /// once.
    pub moved_by_last_step: usize,
    /// Slots of the old table whose entries have not moved yet; 0 when no move is under way.
    pub left_to_move: usize,
}

impl MapStats {
    /// Entries per slot, between 0 and 1.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn load(&self) -> f64 {
        if self.slots == 0 {
            0.0
        } else {
            self.len as f64 / self.slots as f64
        }
    }
}

impl fmt::Display for MapStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} entries of {} bytes in {} slots (load {:.2}, capacity {}): {} bytes in tables",
            self.len,
            self.entry_size,
            self.slots,
            self.load(),
            self.capacity,
            self.table_bytes
        )?;
        if self.left_to_move > 0 {
            write!(f, "; {} slots of the old table left to move", self.left_to_move)?;
        }
        Ok(())
    }
}

/// How many entries of a map a lookup finds in the first group of its way, in the second, and so on: `probe_lengths` of the growing
/// maps and sets.
///
/// A group has sixteen slots. With random hashes nearly all entries are found in the first or the second group; many long ways mean
/// that the keys' hashes are bad, or chosen by somebody.
///
/// ```
/// let map: arenamap::ArenaMap<u64, u64> = (0..1_000).map(|n| (n, n)).collect();
/// let lengths = map.probe_lengths();
/// assert_eq!(lengths.entries.iter().sum::<usize>(), 1_000);
/// assert!(lengths.longest < 6 && lengths.mean() < 1.2, "{lengths}");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeLengths {
    /// Groups of the longest way; 0 in an empty map. From 256 on it is "256 or more".
    pub longest: usize,
    /// Entries that are found in each group, from the first one of their way on. The last number counts all that are farther, too.
    pub entries: [usize; 16],
    /// Groups that finding every entry once looks at.
    pub groups: usize,
}

impl ProbeLengths {
    /// So many entries more, at that group of their way, the first one being 1.
    pub(crate) fn add(&mut self, entries: usize, group: usize) {
        self.entries[group.min(self.entries.len()) - 1] += entries;
        self.groups += entries * group;
        if entries > 0 {
            self.longest = self.longest.max(group);
        }
    }

    /// Groups that finding an entry looks at, on average; 0 in an empty map.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn mean(&self) -> f64 {
        match self.entries.iter().sum::<usize>() {
            0 => 0.0,
            entries => self.groups as f64 / entries as f64,
        }
    }
}

impl fmt::Display for ProbeLengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} groups on average, longest {}:", self.mean(), self.longest)?;
        for (before, entries) in self.entries.iter().enumerate().take(self.longest) {
            let more = if before == 15 { "+" } else { "" };
            write!(f, " {}{more}: {entries}", before + 1)?;
        }
        Ok(())
    }
}
