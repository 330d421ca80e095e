//! Running totals of all requests, in a map that is its own snapshot.
//!
//! ```text
//! request --tally--> Totals (one FixedMap behind a lock) --one copy, under the lock--> GET /snapshot
//!                      ^ read, verified, re-keyed at the start         | published at the start, when the server is
//!                      |                                               | asked to stop, and when it has stopped
//!                      +------------------- file of --totals <---------+
//! ```
//!
//! The file is published at the start already, so that a path that cannot be written is refused before anything is counted; and it
//! is one server's alone, by a lock on a file beside it. Only what ends a process at once (`kill -9`) loses counts: those of its run.
//!
//! The map never grows and never calls the heap. Its seed can be read by whoever gets the snapshot, so that a map that
//! starts from a file is copied under a new one before it takes what clients send.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{
    fs::{self, File, TryLockError},
    io,
    path::PathBuf,
};

use arenamap::fixed::file::FileError;
use arenamap::fixed::{AlignedBytes, FixedError, FixedMap, FixedStats, FixedStr, u64_le};

use crate::handler::{PathTotals, TextTable};

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
    file: Option<TotalsFile>,
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
            file: None,
        }
    }

    /// Goes on from the file at this path, and has it for itself. Of what is there, the seed is made anew; if nothing is, nothing
    /// was counted. It is published at once: what cannot be written is an error now.
    pub(crate) fn warm_start(path: &Path) -> Result<Self, String> {
        let start = |file: &TotalsFile| {
            if !file.path.exists() {
                return Ok(Self::new()?);
            }
            let before = FixedMap::<Key, Total>::read_file(&file.path)?;
            let capacity = before.len().max(PATHS);
            Ok(Self::of(before.copy_into(memory(capacity), capacity)?))
        };
        let file = TotalsFile::claim(path)?;
        let mut totals = start(&file).map_err(|error: FileError| error.to_string())?;
        totals.file = Some(file);
        totals.publish()?;
        Ok(totals)
    }

    /// Adds the paths of one request.
    pub(crate) fn add<S>(&self, paths: &impl TextTable<PathTotals<S>>) {
        let mut kept = self.lock();
        for (path, counted) in paths.iter() {
            match kept.map.entry(Key::cut(path)).or_default() {
                Ok(total) => {
                    total.requests = total.requests.to_native().saturating_add(counted.requests).into();
                    total.bytes = total.bytes.to_native().saturating_add(counted.bytes).into();
                }
                Err(_) => kept.beyond = kept.beyond.saturating_add(counted.requests),
            }
        }
    }

    /// Writes the snapshot behind what `out` holds: its bytes as they are, copied under the lock, so that it is of one moment.
    pub(crate) fn snapshot(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.lock().map.seal());
    }

    /// Publishes the snapshot at the path that it was started from, if it was, and gives that and the generation.
    pub(crate) fn publish(&self) -> Result<Option<(&Path, u64)>, String> {
        if let Some(file) = &self.file {
            let published = self.lock().map.publish(&file.path);
            let generation = published.map_err(|error| error.to_string())?;
            return Ok(Some((&file.path, generation)));
        }
        Ok(None)
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

/// The file of the totals, which no other server uses as long as this lives.
struct TotalsFile {
    path: PathBuf,
    /// Empty, and locked. It stays: a file that is removed could be locked once more under the same name.
    _lock: File,
}

impl TotalsFile {
    /// Claims the file at this path, which need not be there yet.
    fn claim(path: &Path) -> Result<Self, String> {
        let path = match fs::canonicalize(path) {
            Ok(real) if real.is_file() => real, // a link stays, and two names of a file are one
            Ok(_) => return Err("it is no regular file".to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => {
                path.to_owned()
            }
            Err(error) => return Err(format!("it links to what cannot be opened: {error}")),
        };
        let mut beside = path.clone().into_os_string();
        beside.push(".lock");
        let cannot = |error| format!("cannot make and lock {}: {error}", beside.display());
        let mut options = File::options();
        let lock = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&beside);
        let lock = lock.map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err("another server keeps its totals there: stop it, or name another file".to_owned())
            }
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }
}

fn memory(capacity: usize) -> AlignedBytes {
    AlignedBytes::zeroed(FixedMap::<Key, Total>::bytes_for(capacity))
}
