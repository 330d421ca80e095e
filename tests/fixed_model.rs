//! Every promise of `FixedMap` at once: it answers as `std::collections::HashMap` with a bound does, in every memory, for
//! types with and without padding, text and bytes that have to be checked; and `verify` finds nothing wrong after any step.
//!
//! Programs are random and the same in each run; a failing one is shrunk. `ARENAMAP_CASES=100` runs so many programs
//! of each configuration, with other seeds.

#[path = "support/basics.rs"]
mod basics;
#[path = "support/fixed_ops.rs"]
mod fixed_ops;
#[path = "support/fixed_pairs.rs"]
mod fixed_pairs;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::Arena;
use arenamap::fixed::{
    AlignedBytes, Exclusive, Field, FixedKey, FixedMap, KeyHasher, KeySecrets, NonZeroU32_le, u32_le, u64_le,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use rapidhash::v3::RapidSecrets;

use basics::times;
use fixed_ops::{Home, Kind, Op, Pair};
use fixed_pairs::{Numbers, Padded, Pairs, Set, Texts, Unread};

/// What a map lives in.
#[derive(Clone, Copy, Debug)]
enum Memory {
    Owned,
    Borrowed,
    InArena,
    BytesOfArena,
}

const MEMORIES: [Memory; 4] = [Memory::Owned, Memory::Borrowed, Memory::InArena, Memory::BytesOfArena];

const CAPACITIES: [usize; 8] = [0, 1, 8, 12, 13, 25, 100, 1_000];

/// What is in memory before a map is: `create` must not count on zeros, and leave alone what is behind it.
const GARBAGE: u8 = 0xA5;

/// What happened in many programs.
#[derive(Default)]
struct Noted {
    seen: BTreeSet<(Kind, bool)>,
    refused: usize,
    /// Steps after which a counter was stuck.
    stuck: usize,
}

/// Operations on a map of this capacity. Few keys meet often; twice as many as fit fill the map.
fn program(capacity: usize, longest: usize, kinds: &[(Kind, u32)]) -> impl Strategy<Value = Vec<Op>> + use<> {
    let kinds: Vec<Kind> = kinds
        .iter()
        .flat_map(|&(kind, weight)| std::iter::repeat_n(kind, weight as usize))
        .collect();
    let kind = proptest::sample::select(kinds);
    let capacity = capacity as u64;
    prop_oneof![
        Just(3),
        Just(capacity / 2 + 1),
        Just(capacity + 1),
        Just(2 * capacity + 2)
    ]
    .prop_flat_map(move |keys| {
        let op = (kind.clone(), 0..keys, 0_u64..10_000).prop_map(|(kind, key, number)| Op { kind, key, number });
        vec(op, 1..longest)
    })
}

/// Runs a program on a map in this memory, and checks after each step.
fn run<P: Pairs, M: Home<P::Value>>(mut pair: Pair<'_, P, M>, ops: &[Op], noted: &mut Noted) {
    pair.check();
    for op in ops {
        pair.apply(*op);
        pair.check();
        noted.stuck += usize::from(is_stuck(pair.map().as_bytes(), pair.map().stats().groups));
    }
    noted.refused += pair.refused;
    noted.seen.append(&mut pair.seen);
}

fn run_in<P: Pairs>(memory: Memory, capacity: usize, keys: &[u64], seed: Option<u64>, ops: &[Op], noted: &mut Noted) {
    let bytes = Pair::<P, AlignedBytes>::bytes(capacity);
    match memory {
        Memory::Owned => {
            let memory = AlignedBytes::from_slice(&vec![GARBAGE; bytes]);
            run(Pair::<P, _>::new(memory, capacity, seed, keys), ops, noted);
        }
        Memory::Borrowed => {
            let mut memory = AlignedBytes::from_slice(&vec![GARBAGE; bytes + 100]);
            let exclusive = Exclusive::from(&mut memory[..]);
            run(Pair::<P, _>::new(exclusive, capacity, seed, keys), ops, noted);
            assert_eq!(memory[bytes..], [GARBAGE; 100], "what is behind the archive");
        }
        Memory::InArena => {
            let arena = Arena::new();
            let memory = Exclusive::in_arena(&arena, bytes).unwrap();
            run(Pair::<P, _>::new(memory, capacity, seed, keys), ops, noted);
        }
        Memory::BytesOfArena => {
            let arena = Arena::new();
            let memory = arena.alloc_slice_fill_with(bytes / 16 + 1, |_| u128::from_ne_bytes([GARBAGE; 16]));
            // SAFETY: bytes of integers, borrowed exclusively for as long as the integers were.
            #[allow(unsafe_code)]
            let memory =
                unsafe { std::slice::from_raw_parts_mut(memory.as_mut_ptr().cast::<u8>(), size_of_val(memory)) };
            run(
                Pair::<P, _>::new(Exclusive::from(memory), capacity, seed, keys),
                ops,
                noted,
            );
        }
    }
}

/// Runs random programs on one configuration.
fn test<P: Pairs>(
    name: &str,
    (memory, capacity, seed): (Memory, usize, Option<u64>),
    keys: &[u64],
    kinds: &[(Kind, u32)],
    noted: &mut Noted,
) {
    let asked: Option<u32> = std::env::var("ARENAMAP_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: asked.unwrap_or(u32::try_from(times(3, 1)).unwrap()),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        max_shrink_time: 10_000, // ms
        rng_seed: RngSeed::Fixed(basics::key(capacity as u64 * 4 + memory as u64) ^ u64::from(asked.unwrap_or(0))),
        ..Config::default()
    };
    let noted = RefCell::new(noted);
    let longest = if capacity >= 1_000 {
        times(60, 4)
    } else {
        times(150, 12)
    };
    let outcome = TestRunner::new(config).run(&program(capacity, longest, kinds), |ops| {
        let run = || run_in::<P>(memory, capacity, keys, seed, &ops, &mut noted.borrow_mut());
        catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            TestCaseError::fail(text.unwrap_or("a panic").to_owned())
        })
    });
    if let Err(error) = outcome {
        panic!("{name}, {memory:?}, capacity {capacity}: {error}");
    }
}

/// Runs everything for one pair of types and demands that each kind of operation met both its cases.
fn programs<P: Pairs>(name: &str) {
    let mut noted = Noted::default();
    for (i, capacity) in CAPACITIES.into_iter().enumerate() {
        for (j, memory) in MEMORIES.into_iter().enumerate() {
            // Miri is slow: each capacity in one memory, and none of the large ones.
            if !cfg!(miri) || capacity <= 25 && j == i % MEMORIES.len() {
                test::<P>(name, (memory, capacity, None), &[], Kind::ALL, &mut noted);
            }
        }
    }
    all_happened(&noted);
}

fn all_happened(noted: &Noted) {
    if cfg!(miri) {
        return;
    }
    let missed: Vec<_> = Kind::ALL
        .iter()
        .flat_map(|&(kind, _)| [(kind, false), (kind, true)])
        .filter(|case| !noted.seen.contains(case))
        .collect();
    assert!(missed.is_empty(), "never happened: {missed:?}");
    assert!(noted.refused > 100, "only {} pairs met a full map", noted.refused);
}

#[test]
fn programs_on_numbers_agree_with_std() {
    programs::<Numbers>("u64_le => u64_le");
}

#[test]
fn programs_on_texts_and_structs_agree_with_std() {
    programs::<Texts>("FixedStr => struct");
}

#[test]
fn programs_on_a_set_agree_with_std() {
    programs::<Set>("u32_le => ()");
}

#[test]
fn programs_on_padded_slots_agree_with_std() {
    programs::<Padded>("[u8; 3] => u16_le");
}

#[test]
fn programs_on_types_that_are_checked_agree_with_std() {
    programs::<Unread>("checked struct => checked struct");
}

/// Keys whose search begins in one group and whose passages one counter counts, under this seed and in so many groups.
fn colliding(seed: u64, groups: u64, home: u64, keys: usize) -> Vec<u64> {
    let secrets = KeySecrets::seed(seed);
    let place = |key: u64| {
        let mut hasher = KeyHasher::new(&secrets);
        u64_le::from(key).hash_key(&mut hasher);
        let product = u128::from(hasher.finish()) * u128::from(groups);
        // As `FORMAT.md` has it: home, class.
        (product >> 64, product >> 56 & 7)
    };
    (0..).filter(|&key| place(key) == (home.into(), 5)).take(keys).collect()
}

const SEED: u64 = 42;

fn numbers(capacity: usize) -> FixedMap<u64_le, u64_le> {
    let memory = AlignedBytes::zeroed(FixedMap::<u64_le, u64_le>::bytes_for(capacity));
    FixedMap::create_seeded(memory, capacity, SEED).unwrap()
}

/// Programs on keys that all begin in one group: every counter on their way reaches 15 and stays there.
#[test]
fn programs_on_keys_that_collide_agree_with_std() {
    let mut noted = Noted::default();
    let kinds: Vec<_> = Kind::ALL
        .iter()
        .copied()
        .filter(|(kind, _)| !kind.draws_a_seed())
        .collect();
    for capacity in if cfg!(miri) { vec![25] } else { vec![13, 25, 100, 1_000] } {
        let groups = numbers(capacity).stats().groups as u64;
        // The last group: their way leads over the end and on from the first.
        let keys = colliding(SEED, groups, groups - 1, 2 * capacity);
        for memory in MEMORIES {
            let configuration = (memory, capacity, Some(SEED));
            test::<Numbers>("colliding keys", configuration, &keys, &kinds, &mut noted);
        }
    }
    let enough = noted.stuck > 500 && noted.refused > 20;
    assert!(enough || cfg!(miri), "{} stuck, {} refused", noted.stuck, noted.refused);
}

/// Whether some counter of an archive is at 15.
fn is_stuck(bytes: &[u8], groups: usize) -> bool {
    (0..groups).any(|group| {
        let counters = &bytes[192 + 16 * group + 12..][..4];
        counters.iter().fold(0xff, |all, byte| all & byte) != 0
    })
}

#[test]
fn counters_that_are_stuck_cost_nothing_but_probes_and_are_freed_by_a_seal() {
    let capacity = 100;
    let mut map = numbers(capacity);
    let groups = map.stats().groups;
    let keys = colliding(SEED, groups as u64, 3, capacity);
    let secrets_of_others = colliding(SEED, groups as u64, 4, 1);
    for &key in &keys {
        map.insert(key.into(), key.into()).unwrap();
    }
    // 100 keys in 13 groups of 12: 88 of them passed the first group.
    assert!(is_stuck(map.as_bytes(), groups));
    assert_eq!(map.verify(), Ok(()));
    let crowded = map.stats();
    assert_eq!((crowded.longest_hit, crowded.longest_miss), (9, 9));

    // All but three are removed: what is stuck stays so.
    for &key in &keys[3..] {
        assert_eq!(map.remove(&key), Some(key.into()));
    }
    assert!(is_stuck(map.as_bytes(), groups));
    assert_eq!(map.verify(), Ok(()));
    assert!(map.stats().longest_miss >= 7, "{}", map.stats());
    assert_eq!(map.get(&secrets_of_others[0]), None);

    // Opened like this, it is an open archive like any other.
    let copy = AlignedBytes::from_slice(map.as_bytes());
    let view = FixedMap::<u64_le, u64_le, _>::open_verified(&copy[..]).unwrap();
    assert_eq!(view, map);

    // A seal counts anew.
    let sealed = AlignedBytes::from_slice(map.seal());
    assert!(!is_stuck(&sealed, groups));
    assert_eq!(map.verify(), Ok(()));
    assert_eq!(map.stats().longest_miss, 1);
    let view = FixedMap::<u64_le, u64_le, _>::open_verified(&sealed[..]).unwrap();
    for &key in &keys[..3] {
        assert_eq!(view.get(&key), Some(&key.into()));
    }

    // Full again: counters that are at 15 in earnest stay there when it is sealed.
    for &key in &keys {
        map.insert(key.into(), 0.into()).unwrap();
    }
    let sealed = AlignedBytes::from_slice(map.seal());
    assert!(is_stuck(&sealed, groups));
    assert_eq!(FixedMap::<u64_le, u64_le, _>::open_verified(&sealed[..]).unwrap(), map);
    for &key in keys.iter().rev() {
        assert_eq!(map.try_remove(&key), Ok(Some(0.into())));
        assert_eq!(map.verify(), Ok(()));
    }
}

#[test]
fn a_closure_that_panics_costs_the_entries_that_it_picked_before() {
    let mut map = numbers(25);
    map.try_extend((0..25).map(|key| (key.into(), 0.into()))).unwrap();
    let mut asked = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        map.retain(|_, _| {
            asked += 1;
            assert!(asked <= 10, "as intended");
            asked % 2 == 0
        });
    }));
    assert!(outcome.is_err());
    assert_eq!((map.len(), map.verify()), (20, Ok(())));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        map.entry(100.into()).or_insert_with(|| panic!("as intended")).unwrap();
    }));
    assert!(outcome.is_err());
    assert_eq!((map.len(), map.verify()), (20, Ok(())));
    map.insert(100.into(), 1.into()).unwrap();
    assert_eq!(map.verify(), Ok(()));
}

#[test]
#[should_panic(expected = "two of the keys are the same")]
fn one_key_twice_is_not_disjoint() {
    let mut map = numbers(8);
    map.insert(1.into(), 1.into()).unwrap();
    let _ = map.get_disjoint_mut([&1, &2, &1]);
}

#[test]
#[should_panic(expected = "no entry found for key")]
fn indexing_needs_the_key() {
    let _ = numbers(8)[&2];
}

#[test]
#[should_panic(expected = "as many results as keys expected, got 1 places in `out` for 2 `keys`")]
fn a_batch_needs_room_for_its_results() {
    numbers(8).get_batch(&[1_u64, 2], &mut [None]);
}

/// Writes a number into a header, and the checksum that goes with it.
fn forge(bytes: &mut [u8], at: usize, number: u64) {
    bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
    let checksum = rapidhash::v3::rapidhash_v3_seeded(&bytes[..120], &RapidSecrets::seed(0));
    bytes[120..128].copy_from_slice(&checksum.to_le_bytes());
}

/// A group has room for twelve, also in a map that takes eight.
#[test]
fn recovering_keeps_no_more_entries_than_the_map_takes() {
    let mut map = numbers(12);
    map.try_extend((0..12).map(|key| (key.into(), key.into()))).unwrap();
    let mut bytes = map.into_memory();
    forge(&mut bytes, 64, 8); // capacity
    forge(&mut bytes, 128, 8); // length
    let (map, recovered) = FixedMap::<u64_le, u64_le, _>::recover(bytes).unwrap();
    assert_eq!((map.len(), map.capacity(), map.verify()), (8, 8, Ok(())));
    assert_eq!((recovered.kept, recovered.lost, recovered.claimed), (8, 4, 8));
    FixedMap::<u64_le, u64_le, _>::open(map.into_memory()).unwrap();
}

#[test]
fn a_key_that_is_none_is_named_by_its_slot() {
    type Map<M> = FixedMap<NonZeroU32_le, u32_le, M>;
    let of = |key: u32| NonZeroU32_le::from_native(key.try_into().unwrap());
    let memory = AlignedBytes::zeroed(FixedMap::<NonZeroU32_le, u32_le>::bytes_for(100));
    let mut map = Map::create_seeded(memory, 100, SEED).unwrap();
    map.try_extend((1..=100).map(|key| (of(key), 7.into()))).unwrap();
    let mut bytes = map.into_memory();
    let slots_at = 192 + 13 * 16;
    for key in 1..=100_u32 {
        let slot = (0..13 * 12)
            .find(|slot| bytes[slots_at + 8 * slot..][..4] == key.to_le_bytes())
            .unwrap();
        bytes[slots_at + 8 * slot..][..4].fill(0);
        let view = Map::open_unverified(&bytes[..]).unwrap();
        let error = view.try_get(&of(key)).unwrap_err();
        assert_eq!((error.field(), error.place()), (Field::Key, Some(slot as u64)));
        bytes[slots_at + 8 * slot..][..4].copy_from_slice(&key.to_le_bytes());
    }
}
