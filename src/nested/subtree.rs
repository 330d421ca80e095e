//! Methods that touch everything below a path, in O(1).

use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use super::key::{PathKey, PathPart};
use super::tree::{Entry, Making};
use super::{MoveError, PathMap};
use crate::arena::Handle;

impl<K: PathKey + ?Sized, V, S: BuildHasher, H: Handle> PathMap<K, V, S, H> {
    /// Removes a path with everything below it; `false` if there is nothing at the path.
    ///
    /// The subtree is cut off, and invisible at once. Its nodes wait: each later write recycles at most 8 of them, and two more for each part
    /// of its path, so that it recycles no fewer than it makes, and the memory of a program that makes and removes subtrees is bounded. It drops their values, and gives the blocks of their keys back. [`settle`](Self::settle) does so when you want it. Dropping the map, or
    /// [`clear`](Self::clear), does all of it.
    ///
    /// Allocates: never. Time: O(parts and levels that disappear) on average, however much is below.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    /// assert!(map.remove_subtree(["a"]));
    /// assert!(map.is_empty());
    /// assert_eq!(map.stats().waiting, 3);
    /// map.insert(["x"], 1); // recycles all three
    /// assert_eq!(map.stats().waiting, 0);
    /// ```
    pub fn remove_subtree<'q, Q, I>(&mut self, path: I) -> bool
    where
        Q: Hash + Equivalent<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.recycle();
        match self.lead(self.root, path) {
            Some(node) => {
                self.cut_off(node);
                true
            }
            None => false,
        }
    }

    /// Moves a path with everything below it to another path, where nothing is. Cursors go with it.
    ///
    /// Levels above the new path are made; levels above the old one that have nothing then disappear. Among the levels beside it, it
    /// is the last one afterwards. A depth limit is asked for the new path only, and not for what is below it. A move of a path to itself
    /// changes nothing, its place beside the others included, and is no error.
    ///
    /// Allocates: arena, for new levels and the new key. Time: O(parts and levels that disappear) on average, however much is
    /// below.
    ///
    /// # Errors
    ///
    /// [`MoveError`]: there is nothing at the old path, or something at the new one; the new one is below the old one; or
    /// it is refused. The map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::PathMap<str, u32> = [(["a", "b", "c"], 1)].into_iter().collect();
    /// map.move_subtree(["a", "b"], ["x", "y"])?;
    /// assert_eq!(map.get(["x", "y", "c"]), Some(&1));
    /// assert!(map.node(["a"]).is_none());
    /// # Ok::<(), arenamap::nested::MoveError>(())
    /// ```
    pub fn move_subtree<'p, 'q, P, Q, I, J>(&mut self, from: I, to: J) -> Result<(), MoveError>
    where
        P: Hash + Equivalent<K> + ?Sized + 'p,
        Q: PathPart<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'p P>,
        J: IntoIterator<Item = &'q Q>,
    {
        self.recycle();
        let node = self.lead(self.root, from).ok_or(MoveError::NotFound)?;
        let mut parts = to.into_iter();
        let Some(mut last) = parts.next() else {
            // The empty path: what is there is the whole map.
            return if node == self.root {
                Ok(())
            } else {
                Err(MoveError::Occupied)
            };
        };
        if node == self.root {
            return Err(MoveError::BelowItself);
        }
        let mut making = Making::new(self, self.root, 0)?;
        for part in parts {
            making.descend([last])?;
            if making.at == node {
                return Err(MoveError::BelowItself);
            }
            last = part;
        }
        let parent = making.at;
        let map = &mut *making.map;
        let key_hash = map.key_hash(last);
        match map.child(parent, last, key_hash) {
            Some(same) if same == node => return Ok(()),
            Some(_) => return Err(MoveError::Occupied),
            None => making.deepen()?,
        }
        making.raise();
        let map = &mut *making.map;
        let raw = map.table.handle().raw();
        let key = last.make(raw).map_err(super::PathError::from)?;
        let hash = map.hash_for_child(parent, key_hash);
        if let Err(cause) = map.enter(Entry { hash, node }) {
            map.slab.has_no_child_yet(parent);
            K::end(key, raw);
            return Err(cause.into());
        }
        // From here on nothing is refused, and no user code runs before all is whole again.
        let record = map.slab.get(node);
        let (old_hash, old_parent, is_alone) = (record.hash, record.parent, record.next == node);
        map.forget_entry_of(node, old_hash);
        // The only one of its level stays where it is, and the level's salt what it is.
        if old_parent != parent || !is_alone {
            map.slab.unlink(node);
            map.slab.link(parent, node);
        }
        map.slab.rehash(node, hash);
        let old_key = map.slab.get_mut(node).set_key(key);
        making.finish();
        drop(making);
        self.prune(old_parent);
        if let Some(key) = old_key {
            K::end(key, self.table.handle().raw());
        }
        Ok(())
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// Recycles at most so many nodes of subtrees that were cut off; `true` if no more wait.
    ///
    /// Allocates: never. Time: O(`at_most`) on average, and O(depth of what was cut off).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::PathMap;
    ///
    /// let mut map = PathMap::<u32, u32>::new();
    /// for n in 0..1000 {
    ///     map.insert(&[1, n], n);
    /// }
    /// map.remove_subtree(&[1]);
    /// assert!(!map.settle(100));
    /// assert!(map.settle(usize::MAX));
    /// ```
    pub fn settle(&mut self, at_most: usize) -> bool {
        self.recycle_some(at_most, usize::MAX);
        !self.is_waiting()
    }

    /// Removes everything, and keeps the memory for what comes next.
    ///
    /// Allocates: never. Time: O(nodes + slots).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::PathMap<str, u32> = [(["a", "b"], 1)].into_iter().collect();
    /// map.clear();
    /// assert!(map.is_empty());
    /// ```
    pub fn clear(&mut self) {
        if self.root != 0 {
            self.cut_off(self.root);
        }
        self.table.clear(); // all nodes wait now, and none is looked for any more
        self.settle(usize::MAX);
    }
}
