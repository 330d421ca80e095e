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
//!  element, construct, fill, iter, traits    what callers see
//!            |
//!      VarMap { core: Core<slot of K, slot of V, M>, secrets, seed, whole }
//! ```

mod construct;
mod entry;
mod error;
mod fill;
mod iter;
mod open;
mod part;
pub mod path;
mod repair;
mod stats;
mod traits;

pub use self::entry::{VarEntry, VarOccupiedEntry, VarVacantEntry};
pub use self::error::{Refusal, VarExtendError, VarInsertError};
pub use self::iter::{VarIter, VarKeys, VarValues};
pub use self::part::{VarKey, VarQuery, VarValue};
pub use self::path::PathArchive;

use self::part::Texts;
pub(super) use self::part::{LONGEST, Span};
pub(super) use self::repair::{BITS, Owned, class_of, classes, words};
use super::core::Core;
use super::error::FixedError;
use super::key::{KeyHasher, KeySecrets};
use super::layout::{Hash, at};
use super::memory::{Memory, MemoryMut};
use super::raw::{Place, Search};
use super::value::Frozen;
use super::{AlignedBytes, Field};

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

    /// The value of a key.
    ///
    /// In a damaged archive that was not verified, it may not find a key that is there, and a text that is not where its slot says, or
    /// that is no UTF-8 although it should be, is not found either: [`try_get`](Self::try_get) tells.
    ///
    /// Allocates: never. Time: O(bytes of the key), and of a `str` O(its bytes), which are checked to be UTF-8; not in a map that was made
    /// here, or verified.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut map = VarMap::<str, u64_le, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("seven", 7.into())?;
    /// assert_eq!(map.get("seven"), Some(&7.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn get<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        let texts = self.texts();
        let slot = self
            .core
            .find_value(self.hash(key), |other| key.is_var(other, texts.room))?;
        texts.read(slot)
    }

    /// The stored key, and its value.
    ///
    /// Allocates: never. Time: O(bytes), as [`get`](Self::get).
    #[inline]
    pub fn get_key_value<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        let texts = self.texts();
        let (found, value) = self.core.find(self.hash(key), |other| key.is_var(other, texts.room))?;
        Some((texts.read(found)?, texts.read(value)?))
    }

    /// True if the key is in the map.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    #[inline]
    pub fn contains_key<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> bool {
        let room = self.core.room();
        self.core
            .slot_of(self.hash(key), |other| key.is_var(other, room))
            .is_some()
    }

    /// The value of a key, or what is wrong with the archive.
    ///
    /// Allocates: never. Time: O(bytes), as [`get`](Self::get).
    ///
    /// # Errors
    ///
    /// [`Field::Text`] if the text is outside of the room, or no UTF-8 although it should be; [`get_bytes`](Self::get_bytes) gives what is
    /// there. [`Field::Search`] as [`FixedMap::try_get`](super::FixedMap::try_get).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap};
    /// # let map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// assert_eq!(map.try_get("seven")?, None);
    /// # Ok::<(), arenamap::fixed::FixedError>(())
    /// ```
    #[inline]
    pub fn try_get<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Result<Option<&V>, FixedError> {
        let (hash, texts) = (self.hash(key), self.texts());
        let Some(slot) = self.core.slot_of(hash, |other| key.is_var(other, texts.room)) else {
            return self.core.search_ends(hash).map(|()| None);
        };
        self.core.lend();
        match texts.read(self.core.pair(slot).1) {
            Some(value) => Ok(Some(value)),
            None => Err(FixedError::at(Field::Text, slot as u64, 0, 1)),
        }
    }

    /// The bytes of the text of a key, whether or not they are UTF-8. `None` if the key is not there, or the text is outside of the room.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    #[inline]
    pub fn get_bytes<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Option<&[u8]> {
        let room = self.core.room();
        let slot = self.core.find_value(self.hash(key), |other| key.is_var(other, room))?;
        V::span(slot)?.of(room)
    }

    /// Lets the processor fetch the place of a key, so that a lookup soon after does not wait for memory.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    #[inline]
    pub fn prefetch<Q: VarQuery<K> + ?Sized>(&self, key: &Q) {
        self.core.prefetch(self.hash(key));
    }

    /// Looks many keys up together, so that their cache misses overlap: those of tags, slots, and the texts of keys and values.
    ///
    /// It is faster than single lookups in maps larger than the second-level cache, and slower in smaller ones.
    ///
    /// Allocates: never. Time: O(bytes of the keys), and of the values as [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// If `out` has not as many places as there are keys; the message has both numbers.
    ///
    /// ```
    /// # use arenamap::fixed::VarMap;
    /// let map = VarMap::<str, str>::from_pairs([("one", "eins"), ("two", "zwei")])?;
    /// let mut out = [None; 3];
    /// map.get_batch(&["two", "three", "one"], &mut out);
    /// assert_eq!(out, [Some("zwei"), None, Some("eins")]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn get_batch<'m, Q: VarQuery<K> + ?Sized>(&'m self, keys: &[&Q], out: &mut [Option<&'m V>]) {
        /// Lookups in flight.
        const BATCH: usize = 16;
        crate::error::check_batch(keys.len(), out.len());
        let texts = self.texts();
        for (keys, out) in keys.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
            let mut hashes = [Hash(0); BATCH];
            for (hash, key) in hashes.iter_mut().zip(keys) {
                *hash = self.hash(*key);
                self.core.prefetch_home(*hash);
            }
            for &hash in &hashes[..keys.len()] {
                if let Some((key, value)) = self.core.first_alike(hash) {
                    texts.prefetch::<K>(key);
                    texts.prefetch::<V>(value);
                }
            }
            for ((out, key), &hash) in out.iter_mut().zip(keys).zip(&hashes) {
                let slot = self.core.find_value(hash, |other| key.is_var(other, texts.room));
                *out = slot.and_then(|slot| texts.read(slot));
            }
        }
    }

    /// All bytes of the archive.
    ///
    /// Allocates: never. Time: O(1).
    pub fn as_bytes(&self) -> &[u8]
    where
        V::Slot: Frozen,
    {
        self.core.bytes_frozen()
    }

    /// The memory, with the archive in it.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_memory(self) -> M {
        self.core.into_memory()
    }

    #[inline(always)]
    fn hash<Q: VarQuery<K> + ?Sized>(&self, key: &Q) -> Hash {
        let mut hasher = KeyHasher::new(&self.secrets);
        key.hash_var(&mut hasher);
        Hash(hasher.finish())
    }

    #[inline(always)]
    fn texts(&self) -> Texts<'_> {
        Texts {
            room: self.core.room(),
            whole: self.whole,
        }
    }

    fn hash_given(&self, key: &K::Given<'_>) -> Hash {
        let mut hasher = KeyHasher::new(&self.secrets);
        K::hash_given(key, &mut hasher);
        Hash(hasher.finish())
    }
}

/// The hash of a key in its slot.
fn hash_slot<K: VarKey + ?Sized>(slot: &K::Slot, room: &[u8], secrets: &KeySecrets) -> Hash {
    let mut hasher = KeyHasher::new(secrets);
    K::hash_slot(slot, room, &mut hasher);
    Hash(hasher.finish())
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// Sets the value of a key. Returns what is left of the old one: the value itself if it has a fixed size, `()` if it is a text; `None`
    /// if the key is new.
    ///
    /// A text is written over the old one if it is not longer, or if the old one is the last in the room and can grow; else it takes new bytes of
    /// the room. (What a text leaves when it becomes shorter is garbage, behind which it is not the last.)
    ///
    /// Allocates: never. Time: O(bytes of both).
    ///
    /// # Errors
    ///
    /// [`VarInsertError`] with the pair: if all entries or all bytes of the room are taken ([`Refusal`] says which), if a text is longer than
    /// 2²⁸ - 1 bytes, or if the archive is damaged and was not verified. The map is as it was.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut map = VarMap::<str, u64_le, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// assert_eq!(map.insert("seven", 6.into())?, None);
    /// assert_eq!(map.insert("seven", 7.into())?, Some(6.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::type_complexity, reason = "an alias would hide what is given back")]
    pub fn insert<'k, 'v>(
        &mut self,
        key: K::Given<'k>,
        value: V::Given<'v>,
    ) -> Result<Option<V::Old>, VarInsertError<K::Given<'k>, V::Given<'v>>> {
        let hash = self.hash_given(&key);
        let room = self.core.room();
        let placed = match self.core.place_of(hash, |other| K::is_given(&key, other, room)) {
            Ok(Search::Found(slot)) => {
                let fits = self
                    .check_old(slot, room)
                    .and_then(|old| self.check_fits(V::text(&value), old));
                match fits {
                    Ok(()) => return Ok(Some(self.replace(slot, value))),
                    Err(cause) => Err(cause),
                }
            }
            Ok(Search::Vacant(place)) => self.check_new(&key, &value).map(|()| place),
            Err(error) => Err(self.check_len().err().unwrap_or(Refusal::Corrupt(error))),
        };
        match placed {
            Ok(place) => {
                self.put(hash, place, key, value);
                Ok(None)
            }
            Err(cause) => Err(VarInsertError { key, value, cause }),
        }
    }

    /// Inserts pairs until one is refused.
    ///
    /// Allocates: never. Time: O(pairs + bytes).
    ///
    /// # Errors
    ///
    /// [`VarExtendError`] with the number of pairs that went in and the pair that did not. The rest of the iterator is dropped with it; to keep
    /// it, pass the iterator by `&mut`.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, Refusal, VarMap};
    /// # let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 20)?;
    /// map.try_extend([("one", "eins"), ("two", "zwei")])?;
    /// let error = map.try_extend([("six", "6"), ("seven", "sieben")]).unwrap_err();
    /// assert_eq!((error.inserted, error.cause.key), (1, "seven"));
    /// assert!(matches!(error.cause.cause, Refusal::NoRoom { left: 2, .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::type_complexity, reason = "as of `insert`")]
    pub fn try_extend<'k, 'v>(
        &mut self,
        pairs: impl IntoIterator<Item = (K::Given<'k>, V::Given<'v>)>,
    ) -> Result<(), VarExtendError<K::Given<'k>, V::Given<'v>>> {
        for (inserted, (key, value)) in pairs.into_iter().enumerate() {
            self.insert(key, value)
                .map_err(|cause| VarExtendError { inserted, cause })?;
        }
        Ok(())
    }

    /// The value of a key, to change in place. A text keeps its length.
    ///
    /// Allocates: never. Time: O(bytes), as [`get`](Self::get).
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, VarMap, u64_le};
    /// # let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("name", "ada")?;
    /// map.get_mut("name").unwrap().make_ascii_uppercase();
    /// assert_eq!(map.get("name"), Some("ADA"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_mut<Q: VarQuery<K> + ?Sized>(&mut self, key: &Q) -> Option<&mut V> {
        let room = self.core.room();
        let slot = self.core.slot_of(self.hash(key), |other| key.is_var(other, room))?;
        self.value_mut(slot)
    }

    /// Removes a key. Returns its value if that has a fixed size, `()` if it is a text; `None` if the key was not there. The bytes of texts
    /// become garbage.
    ///
    /// Allocates: never. Time: O(bytes of the key).
    pub fn remove<Q: VarQuery<K> + ?Sized>(&mut self, key: &Q) -> Option<V::Old> {
        let (hash, room) = (self.hash(key), self.core.room());
        let slot = self.core.slot_of(hash, |other| key.is_var(other, room))?;
        Some(self.take(hash, slot))
    }

    /// Keeps the entries for which `keep` returns true, and removes the others. An entry of a damaged archive whose texts are not where its
    /// slot says stays, and is not asked about.
    ///
    /// If `keep` panics, the entries it has not seen stay.
    ///
    /// Allocates: never. Time: O(capacity), and of each `str` O(its bytes).
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.core.unseal();
        let mut from = 0;
        while let Some(slot) = self.core.full_from(from) {
            from = slot + 1;
            if self.ask(slot, &mut keep) == Some(false) {
                let hash = hash_slot::<K>(self.core.pair(slot).0, self.core.room(), &self.secrets);
                self.take(hash, slot);
            }
        }
    }

    /// Removes all entries; capacity, room and seed stay.
    ///
    /// Allocates: never. Time: O(capacity + bytes of the room that are used); all of the room in a map that was opened and not verified.
    pub fn clear(&mut self) {
        self.core.clear();
        // An archive that is damaged may lie about the bytes that are used.
        let used = if self.whole { self.room_used() } else { self.room() };
        self.core.room_mut()[..used].fill(0);
        self.core.put(at::ROOM_USED, 0);
        self.core.put(at::GARBAGE, 0);
    }

    /// Writes the checksum of the content into the archive, and returns the bytes of the archive. The next write removes the seal.
    ///
    /// Allocates: never. Time: O(bytes); O(1) if it is sealed already.
    pub fn seal(&mut self) -> &[u8] {
        const {
            assert!(
                !M::STAYS_OPEN,
                "a file that is open for writing is sealed by `close`; `publish` writes a sealed copy of it elsewhere"
            );
        }
        self.settle();
        self.core.seal_settled();
        self.core.bytes()
    }

    /// The value in a full slot, to change in place. `None` if its text is not where it should be, or not what it should be.
    fn value_mut(&mut self, slot: usize) -> Option<&mut V> {
        self.core.unseal();
        let (_, value, room) = self.core.pair_and_room(slot);
        let text = match V::span(value) {
            Some(span) => room.get_mut(span.range())?,
            None => &mut [],
        };
        V::read_text_mut(value, text)
    }

    /// What `keep` says of an entry, if its texts are where they should be.
    fn ask(&mut self, slot: usize, keep: &mut impl FnMut(&K, &mut V) -> bool) -> Option<bool> {
        let (key, value, room) = self.core.pair_and_room(slot);
        // In an archive that lies, the two may be the same bytes, and are not given out then.
        let (key_text, value_text) = match (K::span(key), V::span(value)) {
            (Some(k), Some(v)) => room
                .get_disjoint_mut([k.range(), v.range()])
                .ok()
                .map(|[k, v]| (k, v))?,
            (Some(k), None) => (room.get_mut(k.range())?, &mut [][..]),
            (None, Some(v)) => (&mut [][..], room.get_mut(v.range())?),
            (None, None) => (&mut [][..], &mut [][..]),
        };
        let key = K::read_text(key, key_text)?;
        Some(keep(key, V::read_text_mut(value, value_text)?))
    }

    /// The text of an entry's value, which is where the slot says.
    fn check_old(&self, slot: usize, room: &[u8]) -> Result<Span, Refusal> {
        let span = V::span(self.core.pair(slot).1).unwrap_or(Span::EMPTY);
        match span.of(room) {
            Some(_) => Ok(span),
            None => Err(Refusal::Corrupt(FixedError::at(Field::Text, slot as u64, 0, 1))),
        }
    }

    /// Whether there may be an entry more.
    fn check_len(&self) -> Result<(), Refusal> {
        let capacity = self.capacity();
        if self.len() < capacity {
            Ok(())
        } else {
            Err(Refusal::Full { capacity })
        }
    }

    /// Whether a new entry fits.
    fn check_new(&self, key: &K::Given<'_>, value: &V::Given<'_>) -> Result<(), Refusal> {
        self.check_len()?;
        let texts = [K::text(key).unwrap_or_default(), V::text(value).unwrap_or_default()];
        for text in texts {
            if text.len() > LONGEST {
                return Err(Refusal::TooLong { len: text.len() });
            }
        }
        self.check_room(texts[0].len() + texts[1].len())
    }

    /// Whether a text fits in place of another, or in the room.
    fn check_fits(&self, text: Option<&[u8]>, old: Span) -> Result<(), Refusal> {
        match text.unwrap_or_default().len() {
            len if len <= old.len() => Ok(()),
            len if len > LONGEST => Err(Refusal::TooLong { len }),
            len if old.is_last(self.room_used()) => self.check_room(len - old.len()),
            len => self.check_room(len),
        }
    }

    fn check_room(&self, needed: usize) -> Result<(), Refusal> {
        let left = self.room() - self.room_used();
        if needed <= left {
            return Ok(());
        }
        let garbage = self.garbage();
        Err(Refusal::NoRoom { needed, left, garbage })
    }

    /// Writes a new entry, which was checked to fit, into the place that was just chosen for it, and gives its slot.
    fn put(&mut self, hash: Hash, place: Place, key: K::Given<'_>, value: V::Given<'_>) -> usize {
        let len = self.len();
        self.core.unseal();
        let (at_key, at_value) = (self.append(K::text(&key)), self.append(V::text(&value)));
        self.core
            .put_in(hash, place, K::slot(key, at_key), V::slot(value, at_value), len)
    }

    /// Writes a text behind the others, and counts its bytes as used. It was checked to fit.
    fn append(&mut self, text: Option<&[u8]>) -> Span {
        let Some(text) = text else { return Span::EMPTY };
        let used = self.room_used();
        self.core.room_mut()[used..][..text.len()].copy_from_slice(text);
        self.core.put(at::ROOM_USED, (used + text.len()) as u64);
        Span::new(used, text.len())
    }

    /// Writes another value over that of an entry. It was checked to fit.
    fn replace(&mut self, slot: usize, value: V::Given<'_>) -> V::Old {
        self.core.unseal();
        let old = V::span(self.core.pair(slot).1).unwrap_or(Span::EMPTY);
        let used = self.room_used();
        let span = match V::text(&value) {
            Some(text) if text.len() <= old.len() || old.is_last(used) => {
                let span = Span::new(old.range().start, text.len());
                // (It was checked to be in the room.)
                if let Some(bytes) = self.core.room_mut().get_mut(span.range()) {
                    bytes.copy_from_slice(text);
                }
                if text.len() > old.len() {
                    self.core.put(at::ROOM_USED, span.range().end as u64);
                } else {
                    self.count_garbage(old.len() - text.len());
                }
                span
            }
            text => {
                let span = self.append(text);
                self.count_garbage(old.len());
                span
            }
        };
        let place = self.core.pair_mut(slot).1;
        V::old(core::mem::replace(place, V::slot(value, span)))
    }

    /// Takes an entry out.
    fn take(&mut self, hash: Hash, slot: usize) -> V::Old {
        let (key, value) = self.core.vacate(hash, slot);
        let texts = [K::span(&key), V::span(&value)];
        self.count_garbage(texts.into_iter().flatten().map(Span::len).sum());
        V::old(value)
    }

    /// Counts so many bytes of the used ones as garbage.
    fn count_garbage(&mut self, bytes: usize) {
        if bytes > 0 {
            let garbage = self.garbage().saturating_add(bytes).min(self.room_used());
            self.core.put(at::GARBAGE, garbage as u64);
        }
    }
}
