//! The place of a path in a map. Levels are made only when a vacant place is filled.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::mem;

use equivalent::Equivalent;

use super::error::fail;
use super::find::{STRIDE, Stride};
use super::key::{PathKey, PathPart};
use super::{Cursor, InsertError, Node, PathMap};
use crate::arena::{Arena, Handle};
use crate::map::DefaultHashBuilder;

/// The place of a path: [`PathMap::entry`].
///
/// `I` is the iterator of the path, of which a vacant place keeps the rest.
pub enum Entry<'a, K: PathKey + ?Sized, V, I: Iterator, S = DefaultHashBuilder, H: Handle = Arena> {
    /// The path has a value.
    Occupied(OccupiedEntry<'a, K, V, S, H>),
    /// The path has no value; perhaps there is nothing at all.
    Vacant(VacantEntry<'a, K, V, I, S, H>),
}

/// The place of a path that has a value.
pub struct OccupiedEntry<'a, K: PathKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    map: &'a mut PathMap<K, V, S, H>,
    node: u32,
}

/// The place of a path that has no value.
pub struct VacantEntry<'a, K: PathKey + ?Sized, V, I: Iterator, S = DefaultHashBuilder, H: Handle = Arena> {
    map: &'a mut PathMap<K, V, S, H>,
    /// The deepest level that is there; 0: not even the root.
    at: u32,
    depth: usize,
    /// The parts that are missing, of those that were taken from the iterator.
    missing: [Option<I::Item>; STRIDE],
    /// What was not taken from the iterator; `None` where it has said that there is no more.
    rest: Option<I>,
}

impl<'a, 'q, K, V, Q, I, S, H> Entry<'a, K, V, I, S, H>
where
    K: PathKey + ?Sized,
    Q: Hash + Equivalent<K> + ?Sized + 'q,
    I: Iterator<Item = &'q Q>,
    S: BuildHasher,
    H: Handle,
{
    /// The place of a path below the root, or below a node.
    #[inline]
    pub(super) fn at(map: &'a mut PathMap<K, V, S, H>, below: u32, mut path: I) -> Self {
        let at = if below == 0 { map.root } else { below };
        let depth = map.depth_if_of_interest(at);
        let mut search = Search { map, at, depth };
        let (mut missing, mut has_more) = ([None; STRIDE], true);
        if at != 0 {
            match search.along(&mut path) {
                Err(parts) => (missing, has_more) = (parts, parts[STRIDE - 1].is_some()),
                Ok(()) if search.map.slab.get(search.at).has_value() => {
                    let node = search.at;
                    return Self::Occupied(OccupiedEntry { map, node });
                }
                Ok(()) => has_more = false,
            }
        }
        let Search { at, depth, .. } = search;
        Self::Vacant(VacantEntry {
            map,
            at,
            depth,
            missing,
            rest: has_more.then_some(path),
        })
    }
}

/// A path as far as it is there.
struct Search<'m, K: PathKey + ?Sized, V, S, H: Handle> {
    map: &'m PathMap<K, V, S, H>,
    at: u32,
    depth: usize,
}

impl<'q, K, V, Q, S, H> Stride<'q, Q> for Search<'_, K, V, S, H>
where
    K: PathKey + ?Sized,
    Q: Hash + Equivalent<K> + ?Sized + 'q,
    S: BuildHasher,
    H: Handle,
{
    /// The parts that are missing.
    type Stop = [Option<&'q Q>; STRIDE];

    #[inline(never)] // so that an entry is small where it is called
    fn stride<const N: usize>(&mut self, parts: [&'q Q; N]) -> Result<(), Self::Stop> {
        let keys = self.map.key_hashes(&parts);
        let (at, there) = self.map.reach(self.at, &parts, &keys);
        (self.at, self.depth) = (at, self.depth + there);
        if there == N {
            return Ok(());
        }
        let mut missing = [None; STRIDE];
        for (place, part) in missing.iter_mut().zip(parts).skip(there) {
            *place = Some(part);
        }
        Err(missing)
    }
}

impl<K: PathKey + ?Sized, V, I: Iterator, S, H: Handle> Entry<'_, K, V, I, S, H> {
    /// Changes the value, if there is one.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::PathMap<str, u32> = [(["a", "b"], 1)].into_iter().collect();
    /// map.entry(["a", "b"]).and_modify(|value| *value += 1).or_insert(0);
    /// assert_eq!(map.get(["a", "b"]), Some(&2));
    /// ```
    #[inline]
    #[allow(
        clippy::return_self_not_must_use,
        reason = "called for its effect alone, as hashbrown's"
    )]
    pub fn and_modify<F: FnOnce(&mut V)>(mut self, change: F) -> Self {
        if let Entry::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }
}

impl<'a, 'q, K, V, Q, I, S, H> Entry<'a, K, V, I, S, H>
where
    K: PathKey + ?Sized,
    Q: PathPart<K> + ?Sized + 'q,
    I: Iterator<Item = &'q Q>,
    S: BuildHasher,
    H: Handle,
{
    /// The value, inserted if there was none.
    ///
    /// Allocates: arena, for new levels. Time: O(new levels) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses, or the path is deeper than the map may be; the twin is [`try_or_insert`](Self::try_or_insert).
    #[inline]
    #[track_caller]
    pub fn or_insert(self, default: V) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default),
        }
    }

    /// The value, made and inserted if there was none.
    ///
    /// Allocates: arena, for new levels. Time: O(new levels) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses, or the path is deeper than the map may be; the twin is
    /// [`try_or_insert_with`](Self::try_or_insert_with).
    #[inline]
    #[track_caller]
    pub fn or_insert_with<F: FnOnce() -> V>(self, default: F) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default()),
        }
    }

    /// The value, inserted as `V::default()` if there was none.
    ///
    /// Allocates: arena, for new levels. Time: O(new levels) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses, or the path is deeper than the map may be; the twin is
    /// [`try_or_insert_with`](Self::try_or_insert_with).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new();
    /// *map.entry(["a", "b"]).or_default() += 1;
    /// assert_eq!(map.get(["a", "b"]), Some(&1));
    /// ```
    #[inline]
    #[track_caller]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Like [`or_insert`](Self::or_insert), but gives the value back when it is refused.
    ///
    /// Allocates: arena, for new levels. Time: O(new levels) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the value and the cause. Levels that were made are gone again.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new().with_depth_limit(1);
    /// assert_eq!(map.entry(["a"]).try_or_insert(1).unwrap(), &mut 1);
    /// assert_eq!(map.entry(["a", "b"]).try_or_insert(2).unwrap_err().value, 2);
    /// ```
    #[inline]
    pub fn try_or_insert(self, default: V) -> Result<&'a mut V, InsertError<V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.try_insert(default),
        }
    }

    /// Like [`or_insert_with`](Self::or_insert_with), but gives the value back when it is refused.
    ///
    /// Allocates: arena, for new levels. Time: O(new levels) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the value and the cause. Levels that were made are gone again.
    #[inline]
    pub fn try_or_insert_with<F: FnOnce() -> V>(self, default: F) -> Result<&'a mut V, InsertError<V>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.try_insert(default()),
        }
    }
}

impl<'a, K: PathKey + ?Sized, V, S, H: Handle> OccupiedEntry<'a, K, V, S, H> {
    /// The value.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get(&self) -> &V {
        self.map.slab.value(self.node)
    }

    /// The value, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        self.map.slab.value_mut(self.node)
    }

    /// The value, for as long as the map is borrowed.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn into_mut(self) -> &'a mut V {
        self.map.slab.value_mut(self.node)
    }

    /// Sets the value and returns the old one.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        mem::replace(self.get_mut(), value)
    }

    /// Removes the value and returns it. Levels that have nothing then disappear.
    ///
    /// Allocates: never. Time: O(levels that disappear) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::nested::Entry;
    ///
    /// let mut map: PathMap<str, u32> = [(["a", "b"], 1)].into_iter().collect();
    /// if let Entry::Occupied(entry) = map.entry(["a", "b"]) {
    ///     assert_eq!(entry.remove(), 1);
    /// }
    /// assert!(map.is_empty());
    /// ```
    #[inline]
    pub fn remove(self) -> V {
        match self.map.take(self.node) {
            Some(value) => value,
            None => unreachable!("an occupied entry has a value"),
        }
    }

    /// The level of this place.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn node(&self) -> Node<'_, K, V> {
        Node::new(&self.map.slab, self.node)
    }

    /// The place of this level without its map, for later calls.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn cursor(&self) -> Cursor {
        self.map.cursor_of(self.node)
    }
}

impl<'a, 'q, K, V, Q, I, S, H> VacantEntry<'a, K, V, I, S, H>
where
    K: PathKey + ?Sized,
    Q: PathPart<K> + ?Sized + 'q,
    I: Iterator<Item = &'q Q>,
    S: BuildHasher,
    H: Handle,
{
    /// Makes the levels that are missing, and sets the value.
    ///
    /// Allocates: arena, for new levels. Time: O(new levels) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses, or the path is deeper than the map may be; the twin is [`try_insert`](Self::try_insert).
    #[inline]
    #[track_caller]
    pub fn insert(self, value: V) -> &'a mut V {
        match self.try_insert(value) {
            Ok(value) => value,
            Err(error) => fail(error.cause, "VacantEntry::try_insert"),
        }
    }

    /// Like [`insert`](Self::insert), but gives the value back when it is refused.
    ///
    /// Allocates: arena, for new levels. Time: O(new levels) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the value and the cause. Levels that were made are gone again.
    #[inline]
    pub fn try_insert(self, value: V) -> Result<&'a mut V, InsertError<V>> {
        let Self {
            map,
            at,
            depth,
            missing,
            rest,
        } = self;
        map.recycle(); // what waits is not what this place is in
        match map.make_missing(
            at,
            depth,
            missing.into_iter().flatten().chain(rest.into_iter().flatten()),
        ) {
            Ok(node) => {
                map.set(node, value);
                Ok(map.slab.value_mut(node))
            }
            Err(cause) => Err(InsertError { value, cause }),
        }
    }
}

impl<K: PathKey + ?Sized, V: fmt::Debug, I: Iterator, S, H: Handle> fmt::Debug for Entry<'_, K, V, I, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Self::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<K: PathKey + ?Sized, V: fmt::Debug, S, H: Handle> fmt::Debug for OccupiedEntry<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry")
            .field("value", self.get())
            .finish_non_exhaustive()
    }
}

impl<K: PathKey + ?Sized, V, I: Iterator, S, H: Handle> fmt::Debug for VacantEntry<'_, K, V, I, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VacantEntry").finish_non_exhaustive()
    }
}
