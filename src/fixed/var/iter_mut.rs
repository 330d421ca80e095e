//! Iterators that change values of a fixed size, or remove entries, while texts are read.
//!
//! ```text
//!   | header | groups of tags | slots | texts | schema |
//!     ^^^^^^   ^^^^^^^^^^^^^^   ^^^^^   ^^^^^
//!     written by these iterators       lent out for as long as the map is borrowed
//! ```
//!
//! Invariants, upheld here:
//! - **W1** The map is borrowed exclusively for `'m`, by the iterator: so its memory lives that long, and nobody else writes into it.
//! - **W2** In `'m`, nothing is called that writes into the room. `take_pair` writes slots, tags, and numbers of the header; `IterMut` lends out
//!   values in their slots. (So texts that were removed stay in the room, as garbage, and the room is not cleared when an iterator is dropped.)
#![allow(unsafe_code, reason = "reads texts while slots change; W1 and W2")]

use super::super::iter::IterMut;
use super::super::memory::MemoryMut;
use super::super::value::FixedValue;
use super::part::Texts;
use super::{VarKey, VarMap, VarValue, hash_slot};
use core::fmt;
use core::iter::FusedIterator;

impl<K: VarKey + ?Sized, V: FixedValue, M: MemoryMut> VarMap<K, V, M> {
    /// The entries, with the values to change in place, where they have a fixed size. Texts are changed by [`retain`](Self::retain), one after
    /// another.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration, and of each key that is a `str` O(its bytes).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut words = VarMap::<str, u64_le, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// words.try_extend([("be", 2.into()), ("or", 1.into())])?;
    /// for (word, count) in &mut words {
    ///     if word.starts_with('b') {
    ///         *count += 1;
    ///     }
    /// }
    /// assert_eq!((words.get("be"), words.get("or")), (Some(&3.into()), Some(&1.into())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter_mut(&mut self) -> VarIterMut<'_, K, V> {
        let texts = Texts {
            // SAFETY: W1, W2.
            room: unsafe { self.core.room_detached() },
            whole: self.whole,
        };
        VarIterMut {
            slots: self.core.iter_mut(),
            texts,
        }
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// Removes and returns, one after another, the entries for which `pred` returns true: texts by reference, as they were given. Entries it has
    /// not seen stay, and those of a damaged archive whose texts are not where their slots say.
    ///
    /// The bytes of texts that were removed become garbage: they stay where they are for as long as the map is borrowed, so that nothing is
    /// copied. (So there is no `drain`: `extract_if(|_, _| true)` is one, and [`clear`](Self::clear) after it gives the room back.)
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration, and of each `str` O(its bytes).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut words = VarMap::<str, u64_le, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// words.try_extend([("be", 2.into()), ("or", 1.into()), ("to", 2.into())])?;
    /// let once: Vec<(&str, u64_le)> = words.extract_if(|_, &count| count == 1).collect();
    /// assert_eq!(once, [("or", 1.into())]);
    /// assert_eq!((words.len(), words.garbage()), (2, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn extract_if<F: FnMut(&K, &V) -> bool>(&mut self, pred: F) -> VarExtractIf<'_, K, V, M, F> {
        let texts = Texts {
            // SAFETY: W1, W2.
            room: unsafe { self.core.room_detached() },
            whole: self.whole,
        };
        VarExtractIf {
            map: self,
            texts,
            from: 0,
            pred,
        }
    }
}

/// Entries with values by exclusive reference; from [`VarMap::iter_mut`].
#[must_use = "iterators do nothing unless consumed"]
pub struct VarIterMut<'m, K: VarKey + ?Sized, V: FixedValue> {
    slots: IterMut<'m, K::Slot, V>,
    texts: Texts<'m>,
}

impl<'m, K: VarKey + ?Sized, V: FixedValue> Iterator for VarIterMut<'m, K, V> {
    type Item = (&'m K, &'m mut V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let texts = self.texts;
        self.slots.find_map(|(key, value)| Some((texts.read(key)?, value)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.slots.size_hint().1)
    }
}

impl<K: VarKey + ?Sized, V: FixedValue> FusedIterator for VarIterMut<'_, K, V> {}

impl<K: VarKey + ?Sized, V: FixedValue> fmt::Debug for VarIterMut<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VarIterMut").finish_non_exhaustive()
    }
}

/// Entries that a closure picks, and that leave the map; from [`VarMap::extract_if`].
#[must_use = "iterators do nothing unless consumed"]
pub struct VarExtractIf<'m, K: VarKey + ?Sized, V: VarValue + ?Sized, M, F> {
    map: &'m mut VarMap<K, V, M>,
    texts: Texts<'m>,
    /// The next slot to look at.
    from: usize,
    pred: F,
}

impl<'m, K, V, M: MemoryMut, F: FnMut(&K, &V) -> bool> Iterator for VarExtractIf<'m, K, V, M, F>
where
    K: VarKey + ?Sized,
    V: VarValue + ?Sized,
{
    type Item = (K::Given<'m>, V::Given<'m>);

    fn next(&mut self) -> Option<Self::Item> {
        let Self { map, texts, from, pred } = self;
        map.core.unseal();
        while let Some(slot) = map.core.full_from(*from) {
            *from = slot + 1;
            let (key, value) = map.core.pair(slot);
            let is_picked = match (texts.read(key), texts.read(value)) {
                (Some(key), Some(value)) => pred(key, value),
                _ => false,
            };
            if is_picked {
                let hash = hash_slot::<K>(key, texts.room, &map.secrets);
                let (key, value) = map.take_pair(hash, slot);
                return texts.given::<K>(key).zip(texts.given::<V>(value));
            }
        }
        *from = map.core.geometry().slots();
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.map.core.geometry().slots() - self.from))
    }
}

impl<K, V, M: MemoryMut, F: FnMut(&K, &V) -> bool> FusedIterator for VarExtractIf<'_, K, V, M, F>
where
    K: VarKey + ?Sized,
    V: VarValue + ?Sized,
{
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M, F> fmt::Debug for VarExtractIf<'_, K, V, M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VarExtractIf").finish_non_exhaustive()
    }
}
