//! Makes archives of paths of types that this program does not know.

use super::types::PARENT_AT;
use super::write::{Place, Writer};
use super::{Field, Shape, Type, TypeError, View, types_of};
use crate::PathMap;
use crate::fixed::error::FixedError;
use crate::fixed::header::random_seed;
use crate::fixed::layout::at;
use crate::fixed::var::Span;
use crate::fixed::var::path::{Link, links_for, number_of};
use crate::nested::Step;
use alloc::format;
use alloc::vec::Vec;

/// An archive of paths in the making, of described types.
///
/// The same seed and the same insertions make the same bytes as of a [`PathArchive`](crate::fixed::PathArchive) that is made of a
/// [`PathMap`] with these types.
///
/// ```
/// use arenamap::fixed::described::{Packed, TreeBuilder, Type};
/// use arenamap::fixed::{AlignedBytes, PathArchive, u32_le};
///
/// let (part, value) = (Type::parse("str", "")?, Type::parse("u32", "")?);
/// let mut builder = TreeBuilder::new(part.clone(), value.clone())?;
/// let path = [Packed::new(&part, &"service".into())?, Packed::new(&part, &"port".into())?];
/// builder.insert(&path.each_ref().map(Packed::view), &Packed::new(&value, &80_u32.into())?.view())?;
///
/// let archive = PathArchive::<str, u32_le, _>::open_verified(AlignedBytes::from_slice(&builder.seal()?))?;
/// assert_eq!(archive.get(["service", "port"]), Some(&80.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TreeBuilder {
    part: Type,
    value: Type,
    /// Parts are texts, or the bytes of numbers.
    map: PathMap<[u8], Value>,
}

/// A value: its bytes in a slot, and its text.
#[derive(Debug)]
struct Value {
    slot: Vec<u8>,
    text: Vec<u8>,
}

impl TreeBuilder {
    /// An archive without values, whose paths have parts of this type.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`TypeError`] if parts have more than 8 bytes, or zeros are no value of this type: they stand in the place of a level that has none.
    pub fn new(part: Type, value: Type) -> Result<Self, TypeError> {
        if !part.is_text() && (part.size > PARENT_AT || part.align > PARENT_AT || !part.any_bytes) {
            return Err(TypeError::of_all(format!(
                "{part} cannot be a part of a path, which is `str`, `[u8]`, or a number of at most 8 bytes of which all are values"
            )));
        }
        let zeros = alloc::vec![0; value.size];
        let zero = View {
            of: &value,
            bytes: &zeros,
            room: &[],
        };
        if !zero.is_valid() || value.in_room && !value.is_text() {
            return Err(TypeError::of_all(format!(
                "{value} cannot be a value in an archive of paths: bytes that are all zero, as a level without a value has them, are no value of it"
            )));
        }
        Ok(Self {
            part,
            value,
            map: PathMap::new(),
        })
    }

    /// Number of values.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are no values.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is a value at this path.
    ///
    /// Allocates: heap, a reference for each part. Time: O(bytes).
    #[must_use]
    pub fn contains(&self, path: &[View<'_>]) -> bool {
        let parts: Vec<&[u8]> = path.iter().map(|part| self.bytes_of(part)).collect();
        path.iter().all(|part| part.of == &self.part) && self.map.contains(parts)
    }

    /// Puts a value in at a path, or another one in place of what is there.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Field::KeyLayout`], [`Field::Key`], [`Field::ValueLayout`] or [`Field::Value`] if a view is of another type or not valid;
    /// [`Field::Heap`] if there is no memory. Then nothing has changed.
    pub fn insert(&mut self, path: &[View<'_>], value: &View<'_>) -> Result<(), FixedError> {
        for part in path {
            part.check(&self.part, Field::KeyLayout, Field::Key)?;
        }
        value.check(&self.value, Field::ValueLayout, Field::Value)?;
        let text = if self.value.in_room { value.text() } else { None };
        let value = Value {
            slot: match text {
                Some(text) => span_of(text).to_vec(),
                None => value.bytes.to_vec(),
            },
            text: text.unwrap_or_default().to_vec(),
        };
        let parts: Vec<&[u8]> = path.iter().map(|part| self.bytes_of(part)).collect();
        let inserted = self.map.try_insert(parts, value);
        inserted.map_err(|error| FixedError::refused(error.value.text.len()))?;
        Ok(())
    }

    /// The archive, sealed, with a random seed.
    ///
    /// Allocates: heap, the bytes of the archive. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Field::Capacity`], [`Field::Room`] if the format or the address space is too small, [`Field::Heap`] if the heap refuses.
    pub fn seal(&self) -> Result<Vec<u8>, FixedError> {
        self.seal_seeded(random_seed())
    }

    /// The same with a given seed. Whoever knows it can choose parts that collide.
    ///
    /// Allocates: heap, the bytes of the archive. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal).
    pub fn seal_seeded(&self, seed: u64) -> Result<Vec<u8>, FixedError> {
        let (mut levels, mut texts) = (0, 0_usize);
        for node in self.map.nodes() {
            let part = node.key().filter(|_| self.part.in_room);
            let text = node.value().map_or(0, |value| value.text.len());
            levels += 1;
            texts = texts.saturating_add(part.map_or(0, <[u8]>::len).saturating_add(text));
        }
        let key = Type::path_key(self.part.clone());
        let slots = types_of(&key, &self.value).geometry(levels as u64, 0)?.slots();
        let links = links_for(levels, slots)?;
        let room = links.saturating_add(texts);
        let shape = Shape::new(key.clone(), self.value.clone(), levels, room, seed)?;
        let mut planting = Planting {
            builder: self,
            key: &key,
            none: alloc::vec![0; self.value.size],
            writer: Writer::create(shape)?,
        };
        planting.writer.put(at::ROOM_USED, links as u64);
        planting.writer.put(at::GARBAGE, links as u64); // no text's
        planting.plant()?;
        planting.writer.seal();
        Ok(planting.writer.bytes)
    }

    /// A part as it is kept: a text, or the bytes in its slot.
    fn bytes_of<'k>(&self, part: &View<'k>) -> &'k [u8] {
        if self.part.in_room {
            part.text().unwrap_or_default()
        } else {
            part.bytes
        }
    }
}

/// The slot of a text that is all of its room.
fn span_of(text: &[u8]) -> [u8; size_of::<Span>()] {
    Span::new(0, text.len()).0.to_le_bytes()
}

/// A level that is open while its children are written.
struct Open {
    number: u32,
    /// The last of its children so far, or 0.
    last: u32,
}

/// An archive into which the levels are written.
struct Planting<'b> {
    builder: &'b TreeBuilder,
    key: &'b Type,
    /// The bytes of a value that is none.
    none: Vec<u8>,
    writer: Writer<Vec<u8>>,
}

impl Planting<'_> {
    /// Writes all levels, depth first.
    fn plant(&mut self) -> Result<(), FixedError> {
        // The empty path is below level 0, which is none.
        let mut open = alloc::vec![Open { number: 0, last: 0 }];
        for step in self.builder.map.walk() {
            let (Step::Enter(node), Some(above)) = (step, open.last_mut()) else {
                open.pop();
                continue;
            };
            let number = self.put(above.number, node.key().unwrap_or_default(), node.value())?;
            let before = core::mem::replace(&mut above.last, number);
            if before == 0 {
                self.link(above.number, |link| link.first = number);
            } else {
                self.link(before, |link| link.next = number);
            }
            self.link(number, |link| link.has_value = node.value().is_some());
            open.push(Open { number, last: 0 });
        }
        let values = u32::try_from(self.builder.len()).unwrap_or(u32::MAX); // at most one a level, which are counted in 31 bits
        self.link(0, |link| link.next = values);
        Ok(())
    }

    /// Writes a level below another, and gives its number.
    fn put(&mut self, parent: u32, part: &[u8], value: Option<&Value>) -> Result<u32, FixedError> {
        let mut bytes = [0; 2 * PARENT_AT];
        let text = if self.builder.part.in_room { part } else { &[] };
        if self.builder.part.in_room {
            bytes[..PARENT_AT].copy_from_slice(&span_of(text));
        } else {
            bytes[..part.len()].copy_from_slice(part);
        }
        bytes[PARENT_AT..].copy_from_slice(&u64::from(parent).to_le_bytes());
        let key = View {
            of: self.key,
            bytes: &bytes,
            room: text,
        };
        let hash = key.hash(&self.writer.shape.secrets);
        let (slot, value_at) = match self.writer.place_of(hash, &key)? {
            Place::Free { slot, passed } => (slot, self.writer.occupy(hash, slot, passed, &key)),
            Place::Found(slot) => return Err(FixedError::at(Field::Duplicate, slot as u64, 0, slot as u64)),
        };
        let of = &self.builder.value;
        let (bytes, room) = value.map_or((&self.none[..], &[][..]), |value| (&value.slot, &value.text));
        self.writer.write(value_at, of, &View { of, bytes, room });
        Ok(number_of(slot))
    }

    /// Changes the links of a level.
    fn link(&mut self, number: u32, change: impl FnOnce(&mut Link)) {
        let from = self.writer.shape.geometry.room_at;
        let room = &mut self.writer.bytes[from..];
        let mut link = Link::of(room, number);
        change(&mut link);
        link.put(room, number);
    }
}
