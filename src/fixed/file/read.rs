//! Archives read into memory, and readers that follow what is published.

use super::archive::{Archive, Identity, OpenArchive, VerifyArchive, look_at, look_to_read, open_to_read};
use super::error::at;
use super::publish::path_of;
use super::{FileCause, FileError};
use crate::fixed::value::{AnyBytes, Checked};
use crate::fixed::{AlignedBytes, FixedKey, FixedMap, FixedValue};
use core::fmt;
use core::ops::Deref;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

impl<K: FixedKey, V: FixedValue> FixedMap<K, V, AlignedBytes> {
    /// Reads an archive from a file and verifies all of it, as [`open_verified`](FixedMap::open_verified) does.
    ///
    /// Reads and checks the header first, then takes the memory, and copies the file into it. The file is closed
    /// afterwards and may change.
    ///
    /// Allocates: heap, the bytes of the archive; while it verifies, four bytes a group. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FileCause::Io`] with the step, [`FileCause::NotRegular`] if it is not a regular file, [`FileCause::Archive`]
    /// with the first thing that is wrong, [`FileCause::Length`] if the file is not exactly its archive,
    /// [`FileCause::Locked`] if a writer has it open, [`FileCause::OutOfMemory`] if the heap refuses.
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
        at(path, read)
    }

    /// Reads an archive from a file and checks its header alone, as [`open`](FixedMap::open) does.
    ///
    /// The checksum of the content is not checked. Use it for files on a disk that you trust.
    ///
    /// Allocates: heap, the bytes of the archive. Time: O(bytes), one copy.
    ///
    /// # Errors
    ///
    /// As [`read_file`](Self::read_file), but damage after the header is not noticed.
    pub fn read_file_unverified(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K: AnyBytes,
        V: AnyBytes,
    {
        at(path, read_unverified)
    }
}

/// An archive from a path, read and verified.
pub(super) fn read<A: VerifyArchive<AlignedBytes>>(path: &Path) -> Result<A, FileCause> {
    read_verified(&open_to_read(path)?)
}

/// An archive from a path, read, its header checked.
pub(super) fn read_unverified<A: OpenArchive<AlignedBytes>>(path: &Path) -> Result<A, FileCause> {
    Ok(A::open_in(read_bytes::<A>(&open_to_read(path)?)?)?)
}

pub(super) fn read_verified<A: VerifyArchive<AlignedBytes>>(file: &File) -> Result<A, FileCause> {
    Ok(A::verify_in(read_bytes::<A>(file)?)?)
}

/// All bytes of a file that are an archive by their header.
fn read_bytes<A: Archive>(mut file: &File) -> Result<AlignedBytes, FileCause> {
    // A lock lasts until all is read.
    let (seen, _lock) = look_to_read::<A>(file)?;
    let mut bytes = AlignedBytes::try_zeroed(seen.bytes)?;
    file.rewind()
        .and_then(|()| file.read_exact(&mut bytes))
        .map_err(FileCause::io("read the file"))?;
    Ok(bytes)
}

/// How an open file becomes a map.
pub(super) type Open<A> = fn(&File) -> Result<A, FileCause>;

/// A path, and how the archives that are published there are opened.
pub(super) struct Source<A> {
    path: PathBuf,
    open: Open<A>,
}

/// A file that was at the path, and what its header says of it.
pub(super) struct There {
    file: File,
    pub(super) identity: Identity,
}

impl<A: Archive> Source<A> {
    pub(super) fn of(path: &Path, open: Open<A>) -> Result<Self, FileCause> {
        // A later change of the working directory does not matter.
        let path = if path.is_absolute() {
            path_of(path, 0)?
        } else {
            std::path::absolute(path).map_err(FileCause::io("find the directory of the path"))?
        };
        Ok(Self { path, open })
    }

    /// Opens the file that is at the path now, and reads its header alone.
    pub(super) fn look(&self) -> Result<There, FileCause> {
        let file = open_to_read(&self.path)?;
        let identity = look_at::<A>(&file)?.identity();
        Ok(There { file, identity })
    }

    pub(super) fn open(&self, there: &There) -> Result<A, FileCause> {
        (self.open)(&there.file)
    }
}

impl<A> Source<A> {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// An archive from a path. [`reload`](Self::reload) replaces it by what was published there since.
///
/// It dereferences to the map, `A`: an [`Archive`](super::Archive), such as a [`FixedMap`] or a [`VarMap`](crate::fixed::VarMap), to read it.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, file::Snapshot, u64_le};
///
/// let path = tempfile::NamedTempFile::new()?.into_temp_path();
/// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
/// map.publish(&path)?;
/// let mut reader = Snapshot::<FixedMap<u64_le, u64_le>>::read(&path)?;
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
pub struct Snapshot<A> {
    map: A,
    /// Of what was opened, when it was.
    identity: Identity,
    source: Source<A>,
}

impl<A: VerifyArchive<AlignedBytes>> Snapshot<A> {
    /// Reads the file that is at the path now, as [`FixedMap::read_file`].
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::read_file`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FileError> {
        at(path, |path| Self::of(path, read_verified))
    }
}

impl<A: Archive> Snapshot<A> {
    pub(super) fn of(path: &Path, open: Open<A>) -> Result<Self, FileCause> {
        let source = Source::of(path, open)?;
        let there = source.look()?;
        Ok(Self {
            map: source.open(&there)?,
            identity: there.identity,
            source,
        })
    }

    /// Opens what was published at the path since, or closed there by a writer. Returns true if there was something
    /// new.
    ///
    /// It is new if its generation, its seed or the checksum of its content differs. It does not see what a writer has
    /// not closed yet, and not how shared atomics changed. The old map is dropped after the new one is open.
    ///
    /// Allocates: never if nothing was; else that of opening it. Time: O(1) if nothing was, reading one header; else
    /// that of opening it.
    ///
    /// # Errors
    ///
    /// As the first opening. The old map stays.
    pub fn reload(&mut self) -> Result<bool, FileError> {
        at(&self.source.path, |_| {
            let there = self.source.look()?;
            if !self.identity.is_replaced_by(there.identity) {
                return Ok(false);
            }
            self.map = self.source.open(&there)?;
            self.identity = there.identity;
            Ok(true)
        })
    }

    /// The path, made absolute.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// The map, without its path.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn into_map(self) -> A {
        self.map
    }
}

impl<A> Deref for Snapshot<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.map
    }
}

impl<A> fmt::Debug for Snapshot<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("path", &self.source.path())
            .finish_non_exhaustive()
    }
}
