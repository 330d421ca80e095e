//! Iterators over a [`StrMap`](super::StrMap), and the keys that leave it.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ops::Deref;

use super::key::{Block, StrKey};
use crate::arena::{Arena, Handle, Raw};
use crate::map::iter::{RawDrain, RawExtractIf, RawIntoIter, RawIter, RawIterMut, iterator};

/// A key that has left its map: a `str` that gives its bytes back to the arena when it is dropped.
///
/// The map stays borrowed until then, so that nothing is written over the bytes while they can be read. It is not
/// `Send`; copy the string (`key.to_owned()`) to take it elsewhere.
///
/// # Examples
///
/// ```
/// let mut map = arenamap::StrMap::from([("key", 1)]);
/// let (key, _) = map.remove_entry("key").unwrap();
/// assert_eq!(key.len(), 3);
/// assert_eq!(format!("{key} {key:?}"), "key \"key\"");
/// ```
pub struct Key<'a, H: Handle = Arena> {
    block: Block<H>,
    map: PhantomData<&'a mut ()>,
}

impl<H: Handle> Key<'_, H> {
    #[inline]
    pub(super) fn new(block: Block<H>) -> Self {
        Self {
            block,
            map: PhantomData,
        }
    }

    /// The string.
    ///
    /// Allocates: never.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.block.as_str()
    }
}

impl<H: Handle> Deref for Key<'_, H> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<H: Handle> AsRef<str> for Key<'_, H> {
    #[inline]
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<H: Handle> core::borrow::Borrow<str> for Key<'_, H> {
    #[inline]
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl<H: Handle> Hash for Key<'_, H> {
    #[inline]
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.as_str().hash(state);
    }
}

impl<H: Handle> PartialEq for Key<'_, H> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl<H: Handle> Eq for Key<'_, H> {}

impl<H: Handle> PartialOrd for Key<'_, H> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<H: Handle> Ord for Key<'_, H> {
    #[inline]
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl<H: Handle> PartialEq<str> for Key<'_, H> {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl<H: Handle> PartialEq<&str> for Key<'_, H> {
    #[inline]
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl<H: Handle> fmt::Debug for Key<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<H: Handle> fmt::Display for Key<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

iterator! {
    /// Entries by shared reference, in no order: [`StrMap::iter`](super::StrMap::iter).
    Iter<'a, V> = RawIter<'a, (StrKey, V), H>, (&'a str, &'a V), |(key, value)| (key.as_str(), value)
}
iterator! {
    /// Keys, in no order: [`StrMap::keys`](super::StrMap::keys).
    Keys<'a, V> = RawIter<'a, (StrKey, V), H>, &'a str, |(key, _)| key.as_str()
}
iterator! {
    /// Values, in no order: [`StrMap::values`](super::StrMap::values).
    Values<'a, V> = RawIter<'a, (StrKey, V), H>, &'a V, |(_, value)| value
}
iterator! {
    /// Entries with the value by exclusive reference: [`StrMap::iter_mut`](super::StrMap::iter_mut).
    IterMut<'a, V> = RawIterMut<'a, (StrKey, V), H>, (&'a str, &'a mut V), |(key, value)| (key.as_str(), value)
}
iterator! {
    /// Values by exclusive reference: [`StrMap::values_mut`](super::StrMap::values_mut).
    ValuesMut<'a, V> = RawIterMut<'a, (StrKey, V), H>, &'a mut V, |(_, value)| value
}
iterator! {
    /// Values by value: [`StrMap::into_values`](super::StrMap::into_values). Keeps the arena until it is dropped.
    IntoValues<V> = RawIntoIter<(StrKey, V), H>, V, |(_, value)| value
}

macro_rules! shared_traits {
    ($($name:ident),*) => {$(
        impl<V, H: Handle> Clone for $name<'_, V, H> {
            #[inline]
            fn clone(&self) -> Self {
                Self { raw: self.raw.clone() }
            }
        }
    )*};
}

shared_traits!(Iter, Keys, Values);

macro_rules! empty_by_default {
    ($($name:ident),*) => {$(
        impl<V, H: Handle> Default for $name<'_, V, H> {
            /// An iterator over nothing.
            fn default() -> Self {
                Self { raw: Default::default() }
            }
        }
    )*};
}

empty_by_default!(Iter, Keys, Values, IterMut, ValuesMut);

impl<V: fmt::Debug, H: Handle> fmt::Debug for Iter<'_, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<V, H: Handle> fmt::Debug for Keys<'_, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<V: fmt::Debug, H: Handle> fmt::Debug for Values<'_, V, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

macro_rules! debug_as_count {
    ($($name:ident $(<$life:lifetime>)?),*) => {$(
        impl<V, H: Handle> fmt::Debug for $name<$($life,)? V, H> {
            /// Shows how many entries are left.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("left", &self.raw.size_hint().0).finish()
            }
        }
    )*};
}

debug_as_count!(IterMut<'_>, ValuesMut<'_>, IntoValues, Drain<'_>);

/// Entries leaving a map that keeps its tables: [`StrMap::drain`](super::StrMap::drain).
///
/// Not `Send`, and neither are its keys.
pub struct Drain<'a, V, H: Handle = Arena> {
    pub(super) raw: RawDrain<'a, (StrKey, V), H>,
    pub(super) arena: Raw<H>,
    /// Keys on one thread and the drain on another would use one arena from both.
    pub(super) not_send: PhantomData<*const ()>,
}

impl<'a, V, H: Handle> Iterator for Drain<'a, V, H> {
    type Item = (Key<'a, H>, V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = self.raw.next()?;
        Some((Key::new(Block::of(key, self.arena)), value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.raw.size_hint()
    }
}

impl<V, H: Handle> ExactSizeIterator for Drain<'_, V, H> {}
impl<V, H: Handle> FusedIterator for Drain<'_, V, H> {}

impl<V, H: Handle> Drop for Drain<'_, V, H> {
    /// Drops what was not taken. If the drop of a value panics, the bytes of the keys that follow stay in use.
    #[inline]
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

/// Entries that a closure picks, leaving the map: [`StrMap::extract_if`](super::StrMap::extract_if).
///
/// Dropped before its end, it leaves what it has not reached in the map. Not `Send`, and neither are its keys.
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct ExtractIf<'a, V, F, H: Handle = Arena> {
    pub(super) raw: RawExtractIf<'a, (StrKey, V), H>,
    pub(super) arena: Raw<H>,
    pub(super) pick: F,
    /// As in [`Drain`].
    pub(super) not_send: PhantomData<*const ()>,
}

impl<'a, V, F: FnMut(&str, &mut V) -> bool, H: Handle> Iterator for ExtractIf<'a, V, F, H> {
    type Item = (Key<'a, H>, V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let pick = &mut self.pick;
        let (key, value) = self.raw.next(|(key, value)| pick(key.as_str(), value))?;
        Some((Key::new(Block::of(key, self.arena)), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.raw.at_most()))
    }
}

impl<V, F: FnMut(&str, &mut V) -> bool, H: Handle> FusedIterator for ExtractIf<'_, V, F, H> {}

impl<V, F, H: Handle> fmt::Debug for ExtractIf<'_, V, F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf")
            .field("at_most", &self.raw.at_most())
            .finish()
    }
}
