//! An [`ArenaSet`] and its archive.

use core::hash::{BuildHasher, Hash};

use rkyv::collections::swiss_table::{ArchivedHashSet, HashSetResolver};
use rkyv::collections::util::EntryAdapter;
use rkyv::rancor::{Fallible, Source};
use rkyv::ser::{Allocator, Writer};
use rkyv::{Archive, Deserialize, Place, Serialize};

use super::{LOAD, check_reach, new_arena, scratch};
use crate::arena::{Arena, Handle};
use crate::set::ArenaSet;

impl<T, S, H> Archive for ArenaSet<T, S, H>
where
    T: Archive<Archived: Eq + Hash> + Eq + Hash,
    H: Handle,
{
    type Archived = ArchivedHashSet<T::Archived>;
    type Resolver = HashSetResolver;

    fn resolve(&self, resolver: HashSetResolver, out: Place<Self::Archived>) {
        ArchivedHashSet::resolve_from_len(self.len(), LOAD, resolver, out);
    }
}

impl<T, S, H, Z> Serialize<Z> for ArenaSet<T, S, H>
where
    T: Serialize<Z, Archived: Eq + Hash> + Eq + Hash,
    H: Handle,
    Z: Fallible<Error: Source> + Writer + Allocator + ?Sized,
{
    fn serialize(&self, serializer: &mut Z) -> Result<HashSetResolver, Z::Error> {
        check_reach::<T::Archived, _>(self.len(), serializer)?;
        ArchivedHashSet::<T::Archived>::serialize_from_iter::<_, T, _>(self.iter(), LOAD, serializer)
    }
}

impl<T, S, D> Deserialize<ArenaSet<T, S, Arena>, D> for ArchivedHashSet<T::Archived>
where
    T: Archive<Archived: Deserialize<T, D>> + Eq + Hash,
    S: BuildHasher + Default,
    D: Fallible<Error: Source> + ?Sized,
{
    /// A set that owns a new arena. [`ArenaSet::try_extend_archived`] takes any handle.
    fn deserialize(&self, deserializer: &mut D) -> Result<ArenaSet<T, S, Arena>, D::Error> {
        let mut set = ArenaSet::with_hasher_in(S::default(), new_arena()?);
        set.try_extend_archived(self, deserializer)?;
        Ok(set)
    }
}

impl<T: Archive> ArenaSet<T> {
    /// The most scratch, in bytes, that serializing a set of `len` elements takes, wherever the scratch begins.
    ///
    /// If an element needs scratch itself, add that, as for
    /// [`ArenaMap::archive_scratch`](crate::ArenaMap::archive_scratch).
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{ArenaMap, ArenaSet};
    ///
    /// assert!(ArenaSet::<u64>::archive_scratch(1000) < ArenaMap::<u64, u64>::archive_scratch(1000));
    /// ```
    #[must_use]
    pub const fn archive_scratch(len: usize) -> usize {
        scratch::<EntryAdapter<&T, (), T, ()>>(len)
    }
}

impl<T: Eq + Hash, S: BuildHasher, H: Handle> ArenaSet<T, S, H> {
    /// Adds every element of an archived set.
    ///
    /// Makes room at once for all elements (for half of them, if the set is not empty), if the arena has the memory.
    ///
    /// Allocates: arena; beyond that, what the elements allocate. Time: O(capacity of the archive).
    ///
    /// # Errors
    ///
    /// The [`ArenaError`](crate::ArenaError) of the arena, or the error of the deserializer, both as the deserializer's
    /// error. The elements that went in before stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    /// use rkyv::Archived;
    /// use rkyv::rancor::{Error, Strategy};
    ///
    /// let bytes = rkyv::to_bytes::<Error>(&ArenaSet::from([1_u64, 2]))?;
    ///
    /// let arena = Arena::new();
    /// let mut set: ArenaSet<u64, _, _> = ArenaSet::new_in(&arena);
    /// let archived = rkyv::access::<Archived<ArenaSet<u64>>, Error>(&bytes)?;
    /// set.try_extend_archived(archived, Strategy::<_, Error>::wrap(&mut ()))?;
    /// assert!(set.contains(&2));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_extend_archived<AT, D>(
        &mut self,
        archived: &ArchivedHashSet<AT>,
        deserializer: &mut D,
    ) -> Result<(), D::Error>
    where
        AT: Deserialize<T, D>,
        D: Fallible<Error: Source> + ?Sized,
    {
        self.try_extend_archived_with(archived, |element| element.deserialize(deserializer))
    }

    /// Adds what a closure makes of every element of an archived set.
    ///
    /// For elements that rkyv cannot make: those in an arena, and those that borrow from the archive.
    ///
    /// Allocates: arena. Time: O(capacity of the archive), and the calls of the closure.
    ///
    /// # Errors
    ///
    /// The [`ArenaError`](crate::ArenaError) of the arena, as an `E`, or the error of the closure. The elements that
    /// went in before stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, ArenaSet};
    /// use rkyv::Archived;
    /// use rkyv::rancor::{Error, Source};
    ///
    /// type Owned = ArenaSet<String>;
    /// let bytes = rkyv::to_bytes::<Error>(&Owned::from(["a".to_owned()]))?;
    ///
    /// let arena = Arena::new();
    /// let mut set: ArenaSet<&str, _, _> = ArenaSet::new_in(&arena);
    /// let archived = rkyv::access::<Archived<Owned>, Error>(&bytes)?;
    /// set.try_extend_archived_with(archived, |text| arena.try_alloc_str(text).map(|text| &*text).map_err(Error::new))?;
    /// assert!(set.contains("a"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_extend_archived_with<'a, AT, E: Source>(
        &mut self,
        archived: &'a ArchivedHashSet<AT>,
        mut element: impl FnMut(&'a AT) -> Result<T, E>,
    ) -> Result<(), E> {
        self.make_room_for(archived.len());
        for archived in archived.iter() {
            self.try_insert(element(archived)?)
                .map_err(|refused| E::new(refused.cause))?;
        }
        Ok(())
    }
}
