//! Every error type and every error text.
//!
//! A text says what happened, with sizes in bytes, and what to do about it.

use core::alloc::Layout;
use core::fmt;
use core::str::Utf8Error;

/// Why an arena gave no memory.
///
/// Sizes are in bytes, rounded up as the arena rounds them: to a multiple of 8, or of the block's alignment if that is
/// larger.
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
    /// The block does not fit in what is left of the arena's budget.
    Budget {
        /// Bytes that the block takes.
        needed: usize,
        /// Bytes that the budget still has.
        left: usize,
    },
    /// The global allocator refused the memory.
    AllocError {
        /// Bytes and alignment of the block.
        layout: Layout,
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
            Self::AllocError { layout } => write!(
                f,
                "the global allocator refused memory for a block of {} bytes of the arena; free memory, or ask for less",
                layout.size()
            ),
            Self::CapacityOverflow => {
                f.write_str("the size asked of the arena does not fit the address space; ask for fewer elements")
            }
        }
    }
}

impl core::error::Error for ArenaError {}

impl ArenaError {
    /// The error for that many bytes of that alignment, which the heap refused.
    #[cold]
    pub(crate) const fn refused(bytes: usize, align: usize) -> Self {
        match Layout::from_size_align(bytes, align) {
            Ok(layout) => Self::AllocError { layout },
            Err(_) => Self::CapacityOverflow,
        }
    }
}

/// Panics with an error, for a call that returns none. The text names the twin that returns it.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn fail(error: ArenaError, twin: &'static str) -> ! {
    panic!("{error}; `{twin}` returns this error instead of panicking")
}

/// [`fail`] for maps and sets. If a size is too large for the address space, the text is hashbrown's, because its users
/// match it.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn fail_map(error: ArenaError, twin: &'static str) -> ! {
    assert!(error != ArenaError::CapacityOverflow, "Hash table capacity overflow");
    fail(error, twin)
}

/// [`fail_map`] for a call that several kinds of maps have; `map` names this one.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn fail_call(error: ArenaError, map: &'static str, twin: &'static str) -> ! {
    assert!(error != ArenaError::CapacityOverflow, "Hash table capacity overflow");
    panic!("{error}; `{map}::{twin}` returns this error instead of panicking")
}

/// Why a shared arena was not reset: it has other handles, so that something may still live in it.
///
/// ```
/// let mut arena = arenamap::Arena::new().share();
/// let other = arena.clone();
/// let error = arena.reset_if_unique().unwrap_err();
/// assert_eq!(error.others, 1);
/// drop(other);
/// assert!(arena.reset_if_unique().is_ok());
/// ```
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StillShared {
    /// Handles beside the one that was asked.
    pub others: usize,
}

#[cfg(feature = "std")]
impl fmt::Display for StillShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the shared arena was not reset: it has {} other handles; \
             drop the collections and handles that use it, and reset it again",
            self.others
        )
    }
}

#[cfg(feature = "std")]
impl core::error::Error for StillShared {}

/// A pair that could not be inserted because the arena gave no memory. The map is as it was, and the pair is in here.
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

/// A pair that could not be inserted without growing the map. The map is as it was, and the pair is in here.
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

/// A value that could not be added because the arena gave no memory; nothing was changed and nothing is lost.
///
/// ```
/// use arenamap::{Arena, ArenaVec};
///
/// let arena = Arena::with_budget(8);
/// let mut list = ArenaVec::new_in(&arena);
/// list.push(1_u64);
/// let error = list.try_push(2).unwrap_err();
/// assert_eq!(error.value, 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PushError<T> {
    /// The value, as it was given.
    pub value: T,
    /// Why there was no memory.
    pub cause: ArenaError,
}

impl<T> fmt::Debug for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushError")
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value was not added and is in this error: {}", self.cause)
    }
}

impl<T> core::error::Error for PushError<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Bytes that are no string, as they were given.
///
/// ```
/// use arenamap::{ArenaString, ArenaVec};
///
/// let error = ArenaString::from_utf8(ArenaVec::from([b'a', 0xff])).unwrap_err();
/// assert_eq!((error.bytes.len(), error.cause.valid_up_to()), (2, 1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FromUtf8Error<B> {
    /// The bytes, as they were given.
    pub bytes: B,
    /// Where they stop to be a string.
    pub cause: Utf8Error,
}

impl<B> fmt::Debug for FromUtf8Error<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromUtf8Error")
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl<B> fmt::Display for FromUtf8Error<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bytes are no string and are in this error: {}", self.cause)
    }
}

impl<B> core::error::Error for FromUtf8Error<B> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// How far a bulk call came before the arena gave no memory.
///
/// The items inserted before stay in the map or set. The iterator still has the items after the rejected one.
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

/// A map or set of hashbrown's that was not taken over because the arena gave no memory. It is in here, as it was.
///
/// ```
/// use arenamap::{Arena, ArenaMap, FromHashbrownError};
///
/// let theirs: hashbrown::HashMap<_, _, arenamap::DefaultHashBuilder> = [("a", 1)].into_iter().collect();
/// let arena = Arena::with_budget(8);
/// let FromHashbrownError { collection, cause } = ArenaMap::try_from_hashbrown_in(theirs, &arena).unwrap_err();
/// assert_eq!(collection["a"], 1);
/// assert!(cause.to_string().contains("8 left"));
/// ```
#[cfg(feature = "hashbrown")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FromHashbrownError<C> {
    /// The map or set, as it was given.
    pub collection: C,
    /// Why there was no memory.
    pub cause: ArenaError,
}

#[cfg(feature = "hashbrown")]
impl<C> fmt::Debug for FromHashbrownError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromHashbrownError")
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "hashbrown")]
impl<C> fmt::Display for FromHashbrownError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "nothing was taken over, and the collection is in this error: {}",
            self.cause
        )
    }
}

#[cfg(feature = "hashbrown")]
impl<C> core::error::Error for FromHashbrownError<C> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// A map that would end beyond the bytes that the offsets of its archive can reach.
#[cfg(feature = "rkyv")]
#[derive(Debug)]
pub(crate) struct ArchiveTooLarge {
    /// Bytes up to the end of the map.
    pub(crate) end: usize,
    /// Bytes that offsets can reach.
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

/// Panics unless a batch of lookups has one place for the result of each key.
#[track_caller]
pub(crate) fn check_batch(keys: usize, places: usize) {
    assert!(
        keys == places,
        "as many results as keys expected, got {places} places in `out` for {keys} `keys`"
    );
}
