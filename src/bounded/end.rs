//! How a bounded map ends.

#![allow(
    unsafe_code,
    reason = "gives the block back, and takes the handle out of a map that is not dropped"
)]

use core::mem::ManuallyDrop;

use super::core::{Core, Kept};
use crate::arena::Handle;

impl<T: Kept, H: Handle> Core<T, H> {
    /// Drops all entries and gives the arena handle back.
    pub(super) fn into_handle(mut self) -> H {
        self.end(true); // where the drop of an entry panics, the handle goes with the map
        self.watch.end();
        let this = ManuallyDrop::new(self);
        // SAFETY: moved out of a value that nobody uses or drops any more; nothing else in it needs a drop after `end`.
        unsafe { (&raw const this.handle).read() }.into_inner()
    }

    /// Drops all entries, and gives the block back unless the arena ends with the map.
    fn end(&mut self, give_back: bool) {
        /// Goes on when a drop panics.
        struct Ending<'c, T: Kept, H: Handle> {
            core: &'c mut Core<T, H>,
            at: usize,
            give_back: bool,
        }
        impl<T: Kept, H: Handle> Ending<'_, T, H> {
            fn run(&mut self) {
                if !T::NEEDS_END {
                    return;
                }
                while let Some(entry) = self.core.take_from(&mut self.at) {
                    self.core.end_entry(entry);
                }
            }
        }
        impl<T: Kept, H: Handle> Drop for Ending<'_, T, H> {
            fn drop(&mut self) {
                self.run();
                if self.give_back {
                    // SAFETY: the handle that the room was made with; both end.
                    unsafe { self.core.room.give_back(&mut self.core.handle) };
                }
            }
        }
        let mut ending = Ending {
            core: self,
            at: 0,
            give_back,
        };
        ending.run(); // the drop finds nothing left, unless this panics
    }
}

impl<T: Kept, H: Handle> Drop for Core<T, H> {
    #[inline]
    fn drop(&mut self) {
        self.end(!H::EXCLUSIVE);
    }
}
