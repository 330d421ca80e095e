//! Iterators that remove entries, and implementations of standard traits.

use super::core::Core;
use super::error::{FixedError, fail};
use super::key::{FixedKey, Query};
use super::memory::{AlignedBytes, Memory, MemoryMut};
use super::value::{FixedValue, Frozen};
use super::{FixedMap, Iter, IterMut};
use core::fmt;
use core::iter::FusedIterator;
use core::ops::Index;

/// Entries that leave the map: [`FixedMap::drain`]. When it is dropped, the map is empty.
#[must_use = "iterators do nothing unless consumed"]
pub struct Drain<'m, K: FixedKey, V: FixedValue, M: MemoryMut> {
    pub(super) map: &'m mut FixedMap<K, V, M>,
    pub(super) from: usize,
    pub(super) left: usize,
}

impl<K: FixedKey, V: FixedValue, M: MemoryMut> Iterator for Drain<'_, K, V, M> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let pair = self.map.core.copy_next(&mut self.from)?;
        self.left = self.left.saturating_sub(1);
        Some(pair)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K: FixedKey, V: FixedValue, M: MemoryMut> ExactSizeIterator for Drain<'_, K, V, M> {}
impl<K: FixedKey, V: FixedValue, M: MemoryMut> FusedIterator for Drain<'_, K, V, M> {}

impl<K: FixedKey, V: FixedValue, M: MemoryMut> Drop for Drain<'_, K, V, M> {
    fn drop(&mut self) {
        self.map.clear();
    }
}

impl<K: FixedKey, V: FixedValue, M: MemoryMut> fmt::Debug for Drain<'_, K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// Entries that a closure picks, and that leave the map: [`FixedMap::extract_if`].
#[must_use = "iterators do nothing unless consumed"]
pub struct ExtractIf<'m, K, V, M, F> {
    pub(super) map: &'m mut FixedMap<K, V, M>,
    pub(super) from: usize,
    pub(super) pred: F,
}

impl<K: FixedKey, V: FixedValue, M: MemoryMut, F: FnMut(&K, &mut V) -> bool> Iterator for ExtractIf<'_, K, V, M, F> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        self.map.extract_next(&mut self.from, &mut self.pred)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.map.core.geometry().slots() - self.from))
    }
}

impl<K: FixedKey, V: FixedValue, M: MemoryMut, F: FnMut(&K, &mut V) -> bool> FusedIterator
    for ExtractIf<'_, K, V, M, F>
{
}

impl<K, V, M, F> fmt::Debug for ExtractIf<'_, K, V, M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf").finish_non_exhaustive()
    }
}

impl<K: FixedKey + fmt::Debug, V: FixedValue + fmt::Debug, M: Memory> fmt::Debug for FixedMap<K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Maps are equal if they have the same entries. Seeds, capacities and memories may differ.
impl<K: FixedKey, V: FixedValue + PartialEq, M: Memory, N: Memory> PartialEq<FixedMap<K, V, N>> for FixedMap<K, V, M> {
    fn eq(&self, other: &FixedMap<K, V, N>) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: FixedKey, V: FixedValue + Eq, M: Memory> Eq for FixedMap<K, V, M> {}

impl<K: FixedKey, V: Frozen> FixedMap<K, V, AlignedBytes> {
    /// A copy on the heap, byte for byte.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Field::Heap`](super::Field::Heap) if the global allocator has no memory.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    /// # let map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// assert_eq!(map.try_clone()?, map);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, FixedError> {
        Ok(Self {
            core: self.core.duplicate()?,
            secrets: self.secrets,
            seed: self.seed,
        })
    }
}

/// A copy on the heap, byte for byte. Allocates: heap.
///
/// # Panics
///
/// If there is no memory; [`FixedMap::try_clone`] returns the error.
impl<K: FixedKey, V: Frozen> Clone for FixedMap<K, V, AlignedBytes> {
    #[track_caller]
    fn clone(&self) -> Self {
        match self.try_clone() {
            Ok(copy) => copy,
            Err(error) => fail(&error, "FixedMap::try_clone"),
        }
    }
}

impl<K: FixedValue, V: Frozen> Core<K, V, AlignedBytes> {
    pub(super) fn duplicate(&self) -> Result<Self, FixedError> {
        Ok(self.with_memory(AlignedBytes::try_from_slice(self.bytes_frozen())?))
    }
}

/// # Panics
///
/// If the key is not in the map.
impl<K: FixedKey, Q: Query<K> + ?Sized, V: FixedValue, M: Memory> Index<&Q> for FixedMap<K, V, M> {
    type Output = V;

    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<'m, K: FixedKey, V: FixedValue, M: Memory> IntoIterator for &'m FixedMap<K, V, M> {
    type Item = (&'m K, &'m V);
    type IntoIter = Iter<'m, K, V>;

    fn into_iter(self) -> Iter<'m, K, V> {
        self.iter()
    }
}

impl<'m, K: FixedKey, V: FixedValue, M: MemoryMut> IntoIterator for &'m mut FixedMap<K, V, M> {
    type Item = (&'m K, &'m mut V);
    type IntoIter = IterMut<'m, K, V>;

    fn into_iter(self) -> IterMut<'m, K, V> {
        self.iter_mut()
    }
}
