//! The ways to make an archive of a map of paths.
//!
//! ```text
//!  the map, depth first   enter a level: a new entry below the level that is open, which it is then itself
//!                         leave it: the level above is open again
//!  while it is made       links of a node: first = its last child so far, whose next is its first one
//!  in the end             first = its first child, and the next of the last one is 0
//! ```
//!
//! Levels and their texts come in the order of the map, so that of the same map and seed the same bytes are made.

use super::links::{Link, MOST_SLOTS, link_bytes, number_of};
use super::{Child, Give, Part, PartSlot, PathArchive, Value};
use crate::PathMap;
use crate::arena::Handle;
use crate::fixed::AlignedBytes;
use crate::fixed::error::{Field, FixedError, SnapshotError, fail};
use crate::fixed::header::{geometry_of, random_seed};
use crate::fixed::layout::{ENTRIES_PER_GROUP, LANES, at};
use crate::fixed::memory::{IntoMemory, MemoryMut};
use crate::fixed::raw::Search;
use crate::fixed::var::{Refusal, VarKey, VarMap};
use crate::nested::{PathKey, Step};
use zerocopy::FromZeros;

/// Most levels of a tree: of eight, or nearly, for a group of slots, and an odd number of groups.
const MOST_LEVELS: u64 = {
    let groups = MOST_SLOTS / LANES;
    ((groups - 1) | 1) as u64 * ENTRIES_PER_GROUP
};

/// Bytes of the links of an archive of so many levels, which has so many slots.
pub(in crate::fixed) fn links_for(levels: usize, slots: usize) -> Result<usize, FixedError> {
    link_bytes(slots).map_err(|_| FixedError::new(Field::Capacity, MOST_LEVELS, levels as u64))
}

impl<K: Part + ?Sized, V: Value + ?Sized> PathArchive<K, V> {
    /// The bytes of an archive of so many levels, whose texts have `texts` bytes together: what [`measure`](Self::measure) says.
    ///
    /// The archive needs an alignment of [`ALIGN`](Self::ALIGN) bytes.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Panics
    ///
    /// If the address space or the format is too small for that much; [`try_bytes_for`](Self::try_bytes_for) returns the error.
    #[must_use]
    #[track_caller]
    pub fn bytes_for(levels: usize, texts: usize) -> usize {
        match Self::try_bytes_for(levels, texts) {
            Ok(bytes) => bytes,
            Err(error) => fail(&error, "PathArchive::try_bytes_for"),
        }
    }

    /// The bytes of an archive of so many levels, whose texts have `texts` bytes together.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Capacity`] or [`Field::Room`] if the address space or the format is too small for that much: 1,431,655,752 levels are the most.
    pub fn try_bytes_for(levels: usize, texts: usize) -> Result<usize, FixedError> {
        let room = Self::room_for(levels, texts)?;
        VarMap::<Child<K>, V>::try_bytes_for(levels, room)
    }

    /// Alignment of an archive in memory, in bytes: 16, or that of a slot if it is larger.
    pub const ALIGN: usize = VarMap::<Child<K>, V>::ALIGN;

    /// Bytes of the room: links and texts.
    fn room_for(levels: usize, texts: usize) -> Result<usize, FixedError> {
        let slots = geometry_of::<PartSlot<K>, V::Slot>(levels as u64, 0)?.slots();
        Ok(links_for(levels, slots)?.saturating_add(texts))
    }

    /// How many levels a map has, the empty path included, and how many bytes their texts have together: what
    /// [`bytes_for`](Self::bytes_for) takes.
    ///
    /// Allocates: never. Time: O(levels).
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::PathArchive;
    ///
    /// let map: PathMap<str, &str> = [(["one", "two"], "three")].into_iter().collect();
    /// assert_eq!(PathArchive::<str, str>::measure(&map), (3, 11));
    /// ```
    pub fn measure<P, W, S, H>(map: &PathMap<P, W, S, H>) -> (usize, usize)
    where
        P: PathKey + Give<K> + ?Sized,
        W: Give<V>,
        H: Handle,
    {
        let (mut levels, mut bytes) = (0, 0_usize);
        let mut add = |text: Option<&[u8]>| bytes = bytes.saturating_add(text.map_or(0, <[u8]>::len));
        for node in map.nodes() {
            levels += 1;
            if let Some(key) = node.key() {
                add(K::text(&key.give()));
            }
            if let Some(value) = node.value() {
                add(V::text(&value.give()));
            }
        }
        (levels, bytes)
    }

    /// An archive of a map, on the heap. The map is walked twice: to measure it, and to copy it.
    ///
    /// Allocates: heap, once. Time: O(levels + bytes).
    ///
    /// # Errors
    ///
    /// [`SnapshotError`]: [`Field::Heap`](crate::fixed::Field::Heap) if there is no memory; [`SnapshotError::Repeated`] if two parts beside each
    /// other became the same by their conversion; [`SnapshotError::Entry`] if a text is longer than 2²⁸ - 1 bytes.
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{PathArchive, u32_le};
    ///
    /// let map: PathMap<str, u32> = [("a/b".split('/'), 1)].into_iter().collect();
    /// let archive = PathArchive::<str, u32_le>::from_map(&map)?;
    /// assert_eq!(archive.get(["a", "b"]), Some(&1.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_map<P, W, S, H>(map: &PathMap<P, W, S, H>) -> Result<Self, SnapshotError<Refusal>>
    where
        P: PathKey + Give<K> + ?Sized,
        W: Give<V>,
        H: Handle,
    {
        let (levels, texts) = Self::measure(map);
        let bytes = Self::try_bytes_for(levels, texts)?;
        Self::make(AlignedBytes::try_zeroed(bytes)?, map, (levels, texts), random_seed())
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M: MemoryMut> PathArchive<K, V, M> {
    /// An archive of a map, in the given memory, with a random seed. It has at least [`bytes_for`](PathArchive::bytes_for) what
    /// [`measure`](PathArchive::measure) says of the map.
    ///
    /// Allocates: never. Time: O(levels + bytes).
    ///
    /// # Errors
    ///
    /// As [`from_map`](PathArchive::from_map), and if the memory is too short or misaligned. After any other error the memory holds no
    /// archive.
    ///
    /// ```
    /// use arenamap::fixed::{Exclusive, PathArchive};
    /// use arenamap::{Arena, PathMap};
    ///
    /// let arena = Arena::with_budget(100_000);
    /// let mut map = PathMap::<str, &str, _, _>::new_in(&arena);
    /// map.insert(["one", "two"], "three");
    ///
    /// let (levels, texts) = PathArchive::<str, str>::measure(&map);
    /// let need = PathArchive::<str, str>::bytes_for(levels, texts);
    /// let snapshot = PathArchive::<str, str, _>::snapshot(Exclusive::in_arena(&arena, need)?, &map)?;
    /// assert_eq!(snapshot.get(["one", "two"]), Some("three"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot<P, W, S, H>(
        memory: impl IntoMemory<Memory = M>,
        map: &PathMap<P, W, S, H>,
    ) -> Result<Self, SnapshotError<Refusal>>
    where
        P: PathKey + Give<K> + ?Sized,
        W: Give<V>,
        H: Handle,
    {
        Self::snapshot_seeded(memory, map, random_seed())
    }

    /// An archive of a map, in the given memory, with a given seed. The same tree, in the same order, and the same seed make the same bytes
    /// on every target.
    ///
    /// Whoever knows the seed can choose parts that collide.
    ///
    /// Allocates: never. Time: O(levels + bytes).
    ///
    /// # Errors
    ///
    /// As [`snapshot`](Self::snapshot).
    pub fn snapshot_seeded<P, W, S, H>(
        memory: impl IntoMemory<Memory = M>,
        map: &PathMap<P, W, S, H>,
        seed: u64,
    ) -> Result<Self, SnapshotError<Refusal>>
    where
        P: PathKey + Give<K> + ?Sized,
        W: Give<V>,
        H: Handle,
    {
        Self::make(memory, map, PathArchive::<K, V>::measure(map), seed)
    }

    fn make<P, W, S, H>(
        memory: impl IntoMemory<Memory = M>,
        map: &PathMap<P, W, S, H>,
        (levels, texts): (usize, usize),
        seed: u64,
    ) -> Result<Self, SnapshotError<Refusal>>
    where
        P: PathKey + Give<K> + ?Sized,
        W: Give<V>,
        H: Handle,
    {
        let room = PathArchive::<K, V>::room_for(levels, texts)?;
        let mut archive = Self {
            table: VarMap::prepare(memory, levels, room, seed)?,
        };
        let table = &mut archive.table;
        table.core.room_mut().fill(0);
        let links = (room - texts) as u64;
        table.core.put(at::ROOM_USED, links);
        table.core.put(at::GARBAGE, links); // no text's
        let no_part = || K::given(K::Slot::new_zeroed(), &[]);
        let no_value = || V::given(V::Slot::new_zeroed(), &[]);
        let (mut parent, mut values) = (0, 0);
        for step in map.walk() {
            let node = match step {
                Step::Enter(node) => node,
                Step::Leave(_) => {
                    parent = archive.parent_of(parent);
                    continue;
                }
            };
            let value = node.value();
            values += u32::from(value.is_some());
            let part = node.key().map(Give::give).or_else(no_part);
            let slot_value = value.map(Give::give).or_else(no_value);
            let (Some(part), Some(slot_value)) = (part, slot_value) else {
                unreachable!("the text of zeros is that without bytes")
            };
            parent = archive.add(parent, part, slot_value, value.is_some())?;
        }
        archive.straighten();
        let root = archive.link(0).first;
        let room = archive.table.core.room_mut();
        let top = Link {
            first: root,
            next: values,
            has_value: false,
        };
        top.put(room, 0);
        archive.table.core.finish();
        Ok(archive)
    }

    /// Adds a node behind the other children of its parent, and gives its number.
    fn add(
        &mut self,
        parent: u32,
        part: K::Given<'_>,
        value: V::Given<'_>,
        has_value: bool,
    ) -> Result<u32, SnapshotError<Refusal>> {
        let key = (part, parent);
        let table = &mut self.table;
        let hash = table.hash_given(&key);
        let room = table.core.room();
        let place = match table
            .core
            .place_of(hash, |other| Child::<K>::is_given(&key, other, room))
        {
            Ok(Search::Vacant(place)) => place,
            Ok(Search::Found(_)) => return Err(SnapshotError::Repeated { entries: 1 }),
            Err(error) => return Err(SnapshotError::Entry(Refusal::Corrupt(error))),
        };
        table.check_new(&key, &value).map_err(SnapshotError::Entry)?;
        let number = number_of(table.put(hash, place, key, value));
        let mut above = self.link(parent);
        let mut link = Link {
            has_value,
            next: number,
            ..Link::default()
        };
        let room = self.table.core.room_mut();
        if above.first != 0 {
            let mut last = Link::of(room, above.first);
            link.next = core::mem::replace(&mut last.next, number);
            last.put(room, above.first);
        }
        link.put(room, number);
        above.first = number;
        above.put(room, parent);
        Ok(number)
    }

    /// Makes of the ring of each node's children a row that ends.
    fn straighten(&mut self) {
        let mut number = Some(0);
        while let Some(parent) = number {
            let mut above = self.link(parent);
            if above.first != 0 {
                let room = self.table.core.room_mut();
                let mut last = Link::of(room, above.first);
                let first = core::mem::replace(&mut last.next, 0);
                last.put(room, above.first);
                above.first = first;
                above.put(room, parent);
            }
            number = self.table.core.full_from(parent as usize).map(number_of);
        }
    }
}
