//! Archives read into memory, and readers that follow what is published.

use super::FileError;
use super::archive::{look_at, look_to_read, open_to_read};
use crate::fixed::value::Checked;
use crate::fixed::{AlignedBytes, FixedKey, FixedMap, FixedValue, Memory};
use core::fmt;
use core::ops::Deref;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use zerocopy::FromBytes;

impl<K: FixedKey, V: FixedValue> FixedMap<K, V, AlignedBytes> {
    /// Reads an archive from a file and verifies all of it, as [`open_verified`](FixedMap::open_verified) does. Time: linear.
    /// Allocates: heap, the bytes of the archive; while it verifies, four bytes a group.
    ///
    /// The header is read and checked first, the memory is asked for then, and the file is copied into it once. The file is
    /// closed afterwards and may change.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] with the step, [`FileError::Archive`] with the first thing that is wrong, [`FileError::Length`] if
    /// the file is not exactly its archive, [`FileError::Locked`] if a writer has it open.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// let path = tempfile::NamedTempFile::new()?.into_temp_path();
    /// let mut map = FixedMap::<u64_le, bool, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), true).unwrap();
    /// map.publish(&path)?;
    /// assert_eq!(FixedMap::<u64_le, bool>::read_file(&path)?.get(&7), Some(&true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_file(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K: Checked,
        V: Checked,
    {
        read_verified(&open_to_read(path.as_ref())?)
    }

    /// Reads an archive from a file and checks its header alone, as [`open`](FixedMap::open) does. Time: linear, one copy.
    /// Allocates: heap, the bytes of the archive.
    ///
    /// The checksum of the content is not looked at: for files of which the disk is trusted.
    ///
    /// # Errors
    ///
    /// As [`read_file`](Self::read_file), but that damage behind the header is not seen.
    pub fn read_file_unverified(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K: FromBytes,
        V: FromBytes,
    {
        Ok(Self::open(read_bytes::<K, V>(&open_to_read(path.as_ref())?)?)?)
    }
}

fn read_verified<K: FixedKey + Checked, V: Checked>(file: &File) -> Result<FixedMap<K, V>, FileError> {
    Ok(FixedMap::open_verified(read_bytes::<K, V>(file)?)?)
}

/// All bytes of a file that are an archive by their header.
fn read_bytes<K: FixedKey, V: FixedValue>(mut file: &File) -> Result<AlignedBytes, FileError> {
    // A lock lasts until all is read.
    let (seen, _lock) = look_to_read::<K, V>(file)?;
    let mut bytes = AlignedBytes::try_zeroed(seen.bytes).map_err(|error| {
        FileError::io("get memory for the archive")(io::Error::new(io::ErrorKind::OutOfMemory, error))
    })?;
    file.rewind()
        .and_then(|()| file.read_exact(&mut bytes))
        .map_err(FileError::io("read the file"))?;
    Ok(bytes)
}

/// An archive from a path, which [`reload`](Self::reload) exchanges for what was published there since.
///
/// It is the map itself, to read: it dereferences to [`FixedMap`].
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, file::Snapshot, u64_le};
///
/// let path = tempfile::NamedTempFile::new()?.into_temp_path();
/// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
/// map.publish(&path)?;
/// let mut reader = Snapshot::<u64_le, u64_le>::read(&path)?;
/// assert_eq!(reader.get(&7), None);
/// assert!(!reader.reload()?);
///
/// map.insert(7.into(), 49.into()).unwrap();
/// map.publish(&path)?;
/// assert_eq!(reader.get(&7), None);
/// assert!(reader.reload()?);
/// assert_eq!(reader.get(&7), Some(&49.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Snapshot<K, V, M = AlignedBytes> {
    map: FixedMap<K, V, M>,
    path: PathBuf,
    open: Open<K, V, M>,
}

/// How an open file becomes a map.
pub(super) type Open<K, V, M> = fn(&File) -> Result<FixedMap<K, V, M>, FileError>;

impl<K: FixedKey + Checked, V: Checked> Snapshot<K, V, AlignedBytes> {
    /// Reads what is at the path now, as [`FixedMap::read_file`]. Time: linear. Allocates: heap.
    ///
    /// # Errors
    ///
    /// As [`FixedMap::read_file`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::of(path.as_ref(), read_verified)
    }
}

impl<K: FixedKey, V: FixedValue, M: Memory> Snapshot<K, V, M> {
    pub(super) fn of(path: &Path, open: Open<K, V, M>) -> Result<Self, FileError> {
        // A later change of the working directory does not matter.
        let path = std::path::absolute(path).map_err(FileError::io("find the directory of the path"))?;
        let map = open(&open_to_read(&path)?)?;
        Ok(Self { map, path, open })
    }

    /// Takes what was published at the path since, or closed there by a writer, if anything was, and says whether. Time: O(1) if nothing was, reading one
    /// header; else that of opening it. Allocates: heap, a small block for the path; then that of opening it.
    ///
    /// Something else is there if the archive has another generation, or the seed of another map. What a writer has not closed yet
    /// is not noticed, nor is what shared atomics became; nor, where seeds are fixed, a map published after the file was
    /// removed: draw seeds at random, as [`create`](FixedMap::create) does. The old map is given up after the new one is open.
    ///
    /// # Errors
    ///
    /// As the first opening; the old map stays.
    pub fn reload(&mut self) -> Result<bool, FileError> {
        let file = open_to_read(&self.path)?;
        let there = look_at::<K, V>(&file)?.header;
        if (there.generation(), there.seed()) == (self.map.generation(), self.map.seed()) {
            return Ok(false);
        }
        self.map = (self.open)(&file)?;
        Ok(true)
    }

    /// The path, made absolute. Time: O(1). Allocates: never.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The map alone. Time: O(1). Allocates: never.
    #[must_use]
    pub fn into_map(self) -> FixedMap<K, V, M> {
        self.map
    }
}

impl<K, V, M> Deref for Snapshot<K, V, M> {
    type Target = FixedMap<K, V, M>;

    fn deref(&self) -> &FixedMap<K, V, M> {
        &self.map
    }
}

impl<K, V, M> fmt::Debug for Snapshot<K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
