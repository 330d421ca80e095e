//! How a map of paths ends: node by node in the order of their numbers, without recursion.

#![allow(unsafe_code, reason = "takes the table out of a map that is not dropped")]

use core::mem::{self, ManuallyDrop};
use core::ptr;

use super::PathMap;
use super::key::PathKey;
use crate::arena::Handle;

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// Drops every value and gives the arena handle back.
    ///
    /// Allocates: never. Time: O(nodes) where keys or values need drop or are copied, else O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new();
    /// map.insert(["a", "b"], 1);
    /// assert_eq!(map.into_handle().used(), 0);
    /// ```
    pub fn into_handle(mut self) -> H {
        self.end(true);
        let this = ManuallyDrop::new(self);
        // SAFETY: both are moved out of a value that nobody uses or drops any more; nothing else in it needs a drop after `end`.
        let (table, hash_builder) = unsafe {
            (
                ptr::read(&raw const this.table),
                ptr::read(&raw const this.hash_builder),
            )
        };
        drop(hash_builder);
        table.into_handle()
    }

    /// Ends every node, and gives the blocks back, unless the arena ends.
    fn end(&mut self, give_back: bool) {
        /// Goes on when a drop panics.
        struct Ending<'m, K: PathKey + ?Sized, V, S, H: Handle> {
            map: &'m mut PathMap<K, V, S, H>,
            next: u32,
            give_back: bool,
        }
        impl<K: PathKey + ?Sized, V, S, H: Handle> Ending<'_, K, V, S, H> {
            fn run(&mut self) {
                let keys = mem::needs_drop::<K::Stored>() || self.give_back && K::HAS_BLOCK;
                if !keys && !mem::needs_drop::<V>() {
                    return;
                }
                while self.next <= self.map.slab.made() {
                    // A value that panics leaves its key to the second visit.
                    let record = self.map.slab.get_mut(self.next);
                    drop(record.take_value());
                    let key = record.take_key();
                    self.next += 1;
                    if let Some(key) = key
                        && keys
                    {
                        K::end(key, self.map.table.handle().raw());
                    }
                }
            }
        }
        impl<K: PathKey + ?Sized, V, S, H: Handle> Drop for Ending<'_, K, V, S, H> {
            fn drop(&mut self) {
                self.run();
                if self.give_back {
                    self.map.slab.dissolve(self.map.table.handle().raw());
                }
            }
        }
        let mut ending = Ending {
            map: self,
            next: 1,
            give_back,
        };
        ending.run(); // the drop finds nothing left, unless this panics
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> Drop for PathMap<K, V, S, H> {
    /// Drops keys and values, and gives their blocks back, unless the whole arena goes with the map.
    #[inline]
    fn drop(&mut self) {
        self.end(!H::EXCLUSIVE);
    }
}
