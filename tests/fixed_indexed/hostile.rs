//! Archives that were damaged on the way, and archives that lie, with checksums that fit the lie.
//!
//! `ARENAMAP_CASES=4000000 cargo test --release --features fixed --test fixed_indexed hostile -- --nocapture` makes so many of random
//! ones; without it they are some thousands.

use super::archive::{at, mark_sealed, number, number32, put, put32, sign_header};
use super::archive_use::{Kind, characters, flags, lines, numbers};
use super::{filled, look, slots_at, texts};
use arenamap::fixed::{AlignedBytes, Checked, Field, FixedError, FixedKey, Frozen, IndexedMap, u64_le};
use zerocopy::FromBytes;

const ENTRIES: u32 = if cfg!(miri) { 5 } else { 20 };
/// Every byte, but under Miri one in so many.
const STEP: usize = if cfg!(miri) { 61 } else { 1 };

/// Random numbers.
pub(super) struct Noise(pub(super) u64);

impl Noise {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// What became of the cases.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    refused_by_open: u64,
    refused_by_verify: u64,
    taken: u64,
}

/// How an archive is opened without looking at its slots, and used.
type Use<K, V> = fn(&[u8], Kind<K, V>) -> Result<(), FixedError>;

/// Opens and uses it, of types of which any bytes are valid.
fn open_any<K, V>(bytes: &[u8], kind: Kind<K, V>) -> Result<(), FixedError>
where
    K: FixedKey + Checked + FromBytes,
    V: Checked + Frozen + FromBytes,
{
    look(&IndexedMap::<K, V, _>::open(bytes)?, kind, ENTRIES);
    Ok(())
}

/// Other types are used only once they are verified.
#[allow(clippy::unnecessary_wraps, reason = "as `open_any`")]
fn open_none<K, V>(_: &[u8], _: Kind<K, V>) -> Result<(), FixedError> {
    Ok(())
}

/// Opens an archive in each way and uses what opens. One that is verified is a map.
fn judge<K, V>(bytes: &AlignedBytes, kind: Kind<K, V>, open: Use<K, V>, outcome: &mut Outcome) -> Option<Field>
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
{
    let opened = open(bytes, kind);
    // Of any types: what it gives out was checked.
    let unverified = IndexedMap::<K, V, _>::open_unverified(&bytes[..]);
    if let Ok(map) = &unverified {
        assert_eq!(map.is_empty(), map.len().checked_sub(1).is_none());
        for i in 0..ENTRIES + 8 {
            match map.try_get(&(kind.key)(i)) {
                Ok(Some(value)) => assert!(value.as_bytes().len() == size_of::<V>()),
                Ok(None) => {}
                Err(error) => assert!([Field::Key, Field::Value].contains(&error.field()), "{error}"),
            }
        }
    }
    let verified = unverified.and_then(|map| map.verified().map(|map| map.len()));
    let expected = IndexedMap::<K, V, _>::open_verified(&bytes[..]).map(|map| map.len());
    assert_eq!(verified, expected);
    match IndexedMap::<K, V, _>::open_verified(&bytes[..]) {
        Ok(map) => {
            assert_eq!(opened, Ok(()));
            look(&map, kind, ENTRIES);
            assert_eq!(map.iter().count(), map.len());
            for (key, value) in &map {
                assert_eq!(map.get(key).map(V::as_bytes), Some(value.as_bytes()));
            }
            outcome.taken += 1;
            None
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            if let Err(said) = opened {
                assert_eq!(said, error);
                outcome.refused_by_open += 1;
            } else {
                outcome.refused_by_verify += 1;
            }
            Some(error.field())
        }
    }
}

/// Every bit of a sealed archive: whatever flips is seen.
fn flip_bits<K: FixedKey + Checked, V: Checked + Frozen>(kind: Kind<K, V>, open: Use<K, V>) {
    let whole = filled(kind, ENTRIES, 9);
    let mut outcome = Outcome::default();
    for bit in (0..8 * whole.len()).step_by(STEP) {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let said = judge(&bytes, kind, open, &mut outcome);
        assert!(said.is_some(), "{}: bit {bit} was not seen", kind.name);
    }
    println!("{}, every bit: {outcome:?}", kind.name);
}

#[test]
fn every_bit() {
    flip_bits(numbers(), open_any);
    flip_bits(texts(), open_none);
    flip_bits(flags(), open_none);
    flip_bits(characters(), open_none);
}

#[test]
fn every_length() {
    let whole = filled(numbers(), ENTRIES, 9);
    for len in (0..whole.len()).step_by(STEP) {
        let bytes = AlignedBytes::from_slice(&whole[..len]);
        let error = IndexedMap::<u64_le, u64_le, _>::open(&bytes[..]).unwrap_err();
        assert_eq!((error.field(), error.found()), (Field::MemoryLength, len as u64));
    }
}

/// Every byte changed to others, with checksums made to fit.
fn forge_bytes<K: FixedKey + Checked, V: Checked + Frozen>(kind: Kind<K, V>, open: Use<K, V>) {
    let whole = filled(kind, ENTRIES, 9);
    let mut noise = Noise(1);
    let mut outcome = Outcome::default();
    for at in (8..whole.len()).step_by(STEP) {
        for xor in [0x80, 1 + noise.below(127) as u8] {
            let mut bytes = whole.clone();
            bytes[at] ^= xor;
            sign_header(&mut bytes);
            if !(at::STATE..at::CONTENT_CHECKSUM + 8).contains(&at) {
                mark_sealed(&mut bytes);
            }
            let said = judge(&bytes, kind, open, &mut outcome);
            // What `verify` cannot know: how often it was published, another value, a pilot that no key needs.
            let pilots = 192 + 8..200 + ENTRIES as usize / 3 + 1;
            if at < 192 && !(at::GENERATION..at::STATE).contains(&at) && !(at::HEADER_CHECKSUM..at::LEN).contains(&at) {
                assert!(said.is_some(), "{}: byte {at} was not seen", kind.name);
            } else if said.is_none() && pilots.contains(&at) {
                let map = IndexedMap::<K, V, _>::open_verified(&bytes[..]).unwrap();
                assert!((0..ENTRIES).all(|i| map.contains_key(&(kind.key)(i))));
            }
        }
    }
    println!("{}, every byte, forged: {outcome:?}", kind.name);
}

#[test]
fn every_byte_forged() {
    forge_bytes(numbers(), open_any);
    forge_bytes(texts(), open_none);
    forge_bytes(flags(), open_none);
    forge_bytes(lines(), open_any);
}

#[test]
fn lies_in_the_header() {
    let kind = numbers();
    let whole = filled(kind, ENTRIES, 9);
    let wide = |at: usize| number(&whole, at);
    let lies: &[(usize, usize, Field)] = &[
        (8, 2, Field::Version),
        (10, 2, Field::EndianMark),
        (12, 4, Field::HeaderBytes),
        (16, 4, Field::SlotSize),
        (20, 4, Field::SlotAlign),
        (24, 4, Field::KeySize),
        (28, 4, Field::ValueSize),
        (32, 4, Field::ValueOffset),
        (36, 4, Field::Hasher),
        (40, 8, Field::KeyLayout),
        (48, 8, Field::ValueLayout),
        (72, 8, Field::Groups),
        (80, 8, Field::Bytes),
        (88, 4, Field::Kind),
        (92, 4, Field::SchemaBytes),
        (96, 8, Field::Room),
        (104, 4, Field::Parts),
        (108, 4, Field::Buckets),
        (112, 8, Field::Slots),
        (128, 8, Field::Len),
        (144, 8, Field::State),
        (160, 8, Field::Reserved),
        (184, 8, Field::Reserved),
    ];
    for &(at, size, field) in lies {
        for value in [
            0,
            1,
            2,
            u64::MAX,
            1 << 31,
            1 << 63,
            wide(at) ^ 1,
            wide(at).wrapping_add(1),
        ] {
            let mut bytes = whole.clone();
            bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
            if bytes[..] == whole[..] {
                continue;
            }
            sign_header(&mut bytes);
            if field != Field::State {
                mark_sealed(&mut bytes);
            }
            let said = judge(&bytes, kind, open_any, &mut Outcome::default());
            assert_eq!(said, Some(field), "{value:#x} at {at}");
        }
    }
    // A length with all that follows from it: then the memory is too short, or the capacity beyond the format.
    for (n, field) in [
        (u64::from(ENTRIES) + 1, Field::Parts),
        ((1 << 31) + 1, Field::Capacity),
        (u64::MAX, Field::Capacity),
        (1 << 31, Field::MemoryLength),
        (0, Field::Parts),
    ] {
        let mut bytes = whole.clone();
        put(&mut bytes, at::CAPACITY, n);
        put(&mut bytes, at::LEN, n);
        if field == Field::MemoryLength || field == Field::Parts {
            let (buckets, parts) = (n / 3 + 1, (n / 3 + 4096) / 4096);
            let slots = if n == 0 { 0 } else { n + n / 99 + parts };
            put32(&mut bytes, 104, parts as u32);
            put32(&mut bytes, 108, buckets as u32);
            put(&mut bytes, 112, slots);
            let slots_at = (192 + 4 * (parts + 1) + buckets).next_multiple_of(16);
            put(
                &mut bytes,
                at::BYTES,
                slots_at + 16 * slots + u64::from(number32(&whole, at::SCHEMA_BYTES)),
            );
        }
        sign_header(&mut bytes);
        mark_sealed(&mut bytes);
        let mut longer = AlignedBytes::zeroed(bytes.len() + 64);
        longer[..bytes.len()].copy_from_slice(&bytes);
        if field == Field::Parts {
            let end = number(&bytes, at::BYTES) as usize;
            seal_first(&mut longer, end);
        }
        let said = judge(&longer, kind, open_any, &mut Outcome::default());
        let follows = field == Field::Parts
            && matches!(
                said,
                Some(Field::Len | Field::Misplaced | Field::Schema | Field::Reserved)
            );
        assert!(follows || said == Some(field), "length {n}: {said:?}");
    }
}

/// Seals an archive of so many bytes.
fn seal_first(bytes: &mut [u8], len: usize) {
    mark_sealed(&mut bytes[..len]);
}

/// Where parts begin: every lie, in an archive of several parts.
#[test]
fn lies_about_the_parts() {
    let entries = if cfg!(miri) { 5 } else { 30_000 };
    let whole = filled(numbers(), entries, 9);
    let parts = number32(&whole, 104) as usize;
    let slots = number(&whole, 112) as u32;
    for part in 0..=parts {
        let at = at::TAGS + 4 * part;
        let there = number32(&whole, at);
        for lie in [
            0,
            1,
            there + 1,
            there.wrapping_sub(1),
            slots,
            slots + 1,
            u32::MAX,
            1 << 31,
        ] {
            if lie == there {
                continue;
            }
            let mut bytes = whole.clone();
            put32(&mut bytes, at, lie);
            mark_sealed(&mut bytes);
            let map = IndexedMap::<u64_le, u64_le, _>::open(&bytes[..]).unwrap();
            look(&map, numbers(), ENTRIES);
            for i in (0..entries).step_by(97) {
                let _ = map.get(&u64::from(i + 1));
            }
            assert!(map.verify().is_err());
        }
    }
}

/// Slots that are swapped, copied, or zero.
#[test]
fn lies_in_the_slots() {
    let whole = filled(numbers(), ENTRIES, 9);
    let slots = number(&whole, 112) as usize;
    let slots_at = slots_at(&whole);
    let slot = |i: usize| slots_at + 16 * i..slots_at + 16 * i + 16;
    let mut outcome = Outcome::default();
    for i in 0..slots {
        for j in (0..slots).filter(|&j| j != i).step_by(7) {
            for swap in [false, true] {
                let mut bytes = whole.clone();
                bytes.copy_within(slot(i), slot(j).start);
                if swap {
                    bytes[slot(i)].copy_from_slice(&whole[slot(j)]);
                }
                if bytes[..] != whole[..] {
                    mark_sealed(&mut bytes);
                    assert!(judge(&bytes, numbers(), open_any, &mut outcome).is_some());
                }
            }
        }
        let mut bytes = whole.clone();
        bytes[slot(i)].fill(0);
        mark_sealed(&mut bytes);
        if judge(&bytes, numbers(), open_any, &mut outcome).is_none() {
            // Of another whole archive: the key 0 may stand there in place of another one.
            assert!(
                IndexedMap::<u64_le, u64_le, _>::open(&bytes[..])
                    .unwrap()
                    .contains_key(&0)
            );
        }
    }
    println!("swapped, copied and zeroed slots: {outcome:?}");
}

/// A good header, and random bytes behind it; and good archives with some bytes random.
#[test]
fn random_archives() {
    let cases = std::env::var("ARENAMAP_CASES").map_or(3_000, |text| text.parse::<u64>().expect("a number"));
    let cases = if cfg!(miri) { 20 } else { cases };
    let mut noise = Noise(77);
    let (mut any, mut checked) = (Outcome::default(), Outcome::default());
    let archives: Vec<AlignedBytes> = [0, 1, 2, 5, 13, 40].map(|n| filled(numbers(), n, 5)).into();
    let flagged: Vec<AlignedBytes> = [0, 1, 2, 5, 13, 40].map(|n| filled(flags(), n, 5)).into();
    for _ in 0..cases {
        let which = noise.below(archives.len());
        for checks in [false, true] {
            let mut bytes = if checks {
                flagged[which].clone()
            } else {
                archives[which].clone()
            };
            let from = [at::TAGS, at::TAGS, 64, 0][noise.below(4)];
            if from < bytes.len() {
                let (len, all) = (bytes.len(), noise.below(4) == 0);
                for _ in 0..if all { len - from } else { 1 + noise.below(8) } {
                    let at = from + noise.below(len - from);
                    bytes[at] = noise.next() as u8;
                }
            }
            if noise.below(8) != 0 {
                sign_header(&mut bytes);
                mark_sealed(&mut bytes);
            }
            if checks {
                judge(&bytes, flags(), open_none, &mut checked);
            } else {
                judge(&bytes, numbers(), open_any, &mut any);
            }
        }
    }
    println!("{cases} random archives of any bytes: {any:?}, of checked ones: {checked:?}");
}
