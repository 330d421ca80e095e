//! The builder of a map: for options that no constructor takes together.

use core::fmt;
use core::marker::PhantomData;

use super::{ArenaMap, DefaultHashBuilder, SizeHint};
use crate::arena::{Handle, Held};
use crate::error::{ArenaError, fail_map as fail};
use crate::observe::watch::Kind;
use crate::table::Table;

/// Builds an [`ArenaMap`]: [`ArenaMap::builder`].
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaMap, SizeHint};
///
/// static HINT: SizeHint = SizeHint::new();
/// let arena = Arena::new();
/// let mut map = ArenaMap::builder().hint(&HINT).capacity(100).build_in(&arena);
/// map.insert("a", 1);
/// ```
pub struct MapBuilder<K, V, S = DefaultHashBuilder> {
    capacity: usize,
    hint: Option<&'static SizeHint>,
    hash_builder: S,
    entry: PhantomData<fn() -> (K, V)>,
}

impl<K, V> MapBuilder<K, V> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self::with_hasher(DefaultHashBuilder::default())
    }
}

impl<K, V, S> MapBuilder<K, V, S> {
    #[inline]
    pub(crate) fn with_hasher(hash_builder: S) -> Self {
        Self {
            capacity: 0,
            hint: None,
            hash_builder,
            entry: PhantomData,
        }
    }

    /// Room for this many entries from the start.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[inline]
    pub fn capacity(mut self, entries: usize) -> Self {
        self.capacity = entries;
        self
    }

    /// Room for as many entries as the hint recommends, if that is more than [`capacity`](Self::capacity) and the arena
    /// can spare it. The map reports its size to the hint when it is dropped, cleared or drained.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[inline]
    pub fn hint(mut self, hint: &'static SizeHint) -> Self {
        self.hint = Some(hint);
        self
    }

    /// The hasher. Default: a [`DefaultHashBuilder`] with a seed of its own.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> MapBuilder<K, V, S2> {
        MapBuilder {
            capacity: self.capacity,
            hint: self.hint,
            hash_builder,
            entry: PhantomData,
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
    pub fn build_in<H: Handle>(self, handle: H) -> ArenaMap<K, V, S, H> {
        match self.try_build_in(handle) {
            Ok(map) => map,
            Err(cause) => fail(cause, "MapBuilder::try_build_in"),
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
    pub fn try_build_in<H: Handle>(self, handle: H) -> Result<ArenaMap<K, V, S, H>, ArenaError> {
        let hinted = self.hint.map_or(0, SizeHint::capacity);
        let mut table = Table::new(Held::new(handle), Kind::ArenaMap);
        // A hint is a guess: where it is refused, or takes what others may need, what is asked for without it must do.
        let guess = if table.affords(hinted) { hinted } else { 0 };
        table
            .make(self.capacity.max(guess), self.hint)
            .or_else(|_| table.make(self.capacity, self.hint))
            .or_else(|_| table.make(self.capacity, None))?;
        Ok(ArenaMap {
            table,
            hash_builder: self.hash_builder,
        })
    }
}

impl<K, V, S: fmt::Debug> fmt::Debug for MapBuilder<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapBuilder")
            .field("capacity", &self.capacity)
            .field("hint", &self.hint)
            .field("hasher", &self.hash_builder)
            .finish()
    }
}
