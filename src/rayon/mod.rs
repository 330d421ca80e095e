//! Feature `rayon`: parallel iterators over maps, sets and lists.
//!
//! They have the names and meanings that hashbrown's feature `rayon` has; the types, which one hardly ever names, are in the modules
//! below. A table is split between groups of 16 slots, also
//! while its entries move to a larger one, so that no entry is looked at twice and nothing is collected first.
//!
//! | call | [`ArenaMap`] | [`ArenaSet`] | [`CopiedMap`] | [`ArenaVec`] | which handles |
//! |---|---|---|---|---|---|
//! | `par_iter` | yes | yes | yes | yes | all |
//! | `par_iter_mut` | yes | | yes | yes | all |
//! | `par_keys`, `par_values`, `par_values_mut` | yes | | yes | | all |
//! | `into_par_iter` by value | yes | yes | | yes | those that are `Send`; of lists, all |
//! | `par_drain` | yes | yes | | | those that are `Send` |
//! | `par_eq` | yes | yes | yes | | those whose maps are `Sync` |
//! | `par_union` and its like, `par_is_subset` and its like | | yes | | | those whose maps are `Sync` |
//! | `collect` | yes | yes | yes | yes | those with `Default`: `Arena` |
//! | `par_extend` | yes | yes | yes | yes | all |
//!
//! A map on `&Arena` stays on its thread. But its *entries* may be looked at from others: their arena is not touched. What takes
//! entries out needs a handle that is `Send` (not `&Arena`), and what looks keys up from several threads a map that is `Sync`.
//!
//! A [`CopiedMap`] has no `par_drain`: a key that leaves it gives its bytes back to the arena when it is dropped, which is not
//! for several threads.
//!
//! ```
//! use arenamap::ArenaMap;
//! use rayon::prelude::*;
//!
//! let mut squares: ArenaMap<u64, u64> = (0..1000_u64).into_par_iter().map(|n| (n, n * n)).collect();
//! squares.par_values_mut().for_each(|square| *square += 1);
//! assert_eq!(squares.par_iter().filter(|(n, square)| *n % 2 == 0 && **square > 100).count(), 495);
//! assert_eq!(squares.par_drain().map(|(n, _)| n).max(), Some(999));
//! assert!(squares.is_empty());
//! ```
//!
//! # One arena for each worker
//!
//! Rayon's `map_init` and `for_each_init` make a value for each piece of work, not for each item. Let it be an arena from a
//! pool. There are no more arenas than pieces under way at a time, and after warm-up they are the same ones again. Each item
//! makes its maps in the arena, then resets it.
//!
//! ```
//! use arenamap::{ArenaMap, ArenaPool};
//! use rayon::prelude::*;
//!
//! static POOL: ArenaPool = ArenaPool::new();
//!
//! let lines = vec!["a b a", "b c b", "c c c"];
//! let most: Vec<usize> = lines
//!     .par_iter()
//!     .map_init(
//!         || POOL.checkout(),
//!         |arena, line| {
//!             let mut counts = ArenaMap::new_in(&**arena);
//!             for word in line.split(' ') {
//!                 *counts.entry(word).or_insert(0) += 1;
//!             }
//!             let most = counts.values().copied().max().unwrap_or(0);
//!             drop(counts);
//!             arena.reset(); // keeps its memory, for the next line
//!             most
//!         },
//!     )
//!     .collect();
//! assert_eq!(most, [2, 2, 3]);
//! ```
//!
//! A result that leaves the closure is a number, as here, or a map in an arena of its own: `ArenaMap::new_in(POOL.checkout())`
//! is `Send`, and its arena goes back to the pool with it.
//!
//! # What allocates
//!
//! Walks, set operations and comparisons take nothing from arena or heap. Rayon itself calls the heap now and then, for its
//! queues. `collect` and `par_extend` gather what comes in a `Vec` on the heap, in the order of the iterator, and insert it on
//! one thread: of equal keys the last value stays. `into_par_iter` of a list by value moves its elements into a `Vec`.
//!
//! # Panics and early ends
//!
//! If a closure panics, or a consumer such as `find_any` stops early, every entry that was to leave the map and that nobody
//! took is dropped, once. A `par_drain` that is dropped without being used drops all of them; if it is leaked, so are the
//! entries, and the map is empty and usable.

use rayon::iter::ParallelIterator;
use rayon::iter::plumbing::{Folder, UnindexedConsumer, UnindexedProducer, bridge_unindexed};

use crate::arena::Handle;
use crate::table::{PieceMut, PieceOwned, PieceRef, RawDrain, RawIntoIter, RawIterMut, RawIterRef, Table};
#[cfg(doc)]
use crate::{ArenaMap, ArenaSet, ArenaVec, CopiedMap};

pub mod copied;
pub mod map;
pub mod set;
mod vec;

macro_rules! producer {
    ($piece:ident, $item:ty, $bound:ident) => {
        impl<'a, T: $bound> UnindexedProducer for $piece<'a, T> {
            type Item = $item;

            fn split(self) -> (Self, Option<Self>) {
                self.split()
            }

            fn fold_with<F: Folder<Self::Item>>(self, folder: F) -> F {
                folder.consume_iter(self)
            }
        }
    };
}

producer!(PieceRef, &'a T, Sync);
producer!(PieceMut, &'a mut T, Send);
producer!(PieceOwned, T, Send);

/// A walk over a table, in parallel.
struct Walk<R>(R);

impl<'a, T: Sync> ParallelIterator for Walk<RawIterRef<'a, T>> {
    type Item = &'a T;

    fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(self, consumer: C) -> C::Result {
        bridge_unindexed(self.0.into_piece(), consumer)
    }
}

impl<'a, T: Send> ParallelIterator for Walk<RawIterMut<'a, T>> {
    type Item = &'a mut T;

    fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(self, consumer: C) -> C::Result {
        bridge_unindexed(self.0.into_piece(), consumer)
    }
}

impl<T: Send, H: Handle> ParallelIterator for Walk<RawDrain<'_, T, H>>
where
    Table<T, H>: Send,
{
    type Item = T;

    fn drive_unindexed<C: UnindexedConsumer<T>>(mut self, consumer: C) -> C::Result {
        bridge_unindexed(self.0.take_piece(), consumer)
    }
}

impl<T: Send, H: Handle> ParallelIterator for Walk<RawIntoIter<T, H>>
where
    Table<T, H>: Send,
{
    type Item = T;

    fn drive_unindexed<C: UnindexedConsumer<T>>(mut self, consumer: C) -> C::Result {
        bridge_unindexed(self.0.take_piece(), consumer)
    }
}

/// Declares a parallel iterator over a sequential one: what is left of it, how its raw iterator is reached, and how an entry
/// becomes an item.
macro_rules! parallel {
    (
        $(#[$doc:meta])* $name:ident [$($declared:tt)+] [$($used:tt)+] [$($needs:tt)+] = $iter:ty, $item:ty,
        |$this:ident| $raw:expr
    ) => {
        $(#[$doc])*
        #[must_use = "iterators are lazy and do nothing unless consumed"]
        pub struct $name<$($declared)+> {
            pub(super) iter: $iter,
        }

        impl<$($needs)+> rayon::iter::ParallelIterator for $name<$($used)+>
        {
            type Item = $item;

            fn drive_unindexed<C>(self, consumer: C) -> C::Result
            where
                C: rayon::iter::plumbing::UnindexedConsumer<Self::Item>,
            {
                let $this = self.iter;
                $raw.drive_unindexed(consumer)
            }
        }
    };
}
use parallel;

/// Shows what is left, and clones it, as the sequential iterator below does.
macro_rules! forward {
    ($([$($generic:tt)+] $trait:ident for $name:ty;)*) => {$(
        $crate::parallel::forward! { @ [$($generic)+] $trait for $name }
    )*};
    (@ [$($generic:tt)+] Clone for $name:ty) => {
        impl<$($generic)+> Clone for $name {
            fn clone(&self) -> Self {
                Self { iter: self.iter.clone() }
            }
        }
    };
    (@ [$($generic:tt)+] Debug for $name:ty) => {
        impl<$($generic)+> core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.iter.fmt(f)
            }
        }
    };
}
use forward;
