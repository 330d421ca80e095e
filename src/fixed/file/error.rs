//! The errors of archives in files.

use crate::fixed::error::write_refused;
use crate::fixed::{Field, FixedError};
use core::fmt;
use std::io;

/// Why an archive in a file could not be published, read, mapped or closed.
///
/// ```
/// use arenamap::fixed::{FixedMap, file::FileError, u64_le};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("snapshot");
/// let error = FixedMap::<u64_le, u64_le>::read_file(&path).unwrap_err();
/// assert!(matches!(error, FileError::Io { step: "open the file", .. }));
///
/// std::fs::write(&path, [0; 4096])?;
/// let error = FixedMap::<u64_le, u64_le>::read_file(&path).unwrap_err();
/// assert!(matches!(error, FileError::Archive(_)));
/// assert!(error.to_string().contains("no archive of arenamap"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused a step.
    Io {
        /// The step that failed, as in "failed to open the file".
        step: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The path does not lead to a regular file: it is a directory, a FIFO, a device or a socket. It was not opened.
    NotRegular,
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

impl FileError {
    /// Makes an error of a step, and of what the operating system said.
    pub(super) fn io(step: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { step, source }
    }
}

impl From<FixedError> for FileError {
    fn from(error: FixedError) -> Self {
        match error.field() {
            Field::Heap => Self::OutOfMemory {
                needed: usize::try_from(error.expected()).unwrap_or(usize::MAX),
            },
            _ => Self::Archive(error),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { step, source } => write!(f, "failed to {step}: {source}"),
            Self::NotRegular => f.write_str(
                "the path leads to no regular file, but to a directory, a FIFO, a device or a socket; give the path of a file",
            ),
            Self::OutOfMemory { needed } => write_refused(f, *needed as u64),
            Self::Archive(error) => error.fmt(f),
            Self::Length { expected, found } if found < expected => write!(
                f,
                "the file has {found} bytes of the {expected} of its archive: it was cut off; publish it again"
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

impl core::error::Error for FileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Archive(error) => Some(error),
            Self::NotRegular
            | Self::OutOfMemory { .. }
            | Self::Length { .. }
            | Self::Locked
            | Self::NotClosedCleanly => None,
        }
    }
}
