//! With default features, the crate brings no trait implementations between types of others that make inference fail in code
//! that compiles with hashbrown's maps.
//!
//! The features `fixed` and `rkyv` do bring some: rend compares its little-endian numbers with native ones, so that the type of
//! one side of `==` does not tell that of the other any more. That is why they are not on by default.
#![cfg(not(any(feature = "fixed", feature = "rkyv")))]
#![allow(clippy::float_cmp, reason = "types are what is tested; the numbers are exact")]

use arenamap::{ArenaMap, StrMap};

#[test]
fn default_features_leave_inference_of_unrelated_code_as_it_is() {
    macro_rules! inferred {
        ($($number:ty, $text:literal;)*) => {$(
            let map = ArenaMap::<&str, $number>::from([("a", $text.parse().unwrap())]);
            assert_eq!(map["a"], $text.parse().unwrap());
            assert!(map["a"] == $text.parse().unwrap() && map["a"] >= $text.parse().unwrap());
            assert_eq!(map.get("b").copied().unwrap_or_default(), Default::default());
            let words = StrMap::from([("a", map["a"])]);
            assert_eq!(*words.get("a").unwrap(), $text.parse().unwrap());
        )*};
    }
    inferred! {
        u8, "7"; u16, "7"; u32, "7"; u64, "7"; u128, "7"; usize, "7";
        i8, "-7"; i16, "-7"; i32, "-7"; i64, "-7"; i128, "-7"; isize, "-7";
        f32, "0.5"; f64, "0.5"; char, "c"; bool, "true";
    }
    let total: u64 = ArenaMap::<_, u64>::from([("a", 1), ("b", 2)]).values().sum();
    assert_eq!(total, "3".parse().unwrap());
}
