//! A [`StrMap`] and its archive.

use core::hash::BuildHasher;

use rkyv::collections::swiss_table::{ArchivedHashMap, HashMapResolver};
use rkyv::collections::util::EntryAdapter;
use rkyv::rancor::{Fallible, Source};
use rkyv::ser::{Allocator, Writer};
use rkyv::string::{ArchivedString, StringResolver};
use rkyv::{Archive, Deserialize, Place, Serialize, SerializeUnsized};

use super::{LOAD, check_reach, new_arena, room, scratch};
use crate::arena::{Arena, Handle};
use crate::map::StrMap;

impl<V: Archive, H: Handle, S> Archive for StrMap<V, H, S> {
    type Archived = ArchivedHashMap<ArchivedString, V::Archived>;
    type Resolver = HashMapResolver;

    fn resolve(&self, resolver: HashMapResolver, out: Place<Self::Archived>) {
        ArchivedHashMap::resolve_from_len(self.len(), LOAD, resolver, out);
    }
}

impl<V, H, S, Z> Serialize<Z> for StrMap<V, H, S>
where
    V: Serialize<Z>,
    H: Handle,
    Z: Fallible<Error: Source> + Writer + Allocator + ?Sized,
{
    fn serialize(&self, serializer: &mut Z) -> Result<HashMapResolver, Z::Error> {
        check_reach::<(ArchivedString, V::Archived), _>(self.len(), serializer)?;
        ArchivedHashMap::<ArchivedString, V::Archived>::serialize_from_iter::<_, _, _, Text<'_>, V, _>(
            self.iter().map(|(key, value)| (Text(key), value)),
            LOAD,
            serializer,
        )
    }
}

impl<V, S, D> Deserialize<StrMap<V, Arena, S>, D> for ArchivedHashMap<ArchivedString, V::Archived>
where
    V: Archive<Archived: Deserialize<V, D>>,
    S: BuildHasher + Default,
    D: Fallible<Error: Source> + ?Sized,
{
    /// A map that owns a new arena. [`StrMap::try_extend_archived`] takes any handle.
    fn deserialize(&self, deserializer: &mut D) -> Result<StrMap<V, Arena, S>, D::Error> {
        let mut map = StrMap::with_hasher_in(S::default(), new_arena()?);
        map.try_extend_archived(self, deserializer)?;
        Ok(map)
    }
}

impl<V: Archive> StrMap<V> {
    /// The most scratch, in bytes, that serializing a map of `len` entries takes, wherever the scratch begins.
    ///
    /// A value that needs scratch itself adds to this, as for
    /// [`ArenaMap::archive_scratch`](crate::ArenaMap::archive_scratch); the length of keys makes no difference.
    ///
    /// Computes in **O(1)**. Allocates: never.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    ///
    /// use arenamap::StrMap;
    /// use rkyv::api::low::to_bytes_in_with_alloc;
    /// use rkyv::rancor::Failure;
    /// use rkyv::ser::{allocator::SubAllocator, writer::Buffer};
    ///
    /// let words = StrMap::from([("a", 1_u32), ("b", 2)]);
    /// let mut scratch = [MaybeUninit::uninit(); StrMap::<u32>::archive_scratch(2)];
    /// let mut bytes = rkyv::util::Align([0; 200]);
    /// let (buffer, allocator) = (Buffer::from(&mut *bytes), SubAllocator::new(&mut scratch));
    /// to_bytes_in_with_alloc::<_, _, Failure>(&words, buffer, allocator)?;
    /// # Ok::<(), Failure>(())
    /// ```
    #[must_use]
    pub const fn archive_scratch(len: usize) -> usize {
        scratch::<EntryAdapter<Text<'_>, &V, Text<'_>, V>>(len)
    }
}

impl<V, H: Handle, S: BuildHasher> StrMap<V, H, S> {
    /// Inserts every entry of an archived map, overwriting; the bytes of new keys are copied into the arena.
    ///
    /// Makes room at once for what comes (for half of it, if the map has entries already), where the arena has it.
    ///
    /// Computes in **O(capacity of the archive)**. Allocates: arena; beyond that, what the values allocate.
    ///
    /// # Errors
    ///
    /// The [`ArenaError`](crate::ArenaError) with which the arena refused, or what the deserializer answered, both as the
    /// deserializer's error. The entries that went in before stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    /// use rkyv::Archived;
    /// use rkyv::rancor::{Error, Strategy};
    ///
    /// let bytes = rkyv::to_bytes::<Error>(&StrMap::from([("a", 1_u32), ("b", 2)]))?;
    ///
    /// let arena = Arena::new();
    /// let mut words = StrMap::<u32, _>::new_in(&arena);
    /// let archived = rkyv::access::<Archived<StrMap<u32>>, Error>(&bytes)?;
    /// words.try_extend_archived(archived, Strategy::<_, Error>::wrap(&mut ()))?;
    /// assert_eq!(words["b"], 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_extend_archived<AV, D>(
        &mut self,
        archived: &ArchivedHashMap<ArchivedString, AV>,
        deserializer: &mut D,
    ) -> Result<(), D::Error>
    where
        AV: Deserialize<V, D>,
        D: Fallible<Error: Source> + ?Sized,
    {
        self.try_extend_archived_with(archived, |value| value.deserialize(deserializer))
    }

    /// Inserts every key of an archived map with what a closure makes of its value, overwriting.
    ///
    /// For values that rkyv cannot make: those in an arena, among them maps, and those that borrow from the archive.
    ///
    /// Computes in **O(capacity of the archive)** and the calls of the closure. Allocates: arena.
    ///
    /// # Errors
    ///
    /// The [`ArenaError`](crate::ArenaError) with which the arena refused, as an `E`, or what the closure answered. The
    /// entries that went in before stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, StrMap};
    /// use rkyv::Archived;
    /// use rkyv::rancor::Error;
    ///
    /// type Owned = StrMap<String>;
    /// let bytes = rkyv::to_bytes::<Error>(&Owned::from([("a", "one".to_owned())]))?;
    ///
    /// let arena = Arena::new();
    /// let mut names = StrMap::new_in(&arena); // its values borrow from `bytes`
    /// let archived = rkyv::access::<Archived<Owned>, Error>(&bytes)?;
    /// names.try_extend_archived_with(archived, |name| Ok::<_, Error>(name.as_str()))?;
    /// assert_eq!(names["a"], "one");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_extend_archived_with<'a, AV, E: Source>(
        &mut self,
        archived: &'a ArchivedHashMap<ArchivedString, AV>,
        mut value: impl FnMut(&'a AV) -> Result<V, E>,
    ) -> Result<(), E> {
        // Refused, it may still be that keys repeat, or are here already.
        let _ = self.try_reserve(room(archived.len(), self.len()));
        for (key, archived) in archived.iter() {
            self.try_insert_overwrite(key.as_str(), value(archived)?)
                .map_err(|refused| E::new(refused.cause))?;
        }
        Ok(())
    }
}

/// A key of a [`StrMap`] as rkyv takes it: with a size. Hashes as the archived string does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Text<'a>(&'a str);

impl Archive for Text<'_> {
    type Archived = ArchivedString;
    type Resolver = StringResolver;

    fn resolve(&self, resolver: StringResolver, out: Place<ArchivedString>) {
        ArchivedString::resolve_from_str(self.0, resolver, out);
    }
}

impl<Z: Fallible<Error: Source> + ?Sized> Serialize<Z> for Text<'_>
where
    str: SerializeUnsized<Z>,
{
    fn serialize(&self, serializer: &mut Z) -> Result<StringResolver, Z::Error> {
        ArchivedString::serialize_from_str(self.0, serializer)
    }
}
