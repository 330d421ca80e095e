//! Iterators over a map, and the keys that leave it.

use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ops::Deref;

use super::key::{Block, give_back};
use super::{CopiedKey, Loose, Stored};
use crate::arena::{Arena, Handle, Raw};
use crate::iterator::iterator;
use crate::table::{RawDrain, RawExtractIf, RawIntoIter, RawIterMut, RawIterRef};

/// A key that has left its map: a `Q`, `str` or `[u8]`, that gives its bytes back to the arena when it is dropped.
///
/// The map stays borrowed until then, so that nothing is written over the bytes while they can be read. It is not `Send`;
/// copy it (`key.to_owned()`) to take it elsewhere.
///
/// # Examples
///
/// ```
/// let mut map = arenamap::StrMap::from([("key", 1)]);
/// let (key, _) = map.remove_entry("key").unwrap();
/// assert_eq!(key.len(), 3);
/// assert_eq!(format!("{key} {key:?}"), "key \"key\"");
/// ```
pub struct Key<'a, Q: CopiedKey + ?Sized, H: Handle = Arena> {
    bytes: Bytes<Q, H>,
    map: PhantomData<&'a mut ()>,
}

/// As the map had them.
enum Bytes<Q: CopiedKey + ?Sized, H: Handle> {
    Block(Block<Q, H>),
    Text(Loose<Q, H>),
}

impl<Q: CopiedKey + ?Sized, H: Handle> Key<'_, Q, H> {
    #[inline]
    pub(super) fn new(block: Block<Q, H>) -> Self {
        Self {
            bytes: Bytes::Block(block),
            map: PhantomData,
        }
    }

    /// Of a bounded map, which keeps short keys in its slots.
    #[inline]
    pub(crate) fn of_text(text: Loose<Q, H>) -> Self {
        Self {
            bytes: Bytes::Text(text),
            map: PhantomData,
        }
    }
}

impl<H: Handle> Key<'_, str, H> {
    /// The string.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn as_str(&self) -> &str {
        self
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Deref for Key<'_, Q, H> {
    type Target = Q;

    #[inline]
    fn deref(&self) -> &Q {
        match &self.bytes {
            Bytes::Block(block) => block.get(),
            Bytes::Text(text) => text.get(),
        }
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> AsRef<Q> for Key<'_, Q, H> {
    #[inline]
    fn as_ref(&self) -> &Q {
        self
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Borrow<Q> for Key<'_, Q, H> {
    #[inline]
    fn borrow(&self) -> &Q {
        self
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Hash for Key<'_, Q, H> {
    #[inline]
    fn hash<S: Hasher>(&self, state: &mut S) {
        (**self).hash(state);
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> PartialEq for Key<'_, Q, H> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Eq for Key<'_, Q, H> {}

impl<Q: CopiedKey + ?Sized, H: Handle> PartialOrd for Key<'_, Q, H> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Ord for Key<'_, Q, H> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> PartialEq<Q> for Key<'_, Q, H> {
    #[inline]
    fn eq(&self, other: &Q) -> bool {
        **self == *other
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> PartialEq<&Q> for Key<'_, Q, H> {
    #[inline]
    fn eq(&self, other: &&Q) -> bool {
        **self == **other
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> fmt::Debug for Key<'_, Q, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<Q: CopiedKey + fmt::Display + ?Sized, H: Handle> fmt::Display for Key<'_, Q, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

iterator! {
    /// Entries by shared reference, in no order: [`CopiedMap::iter`](super::CopiedMap::iter).
    Iter ['a, Q, V] where [Q: CopiedKey + ?Sized]
    = RawIterRef<'a, (Stored<Q>, V)>, (&'a Q, &'a V), |(key, value)| (key.get(), value)
}
iterator! {
    /// Keys, in no order: [`CopiedMap::keys`](super::CopiedMap::keys).
    Keys ['a, Q, V] where [Q: CopiedKey + ?Sized] = RawIterRef<'a, (Stored<Q>, V)>, &'a Q, |(key, _)| key.get()
}
iterator! {
    /// Values, in no order: [`CopiedMap::values`](super::CopiedMap::values).
    Values ['a, Q, V] where [Q: CopiedKey + ?Sized] = RawIterRef<'a, (Stored<Q>, V)>, &'a V, |(_, value)| value
}
iterator! {
    /// Entries with the value by exclusive reference: [`CopiedMap::iter_mut`](super::CopiedMap::iter_mut).
    IterMut ['a, Q, V] where [Q: CopiedKey + ?Sized]
    = RawIterMut<'a, (Stored<Q>, V)>, (&'a Q, &'a mut V), |(key, value)| (key.get(), value)
}
iterator! {
    /// Values by exclusive reference: [`CopiedMap::values_mut`](super::CopiedMap::values_mut).
    ValuesMut ['a, Q, V] where [Q: CopiedKey + ?Sized] = RawIterMut<'a, (Stored<Q>, V)>, &'a mut V, |(_, value)| value
}
iterator! {
    /// Values by value: [`CopiedMap::into_values`](super::CopiedMap::into_values). Keeps the arena until it is dropped.
    IntoValues [Q, V; H: Handle] where [Q: CopiedKey + ?Sized] = RawIntoIter<(Stored<Q>, V), H>, V, |(_, value)| value
}

macro_rules! shared_traits {
    ($($name:ident),*) => {$(
        impl<Q: CopiedKey + ?Sized, V> Clone for $name<'_, Q, V> {
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
        impl<Q: CopiedKey + ?Sized, V> Default for $name<'_, Q, V> {
            /// An iterator over nothing.
            fn default() -> Self {
                Self { raw: Default::default() }
            }
        }
    )*};
}

empty_by_default!(Iter, Keys, Values, IterMut, ValuesMut);

impl<Q: CopiedKey + ?Sized, V, H: Handle + Default> Default for IntoValues<Q, V, H> {
    /// An iterator over nothing.
    fn default() -> Self {
        Self {
            raw: RawIntoIter::default(),
        }
    }
}

/// Shows what is left of an iterator.
macro_rules! debug {
    ($left:ident: $([$($generic:tt)+] $name:ty, |$entry:pat_param| $show:expr;)*) => {$(
        impl<Q: CopiedKey + ?Sized, $($generic)+> fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.raw.$left().map(|$entry| $show)).finish()
            }
        }
    )*};
}

debug! { clone:
    [V: fmt::Debug] Iter<'_, Q, V>, |(key, value)| (key.get(), value);
    [V] Keys<'_, Q, V>, |(key, _)| key.get();
    [V: fmt::Debug] Values<'_, Q, V>, |(_, value)| value;
}

debug! { peek:
    [V: fmt::Debug] IterMut<'_, Q, V>, |(key, value)| (key.get(), value);
    [V: fmt::Debug] ValuesMut<'_, Q, V>, |(_, value)| value;
    [V: fmt::Debug, H: Handle] IntoValues<Q, V, H>, |(_, value)| value;
    [V: fmt::Debug, H: Handle] Drain<'_, Q, V, H>, |(key, value)| (key.get(), value);
}

/// Entries that leave a map, which keeps its memory: [`CopiedMap::drain`](super::CopiedMap::drain).
///
/// It is not `Send`, and its keys are not, either.
pub struct Drain<'a, Q: CopiedKey + ?Sized, V, H: Handle = Arena> {
    pub(super) raw: RawDrain<'a, (Stored<Q>, V), H>,
    pub(super) arena: Raw<H>,
    /// Keys on one thread and the drain on another would use one arena from both.
    pub(super) not_send: PhantomData<*const ()>,
}

impl<'a, Q: CopiedKey + ?Sized, V, H: Handle> Iterator for Drain<'a, Q, V, H> {
    type Item = (Key<'a, Q, H>, V);

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

impl<Q: CopiedKey + ?Sized, V, H: Handle> ExactSizeIterator for Drain<'_, Q, V, H> {}
impl<Q: CopiedKey + ?Sized, V, H: Handle> FusedIterator for Drain<'_, Q, V, H> {}

impl<Q: CopiedKey + ?Sized, V, H: Handle> Drop for Drain<'_, Q, V, H> {
    /// Gives back the bytes of the keys that nobody took, before it drops any value: that drop may panic.
    #[inline]
    fn drop(&mut self) {
        give_back(self.arena, self.raw.peek()); // the values are dropped next, and no key is read
    }
}

/// Entries that a closure picks, and that leave the map: [`CopiedMap::extract_if`](super::CopiedMap::extract_if).
///
/// If it is dropped before its end, the entries that it has not reached stay in the map. It is not `Send`, and its keys
/// are not, either.
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct ExtractIf<'a, Q: CopiedKey + ?Sized, V, F, H: Handle = Arena> {
    pub(super) raw: RawExtractIf<'a, (Stored<Q>, V), H>,
    pub(super) arena: Raw<H>,
    pub(super) pick: F,
    /// As in [`Drain`].
    pub(super) not_send: PhantomData<*const ()>,
}

impl<'a, Q: CopiedKey + ?Sized, V, F: FnMut(&Q, &mut V) -> bool, H: Handle> Iterator for ExtractIf<'a, Q, V, F, H> {
    type Item = (Key<'a, Q, H>, V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let pick = &mut self.pick;
        let (key, value) = self.raw.next(|(key, value)| pick(key.get(), value))?;
        Some((Key::new(Block::of(key, self.arena)), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.raw.left()))
    }
}

impl<Q: CopiedKey + ?Sized, V, F: FnMut(&Q, &mut V) -> bool, H: Handle> FusedIterator for ExtractIf<'_, Q, V, F, H> {}

impl<Q: CopiedKey + ?Sized, V, F, H: Handle> fmt::Debug for ExtractIf<'_, Q, V, F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf").field("at_most", &self.raw.left()).finish()
    }
}
