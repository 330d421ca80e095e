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
/// A split moves at most this much. Measured with 128, 256, 512 and 1024 KiB on u64 pairs: lookups beyond one segment are
/// alike, within the noise, at 100,000 to 10 million entries, and so is the throughput of growing; the time of a split
/// goes with the size (about 0.1 ms at 256 KiB). Below 256 KiB, the range in which a map has no directory at all shrinks.
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

/// Live entries up to which a table is rebuilt at its size when dead slots crowd it; with more, it grows.
///
/// At 29 of 32, a table that is full of live and dead has a dead slot for each ten entries that a rebuild moves.
pub(crate) const fn rebuild_load(buckets: usize) -> usize {
    max_load(buckets) - (max_load(buckets) * 3).div_ceil(32)
}

// Else a rebuild would make no room, and growth would not end.
const _: () = {
    let mut log = 1;
    while log < usize::BITS - 4 {
        assert!(rebuild_load(1 << log) < max_load(1 << log));
        log += 1;
    }
};

/// True if the next insertion could make `table` grow.
#[inline(always)] // one comparison on many insertions
pub(crate) fn is_full<T, H: Handle>(table: &Table<T, H>) -> bool {
    table.len() == table.capacity()
}

/// True if an insertion should ask [`is_crowded`] first: the room left is a multiple of 64, so always when there is none.
///
/// The room shrinks by one with every insertion that leaves no dead slot alive; the one in 64 that asks costs the others
/// nothing but this test, which takes the place of `is_full`.
#[inline(always)] // one test on every insertion
pub(crate) fn is_worth_a_look<T, H: Handle>(table: &Table<T, H>) -> bool {
    (table.capacity() - table.len()).is_multiple_of(64)
}

/// True if `table` is full, or if there is a dead slot for each sixteen live entries: lookups of missing keys walk over dead
/// slots, and slow down long before the table is full.
///
/// A rebuild moves sixteen entries for each dead slot that it ends, and hashbrown leaves one behind at every third removal
/// from a table at three quarters of its buckets, at every twentieth from one at half: churn moves five entries an
/// insertion, or one. Lookups of missing keys take up to 1.2 times as long at half load, 1.5 times at three quarters.
/// With few live entries, a rebuild is work on the buckets: a 32nd of them must be dead.
#[cold]
#[inline(never)]
pub(crate) fn is_crowded<T, H: Handle>(table: &Table<T, H>) -> bool {
    let (buckets, len, capacity) = (table.num_buckets(), table.len(), table.capacity());
    let dead = max_load(buckets).saturating_sub(capacity);
    let crowd = (len / 16).max(max_load(buckets) / 32).max(1);
    len == capacity || dead >= crowd && len <= rebuild_load(buckets)
}

/// A table with room for `capacity` entries.
pub(crate) fn try_table<T, H: Handle>(capacity: usize, raw: Raw<H>) -> Result<Table<T, H>, ArenaError> {
    if fits_at_once::<T, H>(capacity, raw) {
        return Ok(Table::with_capacity_in(capacity, raw));
    }
    let mut table = Table::new_in(raw);
    table
        .try_reserve(capacity, |_| unreachable!("an empty table has nothing to hash"))
        .map_err(|error| refused(&error, raw))?;
    Ok(table)
}

/// True if the arena is sure to have the block of a table with room for `capacity` entries.
///
/// Then hashbrown's direct way to a table is open: it takes half the instructions of its fallible one, and aborts where the
/// allocator refuses.
#[inline(always)] // part of making a map, which is a tenth of the work on a small one
pub(crate) fn fits_at_once<T, H: Handle>(capacity: usize, raw: Raw<H>) -> bool {
    most_bytes::<T>(capacity).is_some_and(|bytes| raw.has_room(bytes))
}

/// At least the bytes of the block of a table with room for `capacity` entries, padding included.
///
/// hashbrown takes 4 to 16 buckets for few entries, else the next power of two above 8/7 of the capacity, with a control byte
/// for each, and a group of at most 16 more.
#[inline(always)] // see `fits_at_once`
pub(crate) fn most_bytes<T>(capacity: usize) -> Option<usize> {
    let buckets = capacity.checked_mul(3)?.checked_add(16)?;
    buckets
        .checked_mul(size_of::<T>() + 1)?
        .checked_add(32 + 2 * align_of::<T>())
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

/// Scratch space for `count` hashes.
pub(crate) fn room_for_hashes<H: Handle>(count: usize, raw: Raw<H>) -> Result<Hashes<H>, ArenaError> {
    let mut hashes = Vec::new_in(raw);
    match hashes.try_reserve_exact(count) {
        Ok(()) => Ok(hashes),
        Err(_) => Err(raw.explain(count * size_of::<u64>())),
    }
}

/// The hash of every entry, in the order in which draining the table will meet its entry.
pub(crate) fn hashes_of<T, H: Handle>(
    table: &Table<T, H>,
    hasher: impl Fn(&T) -> u64,
) -> Result<Hashes<H>, ArenaError> {
    let raw = *table.allocator();
    // Sized by the table, not by its entries: blocks are recycled by exact size, and the next rebuild has another `len`.
    let mut hashes = room_for_hashes(max_load(table.num_buckets()), raw)?;
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

/// Entries that lie between one that [`put_all`] puts and the next.
const APART: usize = 16;
/// Entries that are put before a neighbour of the first is.
const TURNS: usize = 8;

/// Puts entries that come in the order of a table into other tables, given their hashes in the same order.
///
/// Neighbours in one table are neighbours in the next. An insertion reads sixteen control bytes at once, and a processor
/// that has just been told to write one of them waits until that is done. Entries that are put in turns from eight places,
/// sixteen apart, do not wait for each other: moving u64 pairs takes two thirds of the time.
pub(crate) fn put_all<T>(mut entries: impl Iterator<Item = T>, mut hashes: &[u64], mut put: impl FnMut(u64, T)) {
    // Large entries are few, and a second copy of them costs more than it gains.
    if size_of::<T>() <= 64 && hashes.len() >= APART * TURNS {
        hashes = put_in_turns(&mut entries, hashes, &mut put);
    }
    for (entry, &hash) in entries.zip(hashes) {
        put(hash, entry);
    }
}

/// As [`put_all`], and returns the hashes of the last entries, too few for a round of turns.
fn put_in_turns<'a, T>(
    entries: &mut impl Iterator<Item = T>,
    hashes: &'a [u64],
    put: &mut impl FnMut(u64, T),
) -> &'a [u64] {
    let mut waiting = [const { [const { None }; APART] }; TURNS];
    let (rounds, rest) = hashes.as_chunks::<{ APART * TURNS }>();
    for round in rounds {
        waiting.as_flattened_mut().fill_with(|| entries.next());
        for column in 0..APART {
            for (row, places) in waiting.iter_mut().enumerate() {
                if let Some(entry) = places[column].take() {
                    put(round[row * APART + column], entry);
                }
            }
        }
    }
    rest
}

/// Replaces `table` by one of `capacity` with the same entries and no dead slots.
pub(crate) fn rebuild<T, H: Handle>(
    table: &mut Table<T, H>,
    capacity: usize,
    hasher: impl Fn(&T) -> u64,
) -> Result<(), ArenaError> {
    let raw = *table.allocator();
    // Both blocks before the first hash: where one is refused, the next attempt is not far.
    let mut hashes = room_for_hashes(max_load(table.num_buckets()), raw)?;
    let mut fresh = try_table(capacity, raw)?;
    hashes.extend(table.iter().map(hasher));
    put_all(table.drain(), &hashes, |hash, entry| {
        put(&mut fresh, hash, entry);
    });
    *table = fresh;
    Ok(())
}
