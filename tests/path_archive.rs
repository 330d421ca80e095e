//! Archives of paths: against a sorted map of paths, against the `PathMap` that they are made of, and against whoever lies in their bytes.
//!
//! `cargo test --features fixed --test path_archive`; `ARENAMAP_HOSTILE` above 1 flips every bit of more archives.
#![allow(clippy::cast_possible_truncation, reason = "numbers of tests are small")]

mod support {
    pub(crate) mod archive;
    pub(crate) mod basics;
}

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use arenamap::PathMap;
use arenamap::fixed::described::{Described, recover};
use arenamap::fixed::{
    AlignedBytes, Exclusive, Field, FixedError, Frozen, Memory, PathArchive, SnapshotError, u16_le, u32_le, u64_le,
};
use support::archive::{Shape, at, mark_open, mark_sealed, number, number32, put, put32, sign_header};
use support::basics::{Dice, times};

type Tree = PathArchive<str, str>;
type Model = BTreeMap<Vec<String>, String>;

fn map_of(model: &Model) -> PathMap<str, String> {
    let mut map = PathMap::new();
    for (path, value) in model {
        map.insert(path.iter().map(String::as_str), value.clone());
    }
    map
}

fn parts(path: &[String]) -> impl Iterator<Item = &str> + Clone {
    path.iter().map(String::as_str)
}

/// What an archive says, by all its ways, is what the map says that it was made of.
fn agree<M: Memory>(archive: &PathArchive<str, str, M>, model: &Model, map: &PathMap<str, String>) {
    assert_eq!((archive.len(), archive.is_empty()), (model.len(), model.is_empty()));
    let levels: BTreeSet<&[String]> = model
        .keys()
        .flat_map(|path| (0..=path.len()).map(|len| &path[..len]))
        .collect();
    assert_eq!(
        (archive.level_count(), archive.nodes().count()),
        (levels.len(), levels.len())
    );
    for path in &levels {
        let value = model.get(*path).map(String::as_str);
        assert_eq!(archive.get(parts(path)), value, "{path:?}");
        assert_eq!(archive.contains(parts(path)), value.is_some());
        assert_eq!(archive.contains_key(parts(path)), value.is_some());
        let node = archive.node(parts(path)).expect("a level");
        assert_eq!((node.value(), node.depth()), (value, path.len()));
        assert_eq!(node.key(), path.last().map(String::as_str));
        assert!(node.path().parts().eq(parts(path)));
        let there = map.node(parts(path)).expect("the same level");
        assert_eq!(node.is_leaf(), there.is_leaf());
        assert!(
            node.children()
                .map(arenamap::fixed::path::Node::key)
                .eq(there.children().map(arenamap::nested::Node::key))
        );
        if let Some((_, above)) = path.split_last() {
            let above = archive.node(parts(above)).expect("the level above");
            assert_eq!(node.parent().map(|parent| parent.path().len()), Some(above.depth()));
            assert!(above.node(path.last().map(String::as_str)).is_some());
        }
        let longer = parts(path).chain(["no such part"]);
        assert!(archive.node(longer.clone()).is_none() && archive.get(longer).is_none());
    }
    let both = archive.iter().zip(map.iter());
    for ((path, value), (other, there)) in both {
        assert!(path.parts().eq(other.parts()) && path.last() == other.last() && value == there);
        assert_eq!((path.len(), path.is_empty()), (other.len(), other.is_empty()));
        let mut buffer = vec![""; path.len()];
        assert_eq!(path.fill(&mut buffer).map(<[_]>::len), Some(path.len()));
        assert!(path.parts().rev().eq(buffer.iter().rev().copied()));
    }
    assert_eq!(archive.iter().count(), model.len());
    let leaves = |(path, _): (arenamap::nested::Path<'_, str, String>, _)| path.parts().map(str::to_owned).collect();
    let expected: Vec<Vec<String>> = map.leaves().map(leaves).collect();
    let found: Vec<Vec<String>> = archive
        .leaves()
        .map(|(path, _)| path.parts().map(str::to_owned).collect())
        .collect();
    assert_eq!(found, expected);
    assert_eq!(format!("{archive:?}"), format!("{map:?}"));
    assert_eq!(format!("{archive:#?}"), format!("{map:#?}"));
    let again: PathMap<str, String> = archive.iter().map(|(path, value)| (path, value.to_owned())).collect();
    assert_eq!(again, *map);
}

/// Makes, seals, copies, and opens an archive in each way.
fn check(model: &Model) {
    let map = map_of(model);
    let mut archive = Tree::from_map(&map).unwrap();
    agree(&archive, model, &map);
    archive.verify().unwrap();
    assert!(!archive.is_sealed());
    let sealed = AlignedBytes::from_slice(archive.seal());
    assert!(archive.is_sealed() && archive.clone() == archive);

    let view = PathArchive::<str, str, _>::open(&sealed[..]).unwrap();
    agree(&view, model, &map);
    view.verify().unwrap();
    let mut scratch = vec![7; view.scratch_words()];
    view.verify_in(&mut scratch).unwrap();
    assert_eq!(view.verify_in(&mut []).unwrap_err().field(), Field::Scratch);
    assert_eq!(
        (view.seed(), view.generation(), view.is_sealed()),
        (archive.seed(), 0, true)
    );
    let view = PathArchive::<str, str, _>::open_verified(&sealed[..]).unwrap();
    agree(&view, model, &map);
    PathArchive::<str, str, _>::open_verified_in(&sealed[..], &mut scratch).unwrap();

    let (levels, texts) = Tree::measure(&map);
    let need = Tree::bytes_for(levels, texts);
    assert_eq!(need, sealed.len());
    let mut memory = AlignedBytes::zeroed(need);
    memory.fill(0xa5);
    let other = PathArchive::<str, str, _>::snapshot(&mut memory[..], &map).unwrap();
    assert!(other == archive && (other.seed() != archive.seed()));

    let described = Described::open(&sealed).unwrap();
    described.verify().unwrap();
    let tree = described.tree().unwrap();
    assert_eq!((tree.len(), tree.is_empty()), (model.len(), model.is_empty()));
    for entry in described.iter() {
        let path = tree.path(&entry).unwrap();
        let path: Vec<String> = path
            .iter()
            .map(|part| format!("{:?}", part.value()))
            .map(|text| text["Text(\"".len()..text.len() - 2].to_owned())
            .collect();
        assert_eq!(tree.has_value(&entry), model.contains_key(&path), "{path:?}");
    }
}

fn random_model(dice: &mut Dice, paths: u64, most_parts: u64, names: u64) -> Model {
    (0..paths)
        .map(|n| {
            let len = dice.below(most_parts + 1);
            let mut part = || match dice.below(names) {
                0 => String::new(),
                n if n % 7 == 0 => format!("a part of some length, number {n}"),
                n => format!("p{n}"),
            };
            let path = (0..len).map(|_| part()).collect();
            let value = ["", "v", "a longer value"][n as usize % 3].repeat(dice.below(4) as usize);
            (path, value)
        })
        .collect()
}

#[test]
fn nothing_and_one() {
    check(&Model::new());
    check(&Model::from([(vec![], "the empty path".to_owned())]));
    check(&Model::from([(vec![], String::new())]));
    check(&Model::from([(vec!["a".to_owned()], String::new())]));
    check(&Model::from([(
        vec![String::new()],
        "under a part without bytes".to_owned(),
    )]));
    check(&Model::from([
        (vec!["a".to_owned(), "b".to_owned()], "two".to_owned()),
        (vec!["a.b".to_owned()], "one".to_owned()),
        (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], "below".to_owned()),
    ]));
}

#[test]
fn random_trees() {
    let mut dice = Dice::new(1);
    for round in 0..times(40, 2) as u64 {
        check(&random_model(&mut dice, 1 + round, 1 + round % 6, 2 + round % 9));
    }
    check(&random_model(&mut dice, times(3_000, 50) as u64, 5, 12));
}

#[test]
fn deep() {
    let depth = times(10_000, 300);
    let path: Vec<String> = (0..depth).map(|n| format!("{}", n % 10)).collect();
    let map = map_of(&Model::from([(path.clone(), "bottom".to_owned())]));
    let archive = Tree::from_map(&map).unwrap();
    archive.verify().unwrap();
    assert_eq!((archive.len(), archive.level_count()), (1, depth + 1));
    assert_eq!(archive.get(parts(&path)), Some("bottom"));
    assert_eq!(archive.get(parts(&path[1..])), None);
    let (found, _) = archive.iter().next().unwrap();
    assert!(
        found
            .parts()
            .rev()
            .eq(parts(&path).collect::<Vec<_>>().into_iter().rev())
    );
    assert_eq!(archive.node(parts(&path)).unwrap().depth(), depth);
    assert_eq!(format!("{archive:?}"), format!("{map:?}"));
    assert!(archive.clone() == archive);
}

#[test]
fn wide() {
    let width = times(10_000, 300);
    let model: Model = (0..width)
        .map(|n| (vec!["all".to_owned(), format!("{n:05}")], n.to_string()))
        .collect();
    let map = map_of(&model);
    let archive = Tree::from_map(&map).unwrap();
    archive.verify().unwrap();
    let all = archive.node(["all"]).unwrap();
    assert_eq!(all.children().count(), width);
    assert!(
        all.children()
            .filter_map(arenamap::fixed::path::Node::value)
            .eq(model.values())
    );
    assert!(
        model
            .iter()
            .all(|(path, value)| archive.get(parts(path)) == Some(value))
    );
}

arenamap::fixed_struct! {
    /// A value that is larger than a number.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Page { bytes: u64_le, site: u32_le, port: u32_le }
}

/// Parts and values that are no texts: where neither is, the room has links alone.
#[test]
fn numbers_and_bytes() {
    let mut map = PathMap::<u16, Page>::new();
    let page = |n: u16| Page {
        bytes: u64::from(n).into(),
        site: 1.into(),
        port: 443.into(),
    };
    for n in 0..300 {
        map.insert(&[n % 7, n], page(n));
    }
    map.insert(&[3], page(3));
    let mut archive = PathArchive::<u16_le, Page>::from_map(&map).unwrap();
    archive.verify().unwrap();
    assert_eq!((archive.len(), archive.level_count()), (301, 308));
    for n in 0..300 {
        assert_eq!(archive.get(&[n % 7, n]), Some(&page(n)));
        assert_eq!(archive.get(&[n % 7 + 1, n]), None);
    }
    assert!(archive.iter().zip(&map).all(|((path, value), (other, there))| {
        value == there && path.parts().map(|part| part.to_native()).eq(other.parts().copied())
    }));
    assert_eq!(archive.root().unwrap().key(), None);
    let described = Described::open(archive.seal()).unwrap();
    described.verify().unwrap();
    assert_eq!(
        described.key_type().to_string(),
        "PathKey { part: u16_le, parent: PathNode }"
    );

    let bytes: PathMap<[u8], Vec<u8>> = [([&b"\xff"[..], b"b"], vec![0, 159])].into_iter().collect();
    let archive = PathArchive::<[u8], [u8]>::from_map(&bytes).unwrap();
    archive.verify().unwrap();
    assert_eq!(archive.get([&b"\xff"[..], b"b"]), Some(&[0, 159][..]));
    assert_eq!(format!("{archive:?}"), "{[255]: {[98]: [0, 159]}}");

    // By value, and looked up without one.
    let owned: PathMap<String, u32> = [([&"a".to_owned(), &"b".to_owned()], 7)].into_iter().collect();
    let archive = PathArchive::<str, u32_le>::from_map(&owned).unwrap();
    assert_eq!(archive.get(["a", "b"]), Some(&7.into()));
}

/// A number that loses its upper half on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Halved(u32);

impl From<Halved> for u16_le {
    fn from(number: Halved) -> Self {
        (number.0 as u16).into()
    }
}

#[test]
fn refused() {
    let map: PathMap<Halved, u32> = [([&Halved(1)], 1), ([&Halved(0x1_0001)], 2)].into_iter().collect();
    let error = PathArchive::<u16_le, u32_le>::from_map(&map).unwrap_err();
    assert_eq!(error, SnapshotError::Repeated { entries: 1 });

    let map: PathMap<str, &str> = [(["a"], "text")].into_iter().collect();
    let (levels, texts) = Tree::measure(&map);
    assert_eq!((levels, texts), (2, 5));
    let mut short = AlignedBytes::zeroed(Tree::bytes_for(levels, texts) - 1);
    let Err(SnapshotError::Fixed(error)) = PathArchive::<str, str, _>::snapshot(&mut short[..], &map) else {
        panic!("too short");
    };
    assert_eq!(error.field(), Field::MemoryLength);
    let error = Tree::try_bytes_for(1 << 31, 0).unwrap_err();
    assert_eq!(error.field(), Field::Capacity);
    let most = usize::try_from(error.expected()).unwrap();
    Tree::try_bytes_for(most, 0).unwrap();
    let error = Tree::try_bytes_for(most + 1, 0).unwrap_err();
    assert_eq!((error.field(), error.found()), (Field::Capacity, most as u64 + 1));
    assert_eq!(Tree::try_bytes_for(10, 1 << 36).unwrap_err().field(), Field::Room);
    assert_eq!(Tree::try_bytes_for(usize::MAX, 0).unwrap_err().field(), Field::Capacity);
}

#[test]
fn same_bytes() {
    let map = map_of(&random_model(&mut Dice::new(3), 200, 4, 9));
    let need = {
        let (levels, texts) = Tree::measure(&map);
        Tree::bytes_for(levels, texts)
    };
    let make = |fill: u8, seed: u64| {
        let mut memory = AlignedBytes::zeroed(need);
        memory.fill(fill);
        let archive: PathArchive<str, str, Exclusive<'_>> =
            PathArchive::snapshot_seeded(&mut memory[..], &map, seed).unwrap();

        archive.as_bytes().to_vec()
    };
    assert_eq!(make(0, 42), make(0xff, 42));
    assert_ne!(make(0, 42), make(0, 43));
}

// ------------------------------------------------------------------------------------------------------------- hostile bytes

fn small() -> Model {
    let texts = [
        ("service/api/motd", "Hello"),
        ("service/api/timeout", "30"),
        ("service/api", "both"),
        ("service/search", "é漢"),
        ("log/level", ""),
        ("log/file/path", "/var/log"),
        ("é", "x"),
    ];
    let path = |text: &str| text.split('/').map(str::to_owned).collect();
    texts
        .iter()
        .map(|(text, value)| (path(text), (*value).to_owned()))
        .collect()
}

fn small_archive(seed: u64) -> AlignedBytes {
    let map = map_of(&small());
    let (levels, texts) = Tree::measure(&map);
    let memory = AlignedBytes::zeroed(Tree::bytes_for(levels, texts));
    PathArchive::<str, str>::snapshot_seeded(memory, &map, seed)
        .unwrap()
        .into_memory()
}

/// What a damaged archive is compared to.
static CLEAN: LazyLock<AlignedBytes> = LazyLock::new(|| small_archive(1));

/// Every call on an archive whose bytes may be anything. No walk takes more than a tree of so many slots would.
fn use_it(bytes: &[u8]) -> Result<(), FixedError> {
    let view = PathArchive::<str, str, _>::open(bytes)?;
    let most = 2 * Shape::of(bytes).slots() + 1;
    for path in small().keys() {
        let _ = (view.get(parts(path)), view.contains(parts(path)));
        if let Some(node) = view.node(parts(path)) {
            assert!(node.children().count() <= most && node.depth() <= most);
            let _ = (node.key(), node.value(), node.is_leaf(), node.path().parts().count());
            assert!(node.nodes().count() <= most && node.iter().count() <= most);
        }
    }
    assert!(view.nodes().count() <= most && view.leaves().count() <= most);
    for (path, value) in view.iter().take(most) {
        assert!(path.parts().count() <= path.len());
        let _ = (view.get(path), path.last(), value.len(), path.fill(&mut [""; 4]));
    }
    std::hint::black_box(format!("{view:?}").len());
    #[cfg(feature = "serde")]
    let _ = serde_json::to_writer(std::io::sink(), &view);
    let clean = PathArchive::<str, str, _>::open(&CLEAN[..]).unwrap();
    let _ = (view.len(), view.is_empty(), view == clean, clean == view);
    if let Ok(described) = Described::open(bytes)
        && let Some(tree) = described.tree()
    {
        for entry in described.iter() {
            let _ = (tree.path(&entry).map(|path| path.len()), tree.has_value(&entry));
        }
    }
    Ok(())
}

fn model_of<M: Memory>(archive: &PathArchive<str, str, M>) -> Model {
    let owned = |path: arenamap::fixed::path::Path<'_, str, str, M>| path.parts().map(str::to_owned).collect();
    archive
        .iter()
        .map(|(path, value)| (owned(path), value.to_owned()))
        .collect()
}

#[test]
fn every_bit() {
    let whole = small();
    let many = std::env::var("ARENAMAP_HOSTILE").map_or(1, |times| times.parse().expect("a number"));
    for seed in 1..=many {
        let open = small_archive(seed);
        let mut sealed = open.clone();
        mark_sealed(&mut sealed);
        let (mut refused, mut accepted) = (0, 0);
        for bit in (0..open.len() * 8).step_by(times(1, 97)) {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            PathArchive::<str, str, _>::open(&flipped[..])
                .and_then(|archive| archive.verify())
                .expect_err("seen by the seal");
            // Now by whoever can make seals, and checksums of headers.
            sign_header(&mut flipped);
            mark_sealed(&mut flipped);
            let verdict = PathArchive::<str, str, _>::open_verified(&flipped[..]);
            let opened = use_it(&flipped);
            let described = Described::open(&flipped).and_then(|archive| archive.verify());
            assert_eq!(verdict.is_ok(), described.is_ok(), "bit {bit}: {described:?}");
            match verdict {
                Ok(archive) => {
                    accepted += 1;
                    let there = model_of(&archive);
                    assert_eq!(there.len(), whole.len());
                    // One value is another; or one part, which has the same tag, in all paths through it.
                    let differ = whole
                        .iter()
                        .filter(|&(path, value)| there.get(path) != Some(value))
                        .count();
                    let sorted = |model: &Model| model.values().cloned().collect::<BTreeSet<_>>();
                    assert!(differ <= 1 || sorted(&there) == sorted(&whole), "bit {bit}");
                }
                Err(error) => {
                    refused += 1;
                    assert!(opened.is_ok() || opened == Err(error), "bit {bit}");
                }
            }
        }
        println!("{refused} flips refused, {accepted} accepted");
        assert!(refused > 4 * accepted);
    }
}

/// Where the links of a level are, by its slot.
fn link_at(shape: &Shape, slot: usize) -> usize {
    shape.room_at() + 8 * (slot + 1)
}

/// The slot of a path.
fn slot_of(bytes: &[u8], path: &[&str]) -> usize {
    let described = Described::open(bytes).unwrap();
    let tree = described.tree().unwrap();
    let found = described.iter().find(|entry| {
        let parts = tree.path(entry).unwrap();
        parts
            .iter()
            .map(|part| format!("{:?}", part.value()))
            .eq(path.iter().map(|part| format!("Text({part:?})")))
    });
    found.expect("it is there").slot
}

/// A child of two levels would be written twice, its children four times, and so on.
#[cfg(feature = "serde")]
#[test]
fn levels_below_two_others_are_not_written_again_and_again() {
    let mut model = Model::new();
    let mut path = vec![];
    for _ in 0..60 {
        path.extend(["b".to_owned(), "x".to_owned()]);
        model.insert(path.clone(), String::new());
        path.pop();
        *path.last_mut().unwrap() = "a".to_owned();
    }
    model.insert(path.clone(), String::new());
    let map = map_of(&model);
    let mut bytes = Tree::from_map(&map).unwrap().into_memory();
    let written = serde_json::to_string(&Tree::open_verified(bytes.try_clone().unwrap()).unwrap()).unwrap();
    assert_eq!(written, serde_json::to_string(&map).unwrap());

    let (whole, shape) = (bytes.try_clone().unwrap(), Shape::of(&bytes));
    let mut path = vec![];
    for _ in 0..59 {
        path.push("a");
        let first = number32(&bytes, link_at(&shape, slot_of(&whole, &path)));
        *path.last_mut().unwrap() = "b";
        let other = link_at(&shape, slot_of(&whole, &path));
        put32(&mut bytes, other, first);
        *path.last_mut().unwrap() = "a";
    }
    let view = Tree::open(bytes).unwrap();
    let error = serde_json::to_string(&view).unwrap_err();
    assert!(
        error.to_string().contains("lead to more levels than there are"),
        "{error}"
    );
    assert!(view.verify().is_err());
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn lies_about_links() {
    type Lie = (&'static str, Field, fn(&mut [u8], &Shape));
    const VALUE: u32 = 1 << 31;
    let lies: [Lie; 20] = [
        ("a root that is not there", Field::Link, |b, s| {
            put32(b, s.room_at(), 10_000);
        }),
        ("no root", Field::Levels, |b, s| put32(b, s.room_at(), 0)),
        ("a root below another level", Field::Parent, |b, s| {
            let slot = slot_of(b, &["log"]);
            put32(b, s.room_at(), slot as u32 + 1);
        }),
        ("a value more", Field::Values, |b, s| {
            let values = number32(b, s.room_at() + 4);
            put32(b, s.room_at() + 4, values + 1);
        }),
        ("values with a bit of a value", Field::Values, |b, s| {
            let values = number32(b, s.room_at() + 4);
            put32(b, s.room_at() + 4, values | VALUE);
        }),
        ("a first child that is free", Field::Link, |b, s| {
            let (free, at) = (s.free(b)[0], link_at(s, slot_of(b, &["log"])));
            put32(b, at, free as u32 + 1);
        }),
        ("a first child behind all", Field::Link, |b, s| {
            let at = link_at(s, slot_of(b, &["log"]));
            put32(b, at, u32::MAX);
        }),
        ("a level that is its own child", Field::Parent, |b, s| {
            let slot = slot_of(b, &["log"]);
            put32(b, link_at(s, slot), slot as u32 + 1);
        }),
        ("a level that is its own sibling", Field::Levels, |b, s| {
            let slot = slot_of(b, &["log", "level"]);
            put32(b, link_at(s, slot) + 4, VALUE | (slot as u32 + 1));
        }),
        ("two siblings in a ring", Field::Levels, |b, s| {
            let (one, other) = (slot_of(b, &["log", "level"]), slot_of(b, &["log", "file"]));
            put32(b, link_at(s, one) + 4, VALUE | (other as u32 + 1));
            put32(b, link_at(s, other) + 4, one as u32 + 1);
        }),
        ("the child of another level", Field::Parent, |b, s| {
            let slot = slot_of(b, &["service", "search"]);
            put32(b, link_at(s, slot_of(b, &["log"])), slot as u32 + 1);
        }),
        ("a sibling left out", Field::Levels, |b, s| {
            let last = number32(b, link_at(s, slot_of(b, &["service"]))) as usize - 1;
            let value = number32(b, link_at(s, last) + 4) & VALUE;
            put32(b, link_at(s, last) + 4, value);
        }),
        ("a level beside the empty path", Field::Link, |b, s| {
            let slot = slot_of(b, &["log"]);
            put32(b, link_at(s, slot_of(b, &[])) + 4, slot as u32 + 1);
        }),
        ("no value, but its bytes", Field::NoValue, |b, s| {
            let at = link_at(s, slot_of(b, &["service", "api"])) + 4;
            let next = number32(b, at);
            put32(b, at, next & !VALUE);
        }),
        ("neither value nor children", Field::EmptyLevel, |b, s| {
            let at = link_at(s, slot_of(b, &["log", "level"])) + 4;
            let next = number32(b, at);
            put32(b, at, next & !VALUE);
        }),
        ("links of a free slot", Field::Link, |b, s| {
            let free = s.free(b)[0];
            put32(b, link_at(s, free), 1);
        }),
        ("a text among the links", Field::LinkText, |b, s| {
            // The links of a free slot are zeros, a text of which is UTF-8. Its bytes are garbage no more, and others are.
            let slot = slot_of(b, &["service", "api", "timeout"]);
            let place = 8 * (s.free(b)[0] as u64 + 1);
            put(b, s.slot_at(slot) + 16, 2 << 36 | place);
        }),
        ("room used by links: less", Field::Links, |b, s| {
            let used = 8 * (s.slots() as u64 + 1) - 1;
            put(b, at::ROOM_USED, used);
            put(b, at::GARBAGE, used);
        }),
        ("garbage: one more", Field::Garbage, |b, _| {
            let garbage = number(b, at::GARBAGE);
            put(b, at::GARBAGE, garbage + 1);
        }),
        ("a parent that is not there", Field::Tag, |b, s| {
            let slot = slot_of(b, &["log", "level"]);
            put(b, s.slot_at(slot) + 8, 1 << 40);
        }),
    ];
    for (name, field, lie) in lies {
        for sealed in [false, true] {
            let mut bytes = small_archive(2);
            let shape = Shape::of(&bytes);
            lie(&mut bytes, &shape);
            if sealed {
                mark_sealed(&mut bytes);
            } else {
                mark_open(&mut bytes);
            }
            let opened = PathArchive::<str, str, _>::open(&bytes[..]);
            let error = opened.and_then(|archive| archive.verify()).expect_err(name);
            // (A key elsewhere may have the same tag: then it is not where a search looks.)
            assert!(error.field() == field || field == Field::Tag, "{name}: {error}");
            println!("{name}: {error}");
            let described = Described::open(&bytes).and_then(|archive| archive.verify());
            if field != Field::Links {
                assert_eq!(described, Err(error), "{name}");
            }
            assert!(described.is_err());
            let _ = use_it(&bytes);
        }
    }
}

/// Archives with random numbers for links: no walk is longer than it may be.
#[test]
fn random_links() {
    let mut dice = Dice::new(9);
    for _ in 0..times(2_000, 5) {
        let mut bytes = small_archive(2);
        let shape = Shape::of(&bytes);
        let full = shape.full(&bytes);
        for _ in 0..=dice.below(12) {
            let slot = full[dice.below(full.len() as u64) as usize];
            let to = full[dice.below(full.len() as u64) as usize] as u32 + 1;
            match dice.below(4) {
                0 => put32(&mut bytes, shape.room_at(), to),
                1 => put32(&mut bytes, link_at(&shape, slot), to),
                2 => put32(&mut bytes, link_at(&shape, slot) + 4, to | 1 << 31),
                _ => put(&mut bytes, shape.slot_at(slot) + 8, to.into()),
            }
        }
        use_it(&bytes).unwrap();
    }
}

#[test]
fn tools_that_would_break_it_refuse() {
    let mut bytes = small_archive(1);
    let before = bytes.clone();
    assert_eq!(recover(&mut bytes).unwrap_err().field(), Field::Tree);
    assert!(*bytes == *before);
    let described = Described::open(&bytes).unwrap();
    let (key, value) = (described.key_type().clone(), described.value_type().clone());
    let error = arenamap::fixed::described::Builder::new(key, value, 10, 100).unwrap_err();
    assert_eq!(error.field(), Field::Tree);
    assert!(error.to_string().contains("make it anew of a `PathMap`"));
}

/// Nothing repairs it, and no error says that something does.
#[test]
fn advice_is_for_archives_of_paths() {
    type Change<'a> = (Field, &'a dyn Fn(&mut [u8]));
    let clean = small_archive(1);
    let shape = Shape::of(&clean);
    let slot = slot_of(&clean, &["log"]);
    let damaged = |change: &dyn Fn(&mut [u8])| {
        let mut bytes = clean.clone();
        change(&mut bytes);
        mark_open(&mut bytes);
        bytes
    };
    let cases: [Change<'_>; 4] = [
        (Field::Tag, &|b| b[shape.tag_at(slot)] ^= 1),
        (Field::Len, &|b| put(b, at::LEN, 3)),
        (Field::Text, &|b| put(b, shape.slot_at(slot), u64::MAX)),
        (Field::Garbage, &|b| put(b, at::GARBAGE, number(b, at::GARBAGE) + 1)),
    ];
    for (field, change) in cases {
        let bytes = damaged(change);
        let error = Tree::open_verified(bytes.clone()).unwrap_err();
        assert_eq!(error.field(), field, "{error}");
        assert_eq!(Described::open(&bytes).unwrap().verify(), Err(error));
        let error = error.to_string();
        assert!(
            error.contains("make it anew of its `PathMap`") && !error.contains("recover"),
            "{error}"
        );
    }
    let error = PathArchive::<str, u64_le, _>::open(&clean[..]).unwrap_err();
    assert_eq!(error.field(), Field::ValueLayout);
    assert!(!error.to_string().contains("FixedView"), "{error}");
}

/// A struct as value, over several lines as `{:#?}` writes it, is indented as its level.
#[test]
fn shown_over_several_lines() {
    arenamap::fixed_struct! { #[derive(Clone, Copy, Debug)] struct Port { number: u16_le, spare: u16_le } }
    let mut map = PathMap::<str, Port>::new();
    map.insert(
        ["api", "http"],
        Port {
            number: 80.into(),
            spare: 0.into(),
        },
    );
    map.insert(
        ["api", "http", "old"],
        Port {
            number: 81.into(),
            spare: 0.into(),
        },
    );
    let archive = PathArchive::<str, Port>::from_map(&map).unwrap();
    let lines = "{
    \"api\": {
        \"http\": Port {
            number: 80,
            spare: 0,
        } {
            \"old\": Port {
                number: 81,
                spare: 0,
            },
        },
    },
}";
    assert_eq!(format!("{archive:#?}"), lines);
    assert_eq!(
        format!("{archive:?}"),
        r#"{"api": {"http": Port { number: 80, spare: 0 } {"old": Port { number: 81, spare: 0 }}}}"#
    );
}

/// What an archive hands out is a path for its own calls, whatever a part is.
#[test]
fn its_paths_are_paths() {
    fn check<K, P>(parts: impl Fn(u64) -> P)
    where
        K: arenamap::fixed::path::Part + PartialEq + std::fmt::Debug + ?Sized,
        P: Clone + std::hash::Hash + Eq + arenamap::fixed::path::Give<K> + 'static,
    {
        let mut map = PathMap::<P, u64>::new();
        for n in 0..50 {
            map.insert(&[parts(n % 7), parts(n)], n);
        }
        let archive = PathArchive::<K, u64_le>::from_map(&map).unwrap();
        assert_eq!(archive.leaves().count(), 50);
        for (path, value) in archive.leaves() {
            assert_eq!(archive.get(path), Some(value));
            let mut left = path.parts();
            assert_eq!((left.len(), left.is_empty()), (2, false));
            assert!(left.next().is_some() && left.next_back() == path.last());
            assert_eq!((left.len(), left.is_empty()), (0, true));
        }
        for node in archive.nodes() {
            assert!(archive.node(node.path()).is_some_and(|found| found.key() == node.key()));
            assert!(node.parent().is_none_or(|parent| parent.node(node.key()).is_some()));
        }
    }
    check::<u64_le, _>(|n| n);
    check::<u16_le, _>(|n| n as u16);
    check::<[u8; 3], _>(|n| [1, 2, n as u8]);
    check::<str, _>(|n| format!("{n}\u{e9}"));
}

#[test]
fn an_empty_archive_has_no_levels() {
    let mut map = PathMap::<str, &str>::new();
    map.insert(["one"], "1");
    map.remove(["one"]);
    for map in [PathMap::new(), map] {
        let archive = Tree::from_map(&map).unwrap();
        assert_eq!((archive.level_count(), archive.nodes().count()), (0, 0));
        assert!(archive.root().is_none() && archive.node([""; 0]).is_none());
    }
}

/// Values are frozen: without this, the bound could be lost unseen.
fn goes_anywhere<T: Send + Sync>(_: &T) {}

#[test]
fn bounds() {
    fn is_frozen<V: arenamap::fixed::path::Value<Slot: Frozen>>() {}
    is_frozen::<u64_le>();
    goes_anywhere(&Tree::from_map(&PathMap::<str, &str>::new()).unwrap());
}
