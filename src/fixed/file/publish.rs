//! Publishing: a new file is written beside the path, synced, and renamed over it.

use super::archive::{Archive, Lock, Old, ROUNDS, is_at, look_at, open_any_exclusive};
use super::{FileCause, FileError, error};
use crate::fixed::core::Core;
use crate::fixed::header::{Header, geometry_of, write_schema};
use crate::fixed::key::hash_of;
use crate::fixed::layout::at;
use crate::fixed::{FixedKey, FixedMap, FixedValue, MemoryMut};
use crate::observe::probes;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

impl<K: FixedKey, V: FixedValue, M: MemoryMut> FixedMap<K, V, M> {
    /// Writes a sealed copy of the archive to a file at this path, in place of the old file, and returns its
    /// generation.
    ///
    /// A reader sees all of the old archive or all of the new one, even if the writer is killed: the bytes are written
    /// to a temporary file in the same directory, synced, renamed over the path, and the directory is synced. Readers
    /// that have the old file open or mapped keep it as it is.
    ///
    /// The generation is one more than that of the archive at the path, if it is of this type, else one more than the
    /// map's own. The map gets the new generation, too.
    ///
    /// The new file gets the owner, group and permissions of the old one, or nothing is replaced. Other attributes and
    /// access lists are not kept. The first file at a path gets what the process gives to new files. A symbolic link at
    /// the path is replaced, not followed.
    ///
    /// Allocates: heap, a small block for a path; the content is written from where it is. Time: O(bytes), and two
    /// syncs of the disk.
    ///
    /// # Errors
    ///
    /// [`FileCause::Locked`] if the file is open for writing, shared by processes, or published by another process at
    /// this moment; [`FileCause::NotRegular`] if it is a directory or the like; [`FileCause::OutOfMemory`] if the heap
    /// refuses the small block; [`FileCause::Io`] with the step that failed, `"give the new file the owner and group of
    /// the old one"` if the process is not allowed to. Then the old file is as it was, and no temporary file is left.
    /// Only after a failed step `"sync the directory"` the new file is in place already, but may be lost in a power
    /// failure.
    ///
    /// A process that is killed may leave a temporary file, `.arenamap-*.tmp`. The next `publish` to the same path removes it.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
    ///
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("squares");
    /// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
    /// map.insert(7.into(), 49.into()).unwrap();
    /// assert_eq!(map.publish(&path)?, 1);
    /// map.insert(8.into(), 64.into()).unwrap();
    /// assert_eq!(map.publish(&path)?, 2);
    /// assert_eq!(FixedMap::<u64_le, u64_le>::read_file(&path)?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish(&mut self, path: impl AsRef<Path>) -> Result<u64, FileError> {
        let secrets = &self.secrets;
        self.core.settle(|key| hash_of(key, secrets));
        error::at(path, |path| publish::<Self, _, _, _>(&mut self.core, path))
    }
}

/// Writes a sealed copy of an archive, which was settled, in place of the file at a path.
pub(super) fn publish<A: Archive, K: FixedValue, V: FixedValue, M: MemoryMut>(
    core: &mut Core<K, V, M>,
    path: &Path,
) -> Result<u64, FileCause> {
    let own = core.number(at::GENERATION);
    let mut header = core.header();
    let synced = replace::<A>(path, own, |generation, temporary| {
        header = core.header_to_publish(generation);
        temporary.write(&header.0, |mut file| file.write_all(&core.bytes()[at::TAGS..]))
    })?;
    core.published(&header);
    synced?;
    let generation = usize::try_from(header.generation()).unwrap_or(usize::MAX);
    probes::publish(core.bytes().len(), generation);
    Ok(header.generation())
}

/// Puts a new file in place of the one at a path, written by a closure, which gets the generation that it is to have. The generation
/// before that is the one of the old file, if it is an archive of this type, else `own`. The error in the result: it is in place, but the directory
/// was not synced.
pub(super) fn replace<A: Archive>(
    path: &Path,
    own: u64,
    mut write: impl FnMut(u64, &Temporary<'_>) -> Result<(), FileCause>,
) -> Result<Result<(), FileCause>, FileCause> {
    let place = Place::of(path)?;
    let mut raced = io::ErrorKind::AlreadyExists.into();
    for _ in 0..ROUNDS {
        let old = Old::at(place.path)?;
        let before = old
            .file()
            .and_then(|old| look_at::<A>(old.file()).ok())
            .map_or(own, |seen| seen.header.generation());
        let temporary = place.temporary(old.file())?;
        write(before.wrapping_add(1), &temporary)?;
        let placed = match old {
            Old::File(old) => temporary.replace(old).map(|()| true),
            Old::Dangling => temporary.replace_link().map(|()| true),
            Old::None => temporary.add(&mut raced).map(|file| file.is_some()),
        }?;
        if placed {
            return Ok(place.sync());
        }
    }
    Err(FileCause::io(RENAME)(raced))
}

pub(super) const RENAME: &str = "rename the new file into place";

/// A new file with room for `capacity` entries, whose texts have `room` bytes, and a random seed; open for writing and locked.
///
/// Every byte of it is written, so that a full disk is an error here and not a signal later.
pub(super) fn create<K: FixedValue, V: FixedValue>(
    path: &Path,
    capacity: usize,
    room: usize,
) -> Result<Lock<File>, FileCause> {
    let geometry = geometry_of::<K, V>(capacity as u64, room as u64)?;
    let header = Header::new::<K, V>(&geometry, crate::fixed::header::random_seed());
    let place = Place::of(path)?;
    if fs::symlink_metadata(path).is_ok() {
        return Err(FileCause::Exists);
    }
    // Nobody finds the file before it is locked.
    let temporary = place.temporary(None)?;
    let zeros = (geometry.schema_at - at::TAGS) as u64;
    temporary.write(&header.0, |mut file| {
        io::copy(&mut io::repeat(0).take(zeros), &mut file)?;
        let mut written = Ok(());
        write_schema::<K, V>(&mut |piece| {
            if written.is_ok() {
                written = file.write_all(piece);
            }
        });
        written
    })?;
    let mut raced = io::ErrorKind::AlreadyExists.into();
    let Some(lock) = temporary.add(&mut raced)? else {
        return Err(FileCause::Exists);
    };
    place.sync()?;
    Ok(lock)
}

/// A path, and the directory that it is in.
pub(super) struct Place<'p> {
    pub(super) path: &'p Path,
    directory: &'p Path,
}

/// Bytes of the name of a temporary file: of one length, however long the name at the path is.
const NAME_BYTES: usize = b".arenamap-0123456789abcdef.tmp".len();

impl<'p> Place<'p> {
    pub(super) fn of(path: &'p Path) -> Result<Self, FileCause> {
        let (Some(directory), Some(_)) = (path.parent(), path.file_name()) else {
            return Err(FileCause::NoName);
        };
        let directory = if directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            directory
        };
        Ok(Self { path, directory })
    }

    /// The path of the temporary file for this path: always the same one beside it, so that what a killed process
    /// leaves is found again.
    fn beside(&self) -> Result<PathBuf, FileCause> {
        let name = self.path.file_name().unwrap_or_default();
        let mut number = rapidhash::v3::rapidhash_v3(name.as_encoded_bytes());
        let mut name = *b".arenamap-0123456789abcdef.tmp";
        for digit in &mut name[10..26] {
            number = number.rotate_left(4);
            *digit = b"0123456789abcdef"[(number & 15) as usize];
        }
        let mut path = path_of(self.directory, 1 + NAME_BYTES)?;
        path.push(str::from_utf8(&name).unwrap_or_default());
        Ok(path)
    }

    /// A new file beside the path, locked, with owner, group and permissions of the old one, if there is one.
    ///
    /// One that is there already and that nobody holds was left behind by a process that was killed, and is removed.
    fn temporary(&self, old: Option<&Lock<File>>) -> Result<Temporary<'p>, FileCause> {
        let path = self.beside()?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            // Whoever may not read the old file is not to read the new one while it is made.
            options.mode(if old.is_some() { 0o600 } else { 0o666 });
        }
        for _ in 0..ROUNDS {
            match options.open(&path) {
                Ok(file) => {
                    let lock = Lock::exclusive(file)?;
                    // If not, another process took it for one that was left behind, before it was locked.
                    if is_at(lock.file(), &path).map_err(FileCause::io("look at the temporary file"))? {
                        let temporary = Temporary {
                            leftover: Leftover(path),
                            lock,
                            path: self.path,
                        };
                        if let Some(old) = old {
                            take_over(temporary.lock.file(), old.file())?;
                        }
                        return Ok(temporary);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => remove_left_behind(&path)?,
                Err(error) => return Err(FileCause::io("make a temporary file beside the path")(error)),
            }
        }
        Err(FileCause::Locked)
    }

    /// Writes these bytes to a new file and lets it take the path of the old one. False, and why, if there is an old one now where none was.
    pub(super) fn put(
        &self,
        old: Old,
        raced: &mut io::Error,
        header: &[u8],
        content: &[u8],
    ) -> Result<bool, FileCause> {
        let temporary = self.temporary(old.file())?;
        temporary.write(header, |mut file| file.write_all(content))?;
        match old {
            Old::File(old) => temporary.replace(old).map(|()| true),
            Old::Dangling => temporary.replace_link().map(|()| true),
            Old::None => temporary.add(raced).map(|file| file.is_some()),
        }
    }

    /// Syncs the directory, so that the rename survives a power failure. On systems other than Unix nothing is done.
    #[cfg_attr(
        not(unix),
        allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "as on Unix")
    )]
    pub(super) fn sync(&self) -> Result<(), FileCause> {
        #[cfg(unix)]
        File::open(self.directory)
            .and_then(|directory| directory.sync_all())
            .map_err(FileCause::io("sync the directory"))?;
        Ok(())
    }
}

/// A copy of this path, with room for `more` bytes.
pub(super) fn path_of(path: &Path, more: usize) -> Result<PathBuf, FileCause> {
    let needed = path.as_os_str().len() + more;
    let mut copy = PathBuf::new();
    copy.try_reserve_exact(needed)
        .map_err(|_| FileCause::OutOfMemory { needed })?;
    copy.push(path);
    Ok(copy)
}

/// Removes a temporary file, unless somebody is writing it.
fn remove_left_behind(path: &Path) -> Result<(), FileCause> {
    let _lock = match open_any_exclusive(path) {
        Err(FileCause::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
        lock => lock?,
    };
    fs::remove_file(path).map_err(FileCause::io("remove what a killed process left beside the path"))
}

/// Gives a file the owner, the group and the permissions of another one.
fn take_over(file: &File, old: &File) -> Result<(), FileCause> {
    let look = FileCause::io("look at the file");
    let old = old.metadata().map_err(&look)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let new = file.metadata().map_err(&look)?;
        let owner = (new.uid() != old.uid()).then_some(old.uid());
        let group = (new.gid() != old.gid()).then_some(old.gid());
        if owner.is_some() || group.is_some() {
            fchown(file, owner, group)
                .map_err(FileCause::io("give the new file the owner and group of the old one"))?;
        }
    }
    // After the owner, whose change takes away some of them.
    file.set_permissions(old.permissions())
        .map_err(FileCause::io("give the new file the permissions of the old one"))
}

/// A file beside its path, removed when it is dropped.
pub(super) struct Temporary<'p> {
    leftover: Leftover, // before the lock: removed while it is held
    lock: Lock<File>,
    path: &'p Path,
}

/// The path of a temporary file; empty once it has become the file that it was made for.
struct Leftover(PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // What cannot be removed now is removed by the next `publish`.
            let _ = fs::remove_file(&self.0);
        }
    }
}

impl Temporary<'_> {
    /// Writes a header and what follows it, and syncs both.
    pub(super) fn write(&self, header: &[u8], content: impl FnOnce(&File) -> io::Result<()>) -> Result<(), FileCause> {
        let mut file = self.lock.file();
        file.write_all(header)
            .and_then(|()| content(file))
            .map_err(FileCause::io("write the new file"))?;
        file.sync_all().map_err(FileCause::io("sync the new file"))
    }

    /// Renames it over the old file, which is locked until then.
    fn replace(self, old: Lock<File>) -> Result<(), FileCause> {
        if cfg!(windows) {
            drop(old); // a file that is open cannot be renamed over there
            self.replace_link()
        } else {
            let renamed = self.replace_link();
            drop(old);
            renamed
        }
    }

    /// Renames it over what is there.
    fn replace_link(mut self) -> Result<(), FileCause> {
        fs::rename(&self.leftover.0, self.path).map_err(FileCause::io(RENAME))?;
        self.leftover.0 = PathBuf::new();
        Ok(())
    }

    /// Renames it to where no file was, and gives it, still locked; `None`, and why, if that is not so any more.
    fn add(mut self, raced: &mut io::Error) -> Result<Option<Lock<File>>, FileCause> {
        match rename_to_new(&self.leftover.0, self.path) {
            Ok(()) => {
                self.leftover.0 = PathBuf::new();
                Ok(Some(self.lock))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                *raced = error;
                Ok(None)
            }
            Err(error) => Err(FileCause::io(RENAME)(error)),
        }
    }
}

/// Renames a file to a name that is free; an error if it is not.
#[cfg(unix)]
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not every file system has it.
            Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
    }
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// The same elsewhere; among callers of this crate, the lock on the file keeps others from coming in between.
#[cfg(not(unix))]
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}
