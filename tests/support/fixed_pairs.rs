//! Types of keys and values for the programs of `fixed_ops.rs`: numbers, texts, structs, nothing, padding, and bytes that
//! have to be checked.

#![allow(clippy::cast_possible_truncation, reason = "numbers of keys are small")]
#![allow(
    clippy::type_complexity,
    reason = "associated types are long, and an alias in a trait is not stable"
)]

use std::fmt::Debug;

use arenamap::fixed::{
    Checked, FixedError, FixedKey, FixedMap, FixedStr, FixedValue, Frozen, Holds, IntoMemory, MemoryMut, NonZeroU16_le,
    NonZeroU32_le, Query, u16_le, u32_le, u64_le,
};

/// A type of key and a type of value, with a number for each.
pub(crate) trait Pairs: 'static {
    type Key: FixedKey + Checked + Copy + Debug;
    type Value: FixedValue + Checked + Frozen + Copy + Debug + Default + PartialEq;
    /// What keys are looked up by.
    type Query: Query<Self::Key> + ?Sized;

    /// Keys of numbers below this are different; so are the next two.
    const KEYS: u64;
    /// Whether `open` takes them: any bytes are a key and a value.
    const OPENS_UNREAD: bool;

    fn key(number: u64) -> Self::Key;
    fn number(key: &Self::Key) -> u64;
    fn value(number: u64) -> Self::Value;
    fn query<R>(number: u64, f: impl FnOnce(&Self::Query) -> R) -> R;

    /// `FixedMap::open`, or what comes nearest.
    fn open<I: IntoMemory>(memory: I) -> Result<FixedMap<Self::Key, Self::Value, I::Memory>, FixedError>
    where
        I::Memory: Holds<Self::Value>;

    /// `FixedMap::open_mut`, or what comes nearest.
    fn open_mut<I: IntoMemory>(memory: I) -> Result<FixedMap<Self::Key, Self::Value, I::Memory>, FixedError>
    where
        I::Memory: MemoryMut + Holds<Self::Value>;
}

/// Declares one pair of types.
macro_rules! pairs {
    ($(
        $(#[$doc:meta])*
        $name:ident: $key:ty => $value:ty, by $query:ty, $opens:literal $open:ident $open_mut:ident {
            $($body:tt)*
        }
    )*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Pairs for $name {
            type Key = $key;
            type Value = $value;
            type Query = $query;
            const OPENS_UNREAD: bool = $opens;

            $($body)*

            fn open<I: IntoMemory>(memory: I) -> Result<FixedMap<$key, $value, I::Memory>, FixedError>
            where
                I::Memory: Holds<$value>,
            {
                FixedMap::$open(memory)
            }

            fn open_mut<I: IntoMemory>(memory: I) -> Result<FixedMap<$key, $value, I::Memory>, FixedError>
            where
                I::Memory: MemoryMut + Holds<$value>,
            {
                FixedMap::$open_mut(memory)
            }
        }
    )*};
}

arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub(crate) struct Page { bytes: u64_le, status: u32_le, parts: [u16_le; 2] }
}
arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub(crate) checked struct Who { id: NonZeroU32_le, admin: bool, site: FixedStr<7> }
}
arenamap::fixed_struct! {
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub(crate) checked struct Flags { port: NonZeroU16_le, on: bool, off: bool }
}

impl Default for Flags {
    fn default() -> Self {
        Unread::value(0)
    }
}

/// Looks a `Who` up by its parts.
pub(crate) struct ByParts<'a>(u32, bool, &'a str);

impl Query<Who> for ByParts<'_> {
    fn hash_query(&self, hasher: &mut arenamap::fixed::KeyHasher<'_>) {
        Query::<NonZeroU32_le>::hash_query(&NonZeroU32_le::from_native(self.0.try_into().unwrap()), hasher);
        self.1.hash_key(hasher);
        Query::<FixedStr<7>>::hash_query(self.2, hasher);
    }

    fn is_key(&self, key: &Who) -> bool {
        (self.0, self.1, self.2) == (key.id.get(), key.admin, &key.site)
    }
}

const SITES: [&str; 4] = ["", "a", "aa", "site b"];

pairs! {
    /// Numbers by numbers.
    Numbers: u64_le => u64_le, by u64, true open open_mut {
        const KEYS: u64 = u64::MAX - 2;
        fn key(number: u64) -> u64_le {
            number.into()
        }
        fn number(key: &u64_le) -> u64 {
            key.to_native()
        }
        fn value(number: u64) -> u64_le {
            number.into()
        }
        fn query<R>(number: u64, f: impl FnOnce(&u64) -> R) -> R {
            f(&number)
        }
    }

    /// A struct by text of different lengths, looked up by `str`.
    Texts: FixedStr<16> => Page, by str, true open open_mut {
        const KEYS: u64 = 1 << 40;
        fn key(number: u64) -> FixedStr<16> {
            Self::query(number, |text| text.try_into().expect("13 digits fit"))
        }
        fn number(key: &FixedStr<16>) -> u64 {
            if key.is_empty() { 0 } else { key.parse().expect("a number") }
        }
        fn value(number: u64) -> Page {
            Page { bytes: number.into(), status: 200.into(), parts: [(number as u16).into(), 7.into()] }
        }
        fn query<R>(number: u64, f: impl FnOnce(&str) -> R) -> R {
            if number == 0 { f("") } else { f(&number.to_string()) }
        }
    }

    /// Nothing by small numbers: a set.
    Set: u32_le => (), by u32, true open open_mut {
        const KEYS: u64 = 1 << 31;
        fn key(number: u64) -> u32_le {
            (number as u32).into()
        }
        fn number(key: &u32_le) -> u64 {
            key.to_native().into()
        }
        fn value(_: u64) {}
        fn query<R>(number: u64, f: impl FnOnce(&u32) -> R) -> R {
            f(&(number as u32))
        }
    }

    /// Three bytes and two: a byte of each slot is padding.
    Padded: [u8; 3] => u16_le, by [u8; 3], true open open_mut {
        const KEYS: u64 = 1 << 23;
        fn key(number: u64) -> [u8; 3] {
            [number as u8, (number >> 8) as u8, (number >> 16) as u8]
        }
        fn number(key: &[u8; 3]) -> u64 {
            u32::from_le_bytes([key[0], key[1], key[2], 0]).into()
        }
        fn value(number: u64) -> u16_le {
            (number as u16).into()
        }
        fn query<R>(number: u64, f: impl FnOnce(&[u8; 3]) -> R) -> R {
            f(&Self::key(number))
        }
    }

    /// Keys and values with bytes that have to be checked, looked up by parts.
    Unread: Who => Flags, by ByParts<'static>, false open_verified open_verified {
        const KEYS: u64 = 1 << 31;
        fn key(number: u64) -> Who {
            Self::query(number, |&ByParts(id, admin, site)| Who {
                id: NonZeroU32_le::from_native(id.try_into().expect("from 1 on")),
                admin,
                site: site.try_into().expect("6 bytes fit"),
            })
        }
        fn number(key: &Who) -> u64 {
            u64::from(key.id.get()) - 1
        }
        fn value(number: u64) -> Flags {
            let port = (number % 60_000) as u16 + 1;
            Flags {
                port: NonZeroU16_le::from_native(port.try_into().expect("from 1 on")),
                on: port.is_multiple_of(3),
                off: !port.is_multiple_of(3),
            }
        }
        fn query<R>(number: u64, f: impl FnOnce(&ByParts<'static>) -> R) -> R {
            f(&ByParts(number as u32 + 1, number % 2 == 1, SITES[number as usize % SITES.len()]))
        }
    }
}
