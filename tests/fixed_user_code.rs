//! Promise P9 for `FixedMap`: the hash of a key is user code, and may panic at any of its calls. Whatever the map was doing then,
//! it has all of its entries afterwards, finds each, and takes none twice.
#![allow(unsafe_code, reason = "mapping a file is unsafe; each is in a directory of its own")]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use arenamap::fixed::__private::{rkyv, zerocopy};
use arenamap::fixed::{AlignedBytes, Exclusive, FixedKey, FixedMap, FixedValue, KeyHasher, MemoryMut, Schema, u64_le};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

thread_local! {
    /// Calls of `hash_key` until the one that panics.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// A key of which many stand behind their home, so that counters are stuck: 64 of them have one hash.
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

impl FixedKey for Key {
    fn hash_key(&self, hasher: &mut KeyHasher<'_>) {
        match LEFT.get() {
            Some(0) => {
                LEFT.set(None);
                resume_unwind(Box::new("the hash of a key")); // a panic that prints nothing
            }
            left => LEFT.set(left.map(|left| left - 1)),
        }
        hasher.write_u64(self.0.to_native() / 64);
    }
}

type Map<M = AlignedBytes> = FixedMap<Key, u64_le, M>;

const CAPACITY: usize = 400;

fn key(number: u64) -> Key {
    Key(number.into())
}

/// Of 300 entries every fourth was removed; counters that were stuck stayed so, and some need not.
fn churned(bytes: &mut [u8]) -> Map<Exclusive<'_>> {
    let mut map = Map::create_seeded(bytes, CAPACITY, 42).unwrap();
    churn(&mut map);
    map
}

fn churn<M: MemoryMut>(map: &mut Map<M>) {
    for number in 0..300 {
        map.insert(key(number), number.into()).unwrap();
    }
    for number in (0..300).filter(|number| is_removed(*number)) {
        map.remove(&key(number)).unwrap();
    }
}

fn is_removed(number: u64) -> bool {
    number.is_multiple_of(4) || (64..128).contains(&number)
}

/// All entries are there, each once and found.
fn check<M: MemoryMut>(map: &mut Map<M>, context: &str) {
    let kept = (0..300).filter(|number| !is_removed(*number)).count();
    assert_eq!((map.len(), map.iter().count()), (kept, kept), "{context}");
    for number in 0..300 {
        let expected = (!is_removed(number)).then(|| u64_le::from(number));
        assert_eq!(map.get(&key(number)), expected.as_ref(), "{context}: {number}");
        if let Some(value) = expected {
            assert_eq!(
                map.insert(key(number), value),
                Ok(expected),
                "{context}: {number} went in twice"
            );
        }
    }
    assert_eq!(map.iter().count(), kept, "{context}");
}

/// Lets the `k`-th hash panic, for every fifth `k`, until the call makes fewer, and looks at the map after each.
fn panic_at_each_hash(call: &str, mut act: impl FnMut(&mut Map<Exclusive<'_>>)) {
    let mut bytes = AlignedBytes::zeroed(Map::bytes_for(CAPACITY));
    for k in (0..).step_by(5) {
        let mut map = churned(&mut bytes);
        let before = map.as_bytes().to_vec();
        LEFT.set(Some(k));
        let panicked = catch_unwind(AssertUnwindSafe(|| act(&mut map))).is_err();
        LEFT.set(None);
        let context = format!("{call}, hash {k}");
        if !panicked {
            assert!(k >= 100, "{context}: a hash for each entry");
            return;
        }
        if k == 0 {
            assert!(map.as_bytes() == before, "{context}: nothing was changed yet");
        }
        check(&mut map, &context);
        let sealed = AlignedBytes::from_slice(map.seal());
        check(&mut Map::open_verified(sealed).unwrap(), &context);
    }
}

#[test]
fn a_hash_that_panics_in_the_middle_of_seal_changes_nothing() {
    panic_at_each_hash("seal", |map| {
        map.seal();
    });
    // A key that always panics does so before anything is changed.
    let mut bytes = AlignedBytes::zeroed(Map::bytes_for(CAPACITY));
    let entries = churned(&mut bytes).len() as u32;
    for k in 0..entries {
        let mut map = churned(&mut bytes);
        let before = map.as_bytes().to_vec();
        LEFT.set(Some(k));
        assert!(catch_unwind(AssertUnwindSafe(|| drop(map.seal().to_vec()))).is_err());
        LEFT.set(None);
        assert!(map.as_bytes() == before, "hash {k}");
    }
}

#[test]
fn a_hash_that_panics_in_the_middle_of_other_changes_loses_nothing() {
    panic_at_each_hash("copy_into", |map| {
        let need = Map::bytes_for(2 * CAPACITY);
        map.copy_into(AlignedBytes::zeroed(need), 2 * CAPACITY).unwrap();
    });
    panic_at_each_hash("retain", |map| {
        // Nothing that the check looks for goes; each entry that is to go is hashed.
        map.retain(|key, _| {
            key.hash_key(&mut KeyHasher::new(&arenamap::fixed::KeySecrets::seed(1)));
            true
        });
    });
    panic_at_each_hash("insert", |map| {
        for number in (0..300).filter(|number| !is_removed(*number)) {
            map.insert(key(number), number.into()).unwrap();
        }
    });
    panic_at_each_hash("try_extend", |map| {
        map.try_extend(
            (0..300)
                .filter(|number| !is_removed(*number))
                .map(|number| (key(number), number.into())),
        )
        .unwrap();
    });
    panic_at_each_hash("entry", |map| {
        for number in (0..300).filter(|number| !is_removed(*number)) {
            *map.entry(key(number)).or_insert(0.into()).unwrap() = number.into();
        }
    });
}

/// What is to go and panics on its way stays; what went before is gone, and nothing else.
#[test]
fn a_hash_that_panics_in_the_middle_of_removals_keeps_its_entry() {
    let mut bytes = AlignedBytes::zeroed(Map::bytes_for(CAPACITY));
    for k in 0..40_usize {
        let mut map = churned(&mut bytes);
        let before = map.len();
        LEFT.set(Some(k as u32));
        assert!(catch_unwind(AssertUnwindSafe(|| map.retain(|_, _| false))).is_err());
        assert_eq!((map.len(), map.iter().count()), (before - k, before - k));
        assert!(map.keys().all(|key| map.contains_key(key)));
        let sealed = AlignedBytes::from_slice(map.seal());
        assert_eq!(Map::open_verified(sealed).unwrap().len(), before - k);
    }
}

/// The archive that is being recovered stays marked as open, and all that was whole is found in it, at every hash.
#[test]
fn a_hash_that_panics_in_the_middle_of_recover_leaves_all_to_be_found() {
    let mut bytes = AlignedBytes::zeroed(Map::bytes_for(CAPACITY));
    for k in (0..).step_by(5) {
        let _ = churned(&mut bytes);
        LEFT.set(Some(k));
        let recovered = catch_unwind(AssertUnwindSafe(|| {
            Map::recover(&mut bytes[..]).map(|(_, recovered)| recovered)
        }));
        LEFT.set(None);
        let context = format!("recover, hash {k}");
        let mut map = Map::open(&mut bytes[..]).unwrap();
        check(&mut map, &context);
        if let Ok(recovered) = recovered {
            assert_eq!(recovered.unwrap().lost, 0);
            assert!(k >= 300, "{context}: each entry twice");
            return;
        }
        let (mut map, recovered) = Map::recover(&mut bytes[..]).unwrap();
        assert_eq!((recovered.lost, recovered.unfinished), (0, 0), "{context}");
        check(&mut map, &context);
        map.verify().unwrap();
    }
}

#[cfg(feature = "files")]
#[test]
fn a_hash_that_panics_in_the_middle_of_publish_and_close_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("map");
    panic_at_each_hash("publish", |map| {
        map.publish(&path).unwrap();
    });
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        1,
        "no temporary file stays"
    );
    std::fs::remove_file(&path).unwrap();

    for k in (0..).step_by(20) {
        let _ = std::fs::remove_file(&path);
        // SAFETY: nobody else knows the directory.
        let mut map = unsafe { FixedMap::<Key, u64_le, _>::create_file(&path, CAPACITY) }.unwrap();
        churn(&mut map);
        LEFT.set(Some(k));
        let closed = catch_unwind(AssertUnwindSafe(|| map.close().unwrap())).is_ok();
        LEFT.set(None);
        // Sealed or not, it is whole.
        check(&mut Map::read_file(&path).unwrap(), &format!("close, hash {k}"));
        if closed {
            assert!(k >= 170, "a hash for each entry");
            break;
        }
    }
}
