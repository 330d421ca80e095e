//! The handle of an arena that is checked out of a pool.
//!
//! ```text
//! PooledArena --> [ Core | home: its pool ]        dropped: go_home, reset, it waits in the pool
//!                                                  into_arena: leave_home, the pool never sees it again
//! ```
//!
//! Invariants: those of `pool.rs`. A handle is the one of its core (1), which is alive as long as it is.

#![allow(unsafe_code, reason = "gives the core back through a pointer")]

use alloc::sync::Arc;
use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use super::{ArenaPool, go_home, leave_home};
use crate::arena::core::{Core, Home};
use crate::arena::handle::Handle;
use crate::arena::owned::Arena;
use crate::arena::sealed::{Sealed, Unborrowed};
use crate::arena::trim::TrimPolicy;
use crate::error::ArenaError;
#[cfg(feature = "registry")]
use crate::observe::watch::Listed;

/// An arena that is checked out of a pool: reset and returned on drop, on whatever thread and during a panic too.
///
/// It is used as an [`Arena`] through `Deref`. A leaked one (`mem::forget`) is lost to the pool and never handed out
/// again.
///
/// ```
/// static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
///
/// let arena = POOL.checkout();
/// std::thread::spawn(move || {
///     arena.alloc(1);
/// })
/// .join()
/// .unwrap();
/// assert_eq!(POOL.stats().kept, 1);
/// ```
pub struct PooledArena<'p> {
    pub(super) arena: ManuallyDrop<Arena>,
    pub(super) pool: PhantomData<&'p ArenaPool>,
}

impl PooledArena<'_> {
    /// Where the core is: an arena of a pool has one from the start.
    #[inline]
    pub(in crate::arena) fn address(&self) -> NonNull<Core> {
        match self.arena.core.address() {
            Some(core) => core,
            None => unreachable!("an arena of a pool has been made"),
        }
    }

    /// Ends all blocks and keeps all chunks: [`Arena::reset`].
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// let pool = arenamap::ArenaPool::new();
    /// let mut arena = pool.checkout();
    /// arena.alloc(1);
    /// arena.reset();
    /// assert_eq!(arena.used(), 0);
    /// ```
    #[inline]
    pub fn reset(&mut self) {
        self.arena.reset();
    }

    /// Resets, and replaces all chunks by one: [`Arena::merge_chunks`].
    ///
    /// Allocates: heap. Time: O(chunks).
    ///
    /// # Errors
    ///
    /// [`ArenaError::AllocError`] if the heap has no memory; then the arena is reset and keeps its chunks.
    ///
    /// ```
    /// let pool = arenamap::ArenaPool::new();
    /// pool.checkout().merge_chunks()?;
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    pub fn merge_chunks(&mut self) -> Result<(), ArenaError> {
        self.arena.merge_chunks()
    }

    /// Resets, and gives chunks back to the heap: [`Arena::trim`].
    ///
    /// Allocates: never; frees. Time: O(chunks).
    ///
    /// ```
    /// let pool = arenamap::ArenaPool::new();
    /// pool.checkout().trim(arenamap::TrimPolicy::All);
    /// ```
    pub fn trim(&mut self, policy: TrimPolicy) {
        self.arena.trim(policy);
    }

    /// The arena itself, with its blocks; it leaves the pool for good, and takes its memory with it.
    ///
    /// The pool counts it among those that [`left`](crate::PoolStats::left), and makes another when it needs one. The budget stays that
    /// of the pool. What was allocated stays taken until a [`reset`](Arena::reset).
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
    ///
    /// let arena: arenamap::Arena = POOL.checkout().into_arena();
    /// assert_eq!((POOL.stats().out, POOL.stats().left), (0, 1));
    /// drop(arena);
    /// assert_eq!(POOL.stats().kept, 0);
    /// ```
    #[must_use = "the arena has left its pool"]
    pub fn into_arena(self) -> Arena {
        let core = ManuallyDrop::new(self).address();
        // SAFETY: the one handle of the core, which is not used after this.
        unsafe { leave_home(core) }
    }
}

#[cfg(feature = "registry")]
impl PooledArena<'_> {
    /// What the registry knows it by.
    pub(crate) fn with_watch(&mut self, tell: impl FnOnce(&Listed)) {
        self.arena.with_watch(tell);
    }
}

impl Deref for PooledArena<'_> {
    type Target = Arena;

    #[inline]
    fn deref(&self) -> &Arena {
        &self.arena
    }
}

impl Drop for PooledArena<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the one handle of the core, which is not used after this.
        unsafe { go_home(self.address()) };
    }
}

impl fmt::Debug for PooledArena<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PooledArena").field(&self.arena.stats()).finish()
    }
}

impl Handle for PooledArena<'_> {}
impl Unborrowed for PooledArena<'_> {}
impl Sealed for PooledArena<'_> {
    const SHARED: bool = false;
    const EXCLUSIVE: bool = true;

    #[inline]
    fn core(&self) -> Option<NonNull<Core>> {
        Some(self.address())
    }

    fn make(&self) -> Option<NonNull<Core>> {
        self.core()
    }

    fn make_with(&self, _first: Layout) -> Result<NonNull<u8>, ArenaError> {
        unreachable!("it has been made")
    }

    #[cfg_attr(feature = "registry", track_caller)]
    fn try_clone_handle(&self) -> Result<Self, ArenaError> {
        // SAFETY: the handle is alive, and its home is only read while the core is out (3).
        match unsafe { self.address().as_ref() }.link.home.get() {
            Home::None => unreachable!("a pooled arena has a pool"),
            // SAFETY: the pool outlives the lifetime of this handle (2), which is that of the result.
            Home::Borrowed(pool) => unsafe { pool.cast::<ArenaPool>().as_ref().take(Home::Borrowed(pool)) },
            Home::Counted(pool) => {
                // SAFETY: the strong count of this handle's core keeps the pool (2); it is not given up here.
                let pool = ManuallyDrop::new(unsafe { Arc::from_raw(pool.cast::<ArenaPool>().as_ptr().cast_const()) });
                pool.try_checkout_owned()
            }
        }
    }
}
