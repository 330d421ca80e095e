//! The place of a key in a map, for entry types that give the map back.
//!
//! ```text
//!  ArenaMap::place --> Place::Occupied { map, slot } --remove--> (key, value)
//!                  \-> Place::Vacant   { map, slot } --try_insert--> Occupied
//! ```
//!
//! Invariant:
//!
//! - **P1** A place borrows its map exclusively, and hands no `&mut` of it out but when it ends: the table stays as it was when
//!   it named the slot, so that the slot still is what it was.
//!
//! Upheld by this file, whose fields nobody else sees.

#![allow(unsafe_code, reason = "slots are numbers between two calls; see P1")]

use core::hash::{BuildHasher, Hash};

use super::ArenaMap;
use crate::arena::Handle;
use crate::error::{Full, InsertError};
use crate::table::{Found, KeyShape, Search, Slot, Vacant as FreePlace};

/// What a search ends with.
pub(crate) enum Place<'a, K, V, S, H: Handle> {
    Occupied(Occupied<'a, K, V, S, H>),
    Vacant(Vacant<'a, K, V, S, H>),
}

/// The place of an entry.
pub(crate) struct Occupied<'a, K, V, S, H: Handle> {
    map: &'a mut ArenaMap<K, V, S, H>,
    slot: Slot<(K, V)>,
}

/// The place of an entry that is not there.
pub(crate) struct Vacant<'a, K, V, S, H: Handle> {
    map: &'a mut ArenaMap<K, V, S, H>,
    hash: u64,
}

/// A key that was taken out, and its place.
type KeyAndPlace<'a, K, V, S, H> = (K, Vacant<'a, K, V, S, H>);

impl<K, V, S, H: Handle> ArenaMap<K, V, S, H> {
    /// The place of a key; the closures hash it and compare it. Entries that are on their way make a step first.
    #[inline]
    pub(crate) fn place(
        &mut self,
        shape: KeyShape,
        hash: impl FnOnce(&S) -> u64,
        eq: impl Fn(&K) -> bool,
    ) -> Place<'_, K, V, S, H>
    where
        K: Hash,
        S: BuildHasher,
    {
        let Self { table, hash_builder } = self;
        let search = table.search(
            shape,
            || hash(hash_builder),
            move |(known, _)| eq(known), // the closure itself: a reference to it would be made in memory first
            |(key, _)| hash_builder.hash_one(key),
        );
        match search {
            Search::Found(found) => {
                let slot = found.slot();
                Place::Occupied(Occupied { map: self, slot })
            }
            Search::Vacant(vacant) => {
                let hash = vacant.hash();
                Place::Vacant(Vacant { map: self, hash })
            }
        }
    }

    /// The place of an entry with this hash, where nobody can hash: nothing moves.
    #[inline]
    pub(crate) fn place_at_rest(
        &mut self,
        hash: u64,
        mut eq: impl FnMut(&K) -> bool,
    ) -> Option<Occupied<'_, K, V, S, H>> {
        let slot = self.table.find_entry_at_rest(hash, move |(key, _)| eq(key))?.slot();
        Some(Occupied { map: self, slot })
    }
}

impl<'a, K, V, S, H: Handle> Occupied<'a, K, V, S, H> {
    #[inline]
    pub(crate) fn entry(&self) -> &(K, V) {
        // SAFETY: P1.
        unsafe { self.slot.entry() }
    }

    #[inline]
    fn found(&mut self) -> Found<'_, (K, V), H> {
        // SAFETY: P1.
        unsafe { Found::at(&mut self.map.table, self.slot) }
    }

    #[inline]
    fn into_found(self) -> Found<'a, (K, V), H> {
        // SAFETY: P1.
        unsafe { Found::at(&mut self.map.table, self.slot) }
    }

    #[inline]
    pub(crate) fn entry_mut(&mut self) -> &mut (K, V) {
        self.found().into_mut()
    }

    #[inline]
    pub(crate) fn into_entry(self) -> &'a mut (K, V) {
        self.into_found().into_mut()
    }

    #[inline]
    pub(crate) fn remove(self) -> (K, V) {
        self.into_found().remove()
    }

    /// Takes the entry out and puts another one with an equal key back, or none: then `replace` gives the key.
    ///
    /// If it panics, the entry is gone.
    #[inline]
    pub(crate) fn replace(
        mut self,
        replace: impl FnOnce(K, V) -> Result<(K, V), K>,
    ) -> Result<Self, KeyAndPlace<'a, K, V, S, H>> {
        let ((key, value), free) = self.found().remove_and_keep_place();
        match replace(key, value) {
            Ok(entry) => {
                let slot = free.put(entry).slot();
                Ok(Self { map: self.map, slot })
            }
            Err(key) => {
                let hash = free.into_vacant().hash();
                Err((key, Vacant { map: self.map, hash }))
            }
        }
    }

    #[inline]
    pub(crate) fn into_map(self) -> &'a mut ArenaMap<K, V, S, H> {
        self.map
    }
}

impl<'a, K, V, S, H: Handle> Vacant<'a, K, V, S, H> {
    #[inline]
    pub(crate) fn into_map(self) -> &'a mut ArenaMap<K, V, S, H> {
        self.map
    }

    /// Puts an entry in, with room made where there is none.
    #[inline]
    pub(crate) fn try_insert(self, key: K, value: V) -> Result<Occupied<'a, K, V, S, H>, InsertError<K, V>>
    where
        K: Hash,
        S: BuildHasher,
    {
        let Self { map, hash } = self;
        let ArenaMap { table, hash_builder } = map;
        let vacant = FreePlace::at(table, hash);
        match vacant.room(|| hash_builder.hash_one(&key), |(key, _)| hash_builder.hash_one(key)) {
            Ok(free) => {
                let slot = free.put((key, value)).slot();
                Ok(Occupied { map, slot })
            }
            Err(cause) => Err(InsertError { key, value, cause }),
        }
    }

    /// Puts an entry in, if there is room.
    #[inline]
    pub(crate) fn insert_within_capacity(self, key: K, value: V) -> Result<(), Full<K, V>> {
        let vacant = FreePlace::at(&mut self.map.table, self.hash);
        match vacant.room_within_capacity() {
            Some(free) => {
                free.put((key, value));
                Ok(())
            }
            None => Err(Full { key, value }),
        }
    }
}
