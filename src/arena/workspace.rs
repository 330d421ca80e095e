//! Collections and the arena that they live in, emptied together again and again.
//!
//! All of it is safe code. The collections hold counted handles, so that nothing refers to its own neighbour: what would be
//! unsound is refused by the count.

use core::fmt;
use core::ops::{Deref, DerefMut};

use super::owned::Arena;
use super::shared::SharedArena;
use super::trim::TrimPolicy;
use crate::error::StillShared;

/// Collections of your own struct and the one arena that they live in, emptied together by [`reset`](Self::reset).
///
/// For what works in cycles: the ticks of a game, the batches of a pipeline. Write a struct of maps on [`SharedArena`] and a
/// function that makes it, empty, in a given arena. The workspace is used as that struct. Each cycle ends, or begins, with
/// `reset`: the collections are dropped, the arena ends all blocks at once and keeps its memory, and the function makes the
/// collections again. From the second cycle of the same load on, none of this calls the heap.
///
/// The type has no lifetime, so a struct can hold it; it is `Send` and `Sync` as its collections are.
///
/// ```
/// use arenamap::{SharedArena, SharedMap, SizeHint, Workspace};
///
/// type Arena = SharedArena<'static>;
///
/// /// What one tick works with.
/// struct Tick {
///     positions: SharedMap<'static, u32, (i32, i32)>,
///     /// How many stand in each cell.
///     grid: SharedMap<'static, (i32, i32), u32>,
/// }
///
/// impl Tick {
///     fn new_in(arena: &Arena) -> Self {
///         // The size that this map had in earlier ticks: the next one starts there, and does not grow again.
///         static POSITIONS: SizeHint = SizeHint::new();
///         Self {
///             positions: SharedMap::with_hint_in(&POSITIONS, arena.clone()),
///             grid: SharedMap::new_in(arena.clone()),
///         }
///     }
/// }
///
/// struct Game {
///     tick: Workspace<Tick>,
///     most: u32,
/// }
///
/// let mut game = Game { tick: Workspace::new(Tick::new_in), most: 0 };
/// for now in 0..3 {
///     // Two fields at once: `&mut *` gives the struct.
///     let tick = &mut *game.tick;
///     for unit in 0..100 {
///         tick.positions.insert(unit, (unit as i32 % 7, now));
///     }
///     for cell in tick.positions.values() {
///         *tick.grid.entry(*cell).or_insert(0) += 1;
///     }
///     game.most = *tick.grid.values().max().unwrap(); // what outlives the tick is copied out
///     game.tick.reset()?;
///     assert!(game.tick.positions.is_empty());
/// }
/// assert_eq!(game.most, 15);
/// # Ok::<(), arenamap::StillShared>(())
/// ```
///
/// # What it costs
///
/// A reset drops the collections as any drop does. Entries with destructors are visited; others are not, whatever their number. A
/// collection inside a collection has a destructor, which gives its block back. Beside that a reset takes some two hundred
/// instructions for each collection that the function makes.
///
/// A new collection starts small and grows. One that becomes large is made with a [`SizeHint`](crate::SizeHint), as above: then a
/// cycle costs what it costs on a map that is kept and cleared.
///
/// Each block that a collection takes or gives back costs a lock of the shared arena, which nobody else waits for: it shows with
/// many small inner collections. In a loop on one thread a plain [`Arena`] has no lock: make the collections in `&arena` inside the
/// loop, drop them, and [`reset`](Arena::reset) it. But no struct can hold these beside their arena.
///
/// # Results
///
/// Copy what is to outlive the cycle out before the reset. To read the last cycle while the next one is written, have two
/// workspaces and `mem::swap` them. [`into_inner`](Self::into_inner) gives the collections away, with their arena.
///
/// # Panics in the function that makes the collections
///
/// Then the workspace is empty: it panics where it is used, until a `reset` has made them.
pub struct Workspace<T, F = fn(&SharedArena<'static>) -> T> {
    /// Absent only after a panic of `make`, or of a destructor in `T`.
    value: Option<T>,
    arena: SharedArena<'static>,
    make: F,
}

impl<T, F: FnMut(&SharedArena<'static>) -> T> Workspace<T, F> {
    /// Makes an arena, and the collections in it.
    ///
    /// `make` is called here and by each reset. A function, or a closure that captures nothing, makes a `Workspace<T>`; write that
    /// type where the compiler takes it for a closure of its own: `let work: Workspace<Tick> = Workspace::new(Tick::new_in);`.
    ///
    /// Allocates: heap, once, and what `make` does. Time: O(1), and that of `make`.
    ///
    /// # Panics
    ///
    /// If the heap has no memory; [`Arena::try_share`] and [`new_in`](Self::new_in) are the way around it.
    ///
    /// ```
    /// use arenamap::{SharedMap, Workspace};
    ///
    /// let mut counts = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    /// *counts.entry("word").or_insert(0) += 1;
    /// assert_eq!(counts["word"], 1);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new(make: F) -> Self {
        Self::new_in(Arena::new().share(), make)
    }

    /// Makes the collections in a given arena: one with a budget, with a first chunk, or of a pool.
    ///
    /// A handle that is kept elsewhere makes each reset fail, as long as it lives.
    ///
    /// Allocates: never, beside what `make` does. Time: O(1), and that of `make`.
    ///
    /// ```
    /// use arenamap::{Arena, SharedMap, Workspace};
    ///
    /// let arena = Arena::with_budget(1 << 20).share();
    /// let mut counts = Workspace::new_in(arena, |arena| SharedMap::new_in(arena.clone()));
    /// assert!(counts.try_reserve(1 << 20).is_err());
    /// counts.insert(1, 2);
    /// ```
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn new_in(arena: SharedArena<'static>, mut make: F) -> Self {
        let value = Some(make(&arena));
        Self { value, arena, make }
    }

    /// Drops the collections, ends all blocks of the arena, and makes the collections again.
    ///
    /// Allocates: never, beside what `make` does. Time: O(chunks), and that of dropping the collections and of `make`.
    ///
    /// # Errors
    ///
    /// [`StillShared`] if there are handles outside: a clone of [`arena`](Self::arena), or a collection that was moved or leaked
    /// out of the workspace. The collections are empty then too, but the arena was not reset: what those handles have stays valid,
    /// and what `alloc` put into the arena takes its place until a reset succeeds. (An arena that is not reset is warm after two equal
    /// rounds, not one: [`budgets`](crate::guide::budgets).)
    ///
    /// ```
    /// use arenamap::{SharedMap, Workspace};
    ///
    /// let mut map: Workspace<SharedMap<'_, u32, u32>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    /// map.insert(1, 2);
    /// map.reset()?;
    /// assert!(map.is_empty() && map.arena().used() == 0);
    ///
    /// let outside = map.arena().clone();
    /// assert_eq!(map.reset().unwrap_err().others, 1);
    /// drop(outside);
    /// assert!(map.reset().is_ok());
    /// # Ok::<(), arenamap::StillShared>(())
    /// ```
    pub fn reset(&mut self) -> Result<(), StillShared> {
        self.again(SharedArena::reset_if_unique)
    }

    /// Resets, and gives memory of the arena back to the heap before the collections are made again.
    ///
    /// Allocates: never, beside what `make` does; frees. Time: O(chunks), and that of dropping the collections and of `make`.
    ///
    /// # Errors
    ///
    /// As for [`reset`](Self::reset).
    ///
    /// ```
    /// use arenamap::{SharedMap, TrimPolicy, Workspace};
    ///
    /// let mut map: Workspace<SharedMap<'_, u32, u32>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    /// map.extend((0..10_000).map(|n| (n, n)));
    /// map.trim(TrimPolicy::Keep(64 << 10))?;
    /// assert!(map.arena().held() <= 64 << 10);
    /// # Ok::<(), arenamap::StillShared>(())
    /// ```
    pub fn trim(&mut self, policy: TrimPolicy) -> Result<(), StillShared> {
        self.again(|arena| arena.trim_if_unique(policy))
    }

    /// Drops the value, does something to the arena, and makes the value again.
    fn again(
        &mut self,
        reset: impl FnOnce(&mut SharedArena<'static>) -> Result<(), StillShared>,
    ) -> Result<(), StillShared> {
        self.value = None;
        let done = reset(&mut self.arena);
        self.value = Some((self.make)(&self.arena));
        done
    }
}

impl<T, F> Workspace<T, F> {
    /// The arena, for values beside the collections, or for a handle of one's own.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// use arenamap::{SharedMap, Workspace};
    ///
    /// let lengths: Workspace<SharedMap<'_, u32, u32>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    /// assert_eq!(lengths.arena().alloc_str("until the reset"), "until the reset");
    /// ```
    pub const fn arena(&self) -> &SharedArena<'static> {
        &self.arena
    }

    /// The collections, which keep the arena alive by their handles.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the workspace is empty because the function that makes the collections panicked.
    ///
    /// ```
    /// use arenamap::{SharedMap, Workspace};
    ///
    /// let mut map: Workspace<SharedMap<'_, u32, u32>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    /// map.insert(1, 2);
    /// assert_eq!(map.into_inner()[&1], 2);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn into_inner(self) -> T {
        match self.value {
            Some(value) => value,
            None => empty(),
        }
    }
}

/// What is said where the value is missing.
#[cold]
#[inline(never)]
#[track_caller]
fn empty() -> ! {
    panic!(
        "the workspace is empty, since what makes its collections panicked, or a drop of theirs; `reset` makes them again"
    )
}

impl<T, F> Deref for Workspace<T, F> {
    type Target = T;

    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        match &self.value {
            Some(value) => value,
            None => empty(),
        }
    }
}

impl<T, F> DerefMut for Workspace<T, F> {
    #[inline]
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.value {
            Some(value) => value,
            None => empty(),
        }
    }
}

impl<T: fmt::Debug, F> fmt::Debug for Workspace<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("value", &self.value)
            .field("arena", &self.arena)
            .finish_non_exhaustive()
    }
}
