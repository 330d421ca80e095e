//! Archives of each version of the format, as they were once written: whatever opened them opens them for ever.
//!
//! Each is made anew from the same seed and history and has the same bytes, so that no change of the format goes unseen.
//! `cargo test --features fixed --test fixed_golden -- --ignored` writes the files of a new version; those of old ones stay as they are.

use std::fs;
use std::path::PathBuf;

use arenamap::PathMap;
use arenamap::fixed::{
    AlignedBytes, Checked, FixedKey, FixedMap, FixedStr, Frozen, IndexedMap, KeyHasher, KeySecrets, PathArchive, Query,
    VarMap, char_le, u16_le, u32_le, u64_le,
};

arenamap::fixed_struct! {
    /// A key of two parts.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Page { site: u32_le, path: FixedStr<20> }
}

arenamap::fixed_struct! {
    /// A value of every kind that has to be checked, and padding behind it.
    #[derive(Clone, Copy, Debug, PartialEq)]
    checked struct Visit { count: u64_le, first: char_le, sizes: [u16_le; 3], cached: bool, last: [u8; 5] }
}

/// One golden file: what is in it, and how it was made.
struct Golden<K, V> {
    name: &'static str,
    capacity: usize,
    entries: u32,
    sealed: bool,
    key: fn(u32) -> K,
    value: fn(u32) -> V,
}

const SEED: u64 = 0x0060_1DE2_5EED;

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", name].iter().collect()
}

impl<K, V> Golden<K, V>
where
    K: FixedKey + Checked + std::fmt::Debug,
    V: Checked + Frozen + PartialEq + std::fmt::Debug,
{
    /// The archive, made anew: inserts, removals, inserts again.
    fn make(&self) -> AlignedBytes {
        let need = FixedMap::<K, V>::bytes_for(self.capacity);
        let mut map = FixedMap::<K, V, _>::create_seeded(AlignedBytes::zeroed(need), self.capacity, SEED).unwrap();
        let half = self.entries / 2;
        let insert =
            |map: &mut FixedMap<K, V>, i| assert!(map.insert((self.key)(i), (self.value)(i)).unwrap().is_none());
        for i in (0..half).chain(1000..1000 + half) {
            insert(&mut map, i);
        }
        for i in 1000..1000 + half {
            map.remove(&(self.key)(i)).expect("it is there");
        }
        for i in half..self.entries {
            insert(&mut map, i);
        }
        if self.sealed {
            map.seal();
        }
        map.into_memory()
    }

    fn write(&self) {
        fs::write(path(self.name), &*self.make()).unwrap();
    }

    fn check(&self) {
        let file = fs::read(path(self.name)).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let made = self.make();
        assert_eq!(file.len(), made.len(), "{}", self.name);
        let first = file.iter().zip(&*made).position(|(there, made)| there != made);
        assert_eq!(
            first, None,
            "{}: the format has changed, from this offset on",
            self.name
        );

        let bytes = AlignedBytes::from_slice(&file);
        let map =
            FixedMap::<K, V, _>::open_verified(&bytes[..]).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        assert_eq!(
            (map.len(), map.iter().count()),
            (self.entries as usize, self.entries as usize)
        );
        assert_eq!((map.capacity(), map.seed(), map.generation()), (self.capacity, SEED, 0));
        assert_eq!(map.is_sealed(), self.sealed);
        for i in 0..self.entries {
            let key = (self.key)(i);
            assert_eq!(map.get(&key), Some(&(self.value)(i)), "{}: {key:?}", self.name);
        }
        for i in self.entries..self.entries + 100 {
            assert_eq!(map.get(&(self.key)(i)), None, "{}", self.name);
        }
        // What was written by another version can be written to.
        let mut map = FixedMap::<K, V, _>::open_verified(bytes.clone()).unwrap();
        let room = u32::try_from(self.capacity).unwrap() - self.entries;
        for i in 0..room {
            map.insert((self.key)(2000 + i), (self.value)(i)).unwrap();
        }
        assert!(map.insert((self.key)(9999), (self.value)(0)).is_err());
        map.verify().unwrap();
    }
}

fn numbers(name: &'static str, sealed: bool) -> Golden<u64_le, u64_le> {
    Golden {
        name,
        capacity: 40,
        entries: 36,
        sealed,
        key: |i| (u64::from(i) * 0x0101_0101).into(),
        value: |i| (u64::MAX - u64::from(i)).into(),
    }
}

/// Entries that stand behind their home, so that counters are not zero.
fn passed() -> Golden<u64_le, u64_le> {
    /// The i-th number whose home, under the seed of these files, is the fourth group of five.
    fn key(i: u32) -> u64_le {
        let secrets = KeySecrets::seed(SEED);
        let is_there = |key: &u64| {
            let mut hasher = KeyHasher::new(&secrets);
            hasher.write_u64(*key);
            (u128::from(hasher.finish()) * 5) >> 64 == 3
        };
        (0..).filter(is_there).nth(i as usize).unwrap().into()
    }
    Golden {
        name: "v1-passed-sealed.bin",
        capacity: 40,
        entries: 30,
        sealed: true,
        key,
        value: |i| u64::from(i).into(),
    }
}

fn texts() -> Golden<FixedStr<12>, u64_le> {
    Golden {
        name: "v1-text-sealed.bin",
        capacity: 20,
        entries: 20,
        sealed: true,
        key: |i| FixedStr::new(&format!("/é/{i}")).unwrap(),
        value: |i| u64::from(i).into(),
    }
}

fn structs() -> Golden<Page, Visit> {
    Golden {
        name: "v1-struct-sealed.bin",
        capacity: 17,
        entries: 15,
        sealed: true,
        key: |i| Page {
            site: (i % 4).into(),
            path: FixedStr::new(&format!("/p{i}")).unwrap(),
        },
        value: |i| Visit {
            count: u64::from(i).into(),
            first: char::from_u32(u32::from('а') + i % 32).unwrap().into(),
            sizes: [1.into(), 2.into(), u16::try_from(i).unwrap().into()],
            cached: i % 2 == 0,
            last: [0xff; 5],
        },
    }
}

fn empty(name: &'static str, sealed: bool) -> Golden<u64_le, u32_le> {
    Golden {
        name,
        capacity: 1,
        entries: 0,
        sealed,
        key: |i| u64::from(i).into(),
        value: u32_le::from,
    }
}

#[test]
fn numbers_of_version_1() {
    numbers("v1-u64-open.bin", false).check();
    numbers("v1-u64-sealed.bin", true).check();
    passed().check();
    let bytes = fs::read(path("v1-passed-sealed.bin")).unwrap();
    assert!(
        (0..5).any(|group| bytes[192 + 16 * group + 12..][..4] != [0; 4]),
        "counters"
    );
}

#[test]
fn texts_of_version_1() {
    texts().check();
    let bytes = AlignedBytes::from_slice(&fs::read(path("v1-text-sealed.bin")).unwrap());
    let map = FixedMap::<FixedStr<12>, u64_le, _>::open(&bytes[..]).unwrap();
    assert_eq!(map.get("/é/19"), Some(&19.into()));
}

/// Looks a page up by its parts.
struct ByParts<'a>(u32, &'a str);

impl Query<Page> for ByParts<'_> {
    fn hash_query(&self, hasher: &mut KeyHasher<'_>) {
        Query::<u32_le>::hash_query(&self.0, hasher);
        Query::<FixedStr<20>>::hash_query(self.1, hasher);
    }

    fn is_key(&self, page: &Page) -> bool {
        self.0 == page.site && *self.1 == *page.path
    }
}

#[test]
fn structs_of_version_1() {
    structs().check();
    let bytes = AlignedBytes::from_slice(&fs::read(path("v1-struct-sealed.bin")).unwrap());
    let map = FixedMap::<Page, Visit, _>::open_verified(&bytes[..]).unwrap();
    assert_eq!(map.get(&ByParts(2, "/p14")).map(|visit| visit.count), Some(14.into()));
}

#[test]
fn empty_maps_of_version_1() {
    empty("v1-empty-open.bin", false).check();
    empty("v1-empty-sealed.bin", true).check();
}

/// No file is left that no test reads.
#[test]
fn every_file_is_tested() {
    let mut names: Vec<String> = fs::read_dir(path(""))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let tested = [
        "v1-empty-open.bin",
        "v1-empty-sealed.bin",
        INDEXED_PARTS,
        INDEXED_WORDS,
        INDEXED,
        "v1-passed-sealed.bin",
        PATHS,
        "v1-struct-sealed.bin",
        "v1-text-sealed.bin",
        "v1-u64-open.bin",
        "v1-u64-sealed.bin",
        WORDS,
    ];
    assert_eq!(names, tested);
}

type Indexed<M> = IndexedMap<FixedStr<12>, u16_le, M>;

const INDEXED: &str = "v1-indexed.bin";
const INDEXED_PARTS: &str = "v1-indexed-parts.hash";

fn indexed_key(i: usize) -> FixedStr<12> {
    FixedStr::new(&format!("/é/{i}")).unwrap()
}

/// An indexed archive of so many entries.
fn indexed(entries: usize) -> AlignedBytes {
    let memory = AlignedBytes::zeroed(Indexed::<AlignedBytes>::bytes_for(entries));
    let mut scratch = vec![0; Indexed::<AlignedBytes>::scratch_words(entries)];
    let pairs = (0..entries).map(|i| (indexed_key(i), u16::try_from(i).unwrap().into()));
    let map = Indexed::from_entries_in(memory, &mut scratch, SEED, pairs).unwrap();
    map.into_memory()
}

/// The hash of an archive of several parts, as it is in its file.
fn indexed_parts() -> [u8; 8] {
    rapidhash::v3::rapidhash_v3(&indexed(if cfg!(miri) { 100 } else { 30_000 })).to_le_bytes()
}

#[test]
fn indexed_archives_of_version_1() {
    let file = fs::read(path(INDEXED)).unwrap();
    assert!(*indexed(150) == *file, "{INDEXED}: the format has changed");
    let bytes = AlignedBytes::from_slice(&file);
    let map = Indexed::open_verified(&bytes[..]).unwrap();
    assert_eq!((map.len(), map.seed(), map.generation()), (150, SEED, 0));
    assert!((0..150).all(|i| {
        map.get(&indexed_key(i))
            .is_some_and(|&value| usize::from(value.to_native()) == i)
    }));
    assert!((150..300).all(|i| !map.contains_key(&indexed_key(i))));
    if !cfg!(miri) {
        assert!(
            fs::read(path(INDEXED_PARTS)).unwrap() == indexed_parts(),
            "{INDEXED_PARTS}: the format has changed"
        );
    }
}

/// A tree, with values at several levels, of the empty path too.
fn paths() -> PathArchive<str, u32_le> {
    let mut map = PathMap::<str, u32>::new();
    map.insert([""; 0], 7);
    for i in 0..30 {
        map.insert([["a", "é", ""][i as usize % 3], &word(i as usize)], i);
    }
    map.insert(["a"], 100);
    map.insert(["a", "b", "c", "d"], 101);
    let (levels, texts) = PathArchive::<str, u32_le>::measure(&map);
    let memory = AlignedBytes::zeroed(PathArchive::<str, u32_le>::bytes_for(levels, texts));
    let mut archive = PathArchive::<str, u32_le>::snapshot_seeded(memory, &map, SEED).unwrap();
    archive.seal();
    archive
}

const PATHS: &str = "v1-paths-sealed.bin";

#[test]
fn paths_of_version_1() {
    let file = fs::read(path(PATHS)).unwrap();
    assert!(*paths().as_bytes() == *file, "{PATHS}: the format has changed");
    let bytes = AlignedBytes::from_slice(&file);
    let archive = PathArchive::<str, u32_le, _>::open_verified(&bytes[..]).unwrap();
    assert_eq!((archive.len(), archive.level_count(), archive.seed()), (33, 37, SEED));
    assert_eq!(archive.get([""; 0]), Some(&7.into()));
    assert_eq!(archive.get(["é", "/é/28"]), Some(&28.into()));
    assert_eq!(archive.get(["a", "b", "c", "d"]), Some(&101.into()));
    let tops: Vec<_> = archive
        .root()
        .unwrap()
        .children()
        .filter_map(arenamap::fixed::path::Node::key)
        .collect();
    assert_eq!(tops, ["a", "é", ""]);
}

/// Texts of any length, with garbage between them.
fn words() -> VarMap<str, str> {
    let memory = AlignedBytes::zeroed(VarMap::<str, str>::bytes_for(20, 800));
    let mut map = VarMap::<str, str>::create_seeded(memory, 20, 800, SEED).unwrap();
    for i in 0..20 {
        map.insert(&word(i), "first").unwrap();
    }
    for i in 0..19 {
        map.insert(&word(i), &meaning(i)).unwrap();
    }
    map.remove(&word(19)).unwrap();
    map.seal();
    map
}

fn word(i: usize) -> String {
    format!("/é/{i}")
}

fn meaning(i: usize) -> String {
    ["", "x", "漢字", "some words "][i % 4].repeat(i % 7)
}

const INDEXED_WORDS: &str = "v1-indexed-words.bin";

#[test]
fn indexed_words_of_version_1() {
    let file = fs::read(path(INDEXED_WORDS)).unwrap();
    let made = words().try_index().unwrap();
    assert!(*made.as_bytes() == *file, "{INDEXED_WORDS}: the format has changed");
    let bytes = AlignedBytes::from_slice(&file);
    let map = IndexedMap::<str, str, _>::open_verified(&bytes[..]).unwrap();
    assert_eq!((map.len(), map.seed(), map.generation()), (19, SEED, 0));
    assert!((0..19).all(|i| map.get(&word(i)) == Some(meaning(i).as_str())));
    assert_eq!(map.get(&word(19)), None);
}

const WORDS: &str = "v1-words-sealed.bin";

#[test]
fn words_of_version_1() {
    let file = fs::read(path(WORDS)).unwrap();
    assert!(*words().as_bytes() == *file, "{WORDS}: the format has changed");
    let bytes = AlignedBytes::from_slice(&file);
    let map = VarMap::<str, str, _>::open_verified(&bytes[..]).unwrap();
    assert_eq!(
        (map.len(), map.capacity(), map.seed(), map.is_sealed()),
        (19, 20, SEED, true)
    );
    assert!((0..19).all(|i| map.get(&word(i)) == Some(meaning(i).as_str())));
    assert_eq!(map.get(&word(19)), None);
    assert!(map.garbage() > 0);
    let mut map = VarMap::<str, str, _>::open_verified(bytes.clone()).unwrap();
    map.insert("goes on", "and on").unwrap();
    map.verify().unwrap();
}

#[test]
#[ignore = "writes the files that the other tests read"]
fn write_golden() {
    fs::create_dir_all(path("")).unwrap();
    numbers("v1-u64-open.bin", false).write();
    numbers("v1-u64-sealed.bin", true).write();
    passed().write();
    texts().write();
    structs().write();
    empty("v1-empty-open.bin", false).write();
    empty("v1-empty-sealed.bin", true).write();
    fs::write(path(PATHS), paths().as_bytes()).unwrap();
    fs::write(path(WORDS), words().as_bytes()).unwrap();
    fs::write(path(INDEXED), &*indexed(150)).unwrap();
    fs::write(path(INDEXED_PARTS), indexed_parts()).unwrap();
    fs::write(path(INDEXED_WORDS), words().try_index().unwrap().as_bytes()).unwrap();
}
