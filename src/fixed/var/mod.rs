//! [`VarMap`]: keys and values of any length, in one buffer that is its own archive.
//!
//! A [`FixedMap`](super::FixedMap) whose slots say where in the buffer a text is:
//!
//! ```text
//!  | header | groups of tags | slots: (offset, length) of key and value, or the value itself | texts: an arena of bytes | schema |
//! ```
//!
//! Everything that makes a map here is what makes a `FixedMap`: the format, the hash function, the search, the order of writes, the
//! seal. New are the texts (`part.rs`), and what is said of them: that they are there (`open.rs`), and no two in one place (`repair.rs`).
//!
//! ```text
//!  element, entry, bulk, construct, fill, iter, traits    what callers see
//!            |
//!          room                                           what is written, once it is known to fit
//!            |
//!      VarMap { core: Core<slot of K, slot of V, M>, secrets, seed, whole }
//! ```

mod bulk;
mod construct;
mod element;
mod entry;
mod error;
mod fill;
mod iter;
mod iter_mut;
mod open;
mod order;
mod part;
pub mod path;
mod repair;
mod room;
mod stats;
mod traits;

pub use self::entry::{VarEntry, VarOccupiedEntry, VarVacantEntry};
pub use self::error::{Refusal, VarExtendError, VarInsertError};
pub use self::iter::{VarIter, VarKeys, VarValues};
pub use self::iter_mut::{VarExtractIf, VarIterMut};
pub use self::part::{VarKey, VarQuery, VarValue};
pub use self::path::PathArchive;

pub(super) use self::part::{LONGEST, Span, Texts};
pub(super) use self::repair::{BITS, Owned, class_of, classes, words};
use super::AlignedBytes;
use super::core::Core;
use super::key::{KeyHasher, KeySecrets};
use super::layout::{Hash, at};
use super::memory::Memory;

/// A hash map with keys and values of any length in one buffer of bytes, which is its own zero-copy archive.
///
/// `K` is `str`, `[u8]`, or a [`FixedKey`](super::FixedKey); `V` is `str`, `[u8]`, or a [`FixedValue`](super::FixedValue). A slot has a
/// fixed size; the bytes of texts stand behind the slots, in a room whose size is chosen when the map is made. They are appended when
/// a text is new, and written over when a new value is not longer than the old one, or the old one is the last in the room. What is left over is garbage, which
/// [`garbage`](Self::garbage) counts and [`compact_into`](Self::compact_into) leaves out. The map never grows and never calls the
/// heap; a full one says which of the two is full and gives the pair back.
///
/// It is the same format as that of a [`FixedMap`](super::FixedMap), and its words on memory, seeds, seals, and ways of opening hold here, too.
/// A text takes 8 bytes in its slot; with 12 slots to 8 entries, a pair of texts takes 26 bytes beside its own.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, VarMap};
///
/// let need = VarMap::<str, str>::bytes_for(100, 4_000); // 100 entries, whose texts have 4,000 bytes together
/// let mut settings = VarMap::<str, str, _>::create(AlignedBytes::zeroed(need), 100, 4_000)?;
/// settings.insert("motd", "Welcome back")?;
/// settings.insert("motd", "Hello")?; // written over the old one
/// assert_eq!((settings.get("motd"), settings.garbage()), (Some("Hello"), 7));
///
/// let bytes = settings.seal().to_vec(); // the snapshot: one copy
/// let there = AlignedBytes::from_slice(&bytes);
/// let view = VarMap::<str, str, _>::open(&there[..])?; // O(1), nothing is read but the header
/// assert_eq!(view.get("motd"), Some("Hello")); // read in place
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct VarMap<K: VarKey + ?Sized, V: VarValue + ?Sized, M = AlignedBytes> {
    pub(super) core: Core<K::Slot, V::Slot, M>,
    secrets: KeySecrets,
    seed: u64,
    /// T1 of `part.rs` is known to hold.
    whole: bool,
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: Memory> VarMap<K, V, M> {
    /// Number of entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// Whether there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most entries that the map takes, if their texts fit.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.core.capacity()
    }

    /// Bytes of the room for texts.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn room(&self) -> usize {
        self.core.geometry().room
    }

    /// Bytes of the room that were given to texts, garbage included.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "at most the room")]
    pub fn room_used(&self) -> usize {
        self.core.number(at::ROOM_USED).min(self.room() as u64) as usize
    }

    /// Bytes of texts that are not there any more: removed, or written anew. They are not used again here.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "at most the room")]
    pub fn garbage(&self) -> usize {
        self.core.number(at::GARBAGE).min(self.room_used() as u64) as usize
    }

    /// The seed of the hash function, which is also in the archive.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How often the archive was published.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.core.number(at::GENERATION)
    }

    /// Whether the archive has a checksum of its content. It does from [`seal`](Self::seal) until the next write, or
    /// until the next lookup that gives out a value with atomics.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.core.is_sealed()
    }

    #[inline(always)]
    fn hash<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Hash {
        hash_query(key, &self.secrets)
    }

    #[inline(always)]
    fn texts(&self) -> Texts<'_> {
        Texts {
            room: self.core.room(),
            whole: self.whole,
        }
    }

    fn hash_given(&self, key: &K::Given<'_>) -> Hash {
        hash_given::<K>(key, &self.secrets)
    }
}

/// The hash of a key that is looked up.
#[inline(always)]
pub(super) fn hash_query<K: VarKey + ?Sized, Q: VarQuery<K> + ?Sized>(key: &Q, secrets: &KeySecrets) -> Hash {
    let mut hasher = KeyHasher::new(secrets);
    key.hash_var(&mut hasher);
    Hash(hasher.finish())
}

/// The hash of a key that is given to a map.
pub(super) fn hash_given<K: VarKey + ?Sized>(key: &K::Given<'_>, secrets: &KeySecrets) -> Hash {
    let mut hasher = KeyHasher::new(secrets);
    K::hash_given(key, &mut hasher);
    Hash(hasher.finish())
}

/// The hash of a key in its slot.
pub(super) fn hash_slot<K: VarKey + ?Sized>(slot: &K::Slot, room: &[u8], secrets: &KeySecrets) -> Hash {
    let mut hasher = KeyHasher::new(secrets);
    K::hash_slot(slot, room, &mut hasher);
    Hash(hasher.finish())
}
