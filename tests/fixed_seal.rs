//! What a seal holds for, of values that change through a shared reference.

use arenamap::fixed::{AlignedBytes, AtomicU64Le, FixedMap, u64_le};
use std::sync::atomic::Ordering::Relaxed;

fn counters() -> FixedMap<u64_le, AtomicU64Le, AlignedBytes> {
    let need = FixedMap::<u64_le, AtomicU64Le>::bytes_for(10);
    let mut map = FixedMap::create(AlignedBytes::zeroed(need), 10).unwrap();
    map.insert(7.into(), 1.into()).unwrap();
    map
}

#[test]
fn sealing_again_takes_in_what_atomics_became() {
    let mut map = counters();
    let first = map.seal().to_vec();
    map.get(&7).unwrap().fetch_add(41, Relaxed);
    let second = AlignedBytes::from_slice(map.seal());
    assert_ne!(first, *second);
    let view = FixedMap::<u64_le, u64_le, _>::open_verified(&second[..]).unwrap();
    assert_eq!((view.get(&7), view.is_sealed()), (Some(&42.into()), true));
}

#[test]
fn memory_given_back_claims_no_seal_that_atomics_may_have_broken() {
    let mut map = counters();
    map.seal();
    map.get(&7).unwrap().fetch_add(41, Relaxed);
    let bytes = map.into_memory();
    let view = FixedMap::<u64_le, u64_le, _>::open_verified(&bytes[..]).unwrap();
    assert_eq!((view.get(&7), view.is_sealed()), (Some(&42.into()), false));
}
