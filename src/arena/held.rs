//! What a map keeps of its arena: the handle, and its address for the tables.
//!
//! The numbers in brackets are the invariants of `core.rs`.

#![allow(unsafe_code, reason = "keeps the handle as a word, and uses its arena by address")]

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::{self, NonNull};

use allocator_api2::alloc::{AllocError, Allocator};

use super::core::{Core, State};
use super::recycle::{Block, dangling};
use super::sealed::{Sealed, Unborrowed, look, try_alloc, turn};
use crate::error::ArenaError;
#[cfg(feature = "registry")]
use crate::observe::watch::Place;
use crate::stats::ArenaStats;

/// The address of an arena, for the tables of a map: `Copy`, and covariant in `H`.
///
/// Invariant: it is used only while the handle that it was made from is kept alive beside it.
pub struct Raw<H> {
    /// Dangling if there is no arena: then every block is refused. Not an `Option`, so that maps have room for a `None`.
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
unsafe impl<H: Sealed + Send> Send for Raw<H> {}
// SAFETY: through `&Raw`, inside `&` of a map with such a handle, nobody allocates without the lock (3).
unsafe impl<H: Unborrowed> Sync for Raw<H> {}

impl<H: Sealed> Raw<H> {
    #[inline]
    pub(super) fn of(core: Option<NonNull<Core>>) -> Self {
        Self {
            core: core.unwrap_or(NonNull::dangling()),
            marker: PhantomData,
        }
    }

    #[inline]
    fn core(self) -> Option<NonNull<Core>> {
        (self.core != NonNull::dangling()).then_some(self.core)
    }

    /// A look at the state of the arena. `read` must not call user code (4).
    #[inline]
    fn look<R: Default>(self, read: impl FnOnce(&State) -> R) -> R {
        // SAFETY: the handle is alive, and has the type `H` (2).
        self.core()
            .map_or_else(R::default, |core| unsafe { look::<H, _>(core, read) })
    }

    /// A block: at least as long and as aligned as asked, with a pointer that may be used for all of it.
    #[inline]
    pub(crate) fn try_alloc(self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        match self.core() {
            // SAFETY: the handle is alive, and has the type `H` (2).
            Some(core) => unsafe { turn::<H, _>(core, |state| state.alloc(layout)) },
            None if layout.size() == 0 => Ok(dangling(layout)),
            None => Err(Block::of(layout).refused()),
        }
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
        if let Some(core) = self.core() {
            // SAFETY: the handle is alive, and has the type `H` (2); the rest is handed on to the caller.
            unsafe { turn::<H, _>(core, |state| state.dealloc(ptr, layout)) };
        }
    }

    /// Gives several blocks back, in one turn. `blocks` must not run user code (4).
    ///
    /// # Safety
    ///
    /// As for [`dealloc`](Self::dealloc), for each block at the moment at which it comes out of the iterator.
    pub(crate) unsafe fn dealloc_all(self, blocks: impl Iterator<Item = (NonNull<u8>, Layout)>) {
        let Some(core) = self.core() else { return };
        // SAFETY: the handle is alive, and has the type `H` (2); the rest is handed on to the caller.
        unsafe {
            turn::<H, _>(core, |state| {
                for (ptr, layout) in blocks {
                    state.dealloc(ptr, layout);
                }
            });
        }
    }

    /// The numbers of the arena.
    pub(crate) fn stats(self) -> ArenaStats {
        self.look(State::stats)
    }
}

// SAFETY: a block lives until it is given back or the arena is reset or freed, and neither happens while a table uses
// this handle (2, 5). Copies are the same allocator.
unsafe impl<H: Sealed> Allocator for Raw<H> {
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

/// A handle inside a table, as the one word that it is.
///
/// An `Arena` has a place for its core that changes behind `&`: whoever has a map with one by reference would have to read the
/// whole table anew at every call. In here nothing changes but behind `&mut`.
pub(crate) struct Held<H> {
    /// The bytes of an `H`, which is dropped with this.
    word: MaybeUninit<*const ()>,
    marker: PhantomData<H>,
}

// SAFETY: an `H`, in other words.
unsafe impl<H: Send> Send for Held<H> {}
// SAFETY: through `&Held`, inside `&` of a map with such a handle, nobody allocates without the lock (3).
unsafe impl<H: Unborrowed> Sync for Held<H> {}

impl<H: UnwindSafe> UnwindSafe for Held<H> {}
impl<H: RefUnwindSafe> RefUnwindSafe for Held<H> {}

impl<H> Drop for Held<H> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the handle that `new` put here.
        unsafe { ptr::drop_in_place((&raw mut self.word).cast::<H>()) };
    }
}

impl<H: Sealed> Held<H> {
    const ONE_WORD: () =
        assert!(size_of::<H>() == size_of::<*const ()>() && align_of::<H>() <= align_of::<*const ()>());

    #[inline]
    pub(crate) const fn new(handle: H) -> Self {
        let () = Self::ONE_WORD;
        // SAFETY: a word for a word; the handle is not used again where it was.
        let word = unsafe { mem::transmute_copy::<H, MaybeUninit<*const ()>>(&handle) };
        mem::forget(handle);
        Self {
            word,
            marker: PhantomData,
        }
    }

    /// The handle, to look at: it is shown as a copy, which must not make an arena, since nobody would free that.
    #[inline]
    pub(crate) fn peek<R>(&self, look: impl FnOnce(&H) -> R) -> R {
        // SAFETY: the handle that `new` put here; the copy is not dropped, and what is behind it is the handle's.
        let copy = unsafe { mem::transmute_copy::<_, mem::ManuallyDrop<H>>(&self.word) };
        look(&copy)
    }

    /// The handle, to allocate by.
    #[inline]
    fn get_mut(&mut self) -> &H {
        // SAFETY: the handle that `new` put here, exclusively: its place for a core may change.
        unsafe { &*(&raw mut self.word).cast::<H>() }
    }

    /// The handle back; everything that uses its arena must be gone, or tied to the handle by a borrow.
    #[inline]
    pub(crate) fn into_inner(self) -> H {
        let this = mem::ManuallyDrop::new(self);
        // SAFETY: the handle that `new` put here, which is not used again.
        unsafe { mem::transmute_copy(&this.word) }
    }

    /// The address behind the handle; makes no arena.
    #[inline]
    pub(crate) fn raw(&self) -> Raw<H> {
        Raw::of(self.peek(H::core))
    }

    /// The address behind the handle, made if need be.
    #[inline]
    pub(crate) fn made(&mut self) -> Result<Raw<H>, ArenaError> {
        let handle = self.get_mut();
        let core = match handle.core() {
            Some(core) => core,
            None => handle.make().ok_or_else(|| Core::refused(Core::LEAST_SEED))?,
        };
        Ok(Raw::of(Some(core)))
    }

    /// A block: at least as long and as aligned as asked, with a pointer that may be used for all of it.
    ///
    /// The first block makes the arena, if it is an `Arena` that has not been used.
    #[inline]
    pub(crate) fn try_alloc(&mut self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        try_alloc(self.get_mut(), layout)
    }

    /// A block of a table. In an `Arena` that has not been used, it may stand alone.
    #[inline]
    pub(crate) fn try_alloc_table(&mut self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        let handle = self.get_mut();
        if handle.core().is_some() || layout.size() == 0 {
            try_alloc(handle, layout)
        } else {
            handle.make_table(layout)
        }
    }

    /// A block of a table, if that takes no call.
    #[inline]
    pub(crate) fn alloc_table_at_hand(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let core = self.get_mut().core()?;
        // SAFETY: the core of that handle.
        unsafe { turn::<H, _>(core, |state| state.alloc_at_hand(layout)) }
    }

    /// Gives a block of a table back.
    ///
    /// # Safety
    ///
    /// As for [`Raw::dealloc`]; [`try_alloc_table`](Self::try_alloc_table) gave it out.
    #[inline]
    pub(crate) unsafe fn dealloc_table(&mut self, ptr: NonNull<u8>, layout: Layout) {
        match self.peek(H::core) {
            // SAFETY: the core of that handle; the rest is handed on to the caller.
            Some(core) => unsafe { turn::<H, _>(core, |state| state.dealloc(ptr, layout)) },
            None if layout.size() == 0 => {}
            None => self.get_mut().end_lone(),
        }
    }

    /// Makes a block of another size of a block, with the same bytes as far as they go; in place where that is possible.
    ///
    /// # Safety
    ///
    /// As for [`Raw::dealloc`], unless the result is an error: then nothing has changed. A block of no bytes need not be one.
    #[inline]
    pub(crate) unsafe fn resize(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, ArenaError> {
        match self.peek(H::core) {
            // SAFETY: the core of that handle; the rest is handed on to the caller.
            Some(core) if old.size() != 0 => unsafe { turn::<H, _>(core, |state| state.resize(ptr, old, new)) },
            _ => self.try_alloc(new),
        }
    }

    /// Gives a block back. Only behind `&mut` of a map.
    ///
    /// # Safety
    ///
    /// As for [`Raw::dealloc`].
    #[inline]
    pub(crate) unsafe fn dealloc(&self, ptr: NonNull<u8>, layout: Layout) {
        if let Some(core) = self.peek(H::core) {
            // SAFETY: the core of that handle; the rest is handed on to the caller.
            unsafe { turn::<H, _>(core, |state| state.dealloc(ptr, layout)) };
        }
    }

    /// What the budget, or the address space, would say to a block of that many bytes, without taking one.
    ///
    /// # Errors
    ///
    /// That of `try_alloc`, unless a block of this size waits for reuse; the heap is not asked.
    #[cold]
    pub(crate) fn can_ever(&self, bytes: usize) -> Result<(), ArenaError> {
        let layout = Layout::from_size_align(bytes, 1).map_err(|_| ArenaError::CapacityOverflow)?;
        if bytes == 0 {
            return Ok(());
        }
        let needed = Block::of(layout).size;
        let short = self.raw().look(|state| {
            let left = left(state);
            (needed > left && !state.waits(needed)).then_some(left)
        });
        match short {
            Some(left) => Err(ArenaError::Budget { needed, left }),
            None if isize::try_from(needed).is_err() => Err(ArenaError::CapacityOverflow),
            None => Ok(()),
        }
    }

    /// Whether a block of that many bytes leaves three quarters of the budget for others, or takes nothing of it.
    #[inline]
    pub(crate) fn spares(&self, bytes: usize) -> bool {
        let fits = self.raw().look(|state| {
            let kept = state.budget() - state.budget() / 4;
            Some(bytes <= left(state).saturating_sub(kept) || state.waits(bytes))
        });
        fits.unwrap_or(true) // an arena that is still to be made has no budget
    }

    /// Whether a block of that many bytes is at most a quarter of the budget, which has room for it or one that waits.
    #[inline]
    pub(crate) fn has_a_quarter_for(&self, bytes: usize) -> bool {
        let fits = self.raw().look(|state| {
            let is_quarter = bytes <= state.budget() / 4;
            Some(is_quarter && (bytes <= left(state) || state.waits(bytes)))
        });
        fits.unwrap_or(true) // as above
    }

    /// Says where the arena was made, if it is there and nobody knows.
    #[cfg(feature = "registry")]
    pub(crate) fn made_at(&self, place: Place) {
        if let Some(core) = self.peek(H::core) {
            // SAFETY: the core of that handle, which is alive; it is told by an atomic, or under a lock.
            unsafe { core.as_ref() }.watch().made_at(place);
        }
    }

    /// The numbers of the arena.
    pub(crate) fn stats(&self) -> ArenaStats {
        match self.peek(H::core) {
            Some(_) => self.raw().stats(),
            None => self.peek(H::stats_alone),
        }
    }
}

impl<H: Sealed> fmt::Debug for Held<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.stats()).finish()
    }
}

/// Bytes that the budget has left.
fn left(state: &State) -> usize {
    state.budget() - state.used() - state.free()
}
