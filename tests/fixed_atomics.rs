//! Values with atomics: changed through shared references by several threads at once, sealed, and read with plain fields.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "keys and rounds are few"
)]

#[path = "support/basics.rs"]
mod support;

use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use arenamap::fixed::{
    AlignedBytes, AtomicI32Le, AtomicI64Le, AtomicU8, AtomicU16Le, AtomicU32Le, AtomicU64Le, Exclusive, Field,
    FixedKey, FixedMap, FixedValue, i32_le, i64_le, u16_le, u32_le, u64_le,
};

use support::{Dice, times};

/// A record whose every field is counted by several threads, and the same record when it is only read.
mod record {
    use super::{AtomicI32Le, AtomicI64Le, AtomicU8, AtomicU16Le, AtomicU32Le, AtomicU64Le};
    use super::{i32_le, i64_le, u16_le, u32_le, u64_le};

    pub(crate) mod live {
        use super::{AtomicI32Le, AtomicI64Le, AtomicU8, AtomicU16Le, AtomicU32Le, AtomicU64Le};
        arenamap::fixed_struct! {
            #[derive(Debug, Default)]
            pub(crate) atomic struct Record {
                pub(crate) hits: AtomicU64Le,
                pub(crate) change: AtomicI64Le,
                pub(crate) most: AtomicU32Le,
                pub(crate) least: AtomicI32Le,
                pub(crate) small: AtomicU16Le,
                pub(crate) bits: AtomicU8,
                pub(crate) plain: u8,
                pub(crate) more: [AtomicU16Le; 2],
            }
        }
    }

    pub(crate) mod still {
        use super::{i32_le, i64_le, u16_le, u32_le, u64_le};
        arenamap::fixed_struct! {
            #[derive(Clone, Copy, Debug, Default, PartialEq)]
            pub(crate) struct Record {
                pub(crate) hits: u64_le,
                pub(crate) change: i64_le,
                pub(crate) most: u32_le,
                pub(crate) least: i32_le,
                pub(crate) small: u16_le,
                pub(crate) bits: u8,
                pub(crate) plain: u8,
                pub(crate) more: [u16_le; 2],
            }
        }
    }
}

const KEYS: u64 = 20;

fn memory<K: FixedKey, V: FixedValue>() -> AlignedBytes {
    AlignedBytes::zeroed(FixedMap::<K, V>::bytes_for(KEYS as usize))
}

/// A map with a counter of 0 for each key.
fn counters() -> FixedMap<u64_le, AtomicU64Le> {
    let mut map = FixedMap::create(memory::<u64_le, AtomicU64Le>(), KEYS as usize).unwrap();
    for key in 0..KEYS {
        map.insert(key.into(), 0.into()).unwrap();
    }
    map
}

#[test]
fn additions_of_threads_add_up() {
    let mut bytes = memory::<u64_le, AtomicU64Le>();
    let mut map = FixedMap::<u64_le, AtomicU64Le, Exclusive<'_>>::create(&mut bytes[..], KEYS as usize).unwrap();
    for key in 0..KEYS {
        map.insert(key.into(), key.into()).unwrap();
    }
    map.seal(); // both threads find it sealed, and one of them breaks the seal first
    let rounds = times(200_000, 300) as u64;
    let added: Vec<[u64; KEYS as usize]> = thread::scope(|scope| {
        let map = &map;
        let threads = [1, 2].map(|seed| {
            scope.spawn(move || {
                let (mut dice, mut added) = (Dice::new(seed << 40), [0; KEYS as usize]);
                for round in 0..rounds {
                    let (key, by) = (dice.below(KEYS), dice.below(10));
                    if round % 64 == 0 {
                        for value in map.values() {
                            value.fetch_add(1, Relaxed);
                        }
                        for sum in &mut added {
                            *sum += 1;
                        }
                    }
                    map[&key].fetch_add(by, Relaxed);
                    added[key as usize] += by;
                    assert!(map.get(&(KEYS + key)).is_none());
                }
                added
            })
        });
        threads.map(|thread| thread.join().unwrap()).into()
    });
    for key in 0..KEYS {
        let total: u64 = added.iter().map(|sums| sums[key as usize]).sum();
        assert_eq!(map[&key].load(Relaxed), key + total, "key {key}");
    }

    // The same bytes, sealed and with plain fields.
    let totals: Vec<u64> = (0..KEYS).map(|key| map[&key].load(Relaxed)).collect();
    map.seal();
    let plain = FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).unwrap();
    assert!(plain.is_sealed());
    for (key, total) in (0_u64..).zip(totals) {
        assert_eq!(plain.get(&key), Some(&total.into()));
    }
}

#[test]
fn every_kind_of_atomic_is_read_with_plain_fields() {
    use record::{live, still};
    let mut map = FixedMap::<u64_le, live::Record>::create(memory::<u64_le, live::Record>(), KEYS as usize).unwrap();
    map.insert(
        7.into(),
        live::Record {
            least: 5.into(),
            bits: 0xff.into(),
            plain: 9,
            ..live::Record::default()
        },
    )
    .unwrap();
    let rounds = times(5_000, 100) as u64;
    thread::scope(|scope| {
        for thread in 0..2_u64 {
            let record = &map[&7];
            scope.spawn(move || {
                for round in 0..rounds {
                    record.hits.fetch_add(1 << 40, Relaxed);
                    record.change.fetch_sub(3, Relaxed);
                    record.most.fetch_max((2 * round + thread) as u32, Relaxed);
                    record.least.fetch_min(-((2 * round + thread) as i32), Relaxed);
                    record.small.fetch_or(1 << (8 * thread), Relaxed);
                    record.bits.fetch_and(!(1 << thread), Relaxed);
                    record.more[thread as usize].store(round as u16, Relaxed);
                    let mut known = record.more[1 - thread as usize].load(Relaxed);
                    // Writes back what is there: changes nothing, whoever comes in between.
                    while let Err(other) =
                        record.more[1 - thread as usize].compare_exchange(known, known, Relaxed, Relaxed)
                    {
                        known = other;
                    }
                }
            });
        }
    });
    assert_eq!(map[&7].hits.swap(2 * rounds, Relaxed), (2 * rounds) << 40);
    assert_eq!(map.get_mut(&7).unwrap().hits.get_mut_value(), 2 * rounds);
    let bytes = AlignedBytes::from_slice(map.seal());
    let still = FixedMap::<u64_le, still::Record, _>::open_verified(&bytes[..]).unwrap();
    let last = 2 * (rounds - 1) + 1;
    assert_eq!(
        still[&7],
        still::Record {
            hits: (2 * rounds).into(),
            change: (-6 * rounds as i64).into(),
            most: (last as u32).into(),
            least: (-(last as i32)).into(),
            small: 0x0101.into(),
            bits: 0xfc,
            plain: 9,
            more: [((rounds - 1) as u16).into(); 2],
        }
    );
    // And with atomics again, from what plain fields wrote.
    let mut plain = FixedMap::<u64_le, still::Record, _>::open_mut(bytes).unwrap();
    plain.get_mut(&7).unwrap().hits += 1;
    let live = FixedMap::<u64_le, live::Record, _>::open(plain.into_memory()).unwrap();
    assert_eq!(live[&7].hits.load(Relaxed), 2 * rounds + 1);
}

/// A sealed archive says that nobody writes to it. Whoever opens it with atomics may, through a shared reference.
#[test]
fn opening_sealed_writable_memory_with_atomics_unseals_it() {
    let mut map = counters();
    let bytes = AlignedBytes::from_slice(map.seal());
    assert!(FixedMap::<u64_le, u64_le, _>::open(&bytes[..]).unwrap().is_sealed());

    let map = FixedMap::<u64_le, AtomicU64Le, _>::open(bytes.clone()).unwrap();
    assert!(!map.is_sealed());
    assert!(
        !FixedMap::<u64_le, u64_le, _>::open(map.into_memory())
            .unwrap()
            .is_sealed()
    );
    let map = FixedMap::<u64_le, AtomicU64Le, _>::open_verified(bytes.clone()).unwrap();
    assert!(!map.is_sealed());
    let map = FixedMap::<u64_le, AtomicU64Le, _>::open_unverified(bytes).unwrap();
    let map = map.verified().unwrap();
    assert!(!map.is_sealed());
    map[&3].fetch_add(1, Relaxed);
    let plain = FixedMap::<u64_le, u64_le, _>::open_verified(map.into_memory()).unwrap();
    assert!(!plain.is_sealed());
}

/// The checksum that a seal made is not left standing beside a value that was changed through a shared reference.
#[test]
fn a_seal_is_broken_by_an_atomic_write() {
    type Ways = [(&'static str, fn(&mut FixedMap<u64_le, AtomicU64Le>)); 7];
    let ways: Ways = [
        ("get", |map| map.get(&3).unwrap().store(1, Relaxed)),
        ("get_key_value", |map| {
            map.get_key_value(&3).unwrap().1.store(1, Relaxed);
        }),
        ("try_get", |map| map.try_get(&3).unwrap().unwrap().store(1, Relaxed)),
        ("get_batch", |map| {
            let mut out = [None];
            map.get_batch(&[3_u64], &mut out);
            out[0].unwrap().store(1, Relaxed);
        }),
        ("iter", |map| map.iter().for_each(|(_, value)| value.store(1, Relaxed))),
        ("values", |map| map.values().for_each(|value| value.store(1, Relaxed))),
        ("entry", |map| match map.entry(3.into()) {
            arenamap::fixed::Entry::Occupied(entry) => entry.get().store(1, Relaxed),
            arenamap::fixed::Entry::Vacant(_) => unreachable!("it is there"),
        }),
    ];
    for (name, write) in ways {
        let mut map = counters();
        map.seal();
        assert!(map.is_sealed(), "{name}");
        write(&mut map);
        assert!(!map.is_sealed(), "{name}");

        // Sealed again, it is sealed with what was written.
        let bytes = AlignedBytes::from_slice(map.seal());
        let plain = FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).expect(name);
        assert!(plain.is_sealed() && plain[&3] == 1, "{name}");

        // Left as it is, it does not say that it is sealed.
        map.seal();
        write(&mut map);
        let bytes = map.into_memory();
        let plain = FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).expect(name);
        assert!(!plain.is_sealed(), "{name}");
    }
}

/// What reads nothing but keys and numbers leaves the seal as it is.
#[test]
fn a_seal_outlasts_what_gives_out_no_value() {
    let mut map = counters();
    map.seal();
    assert_eq!(map.keys().count() as u64, KEYS);
    assert_eq!(map.stats().len as u64, KEYS);
    assert!(map.get(&KEYS).is_none());
    let copy = map
        .copy_into_mut(memory::<u64_le, AtomicU64Le>(), KEYS as usize)
        .unwrap();
    assert_eq!(copy.len() as u64, KEYS);
    assert!(map.is_sealed());
    FixedMap::<u64_le, u64_le, _>::open_verified(map.into_memory()).unwrap();
}

/// Damage in a sealed archive is seen before its memory is made writable, by whatever type it is read.
#[test]
fn damage_in_a_sealed_archive_with_atomics_is_seen() {
    let mut map = counters();
    let mut bytes = AlignedBytes::from_slice(map.seal());
    let value = bytes.len() - map.stats().schema_bytes - map.stats().slot_bytes + 8;
    let at = (0..map.stats().groups * 12)
        .map(|slot| value - slot * 16)
        .find(|&at| bytes[at - 8..at + 8] == [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .expect("key 3 with a count of 0");
    bytes[at] ^= 1;
    let error = FixedMap::<u64_le, AtomicU64Le, _>::open_verified(bytes.clone()).unwrap_err();
    assert_eq!(error.field(), Field::ContentChecksum);
    let error = FixedMap::<u64_le, AtomicU64Le, _>::open_verified_in(bytes.clone(), &mut [0; 16]).unwrap_err();
    assert_eq!(error.field(), Field::ContentChecksum);
    let unverified = FixedMap::<u64_le, AtomicU64Le, _>::open_unverified(bytes.clone()).unwrap();
    assert_eq!(unverified.verified().unwrap_err().field(), Field::ContentChecksum);
    // The memory was not touched: it still says that it was sealed.
    let mut memory = bytes;
    FixedMap::<u64_le, AtomicU64Le, _>::open_verified(&mut memory[..]).unwrap_err();
    assert!(FixedMap::<u64_le, u64_le, _>::open(&memory[..]).unwrap().is_sealed());
}

/// A map of one counter.
fn one_counter() -> FixedMap<u64_le, AtomicU64Le, AlignedBytes> {
    let need = FixedMap::<u64_le, AtomicU64Le>::bytes_for(10);
    let mut map = FixedMap::create(AlignedBytes::zeroed(need), 10).unwrap();
    map.insert(7.into(), 1.into()).unwrap();
    map
}

#[test]
fn sealing_again_takes_in_what_atomics_became() {
    let mut map = one_counter();
    let first = map.seal().to_vec();
    map.get(&7).unwrap().fetch_add(41, Relaxed);
    let second = AlignedBytes::from_slice(map.seal());
    assert_ne!(first, *second);
    let view = FixedMap::<u64_le, u64_le, _>::open_verified(&second[..]).unwrap();
    assert_eq!((view.get(&7), view.is_sealed()), (Some(&42.into()), true));
}

#[test]
fn memory_given_back_claims_no_seal_that_atomics_may_have_broken() {
    let mut map = one_counter();
    map.seal();
    map.get(&7).unwrap().fetch_add(41, Relaxed);
    let bytes = map.into_memory();
    let view = FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).unwrap();
    assert_eq!((view.get(&7), view.is_sealed()), (Some(&42.into()), false));
}
