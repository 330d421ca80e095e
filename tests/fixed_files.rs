//! Archives in files: round trips, every error, what a failed publish leaves, and readers that follow.
#![allow(
    unsafe_code,
    reason = "mapping a file is unsafe; each file here is in a directory of its own"
)]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use arenamap::fixed::file::{self, FileCause, FileError, Mapped, MappedMut, SharedMapped, Snapshot};
use arenamap::fixed::{AlignedBytes, AtomicU64Le, Field, FixedMap, u32_le, u64_le};
use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;

#[path = "support/child.rs"]
mod child;
#[path = "support/files.rs"]
mod files;

use files::*;

#[cfg(unix)]
#[test]
fn an_index_of_texts_is_published_read_mapped_and_followed() {
    use arenamap::fixed::IndexedMap;
    use arenamap::fixed::file::Snapshot;

    type Words<M = AlignedBytes> = IndexedMap<str, str, M>;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("words");
    let map = Words::try_from_entries([("one", "eins"), ("two", "zwei")]).unwrap();
    assert_eq!(map.publish(&path).unwrap(), 1);
    for map in [
        Words::read_file(&path).unwrap(),
        Words::read_file_unverified(&path).unwrap(),
    ] {
        assert_eq!((map.get("two"), map.generation()), (Some("zwei"), 1));
    }
    // SAFETY: the file is only ever replaced, by `publish`.
    unsafe {
        assert_eq!(Words::map_file(&path).unwrap().get("one"), Some("eins"));
        assert_eq!(Words::map_file_verified(&path).unwrap().get("three"), None);
        let mut reader = Snapshot::<Words<Mapped>>::map(&path).unwrap();
        Words::try_from_entries([("three", "drei")])
            .unwrap()
            .publish(&path)
            .unwrap();
        assert!(reader.reload().unwrap());
        assert_eq!(
            (reader.get("three"), reader.get("one"), reader.generation()),
            (Some("drei"), None, 2)
        );
    }
    let error = arenamap::fixed::VarMap::<str, str>::read_file(&path).unwrap_err();
    assert!(error.to_string().contains("IndexedMap"), "{error}");
}

#[test]
fn a_published_file_is_the_archive_and_opens_in_every_way() {
    let (directory, path) = directory();
    let mut source = squares(0..1_000);
    assert_eq!(source.publish(&path).unwrap(), 1);
    assert!(source.is_sealed());
    assert_eq!(fs::read(&path).unwrap(), source.as_bytes());
    assert_eq!(names(directory.path()), ["squares"]);

    assert_eq!(read(&path).unwrap(), source);
    assert_eq!(Map::read_file_unverified(&path).unwrap(), source);
    assert_eq!(map(&path).unwrap(), source);
    assert_eq!(map_verified(&path).unwrap(), source);
    let before = fs::read(&path).unwrap();
    let opened = open(&path).unwrap();
    assert_eq!(opened, source);
    opened.close().unwrap();
    let closed = fs::read(&path).unwrap();
    assert!(
        closed[..136] == before[..136] && closed[192..] == before[192..],
        "the same, but for generation and checksum"
    );
    let opened = open_verified(&path).unwrap();
    assert_eq!(opened, source);
    opened.close().unwrap();
    let shared = share(&path).unwrap();
    assert!((0..1_000_u64).all(|key| shared.get(&key).unwrap().load(Relaxed) == key * key));
}

#[test]
fn types_of_which_not_every_byte_is_a_value_are_verified() {
    type Flags<M = AlignedBytes> = FixedMap<u64_le, bool, M>;
    let (_directory, path) = directory();
    let mut flags = Flags::create(AlignedBytes::zeroed(4096), 10).unwrap();
    flags.insert(7.into(), true).unwrap();
    flags.publish(&path).unwrap();
    assert_eq!(Flags::read_file(&path).unwrap().get(&7), Some(&true));
    // SAFETY: only `publish` touches the file.
    let mapped = unsafe { Flags::map_file_verified(&path) }.unwrap();
    assert_eq!(mapped.get(&7), Some(&true));
    drop(mapped);
    // SAFETY: nobody else has the file.
    let mut opened = unsafe { Flags::open_file_mut_verified(&path) }.unwrap();
    opened.insert(8.into(), false).unwrap();
    drop(opened);
    // SAFETY: the same.
    let (opened, recovered) = unsafe { Flags::recover_file(&path) }.unwrap();
    assert_eq!((opened.get(&8), recovered.kept), (Some(&false), 2));
}

#[test]
fn generations_go_on_from_what_is_at_the_path() {
    let (_directory, path) = directory();
    let mut first = squares(0..10);
    assert_eq!([first.publish(&path).unwrap(), first.publish(&path).unwrap()], [1, 2]);
    let mut second = squares(0..20);
    assert_eq!(second.publish(&path).unwrap(), 3, "another map at the same path");
    assert_eq!(second.generation(), 3);
    fs::write(&path, "no archive").unwrap();
    assert_eq!(first.publish(&path).unwrap(), 3, "the map's own, 2, and one");
    let mut other = FixedMap::<u64_le, u32_le, _>::create(AlignedBytes::zeroed(4096), 10).unwrap();
    assert_eq!(other.publish(&path).unwrap(), 1, "that archive is of another type");
    fs::remove_file(&path).unwrap();
    assert_eq!(second.publish(&path).unwrap(), 4);
}

#[test]
fn what_is_no_whole_archive_is_an_error_of_every_opening() {
    let (_directory, path) = directory();
    for (call, error) in all_openings(&path) {
        match error {
            Some(FileError {
                cause: FileCause::Io { step, source },
                ..
            }) => {
                assert!(step.starts_with("open the file"), "{call}: {step}");
                assert_eq!(source.kind(), ErrorKind::NotFound, "{call}");
            }
            error => panic!("{call}: {error:?}"),
        }
    }
    let mut source = squares(0..100);
    source.publish(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let bytes = whole.len() as u64;

    let lengths = [0, 1, 191, 192, 193, whole.len() - 1];
    for length in lengths {
        fs::write(&path, &whole[..length]).unwrap();
        let wanted = if length < 192 { 192 } else { bytes };
        for (call, error) in all_openings(&path) {
            assert!(
                matches!(error, Some(FileError { cause: FileCause::Length { expected, found }, .. }) if (expected, found) == (wanted, length as u64)),
                "{call} of {length} bytes: {error:?}"
            );
        }
    }
    let longer = [&whole[..], &[0]].concat();
    fs::write(&path, &longer).unwrap();
    for (call, error) in all_openings(&path) {
        assert!(
            matches!(error, Some(FileError { cause: FileCause::Length { expected, found }, .. }) if (expected, found) == (bytes, bytes + 1)),
            "{call}: {error:?}"
        );
        assert!(error.unwrap().to_string().contains("something was appended"));
    }

    let damages: [(usize, Field); 4] = [
        (0, Field::Magic),
        (8, Field::Version),
        (60, Field::HeaderChecksum),
        (145, Field::State),
    ];
    for (at, field) in damages {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&path, &damaged).unwrap();
        // The state is what `recover_file` makes anew; whoever comes behind it finds a whole file.
        let recovered = field == Field::State;
        for (call, error) in all_openings(&path) {
            assert!(
                matches!(error, Some(FileError { cause: FileCause::Archive(error), .. }) if error.field() == field)
                    || recovered && ["recover_file", "map_shared"].contains(&call) && error.is_none(),
                "{call}: {error:?}"
            );
        }
        assert!(
            recovered || fs::read(&path).unwrap() == damaged,
            "and nothing was written"
        );
    }

    let mut other = FixedMap::<u32_le, u64_le, _>::create(AlignedBytes::zeroed(4096), 10).unwrap();
    other.publish(&path).unwrap();
    for (call, error) in all_openings(&path) {
        assert!(
            matches!(error, Some(FileError { cause: FileCause::Archive(error), .. }) if error.field() == Field::KeySize),
            "{call}: {error:?}"
        );
    }
}

#[test]
fn damage_behind_the_header_is_seen_by_those_who_verify() {
    let (_directory, path) = directory();
    squares(0..100).publish(&path).unwrap();
    let mut damaged = fs::read(&path).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&path, &damaged).unwrap();
    for (call, error) in [
        ("read_file", read(&path).err()),
        ("map_file_verified", map_verified(&path).err()),
        ("open_file_mut_verified", open_verified(&path).err()),
    ] {
        assert!(
            matches!(error, Some(FileError { cause: FileCause::Archive(error), .. }) if error.field() == Field::ContentChecksum),
            "{call}: {error:?}"
        );
    }
    assert_eq!(fs::read(&path).unwrap(), damaged, "and nothing was written");
    assert_eq!(Map::read_file_unverified(&path).unwrap().len(), 100);
    assert_eq!(map(&path).unwrap().len(), 100);
}

/// What is left after a `publish` that failed: the old file as it was, no other, and the map with its entries.
fn assert_untouched(directory: &Path, path: &Path, old: &[u8], map: &Map, generation: u64) {
    assert_eq!(fs::read(path).unwrap(), old);
    assert_eq!(names(directory), ["squares"]);
    assert_eq!((map.len(), map.generation()), (1_000, generation));
}

#[test]
fn a_publish_that_fails_says_which_step_and_leaves_all_as_it_was() {
    let (directory, path) = directory();
    let mut source = squares(0..1_000);
    source.publish(&path).unwrap();
    let old = fs::read(&path).unwrap();
    let refused = |source: &mut Map, path: &Path| match source.publish(path) {
        Err(FileError {
            cause: FileCause::Io { step, source },
            ..
        }) => (step, source.kind()),
        other => panic!("{other:?}"),
    };

    let missing = directory.path().join("missing").join("squares");
    assert_eq!(
        refused(&mut source, &missing),
        ("make a temporary file beside the path", ErrorKind::NotFound)
    );
    for no_name in ["/", "", ".."] {
        let error = source.publish(no_name).unwrap_err();
        assert!(matches!(error.cause, FileCause::NoName), "{error}");
    }
    assert_eq!(
        refused(&mut source, &path.join("below_a_file")).0,
        "open the file for writing",
        "a file is no directory"
    );
    // A path that is free to look at, and that no file can be renamed to.
    let slash = directory.path().join("new/");
    assert_eq!(refused(&mut source, &slash).0, "rename the new file into place");
    assert_untouched(directory.path(), &path, &old, &source, 1);
}

#[cfg(unix)]
#[test]
fn a_directory_that_may_not_be_written_refuses_and_keeps_its_file() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, path) = directory();
    let mut source = squares(0..1_000);
    source.publish(&path).unwrap();
    let old = fs::read(&path).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write everywhere but where no file can be made.
    let as_root = fs::write(directory.path().join("probe"), "").is_ok();
    let target = if as_root { Path::new("/proc/squares") } else { &path };
    let error = source.publish(target).unwrap_err();
    let created = create(&target.with_file_name("created"), 10).unwrap_err();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    if as_root {
        fs::remove_file(directory.path().join("probe")).unwrap();
    }
    for error in [error, created] {
        assert!(
            matches!(
                error,
                FileError {
                    cause: FileCause::Io {
                        step: "make a temporary file beside the path",
                        ..
                    },
                    ..
                }
            ),
            "{error:?}"
        );
    }
    assert_untouched(directory.path(), &path, &old, &source, 1);
}

/// Runs a test again in a process that may write no file beyond some KiB; `trap` is what it does about the signal.
#[cfg(unix)]
fn on_a_full_disk(test: &str, path: &Path, trap: &str) -> child::Other {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("{trap} ulimit -c 0; ulimit -f 8; exec \"$0\" \"$@\"")]);
    shell.arg(std::env::current_exe().unwrap());
    child::Other::start_by(shell, test, path)
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_is_an_error_and_leaves_all_as_it_was() {
    if let Some(path) = child::path() {
        let mut source = squares(0..1_000);
        let published = source.publish(&path).unwrap_err();
        let created = create(&path.with_file_name("created"), 1_000).unwrap_err();
        for error in [published, created] {
            assert!(
                matches!(
                    &error,
                    FileError {
                        cause: FileCause::Io {
                            step: "write the new file",
                            ..
                        },
                        ..
                    }
                ),
                "{error:?}"
            );
            child::say(&error.to_string());
        }
        assert_eq!(source.len(), 1_000);
        return;
    }
    let (directory, path) = directory();
    let mut source = squares(0..1_000);
    source.publish(&path).unwrap();
    let old = fs::read(&path).unwrap();
    let test = "a_disk_that_is_full_is_an_error_and_leaves_all_as_it_was";
    let mut other = on_a_full_disk(test, &path, "trap '' XFSZ;");
    for _ in 0..2 {
        let said = other.hear().expect("an error");
        assert!(
            said.contains(": failed to write the new file: File too large"),
            "{said}"
        );
    }
    assert!(other.end().success());
    assert_untouched(directory.path(), &path, &old, &source, 1);
}

#[cfg(unix)]
#[test]
fn what_a_killed_publish_left_behind_is_removed_by_the_next() {
    if let Some(path) = child::path() {
        // Killed by the signal for a file that is too large, in the middle of its writes.
        let never = squares(0..1_000).publish(&path);
        panic!("{never:?}");
    }
    let (directory, path) = directory();
    let mut source = squares(0..1_000);
    source.publish(&path).unwrap();
    let old = fs::read(&path).unwrap();
    fs::write(directory.path().join(".arenamap-of-something-else.tmp"), "").unwrap();
    let test = "what_a_killed_publish_left_behind_is_removed_by_the_next";
    for _ in 0..3 {
        let status = on_a_full_disk(test, &path, "").end();
        assert!(
            std::os::unix::process::ExitStatusExt::signal(&status).is_some(),
            "{status}"
        );
        assert_eq!(names(directory.path()).len(), 3, "one left behind, not more");
        assert_eq!(fs::read(&path).unwrap(), old);
    }
    source.publish(&path).unwrap();
    assert_eq!(names(directory.path()), [".arenamap-of-something-else.tmp", "squares"]);
}

#[cfg(unix)]
#[test]
fn permissions_are_those_of_a_new_file_then_those_of_the_old_one() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (directory, path) = directory();
    let usual = directory.path().join("usual");
    fs::File::create(&usual).unwrap();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    assert_eq!(mode(&path), mode(&usual));
    for permissions in [0o640, 0o600, 0o444] {
        fs::set_permissions(&path, fs::Permissions::from_mode(permissions)).unwrap();
        source.publish(&path).unwrap();
        assert_eq!(mode(&path), permissions);
    }
    let created = directory.path().join("created");
    create(&created, 10).unwrap().close().unwrap();
    assert_eq!(mode(&created), mode(&usual));
}

/// By root: what another process may read is to stay so.
#[cfg(unix)]
#[test]
fn what_is_replaced_keeps_its_owner_and_group_or_stays() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    let rights = |path: &Path| {
        let there = fs::metadata(path).unwrap();
        (there.uid(), there.gid(), there.mode() & 0o7777)
    };
    let test = "what_is_replaced_keeps_its_owner_and_group_or_stays";
    if let Some(path) = child::path() {
        child::say(
            &squares(0..20)
                .publish(&path)
                .map_or_else(|error| error.to_string(), |_| "published".to_owned()),
        );
        return;
    }
    let (directory, path) = directory();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let ours = rights(&path);
    if ours.0 != 0 {
        println!("skipped: only root gives files away");
        return;
    }
    for mode in [0o640, 0o600, 0o444] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for (owner, group) in [(NOBODY, NOBODY), (0, NOBODY), (NOBODY, 0), (ours.0, ours.1)] {
            chown(&path, Some(owner), Some(group)).unwrap();
            source.publish(&path).unwrap();
            assert_eq!(rights(&path), (owner, group, mode));
        }
    }

    // Somebody who may replace the file, and may not give another one to its owner.
    let program = directory.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let before = (rights(&path), fs::read(&path).unwrap(), names(directory.path()));
    let mut nobody = std::process::Command::new(&program);
    nobody.uid(NOBODY).gid(NOBODY).current_dir(directory.path());
    let mut other = child::Other::start_by(nobody, test, &path);
    let said = other.hear().expect("an error");
    assert!(
        said.contains(": failed to give the new file the owner and group of the old one"),
        "{said}"
    );
    assert!(other.end().success());
    assert!(before == (rights(&path), fs::read(&path).unwrap(), names(directory.path())));
}

/// A link is replaced and not followed, whatever it leads to; nothing is written in vain.
#[cfg(unix)]
#[test]
fn a_link_is_replaced_whether_it_leads_anywhere_or_not() {
    use std::os::unix::fs::symlink;
    let (directory, path) = directory();
    let mut source = squares(0..10);
    let other = directory.path().join("other");
    for target in ["gone", "gone/too", "../gone"] {
        let _ = fs::remove_file(&path);
        symlink(target, &path).unwrap();
        assert!(read(&path).is_err() && create(&path, 10).is_err());
        source.publish(&path).unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_file(), "no link any more");
        assert_eq!(read(&path).unwrap().len(), 10);
        assert_eq!(names(directory.path()), ["squares"], "nothing at {target}");
    }
    fs::rename(&path, &other).unwrap();
    symlink("other", &path).unwrap();
    let generation = squares(0..20).publish(&path).unwrap();
    assert_eq!(
        generation,
        source.generation() + 1,
        "it goes on from what the link led to"
    );
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    assert_eq!((read(&other).unwrap().len(), read(&path).unwrap().len()), (10, 20));
    // One that leads to itself.
    fs::remove_file(&path).unwrap();
    symlink("squares", &path).unwrap();
    assert!(source.publish(&path).is_err());
    assert_eq!(names(directory.path()), ["other", "squares"]);
}

/// Neither waits for somebody at the other end, nor opens what might do something when it is opened.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_an_error_at_once() {
    use std::os::unix::fs::symlink;
    let (directory, _) = directory();
    let at = |name: &str| directory.path().join(name);
    let made = std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    fs::create_dir(at("directory")).unwrap();
    let mut places = vec![at("fifo"), at("socket"), at("directory"), directory.path().to_owned()];
    places.extend(
        ["/dev/null", "/dev/zero", "/dev/tty", "/dev/ptmx"]
            .map(PathBuf::from)
            .into_iter()
            .filter(|path| path.exists()),
    );
    for i in 0..places.len() {
        let link = at(&format!("link{i}"));
        symlink(&places[i], &link).unwrap();
        places.push(link);
    }
    let before = names(directory.path());
    for path in &places {
        let name = path.display();
        let mut errors: Vec<_> = all_openings(path).into_iter().collect();
        errors.push(("Snapshot::read", Snapshot::<FixedMap<u64_le, u64_le>>::read(path).err()));
        // SAFETY: nothing is mapped.
        errors.push((
            "Snapshot::map",
            unsafe { Snapshot::<FixedMap<u64_le, u64_le, Mapped>>::map(path) }.err(),
        ));
        errors.push(("publish", squares(0..10).publish(path).err()));
        for (call, error) in errors {
            assert!(
                matches!(
                    error,
                    Some(FileError {
                        cause: FileCause::NotRegular,
                        ..
                    })
                ),
                "{call} of {name}: {error:?}"
            );
            assert!(error.unwrap().to_string().contains("no regular file"));
        }
        assert!(create(path, 10).is_err(), "{name}");
    }
    assert_eq!(names(directory.path()), before, "nothing was replaced, nothing stays");
}

/// Two writers leave different archives of one generation and one seed; the checksum tells them apart.
#[test]
fn a_reader_follows_two_writers_of_one_generation() {
    let (_directory, path) = directory();
    let mut one = squares(0..10);
    one.publish(&path).unwrap();
    let mut other = read(&path).unwrap();
    other.insert(5.into(), 555.into()).unwrap();
    other.publish(&path).unwrap();
    let mut reader = Snapshot::<FixedMap<u64_le, u64_le>>::read(&path).unwrap();
    let mut atomic = Snapshot::<FixedMap<u64_le, AtomicU64Le>>::read(&path).unwrap();
    #[cfg(unix)]
    // SAFETY: files at this path are replaced, never written, but where nobody looks.
    let mut mapped = unsafe { Snapshot::<FixedMap<u64_le, u64_le, Mapped>>::map(&path) }.unwrap();
    for (i, damage) in (10_u64..).zip(["cut off", "removed", "something else"]) {
        let _ = fs::remove_file(&path);
        match damage {
            "removed" => {}
            "cut off" => fs::write(&path, &one.as_bytes()[..100]).unwrap(),
            _ => fs::write(&path, "no archive").unwrap(),
        }
        // Each time the same generation once more.
        let mut again = AlignedBytes::from_slice(one.as_bytes());
        let mut next = Map::open(&mut again[..]).unwrap();
        next.insert(5.into(), i.into()).unwrap();
        assert_eq!(next.publish(&path).unwrap(), 2);
        assert_eq!((reader.generation(), reader.seed()), (next.generation(), next.seed()));
        assert!(reader.reload().unwrap(), "{damage}");
        assert_eq!(reader.get(&5), next.get(&5), "{damage}");
        assert!(!reader.reload().unwrap(), "{damage}");
        // A value that was lent out has unsealed the copy; what is at the path is compared with what was read there.
        assert!(atomic.reload().unwrap() && !atomic.reload().unwrap());
        assert_eq!(atomic.get(&5).unwrap().load(Relaxed), i);
        assert!(!atomic.reload().unwrap());
        #[cfg(unix)]
        {
            assert!(mapped.reload().unwrap() && !mapped.reload().unwrap());
            assert_eq!(mapped.get(&5), next.get(&5));
        }
    }
}

#[test]
fn names_as_long_as_the_system_takes_and_relative_paths() {
    let (directory, _) = directory();
    let long = directory.path().join("n".repeat(255));
    squares(0..10).publish(&long).unwrap();
    assert_eq!(read(&long).unwrap().len(), 10);
    // The tests run in the directory of the crate; its build directory may be elsewhere, so the path leads up first.
    let here = std::env::current_dir().unwrap();
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up
        .join(directory.path().strip_prefix("/").unwrap_or(directory.path()))
        .join("relative");
    squares(0..10).publish(&relative).unwrap();
    let reader = Snapshot::<FixedMap<u64_le, u64_le>>::read(&relative).unwrap();
    assert!(reader.path().is_absolute());
    assert_eq!(reader.len(), 10);
}

#[test]
fn a_reader_follows_what_is_published() {
    let (_directory, path) = directory();
    assert!(Snapshot::<FixedMap<u64_le, u64_le>>::read(&path).is_err());
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let mut reader = Snapshot::<FixedMap<u64_le, u64_le>>::read(&path).unwrap();
    assert_eq!((reader.len(), reader.reload().unwrap()), (10, false));

    source.insert(10.into(), 100.into()).unwrap();
    source.publish(&path).unwrap();
    assert_eq!(reader.len(), 10, "not by itself");
    assert!(reader.reload().unwrap());
    assert_eq!(
        (reader.len(), reader.generation(), reader.reload().unwrap()),
        (11, 2, false)
    );

    // Whatever goes wrong, it keeps what it has.
    let good = fs::read(&path).unwrap();
    let mut next = squares(0..20);
    next.publish(&path).unwrap();
    let newer = fs::read(&path).unwrap();
    let mut damaged = newer.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&path, &damaged).unwrap();
    assert!(
        matches!(reader.reload(), Err(FileError { cause: FileCause::Archive(error), .. }) if error.field() == Field::ContentChecksum)
    );
    fs::write(&path, &newer[..1_000]).unwrap();
    assert!(matches!(
        reader.reload(),
        Err(FileError {
            cause: FileCause::Length { found: 1_000, .. },
            ..
        })
    ));
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        reader.reload(),
        Err(FileError {
            cause: FileCause::Io {
                step: "open the file",
                ..
            },
            ..
        })
    ));
    assert_eq!((reader.len(), reader.generation()), (11, 2));

    // The same generation of another map, and an older one that was put back.
    fs::write(&path, &newer).unwrap();
    assert!(reader.reload().unwrap());
    assert_eq!((reader.len(), reader.generation()), (20, 3));
    fs::remove_file(&path).unwrap();
    let mut third = squares(0..30);
    assert_eq!([third.publish(&path).unwrap(), third.publish(&path).unwrap()], [1, 2]);
    assert_eq!(third.publish(&path).unwrap(), reader.generation());
    assert!(reader.reload().unwrap());
    assert_eq!(reader.len(), 30);
    fs::write(&path, &good).unwrap();
    assert!(reader.reload().unwrap());
    assert_eq!((reader.generation(), reader.into_map().len()), (2, 11));
}

#[cfg(unix)]
#[test]
fn a_mapped_reader_follows_and_keeps_its_old_file_until_then() {
    let (directory, path) = directory();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    // SAFETY: files at this path are replaced, never written.
    let mut reader = unsafe { Snapshot::<FixedMap<u64_le, u64_le, Mapped>>::map(&path) }.unwrap();
    // SAFETY: the same.
    let mut verified = unsafe { Snapshot::<FixedMap<u64_le, u64_le, Mapped>>::map_verified(&path) }.unwrap();
    source.clear();
    source.publish(&path).unwrap();
    assert!((0..10_u64).all(|key| reader.get(&key) == Some(&(key * key).into())));
    assert!(reader.reload().unwrap() && verified.reload().unwrap());
    assert_eq!((reader.len(), verified.len()), (0, 0));

    let mut damaged = source.as_bytes().to_vec();
    damaged[136] = 9; // the generation, under the content checksum
    let beside = directory.path().join("beside");
    fs::write(&beside, &damaged).unwrap();
    fs::rename(&beside, &path).unwrap();
    assert!(
        matches!(verified.reload(), Err(FileError { cause: FileCause::Archive(error), .. }) if error.field() == Field::ContentChecksum)
    );
    assert_eq!(verified.generation(), 2);
    assert!(reader.reload().unwrap(), "the header is all that it looks at");
    fs::remove_file(&path).unwrap();
    assert!(reader.reload().is_err());
    assert_eq!(reader.len(), 0);
}

#[test]
fn errors_say_what_to_do_and_each_cause_once() {
    let text = |error: &FileCause| error.to_string();
    assert!(text(&FileCause::Locked).contains("try again later"));
    assert!(text(&FileCause::NotClosedCleanly).contains("`recover_file`"));
    let cut = FileCause::Length {
        expected: 1_000,
        found: 900,
    };
    assert!(text(&cut).contains("900 bytes of the 1000") && text(&cut).contains("cut off"));
    let missing = read(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("/nowhere/at/all: failed to open the file: ")
    );
    // A chain of errors says it once.
    assert!(missing.source().is_none() && missing.cause.source().is_none());
    let (_directory, path) = directory();
    fs::write(&path, [1; 500]).unwrap();
    let foreign = read(&path).unwrap_err();
    assert!(foreign.to_string().contains("no archive of arenamap"));
    assert!(foreign.source().is_none() && matches!(foreign.cause, FileCause::Archive(_)));
    // One line, whatever the path is.
    let strange = read(Path::new("a\nb\0")).unwrap_err().to_string();
    assert!(strange.starts_with(r#""a\nb\0": failed to open the file"#), "{strange}");
    assert!(
        read(Path::new(""))
            .unwrap_err()
            .to_string()
            .starts_with(r#""": failed"#)
    );
}

/// Whatever fails, and of a snapshot as long as it is reloaded.
#[test]
fn errors_name_the_file() {
    let (directory, path) = directory();
    let named = |error: &FileError, path: &Path| {
        assert_eq!(error.path(), Some(path), "{error}");
        assert!(
            error.to_string().starts_with(&format!("{}: ", path.display())),
            "{error}"
        );
    };
    for (call, error) in all_openings(&path) {
        let error = error.unwrap_or_else(|| panic!("{call}"));
        named(&error, &path);
    }
    named(&squares(0..1).publish(directory.path()).unwrap_err(), directory.path());
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let mut reader = Snapshot::<Map>::read(&path).unwrap();
    let mut bytes = source.as_bytes().to_vec();
    named(
        &file::publish_archive(directory.path(), &mut bytes).unwrap_err(),
        directory.path(),
    );
    fs::remove_file(&path).unwrap();
    named(&reader.reload().unwrap_err(), &path);
    named(&file::read_archive(&path).unwrap_err(), &path);
}

#[test]
fn maps_in_files_go_to_other_threads() {
    fn goes<T: Send + Sync>() {}
    goes::<Map<Mapped>>();
    goes::<Map<MappedMut>>();
    goes::<FixedMap<u64_le, AtomicU64Le, SharedMapped>>();
    goes::<Snapshot<FixedMap<u64_le, u64_le, Mapped>>>();
    goes::<FileError>();
}
