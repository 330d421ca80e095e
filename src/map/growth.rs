//! How a map grows, and how it gives blocks up.
//!
//! Growth acts before a table is full, so that no call of hashbrown's ever grows, doubles or rehashes behind our
//! back. [`Core::make_room`] is the only place where an insertion grows anything:
//!
//! - a table that dead slots crowd is rebuilt at its size, in a recycled block ([`is_crowded`] and [`rebuild_load`] say when);
//! - smaller than a segment, it doubles;
//! - a full-grown segment splits in two. The half that gets fewer entries takes a smaller block.
//!
//! At most one table moves for one insertion, so at most `max_load(limit)` entries do. An error, and a hasher that panics,
//! leave every entry where it was.

use core::mem;

use super::Growth;
use super::core::{Core, Parts};
use super::directory::{Directory, MAX_DEPTH, SegmentId};
use super::segment::{
    Table, grow, hashes_of, is_crowded, is_full, max_load, put, put_all, rebuild, rebuild_load, room_for_hashes,
    try_table,
};
use crate::arena::Handle;
use crate::error::ArenaError;
use crate::hash::{bit_of, place_of};

impl<T, H: Handle> Core<T, H> {
    /// Makes room for one entry of this hash: the only place where an insertion grows anything.
    ///
    /// On failure, and when `hasher` panics, every entry is where it was.
    #[cold]
    #[inline(never)]
    pub(crate) fn make_room(&mut self, hash: u64, hasher: impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        let limit = self.limit();
        loop {
            let table = self.table_mut(hash);
            if !is_crowded(table) {
                return Ok(());
            }
            let (buckets, len, full) = (table.num_buckets(), table.len(), is_full(table));
            if len == 0 && table.allocation_size() > 0 {
                // Dead slots fill it: nothing to move, and no hashes to split by. (`clear` does nothing without entries.)
                drop(table.drain());
                self.count_step(0);
            } else if len > 0 && len <= rebuild_load(buckets) {
                match rebuild(table, max_load(buckets), &hasher) {
                    Ok(()) => self.count_step(len),
                    Err(error) if full => return Err(error),
                    Err(_) => return Ok(()), // slower than it could be, but there is room
                }
            } else if buckets < limit {
                grow(table, 1, &hasher)?;
                self.count_step(len);
            } else {
                self.split_full(hash, &hasher)?;
            }
        }
    }

    fn count_step(&mut self, moved: usize) {
        self.moved = u32::try_from(moved).unwrap_or(u32::MAX);
        self.steps = self.steps.saturating_add(1);
    }

    /// Turns one table into a directory over it, if it is not one yet.
    fn directory(&mut self) -> Result<&mut Directory<T, H>, ArenaError> {
        if let Parts::Flat(table) = &mut self.parts {
            let empty = Table::new_in(*table.allocator());
            match Directory::new(mem::replace(table, empty)) {
                Ok(directory) => self.parts = Parts::Split(directory),
                Err((whole, error)) => {
                    *table = whole;
                    return Err(error);
                }
            }
        }
        match &mut self.parts {
            Parts::Split(directory) => Ok(directory),
            Parts::Flat(_) => unreachable!("made a directory above"),
        }
    }

    /// Splits the full segment of this hash at the first bit that tells its entries apart; bits that do not are
    /// given to empty siblings, which moves nothing. Where no bit does, the segment doubles.
    fn split_full(&mut self, hash: u64, hasher: impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        let hashes = hashes_of(self.table(hash), &hasher)?; // user code; nothing has changed yet
        let first = place_of(hashes[0]);
        let differing = hashes.iter().fold(0, |bits, &hash| bits | (place_of(hash) ^ first));
        // Bits that chose this segment tell nothing more; they differ only where a hash given by hand was wrong.
        let depth = match &self.parts {
            Parts::Flat(_) => 0,
            Parts::Split(directory) => directory.depth_of(directory.segment_of(hash)),
        };
        let bit = (differing << depth >> depth).leading_zeros(); // of zero: more than any depth
        if bit >= MAX_DEPTH {
            grow(self.table_mut(hash), 1, hasher)?;
            self.count_step(hashes.len());
            self.flat_grown = self.flat_grown.saturating_add(1);
            return Ok(());
        }

        let directory = self.directory()?;
        let segment = directory.segment_of(hash);
        while directory.depth_of(segment) < bit {
            let shared = bit_of(hashes[0], directory.depth_of(segment));
            directory.split_off(segment, !shared)?; // an empty sibling for the other value of a bit that all share
        }
        Self::halve(directory, segment, &hashes, Some(hash))?;
        self.count_step(hashes.len());
        Ok(())
    }

    /// Splits a segment at its next bit and moves the entries that have it set, given their hashes in order.
    ///
    /// The half of the hash that is `coming` gets room for one more, so that no second step follows for its sake.
    fn halve(
        directory: &mut Directory<T, H>,
        id: SegmentId<T, H>,
        hashes: &[u64],
        coming: Option<u64>,
    ) -> Result<(), ArenaError> {
        let raw = directory.raw();
        let bit = directory.depth_of(id);
        let over = hashes.iter().filter(|&&hash| bit_of(hash, bit)).count();
        let room = |side| usize::from(coming.is_some_and(|hash| bit_of(hash, bit) == side));
        let mut stay_table = try_table(hashes.len() - over + room(false), raw)?;
        let mut over_table = try_table(over + room(true), raw)?;
        let other = directory.split_off(id, true)?;

        // Nothing below fails or runs user code.
        let (stay, other) = directory.segment_pair_mut(id, other);
        put_all(stay.drain(), hashes, |hash, entry| {
            put(
                if bit_of(hash, bit) {
                    &mut over_table
                } else {
                    &mut stay_table
                },
                hash,
                entry,
            );
        });
        *stay = stay_table;
        *other = over_table;
        Ok(())
    }

    /// Makes room for `additional` more entries.
    ///
    /// A directory gives each segment room for its even share and four standard deviations of chance.
    pub(crate) fn try_reserve(&mut self, additional: usize, hasher: impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        let limit = self.limit();
        let flat = self.growth() == Growth::Flat;
        let wanted = self.len().checked_add(additional);
        let wanted = wanted.ok_or(ArenaError::CapacityOverflow)?;
        // An entry and its control byte; half of the address space, so that the shares below do not overflow either.
        let bytes = wanted
            .checked_mul(size_of::<T>() + 1)
            .filter(|bytes| isize::try_from(*bytes).is_ok());
        let bytes = bytes.ok_or(ArenaError::CapacityOverflow)?;
        if let Parts::Flat(table) = &mut self.parts
            && (flat || wanted <= max_load(limit.max(table.num_buckets())))
        {
            let moved = table.len();
            if make_space(table, additional, hasher)? {
                self.count_step(moved);
            }
            return Ok(());
        }
        // What is hopeless is refused before the first of many steps.
        let arena = self.raw().stats();
        if arena
            .budget
            .is_some_and(|budget| bytes > budget - arena.used + self.allocation_size())
        {
            return Err(self.raw().explain(bytes));
        }
        let directory = self.directory()?;
        let mut cursor = Some(directory.first());
        while let Some(id) = cursor {
            let depth = directory.depth_of(id);
            let share = additional >> depth;
            let share = share + 4 * share.isqrt();
            let table = directory.segment_mut(id);
            if table.len() + share <= max_load(limit) || depth == MAX_DEPTH {
                make_space(table, share, &hasher)?;
                cursor = directory.next(id);
            } else {
                let hashes = hashes_of(table, &hasher)?;
                Self::halve(directory, id, &hashes, None)?; // and look at the kept half again
            }
        }
        Ok(())
    }

    /// Gives up blocks that hold more than `min_capacity` entries need. What cannot be had smaller stays.
    pub(crate) fn shrink_to(&mut self, min_capacity: usize, hasher: impl Fn(&T) -> u64) {
        let target = self.len().max(min_capacity);
        let limit = max_load(self.limit());
        match &mut self.parts {
            Parts::Flat(table) => shrink(table, target, hasher),
            Parts::Split(directory) if target > limit => {
                let spare = target - directory.len();
                let mut cursor = Some(directory.first());
                while let Some(id) = cursor {
                    let depth = directory.depth_of(id);
                    let table = directory.segment_mut(id);
                    shrink(table, table.len() + (spare >> depth), &hasher);
                    cursor = directory.next(id);
                }
            }
            Parts::Split(_) => {
                // A failed attempt leaves the map as it was, which is all that shrinking promises.
                let _ = self.merge(target, hasher);
            }
        }
    }

    /// Brings all entries back into one table with room for `capacity`.
    fn merge(&mut self, capacity: usize, hasher: impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        let Parts::Split(directory) = &mut self.parts else {
            return Ok(());
        };
        let raw = directory.raw();
        let mut whole = try_table(capacity, raw)?;
        let mut hashes = room_for_hashes(directory.len(), raw)?;
        hashes.extend(directory.tables().flat_map(|table| table.iter().map(&hasher)));
        let (tables, _) = directory.tables_mut();
        put_all(tables.flat_map(|table| table.drain()), &hashes, |hash, entry| {
            put(&mut whole, hash, entry);
        });
        self.parts = Parts::Flat(whole);
        Ok(())
    }
}

/// Makes room for `additional` more entries in one table: at its size, if only dead slots are in the way, or in a larger
/// block. Returns whether the entries moved.
fn make_space<T, H: Handle>(
    table: &mut Table<T, H>,
    additional: usize,
    hasher: impl Fn(&T) -> u64,
) -> Result<bool, ArenaError> {
    if additional <= table.capacity() - table.len() {
        return Ok(false);
    }
    let full = max_load(table.num_buckets());
    if table.len() + additional <= full {
        rebuild(table, full, hasher)?;
    } else {
        grow(table, additional, hasher)?;
    }
    Ok(true)
}

/// Gives up a block that holds twice what `capacity` entries need. A failed attempt leaves the table as it was.
fn shrink<T, H: Handle>(table: &mut Table<T, H>, capacity: usize, hasher: impl Fn(&T) -> u64) {
    if capacity == 0 {
        *table = Table::new_in(*table.allocator());
    } else if table.num_buckets() > 4 && max_load(table.num_buckets() / 2) >= capacity {
        let _ = rebuild(table, capacity, hasher);
    }
}
