//! Feature `rkyv`: maps and sets as archives that are read in place.
//!
//! The archive of an [`ArenaMap`] is rkyv's own [`ArchivedHashMap`], that of a [`StrMap`] has [`ArchivedString`] keys,
//! that of a [`BytesMap`] has [`ArchivedVec`] keys, and that of an [`ArenaSet`] is an [`ArchivedHashSet`]. So programs
//! that know only rkyv can read them. Keys and values are whatever rkyv archives: numbers, `String`, `Vec<u8>`, your
//! structs by its derive, and maps of this crate. A key must hash and compare like its archived form, as derived keys
//! do.
//!
//! | from | to | how | what allocates |
//! |---|---|---|---|
//! | map | bytes | [`Serialize`]: `rkyv::to_bytes`, or into a given buffer as below | rkyv, or nothing |
//! | bytes | archived map | `rkyv::access`, and see what it does not check | nothing |
//! | archived map | map with its own arena | [`Deserialize`]: `rkyv::deserialize` | heap |
//! | archived map | map in a given arena | [`ArenaMap::try_extend_archived`] and its siblings | arena |
//! | [`FixedMap`](crate::fixed::FixedMap) in a struct | a part of its archive | [`Serialize`]: one copy of its bytes | nothing |
//! | [`ArchivedFixedMap`](crate::fixed::ArchivedFixedMap) | map that reads in place | [`open`](crate::fixed::ArchivedFixedMap::open), O(1) | nothing |
//!
//! # Without the heap
//!
//! rkyv needs a place for the bytes and, while it works, scratch memory for its tables. If you give it both, no step
//! calls the heap. [`archive_scratch`](ArenaMap::archive_scratch) says how much scratch is enough. Both may come from
//! an arena. If either is too small, serializing ends with an error, and the map is as it was.
//!
//! ```
//! use std::mem::MaybeUninit;
//!
//! use arenamap::{Arena, ArenaMap};
//! use rkyv::api::low::{access, to_bytes_in_with_alloc};
//! use rkyv::collections::swiss_table::ArchivedHashMap;
//! use rkyv::rancor::{Failure, Strategy};
//! use rkyv::rend::u64_le;
//! use rkyv::ser::{allocator::SubAllocator, writer::Buffer};
//! use rkyv::util::Align;
//!
//! const SCRATCH: usize = ArenaMap::<u64, u64>::archive_scratch(1000);
//! let mut scratch = [MaybeUninit::uninit(); SCRATCH];
//! let mut bytes = Align([MaybeUninit::uninit(); 20_000]);
//! let mut arena = Arena::new();
//!
//! for _request in 0..2 {
//!     let mut squares = ArenaMap::new_in(&arena);
//!     squares.extend((0..1000_u64).map(|n| (n, n * n)));
//!
//!     let allocator = SubAllocator::new(&mut scratch);
//!     let buffer = Buffer::from(&mut *bytes);
//!     let archive = to_bytes_in_with_alloc::<_, _, Failure>(&squares, buffer, allocator)?;
//!
//!     let archived = access::<ArchivedHashMap<u64_le, u64_le>, Failure>(&archive)?;
//!     assert_eq!(archived.get(&u64_le::from(30)).unwrap().to_native(), 900);
//!
//!     let mut copy: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&arena);
//!     copy.try_extend_archived(archived, Strategy::<_, Failure>::wrap(&mut ()))?;
//!     assert_eq!(copy, squares);
//!     drop((squares, copy));
//!     arena.reset();
//! }
//! # Ok::<(), Failure>(())
//! ```
//!
//! `rancor::Failure` is an error without details that never allocates. `rancor::Error` and `BoxedError` may have
//! details, and allocate for them.
//!
//! An archive of n entries of fixed size, n above 0, has at most `c * (size_of::<(K::Archived, V::Archived)>() + 1) +
//! 64` bytes, where `c` is the larger of `n * 8 / 7` and `n + 1`. What keys and values keep outside of their slots
//! comes on top. Offsets have 32 bits unless a feature of rkyv says otherwise. If the slots of a map would end beyond
//! what offsets can reach (2 GiB), that is an error. If it is the content outside of the slots, rkyv panics.
//!
//! # Keys and values behind references
//!
//! rkyv archives no `&str`. A field of a derived struct may say `#[rkyv(with = MapKV<InlineAsBox, Identity>)]`, and by
//! `With` the same goes for a map alone. Such a key is read back into an arena, or straight out of the archive, by
//! [`try_extend_archived_with`](ArenaMap::try_extend_archived_with).
//!
//! ```
//! use arenamap::{Arena, ArenaMap};
//! use rkyv::boxed::ArchivedBox;
//! use rkyv::collections::swiss_table::ArchivedHashMap;
//! use rkyv::rancor::Error;
//! use rkyv::rend::u32_le;
//! use rkyv::with::{Identity, InlineAsBox, MapKV, With};
//!
//! let arena = Arena::new();
//! let mut counts = ArenaMap::new_in(&arena);
//! for word in "a b a".split(' ') {
//!     *counts.entry(arena.alloc_str(word) as &str).or_insert(0_u32) += 1;
//! }
//! let bytes = rkyv::to_bytes::<Error>(With::<_, MapKV<InlineAsBox, Identity>>::cast(&counts))?;
//!
//! let archived = rkyv::access::<ArchivedHashMap<ArchivedBox<str>, u32_le>, Error>(&bytes)?;
//! assert_eq!(archived.get("a").unwrap().to_native(), 2);
//!
//! let mut again: ArenaMap<&str, u32> = ArenaMap::new(); // its keys borrow from `bytes`
//! again.try_extend_archived_with(archived, |word, count| Ok::<_, Error>((&**word, count.to_native())))?;
//! assert_eq!(again["b"], 1);
//! # Ok::<(), Error>(())
//! ```
//!
//! The keys of a [`StrMap`] are copied already. Values that are borrowed are archived by `MapKV<Identity, InlineAsBox>`, and read back by
//! [`try_extend_archived_with`](StrMap::try_extend_archived_with):
//!
//! ```
//! use arenamap::{Arena, StrMap};
//! use rkyv::boxed::ArchivedBox;
//! use rkyv::collections::swiss_table::ArchivedHashMap;
//! use rkyv::rancor::Error;
//! use rkyv::string::ArchivedString;
//! use rkyv::with::{Identity, InlineAsBox, MapKV, With};
//!
//! let arena = Arena::new();
//! let mut titles = StrMap::new_in(&arena);
//! titles.insert("/index", arena.alloc_str("Welcome") as &str);
//! let bytes = rkyv::to_bytes::<Error>(With::<_, MapKV<Identity, InlineAsBox>>::cast(&titles))?;
//!
//! let archived = rkyv::access::<ArchivedHashMap<ArchivedString, ArchivedBox<str>>, Error>(&bytes)?;
//! let mut again: StrMap<&str> = StrMap::new(); // its values borrow from `bytes`
//! again.try_extend_archived_with(archived, |title| Ok::<_, Error>(&**title))?;
//! assert_eq!(again["/index"], "Welcome");
//! # Ok::<(), Error>(())
//! ```
//!
//! # What `access` does not check
//!
//! Do not use these archives for bytes from outside. Use this crate's [`FixedMap`](crate::fixed::FixedMap), with its
//! `verify`. As a field of your own struct it is an [`ArchivedFixedMap`](crate::fixed::ArchivedFixedMap), which is safe
//! to open whatever its bytes are.
//!
//! The following was found in rkyv 0.8.18. `tests/rkyv_access_gaps.rs` in the repository runs it, prints the whole
//! table, and fails when it changes.
//!
//! An archived table of capacity c is c slots and a control byte for each, then 15 to 30 more control bytes that repeat the
//! first ones. `access` checks that all of this lies inside the bytes and is aligned, that the length is below the capacity
//! (or both are 0), that as many of the first c control bytes say "full" as the length says, and that the slots of these
//! are valid keys and values. It does **not** check:
//!
//! - **The repeated control bytes.** In maps of up to 20 entries (14 excepted) some of them are compared with the first
//!   ones, in larger maps none. Where one says "full" for a slot that is not, `get` reads a slot that nobody has checked: a
//!   `bool` of 7, a string that points outside of the bytes. That is undefined behaviour out of safe code.
//! - **That a search ends.** The load is not checked: all slots but one may be full. Where the repeated control bytes hide
//!   that one, `get` never returns.
//! - **That a key is where it hashes to**, and that its control byte has its hash. `get` does not find what `iter` shows.
//! - **That keys differ.** Of two equal ones, `get` finds one.
//! - **That the capacity is the one that the length gives.** With another one that fits, most keys are not found.
//! - **How deep archives are nested**, unless a validator with a limit is passed.
//!
//! What does hold after `access`: `iter` sees the slots that were checked, and no other. Reading an archive back, by
//! `Deserialize` or the methods here, iterates and never searches; of equal keys the last one stays.
//!
//! The hasher of these archives, `FxHasher64`, has **no key**: whoever chooses the keys of a map can make them collide in
//! its archive. Serializing n such keys, and looking all of them up, takes O(n²). The seed of the map does not help.

mod copied;
mod map;
mod set;
mod with;

pub use self::copied::ArchivedKey;
use rkyv::Archive;
#[cfg(doc)]
use rkyv::collections::swiss_table::{ArchivedHashMap, ArchivedHashSet};
use rkyv::primitive::FixedIsize;
use rkyv::rancor::{Fallible, Source};
use rkyv::ser::Positional;
#[cfg(doc)]
use rkyv::string::ArchivedString;
#[cfg(doc)]
use rkyv::vec::ArchivedVec;
#[cfg(doc)]
use rkyv::{Deserialize, Serialize};

use crate::arena::Arena;
use crate::error::ArchiveTooLarge;
#[cfg(doc)]
use crate::{ArenaMap, ArenaSet, BytesMap, StrMap};

/// The load at which rkyv archives its own maps: a part of the format, because the capacity follows from it.
const LOAD: (usize, usize) = (7, 8);

/// Control bytes that rkyv reads at once, on every target.
const GROUP: usize = 16;

/// Slots of an archived table.
const fn slots(len: usize) -> usize {
    let spread = len.saturating_mul(LOAD.1) / LOAD.0;
    match len {
        0 => 0,
        _ if spread > len => spread,
        _ => len.saturating_add(1),
    }
}

/// Control bytes of an archived table.
const fn controls(len: usize) -> usize {
    match slots(len) {
        0 => 0,
        slots => slots.div_ceil(GROUP).saturating_mul(GROUP).saturating_add(GROUP - 1),
    }
}

/// The scratch that rkyv takes for a table of `len` items of type `T`, wherever the scratch begins.
///
/// Three blocks, one after the other: the items in the order of their slots, the control bytes, and the resolver of
/// each item, which says where its outside parts were written.
const fn scratch<T: Archive>(len: usize) -> usize {
    if len == 0 {
        return 0;
    }
    slots(len)
        .saturating_mul(size_of::<Option<T>>())
        .saturating_add(align_of::<Option<T>>() - 1)
        .saturating_add(controls(len))
        .saturating_add(len.saturating_mul(size_of::<T::Resolver>()))
        .saturating_add(align_of::<T::Resolver>() - 1)
}

/// An error if a table with slots of type `T` would end beyond the reach of offsets; rkyv would panic there.
fn check_reach<T, Z: Fallible + Positional + ?Sized>(len: usize, serializer: &Z) -> Result<(), Z::Error>
where
    Z::Error: Source,
{
    check_end(
        slots(len)
            .saturating_mul(size_of::<T>())
            .saturating_add(controls(len))
            .saturating_add(serializer.pos()),
    )
}

/// The same for a map that ends there.
pub(crate) fn check_end<E: Source>(end: usize) -> Result<(), E> {
    let most = usize::try_from(FixedIsize::MAX).unwrap_or(usize::MAX);
    if end > most {
        return Err(E::new(ArchiveTooLarge { end, most }));
    }
    Ok(())
}

/// An arena for a map that is deserialized into its own.
fn new_arena<E: Source>() -> Result<Arena, E> {
    Arena::try_with(0, usize::MAX).map_err(E::new)
}
