//! Methods that touch the value of one path.

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use super::error::fail;
use super::key::{PathKey, PathPart};
use super::{Entry, InsertError, Node, PathMap};
use crate::arena::Handle;

impl<K: PathKey + ?Sized, V, S: BuildHasher, H: Handle> PathMap<K, V, S, H> {
    /// The value of a path.
    ///
    /// Allocates: never. Time: O(parts) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new();
    /// map.insert(["service", "timeout"], 30);
    /// assert_eq!(map.get(["service", "timeout"]), Some(&30));
    /// assert_eq!(map.get("service/timeout".split('/')), Some(&30));
    /// assert_eq!(map.get(["service"]), None);
    ///
    /// // Of lists of strings, the parts are what they borrow.
    /// let (owned, borrowed) = (vec!["service".to_owned(), "timeout".to_owned()], vec!["service", "timeout"]);
    /// assert_eq!(map.get(owned.iter().map(String::as_str)), Some(&30));
    /// assert_eq!(map.get(borrowed.iter().copied()), Some(&30));
    /// assert_eq!(map.get([""; 0]), None); // the empty path
    /// ```
    #[inline]
    pub fn get<'q, Q, I>(&self, path: I) -> Option<&V>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.lead_to_record(self.root, path)?.value()
    }

    /// The value of a path, to change in place.
    ///
    /// Allocates: never. Time: O(parts) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::PathMap<str, u32> = [(["a", "b"], 1)].into_iter().collect();
    /// if let Some(value) = map.get_mut(["a", "b"]) {
    ///     *value += 1;
    /// }
    /// assert_eq!(map.get(["a", "b"]), Some(&2));
    /// ```
    #[inline]
    pub fn get_mut<'q, Q, I>(&mut self, path: I) -> Option<&mut V>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        let node = self.lead(self.root, path)?;
        self.slab.get_mut(node).value_mut()
    }

    /// True if the path has a value. Hashbrown's name for it is [`contains_key`](Self::contains_key).
    ///
    /// A level that has levels below and no value does not count: [`node`](Self::node) finds it.
    ///
    /// Allocates: never. Time: O(parts) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let map: arenamap::PathMap<str, u32> = [(["a", "b"], 1)].into_iter().collect();
    /// assert!(map.contains(["a", "b"]));
    /// assert!(!map.contains(["a"]) && map.node(["a"]).is_some());
    /// ```
    #[inline]
    pub fn contains<'q, Q, I>(&self, path: I) -> bool
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.get(path).is_some()
    }

    /// True if the path has a value.
    ///
    /// Allocates: never. Time: O(parts) on average.
    #[inline]
    pub fn contains_key<'q, Q, I>(&self, path: I) -> bool
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.contains(path)
    }

    /// The level of a path, to look around from.
    ///
    /// Allocates: never. Time: O(parts) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let map: arenamap::PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    /// let node = map.node(["a"]).unwrap();
    /// assert!(node.children().filter_map(|child| child.key()).eq(["b", "c"]));
    /// assert!(map.node(["x"]).is_none());
    /// ```
    #[inline]
    pub fn node<'q, Q, I>(&self, path: I) -> Option<Node<'_, K, V>>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        Some(Node::new(&self.slab, self.lead(self.root, path)?))
    }

    /// Sets the value of a path and returns the old one. Levels in between are made, and new keys are copied.
    ///
    /// Allocates: arena, for new levels. Time: O(parts) on average, amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses, or the path is deeper than the map may be; the twin is [`try_insert`](Self::try_insert).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new();
    /// assert_eq!(map.insert(["a", "b"], 1), None);
    /// assert_eq!(map.insert(["a", "b"], 2), Some(1));
    /// assert_eq!(map.insert(["a"], 3), None); // a level may have both
    /// ```
    #[inline]
    #[track_caller]
    pub fn insert<'q, Q, I>(&mut self, path: I, value: V) -> Option<V>
    where
        Q: PathPart<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        match self.try_insert(path, value) {
            Ok(old) => old,
            Err(error) => fail(error.cause, "PathMap::try_insert"),
        }
    }

    /// Like [`insert`](Self::insert), but gives the value back when it is refused.
    ///
    /// Allocates: arena, for new levels. Time: O(parts) on average, amortised.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the value and the cause: the arena, or the depth limit. Levels that were made for the path are
    /// gone again.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, PathMap};
    ///
    /// let arena = Arena::with_budget(2000);
    /// let mut map = PathMap::<str, u32, _, _>::new_in(&arena);
    /// map.insert(["a"], 1);
    /// let huge = "huge".repeat(1000);
    /// let error = map.try_insert(["b", "c", &huge], 2).unwrap_err();
    /// assert_eq!(error.value, 2);
    /// assert!(map.node(["b"]).is_none());
    /// ```
    #[inline]
    pub fn try_insert<'q, Q, I>(&mut self, path: I, value: V) -> Result<Option<V>, InsertError<V>>
    where
        Q: PathPart<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.recycle();
        match self.make(self.root, 0, path) {
            Ok(node) => Ok(self.set(node, value)),
            Err(cause) => Err(InsertError { value, cause }),
        }
    }

    /// The place of a path, occupied or vacant. Levels are made when something is inserted there, and not before.
    ///
    /// Allocates: never; inserting: arena. Time: O(parts) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut counts = arenamap::PathMap::<str, u32>::new();
    /// for line in ["a/b", "a/c", "a/b"] {
    ///     *counts.entry(line.split('/')).or_insert(0) += 1;
    /// }
    /// assert_eq!(counts.get(["a", "b"]), Some(&2));
    /// ```
    #[inline]
    pub fn entry<'q, Q, I>(&mut self, path: I) -> Entry<'_, K, V, I::IntoIter, S, H>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        Entry::at(self, 0, path.into_iter())
    }

    /// Removes the value of a path and returns it. Levels that have nothing then disappear.
    ///
    /// What is below the path stays: [`remove_subtree`](Self::remove_subtree) removes that, too.
    ///
    /// Allocates: never. Time: O(parts) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new();
    /// map.insert(["a", "b", "c"], 1);
    /// assert_eq!(map.remove(["a", "b"]), None);
    /// assert_eq!(map.remove(["a", "b", "c"]), Some(1));
    /// assert!(map.node(["a"]).is_none());
    /// ```
    #[inline]
    pub fn remove<'q, Q, I>(&mut self, path: I) -> Option<V>
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.recycle();
        let node = self.lead(self.root, path)?;
        self.take(node)
    }
}
