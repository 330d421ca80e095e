//! Constructors, settings and copies.

use core::hash::BuildHasher;
use core::mem;

use super::key::{PathKey, PathPart};
use super::slab::Slab;
use super::tree::Making;
use super::{PathError, PathMap, Step};
use crate::arena::{Arena, Handle, Held};
use crate::error::{ArenaError, fail_map};
use crate::map::DefaultHashBuilder;
use crate::observe::watch::Kind;
use crate::table::Table;

impl<K: PathKey + ?Sized, V> PathMap<K, V> {
    /// An empty map that owns a new arena.
    ///
    /// Allocates: never; the arena comes with the first value. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new();
    /// map.insert(["a", "b"], 1);
    /// ```
    #[must_use]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn new() -> Self {
        Self::new_in(Arena::new())
    }
}

impl<K: PathKey + ?Sized, V, H: Handle> PathMap<K, V, DefaultHashBuilder, H> {
    /// An empty map in the given arena.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, PathMap};
    ///
    /// let arena = Arena::new();
    /// let mut map = PathMap::<str, u32, _, _>::new_in(&arena);
    /// map.insert(["a", "b"], 1);
    /// ```
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn new_in(handle: H) -> Self {
        Self::with_hasher_in(DefaultHashBuilder::default(), handle)
    }
}

impl<K: PathKey + ?Sized, V, S> PathMap<K, V, S> {
    /// An empty map with the given hasher, that owns a new arena.
    ///
    /// Allocates: never; the arena comes with the first value. Time: O(1).
    #[must_use]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn with_hasher(hash_builder: S) -> Self {
        Self::with_hasher_in(hash_builder, Arena::new())
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// An empty map with the given hasher, in the given arena.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn with_hasher_in(hash_builder: S, handle: H) -> Self {
        Self {
            table: Table::new(Held::new(handle), Kind::PathMap),
            slab: Slab::new(),
            hash_builder,
            values: 0,
            depth_limit: usize::MAX,
            alarm: None,
            root: 0,
            cut: 0,
            recycling: 0,
            deep: 0,
        }
    }

    /// The same map with a limit: paths of more parts are refused. There is no limit otherwise.
    ///
    /// What is there already stays.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new().with_depth_limit(2);
    /// assert!(map.try_insert(["a", "b"], 1).is_ok());
    /// let error = map.try_insert(["a", "b", "c"], 1).unwrap_err();
    /// assert!(error.to_string().contains("deeper than the 2 levels"));
    /// ```
    #[must_use]
    pub const fn with_depth_limit(mut self, levels: usize) -> Self {
        self.depth_limit = levels;
        self
    }

    /// The most parts that a path may have, if there is a limit.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn depth_limit(&self) -> Option<usize> {
        match self.depth_limit {
            usize::MAX => None,
            limit => Some(limit),
        }
    }

    /// The same map with an alarm: `alarm` is called, with the depth of the path, when a path of more than `levels` parts is
    /// written; and then no more until the last level of such a path is gone and one comes again.
    ///
    /// It is called before the value is put in. Levels that are there already, before it is set or set anew, are not seen, nor are those that come by a move, of
    /// themselves or of what is above them; those that are moved up are not gone. Levels that were cut off are gone when they are recycled.
    ///
    /// Allocates: never. Time: O(1); O(levels) if another alarm was set before, and has been called.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// static ALARMS: AtomicUsize = AtomicUsize::new(0);
    /// let mut map = arenamap::PathMap::<str, u32>::new().with_depth_alarm(2, |_depth| {
    ///     ALARMS.fetch_add(1, Ordering::Relaxed);
    /// });
    /// map.insert(["a", "b"], 1);
    /// map.insert(["a", "b", "c"], 1); // deeper than 2
    /// map.insert(["a", "b", "d"], 1); // still
    /// assert_eq!(ALARMS.load(Ordering::Relaxed), 1);
    /// ```
    #[must_use]
    pub fn with_depth_alarm(mut self, levels: usize, alarm: fn(usize)) -> Self {
        if mem::take(&mut self.deep) > 0 {
            self.slab.forget_deep();
        }
        self.alarm = Some((levels, alarm));
        self
    }
}

/// Copies.
impl<K: PathKey + PathPart<K> + ?Sized, V: Clone, S: BuildHasher + Clone, H: Handle> PathMap<K, V, S, H> {
    /// A copy in the given arena, with the same settings and the same order.
    ///
    /// Allocates: arena. Time: O(levels) on average.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](Self::try_clone_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, PathMap};
    ///
    /// let map: PathMap<str, u32> = [(["a", "b"], 1)].into_iter().collect();
    /// let arena = Arena::new();
    /// let copy = map.clone_in(&arena);
    /// assert_eq!(copy.get(["a", "b"]), Some(&1));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> PathMap<K, V, S, H2> {
        match self.try_clone_in(handle) {
            Ok(copy) => copy,
            Err(cause) => fail_map(cause, "PathMap::try_clone_in"),
        }
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(levels) on average.
    ///
    /// # Errors
    ///
    /// The error of the arena; what was copied until then is given back.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<PathMap<K, V, S, H2>, ArenaError> {
        let mut copy = PathMap::with_hasher_in(self.hash_builder.clone(), handle);
        let mut at = 0;
        for step in self.walk() {
            let Step::Enter(node) = step else {
                at = copy.slab.get(at).parent;
                continue;
            };
            let made = match node.key() {
                Some(key) => copy.make(at, 0, [key]),
                None => Making::new(&mut copy, 0, 0).map(|mut making| making.finish()),
            };
            at = match made {
                Ok(made) => made,
                Err(PathError::Refused(cause)) => return Err(cause),
                Err(PathError::TooDeep { .. }) => unreachable!("the copy has no limit yet"),
            };
            if let Some(value) = node.value() {
                copy.set(at, value.clone());
            }
        }
        copy.depth_limit = self.depth_limit;
        copy.alarm = self.alarm;
        Ok(copy)
    }
}
