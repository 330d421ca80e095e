//! Archives of paths: what their keys and links mean.

use super::super::error::FixedError;
use super::super::key::KeyHasher;
use super::super::layout::Hash;
use super::super::table::Table;
use super::super::var::path::{Link, Seen, Tree as Checked};
use super::types::{PARENT_AT, PART};
use super::{Described, Entry, Field, View};
use alloc::vec::Vec;

/// An archive of a [`PathArchive`](crate::fixed::PathArchive), by its paths: from [`Described::tree`].
///
/// ```
/// use arenamap::PathMap;
/// use arenamap::fixed::PathArchive;
/// use arenamap::fixed::described::{Described, Value};
///
/// let map: PathMap<str, &str> = [(["one", "two"], "three")].into_iter().collect();
/// let archive = PathArchive::<str, str>::from_map(&map)?;
///
/// let described = Described::open(archive.as_bytes())?;
/// let tree = described.tree().expect("its keys are parts of paths");
/// let entry = described.iter().find(|entry| tree.has_value(entry)).unwrap();
/// let path: Vec<_> = tree.path(&entry)?.iter().map(|part| part.value()).collect();
/// assert_eq!(path, [Value::Text("one"), Value::Text("two")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    archive: &'a Described<'a>,
}

impl Described<'_> {
    /// The archive as a tree, if it is that of a [`PathArchive`](crate::fixed::PathArchive).
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn tree(&self) -> Option<Tree<'_>> {
        let is_tree = self.shape.index.is_none() && self.key_type().is_path_key();
        is_tree.then_some(Tree { archive: self })
    }
}

impl<'a> Tree<'a> {
    /// Number of values, as the archive says.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        Link::of(self.room(), 0).next as usize
    }

    /// Whether there are no values.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a level has a value: if not, there are zeros in its place.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn has_value(&self, entry: &Entry<'_>) -> bool {
        u32::try_from(entry.slot + 1).is_ok_and(|number| Link::of(self.room(), number).has_value)
    }

    /// The level of a path, whose parts are views of the type of the key's first field: of [`Packed`](super::Packed), or of another archive.
    ///
    /// Allocates: never. Time: O(bytes of the parts).
    pub fn find<'k>(&self, path: impl IntoIterator<Item = View<'k>>) -> Option<Entry<'a>> {
        let of_part = self.archive.key_type().members()[0].of();
        let mut slot = usize::try_from(Link::of(self.room(), 0).first).ok()?.checked_sub(1)?;
        if !self.is_full(slot) {
            return None;
        }
        for part in path {
            if part.of != of_part {
                return None;
            }
            let number = slot as u64 + 1;
            let mut hasher = KeyHasher::new(&self.archive.shape.secrets);
            part.hash_parts(&mut hasher);
            hasher.write_u64(number);
            slot = self.archive.find(Hash(hasher.finish()), |slot| {
                let other = self.archive.entry(slot);
                parent(&other) == number && other.key.field(PART).is_some_and(|other| other.same_parts(&part))
            })?;
        }
        Some(self.archive.entry(slot))
    }

    /// The parts of the path of a level, from the top.
    ///
    /// Allocates: heap. Time: O(parts).
    ///
    /// # Errors
    ///
    /// [`Field::Parent`] if the parents do not lead to the empty path, in a damaged archive; [`Field::Heap`] if there is no memory.
    pub fn path(&self, entry: &Entry<'a>) -> Result<Vec<View<'a>>, FixedError> {
        let mut parts = Vec::new();
        let mut at = *entry;
        loop {
            let parent = parent(&at);
            if parent == 0 {
                parts.reverse();
                return Ok(parts);
            }
            let lost = FixedError::at(Field::Parent, at.slot as u64, 0, parent);
            let slot = usize::try_from(parent - 1).ok().filter(|&slot| self.is_full(slot));
            let slot = slot.filter(|_| parts.len() < self.archive.slots()).ok_or(lost)?;
            parts.try_reserve(1).map_err(|_| FixedError::refused(parts.len() + 1))?;
            parts.extend(at.key.field(PART));
            at = self.archive.entry(slot);
        }
    }

    pub(super) fn verify(self) -> Result<(), FixedError> {
        let head = self.archive.head();
        let zero = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
        let tree = Checked {
            slots: self.archive.slots(),
            len: head.len as u64,
            room: self.room(),
            room_used: head.room_used,
            garbage: head.garbage,
            seen: |slot| {
                self.is_full(slot).then(|| {
                    let Entry { key, value, .. } = self.archive.entry(slot);
                    let mut text: Option<usize> = None;
                    for view in [key, value] {
                        view.for_each_text(&mut |span| {
                            if span.len() > 0 {
                                let start = span.range().start;
                                text = Some(text.map_or(start, |first| first.min(start)));
                            }
                        });
                    }
                    let size = key.field(PART).map_or(0, |part| part.bytes.len());
                    Seen {
                        parent: parent(&self.archive.entry(slot)),
                        is_canonical: zero(&key.bytes[size.min(PARENT_AT)..PARENT_AT]),
                        is_zero: zero(&key.bytes[..PARENT_AT]),
                        is_value_zero: zero(value.bytes),
                        text,
                    }
                })
            },
        };
        tree.check()
    }

    fn room(self) -> &'a [u8] {
        let geometry = &self.archive.shape.geometry;
        &self.archive.bytes[geometry.room_at..][..geometry.room]
    }

    fn is_full(self, slot: usize) -> bool {
        slot < self.archive.slots() && self.archive.tag(slot) != 0
    }
}

/// Number of the parent of a level.
fn parent(entry: &Entry<'_>) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&entry.key.bytes[PARENT_AT..]);
    u64::from_le_bytes(number)
}
