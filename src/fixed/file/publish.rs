//! Whole files put in place at once: written beside the path, synced, renamed.

use super::FileError;
use super::archive::{Lock, ROUNDS, look_at, open_to_replace};
use crate::fixed::header::Header;
use crate::fixed::key::hash_of;
use crate::fixed::layout::{Geometry, SlotLayout, at};
use crate::fixed::{FixedKey, FixedMap, FixedValue, MemoryMut};
use std::format;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::string::String;
use tempfile::NamedTempFile;

impl<K: FixedKey, V: FixedValue, M: MemoryMut> FixedMap<K, V, M> {
    /// Puts a sealed copy of the archive at this path, in place of what is there, and gives its generation.
    /// Time: linear in the bytes and in the names of the directory, and two syncs of the disk. Allocates: heap, some small
    /// blocks for paths; the content is written from where it is.
    ///
    /// The generation is one more than that of the archive at the path, if there is one of this type, else one more than the
    /// map's own; the map takes it over. A reader sees the old archive or the new one whole, whenever the writer is killed:
    /// the bytes are written to a temporary file in the same directory, synced, renamed over the path, and the directory is
    /// synced. Readers that have the old file open or mapped keep it as it is.
    ///
    /// The new file has the permissions of the old one; the first has those that the process gives to new files. A symbolic
    /// link at the path is replaced, not followed.
    ///
    /// # Errors
    ///
    /// [`FileError::Locked`] if the file is open for writing, shared by processes, or published by another process at this
    /// moment; [`FileError::Io`] with the step that failed. Then the old file is what it was, and no temporary file stays; only
    /// after a failed step `"sync the directory"` the new file is in place already, but might not outlive a power failure.
    ///
    /// A process that is killed may leave a temporary file, `.arenamap-*.tmp`. The next `publish` that replaces the same
    /// file removes it.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("squares");
    /// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// assert_eq!(map.publish(&path)?, 1);
    /// map.insert(8.into(), 64.into()).unwrap();
    /// assert_eq!(map.publish(&path)?, 2);
    /// assert_eq!(FixedMap::<u64_le, u64_le>::read_file(&path)?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish(&mut self, path: impl AsRef<Path>) -> Result<u64, FileError> {
        let place = Place::of(path.as_ref())?;
        let mut raced = io::ErrorKind::AlreadyExists.into();
        for _ in 0..ROUNDS {
            let old = open_to_replace(place.path)?;
            let before = old
                .as_ref()
                .and_then(|old| look_at::<K, V>(old.file()).ok())
                .map_or(self.generation(), |seen| seen.header.generation());
            let secrets = &self.secrets;
            let header = self
                .core
                .header_to_publish(before.wrapping_add(1), |key| hash_of(key, secrets));
            if old.is_some() {
                // While the file is locked, no other `publish` is at work here.
                place.remove_left_behind();
            }
            let mut temporary = place.temporary()?;
            write(&mut temporary, &header.0, &self.core.bytes()[at::TAGS..])?;
            let placed = match old {
                Some(old) => place.replace(temporary, old).map(|()| true),
                None => place.add(temporary, &mut raced).map(|file| file.is_some()),
            }?;
            if placed {
                self.core.published(&header);
                place.sync()?;
                return Ok(header.generation());
            }
        }
        Err(FileError::io(RENAME)(raced))
    }
}

const RENAME: &str = "rename the new file into place";

/// A new file for so many entries with a random seed, open for writing and locked.
///
/// Every byte of it is written, so that a full disk is an error here and no signal later.
pub(super) fn create<K: FixedKey, V: FixedValue>(path: &Path, capacity: usize) -> Result<Lock<File>, FileError> {
    let geometry = Geometry::new(capacity as u64, &SlotLayout::of::<K, V>())?;
    let header = Header::new::<K, V>(&geometry, crate::fixed::header::random_seed());
    let place = Place::of(path)?;
    let mut temporary = place.temporary()?;
    // Nobody finds the file before it is locked.
    let lock = Lock::exclusive(temporary.as_file().try_clone().map_err(FileError::io("make a file"))?)?;
    let zeros = (geometry.bytes - at::TAGS) as u64;
    temporary
        .write_all(&header.0)
        .and_then(|()| io::copy(&mut io::repeat(0).take(zeros), &mut temporary).map(drop))
        .map_err(FileError::io(WRITE))?;
    temporary.as_file().sync_all().map_err(FileError::io(SYNC))?;
    let mut exists = io::ErrorKind::AlreadyExists.into();
    if place.add(temporary, &mut exists)?.is_none() {
        return Err(FileError::io(RENAME)(exists));
    }
    place.sync()?;
    Ok(lock)
}

const WRITE: &str = "write the new file";
const SYNC: &str = "sync the new file";

fn write(temporary: &mut NamedTempFile, header: &[u8], content: &[u8]) -> Result<(), FileError> {
    temporary
        .write_all(header)
        .and_then(|()| temporary.write_all(content))
        .map_err(FileError::io(WRITE))?;
    temporary.as_file().sync_all().map_err(FileError::io(SYNC))
}

/// A path and the directory it is in.
struct Place<'p> {
    path: &'p Path,
    directory: &'p Path,
    /// How the names of temporary files for this path begin: of one length, however long the name is.
    prefix: String,
}

const SUFFIX: &str = ".tmp";

impl<'p> Place<'p> {
    fn of(path: &'p Path) -> Result<Self, FileError> {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name");
            return Err(FileError::io("find the directory of the path")(source));
        };
        let name = rapidhash::v3::rapidhash_v3(name.as_encoded_bytes());
        Ok(Self {
            path,
            directory: if directory.as_os_str().is_empty() {
                Path::new(".")
            } else {
                directory
            },
            prefix: format!(".arenamap-{name:016x}-"),
        })
    }

    fn temporary(&self) -> Result<NamedTempFile, FileError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(&self.prefix).suffix(SUFFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As `File::create` does; the process takes away what its umask says.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        builder
            .tempfile_in(self.directory)
            .map_err(FileError::io("make a temporary file beside the path"))
    }

    /// Renames it over the old file, which is locked until then.
    fn replace(&self, temporary: NamedTempFile, old: Lock<File>) -> Result<(), FileError> {
        let permissions = old
            .file()
            .metadata()
            .map_err(FileError::io("look at the file"))?
            .permissions();
        temporary
            .as_file()
            .set_permissions(permissions)
            .map_err(FileError::io("give the new file the permissions of the old one"))?;
        if cfg!(windows) {
            drop(old); // a file that is open cannot be renamed over there
            temporary.persist(self.path).map(drop)
        } else {
            let renamed = temporary.persist(self.path).map(drop);
            drop(old);
            renamed
        }
        .map_err(|error| FileError::io(RENAME)(error.error))
    }

    /// Renames it to where no file was; `None`, and why, if that is not so any more.
    fn add(&self, temporary: NamedTempFile, raced: &mut io::Error) -> Result<Option<File>, FileError> {
        match temporary.persist_noclobber(self.path) {
            Ok(file) => Ok(Some(file)),
            // The second: another process took the temporary file for one that was left behind.
            Err(error)
                if matches!(
                    error.error.kind(),
                    io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound
                ) =>
            {
                *raced = error.error;
                Ok(None)
            }
            Err(error) => Err(FileError::io(RENAME)(error.error)),
        }
    }

    /// Removes the temporary files for this path. What cannot be removed stays: nobody reads it.
    fn remove_left_behind(&self) {
        let Ok(entries) = fs::read_dir(self.directory) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            if name.starts_with(self.prefix.as_bytes()) && name.ends_with(SUFFIX.as_bytes()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Makes the rename outlive a power failure. Elsewhere than on Unix, directories are not synced.
    #[cfg_attr(
        not(unix),
        allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "as on Unix")
    )]
    fn sync(&self) -> Result<(), FileError> {
        #[cfg(unix)]
        File::open(self.directory)
            .and_then(|directory| directory.sync_all())
            .map_err(FileError::io("sync the directory"))?;
        Ok(())
    }
}
