//! Promise P6: what may go to another thread, and what may be used from two. The whole table is pinned, for every map, set,
//! iterator, entry and drain, on each handle; and so is that a map may stand for one with shorter borrows.
#![cfg(feature = "std")]

use std::marker::PhantomData;

use arenamap::*;

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
            Iter<'static, u64, u64, $handle>: $yes, $yes;
            IterMut<'static, u64, u64, $handle>: $yes, $yes;
            Keys<'static, u64, u64, $handle>: $yes, $yes;
            Values<'static, u64, u64, $handle>: $yes, $yes;
            ValuesMut<'static, u64, u64, $handle>: $yes, $yes;
            IntoIter<u64, u64, $handle>: $yes, $yes;
            IntoKeys<u64, u64, $handle>: $yes, $yes;
            IntoValues<u64, u64, $handle>: $yes, $yes;
            Drain<'static, u64, u64, $handle>: $yes, $yes;
            ExtractIf<'static, u64, u64, fn(&u64, &mut u64) -> bool, $handle>: $yes, $yes;
            // hashbrown's, which they stand on, are neither.
            IterHash<'static, u64, u64, $handle>: false, false;
            IterHashMut<'static, u64, u64, $handle>: false, false;
            Entry<'static, u64, u64, S, $handle>: $yes, $yes;
            OccupiedEntry<'static, u64, u64, S, $handle>: $yes, $yes;
            VacantEntry<'static, u64, u64, S, $handle>: $yes, $yes;
            EntryRef<'static, 'static, u64, u64, u64, S, $handle>: $yes, $yes;
            VacantEntryRef<'static, 'static, u64, u64, u64, S, $handle>: $yes, $yes;
            OccupiedError<'static, u64, u64, S, $handle>: $yes, $yes;
            ArenaSet<u64, S, $handle>: $yes, $yes;
            set::Iter<'static, u64, $handle>: $yes, $yes;
            set::IntoIter<u64, $handle>: $yes, $yes;
            set::Drain<'static, u64, $handle>: $yes, $yes;
            set::ExtractIf<'static, u64, fn(&u64) -> bool, $handle>: $yes, $yes;
            set::Union<'static, u64, S, $handle, $handle>: $yes, $yes;
            set::Intersection<'static, u64, $handle, S, $handle>: $yes, $yes;
            set::Difference<'static, u64, $handle, S, $handle>: $yes, $yes;
            set::SymmetricDifference<'static, u64, S, $handle, S, $handle>: $yes, $yes;
            StrMap<u64, $handle>: $yes, $yes;
            str_map::Iter<'static, u64, $handle>: $yes, $yes;
            str_map::IterMut<'static, u64, $handle>: $yes, $yes;
            // Its keys give their bytes back to the arena when they are dropped: they stay on the thread of the map.
            str_map::Drain<'static, u64, $handle>: false, false;
            str_map::ExtractIf<'static, u64, fn(&str, &mut u64) -> bool, $handle>: false, false;
            str_map::Key<'static, $handle>: false, false;
            StrEntry<'static, 'static, u64, $handle>: $yes, $yes;
            StrOccupiedEntry<'static, u64, $handle>: $yes, $yes;
            StrVacantEntry<'static, 'static, u64, $handle>: $yes, $yes;
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
        ArenaPool: true, true;
        SizeHint: true, true;
        ArenaError: true, true;
        InsertError<u64, u64>: true, true;
        ArenaStats: true, true;
        MapStats: true, true;
        PoolStats: true, true;
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
        Iter<'static, u64, Cell>: false, false;
        IterMut<'static, u64, Cell>: true, false;
        Drain<'static, u64, Cell>: true, false;
        Drain<'static, u64, Rc>: false, false;
        IntoIter<u64, Rc>: false, false;
        ExtractIf<'static, u64, u64, Rc>: false, false;
        // Nested: the inner maps share the arena of the outer one.
        SharedMap<'static, u64, SharedMap<'static, u64, u64>>: true, true;
        BorrowedMap<'static, u64, BorrowedMap<'static, u64, u64>>: false, false;
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
    fn iter<'short>(
        iter: Iter<'static, &'static str, u64, &'static Arena>,
    ) -> Iter<'short, &'short str, u64, &'short Arena> {
        iter
    }
    fn iter_hash<'short>(
        iter: IterHash<'static, &'static str, u64, &'static Arena>,
    ) -> IterHash<'short, &'short str, u64, &'short Arena> {
        iter
    }
    fn into_iter<'short>(
        iter: IntoIter<&'static str, u64, &'static Arena>,
    ) -> IntoIter<&'short str, u64, &'short Arena> {
        iter
    }
}

#[test]
fn an_option_of_a_map_takes_no_more_room_and_maps_are_unpin() {
    fn unpin<T: Unpin>() {}
    assert_eq!(size_of::<Option<ArenaMap<u64, u64>>>(), size_of::<ArenaMap<u64, u64>>());
    unpin::<ArenaMap<u64, u64>>();
    unpin::<BorrowedMap<'static, u64, u64>>();
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
