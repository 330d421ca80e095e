//! What may go wrong with an archive in a file.

use crate::fixed::FixedError;
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
/// assert!(error.to_string().contains("no archive of a FixedMap"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused a step.
    Io {
        /// The step that failed, as in "failed to open the file".
        step: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file's bytes are no archive of these types, or a damaged one.
    Archive(FixedError),
    /// The file is shorter or longer than its archive.
    Length {
        /// Bytes of the archive by its header; of a file without room for a header, the bytes of a header.
        expected: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// Somebody else holds the file: a writer, processes that share it, or another `publish`.
    Locked,
    /// The file was open for writing when its writer ended, or still serves processes that share it.
    NotClosedCleanly,
}

impl FileError {
    /// Makes an error of what the operating system said about a step.
    pub(super) fn io(step: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { step, source }
    }
}

impl From<FixedError> for FileError {
    fn from(error: FixedError) -> Self {
        Self::Archive(error)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { step, source } => write!(f, "failed to {step}: {source}"),
            Self::Archive(error) => error.fmt(f),
            Self::Length { expected, found } if found < expected => write!(
                f,
                "the file has {found} bytes of the {expected} that an archive takes: it was cut off; publish it anew"
            ),
            Self::Length { expected, found } => write!(
                f,
                "the file has {found} bytes, its archive ends after {expected}: something was appended; publish it anew, \
                 or cut it to its length if the archive is known to be good"
            ),
            Self::Locked => f.write_str(
                "the file is held by somebody else: a writer, processes that share it, or another `publish`; \
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
            Self::Length { .. } | Self::Locked | Self::NotClosedCleanly => None,
        }
    }
}
