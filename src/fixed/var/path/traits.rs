//! Implementations of standard traits.

use super::{Node, Part, PathArchive, Value};
use crate::fixed::error::{FixedError, fail};
use crate::fixed::memory::{AlignedBytes, Memory};
use crate::fixed::var::VarMap;
use crate::nested::fmt_levels;
use core::fmt;

/// Shows a tree, as a map of maps: `{"a": {"b": 1, "c": 2 {"d": 3}}}`. A level that has both shows its value first.
///
/// No recursion: a deep tree takes no more stack. With `{:#?}`, each level has its line, and values are shown by `{:#?}`, without other
/// flags; indentation ends at 32 levels.
impl<K, V, M> fmt::Debug for Node<'_, K, V, M>
where
    K: Part + fmt::Debug + ?Sized,
    V: Value + fmt::Debug + ?Sized,
    M: Memory,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut nodes = self.nodes();
        let levels = core::iter::from_fn(|| nodes.next_deep());
        fmt_levels(levels, f, |node| (node.key(), node.value(), node.is_leaf()))
    }
}

impl<K, V, M> fmt::Debug for PathArchive<K, V, M>
where
    K: Part + fmt::Debug + ?Sized,
    V: Value + fmt::Debug + ?Sized,
    M: Memory,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.root() {
            Some(root) => root.fmt(f),
            None => f.write_str("{}"),
        }
    }
}

/// Archives are equal if they have the same paths with equal values. Seeds, memories and the order of levels may differ.
impl<K, V, M: Memory, N: Memory> PartialEq<PathArchive<K, V, N>> for PathArchive<K, V, M>
where
    K: Part + ?Sized,
    V: Value + PartialEq + ?Sized,
{
    fn eq(&self, other: &PathArchive<K, V, N>) -> bool {
        if self.len() != other.len() {
            return false;
        }
        // As many values on both sides: where all of these are there, there are no others.
        self.root().is_none_or(|root| {
            let mut nodes = root.nodes();
            let (mut at, mut depth) = (other.root_number(), 0);
            while let Some((node, deep)) = nodes.next_deep() {
                for _ in deep..=depth {
                    if deep > 0 {
                        at = other.parent_of(at);
                    }
                }
                if deep > 0 {
                    let child = node.key().and_then(|key| other.lead(at, [key]));
                    let Some(child) = child else { return false };
                    at = child;
                }
                depth = deep;
                if at == 0 || node.value().is_some() && node.value() != other.value_of(at) {
                    return false;
                }
            }
            true
        })
    }
}

impl<K: Part + ?Sized, V: Value + Eq + ?Sized, M: Memory> Eq for PathArchive<K, V, M> {}

impl<K: Part + ?Sized, V: Value + ?Sized> PathArchive<K, V, AlignedBytes> {
    /// A copy on the heap, byte for byte.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`Field::Heap`](crate::fixed::Field::Heap) if the global allocator has no memory.
    pub fn try_clone(&self) -> Result<Self, FixedError> {
        let table = VarMap::try_clone(&self.table)?;
        Ok(Self { table })
    }
}

/// # Panics
///
/// If there is no memory; [`PathArchive::try_clone`] returns the error.
impl<K: Part + ?Sized, V: Value + ?Sized> Clone for PathArchive<K, V, AlignedBytes> {
    #[track_caller]
    fn clone(&self) -> Self {
        match self.try_clone() {
            Ok(copy) => copy,
            Err(error) => fail(&error, "PathArchive::try_clone"),
        }
    }
}
