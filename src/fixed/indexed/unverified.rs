//! An archive that was opened without verifying it.

use super::IndexedMap;
use super::raw::Invalid;
use crate::fixed::error::{Field, FixedError};
use crate::fixed::key::{FixedKey, Query};
use crate::fixed::memory::{Holds, IntoMemory, Memory};
use crate::fixed::value::{Checked, Frozen};
use core::fmt;

/// An indexed archive that was opened without verifying it: each lookup checks the key and the value that it gives out.
///
/// ```
/// use arenamap::fixed::{FixedStr, IndexedMap, u64_le};
///
/// let pairs = [("one", 1), ("two", 2)].map(|(name, number)| (name.try_into().unwrap(), number.into()));
/// let bytes = IndexedMap::<FixedStr<8>, u64_le>::try_from_entries(pairs)?.into_memory();
/// let map = IndexedMap::<FixedStr<8>, u64_le, _>::open_unverified(&bytes[..])?; // O(1), though not any bytes are a text
/// assert_eq!(map.try_get("two")?, Some(&2.into()));
/// assert_eq!(map.verified()?.get("two"), Some(&2.into())); // from here on, without checks
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
pub struct UnverifiedIndexed<K, V, M> {
    map: IndexedMap<K, V, M>,
}

impl<K: FixedKey + Checked, V: Checked + Frozen, M: Memory> IndexedMap<K, V, M> {
    /// Opens an archive of any types. Each lookup checks the key and the value that it gives out.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_unverified(memory: impl IntoMemory<Memory = M>) -> Result<UnverifiedIndexed<K, V, M>, FixedError>
    where
        M: Holds<V>,
    {
        Self::attach(memory.into_memory()).map(|map| UnverifiedIndexed { map })
    }
}

impl<K: FixedKey + Checked, V: Checked + Frozen, M: Memory> UnverifiedIndexed<K, V, M> {
    /// The value of a key, checked.
    ///
    /// In a damaged archive, it may not find a key that is there.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Key`] or [`Field::Value`] if the bytes in the slot are not a valid one.
    pub fn try_get<Q: Query<K> + ?Sized>(&self, key: &Q) -> Result<Option<&V>, FixedError> {
        let raw = self.map.raw();
        let slot = raw.slot(self.map.hash(key));
        match raw.checked_entry(slot) {
            Some(Ok((other, value))) => Ok(key.is_key(other).then_some(value)),
            Some(Err(half)) => Err(half.at(slot)),
            None => Ok(None),
        }
    }

    /// Number of entries that the header states.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether the header states that there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Verifies everything, and returns the map.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`IndexedMap::verify`].
    pub fn verified(self) -> Result<IndexedMap<K, V, M>, FixedError> {
        self.map.verify()?;
        Ok(self.map)
    }
}

impl<K, V, M> fmt::Debug for UnverifiedIndexed<K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedIndexed").finish_non_exhaustive()
    }
}

impl Invalid {
    /// The error of a slot that has this half.
    pub(super) const fn at(self, slot: usize) -> FixedError {
        let field = match self {
            Self::Key => Field::Key,
            Self::Value => Field::Value,
        };
        FixedError::at(field, slot as u64, 0, 1)
    }
}
