//! Feature `serde`: archives as serde's maps, and back.
//!
//! Keys and values need no serde traits: their schemas say what they are. Numbers are numbers, texts strings, arrays tuples, and structs
//! maps from the names of their fields to their values.

use super::types::{Leaf, Shape};
use super::{Input, Packed, Type, Value, View};
use crate::fixed::key::FixedKey;
use crate::fixed::memory::{AlignedBytes, Memory, MemoryMut};
use crate::fixed::value::{Checked, FixedValue, Frozen};
use crate::fixed::var::{VarKey, VarMap, VarValue};
use crate::fixed::view::value_of;
use crate::fixed::{FixedMap, IndexedMap};
use crate::serde::cautious;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_core::ser::{Serialize, SerializeMap, SerializeTuple, Serializer};
use zerocopy::Immutable;

impl Serialize for View<'_> {
    /// By its type. What is not valid, and types whose name is not known, are their bytes.
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self.value() {
            Value::Unit => serializer.serialize_unit(),
            Value::Bool(bool) => serializer.serialize_bool(bool),
            Value::Unsigned(number) => match u64::try_from(number).ok().filter(|_| self.of().size() <= 8) {
                Some(number) => serializer.serialize_u64(number),
                None => serializer.serialize_u128(number),
            },
            Value::Signed(number) => match i64::try_from(number).ok().filter(|_| self.of().size() <= 8) {
                Some(number) => serializer.serialize_i64(number),
                None => serializer.serialize_i128(number),
            },
            Value::F32(number) => serializer.serialize_f32(number),
            Value::F64(number) => serializer.serialize_f64(number),
            Value::Char(character) => serializer.serialize_char(character),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) | Value::Unknown(bytes) | Value::Invalid(bytes) => serializer.serialize_bytes(bytes),
            Value::Array => {
                let mut tuple = serializer.serialize_tuple(self.items().count())?;
                self.items().try_for_each(|item| tuple.serialize_element(&item))?;
                tuple.end()
            }
            Value::Struct => {
                let mut map = serializer.serialize_map(Some(self.of().members().len()))?;
                self.fields()
                    .try_for_each(|(name, field)| map.serialize_entry(name, &field))?;
                map.end()
            }
        }
    }
}

/// What stands in slots, as a map.
fn serialize<'m, K: FixedValue + Immutable, V: Frozen, Z: Serializer>(
    entries: impl Iterator<Item = (&'m K, &'m V)>,
    len: usize,
    room: &[u8],
    serializer: Z,
) -> Result<Z::Ok, Z::Error> {
    let (key_type, value_type) = (Type::of(&K::SCHEMA), Type::of(&V::SCHEMA));
    let mut map = serializer.serialize_map(Some(len))?;
    for (key, value) in entries {
        let [key, value] =
            [(&key_type, key.as_bytes()), (&value_type, value.as_bytes())].map(|(of, bytes)| View { of, bytes, room });
        map.serialize_entry(&key, &value)?;
    }
    map.end()
}

impl<K: FixedKey, V: Frozen, M: Memory> Serialize for FixedMap<K, V, M> {
    /// As a map, by the schemas of its types: see [`described`](crate::fixed::described).
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serialize(self.iter(), self.len(), &[], serializer)
    }
}

impl<K, V, M: Memory> Serialize for IndexedMap<K, V, M>
where
    K: VarKey + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
{
    /// As a map, by the schemas of its types.
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let (slots, room) = self.slots();
        serialize(slots, self.len(), room, serializer)
    }
}

impl<K, V, M: Memory> Serialize for VarMap<K, V, M>
where
    K: VarKey<Slot: Immutable> + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
{
    /// As a map, by the schemas of its types.
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serialize(self.core.iter(), self.len(), self.core.room(), serializer)
    }
}

/// A value of this type as it is written down.
#[derive(Clone, Copy)]
struct InputSeed<'t>(&'t Type);

impl<'de> DeserializeSeed<'de> for InputSeed<'_> {
    type Value = Input<'static>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Input<'static>, D::Error> {
        let of = self.0;
        match &of.shape {
            Shape::Struct(_) => deserializer.deserialize_map(self),
            Shape::Array { len, .. } => deserializer.deserialize_tuple(*len, self),
            Shape::Leaf(leaf) => match leaf {
                Leaf::Unit => deserializer.deserialize_unit(self),
                Leaf::Bool => deserializer.deserialize_bool(self),
                Leaf::Unsigned | Leaf::NonZeroUnsigned if of.size > 8 => deserializer.deserialize_u128(self),
                Leaf::Unsigned | Leaf::NonZeroUnsigned => deserializer.deserialize_u64(self),
                Leaf::Signed | Leaf::NonZeroSigned if of.size > 8 => deserializer.deserialize_i128(self),
                Leaf::Signed | Leaf::NonZeroSigned => deserializer.deserialize_i64(self),
                Leaf::Float if of.size == 4 => deserializer.deserialize_f32(self),
                Leaf::Float => deserializer.deserialize_f64(self),
                Leaf::Char => deserializer.deserialize_char(self),
                Leaf::FixedStr | Leaf::Str => deserializer.deserialize_str(self),
                Leaf::FixedBytes | Leaf::Bytes | Leaf::Unknown => deserializer.deserialize_bytes(self),
            },
        }
    }
}

/// Bytes as the text that stands for them.
fn hex(bytes: &[u8]) -> Input<'static> {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    Input::Text(
        core::iter::once("hex:".to_string())
            .chain(digits)
            .collect::<String>()
            .into(),
    )
}

impl<'de> Visitor<'de> for InputSeed<'_> {
    type Value = Input<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }

    fn visit_unit<E: Error>(self) -> Result<Input<'static>, E> {
        Ok(Input::Null)
    }

    fn visit_bool<E: Error>(self, bool: bool) -> Result<Input<'static>, E> {
        Ok(bool.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Input<'static>, E> {
        Ok(number.into())
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Input<'static>, E> {
        Ok(number.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Input<'static>, E> {
        Ok(number.into())
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Input<'static>, E> {
        Ok(number.into())
    }

    fn visit_f32<E: Error>(self, number: f32) -> Result<Input<'static>, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Input<'static>, E> {
        Ok(number.into())
    }

    fn visit_char<E: Error>(self, character: char) -> Result<Input<'static>, E> {
        Ok(Input::Text(character.to_string().into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Input<'static>, E> {
        // A text that begins as bytes in hexadecimal do is not meant to be those: only where bytes are meant.
        match &self.0.shape {
            Shape::Leaf(Leaf::FixedBytes | Leaf::Bytes) => Ok(hex(text.as_bytes())),
            _ => Ok(Input::Text(text.to_string().into())),
        }
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Input<'static>, E> {
        Ok(hex(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Input<'static>, A::Error> {
        let byte = Type::leaf("u8".to_string(), 1, 1);
        let mut items = Vec::with_capacity(cautious::<Input<'_>>(seq.size_hint()));
        match &self.0.shape {
            Shape::Struct(members) => {
                for member in members {
                    items.extend(seq.next_element_seed(InputSeed(&member.of))?);
                }
            }
            shape => {
                let item = match shape {
                    Shape::Array { item, .. } => &**item,
                    _ => &byte,
                };
                while let Some(input) = seq.next_element_seed(InputSeed(item))? {
                    items.push(input);
                }
            }
        }
        Ok(Input::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Input<'static>, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let Some(member) = self.0.members().iter().find(|member| member.name == name) else {
                return Err(A::Error::custom(format!("no field `{name}` in {}", self.0)));
            };
            fields.push((name.into(), map.next_value_seed(InputSeed(&member.of))?));
        }
        Ok(Input::Record(fields))
    }
}

/// The entries of a map that is read: each is given to a closure, as the bytes of slots and their texts.
struct Entries<'t, F> {
    key: &'t Type,
    value: &'t Type,
    give: F,
}

impl<'de, F: FnMut(&Packed<'_>, &Packed<'_>) -> Result<(), String>> Visitor<'de> for Entries<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map from {} to {}", self.key, self.value)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(InputSeed(self.key))? {
            let key = Packed::new(self.key, &key).map_err(A::Error::custom)?;
            let value = map.next_value_seed(InputSeed(self.value))?;
            let value = Packed::new(self.value, &value).map_err(A::Error::custom)?;
            (self.give)(&key, &value).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// Reads a map of these types.
fn deserialize<'de, K: FixedValue, V: FixedValue, D: Deserializer<'de>>(
    deserializer: D,
    give: impl FnMut(&Packed<'_>, &Packed<'_>) -> Result<(), String>,
) -> Result<(), D::Error> {
    let (key, value) = (&Type::of(&K::SCHEMA), &Type::of(&V::SCHEMA));
    deserializer.deserialize_map(Entries { key, value, give })
}

/// What is said of bytes that passed for a value by the schema of a type, but not by the type.
const INVALID: &str = "the bytes are no valid value of the type, although its schema takes them for one";

fn of_packed<T: Checked>(packed: &Packed<'_>) -> Result<T, String> {
    value_of(&packed.bytes).ok_or_else(|| INVALID.to_string())
}

/// Into a map that is there: each pair is inserted, and a value that is there already replaced. What went in before an error stays.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u32_le};
/// use serde::de::DeserializeSeed;
///
/// let mut ports = FixedMap::<FixedStr<16>, u32_le, _>::create(AlignedBytes::zeroed(2048), 10)?;
/// let mut json = serde_json::Deserializer::from_str(r#"{"http": 80, "https": 443}"#);
/// (&mut ports).deserialize(&mut json)?;
/// assert_eq!(ports.get("https"), Some(&443.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<'de, K, V, M> DeserializeSeed<'de> for &mut FixedMap<K, V, M>
where
    K: FixedKey + Checked,
    V: FixedValue + Checked,
    M: MemoryMut,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserialize::<K, V, D>(deserializer, |key, value| {
            let (key, value) = (of_packed(key)?, of_packed(value)?);
            self.insert(key, value).map(drop).map_err(|error| error.to_string())
        })
    }
}

/// On the heap, with no room for more.
///
/// ```
/// use arenamap::fixed::{FixedMap, u32_le, u64_le};
///
/// arenamap::fixed_struct! { pub struct Hits { pub count: u64_le, pub last: u32_le, pub first: u32_le } }
/// let json = r#"{"7":{"count":3,"last":9,"first":2}}"#;
/// let hits: FixedMap<u64_le, Hits> = serde_json::from_str(json)?;
/// assert_eq!(hits[&7].count, 3);
/// assert_eq!(serde_json::to_string(&hits)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
impl<'de, K: FixedKey + Checked, V: FixedValue + Checked> Deserialize<'de> for FixedMap<K, V, AlignedBytes> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut pairs: Vec<(K, V)> = Vec::new();
        deserialize::<K, V, D>(deserializer, |key, value| {
            pairs.push((of_packed(key)?, of_packed(value)?));
            Ok(())
        })?;
        let made = Self::try_bytes_for(pairs.len())
            .and_then(AlignedBytes::try_zeroed)
            .and_then(|memory| Self::create(memory, pairs.len()));
        let mut map = made.map_err(D::Error::custom)?;
        map.try_extend(pairs).map_err(D::Error::custom)?;
        Ok(map)
    }
}

/// Into a map that is there: each pair is inserted, and a value that is there already replaced. What went in before an error stays.
impl<'de, K, V, M> DeserializeSeed<'de> for &mut VarMap<K, V, M>
where
    K: VarKey + ?Sized,
    V: VarValue + ?Sized,
    M: MemoryMut,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserialize::<K::Slot, V::Slot, D>(deserializer, |key, value| {
            let in_key = K::given(of_packed(key)?, &key.room).ok_or(INVALID)?;
            let in_value = V::given(of_packed(value)?, &value.room).ok_or(INVALID)?;
            let inserted = self.insert(in_key, in_value).map(drop);
            inserted.map_err(|error| error.to_string())
        })
    }
}

/// On the heap, with no room for more.
///
/// ```
/// use arenamap::fixed::VarMap;
///
/// let json = r#"{"one":"eins"}"#;
/// let words: VarMap<str, str> = serde_json::from_str(json)?;
/// assert_eq!(words.get("one"), Some("eins"));
/// assert_eq!(serde_json::to_string(&words)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
impl<'de, K: VarKey + ?Sized, V: VarValue + ?Sized> Deserialize<'de> for VarMap<K, V, AlignedBytes> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut pairs: Vec<[(Vec<u8>, Vec<u8>); 2]> = Vec::new();
        let mut texts = 0;
        deserialize::<K::Slot, V::Slot, D>(deserializer, |key, value| {
            texts += key.text_bytes() + value.text_bytes();
            pairs.push([key, value].map(|packed| (packed.bytes.clone(), packed.room.clone())));
            Ok(())
        })?;
        let made = Self::try_bytes_for(pairs.len(), texts)
            .and_then(AlignedBytes::try_zeroed)
            .and_then(|memory| Self::create(memory, pairs.len(), texts));
        let mut map = made.map_err(D::Error::custom)?;
        for [(key, key_room), (value, value_room)] in &pairs {
            let key = value_of(key).and_then(|slot| K::given(slot, key_room));
            let value = value_of(value).and_then(|slot| V::given(slot, value_room));
            let (Some(key), Some(value)) = (key, value) else {
                return Err(D::Error::custom(INVALID));
            };
            map.insert(key, value).map_err(|error| D::Error::custom(error.cause))?;
        }
        Ok(map)
    }
}
