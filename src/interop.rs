//! hashbrown's maps and sets in our arenas, and conversions both ways.

#![allow(
    unsafe_code,
    reason = "keys of a map are known to be different, which hashbrown wants to be told"
)]

use core::hash::{BuildHasher, Hash};

use allocator_api2::alloc::Allocator;
use hashbrown::{HashMap, HashSet};

use crate::arena::{Arena, Handle};
use crate::error::{FromHashbrownError, fail_map as fail};
use crate::map::{ArenaMap, DefaultHashBuilder, MapBuilder};
use crate::set::ArenaSet;

/// hashbrown's map in a borrowed arena. Its tables are blocks of the arena, and go back to it when the map grows or is
/// dropped.
///
/// ```
/// use arenamap::{Arena, HashbrownMap, DefaultHashBuilder};
///
/// let arena = Arena::new();
/// let mut map: HashbrownMap<&str, u32> = HashbrownMap::with_hasher_in(DefaultHashBuilder::default(), &arena);
/// map.insert("a", 1);
/// assert!(arena.used() > 0);
/// ```
pub type HashbrownMap<'a, K, V, S = DefaultHashBuilder> = HashMap<K, V, S, &'a Arena>;

/// hashbrown's set in a borrowed arena.
pub type HashbrownSet<'a, T, S = DefaultHashBuilder> = HashSet<T, S, &'a Arena>;

impl<K: Eq + Hash, V, S: BuildHasher + Clone, H: Handle> ArenaMap<K, V, S, H> {
    /// Moves the entries of one of hashbrown's maps, with its hasher, into a map in the given arena. Each key is hashed
    /// once.
    ///
    /// Allocates: arena. Time: O(entries).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_from_hashbrown_in`](Self::try_from_hashbrown_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let theirs: hashbrown::HashMap<_, _, arenamap::DefaultHashBuilder> = [("a", 1)].into_iter().collect();
    /// let arena = Arena::new();
    /// let ours = ArenaMap::from_hashbrown_in(theirs, &arena);
    /// assert_eq!(ours["a"], 1);
    /// ```
    #[track_caller]
    pub fn from_hashbrown_in<A: Allocator>(map: HashMap<K, V, S, A>, handle: H) -> Self {
        match Self::try_from_hashbrown_in(map, handle) {
            Ok(map) => map,
            Err(error) => fail(error.cause, "ArenaMap::try_from_hashbrown_in"),
        }
    }

    /// Like [`from_hashbrown_in`](Self::from_hashbrown_in), but gives their map back when the arena refuses.
    ///
    /// The whole table is allocated before the first entry is moved.
    ///
    /// Allocates: arena. Time: O(entries).
    ///
    /// # Errors
    ///
    /// [`FromHashbrownError`] with their map, as it was, and the cause.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let theirs: hashbrown::HashMap<_, _, arenamap::DefaultHashBuilder> = [("a", 1)].into_iter().collect();
    /// let arena = Arena::with_budget(8);
    /// let refused = ArenaMap::try_from_hashbrown_in(theirs, &arena).unwrap_err();
    /// assert_eq!(refused.collection["a"], 1);
    /// ```
    pub fn try_from_hashbrown_in<A: Allocator>(
        map: HashMap<K, V, S, A>,
        handle: H,
    ) -> Result<Self, FromHashbrownError<HashMap<K, V, S, A>>> {
        let table = MapBuilder::with_hasher(map.hasher().clone()).capacity(map.len());
        let mut ours = match table.try_build_in(handle) {
            Ok(ours) => ours,
            Err(cause) => return Err(FromHashbrownError { collection: map, cause }),
        };
        for (key, value) in map {
            ours.insert_unique(ours.hash_of(&key), key, value);
        }
        Ok(ours)
    }

    /// Moves the entries, with this map's hasher, into one of hashbrown's maps in the given allocator. Each key is
    /// hashed once.
    ///
    /// Allocates: as the allocator does. Time: O(entries).
    ///
    /// # Panics
    ///
    /// If the allocator refuses, as hashbrown does.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    ///
    /// let arena = Arena::new();
    /// let theirs = ArenaMap::from([("a", 1)]).into_hashbrown_in(&arena);
    /// assert_eq!(theirs["a"], 1);
    /// ```
    pub fn into_hashbrown_in<A: Allocator>(self, allocator: A) -> HashMap<K, V, S, A> {
        let mut theirs = HashMap::with_capacity_and_hasher_in(self.len(), self.hasher().clone(), allocator);
        for (key, value) in self {
            // SAFETY: an equal key would have been the same entry of this map; where `Eq` is wrong, hashbrown promises
            // no memory fault either, but other answers.
            unsafe { theirs.insert_unique_unchecked(key, value) };
        }
        theirs
    }
}

impl<T: Eq + Hash, S: BuildHasher + Clone, H: Handle> ArenaSet<T, S, H> {
    /// Moves the elements of one of hashbrown's sets into a set in the given arena: as [`ArenaMap::from_hashbrown_in`].
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_from_hashbrown_in`](Self::try_from_hashbrown_in).
    #[track_caller]
    pub fn from_hashbrown_in<A: Allocator>(set: HashSet<T, S, A>, handle: H) -> Self {
        match Self::try_from_hashbrown_in(set, handle) {
            Ok(set) => set,
            Err(error) => fail(error.cause, "ArenaSet::try_from_hashbrown_in"),
        }
    }

    /// Like [`from_hashbrown_in`](Self::from_hashbrown_in), but gives their set back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Errors
    ///
    /// [`FromHashbrownError`] with their set, as it was, and the cause.
    pub fn try_from_hashbrown_in<A: Allocator>(
        set: HashSet<T, S, A>,
        handle: H,
    ) -> Result<Self, FromHashbrownError<HashSet<T, S, A>>> {
        let table = MapBuilder::with_hasher(set.hasher().clone()).capacity(set.len());
        let mut ours = match table.try_build_in(handle) {
            Ok(ours) => ours,
            Err(cause) => return Err(FromHashbrownError { collection: set, cause }),
        };
        for element in set {
            ours.insert_unique(ours.hash_of(&element), element, ());
        }
        Ok(Self::from(ours))
    }

    /// Moves the elements into one of hashbrown's sets: as [`ArenaMap::into_hashbrown_in`].
    ///
    /// Allocates: as the allocator does. Time: O(elements).
    ///
    /// # Panics
    ///
    /// If the allocator refuses, as hashbrown does.
    pub fn into_hashbrown_in<A: Allocator>(self, allocator: A) -> HashSet<T, S, A> {
        let mut theirs = HashSet::with_capacity_and_hasher_in(self.len(), self.hasher().clone(), allocator);
        for element in self {
            // SAFETY: as for maps.
            unsafe { theirs.insert_unique_unchecked(element) };
        }
        theirs
    }
}
