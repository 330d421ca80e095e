//! Maps of a stated capacity, whose entries may expire: [`BoundedMap`], and [`BoundedStrMap`] with keys that are copied in.
//!
//! ```text
//!  names for it        element.rs entry.rs bulk.rs append.rs construct.rs traits.rs clone.rs serde.rs       copied/   the same for copied keys
//!  what every call does            core.rs      entries come      leave.rs    and go              clock.rs   how long they live
//!  who goes, and when              queues.rs    two queues        ghost.rs    who was here        due.rs     deadlines
//!  where entries stand             room.rs      one block         sizes.rs    its parts           meta.rs    eight bytes an entry
//! ```

mod append;
mod bulk;
mod clock;
mod clone;
mod construct;
pub mod copied;
mod core;
mod due;
mod element;
mod end;
mod entry;
mod ghost;
mod iter;
mod layout;
mod leave;
mod meta;
mod queues;
mod room;
#[cfg(feature = "serde")]
mod serde;
mod sizes;
mod stats;
#[cfg(test)]
mod tests;
mod traits;
mod walk;

pub use self::copied::{BoundedBytesMap, BoundedCopiedMap, BoundedStrMap};
use self::core::Core;
pub use self::entry::{Entry, OccupiedEntry, VacantEntry};
pub use self::iter::{Drain, Iter};
#[cfg(feature = "serde")]
pub use self::serde::BoundedSeed;
pub use self::stats::BoundedStats;
use crate::arena::{Arena, Handle};
use crate::map::DefaultHashBuilder;

/// What a bounded map may hold at most: so many entries, and, if they have weights, so much weight.
///
/// ```
/// use arenamap::BoundedMap;
/// use arenamap::bounded::Bounds;
///
/// let of_entries = BoundedMap::<u64, u64>::new(1_000); // a number is a bound of entries
/// let of_bytes = BoundedMap::<u64, Vec<u8>>::new(Bounds::entries(1_000).weight(1 << 20));
/// assert_eq!((of_entries.capacity(), of_bytes.max_weight()), (1_000, Some(1 << 20)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// The most entries. (A map takes 230 million at most, or as many as fit the address space.)
    pub entries: usize,
    /// The most weight, if entries have weights.
    pub weight: Option<u64>,
}

impl Bounds {
    /// So many entries, which have no weights.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn entries(entries: usize) -> Self {
        Self { entries, weight: None }
    }

    /// The same, with weights, and so much of them in all. The map takes four bytes more for each slot.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn weight(self, weight: u64) -> Self {
        Self {
            weight: Some(weight),
            ..self
        }
    }
}

impl From<usize> for Bounds {
    fn from(entries: usize) -> Self {
        Self::entries(entries)
    }
}

/// How long entries live, in ticks of the user's clock: [`BoundedMap::set_lifetime`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifetime {
    /// Until they are removed or evicted.
    #[default]
    Unlimited,
    /// So many ticks from the moment at which they are written. 0: they are never seen.
    SinceWrite(u64),
    /// So many ticks from the moment at which they were last written, or found by a lookup. What is inserted with a time to live of
    /// its own has that alone: uses do not move it.
    SinceUse(u64),
}

/// What one insertion says of its entry, beside key and value: [`BoundedMap::insert_with`].
///
/// ```
/// use arenamap::bounded::Terms;
///
/// let terms = Terms::new().time_to_live(60).weight(3);
/// assert_eq!((terms.time_to_live, terms.weight), (Some(60), 3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// Ticks to live from now on; `None`: as the map's [`Lifetime`] says.
    pub time_to_live: Option<u64>,
    /// What it counts for, if the map has a bound of weight. An entry of weight 0 is evicted like any other.
    pub weight: u32,
}

impl Terms {
    /// The map's lifetime, a weight of 1.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn new() -> Self {
        Self {
            time_to_live: None,
            weight: 1,
        }
    }

    /// The same with so many ticks to live.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn time_to_live(self, ticks: u64) -> Self {
        Self {
            time_to_live: Some(ticks),
            ..self
        }
    }

    /// The same with this weight.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn weight(self, weight: u32) -> Self {
        Self { weight, ..self }
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self::new()
    }
}

/// Why an entry left a bounded map, or did not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Another value came under its key.
    Replaced,
    /// It made room for another.
    Evicted,
    /// Its time was over.
    Expired,
    /// It was to come in, and weighs more than the map may hold, or the capacity is 0.
    Refused,
}

impl Reason {
    /// Whether a pair that leaves for this reason is returned rather than the first one, where only one can be: first comes whether the new value
    /// is in the map, then what became of the old one.
    fn outranks(self, first: Option<Self>) -> bool {
        const fn rank(reason: Reason) -> u8 {
            match reason {
                Reason::Refused => 2,
                Reason::Replaced => 1,
                Reason::Evicted | Reason::Expired => 0,
            }
        }
        first.is_none_or(|first| rank(self) > rank(first))
    }
}

/// A pair that left a bounded map, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Displaced<K, V> {
    /// The key. Of a value whose key came again, the one that came: the first stays in the map.
    pub key: K,
    /// The value.
    pub value: V,
    /// Why it left.
    pub reason: Reason,
}

/// A map of a stated capacity, whose entries may expire: a cache, a table of sessions, of rates, of what was seen lately.
///
/// All of it is one block of an arena, taken when the map is made; nothing is allocated afterwards, and the capacity is never
/// exceeded. When it is full, an insertion evicts what was used least, and hands it back. Entries may have a time to live, or a time
/// to idle; the clock is an argument of each call, `now`, in ticks of any unit: the map has no clock, no thread and no callbacks of
/// its own. An entry is never returned at its deadline or after it.
///
/// One thread at a time: even [`get`](Self::get) is `&mut self`, since it notes the use. [`peek`](Self::peek) does not. For several
/// threads, take a few maps behind locks, by the hash of the key: see the examples below.
///
/// It works on every [`Handle`]: `&Arena`, `Arena`, [`PooledArena`](crate::PooledArena), [`SharedArena`](crate::SharedArena).
///
/// # The clock
///
/// `now` is the number of ticks since whenever, by a clock that the program reads: seconds, milliseconds, requests. Programs
/// without deadlines pass 0. A `now` that is earlier than one before is taken for that one, and counted
/// ([`BoundedStats::clock_went_back`]): so a time far ahead, given by mistake, is the map's from then on, until
/// [`set_clock`](Self::set_clock) says otherwise. `peek` and the iterators read by the `now` they are given and leave the clock as it is.
///
/// No entry with a deadline lives longer than 2^48 ticks: 8,900 years of milliseconds, nine of microseconds, three days of nanoseconds. A
/// call that comes as late as that after the first one finds every deadline passed, counts from its own time on, and takes O(capacity) for it:
/// so a map that was filled at 0 may go on with the time of day. A program that counts nanoseconds, and runs for days, calls
/// [`set_clock`](Self::set_clock) once a day with the time that it is: each entry keeps the ticks that it has left, and the 2^48 begin anew. Or
/// it counts microseconds.
///
/// # How long a call takes
///
/// A write looks at most at 16 entries to find the one to evict, and then evicts the least used of them; and it looks at most at 4
/// whose time may be over. So an insertion takes at most 20 such steps, also when a million entries expire in one tick: they are gone
/// for every lookup at once, and leave their places during the following writes. Until then they count for [`len`](Self::len): `n`
/// entries over their time for at most `(n + capacity / 8) / 4 + 1` writes, while the clock stands still (a few more, if what is written is
/// over its time at once). Writes are insertions of all kinds and [`remove`](Self::remove); what was found by [`entry`](Self::entry) is no
/// such write.
/// [`expire`](Self::expire) takes out more, for those who have the time. ([`Bounds::weight`] is the exception: an insertion evicts as
/// many entries as make room, in 16 steps each.)
///
/// # What is kept
///
/// Eight bytes beside key and value hold deadline, queue and uses of an entry; tags, queues, the memory of what was evicted and free
/// slots take the rest: at most 16 bytes an entry beside key, value and a byte of tag, and 1.5 KB a map, where key and value have 8 to
/// 32 bytes that are a multiple of 8. Others are padded to one, small ones take up to 18 bytes beside, and of larger entries one slot in eleven is
/// free: keep large values in an [`ArenaBox`](crate::ArenaBox). [`bytes_for`](Self::bytes_for) knows exactly.
///
/// # How it compares
///
/// Its hit ratios are as good as those of the best caches around on most traces; on one thread it is 7 to 40 times as fast as moka, and takes 0.8 to 3 times
/// as long as `quick_cache`, which keeps no deadlines and two to four times the bytes. Who needs neither deadlines nor few bytes
/// nor a silent heap should take that one. Figures, and where it loses: `benches/README.md`, "Traces of requests".
///
/// # Coming from another cache
///
/// | there | here |
/// |---|---|
/// | `lru`: `put`, `push` | [`insert`](Self::insert), which returns what left the map, and why |
/// | `lru`: `get`, `peek`, `contains`, `pop` | [`get`](Self::get), [`peek`](Self::peek), [`contains_key`](Self::contains_key), [`remove`](Self::remove), with the time |
/// | `lru`: `peek_mut`, `iter`, `iter_mut` | [`iter_mut`](Self::iter_mut), [`iter`](Self::iter); they have no order of uses |
/// | `lru`: `get_or_insert`; `moka`: `get_with`; `quick_cache`: `get_or_insert_with` | [`get_or_insert_with`](Self::get_or_insert_with), or [`entry`](Self::entry) |
/// | `lru`: `pop_lru`; `schnellru`: `pop_oldest` | [`evict`](Self::evict) |
/// | `lru`: `resize` | make another map, with the same [`set_lifetime`](Self::set_lifetime), and [`append`](Self::append) this one to it |
/// | `moka`: `time_to_live`, `time_to_idle`, `Expiry` | [`set_lifetime`](Self::set_lifetime), and [`insert_for`](Self::insert_for) for one entry |
/// | `moka`, `quick_cache`: `weigher` | [`Bounds::weight`], and [`Terms::weight`] with each entry, at most 2^32 - 1: weigh large things in KiB |
/// | `moka`: `eviction_listener` | what [`insert_with`](Self::insert_with) and [`expire_with`](Self::expire_with) hand to their closures |
/// | `moka`: `run_pending_tasks` | [`expire`](Self::expire) |
///
/// # Panics in user code
///
/// After a panic in a hasher, in a closure, or in the `Eq`, `Clone` or `Drop` of a key or value the map is usable and has lost nothing but what
/// the call was removing. (With weights, a panic of `out` may lose a pair that was coming in: see [`insert_with`](Self::insert_with).)
///
/// # Examples
///
/// Sessions that end half an hour after their last use:
///
/// ```
/// use arenamap::BoundedMap;
/// use arenamap::bounded::Lifetime;
///
/// let mut sessions = BoundedMap::new(10_000);
/// sessions.set_lifetime(Lifetime::SinceUse(1_800));
/// sessions.insert(0xC0FFEE_u64, "ann", 100);
/// assert_eq!(sessions.get(&0xC0FFEE, 1_899), Some(&"ann"));
/// assert_eq!(sessions.get(&0xC0FFEE, 3_698), Some(&"ann"));
/// assert_eq!(sessions.get(&0xC0FFEE, 5_498), None);
/// ```
///
/// A limit of ten requests a second for each client, by a bucket of tokens in the value:
///
/// ```
/// use arenamap::BoundedMap;
/// use arenamap::bounded::Lifetime;
///
/// struct Bucket {
///     tokens: f64,
///     filled: u64, // milliseconds
/// }
///
/// fn may_pass(clients: &mut BoundedMap<u32, Bucket>, client: u32, now: u64) -> bool {
///     let bucket = clients.get_or_insert_with(client, now, || Bucket { tokens: 10.0, filled: now });
///     let passed = now.saturating_sub(bucket.filled); // a clock that goes back fills nothing
///     bucket.tokens = (bucket.tokens + passed as f64 / 100.0).min(10.0);
///     bucket.filled = bucket.filled.max(now);
///     let pass = bucket.tokens >= 1.0;
///     if pass {
///         bucket.tokens -= 1.0;
///     }
///     pass
/// }
///
/// let mut clients = BoundedMap::new(1_000);
/// clients.set_lifetime(Lifetime::SinceUse(1_000)); // a bucket that was left alone for a second is full again
/// let passed = (0..30).filter(|_| may_pass(&mut clients, 7, 5_000)).count();
/// assert_eq!(passed, 10);
/// assert!(!may_pass(&mut clients, 7, 5_050));
/// assert!(may_pass(&mut clients, 7, 5_100));
/// ```
///
/// Messages that come twice within a minute are dropped:
///
/// ```
/// use arenamap::BoundedMap;
/// use arenamap::bounded::{Lifetime, Reason};
///
/// let mut seen = BoundedMap::new(100_000);
/// seen.set_lifetime(Lifetime::SinceWrite(60));
/// let mut is_new = |message: u64, now| {
///     let is_new = seen.peek(&message, now).is_none();
///     if is_new {
///         seen.insert(message, (), now);
///     }
///     is_new
/// };
/// assert!(is_new(1, 0));
/// assert!(!is_new(1, 59));
/// assert!(is_new(1, 60));
/// ```
///
/// Several threads share a few maps behind locks:
///
/// ```
/// use std::hash::BuildHasher;
/// use std::sync::Mutex;
///
/// use arenamap::{BoundedMap, DefaultHashBuilder};
///
/// struct Sharded {
///     hash_builder: DefaultHashBuilder,
///     shards: Vec<Mutex<BoundedMap<u64, u64>>>,
/// }
///
/// impl Sharded {
///     fn shard(&self, key: u64) -> &Mutex<BoundedMap<u64, u64>> {
///         let hash = self.hash_builder.hash_one(key);
///         &self.shards[hash as usize % self.shards.len()]
///     }
///
///     fn get(&self, key: u64, now: u64) -> Option<u64> {
///         self.shard(key).lock().unwrap().get(&key, now).copied()
///     }
///
///     fn insert(&self, key: u64, value: u64, now: u64) {
///         self.shard(key).lock().unwrap().insert(key, value, now);
///     }
/// }
///
/// let cache = Sharded {
///     hash_builder: DefaultHashBuilder::default(),
///     shards: (0..16).map(|_| Mutex::new(BoundedMap::new(1_000))).collect(),
/// };
/// std::thread::scope(|scope| {
///     for thread in 0..4 {
///         let cache = &cache;
///         scope.spawn(move || (0..100).for_each(|i| cache.insert(i * 4 + thread, i, 0)));
///     }
/// });
/// assert_eq!((0..400).filter(|&key| cache.get(key, 0) == Some(key / 4)).count(), 400);
/// ```
pub struct BoundedMap<K, V, S = DefaultHashBuilder, H: Handle = Arena> {
    core: Core<(K, V), H>,
    hash_builder: S,
}
