//! An indexed archive of the entries of another archive.

use super::types::Type;
use super::{Described, Entry, types_of};
use crate::fixed::error::{Field, FixedError};
use crate::fixed::header::Types;
use crate::fixed::indexed::build::{Source, build, span_at};
use crate::fixed::indexed::layout::IndexGeometry;
use crate::fixed::indexed::scratch;
use crate::fixed::key::KeySecrets;
use crate::fixed::var::Span;
use alloc::vec::Vec;

impl Described<'_> {
    /// Makes an indexed archive of the entries: the bytes of the [`IndexedMap`](crate::fixed::IndexedMap) that
    /// [`FixedMap::try_index`](crate::fixed::FixedMap::try_index) or [`VarMap::try_index`](crate::fixed::VarMap::try_index) makes of them.
    ///
    /// The seed is that of this archive, or one that follows it.
    ///
    /// Allocates: heap, the archive, and 8 to 12 bytes an entry meanwhile. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Field::Tree`] of an archive of paths, which cannot be indexed. [`Field::Key`], [`Field::Value`], [`Field::Text`] or [`Field::Len`]
    /// with what is damaged. [`Field::Heap`] if there is no memory, [`Field::Capacity`] or [`Field::Room`] if the address space or the
    /// format is too small, and what [`IndexedMap::from_entries_in`](crate::fixed::IndexedMap::from_entries_in) says of keys.
    ///
    /// ```
    /// use arenamap::fixed::described::Described;
    /// use arenamap::fixed::{AlignedBytes, IndexedMap, VarMap};
    ///
    /// let words = VarMap::<str, str>::from_pairs([("one", "eins"), ("two", "zwei")])?;
    /// // Here nothing is known of the types.
    /// let indexed = Described::open(words.as_bytes())?.try_index()?;
    ///
    /// let there = IndexedMap::<str, str, _>::open_verified(AlignedBytes::from_slice(&indexed))?;
    /// assert_eq!(there.get("two"), Some("zwei"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_index(&self) -> Result<Vec<u8>, FixedError> {
        let (key, value) = (&self.shape.key, &self.shape.value);
        if key.is_path_key() {
            return Err(FixedError::new(Field::Tree, 0, 1));
        }
        let source = Entries {
            archive: self,
            types: types_of(key, value),
            are_texts: [is_text(key)?, is_text(value)?],
        };
        let (count, room) = source.measure()?;
        if count != self.len() {
            return Err(FixedError::new(Field::Len, count as u64, self.len() as u64));
        }
        let types = &source.types;
        let geometry = IndexGeometry::new(count as u64, &types.slot, room, types.schema_bytes as usize)?;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(geometry.bytes)
            .map_err(|_| FixedError::refused(geometry.bytes))?;
        bytes.resize(geometry.bytes, 0);
        let mut scratch = scratch::on_heap(geometry.scratch_words())?;
        build(&source, &geometry, &mut bytes, &mut scratch, self.shape.header.seed())?;
        Ok(bytes)
    }
}

/// Whether a key or value is a text. That a part of one is a text is only so in trees.
fn is_text(of: &Type) -> Result<bool, FixedError> {
    if of.in_room && !of.is_text() {
        return Err(FixedError::new(Field::Tree, 0, 1));
    }
    Ok(of.is_text())
}

/// The entries of an archive, all of which are valid.
struct Entries<'d, 'a> {
    archive: &'d Described<'a>,
    types: Types,
    /// Whether keys and values are texts.
    are_texts: [bool; 2],
}

impl Entries<'_, '_> {
    /// Number of entries, and bytes of their texts.
    fn measure(&self) -> Result<(usize, u64), FixedError> {
        let (mut count, mut room) = (0, 0);
        for entry in self.archive.iter() {
            for (field, view) in [(Field::Key, entry.key), (Field::Value, entry.value)] {
                if !view.is_valid() {
                    let field = if view.is_valid_in_slot() { Field::Text } else { field };
                    return Err(FixedError::at(field, entry.slot as u64, 0, 1));
                }
            }
            count += 1;
            room += self.texts(&entry).map(|text| text.len() as u64).sum::<u64>();
            // Texts that share their bytes would make a large archive of a small one.
            let there = self.archive.shape.geometry.room as u64;
            if room > there {
                return Err(FixedError::at(Field::Text, entry.slot as u64, there, room));
            }
        }
        Ok((count, room))
    }
}

impl<'d> Source for Entries<'d, '_> {
    type Entry = Entry<'d>;

    fn types(&self) -> &Types {
        &self.types
    }

    fn write_schema(&self, put: &mut dyn FnMut(&[u8])) {
        self.archive.shape.write_schema(put);
    }

    fn for_each(&self, mut see: impl FnMut(usize, Entry<'d>) -> Result<(), FixedError>) -> Result<(), FixedError> {
        let mut entries = self.archive.iter().enumerate();
        entries.try_for_each(|(number, entry)| see(number, entry))
    }

    fn hash(&self, entry: &Entry<'d>, secrets: &KeySecrets) -> u64 {
        entry.key.hash(secrets).0
    }

    fn is_same(&self, one: &Entry<'d>, other: Entry<'d>) -> bool {
        one.key.same_parts(&other.key)
    }

    fn are_texts(&self) -> [bool; 2] {
        self.are_texts
    }

    fn texts<'e>(&'e self, entry: &'e Entry<'d>) -> impl Iterator<Item = &'e [u8]> {
        let views = [entry.key, entry.value].into_iter().zip(self.are_texts);
        let texts = views.filter(|&(_, is_text)| is_text);
        texts.map(|(view, _)| view.text().unwrap_or_default())
    }

    fn write(&self, _: usize, Entry { key, value, .. }: Entry<'d>, slot: &mut [u8]) -> Result<(), FixedError> {
        let layout = &self.types.slot;
        slot[..layout.key].copy_from_slice(key.bytes);
        slot[layout.value_at..][..layout.value].copy_from_slice(value.bytes);
        for at in self.spans() {
            let span = Span::new(0, span_at(slot, at).len());
            slot[at..][..size_of::<Span>()].copy_from_slice(&span.0.to_le_bytes());
        }
        Ok(())
    }
}
