//! Integers in a slot that can be changed through a shared reference, also by several processes at once.
//!
//! Each is the native atomic, with its value stored little-endian. So its bytes and its schema are those of `u64_le`
//! and the like, and an archive that was written with atomics can be read with plain fields.
#![allow(
    unsafe_code,
    reason = "implements rkyv's unsafe traits for integers, of which all bytes are valid"
)]

use super::value::{FixedValue, Schema};
use core::fmt;
use core::sync::atomic::Ordering;
use rkyv::{Portable, bytecheck::CheckBytes, rancor::Fallible};
use zerocopy::{FromBytes, IntoBytes};

macro_rules! atomics {
    ($($name:ident($native:ident, $integer:ty, $schema:literal, $plain:literal);)*) => {$(
        #[doc = concat!("An atomic little-endian `", stringify!($integer), "` in a slot; with plain fields it is read as `", $plain, "`.")]
        ///
        /// ```
        #[doc = concat!("use arenamap::fixed::", stringify!($name), ";")]
        /// use std::sync::atomic::Ordering::Relaxed;
        ///
        #[doc = concat!("let count = ", stringify!($name), "::new(40);")]
        /// assert_eq!(count.fetch_add(2, Relaxed), 40);
        /// assert_eq!(count.load(Relaxed), 42);
        /// ```
        #[derive(FromBytes, IntoBytes)]
        #[repr(transparent)]
        pub struct $name(core::sync::atomic::$native);

        // SAFETY: one representation on every target: the bytes of a little-endian integer.
        unsafe impl Portable for $name {}

        // SAFETY: any bytes are an integer.
        unsafe impl<C: Fallible + ?Sized> CheckBytes<C> for $name {
            unsafe fn check_bytes(_: *const Self, _: &mut C) -> Result<(), C::Error> {
                Ok(())
            }
        }

        impl FixedValue for $name {
            const SCHEMA: Schema =
                Schema { atomic: true, ..Schema::leaf($schema, size_of::<$integer>(), align_of::<Self>()) };
        }

        impl $name {
            /// A new integer.
            ///
            /// Allocates: never. Time: O(1).
            #[must_use]
            pub const fn new(value: $integer) -> Self {
                Self(core::sync::atomic::$native::new(value.to_le()))
            }

            /// The value.
            ///
            /// Allocates: never. Time: O(1).
            ///
            /// # Panics
            ///
            /// As the native atomic: if loads do not have the ordering.
            #[inline]
            pub fn load(&self, order: Ordering) -> $integer {
                <$integer>::from_le(self.0.load(order))
            }

            /// Sets the value.
            ///
            /// Allocates: never. Time: O(1).
            ///
            /// # Panics
            ///
            /// As the native atomic: if stores do not have the ordering.
            #[inline]
            pub fn store(&self, value: $integer, order: Ordering) {
                self.0.store(value.to_le(), order);
            }

            /// Sets the value and returns the old one.
            ///
            /// Allocates: never. Time: O(1).
            #[inline]
            pub fn swap(&self, value: $integer, order: Ordering) -> $integer {
                <$integer>::from_le(self.0.swap(value.to_le(), order))
            }

            /// Sets the value if it is `current`, and returns the old value; as an error, if it was another one.
            ///
            /// Allocates: never. Time: O(1).
            ///
            /// # Errors
            ///
            /// The value that was there, if it was not `current`.
            #[inline]
            pub fn compare_exchange(
                &self,
                current: $integer,
                new: $integer,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$integer, $integer> {
                self.0
                    .compare_exchange(current.to_le(), new.to_le(), success, failure)
                    .map(<$integer>::from_le)
                    .map_err(<$integer>::from_le)
            }

            /// Adds, wrapping around, and returns the old value.
            ///
            /// Allocates: never. Time: O(1).
            #[inline]
            pub fn fetch_add(&self, by: $integer, order: Ordering) -> $integer {
                #[cfg(target_endian = "little")]
                return self.0.fetch_add(by, order);
                #[cfg(target_endian = "big")]
                return self.update(order, |value| value.wrapping_add(by));
            }

            /// Subtracts, wrapping around, and returns the old value.
            ///
            /// Allocates: never. Time: O(1).
            #[inline]
            pub fn fetch_sub(&self, by: $integer, order: Ordering) -> $integer {
                self.fetch_add(by.wrapping_neg(), order)
            }

            /// Sets the larger of the two, and returns the old value.
            ///
            /// Allocates: never. Time: O(1).
            #[inline]
            pub fn fetch_max(&self, other: $integer, order: Ordering) -> $integer {
                #[cfg(target_endian = "little")]
                return self.0.fetch_max(other, order);
                #[cfg(target_endian = "big")]
                return self.update(order, |value| value.max(other));
            }

            /// Sets the smaller of the two, and returns the old value.
            ///
            /// Allocates: never. Time: O(1).
            #[inline]
            pub fn fetch_min(&self, other: $integer, order: Ordering) -> $integer {
                #[cfg(target_endian = "little")]
                return self.0.fetch_min(other, order);
                #[cfg(target_endian = "big")]
                return self.update(order, |value| value.min(other));
            }

            /// Sets the bits that are set in `bits`, and returns the old value.
            ///
            /// Allocates: never. Time: O(1).
            #[inline]
            pub fn fetch_or(&self, bits: $integer, order: Ordering) -> $integer {
                <$integer>::from_le(self.0.fetch_or(bits.to_le(), order))
            }

            /// Clears the bits that are not set in `bits`, and returns the old value.
            ///
            /// Allocates: never. Time: O(1).
            #[inline]
            pub fn fetch_and(&self, bits: $integer, order: Ordering) -> $integer {
                <$integer>::from_le(self.0.fetch_and(bits.to_le(), order))
            }

            /// The value, without an atomic access.
            ///
            /// Allocates: never. Time: O(1).
            pub fn get_mut_value(&mut self) -> $integer {
                <$integer>::from_le(*self.0.get_mut())
            }

            #[cfg(target_endian = "big")]
            fn update(&self, order: Ordering, change: impl Fn($integer) -> $integer) -> $integer {
                let change = |stored| Some(change(<$integer>::from_le(stored)).to_le());
                match self.0.fetch_update(order, Ordering::Relaxed, change) {
                    Ok(stored) | Err(stored) => <$integer>::from_le(stored),
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new(0)
            }
        }

        impl From<$integer> for $name {
            fn from(value: $integer) -> Self {
                Self::new(value)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.load(Ordering::Relaxed).fmt(f)
            }
        }
    )*};
}

atomics! {
    AtomicU8(AtomicU8, u8, "u8", "u8");
    AtomicU16Le(AtomicU16, u16, "u16_le", "u16_le");
    AtomicU32Le(AtomicU32, u32, "u32_le", "u32_le");
    AtomicU64Le(AtomicU64, u64, "u64_le", "u64_le");
    AtomicI32Le(AtomicI32, i32, "i32_le", "i32_le");
    AtomicI64Le(AtomicI64, i64, "i64_le", "i64_le");
}
