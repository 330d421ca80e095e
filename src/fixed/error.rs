//! The errors of archives, their memory, and insertions. Each names the place, the value expected and the value found.

mod entries;
mod text;

pub use self::entries::{ConvertError, FixedExtendError, FixedInsertError, SnapshotError};
#[cfg(feature = "files")]
pub(super) use self::text::write_refused;
use core::fmt;

/// What a [`FixedError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// Bytes of memory: expected at least, found.
    MemoryLength,
    /// Alignment of the memory's address in bytes: expected at least, found.
    MemoryAlign,
    /// Words of scratch memory: expected at least, found.
    Scratch,
    /// Bytes that the global allocator refused: needed, 0.
    Heap,
    /// The first eight bytes.
    Magic,
    /// Version of the format.
    Version,
    /// Order of the bytes of an integer.
    EndianMark,
    /// Bytes of the header.
    HeaderBytes,
    /// Bytes of a slot.
    SlotSize,
    /// Alignment of a slot, in bytes.
    SlotAlign,
    /// Bytes of a key.
    KeySize,
    /// Bytes of a value.
    ValueSize,
    /// Bytes from a slot to its value.
    ValueOffset,
    /// Number of the hash function.
    Hasher,
    /// Layout hash of the key's type: names, order, offsets and types of its fields.
    KeyLayout,
    /// Layout hash of the value's type.
    ValueLayout,
    /// Capacity of the map: expected at most, found.
    Capacity,
    /// Capacity of a copy or snapshot: entries to copy, entries it takes.
    TooSmall,
    /// Room of a copy: bytes of the texts to copy, bytes it takes.
    TooLittleRoom,
    /// Groups of slots.
    Groups,
    /// Bytes of the archive.
    Bytes,
    /// Kind of the archive: 0 is a table, 1 an [`IndexedMap`](super::IndexedMap).
    Kind,
    /// Bytes of the schema.
    SchemaBytes,
    /// The schema at the end of the archive, which is not that of the types; the place is an offset in bytes.
    Schema,
    /// The schema at the end of an archive whose types the program does not know: damaged, or of more types than it takes; the place
    /// is an offset in bytes.
    Description,
    /// Room for texts, in bytes: at most, or 0 in a map without texts; found.
    Room,
    /// Bytes of the room that are used: at most, or counted; found.
    RoomUsed,
    /// Bytes of the room that hold texts which are not there any more: at most, or counted; found.
    Garbage,
    /// Bytes that are zero in this version of the format; the place is an offset in bytes.
    Reserved,
    /// Checksum of the immutable part of the header.
    HeaderChecksum,
    /// Number of entries: counted, or at most the capacity; found.
    Len,
    /// Open or sealed.
    State,
    /// Checksum of a sealed archive.
    ContentChecksum,
    /// Tag of a slot; the place is the slot.
    Tag,
    /// The eight counters of a group, as one word; the place is the group.
    Counters,
    /// A byte of a free slot, or between key and value, that is not zero; the place is the slot.
    Padding,
    /// A key whose bytes are not valid for its type; the place is the slot.
    Key,
    /// A value whose bytes are not valid for its type; the place is the slot.
    Value,
    /// A text that is not in the used part of the room, or no UTF-8 although it should be; the place is the slot.
    Text,
    /// Two texts that share a byte; the place is the slot of one of them, the two values are offsets of its texts in the room.
    Overlap,
    /// Two slots with the same key: expected the first, found the second, which is the place.
    Duplicate,
    /// A key that no search finds: groups searched, groups of the map; the place is the slot.
    Unreachable,
    /// Bytes of the links at the start of the room of a [`PathArchive`](super::PathArchive), which belong to no text: counted from its slots; found.
    Links,
    /// A link to a level that is not there, or beside the empty path: expected at most, found. The place is the slot of the level that has it; of
    /// the link to the empty path it has none.
    Link,
    /// A text that stands among the links: expected from there on, found. The place is the slot.
    LinkText,
    /// A level to which another one leads than its parent: number of the one that leads to it, number of the parent; the place is the slot.
    Parent,
    /// Levels to which the links lead: entries of the archive, levels; with a place, that is the slot of one to which they lead more than once.
    Levels,
    /// A level with neither a value nor levels below; the place is the slot.
    EmptyLevel,
    /// A level without a value that has bytes in its place; the place is the slot.
    NoValue,
    /// Number of values of a [`PathArchive`](super::PathArchive): counted, found.
    Values,
    /// An archive of paths, which is made at once and never written to: entries cannot be repaired, indexed, or added one by one.
    Tree,
    /// Parts of an index, in the header; else the first slot after a part, whose number is the place.
    Parts,
    /// Buckets of an index.
    Buckets,
    /// Slots of an indexed archive.
    Slots,
    /// A slot with a key that a search looks for in another one, and that is no copy of its neighbour: expected the other
    /// one, found this one, which is the place.
    Misplaced,
    /// Two entries with the same key: expected the number of the first one, found that of the second one.
    Repeated,
    /// Two entries whose keys differ and have the same hash, under each of several seeds: expected the number of the first
    /// one, found that of the second one.
    Collision,
    /// Keys for which there is no index: seeds that were tried.
    Index,
    /// A search that went through all groups without an end: the keys were chosen to collide under the seed, or the
    /// archive is damaged. The place is the group where it began.
    Search,
}

/// What is wrong, where, and the two values that differ. It is small, and nothing in it is boxed.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, Field, FixedMap, u64_le};
///
/// let error = FixedMap::<u64_le, u64_le, _>::open(AlignedBytes::zeroed(4096)).unwrap_err();
/// assert_eq!((error.field(), error.found()), (Field::Magic, 0));
/// assert!(error.to_string().contains("no archive of arenamap"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FixedError {
    field: Field,
    /// Of an indexed archive, and of one of paths, it chooses the advice: nothing repairs them.
    archive: Kind,
    place: u64,
    expected: u64,
    found: u64,
}

/// What an error is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    /// An [`IndexedMap`](super::IndexedMap).
    Index,
    /// A [`PathArchive`](super::PathArchive).
    Tree,
    /// None yet: entries of which one is made.
    Entries,
}

/// No place.
const NOWHERE: u64 = u64::MAX;

impl FixedError {
    pub(crate) const fn new(field: Field, expected: u64, found: u64) -> Self {
        Self::at(field, NOWHERE, expected, found)
    }

    /// The error for a block of that many bytes, which the global allocator refused.
    pub(crate) const fn refused(bytes: usize) -> Self {
        Self::new(Field::Heap, bytes as u64, 0)
    }

    pub(crate) const fn at(field: Field, place: u64, expected: u64, found: u64) -> Self {
        Self {
            field,
            archive: Kind::Table,
            place,
            expected,
            found,
        }
    }

    /// The same error of an indexed archive.
    pub(crate) const fn of_index(mut self) -> Self {
        self.archive = Kind::Index;
        self
    }

    /// The same error of an archive of paths.
    pub(crate) const fn of_tree(mut self) -> Self {
        self.archive = Kind::Tree;
        self
    }

    /// The same error of entries of which an archive is made; the place is the number of one.
    pub(crate) const fn of_entries(mut self) -> Self {
        self.archive = Kind::Entries;
        self
    }

    /// What is wrong.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn field(&self) -> Field {
        self.field
    }

    /// The value that this program, or the rest of the archive, expects.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn expected(&self) -> u64 {
        self.expected
    }

    /// The value that was there.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn found(&self) -> u64 {
        self.found
    }

    /// The slot, group or offset, if the docs of the [`Field`] name one.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn place(&self) -> Option<u64> {
        if self.place == NOWHERE { None } else { Some(self.place) }
    }
}

#[allow(
    clippy::missing_fields_in_debug,
    reason = "the kind of the archive only chooses the advice"
)]
impl fmt::Debug for FixedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedError")
            .field("field", &self.field)
            .field("place", &self.place())
            .field("expected", &self.expected)
            .field("found", &self.found)
            .finish()
    }
}

impl core::error::Error for FixedError {}

/// Panics with an error, for a call that returns none. The text names the twin that returns it.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn fail(error: &FixedError, twin: &'static str) -> ! {
    panic!("{error}; `{twin}` returns this error instead of panicking")
}
