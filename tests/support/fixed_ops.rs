//! Operations of a `FixedMap` as data, what each does to a map and to its model, and what must hold after each.
//!
//! An [`Op`] is three numbers, so that anything can generate programs: proptest here, a fuzzer elsewhere. This file needs
//! nothing but the crate and `std`.

#![allow(
    clippy::mem_forget,
    clippy::forget_non_drop,
    reason = "whether a leak has an effect is what is tested"
)]
#![allow(clippy::cast_possible_truncation, reason = "keys, counts and capacities are small")]

use std::collections::{BTreeSet, HashMap, HashSet};
use std::mem;

use arenamap::fixed::{
    AlignedBytes, Entry, Field, FixedInsertError, FixedMap, Holds, IntoMemory, MemoryMut, Unverified,
};

use super::fixed_pairs::Pairs;

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
        /// What an operation does. Its name says which call it is. Each has two cases, which `apply` tells apart: the key is
        /// there or not, the map is full or not, has entries or not, is sealed or not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind { $($kind),* }

        impl Kind {
            /// Every kind, with how often a program should have it.
            pub(crate) const ALL: &'static [(Kind, u32)] = &[$((Kind::$kind, $weight)),*];
        }
    };
}

kinds! {
    Insert = 16, TryExtend = 12, Remove = 6, RemoveEntry = 4, TryRemove = 4,
    EntryOrInsert = 3, EntryOrInsertWith = 3, EntryWithKey = 3, EntryOrDefault = 3, EntryModify = 3, EntryInsert = 3,
    EntryIntoMut = 3, EntryRemove = 3, EntryRemoveEntry = 3, EntryAbandon = 2,
    Get = 2, GetMut = 3, Disjoint = 3, Batch = 2,
    Retain = 2, ExtractIf = 2, ExtractIfPart = 3, ExtractIfLeaked = 2, DrainAll = 1, DrainPart = 1, DrainLeaked = 1,
    Iter = 2, IterMut = 2, KeysValues = 2, ValuesMut = 2, IntoIterators = 2, Clear = 1,
    CopyInto = 2, CopyIntoMut = 2, CopyTooSmall = 2, Seal = 4, Clone = 1, Equal = 2,
    Open = 2, OpenMut = 2, OpenVerified = 2, OpenUnverified = 2, OpenUnchecked = 2, Recover = 2,
}

impl Kind {
    /// Whether it changes no byte.
    const fn reads(self) -> bool {
        matches!(
            self,
            Kind::Get
                | Kind::Batch
                | Kind::Iter
                | Kind::KeysValues
                | Kind::Clone
                | Kind::Equal
                | Kind::EntryAbandon
                | Kind::CopyTooSmall
                | Kind::DrainLeaked
                | Kind::Open
                | Kind::OpenVerified
                | Kind::OpenUnverified
                | Kind::OpenUnchecked
        )
    }

    /// Whether it makes a map with a seed of its own, in which no key is hostile.
    pub(crate) const fn draws_a_seed(self) -> bool {
        matches!(self, Kind::CopyInto | Kind::CopyIntoMut)
    }
}

/// Memory that a map can be taken off and put on again.
pub(crate) trait Home<V: arenamap::fixed::FixedValue>: MemoryMut + IntoMemory<Memory = Self> + Holds<V> {}
impl<V: arenamap::fixed::FixedValue, M: MemoryMut + IntoMemory<Memory = M> + Holds<V>> Home<V> for M {}

type Map<P, M> = FixedMap<<P as Pairs>::Key, <P as Pairs>::Value, M>;

/// A map and its model.
pub(crate) struct Pair<'k, P: Pairs, M: Home<P::Value>> {
    /// There but while an operation turns it into its memory and back.
    map: Option<Map<P, M>>,
    /// Values by the number of their keys.
    model: HashMap<u64, P::Value>,
    /// The largest capacity that fits the memory.
    most: usize,
    /// Keys to choose from; all numbers if there are none.
    keys: &'k [u64],
    /// Which kinds of operations met which of their cases.
    pub(crate) seen: BTreeSet<(Kind, bool)>,
    /// Pairs that a full map gave back.
    pub(crate) refused: usize,
}

impl<'k, P: Pairs, M: Home<P::Value>> Pair<'k, P, M> {
    /// Bytes of memory that a pair of this capacity takes: room to grow, so that the memory is longer than the archive.
    pub(crate) const fn bytes(capacity: usize) -> usize {
        FixedMap::<P::Key, P::Value>::bytes_for(Self::most(capacity))
    }

    const fn most(capacity: usize) -> usize {
        2 * capacity + 2
    }

    pub(crate) fn new(memory: M, capacity: usize, seed: Option<u64>, keys: &'k [u64]) -> Self {
        let map = match seed {
            Some(seed) => FixedMap::create_seeded(memory, capacity, seed),
            None => FixedMap::create(memory, capacity),
        };
        Self {
            map: Some(map.expect("enough memory")),
            model: HashMap::new(),
            most: Self::most(capacity),
            keys,
            seen: BTreeSet::new(),
            refused: 0,
        }
    }

    pub(crate) fn map(&self) -> &Map<P, M> {
        self.map.as_ref().expect("put back")
    }

    fn map_mut(&mut self) -> &mut Map<P, M> {
        self.map.as_mut().expect("put back")
    }

    /// Takes the map off its memory.
    fn take(&mut self) -> M {
        self.map.take().expect("put back").into_memory()
    }

    fn is_full(&self) -> bool {
        self.model.len() == self.map().capacity()
    }

    /// The number of the key that an operation means.
    fn number(&self, key: u64) -> u64 {
        if self.keys.is_empty() {
            key % P::KEYS
        } else {
            self.keys[key as usize % self.keys.len()]
        }
    }

    /// Applies one operation to both, and compares what they answer.
    pub(crate) fn apply(&mut self, op: Op) {
        let before = op.kind.reads().then(|| self.map().as_bytes().to_vec());
        let key = self.number(op.key);
        let case = match op.kind {
            Kind::Insert => self.insert(key, P::value(op.number)),
            Kind::TryExtend => self.try_extend(op),
            Kind::Remove | Kind::RemoveEntry | Kind::TryRemove => self.remove(op.kind, key),
            Kind::EntryOrInsert
            | Kind::EntryOrInsertWith
            | Kind::EntryWithKey
            | Kind::EntryOrDefault
            | Kind::EntryModify => self.entry_or(op.kind, key, op.number),
            Kind::EntryInsert
            | Kind::EntryIntoMut
            | Kind::EntryRemove
            | Kind::EntryRemoveEntry
            | Kind::EntryAbandon => self.entry(op.kind, key, P::value(op.number)),
            Kind::Get => self.get(key),
            Kind::GetMut => self.get_mut(key, P::value(op.number)),
            Kind::Disjoint => self.disjoint(op),
            Kind::Batch => self.batch(op),
            Kind::Retain | Kind::ExtractIf | Kind::ExtractIfPart | Kind::ExtractIfLeaked => self.extract(op),
            Kind::DrainAll | Kind::DrainPart | Kind::DrainLeaked | Kind::Clear => self.empty(op),
            Kind::Iter | Kind::KeysValues => self.iterate(op),
            Kind::IterMut | Kind::ValuesMut | Kind::IntoIterators => self.iterate_mut(op),
            Kind::CopyInto | Kind::CopyIntoMut => self.copy(op),
            Kind::CopyTooSmall => self.copy_too_small(),
            Kind::Seal => self.seal(),
            Kind::Clone | Kind::Equal => self.copies(op.kind, key),
            Kind::Open
            | Kind::OpenMut
            | Kind::OpenVerified
            | Kind::OpenUnverified
            | Kind::OpenUnchecked
            | Kind::Recover => self.open(op.kind, key),
        };
        self.seen.insert((op.kind, case));
        if let Some(before) = before {
            assert_eq!(self.map().as_bytes(), before, "{:?} changed the bytes", op.kind);
        }
    }

    /// What must hold after each operation.
    pub(crate) fn check(&self) {
        let map = self.map();
        assert_eq!(map.verify(), Ok(()));
        assert_eq!((map.len(), map.is_empty()), (self.model.len(), self.model.is_empty()));
        assert_eq!(
            map.as_bytes().len(),
            FixedMap::<P::Key, P::Value>::bytes_for(map.capacity())
        );
        for (&number, value) in &self.model {
            let key = P::key(number);
            assert_eq!(map.get(&key), Some(value), "{key:?}");
            P::query(number, |query| {
                let (found, same) = map.get_key_value(query).expect("found by its query");
                assert_eq!((P::number(found), same), (number, value));
                assert_eq!(&map[query], value);
                assert_eq!(map.try_get(query), Ok(Some(value)));
            });
        }
        let numbers: HashSet<u64> = map.iter().map(|(key, _)| P::number(key)).collect();
        assert_eq!(numbers.len(), self.model.len());
        assert_eq!(map.iter().count(), self.model.len());
        for number in (0..8).map(|key| self.number(key)) {
            let there = self.model.contains_key(&number);
            assert_eq!(P::query(number, |query| map.contains_key(query)), there);
            map.prefetch(&P::key(number));
        }
        let stats = map.stats();
        assert_eq!(
            (stats.len, stats.capacity, stats.bytes),
            (map.len(), map.capacity(), map.as_bytes().len())
        );
        assert!(stats.longest_hit <= stats.groups && stats.longest_miss <= stats.groups);
    }

    /// A pair that was given back by a full map, which was not changed by that.
    fn was_refused(
        &mut self,
        error: FixedInsertError<P::Key, P::Value>,
        number: u64,
        value: P::Value,
        before: Option<Vec<u8>>,
    ) {
        assert!(self.is_full() && !self.model.contains_key(&number));
        assert_eq!(self.map().as_bytes(), before.expect("it was full before"));
        assert!(
            matches!(error, FixedInsertError::Full { capacity, .. } if capacity == self.map().capacity()),
            "{error:?}"
        );
        let pair = error.into_pair();
        assert_eq!((P::number(&pair.0), pair.1), (number, value));
        self.refused += 1;
    }

    /// The bytes before an operation that a full map will refuse.
    fn before_refusal(&self) -> Option<Vec<u8>> {
        self.is_full().then(|| self.map().as_bytes().to_vec())
    }

    fn insert(&mut self, number: u64, value: P::Value) -> bool {
        let before = self.before_refusal();
        match self.map_mut().insert(P::key(number), value) {
            Ok(old) => assert_eq!(old, self.model.insert(number, value)),
            Err(error) => self.was_refused(error, number, value, before),
        }
        assert!(self.model.len() <= self.map().capacity());
        self.is_full()
    }

    fn try_extend(&mut self, op: Op) -> bool {
        let count = op.number as usize % (2 * self.map().capacity() + 2);
        let pairs: Vec<(u64, P::Value)> = (0..count as u64)
            .map(|i| (self.number(op.key + i), P::value(op.number + i)))
            .collect();
        let mut given = pairs.iter().map(|&(number, value)| (P::key(number), value));
        let capacity = self.map().capacity();
        let outcome = self.map_mut().try_extend(&mut given);
        let left = given.len();
        let mut expected = Ok(());
        for (i, &(number, value)) in pairs.iter().enumerate() {
            if self.model.len() == capacity && !self.model.contains_key(&number) {
                expected = Err((i, number, value));
                break;
            }
            self.model.insert(number, value);
        }
        match (outcome, expected) {
            (Ok(()), Ok(())) => assert_eq!(left, 0),
            (Err(error), Err((inserted, number, value))) => {
                assert_eq!((error.inserted, left), (inserted, count - inserted - 1));
                let before = self.before_refusal();
                self.was_refused(error.cause, number, value, before);
            }
            (outcome, expected) => panic!("{outcome:?}, expected {expected:?}"),
        }
        self.is_full()
    }

    fn remove(&mut self, kind: Kind, number: u64) -> bool {
        let map = self.map_mut();
        let removed = match kind {
            Kind::Remove => P::query(number, |query| map.remove(query)),
            Kind::TryRemove => P::query(number, |query| map.try_remove(query)).unwrap_or_else(|error| {
                assert_eq!(error.field(), Field::Search, "of a key that is not there");
                None
            }),
            _ => P::query(number, |query| map.remove_entry(query)).map(|(key, value)| {
                assert_eq!(P::number(&key), number);
                value
            }),
        };
        assert_eq!(removed, self.model.remove(&number));
        removed.is_some()
    }

    fn entry_or(&mut self, kind: Kind, number: u64, value: u64) -> bool {
        let there = self.model.contains_key(&number);
        let before = self.before_refusal();
        let modified = P::value(value + 1);
        let value = if kind == Kind::EntryOrDefault {
            P::Value::default()
        } else {
            P::value(value)
        };
        let entry = self.map_mut().entry(P::key(number));
        assert_eq!(P::number(entry.key()), number);
        let outcome = match kind {
            Kind::EntryOrInsert => entry.or_insert(value),
            Kind::EntryOrInsertWith => entry.or_insert_with(|| value),
            Kind::EntryWithKey => entry.or_insert_with_key(|key| {
                assert_eq!(P::number(key), number);
                value
            }),
            Kind::EntryOrDefault => entry.or_default(),
            _ => entry.and_modify(|value| *value = modified).or_insert(value),
        };
        match outcome.map(|value| *value) {
            Ok(found) => {
                if there && kind == Kind::EntryModify {
                    self.model.insert(number, modified);
                }
                assert_eq!(found, *self.model.entry(number).or_insert(value));
            }
            Err(error) => self.was_refused(error, number, value, before),
        }
        there
    }

    fn entry(&mut self, kind: Kind, number: u64, value: P::Value) -> bool {
        let there = self.model.contains_key(&number);
        let before = self.before_refusal();
        match self.map.as_mut().expect("put back").entry(P::key(number)) {
            Entry::Occupied(mut entry) => {
                assert_eq!(
                    (P::number(entry.key()), Some(entry.get())),
                    (number, self.model.get(&number))
                );
                match kind {
                    Kind::EntryInsert => {
                        assert_eq!(Some(entry.insert(value)), self.model.insert(number, value));
                        assert_eq!(*entry.get(), value);
                    }
                    Kind::EntryIntoMut => {
                        *entry.get_mut() = P::value(0);
                        *entry.into_mut() = value;
                        self.model.insert(number, value);
                    }
                    Kind::EntryRemove => assert_eq!(Some(entry.remove()), self.model.remove(&number)),
                    Kind::EntryRemoveEntry => {
                        let (key, value) = entry.remove_entry();
                        assert_eq!((P::number(&key), Some(value)), (number, self.model.remove(&number)));
                    }
                    _ => {} // left as it is
                }
            }
            Entry::Vacant(entry) => {
                assert_eq!(P::number(entry.key()), number);
                if matches!(kind, Kind::EntryInsert | Kind::EntryIntoMut) {
                    match entry.insert(value).map(|found| *found) {
                        Ok(found) => {
                            assert_eq!(found, value);
                            self.model.insert(number, value);
                        }
                        Err(error) => self.was_refused(error, number, value, before),
                    }
                } else {
                    assert_eq!(P::number(&entry.into_key()), number);
                }
            }
        }
        there
    }

    fn get(&self, number: u64) -> bool {
        let found = P::query(number, |query| self.map().get(query).copied());
        assert_eq!(found.as_ref(), self.model.get(&number));
        match self.map().try_get(&P::key(number)) {
            Ok(same) => assert_eq!(same, found.as_ref()),
            // With hostile keys, every group may be passed by some key of this class.
            Err(error) => assert!(found.is_none() && error.field() == Field::Search && !self.keys.is_empty()),
        }
        found.is_some()
    }

    fn get_mut(&mut self, number: u64, value: P::Value) -> bool {
        let map = self.map_mut();
        let there = P::query(number, |query| map.get_mut(query).map(|found| *found = value)).is_some();
        assert_eq!(there, self.model.get_mut(&number).map(|found| *found = value).is_some());
        there
    }

    fn disjoint(&mut self, op: Op) -> bool {
        let mut numbers = [op.key, op.key + 1, op.key + op.number].map(|key| self.number(key));
        numbers.sort_unstable();
        if numbers[0] == numbers[1] || numbers[1] == numbers[2] {
            // Few keys: one of them, and two that are not there.
            numbers = [numbers[0], P::KEYS, P::KEYS + 1];
        }
        let values = [1, 2, 3].map(|i| P::value(op.number + i));
        let map = self.map_mut();
        let [a, b, c] = numbers;
        let found = P::query(a, |a| {
            P::query(b, |b| {
                P::query(c, |c| {
                    let found = map.get_disjoint_mut([a, b, c]);
                    let there = found.each_ref().map(Option::is_some);
                    for (found, value) in found.into_iter().zip(values) {
                        if let Some(found) = found {
                            *found = value;
                        }
                    }
                    there
                })
            })
        });
        for ((number, there), value) in numbers.into_iter().zip(found).zip(values) {
            assert_eq!(there, self.model.get_mut(&number).map(|found| *found = value).is_some());
        }
        found == [true; 3]
    }

    fn batch(&self, op: Op) -> bool {
        // More than one batch of lookups in flight, and not a multiple of it.
        let numbers: Vec<u64> = (0..op.number % 70).map(|i| self.number(op.key + i)).collect();
        let keys: Vec<P::Key> = numbers.iter().map(|&number| P::key(number)).collect();
        let mut out = vec![None; keys.len()];
        self.map().get_batch(&keys, &mut out);
        for (number, found) in numbers.iter().zip(&out) {
            assert_eq!(*found, self.model.get(number));
        }
        keys.len() > 32
    }

    fn extract(&mut self, op: Op) -> bool {
        let picks = |number: u64| (number ^ op.key).is_multiple_of(op.number % 4 + 1);
        let picked = self.model.keys().filter(|&&number| picks(number)).count();
        let changed = P::value(op.number);
        let (slots, part) = (self.map().stats().groups * 12, op.key as usize % (picked + 1));
        let mut asked = HashSet::new();
        let mut taken = Vec::new();
        let map = self.map.as_mut().expect("put back");
        let mut pred = |key: &P::Key, value: &mut P::Value| {
            assert!(asked.insert(P::number(key)), "asked twice");
            *value = changed;
            picks(P::number(key))
        };
        match op.kind {
            Kind::Retain => map.retain(|key, value| !pred(key, value)),
            Kind::ExtractIf => taken.extend(map.extract_if(pred)),
            kind => {
                let mut extracting = map.extract_if(pred);
                assert_eq!(extracting.size_hint(), (0, Some(slots)));
                taken.extend(extracting.by_ref().take(part));
                if kind == Kind::ExtractIfLeaked {
                    mem::forget(extracting);
                }
            }
        }
        match op.kind {
            Kind::Retain => {}
            Kind::ExtractIf => assert_eq!(taken.len(), picked),
            _ => assert_eq!(taken.len(), part),
        }
        for (key, value) in &taken {
            assert!(picks(P::number(key)) && *value == changed);
            assert!(self.model.remove(&P::number(key)).is_some() && asked.remove(&P::number(key)));
        }
        for number in asked {
            if op.kind == Kind::Retain && picks(number) {
                self.model.remove(&number);
            } else {
                self.model.insert(number, changed);
            }
        }
        picked > 0
    }

    fn empty(&mut self, op: Op) -> bool {
        let len = self.model.len();
        let part = op.number as usize % (len + 1);
        let map = self.map.as_mut().expect("put back");
        match op.kind {
            Kind::Clear => map.clear(),
            kind => {
                let mut drain = map.drain();
                let mut drained = HashMap::new();
                let take = if kind == Kind::DrainAll { len + 1 } else { part };
                for _ in 0..take {
                    let left = len - drained.len();
                    assert_eq!((drain.len(), drain.size_hint()), (left, (left, Some(left))));
                    match drain.next() {
                        Some((key, value)) => assert_eq!(drained.insert(P::number(&key), value), None),
                        None => assert_eq!(left, 0),
                    }
                }
                assert_eq!(drained.len(), take.min(len));
                assert!(
                    drained
                        .iter()
                        .all(|(number, value)| self.model.get(number) == Some(value))
                );
                if kind == Kind::DrainLeaked {
                    mem::forget(drain); // nothing was taken out
                    return len > 0;
                }
            }
        }
        self.model.clear();
        len > 0
    }

    fn iterate(&self, op: Op) -> bool {
        let (map, len) = (self.map(), self.model.len());
        let part = op.number as usize % (len + 2);
        let mut numbers = HashSet::new();
        if op.kind == Kind::Iter {
            walk(map.iter(), part, len, |(key, value)| {
                assert_eq!(Some(value), self.model.get(&P::number(key)));
                assert!(numbers.insert(P::number(key)));
            });
            let clone = map.iter().clone().map(|(key, value)| (P::number(key), *value));
            assert!(clone.eq(map.iter().map(|(key, value)| (P::number(key), *value))));
        } else {
            walk(map.keys(), part, len, |key| assert!(numbers.insert(P::number(key))));
            let mut of_keys = map.keys().map(|key| &self.model[&P::number(key)]);
            walk(map.values(), part, len, |value| assert_eq!(Some(value), of_keys.next()));
        }
        assert_eq!(numbers.len(), len);
        len > 0
    }

    fn iterate_mut(&mut self, op: Op) -> bool {
        let len = self.model.len();
        let part = op.number as usize % (len + 2);
        let map = self.map.as_mut().expect("put back");
        let numbers: Vec<u64> = map.keys().map(P::number).collect();
        let mut order = numbers.iter();
        let mut change = |value: &mut P::Value| {
            let number = *order.next().expect("as many values as keys");
            assert_eq!(self.model.get(&number), Some(&*value));
            *value = P::value(number ^ op.number);
            self.model.insert(number, *value);
        };
        match op.kind {
            Kind::IterMut => walk(map.iter_mut(), part, len, |(_, value)| change(value)),
            Kind::ValuesMut => walk(map.values_mut(), part, len, change),
            _ => {
                for (_, value) in &mut *map {
                    change(value);
                }
                for (key, value) in &*map {
                    assert_eq!(self.model.get(&P::number(key)), Some(value));
                }
            }
        }
        len > 0
    }

    /// A copy in other memory, larger or smaller, and from there back into the memory of this map.
    fn copy(&mut self, op: Op) -> bool {
        let (len, old) = (self.model.len(), self.map().capacity());
        let capacity = len + op.number as usize % (self.most - len + 1);
        let bytes = FixedMap::<P::Key, P::Value>::bytes_for(capacity);
        let memory = AlignedBytes::from_slice(&vec![0xA5; bytes]);
        let copy = if op.kind == Kind::CopyInto {
            self.map().copy_into(memory, capacity)
        } else {
            self.map_mut().copy_into_mut(memory, capacity)
        };
        let mut copy = copy.expect("enough memory");
        assert_eq!(
            (copy.verify(), copy.capacity(), copy.is_sealed()),
            (Ok(()), capacity, false)
        );
        assert!(copy == *self.map() && *self.map() == copy);
        let memory = self.take();
        let back = if op.kind == Kind::CopyInto {
            copy.copy_into(memory, capacity)
        } else {
            copy.copy_into_mut(memory, capacity)
        };
        self.map = Some(back.expect("enough memory"));
        assert_eq!(*self.map(), copy);
        capacity > old
    }

    fn copy_too_small(&self) -> bool {
        let (map, len) = (self.map(), self.model.len());
        let bytes = FixedMap::<P::Key, P::Value>::bytes_for(len);
        let error = map
            .copy_into(AlignedBytes::zeroed(bytes - 1), len)
            .expect_err("a byte is missing");
        assert_eq!(
            (error.field(), error.expected(), error.found()),
            (Field::MemoryLength, bytes as u64, bytes as u64 - 1)
        );
        if len > 0 {
            let error = map
                .copy_into(AlignedBytes::zeroed(bytes), len - 1)
                .expect_err("an entry too many");
            assert_eq!(
                (error.field(), error.expected(), error.found()),
                (Field::TooSmall, len as u64, len as u64 - 1)
            );
        }
        len > 0
    }

    fn seal(&mut self) -> bool {
        let sealed = self.map().is_sealed();
        let bytes = self.map_mut().seal().to_vec();
        assert!(self.map().is_sealed());
        assert_eq!(self.map_mut().seal(), bytes);
        assert_eq!(self.map().as_bytes(), bytes);
        let copy = AlignedBytes::from_slice(&bytes);
        let view = Map::<P, &[u8]>::open_verified(&copy[..]).expect("sealed and whole");
        assert!(view.is_sealed() && view == *self.map());
        sealed
    }

    fn copies(&mut self, kind: Kind, number: u64) -> bool {
        let there = self.model.contains_key(&number);
        let copy = AlignedBytes::from_slice(self.map().as_bytes());
        let mut copy = Map::<P, AlignedBytes>::open_verified(copy).expect("whole");
        assert_eq!(copy, *self.map());
        if kind == Kind::Clone {
            let mut clone = copy.clone();
            assert_eq!((clone.as_bytes(), clone.seed()), (copy.as_bytes(), copy.seed()));
            clone.clear();
            assert_eq!((clone.len(), clone.is_sealed(), copy == *self.map()), (0, false, true));
        } else {
            copy.remove(&P::key(number));
            assert_eq!(copy == *self.map(), !there);
            if there {
                let value = self.model[&number];
                let other = [0, 1].map(P::value).into_iter().find(|other| *other != value);
                let other = other.unwrap_or(value); // of `()` there is no other
                copy.insert(P::key(number), other).expect("there was room");
                assert_eq!(copy == *self.map(), other == value);
            }
        }
        there
    }

    fn open(&mut self, kind: Kind, number: u64) -> bool {
        let (sealed, len, there) = (
            self.map().is_sealed(),
            self.map().len(),
            self.model.contains_key(&number),
        );
        // To read, in other memory, in each way.
        let copy = AlignedBytes::from_slice(self.map().as_bytes());
        let view = P::open(&copy[..]).expect("whole");
        assert_eq!((view.is_sealed(), view.verify()), (sealed, Ok(())));
        assert_eq!(view, *self.map());
        let unverified = Map::<P, &[u8]>::open_unverified(&copy[..]).expect("whole");
        assert_eq!((unverified.len(), unverified.is_empty()), (len, len == 0));
        match unverified.try_get(&P::key(number)) {
            Ok(found) => assert_eq!(found, self.model.get(&number)),
            Err(error) => assert!(!there && error.field() == Field::Search && !self.keys.is_empty()),
        }
        let mut scratch = vec![7; unverified.verified().expect("whole").scratch_words()];
        Map::<P, &[u8]>::open_verified_in(&copy[..], &mut scratch).expect("whole");

        // To write, in the same memory.
        let memory = self.take();
        let map = match kind {
            Kind::Open => P::open(memory),
            Kind::OpenMut => P::open_mut(memory),
            Kind::OpenVerified => Map::<P, M>::open_verified(memory),
            Kind::OpenUnverified => Map::<P, M>::open_unverified(memory).and_then(Unverified::verified),
            Kind::OpenUnchecked => open_unchecked::<P, M>(memory),
            _ => Map::<P, M>::recover(memory).map(|(map, recovered)| {
                assert_eq!(recovered.kept, len);
                assert_eq!((recovered.lost, recovered.unfinished, recovered.claimed), (0, 0, len));
                map
            }),
        };
        self.map = Some(map.expect("whole"));
        let writes = kind == Kind::Recover || kind == Kind::OpenMut && P::OPENS_UNREAD;
        assert_eq!(self.map().is_sealed(), sealed && !writes);
        sealed
    }
}

#[allow(unsafe_code)]
fn open_unchecked<P: Pairs, M: Home<P::Value>>(memory: M) -> Result<Map<P, M>, arenamap::fixed::FixedError> {
    // SAFETY: a map of these types was on this memory just before.
    unsafe { FixedMap::open_unchecked(memory) }
}

/// Goes through an iterator, some steps by `next` and the rest by `fold`, and looks at its hints on the way.
fn walk<I: ExactSizeIterator>(mut iter: I, by_next: usize, len: usize, mut f: impl FnMut(I::Item)) {
    let mut left = len;
    for _ in 0..by_next {
        assert_eq!((iter.size_hint(), iter.len()), ((left, Some(left)), left));
        let Some(item) = iter.next() else {
            assert_eq!(left, 0);
            assert!(iter.next().is_none(), "fused");
            return;
        };
        f(item);
        left -= 1;
    }
    assert_eq!(iter.size_hint(), (left, Some(left)));
    let folded = iter.fold(0, |folded, item| {
        f(item);
        folded + 1
    });
    assert_eq!(folded, left);
}
