//! A file with an archive in it: opened, locked, and looked at before it is read or mapped.

use super::FileCause;
use crate::fixed::header::Header;
use crate::fixed::layout::{OPEN, SEALED, at};
use crate::fixed::path::{Part, Value};
use crate::fixed::value::{AnyBytes, Checked, FixedValue, Frozen};
use crate::fixed::var::path::PartSlot;
use crate::fixed::{FixedError, FixedKey, FixedMap, Holds, IndexedMap, PathArchive, VarKey, VarMap, VarValue};
use core::borrow::Borrow;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek};
use std::path::Path;

/// Rounds of open and lock in which somebody else may replace the file before that is an error.
pub(super) const ROUNDS: u32 = 64;

/// The lock on a whole file, given back when it is dropped: also if a child process has inherited the file meanwhile.
///
/// Advisory on Unix: it keeps out whoever asks for a lock, as everything in this crate does.
pub(super) struct Lock<F: Borrow<File>> {
    file: F,
}

impl<F: Borrow<File>> Lock<F> {
    /// For one holder alone.
    pub(super) fn exclusive(file: F) -> Result<Self, FileCause> {
        Self::taken(file.borrow().try_lock(), file)
    }

    /// For several holders, all of which share.
    pub(super) fn shared(file: F) -> Result<Self, FileCause> {
        Self::taken(file.borrow().try_lock_shared(), file)
    }

    fn taken(taken: Result<(), TryLockError>, file: F) -> Result<Self, FileCause> {
        match taken {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(FileCause::Locked),
            Err(TryLockError::Error(error)) => Err(FileCause::io("lock the file")(error)),
        }
    }

    pub(super) fn file(&self) -> &File {
        self.file.borrow()
    }
}

impl<F: Borrow<File>> Drop for Lock<F> {
    fn drop(&mut self) {
        // What cannot be unlocked now is so when the file is closed.
        let _ = self.file.borrow().unlock();
    }
}

/// Opens a regular file, and nothing else: a FIFO would wait for its other end, a device might do something.
fn open_regular(path: &Path, step: &'static str, options: &mut OpenOptions) -> Result<File, FileCause> {
    if !fs::metadata(path).map_err(FileCause::io(step))?.is_file() {
        return Err(FileCause::NotRegular);
    }
    // Should it be something else by now, opening it does not wait. To a regular file this is nothing.
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    }
    let file = options.open(path).map_err(FileCause::io(step))?;
    if file.metadata().map_err(FileCause::io("look at the file"))?.is_file() {
        Ok(file)
    } else {
        Err(FileCause::NotRegular)
    }
}

pub(super) fn open_to_read(path: &Path) -> Result<File, FileCause> {
    open_regular(path, "open the file", OpenOptions::new().read(true))
}

fn open_to_write(path: &Path) -> Result<File, FileCause> {
    open_regular(
        path,
        "open the file for writing",
        OpenOptions::new().read(true).write(true),
    )
}

/// For an exclusive lock: some systems ask for a file that is open for writing, and others lock what may only be read.
fn open_to_lock(path: &Path) -> Result<File, FileCause> {
    match open_to_write(path) {
        Err(FileCause::Io { source, .. })
            if matches!(
                source.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            open_to_read(path)
        }
        opened => opened,
    }
}

/// Opens and locks the file that is at this path, and not one that was replaced between the two.
fn open_locked(
    path: &Path,
    open: impl Fn(&Path) -> Result<File, FileCause>,
    lock: impl Fn(File) -> Result<Lock<File>, FileCause>,
) -> Result<Lock<File>, FileCause> {
    for _ in 0..ROUNDS {
        let lock = lock(open(path)?)?;
        if is_at(lock.file(), path).map_err(FileCause::io("look at the file"))? {
            return Ok(lock);
        }
    }
    Err(FileCause::Locked)
}

pub(super) fn open_exclusive(path: &Path) -> Result<Lock<File>, FileCause> {
    open_locked(path, open_to_write, Lock::exclusive)
}

pub(super) fn open_shared(path: &Path) -> Result<Lock<File>, FileCause> {
    open_locked(path, open_to_write, Lock::shared)
}

/// A file that is there, whatever is in it, locked for one holder alone.
pub(super) fn open_any_exclusive(path: &Path) -> Result<Lock<File>, FileCause> {
    open_locked(path, open_to_lock, Lock::exclusive)
}

/// What `publish` finds at its path.
pub(super) enum Old {
    /// Nothing.
    None,
    /// A symbolic link to nothing.
    Dangling,
    /// A file, which nobody else publishes to, writes in or shares as long as it is locked.
    File(Lock<File>),
}

impl Old {
    pub(super) fn at(path: &Path) -> Result<Self, FileCause> {
        match open_any_exclusive(path) {
            Ok(lock) => Ok(Self::File(lock)),
            Err(FileCause::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let is_link = fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink());
                Ok(if is_link { Self::Dangling } else { Self::None })
            }
            Err(error) => Err(error),
        }
    }

    pub(super) const fn file(&self) -> Option<&Lock<File>> {
        match self {
            Self::File(lock) => Some(lock),
            Self::None | Self::Dangling => None,
        }
    }
}

/// Whether this open file is the one at the path.
#[cfg(unix)]
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere a file that is open is not replaced.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(super) fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// A header that was checked against its types and the file's length, and the bytes of its archive.
pub(super) struct Seen {
    pub(super) header: Header,
    pub(super) bytes: usize,
}

/// What tells archives apart without looking at their content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    generation: u64,
    seed: u64,
    /// The checksum of a sealed archive.
    content: Option<u64>,
}

impl Identity {
    pub(super) const fn generation(self) -> u64 {
        self.generation
    }

    /// Whether a reader that has this takes the other one for something new: of an open archive, generation and seed tell.
    pub(super) fn is_replaced_by(self, there: Self) -> bool {
        let content = there.content.or(self.content);
        Self { content, ..there } != self
    }
}

impl Seen {
    pub(super) fn identity(&self) -> Identity {
        Identity {
            generation: self.header.generation(),
            seed: self.header.seed(),
            content: (!self.is_open()).then(|| self.header.content_checksum()),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.header.state() == OPEN
    }
}

/// A map whose archive may be a file: [`FixedMap`], [`VarMap`], [`IndexedMap`], [`PathArchive`].
pub trait Archive: Sized + Sealed {
    /// Checks a header, and says how many bytes its archive has.
    #[doc(hidden)]
    fn check(header: &[u8; at::TAGS]) -> Result<usize, FixedError>;
}

/// An [`Archive`] that is opened by its header alone, in memory `M`.
pub trait OpenArchive<M>: Archive {
    #[doc(hidden)]
    fn open_in(memory: M) -> Result<Self, FixedError>;
}

/// An [`Archive`] that is verified when it is opened, in memory `M`.
pub trait VerifyArchive<M>: Archive {
    #[doc(hidden)]
    fn verify_in(memory: M) -> Result<Self, FixedError>;
}

mod sealed {
    pub trait Sealed {}
}

use sealed::Sealed;

impl<K, V, M> Sealed for FixedMap<K, V, M> {}

impl<K: FixedKey, V: FixedValue, M> Archive for FixedMap<K, V, M> {
    fn check(header: &[u8; at::TAGS]) -> Result<usize, FixedError> {
        Header(*header).check::<K, V>().map(|geometry| geometry.bytes)
    }
}

impl<K: FixedKey + AnyBytes, V: AnyBytes, M: Holds<V>> OpenArchive<M> for FixedMap<K, V, M> {
    fn open_in(memory: M) -> Result<Self, FixedError> {
        Self::open_here(memory)
    }
}

impl<K: FixedKey + Checked, V: Checked, M: Holds<V>> VerifyArchive<M> for FixedMap<K, V, M> {
    fn verify_in(memory: M) -> Result<Self, FixedError> {
        Self::open_verified_here(memory)
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M> Sealed for VarMap<K, V, M> {}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M> Archive for VarMap<K, V, M> {
    fn check(header: &[u8; at::TAGS]) -> Result<usize, FixedError> {
        Header(*header)
            .check::<K::Slot, V::Slot>()
            .map(|geometry| geometry.bytes)
    }
}

impl<K, V, M: Holds<V::Slot>> OpenArchive<M> for VarMap<K, V, M>
where
    K: VarKey<Slot: AnyBytes> + ?Sized,
    V: VarValue<Slot: AnyBytes> + ?Sized,
{
    fn open_in(memory: M) -> Result<Self, FixedError> {
        Self::open_here(memory)
    }
}

impl<K, V, M: Holds<V::Slot>> VerifyArchive<M> for VarMap<K, V, M>
where
    K: VarKey + ?Sized,
    V: VarValue + ?Sized,
{
    fn verify_in(memory: M) -> Result<Self, FixedError> {
        Self::open_verified_here(memory)
    }
}

impl<K: ?Sized, V: ?Sized, M> Sealed for IndexedMap<K, V, M> {}

impl<K, V, M> Archive for IndexedMap<K, V, M>
where
    K: VarKey + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
{
    fn check(header: &[u8; at::TAGS]) -> Result<usize, FixedError> {
        Header(*header)
            .check_indexed::<K::Slot, V::Slot>()
            .map(|geometry| geometry.bytes)
    }
}

impl<K, V, M: Holds<V::Slot>> OpenArchive<M> for IndexedMap<K, V, M>
where
    K: VarKey<Slot: AnyBytes> + ?Sized,
    V: VarValue<Slot: AnyBytes + Frozen> + ?Sized,
{
    fn open_in(memory: M) -> Result<Self, FixedError> {
        Self::open_here(memory)
    }
}

impl<K, V, M: Holds<V::Slot>> VerifyArchive<M> for IndexedMap<K, V, M>
where
    K: VarKey + ?Sized,
    V: VarValue<Slot: Frozen> + ?Sized,
{
    fn verify_in(memory: M) -> Result<Self, FixedError> {
        Self::open_verified_here(memory)
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Sealed for PathArchive<K, V, M> {}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Archive for PathArchive<K, V, M> {
    fn check(header: &[u8; at::TAGS]) -> Result<usize, FixedError> {
        Header(*header)
            .check::<PartSlot<K>, V::Slot>()
            .map(|geometry| geometry.bytes)
            .map_err(FixedError::of_tree)
    }
}

impl<K, V, M: Holds<V::Slot>> OpenArchive<M> for PathArchive<K, V, M>
where
    K: Part + ?Sized,
    V: Value<Slot: AnyBytes> + ?Sized,
{
    fn open_in(memory: M) -> Result<Self, FixedError> {
        Self::open_here(memory)
    }
}

impl<K, V, M: Holds<V::Slot>> VerifyArchive<M> for PathArchive<K, V, M>
where
    K: Part + ?Sized,
    V: Value + ?Sized,
{
    fn verify_in(memory: M) -> Result<Self, FixedError> {
        Self::open_verified_here(memory)
    }
}

/// Reads and checks the header, and the length of the file. Nothing else is read.
pub(super) fn look_at<A: Archive>(file: &File) -> Result<Seen, FileCause> {
    look(file, |header| A::check(&header.0))
}

/// The same of a file whose length and state are to be made anew.
pub(super) fn look_at_damaged<K: FixedValue, V: FixedValue>(file: &File) -> Result<Seen, FileCause> {
    look(file, |header| {
        header.check_shape::<K, V>().map(|geometry| geometry.bytes)
    })
}

/// The same without types: that it is an archive of this version, and as long as it says.
pub(super) fn look_at_any(file: &File) -> Result<Seen, FileCause> {
    look_by(file, |header| {
        header.check_start()?;
        Ok(header.number(at::BYTES))
    })
}

fn look(file: &File, check: impl Fn(&Header) -> Result<usize, FixedError>) -> Result<Seen, FileCause> {
    look_by(file, |header| Ok(check(header)? as u64))
}

/// Reads a header, from which the closure tells the bytes of the archive, and compares these with the file.
fn look_by(mut file: &File, bytes_of: impl Fn(&Header) -> Result<u64, FixedError>) -> Result<Seen, FileCause> {
    let read = FileCause::io("read the file's header");
    let found = file.metadata().map_err(FileCause::io("look at the file"))?.len();
    let length = |expected| FileCause::Length { expected, found };
    let mut header = Header([0; at::TAGS]);
    file.rewind().map_err(&read)?;
    let start = header.0.len().min(usize::try_from(found).unwrap_or(usize::MAX));
    file.read_exact(&mut header.0[..start]).map_err(&read)?;
    if start < at::TAGS {
        header.check_beginning(start)?;
        return Err(length(at::TAGS as u64));
    }
    let stated = bytes_of(&header)?;
    match usize::try_from(stated) {
        Ok(bytes) if stated == found => Ok(Seen { header, bytes }),
        _ => Err(length(stated)),
    }
}

/// Looks at a file that is to be read or mapped as it is. Of one that is marked as open, a lock says whether somebody
/// writes in it; published files are sealed, so that no reader stands in the way of `publish`.
pub(super) fn look_to_read<A: Archive>(file: &File) -> Result<(Seen, Option<Lock<&File>>), FileCause> {
    look_to_read_by(file, look_at::<A>)
}

/// The same without types.
pub(super) fn look_to_read_any(file: &File) -> Result<(Seen, Option<Lock<&File>>), FileCause> {
    look_to_read_by(file, look_at_any)
}

fn look_to_read_by(
    file: &File,
    look: fn(&File) -> Result<Seen, FileCause>,
) -> Result<(Seen, Option<Lock<&File>>), FileCause> {
    let seen = look(file)?;
    if seen.header.state() == SEALED {
        return Ok((seen, None));
    }
    let lock = Lock::shared(file)?;
    Ok((look(file)?, Some(lock)))
}
