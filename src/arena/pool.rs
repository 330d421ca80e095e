//! The pool of arenas and the handle that it gives out.
//!
//! ```text
//! ArenaPool { ready, Mutex<Waiting { head, .. }> }
//!               |                      |
//!               v                      v
//!           [ Core ]               [ Core | next ] --> [ Core | next ] --> none      reset, nobody has a handle
//!
//! PooledArena / SharedArena --> [ Core | home: this pool ]                           out
//! ```
//!
//! One core waits in front of the lock: where arenas come and go one at a time, a checkout is an atomic exchange and a count, a
//! return an exchange. Whoever finds none there takes the lock, and makes a new arena only if at one moment under the lock nothing waits
//! in either place: so there are never more arenas than were out at once.
//!
//! Invariants, beside those of the core:
//!
//! 1. A core is waiting, or out, never both. It waits in `ready`, put there and taken by one atomic exchange each (release,
//!    acquire), or on the list from `head`, put there and taken under the mutex. While it waits it is reset, nobody else has
//!    a pointer to it, and its `home` means nothing.
//! 2. `home` of a core that is out is the address of an `ArenaPool`, valid until the core is back: a borrowed pool outlives the `'p` of the handle; a
//!    counted pool is kept by one strong count that belongs to the core while it is out.
//! 3. `home` and `next` are written by whoever has the core alone; while it is out, `home` is only read.

#![allow(unsafe_code, reason = "owns arenas through pointers that are linked with each other")]

mod pooled;

use alloc::sync::Arc;
use core::fmt;
use core::iter;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicPtr, AtomicUsize};
use std::panic::UnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::pooled::PooledArena;
use super::core::{Core, Home, Owned, State};
use super::owned::Arena;
use super::trim::TrimPolicy;
use crate::error::{ArenaError, fail};
use crate::observe::probes;
use crate::observe::watch::{Kind, Place, Watch};
use crate::stats::PoolStats;

/// Ends a core whose last handle is gone: back to its pool, or to the heap.
///
/// # Safety
///
/// The caller had the last handle and does not use it any more.
#[inline]
pub(super) unsafe fn go_home(core: NonNull<Core>) {
    // SAFETY: the core is alive until it is freed or given to the pool below.
    match unsafe { core.as_ref() }.link.home.get() {
        // SAFETY: the last handle is gone, so nobody else uses or frees the core.
        Home::None => drop(unsafe { Owned::from_core(core) }),
        // SAFETY: the pool is valid until the core is back (2).
        Home::Borrowed(pool) => unsafe { pool.cast::<ArenaPool>().as_ref() }.take_back(core),
        Home::Counted(pool) => {
            // SAFETY: the strong count of this core (2), given up here once.
            let pool = unsafe { Arc::from_raw(pool.cast::<ArenaPool>().as_ptr().cast_const()) };
            pool.take_back(core);
        }
    }
}

/// Makes an owned arena of a core whose last handle is gone: it does not go back to its pool, if it has one.
///
/// # Safety
///
/// The caller had the last handle and does not use it any more.
pub(super) unsafe fn leave_home(core: NonNull<Core>) -> Arena {
    // SAFETY: alive, and the last handle is gone, so nobody else uses or frees the core; its home is written by whoever has it
    // alone (3).
    let (home, core) = unsafe {
        core.as_ref().watch().turn_into(Kind::Arena, None);
        (core.as_ref().link.home.replace(Home::None), Owned::from_core(core))
    };
    match home {
        Home::None => (),
        // SAFETY: the pool is valid until here, where the core leaves it (2).
        Home::Borrowed(pool) => unsafe { pool.cast::<ArenaPool>().as_ref() }.count_left(),
        Home::Counted(pool) => {
            // SAFETY: the strong count of this core (2), given up here once.
            let pool = unsafe { Arc::from_raw(pool.cast::<ArenaPool>().as_ptr().cast_const()) };
            pool.count_left();
        }
    }
    Arena { core }
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
    /// Allocates: never. Time: O(1).
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
    /// Allocates: never. Time: O(1).
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
    /// That is counted as [`PoolStats::kept_bytes`] counts: a first chunk of up to about 15 KiB, which stands in one block with the arena's own
    /// numbers, is put out of service and goes back to the heap with its arena ([`Arena`]). So give a bound above that, or bound how
    /// [many](Self::max_kept) wait.
    ///
    /// Allocates: never. Time: O(1).
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
    /// Allocates: never. Time: O(1).
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
/// A checkout takes an arena that came back, or makes a new one if none waits, which starts with room for the highest
/// high-water mark of the arenas that came back before. Where one arena waits, checkout and return are two atomic
/// exchanges and a count; the others wait behind a lock. The reset happens outside of it.
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
    /// A waiting core, or null.
    ready: AtomicPtr<Core>,
    waiting: Mutex<Waiting>,
    checkouts: AtomicUsize,
    high_water: AtomicUsize,
    left: AtomicUsize,
    config: PoolConfig,
}

/// What is under the mutex.
struct Waiting {
    head: Option<NonNull<Core>>,
    /// Cores on the list.
    len: usize,
    created: u64,
    freed: u64,
    trimmed: u64,
    watch: Watch,
}

// SAFETY: the waiting cores belong to the pool alone (1), and a core may be sent like an arena. The same is why `ready`, an
// `AtomicPtr`, which is `Send` and `Sync` whatever it points to, may be so here.
unsafe impl Send for Waiting {}

// What waits is reset, and nothing that runs under the mutex can panic half-way.
impl UnwindSafe for ArenaPool {}

impl ArenaPool {
    /// Makes an empty pool without bounds.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
    /// ```
    #[must_use]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn new() -> Self {
        Self::with_config(PoolConfig::new())
    }

    /// Makes an empty pool with bounds.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// use arenamap::{ArenaPool, PoolConfig};
    ///
    /// static POOL: ArenaPool = ArenaPool::with_config(PoolConfig::new().max_kept(64));
    /// ```
    #[must_use]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn with_config(config: PoolConfig) -> Self {
        Self {
            ready: AtomicPtr::new(ptr::null_mut()),
            waiting: Mutex::new(Waiting {
                head: None,
                len: 0,
                created: 0,
                freed: 0,
                trimmed: 0,
                watch: Watch::new(Kind::ArenaPool, Place::here()),
            }),
            checkouts: AtomicUsize::new(0),
            high_water: AtomicUsize::new(0),
            left: AtomicUsize::new(0),
            config,
        }
    }

    /// Takes an arena out; it comes back when the handle is dropped.
    ///
    /// Allocates: never if an arena waits, else heap. Time: O(1), two atomic operations or a lock.
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
    #[track_caller]
    pub fn checkout(&self) -> PooledArena<'_> {
        match self.try_checkout() {
            Ok(arena) => arena,
            Err(error) => fail(error, "ArenaPool::try_checkout"),
        }
    }

    /// Takes an arena out; it comes back when the handle is dropped.
    ///
    /// Allocates: never if an arena waits, else heap. Time: O(1), two atomic operations or a lock.
    ///
    /// # Errors
    ///
    /// [`ArenaError::AllocError`] if a new arena is needed and the heap has no memory.
    ///
    /// ```
    /// let pool = arenamap::ArenaPool::new();
    /// let arena = pool.try_checkout()?;
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_checkout(&self) -> Result<PooledArena<'_>, ArenaError> {
        // SAFETY: the home is this pool, and the result borrows it.
        unsafe { self.take(Home::Borrowed(NonNull::from(self).cast())) }
    }

    /// Takes an arena out of a counted pool; the handle borrows nothing.
    ///
    /// Allocates: never if an arena waits, else heap. Time: O(1), two atomic operations or a lock.
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
    #[track_caller]
    pub fn checkout_owned(self: &Arc<Self>) -> PooledArena<'static> {
        match self.try_checkout_owned() {
            Ok(arena) => arena,
            Err(error) => fail(error, "ArenaPool::try_checkout_owned"),
        }
    }

    /// Takes an arena out of a counted pool; the handle borrows nothing.
    ///
    /// Allocates: never if an arena waits, else heap. Time: O(1), two atomic operations or a lock.
    ///
    /// # Errors
    ///
    /// [`ArenaError::AllocError`] if a new arena is needed and the heap has no memory.
    ///
    /// ```
    /// let pool = std::sync::Arc::new(arenamap::ArenaPool::new());
    /// let arena = pool.try_checkout_owned()?;
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_checkout_owned(self: &Arc<Self>) -> Result<PooledArena<'static>, ArenaError> {
        let pool = Arc::into_raw(Arc::clone(self)).cast_mut();
        // SAFETY: an `Arc` is not null.
        let pool = unsafe { NonNull::new_unchecked(pool) };
        // SAFETY: the home is this pool, of which the result has the strong count that was taken above.
        unsafe { self.take(Home::Counted(pool.cast())) }.inspect_err(|_| {
            // SAFETY: the strong count that was taken above; no handle has it.
            drop(unsafe { Arc::from_raw(pool.as_ptr().cast_const()) });
        })
    }

    /// The numbers of the pool.
    ///
    /// Allocates: never; frees one if more than may wait came back meanwhile. Time: O(arenas that wait), under one
    /// lock.
    ///
    /// ```
    /// println!("{}", arenamap::ArenaPool::new().stats());
    /// ```
    pub fn stats(&self) -> PoolStats {
        let waiting = self.waiting();
        // Taken away, so that nobody else has it; whoever finds nothing ready waits for the lock.
        let ready = self.take_ready();
        let (mut kept, mut kept_bytes) = (0, 0);
        for core in ready.into_iter().chain(waiting.iter()) {
            // SAFETY: waiting, so it is alive, and nobody else has it (1).
            let owned = ManuallyDrop::new(unsafe { Owned::from_core(core) });
            kept += 1;
            kept_bytes += owned.peek(State::held);
        }
        let alive = usize::try_from(waiting.created - waiting.freed).unwrap_or(usize::MAX);
        let left = self.left.load(Relaxed);
        let stats = PoolStats {
            kept,
            kept_bytes,
            out: alive.saturating_sub(kept + left),
            checkouts: self.checkouts.load(Relaxed) as u64,
            created: waiting.created,
            freed: waiting.freed,
            trimmed: waiting.trimmed,
            left: left as u64,
            high_water: self.high_water.load(Relaxed),
        };
        if let Some(core) = ready
            && !self.put_ready(core)
        {
            self.keep(waiting, core);
        }
        stats
    }

    /// An arena that was out has left for good.
    fn count_left(&self) {
        self.left.fetch_add(1, Relaxed);
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
    #[cfg_attr(feature = "registry", track_caller)]
    unsafe fn take<'p>(&self, home: Home) -> Result<PooledArena<'p>, ArenaError> {
        self.checkouts.fetch_add(1, Relaxed);
        let core = match self.take_ready() {
            Some(core) => core,
            None => self.take_behind()?,
        };
        // Always: a pointer of the same address that waited here may belong to a pool that is gone, or was moved.
        // SAFETY: it waited, or is new: alive, and nobody else has it (1).
        let arena = unsafe {
            core.as_ref().link.home.set(home);
            core.as_ref().watch().waits(false);
            core.as_ref().watch().turn_into(Kind::PooledArena, Some(Place::here()));
            Arena {
                core: Owned::from_core(core),
            }
        };
        Ok(PooledArena {
            arena: ManuallyDrop::new(arena),
            pool: PhantomData,
        })
    }

    /// Its name in the registry.
    #[cfg(feature = "registry")]
    pub(crate) fn set_name(&self, name: &'static str) {
        self.waiting().watch.set_name(name);
    }

    /// The core in front of the lock.
    #[inline]
    fn take_ready(&self) -> Option<NonNull<Core>> {
        NonNull::new(self.ready.swap(ptr::null_mut(), Acquire))
    }

    /// Puts a core in front of the lock, if one may wait and none does; tells whether it did.
    #[inline]
    fn put_ready(&self, core: NonNull<Core>) -> bool {
        self.config.max_kept > 0
            && self
                .ready
                .compare_exchange(ptr::null_mut(), core.as_ptr(), Release, Relaxed)
                .is_ok()
    }

    /// A core from behind the lock, or a new one.
    #[inline(never)]
    fn take_behind(&self) -> Result<NonNull<Core>, ArenaError> {
        let mut waiting = self.waiting();
        // One that came back since `ready` was empty is taken before another is made.
        if let Some(core) = waiting.take().or_else(|| self.take_ready()) {
            return Ok(core);
        }
        waiting.created += 1;
        waiting.watch.list();
        let made = usize::try_from(waiting.created).unwrap_or(usize::MAX);
        drop(waiting);
        let capacity = self.high_water.load(Relaxed).min(self.config.max_kept_bytes);
        probes::pool_miss(made, capacity);
        Core::create(capacity, self.config.budget, Place::unknown()).inspect_err(|_| {
            self.waiting().created -= 1;
            self.checkouts.fetch_sub(1, Relaxed);
        })
    }

    /// Resets a core that is alive, that nobody else has, and whose blocks are not in use, and keeps it, or frees it.
    #[inline(always)] // the call, and the registers that it saves, are a thirtieth of checkout and return
    fn take_back(&self, core: NonNull<Core>) {
        // SAFETY: alive, and nobody else has it (1).
        let mut owned = ManuallyDrop::new(unsafe { Owned::from_core(core) });
        owned.reset();
        let reached = owned.peek(State::high_water);
        if reached > self.high_water.load(Relaxed) {
            self.high_water.fetch_max(reached, Relaxed);
        }
        if owned.peek(State::held) > self.config.max_kept_bytes {
            owned.trim(TrimPolicy::Keep(self.config.max_kept_bytes));
            self.waiting().trimmed += 1;
        }
        owned.wait_in_pool();
        if !self.put_ready(core) {
            self.put_behind(core);
        }
    }

    /// Keeps a core behind the lock, or frees it.
    #[inline(never)]
    fn put_behind(&self, core: NonNull<Core>) {
        self.keep(self.waiting(), core);
    }

    /// Keeps a core that is alive, and that nobody else has, unless as many wait as may.
    fn keep(&self, mut waiting: MutexGuard<'_, Waiting>, core: NonNull<Core>) {
        // One place is in front of the lock.
        if waiting.len + 1 < self.config.max_kept {
            waiting.put(core);
        } else if !self.put_ready(core) {
            waiting.freed += 1;
            drop(waiting);
            // SAFETY: alive, and nobody else has it (1).
            drop(unsafe { Owned::from_core(core) });
        }
    }
}

impl Waiting {
    /// The cores on the list.
    fn iter(&self) -> impl Iterator<Item = NonNull<Core>> {
        // SAFETY: waiting, so it is alive, and the mutex keeps everybody else away (1).
        iter::successors(self.head, |core| unsafe { core.as_ref() }.link.next.get())
    }

    /// Takes the first core from the list.
    fn take(&mut self) -> Option<NonNull<Core>> {
        let core = self.head?;
        // SAFETY: waiting, so it is alive, and nobody else has it (1).
        self.head = unsafe { core.as_ref() }.link.next.get();
        self.len -= 1;
        Some(core)
    }

    /// Puts a core that is alive, and that nobody else has, on the list.
    fn put(&mut self, core: NonNull<Core>) {
        // SAFETY: alive, and nobody else has it (1).
        unsafe { core.as_ref() }.link.next.set(self.head);
        self.head = Some(core);
        self.len += 1;
    }
}

impl Default for ArenaPool {
    #[cfg_attr(feature = "registry", track_caller)]
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

impl Drop for ArenaPool {
    fn drop(&mut self) {
        let ready = self.take_ready();
        let waiting = self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner);
        let waiting = iter::from_fn(|| waiting.take());
        for core in ready.into_iter().chain(waiting) {
            // SAFETY: it waited, so it is alive, and nobody finds it any more (1).
            drop(unsafe { Owned::from_core(core) });
        }
    }
}
