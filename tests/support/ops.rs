//! Operations of a map as data, what each does to a map and to its model, and what must hold after each.
//!
//! An [`Op`] is three numbers, so that anything can generate programs: proptest here, a fuzzer elsewhere.

#![allow(
    clippy::mem_forget,
    clippy::forget_non_drop,
    reason = "whether a leak has an effect is what is tested"
)]

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::mem;

use arenamap::hash_map::{Entry, EntryRef, TryInsertError};
use arenamap::{Arena, ArenaMap, ArenaPool, Handle};

use super::hashers::Graded;
use super::values::{Big, Value};

/// One operation: what, with which key, with which number (a value, a count, a modulus).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    pub(crate) key: u64,
    pub(crate) number: u64,
}

/// Declares the kinds and the list of all of them.
macro_rules! kinds {
    ($($kind:ident = $weight:literal),* $(,)?) => {
        /// What an operation does. Its name says which call it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind { $($kind),* }

        impl Kind {
            /// Every kind, with how often a program should have it.
            pub(crate) const ALL: &'static [(Kind, u32)] = &[$((Kind::$kind, $weight)),*];
        }
    };
}

kinds! {
    Insert = 8, TryInsert = 4, TryInsertOverwrite = 4, InsertWithinCapacity = 4,
    Get = 2, GetMut = 2, GetKeyValueMut = 1, Remove = 8, RemoveEntry = 4,
    EntryOrInsert = 3, EntryInsert = 3, EntryModify = 3, EntryWithKey = 3, EntryDefault = 3, EntryTry = 3,
    EntryRemove = 3, EntryReplaceWith = 3, EntryAndReplaceWith = 3, EntryReplaceKey = 2, EntryAbandon = 2,
    EntryRefKeyed = 3, EntryRefTry = 3, EntryRefOwned = 3, EntryRefVacant = 3,
    Find = 2, FindMut = 2, FindEntry = 3, InsertUnique = 6, TryInsertUnique = 6, IterHash = 2, IterHashMut = 2,
    Disjoint = 3, IterPart = 2, IterMut = 2, KeysValues = 2, ValuesMut = 2, IterLeaked = 1,
    Retain = 3, ExtractIf = 3, ExtractIfPart = 3, ExtractIfLeaked = 2,
    DrainAll = 1, DrainPart = 1, DrainLeaked = 1, DrainUntouchedLeaked = 1,
    Clear = 1, Reserve = 2, TryReserve = 2, ReserveTooMuch = 1, ShrinkTo = 3, ShrinkToFit = 3,
    Settle = 2, Clone = 2, CloneIn = 2, CloneFrom = 2, Equal = 2, Extend = 12, ExtendRefs = 4, TryExtend = 8,
    IntoIter = 1, IntoKeys = 1, IntoValues = 1, IntoIterLeaked = 1, FromIterIn = 1, IntoHandle = 1,
}

/// How a program begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With a map that has nothing.
    Empty,
    /// With a map of so many entries that they move in steps, in the middle of such a move.
    Moving,
}

/// Entries from which on a table moves in steps: one more than 32 groups of 14 take.
const MOVING: u64 = 449;

/// The most entries that one call moves of a table of more than [`AT_ONCE`].
const STEP: usize = 32;

/// Entries up to which a table moves at once.
const AT_ONCE: usize = 224;

/// A map, its model, and where to get another handle of its kind.
pub(crate) struct Pair<'f, V, S, H: Handle> {
    map: ArenaMap<u64, V, S, H>,
    model: HashMap<u64, u64>,
    hasher: S,
    fresh: &'f mut dyn FnMut() -> H,
    /// Values that were leaked on purpose.
    leaked: isize,
    /// A drain was leaked: its block is lost until the reset.
    lost_blocks: bool,
    /// Bytes that others had in the arena at first.
    used_before: usize,
    /// What happened so far: the kind, and whether the key was there (or entries were).
    pub(crate) seen: BTreeSet<(Kind, bool)>,
    /// What happened while entries were on their way.
    pub(crate) seen_moving: BTreeSet<Kind>,
}

impl<'f, V: Value, S: BuildHasher + Clone, H: Handle> Pair<'f, V, S, H> {
    pub(crate) fn new(start: Start, hasher: S, fresh: &'f mut dyn FnMut() -> H) -> Self {
        Big::forget_all();
        let map = Self::empty(&hasher, fresh());
        let used_before = map.arena_stats().used;
        let mut pair = Self {
            map,
            model: HashMap::new(),
            hasher,
            fresh,
            leaked: 0,
            lost_blocks: false,
            used_before,
            seen: BTreeSet::new(),
            seen_moving: BTreeSet::new(),
        };
        if start == Start::Moving {
            for key in 0..MOVING {
                pair.map.insert(key, V::of(key));
                pair.model.insert(key, key);
            }
            assert!(pair.map.stats().left_to_move > 0, "{}", pair.map.stats());
        }
        pair
    }

    fn empty(hasher: &S, handle: H) -> ArenaMap<u64, V, S, H> {
        ArenaMap::with_hasher_in(hasher.clone(), handle)
    }

    fn replace(&mut self, map: ArenaMap<u64, V, S, H>) {
        self.map = map;
    }

    /// Takes the map out, leaving an empty one.
    fn take(&mut self) -> ArenaMap<u64, V, S, H> {
        let empty = Self::empty(&self.hasher, (self.fresh)());
        mem::replace(&mut self.map, empty)
    }

    /// Takes an entry that left the map out of the model, where it must have been.
    fn gone(model: &mut HashMap<u64, u64>, key: u64, value: &V) {
        assert_eq!(model.remove(&key), Some(value.number()), "{key} left the map");
    }

    /// After a leak: the model keeps what the map still has, which must have been in it.
    fn follow_leak(&mut self, taken: usize, before: usize) {
        let still: HashMap<u64, u64> = self.map.iter().map(|(&key, value)| (key, value.number())).collect();
        for (key, value) in &still {
            assert_eq!(self.model.get(key), Some(value));
        }
        let leaked = before - taken - still.len();
        self.leaked += isize::try_from(leaked).unwrap();
        self.lost_blocks = true;
        self.model = still;
    }

    /// Applies one operation to both, comparing every answer.
    #[allow(clippy::too_many_lines, reason = "one arm for each call")]
    pub(crate) fn apply(&mut self, Op { kind, key, number }: Op) {
        let there = self.model.contains_key(&key);
        let any = !self.model.is_empty();
        let old = self.model.get(&key).copied();
        let count = usize::try_from(number % 97).unwrap();
        let keys = |n: usize| (0..n as u64).map(move |i| key.wrapping_add(i * i));
        let (map, model) = (&mut self.map, &mut self.model);
        let mut case = there;
        if map.stats().left_to_move > 0 {
            self.seen_moving.insert(kind);
        }
        match kind {
            Kind::Insert => {
                assert_eq!(map.insert(key, V::of(number)).map(|v| v.number()), old);
                model.insert(key, number);
            }
            Kind::TryInsert => match map.try_insert(key, V::of(number)) {
                Ok(value) => {
                    assert!(!there);
                    assert_eq!(value.number(), number);
                    model.insert(key, number);
                }
                Err(TryInsertError::Refused(error)) => panic!("there is memory: {error}"),
                Err(TryInsertError::Occupied(error)) => {
                    assert!(there);
                    assert_eq!(
                        (error.entry.get().number(), error.value.number()),
                        (old.unwrap(), number)
                    );
                }
            },
            Kind::TryInsertOverwrite => {
                assert_eq!(
                    map.try_insert_overwrite(key, V::of(number))
                        .unwrap()
                        .map(|v| v.number()),
                    old
                );
                model.insert(key, number);
            }
            Kind::InsertWithinCapacity => {
                let before = (map.capacity(), map.allocation_size());
                match map.insert_within_capacity(key, V::of(number)) {
                    Ok(was) => {
                        assert_eq!(was.map(|v| v.number()), old);
                        model.insert(key, number);
                    }
                    Err(full) => {
                        assert!(!there, "overwriting needs no room");
                        assert_eq!((full.key, full.value.number()), (key, number));
                        assert_eq!(map.capacity(), map.len());
                    }
                }
                assert_eq!(map.capacity(), before.0);
                assert!(map.allocation_size() <= before.1, "nothing is taken");
            }
            Kind::Get => {
                assert_eq!(map.get(&key).map(V::number), old);
                assert_eq!(map.contains_key(&key), there);
                assert_eq!(
                    map.get_key_value(&key).map(|(k, v)| (*k, v.number())),
                    old.map(|o| (key, o))
                );
                if there {
                    assert_eq!(map[&key].number(), old.unwrap());
                }
            }
            Kind::GetMut => {
                if let Some(value) = map.get_mut(&key) {
                    value.add(number);
                    *model.get_mut(&key).unwrap() = old.unwrap().wrapping_add(number);
                } else {
                    assert!(!there);
                }
            }
            Kind::GetKeyValueMut => {
                let found = map.get_key_value_mut(&key).map(|(k, v)| (*k, v.number()));
                assert_eq!(found, old.map(|o| (key, o)));
            }
            Kind::Remove => {
                assert_eq!(map.remove(&key).map(|v| v.number()), old);
                model.remove(&key);
            }
            Kind::RemoveEntry => {
                assert_eq!(
                    map.remove_entry(&key).map(|(k, v)| (k, v.number())),
                    old.map(|o| (key, o))
                );
                model.remove(&key);
            }
            Kind::EntryOrInsert => {
                map.entry(key).or_insert(V::of(number)).add(1);
                let slot = model.entry(key).or_insert(number);
                *slot = slot.wrapping_add(1);
            }
            Kind::EntryInsert => {
                let entry = map.entry(key).insert(V::of(number));
                assert_eq!((*entry.key(), entry.get().number()), (key, number));
                model.insert(key, number);
            }
            Kind::EntryModify => {
                let value = map
                    .entry(key)
                    .and_modify(|value| value.add(number))
                    .or_insert_with(|| V::of(3));
                let slot = model
                    .entry(key)
                    .and_modify(|value| *value = value.wrapping_add(number))
                    .or_insert(3);
                assert_eq!(value.number(), *slot);
            }
            Kind::EntryWithKey => {
                let value = map.entry(key).or_insert_with_key(|key| V::of(key ^ number)).number();
                assert_eq!(value, *model.entry(key).or_insert(key ^ number));
            }
            Kind::EntryDefault => {
                let mut entry = map.entry(key).or_insert_entry(V::of(0));
                let before = entry.insert(V::of(number)).number();
                let (known, value) = entry.into_entry();
                assert_eq!((*known, value.number(), before), (key, number, old.unwrap_or(0)));
                model.insert(key, number);
            }
            Kind::EntryTry => {
                let value = if number % 2 == 0 {
                    map.entry(key).try_or_insert(V::of(number)).unwrap()
                } else {
                    map.entry(key).try_or_insert_with(|| V::of(number)).unwrap()
                };
                assert_eq!(value.number(), *model.entry(key).or_insert(number));
            }
            Kind::EntryRemove => match map.entry(key) {
                Entry::Occupied(entry) if number % 2 == 0 => {
                    assert_eq!(Some(entry.remove().number()), model.remove(&key));
                }
                Entry::Occupied(entry) => {
                    let (known, value) = entry.remove_entry();
                    Self::gone(model, known, &value);
                }
                Entry::Vacant(entry) => {
                    assert!(!there);
                    assert_eq!(entry.into_key(), key);
                }
            },
            Kind::EntryReplaceWith => {
                if let Entry::Occupied(entry) = map.entry(key) {
                    let keep = number % 3 != 0;
                    let after = entry.replace_entry_with(|known, value| {
                        assert_eq!((*known, Some(value.number())), (key, old));
                        keep.then(|| V::of(number))
                    });
                    match after {
                        Entry::Occupied(entry) => {
                            assert!(keep);
                            assert_eq!(entry.get().number(), number);
                            model.insert(key, number);
                        }
                        Entry::Vacant(entry) => {
                            assert!(!keep);
                            model.remove(&key);
                            if number % 2 == 0 {
                                entry.insert(V::of(number)); // into the place that has just become free
                                model.insert(key, number);
                            }
                        }
                    }
                }
            }
            Kind::EntryAndReplaceWith => {
                let keep = number % 3 != 0;
                let entry = map
                    .entry(key)
                    .and_replace_entry_with(|_, _| keep.then(|| V::of(number)));
                assert_eq!(*entry.key(), key);
                assert_eq!(matches!(entry, Entry::Occupied(_)), there && keep);
                if there {
                    model.remove(&key);
                    if keep {
                        model.insert(key, number);
                    }
                }
            }
            Kind::EntryReplaceKey => {
                if let Entry::Occupied(mut entry) = map.entry(key) {
                    assert_eq!(entry.replace_key(key), key);
                }
            }
            Kind::EntryAbandon => {
                let before = (map.capacity(), map.allocation_size());
                assert_eq!(*map.entry(key).key(), key);
                let map = map.entry(key).into_map();
                assert_eq!(map.capacity(), before.0, "an entry grows nothing");
                assert!(map.allocation_size() <= before.1);
            }
            Kind::EntryRefKeyed => {
                let mut made = 0;
                let value = map.entry_ref(&key).or_insert_keyed_with(
                    |key| {
                        made += 1;
                        *key
                    },
                    || V::of(number),
                );
                assert_eq!(value.number(), *model.entry(key).or_insert(number));
                assert_eq!(made, usize::from(!there), "a key is made on a miss only");
            }
            Kind::EntryRefTry => {
                let value = map
                    .entry_ref(&key)
                    .try_or_insert_keyed(|key| *key, V::of(number))
                    .unwrap();
                assert_eq!(value.number(), *model.entry(key).or_insert(number));
            }
            Kind::EntryRefOwned => {
                let value = map.entry_ref(&key).and_modify(|v| v.add(1)).or_insert(V::of(number));
                let slot = model
                    .entry(key)
                    .and_modify(|v| *v = v.wrapping_add(1))
                    .or_insert(number);
                assert_eq!(value.number(), *slot);
            }
            Kind::EntryRefVacant => match map.entry_ref(&key) {
                EntryRef::Occupied(entry) => assert_eq!(Some(entry.get().number()), old),
                EntryRef::Vacant(entry) => {
                    assert_eq!(*entry.key(), key);
                    entry.insert_with_key(key, V::of(number));
                    model.insert(key, number);
                }
            },
            Kind::Find => {
                let found = map.find(map.hash_of(&key), |known| *known == key);
                assert_eq!(found.map(|(k, v)| (*k, v.number())), old.map(|o| (key, o)));
            }
            Kind::FindMut => {
                let hash = map.hash_of(&key);
                if let Some((_, value)) = map.find_mut(hash, |known| *known == key) {
                    value.add(number);
                    *model.get_mut(&key).unwrap() = old.unwrap().wrapping_add(number);
                } else {
                    assert!(!there);
                }
            }
            Kind::FindEntry => {
                let hash = map.hash_of(&key);
                match map.find_entry(hash, |known| *known == key) {
                    Some(entry) => Self::gone(model, key, &entry.remove()),
                    None => assert!(!there),
                }
            }
            Kind::InsertUnique | Kind::TryInsertUnique => {
                if !there {
                    let hash = map.hash_of(&key);
                    let entry = if kind == Kind::InsertUnique {
                        map.insert_unique(hash, key, V::of(number))
                    } else {
                        map.try_insert_unique(hash, key, V::of(number)).unwrap()
                    };
                    assert_eq!((*entry.key(), entry.get().number()), (key, number));
                    model.insert(key, number);
                }
            }
            Kind::IterHash => {
                let same = map.iter_hash(map.hash_of(&key)).filter(|(known, _)| **known == key);
                assert_eq!(same.map(|(_, v)| v.number()).collect::<Vec<_>>(), Vec::from_iter(old));
            }
            Kind::IterHashMut => {
                let hash = map.hash_of(&key);
                for (known, value) in map.iter_hash_mut(hash) {
                    let slot = model.get_mut(known).expect("an entry of the map");
                    *slot = slot.wrapping_add(number);
                    value.add(number);
                }
            }
            Kind::Disjoint => {
                let asked = [key, key ^ 1, key ^ 2, key.wrapping_add(1 << 40)];
                for (asked, found) in asked.iter().zip(map.get_disjoint_mut(asked.each_ref())) {
                    assert_eq!(found.is_some(), model.contains_key(asked));
                    if let Some(value) = found {
                        let slot = model.get_mut(asked).unwrap();
                        *slot = slot.wrapping_add(number);
                        value.add(number);
                    }
                }
            }
            Kind::IterPart => {
                case = any;
                let mut iter = map.iter();
                for (known, value) in iter.by_ref().take(count) {
                    assert_eq!(model.get(known), Some(&value.number()));
                }
                assert_eq!(iter.clone().count(), iter.len());
                assert_eq!(iter.len(), model.len().saturating_sub(count));
                assert_eq!(iter.fold(0, |n, _| n + 1), model.len().saturating_sub(count));
            }
            Kind::IterMut => {
                case = any;
                for (known, value) in map.iter_mut().take(count) {
                    let slot = model.get_mut(known).expect("an entry of the map");
                    *slot = slot.wrapping_add(number);
                    value.add(number);
                }
            }
            Kind::KeysValues => {
                case = any;
                let sum = |sum: u64, n: u64| sum.wrapping_add(n);
                assert_eq!(map.keys().copied().fold(0, sum), model.keys().copied().fold(0, sum));
                assert_eq!(
                    map.values().map(V::number).fold(0, sum),
                    model.values().copied().fold(0, sum)
                );
                assert_eq!(map.keys().len(), model.len());
            }
            Kind::ValuesMut => {
                case = any;
                map.values_mut().for_each(|value| value.add(number));
                for value in model.values_mut() {
                    *value = value.wrapping_add(number);
                }
            }
            Kind::IterLeaked => {
                case = any;
                let mut iter = map.iter_mut();
                iter.next();
                mem::forget(iter);
            }
            Kind::Retain => {
                case = any;
                let keep = |key: u64| key % 7 != number % 7;
                map.retain(|key, value| {
                    value.add(1);
                    keep(*key)
                });
                model.retain(|key, value| {
                    *value = value.wrapping_add(1);
                    keep(*key)
                });
            }
            Kind::ExtractIf | Kind::ExtractIfPart | Kind::ExtractIfLeaked => {
                case = any;
                let limit = if kind == Kind::ExtractIf { usize::MAX } else { count };
                let mut iter = map.extract_if(|key, _| key % 5 == number % 5);
                for (known, value) in iter.by_ref().take(limit) {
                    assert_eq!(known % 5, number % 5);
                    Self::gone(model, known, &value);
                }
                if kind == Kind::ExtractIfLeaked {
                    mem::forget(iter);
                } else {
                    drop(iter);
                }
                if kind == Kind::ExtractIf {
                    assert!(model.keys().all(|key| key % 5 != number % 5));
                }
            }
            Kind::DrainAll | Kind::DrainPart => {
                case = any;
                let limit = if kind == Kind::DrainAll { usize::MAX } else { count };
                let mut drain = map.drain();
                assert_eq!(drain.len(), model.len());
                for (known, value) in drain.by_ref().take(limit) {
                    Self::gone(model, known, &value);
                }
                assert_eq!(drain.len(), model.len());
                drop(drain);
                model.clear();
            }
            Kind::DrainLeaked | Kind::DrainUntouchedLeaked => {
                case = any;
                let before = model.len();
                let mut taken = 0;
                let mut drain = map.drain();
                if kind == Kind::DrainLeaked {
                    for (known, value) in drain.by_ref().take(count) {
                        Self::gone(model, known, &value);
                        taken += 1;
                    }
                }
                mem::forget(drain);
                self.follow_leak(taken, before);
            }
            Kind::Clear => {
                case = any;
                let capacity = map.capacity();
                map.clear();
                model.clear();
                assert_eq!(map.capacity(), capacity, "`clear` keeps the blocks");
                assert_eq!(map.stats().left_to_move, 0, "nothing is left to move");
            }
            Kind::Reserve => {
                case = any;
                map.reserve(count);
                self.check_reserved(count);
            }
            Kind::TryReserve => {
                case = any;
                map.try_reserve(count).unwrap();
                self.check_reserved(count);
            }
            Kind::ReserveTooMuch => {
                case = any;
                map.try_reserve(usize::MAX - count).unwrap_err();
            }
            Kind::ShrinkTo => {
                case = any;
                let (capacity, bytes) = (map.capacity(), map.allocation_size());
                map.shrink_to(count);
                assert!(map.capacity() >= count.min(capacity), "room for what was asked stays");
                assert!(map.allocation_size() <= bytes, "it shrinks");
            }
            Kind::ShrinkToFit => {
                case = any;
                map.shrink_to_fit();
                if model.is_empty() {
                    assert_eq!(map.allocation_size(), 0);
                }
            }
            Kind::Clone => {
                case = any;
                let copy = map.clone();
                assert!(copy == *map);
                assert_eq!(copy.capacity(), map.capacity());
                assert!(copy.keys().eq(map.keys()), "in the same order");
                self.replace(copy); // and drop the first
            }
            Kind::CloneFrom => {
                case = any;
                let mut copy = Self::empty(&self.hasher, (self.fresh)());
                copy.extend(keys(count).map(|key| (key, V::of(number))));
                copy.clone_from(map);
                assert!(copy == *map);
                map.clear();
                map.extend(keys(count).map(|key| (key, V::of(number))));
                map.try_clone_from(&copy).unwrap();
                assert!(copy == *map);
            }
            Kind::Settle => {
                case = any;
                let before = map.stats().left_to_move;
                let settled = map.settle(count);
                assert_eq!(settled, map.stats().left_to_move == 0);
                assert!(map.stats().left_to_move <= before);
                if number % 2 == 0 {
                    assert!(map.settle(usize::MAX));
                    assert_eq!(map.stats().left_to_move, 0);
                }
            }
            Kind::CloneIn => {
                case = any;
                let arena = Arena::new();
                let mut copy = map.clone_in(&arena);
                assert!(copy.same_entries(map));
                copy.insert(key, V::of(!number));
                if number % 2 == 0 {
                    let handle = (self.fresh)();
                    let back = copy.try_clone_in(handle).unwrap();
                    model.insert(key, !number);
                    drop(copy);
                    self.replace(back);
                } else {
                    assert_eq!(map.get(&key).map(V::number), old, "a copy is apart");
                }
            }
            Kind::Equal => {
                case = any;
                let other: ArenaMap<u64, V> = model.iter().map(|(key, value)| (*key, V::of(*value))).collect();
                assert!(map.same_entries(&other));
                assert!(other.same_entries(map));
                if let Some(first) = map.keys().next().copied() {
                    map.get_mut(&first).unwrap().add(1);
                    assert!(!map.same_entries(&other));
                    map.get_mut(&first).unwrap().add(u64::MAX);
                }
            }
            Kind::Extend => {
                map.extend(keys(count).map(|key| (key, V::of(number))));
                model.extend(keys(count).map(|key| (key, number)));
            }
            Kind::ExtendRefs => {
                // The forms by reference need `Copy`: they go through a copy of the map with small values.
                let mut small: ArenaMap<u64, u64> = map.iter().map(|(key, value)| (*key, value.number())).collect();
                let entries: Vec<(u64, u64)> = keys(count).map(|key| (key, number)).collect();
                if number % 2 == 0 {
                    small.extend(&entries);
                } else {
                    small.extend(entries.iter().map(|(key, value)| (key, value)));
                }
                model.extend(entries);
                map.extend(small.into_iter().map(|(key, value)| (key, V::of(value))));
            }
            Kind::TryExtend => {
                map.try_extend(keys(count).map(|key| (key, V::of(number)))).unwrap();
                model.extend(keys(count).map(|key| (key, number)));
            }
            Kind::IntoIter | Kind::IntoIterLeaked => {
                case = any;
                let mut iter = self.take().into_iter();
                assert_eq!(iter.len(), self.model.len());
                for (known, value) in iter.by_ref().take(count) {
                    Self::gone(&mut self.model, known, &value);
                }
                assert_eq!(iter.len(), self.model.len());
                // Sanitizers and Miri would report the arena that is lost.
                if kind == Kind::IntoIterLeaked && !cfg!(any(arenamap_guard, miri)) {
                    self.leaked += isize::try_from(iter.len()).unwrap();
                    self.lost_blocks = true;
                    mem::forget(iter);
                } else {
                    drop(iter);
                }
                self.model.clear();
            }
            Kind::IntoKeys => {
                case = any;
                let got: BTreeSet<u64> = self.take().into_keys().collect();
                assert_eq!(got, self.model.drain().map(|(key, _)| key).collect());
            }
            Kind::IntoValues => {
                case = any;
                let mut got: Vec<u64> = self.take().into_values().map(|value| value.number()).collect();
                let mut due: Vec<u64> = self.model.drain().map(|(_, value)| value).collect();
                got.sort_unstable();
                due.sort_unstable();
                assert_eq!(got, due);
            }
            Kind::FromIterIn => {
                case = any;
                // `from_iter_in` needs `S: Default`, which these hashers are not; the same by the default hasher.
                let copy: ArenaMap<u64, V, arenamap::DefaultHashBuilder, H> =
                    ArenaMap::from_iter_in(map.iter().map(|(k, v)| (*k, v.clone())), (self.fresh)());
                assert!(copy.same_entries(map));
                let again = ArenaMap::<_, _, arenamap::DefaultHashBuilder, _>::try_from_iter_in(copy, (self.fresh)());
                assert!(again.unwrap().same_entries(map));
            }
            Kind::IntoHandle => {
                case = any;
                let handle = self.take().into_handle();
                self.map = Self::empty(&self.hasher, handle);
                self.model.clear();
            }
        }
        self.seen.insert((kind, case));
    }

    /// A reserve is a promise: nothing grows, and nothing moves, until so many entries are in.
    fn check_reserved(&mut self, additional: usize) {
        if additional == 0 {
            return;
        }
        assert!(self.map.capacity() >= self.model.len() + additional);
        assert_eq!(self.map.stats().left_to_move, 0);
        let before = (self.map.capacity(), self.map.allocation_size());
        let mut added = Vec::new();
        for i in 0..additional as u64 {
            let key = (1 << 50) + i;
            assert!(
                self.map.insert_within_capacity(key, V::of(key)).is_ok(),
                "room was reserved"
            );
            added.push(key);
        }
        assert_eq!((self.map.capacity(), self.map.allocation_size()), before);
        for key in added {
            assert_eq!(self.map.remove(&key).map(|v| v.number()), Some(key));
        }
    }

    /// What holds after every operation. `deep` also looks every key up, which a hostile hasher makes quadratic.
    pub(crate) fn check(&self, deep: bool) {
        let (map, model) = (&self.map, &self.model);
        assert_eq!(map.len(), model.len());
        assert_eq!(map.is_empty(), model.is_empty());
        let mut iterated = 0;
        for (key, value) in map {
            assert_eq!(model.get(key), Some(&value.number()), "{key} in an iteration");
            iterated += 1;
        }
        assert_eq!(iterated, model.len());

        let stats = map.stats();
        assert_eq!(stats.len, model.len());
        assert_eq!(stats.capacity, map.capacity());
        assert!(map.capacity() >= map.len());
        assert!(stats.slots >= stats.capacity);
        assert_eq!(stats.entry_size, size_of::<(u64, V)>());
        assert_eq!(stats.table_bytes, map.allocation_size());
        assert!(self.map.arena_stats().used >= map.allocation_size());
        assert!(stats.moved_by_last_step <= STEP, "{stats}");
        assert!(stats.left_to_move == 0 || stats.capacity > AT_ONCE, "{stats}");

        if size_of::<V>() == size_of::<Big>() {
            assert_eq!(
                Big::live() - self.leaked,
                isize::try_from(model.len()).unwrap(),
                "values are dropped once"
            );
        }
        if deep {
            for (key, value) in model {
                assert_eq!(map.get(key).map(V::number), Some(*value), "{key} is found");
            }
            for absent in 0..8 {
                assert!(map.get(&(u64::MAX - absent)).is_none());
            }
        }
    }

    /// The end of a program: every byte goes back to the arena.
    pub(crate) fn finish(self) {
        let Self {
            map,
            model,
            leaked,
            lost_blocks,
            used_before,
            ..
        } = self;
        let small = size_of::<V>() != size_of::<Big>();
        let handle = map.into_handle();
        drop(model);
        let probe: ArenaMap<u8, u8, _, H> = ArenaMap::new_in(handle);
        if !lost_blocks {
            assert_eq!(
                probe.arena_stats().used,
                used_before,
                "a dropped map leaves nothing in its arena"
            );
        }
        assert!(small || Big::live() == leaked, "values are dropped with their map");
    }
}

/// Something to do with maps of every kind.
pub(crate) trait Visit {
    fn visit<S: BuildHasher + Clone, H: Handle>(
        &mut self,
        name: &str,
        start: Start,
        hasher: S,
        fresh: &mut dyn FnMut() -> H,
    );
}

/// Visits all four handles, both starts, and hashers from good to constant.
pub(crate) fn with_map(visit: &mut impl Visit) {
    for start in [Start::Empty, Start::Moving] {
        with_handles(visit, "default hasher", start, &arenamap::DefaultHashBuilder::default());
        for (hasher, hash_builder) in Graded::ALL {
            with_handles(visit, hasher, start, &hash_builder);
        }
    }
}

fn with_handles<S: BuildHasher + Clone>(visit: &mut impl Visit, hasher: &str, start: Start, hash_builder: &S) {
    let name = |handle: &str| format!("{handle}, {start:?}, {hasher}");
    let arena = Arena::new();
    visit.visit(&name("borrowed"), start, hash_builder.clone(), &mut || &arena);
    visit.visit(&name("owned"), start, hash_builder.clone(), &mut Arena::new);
    let pool = ArenaPool::new();
    visit.visit(&name("pooled"), start, hash_builder.clone(), &mut || pool.checkout());
    let shared = pool.checkout().share();
    visit.visit(&name("shared"), start, hash_builder.clone(), &mut || shared.clone());
}
