//! `StrMap`, by each of its calls.

#[cfg(any(feature = "serde", feature = "rkyv"))]
use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;

use arenamap::StrMap;
use arenamap::copied::Entry;

use crate::subject::{Fresh, Hasher, Kind, Model, Subject, Words, text};
use crate::ways::{Add, Remove};

impl<H: Kind> Subject for Words<H> {
    type Handle = H;
    type Key = String;
    const NAME: &'static str = "StrMap of u64";
    const VALUES: bool = true;
    const ADDS: &'static [Add] = &[
        Add::Insert,
        Add::TryInsert,
        Add::TryInsertOverwrite,
        Add::EntryInsert,
        Add::EntryOrInsert,
        Add::EntryOrInsertEntry,
        Add::EntryOrInsertWith,
        Add::EntryOrInsertWithKey,
        Add::EntryOrDefault,
        Add::EntryAndModify,
        Add::EntryTryInsert,
        Add::EntryTryOrInsert,
        Add::EntryTryOrInsertEntry,
        Add::EntryTryOrInsertWith,
        Add::EntryTryOrInsertWithKey,
        Add::EntryTryOrDefault,
        Add::VacantInsert,
        Add::VacantInsertEntry,
        Add::VacantTryInsert,
        Add::VacantTryInsertEntry,
        Add::Extend,
        Add::TryExtend,
        Add::FromIterator,
        Add::FromIterIn,
        Add::TryFromIterIn,
        Add::Clone,
        Add::CloneFrom,
        Add::CloneIn,
        Add::TryCloneIn,
        Add::TryCloneFrom,
        Add::Deserialize,
        Add::Seed,
        Add::Archive,
        Add::ExtendArchived,
    ];
    const REMOVES: &'static [Remove] = &[
        Remove::Remove,
        Remove::RemoveEntry,
        Remove::OccupiedRemove,
        Remove::OccupiedRemoveEntry,
        Remove::Retain,
        Remove::ExtractIf,
        Remove::ExtractIfDropped,
        Remove::Drain,
        Remove::DrainDropped,
        Remove::Clear,
        Remove::IntoValues,
        Remove::IntoHandle,
    ];

    fn key(id: u64) -> String {
        text(id)
    }

    fn new_in(handle: H) -> Self {
        StrMap::with_hasher_in(Hasher::default(), handle)
    }

    fn len(&self) -> usize {
        StrMap::len(self)
    }

    fn capacity(&self) -> usize {
        StrMap::capacity(self)
    }

    fn left_to_move(&self) -> usize {
        self.stats().left_to_move
    }

    fn reserve(&mut self, additional: usize) {
        StrMap::reserve(self, additional);
    }

    fn shrink_to_fit(&mut self) {
        StrMap::shrink_to_fit(self);
    }

    fn used(&self) -> usize {
        self.arena_stats().used
    }

    fn into_handle(self) -> H {
        StrMap::into_handle(self)
    }

    fn add(&mut self, way: Add, batch: &[(u64, u64)], fresh: Fresh<'_, H>) {
        let pairs = || batch.iter().map(|&(id, number)| (text(id), number));
        let old = || self.iter().map(|(key, value)| (key.to_owned(), *value));
        *self = match way {
            Add::Extend => return self.extend(pairs()),
            Add::TryExtend => return self.try_extend(pairs()).unwrap(),
            Add::FromIterator => H::words(old().chain(pairs()).collect()),
            Add::FromIterIn => StrMap::from_iter_in(old().chain(pairs()), fresh()),
            Add::TryFromIterIn => StrMap::try_from_iter_in(old().chain(pairs()), fresh()).unwrap(),
            Add::Clone => with_pairs(self.clone(), pairs()),
            Add::CloneFrom | Add::TryCloneFrom => {
                let mut copy = Self::new_in(fresh());
                copy.insert("must go", 1);
                match way {
                    Add::CloneFrom => copy.clone_from(self),
                    _ => copy.try_clone_from(self).unwrap(),
                }
                with_pairs(copy, pairs())
            }
            Add::CloneIn => with_pairs(self.clone_in(fresh()), pairs()),
            Add::TryCloneIn => with_pairs(self.try_clone_in(fresh()).unwrap(), pairs()),
            #[cfg(feature = "serde")]
            Add::Deserialize => {
                let json = serde_json::to_string(&old().chain(pairs()).collect::<HashMap<_, _>>()).unwrap();
                H::words(serde_json::from_str(&json).unwrap())
            }
            #[cfg(feature = "serde")]
            Add::Seed => {
                use serde::de::DeserializeSeed;
                let json = serde_json::to_string(&old().chain(pairs()).collect::<HashMap<_, _>>()).unwrap();
                arenamap::StrMapSeed::new_in(fresh())
                    .hasher(Hasher::default())
                    .deserialize(&mut serde_json::Deserializer::from_str(&json))
                    .unwrap()
            }
            #[cfg(feature = "rkyv")]
            Add::Archive => {
                let all: HashMap<String, u64> = old().chain(pairs()).collect();
                let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(&all).unwrap();
                H::words(rkyv::from_bytes::<Words<_>, rkyv::rancor::Error>(&bytes).unwrap())
            }
            #[cfg(feature = "rkyv")]
            Add::ExtendArchived => {
                use rkyv::rancor::{Error, Strategy};
                let bytes = rkyv::to_bytes::<Error>(&pairs().collect::<HashMap<String, u64>>()).unwrap();
                let archived = rkyv::access::<rkyv::Archived<HashMap<String, u64>>, Error>(&bytes).unwrap();
                return self
                    .try_extend_archived(archived, Strategy::<(), Error>::wrap(&mut ()))
                    .unwrap();
            }
            _ => return pairs().for_each(|(key, value)| add_one(self, way, &key, value)),
        };
    }

    fn remove(&mut self, way: Remove, victims: &[u64], model: &mut Model<String>, fresh: Fresh<'_, H>) {
        let gone = |model: &mut Model<String>, key: &str, value: u64| {
            assert_eq!(model.remove(key), Some(value), "{key:?} leaves the map");
        };
        let chosen = || victims.iter().map(|&id| text(id)).collect::<HashSet<_, Hasher>>();
        match way {
            Remove::Retain => {
                let chosen = chosen();
                self.retain(|key, _| !chosen.contains(key));
                model.retain(|key, _| !chosen.contains(key));
            }
            Remove::ExtractIf => {
                let chosen = chosen();
                self.extract_if(|key, _| chosen.contains(key))
                    .for_each(|(key, value)| gone(model, &key, value));
            }
            Remove::ExtractIfDropped => {
                let chosen = chosen();
                self.extract_if(|key, _| chosen.contains(key))
                    .take(victims.len().div_ceil(2))
                    .for_each(|(key, value)| gone(model, &key, value));
            }
            Remove::Drain => {
                self.drain().for_each(|(key, value)| gone(model, &key, value));
                assert!(model.is_empty());
            }
            Remove::DrainDropped => {
                let half = self.len() / 2;
                self.drain()
                    .take(half)
                    .for_each(|(key, value)| gone(model, &key, value));
                model.clear();
            }
            Remove::Clear => {
                self.clear();
                model.clear();
            }
            Remove::IntoValues => {
                let old = std::mem::replace(self, Self::new_in(fresh()));
                let mut left: Vec<u64> = old.into_values().collect();
                let mut expected: Vec<u64> = model.drain().map(|(_, number)| number).collect();
                left.sort_unstable();
                expected.sort_unstable();
                assert_eq!(left, expected);
            }
            Remove::IntoHandle => {
                let old = std::mem::replace(self, Self::new_in(fresh()));
                *self = Self::new_in(old.into_handle());
                model.clear();
            }
            _ => {
                for &id in victims {
                    let key = text(id);
                    let value = remove_one(self, way, &key);
                    gone(model, &key, value);
                }
            }
        }
    }

    fn check(&mut self, model: &Model<String>, absent: Range<u64>) {
        assert_eq!(StrMap::len(self), model.len());
        assert_eq!(self.is_empty(), model.is_empty());
        assert!(StrMap::capacity(self) >= model.len(), "room for what is there");
        assert_eq!(self.iter().len(), model.len());
        let mut seen = 0;
        for (key, value) in &*self {
            assert_eq!(model.get(key), Some(value), "{key:?} by iteration");
            seen += 1;
        }
        assert_eq!(seen, model.len(), "each once");
        for (key, number) in model {
            assert_eq!(self.get(key), Some(number), "{key:?} by lookup");
        }
        assert!(self.same_entries(self));
        let missing = text(absent.start);
        for (key, &number) in model.iter().take(3) {
            assert!(self.contains_key(key));
            assert_eq!(self[key.as_str()], number);
            assert_eq!(self.get_key_value(key), Some((key.as_str(), &number)));
            assert_eq!(self.get_mut(key).copied(), Some(number));
            assert_eq!(self.get_key_value_mut(key).unwrap().0, key);
            let [found, none] = self.get_disjoint_mut([key, &missing]);
            assert!(found.is_some() && none.is_none());
        }
        assert_eq!(
            self.keys().take(3).filter(|key| model.contains_key(*key)).count(),
            model.len().min(3)
        );
        assert_eq!(self.values().len(), model.len());
        assert_eq!(self.values_mut().count(), model.len());
        assert_eq!(self.iter_mut().count(), model.len());
        for key in absent.map(text) {
            assert!(
                self.get(&key).is_none() && !self.contains_key(&key),
                "{key:?} is not there"
            );
            assert!(StrMap::remove(self, &key).is_none());
            assert!(matches!(self.entry(&key), Entry::Vacant(_)));
        }
        assert_eq!(self.stats().len, model.len());
    }
}

fn with_pairs<H: Kind>(mut map: Words<H>, pairs: impl Iterator<Item = (String, u64)>) -> Words<H> {
    for (key, value) in pairs {
        map.insert(&key, value);
    }
    map
}

fn add_one<H: Kind>(map: &mut Words<H>, way: Add, key: &str, value: u64) {
    match way {
        Add::Insert => {
            map.insert(key, value);
        }
        Add::TryInsert => {
            let there = map.contains_key(key);
            assert_eq!(map.try_insert(key, value).is_err(), there);
        }
        Add::TryInsertOverwrite => {
            map.try_insert_overwrite(key, value).unwrap();
        }
        Add::EntryInsert => drop(map.entry(key).insert(value)),
        Add::EntryOrInsert => {
            map.entry(key).or_insert(value);
        }
        Add::EntryOrInsertEntry => drop(map.entry(key).or_insert_entry(value)),
        Add::EntryOrInsertWith => {
            map.entry(key).or_insert_with(|| value);
        }
        Add::EntryOrInsertWithKey => {
            map.entry(key).or_insert_with_key(|_| value);
        }
        Add::EntryOrDefault => *map.entry(key).or_default() = value,
        Add::EntryAndModify => {
            map.entry(key).and_modify(|old| *old = value).or_insert(value);
        }
        Add::EntryTryOrInsert => {
            map.entry(key).try_or_insert(value).unwrap();
        }
        Add::EntryTryOrInsertWith => {
            map.entry(key).try_or_insert_with(|| value).unwrap();
        }
        Add::EntryTryInsert => drop(map.entry(key).try_insert(value).unwrap()),
        Add::EntryTryOrInsertEntry => drop(map.entry(key).try_or_insert_entry(value).unwrap()),
        Add::EntryTryOrInsertWithKey => {
            map.entry(key).try_or_insert_with_key(|_| value).unwrap();
        }
        Add::EntryTryOrDefault => *map.entry(key).try_or_default().unwrap() = value,
        Add::VacantInsert | Add::VacantInsertEntry | Add::VacantTryInsert | Add::VacantTryInsertEntry => {
            if let Entry::Vacant(entry) = map.entry(key) {
                match way {
                    Add::VacantInsert => assert_eq!(*entry.insert(value), value),
                    Add::VacantInsertEntry => assert_eq!(*entry.insert_entry(value).get(), value),
                    Add::VacantTryInsert => assert_eq!(*entry.try_insert(value).unwrap(), value),
                    _ => assert_eq!(*entry.try_insert_entry(value).unwrap().get(), value),
                }
            }
        }
        _ => unreachable!("{way:?} is no way into a `StrMap`"),
    }
}

fn remove_one<H: Kind>(map: &mut Words<H>, way: Remove, key: &str) -> u64 {
    match way {
        Remove::Remove => map.remove(key).expect("a key that is there"),
        Remove::RemoveEntry => {
            let (known, value) = map.remove_entry(key).expect("a key that is there");
            assert_eq!(known, key);
            value
        }
        _ => match (map.entry(key), way) {
            (Entry::Occupied(entry), Remove::OccupiedRemove) => entry.remove(),
            (Entry::Occupied(entry), Remove::OccupiedRemoveEntry) => {
                let (known, value) = entry.remove_entry();
                assert_eq!(known, key);
                value
            }
            (Entry::Vacant(_), _) => panic!("{key:?} is there"),
            _ => unreachable!("{way:?} is no way out of a `StrMap`"),
        },
    }
}
