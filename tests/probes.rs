//! The probes are in the executable, each with its numbers, and where they are is code that runs.
#![cfg(all(target_os = "linux", not(any(arenamap_guard, miri))))] // in guard mode there are no chunks

use std::collections::BTreeMap;
use std::env;
use std::process::Command;

use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
use arenamap::{Arena, ArenaMap, ArenaPool};

/// Each probe, and how many numbers it has: what `src/guide/observing.md` says.
const PROBES: &[(&str, usize)] = &[
    ("arena_reset", 1),
    ("budget_refused", 2),
    ("chunk_taken", 2),
    ("growth_begin", 3),
    ("growth_end", 2),
    ("pool_miss", 2),
    ("publish", 2),
];

/// What each of them stands for happens here, so that the linker keeps it.
fn everything() {
    let mut arena = Arena::with_budget(100_000);
    {
        let mut map = ArenaMap::new_in(&arena);
        while map.try_insert_overwrite(map.len(), 0).is_ok() {}
        assert!(map.len() > 1_000);
    }
    arena.reset();
    drop(ArenaPool::new().checkout());
    let directory = tempfile::tempdir().unwrap();
    let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(4096), 10).unwrap();
    map.insert(1.into(), 2.into()).unwrap();
    map.publish(directory.path().join("map")).unwrap();
}

#[test]
fn each_probe_is_in_the_executable_with_its_numbers() {
    everything();
    let executable = env::current_exe().unwrap();
    let output = match Command::new("readelf").arg("-nW").arg(&executable).output() {
        Ok(output) => output,
        Err(error) => {
            println!("SKIPPED: no readelf: {error}");
            return;
        }
    };
    assert!(output.status.success(), "{output:?}");
    let notes = String::from_utf8_lossy(&output.stdout);
    let mut found = BTreeMap::new();
    let mut name = None;
    let mut is_ours = false;
    for line in notes.lines().map(str::trim) {
        if let Some((_, provider)) = line.split_once("Provider: ") {
            is_ours = provider == "arenamap";
        } else if let Some(probe) = line.strip_prefix("Name: ") {
            name = is_ours.then(|| probe.to_owned());
        } else if let Some(arguments) = line.strip_prefix("Arguments:")
            && let Some(name) = name.take()
        {
            // Signed words, each in a register or a place in memory.
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            assert!(
                arguments
                    .iter()
                    .all(|number| number.starts_with(if cfg!(target_pointer_width = "64") {
                        "-8@"
                    } else {
                        "-4@"
                    })),
                "{name}: {arguments:?}"
            );
            found.insert(name, arguments.len());
        }
    }
    let expected: BTreeMap<String, usize> = PROBES
        .iter()
        .map(|&(name, numbers)| (name.to_owned(), numbers))
        .collect();
    assert_eq!(found, expected, "{notes}");
}

/// The guide has a line for each of them, and for no other.
#[test]
fn the_guide_names_each_probe() {
    let guide = include_str!("../src/guide/observing.md");
    let rows: Vec<(&str, usize)> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter(|(name, _)| {
            guide.contains(&format!("arenamap:{name}")) || PROBES.iter().any(|(probe, _)| probe == name)
        })
        .map(|(name, rest)| (name, rest.matches('`').count() / 2))
        .collect();
    assert_eq!(rows, PROBES, "{guide}");
}
