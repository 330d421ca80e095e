//! What is done with nodes: found, made, hung up elsewhere, and recycled. Everything else in this module is names for it.
//!
//! ```text
//!            root
//!           /    \               cut --> x --> y      trees that were cut off, linked by `next`
//!          a      b                      |     |
//!         / \      \                     .     .
//!        c   d      e         recycling: the node at which their recycling goes on
//! ```
//!
//! - One table finds a node: by a hash that is made of the hashes of all keys on its path, unless a tree on the way moved (see
//!   `slab/salt.rs`). So a path is one search for up to four parts: what it finds is compared with the path from the last part up, by
//!   the links to the parents, and no level in between is looked for. Where that finds nothing although a node on the way may be odd,
//!   each level is looked for. The table holds 32 bits of the hash beside the number, so that no key is hashed when entries
//!   move.
//!
//! | instructions, three parts, 1,000 leaves, 10 children each | each level looked for | this form | hashbrown's maps in a `Bump` |
//! |---|---|---|---|
//! | hit (three lookups in flat `StrMap`s: 254) | 521 | 362 | 246 |
//! | the last part is missing | 433 | 177 | 210 |
//! | another value | 624 | 448 | 260 |
//! | a new leaf in a level that is there | 955 | 883 | 456 |
//! | a new path, one child a level | 1,273 | 1,446 | 984 |
//!
//! - A top has no parent. One top is the root, the others were cut off: nothing leads to them from the root, and what is below
//!   them keeps its entries in the table, under numbers that are not used again before those entries are gone.
//! - Between two calls, every node of the root's tree has a value or a child. A node that has neither is pruned, and then its
//!   parent, if that has neither.
//! - No user code runs while links and table disagree: a key is made before its node is, and dropped after its node is gone.

use core::hash::BuildHasher;
use core::mem;

use super::find::Stride;
use super::key::{PathKey, PathPart};
use super::slab::mix;
use super::{Cursor, PathError, PathMap};
use crate::arena::Handle;
use crate::table::{Found, KeyShape, Search, Vacant};

/// Nodes that a write recycles at most, beside two for each part of the path along which it may make levels: so no fewer than it makes.
pub(super) const PER_WRITE: usize = 8;

/// What the table has of a node.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) hash: u32,
    pub(super) node: u32,
}

impl Entry {
    /// The hash for the table, which looks at both ends of it.
    #[inline(always)]
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the table hands out references")]
    pub(super) const fn spread(&self) -> u64 {
        spread(self.hash)
    }
}

#[inline(always)]
pub(super) const fn spread(hash: u32) -> u64 {
    hash as u64 | (hash as u64) << 32
}

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// The node of a cursor, if it is one of the root's tree.
    #[inline]
    pub(super) fn live(&self, cursor: Cursor) -> Option<u32> {
        let record = self.slab.find(cursor.number)?;
        let live = record.generation() == cursor.generation
            && (!self.is_waiting() || self.slab.top(cursor.number) == self.root);
        live.then_some(cursor.number)
    }

    #[inline(always)]
    pub(super) const fn is_waiting(&self) -> bool {
        self.cut != 0 || self.recycling != 0
    }

    #[inline]
    pub(super) fn cursor_of(&self, number: u32) -> Cursor {
        Cursor {
            number,
            generation: self.slab.get(number).generation(),
        }
    }

    /// Nodes that wait to be recycled, and how many of them have a value.
    pub(super) fn count_waiting(&self) -> (usize, usize) {
        let (mut nodes, mut values) = (0, 0);
        let mut add = |top| {
            let (more, with_value) = self.slab.count(top);
            nodes += more;
            values += with_value;
        };
        if self.recycling != 0 {
            add(self.slab.top(self.recycling));
        }
        let mut at = self.cut;
        while at != 0 {
            add(at);
            at = self.slab.get(at).next;
        }
        (nodes, values)
    }

    /// Takes the tree of a node from the root's tree, and leaves it to be recycled.
    pub(super) fn cut_off(&mut self, number: u32) {
        let parent = self.slab.get(number).parent;
        if parent == 0 {
            self.root = 0;
        } else {
            self.forget_entry(number);
            self.slab.unlink(number);
        }
        self.slab.get_mut(number).next = mem::replace(&mut self.cut, number);
        self.prune(parent);
    }

    /// Takes a node out of the table.
    #[inline]
    pub(super) fn forget_entry(&mut self, number: u32) {
        let hash = self.slab.get(number).hash;
        self.forget_entry_of(number, hash);
    }

    /// Takes a node out of the table, where it stands under this hash.
    #[inline]
    pub(super) fn forget_entry_of(&mut self, number: u32, hash: u32) {
        if self.table.len() > 0 {
            let entry = Entry { hash, node: number };
            let found = self.table.find_entry(
                KeyShape::Whole,
                || entry.spread(),
                |known| known.node == number && known.hash == hash,
                Entry::spread,
            );
            found.map(Found::remove);
        }
    }

    /// Recycles some of the nodes that wait, as every write does.
    #[inline(always)]
    pub(super) fn recycle(&mut self) {
        self.recycle_some(PER_WRITE, 2 * PER_WRITE);
    }

    /// Recycles so many nodes, if as many wait, in so many steps, if they are enough: downwards from node to node is a
    /// step too.
    #[inline(always)] // usually none waits
    pub(super) fn recycle_some(&mut self, nodes: usize, steps: usize) {
        if self.is_waiting() {
            self.recycle_waiting(nodes, steps);
        }
    }

    #[cold]
    #[inline(never)]
    fn recycle_waiting(&mut self, nodes: usize, steps: usize) {
        let mut recycled = 0;
        for _ in 0..steps {
            if recycled == nodes {
                break;
            }
            if self.recycling == 0 {
                if self.cut == 0 {
                    break;
                }
                self.recycling = self.cut;
                self.cut = self.slab.get(self.cut).next;
            }
            let at = self.recycling;
            let record = self.slab.get(at);
            if record.last != 0 {
                self.recycling = record.last;
                continue;
            }
            self.recycling = record.parent;
            if record.parent != 0 {
                self.forget_entry(at);
                self.slab.unlink(at);
            }
            recycled += 1;
            self.free(at);
        }
    }

    /// Ends a node that is nowhere any more: its number first, and then what is the user's.
    fn free(&mut self, number: u32) {
        /// Ends a key, also when the drop of the value panics.
        struct Key<K: PathKey + ?Sized, H: Handle>(Option<K::Stored>, crate::arena::Raw<H>);
        impl<K: PathKey + ?Sized, H: Handle> Drop for Key<K, H> {
            fn drop(&mut self) {
                if let Some(key) = self.0.take() {
                    K::end(key, self.1);
                }
            }
        }
        let record = self.slab.get_mut(number);
        let (key, value, deep) = (record.take_key(), record.take_value(), record.is_deep());
        self.slab.give_back(number);
        self.values -= usize::from(value.is_some());
        self.deep -= u32::from(deep);
        let _key = Key::<K, H>(key, self.table.handle().raw());
        drop(value);
    }

    /// Removes a node that has neither value nor children, and then its parent, if that has neither, and so on.
    pub(super) fn prune(&mut self, number: u32) {
        self.prune_below(number, 0);
    }

    /// As [`prune`](Self::prune), up to a node that stays.
    pub(super) fn prune_below(&mut self, number: u32, stays: u32) {
        /// Goes on when the drop of a key panics.
        struct Pruning<'m, K: PathKey + ?Sized, V, S, H: Handle>(&'m mut PathMap<K, V, S, H>, u32, u32);
        impl<K: PathKey + ?Sized, V, S, H: Handle> Pruning<'_, K, V, S, H> {
            fn run(&mut self) {
                while self.1 != self.2 && self.1 != 0 {
                    let (map, at) = (&mut *self.0, self.1);
                    let record = map.slab.get(at);
                    if record.has_value() || record.last != 0 {
                        break;
                    }
                    self.1 = record.parent;
                    if at == map.root {
                        map.root = 0;
                    } else {
                        map.forget_entry(at);
                        map.slab.unlink(at);
                    }
                    map.free(at);
                }
                self.1 = 0;
            }
        }
        impl<K: PathKey + ?Sized, V, S, H: Handle> Drop for Pruning<'_, K, V, S, H> {
            fn drop(&mut self) {
                self.run();
            }
        }
        Pruning(self, number, stays).run();
    }

    /// Makes the root, which is not there.
    #[cold]
    fn make_root(&mut self) -> Result<u32, PathError> {
        let raw = self.table.arena()?;
        self.root = self.slab.try_add(raw)?;
        self.table.watch.bytes_beside(|| self.slab.bytes());
        Ok(self.root)
    }

    /// Puts a value where a node is.
    #[inline(always)]
    pub(super) fn set(&mut self, number: u32, value: V) -> Option<V> {
        let old = self.slab.get_mut(number).set_value(value);
        self.values += usize::from(old.is_none());
        old
    }

    /// Takes the value from a node, and the node away with it if nothing is below it.
    pub(super) fn take(&mut self, number: u32) -> Option<V> {
        let value = self.slab.get_mut(number).take_value()?;
        self.values -= 1;
        self.prune(number);
        Some(value)
    }

    /// Whether somebody asks how deep a node is.
    #[inline(always)]
    const fn is_depth_of_interest(&self) -> bool {
        self.depth_limit != usize::MAX || self.alarm.is_some()
    }

    /// How deep a node is, if somebody asks.
    #[inline]
    pub(super) fn depth_if_of_interest(&self, number: u32) -> usize {
        if self.is_depth_of_interest() && number != 0 {
            self.slab.levels(number, self.root)
        } else {
            0
        }
    }
}

impl<K: PathKey + ?Sized, V, S: BuildHasher, H: Handle> PathMap<K, V, S, H> {
    /// The node of a path from another one, made if need be: on refusal, and where user code panics, nothing is left of what
    /// was made.
    ///
    /// A node that was made has neither value nor children: it must be given something at once.
    #[inline(always)]
    pub(super) fn make<'q, Q, I>(&mut self, from: u32, depth: usize, path: I) -> Result<u32, PathError>
    where
        Q: PathPart<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        let mut making = Making::new(self, from, depth)?;
        making.along(&mut path.into_iter())?;
        Ok(making.finish())
    }

    /// As [`make`](Self::make), where the first of the parts is known to be missing.
    #[inline(always)]
    pub(super) fn make_missing<'q, Q, I>(&mut self, from: u32, depth: usize, path: I) -> Result<u32, PathError>
    where
        Q: PathPart<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        let mut making = Making::new(self, from, depth)?;
        making.fresh = true;
        making.along(&mut path.into_iter())?;
        Ok(making.finish())
    }

    /// Makes a child.
    #[inline(never)]
    fn create<Q: PathPart<K> + ?Sized>(&mut self, parent: u32, part: &Q, key_hash: u32) -> Result<u32, PathError> {
        let raw = self.table.arena()?;
        let key = part.make(raw)?;
        let number = match self.slab.try_add(raw) {
            Ok(number) => number,
            Err(cause) => {
                K::end(key, raw);
                return Err(cause.into());
            }
        };
        let hash = self.hash_for_child(parent, key_hash);
        if let Err(cause) = self.enter(Entry { hash, node: number }) {
            self.slab.has_no_child_yet(parent);
            self.slab.give_back(number);
            K::end(key, raw);
            return Err(cause);
        }
        let record = self.slab.link(parent, number);
        record.hash = hash;
        record.set_key(key);
        self.table.watch.bytes_beside(|| self.slab.bytes());
        Ok(number)
    }

    /// The hash of a key that a node is about to have below it.
    #[inline(always)]
    pub(super) fn hash_for_child(&mut self, parent: u32, key_hash: u32) -> u32 {
        let is_waiting = self.is_waiting();
        mix(key_hash, self.slab.salt_for_child(parent, is_waiting))
    }

    /// Puts an entry into the table.
    #[inline]
    pub(super) fn enter(&mut self, entry: Entry) -> Result<(), PathError> {
        if !self.table.is_moving() {
            let vacant = Vacant::at(&mut self.table, entry.spread());
            vacant.room(|| entry.spread(), Entry::spread)?.put(entry);
            return Ok(());
        }
        match self
            .table
            .search(KeyShape::Whole, || entry.spread(), |_| false, Entry::spread)
        {
            Search::Vacant(vacant) => {
                vacant.room(|| entry.spread(), Entry::spread)?.put(entry);
                Ok(())
            }
            Search::Found(_) => unreachable!("nothing is equal"),
        }
    }
}

/// A path on its way down. When it is dropped, what it made that has nothing is gone.
pub(super) struct Making<'m, K: PathKey + ?Sized, V, S, H: Handle> {
    pub(super) map: &'m mut PathMap<K, V, S, H>,
    /// 0 when it is done.
    pub(super) at: u32,
    depth: usize,
    /// What is here was made just now: nothing is below it.
    fresh: bool,
    alarmed: bool,
}

impl<'m, K: PathKey + ?Sized, V, S, H: Handle> Making<'m, K, V, S, H> {
    /// From a node; from the root, made if need be, where that is 0.
    #[inline(always)] // else the result goes through memory, in stores of another size than the loads: a lookup's time
    pub(super) fn new(map: &'m mut PathMap<K, V, S, H>, from: u32, depth: usize) -> Result<Self, PathError> {
        let at = if from == 0 { map.make_root()? } else { from };
        Ok(Self {
            map,
            at,
            depth,
            fresh: from == 0,
            alarmed: false,
        })
    }

    /// A level below, which is not there yet and must not be too deep.
    #[inline(always)]
    pub(super) const fn deepen(&mut self) -> Result<(), PathError> {
        let limit = self.map.depth_limit;
        if self.depth >= limit {
            return Err(PathError::TooDeep { limit });
        }
        self.depth += 1;
        Ok(())
    }

    /// Down by these parts.
    #[inline(never)] // so that an insertion is small where it is called
    pub(super) fn descend<Q, const N: usize>(&mut self, parts: [&Q; N]) -> Result<(), PathError>
    where
        Q: PathPart<K> + ?Sized,
        S: BuildHasher,
    {
        self.map.recycle_some(2 * N, 2 * N); // a step down to each node, and one to recycle it
        let keys = self.map.key_hashes(&parts);
        let mut there = 0;
        if !self.fresh {
            (self.at, there) = self.map.reach(self.at, &parts, &keys);
            self.depth += there; // what is there stays
        }
        while there < N {
            self.deepen()?;
            self.at = self.map.create(self.at, parts[there], keys[there])?;
            self.fresh = true;
            self.note_depth();
            there += 1;
        }
        Ok(())
    }

    /// Counts a node that was made here, if it is the first one of its path that is too deep for the alarm.
    #[inline(always)]
    pub(super) fn note_depth(&mut self) {
        if let Some((threshold, _)) = self.map.alarm
            && self.depth.checked_sub(1) == Some(threshold)
        {
            self.map.slab.get_mut(self.at).set_deep();
            self.map.deep += 1;
            self.alarmed |= self.map.deep == 1;
        }
    }

    /// Raises the alarm, if it is to be raised and has not been.
    #[inline]
    pub(super) fn raise(&mut self) {
        if mem::take(&mut self.alarmed)
            && let Some((_, alarm)) = self.map.alarm
        {
            alarm(self.depth);
        }
    }

    /// Keeps what was made. The alarm, if it is to be raised, is raised before.
    ///
    /// (Not by value: that would be a copy of what was written just now, read in other pieces.)
    #[inline]
    pub(super) fn finish(&mut self) -> u32 {
        self.raise();
        mem::take(&mut self.at)
    }
}

impl<'q, K, V, Q, S, H> Stride<'q, Q> for Making<'_, K, V, S, H>
where
    K: PathKey + ?Sized,
    Q: PathPart<K> + ?Sized + 'q,
    S: BuildHasher,
    H: Handle,
{
    type Stop = PathError;

    #[inline(always)]
    fn stride<const N: usize>(&mut self, parts: [&'q Q; N]) -> Result<(), PathError> {
        self.descend(parts)
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> Drop for Making<'_, K, V, S, H> {
    #[inline]
    fn drop(&mut self) {
        if self.at != 0 {
            self.map.prune(self.at);
        }
    }
}
