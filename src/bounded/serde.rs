//! Feature `serde`: bounded maps as serde's maps, of the entries that are in time.
//!
//! Their deadlines, weights and uses stay behind: a time to live means nothing to another clock. To take deadlines along, make a snapshot.
//! There is no `Deserialize`: data does not say how much the map may hold. [`BoundedSeed`] fills a map that is there.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde_core::ser::{Serialize, SerializeMap, Serializer};

use super::BoundedMap;
use super::copied::BoundedCopiedMap;
use crate::arena::{Handle, Raw};
use crate::copied::{Loose, SerdeKey, Text, Written};

impl<K: Serialize, V: Serialize, S, H: Handle> Serialize for BoundedMap<K, V, S, H> {
    /// The entries that are in time, by the latest time that the map was told, without deadlines and weights.
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        counted_map(serializer, self.iter(0).count(), self.iter(0))
    }
}

impl<Q: SerdeKey + ?Sized, V: Serialize, S, H: Handle> Serialize for BoundedCopiedMap<Q, V, S, H> {
    /// The entries that are in time, by the latest time that the map was told, without deadlines and weights.
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let entries = self.iter(0).map(|(key, value)| (Written(key), value));
        counted_map(serializer, self.iter(0).count(), entries)
    }
}

/// Binary formats write the number of entries first.
fn counted_map<Z: Serializer, K: Serialize, V: Serialize>(
    serializer: Z,
    count: usize,
    entries: impl Iterator<Item = (K, V)>,
) -> Result<Z::Ok, Z::Error> {
    let mut map = serializer.serialize_map(Some(count))?;
    for (key, value) in entries {
        map.serialize_entry(&key, &value)?;
    }
    map.end()
}

/// Deserializes the entries of a map into a bounded map that is there already, which knows its capacity and its lifetime.
///
/// Each is inserted at the given time, and what leaves the map for it is dropped. If the arena refuses a key, deserializing ends with an
/// error that has the text of the [`ArenaError`](crate::ArenaError); the entries before it are in the map. (A key that is copied takes
/// its bytes twice for the time of its insertion.)
///
/// # Examples
///
/// ```
/// use arenamap::BoundedMap;
/// use arenamap::bounded::{BoundedSeed, Lifetime};
/// use serde::de::DeserializeSeed;
///
/// let mut map = BoundedMap::<u32, String>::new(100);
/// map.set_lifetime(Lifetime::SinceWrite(60));
/// let mut json = serde_json::Deserializer::from_str(r#"{"1": "one", "2": "two"}"#);
/// BoundedSeed::new(&mut map, 1_000).deserialize(&mut json)?;
/// assert_eq!(map.get(&2, 1_059).map(String::as_str), Some("two"));
/// assert_eq!(map.get(&2, 1_060), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct BoundedSeed<'m, M> {
    map: &'m mut M,
    now: u64,
}

impl<'m, M> BoundedSeed<'m, M> {
    /// A seed for the entries of this map, a [`BoundedMap`] or a [`BoundedCopiedMap`].
    ///
    /// Allocates: never. Time: O(1).
    pub const fn new(map: &'m mut M, now: u64) -> Self {
        Self { map, now }
    }
}

impl<M> fmt::Debug for BoundedSeed<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedSeed").finish_non_exhaustive()
    }
}

impl<'de, K, V, S, H> DeserializeSeed<'de> for BoundedSeed<'_, BoundedMap<K, V, S, H>>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K, V, S, H> Visitor<'de> for BoundedSeed<'_, BoundedMap<K, V, S, H>>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some((key, value)) = entries.next_entry()? {
            self.map.insert(key, value, self.now);
        }
        Ok(())
    }
}

impl<'de, Q, V, S, H> DeserializeSeed<'de> for BoundedSeed<'_, BoundedCopiedMap<Q, V, S, H>>
where
    Q: SerdeKey + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, Q, V, S, H> Visitor<'de> for BoundedSeed<'_, BoundedCopiedMap<Q, V, S, H>>
where
    Q: SerdeKey + ?Sized,
    V: Deserialize<'de>,
    S: BuildHasher,
    H: Handle,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Q::MAP_OF_KEYS)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { map, now } = self;
        loop {
            let arena = map.core.handle_mut().made().map_err(A::Error::custom)?;
            let kind = PhantomData::<fn(&Q)>;
            let Some(key) = entries.next_key_seed(KeySeed { arena, kind })? else {
                return Ok(());
            };
            let value = entries.next_value()?;
            map.try_insert(key.get(), value, now)
                .map_err(|refused| A::Error::custom(refused.cause))?;
        }
    }
}

/// Copies a key into the arena of a map that outlives the copy.
struct KeySeed<Q: ?Sized, H: Handle> {
    arena: Raw<H>,
    kind: PhantomData<fn(&Q)>,
}

impl<'de, Q: SerdeKey + ?Sized, H: Handle> DeserializeSeed<'de> for KeySeed<Q, H> {
    type Value = Loose<Q, H>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose<Q, H>, D::Error> {
        Q::read(deserializer, self)
    }
}

impl<Q: SerdeKey + ?Sized, H: Handle> Visitor<'_> for KeySeed<Q, H> {
    type Value = Loose<Q, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Q::KEY)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Loose<Q, H>, E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Loose<Q, H>, E> {
        let Some(key) = Q::of_bytes(bytes) else {
            return Err(E::invalid_value(Unexpected::Bytes(bytes), &self));
        };
        let copy = Text::copy_in(key, self.arena).map_err(E::custom)?;
        Ok(Loose::new(copy, self.arena))
    }
}
