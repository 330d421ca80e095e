//! The place of a key in a map of texts, searched once.

use super::super::error::{Field, FixedError};
use super::super::layout::Hash;
use super::super::memory::MemoryMut;
use super::super::raw::{Place, Search};
use super::error::{Refusal, VarInsertError};
use super::{VarKey, VarMap, VarValue};
use core::fmt;

/// The place of a key: [`VarMap::entry`].
#[must_use = "an entry that is dropped inserts and removes nothing"]
pub enum VarEntry<'m, 'k, K: VarKey + ?Sized, V: VarValue + ?Sized, M> {
    /// The key is in the map.
    Occupied(VarOccupiedEntry<'m, 'k, K, V, M>),
    /// The key is not in the map.
    Vacant(VarVacantEntry<'m, 'k, K, V, M>),
}

/// The place of a key that is in the map, and the key as it was given.
pub struct VarOccupiedEntry<'m, 'k, K: VarKey + ?Sized, V: VarValue + ?Sized, M> {
    map: &'m mut VarMap<K, V, M>,
    key: K::Given<'k>,
    hash: Hash,
    /// Its value can be read: it could when it was found, and is only written as what it is.
    slot: usize,
}

/// The place of a key that is not in the map, and the key.
pub struct VarVacantEntry<'m, 'k, K: VarKey + ?Sized, V: VarValue + ?Sized, M> {
    map: &'m mut VarMap<K, V, M>,
    key: K::Given<'k>,
    hash: Hash,
    /// Or why nothing can be inserted.
    place: Result<Place, Refusal>,
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// The place of a key, occupied or vacant: to look, insert or remove with one search.
    ///
    /// In a damaged archive that was not verified, the place of a key whose value is no text is vacant, and inserting is an error.
    ///
    /// Allocates: never. Time: O(bytes), as [`get`](Self::get).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut words = VarMap::<str, u64_le, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// for word in "to be or not to be".split(' ') {
    ///     *words.entry(word).or_insert(0.into())? += 1;
    /// }
    /// assert_eq!(words.get("be"), Some(&2.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn entry<'k>(&mut self, key: K::Given<'k>) -> VarEntry<'_, 'k, K, V, M> {
        let hash = self.hash_given(&key);
        let room = self.core.room();
        let place = match self.core.place_of(hash, |other| K::is_given(&key, other, room)) {
            Ok(Search::Found(slot)) if V::read(self.core.pair(slot).1, room).is_some() => {
                return VarEntry::Occupied(VarOccupiedEntry {
                    map: self,
                    key,
                    hash,
                    slot,
                });
            }
            Ok(Search::Found(slot)) => Err(Refusal::Corrupt(FixedError::at(Field::Text, slot as u64, 0, 1))),
            Ok(Search::Vacant(place)) => Ok(place),
            Err(error) => Err(self.check_len().err().unwrap_or(Refusal::Corrupt(error))),
        };
        VarEntry::Vacant(VarVacantEntry {
            map: self,
            key,
            hash,
            place,
        })
    }

    /// The value of a key, which is inserted first if the key is new.
    ///
    /// Allocates: never. Time: O(bytes of both).
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert), with the pair; [`Field::Text`] in a damaged archive that was not verified.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap};
    /// # let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// assert_eq!(map.get_or_insert("motd", "Hello")?, "Hello");
    /// assert_eq!(map.get_or_insert("motd", "Welcome")?, "Hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_or_insert<'k, 'v>(
        &mut self,
        key: K::Given<'k>,
        value: V::Given<'v>,
    ) -> Result<&mut V, VarInsertError<K::Given<'k>, V::Given<'v>>> {
        self.entry(key).or_insert(value)
    }

    /// The value in a slot that was found or filled, to change in place.
    fn written(&mut self, slot: usize) -> &mut V {
        self.value_mut(slot)
            .expect("it was read a moment ago, or is new, and only written as what it is")
    }
}

impl<'m, 'k, K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarEntry<'m, 'k, K, V, M> {
    /// The value, inserted if there was none.
    ///
    /// Allocates: never. Time: O(bytes of both).
    ///
    /// # Errors
    ///
    /// As [`VarMap::insert`], with the pair.
    pub fn or_insert<'v>(self, default: V::Given<'v>) -> Result<&'m mut V, VarInsertError<K::Given<'k>, V::Given<'v>>> {
        self.or_insert_with(|| default)
    }

    /// The value, made and inserted if there was none.
    ///
    /// Allocates: never. Time: O(bytes of both).
    ///
    /// # Errors
    ///
    /// As [`VarMap::insert`], with the pair.
    pub fn or_insert_with<'v>(
        self,
        default: impl FnOnce() -> V::Given<'v>,
    ) -> Result<&'m mut V, VarInsertError<K::Given<'k>, V::Given<'v>>> {
        self.or_insert_with_key(|_| default())
    }

    /// The value, made from the key and inserted if there was none.
    ///
    /// Allocates: never. Time: O(bytes of both).
    ///
    /// # Errors
    ///
    /// As [`VarMap::insert`], with the pair.
    pub fn or_insert_with_key<'v>(
        self,
        default: impl FnOnce(&K::Given<'k>) -> V::Given<'v>,
    ) -> Result<&'m mut V, VarInsertError<K::Given<'k>, V::Given<'v>>> {
        match self {
            Self::Occupied(entry) => Ok(entry.into_mut()),
            Self::Vacant(entry) => {
                let value = default(&entry.key);
                entry.insert(value)
            }
        }
    }

    /// The value, inserted as the default if there was none: of texts, the one without bytes.
    ///
    /// Allocates: never. Time: O(bytes of both).
    ///
    /// # Errors
    ///
    /// As [`VarMap::insert`], with the pair.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut words = VarMap::<str, u64_le, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// for word in "to be or not to be".split(' ') {
    ///     *words.entry(word).or_default()? += 1;
    /// }
    /// assert_eq!(words.get("to"), Some(&2.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn or_default<'v>(self) -> Result<&'m mut V, VarInsertError<K::Given<'k>, V::Given<'v>>>
    where
        V::Given<'v>: Default,
    {
        self.or_insert_with(V::Given::default)
    }

    /// Changes the value, if there is one. A text keeps its length; [`VarOccupiedEntry::insert`] gives it another.
    ///
    /// Allocates: never. Time: O(1); of a `str` O(its bytes), which are checked to be UTF-8.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap};
    /// # let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// for _ in 0..2 {
    ///     map.entry("name").and_modify(|name| name.make_ascii_uppercase()).or_insert("ada")?;
    /// }
    /// assert_eq!(map.get("name"), Some("ADA"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self {
        if let Self::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }

    /// The key of this place, as it was given.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn key(&self) -> &K::Given<'k> {
        match self {
            Self::Occupied(entry) => entry.key(),
            Self::Vacant(entry) => entry.key(),
        }
    }
}

impl<'k, K: VarKey + ?Sized, V: VarValue + ?Sized, M> VarOccupiedEntry<'_, 'k, K, V, M> {
    /// The key of this place, as it was given.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn key(&self) -> &K::Given<'k> {
        &self.key
    }
}

impl<'m, K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarOccupiedEntry<'m, '_, K, V, M> {
    /// The value.
    ///
    /// Allocates: never. Time: O(1); of a `str` O(its bytes), which are checked to be UTF-8; not in a map that was made here, or verified.
    #[allow(clippy::missing_panics_doc, reason = "it was read when the entry was made")]
    pub fn get(&self) -> &V {
        self.map.core.lend();
        let value = self.map.core.pair(self.slot).1;
        self.map
            .texts()
            .read(value)
            .expect("it was read when the entry was made")
    }

    /// The value, to change in place. A text keeps its length.
    ///
    /// Allocates: never. Time: O(1), as [`get`](Self::get).
    pub fn get_mut(&mut self) -> &mut V {
        self.map.written(self.slot)
    }

    /// The value, for as long as the map is borrowed.
    ///
    /// Allocates: never. Time: O(1), as [`get`](Self::get).
    pub fn into_mut(self) -> &'m mut V {
        self.map.written(self.slot)
    }

    /// Sets the value. Returns what is left of the old one, as [`VarMap::insert`] does.
    ///
    /// Allocates: never. Time: O(bytes of the value).
    ///
    /// # Errors
    ///
    /// As [`VarMap::insert`], with the value. The entry is as it was.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, Refusal, VarEntry, VarMap};
    ///
    /// let need = VarMap::<str, str>::bytes_for(10, 10);
    /// let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(need), 10, 10)?;
    /// map.insert("motd", "Hello")?;
    /// let VarEntry::Occupied(mut entry) = map.entry("motd") else { unreachable!() };
    /// assert!(matches!(entry.insert("Welcome").unwrap_err().cause, Refusal::NoRoom { .. }));
    /// entry.insert("Hello!")?; // it is the last text in the room, and can grow
    /// assert_eq!(entry.get(), "Hello!");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert<'v>(&mut self, value: V::Given<'v>) -> Result<V::Old, VarInsertError<(), V::Given<'v>>> {
        let room = self.map.core.room();
        let fits = self.map.check_old(self.slot, room);
        match fits.and_then(|old| self.map.check_fits(V::text(&value), old)) {
            Ok(()) => Ok(self.map.replace(self.slot, value)),
            Err(cause) => Err(VarInsertError { key: (), value, cause }),
        }
    }

    /// Removes the entry. Returns its value if that has a fixed size, `()` if it is a text.
    ///
    /// Allocates: never. Time: O(1).
    pub fn remove(self) -> V::Old {
        self.map.take(self.hash, self.slot)
    }
}

impl<'k, K: VarKey + ?Sized, V: VarValue + ?Sized, M> VarVacantEntry<'_, 'k, K, V, M> {
    /// The key of this place.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn key(&self) -> &K::Given<'k> {
        &self.key
    }

    /// Gives the key back.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_key(self) -> K::Given<'k> {
        self.key
    }
}

impl<'m, 'k, K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarVacantEntry<'m, 'k, K, V, M> {
    /// Inserts the value.
    ///
    /// Allocates: never. Time: O(bytes of both).
    ///
    /// # Errors
    ///
    /// As [`VarMap::insert`], with the pair.
    pub fn insert<'v>(self, value: V::Given<'v>) -> Result<&'m mut V, VarInsertError<K::Given<'k>, V::Given<'v>>> {
        let Self { map, key, hash, place } = self;
        match place.and_then(|place| map.check_new(&key, &value).map(|()| place)) {
            Ok(place) => {
                let slot = map.put(hash, place, key, value);
                Ok(map.written(slot))
            }
            Err(cause) => Err(VarInsertError { key, value, cause }),
        }
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M> fmt::Debug for VarEntry<'_, '_, K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(entry) => entry.fmt(f),
            Self::Vacant(entry) => entry.fmt(f),
        }
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M> fmt::Debug for VarOccupiedEntry<'_, '_, K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VarOccupiedEntry").finish_non_exhaustive()
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M> fmt::Debug for VarVacantEntry<'_, '_, K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VarVacantEntry").finish_non_exhaustive()
    }
}
