//! Keys that are structs, looked up by their borrowed parts.

use super::key::{KeyHasher, Query};
use crate::parts::Parts;
use rkyv::rend;

/// A part of a key that is looked up by [`Parts`]: what the field `K` of the key is looked up by alone, a reference or a number
/// by value.
///
/// It gives to the hasher what the field gives. Implemented for references to whatever is a [`Query`] for the field (`&str` for a
/// `FixedStr`, a reference to the field's own type for every type), for numbers, `bool` and `char` by value, and for
/// [`Parts`] of a struct in a struct.
///
/// ```
/// use arenamap::fixed::{FixedStr, KeyPart, u32_le};
///
/// fn is_part<K>(_: impl KeyPart<K>) {}
///
/// is_part::<FixedStr<16>>("a text");
/// is_part::<u32_le>(7_u32);
/// ```
#[diagnostic::on_unimplemented(
    message = "the part `{K}` of a key cannot be looked up by `{Self}`",
    note = "give `&str` for a `FixedStr<N>`, `&[u8]` for a `FixedBytes<N>`, native numbers for `u64_le` and the like, a reference to the field's own type for everything else"
)]
pub trait KeyPart<K> {
    /// Gives to the hasher what the field would give, by the same calls.
    ///
    /// Allocates: never. Time: O(bytes).
    fn hash_part(&self, hasher: &mut KeyHasher<'_>);

    /// Whether this is equal to the field.
    ///
    /// Allocates: never. Time: O(bytes).
    fn is_part(&self, field: &K) -> bool;
}

impl<K, Q: Query<K> + ?Sized> KeyPart<K> for &Q {
    #[inline(always)] // part of every lookup
    fn hash_part(&self, hasher: &mut KeyHasher<'_>) {
        self.hash_query(hasher);
    }

    #[inline(always)]
    fn is_part(&self, field: &K) -> bool {
        self.is_key(field)
    }
}

impl<K, T> KeyPart<K> for Parts<T>
where
    Self: Query<K>,
{
    #[inline(always)]
    fn hash_part(&self, hasher: &mut KeyHasher<'_>) {
        self.hash_query(hasher);
    }

    #[inline(always)]
    fn is_part(&self, field: &K) -> bool {
        self.is_key(field)
    }
}

macro_rules! by_value {
    ($($native:ty => $field:ty;)*) => {$(
        impl KeyPart<$field> for $native {
            #[inline(always)]
            fn hash_part(&self, hasher: &mut KeyHasher<'_>) {
                Query::<$field>::hash_query(self, hasher);
            }

            #[inline(always)]
            fn is_part(&self, field: &$field) -> bool {
                Query::<$field>::is_key(self, field)
            }
        }
    )*};
}

by_value! {
    u8 => u8;
    i8 => i8;
    bool => bool;
    u16 => rend::u16_le;
    u32 => rend::u32_le;
    u64 => rend::u64_le;
    u128 => rend::u128_le;
    i16 => rend::i16_le;
    i32 => rend::i32_le;
    i64 => rend::i64_le;
    i128 => rend::i128_le;
    char => rend::char_le;
    rend::u16_le => rend::u16_le;
    rend::u32_le => rend::u32_le;
    rend::u64_le => rend::u64_le;
    rend::u128_le => rend::u128_le;
    rend::i16_le => rend::i16_le;
    rend::i32_le => rend::i32_le;
    rend::i64_le => rend::i64_le;
    rend::i128_le => rend::i128_le;
    rend::f32_le => rend::f32_le;
    rend::f64_le => rend::f64_le;
    rend::char_le => rend::char_le;
    rend::NonZeroU16_le => rend::NonZeroU16_le;
    rend::NonZeroU32_le => rend::NonZeroU32_le;
    rend::NonZeroU64_le => rend::NonZeroU64_le;
    rend::NonZeroI16_le => rend::NonZeroI16_le;
    rend::NonZeroI32_le => rend::NonZeroI32_le;
    rend::NonZeroI64_le => rend::NonZeroI64_le;
}

/// `Query` for the parts of a struct of up to eight fields: field by field, in the order in which `__fixed_key` hashes them.
///
/// The arms give each field a type parameter, which a macro cannot make of the field's name.
#[doc(hidden)]
#[macro_export]
macro_rules! __fixed_parts {
    (@ $name:ident $(($part:ident $field:ident $type:ty))+) => {
        #[allow(private_bounds, reason = "a public struct may have fields of types that are not")]
        impl<$($part: $crate::fixed::KeyPart<$type>,)+> $crate::fixed::Query<$name> for $crate::Parts<($($part,)+)> {
            #[inline]
            fn hash_query(&self, hasher: &mut $crate::fixed::KeyHasher<'_>) {
                let $crate::Parts(($($field,)+)) = self;
                $($crate::fixed::KeyPart::<$type>::hash_part($field, hasher);)+
            }

            #[inline]
            fn is_key(&self, key: &$name) -> bool {
                let $crate::Parts(($($field,)+)) = self;
                true $(&& $crate::fixed::KeyPart::<$type>::is_part($field, &key.$field))+
            }
        }
    };
    ($n:ident $a:ident $A:ty;) => {
        $crate::__fixed_parts! { @ $n (__A $a $A) }
    };
    ($n:ident $a:ident $A:ty; $b:ident $B:ty;) => {
        $crate::__fixed_parts! { @ $n (__A $a $A) (__B $b $B) }
    };
    ($n:ident $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty;) => {
        $crate::__fixed_parts! { @ $n (__A $a $A) (__B $b $B) (__C $c $C) }
    };
    ($n:ident $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty;) => {
        $crate::__fixed_parts! { @ $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) }
    };
    ($n:ident $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty; $e:ident $E:ty;) => {
        $crate::__fixed_parts! { @ $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) (__E $e $E) }
    };
    ($n:ident $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty; $e:ident $E:ty; $f:ident $F:ty;) => {
        $crate::__fixed_parts! { @ $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) (__E $e $E) (__F $f $F) }
    };
    ($n:ident $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty; $e:ident $E:ty; $f:ident $F:ty; $g:ident $G:ty;) => {
        $crate::__fixed_parts! {
            @ $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) (__E $e $E) (__F $f $F) (__G $g $G)
        }
    };
    (
        $n:ident $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty; $e:ident $E:ty; $f:ident $F:ty; $g:ident $G:ty;
        $h:ident $H:ty;
    ) => {
        $crate::__fixed_parts! {
            @ $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) (__E $e $E) (__F $f $F) (__G $g $G) (__H $h $H)
        }
    };
    ($($none_or_more_than_eight:tt)*) => {};
}
