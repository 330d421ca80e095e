//! Eight readers beside one publisher: no read is torn, no reader calls the heap, and old maps are given back.
#![allow(
    unsafe_code,
    reason = "mapping a file is unsafe; each file here is in a directory of its own"
)]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::fixed::file::{Archive, Mapped, SharedSnapshot};
use arenamap::fixed::{AlignedBytes, FixedMap, Memory, VarMap, u64_le};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

const READERS: usize = 8;
const ENTRIES: u64 = 50;
/// Lookups by all readers, at least, for each generation.
const LOOKUPS: u64 = 1_000;

fn generations() -> u64 {
    match std::env::var("ARENAMAP_GENERATIONS") {
        Ok(generations) => generations.parse().expect("ARENAMAP_GENERATIONS is a number"),
        Err(_) => 50,
    }
}

/// What is under a key in a generation.
fn number(key: u64, generation: u64) -> u64 {
    (key ^ generation.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

type Numbers<M = AlignedBytes> = FixedMap<u64_le, [u64_le; 2], M>;

fn numbers(generation: u64) -> Numbers {
    let mut map = Numbers::create(AlignedBytes::zeroed(Numbers::bytes_for(50)), 50).unwrap();
    for key in 0..ENTRIES {
        let value = [generation.into(), number(key, generation).into()];
        map.insert(key.into(), value).unwrap();
    }
    map
}

/// The generation that an entry tells, if the rest of it agrees.
fn number_in<M: Memory>(map: &Numbers<M>, key: u64) -> Option<u64> {
    let [generation, there] = map.get(&key)?;
    (there.to_native() == number(key, generation.to_native())).then_some(generation.to_native())
}

/// Made before readers begin.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| (0..ENTRIES).map(|key| format!("services.{key}.motd")).collect());

type Texts<M = AlignedBytes> = VarMap<str, str, M>;

fn texts(generation: u64) -> Texts {
    // Texts of many lengths, so that each generation has them elsewhere.
    let text = |key: usize| format!("{generation} {}", "x".repeat((key as u64 * generation % 97) as usize));
    let all: Vec<_> = KEYS
        .iter()
        .enumerate()
        .map(|(at, key)| (key.as_str(), text(at)))
        .collect();
    Texts::from_pairs(all.iter().map(|(key, text)| (*key, text.as_str()))).unwrap()
}

fn text_in<M: Memory>(map: &Texts<M>, key: u64) -> Option<u64> {
    let (generation, rest) = map.get(KEYS[key as usize].as_str())?.split_once(' ')?;
    let generation: u64 = generation.parse().ok()?;
    (rest.len() as u64 == key * generation % 97).then_some(generation)
}

/// What a reader saw.
#[derive(Debug)]
struct Seen {
    lookups: u64,
    generations: u64,
    torn: u64,
    heap_calls: u64,
}

/// Reads until all is published, and at least `least` times.
fn look<A>(shared: &SharedSnapshot<A>, least: u64, done: &AtomicBool, told: fn(&A, u64) -> Option<u64>) -> Seen {
    let mut last = shared.load().generation(); // a thread's first call may take a small block
    let scope = AllocScope::begin();
    let (mut lookups, mut generations, mut torn) = (0, 0, 0);
    let mut key = last;
    while lookups < least || !done.load(SeqCst) {
        let guard = shared.load();
        let generation = guard.generation();
        torn += u64::from(generation < last);
        generations += u64::from(generation != last);
        last = generation;
        for _ in 0..10 {
            key = (key + 7) % ENTRIES;
            torn += u64::from(told(&guard, key) != Some(generation));
            lookups += 1;
        }
    }
    Seen {
        lookups,
        generations,
        torn,
        heap_calls: scope.end().counts().calls(),
    }
}

#[cfg(target_os = "linux")]
fn mappings(path: &Path) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines()
        .filter(|line| line.contains(path.to_str().unwrap()))
        .count()
}

fn storm<A: Archive + Send + Sync>(
    name: &str,
    publish: impl Fn(u64, &Path) -> u64,
    open: impl FnOnce(&Path) -> SharedSnapshot<A>,
    told: fn(&A, u64) -> Option<u64>,
) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("followed");
    publish(1, &path);
    let shared = open(&path);
    let generations = generations();
    let least = LOOKUPS * generations / READERS as u64;
    let done = AtomicBool::new(false);
    let mut all = vec![Arc::downgrade(&shared.load_full())];
    let start = Instant::now();
    let (seen, reloads) = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| scope.spawn(|| look(&shared, least, &done, told)))
            .collect();
        // One that follows by itself, as fast as it can, beside the publisher, who reloads, too.
        let follower = scope.spawn(|| {
            let mut reloads = 0;
            while !done.load(SeqCst) {
                reloads += u64::from(shared.poll().unwrap() && shared.reload().unwrap());
            }
            reloads
        });
        let mut reloads = 0;
        for generation in 2..=generations {
            assert_eq!(publish(generation, &path), generation);
            reloads += u64::from(shared.reload().unwrap());
            all.push(Arc::downgrade(&shared.load_full()));
            assert_eq!(shared.load().generation(), generation);
            // One for each reader, and the last one.
            let retired = shared.retired();
            assert!(retired <= READERS + 1, "{retired} maps are held");
            #[cfg(target_os = "linux")]
            assert!(mappings(&path) <= READERS + 3);
        }
        done.store(true, SeqCst);
        let seen: Vec<_> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
        (seen, reloads + follower.join().unwrap())
    });
    let took = start.elapsed();
    assert_eq!(reloads, generations - 1, "each was opened once, by one of the two");
    assert!(!shared.poll().unwrap());
    assert_eq!(shared.retired(), 0);
    let alive = all.iter().filter(|map| map.strong_count() > 0).count();
    assert_eq!(alive, 1, "the current one");
    #[cfg(target_os = "linux")]
    assert!(mappings(&path) <= 1);
    for seen in &seen {
        assert_eq!((seen.torn, seen.heap_calls), (0, 0), "{seen:?}");
    }
    let sum = |count: fn(&Seen) -> u64| seen.iter().map(count).sum::<u64>();
    println!(
        "{name}: {} lookups by {READERS} readers, {generations} generations published, {} changes seen, in {took:?}; torn 0, heap calls 0",
        sum(|seen| seen.lookups),
        sum(|seen| seen.generations),
    );
}

fn publish_numbers(generation: u64, path: &Path) -> u64 {
    numbers(generation).publish(path).unwrap()
}

fn publish_texts(generation: u64, path: &Path) -> u64 {
    texts(generation).publish(path).unwrap()
}

#[test]
fn readers_of_a_fixed_map_that_is_read() {
    storm(
        "FixedMap, read",
        publish_numbers,
        |path| SharedSnapshot::<Numbers>::read(path).unwrap(),
        number_in,
    );
}

#[test]
fn readers_of_a_fixed_map_that_is_mapped() {
    // SAFETY: files at this path are only ever replaced.
    let open = |path: &Path| unsafe { SharedSnapshot::<Numbers<Mapped>>::map(path) }.unwrap();
    storm("FixedMap, mapped", publish_numbers, open, number_in);
}

#[test]
fn readers_of_a_var_map_that_is_read() {
    storm(
        "VarMap, read",
        publish_texts,
        |path| SharedSnapshot::<Texts>::read(path).unwrap(),
        text_in,
    );
}

#[test]
fn readers_of_a_var_map_that_is_mapped() {
    // SAFETY: files at this path are only ever replaced.
    let open = |path: &Path| unsafe { SharedSnapshot::<Texts<Mapped>>::map(path) }.unwrap();
    storm("VarMap, mapped", publish_texts, open, text_in);
}
