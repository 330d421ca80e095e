//! The map without its hasher: every method takes the hash, or a closure that hashes an entry for a move.
//!
//! ```text
//!  Flat(table)                     up to one segment, or any size under `Growth::Flat`
//!  Split(directory)                beyond
//! ```
//!
//! `growth.rs` has the rest of it: when a table doubles, splits or shrinks.

use core::mem;

use super::directory::{Directory, Tables, TablesMut};
use super::find::find_part;
use super::hint::SizeHint;
use super::segment::{Table, fits_at_once, is_crowded, is_worth_a_look, max_load, segment_buckets};
use super::{Growth, iter};
use crate::arena::{Handle, Raw};
use crate::error::ArenaError;
use crate::stats::MapStats;

/// Where the entries are. The niche of a table's control pointer tells the two apart: one comparison a lookup.
pub(super) enum Parts<T, H: Handle> {
    Flat(Table<T, H>),
    Split(Directory<T, H>),
}

/// The map without its hasher.
///
/// `repr(C)`: with the parts in front, the address of the map is that of its one table, which saves every lookup an
/// addition.
#[repr(C)]
pub(crate) struct Core<T, H: Handle> {
    pub(super) parts: Parts<T, H>,
    /// Where the final size is recorded.
    hint: Option<&'static SizeHint>,
    /// The most entries seen at a moment at which entries were about to go.
    peak: usize,
    /// Entries that the newest growth step moved.
    pub(super) moved: u32,
    /// Growth steps so far: doublings, rebuilds, splits.
    pub(super) steps: u32,
    /// Doublings of segments whose hashes could not be told apart.
    pub(super) flat_grown: u32,
    /// Buckets at which a table splits instead of doubling, as a power of two.
    limit_log2: u32,
}

impl<T, H: Handle> Core<T, H> {
    /// An empty map. Takes nothing from the arena.
    #[inline]
    pub(crate) fn new(raw: Raw<H>, growth: Growth) -> Self {
        Self::over(Table::new_in(raw), growth, None)
    }

    #[inline]
    fn over(table: Table<T, H>, growth: Growth, hint: Option<&'static SizeHint>) -> Self {
        Self {
            parts: Parts::Flat(table),
            hint,
            peak: 0,
            moved: 0,
            steps: 0,
            flat_grown: 0,
            limit_log2: match growth {
                Growth::Segmented => const { segment_buckets::<T>().ilog2() },
                Growth::Flat => usize::BITS - 1,
            },
        }
    }

    /// True if [`at_once`](Self::at_once) may make a map of this capacity.
    #[inline(always)] // see `segment::fits_at_once`
    pub(crate) fn fits_at_once(capacity: usize, raw: Raw<H>) -> bool {
        capacity <= const { max_load(segment_buckets::<T>()) } && fits_at_once::<T, H>(capacity, raw)
    }

    /// An empty map with room for `capacity` entries in one block, which the arena is sure to have.
    #[inline(always)] // see `segment::fits_at_once`
    pub(crate) fn at_once(capacity: usize, raw: Raw<H>, growth: Growth, hint: Option<&'static SizeHint>) -> Self {
        Self::over(Table::with_capacity_in(capacity, raw), growth, hint)
    }

    /// An empty map with room for `capacity` entries.
    pub(crate) fn try_with_capacity(
        capacity: usize,
        raw: Raw<H>,
        growth: Growth,
        hint: Option<&'static SizeHint>,
    ) -> Result<Self, ArenaError> {
        if Self::fits_at_once(capacity, raw) {
            return Ok(Self::at_once(capacity, raw, growth, hint));
        }
        let mut core = Self::over(Table::new_in(raw), growth, None);
        core.try_reserve(capacity, |_| unreachable!("an empty map has nothing to hash"))?;
        core.steps = 0;
        core.hint = hint;
        Ok(core)
    }

    pub(crate) fn growth(&self) -> Growth {
        if self.limit_log2 == usize::BITS - 1 {
            Growth::Flat
        } else {
            Growth::Segmented
        }
    }

    /// Buckets at which a table splits instead of doubling.
    pub(super) fn limit(&self) -> usize {
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
    pub(crate) fn tables_mut(&mut self) -> iter::AllTablesMut<'_, T, H> {
        match &mut self.parts {
            Parts::Flat(table) => iter::AllTablesMut {
                flat: Some(table),
                split: TablesMut::none(),
                len: None,
            },
            Parts::Split(directory) => {
                let (split, len) = directory.tables_mut();
                iter::AllTablesMut {
                    flat: None,
                    split,
                    len: Some(len),
                }
            }
        }
    }

    /// The table that holds, or would hold, an entry of this hash.
    #[inline(always)] // part of every lookup
    pub(crate) fn table(&self, hash: u64) -> &Table<T, H> {
        match &self.parts {
            Parts::Flat(table) => table,
            Parts::Split(directory) => {
                out_of_line();
                directory.table(hash)
            }
        }
    }

    /// The table that holds, or would hold, an entry of this hash. Whoever adds or removes tells
    /// [`added`](Self::added) or [`removed`](Self::removed).
    #[inline(always)] // part of every insertion
    pub(crate) fn table_mut(&mut self, hash: u64) -> &mut Table<T, H> {
        match &mut self.parts {
            Parts::Flat(table) => table,
            Parts::Split(directory) => {
                out_of_line();
                directory.table_mut(hash)
            }
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

    /// A part of the entry that is equal.
    #[inline(always)] // the lookup itself
    pub(crate) fn find<P>(&self, hash: u64, eq: impl FnMut(&T) -> bool, part: impl Fn(&T) -> &P) -> Option<&P> {
        // Each arm has its own search: jumping back to a common one costs a segmented lookup a tenth.
        match &self.parts {
            Parts::Flat(table) => find_part(table, hash, eq, part),
            Parts::Split(directory) => find_part(directory.table(hash), hash, eq, part),
        }
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
        let mut table = self.table_mut(hash);
        if is_worth_a_look(table) && is_crowded(table) {
            if let Err(error) = self.make_room(hash, hasher) {
                return Err((entry, error));
            }
            table = self.table_mut(hash);
        }
        let bucket = table
            .insert_unique(hash, entry, |_| unreachable!("room was made before"))
            .bucket_index();
        self.added();
        Ok(bucket)
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
        let iter::AllTablesMut { split, len, .. } = self.tables_mut();
        let mut recount = Recount { len, dropped: 0 };
        for table in split {
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
        let iter::AllTablesMut { split, len, .. } = self.tables_mut();
        let mut recount = Recount { len, dropped: 0 };
        for table in split {
            table.retain(|entry| {
                let kept = keep(entry);
                // Counted before hashbrown drops the entry, which it does after erasing it.
                recount.dropped += usize::from(!kept);
                kept
            });
        }
    }

    /// The parts of a map that is consumed.
    #[allow(clippy::type_complexity, reason = "one or the other")]
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
        if let Some(hint) = self.hint
            && self.peak > 0
        {
            hint.record(self.peak);
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

/// Keeps the branch that calls it out of the straight line of code.
#[cold]
#[inline(always)]
fn out_of_line() {}

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
