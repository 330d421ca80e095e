//! Archives in files: published whole, read, mapped, written in place, shared between processes.
//!
//! | call | what is mapped, what is copied | who may write to the file meanwhile |
//! |---|---|---|
//! | [`publish`](FixedMap::publish) | the archive is written to a new file, which takes the path | anyone: nobody else has the new file before it is complete |
//! | [`read_file`](FixedMap::read_file) | one copy into [`AlignedBytes`], verified | anyone, before and after; a writer that has it open is an error, and so is damage |
//! | [`read_file_unverified`](FixedMap::read_file_unverified) | one copy, the header checked | as `read_file`; damage after the header is not noticed |
//! | [`map_file`](FixedMap::map_file) | mapped read-only ([`Mapped`]), nothing copied, the header checked | nobody; `publish` is allowed, because it writes to a new file |
//! | [`map_file_verified`](FixedMap::map_file_verified) | the same, all of it read once | as `map_file` |
//! | [`open_file_mut`](FixedMap::open_file_mut), [`create_file`](FixedMap::create_file), [`recover_file`](FixedMap::recover_file) | mapped to be written ([`MappedMut`]), nothing copied | this map alone; a lock refuses other callers of this crate |
//! | [`map_shared`](FixedMap::map_shared) | mapped by several processes ([`SharedMapped`]), nothing copied | all of them, through atomics in the values |
//! | [`Snapshot::reload`], [`SharedSnapshot::reload`] | as the call that it began with | as that call |
//!
//! Reading is safe. Mapping is not: what another process writes to a mapped file changes the memory of this process,
//! and if the file is shortened, a signal ends the process. So each call that maps is `unsafe` and says what you must
//! promise.
//!
//! # Which for what?
//!
//! - A file that many read and one process replaces from time to time: `publish`, and [`Snapshot`] to follow it.
//! - The same, read by several threads of a process: [`SharedSnapshot`]. Readers take no lock and do not wait; earlier generations can be kept,
//!   to roll back to.
//! - A map that outlives its process: `create_file`, `open_file_mut`, and `close`. If the process is killed, no write
//!   is lost: the file is marked as open, and `recover_file` repairs it. After a power failure, `recover_file` keeps
//!   the whole entries that reached the disk. To lose nothing that was reported as done, use `publish`.
//! - Counters that several processes share: `publish` the keys, then `map_shared`.
//!
//! To hear of a new file instead of asking, watch the *directory* by a library such as `notify`: `publish` puts another file at the path, and who
//! watches the old one hears no more. The function `follow` in `examples/config_snapshot.rs` does so, waits until events cease, and looks
//! from time to time anyway, for file systems that tell nothing.
//!
//! # Locks
//!
//! Files are locked as a whole (`flock`, on Windows `LockFileEx`), and a lock ends with the process that holds it.
//!
//! | | a writer has the file open | processes share it | `publish` replaces it |
//! |---|---|---|---|
//! | `open_file_mut`, `recover_file` | [`Locked`](FileCause::Locked) | `Locked` | `Locked`, for that moment |
//! | `map_shared` | `Locked` | joins | `Locked`, for that moment |
//! | `publish` | `Locked` | `Locked` | `Locked`, for that moment |
//! | `read_file` | `Locked` | as it is now | the old file or the new one |
//! | `reload` | `false` until it is closed | `false` | the old file or the new one |
//! | `map_file` | `Locked` | not to be called, and not refused | the old file or the new one |
//!
//! Readers of sealed files take no lock, and never block `publish`.
//!
//! # Heap
//!
//! If the heap refuses memory, each call returns [`FileCause::OutOfMemory`], and nothing has changed. But the standard
//! library aborts if it gets no memory for itself: for a copy of a path of 256 bytes and more in each call to the
//! system, and for the working directory, which [`Snapshot`] and [`SharedSnapshot`] ask for to make a path absolute. So does it, and arc-swap,
//! for two small blocks of [`SharedSnapshot`]: an [`Arc`](std::sync::Arc) for each map that is opened, and one for each thread that calls
//! `load`.
//!
//! # Systems
//!
//! Made for Unix and tested on Linux. On Windows a file that is mapped cannot be replaced: while a reader maps the old
//! file, `publish` fails at the step `"rename the new file into place"`. Readers that copy do not matter. Directories
//! are not synced there, and reading a file that a writer has locked fails at the step `"read the file's header"`.

mod archive;
mod described;
mod error;
mod follow;
mod indexed;
mod mapping;
mod path;
mod publish;
mod read;
mod shared;
mod var;

pub use self::archive::{Archive, OpenArchive, VerifyArchive};
pub use self::described::{publish_archive, read_archive};
pub use self::error::{FileCause, FileError};
pub use self::mapping::{Mapped, MappedMut, SharedMapped};
pub use self::read::Snapshot;
pub use self::shared::{Generation, Guard, SharedSnapshot};

#[cfg(doc)]
use super::{AlignedBytes, FixedMap};
