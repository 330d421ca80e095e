//! A map of paths from nested maps, or from a list.

use core::fmt;
use core::hash::BuildHasher;
use core::marker::PhantomData;

use serde_core::de::value::{BorrowedBytesDeserializer, BorrowedStrDeserializer, BytesDeserializer};
use serde_core::de::value::{EnumAccessDeserializer, SeqAccessDeserializer};
use serde_core::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

use super::super::PathMap;
use super::super::key::PathKey;
use super::super::part::{PartSeed, ReadPart};
use super::super::tree::Making;
use super::{BOTH, DEEP, NESTED};
use crate::arena::{Arena, Handle};
use crate::map::DefaultHashBuilder;

impl<'de, K, V, S, H> Deserialize<'de> for PathMap<K, V, S, H>
where
    K: ReadPart<'de> + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher + Default,
    H: Handle + Default,
{
    /// From nested maps, into a map that owns a new arena. [`PathMapSeed`] takes any handle.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PathMapSeed::new_in(H::default())
            .hasher(S::default())
            .deserialize(deserializer)
    }
}

/// Deserializes a [`PathMap`] into a given arena, the bytes of its keys included; from nested maps, or from a [list](Self::list).
///
/// If the arena refuses, or the input is deeper than the limit, deserializing ends with an error that says so.
///
/// # Examples
///
/// ```
/// use arenamap::Arena;
/// use arenamap::nested::PathMapSeed;
/// use serde::de::DeserializeSeed;
///
/// let arena = Arena::new();
/// let mut json = serde_json::Deserializer::from_str(r#"{"service": {"timeout": 30, "retries": 3}}"#);
/// let map = PathMapSeed::<str, u32, _, _>::new_in(&arena).deserialize(&mut json)?;
/// assert_eq!(map.get(["service", "timeout"]), Some(&30));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct PathMapSeed<K: ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    handle: H,
    hash_builder: S,
    depth_limit: Option<usize>,
    list: bool,
    #[allow(clippy::type_complexity, reason = "what it makes")]
    kind: PhantomData<fn(&K) -> V>,
}

impl<K: PathKey + ?Sized, V, H: Handle> PathMapSeed<K, V, DefaultHashBuilder, H> {
    /// A seed for a map in the given arena, from nested maps.
    ///
    /// Allocates: never. Time: O(1).
    pub fn new_in(handle: H) -> Self {
        Self {
            handle,
            hash_builder: DefaultHashBuilder::default(),
            depth_limit: None,
            list: false,
            kind: PhantomData,
        }
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMapSeed<K, V, S, H> {
    /// The hasher of the map.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn hasher<S2>(self, hash_builder: S2) -> PathMapSeed<K, V, S2, H> {
        PathMapSeed {
            handle: self.handle,
            hash_builder,
            depth_limit: self.depth_limit,
            list: self.list,
            kind: PhantomData,
        }
    }

    /// The depth limit of the map, and so of the input. Without one, nested maps end at 127 levels.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn depth_limit(mut self, levels: usize) -> Self {
        self.depth_limit = Some(levels);
        self
    }

    /// The input is a list of paths and values.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn list(mut self) -> Self {
        self.list = true;
        self
    }
}

impl<K: ?Sized, V, S, H: Handle> fmt::Debug for PathMapSeed<K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathMapSeed").finish_non_exhaustive()
    }
}

impl<'de, K, V, S, H> DeserializeSeed<'de> for PathMapSeed<K, V, S, H>
where
    K: ReadPart<'de> + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = PathMap<K, V, S, H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut map = PathMap::with_hasher_in(self.hash_builder, self.handle);
        if let Some(limit) = self.depth_limit {
            map = map.with_depth_limit(limit);
        }
        if self.list {
            deserializer.deserialize_seq(Lines(&mut map))?;
        } else {
            let at = Making::new(&mut map, 0, 0).map_err(D::Error::custom)?.finish();
            let left = self.depth_limit.unwrap_or(NESTED);
            LevelSeed {
                map: &mut map,
                at,
                left,
                is_human_readable: deserializer.is_human_readable(),
            }
            .deserialize(deserializer)?;
            map.prune(at); // of an empty input
        }
        Ok(map)
    }
}

/// Reads a level, whose node is there and empty.
struct LevelSeed<'m, K: PathKey + ?Sized, V, S, H: Handle> {
    map: &'m mut PathMap<K, V, S, H>,
    at: u32,
    left: usize,
    is_human_readable: bool,
}

impl<'de, K, V, S, H> DeserializeSeed<'de> for LevelSeed<'_, K, V, S, H>
where
    K: ReadPart<'de> + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What a value is read from: structs around one value are written as what is in them, and so are options, if there is something.
struct Bare<D> {
    of: D,
    is_something: bool,
    /// What the format says; not what `of` says, which is made of a part.
    is_human_readable: bool,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Bare<D> {
    type Error = D::Error;

    fn is_human_readable(&self) -> bool {
        self.is_human_readable
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.of.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        if self.is_something {
            visitor.visit_some(self)
        } else {
            visitor.visit_none()
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.of.deserialize_enum(name, variants, visitor)
    }

    serde_core::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// What is no map is a value.
macro_rules! values {
    ($($visit:ident: $type:ty),*) => {$(
        fn $visit<E: Error>(self, value: $type) -> Result<(), E> {
            self.value(value.into_deserializer())
        }
    )*};
}

impl<K: PathKey + ?Sized, V, S, H: Handle> LevelSeed<'_, K, V, S, H> {
    fn value<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error>
    where
        V: Deserialize<'de>,
    {
        let value = V::deserialize(Bare {
            of: deserializer,
            is_something: true,
            is_human_readable: self.is_human_readable,
        })?;
        self.set(value)
    }

    /// The last value of a key that comes again, but not beside levels: what has both could not be written.
    fn set<E: Error>(self, value: V) -> Result<(), E> {
        if self.map.slab.get(self.at).last != 0 {
            return Err(E::custom(BOTH));
        }
        self.map.set(self.at, value);
        Ok(())
    }
}

impl<'de, K, V, S, H> Visitor<'de> for LevelSeed<'_, K, V, S, H>
where
    K: ReadPart<'de> + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of levels, or a value")
    }

    values! {
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64, visit_char: char,
        visit_str: &str
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        self.value(BytesDeserializer::new(bytes))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        self.value(BorrowedStrDeserializer::new(text))
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<(), E> {
        self.value(BorrowedBytesDeserializer::new(bytes))
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        let value = V::deserialize(Bare {
            of: ().into_deserializer(),
            is_something: false,
            is_human_readable: self.is_human_readable,
        })?;
        self.set(value)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        self.value(SeqAccessDeserializer::new(elements))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<(), A::Error> {
        self.value(EnumAccessDeserializer::new(data))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self {
            map,
            at,
            left,
            is_human_readable,
        } = self;
        let Some(left) = left.checked_sub(1) else {
            return Err(A::Error::custom(DEEP));
        };
        if map.slab.get(at).has_value() {
            return Err(A::Error::custom(BOTH));
        }
        loop {
            // (Levels above are counted by `left`.)
            let mut refused = false;
            let child = entries.next_key_seed(PartSeed(
                |part: &K| {
                    refused = true;
                    let mut making = Making::new(map, at, 0)?;
                    making.descend([part])?;
                    refused = false;
                    Ok(making.finish())
                },
                PhantomData,
            ))?;
            let Some(child) = child else {
                return if refused {
                    Err(A::Error::custom(KEPT_BACK))
                } else {
                    Ok(())
                };
            };
            entries.next_value_seed(LevelSeed {
                map,
                at: child,
                left,
                is_human_readable,
            })?;
            map.prune_below(child, at);
        }
    }
}

/// What is said where an input does not hand on the error of what it reads.
const KEPT_BACK: &str = "an error of this map was kept back by the input";

/// Reads the list form.
struct Lines<'m, K: PathKey + ?Sized, V, S, H: Handle>(&'m mut PathMap<K, V, S, H>);

/// Reads a line of it. `true` while there are levels of a line that is not complete.
struct Line<'m, K: PathKey + ?Sized, V, S, H: Handle>(&'m mut PathMap<K, V, S, H>, &'m mut bool);

/// Reads the path of a line, whose node is made.
struct PathSeed<'m, K: PathKey + ?Sized, V, S, H: Handle>(&'m mut PathMap<K, V, S, H>);

impl<'de, K, V, S, H> Visitor<'de> for Lines<'_, K, V, S, H>
where
    K: ReadPart<'de> + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of paths and values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<(), A::Error> {
        let mut incomplete = false;
        while lines.next_element_seed(Line(&mut *self.0, &mut incomplete))?.is_some() {}
        if incomplete {
            return Err(A::Error::custom(KEPT_BACK));
        }
        Ok(())
    }
}

impl<'de, K, V, S, H> DeserializeSeed<'de> for Line<'_, K, V, S, H>
where
    K: ReadPart<'de> + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_tuple(2, self)
    }
}

impl<'de, K, V, S, H> Visitor<'de> for Line<'_, K, V, S, H>
where
    K: ReadPart<'de> + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut line: A) -> Result<(), A::Error> {
        let Self(map, incomplete) = self;
        *incomplete = true;
        let node = line
            .next_element_seed(PathSeed(&mut *map))?
            .ok_or_else(|| A::Error::invalid_length(0, &"a path and a value"))?;
        // An error ends the map, and with it the levels that were made for this line.
        let value = line
            .next_element()?
            .ok_or_else(|| A::Error::invalid_length(1, &"a path and a value"))?;
        map.set(node, value);
        *incomplete = false;
        Ok(())
    }
}

impl<'de, K, V, S, H> DeserializeSeed<'de> for PathSeed<'_, K, V, S, H>
where
    K: ReadPart<'de> + ?Sized,
    S: BuildHasher,
    H: Handle,
{
    type Value = u32;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, K, V, S, H> Visitor<'de> for PathSeed<'_, K, V, S, H>
where
    K: ReadPart<'de> + ?Sized,
    S: BuildHasher,
    H: Handle,
{
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<u32, A::Error> {
        let root = self.0.root;
        let mut making = Making::new(self.0, root, 0).map_err(A::Error::custom)?;
        let mut refused = false;
        let mut descend = |part: &K| {
            refused = true;
            making.descend([part])?;
            refused = false;
            Ok(())
        };
        while parts.next_element_seed(PartSeed(&mut descend, PhantomData))?.is_some() {}
        if refused {
            return Err(A::Error::custom(KEPT_BACK));
        }
        Ok(making.finish())
    }
}
