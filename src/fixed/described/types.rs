//! Types as the schema of an archive tells them: read from its bytes, checked, and written again.
//!
//! The bytes come from anyone. So depth and number of the types are bounded, every offset is checked once, here, and what is
//! made of them afterwards stays inside its type.

use super::super::error::{Field, FixedError};
use super::super::value::{FNV_START, Schema, fnv_byte};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Most types inside each other.
pub(super) const MOST_DEPTH: usize = 32;
/// Most types of one schema, nested ones included.
pub(super) const MOST_TYPES: usize = 4096;
/// Most types without bytes in one schema: what has none is not bounded by the size of a slot.
pub(super) const MOST_EMPTY: usize = 64;
/// Most bytes of one type, and so of a key with its value.
pub(super) const MOST_BYTES: usize = 1 << 30;
/// Largest alignment.
const MOST_ALIGN: usize = 64;

/// A type of keys or values, as the schema of an archive describes it.
///
/// Its text is that of [`parse`](Self::parse).
///
/// ```
/// use arenamap::fixed::described::{Described, Type};
/// use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u32_le};
///
/// let map = FixedMap::<u32_le, FixedStr<32>, _>::create(AlignedBytes::zeroed(4096), 10)?;
/// let archive = Described::open(map.as_bytes())?;
/// assert_eq!((archive.key_type().name(), archive.key_type().size()), ("u32_le", 4));
/// assert_eq!(archive.value_type().to_string(), "FixedStr<32>");
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    pub(super) name: String,
    pub(super) size: usize,
    pub(super) align: usize,
    pub(super) shape: Shape,
    /// Whether any bytes are a value.
    pub(super) any_bytes: bool,
    /// Whether some of it stands in the room for texts.
    pub(super) in_room: bool,
}

/// What a type is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Leaf(Leaf),
    Array { item: Box<Type>, len: usize },
    Struct(Vec<Member>),
}

/// A type without parts, known by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Unit,
    Bool,
    Unsigned,
    Signed,
    NonZeroUnsigned,
    NonZeroSigned,
    Float,
    Char,
    FixedStr,
    FixedBytes,
    Str,
    Bytes,
    /// Bytes without a meaning that is known here.
    Unknown,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub(super) name: String,
    pub(super) offset: usize,
    pub(super) of: Type,
}

impl Member {
    /// Name of the field.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Offset in its struct, in bytes.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Its type.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn of(&self) -> &Type {
        &self.of
    }
}

impl Type {
    /// Name of the type, without its path: `u64_le`, `[]` for an array.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Size in bytes.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Alignment in bytes.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn align(&self) -> usize {
        self.align
    }

    /// The fields of a struct, in their order; none of any other type.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match &self.shape {
            Shape::Struct(members) => members,
            Shape::Leaf(_) | Shape::Array { .. } => &[],
        }
    }

    /// Type and number of the elements of an array; `None` of any other type.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn array(&self) -> Option<(&Self, usize)> {
        match &self.shape {
            Shape::Array { item, len } => Some((item, *len)),
            Shape::Leaf(_) | Shape::Struct(_) => None,
        }
    }

    /// Whether this program knows what the bytes of a type without parts mean. Those of others are shown as they are.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.shape != Shape::Leaf(Leaf::Unknown)
    }

    /// Whether it is the key of a [`PathArchive`](crate::fixed::PathArchive): a part of a path, and the number of the level that it is below.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_path_key(&self) -> bool {
        let is_parent = |parent: &Member| parent.offset == PARENT_AT && parent.of.name == NODE && parent.of.is_known();
        let members = self.members();
        self.name == PATH_KEY
            && self.size == 2 * PARENT_AT
            && members.len() == 2
            && members[0].name == PART
            && is_parent(&members[1])
    }

    /// The type that a schema of this program describes.
    ///
    /// Allocates: heap. Time: O(fields).
    ///
    /// # Panics
    ///
    /// If a schema that was written by hand describes no type: an array larger than the address space; one that contains itself ends the
    /// program.
    ///
    /// ```
    /// use arenamap::fixed::described::Type;
    /// use arenamap::fixed::{FixedValue, u32_le};
    ///
    /// arenamap::fixed_struct! { pub struct Place { pub x: u32_le, pub y: u32_le } }
    /// assert_eq!(Type::of(&Place::SCHEMA).to_string(), "Place { x: u32_le, y: u32_le }");
    /// ```
    #[must_use]
    pub fn of(schema: &Schema) -> Self {
        let Schema { name, size, align, .. } = *schema;
        match schema.fields {
            [] => Self::leaf(name.into(), size, align),
            [item] if name == ARRAY => Self::array_of(Self::of(item.schema), schema.repeat),
            fields => {
                let members = fields.iter().map(|field| Member {
                    name: field.name.into(),
                    offset: field.offset,
                    of: Self::of(field.schema),
                });
                Self::struct_of(name.into(), size, align, members.collect())
            }
        }
    }

    /// Whether it is a text, and not only a part of it.
    pub(super) const fn is_text(&self) -> bool {
        matches!(self.shape, Shape::Leaf(Leaf::Str | Leaf::Bytes))
    }

    /// The type of the keys of an archive of paths with such parts, which have at most 8 bytes.
    pub(super) fn path_key(part: Self) -> Self {
        let member = |name: &str, offset, of| Member {
            name: name.into(),
            offset,
            of,
        };
        let node = Self::leaf(NODE.into(), 8, 8);
        let members = alloc::vec![member(PART, 0, part), member("parent", PARENT_AT, node)];
        Self::struct_of(PATH_KEY.into(), 2 * PARENT_AT, 8, members)
    }

    /// The layout hash, as [`Schema::layout_hash`](crate::fixed::Schema::layout_hash) makes it.
    ///
    /// Allocates: never. Time: O(bytes) of the schema.
    #[must_use]
    pub fn layout_hash(&self) -> u64 {
        let mut hash = FNV_START;
        self.write(&mut |piece| hash = fnv(hash, piece));
        hash
    }

    /// Gives the bytes of the schema, piece by piece.
    pub(super) fn write(&self, put: &mut dyn FnMut(&[u8])) {
        let number = |number: usize| (number as u64).to_le_bytes();
        put(&number(self.name.len()));
        put(self.name.as_bytes());
        let (repeat, fields) = match &self.shape {
            Shape::Leaf(_) => (1, 0),
            Shape::Array { len, .. } => (*len, 1),
            Shape::Struct(members) => (1, members.len()),
        };
        for of_type in [self.size, self.align, repeat, fields] {
            put(&number(of_type));
        }
        let mut field = |name: &str, offset: usize, of: &Self| {
            put(&number(name.len()));
            put(name.as_bytes());
            put(&number(offset));
            of.write(put);
        };
        match &self.shape {
            Shape::Leaf(_) => {}
            Shape::Array { item, .. } => field(ITEM, 0, item),
            Shape::Struct(members) => members
                .iter()
                .for_each(|member| field(&member.name, member.offset, &member.of)),
        }
    }

    /// Bytes of the schema.
    pub(super) fn written_bytes(&self) -> usize {
        let mut bytes = 0;
        self.write(&mut |piece| bytes += piece.len());
        bytes
    }

    /// A type without parts. The caller has checked size and alignment.
    pub(super) fn leaf(name: String, size: usize, align: usize) -> Self {
        let leaf = Leaf::of(&name, size, align);
        Self {
            name,
            size,
            align,
            shape: Shape::Leaf(leaf),
            any_bytes: leaf.takes_any_bytes(),
            in_room: matches!(leaf, Leaf::Str | Leaf::Bytes),
        }
    }

    /// An array. The caller has checked that it fits the address space.
    pub(super) fn array_of(item: Self, len: usize) -> Self {
        Self {
            name: ARRAY.into(),
            size: item.size * len,
            align: item.align,
            any_bytes: item.any_bytes || len == 0,
            in_room: item.in_room,
            shape: Shape::Array {
                item: Box::new(item),
                len,
            },
        }
    }

    /// A struct with these fields, of which there is one at least.
    pub(super) fn struct_of(name: String, size: usize, align: usize, members: Vec<Member>) -> Self {
        Self {
            name,
            size,
            align,
            any_bytes: members.iter().all(|member| member.of.any_bytes),
            in_room: members.iter().any(|member| member.of.in_room),
            shape: Shape::Struct(members),
        }
    }
}

/// The name of the key of an archive of paths, and that of the number of a level.
const PATH_KEY: &str = "PathKey";
const NODE: &str = "PathNode";
/// The name of the part in such a key.
pub(super) const PART: &str = "part";
/// Bytes of a part in such a key.
pub(super) const PARENT_AT: usize = 8;

/// The name of every array.
const ARRAY: &str = "[]";
/// The name of its one field.
const ITEM: &str = "0";

/// FNV-1a of one more piece.
fn fnv(hash: u64, piece: &[u8]) -> u64 {
    piece.iter().fold(hash, |hash, &byte| fnv_byte(hash, byte))
}

impl Leaf {
    /// What a name means, if size and alignment are those that go with it.
    fn of(name: &str, size: usize, align: usize) -> Self {
        let (leaf, bytes) = match name {
            "u8" => (Self::Unsigned, 1),
            "i8" => (Self::Signed, 1),
            "bool" => (Self::Bool, 1),
            "u16_le" => (Self::Unsigned, 2),
            "u32_le" => (Self::Unsigned, 4),
            "u64_le" | NODE => (Self::Unsigned, 8),
            "u128_le" => (Self::Unsigned, 16),
            "i16_le" => (Self::Signed, 2),
            "i32_le" => (Self::Signed, 4),
            "i64_le" => (Self::Signed, 8),
            "i128_le" => (Self::Signed, 16),
            "f32_le" => (Self::Float, 4),
            "f64_le" => (Self::Float, 8),
            "char_le" => (Self::Char, 4),
            "NonZeroU16_le" => (Self::NonZeroUnsigned, 2),
            "NonZeroU32_le" => (Self::NonZeroUnsigned, 4),
            "NonZeroU64_le" => (Self::NonZeroUnsigned, 8),
            "NonZeroI16_le" => (Self::NonZeroSigned, 2),
            "NonZeroI32_le" => (Self::NonZeroSigned, 4),
            "NonZeroI64_le" => (Self::NonZeroSigned, 8),
            "str" => (Self::Str, 8),
            "[u8]" => (Self::Bytes, 8),
            "FixedStr" if align == 1 && (1..=256).contains(&size) => return Self::FixedStr,
            "FixedBytes" if align == 1 && (1..=256).contains(&size) => return Self::FixedBytes,
            _ if size == 0 => return Self::Unit,
            _ => return Self::Unknown,
        };
        if (size, align) == (bytes, bytes) {
            leaf
        } else {
            Self::Unknown
        }
    }

    const fn takes_any_bytes(self) -> bool {
        matches!(
            self,
            Self::Unit | Self::Unsigned | Self::Signed | Self::Float | Self::Unknown
        )
    }
}

/// Reads the schema of an archive, which begins at this offset: the key's type and the value's. Their hashes are those that the
/// header states.
pub(super) fn read(schema: &[u8], at: usize, hashes: [u64; 2]) -> Result<[Type; 2], FixedError> {
    let mut reader = Reader {
        left: schema,
        at: at as u64,
        types: 0,
        empty: 0,
    };
    let mut next = |stated| {
        let (from, before) = (reader.at, reader.left);
        let found = reader.read_type(0)?;
        let made = fnv(FNV_START, &before[..before.len() - reader.left.len()]);
        if made == stated {
            Ok(found)
        } else {
            Err(FixedError::at(Field::Description, from, stated, made))
        }
    };
    let types = [next(hashes[0])?, next(hashes[1])?];
    if reader.left.is_empty() {
        Ok(types)
    } else {
        Err(reader.error(0, reader.left.len() as u64))
    }
}

/// What is left of the bytes of a schema.
struct Reader<'a> {
    left: &'a [u8],
    /// Offset in the archive.
    at: u64,
    types: usize,
    empty: usize,
}

impl Reader<'_> {
    fn error(&self, expected: u64, found: u64) -> FixedError {
        FixedError::at(Field::Description, self.at, expected, found)
    }

    /// Fails unless a number that was just read is at most this.
    fn at_most(&self, most: usize, found: usize) -> Result<usize, FixedError> {
        if found <= most {
            Ok(found)
        } else {
            Err(self.error(most as u64, found as u64))
        }
    }

    fn bytes(&mut self, len: usize) -> Result<&[u8], FixedError> {
        let Some((bytes, left)) = self.left.split_at_checked(len) else {
            return Err(self.error(self.left.len() as u64, len as u64));
        };
        self.left = left;
        self.at += len as u64;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<usize, FixedError> {
        let mut bytes = [0; size_of::<u64>()];
        bytes.copy_from_slice(self.bytes(size_of::<u64>())?);
        let number = u64::from_le_bytes(bytes);
        usize::try_from(number).map_err(|_| self.error(usize::MAX as u64, number))
    }

    fn name(&mut self) -> Result<String, FixedError> {
        let len = self.number()?;
        let bytes = self.bytes(len)?;
        let text = str::from_utf8(bytes).map_err(|error| (error.valid_up_to(), bytes[error.valid_up_to()]));
        let mut name = String::new();
        match text {
            Ok(text) => {
                name.try_reserve_exact(len).map_err(|_| FixedError::refused(len))?;
                name.push_str(text);
                Ok(name)
            }
            Err((valid, byte)) => {
                let place = self.at - (len - valid) as u64;
                Err(FixedError::at(Field::Description, place, 0x7f, byte.into()))
            }
        }
    }

    fn read_type(&mut self, depth: usize) -> Result<Type, FixedError> {
        self.at_most(MOST_DEPTH, depth)?;
        self.types += 1;
        self.at_most(MOST_TYPES, self.types)?;
        let name = self.name()?;
        let size = self.number()?;
        self.at_most(MOST_BYTES, size)?;
        if size == 0 {
            self.empty += 1;
            self.at_most(MOST_EMPTY, self.empty)?;
        }
        let align = self.number()?;
        self.at_most(MOST_ALIGN, align)?;
        if !align.is_power_of_two() || !size.is_multiple_of(align) {
            return Err(self.error(1, align as u64));
        }
        let repeat = self.number()?;
        let fields = self.number()?;
        self.at_most(MOST_TYPES, fields)?;
        let array = name == ARRAY && fields == 1;
        if repeat != 1 && !array {
            return Err(self.error(1, repeat as u64));
        }
        let mut members = Vec::new();
        let mut end = 0;
        for _ in 0..fields {
            let name = self.name()?;
            let offset = self.number()?;
            if offset < end {
                return Err(self.error(end as u64, offset as u64));
            }
            self.at_most(size, offset)?;
            let of = self.read_type(depth + 1)?;
            // An array says how large it is; the elements of others stand once.
            if !array {
                self.at_most(size - offset, of.size)?;
                end = offset + of.size;
            }
            if of.align > align || !offset.is_multiple_of(of.align) {
                return Err(self.error(align as u64, of.align as u64));
            }
            members.push(Member { name, offset, of });
        }
        if !array {
            return Ok(if members.is_empty() {
                Type::leaf(name, size, align)
            } else {
                Type::struct_of(name, size, align, members)
            });
        }
        let item = members.pop().filter(|item| item.name == ITEM && item.offset == 0);
        let Some(item) = item.map(|item| item.of) else {
            return Err(self.error(0, 1));
        };
        if item.size.checked_mul(repeat) != Some(size) || item.align != align {
            return Err(self.error(size as u64, repeat as u64));
        }
        Ok(Type::array_of(item, repeat))
    }
}
