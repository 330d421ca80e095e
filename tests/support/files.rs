//! A map in a file of its own, and each call that opens it.
#![allow(dead_code, reason = "each test binary uses its own part")]

use arenamap::fixed::file::{FileError, Mapped, MappedMut, SharedMapped};
use arenamap::fixed::{AlignedBytes, AtomicU64Le, FixedMap, Recovered, u64_le};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) type Map<M = AlignedBytes> = FixedMap<u64_le, u64_le, M>;

pub(crate) fn squares(range: std::ops::Range<u64>) -> Map {
    let capacity = 1_000;
    let mut map = Map::create(AlignedBytes::zeroed(Map::bytes_for(capacity)), capacity).unwrap();
    for key in range {
        map.insert(key.into(), (key * key).into()).unwrap();
    }
    map
}

pub(crate) fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("squares");
    (directory, path)
}

/// Names in a directory.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn read(path: &Path) -> Result<Map, FileError> {
    Map::read_file(path)
}

pub(crate) fn map(path: &Path) -> Result<Map<Mapped>, FileError> {
    // SAFETY: only `publish` touches a file that is mapped here.
    unsafe { Map::map_file(path) }
}

pub(crate) fn map_verified(path: &Path) -> Result<Map<Mapped>, FileError> {
    // SAFETY: as `map`.
    unsafe { Map::map_file_verified(path) }
}

pub(crate) fn open(path: &Path) -> Result<Map<MappedMut>, FileError> {
    // SAFETY: nobody writes to the file but by the calls that ask for the lock.
    unsafe { Map::open_file_mut(path) }
}

pub(crate) fn open_verified(path: &Path) -> Result<Map<MappedMut>, FileError> {
    // SAFETY: as `open`.
    unsafe { Map::open_file_mut_verified(path) }
}

pub(crate) fn recover(path: &Path) -> Result<(Map<MappedMut>, Recovered), FileError> {
    // SAFETY: as `open`.
    unsafe { Map::recover_file(path) }
}

pub(crate) fn create(path: &Path, capacity: usize) -> Result<Map<MappedMut>, FileError> {
    // SAFETY: as `open`.
    unsafe { Map::create_file(path, capacity) }
}

pub(crate) fn share(path: &Path) -> Result<FixedMap<u64_le, AtomicU64Le, SharedMapped>, FileError> {
    // SAFETY: as `open`; those who share it do so by this function.
    unsafe { FixedMap::map_shared(path) }
}

/// The error of each call that opens a file.
pub(crate) fn all_openings(path: &Path) -> [(&'static str, Option<FileError>); 8] {
    [
        ("read_file", read(path).err()),
        ("read_file_unverified", Map::read_file_unverified(path).err()),
        ("map_file", map(path).err()),
        ("map_file_verified", map_verified(path).err()),
        ("open_file_mut", open(path).err()),
        ("open_file_mut_verified", open_verified(path).err()),
        ("recover_file", recover(path).err()),
        ("map_shared", share(path).err()),
    ]
}
