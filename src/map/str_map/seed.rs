//! Feature `serde`: a [`StrMap`] as serde's map with string keys.
//!
//! The bytes of a key go from the input into the arena, without a `String` in between. An entry whose key was there
//! already gives its copy back.

use core::fmt;
use core::hash::BuildHasher;
use core::marker::PhantomData;
use core::mem;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_core::ser::{Serialize, Serializer};

use super::element::insert_block;
use super::key::{Block, StrKey};
use super::{DefaultHashBuilder, StrMap};
use crate::arena::{Handle, Raw};
use crate::error::ArenaError;
use crate::serde::cautious;

impl<V: Serialize, H: Handle, S> Serialize for StrMap<V, H, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, V, H, S> Deserialize<'de> for StrMap<V, H, S>
where
    V: Deserialize<'de>,
    H: Handle + Default,
    S: BuildHasher + Default,
{
    /// A map that owns a new arena. [`StrMapSeed`] takes any handle.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StrMapSeed::new_in(H::default())
            .hasher(S::default())
            .deserialize(deserializer)
    }
}

/// Deserializes a [`StrMap`] into a given arena, the bytes of its keys included.
///
/// Values are deserialized by `VS`, itself a seed: `PhantomData<V>` for types that need none, another seed for maps in
/// the map. Where the arena refuses, deserializing ends with the text of the [`ArenaError`]. Of several entries with one
/// key the last one stays. Room is made at once for at most 4096 entries and 1 MiB of what the input announces.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, StrMap, StrMapSeed};
/// use serde::de::DeserializeSeed;
///
/// let arena = Arena::new();
/// let mut json = serde_json::Deserializer::from_reader(&br#"{"a": 1, "b": 2}"#[..]);
/// let map: StrMap<u32, _> = StrMapSeed::new_in(&arena).deserialize(&mut json)?;
/// assert_eq!(map["b"], 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct StrMapSeed<VS, H: Handle, S = DefaultHashBuilder> {
    handle: H,
    hash_builder: S,
    values: VS,
}

impl<V, H: Handle> StrMapSeed<PhantomData<V>, H> {
    /// A seed for a map in the given arena, of values that need no seed.
    ///
    /// Allocates: never.
    pub fn new_in(handle: H) -> Self {
        Self::with_values_in(PhantomData, handle)
    }
}

impl<VS, H: Handle> StrMapSeed<VS, H> {
    /// A seed for a map in the given arena, of values that are deserialized by clones of `values`.
    ///
    /// Allocates: never.
    pub fn with_values_in(values: VS, handle: H) -> Self {
        Self {
            handle,
            hash_builder: DefaultHashBuilder::default(),
            values,
        }
    }
}

impl<VS, H: Handle, S> StrMapSeed<VS, H, S> {
    /// The hasher of the map. Default: a [`DefaultHashBuilder`], whose seed all clones of this seed share.
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> StrMapSeed<VS, H, S2> {
        StrMapSeed {
            handle: self.handle,
            hash_builder,
            values: self.values,
        }
    }
}

impl<'de, VS, H, S> DeserializeSeed<'de> for StrMapSeed<VS, H, S>
where
    VS: DeserializeSeed<'de> + Clone,
    H: Handle,
    S: BuildHasher,
{
    type Value = StrMap<VS::Value, H, S>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, VS, H, S> Visitor<'de> for StrMapSeed<VS, H, S>
where
    VS: DeserializeSeed<'de> + Clone,
    H: Handle,
    S: BuildHasher,
{
    type Value = StrMap<VS::Value, H, S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with string keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = StrMap::with_hasher_in(self.hash_builder, self.handle);
        // Refused, it may still be that fewer come than were announced.
        let _ = map.try_reserve(cautious::<(StrKey, VS::Value)>(entries.size_hint()));
        // Declared after the map, every block is dropped before it, on the error path too.
        while let Some(block) = entries.next_key_seed(KeySeed(map.map.handle.raw()))? {
            let value = entries.next_value_seed(self.values.clone())?;
            set(&mut map, block, value).map_err(A::Error::custom)?;
        }
        Ok(map)
    }
}

/// Inserts a key that was copied for this map, or gives its copy back if it is there already.
fn set<V, H: Handle, S: BuildHasher>(map: &mut StrMap<V, H, S>, block: Block<H>, value: V) -> Result<(), ArenaError> {
    let hash = map.map.hash_of(block.as_str());
    match map
        .map
        .core
        .find_mut(hash, |(known, _)| known.as_str() == block.as_str())
    {
        Some((_, old)) => drop(mem::replace(old, value)),
        None => drop(insert_block(&mut map.map, hash, block, value).map_err(|(_, cause)| cause)?),
    }
    Ok(())
}

/// Copies a key into the arena of a map that outlives the copy.
struct KeySeed<H: Handle>(Raw<H>);

impl<'de, H: Handle> DeserializeSeed<'de> for KeySeed<H> {
    type Value = Block<H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Block<H>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<H: Handle> Visitor<'_> for KeySeed<H> {
    type Value = Block<H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Block<H>, E> {
        Block::copy_in(self.0, text).map_err(E::custom)
    }
}

impl<VS: Clone, H: Handle + Clone, S: Clone> Clone for StrMapSeed<VS, H, S> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            hash_builder: self.hash_builder.clone(),
            values: self.values.clone(),
        }
    }
}

impl<VS, H: Handle, S> fmt::Debug for StrMapSeed<VS, H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StrMapSeed").finish_non_exhaustive()
    }
}
