//! Names for what is listed.

use crate::arena::{Arena, ArenaPool, Handle, PooledArena, SharedArena, Workspace};
use crate::bounded::{BoundedCopiedMap, BoundedMap};
use crate::copied::{CopiedKey, CopiedMap};
use crate::map::ArenaMap;
use crate::nested::{PathKey, PathMap};
use crate::set::ArenaSet;

/// What can be given a name in the registry: arenas, pools, maps and sets.
pub trait Named {
    /// Gives it a name, under which it is listed from now on.
    ///
    /// A map or pool that has nothing yet is listed from here on, too. An arena that goes back to its pool takes its name with it.
    ///
    /// Allocates: heap, once, for an owned arena that has not been used; else never. Time: O(1).
    ///
    /// ```
    /// use arenamap::registry::Named;
    /// use arenamap::{ArenaPool, Arena, StrMap};
    ///
    /// let mut words: StrMap<u32> = StrMap::new();
    /// words.set_name("words");
    /// let mut arena = Arena::new();
    /// arena.set_name("scratch");
    /// let mut pool = ArenaPool::new();
    /// pool.set_name("requests");
    /// ```
    fn set_name(&mut self, name: &'static str);
}

impl Named for Arena {
    fn set_name(&mut self, name: &'static str) {
        self.with_watch(|watch| watch.rename(name));
    }
}

impl Named for PooledArena<'_> {
    fn set_name(&mut self, name: &'static str) {
        self.with_watch(|watch| watch.rename(name));
    }
}

impl Named for SharedArena<'_> {
    fn set_name(&mut self, name: &'static str) {
        self.with_watch(|watch| watch.rename(name));
    }
}

impl<T, F> Named for Workspace<T, F> {
    /// Names its arena.
    fn set_name(&mut self, name: &'static str) {
        self.arena().with_watch(|watch| watch.rename(name));
    }
}

impl Named for ArenaPool {
    fn set_name(&mut self, name: &'static str) {
        Self::set_name(self, name);
    }
}

/// For pools that are statics: `(&POOL).set_name("requests")`.
impl Named for &ArenaPool {
    fn set_name(&mut self, name: &'static str) {
        ArenaPool::set_name(self, name);
    }
}

impl<K, V, S, H: Handle> Named for ArenaMap<K, V, S, H> {
    fn set_name(&mut self, name: &'static str) {
        self.table.watch.set_name(name);
    }
}

impl<T, S, H: Handle> Named for ArenaSet<T, S, H> {
    fn set_name(&mut self, name: &'static str) {
        self.map.set_name(name);
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> Named for CopiedMap<Q, V, S, H> {
    fn set_name(&mut self, name: &'static str) {
        self.map.set_name(name);
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> Named for PathMap<K, V, S, H> {
    fn set_name(&mut self, name: &'static str) {
        self.watch_mut().set_name(name);
    }
}

impl<K, V, S, H: Handle> Named for BoundedMap<K, V, S, H> {
    fn set_name(&mut self, name: &'static str) {
        self.watch_mut().set_name(name);
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> Named for BoundedCopiedMap<Q, V, S, H> {
    fn set_name(&mut self, name: &'static str) {
        self.watch_mut().set_name(name);
    }
}
