//! What went wrong, and the exit code that says so.

use arenamap::fixed::file::{FileCause, FileError};
use arenamap::fixed::{Field, FixedError};
use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// Damaged, different, or not found.
pub(crate) const OTHER: u8 = 1;
/// Wrong usage, or a file that cannot be read.
const USAGE: u8 = 2;

pub(crate) struct Failure {
    code: u8,
    message: String,
    /// The reader of the output is gone.
    is_broken_pipe: bool,
}

impl Failure {
    fn new(code: u8, message: String) -> Self {
        Self {
            code,
            message,
            is_broken_pipe: false,
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, message.into())
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(OTHER, message.into())
    }

    /// What is wrong with the bytes of a file.
    pub(crate) fn archive(file: &Path, error: FixedError) -> Self {
        let file = file.display();
        match error.field() {
            Field::Magic => Self::new(
                USAGE,
                format!(
                    "{file}: this is no archive of arenamap: it does not begin with the eight bytes that each begins with"
                ),
            ),
            Field::Kind if error.found() > 1 => Self::new(
                USAGE,
                format!(
                    "{file}: an archive of kind {}; this command knows tables, kind 0, and indexed ones, kind 1",
                    error.found()
                ),
            ),
            // (Of kind 1, `recover` alone has something to say.)
            Field::Kind | Field::Version | Field::EndianMark | Field::Hasher | Field::Heap | Field::Tree => {
                Self::new(USAGE, format!("{file}: {error}"))
            }
            _ => Self::new(OTHER, format!("{file}: {error}")),
        }
    }

    pub(crate) fn file(file: &Path, error: FileError) -> Self {
        match error.cause {
            FileCause::Archive(error) => Self::archive(file, error),
            error @ FileCause::Length { .. } => Self::new(OTHER, format!("{}: {error}", file.display())),
            error => Self::new(USAGE, format!("{}: {error}", file.display())),
        }
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.is_broken_pipe
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// The larger one of this code and another.
    pub(crate) fn worse_of(&self, other: Option<u8>) -> Option<u8> {
        other.max(Some(self.code))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self {
            is_broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::usage(format!("failed to write the output: {error}"))
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
