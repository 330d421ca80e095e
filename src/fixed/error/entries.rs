//! Errors that give back what a map did not take, and those of whole conversions.

use super::FixedError;
use crate::fixed::counted::{counted, entries};
use core::fmt;

/// A pair that a [`FixedMap`](crate::fixed::FixedMap) did not take. The map is as it was, and the pair is in here.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedInsertError, FixedMap, u64_le};
///
/// let need = FixedMap::<u64_le, u64_le>::bytes_for(1);
/// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(need), 1)?;
/// map.insert(1.into(), 10.into()).unwrap();
/// let error = map.insert(2.into(), 20.into()).unwrap_err();
/// assert!(matches!(error, FixedInsertError::Full { capacity: 1, .. }));
/// assert_eq!(error.into_pair(), (2.into(), 20.into()));
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FixedInsertError<K, V> {
    /// The map has as many entries as its capacity.
    Full {
        /// The key, as it was given.
        key: K,
        /// The value, as it was given.
        value: V,
        /// Capacity of the map, in entries.
        capacity: usize,
    },
    /// The archive is damaged. This happens only in archives that were opened without `verify`.
    Corrupt {
        /// The key, as it was given.
        key: K,
        /// The value, as it was given.
        value: V,
        /// What was found.
        error: FixedError,
    },
}

impl<K, V> FixedInsertError<K, V> {
    /// The key and the value, as they were given.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_pair(self) -> (K, V) {
        match self {
            Self::Full { key, value, .. } | Self::Corrupt { key, value, .. } => (key, value),
        }
    }
}

impl<K, V> fmt::Debug for FixedInsertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { capacity, .. } => f
                .debug_struct("Full")
                .field("capacity", capacity)
                .finish_non_exhaustive(),
            Self::Corrupt { error, .. } => f.debug_struct("Corrupt").field("error", error).finish_non_exhaustive(),
        }
    }
}

impl<K, V> fmt::Display for FixedInsertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { capacity, .. } => write!(
                f,
                "the map has all of its {} and never grows; the pair is in this error: \
                 remove entries, or `copy_into` a larger buffer",
                entries(*capacity)
            ),
            Self::Corrupt { error, .. } => write!(f, "the pair was not inserted and is in this error: {error}"),
        }
    }
}

impl<K, V> core::error::Error for FixedInsertError<K, V> {}

/// How far [`FixedMap::try_extend`](crate::fixed::FixedMap::try_extend) came. What was inserted stays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FixedExtendError<K, V> {
    /// Pairs taken in before the failure.
    pub inserted: usize,
    /// The pair that was not taken in, and why.
    pub cause: FixedInsertError<K, V>,
}

impl<K, V> fmt::Debug for FixedExtendError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedExtendError")
            .field("inserted", &self.inserted)
            .field("cause", &self.cause)
            .finish()
    }
}

impl<K, V> fmt::Display for FixedExtendError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inserted = counted(self.inserted, "pair", "pairs");
        write!(f, "stopped after {inserted}: {}", self.cause)
    }
}

impl<K: 'static, V: 'static> core::error::Error for FixedExtendError<K, V> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Why no [`FixedMap`](crate::fixed::FixedMap) was made of a growing map. The memory that was given for it holds no archive.
///
/// ```
/// use arenamap::StrMap;
/// use arenamap::fixed::{AlignedBytes, ConvertError, FixedMap, FixedStr, SnapshotError, TooLong, u64_le};
///
/// let words = StrMap::from([("a", 1_u64), ("a word of 20 letters", 2)]);
/// let error = words.snapshot_into::<FixedStr<16>, u64_le, _>(AlignedBytes::zeroed(4096), 2).unwrap_err();
/// assert_eq!(error, SnapshotError::Entry(ConvertError::Key(TooLong { len: 20, room: 15 })));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError<E> {
    /// The capacity is less than the number of entries ([`Field::TooSmall`](super::Field::TooSmall)), or the memory is too short or misaligned.
    Fixed(FixedError),
    /// An entry could not be converted.
    Entry(E),
    /// A key was there several times: it was given so, or different keys were converted to the same one.
    Repeated {
        /// Entries with a key that another entry had already.
        entries: usize,
    },
}

impl<E> From<FixedError> for SnapshotError<E> {
    fn from(error: FixedError) -> Self {
        Self::Fixed(error)
    }
}

impl<E: fmt::Display> fmt::Display for SnapshotError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(error) => write!(f, "no snapshot was made: {error}"),
            Self::Entry(error) => write!(f, "no snapshot was made, an entry did not convert: {error}"),
            Self::Repeated { entries: repeated } => write!(
                f,
                "no snapshot was made: the {} of {} there already; give each key once, \
                 and, if keys are converted, convert different ones to different ones",
                if *repeated == 1 { "key" } else { "keys" },
                counted(*repeated, "entry was", "entries were")
            ),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for SnapshotError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Fixed(error) => Some(error),
            Self::Entry(error) => Some(error),
            Self::Repeated { .. } => None,
        }
    }
}

/// Which half of an entry could not be converted, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvertError<K, V> {
    /// The key.
    Key(K),
    /// The value.
    Value(V),
}

impl<K: fmt::Display, V: fmt::Display> fmt::Display for ConvertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(error) => write!(f, "its key: {error}"),
            Self::Value(error) => write!(f, "its value: {error}"),
        }
    }
}

impl<K, V> core::error::Error for ConvertError<K, V>
where
    K: core::error::Error + 'static,
    V: core::error::Error + 'static,
{
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Key(error) => Some(error),
            Self::Value(error) => Some(error),
        }
    }
}
