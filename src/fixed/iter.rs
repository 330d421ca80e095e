//! Iterators over the entries, in the order of their slots.
//!
//! They go through the groups. The length in the header, which may be wrong, is used for the size hint only. Invariant:
//! the `Raw` that they hold is borrowed from a map for `'m`, so R1 and R2 of `raw.rs` hold as long as the iterator
//! lives; each slot is visited once, so that no two exclusive references meet.
#![allow(unsafe_code, reason = "hands out entries by address; see the invariant above")]

use super::group::Group;
use super::layout::{GROUP_BYTES, LANES, SlotLayout};
use super::raw::Raw;
use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// Groups that are read together: processors predict the end of a run of forty entries better than that of eight. It
/// saves 0.8 ns an entry at 1,000 entries (`cargo bench --bench fixed -- iterate`).
const TOGETHER: u32 = 4;

/// The full slots of a map, one after the other.
struct FullSlots<K, V> {
    /// The next group to look at.
    tags: NonNull<u8>,
    /// Groups from there on.
    left: u32,
    /// The slots of the groups before that are still to come, as bits from the lowest.
    full: u64,
    /// The first slot of those groups.
    slots: NonNull<u8>,
    /// The slot that follows them.
    next_slots: NonNull<u8>,
    /// Entries that the header promised and that did not come yet.
    promised: usize,
    types: PhantomData<(K, V)>,
}

impl<K, V> Clone for FullSlots<K, V> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<K, V> FullSlots<K, V> {
    const SLOT: SlotLayout = SlotLayout::of::<K, V>();

    fn new(raw: Raw<K, V>, len: usize) -> Self {
        let slots = raw.slot_ptr(0);
        Self {
            tags: raw.group_ptr(0),
            left: raw.groups(),
            full: 0,
            slots,
            next_slots: slots,
            promised: len,
            types: PhantomData,
        }
    }

    /// The next full slot.
    #[inline(always)]
    fn next(&mut self) -> Option<NonNull<u8>> {
        while self.full == 0 {
            if self.left == 0 {
                return None;
            }
            self.next_groups();
        }
        self.promised = self.promised.saturating_sub(1);
        Some(self.take_slot())
    }

    /// Goes on to the next groups.
    #[inline(always)]
    fn next_groups(&mut self) {
        let groups = if self.left < TOGETHER { self.left } else { TOGETHER };
        self.full = 0;
        self.slots = self.next_slots;
        // SAFETY: R1: `left` says that so many groups are there, with their tags and their slots.
        unsafe {
            if groups == TOGETHER {
                // Unrolled by the compiler.
                for group in 0..TOGETHER {
                    self.full |= self.full_in(group);
                }
            } else {
                for group in 0..groups {
                    self.full |= self.full_in(group);
                }
            }
            self.tags = self.tags.add(groups as usize * GROUP_BYTES);
            self.next_slots = self.next_slots.add(groups as usize * LANES * Self::SLOT.size);
        }
        self.left -= groups;
    }

    /// The full slots of a group so many after the next one, as bits in their places.
    ///
    /// # Safety
    ///
    /// There is such a group.
    #[inline(always)]
    unsafe fn full_in(&self, group: u32) -> u64 {
        // SAFETY: R1, passed on by the caller.
        let bytes = unsafe { self.tags.add(group as usize * GROUP_BYTES).cast().as_ref() };
        u64::from(Group::load(bytes).full().bits()) << (group as usize * LANES)
    }

    /// Takes the first of the slots in `full`, of which there is one.
    #[inline(always)]
    fn take_slot(&mut self) -> NonNull<u8> {
        let slot = self.full.trailing_zeros() as usize;
        self.full &= self.full.wrapping_sub(1);
        // SAFETY: R1: a slot of the groups that were looked at last.
        unsafe { self.slots.add(slot * Self::SLOT.size) }
    }

    #[inline(always)]
    fn fold<B>(mut self, mut init: B, mut f: impl FnMut(B, NonNull<u8>) -> B) -> B {
        loop {
            while self.full != 0 {
                init = f(init, self.take_slot());
            }
            if self.left == 0 {
                return init;
            }
            self.next_groups();
        }
    }

    /// The key and the value in a slot.
    #[inline(always)]
    fn pair(slot: NonNull<u8>) -> (NonNull<K>, NonNull<V>) {
        // SAFETY: R1: the value begins inside its slot.
        (slot.cast(), unsafe { slot.add(Self::SLOT.value_at) }.cast())
    }
}

macro_rules! iterators {
    ($(
        $(#[$doc:meta])*
        $name:ident -> $item:ty, |$key:ident, $value:ident| $body:expr;
    )*) => {$(
        $(#[$doc])*
        #[must_use = "iterators do nothing unless consumed"]
        pub struct $name<'m, K, V> {
            slots: FullSlots<K, V>,
            borrow: PhantomData<$item>,
        }

        impl<'m, K, V> $name<'m, K, V> {
            /// The caller has borrowed the map for `'m`, exclusively where the items are exclusive.
            pub(super) fn new(raw: Raw<K, V>, len: usize) -> Self {
                Self { slots: FullSlots::new(raw, len), borrow: PhantomData }
            }
        }

        impl<'m, K, V> Iterator for $name<'m, K, V> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                #[allow(unused_variables, reason = "some want one of the two")]
                let ($key, $value) = FullSlots::<K, V>::pair(self.slots.next()?);
                // SAFETY: the head of this file: a full slot of a borrowed map.
                Some(unsafe { $body })
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.slots.promised, Some(self.slots.promised))
            }

            #[inline]
            fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
                self.slots.fold(init, |init, slot| {
                    #[allow(unused_variables, reason = "as in `next`")]
                    let ($key, $value) = FullSlots::<K, V>::pair(slot);
                    // SAFETY: as in `next`.
                    f(init, unsafe { $body })
                })
            }
        }

        impl<K, V> ExactSizeIterator for $name<'_, K, V> {}
        impl<K, V> FusedIterator for $name<'_, K, V> {}

        impl<K, V> fmt::Debug for $name<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("left", &self.slots.promised).finish_non_exhaustive()
            }
        }
    )*};
}

iterators! {
    /// Entries by shared reference; from [`FixedMap::iter`](super::FixedMap::iter).
    ///
    /// Its `len` is that of the header. In an archive that was not verified, `len` may be wrong; the entries are not.
    Iter -> (&'m K, &'m V), |key, value| (key.as_ref(), value.as_ref());
    /// Entries with values by exclusive reference; from [`FixedMap::iter_mut`](super::FixedMap::iter_mut).
    IterMut -> (&'m K, &'m mut V), |key, value| (key.as_ref(), &mut *value.as_ptr());
    /// Keys; from [`FixedMap::keys`](super::FixedMap::keys).
    Keys -> &'m K, |key, value| key.as_ref();
    /// Values by shared reference; from [`FixedMap::values`](super::FixedMap::values).
    Values -> &'m V, |key, value| value.as_ref();
    /// Values by exclusive reference; from [`FixedMap::values_mut`](super::FixedMap::values_mut).
    ValuesMut -> &'m mut V, |key, value| &mut *value.as_ptr();
}

macro_rules! shared {
    ($($name:ident)*) => {$(
        impl<K, V> Clone for $name<'_, K, V> {
            fn clone(&self) -> Self {
                Self { slots: self.slots.clone(), borrow: PhantomData }
            }
        }

        // SAFETY: it is a `&FixedMap`.
        unsafe impl<K: Sync, V: Sync> Send for $name<'_, K, V> {}
        // SAFETY: it is a `&FixedMap`.
        unsafe impl<K: Sync, V: Sync> Sync for $name<'_, K, V> {}
    )*};
}

shared! { Iter Keys Values }

macro_rules! exclusive {
    ($($name:ident)*) => {$(
        // SAFETY: it is a `&mut FixedMap`, of which the keys are only read.
        unsafe impl<K: Sync, V: Send> Send for $name<'_, K, V> {}
        // SAFETY: through a shared reference it gives out nothing.
        unsafe impl<K: Sync, V: Sync> Sync for $name<'_, K, V> {}
    )*};
}

exclusive! { IterMut ValuesMut }
