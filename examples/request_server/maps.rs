//! How a request uses the crate: all its maps, nested ones too, in one arena from a pool.
//!
//! ```text
//! ArenaPool --checkout--> PooledArena --share--> SharedArena    one per request, clones of it in each map
//!                                                 |- paths:   StrMap    path   -> totals, and a map in the map:
//!                                                 |             statuses: ArenaMap  status -> requests
//!                                                 |- clients: StrMap    client -> totals
//!                                                 `- lists to sort them by
//! ```
//!
//! When the last clone is dropped the arena is reset and goes back to the pool, memory and all: the
//! next request finds it warm. The maps are `Send`, so that the handler keeps them across `.await`.
//!
//! Behind it stand the same maps on the global heap, which it is compared with. Both baselines are written with care, as
//! a service that minds its latency would: a key becomes a `String` only when it is new, and nothing is cloned.

use std::collections::HashMap as StdMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use arenamap::{
    ArenaError, ArenaMap, ArenaPool, DefaultHashBuilder, InsertError, PoolConfig, SharedArena, SizeHint, StrMap, copied,
};
use axum::body::Bytes;
use hashbrown::HashMap as HashbrownMap;

use crate::figures::Kind;
use crate::handler::{self, ClientTotals, PathTotals, Refusal, StatusTable, TextTable, Workspace};
use crate::server::App;

// Each place that makes maps has its hint: from the second request on they start at the right size.
static PATHS: SizeHint = SizeHint::new();
static CLIENTS: SizeHint = SizeHint::new();
static STATUSES: SizeHint = SizeHint::new();

type Shared = SharedArena<'static>;

/// One request's arena.
pub(crate) struct ArenaWorkspace {
    arena: Shared,
}

impl ArenaWorkspace {
    /// An arena from the pool; it goes back when the workspace and its maps are dropped.
    pub(crate) fn checkout(pool: &'static ArenaPool) -> Result<Self, Refusal> {
        let arena = pool.try_checkout()?.share();
        Ok(Self { arena })
    }
}

impl Workspace for ArenaWorkspace {
    type Statuses = ArenaMap<u16, u64, DefaultHashBuilder, Shared>;
    type Paths = StrMap<PathTotals<Self::Statuses>, DefaultHashBuilder, Shared>;
    type Clients = StrMap<ClientTotals, DefaultHashBuilder, Shared>;
    type List<'a, T: Copy + 'a> = &'a mut [T];

    fn statuses(&self) -> Result<Self::Statuses, Refusal> {
        Ok(ArenaMap::with_hint_in(&STATUSES, self.arena.clone()))
    }

    fn paths(&self) -> Result<Self::Paths, Refusal> {
        Ok(StrMap::with_hint_in(&PATHS, self.arena.clone()))
    }

    fn clients(&self) -> Result<Self::Clients, Refusal> {
        Ok(StrMap::with_hint_in(&CLIENTS, self.arena.clone()))
    }

    fn list<'a, T: Copy + 'a>(&'a self, items: impl ExactSizeIterator<Item = T>) -> Result<&'a mut [T], Refusal> {
        Ok(self.arena.try_alloc_slice_fill_iter(items)?)
    }

    fn at_fullest(&self) {
        let stats = self.arena.stats();
        HIGH_WATER.fetch_max(stats.used + stats.free, Ordering::Relaxed);
    }
}

impl<V: Send + Sync> TextTable<V> for StrMap<V, DefaultHashBuilder, Shared> {
    fn upsert(
        &mut self,
        key: &str,
        make: impl FnOnce() -> Result<V, Refusal>,
        update: impl FnOnce(&mut V) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        match self.entry(key) {
            copied::Entry::Occupied(mut entry) => update(entry.get_mut()),
            copied::Entry::Vacant(entry) => update(entry.try_insert(make()?)?),
        }
    }

    fn iter<'a>(&'a self) -> impl ExactSizeIterator<Item = (&'a str, &'a V)>
    where
        V: 'a,
    {
        self.iter()
    }
}

impl StatusTable for ArenaMap<u16, u64, DefaultHashBuilder, Shared> {
    fn count(&mut self, status: u16) -> Result<(), Refusal> {
        *self.entry(status).try_or_insert(0)? += 1;
        Ok(())
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = (u16, u64)> {
        self.iter().map(|(&status, &count)| (status, count))
    }
}

impl<K, V> From<InsertError<K, V>> for Refusal {
    fn from(error: InsertError<K, V>) -> Self {
        error.cause.into()
    }
}

impl From<ArenaError> for Refusal {
    fn from(error: ArenaError) -> Self {
        match error {
            ArenaError::Budget { needed, left } => Self::OverBudget { needed, left },
            _ => Self::NoMemory,
        }
    }
}

/// A pool for `requests` requests at once, each of which may use `budget` bytes.
pub(crate) fn pool(budget: usize, requests: usize) -> ArenaPool {
    let config = PoolConfig::new()
        .budget(budget)
        .max_kept(requests)
        .max_kept_bytes(budget.saturating_mul(2));
    ArenaPool::with_config(config)
}

/// The most bytes of an arena that one request used.
static HIGH_WATER: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn high_water() -> usize {
    HIGH_WATER.load(Ordering::Relaxed)
}

/// Uses every arena that `requests` requests at once will take out of the pool, with all of `bodies`.
///
/// Traffic does the same in time; but only arenas that are out at the same moment are different ones,
/// and which request meets which arena is chance. A proof of *no* heap call must not hang on that. For
/// the same reason each arena gets room for twice the most that a request took: hints learn all the
/// time, and a table that starts a size larger than before must find room too.
pub(crate) async fn warm_up(app: &App, requests: usize, bodies: &[Bytes]) -> Result<(), String> {
    let mut out = Vec::new();
    for body in bodies {
        let workspaces: Result<Vec<_>, _> = (0..requests).map(|_| ArenaWorkspace::checkout(app.pool)).collect();
        for workspace in workspaces.map_err(|refusal| format!("warm-up: {refusal:?}"))? {
            out.clear();
            handler::write_report(&workspace, &app.totals[Kind::Arena], body, &mut out)
                .await
                .map_err(|refusal| format!("warm-up: {refusal:?}"))?;
        }
    }
    let mut arenas = Vec::new();
    for _ in 0..requests {
        arenas.push(app.pool.try_checkout().map_err(|error| error.to_string())?);
    }
    let room = 2 * app.pool.stats().high_water;
    for arena in &mut arenas {
        let room = arena.budget().map_or(room, |budget| room.min(budget));
        (arena.try_alloc_slice_fill_copy(room, 0_u8).map(|_| ()))
            .and_then(|()| arena.merge_chunks())
            .map_err(|error| format!("warm-up: {error}"))?;
    }
    Ok(())
}

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

/// A workspace that a handler can open for one request.
pub(crate) trait Open: Workspace + 'static {
    /// Whose figures its requests belong to.
    const KIND: Kind;

    fn open(app: &App) -> Result<Self, Refusal>;
}

impl Open for StdWorkspace {
    const KIND: Kind = Kind::Std;

    fn open(_: &App) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

impl Open for HashbrownWorkspace {
    const KIND: Kind = Kind::Hashbrown;

    fn open(app: &App) -> Result<Self, Refusal> {
        Ok(Self { sizes: app.sizes })
    }
}

impl Open for ArenaWorkspace {
    const KIND: Kind = Kind::Arena;

    fn open(app: &App) -> Result<Self, Refusal> {
        Self::checkout(app.pool)
    }
}
