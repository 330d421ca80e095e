//! Archives that were damaged on the way: single bits, lost ends, and the wrong types.
//!
//! `cargo test --features fixed --test fixed_corruption -- --nocapture` prints what became of every bit. Of a sealed archive each flip is seen.
//! Of an open one a flip is seen, or it is in a value, in a field that says nothing about the entries, or, once in some
//! hundred, in a key that happens to have the same tag and home: such an archive is another one, and whole.

mod support {
    pub(crate) mod archive;
    pub(crate) mod archive_use;
}

use std::collections::BTreeMap;

use arenamap::fixed::{
    AlignedBytes, Checked, Field, FixedError, FixedKey, FixedMap, FixedStr, Frozen, NonZeroU32_le, char_le, i64_le,
    u32_le, u64_le,
};
use support::archive::{Shape, at, counter, number, sign_header};
use support::archive_use::{Kind, use_plain, use_unverified};

/// Entries of the archives whose bits are flipped.
const ENTRIES: u32 = if cfg!(miri) { 3 } else { 40 };

/// Every bit; under Miri, where a flip takes a second, one in so many. `ARENAMAP_FLIPS` says to take one in how many: a prime, so that all
/// bits of a byte take part.
fn step() -> usize {
    let usual = if cfg!(miri) { 61 } else { 1 };
    std::env::var("ARENAMAP_FLIPS").map_or(usual, |step| step.parse().expect("a number"))
}

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug)]
    struct Hits { count: u64_le, last: u32_le, first: u32_le }
}

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug)]
    checked struct Flags { on: bool, kind: [bool; 2] }
}

fn numbers() -> Kind<u64_le, u64_le> {
    Kind {
        name: "u64_le / u64_le",
        key: |i| u64::from(i).into(),
        value: |i| (u64::from(i) << 40 | 5).into(),
    }
}

/// Four bytes of padding between key and value.
fn texts() -> Kind<FixedStr<12>, Hits> {
    Kind {
        name: "FixedStr<12> / struct",
        key: |i| FixedStr::new(&format!("/p/é{i}")).expect("it fits"),
        value: |i| Hits {
            count: u64::from(i).into(),
            last: i.into(),
            first: 7.into(),
        },
    }
}

/// A byte of padding behind the value.
fn flags() -> Kind<u32_le, Flags> {
    Kind {
        name: "u32_le / checked struct",
        key: u32_le::from,
        value: |i| Flags {
            on: i % 2 == 0,
            kind: [i % 3 == 0, true],
        },
    }
}

fn characters() -> Kind<NonZeroU32_le, char_le> {
    Kind {
        name: "NonZeroU32_le / char_le",
        key: |i| NonZeroU32_le::new(i + 1).expect("above zero"),
        value: |i| char::from_u32(0x1F600 + i % 64).expect("a character").into(),
    }
}

/// What becomes of the bits of one archive.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    bits: usize,
    open: usize,
    verify: usize,
    accepted: usize,
    /// Accepted ones by what differs.
    values: usize,
    keys: usize,
    nothing: usize,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} | {} | {} | {} | ",
            self.bits, self.open, self.verify, self.accepted
        )?;
        write!(f, "{} | {} | {} |", self.values, self.keys, self.nothing)
    }
}

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

fn entries<K, V>(map: &FixedMap<K, V, &[u8]>) -> Entries
where
    K: FixedKey,
    V: Frozen,
{
    map.iter()
        .map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

/// What a reader learns of an archive: rejected by `open`, by `verify`, or accepted, with answers that are those of a map.
fn judge<K, V>(bytes: &AlignedBytes, before: &Entries, outcome: &mut Outcome) -> Result<(), FixedError>
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
{
    outcome.bits += 1;
    let unverified = match FixedMap::<K, V, _>::open_unverified(&bytes[..]) {
        Ok(map) => map,
        Err(error) => {
            outcome.open += 1;
            return Err(error);
        }
    };
    let map = match unverified.verified() {
        Ok(map) => map,
        Err(error) => {
            outcome.verify += 1;
            return Err(error);
        }
    };
    outcome.accepted += 1;
    let there = entries(&map);
    assert_eq!(
        (there.len(), map.len(), map.iter().count()),
        (before.len(), before.len(), before.len())
    );
    for (key, value) in &map {
        assert_eq!(map.get(key).map(zerocopy::IntoBytes::as_bytes), Some(value.as_bytes()));
    }
    if there == *before {
        outcome.nothing += 1;
    } else if there.keys().eq(before.keys()) {
        outcome.values += 1;
    } else {
        outcome.keys += 1;
    }
    Ok(())
}

/// Flips every bit of an archive of so many entries, open and sealed.
fn flip_every_bit<K, V>(kind: Kind<K, V>, use_it: impl Fn(&AlignedBytes, Kind<K, V>, u32) -> Result<(), FixedError>)
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
{
    // A seed for which some entries stand behind their home, so that there are counters to flip.
    let counters = |bytes: &[u8]| {
        let shape = Shape::of(bytes);
        (0..shape.groups)
            .flat_map(|group| (0..8).map(move |class| (group, class)))
            .any(|(group, class)| counter(bytes, &shape, group, class) > 0)
    };
    let mut map = (0..1_000)
        .map(|seed| kind.filled(ENTRIES as usize, ENTRIES, seed))
        .find(|map| cfg!(miri) || counters(map.as_bytes()))
        .expect("one of them");
    let open = AlignedBytes::from_slice(map.as_bytes());
    let sealed = AlignedBytes::from_slice(map.seal());
    let shape = Shape::of(&open);
    let before = entries(&FixedMap::<K, V, _>::open_verified(&open[..]).expect("whole"));

    let (mut of_open, mut of_sealed) = (Outcome::default(), Outcome::default());
    for bit in (0..open.len() * 8).step_by(step()) {
        let flipped = |archive: &AlignedBytes| {
            let mut flipped = archive.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            flipped
        };
        let verdict = judge::<K, V>(&flipped(&sealed), &before, &mut of_sealed);
        assert!(verdict.is_err(), "{}: bit {bit} of the sealed archive", kind.name);

        let flipped = flipped(&open);
        let verdict = judge::<K, V>(&flipped, &before, &mut of_open);
        // Whatever `verify` says, using it is safe; what `open` says does not depend on the way of opening.
        let used = use_it(&flipped, kind, ENTRIES);
        if let Err(error) = used {
            assert_eq!(verdict, Err(error), "{}: bit {bit}", kind.name);
        }
        if verdict.is_ok() {
            let byte = bit / 8;
            let in_slot = byte.checked_sub(shape.slots_at).map(|offset| offset % shape.slot_size);
            let in_key = in_slot.is_some_and(|offset| offset < size_of::<K>());
            let in_value =
                in_slot.is_some_and(|offset| (shape.value_at..shape.value_at + size_of::<V>()).contains(&offset));
            let says_nothing = (at::GENERATION..at::STATE).contains(&byte)
                || (at::CONTENT_CHECKSUM..at::RESERVED_MUTABLE).contains(&byte);
            assert!(
                in_key || in_value || says_nothing,
                "{}: byte {byte} of the open archive",
                kind.name
            );
        }
    }
    println!(
        "{HEAD}\n| {0} | open | {of_open}\n| {0} | sealed | {of_sealed}",
        kind.name
    );
    let bits = (open.len() * 8).div_ceil(step());
    assert_eq!((of_open.bits, of_sealed.bits), (bits, bits));
    // Generation and content checksum; nothing else is free to change.
    assert!(of_open.nothing == 128 || step() > 1, "{of_open:?}");
    // A key bit that nothing sees: the tag stays (1 in 256), and the way leads there.
    assert!(
        of_open.keys * 100 <= ENTRIES as usize * size_of::<K>() * 8,
        "{of_open:?}"
    );
}

const HEAD: &str = "| key / value | archive | bits | rejected by open | by verify | accepted | other values | other keys | same entries |\n|---|---|---:|---:|---:|---:|---:|---:|---:|";

#[test]
fn every_bit_of_numbers() {
    flip_every_bit(numbers(), use_plain);
}

#[test]
fn every_bit_of_texts_and_structs() {
    flip_every_bit(texts(), use_plain);
}

#[test]
fn every_bit_of_checked_structs() {
    flip_every_bit(flags(), use_unverified);
}

#[test]
fn every_bit_of_nonzero_keys_and_characters() {
    flip_every_bit(characters(), use_unverified);
}

#[test]
fn an_archive_cut_off_anywhere_is_refused() {
    let mut map = texts().filled(20, 20, 1);
    let whole = AlignedBytes::from_slice(map.seal());
    for len in 0..whole.len() {
        let cut = AlignedBytes::from_slice(&whole[..len]);
        // Without a header nobody knows how much is missing.
        let needed = if len < at::TAGS { at::TAGS } else { whole.len() };
        let error = FixedMap::<FixedStr<12>, Hits, _>::open(&cut[..]).unwrap_err();
        assert_eq!(
            (error.field(), error.expected(), error.found()),
            (Field::MemoryLength, needed as u64, len as u64)
        );
        assert_eq!(
            FixedMap::<FixedStr<12>, Hits, _>::open_mut(cut.clone()).unwrap_err(),
            error
        );
        assert_eq!(
            FixedMap::<FixedStr<12>, Hits, _>::open_verified(&cut[..]).unwrap_err(),
            error
        );
        assert_eq!(
            FixedMap::<FixedStr<12>, Hits, _>::open_unverified(&cut[..]).unwrap_err(),
            error
        );
        assert_eq!(FixedMap::<FixedStr<12>, Hits, _>::recover(cut).unwrap_err(), error);
        says(
            error,
            &[
                &len.to_string(),
                &needed.to_string(),
                "`bytes_for` tells the size",
                "lost its end",
            ],
        );
    }
    let longer = AlignedBytes::from_slice(&[&whole[..], &[7; 64]].concat());
    assert_eq!(
        FixedMap::<FixedStr<12>, Hits, _>::open_verified(&longer[..])
            .expect("longer is fine")
            .len(),
        20
    );
}

/// Each of these is in the text of the error.
#[track_caller]
fn says(error: FixedError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

/// The archive of `numbers`, opened as another one.
#[track_caller]
fn wrong_types<K, V>(field: Field, expected: u64, found: u64, hint: &str)
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
{
    let bytes = numbers().filled(20, 10, 1).into_memory();
    let error = FixedMap::<K, V, _>::open_verified(&bytes[..]).err().expect("refused");
    assert_eq!(
        (error.field(), error.expected(), error.found()),
        (field, expected, found)
    );
    let both = if matches!(field, Field::KeyLayout | Field::ValueLayout) {
        [format!("{expected:#018x}"), format!("{found:#018x}")]
    } else {
        [expected.to_string(), found.to_string()]
    };
    says(error, &[&both[0], &both[1], hint]);
    assert_eq!(FixedMap::<K, V, _>::recover(bytes).err(), Some(error));
}

#[test]
fn wrong_types_are_named() {
    const HINT: &str = "open it with the type";
    let number = u64_le_layout();
    wrong_types::<i64_le, u64_le>(Field::KeyLayout, layout::<i64_le>(), number, HINT);
    wrong_types::<u64_le, i64_le>(Field::ValueLayout, layout::<i64_le>(), number, HINT);
    wrong_types::<FixedStr<8>, u64_le>(Field::KeyLayout, layout::<FixedStr<8>>(), number, HINT);
    wrong_types::<u64_le, u32_le>(Field::ValueSize, 4, 8, HINT);
    wrong_types::<u32_le, u64_le>(Field::KeySize, 4, 8, HINT);
    wrong_types::<u32_le, u32_le>(Field::SlotSize, 8, 16, HINT);
    wrong_types::<[u32_le; 2], [u32_le; 2]>(Field::SlotAlign, 4, 8, HINT);
    wrong_types::<[u8; 12], u32_le>(Field::SlotAlign, 4, 8, HINT);
    wrong_types::<u64_le, [u64_le; 2]>(Field::SlotSize, 24, 16, HINT);
}

fn layout<T: arenamap::fixed::FixedValue>() -> u64 {
    T::SCHEMA.layout_hash()
}

fn u64_le_layout() -> u64 {
    layout::<u64_le>()
}

#[test]
fn structs_of_the_same_size_are_told_apart() {
    mod order {
        use super::{u32_le, u64_le};
        arenamap::fixed_struct! { pub(super) struct Hits { count: u64_le, first: u32_le, last: u32_le } }
    }
    mod names {
        use super::{u32_le, u64_le};
        arenamap::fixed_struct! { pub(super) struct Hits { number: u64_le, last: u32_le, first: u32_le } }
    }
    mod types {
        use super::{i64_le, u32_le};
        arenamap::fixed_struct! { pub(super) struct Hits { count: i64_le, last: u32_le, first: u32_le } }
    }
    mod name {
        use super::{u32_le, u64_le};
        arenamap::fixed_struct! { pub(super) struct Visits { count: u64_le, last: u32_le, first: u32_le } }
    }
    mod same {
        use super::{u32_le, u64_le};
        arenamap::fixed_struct! { pub(super) struct Hits { count: u64_le, last: u32_le, first: u32_le } }
    }
    fn field_of<V: Checked + Frozen>() -> Option<Field> {
        let bytes = texts().filled(20, 10, 1).into_memory();
        let opened = FixedMap::<FixedStr<12>, V, _>::open_verified(&bytes[..]);
        let error = opened.err()?;
        assert_eq!((error.expected(), error.found()), (layout::<V>(), layout::<Hits>()));
        Some(error.field())
    }
    assert_eq!(field_of::<order::Hits>(), Some(Field::ValueLayout));
    assert_eq!(field_of::<names::Hits>(), Some(Field::ValueLayout));
    assert_eq!(field_of::<types::Hits>(), Some(Field::ValueLayout));
    assert_eq!(field_of::<name::Visits>(), Some(Field::ValueLayout));
    assert_eq!(field_of::<same::Hits>(), None);
}

/// What `open` says of the archive of `numbers`, after a change of its bytes.
fn error_after(change: impl FnOnce(&mut [u8])) -> FixedError {
    let mut bytes = numbers().filled(20, 10, 1).into_memory();
    change(&mut bytes);
    let error = FixedMap::<u64_le, u64_le, _>::open(&bytes[..]).unwrap_err();
    assert_eq!(FixedMap::<u64_le, u64_le, _>::recover(bytes).unwrap_err(), error);
    error
}

#[test]
fn another_kind_of_file_is_named() {
    let magic = u64::from_le_bytes(*b"\x8bAMAP\r\n\x1a");
    // A transfer as text changes ends of lines; an image is no archive.
    for first in [*b"\x8bAMAP\n\x1a\0", *b"\x89PNG\r\n\x1a\n", [0; 8]] {
        let error = error_after(|bytes| bytes[..8].copy_from_slice(&first));
        let found = u64::from_le_bytes(first);
        assert_eq!(
            (error.field(), error.expected(), error.found()),
            (Field::Magic, magic, found)
        );
        says(
            error,
            &[
                &format!("{magic:#018x}"),
                &format!("{found:#018x}"),
                "check which file it is",
            ],
        );
    }
}

#[test]
fn another_version_is_named() {
    for version in [0_u16, 2, 0x0100, u16::MAX] {
        // A later version may sum up its header in another way: the version is looked at before the checksum.
        for signed in [false, true] {
            let error = error_after(|bytes| {
                bytes[at::VERSION..][..2].copy_from_slice(&version.to_le_bytes());
                if signed {
                    sign_header(bytes);
                }
            });
            assert_eq!(
                (error.field(), error.expected(), error.found()),
                (Field::Version, 1, version.into())
            );
            says(error, &[&version.to_string(), "version 1", "write it anew"]);
        }
    }
}

#[test]
fn swapped_bytes_are_named() {
    /// Swaps the bytes of each number of the header, as a program would that dumps its structs on another machine.
    fn swap(bytes: &mut [u8]) {
        for (at, size) in [
            (at::VERSION, 2),
            (at::ENDIAN_MARK, 2),
            (at::SEED, 8),
            (at::CAPACITY, 8),
            (at::BYTES, 8),
        ] {
            bytes[at..at + size].reverse();
        }
        for at in (at::HEADER_BYTES..at::KEY_LAYOUT).step_by(4) {
            bytes[at..at + 4].reverse();
        }
    }
    for signed in [false, true] {
        let error = error_after(|bytes| {
            swap(bytes);
            if signed {
                sign_header(bytes);
            }
        });
        assert_eq!(
            (error.field(), error.expected(), error.found()),
            (Field::EndianMark, 0x0102, 0x0201)
        );
        says(error, &["0x0102", "0x0201", "copy archives unchanged"]);
    }
    // If even the magic is swapped, it is no archive at all.
    let error = error_after(|bytes| {
        swap(bytes);
        bytes[..8].reverse();
    });
    assert_eq!(error.field(), Field::Magic);
}

#[test]
fn misaligned_memory_is_named() {
    let archive = numbers().filled(20, 10, 1).into_memory();
    let mut memory = AlignedBytes::zeroed(archive.len() + 16);
    for offset in 0..=16 {
        memory[offset..][..archive.len()].copy_from_slice(&archive);
        let there = &mut memory[offset..][..archive.len()];
        let opened = FixedMap::<u64_le, u64_le, _>::open(&*there).map(|map| map.len());
        if offset % 16 == 0 {
            assert_eq!(opened, Ok(10));
            continue;
        }
        let error = opened.unwrap_err();
        let found = 1_u64 << offset.trailing_zeros();
        assert_eq!(
            (error.field(), error.expected(), error.found()),
            (Field::MemoryAlign, 16, found)
        );
        says(
            error,
            &[
                &format!("aligned to {found} bytes"),
                "16 are needed",
                "copy it into `AlignedBytes`",
            ],
        );
        assert_eq!(FixedMap::<u64_le, u64_le, _>::open_mut(&mut *there).unwrap_err(), error);
        assert_eq!(
            FixedMap::<u64_le, u64_le, _>::create(&mut *there, 10).unwrap_err(),
            error
        );
        assert_eq!(there, &archive[..], "what is refused is not written to");
        assert_eq!(number(there, at::LEN), 10);
    }
}
