//! The errors of archives, their memory, and insertions. Each names the place, the value expected and the value found.

use super::counted::{counted, entries};
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

/// The advice for an indexed archive, whatever is wrong with it.
const ANEW: &str = "an indexed archive cannot be repaired: take another copy, or make it anew of its entries";

/// The same for an archive of paths.
const TREE_ANEW: &str = "an archive of paths cannot be repaired: take another copy, or make it anew of its `PathMap`";

#[allow(clippy::too_many_lines, reason = "one text for each field")]
impl fmt::Display for FixedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            archive,
            place,
            expected,
            found,
        } = *self;
        let or_anew = |advice| match archive {
            Kind::Table | Kind::Entries => advice,
            Kind::Index => ANEW,
            Kind::Tree => TREE_ANEW,
        };
        match field {
            Field::MemoryLength => write!(
                f,
                "the memory has {found} bytes, {expected} are needed: `bytes_for` tells the size of a new map; an archive with fewer has lost its end"
            ),
            Field::MemoryAlign => write!(
                f,
                "the memory is aligned to {found} bytes, {expected} are needed; copy it into `AlignedBytes`"
            ),
            Field::Scratch => write!(
                f,
                "the scratch memory has {found} words, {expected} are needed; `scratch_words` gives the number"
            ),
            Field::Heap => write_refused(f, expected),
            Field::Magic => write!(
                f,
                "this is no archive of arenamap: its first eight bytes are {found:#018x}, expected {expected:#018x}; \
                 check which file it is, and that the memory begins where the archive does"
            ),
            Field::Version => write!(
                f,
                "the archive has format version {found}, this program reads version {expected}; write it anew with this program"
            ),
            Field::EndianMark => write!(
                f,
                "the endian mark is {found:#06x}, expected {expected:#06x}: the bytes of integers were swapped on the way; copy archives unchanged"
            ),
            Field::KeyLayout | Field::ValueLayout => write!(
                f,
                "the archive's {} is of another type: layout hash {found:#018x}, this program's is {expected:#018x}; \
                 open it with the type that wrote it{}; `arenamap info` shows all of them",
                if field == Field::KeyLayout { "key" } else { "value" },
                match archive {
                    Kind::Tree => "",
                    _ => ", or some of its fields by a `FixedView`",
                }
            ),
            Field::HeaderBytes
            | Field::SlotSize
            | Field::SlotAlign
            | Field::KeySize
            | Field::ValueSize
            | Field::ValueOffset => write!(
                f,
                "{}: the archive says {found} bytes, the types of this program take {expected}; open it with the types that wrote it",
                match field {
                    Field::HeaderBytes => "size of the header",
                    Field::SlotSize => "size of a slot",
                    Field::SlotAlign => "alignment of a slot",
                    Field::KeySize => "size of a key",
                    Field::ValueSize => "size of a value",
                    _ => "offset of the value in its slot",
                }
            ),
            Field::Hasher => write!(
                f,
                "the archive is hashed by function {found}, this program knows {expected}; open it with the program that wrote it"
            ),
            Field::Capacity => write!(
                f,
                "a capacity of {} is more than fit the format, which takes at most {expected}, and the addresses of this machine; shard the map",
                entries(found)
            ),
            Field::TooSmall => write!(
                f,
                "a capacity of {} does not hold the {expected} that the map has; ask for more",
                entries(found)
            ),
            Field::TooLittleRoom => write!(
                f,
                "a room of {found} bytes does not hold the {expected} that the texts of the map have; ask for more"
            ),
            Field::Groups => write!(
                f,
                "the header says {found} groups, its capacity needs {expected}: the header is damaged; take another copy"
            ),
            Field::Bytes => write!(
                f,
                "the header says {found} bytes, its capacity needs {expected}: the header is damaged; take another copy"
            ),
            Field::Kind if archive == Kind::Index => {
                write!(f, "the archive is of kind {found}, an `IndexedMap`: {ANEW}")
            }
            Field::Kind => write!(
                f,
                "the archive is of kind {found}, this type reads kind {expected}; open kind 0 as a `FixedMap` or `VarMap`, kind 1 as an `IndexedMap`"
            ),
            Field::SchemaBytes => write!(
                f,
                "the schema has {found} bytes, that of this program's types {expected}; open it with the types that wrote it"
            ),
            Field::Schema => write!(
                f,
                "the schema is not that of the types: at offset {place} there is {found}, expected {expected}; {}",
                or_anew("`recover` writes it anew")
            ),
            Field::Description => write!(
                f,
                "the schema does not say what is in the archive: at offset {place} there is {found}, expected {expected}; \
                 open it with the types that wrote it, or take another copy"
            ),
            Field::Room if expected == 0 => write!(
                f,
                "the header says {found} bytes of room for texts, but neither key nor value is one: the header is damaged; take another copy"
            ),
            Field::Room => write!(
                f,
                "a room of {found} bytes for texts is more than fit the format, which takes at most {expected}, and the addresses of this machine; \
                 shard the map"
            ),
            Field::RoomUsed => write!(
                f,
                "the header says that {found} bytes of the room for texts are used, expected {expected}; {}",
                or_anew("`recover` counts them again")
            ),
            Field::Garbage if archive == Kind::Index => write!(
                f,
                "the room for texts has {found} bytes behind the last one, expected {expected}; {ANEW}"
            ),
            Field::Garbage => write!(
                f,
                "the header says {found} bytes of texts that are not there any more, expected {expected}; {}",
                or_anew("`recover` counts them again")
            ),
            Field::Reserved => write!(
                f,
                "the reserved byte at offset {place} is {found}, expected {expected}: damaged, or written by a later version; \
                 take another copy, or open it with that version"
            ),
            Field::HeaderChecksum => write!(
                f,
                "the header's checksum is {found:#018x}, its bytes make {expected:#018x}: the header is damaged; take another copy"
            ),
            Field::Len if archive == Kind::Entries => write!(
                f,
                "the iterator said {}, and gave {expected}: its `len` is wrong, or it is of a damaged map, of which `verify` tells more",
                entries(found)
            ),
            Field::Len => write!(
                f,
                "the header says {}, the archive has {expected}; {}",
                entries(found),
                or_anew("`recover` counts them again")
            ),
            Field::State => write!(
                f,
                "the state is {found:#018x}, expected {expected:#018x} (sealed): the file was not closed cleanly, or is damaged; {}",
                or_anew("`recover` says what can be kept")
            ),
            Field::ContentChecksum => write!(
                f,
                "the checksum of the content is {found:#018x}, its bytes make {expected:#018x}: the archive is damaged; {}",
                or_anew("take another copy, or keep what is whole by `recover`")
            ),
            Field::Tag => write!(
                f,
                "slot {place} has tag {found}, its key has tag {expected}; {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Counters => write!(
                f,
                "the counters of group {place} are {found:#010x}, the entries need {expected:#010x}; {}",
                or_anew("`recover` counts again")
            ),
            Field::Padding => write!(
                f,
                "slot {place} has bytes that should be zero, but are not; {}",
                or_anew("`recover` clears them")
            ),
            Field::Key => write!(
                f,
                "the key in slot {place} is not valid for its type; {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Value => write!(
                f,
                "the value in slot {place} is not valid for its type; {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Text if archive == Kind::Entries => write!(
                f,
                "a text of entry {place} has {found} bytes, a text has {expected} at most; split it"
            ),
            Field::Text if (expected, found) == (0, 1) => write!(
                f,
                "a text of slot {place} is not where it should be, or no UTF-8 although it is a `str`; {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Text if archive == Kind::Index => write!(
                f,
                "a text of slot {place} ends at {found} in the room for texts, expected {expected}, behind those of the slots before; {ANEW}"
            ),
            Field::Text => write!(
                f,
                "a text of slot {place} is not where the slot says, or no UTF-8: it ends at {found}, expected {expected} at most; \
                 {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Overlap => write!(
                f,
                "a text of slot {place}, at {expected} or {found} in the room, has bytes in common with another; {}",
                or_anew("`recover` drops one of the entries")
            ),
            Field::Duplicate => write!(
                f,
                "slots {expected} and {found} have the same key; {}",
                or_anew("`recover` keeps one")
            ),
            Field::Unreachable => write!(
                f,
                "a search does not find the key in slot {place}: it looked at {found} of {expected} groups; {}",
                or_anew("`recover` repairs that")
            ),
            Field::Links => write!(
                f,
                "the links between levels take {found} bytes of the room, its slots need {expected}: the archive is damaged; take another copy"
            ),
            Field::Link if place == NOWHERE => write!(
                f,
                "the link to the empty path leads to level {found}, which is not among the {expected} slots: the archive is damaged; \
                 take another copy"
            ),
            Field::Link => write!(
                f,
                "a link of the level in slot {place} leads to level {found}, which is not there, expected {expected} at most: \
                 the archive is damaged; take another copy"
            ),
            Field::LinkText => write!(
                f,
                "a text of slot {place} stands at {found} in the room, among the links, which end at {expected}: \
                 the archive is damaged; take another copy"
            ),
            Field::Parent => write!(
                f,
                "level {expected} leads to the one in slot {place}, whose parent is level {found}: the archive is damaged; take another copy"
            ),
            Field::Levels if place == NOWHERE => write!(
                f,
                "the links lead to {found} of {expected} levels: the archive is damaged; take another copy"
            ),
            Field::Levels => write!(
                f,
                "the links lead to more than the {expected} levels there are, and again to that in slot {place}: \
                 the archive is damaged; take another copy"
            ),
            Field::EmptyLevel => write!(
                f,
                "the level in slot {place} has neither a value nor levels below: the archive is damaged; take another copy"
            ),
            Field::NoValue => write!(
                f,
                "the level in slot {place} has no value, but bytes in its place: the archive is damaged; take another copy"
            ),
            Field::Values => write!(
                f,
                "the archive says {}, its levels have {expected}: it is damaged; take another copy",
                counted(found, "value", "values")
            ),
            Field::Tree => write!(
                f,
                "an archive of paths is made at once and never written to, so its entries cannot be repaired, indexed, or added one by one; \
                 make it anew of a `PathMap`, or take another copy"
            ),
            Field::Parts if place != NOWHERE => write!(
                f,
                "part {place} of the index ends before slot {found}, its entries need {expected}: the archive is damaged; take another copy"
            ),
            Field::Parts | Field::Buckets | Field::Slots => write!(
                f,
                "the header says {found} {}, its length needs {expected}: the header is damaged; take another copy",
                match field {
                    Field::Parts => "parts of the index",
                    Field::Buckets => "buckets of the index",
                    _ => "slots",
                }
            ),
            Field::Misplaced => write!(
                f,
                "the key in slot {place} belongs into slot {expected}, and is no copy of its neighbour: the archive is damaged; \
                 take another copy"
            ),
            Field::Repeated => write!(f, "entries {expected} and {found} have the same key; leave one out"),
            Field::Collision => write!(
                f,
                "entries {expected} and {found} have different keys with the same hash, and so it was under other seeds: \
                 their keys were chosen to collide, or their type does not give all its parts to the hasher; use a `FixedMap` or `VarMap`"
            ),
            Field::Index if archive == Kind::Entries => write!(
                f,
                "the entries were others each time the iterator was cloned, or their keys had another hash each time; \
                 collect them first"
            ),
            Field::Index => write!(
                f,
                "no index was found under {found} seeds: the keys were chosen to collide, or have another hash each time; \
                 try another seed, or use a `FixedMap` or `VarMap`"
            ),
            Field::Search => write!(
                f,
                "a search that began in group {place} went through all of {} without an end: \
                 the keys were chosen to collide, or the archive is damaged; {}",
                counted(found, "group", "groups"),
                match archive {
                    Kind::Tree => "`verify` tells which, one made anew of its `PathMap` has another seed",
                    _ => "`verify` tells which, `copy_into` gives it another seed",
                }
            ),
        }
    }
}

impl core::error::Error for FixedError {}

/// The text for a block of that many bytes, which the global allocator refused.
pub(super) fn write_refused(f: &mut fmt::Formatter<'_>, bytes: u64) -> fmt::Result {
    write!(
        f,
        "the global allocator refused a block of {bytes} bytes; free memory, or ask for less"
    )
}

/// Panics with an error, for a call that returns none. The text names the twin that returns it.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn fail(error: &FixedError, twin: &'static str) -> ! {
    panic!("{error}; `{twin}` returns this error instead of panicking")
}

/// A pair that a [`FixedMap`](super::FixedMap) did not take. The map is as it was, and the pair is in here.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedInsertError, FixedMap, u64_le};
///
/// let need = FixedMap::<u64_le, u64_le>::bytes_for(1);
/// let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(need), 1)?;
/// map.insert(1.into(), 10.into()).unwrap();
/// let error = map.insert(2.into(), 20.into()).unwrap_err();
/// assert!(matches!(error, FixedInsertError::Full { capacity: 1, .. }));
/// assert_eq!(error.into_pair(), (2.into(), 20.into()));
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FixedInsertError<K, V> {
    /// The map has as many entries as its capacity.
    Full {
        /// The key, as it was given.
        key: K,
        /// The value, as it was given.
        value: V,
        /// Capacity of the map, in entries.
        capacity: usize,
    },
    /// The archive is damaged. This happens only in archives that were opened without `verify`.
    Corrupt {
        /// The key, as it was given.
        key: K,
        /// The value, as it was given.
        value: V,
        /// What was found.
        error: FixedError,
    },
}

impl<K, V> FixedInsertError<K, V> {
    /// The key and the value, as they were given.
    ///
    /// Allocates: never. Time: O(1).
    pub fn into_pair(self) -> (K, V) {
        match self {
            Self::Full { key, value, .. } | Self::Corrupt { key, value, .. } => (key, value),
        }
    }
}

impl<K, V> fmt::Debug for FixedInsertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { capacity, .. } => f
                .debug_struct("Full")
                .field("capacity", capacity)
                .finish_non_exhaustive(),
            Self::Corrupt { error, .. } => f.debug_struct("Corrupt").field("error", error).finish_non_exhaustive(),
        }
    }
}

impl<K, V> fmt::Display for FixedInsertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { capacity, .. } => write!(
                f,
                "the map has all of its {} and never grows; the pair is in this error: \
                 remove entries, or `copy_into` a larger buffer",
                entries(*capacity)
            ),
            Self::Corrupt { error, .. } => write!(f, "the pair was not inserted and is in this error: {error}"),
        }
    }
}

impl<K, V> core::error::Error for FixedInsertError<K, V> {}

/// How far [`FixedMap::try_extend`](super::FixedMap::try_extend) came. What was inserted stays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FixedExtendError<K, V> {
    /// Pairs taken in before the failure.
    pub inserted: usize,
    /// The pair that was not taken in, and why.
    pub cause: FixedInsertError<K, V>,
}

impl<K, V> fmt::Debug for FixedExtendError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedExtendError")
            .field("inserted", &self.inserted)
            .field("cause", &self.cause)
            .finish()
    }
}

impl<K, V> fmt::Display for FixedExtendError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inserted = counted(self.inserted, "pair", "pairs");
        write!(f, "stopped after {inserted}: {}", self.cause)
    }
}

impl<K: 'static, V: 'static> core::error::Error for FixedExtendError<K, V> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Why no [`FixedMap`](super::FixedMap) was made of a growing map. The memory that was given for it holds no archive.
///
/// ```
/// use arenamap::StrMap;
/// use arenamap::fixed::{AlignedBytes, ConvertError, FixedMap, FixedStr, SnapshotError, TooLong, u64_le};
///
/// let words = StrMap::from([("a", 1_u64), ("a word of 20 letters", 2)]);
/// let error = words.snapshot_into::<FixedStr<16>, u64_le, _>(AlignedBytes::zeroed(4096), 2).unwrap_err();
/// assert_eq!(error, SnapshotError::Entry(ConvertError::Key(TooLong { len: 20, room: 15 })));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError<E> {
    /// The capacity is less than the number of entries ([`Field::TooSmall`]), or the memory is too short or misaligned.
    Fixed(FixedError),
    /// An entry could not be converted.
    Entry(E),
    /// A key was there several times: it was given so, or different keys were converted to the same one.
    Repeated {
        /// Entries with a key that another entry had already.
        entries: usize,
    },
}

impl<E> From<FixedError> for SnapshotError<E> {
    fn from(error: FixedError) -> Self {
        Self::Fixed(error)
    }
}

impl<E: fmt::Display> fmt::Display for SnapshotError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(error) => write!(f, "no snapshot was made: {error}"),
            Self::Entry(error) => write!(f, "no snapshot was made, an entry did not convert: {error}"),
            Self::Repeated { entries: repeated } => write!(
                f,
                "no snapshot was made: the {} of {} there already; give each key once, \
                 and, if keys are converted, convert different ones to different ones",
                if *repeated == 1 { "key" } else { "keys" },
                counted(*repeated, "entry was", "entries were")
            ),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for SnapshotError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Fixed(error) => Some(error),
            Self::Entry(error) => Some(error),
            Self::Repeated { .. } => None,
        }
    }
}

/// Which half of an entry could not be converted, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvertError<K, V> {
    /// The key.
    Key(K),
    /// The value.
    Value(V),
}

impl<K: fmt::Display, V: fmt::Display> fmt::Display for ConvertError<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(error) => write!(f, "its key: {error}"),
            Self::Value(error) => write!(f, "its value: {error}"),
        }
    }
}

impl<K, V> core::error::Error for ConvertError<K, V>
where
    K: core::error::Error + 'static,
    V: core::error::Error + 'static,
{
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Key(error) => Some(error),
            Self::Value(error) => Some(error),
        }
    }
}
