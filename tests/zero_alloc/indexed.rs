//! `IndexedMap`: made in memory that is given, opened, verified and read, without the heap; nor is it called when something is refused.

use std::collections::HashMap;
use std::hint::black_box;

use arenamap::fixed::{AlignedBytes, Field, FixedMap, IndexedMap, VarMap, u16_le, u64_le};
use libtest_mimic::Trial;

use crate::errors::show;
use crate::proof::{claim, control};
use crate::support::key;

const N: u32 = 2_000;

type Map<M> = IndexedMap<u64_le, u16_le, M>;

/// Buffers that a program has anyway.
struct Buffers {
    table: FixedMap<u64_le, u16_le>,
    archive: AlignedBytes,
    memory: AlignedBytes,
    scratch: Vec<u64>,
    texts: VarMap<str, str>,
    memory_of_texts: AlignedBytes,
}

/// Texts that stand in the program.
const WORDS: [&str; 5] = ["", "a", "é", "a text of some length", "漢字"];

impl Buffers {
    fn new() -> Self {
        let len = N as usize;
        let memory = AlignedBytes::zeroed(FixedMap::<u64_le, u16_le>::bytes_for(len));
        let mut table = FixedMap::create_seeded(memory, len, 42).unwrap();
        table.try_extend(pairs()).unwrap();
        Self {
            archive: table.try_index().unwrap().into_memory(),
            table,
            memory: AlignedBytes::zeroed(Map::<AlignedBytes>::bytes_for(len)),
            scratch: vec![0; Map::<AlignedBytes>::scratch_words(len)],
            texts: VarMap::from_pairs(WORDS.map(|word| (word, word))).unwrap(),
            memory_of_texts: AlignedBytes::zeroed(1024),
        }
    }
}

fn pairs() -> impl ExactSizeIterator<Item = (u64_le, u16_le)> + Clone {
    (0..N).map(|n| (key(n.into()).into(), u16::try_from(n).unwrap().into()))
}

fn look<M: arenamap::fixed::Memory>(map: &Map<M>) {
    for n in 0..2 * u64::from(N) {
        map.prefetch(&key(n));
        assert_eq!(map.get(&key(n)).is_some(), n < N.into());
        assert_eq!(map.get_key_value(&key(n)).is_some(), map.contains_key(&key(n)));
    }
    let keys: [u64; 100] = std::array::from_fn(|n| key(n as u64));
    let mut out = [None; 100];
    map.get_batch(&keys, &mut out);
    assert!(out.iter().all(Option::is_some));
    assert_eq!(
        map.iter().count() + map.keys().count() + map.values().count(),
        3 * N as usize
    );
    black_box((map.len(), map.is_empty(), map.seed(), map.generation(), map.as_bytes()));
}

fn make(buffers: &mut Buffers) {
    let map = buffers
        .table
        .index_into(&mut buffers.memory[..], &mut buffers.scratch)
        .unwrap();
    assert_eq!(map.as_bytes(), &buffers.archive[..]);
    let map = Map::from_entries_in(&mut buffers.memory[..], &mut buffers.scratch, 7, pairs()).unwrap();
    map.verify().unwrap();
}

fn open(buffers: &mut Buffers) {
    look(&Map::open(&buffers.archive[..]).unwrap());
    look(&Map::open_verified(&buffers.archive[..]).unwrap());
}

fn texts(buffers: &mut Buffers) {
    let Buffers {
        texts,
        memory_of_texts: memory,
        scratch,
        ..
    } = buffers;
    let len = IndexedMap::from_entries_in(&mut memory[..], scratch, 7, WORDS.map(|word| (word, word)))
        .map(|map: IndexedMap<str, str, _>| map.len());
    assert_eq!(len, Ok(WORDS.len()));
    let made = texts.index_into(&mut memory[..], scratch).unwrap();
    made.verify().unwrap();
    for map in [
        IndexedMap::<str, str, _>::open(made.as_bytes()).unwrap(),
        IndexedMap::<str, str, _>::open_verified(made.as_bytes()).unwrap(),
    ] {
        for word in WORDS {
            assert_eq!((map.get(word), map.try_get(word)), (Some(word), Ok(Some(word))));
            assert_eq!(
                map.get_bytes(word).zip(map.get_key_value(word)),
                Some((word.as_bytes(), (word, word)))
            );
        }
        let mut out = [None; 5];
        map.get_batch(&WORDS, &mut out);
        assert_eq!(out, WORDS.map(Some));
        assert_eq!(map.iter().count() + map.keys().count() + map.values().count(), 15);
        black_box(map.room());
    }
}

fn refuse(buffers: &mut Buffers) {
    let twice = pairs().map(|(key, value)| (if value == 8 || value == 9 { 5.into() } else { key }, value));
    let error = Map::from_entries_in(&mut buffers.memory[..], &mut buffers.scratch, 7, twice).unwrap_err();
    assert_eq!(
        (error.field(), error.expected(), error.found()),
        (Field::Repeated, 8, 9)
    );
    show(&error);
    show(&Map::from_entries_in(&mut buffers.memory[..], &mut [], 7, pairs()).unwrap_err());
    show(&Map::open(&buffers.archive[..1_000]).unwrap_err());
    show(&Map::open(buffers.table.as_bytes()).unwrap_err());
    buffers.archive[3_000] ^= 1;
    show(&Map::open_verified(&buffers.archive[..]).unwrap_err());
    buffers.archive[3_000] ^= 1; // for the next run
}

/// One piece of work, with a name.
type Work = (&'static str, fn(&mut Buffers));

pub(crate) fn trials() -> Vec<Trial> {
    let nothing: fn(&mut Buffers) = |_| {};
    let claims: [Work; 4] = [
        ("indexed::make", make),
        ("indexed::open", open),
        ("indexed::texts", texts),
        ("indexed::refuse", refuse),
    ];
    let controls: [Work; 3] = [
        ("indexed::texts", |buffers| {
            drop(black_box(buffers.texts.try_index().unwrap()));
        }),
        ("indexed::make", |buffers| {
            drop(black_box(buffers.table.try_index().unwrap()));
        }),
        ("indexed::open", |_| {
            let map: HashMap<u64, u32> = (0..N).map(|n| (key(n.into()), n)).collect();
            assert!(map.contains_key(&key(1)));
        }),
    ];
    let mut trials: Vec<Trial> = claims
        .map(|(name, work)| claim(name, Buffers::new, nothing, work))
        .into();
    trials.extend(controls.map(|(name, work)| control(name, Buffers::new, nothing, work)));
    trials
}
