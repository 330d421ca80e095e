//! Files that are written in place: locks, the mark of an unclosed file, recovery after a killed writer, many publishers.
#![allow(
    unsafe_code,
    reason = "mapping a file is unsafe; each file here is in a directory of its own"
)]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use arenamap::fixed::file::MappedMut;
use arenamap::fixed::file::{FileCause, FileError, Snapshot};
use arenamap::fixed::{AlignedBytes, Field, FixedMap, VarMap, u64_le};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

#[path = "support/child.rs"]
mod child;
#[path = "support/files.rs"]
mod files;

use files::*;

/// Where the format has the state.
const STATE: std::ops::Range<usize> = 144..152;

fn assert_all_locked(path: &Path) {
    for (call, error) in all_openings(path) {
        assert!(
            matches!(
                error,
                Some(FileError {
                    cause: FileCause::Locked,
                    ..
                })
            ),
            "{call}: {error:?}"
        );
    }
    assert!(matches!(
        squares(0..1).publish(path),
        Err(FileError {
            cause: FileCause::Locked,
            ..
        })
    ));
}

#[test]
fn a_file_that_is_open_for_writing_is_locked_for_everyone_here() {
    let (_directory, path) = directory();
    squares(0..10).publish(&path).unwrap();
    let mut writer = open(&path).unwrap();
    assert_all_locked(&path);
    assert!(
        matches!(
            writer.publish(&path),
            Err(FileError {
                cause: FileCause::Locked,
                ..
            })
        ),
        "its own file too"
    );
    writer.insert(10.into(), 100.into()).unwrap();
    writer.close().unwrap();
    assert_eq!(read(&path).unwrap().len(), 11);

    let writer = open(&path).unwrap();
    drop(writer);
    let (writer, _) = recover(&path).unwrap();
    assert_all_locked(&path);
    writer.close().unwrap();

    let created = path.with_file_name("created");
    let writer = create(&created, 10).unwrap();
    assert_all_locked(&created);
    drop(writer);
    assert!(recover(&created).is_ok(), "dropped, it is unlocked");
}

#[test]
fn a_file_that_is_shared_is_locked_for_writers() {
    let (_directory, path) = directory();
    squares(0..10).publish(&path).unwrap();
    let shared = share(&path).unwrap();
    let too = share(&path).unwrap();
    for error in [open(&path).err(), recover(&path).err(), open_verified(&path).err()] {
        assert!(
            matches!(
                error,
                Some(FileError {
                    cause: FileCause::Locked,
                    ..
                })
            ),
            "{error:?}"
        );
    }
    assert!(matches!(
        squares(0..1).publish(&path),
        Err(FileError {
            cause: FileCause::Locked,
            ..
        })
    ));
    shared.get(&3).unwrap().fetch_add(33, Relaxed);
    assert_eq!(too.get(&3).unwrap().load(Relaxed), 42);
    shared.flush().unwrap();
    assert_eq!(read(&path).unwrap().get(&3), Some(&42.into()), "readers that copy may");
    drop((shared, too));
    assert!(matches!(
        open(&path),
        Err(FileError {
            cause: FileCause::NotClosedCleanly,
            ..
        })
    ));
    let (writer, recovered) = recover(&path).unwrap();
    assert_eq!((recovered.kept, recovered.lost, recovered.unfinished), (10, 0, 0));
    writer.close().unwrap();
    assert!(read(&path).unwrap().is_sealed());
}

#[test]
fn a_writer_in_another_process_locks_the_file() {
    if let Some(path) = child::path() {
        let mut writer = open(&path).unwrap();
        child::say("open");
        child::wait();
        writer.insert(10.into(), 100.into()).unwrap();
        writer.close().unwrap();
        child::say("closed");
        return;
    }
    let (_directory, path) = directory();
    squares(0..10).publish(&path).unwrap();
    let mut other = child::Other::start("a_writer_in_another_process_locks_the_file", &path);
    assert_eq!(other.hear().as_deref(), Some("open"));
    assert_all_locked(&path);
    other.tell("close");
    assert_eq!(other.hear().as_deref(), Some("closed"));
    assert_eq!(read(&path).unwrap().len(), 11);
    open(&path).unwrap().close().unwrap();
    assert!(other.end().success());
}

#[test]
fn the_file_is_marked_as_open_from_the_first_moment_until_it_is_closed() {
    let (_directory, path) = directory();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let state = || fs::read(&path).unwrap()[STATE].to_vec();
    assert_ne!(state(), b"open map");
    let mut writer = open(&path).unwrap();
    assert_eq!(state(), b"open map", "before any write");
    writer.insert(10.into(), 100.into()).unwrap();
    writer.flush().unwrap();
    assert_eq!(state(), b"open map");
    let copy = path.with_file_name("copy");
    writer.publish(&copy).unwrap();
    assert_eq!(state(), b"open map", "the copy is sealed, the file is not");
    assert!(read(&copy).unwrap().is_sealed());
    assert_eq!(read(&copy).unwrap().generation(), 2, "its own, 1, and one");
    drop(writer);
    assert_eq!(state(), b"open map", "dropped is not closed");
    assert!(!read(&path).unwrap().is_sealed(), "to be read all the same");
    for error in [open(&path).err(), open_verified(&path).err()] {
        assert!(
            matches!(
                error,
                Some(FileError {
                    cause: FileCause::NotClosedCleanly,
                    ..
                })
            ),
            "{error:?}"
        );
    }
    let (writer, recovered) = recover(&path).unwrap();
    assert_eq!(
        (recovered.kept, recovered.lost, recovered.unfinished, recovered.claimed),
        (11, 0, 0, 11)
    );
    writer.close().unwrap();
    assert_ne!(state(), b"open map");
    assert_eq!(read(&path).unwrap(), read(&copy).unwrap());
    assert_eq!(read(&path).unwrap().generation(), 3, "closing counts one");
    let content = |path| fs::read(path).unwrap()[192..].to_vec();
    assert!(content(&path) == content(&copy));
}

#[test]
fn a_writer_that_was_killed_lost_nothing_that_it_had_done() {
    if let Some(path) = child::path() {
        let mut writer = create(&path, 500).unwrap();
        for key in 0..500_u64 {
            writer.insert(key.into(), (key * key).into()).unwrap();
        }
        for key in (0..500_u64).step_by(5) {
            writer.remove(&key).unwrap();
        }
        child::say("done");
        child::wait();
        unreachable!("killed while it waits");
    }
    let (_directory, path) = directory();
    let mut other = child::Other::start("a_writer_that_was_killed_lost_nothing_that_it_had_done", &path);
    assert_eq!(other.hear().as_deref(), Some("done"));
    other.kill();
    assert!(matches!(
        open(&path),
        Err(FileError {
            cause: FileCause::NotClosedCleanly,
            ..
        })
    ));
    let (writer, recovered) = recover(&path).unwrap();
    assert_eq!(
        (recovered.kept, recovered.lost, recovered.unfinished, recovered.claimed),
        (400, 0, 0, 400)
    );
    for key in 0..500_u64 {
        let expected = (key % 5 != 0).then(|| u64_le::from(key * key));
        assert_eq!(writer.get(&key), expected.as_ref());
    }
    writer.close().unwrap();
    assert_eq!(open_verified(&path).unwrap().len(), 400);
}

/// Killed at any moment of an insert, the file has the entries in their order up to one of them, and none besides.
#[test]
fn a_writer_that_was_killed_while_it_wrote_is_recovered_to_a_moment_of_its_history() {
    const CAPACITY: u64 = 200_000;
    if let Some(path) = child::path() {
        let mut writer = create(&path, CAPACITY as usize).unwrap();
        child::say("open");
        loop {
            for key in 0..CAPACITY {
                writer.insert(key.into(), (key * key).into()).unwrap();
            }
            for key in 0..CAPACITY {
                writer.remove(&key).unwrap();
            }
        }
    }
    let test = "a_writer_that_was_killed_while_it_wrote_is_recovered_to_a_moment_of_its_history";
    let (mut unfinished, mut moments) = (0, Vec::new());
    for round in 0..20_u64 {
        let (_directory, path) = directory();
        let mut other = child::Other::start(test, &path);
        assert_eq!(other.hear().as_deref(), Some("open"));
        std::thread::sleep(std::time::Duration::from_micros(round * 700));
        other.kill();
        let (writer, recovered) = recover(&path).unwrap();
        assert_eq!(recovered.lost, 0, "{recovered}");
        assert!(recovered.unfinished <= 1, "{recovered}");
        assert!(recovered.claimed.abs_diff(recovered.kept) <= 1, "{recovered}");
        let keys: std::collections::BTreeSet<u64> = writer.keys().map(|key| key.to_native()).collect();
        assert_eq!(keys.len(), recovered.kept);
        // Inserted so far are the keys from 0 up to one; removed so far, too.
        let from = keys.first().copied().unwrap_or(0);
        assert!(keys.iter().copied().eq(from..from + keys.len() as u64));
        assert!(from == 0 || from + keys.len() as u64 == CAPACITY);
        assert!(
            writer
                .iter()
                .all(|(key, value)| value.to_native() == key.to_native().pow(2))
        );
        unfinished += recovered.unfinished;
        moments.push(recovered.kept);
        writer.close().unwrap();
        assert_eq!(read(&path).unwrap().len(), recovered.kept);
    }
    println!("entries kept: {moments:?}; {unfinished} unfinished writes cleared");
}

#[test]
fn a_new_file_is_there_whole_and_never_replaces_another() {
    let (directory, path) = directory();
    let mut writer = create(&path, 1_000).unwrap();
    assert_eq!(names(directory.path()), ["squares"]);
    assert_eq!(fs::metadata(&path).unwrap().len(), Map::bytes_for(1_000) as u64);
    for key in 0..1_000_u64 {
        writer.insert(key.into(), (key * key).into()).unwrap();
    }
    assert!(writer.insert(1_000.into(), 0.into()).is_err());
    writer.close().unwrap();
    let bytes = fs::read(&path).unwrap();
    let error = create(&path, 10).unwrap_err();
    assert!(matches!(error.cause, FileCause::Exists), "{error}");
    assert!(error.to_string().contains("`open_file_mut`"));
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(names(directory.path()), ["squares"]);
    let error = create(&path.with_file_name("huge"), usize::MAX).unwrap_err();
    assert!(matches!(error, FileError { cause: FileCause::Archive(error), .. } if error.field() == Field::Capacity));
    assert_eq!(read(&path).unwrap(), squares(0..1_000));
}

/// Sets a flag when it is dropped, in a panic too.
struct Set<'f>(&'f std::sync::atomic::AtomicBool);

impl Drop for Set<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Many at once, also for the first file: each generation is given once, none is skipped, and readers see them in order.
#[test]
fn publishers_at_one_path_take_turns() {
    let (directory, path) = directory();
    let path = path.as_path();
    let done = &std::sync::atomic::AtomicBool::new(false);
    let (mut generations, refused) = std::thread::scope(|scope| {
        let end = Set(done);
        let reader = scope.spawn(move || {
            let (mut last, mut reads) = (0, 0_u32);
            while !done.load(Relaxed) {
                match read(path) {
                    Ok(map) => {
                        assert!(map.generation() >= last);
                        assert!(map.values().all(|value| value.to_native() == map.len() as u64));
                        last = map.generation();
                        reads += 1;
                    }
                    Err(FileError {
                        cause: FileCause::Io { source, .. },
                        ..
                    }) if last == 0 && source.kind() == ErrorKind::NotFound => {}
                    Err(error) => panic!("{error}"),
                }
            }
            reads
        });
        let publishers: Vec<_> = (1..=4_u64)
            .map(|size| {
                scope.spawn(move || {
                    let mut map = Map::create(AlignedBytes::zeroed(4096), 10).unwrap();
                    for key in 0..size {
                        map.insert(key.into(), size.into()).unwrap();
                    }
                    let (mut generations, mut refused) = (Vec::new(), 0);
                    while generations.len() < 25 {
                        match map.publish(path) {
                            Ok(generation) => generations.push(generation),
                            Err(FileError {
                                cause: FileCause::Locked,
                                ..
                            }) => {
                                refused += 1;
                                std::thread::sleep(std::time::Duration::from_micros(100));
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                    (generations, refused)
                })
            })
            .collect();
        let mut all = (Vec::new(), 0);
        for publisher in publishers {
            let (generations, refused) = publisher.join().unwrap();
            assert!(generations.is_sorted());
            all.0.extend(generations);
            all.1 += refused;
        }
        drop(end);
        assert!(reader.join().unwrap() > 0);
        all
    });
    generations.sort_unstable();
    assert!(generations.iter().copied().eq(1..=100));
    assert_eq!(names(directory.path()), ["squares"]);
    println!("100 published, {refused} refused as locked");
}

/// A reader takes what a writer has closed, and not what it still holds.
#[test]
fn reload_takes_what_was_written_in_place_and_closed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("map");
    let need = FixedMap::<u64_le, u64_le>::bytes_for(10);
    let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(need), 10).unwrap();
    map.insert(1.into(), 10.into()).unwrap();
    map.publish(&path).unwrap();
    let mut reader = Snapshot::<FixedMap<u64_le, u64_le>>::read(&path).unwrap();

    // SAFETY: the file is reached through this crate alone.
    #[allow(unsafe_code)]
    let mut writer = unsafe { FixedMap::<u64_le, u64_le, _>::open_file_mut(&path) }.unwrap();
    writer.insert(2.into(), 20.into()).unwrap();
    assert!(!reader.reload().unwrap(), "not closed yet");
    writer.close().unwrap();
    assert!(reader.reload().unwrap());
    assert_eq!((reader.len(), reader.generation()), (2, 2));
    assert!(!reader.reload().unwrap());
}

type Words = VarMap<str, str, MappedMut>;

fn word(n: u64) -> String {
    format!("word {n}")
}

/// Of 0 to 44 bytes, and not all of the same letter.
fn meaning(n: u64) -> String {
    "é漢x ".repeat(n as usize % 6) + &n.to_string()
}

fn create_words(path: &Path, capacity: u64) -> Result<Words, FileError> {
    let pairs = (0..capacity).map(|n| word(n).len() + meaning(n).len()).sum();
    // SAFETY: the directory is this test's own.
    unsafe { Words::create_file(path, capacity as usize, pairs) }
}

fn open_words(path: &Path) -> Result<Words, FileError> {
    // SAFETY: the directory is this test's own.
    unsafe { Words::open_file_mut(path) }
}

fn recover_words(path: &Path) -> Result<(Words, arenamap::fixed::Recovered), FileError> {
    // SAFETY: the directory is this test's own.
    unsafe { Words::recover_file(path) }
}

#[test]
fn texts_in_a_file_that_is_written_in_place() {
    let (directory, path) = directory();
    let mut words = create_words(&path, 300).unwrap();
    assert!(matches!(open_words(&path).unwrap_err().cause, FileCause::Locked));
    assert!(matches!(recover_words(&path).unwrap_err().cause, FileCause::Locked));
    for n in 0..300 {
        words.insert(&word(n), &meaning(n)).unwrap();
        if n == 150 {
            words.flush().unwrap();
        }
    }
    assert!(words.insert("one more", "").is_err());
    assert!(!words.is_sealed());
    words.close().unwrap();
    assert_eq!(names(directory.path()), ["squares"]);
    let whole = fs::read(&path).unwrap();
    let read = VarMap::<str, str>::read_file(&path).unwrap();
    assert_eq!((read.len(), read.generation(), read.is_sealed()), (300, 1, true));
    assert!((0..300).all(|n| read.get(&word(n)) == Some(&meaning(n))));
    assert!(matches!(create_words(&path, 1).unwrap_err().cause, FileCause::Exists));
    assert!(fs::read(&path).unwrap() == whole, "as it was");

    // Changed, and not closed.
    let mut words = open_words(&path).unwrap();
    assert_eq!(words.get(&word(7)), Some(&*meaning(7)));
    words.remove(&word(7)).unwrap();
    words.insert(&word(8), "8").unwrap();
    drop(words);
    assert!(matches!(
        open_words(&path).unwrap_err().cause,
        FileCause::NotClosedCleanly
    ));
    let (words, recovered) = recover_words(&path).unwrap();
    assert_eq!((recovered.kept, recovered.lost), (299, 0));
    assert_eq!((words.get(&word(7)), words.get(&word(8))), (None, Some("8")));
    words.close().unwrap();
    // SAFETY: the directory is this test's own.
    let words = unsafe { Words::open_file_mut_verified(&path).unwrap() };
    assert_eq!((words.len(), words.generation()), (299, 2));
    words.verify().unwrap();
    words.close().unwrap();

    // What is damaged is not opened verified, and stays as it is.
    let mut damaged = fs::read(&path).unwrap();
    let at = damaged.windows(6).rposition(|bytes| bytes == b"word 9").unwrap();
    damaged[at] = 0xFF;
    fs::write(&path, &damaged).unwrap();
    // SAFETY: the directory is this test's own.
    let error = unsafe { Words::open_file_mut_verified(&path).unwrap_err() };
    assert!(
        matches!(error.cause, FileCause::Archive(error) if error.field() == Field::ContentChecksum),
        "{error}"
    );
    assert!(fs::read(&path).unwrap() == damaged);
    let huge = path.with_file_name("huge");
    // SAFETY: the directory is this test's own.
    let error = unsafe { Words::create_file(&huge, 10, 1 << 40).unwrap_err() };
    assert!(
        matches!(error.cause, FileCause::Archive(error) if error.field() == Field::Room),
        "{error}"
    );
    assert!(!huge.exists());
}

/// Killed at any moment of an insert, the file has the texts in their order up to one of them, and none besides.
#[test]
fn a_writer_of_texts_that_was_killed_is_recovered_to_a_moment_of_its_history() {
    const CAPACITY: u64 = 50_000;
    if let Some(path) = child::path() {
        let mut writer = create_words(&path, CAPACITY).unwrap();
        child::say("open");
        for n in 0..CAPACITY {
            writer.insert(&word(n), &meaning(n)).unwrap();
        }
        for n in 0..CAPACITY {
            writer.remove(&word(n)).unwrap();
        }
        child::wait();
        unreachable!("killed while it waits");
    }
    let test = "a_writer_of_texts_that_was_killed_is_recovered_to_a_moment_of_its_history";
    let mut moments = Vec::new();
    for round in 0..20_u64 {
        let (_directory, path) = directory();
        let mut other = child::Other::start(test, &path);
        assert_eq!(other.hear().as_deref(), Some("open"));
        std::thread::sleep(std::time::Duration::from_micros(round * 3_000));
        other.kill();
        let (words, recovered) = recover_words(&path).unwrap();
        assert_eq!(recovered.lost, 0, "{recovered}");
        assert!(recovered.unfinished <= 1, "{recovered}");
        let mut numbers: Vec<u64> = words.keys().map(|key| key["word ".len()..].parse().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers.len(), recovered.kept);
        let from = numbers.first().copied().unwrap_or(0);
        assert!(numbers.iter().copied().eq(from..from + numbers.len() as u64));
        assert!(from == 0 || from + numbers.len() as u64 == CAPACITY);
        assert!(numbers.iter().all(|&n| words.get(&word(n)) == Some(&meaning(n))));
        words.verify().unwrap();
        moments.push(recovered.kept);
        words.close().unwrap();
        assert_eq!(VarMap::<str, str>::read_file(&path).unwrap().len(), recovered.kept);
    }
    println!("entries kept: {moments:?}");
}
