//! Checks that the nodes of an archive are a tree: by `PathArchive::verify`, and of an archive whose types only its schema tells.
//!
//! The walk goes from the root by the links, and each node that it comes to must say that it came from its parent. So the children of
//! different nodes are different ones, and a walk that ends after as many nodes as there are entries has been at each once: coming to one
//! twice means that it never ends. It needs no memory.

use super::links::{Link, link_bytes};
use crate::fixed::error::{Field, FixedError};

/// A full slot, as the check sees it.
pub(in crate::fixed) struct Seen {
    pub(in crate::fixed) parent: u64,
    /// Whether the bytes behind a part of less than 8 are zero.
    pub(in crate::fixed) is_canonical: bool,
    /// Whether all bytes of the part are zero.
    pub(in crate::fixed) is_zero: bool,
    /// Whether all bytes of the value are zero.
    pub(in crate::fixed) is_value_zero: bool,
    /// Where in the room the first of its texts begins.
    pub(in crate::fixed) text: Option<usize>,
}

/// The tree of an archive of which everything else was checked.
pub(in crate::fixed) struct Tree<'m, F> {
    pub(in crate::fixed) slots: usize,
    pub(in crate::fixed) len: u64,
    pub(in crate::fixed) room: &'m [u8],
    pub(in crate::fixed) room_used: usize,
    pub(in crate::fixed) garbage: usize,
    /// What is in a slot; `None` if it is free.
    pub(in crate::fixed) seen: F,
}

impl<F: Fn(usize) -> Option<Seen>> Tree<'_, F> {
    pub(in crate::fixed) fn check(&self) -> Result<(), FixedError> {
        let links = link_bytes(self.slots)?;
        if self.room_used < links {
            return Err(FixedError::new(Field::Links, links as u64, self.room_used as u64));
        }
        if self.garbage != links {
            return Err(FixedError::new(Field::Links, links as u64, self.garbage as u64));
        }
        for slot in 0..self.slots {
            self.check_slot(slot, links)?;
        }
        self.walk()
    }

    fn check_slot(&self, slot: usize, links: usize) -> Result<(), FixedError> {
        let place = slot as u64;
        let link = self.link(super::links::number_of(slot));
        let Some(seen) = (self.seen)(slot) else {
            return if link == Link::default() {
                Ok(())
            } else {
                Err(FixedError::at(Field::Link, place, 0, link.first.max(link.next).into()))
            };
        };
        if !seen.is_canonical {
            return Err(FixedError::at(Field::Padding, place, 0, 1));
        }
        if let Some(start) = seen.text.filter(|&start| start < links) {
            return Err(FixedError::at(Field::LinkText, place, links as u64, start as u64));
        }
        if !link.has_value && !seen.is_value_zero {
            return Err(FixedError::at(Field::NoValue, place, 0, 1));
        }
        if !link.has_value && link.first == 0 {
            return Err(FixedError::at(Field::EmptyLevel, place, 1, 0));
        }
        Ok(())
    }

    fn link(&self, number: u32) -> Link {
        Link::of(self.room, number)
    }

    /// The node of a link, which the node in `from` has.
    fn follow(&self, number: u32, from: Option<usize>, parent: u32) -> Result<Seen, FixedError> {
        let slot = number as usize - 1;
        let seen = if slot < self.slots { (self.seen)(slot) } else { None };
        let Some(seen) = seen else {
            let (expected, found) = (self.slots as u64, number.into());
            return Err(match from {
                Some(from) => FixedError::at(Field::Link, from as u64, expected, found),
                None => FixedError::new(Field::Link, expected, found),
            });
        };
        if seen.parent != u64::from(parent) {
            return Err(FixedError::at(Field::Parent, slot as u64, parent.into(), seen.parent));
        }
        Ok(seen)
    }

    fn walk(&self) -> Result<(), FixedError> {
        let (mut nodes, mut values) = (0, 0);
        let top = self.link(0);
        let (mut at, mut parent, mut from) = (top.first, 0, None);
        if at != 0 {
            let root = self.follow(at, None, 0)?;
            let next = self.link(at).next;
            if !root.is_zero || next != 0 {
                return Err(FixedError::at(Field::Link, u64::from(at) - 1, 0, next.into()));
            }
        }
        'nodes: while at != 0 {
            self.follow(at, from, parent)?;
            nodes += 1;
            if nodes > self.len {
                return Err(FixedError::at(Field::Levels, u64::from(at) - 1, self.len, nodes));
            }
            let mut link = self.link(at);
            values += u64::from(link.has_value);
            from = Some(at as usize - 1);
            if link.first != 0 {
                (at, parent) = (link.first, at);
                continue;
            }
            while link.next == 0 {
                if parent == 0 {
                    break 'nodes;
                }
                // Who was come to has a parent that was come to before.
                at = parent;
                parent = self.parent(at);
                link = self.link(at);
                from = Some(at as usize - 1);
            }
            at = link.next;
        }
        if nodes != self.len {
            return Err(FixedError::new(Field::Levels, self.len, nodes));
        }
        if top.has_value || values != u64::from(top.next) {
            return Err(FixedError::new(Field::Values, values, top.next.into()));
        }
        Ok(())
    }

    /// The parent of a node that was followed to.
    #[allow(clippy::cast_possible_truncation, reason = "it was the number that was expected")]
    fn parent(&self, number: u32) -> u32 {
        (self.seen)(number as usize - 1).map_or(0, |seen| seen.parent as u32)
    }
}
