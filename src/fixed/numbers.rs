//! Numbers and arrays in a slot, as values and as keys.

use super::key::{FixedKey, KeyHasher, Query};
use super::value::{FieldSchema, FixedValue, Schema};
use rkyv::rend;
use zerocopy::IntoBytes;

macro_rules! leaves {
    ($($type:ty, $name:literal;)*) => {$(
        impl FixedValue for $type {
            const SCHEMA: Schema = Schema::leaf($name, size_of::<$type>(), align_of::<$type>());
        }

        impl FixedKey for $type {
            #[inline(always)]
            fn hash_key(&self, hasher: &mut KeyHasher<'_>) {
                hash_number(self.as_bytes(), hasher);
            }
        }
    )*};
}

/// Gives a number of up to sixteen bytes to a hasher, in words of eight. The length is known where this is inlined.
#[inline(always)]
pub(super) fn hash_number(bytes: &[u8], hasher: &mut KeyHasher<'_>) {
    for part in bytes.chunks(size_of::<u64>()) {
        let mut word = [0; size_of::<u64>()];
        word[..part.len()].copy_from_slice(part);
        hasher.write_u64(u64::from_le_bytes(word));
    }
}

leaves! {
    u8, "u8";
    i8, "i8";
    bool, "bool";
    rend::u16_le, "u16_le";
    rend::u32_le, "u32_le";
    rend::u64_le, "u64_le";
    rend::u128_le, "u128_le";
    rend::i16_le, "i16_le";
    rend::i32_le, "i32_le";
    rend::i64_le, "i64_le";
    rend::i128_le, "i128_le";
    rend::f32_le, "f32_le";
    rend::f64_le, "f64_le";
    rend::char_le, "char_le";
    rend::NonZeroU16_le, "NonZeroU16_le";
    rend::NonZeroU32_le, "NonZeroU32_le";
    rend::NonZeroU64_le, "NonZeroU64_le";
    rend::NonZeroI16_le, "NonZeroI16_le";
    rend::NonZeroI32_le, "NonZeroI32_le";
    rend::NonZeroI64_le, "NonZeroI64_le";
}

/// Lookups by the native number.
macro_rules! queries {
    ($($native:ty => $archived:ty;)*) => {$(
        impl Query<$archived> for $native {
            #[inline(always)]
            fn hash_query(&self, hasher: &mut KeyHasher<'_>) {
                <$archived>::from(*self).hash_key(hasher);
            }

            #[inline(always)]
            fn is_key(&self, key: &$archived) -> bool {
                <$archived>::from(*self).same(key)
            }
        }
    )*};
}

queries! {
    u16 => rend::u16_le;
    u32 => rend::u32_le;
    u64 => rend::u64_le;
    u128 => rend::u128_le;
    i16 => rend::i16_le;
    i32 => rend::i32_le;
    i64 => rend::i64_le;
    i128 => rend::i128_le;
    char => rend::char_le;
}

impl FixedValue for () {
    const SCHEMA: Schema = Schema::leaf("()", 0, 1);
}

impl<T: FixedValue, const N: usize> FixedValue for [T; N] {
    const SCHEMA: Schema = Schema {
        name: "[]",
        size: size_of::<Self>(),
        align: align_of::<Self>(),
        repeat: N,
        fields: &[FieldSchema {
            name: "0",
            offset: 0,
            schema: &T::SCHEMA,
        }],
        atomic: T::SCHEMA.atomic,
    };
}

impl<T: FixedKey, const N: usize> FixedKey for [T; N] {
    #[inline]
    fn hash_key(&self, hasher: &mut KeyHasher<'_>) {
        hasher.write(self.as_bytes());
    }

    /// (Few words one by one, as the fields of a struct: the caller may have made them just now.)
    #[inline(always)] // part of every lookup
    fn same(&self, other: &Self) -> bool {
        if size_of::<T>() < 4 || size_of::<Self>() > 32 {
            return self.same_bytes(other);
        }
        self.iter().zip(other).all(|(one, other)| one.same_bytes(other))
    }
}
