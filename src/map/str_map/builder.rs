//! Options of a [`StrMap`] that its constructors do not take.

use core::fmt;

use super::{StrKey, StrMap};
use crate::arena::Handle;
use crate::error::ArenaError;
use crate::map::{DefaultHashBuilder, Growth, MapBuilder, SizeHint};

/// Builds a [`StrMap`]: [`StrMap::builder`].
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, Growth, StrMap};
///
/// let arena = Arena::new();
/// let mut map = StrMap::builder().growth(Growth::Flat).capacity(100).build_in(&arena);
/// map.insert("a", 1);
/// ```
pub struct StrMapBuilder<V, S = DefaultHashBuilder> {
    inner: MapBuilder<StrKey, V, S>,
}

impl<V> StrMapBuilder<V> {
    #[inline]
    pub(super) fn new() -> Self {
        Self {
            inner: MapBuilder::new(),
        }
    }
}

impl<V, S> StrMapBuilder<V, S> {
    /// Room for this many entries from the start. The bytes of keys come on top.
    #[must_use]
    #[inline]
    pub fn capacity(mut self, entries: usize) -> Self {
        self.inner = self.inner.capacity(entries);
        self
    }

    /// How the map grows. Default: [`Growth::Segmented`].
    #[must_use]
    #[inline]
    pub fn growth(mut self, growth: Growth) -> Self {
        self.inner = self.inner.growth(growth);
        self
    }

    /// Room for as many entries as the hint recommends, where [`capacity`](Self::capacity) is not more; the map
    /// reports its final size to the hint.
    #[must_use]
    #[inline]
    pub fn hint(mut self, hint: &'static SizeHint) -> Self {
        self.inner = self.inner.hint(hint);
        self
    }

    /// The hasher. Default: a [`DefaultHashBuilder`] with a seed of its own.
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> StrMapBuilder<V, S2> {
        StrMapBuilder {
            inner: self.inner.hasher(hash_builder),
        }
    }

    /// The map, in the given arena.
    ///
    /// Allocates: arena.
    ///
    /// # Panics
    ///
    /// If the arena refuses the [`capacity`](Self::capacity); the twin is [`try_build_in`](Self::try_build_in). A
    /// hint that asks for too much is not followed, which is no error.
    #[inline]
    pub fn build_in<H: Handle>(self, handle: H) -> StrMap<V, H, S> {
        StrMap {
            map: self.inner.build_in(handle),
        }
    }

    /// Like [`build_in`](Self::build_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// What the arena answered to the [`capacity`](Self::capacity).
    #[inline]
    pub fn try_build_in<H: Handle>(self, handle: H) -> Result<StrMap<V, H, S>, ArenaError> {
        self.inner.try_build_in(handle).map(|map| StrMap { map })
    }
}

impl<V, S: fmt::Debug> fmt::Debug for StrMapBuilder<V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StrMapBuilder").field(&self.inner).finish()
    }
}
