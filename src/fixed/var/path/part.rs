//! What stands in a slot of a tree: a part of a path, and the number of the node that it is below.
//!
//! ```text
//!  slot  | part: 8 bytes, a number and zeros, or where its text is | parent: number of a node | value |
//! ```
//!
//! The part is hashed first: so its hash does not wait for the parent to be found.
//!
//! - **P1** The first bytes of a [`ChildSlot`] are an `S`, whatever they are: `S` is [`AnyBytes`] and without atomics ([`Frozen`]), has at most
//!   8 bytes, and no larger alignment than the slot (`FITS`).

use super::super::part::{Span, sealed};
use super::super::{VarKey, VarQuery, VarValue};
use crate::fixed::key::KeyHasher;
use crate::fixed::value::{AnyBytes, FieldSchema, FixedValue, Frozen, Schema, ZeroBytes};
use core::marker::PhantomData;
use rend::u64_le;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// What a part of a path in a [`PathArchive`](crate::fixed::PathArchive) can be: `str`, `[u8]`, and each [`FixedKey`](crate::fixed::FixedKey) of
/// at most 8 bytes of which any bytes are a value, such as `u64_le`. A larger one does not compile: give it as `[u8]`.
///
/// Implemented for all of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a part of a path in a `PathArchive`",
    note = "use `str`, `[u8]`, or a number such as `u64_le`"
)]
pub trait Part: VarKey<Slot: AnyBytes + Frozen> + VarQuery<Self> {}

#[diagnostic::do_not_recommend]
impl<T: VarKey<Slot: AnyBytes + Frozen> + VarQuery<T> + ?Sized> Part for T {}

/// What a value in a [`PathArchive`](crate::fixed::PathArchive) can be: `str`, `[u8]`, and each [`FixedValue`] without atomics of which bytes that
/// are all zero are a value ([`ZeroBytes`]): those stand in the slot of a level that has none.
///
/// Implemented for all of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a value in a `PathArchive`",
    note = "use `str`, `[u8]`, or a value of a `FixedMap` without atomics; above a `checked struct`, write `#[derive(arenamap::fixed::FromZeros)]`"
)]
pub trait Value: VarValue<Slot: Frozen + ZeroBytes> {}

#[diagnostic::do_not_recommend]
impl<T: VarValue<Slot: Frozen + ZeroBytes> + ?Sized> Value for T {}

/// How a part or a value of a [`PathMap`](crate::PathMap) is given to an archive: as `str` and as `[u8]`, whatever can be borrowed as that
/// (`String`, `&str`, `Vec<u8>`); as other types, what converts into them (`u64` into `u64_le`).
///
/// ```
/// use arenamap::fixed::path::Give;
/// use arenamap::fixed::u64_le;
///
/// assert_eq!(Give::<str>::give(&"text".to_owned()), "text");
/// assert_eq!(Give::<u64_le>::give(&7_u64), u64_le::from(7));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not taken as `{T}` into a `PathArchive`",
    note = "give `str` what is `AsRef<str>`, `[u8]` what is `AsRef<[u8]>`, and other types what is `Clone` and converts into them by `Into`"
)]
pub trait Give<T: VarValue + ?Sized> {
    /// As it is given.
    ///
    /// Allocates: never. Time: O(1), or that of its conversion.
    fn give(&self) -> T::Given<'_>;
}

impl<S: AsRef<str> + ?Sized> Give<str> for S {
    #[inline]
    fn give(&self) -> &str {
        self.as_ref()
    }
}

impl<S: AsRef<[u8]> + ?Sized> Give<[u8]> for S {
    #[inline]
    fn give(&self) -> &[u8] {
        self.as_ref()
    }
}

impl<S: Clone + Into<F>, F: FixedValue> Give<F> for S {
    #[inline]
    fn give(&self) -> F {
        self.clone().into()
    }
}

/// Number of a node. The schema says by it that the archive is a tree.
const NODE: Schema = Schema::leaf("PathNode", 8, 8);

/// A part of a path below a node, as the key of a map. No value of it leaves this module.
pub(in crate::fixed) struct Child<K: ?Sized>(PhantomData<fn() -> K>);

/// The slot of a part whose own slot is `S`.
#[derive(FromBytes, IntoBytes, Immutable, rkyv::Portable, rkyv::bytecheck::CheckBytes)]
#[bytecheck(crate = rkyv::bytecheck)]
#[repr(transparent)]
pub(in crate::fixed) struct ChildSlot<S>([u64_le; 2], PhantomData<S>);

impl<S: AnyBytes + Frozen> FixedValue for ChildSlot<S> {
    const SCHEMA: Schema = Schema {
        name: "PathKey",
        size: 16,
        align: 8,
        repeat: 1,
        fields: &[
            FieldSchema {
                name: "part",
                offset: 0,
                schema: &S::SCHEMA,
            },
            FieldSchema {
                name: "parent",
                offset: 8,
                schema: &NODE,
            },
        ],
        atomic: false,
    };
    /// The links are.
    const IN_ROOM: bool = true;
}

impl<S: AnyBytes + Frozen> ChildSlot<S> {
    const FITS: () = assert!(
        size_of::<S>() <= 8 && align_of::<S>() <= align_of::<Self>(),
        "a part of a path in a PathArchive has at most 8 bytes, if it is neither `str` nor `[u8]`: give a larger one as `[u8]`"
    );

    #[inline]
    fn new(part: &S, parent: u32) -> Self {
        const { Self::FITS };
        let mut bytes = [0; 8];
        bytes[..size_of::<S>()].copy_from_slice(part.as_bytes());
        let part = u64_le::from_native(u64::from_le_bytes(bytes));
        Self([part, u64_le::from_native(parent.into())], PhantomData)
    }

    #[inline(always)]
    pub(super) fn part(&self) -> S {
        const { Self::FITS };
        match S::read_from_prefix(self.0[0].as_bytes()) {
            Ok((part, _)) => part,
            Err(_) => S::new_zeroed(), // it fits
        }
    }

    /// The part, where it stands.
    #[allow(unsafe_code, reason = "the slot's first bytes, as what they are: P1")]
    #[inline(always)]
    pub(in crate::fixed) fn part_ref(&self) -> &S {
        const { Self::FITS };
        // SAFETY: P1.
        unsafe { &*(&raw const self.0).cast::<S>() }
    }

    #[inline(always)]
    pub(super) const fn parent(&self) -> u64 {
        self.0[1].to_native()
    }

    /// Whether the bytes behind a part of less than 8 are zero.
    pub(super) fn is_canonical(&self) -> bool {
        let part = self.0[0].as_bytes();
        part[size_of::<S>()..].iter().all(|&byte| byte == 0)
    }

    /// Whether all bytes of the part are zero, as those of the empty path are.
    pub(super) fn is_zero(&self) -> bool {
        self.0[0] == 0
    }
}

impl<K: Part + ?Sized> Child<K> {
    /// Stands for a child whose part was found to be whole: what is read of it is read by its slot.
    const WHOLE: &'static Self = &Self(PhantomData);
}

impl<K: Part + ?Sized> sealed::Sealed for Child<K> {}

impl<K: Part + ?Sized> VarValue for Child<K> {
    /// The part, and the number of the parent.
    type Given<'a> = (K::Given<'a>, u32);
    type Old = ();
    type Slot = ChildSlot<K::Slot>;

    const IS_TEXT: bool = K::IS_TEXT;

    #[inline(always)]
    fn text<'a>(given: &'a Self::Given<'_>) -> Option<&'a [u8]> {
        K::text(&given.0)
    }

    #[inline(always)]
    fn slot((part, parent): Self::Given<'_>, span: Span) -> Self::Slot {
        ChildSlot::new(&K::slot(part, span), parent)
    }

    #[inline(always)]
    fn span(slot: &Self::Slot) -> Option<Span> {
        K::span(&slot.part())
    }

    #[inline(always)]
    fn old(_: Self::Slot) {}

    #[inline]
    fn given(slot: Self::Slot, text: &[u8]) -> Option<Self::Given<'_>> {
        Some((K::given(slot.part(), text)?, slot.parent().try_into().ok()?))
    }

    #[inline]
    #[allow(unsafe_code, reason = "the trait's")]
    unsafe fn given_whole(slot: Self::Slot, text: &[u8]) -> Self::Given<'_> {
        // SAFETY: passed on by the caller.
        let part = unsafe { K::given_whole(slot.part(), text) };
        (part, slot.parent().try_into().unwrap_or_default())
    }

    #[inline]
    fn read_text<'m>(slot: &'m Self::Slot, text: &'m [u8]) -> Option<&'m Self> {
        K::read_text(&slot.part(), text).map(|_| Self::WHOLE)
    }

    /// A tree is only read.
    #[inline]
    fn read_text_mut<'m>(_: &'m mut Self::Slot, _: &'m mut [u8]) -> Option<&'m mut Self> {
        None
    }

    #[inline(always)]
    #[allow(unsafe_code, reason = "the trait's: here it does nothing")]
    unsafe fn read_whole<'m>(_: &'m Self::Slot, _: &'m [u8]) -> &'m Self {
        Self::WHOLE
    }
}

impl<K: Part + ?Sized> VarKey for Child<K> {
    #[inline(always)]
    fn hash_given((part, parent): &Self::Given<'_>, hasher: &mut KeyHasher<'_>) {
        K::hash_given(part, hasher);
        hasher.write_u64(u64::from(*parent));
    }

    #[inline(always)]
    fn is_given((part, parent): &Self::Given<'_>, slot: &Self::Slot, room: &[u8]) -> bool {
        slot.parent() == u64::from(*parent) && K::is_given(part, &slot.part(), room)
    }

    #[inline(always)]
    fn hash_slot(slot: &Self::Slot, room: &[u8], hasher: &mut KeyHasher<'_>) {
        K::hash_slot(&slot.part(), room, hasher);
        hasher.write_u64(slot.parent());
    }

    #[inline(always)]
    fn same(one: &Self::Slot, other: &Self::Slot, room: &[u8]) -> bool {
        one.parent() == other.parent() && K::same(&one.part(), &other.part(), room)
    }
}

/// A part to look up below a node.
pub(super) struct Step<'q, Q: ?Sized> {
    pub(super) part: &'q Q,
    pub(super) parent: u32,
}

impl<K: Part + ?Sized, Q: VarQuery<K> + ?Sized> VarQuery<Child<K>> for Step<'_, Q> {
    #[inline(always)]
    fn hash_var(&self, hasher: &mut KeyHasher<'_>) {
        self.part.hash_var(hasher);
        hasher.write_u64(u64::from(self.parent));
    }

    #[inline(always)]
    fn is_var(&self, slot: &ChildSlot<K::Slot>, room: &[u8]) -> bool {
        slot.parent() == u64::from(self.parent) && self.part.is_var(&slot.part(), room)
    }
}
