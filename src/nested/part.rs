//! Feature `serde`: how a part of a path is written and read. What is copied goes from the input into the arena, without an
//! owned key in between.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::str;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_core::ser::{Serialize, Serializer};

use super::PathError;
use super::key::{PathKey, PathPart};

/// How a part is written.
pub trait WritePart: PathKey {
    /// Writes a part.
    ///
    /// # Errors
    ///
    /// The error of the serializer.
    fn write<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error>;
}

impl<K: Serialize> WritePart for K {
    fn write<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.serialize(serializer)
    }
}

impl WritePart for str {
    fn write<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.serialize_str(self)
    }
}

impl WritePart for [u8] {
    fn write<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.serialize_bytes(self)
    }
}

/// How a part is read.
pub trait ReadPart<'de>: PathPart<Self> + PathKey {
    /// Reads a part and hands it on.
    ///
    /// # Errors
    ///
    /// The error of the deserializer, or what `take` says.
    fn read<D: Deserializer<'de>, R>(
        deserializer: D,
        take: impl FnOnce(&Self) -> Result<R, PathError>,
    ) -> Result<R, D::Error>;
}

impl<'de, K: Deserialize<'de> + PathPart<K>> ReadPart<'de> for K {
    fn read<D: Deserializer<'de>, R>(
        deserializer: D,
        take: impl FnOnce(&Self) -> Result<R, PathError>,
    ) -> Result<R, D::Error> {
        take(&K::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Hands a copied part on.
struct PartVisitor<Q: ?Sized, F>(F, PhantomData<fn(&Q)>);

impl<R, F: FnOnce(&str) -> Result<R, PathError>> Visitor<'_> for PartVisitor<str, F> {
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<R, E> {
        self.0(text).map_err(E::custom)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<R, E> {
        self.visit_str(str::from_utf8(bytes).map_err(E::custom)?)
    }
}

impl<'de, R, F: FnOnce(&[u8]) -> Result<R, PathError>> Visitor<'de> for PartVisitor<[u8], F> {
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<R, E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<R, E> {
        self.0(bytes).map_err(E::custom)
    }

    /// Formats without bytes write a list of numbers. Only these are gathered on the heap.
    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<R, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = numbers.next_element::<u8>()? {
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}

impl<'de> ReadPart<'de> for str {
    fn read<D: Deserializer<'de>, R>(
        deserializer: D,
        take: impl FnOnce(&Self) -> Result<R, PathError>,
    ) -> Result<R, D::Error> {
        deserializer.deserialize_str(PartVisitor::<str, _>(take, PhantomData))
    }
}

impl<'de> ReadPart<'de> for [u8] {
    fn read<D: Deserializer<'de>, R>(
        deserializer: D,
        take: impl FnOnce(&Self) -> Result<R, PathError>,
    ) -> Result<R, D::Error> {
        deserializer.deserialize_bytes(PartVisitor::<[u8], _>(take, PhantomData))
    }
}

/// A part as it is written.
pub(super) struct Written<'a, K: ?Sized>(pub(super) &'a K);

impl<K: WritePart + ?Sized> Serialize for Written<'_, K> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.0.write(serializer)
    }
}

/// Reads a part and hands it on.
pub(super) struct PartSeed<K: ?Sized, F>(pub(super) F, pub(super) PhantomData<fn(&K)>);

impl<'de, K: ReadPart<'de> + ?Sized, R, F: FnOnce(&K) -> Result<R, PathError>> DeserializeSeed<'de> for PartSeed<K, F> {
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        K::read(deserializer, self.0)
    }
}
