//! Maps of maps of maps with string keys: filled and dropped, read, and a path against lookups in flat maps.
//!
//! Groups are called after what is done, the number of leaves, and the children of each level below the first. The arenas stay warm
//! from cycle to cycle. Every peer copies a key only when it is new; `std` has its own hash function, the others have the same.

mod support;

use std::collections::HashMap;
use std::hint::black_box;

use arenamap::{Arena, DefaultHashBuilder, PathMap, StrMap};
use bumpalo::Bump;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use foldhash::fast::RandomState;
use hashbrown::hash_map::EntryRef;

type Std<V> = HashMap<String, V>;
type Fold<V> = hashbrown::HashMap<String, V, RandomState>;
type FoldIn<'a, V> = hashbrown::HashMap<&'a str, V, RandomState, &'a Bump>;
type Paths<'a> = PathMap<str, usize, DefaultHashBuilder, &'a Arena>;

/// Three parts of each leaf, in an order that looks random.
fn paths(leaves: usize, children: usize) -> Vec<[String; 3]> {
    let mut paths: Vec<[String; 3]> = (0..leaves)
        .map(|leaf| {
            let (middle, last) = (leaf / children, leaf % children);
            let (first, middle) = (middle / children, middle % children);
            [
                format!("service-{first}"),
                format!("host-{middle}"),
                format!("metric-{last}"),
            ]
        })
        .collect();
    let mut left: Vec<u64> = (0..leaves as u64).collect();
    left.sort_by_key(|&leaf| support::key(leaf));
    let mut order = left.into_iter().map(|leaf| usize::try_from(leaf).expect("an index"));
    paths.sort_by_cached_key(|_| order.next());
    // Copies, so that the texts stand in memory as they are asked for, like those of a request: else fetching them is measured.
    paths.clone()
}

fn std_map(paths: &[[String; 3]]) -> Std<Std<Std<usize>>> {
    let mut map = Std::<Std<Std<usize>>>::new();
    for (value, [a, b, c]) in paths.iter().enumerate() {
        let level = match map.get_mut(a) {
            Some(_) => map.get_mut(a).expect("it is there"),
            None => map.entry(a.clone()).or_default(),
        };
        let level = match level.get_mut(b) {
            Some(_) => level.get_mut(b).expect("it is there"),
            None => level.entry(b.clone()).or_default(),
        };
        level.insert(c.clone(), value);
    }
    map
}

fn hashbrown_map(paths: &[[String; 3]]) -> Fold<Fold<Fold<usize>>> {
    let mut map = Fold::<Fold<Fold<usize>>>::default();
    for (value, [a, b, c]) in paths.iter().enumerate() {
        let level = map.entry_ref(a.as_str()).or_default();
        let level = level.entry_ref(b.as_str()).or_default();
        level.entry_ref(c.as_str()).insert(value);
    }
    map
}

fn new_in<V>(bump: &Bump) -> FoldIn<'_, V> {
    hashbrown::HashMap::with_hasher_in(RandomState::default(), bump)
}

fn below<'m, 'b, V>(map: &'m mut FoldIn<'b, V>, part: &str, bump: &'b Bump, new: impl FnOnce() -> V) -> &'m mut V {
    match map.entry_ref(part) {
        EntryRef::Occupied(entry) => entry.into_mut(),
        EntryRef::Vacant(entry) => entry.insert_with_key(bump.alloc_str(part), new()),
    }
}

fn bump_map<'b>(paths: &[[String; 3]], bump: &'b Bump) -> FoldIn<'b, FoldIn<'b, FoldIn<'b, usize>>> {
    let mut map = new_in(bump);
    for (value, [a, b, c]) in paths.iter().enumerate() {
        let level = below(&mut map, a, bump, || new_in(bump));
        let level = below(level, b, bump, || new_in(bump));
        *below(level, c, bump, || 0) = value;
    }
    map
}

/// The parts in one string, written into a buffer that is used again.
fn join<'t>(text: &'t mut String, [a, b, c]: &[String; 3]) -> &'t str {
    text.clear();
    for part in [a, "/", b, "/", c] {
        text.push_str(part);
    }
    text
}

fn joined_map<'b>(paths: &[[String; 3]], arena: &'b Arena) -> StrMap<usize, DefaultHashBuilder, &'b Arena> {
    let (mut map, mut text) = (StrMap::new_in(arena), String::new());
    for (value, path) in paths.iter().enumerate() {
        map.insert(join(&mut text, path), value);
    }
    map
}

fn parts([a, b, c]: &[String; 3]) -> [&str; 3] {
    [a, b, c]
}

fn path_map<'b>(paths: &[[String; 3]], arena: &'b Arena) -> Paths<'b> {
    let mut map = Paths::new_in(arena);
    for (value, path) in paths.iter().enumerate() {
        map.insert(parts(path), value);
    }
    map
}

fn write(c: &mut Criterion) {
    for leaves in support::sizes(&[1_000, 100_000]) {
        for children in [1, 3, 10, 30] {
            let mut group = c.benchmark_group(format!("nested_write/{leaves}/{children}"));
            group.throughput(Throughput::Elements(leaves as u64));
            let paths = &paths(leaves, children)[..];
            group.bench_function("std", |b| b.iter(|| std_map(black_box(paths)).len()));
            group.bench_function("hashbrown", |b| b.iter(|| hashbrown_map(black_box(paths)).len()));
            let mut bump = Bump::new();
            group.bench_function("hashbrown-bump", |b| {
                b.iter(|| {
                    let len = bump_map(black_box(paths), &bump).len();
                    bump.reset();
                    len
                });
            });
            let mut arena = Arena::new();
            group.bench_function("joined-str-map", |b| {
                b.iter(|| {
                    let len = joined_map(black_box(paths), &arena).len();
                    arena.reset();
                    len
                });
            });
            let mut arena = Arena::new();
            group.bench_function("arenamap-path-map", |b| {
                b.iter(|| {
                    let len = path_map(black_box(paths), &arena).len();
                    arena.reset();
                    len
                });
            });
            group.finish();
        }
    }
}

/// Reads every path once, by `get`, in the order in which they were written.
fn all(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    paths: &[[String; 3]],
    mut get: impl FnMut(&[String; 3]) -> Option<usize>,
) {
    assert!(
        paths.iter().enumerate().all(|(value, path)| get(path) == Some(value)),
        "{name} answered wrong"
    );
    group.bench_function(name, |b| {
        b.iter(|| {
            black_box(paths)
                .iter()
                .filter_map(&mut get)
                .fold(0_usize, usize::wrapping_add)
        });
    });
}

fn read(c: &mut Criterion) {
    for leaves in support::sizes(&[1_000, 100_000]) {
        for children in [1, 3, 10, 30] {
            let mut group = c.benchmark_group(format!("nested_read/{leaves}/{children}"));
            group.throughput(Throughput::Elements(leaves as u64));
            let paths = &paths(leaves, children)[..];
            let map = std_map(paths);
            all(&mut group, "std", paths, |[a, b, c]| {
                map.get(a)?.get(b)?.get(c).copied()
            });
            let map = hashbrown_map(paths);
            all(&mut group, "hashbrown", paths, |[a, b, c]| {
                map.get(a)?.get(b)?.get(c).copied()
            });
            let bump = Bump::new();
            let map = bump_map(paths, &bump);
            all(&mut group, "hashbrown-bump", paths, |[a, b, c]| {
                map.get(a.as_str())?.get(b.as_str())?.get(c.as_str()).copied()
            });
            let arena = Arena::new();
            let (map, mut text) = (joined_map(paths, &arena), String::new());
            all(&mut group, "joined-str-map", paths, |path| {
                map.get(join(&mut text, path)).copied()
            });
            let map = path_map(paths, &arena);
            all(&mut group, "arenamap-path-map", paths, |path| {
                map.get(parts(path)).copied()
            });
            group.finish();
        }
    }
}

/// One path of three parts, and three lookups in flat maps that have as many entries as the levels have.
fn flat(c: &mut Criterion) {
    for leaves in support::sizes(&[1_000, 27_000, 1_000_000]) {
        let children = (1..=leaves).find(|children| children.pow(3) >= leaves).expect("a root");
        let mut group = c.benchmark_group(format!("nested_flat/{leaves}"));
        group.throughput(Throughput::Elements(leaves as u64));
        let paths = &paths(leaves, children)[..];
        let arena = Arena::new();
        let map = path_map(paths, &arena);
        all(&mut group, "arenamap-path-map", paths, |path| {
            map.get(parts(path)).copied()
        });
        // The same parts, each made unique among those of its level.
        let keys: Vec<[String; 3]> = paths
            .iter()
            .map(|[a, b, c]| {
                [
                    a.clone(),
                    format!("{b}-{}", &a[8..]),
                    format!("{c}-{}-{}", &b[5..], &a[8..]),
                ]
            })
            .collect();
        let mut maps = [(); 3].map(|()| StrMap::<usize, _, _>::new_in(&arena));
        for (value, key) in keys.iter().enumerate() {
            for (map, key) in maps.iter_mut().zip(key) {
                map.insert(key, value);
            }
        }
        all(&mut group, "three-str-maps", &keys, |[a, b, c]| {
            maps[0].get(a)?;
            maps[1].get(b)?;
            maps[2].get(c).copied()
        });
        group.finish();
    }
}

criterion_group!(benches, write, read, flat);
criterion_main!(benches);
