//! What an arena, a pool or a table has for the registry: a node of its own, and until it has one the place where it was made.
//!
//! Without feature `registry` these types have no bytes and their methods do nothing.

#![cfg_attr(
    not(feature = "registry"),
    allow(
        unused_variables,
        clippy::unused_self,
        clippy::needless_pass_by_ref_mut,
        reason = "nothing is done without the feature"
    )
)]

#[cfg(feature = "registry")]
use core::panic::Location;

#[cfg(feature = "registry")]
use super::registry::{Node, node};

/// What is listed, by the name of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Arena,
    #[cfg(feature = "std")]
    PooledArena,
    #[cfg(feature = "std")]
    SharedArena,
    #[cfg(feature = "std")]
    ArenaPool,
    ArenaMap,
    ArenaSet,
    CopiedMap,
    PathMap,
    BoundedMap,
}

/// A line of a program; nothing without the feature.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    #[cfg(feature = "registry")]
    pub(super) line: Option<&'static Location<'static>>,
}

impl Place {
    /// Where the caller was called.
    #[inline(always)] // nothing is called where there is nothing to do
    #[cfg_attr(feature = "registry", track_caller)]
    pub(crate) const fn here() -> Self {
        Self {
            #[cfg(feature = "registry")]
            line: Some(Location::caller()),
        }
    }

    /// That one.
    #[cfg(feature = "registry")]
    pub(crate) const fn at(line: &'static Location<'static>) -> Self {
        Self { line: Some(line) }
    }

    /// Nobody knows where.
    #[inline(always)]
    pub(crate) const fn unknown() -> Self {
        Self {
            #[cfg(feature = "registry")]
            line: None,
        }
    }
}

/// A thing on the list of the registry, until this is dropped; if it is leaked, for ever.
pub(crate) struct Listed {
    #[cfg(feature = "registry")]
    node: Option<&'static Node>,
}

impl Listed {
    /// Not on the list.
    #[inline(always)]
    pub(crate) const fn not() -> Self {
        Self {
            #[cfg(feature = "registry")]
            node: None,
        }
    }

    /// On the list, unless there is no memory for that.
    #[inline(always)]
    pub(crate) fn new(kind: Kind, place: Place) -> Self {
        Self {
            #[cfg(feature = "registry")]
            node: node(kind, place),
        }
    }

    /// It is of another type from now on, and, if so, was made elsewhere.
    #[inline(always)]
    pub(crate) fn turn_into(&self, kind: Kind, place: Option<Place>) {
        #[cfg(feature = "registry")]
        if let Some(node) = self.node {
            node.turn_into(kind, place);
        }
    }

    /// Where it was made, if that is not known.
    #[inline(always)]
    pub(crate) fn made_at(&self, place: Place) {
        #[cfg(feature = "registry")]
        if let Some(node) = self.node {
            node.made_at(place);
        }
    }

    /// Whether it waits in a pool.
    #[inline(always)]
    pub(crate) fn waits(&self, waits: bool) {
        #[cfg(feature = "registry")]
        if let Some(node) = self.node {
            node.set_waiting(waits);
        }
    }

    /// So many bytes, from now on.
    #[inline(always)]
    pub(crate) fn bytes(&self, bytes: impl FnOnce() -> usize) {
        #[cfg(feature = "registry")]
        if let Some(node) = self.node {
            node.set_bytes(bytes());
        }
    }

    /// So many bytes beside those.
    #[inline(always)]
    pub(crate) fn bytes_beside(&self, bytes: impl FnOnce() -> usize) {
        #[cfg(feature = "registry")]
        if let Some(node) = self.node {
            node.set_bytes_beside(bytes());
        }
    }

    /// So many entries, from now on.
    #[inline(always)]
    pub(crate) fn entries(&self, entries: usize) {
        #[cfg(feature = "registry")]
        if let Some(node) = self.node {
            node.set_entries(entries);
        }
    }

    /// Its name.
    #[cfg(feature = "registry")]
    pub(crate) fn rename(&self, name: &'static str) {
        if let Some(node) = self.node {
            node.set_name(name);
        }
    }

    /// Takes it off the list.
    #[inline(always)]
    pub(crate) fn end(&mut self) {
        #[cfg(feature = "registry")]
        if let Some(node) = self.node.take() {
            node.give_back();
        }
    }
}

#[cfg(feature = "registry")]
impl Drop for Listed {
    #[inline]
    fn drop(&mut self) {
        self.end();
    }
}

/// What a table or a pool has for the list, which it comes on later than it is made.
pub(crate) struct Watch {
    listed: Listed,
    place: Place,
    #[cfg(feature = "registry")]
    kind: Kind,
}

impl Watch {
    /// Of something that is not listed yet.
    #[inline(always)]
    pub(crate) const fn new(kind: Kind, place: Place) -> Self {
        Self {
            listed: Listed::not(),
            place,
            #[cfg(feature = "registry")]
            kind,
        }
    }

    /// The type of a copy.
    #[inline(always)]
    pub(crate) const fn kind(&self) -> Kind {
        #[cfg(feature = "registry")]
        return self.kind;
        #[cfg(not(feature = "registry"))]
        Kind::ArenaMap // nobody asks
    }

    /// It is of another type.
    #[inline(always)]
    pub(crate) fn set_kind(&mut self, kind: Kind) {
        #[cfg(feature = "registry")]
        {
            self.kind = kind;
            self.listed.turn_into(kind, None);
        }
    }

    /// Where it was made.
    #[inline(always)]
    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// Lists it, if it is not listed yet.
    #[inline(always)]
    pub(crate) fn list(&mut self) {
        #[cfg(feature = "registry")]
        if self.listed.node.is_none() {
            self.listed = Listed::new(self.kind, self.place);
        }
    }

    /// Its name, which lists it.
    #[cfg(feature = "registry")]
    pub(crate) fn set_name(&mut self, name: &'static str) {
        self.list();
        self.listed.rename(name);
    }

    /// As [`Listed::bytes`].
    #[inline(always)]
    pub(crate) fn bytes(&self, bytes: impl FnOnce() -> usize) {
        self.listed.bytes(bytes);
    }

    /// As [`Listed::bytes_beside`].
    #[inline(always)]
    pub(crate) fn bytes_beside(&self, bytes: impl FnOnce() -> usize) {
        self.listed.bytes_beside(bytes);
    }

    /// As [`Listed::entries`].
    #[inline(always)]
    pub(crate) fn entries(&self, entries: usize) {
        self.listed.entries(entries);
    }

    /// As [`Listed::end`].
    #[inline(always)]
    pub(crate) fn end(&mut self) {
        self.listed.end();
    }
}
