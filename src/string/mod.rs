//! The string, [`ArenaString`], and its iterator.
//!
//! Invariant: the bytes of a string are valid UTF-8 whenever code outside of this module can see it. Upheld by its methods:
//! they add and remove whole characters, in one step or with a guard where user code runs in between.

#![allow(unsafe_code, reason = "reads bytes as the string that they are")]

mod edit;
mod iter;
mod traits;

use core::fmt::{self, Write as _};

pub use self::iter::Drain;
use crate::arena::{Arena, Handle};
use crate::error::{ArenaError, FromUtf8Error, fail};
use crate::stats::ArenaStats;
use crate::vec::ArenaVec;

/// A string that grows, whose bytes stand in an arena: `String` on every [`Handle`].
///
/// It has the names, meanings and panics of `std::string::String`, and `str` through `Deref`. It hashes and compares as its
/// `str`, so that a map with such keys is searched by `&str`. It is an [`ArenaVec`] of bytes: see there how it grows.
///
/// `write!` returns an error where the arena has no memory, and does not panic; what was written before that stays.
/// [`try_push_fmt`](Self::try_push_fmt) tells why, and takes that back.
///
/// # Examples
///
/// ```
/// use std::fmt::Write;
///
/// use arenamap::{Arena, ArenaString};
///
/// let arena = Arena::new();
/// let mut text = ArenaString::from_str_in("one", &arena);
/// text.push_str(" two");
/// write!(text, " {}", 3)?;
/// assert_eq!(text, "one two 3");
/// # Ok::<(), std::fmt::Error>(())
/// ```
pub struct ArenaString<H: Handle = Arena> {
    bytes: ArenaVec<u8, H>,
}

/// An [`ArenaString`] in the given arena, of what `format!` would make.
///
/// Allocates: arena.
///
/// # Panics
///
/// If the arena refuses; the twin is [`ArenaString::try_from_fmt_in`], with `format_args!`.
///
/// # Examples
///
/// ```
/// let arena = arenamap::Arena::new();
/// let text = arenamap::format_in!(&arena, "{} and {:?}", 1, "two");
/// assert_eq!(text, "1 and \"two\"");
/// ```
#[macro_export]
macro_rules! format_in {
    ($handle:expr, $($arguments:tt)+) => {
        $crate::ArenaString::from_fmt_in(::core::format_args!($($arguments)+), $handle)
    };
}

impl ArenaString {
    /// An empty string that owns a new arena.
    ///
    /// Allocates: never; arena and block come with the first byte. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut text = arenamap::ArenaString::new();
    /// text.push('a');
    /// ```
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self::new_in(Arena::new())
    }

    /// An empty string with room for `capacity` bytes, that owns a new arena.
    ///
    /// Allocates: heap, for the arena and its first chunk. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the heap refuses; the twin is [`try_with_capacity_in`](Self::try_with_capacity_in).
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_in(capacity, Arena::new())
    }
}

impl<H: Handle> ArenaString<H> {
    /// An empty string in the given arena.
    ///
    /// Allocates: never; the block comes with the first byte. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaString};
    ///
    /// let arena = Arena::new();
    /// let mut text = ArenaString::new_in(&arena);
    /// text.push('a');
    /// ```
    #[inline]
    pub const fn new_in(handle: H) -> Self {
        Self {
            bytes: ArenaVec::new_in(handle),
        }
    }

    /// An empty string with room for exactly `capacity` bytes in the given arena.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_with_capacity_in`](Self::try_with_capacity_in).
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, handle: H) -> Self {
        match Self::try_with_capacity_in(capacity, handle) {
            Ok(text) => text,
            Err(cause) => fail(cause, "ArenaString::try_with_capacity_in"),
        }
    }

    /// Like [`with_capacity_in`](Self::with_capacity_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(1).
    ///
    /// # Errors
    ///
    /// What the arena answered: a budget, a heap that refused, or a capacity that no address space holds.
    pub fn try_with_capacity_in(capacity: usize, handle: H) -> Result<Self, ArenaError> {
        ArenaVec::try_with_capacity_in(capacity, handle).map(|bytes| Self { bytes })
    }

    /// A copy of a `str` in the given arena.
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
    /// use arenamap::{Arena, ArenaString};
    ///
    /// let arena = Arena::new();
    /// assert_eq!(ArenaString::from_str_in("name", &arena), "name");
    /// ```
    #[track_caller]
    pub fn from_str_in(text: &str, handle: H) -> Self {
        match Self::try_from_str_in(text, handle) {
            Ok(text) => text,
            Err(cause) => fail(cause, "ArenaString::try_from_str_in"),
        }
    }

    /// Like [`from_str_in`](Self::from_str_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// What the arena answered.
    pub fn try_from_str_in(text: &str, handle: H) -> Result<Self, ArenaError> {
        ArenaVec::try_from_slice_in(text.as_bytes(), handle).map(|bytes| Self { bytes })
    }

    /// What `format!` would make, in the given arena: [`format_in!`](crate::format_in) writes the call.
    ///
    /// Allocates: arena. Time: O(bytes).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_from_fmt_in`](Self::try_from_fmt_in). If a formatting trait returns an error.
    #[track_caller]
    pub fn from_fmt_in(arguments: fmt::Arguments<'_>, handle: H) -> Self {
        match Self::try_from_fmt_in(arguments, handle) {
            Ok(text) => text,
            Err(cause) => fail(cause, "ArenaString::try_from_fmt_in"),
        }
    }

    /// Like [`from_fmt_in`](Self::from_fmt_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// What the arena answered.
    ///
    /// # Panics
    ///
    /// If a formatting trait returns an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaString};
    ///
    /// let arena = Arena::with_budget(16);
    /// assert_eq!(ArenaString::try_from_fmt_in(format_args!("{}", 1), &arena)?, "1");
    /// assert!(ArenaString::try_from_fmt_in(format_args!("{:20}", 1), &arena).is_err());
    /// # Ok::<(), arenamap::ArenaError>(())
    /// ```
    #[track_caller]
    pub fn try_from_fmt_in(arguments: fmt::Arguments<'_>, handle: H) -> Result<Self, ArenaError> {
        let mut text = Self::new_in(handle);
        text.try_push_fmt(arguments)?;
        Ok(text)
    }

    /// The string in a list of bytes, which keep their place.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FromUtf8Error`] with the bytes, if they are not valid UTF-8.
    pub fn from_utf8(bytes: ArenaVec<u8, H>) -> Result<Self, FromUtf8Error<ArenaVec<u8, H>>> {
        match core::str::from_utf8(&bytes) {
            Ok(_) => Ok(Self { bytes }),
            Err(cause) => Err(FromUtf8Error { bytes, cause }),
        }
    }

    /// The bytes, as a list in the same place.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(arenamap::ArenaString::from("ab").into_bytes(), b"ab");
    /// ```
    #[must_use]
    #[inline]
    pub fn into_bytes(self) -> ArenaVec<u8, H> {
        self.bytes
    }

    /// The string.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: valid UTF-8: the invariant of this module.
        unsafe { core::str::from_utf8_unchecked(&self.bytes) }
    }

    /// The string, to change in place.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn as_mut_str(&mut self) -> &mut str {
        // SAFETY: valid UTF-8: the invariant of this module. It stays so, as everywhere where there is a `&mut str`.
        unsafe { core::str::from_utf8_unchecked_mut(&mut self.bytes) }
    }

    /// The bytes of the string.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of bytes.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True if there is no character.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes that fit without growing.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes room for `additional` more bytes, or for more, so that the next growth is far.
    ///
    /// Allocates: arena. Time: O(bytes), or in O(1) where the block grows in place.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_reserve`](Self::try_reserve).
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        if let Err(cause) = self.try_reserve(additional) {
            fail(cause, "ArenaString::try_reserve");
        }
    }

    /// Like [`reserve`](Self::reserve), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(bytes), or in O(1) where the block grows in place.
    ///
    /// # Errors
    ///
    /// What the arena answered. Nothing has changed.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), ArenaError> {
        self.bytes.try_reserve(additional)
    }

    /// Gives back the room that no byte uses: see [`ArenaVec::shrink_to_fit`].
    ///
    /// Allocates: arena. Time: O(bytes).
    pub fn shrink_to_fit(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Gives back the room for more than `min_capacity` bytes that no byte uses.
    ///
    /// Allocates: arena. Time: O(bytes).
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.bytes.shrink_to(min_capacity);
    }

    /// A copy in the given arena, with room for its bytes and no more.
    ///
    /// Allocates: arena. Time: O(bytes).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](Self::try_clone_in).
    #[track_caller]
    pub fn clone_in<H2: Handle>(&self, handle: H2) -> ArenaString<H2> {
        match self.try_clone_in(handle) {
            Ok(text) => text,
            Err(cause) => fail(cause, "ArenaString::try_clone_in"),
        }
    }

    /// Like [`clone_in`](Self::clone_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// What the arena answered.
    pub fn try_clone_in<H2: Handle>(&self, handle: H2) -> Result<ArenaString<H2>, ArenaError> {
        ArenaString::try_from_str_in(self, handle)
    }

    /// What the arena of this string holds, for all that live in it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn arena_stats(&self) -> ArenaStats {
        self.bytes.arena_stats()
    }

    /// Gives the block back to the arena, and the arena handle to the caller.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_handle(self) -> H {
        self.bytes.into_handle()
    }
}

impl<'a> ArenaString<&'a Arena> {
    /// The arena this string was made in.
    ///
    /// Only for borrowed arenas: an owned arena is not reached through its string.
    ///
    /// Allocates: never. Time: O(1).
    pub fn allocator(&self) -> &'a Arena {
        self.bytes.allocator()
    }
}

/// A string that remembers why it could not be written to.
struct Writing<'s, H: Handle> {
    text: &'s mut ArenaString<H>,
    refused: Option<ArenaError>,
}

impl<H: Handle> fmt::Write for Writing<'_, H> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.try_push_str(text).map_err(|cause| {
            self.refused = Some(cause);
            fmt::Error
        })
    }
}

impl<H: Handle> ArenaString<H> {
    /// Adds what `format!` would make.
    ///
    /// Allocates: arena. Time: O(new bytes) amortised.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_push_fmt`](Self::try_push_fmt). If a formatting trait returns an error.
    #[track_caller]
    pub fn push_fmt(&mut self, arguments: fmt::Arguments<'_>) {
        if let Err(cause) = self.try_push_fmt(arguments) {
            fail(cause, "ArenaString::try_push_fmt");
        }
    }

    /// Like [`push_fmt`](Self::push_fmt), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(new bytes) amortised.
    ///
    /// # Errors
    ///
    /// What the arena answered. The string is as it was.
    ///
    /// # Panics
    ///
    /// If a formatting trait returns an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaString};
    ///
    /// let arena = Arena::with_budget(8);
    /// let mut text = ArenaString::from_str_in("1, ", &arena);
    /// assert!(text.try_push_fmt(format_args!("2, {:9}", 3)).is_err());
    /// assert_eq!(text, "1, ");
    /// ```
    #[track_caller]
    pub fn try_push_fmt(&mut self, arguments: fmt::Arguments<'_>) -> Result<(), ArenaError> {
        let before = self.len();
        let mut writing = Writing {
            text: self,
            refused: None,
        };
        let written = writing.write_fmt(arguments);
        let refused = writing.refused;
        if written.is_err() || refused.is_some() {
            self.bytes.truncate(before);
        }
        if let Some(cause) = refused {
            return Err(cause);
        }
        written.expect("a formatting trait returned an error, and not for want of memory");
        Ok(())
    }
}
