//! The pool of arenas and the handle that it gives out.
//!
//! ```text
//! ArenaPool { Mutex<Waiting { head, .. }> }
//!                           |
//!                           v
//!                       [ Core | next ] --> [ Core | next ] --> none      reset, nobody has a handle
//!
//! PooledArena / SharedArena --> [ Core | home: this pool ]                out
//! ```
//!
//! Invariants, beside those of the handles:
//!
//! 1. A core is waiting, or out, never both. It is taken and put back under the mutex, last in, first out; while it waits
//!    it is reset, nobody else has a pointer to it, and its `home` means nothing.
//! 2. `home` of a core that is out is valid until the core is back: a borrowed pool outlives the `'p` of the handle; a
//!    counted pool is kept by one strong count that belongs to the core while it is out.
//! 3. `home` and `next` are written by whoever has the core alone; while it is out, `home` is only read.

#![allow(unsafe_code, reason = "owns arenas through pointers that are linked with each other")]

use alloc::sync::Arc;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::handle::{Core, Handle, Owned, sealed};
use super::shared::SharedArena;
use super::{Arena, State, TrimPolicy};
use crate::error::{ArenaError, fail};
use crate::stats::PoolStats;

/// What a core has for pools and for sharing.
pub(super) struct Link {
    lock: Mutex<()>,
    /// How many `SharedArena`s there are: none, or all the handles of this core.
    pub(super) refs: AtomicUsize,
    home: Cell<Home>,
    next: Cell<Option<NonNull<Core>>>,
}

/// Where a core goes when its last handle is dropped.
#[derive(Clone, Copy)]
enum Home {
    /// To the heap.
    None,
    /// To a pool that outlives the handle.
    Borrowed(NonNull<ArenaPool>),
    /// To a pool of which the core has a strong count.
    Counted(NonNull<ArenaPool>),
}

impl Link {
    pub(super) const fn new() -> Self {
        Self {
            lock: Mutex::new(()),
            refs: AtomicUsize::new(0),
            home: Cell::new(Home::None),
            next: Cell::new(None),
        }
    }

    /// The turn at a shared arena. It guards no data of its own, so that a panic elsewhere cannot have broken any.
    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a core whose last handle is gone: back to its pool, or to the heap.
///
/// # Safety
///
/// The caller had the last handle and does not use it any more.
#[inline]
pub(super) unsafe fn go_home(core: NonNull<Core>) {
    // SAFETY: the core is alive until it is freed or given to the pool below.
    let home = unsafe { core.as_ref() }.link.home.get();
    // SAFETY: the last handle is gone, so nobody else uses or frees the core; there is no block in use either.
    let mut owned = unsafe { Owned::from_core(core) };
    match home {
        Home::None => drop(owned),
        Home::Borrowed(pool) => {
            owned.reset();
            // SAFETY: the pool is valid until the core is back (2).
            unsafe { pool.as_ref() }.take_back(owned);
        }
        Home::Counted(pool) => {
            owned.reset();
            // SAFETY: the strong count of this core (2), given up here once.
            let pool = unsafe { Arc::from_raw(pool.as_ptr().cast_const()) };
            pool.take_back(owned);
        }
    }
}

/// Bounds of an [`ArenaPool`]: a `const` builder.
///
/// Without bounds a pool keeps as many arenas as were ever out at the same time, as large as they ever were.
///
/// ```
/// use arenamap::{ArenaPool, PoolConfig};
///
/// static POOL: ArenaPool =
///     ArenaPool::with_config(PoolConfig::new().max_kept(64).max_kept_bytes(1 << 20).budget(16 << 20));
/// assert_eq!(POOL.checkout().budget(), Some(16 << 20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    max_kept: usize,
    max_kept_bytes: usize,
    budget: usize,
}

impl PoolConfig {
    /// No bounds.
    ///
    /// ```
    /// assert_eq!(arenamap::PoolConfig::new(), arenamap::PoolConfig::default());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_kept: usize::MAX,
            max_kept_bytes: usize::MAX,
            budget: usize::MAX,
        }
    }

    /// How many arenas wait in the pool at most; one that comes back to a full pool is freed.
    ///
    /// ```
    /// let config = arenamap::PoolConfig::new().max_kept(8);
    /// ```
    #[must_use]
    pub const fn max_kept(mut self, arenas: usize) -> Self {
        self.max_kept = arenas;
        self
    }

    /// How many bytes each waiting arena holds at most; one that comes back larger is trimmed.
    ///
    /// ```
    /// let config = arenamap::PoolConfig::new().max_kept_bytes(1 << 20);
    /// ```
    #[must_use]
    pub const fn max_kept_bytes(mut self, bytes: usize) -> Self {
        self.max_kept_bytes = bytes;
        self
    }

    /// The budget of each arena, in bytes: see [`Arena::with_budget`].
    ///
    /// ```
    /// let config = arenamap::PoolConfig::new().budget(1 << 20);
    /// ```
    #[must_use]
    pub const fn budget(mut self, bytes: usize) -> Self {
        self.budget = bytes;
        self
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// A pool of arenas: checked out, reset and returned without a heap call.
///
/// A checkout takes the arena that came back last, or makes a new one if none waits, which starts with room for the
/// highest high-water mark of the arenas that came back before. One lock per checkout and one per return; the reset
/// happens outside of it.
///
/// The pool is `Sync`: make it a `static`, or put it into an `Arc` and use [`checkout_owned`](Self::checkout_owned).
///
/// ```
/// use arenamap::ArenaPool;
///
/// static POOL: ArenaPool = ArenaPool::new();
///
/// let arena = POOL.checkout();
/// arena.alloc_str("for this request");
/// drop(arena);
/// assert_eq!(POOL.stats().kept, 1);
/// ```
pub struct ArenaPool {
    waiting: Mutex<Waiting>,
    config: PoolConfig,
}

/// What is under the mutex.
struct Waiting {
    head: Option<NonNull<Core>>,
    /// As in the report, but for `kept_bytes` and `out`, which are worked out for it.
    stats: PoolStats,
}

// SAFETY: the waiting cores belong to the pool alone (1), and a core may be sent like an arena.
unsafe impl Send for Waiting {}

impl ArenaPool {
    /// Makes an empty pool without bounds.
    ///
    /// Allocates: never.
    ///
    /// ```
    /// static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self::with_config(PoolConfig::new())
    }

    /// Makes an empty pool with bounds.
    ///
    /// Allocates: never.
    ///
    /// ```
    /// use arenamap::{ArenaPool, PoolConfig};
    ///
    /// static POOL: ArenaPool = ArenaPool::with_config(PoolConfig::new().max_kept(64));
    /// ```
    #[must_use]
    pub const fn with_config(config: PoolConfig) -> Self {
        let stats = PoolStats {
            kept: 0,
            kept_bytes: 0,
            out: 0,
            checkouts: 0,
            created: 0,
            freed: 0,
            trimmed: 0,
            high_water: 0,
        };
        Self {
            waiting: Mutex::new(Waiting { head: None, stats }),
            config,
        }
    }

    /// Takes an arena out; it comes back when the handle is dropped.
    ///
    /// Allocates: never if an arena waits, else heap. Time: constant, one lock.
    ///
    /// # Panics
    ///
    /// If a new arena is needed and the heap has no memory; [`try_checkout`](Self::try_checkout) returns the error.
    ///
    /// ```
    /// let pool = arenamap::ArenaPool::new();
    /// let arena = pool.checkout();
    /// arena.alloc(1);
    /// ```
    #[inline]
    pub fn checkout(&self) -> PooledArena<'_> {
        self.try_checkout()
            .unwrap_or_else(|error| fail(error, "ArenaPool::try_checkout"))
    }

    /// Takes an arena out; it comes back when the handle is dropped.
    ///
    /// Allocates: never if an arena waits, else heap. Time: constant, one lock.
    ///
    /// # Errors
    ///
    /// [`ArenaError::OutOfMemory`] if a new arena is needed and the heap has no memory.
    ///
    /// ```
    /// let pool = arenamap::ArenaPool::new();
    /// let arena = pool.try_checkout()?;
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    #[inline]
    pub fn try_checkout(&self) -> Result<PooledArena<'_>, ArenaError> {
        // SAFETY: the home is this pool, and the result borrows it.
        unsafe { self.take(Home::Borrowed(NonNull::from(self))) }
    }

    /// Takes an arena out of a counted pool; the handle borrows nothing.
    ///
    /// Allocates: never if an arena waits, else heap. Time: constant, one lock.
    ///
    /// # Panics
    ///
    /// If a new arena is needed and the heap has no memory; [`try_checkout_owned`](Self::try_checkout_owned) returns the
    /// error.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(arenamap::ArenaPool::new());
    /// let arena = pool.checkout_owned();
    /// drop(pool);
    /// arena.alloc(1);
    /// ```
    pub fn checkout_owned(self: &Arc<Self>) -> PooledArena<'static> {
        self.try_checkout_owned()
            .unwrap_or_else(|error| fail(error, "ArenaPool::try_checkout_owned"))
    }

    /// Takes an arena out of a counted pool; the handle borrows nothing.
    ///
    /// Allocates: never if an arena waits, else heap. Time: constant, one lock.
    ///
    /// # Errors
    ///
    /// [`ArenaError::OutOfMemory`] if a new arena is needed and the heap has no memory.
    ///
    /// ```
    /// let pool = std::sync::Arc::new(arenamap::ArenaPool::new());
    /// let arena = pool.try_checkout_owned()?;
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    pub fn try_checkout_owned(self: &Arc<Self>) -> Result<PooledArena<'static>, ArenaError> {
        let pool = Arc::into_raw(Arc::clone(self)).cast_mut();
        // SAFETY: an `Arc` is not null.
        let pool = unsafe { NonNull::new_unchecked(pool) };
        // SAFETY: the home is this pool, of which the result has the strong count that was taken above.
        unsafe { self.take(Home::Counted(pool)) }.inspect_err(|_| {
            // SAFETY: the strong count that was taken above; no handle has it.
            drop(unsafe { Arc::from_raw(pool.as_ptr().cast_const()) });
        })
    }

    /// The numbers of the pool.
    ///
    /// Allocates: never. Time: linear in the arenas that wait, under one lock.
    ///
    /// ```
    /// println!("{}", arenamap::ArenaPool::new().stats());
    /// ```
    pub fn stats(&self) -> PoolStats {
        let waiting = self.waiting();
        let mut stats = waiting.stats;
        let alive = usize::try_from(stats.created - stats.freed).unwrap_or(usize::MAX);
        stats.out = alive.saturating_sub(stats.kept);
        let mut next = waiting.head;
        while let Some(core) = next {
            // SAFETY: waiting, so it is alive, and the mutex keeps everybody else away (1).
            let owned = ManuallyDrop::new(unsafe { Owned::from_core(core) });
            stats.kept_bytes += owned.peek(State::held);
            // SAFETY: as above.
            next = unsafe { core.as_ref() }.link.next.get();
        }
        stats
    }

    /// Nothing that runs under this mutex can panic half-way; so a poisoned one is as good as new.
    #[inline]
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an arena out.
    ///
    /// # Safety
    ///
    /// `home` is this pool. It outlives `'p`, or a strong count of it belongs to the result.
    #[inline]
    unsafe fn take<'p>(&self, home: Home) -> Result<PooledArena<'p>, ArenaError> {
        let mut waiting = self.waiting();
        waiting.stats.checkouts += 1;
        let owned = if let Some(core) = waiting.head {
            // SAFETY: waiting, so it is alive and nobody else has it (1).
            let owned = unsafe { Owned::from_core(core) };
            // SAFETY: as above.
            waiting.head = unsafe { core.as_ref() }.link.next.get();
            waiting.stats.kept -= 1;
            drop(waiting);
            owned
        } else {
            waiting.stats.created += 1;
            let reached = waiting.stats.high_water;
            drop(waiting);
            self.create(reached)?
        };
        // Always: a pointer of the same address that waited here may belong to a pool that is gone, or was moved.
        // SAFETY: alive, and nobody else has it.
        unsafe { owned.address().as_ref() }.link.home.set(home);
        let arena = Arena { core: owned };
        Ok(PooledArena {
            arena: ManuallyDrop::new(arena),
            pool: PhantomData,
        })
    }

    #[cold]
    fn create(&self, reached: usize) -> Result<Owned, ArenaError> {
        let capacity = reached.min(self.config.max_kept_bytes);
        Owned::try_new(capacity, self.config.budget).inspect_err(|_| {
            let mut waiting = self.waiting();
            waiting.stats.created -= 1;
            waiting.stats.checkouts -= 1;
        })
    }

    /// Keeps a reset arena, or frees it.
    #[inline(always)] // the call, and the registers that it saves, are a thirtieth of checkout and return
    fn take_back(&self, mut owned: Owned) {
        let reached = owned.peek(State::high_water);
        let trimmed = owned.peek(State::held) > self.config.max_kept_bytes;
        if trimmed {
            owned.trim(TrimPolicy::Keep(self.config.max_kept_bytes));
        }
        let mut waiting = self.waiting();
        if reached > waiting.stats.high_water {
            waiting.stats.high_water = reached;
        }
        if trimmed {
            waiting.stats.trimmed += 1;
        }
        if waiting.stats.kept < self.config.max_kept {
            waiting.stats.kept += 1;
            let core = owned.into_core();
            // SAFETY: alive, and nobody else has it (1).
            unsafe { core.as_ref() }.link.next.set(waiting.head);
            waiting.head = Some(core);
        } else {
            waiting.stats.freed += 1;
            drop(waiting);
            drop(owned);
        }
    }
}

impl Default for ArenaPool {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ArenaPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArenaPool")
            .field("config", &self.config)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        while let Some(core) = self.head {
            // SAFETY: waiting, so it is alive and nobody else has it (1).
            self.head = unsafe { core.as_ref() }.link.next.get();
            // SAFETY: as above, and nobody finds it any more.
            drop(unsafe { Owned::from_core(core) });
        }
    }
}

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
    arena: ManuallyDrop<Arena>,
    pool: PhantomData<&'p ArenaPool>,
}

impl<'p> PooledArena<'p> {
    /// Ends all blocks and keeps all chunks: [`Arena::reset`].
    ///
    /// Allocates: never.
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
    /// Allocates: heap.
    ///
    /// # Errors
    ///
    /// [`ArenaError::OutOfMemory`] if the heap has no memory; then the arena is reset and keeps its chunks.
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
    /// Allocates: never; frees.
    ///
    /// ```
    /// let pool = arenamap::ArenaPool::new();
    /// pool.checkout().trim(arenamap::TrimPolicy::All);
    /// ```
    pub fn trim(&mut self, policy: TrimPolicy) {
        self.arena.trim(policy);
    }

    /// Makes it a counted handle, for several maps and tasks; the last one to be dropped returns the arena.
    ///
    /// Allocates: never.
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
        let core = ManuallyDrop::new(self).arena.core.address();
        // SAFETY: it was the one handle of the core, which is not dropped; its home is valid for `'p` or counted.
        unsafe { SharedArena::from_core(core) }
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
        unsafe { go_home(self.arena.core.address()) };
    }
}

impl fmt::Debug for PooledArena<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PooledArena").field(&self.arena.stats()).finish()
    }
}

impl Handle for PooledArena<'_> {}
impl sealed::Unborrowed for PooledArena<'_> {}
impl sealed::Sealed for PooledArena<'_> {
    const SHARED: bool = false;
    const EXCLUSIVE: bool = true;

    #[inline]
    fn core(&self) -> NonNull<Core> {
        self.arena.core.address()
    }

    fn try_clone_handle(&self) -> Result<Self, ArenaError> {
        // SAFETY: the handle is alive, and its home is only read while the core is out (3).
        match unsafe { self.arena.core.address().as_ref() }.link.home.get() {
            Home::None => unreachable!("a pooled arena has a pool"),
            // SAFETY: the pool outlives the lifetime of this handle (2), which is that of the result.
            Home::Borrowed(pool) => unsafe { pool.as_ref().take(Home::Borrowed(pool)) },
            Home::Counted(pool) => {
                // SAFETY: the strong count of this handle's core keeps the pool (2); it is not given up here.
                let pool = ManuallyDrop::new(unsafe { Arc::from_raw(pool.as_ptr().cast_const()) });
                pool.try_checkout_owned()
            }
        }
    }
}
