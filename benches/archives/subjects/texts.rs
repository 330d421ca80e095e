//! Ours: `VarMap`, in memory and in a file.
#![allow(unsafe_code, reason = "maps a file that this program alone has")]

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use arenamap::fixed::{AlignedBytes, IndexedMap, Memory, VarMap};

use super::{Archive, Reader, Sources, Work};

type Map<M = AlignedBytes> = VarMap<str, str, M>;

/// Both kinds are read by the same calls.
macro_rules! readers {
    ($($map:ident)*) => {$(
        impl<M: Memory> Reader for $map<str, str, M> {
            #[inline]
            fn get<T>(&mut self, key: &str, see: impl FnOnce(&str) -> T) -> Option<T> {
                $map::get(self, key).map(see)
            }

            fn get_batch(&mut self, keys: &[&str], see: impl FnMut(&str)) -> Option<()> {
                let mut found = [None; 16];
                $map::get_batch(self, keys, &mut found[..keys.len()]);
                found.into_iter().flatten().for_each(see);
                Some(())
            }

            fn walk(&mut self, mut see: impl FnMut(&str, &str)) {
                for (key, value) in self.iter() {
                    see(key, value);
                }
            }
        }
    )*};
}

readers!(VarMap IndexedMap);

fn snapshot(sources: &Sources<'_>) -> Result<Map> {
    Ok(Map::from_pairs(
        sources.in_arena.iter().map(|(key, &value)| (key, value)),
    )?)
}

/// `VERIFIED`: every byte is looked at when it is opened.
pub(super) struct Texts<'s, const VERIFIED: bool> {
    sources: &'s Sources<'s>,
    sealed: Map,
}

impl<'s, const VERIFIED: bool> Texts<'s, VERIFIED> {
    pub(super) fn new(sources: &'s Sources<'s>) -> Result<Self> {
        let mut sealed = snapshot(sources)?;
        sealed.seal();
        Ok(Self { sources, sealed })
    }
}

impl<const VERIFIED: bool> Archive for Texts<'_, VERIFIED> {
    fn bytes(&self) -> Result<usize> {
        Ok(self.sealed.as_bytes().len())
    }

    fn write(&mut self) -> Result<()> {
        black_box(snapshot(self.sources)?.as_bytes());
        Ok(())
    }

    /// In memory of its own, which is one copy; opened, so that it is known to be one.
    fn write_sealed(&mut self) -> Option<Result<()>> {
        let mut write = || {
            black_box(Map::open(AlignedBytes::try_from_slice(self.sealed.seal())?)?);
            Ok(())
        };
        Some(write())
    }

    fn copy(&mut self) -> Option<Result<()>> {
        black_box(self.sealed.as_bytes().to_vec());
        Some(Ok(()))
    }

    fn open<W: Work>(&self, work: W) -> Result<W::Result> {
        let bytes = black_box(self.sealed.as_bytes());
        let mut map = if VERIFIED {
            Map::open_verified(bytes)?
        } else {
            Map::open(bytes)?
        };
        Ok(work.with(black_box(&mut map)))
    }
}

pub(super) struct TextsFile<'s> {
    sources: &'s Sources<'s>,
    path: PathBuf,
    /// Beside it, for what is written by hand.
    copy: PathBuf,
    sealed: Map,
}

impl<'s> TextsFile<'s> {
    pub(super) fn new(sources: &'s Sources<'s>, dir: &Path) -> Result<Self> {
        let path = dir.join("archive");
        let mut sealed = snapshot(sources)?;
        sealed.publish(&path)?;
        Ok(Self {
            sources,
            path,
            copy: dir.join("copy"),
            sealed,
        })
    }
}

impl Archive for TextsFile<'_> {
    fn bytes(&self) -> Result<usize> {
        Ok(usize::try_from(std::fs::metadata(&self.path)?.len())?)
    }

    fn write(&mut self) -> Result<()> {
        snapshot(self.sources)?.publish(&self.path)?;
        Ok(())
    }

    fn write_sealed(&mut self) -> Option<Result<()>> {
        let published = self.sealed.publish(&self.path).map(drop);
        Some(published.map_err(Into::into))
    }

    /// Another file, synced, in place of the old one: as `publish` does, without a checksum.
    fn copy(&mut self) -> Option<Result<()>> {
        let copy = || {
            let new = self.copy.with_extension("new");
            let mut file = File::create(&new)?;
            file.write_all(self.sealed.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &self.copy)?;
            File::open(self.copy.parent().unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(())
        };
        Some(copy())
    }

    fn open<W: Work>(&self, work: W) -> Result<W::Result> {
        // SAFETY: `publish` puts another file in its place, and nobody else writes to it.
        let mut map = unsafe { Map::map_file(&self.path)? };
        Ok(work.with(black_box(&mut map)))
    }
}
