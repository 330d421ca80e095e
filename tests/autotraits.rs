//! Promise P6: what may go to another thread, and what may be used from two. The whole table is pinned, for every map, set,
//! iterator, entry and drain, on each handle; and so is that a map may stand for one with shorter borrows.
#![cfg(feature = "std")]

use std::marker::PhantomData;

use arenamap::hash_map::*;
use arenamap::{hash_set as set, *};

type S = DefaultHashBuilder;

/// Asks whether a type is `Send` or `Sync` and answers with a `bool`: the inherent method wins where its bound holds.
struct Ask<T: ?Sized>(PhantomData<T>);

trait No {
    fn send(&self) -> bool {
        false
    }
    fn sync(&self) -> bool {
        false
    }
}
impl<T: ?Sized> No for &Ask<T> {}

trait Sends {
    fn send(&self) -> bool {
        true
    }
}
impl<T: ?Sized + Send> Sends for Ask<T> {}

trait Syncs {
    fn sync(&self) -> bool {
        true
    }
}
impl<T: ?Sized + Sync> Syncs for Ask<T> {}

macro_rules! pin {
    ($($type:ty: $send:literal, $sync:literal);* $(;)?) => {$({
        let ask = Ask::<$type>(PhantomData);
        assert_eq!(((&ask).send(), (&ask).sync()), ($send, $sync), "(Send, Sync) of {}", stringify!($type));
    })*};
}

/// Everything that belongs to a map on the handle `$handle`.
macro_rules! pin_map {
    ($handle:ty: $yes:literal) => {
        pin! {
            ArenaMap<u64, u64, S, $handle>: $yes, $yes;
            IntoIter<u64, u64, $handle>: $yes, $yes;
            IntoKeys<u64, u64, $handle>: $yes, $yes;
            IntoValues<u64, u64, $handle>: $yes, $yes;
            Drain<'static, u64, u64, $handle>: $yes, $yes;
            ExtractIf<'static, u64, u64, fn(&u64, &mut u64) -> bool, $handle>: $yes, $yes;
            Entry<'static, u64, u64, S, $handle>: $yes, $yes;
            OccupiedEntry<'static, u64, u64, S, $handle>: $yes, $yes;
            VacantEntry<'static, u64, u64, S, $handle>: $yes, $yes;
            EntryRef<'static, 'static, u64, u64, u64, S, $handle>: $yes, $yes;
            VacantEntryRef<'static, 'static, u64, u64, u64, S, $handle>: $yes, $yes;
            OccupiedError<'static, u64, u64, S, $handle>: $yes, $yes;
            TryInsertError<'static, u64, u64, S, $handle>: $yes, $yes;
            ArenaSet<u64, S, $handle>: $yes, $yes;
            set::Entry<'static, u64, S, $handle>: $yes, $yes;
            set::OccupiedEntry<'static, u64, S, $handle>: $yes, $yes;
            set::VacantEntry<'static, u64, S, $handle>: $yes, $yes;
            set::IntoIter<u64, $handle>: $yes, $yes;
            set::Drain<'static, u64, $handle>: $yes, $yes;
            set::ExtractIf<'static, u64, fn(&u64) -> bool, $handle>: $yes, $yes;
            set::Union<'static, u64, S, $handle>: $yes, $yes;
            set::Intersection<'static, u64, S, $handle>: $yes, $yes;
            set::Difference<'static, u64, S, $handle>: $yes, $yes;
            set::SymmetricDifference<'static, u64, S, $handle>: $yes, $yes;
            StrMap<u64, S, $handle>: $yes, $yes;
            BytesMap<u64, S, $handle>: $yes, $yes;
            copied::IntoValues<str, u64, $handle>: $yes, $yes;
            // Its keys give their bytes back to the arena when they are dropped: they stay on the thread of the map.
            copied::Drain<'static, str, u64, $handle>: false, false;
            copied::ExtractIf<'static, str, u64, fn(&str, &mut u64) -> bool, $handle>: false, false;
            copied::Key<'static, str, $handle>: false, false;
            copied::Entry<'static, 'static, str, u64, S, $handle>: $yes, $yes;
            copied::OccupiedEntry<'static, str, u64, $handle>: $yes, $yes;
            copied::VacantEntry<'static, 'static, str, u64, S, $handle>: $yes, $yes;
            ArenaVec<u64, $handle>: $yes, $yes;
            vec::IntoIter<u64, $handle>: $yes, $yes;
            vec::Drain<'static, u64, $handle>: $yes, $yes;
            ArenaString<$handle>: $yes, $yes;
            string::Drain<'static, $handle>: $yes, $yes;
            ArenaBox<u64, $handle>: $yes, $yes;
            ArenaBox<str, $handle>: $yes, $yes;
            ArenaMap<ArenaString<$handle>, ArenaVec<u64, $handle>, S, $handle>: $yes, $yes;
            PathMap<str, u64, S, $handle>: $yes, $yes;
            PathMap<u64, u64, S, $handle>: $yes, $yes;
            BoundedMap<u64, u64, S, $handle>: $yes, $yes;
            BoundedStrMap<u64, S, $handle>: $yes, $yes;
            bounded::Iter<'static, u64, u64, $handle>: $yes, $yes;
            bounded::Entry<'static, u64, u64, S, $handle>: $yes, $yes;
            bounded::OccupiedEntry<'static, u64, u64, S, $handle>: $yes, $yes;
            bounded::VacantEntry<'static, u64, u64, S, $handle>: $yes, $yes;
            bounded::copied::Iter<'static, str, u64, $handle>: $yes, $yes;
            bounded::copied::Entry<'static, 'static, str, u64, $handle>: $yes, $yes;
            bounded::copied::OccupiedEntry<'static, str, u64, $handle>: $yes, $yes;
            bounded::copied::VacantEntry<'static, 'static, str, u64, $handle>: $yes, $yes;
            nested::Below<'static, str, u64, S, $handle>: $yes, $yes;
            nested::BelowMut<'static, str, u64, S, $handle>: $yes, $yes;
            nested::Entry<'static, str, u64, std::str::Split<'static, char>, S, $handle>: $yes, $yes;
            nested::OccupiedEntry<'static, str, u64, S, $handle>: $yes, $yes;
            nested::VacantEntry<'static, str, u64, std::str::Split<'static, char>, S, $handle>: $yes, $yes;
        }
    };
}

#[test]
fn arenas_and_pools() {
    pin! {
        Arena: true, false;
        &'static Arena: false, false;
        PooledArena<'static>: true, false;
        SharedArena<'static>: true, true;
        StillShared: true, true;
        ArenaPool: true, true;
        SizeHint: true, true;
        ArenaError: true, true;
        InsertError<u64, u64>: true, true;
        PushError<u64>: true, true;
        ArenaStats: true, true;
        MapLayout: true, true;
        MapStats: true, true;
        SlotLayout: true, true;
        PoolStats: true, true;
    }
}

/// Iterators that borrow know their entries, and not the arena that these stand in.
#[test]
fn borrowing_iterators_go_where_their_entries_go() {
    pin! {
        Iter<'static, u64, u64>: true, true;
        IterMut<'static, u64, u64>: true, true;
        Keys<'static, u64, u64>: true, true;
        Values<'static, u64, u64>: true, true;
        ValuesMut<'static, u64, u64>: true, true;
        IterHash<'static, u64, u64>: true, true;
        IterHashMut<'static, u64, u64>: true, true;
        set::Iter<'static, u64>: true, true;
        nested::Node<'static, str, u64>: true, true;
        nested::Path<'static, str, u64>: true, true;
        nested::Components<'static, str, u64>: true, true;
        nested::Children<'static, str, u64>: true, true;
        nested::Nodes<'static, str, u64>: true, true;
        nested::Iter<'static, str, u64>: true, true;
        nested::Leaves<'static, str, u64>: true, true;
        nested::Walk<'static, str, u64>: true, true;
        nested::Cursor: true, true;
        nested::Iter<'static, str, std::cell::Cell<u64>>: false, false;
    }
}

/// What takes entries out gives the table back to the arena, and so goes where the handle goes.
#[cfg(feature = "rayon")]
#[test]
fn parallel_iterators_go_where_the_sequential_ones_go() {
    use parallel::{copied as par_copied, map, set as par_set};

    /// Everything that knows the handle `$handle`.
    macro_rules! pin_parallel {
        ($handle:ty: $yes:literal) => {
            pin! {
                map::IntoParIter<u64, u64, $handle>: $yes, $yes;
                map::ParDrain<'static, u64, u64, $handle>: $yes, $yes;
                par_set::IntoParIter<u64, $handle>: $yes, $yes;
                par_set::ParDrain<'static, u64, $handle>: $yes, $yes;
                par_set::ParUnion<'static, u64, S, $handle>: $yes, $yes;
                par_set::ParIntersection<'static, u64, S, $handle>: $yes, $yes;
                par_set::ParDifference<'static, u64, S, $handle>: $yes, $yes;
                par_set::ParSymmetricDifference<'static, u64, S, $handle>: $yes, $yes;
            }
        };
    }
    pin_parallel!(Arena: true);
    pin_parallel!(PooledArena<'static>: true);
    pin_parallel!(SharedArena<'static>: true);
    pin_parallel!(&'static Arena: false);
    pin! {
        map::ParIter<'static, u64, u64>: true, true;
        map::ParIterMut<'static, u64, u64>: true, true;
        map::ParKeys<'static, u64, u64>: true, true;
        map::ParValues<'static, u64, u64>: true, true;
        map::ParValuesMut<'static, u64, u64>: true, true;
        par_set::ParIter<'static, u64>: true, true;
        par_copied::ParIter<'static, str, u64>: true, true;
        par_copied::ParIterMut<'static, str, u64>: true, true;
        par_copied::ParKeys<'static, str, u64>: true, true;
        par_copied::ParValues<'static, str, u64>: true, true;
        par_copied::ParValuesMut<'static, str, u64>: true, true;
        // A value that is not `Sync` is not looked at from two threads.
        map::ParIter<'static, u64, std::cell::Cell<u64>>: false, false;
        map::ParIterMut<'static, u64, std::cell::Cell<u64>>: true, false;
        map::ParIterMut<'static, u64, std::rc::Rc<u64>>: false, false;
    }
}

#[test]
fn maps_that_have_their_arena_go_anywhere() {
    pin_map!(Arena: true);
    pin_map!(PooledArena<'static>: true);
    pin_map!(SharedArena<'static>: true);
}

#[test]
fn maps_on_a_borrowed_arena_stay_on_their_thread() {
    pin_map!(&'static Arena: false);
}

/// A map that many threads follow goes where the map goes, with its guards.
#[cfg(feature = "files")]
#[test]
fn shared_snapshots_go_where_their_maps_go() {
    use arenamap::fixed::file::*;
    use arenamap::fixed::*;

    macro_rules! pin_shared {
        ($map:ty: $yes:literal) => {
            pin! {
                SharedSnapshot<$map>: $yes, $yes;
                Guard<$map>: $yes, $yes;
                Generation<$map>: $yes, $yes;
            }
        };
    }
    pin_shared!(FixedMap<u64_le, u64_le>: true);
    pin_shared!(FixedMap<u64_le, AtomicU64Le>: true);
    pin_shared!(FixedMap<u64_le, u64_le, Mapped>: true);
    pin_shared!(VarMap<str, str>: true);
    pin_shared!(VarMap<str, str, Mapped>: true);
    pin_shared!(PathArchive<str, str>: true);
    pin_shared!(PathArchive<str, str, Mapped>: true);
    pin_shared!(std::rc::Rc<u64>: false);
}

/// A `FixedMap` goes where its memory goes, which is everywhere: even that of an arena, of which it holds the bytes and not
/// the arena.
#[cfg(feature = "fixed")]
#[test]
fn fixed_maps_go_anywhere() {
    use arenamap::fixed::*;

    /// Everything that belongs to a map in this memory.
    macro_rules! pin_fixed {
        ($value:ty, $memory:ty) => {
            pin! {
                FixedMap<u64_le, $value, $memory>: true, true;
                Unverified<u64_le, $value, $memory>: true, true;
                UnverifiedIndexed<u64_le, $value, $memory>: true, true;
            }
        };
    }
    /// What takes the map by `&mut`.
    macro_rules! pin_exclusive {
        ($value:ty, $memory:ty) => {
            pin_fixed!($value, $memory);
            pin! {
                Drain<'static, u64_le, $value, $memory>: true, true;
                ExtractIf<'static, u64_le, $value, $memory, fn(&u64_le, &mut $value) -> bool>: true, true;
                ExtractIf<'static, u64_le, $value, $memory, std::rc::Rc<u64>>: false, false;
                Entry<'static, u64_le, $value, $memory>: true, true;
                OccupiedEntry<'static, u64_le, $value, $memory>: true, true;
                VacantEntry<'static, u64_le, $value, $memory>: true, true;
            }
        };
    }
    macro_rules! pin_value {
        ($value:ty) => {
            pin! {
                Iter<'static, u64_le, $value>: true, true;
                IterMut<'static, u64_le, $value>: true, true;
                Keys<'static, u64_le, $value>: true, true;
                Values<'static, u64_le, $value>: true, true;
                ValuesMut<'static, u64_le, $value>: true, true;
                FixedInsertError<u64_le, $value>: true, true;
                FixedExtendError<u64_le, $value>: true, true;
            }
            pin_exclusive!($value, AlignedBytes);
            pin_exclusive!($value, Exclusive<'static>);
        };
    }
    pin_value!(u64_le);
    pin_value!(AtomicU64Le); // changed by several threads at once: that is what it is for
    pin_fixed!(u64_le, &'static [u8]);
    pin! {
        IndexedMap<u64_le, u64_le, AlignedBytes>: true, true;
        IndexedMap<u64_le, u64_le, Exclusive<'static>>: true, true;
        IndexedMap<u64_le, u64_le, &'static [u8]>: true, true;
        IndexedIter<'static, u64_le, u64_le>: true, true;
        IndexedKeys<'static, u64_le, u64_le>: true, true;
        IndexedValues<'static, u64_le, u64_le>: true, true;
        IndexedMap<std::rc::Rc<u64>, u64_le, AlignedBytes>: false, false;
        IndexedMap<str, [u8], &'static [u8]>: true, true;
        IndexedIter<'static, str, u64_le>: true, true;
        VarMap<str, str>: true, true;
        VarIterMut<'static, str, u64_le>: true, true;
        VarExtractIf<'static, str, str, AlignedBytes, fn(&str, &str) -> bool>: true, true;
        VarEntry<'static, 'static, str, str, AlignedBytes>: true, true;
        VarOccupiedEntry<'static, 'static, str, u64_le, Exclusive<'static>>: true, true;
        VarVacantEntry<'static, 'static, str, u64_le, Exclusive<'static>>: true, true;
        AlignedBytes: true, true;
        Exclusive<'static>: true, true;
        FixedError: true, true;
        FixedStats: true, true;
        Recovered: true, true;
        // Were there such keys and values, they would decide.
        FixedMap<std::rc::Rc<u64>, u64_le>: false, false;
        FixedMap<u64_le, std::cell::Cell<u64>>: true, false;
        Iter<'static, u64_le, std::cell::Cell<u64>>: false, false;
        IterMut<'static, u64_le, std::cell::Cell<u64>>: true, false;
        Keys<'static, std::rc::Rc<u64>, u64_le>: false, false;
        Values<'static, u64_le, std::rc::Rc<u64>>: false, false;
        ValuesMut<'static, u64_le, std::rc::Rc<u64>>: false, false;
    }
}

#[test]
fn keys_and_values_decide_too() {
    type Rc = std::rc::Rc<u64>;
    type Cell = std::cell::Cell<u64>;
    pin! {
        ArenaMap<Rc, u64>: false, false;
        ArenaMap<u64, Rc>: false, false;
        ArenaMap<u64, Cell>: true, false;
        ArenaMap<u64, Cell, S, SharedArena<'static>>: true, false;
        ArenaMap<u64, u64, Rc>: false, false;
        BoundedMap<Rc, u64>: false, false;
        BoundedMap<u64, Rc>: false, false;
        BoundedMap<u64, Cell>: true, false;
        BoundedStrMap<Cell>: true, false;
        BoundedMap<u64, u64, Rc>: false, false;
        PathMap<Rc, u64>: false, false;
        PathMap<str, Rc>: false, false;
        PathMap<str, Cell>: true, false;
        PathMap<str, u64, Rc>: false, false;
        Iter<'static, u64, Cell>: false, false;
        IterMut<'static, u64, Cell>: true, false;
        Drain<'static, u64, Cell>: true, false;
        Drain<'static, u64, Rc>: false, false;
        IntoIter<u64, Rc>: false, false;
        ExtractIf<'static, u64, u64, Rc>: false, false;
        ArenaVec<Rc>: false, false;
        ArenaVec<Cell>: true, false;
        vec::IntoIter<Rc>: false, false;
        vec::IntoIter<Cell>: true, false;
        vec::Drain<'static, Rc>: false, false;
        vec::Drain<'static, Cell>: true, false;
        ArenaBox<Rc>: false, false;
        ArenaBox<Cell>: true, false;
        // Nested: the inner maps share the arena of the outer one.
        SharedMap<'static, u64, SharedMap<'static, u64, u64>>: true, true;
        BorrowedMap<'static, u64, BorrowedMap<'static, u64, u64>>: false, false;
    }
}

/// A workspace goes where what it is made of goes: its collections, and the closure that makes them.
#[test]
fn a_workspace_goes_where_its_collections_go() {
    type Map<V> = SharedMap<'static, u64, V>;
    pin! {
        Workspace<Map<u64>>: true, true;
        Workspace<Map<Map<u64>>>: true, true;
        Workspace<(Map<u64>, StrMap<u64, S, SharedArena<'static>>)>: true, true;
        Workspace<Map<std::cell::Cell<u64>>>: true, false;
        Workspace<Map<std::rc::Rc<u64>>>: false, false;
        Workspace<Map<u64>, std::rc::Rc<u64>>: false, false;
    }
}

#[test]
fn a_map_may_be_kept_across_await() {
    fn spawnable(_: impl Future<Output = ()> + Send) {}
    static POOL: ArenaPool = ArenaPool::new();
    spawnable(async {
        let shared = POOL.checkout().share();
        let mut map: SharedMap<'_, u64, u64> = ArenaMap::new_in(shared.clone());
        map.insert(1, 1);
        std::future::ready(()).await;
        for (_, value) in &mut map {
            std::future::ready(()).await;
            *value += 1;
        }
        let entry = map.entry(2);
        std::future::ready(()).await;
        entry.or_insert(1);
    });
}

/// Covariance, each as a function that compiles.
#[allow(dead_code, reason = "they compile: that is the test")]
mod covariant {
    use super::*;

    fn borrowed<'short>(
        map: ArenaMap<&'static str, &'static str, S, &'static Arena>,
    ) -> ArenaMap<&'short str, &'short str, S, &'short Arena> {
        map
    }
    fn owned<'short>(map: ArenaMap<&'static str, &'static str>) -> ArenaMap<&'short str, &'short str> {
        map
    }
    fn pooled<'short>(map: PooledMap<'static, &'static str, u64>) -> PooledMap<'short, &'short str, u64> {
        map
    }
    fn shared<'short>(map: SharedMap<'static, &'static str, u64>) -> SharedMap<'short, &'short str, u64> {
        map
    }
    fn iter<'short>(iter: Iter<'static, &'static str, u64>) -> Iter<'short, &'short str, u64> {
        iter
    }
    fn bounded<'short>(
        map: BoundedMap<&'static str, &'static str, S, &'static Arena>,
    ) -> BoundedMap<&'short str, &'short str, S, &'short Arena> {
        map
    }
    /// (Not in keys by value: what a node has of them is found through a trait.)
    fn paths<'short>(
        map: PathMap<str, &'static str, S, &'static Arena>,
    ) -> PathMap<str, &'short str, S, &'short Arena> {
        map
    }
    fn iter_hash<'short>(iter: IterHash<'static, &'static str, u64>) -> IterHash<'short, &'short str, u64> {
        iter
    }
    fn drain<'short>(
        iter: Drain<'static, &'static str, u64, &'static Arena>,
    ) -> Drain<'short, &'short str, u64, &'short Arena> {
        iter
    }
    fn list<'short>(list: ArenaVec<&'static str, &'static Arena>) -> ArenaVec<&'short str, &'short Arena> {
        list
    }
    fn string<'short>(text: ArenaString<&'static Arena>) -> ArenaString<&'short Arena> {
        text
    }
    fn boxed<'short>(boxed: ArenaBox<&'static str, &'static Arena>) -> ArenaBox<&'short str, &'short Arena> {
        boxed
    }
    fn list_drain<'short>(
        iter: vec::Drain<'static, &'static str, &'static Arena>,
    ) -> vec::Drain<'short, &'short str, &'short Arena> {
        iter
    }
    fn list_into_iter<'short>(
        iter: vec::IntoIter<&'static str, &'static Arena>,
    ) -> vec::IntoIter<&'short str, &'short Arena> {
        iter
    }
    fn into_iter<'short>(
        iter: IntoIter<&'static str, u64, &'static Arena>,
    ) -> IntoIter<&'short str, u64, &'short Arena> {
        iter
    }
}

#[test]
fn maps_are_small_and_an_option_of_one_takes_no_more_room_and_they_are_unpin() {
    fn unpin<T: Unpin>() {}
    assert_eq!(size_of::<Option<ArenaMap<u64, u64>>>(), size_of::<ArenaMap<u64, u64>>());
    assert_eq!(size_of::<Option<StrMap<u64>>>(), size_of::<StrMap<u64>>());
    // What is observed takes room, with the features that say so.
    let observed = if cfg!(any(feature = "counters", feature = "registry")) {
        104
    } else {
        0
    };
    assert!(
        size_of::<ArenaMap<u64, u64>>() <= 48 + observed,
        "{}",
        size_of::<ArenaMap<u64, u64>>()
    );
    assert!(
        size_of::<BorrowedMap<'static, u64, u64>>() <= 48 + observed,
        "{}",
        size_of::<BorrowedMap<'static, u64, u64>>()
    );
    unpin::<ArenaMap<u64, u64>>();
    unpin::<BorrowedMap<'static, u64, u64>>();
}

/// An allocator takes blocks through `&`: it goes where its handle goes.
#[test]
#[cfg(feature = "allocator-api2")]
fn allocators_go_where_their_handles_go() {
    use allocator_api2::vec::Vec;

    pin! {
        ArenaAlloc<&'static Arena>: false, false;
        ArenaAlloc<Arena>: true, false;
        ArenaAlloc<PooledArena<'static>>: true, false;
        ArenaAlloc<SharedArena<'static>>: true, true;
        Vec<u64, ArenaAlloc<Arena>>: true, false;
        Vec<u64, ArenaAlloc<SharedArena<'static>>>: true, true;
    }
}

#[test]
#[cfg(feature = "audit")]
fn a_scope_counts_one_thread_and_stays_there() {
    use arenamap::audit::{AllocScope, Allocation, Budget, CountingAllocator, OpenAssertion};

    pin! {
        AllocScope: false, false;
        OpenAssertion: false, false;
        Allocation: true, true;
        Budget: true, true;
        CountingAllocator: true, true;
    }
}
