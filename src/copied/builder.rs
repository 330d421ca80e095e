//! The builder of a map with copied keys: for options that no constructor takes together.

use core::fmt;

use super::{CopiedKey, CopiedMap, Stored};
use crate::arena::Handle;
use crate::error::{ArenaError, fail_map as fail};
use crate::map::{DefaultHashBuilder, MapBuilder, SizeHint};
use crate::observe::watch::Kind;

/// Builds a [`CopiedMap`]: [`CopiedMap::builder`].
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, SizeHint, StrMap};
///
/// static HINT: SizeHint = SizeHint::new();
/// let arena = Arena::new();
/// let mut map = StrMap::builder().hint(&HINT).capacity(100).build_in(&arena);
/// map.insert("a", 1);
/// ```
pub struct CopiedMapBuilder<Q: ?Sized, V, S = DefaultHashBuilder> {
    inner: MapBuilder<Stored<Q>, V, S>,
}

impl<Q: CopiedKey + ?Sized, V> CopiedMapBuilder<Q, V> {
    #[inline]
    pub(super) fn new() -> Self {
        Self::with_hasher(DefaultHashBuilder::default())
    }
}

impl<Q: CopiedKey + ?Sized, V, S> CopiedMapBuilder<Q, V, S> {
    #[inline]
    pub(super) fn with_hasher(hash_builder: S) -> Self {
        Self {
            inner: MapBuilder::with_hasher(hash_builder),
        }
    }

    /// Room for this many entries from the start. The bytes of keys come on top.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[inline]
    pub fn capacity(mut self, entries: usize) -> Self {
        self.inner = self.inner.capacity(entries);
        self
    }

    /// Room for as many entries as the hint recommends, if that is more than [`capacity`](Self::capacity) and the arena
    /// can spare it. The map reports its size to the hint when it is dropped, cleared or drained.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[inline]
    pub fn hint(mut self, hint: &'static SizeHint) -> Self {
        self.inner = self.inner.hint(hint);
        self
    }

    /// The hasher. Default: a [`DefaultHashBuilder`] with a seed of its own.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> CopiedMapBuilder<Q, V, S2> {
        CopiedMapBuilder {
            inner: self.inner.hasher(hash_builder),
        }
    }

    /// Makes the map in the given arena.
    ///
    /// Allocates: arena. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses the [`capacity`](Self::capacity); the twin is [`try_build_in`](Self::try_build_in). A hint
    /// that asks for too much is not followed, and that is no error.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn build_in<H: Handle>(self, handle: H) -> CopiedMap<Q, V, S, H> {
        match self.try_build_in(handle) {
            Ok(map) => map,
            Err(cause) => fail(cause, "CopiedMapBuilder::try_build_in"),
        }
    }

    /// Like [`build_in`](Self::build_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// [`ArenaError`], if the arena has no memory for the [`capacity`](Self::capacity).
    #[inline]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_build_in<H: Handle>(self, handle: H) -> Result<CopiedMap<Q, V, S, H>, ArenaError> {
        let mut map = self.inner.try_build_in(handle)?;
        map.table.watch.set_kind(Kind::CopiedMap);
        Ok(CopiedMap { map })
    }
}

impl<Q: ?Sized, V, S: fmt::Debug> fmt::Debug for CopiedMapBuilder<Q, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CopiedMapBuilder").field(&self.inner).finish()
    }
}
