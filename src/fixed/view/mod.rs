//! [`FixedView`]: some fields of an archive's values, read where they stand, whatever struct wrote them; and [`Widening`]: a map of a newer
//! struct, made of an archive of an older one.
//!
//! An archive says at its end what its types are: names, sizes and offsets of all fields. So a program need not have the struct that
//! wrote it. It names the fields that it needs, in any order, and for each of them earlier names and what to take if it is not
//! there. That is compared once, when the archive is opened:
//!
//! ```text
//!  the archive's value:  Page { bytes: u64_le at 0, status: u16_le at 8, port: u16_le at 10, ... }
//!                               |                   |
//!  the view's fields:    size | "bytes"         status              weight = 1
//!  read at:                     0                   8               nowhere: the default
//! ```

mod error;
mod field;
mod projection;
mod widen;

pub use self::error::ViewError;
pub use self::projection::{Found, ProjectedField, Projection};
pub use self::widen::Widening;

use self::field::value_in;
#[cfg(feature = "serde")]
pub(super) use self::field::value_of;
use super::described::Described;
use super::error::{Field, FixedError};
use super::key::{KeyHasher, KeySecrets};
use super::layout::{Hash, LEAST_ALIGN};
use super::value::{AnyBytes, Frozen};
use super::var::{VarKey, VarQuery};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

/// Some fields of the values of an archive, read where they stand, whatever struct wrote them.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, FixedView, u16_le, u32_le, u64_le};
///
/// // Another program, a year ago.
/// arenamap::fixed_struct! { pub struct Page { pub bytes: u64_le, pub status: u16_le, pub port: u16_le, pub site: u32_le } }
/// let mut pages = FixedMap::<u64_le, Page, _>::create(AlignedBytes::zeroed(2048), 10)?;
/// pages.insert(7.into(), Page { bytes: 512.into(), status: 200.into(), port: 443.into(), site: 1.into() }).unwrap();
/// let archive = pages.into_memory();
///
/// // This program.
/// arenamap::fixed_view! {
///     /// What is needed here.
///     pub struct Seen<'m> {
///         pub status: u16_le,
///         pub size: u64_le | "bytes",                  // its name was another one
///         pub weight: u32_le = u32_le::from_native(1), // archives have it since this year
///     }
/// }
/// let view = FixedView::<u64_le, Seen>::open(&archive)?;
/// let page = view.get(&7).unwrap();
/// assert_eq!((page.status.to_native(), page.size.to_native(), page.weight.to_native()), (200, 512, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `K` is the key, as of a [`FixedMap`](super::FixedMap) or a [`VarMap`](super::VarMap), and the same as when the archive was written. `P` is
/// what [`fixed_view!`](crate::fixed_view) makes.
pub struct FixedView<'m, K: ?Sized, P> {
    archive: Described<'m>,
    /// Where each field of `P` begins in a value; `None` of one that is not there.
    offsets: Vec<Option<usize>>,
    secrets: KeySecrets,
    key: PhantomData<fn(&K) -> P>,
}

impl<'m, K: VarKey<Slot: AnyBytes + Frozen> + ?Sized, P: Projection> FixedView<'m, K, P> {
    /// Opens an archive and finds the fields.
    ///
    /// Header and schema are checked, nothing else. Whatever the bytes are, every call on the view is safe and ends; answers are right if the
    /// archive is undamaged: [`verify`](Self::verify).
    ///
    /// Allocates: heap, a few times the bytes of the schema. Time: O(bytes of the schema).
    ///
    /// # Errors
    ///
    /// [`ViewError`]: the archive is none, or its key another one; a field is not there, or has another type, with the name of the field and both
    /// types.
    pub fn open(bytes: &'m [u8]) -> Result<Self, ViewError> {
        let archive = Described::open(bytes)?;
        let align = archive
            .key_type()
            .align()
            .max(archive.value_type().align())
            .max(LEAST_ALIGN);
        let address = bytes.as_ptr().addr();
        if !address.is_multiple_of(align) {
            return Err(FixedError::new(Field::MemoryAlign, align as u64, 1 << address.trailing_zeros()).into());
        }
        projection::check_key::<K>(archive.key_type())?;
        let mut offsets = Vec::with_capacity(P::FIELDS.len());
        for field in P::FIELDS {
            offsets.push(field.find(archive.value_type())?);
        }
        Ok(Self {
            secrets: KeySecrets::seed(archive.head().seed),
            archive,
            offsets,
            key: PhantomData,
        })
    }

    /// Number of entries, as the header says.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.archive.len()
    }

    /// Whether there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fields of the value of a key, where they stand.
    ///
    /// Allocates: never. Time: O(1), and O(fields).
    pub fn get<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<P::Of<'_>> {
        let mut hasher = KeyHasher::new(&self.secrets);
        key.hash_var(&mut hasher);
        let room = self.archive.room();
        let archive = &self.archive;
        let slot = archive.find(Hash(hasher.finish()), |slot| {
            value_in::<K::Slot>(archive.entry(slot).key.as_bytes()).is_some_and(|other| key.is_var(other, room))
        })?;
        self.read(archive.entry(slot).value.as_bytes())
    }

    /// Whether the key is there.
    ///
    /// Allocates: never. Time: O(1).
    pub fn contains_key<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> bool {
        self.get(key).is_some()
    }

    /// The keys and the fields of their values, in the order of the slots. An entry of a damaged archive whose key is none is left out.
    ///
    /// Allocates: never. Time: O(capacity) for the whole iteration.
    pub fn iter(&self) -> impl Iterator<Item = (&K, P::Of<'_>)> {
        let room = self.archive.room();
        self.archive.iter().filter_map(move |entry| {
            let key = value_in::<K::Slot>(entry.key.as_bytes())?;
            Some((K::read(key, room)?, self.read(entry.value.as_bytes())?))
        })
    }

    /// Checks the whole archive, as [`FixedMap::verify`](super::FixedMap::verify).
    ///
    /// Allocates: heap, four bytes a group, and 16 for each text. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong.
    pub fn verify(&self) -> Result<(), FixedError> {
        self.archive.verify()
    }

    /// What is known of the archive without its types.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn described(&self) -> &Described<'m> {
        &self.archive
    }

    fn read<'v>(&self, value: &'v [u8]) -> Option<P::Of<'v>> {
        P::read(&mut Found {
            value,
            offsets: self.offsets.iter(),
        })
    }
}

impl<K: ?Sized, P> fmt::Debug for FixedView<'_, K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedView").finish_non_exhaustive()
    }
}
