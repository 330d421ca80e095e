//! What the fuzz targets share: types of keys and values, and every operation of a map, against a model or without one.

#[path = "../../tests/support/archive.rs"]
mod archive;
pub mod bounded;
mod build;
pub mod growing;
mod program;

pub use build::{Case, run_archive};
pub use program::{Key, Value, look, step};

pub use libfuzzer_sys::arbitrary::Unstructured;

/// Says that an archive is sealed, with a checksum that holds, whatever its content.
pub fn mark_sealed(bytes: &mut [u8]) {
    archive::mark_sealed(bytes);
}

/// Makes the checksum of a header anew.
pub fn sign_header(bytes: &mut [u8]) {
    archive::sign_header(bytes);
}
