//! The map without its hasher: every method takes the hash, or a closure that hashes an entry for a move.
//!
//! ```text
//!  Flat(table)                     up to one segment, or any size under `Growth::Flat`
//!  Split(directory)                beyond
//! ```
//!
//! Growth acts before a table is full, so that no call of hashbrown's ever grows, doubles or rehashes behind our
//! back (`make_room` is the only place):
//!
//! - dead slots fill a quarter of the table or more: rebuilt at its size, in a recycled block;
//! - smaller than a segment: doubled;
//! - a full-grown segment: split in two. The half that gets fewer entries takes a smaller block.
//!
//! At most one table moves for one insertion, so at most `max_load(limit)` entries do.

use core::mem;

use super::directory::{Directory, MAX_DEPTH, SegmentId, Tables, TablesMut};
use super::hint::SizeHint;
use super::segment::{
    Table, grow, hashes_of, is_full, max_load, put, rebuild, rebuild_load, segment_buckets, try_table,
};
use super::{Growth, iter};
use crate::arena::{Handle, Raw};
use crate::error::ArenaError;
use crate::hash::place_of;
use crate::stats::MapStats;

/// Where the entries are. The niche of a table's control pointer tells the two apart: one comparison a lookup.
enum Parts<T, H: Handle> {
    Flat(Table<T, H>),
    Split(Directory<T, H>),
}

/// The map without its hasher.
pub(crate) struct Core<T, H: Handle> {
    parts: Parts<T, H>,
    /// Where the final size is recorded.
    hint: Option<&'static SizeHint>,
    /// The most entries seen at a moment at which entries were about to go.
    peak: usize,
    /// Entries that the newest growth step moved.
    moved: u32,
    /// Growth steps so far: doublings, rebuilds, splits.
    steps: u32,
    /// Doublings of segments whose hashes could not be told apart.
    flat_grown: u32,
    /// Buckets at which a table splits instead of doubling, as a power of two.
    limit_log2: u8,
}

impl<T, H: Handle> Core<T, H> {
    /// An empty map. Takes nothing from the arena.
    #[inline]
    pub(crate) fn new(raw: Raw<H>, growth: Growth) -> Self {
        Self::over(Table::new_in(raw), growth)
    }

    #[inline]
    fn over(table: Table<T, H>, growth: Growth) -> Self {
        Self {
            parts: Parts::Flat(table),
            hint: None,
            peak: 0,
            moved: 0,
            steps: 0,
            flat_grown: 0,
            limit_log2: match growth {
                Growth::Segmented => const { segment_buckets::<T>().ilog2() as u8 },
                Growth::Flat => usize::BITS as u8 - 1,
            },
        }
    }

    /// An empty map with room for `capacity` entries.
    #[inline]
    pub(crate) fn try_with_capacity(capacity: usize, raw: Raw<H>, growth: Growth) -> Result<Self, ArenaError> {
        if capacity <= const { max_load(segment_buckets::<T>()) } || matches!(growth, Growth::Flat) {
            return Ok(Self::over(try_table(capacity, raw)?, growth));
        }
        let mut core = Self::new(raw, growth);
        core.try_reserve(capacity, |_| unreachable!("an empty map has nothing to hash"))?;
        Ok(core)
    }

    #[inline]
    pub(crate) fn set_hint(&mut self, hint: &'static SizeHint) {
        self.hint = Some(hint);
    }

    pub(crate) fn growth(&self) -> Growth {
        if u32::from(self.limit_log2) == usize::BITS - 1 {
            Growth::Flat
        } else {
            Growth::Segmented
        }
    }

    fn limit(&self) -> usize {
        1 << self.limit_log2
    }

    pub(crate) fn raw(&self) -> Raw<H> {
        match &self.parts {
            Parts::Flat(table) => *table.allocator(),
            Parts::Split(directory) => directory.raw(),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        match &self.parts {
            Parts::Flat(table) => table.len(),
            Parts::Split(directory) => directory.len(),
        }
    }

    /// Entries that fit before the next growth step, as far as hashes spread evenly.
    pub(crate) fn capacity(&self) -> usize {
        match &self.parts {
            Parts::Flat(table) => table.capacity(),
            Parts::Split(directory) => directory.tables().map(Table::capacity).sum(),
        }
    }

    /// Bytes of the blocks that this map holds.
    pub(crate) fn allocation_size(&self) -> usize {
        match &self.parts {
            Parts::Flat(table) => table.allocation_size(),
            Parts::Split(directory) => {
                directory.own_bytes() + directory.tables().map(Table::allocation_size).sum::<usize>()
            }
        }
    }

    pub(crate) fn stats(&self) -> MapStats {
        let mut stats = MapStats {
            len: self.len(),
            segments: 1,
            segment_limit: max_load(self.limit()),
            moved_by_last_step: self.moved as usize,
            growth_steps: self.steps as usize,
            flat_grown: self.flat_grown as usize,
            entry_size: size_of::<T>(),
            ..MapStats::default()
        };
        if let Parts::Split(directory) = &self.parts {
            stats.segments = directory.segments();
            stats.directory_depth = directory.depth();
            stats.directory_bytes = directory.own_bytes();
        }
        for table in self.tables() {
            if table.allocation_size() > 0 {
                stats.buckets += table.num_buckets();
                stats.load_limit += max_load(table.num_buckets());
                stats.dead_slots += max_load(table.num_buckets()) - table.capacity();
                stats.table_bytes += table.allocation_size();
            }
        }
        stats
    }

    /// Every table, in an order that stays while nothing splits.
    pub(crate) fn tables(&self) -> iter::AllTables<'_, T, H> {
        match &self.parts {
            Parts::Flat(table) => iter::AllTables::new(Some(table), Tables::none()),
            Parts::Split(directory) => iter::AllTables::new(None, directory.tables()),
        }
    }

    /// Every table, and the count to keep where there is one beside the tables' own.
    pub(crate) fn tables_mut(&mut self) -> (Option<&mut Table<T, H>>, TablesMut<'_, T, H>, Option<&mut usize>) {
        match &mut self.parts {
            Parts::Flat(table) => (Some(table), TablesMut::none(), None),
            Parts::Split(directory) => {
                let (tables, len) = directory.tables_mut();
                (None, tables, Some(len))
            }
        }
    }

    /// The table that holds, or would hold, an entry of this hash.
    #[inline(always)] // part of every lookup
    pub(crate) fn table(&self, hash: u64) -> &Table<T, H> {
        match &self.parts {
            Parts::Flat(table) => table,
            Parts::Split(directory) => directory.table(hash),
        }
    }

    /// The table that holds, or would hold, an entry of this hash. Whoever adds or removes tells
    /// [`added`](Self::added) or [`removed`](Self::removed).
    #[inline(always)] // part of every insertion
    pub(crate) fn table_mut(&mut self, hash: u64) -> &mut Table<T, H> {
        match &mut self.parts {
            Parts::Flat(table) => table,
            Parts::Split(directory) => directory.table_mut(hash),
        }
    }

    #[inline(always)] // part of every insertion
    pub(crate) fn added(&mut self) {
        if let Parts::Split(directory) = &mut self.parts {
            *directory.len_mut() += 1;
        }
    }

    #[inline(always)] // part of every removal
    pub(crate) fn removed(&mut self) {
        if let Parts::Split(directory) = &mut self.parts {
            *directory.len_mut() -= 1;
        }
    }

    #[inline(always)] // the lookup itself
    pub(crate) fn find(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<&T> {
        self.table(hash).find(hash, eq)
    }

    #[inline]
    pub(crate) fn find_mut(&mut self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<&mut T> {
        self.table_mut(hash).find_mut(hash, eq)
    }

    #[inline]
    pub(crate) fn remove(&mut self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<T> {
        let entry = match self.table_mut(hash).find_entry(hash, eq) {
            Ok(occupied) => occupied.remove().0,
            Err(_) => return None,
        };
        self.removed();
        Some(entry)
    }

    /// The bucket of an entry in [`table`](Self::table) of its hash.
    #[inline]
    pub(crate) fn find_bucket(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<usize> {
        self.table(hash).find_bucket_index(hash, eq)
    }

    /// The entry at a bucket that [`find_bucket`](Self::find_bucket) gave, or `insert_unique` just filled.
    #[inline]
    pub(crate) fn bucket(&self, hash: u64, bucket: usize) -> &T {
        self.table(hash)
            .get_bucket(bucket)
            .expect("an occupied bucket stays occupied")
    }

    #[inline]
    pub(crate) fn bucket_mut(&mut self, hash: u64, bucket: usize) -> &mut T {
        self.table_mut(hash)
            .get_bucket_mut(bucket)
            .expect("an occupied bucket stays occupied")
    }

    #[inline]
    pub(crate) fn remove_bucket(&mut self, hash: u64, bucket: usize) -> T {
        let entry = match self.table_mut(hash).get_bucket_entry(bucket) {
            Ok(occupied) => occupied.remove().0,
            Err(_) => unreachable!("an occupied bucket stays occupied"),
        };
        self.removed();
        entry
    }

    /// Takes the entry out of its bucket and puts back what `replace` makes of it, or returns what is left.
    #[inline]
    pub(crate) fn replace_bucket<R>(
        &mut self,
        hash: u64,
        bucket: usize,
        replace: impl FnOnce(T) -> Result<T, R>,
    ) -> Option<R> {
        self.removed(); // before user code, so that the count holds if it panics
        let Ok(occupied) = self.table_mut(hash).get_bucket_entry(bucket) else {
            unreachable!("an occupied bucket stays occupied");
        };
        let (entry, vacant) = occupied.remove();
        match replace(entry) {
            Ok(entry) => {
                vacant.insert(entry);
                self.added();
                None
            }
            Err(rest) => Some(rest),
        }
    }

    /// Adds an entry whose key is not in the map, growing if there is no room, and returns its bucket.
    #[inline]
    pub(crate) fn insert_unique(
        &mut self,
        hash: u64,
        entry: T,
        hasher: impl Fn(&T) -> u64,
    ) -> Result<usize, (T, ArenaError)> {
        if is_full(self.table(hash)) {
            if let Err(error) = self.make_room(hash, hasher) {
                return Err((entry, error));
            }
        }
        let bucket = self
            .table_mut(hash)
            .insert_unique(hash, entry, |_| unreachable!("room was made before"))
            .bucket_index();
        self.added();
        Ok(bucket)
    }

    /// Makes room for one entry of this hash: the only place where an insertion grows anything.
    ///
    /// On failure, and when `hasher` panics, every entry is where it was.
    #[cold]
    #[inline(never)]
    pub(crate) fn make_room(&mut self, hash: u64, hasher: impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        let limit = self.limit();
        loop {
            let table = self.table_mut(hash);
            if !is_full(table) {
                return Ok(());
            }
            let (buckets, len) = (table.num_buckets(), table.len());
            if len > 0 && len <= rebuild_load(buckets) {
                rebuild(table, max_load(buckets), &hasher)?;
                self.count_step(len);
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
        let table = self.table_mut(hash);
        let hashes = hashes_of(table, &hasher)?; // user code; nothing has changed yet
        let first = place_of(hashes[0]);
        let differing = hashes.iter().fold(0, |bits, &hash| bits | (place_of(hash) ^ first));
        let bit = differing.leading_zeros();
        if bit >= MAX_DEPTH {
            let len = table.len();
            grow(table, 1, hasher)?;
            self.count_step(len);
            self.flat_grown = self.flat_grown.saturating_add(1);
            return Ok(());
        }

        let directory = self.directory()?;
        let segment = directory.segment_of(hashes[0]);
        while directory.depth_of(segment) < bit {
            let shared = bit_of(hashes[0], directory.depth_of(segment));
            directory.split_off(segment, !shared)?; // an empty sibling for the other value of a bit that all share
        }
        Self::halve(directory, segment, &hashes)?;
        self.count_step(hashes.len());
        Ok(())
    }

    /// Splits a segment at its next bit and moves the entries that have it set, given their hashes in order.
    fn halve(directory: &mut Directory<T, H>, id: SegmentId<T, H>, hashes: &[u64]) -> Result<(), ArenaError> {
        let raw = directory.raw();
        let bit = directory.depth_of(id);
        let over = hashes.iter().filter(|&&hash| bit_of(hash, bit)).count();
        let mut stay_table = try_table(hashes.len() - over, raw)?;
        let mut over_table = try_table(over, raw)?;
        let other = directory.split_off(id, true)?;

        // Nothing below fails or runs user code.
        let (stay, other) = directory.segment_pair_mut(id, other);
        for (entry, &hash) in stay.drain().zip(hashes) {
            put(
                if bit_of(hash, bit) {
                    &mut over_table
                } else {
                    &mut stay_table
                },
                hash,
                entry,
            );
        }
        *stay = stay_table;
        *other = over_table;
        Ok(())
    }

    /// Makes room for `additional` more entries.
    ///
    /// A directory gives each segment room for its even share and four standard deviations of chance.
    pub(crate) fn try_reserve(&mut self, additional: usize, hasher: impl Fn(&T) -> u64) -> Result<(), ArenaError> {
        let limit = self.limit();
        let wanted = self.len().checked_add(additional).ok_or(ArenaError::CapacityOverflow)?;
        if let Parts::Flat(table) = &mut self.parts {
            let buckets = table.num_buckets();
            if additional <= table.capacity() - table.len() {
                return Ok(());
            }
            let moved = table.len();
            if wanted <= max_load(buckets) {
                rebuild(table, max_load(buckets), hasher)?;
                self.count_step(moved);
                return Ok(());
            }
            if wanted <= max_load(limit) {
                grow(table, additional, hasher)?;
                self.count_step(moved);
                return Ok(());
            }
        }
        let directory = self.directory()?;
        let mut cursor = Some(directory.first());
        while let Some(id) = cursor {
            let depth = directory.depth_of(id);
            let share = additional >> depth;
            let share = share + 4 * share.isqrt();
            let table = directory.segment_mut(id);
            if table.len() + share <= max_load(limit) || depth == MAX_DEPTH {
                if table.capacity() - table.len() < share {
                    let full = max_load(table.num_buckets());
                    if table.len() + share <= full {
                        rebuild(table, full, &hasher)?;
                    } else {
                        grow(table, share, &hasher)?;
                    }
                }
                cursor = directory.next(id);
            } else {
                let hashes = hashes_of(table, &hasher)?;
                Self::halve(directory, id, &hashes)?; // and look at the kept half again
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
        let mut hashes = super::segment::Hashes::new_in(raw);
        if hashes.try_reserve_exact(directory.len()).is_err() {
            return Err(raw.explain(directory.len() * size_of::<u64>()));
        }
        hashes.extend(directory.tables().flat_map(|table| table.iter().map(&hasher)));
        let (tables, _) = directory.tables_mut();
        for (entry, &hash) in tables.flat_map(|table| table.drain()).zip(&hashes) {
            put(&mut whole, hash, entry);
        }
        self.parts = Parts::Flat(whole);
        Ok(())
    }

    /// Records the present size, before entries go.
    pub(crate) fn note_peak(&mut self) {
        self.peak = self.peak.max(self.len());
    }

    /// Drops every entry and keeps every block.
    pub(crate) fn clear(&mut self) {
        self.record();
        if let Parts::Flat(table) = &mut self.parts {
            table.clear();
            return;
        }
        let (_, mut tables, len) = self.tables_mut();
        let mut recount = Recount { len, dropped: 0 };
        for table in &mut tables {
            // hashbrown empties the table also when the drop of an entry panics.
            recount.dropped += table.len();
            table.clear();
        }
    }

    /// Keeps the entries for which `keep` returns true.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        self.note_peak();
        if let Parts::Flat(table) = &mut self.parts {
            table.retain(keep);
            return;
        }
        let (_, mut tables, len) = self.tables_mut();
        let mut recount = Recount { len, dropped: 0 };
        for table in &mut tables {
            table.retain(|entry| {
                let kept = keep(entry);
                // Counted before hashbrown drops the entry, which it does after erasing it.
                recount.dropped += usize::from(!kept);
                kept
            });
        }
    }

    /// The parts of a map that is consumed.
    pub(crate) fn into_tables(mut self) -> (Option<Table<T, H>>, Option<Directory<T, H>>) {
        self.record();
        self.hint = None;
        let empty = Parts::Flat(Table::new_in(self.raw()));
        match mem::replace(&mut self.parts, empty) {
            Parts::Flat(table) => (Some(table), None),
            Parts::Split(directory) => (None, Some(directory)),
        }
    }

    /// Tells the hint the size that is about to go.
    pub(crate) fn record(&mut self) {
        self.note_peak();
        if let Some(hint) = self.hint {
            if self.peak > 0 {
                hint.record(self.peak);
            }
        }
        self.peak = 0;
    }
}

impl<T, H: Handle> Drop for Core<T, H> {
    #[inline]
    fn drop(&mut self) {
        if self.hint.is_some() {
            self.record();
        }
    }
}

/// Gives up a block that holds twice what `capacity` entries need. A failed attempt leaves the table as it was.
fn shrink<T, H: Handle>(table: &mut Table<T, H>, capacity: usize, hasher: impl Fn(&T) -> u64) {
    if capacity == 0 {
        *table = Table::new_in(*table.allocator());
    } else if table.num_buckets() > 4 && max_load(table.num_buckets() / 2) >= capacity {
        let _ = rebuild(table, capacity, hasher);
    }
}

/// The bit of a hash's place at `depth`, counted from the top.
fn bit_of(hash: u64, depth: u32) -> bool {
    place_of(hash) >> (u64::BITS - 1 - depth) & 1 == 1
}

/// Takes what was dropped off the count, also when a drop panics half-way.
struct Recount<'a> {
    len: Option<&'a mut usize>,
    dropped: usize,
}

impl Drop for Recount<'_> {
    fn drop(&mut self) {
        if let Some(len) = &mut self.len {
            **len -= self.dropped;
        }
    }
}
