//! The core: what is behind every handle, at one address.
//!
//! ```text
//! Arena            &'a Arena          PooledArena<'p>       SharedArena<'p>   (counted)
//!   | or none          |                    |                  |       |
//!   v                  v                    v                  v       v
//! +--------------- Core, on the heap, never moves --------------------------+------------------------------------+
//! | state: UnsafeCell<State>   | lock | refs | home: the pool, or none | next | seed: the state's first chunk ... |
//! +-------------------------------------------------------------------------+------------------------------------+
//!   ^
//!   |  Raw<H>: the same address, Copy, for the tables of a map that has the handle beside them
//! ```
//!
//! An `Arena` begins without core. The first block makes it, with room for the block behind it: one heap call for both. But the
//! block of a map may stand alone (`lone.rs`), until there is a second one:
//!
//! ```text
//! word of an `Arena`   1: nothing yet   |   odd: a lone block, and 1   |   even: the core
//! with `registry`      3, or where it was made, and 3: nothing yet
//! ```
//!
//! Invariants:
//!
//! 1. A `Core` is made by `Core::create` or with the first block, stays at its address, and is freed once: by the drop of the
//!    `Owned` that has it, or by the last handle of a shared arena. A pointer to it in a handle is valid as long as the handle, and may be
//!    used for the whole heap block: it is never made of a reference.
//! 2. A `Raw` is used only while the handle that it was made from is kept alive beside it, at the same place or another.
//!    Upheld by whoever takes it from a `Held`: a map drops its tables before its handle and never gives out `&mut` to it.
//! 3. At most one thread at a time touches `state`, or the place in an `Arena` for its core, for writing, and none reads
//!    meanwhile. `Arena` is not `Sync`, so its `&self` methods run on one thread; a shared arena has a core from the start,
//!    and takes `lock` around each call, also for the clone of a map through `&`; a map that owns its arena is `Sync`, and
//!    none of its `&self` methods allocates in it: they read the numbers at most, which make no core. The clone of such a
//!    map lives in another arena.
//! 4. A reference to `state` ends before the function that made it returns, and nothing in between calls user code. So
//!    no two of them overlap on one thread either, and a panic of user code finds the state whole. The heap is called in
//!    between: a global allocator must not use the arena that calls it (`Arena` says so to its users). Nothing calls the
//!    heap between looking for a core that is absent and putting it in its place, but making it.
//! 5. A block is tied to a borrow of the handle, or belongs to a map, list, box or allocator that has the handle. Blocks end by `reset`, which
//!    needs `&mut` of the one handle, or with the last handle: there is no such block then.
//! 6. The word of an `Owned` is one of the three that are drawn above. A lone block is that of the one table that has the handle, or
//!    is free, or is nobody's any more: a table gives its block back before it forgets it, or was made to forget it, by a leak.
//! 7. With feature `registry`, a word that leaves 3 when divided by 4 is 3, or 3 bytes into a `&'static Location`, which is aligned
//!    to 4 at least; a lone block is aligned to 8, so that its word leaves 1.

#![allow(unsafe_code, reason = "reaches the arena behind every handle through one address")]

use core::alloc::Layout;
use core::cell::{Cell, UnsafeCell};
use core::mem::ManuallyDrop;
use core::num::NonZero;
#[cfg(feature = "registry")]
use core::panic::Location;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::{self, NonNull};
#[cfg(feature = "std")]
use core::sync::atomic::AtomicUsize;
#[cfg(feature = "std")]
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(not(arenamap_guard))]
pub(super) use super::alloc::State;
#[cfg(arenamap_guard)]
pub(super) use super::guard::State;
use super::lone::Lone;
use super::recycle::{Block, round_size};
use super::trim::TrimPolicy;
use crate::error::ArenaError;
use crate::observe::watch::{Kind, Listed, Place};

/// What is behind every handle.
#[repr(align(16))] // so that the seed behind it is aligned like a chunk
pub struct Core {
    state: UnsafeCell<State>,
    watch: Listed,
    #[cfg(feature = "std")]
    pub(super) link: Link,
}

// Nothing in a core is half-way when user code runs (4).
impl UnwindSafe for Core {}
impl RefUnwindSafe for Core {}

/// What a core has for pools and for sharing.
#[cfg(feature = "std")]
pub(super) struct Link {
    lock: Mutex<()>,
    /// How many `SharedArena`s there are: none, or all the handles of this core.
    pub(super) refs: AtomicUsize,
    pub(super) home: Cell<Home>,
    pub(super) next: Cell<Option<NonNull<Core>>>,
}

/// Where a core goes when its last handle is dropped. What a pool is, is known in `pool.rs` alone.
#[cfg(feature = "std")]
#[derive(Clone, Copy)]
pub(super) enum Home {
    /// To the heap.
    None,
    /// To a pool that outlives the handle.
    Borrowed(NonNull<()>),
    /// To a pool of which the core has a strong count.
    Counted(NonNull<()>),
}

#[cfg(feature = "std")]
impl Link {
    const fn new() -> Self {
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

impl Core {
    /// A core with its seed is no smaller. A block of up to 1,032 bytes is what glibc's malloc gives from its front store.
    pub(super) const LEAST: usize = 1 << 10;

    /// A core with its seed is not made larger. What is larger is a chunk of its own, which can be trimmed.
    const MOST: usize = 16 << 10;

    /// Bytes of the smallest seed.
    pub(super) const LEAST_SEED: usize = if State::SEEDED {
        Self::LEAST - size_of::<Self>()
    } else {
        0
    };

    /// Bytes of the seed of a core whose first chunk has room for `room` bytes; 0 if that chunk stands elsewhere.
    const fn seed_for(room: usize) -> usize {
        if !State::SEEDED || room > Self::MOST - size_of::<Self>() {
            0
        } else if room <= Self::LEAST_SEED {
            Self::LEAST_SEED
        } else {
            match round_size(size_of::<Self>() + room) {
                Some(size) => size - size_of::<Self>(),
                None => 0,
            }
        }
    }

    /// # Safety
    ///
    /// `seed` came from `seed_for`.
    #[inline]
    const unsafe fn layout(seed: usize) -> Layout {
        // SAFETY: a small multiple of the alignment, which is a power of two.
        unsafe { Layout::from_size_align_unchecked(size_of::<Self>() + seed, align_of::<Self>()) }
    }

    /// What is said where the heap has no memory for a core with that seed.
    #[cold]
    pub(super) const fn refused(seed: usize) -> ArenaError {
        ArenaError::refused(size_of::<Self>() + seed, align_of::<Self>())
    }

    /// A core on the heap, with a seed of that size, which is its first chunk at once, or will be.
    ///
    /// One heap call.
    ///
    /// # Safety
    ///
    /// `seed` came from `seed_for`.
    #[inline]
    unsafe fn on_heap(seed: usize, budget: usize, at_once: bool, made_at: Place) -> Option<NonNull<Self>> {
        // SAFETY: handed on to the caller; a core is not zero-sized.
        let block = NonNull::new(unsafe { alloc::alloc::alloc(Self::layout(seed)) })?;
        let place = block.cast::<Self>();
        // SAFETY: the seed is the rest of the fresh block, behind the core, and is freed after it; the core fits in front.
        unsafe {
            let behind = block.add(size_of::<Self>());
            place.write(Self {
                state: UnsafeCell::new(State::new(budget, behind, seed, at_once)),
                watch: Listed::new(Kind::Arena, made_at),
                #[cfg(feature = "std")]
                link: Link::new(),
            });
        }
        Some(place)
    }

    /// A core with room for `room` bytes in a first chunk (0: no chunk yet), and no more than the budget.
    ///
    /// One heap call, or three for more than 15 KiB of room.
    pub(super) fn create(room: usize, budget: usize, place: Place) -> Result<NonNull<Self>, ArenaError> {
        let room = room.min(budget);
        let seed = Self::seed_for(room);
        // SAFETY: the size came from there.
        let core = unsafe { Self::on_heap(seed, budget, room > 0, place) }.ok_or_else(|| Self::refused(seed))?;
        if room > seed {
            // SAFETY: alive, and nobody else has it.
            let started = unsafe { core.as_ref().touch() }.try_start(room);
            if let Err(error) = started {
                // SAFETY: as above.
                unsafe { Self::free(core) };
                return Err(error);
            }
        }
        // SAFETY: as above.
        unsafe { core.as_ref() }.tell();
        Ok(core)
    }

    /// # Safety
    ///
    /// The core is alive, and nobody uses or frees it any more.
    #[inline]
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: handed on to the caller; it was made by `on_heap` with this layout (1).
        unsafe {
            (*this.as_ptr()).watch.end();
            let state = this.as_ref().touch();
            drop(state.take_lone());
            let (layout, owns_chunks) = (Self::layout(state.seed_bytes()), state.owns_chunks());
            if owns_chunks {
                Self::drop_state(this);
            }
            #[cfg(feature = "std")]
            ptr::drop_in_place(&raw mut (*this.as_ptr()).link);
            alloc::alloc::dealloc(this.as_ptr().cast(), layout);
        }
    }

    /// # Safety
    ///
    /// As for `free`.
    #[inline(never)]
    unsafe fn drop_state(this: NonNull<Self>) {
        // SAFETY: handed on to the caller.
        unsafe { ptr::drop_in_place(&raw mut (*this.as_ptr()).state) };
    }

    /// What the registry knows it by.
    #[inline]
    #[cfg(any(feature = "std", feature = "registry"))]
    pub(super) const fn watch(&self) -> &Listed {
        &self.watch
    }

    /// Tells the registry how many bytes there are.
    ///
    /// Only for whoever may write to the state at this moment (3, 4).
    #[inline(always)]
    pub(super) fn tell(&self) {
        // SAFETY: the caller's turn.
        self.watch.bytes(|| unsafe { self.peek() }.held());
    }

    /// The numbers, for reading.
    ///
    /// # Safety
    ///
    /// Nobody writes while the reference lives (3, 4).
    #[inline]
    pub(super) unsafe fn peek(&self) -> &State {
        // SAFETY: handed on to the caller.
        unsafe { &*self.state.get() }
    }

    /// Everything, for writing.
    ///
    /// # Safety
    ///
    /// Nobody else reads or writes while the reference lives (3, 4).
    #[inline]
    #[allow(clippy::mut_from_ref, reason = "the contract says when")]
    pub(super) unsafe fn touch(&self) -> &mut State {
        // SAFETY: handed on to the caller.
        unsafe { &mut *self.state.get() }
    }
}

/// The right to free a core, or a lone block, if there is one: what `Arena` is made of.
pub(super) struct Owned(Cell<NonNull<Core>>);

// SAFETY: everything in a core is owned by it: chunks, free blocks inside them, plain numbers. The link to a pool is
// used by whoever owns the core, and a pool is `Sync`. A lone block is owned, too.
unsafe impl Send for Owned {}

// The word is changed in one step (4).
impl RefUnwindSafe for Owned {}

impl Owned {
    /// No core and no block yet.
    #[cfg(not(feature = "registry"))]
    const NOTHING: NonNull<Core> = NonNull::without_provenance(NonZero::<usize>::MIN);

    /// The same where nobody knows who made the arena.
    #[cfg(feature = "registry")]
    const NOTHING: NonNull<Core> = NonNull::without_provenance(NonZero::<usize>::MIN.saturating_add(2));

    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub(super) const fn new() -> Self {
        #[cfg(feature = "registry")]
        return Self(Cell::new(Self::nothing_at(Location::caller())));
        #[cfg(not(feature = "registry"))]
        Self(Cell::new(Self::NOTHING))
    }

    /// No core and no block yet, of an arena that was made there (7).
    #[cfg(feature = "registry")]
    const fn nothing_at(place: &'static Location<'static>) -> NonNull<Core> {
        const { assert!(align_of::<Location<'_>>() >= 4 && size_of::<Location<'_>>() > 3) };
        // SAFETY: a byte of the location.
        unsafe { NonNull::from_ref(place).cast::<Core>().byte_add(3) }
    }

    /// Where it was made, as far as the word says it.
    #[cfg_attr(
        not(feature = "registry"),
        allow(clippy::unused_self, reason = "nothing is done without the feature")
    )]
    fn place(&self) -> Place {
        #[cfg(feature = "registry")]
        if self.is_nothing() && self.0.get() != Self::NOTHING {
            // SAFETY: the word of `nothing_at` (7).
            return Place::at(unsafe { self.0.get().byte_sub(3).cast::<Location<'static>>().as_ref() });
        }
        Place::unknown()
    }

    /// A core at once: see `Core::create`.
    #[cfg_attr(feature = "registry", track_caller)]
    pub(super) fn try_new(capacity: usize, budget: usize) -> Result<Self, ArenaError> {
        let core = Core::create(capacity, budget, Place::here())?;
        // SAFETY: fresh, so nobody else has it.
        Ok(unsafe { Self::from_core(core) })
    }

    /// Where the core is, if there is one.
    #[inline]
    pub(super) fn address(&self) -> Option<NonNull<Core>> {
        let word = self.0.get();
        word.addr().get().is_multiple_of(2).then_some(word)
    }

    /// Whether there is neither a core nor a lone block.
    #[inline]
    fn is_nothing(&self) -> bool {
        #[cfg(feature = "registry")]
        return self.0.get().addr().get() % 4 == 3;
        #[cfg(not(feature = "registry"))]
        {
            self.0.get() == Self::NOTHING
        }
    }

    /// Whether a block stands alone.
    #[inline]
    fn is_lone(&self) -> bool {
        self.address().is_none() && !self.is_nothing()
    }

    /// Takes the lone block out, if there is one.
    #[inline]
    fn take_lone(&self) -> Option<Lone> {
        // SAFETY: the word of a lone block (6), which is not there any more.
        self.is_lone()
            .then(|| unsafe { Lone::from_odd(self.0.replace(Self::NOTHING)) })
    }

    /// Gives the lone block back, if there is one: it waits for a block of its size. Nobody uses it any more.
    #[inline]
    pub(super) fn end_lone(&self) {
        if let Some(mut lone) = self.take_lone() {
            lone.set_free(true);
            self.0.set(lone.into_odd());
        }
    }

    /// Makes the core, which must be absent, if the heap has memory.
    #[cold]
    pub(super) fn make(&self) -> Option<NonNull<Core>> {
        debug_assert!(self.address().is_none());
        let core = Core::create(0, usize::MAX, self.place()).ok()?;
        self.put(core);
        Some(core)
    }

    /// The core is there from now on, and has the lone block, if there is one.
    #[inline]
    fn put(&self, core: NonNull<Core>) {
        if let Some(lone) = self.take_lone() {
            // SAFETY: alive, and nobody else has it.
            unsafe { core.as_ref().touch() }.adopt(lone);
            // SAFETY: as above.
            unsafe { core.as_ref() }.tell();
        }
        self.0.set(core);
    }

    /// The block of a table, alone if it may be; the core must be absent, and the block is not empty.
    #[inline]
    pub(super) fn make_table(&self, first: Layout) -> Result<NonNull<u8>, ArenaError> {
        if !Lone::fits(first) {
            return self.make_with(first);
        }
        let lone = match self.take_lone() {
            None => Lone::on_heap(first).ok_or_else(|| Block::of(first).refused())?,
            Some(mut lone) if lone.is_free() && lone.is_of(first) => {
                lone.set_free(false);
                lone
            }
            Some(lone) => {
                self.0.set(lone.into_odd());
                return self.make_with(first);
            }
        };
        let block = lone.block();
        self.0.set(lone.into_odd());
        Ok(block)
    }

    /// Makes the core, which must be absent, together with a block, which is not empty.
    #[inline(never)]
    pub(super) fn make_with(&self, first: Layout) -> Result<NonNull<u8>, ArenaError> {
        let needed = Block::of(first).size;
        // The seed is aligned like a core.
        if needed <= Core::LEAST_SEED && first.align() <= align_of::<Core>() {
            self.make_seeded(Core::LEAST_SEED, first)
        } else {
            self.make_larger(first)
        }
    }

    #[cold]
    #[inline(never)]
    fn make_larger(&self, first: Layout) -> Result<NonNull<u8>, ArenaError> {
        let padding = first.align().saturating_sub(align_of::<Core>());
        let room = Block::of(first).size.saturating_add(padding);
        self.make_seeded(Core::seed_for(room), first)
    }

    /// Where only the block is refused, the core is made nevertheless.
    #[inline(always)] // a seed of known size folds most of what is done here
    fn make_seeded(&self, seed: usize, first: Layout) -> Result<NonNull<u8>, ArenaError> {
        debug_assert!(self.address().is_none());
        // SAFETY: the size is one of `seed_for`.
        let core =
            unsafe { Core::on_heap(seed, usize::MAX, true, self.place()) }.ok_or_else(|| Block::of(first).refused())?;
        self.put(core);
        // SAFETY: alive, and nobody else has it.
        let block = unsafe { core.as_ref().touch() }.first(first);
        // SAFETY: as above.
        unsafe { core.as_ref() }.tell();
        block
    }

    /// # Safety
    ///
    /// `core` is alive, and nobody else frees or uses it.
    #[inline]
    pub(super) const unsafe fn from_core(core: NonNull<Core>) -> Self {
        Self(Cell::new(core))
    }

    /// The numbers; without a core and a block they are zeros.
    #[inline]
    pub(super) fn peek<R: Default>(&self, read: impl FnOnce(&State) -> R) -> R {
        match self.address() {
            // SAFETY: the core is alive (1). `Owned` is not `Sync`, and `read` is a closure of this crate that takes numbers
            // out: it calls no user code and does not reach this arena in another way (3, 4).
            Some(core) => read(unsafe { core.as_ref().peek() }),
            None if self.is_nothing() => R::default(),
            None => self.peek_lone(read),
        }
    }

    /// The numbers of an arena that has a lone block: those that a core would have.
    #[cold]
    fn peek_lone<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        // SAFETY: the word of a lone block (6), which stays where it is: this one is not dropped.
        let lone = ManuallyDrop::new(unsafe { Lone::from_odd(self.0.get()) });
        read(&State::of_lone(&lone))
    }

    /// The state, for its one owner.
    #[inline]
    fn state(&mut self) -> Option<&mut State> {
        // SAFETY: the core is alive (1); `&mut` of its owner: nobody else is there (3, 4).
        self.address().map(|core| unsafe { &mut *core.as_ref().state.get() })
    }

    #[inline]
    pub(super) fn reset(&mut self) {
        // `&mut`: no block is in use (5).
        match self.state() {
            Some(state) => state.reset(),
            None => self.end_lone(),
        }
    }

    /// It is about to wait in a pool.
    #[cfg(feature = "std")]
    #[inline(always)]
    pub(super) fn wait_in_pool(&mut self) {
        if let Some(core) = self.address() {
            // SAFETY: the core is alive (1).
            unsafe { core.as_ref() }.watch().waits(true);
        }
    }

    /// Tells the registry how many bytes there are.
    #[inline(always)]
    fn tell(&mut self) {
        if let Some(core) = self.address() {
            // SAFETY: the core is alive (1); `&mut` of its owner.
            unsafe { core.as_ref() }.tell();
        }
    }

    pub(super) fn merge(&mut self) -> Result<(), ArenaError> {
        if self.is_lone() {
            self.end_lone();
            self.make().ok_or_else(|| Core::refused(Core::LEAST_SEED))?;
        }
        let merged = self.state().map_or(Ok(()), State::merge);
        self.tell();
        merged
    }

    pub(super) fn trim(&mut self, policy: TrimPolicy) {
        if let Some(state) = self.state() {
            state.trim(policy);
            return self.tell();
        }
        self.end_lone();
        let kept = self.take_lone().filter(|lone| policy.keeps_first(lone.held()));
        if let Some(lone) = kept {
            self.0.set(lone.into_odd());
        }
    }
}

impl Drop for Owned {
    #[inline]
    fn drop(&mut self) {
        match self.address() {
            // SAFETY: the core is alive, and is freed only here (1).
            Some(core) => unsafe { Core::free(core) },
            // Its table is gone (6).
            None => drop(self.take_lone()),
        }
    }
}
