//! A process that publishes is killed at any moment; whoever reads then has one whole snapshot.
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

#[path = "support/child.rs"]
mod child;

/// Of each key: the round, and a number that depends on both; under `SUM`, the sum of those.
type Rounds = FixedMap<u64_le, [u64_le; 2]>;

const ENTRIES: u64 = 200;
const SUM: u64 = u64::MAX;

fn number(key: u64, round: u64) -> u64 {
    (key ^ round.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn rounds() -> Rounds {
    let capacity = ENTRIES as usize + 1;
    Rounds::create(AlignedBytes::zeroed(Rounds::bytes_for(capacity)), capacity).unwrap()
}

fn fill(map: &mut Rounds, round: u64) {
    let mut sum = 0_u64;
    for key in 0..ENTRIES {
        let number = number(key, round);
        sum = sum.wrapping_add(number);
        map.insert(key.into(), [round.into(), number.into()]).unwrap();
    }
    map.insert(SUM.into(), [round.into(), sum.into()]).unwrap();
}

/// The round of a snapshot, if it is one round's throughout.
fn round_of(map: &Rounds) -> Option<u64> {
    let [round, sum] = map.get(&SUM)?;
    let whole = map.len() as u64 == ENTRIES + 1
        && (0..ENTRIES).all(|key| {
            let expected = [*round, number(key, round.to_native()).into()];
            map.get(&key) == Some(&expected)
        });
    let made = (0..ENTRIES).fold(0_u64, |sum, key| sum.wrapping_add(number(key, round.to_native())));
    (whole && made == sum.to_native()).then_some(round.to_native())
}

fn kills() -> u32 {
    match std::env::var("ARENAMAP_KILLS") {
        Ok(kills) => kills.parse().expect("ARENAMAP_KILLS is a number"),
        Err(_) => 1_000,
    }
}

fn temporary_files(path: &Path) -> usize {
    fs::read_dir(path.parent().unwrap()).unwrap().count() - 1
}

/// The publisher: one round after another, from the one that is at the path.
fn publish_for_ever(path: &Path) -> ! {
    let before = Rounds::read_file(path).unwrap();
    let mut round = round_of(&before).expect("a whole snapshot");
    let mut map = rounds();
    child::say("begin");
    loop {
        round += 1;
        fill(&mut map, round);
        map.publish(path).unwrap();
    }
}

#[test]
fn a_publisher_killed_at_any_moment_leaves_one_whole_snapshot() {
    if let Some(path) = child::path() {
        publish_for_ever(&path);
    }
    let test = "a_publisher_killed_at_any_moment_leaves_one_whole_snapshot";
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rounds");
    let mut map = rounds();
    fill(&mut map, 0);
    // How long one takes here, so that kills meet each part of it.
    let start = Instant::now();
    for _ in 0..20 {
        map.publish(&path).unwrap();
    }
    let one = start.elapsed() / 20;

    let kills = kills();
    let (mut generations, mut last) = (BTreeSet::new(), (map.generation(), 0));
    let (mut torn, mut left_behind, mut without_progress) = (0, 0, 0);
    let start = Instant::now();
    for kill in 0..kills {
        let mut other = child::Other::start(test, &path);
        assert_eq!(
            other.hear().as_deref(),
            Some("begin"),
            "kill {kill}: the publisher found a whole snapshot"
        );
        // Up to three times the time of one, in steps that repeat only after all kills.
        let share = kill.wrapping_mul(0x9E37_79B9);
        std::thread::sleep((one * 3).mul_f64(f64::from(share) / f64::from(u32::MAX)));
        other.kill();
        let there = Rounds::read_file(&path).unwrap_or_else(|error| panic!("kill {kill}: {error}"));
        assert!(there.is_sealed());
        let Some(round) = round_of(&there) else {
            torn += 1;
            continue;
        };
        let now = (there.generation(), round);
        assert!(now >= last, "kill {kill}: {now:?} after {last:?}");
        assert_eq!(now.0 - last.0, now.1 - last.1, "one generation for each round");
        without_progress += u32::from(now == last);
        last = now;
        generations.insert(now.0);
        let temporary = temporary_files(&path);
        assert!(temporary <= 1, "kill {kill}: {temporary} temporary files");
        left_behind += temporary;
    }
    let took = start.elapsed();
    assert_eq!(torn, 0);
    // How many were met at work is a matter of the machine; that some were is not.
    assert!(generations.len() > 1, "kills met publishers at work");
    assert!(Rounds::read_file(&path).unwrap().generation() > map.generation());
    map.publish(&path).unwrap();
    assert_eq!(
        temporary_files(&path),
        0,
        "the last publish removed what was left behind"
    );
    println!(
        "{kills} kills in {took:?}, {} snapshots published of which {} were seen, {without_progress} kills before a rename; torn: {torn}; \
         temporary files left behind in {left_behind} kills, all removed; one publish takes {one:?}",
        last.1,
        generations.len(),
    );
}
