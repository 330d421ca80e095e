//! Iterators over a map of paths. They follow the links of nodes: no stack, no allocation.

use core::fmt;
use core::iter::FusedIterator;

use super::key::PathKey;
use super::slab::Slab;
use super::{Node, Path, PathMap};
use crate::arena::Handle;

impl<K: PathKey + ?Sized, V, S, H: Handle> PathMap<K, V, S, H> {
    /// The level of the empty path, to look around from; `None` if the map is empty.
    ///
    /// Allocates: never. Time: O(1).
    #[inline]
    pub fn root(&self) -> Option<Node<'_, K, V>> {
        (self.root != 0).then(|| Node::new(&self.slab, self.root))
    }

    /// All values with their paths, depth first; levels beside each other in the order in which they came.
    ///
    /// Allocates: never. Time: O(levels).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new();
    /// map.insert(["b", "x"], 1);
    /// map.insert(["a"], 2);
    /// map.insert(["b", "y"], 3);
    /// let lines: Vec<String> = map.iter().map(|(path, value)| format!("{path:?} {value}")).collect();
    /// assert_eq!(lines, [r#"["b", "x"] 1"#, r#"["b", "y"] 3"#, r#"["a"] 2"#]);
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(&self.slab, self.root)
    }

    /// The values of levels that have nothing below, with their paths.
    ///
    /// Allocates: never. Time: O(levels).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = arenamap::PathMap::<str, u32>::new();
    /// map.insert(["a"], 1);
    /// map.insert(["a", "b"], 2);
    /// assert!(map.leaves().map(|(_, value)| *value).eq([2]));
    /// ```
    #[inline]
    pub fn leaves(&self) -> Leaves<'_, K, V> {
        Leaves::new(&self.slab, self.root)
    }

    /// Every level, depth first, also those without a value. The first one is that of the empty path.
    ///
    /// Allocates: never. Time: O(levels).
    #[inline]
    pub fn nodes(&self) -> Nodes<'_, K, V> {
        Nodes::new(&self.slab, self.root)
    }

    /// Every level, entered and left: what a writer of trees needs.
    ///
    /// Allocates: never. Time: O(levels).
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::nested::Step;
    ///
    /// let map: PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    /// let mut text = String::new();
    /// for step in map.walk() {
    ///     match step {
    ///         Step::Enter(node) => {
    ///             text += "<";
    ///             text += node.key().unwrap_or_default();
    ///         }
    ///         Step::Leave(_) => text += ">",
    ///     }
    /// }
    /// assert_eq!(text, "<<a<b><c>>>");
    /// ```
    #[inline]
    pub fn walk(&self) -> Walk<'_, K, V> {
        Walk::new(&self.slab, self.root)
    }

    /// Calls a closure with every path and its value, to change in place.
    ///
    /// The value stands beside its node meanwhile, and is put back, also when the closure panics.
    ///
    /// Allocates: never. Time: O(levels).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    /// map.for_each_mut(|path, value| {
    ///     if path.last() == Some("c") {
    ///         *value += 10;
    ///     }
    /// });
    /// assert_eq!(map.get(["a", "c"]), Some(&12));
    /// ```
    pub fn for_each_mut(&mut self, mut change: impl FnMut(Path<'_, K, V>, &mut V)) {
        self.retain(|path, value| {
            change(path, value);
            true
        });
    }

    /// Keeps the values for which `keep` is true, and removes the others, and levels that have nothing then.
    ///
    /// It sees a level before those below it. If it panics, the value that it was given stays, as do those that it has not seen.
    ///
    /// Allocates: never. Time: O(levels) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: arenamap::PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2), (["d", "e"], 3)].into_iter().collect();
    /// map.retain(|_path, value| *value == 2);
    /// assert_eq!(format!("{map:?}"), r#"{"a": {"c": 2}}"#);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(Path<'_, K, V>, &mut V) -> bool) {
        /// Puts a value back.
        struct Beside<'s, T, V>(&'s mut Slab<T, V>, u32, Option<V>);
        impl<T, V> Drop for Beside<'_, T, V> {
            fn drop(&mut self) {
                if let Some(value) = self.2.take() {
                    self.0.get_mut(self.1).set_value(value);
                }
            }
        }
        let (mut at, mut depth) = (self.root, 0_usize);
        while at != 0 {
            let value = self.slab.get_mut(at).take_value();
            let mut beside = Beside(&mut self.slab, at, value);
            let goes = match &mut beside.2 {
                Some(value) => !keep(Path::new(Node::new(beside.0, at), depth), value),
                None => false,
            };
            drop(beside);
            // What goes with this one, from here up, has nothing else below it: the next one is not there.
            let (next, deeper) = self.slab.onward(at, self.root);
            if goes {
                drop(self.take(at));
            }
            at = next;
            depth = depth.wrapping_add_signed(deeper);
        }
    }
}

impl<'a, K: PathKey + ?Sized, V, S, H: Handle> IntoIterator for &'a PathMap<K, V, S, H> {
    type Item = (Path<'a, K, V>, &'a V);
    type IntoIter = Iter<'a, K, V>;

    #[inline]
    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

/// What is beside the iterators: they are copied and shown alike.
macro_rules! clone_and_debug {
    ($($name:ident),*) => {$(
        impl<K: PathKey + ?Sized, V> Clone for $name<'_, K, V> {
            fn clone(&self) -> Self {
                Self { ..*self }
            }
        }

        impl<K: PathKey + ?Sized, V> FusedIterator for $name<'_, K, V> {}

        impl<K: PathKey + ?Sized, V> fmt::Debug for $name<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

clone_and_debug!(Children, Nodes, Iter, Leaves, Walk);

/// The levels right below another one, in the order in which they came: [`Node::children`].
pub struct Children<'a, K: PathKey + ?Sized, V> {
    slab: &'a Slab<K::Stored, V>,
    at: u32,
}

impl<'a, K: PathKey + ?Sized, V> Children<'a, K, V> {
    pub(super) const fn new(slab: &'a Slab<K::Stored, V>, at: u32) -> Self {
        Self { slab, at }
    }
}

impl<'a, K: PathKey + ?Sized, V> Iterator for Children<'a, K, V> {
    type Item = Node<'a, K, V>;

    #[inline]
    fn next(&mut self) -> Option<Node<'a, K, V>> {
        if self.at == 0 {
            return None;
        }
        let node = Node::new(self.slab, self.at);
        self.at = self.slab.after(self.at);
        Some(node)
    }
}

/// A way through a tree, depth first.
struct Steps<'a, T, V> {
    slab: &'a Slab<T, V>,
    top: u32,
    at: u32,
    depth: usize,
}

impl<T, V> Clone for Steps<'_, T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V> Copy for Steps<'_, T, V> {}

impl<'a, T, V> Steps<'a, T, V> {
    const fn new(slab: &'a Slab<T, V>, top: u32) -> Self {
        Self {
            slab,
            top,
            at: top,
            depth: 0,
        }
    }

    /// The next level, and how deep it is.
    #[inline]
    fn step<K: PathKey<Stored = T> + ?Sized>(&mut self) -> Option<(Node<'a, K, V>, usize)> {
        if self.at == 0 {
            return None;
        }
        let (node, depth) = (Node::new(self.slab, self.at), self.depth);
        let (next, deeper) = self.slab.onward(self.at, self.top);
        self.at = next;
        self.depth = depth.wrapping_add_signed(deeper);
        Some((node, depth))
    }
}

/// A level and all below, depth first: [`PathMap::nodes`].
pub struct Nodes<'a, K: PathKey + ?Sized, V> {
    steps: Steps<'a, K::Stored, V>,
}

impl<'a, K: PathKey + ?Sized, V> Nodes<'a, K, V> {
    pub(super) const fn new(slab: &'a Slab<K::Stored, V>, top: u32) -> Self {
        Self {
            steps: Steps::new(slab, top),
        }
    }
}

impl<'a, K: PathKey + ?Sized, V> Nodes<'a, K, V> {
    /// The levels, each with how deep below the first one it is.
    pub(super) fn deep(mut self) -> impl Iterator<Item = (Node<'a, K, V>, usize)> {
        core::iter::from_fn(move || self.steps.step())
    }
}

impl<'a, K: PathKey + ?Sized, V> Iterator for Nodes<'a, K, V> {
    type Item = Node<'a, K, V>;

    #[inline]
    fn next(&mut self) -> Option<Node<'a, K, V>> {
        self.steps.step().map(|(node, _)| node)
    }
}

/// Values with their paths, depth first: [`PathMap::iter`].
pub struct Iter<'a, K: PathKey + ?Sized, V> {
    steps: Steps<'a, K::Stored, V>,
}

impl<'a, K: PathKey + ?Sized, V> Iter<'a, K, V> {
    pub(super) const fn new(slab: &'a Slab<K::Stored, V>, top: u32) -> Self {
        Self {
            steps: Steps::new(slab, top),
        }
    }
}

impl<'a, K: PathKey + ?Sized, V> Iterator for Iter<'a, K, V> {
    type Item = (Path<'a, K, V>, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (node, depth) = self.steps.step::<K>()?;
            if let Some(value) = node.value() {
                return Some((Path::new(node, depth), value));
            }
        }
    }
}

/// Values of levels that have nothing below, with their paths: [`PathMap::leaves`].
pub struct Leaves<'a, K: PathKey + ?Sized, V> {
    steps: Steps<'a, K::Stored, V>,
}

impl<'a, K: PathKey + ?Sized, V> Leaves<'a, K, V> {
    pub(super) const fn new(slab: &'a Slab<K::Stored, V>, top: u32) -> Self {
        Self {
            steps: Steps::new(slab, top),
        }
    }
}

impl<'a, K: PathKey + ?Sized, V> Iterator for Leaves<'a, K, V> {
    type Item = (Path<'a, K, V>, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (node, depth) = self.steps.step::<K>()?;
            if let Some(value) = node.value()
                && node.is_leaf()
            {
                return Some((Path::new(node, depth), value));
            }
        }
    }
}

/// A step of a [`Walk`].
pub enum Step<'a, K: PathKey + ?Sized, V> {
    /// To a level, before all that is below it.
    Enter(Node<'a, K, V>),
    /// Away from a level, after all that is below it.
    Leave(Node<'a, K, V>),
}

/// A level and all below, each entered and left: [`PathMap::walk`].
pub struct Walk<'a, K: PathKey + ?Sized, V> {
    slab: &'a Slab<K::Stored, V>,
    top: u32,
    at: u32,
    leaving: bool,
}

impl<'a, K: PathKey + ?Sized, V> Walk<'a, K, V> {
    pub(super) const fn new(slab: &'a Slab<K::Stored, V>, top: u32) -> Self {
        Self {
            slab,
            top,
            at: top,
            leaving: false,
        }
    }
}

impl<'a, K: PathKey + ?Sized, V> Iterator for Walk<'a, K, V> {
    type Item = Step<'a, K, V>;

    #[inline]
    fn next(&mut self) -> Option<Step<'a, K, V>> {
        if self.at == 0 {
            return None;
        }
        let node = Node::new(self.slab, self.at);
        if !self.leaving {
            match self.slab.first(self.at) {
                0 => self.leaving = true,
                first => self.at = first,
            }
            return Some(Step::Enter(node));
        }
        self.at = if self.at == self.top {
            0
        } else {
            match self.slab.after(self.at) {
                0 => self.slab.get(self.at).parent,
                next => {
                    self.leaving = false;
                    next
                }
            }
        };
        Some(Step::Leave(node))
    }
}

impl<K: PathKey + ?Sized, V> Clone for Step<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: PathKey + ?Sized, V> Copy for Step<'_, K, V> {}

impl<K: PathKey + fmt::Debug + ?Sized, V: fmt::Debug> fmt::Debug for Step<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, node) = match self {
            Self::Enter(node) => ("Enter", node),
            Self::Leave(node) => ("Leave", node),
        };
        f.debug_tuple(name).field(&node.key()).field(&node.value()).finish()
    }
}
