//! Feature `serde`: maps, sets, lists and strings as serde's maps, sequences and strings.
//!
//! What owns its arena implements `Deserialize`. To deserialize into a given arena, use a seed. It also returns
//! an error, instead of a panic, if the budget of the arena is used up: [`MapSeed`], [`SetSeed`], [`VecSeed`], [`StringSeed`],
//! [`StrMapSeed`](crate::StrMapSeed).

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_core::ser::{Serialize, Serializer};

use crate::arena::{Arena, Handle};
use crate::boxed::ArenaBox;
use crate::map::{ArenaMap, DefaultHashBuilder};
use crate::set::ArenaSet;
use crate::string::ArenaString;
use crate::vec::ArenaVec;

/// The most entries for which room is made only because the input announces them.
const TRUSTED_ENTRIES: usize = 4096;

/// The most bytes of room that are made only because the input announces entries.
const TRUSTED_BYTES: usize = 1 << 20;

/// Entries of type `T` to make room for before they come. The length that the input announces may be a lie.
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
/// Values are deserialized by `VS`, itself a seed: `PhantomData<V>` for types that need none, another `MapSeed` for
/// maps in the map. If the arena refuses, deserializing ends with an error that has the text of the
/// [`ArenaError`](crate::ArenaError). If a key comes several times, its last value stays. The input may say how many
/// entries it has: room is made at once for at most 4096 entries and 1 MiB.
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
/// let inner = MapSeed::<u16, std::marker::PhantomData<u64>, _, _>::new_in(&arena);
/// let seed = MapSeed::<&str, _, _, _>::with_values_in(inner, &arena);
/// let mut json = serde_json::Deserializer::from_str(r#"{"/": {"200": 7, "404": 1}}"#);
/// let map = seed.deserialize(&mut json)?;
/// assert_eq!(map["/"][&200], 7);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct MapSeed<K, VS, S = DefaultHashBuilder, H: Handle = Arena> {
    handle: H,
    hash_builder: S,
    values: VS,
    key: PhantomData<fn() -> K>,
}

impl<K, V, H: Handle> MapSeed<K, PhantomData<V>, DefaultHashBuilder, H> {
    /// A seed for a map in the given arena, of values that need no seed.
    ///
    /// Allocates: never. Time: O(1).
    pub fn new_in(handle: H) -> Self {
        Self::with_values_in(PhantomData, handle)
    }
}

impl<K, VS, H: Handle> MapSeed<K, VS, DefaultHashBuilder, H> {
    /// A seed for a map in the given arena, of values that are deserialized by clones of `values`.
    ///
    /// Allocates: never. Time: O(1).
    pub fn with_values_in(values: VS, handle: H) -> Self {
        Self {
            handle,
            hash_builder: DefaultHashBuilder::default(),
            values,
            key: PhantomData,
        }
    }
}

impl<K, VS, S, H: Handle> MapSeed<K, VS, S, H> {
    /// The hasher of the map. Default: a [`DefaultHashBuilder`], whose seed all clones of this seed share.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> MapSeed<K, VS, S2, H> {
        MapSeed {
            handle: self.handle,
            hash_builder,
            values: self.values,
            key: PhantomData,
        }
    }
}

impl<'de, K, VS, S, H> DeserializeSeed<'de> for MapSeed<K, VS, S, H>
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

impl<'de, K, VS, S, H> Visitor<'de> for MapSeed<K, VS, S, H>
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

impl<K, VS: Clone, S: Clone, H: Handle + Clone> Clone for MapSeed<K, VS, S, H> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            hash_builder: self.hash_builder.clone(),
            values: self.values.clone(),
            key: PhantomData,
        }
    }
}

impl<K, VS, S, H: Handle> fmt::Debug for MapSeed<K, VS, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapSeed").finish_non_exhaustive()
    }
}

/// Deserializes an [`ArenaSet`] into a given arena.
///
/// If the arena refuses, deserializing ends with an error that has the text of the [`ArenaError`](crate::ArenaError).
/// The input may say how many elements it has: room is made at once for at most 4096 elements and 1 MiB.
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
pub struct SetSeed<T, S = DefaultHashBuilder, H: Handle = Arena> {
    handle: H,
    hash_builder: S,
    element: PhantomData<fn() -> T>,
}

impl<T, H: Handle> SetSeed<T, DefaultHashBuilder, H> {
    /// A seed for a set in the given arena.
    ///
    /// Allocates: never. Time: O(1).
    pub fn new_in(handle: H) -> Self {
        Self {
            handle,
            hash_builder: DefaultHashBuilder::default(),
            element: PhantomData,
        }
    }
}

impl<T, S, H: Handle> SetSeed<T, S, H> {
    /// The hasher of the set. Default: a [`DefaultHashBuilder`], whose seed all clones of this seed share.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> SetSeed<T, S2, H> {
        SetSeed {
            handle: self.handle,
            hash_builder,
            element: PhantomData,
        }
    }
}

impl<'de, T, S, H> DeserializeSeed<'de> for SetSeed<T, S, H>
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

impl<'de, T, S, H> Visitor<'de> for SetSeed<T, S, H>
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

impl<T, S: Clone, H: Handle + Clone> Clone for SetSeed<T, S, H> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            hash_builder: self.hash_builder.clone(),
            element: PhantomData,
        }
    }
}

impl<T, S, H: Handle> fmt::Debug for SetSeed<T, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetSeed").finish_non_exhaustive()
    }
}

impl<T: Serialize, H: Handle> Serialize for ArenaVec<T, H> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.as_slice().serialize(serializer)
    }
}

impl<H: Handle> Serialize for ArenaString<H> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.serialize_str(self)
    }
}

impl<T: Serialize + ?Sized, H: Handle> Serialize for ArenaBox<T, H> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, H: Handle + Default> Deserialize<'de> for ArenaVec<T, H> {
    /// A list that owns a new arena. [`VecSeed`] takes any handle.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        VecSeed::<PhantomData<T>, H>::new_in(H::default()).deserialize(deserializer)
    }
}

impl<'de, H: Handle + Default> Deserialize<'de> for ArenaString<H> {
    /// A string that owns a new arena. [`StringSeed`] takes any handle.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StringSeed::new_in(H::default()).deserialize(deserializer)
    }
}

impl<'de, T: Deserialize<'de>, H: Handle + Default> Deserialize<'de> for ArenaBox<T, H> {
    /// A value with an arena of its own.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = T::deserialize(deserializer)?;
        Self::try_new_in(value, H::default()).map_err(|refused| D::Error::custom(refused.cause))
    }
}

/// Deserializes an [`ArenaVec`] into a given arena.
///
/// Elements are deserialized by `ES`, itself a seed: `PhantomData<T>` for types that need none, a [`StringSeed`] for strings
/// in the list. Where the arena refuses, deserializing ends with the text of the [`ArenaError`](crate::ArenaError). Room is
/// made at once for at most 4096 elements and 1 MiB of what the input announces.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, StringSeed, VecSeed};
/// use serde::de::DeserializeSeed;
///
/// let arena = Arena::new();
/// let seed = VecSeed::with_elements_in(StringSeed::new_in(&arena), &arena);
/// let mut json = serde_json::Deserializer::from_str(r#"["one", "two"]"#);
/// let list = seed.deserialize(&mut json)?;
/// assert_eq!(list, ["one", "two"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct VecSeed<ES, H: Handle = Arena> {
    handle: H,
    elements: ES,
}

impl<T, H: Handle> VecSeed<PhantomData<T>, H> {
    /// A seed for a list in the given arena, of elements that need no seed.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn new_in(handle: H) -> Self {
        Self::with_elements_in(PhantomData, handle)
    }
}

impl<ES, H: Handle> VecSeed<ES, H> {
    /// A seed for a list in the given arena, of elements that are deserialized by clones of `elements`.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn with_elements_in(elements: ES, handle: H) -> Self {
        Self { handle, elements }
    }
}

impl<'de, ES: DeserializeSeed<'de> + Clone, H: Handle> DeserializeSeed<'de> for VecSeed<ES, H> {
    type Value = ArenaVec<ES::Value, H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, ES: DeserializeSeed<'de> + Clone, H: Handle> Visitor<'de> for VecSeed<ES, H> {
    type Value = ArenaVec<ES::Value, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = ArenaVec::new_in(self.handle);
        // Refused, it may still be that fewer come than were announced.
        let _ = list.try_reserve_exact(cautious::<ES::Value>(elements.size_hint()));
        while let Some(element) = elements.next_element_seed(self.elements.clone())? {
            list.try_push(element)
                .map_err(|refused| A::Error::custom(refused.cause))?;
        }
        Ok(list)
    }
}

impl<ES: Clone, H: Handle + Clone> Clone for VecSeed<ES, H> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            elements: self.elements.clone(),
        }
    }
}

impl<ES, H: Handle> fmt::Debug for VecSeed<ES, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VecSeed").finish_non_exhaustive()
    }
}

/// Deserializes an [`ArenaString`] into a given arena.
///
/// Where the arena refuses, deserializing ends with the text of the [`ArenaError`](crate::ArenaError).
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, StringSeed};
/// use serde::de::DeserializeSeed;
///
/// let arena = Arena::new();
/// let mut json = serde_json::Deserializer::from_str(r#""text""#);
/// assert_eq!(StringSeed::new_in(&arena).deserialize(&mut json)?, "text");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct StringSeed<H: Handle = Arena> {
    handle: H,
}

impl<H: Handle> StringSeed<H> {
    /// A seed for a string in the given arena.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn new_in(handle: H) -> Self {
        Self { handle }
    }
}

impl<'de, H: Handle> DeserializeSeed<'de> for StringSeed<H> {
    type Value = ArenaString<H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<H: Handle> Visitor<'_> for StringSeed<H> {
    type Value = ArenaString<H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        ArenaString::try_from_str_in(text, self.handle).map_err(E::custom)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        let text = core::str::from_utf8(bytes).map_err(E::custom)?;
        self.visit_str(text)
    }
}

impl<H: Handle + Clone> Clone for StringSeed<H> {
    fn clone(&self) -> Self {
        Self::new_in(self.handle.clone())
    }
}

impl<H: Handle> fmt::Debug for StringSeed<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StringSeed").finish_non_exhaustive()
    }
}
