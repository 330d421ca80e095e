//! What a key or a value of any length is in its slot: a place in the room.
//!
//! ```text
//!  slot  | ... | offset: bits 0 to 35, length: bits 36 to 63 | ...
//!                  |
//!  room  | a text | another |  no longer used  | a third |  zeros  |
//! ```
//!
//! A `str` is checked to be UTF-8 whenever it is read, unless that is known of the whole map:
//! - **T1** In a map with `whole`, the text of every full slot lies in the used part of the room, is UTF-8 if it is a `str`, and has no byte
//!   in common with another: else a value that is changed could change a key. (So `Overlap` and the end of the used part are checked for
//!   more than good answers.) It holds of a map without
//!   entries (`prepare`), of one that was verified (`check`) and of its copies; every write keeps it: what comes in is a `str`, and what is
//!   lent out to be changed is a `&mut str`. Nobody else writes: M1 and M2 of `memory.rs`; the room has no atomics (C4 of `core.rs`).
//!   (In an `IndexedMap`, where all of this is so, too, copies of a slot share its texts: nothing is ever changed there.)
//! - **T2** A `Texts` reads slots of the map that it is of, for as long as that is borrowed.
#![allow(unsafe_code, reason = "texts that were checked are not checked again; T1 and T2")]

use super::super::key::{FixedKey, KeyHasher, Query};
use super::super::layout::MOST_ROOM;
use super::super::raw::prefetch_bytes;
use super::super::value::{FixedValue, Frozen, Schema};
use core::ops::Range;
use rend::u64_le;
use simdutf8::basic::{from_utf8, from_utf8_mut};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// The longest text, in bytes: its length is counted in 28 bits.
pub(in super::super) const LONGEST: usize = (1 << 28) - 1;
const OFFSET_BITS: u32 = MOST_ROOM.trailing_zeros();

pub(super) mod sealed {
    /// What `VarMap` does with a key or value.
    pub trait Sealed {}
}

/// Offset and length of a text in the room, as they stand in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub(in super::super) u64);

impl Span {
    /// A text without bytes, wherever it is.
    pub(in super::super) const EMPTY: Self = Self(0);

    /// The place of so many bytes from this one on. `room` bounds both: an offset in it has at most 36 bits.
    pub(in super::super) const fn new(offset: usize, len: usize) -> Self {
        debug_assert!(offset as u64 <= MOST_ROOM && len <= LONGEST);
        if len == 0 {
            return Self::EMPTY;
        }
        Self((len as u64) << OFFSET_BITS | offset as u64)
    }

    /// Bytes.
    #[allow(clippy::cast_possible_truncation, reason = "28 bits")]
    pub(in super::super) const fn len(self) -> usize {
        (self.0 >> OFFSET_BITS) as usize
    }

    /// Where the bytes are, in any archive: nobody has checked that they are in its room.
    pub(in super::super) fn range(self) -> Range<usize> {
        // (On a target of 32 bits, a place beyond the address space is in no room.)
        let offset = usize::try_from(self.0 & (MOST_ROOM - 1)).unwrap_or(usize::MAX);
        offset..offset.saturating_add(self.len())
    }

    /// The bytes, if they are in the room.
    #[inline]
    pub(in super::super) fn of(self, room: &[u8]) -> Option<&[u8]> {
        room.get(self.range())
    }

    /// Whether it is the last text of those in a room of which so many bytes are used: it can grow where it is.
    pub(in super::super) fn is_last(self, used: usize) -> bool {
        self.len() > 0 && self.range().end == used
    }

    /// Whether it is written as this crate writes it: a text without bytes is nowhere.
    pub(in super::super) const fn is_canonical(self) -> bool {
        self.len() > 0 || self.0 == 0
    }
}

/// The texts of a map, to read them.
#[derive(Clone, Copy)]
pub(in super::super) struct Texts<'m> {
    pub(in super::super) room: &'m [u8],
    /// T1 is known to hold.
    pub(in super::super) whole: bool,
}

impl<'m> Texts<'m> {
    /// The key or value of a slot (T2). `None` if its text is not where it should be, or not what it should be: damaged.
    #[inline(always)]
    pub(in super::super) fn read<T: VarValue + ?Sized>(self, slot: &'m T::Slot) -> Option<&'m T> {
        let text = match T::span(slot) {
            Some(span) => span.of(self.room)?,
            None => &[],
        };
        if self.whole {
            // SAFETY: T1, T2.
            Some(unsafe { T::read_whole(slot, text) })
        } else {
            T::read_text(slot, text)
        }
    }

    /// The key or value of a slot as it would be given again (T2); `None` as of `read`.
    #[inline(always)]
    pub(in super::super) fn given<T: VarValue + ?Sized>(self, slot: T::Slot) -> Option<T::Given<'m>> {
        let text = match T::span(&slot) {
            Some(span) => span.of(self.room)?,
            None => &[],
        };
        if self.whole {
            // SAFETY: T1, T2.
            Some(unsafe { T::given_whole(slot, text) })
        } else {
            T::given(slot, text)
        }
    }

    /// Asks for the text of a slot before it is needed.
    #[inline(always)]
    pub(in super::super) fn prefetch<T: VarValue + ?Sized>(self, slot: &T::Slot) {
        if let Some(text) = T::span(slot).and_then(|span| span.of(self.room)) {
            prefetch_bytes(text);
        }
    }
}

/// A slot's part that says where a text is.
macro_rules! spans {
    ($($(#[$doc:meta])* $name:ident $type:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, rkyv::Portable, rkyv::bytecheck::CheckBytes)]
        #[bytecheck(crate = rkyv::bytecheck)]
        #[repr(transparent)]
        pub struct $name(u64_le);

        impl FixedValue for $name {
            const SCHEMA: Schema = Schema::leaf($type, 8, 8);
            const IN_ROOM: bool = true;
        }

        impl $name {
            #[inline]
            const fn at(span: Span) -> Self {
                Self(u64_le::from_native(span.0))
            }

            #[inline]
            const fn span(&self) -> Span {
                Span(self.0.to_native())
            }
        }
    )*};
}

spans! {
    /// Where a `str` is.
    StrSpan "str";
    /// Where a `[u8]` is.
    BytesSpan "[u8]";
}

/// What a value of a [`VarMap`](super::VarMap) can be: `str` and `[u8]`, of any length, and each
/// [`FixedValue`](crate::fixed::FixedValue), in its slot.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a value of a `VarMap`",
    note = "use `str`, `[u8]`, or a type that can stand in the slot of a `FixedMap`, such as `u64_le`"
)]
pub trait VarValue: sealed::Sealed + 'static {
    /// How one is given to the map: `&str`, `&[u8]`, or by value.
    type Given<'a>;
    /// What is handed back of one that is replaced or removed: the value itself, or `()` for a text.
    type Old;

    #[doc(hidden)]
    type Slot: FixedValue;

    /// Whether the slot begins with the place of a text.
    #[doc(hidden)]
    const IS_TEXT: bool;

    #[doc(hidden)]
    fn text<'a>(given: &'a Self::Given<'_>) -> Option<&'a [u8]>;
    #[doc(hidden)]
    fn slot(given: Self::Given<'_>, span: Span) -> Self::Slot;
    #[doc(hidden)]
    fn span(slot: &Self::Slot) -> Option<Span>;
    #[doc(hidden)]
    fn old(slot: Self::Slot) -> Self::Old;
    /// As it would be given again, by its slot and the bytes of its text. `None` if they are not what they should be: damaged.
    #[doc(hidden)]
    fn given(slot: Self::Slot, text: &[u8]) -> Option<Self::Given<'_>>;
    /// `given` of bytes that are what they should be.
    ///
    /// # Safety
    ///
    /// `given` would not be `None`.
    #[doc(hidden)]
    unsafe fn given_whole(slot: Self::Slot, text: &[u8]) -> Self::Given<'_>;
    /// By its slot and the bytes of its text. `None` if they are not what they should be: damaged.
    #[doc(hidden)]
    fn read_text<'m>(slot: &'m Self::Slot, text: &'m [u8]) -> Option<&'m Self>;
    #[doc(hidden)]
    fn read_text_mut<'m>(slot: &'m mut Self::Slot, text: &'m mut [u8]) -> Option<&'m mut Self>;
    /// `read_text` of bytes that are what they should be.
    ///
    /// # Safety
    ///
    /// `read_text` would not be `None`.
    #[doc(hidden)]
    unsafe fn read_whole<'m>(slot: &'m Self::Slot, text: &'m [u8]) -> &'m Self;

    /// By its slot and the room.
    #[doc(hidden)]
    #[inline(always)]
    fn read<'m>(slot: &'m Self::Slot, room: &'m [u8]) -> Option<&'m Self> {
        let text = match Self::span(slot) {
            Some(span) => span.of(room)?,
            None => &[],
        };
        Self::read_text(slot, text)
    }
}

/// What a key of a [`VarMap`](super::VarMap) can be: `str` and `[u8]`, of any length, and each
/// [`FixedKey`](crate::fixed::FixedKey), in its slot.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key of a `VarMap`",
    note = "use `str`, `[u8]`, or a type that can be the key of a `FixedMap`, such as `u64_le`"
)]
pub trait VarKey: VarValue<Slot: Frozen> {
    #[doc(hidden)]
    fn hash_given(given: &Self::Given<'_>, hasher: &mut KeyHasher<'_>);
    #[doc(hidden)]
    fn is_given(given: &Self::Given<'_>, slot: &Self::Slot, room: &[u8]) -> bool;
    #[doc(hidden)]
    fn hash_slot(slot: &Self::Slot, room: &[u8], hasher: &mut KeyHasher<'_>);
    #[doc(hidden)]
    fn same(one: &Self::Slot, other: &Self::Slot, room: &[u8]) -> bool;
}

/// Something by which a key of a [`VarMap`](super::VarMap) is looked up: a `str` by `str` and `String`; `[u8]` by `[u8]`, `Vec<u8>`, arrays and
/// `str`, and all of these by references to them; other keys by what looks up those of a [`FixedMap`](crate::fixed::FixedMap) ([`Query`]).
#[diagnostic::on_unimplemented(
    message = "a key `{K}` of a `VarMap` cannot be looked up by `{Self}`",
    note = "look up `str` by `str`, `[u8]` by `[u8]`, and other keys as those of a `FixedMap`"
)]
pub trait VarQuery<K: VarKey + ?Sized> {
    #[doc(hidden)]
    fn hash_var(&self, hasher: &mut KeyHasher<'_>);
    #[doc(hidden)]
    fn is_var(&self, slot: &K::Slot, room: &[u8]) -> bool;
}

impl<T: FixedValue> sealed::Sealed for T {}

impl<T: FixedValue> VarValue for T {
    type Given<'a> = T;
    type Old = T;
    type Slot = T;

    const IS_TEXT: bool = false;

    #[inline(always)]
    fn text(_: &T) -> Option<&[u8]> {
        None
    }

    #[inline(always)]
    fn slot(given: T, _: Span) -> T {
        given
    }

    #[inline(always)]
    fn span(_: &T) -> Option<Span> {
        None
    }

    #[inline(always)]
    fn old(slot: T) -> T {
        slot
    }

    #[inline(always)]
    fn given(slot: T, _: &[u8]) -> Option<T> {
        Some(slot)
    }

    #[inline(always)]
    unsafe fn given_whole(slot: T, _: &[u8]) -> T {
        slot
    }

    #[inline(always)]
    fn read_text<'m>(slot: &'m T, _: &'m [u8]) -> Option<&'m T> {
        Some(slot)
    }

    #[inline(always)]
    fn read_text_mut<'m>(slot: &'m mut T, _: &'m mut [u8]) -> Option<&'m mut T> {
        Some(slot)
    }

    #[inline(always)]
    unsafe fn read_whole<'m>(slot: &'m T, _: &'m [u8]) -> &'m T {
        slot
    }
}

impl<T: FixedKey> VarKey for T {
    #[inline(always)]
    fn hash_given(given: &T, hasher: &mut KeyHasher<'_>) {
        given.hash_key(hasher);
    }

    #[inline(always)]
    fn is_given(given: &T, slot: &T, _: &[u8]) -> bool {
        given.same(slot)
    }

    #[inline(always)]
    fn hash_slot(slot: &T, _: &[u8], hasher: &mut KeyHasher<'_>) {
        slot.hash_key(hasher);
    }

    #[inline(always)]
    fn same(one: &T, other: &T, _: &[u8]) -> bool {
        one.same(other)
    }
}

impl<K: FixedKey, Q: Query<K> + ?Sized> VarQuery<K> for Q {
    #[inline(always)]
    fn hash_var(&self, hasher: &mut KeyHasher<'_>) {
        self.hash_query(hasher);
    }

    #[inline(always)]
    fn is_var(&self, slot: &K, _: &[u8]) -> bool {
        self.is_key(slot)
    }
}

/// `str` and `[u8]`: `$text` gives the bytes of one, `$read` and `$read_mut` make one of bytes, if they can be one, and `$read_whole` of
/// bytes that can.
macro_rules! texts {
    ($($type:ty, $slot:ident, $text:expr, $read:expr, $read_mut:expr, $read_whole:path;)*) => {$(
        impl sealed::Sealed for $type {}

        impl VarValue for $type {
            type Given<'a> = &'a $type;
            type Old = ();
            type Slot = $slot;

            const IS_TEXT: bool = true;

            #[inline(always)]
            fn text<'a>(given: &'a &$type) -> Option<&'a [u8]> {
                Some($text(given))
            }

            #[inline(always)]
            fn slot(_: &$type, span: Span) -> $slot {
                $slot::at(span)
            }

            #[inline(always)]
            fn span(slot: &$slot) -> Option<Span> {
                Some(slot.span())
            }

            #[inline(always)]
            fn old(_: $slot) {}

            #[inline]
            fn given(_: $slot, text: &[u8]) -> Option<&$type> {
                $read(text)
            }

            #[inline(always)]
            #[allow(unused_unsafe, reason = "any bytes are a `[u8]`")]
            unsafe fn given_whole(_: $slot, text: &[u8]) -> &$type {
                debug_assert!($read(text).is_some());
                // SAFETY: passed on by the caller.
                unsafe { $read_whole(text) }
            }

            #[inline]
            fn read_text<'m>(_: &'m $slot, text: &'m [u8]) -> Option<&'m $type> {
                $read(text)
            }

            #[inline]
            fn read_text_mut<'m>(_: &'m mut $slot, text: &'m mut [u8]) -> Option<&'m mut $type> {
                $read_mut(text)
            }

            #[inline(always)]
            #[allow(unused_unsafe, reason = "any bytes are a `[u8]`")]
            unsafe fn read_whole<'m>(_: &'m $slot, text: &'m [u8]) -> &'m $type {
                debug_assert!($read(text).is_some());
                // SAFETY: passed on by the caller.
                unsafe { $read_whole(text) }
            }
        }

        impl VarKey for $type {
            #[inline(always)]
            fn hash_given(given: &&$type, hasher: &mut KeyHasher<'_>) {
                hasher.write($text(given));
            }

            #[inline(always)]
            fn is_given(given: &&$type, slot: &$slot, room: &[u8]) -> bool {
                slot.span().of(room) == Some($text(given))
            }

            #[inline(always)]
            fn hash_slot(slot: &$slot, room: &[u8], hasher: &mut KeyHasher<'_>) {
                hasher.write(slot.span().of(room).unwrap_or_default());
            }

            #[inline(always)]
            fn same(one: &$slot, other: &$slot, room: &[u8]) -> bool {
                one.span().of(room) == other.span().of(room)
            }
        }

        impl VarQuery<$type> for $type {
            #[inline(always)]
            fn hash_var(&self, hasher: &mut KeyHasher<'_>) {
                hasher.write($text(self));
            }

            #[inline(always)]
            fn is_var(&self, slot: &$slot, room: &[u8]) -> bool {
                slot.span().of(room) == Some($text(self))
            }
        }
    )*};
}

texts! {
    str, StrSpan, str::as_bytes, |bytes| from_utf8(bytes).ok(), |bytes| from_utf8_mut(bytes).ok(),
        str::from_utf8_unchecked;
    [u8], BytesSpan, core::convert::identity, Some, Some, core::convert::identity;
}

/// What looks up a text by itself: `$text` gives the text of one.
macro_rules! queries {
    ($([$($generics:tt)*] $query:ty => $type:ty, $text:expr;)*) => {$(
        impl<$($generics)*> VarQuery<$type> for $query {
            #[inline(always)]
            fn hash_var(&self, hasher: &mut KeyHasher<'_>) {
                VarQuery::<$type>::hash_var($text(self), hasher);
            }

            #[inline(always)]
            fn is_var(&self, slot: &<$type as VarValue>::Slot, room: &[u8]) -> bool {
                VarQuery::<$type>::is_var($text(self), slot, room)
            }
        }
    )*};
}

queries! {
    [] alloc::string::String => str, alloc::string::String::as_str;
    [] alloc::vec::Vec<u8> => [u8], alloc::vec::Vec::as_slice;
    [const N: usize] [u8; N] => [u8], <[u8; N]>::as_slice;
    [] str => [u8], str::as_bytes;
    ['q] &'q str => str, core::ops::Deref::deref;
    ['q] &'q alloc::string::String => str, core::ops::Deref::deref;
    ['q] &'q [u8] => [u8], core::ops::Deref::deref;
    ['q] &'q alloc::vec::Vec<u8> => [u8], core::ops::Deref::deref;
    ['q, const N: usize] &'q [u8; N] => [u8], core::ops::Deref::deref;
    ['q] &'q str => [u8], core::ops::Deref::deref;
}
