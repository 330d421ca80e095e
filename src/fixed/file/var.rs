//! Archives with texts in files.
#![allow(unsafe_code, reason = "maps files, under the promise of `FixedMap::map_file`")]

use super::archive::open_to_read;
use super::error::at;
use super::mapping::{map_open, map_open_verified};
use super::publish::publish;
use super::read::{read, read_unverified};
use super::{FileError, Mapped};
use crate::fixed::value::{AnyBytes, Frozen};
use crate::fixed::{AlignedBytes, MemoryMut, VarKey, VarMap, VarValue};
use std::path::Path;

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// Writes a sealed copy of the archive to a file at this path, in place of the old file, and returns its generation: see
    /// [`FixedMap::publish`](crate::fixed::FixedMap::publish).
    ///
    /// Allocates: heap, a small block for a path. Time: O(bytes), and two syncs of the disk.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// ```
    /// use arenamap::StrMap;
    /// use arenamap::fixed::VarMap;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("words");
    /// let words = StrMap::from([("one", "eins"), ("two", "zwei")]);
    /// VarMap::<str, str>::from_pairs(words.iter().map(|(key, &value)| (key, value)))?.publish(&path)?;
    /// assert_eq!(VarMap::<str, str>::read_file(&path)?.get("two"), Some("zwei"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish(&mut self, path: impl AsRef<Path>) -> Result<u64, FileError> {
        self.settle();
        at(path, |path| publish::<Self, _, _, _>(&mut self.core, path))
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized> VarMap<K, V, AlignedBytes> {
    /// Reads an archive from a file and verifies all of it.
    ///
    /// Allocates: heap, the bytes of the archive, and while it verifies, four bytes a group and a bit for each used byte of the room. Time:
    /// O(bytes).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::read_file`](crate::fixed::FixedMap::read_file).
    pub fn read_file(path: impl AsRef<Path>) -> Result<Self, FileError> {
        at(path, read)
    }

    /// Reads an archive from a file and checks its header alone, as [`open`](VarMap::open) does.
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
        at(path, read_unverified)
    }
}

impl<K: VarKey + ?Sized, V: VarValue<Slot: Frozen> + ?Sized> VarMap<K, V, Mapped> {
    /// Maps a file for reading, as [`open`](VarMap::open) does: the header is checked, and other pages are read when a lookup needs them.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`read_file_unverified`](VarMap::read_file_unverified).
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
        at(path, |path| map_open(&open_to_read(path)?))
    }

    /// Maps a file to read it and verifies all of it.
    ///
    /// Allocates: heap, while it verifies, as [`read_file`](VarMap::read_file). Time: O(bytes); reads the whole file.
    ///
    /// # Errors
    ///
    /// As [`read_file`](VarMap::read_file).
    ///
    /// # Safety
    ///
    /// As [`map_file`](Self::map_file).
    pub unsafe fn map_file_verified(path: impl AsRef<Path>) -> Result<Self, FileError> {
        at(path, |path| map_open_verified(&open_to_read(path)?))
    }
}
