//! `Arena`: the handle that owns, and, by reference, the one that borrows.

#![allow(unsafe_code, reason = "reads the budget behind the address")]

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use super::core::{Core, Owned, State};
use super::handle::Handle;
use super::sealed::{Sealed, Unborrowed};
use super::trim::TrimPolicy;
use super::values::values;
use crate::error::{ArenaError, fail};
#[cfg(feature = "registry")]
use crate::observe::watch::Listed;
use crate::stats::ArenaStats;

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
/// It takes its chunks from the global allocator. A small first chunk, of up to about 15 KiB, stands in one heap block with
/// the arena's own numbers: [`trim`](Self::trim) puts it out of service, later blocks bring it back without a heap call,
/// and the heap gets it with the end of the arena. A global allocator that is written by hand must not use an arena in
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
    pub(super) core: Owned,
}

impl Arena {
    /// Makes an arena without budget; the first block brings its memory.
    ///
    /// That is one heap call for a first block of up to about 15 KiB, of 1,024 bytes for a small one. Only a map that owns its arena
    /// may begin with a block of the heap as it is, as small as its four entries. Allocates: never. Time: O(1).
    ///
    /// ```
    /// use arenamap::Arena;
    /// use std::sync::Mutex;
    ///
    /// static ARENA: Mutex<Arena> = Mutex::new(Arena::new());
    ///
    /// let arena = ARENA.lock().unwrap();
    /// assert_eq!(arena.held(), 0);
    /// arena.alloc(1);
    /// assert!(arena.held() > 0);
    /// ```
    #[must_use]
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub const fn new() -> Self {
        Self { core: Owned::new() }
    }

    /// Makes an arena whose first chunk has room for this many bytes.
    ///
    /// Allocates: heap. Time: O(1).
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
    #[track_caller]
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
    /// Allocates: heap, once. Time: O(1).
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
    #[track_caller]
    pub fn with_budget(bytes: usize) -> Self {
        Self::with(0, bytes)
    }

    /// Makes an arena with both: a first chunk for `capacity` bytes, and a budget of `budget` bytes.
    ///
    /// The first chunk is no larger than the budget. `usize::MAX` is no budget.
    ///
    /// Allocates: heap. Time: O(1).
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
    #[track_caller]
    pub fn with(capacity: usize, budget: usize) -> Self {
        match Self::try_with(capacity, budget) {
            Ok(arena) => arena,
            Err(error) => fail(error, "Arena::try_with"),
        }
    }

    /// Makes an arena with a first chunk for `capacity` bytes (0 for none) and a budget (`usize::MAX` for none).
    ///
    /// Allocates: heap. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`ArenaError::AllocError`] if the heap has no memory.
    ///
    /// ```
    /// let arena = arenamap::Arena::try_with(0, usize::MAX)?;
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_with(capacity: usize, budget: usize) -> Result<Self, ArenaError> {
        Owned::try_new(capacity, budget).map(|core| Self { core })
    }

    /// Ends all blocks and keeps all chunks.
    ///
    /// Runs no destructor. Allocates: never. Time: O(1) with one chunk, else O(chunks) of those entered since the
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
    /// Does nothing more than a reset if there is such a chunk already, and no other. Allocates: heap. Time: O(chunks).
    ///
    /// # Errors
    ///
    /// [`ArenaError::AllocError`] if the heap has no memory; then the arena is reset and keeps its chunks.
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
    /// Allocates: never; frees. Time: O(chunks).
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
    /// A first chunk that stands in one heap block with the arena itself counts while it is in service: from its first block on,
    /// until it is trimmed or merged away.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::new().held(), 0);
    /// ```
    pub fn held(&self) -> usize {
        self.core.peek(State::held)
    }

    /// Bytes in live blocks.
    ///
    /// Allocates: never. Time: O(1).
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
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::new().free(), 0);
    /// ```
    pub fn free(&self) -> usize {
        self.core.peek(State::free)
    }

    /// The most that [`used`](Self::used) `+` [`free`](Self::free) ever was, in bytes, since the arena was made, or since it was trimmed
    /// to nothing when it had one block only.
    ///
    /// Allocates: never. Time: O(1).
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
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// assert_eq!(arenamap::Arena::with_budget(100).budget(), Some(100));
    /// ```
    pub fn budget(&self) -> Option<usize> {
        self.stats().budget
    }

    /// All numbers of the arena at once.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// println!("{}", arenamap::Arena::new().stats());
    /// ```
    pub fn stats(&self) -> ArenaStats {
        self.core.peek(State::stats)
    }
}

impl Arena {
    values! { [pub] "Arena", ["let arena = arenamap::Arena::new();"], ["let arena = arenamap::Arena::new();"] }
}

#[cfg(feature = "registry")]
impl Arena {
    /// What the registry knows it by, made if need be and if the heap has memory.
    pub(crate) fn with_watch(&mut self, tell: impl FnOnce(&Listed)) {
        if let Some(core) = self.core.address().or_else(|| self.core.make()) {
            // SAFETY: the core is alive as long as this handle.
            tell(unsafe { core.as_ref() }.watch());
        }
    }
}

impl Default for Arena {
    #[cfg_attr(feature = "registry", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Arena").field(&self.stats()).finish()
    }
}

impl Handle for Arena {}
impl Unborrowed for Arena {}
impl Sealed for Arena {
    const SHARED: bool = false;
    const EXCLUSIVE: bool = true;

    #[inline]
    fn core(&self) -> Option<NonNull<Core>> {
        self.core.address()
    }

    fn make(&self) -> Option<NonNull<Core>> {
        self.core.make()
    }

    #[inline]
    fn make_with(&self, first: Layout) -> Result<NonNull<u8>, ArenaError> {
        self.core.make_with(first)
    }

    #[inline]
    fn make_table(&self, first: Layout) -> Result<NonNull<u8>, ArenaError> {
        self.core.make_table(first)
    }

    #[inline]
    fn end_lone(&self) {
        self.core.end_lone();
    }

    fn stats_alone(&self) -> ArenaStats {
        self.stats()
    }

    fn try_clone_handle(&self) -> Result<Self, ArenaError> {
        match self.core.address() {
            // SAFETY: the core is alive (1). The budget never changes, so that reading it needs no turn (3).
            Some(core) => match unsafe { core.as_ref().peek() }.budget() {
                usize::MAX => Ok(Self::new()),
                budget => Self::try_with(0, budget),
            },
            None => Ok(Self::new()),
        }
    }
}

impl Handle for &Arena {}
impl Sealed for &Arena {
    const SHARED: bool = false;
    const EXCLUSIVE: bool = false;

    #[inline]
    fn core(&self) -> Option<NonNull<Core>> {
        self.core.address()
    }

    fn make(&self) -> Option<NonNull<Core>> {
        self.core.make()
    }

    #[inline]
    fn make_with(&self, first: Layout) -> Result<NonNull<u8>, ArenaError> {
        self.core.make_with(first)
    }

    fn stats_alone(&self) -> ArenaStats {
        (**self).stats()
    }

    fn try_clone_handle(&self) -> Result<Self, ArenaError> {
        Ok(self)
    }
}
