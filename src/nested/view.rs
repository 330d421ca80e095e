//! A look at one node, and its path as borrowed parts.

use core::fmt;
use core::iter::FusedIterator;

use super::ascent::Ascent;
use super::key::PathKey;
use super::slab::Slab;
use super::{Children, Cursor, Iter, Leaves, Nodes, Walk};

/// A level of a map: its key, its value, and what is around it.
pub struct Node<'a, K: PathKey + ?Sized, V> {
    slab: &'a Slab<K::Stored, V>,
    number: u32,
}

impl<K: PathKey + ?Sized, V> Clone for Node<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: PathKey + ?Sized, V> Copy for Node<'_, K, V> {}

impl<'a, K: PathKey + ?Sized, V> Node<'a, K, V> {
    #[inline]
    pub(super) const fn new(slab: &'a Slab<K::Stored, V>, number: u32) -> Self {
        Self { slab, number }
    }

    /// The last part of the path of this level; `None` for the level of the empty path.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn key(self) -> Option<&'a K> {
        self.slab.get(self.number).key().map(K::of_stored)
    }

    /// The value of this level, if it has one.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn value(self) -> Option<&'a V> {
        self.slab.get(self.number).value()
    }

    /// True if there are no levels below.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn is_leaf(self) -> bool {
        self.slab.get(self.number).last == 0
    }

    /// The level above; `None` for the level of the empty path.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn parent(self) -> Option<Self> {
        match self.slab.get(self.number).parent {
            0 => None,
            parent => Some(Self::new(self.slab, parent)),
        }
    }

    /// Levels above this one.
    ///
    /// Allocates: never. Time: O(depth).
    pub fn depth(self) -> usize {
        self.slab.levels(self.number, self.slab.top(self.number))
    }

    /// The path of this level, from the top.
    ///
    /// Allocates: never. Time: O(depth).
    pub fn path(self) -> Path<'a, K, V> {
        Path::new(self, self.depth())
    }

    /// The place of this level without its map, for later calls.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn cursor(self) -> Cursor {
        Cursor {
            number: self.number,
            generation: self.slab.get(self.number).generation(),
        }
    }

    /// Number of values here and below.
    ///
    /// Allocates: never. Time: O(levels below).
    ///
    /// # Examples
    ///
    /// ```
    /// let map: arenamap::PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    /// assert_eq!(map.node(["a"]).unwrap().len(), 2);
    /// ```
    #[allow(
        clippy::len_without_is_empty,
        reason = "a level always has a value, or levels below that have"
    )]
    pub fn len(self) -> usize {
        self.slab.count(self.number).1
    }

    /// The levels right below, in the order in which they came.
    ///
    /// Allocates: never. Time: O(levels right below).
    #[inline]
    pub fn children(self) -> Children<'a, K, V> {
        Children::new(self.slab, self.slab.first(self.number))
    }

    /// This level and all below, depth first.
    ///
    /// Allocates: never. Time: O(levels below).
    #[inline]
    pub fn nodes(self) -> Nodes<'a, K, V> {
        Nodes::new(self.slab, self.number)
    }

    /// The values here and below, depth first. Their paths begin at this level.
    ///
    /// Allocates: never. Time: O(levels below).
    #[inline]
    pub fn iter(self) -> Iter<'a, K, V> {
        Iter::new(self.slab, self.number)
    }

    /// The values of levels that have nothing below. Their paths begin at this level.
    ///
    /// Allocates: never. Time: O(levels below).
    #[inline]
    pub fn leaves(self) -> Leaves<'a, K, V> {
        Leaves::new(self.slab, self.number)
    }

    /// This level and all below, each entered and left: what a writer of trees needs.
    ///
    /// Allocates: never. Time: O(levels below).
    #[inline]
    pub fn walk(self) -> Walk<'a, K, V> {
        Walk::new(self.slab, self.number)
    }
}

impl<'a, K: PathKey + ?Sized, V> IntoIterator for Node<'a, K, V> {
    type Item = (Path<'a, K, V>, &'a V);
    type IntoIter = Iter<'a, K, V>;

    #[inline]
    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K: PathKey + fmt::Debug + ?Sized, V: fmt::Debug> fmt::Debug for Node<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::traits::fmt_tree(*self, f)
    }
}

/// A path as borrowed parts, read from the map that has it.
///
/// It is made without an allocation, and is a path for every call that takes one.
///
/// ```
/// use arenamap::PathMap;
///
/// let map: PathMap<str, u32> = [(["a", "b", "c"], 1)].into_iter().collect();
/// let (path, _) = map.iter().next().unwrap();
/// assert!(path.parts().eq(["a", "b", "c"]));
///
/// let mut other = PathMap::<str, u32>::new();
/// other.insert(path, 2);
/// assert_eq!(other.get(["a", "b", "c"]), Some(&2));
/// ```
pub struct Path<'a, K: PathKey + ?Sized, V> {
    node: Node<'a, K, V>,
    len: usize,
}

impl<K: PathKey + ?Sized, V> Clone for Path<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: PathKey + ?Sized, V> Copy for Path<'_, K, V> {}

impl<'a, K: PathKey + ?Sized, V> Path<'a, K, V> {
    #[inline]
    pub(super) const fn new(node: Node<'a, K, V>, len: usize) -> Self {
        Self { node, len }
    }

    /// Number of parts.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub const fn len(self) -> usize {
        self.len
    }

    /// True for the empty path.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The last part.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn last(self) -> Option<&'a K> {
        if self.is_empty() { None } else { self.node.key() }
    }

    /// The parts, from the top; from the bottom by `rev()`.
    ///
    /// A level knows the one above, so a step from the bottom is O(1), and one from the top goes up from a level below, of which some are
    /// remembered. For paths of many parts, [`fill`](Self::fill) is quicker.
    ///
    /// Allocates: never. Time: O(parts · log(parts)), from the bottom O(parts).
    #[inline]
    pub const fn parts(self) -> Components<'a, K, V> {
        Components {
            bottom: self.node,
            left: self.len,
            ascent: Ascent::new(),
        }
    }

    /// Writes the parts into a buffer, from the top, and returns them; `None` if the buffer is too short.
    ///
    /// Allocates: never. Time: O(parts).
    ///
    /// # Examples
    ///
    /// ```
    /// let map: arenamap::PathMap<str, u32> = [(["a", "b", "c"], 1)].into_iter().collect();
    /// let (path, _) = map.iter().next().unwrap();
    /// let mut buffer = [""; 8];
    /// assert_eq!(path.fill(&mut buffer), Some(&["a", "b", "c"][..]));
    /// ```
    pub fn fill<'b>(self, buffer: &'b mut [&'a K]) -> Option<&'b [&'a K]> {
        let buffer = buffer.get_mut(..self.len)?;
        for (place, part) in buffer.iter_mut().rev().zip(self.parts().rev()) {
            *place = part;
        }
        Some(buffer)
    }
}

impl<'a, K: PathKey + ?Sized + 'a, V> IntoIterator for Path<'a, K, V> {
    type Item = &'a K;
    type IntoIter = Components<'a, K, V>;

    #[inline]
    fn into_iter(self) -> Components<'a, K, V> {
        self.parts()
    }
}

impl<K: PathKey + fmt::Debug + ?Sized, V> fmt::Debug for Path<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts()).finish()
    }
}

/// The parts of a [`Path`].
pub struct Components<'a, K: PathKey + ?Sized, V> {
    bottom: Node<'a, K, V>,
    /// Parts that are still to come.
    left: usize,
    ascent: Ascent,
}

impl<K: PathKey + ?Sized, V> Clone for Components<'_, K, V> {
    fn clone(&self) -> Self {
        Self {
            ascent: self.ascent.clone(),
            ..*self
        }
    }
}

impl<'a, K: PathKey + ?Sized + 'a, V> Iterator for Components<'a, K, V> {
    type Item = &'a K;

    #[inline]
    fn next(&mut self) -> Option<&'a K> {
        if self.left == 0 {
            return None;
        }
        let slab = self.bottom.slab;
        let parent = |number| Node::<K, V>::new(slab, number).parent().map(|node| node.number);
        let number = self.ascent.next(self.bottom.number, self.left, parent);
        self.left -= 1;
        Node::new(slab, number?).key()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<'a, K: PathKey + ?Sized + 'a, V> DoubleEndedIterator for Components<'a, K, V> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let node = self.bottom;
        if let Some(parent) = node.parent() {
            self.bottom = parent;
        }
        node.key()
    }
}

impl<'a, K: PathKey + ?Sized + 'a, V> ExactSizeIterator for Components<'a, K, V> {}
impl<'a, K: PathKey + ?Sized + 'a, V> FusedIterator for Components<'a, K, V> {}

impl<K: PathKey + fmt::Debug + ?Sized, V> fmt::Debug for Components<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
