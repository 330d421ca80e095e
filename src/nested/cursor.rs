//! Levels by number: a cursor is found in O(1), however deep it is, and is `None` once its level is gone.

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use super::error::fail;
use super::key::{PathKey, PathPart};
use super::{Entry, InsertError, Node, PathMap};
use crate::arena::{Arena, Handle};
use crate::map::DefaultHashBuilder;

/// A level of a map, without the map: the number of its node, and how often that number was used before.
///
/// It outlives changes of the map, also a [move](PathMap::move_subtree) of the level. Once the level is gone, the calls that
/// take a cursor say `None`, even when something else stands at the same path. A cursor is of the map that it came from: another map
/// says `None`, or takes it for a level of its own.
///
/// # Examples
///
/// ```
/// use arenamap::PathMap;
///
/// let mut map = PathMap::<str, u32>::new();
/// map.insert(["a", "b", "c"], 1);
/// let cursor = map.cursor(["a", "b"]).unwrap();
/// map.below_mut(cursor).unwrap().insert(["d"], 2);
/// assert_eq!(map.get(["a", "b", "d"]), Some(&2));
///
/// map.remove_subtree(["a"]);
/// map.insert(["a", "b", "c"], 3);
/// assert!(map.below(cursor).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cursor {
    pub(super) number: u32,
    pub(super) generation: u32,
}

/// What is below a level, to read: [`PathMap::below`].
pub struct Below<'a, K: PathKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    map: &'a PathMap<K, V, S, H>,
    at: u32,
}

/// What is below a level, to change: [`PathMap::below_mut`].
///
/// Paths begin at the level; the empty path is the level itself.
pub struct BelowMut<'a, K: PathKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    map: &'a mut PathMap<K, V, S, H>,
    at: u32,
}

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// What is below the level of a cursor, to read; `None` if the level is gone.
    ///
    /// Allocates: never. Time: O(1); O(depth) while a subtree that was cut off waits to be recycled.
    #[inline]
    pub fn below(&self, cursor: Cursor) -> Option<Below<'_, K, V, S, H>> {
        let at = self.live(cursor)?;
        Some(Below { map: self, at })
    }

    /// What is below the level of a cursor, to change; `None` if the level is gone.
    ///
    /// Allocates: never. Time: O(1); O(depth) while a subtree that was cut off waits to be recycled.
    #[inline]
    pub fn below_mut(&mut self, cursor: Cursor) -> Option<BelowMut<'_, K, V, S, H>> {
        let at = self.live(cursor)?;
        Some(BelowMut { map: self, at })
    }

    /// The level of a cursor, to look around from; `None` if the level is gone.
    ///
    /// Allocates: never. Time: O(1); O(depth) while a subtree that was cut off waits to be recycled.
    #[inline]
    pub fn node_at(&self, cursor: Cursor) -> Option<Node<'_, K, V>> {
        Some(Node::new(&self.slab, self.live(cursor)?))
    }
}

impl<K: PathKey + ?Sized, V, S: BuildHasher, H: Handle> PathMap<K, V, S, H> {
    /// The level of a path, for later calls.
    ///
    /// Allocates: never. Time: O(parts) on average.
    #[inline]
    pub fn cursor<'q, Q, I>(&self, path: I) -> Option<Cursor>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        Some(self.cursor_of(self.lead(self.root, path)?))
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> Clone for Below<'_, K, V, S, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> Copy for Below<'_, K, V, S, H> {}

impl<'a, K: PathKey + ?Sized, V, S: BuildHasher, H: Handle> Below<'a, K, V, S, H> {
    /// The value of a path below this level.
    ///
    /// Allocates: never. Time: O(parts) on average, however deep the level is.
    ///
    /// # Examples
    ///
    /// ```
    /// let map: arenamap::PathMap<str, u32> = [(["a", "b", "c"], 1)].into_iter().collect();
    /// let below = map.below(map.cursor(["a"]).unwrap()).unwrap();
    /// assert_eq!(below.get(["b", "c"]), Some(&1));
    /// ```
    #[inline]
    pub fn get<'q, Q, I>(self, path: I) -> Option<&'a V>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.map.lead_to_record(self.at, path)?.value()
    }

    /// True if the path below this level has a value.
    ///
    /// Allocates: never. Time: O(parts) on average, however deep the level is.
    #[inline]
    pub fn contains<'q, Q, I>(self, path: I) -> bool
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.get(path).is_some()
    }

    /// A level below this one, for later calls.
    ///
    /// Allocates: never. Time: O(parts) on average, however deep the level is.
    #[inline]
    pub fn cursor<'q, Q, I>(self, path: I) -> Option<Cursor>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        Some(self.map.cursor_of(self.map.lead(self.at, path)?))
    }

    /// The level, to look around from.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn node(self) -> Node<'a, K, V> {
        Node::new(&self.map.slab, self.at)
    }
}

impl<'a, K: PathKey + ?Sized, V, S: BuildHasher, H: Handle> BelowMut<'a, K, V, S, H> {
    /// The value of a path below this level.
    ///
    /// Allocates: never. Time: O(parts) on average, however deep the level is.
    #[inline]
    pub fn get<'q, Q, I>(&self, path: I) -> Option<&V>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.map.lead_to_record(self.at, path)?.value()
    }

    /// The value of a path below this level, to change in place.
    ///
    /// Allocates: never. Time: O(parts) on average, however deep the level is.
    #[inline]
    pub fn get_mut<'q, Q, I>(&mut self, path: I) -> Option<&mut V>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        let node = self.map.lead(self.at, path)?;
        self.map.slab.get_mut(node).value_mut()
    }

    /// Sets the value of a path below this level and returns the old one: [`PathMap::insert`].
    ///
    /// Allocates: arena, for new levels. Time: O(parts) on average, amortised, however deep the level is; O(depth) more if the
    /// map has a depth limit or an alarm.
    ///
    /// # Panics
    ///
    /// If the arena refuses, or the path is deeper than the map may be; the twin is [`try_insert`](Self::try_insert).
    #[inline]
    #[track_caller]
    pub fn insert<'q, Q, I>(&mut self, path: I, value: V) -> Option<V>
    where
        Q: PathPart<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        match self.try_insert(path, value) {
            Ok(old) => old,
            Err(error) => fail(error.cause, "BelowMut::try_insert"),
        }
    }

    /// Like [`insert`](Self::insert), but gives the value back when it is refused.
    ///
    /// Allocates: arena, for new levels. Time: O(parts) on average, amortised, as for [`insert`](Self::insert).
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the value and the cause. Levels that were made for the path are gone again.
    #[inline]
    pub fn try_insert<'q, Q, I>(&mut self, path: I, value: V) -> Result<Option<V>, InsertError<V>>
    where
        Q: PathPart<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.map.recycle();
        let depth = self.map.depth_if_of_interest(self.at);
        match self.map.make(self.at, depth, path) {
            Ok(node) => Ok(self.map.set(node, value)),
            Err(cause) => Err(InsertError { value, cause }),
        }
    }

    /// The place of a path below this level: [`PathMap::entry`].
    ///
    /// Allocates: never; inserting: arena. Time: O(parts) on average, however deep the level is; O(depth) more if the map has
    /// a depth limit or an alarm.
    #[inline]
    pub fn entry<'q, Q, I>(self, path: I) -> Entry<'a, K, V, I::IntoIter, S, H>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        Entry::at(self.map, self.at, path.into_iter())
    }

    /// Removes the value of a path below this level and returns it: [`PathMap::remove`]. The level may disappear.
    ///
    /// Allocates: never. Time: O(parts and levels that disappear) on average.
    #[inline]
    pub fn remove<'q, Q, I>(self, path: I) -> Option<V>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.map.recycle();
        let node = self.map.lead(self.at, path)?;
        self.map.take(node)
    }

    /// Cuts off what is at a path below this level: [`PathMap::remove_subtree`]. The level may disappear.
    ///
    /// Allocates: never. Time: O(parts and levels that disappear) on average.
    pub fn remove_subtree<'q, Q, I>(self, path: I) -> bool
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.map.recycle();
        match self.map.lead(self.at, path) {
            Some(node) => {
                self.map.cut_off(node);
                true
            }
            None => false,
        }
    }

    /// A level below this one, for later calls.
    ///
    /// Allocates: never. Time: O(parts) on average, however deep the level is.
    #[inline]
    pub fn cursor<'q, Q, I>(&self, path: I) -> Option<Cursor>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        Some(self.map.cursor_of(self.map.lead(self.at, path)?))
    }

    /// The level, to look around from.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn node(&self) -> Node<'_, K, V> {
        Node::new(&self.map.slab, self.at)
    }
}
