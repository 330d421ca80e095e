//! Programs on the maps that grow, through what everybody can call, against the maps of the standard library.

use arenamap::{Arena, ArenaMap, ArenaSet, StrMap};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher};

/// A hasher without a seed, so that a program does the same each time, of whose hashes only some bits are left.
#[derive(Clone)]
pub(crate) struct Part(pub(crate) u64);

/// From good to constant.
pub(crate) const PARTS: [u64; 7] = [u64::MAX, 0xFFFF << 32, 0xFF << 56, 0xFF, 0xF, 1, 0];

pub(crate) struct PartHasher {
    inner: DefaultHasher,
    part: u64,
}

impl BuildHasher for Part {
    type Hasher = PartHasher;

    fn build_hasher(&self) -> PartHasher {
        PartHasher {
            inner: DefaultHasher::new(),
            part: self.0,
        }
    }
}

impl Hasher for PartHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.inner.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.inner.finish() & self.part
    }
}

/// How a program runs: the first bytes of the input.
struct Setting {
    hasher: Part,
    /// Of the arena, in bytes: then only calls that answer instead of panicking, and those that take no memory.
    budget: Option<usize>,
    /// How many different keys.
    keys: u64,
}

impl Setting {
    fn of(input: &mut Unstructured<'_>) -> Self {
        let [hasher, budget, keys] = input.arbitrary::<[u8; 3]>().unwrap_or_default();
        Self {
            hasher: Part(PARTS[usize::from(hasher) % PARTS.len()]),
            budget: (budget % 2 == 1).then_some(64 << ((budget >> 1) % 12)),
            keys: [12, 90, 700, 5_000][usize::from(keys) % 4],
        }
    }

    fn arena(&self) -> Arena {
        self.budget.map_or_else(Arena::new, Arena::with_budget)
    }
}

/// One operation: which, with which key, with which number.
struct Step {
    what: u8,
    key: u64,
    number: u64,
}

impl Step {
    fn next(input: &mut Unstructured<'_>, keys: u64) -> Result<Option<Self>> {
        if input.is_empty() {
            return Ok(None);
        }
        let [what, low, high, number] = input.arbitrary::<[u8; 4]>()?;
        let key = u64::from(u16::from_le_bytes([low, high])) % keys;
        Ok(Some(Self {
            what,
            key,
            number: number.into(),
        }))
    }
}

/// A string for a number; some are longer than others.
pub(crate) fn text(number: u64) -> String {
    format!(
        "{number}{}",
        "é".repeat(usize::try_from(number % 9).unwrap_or_default())
    )
}

fn number(text: &str) -> u64 {
    text.trim_end_matches('é').parse().expect("a key that was inserted")
}

/// A program on a map: `$make` makes the key of a number, `$by` borrows it for lookups, `$in` for insertions, `$back` gives the number.
macro_rules! map_program {
    ($name:ident, $map:ident, $make:expr, |$by:ident| $lookup:expr, |$in:ident| $insert:expr, |$back:ident| $number:expr, $module:path) => {
        pub fn $name(input: &mut Unstructured<'_>) -> Result<()> {
            use $module as entries;

            let setting = Setting::of(input);
            let mut map = $map::with_hasher_in(setting.hasher.clone(), setting.arena());
            let mut model: HashMap<u64, u64> = HashMap::new();
            while let Some(Step { what, key, number }) = Step::next(input, setting.keys)? {
                let made = $make(key);
                let $in = &made;
                let inserted = $insert;
                let $by = &made;
                let lookup = $lookup;
                let before = model.get(&key).copied();
                let calm = setting.budget.is_none();
                match what % 29 {
                    0 | 1 if calm => {
                        assert_eq!(map.insert(inserted, number), before);
                        model.insert(key, number);
                    }
                    0..=2 => match map.try_insert_overwrite(inserted, number) {
                        Ok(was) => {
                            assert_eq!(was, before);
                            model.insert(key, number);
                        }
                        Err(error) => {
                            assert!(!calm && before.is_none(), "overwriting needs no memory");
                            assert!(error.key == inserted && error.value == number);
                        }
                    },
                    3 => match map.try_insert(inserted, number) {
                        Ok(value) => {
                            assert_eq!((*value, before), (number, None));
                            model.insert(key, number);
                        }
                        Err(entries::TryInsertError::Occupied(error)) => {
                            assert_eq!((Some(*error.entry.get()), error.value), (before, number));
                        }
                        Err(entries::TryInsertError::Refused(error)) => {
                            assert!(!calm && before.is_none(), "what is there needs no memory");
                            assert!(error.key == inserted && error.value == number);
                        }
                    },
                    4 if calm => {
                        let value = map
                            .entry(inserted)
                            .and_modify(|value| *value += number)
                            .or_insert(number);
                        let expected = model
                            .entry(key)
                            .and_modify(|value| *value += number)
                            .or_insert(number);
                        assert_eq!(value, expected);
                    }
                    5 if calm => {
                        assert_eq!(*map.entry(inserted).insert(number).get(), number);
                        model.insert(key, number);
                    }
                    6 if calm => {
                        let value = *map.entry(inserted).or_insert_with_key(|_| number);
                        assert_eq!(value, *model.entry(key).or_insert(number));
                    }
                    4..=7 => match map.entry(inserted).try_or_insert(number) {
                        Ok(value) => assert_eq!(value, model.entry(key).or_insert(number)),
                        Err(error) => {
                            assert!(!calm && before.is_none(), "what is there needs no memory");
                            assert!(error.key == inserted && error.value == number);
                        }
                    },
                    8 => match map.entry(inserted) {
                        entries::Entry::Occupied(mut entry) => {
                            assert_eq!(Some(entry.insert(number)), before);
                            model.insert(key, number);
                            if number % 2 == 0 {
                                assert_eq!(entry.remove(), number);
                                model.remove(&key);
                            }
                        }
                        entries::Entry::Vacant(entry) => {
                            assert!(before.is_none());
                            if let Ok(value) = entry.try_insert(number) {
                                assert_eq!(*value, number);
                                model.insert(key, number);
                            } else {
                                assert!(!calm);
                            }
                        }
                    },
                    9 | 10 => {
                        assert_eq!(map.remove(lookup), before);
                        model.remove(&key);
                    }
                    11 => {
                        let removed = map.remove_entry(lookup).map(|($back, value)| ($number, value));
                        assert_eq!(removed, model.remove_entry(&key));
                    }
                    12 => {
                        if let Some(value) = map.get_mut(lookup) {
                            *value = number;
                            assert!(model.insert(key, number).is_some());
                        } else {
                            assert!(before.is_none());
                        }
                    }
                    13 => {
                        map.retain(|$back, value| ($number ^ *value ^ number) % 3 != 0);
                        model.retain(|known, value| (known ^ *value ^ number) % 3 != 0);
                    }
                    14 => {
                        let picks = |known: u64| known % 5 == number % 5;
                        let most = if number < 128 {
                            usize::MAX
                        } else {
                            usize::try_from(number % 16).unwrap_or_default()
                        };
                        let picked = map.extract_if(|$back, _| picks($number));
                        for ($back, value) in picked.take(most) {
                            let known = $number;
                            assert!(picks(known) && model.remove(&known) == Some(value));
                        }
                    }
                    15 if number < 64 => {
                        let most = usize::try_from(number).unwrap_or_default();
                        for ($back, value) in map.drain().take(most) {
                            assert_eq!(model.remove(&$number), Some(value));
                        }
                        model.clear();
                    }
                    15 if number < 96 => {
                        map.clear();
                        model.clear();
                    }
                    // At a constant size: pairs of a removal and an insertion.
                    15..=18 => {
                        for offset in 0..number {
                            let (old, new) = (
                                (key + offset) % setting.keys,
                                (key + offset * 7 + 1) % setting.keys,
                            );
                            let made = $make(old);
                            let $by = &made;
                            assert_eq!(map.remove($lookup), model.remove(&old));
                            let made = $make(new);
                            let $in = &made;
                            if what % 29 < 17 {
                                match map.try_insert_overwrite($insert, offset) {
                                    Ok(was) => assert_eq!(was, model.insert(new, offset)),
                                    Err(_) => assert!(!calm),
                                }
                            } else {
                                match map.entry($insert).try_or_insert(offset) {
                                    Ok(value) => assert_eq!(value, model.entry(new).or_insert(offset)),
                                    Err(_) => assert!(!calm),
                                }
                            }
                        }
                    }
                    19 | 20 => {
                        let keys: Vec<_> = (0..number * 4)
                            .map(|offset| $make((key + offset * 3) % setting.keys))
                            .collect();
                        let entries = keys.iter().zip(0..).map(|($in, value)| ($insert, value));
                        let taken = match map.try_extend(entries) {
                            Ok(()) => keys.len(),
                            Err(error) => {
                                assert!(!calm);
                                error.inserted
                            }
                        };
                        for offset in 0..taken as u64 {
                            model.insert((key + offset * 3) % setting.keys, offset);
                        }
                    }
                    21 => {
                        let wanted = usize::try_from(number * 16).unwrap_or_default();
                        match map.try_reserve(wanted) {
                            Ok(()) => assert!(map.capacity() >= map.len() + wanted),
                            Err(_) => assert!(!calm),
                        }
                    }
                    22 if calm => map.reserve(usize::try_from(number).unwrap_or_default()),
                    22 => {
                        // What nobody has.
                        assert!(map.try_reserve(usize::MAX / 2).is_err());
                    }
                    23 => {
                        map.shrink_to_fit();
                        assert!(map.capacity() >= map.len());
                    }
                    24 if calm => map = map.clone(),
                    25 if calm => {
                        let mut other = $map::with_hasher_in(setting.hasher.clone(), setting.arena());
                        let made = $make(key);
                        let $in = &made;
                        other.insert($insert, 1);
                        other.clone_from(&map);
                        assert!(other == map);
                        map = other;
                    }
                    24 | 25 => {
                        if let Ok(copy) = map.try_clone_in(setting.arena()) {
                            assert!(copy == map);
                            map = copy;
                        }
                    }
                    26 => {
                        for value in map.values_mut() {
                            *value ^= number;
                        }
                        model.values_mut().for_each(|value| *value ^= number);
                    }
                    27 => {
                        let mut iterated = 0;
                        for ($back, value) in map.iter().take(usize::try_from(number).unwrap_or_default()) {
                            assert_eq!(model.get(&$number), Some(value));
                            iterated += 1;
                        }
                        assert!(iterated == model.len() || iterated as u64 == number);
                    }
                    _ => {
                        assert_eq!(map.get(lookup).copied(), before);
                        assert_eq!(map.contains_key(lookup), before.is_some());
                        let iterated: HashMap<u64, u64> = map.iter().map(|($back, value)| ($number, *value)).collect();
                        assert_eq!(iterated, model);
                    }
                }
                assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
                let made = $make(key);
                let $by = &made;
                assert_eq!(map.get($lookup), model.get(&key));
            }
            let iterated: HashMap<u64, u64> = map.iter().map(|($back, value)| ($number, *value)).collect();
            assert_eq!((iterated.len(), &iterated), (map.len(), &model));
            for (&key, value) in &model {
                let made = $make(key);
                let $by = &made;
                assert_eq!(map.get($lookup), Some(value));
            }
            Ok(())
        }
    };
}

map_program!(
    numbers,
    ArenaMap,
    |key: u64| key,
    |key| key,
    |key| *key,
    |key| key.to_owned(),
    arenamap::hash_map
);
map_program!(
    strings,
    StrMap,
    text,
    |key| key.as_str(),
    |key| key.as_str(),
    |key| number(AsRef::as_ref(&key)),
    arenamap::copied
);

/// A program on a set.
pub fn set(input: &mut Unstructured<'_>) -> Result<()> {
    let setting = Setting::of(input);
    let mut set = ArenaSet::with_hasher_in(setting.hasher.clone(), setting.arena());
    let mut model: HashSet<u64> = HashSet::new();
    while let Some(Step { what, key, number }) = Step::next(input, setting.keys)? {
        let there = model.contains(&key);
        let calm = setting.budget.is_none();
        match what % 15 {
            0..=2 => match set.try_insert(key) {
                Ok(new) => assert!(new && model.insert(key) || !new && there),
                Err(error) => assert!(!calm && !there && error.key == key),
            },
            3 => match set.try_replace(key) {
                Ok(was) => assert_eq!(was, model.replace(key)),
                Err(error) => assert!(!calm && !there && error.key == key),
            },
            4 => match set.try_get_or_insert(key) {
                Ok(&known) => assert!(known == key && (model.insert(key) || there)),
                Err(error) => assert!(!calm && !there && error.key == key),
            },
            5 => assert_eq!(set.remove(&key), model.remove(&key)),
            6 => assert_eq!(set.take(&key), model.take(&key)),
            7 => {
                set.retain(|known| (known ^ number) % 3 != 0);
                model.retain(|known| (known ^ number) % 3 != 0);
            }
            8 => {
                let most = usize::try_from(number % 32).unwrap_or_default();
                for known in set.extract_if(|known| known % 3 == number % 3).take(most) {
                    assert!(known % 3 == number % 3 && model.remove(&known));
                }
            }
            9 if number < 64 => {
                let most = usize::try_from(number).unwrap_or_default();
                assert!(set.drain().take(most).all(|known| model.remove(&known)));
                model.clear();
            }
            9 | 10 => {
                for offset in 0..number {
                    let (old, new) = ((key + offset) % setting.keys, (key + offset * 7 + 1) % setting.keys);
                    assert_eq!(set.remove(&old), model.remove(&old));
                    match set.try_insert(new) {
                        Ok(added) => assert_eq!(added, model.insert(new)),
                        Err(_) => assert!(!calm),
                    }
                }
            }
            11 => {
                let keys = (0..number * 4).map(|offset| (key + offset * 3) % setting.keys);
                let taken = match set.try_extend(keys.clone()) {
                    Ok(()) => usize::MAX,
                    Err(error) => {
                        assert!(!calm);
                        error.inserted
                    }
                };
                model.extend(keys.take(taken));
            }
            12 => set.shrink_to_fit(),
            13 => {
                if let Ok(mut copy) = set.try_clone_in(setting.arena()) {
                    assert!(copy == set && copy.is_subset(&set) && set.difference(&copy).next().is_none());
                    copy.retain(|known| known % 2 == 0);
                    assert_eq!(set.intersection(&copy).count(), copy.len());
                    assert_eq!(set.union(&copy).count(), set.len());
                } else {
                    assert!(!calm);
                }
            }
            _ => assert_eq!(set.iter().copied().collect::<HashSet<_>>(), model),
        }
        assert_eq!((set.len(), set.contains(&key)), (model.len(), model.contains(&key)));
    }
    assert_eq!(set.iter().copied().collect::<HashSet<_>>(), model);
    assert!(model.iter().all(|key| set.contains(key)));
    Ok(())
}
