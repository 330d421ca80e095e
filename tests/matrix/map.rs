//! `ArenaMap`, by each of its calls.

#[cfg(feature = "rkyv")]
use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;

use arenamap::ArenaMap;
use arenamap::hash_map::{Entry, EntryRef};

use crate::subject::{Entries, Fresh, Hasher, Kind, Map, Model, Subject};
use crate::ways::{Add, Remove};

/// A map by the name of its entries, which the type of a map cannot give back.
pub(crate) struct MapOf<E: Entries, H: Kind>(Map<E, H>);

impl<E: Entries, H: Kind> Subject for MapOf<E, H> {
    type Handle = H;
    type Key = E::Key;
    const NAME: &'static str = E::NAME;
    const VALUES: bool = true;
    const ADDS: &'static [Add] = &[
        Add::Insert,
        Add::TryInsert,
        Add::TryInsertOverwrite,
        Add::InsertWithinCapacity,
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
        Add::RefInsert,
        Add::RefOrInsert,
        Add::RefOrInsertWith,
        Add::RefOrInsertWithKey,
        Add::RefOrDefault,
        Add::RefOrDefaultEntry,
        Add::RefOrInsertKeyed,
        Add::RefOrInsertKeyedWith,
        Add::RefTryOrInsertKeyed,
        Add::RefTryOrInsertKeyedWith,
        Add::RefVacantInsert,
        Add::RefVacantInsertEntry,
        Add::RefVacantInsertWithKey,
        Add::RefVacantInsertEntryWithKey,
        Add::RefVacantTryInsertWithKey,
        Add::RefTryInsert,
        Add::RefTryOrInsert,
        Add::RefTryOrInsertWith,
        Add::RefTryOrInsertWithKey,
        Add::RefTryOrDefault,
        Add::RefTryOrDefaultEntry,
        Add::RefVacantTryInsert,
        Add::RefVacantTryInsertEntry,
        Add::RefVacantTryInsertEntryWithKey,
        Add::InsertUnique,
        Add::TryInsertUnique,
        Add::Extend,
        Add::ExtendReferences,
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
        Remove::OccupiedReplaceWithNone,
        Remove::AndReplaceWithNone,
        Remove::RefOccupiedRemove,
        Remove::FindEntryRemove,
        Remove::Retain,
        Remove::ExtractIf,
        Remove::ExtractIfDropped,
        Remove::IntoIter,
        Remove::Drain,
        Remove::DrainDropped,
        Remove::Clear,
        Remove::IntoKeys,
        Remove::IntoValues,
        Remove::IntoHandle,
    ];

    fn key(id: u64) -> E::Key {
        E::key(id)
    }

    fn new_in(handle: H) -> Self {
        Self(ArenaMap::with_hasher_in(Hasher::default(), handle))
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }

    fn left_to_move(&self) -> usize {
        self.0.stats().left_to_move
    }

    fn reserve(&mut self, additional: usize) {
        self.0.reserve(additional);
    }

    fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    fn used(&self) -> usize {
        self.0.arena_stats().used
    }

    fn into_handle(self) -> H {
        self.0.into_handle()
    }

    fn add(&mut self, way: Add, batch: &[(u64, u64)], fresh: Fresh<'_, H>) {
        let pairs = || batch.iter().map(|&(id, number)| (E::key(id), E::value(number)));
        match way {
            Add::Extend => self.0.extend(pairs()),
            Add::ExtendReferences => E::extend_by_references(&mut self.0, &pairs().collect::<Vec<_>>()),
            Add::TryExtend => self.0.try_extend(pairs()).unwrap(),
            Add::FromIterator
            | Add::FromIterIn
            | Add::TryFromIterIn
            | Add::Clone
            | Add::CloneFrom
            | Add::CloneIn
            | Add::TryCloneIn
            | Add::TryCloneFrom
            | Add::Deserialize
            | Add::Seed
            | Add::Archive
            | Add::ExtendArchived => self.0 = rebuilt::<E, H>(&self.0, way, pairs(), fresh),
            _ => pairs().for_each(|(key, value)| add_one::<E, H>(&mut self.0, way, key, value)),
        }
    }

    fn remove(&mut self, way: Remove, victims: &[u64], model: &mut Model<E::Key>, fresh: Fresh<'_, H>) {
        let gone = |model: &mut Model<E::Key>, key: &E::Key, value: &E::Value| {
            assert_eq!(model.remove(key), Some(E::number(value)), "{key:?} leaves the map");
        };
        let chosen = || victims.iter().map(|&id| E::key(id)).collect::<HashSet<_, Hasher>>();
        match way {
            Remove::Retain => {
                let chosen = chosen();
                self.0.retain(|key, _| !chosen.contains(key));
                model.retain(|key, _| !chosen.contains(key));
            }
            Remove::ExtractIf => {
                let chosen = chosen();
                let left = self.0.extract_if(|key, _| chosen.contains(key));
                left.for_each(|(key, value)| gone(model, &key, &value));
            }
            Remove::ExtractIfDropped => {
                let chosen = chosen();
                let left = self.0.extract_if(|key, _| chosen.contains(key));
                left.take(victims.len().div_ceil(2))
                    .for_each(|(key, value)| gone(model, &key, &value));
            }
            Remove::IntoIter => {
                let chosen = chosen();
                let old = std::mem::replace(self, Self::new_in(fresh()));
                for (key, value) in old.0 {
                    if chosen.contains(&key) {
                        gone(model, &key, &value);
                    } else {
                        self.0.insert(key, value);
                    }
                }
            }
            Remove::Drain => {
                self.0.drain().for_each(|(key, value)| gone(model, &key, &value));
                assert!(model.is_empty());
            }
            Remove::DrainDropped => {
                let half = self.0.len() / 2;
                self.0
                    .drain()
                    .take(half)
                    .for_each(|(key, value)| gone(model, &key, &value));
                model.clear();
            }
            Remove::Clear => {
                self.0.clear();
                model.clear();
            }
            Remove::IntoKeys => {
                let old = std::mem::replace(self, Self::new_in(fresh()));
                old.0.into_keys().for_each(|key| assert!(model.remove(&key).is_some()));
                assert!(model.is_empty());
            }
            Remove::IntoValues => {
                let old = std::mem::replace(self, Self::new_in(fresh()));
                let mut left: Vec<u64> = old.0.into_values().map(|value| E::number(&value)).collect();
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
                    let key = E::key(id);
                    let value = remove_one::<E, H>(&mut self.0, way, &key);
                    gone(model, &key, &value);
                }
            }
        }
    }

    fn check(&mut self, model: &Model<E::Key>, absent: Range<u64>) {
        assert_eq!(self.0.len(), model.len());
        assert_eq!(self.0.is_empty(), model.is_empty());
        assert!(self.0.capacity() >= model.len(), "room for what is there");
        assert_eq!(self.0.iter().len(), model.len());
        let mut seen = 0;
        for (key, value) in &self.0 {
            assert_eq!(model.get(key), Some(&E::number(value)), "{key:?} by iteration");
            seen += 1;
        }
        assert_eq!(seen, model.len(), "each once");
        for (key, &number) in model {
            assert_eq!(self.0.get(key).map(E::number), Some(number), "{key:?} by lookup");
        }
        let ids: Vec<E::Key> = model.keys().take(40).cloned().collect();
        let mut found = vec![None; ids.len()];
        self.0.get_batch(&ids, &mut found);
        for (key, value) in ids.iter().zip(found) {
            assert_eq!(value.map(E::number), model.get(key).copied(), "{key:?} in a batch");
        }
        assert!(self.0.same_entries(&self.0));
        // The other readers need not read it all at each check.
        for (key, &number) in model.iter().take(3) {
            let hash = self.0.hash_of(key);
            self.0.prefetch(key);
            assert!(self.0.contains_key(key));
            assert_eq!(E::number(&self.0[key]), number);
            assert_eq!(self.0.get_key_value(key).unwrap().0, key);
            assert_eq!(E::number(self.0.find(hash, |known| known == key).unwrap().1), number);
            assert_eq!(
                E::number(self.0.find_mut(hash, |known| known == key).unwrap().1),
                number
            );
            assert_eq!(self.0.iter_hash(hash).filter(|(known, _)| *known == key).count(), 1);
            assert_eq!(self.0.iter_hash_mut(hash).filter(|(known, _)| *known == key).count(), 1);
            assert_eq!(self.0.get_mut(key).map(|value| E::number(value)), Some(number));
            assert_eq!(self.0.get_key_value_mut(key).unwrap().0, key);
            let [found, missing] = self.0.get_disjoint_mut([key, &E::key(absent.start)]);
            assert!(found.is_some() && missing.is_none());
            let [found] = self.0.get_disjoint_key_value_mut([key]);
            assert_eq!(found.unwrap().0, key);
        }
        assert_eq!(
            self.0.keys().take(3).filter(|key| model.contains_key(*key)).count(),
            model.len().min(3)
        );
        assert_eq!(self.0.values().len(), model.len());
        assert_eq!(self.0.values_mut().count(), model.len());
        assert_eq!(self.0.iter_mut().count(), model.len());
        for id in absent {
            let key = E::key(id);
            assert!(
                self.0.get(&key).is_none() && !self.0.contains_key(&key),
                "{key:?} is not there"
            );
            assert!(self.0.remove(&key).is_none());
            assert!(matches!(self.0.entry(key), Entry::Vacant(_)));
        }
        assert_eq!(self.0.stats().len, model.len());
    }
}

#[allow(clippy::too_many_lines, reason = "one arm for each call")]
fn add_one<E: Entries, H: Kind>(map: &mut Map<E, H>, way: Add, key: E::Key, value: E::Value) {
    match way {
        Add::Insert => drop(map.insert(key, value)),
        Add::TryInsert => {
            let there = map.contains_key(&key);
            assert_eq!(map.try_insert(key, value).is_err(), there);
        }
        Add::TryInsertOverwrite => drop(map.try_insert_overwrite(key, value).unwrap()),
        Add::InsertWithinCapacity => {
            if let Err(full) = map.insert_within_capacity(key, value) {
                map.reserve(1);
                let old = map.insert_within_capacity(full.key, full.value);
                assert!(
                    old.expect("what was reserved").is_none(),
                    "what is full has not got the key"
                );
            }
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
            let other = value.clone();
            map.entry(key).and_modify(|old| *old = other).or_insert(value);
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
                    Add::VacantInsert => drop(std::mem::replace(entry.insert(value.clone()), value)),
                    Add::VacantInsertEntry => assert_eq!(*entry.insert_entry(value.clone()).get(), value),
                    Add::VacantTryInsert => assert_eq!(*entry.try_insert(value.clone()).unwrap(), value),
                    _ => assert_eq!(*entry.try_insert_entry(value.clone()).unwrap().get(), value),
                }
            }
        }
        Add::RefInsert => drop(map.entry_ref(&key).insert(value)),
        Add::RefOrInsert => {
            map.entry_ref(&key).or_insert(value);
        }
        Add::RefOrInsertWith => {
            map.entry_ref(&key).or_insert_with(|| value);
        }
        Add::RefOrInsertWithKey => {
            map.entry_ref(&key).or_insert_with_key(|_| value);
        }
        Add::RefOrDefault => *map.entry_ref(&key).or_default() = value,
        Add::RefOrDefaultEntry => drop(map.entry_ref(&key).or_default_entry().insert(value)),
        Add::RefOrInsertKeyed => {
            map.entry_ref(&key).or_insert_keyed(Clone::clone, value);
        }
        Add::RefOrInsertKeyedWith => {
            map.entry_ref(&key).or_insert_keyed_with(Clone::clone, || value);
        }
        Add::RefTryOrInsertKeyed => {
            map.entry_ref(&key).try_or_insert_keyed(Clone::clone, value).unwrap();
        }
        Add::RefTryOrInsertKeyedWith => {
            let place = map.entry_ref(&key);
            place.try_or_insert_keyed_with(Clone::clone, || value).unwrap();
        }
        Add::RefTryInsert => drop(map.entry_ref(&key).try_insert(value).unwrap()),
        Add::RefTryOrInsert => {
            map.entry_ref(&key).try_or_insert(value).unwrap();
        }
        Add::RefTryOrInsertWith => {
            map.entry_ref(&key).try_or_insert_with(|| value).unwrap();
        }
        Add::RefTryOrInsertWithKey => {
            map.entry_ref(&key).try_or_insert_with_key(|_| value).unwrap();
        }
        Add::RefTryOrDefault => *map.entry_ref(&key).try_or_default().unwrap() = value,
        Add::RefTryOrDefaultEntry => drop(map.entry_ref(&key).try_or_default_entry().unwrap().insert(value)),
        Add::RefVacantInsert
        | Add::RefVacantInsertEntry
        | Add::RefVacantInsertWithKey
        | Add::RefVacantInsertEntryWithKey
        | Add::RefVacantTryInsert
        | Add::RefVacantTryInsertEntry
        | Add::RefVacantTryInsertEntryWithKey
        | Add::RefVacantTryInsertWithKey => {
            if let EntryRef::Vacant(entry) = map.entry_ref(&key) {
                match way {
                    Add::RefVacantInsert => assert_eq!(*entry.insert(value.clone()), value),
                    Add::RefVacantInsertEntry => assert_eq!(*entry.insert_entry(value.clone()).get(), value),
                    Add::RefVacantInsertWithKey => {
                        assert_eq!(*entry.insert_with_key(key.clone(), value.clone()), value);
                    }
                    Add::RefVacantInsertEntryWithKey => {
                        assert_eq!(*entry.insert_entry_with_key(key.clone(), value.clone()).get(), value);
                    }
                    Add::RefVacantTryInsert => assert_eq!(*entry.try_insert(value.clone()).unwrap(), value),
                    Add::RefVacantTryInsertEntry => {
                        assert_eq!(*entry.try_insert_entry(value.clone()).unwrap().get(), value);
                    }
                    Add::RefVacantTryInsertEntryWithKey => {
                        let entry = entry.try_insert_entry_with_key(key.clone(), value.clone());
                        assert_eq!(*entry.unwrap().get(), value);
                    }
                    _ => assert_eq!(*entry.try_insert_with_key(key.clone(), value.clone()).unwrap(), value),
                }
            }
        }
        Add::InsertUnique => {
            let hash = map.hash_of(&key);
            map.insert_unique(hash, key, value);
        }
        Add::TryInsertUnique => {
            let hash = map.hash_of(&key);
            map.try_insert_unique(hash, key, value).unwrap();
        }
        _ => unreachable!("{way:?} is no way into an `ArenaMap`"),
    }
}

/// The map with the pairs on top, by a way that makes a map.
fn rebuilt<E: Entries, H: Kind>(
    map: &Map<E, H>,
    way: Add,
    pairs: impl Iterator<Item = (E::Key, E::Value)>,
    fresh: Fresh<'_, H>,
) -> Map<E, H> {
    let old = || map.iter().map(|(key, value)| (key.clone(), value.clone()));
    let with_pairs = |mut copy: Map<E, H>, pairs: &mut dyn Iterator<Item = (E::Key, E::Value)>| {
        for (key, value) in pairs {
            copy.insert(key, value);
        }
        copy
    };
    let mut pairs = pairs;
    match way {
        Add::FromIterator => H::map::<E>(old().chain(pairs).collect()),
        Add::FromIterIn => ArenaMap::from_iter_in(old().chain(pairs), fresh()),
        Add::TryFromIterIn => ArenaMap::try_from_iter_in(old().chain(pairs), fresh()).unwrap(),
        Add::Clone => with_pairs(map.clone(), &mut pairs),
        Add::CloneFrom | Add::TryCloneFrom => {
            let mut copy: Map<E, H> = ArenaMap::with_hasher_in(Hasher::default(), fresh());
            copy.insert(E::key(u64::MAX), E::value(1)); // must go
            match way {
                Add::CloneFrom => copy.clone_from(map),
                _ => copy.try_clone_from(map).unwrap(),
            }
            with_pairs(copy, &mut pairs)
        }
        Add::CloneIn => with_pairs(map.clone_in(fresh()), &mut pairs),
        Add::TryCloneIn => with_pairs(map.try_clone_in(fresh()).unwrap(), &mut pairs),
        #[cfg(feature = "serde")]
        Add::Deserialize => H::map::<E>(E::deserialize(&E::to_json(&old().chain(pairs).collect()))),
        #[cfg(feature = "serde")]
        Add::Seed => E::seed(&E::to_json(&old().chain(pairs).collect()), fresh()),
        #[cfg(feature = "rkyv")]
        Add::Archive => H::map::<E>(E::from_archive(&E::archive(&old().chain(pairs).collect()))),
        #[cfg(feature = "rkyv")]
        Add::ExtendArchived => {
            let bytes = E::archive(&pairs.collect::<HashMap<_, _>>());
            let mut copy = map.clone();
            E::extend_archived(&mut copy, &bytes);
            copy
        }
        _ => unreachable!("{way:?} does not make an `ArenaMap`"),
    }
}

fn remove_one<E: Entries, H: Kind>(map: &mut Map<E, H>, way: Remove, key: &E::Key) -> E::Value {
    let occupied = |entry| match entry {
        Entry::Occupied(entry) => entry,
        Entry::Vacant(_) => panic!("{key:?} is there"),
    };
    match way {
        Remove::Remove => map.remove(key).expect("a key that is there"),
        Remove::RemoveEntry => map.remove_entry(key).expect("a key that is there").1,
        Remove::OccupiedRemove => occupied(map.entry(key.clone())).remove(),
        Remove::OccupiedRemoveEntry => occupied(map.entry(key.clone())).remove_entry().1,
        Remove::OccupiedReplaceWithNone => {
            let mut gone = None;
            let entry = occupied(map.entry(key.clone())).replace_entry_with(|_, value| {
                gone = Some(value);
                None
            });
            assert!(matches!(entry, Entry::Vacant(_)));
            gone.expect("the closure is called")
        }
        Remove::AndReplaceWithNone => {
            let mut gone = None;
            let entry = map.entry(key.clone()).and_replace_entry_with(|_, value| {
                gone = Some(value);
                None
            });
            assert!(matches!(entry, Entry::Vacant(_)));
            gone.expect("the closure is called")
        }
        Remove::RefOccupiedRemove => match map.entry_ref(key) {
            EntryRef::Occupied(entry) => entry.remove(),
            EntryRef::Vacant(_) => panic!("{key:?} is there"),
        },
        Remove::FindEntryRemove => {
            let hash = map.hash_of(key);
            let entry = map.find_entry(hash, |known| known == key);
            entry.expect("a key that is there").remove()
        }
        _ => unreachable!("{way:?} is no way out of an `ArenaMap`"),
    }
}
