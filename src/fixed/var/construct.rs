//! The ways to make a map: empty, of pairs, and of another map.

use super::super::core::Core;
use super::super::error::{Field, FixedError, SnapshotError, fail};
use super::super::header::{geometry_of, random_seed};
use super::super::key::KeySecrets;
use super::super::memory::{IntoMemory, Memory, MemoryMut};
use super::super::raw::prefetch_bytes;
use super::super::value::Frozen;
use super::order::Ordered;
use super::{Refusal, VarKey, VarMap, VarValue};
use crate::fixed::AlignedBytes;

impl<K: VarKey + ?Sized, V: VarValue + ?Sized> VarMap<K, V> {
    /// The bytes of an archive with room for `capacity` entries, whose texts have `room` bytes together.
    ///
    /// The archive needs an alignment of [`ALIGN`](Self::ALIGN) bytes. `room` is the sum of the bytes of all keys and values that are
    /// texts, and of those that will be garbage.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the address space or the format (2³⁶ bytes of texts) is too small for that much; [`try_bytes_for`](Self::try_bytes_for) returns the
    /// error.
    ///
    /// ```
    /// use arenamap::fixed::VarMap;
    ///
    /// // 1,000 pairs of texts of 40 bytes: 26 bytes a pair, and what every archive has.
    /// assert!(VarMap::<str, str>::bytes_for(1_000, 40_000) < 40_000 + 26 * 1_000 + 512);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn bytes_for(capacity: usize, room: usize) -> usize {
        match Self::try_bytes_for(capacity, room) {
            Ok(bytes) => bytes,
            Err(error) => fail(&error, "VarMap::try_bytes_for"),
        }
    }

    /// The bytes of an archive with room for `capacity` entries, whose texts have `room` bytes together.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Capacity`] or [`Field::Room`] if the address space or the format is too small for that much.
    ///
    /// ```
    /// use arenamap::fixed::{Field, VarMap};
    ///
    /// let error = VarMap::<str, str>::try_bytes_for(10, 1 << 40).unwrap_err();
    /// assert_eq!(error.field(), Field::Room);
    /// ```
    pub const fn try_bytes_for(capacity: usize, room: usize) -> Result<usize, FixedError> {
        match geometry_of::<K::Slot, V::Slot>(capacity as u64, room as u64) {
            Ok(geometry) => Ok(geometry.bytes),
            Err(error) => Err(error),
        }
    }

    /// Alignment of an archive in memory, in bytes: 16, or that of a slot if it is larger.
    pub const ALIGN: usize = super::super::layout::SlotLayout::of::<K::Slot, V::Slot>().archive_align();

    /// A map of these pairs, on the heap, with no room for more. The pairs are walked twice: to count them, and to copy them. So a growing
    /// map of any kind becomes an archive in one line.
    ///
    /// The texts of more than some thousand pairs stand in the order in which a walk meets them: it takes a part of the time that it takes in
    /// a map which was filled otherwise, and so do `verify` and `open_verified`.
    ///
    /// Allocates: heap: the archive, and for so long as it is made some 40 bytes a pair, where there are many. Time: O(pairs + bytes).
    ///
    /// # Errors
    ///
    /// [`SnapshotError`]: [`Field::Heap`] if there is no memory; [`SnapshotError::Repeated`] if a key was there twice;
    /// [`SnapshotError::Entry`] if a text is too long, or the second walk gave more than the first.
    ///
    /// ```
    /// use arenamap::fixed::VarMap;
    /// use arenamap::{ArenaMap, ArenaString, StrMap};
    ///
    /// let numbers = VarMap::<str, str>::from_pairs([("one", "eins"), ("two", "zwei")])?;
    /// assert_eq!(&numbers["one"], "eins");
    ///
    /// let words = StrMap::from([("one", "eins"), ("two", "zwei")]);
    /// let snapshot = VarMap::<str, str>::from_pairs(words.iter().map(|(key, &value)| (key, value)))?;
    /// assert_eq!(snapshot.get("two"), Some("zwei"));
    ///
    /// let lists = ArenaMap::from([(7_u64, vec![1_u8, 2, 3])]);
    /// let snapshot = VarMap::<arenamap::fixed::u64_le, [u8]>::from_pairs(lists.iter().map(|(&key, value)| (key.into(), &value[..])))?;
    /// assert_eq!(snapshot.get(&7), Some(&[1, 2, 3][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_pairs<'p, I>(pairs: I) -> Result<Self, SnapshotError<Refusal>>
    where
        I: IntoIterator<Item = (K::Given<'p>, V::Given<'p>), IntoIter: Clone>,
    {
        let mut pairs = pairs.into_iter();
        let (capacity, room) = Self::measure(pairs.clone());
        let bytes = Self::try_bytes_for(capacity, room)?;
        let map = Self::prepare(AlignedBytes::try_zeroed(bytes)?, capacity, room, random_seed())?;
        let ordered = Ordered::new(
            pairs.by_ref(),
            capacity,
            |(key, _)| prefetch_bytes(K::text(key).unwrap_or_default()),
            |(key, _)| map.hash_given(key),
        );
        match ordered {
            Some(ordered) => map.filled(ordered.into_pairs().chain(pairs)),
            None => map.filled(pairs),
        }
    }

    /// How many pairs these are, and how many bytes their texts have together: what [`bytes_for`](Self::bytes_for) takes.
    ///
    /// Allocates: never. Time: O(pairs).
    ///
    /// ```
    /// use arenamap::fixed::VarMap;
    ///
    /// assert_eq!(VarMap::<str, str>::measure([("one", "eins"), ("two", "zwei")]), (2, 14));
    /// ```
    pub fn measure<'p>(pairs: impl IntoIterator<Item = (K::Given<'p>, V::Given<'p>)>) -> (usize, usize) {
        let len = |text: Option<&[u8]>| text.map_or(0, <[u8]>::len);
        pairs.into_iter().fold((0, 0), |(pairs, bytes), (key, value)| {
            let of_pair = len(K::text(&key)).saturating_add(len(V::text(&value)));
            (pairs + 1, bytes.saturating_add(of_pair))
        })
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
    /// Makes an empty map in the given memory, with room for `capacity` entries whose texts have `room` bytes together, and a random seed.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] if the memory is too short or misaligned, or the format does not allow that much.
    pub fn create(memory: impl IntoMemory<Memory = M>, capacity: usize, room: usize) -> Result<Self, FixedError> {
        Self::create_seeded(memory, capacity, room, random_seed())
    }

    /// Makes an empty map with a given seed. The same seed and the same calls make the same bytes on every target.
    ///
    /// Whoever knows the seed can choose keys that collide, and a part of another map of this seed crowds in a smaller one: see
    /// [`FixedMap::create_seeded`](crate::fixed::FixedMap::create_seeded).
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_seeded(
        memory: impl IntoMemory<Memory = M>,
        capacity: usize,
        room: usize,
        seed: u64,
    ) -> Result<Self, FixedError> {
        let mut map = Self::prepare(memory, capacity, room, seed)?;
        map.core.room_mut().fill(0);
        map.core.finish();
        Ok(map)
    }

    /// A map of these pairs, in the given memory. `capacity` and `room` are at least what [`measure`](VarMap::measure) says of them.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`SnapshotError`]: the memory is too short or misaligned; [`SnapshotError::Repeated`] if a key was there twice;
    /// [`SnapshotError::Entry`] if there are more entries or more bytes than that, or if a text is too long. In the last two cases the
    /// memory holds no archive afterwards.
    ///
    /// ```
    /// use arenamap::fixed::{Exclusive, VarMap};
    /// use arenamap::{Arena, StrMap};
    ///
    /// let arena = Arena::with_budget(100_000);
    /// let words = StrMap::from([("one", 1_u64), ("two", 2)]);
    /// let pairs = words.iter().map(|(key, &value)| (key, value.into()));
    ///
    /// let (capacity, room) = VarMap::<str, arenamap::fixed::u64_le>::measure(pairs.clone());
    /// let need = VarMap::<str, arenamap::fixed::u64_le>::bytes_for(capacity, room);
    /// let snapshot = VarMap::<str, arenamap::fixed::u64_le, _>::snapshot(Exclusive::in_arena(&arena, need)?, capacity, room, pairs)?;
    /// assert_eq!(snapshot.get("two"), Some(&2.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot<'p>(
        memory: impl IntoMemory<Memory = M>,
        capacity: usize,
        room: usize,
        pairs: impl IntoIterator<Item = (K::Given<'p>, V::Given<'p>)>,
    ) -> Result<Self, SnapshotError<Refusal>> {
        Self::prepare(memory, capacity, room, random_seed())?.filled(pairs.into_iter())
    }

    /// This map, which was just prepared, with these pairs.
    fn filled<'p>(
        mut self,
        pairs: impl Iterator<Item = (K::Given<'p>, V::Given<'p>)>,
    ) -> Result<Self, SnapshotError<Refusal>> {
        match self.fill(pairs).map_err(SnapshotError::Entry)? {
            0 => {
                self.core.finish();
                Ok(self)
            }
            entries => Err(SnapshotError::Repeated { entries }),
        }
    }

    /// A new map, whose memory has no magic number until `finish`, and anything in the room.
    pub(super) fn prepare(
        memory: impl IntoMemory<Memory = M>,
        capacity: usize,
        room: usize,
        seed: u64,
    ) -> Result<Self, FixedError> {
        Ok(Self {
            core: Core::prepare(memory.into_memory(), capacity, room, seed)?,
            secrets: KeySecrets::seed(seed),
            seed,
            whole: true, // no entries
        })
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: Memory> VarMap<K, V, M> {
    /// A copy in other memory, without garbage, with room for `capacity` entries and `room` bytes of texts, and a new random seed. This makes
    /// a map larger, gets garbage back, and gives a published one a new seed.
    ///
    /// `room` is at least [`room_used`](Self::room_used) less [`garbage`](Self::garbage). Entries of a damaged archive whose texts are not
    /// where their slots say are left out, and of several with one key one stays, which need not be that which a lookup finds here.
    ///
    /// Allocates: never. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] if the memory is too short or misaligned, or if `capacity` ([`Field::TooSmall`]) or `room` ([`Field::TooLittleRoom`]) is less
    /// than what is there.
    ///
    /// ```
    /// use arenamap::fixed::{AlignedBytes, VarMap};
    ///
    /// let mut map = VarMap::<str, str, _>::create(AlignedBytes::zeroed(1024), 10, 100)?;
    /// map.insert("key", "longer")?;
    /// map.insert("key", "short")?;
    /// assert_eq!((map.room_used(), map.garbage()), (9, 1));
    /// let dense = map.compact_into(AlignedBytes::zeroed(1024), 10, 8)?;
    /// assert_eq!((dense.room_used(), dense.garbage(), dense.get("key")), (8, 0, Some("short")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compact_into<B: IntoMemory<Memory: MemoryMut>>(
        &self,
        memory: B,
        capacity: usize,
        room: usize,
    ) -> Result<VarMap<K, V, B::Memory>, FixedError>
    where
        V::Slot: Frozen,
    {
        if capacity < self.len() {
            return Err(FixedError::new(Field::TooSmall, self.len() as u64, capacity as u64));
        }
        let mut copy = VarMap::prepare(memory, capacity, room, random_seed())?;
        let filled = copy.fill(self.given()).and_then(|repeated| {
            if repeated > 0 {
                // An archive that was not verified may hold a key twice: now each is looked for, and the first stays.
                copy.clear();
                for (key, value) in self.given() {
                    copy.get_or_insert(key, value).map_err(|error| error.cause)?;
                }
            }
            Ok(())
        });
        filled.map_err(|refusal| match refusal {
            Refusal::Full { capacity } => FixedError::new(Field::Len, capacity as u64, capacity as u64 + 1),
            Refusal::NoRoom { needed, .. } => FixedError::new(
                Field::TooLittleRoom,
                (copy.room_used() + needed) as u64,
                copy.room() as u64,
            ),
            Refusal::TooLong { len } => FixedError::new(Field::Text, super::LONGEST as u64, len as u64),
            Refusal::Corrupt(error) => error,
        })?;
        copy.core.finish();
        Ok(copy)
    }
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: Memory> VarMap<K, V, M> {
    /// The entries as they would be given to another map, in the order of `iter`. Those whose texts are not where their slots say are left out.
    pub(in super::super) fn given(&self) -> impl Iterator<Item = (K::Given<'_>, V::Given<'_>)> + Clone + '_
    where
        V::Slot: Frozen,
    {
        let texts = self.texts();
        let slots = self.core.copies();
        slots.filter_map(move |(key, value)| Some((texts.given::<K>(key)?, texts.given::<V>(value)?)))
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
}

impl<K: VarKey + ?Sized, V: VarValue + ?Sized, M: MemoryMut> VarMap<K, V, M> {
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
}
