//! Maps with copied keys, and their archives.

use core::hash::{BuildHasher, Hash};

use rkyv::collections::swiss_table::{ArchivedHashMap, HashMapResolver};
use rkyv::collections::util::EntryAdapter;
use rkyv::rancor::{Fallible, Source};
use rkyv::ser::{Allocator, Writer};
use rkyv::string::{ArchivedString, StringResolver};
use rkyv::vec::{ArchivedVec, VecResolver};
use rkyv::{Archive, Deserialize, Place, Portable, Serialize};

use super::{LOAD, check_reach, new_arena, scratch};
use crate::arena::{Arena, Handle};
use crate::copied::{CopiedKey, CopiedMap};

/// How rkyv archives the keys of a [`CopiedMap`]: `str` as a `String`, `[u8]` as a `Vec<u8>`.
///
/// The trait is sealed: there are no others.
pub trait ArchivedKey: CopiedKey {
    /// The key in an archive. It hashes as the key does.
    type Archived: Portable + Hash + Eq;

    /// Where its bytes were written.
    type Resolver;

    /// Writes the bytes of the key.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "hidden")]
    fn write<Z>(&self, serializer: &mut Z) -> Result<Self::Resolver, Z::Error>
    where
        Z: Fallible<Error: Source> + Writer + Allocator + ?Sized;

    /// Makes the archived key where its bytes were written.
    #[doc(hidden)]
    fn resolve(&self, resolver: Self::Resolver, out: Place<Self::Archived>);

    /// The key in an archive, as it is looked up.
    #[doc(hidden)]
    fn of(archived: &Self::Archived) -> &Self;
}

impl ArchivedKey for str {
    type Archived = ArchivedString;
    type Resolver = StringResolver;

    fn write<Z>(&self, serializer: &mut Z) -> Result<StringResolver, Z::Error>
    where
        Z: Fallible<Error: Source> + Writer + Allocator + ?Sized,
    {
        ArchivedString::serialize_from_str(self, serializer)
    }

    fn resolve(&self, resolver: StringResolver, out: Place<ArchivedString>) {
        ArchivedString::resolve_from_str(self, resolver, out);
    }

    fn of(archived: &ArchivedString) -> &str {
        archived.as_str()
    }
}

impl ArchivedKey for [u8] {
    type Archived = ArchivedVec<u8>;
    type Resolver = VecResolver;

    fn write<Z>(&self, serializer: &mut Z) -> Result<VecResolver, Z::Error>
    where
        Z: Fallible<Error: Source> + Writer + Allocator + ?Sized,
    {
        ArchivedVec::<u8>::serialize_from_slice(self, serializer)
    }

    fn resolve(&self, resolver: VecResolver, out: Place<ArchivedVec<u8>>) {
        ArchivedVec::resolve_from_slice(self, resolver, out);
    }

    fn of(archived: &ArchivedVec<u8>) -> &[u8] {
        archived.as_slice()
    }
}

impl<Q: ArchivedKey + ?Sized, V: Archive, S, H: Handle> Archive for CopiedMap<Q, V, S, H> {
    type Archived = ArchivedHashMap<Q::Archived, V::Archived>;
    type Resolver = HashMapResolver;

    fn resolve(&self, resolver: HashMapResolver, out: Place<Self::Archived>) {
        ArchivedHashMap::resolve_from_len(self.len(), LOAD, resolver, out);
    }
}

impl<Q, V, S, H, Z> Serialize<Z> for CopiedMap<Q, V, S, H>
where
    Q: ArchivedKey + ?Sized,
    V: Serialize<Z>,
    H: Handle,
    Z: Fallible<Error: Source> + Writer + Allocator + ?Sized,
{
    fn serialize(&self, serializer: &mut Z) -> Result<HashMapResolver, Z::Error> {
        check_reach::<(Q::Archived, V::Archived), _>(self.len(), serializer)?;
        ArchivedHashMap::<Q::Archived, V::Archived>::serialize_from_iter::<_, _, _, Whole<'_, Q>, V, _>(
            self.iter().map(|(key, value)| (Whole(key), value)),
            LOAD,
            serializer,
        )
    }
}

impl<Q, V, S, D> Deserialize<CopiedMap<Q, V, S, Arena>, D> for ArchivedHashMap<Q::Archived, V::Archived>
where
    Q: ArchivedKey + ?Sized,
    V: Archive<Archived: Deserialize<V, D>>,
    S: BuildHasher + Default,
    D: Fallible<Error: Source> + ?Sized,
{
    /// A map that owns a new arena. [`CopiedMap::try_extend_archived`] takes any handle.
    fn deserialize(&self, deserializer: &mut D) -> Result<CopiedMap<Q, V, S, Arena>, D::Error> {
        let mut map = CopiedMap::with_hasher_in(S::default(), new_arena()?);
        map.try_extend_archived(self, deserializer)?;
        Ok(map)
    }
}

impl<Q: ArchivedKey + ?Sized, V: Archive> CopiedMap<Q, V> {
    /// The most scratch, in bytes, that serializing a map of `len` entries takes, wherever the scratch begins.
    ///
    /// If a value needs scratch itself, add that, as for
    /// [`ArenaMap::archive_scratch`](crate::ArenaMap::archive_scratch); the length of the keys makes no difference.
    ///
    /// Allocates: never. Time: O(1).
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
        scratch::<EntryAdapter<Whole<'_, Q>, &V, Whole<'_, Q>, V>>(len)
    }
}

impl<Q: ArchivedKey + ?Sized, V, S: BuildHasher, H: Handle> CopiedMap<Q, V, S, H> {
    /// Inserts every entry of an archived map. A key that is there gets the new value. The bytes of new keys are copied
    /// into the arena.
    ///
    /// Makes room at once for all entries (for half of them, if the map is not empty), if the arena has the memory.
    ///
    /// Allocates: arena; beyond that, what the values allocate. Time: O(capacity of the archive).
    ///
    /// # Errors
    ///
    /// The [`ArenaError`](crate::ArenaError) of the arena, or the error of the deserializer, both as the deserializer's
    /// error. The entries that went in before stay.
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
    /// let mut words = StrMap::<u32, _, _>::new_in(&arena);
    /// let archived = rkyv::access::<Archived<StrMap<u32>>, Error>(&bytes)?;
    /// words.try_extend_archived(archived, Strategy::<_, Error>::wrap(&mut ()))?;
    /// assert_eq!(words["b"], 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_extend_archived<AV, D>(
        &mut self,
        archived: &ArchivedHashMap<Q::Archived, AV>,
        deserializer: &mut D,
    ) -> Result<(), D::Error>
    where
        AV: Deserialize<V, D>,
        D: Fallible<Error: Source> + ?Sized,
    {
        self.try_extend_archived_with(archived, |value| value.deserialize(deserializer))
    }

    /// Inserts every key of an archived map with what a closure makes of its value. A key that is there gets the new
    /// value.
    ///
    /// For values that rkyv cannot make: values in an arena, maps among them, and values that borrow from the archive.
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
        archived: &'a ArchivedHashMap<Q::Archived, AV>,
        mut value: impl FnMut(&'a AV) -> Result<V, E>,
    ) -> Result<(), E> {
        self.make_room_for(archived.len());
        for (key, archived) in archived.iter() {
            self.try_insert_overwrite(Q::of(key), value(archived)?)
                .map_err(|refused| E::new(refused.cause))?;
        }
        Ok(())
    }
}

/// A key as rkyv takes it: with a size. Hashes as the archived key does.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Whole<'a, Q: ?Sized>(pub(super) &'a Q);

impl<Q: ArchivedKey + ?Sized> Archive for Whole<'_, Q> {
    type Archived = Q::Archived;
    type Resolver = Q::Resolver;

    fn resolve(&self, resolver: Q::Resolver, out: Place<Q::Archived>) {
        self.0.resolve(resolver, out);
    }
}

impl<Q, Z> Serialize<Z> for Whole<'_, Q>
where
    Q: ArchivedKey + ?Sized,
    Z: Fallible<Error: Source> + Writer + Allocator + ?Sized,
{
    fn serialize(&self, serializer: &mut Z) -> Result<Q::Resolver, Z::Error> {
        self.0.write(serializer)
    }
}
