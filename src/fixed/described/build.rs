//! Makes archives of types that this program does not know.

use super::super::error::{Field, FixedError};
use super::super::header::random_seed;
use super::super::layout::at;
use super::super::var::Refusal;
use super::types::Type;
use super::view::View;
use super::write::{Place, Writer};
use super::{Described, Shape};
use alloc::vec::Vec;

/// An archive in the making, of described types.
///
/// The same seed and the same insertions make the same bytes as of a [`FixedMap`](crate::fixed::FixedMap) with these types.
///
/// ```
/// use arenamap::fixed::described::{Builder, Packed, Type};
/// use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u64_le};
///
/// let (key, value) = (Type::parse("u64", "")?, Type::parse("FixedStr<16>", "")?);
/// let mut builder = Builder::new(key.clone(), value.clone(), 10, 0)?;
/// let seven = Packed::new(&key, &7_u64.into())?;
/// builder.insert(&seven.view(), &Packed::new(&value, &"seven".into())?.view())?;
///
/// let bytes = AlignedBytes::from_slice(&builder.seal());
/// let map = FixedMap::<u64_le, FixedStr<16>>::open_verified(bytes)?;
/// assert_eq!(map.get(&7).unwrap().as_str(), "seven");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Builder {
    writer: Writer<Vec<u8>>,
}

impl Builder {
    /// An empty archive for so many entries, with a room of so many bytes for texts, and a random seed. Only keys and values of type
    /// `str` or `[u8]` are in the room; without them it has 0 bytes.
    ///
    /// Allocates: heap, the bytes of the archive. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Field::Capacity`], [`Field::Room`] if the format or the address space is too small, [`Field::Heap`] if the heap refuses.
    pub fn new(key: Type, value: Type, capacity: usize, room: usize) -> Result<Self, FixedError> {
        Self::new_seeded(key, value, capacity, room, random_seed())
    }

    /// The same with a given seed. Whoever knows it can choose keys that collide.
    ///
    /// Allocates: heap, the bytes of the archive. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn new_seeded(key: Type, value: Type, capacity: usize, room: usize, seed: u64) -> Result<Self, FixedError> {
        if key.is_path_key() {
            return Err(FixedError::new(Field::Tree, 0, 1));
        }
        if room > 0 && !key.in_room && !value.in_room {
            return Err(FixedError::new(Field::Room, 0, room as u64));
        }
        let shape = Shape::new(key, value, capacity, room, seed)?;
        Ok(Self {
            writer: Writer::create(shape)?,
        })
    }

    /// Number of entries.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "at most the capacity")]
    pub fn len(&self) -> usize {
        self.writer.number(at::LEN) as usize
    }

    /// Whether there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slot of a key, if it is there.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn slot_of(&self, key: &View<'_>) -> Option<usize> {
        if key.of == &self.writer.shape.key {
            self.writer.slot_of_key(key)
        } else {
            None
        }
    }

    /// Puts an entry in, or another value to a key that is there, and gives its slot.
    ///
    /// Allocates: never; heap if there are texts, eight bytes for each of a value. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Refusal`]: the archive or its room is full; or [`Refusal::Corrupt`], if a view is of another type or not valid. Then nothing
    /// has changed.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "numbers of a `Geometry`, which fits the address space"
    )]
    pub fn insert(&mut self, key: &View<'_>, value: &View<'_>) -> Result<usize, Refusal> {
        let writer = &self.writer;
        let shape = &writer.shape;
        for (layout, field, of, view) in [
            (Field::KeyLayout, Field::Key, &shape.key, key),
            (Field::ValueLayout, Field::Value, &shape.value, value),
        ] {
            view.check(of, layout, field).map_err(Refusal::Corrupt)?;
        }
        let hash = key.hash(&shape.secrets);
        let place = writer.place_of(hash, key);
        let old = match place {
            Ok(Place::Found(slot)) => Some(writer.entry(slot).value),
            _ => None,
        };
        let (len, capacity) = (self.len(), shape.geometry.capacity as usize);
        if old.is_none() && len >= capacity {
            return Err(Refusal::Full { capacity });
        }
        let used = writer.number(at::ROOM_USED) as usize;
        let of_key = if old.is_none() {
            Writer::<Vec<u8>>::room_for(key, None, used)
        } else {
            0
        };
        let needed = of_key + Writer::<Vec<u8>>::room_for(value, old, used);
        let left = shape.geometry.room - used;
        if needed > left {
            let garbage = writer.number(at::GARBAGE) as usize;
            return Err(Refusal::NoRoom { needed, left, garbage });
        }
        let place = place.map_err(Refusal::Corrupt)?;
        let writer = &mut self.writer;
        let (slot, value_at) = match place {
            Place::Found(slot) => (slot, writer.shape.slot_at(slot) + writer.shape.slot.value_at),
            Place::Free { slot, passed } => (slot, writer.occupy(hash, slot, passed, key)),
        };
        writer.write(value_at, value.of, value);
        Ok(slot)
    }

    /// The archive, sealed.
    ///
    /// Allocates: never. Time: O(bytes).
    #[must_use]
    pub fn seal(mut self) -> Vec<u8> {
        self.writer.seal();
        self.writer.bytes
    }

    /// The archive as it is, open.
    ///
    /// Allocates: heap, for the schema. Time: O(1).
    ///
    /// # Errors
    ///
    /// [`Field::Heap`].
    pub fn described(&self) -> Result<Described<'_>, FixedError> {
        Described::open(&self.writer.bytes)
    }
}
