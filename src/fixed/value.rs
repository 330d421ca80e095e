//! Types that may be in a slot, and how their layout is checked when an archive is opened.

use rkyv::{
    Portable,
    bytecheck::CheckBytes,
    rancor::{Failure, Strategy},
};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes};

/// The layout of a type, in a form that two programs can compare: its name, its size, and its fields with their
/// offsets.
///
/// ```
/// use arenamap::fixed::{FixedValue, u32_le, u64_le};
///
/// arenamap::fixed_struct! { pub struct Hits { pub count: u64_le, pub last: u32_le, pub first: u32_le } }
/// assert_eq!(Hits::SCHEMA.name, "Hits");
/// assert_eq!(Hits::SCHEMA.fields[1].offset, 8);
/// assert_ne!(Hits::SCHEMA.layout_hash(), u64_le::SCHEMA.layout_hash());
/// ```
///
/// If the schema of a type says that it has atomics, calls that read all bytes through a shared reference do not
/// compile, even if there are none:
///
/// ```compile_fail,E0080
/// use arenamap::fixed::__private::{rkyv, zerocopy};
/// use arenamap::fixed::{AlignedBytes, FixedMap, FixedValue, Schema, u64_le};
///
/// #[derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, rkyv::Portable, rkyv::bytecheck::CheckBytes)]
/// #[zerocopy(crate = "arenamap::fixed::__private::zerocopy")]
/// #[rkyv(crate = rkyv)]
/// #[bytecheck(crate = rkyv::bytecheck)]
/// #[repr(transparent)]
/// struct Plain(u8);
///
/// impl FixedValue for Plain {
///     const SCHEMA: Schema = Schema { atomic: true, ..Schema::leaf("Plain", 1, 1) };
/// }
///
/// let map = FixedMap::<u64_le, Plain, _>::create(AlignedBytes::zeroed(4096), 10).unwrap();
/// map.as_bytes();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Name of the type, without its path.
    pub name: &'static str,
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// How often the fields repeat: the length of an array, 1 for everything else.
    pub repeat: usize,
    /// Fields in their order; empty for a type without parts.
    pub fields: &'static [FieldSchema],
    /// Whether a shared reference to it may change it: atomics somewhere inside.
    pub atomic: bool,
}

/// One field of a [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSchema {
    /// Name of the field.
    pub name: &'static str,
    /// Offset in bytes.
    pub offset: usize,
    /// Layout of its type.
    pub schema: &'static Schema,
}

impl Schema {
    /// The layout of a type without parts.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn leaf(name: &'static str, size: usize, align: usize) -> Self {
        Self {
            name,
            size,
            align,
            repeat: 1,
            fields: &[],
            atomic: false,
        }
    }

    /// The hash of the layout, which an archive stores for its key's and its value's type: FNV-1a, 64 bits, over name,
    /// size, alignment, repetition and all fields, nested ones included. The [format](super#layout-hash) has the exact bytes.
    ///
    /// Allocates: never. Time: O(fields), usually at compile time.
    #[must_use]
    pub const fn layout_hash(&self) -> u64 {
        self.hash_into(FNV_START)
    }

    /// Bytes of this schema as it is written in an archive: the bytes of which [`layout_hash`](Self::layout_hash) is the hash.
    pub(super) const fn written_bytes(&self) -> usize {
        let mut bytes = 5 * size_of::<u64>() + self.name.len();
        let mut i = 0;
        while i < self.fields.len() {
            let field = &self.fields[i];
            bytes += 2 * size_of::<u64>() + field.name.len() + field.schema.written_bytes();
            i += 1;
        }
        bytes
    }

    /// Gives those bytes, piece by piece.
    pub(super) fn write(&self, put: &mut impl FnMut(&[u8])) {
        let number = |number: usize| (number as u64).to_le_bytes();
        put(&number(self.name.len()));
        put(self.name.as_bytes());
        for of_type in [self.size, self.align, self.repeat, self.fields.len()] {
            put(&number(of_type));
        }
        for field in self.fields {
            put(&number(field.name.len()));
            put(field.name.as_bytes());
            put(&number(field.offset));
            field.schema.write(put);
        }
    }

    const fn hash_into(&self, mut hash: u64) -> u64 {
        hash = fnv(hash, self.name.as_bytes());
        hash = fnv_number(hash, self.size);
        hash = fnv_number(hash, self.align);
        hash = fnv_number(hash, self.repeat);
        hash = fnv_number(hash, self.fields.len());
        let mut i = 0;
        while i < self.fields.len() {
            let field = &self.fields[i];
            hash = fnv(hash, field.name.as_bytes());
            hash = fnv_number(hash, field.offset);
            hash = field.schema.hash_into(hash);
            i += 1;
        }
        hash
    }
}

/// Length and bytes.
const fn fnv(mut hash: u64, bytes: &[u8]) -> u64 {
    hash = fnv_number(hash, bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        hash = fnv_byte(hash, bytes[i]);
        i += 1;
    }
    hash
}

/// Eight bytes, little-endian.
const fn fnv_number(mut hash: u64, number: usize) -> u64 {
    let bytes = (number as u64).to_le_bytes();
    let mut i = 0;
    while i < bytes.len() {
        hash = fnv_byte(hash, bytes[i]);
        i += 1;
    }
    hash
}

/// The hash of no bytes.
pub(super) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

pub(super) const fn fnv_byte(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x100_0000_01b3)
}

/// A type that may be in a slot of a [`FixedMap`](super::FixedMap). It has the same bytes on every target, no padding,
/// no pointers, and nothing to drop. Maps copy values byte by byte, and bytes that pass `CheckBytes` are a valid value.
///
/// [`fixed_struct!`](crate::fixed_struct) implements it for structs. It is implemented for rkyv's little-endian
/// numbers, `u8`, `i8`, `bool`, `()`, arrays, [`FixedStr`](super::FixedStr), [`FixedBytes`](super::FixedBytes) and
/// little-endian atomics. Native integers, tuples, `String`, `Option` and rkyv's relative pointers do not compile.
///
/// ```
/// use arenamap::fixed::{FixedValue, u64_le};
///
/// assert_eq!(<[u64_le; 3]>::SCHEMA.repeat, 3);
/// ```
///
/// ```compile_fail
/// // A native integer has other bytes on other machines.
/// arenamap::fixed::FixedMap::<u64, u64>::bytes_for(10);
/// ```
///
/// ```compile_fail,E0080
/// use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
///
/// arenamap::fixed_struct! { pub struct Token { number: u64_le } }
///
/// impl Drop for Token {
///     fn drop(&mut self) {} // never called in an archive
/// }
///
/// let _ = FixedMap::<u64_le, Token, _>::create(AlignedBytes::zeroed(1024), 10);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a slot of a `FixedMap`",
    note = "its bytes must be the same on every target, without padding or pointers: use `u64_le` and the like instead of native integers, `FixedStr<N>` instead of `String`, and `fixed_struct!` for your own structs"
)]
pub trait FixedValue: Portable + IntoBytes + CheckBytes<Strategy<(), Failure>> + Sized + 'static {
    /// The layout, whose hash an archive stores. It decides which archives open, and whether writing to an atomic
    /// removes a seal. Safety does not depend on it.
    const SCHEMA: Schema;

    /// Whether the slot says where in the room of the archive the value is.
    #[doc(hidden)]
    const IN_ROOM: bool = false;
}

/// A [`FixedValue`] whose bytes can be checked. It is implemented for all of them, so that nobody can implement it in
/// another way.
///
/// ```compile_fail,E0119
/// arenamap::fixed_struct! { pub checked struct Flag { pub on: bool } }
///
/// impl arenamap::fixed::Checked for Flag {
///     unsafe fn is_valid(_: *const Self) -> bool {
///         true // a byte of 7, too
///     }
/// }
/// ```
pub trait Checked: FixedValue {
    /// Whether the bytes at this address are a valid value.
    ///
    /// # Safety
    ///
    /// The pointer is aligned and valid for reading `size_of::<Self>()` bytes, which nobody changes meanwhile.
    #[allow(unsafe_code, reason = "its caller promises that the bytes can be read")]
    #[doc(hidden)]
    unsafe fn is_valid(bytes: *const Self) -> bool;
}

impl<T: FixedValue> Checked for T {
    #[allow(unsafe_code, reason = "passes the promise on to `bytecheck`")]
    #[inline]
    unsafe fn is_valid(bytes: *const Self) -> bool {
        // SAFETY: the same demands, passed on to the caller.
        unsafe { rkyv::bytecheck::check_bytes::<T, Failure>(bytes) }.is_ok()
    }
}

/// Declares a struct that may be in a slot: as a value and, if it has no atomics, as a key.
///
/// Fields are written as in any struct; each is a [`FixedValue`](crate::fixed::FixedValue). The struct is `repr(C)`. A
/// struct with padding does not compile: put fields with larger alignment first, or fill the gap with a `[u8; N]`.
/// Write your own derives (`Clone`, `Copy`, `Debug`) above it as usual. The macro adds `FixedValue` with its schema,
/// [`FixedKey`](crate::fixed::FixedKey), and zerocopy's and rkyv's traits, which the O(1) `open` needs. A key of up to eight fields is
/// looked up by their borrowed parts, too: `map.get(&Parts((1_u32, "/index")))`, see [`Parts`](crate::Parts).
///
/// There are three forms. `struct` is for fields for which all bytes are valid. `checked struct` is for fields that
/// must be checked (`bool`, `char_le`, `NonZeroU32_le`, `FixedStr`, checked structs); open such maps by
/// `open_verified`. `atomic struct` is for values with atomics, which are changed through shared references.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, AtomicU64Le, FixedMap, u32_le, u64_le};
///
/// arenamap::fixed_struct! {
///     /// What is known of a path.
///     #[derive(Clone, Copy, Debug, PartialEq)]
///     pub struct Page { pub bytes: u64_le, pub status: u32_le, pub port: u32_le }
/// }
/// arenamap::fixed_struct! {
///     pub atomic struct Counter { pub hits: AtomicU64Le }
/// }
/// arenamap::fixed_struct! {
///     pub checked struct Flag { pub on: bool }
/// }
///
/// let need = FixedMap::<u64_le, Page>::bytes_for(10);
/// let mut map = FixedMap::<u64_le, Page, _>::create(AlignedBytes::zeroed(need), 10)?;
/// map.insert(1.into(), Page { bytes: 512.into(), status: 200.into(), port: 443.into() }).unwrap();
/// map.get_mut(&1).unwrap().status = 404.into(); // one field, in place
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
///
/// ```compile_fail
/// use arenamap::fixed::{u32_le, u64_le};
/// // Four bytes of padding behind `port`: they would leak what was in memory.
/// arenamap::fixed_struct! { pub struct Page { pub bytes: u64_le, pub port: u32_le } }
/// ```
#[macro_export]
macro_rules! fixed_struct {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty),* $(,)? }) => {
        $crate::__any_bytes! { $($type,)* }
        $crate::__fixed_struct! { [FromBytes, Immutable] $(#[$meta])* $vis $name { $($(#[$field_meta])* $field_vis $field: $type,)* } }
        $crate::__fixed_key! { $name { $($field)* } }
        $crate::__fixed_parts! { $name $($field $type;)* }
    };
    ($(#[$meta:meta])* $vis:vis checked struct $name:ident { $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty),* $(,)? }) => {
        $crate::__fixed_struct! { [Immutable] $(#[$meta])* $vis $name { $($(#[$field_meta])* $field_vis $field: $type,)* } }
        $crate::__fixed_key! { $name { $($field)* } }
        $crate::__fixed_parts! { $name $($field $type;)* }
    };
    ($(#[$meta:meta])* $vis:vis atomic struct $name:ident { $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty),* $(,)? }) => {
        $crate::__any_bytes! { $($type,)* }
        $crate::__fixed_struct! { [FromBytes] $(#[$meta])* $vis $name { $($(#[$field_meta])* $field_vis $field: $type,)* } }
    };
}

/// Gives the error message of `AnyBytes`, before the derive gives that of another crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __any_bytes {
    ($($type:ty,)*) => {
        const _: () = {
            const fn any_bytes<T: $crate::fixed::AnyBytes>() {}
            $(any_bytes::<$type>();)*
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __fixed_struct {
    ([$($derive:ident),*] $(#[$meta:meta])* $vis:vis $name:ident { $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(
            $($crate::fixed::__private::zerocopy::$derive,)*
            $crate::fixed::__private::zerocopy::IntoBytes,
            $crate::fixed::__private::rkyv::Portable,
            $crate::fixed::__private::rkyv::bytecheck::CheckBytes,
        )]
        #[zerocopy(crate = "arenamap::fixed::__private::zerocopy")]
        #[rkyv(crate = $crate::fixed::__private::rkyv)]
        #[bytecheck(crate = $crate::fixed::__private::rkyv::bytecheck)]
        #[repr(C)]
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $type,)* }

        impl $crate::fixed::FixedValue for $name {
            const SCHEMA: $crate::fixed::Schema = $crate::fixed::Schema {
                name: ::core::stringify!($name),
                size: ::core::mem::size_of::<$name>(),
                align: ::core::mem::align_of::<$name>(),
                repeat: 1,
                fields: &[$($crate::fixed::FieldSchema {
                    name: ::core::stringify!($field),
                    offset: ::core::mem::offset_of!($name, $field),
                    schema: &<$type as $crate::fixed::FixedValue>::SCHEMA,
                },)*],
                atomic: false $(|| <$type as $crate::fixed::FixedValue>::SCHEMA.atomic)*,
            };
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __fixed_key {
    ($name:ident { $($field:ident)* }) => {
        impl $crate::fixed::FixedKey for $name {
            #[inline]
            fn hash_key(&self, hasher: &mut $crate::fixed::KeyHasher<'_>) {
                $($crate::fixed::FixedKey::hash_key(&self.$field, hasher);)*
            }

            #[inline]
            fn same(&self, other: &Self) -> bool {
                // Of valid keys, the first half tells. A short one was perhaps made field by field just now, and is compared so: the processor
                // would wait before it can read it as a whole.
                ::core::mem::size_of::<$name>() > 32 && $crate::fixed::FixedKey::same_bytes(self, other)
                    || true $(&& $crate::fixed::FixedKey::same(&self.$field, &other.$field))*
            }
        }
    };
}

/// A [`FixedValue`] for which all bytes are valid, so that [`open`](super::FixedMap::open) need not check them. It is
/// implemented for every type that is `FromBytes`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read unseen: it is no type of a slot of which any bytes are a value",
    note = "open the archive by `open_verified`, or by `open_unverified`, which checks at each lookup; in `fixed_struct!`, write `checked struct`"
)]
pub trait AnyBytes: FixedValue + FromBytes {}

#[diagnostic::do_not_recommend]
impl<T: FixedValue + FromBytes> AnyBytes for T {}

/// A [`FixedValue`] of which bytes that are all zero are a value, so that [`insert_with`](super::FixedMap::insert_with) can hand it out
/// to be written in its slot. It is implemented for every type that is `FromZeros`: numbers, `bool`, `FixedStr`, arrays of them, and what
/// [`fixed_struct!`](crate::fixed_struct) makes of a `struct` and an `atomic struct`.
///
/// A `checked struct` says that it is one by a derive, if its fields all are:
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, FromZeros, u64_le};
///
/// arenamap::fixed_struct! {
///     #[derive(FromZeros)]
///     pub checked struct Site { pub open: bool, pub name: FixedStr<31> }
/// }
///
/// let mut sites = FixedMap::<u64_le, Site, _>::create(AlignedBytes::zeroed(4096), 10)?;
/// sites.insert_with(7.into(), |site| site.open = true).unwrap();
/// assert_eq!(sites[&7].name.as_str(), "");
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to have a value whose bytes are all zero",
    note = "use `insert`; or write `#[derive(arenamap::fixed::FromZeros)]` above a `checked struct` of which all fields have one"
)]
pub trait ZeroBytes: FixedValue + FromZeros {}

#[diagnostic::do_not_recommend]
impl<T: FixedValue + FromZeros> ZeroBytes for T {}

/// Values without atomics: they can be read in memory that cannot be written.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` has atomics and may change while its bytes are read",
    note = "`seal` and `copy_into_mut` take the map by `&mut`, which keeps them still"
)]
pub trait Frozen: FixedValue + Immutable {}

#[diagnostic::do_not_recommend]
impl<T: FixedValue + Immutable> Frozen for T {}
