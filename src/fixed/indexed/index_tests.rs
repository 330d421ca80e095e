//! The index by itself, of hashes that are given.

use super::index::{Failure, Index, Shape, find_pilots, first_slot};
use super::scratch::{Scratch, words};
use alloc::vec;
use alloc::vec::Vec;

/// An index of these hashes: starts, pilots.
fn index(hashes: &[u64]) -> Result<(Vec<[u8; 4]>, Vec<u8>), Failure> {
    let shape = Shape::new(hashes.len() as u64);
    let mut memory = vec![u64::MAX; usize::try_from(words(shape)).unwrap()];
    let mut scratch = Scratch::of(shape, &mut memory).unwrap();
    scratch.hashes.copy_from_slice(hashes);
    let mut starts = vec![[9; 4]; shape.parts as usize + 1];
    let mut pilots = vec![9; shape.buckets as usize];
    find_pilots(shape, &mut scratch, &mut starts, &mut pilots)?;
    Ok((starts, pilots))
}

fn check(hashes: &[u64]) {
    let (starts, pilots) = index(hashes).unwrap_or_else(|failure| panic!("{} hashes: {failure:?}", hashes.len()));
    assert_eq!(
        (&starts, &pilots),
        (&index(hashes).unwrap().0, &index(hashes).unwrap().1),
        "twice the same"
    );
    let slots = Shape::new(hashes.len() as u64).slots as usize;
    let index = Index {
        starts: &starts,
        pilots: &pilots,
    };
    let mut taken = vec![false; slots];
    for &hash in hashes {
        let slot = index.slot(hash);
        assert!(!core::mem::replace(&mut taken[slot], true), "slot {slot} twice");
    }
}

/// Numbers that look random.
fn random(i: u64) -> u64 {
    let mut z = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[test]
fn each_hash_has_a_slot_of_its_own() {
    let large = if cfg!(miri) { 30 } else { 50_000 };
    for n in (0..if cfg!(miri) { 20 } else { 400 }).chain([large]) {
        check(&(0..n).map(random).collect::<Vec<_>>());
    }
}

/// Parts of which some are crowded and some are empty: starts are those that follow.
#[test]
fn parts_of_other_sizes() {
    if cfg!(miri) {
        return;
    }
    // More hashes in the first half: 33 to 31.
    let mut hashes: Vec<u64> = (0..40_000)
        .map(|i| if i % 32 == 0 { random(i) >> 1 } else { random(i) })
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    check(&hashes);
    let (starts, _) = index(&hashes).unwrap();
    let sizes: Vec<u32> = starts
        .windows(2)
        .map(|pair| u32::from_le_bytes(pair[1]) - u32::from_le_bytes(pair[0]))
        .collect();
    assert!(sizes[0] > 12_500 && sizes[2] < 12_300, "{sizes:?}");
}

#[test]
fn equal_hashes_are_named() {
    let hashes = [5, 7 << 60, 9 << 40, 7 << 60, 1];
    assert_eq!(index(&hashes), Err(Failure::Equal(7 << 60)));
}

#[test]
fn what_does_not_fit_fails() {
    // More in one bucket than it takes, and more in one part.
    let crowded: Vec<u64> = (0..100).map(|i| random(i) >> 40).collect();
    assert_eq!(index(&crowded), Err(Failure::Stuck));
    if !cfg!(miri) {
        let crowded: Vec<u64> = (0..60_000).map(|i| random(i) >> 2).collect();
        assert_eq!(index(&crowded), Err(Failure::Stuck));
    }
    // Hashes with the same lower half, and nothing in their upper half that moves them apart: buckets that find no room end.
    let alike: Vec<u64> = (0..20_000_u64).map(|i| (i << 50) | 1).collect();
    assert!(index(&alike).is_err());
}

#[test]
fn shapes() {
    for keys in (0..20_000).chain([1 << 20, Shape::MOST]) {
        let shape = Shape::new(keys);
        assert_eq!(u64::from(shape.buckets), keys / 3 + 1);
        assert_eq!(u64::from(shape.parts), u64::from(shape.buckets).div_ceil(4096));
        if keys > 0 {
            assert_eq!(u64::from(shape.slots), keys + keys / 99 + u64::from(shape.parts));
            assert!(first_slot(keys, 0) < shape.slots);
        }
        assert!(words(shape) < keys + 130_000);
    }
}
