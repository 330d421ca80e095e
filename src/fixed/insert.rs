//! Inserts entries, and holds the place of one key exclusively.
//!
//! ```text
//!  home group        a free slot, and no key of this class went on: put in there       (nearly always, kept in registers)
//!       | full, or its counter says that some went on
//!       v
//!  the groups behind it: search to the end, then the first free slot met on the way    (a call of its own)
//! ```
//!
//! A value that a closure writes in its place is lent out of a slot without a tag, which nobody looks at, as a reference to a valid value
//! (zeros, `ZeroBytes`). Counters, key and tag follow when the closure has returned; if it panics, the bytes become zero again.
//!
//! C1 to C3 of `core.rs` hold; a place is filled under the same `&mut self` that chose it.
#![allow(unsafe_code, reason = "fills slots through a `Raw`; C1 to C3 of `core.rs`")]
#![allow(clippy::cast_possible_truncation, reason = "groups are counted in 32 bits")]

use super::core::Core;
use super::error::{FixedError, FixedInsertError};
use super::group::Group;
use super::layout::{Hash, LANES, Mark};
use super::memory::MemoryMut;
use super::raw::{Place, Search};
use super::value::{FixedValue, ZeroBytes};
use core::ops::ControlFlow;

impl<K: FixedValue, V: FixedValue, M: MemoryMut> Core<K, V, M> {
    /// The entry of a key, or the place for it.
    #[inline(always)]
    pub(super) fn search(&mut self, hash: Hash, is_key: impl FnMut(&K) -> bool) -> Found<'_, K, V, M> {
        match self.place_of(hash, is_key) {
            Ok(Search::Found(slot)) => Found::Full(FullSlot { core: self, hash, slot }),
            Ok(Search::Vacant(place)) => Found::Free(FreeSlot {
                core: self,
                hash,
                place: Ok(place),
            }),
            Err(error) => Found::Free(FreeSlot {
                core: self,
                hash,
                place: Err(error),
            }),
        }
    }

    /// Puts a pair in: over the value of an equal key, or into a free slot.
    #[inline(always)]
    pub(super) fn insert(
        &mut self,
        hash: Hash,
        key: K,
        value: V,
        is_key: impl Fn(&K, &K) -> bool,
    ) -> Result<Option<V>, FixedInsertError<K, V>> {
        let raw = self.raw();
        let home = hash.home(raw.groups());
        // SAFETY: C2, as in `slot_of`.
        match raw.find_in(hash, home, &mut |other| is_key(&key, unsafe { other.as_ref() })) {
            ControlFlow::Break(Some(place)) => {
                self.unseal();
                // SAFETY: just found.
                let old = unsafe { self.value_at(place) };
                return Ok(Some(core::mem::replace(old, value)));
            }
            ControlFlow::Break(None) => {
                if let Some(place) = raw.place_in(home) {
                    let len = self.len();
                    if len < self.capacity() {
                        self.put_in(hash, place, key, value, len);
                        return Ok(None);
                    }
                }
            }
            ControlFlow::Continue(()) => {}
        }
        // Another type than the one returned: were it the same, the compiler would build both in one place in memory, and
        // the usual way would write there and read back.
        match self.insert_further(hash, key, value, is_key) {
            ControlFlow::Continue(old) => Ok(old),
            ControlFlow::Break(error) => Err(error),
        }
    }

    /// The same, if the home group did not tell, or the map is full.
    #[cold] // nearly every search ends in its home group
    #[inline(never)]
    fn insert_further(
        &mut self,
        hash: Hash,
        key: K,
        value: V,
        is_key: impl Fn(&K, &K) -> bool,
    ) -> ControlFlow<FixedInsertError<K, V>, Option<V>> {
        // SAFETY: C2, as in `slot_of`.
        let place = match self
            .raw()
            .find_or_place(hash, |other| is_key(&key, unsafe { other.as_ref() }))
        {
            Ok(Search::Found(slot)) => {
                self.unseal();
                return ControlFlow::Continue(Some(core::mem::replace(self.pair_mut(slot).1, value)));
            }
            Ok(Search::Vacant(place)) => Ok(place),
            Err(error) => Err(error),
        };
        match self.occupy(hash, place, key, value) {
            Ok(_) => ControlFlow::Continue(None),
            Err(error) => ControlFlow::Break(error),
        }
    }

    /// Puts an entry in whose value a closure writes in its place: over zeros, in a free slot or over the value of an equal key.
    #[inline(always)]
    pub(super) fn insert_with(
        &mut self,
        hash: Hash,
        key: K,
        is_key: impl Fn(&K, &K) -> bool,
        write: impl FnOnce(&mut V),
    ) -> Result<Option<V>, FixedInsertError<K, ()>>
    where
        V: ZeroBytes,
    {
        let raw = self.raw();
        let home = hash.home(raw.groups());
        // SAFETY: C2, as in `slot_of`.
        let found = raw.find_in(hash, home, &mut |other| is_key(&key, unsafe { other.as_ref() }));
        if let ControlFlow::Break(None) = found
            && let Some(place) = raw.place_in(home)
        {
            let len = self.len();
            if len < self.capacity() {
                self.write_in(hash, place, key, len, write);
                return Ok(None);
            }
        }
        // As in `insert`.
        match self.insert_with_further(hash, key, is_key, write) {
            ControlFlow::Continue(old) => Ok(old),
            ControlFlow::Break(error) => Err(error),
        }
    }

    /// The same, if the home group did not tell, or has the key, or the map is full.
    #[inline(never)]
    fn insert_with_further(
        &mut self,
        hash: Hash,
        key: K,
        is_key: impl Fn(&K, &K) -> bool,
        write: impl FnOnce(&mut V),
    ) -> ControlFlow<FixedInsertError<K, ()>, Option<V>>
    where
        V: ZeroBytes,
    {
        match self.search(hash, |other| is_key(&key, other)) {
            Found::Full(slot) => ControlFlow::Continue(Some(slot.overwrite(write))),
            Found::Free(slot) => match slot.write(key, write) {
                Ok(_) => ControlFlow::Continue(None),
                Err(error) => ControlFlow::Break(error),
            },
        }
    }

    /// Fills a place that was just chosen, in a map of so many entries, which is not full: the value by a closure, in the place. If
    /// the closure panics, the place is free as before.
    #[inline(always)]
    fn write_in(&mut self, hash: Hash, place: Place, key: K, len: usize, write: impl FnOnce(&mut V)) -> usize
    where
        V: ZeroBytes,
    {
        self.unseal();
        let raw = self.raw();
        // SAFETY: R1 for writing (M2); the place was chosen free under the same `&mut self`; zeros are a value (`ZeroBytes`);
        // nothing else reaches the slot before the guard is gone.
        let mut guard = Wipe(Some(unsafe { raw.zeroed_value(place) }));
        if let Some(value) = &mut guard.0 {
            write(value);
        }
        guard.0 = None;
        // SAFETY: the same; between them, only the bytes of the value were written, through a reference to a valid one.
        let slot = unsafe { raw.occupy_written(hash, place, key) };
        self.set_len(len + 1);
        slot
    }

    /// Puts a pair into a map from which nothing was ever removed, and gives its slot and whether a key in its home group
    /// has the same tag, so that `is_repeated` has to tell whether it is the same key. A key that is found at once counts
    /// as repeated and is not put in.
    ///
    /// Because such keys are compared later, no branch waits for memory, and the next insertions begin before this one
    /// ends. That saves much time in maps larger than the second-level cache.
    #[inline(always)]
    pub(super) fn insert_fresh(
        &mut self,
        hash: Hash,
        key: K,
        value: V,
        is_key: impl Fn(&K, &K) -> bool,
        repeated: &mut usize,
    ) -> Result<(usize, bool), FixedInsertError<K, V>> {
        let raw = self.raw();
        let home = hash.home(raw.groups());
        // Nothing was removed: as long as its home has a free slot, no entry stands elsewhere because home was full.
        if let Some(place) = raw.place_in(home) {
            let is_alike = Group::load(&raw.group(home))
                .matching(hash.mark(raw.groups()))
                .first()
                .is_some();
            return Ok((self.occupy(hash, Ok(place), key, value)?, is_alike));
        }
        let place = match self.place_further(hash, |other| is_key(&key, other)) {
            Ok(Search::Found(slot)) => {
                *repeated += 1;
                return Ok((slot, false));
            }
            Ok(Search::Vacant(place)) => Ok(place),
            Err(error) => Err(error),
        };
        Ok((self.occupy(hash, place, key, value)?, false))
    }

    /// Whether an earlier slot of the same group has the same key. The slot is one that `insert_fresh` gave.
    pub(super) fn is_repeated(&self, slot: usize, is_key: impl Fn(&K, &K) -> bool) -> bool {
        let raw = self.raw();
        let (group, lane) = (slot / LANES, slot % LANES);
        let bytes = raw.group(group as u32);
        Group::load(&bytes)
            .matching(Mark(bytes[lane])) // a tag is the tag of itself
            .take_while(|&other| other < lane)
            .any(|other| is_key(self.pair(slot).0, self.pair(group * LANES + other).0))
    }

    /// Fills a place that was just chosen, unless the map is full. No place is left only in a full map, or in one whose
    /// length lies.
    #[inline(always)]
    fn occupy(
        &mut self,
        hash: Hash,
        place: Result<Place, FixedError>,
        key: K,
        value: V,
    ) -> Result<usize, FixedInsertError<K, V>> {
        let len = self.len();
        if len >= self.capacity() {
            return Err(FixedInsertError::Full {
                key,
                value,
                capacity: self.capacity(),
            });
        }
        let place = match place {
            Ok(place) => place,
            Err(error) => return Err(FixedInsertError::Corrupt { key, value, error }),
        };
        Ok(self.put_in(hash, place, key, value, len))
    }

    /// Fills a place that was just chosen, in a map of so many entries, which is not full.
    #[inline(always)]
    pub(super) fn put_in(&mut self, hash: Hash, place: Place, key: K, value: V, len: usize) -> usize {
        self.unseal();
        // SAFETY: R1 for writing (M2); the place was chosen under the same `&mut self`, for this hash.
        let slot = unsafe { self.raw().occupy(hash, place, key, value) };
        self.set_len(len + 1);
        slot
    }
}

/// What `Core::search` came to.
pub(super) enum Found<'m, K, V, M> {
    Full(FullSlot<'m, K, V, M>),
    Free(FreeSlot<'m, K, V, M>),
}

/// A full slot, held exclusively.
pub(super) struct FullSlot<'m, K, V, M> {
    core: &'m mut Core<K, V, M>,
    hash: Hash,
    slot: usize,
}

impl<'m, K: FixedValue, V: FixedValue, M: MemoryMut> FullSlot<'m, K, V, M> {
    pub(super) fn pair(&self) -> (&K, &V) {
        self.core.lend();
        self.core.pair(self.slot)
    }

    pub(super) fn value_mut(&mut self) -> &mut V {
        self.core.unseal();
        self.core.pair_mut(self.slot).1
    }

    pub(super) fn into_mut(self) -> &'m mut V {
        self.core.unseal();
        self.core.pair_mut(self.slot).1
    }

    pub(super) fn remove(self) -> (K, V) {
        self.core.vacate(self.hash, self.slot)
    }

    /// Writes another value over this one, in its place, and gives the old one. If the closure panics, the old one is back.
    pub(super) fn overwrite(mut self, write: impl FnOnce(&mut V)) -> V
    where
        V: ZeroBytes,
    {
        let place = self.value_mut();
        // SAFETY: a reference; types without Drop (`Core::SLOT`), of which a copy of the bytes is another value.
        let old = unsafe { core::ptr::read(place) };
        place.zero();
        let mut guard = PutBack { place, old: Some(old) };
        write(guard.place);
        guard.old.take().expect("taken by nobody else")
    }
}

/// Puts a value back into its place when it is dropped.
struct PutBack<'v, V> {
    place: &'v mut V,
    old: Option<V>,
}

impl<V> Drop for PutBack<'_, V> {
    fn drop(&mut self) {
        if let Some(old) = self.old.take() {
            *self.place = old;
        }
    }
}

/// A place for a key that is not there, held exclusively.
pub(super) struct FreeSlot<'m, K, V, M> {
    core: &'m mut Core<K, V, M>,
    hash: Hash,
    place: Result<Place, FixedError>,
}

impl<'m, K: FixedValue, V: FixedValue, M: MemoryMut> FreeSlot<'m, K, V, M> {
    pub(super) fn insert(self, key: K, value: V) -> Result<&'m mut V, FixedInsertError<K, V>> {
        let slot = self.core.occupy(self.hash, self.place, key, value)?;
        Ok(self.core.pair_mut(slot).1)
    }
    /// The same, with a value that is written where it will stand. If the closure panics, the place is free as before.
    pub(super) fn write(self, key: K, write: impl FnOnce(&mut V)) -> Result<&'m mut V, FixedInsertError<K, ()>>
    where
        V: ZeroBytes,
    {
        let Self { core, hash, place } = self;
        let (len, capacity) = (core.len(), core.capacity());
        if len >= capacity {
            let value = ();
            return Err(FixedInsertError::Full { key, value, capacity });
        }
        let place = match place {
            Ok(place) => place,
            Err(error) => return Err(FixedInsertError::Corrupt { key, value: (), error }),
        };
        let slot = core.write_in(hash, place, key, len, write);
        Ok(core.pair_mut(slot).1)
    }
}

/// Zeroes a value when it is dropped.
struct Wipe<'v, V: ZeroBytes>(Option<&'v mut V>);

impl<V: ZeroBytes> Drop for Wipe<'_, V> {
    fn drop(&mut self) {
        if let Some(value) = &mut self.0 {
            value.zero();
        }
    }
}
