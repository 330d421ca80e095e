//! Why a pair was not inserted.

use super::super::counted::{counted, entries};
use super::super::error::FixedError;
use super::part::LONGEST;
use core::fmt;

/// Why a [`VarMap`](super::VarMap) did not take a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The map has as many entries as its capacity.
    Full {
        /// Capacity of the map, in entries.
        capacity: usize,
    },
    /// The room for texts is full.
    NoRoom {
        /// Bytes that the texts that were to go in take: one that grows where it is takes those by which it grows.
        needed: usize,
        /// Bytes that are left.
        left: usize,
        /// Bytes of texts that are not there any more: [`compact_into`](super::VarMap::compact_into) leaves them out.
        garbage: usize,
    },
    /// A text is longer than the format allows.
    TooLong {
        /// Bytes of the text.
        len: usize,
    },
    /// The archive is damaged. This happens only in archives that were opened without `verify`.
    Corrupt(FixedError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { capacity } => write!(
                f,
                "the map has all of its {} and never grows: remove entries, or `compact_into` a larger one",
                entries(*capacity)
            ),
            Self::NoRoom { needed, left, garbage } if needed.saturating_sub(*left) > *garbage => write!(
                f,
                "the texts take {}, {left} are left in the room of the map, which never grows: `compact_into` a larger room",
                counted(*needed, "byte", "bytes"),
            ),
            Self::NoRoom { needed, left, garbage } => write!(
                f,
                "the texts take {}, {left} are left in the room of the map, which never grows; \
                 `compact_into` a copy gets {} back, or takes a larger room",
                counted(*needed, "byte", "bytes"),
                counted(*garbage, "byte", "bytes")
            ),
            Self::TooLong { len } => write!(f, "a text of {len} bytes is longer than {LONGEST}: split it"),
            Self::Corrupt(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Refusal {}

/// A pair that was not inserted, and why.
///
/// It borrows what was given. So a function that passes its error on with `?`, as a `Box<dyn Error>` for instance, passes on the cause alone.
///
/// ```
/// use arenamap::fixed::VarMap;
///
/// fn rename(map: &mut VarMap<str, str>, line: &str) -> Result<(), Box<dyn std::error::Error>> {
///     let (key, value) = line.split_once('=').ok_or("no `=` in the line")?;
///     map.insert(key, value).map_err(|error| error.cause)?;
///     Ok(())
/// }
/// ```
///
/// ```
/// use arenamap::fixed::{AlignedBytes, Refusal, VarMap};
///
/// let need = VarMap::<str, str>::bytes_for(10, 8);
/// let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(need), 10, 8)?;
/// let error = map.insert("key", "too much").unwrap_err();
/// assert_eq!((error.key, error.value), ("key", "too much"));
/// assert_eq!(error.cause, Refusal::NoRoom { needed: 11, left: 8, garbage: 0 });
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VarInsertError<K, V> {
    /// The key, as it was given.
    pub key: K,
    /// The value, as it was given.
    pub value: V,
    /// Why.
    pub cause: Refusal,
}

impl<K, V> VarInsertError<K, V> {
    /// The key and the value, as they were given.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_pair(self) -> (K, V) {
        (self.key, self.value)
    }
}

impl<K, V> fmt::Debug for VarInsertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VarInsertError")
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl<K, V> fmt::Display for VarInsertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pair was not inserted and is in this error: {}", self.cause)
    }
}

impl<K, V> core::error::Error for VarInsertError<K, V> {}

impl<K, V> From<VarInsertError<K, V>> for Refusal {
    fn from(error: VarInsertError<K, V>) -> Self {
        error.cause
    }
}

/// How far [`VarMap::try_extend`](super::VarMap::try_extend) came. What was inserted stays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VarExtendError<K, V> {
    /// Pairs taken in before the failure.
    pub inserted: usize,
    /// The pair that was not taken in, and why.
    pub cause: VarInsertError<K, V>,
}

impl<K, V> fmt::Debug for VarExtendError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VarExtendError")
            .field("inserted", &self.inserted)
            .field("cause", &self.cause)
            .finish()
    }
}

impl<K, V> fmt::Display for VarExtendError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inserted = counted(self.inserted, "pair", "pairs");
        write!(f, "stopped after {inserted}: {}", self.cause)
    }
}

impl<K: 'static, V: 'static> core::error::Error for VarExtendError<K, V> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}
