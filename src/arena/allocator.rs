//! Feature `allocator-api2`: every handle as an allocator by value, [`ArenaAlloc`].
//!
//! An allocator promises that its blocks stay valid as long as it or a clone of it lives. `&Arena` keeps that promise by
//! itself: while the borrow lasts, nobody resets the arena. `Arena`, `PooledArena` and `SharedArena` cannot: each has safe
//! methods that end all blocks and leave the handle alive (`reset`, `trim`, `merge_chunks`), and a collection may hand its
//! allocator out by value while a block lives (`Box::into_raw_with_allocator`). So the allocator is not the handle, but a type
//! that has it and never gives it out, by `&mut` or by value.
//!
//! Invariants:
//!
//! 1. The handle in an `ArenaAlloc` is used to take, resize and give back blocks, to be cloned and dropped, and to be read.
//!    So no block ends before the last of the clones: a borrowed arena is not reset while it is borrowed, an owned or pooled
//!    one has no other handle, and a shared one is reset, if at all, by whoever has its only handle.
//! 2. Clones are the same allocator: `ArenaAlloc` is `Clone` where the clone of the handle is the same arena, for `&Arena` and
//!    `SharedArena`, and for no other.
//! 3. Blocks are taken through `&`, so that an `ArenaAlloc<Arena>` is `Send` and not `Sync`, as its handle; so is a collection
//!    in it. That of a shared arena is both: each call takes the lock.

#![allow(unsafe_code, reason = "implements an allocator")]

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::handle::Handle;
use super::owned::Arena;
use super::sealed::{try_alloc, turn};
use crate::stats::ArenaStats;

/// A handle as an allocator of allocator-api2 0.2, for collections of other crates that own or share their arena.
///
/// It never gives its handle out: blocks live as long as the last clone. So the arena is reset or taken back only after the
/// collections in it; clone a [`SharedArena`](crate::SharedArena) before, to keep a handle. A collection in a borrowed arena
/// takes `&Arena` itself. As an allocator, an arena gives no reasons: a budget that is used up is an `AllocError`.
///
/// Blocks that are given back are recycled by exact size; the last block of a chunk grows and shrinks in it. Giving back a
/// block takes time linear in the chunks of the arena, when it is not in the active one.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "std")] {
/// use allocator_api2::vec::Vec;
/// use arenamap::{Arena, ArenaAlloc};
///
/// let arena = Arena::new().share();
/// let mut list = Vec::new_in(ArenaAlloc::new(arena.clone()));
/// list.push(1);
/// std::thread::spawn(move || list.push(2)).join().unwrap();
/// assert_eq!(arena.stats().used, 0);
/// # }
/// ```
#[derive(Clone)]
pub struct ArenaAlloc<H: Handle = Arena>(H);

impl<H: Handle> ArenaAlloc<H> {
    /// The handle as an allocator, which keeps it.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn new(handle: H) -> Self {
        Self(handle)
    }

    /// What the arena holds, for all that live in it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn arena_stats(&self) -> ArenaStats {
        Handle::stats(&self.0)
    }
}

impl<H: Handle + Default> Default for ArenaAlloc<H> {
    /// An allocator with a new arena. Allocates: never.
    fn default() -> Self {
        Self::new(H::default())
    }
}

// SAFETY: a block lives until it is given back or the last clone is gone (1); clones are the same allocator (2).
unsafe impl<H: Handle> Allocator for ArenaAlloc<H> {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        alloc_exact(&self.0, layout)
    }

    #[inline]
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: handed on to the caller.
        unsafe { dealloc_narrow(&self.0, ptr, layout) };
    }

    #[inline]
    unsafe fn grow(&self, ptr: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: handed on to the caller.
        unsafe { resize_narrow(&self.0, ptr, old, new) }
    }

    #[inline]
    unsafe fn shrink(&self, ptr: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: handed on to the caller.
        unsafe { resize_narrow(&self.0, ptr, old, new) }
    }
}

impl<H: Handle> fmt::Debug for ArenaAlloc<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ArenaAlloc").field(&self.arena_stats()).finish()
    }
}

/// The allocator trait of allocator-api2 0.2, for `hashbrown`, `allocator_api2::vec::Vec` and others that take it.
///
/// Blocks that are given back are recycled by exact size; the last block of a chunk grows and shrinks in it. The lengths
/// are exactly those asked. Giving back a block takes time linear in the chunks of the arena, when it is not in the
/// active one.
// SAFETY: a block lives until it is given back or the borrow of the arena ends. Copies of `&Arena` are the same allocator.
unsafe impl Allocator for &Arena {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        alloc_exact(self, layout)
    }

    #[inline]
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: handed on to the caller.
        unsafe { dealloc_narrow(self, ptr, layout) };
    }

    #[inline]
    unsafe fn grow(&self, ptr: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: handed on to the caller.
        unsafe { resize_narrow(self, ptr, old, new) }
    }

    #[inline]
    unsafe fn shrink(&self, ptr: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: handed on to the caller.
        unsafe { resize_narrow(self, ptr, old, new) }
    }
}

/// A block of exactly the length asked.
#[inline]
fn alloc_exact<H: Handle>(handle: &H, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
    try_alloc(handle, layout)
        .map(|ptr| NonNull::slice_from_raw_parts(ptr, layout.size()))
        .map_err(|_| AllocError)
}

/// # Safety
///
/// As for `Allocator::deallocate`.
#[inline]
unsafe fn dealloc_narrow<H: Handle>(handle: &H, ptr: NonNull<u8>, layout: Layout) {
    let Some(core) = handle.core() else { return };
    // SAFETY: the core of this handle; the caller gives up the block.
    unsafe { turn::<H, _>(core, |state| state.dealloc_narrow(ptr, layout)) };
}

/// # Safety
///
/// As for `Allocator::grow` and `Allocator::shrink`.
unsafe fn resize_narrow<H: Handle>(
    handle: &H,
    ptr: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Result<NonNull<[u8]>, AllocError> {
    if old.size() == 0 {
        return alloc_exact(handle, new);
    }
    // SAFETY: the core of this handle; the caller's block, and the pointer is good for all of it.
    let moved = handle.core().and_then(|core| unsafe {
        turn::<H, _>(core, |state| {
            let whole = state.reach(ptr.addr().get())?;
            state.resize(whole, old, new).ok()
        })
    });
    moved
        .map(|ptr| NonNull::slice_from_raw_parts(ptr, new.size()))
        .ok_or(AllocError)
}
