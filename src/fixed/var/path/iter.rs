//! Iterators over an archive of paths. They follow links: no stack, no allocation, and no more steps, up and down, than
//! twice the slots, whatever the links say.

use super::{Node, Part, Path, PathArchive, Value};
use crate::fixed::AlignedBytes;
use crate::fixed::memory::Memory;
use core::fmt;
use core::iter::FusedIterator;

impl<K: Part + ?Sized, V: Value + ?Sized, M: Memory> PathArchive<K, V, M> {
    /// All values with their paths, depth first; levels beside each other in the order of the map that the archive was made of.
    ///
    /// Allocates: never. Time: O(levels).
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{PathArchive, u32_le};
    ///
    /// let mut map = PathMap::<str, u32>::new();
    /// map.insert(["b", "x"], 1);
    /// map.insert(["a"], 2);
    /// map.insert(["b", "y"], 3);
    /// let archive = PathArchive::<str, u32_le>::from_map(&map)?;
    /// let lines: Vec<String> = archive.iter().map(|(path, value)| format!("{path:?} {value}")).collect();
    /// assert_eq!(lines, [r#"["b", "x"] 1"#, r#"["b", "y"] 3"#, r#"["a"] 2"#]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> Iter<'_, K, V, M> {
        Iter::new(self.root())
    }

    /// The values of levels that have nothing below, with their paths.
    ///
    /// Allocates: never. Time: O(levels).
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{PathArchive, u32_le};
    ///
    /// let mut map = PathMap::<str, u32>::new();
    /// map.insert(["a"], 1);
    /// map.insert(["a", "b"], 2);
    /// let archive = PathArchive::<str, u32_le>::from_map(&map)?;
    /// assert!(archive.leaves().map(|(_, value)| value.to_native()).eq([2]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn leaves(&self) -> Leaves<'_, K, V, M> {
        Leaves::new(self.root())
    }

    /// Every level, depth first, also those without a value. The first one is that of the empty path; if there are no values, there are no
    /// levels, either.
    ///
    /// Allocates: never. Time: O(levels).
    pub fn nodes(&self) -> Nodes<'_, K, V, M> {
        Nodes::new(self.root())
    }
}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> IntoIterator for &'a PathArchive<K, V, M> {
    type Item = (Path<'a, K, V, M>, &'a V);
    type IntoIter = Iter<'a, K, V, M>;

    fn into_iter(self) -> Iter<'a, K, V, M> {
        self.iter()
    }
}

/// The levels right below another one: [`Node::children`].
pub struct Children<'a, K: Part + ?Sized, V: Value + ?Sized, M = AlignedBytes> {
    next: Option<Node<'a, K, V, M>>,
    left: usize,
}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> Children<'a, K, V, M> {
    pub(super) fn new(node: Node<'a, K, V, M>) -> Self {
        let (archive, number) = node.parts_of();
        Self {
            next: node_of(archive, archive.first_of(number)),
            left: archive.level_count(),
        }
    }
}

/// The node of a number that was checked.
fn node_of<K: Part + ?Sized, V: Value + ?Sized, M: Memory>(
    archive: &PathArchive<K, V, M>,
    number: u32,
) -> Option<Node<'_, K, V, M>> {
    (number != 0).then(|| Node::new(archive, number))
}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> Iterator for Children<'a, K, V, M> {
    type Item = Node<'a, K, V, M>;

    fn next(&mut self) -> Option<Node<'a, K, V, M>> {
        self.left = self.left.checked_sub(1)?;
        let node = self.next?;
        let (archive, number) = node.parts_of();
        self.next = node_of(archive, archive.next_of(number));
        Some(node)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left))
    }
}

/// A way through a tree, depth first.
struct Steps<'a, K: Part + ?Sized, V: Value + ?Sized, M> {
    next: Option<Node<'a, K, V, M>>,
    top: u32,
    depth: usize,
    /// Downwards and upwards.
    left: usize,
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Clone for Steps<'_, K, V, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Copy for Steps<'_, K, V, M> {}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> Steps<'a, K, V, M> {
    fn new(top: Option<Node<'a, K, V, M>>) -> Self {
        let (top_number, left) = match top.map(Node::parts_of) {
            Some((archive, number)) => (number, archive.most_steps()),
            None => (0, 0),
        };
        Self {
            next: top,
            top: top_number,
            depth: 0,
            left,
        }
    }

    /// The next level, and how deep it is.
    fn step(&mut self) -> Option<(Node<'a, K, V, M>, usize)> {
        let here = (self.next?, self.depth);
        let (archive, number) = here.0.parts_of();
        self.next = node_of(archive, self.onward(archive, number));
        Some(here)
    }

    /// The node after this one; 0 if it is the last one, or more steps were made than a tree has.
    fn onward(&mut self, archive: &PathArchive<K, V, M>, from: u32) -> u32 {
        let mut at = archive.first_of(from);
        if at != 0 {
            self.depth += 1;
            return if self.spend() { at } else { 0 };
        }
        at = from;
        while at != self.top && at != 0 && self.spend() {
            match archive.next_of(at) {
                0 => {
                    at = archive.parent_of(at);
                    self.depth = self.depth.saturating_sub(1);
                }
                next => return next,
            }
        }
        0
    }

    fn spend(&mut self) -> bool {
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

/// The iterators over a tree, each with what it takes of a level.
macro_rules! walks {
    ($($(#[$doc:meta])* $name:ident -> $item:ty, $take:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name<'a, K: Part + ?Sized, V: Value + ?Sized, M = AlignedBytes> {
            steps: Steps<'a, K, V, M>,
        }

        impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> $name<'a, K, V, M> {
            pub(super) fn new(top: Option<Node<'a, K, V, M>>) -> Self {
                Self { steps: Steps::new(top) }
            }
        }

        impl<K: Part + ?Sized, V: Value + ?Sized, M> Clone for $name<'_, K, V, M> {
            fn clone(&self) -> Self {
                Self { ..*self }
            }
        }

        impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> Iterator for $name<'a, K, V, M> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                loop {
                    let (node, depth) = self.steps.step()?;
                    if let Some(item) = $take(node, depth) {
                        return Some(item);
                    }
                }
            }
        }
    )*};
}

walks! {
    /// A level and all below, depth first: [`PathArchive::nodes`].
    Nodes -> Node<'a, K, V, M>, |node: Node<'a, K, V, M>, _| Some(node);
    /// Values with their paths, depth first: [`PathArchive::iter`].
    Iter -> (Path<'a, K, V, M>, &'a V), |node: Node<'a, K, V, M>, depth| Some((Path::new(node, depth), node.value()?));
    /// Values of levels that have nothing below, with their paths: [`PathArchive::leaves`].
    Leaves -> (Path<'a, K, V, M>, &'a V), |node: Node<'a, K, V, M>, depth| {
        node.is_leaf().then(|| Some((Path::new(node, depth), node.value()?))).flatten()
    };
}

impl<'a, K: Part + ?Sized, V: Value + ?Sized, M: Memory> Nodes<'a, K, V, M> {
    /// The next level, and how deep below the first one it is.
    pub(super) fn next_deep(&mut self) -> Option<(Node<'a, K, V, M>, usize)> {
        self.steps.step()
    }
}

impl<K: Part + ?Sized, V: Value + ?Sized, M> Clone for Children<'_, K, V, M> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

/// What is beside the iterators.
macro_rules! fused_and_debug {
    ($($name:ident),*) => {$(
        impl<K: Part + ?Sized, V: Value + ?Sized, M: Memory> FusedIterator for $name<'_, K, V, M> {}

        impl<K: Part + ?Sized, V: Value + ?Sized, M> fmt::Debug for $name<'_, K, V, M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

fused_and_debug!(Children, Nodes, Iter, Leaves);
