//! The allocator that a program installs.
//!
//! # The unsafe part
//!
//! 1. Each call is passed on to the inner allocator unchanged, and its answer handed back unchanged: the contract of
//!    [`GlobalAlloc`] holds because it holds for the inner one.
//! 2. Noting a call never unwinds: see `ledger`.
#![allow(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; it only counts and forwards"
)]

use std::alloc::{GlobalAlloc, Layout, System};

use super::counts::{Call, Event};
use super::ledger::note;

/// A global allocator that passes every call on to the allocator inside, and counts the calls of threads that have an
/// [`AllocScope`](super::AllocScope) open.
///
/// See the [module](super) for what is counted, and how to put it over another allocator.
///
/// # Cost
///
/// With no scope open on the thread: one read of a thread-local. Instructions for a pair of `alloc` and `dealloc`, counted by callgrind
/// (x86-64 Linux, rustc 1.95) with `cargo bench --features audit --bench audit`, over an allocator that does nothing (glibc's takes 140):
///
/// | a pair of alloc and dealloc | instructions |
/// |---|---:|
/// | the inner allocator alone | 20 |
/// | counter, no scope open | 36 |
/// | counter, a scope open | 164 |
/// | counter, two scopes open, one in the other | 213 |
///
/// So counting a call costs 8 instructions without a scope, 72 with one, and 25 for each further scope. A traced scope
/// unwinds the stack at each call, which takes tens of thousands.
///
/// ```
/// use arenamap::audit::CountingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
/// # fn main() { assert!(arenamap::audit::is_installed()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator<A = System> {
    inner: A,
}

impl CountingAllocator {
    /// A counter over the system's allocator.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn system() -> Self {
        Self::new(System)
    }
}

impl<A> CountingAllocator<A> {
    /// A counter over another allocator: `CountingAllocator::new(MiMalloc)`.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn new(inner: A) -> Self {
        Self { inner }
    }
}

// SAFETY: invariants 1 and 2 of this file.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: invariant 1; the caller keeps the contract of `alloc`.
        let block = unsafe { self.inner.alloc(layout) };
        note(|| taken(Call::Alloc, block, layout.size()));
        block
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: invariant 1; the caller keeps the contract of `alloc_zeroed`.
        let block = unsafe { self.inner.alloc_zeroed(layout) };
        note(|| taken(Call::AllocZeroed, block, layout.size()));
        block
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let from = block.addr();
        // SAFETY: invariant 1; the caller keeps the contract of `realloc`.
        let moved = unsafe { self.inner.realloc(block, layout, new_size) };
        note(|| {
            let taken = taken(Call::Realloc, moved, new_size);
            if moved.is_null() {
                return taken; // the old block stays
            }
            Event {
                from,
                freed: layout.size(),
                ..taken
            }
        });
        moved
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: invariant 1; the caller keeps the contract of `dealloc`.
        unsafe { self.inner.dealloc(block, layout) };
        note(|| Event {
            call: Call::Dealloc,
            from: block.addr(),
            freed: layout.size(),
            to: 0,
            taken: 0,
        });
    }
}

fn taken(call: Call, block: *mut u8, size: usize) -> Event {
    Event {
        call,
        from: 0,
        freed: 0,
        to: block.addr(),
        taken: if block.is_null() { 0 } else { size },
    }
}
