//! All entries of one map into another: for another capacity, other bounds, another arena.

use core::hash::{BuildHasher, Hash};

use super::copied::{BoundedCopiedMap, Pair};
use super::core::{Coming, Core, Kept};
use super::meta::NEVER;
use super::{BoundedMap, Bounds, Lifetime};
use crate::arena::Handle;
use crate::copied::{CopiedKey, Loose};
use crate::error::{ArenaError, fail};
use crate::table::KeyShape;

/// What an entry takes along to another map.
#[derive(Clone, Copy)]
struct Belongings {
    /// With the ticks that it has left.
    lifetime: Lifetime,
    small: bool,
    uses: u64,
    weight: u32,
}

impl Belongings {
    fn coming(self, hash: u64) -> Coming {
        Coming {
            hash,
            lifetime: self.lifetime,
            weight: self.weight,
            again: false,
        }
    }
}

impl<T: Kept, H: Handle> Core<T, H> {
    /// The slot of the entry that moves out next: those of the main queue as the hand comes to them, then those of the small queue, the
    /// oldest first. So many slots the hand has passed.
    fn next_out(&mut self, passed: &mut usize) -> Option<usize> {
        while *passed < self.room.slot_count() {
            *passed += 1;
            let slot = self.queues.hand_on(&self.room);
            let meta = self.room.meta(slot);
            if meta.is_here() && !meta.is_small() {
                return Some(slot);
            }
        }
        self.queues.first_small(&mut self.room)
    }

    /// Evicts until a map with these bounds has room for all that is left: what goes first here, not what comes first there. (Entries that are too
    /// heavy for it have no room there anyway.)
    ///
    /// (What is due goes before, all of it: else what is not might go in its place, since a call looks at few bounds of groups.)
    fn evict_to(&mut self, bounds: Bounds, tick: u64) {
        let raw = self.handle.raw();
        self.expire_due(tick, usize::MAX, |entry| entry.end(raw));
        let most = bounds.weight.unwrap_or(u64::MAX);
        let fits = |weight: &u64| *weight <= most;
        let slots = (0..self.room.slot_count()).filter(|&slot| self.room.meta(slot).is_here());
        let mut weight: u64 = slots.map(|slot| self.weight_of(slot).into()).filter(fits).sum();
        while self.len > bounds.entries || weight > most {
            let (before, lens) = (self.weight, self.len);
            self.steps = 0; // each by itself, as of `evict`
            let (entry, _) = self.displace(tick);
            self.end_entry(entry);
            let gone = if self.bounds.weight.is_some() {
                before - self.weight
            } else {
                (lens - self.len) as u64
            };
            weight -= Some(gone).filter(fits).unwrap_or(0);
        }
    }

    fn belongings(&self, slot: usize, tick: u64) -> Belongings {
        let meta = self.room.meta(slot);
        Belongings {
            lifetime: match meta.deadline() {
                NEVER.. => Lifetime::Unlimited,
                deadline if meta.is_idle() => Lifetime::SinceUse(deadline - tick),
                deadline => Lifetime::SinceWrite(deadline - tick),
            },
            small: meta.is_small(),
            uses: meta.uses(),
            weight: self.weight_of(slot),
        }
    }

    /// Gives an entry that has come the queue and the uses that it had before.
    fn settle(&mut self, slot: usize, belongings: Belongings) {
        if !belongings.small && self.room.meta(slot).is_small() {
            self.queues.promote(&mut self.room, slot);
        }
        self.room.change_meta(slot, |meta| meta.with_uses(belongings.uses));
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> BoundedMap<K, V, S, H> {
    /// Moves all entries of another map into this one: with a new map, this is how a cache gets another capacity.
    ///
    /// They keep the ticks that they have left, their uses and weights (without weights in one of the maps, all are 1), their queue and, about,
    /// their order. What this map is too small for is evicted there first, as [`evict`](Self::evict) would. (Where both have a key, what
    /// was evicted there leaves what is here.) Dropped are those whose time is
    /// over, those too heavy for this map, and what was here under the same keys; and where both maps do not fit together, what is here makes
    /// room. The other map is empty afterwards. Who was evicted from it before is not known here, nor the lifetime that it gives to what is
    /// inserted: [`set_lifetime`](Self::set_lifetime).
    ///
    /// Allocates: never. Time: O(capacity of the other map).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::BoundedMap;
    ///
    /// let mut cache = BoundedMap::new(2);
    /// cache.insert("a", 1, 0);
    /// cache.insert_for("b", 2, 60, 0);
    ///
    /// let mut larger = BoundedMap::new(1_000);
    /// larger.append(&mut cache, 20);
    /// assert_eq!((larger.len(), larger.deadline("b")), (2, Some(60)));
    /// assert!(cache.is_empty());
    /// ```
    pub fn append<S2, H2: Handle>(&mut self, other: &mut BoundedMap<K, V, S2, H2>, now: u64) {
        let theirs = other.core.tick(now);
        self.core.tick(now); // also if nothing comes
        other.core.evict_to(self.core.bounds, theirs);
        let mut passed = 0;
        while let Some(slot) = other.core.next_out(&mut passed) {
            let key = &other.core.entry(slot).0;
            let hash = self.hash_of(key);
            let found = self.core.find(KeyShape::Whole, hash, |(known, _)| key == known);
            let belongings = other.core.belongings(slot, theirs);
            let pair = other.core.take(slot);
            let tick = self.core.tick(now); // each is a write by itself
            let coming = belongings.coming(hash);
            let place = self.core.place(found, pair, coming, tick, &mut |_, _| {});
            if let Some(slot) = place {
                self.core.settle(slot, belongings);
            }
        }
        other.core.forget_taken();
    }
}

impl<Q: CopiedKey + ?Sized, V, S: BuildHasher, H: Handle> BoundedCopiedMap<Q, V, S, H> {
    /// Moves all entries of another map into this one, and copies their keys: see [`BoundedMap::append`].
    ///
    /// Allocates: arena: keys of more than 15 bytes. Time: O(capacity of the other map).
    ///
    /// # Panics
    ///
    /// If the arena refuses a key; the twin is [`try_append`](Self::try_append).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::BoundedStrMap;
    ///
    /// let mut cache = BoundedStrMap::new(2);
    /// cache.insert_for("a", 1, 60, 0);
    /// let mut larger = BoundedStrMap::new(1_000);
    /// larger.append(&mut cache, 20);
    /// assert_eq!(larger.get("a", 59), Some(&1));
    /// assert_eq!(larger.get("a", 60), None);
    /// ```
    #[track_caller]
    pub fn append<S2, H2: Handle>(&mut self, other: &mut BoundedCopiedMap<Q, V, S2, H2>, now: u64) {
        if let Err(cause) = self.try_append(other, now) {
            fail(cause, "BoundedCopiedMap::try_append");
        }
    }

    /// Like [`append`](Self::append), but returns an error when the arena refuses a key.
    ///
    /// Allocates: arena: keys of more than 15 bytes. Time: O(capacity of the other map).
    ///
    /// # Errors
    ///
    /// [`ArenaError`]. Nothing is lost but what would have no room here: the entries that did not come stay in the other map.
    pub fn try_append<S2, H2: Handle>(
        &mut self,
        other: &mut BoundedCopiedMap<Q, V, S2, H2>,
        now: u64,
    ) -> Result<(), ArenaError> {
        let theirs = other.core.tick(now);
        self.core.tick(now); // also if nothing comes
        other.core.evict_to(self.core.bounds, theirs);
        let raw = other.core.handle().raw();
        let mut passed = 0;
        while let Some(slot) = other.core.next_out(&mut passed) {
            let key = other.core.entry(slot).key.get();
            let hash = self.hash_of(key);
            let tick = self.core.tick(now); // each is a write by itself
            let found = self.core.find(KeyShape::Whole, hash, |known| known.key.get() == key);
            let mut out = |_: &Q, _, _| {};
            let copy = match found {
                Some(_) => None,
                None => Some(self.core.copy_key(key, tick, &mut out)?),
            };
            let belongings = other.core.belongings(slot, theirs);
            let Pair { key, value } = other.core.take(slot);
            let key = Loose::new(key, raw);
            let coming = belongings.coming(hash);
            let place = match copy {
                Some(copy) => self.core.come_in(copy, value, coming, tick, &mut out),
                None => match self.core.place(found, key.get(), || value, coming, tick, &mut out) {
                    Ok(place) => place,
                    Err((cause, _)) => return Err(cause), // a key that is there is not copied
                },
            };
            if let Some(slot) = place {
                self.core.settle(slot, belongings);
            }
        }
        other.core.forget_taken();
        Ok(())
    }
}
