//! Files mapped into memory: the three kinds of mapping, and the calls that make them.
//!
//! ```text
//!   Mapped                 MappedMut                        SharedMapped
//!   process A   process B  one process, exclusive lock      process A         process B, shared locks
//!   | r r r |   | r r r |  | w w w |                        | r r a r a |     | r r a r a |    a: atomics of V
//!       \          /           |                                    \             /
//!   [ file, replaced but ]  [ file: "open" from the   ]    [ file: "open"; header, groups, keys ]
//!   [ never written      ]  [ first write to `close`  ]    [ and plain fields as they were      ]
//! ```
//!
//! Invariants, which are M1, M2 and M3 of `memory.rs` for these types:
//! - **F1** `View::ptr` is the start of a mapping of `View::len` bytes that `View::map` owns: not null, at one address until
//!   it is dropped, page-aligned. It was never a reference.
//! - **F2** The mapped file has `View::len` bytes for as long as the mapping lives, so that reading a page of it is reading
//!   memory: the length was looked at before (`archive.rs`), and the caller of each `unsafe fn` promises that it stays.
//! - **F3** Of `Mapped`, nobody changes the bytes: the caller's promise. Of `MappedMut`, nobody else reaches them: the caller's
//!   promise, which the exclusive lock keeps among callers of this crate. Of `SharedMapped`, nobody changes anything
//!   but through atomics of `V`, and nobody reads those but through atomics: the caller's promise for other processes; in this
//!   one, such memory is no `MemoryMut`, its values are no `Frozen` ones, and it cannot be opened a second time.
#![allow(unsafe_code, reason = "maps files; F1 to F3")]

use super::archive::{
    Archive, Lock, OpenArchive, VerifyArchive, look_at, look_at_damaged, look_to_read, open_exclusive, open_shared,
    open_to_read,
};
use super::{FileCause, FileError, error, publish};
use crate::fixed::core::Core;
use crate::fixed::key::hash_of;
use crate::fixed::layout::at;
use crate::fixed::memory::sealed::Sealed;
use crate::fixed::value::{AnyBytes, Checked, Frozen};
use crate::fixed::{FixedKey, FixedMap, FixedValue, Holds, Memory, MemoryMut, Recovered};
use core::fmt;
use core::ptr::NonNull;
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::path::Path;
use zerocopy::FromBytes;

/// A mapping, with its address and length at hand for lookups.
struct View {
    ptr: NonNull<u8>,
    len: usize,
    map: MmapRaw,
}

impl View {
    fn of(map: io::Result<MmapRaw>) -> Result<Self, FileCause> {
        let map = map.map_err(FileCause::io("map the file"))?;
        let ptr = NonNull::new(map.as_mut_ptr()).expect("a mapping is not at address 0");
        Ok(Self {
            ptr,
            len: map.len(),
            map,
        })
    }

    fn read_only(file: &File, len: usize) -> Result<Self, FileCause> {
        Self::of(MmapOptions::new().len(len).map_raw_read_only(file))
    }

    fn writable(file: &File, len: usize) -> Result<Self, FileCause> {
        Self::of(MmapOptions::new().len(len).map_raw(file))
    }

    /// Writes everything to the disk.
    fn flush(&self) -> Result<(), FileCause> {
        self.map.flush().map_err(FileCause::io("flush the mapping"))
    }

    /// Writes the header to the disk, with what else is in its page.
    fn flush_header(&self) -> Result<(), FileCause> {
        self.map
            .flush_range(0, at::TAGS)
            .map_err(FileCause::io("flush the file's header"))
    }
}

// SAFETY: F1: a mapping is of the process, not of a thread; the pointer is into it.
unsafe impl Send for View {}
// SAFETY: through `&View` the bytes are reached by the map only, whose atomics are `Sync` if it is.
unsafe impl Sync for View {}

/// A file mapped for reading: [`FixedMap::map_file`]. The file may be replaced meanwhile, but must not be written.
pub struct Mapped {
    view: View,
}

/// A file mapped for writing by one process, and locked: [`FixedMap::open_file_mut`].
///
/// When it is dropped without [`close`](FixedMap::close), the file stays marked as open. Until then it is not sealed:
///
/// ```compile_fail
/// use arenamap::fixed::{FixedMap, u64_le};
/// let mut map = unsafe { FixedMap::<u64_le, u64_le, _>::open_file_mut("file") }.unwrap();
/// map.seal();
/// ```
pub struct MappedMut {
    view: View, // before the lock: unmapped first
    lock: Lock<File>,
}

/// A file mapped by several processes, which change atomics in its values: [`FixedMap::map_shared`].
pub struct SharedMapped {
    view: View, // before the lock: unmapped first
    _lock: Lock<File>,
}

macro_rules! memory {
    ($($name:ident $writable:literal;)*) => {$(
        impl Sealed for $name {}

        // SAFETY: M1, by F1 and F2.
        unsafe impl Memory for $name {
            #[inline(always)]
            fn ptr(&self) -> NonNull<u8> {
                self.view.ptr
            }

            #[inline(always)]
            fn bytes(&self) -> usize {
                self.view.len
            }

            const WRITABLE: bool = $writable;
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("len", &self.view.len).finish_non_exhaustive()
            }
        }
    )*};
}

memory! {
    Mapped false;
    MappedMut true;
    SharedMapped true;
}

// SAFETY: M3: a frozen type has no atomics.
unsafe impl<V: Frozen> Holds<V> for Mapped {}
// SAFETY: M2, by F3; the pages are writable.
unsafe impl MemoryMut for MappedMut {
    const STAYS_OPEN: bool = true;
}
// SAFETY: M3: writable pages, never behind a reference (F1).
unsafe impl<V: FixedValue> Holds<V> for MappedMut {}

impl<K: FixedKey, V: Frozen> FixedMap<K, V, Mapped> {
    /// Maps a file for reading, as [`open`](FixedMap::open) does: the header is checked, and other pages are read when
    /// a lookup needs them.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// As [`read_file_unverified`](FixedMap::read_file_unverified).
    ///
    /// # Safety
    ///
    /// As long as the map lives, or the memory taken out of it, nobody may write to the file or shorten it.
    /// [`publish`](FixedMap::publish) does neither: it puts another file at the path, and this map keeps the old one.
    /// These do: [`open_file_mut`](FixedMap::open_file_mut) and [`map_shared`](FixedMap::map_shared) of the same file,
    /// copying over it, editors.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// let path = tempfile::NamedTempFile::new()?.into_temp_path();
    /// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// map.publish(&path)?;
    /// // SAFETY: the file is only ever replaced, by `publish`.
    /// let view = unsafe { FixedMap::<u64_le, u64_le, _>::map_file(&path)? };
    /// map.clear();
    /// # #[cfg(unix)]
    /// map.publish(&path)?;
    /// assert_eq!(view.get(&7), Some(&49.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn map_file(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K: AnyBytes,
        V: AnyBytes,
    {
        error::at(path, |path| map_open(&open_to_read(path)?))
    }

    /// Maps a file to read it and verifies all of it, as [`open_verified`](FixedMap::open_verified) does.
    ///
    /// Allocates: heap, four bytes a group while it verifies. Time: O(bytes); reads the whole file.
    ///
    /// # Errors
    ///
    /// As [`read_file`](FixedMap::read_file).
    ///
    /// # Safety
    ///
    /// As [`map_file`](Self::map_file).
    pub unsafe fn map_file_verified(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K: Checked,
        V: Checked,
    {
        error::at(path, |path| map_open_verified(&open_to_read(path)?))
    }
}

/// The callers promise F3 for the file.
pub(super) fn map_open<A: OpenArchive<Mapped>>(file: &File) -> Result<A, FileCause> {
    // A lock is not kept: `publish` over the file shall find it free.
    let (seen, _lock) = look_to_read::<A>(file)?;
    let view = View::read_only(file, seen.bytes)?;
    Ok(A::open_in(Mapped { view })?)
}

/// The callers promise F3 for the file.
pub(super) fn map_open_verified<A: VerifyArchive<Mapped>>(file: &File) -> Result<A, FileCause> {
    let (seen, _lock) = look_to_read::<A>(file)?;
    let view = View::read_only(file, seen.bytes)?;
    Ok(A::verify_in(Mapped { view })?)
}

impl<K: FixedKey, V: FixedValue> FixedMap<K, V, MappedMut> {
    /// Makes a file with an empty map with room for `capacity` entries, locks it, and maps it for writing.
    ///
    /// The file appears at the path complete, or not at all. It is marked as open until [`close`](Self::close).
    ///
    /// Allocates: heap, a small block for a path. Time: O(bytes), which are all written once.
    ///
    /// # Errors
    ///
    /// [`FileCause::Exists`] if there is something at the path; [`FileCause::Io`] with the step that failed; [`FileCause::Archive`] if the capacity is larger than the format allows.
    ///
    /// # Safety
    ///
    /// As [`open_file_mut`](Self::open_file_mut).
    pub unsafe fn create_file(path: impl AsRef<Path>, capacity: usize) -> Result<Self, FileError> {
        error::at(path, |path| {
            let lock = publish::create::<K, V>(path, capacity, 0)?;
            let bytes = look_at::<Self>(lock.file())?.bytes;
            Self::map_locked(lock, bytes)
        })
    }

    /// Locks a file and maps it for writing, as [`open_mut`](FixedMap::open_mut) does.
    ///
    /// The file is marked as open, until [`close`](Self::close). The mark is on the disk before anything else is
    /// written. Writes go to the pages of the file. If the process is killed, none is lost. If the machine loses power,
    /// some of those since the last [`flush`](Self::flush) may be lost.
    ///
    /// Allocates: never. Time: O(1), and one sync of the disk.
    ///
    /// # Errors
    ///
    /// [`FileCause::NotClosedCleanly`] if its last writer did not close it: use [`recover_file`](Self::recover_file).
    /// [`FileCause::Locked`] if another writer has it open, here or in another process, or processes share it. Else as
    /// [`read_file_unverified`](FixedMap::read_file_unverified).
    ///
    /// # Safety
    ///
    /// As long as the map lives, or the memory taken out of it, nobody else may map the file, write to it or shorten
    /// it. The calls of this crate that map or write take the lock first, except [`map_file`](FixedMap::map_file). On
    /// Unix, programs that do not ask for the lock are not kept out. If a drive or a network share goes away, or a
    /// copy-on-write disk is full, a signal ends the process.
    ///
    /// ```
    /// use arenamap::fixed::{FixedMap, file::FileCause, u64_le};
    ///
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("counts");
    /// // SAFETY: nobody else knows the directory.
    /// let mut map = unsafe { FixedMap::<u64_le, u64_le, _>::create_file(&path, 1_000)? };
    /// map.insert(7.into(), 49.into()).unwrap();
    /// map.close()?;
    ///
    /// // SAFETY: the same.
    /// let mut map = unsafe { FixedMap::<u64_le, u64_le, _>::open_file_mut(&path)? };
    /// map.insert(8.into(), 64.into()).unwrap();
    /// drop(map); // not closed
    ///
    /// // SAFETY: the same.
    /// let error = unsafe { FixedMap::<u64_le, u64_le, _>::open_file_mut(&path) }.unwrap_err();
    /// assert!(matches!(error.cause, FileCause::NotClosedCleanly));
    /// // SAFETY: the same.
    /// let (map, recovered) = unsafe { FixedMap::<u64_le, u64_le, _>::recover_file(&path)? };
    /// assert_eq!((map.len(), recovered.kept, recovered.lost), (2, 2, 0));
    /// map.close()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn open_file_mut(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K: FromBytes,
        V: FromBytes,
    {
        error::at(path, |path| {
            let (lock, bytes) = lock_closed::<Self>(path)?;
            Self::map_locked(lock, bytes)
        })
    }

    /// [`open_file_mut`](Self::open_file_mut) for all types. The file is verified, as by
    /// [`open_verified`](FixedMap::open_verified), before anything is written.
    ///
    /// Allocates: heap, four bytes a group while it verifies. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`open_file_mut`](Self::open_file_mut), and [`FileCause::Archive`] with the first thing that is wrong. Then the file
    /// is as it was.
    ///
    /// # Safety
    ///
    /// As [`open_file_mut`](Self::open_file_mut).
    pub unsafe fn open_file_mut_verified(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K: Checked,
        V: Checked,
    {
        error::at(path, |path| {
            let (lock, bytes) = lock_closed::<Self>(path)?;
            // Its atomics are still: nobody else has the file, and this map of it is not given out.
            let view = View::read_only(lock.file(), bytes)?;
            let map = FixedMap::<K, V, Mapped>::attach_in(Mapped { view })?;
            map.check(&mut map.scratch()?)?;
            drop(map);
            Self::map_locked(lock, bytes)
        })
    }

    /// Repairs and opens a file that was not closed cleanly. It keeps the entries that are whole, and says what it kept
    /// and what it lost, as [`recover`](FixedMap::recover) does.
    ///
    /// Allocates: never. Time: O(bytes), and one sync of the disk.
    ///
    /// # Errors
    ///
    /// As [`open_file_mut`](Self::open_file_mut), except for the state. A file without a good header, or with bytes
    /// missing, cannot be recovered. A file that was closed cleanly is opened, too, and nothing is lost.
    ///
    /// # Safety
    ///
    /// As [`open_file_mut`](Self::open_file_mut).
    pub unsafe fn recover_file(path: impl AsRef<Path>) -> Result<(Self, Recovered), FileError>
    where
        K: Checked,
        V: Checked,
    {
        error::at(path, |path| {
            let memory = MappedMut::of_damaged::<K, V>(path)?;
            let mut map = Self::attached(Core::attach_damaged(memory)?);
            mark_open(&mut map.core)?;
            let recovered = map.recover_here();
            Ok((map, recovered))
        })
    }

    /// Maps a file and marks it as open. C2 of `core.rs` is the caller's: any bytes are valid, all were verified, or none is full.
    fn map_locked(lock: Lock<File>, bytes: usize) -> Result<Self, FileCause> {
        let mut map = Self::attach_in(MappedMut::of(lock, bytes)?)?;
        mark_open(&mut map.core)?;
        Ok(map)
    }

    /// Writes everything so far to the disk. The file stays marked as open.
    ///
    /// Allocates: never. Time: O(pages that changed).
    ///
    /// # Errors
    ///
    /// [`FileCause::Io`] if the operating system refuses.
    #[allow(clippy::needless_pass_by_ref_mut, reason = "nothing is written meanwhile")]
    pub fn flush(&mut self) -> Result<(), FileError> {
        Ok(self.core.memory().flush()?)
    }

    /// Closes the file: writes everything to the disk, counts the generation up, seals the archive, writes the seal to
    /// the disk, and unlocks the file.
    ///
    /// Allocates: never. Time: O(bytes), for the checksum; three syncs of the disk.
    ///
    /// # Errors
    ///
    /// [`FileCause::Io`] if the operating system refuses. Then the file stays marked as open.
    pub fn close(mut self) -> Result<(), FileError> {
        let secrets = &self.secrets;
        self.core.settle(|key| hash_of(key, secrets));
        Ok(close_settled(self.core)?)
    }
}

impl MappedMut {
    /// A file that is locked, and has so many bytes.
    pub(super) fn of(lock: Lock<File>, bytes: usize) -> Result<Self, FileCause> {
        let view = View::writable(lock.file(), bytes)?;
        Ok(Self { view, lock })
    }

    /// A file of whose header nothing but the shape is good; it is locked now.
    pub(super) fn of_damaged<K: FixedValue, V: FixedValue>(path: &Path) -> Result<Self, FileCause> {
        let lock = open_exclusive(path)?;
        let bytes = look_at_damaged::<K, V>(lock.file())?.bytes;
        Self::of(lock, bytes)
    }

    /// Writes everything to the disk.
    pub(super) fn flush(&self) -> Result<(), FileCause> {
        self.view.flush()
    }
}

/// A file that is sealed, locked, and its length.
pub(super) fn lock_closed<A: Archive>(path: &Path) -> Result<(Lock<File>, usize), FileCause> {
    let lock = open_exclusive(path)?;
    let seen = look_at::<A>(lock.file())?;
    if seen.is_open() {
        return Err(FileCause::NotClosedCleanly);
    }
    Ok((lock, seen.bytes))
}

/// Marks a file as open, on the disk too, before anything else is written.
pub(super) fn mark_open<K: FixedValue, V: FixedValue>(core: &mut Core<K, V, MappedMut>) -> Result<(), FileCause> {
    core.mark_open();
    core.memory().view.flush_header()
}

/// Seals and closes a file whose counters were settled.
pub(super) fn close_settled<K: FixedValue, V: FixedValue>(mut core: Core<K, V, MappedMut>) -> Result<(), FileCause> {
    core.memory().view.flush()?;
    core.count_generation();
    core.seal_settled();
    let MappedMut { view, lock } = core.memory();
    let closed = view
        .flush_header()
        .and_then(|()| lock.file().sync_all().map_err(FileCause::io("sync the file")));
    if closed.is_err() {
        core.mark_open();
    }
    closed
}

impl<K: FixedKey, V: FixedValue> FixedMap<K, V, SharedMapped> {
    /// Maps a file that several processes map at once, to change atomics in its values through `&V`. No entry can be
    /// inserted or removed.
    ///
    /// Make the file by [`publish`](FixedMap::publish) or [`close`](FixedMap::close). It is marked as open, because its
    /// values change and no checksum holds, and it stays so. [`read_file`](FixedMap::read_file) reads it as it is, with
    /// plain fields in place of the atomics. [`recover_file`](FixedMap::recover_file) opens it for one writer again.
    /// Each process holds a shared lock, which keeps writers and `publish` away.
    ///
    /// Values without atomics do not compile. Use [`map_file`](FixedMap::map_file) for them.
    ///
    /// Allocates: never. Time: O(1), and one sync of the disk.
    ///
    /// # Errors
    ///
    /// [`FileCause::Locked`] if a writer has the file open. Else as
    /// [`read_file_unverified`](FixedMap::read_file_unverified); the file needs permission to write.
    ///
    /// # Safety
    ///
    /// As long as the map lives, or the memory taken out of it, nobody may shorten the file. Nobody may write to it,
    /// except through maps made by this call for a type with the same fields as atomics.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, AtomicU64Le, FixedMap, u64_le};
    /// use std::sync::atomic::Ordering::Relaxed;
    ///
    /// let path = tempfile::NamedTempFile::new()?.into_temp_path();
    /// let mut map = FixedMap::<u64_le, AtomicU64Le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 40.into()).unwrap();
    /// map.publish(&path)?;
    ///
    /// // SAFETY: the file is reached through this call alone.
    /// let shared = unsafe { FixedMap::<u64_le, AtomicU64Le, _>::map_shared(&path)? }; // in each process
    /// shared.get(&7).unwrap().fetch_add(2, Relaxed);
    /// drop(shared);
    /// assert_eq!(FixedMap::<u64_le, u64_le>::read_file(&path)?.get(&7), Some(&42.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// ```compile_fail
    /// use arenamap::fixed::{FixedMap, u64_le};
    /// let _ = unsafe { FixedMap::<u64_le, u64_le, _>::map_shared("file") };
    /// ```
    ///
    /// ```compile_fail
    /// use arenamap::fixed::{AtomicU64Le, FixedMap, u64_le};
    /// let mut shared = unsafe { FixedMap::<u64_le, AtomicU64Le, _>::map_shared("file") }.unwrap();
    /// shared.insert(7.into(), 1.into()); // no `MemoryMut`
    /// ```
    pub unsafe fn map_shared(path: impl AsRef<Path>) -> Result<Self, FileError>
    where
        K: FromBytes,
        V: FromBytes,
    {
        const {
            assert!(
                V::SCHEMA.atomic,
                "values without atomics do not change in a shared mapping; read them by `map_file`"
            );
        }
        error::at(path, |path| {
            let lock = open_shared(path)?;
            let seen = look_at::<Self>(lock.file())?;
            let was_sealed = !seen.is_open();
            let view = View::writable(lock.file(), seen.bytes)?;
            // By the header as the file gave it: read through the mapping, it could be one that another process is marking.
            let (core, header) = Core::attach_shared(SharedMapped { view, _lock: lock }, seen.header)?;
            core.lend();
            if was_sealed {
                core.memory().view.flush_header()?;
            }
            Ok(Self::attached((core, header)))
        })
    }

    /// Writes to the disk what any process has changed so far.
    ///
    /// Allocates: never. Time: O(pages that changed).
    ///
    /// # Errors
    ///
    /// [`FileCause::Io`] if the operating system refuses.
    pub fn flush(&self) -> Result<(), FileError> {
        Ok(self.core.memory().view.flush()?)
    }
}
