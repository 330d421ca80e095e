//! The keys of a map that copies them: their bytes in the arena, and who gives them back.
//!
//! ```text
//!  table of the map                               block in the arena, rounded up to 8 bytes
//!  | .. | Stored { ptr, len: 3 } | value | .. |   | t h e . . . . . |
//!                    '--------------------------->'
//!
//!  copy_in --> Block { Stored, Raw } --keep--> Stored in the table --Block::of--> Block --drop--> given back
//!              (owns the bytes)                (its map owns the bytes)
//! ```
//!
//! Invariants:
//!
//! 1. `ptr` is what `try_alloc` returned for `len` bytes of alignment 1, and never went through a reference. The bytes are
//!    those of a `Q`, written once, before the key is made. An empty key has no block: the arena ignores it.
//! 2. A `Stored` is not `Copy` or `Clone`: its block has no other. The block is given back with the `Block` that consumed the
//!    key, or by `give_back`. Keys given back by the latter stay behind, dead, where nobody looks at them any more: they are
//!    dropped with the values beside them, which does not read a key, and user code cannot reach them meanwhile.
//! 3. While a key is in the table of a map or in a `Block`, the map's handle is alive, and the arena is not reset. A `Block`
//!    that user code can hold is tied to the `&mut` borrow of its map.
//! 4. The `Raw` beside a key is that of the arena its bytes came from: a map makes and consumes keys with its own.
//! 5. `Block` is not `Send`, and neither is what makes them while others exist (`Drain`, `ExtractIf`): the arena of a
//!    borrowed, owned or pooled map is touched by one thread at a time.
//!
//! Upheld by this file, and 3 to 5 also by its parent and siblings, which see `Stored` and `Block` and nobody else does.

#![allow(unsafe_code, reason = "keys point to bytes in the arena of their map")]

use core::alloc::Layout;
use core::borrow::Borrow;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};
use core::slice;

use super::{CopiedMap, Inner};
use crate::arena::{Handle, Raw};
use crate::error::ArenaError;
use crate::table::Table;

/// Keys that a [`CopiedMap`] copies as one block of bytes: `str` and `[u8]`.
///
/// The trait is sealed: there are no others.
pub trait CopiedKey: Eq + Ord + Hash + fmt::Debug + sealed::Sealed {}

impl CopiedKey for str {}
impl CopiedKey for [u8] {}

pub(crate) mod sealed {
    /// What only this crate can implement and call by name.
    pub trait Sealed {
        /// The name of the map, in what its panics say.
        const MAP: &'static str;

        /// The key as it is copied.
        fn as_bytes(&self) -> &[u8];

        /// The key of these bytes.
        ///
        /// # Safety
        ///
        /// `as_bytes` of a key of this kind gave these bytes.
        unsafe fn from_bytes(bytes: &[u8]) -> &Self;
    }

    impl Sealed for str {
        const MAP: &'static str = "StrMap";

        #[inline(always)] // part of every insertion
        fn as_bytes(&self) -> &[u8] {
            str::as_bytes(self)
        }

        #[inline(always)] // part of every lookup
        unsafe fn from_bytes(bytes: &[u8]) -> &Self {
            // SAFETY: the bytes of a `str`, says the caller.
            unsafe { core::str::from_utf8_unchecked(bytes) }
        }
    }

    impl Sealed for [u8] {
        const MAP: &'static str = "BytesMap";

        #[inline(always)] // part of every insertion
        fn as_bytes(&self) -> &[u8] {
            self
        }

        #[inline(always)] // part of every lookup
        unsafe fn from_bytes(bytes: &[u8]) -> &Self {
            bytes
        }
    }
}

/// A key in the arena of the map that has it. Hashes and compares as `Q`.
pub(crate) struct Stored<Q: ?Sized> {
    ptr: NonNull<u8>,
    len: usize,
    kind: PhantomData<Q>,
}

// SAFETY: the one owner of bytes that nobody writes, like a `Box<Q>` (1, 2); they go with the arena of their map.
unsafe impl<Q: Send + ?Sized> Send for Stored<Q> {}
// SAFETY: as above; `&Stored` only reads.
unsafe impl<Q: Sync + ?Sized> Sync for Stored<Q> {}

impl<Q: CopiedKey + ?Sized> Stored<Q> {
    #[inline(always)] // part of every lookup
    pub(crate) fn get(&self) -> &Q {
        // SAFETY: the bytes of a `Q` (1) in a block that nobody gives back while the key is borrowed (2, 3).
        unsafe { Q::from_bytes(slice::from_raw_parts(self.ptr.as_ptr(), self.len)) }
    }

    /// Where and how large the block is.
    #[inline]
    fn block(&self) -> (NonNull<u8>, Layout) {
        // SAFETY: a key of that length exists or existed (1), so that it fits the address space.
        (self.ptr, unsafe { Layout::from_size_align_unchecked(self.len, 1) })
    }
}

impl<Q: CopiedKey + ?Sized> Hash for Stored<Q> {
    #[inline]
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.get().hash(state);
    }
}

impl<Q: CopiedKey + ?Sized> PartialEq for Stored<Q> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<Q: CopiedKey + ?Sized> Eq for Stored<Q> {}

/// Makes `Q` equivalent to a stored key: a lookup needs nothing else.
impl<Q: CopiedKey + ?Sized> Borrow<Q> for Stored<Q> {
    #[inline]
    fn borrow(&self) -> &Q {
        self.get()
    }
}

/// A key outside of its table, which gives its bytes back when it is dropped.
pub(crate) struct Block<Q: CopiedKey + ?Sized, H: Handle> {
    key: Stored<Q>,
    raw: Raw<H>,
    not_send: PhantomData<*const ()>,
}

impl<Q: CopiedKey + ?Sized, H: Handle> Block<Q, H> {
    /// A copy of a key. `raw` stays alive longer than the result (3).
    #[inline]
    pub(super) fn copy_in(raw: Raw<H>, key: &Q) -> Result<Self, ArenaError> {
        let bytes = key.as_bytes();
        let ptr = raw.try_alloc(Layout::for_value(bytes))?;
        // SAFETY: a fresh block of that length.
        unsafe { ptr.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
        let stored = Stored {
            ptr,
            len: bytes.len(),
            kind: PhantomData,
        };
        Ok(Self::of(stored, raw))
    }

    /// The owner of the bytes of a key that has left its table (2, 4).
    #[inline]
    pub(super) fn of(key: Stored<Q>, raw: Raw<H>) -> Self {
        Self {
            key,
            raw,
            not_send: PhantomData,
        }
    }

    /// The key for a table of the map that this block was copied for.
    #[inline]
    pub(super) fn keep(self) -> Stored<Q> {
        let this = ManuallyDrop::new(self);
        Stored {
            ptr: this.key.ptr,
            len: this.key.len,
            kind: PhantomData,
        }
    }

    #[inline]
    pub(super) fn get(&self) -> &Q {
        self.key.get()
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Drop for Block<Q, H> {
    #[inline]
    fn drop(&mut self) {
        let (ptr, layout) = self.key.block();
        // SAFETY: the block of this key alone (1, 2), of this arena (4), which is alive (3); on its thread (5).
        unsafe { self.raw.dealloc(ptr, layout) };
    }
}

/// Gives the bytes of keys back, in one turn at their arena. The keys are dead from now on (2).
pub(super) fn give_back<'a, Q, V, H>(raw: Raw<H>, entries: impl Iterator<Item = &'a (Stored<Q>, V)>)
where
    Q: CopiedKey + ?Sized + 'a,
    V: 'a,
    H: Handle,
{
    // SAFETY: the blocks of these keys alone (1, 2), of this arena (4), which is alive (3); the walk over a table is no user
    // code. Callers have the map for themselves (5).
    unsafe { raw.dealloc_all(entries.map(|(key, _)| key.block())) };
}

/// Gives the bytes of all keys of a table back. The keys are dead from now on (2).
pub(super) fn give_back_all<Q: CopiedKey + ?Sized, V, H: Handle>(table: &Table<(Stored<Q>, V), H>) {
    give_back(table.handle().raw(), table.iter());
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> CopiedMap<Q, V, S, H> {
    /// The map below, to be dropped or asked for its values or its handle: its keys are dead if `give_back` (2).
    pub(super) fn dissolve(self, give_back: bool) -> Inner<Q, V, S, H> {
        if give_back {
            give_back_all(&self.map.table);
        }
        let this = ManuallyDrop::new(self);
        // SAFETY: moved out of a value that nobody uses or drops any more.
        unsafe { ptr::read(&raw const this.map) }
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> Drop for CopiedMap<Q, V, S, H> {
    /// Gives the bytes of the keys back, unless the whole arena goes with the map.
    #[inline]
    fn drop(&mut self) {
        if !H::EXCLUSIVE {
            give_back_all(&self.map.table); // the table is dropped next, and does not read keys (2)
        }
    }
}
