//! Bounded maps that copy their keys into the arena: [`BoundedStrMap`].

use core::fmt;
use core::hash::BuildHasher;
use core::mem;

use super::core::{Coming, Core, Kept};
use super::{BoundedStats, Bounds, Lifetime, Reason, Terms};
use crate::arena::{Arena, Handle, Held, Raw};
use crate::copied::{CopiedKey, Text};
use crate::error::{ArenaError, InsertError, fail};
use crate::map::DefaultHashBuilder;
use crate::stats::ArenaStats;

/// A bounded map with string keys, which are copied into its arena: see [`BoundedCopiedMap`].
pub type BoundedStrMap<V, S = DefaultHashBuilder, H = Arena> = BoundedCopiedMap<str, V, S, H>;

/// A bounded map whose keys are bytes, which are copied into its arena: see [`BoundedCopiedMap`].
pub type BoundedBytesMap<V, S = DefaultHashBuilder, H = Arena> = BoundedCopiedMap<[u8], V, S, H>;

/// A [`BoundedMap`](super::BoundedMap) with keys of type `Q`, `str` or `[u8]`, that are copied in when they are new.
///
/// Its names are [`BoundedStrMap`] and [`BoundedBytesMap`]. Keys of up to 15 bytes stand in their slots, and take nothing else.
/// Longer ones take a block of the arena, in multiples of 8 bytes, which goes back when the entry goes, for the next key of that length. So after
/// the arena has seen the mixture of lengths, nothing is allocated. To bound the bytes too, give the arena a
/// [budget](Arena::with_budget) of one long key more than the map has: a key is copied before another makes room. Where it refuses, the insertion
/// takes out entries whose time is over, at most four, and then says so; it has changed nothing else.
///
/// What leaves the map is given out without its key, or, by [`insert_with`](Self::insert_with), with the key borrowed.
///
/// # Examples
///
/// ```
/// use arenamap::BoundedStrMap;
/// use arenamap::bounded::Lifetime;
///
/// let mut tokens = BoundedStrMap::new(10_000);
/// tokens.set_lifetime(Lifetime::SinceWrite(3_600));
/// tokens.insert("5f0c-73a1-99d2-e0b4", 42, 0);
/// assert_eq!(tokens.get("5f0c-73a1-99d2-e0b4", 3_599), Some(&42));
/// assert_eq!(tokens.get("5f0c-73a1-99d2-e0b4", 3_600), None);
/// ```
pub struct BoundedCopiedMap<Q: CopiedKey + ?Sized, V, S = DefaultHashBuilder, H: Handle = Arena> {
    pub(super) core: Core<Pair<Q, V>, H>,
    hash_builder: S,
}

/// What stands in a slot.
pub(super) struct Pair<Q: ?Sized, V> {
    pub(super) key: Text<Q>,
    pub(super) value: V,
}

impl<Q: CopiedKey + ?Sized, V> Kept for Pair<Q, V> {
    const NEEDS_END: bool = true;

    fn end<H: Handle>(self, raw: Raw<H>) {
        let _key = Loose::new(self.key, raw);
        drop(self.value);
    }
}

/// A key in no map, which gives its block back when it is dropped.
struct Loose<Q: CopiedKey + ?Sized, H: Handle> {
    /// `None` from [`into_key`](Self::into_key) on.
    key: Option<Text<Q>>,
    raw: Raw<H>,
}

impl<Q: CopiedKey + ?Sized, H: Handle> Loose<Q, H> {
    const GONE: &'static str = "a key goes into a map once";

    #[cfg_attr(feature = "registry", track_caller)]
    const fn new(key: Text<Q>, raw: Raw<H>) -> Self {
        Self { key: Some(key), raw }
    }

    fn get(&self) -> &Q {
        self.key.as_ref().expect(Self::GONE).get()
    }

    /// The key, for a map that gives its block back.
    fn into_key(mut self) -> Text<Q> {
        self.key.take().expect(Self::GONE)
    }
}

impl<Q: CopiedKey + ?Sized, H: Handle> Drop for Loose<Q, H> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            key.end(self.raw);
        }
    }
}

impl<Q: CopiedKey + ?Sized, V> BoundedCopiedMap<Q, V> {
    /// An empty map with these bounds, that owns a new arena.
    ///
    /// Allocates: heap: the map, and what the arena takes for long keys. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the memory is refused; the twin is [`try_with_hasher_in`](Self::try_with_hasher_in).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedStrMap::new(100);
    /// map.insert("a", 1, 0);
    /// assert_eq!(map.get("a", 0), Some(&1));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new(bounds: impl Into<Bounds>) -> Self {
        Self::with_hasher_in(bounds, DefaultHashBuilder::default(), Arena::new())
    }
}

impl<Q: CopiedKey + ?Sized, V, H: Handle> BoundedCopiedMap<Q, V, DefaultHashBuilder, H> {
    /// An empty map with these bounds, in the given arena.
    ///
    /// Allocates: arena: the map. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_with_hasher_in`](Self::try_with_hasher_in).
    #[must_use]
    #[track_caller]
    pub fn new_in(bounds: impl Into<Bounds>, handle: H) -> Self {
        Self::with_hasher_in(bounds, DefaultHashBuilder::default(), handle)
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    /// What the registry knows it by.
    #[cfg(feature = "registry")]
    pub(crate) const fn watch_mut(&mut self) -> &mut crate::observe::watch::Watch {
        &mut self.core.watch
    }

    /// An empty map with these bounds and this hasher, in the given arena.
    ///
    /// Allocates: arena: the map. Time: O(capacity).
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_with_hasher_in`](Self::try_with_hasher_in).
    #[must_use]
    #[track_caller]
    pub fn with_hasher_in(bounds: impl Into<Bounds>, hash_builder: S, handle: H) -> Self {
        match Self::try_with_hasher_in(bounds, hash_builder, handle) {
            Ok(map) => map,
            Err(error) => fail(error, "BoundedCopiedMap::try_with_hasher_in"),
        }
    }

    /// Like [`with_hasher_in`](Self::with_hasher_in), but returns an error when the arena refuses.
    ///
    /// Allocates: arena: the map. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// The error of the arena.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn try_with_hasher_in(bounds: impl Into<Bounds>, hash_builder: S, handle: H) -> Result<Self, ArenaError> {
        let core = Core::try_new(bounds.into(), Held::new(handle))?;
        Ok(Self { core, hash_builder })
    }

    /// Bytes that a map with these bounds takes of its arena, without long keys; `None` if there can be no such map.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn bytes_for(bounds: impl Into<Bounds>) -> Option<usize> {
        Core::<Pair<Q, V>, H>::bytes_for(bounds.into())
    }

    /// How long entries live that are written from now on: see [`BoundedMap::set_lifetime`](super::BoundedMap::set_lifetime).
    ///
    /// Allocates: never. Time: O(1).
    pub fn set_lifetime(&mut self, lifetime: Lifetime) {
        self.core.set_lifetime(lifetime);
    }

    /// How long entries live that are written now.
    ///
    /// Allocates: never. Time: O(1).
    pub fn lifetime(&self) -> Lifetime {
        self.core.lifetime()
    }

    /// The most entries that the map holds.
    ///
    /// Allocates: never. Time: O(1).
    pub fn capacity(&self) -> usize {
        self.core.bounds().entries
    }

    /// The most weight that the map holds, if entries have weights.
    ///
    /// Allocates: never. Time: O(1).
    pub fn max_weight(&self) -> Option<u64> {
        self.core.bounds().weight
    }

    /// The sum of the weights of all entries; their number, if they have none.
    ///
    /// Allocates: never. Time: O(1).
    pub fn weight(&self) -> u64 {
        self.core.weight()
    }

    /// Number of entries, those included that have expired and were not taken out yet.
    ///
    /// Allocates: never. Time: O(1).
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// True if there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    pub fn is_empty(&self) -> bool {
        self.core.len() == 0
    }

    /// What was counted.
    ///
    /// Allocates: never. Time: O(1).
    pub fn stats(&self) -> BoundedStats {
        self.core.stats()
    }

    /// Counts from 0 again.
    ///
    /// Allocates: never. Time: O(1).
    pub fn reset_stats(&mut self) {
        *self.core.stats_mut() = BoundedStats::default();
    }

    /// The hasher.
    ///
    /// Allocates: never. Time: O(1).
    pub fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// The numbers of the arena of this map. Everything else that lives in this arena is counted, too.
    ///
    /// Allocates: never. Time: O(1).
    pub fn arena_stats(&self) -> ArenaStats {
        self.core.handle().stats()
    }

    /// Drops every entry and gives the arena handle back.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn into_handle(self) -> H {
        self.core.into_handle()
    }

    /// Takes out entries whose time is over, at most so many, and returns how many there were: see
    /// [`BoundedMap::expire`](super::BoundedMap::expire).
    ///
    /// Allocates: never. Time: O(`at_most`), and O(uses since) of entries that live by their use.
    pub fn expire(&mut self, now: u64, at_most: usize) -> usize {
        let raw = self.core.handle().raw();
        self.core.expire_with(now, at_most, |entry| entry.end(raw))
    }

    /// Keeps the entries for which `keep` is true, and takes out the others, and those that have expired.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn retain(&mut self, now: u64, mut keep: impl FnMut(&Q, &mut V) -> bool) {
        self.core.retain(now, |Pair { key, value }| keep(key.get(), value));
    }

    /// Takes out all entries.
    ///
    /// Allocates: never. Time: O(capacity).
    pub fn clear(&mut self) {
        self.core.clear();
    }

    /// All entries that are in time, in no order, without a trace.
    ///
    /// Allocates: never. Time: O(capacity) for all.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::BoundedStrMap::new(100);
    /// map.insert("a", 1, 0);
    /// assert_eq!(map.iter(0).collect::<Vec<_>>(), [("a", &1)]);
    /// ```
    pub fn iter(&self, now: u64) -> impl Iterator<Item = (&Q, &V)> {
        self.core.live_slots(now).map(|slot| {
            let Pair { key, value } = self.core.entry(slot);
            (key.get(), value)
        })
    }
}

impl<Q: CopiedKey + ?Sized, V, S, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    /// The entries that are in time, and the ends of their lives.
    #[cfg(feature = "fixed")]
    pub(crate) fn lives(&self, now: u64) -> impl Iterator<Item = (&Q, &V, Option<u64>)> {
        self.core.live_slots(now).map(|slot| {
            let Pair { key, value } = self.core.entry(slot);
            (key.get(), value, self.core.deadline_of(slot))
        })
    }
}

impl<Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    #[inline(always)]
    fn find(&self, key: &Q) -> Option<usize> {
        self.core
            .find(self.hash_builder.hash_one(key), |known| known.key.get() == key)
    }

    /// The value of a key.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn get(&mut self, key: &Q, now: u64) -> Option<&V> {
        self.get_mut(key, now).map(|value| &*value)
    }

    /// The value of a key, to change in place. That is a use, and no write.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn get_mut(&mut self, key: &Q, now: u64) -> Option<&mut V> {
        let found = self.find(key);
        let tick = self.core.tick(now);
        let slot = self.core.hit(found, tick)?;
        Some(&mut self.core.entry_mut(slot).value)
    }

    /// The value of a key, without a trace: no use is counted, no deadline moves.
    ///
    /// Allocates: never. Time: O(1) on average.
    #[inline]
    pub fn peek(&self, key: &Q, now: u64) -> Option<&V> {
        let slot = self.find(key)?;
        let live = !self.core.is_due(slot, self.core.tick_at(now));
        live.then(|| &self.core.entry(slot).value)
    }

    /// True if the key is in the map, in time, without a trace.
    ///
    /// Allocates: never. Time: O(1) on average.
    pub fn contains_key(&self, key: &Q, now: u64) -> bool {
        self.peek(key, now).is_some()
    }

    /// The tick at which an entry expires; `None` if it does not, or is not there.
    ///
    /// Allocates: never. Time: O(1) on average.
    pub fn deadline(&self, key: &Q) -> Option<u64> {
        self.core.deadline_of(self.find(key)?)
    }

    /// Lets an entry live so many ticks from now on; `None`: it does not expire. False if it is not there in time.
    ///
    /// Allocates: never. Time: O(1) on average.
    pub fn set_time_to_live(&mut self, key: &Q, ticks: Option<u64>, now: u64) -> bool {
        let found = self.find(key);
        self.core.set_time_to_live(found, ticks, now)
    }

    /// Sets the value of a key, and returns the value that left the map for it, and why. A new key is copied in.
    ///
    /// Of several entries that leave, one is returned: see [`BoundedMap::insert`](super::BoundedMap::insert).
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; the twin is [`try_insert`](Self::try_insert).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::BoundedStrMap;
    /// use arenamap::bounded::Reason;
    ///
    /// let mut map = BoundedStrMap::new(1);
    /// assert_eq!(map.insert("a", 1, 0), None);
    /// assert_eq!(map.insert("a", 2, 0), Some((1, Reason::Replaced)));
    /// assert_eq!(map.insert("b", 3, 0), Some((2, Reason::Evicted)));
    /// ```
    #[track_caller]
    pub fn insert(&mut self, key: &Q, value: V, now: u64) -> Option<(V, Reason)> {
        match self.try_insert(key, value, now) {
            Ok(gone) => gone,
            Err(error) => fail(error.cause, "BoundedCopiedMap::try_insert"),
        }
    }

    /// Like [`insert`](Self::insert), but gives key and value back when the arena refuses the key.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, but for entries whose time is over.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, BoundedStrMap};
    ///
    /// let bytes = BoundedStrMap::<u32>::bytes_for(10).unwrap();
    /// let arena = Arena::with_budget(bytes + 64);
    /// let mut map = BoundedStrMap::new_in(10, &arena);
    /// assert!(map.try_insert(&"long".repeat(100), 1, 0).is_err());
    /// assert!(map.try_insert("short", 1, 0).is_ok());
    /// ```
    pub fn try_insert<'k>(
        &mut self,
        key: &'k Q,
        value: V,
        now: u64,
    ) -> Result<Option<(V, Reason)>, InsertError<&'k Q, V>> {
        let mut first = None;
        self.try_insert_with(key, value, Terms::new(), now, |_, value, reason| {
            if first.is_none() || reason == Reason::Replaced {
                first = Some((value, reason));
            }
        })?;
        Ok(first)
    }

    /// Like [`insert`](Self::insert), for an entry that lives so many ticks.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; the twin is [`try_insert_with`](Self::try_insert_with).
    #[track_caller]
    pub fn insert_for(&mut self, key: &Q, value: V, time_to_live: u64, now: u64) -> Option<(V, Reason)> {
        let mut first = None;
        self.insert_with(
            key,
            value,
            Terms::new().time_to_live(time_to_live),
            now,
            |_, value, reason| {
                if first.is_none() {
                    first = Some((value, reason));
                }
            },
        );
        first
    }

    /// Sets the value of a key, on its own terms; `out` is given all that leaves the map for it: see
    /// [`BoundedMap::insert_with`](super::BoundedMap::insert_with).
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; with weights, O(entries that make room).
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; the twin is [`try_insert_with`](Self::try_insert_with).
    #[track_caller]
    pub fn insert_with(&mut self, key: &Q, value: V, terms: Terms, now: u64, out: impl FnMut(&Q, V, Reason)) {
        match self.try_insert_with(key, value, terms, now, out) {
            Ok(()) => (),
            Err(error) => fail(error.cause, "BoundedCopiedMap::try_insert_with"),
        }
    }

    /// Like [`insert_with`](Self::insert_with), but gives key and value back when the arena refuses the key.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; with weights, O(entries that make room).
    ///
    /// # Errors
    ///
    /// [`InsertError`] with the pair and the cause. The map is as it was, but for entries whose time is over.
    pub fn try_insert_with<'k>(
        &mut self,
        key: &'k Q,
        value: V,
        terms: Terms,
        now: u64,
        mut out: impl FnMut(&Q, V, Reason),
    ) -> Result<(), InsertError<&'k Q, V>> {
        let hash = self.hash_builder.hash_one(key);
        let found = self.core.find(hash, |known| known.key.get() == key);
        let tick = self.core.tick(now);
        let coming = self.core.coming(hash, terms);
        let slot = match found {
            Some(slot) if self.core.may_weigh(slot, terms.weight) => {
                let reason = self.core.renew(slot, coming, tick);
                let old = mem::replace(&mut self.core.entry_mut(slot).value, value);
                out(key, old, reason);
                Some(slot)
            }
            // It is too heavy now, unless others go.
            Some(slot) => {
                let reason = self.core.renew(slot, coming, tick);
                let raw = self.core.handle().raw();
                let Pair { key: known, value: old } = self.core.take(slot);
                let slot = self.come(Loose::new(known, raw), value, coming, tick, &mut out);
                self.core.stats_mut().insertions -= u64::from(slot.is_some() || reason == Reason::Expired);
                out(key, old, reason);
                slot
            }
            None if !self.core.takes(terms.weight) => {
                out(key, value, Reason::Refused);
                None
            }
            None => match self.copy(key, tick, &mut out) {
                Ok(copy) => self.come(copy, value, coming, tick, &mut out),
                Err(cause) => return Err(InsertError { key, value, cause }),
            },
        };
        while let Some(Pair { key, value }) = self.core.reclaim_due(tick, slot) {
            let key = Loose::new(key, self.core.handle().raw());
            out(key.get(), value, Reason::Expired);
        }
        Ok(())
    }

    /// A copy of a key, in no map. Where the arena refuses, entries whose time is over give their blocks back first.
    fn copy(&mut self, key: &Q, tick: u64, mut out: impl FnMut(&Q, V, Reason)) -> Result<Loose<Q, H>, ArenaError> {
        let raw = self.core.handle_mut().made()?;
        loop {
            let refusal = match Text::copy_in(key, raw) {
                Ok(copy) => return Ok(Loose::new(copy, raw)),
                Err(refusal) => refusal,
            };
            let Pair { key, value } = self.core.reclaim_due(tick, None).ok_or(refusal)?;
            out(Loose::new(key, raw).get(), value, Reason::Expired);
        }
    }

    /// Puts a pair in, whose key is not there, after room was made.
    fn come(
        &mut self,
        loose: Loose<Q, H>,
        value: V,
        coming: Coming,
        tick: u64,
        out: &mut impl FnMut(&Q, V, Reason),
    ) -> Option<usize> {
        let raw = loose.raw;
        let entry = || Pair {
            key: loose.into_key(),
            value,
        };
        let mut give = |Pair { key, value }, reason| out(Loose::new(key, raw).get(), value, reason);
        self.core.come(coming, tick, entry, &mut give)
    }

    /// The value of a key, and if it is not there, or not in time, the value that `make` returns.
    ///
    /// What leaves the map for it is dropped.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Panics
    ///
    /// If the arena refuses the key; or if the capacity is 0, or the most weight is 0, and the key is new.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut counts = arenamap::BoundedStrMap::new(10);
    /// for word in ["a", "b", "a"] {
    ///     *counts.get_or_insert_with(word, 0, || 0) += 1;
    /// }
    /// assert_eq!(counts.get("a", 0), Some(&2));
    /// ```
    #[track_caller]
    pub fn get_or_insert_with(&mut self, key: &Q, now: u64, make: impl FnOnce() -> V) -> &mut V {
        match self.try_get_or_insert_with(key, now, make) {
            Ok(value) => value,
            Err(error) => fail(error, "BoundedCopiedMap::try_get_or_insert_with"),
        }
    }

    /// Like [`get_or_insert_with`](Self::get_or_insert_with), but returns an error when the arena refuses the key.
    ///
    /// Allocates: arena, for a new key of more than 15 bytes. Time: O(1) on average; at most 20 entries are looked at.
    ///
    /// # Errors
    ///
    /// The error of the arena. The map is as it was, but for entries whose time is over, and `make` was not called.
    ///
    /// # Panics
    ///
    /// If the capacity is 0, or the most weight is 0, and the key is new.
    #[track_caller]
    pub fn try_get_or_insert_with(
        &mut self,
        key: &Q,
        now: u64,
        make: impl FnOnce() -> V,
    ) -> Result<&mut V, ArenaError> {
        let hash = self.hash_builder.hash_one(key);
        let found = self.core.find(hash, |known| known.key.get() == key);
        let tick = self.core.tick(now);
        if let Some(slot) = self.core.hit(found, tick) {
            return Ok(&mut self.core.entry_mut(slot).value);
        }
        assert!(
            self.core.takes(1),
            "the capacity of this map, or its most weight, is 0: it takes no entry; `insert` gives the value back"
        );
        let coming = self.core.coming(hash, Terms::new());
        let slot = if let Some(slot) = found {
            // The key is there, and its time is over: it comes again.
            let value = make();
            self.core.renew(slot, coming, tick);
            drop(mem::replace(&mut self.core.entry_mut(slot).value, value));
            Some(slot)
        } else {
            let copy = self.copy(key, tick, |_, value, _| drop(value))?;
            self.come(copy, make(), coming, tick, &mut |_, value, _| drop(value))
        };
        let Some(slot) = slot else {
            unreachable!("the map takes entries of this weight")
        };
        self.core.sweep(tick, Some(slot));
        Ok(&mut self.core.entry_mut(slot).value)
    }

    /// Removes a key, and returns its value, if it was there in time.
    ///
    /// Allocates: never. Time: O(1) on average; at most 4 entries that may have expired are looked at.
    pub fn remove(&mut self, key: &Q, now: u64) -> Option<V> {
        let found = self.find(key);
        let tick = self.core.tick(now);
        let removed = found.and_then(|slot| self.core.remove(slot, tick)).map(|entry| {
            drop(Loose::new(entry.key, self.core.handle().raw()));
            entry.value
        });
        self.core.sweep(tick, None);
        removed
    }
}

/// All entries that are in time, by the latest time that the map was told.
impl<Q: CopiedKey + ?Sized, V: fmt::Debug, S, H: Handle> fmt::Debug for BoundedCopiedMap<Q, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter(0)).finish()
    }
}
