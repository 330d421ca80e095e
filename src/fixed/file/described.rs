//! Archives in files as bytes, for programs that do not know their types.

use super::archive::{Old, ROUNDS, look_at_any, look_to_read_any, open_to_read};
use super::publish::{Place, RENAME};
use super::{FileCause, FileError, error};
use crate::fixed::described::{Described, set_generation};
use crate::fixed::layout::at;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::vec::Vec;

/// Reads the bytes of an archive from a file, whatever its types are, for
/// [`Described::open`](crate::fixed::described::Described::open) or [`recover`](crate::fixed::described::recover).
///
/// Checked is what tells that it is an archive of this version, and that the file is as long as it says.
///
/// Allocates: heap, the bytes of the archive. Time: O(bytes), one copy.
///
/// # Errors
///
/// As [`FixedMap::read_file_unverified`](crate::FixedMap::read_file_unverified).
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, described::Described, file, u64_le};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("squares");
/// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
/// map.insert(7.into(), 49.into()).unwrap();
/// map.publish(&path)?;
///
/// let mut bytes = file::read_archive(&path)?;
/// assert_eq!(Described::open(&bytes)?.len(), 1);
/// assert_eq!(file::publish_archive(&path, &mut bytes)?, 2); // the second generation
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_archive(path: impl AsRef<Path>) -> Result<Vec<u8>, FileError> {
    error::at(path, |path| {
        let mut file = &open_to_read(path)?;
        // A lock lasts until all is read.
        let (seen, _lock) = look_to_read_any(file)?;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(seen.bytes)
            .map_err(|_| FileCause::OutOfMemory { needed: seen.bytes })?;
        bytes.resize(seen.bytes, 0);
        file.rewind()
            .and_then(|()| file.read_exact(&mut bytes))
            .map_err(FileCause::io("read the file"))?;
        Ok(bytes)
    })
}

/// Writes an archive to a file at this path, in place of the old file, as [`FixedMap::publish`](crate::FixedMap::publish) does, and returns its
/// generation. The bytes get that generation, too, and are sealed.
///
/// The generation is one more than that of the archive at the path, whatever its types, else one more than that of the bytes.
///
/// Allocates: heap, a small block for a path, and for the schema. Time: O(bytes), and two syncs of the disk.
///
/// # Errors
///
/// [`FileCause::Archive`] if the bytes are no archive by their header and schema; the others as of
/// [`FixedMap::publish`](crate::FixedMap::publish).
pub fn publish_archive(path: impl AsRef<Path>, bytes: &mut [u8]) -> Result<u64, FileError> {
    error::at(path, |path| publish_bytes(path, bytes))
}

fn publish_bytes(path: &Path, bytes: &mut [u8]) -> Result<u64, FileCause> {
    let own = Described::open(bytes)?.head();
    let bytes = &mut bytes[..own.bytes];
    let place = Place::of(path)?;
    let mut raced = io::ErrorKind::AlreadyExists.into();
    for _ in 0..ROUNDS {
        let old = Old::at(place.path)?;
        let before = old
            .file()
            .and_then(|old| look_at_any(old.file()).ok())
            .map_or(own.generation, |seen| seen.header.generation());
        let generation = before.wrapping_add(1);
        set_generation(bytes, generation)?;
        if place.put(old, &mut raced, &bytes[..at::TAGS], &bytes[at::TAGS..])? {
            place.sync()?;
            return Ok(generation);
        }
    }
    Err(FileCause::io(RENAME)(raced))
}
