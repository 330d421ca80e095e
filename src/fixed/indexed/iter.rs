//! Iterators over the entries, in the order of their slots.

use super::IndexedMap;
use super::raw::Raw;
use crate::fixed::memory::Memory;
use crate::fixed::value::Frozen;
use crate::fixed::var::{Texts, VarKey, VarValue};
use core::fmt;
use core::iter::FusedIterator;

/// The entries, one after the other.
///
/// A slot without an entry of its own is a copy of its neighbour. So of neighbours with the same key, one is an entry.
struct Slots<'m, K: VarKey + ?Sized, V: VarValue + ?Sized> {
    raw: Raw<'m, K::Slot, V::Slot>,
    texts: Texts<'m>,
    next: usize,
    /// Entries that the header promised and that did not come yet.
    promised: usize,
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized> Clone for Slots<'_, K, V> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'m, K: VarKey + ?Sized, V: VarValue + ?Sized> Slots<'m, K, V> {
    #[inline]
    fn next(&mut self) -> Option<(&'m K, &'m V)> {
        loop {
            let (key, value) = self.next_slot()?;
            if let (Some(key), Some(value)) = (self.texts.read(key), self.texts.read(value)) {
                self.promised = self.promised.saturating_sub(1);
                return Some((key, value));
            }
        }
    }

    /// Whether the slots of two neighbours have the same key. (Two texts of one place are one; what they are need not be read.)
    #[inline]
    fn is_copy(&self, key: &K::Slot, before: &K::Slot) -> bool {
        if K::IS_TEXT {
            K::span(key) == K::span(before)
        } else {
            K::same(key, before, self.texts.room)
        }
    }

    #[inline]
    fn next_slot(&mut self) -> Option<(&'m K::Slot, &'m V::Slot)> {
        loop {
            let slot = self.next;
            let (key, value) = self.raw.entry(slot)?;
            self.next += 1;
            let before = slot.checked_sub(1).and_then(|before| self.raw.entry(before));
            if before.is_none_or(|(before, _)| !self.is_copy(key, before)) {
                return Some((key, value));
            }
        }
    }
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: Memory> IndexedMap<K, V, M> {
    /// The slots of the entries, whatever their texts are, and the room.
    #[cfg(feature = "serde")]
    pub(in crate::fixed) fn slots(&self) -> (impl Iterator<Item = (&K::Slot, &V::Slot)>, &[u8]) {
        let mut slots = self.iter().slots;
        let room = slots.texts.room;
        (core::iter::from_fn(move || slots.next_slot()), room)
    }
}

macro_rules! iterators {
    ($(
        $(#[$doc:meta])*
        $name:ident, $call:ident -> $item:ty, |$pair:ident| $body:expr, $what:literal;
    )*) => {$(
        $(#[$doc])*
        #[must_use = "iterators do nothing unless consumed"]
        pub struct $name<'m, K: VarKey + ?Sized, V: VarValue + ?Sized> {
            slots: Slots<'m, K, V>,
        }

        impl<'m, K: VarKey + ?Sized, V: VarValue + ?Sized> Iterator for $name<'m, K, V> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                let $pair = self.slots.next()?;
                Some($body)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.slots.promised, Some(self.slots.promised))
            }
        }

        impl<K: VarKey + ?Sized, V: VarValue + ?Sized> ExactSizeIterator for $name<'_, K, V> {}
        impl<K: VarKey + ?Sized, V: VarValue + ?Sized> FusedIterator for $name<'_, K, V> {}

        impl<K: VarKey + ?Sized, V: VarValue + ?Sized> Clone for $name<'_, K, V> {
            fn clone(&self) -> Self {
                Self { slots: self.slots.clone() }
            }
        }

        impl<K: VarKey + ?Sized, V: VarValue + ?Sized> fmt::Debug for $name<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("left", &self.slots.promised).finish_non_exhaustive()
            }
        }

        impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: Memory> IndexedMap<K, V, M> {
            #[doc = concat!("The ", $what, ", in the order of their slots.")]
            ///
            /// Allocates: never. Time: O(len) for the whole iteration, and of each `str` as [`get`](Self::get).
            pub fn $call(&self) -> $name<'_, K, V> {
                let raw = self.raw();
                $name { slots: Slots { raw, texts: self.texts(raw), next: 0, promised: self.len() } }
            }
        }
    )*};
}

iterators! {
    /// Entries; from [`IndexedMap::iter`].
    ///
    /// Its `len` is that of the header. In an archive that was not verified, `len` may be wrong, and entries whose texts are not where their
    /// slots say are left out.
    IndexedIter, iter -> (&'m K, &'m V), |pair| pair, "entries";
    /// Keys; from [`IndexedMap::keys`].
    IndexedKeys, keys -> &'m K, |pair| pair.0, "keys";
    /// Values; from [`IndexedMap::values`].
    IndexedValues, values -> &'m V, |pair| pair.1, "values";
}

impl<'m, K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: Memory> IntoIterator for &'m IndexedMap<K, V, M> {
    type Item = (&'m K, &'m V);
    type IntoIter = IndexedIter<'m, K, V>;

    fn into_iter(self) -> IndexedIter<'m, K, V> {
        self.iter()
    }
}
