//! One operation after the other, as the input says.

use arenamap::fixed::{
    AlignedBytes, Checked, Entry, Field, FixedInsertError, FixedKey, FixedMap, FixedStr, Frozen, Memory, MemoryMut,
    u16_le, u32_le, u64_le,
};
use libfuzzer_sys::arbitrary::Unstructured;
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

/// A key made of a number: few different ones, so that programs meet them again.
pub trait Key: FixedKey + Checked + Copy + Eq + Hash + Debug {
    fn make(number: u8) -> Self;

    /// The value, looked up by whatever the key may be looked up by.
    fn find<V: Value, M: Memory>(self, map: &FixedMap<Self, V, M>) -> Option<&V> {
        map.get(&self)
    }
}

/// A value made of a number.
pub trait Value: Checked + Frozen + Copy + Eq + Debug {
    fn make(number: u8) -> Self;
}

impl Key for u64_le {
    fn make(number: u8) -> Self {
        u64::from(number).into()
    }

    fn find<V: Value, M: Memory>(self, map: &FixedMap<Self, V, M>) -> Option<&V> {
        map.get(&self.to_native())
    }
}

impl Key for u32_le {
    fn make(number: u8) -> Self {
        u32::from(number).into()
    }
}

impl Key for [u8; 3] {
    fn make(number: u8) -> Self {
        [number, 0, number]
    }
}

impl<const N: usize> Key for FixedStr<N> {
    fn make(number: u8) -> Self {
        FixedStr::cut(&format!("{number}{}", "é".repeat(usize::from(number >> 6))))
    }

    fn find<V: Value, M: Memory>(self, map: &FixedMap<Self, V, M>) -> Option<&V> {
        map.get(self.as_str())
    }
}

impl Value for u64_le {
    fn make(number: u8) -> Self {
        (u64::from(number) << 33).into()
    }
}

impl Value for u16_le {
    fn make(number: u8) -> Self {
        u16::from(number).into()
    }
}

impl Value for bool {
    fn make(number: u8) -> Self {
        number & 1 == 1
    }
}

impl Value for () {
    fn make(_: u8) -> Self {}
}

/// What the map should hold, if its archive is undamaged.
type Model<'m, K, V> = Option<&'m mut HashMap<K, V>>;

/// Whether a search that went through all groups may be: every counter of a class is above zero.
fn no_search_ends<K: Key, V: Value, M: Memory>(map: &FixedMap<K, V, M>) -> bool {
    let stats = map.stats();
    stats.longest_miss == stats.groups
}

/// Looks at everything that a shared reference shows.
pub fn look<K: Key, V: Value, M: Memory>(map: &FixedMap<K, V, M>, model: Option<&HashMap<K, V>>) {
    let stats = map.stats();
    let slots = stats.groups * 12;
    let entries: Vec<(K, V)> = map.iter().map(|(&key, &value)| (key, value)).collect();
    assert!(entries.len() <= slots && map.len() <= map.capacity());
    assert!(map.keys().copied().eq(entries.iter().map(|&(key, _)| key)));
    assert!(map.values().copied().eq(entries.iter().map(|&(_, value)| value)));
    assert!(map.keys().zip(map).all(|(key, (other, _))| key == other));
    let mut folded = 0;
    map.iter().for_each(|_| folded += 1);
    assert_eq!(folded, entries.len());
    assert!(!format!("{map:?} {stats} {:?}", map.iter()).is_empty());
    let keys: Vec<K> = (0..=u8::MAX)
        .step_by(16)
        .map(K::make)
        .chain(entries.iter().map(|&(key, _)| key))
        .collect();
    let mut out = vec![None; keys.len()];
    map.get_batch(&keys, &mut out);
    for (key, batched) in keys.iter().zip(&out) {
        map.prefetch(key);
        let value = map.get(key);
        assert_eq!(value, *batched);
        assert_eq!(value, map.get_key_value(key).map(|(_, value)| value));
        assert_eq!(value.is_some(), map.contains_key(key));
        match map.try_get(key) {
            Ok(found) => assert_eq!(found, value),
            Err(error) => {
                assert_eq!(error.field(), Field::Search, "{error}");
                assert!(value.is_none() && no_search_ends(map));
            }
        }
        let found = key.find(map);
        if let Some(model) = model {
            assert_eq!(value, model.get(key));
            assert_eq!(value, found);
        }
    }
    if let Some(model) = model {
        assert_eq!(
            (entries.len(), map.len(), map.is_empty()),
            (model.len(), model.len(), model.is_empty())
        );
        assert_eq!(entries.iter().copied().collect::<HashMap<_, _>>(), *model);
        assert_eq!(map.iter().len(), model.len());
    }
}

/// An insert, and whether its answer is one that may be.
fn insert<K: Key, V: Value, M: MemoryMut>(map: &mut FixedMap<K, V, M>, mut model: Model<'_, K, V>, key: K, value: V) {
    match map.insert(key, value) {
        Ok(before) => {
            if let Some(model) = &mut model {
                assert_eq!(before, model.insert(key, value));
                assert_eq!(map.get(&key), Some(&value));
            }
            // In a damaged archive it may be another one of this key, behind a counter that was zero until now.
            assert!(map.contains_key(&key));
        }
        Err(error) => {
            refused(map, model.as_deref(), &key, &error);
            assert_eq!(error.into_pair(), (key, value));
        }
    }
}

fn refused<K: Key, V: Value, M: Memory>(
    map: &FixedMap<K, V, M>,
    model: Option<&HashMap<K, V>>,
    key: &K,
    error: &FixedInsertError<K, V>,
) {
    match error {
        FixedInsertError::Full { capacity, .. } => {
            assert_eq!((*capacity, map.len()), (map.capacity(), map.capacity()));
            assert!(model.is_none_or(|model| model.len() == *capacity && !model.contains_key(key)));
        }
        FixedInsertError::Corrupt { error, .. } => {
            assert!(model.is_none(), "{error}");
            assert_eq!(error.field(), Field::Search);
        }
        other => panic!("{other}"),
    }
}

/// One operation, chosen by the input; the answer is compared with the model's, if there is one.
pub fn step<K: Key, V: Value, M: MemoryMut>(
    map: &mut FixedMap<K, V, M>,
    mut model: Model<'_, K, V>,
    input: &mut Unstructured<'_>,
) {
    let [operation, key, value] = input.arbitrary::<[u8; 3]>().unwrap_or_default();
    let (number, key, value) = (key, K::make(key), V::make(value));
    match operation % 24 {
        0..=5 => insert(map, model, key, value),
        6..=7 => {
            let removed = map.remove(&key);
            if let Some(model) = model {
                assert_eq!(removed, model.remove(&key));
            }
        }
        8 => {
            let removed = map.remove_entry(&key);
            if let Some(model) = model {
                assert_eq!(removed, model.remove_entry(&key));
            }
        }
        9..=10 => match map.try_remove(&key) {
            Ok(removed) => {
                if let Some(model) = model {
                    assert_eq!(removed, model.remove(&key));
                }
            }
            Err(error) => {
                let endless = error.field() == Field::Search && no_search_ends(map);
                assert!(
                    model.is_none_or(|model| endless && !model.contains_key(&key)),
                    "{error}"
                );
            }
        },
        11 => {
            if let Some(there) = map.get_mut(&key) {
                *there = value;
                if let Some(model) = model {
                    assert!(model.insert(key, value).is_some());
                }
            } else {
                assert!(model.is_none_or(|model| !model.contains_key(&key)));
            }
        }
        12 => {
            let outcome = map
                .entry(key)
                .and_modify(|there| *there = value)
                .or_insert(value)
                .copied();
            match outcome {
                Ok(there) => {
                    assert_eq!(there, value);
                    if let Some(model) = model {
                        model.insert(key, value);
                    }
                }
                Err(error) => refused(map, model.as_deref(), &key, &error),
            }
        }
        13 => match map.entry(key) {
            Entry::Occupied(mut entry) => {
                assert_eq!(*entry.key(), key);
                let before = *entry.get();
                assert_eq!(entry.insert(value), before);
                let removed = (number % 2 == 0).then(|| entry.remove_entry());
                if let Some(model) = model {
                    assert_eq!(model.insert(key, value), Some(before));
                    if removed.is_some() {
                        assert_eq!(model.remove_entry(&key), removed);
                    }
                }
            }
            Entry::Vacant(entry) => {
                assert!(model.is_none_or(|model| !model.contains_key(&key)));
                assert_eq!(entry.into_key(), key);
            }
        },
        14 => {
            let keep = |key: &K| u8::from(map_bit(key)) == number & 1;
            map.retain(|key, _| keep(key));
            if let Some(model) = &mut model {
                model.retain(|key, _| keep(key));
            }
            assert!(map.keys().all(keep));
        }
        15 => {
            let wanted = usize::from(number);
            let taken: Vec<(K, V)> = map.extract_if(|key, _| map_bit(key)).take(wanted).collect();
            if let Some(model) = model {
                for (key, value) in taken {
                    assert_eq!(model.remove(&key), Some(value));
                }
            }
        }
        16 if number < 16 => {
            let mut drained: Vec<(K, V)> = map.drain().take(usize::from(number)).collect();
            drained.dedup();
            assert!(map.is_empty() && map.iter().next().is_none());
            if let Some(model) = model {
                assert!(drained.iter().all(|(key, value)| model.remove(key) == Some(*value)));
                model.clear();
            }
        }
        16 if number < 24 => {
            map.clear();
            if let Some(model) = model {
                model.clear();
            }
        }
        16 | 17 => {
            for there in map.values_mut() {
                *there = value;
            }
            for (_, there) in &mut *map {
                assert_eq!(*there, value);
            }
            if let Some(model) = model {
                model.values_mut().for_each(|there| *there = value);
            }
        }
        18 => {
            let other = K::make(number.wrapping_add(1));
            if other != key {
                let found = map.get_disjoint_mut([&key, &other]).map(|value| value.copied());
                if let Some(model) = model {
                    assert_eq!(found, [model.get(&key).copied(), model.get(&other).copied()]);
                }
            }
        }
        19 => {
            let pairs = (0..number % 8).map(|i| (K::make(number.wrapping_add(i)), V::make(i)));
            match map.try_extend(pairs.clone()) {
                Ok(()) => {
                    if let Some(model) = model {
                        model.extend(pairs);
                    }
                }
                Err(error) => {
                    let inserted = pairs.clone().take(error.inserted);
                    if let Some(model) = &mut model {
                        model.extend(inserted);
                    }
                    let (key, _) = pairs.clone().nth(error.inserted).expect("the pair that was refused");
                    refused(map, model.as_deref(), &key, &error.cause);
                }
            }
        }
        20 => {
            let capacity = usize::from(number % 41);
            let need = FixedMap::<K, V>::bytes_for(capacity);
            match map.copy_into(AlignedBytes::zeroed(need), capacity) {
                Ok(copy) => {
                    match copy.verify() {
                        Ok(()) => {}
                        // What was no text in an archive that was not verified is none in its copy.
                        Err(error) => assert!(model.is_none() && error.field() == Field::Key, "{error}"),
                    }
                    look(&copy, model.as_deref());
                }
                Err(error) => {
                    assert!(matches!(error.field(), Field::TooSmall | Field::Len), "{error}");
                    assert!(model.is_none_or(|model| model.len() > capacity && error.field() == Field::TooSmall));
                }
            }
        }
        21 => {
            let need = map.seal().len();
            assert!(map.is_sealed() && need == map.as_bytes().len());
        }
        22 => {
            let mut scratch = vec![7; map.scratch_words()];
            assert_eq!(map.verify(), map.verify_in(&mut scratch));
        }
        _ => look(map, model.as_deref()),
    }
}

/// Half of all keys.
fn map_bit<K: Key>(key: &K) -> bool {
    key.as_bytes().iter().fold(0, |all, byte| all ^ byte).count_ones() % 2 == 1
}
