//! Promise P5 for archives and their files: the global allocator refuses its k-th call, for every k, and every call that can
//! allocate says so by an error, and has changed nothing. None aborts.
//!
//! Paths are short here: longer ones the standard library copies on the heap by itself, and aborts (`fixed::file` says so).
#![cfg(not(miri))]
#![allow(unsafe_code, reason = "an allocator, and files mapped in a directory of their own")]

use arenamap::fixed::file::{FileCause, FileError, Mapped, Snapshot};
use arenamap::fixed::{AlignedBytes, AtomicU64Le, Field, FixedError, FixedMap, u64_le};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

#[path = "support/files.rs"]
mod files;

use files::{Map, create, directory, names, squares};

thread_local! {
    /// Calls that still succeed; `None`: all of them.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    /// Blocks of more bytes are refused.
    static MOST: Cell<usize> = const { Cell::new(usize::MAX) };
    /// A call was refused.
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

struct Failing;

fn refuses(bytes: usize) -> bool {
    let left = LEFT.get();
    let refuses = bytes > MOST.get() || left == Some(0);
    LEFT.set(left.map(|left| left.saturating_sub(1)));
    REFUSED.set(REFUSED.get() || refuses);
    refuses
}

// SAFETY: the system's allocator, or null, which is how an allocator refuses.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if refuses(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if refuses(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if refuses(size) {
            return std::ptr::null_mut();
        }
        // SAFETY: handed on.
        unsafe { System.realloc(ptr, layout, size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: handed on.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// Refuses the `k`-th call and all after it, for each `k`, until `act` makes fewer; each refusal is an error of memory, and gives how
/// many there were.
fn refuse_each<T>(call: &str, mut act: impl FnMut() -> Result<T, FileError>, mut check: impl FnMut()) -> usize {
    for k in 0.. {
        REFUSED.set(false);
        LEFT.set(Some(k));
        let result = act().map(drop);
        LEFT.set(None);
        match result {
            Ok(()) => {
                assert!(!REFUSED.get(), "{call}: done, although call {k} was refused");
                println!("{call}: {k} calls to the heap");
                return k;
            }
            Err(FileError {
                cause: FileCause::OutOfMemory { needed },
                ..
            }) => {
                assert!(REFUSED.get() && needed > 0, "{call}, call {k}");
                let text = FileCause::OutOfMemory { needed }.to_string();
                assert!(text.contains(&format!("refused a block of {needed} bytes")), "{text}");
                check();
            }
            Err(error) => panic!("{call}, call {k}: {error}"),
        }
    }
    unreachable!()
}

#[test]
fn a_heap_that_refuses_small_blocks_is_an_error_of_every_call_on_files() {
    let (directory, path) = directory();
    let path = path.as_path();
    let mut source = squares(0..100);
    let calls = refuse_each(
        "the first publish",
        || {
            let _ = std::fs::remove_file(path);
            source.publish(path)
        },
        || assert!(names(directory.path()).is_empty()),
    );
    assert!(calls > 0);
    let there = std::fs::read(path).unwrap();
    let untouched = || {
        assert_eq!(std::fs::read(path).unwrap(), there);
        assert_eq!(names(directory.path()), ["squares"]);
    };
    let mut next = squares(0..50);
    let calls = refuse_each("publish", || next.publish(path), untouched);
    assert!(calls > 0);
    source.publish(path).unwrap();

    let intact = || assert_eq!(names(directory.path()), ["squares"]);
    assert!(refuse_each("read_file", || Map::read_file(path), intact) > 1);
    assert!(refuse_each("read_file_unverified", || Map::read_file_unverified(path), intact) > 0);
    assert!(
        refuse_each(
            "Snapshot::read",
            || Snapshot::<FixedMap<u64_le, u64_le>>::read(path),
            intact
        ) > 2
    );
    // SAFETY: files at this path are replaced, and mapped by one at a time.
    unsafe {
        refuse_each("map_file", || Map::map_file(path), intact);
        assert!(refuse_each("map_file_verified", || Map::map_file_verified(path), intact) > 0);
        assert!(
            refuse_each(
                "Snapshot::map",
                || Snapshot::<FixedMap<u64_le, u64_le, Mapped>>::map(path),
                intact
            ) > 0
        );
        refuse_each("open_file_mut", || Map::open_file_mut(path)?.close(), intact);
        assert!(
            refuse_each(
                "open_file_mut_verified",
                || Map::open_file_mut_verified(path)?.close(),
                intact
            ) > 0
        );
        refuse_each(
            "map_shared",
            || FixedMap::<u64_le, AtomicU64Le, _>::map_shared(path),
            intact,
        );
        refuse_each("recover_file", || Map::recover_file(path)?.0.close(), intact);
    }

    // What a reader has, it keeps.
    let mut reader = Snapshot::<FixedMap<u64_le, u64_le>>::read(path).unwrap();
    assert_eq!(reader.len(), 100);
    next.publish(path).unwrap();
    assert!(refuse_each("reload", || reader.reload(), || ()) > 1);
    assert_eq!(reader.len(), 50);

    let created = path.with_file_name("created");
    let made = refuse_each(
        "create_file",
        || {
            let _ = std::fs::remove_file(&created);
            create(&created, 10)?.close()
        },
        || assert!(!created.exists()),
    );
    assert!(made > 0);
}

/// Gives what `act` returns while blocks of more bytes are refused.
fn with_at_most<T>(bytes: usize, act: impl FnOnce() -> T) -> T {
    MOST.set(bytes);
    let result = act();
    MOST.set(usize::MAX);
    result
}

fn refused<T>(result: Result<T, FixedError>, bytes: u64) {
    let error = result.map(drop).unwrap_err();
    assert_eq!(
        (error.field(), error.expected(), error.found()),
        (Field::Heap, bytes, 0)
    );
    assert!(!error.to_string().contains("arena"), "{error}");
}

/// The text of a panic, and where it says that it happened.
fn panic_of(act: impl FnOnce()) -> (String, String) {
    thread_local! {
        static PLACE: Cell<Option<String>> = const { Cell::new(None) };
        static EXPECTED: Cell<bool> = const { Cell::new(false) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // Nothing is printed: making a backtrace takes more memory than there is here.
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if EXPECTED.get() {
                PLACE.set(info.location().map(|place| place.file().to_owned()));
            } else {
                before(info);
            }
        }));
    });
    EXPECTED.set(true);
    let payload = catch_unwind(AssertUnwindSafe(act)).expect_err("it is to panic");
    EXPECTED.set(false);
    let text = payload.downcast::<String>().map_or_else(
        |payload| payload.downcast::<&str>().expect("a text").to_string(),
        |text| *text,
    );
    (text, PLACE.take().expect("a place"))
}

#[test]
fn a_heap_that_refuses_bytes_is_an_error_of_the_twin_and_a_panic_that_names_it() {
    refused(AlignedBytes::try_zeroed(1 << 62), 1 << 62);
    refused(AlignedBytes::try_zeroed(usize::MAX), usize::MAX as u64);
    let map = squares(0..100);
    let bytes = AlignedBytes::from_slice(map.as_bytes());
    let len = bytes.len();
    with_at_most(len - 1, || {
        refused(AlignedBytes::try_zeroed(len), len as u64);
        refused(AlignedBytes::try_from_slice(&bytes), len as u64);
        refused(bytes.try_clone(), len as u64);
        refused(map.try_clone(), len as u64);
    });
    assert!(*bytes == *bytes.try_clone().unwrap() && map == map.try_clone().unwrap());
    let words = map.scratch_words() * 4;
    with_at_most(words - 1, || {
        refused(map.verify(), words as u64);
        refused(Map::open_verified(&bytes[..]), words as u64);
    });

    let panics: [(&str, &dyn Fn()); 5] = [
        ("AlignedBytes::try_zeroed", &|| drop(AlignedBytes::zeroed(1 << 62))),
        ("AlignedBytes::try_zeroed", &|| drop(AlignedBytes::zeroed(len))),
        ("AlignedBytes::try_from_slice", &|| {
            drop(AlignedBytes::from_slice(&bytes));
        }),
        ("AlignedBytes::try_clone", &|| drop(bytes.clone())),
        ("FixedMap::try_clone", &|| drop(map.clone())),
    ];
    for (twin, act) in panics {
        let (text, place) = panic_of(|| with_at_most(len - 1, act));
        MOST.set(usize::MAX);
        assert!(text.contains(&format!("`{twin}` returns this error instead")), "{text}");
        assert!(text.contains("the global allocator refused a block of"), "{text}");
        assert_eq!(place, file!(), "{twin}: the place of the caller");
    }
}

/// The place of a panic that a call announces is that of its caller.
#[test]
fn calls_that_announce_panics_name_the_place_of_their_caller() {
    let mut map = squares(0..10);
    let missing = panic_of(|| {
        let _ = map[&1_000_u64];
    });
    assert!(missing.0.contains("no entry found for key"));
    let lengths = panic_of(|| map.get_batch(&[1_u64, 2], &mut [None]));
    let twice = panic_of(|| {
        let _ = map.get_disjoint_mut([&1_u64, &1]);
    });
    let huge = panic_of(|| {
        let _ = Map::<AlignedBytes>::bytes_for(usize::MAX);
    });
    assert!(huge.0.contains("`FixedMap::try_bytes_for`"));
    for (text, place) in [missing, lengths, twice, huge] {
        assert_eq!(place, file!(), "{text}");
    }
}
