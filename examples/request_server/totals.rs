//! Running totals of all requests, in a map that is its own snapshot.
//!
//! ```text
//! request --tally--> Totals (one FixedMap behind a lock) --one copy, under the lock--> GET /snapshot
//!                      ^ read, verified, re-keyed at the start         | published when the server stops
//!                      +------------------- file of --totals <---------+
//! ```
//!
//! The map never grows and never calls the heap. Its seed can be read by whoever gets the snapshot, so that a map that
//! starts from a file is copied under a new one before it takes what clients send.

#[cfg(feature = "files")]
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(feature = "files")]
use arenamap::fixed::file::FileError;
use arenamap::fixed::{AlignedBytes, FixedError, FixedMap, FixedStats, FixedStr, u64_le};

use crate::report::{PathTotals, TextTable};

/// Paths that are counted; requests for others are counted together.
pub(crate) const PATHS: usize = 16 << 10;

/// A path of up to 111 bytes. Longer ones are cut, and those that begin alike counted together.
pub(crate) type Key = FixedStr<112>;

arenamap::fixed_struct! {
    /// What is known of a path since the beginning.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Total { pub(crate) requests: u64_le, pub(crate) bytes: u64_le }
}

/// The totals of one kind of handler.
pub(crate) struct Totals {
    kept: Mutex<Kept>,
}

struct Kept {
    map: FixedMap<Key, Total>,
    /// Requests for paths that came when the map was full.
    beyond: u64,
}

impl Totals {
    /// No requests yet.
    pub(crate) fn new() -> Result<Self, FixedError> {
        FixedMap::create(memory(PATHS), PATHS).map(Self::of)
    }

    fn of(map: FixedMap<Key, Total>) -> Self {
        Self {
            kept: Mutex::new(Kept { map, beyond: 0 }),
        }
    }

    /// What was published there, under a new seed; nothing yet, if there is no such file.
    #[cfg(feature = "files")]
    pub(crate) fn warm_start(file: &Path) -> Result<Self, FileError> {
        if !file.exists() {
            return Ok(Self::new()?);
        }
        let before = FixedMap::<Key, Total>::read_file(file)?;
        let capacity = before.len().max(PATHS);
        Ok(Self::of(before.copy_into(memory(capacity), capacity)?))
    }

    /// Adds the paths of one request.
    pub(crate) fn add<S>(&self, paths: &impl TextTable<PathTotals<S>>) {
        let mut kept = self.lock();
        for (path, counted) in paths.iter() {
            match kept.map.entry(Key::cut(path)).or_default() {
                Ok(total) => {
                    total.requests += counted.requests;
                    total.bytes = total.bytes.to_native().saturating_add(counted.bytes).into();
                }
                Err(_) => kept.beyond += counted.requests,
            }
        }
    }

    /// Writes the snapshot behind what `out` holds: its bytes as they are, copied under the lock, so that it is of one moment.
    pub(crate) fn snapshot(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.lock().map.seal());
    }

    /// Publishes the snapshot as a file.
    #[cfg(feature = "files")]
    pub(crate) fn publish(&self, file: &Path) -> Result<u64, FileError> {
        self.lock().map.publish(file)
    }

    /// A look at the map, and the requests that are not in it.
    pub(crate) fn stats(&self) -> (FixedStats, u64) {
        let kept = self.lock();
        (kept.map.stats(), kept.beyond)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // The map is whole after every call, so poison means nothing here.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn memory(capacity: usize) -> AlignedBytes {
    AlignedBytes::zeroed(FixedMap::<Key, Total>::bytes_for(capacity))
}
