//! Keys of several parts, looked up by borrowed ones.

use core::hash::Hash;

use equivalent::Equivalent;

/// A part of a key that is looked up by [`Parts`]: a reference, or a number by value.
///
/// It hashes like the part `K` of the key. Implemented for references to whatever hashes and compares like `K` (`&str` for a `String`, an
/// [`ArenaString`](crate::ArenaString) or another `&str`), and for integers, `bool` and `char` by value.
///
/// ```
/// fn is_part<P: arenamap::Part<String>>(_: P) {}
///
/// is_part("a string");
/// ```
pub trait Part<K: ?Sized>: Hash {
    /// Whether this is that part of a key.
    ///
    /// Allocates: never. Time: that of the comparison.
    ///
    /// ```
    /// use arenamap::Part;
    ///
    /// assert!("a".is_part(&String::from("a")));
    /// ```
    fn is_part(&self, of: &K) -> bool;
}

impl<Q: Hash + Equivalent<K> + ?Sized, K: ?Sized> Part<K> for &Q {
    #[inline]
    fn is_part(&self, of: &K) -> bool {
        self.equivalent(of)
    }
}

macro_rules! by_value {
    ($($number:ty)*) => {$(
        impl Part<$number> for $number {
            #[inline]
            fn is_part(&self, of: &$number) -> bool {
                self == of
            }
        }
    )*};
}

by_value!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize bool char);

/// The borrowed parts of a key that is a tuple or a struct, to look it up without building one.
///
/// A map with keys `(String, String, u32)` cannot be asked for `(&str, &str, u32)`: that is another type, and `Borrow` cannot make one of
/// the other. `Parts((a, b, n))` hashes like the tuple and compares part by part, up to eight of them, in every method that takes
/// `Q: Hash + Equivalent<K>`, of maps and sets; also in indexmap's, and in hashbrown's with its feature `equivalent`. Nothing is joined, nothing is copied.
///
/// A key that is a struct is looked up in the same way, by the parts of its fields, if [`key_struct!`](crate::key_struct) declares it.
///
/// With the feature `fixed`, a key of a `FixedMap` that is a struct made by `fixed_struct!` is looked up in the same way, by the parts of its
/// fields: numbers by native ones, `FixedStr` by `&str`.
///
/// Where all parts but the last are names of levels, and one asks for what is below a level, a map in a map or one table for all
/// levels fits better.
///
/// # What it costs
///
/// Nanoseconds of a hit, keys of two strings and a number (`cargo bench --bench parts`, the best of three runs on a busy machine of two cores):
///
/// | entries | 100 | 1,000 | 100,000 |
/// |---|---|---|---|
/// | a key that is there already | 27 | 35 | 321 |
/// | `Parts` of a tuple | 29 | 24 | 685 |
/// | `Parts` of a struct | 29 | 28 | 623 |
/// | the parts joined in a string that is used again | 111 | 78 | 577 |
/// | the parts joined in a new string | 172 | 156 | 644 |
/// | three maps in maps | 26 | 43 | 295 |
/// | `FixedMap`: a key that is there already | 20 | 30 | 124 |
/// | `FixedMap`: `Parts` | 29 | 27 | 143 |
/// | `FixedMap`: a key built for the lookup | 58 | 62 | 270 |
///
/// With 100,000 entries the memory is what is measured. There `Parts` are slower than parts that are joined, for each string of a key
/// has a block of its own; they are not in a `FixedMap`, whose keys stand in their slots.
///
/// ```
/// use arenamap::{Arena, ArenaMap, ArenaString, Parts};
///
/// let arena = Arena::new();
/// let mut ports = ArenaMap::new_in(&arena);
/// for (service, zone, port) in [("web", "eu", 80_u32), ("web", "us", 81)] {
///     let key = (ArenaString::from_str_in(service, &arena), ArenaString::from_str_in(zone, &arena), port);
///     ports.insert(key, "up");
/// }
/// assert_eq!(ports.get(&Parts(("web", "us", 81))), Some(&"up"));
/// assert_eq!(ports.remove(&Parts(("web", "us", 82))), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parts<T>(
    /// The tuple of the parts, in the order of the key's.
    pub T,
);

macro_rules! tuples {
    ($($part:ident $key:ident $at:tt)+) => {
        impl<$($part: Part<$key>, $key,)+> Equivalent<($($key,)+)> for Parts<($($part,)+)> {
            #[inline]
            fn equivalent(&self, key: &($($key,)+)) -> bool {
                $(self.0.$at.is_part(&key.$at))&&+
            }
        }
    };
}

tuples!(A K0 0 B K1 1);
tuples!(A K0 0 B K1 1 C K2 2);
tuples!(A K0 0 B K1 1 C K2 2 D K3 3);
tuples!(A K0 0 B K1 1 C K2 2 D K3 3 E K4 4);
tuples!(A K0 0 B K1 1 C K2 2 D K3 3 E K4 4 F K5 5);
tuples!(A K0 0 B K1 1 C K2 2 D K3 3 E K4 4 F K5 5 G K6 6);
tuples!(A K0 0 B K1 1 C K2 2 D K3 3 E K4 4 F K5 5 G K6 6 I K7 7);
