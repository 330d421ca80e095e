//! The counted handle: several maps and tasks, one arena.
//!
//! ```text
//! SharedArena   SharedArena   SharedArena          on any threads
//!      \             |             /
//!       '-------> [ Core | lock | refs = 3 | home ]
//! ```
//!
//! Invariants, beside those of the handles:
//!
//! 1. `refs` is the number of `SharedArena`s of the core, and there is no other handle of it.
//! 2. The state of the core is touched under `lock` only, until `refs` has come down to 0.
//! 3. A home that is borrowed outlives the `'p` of every one of the handles.

#![allow(unsafe_code, reason = "counts handles of one arena")]

use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, fence};

use super::Arena;
use super::handle::{Core, Handle, Raw, sealed};
use super::pool::{ArenaPool, go_home};
use crate::error::ArenaError;
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
        Self {
            core,
            pool: PhantomData,
        }
    }

    /// All numbers of the arena at once.
    ///
    /// Allocates: never. Time: constant, one lock.
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::new().share().stats().used, 0);
    /// ```
    pub fn stats(&self) -> ArenaStats {
        Raw::new(self).stats()
    }

    /// How many handles the arena has.
    ///
    /// Others may come and go on other threads at any moment. Allocates: never.
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
}

impl Arena {
    /// Makes it a counted handle, for several maps and tasks; the last one to be dropped frees the arena.
    ///
    /// Allocates: never.
    ///
    /// ```
    /// let one = arenamap::Arena::new().share();
    /// let two = one.clone();
    /// assert_eq!(one.alloc(1), two.alloc(1));
    /// ```
    #[must_use]
    pub fn share(self) -> SharedArena<'static> {
        let core = self.core.into_core();
        // SAFETY: it was the one handle of the core, which is not freed; it has no home.
        unsafe { SharedArena::from_core(core) }
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
impl sealed::Unborrowed for SharedArena<'_> {}
impl sealed::Sealed for SharedArena<'_> {
    const SHARED: bool = true;
    const EXCLUSIVE: bool = false;

    #[inline]
    fn core(&self) -> NonNull<Core> {
        self.core
    }

    fn try_clone_handle(&self) -> Result<Self, ArenaError> {
        Ok(self.clone())
    }
}
