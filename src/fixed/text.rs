//! Text and bytes of varying length in a slot of fixed size.

use super::counted::counted;
use super::key::{FixedKey, KeyHasher, Query};
use super::value::{FixedValue, Schema};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;
use rkyv::{
    Portable,
    bytecheck::{CheckBytes, Verify},
    rancor::{Fallible, Source, fail},
};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The error for bytes that do not fit in a [`FixedBytes`] or [`FixedStr`].
///
/// ```
/// use arenamap::fixed::FixedStr;
///
/// let error = FixedStr::<8>::try_from("too long").unwrap_err();
/// assert_eq!((error.len, error.room), (8, 7));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// Bytes that were given.
    pub len: usize,
    /// Bytes that fit.
    pub room: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} not fit, {} do; take a larger `N`, or cut the text",
            counted(self.len, "byte does", "bytes do"),
            self.room
        )
    }
}

impl core::error::Error for TooLong {}

/// The error for bytes that are not valid: a length beyond the room, bytes after the end, or no UTF-8.
#[derive(Debug)]
struct NotCanonical;

impl fmt::Display for NotCanonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no text of fixed size: its length is beyond its room, a byte behind its end is not zero, or it is no UTF-8")
    }
}

impl core::error::Error for NotCanonical {}

/// Up to `N - 1` bytes in `N` bytes of a slot: the bytes, zeros, and the length in the last one. `N` is 1 to 256.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedBytes, FixedMap, u64_le};
///
/// let mut map = FixedMap::<FixedBytes<16>, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
/// map.insert(FixedBytes::try_from(&b"key"[..])?, 1.into()).unwrap();
/// assert_eq!(map.get(&b"key"[..]), Some(&1.into())); // looked up by `[u8]`
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Portable, CheckBytes)]
#[bytecheck(crate = rkyv::bytecheck, verify)]
#[repr(transparent)]
pub struct FixedBytes<const N: usize>([u8; N]);

impl<const N: usize> FixedBytes<N> {
    /// Bytes that fit.
    pub const ROOM: usize = {
        assert!(
            N >= 1 && N <= 256,
            "FixedBytes and FixedStr take 1 to 256 bytes, the last one for the length"
        );
        N - 1
    };

    /// A copy of these bytes.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`TooLong`] if they are more than [`ROOM`](Self::ROOM).
    pub const fn new(bytes: &[u8]) -> Result<Self, TooLong> {
        if bytes.len() > Self::ROOM {
            return Err(TooLong {
                len: bytes.len(),
                room: Self::ROOM,
            });
        }
        let mut copy = [0; N];
        let mut i = 0;
        while i < bytes.len() {
            copy[i] = bytes[i];
            i += 1;
        }
        #[allow(clippy::cast_possible_truncation, reason = "at most 255")]
        {
            copy[Self::ROOM] = bytes.len() as u8;
        }
        Ok(Self(copy))
    }

    /// The bytes.
    ///
    /// In an archive that was not verified, a length beyond the room is taken as the room.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0[..usize::from(self.0[Self::ROOM]).min(Self::ROOM)]
    }
}

/// Compares the content, as it is hashed. Bytes after the end, which an archive that was not verified may have, do not
/// count.
impl<const N: usize> PartialEq for FixedBytes<N> {
    #[inline(always)] // part of every lookup
    fn eq(&self, other: &Self) -> bool {
        // Of valid ones, the first half tells; its length is known to the compiler.
        self.0 == other.0 || self.as_slice() == other.as_slice()
    }
}

impl<const N: usize> Eq for FixedBytes<N> {}

impl<const N: usize> Hash for FixedBytes<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl<const N: usize> Deref for FixedBytes<N> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<const N: usize> TryFrom<&[u8]> for FixedBytes<N> {
    type Error = TooLong;

    fn try_from(bytes: &[u8]) -> Result<Self, TooLong> {
        Self::new(bytes)
    }
}

impl<const N: usize> Default for FixedBytes<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> fmt::Debug for FixedBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

// SAFETY: see `text_verify`: it reads its own bytes and decides.
#[allow(unsafe_code, reason = "an unsafe trait of rkyv's")]
unsafe impl<const N: usize, C: Fallible<Error: Source> + ?Sized> Verify<C> for FixedBytes<N> {
    fn verify(&self, _: &mut C) -> Result<(), C::Error> {
        let len = usize::from(self.0[Self::ROOM]);
        if len > Self::ROOM || self.0[len..Self::ROOM].iter().any(|&byte| byte != 0) {
            fail!(NotCanonical);
        }
        Ok(())
    }
}

impl<const N: usize> FixedValue for FixedBytes<N> {
    const SCHEMA: Schema = Schema::leaf("FixedBytes", N, 1);
}

impl<const N: usize> FixedKey for FixedBytes<N> {
    #[inline]
    fn hash_key(&self, hasher: &mut KeyHasher<'_>) {
        hasher.write(self.as_slice());
    }

    #[inline(always)] // part of every lookup
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl<const N: usize> Query<FixedBytes<N>> for [u8] {
    #[inline]
    fn hash_query(&self, hasher: &mut KeyHasher<'_>) {
        hasher.write(self);
    }

    #[inline]
    fn is_key(&self, key: &FixedBytes<N>) -> bool {
        self == key.as_slice()
    }
}

/// Text of up to `N - 1` bytes in `N` bytes of a slot: UTF-8, zeros, and the length in the last byte. `N` is 1 to 256.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u64_le};
///
/// let mut hits = FixedMap::<FixedStr<32>, u64_le, _>::create(AlignedBytes::zeroed(1024), 10)?;
/// *hits.entry("/index.html".try_into()?).or_insert(0.into()).unwrap() += 1;
/// assert_eq!(hits.get("/index.html"), Some(&1.into())); // looked up by `str`, nothing copied
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(
    Clone, Copy, Default, PartialEq, Eq, Hash, FromBytes, IntoBytes, Immutable, KnownLayout, Portable, CheckBytes,
)]
#[bytecheck(crate = rkyv::bytecheck, verify)]
#[repr(transparent)]
pub struct FixedStr<const N: usize>(FixedBytes<N>);

impl<const N: usize> FixedStr<N> {
    /// Bytes that fit.
    pub const ROOM: usize = FixedBytes::<N>::ROOM;

    /// A copy of this text.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`TooLong`] if it is more than [`ROOM`](Self::ROOM) bytes.
    pub const fn new(text: &str) -> Result<Self, TooLong> {
        match FixedBytes::new(text.as_bytes()) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(error) => Err(error),
        }
    }

    /// As much of a text as fits, cut between characters.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// ```
    /// use arenamap::fixed::FixedStr;
    ///
    /// assert_eq!(FixedStr::<4>::cut("aéé").as_str(), "aé");
    /// ```
    #[must_use]
    pub fn cut(text: &str) -> Self {
        let end = (0..=Self::ROOM.min(text.len()))
            .rev()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or(0);
        Self(FixedBytes::new(&text.as_bytes()[..end]).unwrap_or_default())
    }

    /// The text.
    ///
    /// In an archive that was not verified, the bytes may not be UTF-8. Then this is the longest part of them, from the
    /// beginning, that is. Lookups compare bytes and check nothing.
    ///
    /// Allocates: never. Time: O(bytes), which are checked.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.0.as_slice();
        match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        }
    }

    /// The bytes of the text.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl<const N: usize> Deref for FixedStr<N> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> TryFrom<&str> for FixedStr<N> {
    type Error = TooLong;

    fn try_from(text: &str) -> Result<Self, TooLong> {
        Self::new(text)
    }
}

impl<const N: usize> fmt::Debug for FixedStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> fmt::Display for FixedStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// SAFETY: it reads its own bytes and decides.
#[allow(unsafe_code, reason = "an unsafe trait of rkyv's")]
unsafe impl<const N: usize, C: Fallible<Error: Source> + ?Sized> Verify<C> for FixedStr<N> {
    fn verify(&self, _: &mut C) -> Result<(), C::Error> {
        // The part inside was verified before.
        if core::str::from_utf8(self.0.as_slice()).is_err() {
            fail!(NotCanonical);
        }
        Ok(())
    }
}

impl<const N: usize> FixedValue for FixedStr<N> {
    const SCHEMA: Schema = Schema::leaf("FixedStr", N, 1);
}

impl<const N: usize> FixedKey for FixedStr<N> {
    #[inline]
    fn hash_key(&self, hasher: &mut KeyHasher<'_>) {
        hasher.write(self.as_bytes());
    }

    #[inline(always)] // part of every lookup
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl<const N: usize> Query<FixedStr<N>> for str {
    #[inline]
    fn hash_query(&self, hasher: &mut KeyHasher<'_>) {
        hasher.write(self.as_bytes());
    }

    #[inline]
    fn is_key(&self, key: &FixedStr<N>) -> bool {
        self.as_bytes() == key.as_bytes()
    }
}

/// What looks up a text by itself, also one of many: `get_batch(&["a", "b"], ..)`.
macro_rules! queries {
    ($($query:ty => $type:ident by $text:ty;)*) => {$(
        impl<const N: usize> Query<$type<N>> for $query {
            #[inline]
            fn hash_query(&self, hasher: &mut KeyHasher<'_>) {
                <$text as Query<$type<N>>>::hash_query(self, hasher);
            }

            #[inline]
            fn is_key(&self, key: &$type<N>) -> bool {
                <$text as Query<$type<N>>>::is_key(self, key)
            }
        }
    )*};
}

queries! {
    &str => FixedStr by str;
    alloc::string::String => FixedStr by str;
    &[u8] => FixedBytes by [u8];
    alloc::vec::Vec<u8> => FixedBytes by [u8];
}
