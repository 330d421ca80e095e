//! Why an archive is not what a program takes it for: by names, not by numbers.

use super::super::counted::entries;
use super::super::error::FixedError;
use alloc::string::String;
use core::fmt;

/// Why an archive has not the fields that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewError {
    /// It is no archive that can be read here.
    Archive(FixedError),
    /// Its key is of another type.
    Key {
        /// The type of the key here.
        expected: String,
        /// The type of the key in the archive.
        found: String,
    },
    /// A field is not there, under no name, and has no default.
    Missing {
        /// The field.
        field: &'static str,
        /// Its earlier names.
        earlier: &'static [&'static str],
        /// The type that it has here.
        expected: String,
        /// The type of the value in the archive, with all its fields.
        found: String,
    },
    /// A field has another type.
    Type {
        /// The field.
        field: String,
        /// Its name in the archive, with its path: the same, or an earlier one.
        stored: String,
        /// The type that it has here.
        expected: String,
        /// The type that it has in the archive.
        found: String,
    },
    /// A field has a type whose values may not all be values of the new type.
    Narrow {
        /// The field, with its path; empty if it is the value itself.
        field: String,
        /// Its name in the archive, with its path: the same, or an earlier one.
        stored: String,
        /// The type that it has here.
        expected: String,
        /// The type that it has in the archive.
        found: String,
    },
    /// A field was said to have had another name, and there is none of this name.
    NoField {
        /// The name that is none of a field.
        field: String,
        /// The type of the new value, with all its fields.
        value: String,
    },
    /// A field was said to have had other names, and the archive has none of them.
    NoEarlier {
        /// The field, with its path.
        field: String,
        /// The names that it was said to have had.
        names: String,
        /// The type of the value in the archive, with all its fields.
        found: String,
    },
    /// The values together do not go into the new map.
    TooSmall {
        /// Entries that there are.
        len: usize,
        /// Entries that it takes.
        capacity: usize,
    },
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive(error) => error.fmt(f),
            Self::Key { expected, found } => {
                write!(
                    f,
                    "the keys of the archive are `{found}`, expected `{expected}`: open it with the key that wrote it"
                )
            }
            Self::Missing {
                field,
                earlier,
                expected,
                found,
            } => {
                write!(f, "the values of the archive, `{found}`, have no field `{field}`")?;
                for name in *earlier {
                    write!(f, ", nor `{name}`")?;
                }
                write!(
                    f,
                    ": give it an earlier name by `| \"..\"`, or a default by `= ..`; here it is `{expected}`"
                )
            }
            Self::Type {
                field,
                stored,
                expected,
                found,
            } => {
                write_type(f, field, stored, found)?;
                write!(f, ", expected `{expected}`: read it as that, and convert it here")
            }
            Self::Narrow {
                field,
                stored,
                expected,
                found,
            } => {
                write_type(f, field, stored, found)?;
                write!(
                    f,
                    "; here it is `{expected}`, which may not hold each value of that: take `{found}` or a longer one of its kind here, \
                     or convert the entries one by one"
                )
            }
            Self::NoField { field, value } => write!(
                f,
                "`{field}`, which is said to have had another name, is no field of `{value}`: give its path, as `place.x`"
            ),
            Self::NoEarlier { field, names, found } => write!(
                f,
                "the values of the archive, `{found}`, have neither a field `{field}` nor one of its earlier names, `{names}`: correct the name; \
                 if the archive may be of a version without the field, say so by an empty one, `(\"{field}\", \"\")`"
            ),
            Self::TooSmall { len, capacity } => {
                write!(
                    f,
                    "a capacity of {} does not hold the {len} of the archive; ask for more",
                    entries(*capacity)
                )
            }
        }
    }
}

/// The type that a field has in the archive, and the name if that is another one.
fn write_type(f: &mut fmt::Formatter<'_>, field: &str, stored: &str, found: &str) -> fmt::Result {
    if field.is_empty() {
        write!(f, "the value is `{found}` in the archive")
    } else if field == stored {
        write!(f, "the field `{field}` is `{found}` in the archive")
    } else {
        write!(
            f,
            "the field `{field}` is `{stored}` in the archive, and of type `{found}` there"
        )
    }
}

impl core::error::Error for ViewError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Archive(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FixedError> for ViewError {
    fn from(error: FixedError) -> Self {
        Self::Archive(error)
    }
}
