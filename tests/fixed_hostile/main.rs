//! Archives made to do harm: each class of lie, with the checksums made to fit it.
//!
//! `cargo test --features fixed --test fixed_hostile -- --nocapture` prints what `open` and `verify` say of each. What opens is then used in
//! every way: each call ends and stays in its memory. Every lie is told twice, in an open archive and in a sealed one.

#![allow(clippy::cast_possible_truncation, reason = "noise and small archives")]

mod content;
mod header;
mod use_of_liars;

#[path = "../support/archive.rs"]
mod archive;
#[path = "../support/archive_use.rs"]
mod archive_use;

use archive::{LANES, Shape, Way, at, counter, mark_sealed, number, number32, put, put32, set_counter, sign_header};
use archive_use::{Kind, Line, characters, flags, lines, look, numbers, use_plain, use_unverified};
use arenamap::fixed::{
    AlignedBytes, Checked, Field, FixedError, FixedInsertError, FixedKey, FixedMap, FixedStr, Frozen, NonZeroU32_le,
    char_le, u32_le, u64_le,
};

const CAPACITY: usize = 40;
const ENTRIES: u32 = 36;

fn texts() -> Kind<FixedStr<12>, u64_le> {
    Kind {
        name: "FixedStr<12> / u64_le",
        key: |i| FixedStr::new(&format!("é{i}")).expect("it fits"),
        value: |i| u64::from(i).into(),
    }
}

/// An archive of `ENTRIES` entries in which some stand behind their home, and its shape.
fn archive<K: FixedKey + Checked, V: Checked + Frozen>(kind: Kind<K, V>) -> (AlignedBytes, Shape) {
    let archives = (0..).map(|seed| {
        let bytes = kind.filled(CAPACITY, ENTRIES, seed).into_memory();
        let shape = Shape::of(&bytes);
        (bytes, shape)
    });
    archives
        .into_iter()
        .find(|(bytes, shape)| behind(bytes, shape, kind).is_some())
        .expect("one of them")
}

/// The slot of a key.
fn slot_of<K: FixedKey>(bytes: &[u8], shape: &Shape, key: &K) -> usize {
    shape
        .full(bytes)
        .into_iter()
        .find(|&slot| bytes[shape.slot_at(slot)..].starts_with(key.as_bytes()))
        .expect("it is there")
}

/// An entry that stands behind its home: its slot, and its way.
fn behind<K: FixedKey, V>(bytes: &[u8], shape: &Shape, kind: Kind<K, V>) -> Option<(usize, Way)> {
    (0..ENTRIES).find_map(|i| {
        let key = (kind.key)(i);
        let (slot, way) = (slot_of(bytes, shape, &key), shape.way(&key));
        (slot / LANES != way.home).then_some((slot, way))
    })
}

/// An entry that stands in its home, and a free slot in the same group.
fn beside_free<K: FixedKey, V>(bytes: &[u8], shape: &Shape, kind: Kind<K, V>) -> (usize, usize) {
    (0..ENTRIES)
        .find_map(|i| {
            let key = (kind.key)(i);
            let slot = slot_of(bytes, shape, &key);
            let free = shape
                .free(bytes)
                .into_iter()
                .find(|free| free / LANES == slot / LANES)?;
            (slot / LANES == shape.way(&key).home).then_some((slot, free))
        })
        .expect("groups with free slots")
}

/// Copies a slot and its tag.
fn copy_slot(bytes: &mut [u8], shape: &Shape, from: usize, to: usize) {
    let copy = shape.slot(bytes, from).to_vec();
    shape.slot(bytes, to).copy_from_slice(&copy);
    bytes[shape.tag_at(to)] = bytes[shape.tag_at(from)];
}

/// Clears a slot and its tag.
fn clear_slot(bytes: &mut [u8], shape: &Shape, slot: usize) {
    shape.slot(bytes, slot).fill(0);
    bytes[shape.tag_at(slot)] = 0;
}

fn add_to_len(bytes: &mut [u8], by: i64) {
    put(bytes, at::LEN, number(bytes, at::LEN).wrapping_add_signed(by));
}

/// What `open` and `verify` are to say.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    /// `open` refuses.
    Open(Field),
    /// `open` takes it, `verify` refuses.
    Verify(Field),
    /// `verify` takes it in an open archive, where it means no harm, and refuses it in a sealed one.
    Sealed(Field),
}

struct Class<K, V> {
    name: &'static str,
    says: Says,
    lie: fn(&mut [u8], &Shape, Kind<K, V>),
}

fn class<K, V>(name: &'static str, says: Says, lie: fn(&mut [u8], &Shape, Kind<K, V>)) -> Class<K, V> {
    Class { name, says, lie }
}

/// Tells each lie twice, and prints what became of it.
fn tell<K, V>(
    kind: Kind<K, V>,
    use_it: impl Fn(&AlignedBytes, Kind<K, V>, u32) -> Result<(), FixedError>,
    classes: &[Class<K, V>],
) where
    K: FixedKey + Checked,
    V: Checked + Frozen,
{
    let mut table = vec![format!(
        "| {} | archive | `open` | `verify` |\n|---|---|---|---|",
        kind.name
    )];
    let (whole, shape) = archive(kind);
    for &Class { name, says, lie } in classes {
        for sealed in [false, true] {
            let mut bytes = whole.clone();
            if sealed {
                mark_sealed(&mut bytes);
            }
            lie(&mut bytes, &shape, kind);
            assert_ne!(bytes[..], whole[..], "{name}");
            sign_header(&mut bytes);
            if sealed && !name.starts_with("state") {
                mark_sealed(&mut bytes);
            }
            let opened = FixedMap::<K, V, _>::open_unverified(&bytes[..]).err();
            let verified = FixedMap::<K, V, _>::open_verified(&bytes[..]).err();
            let text =
                |error: Option<FixedError>| error.map_or("takes it".into(), |error| format!("{:?}", error.field()));
            let which = if sealed { "sealed" } else { "open" };
            table.push(format!("| {name} | {which} | {} | {} |", text(opened), text(verified)));
            let expected = match says {
                Says::Open(field) => (Some(field), Some(field)),
                Says::Verify(field) => (None, Some(field)),
                Says::Sealed(field) => (None, sealed.then_some(field)),
            };
            let found = (opened.map(|error| error.field()), verified.map(|error| error.field()));
            assert_eq!(found, expected, "{name}, {which}");
            // Safe to use, whatever it says.
            assert_eq!(use_it(&bytes, kind, ENTRIES).err(), opened, "{name}, {which}");
            let recovered = FixedMap::<K, V, _>::recover(bytes.clone());
            if let Ok((map, recovered)) = recovered {
                map.verify().expect(name);
                assert_eq!(map.len(), recovered.kept);
                FixedMap::<K, V, _>::open_verified(map.into_memory())
                    .map(drop)
                    .expect(name);
            } else {
                assert!(matches!(says, Says::Open(_)), "{name}");
            }
        }
    }
    println!("{}\n", table.join("\n"));
}
