//! Methods of `VarMap` that go through all entries, or many.

use super::super::layout::at;
use super::super::memory::MemoryMut;
use super::super::value::FixedValue;
use super::{VarExtendError, VarKey, VarMap, VarValue, hash_slot};

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// Inserts pairs until one is refused.
    ///
    /// Allocates: never. Time: O(pairs + bytes).
    ///
    /// # Errors
    ///
    /// [`VarExtendError`] with the number of pairs that went in and the pair that did not. The rest of the iterator is dropped with it; to keep
    /// it, pass the iterator by `&mut`.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, Refusal, VarMap};
    /// # let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 20)?;
    /// map.try_extend([("one", "eins"), ("two", "zwei")])?;
    /// let error = map.try_extend([("six", "6"), ("seven", "sieben")]).unwrap_err();
    /// assert_eq!((error.inserted, error.cause.key), (1, "seven"));
    /// assert!(matches!(error.cause.cause, Refusal::NoRoom { left: 2, .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::type_complexity, reason = "as of `insert`")]
    pub fn try_extend<'k, 'v>(
        &mut self,
        pairs: impl IntoIterator<Item = (K::Given<'k>, V::Given<'v>)>,
    ) -> Result<(), VarExtendError<K::Given<'k>, V::Given<'v>>> {
        for (inserted, (key, value)) in pairs.into_iter().enumerate() {
            self.insert(key, value)
                .map_err(|cause| VarExtendError { inserted, cause })?;
        }
        Ok(())
    }

    /// Keeps the entries for which `keep` returns true, and removes the others. An entry of a damaged archive whose texts are not where its
    /// slot says stays, and is not asked about.
    ///
    /// If `keep` panics, the entries it has not seen stay.
    ///
    /// Allocates: never. Time: O(capacity), and of each `str` O(its bytes).
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.core.unseal();
        let mut from = 0;
        while let Some(slot) = self.core.full_from(from) {
            from = slot + 1;
            if self.ask(slot, &mut keep) == Some(false) {
                let hash = hash_slot::<K>(self.core.pair(slot).0, self.core.room(), &self.secrets);
                self.take(hash, slot);
            }
        }
    }

    /// Removes all entries; capacity, room and seed stay.
    ///
    /// Allocates: never. Time: O(capacity + bytes of the room that are used); all of the room in a map that was opened and not verified.
    pub fn clear(&mut self) {
        self.core.clear();
        // An archive that is damaged may lie about the bytes that are used.
        let used = if self.whole { self.room_used() } else { self.room() };
        self.core.room_mut()[..used].fill(0);
        self.core.put(at::ROOM_USED, 0);
        self.core.put(at::GARBAGE, 0);
    }

    /// What `keep` says of an entry, if its texts are where they should be.
    fn ask(&mut self, slot: usize, keep: &mut impl FnMut(&K, &mut V) -> bool) -> Option<bool> {
        let (key, value, room) = self.core.pair_and_room(slot);
        // In an archive that lies, the two may be the same bytes, and are not given out then.
        let (key_text, value_text) = match (K::span(key), V::span(value)) {
            (Some(k), Some(v)) => room
                .get_disjoint_mut([k.range(), v.range()])
                .ok()
                .map(|[k, v]| (k, v))?,
            (Some(k), None) => (room.get_mut(k.range())?, &mut [][..]),
            (None, Some(v)) => (&mut [][..], room.get_mut(v.range())?),
            (None, None) => (&mut [][..], &mut [][..]),
        };
        let key = K::read_text(key, key_text)?;
        Some(keep(key, V::read_text_mut(value, value_text)?))
    }
}

impl<K: VarKey + ?Sized, V: FixedValue, M: MemoryMut> VarMap<K, V, M> {
    /// The values, to change in place, where they have a fixed size. Texts are changed by [`retain`](Self::retain), one after another.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut words = VarMap::<str, u64_le, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// words.insert("be", 2.into())?;
    /// words.values_mut().for_each(|count| *count += 1);
    /// assert_eq!(words.get("be"), Some(&3.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.core.values_mut()
    }
}
