//! Arenas: chunks of memory that blocks are carved from, recycled in, and all ended at once.

#[cfg(not(arenamap_guard))]
mod alloc;
#[cfg(arenamap_guard)]
mod guard;
mod handle;
#[cfg(feature = "std")]
mod pool;
mod recycle;
#[cfg(feature = "std")]
mod shared;
mod values;

#[cfg(not(arenamap_guard))]
use self::alloc::State;
#[cfg(arenamap_guard)]
use self::guard::State;
use self::handle::Owned;
use crate::error::{ArenaError, fail};
use crate::stats::ArenaStats;

pub use self::handle::Handle;
pub(crate) use self::handle::{Held, Raw};
#[cfg(feature = "std")]
pub use self::pool::{ArenaPool, PoolConfig, PooledArena};
#[cfg(feature = "std")]
pub use self::shared::SharedArena;

/// A bump arena that recycles freed blocks by exact size, keeps a budget, and is reset without a heap call.
///
/// Blocks are carved from chunks, one after the other. A block that is given back serves the next block of the same size
/// and alignment; [`reset`](Self::reset) ends all of them at once and keeps every chunk. So a load that is repeated after
/// a reset makes no call to the global allocator from its second cycle on.
///
/// What is put in with `alloc` and its kin is never dropped: the arena runs no destructor. Maps that live in an arena drop
/// their entries themselves.
///
/// The arena is `Send` and not `Sync`: to use one arena from several maps or tasks, `share` it.
///
/// It takes its chunks from the global allocator. A global allocator that is written by hand must not use an arena in
/// turn: not the one that is asking it for a chunk.
///
/// ```
/// use arenamap::Arena;
///
/// let mut arena = Arena::new();
/// for request in ["one", "two"] {
///     let text = arena.alloc_str(request);
///     text.make_ascii_uppercase();
///     assert_eq!(text.len(), 3);
///     arena.reset();
/// }
/// ```
pub struct Arena {
    core: Owned,
}

impl Arena {
    /// Makes an arena without budget, and with no chunk until the first block.
    ///
    /// Allocates: heap, once. Time: constant.
    ///
    /// # Panics
    ///
    /// If the heap has no memory; [`try_with`](Self::try_with) returns the error.
    ///
    /// ```
    /// let arena = arenamap::Arena::new();
    /// assert_eq!(arena.held(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with(0, usize::MAX)
    }

    /// Makes an arena whose first chunk has room for this many bytes.
    ///
    /// Allocates: heap. Time: constant.
    ///
    /// # Panics
    ///
    /// If the heap has no memory; [`try_with`](Self::try_with) returns the error.
    ///
    /// ```
    /// let arena = arenamap::Arena::with_capacity(10_000);
    /// assert!(arena.held() >= 10_000);
    /// ```
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self::with(bytes, usize::MAX)
    }

    /// Makes an arena that gives out at most this many bytes between two resets.
    ///
    /// The budget counts the bytes of live blocks and of free blocks that wait for reuse, [`used`](Self::used) `+`
    /// [`free`](Self::free), to the byte; blocks are multiples of 8 bytes. Room in chunks that is not yet given out does
    /// not count, but a new chunk is never made larger than what the budget has left, beyond the rounding of its size
    /// (to a power of two below 4 KiB, to a page above).
    ///
    /// Allocates: heap, once. Time: constant.
    ///
    /// # Panics
    ///
    /// If the heap has no memory; [`try_with`](Self::try_with) returns the error.
    ///
    /// ```
    /// let arena = arenamap::Arena::with_budget(1 << 20);
    /// assert!(arena.try_alloc_slice_fill_copy(2 << 20, 0_u8).is_err());
    /// ```
    #[must_use]
    pub fn with_budget(bytes: usize) -> Self {
        Self::with(0, bytes)
    }

    /// Makes an arena with both: a first chunk for `capacity` bytes, and a budget of `budget` bytes.
    ///
    /// The first chunk is no larger than the budget. `usize::MAX` is no budget.
    ///
    /// Allocates: heap. Time: constant.
    ///
    /// # Panics
    ///
    /// If the heap has no memory; [`try_with`](Self::try_with) returns the error.
    ///
    /// ```
    /// let arena = arenamap::Arena::with(4 << 10, 1 << 20);
    /// assert_eq!(arena.budget(), Some(1 << 20));
    /// ```
    #[must_use]
    pub fn with(capacity: usize, budget: usize) -> Self {
        Self::try_with(capacity, budget).unwrap_or_else(|error| fail(error, "Arena::try_with"))
    }

    /// Makes an arena with a first chunk for `capacity` bytes (0 for none) and a budget (`usize::MAX` for none).
    ///
    /// Allocates: heap. Time: constant.
    ///
    /// # Errors
    ///
    /// [`ArenaError::OutOfMemory`] if the heap has no memory.
    ///
    /// ```
    /// let arena = arenamap::Arena::try_with(0, usize::MAX)?;
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    pub fn try_with(capacity: usize, budget: usize) -> Result<Self, ArenaError> {
        Owned::try_new(capacity, budget).map(|core| Self { core })
    }

    /// Ends all blocks and keeps all chunks.
    ///
    /// Runs no destructor. Allocates: never. Time: constant with one chunk, else linear in the chunks entered since the
    /// last reset, of which a load of n bytes has about log(n).
    ///
    /// ```
    /// let mut arena = arenamap::Arena::new();
    /// arena.alloc(1_u64);
    /// let held = arena.held();
    /// arena.reset();
    /// assert_eq!((arena.used(), arena.held()), (0, held));
    /// ```
    #[inline]
    pub fn reset(&mut self) {
        self.core.reset();
    }

    /// Resets, and replaces all chunks by one that has room for the high-water mark and a sixteenth more.
    ///
    /// Does nothing more than a reset if there is such a chunk already, and no other. Allocates: heap.
    ///
    /// # Errors
    ///
    /// [`ArenaError::OutOfMemory`] if the heap has no memory; then the arena is reset and keeps its chunks.
    ///
    /// ```
    /// let mut arena = arenamap::Arena::new();
    /// for i in 0..1_000 {
    ///     arena.alloc([i; 10]);
    /// }
    /// arena.merge_chunks()?;
    /// assert_eq!(arena.stats().chunks, 1);
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    pub fn merge_chunks(&mut self) -> Result<(), ArenaError> {
        self.core.merge()
    }

    /// Resets, and gives chunks back to the heap.
    ///
    /// Allocates: never; frees. Time: linear in the chunks.
    ///
    /// ```
    /// use arenamap::{Arena, TrimPolicy};
    ///
    /// let mut arena = Arena::with_capacity(1 << 20);
    /// arena.trim(TrimPolicy::Keep(64 << 10));
    /// assert!(arena.held() <= 64 << 10);
    /// ```
    pub fn trim(&mut self, policy: TrimPolicy) {
        self.core.trim(policy);
    }

    /// Bytes in chunks, with their metadata: what the arena has taken from the heap, beside itself.
    ///
    /// Allocates: never. Time: constant.
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::new().held(), 0);
    /// ```
    pub fn held(&self) -> usize {
        self.core.peek(State::held)
    }

    /// Bytes in live blocks.
    ///
    /// Allocates: never. Time: constant.
    ///
    /// ```
    /// let arena = arenamap::Arena::new();
    /// arena.alloc(1_u8);
    /// assert_eq!(arena.used(), 8);
    /// ```
    pub fn used(&self) -> usize {
        self.core.peek(State::used)
    }

    /// Bytes in blocks that were given back and wait for a block of the same size.
    ///
    /// Allocates: never. Time: constant.
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::new().free(), 0);
    /// ```
    pub fn free(&self) -> usize {
        self.core.peek(State::free)
    }

    /// The most that [`used`](Self::used) `+` [`free`](Self::free) ever was, in bytes, since the arena was made.
    ///
    /// Allocates: never. Time: constant.
    ///
    /// ```
    /// let mut arena = arenamap::Arena::new();
    /// arena.alloc([0_u8; 100]);
    /// arena.reset();
    /// assert_eq!(arena.high_water(), 104);
    /// ```
    pub fn high_water(&self) -> usize {
        self.core.peek(State::high_water)
    }

    /// The most bytes that the arena gives out between two resets; `None` without a budget.
    ///
    /// Allocates: never. Time: constant.
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::with_budget(100).budget(), Some(100));
    /// ```
    pub fn budget(&self) -> Option<usize> {
        self.stats().budget
    }

    /// All numbers of the arena at once.
    ///
    /// Allocates: never. Time: constant.
    ///
    /// ```
    /// println!("{}", arenamap::Arena::new().stats());
    /// ```
    pub fn stats(&self) -> ArenaStats {
        self.core.peek(State::stats)
    }
}

impl Default for Arena {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Arena {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Arena").field(&self.stats()).finish()
    }
}

/// Which chunks [`Arena::trim`] gives back.
///
/// ```
/// use arenamap::{Arena, TrimPolicy};
///
/// let mut arena = Arena::with_capacity(100);
/// arena.trim(TrimPolicy::All);
/// assert_eq!(arena.held(), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrimPolicy {
    /// Every chunk.
    All,
    /// The chunks that were not needed since the last reset.
    Unused,
    /// Chunks until the arena holds at most this many bytes. Those entered first are kept, as far as they fit.
    Keep(usize),
}

/// The pointer for a block of no bytes.
#[inline]
fn dangling(layout: core::alloc::Layout) -> core::ptr::NonNull<u8> {
    let align = core::ptr::without_provenance_mut(layout.align());
    core::ptr::NonNull::new(align).unwrap_or(core::ptr::NonNull::dangling())
}
