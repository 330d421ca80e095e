//! Archives in files: published whole, read, mapped, written in place, shared between processes.
//!
//! | call | what is mapped, what is copied | who may write to the file meanwhile |
//! |---|---|---|
//! | [`publish`](FixedMap::publish) | the archive is written to a new file, which takes the path | nobody needs to care: the new file is nobody else's until it is there |
//! | [`read_file`](FixedMap::read_file) | one copy into [`AlignedBytes`], verified | before and after, anyone; a writer that holds the file is an error; damage is an error |
//! | [`read_file_unverified`](FixedMap::read_file_unverified) | one copy, the header checked | as `read_file`; damage behind the header is not seen |
//! | [`map_file`](FixedMap::map_file) | mapped read-only ([`Mapped`]), nothing copied, the header checked | nobody; `publish` replaces the file and writes to no old one |
//! | [`map_file_verified`](FixedMap::map_file_verified) | the same, all of it read once | as `map_file` |
//! | [`open_file_mut`](FixedMap::open_file_mut), [`create_file`](FixedMap::create_file), [`recover_file`](FixedMap::recover_file) | mapped to be written ([`MappedMut`]), nothing copied | this map alone; a lock refuses other callers of this crate |
//! | [`map_shared`](FixedMap::map_shared) | mapped by several processes ([`SharedMapped`]), nothing copied | all of them, through atomics in the values |
//! | [`Snapshot::reload`] | as the call that it began with | as that call |
//!
//! Reading is safe. Mapping is not: what another process does to a mapped file, it does to this one's memory, and a file that is
//! cut off ends the process by a signal. So each call that maps is `unsafe` and says what is to be promised.
//!
//! # Which for what?
//!
//! - A file that many read and one makes anew from time to time: `publish`, and [`Snapshot`] to follow it.
//! - A map that outlives its process: `create_file`, `open_file_mut`, and `close`. A process that is killed loses no write;
//!   the file says that it was not closed, and `recover_file` makes it whole. After a power failure, `recover_file` keeps
//!   what is whole of what reached the disk; to lose nothing that was reported as done, use `publish`.
//! - Counters that several processes count: `publish` the keys, then `map_shared`.
//!
//! # Locks
//!
//! Files are locked as a whole (`flock`, on Windows `LockFileEx`), and a lock ends with the process that holds it.
//!
//! | | a writer has the file open | processes share it | `publish` replaces it |
//! |---|---|---|---|
//! | `open_file_mut`, `recover_file` | [`Locked`](FileError::Locked) | `Locked` | `Locked`, for that moment |
//! | `map_shared` | `Locked` | joins | `Locked`, for that moment |
//! | `publish` | `Locked` | `Locked` | `Locked`, for that moment |
//! | `read_file` | `Locked` | as it is now | the old file or the new one |
//! | `reload` | `false` until it is closed | `false` | the old file or the new one |
//! | `map_file` | `Locked` | not to be called, and not refused | the old file or the new one |
//!
//! Readers of sealed files take no lock, and never stand in the way of `publish`.
//!
//! # Systems
//!
//! Made for Unix and tested on Linux. On Windows a file that is mapped cannot be replaced, so that `publish` fails at the
//! step `"rename the new file into place"` while a reader maps the old file; readers that copy are no hindrance. There, directories are not synced,
//! and reading a file that a writer has locked fails at the step `"read the file's header"`.

mod archive;
mod error;
mod mapping;
mod publish;
mod read;

pub use self::error::FileError;
pub use self::mapping::{Mapped, MappedMut, SharedMapped};
pub use self::read::Snapshot;

#[cfg(doc)]
use super::{AlignedBytes, FixedMap};
