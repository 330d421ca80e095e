//! A heap that refuses from a certain call on, on the thread that asked for it, so that the test harness has its memory.
//!
//! For test binaries that name it as their global allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Calls that still succeed; `None`: all of them.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    /// A call was refused since the allocator was armed.
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// From here on the `k`-th call is refused (counted from 0), and all after it.
pub(crate) fn refuse_from(k: usize) {
    REFUSED.set(false);
    LEFT.set(Some(k));
}

/// Gives memory again.
pub(crate) fn give_again() {
    LEFT.set(None);
}

/// Whether a call was refused since [`refuse_from`].
pub(crate) fn has_refused() -> bool {
    REFUSED.get()
}

pub(crate) struct Failing;

fn refuses() -> bool {
    match LEFT.get() {
        None => false,
        Some(0) => {
            REFUSED.set(true);
            true
        }
        Some(left) => {
            LEFT.set(Some(left - 1));
            false
        }
    }
}

// SAFETY: the system's allocator, or null, which is how an allocator refuses.
#[allow(unsafe_code, reason = "an allocator that refuses")]
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if refuses() {
            return std::ptr::null_mut();
        }
        // SAFETY: handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if refuses() {
            return std::ptr::null_mut();
        }
        // SAFETY: handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if refuses() {
            return std::ptr::null_mut();
        }
        // SAFETY: handed on.
        unsafe { System.realloc(ptr, layout, size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: handed on.
        unsafe { System.dealloc(ptr, layout) }
    }
}
