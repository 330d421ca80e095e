//! The maps, behind one face, so that every subject runs the same loops.

use std::hash::BuildHasher;

use arenamap::fixed::{AlignedBytes, FixedMap, FixedValue, u64_le};
use arenamap::{Arena, ArenaMap, SizeHint};
use bumpalo::Bump;
use foldhash::fast::{FixedState, RandomState};
use heapless::index_map::FnvIndexMap;

use crate::numbers::{Numbers, ODHT_LOAD};
use crate::support;

/// A value of any size, of which one word is looked at.
pub(crate) trait Value: Copy {
    /// As it stands in the slot of a `FixedMap`.
    type Fixed: FixedValue + Copy;

    fn new(word: u64) -> Self;
    fn word(&self) -> u64;
    fn to_fixed(self) -> Self::Fixed;
    fn word_of(fixed: &Self::Fixed) -> u64;
}

impl Value for u64 {
    type Fixed = u64_le;

    #[inline(always)]
    fn new(word: u64) -> Self {
        word
    }

    #[inline(always)]
    fn word(&self) -> u64 {
        *self
    }

    #[inline(always)]
    fn to_fixed(self) -> u64_le {
        self.into()
    }

    #[inline(always)]
    fn word_of(fixed: &u64_le) -> u64 {
        fixed.to_native()
    }
}

/// 512 bytes.
pub(crate) type Big = [u64; 64];

impl Value for Big {
    type Fixed = [u64_le; 64];

    #[inline(always)]
    fn new(word: u64) -> Self {
        [word; 64]
    }

    #[inline(always)]
    fn word(&self) -> u64 {
        self[63]
    }

    #[inline(always)]
    fn to_fixed(self) -> Self::Fixed {
        self.map(u64_le::from_native)
    }

    #[inline(always)]
    fn word_of(fixed: &Self::Fixed) -> u64 {
        fixed[63].to_native()
    }
}

/// Where the hash function of a map comes from: in requests each map has a random seed, as maps have in life; elsewhere all have the same.
pub(crate) trait Seed: BuildHasher {
    const RANDOM: bool;

    fn make() -> Self;
}

impl Seed for FixedState {
    const RANDOM: bool = false;

    #[inline(always)]
    fn make() -> Self {
        support::fixed()
    }
}

impl Seed for RandomState {
    const RANDOM: bool = true;

    #[inline(always)]
    fn make() -> Self {
        RandomState::default()
    }
}

/// A map of u64.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the maps take keys by reference")]
pub(crate) trait Map<V> {
    fn put(&mut self, key: u64, value: V);
    /// The word of the value.
    fn at(&self, key: &u64) -> Option<u64>;
    fn each(&self, f: impl FnMut(u64, u64));
    fn entries(&self) -> usize;
}

/// A map that gives entries back.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the maps take keys by reference")]
pub(crate) trait Remove {
    /// Whether the key was there.
    fn take(&mut self, key: &u64) -> bool;
}

/// How a subject makes its maps.
pub(crate) trait Kind<V: Value, S: Seed> {
    /// What stays warm from map to map: an arena, a buffer, or nothing.
    type Keeps: Default + 'static;
    type Map<'a>: Map<V>;

    /// An empty map; those that are told their size are told `n`.
    fn make(keeps: &mut Self::Keeps, n: usize) -> Self::Map<'_>;
    /// From here on the next map is to profit from its predecessors.
    fn learn(_: &mut Self::Keeps) {}
    /// The map is gone: the next may have its memory.
    #[inline(always)]
    fn reset(_: &mut Self::Keeps) {}
}

/// The calls that most maps name alike.
macro_rules! maps {
    ($([$($generics:tt)*] $map:ty, $remove:ident;)+) => {$(
        impl<$($generics)*> Map<V> for $map {
            #[inline(always)]
            fn put(&mut self, key: u64, value: V) {
                <$map>::insert(self, key, value);
            }

            #[inline(always)]
            fn at(&self, key: &u64) -> Option<u64> {
                <$map>::get(self, key).map(V::word)
            }

            #[inline(always)]
            fn each(&self, mut f: impl FnMut(u64, u64)) {
                for (key, value) in self {
                    f(*key, value.word());
                }
            }

            fn entries(&self) -> usize {
                <$map>::len(self)
            }
        }

        impl<$($generics)*> Remove for $map {
            #[inline(always)]
            fn take(&mut self, key: &u64) -> bool {
                <$map>::$remove(self, key).is_some()
            }
        }
    )+};
}

maps! {
    [V: Value, S: BuildHasher] std::collections::HashMap<u64, V, S>, remove;
    [V: Value, S: BuildHasher] hashbrown::HashMap<u64, V, S>, remove;
    ['b, V: Value, S: BuildHasher] hashbrown::HashMap<u64, V, S, &'b Bump>, remove;
    [V: Value, S: BuildHasher] griddle::HashMap<u64, V, S>, remove;
    [V: Value, S: BuildHasher] indexmap::IndexMap<u64, V, S>, swap_remove;
    ['b, V: Value, S: BuildHasher] ArenaMap<u64, V, S, &'b Arena>, remove;
}

/// Subjects that keep nothing.
macro_rules! kinds {
    ($($name:ident: $map:ty, |$n:ident| $make:expr;)+) => {$(
        pub(crate) struct $name;

        impl<V: Value, S: Seed> Kind<V, S> for $name {
            type Keeps = ();
            type Map<'a> = $map;

            #[inline(always)]
            fn make((): &mut (), $n: usize) -> $map {
                $make
            }
        }
    )+};
}

kinds! {
    Std: std::collections::HashMap<u64, V>, |_n| std::collections::HashMap::new();
    StdFoldhash: std::collections::HashMap<u64, V, S>, |_n| std::collections::HashMap::with_hasher(S::make());
    Hashbrown: hashbrown::HashMap<u64, V, S>, |_n| hashbrown::HashMap::with_hasher(S::make());
    HashbrownPresized: hashbrown::HashMap<u64, V, S>, |n| hashbrown::HashMap::with_capacity_and_hasher(n, S::make());
    Griddle: griddle::HashMap<u64, V, S>, |_n| griddle::HashMap::with_hasher(S::make());
    Indexmap: indexmap::IndexMap<u64, V, S>, |_n| indexmap::IndexMap::with_hasher(S::make());
}

/// Subjects in a `Bump` that is reset.
macro_rules! bump_kinds {
    ($($name:ident: |$n:ident, $bump:ident| $make:expr;)+) => {$(
        pub(crate) struct $name;

        impl<V: Value, S: Seed> Kind<V, S> for $name {
            type Keeps = Bump;
            type Map<'a> = hashbrown::HashMap<u64, V, S, &'a Bump>;

            #[inline(always)]
            fn make($bump: &mut Bump, $n: usize) -> Self::Map<'_> {
                $make
            }

            #[inline(always)]
            fn reset(bump: &mut Bump) {
                bump.reset();
            }
        }
    )+};
}

bump_kinds! {
    HashbrownBump: |_n, bump| hashbrown::HashMap::with_hasher_in(S::make(), &*bump);
    HashbrownBumpPresized: |n, bump| hashbrown::HashMap::with_capacity_and_hasher_in(n, S::make(), &*bump);
}

/// An arena, and a size hint for the maps that may learn.
#[derive(Default)]
pub(crate) struct Kept {
    arena: Arena,
    hint: Option<&'static SizeHint>,
}

/// What a child's maps learn: it runs one scenario, as one place in a program makes one kind of map.
pub(crate) static HINT: SizeHint = SizeHint::new();

/// `ArenaMap` in an arena that is reset.
pub(crate) struct InArena;

impl<V: Value, S: Seed> Kind<V, S> for InArena {
    type Keeps = Kept;
    type Map<'a> = ArenaMap<u64, V, S, &'a Arena>;

    #[inline(always)]
    fn make(kept: &mut Kept, _: usize) -> Self::Map<'_> {
        let builder = ArenaMap::<u64, V>::builder().hasher(S::make());
        match kept.hint {
            Some(hint) => builder.hint(hint).build_in(&kept.arena),
            None => builder.build_in(&kept.arena),
        }
    }

    fn learn(kept: &mut Kept) {
        kept.hint = Some(&HINT);
    }

    #[inline(always)]
    fn reset(kept: &mut Kept) {
        kept.arena.reset();
    }
}

/// `FixedMap` in a buffer that is kept.
pub(crate) struct Fixed;

impl<V: Value, S: Seed> Kind<V, S> for Fixed {
    type Keeps = Option<AlignedBytes>;
    type Map<'a> = FixedMap<u64_le, V::Fixed, arenamap::fixed::Exclusive<'a>>;

    #[inline(always)]
    fn make(kept: &mut Option<AlignedBytes>, n: usize) -> Self::Map<'_> {
        let need = FixedMap::<u64_le, V::Fixed>::bytes_for(n);
        let memory = &mut kept.get_or_insert_with(|| AlignedBytes::zeroed(need))[..];
        if S::RANDOM {
            FixedMap::create(memory, n).expect("memory of the right size")
        } else {
            FixedMap::create_seeded(memory, n, 0x5EED).expect("memory of the right size")
        }
    }
}

/// For [`Map`]: the value's type is that of its slot.
impl<V: Value> Map<V> for FixedMap<u64_le, V::Fixed, arenamap::fixed::Exclusive<'_>> {
    #[inline(always)]
    fn put(&mut self, key: u64, value: V) {
        self.insert(key.into(), value.to_fixed()).expect("a map with room");
    }

    #[inline(always)]
    fn at(&self, key: &u64) -> Option<u64> {
        self.get(key).map(V::word_of)
    }

    #[inline(always)]
    fn each(&self, mut f: impl FnMut(u64, u64)) {
        for (key, value) in self {
            f(key.to_native(), V::word_of(value));
        }
    }

    fn entries(&self) -> usize {
        self.len()
    }
}

impl<F: FixedValue> Remove for FixedMap<u64_le, F, arenamap::fixed::Exclusive<'_>> {
    #[inline(always)]
    fn take(&mut self, key: &u64) -> bool {
        self.remove(key).is_some()
    }
}

/// `heapless`, on the stack, with room for a power of two.
pub(crate) struct Heapless<const ROOM: usize>;

impl<V: Value, S: Seed, const ROOM: usize> Kind<V, S> for Heapless<ROOM> {
    type Keeps = ();
    type Map<'a> = FnvIndexMap<u64, V, ROOM>;

    #[inline(always)]
    fn make((): &mut (), n: usize) -> Self::Map<'_> {
        assert!(n <= ROOM);
        FnvIndexMap::new()
    }
}

impl<V: Value, const ROOM: usize> Map<V> for FnvIndexMap<u64, V, ROOM> {
    #[inline(always)]
    fn put(&mut self, key: u64, value: V) {
        assert!(self.insert(key, value).is_ok(), "a slot for each entry");
    }

    #[inline(always)]
    fn at(&self, key: &u64) -> Option<u64> {
        self.get(key).map(V::word)
    }

    #[inline(always)]
    fn each(&self, mut f: impl FnMut(u64, u64)) {
        for (key, value) in self {
            f(*key, value.word());
        }
    }

    fn entries(&self) -> usize {
        self.len()
    }
}

impl<V: Value, const ROOM: usize> Remove for FnvIndexMap<u64, V, ROOM> {
    #[inline(always)]
    fn take(&mut self, key: &u64) -> bool {
        self.swap_remove(key).is_some()
    }
}

/// odht grows, but cannot remove, and hashes with its own function.
pub(crate) struct Odht;

impl<S: Seed> Kind<u64, S> for Odht {
    type Keeps = ();
    type Map<'a> = odht::HashTableOwned<Numbers>;

    #[inline(always)]
    fn make((): &mut (), _: usize) -> Self::Map<'_> {
        odht::HashTableOwned::with_capacity(0, ODHT_LOAD)
    }
}

impl Map<u64> for odht::HashTableOwned<Numbers> {
    #[inline(always)]
    fn put(&mut self, key: u64, value: u64) {
        self.insert(&key, &value);
    }

    #[inline(always)]
    fn at(&self, key: &u64) -> Option<u64> {
        self.get(key)
    }

    #[inline(always)]
    fn each(&self, mut f: impl FnMut(u64, u64)) {
        for (key, value) in self.iter() {
            f(key, value);
        }
    }

    fn entries(&self) -> usize {
        self.len()
    }
}
