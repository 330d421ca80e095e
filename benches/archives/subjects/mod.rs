//! Who takes part: how each makes an archive of the same pairs, opens it, and answers.

mod databases;
mod decoded;
mod indexed;
mod texts;
mod texts_indexed;

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use arenamap::{Arena, StrMap};
use clap::ValueEnum;
use foldhash::fast::FixedState;
use serde::Serialize;

use self::texts_indexed::{Indexed, Opened};
use crate::measure::Measured;
use crate::numbers::fixed;
use crate::pairs::Pairs;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    /// `VarMap<str, str>` in memory, opened by `open`
    VarMap,
    /// The same, opened by `open_verified`
    VarMapVerified,
    /// The same, published to a file and mapped by `map_file`
    VarMapFile,
    /// `IndexedMap<str, str>` in memory, opened by `open`
    IndexedMap,
    /// The same, opened by `open_verified`
    IndexedMapVerified,
    /// The same, published to a file and mapped by `map_file`
    IndexedMapFile,
    /// rkyv's archived `HashMap<String, String>`, opened by `access`
    Rkyv,
    /// The same, opened by `access_unchecked`
    RkyvUnchecked,
    /// postcard: opening decodes a whole `HashMap<String, String>`
    Postcard,
    /// fst: keys to places in a blob of values
    Fst,
    /// LMDB by heed, a read transaction
    Lmdb,
    /// `SQLite` by rusqlite, a prepared SELECT
    #[cfg(arenamap_sqlite)]
    Sqlite,
}

/// Who does not take part, and why.
pub(crate) const LEFT_OUT: &[(&str, &str)] = &[
    (
        "odht",
        "its keys and values have a fixed size: with slots for the longest of these it would be some 1,084 bytes a pair, most of them unused",
    ),
    #[cfg(not(arenamap_sqlite))]
    ("sqlite", "not built: RUSTFLAGS='--cfg arenamap_sqlite' builds it"),
];

impl Subject {
    /// All ratios are to this one.
    pub(crate) const REFERENCE: Self = Self::VarMap;

    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or(String::new(), |value| value.get_name().to_owned())
    }

    /// An archive of these pairs; files go into `dir`.
    pub(crate) fn make<'s>(self, sources: &'s Sources<'s>, dir: &Path) -> Result<Box<dyn Measured + 's>> {
        let dir = &dir.join(self.name());
        std::fs::create_dir(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(match self {
            Self::VarMap => Box::new(texts::Texts::<false>::new(sources)?),
            Self::VarMapVerified => Box::new(texts::Texts::<true>::new(sources)?),
            Self::VarMapFile => Box::new(texts::TextsFile::new(sources, dir)?),
            Self::IndexedMap => Box::new(Indexed::new(sources, dir, Opened::Unchecked)?),
            Self::IndexedMapVerified => Box::new(Indexed::new(sources, dir, Opened::Verified)?),
            Self::IndexedMapFile => Box::new(Indexed::new(sources, dir, Opened::Mapped)?),
            Self::Rkyv => Box::new(indexed::Rkyv::<true>::new(sources)?),
            Self::RkyvUnchecked => Box::new(indexed::Rkyv::<false>::new(sources)?),
            Self::Postcard => Box::new(decoded::Postcard::new(sources)?),
            Self::Fst => Box::new(indexed::Fst::new(sources)?),
            Self::Lmdb => Box::new(databases::Lmdb::new(sources, dir)?),
            #[cfg(arenamap_sqlite)]
            Self::Sqlite => Box::new(databases::Sqlite::new(sources, dir)?),
        })
    }
}

/// What archives are written from: the maps that a program would have.
pub(crate) struct Sources<'a> {
    /// Keys and values in an arena.
    pub(crate) in_arena: StrMap<&'a str, FixedState, &'a Arena>,
    /// Keys and values in heap blocks of their own.
    pub(crate) on_heap: HashMap<String, String, FixedState>,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(pairs: &Pairs, arena: &'a Arena) -> Self {
        let mut in_arena = StrMap::with_hasher_in(fixed(), arena);
        let mut on_heap = HashMap::with_hasher(fixed());
        for (key, value) in &pairs.pairs {
            in_arena.insert(key, &*arena.alloc_str(value));
            on_heap.insert(key.clone(), value.clone());
        }
        Self { in_arena, on_heap }
    }

    /// In the order of the keys, which builders of trees want.
    fn sorted(&self) -> Vec<(&str, &str)> {
        let mut pairs: Vec<(&str, &str)> = self.on_heap.iter().map(|(key, value)| (&**key, &**value)).collect();
        pairs.sort_unstable();
        pairs
    }
}

/// A finished archive, which can be written again.
pub(crate) trait Archive {
    /// Of the archive, as it is kept or sent.
    fn bytes(&self) -> Result<usize>;

    /// Makes the archive anew, from the map in memory.
    fn write(&mut self) -> Result<()>;

    /// Makes another archive of the finished one, which is sealed; `None` if nobody asks.
    fn write_sealed(&mut self) -> Option<Result<()>> {
        None
    }

    /// Copies the bytes of the finished archive to where `write` puts them; `None` if nobody asks.
    fn copy(&mut self) -> Option<Result<()>> {
        None
    }

    /// Opens it, and closes it after the work.
    fn open<W: Work>(&self, work: W) -> Result<W::Result>;
}

/// An archive that was opened.
pub(crate) trait Reader {
    /// Whether the key is there; what `see` makes of its value.
    fn get<T>(&mut self, key: &str, see: impl FnOnce(&str) -> T) -> Option<T>;

    /// Shows the values of several keys that are there; `None` if there is no such call.
    fn get_batch(&mut self, _keys: &[&str], _see: impl FnMut(&str)) -> Option<()> {
        None
    }

    /// Shows all pairs.
    fn walk(&mut self, see: impl FnMut(&str, &str));
}

/// Something done to an archive that is open, for each kind alike.
pub(crate) trait Work {
    type Result;
    fn with(self, reader: &mut impl Reader) -> Self::Result;
}
