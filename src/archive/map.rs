//! An [`ArenaMap`] and its archive.

use core::hash::{BuildHasher, Hash};

use rkyv::collections::swiss_table::{ArchivedHashMap, HashMapResolver};
use rkyv::collections::util::EntryAdapter;
use rkyv::rancor::{Fallible, Source};
use rkyv::ser::{Allocator, Writer};
use rkyv::{Archive, Deserialize, Place, Serialize};

use super::{LOAD, check_reach, new_arena, scratch};
use crate::arena::{Arena, Handle};
use crate::map::ArenaMap;

impl<K, V, S, H> Archive for ArenaMap<K, V, S, H>
where
    K: Archive<Archived: Eq + Hash> + Eq + Hash,
    V: Archive,
    H: Handle,
{
    type Archived = ArchivedHashMap<K::Archived, V::Archived>;
    type Resolver = HashMapResolver;

    fn resolve(&self, resolver: HashMapResolver, out: Place<Self::Archived>) {
        ArchivedHashMap::resolve_from_len(self.len(), LOAD, resolver, out);
    }
}

impl<K, V, S, H, Z> Serialize<Z> for ArenaMap<K, V, S, H>
where
    K: Serialize<Z, Archived: Eq + Hash> + Eq + Hash,
    V: Serialize<Z>,
    H: Handle,
    Z: Fallible<Error: Source> + Writer + Allocator + ?Sized,
{
    fn serialize(&self, serializer: &mut Z) -> Result<HashMapResolver, Z::Error> {
        check_reach::<(K::Archived, V::Archived), _>(self.len(), serializer)?;
        ArchivedHashMap::<K::Archived, V::Archived>::serialize_from_iter::<_, _, _, K, V, _>(
            self.iter(),
            LOAD,
            serializer,
        )
    }
}

impl<K, V, S, D> Deserialize<ArenaMap<K, V, S, Arena>, D> for ArchivedHashMap<K::Archived, V::Archived>
where
    K: Archive<Archived: Deserialize<K, D>> + Eq + Hash,
    V: Archive<Archived: Deserialize<V, D>>,
    S: BuildHasher + Default,
    D: Fallible<Error: Source> + ?Sized,
{
    /// A map that owns a new arena. [`ArenaMap::try_extend_archived`] takes any handle.
    fn deserialize(&self, deserializer: &mut D) -> Result<ArenaMap<K, V, S, Arena>, D::Error> {
        let mut map = ArenaMap::with_hasher_in(S::default(), new_arena()?);
        map.try_extend_archived(self, deserializer)?;
        Ok(map)
    }
}

impl<K: Archive, V: Archive> ArenaMap<K, V> {
    /// The most scratch, in bytes, that serializing a map of `len` entries takes, wherever the scratch begins.
    ///
    /// See [`archive`](crate::archive#without-the-heap) for its use. The handle and the hasher make no difference.
    ///
    /// If keys or values need scratch themselves, add what the largest of them needs, not the sum of all. A map in the
    /// map needs its own `archive_scratch`; a `Vec` of strings, 4 bytes for each string; numbers, strings and bytes,
    /// nothing.
    ///
    /// On targets of 64 bits, a map of numbers takes at most 37 bytes and 17 for each slot. The number of slots is the
    /// larger of `len * 8 / 7` and `len + 1`.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::ArenaMap;
    ///
    /// # if cfg!(target_pointer_width = "64") {
    /// assert_eq!(ArenaMap::<u64, u64>::archive_scratch(1000), 19_446);
    /// # }
    /// // At most 100 maps, of at most 8 entries each:
    /// const SCRATCH: usize = ArenaMap::<u32, ArenaMap<u16, u64>>::archive_scratch(100)
    ///     + ArenaMap::<u16, u64>::archive_scratch(8);
    /// ```
    #[must_use]
    pub const fn archive_scratch(len: usize) -> usize {
        scratch::<EntryAdapter<&K, &V, K, V>>(len)
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, H: Handle> ArenaMap<K, V, S, H> {
    /// Inserts every entry of an archived map. A key that is there gets the new value.
    ///
    /// Makes room at once for all entries (for half of them, if the map is not empty), if the arena has the memory.
    ///
    /// Allocates: arena; beyond that, what the entries allocate. Time: O(capacity of the archive).
    ///
    /// # Errors
    ///
    /// The [`ArenaError`](crate::ArenaError) of the arena, or the error of the deserializer, both as the deserializer's
    /// error. The entries that went in before stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap, DefaultHashBuilder};
    /// use rkyv::Archived;
    /// use rkyv::rancor::{Error, Strategy};
    ///
    /// type Names<H> = ArenaMap<u32, String, DefaultHashBuilder, H>;
    /// let names = Names::from_iter_in([(1, "one".to_owned()), (2, "two".to_owned())], Arena::new());
    /// let bytes = rkyv::to_bytes::<Error>(&names)?;
    ///
    /// let arena = Arena::new();
    /// let mut copy = Names::new_in(&arena);
    /// let archived = rkyv::access::<Archived<Names<Arena>>, Error>(&bytes)?;
    /// copy.try_extend_archived(archived, Strategy::<_, Error>::wrap(&mut ()))?;
    /// assert_eq!(copy[&2], "two");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_extend_archived<AK, AV, D>(
        &mut self,
        archived: &ArchivedHashMap<AK, AV>,
        deserializer: &mut D,
    ) -> Result<(), D::Error>
    where
        AK: Deserialize<K, D>,
        AV: Deserialize<V, D>,
        D: Fallible<Error: Source> + ?Sized,
    {
        self.try_extend_archived_with(archived, |key, value| {
            Ok((key.deserialize(deserializer)?, value.deserialize(deserializer)?))
        })
    }

    /// Inserts what a closure makes of every entry of an archived map. A key that is there gets the new value.
    ///
    /// For keys and values that rkyv cannot make: those in an arena, maps in maps among them, and those that borrow
    /// from the archive. Makes room as [`try_extend_archived`](Self::try_extend_archived).
    ///
    /// Allocates: arena. Time: O(capacity of the archive), and the calls of the closure.
    ///
    /// # Errors
    ///
    /// The [`ArenaError`](crate::ArenaError) of the arena, as an `E`, or the error of the closure. The entries that
    /// went in before stay.
    ///
    /// # Examples
    ///
    /// Maps in a map, all in one arena:
    ///
    /// ```
    /// use arenamap::{Arena, ArenaMap};
    /// use rkyv::Archived;
    /// use rkyv::rancor::{Error, Strategy};
    ///
    /// type Owned = ArenaMap<u32, ArenaMap<u16, u64>>;
    /// let owned = Owned::from([(7, ArenaMap::from([(200, 1), (404, 2)]))]);
    /// let bytes = rkyv::to_bytes::<Error>(&owned)?;
    ///
    /// let arena = Arena::new();
    /// let mut map = ArenaMap::new_in(&arena);
    /// let archived = rkyv::access::<Archived<Owned>, Error>(&bytes)?;
    /// map.try_extend_archived_with(archived, |key, inner| {
    ///     let mut statuses: ArenaMap<u16, u64, _, _> = ArenaMap::new_in(&arena);
    ///     statuses.try_extend_archived(inner, Strategy::<_, Error>::wrap(&mut ()))?;
    ///     Ok::<_, Error>((key.to_native(), statuses))
    /// })?;
    /// assert_eq!(map[&7][&404], 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_extend_archived_with<'a, AK, AV, E: Source>(
        &mut self,
        archived: &'a ArchivedHashMap<AK, AV>,
        mut entry: impl FnMut(&'a AK, &'a AV) -> Result<(K, V), E>,
    ) -> Result<(), E> {
        self.make_room_for(archived.len());
        for (key, value) in archived.iter() {
            let (key, value) = entry(key, value)?;
            self.try_insert_overwrite(key, value)
                .map_err(|refused| E::new(refused.cause))?;
        }
        Ok(())
    }
}
