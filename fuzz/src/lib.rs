//! What the fuzz targets share: types of keys and values, and every operation of a map, against a model or without one.

#[path = "../../tests/support/archive.rs"]
mod archive;
mod build;
pub mod growing;
mod program;

pub use archive::{mark_sealed, sign_header};
pub use build::{Case, run_archive};
pub use program::{Key, Value, look, step};

pub use libfuzzer_sys::arbitrary::Unstructured;
