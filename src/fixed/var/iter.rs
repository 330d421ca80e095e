//! Iterators over the entries, in the order of their slots. Entries of a damaged archive whose texts are not where their slots say are
//! left out; `verify` finds them.

use super::super::iter::Iter;
use super::super::memory::Memory;
use super::part::Texts;
use super::{VarKey, VarMap, VarValue};
use core::fmt;
use core::iter::FusedIterator;

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: Memory> VarMap<K, V, M> {
    /// The entries, in the order of their slots: the same for each walk, else any.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration, and of each `str` O(its bytes).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap};
    /// # let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("a", "b")?;
    /// assert_eq!(map.iter().collect::<Vec<_>>(), [("a", "b")]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> VarIter<'_, K, V> {
        let (slots, texts) = (self.core.iter(), self.texts());
        let mut ahead = slots.clone();
        for (key, value) in ahead.by_ref().take(AHEAD) {
            prefetch::<K, V>(texts, key, value);
        }
        VarIter { slots, ahead, texts }
    }

    /// The keys.
    ///
    /// Allocates: never. Time: O(capacity), as [`iter`](Self::iter).
    pub fn keys(&self) -> VarKeys<'_, K, V> {
        VarKeys { entries: self.iter() }
    }

    /// The values.
    ///
    /// Allocates: never. Time: O(capacity), as [`iter`](Self::iter).
    pub fn values(&self) -> VarValues<'_, K, V> {
        VarValues { entries: self.iter() }
    }
}

/// Entries by shared reference; from [`VarMap::iter`].
#[must_use = "iterators do nothing unless consumed"]
pub struct VarIter<'m, K: VarKey + ?Sized, V: VarValue + ?Sized> {
    slots: Iter<'m, K::Slot, V::Slot>,
    /// The same some entries ahead, whose texts are asked for: they are anywhere in the room.
    ahead: Iter<'m, K::Slot, V::Slot>,
    texts: Texts<'m>,
}

/// Entries whose texts are on their way from memory.
const AHEAD: usize = 8;

#[inline(always)]
fn prefetch<K: VarKey + ?Sized, V: VarValue + ?Sized>(texts: Texts<'_>, key: &K::Slot, value: &V::Slot) {
    texts.prefetch::<K>(key);
    texts.prefetch::<V>(value);
}

impl<'m, K: VarKey + ?Sized, V: VarValue + ?Sized> Iterator for VarIter<'m, K, V> {
    type Item = (&'m K, &'m V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let texts = self.texts;
        if let Some((key, value)) = self.ahead.next() {
            prefetch::<K, V>(texts, key, value);
        }
        self.slots
            .find_map(|(key, value)| Some((texts.read(key)?, texts.read(value)?)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.slots.size_hint().1)
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized> FusedIterator for VarIter<'_, K, V> {}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized> Clone for VarIter<'_, K, V> {
    fn clone(&self) -> Self {
        Self {
            slots: self.slots.clone(),
            ahead: self.ahead.clone(),
            texts: self.texts,
        }
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized> fmt::Debug for VarIter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VarIter").finish_non_exhaustive()
    }
}

/// One half of each entry.
macro_rules! halves {
    ($($(#[$doc:meta])* $name:ident -> $item:ty, $part:tt;)*) => {$(
        $(#[$doc])*
        #[must_use = "iterators do nothing unless consumed"]
        pub struct $name<'m, K: VarKey + ?Sized, V: VarValue + ?Sized> {
            entries: VarIter<'m, K, V>,
        }

        impl<'m, K: VarKey + ?Sized, V: VarValue + ?Sized> Iterator for $name<'m, K, V> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.entries.next().map(|entry| entry.$part)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.entries.size_hint()
            }
        }

        impl<K: VarKey + ?Sized, V: VarValue + ?Sized> FusedIterator for $name<'_, K, V> {}

        impl<K: VarKey + ?Sized, V: VarValue + ?Sized> Clone for $name<'_, K, V> {
            fn clone(&self) -> Self {
                Self { entries: self.entries.clone() }
            }
        }

        impl<K: VarKey + ?Sized, V: VarValue + ?Sized> fmt::Debug for $name<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

halves! {
    /// Keys; from [`VarMap::keys`].
    VarKeys -> &'m K, 0;
    /// Values by shared reference; from [`VarMap::values`].
    VarValues -> &'m V, 1;
}
