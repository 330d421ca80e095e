//! A map of several values a key, that can be cloned: a vector behind each key one way, a set the other way.

use std::hash::Hash;

use super::{HashMap, HashSet};
use crate::programs::Program;
use crate::support;

#[derive(Clone)]
struct MultiMap<K: Eq + Hash, V> {
    inner: HashMap<K, Vec<V>>,
}

impl<K: Eq + Hash, V: PartialEq> MultiMap<K, V> {
    fn new() -> Self {
        MultiMap {
            inner: HashMap::default(),
        }
    }

    fn insert(&mut self, key: K, value: V) {
        self.inner.entry(key).or_default().push(value);
    }

    fn get(&self, key: &K) -> &[V] {
        self.inner.get(key).map_or(&[], Vec::as_slice)
    }

    fn remove(&mut self, key: &K, value: &V) -> bool {
        let Some(values) = self.inner.get_mut(key) else {
            return false;
        };
        let Some(place) = values.iter().position(|other| other == value) else {
            return false;
        };
        values.swap_remove(place);
        if values.is_empty() {
            self.inner.remove(key);
        }
        true
    }

    fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.inner
            .iter()
            .flat_map(|(key, values)| values.iter().map(move |value| (key, value)))
    }
}

/// The other way round.
#[derive(Clone)]
struct Inverse<K: Eq + Hash + Clone, V: Eq + Hash + Clone> {
    inner: HashMap<V, HashSet<K>>,
}

impl<K: Eq + Hash + Clone, V: Eq + Hash + Clone> Inverse<K, V> {
    fn of(map: &MultiMap<K, V>) -> Self {
        let mut inner: HashMap<V, HashSet<K>> = HashMap::default();
        for (key, values) in &map.inner {
            for value in values {
                inner.entry(value.clone()).or_default().insert(key.clone());
            }
        }
        Inverse { inner }
    }
}

/// n keys with three values each, out of as many.
pub(crate) struct Multimap {
    pairs: Vec<(u64, u32)>,
}

impl Program for Multimap {
    fn new(n: usize) -> Self {
        let pairs = (0..3 * n as u64)
            .map(|i| {
                let value = support::key(i | 1 << 40) % n as u64;
                (
                    support::key(i % n as u64),
                    u32::try_from(value).expect("a small number"),
                )
            })
            .collect();
        Multimap { pairs }
    }

    fn run(&mut self) -> u64 {
        let mut map = MultiMap::new();
        for &(key, value) in &self.pairs {
            map.insert(key, value);
        }
        let mut fewer = map.clone();
        for (key, value) in self.pairs.iter().step_by(2) {
            assert!(fewer.remove(key, value));
        }
        let values: u64 = self.pairs.iter().map(|(key, _)| map.get(key).len() as u64).sum();
        let left: u64 = fewer
            .iter()
            .fold(0, |sum, (key, value)| sum.wrapping_add(key ^ u64::from(*value)));
        let inverse = Inverse::of(&fewer).clone();
        let keys: u64 = inverse.inner.values().map(|keys| keys.len() as u64).sum();
        values.wrapping_add(left).wrapping_add(keys << 7)
    }
}
