//! `SharedSnapshot`: what `poll`, `reload`, `roll_back` and `roll_forward` say and do, whatever happens at the path.
#![allow(
    unsafe_code,
    reason = "mapping a file is unsafe; each file here is in a directory of its own"
)]

use arenamap::fixed::__private::{rkyv, zerocopy};
use arenamap::fixed::file::{Archive, FileCause, FileError, Mapped, SharedSnapshot};
use arenamap::fixed::{AlignedBytes, FixedKey, FixedMap, FixedValue, KeyHasher, Schema, VarMap, u64_le};
use std::fs;
use std::io::ErrorKind;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::{Duration, SystemTime};

#[path = "support/child.rs"]
mod child;
#[path = "support/files.rs"]
mod files;

use files::{Map, directory, names, squares};

fn read(path: &Path) -> SharedSnapshot<Map> {
    SharedSnapshot::read(path).unwrap()
}

fn map(path: &Path) -> SharedSnapshot<Map<Mapped>> {
    // SAFETY: files at this path are only ever replaced.
    unsafe { SharedSnapshot::map(path) }.unwrap()
}

/// The generations that are kept, the current one first.
fn kept<A>(shared: &SharedSnapshot<A>) -> Vec<u64> {
    let kept = shared.kept().unwrap();
    kept.iter().map(|kept| kept.generation()).collect()
}

fn now<A>(shared: &SharedSnapshot<A>) -> u64 {
    shared.load().generation()
}

/// Follows a path through a few generations, forward and back, with a number that each generation has in it.
fn follow<A: Archive>(shared: &SharedSnapshot<A>, publish: impl Fn(u64), number: impl Fn(&A) -> Option<u64>) {
    let first = shared.load_full();
    for generation in 2..=5 {
        assert!(!shared.poll().unwrap() && !shared.reload().unwrap());
        publish(generation);
        assert!(shared.poll().unwrap() && shared.poll().unwrap());
        assert_eq!(now(shared), generation - 1, "poll changes nothing");
        let before = shared.load();
        assert!(shared.reload().unwrap());
        let after = shared.load();
        assert_eq!(
            (before.generation(), number(&before)),
            (generation - 1, Some(generation - 1))
        );
        assert_eq!((after.generation(), number(&after)), (generation, Some(generation)));
    }
    assert_eq!((first.generation(), number(&first)), (1, Some(1)), "held for long");
    assert_eq!(kept(shared), [5, 4, 3]);
    let back = shared.roll_back().unwrap();
    assert_eq!((back.generation(), number(&back)), (4, Some(4)));
    assert_eq!(number(&shared.load()), Some(4));
    assert!(!shared.reload().unwrap());
    assert!(shared.roll_forward().unwrap());
    assert_eq!(number(&shared.load()), Some(5));
}

#[test]
fn maps_of_both_kinds_are_followed_read_and_mapped() {
    fn fixed<M>(open: impl FnOnce(&Path) -> SharedSnapshot<Map<M>>)
    where
        Map<M>: Archive,
        M: arenamap::fixed::Memory,
    {
        let (_directory, path) = directory();
        let publish = |number: u64| {
            let mut map = squares(0..10);
            map.insert(0.into(), number.into()).unwrap();
            map.publish(&path).unwrap();
        };
        publish(1);
        follow(&open(&path).keeping(2), publish, |map| {
            map.get(&0).map(|number| number.to_native())
        });
    }
    fn var<M>(open: impl FnOnce(&Path) -> SharedSnapshot<VarMap<str, str, M>>)
    where
        VarMap<str, str, M>: Archive,
        M: arenamap::fixed::Memory,
    {
        let (_directory, path) = directory();
        let publish = |number: u64| {
            let text = format!("{number:0>200}");
            let mut map = VarMap::<str, str>::from_pairs([("number", text.as_str()), ("other", "")]).unwrap();
            map.publish(&path).unwrap();
        };
        publish(1);
        follow(&open(&path).keeping(2), publish, |map| map.get("number")?.parse().ok());
    }
    fixed(read);
    fixed(map);
    // SAFETY: files at this path are only ever replaced.
    fixed(|path| unsafe { SharedSnapshot::map_verified(path) }.unwrap());
    var(|path| SharedSnapshot::read(path).unwrap());
    // SAFETY: as above.
    var(|path| unsafe { SharedSnapshot::map(path) }.unwrap());
    // SAFETY: as above.
    var(|path| unsafe { SharedSnapshot::map_verified(path) }.unwrap());
}

#[test]
fn rolled_back_it_stays_until_something_else_is_published() {
    let (_directory, path) = directory();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let shared = read(&path).keeping(2);
    assert!(shared.roll_back().is_none(), "there is nothing before the first");
    assert_eq!((kept(&shared), shared.rolled_back_from()), (vec![1], None));
    for _ in 2..=4 {
        source.publish(&path).unwrap();
        assert!(shared.reload().unwrap());
    }
    assert_eq!(kept(&shared), [4, 3, 2], "two earlier ones");

    // Twice back: what is at the path is what it was first rolled back from.
    assert_eq!(shared.roll_back().unwrap().generation(), 3);
    assert_eq!(shared.roll_back().unwrap().generation(), 2);
    assert!(shared.roll_back().is_none());
    assert_eq!((kept(&shared), shared.rolled_back_from()), (vec![2], Some(4)));
    for _ in 0..3 {
        assert!(!shared.poll().unwrap() && !shared.reload().unwrap());
    }
    assert_eq!(now(&shared), 2);

    // Newer: taken, and what it was rolled back to is what it can be rolled back to again.
    source.publish(&path).unwrap();
    assert!(shared.poll().unwrap() && shared.reload().unwrap());
    assert_eq!((kept(&shared), shared.rolled_back_from()), (vec![5, 2], None));
    assert_eq!(shared.roll_back().unwrap().generation(), 2);

    // The same file again, by force.
    assert!(shared.roll_forward().unwrap() && !shared.roll_forward().unwrap());
    assert_eq!((kept(&shared), shared.rolled_back_from()), (vec![5, 2], None));

    // The generation number is not what counts: another map under the number that was refused is something else.
    assert_eq!(shared.roll_back().unwrap().generation(), 2);
    fs::remove_file(&path).unwrap();
    let mut repaired = squares(0..11);
    for _ in 1..=5 {
        repaired.publish(&path).unwrap();
    }
    assert_eq!(repaired.generation(), 5);
    assert!(shared.poll().unwrap() && shared.reload().unwrap());
    assert_eq!((now(&shared), shared.load().len()), (5, 11));
}

#[test]
fn the_file_rolled_back_to_put_back_at_the_path_is_nothing_new() {
    let (directory, path) = directory();
    let copy = directory.path().join("copy");
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    fs::copy(&path, &copy).unwrap();
    let shared = map(&path).keeping(1);
    source.insert(0.into(), 7.into()).unwrap();
    source.publish(&path).unwrap();
    let refused = fs::read(&path).unwrap();
    assert!(shared.reload().unwrap());
    shared.roll_back().unwrap();
    fs::rename(&copy, &path).unwrap();
    assert!(!shared.poll().unwrap() && !shared.reload().unwrap() && !shared.roll_forward().unwrap());
    assert_eq!(shared.rolled_back_from(), Some(2));
    // And the very bytes that were refused still are.
    fs::write(&copy, &refused).unwrap();
    fs::rename(&copy, &path).unwrap();
    assert!(!shared.poll().unwrap() && !shared.reload().unwrap());
    assert!(shared.roll_forward().unwrap());
    assert_eq!(shared.load().get(&0), Some(&7.into()));
}

#[test]
fn kept_generations_tell_their_number_and_when_they_were_opened() {
    let (_directory, path) = directory();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let before = SystemTime::now();
    let shared = read(&path).keeping(3);
    for _ in 0..2 {
        source.publish(&path).unwrap();
        assert!(shared.reload().unwrap());
    }
    let list = shared.kept().unwrap();
    assert_eq!(kept(&shared), [3, 2, 1]);
    assert!(list.iter().all(|kept| kept.opened() >= before && kept.len() == 10));
    assert!(list.is_sorted_by(|newer, older| newer.opened() >= older.opened()));
    assert!(Arc::ptr_eq(&list[0], &shared.load_full()));
    assert_eq!(shared.path(), path);
    let text = format!("{shared:?}");
    assert!(text.contains("squares") && text.contains("generation: 3"), "{text}");
}

#[test]
fn whatever_is_at_the_path_is_an_error_and_readers_keep_what_they_have() {
    let (_directory, path) = directory();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let (read, map) = (read(&path), map(&path));
    let not_there: &[&dyn Fn()] = &[
        &|| fs::remove_file(&path).unwrap(),
        &|| fs::write(&path, "").unwrap(),
        &|| fs::write(&path, [7; 5_000]).unwrap(),
        &|| fs::write(&path, &whole[..whole.len() - 1]).unwrap(),
        &|| {
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
        },
    ];
    let wanted: &[fn(&FileError) -> bool] = &[
        |error| matches!(error, FileError { cause: FileCause::Io { step: "open the file", source }, .. } if source.kind() == ErrorKind::NotFound),
        |error| {
            matches!(
                error,
                FileError {
                    cause: FileCause::Length { found: 0, .. },
                    ..
                }
            )
        },
        |error| {
            matches!(
                error,
                FileError {
                    cause: FileCause::Archive(_),
                    ..
                }
            )
        },
        |error| {
            matches!(
                error,
                FileError {
                    cause: FileCause::Length { .. },
                    ..
                }
            )
        },
        |error| {
            matches!(
                error,
                FileError {
                    cause: FileCause::NotRegular,
                    ..
                }
            )
        },
    ];
    // Files that are mapped are replaced, and not written: each of these makes a new one.
    fs::remove_file(&path).unwrap();
    fs::write(&path, &whole).unwrap();
    for (make, wanted) in not_there.iter().zip(wanted) {
        make();
        for error in [read.poll(), read.reload(), read.roll_forward()] {
            assert!(wanted(error.as_ref().unwrap_err()), "{error:?}");
        }
        for error in [map.poll(), map.reload()] {
            assert!(wanted(error.as_ref().unwrap_err()), "{error:?}");
        }
        assert_eq!(
            (read.load().get(&3), map.load().get(&3)),
            (Some(&9.into()), Some(&9.into()))
        );
        assert_eq!((now(&read), now(&map), read.rolled_back_from()), (1, 1, None));
    }
    fs::remove_dir(&path).unwrap();
    // The very file comes back: nothing is new.
    fs::write(&path, &whole).unwrap();
    assert!(!read.poll().unwrap() && !read.reload().unwrap() && !map.reload().unwrap());

    // Damaged behind its header: the header says that it is new, and who verifies finds out.
    source.publish(&path).unwrap();
    let mut damaged = fs::read(&path).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, &damaged).unwrap();
    for _ in 0..2 {
        assert!(read.poll().unwrap());
        assert!(matches!(
            read.reload(),
            Err(FileError {
                cause: FileCause::Archive(_),
                ..
            })
        ));
        assert_eq!((now(&read), read.retired()), (1, 0));
    }
    source.publish(&path).unwrap();
    assert!(read.reload().unwrap() && map.reload().unwrap());
    assert_eq!((now(&read), now(&map)), (source.generation(), source.generation()));
    assert!(SharedSnapshot::<Map>::read(path.with_extension("none")).is_err());
}

/// By another process, which may be told that it is not allowed.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_an_error_until_it_may() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    let test = "a_file_that_may_not_be_read_is_an_error_until_it_may";
    if let Some(path) = child::path() {
        let shared = map(&path);
        child::say("mapped");
        while !child::wait().is_empty() {
            let said = match shared.reload() {
                Err(FileError {
                    cause:
                        FileCause::Io {
                            step: "open the file",
                            source,
                        },
                    ..
                }) => source.kind().to_string(),
                other => format!("{other:?}"),
            };
            child::say(&format!("{said}; {}", now(&shared)));
        }
        return;
    }
    let (directory, path) = directory();
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    mode(0o644);
    // Root may read everything.
    let program = directory.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = std::process::Command::new(&program);
    if fs::metadata(&path).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(directory.path());
    let mut other = child::Other::start_by(command, test, &path);
    assert_eq!(other.hear().as_deref(), Some("mapped"));
    source.publish(&path).unwrap();
    for (rights, said) in [(0o000, "permission denied; 1"), (0o644, "Ok(true); 2")] {
        mode(rights);
        other.tell("reload");
        assert_eq!(other.hear().as_deref(), Some(said));
    }
}

#[test]
fn two_that_follow_one_path_do_not_know_of_each_other() {
    let (_directory, path) = directory();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let (one, two) = (read(&path).keeping(1), map(&path).keeping(1));
    source.publish(&path).unwrap();
    assert!(one.reload().unwrap());
    assert_eq!((now(&one), now(&two)), (2, 1));
    assert!(two.poll().unwrap() && !one.poll().unwrap());
    assert!(two.reload().unwrap());
    one.roll_back().unwrap();
    assert_eq!((now(&one), now(&two)), (1, 2));
    assert_eq!((one.rolled_back_from(), two.rolled_back_from()), (Some(2), None));
}

/// As orchestrators swap directories: the path leads through a link, which is replaced.
#[cfg(unix)]
#[test]
fn a_link_that_is_swapped_is_something_new() {
    use std::os::unix::fs::symlink;
    let (directory, path) = directory();
    for (version, entries) in [("v1", 10), ("v2", 20)] {
        fs::create_dir(directory.path().join(version)).unwrap();
        squares(0..entries)
            .publish(directory.path().join(version).join("squares"))
            .unwrap();
    }
    let swap = |version: &str| {
        let link = directory.path().join("link");
        symlink(Path::new(version).join("squares"), &link).unwrap();
        fs::rename(&link, &path).unwrap();
    };
    swap("v1");
    let shared = map(&path).keeping(1);
    assert!(!shared.poll().unwrap());
    for (version, entries) in [("v2", 20), ("v1", 10), ("v2", 20)] {
        swap(version);
        // Both are of generation 1: what tells them apart is their seed.
        assert!(shared.poll().unwrap() && shared.reload().unwrap());
        assert_eq!((now(&shared), shared.load().len()), (1, entries));
    }
    swap("v3");
    assert!(shared.poll().is_err() && shared.reload().is_err());
    assert_eq!(shared.load().len(), 20);
    assert_eq!(names(directory.path()), ["squares", "v1", "v2"]);
}

/// The publisher: generations of which each entry tells the number.
fn publish_for_ever(path: &Path) -> ! {
    let mut map = Map::read_file(path).unwrap();
    child::say("begin");
    loop {
        let next = map.generation() + 1;
        for value in map.values_mut() {
            *value = next.into();
        }
        assert_eq!(map.publish(path).unwrap(), next);
    }
}

#[test]
fn a_publisher_killed_at_any_moment_leaves_readers_with_whole_generations() {
    if let Some(path) = child::path() {
        publish_for_ever(&path);
    }
    let test = "a_publisher_killed_at_any_moment_leaves_readers_with_whole_generations";
    let (_directory, path) = directory();
    let mut first = squares(0..200);
    first.values_mut().for_each(|value| *value = 1.into());
    first.publish(&path).unwrap();
    let (read, map) = (read(&path), map(&path));
    for kill in 0..20_u32 {
        let mut other = child::Other::start(test, &path);
        assert_eq!(other.hear().as_deref(), Some("begin"));
        let mut seen = 0;
        while seen < 2 + kill % 3 {
            seen += u32::from(read.reload().unwrap()) + u32::from(map.reload().unwrap());
        }
        std::thread::sleep(Duration::from_micros(u64::from(kill) * 97));
        other.kill();
        read.reload().unwrap();
        map.reload().unwrap();
        let (read, map) = (read.load(), map.load());
        assert_eq!(read.generation(), map.generation(), "kill {kill}");
        let number = u64_le::from(read.generation());
        assert!(
            read.values().all(|value| *value == number) && map.values().all(|value| *value == number),
            "kill {kill}"
        );
    }
    assert!(now(&read) > 20);
}

/// Lines of this process's memory that are of a file with this name.
#[cfg(target_os = "linux")]
fn mappings(path: &Path) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines()
        .filter(|line| line.contains(path.to_str().unwrap()))
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn mappings_are_released_once_the_last_reader_lets_go() {
    let (_directory, path) = directory();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let mut publish = || source.publish(&path).unwrap();
    let shared = map(&path);
    assert_eq!(mappings(&path), 1);
    let (guard, full) = (shared.load(), shared.load_full());
    let weak = Arc::downgrade(&full);
    publish();
    assert!(shared.reload().unwrap());
    assert_eq!((mappings(&path), shared.retired()), (2, 1));
    assert!(!shared.poll().unwrap());
    assert_eq!((mappings(&path), shared.retired()), (2, 1), "two readers have it");
    drop(guard);
    assert!(!shared.poll().unwrap());
    assert_eq!(
        (mappings(&path), weak.strong_count()),
        (2, 2),
        "one reader, and the list"
    );
    assert_eq!(full.get(&3), Some(&9.into()));
    drop(full);
    assert_eq!(
        (mappings(&path), weak.strong_count()),
        (2, 1),
        "a reader unmaps nothing"
    );
    assert!(!shared.poll().unwrap());
    assert_eq!((mappings(&path), weak.strong_count(), shared.retired()), (1, 0, 0));

    // With nobody reading, and however often: the current one, and one that the next call unmaps.
    for _ in 0..20 {
        publish();
        assert!(shared.reload().unwrap());
        assert_eq!((mappings(&path), shared.retired()), (2, 1));
    }
    // Kept ones are mapped, and what was rolled back from is not.
    let shared = map(&path).keeping(2);
    for _ in 0..5 {
        publish();
        assert!(shared.reload().unwrap());
    }
    let (_, kept) = (shared.poll().unwrap(), shared.kept().unwrap());
    let others = 2; // of the first one
    assert_eq!((kept.len(), mappings(&path)), (3, 3 + others));
    drop(kept);
    shared.roll_back().unwrap();
    assert!(!shared.poll().unwrap());
    assert_eq!((shared.retired(), mappings(&path)), (0, 2 + others));

    // A guard outlives what it came from.
    let guard = shared.load();
    drop(shared);
    assert_eq!((mappings(&path), guard.get(&3)), (1 + others, Some(&9.into())));
    drop(guard);
    assert_eq!(mappings(&path), others);
}

#[test]
fn many_guards_on_one_thread_are_many_readers() {
    let (_directory, path) = directory();
    let mut source = squares(0..10);
    source.publish(&path).unwrap();
    let shared = read(&path);
    let mut guards = Vec::new();
    for generation in 1..=30 {
        for _ in 0..5 {
            guards.push((shared.load(), generation));
        }
        source.insert(0.into(), (generation + 1).into()).unwrap();
        source.publish(&path).unwrap();
        assert!(shared.reload().unwrap());
    }
    assert!(!shared.poll().unwrap());
    assert_eq!(shared.retired(), 30);
    for (guard, generation) in &guards {
        let number = guard.get(&0).unwrap().to_native();
        assert_eq!((guard.generation(), number.max(1)), (*generation, *generation));
    }
    // To another thread, and gone there.
    let half = guards.split_off(guards.len() / 2);
    std::thread::spawn(move || drop(half)).join().unwrap();
    assert!(!shared.poll().unwrap());
    assert_eq!(shared.retired(), 15);
    drop(guards);
    assert!(!shared.poll().unwrap());
    assert_eq!(shared.retired(), 0);
}

#[test]
fn of_threads_that_reload_at_once_one_opens_and_all_have_it_then() {
    let (_directory, path) = directory();
    let source = Mutex::new(squares(0..10));
    source.lock().unwrap().publish(&path).unwrap();
    let shared = map(&path);
    let (threads, rounds) = (4, 50);
    let barrier = Barrier::new(threads);
    let opened: usize = std::thread::scope(|scope| {
        let run = || {
            let mut opened = 0;
            for round in 0..rounds {
                if barrier.wait().is_leader() {
                    source.lock().unwrap().publish(&path).unwrap();
                }
                barrier.wait();
                opened += usize::from(shared.reload().unwrap());
                assert_eq!(now(&shared), round + 2, "whoever returns has what was published before");
            }
            opened
        };
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(opened as u64, rounds);
}

/// A key whose hash is user code: verifying calls it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    zerocopy::FromBytes,
    zerocopy::IntoBytes,
    zerocopy::Immutable,
    rkyv::Portable,
    rkyv::bytecheck::CheckBytes,
)]
#[zerocopy(crate = "arenamap::fixed::__private::zerocopy")]
#[rkyv(crate = rkyv)]
#[bytecheck(crate = rkyv::bytecheck)]
#[repr(transparent)]
struct Key(u64_le);

impl FixedValue for Key {
    const SCHEMA: Schema = Schema::leaf("Key", 8, 8);
}

/// What the hash of a key does, once.
static ACT: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);
/// One test at a time sets it.
static ALONE: Mutex<()> = Mutex::new(());

impl FixedKey for Key {
    fn hash_key(&self, hasher: &mut KeyHasher<'_>) {
        let act = ACT.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
        hasher.write_u64(self.0.to_native());
    }
}

type Slow = FixedMap<Key, u64_le>;

fn slow() -> Slow {
    let mut map = Slow::create(AlignedBytes::zeroed(1024), 10).unwrap();
    map.insert(Key(7.into()), 49.into()).unwrap();
    map
}

#[test]
fn nobody_waits_for_a_file_that_is_opened_but_who_opens_one() {
    let _alone = ALONE.lock().unwrap();
    let (_directory, path) = directory();
    let mut source = slow();
    source.publish(&path).unwrap();
    let shared = SharedSnapshot::<Slow>::read(&path).unwrap().keeping(3);
    for _ in 0..2 {
        source.publish(&path).unwrap();
        assert!(shared.reload().unwrap());
    }
    source.publish(&path).unwrap();
    let (begun, begins) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    *ACT.lock().unwrap() = Some(Box::new(move || {
        begun.send(()).unwrap();
        ends.recv().unwrap();
    }));
    let second_is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| shared.reload().unwrap());
        begins.recv().unwrap();
        let second = scope.spawn(|| {
            let opened = shared.reload().unwrap();
            second_is_done.store(true, SeqCst);
            opened
        });
        // A file is being opened: all of this returns.
        assert_eq!(now(&shared), 3);
        assert!(shared.poll().unwrap());
        assert_eq!(kept(&shared), [3, 2, 1]);
        assert_eq!(shared.roll_back().unwrap().generation(), 2);
        assert_eq!((now(&shared), shared.rolled_back_from()), (2, Some(3)));
        std::thread::sleep(Duration::from_millis(20));
        assert!(!first.is_finished() && !second_is_done.load(SeqCst));
        end.send(()).unwrap();
        assert!(
            first.join().unwrap(),
            "what was opened is newer than what it was rolled back from"
        );
        assert!(!second.join().unwrap());
    });
    assert_eq!((kept(&shared), shared.rolled_back_from()), (vec![4, 2, 1], None));
}

#[test]
fn a_panic_while_a_file_is_opened_changes_nothing_and_the_next_call_works() {
    let _alone = ALONE.lock().unwrap();
    let (_directory, path) = directory();
    let mut source = slow();
    source.publish(&path).unwrap();
    let shared = SharedSnapshot::<Slow>::read(&path).unwrap().keeping(1);
    source.publish(&path).unwrap();
    *ACT.lock().unwrap() = Some(Box::new(|| resume_unwind(Box::new("the hash of a key"))));
    assert!(catch_unwind(AssertUnwindSafe(|| shared.reload())).is_err());
    assert_eq!((kept(&shared), shared.retired()), (vec![1], 0));
    assert!(shared.poll().unwrap() && shared.reload().unwrap());
    assert_eq!(kept(&shared), [2, 1]);
    assert_eq!(shared.load().deref().deref().get(&Key(7.into())), Some(&49.into()));
}
