//! Archives with texts in files.
#![allow(
    unsafe_code,
    reason = "maps files, under the promises of `FixedMap::map_file` and `FixedMap::open_file_mut`"
)]

use super::archive::{look_at, open_to_read};
use super::error::at;
use super::mapping::{close_settled, lock_closed, map_open, map_open_verified, mark_open};
use super::publish::{create, publish};
use super::read::{read, read_unverified};
use super::{FileError, Mapped, MappedMut};
use crate::fixed::core::Core;
use crate::fixed::value::{AnyBytes, Frozen};
use crate::fixed::{AlignedBytes, MemoryMut, Recovered, VarKey, VarMap, VarValue};
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

impl<K: VarKey + ?Sized, V: VarValue + ?Sized> VarMap<K, V, MappedMut> {
    /// Makes a file with an empty map with room for `capacity` entries whose texts have `room` bytes together, locks it, and maps it for
    /// writing.
    ///
    /// The file appears at the path complete, or not at all. It is marked as open until [`close`](Self::close).
    ///
    /// Allocates: heap, a small block for a path, and while it verifies as [`open_file_mut_verified`](Self::open_file_mut_verified). Time:
    /// O(bytes), which are all written once.
    ///
    /// # Errors
    ///
    /// As [`FixedMap::create_file`](crate::fixed::FixedMap::create_file).
    ///
    /// # Safety
    ///
    /// As [`FixedMap::open_file_mut`](crate::fixed::FixedMap::open_file_mut): as long as the map lives, or the memory taken out of it, nobody else
    /// may map the file, write to it or shorten it.
    ///
    /// ```
    /// use arenamap::fixed::VarMap;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("words");
    /// // SAFETY: nobody else knows the directory.
    /// let mut words = unsafe { VarMap::<str, str, _>::create_file(&path, 1_000, 30_000)? };
    /// words.insert("one", "eins")?;
    /// words.close()?;
    ///
    /// // SAFETY: the same.
    /// let mut words = unsafe { VarMap::<str, str, _>::open_file_mut(&path)? };
    /// words.insert("two", "zwei")?;
    /// drop(words); // not closed
    ///
    /// // SAFETY: the same.
    /// let (words, recovered) = unsafe { VarMap::<str, str, _>::recover_file(&path)? };
    /// assert_eq!((words.get("two"), recovered.kept, recovered.lost), (Some("zwei"), 2, 0));
    /// words.close()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn create_file(path: impl AsRef<Path>, capacity: usize, room: usize) -> Result<Self, FileError> {
        at(path, |path| {
            let lock = create::<K::Slot, V::Slot>(path, capacity, room)?;
            let bytes = look_at::<Self>(lock.file())?.bytes;
            // Verified, of a map without entries: so its texts need not be looked at when they are read.
            let mut map = Self::open_verified_here(MappedMut::of(lock, bytes)?)?;
            mark_open(&mut map.core)?;
            Ok(map)
        })
    }

    /// Locks a file and maps it for writing, as [`open_mut`](VarMap::open_mut) does: see
    /// [`FixedMap::open_file_mut`](crate::fixed::FixedMap::open_file_mut).
    ///
    /// Allocates: never. Time: O(1), and one sync of the disk.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Safety
    ///
    /// As there.
    pub unsafe fn open_file_mut(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K::Slot: AnyBytes,
        V::Slot: AnyBytes,
    {
        at(path, |path| {
            let (lock, bytes) = lock_closed::<Self>(path)?;
            let mut map = Self::open_here(MappedMut::of(lock, bytes)?)?;
            mark_open(&mut map.core)?;
            Ok(map)
        })
    }

    /// [`open_file_mut`](Self::open_file_mut) for all types. The file is verified, as by [`open_verified`](VarMap::open_verified), before
    /// anything is written; its texts are not looked at again when they are read.
    ///
    /// Allocates: heap, four bytes a group and a bit for each used byte of the room while it verifies. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`open_file_mut`](Self::open_file_mut), and [`FileCause::Archive`](super::FileCause::Archive) with the first thing that is wrong. Then
    /// the file is as it was.
    ///
    /// # Safety
    ///
    /// As [`open_file_mut`](Self::open_file_mut).
    pub unsafe fn open_file_mut_verified(path: impl AsRef<Path>) -> Result<Self, FileError> {
        at(path, |path| {
            let (lock, bytes) = lock_closed::<Self>(path)?;
            let mut map = Self::open_verified_here(MappedMut::of(lock, bytes)?)?;
            mark_open(&mut map.core)?;
            Ok(map)
        })
    }

    /// Repairs and opens a file that was not closed cleanly. It keeps the entries that are whole, and says what it kept and what it lost, as
    /// [`recover`](VarMap::recover) does.
    ///
    /// Allocates: heap, a bit for each byte of the room and for each slot. Time: O(bytes), and one sync of the disk.
    ///
    /// # Errors
    ///
    /// As [`FixedMap::recover_file`](crate::fixed::FixedMap::recover_file).
    ///
    /// # Safety
    ///
    /// As [`open_file_mut`](Self::open_file_mut).
    pub unsafe fn recover_file(path: impl AsRef<Path>) -> Result<(Self, Recovered), FileError> {
        at(path, |path| {
            let memory = MappedMut::of_damaged::<K::Slot, V::Slot>(path)?;
            let mut map = Self::attached(Core::attach_damaged(memory)?);
            mark_open(&mut map.core)?;
            let recovered = map.recover_here()?;
            Ok((map, recovered))
        })
    }

    /// Writes everything so far to the disk. The file stays marked as open.
    ///
    /// Allocates: never. Time: O(pages that changed).
    ///
    /// # Errors
    ///
    /// [`FileCause::Io`](super::FileCause::Io) if the operating system refuses.
    #[allow(clippy::needless_pass_by_ref_mut, reason = "nothing is written meanwhile")]
    pub fn flush(&mut self) -> Result<(), FileError> {
        Ok(self.core.memory().flush()?)
    }

    /// Closes the file: writes everything to the disk, counts the generation up, seals the archive, writes the seal to the disk, and unlocks
    /// the file.
    ///
    /// Allocates: never. Time: O(bytes), for the checksum; three syncs of the disk.
    ///
    /// # Errors
    ///
    /// [`FileCause::Io`](super::FileCause::Io) if the operating system refuses. Then the file stays marked as open.
    pub fn close(mut self) -> Result<(), FileError> {
        self.settle();
        Ok(close_settled(self.core)?)
    }
}
