//! Implementations of standard traits.

use super::super::error::FixedError;
use super::super::memory::{AlignedBytes, Memory, MemoryMut};
use super::super::value::{FixedValue, Frozen};
use super::{VarIter, VarIterMut, VarKey, VarMap, VarQuery, VarValue};
use core::fmt;
use core::ops::Index;

impl<K: VarKey + fmt::Debug + ?Sized, V: VarValue + fmt::Debug + ?Sized, M: Memory> fmt::Debug for VarMap<K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Maps are equal if they have the same entries. Seeds, capacities, rooms and memories may differ.
impl<K, V, M: Memory, N: Memory> PartialEq<VarMap<K, V, N>> for VarMap<K, V, M>
where
    K: VarKey + VarQuery<K> + ?Sized,
    V: VarValue + PartialEq + ?Sized,
{
    fn eq(&self, other: &VarMap<K, V, N>) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K, V, M: Memory> Eq for VarMap<K, V, M>
where
    K: VarKey + VarQuery<K> + ?Sized,
    V: VarValue + Eq + ?Sized,
{
}

/// # Panics
///
/// If the key is not in the map.
impl<K: VarKey + ?Sized, Q: VarQuery<K> + ?Sized, V: VarValue + ?Sized, M: Memory> Index<&Q> for VarMap<K, V, M> {
    type Output = V;

    #[track_caller]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<'m, K: VarKey + ?Sized, V: VarValue + ?Sized, M: Memory> IntoIterator for &'m VarMap<K, V, M> {
    type Item = (&'m K, &'m V);
    type IntoIter = VarIter<'m, K, V>;

    fn into_iter(self) -> VarIter<'m, K, V> {
        self.iter()
    }
}

impl<'m, K: VarKey + ?Sized, V: FixedValue, M: MemoryMut> IntoIterator for &'m mut VarMap<K, V, M> {
    type Item = (&'m K, &'m mut V);
    type IntoIter = VarIterMut<'m, K, V>;

    fn into_iter(self) -> VarIterMut<'m, K, V> {
        self.iter_mut()
    }
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized> VarMap<K, V, AlignedBytes> {
    /// A copy on the heap, byte for byte.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Field::Heap`](crate::fixed::Field::Heap) if the global allocator has no memory.
    pub fn try_clone(&self) -> Result<Self, FixedError> {
        Ok(Self {
            core: self.core.duplicate()?,
            secrets: self.secrets,
            seed: self.seed,
            whole: self.whole,
        })
    }
}

/// # Panics
///
/// If there is no memory; [`VarMap::try_clone`] returns the error.
impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized> Clone for VarMap<K, V, AlignedBytes> {
    #[track_caller]
    fn clone(&self) -> Self {
        match self.try_clone() {
            Ok(copy) => copy,
            Err(error) => super::super::error::fail(&error, "VarMap::try_clone"),
        }
    }
}
