//! Ours: `IndexedMap`, in memory and in a file.
#![allow(unsafe_code, reason = "maps a file that this program alone has")]

use std::hint::black_box;
use std::path::{Path, PathBuf};

use anyhow::Result;
use arenamap::fixed::{AlignedBytes, IndexedMap};

use super::{Archive, Sources, Work};

type Map<M = AlignedBytes> = IndexedMap<str, str, M>;

/// How an archive is opened.
#[derive(Clone, Copy)]
pub(super) enum Opened {
    Unchecked,
    Verified,
    Mapped,
}

pub(super) struct Indexed<'s> {
    sources: &'s Sources<'s>,
    opened: Opened,
    path: PathBuf,
    map: Map,
}

fn snapshot(sources: &Sources<'_>) -> Result<Map> {
    Ok(Map::try_from_entries(
        sources.in_arena.iter().map(|(key, &value)| (key, value)),
    )?)
}

impl<'s> Indexed<'s> {
    pub(super) fn new(sources: &'s Sources<'s>, dir: &Path, opened: Opened) -> Result<Self> {
        let (path, map) = (dir.join("archive"), snapshot(sources)?);
        map.publish(&path)?;
        Ok(Self {
            sources,
            opened,
            path,
            map,
        })
    }
}

impl Archive for Indexed<'_> {
    fn bytes(&self) -> Result<usize> {
        Ok(self.map.as_bytes().len())
    }

    fn write(&mut self) -> Result<()> {
        let map = snapshot(self.sources)?;
        match self.opened {
            Opened::Unchecked | Opened::Verified => drop(black_box(map)),
            Opened::Mapped => drop(map.publish(&self.path)?),
        }
        Ok(())
    }

    fn open<W: Work>(&self, work: W) -> Result<W::Result> {
        let bytes = black_box(self.map.as_bytes());
        Ok(match self.opened {
            Opened::Unchecked => work.with(black_box(&mut Map::open(bytes)?)),
            Opened::Verified => work.with(black_box(&mut Map::open_verified(bytes)?)),
            // SAFETY: `publish` puts another file in its place, and nobody else writes to it.
            Opened::Mapped => work.with(black_box(&mut unsafe { Map::map_file(&self.path)? })),
        })
    }
}
