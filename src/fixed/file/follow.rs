//! Readers that map what they follow.
#![allow(unsafe_code, reason = "maps files, under the promise of `FixedMap::map_file`")]

use super::archive::{Archive, OpenArchive, VerifyArchive};
use super::mapping::{map_open, map_open_verified};
use super::{FileError, Mapped, SharedSnapshot, Snapshot, error};
use std::path::Path;

#[cfg(doc)]
use crate::fixed::FixedMap;

impl<A: Archive> Snapshot<A> {
    /// Maps the file that is at the path now, as [`FixedMap::map_file`].
    ///
    /// Allocates: heap, the path. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::map_file`].
    ///
    /// # Safety
    ///
    /// As [`FixedMap::map_file`], of each file that is at the path while this lives.
    ///
    /// ```
    /// use arenamap::fixed::file::{Mapped, Snapshot};
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// let path = tempfile::NamedTempFile::new()?.into_temp_path();
    /// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.publish(&path)?;
    /// // SAFETY: files at this path are only ever replaced, by `publish`.
    /// let mut reader = unsafe { Snapshot::<FixedMap<u64_le, u64_le, Mapped>>::map(&path)? };
    /// # #[cfg(unix)] {
    /// map.publish(&path)?;
    /// assert!(reader.reload()?);
    /// assert_eq!(reader.generation(), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn map(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        A: OpenArchive<Mapped>,
    {
        error::at(path, |path| Self::of(path, map_open))
    }

    /// Maps the file that is at the path now and verifies it, as [`FixedMap::map_file_verified`].
    ///
    /// Allocates: heap, as that and the path. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::map_file_verified`].
    ///
    /// # Safety
    ///
    /// As [`map`](Self::map).
    pub unsafe fn map_verified(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        A: VerifyArchive<Mapped>,
    {
        error::at(path, |path| Self::of(path, map_open_verified))
    }
}

impl<A: Archive> SharedSnapshot<A> {
    /// Maps the file that is at the path now, as [`FixedMap::map_file`].
    ///
    /// Allocates: heap, the path and a small block. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::map_file`].
    ///
    /// # Safety
    ///
    /// As [`FixedMap::map_file`], of each file that is at the path while this lives, for as long as one of its maps is
    /// held, by this or by a reader.
    ///
    /// ```
    /// use arenamap::fixed::file::{Mapped, SharedSnapshot};
    /// use arenamap::fixed::{FixedMap, VarMap};
    ///
    /// let path = tempfile::NamedTempFile::new()?.into_temp_path();
    /// VarMap::<str, str>::from_pairs([("motd", "Hello")].into_iter())?.publish(&path)?;
    /// // SAFETY: files at this path are only ever replaced, by `publish`.
    /// let shared = unsafe { SharedSnapshot::<VarMap<str, str, Mapped>>::map(&path)? };
    /// assert_eq!(shared.load().get("motd"), Some("Hello"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn map(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        A: OpenArchive<Mapped>,
    {
        error::at(path, |path| Self::of(path, map_open))
    }

    /// Maps the file that is at the path now and verifies it, as [`FixedMap::map_file_verified`].
    ///
    /// Allocates: heap, as that, the path, and a small block. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`FixedMap::map_file_verified`].
    ///
    /// # Safety
    ///
    /// As [`map`](Self::map).
    pub unsafe fn map_verified(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        A: VerifyArchive<Mapped>,
    {
        error::at(path, |path| Self::of(path, map_open_verified))
    }
}
