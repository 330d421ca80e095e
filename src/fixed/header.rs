//! The first 192 bytes: written once, checked in a fixed order before anything else is believed.

use super::error::{Field, FixedError};
use super::indexed::layout::IndexGeometry;
use super::layout::{
    ENDIAN_MARK, Geometry, HASHER, KIND_INDEXED, KIND_TABLE, MAGIC, OPEN, SEALED, SlotLayout, VERSION, at,
};
use super::value::FixedValue;
use rapidhash::v3::{RapidSecrets, RapidStreamHasherV3, rapidhash_v3_seeded};

/// Secrets of the two checksums: those of seed 0, which every reader can make.
const CHECKSUM: RapidSecrets = RapidSecrets::seed(0);

/// The header's bytes, copied out of the memory: nobody changes them between a check and a use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header(pub(super) [u8; at::TAGS]);

/// The number whose bytes begin there.
macro_rules! number {
    ($bytes:expr, $at:expr, $number:ty) => {{
        let mut bytes = [0; size_of::<$number>()];
        bytes.copy_from_slice(&$bytes[$at..][..size_of::<$number>()]);
        <$number>::from_le_bytes(bytes)
    }};
}

impl Header {
    /// The header of a new map.
    pub(super) fn new<K: FixedValue, V: FixedValue>(geometry: &Geometry, seed: u64) -> Self {
        Self::of(const { &Types::of::<K, V>() }, geometry, seed)
    }

    /// The header of a new map with such slots.
    pub(super) fn of(types: &Types, geometry: &Geometry, seed: u64) -> Self {
        let mut header = Self::begin(types, KIND_TABLE, seed, geometry.capacity, geometry.bytes);
        header.put(at::GROUPS, &u64::from(geometry.groups).to_le_bytes());
        header.put(at::ROOM, &(geometry.room as u64).to_le_bytes());
        header.put(at::HEADER_CHECKSUM, &header.checksum().to_le_bytes());
        header.put(at::STATE, &OPEN.to_le_bytes());
        header
    }

    /// The header of a new indexed archive, not yet sealed.
    pub(super) fn of_index(types: &Types, geometry: &IndexGeometry, seed: u64) -> Self {
        let shape = geometry.shape;
        let mut header = Self::begin(types, KIND_INDEXED, seed, shape.keys.into(), geometry.bytes);
        header.put(at::ROOM, &(geometry.room as u64).to_le_bytes());
        header.put(at::PARTS, &shape.parts.to_le_bytes());
        header.put(at::BUCKETS, &shape.buckets.to_le_bytes());
        header.put(at::SLOTS, &u64::from(shape.slots).to_le_bytes());
        header.put(at::HEADER_CHECKSUM, &header.checksum().to_le_bytes());
        header.put(at::LEN, &u64::from(shape.keys).to_le_bytes());
        header
    }

    /// What the headers of all kinds have.
    fn begin(types: &Types, kind: u32, seed: u64, capacity: u64, bytes: usize) -> Self {
        let mut header = Self([0; at::TAGS]);
        header.put(at::MAGIC, &MAGIC.to_le_bytes());
        header.put(at::VERSION, &VERSION.to_le_bytes());
        header.put(at::ENDIAN_MARK, &ENDIAN_MARK.to_le_bytes());
        for (at, size) in Self::sizes(&types.slot) {
            header.put(at, &size.to_le_bytes());
        }
        header.put(at::HASHER, &HASHER.to_le_bytes());
        header.put(at::KEY_LAYOUT, &types.key_layout.to_le_bytes());
        header.put(at::VALUE_LAYOUT, &types.value_layout.to_le_bytes());
        header.put(at::SEED, &seed.to_le_bytes());
        header.put(at::CAPACITY, &capacity.to_le_bytes());
        header.put(at::BYTES, &(bytes as u64).to_le_bytes());
        header.put(at::KIND, &kind.to_le_bytes());
        header.put(at::SCHEMA_BYTES, &types.schema_bytes.to_le_bytes());
        header
    }

    /// The sizes that a header states, and where.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "`FixedMap` refuses larger slots at compile time"
    )]
    fn sizes(slot: &SlotLayout) -> [(usize, u32); 6] {
        [
            (at::HEADER_BYTES, at::TAGS as u32),
            (at::SLOT_SIZE, slot.size as u32),
            (at::SLOT_ALIGN, slot.align as u32),
            (at::KEY_SIZE, slot.key as u32),
            (at::VALUE_SIZE, slot.value as u32),
            (at::VALUE_OFFSET, slot.value_at as u32),
        ]
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..][..bytes.len()].copy_from_slice(bytes);
    }

    fn checksum(&self) -> u64 {
        rapidhash_v3_seeded(&self.0[..at::HEADER_CHECKSUM], &CHECKSUM)
    }

    /// The number of eight bytes at this offset.
    pub(super) fn number(&self, at: usize) -> u64 {
        number!(self.0, at, u64)
    }

    pub(super) fn kind(&self) -> u32 {
        number!(self.0, at::KIND, u32)
    }

    pub(super) fn hasher(&self) -> u32 {
        number!(self.0, at::HASHER, u32)
    }

    pub(super) fn schema_bytes(&self) -> u32 {
        number!(self.0, at::SCHEMA_BYTES, u32)
    }

    pub(super) fn seed(&self) -> u64 {
        number!(self.0, at::SEED, u64)
    }

    pub(super) fn len(&self) -> u64 {
        number!(self.0, at::LEN, u64)
    }

    pub(super) fn generation(&self) -> u64 {
        number!(self.0, at::GENERATION, u64)
    }

    #[cfg(feature = "files")]
    pub(super) fn set_generation(&mut self, generation: u64) {
        self.put(at::GENERATION, &generation.to_le_bytes());
    }

    pub(super) fn set_seal(&mut self, content_checksum: u64) {
        self.put(at::CONTENT_CHECKSUM, &content_checksum.to_le_bytes());
        self.put(at::STATE, &SEALED.to_le_bytes());
    }

    pub(super) fn state(&self) -> u64 {
        number!(self.0, at::STATE, u64)
    }

    pub(super) fn content_checksum(&self) -> u64 {
        number!(self.0, at::CONTENT_CHECKSUM, u64)
    }

    /// Whether the archive of this header should be sealed, and its bytes do not sum up to what the header says.
    pub(super) fn fails_checksum(&self, bytes: &[u8]) -> bool {
        self.state() != OPEN && self.content_checksum() != content_checksum(&bytes[..at::STATE], &bytes[at::TAGS..])
    }

    /// Checks everything that can be checked without the content, in the order of `FORMAT.md`, and gives the geometry.
    pub(super) fn check<K: FixedValue, V: FixedValue>(&self) -> Result<Geometry, FixedError> {
        let geometry = self.check_shape::<K, V>()?;
        self.check_state(&geometry)?;
        Ok(geometry)
    }

    /// The second half of it: what changes while the map lives.
    pub(super) fn check_state(&self, geometry: &Geometry) -> Result<(), FixedError> {
        if self.len() > geometry.capacity {
            return Err(FixedError::new(Field::Len, geometry.capacity, self.len()));
        }
        let used = number!(self.0, at::ROOM_USED, u64);
        if used > geometry.room as u64 {
            return Err(FixedError::new(Field::RoomUsed, geometry.room as u64, used));
        }
        let garbage = number!(self.0, at::GARBAGE, u64);
        if garbage > used {
            return Err(FixedError::new(Field::Garbage, used, garbage));
        }
        match self.state() {
            // The checksum of an open archive says nothing: a writer killed between the two writes leaves one that is not 0.
            SEALED | OPEN => Ok(()),
            other => Err(FixedError::new(Field::State, SEALED, other)),
        }
    }

    /// Checks what an archive has to have to be one, and leaves length and state, which `recover` makes anew.
    pub(super) fn check_shape<K: FixedValue, V: FixedValue>(&self) -> Result<Geometry, FixedError> {
        self.check_start()?;
        self.check_table(const { &Types::of::<K, V>() })
    }

    /// The rest of it: that it is a table with such slots, and what follows from its capacity.
    pub(super) fn check_table(&self, types: &Types) -> Result<Geometry, FixedError> {
        self.check_types(types, KIND_TABLE)?;
        let room = number!(self.0, at::ROOM, u64);
        if !types.has_room {
            expect(Field::Room, 0, room)?;
        }
        let capacity = number!(self.0, at::CAPACITY, u64);
        let geometry = types.geometry(capacity, room)?;
        expect(Field::Groups, geometry.groups.into(), number!(self.0, at::GROUPS, u64))?;
        expect(Field::Bytes, geometry.bytes as u64, number!(self.0, at::BYTES, u64))?;
        self.check_zero(at::RESERVED, at::HEADER_CHECKSUM)?;
        self.check_zero(at::RESERVED_MUTABLE, at::TAGS)?;
        Ok(geometry)
    }

    /// Checks the header of an indexed archive, in the order of `FORMAT.md`, and gives the geometry.
    pub(super) fn check_indexed<K: FixedValue, V: FixedValue>(&self) -> Result<IndexGeometry, FixedError> {
        self.check_start()?;
        self.check_index(const { &Types::of::<K, V>() })
    }

    /// The rest of it: that it is an index with such slots, and what follows from its entries.
    pub(super) fn check_index(&self, types: &Types) -> Result<IndexGeometry, FixedError> {
        self.check_types(types, KIND_INDEXED)?;
        self.check_index_shape(types).map_err(FixedError::of_index)
    }

    fn check_index_shape(&self, types: &Types) -> Result<IndexGeometry, FixedError> {
        let entries = number!(self.0, at::CAPACITY, u64);
        let room = number!(self.0, at::ROOM, u64);
        if !types.has_room {
            expect(Field::Room, 0, room)?;
        }
        let geometry = IndexGeometry::new(entries, &types.slot, room, types.schema_bytes as usize)?;
        let shape = geometry.shape;
        expect(Field::Groups, 0, number!(self.0, at::GROUPS, u64))?;
        expect(Field::Parts, shape.parts.into(), number!(self.0, at::PARTS, u32).into())?;
        let buckets = number!(self.0, at::BUCKETS, u32);
        expect(Field::Buckets, shape.buckets.into(), buckets.into())?;
        expect(Field::Slots, shape.slots.into(), number!(self.0, at::SLOTS, u64))?;
        expect(Field::Bytes, geometry.bytes as u64, number!(self.0, at::BYTES, u64))?;
        expect(Field::Len, shape.keys.into(), self.len())?;
        expect(Field::State, SEALED, self.state())?;
        self.check_zero(at::ROOM_USED, at::TAGS)?;
        Ok(geometry)
    }

    /// The first of these: that it is an archive of this version, and the header undamaged.
    pub(super) fn check_start(&self) -> Result<(), FixedError> {
        self.check_magic()?;
        expect(
            Field::EndianMark,
            ENDIAN_MARK.into(),
            number!(self.0, at::ENDIAN_MARK, u16).into(),
        )?;
        expect(Field::Version, VERSION.into(), number!(self.0, at::VERSION, u16).into())?;
        expect(
            Field::HeaderChecksum,
            self.checksum(),
            number!(self.0, at::HEADER_CHECKSUM, u64),
        )
    }

    /// The very first one: that it is an archive.
    pub(super) fn check_magic(&self) -> Result<(), FixedError> {
        expect(Field::Magic, MAGIC, number!(self.0, at::MAGIC, u64))
    }

    /// The same of a beginning that is too short for a header, as far as it goes: what begins otherwise was not cut off, but is something else.
    pub(super) fn check_beginning(&self, len: usize) -> Result<(), FixedError> {
        let magic = MAGIC.to_le_bytes();
        let len = len.min(magic.len());
        if self.0[..len] == magic[..len] {
            return Ok(());
        }
        self.check_magic()
    }

    /// And the next: that it is one of this kind and these types.
    fn check_types(&self, types: &Types, kind: u32) -> Result<(), FixedError> {
        let fields = [
            Field::HeaderBytes,
            Field::SlotSize,
            Field::SlotAlign,
            Field::KeySize,
            Field::ValueSize,
            Field::ValueOffset,
        ];
        for (field, (at, size)) in fields.into_iter().zip(Self::sizes(&types.slot)) {
            expect(field, size.into(), number!(self.0, at, u32).into())?;
        }
        expect(Field::Hasher, HASHER.into(), number!(self.0, at::HASHER, u32).into())?;
        expect(Field::KeyLayout, types.key_layout, number!(self.0, at::KEY_LAYOUT, u64))?;
        expect(
            Field::ValueLayout,
            types.value_layout,
            number!(self.0, at::VALUE_LAYOUT, u64),
        )?;
        expect(Field::Kind, kind.into(), number!(self.0, at::KIND, u32).into())?;
        expect(
            Field::SchemaBytes,
            types.schema_bytes.into(),
            number!(self.0, at::SCHEMA_BYTES, u32).into(),
        )
    }

    fn check_zero(&self, from: usize, to: usize) -> Result<(), FixedError> {
        match self.0[from..to].iter().position(|&byte| byte != 0) {
            Some(i) => Err(FixedError::at(
                Field::Reserved,
                (from + i) as u64,
                0,
                self.0[from + i].into(),
            )),
            None => Ok(()),
        }
    }
}

/// What a header says of the types in the slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Types {
    pub(super) slot: SlotLayout,
    pub(super) key_layout: u64,
    pub(super) value_layout: u64,
    pub(super) schema_bytes: u32,
    /// Whether one of them stands in the room for texts.
    pub(super) has_room: bool,
}

impl Types {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a program with schemas of 4 GiB does not compile"
    )]
    pub(super) const fn of<K: FixedValue, V: FixedValue>() -> Self {
        Self {
            slot: SlotLayout::of::<K, V>(),
            key_layout: K::SCHEMA.layout_hash(),
            value_layout: V::SCHEMA.layout_hash(),
            schema_bytes: schema_bytes::<K, V>() as u32,
            has_room: has_room::<K, V>(),
        }
    }

    /// The geometry of an archive with these in its slots.
    pub(super) const fn geometry(&self, capacity: u64, room: u64) -> Result<Geometry, FixedError> {
        let room = if self.has_room { room } else { 0 };
        Geometry::new(capacity, &self.slot, room, self.schema_bytes as usize)
    }
}

/// Bytes of the schema of an archive with these in its slots.
pub(super) const fn schema_bytes<K: FixedValue, V: FixedValue>() -> usize {
    K::SCHEMA.written_bytes() + V::SCHEMA.written_bytes()
}

/// The geometry of an archive with these in its slots, for so many entries and so many bytes of texts.
pub(super) const fn geometry_of<K: FixedValue, V: FixedValue>(
    capacity: u64,
    room: u64,
) -> Result<Geometry, FixedError> {
    Types::of::<K, V>().geometry(capacity, room)
}

/// Gives the bytes of the schema of such an archive, piece by piece.
pub(super) fn write_schema<K: FixedValue, V: FixedValue>(put: &mut impl FnMut(&[u8])) {
    K::SCHEMA.write(put);
    V::SCHEMA.write(put);
}

/// Whether an archive with these in its slots has a room for texts.
pub(super) const fn has_room<K: FixedValue, V: FixedValue>() -> bool {
    K::IN_ROOM || V::IN_ROOM
}

pub(super) fn expect(field: Field, expected: u64, found: u64) -> Result<(), FixedError> {
    if expected == found {
        Ok(())
    } else {
        Err(FixedError::new(field, expected, found))
    }
}

/// The checksum of a sealed archive: of its bytes from the start to the state, then from the tags to the end.
pub(super) fn content_checksum(before_state: &[u8], content: &[u8]) -> u64 {
    let mut hasher = RapidStreamHasherV3::new(&CHECKSUM);
    hasher.write(before_state);
    hasher.write(content);
    hasher.finish()
}

/// A seed that nobody can guess before the archive is published.
pub(super) fn random_seed() -> u64 {
    use core::hash::BuildHasher;
    #[cfg(feature = "std")]
    return std::hash::RandomState::new().hash_one(0_u8);
    #[cfg(not(feature = "std"))]
    return crate::DefaultHashBuilder::default().hash_one(0_u8);
}
