//! Archives of older and newer programs: read by some of their fields, in any order; widened; and every mismatch by its name.
#![allow(clippy::cast_possible_truncation, reason = "numbers of tests are small")]

use arenamap::fixed::{
    AlignedBytes, Field, FixedMap, FixedStr, FixedView, VarMap, ViewError, Widening, i16_le, i32_le, u16_le, u32_le,
    u64_le,
};

mod v1 {
    use super::*;
    arenamap::fixed_struct! {
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) struct Place { pub x: i16_le, pub y: i16_le }
    }
    arenamap::fixed_struct! {
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) struct Page { pub bytes: u64_le, pub at: Place, pub status: u16_le, pub port: u16_le, pub name: FixedStr<16> }
    }
}

mod v2 {
    use super::*;
    arenamap::fixed_struct! {
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) struct Place { pub y: i32_le, pub x: i32_le, pub z: i32_le, pub spare: [u8; 4] }
    }
    arenamap::fixed_struct! {
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) struct Page { pub weight: u64_le, pub size: u64_le, pub at: Place, pub status: u32_le, pub flags: [u8; 4], pub name: FixedStr<16> }
    }
}

arenamap::fixed_view! {
    /// Reads both.
    #[derive(Debug)]
    struct Seen<'m> {
        name: FixedStr<16>,
        size: u64_le | "length" | "bytes",
        weight: u64_le = u64_le::from_native(7),
    }
}

fn old(n: u64) -> v1::Page {
    v1::Page {
        bytes: (n * 1000).into(),
        at: v1::Place {
            x: (n as i16).into(),
            y: (-(n as i16)).into(),
        },
        status: 200.into(),
        port: 443.into(),
        name: FixedStr::new(&format!("/p/{n}")).unwrap(),
    }
}

fn new(n: u64) -> v2::Page {
    v2::Page {
        weight: n.into(),
        size: (n * 1000).into(),
        at: v2::Place {
            y: 0.into(),
            x: 0.into(),
            z: 0.into(),
            spare: [0; 4],
        },
        status: 404.into(),
        flags: [1; 4],
        name: FixedStr::new(&format!("/p/{n}")).unwrap(),
    }
}

fn archive<V: arenamap::fixed::FixedValue>(value: impl Fn(u64) -> V) -> AlignedBytes {
    let need = FixedMap::<u64_le, V>::bytes_for(50);
    let mut map = FixedMap::<u64_le, V, _>::create(AlignedBytes::zeroed(need), 50).unwrap();
    for n in 0..40 {
        map.insert(n.into(), value(n)).unwrap();
    }
    map.seal();
    map.into_memory()
}

#[test]
fn an_old_and_a_new_archive_by_one_view() {
    let (v1, v2) = (archive(old), archive(new));
    for (bytes, weight) in [(&v1, None), (&v2, Some(()))] {
        let view = FixedView::<u64_le, Seen>::open(bytes).unwrap();
        view.verify().unwrap();
        assert_eq!((view.len(), view.iter().count()), (40, 40));
        for n in 0..40 {
            let page = view.get(&n).unwrap();
            assert_eq!(page.size.to_native(), n * 1000);
            assert_eq!(page.weight.to_native(), weight.map_or(7, |()| n));
            assert_eq!(page.name.as_str(), format!("/p/{n}"));
            // Nothing was copied: the reference is into the archive.
            assert!(bytes.as_ptr_range().contains(&std::ptr::from_ref(page.size).cast()));
        }
        assert!(view.get(&40).is_none() && !view.contains_key(&40) && view.contains_key(&39));
        assert!(
            view.iter()
                .all(|(key, page)| page.size.to_native() == key.to_native() * 1000)
        );
    }
}

#[test]
fn parts_of_structs() {
    arenamap::fixed_view! { struct Up<'m> { y: i16_le | "at.y", status: u16_le } }
    arenamap::fixed_view! { struct Whole<'m> { at: v1::Place } }
    let bytes = archive(old);
    let view = FixedView::<u64_le, Up>::open(&bytes).unwrap();
    let page = view.get(&9).unwrap();
    assert_eq!((page.y.to_native(), page.status.to_native()), (-9, 200));
    let view = FixedView::<u64_le, Whole>::open(&bytes).unwrap();
    assert_eq!(*view.get(&9).unwrap().at, old(9).at);
}

#[test]
fn texts_as_keys() {
    let mut map = VarMap::<str, v1::Page, _>::create(AlignedBytes::zeroed(8192), 40, 400).unwrap();
    for n in 0..40 {
        map.insert(&format!("key {n}"), old(n)).unwrap();
    }
    let bytes = map.into_memory();
    let view = FixedView::<str, Seen>::open(&bytes).unwrap();
    assert_eq!(view.get("key 7").unwrap().size.to_native(), 7000);
    assert!(view.get("key 77").is_none());
    assert_eq!(view.iter().filter(|(key, _)| key.starts_with("key 3")).count(), 11);
}

#[test]
fn every_mismatch_names_the_field_and_both_sides() {
    arenamap::fixed_view! { struct Gone<'m> { colour: u32_le } }
    arenamap::fixed_view! { struct Longer<'m> { status: u32_le } }
    arenamap::fixed_view! { struct Nested<'m> { at: v2::Place } }
    let bytes = archive(old);
    let text = |error: ViewError| error.to_string();
    let gone = FixedView::<u64_le, Gone>::open(&bytes).unwrap_err();
    assert!(matches!(gone, ViewError::Missing { field: "colour", .. }));
    let gone = text(gone);
    assert!(
        gone.contains("no field `colour`") && gone.contains("`u32_le`") && gone.contains("port: u16_le"),
        "{gone}"
    );
    let longer = text(FixedView::<u64_le, Longer>::open(&bytes).unwrap_err());
    assert!(
        longer.contains("the field `status` is `u16_le` in the archive, expected `u32_le`"),
        "{longer}"
    );
    let nested = text(FixedView::<u64_le, Nested>::open(&bytes).unwrap_err());
    assert!(nested.contains("x: i16_le") && nested.contains("z: i32_le"), "{nested}");
    let key = text(FixedView::<u32_le, Seen>::open(&bytes).unwrap_err());
    assert!(
        key.contains("the keys of the archive are `u64_le`, expected `u32_le`"),
        "{key}"
    );

    let mut damaged = bytes.clone();
    damaged[0] = 0;
    let error = FixedView::<u64_le, Seen>::open(&damaged).unwrap_err();
    assert!(matches!(error, ViewError::Archive(error) if error.field() == Field::Magic));
    let mut shifted = AlignedBytes::zeroed(bytes.len() + 8);
    shifted[8..].copy_from_slice(&bytes);
    let error = FixedView::<u64_le, Seen>::open(&shifted[8..]).unwrap_err();
    assert!(matches!(error, ViewError::Archive(error) if error.field() == Field::MemoryAlign));
}

#[test]
fn an_old_archive_becomes_a_new_one() {
    let bytes = archive(old);
    let missing = v2::Page {
        flags: [9; 4],
        ..new(5)
    };
    let wider = Widening::<u64_le, v2::Page>::open(&bytes, &missing, &[("size", "bytes")]).unwrap();
    assert_eq!(
        wider.defaulted().collect::<Vec<_>>(),
        ["weight", "at.z", "at.spare", "flags"]
    );
    assert_eq!(wider.dropped().collect::<Vec<_>>(), ["port"]);
    let need = FixedMap::<u64_le, v2::Page>::bytes_for(40);
    let map = wider.copy_into(AlignedBytes::zeroed(need), 40).unwrap();
    map.verify().unwrap();
    for n in 0..40 {
        let page = map[&n];
        assert_eq!((page.weight.to_native(), page.flags), (5, [9; 4]));
        assert_eq!((page.size.to_native(), page.status.to_native()), (n * 1000, 200));
        assert_eq!((page.at.x.to_native(), page.at.y.to_native()), (n as i32, -(n as i32)));
        assert_eq!(page.name, old(n).name);
    }
    let error = wider.copy_into(AlignedBytes::zeroed(need), 39).unwrap_err();
    assert_eq!(error, ViewError::TooSmall { len: 40, capacity: 39 });

    // And back: narrower. What would lose bits is an error.
    let bytes = archive(new);
    let error = Widening::<u64_le, v1::Page>::open(&bytes, &old(0), &[]).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("the field `at.x` is `i32_le` in the archive; here it is `i16_le`, which may not hold each value of that: take `i32_le`"),
        "{error}"
    );
}

/// One list of earlier names opens archives of each version; a field's new name goes before its earlier ones.
#[test]
fn one_list_of_names_for_all_versions() {
    arenamap::fixed_struct! { #[derive(Clone, Copy)] struct First { bytes: u32_le, x: u32_le } }
    arenamap::fixed_struct! { #[derive(Clone, Copy)] struct Second { length: u32_le, bytes: u32_le } }
    arenamap::fixed_struct! { #[derive(Clone, Copy)] struct Third { size: u32_le, bytes: u32_le } }
    arenamap::fixed_struct! { #[derive(Clone, Copy)] struct Place { x: u32_le, y: u32_le } }
    arenamap::fixed_struct! { #[derive(Clone, Copy)] struct Page { size: u64_le, place: Place } }
    let missing = Page {
        size: 1_000_000.into(),
        place: Place {
            x: 8.into(),
            y: 9.into(),
        },
    };
    let renamed = [("size", "length"), ("size", "bytes"), ("place.x", "x"), ("place.x", "")];
    let number = |n: u64| u32_le::from_native(n as u32);
    let archives = [
        archive(|n| First {
            bytes: number(n),
            x: number(n + 1),
        }),
        archive(|n| Second {
            length: number(n),
            bytes: number(99),
        }),
        archive(|n| Third {
            size: number(n),
            bytes: number(99),
        }),
    ];
    let expected: [(bool, &[&str], &[&str]); 3] = [
        (true, &["place.y"], &[]),
        (false, &["place.x", "place.y"], &["bytes"]),
        (false, &["place.x", "place.y"], &["bytes"]),
    ];
    for (bytes, (has_x, defaulted, dropped)) in archives.iter().zip(expected) {
        let wider = Widening::<u64_le, Page>::open(bytes, &missing, &renamed).unwrap();
        assert_eq!(wider.defaulted().collect::<Vec<_>>(), defaulted);
        assert_eq!(wider.dropped().collect::<Vec<_>>(), dropped);
        for entry in wider.iter() {
            let (key, page) = entry.unwrap();
            let n = key.to_native();
            assert_eq!(page.size.to_native(), n);
            assert_eq!(u64::from(page.place.x.to_native()), if has_x { n + 1 } else { 8 });
            assert_eq!(page.place.y.to_native(), 9);
        }
    }

    // Names that are none of the new value's fields; a nested one needs its path.
    for wrong in ["sice", "x", "place.z", "", "size.x"] {
        let error = Widening::<u64_le, Page>::open(&archives[0], &missing, &[(wrong, "bytes")]).unwrap_err();
        assert!(
            matches!(&error, ViewError::NoField { field, .. } if field == wrong),
            "{error}"
        );
        assert!(error.to_string().contains(&format!("`{wrong}`")), "{error}");
        assert!(
            error.to_string().contains("place: Place { x: u32_le, y: u32_le }"),
            "{error}"
        );
    }
}

/// A wrong earlier name is an error as a wrong new one is, unless it is said that there are versions without the field.
#[test]
fn earlier_names_that_are_wrong() {
    let bytes = archive(old);
    let missing = v2::Page { ..new(5) };
    let open = |renamed: &[(&str, &str)]| Widening::<u64_le, v2::Page>::open(&bytes, &missing, renamed).map(drop);
    for wrong in [&[("size", "bites")][..], &[("size", "length"), ("size", "bites")]] {
        let error = open(wrong).unwrap_err();
        assert!(
            matches!(&error, ViewError::NoEarlier { field, .. } if field == "size"),
            "{error}"
        );
        let names = wrong.iter().map(|(_, name)| *name).collect::<Vec<_>>().join("`, `");
        assert!(
            error.to_string().contains(&format!("`{names}`: correct the name")),
            "{error}"
        );
        open(&[wrong, &[("size", "")]].concat()).unwrap();
    }
    // It is there: nobody asks for an earlier name.
    open(&[("size", "bytes"), ("status", "nothing")]).unwrap();
}

/// Every value stays what it was.
#[test]
fn types_that_hold_all_values_of_another() {
    use arenamap::fixed::{FixedBytes, i64_le};
    arenamap::fixed_struct! { #[derive(Clone, Copy)] struct Short { e: u32_le, f: [u8; 2], a: u8, b: i8, c: FixedStr<8>, d: FixedBytes<8> } }
    arenamap::fixed_struct! { #[derive(Clone, Copy)] struct Long { d: FixedBytes<256>, c: FixedStr<16>, a: i16_le, b: i16_le, f: [u8; 2], g: [u8; 2], e: i64_le } }
    let text = |n: u64| "\u{e9}ab4567"[..[0, 2, 3, 8][n as usize % 4].min(7)].to_string();
    let short = |n: u64| Short {
        a: (250 + n % 6) as u8,
        b: n as i8 - 20,
        c: FixedStr::new(&text(n)).unwrap(),
        d: FixedBytes::new(&[n as u8; 4][..n as usize % 5]).unwrap(),
        e: (u32::MAX - n as u32).into(),
        f: [n as u8; 2],
    };
    let missing = Long {
        d: FixedBytes::new(&[1; 255]).unwrap(),
        c: FixedStr::new("fifteen letters").unwrap(),
        a: 0.into(),
        b: 0.into(),
        f: [0; 2],
        g: [7; 2],
        e: 0.into(),
    };
    let bytes = archive(short);
    let wider = Widening::<u64_le, Long>::open(&bytes, &missing, &[]).unwrap();
    assert_eq!(
        (wider.defaulted().collect::<Vec<_>>(), wider.dropped().count()),
        (vec!["g"], 0)
    );
    let map = wider
        .copy_into(AlignedBytes::zeroed(FixedMap::<u64_le, Long>::bytes_for(40)), 40)
        .unwrap();
    map.verify().unwrap();
    for n in 0..40 {
        let (old, new) = (short(n), &map[&n]);
        assert_eq!(new.a.to_native(), i16::from(old.a));
        assert_eq!(new.b.to_native(), i16::from(old.b));
        assert_eq!(new.c.as_str(), text(n));
        assert_eq!(new.d.as_slice(), old.d.as_slice());
        assert_eq!(new.e.to_native(), i64::from(old.e.to_native()));
        assert_eq!((new.f, new.g), ([n as u8; 2], [7; 2]));
    }

    // What would lose a value, and what the error says.
    arenamap::fixed_struct! { #[derive(Clone, Copy)] struct Same { price: i32_le } }
    let same = Same { price: 0.into() };
    let error = Widening::<u64_le, Same>::open(&bytes, &same, &[("price", "e")]).unwrap_err();
    assert!(
        error.to_string().contains(
            "the field `price` is `e` in the archive, and of type `u32_le` there; here it is `i32_le`, which"
        ),
        "{error}"
    );
    let texts = archive(|_| FixedStr::<8>::new("text").unwrap());
    let shorter = FixedStr::<7>::new("").unwrap();
    let error = Widening::<u64_le, FixedStr<7>>::open(&texts, &shorter, &[]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the value is `FixedStr<8>` in the archive; here it is `FixedStr<7>`, which"),
        "{error}"
    );
    let longer = FixedStr::<9>::new("").unwrap();
    let wider = Widening::<u64_le, FixedStr<9>>::open(&texts, &longer, &[]).unwrap();
    assert!(wider.iter().all(|entry| entry.unwrap().1.as_str() == "text"));
    arenamap::fixed_view! { struct Cents<'m> { price: i32_le | "e" } }
    let error = FixedView::<u64_le, Cents>::open(&bytes).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the field `price` is `e` in the archive, and of type `u32_le` there"),
        "{error}"
    );
}

#[test]
fn checked_structs_widen_too() {
    arenamap::fixed_struct! { #[derive(Clone, Copy)] checked struct Flag { on: bool } }
    arenamap::fixed_struct! { #[derive(Clone, Copy, Debug, PartialEq)] checked struct Flags { on: bool, seen: bool } }
    let mut bytes = archive(|n| Flag { on: n % 2 == 0 });
    let missing = Flags { on: false, seen: true };
    let wider = Widening::<u64_le, Flags>::open(&bytes, &missing, &[]).unwrap();
    assert!(wider.iter().map(Result::unwrap).all(|(key, flags)| flags
        == Flags {
            on: key.to_native() % 2 == 0,
            seen: true
        }));
    assert_eq!(wider.iter().count(), 40);
    // Damage is not carried on.
    let last = bytes.len() - 200;
    bytes[last] ^= 2;
    let error = Widening::<u64_le, Flags>::open(&bytes, &missing, &[]).err().unwrap();
    assert!(matches!(error, ViewError::Archive(_)));
}

#[test]
fn whatever_the_bytes_are() {
    let whole = archive(old);
    let mut opened = 0;
    for at in 0..whole.len() {
        for flip in [1, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            if let Ok(view) = FixedView::<u64_le, Seen>::open(&bytes) {
                opened += 1;
                let sum: u64 = view
                    .iter()
                    .map(|(_, page)| page.size.to_native() ^ page.weight.to_native())
                    .fold(0, |a, b| a ^ b);
                std::hint::black_box((sum, view.get(&7).is_some(), view.verify().is_ok()));
            }
        }
    }
    assert!(opened > whole.len());
}

#[test]
fn indexed_archives_too() {
    let mut map = FixedMap::<u64_le, v1::Page, _>::create(AlignedBytes::zeroed(8192), 40).unwrap();
    for n in 0..40 {
        map.insert(n.into(), old(n)).unwrap();
    }
    let indexed = map.try_index().unwrap();
    let view = FixedView::<u64_le, Seen>::open(indexed.as_bytes()).unwrap();
    assert_eq!((view.len(), view.iter().count()), (40, 40));
    for n in 0..40 {
        assert_eq!(view.get(&n).unwrap().size.to_native(), n * 1000);
    }
    assert!((40..400).all(|n| view.get(&n).is_none()));
    let wider = Widening::<u64_le, v2::Page>::open(indexed.as_bytes(), &new(5), &[("size", "bytes")]).unwrap();
    assert_eq!(wider.iter().flatten().count(), 40);
}

/// Two numbers of which the first is not above the second.
mod ordered {
    use arenamap::fixed::__private::{rkyv, zerocopy};
    use arenamap::fixed::{FieldSchema, FixedValue, Schema, u32_le};
    use rkyv::bytecheck::{CheckBytes, Verify, rancor};

    #[derive(Clone, Copy, Debug, zerocopy::IntoBytes, zerocopy::Immutable, rkyv::Portable, CheckBytes)]
    #[zerocopy(crate = "arenamap::fixed::__private::zerocopy")]
    #[rkyv(crate = rkyv)]
    #[bytecheck(crate = rkyv::bytecheck, verify)]
    #[repr(C)]
    pub(crate) struct Range {
        pub(crate) low: u32_le,
        pub(crate) high: u32_le,
    }

    #[derive(Debug)]
    struct Crossed;

    impl std::fmt::Display for Crossed {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("low is above high")
        }
    }

    impl std::error::Error for Crossed {}

    #[allow(unsafe_code, reason = "the trait for what goes across fields")]
    // SAFETY: every field was checked before.
    unsafe impl<C: rancor::Fallible + ?Sized> Verify<C> for Range
    where
        C::Error: rancor::Source,
    {
        fn verify(&self, _: &mut C) -> Result<(), C::Error> {
            if self.low.to_native() > self.high.to_native() {
                rancor::fail!(Crossed);
            }
            Ok(())
        }
    }

    impl FixedValue for Range {
        const SCHEMA: Schema = Schema {
            fields: &[
                FieldSchema {
                    name: "low",
                    offset: 0,
                    schema: &u32_le::SCHEMA,
                },
                FieldSchema {
                    name: "high",
                    offset: 4,
                    schema: &u32_le::SCHEMA,
                },
            ],
            ..Schema::leaf("Range", 8, 4)
        };
    }
}

/// What is a mixture of an old value and the one that was given may be no value: that is an error, and no entry is left out.
#[test]
fn nothing_is_lost_in_silence() {
    arenamap::fixed_struct! { #[derive(Clone, Copy)] struct Low { low: u32_le } }
    let bytes = archive(|n| Low { low: (n as u32).into() });
    let missing = ordered::Range {
        low: 0.into(),
        high: 10.into(),
    };
    let wider = Widening::<u64_le, ordered::Range>::open(&bytes, &missing, &[]).unwrap();
    let (whole, crossed): (Vec<_>, Vec<_>) = wider.iter().partition(Result::is_ok);
    assert_eq!((whole.len(), crossed.len()), (11, 29));
    let need = FixedMap::<u64_le, ordered::Range>::bytes_for(40);
    let error = wider.copy_into(AlignedBytes::zeroed(need), 40).unwrap_err();
    assert!(matches!(error, ViewError::Archive(error) if error.field() == Field::Value));
}
