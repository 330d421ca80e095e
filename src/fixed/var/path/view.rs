//! A look at one node, and its path as borrowed parts.

use super::{Children, Iter, Leaves, Nodes, Part, PathArchive, Value};
use crate::fixed::AlignedBytes;
use crate::fixed::memory::Memory;
use crate::fixed::var::VarQuery;
use crate::nested::ascent::Ascent;
use core::fmt;
use core::iter::FusedIterator;

/// A level of an archive: its key, its value, and what is around it.
pub struct Node<'a, K: Part + ?Sized, V: Value + ?Sized, M = AlignedBytes> {
    archive: &'a PathArchive<K, V, M>,
    /// Of a full slot.
    number: u32,
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Clone for Node<'_, K, V, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Copy for Node<'_, K, V, M> {}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> Node<'a, K, V, M> {
    #[inline]
    pub(super) const fn new(archive: &'a PathArchive<K, V, M>, number: u32) -> Self {
        Self { archive, number }
    }

    pub(in crate::fixed) const fn parts_of(self) -> (&'a PathArchive<K, V, M>, u32) {
        (self.archive, self.number)
    }

    /// The last part of the path of this level; `None` for the level of the empty path, and of a text that is damaged.
    ///
    /// Allocates: never. Time: O(1); of a `str` O(its bytes), which are checked to be UTF-8; not in an archive that was made here, or verified.
    pub fn key(self) -> Option<&'a K> {
        let slot = self.archive.slots_of(self.number).0;
        if slot.parent() == 0 {
            return None;
        }
        self.archive.table.texts().read::<K>(slot.part_ref())
    }

    /// The value of this level, if it has one.
    ///
    /// Allocates: never. Time: O(1), as [`PathArchive::get`].
    pub fn value(self) -> Option<&'a V> {
        self.archive.value_of(self.number)
    }

    #[cfg(feature = "serde")]
    pub(in crate::fixed) fn has_value(self) -> bool {
        self.archive.link(self.number).has_value
    }

    /// True if there are no levels below.
    ///
    /// Allocates: never. Time: O(1).
    pub fn is_leaf(self) -> bool {
        self.archive.first_of(self.number) == 0
    }

    /// The level above; `None` for the level of the empty path.
    ///
    /// Allocates: never. Time: O(1).
    pub fn parent(self) -> Option<Self> {
        match self.archive.parent_of(self.number) {
            0 => None,
            parent => Some(Self::new(self.archive, parent)),
        }
    }

    /// Levels above this one.
    ///
    /// Allocates: never. Time: O(depth).
    pub fn depth(self) -> usize {
        core::iter::successors(self.parent(), |node| node.parent())
            .take(self.archive.most_steps())
            .count()
    }

    /// The path of this level, from the top.
    ///
    /// Allocates: never. Time: O(depth).
    pub fn path(self) -> Path<'a, K, V, M> {
        Path::new(self, self.depth())
    }

    /// The level of a path that begins at this one.
    ///
    /// Allocates: never. Time: O(bytes of the parts).
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{PathArchive, u32_le};
    ///
    /// let map: PathMap<str, u32> = [(["a", "b", "c"], 1)].into_iter().collect();
    /// let archive = PathArchive::<str, u32_le>::from_map(&map)?;
    /// let below = archive.node(["a"]).unwrap();
    /// assert_eq!(below.node(["b", "c"]).unwrap().value(), Some(&1.into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn node<'q, Q, I>(self, path: I) -> Option<Self>
    where
        Q: VarQuery<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        Some(Self::new(self.archive, self.archive.lead(self.number, path)?))
    }

    /// The levels right below, in the order of the map that the archive was made of.
    ///
    /// Allocates: never. Time: O(levels right below).
    pub fn children(self) -> Children<'a, K, V, M> {
        Children::new(self)
    }

    /// This level and all below, depth first.
    ///
    /// Allocates: never. Time: O(levels below).
    pub fn nodes(self) -> Nodes<'a, K, V, M> {
        Nodes::new(Some(self))
    }

    /// The values here and below, depth first. Their paths begin at this level.
    ///
    /// Allocates: never. Time: O(levels below).
    pub fn iter(self) -> Iter<'a, K, V, M> {
        Iter::new(Some(self))
    }

    /// The values of levels that have nothing below. Their paths begin at this level.
    ///
    /// Allocates: never. Time: O(levels below).
    pub fn leaves(self) -> Leaves<'a, K, V, M> {
        Leaves::new(Some(self))
    }
}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> IntoIterator for Node<'a, K, V, M> {
    type Item = (Path<'a, K, V, M>, &'a V);
    type IntoIter = Iter<'a, K, V, M>;

    fn into_iter(self) -> Iter<'a, K, V, M> {
        self.iter()
    }
}

/// A path as borrowed parts, read from the archive that has it.
///
/// It is made without an allocation, and is a path for every call that takes one.
///
/// ```
/// use arenamap::PathMap;
/// use arenamap::fixed::{PathArchive, u32_le};
///
/// let map: PathMap<str, u32> = [(["a", "b", "c"], 1)].into_iter().collect();
/// let archive = PathArchive::<str, u32_le>::from_map(&map)?;
/// let (path, value) = archive.iter().next().unwrap();
/// assert!(path.parts().eq(["a", "b", "c"]));
/// assert_eq!((archive.get(path), map.get(path)), (Some(value), Some(&1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Path<'a, K: Part + ?Sized, V: Value + ?Sized, M = AlignedBytes> {
    node: Node<'a, K, V, M>,
    len: usize,
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Clone for Path<'_, K, V, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Copy for Path<'_, K, V, M> {}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> Path<'a, K, V, M> {
    pub(super) const fn new(node: Node<'a, K, V, M>, len: usize) -> Self {
        Self { node, len }
    }

    /// Number of parts.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn len(self) -> usize {
        self.len
    }

    /// True for the empty path.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The last part.
    ///
    /// Allocates: never. Time: O(1), as [`Node::key`].
    pub fn last(self) -> Option<&'a K> {
        if self.is_empty() { None } else { self.node.key() }
    }

    /// The parts, from the top; from the bottom by `rev()`.
    ///
    /// A level knows the one above, so a step from the bottom is O(1), and one from the top goes up from a level below, of which some are
    /// remembered. For paths of many parts, [`fill`](Self::fill) is quicker.
    ///
    /// Allocates: never. Time: O(parts · log(parts)), from the bottom O(parts).
    pub const fn parts(self) -> Parts<'a, K, V, M> {
        Parts {
            bottom: self.node,
            left: self.len,
            ascent: Ascent::new(),
        }
    }

    /// Writes the parts into a buffer, from the top, and returns them; `None` if the buffer is too short, or a part is damaged.
    ///
    /// Allocates: never. Time: O(parts).
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{PathArchive, u32_le};
    ///
    /// let map: PathMap<str, u32> = [(["a", "b", "c"], 1)].into_iter().collect();
    /// let archive = PathArchive::<str, u32_le>::from_map(&map)?;
    /// let (path, _) = archive.iter().next().unwrap();
    /// assert_eq!(path.fill(&mut [""; 8]), Some(&["a", "b", "c"][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill<'b>(self, buffer: &'b mut [&'a K]) -> Option<&'b [&'a K]> {
        let buffer = buffer.get_mut(..self.len)?;
        let mut parts = self.parts();
        for place in buffer.iter_mut().rev() {
            *place = parts.next_back()?;
        }
        Some(buffer)
    }
}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> IntoIterator for Path<'a, K, V, M> {
    type Item = &'a K;
    type IntoIter = Parts<'a, K, V, M>;

    fn into_iter(self) -> Parts<'a, K, V, M> {
        self.parts()
    }
}

/// The parts of a [`Path`]. They end at one that is damaged.
pub struct Parts<'a, K: Part + ?Sized, V: Value + ?Sized, M = AlignedBytes> {
    bottom: Node<'a, K, V, M>,
    left: usize,
    ascent: Ascent,
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Clone for Parts<'_, K, V, M> {
    fn clone(&self) -> Self {
        Self {
            ascent: self.ascent.clone(),
            ..*self
        }
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Parts<'_, K, V, M> {
    /// Parts that are left. (It is no [`ExactSizeIterator`]: in a damaged archive they may end earlier.)
    ///
    /// Allocates: never. Time: O(1).
    pub const fn len(&self) -> usize {
        self.left
    }

    /// True if no parts are left.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> Iterator for Parts<'a, K, V, M> {
    type Item = &'a K;

    fn next(&mut self) -> Option<&'a K> {
        if self.left == 0 {
            return None;
        }
        let (archive, bottom) = self.bottom.parts_of();
        let parent = |number| Node::new(archive, number).parent().map(|node| node.number);
        let number = self.ascent.next(bottom, self.left, parent);
        self.left -= 1;
        Node::new(archive, number?).key()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left))
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M: Memory> DoubleEndedIterator for Parts<'_, K, V, M> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let node = self.bottom;
        if let Some(parent) = node.parent() {
            self.bottom = parent;
        }
        node.key()
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M: Memory> FusedIterator for Parts<'_, K, V, M> {}

/// Shown as a list of parts.
macro_rules! debug {
    ($($name:ident: $parts:expr;)*) => {$(
        impl<K, V, M> fmt::Debug for $name<'_, K, V, M>
        where
            K: Part + fmt::Debug + ?Sized,
            V: Value + ?Sized,
            M: Memory,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries($parts(self)).finish()
            }
        }
    )*};
}

debug! {
    Path: |path: &Self| path.parts();
    Parts: |parts: &Self| parts.clone();
}
