//! The keys of a `StrMap`: their bytes in the arena, and who gives them back.
//!
//! ```text
//!  table of the map                               block in the arena, rounded up to 8 bytes
//!  | .. | StrKey { ptr, len: 3 } | value | .. |   | t h e . . . . . |
//!                    '--------------------------->'
//!
//!  copy_in --> Block { StrKey, Raw } --keep--> StrKey in the table --Block::of--> Block --drop--> given back
//!              (owns the bytes)                (its map owns the bytes)
//! ```
//!
//! Invariants:
//!
//! 1. `ptr` is what `try_alloc` returned for `len` bytes of alignment 1, and never went through a reference. The bytes
//!    are those of a `str`, written once, before the key is made. An empty key has no block: the arena ignores it.
//! 2. A `StrKey` is not `Copy` or `Clone`: its block has no other. The block is given back with the `Block` that
//!    consumed the key, or by `give_back_all`. Keys given back by the latter stay behind in a table that nobody looks
//!    into any more: it is emptied or dropped without reading a key, and without user code before it is unreachable.
//! 3. While a key is in the table of a `StrMap` or in a `Block`, the map's handle is alive, and the arena is not reset.
//!    A `Block` that user code can hold is tied to the `&mut` borrow of its map.
//! 4. The `Raw` beside a key is that of the arena its bytes came from: a map makes and consumes keys with its own.
//! 5. `Block` is not `Send`, and neither is what makes them while others exist (`Drain`, `ExtractIf`): the arena of a
//!    borrowed, owned or pooled map is touched by one thread at a time.
//!
//! Upheld by this file, and 3 to 5 also by its parent and siblings, which see `StrKey` and `Block` and nobody else does.

#![allow(unsafe_code, reason = "keys point to bytes in the arena of their map")]

use core::alloc::Layout;
use core::borrow::Borrow;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ptr::{self, NonNull};
use core::{slice, str};

use super::{Inner, StrMap};
use crate::arena::{Handle, Raw};
use crate::error::ArenaError;

/// A string in the arena of the map that has this key. Hashes and compares as `str`.
pub(crate) struct StrKey {
    ptr: NonNull<u8>,
    len: usize,
}

// SAFETY: the one owner of bytes that nobody writes, like a `Box<str>` (1, 2); they go with the arena of their map.
unsafe impl Send for StrKey {}
// SAFETY: as above; `&StrKey` only reads.
unsafe impl Sync for StrKey {}

impl StrKey {
    #[inline(always)] // part of every lookup
    pub(super) fn as_str(&self) -> &str {
        // SAFETY: the bytes of a `str` (1) in a block that nobody gives back while the key is borrowed (2, 3).
        unsafe { str::from_utf8_unchecked(slice::from_raw_parts(self.ptr.as_ptr(), self.len)) }
    }

    /// Where and how large the block is.
    #[inline]
    fn block(&self) -> (NonNull<u8>, Layout) {
        // SAFETY: a string of that length exists or existed (1), so that it fits the address space.
        (self.ptr, unsafe { Layout::from_size_align_unchecked(self.len, 1) })
    }
}

impl Hash for StrKey {
    #[inline]
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.as_str().hash(state);
    }
}

impl PartialEq for StrKey {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for StrKey {}

/// Makes `str` equivalent to a key: a lookup needs nothing else.
impl Borrow<str> for StrKey {
    #[inline]
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// A key outside of its table, which gives its bytes back when it is dropped.
pub(crate) struct Block<H: Handle> {
    key: StrKey,
    raw: Raw<H>,
    not_send: PhantomData<*const ()>,
}

impl<H: Handle> Block<H> {
    /// A copy of a string. `raw` stays alive longer than the result (3).
    #[inline]
    pub(super) fn copy_in(raw: Raw<H>, text: &str) -> Result<Self, ArenaError> {
        let len = text.len();
        let ptr = raw.try_alloc(Layout::for_value(text))?;
        // SAFETY: a fresh block of that length.
        unsafe { ptr.copy_from_nonoverlapping(NonNull::from(text.as_bytes()).cast(), len) };
        Ok(Self::of(StrKey { ptr, len }, raw))
    }

    /// The owner of the bytes of a key that has left its table (2, 4).
    #[inline]
    pub(super) fn of(key: StrKey, raw: Raw<H>) -> Self {
        Self {
            key,
            raw,
            not_send: PhantomData,
        }
    }

    /// The key for a table of the map that this block was copied for.
    #[inline]
    pub(super) fn keep(self) -> StrKey {
        let this = ManuallyDrop::new(self);
        StrKey {
            ptr: this.key.ptr,
            len: this.key.len,
        }
    }

    #[inline]
    pub(super) fn as_str(&self) -> &str {
        self.key.as_str()
    }
}

impl<H: Handle> Drop for Block<H> {
    #[inline]
    fn drop(&mut self) {
        let (ptr, layout) = self.key.block();
        // SAFETY: the block of this key alone (1, 2), of this arena (4), which is alive (3); on its thread (5).
        unsafe { self.raw.dealloc(ptr, layout) };
    }
}

/// Gives the bytes of every key back, in one turn at the arena. The keys are dead from now on (2).
fn give_back_all<V, H: Handle, S>(map: &Inner<V, H, S>) {
    // SAFETY: the blocks of these keys alone (1, 2), of this arena (4), which is alive (3); the iteration is no user
    // code. Callers have the map for themselves (5).
    unsafe { map.handle.raw().dealloc_all(map.keys().map(StrKey::block)) };
}

impl<V, H: Handle, S> StrMap<V, H, S> {
    /// Empties the map and gives the bytes of its keys back.
    pub(super) fn clear_all(&mut self) {
        if mem::needs_drop::<V>() {
            // One by one: if the drop of a value panics, the keys that are left behind must be alive (2).
            self.drain().for_each(drop);
        } else {
            give_back_all(&self.map);
            self.map.clear(); // no user code (2)
        }
    }

    /// The map below, to be dropped or asked for its values or its handle: its keys are dead if `give_back` (2).
    pub(super) fn dissolve(self, give_back: bool) -> Inner<V, H, S> {
        if give_back {
            give_back_all(&self.map);
        }
        let this = ManuallyDrop::new(self);
        // SAFETY: moved out of a value that nobody uses or drops any more.
        unsafe { ptr::read(&raw const this.map) }
    }
}

impl<V, H: Handle, S> Drop for StrMap<V, H, S> {
    /// Gives the bytes of the keys back, unless the whole arena goes with the map.
    #[inline]
    fn drop(&mut self) {
        if !H::EXCLUSIVE {
            give_back_all(&self.map); // the table is dropped next, and does not read keys (2)
        }
    }
}
