//! Iterators over the entries, in the order of their slots.

use super::IndexedMap;
use super::raw::Raw;
use crate::fixed::key::FixedKey;
use crate::fixed::memory::Memory;
use crate::fixed::value::Frozen;
use core::fmt;
use core::iter::FusedIterator;

/// The entries, one after the other.
///
/// A slot without an entry of its own is a copy of its neighbour. So of neighbours with the same key, one is an entry.
struct Slots<'m, K, V> {
    raw: Raw<'m, K, V>,
    next: usize,
    /// Entries that the header promised and that did not come yet.
    promised: usize,
}

impl<K, V> Clone for Slots<'_, K, V> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'m, K: FixedKey, V> Slots<'m, K, V> {
    #[inline]
    fn next(&mut self) -> Option<(&'m K, &'m V)> {
        loop {
            let slot = self.next;
            let (key, value) = self.raw.entry(slot)?;
            self.next += 1;
            let before = slot.checked_sub(1).and_then(|before| self.raw.entry(before));
            if before.is_none_or(|(before, _)| !key.same(before)) {
                self.promised = self.promised.saturating_sub(1);
                return Some((key, value));
            }
        }
    }
}

macro_rules! iterators {
    ($(
        $(#[$doc:meta])*
        $name:ident, $call:ident -> $item:ty, |$pair:ident| $body:expr, $what:literal;
    )*) => {$(
        $(#[$doc])*
        #[must_use = "iterators do nothing unless consumed"]
        pub struct $name<'m, K, V> {
            slots: Slots<'m, K, V>,
        }

        impl<'m, K: FixedKey, V> Iterator for $name<'m, K, V> {
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

        impl<K: FixedKey, V> ExactSizeIterator for $name<'_, K, V> {}
        impl<K: FixedKey, V> FusedIterator for $name<'_, K, V> {}

        impl<K, V> Clone for $name<'_, K, V> {
            fn clone(&self) -> Self {
                Self { slots: self.slots.clone() }
            }
        }

        impl<K, V> fmt::Debug for $name<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("left", &self.slots.promised).finish_non_exhaustive()
            }
        }

        impl<K: FixedKey, V: Frozen, M: Memory> IndexedMap<K, V, M> {
            #[doc = concat!("The ", $what, ", in the order of their slots.")]
            ///
            /// Allocates: never. Time: O(len) for the whole iteration.
            pub fn $call(&self) -> $name<'_, K, V> {
                $name { slots: Slots { raw: self.raw(), next: 0, promised: self.len() } }
            }
        }
    )*};
}

iterators! {
    /// Entries; from [`IndexedMap::iter`].
    ///
    /// Its `len` is that of the header. In an archive that was not verified, `len` may be wrong.
    IndexedIter, iter -> (&'m K, &'m V), |pair| pair, "entries";
    /// Keys; from [`IndexedMap::keys`].
    IndexedKeys, keys -> &'m K, |pair| pair.0, "keys";
    /// Values; from [`IndexedMap::values`].
    IndexedValues, values -> &'m V, |pair| pair.1, "values";
}

impl<'m, K: FixedKey, V: Frozen, M: Memory> IntoIterator for &'m IndexedMap<K, V, M> {
    type Item = (&'m K, &'m V);
    type IntoIter = IndexedIter<'m, K, V>;

    fn into_iter(self) -> IndexedIter<'m, K, V> {
        self.iter()
    }
}
