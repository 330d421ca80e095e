//! `ArenaSet`, by each of its calls.

use std::collections::HashSet;
use std::ops::Range;

use arenamap::hash_set::Entry;
use arenamap::{Arena, ArenaSet};

use crate::subject::{Fresh, Hasher, Kind, Model, Set, Subject};
use crate::support::key;
use crate::ways::{Add, Remove};

impl<H: Kind> Subject for Set<H> {
    type Handle = H;
    type Key = u64;
    const NAME: &'static str = "ArenaSet of u64";
    const VALUES: bool = false;
    const ADDS: &'static [Add] = &[
        Add::Insert,
        Add::TryInsert,
        Add::InsertWithinCapacity,
        Add::Replace,
        Add::TryReplace,
        Add::GetOrInsert,
        Add::TryGetOrInsert,
        Add::GetOrInsertWith,
        Add::TryGetOrInsertWith,
        Add::EntryInsert,
        Add::EntryOrInsert,
        Add::EntryTryInsert,
        Add::EntryTryOrInsert,
        Add::VacantInsert,
        Add::VacantTryInsert,
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
        Add::Union,
        Add::BitOr,
        Add::BitXor,
        Add::TryUnionIn,
        Add::TrySymmetricDifferenceIn,
        Add::TryUnionWith,
        Add::TrySymmetricDifferenceWith,
        Add::BitOrAssign,
        Add::BitXorAssign,
        Add::Deserialize,
        Add::Seed,
        Add::Archive,
        Add::ExtendArchived,
    ];
    const REMOVES: &'static [Remove] = &[
        Remove::Remove,
        Remove::Take,
        Remove::OccupiedRemove,
        Remove::Retain,
        Remove::ExtractIf,
        Remove::ExtractIfDropped,
        Remove::IntoIter,
        Remove::Difference,
        Remove::Intersection,
        Remove::Sub,
        Remove::BitAnd,
        Remove::TryDifferenceIn,
        Remove::TryIntersectionIn,
        Remove::SubAssign,
        Remove::BitAndAssign,
        Remove::Drain,
        Remove::DrainDropped,
        Remove::Clear,
        Remove::IntoHandle,
    ];

    fn key(id: u64) -> u64 {
        key(id)
    }

    fn new_in(handle: H) -> Self {
        ArenaSet::with_hasher_in(Hasher::default(), handle)
    }

    fn len(&self) -> usize {
        ArenaSet::len(self)
    }

    fn capacity(&self) -> usize {
        ArenaSet::capacity(self)
    }

    fn left_to_move(&self) -> usize {
        self.stats().left_to_move
    }

    fn reserve(&mut self, additional: usize) {
        ArenaSet::reserve(self, additional);
    }

    fn shrink_to_fit(&mut self) {
        ArenaSet::shrink_to_fit(self);
    }

    fn used(&self) -> usize {
        self.arena_stats().used
    }

    fn into_handle(self) -> H {
        ArenaSet::into_handle(self)
    }

    fn add(&mut self, way: Add, batch: &[(u64, u64)], fresh: Fresh<'_, H>) {
        let keys = || batch.iter().map(|&(id, _)| key(id));
        let old = || self.iter().copied();
        let other = || Self::from_iter_in(keys(), fresh());
        *self = match way {
            Add::Extend => return self.extend(keys()),
            Add::ExtendReferences => return self.extend(&keys().collect::<Vec<_>>()),
            Add::TryExtend => return self.try_extend(keys()).unwrap(),
            Add::FromIterator => H::set(old().chain(keys()).collect()),
            Add::FromIterIn => ArenaSet::from_iter_in(old().chain(keys()), fresh()),
            Add::TryFromIterIn => ArenaSet::try_from_iter_in(old().chain(keys()), fresh()).unwrap(),
            Add::Clone => with_keys(self.clone(), keys()),
            Add::CloneFrom | Add::TryCloneFrom => {
                let mut copy = Self::new_in(fresh());
                copy.insert(key(u64::MAX)); // must go
                match way {
                    Add::CloneFrom => copy.clone_from(self),
                    _ => copy.try_clone_from(self).unwrap(),
                }
                with_keys(copy, keys())
            }
            Add::CloneIn => with_keys(self.clone_in(fresh()), keys()),
            Add::TryCloneIn => with_keys(self.try_clone_in(fresh()).unwrap(), keys()),
            Add::Union => {
                let other = Self::from_iter_in(keys(), fresh());
                Self::from_iter_in(self.union(&other).copied(), fresh())
            }
            Add::BitOr => H::set(H::set_ref(self) | &keys().collect::<Set<Arena>>()),
            Add::BitXor => H::set(H::set_ref(self) ^ &keys().collect::<Set<Arena>>()),
            Add::TryUnionIn => self.try_union_in(&other(), fresh()).unwrap(),
            Add::TrySymmetricDifferenceIn => self.try_symmetric_difference_in(&other(), fresh()).unwrap(),
            Add::TryUnionWith => return self.try_union_with(&other()).unwrap(),
            Add::TrySymmetricDifferenceWith => return self.try_symmetric_difference_with(&other()).unwrap(),
            Add::BitOrAssign => return *self |= &other(),
            Add::BitXorAssign => return *self ^= &other(),
            #[cfg(feature = "serde")]
            Add::Deserialize => {
                let json = serde_json::to_string(&old().chain(keys()).collect::<Vec<_>>()).unwrap();
                H::set(serde_json::from_str(&json).unwrap())
            }
            #[cfg(feature = "serde")]
            Add::Seed => {
                use serde::de::DeserializeSeed;
                let json = serde_json::to_string(&old().chain(keys()).collect::<Vec<_>>()).unwrap();
                arenamap::SetSeed::new_in(fresh())
                    .hasher(Hasher::default())
                    .deserialize(&mut serde_json::Deserializer::from_str(&json))
                    .unwrap()
            }
            #[cfg(feature = "rkyv")]
            Add::Archive => {
                let all: HashSet<u64> = old().chain(keys()).collect();
                let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(&all).unwrap();
                H::set(rkyv::from_bytes::<Set<_>, rkyv::rancor::Error>(&bytes).unwrap())
            }
            #[cfg(feature = "rkyv")]
            Add::ExtendArchived => {
                use rkyv::rancor::{Error, Strategy};
                let bytes = rkyv::to_bytes::<Error>(&keys().collect::<HashSet<u64>>()).unwrap();
                let archived = rkyv::access::<rkyv::Archived<HashSet<u64>>, Error>(&bytes).unwrap();
                return self
                    .try_extend_archived(archived, Strategy::<(), Error>::wrap(&mut ()))
                    .unwrap();
            }
            _ => return keys().for_each(|key| add_one(self, way, key)),
        };
    }

    fn remove(&mut self, way: Remove, victims: &[u64], model: &mut Model<u64>, fresh: Fresh<'_, H>) {
        let chosen = || victims.iter().map(|&id| key(id)).collect::<HashSet<u64, Hasher>>();
        let gone = |model: &mut Model<u64>, key: u64| assert!(model.remove(&key).is_some(), "{key} leaves the set");
        match way {
            Remove::Remove | Remove::Take | Remove::OccupiedRemove => {
                for key in victims.iter().map(|&id| key(id)) {
                    match way {
                        Remove::Remove => assert!(ArenaSet::remove(self, &key)),
                        Remove::Take => assert_eq!(self.take(&key), Some(key)),
                        _ => match self.entry(key) {
                            Entry::Occupied(entry) => assert_eq!(entry.remove(), key),
                            Entry::Vacant(_) => panic!("{key} is there"),
                        },
                    }
                    gone(model, key);
                }
            }
            Remove::Retain => {
                let chosen = chosen();
                self.retain(|key| !chosen.contains(key));
                model.retain(|key, _| !chosen.contains(key));
            }
            Remove::ExtractIf => {
                let chosen = chosen();
                self.extract_if(|key| chosen.contains(key))
                    .for_each(|key| gone(model, key));
            }
            Remove::ExtractIfDropped => {
                let chosen = chosen();
                self.extract_if(|key| chosen.contains(key))
                    .take(victims.len().div_ceil(2))
                    .for_each(|key| gone(model, key));
            }
            Remove::IntoIter => {
                let chosen = chosen();
                for key in std::mem::replace(self, Self::new_in(fresh())) {
                    if chosen.contains(&key) {
                        gone(model, key);
                    } else {
                        self.insert(key);
                    }
                }
            }
            Remove::Difference | Remove::Sub | Remove::TryDifferenceIn | Remove::SubAssign => {
                let chosen = chosen();
                let other = Self::from_iter_in(chosen.iter().copied(), fresh());
                match way {
                    Remove::Difference => *self = Self::from_iter_in(self.difference(&other).copied(), fresh()),
                    Remove::Sub => *self = H::set(H::set_ref(self) - H::set_ref(&other)),
                    Remove::TryDifferenceIn => *self = self.try_difference_in(&other, fresh()).unwrap(),
                    _ => *self -= &other,
                }
                model.retain(|key, _| !chosen.contains(key));
            }
            Remove::Intersection | Remove::BitAnd | Remove::TryIntersectionIn | Remove::BitAndAssign => {
                let chosen = chosen();
                model.retain(|key, _| !chosen.contains(key));
                let other = Self::from_iter_in(model.keys().copied(), fresh());
                match way {
                    Remove::Intersection => *self = Self::from_iter_in(self.intersection(&other).copied(), fresh()),
                    Remove::BitAnd => *self = H::set(H::set_ref(self) & H::set_ref(&other)),
                    Remove::TryIntersectionIn => *self = self.try_intersection_in(&other, fresh()).unwrap(),
                    _ => *self &= &other,
                }
            }
            Remove::Drain => {
                self.drain().for_each(|key| gone(model, key));
                assert!(model.is_empty());
            }
            Remove::DrainDropped => {
                let half = self.len() / 2;
                self.drain().take(half).for_each(|key| gone(model, key));
                model.clear();
            }
            Remove::Clear => {
                self.clear();
                model.clear();
            }
            Remove::IntoHandle => {
                let old = std::mem::replace(self, Self::new_in(fresh()));
                *self = Self::new_in(old.into_handle());
                model.clear();
            }
            _ => unreachable!("{way:?} is no way out of an `ArenaSet`"),
        }
    }

    fn check(&mut self, model: &Model<u64>, absent: Range<u64>) {
        assert_eq!(ArenaSet::len(self), model.len());
        assert_eq!(self.is_empty(), model.is_empty());
        assert!(ArenaSet::capacity(self) >= model.len(), "room for what is there");
        assert_eq!(self.iter().len(), model.len());
        let mut seen = 0;
        for key in &*self {
            assert!(model.contains_key(key), "{key} by iteration");
            seen += 1;
        }
        assert_eq!(seen, model.len(), "each once");
        for key in model.keys() {
            assert!(self.contains(key), "{key} by lookup");
            assert_eq!(self.get(key), Some(key));
        }
        for key in absent.map(key) {
            assert!(!self.contains(&key) && self.get(&key).is_none(), "{key} is not there");
            assert!(!self.remove(&key) && self.take(&key).is_none());
        }
        assert!(self.same_elements(self));
        assert!(self.is_subset(self) && self.is_superset(self));
        assert_eq!(self.is_disjoint(self), model.is_empty());
        assert_eq!(self.symmetric_difference(self).count(), 0);
        assert_eq!(self.stats().len, model.len());
    }
}

fn with_keys<H: Kind>(mut set: Set<H>, keys: impl Iterator<Item = u64>) -> Set<H> {
    for key in keys {
        set.insert(key);
    }
    set
}

fn add_one<H: Kind>(set: &mut Set<H>, way: Add, key: u64) {
    let there = set.contains(&key);
    match way {
        Add::Insert => assert_eq!(set.insert(key), !there),
        Add::TryInsert => assert_eq!(set.try_insert(key).unwrap(), !there),
        Add::InsertWithinCapacity => match set.insert_within_capacity(key) {
            Ok(new) => assert_eq!(new, !there),
            Err(full) => {
                set.reserve(1);
                let new = set.insert_within_capacity(full.key).expect("what was reserved");
                assert!(new, "what is full has not got the key");
            }
        },
        Add::Replace => assert_eq!(set.replace(key), there.then_some(key)),
        Add::TryReplace => assert_eq!(set.try_replace(key).unwrap(), there.then_some(key)),
        Add::GetOrInsert => assert_eq!(*set.get_or_insert(key), key),
        Add::TryGetOrInsert => assert_eq!(*set.try_get_or_insert(key).unwrap(), key),
        Add::GetOrInsertWith => assert_eq!(*set.get_or_insert_with(&key, |key| *key), key),
        Add::TryGetOrInsertWith => assert_eq!(*set.try_get_or_insert_with(&key, |key| *key).unwrap(), key),
        Add::EntryInsert => assert_eq!(*set.entry(key).insert().get(), key),
        Add::EntryOrInsert => set.entry(key).or_insert(),
        Add::EntryTryInsert => assert_eq!(*set.entry(key).try_insert().unwrap().get(), key),
        Add::EntryTryOrInsert => set.entry(key).try_or_insert().unwrap(),
        Add::VacantInsert | Add::VacantTryInsert => {
            if let Entry::Vacant(entry) = set.entry(key) {
                assert!(!there);
                match way {
                    Add::VacantInsert => assert_eq!(*entry.insert().get(), key),
                    _ => assert_eq!(*entry.try_insert().unwrap().get(), key),
                }
            }
        }
        _ => unreachable!("{way:?} is no way into an `ArenaSet`"),
    }
}
