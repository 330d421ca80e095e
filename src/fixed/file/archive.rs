//! A file with an archive in it: opened, locked, and looked at before it is read or mapped.

use super::FileError;
use crate::fixed::FixedError;
use crate::fixed::header::Header;
use crate::fixed::layout::{Geometry, OPEN, at};
use crate::fixed::value::FixedValue;
use core::borrow::Borrow;
use fs4::fs_std::FileExt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::path::Path;

/// Rounds of open and lock in which somebody else may replace the file before that is an error.
pub(super) const ROUNDS: u32 = 64;

/// The lock on a whole file, given back when it is dropped: also if a child process has inherited the file meanwhile.
///
/// Advisory on Unix: it keeps out whoever asks for a lock, as everything in this crate does.
pub(super) struct Lock<F: Borrow<File>> {
    file: F,
}

impl<F: Borrow<File>> Lock<F> {
    /// For one holder alone.
    pub(super) fn exclusive(file: F) -> Result<Self, FileError> {
        Self::taken(FileExt::try_lock_exclusive(file.borrow()), file)
    }

    /// For several holders, all of which share.
    pub(super) fn shared(file: F) -> Result<Self, FileError> {
        Self::taken(FileExt::try_lock_shared(file.borrow()), file)
    }

    fn taken(taken: io::Result<bool>, file: F) -> Result<Self, FileError> {
        if taken.map_err(FileError::io("lock the file"))? {
            Ok(Self { file })
        } else {
            Err(FileError::Locked)
        }
    }

    pub(super) fn file(&self) -> &File {
        self.file.borrow()
    }
}

impl<F: Borrow<File>> Drop for Lock<F> {
    fn drop(&mut self) {
        // What cannot be unlocked now is so when the file is closed.
        let _ = FileExt::unlock(self.file.borrow());
    }
}

pub(super) fn open_to_read(path: &Path) -> Result<File, FileError> {
    File::open(path).map_err(FileError::io("open the file"))
}

fn open_to_write(path: &Path) -> Result<File, FileError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(FileError::io("open the file for writing"))
}

/// Opens and locks the file that is at this path, and not one that was replaced between the two.
fn open_locked(
    path: &Path,
    open: impl Fn(&Path) -> Result<File, FileError>,
    lock: impl Fn(File) -> Result<Lock<File>, FileError>,
) -> Result<Lock<File>, FileError> {
    for _ in 0..ROUNDS {
        let lock = lock(open(path)?)?;
        if is_at(lock.file(), path).map_err(FileError::io("look at the file"))? {
            return Ok(lock);
        }
    }
    Err(FileError::Locked)
}

pub(super) fn open_exclusive(path: &Path) -> Result<Lock<File>, FileError> {
    open_locked(path, open_to_write, Lock::exclusive)
}

pub(super) fn open_shared(path: &Path) -> Result<Lock<File>, FileError> {
    open_locked(path, open_to_write, Lock::shared)
}

/// The file that `publish` is to replace, locked; `None` if there is none.
pub(super) fn open_to_replace(path: &Path) -> Result<Option<Lock<File>>, FileError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::io("look at the file")(error)),
        Ok(found) if !found.is_file() => {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "what is there is no regular file");
            return Err(FileError::io("replace the file")(source));
        }
        Ok(_) => {}
    }
    match open_locked(path, open_to_read, Lock::exclusive) {
        Ok(lock) => Ok(Some(lock)),
        // Removed since.
        Err(FileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether this open file is the one at the path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere a file that is open is not replaced.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "as on Unix")]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// A header that was checked against its types and the file's length, and the bytes of its archive.
pub(super) struct Seen {
    pub(super) header: Header,
    pub(super) bytes: usize,
}

impl Seen {
    pub(super) fn is_open(&self) -> bool {
        self.header.state() == OPEN
    }
}

/// Reads and checks the header, and the length of the file. Nothing else is read.
pub(super) fn look_at<K: FixedValue, V: FixedValue>(file: &File) -> Result<Seen, FileError> {
    look(file, Header::check::<K, V>)
}

/// The same of a file whose length and state are to be made anew.
pub(super) fn look_at_damaged<K: FixedValue, V: FixedValue>(file: &File) -> Result<Seen, FileError> {
    look(file, Header::check_shape::<K, V>)
}

fn look(mut file: &File, check: fn(&Header) -> Result<Geometry, FixedError>) -> Result<Seen, FileError> {
    let read = FileError::io("read the file's header");
    let found = file.metadata().map_err(FileError::io("look at the file"))?.len();
    if found < at::TAGS as u64 {
        return Err(FileError::Length {
            expected: at::TAGS as u64,
            found,
        });
    }
    let mut header = Header([0; at::TAGS]);
    file.rewind().map_err(&read)?;
    file.read_exact(&mut header.0).map_err(&read)?;
    let bytes = check(&header)?.bytes;
    if bytes as u64 != found {
        return Err(FileError::Length {
            expected: bytes as u64,
            found,
        });
    }
    Ok(Seen { header, bytes })
}

/// Looks at a file that is to be read or mapped as it is. Of one that is marked as open, a lock says whether somebody
/// writes in it; published files are sealed, so that no reader stands in the way of `publish`.
pub(super) fn look_to_read<K: FixedValue, V: FixedValue>(
    file: &File,
) -> Result<(Seen, Option<Lock<&File>>), FileError> {
    let seen = look_at::<K, V>(file)?;
    if !seen.is_open() {
        return Ok((seen, None));
    }
    let lock = Lock::shared(file)?;
    Ok((look_at::<K, V>(file)?, Some(lock)))
}
