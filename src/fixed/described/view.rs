//! One key or value of an archive, by its type and its bytes.

use super::super::error::{Field, FixedError};
use super::super::key::{KeyHasher, KeySecrets};
use super::super::layout::Hash;
use super::super::numbers::hash_number;
use super::super::var::Span;
use super::types::{Leaf, Member, Shape, Type};

/// A key or value, or a part of one: bytes of which the type is known by its description.
///
/// ```
/// use arenamap::fixed::described::{Described, Value};
/// use arenamap::fixed::{AlignedBytes, FixedMap, u32_le, u64_le};
///
/// arenamap::fixed_struct! { pub struct Page { pub site: u32_le, pub number: u32_le } }
///
/// let mut map = FixedMap::<Page, u64_le, _>::create(AlignedBytes::zeroed(4096), 10)?;
/// map.insert(Page { site: 7.into(), number: 1.into() }, 512.into()).unwrap();
///
/// let archive = Described::open(map.as_bytes())?;
/// let entry = archive.iter().next().unwrap();
/// assert_eq!(entry.value.value(), Value::Unsigned(512));
/// assert_eq!(entry.key.field("site").unwrap().value(), Value::Unsigned(7));
/// # Ok::<(), arenamap::fixed::FixedError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(super) of: &'a Type,
    /// As many as the type has.
    pub(super) bytes: &'a [u8],
    /// The room for texts.
    pub(super) room: &'a [u8],
}

/// What the bytes of a [`View`] mean.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A type without bytes.
    Unit,
    /// `bool`.
    Bool(bool),
    /// `u8` to `u128_le`, and those that are not zero.
    Unsigned(u128),
    /// `i8` to `i128_le`, and those that are not zero.
    Signed(i128),
    /// `f32_le`.
    F32(f32),
    /// `f64_le`.
    F64(f64),
    /// `char_le`.
    Char(char),
    /// `FixedStr` and `str`.
    Text(&'a str),
    /// `FixedBytes` and `[u8]`.
    Bytes(&'a [u8]),
    /// An array: [`View::items`] gives its elements.
    Array,
    /// A struct: [`View::fields`] gives its fields.
    Struct,
    /// A type whose name this program does not know: its bytes.
    Unknown(&'a [u8]),
    /// Bytes that are not valid for their type; of a text, its number in the slot.
    Invalid(&'a [u8]),
}

impl<'a> View<'a> {
    /// Its type.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn of(&self) -> &'a Type {
        self.of
    }

    /// Its bytes in the slot. Those of a `str` or `[u8]` are the number that leads to the text.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What the bytes mean.
    ///
    /// Allocates: never. Time: O(1); of a text O(bytes), which are checked.
    #[must_use]
    pub fn value(&self) -> Value<'a> {
        match &self.of.shape {
            Shape::Leaf(leaf) => self.leaf(*leaf).unwrap_or(Value::Invalid(self.bytes)),
            Shape::Array { .. } => Value::Array,
            Shape::Struct(_) => Value::Struct,
        }
    }

    /// The elements of an array; none of any other type.
    ///
    /// Elements without bytes are not given: there may be any number of them.
    ///
    /// Allocates: never. Time: O(1), and O(1) for each.
    pub fn items(&self) -> impl Iterator<Item = Self> + use<'a> {
        let Self { of, bytes, room } = *self;
        let item = match &of.shape {
            Shape::Array { item, .. } if item.size > 0 => Some(&**item),
            _ => None,
        };
        item.into_iter()
            .flat_map(move |of| bytes.chunks_exact(of.size).map(move |bytes| View { of, bytes, room }))
    }

    /// The fields of a struct with their names; none of any other type.
    ///
    /// Allocates: never. Time: O(1), and O(1) for each.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let view = *self;
        let member = move |member: &'a Member| (member.name(), view.member(member));
        self.of.members().iter().map(member)
    }

    /// The field of this name.
    ///
    /// Allocates: never. Time: O(fields).
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Self> {
        self.fields().find_map(|(other, view)| (other == name).then_some(view))
    }

    /// Whether the bytes are valid for the type, and texts lie in the room and are UTF-8 if they should be.
    ///
    /// Allocates: never. Time: O(bytes).
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.is_valid_by(&|text, leaf| text.leaf(leaf).is_some())
    }

    /// The same of the slot alone: a text may be anywhere.
    pub(super) fn is_valid_in_slot(&self) -> bool {
        self.is_valid_by(&|_, _| true)
    }

    fn is_valid_by(&self, is_text: &impl Fn(&Self, Leaf) -> bool) -> bool {
        if self.of.any_bytes {
            return true;
        }
        match &self.of.shape {
            Shape::Leaf(leaf @ (Leaf::Str | Leaf::Bytes)) => is_text(self, *leaf),
            Shape::Leaf(leaf) => self.leaf(*leaf).is_some(),
            Shape::Array { .. } => self.items().all(|item| item.is_valid_by(is_text)),
            Shape::Struct(members) => members.iter().all(|member| self.member(member).is_valid_by(is_text)),
        }
    }

    /// Whether it can be written where this type is, with the fields of the errors if it cannot.
    pub(super) fn check(&self, of: &Type, layout: Field, field: Field) -> Result<(), FixedError> {
        if self.of != of {
            return Err(FixedError::new(layout, of.layout_hash(), self.of.layout_hash()));
        }
        if !self.is_valid() {
            return Err(FixedError::at(field, 0, 0, 1));
        }
        Ok(())
    }

    /// Whether two views of equal types are equal as keys are: texts by their content, everything else by its bytes.
    ///
    /// Allocates: never. Time: O(bytes).
    #[must_use]
    pub fn same(&self, other: &View<'_>) -> bool {
        if self.of != other.of {
            return false;
        }
        self.same_parts(other)
    }

    /// The same of views that are known to have equal types.
    pub(super) fn same_parts(&self, other: &View<'_>) -> bool {
        match &self.of.shape {
            Shape::Leaf(Leaf::FixedStr | Leaf::FixedBytes) => self.content() == other.content(),
            Shape::Leaf(Leaf::Str | Leaf::Bytes) => self.span().of(self.room) == other.span().of(other.room),
            Shape::Array { item, .. } if item.in_room => self
                .items()
                .zip(other.items())
                .all(|(item, other)| item.same_parts(&other)),
            Shape::Leaf(_) | Shape::Array { .. } => self.bytes == other.bytes,
            Shape::Struct(members) => members
                .iter()
                .zip(other.of.members())
                .all(|(member, theirs)| self.member(member).same_parts(&other.member(theirs))),
        }
    }

    /// The hash of this key in a map with these secrets.
    pub(super) fn hash(&self, secrets: &KeySecrets) -> Hash {
        let mut hasher = KeyHasher::new(secrets);
        self.hash_parts(&mut hasher);
        Hash(hasher.finish())
    }

    pub(super) fn hash_parts(&self, hasher: &mut KeyHasher<'_>) {
        match &self.of.shape {
            Shape::Leaf(Leaf::FixedStr | Leaf::FixedBytes) => hasher.write(self.content()),
            Shape::Leaf(Leaf::Str | Leaf::Bytes) => hasher.write(self.span().of(self.room).unwrap_or_default()),
            Shape::Leaf(_) => hash_number(self.bytes, hasher),
            Shape::Array { .. } => hasher.write(self.bytes),
            Shape::Struct(members) => {
                for member in members {
                    self.member(member).hash_parts(hasher);
                }
            }
        }
    }

    /// Gives the place of each text.
    pub(super) fn for_each_text(&self, give: &mut impl FnMut(Span)) {
        if !self.of.in_room {
            return;
        }
        match &self.of.shape {
            Shape::Leaf(_) => give(self.span()),
            Shape::Array { .. } => self.items().for_each(|item| item.for_each_text(give)),
            Shape::Struct(members) => {
                for member in members {
                    self.member(member).for_each_text(give);
                }
            }
        }
    }

    fn member(&self, member: &'a Member) -> Self {
        Self {
            of: &member.of,
            bytes: &self.bytes[member.offset..][..member.of.size],
            room: self.room,
        }
    }

    /// The bytes of a `FixedStr` or `FixedBytes`.
    fn content(&self) -> &'a [u8] {
        let room = self.bytes.len() - 1;
        &self.bytes[..usize::from(self.bytes[room]).min(room)]
    }

    /// Where a `str` or `[u8]` is.
    #[allow(clippy::cast_possible_truncation, reason = "eight bytes")]
    fn span(&self) -> Span {
        Span(self.number() as u64)
    }

    /// The bytes of a `str` or `[u8]`, if they lie in the room.
    pub(super) fn text(&self) -> Option<&'a [u8]> {
        let span = self.span();
        span.of(self.room).filter(|_| span.is_canonical())
    }

    /// Up to sixteen bytes as an integer.
    fn number(&self) -> u128 {
        let mut bytes = [0; size_of::<u128>()];
        bytes[..self.bytes.len()].copy_from_slice(self.bytes);
        u128::from_le_bytes(bytes)
    }

    /// The meaning of a type without parts; `None` if the bytes have none.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "numbers of as many bytes as the type has"
    )]
    fn leaf(&self, leaf: Leaf) -> Option<Value<'a>> {
        let signed = || {
            let unused = u128::BITS - 8 * self.bytes.len() as u32;
            Value::Signed((self.number() << unused).cast_signed() >> unused)
        };
        Some(match leaf {
            Leaf::Unit => Value::Unit,
            Leaf::Bool => match self.bytes {
                [0] => Value::Bool(false),
                [1] => Value::Bool(true),
                _ => return None,
            },
            Leaf::NonZeroUnsigned | Leaf::NonZeroSigned if self.number() == 0 => return None,
            Leaf::Unsigned | Leaf::NonZeroUnsigned => Value::Unsigned(self.number()),
            Leaf::Signed | Leaf::NonZeroSigned => signed(),
            Leaf::Float if self.bytes.len() == 4 => Value::F32(f32::from_bits(self.number() as u32)),
            Leaf::Float => Value::F64(f64::from_bits(self.number() as u64)),
            Leaf::Char => Value::Char(char::from_u32(self.number() as u32)?),
            Leaf::FixedStr => Value::Text(str::from_utf8(self.canonical()?).ok()?),
            Leaf::FixedBytes => Value::Bytes(self.canonical()?),
            Leaf::Str => Value::Text(str::from_utf8(self.text()?).ok()?),
            Leaf::Bytes => Value::Bytes(self.text()?),
            Leaf::Unknown => Value::Unknown(self.bytes),
        })
    }

    /// The bytes of a `FixedStr` or `FixedBytes` whose length is in bounds, with zeros behind them.
    fn canonical(&self) -> Option<&'a [u8]> {
        let room = self.bytes.len() - 1;
        let (content, behind) = self.bytes[..room].split_at_checked(self.bytes[room].into())?;
        behind.iter().all(|&byte| byte == 0).then_some(content)
    }
}
