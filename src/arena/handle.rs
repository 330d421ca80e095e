//! Handles: what a map holds its arena by.
//!
//! ```text
//! Arena            &'a Arena          PooledArena<'p>       SharedArena<'p>   (counted)
//!   |                  |                    |                  |       |
//!   v                  v                    v                  v       v
//! +------------------------------------ Core, on the heap, never moves -------+
//! | state: UnsafeCell<State>   | lock | refs | home: the pool, or none | next |
//! +----------------------------------------------------------------------------+
//!   ^
//!   |  Raw<H>: the same address, Copy, for the tables of a map that has the handle beside them
//! ```
//!
//! Invariants:
//!
//! 1. A `Core` is made by `Owned::try_new`, stays at its address, and is freed once: by the drop of the `Owned` that has
//!    it, or by the last handle of a shared arena. A pointer to it in a handle is valid as long as the handle.
//! 2. A `Raw` is used only while the handle that it was made from is kept alive beside it, at the same place or another.
//!    Upheld by whoever calls `Raw::new`: a map drops its tables before its handle and never gives out `&mut` to it.
//! 3. At most one thread at a time touches `state` for writing, and none reads meanwhile. `Arena` is not `Sync`, so its
//!    `&self` methods run on one thread; a shared arena takes `lock` around each call, also for the clone of a map through
//!    `&`; a map that owns its arena is `Sync`, and none of its `&self` methods allocates in it: they read the numbers at
//!    most.
//! 4. A reference to `state` ends before the function that made it returns, and nothing in between calls user code. So
//!    no two of them overlap on one thread either. The heap is called in between: a global allocator must not use the arena
//!    that calls it (`Arena` says so to its users).
//! 5. A block is tied to a borrow of the handle, or belongs to a map that has the handle. Blocks end by `reset`, which
//!    needs `&mut` of the one handle, or with the last handle: there is no such block then.

#![allow(unsafe_code, reason = "reaches the arena behind every handle through one address")]

use alloc::boxed::Box;
use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::{Arena, State, TrimPolicy};
use crate::error::ArenaError;
use crate::stats::ArenaStats;

/// What is behind every handle.
pub struct Core {
    state: UnsafeCell<State>,
    #[cfg(feature = "std")]
    pub(super) link: super::pool::Link,
}

pub(crate) mod sealed {
    use super::{ArenaError, Core, NonNull};

    /// What only this crate can implement and call by name.
    pub trait Sealed: Sized {
        /// Other handles of the same arena may be used at this moment, on other threads: take the lock.
        const SHARED: bool;
        /// This is the only handle of its arena, which ends with it or goes back to its pool.
        const EXCLUSIVE: bool;
        /// The address of the arena; valid as long as the handle.
        fn core(&self) -> NonNull<Core>;
        /// The handle for the clone of a map: the same arena, or one like it.
        fn try_clone_handle(&self) -> Result<Self, ArenaError>;
    }

    /// Handles that are not borrows: a map with one of them may be `Sync`, since its `&self` methods do not allocate in an
    /// arena without a lock.
    pub(crate) trait Unborrowed: Sealed {}
}

/// What a map holds its arena by: `&Arena`, `Arena`, and with feature `std` `PooledArena` or `SharedArena`.
///
/// The trait is sealed: those four are all.
///
/// | handle | the arena ends | map is `Send` and `Sync` | its clone lives in |
/// |---|---|---|---|
/// | `&Arena` | with the owner | no | the same arena |
/// | `Arena` | with the map | yes | a new arena, same budget |
/// | `PooledArena` | goes back to its pool with the map | yes | another arena of the pool |
/// | `SharedArena` | with the last handle | yes | the same arena |
pub trait Handle: sealed::Sealed {}

impl Handle for Arena {}
impl sealed::Unborrowed for Arena {}
impl sealed::Sealed for Arena {
    const SHARED: bool = false;
    const EXCLUSIVE: bool = true;

    #[inline]
    fn core(&self) -> NonNull<Core> {
        self.core.address()
    }

    fn try_clone_handle(&self) -> Result<Self, ArenaError> {
        // SAFETY: the handle is alive (2). The budget never changes, so that reading it needs no turn (3).
        let budget = unsafe { self.core.address().as_ref().peek() }.budget();
        Owned::try_new(0, budget).map(|core| Self { core })
    }
}

impl Handle for &Arena {}
impl sealed::Sealed for &Arena {
    const SHARED: bool = false;
    const EXCLUSIVE: bool = false;

    #[inline]
    fn core(&self) -> NonNull<Core> {
        self.core.address()
    }

    fn try_clone_handle(&self) -> Result<Self, ArenaError> {
        Ok(self)
    }
}

impl Core {
    /// The numbers, for reading.
    ///
    /// # Safety
    ///
    /// Nobody writes while the reference lives (3, 4).
    #[inline]
    unsafe fn peek(&self) -> &State {
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
    unsafe fn touch(&self) -> &mut State {
        // SAFETY: handed on to the caller.
        unsafe { &mut *self.state.get() }
    }
}

/// The right to free a core: what `Arena` is made of.
pub(super) struct Owned(NonNull<Core>);

// SAFETY: everything in a core is owned by it: chunks, free blocks inside them, plain numbers. The link to a pool is
// used by whoever owns the core, and a pool is `Sync`.
unsafe impl Send for Owned {}

impl Owned {
    /// One heap call, and a second one for `capacity > 0`.
    pub(super) fn try_new(capacity: usize, budget: usize) -> Result<Self, ArenaError> {
        let state = UnsafeCell::new(State::try_new(capacity, budget)?);
        let core = Core {
            state,
            #[cfg(feature = "std")]
            link: super::pool::Link::new(),
        };
        let layout = Layout::new::<Core>();
        // SAFETY: a core is not zero-sized.
        let place = NonNull::new(unsafe { alloc::alloc::alloc(layout) })
            .ok_or(ArenaError::OutOfMemory { needed: layout.size() })?
            .cast::<Core>();
        // SAFETY: fresh memory with the layout of a core.
        unsafe { place.write(core) };
        Ok(Self(place))
    }

    /// Where the core is.
    #[inline]
    pub(super) const fn address(&self) -> NonNull<Core> {
        self.0
    }

    /// Gives the core away without freeing it.
    #[cfg(feature = "std")]
    pub(super) fn into_core(self) -> NonNull<Core> {
        mem::ManuallyDrop::new(self).0
    }

    /// # Safety
    ///
    /// `core` came from `into_core`, and nobody else frees or uses it.
    #[cfg(feature = "std")]
    pub(super) const unsafe fn from_core(core: NonNull<Core>) -> Self {
        Self(core)
    }

    /// The numbers.
    #[inline]
    pub(super) fn peek<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        // SAFETY: the core is alive (1). `Owned` is not `Sync`, and `read` is a closure of this crate that takes numbers
        // out: it calls no user code and does not reach this arena in another way (3, 4).
        read(unsafe { self.0.as_ref().peek() })
    }

    #[inline]
    pub(super) fn reset(&mut self) {
        // SAFETY: the core is alive (1); `&mut` of its owner: nobody else is there (3, 4), and no block is in use (5).
        unsafe { self.0.as_ref().touch() }.reset();
    }

    pub(super) fn merge(&mut self) -> Result<(), ArenaError> {
        // SAFETY: as for `reset`.
        unsafe { self.0.as_ref().touch() }.merge()
    }

    pub(super) fn trim(&mut self, policy: TrimPolicy) {
        // SAFETY: as for `reset`.
        unsafe { self.0.as_ref().touch() }.trim(policy);
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: made by `try_new` with the global allocator and the layout of a `Core`, and freed only here (1).
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// The address of an arena, for the tables of a map: `Copy`, and covariant in `H`.
///
/// Invariant: it is used only while the handle that it was made from is kept alive beside it.
pub(crate) struct Raw<H> {
    core: NonNull<Core>,
    marker: PhantomData<H>,
}

impl<H> Clone for Raw<H> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Raw<H> {}

// SAFETY: goes to another thread together with its handle, if that may go (2). Then the arena, with all that is in it,
// is used from there, which is what `H: Send` allows.
unsafe impl<H: Handle + Send> Send for Raw<H> {}
// SAFETY: through `&Raw`, inside `&` of a map with such a handle, nobody allocates without the lock (3).
unsafe impl<H: sealed::Unborrowed> Sync for Raw<H> {}

impl<H: Handle> Raw<H> {
    /// The address behind a handle, to be used only while the handle is kept alive beside it.
    #[inline]
    pub(crate) fn new(handle: &H) -> Self {
        Self {
            core: handle.core(),
            marker: PhantomData,
        }
    }

    /// One turn at the state of the arena. `turn` must not call user code (4).
    #[inline]
    fn turn<R>(self, turn: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: the handle is alive (2).
        let core = unsafe { self.core.as_ref() };
        #[cfg(feature = "std")]
        let _turn = H::SHARED.then(|| core.link.lock());
        // SAFETY: nobody else is at it: this thread has the handle for itself, or has the lock (3, 4).
        turn(unsafe { core.touch() })
    }

    /// A look at the state of the arena. `look` must not call user code (4).
    #[inline]
    fn look<R>(self, look: impl FnOnce(&State) -> R) -> R {
        // SAFETY: the handle is alive (2).
        let core = unsafe { self.core.as_ref() };
        #[cfg(feature = "std")]
        let _turn = H::SHARED.then(|| core.link.lock());
        // SAFETY: others may look at the same time, but nobody writes (3, 4).
        look(unsafe { core.peek() })
    }

    /// A block: at least as long and as aligned as asked, with a pointer that may be used for all of it.
    #[inline]
    pub(crate) fn try_alloc(self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        self.turn(|state| state.alloc(layout))
    }

    /// True if a block of that many bytes, its padding counted, is sure to be had, as long as nobody else allocates: never
    /// for a shared arena.
    #[inline]
    pub(crate) fn has_room(self, bytes: usize) -> bool {
        !H::SHARED && self.look(|state| state.has_room(bytes))
    }

    /// Gives a block back.
    ///
    /// # Safety
    ///
    /// `try_alloc` on the same arena returned `ptr` for this layout, and the arena was not reset since. `ptr` may be used
    /// for the whole layout rounded up to a block: it is that very pointer, or made of it by arithmetic, and did not go
    /// through a reference. Nobody uses the block from now on.
    #[inline]
    pub(crate) unsafe fn dealloc(self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: handed on to the caller.
        self.turn(|state| unsafe { state.dealloc(ptr, layout) });
    }

    /// Gives several blocks back, in one turn. `blocks` must not run user code (4).
    ///
    /// # Safety
    ///
    /// As for [`dealloc`](Self::dealloc), for each block at the moment at which it comes out of the iterator.
    pub(crate) unsafe fn dealloc_all(self, blocks: impl Iterator<Item = (NonNull<u8>, Layout)>) {
        self.turn(|state| {
            for (ptr, layout) in blocks {
                // SAFETY: handed on to the caller.
                unsafe { state.dealloc(ptr, layout) };
            }
        });
    }

    /// Why a block of that many bytes was refused a moment ago.
    ///
    /// hashbrown's error says how much it asked for, and not why it did not get it. Its alignment is 16, or less.
    #[cold]
    pub(crate) fn explain(self, needed: usize) -> ArenaError {
        let Ok(layout) = Layout::from_size_align(needed.max(1), 16) else {
            return ArenaError::CapacityOverflow;
        };
        let needed = super::recycle::Block::of(layout).size;
        self.look(|state| {
            let left = state.budget().saturating_sub(state.used() + state.free());
            if needed > left {
                ArenaError::Budget { needed, left }
            } else {
                ArenaError::OutOfMemory { needed }
            }
        })
    }

    /// The numbers of the arena.
    pub(crate) fn stats(self) -> ArenaStats {
        self.look(State::stats)
    }
}

// SAFETY: a block lives until it is given back or the arena is reset or freed, and neither happens while a table uses
// this handle (2, 5). Copies are the same allocator.
unsafe impl<H: Handle> Allocator for Raw<H> {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        match self.try_alloc(layout) {
            // Exactly the length asked: hashbrown would make a table of another size of more.
            Ok(ptr) => Ok(NonNull::slice_from_raw_parts(ptr, layout.size())),
            Err(_) => Err(AllocError),
        }
    }

    #[inline]
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: handed on to the caller: only tables and vectors of this crate have this allocator, and they keep the
        // pointer.
        unsafe { self.dealloc(ptr, layout) };
    }
}

/// The allocator trait of allocator-api2 0.2, for `hashbrown`, `allocator_api2::vec::Vec` and others that take it.
///
/// Blocks that are given back are recycled by exact size; the last block of a chunk grows and shrinks in it. The lengths
/// are exactly those asked. Giving back a block takes time linear in the chunks of the arena, when it is not in the
/// active one.
#[cfg(feature = "allocator-api2")]
// SAFETY: a block lives until it is given back or the borrow of the arena ends. Copies of `&Arena` are the same allocator.
unsafe impl Allocator for &Arena {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        Raw::new(self).allocate(layout)
    }

    #[inline]
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        Raw::new(self).turn(|state| {
            // The caller's pointer may be good for the value in the block only, and not for the rest of the block.
            if let Some(whole) = state.reach(ptr.addr().get()) {
                // SAFETY: the caller gives up the block; the pointer is good for all of it.
                unsafe { state.dealloc(whole, layout) };
            }
        });
    }

    #[inline]
    unsafe fn grow(&self, ptr: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: handed on to the caller.
        unsafe { resize(self, ptr, old, new) }
    }

    #[inline]
    unsafe fn shrink(&self, ptr: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: handed on to the caller.
        unsafe { resize(self, ptr, old, new) }
    }
}

/// # Safety
///
/// As for `Allocator::grow` and `Allocator::shrink`.
#[cfg(feature = "allocator-api2")]
unsafe fn resize(arena: &Arena, ptr: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
    let moved = Raw::new(&arena).turn(|state| {
        let whole = if old.size() == 0 {
            Some(ptr)
        } else {
            state.reach(ptr.addr().get())
        };
        // SAFETY: the caller's block; the pointer is good for all of it.
        whole.and_then(|whole| unsafe { state.resize(whole, old, new) }.ok())
    });
    moved
        .map(|ptr| NonNull::slice_from_raw_parts(ptr, new.size()))
        .ok_or(AllocError)
}

/// Keeps a handle inside a map: nobody gets `&mut` of it.
pub(crate) struct Held<H>(H);

// SAFETY: through `&Held`, inside `&` of a map with such a handle, nobody allocates without the lock (3).
unsafe impl<H: sealed::Unborrowed> Sync for Held<H> {}

impl<H: Handle> Held<H> {
    #[inline]
    pub(crate) const fn new(handle: H) -> Self {
        Self(handle)
    }

    /// The handle. Whoever has only `&` of a map must not allocate through it: the map may be `Sync`.
    #[inline]
    pub(crate) const fn get(&self) -> &H {
        &self.0
    }

    /// The address behind the handle.
    #[inline]
    pub(crate) fn raw(&self) -> Raw<H> {
        Raw::new(&self.0)
    }

    /// The handle back; everything that uses its arena must be gone, or tied to the handle by a borrow.
    #[inline]
    pub(crate) fn into_inner(self) -> H {
        self.0
    }
}

impl<H: Handle> fmt::Debug for Held<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.raw().stats()).finish()
    }
}

/// A fresh place for a value, tied to the borrow of the handle.
#[inline]
#[allow(clippy::mut_from_ref, reason = "every call gives out another block")]
pub(super) fn slot<H: Handle, T>(handle: &H) -> Result<&mut MaybeUninit<T>, ArenaError> {
    let ptr = Raw::new(handle).try_alloc(Layout::new::<T>())?;
    // SAFETY: a block for a `T` that nobody else has, which lives as long as the borrow of the handle (5).
    Ok(unsafe { ptr.cast().as_mut() })
}

/// A fresh place for `len` values, tied to the borrow of the handle.
#[inline]
#[allow(clippy::mut_from_ref, reason = "every call gives out another block")]
pub(super) fn slots<H: Handle, T>(handle: &H, len: usize) -> Result<Slots<'_, T>, ArenaError> {
    let layout = Layout::array::<T>(len).map_err(|_| ArenaError::CapacityOverflow)?;
    let ptr = Raw::new(handle).try_alloc(layout)?;
    // SAFETY: a block for `len` of `T` that nobody else has, which lives as long as the borrow of the handle (5).
    let slots = unsafe { NonNull::slice_from_raw_parts(ptr.cast(), len).as_mut() };
    Ok(Slots(slots))
}

/// Places for values, not yet filled.
pub(super) struct Slots<'a, T>(&'a mut [MaybeUninit<T>]);

impl<'a, T> Slots<'a, T> {
    /// Fills the places from the front. If `make` panics, what it made so far is dropped and the block is lost until the
    /// reset.
    #[inline]
    pub(super) fn fill(self, mut make: impl FnMut(usize) -> T) -> &'a mut [T] {
        /// Drops what was made, if `make` panics.
        struct Made<'s, T> {
            slots: &'s mut [MaybeUninit<T>],
            made: usize,
        }
        impl<T> Drop for Made<'_, T> {
            fn drop(&mut self) {
                let made: *mut [MaybeUninit<T>] = &raw mut self.slots[..self.made];
                // SAFETY: the first `made` places have a value each, and nobody sees them after the panic.
                unsafe { core::ptr::drop_in_place(made as *mut [T]) };
            }
        }
        let mut filling = Made { slots: self.0, made: 0 };
        while filling.made < filling.slots.len() {
            let value = make(filling.made);
            filling.slots[filling.made].write(value);
            filling.made += 1;
        }
        let mut filled = mem::ManuallyDrop::new(filling);
        let slots: *mut [MaybeUninit<T>] = &raw mut *filled.slots;
        // SAFETY: every place has a value; the borrow of the places goes on in the result.
        unsafe { &mut *(slots as *mut [T]) }
    }

    /// Copies a slice of the same length into the places.
    #[inline]
    pub(super) fn copy(self, values: &[T]) -> &'a mut [T]
    where
        T: Copy,
    {
        assert_eq!(self.0.len(), values.len());
        let slots: *mut T = self.0.as_mut_ptr().cast();
        // SAFETY: as many places as values, and a fresh block overlaps nothing; so every place has a value then.
        unsafe {
            slots.copy_from_nonoverlapping(values.as_ptr(), values.len());
            core::slice::from_raw_parts_mut(slots, values.len())
        }
    }
}

/// The string in bytes that were copied from one.
#[inline]
pub(super) fn copied_str<'a>(slots: Slots<'a, u8>, text: &str) -> &'a mut str {
    let bytes = slots.copy(text.as_bytes());
    // SAFETY: the bytes are those of a string.
    unsafe { core::str::from_utf8_unchecked_mut(bytes) }
}
