//! A map whose keys and values rkyv archives by a wrapper, such as those behind references.

use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use rkyv::collections::swiss_table::{ArchivedHashMap, HashMapResolver};
use rkyv::rancor::{Fallible, Source};
use rkyv::ser::{Allocator, Writer};
use rkyv::with::{ArchiveWith, Identity, MapKV, SerializeWith};
use rkyv::{Archive, Place, Serialize};

use super::copied::{ArchivedKey, Whole};
use super::{LOAD, check_reach};
use crate::arena::Handle;
use crate::copied::CopiedMap;
use crate::map::ArenaMap;

impl<A, B, K, V, S, H> ArchiveWith<ArenaMap<K, V, S, H>> for MapKV<A, B>
where
    A: ArchiveWith<K, Archived: Eq + Hash>,
    B: ArchiveWith<V>,
    H: Handle,
{
    type Archived = ArchivedHashMap<A::Archived, B::Archived>;
    type Resolver = HashMapResolver;

    fn resolve_with(map: &ArenaMap<K, V, S, H>, resolver: HashMapResolver, out: Place<Self::Archived>) {
        ArchivedHashMap::resolve_from_len(map.len(), LOAD, resolver, out);
    }
}

impl<A, B, K, V, S, H, Z> SerializeWith<ArenaMap<K, V, S, H>, Z> for MapKV<A, B>
where
    A: SerializeWith<K, Z, Archived: Eq + Hash>,
    B: SerializeWith<V, Z>,
    K: Eq + Hash,
    H: Handle,
    Z: Fallible<Error: Source> + Writer + Allocator + ?Sized,
{
    fn serialize_with(map: &ArenaMap<K, V, S, H>, serializer: &mut Z) -> Result<HashMapResolver, Z::Error> {
        check_reach::<(A::Archived, B::Archived), _>(map.len(), serializer)?;
        ArchivedHashMap::<A::Archived, B::Archived>::serialize_from_iter::<_, _, _, By<'_, A, K>, By<'_, B, V>, _>(
            map.iter().map(|(key, value)| (By::new(key), By::new(value))),
            LOAD,
            serializer,
        )
    }
}

impl<Q: ArchivedKey + ?Sized, B: ArchiveWith<V>, V, S, H: Handle> ArchiveWith<CopiedMap<Q, V, S, H>>
    for MapKV<Identity, B>
{
    type Archived = ArchivedHashMap<Q::Archived, B::Archived>;
    type Resolver = HashMapResolver;

    fn resolve_with(map: &CopiedMap<Q, V, S, H>, resolver: HashMapResolver, out: Place<Self::Archived>) {
        ArchivedHashMap::resolve_from_len(map.len(), LOAD, resolver, out);
    }
}

impl<Q, B, V, S, H, Z> SerializeWith<CopiedMap<Q, V, S, H>, Z> for MapKV<Identity, B>
where
    Q: ArchivedKey + ?Sized,
    B: SerializeWith<V, Z>,
    H: Handle,
    Z: Fallible<Error: Source> + Writer + Allocator + ?Sized,
{
    fn serialize_with(map: &CopiedMap<Q, V, S, H>, serializer: &mut Z) -> Result<HashMapResolver, Z::Error> {
        check_reach::<(Q::Archived, B::Archived), _>(map.len(), serializer)?;
        ArchivedHashMap::<Q::Archived, B::Archived>::serialize_from_iter::<_, _, _, Whole<'_, Q>, By<'_, B, V>, _>(
            map.iter().map(|(key, value)| (Whole(key), By::new(value))),
            LOAD,
            serializer,
        )
    }
}

/// A reference to what `A` archives. It has the hash of its target.
struct By<'a, A, T>(&'a T, PhantomData<A>);

impl<'a, A, T> By<'a, A, T> {
    fn new(value: &'a T) -> Self {
        Self(value, PhantomData)
    }
}

impl<A: ArchiveWith<T>, T> Archive for By<'_, A, T> {
    type Archived = A::Archived;
    type Resolver = A::Resolver;

    fn resolve(&self, resolver: A::Resolver, out: Place<A::Archived>) {
        A::resolve_with(self.0, resolver, out);
    }
}

impl<A: SerializeWith<T, Z>, T, Z: Fallible + ?Sized> Serialize<Z> for By<'_, A, T> {
    fn serialize(&self, serializer: &mut Z) -> Result<A::Resolver, Z::Error> {
        A::serialize_with(self.0, serializer)
    }
}

impl<A, T: Hash> Hash for By<'_, A, T> {
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.0.hash(state);
    }
}

impl<A, T: PartialEq> PartialEq for By<'_, A, T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<A, T: Eq> Eq for By<'_, A, T> {}
