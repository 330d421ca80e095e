//! A map of a newer struct, made of an archive of an older one.

use super::super::FixedMap;
use super::super::described::{Described, Type};
use super::super::error::{Field, FixedError};
use super::super::key::FixedKey;
use super::super::memory::{IntoMemory, MemoryMut};
use super::super::value::{Checked, FixedValue};
use super::ViewError;
use super::field::value_of;
use super::projection::{check_key, member};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;

/// An archive whose values are to become those of a struct with more fields, or fewer, or other names: without the old struct.
///
/// Each field of `V` takes over the field of the same name, or of the name that it had, if both have the same type, or if both are integers with
/// or without a sign and the new one is longer; structs in structs are compared field by field. What the archive has not comes from a value that is given. Nothing is lost in silence: [`defaulted`](Self::defaulted)
/// and [`dropped`](Self::dropped) name the fields.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, Widening, u32_le, u64_le};
///
/// arenamap::fixed_struct! { pub struct Page { pub bytes: u64_le, pub status: u32_le, pub port: u32_le } }
/// let mut pages = FixedMap::<u64_le, Page, _>::create(AlignedBytes::zeroed(2048), 10)?;
/// pages.insert(7.into(), Page { bytes: 512.into(), status: 200.into(), port: 443.into() }).unwrap();
/// let archive = pages.into_memory();
///
/// arenamap::fixed_struct! { #[derive(Clone, Copy)] pub struct PageV2 { pub size: u64_le, pub weight: u64_le, pub status: u32_le, pub spare: u32_le } }
/// let missing = PageV2 { size: 0.into(), weight: 1.into(), status: 0.into(), spare: 0.into() };
/// let wider = Widening::<u64_le, PageV2>::open(&archive, &missing, &[("size", "bytes")])?;
/// assert_eq!(wider.defaulted().collect::<Vec<_>>(), ["weight", "spare"]);
/// assert_eq!(wider.dropped().collect::<Vec<_>>(), ["port"]);
///
/// let map = wider.copy_into(AlignedBytes::zeroed(FixedMap::<u64_le, PageV2>::bytes_for(20)), 20)?;
/// assert_eq!((map[&7].size.to_native(), map[&7].weight.to_native(), map[&7].status.to_native()), (512, 1, 200));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Widening<'m, K, V> {
    archive: Described<'m>,
    /// The bytes of a value of which everything is missing.
    missing: Vec<u8>,
    /// What goes from an old value where in a new one.
    moves: Vec<Move>,
    defaulted: Vec<String>,
    dropped: Vec<String>,
    types: PhantomData<fn(K) -> V>,
}

/// Bytes of the old value, and those that they become in the new one.
struct Move {
    from: Range<usize>,
    to: Range<usize>,
    /// Whether they are a number with a sign.
    signed: bool,
}

impl Move {
    /// Copies the bytes. A number that becomes longer keeps its value: the bytes are little-endian.
    fn carry(&self, old: &[u8], new: &mut [u8]) {
        let (old, new) = (&old[self.from.clone()], &mut new[self.to.clone()]);
        let is_negative = self.signed && old.last().is_some_and(|&byte| byte >= 0x80);
        let (same, longer) = new.split_at_mut(old.len());
        same.copy_from_slice(old);
        longer.fill(if is_negative { 0xff } else { 0 });
    }
}

/// Whether a type is an integer, and has a sign.
fn sign(of: &Type) -> Option<bool> {
    match of.name() {
        "u8" | "u16_le" | "u32_le" | "u64_le" | "u128_le" => Some(false),
        "i8" | "i16_le" | "i32_le" | "i64_le" | "i128_le" => Some(true),
        _ => None,
    }
}

impl<'m, K: FixedKey + Checked, V: FixedValue + Checked + zerocopy::Immutable> Widening<'m, K, V> {
    /// Opens an archive and finds out what becomes of each field. `renamed` has pairs of names: that of a field of `V`, and that which it had,
    /// or its path into a struct.
    ///
    /// The archive is verified, so that no damage is carried on.
    ///
    /// Allocates: heap, a few times the bytes of the schema; while it verifies, four bytes a group. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// [`ViewError`]: it is no archive, or damaged; its key is another; a field has another type.
    pub fn open(bytes: &'m [u8], missing: &V, renamed: &[(&str, &str)]) -> Result<Self, ViewError> {
        const {
            assert!(
                !core::mem::needs_drop::<K>() && !core::mem::needs_drop::<V>(),
                "keys and values of an archive are bytes and never dropped: types with Drop have no place there"
            );
            assert!(
                V::SCHEMA.size == size_of::<V>(),
                "the schema of the value has not its size"
            );
        }
        let archive = Described::open(bytes)?;
        check_key::<K>(archive.key_type())?;
        archive.verify()?;
        let mut wider = Self {
            missing: missing.as_bytes().to_vec(),
            moves: Vec::new(),
            defaulted: Vec::new(),
            dropped: Vec::new(),
            types: PhantomData,
            archive,
        };
        let value = wider.archive.value_type().clone();
        let new = Type::of(&V::SCHEMA);
        wider.compare(&new, &value, "", (0, 0), renamed)?;
        wider.note_dropped(&value, "", 0);
        Ok(wider)
    }

    /// Fields of `V` that come from the value that was given, with their paths.
    ///
    /// Allocates: never. Time: O(1).
    pub fn defaulted(&self) -> impl Iterator<Item = &str> {
        self.defaulted.iter().map(String::as_str)
    }

    /// Fields of the archive that have no place in `V`.
    ///
    /// Allocates: never. Time: O(1).
    pub fn dropped(&self) -> impl Iterator<Item = &str> {
        self.dropped.iter().map(String::as_str)
    }

    /// Number of entries.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.archive.len()
    }

    /// Whether there are no entries.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries, with their values widened. An error is an entry whose key, or widened value, is none of its type, although each of its
    /// parts is: [`Field::Key`] or [`Field::Value`], with the slot.
    ///
    /// Allocates: heap, the bytes of one value. Time: O(capacity) for the whole iteration.
    pub fn iter(&self) -> impl Iterator<Item = Result<(K, V), FixedError>> {
        let mut buffer = self.missing.clone();
        self.archive.iter().map(move |entry| {
            buffer.copy_from_slice(&self.missing);
            let old = entry.value.as_bytes();
            for part in &self.moves {
                part.carry(old, &mut buffer);
            }
            let invalid = |field| FixedError::at(field, entry.slot as u64, 0, 1);
            let key = value_of(entry.key.as_bytes()).ok_or(invalid(Field::Key))?;
            let value = value_of(&buffer).ok_or(invalid(Field::Value))?;
            Ok((key, value))
        })
    }

    /// A map of the entries, in the given memory, with room for `capacity` of them and a new random seed.
    ///
    /// Allocates: heap, the bytes of one value. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`ViewError::TooSmall`], or [`ViewError::Archive`] if the memory is too short or misaligned, or with the error of an entry as in
    /// [`iter`](Self::iter).
    pub fn copy_into<B: IntoMemory<Memory: MemoryMut>>(
        &self,
        memory: B,
        capacity: usize,
    ) -> Result<FixedMap<K, V, B::Memory>, ViewError> {
        let len = self.len();
        if capacity < len {
            return Err(ViewError::TooSmall { len, capacity });
        }
        let mut map = FixedMap::create(memory, capacity)?;
        for entry in self.iter() {
            let (key, value) = entry?;
            map.insert(key, value)
                .map_err(|_| FixedError::new(Field::Len, capacity as u64, capacity as u64 + 1))?;
        }
        Ok(map)
    }

    /// What becomes of each field of a struct, and of the structs in it.
    fn compare(
        &mut self,
        new: &Type,
        old: &Type,
        path: &str,
        (to, from): (usize, usize),
        renamed: &[(&str, &str)],
    ) -> Result<(), ViewError> {
        let longer = sign(new).filter(|&signed| sign(old) == Some(signed) && old.size() < new.size());
        if longer.is_some() || new == old {
            self.moves.push(Move {
                from: from..from + old.size(),
                to: to..to + new.size(),
                signed: longer == Some(true),
            });
            return Ok(());
        }
        if new.members().is_empty() || old.members().is_empty() {
            return Err(ViewError::Type {
                field: path.to_string(),
                expected: new.to_string(),
                found: old.to_string(),
            });
        }
        for field in new.members() {
            let path = join(path, field.name());
            let earlier = renamed.iter().find(|(now, _)| *now == path).map(|(_, before)| *before);
            let whole = self.archive.value_type().clone();
            let found = match earlier {
                Some(before) => member(&whole, before).map(|(offset, of)| (offset, of.clone())),
                None => member(old, field.name()).map(|(offset, of)| (from + offset, of.clone())),
            };
            match found {
                Some((offset, of)) => self.compare(field.of(), &of, &path, (to + field.offset(), offset), renamed)?,
                None => self.defaulted.push(path),
            }
        }
        Ok(())
    }

    /// The fields of a struct at this offset of the old value of which no byte is taken over.
    fn note_dropped(&mut self, old: &Type, path: &str, from: usize) {
        for field in old.members() {
            let (path, at) = (join(path, field.name()), from + field.offset());
            let bytes = at..at + field.of().size();
            let taken = |whole: bool| {
                let mut moves = self.moves.iter().map(|taken| &taken.from);
                moves.any(|taken| {
                    if whole {
                        taken.start <= bytes.start && bytes.end <= taken.end
                    } else {
                        taken.start < bytes.end && bytes.start < taken.end
                    }
                })
            };
            if bytes.is_empty() || taken(true) {
                continue;
            }
            if taken(false) {
                self.note_dropped(field.of(), &path, at);
            } else {
                self.dropped.push(path);
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_string()
    } else {
        alloc::format!("{path}.{name}")
    }
}

impl<K, V> fmt::Debug for Widening<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Widening")
            .field("defaulted", &self.defaulted)
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}
