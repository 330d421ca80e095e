//! What the standard traits say of a string.

use alloc::borrow::Cow;
use alloc::string::String;
use core::borrow::{Borrow, BorrowMut};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::{AddAssign, Deref, DerefMut};

use super::ArenaString;
use crate::arena::{Arena, Handle};
use crate::error::fail;
use crate::vec::ArenaVec;

impl<H: Handle> Deref for ArenaString<H> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<H: Handle> DerefMut for ArenaString<H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut str {
        self.as_mut_str()
    }
}

impl<H: Handle> AsRef<str> for ArenaString<H> {
    #[inline]
    fn as_ref(&self) -> &str {
        self
    }
}

impl<H: Handle> AsMut<str> for ArenaString<H> {
    #[inline]
    fn as_mut(&mut self) -> &mut str {
        self
    }
}

impl<H: Handle> AsRef<[u8]> for ArenaString<H> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

#[cfg(feature = "std")]
impl<H: Handle> AsRef<std::ffi::OsStr> for ArenaString<H> {
    #[inline]
    fn as_ref(&self) -> &std::ffi::OsStr {
        self.as_str().as_ref()
    }
}

#[cfg(feature = "std")]
impl<H: Handle> AsRef<std::path::Path> for ArenaString<H> {
    #[inline]
    fn as_ref(&self) -> &std::path::Path {
        self.as_str().as_ref()
    }
}

impl<H: Handle> Borrow<str> for ArenaString<H> {
    #[inline]
    fn borrow(&self) -> &str {
        self
    }
}

impl<H: Handle> BorrowMut<str> for ArenaString<H> {
    #[inline]
    fn borrow_mut(&mut self) -> &mut str {
        self
    }
}

impl<H: Handle + Default> Default for ArenaString<H> {
    /// An empty string that owns a new arena. Allocates: never.
    fn default() -> Self {
        Self::new_in(H::default())
    }
}

impl<H: Handle> Clone for ArenaString<H> {
    /// A copy that lives where a second string on this handle would: see [`ArenaVec`]'s `clone`.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](ArenaString::try_clone_in).
    #[track_caller]
    fn clone(&self) -> Self {
        match self.bytes.try_clone() {
            Ok(bytes) => Self { bytes },
            Err(cause) => fail(cause, "ArenaString::try_clone_in"),
        }
    }

    /// Makes this string a copy of another one, in its own arena and, where it fits, in its own block.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twins are `clear` and [`try_push_str`](ArenaString::try_push_str).
    #[track_caller]
    fn clone_from(&mut self, source: &Self) {
        if let Err(cause) = self.bytes.try_clone_from(&source.bytes) {
            fail(cause, "ArenaString::try_push_str");
        }
    }
}

impl<H: Handle> fmt::Debug for ArenaString<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<H: Handle> fmt::Display for ArenaString<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl<H: Handle> fmt::Write for ArenaString<H> {
    /// An error is a refusal of the arena: [`try_push_fmt`](ArenaString::try_push_fmt) tells which.
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.try_push_str(text).map_err(|_| fmt::Error)
    }
}

impl<H: Handle> Hash for ArenaString<H> {
    /// As the `str`, so that strings are found by it.
    #[inline]
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.as_str().hash(state);
    }
}

/// Strings compare as `str` does, whatever they are held by.
macro_rules! equal {
    ($([$($generics:tt)*] $left:ty, $right:ty);* $(;)?) => {$(
        impl<$($generics)*> PartialEq<$right> for $left {
            #[inline]
            fn eq(&self, other: &$right) -> bool {
                self[..] == other[..]
            }
        }
    )*};
}

equal! {
    [H: Handle, H2: Handle] ArenaString<H>, ArenaString<H2>;
    [H: Handle] ArenaString<H>, str;
    [H: Handle] ArenaString<H>, &str;
    [H: Handle] ArenaString<H>, String;
    [H: Handle] ArenaString<H>, Cow<'_, str>;
    [H: Handle] str, ArenaString<H>;
    [H: Handle] &str, ArenaString<H>;
    [H: Handle] String, ArenaString<H>;
    [H: Handle] Cow<'_, str>, ArenaString<H>;
}

impl<H: Handle> Eq for ArenaString<H> {}

impl<H: Handle, H2: Handle> PartialOrd<ArenaString<H2>> for ArenaString<H> {
    #[inline]
    fn partial_cmp(&self, other: &ArenaString<H2>) -> Option<Ordering> {
        Some(self.as_str().cmp(other.as_str()))
    }
}

impl<H: Handle> Ord for ArenaString<H> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl<H: Handle> AddAssign<&str> for ArenaString<H> {
    /// Adds a string at the end: [`push_str`](ArenaString::push_str).
    #[track_caller]
    fn add_assign(&mut self, text: &str) {
        self.push_str(text);
    }
}

impl<H: Handle> Extend<char> for ArenaString<H> {
    /// Adds every character.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin of each addition is [`try_push`](ArenaString::try_push).
    #[track_caller]
    fn extend<I: IntoIterator<Item = char>>(&mut self, characters: I) {
        let characters = characters.into_iter();
        // Refused, it may still be that fewer come than were announced.
        let _ = self.try_reserve(characters.size_hint().0);
        for character in characters {
            self.push(character);
        }
    }
}

impl<'a, H: Handle> Extend<&'a char> for ArenaString<H> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a char>>(&mut self, characters: I) {
        self.extend(characters.into_iter().copied());
    }
}

impl<'a, H: Handle> Extend<&'a str> for ArenaString<H> {
    /// Adds every string.
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin of each addition is [`try_push_str`](ArenaString::try_push_str).
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a str>>(&mut self, texts: I) {
        for text in texts {
            self.push_str(text);
        }
    }
}

impl<H: Handle> Extend<String> for ArenaString<H> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = String>>(&mut self, texts: I) {
        for text in texts {
            self.push_str(&text);
        }
    }
}

/// Strings of what iterators give.
macro_rules! from_iterator {
    ($([$($lifetime:lifetime)?] $item:ty);*) => {$(
        impl<$($lifetime,)? H: Handle + Default> FromIterator<$item> for ArenaString<H> {
            /// A string that owns a new arena.
            #[track_caller]
            fn from_iter<I: IntoIterator<Item = $item>>(items: I) -> Self {
                let mut text = Self::default();
                text.extend(items);
                text
            }
        }
    )*};
}

from_iterator! { [] char; ['a] &'a char; ['a] &'a str; [] String }

impl From<&str> for ArenaString {
    /// A copy that owns a new arena. [`from_str_in`](ArenaString::from_str_in) takes any handle.
    #[track_caller]
    fn from(text: &str) -> Self {
        Self::from_str_in(text, Arena::new())
    }
}

impl<H: Handle> From<ArenaString<H>> for String {
    /// A copy on the global heap.
    fn from(text: ArenaString<H>) -> Self {
        Self::from(text.as_str())
    }
}

impl<H: Handle> From<ArenaString<H>> for ArenaVec<u8, H> {
    #[inline]
    fn from(text: ArenaString<H>) -> Self {
        text.into_bytes()
    }
}
