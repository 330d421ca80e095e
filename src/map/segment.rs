//! One table: how large it may become, and how its entries move to another.
//!
//! No user code runs while entries move. A move has two halves: [`hashes_of`] calls the user's hasher for every
//! entry and writes the results into scratch space, changing nothing; the second then moves the entries by those
//! results. A hasher that panics does so in the first half, where there is nothing to lose.

use allocator_api2::vec::Vec;
use hashbrown::HashTable;

use crate::arena::{Handle, Raw};
use crate::error::ArenaError;

pub(crate) type Table<T, H> = HashTable<T, Raw<H>>;

/// Hashes of a table's entries in the order of its iteration, in a block of the arena.
pub(crate) type Hashes<H> = Vec<u64, Raw<H>>;

/// Bytes of slots in one segment.
///
/// A split moves at most this much. Smaller segments split faster and make the directory larger, and a lookup
/// then misses the cache on the directory too. Measured with `cargo bench --bench growth -- segment`
/// (see `benches/README.md`).
const SEGMENT_BYTES: usize = 256 * 1024;

/// Buckets of a full-grown segment for entries of type `T`: a power of two between 16 and 2^16.
pub(crate) const fn segment_buckets<T>() -> usize {
    let size = if size_of::<T>() == 0 { 1 } else { size_of::<T>() };
    let fitting = SEGMENT_BYTES / size;
    if fitting < 16 {
        16
    } else if fitting >= 1 << 16 {
        1 << 16
    } else {
        1 << fitting.ilog2()
    }
}

/// Entries that a table of `buckets` buckets takes before it is full (hashbrown's load of 7/8).
pub(crate) const fn max_load(buckets: usize) -> usize {
    if buckets <= 8 { buckets - 1 } else { buckets / 8 * 7 }
}

/// Live entries up to which a full table is rebuilt at its size, because dead slots fill the rest.
///
/// At three quarters, a rebuild buys at least a quarter of the table's load in further insertions, so that churn
/// moves at most three entries an insertion. Above, the table grows.
pub(crate) const fn rebuild_load(buckets: usize) -> usize {
    max_load(buckets) / 4 * 3
}

/// True if the next insertion could make `table` grow.
#[inline(always)] // one comparison on every insertion
pub(crate) fn is_full<T, H: Handle>(table: &Table<T, H>) -> bool {
    table.len() == table.capacity()
}

/// A table with room for `capacity` entries.
#[inline]
pub(crate) fn try_table<T, H: Handle>(capacity: usize, raw: Raw<H>) -> Result<Table<T, H>, ArenaError> {
    let mut table = Table::new_in(raw);
    if capacity > 0 {
        table
            .try_reserve(capacity, |_| unreachable!("an empty table has nothing to hash"))
            .map_err(|error| refused(&error, raw))?;
    }
    Ok(table)
}

/// Makes room for `additional` more entries by growing `table`, never by rehashing it in place.
///
/// The caller has seen that the entries do not fit the present size (`len + additional` above the load of its
/// buckets), so hashbrown copies into a new block and gives up the old one only when every hash is known: a hasher
/// that panics leaves the table as it was.
pub(crate) fn grow<T, H: Handle>(
    table: &mut Table<T, H>,
    additional: usize,
    hasher: impl Fn(&T) -> u64,
) -> Result<(), ArenaError> {
    let raw = *table.allocator();
    table
        .try_reserve(additional, hasher)
        .map_err(|error| refused(&error, raw))
}

/// hashbrown's error in the arena's words.
#[cold]
fn refused<H: Handle>(error: &hashbrown::TryReserveError, raw: Raw<H>) -> ArenaError {
    match error {
        hashbrown::TryReserveError::CapacityOverflow => ArenaError::CapacityOverflow,
        hashbrown::TryReserveError::AllocError { layout } => raw.explain(layout.size()),
    }
}

/// The hash of every entry, in the order in which draining the table will meet its entry.
pub(crate) fn hashes_of<T, H: Handle>(
    table: &Table<T, H>,
    hasher: impl Fn(&T) -> u64,
) -> Result<Hashes<H>, ArenaError> {
    let raw = *table.allocator();
    let mut hashes = Vec::new_in(raw);
    if hashes.try_reserve_exact(table.len()).is_err() {
        return Err(raw.explain(table.len() * size_of::<u64>()));
    }
    hashes.extend(table.iter().map(hasher));
    Ok(hashes)
}

/// Inserts an entry whose key is new into a table with room.
#[inline]
pub(crate) fn put<T, H: Handle>(table: &mut Table<T, H>, hash: u64, entry: T) -> &mut T {
    table
        .insert_unique(hash, entry, |_| unreachable!("room was made before"))
        .into_mut()
}

/// Replaces `table` by one of `capacity` with the same entries and no dead slots.
pub(crate) fn rebuild<T, H: Handle>(
    table: &mut Table<T, H>,
    capacity: usize,
    hasher: impl Fn(&T) -> u64,
) -> Result<(), ArenaError> {
    let hashes = hashes_of(table, hasher)?;
    let mut fresh = try_table(capacity, *table.allocator())?;
    for (entry, &hash) in table.drain().zip(&hashes) {
        put(&mut fresh, hash, entry);
    }
    *table = fresh;
    Ok(())
}
