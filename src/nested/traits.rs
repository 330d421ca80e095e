//! Implementations of standard traits for the map.

use core::fmt::{self, Write};
use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use super::error::fail;
use super::key::{PathKey, PathPart};
use super::{Node, PathMap, Step};
use crate::arena::Handle;
use crate::error::fail_map;

impl<K: PathKey + ?Sized, V, S: Default, H: Handle + Default> Default for PathMap<K, V, S, H> {
    /// An empty map that owns a new arena.
    ///
    /// Allocates: never. Time: O(1).
    #[cfg_attr(feature = "registry", track_caller)]
    fn default() -> Self {
        Self::with_hasher_in(S::default(), H::default())
    }
}

impl<K: PathKey + PathPart<K> + ?Sized, V: Clone, S: BuildHasher + Clone, H: Handle> Clone for PathMap<K, V, S, H> {
    /// A copy, in the arena where a second map with this handle would be made: see [`Handle`].
    ///
    /// # Panics
    ///
    /// If the arena refuses; the twin is [`try_clone_in`](PathMap::try_clone_in).
    #[track_caller]
    fn clone(&self) -> Self {
        let handle = self.table.handle().peek(H::try_clone_handle);
        let copy = match handle {
            Ok(handle) => self.try_clone_in(handle),
            Err(cause) => Err(cause),
        };
        match copy {
            Ok(copy) => copy,
            Err(cause) => fail_map(cause, "PathMap::try_clone_in"),
        }
    }
}

impl<K, V, S, H> PathMap<K, V, S, H>
where
    K: PathKey + Hash + Equivalent<K> + ?Sized,
    V: PartialEq,
    S: BuildHasher,
    H: Handle,
{
    /// Whether another map, on any handle and with any hasher, has the same paths with equal values. Order is of no account.
    ///
    /// Allocates: never. Time: O(levels) on average.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenamap::{Arena, PathMap};
    ///
    /// let owned: PathMap<str, u32> = [(["a", "b"], 1)].into_iter().collect();
    /// let arena = Arena::new();
    /// assert!(owned.same_entries(&owned.clone_in(&arena)));
    /// ```
    pub fn same_entries<S2: BuildHasher, H2: Handle>(&self, other: &PathMap<K, V, S2, H2>) -> bool {
        if self.len() != other.len() {
            return false;
        }
        let mut at = other.root;
        for step in self.walk() {
            let node = match step {
                Step::Enter(node) => node,
                Step::Leave(_) => {
                    at = other.slab.get(at).parent;
                    continue;
                }
            };
            if let Some(key) = node.key() {
                match other.child(at, key, other.key_hash(key)) {
                    Some(child) => at = child,
                    None => return false,
                }
            }
            // As many values on both sides: where all of these are there, there are no others.
            if node.value().is_some() && node.value() != other.slab.get(at).value() {
                return false;
            }
        }
        true
    }
}

impl<K, V, S, H> PartialEq for PathMap<K, V, S, H>
where
    K: PathKey + Hash + Equivalent<K> + ?Sized,
    V: PartialEq,
    S: BuildHasher,
    H: Handle,
{
    /// Maps with other handles or hashers are compared by [`same_entries`](PathMap::same_entries).
    fn eq(&self, other: &Self) -> bool {
        self.same_entries(other)
    }
}

impl<K, V, S, H> Eq for PathMap<K, V, S, H>
where
    K: PathKey + Hash + Equivalent<K> + ?Sized,
    V: Eq,
    S: BuildHasher,
    H: Handle,
{
}

/// Shows a tree, as a map of maps: `{"a": {"b": 1, "c": 2 {"d": 3}}}`. A level that has both shows its value first.
///
/// No recursion: a deep tree takes no more stack. With `{:#?}`, each level has its line, and values are shown by `{:#?}`, without other
/// flags; indentation ends at 32 levels.
pub(super) fn fmt_tree<K, V>(top: Node<'_, K, V>, f: &mut fmt::Formatter<'_>) -> fmt::Result
where
    K: PathKey + fmt::Debug + ?Sized,
    V: fmt::Debug,
{
    fmt_levels(top.nodes().deep(), f, |node| (node.key(), node.value(), node.is_leaf()))
}

/// The same of any tree: its levels, depth first, with how deep they are; of each, key, value, and whether nothing is below.
pub(crate) fn fmt_levels<N, K: fmt::Debug, V: fmt::Debug>(
    levels: impl Iterator<Item = (N, usize)>,
    f: &mut fmt::Formatter<'_>,
    level: impl Fn(N) -> (Option<K>, Option<V>, bool),
) -> fmt::Result {
    let pretty = f.alternate();
    let line = |f: &mut fmt::Formatter<'_>, depth: usize| {
        f.write_str("\n")?;
        indent(f, depth)
    };
    let end = |f: &mut fmt::Formatter<'_>, depth: usize| {
        if pretty {
            f.write_str(",")?;
            line(f, depth)?;
        }
        f.write_str("}")
    };
    // Braces that are open, and whether nothing is behind the last one yet.
    let (mut open, mut first) = (0, true);
    for (node, depth) in levels {
        while open > depth {
            open -= 1;
            end(f, open)?;
            first = false;
        }
        let (key, value, is_leaf) = level(node);
        if depth > 0 {
            if !first {
                f.write_str(if pretty { "," } else { ", " })?;
            }
            if pretty {
                line(f, depth)?;
            }
            match key {
                Some(key) if pretty => write!(Lines(f, depth), "{key:#?}")?,
                Some(key) => fmt::Debug::fmt(&key, f)?,
                None => {}
            }
            f.write_str(": ")?;
        }
        if let Some(value) = value {
            if pretty {
                write!(Lines(f, depth), "{value:#?}")?;
            } else {
                fmt::Debug::fmt(&value, f)?;
            }
            if !is_leaf {
                f.write_str(" ")?;
            }
        }
        if !is_leaf {
            f.write_str("{")?;
            open += 1;
        }
        first = !is_leaf;
    }
    while open > 0 {
        open -= 1;
        end(f, open)?;
    }
    Ok(())
}

/// Indentation ends at 32 levels.
fn indent(f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
    const MOST: usize = 32;
    const SPACES: &[u8; 4 * MOST] = &[b' '; 4 * MOST];
    f.write_str(str::from_utf8(&SPACES[..4 * depth.min(MOST)]).unwrap_or_default())
}

/// Lines of a value, which are indented as its level is.
struct Lines<'f, 'b>(&'f mut fmt::Formatter<'b>, usize);

impl Write for Lines<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Self(f, depth) = self;
        text.split_inclusive('\n').try_for_each(|line| {
            f.write_str(line)?;
            if line.ends_with('\n') {
                indent(f, *depth)
            } else {
                Ok(())
            }
        })
    }
}

impl<K: PathKey + fmt::Debug + ?Sized, V: fmt::Debug, S, H: Handle> fmt::Debug for PathMap<K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.root() {
            Some(root) => fmt_tree(root, f),
            None => f.write_str("{}"),
        }
    }
}

impl<'q, K, V, Q, P, S, H> Extend<(P, V)> for PathMap<K, V, S, H>
where
    K: PathKey + ?Sized,
    Q: PathPart<K> + ?Sized + 'q,
    P: IntoIterator<Item = &'q Q>,
    S: BuildHasher,
    H: Handle,
{
    /// Inserts all values. A path that is there gets the new one.
    ///
    /// # Panics
    ///
    /// If the arena refuses, or a path is deeper than the map may be; the twin for one path is
    /// [`try_insert`](PathMap::try_insert).
    #[track_caller]
    fn extend<I: IntoIterator<Item = (P, V)>>(&mut self, entries: I) {
        for (path, value) in entries {
            if let Err(error) = self.try_insert(path, value) {
                fail(error.cause, "PathMap::try_insert");
            }
        }
    }
}

impl<'q, K, V, Q, P, S, H> FromIterator<(P, V)> for PathMap<K, V, S, H>
where
    K: PathKey + ?Sized,
    Q: PathPart<K> + ?Sized + 'q,
    P: IntoIterator<Item = &'q Q>,
    S: BuildHasher + Default,
    H: Handle + Default,
{
    /// A map that owns a new arena.
    ///
    /// # Panics
    ///
    /// If the heap refuses; the twin for one path is [`try_insert`](PathMap::try_insert).
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = (P, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}
