//! Iterators. None of them allocates; each is tied to its map, and through it to the arena.

use core::fmt;
use core::iter::FusedIterator;

use hashbrown::hash_table;

use super::core::Core;
use super::directory::{Directory, SegmentId, Tables, TablesMut};
use super::segment::Table;
use crate::arena::{Arena, Handle, Held, Raw};

/// Every table of a core.
pub(crate) struct AllTables<'a, T, H: Handle> {
    flat: Option<&'a Table<T, H>>,
    split: Tables<'a, T, H>,
}

impl<'a, T, H: Handle> AllTables<'a, T, H> {
    pub(crate) fn new(flat: Option<&'a Table<T, H>>, split: Tables<'a, T, H>) -> Self {
        Self { flat, split }
    }
}

impl<'a, T, H: Handle> Iterator for AllTables<'a, T, H> {
    type Item = &'a Table<T, H>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self.flat.take() {
            Some(table) => Some(table),
            None => self.split.next(),
        }
    }
}

/// Every table of a core, exclusively, and the count of entries where there is one beside the tables' own.
pub(crate) struct AllTablesMut<'a, T, H: Handle> {
    pub(crate) flat: Option<&'a mut Table<T, H>>,
    pub(crate) split: TablesMut<'a, T, H>,
    pub(crate) len: Option<&'a mut usize>,
}

/// Shared entries of a core.
pub(crate) struct RawIter<'a, T, H: Handle> {
    table: hash_table::Iter<'a, T>,
    rest: Tables<'a, T, H>,
    left: usize,
}

impl<'a, T, H: Handle> RawIter<'a, T, H> {
    #[inline]
    pub(crate) fn new(core: &'a Core<T, H>) -> Self {
        let AllTables { flat, split } = core.tables();
        Self {
            table: flat.map(Table::iter).unwrap_or_default(),
            rest: split,
            left: core.len(),
        }
    }
}

impl<T, H: Handle> Clone for RawIter<'_, T, H> {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            table: self.table.clone(),
            rest: self.rest.clone(),
            left: self.left,
        }
    }
}

impl<T, H: Handle> Default for RawIter<'_, T, H> {
    fn default() -> Self {
        Self {
            table: hash_table::Iter::default(),
            rest: Tables::none(),
            left: 0,
        }
    }
}

impl<'a, T, H: Handle> Iterator for RawIter<'a, T, H> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        loop {
            if let Some(entry) = self.table.next() {
                self.left -= 1;
                return Some(entry);
            }
            self.table = self.rest.next()?.iter();
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
        let init = self.table.fold(init, &mut f);
        self.rest.fold(init, |acc, table| table.iter().fold(acc, &mut f))
    }
}

/// Exclusive entries of a core.
pub(crate) struct RawIterMut<'a, T, H: Handle> {
    table: hash_table::IterMut<'a, T>,
    rest: TablesMut<'a, T, H>,
    left: usize,
}

impl<'a, T, H: Handle> RawIterMut<'a, T, H> {
    #[inline]
    pub(crate) fn new(core: &'a mut Core<T, H>) -> Self {
        let left = core.len();
        let AllTablesMut { flat, split: rest, .. } = core.tables_mut();
        Self {
            table: flat.map(Table::iter_mut).unwrap_or_default(),
            rest,
            left,
        }
    }

    /// What is left, shared.
    fn peek(&self) -> RawIter<'_, T, H> {
        RawIter {
            table: self.table.iter(),
            rest: self.rest.peek(),
            left: self.left,
        }
    }
}

impl<T, H: Handle> Default for RawIterMut<'_, T, H> {
    fn default() -> Self {
        Self {
            table: hash_table::IterMut::default(),
            rest: TablesMut::none(),
            left: 0,
        }
    }
}

impl<'a, T, H: Handle> Iterator for RawIterMut<'a, T, H> {
    type Item = &'a mut T;

    #[inline]
    fn next(&mut self) -> Option<&'a mut T> {
        loop {
            if let Some(entry) = self.table.next() {
                self.left -= 1;
                return Some(entry);
            }
            self.table = self.rest.next()?.iter_mut();
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
        let init = self.table.fold(init, &mut f);
        self.rest.fold(init, |acc, table| table.iter_mut().fold(acc, &mut f))
    }
}

/// Entries of a consumed map. Fields drop in order: tables before the handle that keeps their arena.
pub(crate) struct RawIntoIter<T, H: Handle> {
    table: Option<hash_table::IntoIter<T, Raw<H>>>,
    rest: Option<Directory<T, H>>,
    cursor: Option<SegmentId<T, H>>,
    left: usize,
    _handle: Held<H>,
}

impl<T, H: Handle> RawIntoIter<T, H> {
    /// (The handle comes first: arguments drop from the last to the first, as the fields do from the first to the last.)
    pub(crate) fn new(handle: Held<H>, core: Core<T, H>) -> Self {
        let left = core.len();
        let (table, rest) = core.into_tables();
        let cursor = rest.as_ref().map(Directory::first);
        Self {
            table: table.map(IntoIterator::into_iter),
            rest,
            cursor,
            left,
            _handle: handle,
        }
    }
}

impl<T, H: Handle> Iterator for RawIntoIter<T, H> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        loop {
            if let Some(entry) = self.table.as_mut().and_then(Iterator::next) {
                self.left -= 1;
                return Some(entry);
            }
            let table = self.rest.as_mut()?.take_table(&mut self.cursor)?;
            self.table = Some(table.into_iter());
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Entries leaving a core that stays. The count of a table's entries goes when the table's turn comes, so that a
/// leaked drain leaves a map that counts what it holds.
pub(crate) struct RawDrain<'a, T, H: Handle> {
    table: Option<hash_table::Drain<'a, T, Raw<H>>>,
    rest: TablesMut<'a, T, H>,
    len: Option<&'a mut usize>,
    left: usize,
}

impl<'a, T, H: Handle> RawDrain<'a, T, H> {
    pub(crate) fn new(core: &'a mut Core<T, H>) -> Self {
        core.record();
        let left = core.len();
        let AllTablesMut { flat, split: rest, len } = core.tables_mut();
        Self {
            table: flat.map(Table::drain),
            rest,
            len,
            left,
        }
    }

    fn next_table(&mut self) -> Option<&'a mut Table<T, H>> {
        let table = self.rest.next()?;
        if let Some(len) = &mut self.len {
            **len -= table.len();
        }
        Some(table)
    }
}

impl<T, H: Handle> Iterator for RawDrain<'_, T, H> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        loop {
            if let Some(entry) = self.table.as_mut().and_then(Iterator::next) {
                self.left -= 1;
                return Some(entry);
            }
            self.table = None; // puts the emptied table back before the next is touched
            self.table = Some(self.next_table()?.drain());
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T, H: Handle> Drop for RawDrain<'_, T, H> {
    fn drop(&mut self) {
        self.table = None;
        while let Some(table) = self.next_table() {
            table.clear();
        }
    }
}

/// Entries that a closure picks, leaving a core that stays.
pub(crate) struct RawExtractIf<'a, T, H: Handle> {
    table: Option<&'a mut Table<T, H>>,
    bucket: usize,
    rest: TablesMut<'a, T, H>,
    len: Option<&'a mut usize>,
}

impl<'a, T, H: Handle> RawExtractIf<'a, T, H> {
    pub(crate) fn new(core: &'a mut Core<T, H>) -> Self {
        core.note_peak();
        let AllTablesMut {
            flat: table,
            split: mut rest,
            len,
        } = core.tables_mut();
        Self {
            table: table.or_else(|| rest.next()),
            bucket: 0,
            rest,
            len,
        }
    }

    pub(crate) fn next(&mut self, mut pick: impl FnMut(&mut T) -> bool) -> Option<T> {
        loop {
            let table = self.table.as_mut()?;
            while self.bucket < table.num_buckets() {
                let bucket = self.bucket;
                self.bucket += 1;
                if let Ok(mut occupied) = table.get_bucket_entry(bucket)
                    && pick(occupied.get_mut())
                {
                    if let Some(len) = &mut self.len {
                        **len -= 1;
                    }
                    return Some(occupied.remove().0);
                }
            }
            self.table = self.rest.next();
            self.bucket = 0;
        }
    }

    /// The most entries that can still come.
    pub(crate) fn at_most(&self) -> usize {
        self.table.as_ref().map_or(0, |table| table.len()) + self.rest.peek().map(Table::len).sum::<usize>()
    }
}

/// Declares a public iterator over one of the raw ones: fields, traits, and how an entry becomes an item. For the maps with keys
/// of any type, and for `StrMap`.
macro_rules! iterator {
    (
        $(#[$doc:meta])*
        $name:ident<$($life:lifetime,)? $($type:ident),+> = $raw:ty, $item:ty, |$entry:pat_param| $map:expr
    ) => {
        $(#[$doc])*
        pub struct $name<$($life,)? $($type,)+ H: Handle = Arena> {
            pub(crate) raw: $raw,
        }

        impl<$($life,)? $($type,)+ H: Handle> Iterator for $name<$($life,)? $($type,)+ H> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                self.raw.next().map(|$entry| $map)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.raw.size_hint()
            }

            #[inline]
            fn count(self) -> usize {
                self.raw.size_hint().0
            }

            #[inline]
            fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
                self.raw.fold(init, |acc, $entry| f(acc, $map))
            }
        }

        impl<$($life,)? $($type,)+ H: Handle> ExactSizeIterator for $name<$($life,)? $($type,)+ H> {}
        impl<$($life,)? $($type,)+ H: Handle> FusedIterator for $name<$($life,)? $($type,)+ H> {}
    };
}
pub(super) use iterator;

macro_rules! shared_traits {
    ($($name:ident),*) => {$(
        impl<K, V, H: Handle> Clone for $name<'_, K, V, H> {
            #[inline]
            fn clone(&self) -> Self {
                Self { raw: self.raw.clone() }
            }
        }

        impl<K, V, H: Handle> Default for $name<'_, K, V, H> {
            /// An iterator over nothing.
            fn default() -> Self {
                Self { raw: RawIter::default() }
            }
        }
    )*};
}

iterator! {
    /// Entries by shared reference, in no order: [`ArenaMap::iter`](super::ArenaMap::iter).
    Iter<'a, K, V> = RawIter<'a, (K, V), H>, (&'a K, &'a V), |(key, value)| (key, value)
}
iterator! {
    /// Keys, in no order: [`ArenaMap::keys`](super::ArenaMap::keys).
    Keys<'a, K, V> = RawIter<'a, (K, V), H>, &'a K, |(key, _)| key
}
iterator! {
    /// Values, in no order: [`ArenaMap::values`](super::ArenaMap::values).
    Values<'a, K, V> = RawIter<'a, (K, V), H>, &'a V, |(_, value)| value
}
iterator! {
    /// Entries with the value by exclusive reference: [`ArenaMap::iter_mut`](super::ArenaMap::iter_mut).
    IterMut<'a, K, V> = RawIterMut<'a, (K, V), H>, (&'a K, &'a mut V), |(key, value)| (&*key, value)
}
iterator! {
    /// Values by exclusive reference: [`ArenaMap::values_mut`](super::ArenaMap::values_mut).
    ValuesMut<'a, K, V> = RawIterMut<'a, (K, V), H>, &'a mut V, |(_, value)| value
}
iterator! {
    /// Entries by value: `into_iter` of an [`ArenaMap`](super::ArenaMap). Keeps the arena until it is dropped.
    IntoIter<K, V> = RawIntoIter<(K, V), H>, (K, V), |entry| entry
}
iterator! {
    /// Keys by value: [`ArenaMap::into_keys`](super::ArenaMap::into_keys).
    IntoKeys<K, V> = RawIntoIter<(K, V), H>, K, |(key, _)| key
}
iterator! {
    /// Values by value: [`ArenaMap::into_values`](super::ArenaMap::into_values).
    IntoValues<K, V> = RawIntoIter<(K, V), H>, V, |(_, value)| value
}
iterator! {
    /// Entries leaving a map that keeps its blocks: [`ArenaMap::drain`](super::ArenaMap::drain).
    Drain<'a, K, V> = RawDrain<'a, (K, V), H>, (K, V), |entry| entry
}

shared_traits!(Iter, Keys, Values);

impl<K, V, H: Handle> Default for IterMut<'_, K, V, H> {
    /// An iterator over nothing.
    fn default() -> Self {
        Self {
            raw: RawIterMut::default(),
        }
    }
}

impl<K, V, H: Handle> Default for ValuesMut<'_, K, V, H> {
    /// An iterator over nothing.
    fn default() -> Self {
        Self {
            raw: RawIterMut::default(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, H: Handle> fmt::Debug for Iter<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<K: fmt::Debug, V, H: Handle> fmt::Debug for Keys<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<K, V: fmt::Debug, H: Handle> fmt::Debug for Values<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<K: fmt::Debug, V: fmt::Debug, H: Handle> fmt::Debug for IterMut<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.raw.peek()).finish()
    }
}

impl<K, V: fmt::Debug, H: Handle> fmt::Debug for ValuesMut<'_, K, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.raw.peek().map(|(_, value)| value)).finish()
    }
}

macro_rules! debug_as_count {
    ($($name:ident $(<$life:lifetime>)?),*) => {$(
        impl<K, V, H: Handle> fmt::Debug for $name<$($life,)? K, V, H> {
            /// Shows how many entries are left; they are about to be moved out.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("left", &self.raw.size_hint().0).finish()
            }
        }
    )*};
}

debug_as_count!(IntoIter, IntoKeys, IntoValues, Drain<'_>);

/// Entries that a closure picks, leaving the map: [`ArenaMap::extract_if`](super::ArenaMap::extract_if).
///
/// Dropped before its end, it leaves what it has not reached in the map.
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct ExtractIf<'a, K, V, F, H: Handle = Arena> {
    pub(crate) raw: RawExtractIf<'a, (K, V), H>,
    pub(crate) pick: F,
}

impl<K, V, F: FnMut(&K, &mut V) -> bool, H: Handle> Iterator for ExtractIf<'_, K, V, F, H> {
    type Item = (K, V);

    #[inline]
    fn next(&mut self) -> Option<(K, V)> {
        let pick = &mut self.pick;
        self.raw.next(|(key, value)| pick(key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.raw.at_most()))
    }
}

impl<K, V, F: FnMut(&K, &mut V) -> bool, H: Handle> FusedIterator for ExtractIf<'_, K, V, F, H> {}

impl<K, V, F, H: Handle> fmt::Debug for ExtractIf<'_, K, V, F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf")
            .field("at_most", &self.raw.at_most())
            .finish()
    }
}
