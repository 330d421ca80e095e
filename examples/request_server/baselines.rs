//! The same workspace on maps of the global heap: what the arena is compared with.
//!
//! Both are written with care, as a service that minds its latency would: a key becomes a `String`
//! only when it is new, and nothing is cloned.

use std::collections::HashMap as StdMap;

use hashbrown::HashMap as HashbrownMap;

use crate::report::{ClientTotals, PathTotals, Refusal, StatusTable, TextTable, Workspace};

/// `std::collections::HashMap` as it comes: its own hasher (`SipHash`), growing from empty.
pub(crate) struct StdWorkspace;

impl Workspace for StdWorkspace {
    type Statuses = StdMap<u16, u64>;
    type Paths = StdMap<String, PathTotals<Self::Statuses>>;
    type Clients = StdMap<String, ClientTotals>;
    type List<'a, T: Copy + 'a> = Vec<T>;

    fn statuses(&self) -> Result<Self::Statuses, Refusal> {
        Ok(StdMap::new())
    }

    fn paths(&self) -> Result<Self::Paths, Refusal> {
        Ok(StdMap::new())
    }

    fn clients(&self) -> Result<Self::Clients, Refusal> {
        Ok(StdMap::new())
    }

    fn list<'a, T: Copy + 'a>(&'a self, items: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, Refusal> {
        Ok(items.collect())
    }
}

impl<V: Send + Sync> TextTable<V> for StdMap<String, V> {
    fn upsert(
        &mut self,
        key: &str,
        make: impl FnOnce() -> Result<V, Refusal>,
        update: impl FnOnce(&mut V) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        // `entry` wants an owned key even for a hit: one more lookup for a miss is cheaper.
        if let Some(value) = self.get_mut(key) {
            return update(value);
        }
        update(self.entry(key.to_owned()).or_insert(make()?))
    }

    fn iter<'a>(&'a self) -> impl ExactSizeIterator<Item = (&'a str, &'a V)>
    where
        V: 'a,
    {
        self.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl StatusTable for StdMap<u16, u64> {
    fn count(&mut self, status: u16) -> Result<(), Refusal> {
        *self.entry(status).or_insert(0) += 1;
        Ok(())
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = (u16, u64)> {
        self.iter().map(|(&status, &count)| (status, count))
    }
}

/// hashbrown with its own hasher (foldhash) and the capacity given that the lines turn out to need.
pub(crate) struct HashbrownWorkspace {
    /// The sizes that somebody found out beforehand.
    pub(crate) sizes: KnownSizes,
}

/// How large the maps of a request get.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KnownSizes {
    pub(crate) paths: usize,
    pub(crate) clients: usize,
    pub(crate) statuses: usize,
}

type Hashbrown<K, V> = HashbrownMap<K, V, foldhash::fast::RandomState>;

fn hashbrown_of<K, V>(capacity: usize) -> Hashbrown<K, V> {
    Hashbrown::with_capacity_and_hasher(capacity, foldhash::fast::RandomState::default())
}

impl Workspace for HashbrownWorkspace {
    type Statuses = Hashbrown<u16, u64>;
    type Paths = Hashbrown<String, PathTotals<Self::Statuses>>;
    type Clients = Hashbrown<String, ClientTotals>;
    type List<'a, T: Copy + 'a> = Vec<T>;

    fn statuses(&self) -> Result<Self::Statuses, Refusal> {
        Ok(hashbrown_of(self.sizes.statuses))
    }

    fn paths(&self) -> Result<Self::Paths, Refusal> {
        Ok(hashbrown_of(self.sizes.paths))
    }

    fn clients(&self) -> Result<Self::Clients, Refusal> {
        Ok(hashbrown_of(self.sizes.clients))
    }

    fn list<'a, T: Copy + 'a>(&'a self, items: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, Refusal> {
        Ok(items.collect())
    }
}

impl<V: Send + Sync> TextTable<V> for Hashbrown<String, V> {
    fn upsert(
        &mut self,
        key: &str,
        make: impl FnOnce() -> Result<V, Refusal>,
        update: impl FnOnce(&mut V) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        match self.entry_ref(key) {
            hashbrown::hash_map::EntryRef::Occupied(mut entry) => update(entry.get_mut()),
            hashbrown::hash_map::EntryRef::Vacant(entry) => update(entry.insert(make()?)),
        }
    }

    fn iter<'a>(&'a self) -> impl ExactSizeIterator<Item = (&'a str, &'a V)>
    where
        V: 'a,
    {
        self.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl StatusTable for Hashbrown<u16, u64> {
    fn count(&mut self, status: u16) -> Result<(), Refusal> {
        *self.entry(status).or_insert(0) += 1;
        Ok(())
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = (u16, u64)> {
        self.iter().map(|(&status, &count)| (status, count))
    }
}
