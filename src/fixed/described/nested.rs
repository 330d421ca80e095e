//! Feature `serde`: an archive of paths as nested maps, as a [`PathMap`](crate::PathMap) is written.

use super::{Type, View};
use crate::fixed::PathArchive;
use crate::fixed::memory::Memory;
use crate::fixed::path::{Node, Part, Value};
use crate::fixed::value::FixedValue;
use crate::nested::NESTED;
use core::cell::Cell;
use serde_core::ser::{Error, Serialize, SerializeMap, Serializer};
use zerocopy::IntoBytes;

const BOTH: &str = "a level has a value and levels below, for which nested maps have no place; make a `PathMap` of `iter()`, and write that as a list";
const DEEP: &str = "the levels are too many for nested maps; make a `PathMap` of `iter()`, and write that as a list";

const CIRCLES: &str = "the links of the archive lead to more levels than there are: it is damaged, and `verify` says where; take another copy";

/// A level, how many may be below each other, and how many below it and beside it in all.
struct Level<'a, K: Part + ?Sized, V: Value + ?Sized, M> {
    node: Node<'a, K, V, M>,
    types: &'a [Type; 2],
    left: usize,
    levels: &'a Cell<usize>,
}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> Serialize for Level<'a, K, V, M> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let Self {
            node,
            types,
            left,
            levels,
        } = *self;
        let [part_type, value_type] = types;
        let view = |node: Node<'a, K, V, M>| {
            let (archive, number) = node.parts_of();
            let core = &archive.table.core;
            let (part, value) = core.pair(number as usize - 1);
            [(part_type, part.part_ref().as_bytes()), (value_type, value.as_bytes())].map(|(of, bytes)| View {
                of,
                bytes,
                room: core.room(),
            })
        };
        match (node.has_value(), node.is_leaf()) {
            (true, true) => return view(node)[1].serialize(serializer),
            (true, false) => return Err(Z::Error::custom(BOTH)),
            (false, _) => {}
        }
        let Some(left) = left.checked_sub(1) else {
            return Err(Z::Error::custom(DEEP));
        };
        // Each level is below one other: links that say otherwise could lead to as many as two to the depth.
        let children = node.children().count();
        let Some(others) = levels.get().checked_sub(children) else {
            return Err(Z::Error::custom(CIRCLES));
        };
        levels.set(others);
        let mut map = serializer.serialize_map(Some(children))?;
        for node in node.children() {
            let level = Self {
                node,
                types,
                left,
                levels,
            };
            map.serialize_entry(&view(node)[0], &level)?;
        }
        map.end()
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M: Memory> Serialize for PathArchive<K, V, M> {
    /// As nested maps, by the schemas of its types: what a [`PathMap`](crate::PathMap) is read from.
    ///
    /// # Errors
    ///
    /// If a level has a value and levels below, there are more than 127 levels below each other, or the links of a damaged archive lead to more
    /// levels than it has.
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{PathArchive, u32_le};
    ///
    /// let json = r#"{"service":{"port":80,"retries":3}}"#;
    /// let config: PathMap<str, u32> = serde_json::from_str(json)?;
    /// let archive = PathArchive::<str, u32_le>::from_map(&config)?;
    /// assert_eq!(serde_json::to_string(&archive)?, json);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let Some(node) = self.root() else {
            return serializer.serialize_map(Some(0))?.end();
        };
        let types = &[&K::Slot::SCHEMA, &V::Slot::SCHEMA].map(Type::of);
        let level = Level {
            node,
            types,
            left: NESTED,
            levels: &Cell::new(self.level_count()),
        };
        level.serialize(serializer)
    }
}
