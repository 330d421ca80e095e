//! What a map must offer to be put through the programs; handles; keys and values.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::ops::Range;

use arenamap::{Arena, ArenaMap, ArenaSet, Handle, PooledArena, SharedArena, StrMap};
use foldhash::fast::FixedState;

use crate::support::key;
use crate::ways::{Add, Remove};

/// The hasher of every map here: the same programs in each run.
pub(crate) type Hasher = FixedState;
pub(crate) type Model<K> = HashMap<K, u64, Hasher>;
pub(crate) type Map<E, H> = ArenaMap<<E as Entries>::Key, <E as Entries>::Value, Hasher, H>;
pub(crate) type Set<H> = ArenaSet<u64, Hasher, H>;
pub(crate) type Words<H> = StrMap<u64, Hasher, H>;

/// Gives further handles of the kind.
pub(crate) type Fresh<'f, H> = &'f dyn Fn() -> H;

/// A map under test. Entries are numbers: the id of a key, and a number that the value stands for.
pub(crate) trait Subject: Sized {
    type Handle: Kind;
    type Key: Eq + Hash + Clone + Debug;
    const NAME: &'static str;
    const ADDS: &'static [Add];
    const REMOVES: &'static [Remove];
    /// False for sets: their entries stand for the number 0.
    const VALUES: bool;

    fn key(id: u64) -> Self::Key;
    fn new_in(handle: Self::Handle) -> Self;
    fn len(&self) -> usize;
    fn capacity(&self) -> usize;
    /// More than 0 while entries move to a larger table.
    fn left_to_move(&self) -> usize;
    fn reserve(&mut self, additional: usize);
    fn shrink_to_fit(&mut self);
    /// Bytes in live blocks of its arena.
    fn used(&self) -> usize;
    fn into_handle(self) -> Self::Handle;

    /// Adds pairs of ids and numbers.
    fn add(&mut self, way: Add, batch: &[(u64, u64)], fresh: Fresh<'_, Self::Handle>);
    /// Removes keys, all of which are there, from this map and the model: some ways remove all others too, or fewer.
    fn remove(&mut self, way: Remove, victims: &[u64], model: &mut Model<Self::Key>, fresh: Fresh<'_, Self::Handle>);
    /// Reads by every reading call; there are no keys of the absent ids.
    fn check(&mut self, model: &Model<Self::Key>, absent: Range<u64>);
}

/// A kind of handle, and how a map made on an arena of its own becomes one on this kind: only where this is such an arena.
pub(crate) trait Kind: Handle {
    const OWNED: bool = false;

    fn map<E: Entries>(_map: Map<E, Arena>) -> Map<E, Self> {
        unreachable!("planned for owned maps only")
    }

    fn set(_set: Set<Arena>) -> Set<Self> {
        unreachable!("planned for owned sets only")
    }

    fn words(_map: Words<Arena>) -> Words<Self> {
        unreachable!("planned for owned maps only")
    }

    fn set_ref(_set: &Set<Self>) -> &Set<Arena> {
        unreachable!("planned for owned sets only")
    }
}

impl Kind for &Arena {}

impl Kind for PooledArena<'_> {}

impl Kind for SharedArena<'_> {}

impl Kind for Arena {
    const OWNED: bool = true;

    fn map<E: Entries>(map: Map<E, Arena>) -> Map<E, Self> {
        map
    }

    fn set(set: Set<Arena>) -> Set<Self> {
        set
    }

    fn words(map: Words<Arena>) -> Words<Self> {
        map
    }

    fn set_ref(set: &Set<Self>) -> &Set<Arena> {
        set
    }
}

/// The keys and values of an `ArenaMap` under test.
pub(crate) trait Entries: 'static {
    type Key: Clone + Eq + Hash + Debug;
    type Value: Clone + PartialEq + Debug + Default;
    const NAME: &'static str;

    fn key(id: u64) -> Self::Key;
    fn value(number: u64) -> Self::Value;
    fn number(value: &Self::Value) -> u64;
    /// By references, for which keys and values must be `Copy`; else by value.
    fn extend_by_references<H: Handle>(map: &mut Map<Self, H>, entries: &[(Self::Key, Self::Value)])
    where
        Self: Sized;

    #[cfg(feature = "serde")]
    fn to_json(entries: &HashMap<Self::Key, Self::Value>) -> String;
    #[cfg(feature = "serde")]
    fn deserialize(json: &str) -> Map<Self, Arena>
    where
        Self: Sized;
    #[cfg(feature = "serde")]
    fn seed<H: Handle>(json: &str, handle: H) -> Map<Self, H>
    where
        Self: Sized;
    #[cfg(feature = "rkyv")]
    fn archive(entries: &HashMap<Self::Key, Self::Value>) -> rkyv::util::AlignedVec;
    #[cfg(feature = "rkyv")]
    fn from_archive(bytes: &[u8]) -> Map<Self, Arena>
    where
        Self: Sized;
    #[cfg(feature = "rkyv")]
    fn extend_archived<H: Handle>(map: &mut Map<Self, H>, bytes: &[u8])
    where
        Self: Sized;
}

macro_rules! entries {
    ($name:ident = $text:literal, $key:ty, $value:ty, $of_id:expr, $of_number:expr, $number:expr, $by_references:expr) => {
        pub(crate) struct $name;

        impl Entries for $name {
            type Key = $key;
            type Value = $value;
            const NAME: &'static str = $text;

            fn key(id: u64) -> $key {
                $of_id(id)
            }

            fn value(number: u64) -> $value {
                $of_number(number)
            }

            fn number(value: &$value) -> u64 {
                $number(value)
            }

            fn extend_by_references<H: Handle>(map: &mut Map<Self, H>, entries: &[($key, $value)]) {
                #[allow(
                    clippy::redundant_closure_call,
                    reason = "a closure as an argument of a macro"
                )]
                $by_references(map, entries);
            }

            #[cfg(feature = "serde")]
            fn to_json(entries: &HashMap<$key, $value>) -> String {
                serde_json::to_string(entries).unwrap()
            }

            #[cfg(feature = "serde")]
            fn deserialize(json: &str) -> Map<Self, Arena> {
                serde_json::from_str(json).unwrap()
            }

            #[cfg(feature = "serde")]
            fn seed<H: Handle>(json: &str, handle: H) -> Map<Self, H> {
                use serde::de::DeserializeSeed;
                arenamap::MapSeed::new_in(handle)
                    .hasher(Hasher::default())
                    .deserialize(&mut serde_json::Deserializer::from_str(json))
                    .unwrap()
            }

            #[cfg(feature = "rkyv")]
            fn archive(entries: &HashMap<$key, $value>) -> rkyv::util::AlignedVec {
                rkyv::to_bytes::<rkyv::rancor::Error>(entries).unwrap()
            }

            #[cfg(feature = "rkyv")]
            fn from_archive(bytes: &[u8]) -> Map<Self, Arena> {
                rkyv::from_bytes::<Map<Self, Arena>, rkyv::rancor::Error>(bytes).unwrap()
            }

            #[cfg(feature = "rkyv")]
            fn extend_archived<H: Handle>(map: &mut Map<Self, H>, bytes: &[u8]) {
                use rkyv::rancor::{Error, Strategy};
                let archived = rkyv::access::<rkyv::Archived<HashMap<$key, $value>>, Error>(bytes).unwrap();
                map.try_extend_archived(archived, Strategy::<(), Error>::wrap(&mut ()))
                    .unwrap();
            }
        }
    };
}

entries! {
    Numbers = "ArenaMap of u64 pairs", u64, u64, key, |number| number, |value: &u64| *value,
    |map: &mut Map<Numbers, H>, entries: &[(u64, u64)]| {
        // Both implementations.
        let (pairs, references) = entries.split_at(entries.len() / 2);
        map.extend(pairs);
        map.extend(references.iter().map(|(key, value)| (key, value)));
    }
}
entries! {
    Texts = "ArenaMap of strings", String, String, text, |number: u64| number.to_string(),
    |value: &String| value.parse().unwrap_or(0), // a default value is empty
    |map: &mut Map<Texts, H>, entries: &[(String, String)]| map.extend(entries.iter().cloned())
}
entries! {
    Blocks = "ArenaMap of 512-byte values", u64, Block, key, Block::from, |value: &Block| value.clone().into(),
    |map: &mut Map<Blocks, H>, entries: &[(u64, Block)]| map.extend(entries.iter().cloned())
}

/// A string key: empty, short and long ones.
pub(crate) fn text(id: u64) -> String {
    if id == 0 {
        return String::new();
    }
    let long = usize::try_from(id % 37).unwrap();
    format!("{id}{:long$}", ".")
}

/// 512 bytes, all of which say the number.
#[derive(
    Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize,
)]
#[serde(from = "u64", into = "u64")]
pub(crate) struct Block([u64; 64]);

impl Default for Block {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl From<u64> for Block {
    fn from(number: u64) -> Self {
        Self([number; 64])
    }
}

impl From<Block> for u64 {
    fn from(block: Block) -> Self {
        assert!(
            block.0.iter().all(|&word| word == block.0[0]),
            "a value is overwritten in part"
        );
        block.0[0]
    }
}
