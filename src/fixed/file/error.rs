//! The errors of archives in files.

use super::publish::path_of;
use crate::fixed::counted::counted;
use crate::fixed::error::write_refused;
use crate::fixed::{Field, FixedError};
use core::error::Error;
use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why an archive in a file could not be published, read, mapped or closed, and which file it is.
///
/// The path is copied to the heap for it.
///
/// ```
/// use arenamap::fixed::{FixedMap, file::FileCause, u64_le};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("snapshot");
/// let error = FixedMap::<u64_le, u64_le>::read_file(&path).unwrap_err();
/// assert!(matches!(error.cause, FileCause::Io { step: "open the file", .. }));
/// assert_eq!(error.path(), Some(&*path));
///
/// std::fs::write(&path, [0; 4096])?;
/// let error = FixedMap::<u64_le, u64_le>::read_file(&path).unwrap_err();
/// assert!(matches!(error.cause, FileCause::Archive(_)));
/// assert!(error.to_string().starts_with(&format!("{}: this is no archive of arenamap", path.display())));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct FileError {
    path: Option<PathBuf>,
    /// What was wrong.
    pub cause: FileCause,
}

impl FileError {
    /// The path of the file, as it was given; of a snapshot, made absolute. `None` for a map that has been opened (`close`, `flush`), and if
    /// there was no memory for it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

/// Without a path.
impl From<FileCause> for FileError {
    fn from(cause: FileCause) -> Self {
        Self { path: None, cause }
    }
}

/// Without a path: of an archive that is on its way to a file, or from one.
impl From<FixedError> for FileError {
    fn from(error: FixedError) -> Self {
        FileCause::from(error).into()
    }
}

/// Does something with a file, whose path goes into the error.
pub(super) fn at<P: AsRef<Path>, T>(path: P, act: impl FnOnce(&Path) -> Result<T, FileCause>) -> Result<T, FileError> {
    let path = path.as_ref();
    act(path).map_err(|cause| FileError {
        path: path_of(path, 0).ok(),
        cause,
    })
}

#[allow(
    clippy::unnecessary_debug_formatting,
    reason = "a path of several lines, or of none, is quoted"
)]
impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            match path.to_str() {
                // One line, whatever the path is.
                Some(text) if !text.is_empty() && !text.contains(char::is_control) => write!(f, "{text}: ")?,
                _ => write!(f, "{path:?}: ")?,
            }
        }
        self.cause.fmt(f)
    }
}

/// (No source: the text of the cause is in its own, and a chain of errors would say it twice.)
impl Error for FileError {}

/// What was wrong with a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileCause {
    /// The operating system refused a step.
    Io {
        /// The step that failed, as in "failed to open the file".
        step: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The path does not lead to a regular file: it is a directory, a FIFO, a device or a socket. It was not opened.
    NotRegular,
    /// The path ends in no name that a file could have: it is empty, `/`, or ends in `..`.
    NoName,
    /// There is a file at the path already, and this call replaces none.
    Exists,
    /// The global allocator refused memory: for the archive, for verifying it, or for a path.
    OutOfMemory {
        /// Bytes of the block.
        needed: usize,
    },
    /// The file is not an archive of these types, or it is damaged.
    Archive(FixedError),
    /// The file is shorter or longer than its archive.
    Length {
        /// Bytes of the archive, as its header says. If the file is too short for a header, the bytes of a header.
        expected: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// Somebody else has the file: a writer, processes that share it, or another `publish`.
    Locked,
    /// The file was open for writing when its writer ended, or processes still share it.
    NotClosedCleanly,
}

impl FileCause {
    /// Makes an error of a step, and of what the operating system said.
    pub(super) fn io(step: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { step, source }
    }
}

impl From<FixedError> for FileCause {
    fn from(error: FixedError) -> Self {
        match error.field() {
            Field::Heap => Self::OutOfMemory {
                needed: usize::try_from(error.expected()).unwrap_or(usize::MAX),
            },
            _ => Self::Archive(error),
        }
    }
}

impl fmt::Display for FileCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { step, source } => write!(f, "failed to {step}: {source}"),
            Self::NotRegular => f.write_str(
                "the path leads to no regular file, but to a directory, a FIFO, a device or a socket; give the path of a file",
            ),
            Self::NoName => f.write_str("the path ends in no name of a file; give the path of the file, not of its directory"),
            Self::Exists => f.write_str(
                "there is something at the path already, which a new map does not replace: if it is an archive, `open_file_mut` opens it; else \
                 take another path",
            ),
            Self::OutOfMemory { needed } => write_refused(f, *needed as u64),
            Self::Archive(error) => error.fmt(f),
            Self::Length { expected, found } if found < expected => write!(
                f,
                "the file has {} of the {expected} of its archive: it was cut off; publish it again",
                counted(*found, "byte", "bytes")
            ),
            Self::Length { expected, found } => write!(
                f,
                "the file has {found} bytes, its archive ends after {expected}: something was appended; publish it again, \
                 or cut it to its length if the archive is known to be good"
            ),
            Self::Locked => f.write_str(
                "somebody else has the file open: a writer, processes that share it, or another `publish`; \
                 close it there, or try again later",
            ),
            Self::NotClosedCleanly => f.write_str(
                "the file was not closed cleanly: its writer ended without `close`, or processes shared it; \
                 `recover_file` opens it and says what it kept",
            ),
        }
    }
}

/// (No source, as of [`FileError`].)
impl Error for FileCause {}
