//! Methods of `FixedMap` that go through all entries, or many.

use super::error::FixedExtendError;
use super::key::hash_of;
use super::{
    Drain, ExtractIf, FixedKey, FixedMap, FixedValue, Iter, IterMut, Keys, Memory, MemoryMut, Values, ValuesMut,
};

impl<K: FixedKey, V: FixedValue, M: Memory> FixedMap<K, V, M> {
    /// The entries, in the order of their slots.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.core.iter()
    }

    /// The keys, in the order of their slots.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn keys(&self) -> Keys<'_, K, V> {
        self.core.keys()
    }

    /// The values, in the order of their slots.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn values(&self) -> Values<'_, K, V> {
        self.core.values()
    }
}

impl<K: FixedKey, V: FixedValue, M: MemoryMut> FixedMap<K, V, M> {
    /// The entries, with the values to change in place.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        self.core.iter_mut()
    }

    /// The values, to change in place.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V> {
        self.core.values_mut()
    }

    /// Keeps the entries for which `keep` returns true, and removes the others.
    ///
    /// If `keep` panics, the entries it has not seen stay.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.extract_if(|key, value| !keep(key, value)).for_each(drop);
    }

    /// Removes and returns, one after another, the entries for which `pred` returns true. Entries it has not seen stay.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn extract_if<F: FnMut(&K, &mut V) -> bool>(&mut self, pred: F) -> ExtractIf<'_, K, V, M, F> {
        ExtractIf {
            map: self,
            from: 0,
            pred,
        }
    }

    /// Removes all entries and returns them one by one. The map is empty when the iterator is dropped.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn drain(&mut self) -> Drain<'_, K, V, M> {
        Drain {
            left: self.len(),
            map: self,
            from: 0,
        }
    }

    /// Removes all entries; capacity and seed stay.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn clear(&mut self) {
        self.core.clear();
    }

    /// Inserts pairs until one is refused.
    ///
    /// Allocates: never. Time: O(pairs).
    ///
    /// # Errors
    ///
    /// [`FixedExtendError`] with the number of pairs that went in and the pair that did not. The rest of the iterator
    /// is dropped with it; to keep it, pass the iterator by `&mut`.
    pub fn try_extend(&mut self, pairs: impl IntoIterator<Item = (K, V)>) -> Result<(), FixedExtendError<K, V>> {
        for (inserted, (key, value)) in pairs.into_iter().enumerate() {
            self.insert(key, value)
                .map_err(|cause| FixedExtendError { inserted, cause })?;
        }
        Ok(())
    }

    pub(super) fn extract_next(&mut self, from: &mut usize, pred: impl FnMut(&K, &mut V) -> bool) -> Option<(K, V)> {
        let secrets = &self.secrets;
        self.core.extract_next(from, |key| hash_of(key, secrets), pred)
    }
}
