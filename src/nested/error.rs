//! The errors of a map of paths.

use core::fmt;

use crate::error::{ArenaError, fail_map};

/// Why a path was not written.
///
/// ```
/// use arenamap::PathMap;
/// use arenamap::nested::PathError;
///
/// let mut map = PathMap::<str, u32>::new().with_depth_limit(2);
/// let error = map.try_insert(["a", "b", "c"], 1).unwrap_err();
/// assert_eq!(error.cause, PathError::TooDeep { limit: 2 });
/// assert!(map.is_empty());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// The arena gave no memory.
    Refused(ArenaError),
    /// The path has more levels than the map may have.
    TooDeep {
        /// Levels that the map may have.
        limit: usize,
    },
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(cause) => cause.fmt(f),
            Self::TooDeep { limit } => write!(
                f,
                "the path is deeper than the {limit} levels that this map may have; raise its depth limit, or shorten the path"
            ),
        }
    }
}

impl core::error::Error for PathError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Refused(cause) => Some(cause),
            Self::TooDeep { .. } => None,
        }
    }
}

impl From<ArenaError> for PathError {
    fn from(cause: ArenaError) -> Self {
        Self::Refused(cause)
    }
}

/// Panics with an error, for a call that returns none. The text names the twin that returns it.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn fail(error: PathError, twin: &'static str) -> ! {
    match error {
        PathError::Refused(cause) => fail_map(cause, twin),
        PathError::TooDeep { .. } => panic!("{error}; `{twin}` returns this error instead of panicking"),
    }
}

/// A value that could not be put in. The map is as it was, and the value is in here.
///
/// (The parts of the path were borrowed: the caller has them.)
///
/// ```
/// use arenamap::{Arena, PathMap};
///
/// let arena = Arena::with_budget(8);
/// let mut map = PathMap::<str, u32, _, _>::new_in(&arena);
/// assert_eq!(map.try_insert(["a", "b"], 1).unwrap_err().value, 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InsertError<V> {
    /// The value, as it was given.
    pub value: V,
    /// Why it was not put in.
    pub cause: PathError,
}

impl<V> fmt::Debug for InsertError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertError")
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl<V> fmt::Display for InsertError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value was not inserted and is in this error: {}", self.cause)
    }
}

impl<V> core::error::Error for InsertError<V> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Why a subtree was not moved. The map is as it was.
///
/// ```
/// use arenamap::PathMap;
/// use arenamap::nested::MoveError;
///
/// let mut map: PathMap<str, u32> = [(["a", "b"], 1)].into_iter().collect();
/// assert_eq!(map.move_subtree(["x"], ["y"]), Err(MoveError::NotFound));
/// assert_eq!(map.move_subtree(["a"], ["a", "b", "c"]), Err(MoveError::BelowItself));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoveError {
    /// There is nothing at the path that was to be moved.
    NotFound,
    /// There is something at the new path.
    Occupied,
    /// The new path is below the old one.
    BelowItself,
    /// The levels above the new place were refused.
    Refused(PathError),
}

impl fmt::Display for MoveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("nothing was moved: there is nothing at the path"),
            Self::Occupied => f.write_str(
                "nothing was moved: there is something at the new path; remove it first, or take another path",
            ),
            Self::BelowItself => f.write_str("nothing was moved: the new path is below the subtree itself"),
            Self::Refused(cause) => write!(f, "nothing was moved: {cause}"),
        }
    }
}

impl core::error::Error for MoveError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Refused(cause) => Some(cause),
            _ => None,
        }
    }
}

impl From<PathError> for MoveError {
    fn from(cause: PathError) -> Self {
        Self::Refused(cause)
    }
}
