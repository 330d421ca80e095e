//! Archives of types that this program does not know: everything that their schema and `FORMAT.md` tell.
//!
//! A [`FixedMap`](super::FixedMap) needs the types of its archive. [`Described`] reads them from the schema at the end of the archive, and gives
//! each key and value as a [`View`], whose fields are asked for by name. The command `arenamap` (feature `cli`) is made of this.
//!
//! ```
//! use arenamap::fixed::described::{Described, Packed, Value};
//! use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u64_le};
//!
//! let mut map = FixedMap::<FixedStr<16>, u64_le, _>::create(AlignedBytes::zeroed(4096), 10)?;
//! map.insert("/index".try_into()?, 512.into()).unwrap();
//! let bytes = map.seal();
//!
//! // Here nothing is known of the types.
//! let archive = Described::open(bytes)?;
//! assert_eq!(archive.value_type().name(), "u64_le");
//! archive.verify()?;
//! let key = Packed::new(archive.key_type(), &"/index".into())?;
//! let value = archive.get(&key.view())?.expect("it is there");
//! assert_eq!(value.value(), Value::Unsigned(512));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Whatever the bytes are, every call returns, with an error or an answer. No type is believed: sizes, offsets and the number of types are
//! checked when the archive is opened. The heap takes a few times the bytes of the schema.

mod build;
mod grammar;
mod indexed;
#[cfg(feature = "serde")]
mod nested;
mod pack;
mod recover;
mod reindex;
mod room;
#[cfg(feature = "serde")]
mod serde;
mod tree;
mod tree_build;
mod types;
mod view;
mod write;

pub use self::build::Builder;
pub use self::grammar::TypeError;
pub use self::pack::{Input, InputError, Packed};
pub use self::recover::recover;
pub use self::tree::Tree;
pub use self::tree_build::TreeBuilder;
pub use self::types::{Member, Type};
pub use self::view::{Value, View};

use super::error::{Field, FixedError};
use super::header::{Header, Types, expect};
use super::indexed::layout::IndexGeometry;
use super::key::KeySecrets;
use super::layout::{GROUP_BYTES, Geometry, HASHER, Hash, KIND_INDEXED, KIND_TABLE, SEALED, SlotLayout, at};
use super::stats::FixedStats;
use super::table::Table;
use super::var::words;
use super::verify::{Slots, Verifier, scratch_words};

/// An archive that is read by its schema alone.
///
/// The [module](self) has an example.
#[derive(Clone, Debug)]
pub struct Described<'a> {
    bytes: &'a [u8],
    shape: Shape,
}

/// What the header and the schema of an archive say: where everything is, and what it means.
#[derive(Clone, Debug)]
struct Shape {
    header: Header,
    /// Of an indexed archive without groups.
    geometry: Geometry,
    /// Of an indexed archive.
    index: Option<IndexGeometry>,
    slot: SlotLayout,
    key: Type,
    value: Type,
    secrets: KeySecrets,
}

/// An entry of an archive.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The slot that it is in.
    pub slot: usize,
    /// Its key.
    pub key: View<'a>,
    /// Its value.
    pub value: View<'a>,
}

/// What a header says of its archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// Version of the format.
    pub version: u16,
    /// Kind of the archive: 0 is a table, 1 is indexed.
    pub kind: u32,
    /// Number of the hash function.
    pub hasher: u32,
    /// Seed of the hash function.
    pub seed: u64,
    /// Number of entries.
    pub len: usize,
    /// Capacity, in entries.
    pub capacity: usize,
    /// Groups of twelve slots; 0 of an indexed archive.
    pub groups: usize,
    /// Slots, free or full.
    pub slots: usize,
    /// Bytes of the archive.
    pub bytes: usize,
    /// How often it was published.
    pub generation: u64,
    /// Whether it has a checksum of its content.
    pub sealed: bool,
    /// Layout hash of the key's type.
    pub key_layout: u64,
    /// Layout hash of the value's type.
    pub value_layout: u64,
    /// Offset of the value in its slot, in bytes.
    pub value_offset: usize,
    /// Offset of the first slot in the archive, in bytes.
    pub slots_offset: usize,
    /// Bytes of the room for texts.
    pub room: usize,
    /// Bytes of the room that were given to texts.
    pub room_used: usize,
    /// Of these, the bytes that belong to no entry any more.
    pub garbage: usize,
}

impl Shape {
    /// Checks everything in an archive that `FORMAT.md` has before its state.
    fn read(bytes: &[u8]) -> Result<Self, FixedError> {
        let short = |needed: u64| FixedError::new(Field::MemoryLength, needed, bytes.len() as u64);
        let header = bytes.first_chunk().ok_or(short(at::TAGS as u64));
        // Of what is too short for a header, the beginning still tells whether it is an archive.
        let header = match header {
            Ok(header) => Header(*header),
            Err(short) => {
                let mut start = [0; at::TAGS];
                start[..bytes.len()].copy_from_slice(bytes);
                return Err(Header(start).check_beginning(bytes.len()).err().unwrap_or(short));
            }
        };
        header.check_start()?;
        expect(Field::Hasher, HASHER.into(), header.hasher().into())?;
        if header.kind() != KIND_INDEXED {
            expect(Field::Kind, KIND_TABLE.into(), header.kind().into())?;
        }
        let stated = header.number(at::BYTES);
        let archive = usize::try_from(stated)
            .ok()
            .and_then(|stated| bytes.get(..stated))
            .ok_or(short(stated))?;
        let schema_bytes = header.schema_bytes();
        let most = (archive.len() as u64).saturating_sub(at::TAGS as u64);
        if u64::from(schema_bytes) > most {
            return Err(FixedError::new(Field::SchemaBytes, most, schema_bytes.into()));
        }
        let schema_at = archive.len() - schema_bytes as usize;
        let hashes = [at::KEY_LAYOUT, at::VALUE_LAYOUT].map(|at| header.number(at));
        let [key, value] = types::read(&archive[schema_at..], schema_at, hashes)?;
        let types = types_of(&key, &value);
        let (geometry, index) = if header.kind() == KIND_INDEXED {
            let index = header.check_index(&types)?;
            let geometry = Geometry {
                capacity: index.shape.keys.into(),
                groups: 0,
                slots_at: index.slots_at,
                room_at: index.room_at,
                room: index.room,
                schema_at: index.schema_at,
                bytes: index.bytes,
            };
            (geometry, Some(index))
        } else {
            (header.check_table(&types)?, None)
        };
        Ok(Self {
            secrets: KeySecrets::seed(header.seed()),
            header,
            geometry,
            index,
            slot: types.slot,
            key,
            value,
        })
    }

    /// The shape of a new archive.
    fn new(key: Type, value: Type, capacity: usize, room: usize, seed: u64) -> Result<Self, FixedError> {
        let types = types_of(&key, &value);
        let geometry = types.geometry(capacity as u64, room as u64)?;
        Ok(Self {
            header: Header::of(&types, &geometry, seed),
            geometry,
            index: None,
            slot: types.slot,
            key,
            value,
            secrets: KeySecrets::seed(seed),
        })
    }

    fn write_schema(&self, put: &mut dyn FnMut(&[u8])) {
        self.key.write(put);
        self.value.write(put);
    }

    /// Where the bytes of a slot begin.
    const fn slot_at(&self, slot: usize) -> usize {
        self.geometry.slots_at + slot * self.slot.size
    }

    /// Where the bytes of a group begin.
    const fn group_at(group: u32) -> usize {
        at::TAGS + group as usize * GROUP_BYTES
    }

    /// The bytes of a group.
    fn group(bytes: &[u8], group: u32) -> [u8; GROUP_BYTES] {
        let mut copy = [0; GROUP_BYTES];
        copy.copy_from_slice(&bytes[Self::group_at(group)..][..GROUP_BYTES]);
        copy
    }

    /// What is in a slot of these bytes.
    fn entry<'a>(&'a self, bytes: &'a [u8], slot: usize) -> Entry<'a> {
        let SlotLayout {
            key, value, value_at, ..
        } = self.slot;
        let Geometry { room_at, room, .. } = self.geometry;
        let view = |of, at, size| View {
            of,
            bytes: &bytes[self.slot_at(slot) + at..][..size],
            room: &bytes[room_at..][..room],
        };
        Entry {
            slot,
            key: view(&self.key, 0, key),
            value: view(&self.value, value_at, value),
        }
    }
}

/// What a header says of these types.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a schema that was read has its bytes counted in 32 bits, and one that was parsed has `MOST_TYPES` types"
)]
fn types_of(key: &Type, value: &Type) -> Types {
    Types {
        slot: SlotLayout::new((key.size, key.align), (value.size, value.align)),
        key_layout: key.layout_hash(),
        value_layout: value.layout_hash(),
        schema_bytes: (key.written_bytes() + value.written_bytes()) as u32,
        has_room: key.in_room || value.in_room || key.is_path_key(),
    }
}

impl<'a> Described<'a> {
    /// Opens the archive that these bytes begin with. They need no alignment.
    ///
    /// Reads the header and the schema and checks both; [`verify`](Self::verify) checks the rest.
    ///
    /// Allocates: heap, for the schema. Time: O(bytes of the schema).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong. [`Field::Kind`] if it is an archive of a kind that this program cannot
    /// describe, [`Field::Description`] if its schema is damaged.
    pub fn open(bytes: &'a [u8]) -> Result<Self, FixedError> {
        let shape = Shape::read(bytes)?;
        shape.header.check_state(&shape.geometry)?;
        Ok(Self {
            bytes: &bytes[..shape.geometry.bytes],
            shape,
        })
    }

    /// The bytes of the archive.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The type of the keys.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn key_type(&self) -> &Type {
        &self.shape.key
    }

    /// The type of the values.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn value_type(&self) -> &Type {
        &self.shape.value
    }

    /// Number of entries, as the header says.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.head().len
    }

    /// Whether there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the header says.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "checked to be at most sizes that fit the address space"
    )]
    pub fn head(&self) -> Head {
        let Shape {
            header, geometry, slot, ..
        } = &self.shape;
        Head {
            version: super::layout::VERSION,
            kind: header.kind(),
            hasher: header.hasher(),
            seed: header.seed(),
            len: header.len() as usize,
            capacity: geometry.capacity as usize,
            groups: geometry.groups as usize,
            slots: self.slots(),
            bytes: geometry.bytes,
            generation: header.generation(),
            sealed: header.state() == SEALED,
            key_layout: header.number(at::KEY_LAYOUT),
            value_layout: header.number(at::VALUE_LAYOUT),
            value_offset: slot.value_at,
            slots_offset: geometry.slots_at,
            room: geometry.room,
            room_used: match self.shape.index {
                Some(_) => geometry.room,
                None => header.number(at::ROOM_USED) as usize,
            },
            garbage: header.number(at::GARBAGE) as usize,
        }
    }

    /// The entries, in the order of their slots. In an archive that was not verified, keys and values may be
    /// [invalid](View::is_valid).
    ///
    /// Allocates: never. Time: O(1), and O(capacity) for all.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.slots())
            .filter(|&slot| self.is_entry(slot))
            .map(|slot| self.entry(slot))
    }

    /// The slot of a key, which `is_key` recognises, in an archive of any kind.
    pub(super) fn find(&self, hash: Hash, mut is_key: impl FnMut(usize) -> bool) -> Option<usize> {
        match &self.shape.index {
            Some(index) => self.indexed_slot(index, hash).filter(|&slot| is_key(slot)),
            None => self.slot_of(hash, is_key),
        }
    }

    fn slots(&self) -> usize {
        match &self.shape.index {
            Some(index) => index.shape.slots as usize,
            None => self.shape.geometry.slots(),
        }
    }

    /// Whether a slot has an entry. In an indexed archive, each has one, and of neighbours with the same key the first one counts.
    fn is_entry(&self, slot: usize) -> bool {
        if self.shape.index.is_none() {
            return self.tag(slot) != 0;
        }
        let key = self.entry(slot).key;
        slot.checked_sub(1)
            .is_none_or(|before| !self.entry(before).key.same_parts(&key))
    }

    /// The value of a key, which is a view of the type of the keys: of a [`Packed`], or of another archive.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Search`] as of [`FixedMap::try_get`](super::FixedMap::try_get).
    pub fn get(&self, key: &View<'_>) -> Result<Option<View<'_>>, FixedError> {
        if key.of != self.key_type() {
            return Ok(None);
        }
        let hash = key.hash(&self.shape.secrets);
        match self.find(hash, |slot| self.entry(slot).key.same_parts(key)) {
            Some(slot) => Ok(Some(self.entry(slot).value)),
            None if self.shape.index.is_some() => Ok(None),
            None => self.search_ends(hash).map(|()| None),
        }
    }

    /// Checks the whole archive, as [`FixedMap::verify`](super::FixedMap::verify) does, which has a note on archives that are made to
    /// be slow.
    ///
    /// Allocates: heap, four bytes a group and a bit for each used byte of the room. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`FixedError`] with the first thing that is wrong; [`Field::Heap`] if there is no memory to verify in.
    pub fn verify(&self) -> Result<(), FixedError> {
        if let Some(index) = &self.shape.index {
            return self.verify_indexed(index).map_err(FixedError::of_index);
        }
        match self.tree() {
            Some(tree) => self
                .verify_table()
                .map_err(FixedError::of_tree)
                .and_then(|()| tree.verify()),
            None => self.verify_table(),
        }
    }

    fn verify_table(&self) -> Result<(), FixedError> {
        let Shape { header, geometry, .. } = &self.shape;
        let mut scratch = words(scratch_words(geometry.groups))?;
        let verifier = Verifier {
            slots: self,
            geometry,
            len: header.len(),
            sealed: (header.state() == SEALED).then(|| header.content_checksum()),
            bytes: self.bytes,
        };
        verifier.check_around()?;
        let bits = room::check_places(self)?;
        verifier.check_table(&mut scratch)?;
        room::check(self, bits)
    }

    /// Bytes of the parts of the archive, and the lengths of all searches.
    ///
    /// Allocates: never. Time: O(capacity).
    #[must_use]
    pub fn stats(&self) -> FixedStats {
        let Shape { geometry, slot, .. } = &self.shape;
        let hits = self
            .iter()
            .map(|entry| (entry.key.hash(&self.shape.secrets), entry.slot));
        FixedStats::of(&self, geometry, slot, self.len(), hits)
    }

    pub(super) fn entry(&self, slot: usize) -> Entry<'_> {
        self.shape.entry(self.bytes, slot)
    }

    /// The room for texts.
    pub(super) fn room(&self) -> &'a [u8] {
        let Geometry { room_at, room, .. } = self.shape.geometry;
        &self.bytes[room_at..][..room]
    }
}

/// Gives an archive another generation, and a seal.
#[cfg(feature = "files")]
pub(super) fn set_generation(bytes: &mut [u8], generation: u64) -> Result<(), FixedError> {
    let shape = Shape::read(bytes)?;
    let mut writer = write::Writer { shape, bytes };
    writer.unseal();
    writer.put(at::GENERATION, generation);
    writer.seal();
    Ok(())
}

impl Table for &Described<'_> {
    fn groups(&self) -> u32 {
        self.shape.geometry.groups
    }

    fn group(&self, group: u32) -> [u8; GROUP_BYTES] {
        Shape::group(self.bytes, group)
    }
}

impl Slots for &Described<'_> {
    fn layout(&self) -> SlotLayout {
        self.shape.slot
    }

    fn slot_bytes(&self, slot: usize) -> &[u8] {
        &self.bytes[self.shape.slot_at(slot)..][..self.shape.slot.size]
    }

    fn hash(&self, slot: usize) -> Option<Hash> {
        let key = self.entry(slot).key;
        key.is_valid_in_slot().then(|| key.hash(&self.shape.secrets))
    }

    fn is_value(&self, slot: usize) -> bool {
        self.entry(slot).value.is_valid_in_slot()
    }

    fn same(&self, slot: usize, other: usize) -> bool {
        self.entry(slot).key.same_parts(&self.entry(other).key)
    }

    fn write_schema(&self, put: &mut dyn FnMut(&[u8])) {
        self.shape.write_schema(put);
    }
}
