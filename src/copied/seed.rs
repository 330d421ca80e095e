//! Feature `serde`: reads and writes a map with copied keys as a map with strings, or bytes, for keys.
//!
//! The bytes of a key go from the input into the arena, without an owned key in between. If the key was there already,
//! its second copy is given back.

use core::fmt;
use core::hash::BuildHasher;
use core::marker::PhantomData;
use core::mem;
use core::str;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde_core::ser::{Serialize, Serializer};

use super::element::fill_with;
use super::key::{Block, Stored};
use super::{CopiedKey, CopiedMap, DefaultHashBuilder};
use crate::arena::{Arena, Handle, Raw};
use crate::error::ArenaError;
use crate::serde::cautious;
use crate::table::Search;

/// How a kind of keys is written and read.
pub trait SerdeKey: CopiedKey {
    /// What is expected for a key.
    const KEY: &'static str;

    /// What is expected for a map.
    const MAP_OF_KEYS: &'static str;

    /// Writes a key.
    ///
    /// # Errors
    ///
    /// The error of the serializer.
    fn write<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error>;

    /// Reads a key through a visitor.
    ///
    /// # Errors
    ///
    /// The error of the deserializer or of the visitor.
    fn read<'de, D: Deserializer<'de>, R: Visitor<'de>>(deserializer: D, visitor: R) -> Result<R::Value, D::Error>;

    /// The key of these bytes, if they are one.
    fn of_bytes(bytes: &[u8]) -> Option<&Self>;
}

impl SerdeKey for str {
    const KEY: &'static str = "a string";
    const MAP_OF_KEYS: &'static str = "a map with string keys";

    fn write<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.serialize_str(self)
    }

    fn read<'de, D: Deserializer<'de>, R: Visitor<'de>>(deserializer: D, visitor: R) -> Result<R::Value, D::Error> {
        deserializer.deserialize_str(visitor)
    }

    fn of_bytes(bytes: &[u8]) -> Option<&Self> {
        str::from_utf8(bytes).ok()
    }
}

impl SerdeKey for [u8] {
    const KEY: &'static str = "bytes";
    const MAP_OF_KEYS: &'static str = "a map with bytes for keys";

    fn write<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.serialize_bytes(self)
    }

    fn read<'de, D: Deserializer<'de>, R: Visitor<'de>>(deserializer: D, visitor: R) -> Result<R::Value, D::Error> {
        deserializer.deserialize_bytes(visitor)
    }

    fn of_bytes(bytes: &[u8]) -> Option<&Self> {
        Some(bytes)
    }
}

/// A key as it is written.
pub(crate) struct Written<'a, Q: ?Sized>(pub(crate) &'a Q);

impl<Q: SerdeKey + ?Sized> Serialize for Written<'_, Q> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.0.write(serializer)
    }
}

impl<Q: SerdeKey + ?Sized, V: Serialize, S, H: Handle> Serialize for CopiedMap<Q, V, S, H> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (Written(key), value)))
    }
}

impl<'de, Q, V, S, H> Deserialize<'de> for CopiedMap<Q, V, S, H>
where
    Q: SerdeKey + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher + Default,
    H: Handle + Default,
{
    /// A map that owns a new arena. [`CopiedMapSeed`] takes any handle.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        CopiedMapSeed::new_in(H::default())
            .hasher(S::default())
            .deserialize(deserializer)
    }
}

/// Deserializes a [`CopiedMap`] into a given arena, the bytes of its keys included. For strings its name is
/// [`StrMapSeed`](super::StrMapSeed).
///
/// Values are deserialized by `VS`, itself a seed: `PhantomData<V>` for types that need none, another seed for maps in
/// the map. If the arena refuses, deserializing ends with an error that has the text of the [`ArenaError`]. If a key
/// comes several times, its last value stays. The input may say how many entries it has: room is made at once for at
/// most 4096 entries and 1 MiB.
///
/// # Examples
///
/// ```
/// use arenamap::{Arena, StrMap, StrMapSeed};
/// use serde::de::DeserializeSeed;
///
/// let arena = Arena::new();
/// let mut json = serde_json::Deserializer::from_reader(&br#"{"a": 1, "b": 2}"#[..]);
/// let map: StrMap<u32, _, _> = StrMapSeed::new_in(&arena).deserialize(&mut json)?;
/// assert_eq!(map["b"], 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct CopiedMapSeed<Q: ?Sized, VS, S = DefaultHashBuilder, H: Handle = Arena> {
    handle: H,
    hash_builder: S,
    values: VS,
    kind: PhantomData<fn(&Q)>,
}

impl<Q: ?Sized, V, H: Handle> CopiedMapSeed<Q, PhantomData<V>, DefaultHashBuilder, H> {
    /// A seed for a map in the given arena, of values that need no seed.
    ///
    /// Allocates: never. Time: O(1).
    pub fn new_in(handle: H) -> Self {
        Self::with_values_in(PhantomData, handle)
    }
}

impl<Q: ?Sized, VS, H: Handle> CopiedMapSeed<Q, VS, DefaultHashBuilder, H> {
    /// A seed for a map in the given arena, of values that are deserialized by clones of `values`.
    ///
    /// Allocates: never. Time: O(1).
    pub fn with_values_in(values: VS, handle: H) -> Self {
        Self {
            handle,
            hash_builder: DefaultHashBuilder::default(),
            values,
            kind: PhantomData,
        }
    }
}

impl<Q: ?Sized, VS, S, H: Handle> CopiedMapSeed<Q, VS, S, H> {
    /// The hasher of the map. Default: a [`DefaultHashBuilder`], whose seed all clones of this seed share.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> CopiedMapSeed<Q, VS, S2, H> {
        CopiedMapSeed {
            handle: self.handle,
            hash_builder,
            values: self.values,
            kind: PhantomData,
        }
    }
}

impl<'de, Q, VS, S, H> DeserializeSeed<'de> for CopiedMapSeed<Q, VS, S, H>
where
    Q: SerdeKey + ?Sized,
    VS: DeserializeSeed<'de> + Clone,
    S: BuildHasher,
    H: Handle,
{
    type Value = CopiedMap<Q, VS::Value, S, H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, Q, VS, S, H> Visitor<'de> for CopiedMapSeed<Q, VS, S, H>
where
    Q: SerdeKey + ?Sized,
    VS: DeserializeSeed<'de> + Clone,
    S: BuildHasher,
    H: Handle,
{
    type Value = CopiedMap<Q, VS::Value, S, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Q::MAP_OF_KEYS)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = CopiedMap::with_hasher_in(self.hash_builder, self.handle);
        // Refused, it may still be that fewer come than were announced.
        let _ = map.try_reserve(cautious::<(Stored<Q>, VS::Value)>(entries.size_hint()));
        // Declared after the map, every block is dropped before it, on the error path too.
        let arena = map.map.table.arena().map_err(A::Error::custom)?;
        while let Some(block) = entries.next_key_seed(KeySeed::<Q, H>::new(arena))? {
            let value = entries.next_value_seed(self.values.clone())?;
            set(&mut map, block, value).map_err(A::Error::custom)?;
        }
        Ok(map)
    }
}

/// Inserts a key that was copied for this map, or gives its copy back if it is there already.
fn set<Q, V, S, H>(map: &mut CopiedMap<Q, V, S, H>, block: Block<Q, H>, value: V) -> Result<(), ArenaError>
where
    Q: CopiedKey + ?Sized,
    S: BuildHasher,
    H: Handle,
{
    match map.search(block.get()) {
        (Search::Found(found), _) => {
            drop(block);
            drop(mem::replace(&mut found.into_mut().1, value));
        }
        (Search::Vacant(vacant), hash_builder) => {
            fill_with(vacant, hash_builder, block, value).map_err(|(_, cause)| cause)?;
        }
    }
    Ok(())
}

/// Copies a key into the arena of a map that outlives the copy.
struct KeySeed<Q: ?Sized, H: Handle> {
    arena: Raw<H>,
    kind: PhantomData<fn(&Q)>,
}

impl<Q: SerdeKey + ?Sized, H: Handle> KeySeed<Q, H> {
    fn new(arena: Raw<H>) -> Self {
        Self {
            arena,
            kind: PhantomData,
        }
    }
}

impl<'de, Q: SerdeKey + ?Sized, H: Handle> DeserializeSeed<'de> for KeySeed<Q, H> {
    type Value = Block<Q, H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Block<Q, H>, D::Error> {
        Q::read(deserializer, self)
    }
}

impl<Q: SerdeKey + ?Sized, H: Handle> Visitor<'_> for KeySeed<Q, H> {
    type Value = Block<Q, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Q::KEY)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Block<Q, H>, E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Block<Q, H>, E> {
        match Q::of_bytes(bytes) {
            Some(key) => Block::copy_in(self.arena, key).map_err(E::custom),
            None => Err(E::invalid_value(Unexpected::Bytes(bytes), &self)),
        }
    }
}

impl<Q: ?Sized, VS: Clone, S: Clone, H: Handle + Clone> Clone for CopiedMapSeed<Q, VS, S, H> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            hash_builder: self.hash_builder.clone(),
            values: self.values.clone(),
            kind: PhantomData,
        }
    }
}

impl<Q: ?Sized, VS, S, H: Handle> fmt::Debug for CopiedMapSeed<Q, VS, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopiedMapSeed").finish_non_exhaustive()
    }
}
