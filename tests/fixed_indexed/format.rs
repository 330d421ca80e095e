//! A reader of the second kind of archive by the letter of `FORMAT.md`: its arithmetic is that of paper and pencil, on the digits of
//! numbers from the highest one down, so that neither the order of bytes in memory nor the width of a word is in it.

use super::archive::{at, number, number32};
use super::archive_use::{flags, numbers};
use super::{filled, slots_at, texts};
use arenamap::fixed::{Checked, FixedKey, Frozen, KeyHasher, KeySecrets};

/// A number as 32 digits of 8 bits, the highest first.
type Digits = [u32; 32];

fn digits(number: u64) -> Digits {
    let mut digits = [0; 32];
    for (i, byte) in number.to_be_bytes().into_iter().enumerate() {
        digits[24 + i] = byte.into();
    }
    digits
}

fn carried(mut digits: Digits) -> Digits {
    for i in (1..32).rev() {
        digits[i - 1] += digits[i] >> 8;
        digits[i] &= 255;
    }
    digits[0] &= 255;
    digits
}

fn times(a: Digits, b: Digits) -> Digits {
    let mut product = [0; 32];
    for (i, x) in a.into_iter().rev().enumerate() {
        for (j, y) in b.into_iter().rev().enumerate() {
            if i + j < 32 {
                product[31 - i - j] += x * y;
            }
        }
    }
    carried(product)
}

fn plus(a: Digits, b: Digits) -> Digits {
    carried(std::array::from_fn(|i| a[i] + b[i]))
}

/// The digits from this one to that one, counted from the lowest, moved down.
fn part(number: Digits, from: usize, to: usize) -> Digits {
    let mut part = [0; 32];
    for i in from..to {
        part[31 - (i - from)] = number[31 - i];
    }
    part
}

fn value(number: Digits) -> usize {
    number.into_iter().fold(0, |value, digit| value * 256 + digit as usize)
}

/// The upper half of the product of 128 bits.
fn upper(number: Digits, parts: usize) -> usize {
    value(part(times(number, digits(parts as u64)), 8, 16))
}

/// The slot of a hash, as `FORMAT.md` says.
fn slot_of(bytes: &[u8], hash: u64) -> usize {
    let n = number(bytes, at::CAPACITY) as usize;
    let (parts, buckets) = (number32(bytes, 104) as usize, number32(bytes, 108) as usize);
    assert_eq!((buckets, parts), (n / 3 + 1, (n / 3 + 4096) / 4096));
    let bucket = upper(digits(hash), buckets);
    let pilot = bytes[at::TAGS + 4 * (parts + 1) + bucket];
    let start = |part: usize| number32(bytes, at::TAGS + 4 * part) as usize;
    let (from, to) = (start(bucket / 4096), start(bucket / 4096 + 1));
    let hash = digits(hash);
    let swapped = plus(times(part(hash, 0, 4), digits(1 << 32)), part(hash, 4, 8));
    let step = part(times(hash, digits(0x8BB8_4B93_962E_ACC9)), 0, 8);
    let moved = part(plus(swapped, times(step, digits(pilot.into()))), 0, 8);
    from + upper(moved, to - from)
}

fn check<K: FixedKey + Checked, V: Checked + Frozen>(kind: super::Kind<K, V>, entries: u32) {
    let bytes = filled(kind, entries, 42);
    let size = number32(&bytes, at::SLOT_SIZE) as usize;
    let (n, slots) = (number(&bytes, at::CAPACITY), number(&bytes, 112));
    let parts = u64::from(number32(&bytes, 104));
    assert_eq!(slots, if n == 0 { 0 } else { n + n / 99 + parts });
    assert_eq!(
        (
            number32(&bytes, 88),
            number(&bytes, at::GROUPS),
            number(&bytes, at::LEN)
        ),
        (1, 0, n)
    );
    let slots_at = slots_at(&bytes);
    let schema = K::SCHEMA.name.len() + V::SCHEMA.name.len() + 80; // of types without fields
    assert_eq!(bytes.len(), slots_at + slots as usize * size + schema, "{}", kind.name);
    let slot = |i: usize| &bytes[slots_at + i * size..][..size];
    let secrets = KeySecrets::seed(number(&bytes, at::SEED));
    let mut owners = vec![None; slots as usize];
    for i in 0..entries {
        let (key, value) = ((kind.key)(i), (kind.value)(i));
        let mut hasher = KeyHasher::new(&secrets);
        key.hash_key(&mut hasher);
        let at = slot_of(&bytes, hasher.finish());
        assert_eq!(owners[at].replace(i), None, "one key a slot");
        let value_at = number32(&bytes, at::VALUE_OFFSET) as usize;
        let mut whole = vec![0; size];
        whole[..key.as_bytes().len()].copy_from_slice(key.as_bytes());
        whole[value_at..][..value.as_bytes().len()].copy_from_slice(value.as_bytes());
        assert_eq!(slot(at), whole, "{} {i}", kind.name);
    }
    // The others: copies.
    let first = owners.iter().position(Option::is_some).unwrap_or(0);
    for (i, owner) in owners.iter().enumerate() {
        if owner.is_none() {
            assert_eq!(slot(i), if i < first { slot(first) } else { slot(i - 1) }, "slot {i}");
        }
    }
}

#[test]
fn by_the_letter() {
    for entries in [0, 1, 2, 12, 100, 1_000, if cfg!(miri) { 10 } else { 30_000 }] {
        check(numbers(), entries);
    }
    check(texts(), 500);
    check(flags(), 500);
}
