//! Feature `serde`: maps and sets as serde's maps and sequences.
//!
//! A map that owns its arena implements `Deserialize`. Into a given arena, and to be told of its budget by an error
//! instead of a panic, one deserializes with a seed: [`MapSeed`], [`SetSeed`], [`StrMapSeed`](crate::StrMapSeed).

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_core::ser::{Serialize, Serializer};

use crate::arena::Handle;
use crate::map::{ArenaMap, DefaultHashBuilder};
use crate::set::ArenaSet;

/// The most entries for which room is made because the input says that so many will come.
const TRUSTED_ENTRIES: usize = 4096;

/// The most bytes for which room is made because the input says so.
const TRUSTED_BYTES: usize = 1 << 20;

/// Entries of type `T` to make room for before they are seen. What the input says of its length may be a lie.
pub(crate) fn cautious<T>(size_hint: Option<usize>) -> usize {
    let fitting = TRUSTED_BYTES / size_of::<T>().max(1);
    size_hint.unwrap_or(0).min(TRUSTED_ENTRIES).min(fitting)
}

impl<K: Serialize, V: Serialize, S, H: Handle> Serialize for ArenaMap<K, V, S, H> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self)
    }
}

impl<T: Serialize, S, H: Handle> Serialize for ArenaSet<T, S, H> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, K, V, S, H> Deserialize<'de> for ArenaMap<K, V, S, H>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    S: BuildHasher + Default,
    H: Handle + Default,
{
    /// A map that owns a new arena. [`MapSeed`] takes any handle.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MapSeed::new_in(H::default())
            .hasher(S::default())
            .deserialize(deserializer)
    }
}

impl<'de, T, S, H> Deserialize<'de> for ArenaSet<T, S, H>
where
    T: Deserialize<'de> + Eq + Hash,
    S: BuildHasher + Default,
    H: Handle + Default,
{
    /// A set that owns a new arena. [`SetSeed`] takes any handle.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SetSeed::new_in(H::default())
            .hasher(S::default())
            .deserialize(deserializer)
    }
}

/// Deserializes an [`ArenaMap`] into a given arena.
///
/// Values are deserialized by `VS`, itself a seed: `PhantomData<V>` for types that need none, another `MapSeed` for maps
/// in the map. Where the arena refuses, deserializing ends with the text of the [`ArenaError`](crate::ArenaError). Of
/// several entries with one key the last one stays. Room is made at once for at most 4096 entries and 1 MiB of what the
/// input announces.
///
/// # Examples
///
/// ```
/// use arenamap::{ArenaMap, Arena, MapSeed};
/// use serde::de::DeserializeSeed;
///
/// let arena = Arena::new();
/// let mut json = serde_json::Deserializer::from_str(r#"{"1": "one", "2": "two"}"#);
/// let map: ArenaMap<u32, &str, _, _> = MapSeed::new_in(&arena).deserialize(&mut json)?;
/// assert_eq!(map[&2], "two");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Maps in a map, all in one arena:
///
/// ```
/// use arenamap::{Arena, MapSeed};
/// use serde::de::DeserializeSeed;
///
/// let arena = Arena::new();
/// let inner = MapSeed::<u16, std::marker::PhantomData<u64>, _>::new_in(&arena);
/// let seed = MapSeed::<&str, _, _>::with_values_in(inner, &arena);
/// let mut json = serde_json::Deserializer::from_str(r#"{"/": {"200": 7, "404": 1}}"#);
/// let map = seed.deserialize(&mut json)?;
/// assert_eq!(map["/"][&200], 7);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct MapSeed<K, VS, H: Handle, S = DefaultHashBuilder> {
    handle: H,
    hash_builder: S,
    values: VS,
    key: PhantomData<fn() -> K>,
}

impl<K, V, H: Handle> MapSeed<K, PhantomData<V>, H> {
    /// A seed for a map in the given arena, of values that need no seed.
    ///
    /// Allocates: never.
    pub fn new_in(handle: H) -> Self {
        Self::with_values_in(PhantomData, handle)
    }
}

impl<K, VS, H: Handle> MapSeed<K, VS, H> {
    /// A seed for a map in the given arena, of values that are deserialized by clones of `values`.
    ///
    /// Allocates: never.
    pub fn with_values_in(values: VS, handle: H) -> Self {
        Self {
            handle,
            hash_builder: DefaultHashBuilder::default(),
            values,
            key: PhantomData,
        }
    }
}

impl<K, VS, H: Handle, S> MapSeed<K, VS, H, S> {
    /// The hasher of the map. Default: a [`DefaultHashBuilder`], whose seed all clones of this seed share.
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> MapSeed<K, VS, H, S2> {
        MapSeed {
            handle: self.handle,
            hash_builder,
            values: self.values,
            key: PhantomData,
        }
    }
}

impl<'de, K, VS, H, S> DeserializeSeed<'de> for MapSeed<K, VS, H, S>
where
    K: Deserialize<'de> + Eq + Hash,
    VS: DeserializeSeed<'de> + Clone,
    H: Handle,
    S: BuildHasher,
{
    type Value = ArenaMap<K, VS::Value, S, H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K, VS, H, S> Visitor<'de> for MapSeed<K, VS, H, S>
where
    K: Deserialize<'de> + Eq + Hash,
    VS: DeserializeSeed<'de> + Clone,
    H: Handle,
    S: BuildHasher,
{
    type Value = ArenaMap<K, VS::Value, S, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = ArenaMap::with_hasher_in(self.hash_builder, self.handle);
        // Refused, it may still be that fewer come than were announced.
        let _ = map.try_reserve(cautious::<(K, VS::Value)>(entries.size_hint()));
        while let Some(key) = entries.next_key()? {
            let value = entries.next_value_seed(self.values.clone())?;
            map.try_insert_overwrite(key, value)
                .map_err(|refused| A::Error::custom(refused.cause))?;
        }
        Ok(map)
    }
}

impl<K, VS: Clone, H: Handle + Clone, S: Clone> Clone for MapSeed<K, VS, H, S> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            hash_builder: self.hash_builder.clone(),
            values: self.values.clone(),
            key: PhantomData,
        }
    }
}

impl<K, VS, H: Handle, S> fmt::Debug for MapSeed<K, VS, H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapSeed").finish_non_exhaustive()
    }
}

/// Deserializes an [`ArenaSet`] into a given arena.
///
/// Where the arena refuses, deserializing ends with the text of the [`ArenaError`](crate::ArenaError). Room is made at
/// once for at most 4096 elements and 1 MiB of what the input announces.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, ArenaSet, SetSeed};
/// use serde::de::DeserializeSeed;
///
/// let arena = Arena::new();
/// let mut json = serde_json::Deserializer::from_str("[1, 2, 1]");
/// let set: ArenaSet<u64, _, _> = SetSeed::new_in(&arena).deserialize(&mut json)?;
/// assert_eq!(set.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct SetSeed<T, H: Handle, S = DefaultHashBuilder> {
    handle: H,
    hash_builder: S,
    element: PhantomData<fn() -> T>,
}

impl<T, H: Handle> SetSeed<T, H> {
    /// A seed for a set in the given arena.
    ///
    /// Allocates: never.
    pub fn new_in(handle: H) -> Self {
        Self {
            handle,
            hash_builder: DefaultHashBuilder::default(),
            element: PhantomData,
        }
    }
}

impl<T, H: Handle, S> SetSeed<T, H, S> {
    /// The hasher of the set. Default: a [`DefaultHashBuilder`], whose seed all clones of this seed share.
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> SetSeed<T, H, S2> {
        SetSeed {
            handle: self.handle,
            hash_builder,
            element: PhantomData,
        }
    }
}

impl<'de, T, H, S> DeserializeSeed<'de> for SetSeed<T, H, S>
where
    T: Deserialize<'de> + Eq + Hash,
    H: Handle,
    S: BuildHasher,
{
    type Value = ArenaSet<T, S, H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T, H, S> Visitor<'de> for SetSeed<T, H, S>
where
    T: Deserialize<'de> + Eq + Hash,
    H: Handle,
    S: BuildHasher,
{
    type Value = ArenaSet<T, S, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut set = ArenaSet::with_hasher_in(self.hash_builder, self.handle);
        // Refused, it may still be that fewer come than were announced.
        let _ = set.try_reserve(cautious::<T>(elements.size_hint()));
        while let Some(element) = elements.next_element()? {
            set.try_insert(element)
                .map_err(|refused| A::Error::custom(refused.cause))?;
        }
        Ok(set)
    }
}

impl<T, H: Handle + Clone, S: Clone> Clone for SetSeed<T, H, S> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            hash_builder: self.hash_builder.clone(),
            element: PhantomData,
        }
    }
}

impl<T, H: Handle, S> fmt::Debug for SetSeed<T, H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetSeed").finish_non_exhaustive()
    }
}
