//! Options of a map that its constructors do not take.

use core::fmt;
use core::marker::PhantomData;

use super::core::Core;
use super::{ArenaMap, DefaultHashBuilder, SizeHint};
use crate::arena::{Handle, Held, Raw};
use crate::error::{ArenaError, fail};

/// How a map grows beyond one segment.
///
/// | | worst insertion | lookup beyond one segment |
/// |---|---|---|
/// | `Segmented` | moves one segment, at any size | one more dependent load: the directory |
/// | `Flat` | moves the whole table | as in hashbrown |
///
/// Figures: `cargo bench --bench growth`, `cargo bench --bench lookup`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Growth {
    /// Full segments split in two (extendible hashing): bounded work for each insertion.
    #[default]
    Segmented,
    /// One table that doubles: the fastest lookups at a million entries and more, with a pause at each doubling.
    Flat,
}

/// Builds an [`ArenaMap`]: [`ArenaMap::builder`].
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaMap, Growth};
///
/// let arena = Arena::new();
/// let mut map = ArenaMap::builder().growth(Growth::Flat).capacity(100).build_in(&arena);
/// map.insert("a", 1);
/// ```
pub struct MapBuilder<K, V, S = DefaultHashBuilder> {
    capacity: usize,
    growth: Growth,
    hint: Option<&'static SizeHint>,
    hash_builder: S,
    entry: PhantomData<fn() -> (K, V)>,
}

impl<K, V> MapBuilder<K, V> {
    #[inline]
    pub(super) fn new() -> Self {
        Self::with_hasher(DefaultHashBuilder::default())
    }
}

impl<K, V, S> MapBuilder<K, V, S> {
    #[inline]
    pub(super) fn with_hasher(hash_builder: S) -> Self {
        Self {
            capacity: 0,
            growth: Growth::Segmented,
            hint: None,
            hash_builder,
            entry: PhantomData,
        }
    }

    /// Room for this many entries from the start.
    #[must_use]
    #[inline]
    pub fn capacity(mut self, entries: usize) -> Self {
        self.capacity = entries;
        self
    }

    /// How the map grows. Default: [`Growth::Segmented`].
    #[must_use]
    #[inline]
    pub fn growth(mut self, growth: Growth) -> Self {
        self.growth = growth;
        self
    }

    /// Room for as many entries as the hint recommends, where [`capacity`](Self::capacity) is not more; the map
    /// reports its final size to the hint.
    #[must_use]
    #[inline]
    pub fn hint(mut self, hint: &'static SizeHint) -> Self {
        self.hint = Some(hint);
        self
    }

    /// The hasher. Default: a [`DefaultHashBuilder`] with a seed of its own.
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> MapBuilder<K, V, S2> {
        MapBuilder {
            capacity: self.capacity,
            growth: self.growth,
            hint: self.hint,
            hash_builder,
            entry: PhantomData,
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
    #[inline(always)] // a map is larger than registers: written where it belongs, it is not copied from call to call
    pub fn build_in<H: Handle>(self, handle: H) -> ArenaMap<K, V, S, H> {
        let raw = Raw::new(&handle);
        let capacity = self.capacity.max(self.hint.map_or(0, SizeHint::capacity));
        if Core::<(K, V), H>::fits_at_once(capacity, raw) {
            return ArenaMap {
                core: Core::at_once(capacity, raw, self.growth, self.hint),
                hash_builder: self.hash_builder,
                handle: Held::new(handle),
            };
        }
        self.build_slowly(handle)
    }

    #[cold]
    #[inline(never)]
    fn build_slowly<H: Handle>(self, handle: H) -> ArenaMap<K, V, S, H> {
        match self.try_build_in(handle) {
            Ok(map) => map,
            Err(cause) => fail(cause, "MapBuilder::try_build_in"),
        }
    }

    /// Like [`build_in`](Self::build_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena.
    ///
    /// # Errors
    ///
    /// What the arena answered to the [`capacity`](Self::capacity).
    pub fn try_build_in<H: Handle>(self, handle: H) -> Result<ArenaMap<K, V, S, H>, ArenaError> {
        let raw = Raw::new(&handle);
        let hinted = self.hint.map_or(0, SizeHint::capacity);
        let core = match Core::try_with_capacity(self.capacity.max(hinted), raw, self.growth, self.hint) {
            Ok(core) => core,
            Err(_) if hinted > self.capacity => Core::try_with_capacity(self.capacity, raw, self.growth, self.hint)?,
            Err(error) => return Err(error),
        };
        Ok(ArenaMap {
            core,
            hash_builder: self.hash_builder,
            handle: Held::new(handle),
        })
    }
}

impl<K, V, S: fmt::Debug> fmt::Debug for MapBuilder<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapBuilder")
            .field("capacity", &self.capacity)
            .field("growth", &self.growth)
            .field("hint", &self.hint)
            .field("hasher", &self.hash_builder)
            .finish()
    }
}
