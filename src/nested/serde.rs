//! Feature `serde`: a map of paths as nested maps, or as a list of paths and values.
//!
//! The nested form is what people write: `{"service": {"timeout": 30}}`. It has no place for a level that has a value and levels
//! below, and what reads it must tell a level from a value: a map is a level, everything else is a value. So the format must be
//! one that says what comes (JSON, TOML and the like), and values must not be maps or structs, nor
//! enums whose variants have fields, nor numbers of more than 64 bits; nor may `serde_json` write numbers as maps, which its feature
//! `arbitrary_precision` makes it do.
//!
//! The list form is for everything else: `[[["service", "timeout"], 30]]`. Its name in a struct is
//! `#[serde(with = "arenamap::nested::as_list")]`.
//!
//! Serde itself is recursive: one level of the nested form is a call in a call. So the nested form ends at the depth limit of the map, or
//! at 127 levels where there is none, with an error: as many as `serde_json` reads of a map by itself. The list form is not recursive.

mod read;

use core::fmt;
use core::hash::BuildHasher;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer};
use serde_core::ser::{Error, Serialize, SerializeMap, SerializeTuple, Serializer};

pub use self::read::PathMapSeed;
use super::key::PathKey;
use super::part::{ReadPart, WritePart, Written};
use super::{Node, Path, PathMap};
use crate::arena::{Arena, Handle};
use crate::map::DefaultHashBuilder;

/// Levels of the nested form, where the map has no limit.
pub(crate) const NESTED: usize = 127;

/// A level in the nested form.
struct Level<'a, K: PathKey + ?Sized, V> {
    node: Node<'a, K, V>,
    /// Levels that may be below.
    left: usize,
}

impl<K: WritePart + ?Sized, V: Serialize> Serialize for Level<'_, K, V> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let node = self.node;
        match node.value() {
            Some(value) if node.is_leaf() => return value.serialize(serializer),
            Some(_) => return Err(Z::Error::custom(BOTH)),
            None => {}
        }
        let Some(left) = self.left.checked_sub(1) else {
            return Err(Z::Error::custom(DEEP));
        };
        let mut map = serializer.serialize_map(Some(node.children().count()))?;
        for node in node.children() {
            if let Some(key) = node.key() {
                map.serialize_entry(&Written(key), &Level { node, left })?;
            }
        }
        map.end()
    }
}

const BOTH: &str = "a level has a value and levels below, for which nested maps have no place; write the map as a list";
const DEEP: &str = "the levels are too many for nested maps; write or read the map as a list, or raise its depth limit";

impl<K: WritePart + ?Sized, V: Serialize, S, H: Handle> Serialize for PathMap<K, V, S, H> {
    /// As nested maps.
    ///
    /// # Errors
    ///
    /// If a level has a value and levels below, or there are more levels than the depth limit says (127, where there is none).
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self.root() {
            Some(node) => {
                let left = self.depth_limit().unwrap_or(NESTED);
                Level { node, left }.serialize(serializer)
            }
            None => serializer.serialize_map(Some(0))?.end(),
        }
    }
}

/// A map as a list of paths and values: [`PathMap::as_list`].
pub struct AsList<'a, K: PathKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena>(&'a PathMap<K, V, S, H>);

impl<K: WritePart + ?Sized, V: Serialize, S, H: Handle> Serialize for AsList<'_, K, V, S, H> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        struct Line<'a, K: PathKey + ?Sized, V>(Path<'a, K, V>, &'a V);
        impl<K: WritePart + ?Sized, V: Serialize> Serialize for Line<'_, K, V> {
            fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                struct Parts<'a, K: PathKey + ?Sized, V>(Path<'a, K, V>);
                impl<K: WritePart + ?Sized, V> Serialize for Parts<'_, K, V> {
                    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                        serializer.collect_seq(self.0.parts().map(Written))
                    }
                }
                let mut line = serializer.serialize_tuple(2)?;
                line.serialize_element(&Parts(self.0))?;
                line.serialize_element(self.1)?;
                line.end()
            }
        }
        /// With the number of lines, which some formats need.
        struct Lines<I>(I, usize);
        impl<I: Iterator> Iterator for Lines<I> {
            type Item = I::Item;
            fn next(&mut self) -> Option<I::Item> {
                self.1 = self.1.saturating_sub(1);
                self.0.next()
            }
            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.1, Some(self.1))
            }
        }
        let lines = self.0.iter().map(|(path, value)| Line(path, value));
        serializer.collect_seq(Lines(lines, self.0.len()))
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> fmt::Debug for AsList<'_, K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsList").finish_non_exhaustive()
    }
}

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// This map as a list of paths and values, for a serializer: levels may have both, and no depth is too deep.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let map: arenamap::PathMap<str, u32> = [(&["a"][..], 1), (&["a", "b"][..], 2)].map(|(path, value)| (path.iter().copied(), value)).into_iter().collect();
    /// assert_eq!(serde_json::to_string(&map.as_list())?, r#"[[["a"],1],[["a","b"],2]]"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub const fn as_list(&self) -> AsList<'_, K, V, S, H> {
        AsList(self)
    }
}

/// A [`PathMap`] as a list of paths and values: for `#[serde(with = "arenamap::nested::as_list")]`.
///
/// # Examples
///
/// ```
/// use arenamap::PathMap;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Config {
///     #[serde(with = "arenamap::nested::as_list")]
///     settings: PathMap<str, u32>,
/// }
///
/// let config: Config = serde_json::from_str(r#"{"settings": [[["a"], 1], [["a", "b"], 2]]}"#)?;
/// assert_eq!(config.settings.get(["a", "b"]), Some(&2));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub mod as_list {
    use super::{
        BuildHasher, Deserialize, DeserializeSeed, Deserializer, Handle, PathMap, PathMapSeed, ReadPart, Serialize,
        Serializer, WritePart,
    };

    /// Writes a map as a list.
    ///
    /// Allocates: never. Time: O(levels).
    ///
    /// # Errors
    ///
    /// The error of the serializer.
    pub fn serialize<K, V, S, H, Z>(map: &PathMap<K, V, S, H>, serializer: Z) -> Result<Z::Ok, Z::Error>
    where
        K: WritePart + ?Sized,
        V: Serialize,
        H: Handle,
        Z: Serializer,
    {
        map.as_list().serialize(serializer)
    }

    /// Reads a map that owns a new arena from a list.
    ///
    /// Allocates: arena. Time: O(parts) on average.
    ///
    /// # Errors
    ///
    /// The error of the deserializer.
    pub fn deserialize<'de, K, V, S, H, D>(deserializer: D) -> Result<PathMap<K, V, S, H>, D::Error>
    where
        K: ReadPart<'de> + ?Sized,
        V: Deserialize<'de>,
        S: BuildHasher + Default,
        H: Handle + Default,
        D: Deserializer<'de>,
    {
        PathMapSeed::new_in(H::default())
            .hasher(S::default())
            .list()
            .deserialize(deserializer)
    }
}
