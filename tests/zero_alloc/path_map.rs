//! Maps of maps in one table: levels are made, moved, cut off and recycled without a heap call, and reads make nothing.

use std::collections::HashMap;

use arenamap::{Arena, DefaultHashBuilder, Handle, PathMap};
use libtest_mimic::Trial;

use crate::proof::{claim, control, cycle_claim, cycle_control};
use crate::support::fixed;

const LINES: [&str; 8] = [
    "service/api/timeout",
    "service/api/retries",
    "service/a part of more than fifteen bytes/port",
    "service/db/pool/size",
    "service/db/pool/another part of more than fifteen bytes",
    "log/level",
    "log",
    "log/file/path",
];

pub(crate) fn trials() -> Vec<Trial> {
    #[allow(unused_mut, reason = "without std there are no shared arenas to add")]
    let mut trials = vec![
        cycle_claim("path_map::borrowed", Arena::new, |arena| {
            config(&mut PathMap::new_in(&*arena));
            arena.reset();
        }),
        cycle_control("path_map", || (), |()| config_on_the_heap()),
        // An owned map: levels go back and forth in it.
        claim("path_map::owned", PathMap::new, config, config),
        control(
            "path_map::owned",
            || (),
            |()| config_on_the_heap(),
            |()| config_on_the_heap(),
        ),
        claim("path_map::reads", read_map, |_| (), reads),
        control("path_map::reads", || (), |()| (), |()| reads_on_the_heap()),
        cycle_claim("path_map::grows", Arena::new, grows),
        cycle_control("path_map::grows", || (), |()| grows_on_the_heap()),
        claim("path_map::by_value", PathMap::<u64, u64>::new, by_value, by_value),
        // What it measures is all there is.
        #[cfg(feature = "fixed")]
        claim("path_map::archive", archived, |_| (), archive),
        #[cfg(feature = "fixed")]
        control("path_map::archive", archived, |_| (), archive_on_the_heap),
        #[cfg(feature = "serde")]
        cycle_claim("path_map::deserialize", Arena::new, deserialize),
        #[cfg(feature = "serde")]
        cycle_control(
            "path_map::deserialize",
            || (),
            |()| {
                let map: HashMap<String, HashMap<String, u32>> = serde_json::from_str(JSON).unwrap();
                assert_eq!(map.len(), 2);
            },
        ),
    ];
    #[cfg(feature = "std")]
    trials.push(cycle_claim(
        "path_map::pooled_and_shared",
        || (),
        |()| {
            static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
            config(&mut PathMap::new_in(POOL.checkout()));
            config(&mut PathMap::new_in(POOL.checkout().share()));
        },
    ));
    trials
}

/// A map, and memory for its archive.
#[cfg(feature = "fixed")]
struct Archived {
    texts: PathMap<str, &'static str>,
    memory: arenamap::fixed::AlignedBytes,
    scratch: Vec<u32>,
}

#[cfg(feature = "fixed")]
fn archived() -> Archived {
    let mut texts = PathMap::new();
    for line in LINES {
        texts.insert(line.split('/'), line);
    }
    Archived {
        texts,
        memory: arenamap::fixed::AlignedBytes::zeroed(8192),
        scratch: vec![0; 1024],
    }
}

#[cfg(feature = "fixed")]
fn archive(here: &mut Archived) {
    use arenamap::fixed::PathArchive;

    let (levels, bytes) = PathArchive::<str, str>::measure(&here.texts);
    assert!(PathArchive::<str, str>::bytes_for(levels, bytes) < here.memory.len());
    let mut texts = PathArchive::<str, str, _>::snapshot(&mut here.memory[..], &here.texts).unwrap();
    texts.seal();
    texts.verify_in(&mut here.scratch).unwrap();
    for line in LINES {
        assert_eq!(texts.get(line.split('/')), Some(line));
        assert!(texts.contains(line.split('/')) && texts.get(line.split('/').chain(["none"])).is_none());
        let node = texts.node(line.split('/')).unwrap();
        assert_eq!((node.value(), node.path().parts().count()), (Some(line), node.depth()));
    }
    assert_eq!(texts.iter().filter(|(path, _)| !path.is_empty()).count(), LINES.len());
    assert_eq!(
        texts.nodes().map(|node| node.children().count()).sum::<usize>() + 1,
        levels
    );
    let bytes = texts.as_bytes();
    let view = PathArchive::<str, str, _>::open(bytes).unwrap();
    assert!(view == texts && view.leaves().count() == LINES.len() - 1);
    let view = PathArchive::<str, str, _>::open_verified_in(bytes, &mut here.scratch).unwrap();
    assert_eq!(view.get(["log"]), Some("log"));
    let short = PathArchive::<str, str, _>::snapshot(&mut here.memory[..100], &here.texts);
    assert!(short.is_err());
}

#[cfg(feature = "fixed")]
fn archive_on_the_heap(here: &mut Archived) {
    let archive = arenamap::fixed::PathArchive::<str, str>::from_map(&here.texts).unwrap();
    archive.verify().unwrap();
}

fn config<H: Handle>(map: &mut PathMap<str, usize, DefaultHashBuilder, H>) {
    for (number, line) in LINES.iter().enumerate() {
        map.insert(line.split('/'), number);
    }
    *map.entry("log/level".split('/')).or_insert(0) += 1;
    map.entry(["log", "new", "level"])
        .and_modify(|_| ())
        .or_insert_with(|| 7);
    assert_eq!(
        (map.get(["log", "level"]), map.get(["log", "none"]), map.len()),
        (Some(&6), None, 9)
    );
    let cursor = map.cursor(["service", "db"]).unwrap();
    map.below_mut(cursor).unwrap().insert(["pool", "most"], 9);
    map.move_subtree(["service", "db"], ["moved", "here"]).unwrap();
    assert_eq!(map.below(cursor).unwrap().get(["pool", "most"]), Some(&9));
    assert_eq!(
        map.iter()
            .filter(|(path, _)| path.parts().count() == path.len())
            .count(),
        map.len()
    );
    assert_eq!(map.leaves().count() + 1, map.len());
    map.for_each_mut(|path, value| *value += path.len());
    assert!(map.walk().count() == 2 * map.stats().nodes && map.depths().deepest == 4);
    assert!(map.remove_subtree(["service"]));
    assert!(map.remove(["log"]).is_some());
    map.insert(["service", "back"], 1);
    map.settle(usize::MAX);
    assert!(map.try_insert(["one", "more"], 1).is_ok());
    map.clear();
}

fn config_on_the_heap() {
    let mut map: HashMap<String, HashMap<String, usize>> = HashMap::new();
    for (number, line) in LINES.iter().enumerate() {
        let (first, rest) = line.split_once('/').unwrap_or((line, ""));
        map.entry(first.to_owned()).or_default().insert(rest.to_owned(), number);
    }
}

fn read_map() -> PathMap<str, usize> {
    LINES
        .iter()
        .enumerate()
        .map(|(number, line)| (line.split('/'), number))
        .collect()
}

fn reads(map: &mut PathMap<str, usize>) {
    let (stats, arena) = (map.stats(), map.arena_stats());
    for line in LINES {
        assert!(map.get(line.split('/')).is_some());
        assert!(map.get(line.split('/').chain(["missing"])).is_none());
        assert!(map.get(["missing"].into_iter().chain(line.split('/'))).is_none());
        assert!(map.get_mut(["missing", "too"]).is_none() && map.node(["missing"]).is_none());
    }
    assert_eq!((map.stats(), map.arena_stats()), (stats, arena));
}

/// What a joined key costs.
fn reads_on_the_heap() {
    let map: HashMap<String, usize> = HashMap::new();
    for line in LINES {
        assert!(!map.contains_key(&line.replace('/', ".")));
    }
}

/// Thousands of levels: the table grows in steps.
fn grows(arena: &mut Arena) {
    {
        let mut map = PathMap::<u32, u32, _, _>::with_hasher_in(fixed(), &*arena);
        for number in 0..5_000 {
            map.insert(&[number % 10, number % 100, number], number);
        }
        let copy = map.clone_in(&*arena);
        assert!(copy == map && copy.len() == 5_000);
        for number in 0..10 {
            map.remove_subtree(&[number]);
            map.insert(&[number], number);
        }
    }
    arena.reset();
}

fn grows_on_the_heap() {
    let mut map: HashMap<u32, HashMap<u32, u32>> = HashMap::new();
    for number in 0..5_000 {
        map.entry(number % 10).or_default().insert(number, number);
    }
    assert_eq!(map.len(), 10);
}

fn by_value(map: &mut PathMap<u64, u64>) {
    for number in 0..100 {
        map.insert(&[number % 7, number], number);
    }
    map.remove_subtree(&[3]);
    map.clear();
}

#[cfg(feature = "serde")]
const JSON: &str = r#"{"service": {"timeout": 30, "retries": 3}, "log": {"level": 2}}"#;

#[cfg(feature = "serde")]
fn deserialize(arena: &mut Arena) {
    use arenamap::nested::PathMapSeed;
    use serde::de::DeserializeSeed;

    {
        let mut json = serde_json::Deserializer::from_str(JSON);
        let map = PathMapSeed::<str, u32, _, _>::new_in(&*arena)
            .deserialize(&mut json)
            .unwrap();
        assert_eq!(map.get(["log", "level"]), Some(&2));
    }
    arena.reset();
}
