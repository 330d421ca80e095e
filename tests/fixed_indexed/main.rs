//! `IndexedMap`: the same entries as the map that it was made of, the same bytes on every run, its format by the letter, and what
//! becomes of archives that were damaged or made to do harm.

#![allow(clippy::cast_possible_truncation, reason = "noise and small archives")]

mod format;
mod hostile;
mod model;
mod strings;

#[path = "../support/archive.rs"]
mod archive;
#[path = "../support/archive_use.rs"]
mod archive_use;

use archive::{at, number32};
use archive_use::Kind;
use arenamap::fixed::{AlignedBytes, Checked, FixedKey, FixedStr, Frozen, IndexedMap, Memory, u16_le};

/// A text, and two bytes of padding behind the value.
fn texts() -> Kind<FixedStr<13>, u16_le> {
    Kind {
        name: "FixedStr<13> / u16_le",
        key: |i| FixedStr::new(&format!("é{i}")).expect("it fits"),
        value: |i| (i as u16).into(),
    }
}

/// The archive of the entries `0..entries`.
fn filled<K: FixedKey + Checked, V: Checked + Frozen>(kind: Kind<K, V>, entries: u32, seed: u64) -> AlignedBytes {
    let memory = AlignedBytes::zeroed(IndexedMap::<K, V>::bytes_for(entries as usize));
    let mut scratch = vec![u64::MAX; IndexedMap::<K, V>::scratch_words(entries as usize)];
    let pairs = (0..entries as usize).map(|i| ((kind.key)(i as u32), (kind.value)(i as u32)));
    let map = IndexedMap::<K, V, _>::from_entries_in(memory, &mut scratch, seed, pairs).expect("different keys");
    map.into_memory()
}

/// Where the slots of an archive begin.
fn slots_at(bytes: &[u8]) -> usize {
    let (parts, buckets) = (number32(bytes, 104) as usize, number32(bytes, 108) as usize);
    (at::TAGS + 4 * (parts + 1) + buckets).next_multiple_of((number32(bytes, at::SLOT_ALIGN) as usize).max(16))
}

/// Everything that a map shows, of whose bytes nothing is known but that they may be any: each call ends and stays in its memory.
fn look<K, V, M>(map: &IndexedMap<K, V, M>, kind: Kind<K, V>, entries: u32)
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
    M: Memory,
{
    let (len, slots) = (map.len(), map.len() + map.len() / 99 + 1 + map.len() / 3 / 4096 + 1);
    assert_eq!((map.is_empty(), map.iter().len()), (len == 0, len));
    let seen = map.iter().count();
    assert!(seen <= slots);
    assert_eq!((seen, seen), (map.keys().count(), map.values().clone().count()));
    assert_eq!(map.into_iter().size_hint().0, len);
    for (key, _) in map {
        let _ = map.get(key);
    }
    let keys: Vec<K> = (0..entries + 8).map(kind.key).collect();
    let mut values = vec![None; keys.len()];
    map.get_batch(&keys, &mut values);
    let bytes = |value: &V| value.as_bytes().to_vec();
    for (key, value) in keys.iter().zip(values) {
        map.prefetch(key);
        assert_eq!(map.get(key).map(bytes), value.map(bytes));
        assert_eq!(map.contains_key(key), value.is_some());
        match map.get_key_value(key) {
            Some((found, there)) => assert_eq!(
                (found.as_bytes(), Some(bytes(there))),
                (key.as_bytes(), value.map(bytes))
            ),
            None => assert!(value.is_none()),
        }
    }
    assert_eq!(map.as_bytes().len(), IndexedMap::<K, V>::bytes_for(len));
    assert_eq!(
        (map.layout().total(), map.stats().bytes),
        (map.as_bytes().len(), map.as_bytes().len())
    );
    let _ = (map.seed(), map.generation());
    let _ = map.verify();
}
