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
/// Each field of `V` takes over the field of the same name, or, if there is none, of a name that it had. Both have the same type, or the new one
/// holds every value of the old one: a longer integer (one with a sign also for one without), or a longer `FixedStr` or `FixedBytes`. Structs in structs are
/// compared field by field. What the archive has not comes from a value that is given. Nothing is lost in silence:
/// [`defaulted`](Self::defaulted) and [`dropped`](Self::dropped) name the fields.
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
    kind: Kind,
}

/// What bytes are that may become more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    /// A `FixedStr`, or `FixedBytes`, whose length is in the last byte.
    Str,
    Bytes,
    /// Anything else: it stays as it is.
    Same,
}

impl Kind {
    fn of(of: &Type) -> Self {
        match of.name() {
            _ if !of.is_known() || !of.members().is_empty() => Self::Same,
            "u8" | "u16_le" | "u32_le" | "u64_le" | "u128_le" => Self::Unsigned,
            "i8" | "i16_le" | "i32_le" | "i64_le" | "i128_le" => Self::Signed,
            "FixedStr" => Self::Str,
            "FixedBytes" => Self::Bytes,
            _ => Self::Same,
        }
    }

    /// Whether each value of this kind is one of the other kind, with more bytes.
    fn widens_to(self, other: Self) -> bool {
        self != Self::Same && (self == other || (self, other) == (Self::Unsigned, Self::Signed))
    }
}

impl Move {
    /// Copies the bytes. What becomes longer keeps its value: integers are little-endian, texts have zeros between their end and their length.
    fn carry(&self, old: &[u8], new: &mut [u8]) {
        let (old, new) = (&old[self.from.clone()], &mut new[self.to.clone()]);
        let (same, longer) = new.split_at_mut(old.len());
        same.copy_from_slice(old);
        let is_negative = self.kind == Kind::Signed && old.last().is_some_and(|&byte| byte >= 0x80);
        longer.fill(if is_negative { 0xff } else { 0 });
        if let (Kind::Str | Kind::Bytes, Some(length)) = (self.kind, longer.last_mut()) {
            *length = core::mem::take(&mut same[old.len() - 1]);
        }
    }
}

/// A type of the archive: its place in the value, and its path.
struct Stored {
    of: Type,
    from: usize,
    path: String,
}

impl<'m, K: FixedKey + Checked, V: FixedValue + Checked + zerocopy::Immutable> Widening<'m, K, V> {
    /// Opens an archive and finds out what becomes of each field.
    ///
    /// `renamed` has pairs of names: that of a field of `V`, and one which it had. Fields in structs are given by their path from the value,
    /// `"place.x"`, on both sides. A field has one pair for each name that it had; they are asked in their order, and only if the archive has no field
    /// of the new name. So one list opens archives of all versions. A field that is there under none of its names is an error, unless one of
    /// them is empty, `("size", "")`: that says that there were versions without it, where it is [`defaulted`](Self::defaulted).
    ///
    /// The archive is verified, so that no damage is carried on.
    ///
    /// Allocates: heap, a few times the bytes of the schema; while it verifies, four bytes a group. Time: O(capacity).
    ///
    /// # Errors
    ///
    /// [`ViewError`]: it is no archive, or damaged; its key is another; a field has a type that does not become that of `V`; the first name of a pair is
    /// no field of `V`, or no name of such a field is one of the archive.
    ///
    /// ```
    /// # use arenamap::fixed::{AlignedBytes, FixedMap, ViewError, Widening, u64_le};
    /// # arenamap::fixed_struct! { #[derive(Clone, Copy)] pub struct Page { pub size: u64_le } }
    /// # let page = Page { size: 0.into() };
    /// # let map = FixedMap::<u64_le, Page, _>::create(AlignedBytes::zeroed(2048), 10)?;
    /// let error = Widening::<u64_le, Page>::open(map.as_bytes(), &page, &[("sice", "bytes")]).unwrap_err();
    /// assert!(matches!(error, ViewError::NoField { ref field, .. } if field == "sice"));
    ///
    /// # arenamap::fixed_struct! { pub struct Old { pub bytes: u64_le } }
    /// # let map = FixedMap::<u64_le, Old, _>::create(AlignedBytes::zeroed(2048), 10)?;
    /// let error = Widening::<u64_le, Page>::open(map.as_bytes(), &page, &[("size", "bites")]).unwrap_err();
    /// assert!(matches!(error, ViewError::NoEarlier { ref field, .. } if field == "size"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        if let Some((now, _)) = renamed.iter().find(|(now, _)| member(&new, now).is_none()) {
            return Err(ViewError::NoField {
                field: (*now).to_string(),
                value: new.to_string(),
            });
        }
        let whole = Stored {
            of: value.clone(),
            from: 0,
            path: String::new(),
        };
        wider.compare((&new, "", 0), Some(&whole), renamed)?;
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

    /// What becomes of a new type, with its path and its offset, and of the fields in it.
    fn compare(
        &mut self,
        (new, path, to): (&Type, &str, usize),
        old: Option<&Stored>,
        renamed: &[(&str, &str)],
    ) -> Result<(), ViewError> {
        if let Some(old) = old {
            let (size, kind) = (old.of.size(), Kind::of(&old.of));
            if *new == old.of || (size < new.size() && kind.widens_to(Kind::of(new))) {
                self.moves.push(Move {
                    from: old.from..old.from + size,
                    to: to..to + new.size(),
                    kind,
                });
                return Ok(());
            }
            if new.members().is_empty() || old.of.members().is_empty() {
                return Err(ViewError::Narrow {
                    field: path.to_string(),
                    stored: old.path.clone(),
                    expected: new.to_string(),
                    found: old.of.to_string(),
                });
            }
        }
        for field in new.members() {
            let path = join(path, field.name());
            let same = old.and_then(|old| {
                let (offset, of) = member(&old.of, field.name())?;
                Some(Stored {
                    of: of.clone(),
                    from: old.from + offset,
                    path: join(&old.path, field.name()),
                })
            });
            let found = same.or_else(|| self.earlier(&path, renamed));
            // Of a struct that is not there, fields may have been elsewhere.
            let inside = |now: &str| now.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.'));
            if found.is_some() || renamed.iter().any(|(now, _)| inside(now)) {
                self.compare((field.of(), &path, to + field.offset()), found.as_ref(), renamed)?;
            } else {
                self.default(path, renamed)?;
            }
        }
        Ok(())
    }

    /// Notes a field that the archive has under no name.
    fn default(&mut self, path: String, renamed: &[(&str, &str)]) -> Result<(), ViewError> {
        let names = || {
            renamed
                .iter()
                .filter(|(now, _)| *now == path)
                .map(|(_, before)| *before)
        };
        if names().next().is_some() && names().all(|before| !before.is_empty()) {
            return Err(ViewError::NoEarlier {
                names: names().collect::<Vec<_>>().join("`, `"),
                field: path,
                found: self.archive.value_type().to_string(),
            });
        }
        self.defaulted.push(path);
        Ok(())
    }

    /// The field of the archive that has an earlier name of this one.
    fn earlier(&self, path: &str, renamed: &[(&str, &str)]) -> Option<Stored> {
        let mut names = renamed.iter().filter(|(now, _)| *now == path);
        names.find_map(|(_, before)| {
            let (from, of) = member(self.archive.value_type(), before)?;
            Some(Stored {
                of: of.clone(),
                from,
                path: (*before).to_string(),
            })
        })
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
