//! One value in an arena, with its owner: [`ArenaBox`].
//!
//! ```text
//! ArenaBox                          block in the arena, rounded up to 8 bytes
//! | ptr | Held: the handle |        | value | .. |
//!   '------------------------------>'
//! ```
//!
//! Invariants:
//!
//! 1. `ptr` is what the arena of `handle` gave out for the layout of the value, or for a list that is full, and never went
//!    through a reference. A value of no size has no block: the arena ignores it.
//! 2. The value is there, and is reached by `&` and `&mut` of its box only. The block is given back once: by the drop of the
//!    box, or by `into_inner`, while the handle is alive.

#![allow(unsafe_code, reason = "owns a value in the arena")]

use core::alloc::Layout;
use core::borrow::{Borrow, BorrowMut};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};

use crate::arena::{Arena, Handle, Held};
use crate::error::{ArenaError, PushError, fail};
use crate::vec::ArenaVec;

/// A value that stands in an arena and is dropped with its box: `Box` on every [`Handle`].
///
/// For values that are large, or whose size is known at run time only: `[T]` and `str`. It costs two words, or three. A
/// reference from [`Arena::alloc`] costs one, but what it points to is never dropped. `Send` and `Sync` are as for maps.
///
/// # As values of maps
///
/// A table moves its entries when it grows; a boxed value stays where it is. It is worth its pointer from about 128 bytes on. Filling a
/// new map with 1,000 values, reading each and walking over all, in a warm arena, took, in microseconds (`cargo bench --bench big`):
///
/// | bytes of a value | 64 | 128 | 256 | 512 | 1,024 | 2,048 | 4,096 |
/// |---|---|---|---|---|---|---|---|
/// | in its slot | 30 | 38 | 54 | 89 | 245 | 514 | 1,300 |
/// | in a box | 31 | 32 | 36 | 41 | 50 | 108 | 358 |
/// | `hashbrown` in a `Bump` | 31 | 36 | 45 | 77 | 235 | 541 | 1,130 |
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaBox};
///
/// let arena = Arena::new();
/// let mut table = ArenaBox::new_in([0_u8; 1024], &arena);
/// table[7] = 1;
/// assert_eq!(arena.used(), 1024);
/// drop(table);
/// assert_eq!(arena.used(), 0);
/// ```
pub struct ArenaBox<T: ?Sized, H: Handle = Arena> {
    ptr: NonNull<T>,
    handle: Held<H>,
}

// SAFETY: the one owner of a `T` (2) and of a handle.
unsafe impl<T: ?Sized + Send, H: Handle> Send for ArenaBox<T, H> where Held<H>: Send {}
// SAFETY: as above; behind `&` the arena is not asked for memory.
unsafe impl<T: ?Sized + Sync, H: Handle> Sync for ArenaBox<T, H> where Held<H>: Sync {}

impl<T> ArenaBox<T> {
    /// A value with an arena of its own.
    ///
    /// Allocates: heap, once. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the heap refuses; the twin is [`try_new_in`](Self::try_new_in).
    #[must_use]
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self::new_in(value, Arena::new())
    }
}

impl<T, H: Handle> ArenaBox<T, H> {
    /// A value in the given arena.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_new_in`](Self::try_new_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaBox};
    ///
    /// let arena = Arena::new();
    /// assert_eq!(*ArenaBox::new_in(7, &arena), 7);
    /// ```
    #[track_caller]
    pub fn new_in(value: T, handle: H) -> Self {
        match Self::try_new_in(value, handle) {
            Ok(boxed) => boxed,
            Err(error) => fail(error.cause, "ArenaBox::try_new_in"),
        }
    }

    /// Like [`new_in`](Self::new_in), but gives the value back when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`PushError`] with the value and the cause.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaBox};
    ///
    /// let arena = Arena::with_budget(8);
    /// let refused = ArenaBox::try_new_in([1_u64, 2], &arena).unwrap_err();
    /// assert_eq!(refused.value, [1, 2]);
    /// ```
    pub fn try_new_in(value: T, handle: H) -> Result<Self, PushError<T>> {
        match Self::try_new_uninit_in(handle) {
            Ok(place) => Ok(place.write(value)),
            Err(cause) => Err(PushError { value, cause }),
        }
    }

    /// The value that a closure makes, in the given arena, for values too large to be moved about.
    ///
    /// The closure runs after the block is taken; if it panics, the block goes back.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_new_with_in`](Self::try_new_with_in).
    #[track_caller]
    pub fn new_with_in(make: impl FnOnce() -> T, handle: H) -> Self {
        match Self::try_new_with_in(make, handle) {
            Ok(boxed) => boxed,
            Err(cause) => fail(cause, "ArenaBox::try_new_with_in"),
        }
    }

    /// Like [`new_with_in`](Self::new_with_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Errors
    ///
    /// What the arena answered; the closure was not called.
    pub fn try_new_with_in(make: impl FnOnce() -> T, handle: H) -> Result<Self, ArenaError> {
        Self::try_new_uninit_in(handle).map(|place| place.write(make()))
    }

    /// A place for a value in the given arena, to be written by a closure or field by field.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_new_uninit_in`](Self::try_new_uninit_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaBox};
    ///
    /// let arena = Arena::new();
    /// let place = ArenaBox::<[u8; 4096], _>::new_uninit_in(&arena);
    /// let page = place.write([0; 4096]);
    /// assert_eq!(page.len(), arena.used());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new_uninit_in(handle: H) -> ArenaBox<MaybeUninit<T>, H> {
        match Self::try_new_uninit_in(handle) {
            Ok(place) => place,
            Err(cause) => fail(cause, "ArenaBox::try_new_uninit_in"),
        }
    }

    /// Like [`new_uninit_in`](Self::new_uninit_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Errors
    ///
    /// What the arena answered.
    pub fn try_new_uninit_in(handle: H) -> Result<ArenaBox<MaybeUninit<T>, H>, ArenaError> {
        let mut handle = Held::new(handle);
        let ptr = handle.try_alloc(Layout::new::<T>())?.cast();
        Ok(ArenaBox { ptr, handle })
    }

    /// The value; its block goes back to the arena.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(arenamap::ArenaBox::new("a").into_inner(), "a");
    /// ```
    pub fn into_inner(self) -> T {
        let this = ManuallyDrop::new(self);
        // SAFETY: both are moved out of a box that is not used again (2); the block is the value's (1).
        unsafe {
            let value = this.ptr.read();
            let handle = ptr::read(&raw const this.handle);
            handle.dealloc(this.ptr.cast(), Layout::new::<T>());
            value
        }
    }
}

impl<T, H: Handle> ArenaBox<MaybeUninit<T>, H> {
    /// Puts a value into the place.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn write(mut self, value: T) -> ArenaBox<T, H> {
        (*self).write(value);
        // SAFETY: it was written just now.
        unsafe { self.assume_init() }
    }

    /// The box of a value that was written through `DerefMut`.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Safety
    ///
    /// The value is initialised.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaBox};
    ///
    /// struct Book {
    ///     bids: [u64; 100],
    ///     asks: [u64; 100],
    /// }
    ///
    /// let arena = Arena::new();
    /// let mut place = ArenaBox::<Book, _>::new_uninit_in(&arena);
    /// let book = unsafe {
    ///     let book = place.as_mut_ptr();
    ///     (&raw mut (*book).bids).write([1; 100]);
    ///     (&raw mut (*book).asks).write([2; 100]);
    ///     place.assume_init()
    /// };
    /// assert_eq!(book.bids[99] + book.asks[0], 3);
    /// ```
    #[inline]
    pub unsafe fn assume_init(self) -> ArenaBox<T, H> {
        let this = ManuallyDrop::new(self);
        // SAFETY: the handle is moved out of a box that is not used again; the place has a `T`, as the caller says.
        let handle = unsafe { ptr::read(&raw const this.handle) };
        ArenaBox {
            ptr: this.ptr.cast(),
            handle,
        }
    }
}

impl<T: Clone, H: Handle> ArenaBox<[T], H> {
    /// Clones of a slice, in the given arena.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Errors
    ///
    /// What the arena answered; nothing was cloned.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaBox};
    ///
    /// let arena = Arena::new();
    /// assert_eq!(*ArenaBox::try_from_slice_in(&[1, 2], &arena)?, [1, 2]);
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    pub fn try_from_slice_in(elements: &[T], handle: H) -> Result<Self, ArenaError> {
        let (ptr, handle) = ArenaVec::try_from_slice_in(elements, handle)?.into_parts();
        Ok(Self { ptr, handle })
    }

    /// Clones of a slice, in the given arena.
    ///
    /// Allocates: arena. Time: O(elements).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_from_slice_in`](Self::try_from_slice_in).
    #[track_caller]
    pub fn from_slice_in(elements: &[T], handle: H) -> Self {
        match Self::try_from_slice_in(elements, handle) {
            Ok(boxed) => boxed,
            Err(cause) => fail(cause, "ArenaBox::<[T]>::try_from_slice_in"),
        }
    }
}

impl<H: Handle> ArenaBox<str, H> {
    /// A copy of a string, in the given arena.
    ///
    /// Allocates: arena. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// What the arena answered.
    pub fn try_from_str_in(text: &str, handle: H) -> Result<Self, ArenaError> {
        let (bytes, handle) = ArenaVec::try_from_slice_in(text.as_bytes(), handle)?.into_parts();
        // SAFETY: not null, as the pointer to the bytes; they are those of a string.
        let ptr = unsafe { NonNull::new_unchecked(bytes.as_ptr() as *mut str) };
        Ok(Self { ptr, handle })
    }

    /// A copy of a string, in the given arena.
    ///
    /// Allocates: arena. Time: O(bytes).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_from_str_in`](Self::try_from_str_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaBox};
    ///
    /// let arena = Arena::new();
    /// assert_eq!(&*ArenaBox::from_str_in("text", &arena), "text");
    /// ```
    #[track_caller]
    pub fn from_str_in(text: &str, handle: H) -> Self {
        match Self::try_from_str_in(text, handle) {
            Ok(boxed) => boxed,
            Err(cause) => fail(cause, "ArenaBox::<str>::try_from_str_in"),
        }
    }
}

impl<T: ?Sized, H: Handle> Drop for ArenaBox<T, H> {
    #[inline]
    fn drop(&mut self) {
        /// Gives the block back, also if the value panics when it is dropped.
        struct Back<'b, H: Handle>(&'b Held<H>, NonNull<u8>, Layout);
        impl<H: Handle> Drop for Back<'_, H> {
            #[inline]
            fn drop(&mut self) {
                // SAFETY: the block of the value (1), which is gone; the handle is dropped after this.
                unsafe { self.0.dealloc(self.1, self.2) };
            }
        }
        let layout = Layout::for_value(&**self);
        let _back = Back(&self.handle, self.ptr.cast(), layout);
        // SAFETY: the value is there (2), and is dropped once.
        unsafe { self.ptr.drop_in_place() };
    }
}

impl<T: ?Sized, H: Handle> Deref for ArenaBox<T, H> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the value of this box (2).
        unsafe { self.ptr.as_ref() }
    }
}

impl<T: ?Sized, H: Handle> DerefMut for ArenaBox<T, H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the value of this box, which is borrowed exclusively (2).
        unsafe { self.ptr.as_mut() }
    }
}

impl<T: ?Sized, H: Handle> AsRef<T> for ArenaBox<T, H> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized, H: Handle> AsMut<T> for ArenaBox<T, H> {
    fn as_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized, H: Handle> Borrow<T> for ArenaBox<T, H> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized, H: Handle> BorrowMut<T> for ArenaBox<T, H> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized + fmt::Debug, H: Handle> fmt::Debug for ArenaBox<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display, H: Handle> fmt::Display for ArenaBox<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<T: ?Sized + PartialEq, H: Handle, H2: Handle> PartialEq<ArenaBox<T, H2>> for ArenaBox<T, H> {
    fn eq(&self, other: &ArenaBox<T, H2>) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Eq, H: Handle> Eq for ArenaBox<T, H> {}

impl<T: ?Sized + PartialOrd, H: Handle, H2: Handle> PartialOrd<ArenaBox<T, H2>> for ArenaBox<T, H> {
    fn partial_cmp(&self, other: &ArenaBox<T, H2>) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: ?Sized + Ord, H: Handle> Ord for ArenaBox<T, H> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: ?Sized + Hash, H: Handle> Hash for ArenaBox<T, H> {
    fn hash<S: Hasher>(&self, state: &mut S) {
        (**self).hash(state);
    }
}

impl<T: Clone, H: Handle> Clone for ArenaBox<T, H> {
    /// A copy that lives where a second box on this handle would: see [`Handle`].
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_new_with_in`](ArenaBox::try_new_with_in).
    #[track_caller]
    fn clone(&self) -> Self {
        let handle = self.handle.peek(H::try_clone_handle);
        match handle.and_then(|handle| Self::try_new_with_in(|| (**self).clone(), handle)) {
            Ok(copy) => copy,
            Err(cause) => fail(cause, "ArenaBox::try_new_with_in"),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        (**self).clone_from(source);
    }
}
