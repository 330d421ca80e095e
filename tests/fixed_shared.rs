//! One file mapped by several processes, which count in it at the same time.
#![allow(
    unsafe_code,
    reason = "mapping a file is unsafe; the file is in a directory of its own"
)]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use arenamap::fixed::file::SharedMapped;
use arenamap::fixed::{AlignedBytes, AtomicU64Le, FixedMap, u64_le};
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

#[path = "support/child.rs"]
mod child;

arenamap::fixed_struct! {
    /// Two counters that only grow, the second never ahead of the first, and a field that stays.
    atomic struct Counts { first: AtomicU64Le, second: AtomicU64Le, name: u64_le }
}

mod plain {
    use arenamap::fixed::u64_le;

    arenamap::fixed_struct! {
        /// The same without atomics, to read what was counted.
        pub(crate) struct Counts { pub(crate) first: u64_le, pub(crate) second: u64_le, pub(crate) name: u64_le }
    }
}

type Shared = FixedMap<u64_le, Counts, SharedMapped>;

const KEYS: u64 = 50;
const ROUNDS: u64 = 40_000;

fn share(path: &Path) -> Shared {
    // SAFETY: the file is reached by this function alone, in each of the processes.
    unsafe { Shared::map_shared(path) }.unwrap()
}

fn name(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn publish(path: &Path) {
    let need = FixedMap::<u64_le, Counts>::bytes_for(KEYS as usize);
    let mut map = FixedMap::<u64_le, Counts>::create(AlignedBytes::zeroed(need), KEYS as usize).unwrap();
    for key in 0..KEYS {
        let counts = Counts {
            first: 0.into(),
            second: 0.into(),
            name: name(key).into(),
        };
        map.insert(key.into(), counts)
            .unwrap_or_else(|_| panic!("room for all"));
    }
    map.publish(path).unwrap();
}

fn count(map: &Shared) {
    for _ in 0..ROUNDS {
        for key in 0..KEYS {
            let counts = map.get(&key).unwrap();
            counts.first.fetch_add(1, Relaxed);
            counts.second.fetch_add(1, Release);
        }
    }
}

fn total(map: &Shared) -> (u64, u64) {
    let add = |total: (u64, u64), counts: &Counts| {
        (
            total.0 + counts.first.load(Relaxed),
            total.1 + counts.second.load(Relaxed),
        )
    };
    map.values().fold((0, 0), add)
}

/// Looks until all is counted: no counter goes back, the second is never ahead, names stay. Says how often counters grew.
fn watch(map: &Shared, until: u64) -> u64 {
    let mut seen = [(0, 0); KEYS as usize];
    let mut growths = 0;
    loop {
        for key in 0..KEYS {
            let counts = map.get(&key).unwrap();
            // The second first: what is counted between the two only makes the first larger.
            let second = counts.second.load(Acquire);
            let now = (counts.first.load(Relaxed), second);
            let before = &mut seen[key as usize];
            assert!(
                now.0 >= before.0 && now.1 >= before.1,
                "{key}: {now:?} after {before:?}"
            );
            assert!(now.1 <= now.0, "{key}: {now:?}");
            assert_eq!(counts.name.to_native(), name(key));
            growths += u64::from(now != *before);
            *before = now;
        }
        if total(map) == (until, until) {
            return growths;
        }
    }
}

#[test]
fn processes_count_in_one_file_and_none_is_lost() {
    let test = "processes_count_in_one_file_and_none_is_lost";
    let all = 3 * ROUNDS * KEYS; // two other processes and this one
    if let Some(path) = child::path() {
        let map = share(&path);
        child::say("mapped");
        if child::wait() == "watch" {
            child::say(&watch(&map, all).to_string());
        } else {
            count(&map);
            child::say("counted");
        }
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("counts");
    publish(&path);
    let mut others: Vec<_> = (0..2).map(|_| child::Other::start(test, &path)).collect();
    let map = share(&path);
    for other in &mut others {
        assert_eq!(other.hear().as_deref(), Some("mapped"));
    }
    assert_eq!(
        fs::read(&path).unwrap()[144..152],
        *b"open map",
        "no checksum holds from here on"
    );
    let mut watcher = child::Other::start(test, &path);
    assert_eq!(watcher.hear().as_deref(), Some("mapped"));
    watcher.tell("watch");
    for other in &mut others {
        other.tell("count");
    }
    count(&map);
    for other in &mut others {
        assert_eq!(other.hear().as_deref(), Some("counted"));
        assert!(other.end().success());
    }
    let growths: u64 = watcher
        .hear()
        .expect("the watcher saw no contradiction")
        .parse()
        .unwrap();
    assert!(watcher.end().success());
    assert!(growths > KEYS, "it looked while others counted: {growths}");
    assert_eq!(total(&map), (all, all));
    let each = u64_le::from(3 * ROUNDS);
    let read = FixedMap::<u64_le, plain::Counts>::read_file(&path).unwrap();
    assert!(read.iter().all(|(key, counts)| {
        (counts.first, counts.second, counts.name.to_native()) == (each, each, name(key.to_native()))
    }));
    println!(
        "{} increments by 3 processes, none lost; a fourth saw counters grow {growths} times, never back",
        2 * all
    );
}
