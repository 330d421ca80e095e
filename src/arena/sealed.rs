//! What every handle is to this crate: an address, perhaps a lock, and a turn at the state of the arena.
//!
//! The numbers in brackets are the invariants of `core.rs`.

#![allow(unsafe_code, reason = "takes turns at the state behind an address")]

use core::alloc::Layout;
use core::ptr::NonNull;

use super::core::{Core, State};
use super::recycle::dangling;
use crate::error::ArenaError;
#[cfg(feature = "counters")]
use crate::observe::tally::ArenaTally;
use crate::stats::ArenaStats;

/// What only this crate can implement and call by name.
pub trait Sealed: Sized {
    /// Other handles of the same arena may be used at this moment, on other threads: take the lock.
    const SHARED: bool;
    /// This is the only handle of its arena, which ends with it or goes back to its pool.
    const EXCLUSIVE: bool;
    /// The address of the arena, if it has been made; valid as long as the handle.
    fn core(&self) -> Option<NonNull<Core>>;
    /// Makes the arena, which must be absent, if the heap has memory, and keeps it.
    ///
    /// Only where the handle's thread may allocate.
    fn make(&self) -> Option<NonNull<Core>>;
    /// Makes the arena, which must be absent, together with its first block, which is not empty, and keeps it.
    ///
    /// Only where the handle's thread may allocate.
    fn make_with(&self, first: Layout) -> Result<NonNull<u8>, ArenaError>;
    /// As `make_with`, for the block of a table, which may stand alone until there is a second one.
    fn make_table(&self, first: Layout) -> Result<NonNull<u8>, ArenaError> {
        self.make_with(first)
    }
    /// Gives back the block that `make_table` made, if it stands alone.
    ///
    /// Nobody uses it any more.
    fn end_lone(&self) {}
    /// The numbers, where there is no arena: those of a block that stands alone.
    fn stats_alone(&self) -> ArenaStats {
        ArenaStats::default()
    }
    /// The handle for the clone of a map: the same arena, or one like it.
    fn try_clone_handle(&self) -> Result<Self, ArenaError>;
}

/// Handles that are not borrows: a map with one of them may be `Sync`, since its `&self` methods do not allocate in an
/// arena without a lock.
pub(crate) trait Unborrowed: Sealed {}

/// One turn at the state of the arena. `turn` must not call user code (4).
///
/// # Safety
///
/// The core is alive, and is that of a handle of the type `H`.
#[inline]
#[cfg_attr(
    not(feature = "std"),
    allow(clippy::extra_unused_type_parameters, reason = "without `std` nothing is shared")
)]
pub(super) unsafe fn turn<H: Sealed, R>(this: NonNull<Core>, turn: impl FnOnce(&mut State) -> R) -> R {
    // SAFETY: alive.
    let core = unsafe { this.as_ref() };
    #[cfg(feature = "std")]
    let _turn = H::SHARED.then(|| core.link.lock());
    // SAFETY: nobody else is at it: this thread has the handle for itself, or has the lock (3, 4).
    let done = turn(unsafe { core.touch() });
    core.tell();
    done
}

/// A look at the state of the arena. `look` must not call user code (4).
///
/// # Safety
///
/// As for `turn`.
#[inline]
#[cfg_attr(
    not(feature = "std"),
    allow(clippy::extra_unused_type_parameters, reason = "without `std` nothing is shared")
)]
pub(super) unsafe fn look<H: Sealed, R>(this: NonNull<Core>, look: impl FnOnce(&State) -> R) -> R {
    // SAFETY: alive.
    let core = unsafe { this.as_ref() };
    #[cfg(feature = "std")]
    let _turn = H::SHARED.then(|| core.link.lock());
    // SAFETY: others may look at the same time, but nobody writes (3, 4).
    look(unsafe { core.peek() })
}

/// What the arena of a handle has counted.
#[cfg(feature = "counters")]
pub(crate) fn tally_of<H: Sealed>(handle: &H) -> ArenaTally {
    handle.core().map_or_else(ArenaTally::default, |core| {
        // SAFETY: the core of that handle.
        unsafe { look::<H, _>(core, State::tally) }
    })
}

/// A block from the arena of a handle: at least as long and as aligned as asked, with a pointer that may be used for all of
/// it. Whoever has only `&` of a map must not allocate: the map may be `Sync`.
#[inline]
pub(super) fn try_alloc<H: Sealed>(handle: &H, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
    match handle.core() {
        // SAFETY: the core of that handle.
        Some(core) => unsafe { turn::<H, _>(core, |state| state.alloc(layout)) },
        None if layout.size() == 0 => Ok(dangling(layout)),
        None => handle.make_with(layout),
    }
}
