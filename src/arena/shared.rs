//! The counted handle: several maps and tasks, one arena.
//!
//! ```text
//! SharedArena   SharedArena   SharedArena          on any threads
//!      \             |             /
//!       '-------> [ Core | lock | refs = 3 | home ]
//! ```
//!
//! Invariants, beside those of the core:
//!
//! 1. `refs` is the number of `SharedArena`s of the core, and there is no other handle of it.
//! 2. The state of the core is touched under `lock` only, until `refs` has come down to 0.
//! 3. A home that is borrowed outlives the `'p` of every one of the handles.
//! 4. A handle is made from another one, through `&`. So whoever has `&mut` of a handle, or the handle itself, and sees that
//!    `refs` is 1, is alone until it makes another: nothing that lives in the arena is left, since that would have a handle
//!    beside it, be it leaked, or borrow this one. What others did with their handles happened before: a handle goes with a
//!    release, and the look is an acquire.

#![allow(unsafe_code, reason = "counts handles of one arena")]

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, fence};

use super::core::{Core, Owned};
use super::handle::Handle;
use super::held::Raw;
use super::owned::Arena;
use super::pool::{ArenaPool, PooledArena, go_home, leave_home};
use super::sealed::{Sealed, Unborrowed};
use super::trim::TrimPolicy;
use super::values::values;
use crate::error::{ArenaError, StillShared, fail};
use crate::observe::watch::Kind;
#[cfg(feature = "registry")]
use crate::observe::watch::Listed;
use crate::stats::ArenaStats;

/// An arena with several handles: clone it for every map and task that lives in it.
///
/// The last handle to be dropped frees the arena, or returns it to its pool. Each block costs one lock; reading and
/// writing what is in the blocks costs none.
///
/// It is `Send` and `Sync` whatever was put into the arena: a value is reached only through the reference that `alloc`
/// returned, which is as `Send` and as `Sync` as its type, and is tied to the handle that it came from. The arena itself
/// never touches a value, not even to drop it.
///
/// ```
/// use arenamap::Arena;
///
/// let arena = Arena::new().share();
/// let other = arena.clone();
/// let name = arena.alloc_str("kept by this handle");
/// std::thread::spawn(move || assert_eq!(*other.alloc(1), 1)).join().unwrap();
/// assert_eq!(name, "kept by this handle");
/// ```
pub struct SharedArena<'p> {
    core: NonNull<Core>,
    pool: PhantomData<&'p ArenaPool>,
}

// SAFETY: the count is atomic, the state has its lock (2), and the last handle ends the core as its one owner would:
// an arena is `Send`, a pool is `Sync`. Values in the arena are not reached through the handle.
unsafe impl Send for SharedArena<'_> {}
// SAFETY: as above.
unsafe impl Sync for SharedArena<'_> {}

impl SharedArena<'_> {
    /// # Safety
    ///
    /// The caller had the one handle of the core, gives it up, and has no block tied to it; a home that is borrowed
    /// outlives the lifetime of the result.
    pub(super) unsafe fn from_core(core: NonNull<Core>) -> Self {
        // SAFETY: alive, as the handle was.
        unsafe { core.as_ref() }.link.refs.store(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { core.as_ref() }.watch().turn_into(Kind::SharedArena, None);
        Self {
            core,
            pool: PhantomData,
        }
    }

    /// All numbers of the arena at once.
    ///
    /// Allocates: never. Time: O(1), one lock.
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::new().share().stats().used, 0);
    /// ```
    pub fn stats(&self) -> ArenaStats {
        Raw::<Self>::of(Some(self.core)).stats()
    }

    /// Bytes in chunks, with their metadata: [`Arena::held`].
    ///
    /// Allocates: never. Time: O(1), one lock.
    ///
    /// ```
    /// assert!(arenamap::Arena::with_capacity(1_000).share().held() >= 1_000);
    /// ```
    pub fn held(&self) -> usize {
        self.stats().held
    }

    /// Bytes in live blocks.
    ///
    /// Allocates: never. Time: O(1), one lock.
    ///
    /// ```
    /// let arena = arenamap::Arena::new().share();
    /// arena.alloc(1_u8);
    /// assert_eq!(arena.used(), 8);
    /// ```
    pub fn used(&self) -> usize {
        self.stats().used
    }

    /// Bytes in blocks that were given back and wait for a block of the same size.
    ///
    /// Allocates: never. Time: O(1), one lock.
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::new().share().free(), 0);
    /// ```
    pub fn free(&self) -> usize {
        self.stats().free
    }

    /// The most that [`used`](Self::used) `+` [`free`](Self::free) ever was, in bytes, since the arena was made.
    ///
    /// Allocates: never. Time: O(1), one lock.
    ///
    /// ```
    /// let arena = arenamap::Arena::new().share();
    /// arena.alloc([0_u8; 100]);
    /// assert_eq!(arena.high_water(), 104);
    /// ```
    pub fn high_water(&self) -> usize {
        self.stats().high_water
    }

    /// The most bytes that the arena gives out between two resets; `None` without a budget.
    ///
    /// Allocates: never. Time: O(1), one lock.
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::with_budget(100).share().budget(), Some(100));
    /// ```
    pub fn budget(&self) -> Option<usize> {
        self.stats().budget
    }

    /// How many handles the arena has.
    ///
    /// A map, set or other collection in the arena has one. Others may come and go on other threads at any moment.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// let one = arenamap::Arena::new().share();
    /// let two = one.clone();
    /// assert_eq!(two.handles(), 2);
    /// ```
    pub fn handles(&self) -> usize {
        // SAFETY: alive as long as this handle.
        unsafe { self.core.as_ref() }.link.refs.load(Ordering::Relaxed)
    }

    /// Ends all blocks and keeps all chunks, if this is the only handle: [`Arena::reset`].
    ///
    /// Every collection in the arena has a handle: drop them first. One that was leaked (`mem::forget`) counts for ever.
    ///
    /// Allocates: never. Time: O(chunks), no lock.
    ///
    /// # Errors
    ///
    /// [`StillShared`] if there are other handles; nothing has changed.
    ///
    /// ```
    /// use arenamap::{Arena, SharedMap};
    ///
    /// let mut arena = Arena::new().share();
    /// let mut map = SharedMap::new_in(arena.clone());
    /// map.insert(1, 2);
    /// assert_eq!(arena.reset_if_unique().unwrap_err().others, 1);
    /// drop(map);
    /// arena.reset_if_unique()?;
    /// assert_eq!(arena.used(), 0);
    /// # Ok::<(), arenamap::StillShared>(())
    /// ```
    pub fn reset_if_unique(&mut self) -> Result<(), StillShared> {
        self.alone().map(|mut owned| owned.reset())
    }

    /// Resets, and gives chunks back to the heap, if this is the only handle: [`Arena::trim`].
    ///
    /// Allocates: never; frees. Time: O(chunks), no lock.
    ///
    /// # Errors
    ///
    /// [`StillShared`] if there are other handles; nothing has changed.
    ///
    /// ```
    /// use arenamap::{Arena, TrimPolicy};
    ///
    /// let mut arena = Arena::with_capacity(1 << 20).share();
    /// arena.trim_if_unique(TrimPolicy::All)?;
    /// assert_eq!(arena.held(), 0);
    /// # Ok::<(), arenamap::StillShared>(())
    /// ```
    pub fn trim_if_unique(&mut self, policy: TrimPolicy) -> Result<(), StillShared> {
        self.alone().map(|mut owned| owned.trim(policy))
    }

    /// The arena itself, with its blocks, if this is the only handle.
    ///
    /// As [`Arc::try_unwrap`](std::sync::Arc::try_unwrap). What was allocated stays taken until a [`reset`](Arena::reset). An
    /// arena of a pool leaves it, as with [`PooledArena::into_arena`].
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// The handle, if there are others.
    ///
    /// ```
    /// use arenamap::Arena;
    ///
    /// let one = Arena::new().share();
    /// let two = one.clone();
    /// let one = one.try_into_arena().unwrap_err();
    /// drop(two);
    /// let mut arena: Arena = one.try_into_arena().unwrap();
    /// arena.reset();
    /// ```
    pub fn try_into_arena(mut self) -> Result<Arena, Self> {
        if self.alone().is_err() {
            return Err(self);
        }
        let core = ManuallyDrop::new(self).core;
        // SAFETY: it was the one handle (4), and is not used after this.
        Ok(unsafe { leave_home(core) })
    }

    /// The core, for its one owner, if that is what this handle is. It is to be let go of before the handle is used again.
    fn alone(&mut self) -> Result<ManuallyDrop<Owned>, StillShared> {
        // SAFETY: alive as long as this handle.
        match unsafe { self.core.as_ref() }.link.refs.load(Ordering::Acquire) {
            // SAFETY: alive, and nobody else has it (4); it is not freed by what is returned.
            1 => Ok(ManuallyDrop::new(unsafe { Owned::from_core(self.core) })),
            handles => Err(StillShared { others: handles - 1 }),
        }
    }
}

impl SharedArena<'_> {
    values! {
        [pub] "SharedArena",
        ["let arena = arenamap::Arena::new().share();"],
        ["let arena = arenamap::Arena::new().share();"]
    }
}

impl Arena {
    /// Makes it a counted handle, for several maps and tasks; the last one to be dropped frees the arena.
    ///
    /// Allocates: heap, once, if the arena has not been used, or for one table only; else never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the heap has no memory; [`try_share`](Self::try_share) returns the error.
    ///
    /// ```
    /// let one = arenamap::Arena::new().share();
    /// let two = one.clone();
    /// assert_eq!(one.alloc(1), two.alloc(1));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn share(self) -> SharedArena<'static> {
        match self.try_share() {
            Ok(arena) => arena,
            Err(error) => fail(error, "Arena::try_share"),
        }
    }

    /// Makes it a counted handle, for several maps and tasks; the last one to be dropped frees the arena.
    ///
    /// Allocates: heap, once, if the arena has not been used, or for one table only; else never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`ArenaError::AllocError`] if the heap has no memory; the arena, in which nothing lives, is dropped then.
    ///
    /// ```
    /// let one = arenamap::Arena::new().try_share()?;
    /// assert_eq!(one.handles(), 1);
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    pub fn try_share(self) -> Result<SharedArena<'static>, ArenaError> {
        let core = match self.core() {
            Some(core) => core,
            None => self.make().ok_or_else(|| Core::refused(Core::LEAST_SEED))?,
        };
        mem::forget(self);
        // SAFETY: it was the one handle of the core, which is not freed; it has no home.
        Ok(unsafe { SharedArena::from_core(core) })
    }
}

impl<'p> PooledArena<'p> {
    /// Makes it a counted handle, for several maps and tasks; the last one to be dropped returns the arena.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
    ///
    /// let one = POOL.checkout().share();
    /// let two = one.clone();
    /// drop(one);
    /// assert_eq!(POOL.stats().out, 1);
    /// drop(two);
    /// assert_eq!(POOL.stats().out, 0);
    /// ```
    #[must_use]
    pub fn share(self) -> SharedArena<'p> {
        let core = ManuallyDrop::new(self).address();
        // SAFETY: it was the one handle of the core, which is not dropped; its home is valid for `'p` or counted.
        unsafe { SharedArena::from_core(core) }
    }
}

#[cfg(feature = "registry")]
impl SharedArena<'_> {
    /// What the registry knows it by.
    pub(crate) fn with_watch(&self, tell: impl FnOnce(&Listed)) {
        // SAFETY: alive as long as this handle; what is told goes under a lock of the registry's.
        tell(unsafe { self.core.as_ref() }.watch());
    }
}

impl Clone for SharedArena<'_> {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: alive as long as this handle.
        let before = unsafe { self.core.as_ref() }.link.refs.fetch_add(1, Ordering::Relaxed);
        if before > usize::MAX / 2 {
            // Only by leaking handles without end; as `Arc` does.
            std::process::abort();
        }
        Self {
            core: self.core,
            pool: PhantomData,
        }
    }
}

impl Drop for SharedArena<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: alive as long as this handle.
        if unsafe { self.core.as_ref() }.link.refs.fetch_sub(1, Ordering::Release) == 1 {
            // What other threads did with their handles comes before what follows.
            fence(Ordering::Acquire);
            // SAFETY: the last handle (1), which is not used after this.
            unsafe { go_home(self.core) };
        }
    }
}

impl fmt::Debug for SharedArena<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedArena").field(&self.stats()).finish()
    }
}

impl Handle for SharedArena<'_> {}
impl Unborrowed for SharedArena<'_> {}
impl Sealed for SharedArena<'_> {
    const SHARED: bool = true;
    const EXCLUSIVE: bool = false;

    #[inline]
    fn core(&self) -> Option<NonNull<Core>> {
        Some(self.core)
    }

    fn make(&self) -> Option<NonNull<Core>> {
        self.core()
    }

    fn make_with(&self, _first: Layout) -> Result<NonNull<u8>, ArenaError> {
        unreachable!("it has been made")
    }

    fn try_clone_handle(&self) -> Result<Self, ArenaError> {
        Ok(self.clone())
    }
}
