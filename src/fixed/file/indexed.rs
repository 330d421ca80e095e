//! Indexed archives in files.
#![allow(unsafe_code, reason = "maps files, under the promise of `FixedMap::map_file`")]

use super::archive::open_to_read;
use super::mapping::{map_open, map_open_verified};
use super::publish::replace;
use super::read::{read, read_unverified};
use super::{FileError, Mapped, error};
use crate::fixed::layout::at;
use crate::fixed::value::{AnyBytes, Frozen};
use crate::fixed::{AlignedBytes, IndexedMap, Memory, VarKey, VarValue};
use std::io::Write;
use std::path::Path;

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized, M: Memory> IndexedMap<K, V, M> {
    /// Writes a copy of the archive to a file at this path, in place of the old file, and returns its generation: see
    /// [`FixedMap::publish`](crate::fixed::FixedMap::publish).
    ///
    /// The generation is one more than that of the indexed archive at the path, if it is of this type, else one more than
    /// the map's own. The map keeps its own.
    ///
    /// Allocates: heap, a small block for a path. Time: O(bytes), and two syncs of the disk.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// ```
    /// use arenamap::fixed::file::{Mapped, Snapshot};
    /// use arenamap::fixed::{IndexedMap, u64_le};
    ///
    /// type Map = IndexedMap<u64_le, u64_le>;
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("squares");
    /// Map::try_from_entries([(7.into(), 49.into())])?.publish(&path)?;
    /// // SAFETY: the file is only ever replaced, by `publish`.
    /// let mut reader = unsafe { Snapshot::<IndexedMap<u64_le, u64_le, Mapped>>::map(&path)? };
    /// assert_eq!((reader.get(&7), reader.get(&8)), (Some(&49.into()), None));
    ///
    /// # #[cfg(unix)] {
    /// Map::try_from_entries([(8.into(), 64.into())])?.publish(&path)?;
    /// assert!(reader.reload()?);
    /// assert_eq!((reader.get(&8), reader.generation()), (Some(&64.into()), 2));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish(&self, path: impl AsRef<Path>) -> Result<u64, FileError> {
        let mut published = 0;
        error::at(path, |path| {
            replace::<Self>(path, self.generation(), |generation, temporary| {
                published = generation;
                let header = self.header_to_publish(generation);
                temporary.write(&header.0, |mut file| file.write_all(&self.as_bytes()[at::TAGS..]))
            })?
        })?;
        Ok(published)
    }
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized> IndexedMap<K, V, AlignedBytes> {
    /// Reads an archive from a file and verifies all of it.
    ///
    /// Allocates: heap, the bytes of the archive. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::read_file`](crate::fixed::FixedMap::read_file).
    pub fn read_file(path: impl AsRef<Path>) -> Result<Self, FileError> {
        error::at(path, read)
    }

    /// Reads an archive from a file and checks its header alone, as [`open`](IndexedMap::open) does.
    ///
    /// Allocates: heap, the bytes of the archive. Time: O(bytes), one copy.
    ///
    /// # Errors
    ///
    /// As [`read_file`](Self::read_file), but damage after the header is not noticed.
    pub fn read_file_unverified(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K::Slot: AnyBytes,
        V::Slot: AnyBytes,
    {
        error::at(path, read_unverified)
    }
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized> IndexedMap<K, V, Mapped> {
    /// Maps a file for reading, as [`open`](IndexedMap::open) does: the header is checked, and other pages are read when a lookup needs
    /// them.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`read_file_unverified`](IndexedMap::read_file_unverified).
    ///
    /// # Safety
    ///
    /// As [`FixedMap::map_file`](crate::fixed::FixedMap::map_file): as long as the map lives, or the memory taken out of it, nobody may write
    /// to the file or shorten it. `publish` does neither.
    pub unsafe fn map_file(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K::Slot: AnyBytes,
        V::Slot: AnyBytes,
    {
        error::at(path, |path| map_open(&open_to_read(path)?))
    }

    /// Maps a file to read it and verifies all of it.
    ///
    /// Allocates: never. Time: O(bytes); reads the whole file.
    ///
    /// # Errors
    ///
    /// As [`read_file`](IndexedMap::read_file).
    ///
    /// # Safety
    ///
    /// As [`map_file`](Self::map_file).
    pub unsafe fn map_file_verified(path: impl AsRef<Path>) -> Result<Self, FileError> {
        error::at(path, |path| map_open_verified(&open_to_read(path)?))
    }
}
