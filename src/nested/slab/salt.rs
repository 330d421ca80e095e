//! Salts: what the hashes of nodes are made of.
//!
//! The hash of a node is that of its key, mixed with the *salt* of its parent. The salt of a node is its own hash, so that the hash
//! of a whole path is known before any node of it is. Two kinds of nodes are *odd*, and have another salt:
//!
//! - One that moved with children keeps the salt that they were hashed with (`MOVED`). It stands in `prev` of its first child,
//!   which needs no `prev`.
//! - One that got its first child while others might have the same salt: while a tree that moved is there, or one that was cut
//!   off. Its number makes its salt different (`NUMBERED`). Else the children of all trees that stood at one path, one after
//!   another, would crowd in one place of the table.
//!
//! A node stops to be odd when its last child goes.

use super::{MOVED, NUMBERED, ODD, Slab};

/// An odd number whose bits are mixed.
const FACTOR: u32 = 0x9E37_79B1;

/// The hash of a node, from what is left of the hash of its key, and the salt of its parent.
///
/// (High bits come down, and something is added: else all levels of a path of one key, whose hash ends in zeros, or is zero, would
/// have hashes that end so.)
#[inline(always)]
pub(in crate::nested) const fn mix(key: u32, salt: u32) -> u32 {
    key ^ salt.wrapping_mul(FACTOR).wrapping_add(FACTOR).rotate_left(16)
}

impl<T, V> Slab<T, V> {
    /// The salt of a node: what the hashes of its children are mixed with.
    #[inline(always)] // part of every lookup
    pub(in crate::nested) fn salt(&self, number: u32) -> u32 {
        let record = self.get(number);
        if record.state & ODD == 0 {
            record.hash
        } else {
            self.odd_salt(number)
        }
    }

    #[cold]
    #[inline(never)]
    fn odd_salt(&self, number: u32) -> u32 {
        let record = self.get(number);
        if record.state & MOVED == 0 {
            record.hash ^ number.wrapping_mul(FACTOR)
        } else {
            self.get(self.first(number)).prev
        }
    }

    /// The salt of a node that is about to have one more child, made different from all others if it is its first one and
    /// others may have the same salt: if there is a tree that moved, or, as the caller says, one that was cut off.
    #[inline]
    pub(in crate::nested) fn salt_for_child(&mut self, number: u32, is_waiting: bool) -> u32 {
        if is_waiting || self.moved > 0 {
            let record = self.get_mut(number);
            if record.last == 0 && record.state & ODD == 0 {
                record.state |= NUMBERED;
                self.odd += 1;
            }
        }
        self.salt(number)
    }

    /// The child for which the salt was asked does not come.
    #[cold]
    pub(in crate::nested) fn has_no_child_yet(&mut self, number: u32) {
        if self.get(number).last == 0 {
            self.set_even(number);
        }
    }

    /// Gives a node another hash; its children keep theirs.
    pub(in crate::nested) fn rehash(&mut self, number: u32, hash: u32) {
        let (salt, first) = (self.salt(number), self.first(number));
        self.set_even(number);
        self.get_mut(number).hash = hash;
        if first != 0 {
            let is_odd = salt != hash;
            self.get_mut(first).prev = if is_odd { salt } else { 0 };
            if is_odd {
                self.get_mut(number).state |= MOVED;
                self.odd += 1;
                self.moved += 1;
            }
        }
    }

    /// Makes the salt of a node its hash again: it has no children, or `rehash` sees to them.
    #[inline]
    pub(super) fn set_even(&mut self, number: u32) {
        let record = self.get_mut(number);
        if record.state & ODD != 0 {
            let has_moved = record.state & MOVED != 0;
            record.state &= !ODD;
            self.odd -= 1;
            self.moved -= u32::from(has_moved);
        }
    }

    /// Whether a node may be missed that is looked for by the hash of a whole path.
    #[inline(always)] // part of every miss
    pub(in crate::nested) const fn has_odd(&self) -> bool {
        self.odd > 0
    }
}

#[cfg(test)]
mod tests {
    use super::mix;

    /// Levels of one key do not crowd in some groups of a table, whatever the hash of the key: not even where it is 0.
    #[test]
    fn a_path_of_one_key_spreads() {
        for key in [0, 1, 1 << 12, 1 << 20, 1 << 31, u32::MAX] {
            let mut groups = [0; 1 << 10];
            let mut hash = 0;
            for _ in 0..20 * groups.len() {
                hash = mix(key, hash);
                groups[hash as usize % groups.len()] += 1;
            }
            assert!(groups.iter().all(|&levels| levels < 60), "{key:#x}: {groups:?}");
        }
    }
}
