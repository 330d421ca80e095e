//! Every error type and every error text.
//!
//! A text says what happened, in bytes where bytes are meant, and what to do about it.

use core::fmt;

/// Why an arena could not give out a block.
///
/// Sizes are in bytes, rounded up as the arena rounds them: to 8, or to the alignment of the block where that is larger.
///
/// ```
/// use arenamap::{Arena, ArenaError};
///
/// let arena = Arena::with_budget(64);
/// assert!(arena.try_alloc([0_u8; 48]).is_ok());
/// let error = arena.try_alloc([0_u8; 20]).unwrap_err();
/// assert_eq!(error, ArenaError::Budget { needed: 24, left: 16 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArenaError {
    /// The arena's own byte budget does not cover the block.
    Budget {
        /// Bytes that the block takes.
        needed: usize,
        /// Bytes that the budget still has.
        left: usize,
    },
    /// The global allocator refused the memory.
    OutOfMemory {
        /// Bytes that the block takes.
        needed: usize,
    },
    /// The size of the block does not fit the address space.
    CapacityOverflow,
}

impl fmt::Display for ArenaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Budget { needed, left } => write!(
                f,
                "the budget of the arena is used up: {needed} bytes needed, {left} left; \
                 give it a larger budget, or reset it"
            ),
            Self::OutOfMemory { needed } => write!(
                f,
                "the global allocator refused memory for a block of {needed} bytes of the arena; free memory, or ask for less"
            ),
            Self::CapacityOverflow => {
                f.write_str("the size asked of the arena does not fit the address space; ask for fewer elements")
            }
        }
    }
}

impl core::error::Error for ArenaError {}

/// What every infallible call does with an error: it panics, and names the call that returns the error instead.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn fail(error: ArenaError, twin: &'static str) -> ! {
    panic!("{error}; `{twin}` returns this error instead of panicking")
}

/// A pair that could not be inserted because the arena gave no memory; nothing was changed and nothing is lost.
///
/// ```
/// use arenamap::{ArenaError, InsertError};
///
/// let error = InsertError { key: "k", value: 1, cause: ArenaError::CapacityOverflow };
/// let InsertError { key, value, .. } = error;
/// assert_eq!((key, value), ("k", 1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InsertError<K, V> {
    /// The key, as it was given.
    pub key: K,
    /// The value, as it was given.
    pub value: V,
    /// Why there was no memory.
    pub cause: ArenaError,
}

impl<K, V> fmt::Debug for InsertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertError")
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl<K, V> fmt::Display for InsertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pair was not inserted and is in this error: {}", self.cause)
    }
}

impl<K, V> core::error::Error for InsertError<K, V> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// A pair that could not be inserted without growing the map; nothing was changed and nothing is lost.
///
/// ```
/// use arenamap::Full;
///
/// let Full { key, value } = Full { key: "k", value: 1 };
/// assert_eq!((key, value), ("k", 1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Full<K, V> {
    /// The key, as it was given.
    pub key: K,
    /// The value, as it was given.
    pub value: V,
}

impl<K, V> fmt::Debug for Full<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Full").finish_non_exhaustive()
    }
}

impl<K, V> fmt::Display for Full<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the map is full and this call does not grow it; the pair is in this error: \
             reserve room, remove entries, or insert with a call that may grow",
        )
    }
}

impl<K, V> core::error::Error for Full<K, V> {}

/// How far a bulk call came before the arena gave no memory.
///
/// What was inserted before stays; the items that the iterator had not yet given out stay in the iterator.
///
/// ```
/// use arenamap::{ArenaError, ExtendError};
///
/// let error = ExtendError { inserted: 3, rejected: ("k", 1), cause: ArenaError::CapacityOverflow };
/// assert!(error.to_string().contains("after 3 items"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ExtendError<T> {
    /// Items taken in before the failure.
    pub inserted: usize,
    /// The item that was taken from the iterator and not inserted.
    pub rejected: T,
    /// Why there was no memory.
    pub cause: ArenaError,
}

impl<T> fmt::Debug for ExtendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtendError")
            .field("inserted", &self.inserted)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for ExtendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "stopped after {} items, the next one is in this error: {}",
            self.inserted, self.cause
        )
    }
}

impl<T> core::error::Error for ExtendError<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// A map that ends farther into an archive than its offsets reach.
#[cfg(feature = "rkyv")]
#[derive(Debug)]
pub(crate) struct ArchiveTooLarge {
    /// Bytes up to the end of the map.
    pub(crate) end: usize,
    /// Bytes that offsets reach.
    pub(crate) most: usize,
}

#[cfg(feature = "rkyv")]
impl fmt::Display for ArchiveTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the map would end at byte {} of its archive, whose offsets reach {} bytes; archive fewer entries",
            self.end, self.most
        )
    }
}

#[cfg(feature = "rkyv")]
impl core::error::Error for ArchiveTooLarge {}
