//! The keys of a map of paths: copied into the arena, or kept by value.
//!
//! One parameter says both: `str` and `[u8]` have no size, so a map cannot keep them and copies them, as a
//! [`CopiedMap`](crate::CopiedMap) does; every type that has a size is kept as it is. So `PathMap<str, V>` reads as what it is, and
//! there is one type to learn. What a record holds of a key, `Keep::Stored`, is found through the trait: that makes the map
//! invariant in its keys, which matters to by-value keys with a lifetime only.

use alloc::borrow::ToOwned;
use core::hash::Hash;

use equivalent::Equivalent;

use crate::arena::{Handle, Raw};
use crate::copied::Text;
use crate::error::ArenaError;

/// Keys of a [`PathMap`](crate::PathMap): `str` and `[u8]`, which are copied into the arena when they are new; and every type
/// that has a size, which is kept by value.
///
/// The trait is sealed: there is nothing to implement.
pub trait PathKey: sealed::Keep {}

impl<K> PathKey for K {}
impl PathKey for str {}
impl PathKey for [u8] {}

/// What a path for writing may be made of: a borrowed part that finds keys of type `K`, and that a new key can be made of.
///
/// For `str` and `[u8]` that is the key itself. For keys by value it is every `Q` whose owned form is `K`: `K` itself, if it is
/// `Clone`, and `str` for `String`.
///
/// The trait is sealed: what it asks for implements it.
pub trait PathPart<K: PathKey + ?Sized>: Hash + Equivalent<K> + sealed::Make<K> {}

impl<K: PathKey + ?Sized, Q: Hash + Equivalent<K> + sealed::Make<K> + ?Sized> PathPart<K> for Q {}

pub(crate) mod sealed {
    use super::{ArenaError, Handle, PathKey, Raw};

    /// How a kind of keys is kept.
    pub trait Keep {
        /// What a node has of its key.
        type Stored;

        /// Whether [`end`](Self::end) gives a block of the arena back.
        const HAS_BLOCK: bool;

        /// The key.
        fn of_stored(stored: &Self::Stored) -> &Self;

        /// The bytes of a key that has a block of its own.
        fn in_block(stored: &Self::Stored) -> Option<&[u8]>;

        /// Ends a key that has left its node.
        fn end<H: Handle>(stored: Self::Stored, raw: Raw<H>);
    }

    /// How a part becomes a key.
    pub trait Make<K: PathKey + ?Sized> {
        /// The key of a part.
        ///
        /// # Errors
        ///
        /// The error of the arena.
        fn make<H: Handle>(&self, raw: Raw<H>) -> Result<K::Stored, ArenaError>;
    }
}

impl<K> sealed::Keep for K {
    type Stored = K;

    const HAS_BLOCK: bool = false;

    #[inline(always)] // part of every lookup
    fn of_stored(stored: &K) -> &K {
        stored
    }

    fn in_block(_: &K) -> Option<&[u8]> {
        None
    }

    #[inline]
    fn end<H: Handle>(stored: K, _: Raw<H>) {
        drop(stored);
    }
}

impl<K: Eq, Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized> sealed::Make<K> for Q {
    #[inline]
    fn make<H: Handle>(&self, _: Raw<H>) -> Result<K, ArenaError> {
        Ok(self.to_owned())
    }
}

/// Keys whose bytes are copied.
macro_rules! copied {
    ($($key:ty),*) => {$(
        impl sealed::Keep for $key {
            type Stored = Text<$key>;

            const HAS_BLOCK: bool = true;

            #[inline(always)] // part of every lookup
            fn of_stored(stored: &Text<$key>) -> &$key {
                stored.get()
            }

            fn in_block(stored: &Text<$key>) -> Option<&[u8]> {
                stored.in_block()
            }

            #[inline]
            fn end<H: Handle>(stored: Text<$key>, raw: Raw<H>) {
                stored.end(raw);
            }
        }

        impl sealed::Make<$key> for $key {
            #[inline]
            fn make<H: Handle>(&self, raw: Raw<H>) -> Result<Text<$key>, ArenaError> {
                Text::copy_in(self, raw)
            }
        }
    )*};
}

copied!(str, [u8]);
